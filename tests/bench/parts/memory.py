"""peak memory of one process that makes one call

The answer has 2 KB or 150 KB, by TLS.  The pages of files (the program, and
libraries) are as many as the kernel maps around those that are used, up to the
whole of them; they are counted at its end.  Linux keeps 32 pages a processor
back from the count that a peak is taken of: on two it is known to 0.25 MiB.
"""
import tools

SIZES = {"2 KB": 0, "150 KB": 150_000}


def run(bench):
    programs = {"dynamic": str(bench.build / "headcount")}
    try:
        programs["static"] = bench.static_program()
    except tools.Missing as why:
        print(f"  static: not measured: {why}")
        for size in SIZES:
            bench.limit(f"memory/static-{size.split()[0]}", str(why))
    for size, least in SIZES.items():
        with tools.Server(bench, "-a", least) as server:
            for kind, program in programs.items():
                def peak(*files, program=program):
                    _, (_, _, kib) = bench.run(
                        [program, "call", "ecs", "describe-services",
                         tools.BODY], bench.env(server.port), peak=files)
                    return [kib / 1024]
                seen = tools.rounds({kind: peak}, 5)[kind][0]
                print(f"  {kind:8} answer of {size:7} {seen.median:6.2f} MiB "
                      f"({seen.spread()}), {peak('-f')[0]:.2f} of it pages of "
                      "files")
                bench.limit(f"memory/{kind}-{size.split()[0]}", seen.median)
