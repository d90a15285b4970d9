"""Roles with all their parameters, files of roles, and hundreds of them in one
process."""
import json
import urllib.parse

import creds_server
import ecs_check
import pytest
from ecs_wire import Wire

ROLE = "arn:aws:iam::123456789012:role/scaler"
OURS = ("--service", "web", "--output", "json")
PARAMETERS = ("--external-id", "a:b/c", "--role-session-name", "night",
              "--role-duration", "900")
SENT = {"ExternalId": "a:b/c", "RoleSessionName": "night",
        "DurationSeconds": "900"}


class Accounts(Wire):
    """An ECS of many accounts and regions: the key says the account, the
    scope says the region; each place has the one cluster "prod"."""

    def __init__(self, sts):
        super().__init__()
        self.sts = sts
        self.requests, self.counts = [], {}

    def answer(self, request):
        scope = ecs_check.scope_of(request)
        place = scope["region"], self.sts.accounts[scope["key"]]
        at = "arn:aws:ecs:{}:{}:".format(*place)
        service = {
            "serviceArn": at + "service/prod/web", "serviceName": "web",
            "clusterArn": at + "cluster/prod", "status": "ACTIVE",
            "desiredCount": self.counts.get(place, 1), "runningCount": 1,
            "pendingCount": 0, "launchType": "EC2", "deployments": [{}]}
        self.requests.append((request.operation, place))
        if request.operation == "UpdateService":
            service["desiredCount"] = self.counts[place] = \
                request.body["desiredCount"]
        said = {
            "ListClusters": {"clusterArns": [at + "cluster/prod"]},
            "DescribeServices": {"services": [service], "failures": []},
            "ListContainerInstances": {"containerInstanceArns": [
                f"{at}container-instance/prod/{host}" for host in "ab"]},
            "UpdateService": {"service": service},
        }[request.operation]
        return self.http(200, said), True, None, 0


@pytest.fixture
def creds(ecs, headcount):
    ecs.judge.unsigned = False
    ecs.service("web", desired=1)
    for name in "ab":
        ecs.host(name)
    headcount.at(ecs)
    with creds_server.CredsServer([ecs.judge]) as server:
        headcount.env["AWS_ENDPOINT_URL_STS"] = server.url
        yield server


def forms(creds, what="AssumeRole"):
    return [{k: v[0] for k, v in urllib.parse.parse_qs(
        request.raw_body.decode()).items()}
        for name, request in creds.requests if name == what]


@pytest.mark.parametrize("verb", [
    ("plan", "prod", *OURS), ("apply", "prod", *OURS), ("plan", *OURS),
    ("apply", "--all", *OURS), ("handle", *OURS), ("snapshot", "prod", *OURS),
    ("explain", "prod", "web"), ("adopt", "prod", "web", "--dry-run"),
    ("doctor", "prod"), ("doctor", "prod", *OURS),
    ("call", "ecs", "list-clusters")], ids=lambda v: " ".join(v[:2]))
def test_a_role_has_its_parameters_in_every_verb(ecs, creds, headcount, event,
                                                 verb):
    for typed in (True, False):
        names = {o[2:].upper().replace("-", "_"): v
                 for o, v in zip(PARAMETERS[::2], PARAMETERS[1::2])}
        env = {} if typed else {"HEADCOUNT_" + n: v for n, v in names.items()}
        done = headcount(*verb, "--assume-role", ROLE,
                         *(PARAMETERS if typed else ()), stdin=event(), **env)
        bad = verb[0] == "doctor"          # a peer without all that it asks
        assert done.code in (0, bad), done.out + done.err
    first, second = forms(creds)
    assert SENT.items() <= first.items() and first == second
    assert first["RoleArn"] == ROLE


@pytest.mark.parametrize("args,words", [
    (("--external-id", "abc"), "--external-id goes with --assume-role"),
    (("--role-session-name", "ab"), "--role-session-name goes with"),
    (("--role-duration", "900"), "--role-duration goes with"),
    (("--assume-role", ROLE, "--role-duration", "899"), "900 to 43200"),
    (("--assume-role", ROLE, "--role-duration", "43201"), "900 to 43200"),
    (("--assume-role", ROLE, "--role-duration", "900.5"), "900 to 43200"),
    (("--assume-role", ROLE, "--role-duration", "-900"), "900 to 43200"),
])
def test_what_is_said_wrong_is_wrong_usage(creds, headcount, args, words):
    done = headcount("plan", "prod", *OURS, *args)
    assert done.code == 252 and words in done.err
    assert creds.requests == []


@pytest.mark.parametrize("option,value", [
    ("--external-id", "a"), ("--external-id", "a b"),
    ("--external-id", "x" * 1225), ("--role-session-name", "a"),
    ("--role-session-name", "a:b"), ("--role-session-name", "x" * 65)])
def test_what_sts_would_refuse_is_not_sent(creds, headcount, option, value):
    for verb in (("plan", "prod", *OURS), ("plan", *OURS),
                 ("call", "ecs", "ListClusters")):
        done = headcount(*verb, "--assume-role", ROLE, option, value)
        assert done.code == 253
        assert f"{option} has to be " in done.err
    assert creds.requests == []


def test_an_assumed_role_is_a_call_of_its_run(ecs, creds, headcount):
    creds.fault("AssumeRole", (503, "busy"))
    done = headcount("plan", "prod", *OURS, "--assume-role", ROLE, "--timings")
    stats = done.report["stats"]
    assert stats["api_calls"] == len(ecs.requests) + 1
    assert stats["retries"] == 1 and creds.asked("AssumeRole") == 2
    assert done.err.count("AssumeRole") == 2


# ---- files ----

def write(tmp_path, text):
    path = tmp_path / "roles.txt"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return "@" + str(path)


def test_a_file_has_a_role_a_line(creds, headcount, tmp_path):
    """A role of each of three accounts: two of one would be asked once."""
    two, three = (ROLE.replace("123456789012", account)
                  for account in ("210987654321", "345678901234"))
    names = write(tmp_path, f"# all of them\n\n{ROLE}\r\n  {two} # two\n"
                            f"\t\n{ROLE}\n{three}\n")
    for more in ((), ("--assume-role", ROLE)):
        creds.requests.clear()
        headcount("plan", "prod", *OURS, *more, "--assume-role", names)
        assert sorted(f["RoleArn"] for f in forms(creds)) == [ROLE, two, three]
    done = headcount("call", "ecs", "ListClusters", HEADCOUNT_ASSUME_ROLE=names)
    assert done.code == 252 and "more than one HEADCOUNT_ASSUME" in done.err
    one = write(tmp_path, ROLE)
    assert headcount("call", "ecs", "ListClusters",
                     HEADCOUNT_ASSUME_ROLE=one).code == 0


@pytest.mark.parametrize("text,words", [
    ("", "names no role"), ("# a\n\n", "names no role"),
    (f"{ROLE}\n\nscaler\n", ':3: "scaler" is no role'),
    (f"{ROLE} {ROLE}\n", ":1: "), (f"{ROLE},{ROLE}2\n\"x\"", ":2: "),
    (f"{ROLE}\n{ROLE}\0\n", ":2: the line holds a NUL"),
    (b"\xff\xfe\n", ":1: "), (b"\xef\xbb\xbf" + ROLE.encode(), ":1: "),
    ("arn:aws:iam::12345678901:role/x", ":1: "),
    ("arn:aws:iam::123456789012:user/x", ":1: "),
    ("arn:aws:iam::123456789012:role/", ":1: "),
    ("#" * (1 << 20) + "\n", "longer than 1048576 bytes"),
    ("\n".join(f"arn:aws:iam::123456789012:role/r{i}" for i in range(10001)),
     "more than 10000 roles"),
])
def test_a_file_that_is_no_list_of_roles(creds, headcount, tmp_path, text,
                                         words):
    names = write(tmp_path, text)
    done = headcount("apply", "--all", *OURS, "--assume-role", names)
    assert done.code == 252 and words in done.err, done.err
    assert names[1:] in done.err or "10000" in done.err
    assert creds.requests == []


def test_a_file_that_cannot_be_read(creds, headcount, tmp_path):
    for path, words in ((tmp_path, "Is a directory"),
                        (tmp_path / "none", "No such file")):
        done = headcount("apply", "--all", *OURS, "--assume-role", f"@{path}")
        assert done.code == 252 and words in done.err
    assert creds.requests == []


# ---- hundreds ----

def test_two_hundred_roles_in_ten_regions(headcount, tmp_path):
    """Each role is assumed once, and every call is counted once."""
    roles = [f"arn:aws:iam::{10 ** 11 + i}:role/scaler" for i in range(200)]
    regions = [f"eu-{way}-{i}" for way in ("west", "south")
               for i in range(1, 6)]
    with creds_server.CredsServer() as sts, Accounts(sts) as many:
        headcount.at(many).env["AWS_ENDPOINT_URL_STS"] = sts.url
        done = headcount("apply", "--all", *OURS, "--api-share", "1",
                         "--concurrency", "64", "--assume-role",
                         write(tmp_path, "\n".join(roles)),
                         *(w for r in regions for w in ("--region", r)),
                         timeout=300)
        assert done.code == 0, done.err[-2000:]
        report = json.loads(done.out)
        assert sts.asked("AssumeRole") == len(roles)
        assert len(many.counts) == 2000 and set(many.counts.values()) == {2}
        assert report["summary"]["updated"] == 2000
        assert report["stats"]["api_calls"] == \
            len(many.requests) + len(sts.requests)
        assert {account for _, account in many.counts} == \
            {role.split(":")[4] for role in roles}
