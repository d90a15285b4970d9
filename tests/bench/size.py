"""size.py BUILD ARCH... - what each folder adds to the static binary: bytes of
code, constants and data that are loaded, from the map of its plain objects, as
they are before the optimizer that links them.  The last line is the file.
"""
import collections
import os
import re
import sys

PIECE = re.compile(r"^ (\.[\w.$-]+)\s+0x[0-9a-f]+\s+0x([0-9a-f]+)\s+(\S.*)$")
LOADED = (".text", ".rodata", ".data", ".init", ".fini", ".tdata", ".got",
          ".eh_frame")


def pieces(path):
    """(section, size, file) of each input section that is in the program."""
    with open(path, encoding="utf-8", errors="replace") as f:
        text = f.read()
    text = text[text.index("Linker script and memory map"):]
    # A long section name has its numbers on the next line.
    text = re.sub(r"^( \.\S+)\n\s+(?=0x)", r"\1 ", text, flags=re.M)
    for line in text.splitlines():
        found = PIECE.match(line)
        if found and found[1].startswith(LOADED):
            yield found[1], int(found[2], 16), found[3]


def room(file):
    for part in ("bearssl", "liblua", "lua_files", "libgcc"):
        if part in file:
            return {"liblua": "Lua", "bearssl": "BearSSL",
                    "lua_files": "lua/"}.get(part, part)
    found = re.search(r"obj/((?:core|bindings)/\w+)", file)
    if found:
        return found[1]
    found = re.search(r"libheadcount\.a\((\w+)\.o\)", file)
    if found:
        return ROOMS.get(found[1], "core")
    return "libc"


def rooms_of_core():
    """Members of the archive have bare names, each of which is used once."""
    return {name[:-2]: os.path.relpath(folder, ".")
            for folder, _, names in os.walk("core") for name in names
            if name.endswith(".c")}


ROOMS = rooms_of_core()


def main():
    build, archs = sys.argv[1], sys.argv[2:]
    tables = []
    for arch in archs:
        sums = collections.Counter()
        for _, size, file in pieces(f"{build}/static/{arch}/by-folder.map"):
            sums[room(file)] += size
        tables.append(sums)
    print(f"{'folder':24}" + "".join(f"{arch:>12}" for arch in archs))
    for name in sorted(set().union(*tables)):
        print(f"{name:24}" + "".join(f"{t[name]:12}" for t in tables))
    print(f"{'loaded':24}" +
          "".join(f"{sum(t.values()):12}" for t in tables))
    print(f"{'file':24}" + "".join(
        f"{os.path.getsize(f'{build}/static/headcount-{a}'):12}"
        for a in archs))


if __name__ == "__main__":
    main()
