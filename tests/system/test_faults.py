"""Each fault of a connection, of TLS and of the name server, against new and
kept connections: the right answer or the right error, and never a request too
many.  fault_table.py says what is right; FAULTS.md is that table for people."""
import shutil
import subprocess

import fault_cells
import fault_table
import faults
import pytest
from conftest import TOP
from fault_peer import FaultPeer

# Faults whose right end is still to be made.
NOT_YET = {"dns-slow", "tls-alert", "tls-plain", "tls-1.3", "tls-suites",
           "tls-client", "drip", "html-502", "aws-502", "html-504", "aws-504"}


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
            if complaint(cell) and not is_twice(cell) and \
                    cell.fault.name not in NOT_YET:
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
    bad = [c for c in map(complaint, filter(
        lambda cell: cell.fault.name not in NOT_YET, ran)) if c]
    print(f"{len(ran)} cells")
    assert not bad, "\n".join(bad)


def test_no_request_is_read_more_often_than_it_may(ran):
    bad = [f"{c}: {c.result.short}, not {said_of(c)}" for c in ran
           if is_twice(c) and c.fault.name not in NOT_YET]
    assert not bad, "\n".join(bad)


def test_an_error_is_one_sentence_with_its_place(ran):
    for cell in ran:
        text = cell.result.text
        if cell.result.code == "OK":
            assert text == ""
            continue
        if cell.result.code != "ESERVICE":
            place = fault_cells.NAME if cell.fault.stage == "dns" \
                else "127.0.0.1"
            assert text.count(place) == 1 or cell.fault.stage == "dns", text
            assert "eu-west-1" in text, text
        assert "errno" not in text and "  " not in text, text
        if cell.kind == "write" and cell.result.whole and \
                cell.result.status == 0:
            assert "may have been done" in text, f"{cell}: {text}"


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
