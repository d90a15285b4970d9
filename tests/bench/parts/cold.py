"""a process from its start to its first answer

TLS with a full handshake, one signed DescribeServices, the answer printed or
parsed.  Wall and CPU time are of the whole process.  Peers read the roots of a
machine, 146 of them, as they do for AWS; headcount has AWS's built in, and
reads here two of the test instead.
"""
import functools
import pathlib

import peers
import tools

ROOTS = pathlib.Path("/etc/ssl/certs/ca-certificates.crt")
FLOOR, STATIC, BESIDE_PEERS = "floor, static", "headcount, static", \
    "headcount, static, by peers"
BESIDE = [(FLOOR, "static floor"), (STATIC, "headcount st.")]


def roots_of_a_machine(bench):
    """The roots of this machine, then the test's own two."""
    path = bench.work / "bundle.pem"
    try:
        roots = ROOTS.read_text().split("-----END CERTIFICATE-----\n")[:-1]
    except OSError as why:
        raise tools.Missing(f"the roots of a machine: {why}") from why
    text = "".join(r + "-----END CERTIFICATE-----\n" for r in roots[:144])
    path.write_text(text + (bench.certs / "ca.pem").read_text())
    if len(roots) < 144:
        print(f"  this machine has {len(roots)} roots, and not 144")
    return str(path)


def call(program):
    return [program, "call", "ecs", "describe-services", tools.BODY]


def kinds(bench, port, plain):
    ec, found = f"{bench.certs}/ec-ca.pem", {}
    bundle = {"AWS_CA_BUNDLE": roots_of_a_machine(bench)}
    for title, of_floor, program in (
            (", static", bench.static, bench.static_program),
            ("", bench.program, lambda: str(bench.build / "headcount"))):
        found[f"floor{title}"] = ([of_floor("floor"), port, 0, ec, "sign"],
                                  None)
        found[f"headcount{title}"] = (call(program()), bench.env(port))
        found[f"headcount{title}, 146 roots"] = (
            call(program()), {**bench.env(port), **bundle})
    found["static, http"] = (call(bench.static_program()),
                             bench.env(plain, ca=None))
    found["static, http, 146 roots"] = (
        call(bench.static_program()),
        {**bench.env(plain, ca=None), **bundle})
    return found


def measure(bench, command, env, check=None):
    lines, (wall, cpu, kib) = bench.run(command, env, bench.cpus[0])
    if check:
        check(lines)
    return wall, cpu, kib


def run(bench):
    its = bench.cpus[-1]
    with tools.Server(bench, "-n", cpu=its) as server, \
            tools.Server(bench, tls=False, cpu=its) as plain:
        all_kinds = {name: functools.partial(measure, bench, *what)
                     for name, what in kinds(bench, server.port,
                                             plain.port).items()}
        seen = tools.rounds(all_kinds, 4 * bench.rounds)
        missing, found, roots = [], {}, roots_of_a_machine(bench)
        for peer in (*peers.all_peers(), peers.aws_cli()):
            if peer.why:
                missing.append((peer.name, peer.why))
                continue
            for title, ca in (("", roots), (", 2 roots", "ca.pem")):
                if ca == roots or "Go" in peer.name or "libcurl," in peer.name:
                    found[peer.name + title] = functools.partial(
                        measure, bench, peer.command(0),
                        peers.env(bench, server.port, ca), peers.said)
        # A slow peer in each round would leave the caches cold for the next.
        seen.update(tools.rounds({BESIDE_PEERS: all_kinds[STATIC], **found},
                                 max(3, bench.rounds // 2)))
    print(f"  wall time is compared; medians of {4 * bench.rounds} rounds, of "
          f"peers {max(3, bench.rounds // 2)}:")
    tools.table(seen, [("wall", "ms"), ("CPU", "ms"), ("peak", "KiB")], BESIDE,
                missing)
    for key, kind, beside in (
            ("cold/floor", STATIC, FLOOR),
            ("cold/boto3", BESIDE_PEERS, "boto3"),
            ("cold/libcurl", BESIDE_PEERS, "libcurl, aws_sigv4"),
            ("cold/go", BESIDE_PEERS, "AWS SDK for Go v2"),
            ("cold/bundle", "static, http, 146 roots", "static, http")):
        value = tools.ratio(seen, kind, beside)
        bench.limit(key, value if value is not None else f"no {beside}")
