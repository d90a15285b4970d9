"""signature_server.py - an HTTP server that believes no request: botocore
makes each signature again, of what came on the wire.

    with SignatureServer() as server:
        ... server.url, server.seen ...
        server.answers.append((500, {}, b"no"))       # to the next good one
        server.ahead = 60                             # its clock, in seconds

A good request is answered with what it sent, a bad one as S3 does: 403 and a
code in XML.

Used by: system/test_fetch.py.
Instead of moto: it looks at no presigned URL, neither at its signature nor at
its age.
"""
import datetime
import http.server
import threading
from urllib.parse import parse_qsl, urlsplit

import botocore.auth
import botocore.awsrequest
import botocore.credentials

AMZ = "%Y%m%dT%H%M%SZ"
ERROR = ('<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{}</Code>'
         "<Message>{}</Message></Error>")


def refused(code, message="The request is not what was signed."):
    return 403, {"Content-Type": "application/xml"}, \
        ERROR.format(code, message).encode()


def parts_of(request):
    """(scope, signed names, signature, date, seconds that a URL is good for
    or None)."""
    query = dict(parse_qsl(urlsplit(request.path).query))
    header = request.headers.get("Authorization", "")
    if "X-Amz-Signature" in query:
        if header:
            return None
        return (query["X-Amz-Credential"], query["X-Amz-SignedHeaders"],
                query["X-Amz-Signature"], query["X-Amz-Date"],
                int(query["X-Amz-Expires"]))
    if not header.startswith("AWS4-HMAC-SHA256 "):
        return None
    given = dict(part.strip().split("=", 1)
                 for part in header.partition(" ")[2].split(","))
    return (given["Credential"], given["SignedHeaders"], given["Signature"],
            request.headers["X-Amz-Date"], None)


def judge(request, body, keys, ahead):
    """None, or the answer that refuses it."""
    parts = parts_of(request)
    if parts is None:
        return refused("AccessDenied")
    scope, names, signature, date, good = parts
    key_id, _, region, service, _ = scope.split("/")
    if key_id not in keys:
        return refused("InvalidAccessKeyId")
    secret, token = keys[key_id]
    kind = ("S3" if service == "s3" else "") + "SigV4" + (
        "QueryAuth" if good else "Auth")
    auth = getattr(botocore.auth, kind)(
        botocore.credentials.Credentials(key_id, secret, token), service,
        region)
    bare = request.path.partition("&X-Amz-Signature=")[0]
    again = botocore.awsrequest.AWSRequest(
        method=request.command, data=body,
        url=f"http://{request.headers['Host']}{bare}")
    for name, value in request.headers.items():
        if name.lower() in names.split(";"):
            again.headers[name] = value
    again.context["timestamp"] = date
    text = auth.canonical_request(again)
    if auth.signature(auth.string_to_sign(again, text), again) != signature:
        return refused("SignatureDoesNotMatch")
    if service == "s3" and not good and \
            request.headers["X-Amz-Content-Sha256"] != "UNSIGNED-PAYLOAD" and \
            request.headers["X-Amz-Content-Sha256"] != \
            botocore.auth.sha256(body).hexdigest():
        return refused("XAmzContentSHA256Mismatch")
    age = (datetime.datetime.now(datetime.timezone.utc) -
           datetime.datetime.strptime(date, AMZ).replace(
               tzinfo=datetime.timezone.utc)).total_seconds() + ahead
    if age >= (good or 900):
        return refused("AccessDenied", "Request has expired")
    return None


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        server = self.server.owner
        server.seen.append((self.command, self.path, self.headers, body))
        got = judge(self, body, server.keys, server.ahead) \
            if server.judges else None
        if got is None:
            got = server.answers.pop(0) if server.answers else (200, {}, body)
        status, headers, text = got
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(text)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = do_PATCH = answer

    def log_message(self, *args):
        pass


class SignatureServer:
    def __init__(self):
        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.http.owner = self
        self.port = self.http.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.keys = {}               # id: (secret, token or None)
        self.seen, self.answers = [], []
        self.judges, self.ahead = True, 0

    def __enter__(self):
        self.thread = threading.Thread(target=self.http.serve_forever,
                                       kwargs={"poll_interval": 0.05})
        self.thread.start()
        return self

    def __exit__(self, *args):
        self.http.shutdown()
        self.thread.join()
        self.http.server_close()
