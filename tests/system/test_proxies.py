"""Through tinyproxy and squid, with Basic credentials: `make proxies`.

Their access logs count the tunnels as `stats` does.  Both look the name of the
endpoint up in a hosts file of their own; dnsmasq knows only the proxy."""
import pathlib
import shutil
import subprocess
import tempfile
import time

import ecs_server
import pytest
import servers

pytestmark = pytest.mark.proxies

NAME, PROXY = "ecs.test.internal", "proxy.test.internal"
OURS = ("--service", "web", "--output", "json")


class Tinyproxy(servers.Server):
    name = "tinyproxy"

    def __init__(self, folder):
        super().__init__(folder)
        self.log = self.folder / "access.log"
        (self.folder / "conf").write_text(f"""
Port {self.port}
Listen 127.0.0.1
Timeout 60
LogFile "{self.log}"
LogLevel Connect
BasicAuth u hushhush
""")

    def command(self):
        # It has no hosts file of its own: it gets this host's, for itself.
        (self.folder / "hosts").write_text(f"127.0.0.1 {NAME} localhost\n")
        return ["unshare", "-m", "sh", "-c",
                f"mount --bind {self.folder}/hosts /etc/hosts && "
                f"exec tinyproxy -d -c {self.folder}/conf"]

    def tunnels(self):
        return self.log.read_text().count("Request (file descriptor")


class Squid(servers.Server):
    name = "squid"

    def __init__(self, folder, tls=None):
        super().__init__(folder)
        self.log = self.folder / "access.log"
        (self.folder / "users").write_text(
            "u:" + subprocess.run(["openssl", "passwd", "-apr1", "hushhush"],
                                  capture_output=True, text=True,
                                  check=True).stdout)
        listen = f"http_port 127.0.0.1:{self.port}" if tls is None else (
            f"https_port 127.0.0.1:{self.port} tls-cert={tls}-chain.pem "
            f"tls-key={tls}-key.pem")
        auth = next(p for p in ("/usr/lib/squid/basic_ncsa_auth",
                                "/usr/libexec/squid/basic_ncsa_auth")
                    if pathlib.Path(p).exists())
        (self.folder / "conf").write_text(f"""
{listen}
hosts_file {self.folder}/hosts
auth_param basic program {auth} {self.folder}/users
acl known proxy_auth REQUIRED
http_access allow known
http_access deny all
access_log stdio:{self.log}
cache_log {self.folder}/cache.log
pid_filename {self.folder}/pid
cache deny all
shutdown_lifetime 0 seconds
""")
        (self.folder / "hosts").write_text(f"127.0.0.1 {NAME}\n")
        for path in (self.folder, *self.folder.iterdir()):
            shutil.chown(path, "proxy")

    def command(self):
        return ["squid", "-N", "-f", str(self.folder / "conf")]

    def tunnels(self):
        time.sleep(0.2)                 # it writes when a tunnel has ended
        return self.log.read_text().count("TCP_TUNNEL/200")


@pytest.fixture(params=["tinyproxy", "squid", "squid with TLS"])
def proxy(request, certs):
    # squid is not root, and the folders of pytest are root's alone.
    folder = pathlib.Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    kind = request.param
    made = Tinyproxy(folder) if kind == "tinyproxy" else Squid(
        folder, certs.resolve() / "wildcard" if "TLS" in kind else None)
    made.scheme = "https" if "TLS" in kind else "http"
    with made:
        yield made
    shutil.rmtree(folder)


@pytest.fixture
def run(proxy, certs, headcount, tmp_path):
    with ecs_server.EcsServer(tls=certs / "rsa") as ecs, servers.Dnsmasq(
            tmp_path / "dns", {PROXY: ["127.0.0.1"]}) as dns:
        ecs.service("web", desired=1)
        for host in "abc":
            ecs.host(host)
        headcount.at(ecs, NAME)
        headcount.env.update(
            HEADCOUNT_DNS_SERVER=dns.address,
            AWS_CA_BUNDLE=str(certs / "ca.pem"))

        def go(*args, user="u:hushhush", **more):
            done = headcount(*args, HTTPS_PROXY=(
                f"{proxy.scheme}://{user}@{PROXY}:{proxy.port}"), **more)
            assert "hushhush" not in done.out + done.err
            return done

        go.ecs, go.dns = ecs, dns
        yield go


def test_a_run_has_one_tunnel(proxy, run, event):
    done = run("handle", *OURS, stdin=event())
    assert done.code == 0, done.out + done.err
    assert done.service()["outcome"] == "updated"
    stats = done.report["stats"]
    assert proxy.tunnels() == stats["connections_opened"] == 1
    assert stats["connections_reused"] == len(run.ecs.requests) - 1
    assert {name for _, name in run.dns.queries()} == {PROXY}


def test_a_closed_tunnel_is_made_again(proxy, run, event):
    run.ecs.fault(None, "to-close", times=99)
    done = run("handle", *OURS, stdin=event())
    assert done.code == 0, done.out + done.err
    assert proxy.tunnels() == done.report["stats"]["connections_opened"] == \
        len(run.ecs.requests)


def test_wrong_credentials_are_said(proxy, run):
    done = run("call", "ecs", "ListClusters", user="u:wrong")
    assert done.code == 255
    assert f" through the proxy {proxy.scheme}://***@{PROXY}:" in done.err
    assert "it answered 40" in done.err and run.ecs.requests == []


def test_no_proxy_goes_around_it(proxy, run):
    done = run("call", "ecs", "ListClusters", NO_PROXY=".internal")
    assert done.code == 255             # dnsmasq does not know the name
    assert proxy.tunnels() == 0


def test_a_restart_is_survived(proxy, run):
    for _ in range(2):
        done = run("call", "ecs", "ListClusters")
        assert done.code == 0, done.err
        proxy.stop()
        if _ == 0:
            proxy.start()
    done = run("call", "ecs", "ListClusters")
    assert done.code == 255 and "connection refused" in done.err
