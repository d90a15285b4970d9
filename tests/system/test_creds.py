"""Where credentials come from: a role that is assumed, a container's endpoint,
an instance's metadata; and that none of it is shown."""
import json
import urllib.request

import boto3
import creds_server
import pytest
import servers
from conftest import event_of
from test_main_job import fill_moto, moto_count

OURS = ("--service", "web", "--output", "json")
ROLE = "arn:aws:iam::210987654321:role/ops/scaler"
NO_KEYS = {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None,
           "AWS_SESSION_TOKEN": None}


@pytest.fixture
def creds(ecs, headcount):
    """The three of them, whose sets an ECS takes that takes no other; nothing
    that was given out is ever shown."""
    ecs.judge.unsigned = False
    ecs.service("web", desired=1)
    ecs.host("a")
    ecs.host("b")
    headcount.at(ecs)
    with creds_server.CredsServer([ecs.judge]) as server:
        headcount.env["AWS_ENDPOINT_URL_STS"] = server.url
        yield server


def run(headcount, creds, *args, code=0, **more):
    done = headcount(*args, "--debug", **more)
    assert done.code == code, done.out + done.err
    for secret in [*creds.given, "metadata-token", "token-of-the-file",
                   creds_server.BASE]:
        assert secret not in done.out + done.err
    return done


def signers(server):
    return [r.headers["authorization"].split("Credential=")[1].split("/")[0]
            for r in server.requests]


# ---- a role ----

def test_every_call_of_a_run_is_made_as_the_role(ecs, creds, headcount):
    done = run(headcount, creds, "handle", *OURS, "--assume-role", ROLE,
               stdin=event_of())
    assert done.service()["outcome"] == "updated"
    assert set(signers(ecs)) == {"ROLE1"}
    assert creds.asked("AssumeRole") == 1
    (_, request), = creds.requests
    assert request.raw_body.decode() == (
        "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A"
        "210987654321%3Arole%2Fops%2Fscaler&"
        "RoleSessionName=headcount-eu-west-1")
    assert request.headers["content-type"].startswith(
        "application/x-www-form-urlencoded")
    assert "x-amz-target" not in request.headers
    assert "AKIDEXAMPLE" in request.headers["authorization"]


@pytest.mark.parametrize("verb", [
    ("plan", "prod", *OURS), ("apply", "prod", *OURS),
    ("snapshot", "prod", *OURS), ("call", "ecs", "ListClusters")],
    ids=lambda v: v[0])
def test_the_role_is_an_option_or_a_variable(ecs, creds, headcount, verb):
    run(headcount, creds, *verb, "--assume-role", ROLE)
    run(headcount, creds, *verb, HEADCOUNT_ASSUME_ROLE=ROLE)
    assert set(signers(ecs)) == {"ROLE1", "ROLE2"}
    run(headcount, creds, *verb)
    assert signers(ecs)[-1] == "AKIDEXAMPLE"


def test_a_function_assumes_it_once_for_many_invocations(ecs, creds, function):
    warm = function(AWS_ENDPOINT_URL_STS=creds.url, HEADCOUNT_ASSUME_ROLE=ROLE)
    for _ in range(3):
        assert warm.invoke({"cluster": "prod"})["summary"]["failed"] == 0
    assert set(signers(ecs)) == {"ROLE1"}
    assert creds.asked("AssumeRole") == 1
    assert b"RoleSessionName=headcount-" in creds.requests[0][1].raw_body
    output = warm.output.read_text()
    assert not any(secret in output for secret in creds.given)


def test_who_may_not_assume_it_is_told_what_is_missing(ecs, creds, headcount):
    creds.denied.add(ROLE)
    for verb in (("plan", "prod", *OURS), ("call", "ecs", "ListClusters")):
        done = run(headcount, creds, *verb, "--assume-role", ROLE, code=253)
        for words in (f"{ROLE} may not be assumed", "trust policy",
                      f'"Action":"sts:AssumeRole","Resource":"{ROLE}"',
                      "User: arn:aws:iam::123456789012:user/u is not"):
            assert words in done.err
        assert done.out == ""
    assert ecs.requests == []
    assert creds.asked("AssumeRole") == 2


def test_what_passes_at_sts_is_tried_again(ecs, creds, headcount):
    creds.fault("AssumeRole", (503, "busy"),
                creds.refuse(400, "Throttling", "Rate exceeded"))
    run(headcount, creds, "call", "ecs", "ListClusters", "--assume-role", ROLE)
    assert creds.asked("AssumeRole") == 3
    creds.fault("AssumeRole", *[(500, "ill")] * 9)
    done = run(headcount, creds, "call", "ecs", "ListClusters",
               "--assume-role", ROLE, code=253, AWS_MAX_ATTEMPTS="2")
    assert "attempt 2 of 2" in done.err
    assert len(signers(ecs)) == 1


def test_a_session_that_ecs_calls_expired_is_begun_anew(ecs, creds, headcount):
    ecs.fault("ListClusters", ecs.http(
        400, b'{"__type": "ExpiredTokenException"}'))
    run(headcount, creds, "call", "ecs", "ListClusters", "--assume-role", ROLE)
    assert signers(ecs) == ["ROLE1", "ROLE2"]
    assert creds.asked("AssumeRole") == 2


def test_a_signature_that_is_refused_shows_no_token(ecs, creds, headcount):
    """AWS repeats what should have been signed."""
    for token in ("token/1", "token/2"):
        ecs.fault("ListClusters", ecs.http(403, json.dumps({
            "__type": "InvalidSignatureException", "message": "The request "
            "signature we calculated does not match.\n\nThe Canonical String "
            "for this request should have been\n'POST\n/\n\n"
            f"x-amz-security-token:{token}+{'of' * 20}==\n'"}).encode()))
        done = run(headcount, creds, "call", "ecs", "ListClusters",
                   "--assume-role", ROLE, code=254)
        assert "signature we calculated does not match. (" in done.err
        assert token in creds.given[-1]


@pytest.fixture
def moto(tmp_path):
    with servers.Moto(tmp_path / "moto") as server:
        fill_moto(server, hosts=2)
        yield server


def moto_auth(moto, after):
    urllib.request.urlopen(urllib.request.Request(
        f"{moto.url}/moto-api/reset-auth", data=after, method="POST",
        headers={"Content-Type": "text/plain"}), timeout=10).close()


def allow(action, **more):
    return json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": [action], **more}]})


def test_moto_verifies_both_signatures_and_the_trust(moto, headcount):
    """Its IAM: the user may only assume roles, of which one trusts it; that
    one may only use ECS."""
    iam = boto3.client("iam", "eu-west-1", endpoint_url=moto.url,
                       aws_access_key_id="a", aws_secret_access_key="b")
    user = iam.create_user(UserName="u")["User"]["Arn"]
    iam.put_user_policy(UserName="u", PolicyName="p", PolicyDocument=allow(
        "sts:AssumeRole", Resource="*"))
    roles = {}
    for name, whom in (("scaler", user), ("other", user + "x")):
        roles[name] = iam.create_role(
            RoleName=name, AssumeRolePolicyDocument=allow(
                "sts:AssumeRole", Principal={"AWS": [whom]}))["Role"]["Arn"]
        iam.put_role_policy(RoleName=name, PolicyName="p",
                            PolicyDocument=allow("ecs:*", Resource="*"))
    key = iam.create_access_key(UserName="u")["AccessKey"]
    headcount.env.update(AWS_ENDPOINT_URL=moto.url,
                         AWS_ACCESS_KEY_ID=key["AccessKeyId"],
                         AWS_SECRET_ACCESS_KEY=key["SecretAccessKey"])
    del headcount.env["AWS_SESSION_TOKEN"]
    moto_auth(moto, b"0")
    assert headcount("handle", *OURS, stdin=event_of()).code == 1
    done = headcount("handle", *OURS, "--assume-role", roles["scaler"],
                     stdin=event_of())
    assert done.code == 0, done.out + done.err
    assert done.service()["outcome"] == "updated"
    done = headcount("call", "ecs", "ListClusters", "--assume-role",
                     roles["other"])
    assert done.code == 253
    assert f"{roles['other']} may not be assumed" in done.err
    done = headcount("call", "ecs", "ListClusters", "--assume-role",
                     roles["scaler"],
                     AWS_SECRET_ACCESS_KEY="x" + key["SecretAccessKey"])
    assert done.code == 253
    assert "SignatureDoesNotMatch" in done.err
    moto_auth(moto, b"inf")
    assert moto_count(moto) == 2


# ---- a container ----

def test_a_task_has_credentials_and_shows_its_token(ecs, creds, headcount,
                                                    tmp_path):
    token = tmp_path / "token"
    token.write_text("token-of-the-file")
    url = f"{creds.url}/v2/credentials/1"
    env = {**NO_KEYS, "AWS_CONTAINER_CREDENTIALS_FULL_URI": url,
           "AWS_CONTAINER_AUTHORIZATION_TOKEN": "not this one",
           "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(token)}
    done = run(headcount, creds, "handle", *OURS, stdin=event_of(), **env)
    assert done.service()["outcome"] == "updated"
    assert set(signers(ecs)) == {"TASK1"}
    (what, request), = creds.requests
    assert what == "container"
    assert request.line == "GET /v2/credentials/1 HTTP/1.1"
    assert request.headers["authorization"] == "token-of-the-file"


def test_a_task_may_assume_a_role(ecs, creds, headcount):
    env = {**NO_KEYS, "AWS_CONTAINER_CREDENTIALS_FULL_URI": creds.url}
    run(headcount, creds, "call", "ecs", "ListClusters", "--assume-role",
        ROLE, **env)
    assert [what for what, _ in creds.requests] == ["container", "AssumeRole"]
    assert signers(ecs) == ["ROLE2"]


def test_it_is_not_asked_through_a_proxy(ecs, creds, headcount):
    env = {**NO_KEYS, "AWS_CONTAINER_CREDENTIALS_FULL_URI": creds.url,
           "http_proxy": "http://127.0.0.1:1", "NO_PROXY":
           f"127.0.0.1:{ecs.port}"}
    run(headcount, creds, "call", "ecs", "ListClusters", **env)
    assert signers(ecs) == ["TASK1"]


# ---- an instance ----

def imds(url):
    return {**NO_KEYS, "AWS_EC2_METADATA_DISABLED": None,
            "AWS_EC2_METADATA_SERVICE_ENDPOINT": url}


def test_an_instance_has_its_role_s(ecs, creds, headcount):
    run(headcount, creds, "call", "ecs", "ListClusters", **imds(creds.url))
    assert signers(ecs) == ["HOST1"]
    assert [what for what, _ in creds.requests] == ["token", "role",
                                                    "instance"]
    assert creds.connections == 1


def test_a_token_that_ended_is_replaced(ecs, creds, headcount):
    creds.fault("instance", (401, ""))
    run(headcount, creds, "call", "ecs", "ListClusters", **imds(creds.url))
    assert [what for what, _ in creds.requests] == \
        ["token", "role", "instance"] * 2


def test_without_a_role_there_are_none(ecs, creds, headcount):
    creds.role = None
    done = run(headcount, creds, "call", "ecs", "ListClusters", code=253,
               **imds(creds.url))
    assert "looked in: the program, environment, container, instance " \
        "metadata (127.0.0.1:" in done.err
    assert "set AWS_ACCESS_KEY_ID" in done.err
    assert ecs.requests == []


def test_moto_s_metadata_will_do(moto, headcount):
    headcount.env["AWS_ENDPOINT_URL"] = moto.url
    done = headcount("call", "ecs", "ListClusters", "--debug",
                     **imds(moto.url))
    assert done.code == 0, done.err
    assert "fake-imdsv2-token" not in done.err
    assert "test-secret-key" not in done.err


def test_lambda_does_not_look_for_an_instance(ecs, creds, headcount):
    done = run(headcount, creds, "call", "ecs", "ListClusters", code=253,
               AWS_LAMBDA_FUNCTION_NAME="f", **imds(creds.url))
    assert "no AWS credentials" in done.err
    assert creds.requests == []


def test_the_order_is_environment_container_instance(ecs, creds, headcount):
    everything = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": creds.url,
                  "AWS_EC2_METADATA_DISABLED": None,
                  "AWS_EC2_METADATA_SERVICE_ENDPOINT": creds.url}
    run(headcount, creds, "call", "ecs", "ListClusters", **everything)
    run(headcount, creds, "call", "ecs", "ListClusters",
        **{**everything, **NO_KEYS})
    run(headcount, creds, "call", "ecs", "ListClusters", **imds(creds.url))
    assert signers(ecs) == ["AKIDEXAMPLE", "TASK1", "HOST2"]


# ---- before they end ----

LOOP = """
local headcount = require "headcount"
local client = headcount.client {}
for i = 1, 6 do
    local answer, message = client:call("ecs", "ListClusters", {})
    assert(answer, message)
end
client:close()
"""


@pytest.mark.parametrize("life", [3600, 250, 40])
def test_a_set_that_has_come_serves_many_calls(ecs, creds, headcount, life):
    """Six calls of one process, however near the end of the set is."""
    creds.life = life
    headcount.home.joinpath("loop.lua").write_text(LOOP)
    env = {**NO_KEYS, "AWS_CONTAINER_CREDENTIALS_FULL_URI": creds.url}
    done = headcount("run", "loop.lua", **env)
    assert done.code == 0, done.err
    assert len(ecs.requests) == 6
    assert creds.asked("container") == 1


def test_a_set_that_ended_is_replaced_and_one_that_serves_is_kept(
        ecs, creds, headcount):
    """ECS calls the first one expired; then nobody has another one."""
    headcount.home.joinpath("loop.lua").write_text(LOOP)
    env = {**NO_KEYS, "AWS_CONTAINER_CREDENTIALS_FULL_URI": creds.url}
    creds.fault("container", creds.as_json("TASK"), creds.as_json("TASK"),
                *[(403, "no")] * 9)
    ecs.fault("ListClusters", ecs.http(
        400, b'{"__type": "ExpiredTokenException"}'), nth=3)
    done = headcount("run", "loop.lua", **env)
    assert done.code == 0, done.err
    assert signers(ecs) == ["TASK1"] * 3 + ["TASK2"] * 4
    assert creds.asked("container") == 2


def test_many_who_wait_share_one_request(ecs, creds, headcount):
    headcount.home.joinpath("loop.lua").write_text("""
local headcount = require "headcount"
local client = headcount.client {}
local good = 0
headcount.loop(function()
    for i = 1, 8 do
        coroutine.wrap(function()
            if client:call("ecs", "ListClusters", {}) then
                good = good + 1
            end
        end)()
    end
end)
print(good)
""")
    env = {**NO_KEYS, "AWS_CONTAINER_CREDENTIALS_FULL_URI": creds.url}
    done = headcount("run", "loop.lua", **env)
    assert done.code == 0, done.err
    assert done.out.strip() == "8"
    assert creds.asked("container") == 1


# ---- what cannot be used: 253 before anybody else is asked ----

def container(**more):
    return lambda creds: {**NO_KEYS, "AWS_CONTAINER_CREDENTIALS_FULL_URI":
                          creds.url, **more}


def answered(what, text, give):
    def begin(creds):
        creds.fault(what, (200, text))
        return give(creds)
    return begin


def instance(creds):
    return imds(creds.url)


def old(creds):
    creds.life = -10
    return container()(creds)


KEYS = '"AccessKeyId": "AKID", "SecretAccessKey": "geheim", "Token": "geheim"'
BAD = {
    "host over http": (container(
        AWS_CONTAINER_CREDENTIALS_FULL_URI="http://198.51.100.7/geheim"),
        "names 198.51.100.7 over http"),
    "no URL": (container(AWS_CONTAINER_CREDENTIALS_FULL_URI="geheim"),
               "AWS_CONTAINER_CREDENTIALS_FULL_URI is no URL"),
    "no path": (container(AWS_CONTAINER_CREDENTIALS_RELATIVE_URI="geheim"),
                "RELATIVE_URI has to begin with a /"),
    "no token file": (container(
        AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE="/nonexistent/token"),
        "/nonexistent/token (AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE)"),
    "token folder": (container(AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE="/"),
                     "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"),
    "token of two lines": (container(
        AWS_CONTAINER_AUTHORIZATION_TOKEN="geheim\r\nb: c"),
        "the token holds a line break"),
    "no JSON": (answered("container", "<html>geheim", container()),
                "it is no JSON"),
    "a list": (answered("container", '["geheim"]', container()),
               "it is no JSON object"),
    "half a set": (answered("container", '{"AccessKeyId": "geheim"}',
                            container()), "SecretAccessKey is no text"),
    "numbers": (answered("container", '{"AccessKeyId": 7}', container()),
                "AccessKeyId is no text"),
    "no time": (answered("container", "{%s, \"Expiration\": \"soon\"}" % KEYS,
                         container()), "Expiration is no time"),
    "expired": (old, "have expired already"),
    "instance: no JSON": (answered("instance", "geheim", instance),
                          "it is no JSON"),
    "instance: refused": (answered("instance", '{"Code": "Failed", "Message": '
                                   '"no such profile"}', instance),
                          "Failed: no such profile"),
    "instance: no role": (answered("role", "../geheim", instance),
                          "names a role that is none"),
    "instance: no token": (answered("token", "geheim\r\nb: c", instance),
                           "cannot stand in a header"),
    "instance: endpoint": (lambda creds: imds("https://127.0.0.1:1/geheim"),
                           "AWS_EC2_METADATA_SERVICE_ENDPOINT is no URL"),
    "instance: mode": (lambda creds: {
        **imds(None), "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE": "IPv5"},
        "has to be IPv4 or IPv6"),
    "role: no ARN": (lambda creds: {"HEADCOUNT_ASSUME_ROLE": "scaler"},
                     "`scaler` is no role's ARN"),
    "role: a user": (lambda creds: {
        "HEADCOUNT_ASSUME_ROLE": "arn:aws:iam::123456789012:user/u"},
        "is no role's ARN"),
    "role: no XML": (answered("AssumeRole", "geheim", lambda creds: {
        "HEADCOUNT_ASSUME_ROLE": ROLE}), "the answer is no XML"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_used_stops_the_run(ecs, creds, headcount, name):
    begin, words = BAD[name]
    env = begin(creds)
    code = 255 if name == "role: no XML" else 253
    for verb in (("plan", "prod", *OURS), ("call", "ecs", "ListClusters")):
        begin(creds)
        done = run(headcount, creds, *verb, code=code, **env)
        assert words in done.err, done.err
        assert "geheim" not in done.out + done.err
        assert done.out == ""
    assert ecs.requests == []


def test_two_roles_are_wrong_usage_but_for_a_sweep(ecs, creds, headcount):
    for args, env in ((("--assume-role", ROLE, "--assume-role", ROLE + "2"),
                       {}), ((), {"HEADCOUNT_ASSUME_ROLE": f"{ROLE},{ROLE}2"})):
        done = run(headcount, creds, "call", "ecs", "ListClusters", *args,
                   code=252, **env)
        assert "more than one --assume-role" in done.err
    assert ecs.requests == [] and creds.requests == []


def test_a_sweep_has_each_role_once(ecs, creds, headcount):
    """Two roles see the one cluster: for each of them it is another one."""
    two = ("--assume-role", ROLE, "--assume-role", ROLE + "2")
    run(headcount, creds, "plan", "prod", *OURS, *two)
    assert creds.asked("AssumeRole") == 2
    assert set(signers(ecs)) == {"ROLE1", "ROLE2"}
    creds.denied.add(ROLE)
    ecs.requests.clear()
    done = run(headcount, creds, "plan", "prod", *OURS, *two, code=1)
    assert f"{ROLE} may not be assumed" in done.out + done.err
    assert set(signers(ecs)) == {"ROLE3"}


def test_a_sweep_with_a_broken_role_does_not_begin(ecs, creds, headcount):
    done = run(headcount, creds, "plan", "prod", *OURS, "--assume-role", ROLE,
               "--assume-role", "scaler", code=253)
    assert "`scaler` is no role's ARN" in done.err
    assert ecs.requests == [] and creds.requests == []


def test_a_role_and_no_signature_do_not_go_together(ecs, creds, headcount):
    done = run(headcount, creds, "call", "ecs", "ListClusters", "--assume-role",
               ROLE, "--no-sign-request", code=253)
    assert "--no-sign-request" in done.err


def test_sts_itself_cannot_be_called(creds, headcount):
    done = run(headcount, creds, "call", "sts", "GetCallerIdentity", code=253)
    assert "sts takes no JSON" in done.err
    assert creds.requests == []
