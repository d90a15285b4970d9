"""thirty paced calls: the server keeps connections, closes idle ones, and
resumes no session either

A call every 100 ms, an idle connection is closed after 50.  All runs of a round
go on side by side, for they sleep most of the time; each begins a part of the
pace after the one before, so that none waits for another's answer.
"""
import concurrent.futures
import functools
import time

import tools

CALLS, PACE, IDLE = 29, 100, 50      # and the first one
SERVERS = {"keeps": [], "idle": ["-i", IDLE], "forbids": ["-i", IDLE, "-n"]}


def measure(bench, commands):
    """p50 of each, or 0 of a run with a call that failed."""
    def one(number, command):
        time.sleep(number * PACE / 1e3 / len(commands))
        try:
            return bench.run(command)[0][1][0]
        except RuntimeError as why:
            print(f"  {why}")
            return 0
    with concurrent.futures.ThreadPoolExecutor(len(commands)) as pool:
        return list(pool.map(one, range(len(commands)), commands))


def run(bench):
    pace = f"pace={PACE}"
    for key, options in SERVERS.items():
        with tools.Server(bench, *options) as server:
            kinds = {"floor, signed": [
                bench.program("floor"), server.port, CALLS,
                f"{bench.certs}/ec-ca.pem", "sign", pace],
                "headcount": [bench.ours("driver"), server.port, CALLS,
                              f"{bench.certs}/ca.pem", pace]}
            try:
                kinds["headcount, static"] = [
                    bench.static("driver"), server.port, CALLS,
                    f"{bench.certs}/ca.pem", pace]
            except tools.Missing:
                pass
            bench.peak()
            seen = tools.rounds({"all": functools.partial(
                measure, bench, list(kinds.values()))},
                min(bench.rounds, 5))["all"]
            counted = server.stop()
        print(f"  the server {key}: {counted[0]} connections, {counted[2]} "
              "requests")
        tools.table({name: [values] for name, values in zip(kinds, seen)},
                    [("p50", "us")], [("floor, signed", "floor")])
        floor, ours = seen[0], seen[1]
        bench.limit(f"paced/{key}", "a call failed" if min(ours) == 0
                    else ours.median / floor.median)
