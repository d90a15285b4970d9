"""calls at once on one handle, in an event loop of the program's own

TLS, 10 connections; what a call costs, and the heap of an op that waits for a
connection.  No verb of the program begins more than 64 ops at once, so only the
library is measured.
"""
import functools

import tools

OUTSTANDING = {50: 20000, 1000: 20000, 10000: 40000}       # calls of a round
FLAT, WAITING = 1.5, 6 * 1024


def run(bench):
    with tools.Server(bench) as server:
        seen = tools.rounds({n: functools.partial(
            lambda n, total: bench.run([bench.ours("many"), server.port, n,
                                        total, f"{bench.certs}/ca.pem"]
                                       )[0][0], n, total)
            for n, total in OUTSTANDING.items()}, min(5, bench.rounds))
    for n, (cpu, held) in seen.items():
        print(f"  {n:6} calls {cpu.median:7.1f} us CPU a call "
              f"({cpu.spread()}), {tools.ratio(seen, n, 50):.2f} of 50 calls "
              f"(at most {FLAT}); {held.median:5.0f} bytes of heap for an op "
              f"that waits (at most {WAITING})")
    most = max(OUTSTANDING)
    if tools.ratio(seen, most, 50) > FLAT or seen[most][1].median > WAITING:
        raise RuntimeError("calls at once cost too much time or memory")
