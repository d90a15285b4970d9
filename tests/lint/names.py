#!/usr/bin/env python3
"""names.py - a comment of core or bindings that names a function, a type or a
file names one that exists: words like hc_foo and headcount_foo, name() and
file.c.  A name may end in "..." or "*" for a family.
"""
import os
import re
import subprocess
import sys

from comments import code, comments, files

# Functions and files of others that our code does not use itself.
OTHERS = {"fork", "malloc", "select", "getaddrinfo", "res_send", "exec",
          "main"}
WORD = re.compile(r"(?<![\w/.-])(?:hc|headcount)_\w+(?:\.\.\.|\*)?"
                  r"|(?<![\w/.-])[a-z]\w*(?=\(\))"
                  r"|(?<![\w.-])[\w/]*\w\.(?:c|h|py|sh)\b(?!\.| =)")


def known():
    words = set(OTHERS)
    for path in files("core", "bindings", "tests"):
        words |= set(re.findall(r"\w+", code(path)))
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"],
                            capture_output=True, text=True, check=False)
    paths = set(listed.stdout.split("\n"))
    for path in files("core", "bindings", "tests"):
        paths |= set(re.findall(r'#include [<"]([^>"]+)', code(path)))
    return words, paths


def exists(word, words, paths):
    if re.search(r"\.(c|h|py|sh)$", word):
        return any(path == word or path.endswith("/" + word)
                   for path in paths) or "/" in word and any(
                       os.path.splitext(path)[0].endswith(
                           "/" + os.path.splitext(word)[0])
                       for path in paths)
    stem = word.rstrip("*.").rstrip("_")
    if stem != word:
        return any(w.startswith(stem) for w in words)
    return word in words


def main():
    words, paths = known()
    bad = []
    for path in files("core", "bindings"):
        for line, text in comments(path):
            for found in WORD.finditer(text):
                if not exists(found.group(), words, paths):
                    at = line + text.count("\n", 0, found.start())
                    bad.append(f"{path}:{at}: there is no {found.group()}")
    print("\n".join(bad), end="\n" if bad else "")
    return len(bad) > 0


if __name__ == "__main__":
    sys.exit(main())
