"""What the parts of the bench share: programs built, servers started, rounds
measured, tables printed, and what is held against limits.tsv."""
import ast
import contextlib
import fractions
import math
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(TOP / "tests" / "peers"))

HOST = "ecs.test.internal"


def constants(*names):
    """Texts of bench.h, as the C preprocessor has them."""
    text = '#include "bench.h"\n' + "".join(f"BENCH_{n}\n" for n in names)
    done = subprocess.run([os.environ.get("CC", "cc").split()[0], "-E", "-P",
                           "-I", HERE, "-"], input=text, text=True, check=True,
                          capture_output=True)
    return [ast.literal_eval(line)
            for line in done.stdout.splitlines()[-len(names):]]


KEY_ID, SECRET, TOKEN, BODY = constants("KEY_ID", "SECRET", "TOKEN", "BODY")
KEYS = {"AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_SESSION_TOKEN": TOKEN}


class Missing(Exception):
    """What is needed is not here; the text says what to do."""


class Server:
    """tests/bench/server.c."""

    def __init__(self, bench, *options, tls=True, cpu=None, seen=None):
        chain = [f"{bench.certs}/ec-chain.pem", f"{bench.certs}/ec-key.pem"]
        words = [bench.program("server"), *map(str, options)]
        if tls:
            words += chain + ([str(seen)] if seen else [])
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE,
                                        text=True, preexec_fn=on(cpu))
        self.port = int(self.process.stdout.readline())

    def stop(self):
        """What it counted: connections, handshakes, requests, writes."""
        self.process.terminate()
        said, _ = self.process.communicate(timeout=30)
        return [int(n) for n in said.split()]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.stop()


def on(cpu):
    """For preexec_fn: the process stays on this processor."""
    return None if cpu is None else lambda: os.sched_setaffinity(0, {cpu})


class Bench:
    def __init__(self, build, rounds):
        self.build = pathlib.Path(build)
        self.folder = self.build / "bench"
        self.certs = self.build / "certs"
        self.rounds = rounds
        self.cpus = sorted(os.sched_getaffinity(0))
        self.measured = {}               # key of limits.tsv: value or a text
        self.built = set()
        self.left = contextlib.ExitStack()
        self.work = pathlib.Path(self.left.enter_context(
            tempfile.TemporaryDirectory()))
        subprocess.run(["sh", "tests/peers/certs.sh", self.certs], check=True)

    def limit(self, key, value):
        """A number, or a text that says why there is none."""
        self.measured[key] = value

    # ---- programs ----

    def shell(self, *words):
        subprocess.run(["sh", "-c", '. tests/bench/common.sh; "$@"', "bench",
                        *map(str, words)], check=True,
                       env={**os.environ, "BUILD": str(self.build)})

    def program(self, name, *libraries):
        """tests/bench/NAME.c, built as the library is."""
        if name not in self.built:
            self.folder.mkdir(exist_ok=True)
            self.shell("build", name, *libraries)
            self.built.add(name)
        return str(self.folder / name)

    def ours(self, name):
        return self.program(name, self.build / "libheadcount.a")

    def peak(self):
        """The smaller the process that forks is, the smaller the peak that
        its child begins with."""
        try:
            return self.static("peak")
        except Missing:
            return self.program("peak")

    def static_program(self):
        path = self.build / "static" / f"headcount-{os.uname().machine}"
        if not path.exists():
            raise Missing("there is no static program: run make static")
        return str(path)

    def static(self, name):
        """tests/bench/NAME.c, linked as the static program is."""
        self.static_program()
        if f"static {name}" not in self.built:
            self.shell("build_static", name)
            self.built.add(f"static {name}")
        return str(self.folder / f"static-{name}")

    def env(self, port=None, ca="ca.pem", **more):
        """Of a peer or the program: nothing of this machine's settings."""
        env = {"PATH": os.environ["PATH"], "HOME": str(self.work),
               "AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1",
               "AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE":
               "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null", **KEYS}
        if port is not None:
            scheme, bundle = ("https", self.certs / ca) if ca else ("http", "")
            env["AWS_ENDPOINT_URL"] = f"{scheme}://127.0.0.1:{port}"
            if bundle:
                env.update(dict.fromkeys(
                    ("AWS_CA_BUNDLE", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS"),
                    str(pathlib.Path(bundle).resolve())))
        return {**env, **more}

    def run(self, command, env=None, cpu=None, stdin=None, peak=()):
        """[[numbers of a line]...] of what it prints, then what peak prints:
        wall ms, CPU ms, KiB.  Lines that are no numbers come as texts."""
        done = subprocess.run([self.peak(), *peak, *map(str, command)],
                              capture_output=True, text=True, input=stdin,
                              env=env or self.env(), preexec_fn=on(cpu),
                              check=False)
        told = done.stderr.splitlines()[-1].split() if done.stderr else []
        if done.returncode or len(told) != 4 or told[3] != "0":
            raise RuntimeError(f"{' '.join(map(str, command))}\n{done.stdout}"
                               f"{done.stderr}")
        return [numbers(line) for line in done.stdout.splitlines()], \
            [float(n) for n in told[:3]]


def numbers(line):
    try:
        return [float(word) for word in line.split()]
    except ValueError:
        return line


# ---- rounds ----

class Seen(list):
    """What the rounds measured of one kind: numbers."""

    @property
    def median(self):
        return statistics.median(self)

    def share(self, nth):
        ordered = sorted(self)
        return ordered[min(len(ordered) - 1, int(len(ordered) * nth))]

    def spread(self):
        return f"{self.share(0.1):.4g}-{self.share(0.9):.4g}"


def rounds(kinds, n):
    """Each kind in turn, n times: {kind: [Seen of its first number, ...]}.
    A kind is a function that returns numbers."""
    seen = {}
    for _ in range(n):
        for name, measure in kinds.items():
            for i, value in enumerate(measure()):
                row = seen.setdefault(name, [])
                if len(row) == i:
                    row.append(Seen())
                row[i].append(value)
    return seen


def ratio(seen, kind, of, column=0):
    """Of medians; None where one of them is not there."""
    if kind not in seen or of not in seen:
        return None
    return seen[kind][column].median / seen[of][column].median


def short(value):
    if value is None:
        return ""
    return f"1/{1 / value:.3g}" if 0 < value < 0.1 else f"{value:.2f}"


def table(seen, columns, beside, missing=()):
    """`columns` are (title, unit); the first is compared with the kinds of
    `beside`."""
    head = "".join(f"{f'{title}, {unit}':>14} {'p10-p90':>15}"
                   for title, unit in columns)
    print(f"  {'':29}{head}" + "".join(f"{f'x {b[1]}':>15}" for b in beside))
    for kind, row in seen.items():
        line = f"  {kind:29}"
        for values in row[:len(columns)]:
            line += f"{values.median:14.5g} {values.spread():>15}"
        line += "".join(f"{short(ratio(seen, kind, b[0])):>15}"
                        for b in beside)
        print(line)
    for kind, why in missing:
        print(f"  {kind:29}  not measured: {why}")


def fit(points):
    """The exponent of y over x, by least squares on logarithms, of what each
    point takes more than the first: what is paid once is no growth."""
    (x0, y0), *rest = points
    logs = [(math.log(x - x0), math.log(y - y0)) for x, y in rest
            if x > x0 and y > y0]
    if len(logs) < 2:
        return None
    mx = statistics.mean(x for x, _ in logs)
    my = statistics.mean(y for _, y in logs)
    return sum((x - mx) * (y - my) for x, y in logs) / \
        sum((x - mx) ** 2 for x, _ in logs)


# ---- the limits ----

def limits():
    for line in (HERE / "limits.tsv").read_text().splitlines():
        if not line.startswith("#"):
            yield line.split("\t")


def told(value, unit):
    if isinstance(value, str):
        return value
    if unit in ("calls", "KiB"):
        return f"{value:.0f}" if value == int(value) else f"{value:.1f}"
    if unit == "x" and value < 0.5:
        return f"1/{1 / value:.1f}"
    return f"{value:.3f}" if unit == "exp" else f"{value:.2f}"


def verdict(value, must, aim):
    if isinstance(value, str):
        return "not measured"
    if value > float(fractions.Fraction(must)) * 1.0001:
        return "MISSED"
    return "met, aim too" if aim and value <= float(fractions.Fraction(aim)) \
        else "met"


def print_limits(measured, everything):
    """Rows that were measured, or every row of limits.tsv."""
    rows = [row for row in limits() if everything or row[0] in measured]
    if not rows:
        return
    strange = set(measured) - {row[0] for row in limits()}
    if strange:
        raise KeyError(f"limits.tsv has no row for {strange}")
    print(f"\n{'row':>3} {'must':>6} {'aim':>5} {'measured':>9}  "
          f"{'':12}  (limits.tsv)")
    for key, row, unit, must, aim, what in rows:
        value = measured.get(key, "its part did not come so far")
        shown = "-" if isinstance(value, str) else told(value, unit)
        why = f": {value}" if isinstance(value, str) else ""
        print(f"{row:>3} {must:>6} {aim:>5} {shown:>9}  "
              f"{verdict(value, must, aim):12}  {what}"
              f"{'' if unit == 'x' else f' ({unit})'}{why}")


def stamp():
    return time.strftime("%Y-%m-%d %H:%M:%S %Z")
