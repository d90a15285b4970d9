"""CPU of a call on a new connection each time

The server closes each connection after one answer; it resumes no session, or it
does.  The floor is BearSSL as this machine's package compiles it.
"""
import functools

import tools

CALLS = 150


def measure(bench, command):
    return bench.run(command, cpu=bench.cpus[0])[0][0]


def run(bench):
    ca, ec = f"{bench.certs}/ca.pem", f"{bench.certs}/ec-ca.pem"
    for title, options, key in (("full", ["-n"], "reconnect/full"),
                                ("resumed", [], "reconnect/resumed")):
        with tools.Server(bench, "-c", *options, cpu=bench.cpus[-1]) as server:
            port = server.port
            kinds = {"floor, signed": [bench.program("floor"), port, CALLS, ec,
                                       "sign", title],
                     "headcount": [bench.ours("driver"), port, CALLS, ca,
                                   "new"]}
            missing = []
            try:
                kinds["headcount, static"] = [bench.static("driver"), port,
                                              CALLS, ca, "new"]
                kinds["floor, signed, static"] = [
                    bench.static("floor"), port, CALLS, ec, "sign", title]
            except tools.Missing as why:
                missing.append(("headcount, static", why))
            seen = tools.rounds({
                name: functools.partial(measure, bench, command)
                for name, command in kinds.items()}, bench.rounds)
            connections, _, requests, _ = server.stop()
        if connections != requests or \
                requests != len(kinds) * bench.rounds * (CALLS + 1):
            raise RuntimeError(f"{connections} connections for {requests} "
                               "calls: one is due for each")
        print(f"  {title} handshake, {CALLS} calls, {bench.rounds} rounds:")
        tools.table(seen, [("CPU", "us"), ("wall", "us")],
                    [("floor, signed", "floor")], missing)
        bench.limit(key, tools.ratio(seen, "headcount", "floor, signed"))
