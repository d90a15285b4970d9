"""The text of a plan: a table on a terminal, whole lines in a pipe."""
import fcntl
import os
import pty
import re
import struct
import subprocess
import termios

import pytest
from conftest import PROGRAM

ROW = "1 -> 2        +1      2  1 task on each host"


class Terminal:
    """What a person sees: the program on a terminal of so many columns."""

    def __init__(self, headcount):
        self.headcount = headcount

    def __call__(self, *args, columns=80, program=PROGRAM, **env):
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ,
                    struct.pack("HHHH", 40, columns, 0, 0))
        child = subprocess.Popen(
            [program, *args], env={**self.headcount.env, **env},
            cwd=self.headcount.home, stdin=subprocess.DEVNULL, stdout=theirs,
            stderr=theirs)
        os.close(theirs)
        shown = b""
        while True:
            try:
                more = os.read(ours, 65536)
            except OSError:              # the last writer has closed it
                break
            if not more:
                break
            shown += more
        os.close(ours)
        self.code = child.wait(60)
        return shown.decode().replace("\r\n", "\n")


@pytest.fixture
def terminal(headcount):
    return Terminal(headcount)


@pytest.fixture
def prod(ecs, headcount):
    headcount.at(ecs)
    ecs.service("web", desired=1)
    for name in "abc":
        ecs.host(name)
    return ecs


@pytest.fixture
def account(ecs, headcount):
    """30 clusters, in 27 of which a count is wrong."""
    headcount.at(ecs)
    ecs.model.clusters.clear()
    for i in range(30):
        cluster = ecs.model.cluster(f"cluster-{i:02}")
        cluster.host(f"{i}a")
        cluster.host(f"{i}b")
        cluster.service("agent", desired=1 + (i >= 27))
    return ecs


PLAIN = {"NO_COLOR": "1"}


def test_27_changes_of_30_clusters_fit_32_lines_of_80_columns(
        account, terminal, headcount):
    lines = terminal("plan", "--service", "agent", **PLAIN).splitlines()
    assert len(lines) <= 32 and max(map(len, lines)) <= 80
    assert lines[0] == \
        "  CLUSTER     SERVICE  NOW -> WANT  DELTA  HOSTS  WHY"
    assert lines[1:28] == [f"~ cluster-{i:02}  agent      {ROW}"
                           for i in range(27)]
    assert lines[28:] == [
        "~ change", "Plan: 27 to change, 0 held, 3 unchanged, 0 failed.",
        f"Next: {PROGRAM} apply --all --service agent"]
    assert headcount("plan", "--service", "agent").out.splitlines() == [
        *(f"~ cluster-{i:02}  agent  1 -> 2  +1  2 active hosts  pending: "
          "1 task on each host" for i in range(27)),
        "Plan: 27 to change, 0 held, 3 unchanged, 0 failed."]
    assert not account.refusals


def test_verbose_names_what_is_unchanged_or_skipped(account, headcount):
    account.model.clusters[29].services["agent"].update(
        schedulingStrategy="DAEMON")
    quiet = headcount("plan", "--service", "agent").out
    assert "cluster-28" not in quiet and "cluster-29" not in quiet
    last = "Plan: 27 to change, 0 held, 2 unchanged, 1 skipped, 0 failed.\n"
    assert quiet.endswith(last)
    for args, env in ((["--verbose"], {}), ([], {"HEADCOUNT_VERBOSE": "1"})):
        out = headcount("plan", "--service", "agent", *args, **env).out
        assert out.count("\n") == 31 and out.endswith(last)
        assert "\n= cluster-28  agent  2  2 active hosts  unchanged: " in out
        assert "\n. cluster-29  agent  2  skipped daemon: " in out


def test_the_next_command_is_typed_as_the_plan_was(prod, terminal):
    prod.filters["attribute:a == 'b c'"] = {"a", "b"}
    args = ["plan", "prod", "--service=web", "--where", "attribute:a == 'b c'",
            "--explain"]
    out = terminal(*args, **PLAIN)
    last = out.splitlines()[-1]
    assert last == (f"Next: {PROGRAM} apply prod --service=web --where "
                    "'attribute:a == '\\''b c'\\'''")
    done = subprocess.run(["sh", "-c", last[len("Next: "):]], check=True,
                          env=terminal.headcount.env, capture_output=True,
                          text=True)
    assert "Done: 1 changed" in done.stdout
    assert "Next:" not in terminal(*args, **PLAIN)


def test_colour_is_for_whom_it_is(prod, terminal, headcount):
    args = ("plan", "prod", "--service", "web")

    def coloured(*more, **env):
        return "\x1b[33m~\x1b[0m" in terminal(*args, *more, TERM="xterm",
                                              **env)

    assert coloured() and coloured(NO_COLOR="")
    assert not coloured(NO_COLOR="1") and not coloured("--color", "never")
    assert not coloured(HEADCOUNT_COLOR="never")
    assert coloured("--color", "always", NO_COLOR="1")
    assert "\x1b" not in terminal(*args, TERM="dumb")
    assert "\x1b" not in headcount(*args).out
    assert "\x1b[33m~\x1b[0m prod  web" in headcount(
        *args, "--color", "always").out
    bad = headcount(*args, "--color", "on")
    assert bad.code == 252 and \
        '--color is auto, always or never, not "on"' in bad.err


def test_the_table_is_as_wide_as_the_terminal(prod, terminal):
    prod.services["web"]["deploymentController"] = {"type": "EXTERNAL"}
    args = ("plan", "prod", "--service", "web")
    for columns in (60, 80, 120):
        out = terminal(*args, columns=columns, **PLAIN)
        assert max(map(len, out.splitlines())) <= columns
        assert "--allow external --service web" in out
        assert out == terminal(*args, COLUMNS=str(columns), **PLAIN)
    wide = terminal(*args, columns=200, **PLAIN).splitlines()
    assert wide[1].startswith("! prod     web        1 -> 3        +2      3  "
                              "held external: its deployment controller is ")
    # The reason with its row, and the way out.
    assert len(terminal(*args, columns=120, **PLAIN).splitlines()) == 5


def test_a_failure_names_operation_region_and_what_exists(ecs, terminal,
                                                          headcount):
    headcount.at(ecs)
    ecs.model.cluster("stage")
    for args, code in ((("nope",), "ClusterNotFoundException"),
                       (("nope-*",), "no_cluster")):
        out = headcount("plan", *args, "--service", "web").out
        assert f"x {args[0]}  " in out and code in out
        assert out.count("prod, stage") == 1
    ecs.fault("DescribeServices", "denied", times=9)
    out = terminal("plan", "prod", "--service", "web,api", **PLAIN)
    assert out.count("DescribeServices in eu-west-1:") == 1
    assert re.search(r"^x +api .*as\s+web$", out, re.M)


def test_progress_is_said_and_erased(prod, terminal):
    prod.delay("DescribeServices", 1.6, times=1)
    out = terminal("plan", "prod", "--service", "web", **PLAIN)
    assert re.search(r"\r\x1b\[K1 s, waiting for an answer", out)
    assert "answer\r\x1b[K  CLUSTER" in out
    assert "waiting" not in terminal("plan", "prod", "--service", "web",
                                     **PLAIN)
