"""AWS Lambda: exec to the first `next`, and invocations in AWS's emulator

The Runtime API of the first is a socket that says when the request came.
"""
import functools
import pathlib
import signal
import socket
import subprocess
import time

import servers
import tools

# More warm ones would wait for their share of ECS's rates.
COLD, WARM, STARTS = 15, 20, 40
LUA = "return function(event) return { cluster = event.detail.clusterArn } end"
EVENT = {
    "version": "0", "id": "8952ba83-7be2-4ab5-9c32-6687532d15a2",
    "detail-type": "ECS Container Instance State Change", "source": "aws.ecs",
    "account": "123456789012", "region": "us-east-1",
    "time": "2020-12-06T16:41:06Z",
    "detail": {"clusterArn":
               "arn:aws:ecs:us-east-1:123456789012:cluster/prod"}}


# ---- exec to next ----

def to_next(listener, command, env):
    """ms until the first bytes of a request came."""
    began = time.perf_counter()
    with subprocess.Popen(list(map(str, command)), env=env,
                          stderr=subprocess.DEVNULL) as process:
        peer, _ = listener.accept()
        with peer:
            said = peer.recv(4096)
            took = (time.perf_counter() - began) * 1e3
        process.send_signal(signal.SIGKILL)
    if not said.startswith(b"GET /2018-06-01/runtime/invocation/next"):
        raise RuntimeError(f"no request for the next event: {said!r}")
    return [took]


def starts(bench):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(20)
        port = listener.getsockname()[1]
        env = bench.env(AWS_LAMBDA_RUNTIME_API=f"127.0.0.1:{port}",
                        ECS_SERVICE_ARN="web", _HANDLER="bootstrap",
                        LAMBDA_TASK_ROOT=str(bench.work))
        kinds = {"a program of one request": [bench.static("next"), port],
                 "headcount, static": [bench.static_program(), "lambda"],
                 "headcount": [bench.build / "headcount", "lambda"]}
        seen = tools.rounds({
            name: functools.partial(to_next, listener, command, env)
            for name, command in kinds.items()}, STARTS)
    print(f"  exec to the first `next`, medians of {STARTS} starts:")
    least = "a program of one request"
    tools.table(seen, [("wall", "ms")], [(least, "the least")])
    bench.limit("lambda/next", tools.ratio(seen, "headcount, static", least))


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
    _, _, first, _, warm = invoke("event to count (TLS)", folder, env,
                                  "bootstrap")
    bench.limit("lambda/first", first.median / warm.median)
    invoke("a handler in Lua, no call", folder, env, "handler.lua")


def run(bench):
    starts(bench)
    try:
        import samcli                                       # noqa: F401
    except ImportError as why:
        raise tools.Missing("Lambda's emulator is missing: run make deps") \
            from why
    with tools.Server(bench) as server:
        invocations(bench, server.port)
