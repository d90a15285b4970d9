#!/usr/bin/env python3
"""format.py - 80 columns, no tabs, no white space at the end, a newline at the
end of the file, /* */ comments only; a line that coverage skips says why.
"""
import os
import re
import subprocess
import sys

ROOMS = ("core", "bindings", "tests", "examples")
ENDS = (".c", ".h", ".sh", ".py")


def files():
    for room in ROOMS:
        for folder, _, names in os.walk(room):
            yield from (os.path.join(folder, n) for n in names
                        if n.endswith(ENDS))
    yield from ("tests/run", ".ci/run")


def slashes(paths):
    """Lines of C with a // comment, by the text without strings."""
    text = subprocess.run(
        ["awk", "-v", "NAMES=1", "-f", "tests/lint/strip.awk", *paths],
        capture_output=True, text=True, errors="replace", check=True).stdout
    return [line.split(": ", 1)[0] for line in text.splitlines()
            if "//" in line.split(": ", 1)[1]]


def check(path):
    with open(path, "rb") as f:
        data = f.read()
    if data and not data.endswith(b"\n"):
        yield f"{path}: no newline at the end"
    for number, line in enumerate(
            data.decode("utf-8", "replace").split("\n"), 1):
        where = f"{path}:{number}"
        if len(line) > 80:
            yield f"{where}: {len(line)} columns"
        if "\t" in line:
            yield f"{where}: a tab"
        if line != line.rstrip():
            yield f"{where}: white space at the end"
        if path.startswith(ROOMS[:2]) and re.search(r"COVR?_EXCL", line) \
                and not re.search(r"_EXCL_(STOP|END)|_EXCL_[A-Z_]+: [a-z]",
                                  line):
            yield f"{where}: coverage skips it for no reason that is named"


def main():
    paths = sorted(set(files()))
    bad = [what for path in paths for what in check(path)]
    bad += [f"{where}: a // comment"
            for where in slashes([p for p in paths if p.endswith((".c",
                                                                  ".h"))])]
    print("\n".join(bad), end="\n" if bad else "")
    return len(bad) > 0


if __name__ == "__main__":
    sys.exit(main())
