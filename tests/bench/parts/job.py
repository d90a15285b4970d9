"""from an event on standard input to a written count, one process

TLS with a full handshake, three calls.
"""
import json
import subprocess

import tools

EVENT = json.dumps({
    "version": "0", "id": "8952ba83-7be2-4ab5-9c32-6687532d15a2",
    "detail-type": "ECS Container Instance State Change", "source": "aws.ecs",
    "account": "123456789012", "region": "us-east-1",
    "time": "2020-12-06T16:41:06Z",
    "detail": {"clusterArn":
               "arn:aws:ecs:us-east-1:123456789012:cluster/prod"}})


def one(bench, program):
    """Wall ms, CPU ms, KiB: with a server of its own, whose count is wrong."""
    with tools.Server(bench, cpu=bench.cpus[-1]) as server:
        done = subprocess.run(
            [bench.peak(), program, "handle", "--service", "web", "--output",
             "json"], env=bench.env(server.port), input=EVENT, check=True,
            capture_output=True, text=True, preexec_fn=tools.on(bench.cpus[0]))
        if server.stop()[1:] != [1, 3, 1] or \
                json.loads(done.stdout)["summary"]["updated"] != 1:
            raise RuntimeError(f"the job failed: {done.stdout!r}")
        return [float(n) for n in done.stderr.split()[-4:-1]]


def run(bench):
    kinds = {"headcount": str(bench.build / "headcount")}
    missing = []
    try:
        kinds["headcount, static"] = bench.static_program()
    except tools.Missing as why:
        missing.append(("headcount, static", why))
    times = 5 * bench.rounds
    seen = tools.rounds({name: lambda program=program: one(bench, program)
                         for name, program in kinds.items()}, times)
    print(f"  medians of {times} runs; the server counted 1 handshake, 3 "
          "requests, 1 write in each:")
    tools.table(seen, [("wall", "ms"), ("CPU", "ms"), ("peak", "KiB")], [],
                missing)
