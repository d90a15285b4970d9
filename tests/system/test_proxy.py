"""Through a proxy: what it sees, what it is told, and how its failures read."""
import contextlib
import json

import ecs_server
import pytest
import servers
from proxy_server import ProxyServer
from test_network import fill

NAME, PROXY = "ecs.test.internal", "proxy.test.internal"
OURS = ("--service", "web", "--output", "json")
SECRET = "hush%3Ahush%40"               # hush:hush@
SHOWN = ("hush:hush@", SECRET, "dTpodXNoOmh1c2hA")      # base64 of u: and it


@pytest.fixture
def behind(certs, headcount):
    """begin(...): ECS with TLS behind a proxy, which alone knows where it is;
    dnsmasq knows the name of the proxy."""
    with contextlib.ExitStack() as stack:
        def begin(auth=None, tls=None, plain=False, name="127.0.0.1"):
            ecs = fill(stack.enter_context(ecs_server.EcsServer(
                tls=None if plain else certs / "rsa")))
            proxy = stack.enter_context(ProxyServer(
                tls=tls, auth=auth and "u:hush:hush@",
                routes={f"{NAME}:{ecs.port}": ecs.port}))
            proxy.ecs = ecs
            proxy.dns = stack.enter_context(servers.Dnsmasq(
                headcount.home / "dns", {PROXY: ["127.0.0.1"]}))
            headcount.at(ecs, NAME)
            headcount.env.update(
                HEADCOUNT_DNS_SERVER=proxy.dns.address,
                AWS_CA_BUNDLE=str(certs / "ca.pem"),
                **{"http_proxy" if plain else "HTTPS_PROXY": proxy.url(
                    f"u:{SECRET}" if auth else "", name)})
            return proxy

        yield begin


def hidden(run):
    for secret in SHOWN:
        assert secret not in run.out + run.err
    return run


# ---- it works ----

def test_one_tunnel_carries_a_run(behind, headcount, event):
    proxy = behind()
    run = headcount("handle", *OURS, stdin=event())
    assert run.code == 0, run.out
    assert run.service()["outcome"] == "updated"
    target = f"{NAME}:{proxy.ecs.port}"
    assert proxy.seen == [("CONNECT", target)]
    # All that the proxy is told.
    assert proxy.heads[0].decode().split("\r\n")[:2] == [
        f"CONNECT {target} HTTP/1.1", f"Host: {target}"]
    assert proxy.heads[0].count(b"\r\n") == 4
    stats = run.report["stats"]
    assert stats["connections_opened"] == stats["tls_handshakes"] == 1
    assert stats["connections_reused"] == len(proxy.ecs.requests) - 1 > 1
    # The proxy looks the name up.
    assert stats["dns_lookups"] == 0 and proxy.dns.queries() == []


@pytest.mark.parametrize("tls", [False, True])
def test_it_takes_credentials_and_tls_of_its_own(behind, certs, headcount,
                                                 event, tls):
    proxy = behind(auth=True, tls=tls and certs / "wildcard", name=PROXY)
    run = hidden(headcount("handle", *OURS, "--debug", stdin=event()))
    assert run.code == 0, run.out + run.err
    assert len(proxy.tunnels) == 1
    assert "http" + "s" * tls + f"://***@{PROXY}:{proxy.port}" in run.err
    stats = run.report["stats"]
    assert stats["connections_opened"] == 1
    assert stats["tls_handshakes"] == 1 + tls
    assert stats["dns_lookups"] == 1
    assert {name for _, name in proxy.dns.queries()} == {PROXY}


@pytest.mark.parametrize("tls", [False, True])
def test_plain_requests_are_in_absolute_form(behind, certs, headcount, event,
                                             tls):
    """ecs_server checks the signatures: they are of the path alone."""
    proxy = behind(auth=True, plain=True, tls=tls and certs / "wildcard",
                   name=PROXY)
    run = hidden(headcount("handle", *OURS, stdin=event()))
    assert run.code == 0, run.out + run.err
    assert {("POST", f"http://{NAME}:{proxy.ecs.port}/")} == set(proxy.seen)
    assert len(proxy.seen) == len(proxy.ecs.requests)
    assert proxy.accepted == run.report["stats"]["connections_opened"] == 1
    assert "proxy-authorization" not in proxy.ecs.requests[0].headers


def test_a_large_answer_comes_whole_through_two_layers(behind, certs,
                                                       headcount):
    proxy = behind(tls=certs / "wildcard", name=PROXY)
    body = b'{"clusterArns": [' + b", ".join(
        b'"arn:aws:ecs:eu-west-1:123456789012:cluster/%06d"' % i
        for i in range(30000)) + b"]}"
    proxy.ecs.fault("ListClusters", proxy.ecs.http(200, body))
    run = headcount("call", "ecs", "ListClusters")
    assert run.code == 0, run.err
    assert run.out.encode() == body


def test_a_large_request_goes_whole_through_two_layers(behind, certs,
                                                       headcount):
    proxy = behind(tls=certs / "wildcard", name=PROXY)
    text = json.dumps({"cluster": "x" * 3000000})
    run = headcount("call", "ecs", "DescribeClusters", "-", stdin=text)
    assert len(proxy.ecs.requests) == 1, run.err
    assert proxy.ecs.requests[0].body == json.loads(text)


def test_no_proxy_goes_around_it(behind, headcount, event):
    proxy = behind()
    proxy.dns.stop()
    with servers.Dnsmasq(headcount.home / "dns2",
                         {NAME: ["127.0.0.1"]}) as dns:
        run = headcount("handle", *OURS, stdin=event(), NO_PROXY="x,*.internal",
                        HEADCOUNT_DNS_SERVER=dns.address)
    assert run.code == 0, run.out
    assert proxy.seen == []


@pytest.mark.parametrize("small", ["https_proxy", "no_proxy"])
def test_small_letters_win(behind, headcount, event, small):
    proxy = behind()
    value = {"https_proxy": proxy.url(), "no_proxy": "elsewhere"}[small]
    other = {"https_proxy": "http://127.0.0.1:1", "no_proxy": "*"}[small]
    run = headcount("handle", *OURS, stdin=event(),
                    **{small: value, small.upper(): other})
    assert run.code == 0, run.out
    assert len(proxy.tunnels) == 1


def test_a_proxy_that_was_restarted_is_used_again(behind, headcount):
    """A kept tunnel ends with the proxy; the read after it has a new one."""
    proxy = behind()
    proxy.ecs.fault("ListClusters", "to-close")
    for _ in range(2):
        run = headcount("call", "ecs", "ListClusters")
        assert run.code == 0, run.err
    assert len(proxy.tunnels) == 2


# ---- it fails ----

def answer(status, more=""):
    return f"HTTP/1.1 {status}\r\n{more}\r\n".encode()


FAULTS = [
    # what it does, tunnels asked for, what the sentence has
    ("407", answer("407 Proxy Authentication Required",
                   "Proxy-Authenticate: Basic realm=x\r\n"), 1,
     "it answered 407: it does not accept the user and password of "
     "HTTPS_PROXY"),
    ("what it got", answer(f"407 {SHOWN[2]}", f"Proxy-Authenticate: {SHOWN[2]}"
                           "\r\n"), 1, "it answered 407 and asks for another"),
    ("what it got, alone", SHOWN[2].encode() + b"\r\n\r\n", 1,
     "no HTTP/1.1 that can be read; check HTTPS_PROXY"),
    ("407 NTLM", answer("407 No", "Proxy-Authenticate: NTLM\r\n"), 1,
     "asks for NTLM: headcount has Basic alone"),
    ("403", answer("403 Forbidden"), 1, "its rules have to allow CONNECT"),
    ("302", answer("302 Found", "Location: http://login/\r\n"), 1,
     "is it a proxy"),
    ("502", answer("502 Bad Gateway"), 3,
     "answered 502: it does not reach this host"),
    ("503", answer("503 Service Unavailable", "Content-Length: 5\r\n"), 3,
     "answered 503: it does not reach this host"),
    ("HTML", b"<html><body>Welcome</body></html>", 1, "no HTTP/1.1"),
    ("a page", answer("200 OK", "Content-Type: text/html\r\n") + b"<html>", 1,
     "it sent a page, as a web server does, and made no tunnel: check "
     "HTTPS_PROXY"),
    ("garbage", bytes(range(256)), 1, "no HTTP/1.1"),
    ("close", b"", 3, "closed before any byte of an answer to CONNECT"),
    ("half a head", b"HTTP/1.1 200 OK\r\nA: b", 3, "cut short"),
    ("reset", "reset", 3, "(ECONNRESET), before it answered CONNECT"),
    ("silence", "silent", 3, "no answer to CONNECT within 200 ms"),
    ("a huge head", answer("200 OK", "A: b\r\n" * 40000), 1, "64 KiB"),
    ("plain text", answer("200 OK") + b"", 1, None),
]


@pytest.mark.parametrize("what,tunnels,text", [f[1:] for f in FAULTS],
                         ids=[f[0] for f in FAULTS])
def test_what_it_does_is_said_once(behind, headcount, what, tunnels, text):
    proxy = behind(auth=True)
    proxy.fault(what, times=9)
    run = hidden(headcount("call", "ecs", "ListClusters",
                           "--cli-connect-timeout", "0.2"))
    assert run.code == 255, run.err
    assert proxy.ecs.requests == []
    if text is None:                    # a tunnel that ends within TLS
        assert f"{NAME}" in run.err
        return
    assert len(proxy.seen) == tunnels
    assert text in run.err
    assert (f"{NAME}:{proxy.ecs.port} through the proxy "
            f"http://***@127.0.0.1:{proxy.port}: ") in run.err
    assert run.err.count("through the proxy") == 1


def test_a_write_that_never_left_is_retried(behind, headcount):
    """UpdateService is not sent before there is a tunnel, so a failure of the
    tunnel says nothing about it."""
    proxy = behind()
    proxy.fault(answer("503 Busy"), times=2)
    run = headcount("call", "ecs", "UpdateService",
                    json.dumps({"cluster": "prod", "service": "web",
                                "desiredCount": 2}))
    assert run.code == 0, run.err
    assert len(proxy.tunnels) == 3 and len(proxy.ecs.writes()) == 1


def test_407_to_a_plain_write_says_that_nothing_was_done(behind, headcount):
    proxy = behind(plain=True, auth=True)
    run = hidden(headcount(
        "call", "ecs", "UpdateService", '{"service": "web"}',
        http_proxy=proxy.url("u:wrong")))
    assert run.code == 255
    assert "it answered 407: " in run.err
    assert "may have been done" not in run.err
    assert len(proxy.seen) == 1 and proxy.ecs.requests == []


def test_one_that_is_not_there_is_named(behind, headcount):
    proxy = behind(auth=True)
    url = f"http://u:{SECRET}@127.0.0.1:{servers.free_port()}"
    run = hidden(headcount("call", "ecs", "ListClusters", HTTPS_PROXY=url))
    assert run.code == 255
    assert f"{NAME}:{proxy.ecs.port} through the proxy http://***@127" in \
        run.err
    assert "connection refused" in run.err
    run = hidden(headcount("call", "ecs", "ListClusters",
                           HTTPS_PROXY="http://nowhere.test.internal:1"))
    assert run.code == 255
    assert "through the proxy http://nowhere.test.internal:1: " in run.err


@pytest.mark.parametrize("chain,text", [
    ("wrong-name", "other.test.internal"), ("rsa", NAME)])
def test_the_certificate_of_the_proxy_is_checked(behind, certs, headcount,
                                                 chain, text):
    proxy = behind(auth=True, tls=certs / chain, name=PROXY)
    run = hidden(headcount("call", "ecs", "ListClusters"))
    assert run.code == 255
    assert PROXY in run.err and text in run.err
    assert proxy.seen == []             # no credentials left for it


def test_the_certificate_behind_the_tunnel_is_checked(behind, certs,
                                                      headcount):
    proxy = behind()
    run = headcount("call", "ecs", "ListClusters", AWS_CA_BUNDLE=str(
        certs / "other-ca.pem"))
    assert run.code == 255
    assert len(proxy.tunnels) == 1 and proxy.ecs.requests == []


@pytest.mark.parametrize("url,text", [
    ("socks5://u:hush@127.0.0.1:1", "SOCKS proxies are not supported"),
    ("http://u:hu/sh@127.0.0.1:1", "%2F"), ("ftp://a", "scheme")])
def test_a_setting_that_is_no_proxy_is_said(behind, headcount, url, text):
    behind()
    run = headcount("call", "ecs", "ListClusters", HTTPS_PROXY=url)
    assert run.code == 253
    assert "HTTPS_PROXY" in run.err and text in run.err
    assert "hu" not in run.err.replace("https", "")
    # Hosts that need none are reached.
    with ecs_server.EcsServer() as ecs:
        run = headcount.at(ecs)("call", "ecs", "ListClusters",
                                HTTPS_PROXY=url)
    assert run.code == 0, run.err


# ---- doctor ----

def test_doctor_shows_the_way(behind, certs, headcount):
    proxy = behind(auth=True, tls=certs / "wildcard", name=PROXY)
    run = hidden(headcount("doctor", "--output", "json"))
    by = {f["code"]: f["text"] for f in run.report["findings"]}
    assert f"https://***@{PROXY}:{proxy.port} (HTTPS_PROXY)" in by["proxy"]
    assert PROXY in by["dns"] and NAME in by["tunnel"]
    assert str(proxy.port) in by["connect"]


def test_doctor_says_what_failed_there(behind, headcount):
    proxy = behind()
    proxy.fault(answer("403 Forbidden"), times=99)
    run = headcount("doctor", "--output", "json")
    by = {f["code"]: f for f in run.report["findings"]}
    assert "its rules have to allow CONNECT" in by["tunnel"]["text"]
    assert by["tunnel"]["level"] == "error" and "connect" not in by
