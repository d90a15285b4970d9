"""Calls over a path with delay and loss, over one that dies and comes back,
and over one that forgets its flows, as a NAT gateway does when it fails over.
lossy_path.py carries the packets between two network namespaces."""
import contextlib
import pathlib
import subprocess
import threading
import time

import fault_cells
import pytest
import servers
from conftest import NAME
from lossy_path import LossyPath, NoPath

PORT = 8443
DNS_PORT = 5353
# A round trip takes twice as long.
DELAY = 0.06


@pytest.fixture(scope="module")
def programs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("paths")
    return {name: fault_cells.build(folder, name) for name in ("calls",
                                                               "soak")}


@contextlib.contextmanager
def path_with(folder, certs, keepalive_ms=75000, **how):
    """The path; nginx and dnsmasq at its far end."""
    with contextlib.ExitStack() as stack:
        try:
            path = stack.enter_context(LossyPath(**how))
        except NoPath as why:
            pytest.skip(str(why))
        print(f"a relay over /dev/net/tun: {how}")
        start = stack.enter_context
        start(Far(path, folder / "nginx", ["nginx"], Far.nginx(
            folder / "nginx", certs, keepalive_ms)))
        start(Far(path, folder / "dns", [
            "dnsmasq", "--keep-in-foreground", "--no-resolv", "--no-hosts",
            "--conf-file=/dev/null", "--pid-file=", "--user=", "--group=",
            f"--port={DNS_PORT}", f"--listen-address={path.there}",
            "--bind-interfaces", f"--host-record={NAME},{path.there},60",
            "--local=/test.internal/"], None))
        yield path


class Far:
    """A server at the far end of the path."""

    def __init__(self, path, folder, command, options):
        folder.mkdir(parents=True, exist_ok=True)
        self.path, self.folder = path, folder
        self.command = [*path.far, servers.find(command[0]),
                        *(options or command[1:])]
        self.udp = options is None

    @staticmethod
    def nginx(folder, certs, keepalive_ms):
        folder.mkdir(parents=True, exist_ok=True)
        at = folder.resolve()
        temps = "\n".join(f"{name}_temp_path {at}/{name};" for name in (
            "client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        (folder / "nginx.conf").write_text(f"""
daemon off;
master_process off;
pid {at}/nginx.pid;
error_log stderr warn;
events {{ worker_connections 4096; }}
http {{
    log_format t '$connection $status $http_amz_sdk_invocation_id '
                 '$http_x_amz_target';
    access_log {at}/access.log t;
    {temps}
    keepalive_timeout {keepalive_ms}ms;
    keepalive_requests 1000000;
    server {{
        listen 10.77.0.2:{PORT} ssl;
        listen 10.77.0.2:80;
        ssl_certificate {certs.resolve()}/ec-chain.pem;
        ssl_certificate_key {certs.resolve()}/ec-key.pem;
        ssl_protocols TLSv1.2;
        location / {{
            return 200 '{{"for":"$http_x_amz_target"}}';
        }}
    }}
}}
""")
        return ["-p", str(at), "-c", str(at / "nginx.conf"), "-e", "stderr"]

    def __enter__(self):
        out = open(self.folder / "out", "wb")   # noqa: SIM115
        self.process = subprocess.Popen(self.command, stdout=out, stderr=out)
        out.close()
        port = f"{DNS_PORT if self.udp else PORT:04X}"
        table = "udp" if self.udp else "tcp"
        while f":{port} " not in subprocess.run(
                [*self.path.far, "cat", f"/proc/net/{table}"],
                capture_output=True, text=True, check=True).stdout:
            assert self.process.poll() is None, \
                (self.folder / "out").read_text()
            time.sleep(0.02)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(30)


def served(folder, operation):
    """The ids of its requests that nginx answered."""
    log = pathlib.Path(folder) / "nginx" / "access.log"
    rows = [line.split() for line in log.read_text().splitlines()]
    return [row[2] for row in rows if row[3].endswith("." + operation)]


def flood(path, program, certs, calls, at_once, rest=(1000, 0)):
    return fault_cells.flood(
        [*path.near, program, f"https://{NAME}:{PORT}", certs / "ca.pem",
         f"{path.there}:{DNS_PORT}", calls, at_once, *rest, 19])


def test_calls_over_delay_and_loss(programs, certs, tmp_path):
    with path_with(tmp_path, certs, delay=DELAY, loss=0.05) as path:
        failures, n = flood(path, programs["soak"], certs, 200, 20)
        print(f"{path.carried} packets carried, {path.lost} lost, "
              f"{n['connections_opened']} connections, {n['retries']} retries")
    assert (n["reads"], n["writes"], failures) == (150, 50, [])
    assert path.lost > 0


def test_a_thousand_ops_at_120_ms(programs, certs, tmp_path):
    with path_with(tmp_path, certs, delay=DELAY) as path:
        failures, n = flood(path, programs["soak"], certs, 1000, 1000)
    assert (n["reads"], n["writes"], failures) == (750, 250, [])
    assert n["retries"] == 0


def test_closes_that_cross_the_requests(programs, certs, tmp_path):
    """nginx closes what is idle as the flood comes back from its pause, and
    its FIN takes as long as the request: each one that crosses was read by
    nobody, so a write is sent again as well."""
    with path_with(tmp_path, certs, delay=DELAY, keepalive_ms=250) as path:
        failures, n = flood(path, programs["soak"], certs, 200, 10, (10, 250))
    print(f"{n['replays']} replays, {n['connections_opened']} connections")
    done = served(tmp_path, "RunTask")
    assert (n["reads"], n["writes"], failures) == (150, 50, [])
    assert len(done) == len(set(done)) == 50
    assert n["replays"] > 0


class Client:
    """Calls on one handle at the near end, one after the other."""

    def __init__(self, path, program, certs, kept, kind="read", named=True):
        self.url = f"https://{NAME}:{PORT}" if named else \
            f"http://{path.there}"
        self.calls = fault_cells.Calls([*path.near, program], certs)
        self.path, self.results = path, []
        self.kept, self.kind = kept, kind
        self.event = threading.Event()

    def on_line(self, what, rest):
        if what == "done":
            self.results.append(fault_cells.Result(rest))
        else:
            assert rest == "OK", rest
        self.event.set()

    def wait(self):
        self.event.wait()
        self.event.clear()

    def go(self):
        self.calls.say(f"go {self.number}")
        self.wait()
        return self.results[-1]

    def __enter__(self):
        self.number = self.calls.begin(
            self.url, self.kind, self.on_line, self.kept,
            read=1500, connect=3000, dns=f"{self.path.there}:{DNS_PORT}")
        self.wait()
        return self

    def __exit__(self, *_):
        self.calls.close()


def in_the_kernel(path):
    """Connections to the server with bytes that it has not acknowledged, which
    the kernel sends again and again."""
    rows = subprocess.run([*path.near, "cat", "/proc/net/tcp"], check=True,
                          capture_output=True, text=True).stdout.splitlines()
    return [row for row in rows[1:]
            if row.split()[2].endswith(f":{PORT:04X}")
            and not row.split()[4].startswith("00000000:")]


# The name server is beyond the path as well, where there is a name.
@pytest.mark.parametrize("kind, named", [
    ("read", False), ("read", True), ("write", False), ("write", True)])
def test_a_path_that_dies_and_comes_back(programs, certs, tmp_path, kind,
                                         named):
    with path_with(tmp_path, certs, delay=DELAY) as path, \
         Client(path, programs["calls"], certs, 1, kind, named) as client:
        path.silent = True
        lost = client.go()
        undelivered = in_the_kernel(path)
        path.silent = False
        good = client.go()
    assert lost.code == "ETIMEDOUT", lost.text
    assert (good.code, good.retries) == ("OK", 0), good.text
    # What was reported as lost does not come late, from the kernel's memory.
    assert undelivered == []
    assert len(served(tmp_path, "RunTask")) == (kind == "write")


def test_a_nat_gateway_that_forgets_its_flows(programs, certs, tmp_path):
    """Four kept connections go quiet, new ones work: one wait, one retry."""
    with path_with(tmp_path, certs, delay=DELAY) as path, \
         Client(path, programs["calls"], certs, 4) as client:
        path.fail_over()
        first = client.go()
        second = client.go()
    assert (first.code, first.retries) == ("OK", 1), first.text
    assert (second.code, second.retries, second.reused) == ("OK", 0, 1)
