"""What is released: the archive of `make dist`, Debian's files, the image."""
import hashlib
import os
import re
import subprocess

import pytest

from conftest import TOP
from test_make import ENV

DEBIAN = TOP / "bindings" / "packaging" / "debian"
IMAGE = TOP / "bindings" / "packaging" / "image" / "Containerfile"
HEADER = (TOP / "core/headcount.h").read_text()
VERSION = re.search(r'HEADCOUNT_VERSION "(.*)"', HEADER)[1]
NAME = f"headcount-{VERSION}"


def clone(folder, umask, *settings):
    """What git has, as another user of another day would have it."""
    old = os.umask(umask)
    try:
        subprocess.run(["git", "clone", "-q", "--no-hardlinks", TOP, folder],
                       check=True)
        for setting in settings:
            subprocess.run(["git", "config", *setting], cwd=folder,
                           check=True)
        done = subprocess.run(
            ["make", "-s", "dist"], cwd=folder, text=True, check=False,
            env={**ENV, "TZ": f"UTC{umask}"}, capture_output=True)
    finally:
        os.umask(old)
    assert done.returncode == 0, done.stderr
    return folder / "build" / "dist", done.stdout


@pytest.fixture(scope="module")
def dist(tmp_path_factory):
    return clone(tmp_path_factory.mktemp("first") / "a", 0o022)


def test_two_clones_give_the_same_bytes(dist, tmp_path):
    other = tmp_path / "a longer name"
    folder, _ = clone(other, 0o077, ("core.autocrlf", "true"),
                      ("tar.umask", "0"), ("core.abbrev", "5"))
    for name in (f"{NAME}.tar.gz", "SHA256SUMS"):
        assert (folder / name).read_bytes() == \
            (dist[0] / name).read_bytes(), name


def test_the_sums_are_those_of_all_files(dist):
    rows = dict(reversed(line.split("  ")) for line in
                (dist[0] / "SHA256SUMS").read_text().splitlines())
    assert set(rows) == {p.name for p in dist[0].iterdir()} - {"SHA256SUMS"}
    for name, sum_ in rows.items():
        assert hashlib.sha256(
            (dist[0] / name).read_bytes()).hexdigest() == sum_


def test_an_archive_tells_its_commit_and_makes_no_archive(dist, tmp_path):
    subprocess.run(["tar", "-xf", dist[0] / f"{NAME}.tar.gz", "-C", tmp_path],
                   check=True)
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=TOP, check=True,
                          capture_output=True, text=True).stdout
    tree = tmp_path / NAME
    assert (tree / "bindings/packaging/commit").read_text() == head
    done = subprocess.run(["make", "-s", "dist"], cwd=tree, env=ENV,
                          capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "run it in a clone" in done.stderr
    assert not (tree / "build/dist").exists()


def test_a_program_of_another_commit_stays_out(dist):
    """And one of this commit comes along, with its zip file."""
    top = dist[0].parents[1]
    static = top / "build" / "static"
    static.mkdir()
    commit = subprocess.run(["git", "rev-parse", "HEAD"], cwd=top, check=True,
                            capture_output=True, text=True).stdout[:12]
    arch = static / "headcount-aarch64"

    def files(content):
        arch.write_text(content)
        done = subprocess.run(["make", "-s", "dist"], cwd=top, env=ENV,
                              text=True, capture_output=True, check=True)
        return done.stdout, sorted(p.name for p in dist[0].iterdir())

    plain = [f"{NAME}.tar.gz", "SHA256SUMS"]
    for content in (f"{commit} and changes", "0123456789ab"):
        out, names = files(content)
        assert "is left out" in out and sorted(plain) == names
    out, names = files(f"commit {commit}")
    assert sorted([*plain, f"{NAME}-linux-aarch64",
                   f"{NAME}-lambda-arm64.zip"]) == names


# ---- Debian ----

def test_debian_has_the_version_of_the_header():
    first = (DEBIAN / "changelog").read_text().splitlines()[0]
    assert first.startswith(f"headcount ({VERSION}-")


def test_the_symbols_are_those_of_the_library():
    lines = (DEBIAN / "libheadcount0.symbols").read_text().splitlines()
    assert lines[0] == "libheadcount.so.0 libheadcount0 #MINVER#"
    shown = subprocess.run(
        ["nm", "-D", "--defined-only", TOP / "build/libheadcount.so"],
        check=True, capture_output=True, text=True).stdout
    names = re.findall(r" T (headcount_\w+)", shown)
    assert [line.split("@")[0].strip() for line in lines[1:]] == sorted(names)


def test_each_section_of_the_pages_is_packaged():
    listed = (DEBIAN / "headcount.install").read_text()
    sections = set(re.search(r"man\[(\d+)\]", listed)[1]) | {"3"}
    assert {p.suffix[1:] for p in
            (TOP / "bindings/cli/man").iterdir()} <= sections


# ---- the image ----

def test_the_image_has_the_binary_its_licences_and_no_root():
    rows = [line for line in IMAGE.read_text().splitlines()
            if line and line[0] != "#"]
    assert rows[0] == "FROM scratch"
    assert [row for row in rows if row.startswith("COPY")] == [
        "COPY --chmod=755 ${BINARY} /headcount",
        "COPY --chmod=644 LICENSE NOTICE /"]
    for same in ("USER 65534:65534", 'ENTRYPOINT ["/headcount"]'):
        assert same in rows
        assert same in (TOP / "examples/ecs/Dockerfile").read_text()
