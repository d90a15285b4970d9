#!/usr/bin/env python3
"""tests/mutants.py [--check | --third | -k WORDS | FILE...] - does a test see a
broken line?

Without a file it takes the breaks of tests/breaks.py one by one: each encodes a
rule of safety, and a test has to fail.  -k takes only those with these words in
their claim, --third every third; --check only looks whether each of them still
finds its line.

With files it derives the breaks from their functions: an operator, a constant,
a condition turned round, a statement dropped.  Then it prints the survivors and
the score.  FILE:58,61 takes only those of these lines.  MOST=N takes at most N
of a file, spread over it; TESTS= names more programs to run where those of the
folder pass, as "reconcile/second worlds".

A break costs one compilation and one link: the broken object is put in front of
the archives of build/, and the test that mirrors the file runs.  When that test
passes, the others of its folder run until one fails.
"""
import concurrent.futures
import functools
import glob
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
JOBS = int(os.environ.get("JOBS") or os.cpu_count() or 2)
MAKE = os.environ.get("MAKE", "make").split()
TREES = "build/breaks"
# Programs that no single file mirrors, and that take long.
LONG = ("worlds", "placement_worlds", "schedules", "op/op_sweep_find")


# ---- text ----

def blank(text):
    """The same text with comments, strings and directives blanked."""
    def spaces(found):
        return re.sub(r"[^\n]", " ", found.group())
    return re.sub(r'/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\''
                  r"|^[ \t]*#(?:\\\n|[^\n])*", spaces, text,
                  flags=re.S | re.M)


def functions(text):
    """(name, begin, end) of each function that is defined in it."""
    plain = blank(text)
    for found in re.finditer(r"^(?![\s{}]).*?^\{$.*?^\}$", plain,
                             re.S | re.M):
        # What stands before the head is no part of it.
        head_end = found.group().index("\n{")
        head = found.group()[:head_end]
        begin = max(head.rfind(";\n"), head.rfind("}\n"), head.rfind("\n\n"))
        name = re.search(r"(\w+)\s*\(", head[begin + 1:])
        if name:
            yield (name.group(1), found.start() + begin + 1, found.end())


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


# ---- breaks ----

class Break:
    def __init__(self, what, path, text, tests=()):
        self.what, self.path, self.text = what, path, text
        self.tests = list(tests) or mirrors(path)


def places(where):
    """[(file, text, begin, end)] of a function, or of a folder's files."""
    if where.endswith("/"):
        return [(path, text, 0, len(text)) for path, text in texts().items()
                if path.startswith(where)]
    return [(path, text, begin, end) for path, text in texts().items()
            if where in text for name, begin, end in functions(text)
            if name == where]


@functools.lru_cache(None)
def texts():
    return {path: read(path) for path in sorted(
        glob.glob("core/**/*.c", recursive=True) +
        glob.glob("bindings/**/*.c", recursive=True))}


def named_breaks():
    """(those of tests/breaks.py, what is wrong with the others)."""
    from breaks import BREAKS
    good, bad = [], []
    for what, where, old, new, *tests in BREAKS:
        hits = [(path, text, begin + at.start(), begin + at.end())
                for path, text, begin, end in places(where)
                for at in re.finditer(old, text[begin:end])]
        if len(hits) != 1:
            bad.append(f"{what}: {len(hits)} places in {where} match {old}")
            continue
        path, text, begin, end = hits[0]
        good.append(Break(what, path, text[:begin] + new + text[end:], tests))
    return good, bad


def condition_end(plain, at):
    """Behind the parenthesis that closes the one at `at`."""
    depth = 0
    for i in range(at, len(plain)):
        depth += (plain[i] == "(") - (plain[i] == ")")
        if depth == 0:
            return i + 1
    return len(plain)


SWAPS = [(r" == ", " != "), (r" != ", " == "), (r" <= ", " < "),
         (r" >= ", " > "), (r" < ", " <= "), (r" > ", " >= "),
         (r" && ", " || "), (r" \|\| ", " && "),
         (r"(?<=[^\n]) && *(?=\n)", " ||"), (r"(?<=[^\n]) \|\| *(?=\n)", " &&"),
         (r" \+ ", " - "), (r" - ", " + "), (r" \+= ", " -= "),
         (r" -= ", " += "), (r"\btrue\b", "false"), (r"\bfalse\b", "true"),
         (r"\bcontinue;", "break;")]
STATEMENT = re.compile(r"^[ ]+(?!return\b|case\b|goto\b)(?:\(void\))?"
                       r"(?:\*?[\w.>\[\]-]+ [+|&-]?= |[\w.>-]+\(|"
                       r"[\w.>\[\]-]+(?:\+\+|--);)[^;{}]*;$", re.M)


def derived_from(body, plain):
    """(what, begin, end, new) of all breaks in one function."""
    for old, new in SWAPS:
        for at in re.finditer(old, plain):
            yield f"{at.group().strip()} is {new.strip()}", *at.span(), new
    # Not the size of a local array.
    for at in re.finditer(r"(?<![\w.])(?<!\w\[)\d+(?![\w.])", plain):
        new = "0" if at.group() == "1" else str(int(at.group()) + 1)
        yield f"{at.group()} is {new}", *at.span(), new
    for at in re.finditer(r"\b(?:if|while) \(", plain):
        end = condition_end(plain, at.end() - 1)
        inner = body[at.end():end - 1]
        yield f"not {inner}", at.end(), end - 1, f"!({inner})"
    for at in STATEMENT.finditer(plain):
        text = body[at.start():at.end()]
        yield f"without {text.strip()}", *at.span(), "    ;"


def derived_breaks(where):
    path, _, lines = where.partition(":")
    text = read(path)
    plain, found = blank(text), []
    for _, begin, end in functions(text):
        begin = text.index("\n{", begin)
        for what, a, b, new in derived_from(text[begin:end],
                                            plain[begin:end]):
            line = text.count("\n", 0, begin + a) + 1
            line += text[begin + a:begin + b].startswith("\n")
            what = re.sub(r"\s+", " ", what)
            found.append((line, f"{path}:{line}: {what[:90]}",
                          text[:begin + a] + new + text[begin + b:]))
    if lines:
        found = [f for f in found if str(f[0]) in lines.split(",")]
    found.sort(key=lambda f: f[0])
    most = int(os.environ.get("MOST") or len(found) or 1)
    step = max(1, -(-len(found) // most))
    tests = mirrors(path) + os.environ.get("TESTS", "").split()
    return [Break(what, path, broken, tests)
            for _, what, broken in found[::step]]


# ---- tests ----

def mirrors(path):
    """The programs that judge a file: its own first, then its folder's, then
    those of the folders above and below."""
    room = re.sub(r"^(core|bindings)/", "", path)[:-2]
    folder = os.path.dirname(room)
    own = [room] if os.path.exists(f"tests/{room}_test.c") else []
    rest, below = [], f"tests/{folder}/*/*_test.c"
    while folder:
        rest += sorted(glob.glob(f"tests/{folder}/*_test.c"))
        folder = os.path.dirname(folder)
    rest = [p[6:-7] for p in rest + sorted(glob.glob(below))]
    if room.startswith("op/"):
        rest += [p[6:-7] for p in sorted(glob.glob("tests/api/*_test.c"))]
    stem = os.path.basename(room).split("_")[0]
    near = [t for t in rest if os.path.basename(t).startswith(stem)]
    tests = own + near + rest
    return [t for t in dict.fromkeys(tests) if t not in LONG]


def finish(command, limit, output=None, **env):
    """Its exit status; a program that does not end in time has failed."""
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output
                             or subprocess.DEVNULL, stderr=subprocess.STDOUT,
                             env={**os.environ, **env}, start_new_session=True)
    try:
        return child.wait(limit)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        return -signal.SIGKILL


def make(*args):
    # The variables of an outer make, none of its flags and job slots.
    _, dashes, variables = os.environ.get("MAKEFLAGS", "").partition("-- ")
    done = subprocess.run([*MAKE, *args], text=True, stdout=subprocess.PIPE,
                          env={**os.environ, "MFLAGS": "",
                               "MAKEFLAGS": dashes + variables}, check=False)
    if done.returncode != 0:
        print(done.stdout)
        sys.exit("mutants: the tree does not build")
    return done.stdout


class Workshop:
    """How a file is compiled and a program linked: as make does both."""

    def __init__(self, tests):
        programs = [f"build/tests/{t}_test" for t in tests]
        make("-s", f"-j{JOBS}", "build/compile_commands.json", *programs)
        self.compile = {row["file"]: shlex.split(row["command"])[:-2]
                        for row in json.loads(
                            read("build/compile_commands.json"))}
        self.link = {}
        self.limits = {}                 # seconds; a break may never end
        commands = make("-n", "V=1", *programs).replace("\\\n", " ")
        for line in commands.splitlines():
            found = re.search(r" -o (build/tests/\S+_test) ", line)
            if found and " -c " not in line:
                self.link[found.group(1)[12:-5]] = shlex.split(line)

    def build(self, tree, path, text):
        """The object of this text, or None."""
        os.makedirs(tree, exist_ok=True)
        name = f"{tree}/{os.path.basename(path)}"
        with open(name, "w", encoding="utf-8") as f:
            f.write(text)
        obj = name[:-2] + ".o"
        done = finish([*self.compile[path], "-w", "-O1", "-g0",
                       "-iquote", os.path.dirname(path), "-c", "-o", obj,
                       name], 120)
        return obj if done == 0 else None

    def join(self, tree, test, path, obj):
        """The program with this object instead of the one of `path`."""
        program = f"{tree}/program"
        own = f"build/obj/{path[:-2]}.o"
        words = [w for w in self.link[test] if w != own]
        at = words.index("-o") + 2
        words[at - 1:at] = [program, obj]
        return program if finish(words, 120) == 0 else None

    def judge(self, number, brk):
        """The test that fails; "" when none does; else why there is no
        verdict."""
        tree = f"{TREES}/{number}"
        obj = self.build(tree, brk.path, brk.text)
        if obj is None:
            return None, "it does not compile"
        if same(obj, f"{TREES}/whole/{brk.path[:-2]}.o"):
            return None, "it is the same program"
        linked = False
        for test in brk.tests:
            program = self.join(tree, test, brk.path, obj)
            if program is None:      # it plays what the file needs, or not it
                continue
            linked = True
            if finish([program], self.limits.get(test, 60),
                      WORLDS="500") != 0:
                return test, ""
        return ("", "") if linked else (None, "no test links it")

    def unbroken(self, test):
        """Its exit status as it is; ten times as long is waited for it when
        something is broken."""
        began = time.monotonic()
        status = finish([f"build/tests/{test}_test"], 120, WORLDS="500")
        self.limits[test] = min(60, 5 + 10 * (time.monotonic() - began))
        return status

    def whole(self, path):
        """Compiled as it is, for what changes nothing."""
        self.build(os.path.dirname(f"{TREES}/whole/{path}"), path, read(path))


def same(a, b):
    with open(a, "rb") as f, open(b, "rb") as g:
        return f.read() == g.read()


def judge_all(breaks):
    """Yields (break, test, why)."""
    tests = sorted({t for b in breaks for t in b.tests})
    shop = Workshop(tests)
    # Tests wait as long as they compute.
    with concurrent.futures.ThreadPoolExecutor(2 * JOBS) as pool:
        list(pool.map(shop.whole, sorted({b.path for b in breaks})))
        first = sorted({b.tests[0] for b in breaks if b.tests})
        for test, status in zip(first, pool.map(shop.unbroken, first)):
            if status != 0:
                sys.exit(f"mutants: {test} fails before anything is broken")
        for brk, verdict in zip(breaks, pool.map(
                shop.judge, range(len(breaks)), breaks)):
            yield brk, *verdict


def hand_list(words="", step=1):
    breaks, bad = named_breaks()
    breaks = [b for b in breaks if words in b.what][::step]
    missed = len(bad)
    for brk, test, why in judge_all(breaks):
        missed += not test
        print(f"{'caught     ' if test else 'NOT CAUGHT '} {brk.what}"
              f"  ({test or why or 'no test fails'})", flush=True)
    for line in bad:
        print(f"NOT CAUGHT  {line}")
    caught = len(breaks) + len(bad) - missed
    print(f"{caught} caught, {missed} not caught")
    return missed > 0 or caught == 0


def score(files):
    caught = survived = 0
    left_out = {}
    for path in files:
        if not os.path.exists(path.partition(":")[0]):
            sys.exit(f"mutants: there is no {path}")
    breaks = [b for path in files for b in derived_breaks(path)]
    for brk, test, why in judge_all(breaks):
        if test is None:
            left_out[why] = left_out.get(why, 0) + 1
        elif test:
            caught += 1
        else:
            survived += 1
            print(f"survived  {brk.what}", flush=True)
    for why, n in sorted(left_out.items()):
        print(f"# {n} left out: {why}")
    total = caught + survived
    print(f"{caught} of {total} breaks caught "
          f"({100 * caught / max(total, 1):.1f} %) in {' '.join(files)}")
    return total == 0


def main():
    os.chdir(ROOT)
    sys.path.insert(0, os.path.join(ROOT, "tests"))
    args = sys.argv[1:]
    if args == ["--check"]:
        _, bad = named_breaks()
        print("\n".join(bad), end="\n" if bad else "")
        sys.exit(len(bad) > 0)
    os.makedirs(TREES, exist_ok=True)
    if args == ["--third"]:
        sys.exit(hand_list(step=3))
    if args[:1] == ["-k"]:
        sys.exit(hand_list(" ".join(args[1:])))
    sys.exit(score(args) if args else hand_list())


if __name__ == "__main__":
    main()
