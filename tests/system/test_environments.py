"""The environments that people start headcount in, as they find them: a first
plan in each, with no option but what is planned."""
import hashlib
import json
import urllib.request

import boto3
import creds_server
import pytest
import servers
from conftest import event_of
from ecs_check import SECRET
from test_main_job import fill_moto

PLAN = ("plan", "prod", "--service", "web")
ROLE = "arn:aws:iam::123456789012:role/scaler"


@pytest.fixture
def creds(ecs, headcount):
    """An ECS that takes only sets which this server gave, or the keys of
    AKIDEXAMPLE; nothing in the environment but where they are."""
    ecs.judge.unsigned = False
    ecs.judge.keys["AKIDEXAMPLE"] = (SECRET, {None})
    ecs.service("web", desired=1)
    ecs.host("a")
    ecs.host("b")
    headcount.env = {"PATH": headcount.env["PATH"],
                     "HOME": str(headcount.home),
                     "AWS_EC2_METADATA_DISABLED": "true"}
    headcount.at(ecs)
    with creds_server.CredsServer([ecs.judge]) as server:
        for name in ("STS", "SSO", "SSO_OIDC"):
            headcount.env[f"AWS_ENDPOINT_URL_{name}"] = server.url
        yield server


def plans(ecs, headcount, signer, *options, **env):
    done = headcount(*PLAN, *options, **env)
    assert done.code == 0, done.out + done.err
    assert "1 -> 2" in done.out
    keys = {r.headers["authorization"].split("Credential=")[1].split("/")[0]
            for r in ecs.requests}
    regions = {r.headers["authorization"].split("/")[2]
               for r in ecs.requests}
    assert keys == {signer} and regions == {"eu-west-1"}
    return done


def aws(headcount, **files):
    folder = headcount.home / ".aws"
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text)
    return folder


def cache(headcount, name, **token):
    """A token as `aws sso login` leaves it."""
    folder = aws(headcount) / "sso" / "cache"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / (hashlib.sha1(name.encode()).hexdigest() + ".json")
    path.write_text(json.dumps({
        "startUrl": "https://corp.awsapps.example/start",
        "region": "eu-west-1", "expiresAt": "2037-01-01T00:00:00Z", **token}))
    return path


def test_a_laptop_with_default_keys(ecs, creds, headcount):
    """As `aws configure` writes it."""
    aws(headcount, credentials=f"[default]\naws_access_key_id = AKIDEXAMPLE\n"
        f"aws_secret_access_key = {SECRET}\n",
        config="[default]\nregion = eu-west-1\noutput = json\n")
    plans(ecs, headcount, "AKIDEXAMPLE")
    assert creds.requests == []


def test_a_laptop_with_single_sign_on(ecs, creds, headcount):
    """As `aws configure sso` and `aws sso login` leave it."""
    aws(headcount, config="[default]\nregion = us-east-1\n\n[profile x]\n"
        "sso_session = corp\nsso_account_id = 123456789012\n"
        "sso_role_name = Ops\nregion = eu-west-1\n\n[sso-session corp]\n"
        "sso_start_url = https://corp.awsapps.example/start\n"
        "sso_region = eu-west-1\n"
        "sso_registration_scopes = sso:account:access\n")
    cache(headcount, "corp", accessToken="bearer-of-corp")
    creds.bearers.add("bearer-of-corp")
    done = plans(ecs, headcount, "SSO1", AWS_PROFILE="x")
    assert [what for what, _ in creds.requests] == ["sso"]
    assert "bearer-of-corp" not in done.out + done.err
    ecs.requests.clear()
    plans(ecs, headcount, "SSO2", "--profile", "x")


def test_a_pod_with_an_oidc_role(ecs, creds, headcount, tmp_path):
    """What EKS's webhook puts into a pod of a service account with a role."""
    token = tmp_path / "serviceaccount-token"
    token.write_text("identity-of-the-pod")
    creds.identities.add("identity-of-the-pod")
    plans(ecs, headcount, "WEB1", AWS_ROLE_ARN=ROLE,
          AWS_WEB_IDENTITY_TOKEN_FILE=str(token), AWS_REGION="eu-west-1",
          AWS_DEFAULT_REGION="eu-west-1",
          AWS_STS_REGIONAL_ENDPOINTS="regional")


def test_a_pod_with_pod_identity(ecs, creds, headcount, tmp_path):
    token = tmp_path / "eks-pod-identity-token"
    token.write_text("token-of-the-pod")
    plans(ecs, headcount, "TASK1", AWS_REGION="eu-west-1",
          AWS_DEFAULT_REGION="eu-west-1",
          AWS_STS_REGIONAL_ENDPOINTS="regional",
          AWS_CONTAINER_CREDENTIALS_FULL_URI=f"{creds.url}/v1/credentials",
          AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=str(token))
    (_, request), = creds.requests
    assert request.headers["authorization"] == "token-of-the-pod"


def test_a_runner_of_github(ecs, creds, headcount, tmp_path):
    """With aws-actions/configure-aws-credentials, which has assumed the role;
    and with the token's file alone."""
    key, secret, token, _ = creds.set_of("RUNNER")
    plans(ecs, headcount, key, CI="true", GITHUB_ACTIONS="true",
          AWS_ACCESS_KEY_ID=key, AWS_SECRET_ACCESS_KEY=secret,
          AWS_SESSION_TOKEN=token, AWS_REGION="eu-west-1",
          AWS_DEFAULT_REGION="eu-west-1")
    (tmp_path / "awscreds").write_text("identity-of-the-job")
    creds.identities.add("identity-of-the-job")
    ecs.requests.clear()
    plans(ecs, headcount, "WEB2", CI="true", GITHUB_ACTIONS="true",
          AWS_ROLE_ARN=ROLE, AWS_ROLE_SESSION_NAME="GitHubActions",
          AWS_WEB_IDENTITY_TOKEN_FILE=str(tmp_path / "awscreds"),
          AWS_REGION="eu-west-1")
    assert b"RoleSessionName=GitHubActions" in creds.requests[-1][1].raw_body


def test_a_task_of_ecs(ecs, creds, headcount):
    """What the agent and Fargate set; the path is at 169.254.170.2, which is
    not asked here, so the whole URL stands in for it."""
    plans(ecs, headcount, "TASK1", AWS_REGION="eu-west-1",
          AWS_DEFAULT_REGION="eu-west-1",
          AWS_EXECUTION_ENV="AWS_ECS_FARGATE",
          AWS_CONTAINER_CREDENTIALS_FULL_URI=f"{creds.url}/v2/credentials/1",
          ECS_CONTAINER_METADATA_URI_V4=f"{creds.url}/v4/1")


def test_a_host_of_ec2(ecs, creds, headcount):
    """Nothing is set there: the region, too, is the instance's."""
    plans(ecs, headcount, "HOST1", AWS_EC2_METADATA_DISABLED=None,
          AWS_EC2_METADATA_SERVICE_ENDPOINT=creds.url)
    assert sorted({what for what, _ in creds.requests}) == \
        ["instance", "region", "role", "token"]


def test_tokens_that_rotate_are_read_at_each_refresh(ecs, creds, function,
                                                     tmp_path):
    """ECS calls each set expired after the first invocation with it."""
    token = tmp_path / "token"
    token.write_text("identity-0")
    creds.identities.add("identity-0")
    warm = function(AWS_ENDPOINT_URL_STS=creds.url, AWS_ROLE_ARN=ROLE,
                    AWS_ACCESS_KEY_ID=None, AWS_SECRET_ACCESS_KEY=None,
                    AWS_SESSION_TOKEN=None, AWS_REGION="eu-west-1",
                    AWS_WEB_IDENTITY_TOKEN_FILE=str(token))
    for n in range(5):
        # As kubelet does it: another file in the place of the first.
        (tmp_path / "next").write_text(f"identity-{n}")
        (tmp_path / "next").replace(token)
        creds.identities = {f"identity-{n}"}
        ecs.fault("DescribeServices", ecs.http(
            400, b'{"__type": "ExpiredTokenException"}'))
        assert warm.invoke({"cluster": "prod"})["summary"]["failed"] == 0
    sent = [r.raw_body.decode().partition("WebIdentityToken=")[2]
            .partition("&")[0] for _, r in creds.requests]
    assert sent == [f"identity-{n}" for n in (0, 0, 1, 2, 3, 4)]
    output = warm.output.read_text()
    assert "identity-" not in output
    assert not any(secret in output for secret in creds.given)


# ---- with moto ----

@pytest.fixture
def moto(tmp_path):
    with servers.Moto(tmp_path / "moto") as server:
        fill_moto(server, hosts=2)
        yield server


def test_moto_gives_a_role_to_an_identity(moto, headcount, tmp_path):
    """Its STS makes a set of an identity's token; with its checks on it takes
    what is signed with that set."""
    iam = boto3.client("iam", "eu-west-1", endpoint_url=moto.url,
                       aws_access_key_id="a", aws_secret_access_key="b")
    arn = iam.create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps(
        {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": {"Federated": "*"}, "Action":
             "sts:AssumeRoleWithWebIdentity"}]}))["Role"]["Arn"]
    iam.put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=json.dumps(
        {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "ecs:*", "Resource": "*"}]}))
    (tmp_path / "token").write_text("a-token")
    for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN"):
        del headcount.env[f"AWS_{name}"]
    headcount.env.update(AWS_ENDPOINT_URL=moto.url, AWS_ROLE_ARN=arn,
                         AWS_WEB_IDENTITY_TOKEN_FILE=str(tmp_path / "token"))
    done = headcount("handle", "--service", "web", stdin=event_of())
    assert done.code == 0, done.out + done.err
    urllib.request.urlopen(urllib.request.Request(
        f"{moto.url}/moto-api/reset-auth", data=b"1", method="POST",
        headers={"Content-Type": "text/plain"}), timeout=10).close()
    done = headcount("call", "ecs", "ListClusters")
    assert done.code == 0, done.out + done.err
