"""size of the static programs, and of one that only makes calls

`make static` makes them; `make size` shows each folder's part.
"""
import os

import tools

BEFORE = 1010208                     # bytes for x86_64, as limits.tsv says


def run(bench):
    for arch in ("x86_64", "aarch64"):
        path = bench.build / "static" / f"headcount-{arch}"
        if not path.exists():
            why = f"no {path}: run make static"
            print(f"  {arch}: not measured: {why}")
            bench.limit(f"size/{arch}", why)
            continue
        n = os.path.getsize(path)
        print(f"  headcount-{arch}: {n} bytes, {n / 1024:.0f} KiB")
        bench.limit(f"size/{arch}", n / 1024)
        if arch == "x86_64":
            bench.limit("size/growth", (n - BEFORE) / 1024)
    n = os.path.getsize(bench.static("driver"))
    print(f"  driver.c, which makes calls and has no Lua, linked the same way: "
          f"{n} bytes, {n / 1024:.0f} KiB")
    bench.limit("size/client", n / 1024)
