"""run.py BUILD ROUNDS [PART...] - runs the parts of the bench, or those that
are named; `list` names them.  Each file in parts/ is one: its docstring says
what it measures, and run() measures it.  At the end stands what was held
against limits.tsv."""
import importlib
import os
import pathlib
import platform
import sys
import traceback

import tools

# What the table of limits begins with comes first.
ORDER = ["work", "warm", "count", "cold", "memory", "size", "reconnect",
         "paced", "reconcile", "lambda", "growth"]


def parts():
    names = [p.stem for p in (tools.HERE / "parts").glob("[a-z]*.py")]
    return sorted(names, key=lambda n: (ORDER.index(n) if n in ORDER
                                        else len(ORDER), n))


def load(name):
    return importlib.import_module(f"parts.{name}")


def machine():
    model = [line.partition(":")[2].strip()
             for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines()
             if line.startswith(("model name", "CPU part"))]
    return (f"{model[0] if model else platform.machine()}, "
            f"{len(os.sched_getaffinity(0))} processors, Linux "
            f"{platform.release()}")


def head(name, part):
    title = " ".join(part.__doc__.partition("\n\n")[0].split())
    print(f"\n== {name}: {title}\n   make bench B={name}; {machine()}; "
          f"{tools.stamp()}; load {os.getloadavg()[0]:.1f}", flush=True)


def main(build, count, *wanted):
    if wanted == ("list",):
        for name in parts():
            doc = load(name).__doc__.partition("\n\n")[0]
            print(f"{name:10} {' '.join(doc.split())}")
        return 0
    strange = set(wanted) - set(parts())
    if strange:
        print(f"bench: there is no part {', '.join(sorted(strange))}; B=list "
              "names them")
        return 2
    bench = tools.Bench(build, int(count))
    failed = []
    with bench.left:
        for name in wanted or parts():
            part = load(name)
            head(name, part)
            try:
                part.run(bench)
            except tools.Missing as why:
                print(f"  not measured: {why}")
            except Exception as why:         # the other parts still run
                traceback.print_exc(file=sys.stdout)
                print(f"  FAILED: {why}")
                failed.append(name)
            sys.stdout.flush()
    print(f"\n{machine()}; {tools.stamp()}", end="")
    tools.print_limits(bench.measured, everything=not wanted)
    if failed:
        print(f"bench: failed: {', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.path.insert(0, str(tools.HERE))
    os.chdir(tools.TOP)
    sys.exit(main(*sys.argv[1:]))
