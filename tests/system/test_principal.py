"""The one rule of credentials: for any environment and any files, headcount
signs as the principal that botocore ends with, or as nobody; never as a third.

Each case is run by both, against one server that gives every principal a key
id of its own.  `PRINCIPALS=5000 SEED=7` runs more random cases than the usual
150; what a seed shows it shows again."""
import hashlib
import json
import os
import random
import re
import subprocess
import sys

import principal_botocore
import principal_server
import pytest

ACCOUNT = "210987654321"
START = "https://corp.awsapps.example/start"
OLD_START = "https://old.awsapps.example/start"


def role(name):
    return f"arn:aws:iam::{ACCOUNT}:role/{name}"


class Both:
    """Both programs in one home."""

    def __init__(self, home, server, headcount):
        self.home, self.server, self.headcount = home, server, headcount
        (home / ".aws" / "sso" / "cache").mkdir(parents=True)
        self.token("corp", START, "corp")
        self.token(OLD_START, OLD_START, "old")
        (home / "token").write_text("web-identity-of-a-pod\n")
        server.identities["web-identity-of-a-pod"] = "pod"
        (home / "env-token").write_text("web-identity-of-a-runner")
        server.identities["web-identity-of-a-runner"] = "runner"
        server.given |= {"web-identity-of-a-pod", "web-identity-of-a-runner"}
        for name in ("one", "two"):
            self.process(name, {"Version": 1})
        (home / "process-broken").write_text(
            "#!/bin/sh\necho out of order >&2\nexit 3\n")
        (home / "process-broken").chmod(0o755)
        self.peer = subprocess.Popen(
            [sys.executable, principal_botocore.__file__], text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=home,
            env={"HOME": str(home), "PATH": os.environ["PATH"]})
        self.common = {
            "AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-1",
            "AWS_MAX_ATTEMPTS": "1", "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_EC2_METADATA_SERVICE_ENDPOINT": server.url,
            "AWS_ENDPOINT_URL_STS": server.url,
            "AWS_ENDPOINT_URL_SSO": server.url,
            "AWS_ENDPOINT_URL_SSO_OIDC": server.url}

    def token(self, name, start, whose):
        bearer = f"bearer-of-{whose}"
        self.server.tokens[bearer] = whose
        self.server.given.add(bearer)
        path = self.home / ".aws" / "sso" / "cache" / (
            hashlib.sha1(name.encode()).hexdigest() + ".json")
        path.write_text(json.dumps({
            "startUrl": start, "region": "eu-west-1", "accessToken": bearer,
            "expiresAt": "2037-01-01T00:00:00Z"}))

    def process(self, name, more):
        key, secret = self.server.known(f"process/{name}")
        path = self.home / f"process-{name}"
        path.write_text("#!/bin/sh\ncat <<'END'\n" + json.dumps(
            {**more, "AccessKeyId": key, "SecretAccessKey": secret}) +
            "\nEND\n")
        path.chmod(0o755)

    def keys_of(self, who):
        key, secret = self.server.known(who)
        return {"aws_access_key_id": key, "aws_secret_access_key": secret}

    def environment(self):
        key, secret = self.server.known("env")
        return {"AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": secret}

    def write(self, files):
        for name in ("config", "credentials"):
            path = self.home / ".aws" / name
            text = files.get(name)
            if text is None:
                path.unlink(missing_ok=True)
            else:
                path.write_text(text)

    def of_botocore(self, env, profile):
        self.peer.stdin.write(json.dumps({"env": env, "profile": profile})
                              + "\n")
        self.peer.stdin.flush()
        answer = json.loads(self.peer.stdout.readline())
        if "key" in answer:
            return self.server.who(answer["key"]), answer
        return None, answer

    def of_headcount(self, env, profile):
        self.server.signer = None
        nothing = {name: None for name in self.headcount.env
                   if name.startswith("AWS_")}
        option = ["--profile", profile] if profile is not None else []
        done = self.headcount(
            "call", "ecs", "ListClusters", "--endpoint-url", self.server.url,
            *option, **{**nothing, **env, "HOME": str(self.home)})
        for secret in self.server.given:
            assert secret not in done.out + done.err
        if done.code == 0:
            assert self.server.signer is not None
            return self.server.signer, done
        assert done.code == 253, done.err
        assert self.server.signer is None and done.err.strip() != ""
        return None, done

    def __call__(self, files, env, profile=None):
        """(headcount's principal or None, botocore's or None, what was
        said)"""
        self.write(files)
        env = {**self.common, **env}
        theirs, said = self.of_botocore(env, profile)
        ours, done = self.of_headcount(env, profile)
        return ours, theirs, f"headcount: {done.err}\nbotocore: {said}"


@pytest.fixture(scope="module")
def server():
    with principal_server.PrincipalServer() as running:
        yield running


@pytest.fixture
def both(tmp_path, server, headcount):
    found = Both(tmp_path, server, headcount)
    yield found
    found.peer.stdin.close()
    assert found.peer.wait(30) == 0


def text_of(sections):
    return "".join(
        f"[{name}]\n" + "".join(f"{k} = {v}\n" for k, v in keys.items())
        for name, keys in sections.items())


# ---- each step of the chain, by name ----

SSO = {"sso_session": "corp", "sso_account_id": ACCOUNT,
       "sso_role_name": "Ops"}
CORP = {"sso-session corp": {"sso_start_url": START,
                             "sso_region": "eu-west-1"}}
OLD_SSO = {"sso_start_url": OLD_START, "sso_region": "eu-west-1",
           "sso_account_id": ACCOUNT, "sso_role_name": "Dev"}


def pod(home):
    return {"AWS_WEB_IDENTITY_TOKEN_FILE": str(home / "env-token"),
            "AWS_ROLE_ARN": role("pod"), "AWS_ROLE_SESSION_NAME": "session"}


def steps(both):
    """name: (who it has to be, config, credentials, environment,
    --profile)"""
    keys = both.keys_of
    env, home = both.environment(), both.home
    run = {name: f"{home}/process-{name}" for name in ("one", "two")}
    broken = {"credential_process": f"{home}/process-broken"}
    box = {"AWS_CONTAINER_CREDENTIALS_FULL_URI":
           f"{both.server.url}/container/task"}
    host = {"AWS_EC2_METADATA_DISABLED": "false"}
    web = {"role_arn": role("web"), "web_identity_token_file":
           str(home / "token")}
    mine = {"default": keys("keys/default")}
    dev = {"dev": keys("keys/dev")}
    return {
        "environment": ("env", {}, {}, env, None),
        "environment before default's keys": ("env", {}, mine, env, None),
        "environment before AWS_PROFILE": (
            "env", {}, {**mine, **dev}, {**env, "AWS_PROFILE": "dev"}, None),
        "--profile before environment": (
            "keys/dev", {}, {**mine, **dev}, env, "dev"),
        "--profile before a pod's identity": (
            "keys/dev", {}, dev, pod(home), "dev"),
        "AWS_PROFILE that is nowhere": (
            None, {}, mine, {**env, "AWS_PROFILE": "nowhere"}, None),
        "--profile that is nowhere": (None, {}, mine, env, "nowhere"),
        "default's keys": ("keys/default", {}, mine, {}, None),
        "keys of config": (
            "keys/config", {"default": keys("keys/config")}, {}, {}, None),
        "keys of credentials before those of config": (
            "keys/default", {"default": keys("keys/config")}, mine, {}, None),
        "AWS_DEFAULT_PROFILE": (
            "keys/dev", {}, {**mine, **dev}, {"AWS_DEFAULT_PROFILE": "dev"},
            None),
        "half a pair": (
            None, {}, {"default": {"aws_access_key_id": "AKIDHALF"}},
            box, None),
        "a pod before default's keys": (
            "web/pod<-runner", {}, mine, pod(home), None),
        "a role of the profile before a pod": (
            "role/up<-keys/dev",
            {"profile up": {"role_arn": role("up"), "source_profile": "dev"}},
            dev, {**pod(home), "AWS_PROFILE": "up"}, None),
        "web identity of a profile": (
            "web/web<-pod", {"profile web": web}, {}, {}, "web"),
        "role from another profile": (
            "role/up<-keys/dev",
            {"profile up": {"role_arn": role("up"), "source_profile": "dev"}},
            dev, {}, "up"),
        "role with an external id": (
            "ext-7:role/up<-keys/dev",
            {"profile up": {"role_arn": role("up"), "source_profile": "dev",
                            "external_id": "ext-7"}}, dev, {}, "up"),
        "role from itself": (
            "role/up<-keys/up",
            {"profile up": {"role_arn": role("up"), "source_profile": "up"}},
            {"up": keys("keys/up")}, {}, "up"),
        "two hops": (
            "role/top<-role/up<-keys/dev",
            {"profile top": {"role_arn": role("top"), "source_profile": "up"},
             "profile up": {"role_arn": role("up"), "source_profile": "dev"}},
            dev, {}, "top"),
        "keys of a source before its role": (
            "role/top<-keys/up",
            {"profile top": {"role_arn": role("top"), "source_profile": "up"},
             "profile up": {"role_arn": role("up"), "source_profile": "dev"}},
            {**dev, "up": keys("keys/up")}, {}, "top"),
        "roles that loop": (
            None,
            {"profile a": {"role_arn": role("a"), "source_profile": "b"},
             "profile b": {"role_arn": role("b"), "source_profile": "a"}},
            {}, box, "a"),
        "a source that is nowhere": (
            None, {"profile a": {"role_arn": role("a"),
                                 "source_profile": "b"}}, {}, box, "a"),
        "a source without credentials": (
            None, {"profile a": {"role_arn": role("a"), "source_profile":
                                 "b"}, "profile b": {"region": "eu-west-1"}},
            {}, box, "a"),
        "a role without a source": (
            None, {"default": {"role_arn": role("a")}}, {}, box, None),
        "both sources": (
            None, {"default": {"role_arn": role("a"), "source_profile": "dev",
                               "credential_source": "Environment"}}, dev,
            env | {"AWS_ACCESS_KEY_ID": ""}, None),
        "role from the environment": (
            "role/up<-env",
            {"profile up": {"role_arn": role("up"), "credential_source":
                            "Environment"}}, {}, env, "up"),
        "role from a container": (
            "role/up<-container/container/task",
            {"profile up": {"role_arn": role("up"), "credential_source":
                            "EcsContainer"}}, {}, box, "up"),
        "role from an instance": (
            "role/up<-instance",
            {"profile up": {"role_arn": role("up"), "credential_source":
                            "Ec2InstanceMetadata"}}, {}, host, "up"),
        "role from an empty environment": (
            None, {"profile up": {"role_arn": role("up"), "credential_source":
                                  "Environment"}}, {}, box, "up"),
        "role from single sign-on": (
            f"role/up<-sso/{ACCOUNT}/Ops<-corp",
            {**CORP, "profile sso": SSO,
             "profile up": {"role_arn": role("up"), "source_profile": "sso"}},
            {}, {}, "up"),
        "role from a process": (
            "role/up<-process/one",
            {"profile p": {"credential_process": run["one"]},
             "profile up": {"role_arn": role("up"), "source_profile": "p"}},
            {}, {}, "up"),
        "role from a web identity": (
            "role/up<-web/web<-pod",
            {"profile web": web,
             "profile up": {"role_arn": role("up"), "source_profile": "web"}},
            {}, {}, "up"),
        "single sign-on": (
            f"sso/{ACCOUNT}/Ops<-corp", {**CORP, "profile sso": SSO}, {}, {},
            "sso"),
        "single sign-on of the old form": (
            f"sso/{ACCOUNT}/Dev<-old", {"profile sso": OLD_SSO}, {}, {},
            "sso"),
        "single sign-on before keys": (
            f"sso/{ACCOUNT}/Ops<-corp", {**CORP, "default": SSO}, mine, {},
            None),
        "single sign-on without a session": (
            None, {"default": SSO}, {}, box, None),
        "single sign-on without a token": (
            None, {"sso-session none": {"sso_start_url": START,
                                        "sso_region": "eu-west-1"},
                   "default": {**SSO, "sso_session": "none"}}, {}, box, None),
        "only a session is no source": (
            "container/container/task",
            {**CORP, "default": {"sso_session": "corp"}}, {}, box, None),
        "process": (
            "process/one", {"default": {"credential_process": run["one"]}},
            {}, {}, None),
        "process before keys of config": (
            "process/one", {"default": {"credential_process": run["one"],
                                        **keys("keys/config")}}, {}, {}, None),
        "keys of credentials before a process": (
            "keys/default", {"default": {"credential_process": run["one"]}},
            mine, {}, None),
        "process that fails": (None, {"default": broken}, {}, box, None),
        "container": ("container/container/task", {}, {}, box, None),
        "container before instance": (
            "container/container/task", {}, {}, {**box, **host}, None),
        "instance": ("instance", {}, {}, host, None),
        "settings alone are no source": (
            "instance", {"default": {"region": "eu-west-1"}}, {}, host, None),
        "nothing": (None, {}, {}, {}, None),
    }


def test_each_step_ends_with_its_principal(both):
    for name, (who, config, credentials, env, profile) in \
            steps(both).items():
        files = {"config": text_of(config) if config else None,
                 "credentials": text_of(credentials) if credentials else None}
        ours, theirs, said = both(files, env, profile)
        assert ours == who, f"{name}\n{said}"
        assert theirs == who, f"{name}\n{said}"


# ---- random environments and files ----

def a_profile(both, dice, name, others):
    """What the profile has in config and in credentials."""
    config, credentials = {}, {}
    if dice.random() < 0.45:
        config["role_arn"] = role(name)
        kind = dice.random()
        if kind < 0.55:
            config["source_profile"] = dice.choice(others)
        elif kind < 0.7:
            config["credential_source"] = dice.choice(
                ["Environment", "EcsContainer", "Ec2InstanceMetadata",
                 "Nothing"])
        elif kind < 0.9:
            config["web_identity_token_file"] = str(
                both.home / dice.choice(["token", "no-token"]))
        if dice.random() < 0.2:
            config["external_id"] = "ext-" + name
    if dice.random() < 0.2:
        config |= dice.choice([SSO, OLD_SSO, {"sso_session": "corp"},
                               {**SSO, "sso_session": "none"}])
        if dice.random() < 0.2:
            config.pop(dice.choice(list(config)))
    if dice.random() < 0.2:
        config["credential_process"] = dice.choice(
            ["", f"{both.home}/process-one", f"{both.home}/process-two",
             f"{both.home}/process-broken", f"{both.home}/process-nowhere"])
    for to, file in ((config, "config"), (credentials, "credentials")):
        if dice.random() < 0.25:
            keys = both.keys_of(f"keys/{name}.{file}")
            if dice.random() < 0.15:
                keys.pop(dice.choice(list(keys)))
            to |= keys
    if dice.random() < 0.3:
        config["region"] = "eu-west-1"
    return config, credentials


def a_case(both, dice):
    names = ["default", "a", "b", "c"]
    config, credentials = {}, {}
    if dice.random() < 0.7:
        config |= CORP
    for name in names:
        if dice.random() < 0.1:
            continue
        of_config, of_credentials = a_profile(both, dice, name,
                                              names * 3 + ["nowhere"])
        header = "default" if name == "default" else f"profile {name}"
        if of_config or dice.random() < 0.5:
            config[header] = of_config
        if of_credentials:
            credentials[name] = of_credentials
    env = {}
    if dice.random() < 0.15:
        env |= both.environment()
        if dice.random() < 0.15:
            env.pop(dice.choice(list(env)))
    if dice.random() < 0.12:
        env |= pod(both.home)
        if dice.random() < 0.2:
            env.pop(dice.choice(list(env)))
    if dice.random() < 0.5:
        env["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = \
            f"{both.server.url}/container/task"
    if dice.random() < 0.5:
        env["AWS_EC2_METADATA_DISABLED"] = "false"
    profile = None
    if dice.random() < 0.4:
        env[dice.choice(["AWS_PROFILE", "AWS_DEFAULT_PROFILE"])] = \
            dice.choice(names[1:] * 3 + ["default", "nowhere"])
    elif dice.random() < 0.5:
        profile = dice.choice(names)
    return ({"config": text_of(config) or None,
             "credentials": text_of(credentials) or None}, env, profile)


def without_crashes(config, said):
    """botocore crashes at an empty credential_process, which is no setting for
    the other SDKs; where it calls STS, at an sso_session that is nowhere,
    although it is not asked for a token; and it calls a loop what has itself as
    its source, if that is no key."""
    config = config.replace("credential_process = \n", "")
    if "SSO token provider" in said:
        for name in ("corp", "none"):
            if f"[sso-session {name}]" not in config:
                config += f"[sso-session {name}]\n" + "".join(
                    f"{k} = {v}\n"
                    for k, v in CORP["sso-session corp"].items())
    blocks = re.findall(r"^\[[^[]*", config, re.M)
    for block in blocks if "InfiniteLoop" in said else []:
        name = block[1:block.index("]")].rpartition(" ")[2]
        if f"source_profile = {name}\n" in block:
            alone = re.sub(r"(role_arn|source_profile|external_id) = .*\n", "",
                           block.partition("\n")[2])
            config = config.replace(block, block.replace(
                f"source_profile = {name}\n", "source_profile = itself\n"))
            config += f"[profile itself]\n{alone}"
    return config


def test_no_case_ends_with_a_third_principal(both):
    seed = int(os.environ.get("SEED", "20261130"))
    cases = int(os.environ.get("PRINCIPALS", "150"))
    equal = refused = neither = 0
    for n in range(cases):
        dice = random.Random(f"{seed} {n}")
        files, env, profile = a_case(both, dice)
        ours, theirs, said = both(files, env, profile)
        case = (f"case {n} of SEED={seed}\n{files.get('config')}\n--\n"
                f"{files.get('credentials')}\n--\n{env} --profile {profile}\n"
                f"ours {ours}, theirs {theirs}\n{said}")
        if ours != theirs and theirs is None:
            files["config"] = without_crashes(files["config"] or "", said)
            _, theirs, said = both(files, env, profile)
        assert ours in (theirs, None), case
        equal += ours is not None
        refused += ours is None and theirs is not None
        neither += ours is None and theirs is None
    print(f"# {cases} cases: {equal} end with the same principal, {neither} "
          f"with none, {refused} are refused where botocore signs")
    assert equal > cases / 4 and refused < cases / 10
