"""Standard input, output and error as bad as they can be: closed, full, broken,
without an end."""
import fcntl
import itertools
import json
import os
import re
import shutil
import signal
import subprocess
import time

import pytest
from conftest import PROGRAM, event_of
from ecs_check import SECRET, TOKEN
from runtime_api import RuntimeApi

CLOSED = [c for n in range(4) for c in itertools.combinations((0, 1, 2), n)]
HOW = {0: "0<&-", 1: "1>&-", 2: "2>&-"}

POLICY_TEST = """test "an agent on every host" (function()
  local plan = cluster { hosts = 3, services = { "agent" } }
    :plan "return { per_host { 'agent' } }\\n"
  plan:wants("agent", 3)
end)
"""


class Child(subprocess.Popen):
    """It is gone when a test is over, however it ends."""

    def __exit__(self, *why):
        if self.poll() is None:
            self.kill()
        super().__exit__(*why)


def until(true, within=20, what="it"):
    end = time.monotonic() + within
    while time.monotonic() < end:
        found = true()
        if found:
            return found
        time.sleep(0.01)
    raise AssertionError(f"{what} did not come about in {within} s")


@pytest.fixture
def prod(ecs, headcount):
    headcount.at(ecs)
    ecs.service("web", desired=1)
    for name in "abc":
        ecs.host(name)
    (headcount.home / "event.json").write_text(json.dumps(event_of()))
    (headcount.home / "sums_test.lua").write_text(POLICY_TEST)
    (headcount.home / "said.lua").write_text(
        'print((require "headcount".client {}):call("ecs", "ListClusters",'
        " {}).clusterArns[1])\n")
    return ecs


# Verb: its words, whether it writes a count.
VERBS = {
    "plan": (["plan", "prod", "--service", "web"], 0),
    "sweep": (["plan", "--all", "--service", "web"], 0),
    "apply": (["apply", "prod", "--service", "web"], 1),
    "handle": (["handle", "event.json", "--service", "web"], 1),
    "snapshot": (["snapshot", "prod", "--service", "web"], 0),
    "call": (["call", "ecs", "ListClusters"], 0),
    "test": (["test", "sums_test.lua"], 0),
    "run": (["run", "said.lua"], 0),
    "help": (["help"], 0),
    "version": (["version"], 0),
}


def closing(closed):
    """The words that start what follows them with these descriptors closed."""
    return ["sh", "-c", 'exec "$0" "$@" ' + " ".join(HOW[n] for n in closed)]


# ---- closed ----

@pytest.mark.parametrize("verb", VERBS)
def test_closed_descriptors_stay_empty(prod, headcount, verb):
    """No line goes into a socket, and only what had to be written and could
    not be is an error."""
    words, writes = VERBS[verb]
    for closed in CLOSED:
        prod.services["web"]["desiredCount"] = 1
        before = len(prod.requests), len(prod.writes())
        headcount.wrap = closing(closed)
        run = headcount(*words)
        assert run.code == (255 if 1 in closed else 0), (closed, run.err)
        assert len(prod.writes()) - before[1] == writes
        if verb not in ("test", "help", "version"):
            assert len(prod.requests) > before[0]
        if 1 not in closed:
            assert run.out != "" and SECRET not in run.out
        elif 2 not in closed:
            assert run.err.endswith("headcount: cannot write to standard "
                                    "output: Bad file descriptor\n")
        if 2 in closed:
            assert run.err == ""
        elif writes:
            assert [a["after"] for a in run.audit] == [3]


def test_a_closed_input_is_no_empty_event(prod, headcount):
    for closed in CLOSED:
        if 0 in closed:
            headcount.wrap = closing(closed)
            run = headcount("handle", "--service", "web")
            assert run.code == 252 and run.out == ""
            assert (2 in closed or run.err == "headcount: cannot read "
                    "standard input: Bad file descriptor\n")
    assert prod.requests == []


def where(pid):
    return [os.readlink(f"/proc/{pid}/fd/{n}") for n in (0, 1, 2)]


def test_a_worker_hears_no_signal_of_its_own_lines(prod, headcount):
    """Its pipe for signals was descriptor 0 and 2, and a T the first letter of
    a line."""
    for closed in CLOSED:
        before = len(prod.requests)
        with Child(
                closing(closed) +
                [PROGRAM, "watch", "prod", "--service", "web", "--every",
                 "0.2", "--debug"], env=headcount.env, cwd=headcount.home,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=open(headcount.home / "err", "wb")) as worker:
            until(lambda: len(prod.requests) > before + 10)
            for n, path in enumerate(where(worker.pid)):
                assert (path == "/dev/null") == (n in closed), (closed, path)
            worker.terminate()
            assert worker.wait(20) == 0
            assert worker.stdout.read() == b""


@pytest.mark.parametrize("name", ["lambda", "bootstrap"])
def test_a_function_with_closed_descriptors(prod, headcount, name):
    words = ["lambda"] if name == "lambda" else []
    program = PROGRAM
    if name == "bootstrap":
        program = str(headcount.home / "bootstrap")
        os.symlink(PROGRAM, program)
    for closed in CLOSED:
        prod.services["web"]["desiredCount"] = 1
        before = len(prod.writes())
        with RuntimeApi([event_of()], (202,), None) as api:
            with Child(
                    closing(closed) + [program, *words], cwd=headcount.home,
                    env={**headcount.env, "ECS_SERVICE_ARN": "web",
                         "AWS_LAMBDA_RUNTIME_API": api.address},
                    stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE) as child:
                until(api.idle.is_set)
                assert [p == "/dev/null" for p in where(child.pid)] == \
                    [n in closed for n in (0, 1, 2)]
                child.terminate()
                out, err = child.communicate(timeout=20)
        assert len(prod.writes()) == before + 1
        assert b"Sanitizer" not in err
        assert (out == b"") == (1 in closed) and (err == b"") == (2 in closed)


def test_without_a_null_device_nothing_is_begun(prod, headcount):
    """In a tree that has the program, what it is linked with, and no /dev."""
    root = headcount.home / "root"
    linked = subprocess.run(["ldd", PROGRAM], capture_output=True, text=True,
                            check=False).stdout
    for path in [PROGRAM, *re.findall(r"/\S+", linked)]:
        to = root / path.lstrip("/")
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, to)
    for closed in CLOSED:
        done = subprocess.run(
            [*closing(closed), "chroot", str(root), PROGRAM, "plan", "prod",
             "--service", "web"], env=headcount.env, check=False, timeout=60,
            stdin=subprocess.DEVNULL, capture_output=True)
        assert done.returncode == (255 if closed else 0), done.stderr
        if closed:
            assert done.stdout == b""
            assert (2 in closed) == (b"/dev/null" not in done.stderr)
    assert prod.operations().count("DescribeServices") == 1
