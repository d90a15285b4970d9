"""An interrupt: no new write, one that is under way is waited for for two
seconds, the report is printed, exit 130."""
import json
import shutil
import signal
import subprocess
import threading
import time

import pytest
from conftest import PROGRAM

SIGNALS = [signal.SIGINT, signal.SIGTERM]


@pytest.fixture
def prod(ecs, headcount):
    headcount.at(ecs)
    ecs.service("web", desired=1)
    for name in "abc":
        ecs.host(name)
    return ecs


def interrupted(headcount, server, event, operation, number,
                then=lambda: None):
    """(exit code, stdout, seconds from the signal to the end).  A program that
    does not end by itself is ended after ten, and prints no report."""
    with subprocess.Popen([PROGRAM, "handle", "--service", "web", "--output",
                           "json"], env=headcount.env, stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) as child:
        child.stdin.write(json.dumps(event()).encode())
        child.stdin.close()
        child.stdin = None
        end = time.monotonic() + 60
        while operation not in server.operations() and \
                time.monotonic() < end:
            time.sleep(0.01)
        began = time.monotonic()
        child.send_signal(number)
        then()
        out, err = child.communicate(timeout=60)
        assert b"Sanitizer" not in err
        return child.returncode, out.decode(), time.monotonic() - began


@pytest.mark.parametrize("number", SIGNALS)
def test_a_write_that_is_under_way_is_waited_for(prod, headcount, event,
                                                 number):
    sent = threading.Event()

    def afterwards(body):
        assert sent.wait(60)
        return prod.UpdateService(body)

    prod.fault("UpdateService", afterwards)
    code, out, _ = interrupted(headcount, prod, event, "UpdateService",
                               number, sent.set)
    assert code == 130
    assert len(prod.writes()) == 1
    report = json.loads(out)
    assert report["clusters"][0]["services"][0]["outcome"] == "updated"


@pytest.mark.parametrize("number", SIGNALS)
def test_after_a_read_nothing_is_written(prod, headcount, event, number):
    prod.fault("ListContainerInstances", "silent")
    code, out, _ = interrupted(headcount, prod, event,
                               "ListContainerInstances", number)
    assert code == 130
    assert prod.writes() == []
    service = json.loads(out)["clusters"][0]["services"][0]
    assert (service["outcome"], service["desired_before"]) == ("failed", 1)


def test_a_write_without_an_answer_is_told_and_not_repeated(prod, headcount,
                                                            event):
    """The person who pressed Ctrl-C has to know that a number may be set."""
    prod.fault("UpdateService", "silent")
    code, out, seconds = interrupted(headcount, prod, event, "UpdateService",
                                     signal.SIGINT)
    assert code == 130
    assert seconds > 1.5
    assert len(prod.writes()) == 1
    service = json.loads(out)["clusters"][0]["services"][0]
    assert service["outcome"] == "failed"
    assert (service["desired_before"], service["wanted"]) == (1, 3)


# ---- a Lua script ----

FOREVER = "while true do end"
SCRIPTS = {
    "the main chunk": f"ready() {FOREVER}",
    "a coroutine of wrap": f"""
        coroutine.wrap(function() ready() {FOREVER} end)()""",
    "a coroutine of create": f"""
        coroutine.resume(coroutine.create(function() ready() {FOREVER} end))
        print "immune" """,
    "a coroutine in a coroutine": f"""
        coroutine.wrap(function()
          coroutine.wrap(function() ready() {FOREVER} end)()
        end)()""",
    "after a coroutine": f"""
        coroutine.wrap(function() ready() end)() {FOREVER}""",
    "a coroutine that goes on and on": """
        local co = coroutine.wrap(function()
          ready()
          while true do coroutine.yield() end
        end)
        while true do co() end""",
    "coroutine.close": f"""
        local co = coroutine.create(function()
          local x <close> = setmetatable({{}}, {{ __close = function()
            ready() {FOREVER}
          end }})
          coroutine.yield()
        end)
        coroutine.resume(co)
        coroutine.close(co)
        print "immune" """,
    "a loop of pcall": f"""
        ready()
        while true do pcall(function() {FOREVER} end) end""",
    "pcall once": f"""
        pcall(function() ready() {FOREVER} end)
        print "immune" """,
    "pcall in coroutines in pcall": f"""
        local function again()
          while true do
            pcall(coroutine.wrap(function() {FOREVER} end))
          end
        end
        ready()
        while true do coroutine.resume(coroutine.create(again)) end""",
    "xpcall": f"""
        ready()
        while true do
          xpcall(function() {FOREVER} end, debug.traceback)
          xpcall(function() {FOREVER} end, function() {FOREVER} end)
        end""",
    "headcount.loop": f"""
        require("headcount").loop(function(spawn)
          spawn(function() ready() {FOREVER} end)
          while true do coroutine.yield() end
        end)""",
    "io.read": "ready() io.read()",
    "a call": "ready() client:call('ecs', 'ListClusters')",
    "a call in a loop of pcall": """
        ready()
        while true do pcall(client.call, client, 'ecs', 'ListClusters') end""",
    "calls in headcount.loop": """
        require("headcount").loop(function(spawn)
          spawn(function() client:call('ecs', 'ListClusters') end)
          ready()
          client:call('ecs', 'ListClusters')
        end)
        print "immune" """,
}


class Script:
    """A script of `headcount run`, which has said that it is ready."""

    def __init__(self, headcount, text, verb="run"):
        path = headcount.home / "forever.lua"
        path.write_text("""
            local function ready()
              io.stdout:write("left\\n")     -- for the end of the program
              local now = io.open("/dev/stdout", "w")
              now:write("ready\\n")
              now:close()
            end
            local client = require("headcount").client()
        """ + text)
        self.child = subprocess.Popen(
            [PROGRAM, verb, path], env=headcount.env, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert self.child.stdout.readline() == b"ready\n"

    def waits(self, there):
        """Until it is where the signal has to find it."""
        end = time.monotonic() + 20
        while not there() and time.monotonic() < end:
            time.sleep(0.01)

    def is_in_read(self):
        with open(f"/proc/{self.child.pid}/syscall", encoding="ascii") as f:
            return f.read().split()[:2] == ["0", "0x0"]

    def ends(self, *numbers):
        """(exit code, the rest of stdout, stderr) after these signals."""
        for number in numbers:
            self.child.send_signal(number)
        try:
            self.child.wait(timeout=60)
        finally:
            self.child.kill()
            out, err = self.child.stdout.read(), self.child.stderr.read()
            for pipe in (self.child.stdin, self.child.stdout,
                         self.child.stderr):
                pipe.close()
        return self.child.returncode, out, err


SAID = b"headcount: interrupted\n"
RAISED = (130, b"left\n", SAID)
ENDED_AT_ONCE = (130, b"", SAID)          # stdio's buffers are not written


@pytest.mark.parametrize("place", SCRIPTS)
def test_the_first_signal_raises_wherever_lua_is(ecs, headcount, place):
    headcount.at(ecs)
    ecs.fault("ListClusters", "silent")
    script = Script(headcount, SCRIPTS[place])
    if "call" in SCRIPTS[place].replace("pcall(", ""):
        script.waits(lambda: "ListClusters" in ecs.operations())
    elif place == "io.read":
        script.waits(lambda: script.is_in_read())
    assert script.ends(signal.SIGINT) == RAISED


def test_sigterm_is_a_signal_too(headcount):
    script = Script(headcount, SCRIPTS["a loop of pcall"])
    assert script.ends(signal.SIGTERM) == RAISED


def test_tests_are_interrupted_as_scripts_are(headcount):
    script = Script(headcount, SCRIPTS["pcall in coroutines in pcall"],
                    "test")
    assert script.ends(signal.SIGINT) == RAISED


# The handlers of the verbs are four, then come those of scripts.
@pytest.mark.skipif(not shutil.which("strace"), reason="strace is not there")
@pytest.mark.parametrize("verb", ["run", "test"])
@pytest.mark.parametrize("at", range(5, 8))
def test_a_signal_between_two_handlers_is_not_lost(headcount, verb, at):
    path = headcount.home / "forever_test.lua"
    path.write_text(FOREVER)
    done = subprocess.run(
        ["strace", "-o", "/dev/null", "-e", "trace=rt_sigaction", "-e",
         f"inject=rt_sigaction:signal=TERM:when={at}", PROGRAM, verb, path],
        env=headcount.env, capture_output=True, timeout=30, check=False)
    assert (done.returncode, done.stdout, done.stderr) == \
        (130, b"", b"headcount: interrupted\n")


@pytest.mark.parametrize("text", [
    "string.find(('a'):rep(300), ('a*'):rep(30) .. 'b')",
    "setmetatable({}, { __gc = function() while true do end end })"
    " collectgarbage()",
], ids=["a pattern", "a finalizer"])
def test_the_second_signal_ends_what_knows_no_hook(headcount, text):
    script = Script(headcount, f"ready() {text} print 'immune'")
    assert script.ends(signal.SIGINT, signal.SIGTERM) == ENDED_AT_ONCE


@pytest.mark.parametrize("text", [
    "io.popen 'exec cat >/dev/null 2>&1'",
    "setmetatable({}, { __gc = function()"
    "  string.find(('a'):rep(300), ('a*'):rep(30) .. 'b') end })",
], ids=["a program", "a finalizer"])
@pytest.mark.parametrize("end", ["while true do end", "return"])
def test_a_script_that_cannot_be_closed_ends_with_a_signal(headcount, text,
                                                           end):
    """Files wait for their programs, and finalizers for nobody."""
    script = Script(headcount, f"kept = {text} ready() {end}")
    code, out, err = script.ends(signal.SIGTERM)
    assert (code, out) == (130, b"")
    assert err in (b"", SAID)


def test_coroutines_are_those_of_stock_lua(headcount):
    """resume, wrap and close are ours: the same words as the originals."""
    path = headcount.home / "coroutines.lua"
    path.write_text("""
        local function show(...) print(select("#", ...), ...) end
        local co = coroutine.create(function(a, b)
          show(a, b)
          show(coroutine.yield(1, nil))
          return "end", nil
        end)
        show(coroutine.resume(co, 7, nil))
        show(coroutine.status(co), coroutine.isyieldable(co))
        show(coroutine.resume(co, "x"))
        show(coroutine.resume(co))
        show(coroutine.close(co))
        show(pcall(coroutine.resume, 7))
        show(pcall(coroutine.wrap, 7))
        show(pcall(coroutine.close))
        show(pcall(coroutine.close, coroutine.running()))
        show(coroutine.resume(coroutine.running()))
        local main = coroutine.running()
        show(coroutine.wrap(function()
          return pcall(coroutine.close, main)
        end)())
        local gen = coroutine.wrap(function(...)
          show(...)
          coroutine.yield()
          error "boom"
        end)
        show(gen(1, 2))
        show(pcall(gen))
        show(pcall(gen))
        show(pcall(coroutine.wrap(function() error({}) end)) == false)
        local closed = coroutine.create(function()
          local x <close> = setmetatable({}, { __close = function(_, e)
            show("closed", e)
            error("worse", 0)
          end })
          coroutine.yield()
        end)
        coroutine.resume(closed)
        show(coroutine.close(closed))
        show(coroutine.status(closed), coroutine.close(closed))
        show(pcall(coroutine.wrap(function()
          local x <close> = setmetatable({}, { __close = function(_, e)
            show("closed", e)
          end })
          error "boom"
        end)))
        show(select("#", coroutine.resume(coroutine.create(function()
          return table.unpack({}, 1, 5000)
        end))))
        local function deep(n)
          if n == 0 then return "deep" end
          return coroutine.wrap(deep)(n - 1)
        end
        show(deep(100))
        show((pcall(deep, 100000)))
    """)
    ours = headcount("run", path)
    stock = subprocess.run(["lua5.4", path], capture_output=True, text=True,
                           timeout=60, check=True)
    assert (ours.code, ours.err) == (0, "")
    assert ours.out == stock.stdout
