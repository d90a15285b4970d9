"""--expect-account: answers of another account, before anything is written."""

import creds_server
import pytest
from test_watch import (Worker, front, moto, queue, shelved,    # noqa: F401
                        until)

OURS, THEIRS = "123456789012", "210987654321"
WEB = ("--service", "web", "--output", "json")
CLUSTER = f"arn:aws:ecs:eu-west-1:{THEIRS}:cluster/prod"
POLICY = 'return function(c) return { fixed { "web", c:count {} } } end'


@pytest.fixture
def prod(ecs, headcount):
    ecs.service("web", desired=1, tags=[{"key": "headcount:rule",
                                         "value": "per-host"}])
    for name in "ab":
        ecs.host(name)
    headcount.at(ecs)
    return ecs


@pytest.fixture
def sts(prod, headcount):
    with creds_server.CredsServer([prod.judge]) as server:
        headcount.env["AWS_ENDPOINT_URL_STS"] = server.url
        yield server


@pytest.mark.parametrize("verb", [
    ("plan", "prod", *WEB), ("apply", "prod", *WEB), ("handle", *WEB),
    ("apply", "prod", "--policy", "p.lua", "--output", "json"),
    ("snapshot", "prod", *WEB), ("explain", "prod", "web")],
    ids=lambda v: " ".join(v[:3]))
def test_it_costs_no_call(prod, sts, headcount, event, verb):
    (headcount.home / "p.lua").write_text(POLICY)
    assert headcount(*verb, stdin=event()).code == 0
    before = len(prod.requests)
    prod.services["web"].write(desiredCount=1)
    prod.requests.clear()
    assert headcount(*verb, "--expect-account", OURS, stdin=event()).code == 0
    assert len(prod.requests) == before and sts.requests == []


@pytest.mark.parametrize("verb,code", [
    (("plan", "prod", *WEB), 1), (("apply", "prod", *WEB), 1),
    (("apply", "prod", "--policy", "p.lua", "--output", "json"), 1),
    (("apply", "prod", "--policy", "tags", "--output", "json"), 1),
    (("apply", "--all", *WEB), 253), (("plan", *WEB), 253),
    (("explain", "prod", "web"), 1), (("adopt", "prod", "web", "--yes"), 1)],
    ids=lambda v: " ".join(v[:4]) if isinstance(v, tuple) else None)
def test_another_account_is_planned_for_and_written_in_by_no_verb(
        prod, sts, headcount, verb, code):
    (headcount.home / "p.lua").write_text(POLICY)
    done = headcount(*verb, HEADCOUNT_EXPECT_ACCOUNT=THEIRS)
    assert done.code == code, done.out + done.err
    said = done.out + done.err
    assert f"AWS answers for account {OURS}" in said
    assert f"account {THEIRS} is expected (--expect-account)" in said
    assert "from: environment" in said
    assert len(prod.requests) == 1 and prod.writes() == []
    assert sts.requests == []


def test_its_row_has_a_code_of_its_own(prod, headcount):
    done = headcount("plan", "prod", *WEB, "--expect-account", THEIRS)
    assert done.report["clusters"][0]["error"]["code"] == "EACCOUNT"
    assert done.service()["code"] == "EACCOUNT"


@pytest.mark.parametrize("args", [
    ("plan", CLUSTER, *WEB), ("apply", CLUSTER, "prod", *WEB),
    ("apply", "p*", CLUSTER, *WEB), ("snapshot", CLUSTER, *WEB),
    ("apply", "prod", CLUSTER[:-2] + "*", *WEB),
    ("apply", "--all", *WEB, "--assume-role",
     f"arn:aws:iam::{THEIRS}:role/x"),
    ("plan", "prod", *WEB, "--assume-role", f"arn:aws:iam::{THEIRS}:role/x"),
    ("call", "ecs", "ListClusters", "--assume-role",
     f"arn:aws:iam::{THEIRS}:role/x")], ids=lambda a: " ".join(a[:3]))
def test_an_arn_of_another_account_is_refused_before_any_call(
        prod, sts, headcount, args):
    done = headcount(*args, "--expect-account", OURS)
    assert done.code == 253, done.out + done.err
    assert f"is of account {THEIRS}, and account {OURS} is expected" in done.err
    assert prod.requests == [] and sts.requests == []


def test_an_event_of_another_account_is_foreign(prod, headcount, event):
    done = headcount("handle", *WEB, "--expect-account", THEIRS, stdin=event())
    assert done.report["skipped_event"] == "foreign_account"
    assert f"account {THEIRS} is expected" in done.out
    assert prod.requests == []


def test_a_message_of_another_account_is_left_or_dropped(
        prod, queue, headcount, event):                  # noqa: F811
    with Worker(headcount, queue, "--expect-account", THEIRS):
        queue.send(event())
        until(lambda: shelved(queue) == [300])
    assert queue.deleted() == 0
    with Worker(headcount, queue, "--expect-account", THEIRS,
                "--drop-foreign"):
        queue.send(event())
        until(lambda: queue.deleted() == 1)
    assert prod.requests == []


def test_a_cluster_that_is_not_there_may_be_in_the_expected_account(
        prod, headcount):
    done = headcount("plan", "stage", *WEB, "--expect-account", THEIRS)
    assert done.code == 1
    assert done.service()["code"] == "EACCOUNT"
    assert [r.operation for r in prod.requests] == ["DescribeServices",
                                                    "ListClusters"]


@pytest.mark.parametrize("policy", [
    f'limits {{ expect_account = "{THEIRS}" }} {POLICY}',
    f'return function(c) limits {{ expect_account = "{THEIRS}" }} return '
    '{ fixed { "web", c:count {} } } end'])
def test_a_policy_expects_an_account(prod, headcount, policy):
    (headcount.home / "p.lua").write_text(policy)
    words = ("apply", "prod", "--policy", "p.lua", "--output", "json")
    done = headcount(*words)
    assert done.code == 1 and prod.writes() == []
    assert done.report["clusters"][0]["error"]["code"] == "EACCOUNT"
    done = headcount(*words, "--expect-account", OURS)
    assert done.report["clusters"][0]["error"]["code"] == "EPOLICY"
    (headcount.home / "p.lua").write_text(policy.replace(THEIRS, OURS))
    assert headcount(*words, "--expect-account", OURS).code == 0
    assert len(prod.writes()) == 1


# ---- call ----

CALL = ("call", "ecs", "ListClusters", "--expect-account")


def test_a_call_asks_sts_once(prod, sts, headcount):
    assert headcount(*CALL, OURS).code == 0
    assert sts.asked("GetCallerIdentity") == 1
    (_, asked), = sts.requests
    assert asked.raw_body.decode() == \
        "Action=GetCallerIdentity&Version=2011-06-15"
    assert len(prod.requests) == 1


@pytest.mark.parametrize("answer,words", [
    (None, f"AWS answers for account {OURS}"),
    ((500, "ill"), "nobody says whether"), ((403, "<html>"), "nobody says"),
    ((200, "<html>"), "nobody says whether"),
    ((200, "<a><Account>210987654321</Account>"), "nobody says whether"),
    ((200, "<a><Account>2109876543210</Account></a>"), "nobody says whether"),
])
def test_a_call_is_not_sent_without_a_proof(prod, sts, headcount, answer,
                                            words):
    if answer:
        sts.fault("GetCallerIdentity", *[answer] * 9)
    done = headcount(*CALL, THEIRS)
    assert done.code == 253 and words in done.err, done.err
    assert prod.requests == [] and done.out == ""


def test_a_role_is_asked_about_as_the_role(prod, sts, headcount):
    role = f"arn:aws:iam::{OURS}:role/x"
    assert headcount(*CALL, OURS, "--assume-role", role).code == 0
    assert [name for name, _ in sts.requests] == ["AssumeRole",
                                                  "GetCallerIdentity"]
    assert "Credential=ROLE1/" in sts.requests[1][1].headers["authorization"]


def test_a_script_asks_once_for_many_calls(prod, sts, headcount):
    (headcount.home / "s.lua").write_text(f"""
        local client = require "headcount".client {{}}
        for i = 1, 5 do
          assert(client:call("ecs", "ListClusters", {{}},
                             {{ expect_account = "{OURS}" }}))
        end
        local ok, why, code = client:call("ecs", "ListClusters", {{}},
                                          {{ expect_account = "{THEIRS}" }})
        print(ok, code, why)
        local report = assert(client:reconcile("prod", {{
          services = {{ "web" }}, expect_account = "{THEIRS}" }}))
        print(report.clusters[1].error.code, client:stats().api_calls)
    """)
    done = headcount("run", "s.lua")
    assert done.code == 0, done.err
    assert done.out.startswith("nil\tEACCOUNT\tAWS answers")
    assert sts.asked("GetCallerIdentity") == 1
    assert len(prod.requests) == 6 and prod.writes() == []
    told = int(done.out.split()[-1])
    assert told - 1 == len(prod.requests) + 1        # one call was not sent


# ---- fetch ----

def fetch(prod, account, *more):
    return ("fetch", "POST", f"http://127.0.0.1:{prod.port}/", "--sign", "ecs",
            "--header", "X-Amz-Target: AmazonEC2ContainerServiceV20141113."
            "ListClusters", "--header", "Content-Type: "
            "application/x-amz-json-1.1", "--body", "{}", "--expect-account",
            account, *more)


def test_a_signed_fetch_asks_sts_once(prod, sts, headcount):
    role = ("--assume-role", f"arn:aws:iam::{OURS}:role/x",
            "--external-id", "abc")
    for more in ((), role):
        done = headcount(*fetch(prod, OURS, *more))
        assert done.code == 0 and "clusterArns" in done.out, done.err
    assert [name for name, _ in sts.requests] == [
        "GetCallerIdentity", "AssumeRole", "GetCallerIdentity"]
    assert len(prod.requests) == 2


def test_a_fetch_is_not_sent_without_a_proof(prod, sts, headcount):
    done = headcount(*fetch(prod, THEIRS))
    assert done.code == 253 and f"answers for account {OURS}" in done.err
    sts.fault("GetCallerIdentity", *[(500, "ill")] * 9)
    done = headcount(*fetch(prod, THEIRS))
    assert done.code == 253 and "nobody says whether" in done.err
    assert prod.requests == []


def test_a_presigned_url_is_not_given_away(prod, sts, headcount):
    done = headcount("fetch", "GET", f"http://127.0.0.1:{prod.port}/", "--sign",
                     "ecs", "--expires", "60", "--expect-account", THEIRS)
    assert done.code == 253 and done.out == ""


# ---- wrong usage ----

@pytest.mark.parametrize("value", ["12345678901", "1234567890123",
                                   "12345678901x", "-23456789012", "prod"])
def test_an_account_is_12_digits(prod, headcount, value):
    for verb in (("plan", "prod", *WEB), ("call", "ecs", "ListClusters")):
        done = headcount(*verb, "--expect-account", value)
        assert done.code == 252 and "12 digits" in done.err
    assert prod.requests == []


def test_nobody_signs_so_nobody_is_compared(prod, headcount):
    for verb in (("plan", "prod", *WEB), ("call", "ecs", "ListClusters")):
        done = headcount(*verb, "--expect-account", OURS, "--no-sign-request")
        assert done.code == 252
        assert "--expect-account and --no-sign-request" in done.err
    assert prod.requests == []


def test_an_operation_that_is_not_signed_has_no_account(prod, sts, headcount):
    done = headcount("call", "cognito-idp", "InitiateAuth", "--expect-account",
                     OURS, "--endpoint-url", f"http://127.0.0.1:{prod.port}")
    assert done.code == 252 and "InitiateAuth" in done.err
    assert "--expect-account is set" in done.err and "not signed" in done.err
    assert prod.requests == [] and sts.requests == []
