"""A server that misbehaves as it is told: one port for each case, which plays
one fault (faults.py) and counts what its program got.

    with FaultPeer(certs) as peer:
        port = peer.place("reset", tls=True, kept=True, always=False)
        ...
        port.ready.wait()        # kept: the connection is in its bad state
        assert port.whole == 1   # requests that were read to their end
        port.close()

Each request's body is {"cluster": MARKER, ...}, each good answer names that
marker.  `kept`: the first request is answered and not counted; what follows
on its connection, and the connections after it, meet the fault.  `always`:
each occasion is spoilt; otherwise the first alone.

Used by: system/test_faults.py, system/fault_others.py.
Instead of moto: moto never breaks a connection.
"""
import contextlib
import re
import select
import socket
import ssl
import struct
import threading
import time

import fault_dns
import faults

RESET = struct.pack("ii", 1, 0)


def readable(sock, seconds=None):
    """Not select(), which knows no descriptor above 1023."""
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    return bool(poll.poll(None if seconds is None else seconds * 1000))


class Gone(Exception):
    """The other side ended the connection."""


def row_of(address):
    """As /proc/net/tcp writes it."""
    host = socket.inet_aton(address[0])[::-1].hex().upper()
    return f"{host}:{address[1]:04X}"


class Line:
    """One accepted connection: bytes in and out, and its ends."""

    def __init__(self, sock):
        self.raw = sock              # below TLS
        self.theirs = f"{row_of(sock.getpeername())} " \
            f"{row_of(sock.getsockname())} 01 "
        self.sock = sock
        self.buffer = b""

    def secure(self, context):
        self.sock = context.wrap_socket(self.raw.dup(), server_side=True)

    def send(self, data):
        self.sock.sendall(data)

    def wait(self, seconds=None):
        """True: bytes or an end are there."""
        if self.buffer or getattr(self.sock, "pending", int)():
            return True
        return readable(self.raw, seconds)

    def receive(self):
        got = self.sock.recv(65536)
        if not got:
            raise Gone
        self.buffer += got

    def wait_head(self):
        while b"\r\n\r\n" not in self.buffer:
            self.receive()

    def read_request(self):
        """The marker of one whole request."""
        self.wait_head()
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        length = int(re.search(rb"(?i)content-length: *(\d+)", head)[1])
        while len(self.buffer) < length:
            self.receive()
        body, self.buffer = self.buffer[:length], self.buffer[length:]
        return re.search(rb'"cluster":"(.*?)"', body)[1]

    def finish(self):
        """FIN, on the TCP connection alone: no close_notify."""
        with contextlib.suppress(OSError):
            self.raw.shutdown(socket.SHUT_WR)

    def reset(self):
        self.raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self.close()

    def farewell(self):
        """close_notify and FIN where there is TLS."""
        if self.sock is not self.raw:
            self.sock.settimeout(0)
            with contextlib.suppress(OSError, ValueError):
                self.sock.unwrap()
        self.finish()

    def close(self):
        # The copy first: the last one that closes ends the connection.
        if self.sock is not self.raw:
            self.sock.close()
        self.raw.close()

    def until_told(self):
        """On a busy machine the other side's kernel learns of an end later than
        we do, on loopback too."""
        until = time.monotonic() + 10
        while time.monotonic() < until:
            with open("/proc/net/tcp", encoding="ascii") as table:
                if self.theirs not in table.read():
                    return
            time.sleep(0.001)

    def until_end(self):
        """Nothing more is said; the other side ends it."""
        with contextlib.suppress(OSError):
            while self.raw.recv(65536):
                pass


class Port:
    def __init__(self, peer, fault, tls, kept, always):
        self.peer, self.fault, self.tls = peer, faults.FAULTS[fault], tls
        self.kept, self.always = kept, always
        self.armed = not kept
        self.whole = 0               # requests, read to their end
        self.plays = self.busy = 0
        self.connections = 0
        self.ready = threading.Event()
        self.lock = threading.Lock()
        self.gate = threading.Lock()
        self.spoilt = False          # the listener
        self.lines = []
        self.fillers = []
        self.closed = False
        self.listener = self.bound(0)
        self.number = self.listener.getsockname()[1]
        self.dns = self.second = None
        if self.fault.stage == "dns":
            self.begin_dns()
        if self.armed and self.fault.stage == "listen":
            self.spoil_listener()
        else:
            self.listener.listen(64)
        threading.Thread(target=self.accept, daemon=True).start()

    @staticmethod
    def bound(number):
        """A socket that shares its port with the next one of ours."""
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        sock.bind(("127.0.0.1", number))
        return sock

    def begin_dns(self):
        """The other address comes first: no resolver may sort it out."""
        addresses = ["127.0.0.1"]
        if self.fault.name.startswith("one-"):
            addresses = ["127.0.0.77", "127.0.0.1"]
        self.dns = fault_dns.FaultDns(self.fault.name, addresses, self.always)
        self.dns.armed = self.armed
        if self.fault.name == "one-silent":
            self.second = socket.socket()
            self.second.bind(("127.0.0.77", self.number))
            self.second.listen(64)

    def spoil_listener(self):
        """Refused: nobody listens.  Lost: the queue of those that wait to be
        accepted is full, so that the kernel drops each SYN."""
        with self.gate:
            self.spoilt = True
        if self.fault.name == "refused":
            if self.kept:                # at no time is the port another's
                silent = self.bound(self.number)
                # Closed alone it would listen until accept() has polled it.
                self.listener.shutdown(socket.SHUT_RDWR)
                self.listener.close()
                self.listener = silent
            return
        self.listener.listen(0)
        for _ in range(4):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", self.number))
            self.fillers.append(filler)

    @contextlib.contextmanager
    def reading(self):
        """In it, a request is counted that the other side gave up already."""
        with self.lock:
            self.busy += 1
        try:
            yield
        finally:
            with self.lock:
                self.busy -= 1

    def settle(self):
        while self.busy > 0:
            time.sleep(0.005)

    def take(self, stage):
        """True: this occasion is spoilt."""
        with self.lock:
            if not self.armed or self.fault.stage != stage or \
                    (self.plays and not self.always):
                return False
            self.plays += 1
            return True

    def accept(self):
        while not self.closed:
            try:
                if not readable(self.listener, 0.2):
                    continue
                with self.gate:
                    if self.spoilt:
                        return
                    sock = self.listener.accept()[0]
            except (OSError, ValueError):
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            line = Line(sock)
            self.lines.append(line)
            self.connections += 1
            threading.Thread(target=self.serve, args=(line,),
                             daemon=True).start()

    def serve(self, line):
        with contextlib.suppress(OSError, ValueError, Gone):
            self.talk(line)
        with contextlib.suppress(OSError):
            line.close()
        # A fault that the other side met as a Gone of ours is played.
        self.ready.set()

    def talk(self, line):
        if self.take("accept"):
            return self.fault.play(self, line)
        if self.fault.stage.startswith("prox"):
            line.wait_head()
            if self.take("proxy"):
                return self.fault.play(self, line)
            line.buffer = b""
            line.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
        if self.tls:
            context = self.peer.context
            if self.take("tls"):
                context = self.fault.play(self, line)
                if context is None:
                    return None
            try:
                line.secure(context)
            except ssl.SSLError:
                line.finish()
                return line.until_end()
        while True:
            if self.armed and self.fault.stage == "bytes":
                line.wait()
                if self.take("bytes"):
                    return self.fault.play(self, line)
            if self.armed and self.fault.stage == "head":
                line.wait_head()
                if self.take("head"):
                    return self.fault.play(self, line)
            marker = line.read_request()
            if self.armed:
                with self.lock:
                    self.whole += 1
            if self.take("answer"):
                if self.fault.play(self, line, marker) is not True:
                    return None
                continue
            line.send(faults.good(marker))
            if not self.armed and self.end_of_warm(line):
                return None

    def end_of_warm(self, line):
        """The kept connection is there.  True: it is over."""
        over = True
        self.armed = True
        stage = self.fault.stage
        if self.dns is not None:
            self.dns.armed = True
        if stage == "idle":
            self.plays += 1
            self.fault.play(self, line)
            line.until_told()
            self.ready.set()
            line.until_end()
        elif stage in ("listen", "accept", "proxy", "tls"):
            # What a kept connection has to end for, before a new one fails.
            if stage == "listen":
                self.spoil_listener()
            line.farewell()
            line.until_told()
            self.ready.set()
            line.until_end()
        else:
            over = False
            self.ready.set()
        return over

    def close(self):
        self.closed = True
        self.ready.set()
        for thing in [self.listener, *self.fillers]:
            thing.close()
        for thing in filter(None, (self.dns, self.second)):
            thing.close()
        for line in self.lines:
            with contextlib.suppress(OSError):
                line.raw.shutdown(socket.SHUT_RDWR)


class FaultPeer:
    def __init__(self, certs):
        self.certs = certs
        self.context = self.make("ec")
        self.contexts = {name: self.make(name) for name in
                         ("wrong-name", "other-root", "expired")}
        self.newest = self.make("ec")
        self.newest.minimum_version = ssl.TLSVersion.TLSv1_3
        self.curious = self.make("ec")
        self.curious.verify_mode = ssl.CERT_REQUIRED
        self.curious.load_verify_locations(certs / "ca.pem")
        self.odd = self.make("ec")
        self.odd.set_ciphers("ECDHE-ECDSA-AES128-SHA256")
        self.ports = []

    def make(self, name):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certs / f"{name}-chain.pem",
                                self.certs / f"{name}-key.pem")
        context.maximum_version = ssl.TLSVersion.TLSv1_3
        return context

    def place(self, fault, tls=False, kept=False, always=False):
        port = Port(self, fault, tls, kept, always)
        self.ports.append(port)
        return port

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for port in self.ports:
            port.close()
