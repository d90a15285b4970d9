"""`make install` and its kind: what they leave, and that all of it goes."""
import os
import pathlib
import subprocess

import pytest

from conftest import TOP
from test_make import ENV

GOALS = [("install", "uninstall"), ("install-lua", "uninstall-lua")]


@pytest.fixture
def commands(tmp_path):
    """An ldconfig that searches one folder and keeps its calls, and an id."""
    folder = tmp_path / "bin"
    folder.mkdir()

    def write(name, text):
        (folder / name).write_text(f"#!/bin/sh\n{text}\n")
        (folder / name).chmod(0o755)

    def of(searched, uid):
        write("ldconfig", f'case "$*" in *-N*) echo "{searched}: (from x)" ;;\n'
              f'*) echo "$*" >>{tmp_path}/calls ;; esac')
        write("id", f"echo {uid}")
        return f"{folder}:{os.environ['PATH']}"
    return of


@pytest.fixture
def make(tmp_path):
    def run(*words, **env):
        done = subprocess.run(
            ["make", "-s", f"PREFIX={tmp_path}/p",
             *map(str, words)], cwd=TOP, text=True,
            env={**ENV, **env}, capture_output=True, timeout=300, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout
    return run


def tree(folder):
    return sorted(str(p) for p in pathlib.Path(folder).rglob("*"))


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_what_is_installed_goes_with_the_folders_made_for_it(make, tmp_path,
                                                             order):
    """Folders of others and files of others stay, full or empty."""
    prefix = tmp_path / "p"
    for name in ("share/man/man3", "lib/lua"):
        (prefix / name).mkdir(parents=True)
    (prefix / "share/man/man3/other.3").write_text("of others")
    before = tree(prefix)
    for goal, _ in GOALS:
        make(goal)
    make("install")
    assert len(tree(prefix)) > 60
    for at in order:
        make(GOALS[at][1])
    assert tree(prefix) == before


def test_nothing_stays_of_a_prefix_that_was_not_there(make, tmp_path):
    for goal, _ in GOALS:
        make(goal)
    for _, goal in GOALS:
        make(goal)
    assert not (tmp_path / "p").exists()


def test_a_file_that_this_tree_does_not_have_goes_too(make, tmp_path):
    """An older release may have had another page."""
    make("install")
    old = tmp_path / "p/share/man/man1/old.1"
    old.write_text("")
    with open(tmp_path / "p/share/headcount/installed", "a",
              encoding="utf-8") as record:
        record.write(f"f\t{old}\n")
    make("install")
    make("uninstall")
    assert not (tmp_path / "p").exists()


def test_a_destdir_has_no_record_and_is_emptied(make, tmp_path):
    root = tmp_path / "tree"
    for goal, _ in GOALS:
        make(goal, f"DESTDIR={root}")
    assert len(tree(root)) > 60
    assert not [p for p in tree(root) if "/share/headcount" in p]
    for _, goal in GOALS:
        make(goal, f"DESTDIR={root}")
    assert tree(root) == []


def test_modes_are_the_same_under_any_umask(make, tmp_path):
    old = os.umask(0o077)
    try:
        make("install", "install-lua")
    finally:
        os.umask(old)
    for path in (tmp_path / "p").rglob("*"):
        if not path.is_symlink():
            mode = oct(path.stat().st_mode & 0o777)
            runs = path.name == "core.so" or path.parent.name == "bin"
            assert mode == ("0o755" if path.is_dir() or runs
                            else "0o644"), path


def test_ldconfig_runs_where_the_loader_searches(make, tmp_path, commands):
    path = commands(f"{tmp_path}/p/lib", 0)
    assert "ldconfig ran: the loader finds" in make("install", PATH=path)
    assert (tmp_path / "calls").read_text() == "\n"
    make("uninstall", PATH=path)
    assert (tmp_path / "calls").read_text() == "\n\n"


@pytest.mark.parametrize("searched, uid, said", [
    ("/usr/lib", 0, "set LD_LIBRARY_PATH={0}"),
    ("{0}", 1000, "as root: ldconfig"),
    ("{0}x", 0, "set LD_LIBRARY_PATH={0}")])
def test_where_ldconfig_does_not_run_it_says_what_to_do(
        make, tmp_path, commands, searched, uid, said):
    lib = f"{tmp_path}/p/lib"
    out = make("install", PATH=commands(searched.format(lib), uid))
    assert said.format(lib) in out
    assert not (tmp_path / "calls").exists()


def test_ldconfig_does_not_run_under_destdir(make, tmp_path, commands):
    out = make("install", f"DESTDIR={tmp_path}/tree",
               PATH=commands(f"{tmp_path}/p/lib", 0))
    assert "ldconfig did not run" in out
    assert not (tmp_path / "calls").exists()


def test_a_line_a_folder(make):
    out = make("install")
    assert len(out.splitlines()) < 16
    assert "/bin: headcount\n" in out and "/man/man3: " in out


def test_install_strip_has_no_symbols_left_and_runs(make, tmp_path):
    make("install-strip")
    program = tmp_path / "p/bin/headcount"
    assert program.stat().st_size < \
        (TOP / "build/headcount").stat().st_size / 2
    said = subprocess.run([program, "version"], capture_output=True,
                          text=True, check=True).stdout
    assert said.startswith("headcount ")
    shown = subprocess.run(
        ["nm", "-D", "--defined-only", tmp_path / "p/lib/libheadcount.so"],
        check=True, capture_output=True, text=True).stdout
    assert " T headcount_wait" in shown
    (tmp_path / "t.c").write_text(
        "#include <headcount.h>\n"
        "int main(void) { return headcount_version() == NULL; }\n")
    env = {**os.environ, "PKG_CONFIG_PATH": f"{tmp_path}/p/lib/pkgconfig"}
    flags = subprocess.run(
        ["pkg-config", "--cflags", "--libs", "headcount"], env=env,
        capture_output=True, text=True, check=True).stdout.split()
    subprocess.run(["cc", "-o", tmp_path / "t", tmp_path / "t.c", *flags],
                   check=True)
    subprocess.run([tmp_path / "t"], check=True, env={
        **env, "LD_LIBRARY_PATH": f"{tmp_path}/p/lib"})
