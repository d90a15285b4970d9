"""The bench's own arithmetic, its table of limits, and what it does without a
peer.  The bench itself is `make bench`, and no test."""
import re
import subprocess
import sys
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
BENCH = TOP / "tests" / "bench"
sys.path.insert(0, str(BENCH))

import run                                              # noqa: E402
import same_work                                        # noqa: E402
import tools                                            # noqa: E402


def points(cost, numbers=(1, 10, 50, 100, 500, 1000)):
    return [(n, cost(n)) for n in numbers]


@pytest.mark.parametrize("cost,exponent", [
    (lambda n: 3.0 * n, 1.0), (lambda n: 5000 + 3.0 * n, 1.0),
    (lambda n: 7.0 * n * n, 2.0)])
def test_the_exponent_is_of_what_grows(cost, exponent):
    assert tools.fit(points(cost)) == pytest.approx(exponent, abs=0.05)


def test_without_growth_there_is_no_exponent():
    assert tools.fit(points(lambda n: 4.0)) is None


def test_each_limit_is_measured_by_a_part_and_each_measured_one_is_there():
    rows = [row for row in tools.limits()]
    keys = {row[0] for row in rows}
    assert len(keys) == len(rows) and all(len(row) == 6 for row in rows)
    assert {int(row[1]) for row in rows} == set(range(1, 15))
    parts = "".join(p.read_text() for p in (BENCH / "parts").glob("*.py"))
    made = set(re.findall(r'"([a-z]+/[a-z0-9_-]+)"', parts)) & keys
    for front, ends in re.findall(r'f"([a-z]+/)\{|f"([a-z]+)/\{', parts):
        made |= {k for k in keys if k.startswith(front or f"{ends}/")}
    assert made == keys


@pytest.mark.parametrize("value,must,aim,said", [
    (1.2, "1.5", "1.2", "met, aim too"), (1.4, "1.5", "1.2", "met"),
    (1.6, "1.5", "1.2", "MISSED"), (0.02, "1/35", "", "met"),
    (0.03, "1/35", "", "MISSED"), ("no boto3", "1/35", "", "not measured")])
def test_a_limit_is_met_or_missed(value, must, aim, said):
    assert tools.verdict(value, must, aim) == said


def seen(**changes):
    given = {"suite": "c02b", "answer": 1892, "token": "t" * 356,
             "cluster": "prod", **changes}
    return same_work.Seen(given["suite"], given["answer"], (
        "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Amz-Target: A.B\r\n"
        f"X-Amz-Security-Token: {given['token']}\r\nAuthorization: "
        "AWS4-HMAC-SHA256 Credential=k/20251009/us-east-1/ecs/aws4_request, "
        "SignedHeaders=host;x-amz-security-token, Signature=0\r\n\r\n"
        '{"cluster":"%s"}' % given["cluster"]))


@pytest.mark.parametrize("change", [
    {"suite": "cca8"}, {"answer": 1891}, {"token": "u" * 356}, {"token": ""},
    {"cluster": "test"}])
def test_other_work_is_found(change):
    names = ["floor", "boto3"]
    assert same_work.judge([seen(), seen()], names, False) is None
    assert same_work.judge([seen(), seen(**change)], names, False)


def test_parts_have_names_without_the_peers_of_the_tests():
    listed = subprocess.run([sys.executable, "-I", "-S", "-c",
                             f"import sys; sys.path.insert(0, {str(BENCH)!r});"
                             "import run; run.main('build', '1', 'list')"],
                            capture_output=True, text=True, check=False)
    assert listed.returncode == 0, listed.stderr
    names = [line.split()[0] for line in listed.stdout.splitlines()]
    assert {"work", "warm", "cold", "growth"} <= set(names)


@pytest.mark.parametrize("words", [["B=nosuch"], ["B=warm nosuch"],
                                   ["B=list warm"], ["B=list"]])
def test_nothing_is_built_where_no_part_is_run(words, tmp_path):
    done = subprocess.run(["make", f"BUILD={tmp_path}/build", "bench", *words],
                          cwd=TOP, capture_output=True, text=True, check=False)
    assert not (tmp_path / "build").exists()
    assert (done.returncode == 0) == (words == ["B=list"]), done.stderr
    assert words == ["B=list"] or "there is no part" in done.stdout


def test_rounds_that_are_no_number_are_refused():
    for rounds in ("0", "-1", "many", ""):
        assert run.main("build", rounds, "warm") == 2


@pytest.mark.parametrize("error,why", [
    (tools.Missing("no such tool"), "no such tool"),
    (OSError("gone"), "its part failed")])
def test_rows_say_why_they_have_no_number(error, why, monkeypatch, tmp_path):
    class Part:
        @staticmethod
        def run(bench):
            bench.limit("one/static", 1.25)
            raise error
    monkeypatch.setitem(sys.modules, "parts.warm", Part)
    bench = tools.Bench(tmp_path, 1)
    with bench.left:
        assert run.run("warm", bench) == (why != "its part failed")
    assert bench.measured["one/static"] == 1.25
    assert bench.measured["two/tail"] == why
    assert "cold/floor" not in bench.measured


def test_a_peer_that_cannot_be_had_is_told(tmp_path, monkeypatch):
    import peers
    monkeypatch.setattr(tools, "TOP", tmp_path)
    (tmp_path / "build" / "peers").mkdir(parents=True)
    (tmp_path / "build" / "peers" / "missing").write_text(
        "Rust: cannot be had: there is no cargo\n")
    why = {peer.name: peer.why for peer in peers.all_peers()}
    assert why["AWS SDK for Rust"] == "Rust: cannot be had: there is no cargo"
    assert why["boto3"].endswith("run make bench-peers")
