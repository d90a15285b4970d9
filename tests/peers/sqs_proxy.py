"""A proxy in front of an SQS that notes what went through it, and when.

    with SqsProxy(moto.port) as front:
        ...
        front.calls()           # [Call(operation, body, answer, came, went)]

Long polls are short ones here, again and again: moto goes on with one whose
asker is gone, and gives messages to nobody.

`came` is when the request was read, `went` when its answer was there and not
yet sent: whoever reads the answer does so later.

Used by: system/test_watch.py.
Instead of moto: it stands in front of moto, which does not say when a
message was received or deleted.
"""
import collections
import http.client
import http.server
import json
import select
import socket
import threading
import time

Call = collections.namedtuple("Call", "operation body answer came went")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60

    def log_message(self, *_):
        pass

    def setup(self):
        super().setup()
        with self.server.lock:
            self.server.connections += 1

    def forward(self, body, headers):
        there = http.client.HTTPConnection("127.0.0.1", self.server.upstream,
                                           timeout=60)
        try:
            there.request("POST", self.path, body, headers)
            answer = there.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            there.close()

    def is_gone(self):
        ready, _, _ = select.select([self.connection], [], [], 0)
        return bool(ready) and not self.connection.recv(1, socket.MSG_PEEK)

    def receive(self, body, headers):
        """ReceiveMessage; None: who asked is gone."""
        asked = json.loads(body)
        end = time.monotonic() + asked.get("WaitTimeSeconds", 0)
        short = json.dumps({**asked, "WaitTimeSeconds": 0}).encode()
        while not self.is_gone():
            got = self.forward(short, headers)
            if time.monotonic() >= end or b'"Messages"' in got[2] or \
                    got[0] != 200:
                return got
            time.sleep(0.03)
        return None

    def do_POST(self):
        came = time.monotonic()
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        operation = self.headers.get("X-Amz-Target", "").rpartition(".")[2]
        with self.server.lock:
            self.server.came.append(operation)
            fault = self.server.take_fault(operation)
        time.sleep(self.server.slow.get(operation, 0))
        headers = {k: v for k, v in self.headers.items()
                   if k.lower() not in ("connection", "content-length")}
        kind = "application/x-amz-json-1.0"
        if isinstance(fault, dict):
            status, answer = 200, json.dumps(fault).encode()
        elif fault is not None:
            status, answer = 400, json.dumps(
                {"__type": f"com.amazonaws.sqs#{fault}",
                 "message": f"{fault}, as the test says"}).encode()
        else:
            ask = self.receive if operation == "ReceiveMessage" \
                else self.forward
            got = ask(body, headers)
            if got is None:
                self.close_connection = True
                return
            status, heads, answer = got
            kind = heads.get("Content-Type", kind)
        with self.server.lock:
            self.server.noted.append(Call(
                operation, json.loads(body),
                json.loads(answer) if answer[:1] == b"{" else {}, came,
                time.monotonic()))
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("x-amzn-RequestId", "sqs-proxy")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def handle(self):
        try:
            super().handle()
        except OSError:                  # who asked is gone
            pass


class SqsProxy(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, upstream):
        super().__init__(("127.0.0.1", 0), Handler)
        self.upstream, self.port = upstream, self.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.lock = threading.Lock()
        self.connections, self.noted, self.faults = 0, [], []
        self.came = []               # operations, answered or not
        self.slow = {}               # seconds until such a request is read

    def handle_error(self, *_):
        pass

    def fault(self, operation, code, times=1):
        """The next `times` such requests are refused so, and not passed on;
        an object is answered as it is."""
        with self.lock:
            self.faults.append([operation, code, times])

    def take_fault(self, operation):
        for rule in self.faults:
            if rule[0] == operation and rule[2] > 0:
                rule[2] -= 1
                return rule[1]
        return None

    def calls(self, operation=None):
        with self.lock:
            return [c for c in self.noted if operation in (None, c.operation)]

    def __enter__(self):
        threading.Thread(target=self.serve_forever, args=(0.05,),
                         daemon=True).start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()
