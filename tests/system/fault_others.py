"""`make matrix`: curl and Go's net/http meet the faults of test_faults.py, are
printed beside headcount, and their columns of FAULTS.md are written."""
import http.server
import os
import pathlib
import subprocess
import sys
import tempfile
import threading

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from conftest import TOP  # noqa: E402  pylint: disable=wrong-import-position

import fault_cells  # noqa: E402
import fault_table  # noqa: E402
import faults  # noqa: E402
from fault_peer import FaultPeer  # noqa: E402

KINDS = {"curl": ("read",), "go": ("read", "write")}


class Gate(http.server.BaseHTTPRequestHandler):
    """curl asks here between its two requests, and waits for `go`."""

    def do_GET(self):           # pylint: disable=invalid-name
        self.server.owner.at_gate(int(self.path[1:]))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):  # pylint: disable=arguments-differ
        pass


class CurlCalls:
    """curl where fault_cells.Calls is calls.c: a process for each cell."""

    def __init__(self, certs):
        self.certs, self.count = certs, 0
        self.waiting, self.going = {}, {}
        self.gate = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Gate)
        self.gate.owner = self
        threading.Thread(target=self.gate.serve_forever, daemon=True).start()

    def at_gate(self, number):
        self.waiting[number]("warm", "OK")
        self.going[number].wait()

    def say(self, text):
        what, number = text.split()
        if what == "go":
            self.going[int(number)].set()

    def begin(self, url, kind, on_line, kept=False, read=0, connect=0,
              attempt="-", dns="-", proxy="-", size=0):
        self.count += 1
        number = self.count
        self.waiting[number] = on_line
        self.going[number] = threading.Event()
        limits = ["-sS", "--connect-timeout", f"{connect / 1000}",
                  "--max-time", f"{read * 2 / 1000}", "--cacert",
                  str(self.certs / "ca.pem"), "-H", "expect:"]
        if proxy != "-":
            limits += ["-x", proxy]
        elif f"//{fault_cells.NAME}:" in url:
            port = url.rsplit(":", 1)[1]
            limits += ["--resolve",
                       f"{fault_cells.NAME}:{port}:127.0.0.77,127.0.0.1"]
        folder = tempfile.mkdtemp(prefix="curl")
        body = pathlib.Path(folder, "body")
        body.write_text('{"cluster":"%s","pad":"%s"}' % (
            f"c{number}", "x" * size))
        command = ["curl"]
        if kept:
            command += [*limits, "--data", '{"cluster":"warm"}', "-o",
                        f"{folder}/warm", url, "--next", *limits,
                        "--noproxy", "127.0.0.1", "--max-time", "60",
                        f"http://127.0.0.1:{self.gate.server_port}/{number}",
                        "--next"]
        command += [*limits, "--data-binary", f"@{body}", "-o",
                    f"{folder}/answer", "-w",
                    "%{exitcode} %{http_code}", url]
        threading.Thread(target=self.run, args=(command, folder, number),
                         daemon=True).start()
        return number

    def run(self, command, folder, number):
        done = subprocess.run(command, capture_output=True, text=True,
                              check=False)
        exit_code, status = (done.stdout.split() + ["0", "0"])[:2]
        code = "error" if exit_code != "0" else \
            "HTTP" if int(status) >= 400 else "OK"
        answer = pathlib.Path(folder, "answer")
        right = answer.exists() and f'"c{number}"' in answer.read_text(
            errors="replace")
        self.waiting[number]("done", f"{code} {int(status)} 0 0 0 0 "
                             f"{right:d} {' '.join(done.stderr.split())}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.gate.shutdown()


def said_of(result):
    if result.code == "HTTP":
        return f"HTTP {result.status}, {result.whole}"
    if result.code == "error":
        return f"error {result.whole}"
    return f"{'answer' if result.right else 'WRONG ANSWER'} {result.whole}"


def measure(client, calls, certs):
    """{key of read_others: what the client did}"""
    with FaultPeer(certs) as peer, calls:
        cells = [c for c in fault_cells.all_cells(faults.FAULTS.values())
                 if c.kind in KINDS[client] and not (
                     client == "curl" and c.fault.name.startswith("dns-"))]
        fault_cells.run_cells(cells, calls, peer, at_once=40)
        return {(client, c.fault.name, c.tls, c.kept, c.always, c.kind):
                said_of(c.result) for c in cells}


def words_of(key):
    client, name, tls, kept, always, kind = key
    return (f"{client} {name} {'tls' if tls else 'plain'} "
            f"{'kept' if kept else 'fresh'} "
            f"{'always' if always else 'once'} {kind}")


def main():
    os.chdir(TOP)
    certs = TOP / "build" / "certs"
    subprocess.run(["sh", "tests/peers/certs.sh", str(certs)], check=True)
    versions = [subprocess.run(words, capture_output=True, text=True,
                               check=True).stdout.split("\n")[0]
                for words in (["curl", "--version"], ["go", "version"])]
    with tempfile.TemporaryDirectory() as folder:
        go = f"{folder}/calls"
        subprocess.run(["go", "build", "-o", go, "tests/system/calls.go"],
                       check=True)
        others = measure("curl", CurlCalls(certs), certs)
        others.update(measure("go", fault_cells.Calls([go], certs), certs))
    fault_cells.OTHERS.write_text(
        "# What curl and Go's net/http did at each fault: written by make "
        "matrix.\n" + "".join(f"# {v}\n" for v in versions)
        + "".join(f"{words_of(key)} {said}\n"
                  for key, said in sorted(others.items())))
    (TOP / "FAULTS.md").write_text(fault_table.page(others))
    print((TOP / "FAULTS.md").read_text())
    print(*versions, sep="\n")


if __name__ == "__main__":
    main()
