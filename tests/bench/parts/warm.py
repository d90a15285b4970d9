"""CPU and time of a warm, signed DescribeServices call with an answer of 2 KB

Once with client and server on one processor, once on two.  The floor writes a
request that was made before; the signed floor also does what SigV4 cannot do
without.  headcount's answer is searched once; with JSON it is read by its
reader, as the peers read theirs.
"""
import functools

import peers
import tools

CALLS = 2000
SIGNED, RAW, OURS = "floor, signed", "floor", "headcount"
STATIC, JSON = "headcount, static", "headcount, JSON read"
BESIDE = [(SIGNED, "signed floor"), (RAW, "raw floor"), (OURS, "headcount")]


def kinds(bench, port):
    """{name: (command, environment)}, and [(name, why it is not there)]."""
    ca, ec = f"{bench.certs}/ca.pem", f"{bench.certs}/ec-ca.pem"
    found, missing = {
        RAW: ([bench.program("floor"), port, CALLS, ec], None),
        SIGNED: ([bench.program("floor"), port, CALLS, ec, "sign"], None),
        OURS: ([bench.ours("driver"), port, CALLS, ca, "search"], None),
        JSON: ([bench.ours("driver"), port, CALLS, ca, "json"], None),
    }, []
    try:
        driver = bench.static("driver")
        found["floor, signed, static"] = (
            [bench.static("floor"), port, CALLS, ec, "sign"], None)
        found[STATIC] = ([driver, port, CALLS, ca, "search"], None)
        found["static program, Lua's calls"] = (
            [bench.static_program(), "run", tools.HERE / "calls.lua", CALLS],
            bench.env(port))
    except tools.Missing as why:
        missing.append((STATIC, why))
    for peer in peers.all_peers():
        if peer.why:
            missing.append((peer.name, peer.why))
        else:
            found[peer.name] = (peer.command(peer.calls),
                                peers.env(bench, port))
    return found, missing


def measure(bench, command, env, cpu):
    """CPU and wall microseconds a call, KiB of the process."""
    lines, (_, _, kib) = bench.run(command, env, cpu)
    return *lines[0], kib


def compare(bench, title, ours, its):
    with tools.Server(bench, cpu=its) as server:
        found, missing = kinds(bench, server.port)
        seen = tools.rounds({
            name: functools.partial(measure, bench, *what, ours)
            for name, what in found.items()}, bench.rounds)
        more = server.stop()[0] - len(found) * bench.rounds
    print(f"  {title}; medians of {bench.rounds} rounds of {CALLS} calls "
          "(boto3 300, JavaScript 1000):")
    tools.table(seen, [("CPU", "us"), ("wall", "us")], BESIDE, missing)
    if more:
        print(f"  peers opened {more} connections beside their first ones")
    return seen


def hold(bench, seen, key, kind, beside):
    value = tools.ratio(seen, kind, beside)
    bench.limit(key, value if value is not None
                else f"no {kind if kind not in seen else beside}")


def tail(bench, ours, its):
    def times():
        lines, _ = bench.run([bench.ours("driver"), server.port, CALLS,
                              f"{bench.certs}/ca.pem", "times"], cpu=ours)
        return lines[1][2] / lines[1][0], *lines[1]

    with tools.Server(bench, cpu=its) as server:
        seen = tools.rounds({OURS: times}, bench.rounds)[OURS]
    print(f"  spread of a call: p99 / p50 {seen[0].median:.2f} "
          f"({seen[0].spread()}); p50 {seen[1].median:.1f}, p90 "
          f"{seen[2].median:.1f}, p99 {seen[3].median:.1f} us")
    bench.limit("two/tail", seen[0].median)


def run(bench):
    first, *more = bench.cpus
    one = compare(bench, "one processor", first, first)
    hold(bench, one, "one/dynamic", OURS, SIGNED)
    hold(bench, one, "one/static", STATIC, SIGNED)
    hold(bench, one, "one/libcurl", OURS, "libcurl, aws_sigv4")
    hold(bench, one, "one/jansson", JSON, "libcurl + jansson")
    hold(bench, one, "one/go", JSON, "AWS SDK for Go v2")
    hold(bench, one, "one/boto3", JSON, "boto3")
    if not more:
        raise tools.Missing("this machine has one processor, and not two")
    two = compare(bench, "two processors", first, more[0])
    hold(bench, two, "two/dynamic", OURS, RAW)
    hold(bench, two, "two/static", STATIC, RAW)
    hold(bench, two, "two/boto3", JSON, "boto3")
    tail(bench, first, more[0])
