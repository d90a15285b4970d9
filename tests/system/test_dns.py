"""Names: resolv.conf, /etc/hosts and DNS servers, as dnsmasq and a server that
says what a test tells it see them.

The files are those of a mount namespace of each run; each server has port 53
of a loopback address of its own: both need root.
"""
import os
import random
import socket
import struct
import subprocess
import threading

import pytest
import servers

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0, reason="only root may mount, and listen on port 53")

WRAP = ["unshare", "-m", "sh", "-c",
        'for f in resolv.conf hosts; do mount --bind "$0/$f" "/etc/$f" || exit '
        '90; done; exec "$@"']
SCRIPT = """
local headcount = require "headcount"
local client = headcount.client { keep_alive = false }
for _, url in ipairs { ... } do
  local answer, why = client:fetch { method = "GET", url = url }
  print(answer and answer.status or why)
end
local s = client:stats()
print(s.dns_lookups, s.dns_datagrams, s.dns_hits)
"""


class Dnsmasq53(servers.Dnsmasq):
    """On port 53 of an address that no other server has."""

    def __init__(self, folder, names, **more):
        self.ip = some_ip()
        super().__init__(folder, names, port=53, **more)

    def command(self):
        return [self.ip.join(w.split("127.0.0.1"))
                if w.startswith("--listen-address") else w
                for w in super().command()]

    def is_ready(self):
        with socket.socket() as s:
            return s.connect_ex((self.ip, 53)) == 0


def some_ip():
    return f"127.{random.randrange(1, 255)}.{random.randrange(255)}." \
           f"{random.randrange(1, 255)}"


class Scripted(threading.Thread):
    """answer(query, edns): rcode, addresses, or None for silence."""

    def __init__(self, answer, ttl=60):
        super().__init__(daemon=True)
        self.ttl = ttl
        self.ip, self.answer, self.asked = some_ip(), answer, []
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind((self.ip, 53))

    def run(self):
        while True:
            query, who = self.udp.recvfrom(4096)
            if query == b"end":
                return
            edns = query[11] == 1
            self.asked.append(edns)
            said = self.answer(edns)
            if said is None:
                continue
            rcode, ips = said
            end = query.index(b"\0", 12) + 5
            if query[end - 3] != 1:
                ips = []
            records = b"".join(
                b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, self.ttl, 4)
                + socket.inet_aton(ip) for ip in ips)
            self.udp.sendto(
                query[:2] + struct.pack(">HHHHH", 0x8180 | rcode, 1, len(ips),
                                        0, 0) + query[12:end] + records, who)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
            end.sendto(b"end", (self.ip, 53))
        self.join()
        self.udp.close()


@pytest.fixture
def ask(ecs, headcount, tmp_path):
    """ask(resolv_conf, *hosts): what the script printed of each, the counters
    of DNS, and what was logged."""
    (tmp_path / "script.lua").write_text(SCRIPT)
    (tmp_path / "hosts").write_text("")

    def run(resolv_conf, *hosts, **env):
        (tmp_path / "resolv.conf").write_text(resolv_conf)
        headcount.wrap = [*WRAP, str(tmp_path)]
        done = headcount("run", tmp_path / "script.lua",
                         *(f"http://{u}:{ecs.port}/" for u in hosts), **env)
        assert done.code == 0, done.err
        *said, stats = done.out.splitlines()
        return said, [int(n) for n in stats.split()], done.err

    return run


@pytest.fixture
def fetch(ecs, headcount, ask, tmp_path):
    """fetch(resolv_conf, host): what the program says on stderr."""
    def run(resolv_conf, *hosts):
        (tmp_path / "resolv.conf").write_text(resolv_conf)
        headcount.wrap = [*WRAP, str(tmp_path)]
        return "".join(headcount("fetch", "GET",
                                 f"http://{host}:{ecs.port}/").err
                       for host in hosts)

    return run


NAMES = {f"{c}.test.internal": ["127.0.0.1"] for c in "abcd"}


def test_the_counters_are_what_the_server_counted(ask, tmp_path):
    with Dnsmasq53(tmp_path / "dns", NAMES) as dns:
        said, stats, _ = ask(f"nameserver {dns.ip}\n", *NAMES, *NAMES)
        assert len(set(said)) == 1 and said[0].isdigit()
        assert stats == [4, len(dns.queries()), 4]


def test_a_dead_first_server_is_asked_for_one_name_only(ask, tmp_path):
    with Scripted(lambda edns: None) as dead, \
            Dnsmasq53(tmp_path / "dns", NAMES) as dns:
        said, stats, _ = ask(f"nameserver {dead.ip}\nnameserver {dns.ip}\n",
                             *NAMES)
        assert all(s.isdigit() for s in said)
        assert {name for _, name in dns.queries()} == set(NAMES)
        assert 1 <= len(dead.asked) <= 2         # A, and AAAA where it is asked
        assert stats[1] == len(dead.asked) + len(dns.queries())


@pytest.mark.parametrize("rcode", [1, 2, 4, 5, None])
def test_a_server_that_fails_with_edns_is_asked_without(ask, rcode):
    """FORMERR, SERVFAIL, NOTIMP, REFUSED, silence; it is remembered."""
    def answer(edns):
        if edns:
            return None if rcode is None else (rcode, [])
        return 0, ["127.0.0.1"]

    with Scripted(answer) as dns:
        said, stats, _ = ask(f"nameserver {dns.ip}\noptions timeout:1\n",
                             "a.test.internal", "b.test.internal")
        assert all(s.isdigit() for s in said)
        assert 1 <= dns.asked.count(True) <= 2
        assert stats[1] == len(dns.asked)


def test_refusals_have_a_pause_and_then_an_error(ask):
    with Scripted(lambda edns: (2, [])) as dns:
        (why,), stats, _ = ask(f"nameserver {dns.ip}\n", "a.test.internal")
        assert f"({dns.ip}:53 answered SERVFAIL)" in why
        assert stats == [1, len(dns.asked), 0]


@pytest.mark.parametrize("conf,asked", [
    ("search corp.internal test.internal",
     ["box", "box.corp.internal", "box.test.internal"]),
    ("search test.internal\noptions ndots:5", ["box", "box.test.internal"]),
    ("domain test.internal", ["box", "box.test.internal"]),
])
def test_a_single_label_is_searched_for(ask, tmp_path, conf, asked):
    with Dnsmasq53(tmp_path / "dns", {"box.test.internal": ["127.0.0.1"]},
                   options=["--local=/corp.internal/", "--local=/box/"]) as dns:
        (status,), _, _ = ask(f"nameserver {dns.ip}\n{conf}\n", "box")
        assert status.isdigit()
        assert [n for t, n in dns.queries() if t == "A"] == asked


def test_a_single_label_with_a_dot_at_its_end_is_absolute(ask, tmp_path):
    with Dnsmasq53(tmp_path / "dns", {"box.test.internal": ["127.0.0.1"]},
                   options=["--local=/box/"]) as dns:
        said, _, _ = ask(f"nameserver {dns.ip}\nsearch test.internal\n",
                         "box.", "box", "box.")
        assert [s.isdigit() for s in said] == [False, True, False]
        assert "box has no address" in said[0]


def test_a_name_with_a_dot_is_not_searched_for(ask, tmp_path):
    with Dnsmasq53(tmp_path / "dns", {}) as dns:
        (why,), stats, _ = ask(
            f"nameserver {dns.ip}\nsearch test.internal\noptions ndots:5\n",
            "no.test.internal")
        assert "no.test.internal has no address (NXDOMAIN from" in why
        assert stats[0] == 1
        assert {n for _, n in dns.queries()} == {"no.test.internal"}


def test_the_variables_win_over_resolv_conf(ask, tmp_path):
    with Dnsmasq53(tmp_path / "dns", {"box.test.internal": ["127.0.0.1"]},
                   options=["--local=/box/"]) as dns:
        (status,), _, _ = ask(f"nameserver {dns.ip}\nsearch corp.internal\n",
                              "box", LOCALDOMAIN="test.internal")
        assert status.isdigit()


def test_a_single_label_that_is_refused_is_searched_for(ask, tmp_path):
    """dnsmasq refuses what it has nobody to ask for."""
    with Dnsmasq53(tmp_path / "dns", {"box.test.internal": ["127.0.0.1"]}) \
            as dns:
        (status,), _, _ = ask(f"nameserver {dns.ip}\nsearch test.internal\n",
                              "box")
        assert status.isdigit()


def test_a_line_that_is_not_used_is_said(fetch, tmp_path):
    with Dnsmasq53(tmp_path / "dns", NAMES) as dns:
        err = fetch(f"nameserver dns.test\nnameserver {dns.ip}\n",
                    "a.test.internal")
        assert err.count("/etc/resolv.conf, line 1: a part is not used: no IP "
                         "address") == 1


def test_an_interface_that_is_missing_is_said(fetch):
    err = fetch("nameserver fe80::1%none0\n", "a.test.internal")
    assert "[fe80::1%none0]:53 cannot be reached" in err
    assert err.count("none0, which does not exist") == 2     # log, and error


def test_a_hosts_file_may_be_large(ask, fetch, tmp_path):
    line = "0.0.0.0 blocked-{:020}.example.com\n"
    text = "".join(line.format(i) for i in range(300000))
    assert 12 << 20 < len(text) < 16 << 20
    (tmp_path / "hosts").write_text(text + "127.0.0.1 box.example.com\n")
    said, stats, _ = ask("", "box.example.com", "box.example.com")
    assert all(s.isdigit() for s in said) and stats == [0, 0, 0]
    (tmp_path / "hosts").write_text(text * 2)
    err = fetch("nameserver 127.0.0.1\n", "127.0.0.1", "a.example.com")
    assert err.count("/etc/hosts is larger than 16777216 bytes") >= 1


def test_an_expired_answer_is_used_where_no_server_answers(ask):
    """A TTL of 0 has expired at once."""
    with Scripted(lambda edns: (0, ["127.0.0.1"]) if len(dns.asked) <= 2
                  else (5, []), ttl=0) as dns:
        said, stats, _ = ask(f"nameserver {dns.ip}\n",
                             *["a.test.internal"] * 4)
        assert all(s.isdigit() for s in said), said
        assert stats[1] == len(dns.asked) > 2
        assert stats[2] >= 1                     # for 30 s nobody is asked
        assert len(dns.asked) < 2 * 4 + 3


# ---- a server on a link-local address ----

class Pair:
    """Two network namespaces and a cable between them; in each, one address
    of fe80::/64.  `near` and `far` are the words that run a program there."""

    def __init__(self):
        self.holders = []

    def __enter__(self):
        near = self.network()
        far = self.network()
        made = subprocess.run(
            ["ip", "link", "add", "hc0", "netns", near, "type", "veth", "peer",
             "name", "hc1", "netns", far], capture_output=True, text=True)
        if made.returncode != 0:
            self.__exit__()
            pytest.skip("no veth devices can be made here: " + made.stderr)
        self.near = self.up(near, "hc0", "fe80::1")
        self.far = self.up(far, "hc1", "fe80::53")
        return self

    def __exit__(self, *_):
        for holder in self.holders:
            holder.kill()
            holder.communicate()

    def network(self):
        holder = subprocess.Popen(
            ["unshare", "-n", "sh", "-c", "echo up; exec sleep 1000"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.holders.append(holder)
        if holder.stdout.readline() != b"up\n":
            self.__exit__()
            pytest.skip("no network namespace can be made here (unshare -n)")
        return str(holder.pid)

    @staticmethod
    def up(pid, device, address):
        enter = ["nsenter", "-t", pid, "-n"]
        for words in (["link", "set", "lo", "up"],
                      ["link", "set", device, "addrgenmode", "none"],
                      ["link", "set", device, "up"],
                      ["addr", "add", f"{address}/64", "dev", device,
                       "nodad"]):
            subprocess.run([*enter, "ip", *words], check=True)
        return enter


class LinkLocal(servers.Dnsmasq):
    """On port 53 of fe80::53 in the far network."""

    def __init__(self, folder, names, pair):
        self.pair = pair
        super().__init__(folder, names, port=53)

    def command(self):
        return [*self.pair.far,
                *("--interface=hc1" if "--listen-address" in w
                  else w for w in super().command())]

    def is_ready(self):
        sockets = subprocess.run([*self.pair.far, "cat", "/proc/net/udp6"],
                                 capture_output=True, text=True, check=True)
        return ":0035 " in sockets.stdout


def test_a_server_on_a_link_local_address(headcount, tmp_path):
    (tmp_path / "hosts").write_text("")
    (tmp_path / "resolv.conf").write_text("nameserver fe80::53%hc0\n")
    with Pair() as pair, LinkLocal(tmp_path / "dns", NAMES, pair) as dns:
        headcount.wrap = [*pair.near, *WRAP, str(tmp_path)]
        err = headcount("fetch", "GET", "http://a.test.internal:9/").err
        asked = dns.queries()
    assert "no connection to a.test.internal:9 (127.0.0.1)" in err
    assert ("A", "a.test.internal") in asked
