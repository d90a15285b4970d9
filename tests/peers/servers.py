"""Starters for the servers that are not ours: moto, dynalite, nginx,
dnsmasq.

Each listens on 127.0.0.1 on a port that was free, writes what it has to say
into a folder of its own, is ready when start() returns, and is a context
manager:

    with Moto(tmp / "moto") as moto, \\
         Nginx(tmp / "nginx", moto.port, tls=certs / "rsa") as front, \\
         Dnsmasq(tmp / "dns", {"ecs.test.internal": ["127.0.0.1"]}) as dns:
        ...
        assert front.connections() == 1
        assert dns.queries() == [("A", "ecs.test.internal")]

Used by: system/, pages/, bench/parts/lambda.py, bench/cost.py,
bench/put_item.py and bench/pictures.py.
Instead of moto: it starts moto where moto does; dynalite, nginx and dnsmasq
are what moto is not.
"""
import functools
import json
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

TOP = pathlib.Path(__file__).resolve().parents[2]
SBIN = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])


# Below those that the system gives to whoever connects.  Each process has a
# share of them for itself: a server that starts later than its port was found
# does not meet another run's.  What holds the share is a name without a file,
# which ends with the process.
PORTS, SHARES = range(10240, 32768), 16
given, locks = set(), []


@functools.cache
def own_ports():
    for share in random.sample(range(SHARES), SHARES):
        lock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            lock.bind(f"\0headcount-ports-{os.getuid()}-{share}")
        except OSError:
            lock.close()
            continue
        locks.append(lock)
        return PORTS[share::SHARES]
    return PORTS                        # so many runs at once


def free_port():
    """A port that nobody has, for TCP and UDP; one that was given is given
    again only when half of all were."""
    ports = own_ports()
    while True:
        port = random.choice(ports)
        if len(given) >= len(ports) // 2:
            given.clear()
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp, \
             socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            try:
                tcp.bind(("127.0.0.1", port))
                udp.bind(("127.0.0.1", port))
            except OSError:
                continue
        if port not in given:
            given.add(port)
            return port


def find(program):
    path = shutil.which(program, path=SBIN)
    if path is None:
        raise FileNotFoundError(f"{program} is missing: run `make deps`")
    return path


def has_ended(pid):
    """Gone, or a zombie that its parent has not looked at."""
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return True
    return stat.rsplit(")", 1)[1].split()[0] == "Z"


class Server:
    """A child process, its folder and its log."""

    name = "server"
    ready_within = 30

    def __init__(self, folder, port=None):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.port = port or free_port()
        self.output = self.folder / f"{self.name}.out"
        self.process = None

    def command(self):
        raise NotImplementedError

    def start(self):
        with open(self.output, "ab") as out:
            self.process = subprocess.Popen(
                self.command(), stdin=subprocess.DEVNULL, stdout=out,
                stderr=out, cwd=self.folder, start_new_session=True)
        end = time.monotonic() + self.ready_within
        while not self.is_ready():
            if self.process.poll() is not None or time.monotonic() > end:
                self.stop()
                raise RuntimeError(f"{self.name} did not start:\n"
                                   + self.output.read_text())
            time.sleep(0.02)
        return self

    def is_ready(self):
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self):
        if self.process is None:
            return
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self.process.pid, number)
                self.process.wait(5)
                break
            except ProcessLookupError:
                break
            except subprocess.TimeoutExpired:
                continue
        self.process = None

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()


class Moto(Server):
    """The AWS API of moto, plain HTTP; every answer closes its connection."""

    name = "moto"
    ready_within = 60

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def command(self):
        return [sys.executable, "-m", "moto.server", "-H", "127.0.0.1",
                "-p", str(self.port)]

    def reset(self):
        request = urllib.request.Request(f"{self.url}/moto-api/reset",
                                         data=b"", method="POST")
        urllib.request.urlopen(request, timeout=10).close()


class Dynalite(Server):
    """DynamoDB by other people than moto's; it keeps connections open, and
    judges a signature by its form only."""

    name = "dynalite"
    ready_within = 60

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def command(self):
        # Its own program would listen on every address.
        package = TOP / "build" / "npm" / "node_modules" / "dynalite"
        return [find("node"), "-e", "require(process.argv[1])"
                "({ createTableMs: 0 }).listen(+process.argv[2], '127.0.0.1')",
                str(package), str(self.port)]


class Lambda(Server):
    """AWS's own emulator of Lambda around a bootstrap: its Runtime API, and
    invoke()."""

    name = "lambda"
    ready_within = 30

    def __init__(self, folder, bootstrap, env, handler="bootstrap"):
        super().__init__(folder)
        self.api, self.env, self.handler = free_port(), env, handler
        self.bootstrap = self.folder / "bootstrap"
        self.bootstrap.symlink_to(bootstrap)

    def command(self):
        import samcli
        kind = {"x86_64": "x86_64", "aarch64": "arm64"}[os.uname().machine]
        rie = (pathlib.Path(samcli.__file__).parent / "local" / "rapid"
               / f"aws-lambda-rie-{kind}")
        given = [f"{k}={v}" for k, v in self.env.items()]
        return ["env", "-i", *given, str(rie),
                "--runtime-interface-emulator-address",
                f"127.0.0.1:{self.port}", "--runtime-api-address",
                f"127.0.0.1:{self.api}", "--log-level", "info",
                str(self.bootstrap), self.handler]

    def stop(self):
        """`make cover` ends the function first: the emulator would kill it,
        and it could not write down what ran."""
        if os.environ.get("COVER") and self.process is not None and \
                self.process.poll() is None:
            task = f"/proc/{self.process.pid}/task"
            for path in pathlib.Path(task).glob("*/children"):
                for pid in path.read_text().split():
                    self.end(int(pid))
        super().stop()

    @staticmethod
    def end(pid):
        until = time.monotonic() + 2
        try:
            os.kill(pid, signal.SIGTERM)
            while time.monotonic() < until and not has_ended(pid):
                time.sleep(0.005)
        except ProcessLookupError:
            pass

    def invoke(self, event, timeout=60, **headers):
        """What the function answered, as JSON; a text where the emulator
        speaks."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/2015-03-31/functions/function/"
            "invocations", data=event if isinstance(event, bytes)
            else json.dumps(event).encode(),
            headers={k.replace("_", "-"): v for k, v in headers.items()})
        try:
            with urllib.request.urlopen(request, timeout=timeout) as answer:
                body = answer.read()
        except urllib.error.HTTPError as error:      # init failed: 502
            body = error.read()
        try:
            return json.loads(body or b"null")
        except json.JSONDecodeError:
            return body.decode()


class Nginx(Server):
    """A kept-alive front: TLS 1.2 if `tls` names PREFIX-chain.pem and
    PREFIX-key.pem, else plain; before `upstream` (a port), or `location` is
    the text of its one location."""

    name = "nginx"

    def __init__(self, folder, upstream=None, tls=None, location=None,
                 server_text="", port=None):
        super().__init__(folder, port)
        self.status = free_port()
        self.access = self.folder / "access.log"
        self.access.touch()
        location = location or (f"proxy_pass http://127.0.0.1:{upstream};\n"
                                "proxy_set_header Host $http_host;\n"
                                "proxy_http_version 1.1;")
        secure = "" if tls is None else (
            f"ssl_certificate {pathlib.Path(tls).resolve()}-chain.pem;\n"
            f"ssl_certificate_key {pathlib.Path(tls).resolve()}-key.pem;\n"
            "ssl_protocols TLSv1.2;\n"
            "ssl_session_cache shared:all:1m;")
        listen = f"127.0.0.1:{self.port}{' ssl' if tls else ''}"
        (self.folder / "nginx.conf").write_text(f"""
daemon off;
master_process off;
pid {self.folder.resolve()}/nginx.pid;
error_log stderr notice;
events {{ worker_connections 256; }}
http {{
    log_format t '$connection $connection_requests $status '
                 '"$request" "$http_x_amz_target" '
                 '$ssl_protocol $ssl_cipher $ssl_session_reused';
    access_log {self.access.resolve()} t;
    client_body_temp_path {self.folder.resolve()}/body;
    proxy_temp_path {self.folder.resolve()}/proxy;
    fastcgi_temp_path {self.folder.resolve()}/fastcgi;
    uwsgi_temp_path {self.folder.resolve()}/uwsgi;
    scgi_temp_path {self.folder.resolve()}/scgi;
    keepalive_timeout 75s;
    server {{
        listen 127.0.0.1:{self.status};
        access_log off;
        stub_status;
    }}
    server {{
        listen {listen};
        {secure}
        {server_text}
        location / {{
            {location}
        }}
    }}
}}
""")

    def command(self):
        return [find("nginx"), "-p", str(self.folder.resolve()),
                "-c", str(self.folder.resolve() / "nginx.conf"),
                "-e", "stderr"]

    def is_busy(self):
        """True while a request is under way: this question is one itself."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.status}/",
                                    timeout=10) as answer:
            return "Reading: 0 Writing: 1 " not in answer.read().decode()

    def requests(self):
        """One dict a request, in the order of the answers.  nginx writes its
        log after the last byte of an answer: whoever read that may come too
        early."""
        end = time.monotonic() + 10
        while self.is_busy() and time.monotonic() < end:
            time.sleep(0.01)
        found = []
        for line in self.access.read_text().splitlines():
            part = re.match(r'(\d+) (\d+) (\d+) "(.*?)" "(.*?)" '
                            r'(\S+) (\S+) (\S+)$', line)
            found.append({
                "connection": int(part[1]), "nth": int(part[2]),
                "status": int(part[3]), "request": part[4],
                "target": part[5], "protocol": part[6],
                "cipher": part[7], "resumed": part[8] == "r"})
        return found

    def connections(self):
        return len({r["connection"] for r in self.requests()})

    def forget(self):
        self.access.write_text("")


class Dnsmasq(Server):
    """Names that only it knows: {"a.test.internal": ["127.0.0.1", ...]}; the
    rest of `zone` does not exist.  Aliases: {"alias": "name"}."""

    name = "dnsmasq"

    def __init__(self, folder, names, ttl=60, zone="test.internal",
                 aliases=None, options=(), port=None):
        super().__init__(folder, port)
        self.log = self.folder / "queries.log"
        self.options = [f"--local=/{zone}/", f"--local-ttl={ttl}", *options]
        for name, addresses in names.items():
            self.options += [f"--host-record={name},{a},{ttl}"
                             for a in addresses]
        for alias, name in (aliases or {}).items():
            self.options.append(f"--cname={alias},{name},{ttl}")

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def command(self):
        # No user and no pid file: it runs as whoever runs the tests.
        return [find("dnsmasq"), "--keep-in-foreground", "--no-resolv",
                "--no-hosts", "--conf-file=/dev/null", "--pid-file=",
                "--user=", "--group=", f"--port={self.port}",
                "--listen-address=127.0.0.1", "--bind-interfaces",
                "--log-queries", f"--log-facility={self.log.resolve()}",
                "--log-async=0", *self.options]

    def queries(self):
        """[(type, name), ...] in the order they came."""
        if not self.log.exists():
            return []
        return re.findall(r"query\[(\w+)\] (\S+) from",
                          self.log.read_text())

    def forget(self):
        self.log.write_text("")
