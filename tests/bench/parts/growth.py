"""what one op takes over more and more things of a kind, with fitted exponents

CPU of the op alone, without the start of the process, against a server that
answers at once; medians.  An exponent of 1 is growth in proportion.  Each point
counts by what it takes more than the first.  The exponent of the last four
points is held against the limit: the small ones hide a bend at the end.
"""
import grown
import tools

KINDS = {                            # numbers, server of a number
    "hosts": ([10, 50, 100, 500, 1000, 5000], lambda n: {"hosts": n}),
    "services": ([1, 10, 50, 100, 500, 1000], lambda n: {}),
    "clusters": ([1, 10, 50, 100, 500, 1000], lambda n: {"clusters": n}),
    "places": ([1, 10, 50, 100, 500, 1000, 2000], lambda n: {}),
    # So many name 100 clusters; fewer would name fewer.
    "events": ([100, 200, 500, 1000, 5000, 10000], lambda n: {}),
}
WIDE = [1, 500, 2000]                # clusters that one event names
MOST = 12                            # MiB, whatever an event names


def measure(bench, kind, n, **server):
    """CPU ms, calls, MiB at most."""
    with grown.Grown(**server) as ecs:
        env = bench.env(
            AWS_ENDPOINT_URL_STS=f"http://127.0.0.1:{ecs.port}")
        lines, (_, _, kib) = bench.run([bench.ours("grow"), ecs.port, kind, n],
                                       env, bench.cpus[0])
    return lines[0][0] / 1e3, lines[0][1], kib / 1024


def points_of(bench, kind, numbers, server):
    points = []
    for n in numbers:
        times = min(3 if n >= 5000 else 5, bench.rounds)
        try:
            rows = tools.rounds({n: lambda n=n: measure(
                bench, kind, n, **server(n))}, times)[n]
        except RuntimeError as why:
            print(f"    {n:6}  refused: {str(why).splitlines()[1][:300]}")
            return points, f"{n} are refused"
        cpu, calls, mib = (row.median for row in rows)
        print(f"    {n:6}  {cpu:9.2f} ms CPU  {cpu * 1000 / n:9.2f} us each  "
              f"{calls:6.0f} calls  {mib:6.2f} MiB", flush=True)
        points.append((n, cpu))
    return points, None


def answers(bench):
    """Bytes of one answer, over TLS."""
    points, peaks = [], {}
    sizes = [1, 2, 10, 50, 150, 1000, 10000]
    for kb in sizes:
        calls = max(3, min(2000, 40000 // kb))

        def a_call(calls=calls):
            lines, (_, _, kib) = bench.run(
                [bench.ours("driver"), server.port, calls,
                 f"{bench.certs}/ca.pem", "search"], cpu=bench.cpus[0])
            return lines[0][0], kib / 1024

        with tools.Server(bench, "-a", kb * 1000, cpu=bench.cpus[-1]) as server:
            cpu, mib = tools.rounds({kb: a_call}, bench.rounds)[kb]
        print(f"    {kb:6} KB  {cpu.median:9.1f} us CPU ({cpu.spread()})  "
              f"{mib.median:6.2f} MiB")
        points.append((kb, cpu.median))
        peaks[kb] = mib.median
    (_, y0), (_, y1) = points[1], points[4]
    bench.limit("answers/kb", (y1 - y0) / (sizes[4] - sizes[1]))
    bench.limit("answers/peak-150", peaks[150] - peaks[2])
    bench.limit("answers/peak-10000", peaks[10000])
    # The server's smallest answer has 2 KB.
    return points[1:]


def told(bench, kind, points, why):
    exponent = tools.fit(points) if points else None
    if exponent is not None:
        late = tools.fit([points[0], *points[-4:]])
        print(f"    exponent {exponent:.3f}, of the last four points "
              f"{late:.3f}" + (f"; {why}" if why else ""))
        exponent = late
    bench.limit(f"growth/{kind}", why or (
        exponent if exponent is not None else "too few points"))


def run(bench):
    for kind, (numbers, server) in KINDS.items():
        print(f"  {kind}:")
        told(bench, kind, *points_of(bench, kind, numbers, server))
    print("  answers:")
    told(bench, "answers", answers(bench), None)
    print("  one event that names so many clusters, each of which is written:")
    for n in WIDE:
        cpu, calls, mib = measure(bench, "wide", n)
        print(f"    {n:6}  {cpu:9.2f} ms CPU  {calls:6.0f} calls  {mib:6.2f} "
              f"MiB (at most {MOST})")
        if mib > MOST:
            raise RuntimeError(f"that is more than {MOST} MiB")
