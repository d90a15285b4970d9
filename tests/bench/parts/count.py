"""instructions and system calls of a warm call

Both are counted at two numbers of calls, so that start and handshake fall out.
Instructions are those of gate.sh, which is part of `make test`: of valgrind,
which has no instructions for hashes, so that hardware does not decide.  Where
the machine has counters, perf's stand beside them.
"""
import re
import shutil
import subprocess

import tools

FEW, MANY = 100, 1100


def gate(bench):
    if not shutil.which("valgrind"):
        bench.limit("count/instructions", "no valgrind: run make deps")
        return
    done = subprocess.run(["sh", "tests/bench/gate.sh"], check=False,
                          env={**bench.env(), "BUILD": str(bench.build)},
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True)
    print("".join(f"  {line}\n" for line in done.stdout.splitlines()), end="")
    found = re.search(r"(\d+) instructions a call, the signed floor (\d+)",
                      done.stdout)
    if not found:
        raise RuntimeError("gate.sh counted nothing")
    bench.limit("count/instructions", int(found[1]) / int(found[2]))


def counted(words, command, n, env, reads):
    done = subprocess.run([*words, *map(str, command(n))], env=env,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                          text=True, check=True)
    return reads(done.stderr)


def a_call(words, command, env, reads):
    few, many = (counted(words, command, n, env, reads) for n in (FEW, MANY))
    if few is None or many is None:
        return None
    each = {name: (many[name] - few.get(name, 0)) / (MANY - FEW)
            for name in many}
    return {name: n for name, n in each.items() if n > 0.004}


def of_strace(text):
    """{name: calls} of strace -c."""
    rows = re.findall(r"^ *[\d.]+ +[\d.]+ +\d+ +(\d+)(?: +\d+)? +(\w+)$", text,
                      re.M)
    return {name: int(n) for n, name in rows if name != "total"}


def of_perf(text):
    found = re.search(r"^(\d+);[^;]*;(instructions\S*)", text, re.M)
    return {"instructions": int(found[1])} if found else None


def programs(bench, port):
    """(name, command of a number of calls, environment)."""
    ca, ec = f"{bench.certs}/ca.pem", f"{bench.certs}/ec-ca.pem"
    yield "floor, signed", lambda n: [bench.program("floor"), port, n, ec,
                                      "sign"], bench.env()
    yield "headcount", lambda n: [bench.ours("driver"), port, n, ca], \
        bench.env()
    try:
        driver, program = bench.static("driver"), bench.static_program()
    except tools.Missing as why:
        print(f"  headcount, static: not measured: {why}")
        bench.limit("count/calls-static", str(why))
        return
    yield "headcount, static", lambda n: [driver, port, n, ca], bench.env()
    yield "static program, Lua's calls", lambda n: [
        program, "run", tools.HERE / "calls.lua", n], bench.env(port)


def run(bench):
    gate(bench)
    if not shutil.which("strace"):
        raise tools.Missing("there is no strace: run make bench-peers")
    perf = ["perf", "stat", "-x;", "-e", "instructions:u"]
    counters = shutil.which("perf") and counted(
        perf, lambda n: ["true"], 0, None, of_perf)
    keys = {"headcount": "count/calls",
            "headcount, static": "count/calls-static"}
    with tools.Server(bench) as server:
        for name, command, env in programs(bench, server.port):
            calls = a_call(["strace", "-c", "-f"], command, env, of_strace)
            shown = ", ".join(f"{n:.2f} {what}" for what, n in calls.items())
            print(f"  {name:29}{sum(calls.values()):6.2f} system calls a call:"
                  f" {shown}")
            if name in keys:             # one in 16 asks for random bytes
                bench.limit(keys[name], round(sum(calls.values())))
            n = a_call(perf, command, env, of_perf) if counters else None
            if n:
                print(f"  {'':29}{n['instructions']:.0f} instructions in user "
                      "mode (perf)")
    if not counters:
        print("  perf: no counter of instructions here")
