"""Bad input gets a clear error and changes nothing."""
import json
import socket
import threading

import ecs_server
import pytest
import servers

OURS = ("--service", "web", "--output", "json")


@pytest.fixture
def prod(ecs, headcount):
    headcount.at(ecs)
    ecs.service("web", desired=1)
    for name in "abc":
        ecs.host(name)
    return ecs


# ---- events ----

def deep(n):
    return '{"a":' * n + "1" + "}" * n


def ecs_event(detail):
    return {"source": "aws.ecs", "region": "eu-west-1",
            "detail-type": "ECS Container Instance State Change",
            "detail": detail}


ARN = "arn:aws:ecs:eu-west-1:123456789012:cluster/prod"
EVENTS = {
    "nothing": b"", "blanks": b" \n", "empty": b"{}", "null": b"null",
    "a list": b"[]", "text": b"hello", "cut": b'{"source":"aws.ecs"',
    "two": b'{"cluster":"prod"}{"cluster":"prod"}',
    "a comma": b'{"cluster":"prod",}', "latin": b'{"cluster":"pr\xf6d"}',
    "nul": b'{"cluster":"prod"}\0', "utf-16": '{"cluster":"prod"}'.encode(
        "utf-16"),
    "deep": deep(129).encode(), "very deep": deep(100000).encode(),
    "too long": b'{"x":"' + b"a" * (6 << 20) + b'"}',
    "endless number": b"1" * 100000,
    "foreign source": json.dumps({"source": "aws.s3", "detail": {}}).encode(),
    "no source": json.dumps({"detail-type": "ECS Container Instance State "
                             "Change", "detail": {"clusterArn": ARN}}
                            ).encode(),
    "source": json.dumps({**ecs_event({"clusterArn": ARN}),
                          "source": 7}).encode(),
    "detail-type": json.dumps({**ecs_event({"clusterArn": ARN}),
                               "detail-type": []}).encode(),
    "detail": json.dumps(ecs_event("x")).encode(),
    "no detail": json.dumps(ecs_event(None)).encode(),
    "no cluster": json.dumps(ecs_event({})).encode(),
    "cluster type": json.dumps(ecs_event({"clusterArn": 7})).encode(),
    "cluster list": json.dumps(ecs_event({"clusterArn": [ARN]})).encode(),
    "no arn": json.dumps(ecs_event({"clusterArn": "arn:aws:s3:::x"})
                         ).encode(),
    "status": json.dumps(ecs_event({"clusterArn": ARN, "status": 1})
                         ).encode(),
    "version": json.dumps(ecs_event({"clusterArn": ARN, "version": "1"})
                          ).encode(),
    "instance": json.dumps(ecs_event({"clusterArn": ARN,
                                      "containerInstanceArn": {}})).encode(),
    "region": json.dumps({**ecs_event({"clusterArn": ARN}),
                          "region": 7}).encode(),
    "bare cluster": b'{"cluster":7}', "bare name": b'{"cluster":"a b"}',
    "bare list": b'{"clusters":"prod"}', "empty list": b'{"clusters":[]}',
    "list of": b'{"clusters":[1]}',
}


@pytest.mark.parametrize("name", EVENTS)
def test_a_bad_event_is_an_error_without_a_call(prod, headcount, name):
    run = headcount("handle", *OURS, stdin=EVENTS[name])
    assert run.code == 252, run.out
    assert run.out == ""
    assert run.err.startswith("headcount: ") and len(run.err) > 20
    assert "\n" not in run.err.strip()
    assert prod.connections == 0


def test_an_event_that_is_no_file(headcount, tmp_path, prod):
    run = headcount("handle", tmp_path / "none.json", *OURS)
    assert run.code == 252 and "none.json" in run.err
    run = headcount("handle", tmp_path, *OURS)
    assert run.code == 252
    assert prod.connections == 0


# ---- settings ----

def test_what_is_missing_is_named(headcount, event, prod):
    for name, word in (("AWS_REGION", "region"),
                       ("AWS_ACCESS_KEY_ID", "AWS_ACCESS_KEY_ID"),
                       ("AWS_SECRET_ACCESS_KEY", "AWS_SECRET_ACCESS_KEY")):
        bare = event()
        if name == "AWS_REGION":
            bare = {"cluster": "prod"}
        run = headcount("handle", *OURS, stdin=bare, **{name: None})
        assert run.code == 253, (name, run.err)
        assert word in run.err
    run = headcount("handle", *OURS, stdin=event(), AWS_ACCESS_KEY_ID=None,
                    AWS_SECRET_ACCESS_KEY=None)
    assert run.code == 253 and "AWS_ACCESS_KEY_ID" in run.err
    run = headcount("handle", stdin=event())
    assert run.code == 252 and "ECS_SERVICE_ARN" in run.err
    assert prod.connections == 0


def test_the_event_may_tell_the_region(headcount, event, prod):
    run = headcount("handle", *OURS, stdin=event(), AWS_REGION=None)
    assert run.code == 0
    assert run.service()["outcome"] == "updated"


@pytest.mark.parametrize("env", [
    {"AWS_REGION": "eu west"}, {"AWS_REGION": "a.evil.example/"},
    {"AWS_ENDPOINT_URL_ECS": "ftp://127.0.0.1"},
    {"AWS_ENDPOINT_URL_ECS": "127.0.0.1:80"},
    {"AWS_MAX_ATTEMPTS": "none"}, {"AWS_MAX_ATTEMPTS": "0"},
    {"AWS_CA_BUNDLE": "/dev/null"}, {"AWS_PROFILE": "dev"},
    {"HEADCOUNT_DNS_SERVER": "dns.example"},
    {"AWS_ACCESS_KEY_ID": "a b"}, {"AWS_SESSION_TOKEN": "a\nb: c"},
])
def test_a_setting_that_cannot_be_used_is_named(headcount, event, prod, env):
    run = headcount("handle", *OURS, stdin=event(), **env)
    assert run.code in (252, 253, 255), run.err
    assert run.err.startswith("headcount: ")
    assert run.out == ""
    assert prod.requests == []


@pytest.mark.parametrize("args", [
    ["--no-such"], ["--service"], ["--services=web"], ["--output", "xml"],
    ["--hosts", "all"], ["--timeout", "soon"], ["--timeout", "-1"],
    ["--allow", "everything"], ["--allow=zero=1"], ["--dry-run=yes"],
    ["--tcp-keepalive", "maybe"], ["--cli-read-timeout", "1e9"],
])
def test_unknown_options_and_values_are_refused(headcount, event, prod, args):
    run = headcount("handle", *OURS, *args, stdin=event())
    assert run.code in (252, 253), run.err
    assert run.err.startswith("headcount: ")
    assert prod.connections == 0


def test_a_slip_is_recognised(headcount):
    assert "--service" in headcount("handle", "--servise", "web").err
    assert headcount("hanlde").code == 252
    assert headcount().code == 252


# ---- endpoints ----

@pytest.mark.parametrize("what,word", [
    ("html", "JSON"), ("empty", "empty"), ("xml", "JSON"), ("half", ""),
    ("close", "closed"), (b"HTTP/1.1 200 OK\r\n", "cut short"),
    (b"SSH-2.0-x\r\n", "HTTP/1.1"), (b"HTTP/1.1 200 OK\r\n\r\n{\"a\":", ""),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
     "Content-Length"),
    (lambda body: [1], "JSON"), (lambda body: 7, "JSON"),
])
def test_an_endpoint_that_is_none(prod, headcount, event, what, word):
    prod.fault(None, what, times=99)
    run = headcount("handle", *OURS, stdin=event())
    assert run.code == 1, run.out
    assert prod.writes() == []
    service = run.report["clusters"][0]
    text = json.dumps(service)
    assert service["error"] or service["services"][0]["outcome"] == "failed"
    assert word in text
    assert "127.0.0.1" in text


def test_one_that_answers_nothing(prod, headcount, event):
    prod.fault(None, "silent", times=99)
    run = headcount("handle", *OURS, "--cli-read-timeout", "0.2",
                    stdin=event())
    assert run.code == 1
    assert "in time" in run.out
    assert prod.operations() == ["DescribeServices"] * 3


def test_one_that_nobody_listens_on(headcount, event):
    port = servers.free_port()
    run = headcount("handle", *OURS, stdin=event(),
                    AWS_ENDPOINT_URL=f"http://127.0.0.1:{port}")
    assert run.code == 1
    assert f"127.0.0.1:{port}" in run.out and "ECONNREFUSED" in run.out


# ---- certificates ----

@pytest.mark.parametrize("case,words", [
    ("expired", ["expired"]), ("self-signed", ["issuer", "self"]),
    ("wrong-name", ["other.test.internal", "name"]), ("future", ["valid"]),
    ("other-root", ["issuer", "trust"]), ("rsa1024", []), ("no-int", []),
    ("cn-only", []), ("critical", []), ("constrained", []),
    ("client-only", []), ("not-a-ca", []), ("sha1", []),
])
def test_a_certificate_that_is_not_acceptable(certs, headcount, event, case,
                                              words):
    with ecs_server.EcsServer(tls=certs / case) as server:
        server.service("web", desired=1)
        server.host("a")
        server.host("b")
        headcount.at(server, "localhost")
        headcount.env["AWS_ENDPOINT_URL_ECS"] = \
            f"https://ecs.test.internal:{server.port}"
        with Names(headcount):
            run = headcount("handle", *OURS, "--ca-bundle", certs / "ca.pem",
                            stdin=event())
        assert run.code == 1, run.out
        assert server.requests == []
        assert server.handshakes == 0
        assert "ecs.test.internal" in run.out
        assert "certificate" in run.out or "RSA" in run.out
        if words:
            assert any(w in run.out for w in words), run.out
        assert run.report["stats"]["retries"] == 0
        assert run.report["stats"]["tls_handshakes"] == 0


class Names:
    """dnsmasq, and the binary told of it."""

    def __init__(self, headcount, **options):
        self.headcount = headcount
        self.dns = servers.Dnsmasq(headcount.home / "dns", {
            "ecs.test.internal": ["127.0.0.1"]}, **options)

    def __enter__(self):
        self.dns.start()
        self.headcount.env["HEADCOUNT_DNS_SERVER"] = self.dns.address
        return self.dns

    def __exit__(self, *_):
        self.dns.stop()


def test_without_a_bundle_nobody_but_amazon_is_believed(certs, headcount,
                                                        event, secure):
    run = headcount("handle", *OURS, stdin=event(), AWS_CA_BUNDLE=None)
    assert run.code == 1
    assert "--ca-bundle" in run.out
    assert secure.requests == []


def test_another_hosts_bundle(certs, headcount, event, secure):
    """SSL_CERT_FILE is for hosts that are not AWS's own."""
    secure.service("web", desired=0)
    secure.host("a")
    run = headcount("handle", *OURS, stdin=event(), AWS_CA_BUNDLE=None,
                    SSL_CERT_FILE=str(certs / "ca.pem"))
    assert run.code == 0
    assert run.service()["outcome"] == "updated"


# ---- DNS ----

def test_a_name_that_does_not_exist(headcount, event):
    with Names(headcount) as dns:
        run = headcount("handle", *OURS, stdin=event(),
                        AWS_ENDPOINT_URL="https://nobody.test.internal")
    assert run.code == 1
    assert "nobody.test.internal" in run.out and "NXDOMAIN" in run.out
    assert {q[1] for q in dns.queries()} == {"nobody.test.internal"}
    assert len([q for q in dns.queries() if q[0] == "A"]) == 1


def test_a_dns_server_that_never_answers(headcount, event):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as deaf:
        deaf.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{deaf.getsockname()[1]}"
        run = headcount("handle", *OURS, "--dns-server", address,
                        stdin=event(), AWS_MAX_ATTEMPTS="1",
                        AWS_ENDPOINT_URL="https://ecs.test.internal")
        assert run.code == 1
        assert address in run.out
        assert run.report["stats"]["dns_lookups"] == 1
        deaf.setblocking(False)
        asked = 0
        try:
            while deaf.recv(512):
                asked += 1
        except BlockingIOError:
            pass
        assert run.report["stats"]["dns_datagrams"] == asked


def test_a_cut_answer_is_asked_for_over_tcp(headcount, event, ecs):
    """dnsmasq cuts what does not fit 512 bytes for who takes no more."""
    ecs.service("web", desired=1)
    ecs.host("a")
    many = [f"127.0.1.{i}" for i in range(1, 120)]
    dns = servers.Dnsmasq(headcount.home / "dns",
                          {"ecs.test.internal": ["127.0.0.1", *many]},
                          options=["--edns-packet-max=512"])
    listening = threading.Event()
    listening.set()
    with dns:
        run = headcount("handle", *OURS, "--dns-server", dns.address,
                        stdin=event(), AWS_ENDPOINT_URL=
                        f"http://ecs.test.internal:{ecs.port}")
    assert run.report["stats"]["dns_datagrams"] >= 2
    asked = [q for q in dns.queries() if q[0] == "A"]
    assert len(asked) == 2
