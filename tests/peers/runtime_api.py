"""A Runtime API of Lambda that does what AWS's emulator never does: it loses
connections, and its invocations have a trace.  These events, one after the
other; to each POST what `statuses` says (None: the connection ends without an
answer; the last one is said for ever); then no event more.  An event may be a
function that gives it: it is called while the child waits for it.

    with RuntimeApi([{"cluster": "prod"}], statuses=[None, 202]) as api:
        child = Popen(..., env={"AWS_LAMBDA_RUNTIME_API": api.address})
        api.idle.wait(30)                      # it asked for one more event
        assert api.posts == [(path, body), (path, body)]

Used by: system/.
Instead of moto: moto runs functions in Docker and has no Runtime API of its
own.
"""
import http.server
import json
import threading
import time

ID = "8476a536-e9f4-11e8-9739-2dfe598c3fcd"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def setup(self):
        super().setup()
        self.server.owner.connections += 1

    def say(self, status, body=b"{}", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        api = self.server.owner
        api.nexts += 1
        if api.nexts > len(api.events):
            api.idle.set()
            api.over.wait()
            self.close_connection = True
            return
        event = api.events[api.nexts - 1]
        if callable(event):
            event = event()
        trace = api.traces[api.nexts - 1] if api.traces else None
        more = {"Lambda_Runtime_Trace_Id": trace} if trace else {}
        self.say(200, json.dumps(event).encode(),
                 Lambda_Runtime_Aws_Request_Id=ID,
                 Lambda_Runtime_Deadline_Ms=str(
                     int((time.time() + api.seconds) * 1000)), **more)

    def do_POST(self):
        api = self.server.owner
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status = api.statuses[min(len(api.posts), len(api.statuses) - 1)]
        api.posts.append((self.path, body))
        if status is None:
            self.close_connection = True
        else:
            self.say(status)

    def log_message(self, *_):
        pass


class RuntimeApi:
    def __init__(self, events, statuses=(202,), traces=None, seconds=60,
                 port=0):
        self.events, self.statuses = events, list(statuses)
        self.port = port
        self.traces, self.seconds = traces, seconds
        self.nexts = self.connections = 0
        self.posts = []
        self.idle, self.over = threading.Event(), threading.Event()

    @property
    def address(self):
        return f"127.0.0.1:{self.server.server_port}"

    def __enter__(self):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port),
                                                      Handler)
        self.server.daemon_threads = True
        self.server.owner = self
        threading.Thread(target=self.server.serve_forever,
                         daemon=True).start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.server.shutdown()
        self.server.server_close()
