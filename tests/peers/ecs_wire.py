"""HTTP/1.1 over plain TCP or TLS, kept alive and counted where it is accepted;
what is answered is for who inherits it.

Used by: peers/ecs_server.py, peers/creds_server.py, peers/principal_server.py,
system/test_roles.py, bench/grown.py and bench/same_work.py.
Instead of moto: moto's server counts neither connections nor handshakes,
and cannot break one off.
"""
import json
import socket
import ssl
import threading
import time


class Request:
    def __init__(self, head, body, connection):
        lines = head.decode("latin-1").split("\r\n")
        self.line = lines[0]
        self.headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            self.headers[name.strip().lower()] = value.strip()
        self.raw_body = body
        self.connection = connection
        self.target = self.headers.get("x-amz-target", "")
        self.operation = self.target.rpartition(".")[2]
        try:
            self.body = json.loads(body)
        except ValueError:
            self.body = None


class Wire:
    """`answer(request)` says (bytes, keep the connection?, how, delay): how is
    None, "silent" or "drip".  It is called under the lock."""

    def __init__(self, tls=None):
        self.connections = self.handshakes = self.failed_handshakes = 0
        self.farewells = self.resumed = 0   # close_notify; sessions again
        self.lock = threading.Lock()
        self.barrier = None          # answers wait for so many others
        self.context = None
        if tls is not None:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.maximum_version = ssl.TLSVersion.TLSv1_2
            self.context.set_ciphers("ALL:@SECLEVEL=0")
            self.context.load_cert_chain(f"{tls}-chain.pem", f"{tls}-key.pem")
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        self.open = set()
        self.stopped = False
        self.thread = threading.Thread(target=self.accept, daemon=True)

    def answer(self, request):
        raise NotImplementedError

    def http(self, status, body, kind="application/x-amz-json-1.1"):
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
        return (f"HTTP/1.1 {status} Any\r\nContent-Type: {kind}\r\n"
                f"x-amzn-RequestId: 5a1f7c2e-0b7d-4f59-9d3a-{status:012d}\r\n"
                f"Content-Length: {len(body)}\r\n\r\n").encode() + body

    def read_request(self, stream, connection):
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            byte = stream.read(1)
            if not byte:
                return None
            head += byte
        request = Request(head[:-4], b"", connection)
        n = int(request.headers.get("content-length", "0"))
        return Request(head[:-4], stream.read(n), connection)

    @staticmethod
    def drip(peer, answer):
        """A byte every hundredth of a second: never late, never done."""
        for i in range(len(answer)):
            peer.sendall(answer[i:i + 1])
            time.sleep(0.01)

    def all_closed(self, within=5):
        """The connections are over, and what they told is counted."""
        end = time.monotonic() + within
        while time.monotonic() < end:
            with self.lock:
                if not self.open:
                    return True
            time.sleep(0.005)
        return False

    def serve(self, plain, number):
        try:
            peer = plain
            if self.context is not None:
                peer = self.context.wrap_socket(plain, server_side=True,
                                                suppress_ragged_eofs=False)
                with self.lock:
                    self.handshakes += 1
                    self.resumed += bool(peer.session_reused)
            stream = peer.makefile("rb")
            while (request := self.read_request(stream, number)) is not None:
                with self.lock:
                    answer, keep, how, delay = self.answer(request)
                if delay:
                    time.sleep(delay)
                if self.barrier is not None:
                    self.barrier.wait(20)
                if how == "silent":
                    continue
                if how == "drip":
                    self.drip(peer, answer)
                elif answer:
                    peer.sendall(answer)
                if not keep or request.headers.get("connection") == "close":
                    break
            else:
                with self.lock:
                    self.farewells += self.context is not None
            if self.context is not None:
                peer.unwrap()
        except ssl.SSLError:
            with self.lock:
                self.failed_handshakes += 1
        except OSError:
            pass
        finally:
            with self.lock:
                self.open.discard(plain)
            try:
                plain.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            plain.close()

    def accept(self):
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            if self.stopped:
                peer.close()
                return
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self.lock:
                self.connections += 1
                self.open.add(peer)
                number = self.connections
            threading.Thread(target=self.serve, args=(peer, number),
                             daemon=True).start()

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopped = True
        try:                             # accept() does not see a close
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        except OSError:
            pass
        self.thread.join(5)
        self.listener.close()
        with self.lock:
            for peer in list(self.open):
                try:
                    peer.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
