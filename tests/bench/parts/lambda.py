"""AWS Lambda: exec to the first `next`, the first invocation, a warm one

The Runtime API of the first two is a socket here, which sees each request come.
The last are invocations in AWS's emulator.
"""
import contextlib
import functools
import http.client
import json
import pathlib
import re
import socket
import ssl
import subprocess
import time

import servers
import tools

# More warm ones would wait for their share of ECS's rates.
COLD, WARM, STARTS = 15, 20, 40
PATIENCE = 20                        # s
LUA = "return function(event) return { cluster = event.detail.clusterArn } end"
EVENT = {
    "version": "0", "id": "8952ba83-7be2-4ab5-9c32-6687532d15a2",
    "detail-type": "ECS Container Instance State Change", "source": "aws.ecs",
    "account": "123456789012", "region": "us-east-1",
    "time": "2020-12-06T16:41:06Z",
    "detail": {"clusterArn":
               "arn:aws:ecs:us-east-1:123456789012:cluster/prod"}}


NEXT = b"GET /2018-06-01/runtime/invocation/next"
HEAD = ("HTTP/1.1 {}\r\nLambda-Runtime-Aws-Request-Id: 8476a536\r\n"
        "Lambda-Runtime-Deadline-Ms: {}\r\nContent-Length: {}\r\n\r\n")


# ---- exec to next ----

@contextlib.contextmanager
def function(listener, command, env):
    """Its connection.  It is killed whatever comes, and before that is closed:
    else it would connect again, and the next one accepted would be that."""
    with subprocess.Popen(list(map(str, command)), env=env,
                          stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as process:
        peer = None
        try:
            peer, _ = listener.accept()
            peer.settimeout(PATIENCE)
            yield peer
        finally:
            process.kill()
            process.wait()
            if peer:
                peer.close()


def to_next(listener, command, env):
    """ms until the first bytes of a request came."""
    began = time.perf_counter()
    with function(listener, command, env) as peer:
        said = peer.recv(4096)
        took = (time.perf_counter() - began) * 1e3
    if not said.startswith(NEXT):
        raise RuntimeError(f"no request for the next event: {said!r}")
    return [took]


def starts(bench, port):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(PATIENCE)
        own = listener.getsockname()[1]
        more = {"AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{own}",
                "ECS_SERVICE_ARN": "web", "_HANDLER": "bootstrap",
                "LAMBDA_TASK_ROOT": str(bench.work)}
        # Port 1 refuses at once: there is nothing to connect to.  As in AWS
        # no variable names a CA bundle.
        alone, dials = bench.env(1, None, **more), bench.env(port, **more)
        static = [bench.static_program(), "lambda"]
        kinds = {"a program of one request": ([bench.static("next"), own],
                                              alone),
                 "headcount, static": (static, alone),
                 "headcount, static, connects": (static, dials),
                 "headcount": ([bench.build / "headcount", "lambda"], alone)}
        seen = tools.rounds({
            name: functools.partial(to_next, listener, command, env)
            for name, (command, env) in kinds.items()}, STARTS)
    print(f"  exec to the first `next`, medians of {STARTS} starts:")
    least = "a program of one request"
    tools.table(seen, [("wall", "ms")], [(least, "the least")])
    bench.limit("lambda/next", tools.ratio(seen, "headcount, static", least))


# ---- the first invocation ----

class RuntimeApi:
    """Of one child, over its one connection."""

    def __init__(self, peer):
        self.peer, self.rest = peer, b""

    def request(self):
        while b"\r\n\r\n" not in self.rest:
            self.more()
        head, _, self.rest = self.rest.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: (\d+)", head)
        n = int(length.group(1)) if length else 0
        while len(self.rest) < n:
            self.more()
        body, self.rest = self.rest[:n], self.rest[n:]
        return head, body

    def more(self):
        got = self.peer.recv(65536)
        if not got:
            raise RuntimeError("the function has ended")
        self.rest += got

    def answer(self, status, body=b""):
        deadline = int((time.time() + 60) * 1000)
        self.peer.sendall(HEAD.format(status, deadline, len(body)).encode()
                          + body)

    def invoke(self):
        """ms from the event to its answer, ms of them in headcount."""
        began = time.perf_counter()
        self.answer("200 OK", json.dumps(EVENT).encode())
        head, body = self.request()
        took = (time.perf_counter() - began) * 1e3
        if b"/response" not in head.partition(b"\r\n")[0]:
            raise RuntimeError(f"the function failed: {body!r}")
        self.answer("202 Accepted")
        self.next()
        return took, json.loads(body)["stats"]["elapsed_us"] / 1e3

    def next(self):
        head, _ = self.request()
        if not head.startswith(NEXT):
            raise RuntimeError(f"no request for the next event: {head!r}")


def serve(bench, port):
    """A server whose count is right: no invocation writes."""
    server = tools.Server(bench, "-p", port)
    trust = ssl.create_default_context(cafile=bench.certs / "ca.pem")
    line = http.client.HTTPSConnection("127.0.0.1", port, context=trust)
    line.request("POST", "/", '{"desiredCount":3}', {
        "X-Amz-Target": "AmazonEC2ContainerServiceV20141113.UpdateService"})
    line.getresponse().read()
    line.close()
    return server


def first(bench, listener, port, dialled):
    """ms from exec to the first answer, of the first invocation, of it in
    headcount, of a warm one, of it in headcount.  Without `dialled` nothing
    listens at the endpoint before the first event is asked for."""
    env = bench.env(port, AWS_LAMBDA_RUNTIME_API="127.0.0.1:"
                    f"{listener.getsockname()[1]}", ECS_SERVICE_ARN="web",
                    LAMBDA_TASK_ROOT=str(bench.work))
    with contextlib.ExitStack() as left:
        if dialled:
            left.enter_context(serve(bench, port))
        began = time.perf_counter()
        api = RuntimeApi(left.enter_context(function(
            listener, [bench.static_program(), "lambda"], env)))
        api.next()
        cold = (time.perf_counter() - began) * 1e3
        if not dialled:
            left.enter_context(serve(bench, port))
        took, own = api.invoke()
        warm = [api.invoke() for _ in range(WARM)]
    return (cold + took, took, own, tools.Seen(w for w, _ in warm).median,
            tools.Seen(o for _, o in warm).median)


def firsts(bench):
    port = servers.free_port()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(PATIENCE)
        seen = tools.rounds({
            name: functools.partial(first, bench, listener, port, dialled)
            for name, dialled in (("connected before", True),
                                  ("not connected", False))}, COLD)
    print(f"  the first invocation of the static program (event to count, "
          f"TLS), medians of {COLD} starts,\n  each with {WARM} warm ones; "
          "own: in headcount; exec: to the first answer:")
    tools.table({name: row[1:] + row[:1] for name, row in seen.items()},
                [("first", "ms"), ("own", "ms"), ("warm", "ms"),
                 ("own", "ms"), ("exec", "ms")], [])
    for name, row in seen.items():
        print(f"  {name:29} first/warm {row[1].median / row[3].median:.2f}, in "
              f"headcount {row[2].median / row[4].median:.2f}")
    row = seen["connected before"]
    bench.limit("lambda/first", row[1].median / row[3].median)


# ---- invocations ----

def timed(server):
    """When the answer was there, ms it took, ms of them in headcount."""
    began = time.time()
    answer = server.invoke(EVENT)
    now = time.time()
    if not ("cluster" in answer or
            answer.get("summary", {}).get("failed") == 0):
        raise RuntimeError(f"the function failed: {answer}")
    return now, (now - began) * 1000, \
        answer.get("stats", {}).get("elapsed_us", 0) / 1000


def invoke(title, folder, env, handler):
    """Seen: exec to answer, first invocation, first in headcount, warm, warm in
    headcount."""
    seen = [tools.Seen() for _ in range(5)]
    for i in range(COLD):
        (folder / "exec").unlink(missing_ok=True)
        with servers.Lambda(folder / f"{handler}{i}", folder / "wrapper", env,
                            handler) as server:
            at, first, own = timed(server)
            started = float((folder / "exec").read_text())
            for row, n in zip(seen, ((at - started) * 1000, first, own)):
                row.append(n)
            for _ in range(WARM if i == COLD - 1 else 0):
                _, warm, own = timed(server)
                seen[3].append(warm)
                seen[4].append(own)
    cold, first, own_first, warm, own = seen
    print(f"  {title}, medians of {COLD} starts and {WARM} warm ones:")
    print(f"    exec to first answer {cold.median:.2f} ms ({cold.spread()}), "
          f"of an invocation of {first.median:.2f} ms ({first.spread()})")
    print(f"    warm invocation {warm.median:.2f} ms ({warm.spread()})")
    if own.median:
        print(f"    in headcount: first {own_first.median:.3f} ms "
              f"({own_first.spread()}), warm {own.median:.3f} ms "
              f"({own.spread()})")
    return seen


def invocations(bench, port):
    folder = bench.work / "lambda"
    folder.mkdir()
    (folder / "handler.lua").write_text(LUA)
    # The moment of exec, written by who does it.
    program = pathlib.Path(bench.static_program()).resolve()
    (folder / "wrapper").write_text(
        f"#!/bin/sh\ndate +%s.%N >{folder}/exec\nexec {program} lambda\n")
    (folder / "wrapper").chmod(0o755)
    env = bench.env(port, ECS_SERVICE_ARN="web", LAMBDA_TASK_ROOT=str(folder))
    print("  AWS's emulator around the static program")
    invoke("event to count (TLS)", folder, env, "bootstrap")
    invoke("a handler in Lua, no call", folder, env, "handler.lua")


def run(bench):
    with tools.Server(bench) as server:
        starts(bench, server.port)
    firsts(bench)
    try:
        import samcli                                       # noqa: F401
    except ImportError as why:
        raise tools.Missing("Lambda's emulator is missing: run make deps") \
            from why
    with tools.Server(bench) as server:
        invocations(bench, server.port)
