#!/usr/bin/env python3
"""peers.py - every file of tests/peers says in its head which tests use it
("Used by: ...": paths under tests/, "*" and folders allowed) and why moto does
not do ("Instead of moto: ...").  A .c file leaves both to its header.
"""
import fnmatch
import glob
import os
import re
import sys


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def head_of(text):
    """The first comment or docstring, as one line."""
    text = re.sub(r"\A#!.*\n", "", text)
    found = re.match(r'/\*(.*?)\*/|"""(.*?)"""|((?:(?:#|//).*\n)+)', text,
                     re.S)
    head = next((g for g in found.groups() if g), "") if found else ""
    head = re.sub(r"^(#|//| \*) ?", "", head, flags=re.M)
    return re.sub(r"\s+", " ", head)


def users_of(name):
    """Files of tests/ that include, import or run it."""
    stem, ext = os.path.splitext(name)
    word = {".h": rf'#include "peers/{stem}\.h"',
            ".py": rf"^\s*(import|from) {stem}\b",
            }.get(ext, rf"\b{stem}\{ext}\b")
    users = []
    for path in glob.glob("tests/**/*", recursive=True):
        if os.path.isdir(path) or "/corpus/" in path or \
                not path.endswith((".c", ".h", ".py", ".sh", "/run")) or \
                path == f"tests/peers/{name}" or "/lint/" in path:
            continue
        if path.startswith(f"tests/peers/{stem}"):
            continue                     # its own parts
        if re.search(word, read(path), re.M):
            users.append(path)
    return users


def check(path):
    name = os.path.basename(path)
    stem, ext = os.path.splitext(name)
    if ext == ".c" and (os.path.exists(f"tests/peers/{stem}.h") or
                        os.path.exists("tests/peers/"
                                       f"{stem.rsplit('_', 1)[0]}.h")):
        return
    head = head_of(read(path))
    if not re.search(r"Instead of moto: \w", head):
        yield "does not say why moto does not do (Instead of moto: ...)"
    said = re.search(r"Used by: (.*?)\.(?: |$)", head)
    if not said:
        yield "does not say who uses it (Used by: ...)"
        return
    named = [f"tests/{n}*" if n.endswith("/") else f"tests/{n}"
             for n in re.split(r",? and |, ", said.group(1))]
    users = users_of(name)
    for pattern in named:
        if not fnmatch.filter(users, pattern):
            yield f"is not used by {pattern}"
    for user in users:
        if not any(fnmatch.fnmatch(user, p) for p in named):
            yield f"does not say that {user} uses it"


def main():
    bad = [f"{path}: {why}" for path in sorted(glob.glob("tests/peers/*"))
           if os.path.isfile(path) for why in check(path)]
    print("\n".join(bad), end="\n" if bad else "")
    return len(bad) > 0


if __name__ == "__main__":
    sys.exit(main())
