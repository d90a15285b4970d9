"""What the system tests share: the binary, certificates, servers, events."""
import fcntl
import json
import os
import pathlib
import subprocess
import sys
import time

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests" / "peers"))

import ecs_server            # noqa: E402
import servers               # noqa: E402
from runtime_api import RuntimeApi   # noqa: E402
from ecs_check import SECRET, TOKEN     # noqa: E402

# The peers and botocore run in this process: what the caller has set for AWS,
# and a proxy, are not for them.
for name in [n for n in os.environ if n.startswith("AWS_")]:
    del os.environ[name]
os.environ.update(AWS_CONFIG_FILE="/dev/null", no_proxy="127.0.0.1,localhost",
                  AWS_SHARED_CREDENTIALS_FILE="/dev/null")

NAME = "ecs.test.internal"
PROGRAM = os.environ.get("HEADCOUNT", str(TOP / "build" / "headcount"))


def pytest_configure(config):
    config.addinivalue_line(
        "markers", "packages: `make packages` runs it, not `make test`")
    config.addinivalue_line(
        "markers", "proxies: `make proxies` runs it, not `make test`")


def patience(seconds):
    """A limit in wall time: so much on an idle machine, more on a busy one."""
    return seconds * max(1, os.getloadavg()[0] / (os.cpu_count() or 1))


def make(*words):
    """One make at a time writes into build/."""
    env = {k: v for k, v in os.environ.items()
           if k not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
    with open(TOP / "build" / "make.lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        subprocess.run(["make", "-s", *map(str, words)], cwd=TOP, check=True,
                       env=env, stdout=subprocess.PIPE,
                       stderr=subprocess.STDOUT)


class Run:
    """One process that ended."""

    def __init__(self, done):
        self.code = done.returncode
        self.out = done.stdout.decode()
        self.err = done.stderr.decode()

    @property
    def report(self):
        return json.loads(self.out)

    @property
    def audit(self):
        """The JSON lines on stderr: writes, and holds as they begin."""
        return [json.loads(line) for line in self.err.splitlines()
                if line.startswith("{")]

    def service(self, at=0):
        return self.report["clusters"][0]["services"][at]


class Headcount:
    """The binary in an environment of its own."""

    def __init__(self, home):
        self.home = home
        self.env = {
            "PATH": os.environ["PATH"], "HOME": str(home),
            "AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
            "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_SESSION_TOKEN": TOKEN,
            # Only this host is asked for anything.
            "AWS_EC2_METADATA_DISABLED": "true"}
        self.wrap = []
        self.program = PROGRAM
        self.options = []

    def at(self, server, name="127.0.0.1"):
        scheme = "https" if getattr(server, "context", None) else "http"
        for service in ("ECS", "RESOURCE_GROUPS_TAGGING_API", "CLOUDTRAIL"):
            self.env[f"AWS_ENDPOINT_URL_{service}"] = \
                f"{scheme}://{name}:{server.port}"
        return self

    def __call__(self, *args, stdin=b"", timeout=60, **env):
        known = {k: v for k, v in {**self.env, **env}.items()
                 if v is not None}
        if isinstance(stdin, (dict, list)):
            stdin = json.dumps(stdin)
        if isinstance(stdin, str):
            stdin = stdin.encode()
        done = subprocess.run(
            [*self.wrap, self.program, *self.options, *map(str, args)],
            input=stdin, env=known, cwd=self.home, timeout=patience(timeout),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        for secret in (SECRET, TOKEN):
            assert secret.encode() not in done.stdout + done.stderr
        assert b"Sanitizer" not in done.stderr
        return Run(done)


def event_of(cluster="prod", status="ACTIVE", **more):
    """As EventBridge sends it; the host is "a"."""
    region = more.pop("region", "eu-west-1")
    account = "123456789012"
    at = f"arn:aws:ecs:{region}:{account}"
    return {
        "version": "0", "id": "8952ba83-7be2-4ab5-9c32-6687532d15a2",
        "detail-type": "ECS Container Instance State Change",
        "source": "aws.ecs", "account": account,
        "time": "2020-12-06T16:41:06Z", "region": region,
        "resources": [f"{at}:container-instance/{cluster}/a"],
        "detail": {
            "agentConnected": True, "attributes": [],
            "clusterArn": f"{at}:cluster/{cluster}",
            "containerInstanceArn": f"{at}:container-instance/{cluster}/a",
            "ec2InstanceId": "i-a", "registeredResources": [],
            "remainingResources": [], "status": status, "version": 14801,
            "versionInfo": {"agentVersion": "1.79.0"},
            "updatedAt": "2020-12-06T16:41:06.991Z"}, **more}


@pytest.fixture
def event():
    return event_of


@pytest.fixture(scope="session")
def certs():
    folder = TOP / "build" / "certs"
    subprocess.run(["sh", str(TOP / "tests" / "peers" / "certs.sh"),
                    str(folder)], check=True)
    return folder


@pytest.fixture
def headcount(tmp_path):
    return Headcount(tmp_path)


@pytest.fixture
def ecs():
    with ecs_server.EcsServer() as server:
        yield server                     # leaving fails if it complained


@pytest.fixture
def secure(certs, tmp_path, headcount):
    """An ECS over TLS under a name that only dnsmasq knows, as strict as the
    peer can be; the binary is told of both."""
    with ecs_server.EcsServer(tls=certs / "ec") as server, \
         servers.Dnsmasq(tmp_path / "dns", {NAME: ["127.0.0.1"]}) as dns:
        server.dns = dns
        server.judge.unsigned = server.judge.regions = False
        headcount.at(server, NAME)
        headcount.env["AWS_CA_BUNDLE"] = str(certs / "ca.pem")
        headcount.env["HEADCOUNT_DNS_SERVER"] = dns.address
        yield server                     # leaving fails if it complained


@pytest.fixture
def function(ecs, headcount, tmp_path):
    """Starts a function with more of an environment."""
    running = []

    def start(**more):
        headcount.at(ecs)
        env = {**headcount.env, "ECS_SERVICE_ARN": "web", **more}
        env = {k: v for k, v in env.items() if v is not None}
        running.append(servers.Lambda(tmp_path / f"lambda{len(running)}",
                                      PROGRAM, env).start())
        return running[-1]

    yield start
    for server in running:
        server.stop()
        assert "Sanitizer" not in server.output.read_text()


@pytest.fixture
def runtime_api(tmp_path):
    """Invocations under a Runtime API that may lose an answer; the process
    is ended when it asks for one event more."""
    def run(headcount, events=(None,), statuses=(202,), traces=None, **env):
        events = [event or event_of() for event in events]
        with RuntimeApi(events, statuses, traces) as api, \
             open(tmp_path / "err", "wb") as err:
            child = subprocess.Popen(
                [PROGRAM, "lambda", "--service", "web"], stderr=err,
                stdout=subprocess.DEVNULL, cwd=tmp_path,
                env={**headcount.env, "AWS_LAMBDA_RUNTIME_API": api.address,
                     **env})
            end = time.monotonic() + 60
            while not api.idle.wait(0.02) and child.poll() is None:
                assert time.monotonic() < end
            child.terminate()
            api.code = child.wait(30)
        api.err = (tmp_path / "err").read_text()
        return api

    return run


def pytest_terminal_summary(terminalreporter):
    """The table of traps, each with the test that holds it; the table of bad
    input, how many rows of each kind passed."""
    rows = {}
    for word in ("passed", "failed"):
        for report in terminalreporter.stats.get(word, []):
            for key, value in getattr(report, "user_properties", []):
                if key == "trap":
                    terminalreporter.write_line(
                        f"trap {value}" if word == "passed"
                        else f"trap {value} FAILED")
                if key == "bad input":
                    rows.setdefault(value, []).append(word)
    for kind, words in rows.items():
        passed = words.count("passed")
        terminalreporter.write_line(
            f"bad input: {kind}: {len(words)} rows, {passed} passed"
            + ("" if passed == len(words) else " FAILED"))
