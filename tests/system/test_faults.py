"""Each fault of a connection, of TLS and of the name server, against new and
kept connections: the right answer or the right error, and never a request too
many.  fault_table.py says what is right; FAULTS.md is that table for people."""
import itertools
import json
import os
import re
import shutil
import subprocess

import fault_cells
import fault_table
import faults
import pytest
from conftest import PROGRAM, TOP
from fault_peer import FaultPeer


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    return fault_cells.build(tmp_path_factory.mktemp("calls"))


@pytest.fixture(scope="module")
def ran(program, certs):
    """Each cell once; what a busy machine may have spoilt, once more alone."""
    with FaultPeer(certs) as peer, \
         fault_cells.Calls([program], certs) as calls:
        cells = list(fault_cells.all_cells(faults.FAULTS.values()))
        fault_cells.run_cells(cells, calls, peer)
        for cell in cells:
            if complaint(cell) and not is_twice(cell):
                first = cell.result
                cell.run(calls, peer, patient=True)
                cell.done.wait()
                print(f"again: {cell}: {first.short}, {cell.result.short}")
        return cells


def said_of(cell):
    return fault_table.expected(cell.fault, cell.tls, cell.kept, cell.always,
                                cell.kind)


def is_twice(cell):
    return cell.result.whole > fault_table.most_whole(said_of(cell))


def complaint(cell):
    said = said_of(cell)
    if cell.result.short not in fault_table.allowed(said):
        return f"{cell}: {cell.result.short}, not {said}: {cell.result.text}"
    return None


def test_each_cell_ends_as_the_table_says(ran):
    bad = [c for c in map(complaint, ran) if c]
    print(f"{len(ran)} cells")
    assert not bad, "\n".join(bad)


def test_no_request_is_read_more_often_than_it_may(ran):
    bad = [f"{c}: {c.result.short}, not {said_of(c)}" for c in ran
           if is_twice(c)]
    assert not bad, "\n".join(bad)


def test_an_error_is_one_sentence_with_its_place(ran):
    for cell in ran:
        text = cell.result.text
        if cell.result.code == "OK":
            assert text == ""
            continue
        if cell.result.code != "ESERVICE":
            named = cell.fault.stage in ("dns", "proxy")
            place = fault_cells.NAME if named else "127.0.0.1"
            assert text.count(place) == 1 or cell.fault.stage == "dns", text
            assert "eu-west-1" in text, text
        assert "errno" not in text and "  " not in text, text
        if cell.kind == "write" and cell.result.whole and \
                cell.result.status in (0, 502, 504):
            assert "may have been done" in text, f"{cell}: {text}"


def some_cells(kinds, may_keep):
    """Each fault once for each kind, spoilt always, over TLS and on a kept
    connection where it can be."""
    for fault in faults.FAULTS.values():
        if fault.stage == "route" or fault.name in fault_cells.SLOW:
            continue
        there = [v for v in itertools.product((False, True), repeat=3)
                 if fault_table.exists(fault, *v) and (may_keep or not v[1])]
        for kind in kinds if there else ():
            yield fault_cells.Cell(fault, *max(there), kind)


def run_alone(command, result, certs, cells):
    env = {"PATH": os.environ["PATH"], "AWS_EC2_METADATA_DISABLED": "true",
           "AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
           "AWS_SECRET_ACCESS_KEY": "secret", "HOME": "/nonexistent"}
    with FaultPeer(certs) as peer:
        fault_cells.run_cells(cells, fault_cells.Alone(command, result, env),
                              peer, at_once=8)


def test_lua_meets_the_same(certs):
    def command(url, kind, kept, read, connect, attempt, dns, size):
        return [PROGRAM, "run", TOP / "tests/system/calls.lua", url, kind,
                int(kept), read, connect, attempt, certs / "ca.pem", dns,
                size], ""

    def result(code, out, err):
        assert code == 0, err
        return out.rstrip("\n").split(" ", 1)[1]

    cells = list(some_cells(("read", "write"), True))
    run_alone(command, result, certs, cells)
    # ESERVICE has no status there, and no call has its attempts.
    bad = [f"{cell}: {cell.result.short}, not {said_of(cell)}: "
           f"{cell.result.text}" for cell in cells
           if without_attempts(cell.result.short) not in
           [without_attempts(re.sub(r"-\d+", "-0", s))
            for s in fault_table.allowed(said_of(cell))]]
    assert not bad, "\n".join(bad)


def without_attempts(said):
    return said.split("/")[0]


def test_the_program_meets_the_same(certs):
    def command(url, kind, kept, read, connect, attempt, dns, size):
        body = json.dumps({"cluster": "it", "pad": "x" * size},
                          separators=(",", ":"))
        return [PROGRAM, "call", "ecs", {
            "read": "DescribeServices", "write": "RunTask",
            "safe": "UpdateService"}[kind], "-", "--endpoint-url", url,
            "--ca-bundle", certs / "ca.pem", "--dns-server", dns,
            *(["--retry-writes"] if kind == "safe" else []),
            "--cli-read-timeout", read // 1000,
            "--cli-connect-timeout", connect // 1000], body

    def result(code, out, err):
        said = "OK" if code == 0 else "error"
        return f"{said} 0 0 0 0 0 {'it' in out:d} {err.rstrip()}"

    cells = list(some_cells(("read", "write", "safe"), False))
    run_alone(command, result, certs, cells)
    for cell in cells:
        said = [re.sub(r"^E\S+ ", "error ", without_attempts(s))
                for s in fault_table.allowed(said_of(cell))]
        assert without_attempts(cell.result.short) in said, \
            f"{cell}: {cell.result.short}, not {said}: {cell.result.text}"
        # One line for a person.
        assert "\n" not in cell.result.text, cell.result.text


def test_without_a_route(program, certs):
    """In a network of its own, which has no route but to itself."""
    alone = [shutil.which("unshare") or "unshare", "-rn"]
    if subprocess.run([*alone, "true"], check=False,
                      capture_output=True).returncode != 0:
        pytest.skip("no namespace can be made here (unshare -rn)")
    fault = faults.FAULTS["no-route"]
    with fault_cells.Calls([*alone, program], certs) as calls:
        for kind in ("read", "write", "safe"):
            for scheme in ("http", "https"):
                result = fault_cells.one(calls, f"{scheme}://192.0.2.1", kind)
                assert result.short == fault_table.expected(
                    fault, scheme == "https", False, True, kind)
                assert "192.0.2.1" in result.text


def test_the_page_is_that_of_the_table():
    page = fault_table.page(fault_cells.read_others())
    path = TOP / "FAULTS.md"
    if path.read_text() != page:
        (TOP / "build" / "FAULTS.md").write_text(page)
    assert path.read_text() == page, \
        "FAULTS.md is an old one: cp build/FAULTS.md FAULTS.md"


def test_no_row_of_the_table_lacks_its_fault():
    names = {key.split()[0] for key in fault_table.TABLE}
    assert names == set(faults.FAULTS)
