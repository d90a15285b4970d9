"""A flood of calls through nginx, which closes idle connections as requests
leave, resets some, and changes its certificate half way: nothing is lost,
nothing is done twice, and neither memory nor descriptors grow.

SOAK_CALLS is the number of calls (20,000; `make soak` takes 1,000,000)."""
import collections
import os
import signal

import fault_cells
import pytest
import servers

CALLS = int(os.environ.get("SOAK_CALLS", "20000"))
# nginx closes what is idle so long, the flood pauses about as long.
IDLE_MS = 20


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    return fault_cells.build(tmp_path_factory.mktemp("soak"), "soak")


class Front(servers.Server):
    """nginx with a master process, which can change its certificate."""

    name = "nginx-soak"

    def __init__(self, folder, certs):
        super().__init__(folder)
        self.certs = certs
        self.access = self.folder / "access.log"
        self.write("rsa")

    def write(self, cert):
        folder = self.folder.resolve()
        (folder / "nginx.conf").write_text(f"""
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log stderr warn;
events {{ worker_connections 1024; }}
http {{
    log_format t '$connection $status $http_amz_sdk_invocation_id '
                 '$http_x_amz_target $ssl_session_reused {cert}';
    access_log {self.access.resolve()} t buffer=256k flush=1s;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    keepalive_timeout {IDLE_MS}ms;
    keepalive_requests 100000000;
    keepalive_time 24h;
    reset_timedout_connection on;
    # Resets: 0.1 % of all requests, by a number that each one has anew.
    split_clients $request_id $reset {{ 0.1% 1; * ""; }}
    server {{
        listen 127.0.0.1:{self.port} ssl;
        ssl_certificate {self.certs.resolve()}/{cert}-chain.pem;
        ssl_certificate_key {self.certs.resolve()}/{cert}-key.pem;
        ssl_protocols TLSv1.2;
        ssl_session_cache shared:{cert}:1m;
        location / {{
            if ($reset) {{ return 444; }}
            return 200 '{{"for":"$http_x_amz_target"}}';
        }}
    }}
}}
""")

    def command(self):
        folder = self.folder.resolve()
        return [servers.find("nginx"), "-p", str(folder), "-c",
                str(folder / "nginx.conf"), "-e", "stderr"]

    def rotate(self):
        self.write("ec")
        os.kill(self.process.pid, signal.SIGHUP)

    def requests(self):
        """Of the whole run; nginx has ended, and written what it had."""
        Request = collections.namedtuple(
            "Request", "connection status id target resumed cert")
        with open(self.access, encoding="ascii") as f:
            return [Request(*line.split()) for line in f]


def test_a_flood_through_idle_closes_resets_and_a_new_certificate(
        program, certs, tmp_path):
    with Front(tmp_path / "nginx", certs) as front:
        failures, n = fault_cells.flood(
            [program, f"https://127.0.0.1:{front.port}", certs / "ca.pem",
             "127.0.0.1:9", CALLS, 10, 1000, IDLE_MS, 19], front.rotate)
        os.kill(front.process.pid, signal.SIGQUIT)
        front.process.wait(60)
    seen = front.requests()
    by_status = collections.Counter(r.status for r in seen)
    writes = [r for r in seen if r.target.endswith(".RunTask")]
    resets = [r for r in writes if r.status == "444"]
    by_cert = {r.connection: r for r in reversed(seen)}
    print(f"{CALLS} calls: {len(by_cert)} connections, {by_status['444']} "
          f"resets, {len(failures)} failed ({len(resets)} writes among the "
          f"resets), {n['replays']} replays, "
          f"{n['retries']} retries, {n['first_kilobytes']} KiB after 1,000 "
          f"calls, {n['last_kilobytes']} KiB at the end (of which the "
          f"library held {n['first_held']} and {n['last_held']} bytes, at "
          f"most {n['peak']}), "
          f"{n['last_descriptors']} descriptors")

    # Nothing is lost: a write that was reset may have been done, and says so.
    # So does one that nginx had not read when it closed: then the kernel sends
    # an RST without a FIN, as if a program had read it.
    unread = len(failures) - len(resets)
    assert n["wrong"] == 0
    assert n["reads"] == CALLS - CALLS // 4, failures
    assert 0 <= unread <= 2 + CALLS // 5000, failures
    assert all("may have been done" in f for f in failures), failures
    assert n["writes"] == CALLS // 4 - len(failures)
    done = {r.id for r in seen if r.status == "200"}
    assert len(done) == n["reads"] + n["writes"]
    # Nothing is doubled.
    assert len({r.id for r in writes}) == len(writes) == CALLS // 4 - unread
    # The faults did come.
    assert len(by_cert) >= CALLS / 200
    assert by_status["444"] >= CALLS / 4000
    assert {r.cert for r in seen} == {"rsa", "ec"}
    # The counters are what the server saw.
    assert n["api_calls"] == CALLS
    assert n["connections_opened"] == n["tls_handshakes"] == len(by_cert)
    assert n["tls_resumed"] == sum(r.resumed == "r" for r in by_cert.values())
    sent = CALLS + n["retries"] + n["replays"]
    assert sent - n["connections_opened"] <= len(seen) <= sent
    # Neither memory nor descriptors grow.
    assert n["last_kilobytes"] <= n["first_kilobytes"] + 64
    assert n["last_descriptors"] <= n["first_descriptors"] + 1
    assert (n["descriptors_after"], n["held_after"]) == (3, 0)
