#!/usr/bin/env python3
"""lambda_zip.py BUILD POLICY ARCH... - BUILD/lambda/headcount-ARCH.zip.

The program of BUILD/static as bootstrap, its licences, and the file POLICY
(unless it is empty) as policy.lua: the same bytes each time.  Architectures are
given as the linker calls them and named as Lambda does.
"""
import os
import pathlib
import sys
import zipfile

LAMBDA_SAYS = {"x86_64": "x86_64", "aarch64": "arm64"}
HERE = pathlib.Path(__file__).resolve().parent


def add(archive, name, path, mode):
    entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    entry.create_system = 3                         # unix: the mode counts
    entry.external_attr = (0o100000 | mode) << 16
    entry.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(entry, path.read_bytes(), compresslevel=9)


def write(build, policy, arch):
    path = build / "lambda" / f"headcount-{LAMBDA_SAYS[arch]}.zip"
    path.parent.mkdir(exist_ok=True)
    new = path.with_suffix(".new")
    with zipfile.ZipFile(new, "w") as archive:
        add(archive, "bootstrap", build / "static" / f"headcount-{arch}",
            0o755)
        if policy:
            add(archive, "policy.lua", pathlib.Path(policy), 0o644)
        add(archive, "LICENSE", HERE.parents[1] / "LICENSE", 0o644)
        add(archive, "NOTICE", HERE / "NOTICE", 0o644)
    os.replace(new, path)
    print(f"{path}: {path.stat().st_size} bytes")


def main():
    build, policy, *archs = sys.argv[1:]
    if policy and not os.path.isfile(policy):
        sys.exit(f"lambda: POLICY={policy}: there is no such file")
    for arch in archs:
        write(pathlib.Path(build), policy, arch)
    if not policy:
        print("lambda: the zip has no policy; the function then needs "
              "HEADCOUNT_POLICY=tags, or rules of yours:\n"
              "  make lambda POLICY=FILE, and "
              "HEADCOUNT_POLICY=/var/task/policy.lua in its environment",
              file=sys.stderr)


main()
