"""run.py BUILD ROUNDS [PART...] - runs the parts of the bench, or those that
are named; `list` names them.  Each file in parts/ is one: its docstring says
what it measures, and run() measures it.  At the end stands what was held
against limits.tsv."""
import ast
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
# What stands before "/" in the keys of a part's rows, if not its name.
ROWS = {"warm": ("one", "two"), "growth": ("growth", "answers")}


def parts():
    names = [p.stem for p in (tools.HERE / "parts").glob("[a-z]*.py")]
    return sorted(names, key=lambda n: (ORDER.index(n) if n in ORDER
                                        else len(ORDER), n))


def title(name):
    """Of a part, which need not be one that can run here."""
    text = (tools.HERE / "parts" / f"{name}.py").read_text()
    return " ".join(ast.get_docstring(ast.parse(text)).partition("\n\n")[0]
                    .split())


def machine():
    model = [line.partition(":")[2].strip()
             for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines()
             if line.startswith(("model name", "CPU part"))]
    return (f"{model[0] if model else platform.machine()}, "
            f"{len(os.sched_getaffinity(0))} processors, Linux "
            f"{platform.release()}")


def head(name):
    load = os.getloadavg()[0]
    print(f"\n== {name}: {title(name)}\n   make bench B={name}; {machine()}; "
          f"{tools.stamp()}; load {load:.1f}", flush=True)
    return load


def run(name, bench):
    """False: it failed.  Rows that it did not come to say why."""
    why = None
    try:
        importlib.import_module(f"parts.{name}").run(bench)
    except tools.Missing as what:
        why = str(what)
        print(f"  not measured: {why}")
    except Exception as what:                # the other parts still run
        traceback.print_exc(file=sys.stdout)
        why = "its part failed"
        print(f"  FAILED: {what}")
    for key, *_ in tools.limits():
        if why and key.partition("/")[0] in ROWS.get(name, (name,)):
            bench.measured.setdefault(key, why)
    sys.stdout.flush()
    return why != "its part failed"


def main(build, count, *wanted):
    if wanted == ("list",):
        for name in parts():
            print(f"{name:10} {title(name)}")
        return 0
    strange = set(wanted) - set(parts())
    if strange:
        print(f"bench: there is no part {', '.join(sorted(strange))}; B=list "
              "names them")
        return 2
    if not count.isdecimal() or int(count) == 0:
        print(f"bench: ROUNDS={count} is no number of rounds")
        return 2
    bench = tools.Bench(build, int(count))
    failed, load = [], 0
    with bench.left:
        for name in wanted or parts():
            load = max(load, head(name))
            if not run(name, bench):
                failed.append(name)
    print(f"\n{machine()}; {tools.stamp()}", end="")
    tools.print_limits(bench.measured, everything=not wanted)
    if load > len(os.sched_getaffinity(0)) + 1:
        print(f"\nThe load was up to {load:.1f}: times of a clock, and what is "
              "made of them\n(rows 5, 6, 10 and 13), are those of a busy "
              "machine.")
    if failed:
        print(f"bench: failed: {', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.path.insert(0, str(tools.HERE))
    os.chdir(tools.TOP)
    sys.exit(main(*sys.argv[1:]))
