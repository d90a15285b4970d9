"""Runs cells of the fault matrix side by side: calls.c against FaultPeer."""
import contextlib
import itertools
import os
import re
import subprocess
import threading

import fault_table
from conftest import NAME, TOP

GOOD_MS, SHORT_MS = 20000, 1200
# Faults that a time limit ends; the others get a limit that a busy machine
# does not reach.
TIMED = {"syn-lost", "accept-silent", "tls-silent", "silent", "head-stuck",
         "body-stuck", "drip", "one-silent", "proxy-silent"}
# These wait for the resolver's own limits.
SLOW = TIMED | {"dns-silent", "dns-slow", "dns-servfail", "dns-refused"}


def build(folder, name="calls"):
    program = folder / name
    flags = (TOP / "build" / "flags").read_text().split()
    subprocess.run([*flags, "-w", "-o", program, f"tests/system/{name}.c",
                    "build/libheadcount.a",
                    (TOP / "build" / "bearssl.lib").read_text().strip(),
                    "-lpthread"], cwd=TOP, check=True)
    return program


# As a line of calls.c: its process has ended before the call did.
ENDED = "CRASHED 0 0 0 0 0 0 calls.c ended"


class Calls:
    """The process of calls.c (or of a program that speaks its lines)."""

    def __init__(self, command, certs, env=None):
        self.certs, self.numbers = certs, itertools.count()
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={"PATH": os.environ["PATH"],
                 "AWS_EC2_METADATA_DISABLED": "true", **(env or {})})
        self.waiting, self.lock = {}, threading.Lock()
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        for line in self.process.stdout:
            if not re.match(r"(warm|done) \d+ ", line):
                continue                 # the rest of a sentence of two lines
            what, number, rest = line.rstrip("\n").split(" ", 2)
            self.waiting[int(number)](what, rest)
        self.process.stdout.close()
        for on_line in list(self.waiting.values()):
            on_line("done", ENDED)       # who has its result ignores it

    def say(self, text):
        with self.lock:
            self.process.stdin.write(text + "\n")
            self.process.stdin.flush()

    def begin(self, url, kind, on_line, kept=False, read=GOOD_MS,
              connect=GOOD_MS, attempt="-", dns="-", proxy="-", size=0):
        number = next(self.numbers)
        self.waiting[number] = on_line
        self.say(f"cell {number} {url} {kind} {int(kept)} {read} {connect} "
                 f"{attempt} {self.certs / 'ca.pem'} {dns} {proxy} {size}")
        return number

    def close(self):
        self.process.stdin.close()
        self.process.wait(60)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Alone:
    """A process for each cell, where Calls has one for all: `command` makes
    the words of a cell, and `result` its line of what the process printed."""

    def __init__(self, command, result, env):
        self.command, self.result, self.env = command, result, env
        self.numbers = itertools.count()
        self.processes = {}

    def begin(self, url, kind, on_line, kept=False, read=GOOD_MS,
              connect=GOOD_MS, attempt="-", dns="-", proxy="-", size=0):
        number = next(self.numbers)
        words, text = self.command(url, kind, kept, read, connect, attempt,
                                   dns, size)
        process = subprocess.Popen(
            list(map(str, words)), stdin=subprocess.PIPE, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=self.env if proxy == "-" else
            {**self.env, "HTTPS_PROXY": proxy})
        self.processes[number] = process

        def follow():
            if kept:
                on_line("warm", process.stdout.readline().split()[1])
                self.processes[number, "go"].wait()
            out, err = process.communicate(None if kept else text)
            on_line("done", self.result(process.returncode, out, err))

        self.processes[number, "go"] = threading.Event()
        threading.Thread(target=follow, daemon=True).start()
        return number

    def say(self, text):
        what, number = text.split()
        if what == "go":
            process = self.processes[int(number)]
            process.stdin.write("\n")
            process.stdin.flush()
            self.processes[int(number), "go"].set()


def flood(command, on_half=None):
    """(the failures, the numbers) that soak.c prints."""
    failures, numbers = [], {}
    with subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE,
                          text=True, env={
                              "PATH": os.environ["PATH"],
                              "AWS_EC2_METADATA_DISABLED": "true"}) as process:
        for line in process.stdout:
            name, value = line.rstrip("\n").split(" ", 1)
            if name == "half" and on_half is not None:
                on_half()
            elif name == "failed":
                failures.append(value)
            else:
                numbers[name] = int(value)
    assert process.returncode == 0
    return failures, numbers


class Result:
    def __init__(self, words):
        (self.code, status, retries, replays, opened, reused, right,
         *text) = words.split(" ", 7)
        self.status, self.retries = int(status), int(retries)
        self.replays, self.opened = int(replays), int(opened)
        self.reused, self.right = int(reused), int(right)
        self.text = text[0] if text else ""
        self.whole = self.connections = 0

    @property
    def short(self):
        """"answer 2", or "ECLOSED 1/3": the whole requests that the peer's
        program read, and after the slash the attempts."""
        what = self.code
        if what == "OK":
            what = "answer" if self.right else "WRONG ANSWER"
        elif what == "ESERVICE":
            what = f"ESERVICE-{self.status}"
        if what == "answer":
            return f"answer {self.whole}"
        return f"{what} {self.whole}/{self.retries + 1}"


class Cell:
    """One fault x {plain, TLS} x {fresh, kept} x {once, always} x kind."""

    def __init__(self, fault, tls, kept, always, kind):
        self.fault, self.tls, self.kept = fault, tls, kept
        self.always, self.kind = always, kind
        self.result, self.done = None, threading.Event()

    def run(self, calls, peer, patient=False):
        """`patient`: with limits that a busy machine hardly reaches."""
        self.done.clear()
        short = SHORT_MS * 4 if patient else SHORT_MS
        port = peer.place(self.fault.name, self.tls, self.kept, self.always)
        timed = self.fault.name in TIMED
        begun = threading.Event()    # from then on `number` is known

        def on_line(what, rest):
            if self.done.is_set():
                return
            if what == "warm" and rest == "OK":
                threading.Thread(target=go, daemon=True).start()
                return
            if what == "warm":
                rest = f"WARM-{rest} 0 0 0 0 0 0 the read before it failed"
            port.settle()
            self.result = Result(rest)
            self.result.whole = port.whole
            self.result.connections = port.connections
            self.done.set()
            port.close()
            begun.wait()
            with contextlib.suppress(OSError, ValueError):   # it is closed
                calls.say(f"end {number}")

        def go():
            port.ready.wait()
            begun.wait()
            calls.say(f"go {number}")

        proxied = self.fault.stage.startswith("prox")
        host = NAME if port.dns or proxied else "127.0.0.1"
        number = calls.begin(
            f"{'https' if self.tls else 'http'}://{host}:{port.number}",
            self.kind, on_line, self.kept,
            read=short if timed else GOOD_MS,
            connect=short if timed else GOOD_MS,
            attempt=short if self.fault.name == "drip" else "-",
            dns=port.dns.address if port.dns else "127.0.0.1:9",
            proxy=f"http://127.0.0.1:{port.number}" if proxied else "-",
            size=self.fault.large)
        begun.set()

    def __str__(self):
        return (f"{self.fault.name} {'tls' if self.tls else 'plain'} "
                f"{'kept' if self.kept else 'fresh'} "
                f"{'always' if self.always else 'once'} {self.kind}")


def one(calls, url, kind, **more):
    """One call, waited for."""
    found, done = [], threading.Event()

    def on_line(what, rest):
        if what == "done":
            found.append(Result(rest))
            done.set()

    number = calls.begin(url, kind, on_line, dns="127.0.0.1:9", **more)
    done.wait()
    with contextlib.suppress(OSError):
        calls.say(f"end {number}")
    return found[0]


OTHERS = TOP / "tests" / "system" / "fault_others.txt"


def read_others():
    """{(client, fault, tls, kept, always, kind): what it did}; `make matrix`
    writes the file."""
    found = {}
    for line in OTHERS.read_text().splitlines():
        if line.startswith("#"):
            continue
        client, name, tls, kept, always, kind, said = line.split(" ", 6)
        found[client, name, tls == "tls", kept == "kept",
              always == "always", kind] = said
    return found


def all_cells(found):
    for fault in found:
        for tls, kept, always, kind in itertools.product(
                (False, True), (False, True), (False, True),
                ("read", "write", "safe")):
            if fault.stage == "route" or \
                    not fault_table.exists(fault, tls, kept, always):
                continue
            yield Cell(fault, tls, kept, always, kind)


def run_cells(cells, calls, peer, at_once=96):
    """All of them, those that wait longest first."""
    cells = sorted(cells, key=lambda c: c.fault.name not in SLOW)
    room = threading.Semaphore(at_once)

    def follow(cell):
        cell.done.wait()
        room.release()

    for cell in cells:
        room.acquire()
        cell.run(calls, peer)
        threading.Thread(target=follow, args=(cell,), daemon=True).start()
    for cell in cells:
        cell.done.wait()
