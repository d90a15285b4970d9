"""bindings/cli/completion: made of what `help` says; each shell completes."""
import subprocess
import sys

import pytest
from conftest import PROGRAM, TOP

FOLDER = TOP / "bindings" / "cli" / "completion"
FILES = ("headcount.bash", "_headcount", "headcount.fish")


def test_the_files_are_what_the_program_says(tmp_path):
    """`python3 bindings/packaging/completion.py build/headcount
    bindings/cli/completion` makes them anew."""
    subprocess.run([sys.executable, TOP / "bindings" / "packaging" /
                    "completion.py", PROGRAM, tmp_path], check=True)
    for name in FILES:
        assert (FOLDER / name).read_text() == (tmp_path / name).read_text()


def bash(line, home):
    script = f"""
        source {FOLDER}/headcount.bash
        COMP_WORDS=({line})
        COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
        _headcount && printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    return subprocess.run(["bash", "-c", script], cwd=home, text=True,
                          capture_output=True, check=True).stdout.split()


# The shell's own functions, which print what they are given.
STUBS = """
    compadd() { shift; print -l -- ${(M)@:#$PREFIX*} }
    _describe() { print -l -- ${(M)${(P)2}:#$PREFIX*} }
    _files() { print -l -- ${PREFIX}*(N) }
"""


def zsh(line, home):
    script = f"""
        {STUBS}
        words=({line})
        CURRENT=$#words PREFIX=$words[-1]
        source {FOLDER}/_headcount
    """
    out = subprocess.run(["zsh", "-f", "-c", script], cwd=home, text=True,
                         capture_output=True, check=True).stdout
    return [row.partition(":")[0] for row in out.splitlines() if row]


def fish(line, home):
    typed = line.replace(" ''", " ")
    script = (f"source {FOLDER}/headcount.fish; "
              f"complete -C \"{typed}\"")
    out = subprocess.run(["fish", "--no-config", "-c", script], cwd=home,
                         text=True, capture_output=True, check=True).stdout
    return [row.partition("\t")[0] for row in out.splitlines()]


@pytest.mark.parametrize("shell", [bash, zsh, fish],
                         ids=["bash", "zsh", "fish"])
@pytest.mark.parametrize("line, expected", [
    ("headcount pl", {"plan"}),
    ("headcount help lat", {"latency"}),
    ("headcount plan --dry", {"--dry-run"}),
    ("headcount watch --drop", {"--drop-foreign"}),
    ("headcount plan prod --hosts a", {"active"}),
    ("headcount plan --color ''", {"auto", "always", "never"}),
    ("headcount plan --snapshot pol", {"policy.lua"}),
    ("headcount plan --policy pol", {"policy.lua"}),
    ("headcount undo pol", {"policy.lua"}),
    ("headcount plan --svg", set()),             # an option of latency
])
def test_it_completes(shell, line, expected, tmp_path):
    (tmp_path / "policy.lua").write_text("")
    (tmp_path / "other").write_text("")
    assert set(shell(line, tmp_path)) == expected
