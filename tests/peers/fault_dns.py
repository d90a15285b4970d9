"""A name server that misbehaves as it is told, for one name that has the given
addresses.

    with FaultDns("dns-silent", ["127.0.0.1"], always=True) as dns:
        ... dns.address ...

Each question that differs in its type is spoilt once, or `always`.

Used by: peers/fault_peer.py.
Instead of moto: moto has no name server, and dnsmasq always answers well.
"""
import socket
import struct
import threading

A, AAAA, OPT = 1, 28, 41
NOERROR, FORMERR, SERVFAIL, NXDOMAIN, REFUSED = 0, 1, 2, 3, 5
CODES = {"dns-servfail": SERVFAIL, "dns-refused": REFUSED,
         "dns-nxdomain": NXDOMAIN, "dns-formerr": FORMERR}
SOA = struct.pack("!BHHIH", 0, 6, 1, 60, 22) + b"\0\0" + struct.pack(
    "!5I", 1, 60, 60, 60, 60)


class FaultDns:
    def __init__(self, fault, addresses, always):
        self.fault, self.always, self.addresses = fault, always, addresses
        self.spoilt = set()
        self.armed = True
        self.timers = []
        while True:
            self.tcp = socket.socket()
            self.tcp.bind(("127.0.0.1", 0))
            self.number = self.tcp.getsockname()[1]
            self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            try:
                self.udp.bind(("127.0.0.1", self.number))
                break
            except OSError:
                self.tcp.close()
                self.udp.close()
        self.tcp.listen(16)
        for loop in (self.serve_udp, self.serve_tcp):
            threading.Thread(target=loop, daemon=True).start()

    @property
    def address(self):
        return f"127.0.0.1:{self.number}"

    def reply(self, question, code=NOERROR, cut=False, full=True):
        number = struct.unpack("!H", question[:2])[0]
        end = question.index(b"\0", 12) + 5
        kind = struct.unpack("!H", question[end - 4:end - 2])[0]
        found = self.addresses if kind == A and full and not cut else []
        flags = 0x8180 | code | (0x0200 if cut else 0)
        records = b"".join(
            struct.pack("!HHHIH", 0xC00C, A, 1, 60, 4) + socket.inet_aton(a)
            for a in found)
        soa = b"" if found or cut or code not in (NOERROR, NXDOMAIN) else SOA
        return struct.pack("!6H", number, flags, 1, len(found),
                           bool(soa), 0) + question[12:end] + records + soa

    def is_spoilt(self, question):
        kind = question[question.index(b"\0", 12) + 1:][:2]
        if not self.armed or (kind in self.spoilt and not self.always):
            return False
        self.spoilt.add(kind)
        return True

    def serve_udp(self):
        while True:
            try:
                question, origin = self.udp.recvfrom(4096)
            except OSError:
                return
            if len(question) < 17:       # the end of close()
                return

            def send(data, wait=0, origin=origin):
                timer = threading.Timer(wait, self.send, (data, origin))
                timer.daemon = True
                self.timers.append(timer)
                timer.start()

            if self.fault == "dns-formerr" and self.armed:
                # As a server that knows no EDNS.
                plain = struct.unpack("!H", question[10:12])[0] == 0
                send(self.reply(question, NOERROR if plain else FORMERR))
            elif not self.is_spoilt(question):
                send(self.reply(question))
            elif self.fault in CODES:
                send(self.reply(question, CODES[self.fault]))
            elif self.fault == "dns-empty":
                send(self.reply(question, full=False))
            elif self.fault == "dns-cut":
                send(self.reply(question, cut=True))
            elif self.fault == "dns-stranger":
                send(b"\0\0" + self.reply(question, NXDOMAIN)[2:])
                send(self.reply(question), 0.1)
            elif self.fault == "dns-slow":
                send(self.reply(question), 2.5)
            elif self.fault != "dns-silent":
                send(self.reply(question))

    def send(self, data, origin):
        try:
            self.udp.sendto(data, origin)
        except OSError:
            pass

    def serve_tcp(self):
        while True:
            try:
                sock = self.tcp.accept()[0]
                sock.settimeout(10)
                question = sock.recv(4096)[2:]
                data = self.reply(question)
                sock.sendall(struct.pack("!H", len(data)) + data)
                sock.close()
            except OSError:
                if self.tcp.fileno() < 0:
                    return

    def close(self):
        for timer in self.timers:
            timer.cancel()
        for sock in (self.udp, self.tcp):
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
