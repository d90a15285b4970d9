"""Parts of README.md and of the pages beside it that a target writes: cells of
the table of figures, and what stands between two marks."""
import pathlib
import re

TOP = pathlib.Path(__file__).resolve().parents[2]
README = TOP / "README.md"


def write_cells(cells):
    """{first cell of a row of the figures: the second one}."""
    text = README.read_text()
    for row, value in cells.items():
        text, n = re.subn(rf"^(\| {re.escape(row)} \|)[^|\n]*\|",
                          lambda m, value=value: f"{m[1]} {value} |", text,
                          flags=re.M)
        assert n == 1, f"README.md has {n} rows {row!r}"
    README.write_text(text)


def write_part(name, part, path=README):
    """What stands between <!-- name: ... --> and <!-- end of name -->."""
    text, n = re.subn(
        rf"(<!-- {name}:[^\n]*-->\n).*?(<!-- end of {name} -->)",
        lambda m: m[1] + part + m[2], path.read_text(), flags=re.S)
    assert n == 1, f"{path.name} has {n} parts {name!r}"
    path.write_text(text)
