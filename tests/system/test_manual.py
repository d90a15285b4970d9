"""The manual pages say what the program does: its options, variables, codes."""
import re
import subprocess

import pytest
from conftest import PROGRAM, TOP

MAN = TOP / "bindings" / "cli" / "man"
PAGES = {p.name: p.read_text() for p in sorted(MAN.iterdir())}
VERBS = re.findall(r"^    X\([A-Z]+, (\w+),",
                   (TOP / "bindings/cli/verbs/verbs_list.h").read_text(), re.M)
# Their pages are headcount(1).
SMALL = {"help", "version"}


def shown(*words):
    return subprocess.run([PROGRAM, *words], check=True, capture_output=True,
                          text=True).stdout


def options_of(text):
    return set(re.findall(r"^  --([a-z-]+)", text, re.M))


def named(text):
    """The options that a page names, in prose and in its commands."""
    names = set()
    for line in re.findall(r"^.*\bFl .*$", text, re.M):
        names |= set(re.findall(r" -([a-z][a-z-]+)", line))
    for line in re.findall(r"^\.Dl .*\bheadcount (?!.* -- ).*$", text, re.M):
        names |= set(re.findall(r" --([a-z][a-z-]+)", line))
    return names


def section(text, title):
    return re.search(rf"^\.Sh {title}\n(.*?)(?=^\.Sh |\Z)", text,
                     re.S | re.M)[1]


def test_each_option_is_described():
    described = [name for page, text in PAGES.items() if page.endswith(".1")
                 for name in re.findall(r"^\.It Fl -([a-z-]+)", text, re.M)]
    assert set(described) == options_of(shown("help", "options"))


@pytest.mark.parametrize("verb", [v for v in VERBS if v not in SMALL])
def test_the_page_of_a_verb_names_its_options_and_no_other(verb):
    options = options_of(shown("help", verb).split("Options:", 1)[-1])
    assert named(section(PAGES[f"headcount-{verb}.1"], "OPTIONS")) >= options
    extra = set(re.findall(r"^\.It Fl -([a-z-]+)",
                           PAGES[f"headcount-{verb}.1"], re.M)) - options
    assert not extra, extra


def test_no_page_names_an_option_that_does_not_exist():
    options = options_of(shown("help", "options"))
    for page, text in PAGES.items():
        assert named(text) <= options | {"option"}, page


@pytest.mark.parametrize("verb", VERBS)
def test_help_names_the_page_of_a_verb(verb):
    page = "headcount" if verb in SMALL else f"headcount-{verb}"
    assert f"{page}(1)" in shown("help", verb)
    assert f"{page}.1" in PAGES
    assert f".Xr {page} 1" in PAGES["headcount.1"] or verb in SMALL
    assert f".It Cm {verb}" in PAGES["headcount.1"]


def test_each_page_that_a_page_names_is_here():
    for page, text in PAGES.items():
        for name, part in re.findall(r"^\.Xr (\S*headcount\S*) (\d)", text,
                                     re.M):
            assert f"{name}.{part}" in PAGES, (page, name)
        for title in re.findall(r"^\.Sx ([A-Z][A-Z ]*[A-Z])", text, re.M):
            assert f".Sh {title}\n" in text, (page, title)


def test_the_variable_of_each_option_has_its_place():
    table = (TOP / "bindings" / "cli" / "options_table.c").read_text()
    ours = re.findall(r'^    \{ "([a-z-]+)", \w+, AT\([^)]*\), true,', table,
                      re.M)
    assert len(ours) > 30
    part = section(PAGES["headcount-config.5"], "ENVIRONMENT")
    of_page = set(re.findall(r"\bHEADCOUNT_[A-Z_]+\b", part))
    for name in ours:
        assert "HEADCOUNT_" + name.upper().replace("-", "_") in of_page, name


def test_help_and_manual_page_name_the_same_exit_codes():
    text = shown("help", "options")
    of_page = set(re.findall(r"^\.It (\d+)$", PAGES["headcount.1"], re.M))
    exits = set(re.findall(r"\b(\d+) [a-z]", text[text.index("Exit:"):]))
    assert of_page == exits


def codes_of_source():
    source = "".join(p.read_text() for p in (
        *(TOP / "core" / "plan").rglob("*.c"),
        *(TOP / "core" / "reconcile").rglob("*.c")))
    holds = source[source.index("} holds[] = {"):]
    codes = set(re.findall(r'^    \{ "([a-z_]+)",', holds[:holds.index("};")],
                           re.M)
                + re.findall(r'p->code = [^;"]*"([a-z_]+)"', source)
                + re.findall(r'HEADCOUNT_(?:FAILED|HELD|SKIPPED),\s+'
                             r'"([a-z_]+)"', source))
    return codes | {"missing", "unsettled"}


def test_the_page_of_holds_names_each_code():
    codes = codes_of_source()
    assert len(codes) == 28, codes
    pages = "".join(PAGES.values())
    for code in codes:
        assert re.search(rf"^\.(?:It )?Li (?:.* )?{code}\b", pages, re.M), code
    holds = (TOP / "core" / "plan" / "hold.c").read_text()
    holds = holds[holds.index("} holds[] = {"):]
    for code in re.findall(r'^    \{ "([a-z_]+)",', holds[:holds.index("};")],
                           re.M):
        assert f".It Li {code}\n" in PAGES["headcount-holds.7"], code


def test_the_policy_page_names_each_switch_of_a_hold():
    table = (TOP / "core" / "plan" / "hold.c").read_text()
    table = table[table.index("} holds[] = {"):]
    fields = re.findall(r"\bALLOW_\w+,\s+\"(\w+)\"",
                        table[:table.index("};")])
    assert len(fields) == 11
    for field in fields:
        assert re.search(rf"[ ,]{field}\b", PAGES["headcount-policy.5"]), field


@pytest.mark.parametrize("page", PAGES)
def test_manual_pages_are_sound(page):
    done = subprocess.run(["mandoc", "-Tlint", "-Wwarning", str(MAN / page)],
                          capture_output=True, text=True, check=False)
    assert done.stdout + done.stderr == ""
    done = subprocess.run(["groff", "-mandoc", "-Tutf8", "-ww", "-z",
                           str(MAN / page)], capture_output=True, text=True,
                          check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    text = subprocess.run(["mandoc", "-Tutf8", str(MAN / page)], check=True,
                          capture_output=True, text=True).stdout
    assert len(text) > 1000
    assert len(PAGES[page].splitlines()) < 600
    if page.endswith((".1", ".7")):
        assert ".Sh EXAMPLES\n" in PAGES[page]
