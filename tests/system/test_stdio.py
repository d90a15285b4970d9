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
from conftest import PROGRAM, event_of, patience
from ecs_check import SECRET, TOKEN
from runtime_api import RuntimeApi

CLOSED = [c for n in range(4) for c in itertools.combinations((0, 1, 2), n)]
HOW = {0: "0<&-", 1: "1>&-", 2: "2>&-"}
LIMIT = 60      # seconds: what takes longer hangs, on a busy machine, too

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


def until(true, within=LIMIT, what="it"):
    end = time.monotonic() + patience(within)
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
            assert worker.wait(patience(LIMIT)) == 0
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
                out, err = child.communicate(timeout=LIMIT)
        assert len(prod.writes()) == before + 1
        assert b"Sanitizer" not in err
        assert (out == b"") == (1 in closed) and (err == b"") == (2 in closed)


def test_without_a_null_device_nothing_is_begun(prod, headcount):
    """In a tree that has the program, what it is linked with, and no /dev (nor
    /proc, without which no sanitizer looks for leaks)."""
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
             "--service", "web"], check=False, timeout=60,
            env={**headcount.env, "ASAN_OPTIONS": "detect_leaks=0"},
            stdin=subprocess.DEVNULL, capture_output=True)
        assert done.returncode == (255 if closed else 0), done.stderr
        if closed:
            assert done.stdout == b""
            assert (2 in closed) == (b"/dev/null" not in done.stderr)
    assert prod.operations().count("DescribeServices") == 1


# ---- full ----

class Pipe:
    """One whose reader does not read until it is asked to."""

    def __init__(self, size=4096):
        self.read, self.write = os.pipe()
        fcntl.fcntl(self.write, fcntl.F_SETPIPE_SZ, size)
        self.text = b""

    def fill(self):
        flags = fcntl.fcntl(self.write, fcntl.F_GETFL)
        fcntl.fcntl(self.write, fcntl.F_SETFL, flags | os.O_NONBLOCK)
        try:
            while True:
                os.write(self.write, b".")
        except BlockingIOError:
            pass
        fcntl.fcntl(self.write, fcntl.F_SETFL, flags)
        return self

    def grow(self):
        """Room for all that the log keeps."""
        fcntl.fcntl(self.write, fcntl.F_SETPIPE_SZ, 1 << 20)

    def take(self):
        """What there is, without a wait."""
        os.set_blocking(self.read, False)
        try:
            while True:
                got = os.read(self.read, 65536)
                if not got:
                    break
                self.text += got
        except BlockingIOError:
            pass
        return self.text.lstrip(b".").decode()

    def is_shared_as_it_was(self):
        return not fcntl.fcntl(self.write, fcntl.F_GETFL) & os.O_NONBLOCK

    def __enter__(self):
        return self

    def leave(self):
        os.close(self.read)
        self.read = None

    def __exit__(self, *_):
        if self.read is not None:
            os.close(self.read)
        os.close(self.write)


def start(headcount, *words, **more):
    return Child([PROGRAM, *map(str, words)], env=headcount.env,
                 cwd=headcount.home, **{"stdin": subprocess.DEVNULL,
                                        "stdout": subprocess.DEVNULL, **more})


SWEEPS = ["watch", "prod", "--service", "web", "--every", "0.1"]


def audits(text):
    return [json.loads(x) for x in text.splitlines() if x.startswith("{")]


def test_a_worker_works_on_while_nobody_reads_its_log(prod, headcount):
    with Pipe().fill() as pipe, \
         start(headcount, *SWEEPS, stderr=pipe.write) as worker:
        until(lambda: len(prod.writes()) == 1)
        before = len(prod.requests)
        until(lambda: len(prod.requests) > before + 20)
        assert pipe.is_shared_as_it_was()
        # It leaves in order once there is room.
        until(lambda: audits(pipe.take()))
        worker.terminate()
        assert worker.wait(patience(LIMIT)) == 0
        text = pipe.take()
    assert [a["after"] for a in audits(text)] == [3]
    assert "lost" not in text and text.startswith("headcount: a sweep every")


HELD = 750                              # services, each with an audit line
LONG = "s" * 250
LOST = re.compile(r"headcount: (\d+) lines of this log were lost, (\d+) of "
                  "them of the audit: standard error was full\n")


class Flood:
    """A worker whose one sweep says more than the log keeps.  All its lines are
    counted by others: the policy names the services, the server counts calls
    and connections, the metrics count sweeps."""

    def __init__(self, prod, headcount):
        self.prod, self.file = prod, headcount.home / "metrics"
        one = prod.services["web"]["taskDefinition"]
        for i in range(HELD):
            prod.service(f"{LONG}{i:03}", desired=1, taskDefinition=one)
        (headcount.home / "all.lua").write_text(f"""
            local all = {{ limits {{ changes = 1 }} }}
            for i = 0, {HELD - 1} do
              all[#all + 1] = per_host {{ ("{LONG}%03d"):format(i) }}
            end
            return all""")
        self.words = ["watch", "prod", "--policy", "all.lua", "--every", "5",
                      "--metrics", self.file, "--debug"]

    def metric(self, name):
        """None before it is there."""
        found = self.file.exists() and re.search(
            rf"^headcount_{re.escape(name)} (\d+)$", self.file.read_text(),
            re.M)
        return int(found[1]) if found else None

    def swept(self):
        return self.metric('sweeps_total{result="ok"}') == 1

    def lines(self):
        """The first ("a sweep every 5 s"), one for each audit, sweep and
        connection, and two for each request: its attempt and its call."""
        return 1 + HELD + self.metric('reconciles_total{outcome="ok"}') + \
            2 * len(self.prod.requests) + self.prod.connections


def test_the_lines_that_were_lost_are_as_many_as_it_says(prod, headcount):
    flood = Flood(prod, headcount)
    with Pipe().fill() as pipe, \
         start(headcount, *flood.words, stderr=pipe.write) as worker:
        until(flood.swept)
        pipe.grow()
        said = until(lambda: LOST.search(pipe.take()))
        worker.terminate()
        assert worker.wait(patience(LIMIT)) == 0
        text = pipe.take()
    lost, of_the_audit = map(int, said.groups())
    kept = audits(text)
    assert len(LOST.findall(text)) == 1
    assert lost == flood.lines() - (text.count("\n") - 1)
    assert lost == flood.metric("log_lines_lost_total")
    assert lost > of_the_audit == HELD - len(kept) > 0
    assert [a["service"] for a in kept] == [f"{LONG}{i:03}"
                                            for i in range(len(kept))]


def test_all_lines_are_lost_where_the_reader_goes_away(prod, headcount):
    """Those that wait for it, too."""
    flood = Flood(prod, headcount)
    with Pipe().fill() as pipe, \
         start(headcount, *flood.words, stderr=pipe.write) as worker:
        until(flood.swept)
        pipe.leave()
        worker.terminate()
        assert worker.wait(patience(LIMIT)) == 0
    assert flood.metric("log_lines_lost_total") == flood.lines()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_a_worker_whose_log_is_full(prod, headcount, number):
    with Pipe().fill() as pipe, \
         start(headcount, *SWEEPS, stderr=pipe.write) as worker:
        until(lambda: len(prod.writes()) == 1)
        began = time.monotonic()
        worker.send_signal(number)
        assert worker.wait(patience(LIMIT)) == 0
        assert time.monotonic() - began < patience(10)


def test_a_second_signal_does_not_wait_for_the_log(prod, headcount):
    prod.fault("ListContainerInstances", "silent", times=99)
    with Pipe().fill() as pipe, \
         start(headcount, *SWEEPS, stderr=pipe.write) as worker:
        until(lambda: "ListContainerInstances" in prod.operations())
        worker.terminate()
        worker.terminate()              # one, if it comes too soon
        until(lambda: worker.send_signal(signal.SIGINT) or
              worker.poll() is not None)
        assert worker.wait(patience(LIMIT)) == 130


LOST = re.compile(r"headcount: (\d+) lines of this log were lost, (\d+) of "
                  r"them of the audit: standard error was full\n")
CALLS = """
local client = require "headcount".client { }
for _ = 1, 2000 do
  assert(client:call("ecs", "ListClusters"))
end
io.stdout:write("done\\n"):flush()
"""


def test_lines_that_are_lost_are_counted_and_said_once(prod, headcount):
    (headcount.home / "calls.lua").write_text(CALLS)
    words = ["run", "--debug", "calls.lua"]
    with open(headcount.home / "err", "w+", encoding="utf-8") as err:
        with start(headcount, *words, stderr=err) as child:
            assert child.wait(patience(60)) == 0
        err.seek(0)
        every = len(err.read().splitlines())
    with Pipe().fill() as pipe, \
         start(headcount, *words, stdout=subprocess.PIPE,
               stderr=pipe.write) as child:
        assert child.stdout.readline() == b"done\n"
        until(lambda: (pipe.take(), child.poll() is not None)[1])
        assert child.wait(patience(20)) == 0
        text = pipe.take()
    (lost, audit), = LOST.findall(text)
    assert int(lost) > 100 and audit == "0"
    # One line of the 2,000 calls more or less: a connection may be opened anew.
    assert abs(len(text.splitlines()) - 1 + int(lost) - every) < 10


def test_a_worker_has_a_metric_of_lines_that_were_lost(prod, headcount):
    metrics = headcount.home / "metrics"
    read, write = os.pipe()
    os.close(read)                          # no line is ever read
    with start(headcount, *SWEEPS, "--metrics", "metrics",
               stderr=write) as worker:
        os.close(write)
        until(lambda: metrics.exists() and re.search(
            r"^headcount_log_lines_lost_total [1-9]\d*$",
            metrics.read_text(), re.M))
        until(prod.writes)                  # and the work goes on
        worker.terminate()
        assert worker.wait(patience(20)) == 0


ENDS = {
    "plan": ["plan", "prod", "--service", "web"],
    "apply": ["apply", "prod", "--service", "web"],
    "sweep": ["apply", "--all", "--service", "web", "--timings"],
    "handle": ["handle", "event.json", "--service", "web"],
    "snapshot": ["snapshot", "prod", "--service", "web"],
    "call": ["call", "ecs", "ListClusters", "--timings"],
}


@pytest.mark.parametrize("verb", ENDS)
def test_a_full_log_holds_up_no_verb(prod, headcount, verb):
    """The work is done, the report there; then the log waits for its reader,
    or for a signal."""
    for read in (True, False):
        prod.services["web"]["desiredCount"] = 1
        writes = len(prod.writes())
        with Pipe().fill() as pipe, open(headcount.home / "out", "wb") as out, \
             start(headcount, *ENDS[verb], "--debug", stdout=out,
                   stderr=pipe.write) as child:
            until((headcount.home / "out").read_text)
            if verb in ("apply", "sweep", "handle"):
                assert len(prod.writes()) == writes + 1
            if read:
                until(lambda: (pipe.take(), child.poll() is not None)[1])
                assert child.wait(patience(LIMIT)) == 0
                text = pipe.take()
                assert "ListC" in text or "DescribeS" in text
                assert SECRET not in text and TOKEN not in text
            else:
                child.terminate()
                assert child.wait(patience(LIMIT)) in (0, 130)


@pytest.mark.parametrize("verb", VERBS)
def test_a_full_output_waits_for_its_reader_or_a_signal(prod, headcount, verb):
    words = VERBS[verb][0]
    whole = headcount(*words).out
    prod.services["web"]["desiredCount"] = 1
    with Pipe().fill() as pipe, \
         start(headcount, *words, stdout=pipe.write,
               stderr=subprocess.PIPE) as child:
        waits_to_write(child)
        until(lambda: (pipe.take(), child.poll() is not None)[1])
        assert child.wait(patience(LIMIT)) == 0
        assert len(pipe.take()) == len(whole)
    for number in (signal.SIGTERM, signal.SIGINT):
        with Pipe().fill() as pipe, \
             start(headcount, *words, stdout=pipe.write,
                   stderr=subprocess.PIPE) as child:
            waits_to_write(child)
            child.send_signal(number)
            assert child.wait(patience(LIMIT)) == 130
            assert child.stderr.read() in (b"", b"headcount: interrupted\n") \
                or verb in ("apply", "handle")


@pytest.mark.parametrize("verb", ["run", "test"])
def test_what_a_script_left_to_print_holds_up_no_signal(headcount, verb):
    """Its text is still in stdio's buffer when the signal ends it."""
    (headcount.home / "left_test.lua").write_text("""
        io.write "left"
        io.stderr:write "ready"
        while true do end
    """)
    for number in (signal.SIGTERM, signal.SIGINT):
        with Pipe().fill() as pipe, \
             start(headcount, verb, "left_test.lua", stdout=pipe.write,
                   stderr=subprocess.PIPE) as child:
            assert child.stderr.read(5) == b"ready"
            child.send_signal(number)
            assert child.wait(patience(20)) == 130
            assert child.stderr.read() == b"headcount: interrupted\n"


@pytest.mark.parametrize("verb", VERBS)
def test_an_output_that_another_made_nonblocking_waits(prod, headcount, verb):
    words = VERBS[verb][0]
    whole = headcount(*words).out
    prod.services["web"]["desiredCount"] = 1
    with Pipe().fill() as pipe:
        os.set_blocking(pipe.write, False)
        with start(headcount, *words, stdout=pipe.write,
                   stderr=subprocess.PIPE) as child:
            waits_to_write(child)
            until(lambda: (pipe.take(), child.poll() is not None)[1])
            assert child.wait(patience(20)) == 0
            assert len(pipe.take()) == len(whole)
        assert not os.get_blocking(pipe.write)


def test_a_terminal_that_another_made_nonblocking_waits(prod, headcount):
    ours, theirs = os.openpty()
    long = ["x" * 1000] * 300
    prod.fault("ListClusters", lambda body: {"clusterArns": long})
    try:
        os.set_blocking(theirs, False)
        with start(headcount, "call", "ecs", "ListClusters", stdout=theirs,
                   stderr=subprocess.PIPE) as child:
            waits_to_write(child)
            text = b""
            while not text.endswith(b"}\r\n"):
                text += os.read(ours, 65536)
            assert child.wait(patience(20)) == 0
        assert not os.get_blocking(theirs)
    finally:
        os.close(ours)
        os.close(theirs)
    assert json.loads(text) == {"clusterArns": long}


def waits_to_write(child):
    """Until it is in write(2) of a pipe, or in musl's writev(2)."""
    wchan = f"/proc/{child.pid}/syscall"

    def inside():
        with open(wchan, encoding="ascii") as f:
            words = f.read().split()
        return words[0] in ("1", "20") and words[1] == "0x1"

    until(inside, what="a write that waits")


def test_a_script_whose_output_nobody_reads_ends_with_a_signal(headcount):
    """What it wrote is still to be written when Lua is over."""
    (headcount.home / "full.lua").write_text(
        "io.write 'x' io.stderr:write 'ready' while true do end\n")
    with Pipe().fill() as pipe, \
         start(headcount, "run", "full.lua", stdout=pipe.write,
               stderr=subprocess.PIPE) as child:
        assert child.stderr.read(5) == b"ready"
        child.terminate()
        assert child.wait(patience(20)) == 130


def both(child):
    """Two signals that nothing of the program comes between."""
    child.send_signal(signal.SIGSTOP)
    until(lambda: stat(child)[0] == "T", what="a stop")
    child.send_signal(signal.SIGTERM)
    child.send_signal(signal.SIGINT)
    child.send_signal(signal.SIGCONT)


def stat(child):
    with open(f"/proc/{child.pid}/stat", encoding="ascii") as f:
        return f.read().rpartition(")")[2].split()


@pytest.mark.parametrize("words", [
    ["plan", "prod"], ["plan", "--all"]], ids=["plan", "sweep"])
def test_behind_a_second_signal_nothing_is_written(prod, headcount, words):
    """A report of many writes, of which the first waits, would go on with the
    next, and for a second more."""
    services = [f"service-{'x' * 80}-{i}" for i in range(150)]
    for name in services:
        prod.service(name, desired=1)
    words = [*words, "--service", ",".join(services)]
    with Pipe().fill() as pipe, \
         start(headcount, *words, stdout=pipe.write,
               stderr=subprocess.DEVNULL) as child:
        waits_to_write(child)
        both(child)
        # Whoever waits for room has it from here on.
        until(lambda: (pipe.take(), child.poll() is not None)[1])
        assert child.wait(patience(20)) == 130
        assert pipe.take() == ""


def test_a_second_signal_finds_a_worker_anywhere(prod, headcount):
    """It does not even come to its last metrics."""
    prod.fault("ListContainerInstances", "silent", times=99)
    file = headcount.home / "metrics.prom"
    with start(headcount, *SWEEPS, "--metrics", file,
               stderr=subprocess.DEVNULL) as worker:
        until(lambda: "ListContainerInstances" in prod.operations())
        until(file.exists)
        worker.send_signal(signal.SIGSTOP)
        until(lambda: stat(worker)[0] == "T", what="a stop")
        file.unlink()
        both(worker)
        assert worker.wait(patience(20)) == 130
    assert not file.exists()


# ---- broken ----

@pytest.mark.parametrize("verb", VERBS)
def test_an_output_that_does_not_take_it_is_an_error(prod, headcount, verb):
    for path, why in (("/dev/full", "No space left on device"),
                      (None, "Broken pipe")):
        prod.services["web"]["desiredCount"] = 1
        if path:
            out = os.open(path, os.O_WRONLY)
        else:
            read, out = os.pipe()
            os.close(read)
        with start(headcount, *VERBS[verb][0], stdout=out,
                   stderr=subprocess.PIPE) as child:
            os.close(out)
            err = child.stderr.read().decode()
            assert child.wait(patience(LIMIT)) == 255, err
        assert err.endswith(f"headcount: cannot write to standard output: "
                            f"{why}\n")


def test_changes_that_could_not_be_printed_are_no_result(prod, headcount):
    headcount.wrap = ["sh", "-c", 'exec "$0" "$@" >/dev/full']
    assert headcount("plan", "prod", "--service", "web",
                     "--detailed-exitcode").code == 255


# ---- without an end ----

def never(headcount, kind):
    if kind == "stdin":
        return "-"
    os.mkfifo(headcount.home / "pipe")
    return "pipe"


WAITS = {
    "policy": ["plan", "prod", "--policy"],
    "apply": ["apply", "prod", "--policy"],
    "autoscaler": ["plan", "prod", "--service", "web", "--autoscaler"],
    "snapshot": ["plan", "prod", "--service", "web", "--snapshot"],
    "event": ["handle", "--service", "web"],
    "body": ["call", "ecs", "ListClusters"],
    "worker": ["watch", "prod", "--every", "1h", "--policy"],
    "script": ["run"],
    "test": ["test"],
}


@pytest.mark.parametrize("what", WAITS)
@pytest.mark.parametrize("kind", ["stdin", "pipe"])
def test_input_without_an_end_ends_with_a_signal(prod, headcount, what, kind):
    if (what, kind) == ("test", "stdin"):
        return                              # it has no such word
    name = never(headcount, kind)
    words = [*WAITS[what], "@" + name if (what, kind) == ("body", "pipe")
             else name]
    for number in (signal.SIGTERM, signal.SIGINT):
        with start(headcount, *words, stdin=subprocess.PIPE,
                   stderr=subprocess.PIPE) as child:
            waits_to_read(child)
            child.send_signal(number)
            assert child.wait(patience(LIMIT)) == 130
            err = child.stderr.read()
            assert err in (b"", b"headcount: interrupted\n"), err
    assert prod.requests == []


def waits_to_read(child):
    """In open, read or poll, and past the handlers of signals."""
    def inside():
        with open(f"/proc/{child.pid}/status", encoding="ascii") as f:
            caught = int(re.search(r"SigCgt:\s*(\w+)", f.read())[1], 16)
        with open(f"/proc/{child.pid}/wchan", encoding="ascii") as f:
            where = f.read()
        return caught >> (signal.SIGTERM - 1) & 1 and \
            re.search("pipe|fifo|poll|select|wait", where)

    until(inside, what="a wait for input")


def test_a_policy_comes_out_of_a_pipe(prod, headcount):
    """Whether it is written at once, late, or in parts."""
    policy = "return { fixed { 'web', 5 } }\n"
    plan = ["plan", "prod", "--output", "json", "--policy"]
    headcount.wrap = ["bash", "-c", '"$0" "$@" <(printf "$TEXT")']
    assert headcount(*plan, TEXT=policy).service()["wanted"] == 5
    headcount.wrap = []
    os.mkfifo(headcount.home / "pipe")
    with start(headcount, *plan, "pipe", stdout=subprocess.PIPE) as child:
        waits_to_read(child)
        with open(headcount.home / "pipe", "w", encoding="ascii") as f:
            f.write(policy[:9])
            f.flush()
            f.write(policy[9:])
        assert json.loads(child.stdout.read())["clusters"][0]["services"][0][
            "wanted"] == 5
