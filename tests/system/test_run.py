"""tests/run and tests/tap.sh: what a unit program owes is counted."""
import importlib.machinery
import importlib.util
import os
import subprocess

import pytest

from conftest import TOP

SOURCE = """
#include "t.h"
#include <stdlib.h>
#include <unistd.h>
TEST(one, is_good) { CHECK(true); }
TEST(two, does_it) { %s; }
TEST(three, is_good) { CHECK(true); }
"""


@pytest.fixture(scope="module")
def runner():
    loader = importlib.machinery.SourceFileLoader(
        "runner", str(TOP / "tests" / "run"))
    spec = importlib.util.spec_from_loader("runner", loader)
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


def program(tmp_path, body):
    source = tmp_path / "x_test.c"
    source.write_text(SOURCE % body)
    build = TOP / "build"
    subprocess.run(
        [*(build / "flags").read_text().split(), "-w", "-Itests", "-o",
         tmp_path / "x_test", source, build / "obj/tests/t.o",
         build / "libheadcount.a", "-lcmocka"], cwd=TOP, check=True)
    return tmp_path / "x_test"


def tap(runner, path, **env):
    done = subprocess.run(["sh", TOP / "tests/tap.sh", path],
                          env={**os.environ, **env}, text=True,
                          stdout=subprocess.PIPE, timeout=60, check=False)
    return done, runner.read_tap(f"{path}.tap")


def test_a_test_that_fails(runner, tmp_path):
    done, said = tap(runner, program(tmp_path, "CHECK_INT(3, 4)"))
    assert done.returncode == 1 and "3 is 3, not 4" in done.stdout
    assert said == (2, ["two: does_it"], [], [])


def test_a_test_that_is_skipped(runner, tmp_path):
    done, said = tap(runner, program(tmp_path, "skip()"))
    assert done.returncode == 0
    assert said == (2, [], ["two: does_it"], [])


@pytest.mark.parametrize("body, limit", [
    ("abort()", "60"), ("_exit(0)", "60"), ("pause()", "1")])
def test_a_program_that_stops_half_way(runner, tmp_path, body, limit):
    done, said = tap(runner, program(tmp_path, body), TAP_LIMIT=limit)
    assert said == (1, ["a test that was never reached"] * 2, [], [])
    assert (done.returncode == 124) == (body == "pause()")


def test_a_program_that_is_not_there(runner, tmp_path):
    _, said = tap(runner, tmp_path / "x_test")
    assert said[:2] == (0, ["it ran no test"])
    assert runner.read_tap(tmp_path / "y.tap")[:2] == (0, ["it ran no test"])


def test_an_end_that_is_bad_behind_good_tests(runner, tmp_path):
    path = tmp_path / "x.tap"
    path.write_text("1..1\nok 1 - one\n# ok - x\n# exit status 99\n")
    assert runner.read_tap(path)[:2] == (1, ["exit status 99"])


def test_a_skip_that_nobody_allowed(runner, monkeypatch, capsys):
    monkeypatch.setattr(runner, "CI", True)
    tally = runner.Tally()
    tally.add("unit", 2, [], ["x: two"], 0)
    assert tally.close() == 1
    assert capsys.readouterr().out.endswith(
        "2 passed, 1 failed, 0 skipped\n")


def test_the_last_line_is_the_sum(runner, monkeypatch, capsys):
    monkeypatch.setattr(runner, "CI", False)
    tally = runner.Tally()
    tally.add("unit", 2, [], ["x: two"], 0)
    tally.add("lint", 3, ["words"], [], 0)
    assert tally.close() == 1
    assert capsys.readouterr().out.splitlines()[-1] == \
        "5 passed, 1 failed, 1 skipped"
