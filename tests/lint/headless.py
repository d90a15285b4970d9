#!/usr/bin/env python3
"""headless.py - no sentence of a comment in core or bindings begins with a
clause that has no subject (Who, What, Whose, Those that, Of ...).  Questions,
and headings that end in a colon, are left alone.
"""
import re
import sys

from comments import comments, files

HEAD = re.compile(r"(?:Who|Whom|Whose|What|Whatever|Whoever|Whichever|Which|"
                  r"That which|Those|Of)\b")


def sentences(text):
    """(offset, sentence): cut behind . ? ! : and at empty lines."""
    for part in re.finditer(r"(?:(?!\n\s*\n).)+", text, re.S):
        for found in re.finditer(r"\S.*?(?:[.?!](?=\s|$)|$(?!\n)|\Z)",
                                 part.group(), re.S):
            yield part.start() + found.start(), found.group()


def main():
    bad = []
    for path in files("core", "bindings"):
        for line, text in comments(path):
            for at, sentence in sentences(text):
                whole = re.sub(r"\s+", " ", sentence).strip(" -")
                if HEAD.match(whole) and not whole.endswith(("?", ":")):
                    bad.append(f"{path}:{line + text.count(chr(10), 0, at)}: "
                               f"{whole[:70]}")
    print("\n".join(bad), end="\n" if bad else "")
    return len(bad) > 0


if __name__ == "__main__":
    sys.exit(main())
