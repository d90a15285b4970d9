"""Where credentials come from: an STS, single sign-on, a container's endpoint
and an instance's metadata in one port, with lives that the test sets.

    with CredsServer() as creds:
        creds.life = 3600
        ... AWS_ENDPOINT_URL_STS=creds.url ...
        assert creds.asked("AssumeRole") == 1

Each set that is given out has a key id of its own (ROLE1, TASK2, HOST3 ...) and
is told to `judges`, the ECS servers that are to take it.  STS takes only what
botocore's own signer signs with the keys in `callers`, or an identity's token
in `identities`, which is then unsigned; single sign-on takes the bearer tokens
in `bearers`.

Used by: system/test_creds.py, system/test_environments.py,
system/test_watch.py, system/test_roles.py, system/test_trace.py and
system/test_expect_account.py.
Instead of moto: moto's STS takes any signature, its sets do not expire, and
it has neither a container's endpoint nor single sign-on's.
"""
import datetime
import hashlib
import json
import time
import urllib.parse

import ecs_check
from ecs_wire import Wire

ACCOUNT = "123456789012"
BASE = "c2VjcmV0LW9mLXRoZS1iYXNlLWtleQ"
XML = "text/xml"


class CredsServer(Wire):
    def __init__(self, judges=()):
        super().__init__()
        self.judges = judges
        self.life = 3600
        self.callers = {"AKIDEXAMPLE": ecs_check.SECRET, "AKIDBASE": BASE}
        self.requests = []               # (what, Request)
        self.faults = {}                 # what: answers, one a request
        self.denied = set()              # ARNs of roles
        self.accounts = {}               # of keys; else ACCOUNT
        self.given = []                  # texts that nobody may show
        self.role = "my-role"            # of the instance; None: none
        self.region = "eu-west-1"        # of the instance
        self.identities = {"token-of-the-file"}      # that STS takes
        self.bearers = {"token-of-the-file"}         # that single sign-on takes

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def asked(self, what):
        return sum(name == what for name, _ in self.requests)

    def fault(self, what, *answers):
        """Bytes as they are, or (status, text)."""
        self.faults[what] = [a if isinstance(a, bytes)
                             else self.http(a[0], a[1].encode(), "text/plain")
                             for a in answers]

    def set_of(self, kind):
        n = len(self.given) // 2 + 1
        key, secret = f"{kind}{n}", hashlib.sha256(str(n).encode()).hexdigest()
        token = f"token/{n}+{'of' * 20}=="
        self.given += [secret, token]
        self.callers[key] = secret
        for judge in self.judges:
            judge.keys[key] = (secret, {token})
        ends = datetime.datetime.now(datetime.timezone.utc) \
            + datetime.timedelta(seconds=self.life)
        return key, secret, token, f"{ends:%Y-%m-%dT%H:%M:%SZ}"

    # ---- who is asked ----

    def what(self, request):
        method, path = request.line.split()[:2]
        if method == "POST":
            form = urllib.parse.parse_qs(request.raw_body.decode())
            return form.get("Action", ["?"])[0]
        if path == "/latest/api/token":
            return "token"
        if path.startswith("/latest/meta-data/iam/security-credentials/"):
            return "role" if path.endswith("/") else "instance"
        if path == "/latest/meta-data/placement/region":
            return "region"
        if path.startswith("/federation/credentials?"):
            return "sso"
        return "container"

    def answer(self, request):
        what = self.what(request)
        self.requests.append((what, request))
        if self.faults.get(what):
            return self.faults[what].pop(0), True, None, 0
        return getattr(self, f"on_{what.lower()}")(request), True, None, 0

    def on_token(self, request):
        if "x-aws-ec2-metadata-token-ttl-seconds" not in request.headers:
            return self.http(400, b"", "text/plain")
        return self.http(200, b"metadata-token==", "text/plain")

    def has_token(self, request):
        return request.headers.get("x-aws-ec2-metadata-token") \
            == "metadata-token=="

    def on_role(self, request):
        if not self.has_token(request):
            return self.http(401, b"", "text/plain")
        if self.role is None:
            return self.http(404, b"", "text/plain")
        return self.http(200, self.role.encode(), "text/plain")

    def on_region(self, request):
        if not self.has_token(request):
            return self.http(401, b"", "text/plain")
        return self.http(200, self.region.encode(), "text/plain")

    def as_json(self, kind, **more):
        key, secret, token, ends = self.set_of(kind)
        return self.http(200, json.dumps(
            {**more, "AccessKeyId": key, "SecretAccessKey": secret,
             "Token": token, "Expiration": ends}).encode())

    def on_instance(self, request):
        if not self.has_token(request) or self.role is None \
                or not request.line.split()[1].endswith(f"/{self.role}"):
            return self.http(401, b"", "text/plain")
        return self.as_json("HOST", Code="Success", Type="AWS-HMAC")

    def on_container(self, _):
        return self.as_json("TASK", RoleArn="")

    # ---- single sign-on ----

    def on_sso(self, request):
        if request.headers.get("x-amz-sso_bearer_token") not in self.bearers:
            return self.http(401, {"__type": "UnauthorizedException",
                                   "message": "Session token not found or "
                                   "invalid"})
        key, secret, token, _ = self.set_of("SSO")
        return self.http(200, {"roleCredentials": {
            "accessKeyId": key, "secretAccessKey": secret,
            "sessionToken": token,
            "expiration": int((time.time() + self.life) * 1000)}})

    # ---- STS ----

    def refuse(self, status, code, message):
        return self.http(status, (
            '<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">'
            f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}"
            "</Message></Error><RequestId>of-the-body</RequestId>"
            "</ErrorResponse>").encode(), XML)

    def is_signed(self, request):
        scope = ecs_check.scope_of(request)
        secret = self.callers.get(scope["key"])
        return secret is not None and scope["service"] == "sts" and \
            ecs_check.recomputed(request, scope, secret) == scope["signature"]

    def on_assumerolewithwebidentity(self, request):
        form = {k: v[0] for k, v in urllib.parse.parse_qs(
            request.raw_body.decode(), strict_parsing=True).items()}
        if "authorization" in request.headers or \
                form["WebIdentityToken"] not in self.identities:
            return self.refuse(400, "InvalidIdentityToken", "not this one")
        return self.xml("AssumeRoleWithWebIdentity", "WEB", form["RoleArn"])

    def xml(self, action, kind, arn):
        key, secret, token, ends = self.set_of(kind)
        self.accounts[key] = arn.split(":")[4]
        who = arn.replace(":iam:", ":sts:").replace(
            ":role/", ":assumed-role/") + "/session"
        return self.http(200, (
            f'<{action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-'
            f'15/">\n <{action}Result>\n  <Credentials>\n   <AccessKeyId>'
            f"{key}</AccessKeyId>\n   <SecretAccessKey>{secret}"
            f"</SecretAccessKey>\n   <SessionToken>{token}</SessionToken>\n   "
            f"<Expiration>{ends}</Expiration>\n  </Credentials>\n  "
            f"<AssumedRoleUser><Arn>{who}</Arn></AssumedRoleUser>\n "
            f"</{action}Result>\n</{action}Response>\n").encode(), XML)

    def on_assumerole(self, request):
        form = {k: v[0] for k, v in urllib.parse.parse_qs(
            request.raw_body.decode(), strict_parsing=True).items()}
        if not self.is_signed(request):
            return self.refuse(403, "SignatureDoesNotMatch", "The request "
                               "signature we calculated does not match")
        if form["RoleArn"] in self.denied:
            return self.refuse(403, "AccessDenied", "User: arn:aws:iam::1234567"
                               "89012:user/u is not authorized to perform: "
                               "sts:AssumeRole on resource: "
                               f"{form['RoleArn']}")
        return self.xml("AssumeRole", "ROLE", form["RoleArn"])

    def on_getcalleridentity(self, request):
        if not self.is_signed(request):
            return self.refuse(403, "InvalidClientTokenId", "The security "
                               "token included in the request is invalid.")
        key = ecs_check.scope_of(request)["key"]
        account = self.accounts.get(key, ACCOUNT)
        return self.http(200, (
            '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/20'
            '11-06-15/">\n <GetCallerIdentityResult>\n  <Arn>arn:aws:iam::'
            f"{account}:user/u</Arn>\n  <UserId>AIDA</UserId>\n  <Account>"
            f"{account}</Account>\n </GetCallerIdentityResult>\n"
            "</GetCallerIdentityResponse>\n").encode(), XML)
