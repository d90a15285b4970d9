"""figures.py BUILD [write] - figures of README.md that no bill and no picture
has: the static program from its start to its first answer, its peak of memory,
and its size.  `write` writes them there, and what `make demo` prints."""
import os
import re
import subprocess
import sys

import readme
import tools
from parts import cold

ROUNDS = 40
STATIC = ("x86_64", "aarch64")


def measure(bench):
    """{row of README's table: its figure}."""
    program = bench.static_program()
    its = bench.cpus[-1]
    with tools.Server(bench, "-n", cpu=its) as server:
        seen = tools.rounds(
            {"call": lambda: cold.measure(bench, cold.call(program),
                                          bench.env(server.port))}, ROUNDS)
    wall, _, kib = seen["call"]
    sizes = [os.path.getsize(bench.build / "static" / f"headcount-{arch}")
             for arch in STATIC]
    return {
        "The program starts, makes a TLS connection, and has its first answer":
            f"{wall.median:.1f} ms",
        "Peak memory of such a run": f"{kib.median / 1024:.1f} MiB",
        "The static program, which needs nothing on its host":
            " and ".join(f"{size / 1e6:.2f} MB ({arch})"
                         for size, arch in zip(sizes, STATIC)),
    }


def demo():
    """The plan and the event of the story, with its waterfall."""
    done = subprocess.run(["make", "-s", "demo"], cwd=tools.TOP, check=True,
                          text=True, stdout=subprocess.PIPE,
                          env={**os.environ, "NO_COLOR": "1"})
    story = re.search(r"^2\. .*?(?=^4\. )", done.stdout, re.S | re.M)[0]
    return "```\n" + re.sub(r"[ \t]+$", "", story, flags=re.M).strip() \
        + "\n```\n"


def main(build, *rest):
    bench = tools.Bench(build, ROUNDS)
    with bench.left:
        cells = measure(bench)
    for row, value in cells.items():
        print(f"{row}: {value}")
    if rest == ("write",):
        readme.write_cells(cells)
        readme.write_part("demo", demo())


if __name__ == "__main__":
    sys.path.insert(0, str(tools.HERE))
    os.chdir(tools.TOP)
    main(*sys.argv[1:])
