"""A function's first invocation, and the one after a freeze: neither pays for
what became of its connections meanwhile."""
import contextlib
import json
import os
import signal
import socket
import struct
import subprocess
import threading

import pytest
import servers
from conftest import NAME, PROGRAM, event_of
from runtime_api import RuntimeApi
from test_watch import until

LATER = {"cluster": "prod"}


def fill(ecs):
    ecs.service("web", desired=1)
    for name in "abc":
        ecs.host(name)


class Function:
    """A child that takes `events`; some of them are made while it waits."""

    def __init__(self, folder, env, events, *args):
        self.log, self.env, self.args = folder / "err", env, args
        self.api = RuntimeApi(events, seconds=600)
        self.cwd = folder

    def run(self):
        with self.api as api, open(self.log, "wb") as err:
            self.child = subprocess.Popen(
                [PROGRAM, "lambda", "--service", "web", *self.args],
                stdout=subprocess.DEVNULL, stderr=err, cwd=self.cwd,
                env={**self.env, "AWS_LAMBDA_RUNTIME_API": api.address})
            until(lambda: api.idle.is_set() or self.child.poll() is not None,
                  60)
            self.child.terminate()
            self.child.wait(30)
        reports = [json.loads(body) for _, body in api.posts]
        assert all("summary" in r for r in reports), reports
        return [r["stats"] for r in reports]

    @contextlib.contextmanager
    def frozen(self):
        os.kill(self.child.pid, signal.SIGSTOP)
        until(lambda: "T (stopped)" in
              open(f"/proc/{self.child.pid}/status").read())
        try:
            yield
        finally:
            os.kill(self.child.pid, signal.SIGCONT)


@pytest.fixture
def start(ecs, headcount, tmp_path):
    fill(ecs)

    def start(*events, args=(), **env):
        return Function(tmp_path, {**headcount.at(ecs).env, **env}, events,
                        *args)

    return start


# ---- the first one ----

def test_the_first_invocation_finds_a_connection(ecs, start):
    first, = start(event_of()).run()
    assert first["connections_opened"] == 0
    assert first["connections_reused"] == first["api_calls"] == 3
    assert ecs.connections == 1


@pytest.mark.parametrize("kind, dials", [
    ("on-demand", True), ("provisioned-concurrency", True),
    ("snap-start", False)])
def test_a_snapshot_has_no_connections(ecs, start, kind, dials):
    at_next = []

    def event():
        at_next.append(ecs.connections)
        return event_of()

    first, = start(event, AWS_LAMBDA_INITIALIZATION_TYPE=kind).run()
    # The kernel has the connection; the peer's thread may see it later.
    until(lambda: ecs.connections == 1)
    assert first["connections_opened"] == (0 if dials else 1)
    assert dials or at_next == [0]


def test_a_port_that_refused_costs_no_attempt(ecs, start, tmp_path):
    front = servers.Nginx(tmp_path / "nginx", ecs.port)

    def event():
        front.start()
        return event_of()

    try:
        first, = start(event, AWS_ENDPOINT_URL_ECS=(
            f"http://127.0.0.1:{front.port}")).run()
    finally:
        front.stop()
    assert first["retries"] == 0 and first["connections_opened"] == 1


@pytest.mark.parametrize("before", ["nobody", "nowhere"])
def test_a_name_without_an_address_costs_no_attempt(
        secure, headcount, tmp_path, before):
    """In the init phase nobody answers for the name, or it does not exist."""
    fill(secure)
    port = servers.free_port()
    wrong = servers.Dnsmasq(tmp_path / "wrong", {}, port=port)
    right = servers.Dnsmasq(tmp_path / "right", {NAME: ["127.0.0.1"]},
                            port=port)
    asked = []

    def event():
        if before == "nowhere":
            asked.extend(wrong.queries())
            wrong.stop()
        right.start()
        return event_of()

    function = Function(tmp_path, headcount.env, [event], "--dns-server",
                        f"127.0.0.1:{port}")
    try:
        if before == "nowhere":
            wrong.start()
        first, = function.run()
    finally:
        wrong.stop()
        right.stop()
    assert bool(asked) == (before == "nowhere")
    assert first["retries"] == 0 and first["tls_handshakes"] == 1


class Held:
    """A way to `port` that takes connections at once, and passes on what they
    bring from go() on."""

    def __init__(self, port):
        self.to, self.may_go, self.taken = port, threading.Event(), 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                peer, _ = self.listener.accept()
                self.taken += 1
                threading.Thread(target=self.carry, args=(peer,),
                                 daemon=True).start()

    def carry(self, peer):
        self.may_go.wait(60)
        other = socket.create_connection(("127.0.0.1", self.to))
        threading.Thread(target=self.copy, args=(other, peer),
                         daemon=True).start()
        self.copy(peer, other)

    @staticmethod
    def copy(a, b):
        with contextlib.suppress(OSError):
            while data := a.recv(65536):
                b.sendall(data)
            b.shutdown(socket.SHUT_WR)


def test_a_dial_goes_on_while_the_first_event_is_waited_for(
        secure, headcount, tmp_path):
    fill(secure)
    held = Held(secure.port)

    def event():                    # it is asked for, and nothing stands yet
        assert (held.taken, secure.handshakes) == (1, 0)
        held.may_go.set()
        return event_of()

    env = {**headcount.env,
           "AWS_ENDPOINT_URL_ECS": f"https://{NAME}:{held.port}"}
    # The dial lasts as long as the test needs it.
    first, = Function(tmp_path, env, [event], "--cli-connect-timeout",
                      "60").run()
    held.listener.close()
    assert first["retries"] == 0
    assert held.taken == secure.handshakes == 1


# ---- after a freeze ----

def fin(ecs):
    with ecs.lock:
        for peer in ecs.open:
            peer.shutdown(socket.SHUT_RDWR)


def rst(ecs):
    with ecs.lock:
        for peer in ecs.open:
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                            struct.pack("ii", 1, 0))
    fin(ecs)


@pytest.mark.parametrize("end", [None, fin, rst])
def test_a_server_that_closes_in_a_freeze(ecs, start, end):
    def event():
        with function.frozen():
            if end:
                end(ecs)
                assert ecs.all_closed()
            ecs.host("d")
        return LATER

    function = start(event_of(), event)
    _, later = function.run()
    assert (later["retries"], later["replays"]) == (0, 0)
    assert later["connections_opened"] == (1 if end else 0)
    assert ecs.services["web"]["desiredCount"] == 4


JUMP = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

int clock_gettime(clockid_t id, struct timespec *t)
{
    static int (*next)(clockid_t, struct timespec *);
    static const volatile int64_t *by;

    if (!next) {
        by = mmap(NULL, 16, PROT_READ, MAP_SHARED,
                  open(getenv("CLOCK_JUMP"), O_RDONLY), 0);
        next = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT,
                                                            "clock_gettime");
    }
    int err = next(id, t);

    t->tv_sec += id == CLOCK_MONOTONIC ? by[0] : id == CLOCK_REALTIME ? by[1]
                                                                      : 0;
    return err;
}
"""


@pytest.fixture
def clock(tmp_path):
    """A file of two numbers, the seconds by which the clocks of a child jump,
    and what its environment needs for that."""
    if ".so" not in subprocess.run(["ldd", PROGRAM], capture_output=True,
                                   text=True, check=False).stdout:
        return None                     # nothing can be put before its clock
    (tmp_path / "jump.c").write_text(JUMP)
    subprocess.run(["cc", "-shared", "-fPIC", "-o", tmp_path / "jump.so",
                    tmp_path / "jump.c", "-ldl"], check=True)
    path = tmp_path / "clock"
    path.write_bytes(struct.pack("qq", 0, 0))
    return path, {"CLOCK_JUMP": str(path),
                  "LD_PRELOAD": str(tmp_path / "jump.so")}


@pytest.mark.parametrize("runs, day, trusted", [
    (60, 60, False),     # a long freeze: a NAT gateway may have forgotten it
    (0, 60, False),      # the machine was restored, and its clock set then
    (0, -60, True),      # the clock of the day was wrong, no more
    (1, 2, True)])       # and nearly right
def test_a_clock_that_jumps_in_a_freeze(ecs, start, clock, runs, day,
                                        trusted):
    if clock is None:
        return
    path, env = clock

    def event():
        with function.frozen(), open(path, "r+b") as file:
            file.write(struct.pack("qq", runs, day))
        return LATER

    function = start(event_of(), event, **env)
    _, later = function.run()
    assert (later["retries"], later["replays"]) == (0, 0)
    assert later["connections_opened"] == (0 if trusted else 1)
    # A server, or a gateway, that went silent would not have been asked.
    assert {r.connection for r in ecs.requests[3:]} == {1 if trusted else 2}


HANDLER = """
local client = assert(require "headcount".client())
return function()
  assert(client:call("ecs", "ListClusters", {}))
  return { summary = {}, stats = client:stats() }
end
"""


@pytest.mark.parametrize("day, connections", [(60, 2), (-60, 1)])
def test_a_handlers_clients_forget_what_a_freeze_ended(ecs, start, clock,
                                                       tmp_path, day,
                                                       connections):
    """The clock of the day jumps, the other one does not: the machine was
    restored."""
    if clock is None:
        return
    path, env = clock
    (tmp_path / "handler.lua").write_text(HANDLER)

    def event():
        with function.frozen(), open(path, "r+b") as file:
            file.write(struct.pack("qq", 0, day))
        return LATER

    function = start(LATER, event, _HANDLER="handler.lua",
                     LAMBDA_TASK_ROOT=str(tmp_path), **env)
    first, later = function.run()
    assert first["connections_opened"] == 1
    assert later["connections_opened"] == ecs.connections == connections
    assert (later["retries"], later["replays"]) == (0, 0)
