"""The path to the service: addresses, handshakes, keep-alive, deadlines, as
nginx, dnsmasq and the kernel see them."""
import contextlib
import socket
import ssl
import subprocess
import threading
import time

import ecs_server
import pytest
import servers

NAME = "ecs.test.internal"
OURS = ("--service", "web", "--output", "json")


def fill(server, hosts=3, desired=1):
    server.service("web", desired=desired)
    for i in range(hosts):
        server.host("a" if i == 0 else f"h{i}")
    return server


@pytest.fixture
def front(ecs, certs, headcount, tmp_path):
    """begin(text of nginx's server): nginx with TLS before the scripted ECS,
    under a name that only dnsmasq knows."""
    with contextlib.ExitStack() as stack:
        dns = stack.enter_context(servers.Dnsmasq(
            tmp_path / "dns", {NAME: ["127.0.0.1"]}))
        headcount.env["HEADCOUNT_DNS_SERVER"] = dns.address
        headcount.env["AWS_CA_BUNDLE"] = str(certs / "ca.pem")

        def begin(server_text="", **more):
            nginx = stack.enter_context(servers.Nginx(
                tmp_path / "nginx", ecs.port, tls=certs / "rsa",
                server_text=server_text, **more))
            headcount.env["AWS_ENDPOINT_URL"] = f"https://{NAME}:{nginx.port}"
            nginx.dns = dns
            return nginx

        yield begin


# ---- keep-alive, as nginx's access log has it ----

@pytest.mark.parametrize("text,connections", [
    ("", 1), ("keepalive_requests 2;", 3), ("keepalive_timeout 0;", 5),
])
def test_connections_are_kept_as_long_as_nginx_keeps_them(
        ecs, front, headcount, event, text, connections):
    fill(ecs, hosts=250, desired=200)
    nginx = front(text)
    run = headcount("handle", *OURS, stdin=event())
    assert run.code == 0, run.err
    assert ecs.writes()[0]["desiredCount"] == 250
    seen, stats = nginx.requests(), run.report["stats"]
    assert len(seen) == 5 and nginx.connections() == connections
    assert stats["connections_opened"] == connections
    assert stats["connections_reused"] == 5 - connections
    assert stats["tls_handshakes"] == connections
    # Where nginx closes, the next handshake takes the session up again.
    resumed = {s["connection"] for s in seen if s["resumed"]}
    assert stats["tls_resumed"] == len(resumed) == connections - 1
    assert (stats["retries"], stats["replays"]) == (0, 0)
    assert stats["dns_lookups"] == 1
    assert len([q for q in nginx.dns.queries() if q[0] == "A"]) == 1


def test_a_dead_upstream_is_a_retry_and_no_write(front, headcount, event):
    nginx = front(location="proxy_pass http://127.0.0.1:"
                           f"{servers.free_port()};")
    run = headcount("handle", *OURS, stdin=event())
    assert run.code == 1
    assert [s["status"] for s in nginx.requests()] == [502] * 3
    assert nginx.connections() == 1
    assert run.report["stats"]["retries"] == 2
    assert "502" in run.service()["reason"]


# ---- TLS ----

@pytest.mark.parametrize("chain", ["ec", "rsa", "rsa4096", "wildcard"])
def test_chains_that_are_good(certs, headcount, event, chain):
    with ecs_server.EcsServer(tls=certs / chain) as server:
        fill(server)
        with names(headcount):
            headcount.at(server, NAME)
            run = headcount("handle", *OURS, "--ca-bundle", certs / "ca.pem",
                            stdin=event())
        assert run.code == 0, run.out
        assert server.handshakes == 1
        assert server.all_closed()
        assert server.farewells == 1 and server.failed_handshakes == 0


@contextlib.contextmanager
def names(headcount, addresses=("127.0.0.1",), aliases=None, **options):
    with servers.Dnsmasq(headcount.home / "dns", {NAME: addresses},
                         aliases=aliases, **options) as dns:
        headcount.env["HEADCOUNT_DNS_SERVER"] = dns.address
        yield dns


@pytest.mark.parametrize("chain,cipher", [
    ("rsa", "ECDHE-RSA-AES128-GCM-SHA256"),
    ("rsa", "ECDHE-RSA-AES256-GCM-SHA384"),
    ("rsa", "ECDHE-RSA-CHACHA20-POLY1305"),
    ("ec", "ECDHE-ECDSA-AES128-GCM-SHA256"),
    ("ec", "ECDHE-ECDSA-AES256-GCM-SHA384"),
    ("ec", "ECDHE-ECDSA-CHACHA20-POLY1305"),
])
def test_ciphers_that_are_spoken(secure_with, headcount, event, chain, cipher):
    server = secure_with(chain)
    server.context.set_ciphers(cipher)
    run = headcount("handle", *OURS, stdin=event())
    assert run.code == 0, run.out
    assert run.service()["outcome"] == "updated"


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
@pytest.mark.parametrize("chain,change", [
    ("rsa", lambda c: c.set_ciphers("AES128-SHA")),
    ("rsa", lambda c: c.set_ciphers("AES128-GCM-SHA256")),
    ("rsa", lambda c: c.set_ciphers("ECDHE-RSA-AES128-SHA")),
    ("rsa", lambda c: c.set_ciphers("ECDHE-RSA-AES256-SHA384")),
    ("ec", lambda c: c.set_ciphers("ECDHE-ECDSA-AES128-SHA256")),
    ("ec", lambda c: (setattr(c, "maximum_version", ssl.TLSVersion.TLSv1_3),
                      setattr(c, "minimum_version", ssl.TLSVersion.TLSv1_3))),
    ("ec", lambda c: (setattr(c, "minimum_version", ssl.TLSVersion.TLSv1),
                      setattr(c, "maximum_version", ssl.TLSVersion.TLSv1_1),
                      c.set_ciphers("ALL:@SECLEVEL=0"))),
], ids=["kx-cbc", "kx-gcm", "cbc-sha", "cbc-sha384", "cbc-ecdsa", "1.3",
        "1.1"])
def test_what_is_not_spoken(secure_with, headcount, event, chain, change):
    server = secure_with(chain)
    change(server.context)
    run = headcount("handle", *OURS, stdin=event())
    assert run.code == 1, run.out
    assert server.requests == [] and server.handshakes == 0
    assert NAME in run.out and "TLS" in run.out
    assert run.report["stats"]["tls_handshakes"] == 0


@pytest.fixture
def secure_with(certs, headcount):
    with contextlib.ExitStack() as stack:
        def begin(chain):
            server = fill(stack.enter_context(
                ecs_server.EcsServer(tls=certs / chain)))
            stack.enter_context(names(headcount))
            headcount.at(server, NAME)
            headcount.env["AWS_CA_BUNDLE"] = str(certs / "ca.pem")
            return server

        yield begin


def self_signed(folder, *options):
    """The certificate that everybody makes in the first minute."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes",
                    "-keyout", folder / "own-key.pem",
                    "-out", folder / "own-chain.pem", "-days", "30",
                    "-subj", f"/CN={NAME}", "-addext",
                    f"subjectAltName=DNS:{NAME}", *options],
                   check=True, capture_output=True)
    return folder / "own"


@pytest.mark.parametrize("options", [
    [], ["-addext", "basicConstraints=critical,CA:FALSE"],
    ["-addext", "keyUsage=digitalSignature"],
    ["-addext", "extendedKeyUsage=critical,serverAuth"]],
    ids=["as it is", "no CA", "key usage", "critical usage"])
def test_a_self_signed_certificate_works_in_the_bundle(headcount, event,
                                                       tmp_path, options):
    tls = self_signed(tmp_path, *options)
    with fill(ecs_server.EcsServer(tls=tls)) as server, names(headcount):
        headcount.at(server, NAME)
        run = headcount("handle", *OURS, "--ca-bundle",
                        tmp_path / "own-chain.pem", stdin=event())
        assert run.code == 0, run.out
        assert run.service()["outcome"] == "updated"


def test_a_self_signed_certificate_is_no_other_with_its_name(headcount, event,
                                                             tmp_path):
    """The bundle has the certificate of last month: same name, other bytes."""
    tls = self_signed(tmp_path)
    old = tmp_path / "old"
    old.mkdir()
    self_signed(old)
    with fill(ecs_server.EcsServer(tls=tls)) as server, names(headcount):
        headcount.at(server, NAME)
        run = headcount("handle", *OURS, "--ca-bundle",
                        old / "own-chain.pem", stdin=event())
        assert run.code == 1, run.out
        assert NAME in run.out and "certificate" in run.out
        assert server.requests == []


def test_a_session_is_taken_up_where_the_server_ended_it(secure_with,
                                                         headcount, event):
    server = secure_with("ec")
    server.fault(None, "to-close", times=99)
    run = headcount("handle", *OURS, stdin=event())
    assert run.code == 0, run.out
    stats = run.report["stats"]
    assert stats["tls_handshakes"] == server.handshakes == 3
    assert stats["tls_resumed"] == server.resumed


# ---- names and addresses ----

def test_the_next_address_is_tried_where_one_refuses(ecs, headcount, event):
    fill(ecs)
    with names(headcount, ["127.0.0.77", "127.0.0.1"]):
        headcount.at(ecs, NAME)
        for _ in range(4):               # dnsmasq turns the addresses round
            run = headcount("handle", *OURS, stdin=event())
            assert run.code == 0, run.out
            assert run.report["stats"]["retries"] == 0


def test_an_alias_is_followed_in_one_question(ecs, headcount, event):
    fill(ecs)
    with names(headcount, aliases={"a.test.internal": "b.test.internal",
                                   "b.test.internal": NAME}) as dns:
        headcount.at(ecs, "a.test.internal")
        run = headcount("handle", *OURS, stdin=event())
    assert run.code == 0, run.out
    assert [q for q in dns.queries() if q[0] == "A"] == \
        [("A", "a.test.internal")]
    assert ecs.requests[0].headers["host"] == f"a.test.internal:{ecs.port}"


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "LOCALHOST"])
def test_some_names_need_no_server(ecs, headcount, event, host):
    fill(ecs)
    with names(headcount) as dns:
        run = headcount.at(ecs, host)("handle", *OURS, stdin=event())
    assert run.code == 0, run.out
    assert dns.queries() == []
    assert run.report["stats"]["dns_lookups"] == 0


def test_a_cut_answer_is_asked_for_over_tcp(ecs, headcount, event):
    """dnsmasq cuts what does not fit 512 bytes for who takes no more."""
    fill(ecs)
    many = [f"127.0.1.{i}" for i in range(1, 120)]
    with names(headcount, ["127.0.0.1", *many],
               options=["--edns-packet-max=512"]) as dns:
        run = headcount.at(ecs, NAME)("handle", *OURS, stdin=event())
    assert run.report["stats"]["dns_datagrams"] >= 2
    assert len([q for q in dns.queries() if q[0] == "A"]) == 2


# ---- deadlines ----

def elapsed(began):
    return time.monotonic() - began


@pytest.mark.parametrize("fault", ["silent", "drip"])
def test_the_timeout_is_over_everything(ecs, headcount, event, fault):
    fill(ecs)
    ecs.fault("ListContainerInstances", fault)
    began = time.monotonic()
    run = headcount.at(ecs)("handle", *OURS, "--timeout", "0.6",
                            stdin=event())
    assert run.code == 1
    assert 0.5 < elapsed(began) < 3
    assert ecs.writes() == []
    assert run.service()["outcome"] == "failed"


def test_a_slow_answer_is_no_late_one(ecs, headcount, event):
    """Bytes that keep coming are within the read timeout."""
    fill(ecs, hosts=1, desired=0)
    ecs.fault("ListContainerInstances", "drip")
    run = headcount.at(ecs)("handle", *OURS, "--cli-read-timeout", "0.5",
                            stdin=event())
    assert run.code == 0, run.out
    assert run.service()["outcome"] == "updated"
    assert run.report["stats"]["elapsed_us"] > 1000000


def test_a_large_answer_comes_whole(ecs, headcount):
    body = b'{"clusterArns": [' + b", ".join(
        b'"arn:aws:ecs:eu-west-1:123456789012:cluster/%06d"' % i
        for i in range(60000)) + b"]}"
    ecs.fault("ListClusters", ecs.http(200, body))
    run = headcount.at(ecs)("call", "ecs", "ListClusters")
    assert run.code == 0, run.err
    assert run.out.encode() == body


# ---- the kernel's view ----

def keepalive_timer(port):
    """The timer of our end of a connection to `port`: (which, seconds)."""
    with open("/proc/net/tcp", encoding="ascii") as f:
        for line in f.readlines()[1:]:
            part = line.split()
            if part[2] == f"0100007F:{port:04X}" and part[3] == "01":
                which, when = part[5].split(":")
                return int(which, 16), int(when, 16) / 100
    return None


@pytest.mark.parametrize("value,timer", [("on", 2), ("off", 0)])
def test_idle_connections_are_probed_after_a_minute(ecs, headcount, event,
                                                    value, timer):
    ecs.fault(None, "silent")
    child = threading.Thread(target=headcount.at(ecs), args=(
        "handle", *OURS, "--timeout", "1", "--tcp-keepalive", value),
        kwargs={"stdin": event()})
    child.start()
    end = time.monotonic() + 5
    seen = None
    while time.monotonic() < end and child.is_alive():
        if ecs.requests and (now := keepalive_timer(ecs.port)):
            seen = now
            if seen[0] in (0, 2):        # 1: the request is not acked yet
                break
        time.sleep(0.01)
    child.join(10)
    assert seen is not None and seen[0] == timer
    assert seen[1] <= 60
