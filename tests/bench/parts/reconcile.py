"""CPU of one reconcile that writes: three calls on a kept connection

Beside three calls of the raw floor, on two processors.
"""
import functools

import tools

TIMES, RAW = 600, "3 calls of the raw floor"


def run(bench):
    with tools.Server(bench, cpu=bench.cpus[-1]) as server:
        ca, ec = f"{bench.certs}/ca.pem", f"{bench.certs}/ec-ca.pem"
        kinds = {RAW: [bench.program("floor"), server.port, 3 * TIMES, ec],
                 "headcount": [bench.ours("reconcile"), server.port, TIMES,
                               ca]}
        missing = []
        try:
            kinds["headcount, static"] = [bench.static("reconcile"),
                                          server.port, TIMES, ca]
        except tools.Missing as why:
            missing.append(("headcount, static", why))

        def measure(name, command):
            times = 3 if name == RAW else 1
            return [n * times for n in
                    bench.run(command, cpu=bench.cpus[0])[0][0]]

        seen = tools.rounds({
            name: functools.partial(measure, name, command)
            for name, command in kinds.items()}, bench.rounds)
    tools.table(seen, [("CPU", "us"), ("wall", "us")], [(RAW, "floor")],
                missing)
    for kind, key in (("headcount", "reconcile/dynamic"),
                      ("headcount, static", "reconcile/static")):
        value = tools.ratio(seen, kind, RAW)
        bench.limit(key, value if value is not None else "no static program")
