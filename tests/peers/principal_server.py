"""STS, single sign-on, a container's endpoint, an instance's metadata and ECS
in one port, where every key id tells who it is.

    with PrincipalServer() as server:
        ... AWS_ENDPOINT_URL_STS=server.url ...
        assert server.signer == "role/x<-key/a.config"

The key id of a set that is given out is made of who asked for which role, so
two programs that end with the same key id end with the same principal, by the
same way.

Used by: system/test_principal.py.
Instead of moto: moto gives another key id each time, and takes any bearer
token.
"""
import hashlib
import json
import urllib.parse

from ecs_wire import Wire

ENDS = "2037-01-01T00:00:00Z"
ENDS_MS = 2114380800000


class PrincipalServer(Wire):
    def __init__(self):
        super().__init__()
        self.names = {}                  # key id: who it is
        self.signer = None               # of the last request to ECS
        self.tokens = {}                 # bearer: whose it is
        self.identities = {}             # web identity token: whose it is
        self.given = set()               # secrets that nobody may show

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def key(self, who):
        key = "ASIA" + hashlib.sha256(who.encode()).hexdigest()[:16].upper()
        self.names[key] = who
        return key

    def known(self, who):
        """A key id that a file, the environment or a process has."""
        return self.key(who), self.secret(who)

    def secret(self, who):
        text = hashlib.sha256(b"secret of " + who.encode()).hexdigest()
        self.given.add(text)
        return text

    def who(self, key):
        return self.names.get(key, key)

    @staticmethod
    def key_of(request):
        text = request.headers.get("authorization", "")
        return text.partition("Credential=")[2].partition("/")[0]

    # ---- who is asked ----

    def answer(self, request):
        method, path = request.line.split()[:2]
        if "x-amz-target" in request.headers:
            got = self.on_ecs(request)
        elif method == "POST":
            got = self.on_sts(request)
        elif path.startswith("/federation/credentials"):
            got = self.on_portal(request, path)
        elif path.startswith("/latest/"):
            got = self.on_metadata(path)
        elif path.startswith("/container/"):
            got = self.on_container(path)
        else:
            got = self.http(404, b"nothing is here", "text/plain")
        return got, True, None, 0

    def on_metadata(self, path):
        if path == "/latest/api/token":
            return self.http(200, b"metadata-token==", "text/plain")
        base = "/latest/meta-data/iam/security-credentials/"
        if path == base:
            return self.http(200, b"host-role", "text/plain")
        return self.http(200, json.dumps({
            "Code": "Success", **self.as_json("instance", "Token")}).encode())

    def on_container(self, path):
        return self.http(200, json.dumps(
            self.as_json("container" + path, "Token")).encode())

    def as_json(self, who, token):
        return {"AccessKeyId": self.key(who), "Expiration": ENDS,
                "SecretAccessKey": self.secret(who), token: "token-of-" + who}

    def on_ecs(self, request):
        key = self.key_of(request)
        self.signer = self.who(key) if key else "nobody"
        return self.http(200, {"clusterArns": []})

    # ---- single sign-on ----

    def on_portal(self, request, path):
        asked = urllib.parse.parse_qs(path.partition("?")[2])
        bearer = self.tokens.get(request.headers.get("x-amz-sso_bearer_token"))
        if bearer is None:
            return self.http(401, {"__type": "UnauthorizedException",
                                   "message": "Session token not found"})
        who = (f"sso/{asked['account_id'][0]}/{asked['role_name'][0]}"
               f"<-{bearer}")
        return self.http(200, {"roleCredentials": {
            "accessKeyId": self.key(who), "secretAccessKey": self.secret(who),
            "sessionToken": "token-of-" + who, "expiration": ENDS_MS}})

    # ---- STS ----

    def refuse(self, code, message):
        return self.http(403, (
            "<ErrorResponse><Error><Type>Sender</Type>"
            f"<Code>{code}</Code><Message>{message}</Message></Error>"
            "<RequestId>of-the-body</RequestId></ErrorResponse>").encode(),
            "text/xml")

    def on_sts(self, request):
        form = {k: v[0] for k, v in
                urllib.parse.parse_qs(request.raw_body.decode()).items()}
        action = form.get("Action")
        role = form.get("RoleArn", "").rpartition("/")[2]
        if action == "AssumeRoleWithWebIdentity":
            whose = self.identities.get(form["WebIdentityToken"].strip())
            if whose is None or self.key_of(request):
                return self.refuse("InvalidIdentityToken", "not known")
            return self.on_assumed(action, f"web/{role}<-{whose}", form)
        if action != "AssumeRole" or self.key_of(request) not in self.names:
            return self.refuse("AccessDenied", f"nobody asked for {action}")
        base = self.who(self.key_of(request))
        return self.on_assumed(action, f"role/{role}<-{base}", form)

    def on_assumed(self, action, who, form):
        if "ExternalId" in form:
            who = f"{form['ExternalId']}:{who}"
        key, secret = self.known(who)
        arn = form["RoleArn"].replace(":iam:", ":sts:").replace(
            ":role/", ":assumed-role/") + "/session"
        return self.http(200, (
            f"<{action}Response><{action}Result><Credentials><AccessKeyId>"
            f"{key}</AccessKeyId><SecretAccessKey>{secret}</SecretAccessKey>"
            f"<SessionToken>token-of-{key}</SessionToken><Expiration>{ENDS}"
            f"</Expiration></Credentials><AssumedRoleUser><Arn>{arn}</Arn>"
            f"<AssumedRoleId>AROA:session</AssumedRoleId></AssumedRoleUser>"
            f"</{action}Result></{action}Response>").encode(), "text/xml")
