"""The Makefile: what it prints, what it runs under -n, how one test is run."""
import json
import os
import shlex
import subprocess

import pytest

from conftest import TOP

ENV = {k: v for k, v in os.environ.items()
       if k not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "V", "T", "A")}


def make(*args, **env):
    return subprocess.run(["make", *map(str, args)], cwd=TOP, text=True,
                          env={**ENV, **env}, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=300, check=False)


def test_n_creates_no_file_and_starts_no_program(tmp_path):
    """Whatever make would run goes through its SHELL: this one writes down
    what it was asked for."""
    shell = tmp_path / "shell"
    asked = tmp_path / "asked"
    shell.write_text(f'#!/bin/sh\necho "$@" >>{asked}\nexec /bin/sh "$@"\n')
    shell.chmod(0o755)
    build = tmp_path / "build"
    goals = ["all", "deps", "test", "check", "san", "cover", "mutants", "demo",
             "bench", "bench-peers", "static", "lambda", "tidy", "dist",
             "deb", "image", "bare", "install", "install-strip",
             "install-lua", "uninstall", "uninstall-lua", "clean", "help",
             "t", "T=plan"]
    done = make("-n", f"BUILD={build}", f"SHELL={shell}", *goals)
    assert done.returncode == 0, done.stdout
    assert "tests/run test" in done.stdout
    assert not asked.exists(), asked.read_text()
    assert not build.exists()


def test_the_shell_of_the_test_above_is_asked(tmp_path):
    shell = tmp_path / "shell"
    asked = tmp_path / "asked"
    shell.write_text(f'#!/bin/sh\necho "$@" >>{asked}\nexec /bin/sh "$@"\n')
    shell.chmod(0o755)
    assert make(f"SHELL={shell}", "help").returncode == 0
    assert "Makefile" in asked.read_text()


def test_a_line_says_what_is_made_and_v_shows_the_command(tmp_path):
    what = f"{tmp_path}/obj/core/base/str.o"
    done = make(f"BUILD={tmp_path}", what)
    assert done.stdout == "CC core/base/str.c\n"
    (tmp_path / "obj/core/base/str.o").unlink()
    done = make(f"BUILD={tmp_path}", "V=1", what)
    assert f"-c -o {what} core/base/str.c" in done.stdout
    (tmp_path / "obj/core/base/str.o").unlink()
    assert make("-s", f"BUILD={tmp_path}", what).stdout == ""


def test_the_version_is_the_header_s(tmp_path):
    version = (TOP / "core/headcount.h").read_text().split(
        'HEADCOUNT_VERSION "')[1].split('"')[0]
    done = make("-n", f"BUILD={tmp_path}", "dist")
    assert f"dist.sh 'headcount-{version}'" in done.stdout


def test_every_source_has_its_command_for_an_editor(tmp_path):
    commands = tmp_path / "compile_commands.json"
    done = make(f"BUILD={tmp_path}", 'CPPFLAGS=-DSAID="a"', commands)
    assert done.returncode == 0, done.stdout
    rows = {row["file"]: row for row in json.loads(commands.read_text())}
    sources = [str(p.relative_to(TOP)) for room in ("core", "bindings")
               for p in (TOP / room).rglob("*.c")
               if "packaging" not in p.parts]    # static.sh compiles that
    assert set(sources) <= set(rows)
    assert "tests/t.c" in rows
    for name in ("core/base/str.c", "bindings/lua/module.c", "tests/t.c"):
        row = rows[name]
        words = shlex.split(row["command"])
        assert words[-2:] == ["-c", name]
        subprocess.run([*words[:-2], "-w", "-fsyntax-only", name],
                       cwd=row["directory"], check=True)


@pytest.mark.parametrize("name", [
    "hold", "plan/hold", "hold_test", "tests/plan/hold_test.c"])
def test_one_program_is_found_by_any_form_of_its_name(name, tmp_path):
    done = make("-n", f"BUILD={tmp_path}", "t", f"T={name}")
    assert f"LINK {tmp_path}/tests/plan/hold_test\n" in done.stdout
    assert done.stdout.count("LINK ") == 1


def test_a_folder_is_all_its_programs(tmp_path):
    done = make("-n", f"BUILD={tmp_path}", "t", "T=wire")
    programs = list((TOP / "tests/wire").glob("*_test.c"))
    assert done.stdout.count(f"LINK {tmp_path}/tests/wire/") == len(programs)


def test_one_test_of_a_program_runs_alone():
    done = make("t", "T=base/str", "A=str: ")
    assert done.returncode == 0, done.stdout
    whole = done.stdout.count("[ RUN ")
    one = done.stdout.split("[ RUN      ] ")[1].splitlines()[0]
    done = make("t", "T=base/str", f"A={one}")
    assert 0 < done.stdout.count("[ RUN ") < whole


@pytest.mark.parametrize("name", ["", "T=nonesuch"])
def test_a_program_that_is_not_there_names_those_that_are(name, tmp_path):
    done = make(f"BUILD={tmp_path}", "t", *filter(None, [name]))
    assert done.returncode == 2
    assert "plan/hold" in done.stdout and "worlds" in done.stdout
