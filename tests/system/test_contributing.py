"""What CONTRIBUTING.md names is there: paths, symbols, targets of make."""
import datetime
import re
import subprocess
from pathlib import Path

TOP = Path(__file__).parents[2]
TEXT = (TOP / "CONTRIBUTING.md").read_text()


def section(title):
    return re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", TEXT,
                     re.S | re.M)[1]


def code_of(path):
    return re.sub(r"/\*.*?\*/", "", (TOP / path).read_text(), flags=re.S)


def source():
    return "\n".join(code_of(p) for folder in ("core", "bindings")
                     for p in sorted((TOP / folder).rglob("*.[ch]")))


def test_each_path_is_there():
    paths = set(re.findall(r"(?<![\w/.-])((?:core|bindings|tests|lua|examples)"
                           r"/[\w./-]*\w/?)", TEXT))
    assert len(paths) > 40
    for path in paths:
        assert (TOP / path).exists(), path
    for name in re.findall(r"`([A-Z]+\.md)`", TEXT):
        assert (TOP / name).exists(), name


def test_each_symbol_is_there():
    words = set(re.findall(r"\b((?:hc|headcount|op)_[a-z0-9_]+[a-z0-9])\b",
                           re.sub(r"[\w./-]+\.(?:c|h|py|1)\b", "", TEXT)))
    words |= set(re.findall(r"`(?:(?:enum|struct) )?([a-zA-Z]+_\w+)`",
                            section("Where do I change ...")))
    code = source()
    assert len(words) > 15
    for word in words:
        assert re.search(rf"\b{word}\b", code), word


def test_each_step_of_an_event_is_in_the_file_that_it_names():
    steps = re.findall(r"^ +([a-z]+_\w+) +([\w/]+\.c): ",
                       section("The way of one event"), re.M)
    assert len(steps) > 10
    for symbol, path in steps:
        assert re.search(rf"\b{symbol}\b", code_of(path)), (symbol, path)


def test_each_target_of_make_is_there():
    names = set(re.findall(r"make ([a-z-]+)\b", TEXT)) - {"a"}
    makefile = (TOP / "Makefile").read_text()
    assert len(names) > 8
    for name in names:
        assert re.search(rf"^{name}:", makefile, re.M), name


def test_the_map_has_every_folder():
    rows = set(re.findall(r"^    ((?:core|bindings)/\w+)/ ",
                          section("The map"), re.M))
    folders = {str(p.relative_to(TOP)) for top in ("core", "bindings")
               for p in (TOP / top).iterdir() if p.is_dir()}
    assert folders - rows <= {"bindings/packaging"}
    assert rows <= folders


def test_each_question_has_one_line():
    asked = [line for line in section("Where do I change ...").splitlines()
             if line]
    assert all(line.startswith("- **") for line in asked)
    text = "\n".join(asked)
    for word in ("rule", "hold", "fact", "verb", "option",
                 "credential provider", "event wrapper", "AWS service",
                 "column of the report", "timeout"):
        assert re.search(rf"^- \*\*.*{word}.*\?\*\*", text, re.M), word


def test_the_example_of_one_test_runs():
    done = subprocess.run(["make", "-n", "t", "T=plan/hold"], cwd=TOP,
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_day_of_the_version_is_not_older_than_its_changes():
    """By it a wrong clock is told from a certificate that expired."""
    day = re.search(r'#define HEADCOUNT_VERSION_DAY "(\d{4}-\d\d-\d\d)"',
                    (TOP / "core/headcount.h").read_text())[1]
    datetime.date.fromisoformat(day)
    released = re.findall(r"^## .*?(\d{4}-\d\d-\d\d)",
                          (TOP / "CHANGELOG.md").read_text(), re.M)
    assert day >= max(released, default=day)
    # A clock that is right must not be called wrong.
    last = subprocess.run(["git", "log", "-1", "--format=%cs"], cwd=TOP,
                          capture_output=True, text=True, check=False).stdout
    assert last.strip() == "" or day <= last.strip()
