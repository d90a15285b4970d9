"""Addresses that are half dead, and servers that refuse TLS: what a call loses,
and what it says.  nginx, dnsmasq and OpenSSL are the servers where one of them
has the fault."""
import contextlib
import socket
import threading
import time

import ecs_server
import pytest
import servers

NAME = "ecs.test.internal"
OURS = ("--service", "web", "--output", "json")
SILENT = "127.0.0.77"


# ---- half dead ----

@contextlib.contextmanager
def silent(address, port):
    """It accepts and never says a word; a list of what it accepted."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    accepted = []
    with socket.create_server((address, port), family=family) as listener:
        def accept():
            while True:
                try:
                    accepted.append(listener.accept()[0])
                except OSError:
                    return

        threading.Thread(target=accept, daemon=True).start()
        yield accepted
        listener.shutdown(socket.SHUT_RDWR)
    for conn in accepted:
        conn.close()


@contextlib.contextmanager
def half_dead(headcount, certs, tls, address, ttl):
    """ECS at 127.0.0.1 and silence at the other address of its name."""
    with ecs_server.EcsServer(tls=certs / "ec" if tls else None) as ecs, \
         silent(address, ecs.port) as accepted, \
         servers.Dnsmasq(headcount.home / "dns",
                         {NAME: [address, "127.0.0.1"]}, ttl=ttl) as dns:
        ecs.service("web", desired=1)
        for i in range(3):
            ecs.host("a" if i == 0 else f"h{i}")
        # Each answer ends its connection: each call dials.
        ecs.fault(None, "to-close", times=999)
        headcount.at(ecs, "localhost" if ":" in address else NAME)
        headcount.env["AWS_CA_BUNDLE"] = str(certs / "ca.pem")
        headcount.env["HEADCOUNT_DNS_SERVER"] = dns.address
        yield ecs, accepted


@pytest.mark.parametrize("address,ttl", [(SILENT, 60), (SILENT, 0),
                                         ("::1", 60)],
                         ids=["cached", "ttl-0", "localhost"])
def test_an_address_that_is_silent_in_tls_costs_a_quarter_of_a_second(
        headcount, certs, event, address, ttl):
    with half_dead(headcount, certs, True, address, ttl) as (ecs, accepted):
        for _ in range(2):               # dnsmasq turns the addresses round
            ecs.requests.clear()
            met = len(accepted)
            run = headcount("handle", *OURS, "--debug", stdin=event())
            stats = run.report["stats"]
            assert run.code == 0, run.out
            assert stats["retries"] == 0
            assert len(ecs.requests) >= 2
            # It is met once at most, and never again in this run.
            assert len(accepted) - met <= 1
            assert stats["tls_handshakes"] == len(ecs.requests)
            assert stats["connections_opened"] == \
                len(ecs.requests) + len(accepted) - met
            assert run.err.count("address_failed") == len(accepted) - met
        assert len(accepted) >= 1


def test_an_address_that_is_silent_after_the_request_is_left(
        headcount, certs, event):
    """Without TLS the request leaves, and nothing comes: the retry goes to the
    other address, and so does every later call."""
    with half_dead(headcount, certs, False, SILENT, 60) as (ecs, accepted):
        for _ in range(2):
            met = len(accepted)
            run = headcount("handle", *OURS, "--cli-read-timeout", "0.3",
                            stdin=event())
            stats = run.report["stats"]
            assert run.code == 0, run.out
            assert stats["retries"] == len(accepted) - met <= 1
        assert len(accepted) >= 1


def test_where_all_addresses_are_silent_the_limits_hold(headcount, certs):
    port = servers.free_port()
    with silent(SILENT, port), silent("127.0.0.1", port), \
         servers.Dnsmasq(headcount.home / "dns",
                         {NAME: [SILENT, "127.0.0.1"]}) as dns:
        headcount.env["HEADCOUNT_DNS_SERVER"] = dns.address
        began = time.monotonic()
        run = headcount("call", "ecs", "ListClusters",
                        AWS_ENDPOINT_URL=f"https://{NAME}:{port}",
                        AWS_CA_BUNDLE=str(certs / "ca.pem"),
                        AWS_MAX_ATTEMPTS="1")
        assert run.code != 0
        assert f"{NAME}:{port} (127.0.0." in run.err
        assert "the TLS handshake was not over within 3100 ms" in run.err
        assert time.monotonic() - began < 6.2 + 3


# ---- what the servers refuse, and what is said about it ----

class OpenSSL(servers.Server):
    name = "s_server"

    def __init__(self, folder, certs, *options):
        super().__init__(folder)
        self.certs, self.options = certs, options

    def command(self):
        return ["openssl", "s_server", "-accept", f"127.0.0.1:{self.port}",
                "-cert", str(self.certs / "rsa-chain.pem"), "-cert_chain",
                str(self.certs / "rsa-int.pem"), "-key",
                str(self.certs / "rsa-key.pem"), "-www", *self.options]


def refused(headcount, certs, port):
    """The last line of the error, and how many handshakes failed."""
    with servers.Dnsmasq(headcount.home / "dns",
                         {NAME: ["127.0.0.1"]}) as dns:
        run = headcount("call", "ecs", "ListClusters", "--debug",
                        AWS_ENDPOINT_URL=f"https://{NAME}:{port}",
                        AWS_CA_BUNDLE=str(certs / "ca.pem"),
                        HEADCOUNT_DNS_SERVER=dns.address)
    assert run.code != 0
    said = run.err.splitlines()[-1]
    return said, run.err.count("address_failed")


DEMANDS = "the server demands a client certificate, and headcount has none"
COMMON = "the server found no cipher suite or curve in common"


@pytest.mark.parametrize("options,reason", [
    (("-Verify", "1"), DEMANDS),
    (("-Verify", "1", "-tls1_2"), DEMANDS),
    (("-tls1_3",), "the server does not speak TLS 1.2 (only TLS 1.3"),
    (("-tls1_2", "-cipher", "AES128-SHA"), COMMON),
    (("-tls1_2", "-cipher", "ECDHE-RSA-AES128-SHA256"), COMMON),
    (("-tls1_2", "-curves", "P-521"), COMMON),
    (("-tls1_1", "-cipher", "ALL:@SECLEVEL=0"), COMMON),
], ids=["verify", "verify-1.2", "1.3", "kx-cbc", "cbc", "curve", "1.1"])
def test_what_openssl_refuses_is_said_once(headcount, certs, options, reason):
    with OpenSSL(headcount.home / "openssl", certs, *options) as server:
        said, failed = refused(headcount, certs, server.port)
        assert f"{NAME}:{server.port} (127.0.0.1): {reason}" in said
        assert failed == 1               # no retry


def test_a_name_that_openssl_does_not_know(headcount, certs):
    with OpenSSL(headcount.home / "openssl", certs, "-servername", "x.test",
                 "-servername_fatal", "-cert2", certs / "rsa-chain.pem",
                 "-key2", certs / "rsa-key.pem") as server:
        said, failed = refused(headcount, certs, server.port)
    assert "the server does not know this name (TLS alert 112)" in said
    assert failed == 1


def test_nginx_asks_for_a_certificate_and_answers_without_it(
        headcount, certs):
    """The handshake goes on; the answer is HTTP's."""
    with servers.Nginx(headcount.home / "nginx", tls=certs / "rsa",
                       location="return 200;", server_text=(
                           "ssl_verify_client on; ssl_client_certificate "
                           f"{certs / 'ca.pem'};")) as nginx:
        said, failed = refused(headcount, certs, nginx.port)
        assert "HTTP 400: No required SSL certificate was sent" in said
        assert failed == 0
        assert [r["status"] for r in nginx.requests()] == [400]


def test_a_plain_port_of_nginx_is_named(headcount, certs):
    with servers.Nginx(headcount.home / "nginx", location="return 200;") as \
         nginx:
        said, failed = refused(headcount, certs, nginx.port)
        assert f"{NAME}:{nginx.port} (127.0.0.1): the server does not answer " \
               "in TLS but in plain HTTP: check the port" in said
        assert failed == 1


def test_a_certificate_that_is_refused_is_no_retry(headcount, certs):
    with servers.Nginx(headcount.home / "nginx", tls=certs / "wrong-name",
                       location="return 200;") as nginx:
        said, failed = refused(headcount, certs, nginx.port)
        assert f"{NAME}:{nginx.port} (127.0.0.1): " in said
        assert failed == 1
