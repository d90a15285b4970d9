"""Where credentials come from: a role that is assumed, a container's endpoint,
an instance's metadata; and that none of it is shown."""
import email.utils
import hashlib
import json
import subprocess
import sys
import time
import urllib.parse
import urllib.request

import boto3
import creds_server
import ecs_check
import pytest
import servers
from conftest import event_of
from test_main_job import fill_moto, moto_count

OURS = ("--service", "web", "--output", "json")
ROLE = "arn:aws:iam::123456789012:role/ops/scaler"
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
        "123456789012%3Arole%2Fops%2Fscaler&"
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


# ---- a gateway that repeats the request ----

def gateway(status, body, *headers):
    if not isinstance(body, bytes):
        body = json.dumps(body).encode()
    head = [f"HTTP/1.1 {status} Any", f"Content-Length: {len(body)}",
            "Content-Type: application/x-amz-json-1.1", *headers]
    if not any("requestid" in h.lower() for h in headers):
        head.append("x-amzn-RequestId: 5a1f7c2e-0b7d-4f59-9d3a-000000000400")
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


def token_of(request):
    return request.headers["x-amz-security-token"]


def named(message, status=400, code="Blocked"):
    return gateway(status, {"__type": code, "message": message})


def as_sent(request):
    return named("blocked: POST / HTTP/1.1\r\nX-Amz-Security-Token: "
                 f"{token_of(request)}\r\nAuthorization: "
                 f"{request.headers['authorization']}")


def title(name):
    return "-".join(word.capitalize() for word in name.split("-"))


ECHOES = {
    "as it was sent": as_sent,
    "its headers as JSON": lambda r: named("blocked " + json.dumps(
        {title(k): v for k, v in r.headers.items()})),
    "the token alone": lambda r: named(f"this token is odd: {token_of(r)}!"),
    "with escapes": lambda r: named(
        "token=" + token_of(r).replace("/", "\\/") + ";"),
    "percent-encoded": lambda r: named(
        "?X-Token=" + urllib.parse.quote(token_of(r), safe="") + "&"),
    "in capitals": lambda r: named(f"X-AMZ-SECURITY-TOKEN={token_of(r)}"),
    "cut off": lambda r: named("x" * 420 + token_of(r)),
    "as the code": lambda r: named("no", code=token_of(r)),
    "as the error type": lambda r: gateway(
        400, {}, f"X-Amzn-ErrorType: {token_of(r)}"),
    "as the request id": lambda r: gateway(
        400, {"__type": "Blocked"}, f"x-amzn-RequestId: {token_of(r)}"),
    "as a page": lambda r: gateway(200, token_of(r).encode()),
    "as a status line": lambda r: token_of(r).encode() + b"\r\n\r\n",
}


def shows_no_piece(text, secrets):
    for secret in secrets:
        for at in range(len(secret) - 11):
            assert secret[at:at + 12] not in text, text
        for encode in (urllib.parse.quote, urllib.parse.quote_plus):
            assert encode(secret, "") not in text


@pytest.mark.parametrize("name", ECHOES)
def test_a_gateway_that_repeats_the_request_gets_nothing_shown(
        ecs, creds, headcount, name):
    for verb in (("call", "ecs", "ListClusters"), ("plan", "prod", *OURS),
                 ("handle", *OURS), ("apply", "--all", *OURS)):
        ecs.fault(None, [ECHOES[name]], times=9)
        done = headcount(*verb, "--debug", "--assume-role", ROLE,
                         stdin=event_of())
        assert done.code != 0
        ecs.faults.clear()
        shows_no_piece(done.out + done.err, creds.given)
        assert "Signature=" not in done.out + done.err
    assert creds.given


def test_nor_does_one_before_sts(ecs, creds, headcount):
    for code in ("AccessDenied", "Blocked"):
        creds.fault("AssumeRole", creds.refuse(
            403, code, f"X-Amz-Security-Token: {ecs_check.TOKEN}"),
            creds.refuse(403, code, f"for {ecs_check.TOKEN} and "
                         f"{ecs_check.SECRET}!"))
        for words in ("(", "for *** and ***!"):
            done = headcount("call", "ecs", "ListClusters", "--assume-role",
                             ROLE, "--debug")
            assert done.code == 253
            assert words in done.err
            shows_no_piece(done.err, (ecs_check.TOKEN, ecs_check.SECRET))


def test_nor_do_the_reasons_of_a_good_answer(ecs, creds, headcount):
    def failures(request):
        return gateway(200, {"services": [], "failures": [{
            "arn": "arn:aws:ecs:eu-west-1:123456789012:service/prod/web",
            "reason": "BLOCKED", "detail": f"you sent {token_of(request)}."}]})
    ecs.fault("DescribeServices", [failures], times=2)
    for verb in (("plan", "prod", *OURS), ("handle", *OURS)):
        done = headcount(*verb, "--debug", "--assume-role", ROLE,
                         stdin=event_of())
        assert done.service()["outcome"] == "failed"
        assert "BLOCKED you sent ***." in done.service()["reason"]
        shows_no_piece(done.out + done.err, creds.given)


def test_nor_does_who_gives_credentials(ecs, creds, headcount):
    token = "AbCd/0123456789+geheim=="
    creds.fault("container", (200, json.dumps(
        {"Code": "Blocked", "Message": f"Authorization: {token}"})))
    done = run(headcount, creds, "call", "ecs", "ListClusters", code=253,
               **NO_KEYS, AWS_CONTAINER_CREDENTIALS_FULL_URI=creds.url,
               AWS_CONTAINER_AUTHORIZATION_TOKEN=token)
    assert "container: Blocked: Authorization: ***" in done.err
    shows_no_piece(done.err, [token])
    creds.fault("instance", (200, json.dumps(
        {"Code": "Blocked", "Message": "metadata-token== is odd"})))
    done = run(headcount, creds, "call", "ecs", "ListClusters", code=253,
               **imds(creds.url))
    assert "Blocked: *** is odd" in done.err


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
    assert "looked in: the program, environment (AWS_ACCESS_KEY_ID is not " \
        "set), profile (`default` is in no file of ~/.aws), container " \
        "(AWS_CONTAINER_CREDENTIALS_... is not set), instance metadata " \
        "(127.0.0.1:" in done.err
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


# ---- what the files and the environment configure ----

KEY_PAIR = "aws_access_key_id = AKIDBASE\naws_secret_access_key = " \
    + creds_server.BASE + "\n"


def everywhere(creds):
    """Container and instance both have credentials to give."""
    return {**imds(creds.url),
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": creds.url}


def files(headcount, config=None, credentials=None):
    """Puts them into the home, with a token of a web identity beside them."""
    folder = headcount.home / ".aws"
    folder.mkdir(exist_ok=True)
    (folder / "token").write_text("token-of-the-file\n")
    process = folder / "process"
    process.write_text("#!/bin/sh\n[ \"$1\" = 'a b' ] && echo '" + json.dumps({
        "Version": 1, "AccessKeyId": "AKIDBASE",
        "SecretAccessKey": creds_server.BASE}) + "'\n")
    process.chmod(0o755)
    cache = folder / "sso" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    name = hashlib.sha1(b"corp").hexdigest()
    (cache / f"{name}.json").write_text(json.dumps({
        "accessToken": "token-of-the-file",
        "expiresAt": "2999-01-01T00:00:00Z"}))
    for name, text in (("config", config), ("credentials", credentials)):
        (folder / name).unlink(missing_ok=True)
        if text is not None:
            (folder / name).write_text(text.replace("HOME",
                                                    str(headcount.home)))
    return folder


@pytest.fixture
def base(ecs, creds):
    """ECS takes the keys of the files, too."""
    ecs.judge.keys["AKIDBASE"] = (creds_server.BASE, {None})


def stops(ecs, creds, headcount, *words, **env):
    """Nobody is asked for credentials, nor is anything asked with some."""
    for verb in (("plan", "prod", *OURS), ("call", "ecs", "ListClusters"),
                 ("call", "ecs", "ListClusters", "--assume-role", ROLE)):
        done = run(headcount, creds, *verb, code=253, **env)
        for word in words:
            assert word in done.err, done.err
        assert "geheim" not in (done.out + done.err).lower()
        assert done.out == ""
    assert ecs.requests == [] and creds.requests == []


def web_identity(headcount):
    return {"AWS_ROLE_ARN": ROLE, "AWS_WEB_IDENTITY_TOKEN_FILE":
            str(headcount.home / ".aws" / "token")}


def test_a_pod_with_a_role_of_its_own_is_not_the_node(ecs, creds, headcount):
    """IRSA, and the node's metadata can be reached."""
    files(headcount)
    env = {**everywhere(creds), **web_identity(headcount)}
    run(headcount, creds, "call", "ecs", "ListClusters", **env)
    assert signers(ecs) == ["WEB1"]
    assert creds.asked("AssumeRoleWithWebIdentity") == 1
    assert botocore_s(headcount, env) == "assume-role-with-web-identity"
    (headcount.home / ".aws" / "token").unlink()
    ecs.requests.clear()
    creds.requests.clear()
    stops(ecs, creds, headcount, "the token of a web identity cannot be read",
          **env)


def test_a_pod_s_token_is_read_each_time(ecs, creds, headcount):
    """Six calls, and a set that lives for a minute less than it is lent."""
    token = files(headcount) / "token"
    headcount.home.joinpath("loop.lua").write_text(f"""
local headcount = require "headcount"
local client = headcount.client {{}}
for i = 1, 3 do
    assert(client:call("ecs", "ListClusters", {{}}))
end
client:close()
""")
    creds.fault("AssumeRoleWithWebIdentity", creds.refuse(
        400, "InvalidIdentityToken", "No OpenIDConnect provider found"),
        creds.refuse(400, "ExpiredTokenException", "Token expired: 1"))
    done = headcount("run", "loop.lua", **everywhere(creds),
                     **web_identity(headcount))
    assert done.code == 0, done.err
    assert creds.asked("AssumeRoleWithWebIdentity") == 3
    assert set(signers(ecs)) == {"WEB1"}
    assert "token-of-the-file" not in done.err and token.exists()


def test_a_file_of_the_first_tools_is_named(ecs, creds, headcount):
    old = headcount.home / "old"
    old.write_text("AWSAccessKeyId=AKIDGEHEIM\nAWSSecretKey=geheim\n")
    env = {**everywhere(creds), "AWS_CREDENTIAL_FILE": str(old)}
    stops(ecs, creds, headcount, "AWS_CREDENTIAL_FILE names a file", **env)
    assert botocore_s(headcount, env) == "ec2-credentials-file"


def test_a_pod_identity_is_used(ecs, creds, headcount, tmp_path):
    token = tmp_path / "token"
    token.write_text("token-of-the-file")
    files(headcount, "[default]\nregion = us-east-1\n", "[other]\n" + KEY_PAIR)
    run(headcount, creds, "call", "ecs", "ListClusters",
        **everywhere(creds), AWS_ROLE_ARN=ROLE,
        AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=str(token))
    assert signers(ecs) == ["TASK1"]


def test_a_runner_s_exported_keys_sign(ecs, creds, headcount):
    """As configure-aws-credentials leaves it: keys, and what they came of."""
    files(headcount, "[default]\nrole_arn = x\n", "[default]\n" + KEY_PAIR)
    done = run(headcount, creds, "call", "ecs", "ListClusters",
               **web_identity(headcount), AWS_PROFILE="default")
    assert signers(ecs) == ["AKIDEXAMPLE"]
    assert done.code == 0


def test_a_function_is_as_it_was(ecs, creds, function, headcount):
    files(headcount, "[default]\nrole_arn = x\n", "[default]\n" + KEY_PAIR)
    warm = function(**web_identity(headcount))
    assert warm.invoke({"cluster": "prod"})["summary"]["failed"] == 0
    assert set(signers(ecs)) == {"AKIDEXAMPLE"}


def test_a_snapshot_is_planned_whatever_is_configured(ecs, creds, headcount):
    taken = run(headcount, creds, "snapshot", "prod", *OURS[:2])
    headcount.home.joinpath("prod.json").write_text(taken.out)
    files(headcount, "[default]\nrole_arn = x\n", None)
    run(headcount, creds, "plan", "--snapshot", "prod.json", *OURS,
        **NO_KEYS, **web_identity(headcount))


def test_a_profile_that_is_given_beats_the_environment(ecs, creds, base,
                                                       headcount):
    files(headcount, "[profile x]\nrole_arn = " + ROLE + "\n"
          "credential_source = Environment\n", "[y]\n" + KEY_PAIR)
    for args, env in ((("--profile", "y"), {}), ((), {"AWS_PROFILE": "y"}),
                      ((), {"AWS_PROFILE": "y", **NO_KEYS}),
                      (("--profile", "x"), {})):
        run(headcount, creds, "call", "ecs", "ListClusters", *args, **env)
    assert signers(ecs) == ["AKIDBASE", "AKIDEXAMPLE", "AKIDBASE", "ROLE1"]


D = "[default]\n"
R = "arn:aws:iam::123456789012:role/"
SSO = "sso_session = corp\nsso_account_id = 123456789012\n" \
    "sso_role_name = admin\n[sso-session corp]\nsso_region = us-east-1\n" \
    "sso_start_url = https://corp.awsapps.com/start\n"
# The files, who signs, and what botocore calls that.
KINDS = {
    "keys": (None, D + KEY_PAIR, "AKIDBASE", "shared-credentials-file"),
    "keys in config": (D + KEY_PAIR, None, "AKIDBASE", "config-file"),
    "role of a profile": (
        D + f"role_arn = {R}a\nsource_profile = base\n",
        "[base]\n" + KEY_PAIR, "ROLE1", "assume-role"),
    "role of a role": (
        D + f"role_arn = {R}a\nsource_profile = b\n"
        f"[profile b]\nrole_arn = {R}b\nsource_profile = base\n",
        "[base]\n" + KEY_PAIR, "ROLE2", "assume-role"),
    "role of the instance": (
        D + f"role_arn = {R}a\ncredential_source = Ec2InstanceMetadata\n",
        None, "ROLE2", "assume-role"),
    "role of the container": (
        D + f"role_arn = {R}a\ncredential_source = EcsContainer\n", None,
        "ROLE2", "assume-role"),
    "web identity": (
        D + f"role_arn = {R}a\nweb_identity_token_file = HOME/.aws/token\n",
        None, "WEB1", "assume-role-with-web-identity"),
    "role of a web identity": (
        D + f"role_arn = {R}a\nsource_profile = b\n[profile b]\n"
        f"role_arn = {R}b\nweb_identity_token_file = HOME/.aws/token\n",
        None, "ROLE2", "assume-role"),
    "process": (D + "credential_process = HOME/.aws/process 'a b'\n", None,
                "AKIDBASE", "custom-process"),
    "role of a process": (
        D + f"role_arn = {R}a\nsource_profile = b\n[profile b]\n"
        "credential_process = HOME/.aws/process 'a b'\n", None, "ROLE1",
        "assume-role"),
    "single sign-on": (D + SSO, None, "SSO1", "sso"),
    "role of single sign-on": (
        D + f"role_arn = {R}a\nsource_profile = b\n[profile b]\n" + SSO, None,
        "ROLE2", "assume-role"),
    "source only": (D + "source_profile = geheim\n", None, "TASK1",
                    "container-role"),
    "credential_source only": (D + "credential_source = geheim\n", None,
                               "TASK1", "container-role"),
    "indented keys": (None, D + KEY_PAIR.replace("aws_", "  aws_"),
                      "AKIDBASE", "shared-credentials-file"),
    "quoted": ("[profile 'default']\n" + KEY_PAIR, None, "AKIDBASE",
               "config-file"),
}
# The files, and the words of the error.
BROKEN = {
    "half a pair": (None, D + "aws_access_key_id = AKIDGEHEIM\n",
                    "credentials:2: aws_access_key_id stands without"),
    "no source": (D + f"role_arn = {R}geheim\n", None,
                  "config:2: role_arn stands without source_profile"),
    "no such source": (D + f"role_arn = {R}geheim\nsource_profile = b\n",
                       None, "no profile `b`"),
    "a loop": (D + f"role_arn = {R}geheim\nsource_profile = b\n[profile b]\n"
               f"role_arn = {R}b\nsource_profile = default\n", None,
               "config:6: source_profile leads back"),
    "both sources": (D + f"role_arn = {R}geheim\nsource_profile = b\n"
                     "credential_source = EcsContainer\n", "[b]\n" + KEY_PAIR,
                     "config:4: credential_source stands beside"),
    "a code": (D + f"role_arn = {R}geheim\nsource_profile = b\n"
               "mfa_serial = geheim\n", "[b]\n" + KEY_PAIR,
               "aws configure export-credentials --profile default"),
    "a token and no role": (D + "web_identity_token_file = /geheim\n", None,
                            "stands without role_arn"),
    "a process that fails": (
        D + "credential_process = /bin/sh -c 'echo geheim; echo ill >&2; "
        "exit 3'\n", None, "ill"),
    "no program": (D + "credential_process = /nonexistent/program\n", None,
                   "cannot be started"),
    "a shell's text": (D + "credential_process = give $GEHEIM | cat\n", None,
                       "credential_process"),
    "no token": (D + SSO.replace("corp\n", "geheim\n").replace(
        "corp]", "geheim]"), None, "aws sso login --profile default"),
    "a session that ended": (
        D + "login_session = arn:aws:iam::123456789012:user/geheim\n", None,
        "aws login --profile default"),
    "no sso-session": (D + "sso_session = s\nsso_account_id = 123456789012\n"
                       "sso_role_name = geheim\n", None, "no sso-session `s`"),
    "everybody's keys": (D, "[DEFAULT]\n" + KEY_PAIR + D + "region = x\n",
                         "credentials:1: [DEFAULT]"),
}
NONE = {
    "no file": (None, None),
    "a region": (D + "region = us-east-1\noutput = json\n", D),
    "other profiles": ("[profile dev]\nrole_arn = x\n", "[dev]\n" + KEY_PAIR),
    "a name that is none": ("[dev]\n" + KEY_PAIR,
                            "[profile default]\n" + KEY_PAIR),
    "settings of a service": (D + "s3 =\n  role_arn = x\n", None),
    "empty values": (D + "web_identity_token_file =\n", None),
}
# What botocore, which reads the files, would sign with.
BOTOCORE = """
import botocore.session
try:
    found = botocore.session.Session().get_credentials()
    print(found.method if found else "none")
except Exception as e:
    print("an error")
"""


def botocore_s(headcount, env):
    known = {k: v for k, v in {**headcount.env, **env}.items() if v is not None}
    return subprocess.run([sys.executable, "-c", BOTOCORE], env=known,
                          capture_output=True, text=True, check=True,
                          timeout=60).stdout.strip()


@pytest.mark.parametrize("name", KINDS)
def test_what_a_file_configures_signs(ecs, creds, base, headcount, name):
    config, credentials, signer, method = KINDS[name]
    files(headcount, config, credentials)
    run(headcount, creds, "call", "ecs", "ListClusters", **everywhere(creds),
        AWS_ENDPOINT_URL_SSO=creds.url, AWS_ENDPOINT_URL_SSO_OIDC=creds.url)
    assert signers(ecs) == [signer]
    assert botocore_s(headcount, {**everywhere(creds),
                                  "AWS_ENDPOINT_URL": creds.url}) == method


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_configured_and_broken_stops_the_run(ecs, creds, headcount,
                                                     name):
    config, credentials, words = BROKEN[name]
    files(headcount, config, credentials)
    stops(ecs, creds, headcount, words, **everywhere(creds))


@pytest.mark.parametrize("name", NONE)
def test_what_configures_nothing_stops_nobody(ecs, creds, headcount, name):
    files(headcount, *NONE[name])
    run(headcount, creds, "call", "ecs", "ListClusters", **everywhere(creds))
    assert signers(ecs) == ["TASK1"]
    assert botocore_s(headcount, everywhere(creds)) == "container-role"


def test_files_are_where_the_variables_say(ecs, creds, base, headcount):
    files(headcount, None, "[default]\naws_access_key_id = AKIDGEHEIM\n")
    other = headcount.home / "other"
    other.write_text(D + KEY_PAIR)
    for env in ({"AWS_CONFIG_FILE": "~/other",
                 "AWS_SHARED_CREDENTIALS_FILE": "/dev/null"},
                {"AWS_CONFIG_FILE": "/nonexistent",
                 "AWS_SHARED_CREDENTIALS_FILE": "/dev/null"},
                {"AWS_SHARED_CREDENTIALS_FILE": str(other)}):
        run(headcount, creds, "call", "ecs", "ListClusters",
            **everywhere(creds), **env)
    assert signers(ecs) == ["AKIDBASE", "TASK1", "AKIDBASE"]


@pytest.mark.parametrize("text, words", [
    ("# " + "x" * (1 << 20), "is larger than 1048576 bytes"),
    ("[default\nrole_arn = geheim\n", ":1: "),
    ("geheim = x\n", ":1: "),
    (D + "geheim\n", ":2: "),
    (None, "is no regular file")], ids=lambda v: str(v)[-20:])
def test_a_file_that_cannot_be_understood_stops_the_run(ecs, creds, headcount,
                                                        text, words):
    folder = files(headcount, text)
    if text is None:
        (folder / "config").mkdir()
    done = run(headcount, creds, "call", "ecs", "ListClusters", code=253,
               **everywhere(creds))
    assert f"{folder}/config" in done.err and words in done.err
    assert "geheim" not in done.err
    assert ecs.requests == [] and creds.requests == []


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


def test_a_set_that_nobody_replaces_is_used_on(ecs, creds, headcount):
    """ECS calls it expired once, and the container's endpoint is ill."""
    headcount.home.joinpath("loop.lua").write_text(LOOP)
    env = {**NO_KEYS, "AWS_CONTAINER_CREDENTIALS_FULL_URI": creds.url}
    creds.fault("container", creds.as_json("TASK"), *[(403, "no")] * 9)
    ecs.fault("ListClusters", ecs.http(
        400, b'{"__type": "ExpiredTokenException"}'), nth=3)
    done = headcount("run", "loop.lua", **env)
    assert done.code == 0, done.err
    assert signers(ecs) == ["TASK1"] * 7
    assert creds.asked("container") == 2


def test_a_set_that_is_refused_for_good_says_so(ecs, creds, headcount):
    creds.fault("container", creds.as_json("TASK"), *[(403, "no")] * 9)
    ecs.fault("ListClusters", ecs.http(
        400, b'{"__type": "ExpiredTokenException"}'), times=9)
    done = run(headcount, creds, "call", "ecs", "ListClusters", code=254,
               **NO_KEYS, AWS_CONTAINER_CREDENTIALS_FULL_URI=creds.url)
    assert "ExpiredTokenException" in done.err
    assert "could not be replaced" in done.err
    assert len(ecs.requests) == 2 and creds.asked("container") == 2


def test_a_clock_that_is_ahead_makes_no_set_old(ecs, creds, headcount):
    """By two hours: the set has an hour to live, and its date says so."""
    ahead = 7200
    ecs.judge.clock = lambda: time.time() - ahead
    creds.life = 3600 - ahead
    answer = creds.as_json("TASK")
    date = email.utils.formatdate(time.time() - ahead, usegmt=True)
    creds.fault("container", answer.replace(
        b"\r\n", f"\r\nDate: {date}\r\n".encode(), 1))
    run(headcount, creds, "call", "ecs", "ListClusters", **NO_KEYS,
        AWS_CONTAINER_CREDENTIALS_FULL_URI=creds.url)
    assert signers(ecs) == ["TASK1"]


@pytest.mark.parametrize("code", ["RequestExpired", "RequestInTheFuture",
                                  "RequestTimeTooSkewed"])
def test_a_clock_that_is_off_is_made_good_for(ecs, creds, headcount, code):
    behind = 3600
    ecs.judge.clock = lambda: time.time() + behind
    date = email.utils.formatdate(time.time() + behind, usegmt=True)
    ecs.fault("ListClusters", gateway(400, {"__type": code}, f"Date: {date}"))
    run(headcount, creds, "call", "ecs", "ListClusters")
    assert len(ecs.requests) == 2
    done = run(headcount, creds, "call", "ecs", "ListClusters", code=254)
    assert len(ecs.requests) == 3 and "expired" in done.err.lower()


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
    for said, args, env in (
            ("--assume-role",
             ("--assume-role", ROLE, "--assume-role", ROLE + "2"), {}),
            ("HEADCOUNT_ASSUME_ROLE", (),
             {"HEADCOUNT_ASSUME_ROLE": f"{ROLE},{ROLE}2"})):
        done = run(headcount, creds, "call", "ecs", "ListClusters", *args,
                   code=252, **env)
        assert f"more than one {said} " in done.err
    assert ecs.requests == [] and creds.requests == []


def test_a_sweep_has_each_role_once(ecs, creds, headcount):
    """Each lists the clusters of its account, which is one account here."""
    two = ("--assume-role", ROLE, "--assume-role", ROLE + "2")
    run(headcount, creds, "plan", "--all", *OURS, *two)
    assert creds.asked("AssumeRole") == 2
    assert set(signers(ecs)) == {"ROLE1", "ROLE2"}
    creds.denied.add(ROLE)
    ecs.requests.clear()
    done = run(headcount, creds, "plan", "--all", *OURS, *two, code=1)
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
    assert "sts has another protocol" in done.err
    assert creds.requests == []
