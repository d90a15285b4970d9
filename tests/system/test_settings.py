"""Where a setting comes from: option beats environment; ours are also
HEADCOUNT_<OPTION>, AWS's are called what the SDKs call them."""
import re

import ecs_server
import pytest

OURS = ("--service", "web", "--output", "json")


@pytest.fixture
def prod(ecs, headcount):
    headcount.at(ecs)
    ecs.service("web", desired=1)
    for name in "abc":
        ecs.host(name, status="DRAINING" if name == "c" else "ACTIVE")
    return ecs


def scope(server):
    """region/service of the last signature."""
    return re.search(r"Credential=[^/]+/\d+/([^/]+/[^/]+)/aws4_request",
                     server.requests[-1].headers["authorization"])[1]


# ---- ours ----

def test_hosts(prod, headcount):
    for args, env, by in (
            ([], {}, "active"), ([], {"HEADCOUNT_HOSTS": "registered"},
                                 "registered"),
            (["--hosts", "active"], {"HEADCOUNT_HOSTS": "registered"},
             "active")):
        run = headcount("plan", "prod", *OURS, *args, **env)
        assert run.service()["hosts"]["by"] == by
        assert run.service()["wanted"] == {"active": 2, "registered": 3}[by]


def test_where(prod, headcount):
    prod.filters.update({"attribute:one exists": {"a"},
                         "attribute:two exists": {"a", "b"}})
    run = headcount("plan", "prod", *OURS,
                    HEADCOUNT_WHERE="attribute:one exists")
    assert run.service()["hosts"]["filter"] == "attribute:one exists"
    run = headcount("plan", "prod", *OURS, "--where", "attribute:two exists",
                    HEADCOUNT_WHERE="attribute:one exists")
    assert run.service()["hosts"]["filter"] == "attribute:two exists"


def test_flags(prod, headcount):
    on = {"HEADCOUNT_DETAILED_EXITCODE": "1", "HEADCOUNT_TIMINGS": "on"}
    run = headcount("plan", "prod", *OURS, **on)
    assert run.code == 2 and "DescribeServices" in run.err
    for off in ("0", "off", "no", "false", ""):
        run = headcount("plan", "prod", *OURS, **dict.fromkeys(on, off))
        assert run.code == 0 and run.err == ""


def test_timeout(prod, headcount):
    prod.fault(None, "silent", times=9)
    run = headcount("plan", "prod", *OURS, HEADCOUNT_TIMEOUT="0.3")
    assert run.code == 1


def test_services(prod, headcount):
    prod.service("api", desired=2)
    asked = {
        ("web",): {"HEADCOUNT_SERVICE": "web", "ECS_SERVICE_ARN": "api"},
        ("api",): {"ECS_SERVICE_ARN": "api"},
        ("web", "api"): {"ECS_SERVICE_ARN": " web,api,"},
    }
    for wanted, env in asked.items():
        run = headcount("plan", "prod", "--output", "json", **env)
        assert tuple(s["service"] for s in
                     run.report["clusters"][0]["services"]) == wanted
    run = headcount("plan", "prod", *OURS, HEADCOUNT_SERVICE="api",
                    ECS_SERVICE_ARN="api")
    assert [s["service"] for s in run.report["clusters"][0]["services"]] == \
        ["web"]


def test_the_pause_is_for_all_that_writes(prod, headcount, event):
    for args in (["handle"], ["apply", "prod"]):
        run = headcount(*args, *OURS, HEADCOUNT_DRY_RUN="1",
                        stdin=event() if args == ["handle"] else b"")
        assert run.code == 0
        assert run.service()["code"] == "paused"
        assert run.report["summary"]["held"] == 1
    assert prod.writes() == []
    run = headcount("apply", "prod", *OURS, HEADCOUNT_DRY_RUN="0")
    assert run.service()["outcome"] == "updated"


# ---- AWS's ----

@pytest.mark.parametrize("args,env,region", [
    ([], {}, "eu-west-1"),
    ([], {"AWS_DEFAULT_REGION": "us-west-2"}, "eu-west-1"),
    ([], {"AWS_REGION": None, "AWS_DEFAULT_REGION": "us-west-2"},
     "us-west-2"),
    (["--region", "ap-south-1"], {}, "ap-south-1"),
    (["--region=us-gov-west-1"], {}, "us-gov-west-1"),
])
def test_the_region_signs(ecs, headcount, args, env, region):
    run = headcount.at(ecs)("call", "ecs", "ListClusters", *args, **env)
    assert run.code == 0, run.err
    assert scope(ecs) == f"{region}/ecs"


def test_the_event_may_tell_the_region(prod, headcount, event):
    run = headcount("handle", *OURS, stdin=event(), AWS_REGION=None)
    assert run.code == 0
    assert run.service()["outcome"] == "updated"
    assert scope(prod) == "eu-west-1/ecs"


def test_endpoints(headcount):
    """--endpoint-url, AWS_ENDPOINT_URL_<SERVICE>, AWS_ENDPOINT_URL."""
    with ecs_server.EcsServer() as a, ecs_server.EcsServer() as b, \
         ecs_server.EcsServer() as c:
        urls = [f"http://127.0.0.1:{s.port}" for s in (a, b, c)]
        env = {"AWS_ENDPOINT_URL": urls[0], "AWS_ENDPOINT_URL_ECS": urls[1]}

        def reached(*args, **more):
            before = [len(s.requests) for s in (a, b, c)]
            run = headcount("call", *args, **{**env, **more})
            assert run.code in (0, 254), run.err
            after = [len(s.requests) for s in (a, b, c)]
            return [y - x for x, y in zip(before, after)].index(1)

        assert reached("ecs", "ListClusters") == 1
        assert reached("sqs", "ListQueues") == 0
        assert reached("ecs", "ListClusters", AWS_ENDPOINT_URL_ECS=None) == 0
        assert reached("ecs", "ListClusters", "--endpoint-url", urls[2]) == 2
        assert reached("ecs", "ListClusters", "--endpoint-url", urls[2],
                       AWS_IGNORE_CONFIGURED_ENDPOINT_URLS="true") == 2


def test_attempts(ecs, headcount):
    for value, wanted in ((None, 3), ("1", 1), ("2", 2)):
        ecs.requests.clear()
        ecs.faults.clear()
        ecs.fault(None, "500", times=9)
        run = headcount.at(ecs)("call", "ecs", "ListClusters",
                                AWS_MAX_ATTEMPTS=value)
        assert run.code == 254
        assert len(ecs.requests) == wanted


def test_a_bundle_by_option_beats_the_environment(secure, headcount, certs,
                                                  event):
    run = headcount("handle", *OURS, "--ca-bundle", certs / "other-ca.pem",
                    stdin=event())
    assert run.code == 1 and secure.requests == []
    run = headcount("handle", *OURS, "--ca-bundle", certs / "ec-ca.pem",
                    stdin=event(), AWS_CA_BUNDLE=str(certs / "other-ca.pem"))
    assert run.code == 0 and secure.handshakes == 1


def test_a_bundle_that_is_not_there_is_named_once(headcount):
    run = headcount("plan", "prod", *OURS, "--ca-bundle", "none.pem")
    assert run.code == 253
    assert run.err == ("headcount: none.pem (--ca-bundle): cannot be opened: "
                       "no such file or directory (ENOENT)\n")


def test_certificates_that_cannot_be_used_are_named(secure, headcount, certs,
                                                    event, tmp_path):
    """The others of the bundle are, whatever ends its lines."""
    text = (certs / "ca.pem").read_text().replace("\n", " \r\n")
    weak = (certs / "rsa1024-chain.pem").read_text().split("-----END")[0] + \
        "-----END CERTIFICATE-----\n"
    bundle = tmp_path / "bundle.pem"
    bundle.write_text(weak + text, newline="")
    run = headcount("handle", *OURS, "--ca-bundle", bundle, stdin=event())
    assert run.code == 0 and secure.handshakes == 1, run.err
    assert "1 certificate cannot be used and trusts nobody: certificate 1 " \
        in run.err
    assert "its RSA key has 1024 bits" in run.err


def test_another_hosts_bundle(certs, headcount, event, secure):
    """SSL_CERT_FILE is for hosts that are not AWS's own."""
    secure.service("web", desired=0)
    secure.host("a")
    run = headcount("handle", *OURS, stdin=event(), AWS_CA_BUNDLE=None,
                    SSL_CERT_FILE=str(certs / "ca.pem"))
    assert run.code == 0
    assert run.service()["outcome"] == "updated"


@pytest.mark.parametrize("name", ["https_proxy", "HTTPS_PROXY"])
def test_a_proxy_is_no_silent_detour(secure, headcount, event, name):
    """Nobody listens where the proxy should be."""
    run = headcount("handle", *OURS, stdin=event(),
                    **{name: "http://127.0.0.1:1"})
    assert run.code in (1, 253)
    assert "proxy" in run.out + run.err
    assert secure.connections == 0
    run = headcount("handle", *OURS, stdin=event(), NO_PROXY="test.internal",
                    **{name: "http://127.0.0.1:1"})
    assert run.code == 0
