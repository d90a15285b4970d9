"""A forward proxy that does as it is told: CONNECT, requests in absolute form,
Basic credentials, TLS of its own, and faults.

    with ProxyServer(auth="u:p", routes={"ecs.test.internal:443": port}) as p:
        p.fault(b"HTTP/1.1 502 Bad Gateway\\r\\n\\r\\n")
        ... p.url ...
        assert p.seen == [("CONNECT", "ecs.test.internal:443")]

Used by: system/test_proxy.py.
Instead of moto: moto is no proxy; tinyproxy and squid (`make proxies`) do not
misbehave.
"""
import base64
import select
import socket
import ssl
import threading

REFUSED = (b"HTTP/1.1 407 Proxy Authentication Required\r\n"
           b'Proxy-Authenticate: Basic realm="stub"\r\n'
           b"Content-Length: 0\r\n\r\n")


class ProxyServer:
    def __init__(self, tls=None, auth=None, routes=None):
        self.auth, self.routes, self.tls = auth, routes or {}, tls
        self.seen = []                  # (method, target) of each request
        self.heads = []                 # the whole head of each, as bytes
        self.faults = []
        self.open = []                  # sockets
        self.accepted = 0               # connections
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.context = None
        if tls:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.maximum_version = ssl.TLSVersion.TLSv1_2
            self.context.load_cert_chain(f"{tls}-chain.pem", f"{tls}-key.pem")
        self.ended = False
        self.thread = threading.Thread(target=self.serve)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ended = True
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.drop()
        self.thread.join()

    def drop(self):
        """Ends all connections, as a restart does."""
        for s in self.open:
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def url(self, user="", name="127.0.0.1"):
        return (f"http{'s' if self.tls else ''}://"
                f"{user + '@' if user else ''}{name}:{self.port}")

    def fault(self, what, times=1):
        """The next requests: bytes that are sent before a close, "silent",
        "reset"; or a bytes with more behind them: ("early", bytes)."""
        self.faults += [what] * times

    @property
    def tunnels(self):
        return [target for method, target in self.seen if method == "CONNECT"]

    def serve(self):
        threads = []
        while not self.ended:
            try:
                client, _ = self.listener.accept()
            except OSError:
                break
            self.accepted += 1
            self.open.append(client)
            threads.append(threading.Thread(target=self.client,
                                            args=(client,)))
            threads[-1].start()
        for thread in threads:
            thread.join()

    def client(self, client):
        try:
            if self.context:
                raw, client = client, self.context.wrap_socket(
                    client, server_side=True)
                self.open.append(client)
            while self.request(client):
                pass
        except OSError:
            pass
        finally:
            client.close()

    def request(self, client):
        """True: another request may follow."""
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            byte = client.recv(1)
            if not byte:
                return False
            head += byte
        method, target, _ = head.split(b"\r\n")[0].decode().split(" ")
        self.heads.append(head)
        self.seen.append((method, target))
        if self.faults:
            self.misbehave(client, self.faults.pop(0))
            return False
        wanted = self.auth and b"Proxy-Authorization: Basic " + \
            base64.b64encode(self.auth.encode()) + b"\r\n"
        if wanted and wanted not in head:
            client.sendall(REFUSED)
            return False
        if method != "CONNECT":
            return self.forward(client, method, target, head)
        with self.reach(target) as server:
            client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            relay(client, server)
        return False

    def reach(self, host):
        server = socket.create_connection(("127.0.0.1", self.routes[host]))
        self.open.append(server)
        return server

    def misbehave(self, client, what):
        if what == "silent":
            client.recv(1)
        elif what == "reset":
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                              b"\1\0\0\0\0\0\0\0")
        else:
            client.sendall(what)

    def forward(self, client, method, target, head):
        """One request in absolute form; its answer ends with the connection to
        the server, and the client's is kept."""
        assert target.startswith("http://"), target
        host, _, path = target[len("http://"):].partition("/")
        host = host if ":" in host else host + ":80"
        lines = [line for line in head.split(b"\r\n")[1:-2]
                 if not line.lower().startswith(b"proxy-")]
        size = next((int(line.split(b":")[1]) for line in lines
                     if line.lower().startswith(b"content-length:")), 0)
        body = b""
        while len(body) < size:
            body += client.recv(size - len(body))
        with self.reach(host) as server:
            server.sendall(b"\r\n".join([
                f"{method} /{path} HTTP/1.1".encode(), *lines,
                b"Connection: close", b"", b""]) + body)
            relay(server, client, one_way=True)
        return True


def relay(a, b, one_way=False):
    """Bytes between both until one of them ends."""
    ends = {a: b} if one_way else {a: b, b: a}
    while True:
        pending = [s for s in ends
                   if isinstance(s, ssl.SSLSocket) and s.pending()]
        ready = pending or select.select(list(ends), [], [])[0]
        for s in ready:
            data = s.recv(65536)
            if not data:
                return
            ends[s].sendall(data)
