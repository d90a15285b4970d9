"""The faults that fault_peer.py plays, each with its sentence for FAULTS.md.

A stage says when: "listen" (there is no connection), "accept" (a new one, no
byte read), "tls" (instead of the handshake), "idle" (a kept one, before the
next request), "bytes" (the first bytes of a request are there, none is read),
"head" (its head was read), "answer" (it was read to its end), "dns" (the name
is looked up), "route" (no packet leaves), "proxy" (it was asked for a tunnel).

Used by: system/fault_table.py, system/fault_others.py, system/test_faults.py,
peers/fault_peer.py.
Instead of moto: moto never breaks a connection.
"""
import contextlib
import json
import time

FAULTS = {}


class Fault:
    def __init__(self, name, stage, text, play=None, only="", large=0):
        self.name, self.stage, self.text = name, stage, text
        self.play = play
        self.only = only             # "plain", "tls", "fresh", "kept" or ""
        self.large = large           # bytes of the request's body
        FAULTS[name] = self


def fault(name, stage, text, **more):
    def add(play):
        Fault(name, stage, text, play, **more)
        return play
    return add


def answer(status, body, *headers, length=None):
    head = [f"HTTP/1.1 {status}", *headers,
            f"content-length: {len(body) if length is None else length}"]
    return "\r\n".join([*head, "", ""]).encode() + body


def text_of(marker):
    return json.dumps({"services": [], "failures": [],
                       "for": marker.decode()}).encode()


def good(marker):
    return answer("200 OK", text_of(marker),
                  "content-type: application/x-amz-json-1.1")


# ---- names (fault_dns.py plays these) ----

for name, said in (
        ("dns-silent", "The name server says nothing."),
        ("dns-slow", "The name server answers after 2.5 s."),
        ("dns-servfail", "The name server answers SERVFAIL."),
        ("dns-refused", "The name server answers REFUSED."),
        ("dns-nxdomain", "The name does not exist."),
        ("dns-empty", "The name has no address."),
        ("dns-cut", "The name server cuts its answer: ask over TCP."),
        ("dns-stranger", "A forged NXDOMAIN comes before the answer."),
        ("dns-formerr", "The name server knows no EDNS."),
        ("one-refused", "One of two addresses refuses."),
        ("one-silent", "One of two addresses accepts, and says nothing.")):
    Fault(name, "dns", said)


# ---- there is no connection ----

Fault("no-route", "route", "There is no route to the address.", only="fresh")
Fault("refused", "listen", "Nobody listens at the port.")
Fault("syn-lost", "listen", "The SYN gets no answer.")


@fault("accept-close", "accept", "The server closes the connection at once.")
def accept_close(port, line):
    line.finish()
    line.until_end()


@fault("accept-reset", "accept", "The server resets the connection at once.")
def accept_reset(port, line):
    line.reset()


@fault("accept-silent", "accept",
       "The server accepts the connection and says nothing.", only="plain")
def accept_silent(port, line):
    line.until_end()


# ---- a proxy, before it makes a tunnel ----

def proxy(name, text, *pieces, end=True):
    @fault(name, "proxy", text, only="tls")
    def play(port, line):
        for piece in pieces:
            line.send(piece)
        if end:
            line.finish()
        line.until_end()


Fault("proxy", "proxied", "A proxy makes the tunnel.", only="tls")
proxy("proxy-silent", "A proxy says nothing.", end=False)
proxy("proxy-close", "A proxy closes instead of an answer.")
proxy("proxy-407", "A proxy asks for a name and a password.",
      answer("407 Proxy Authentication Required", b"",
             'proxy-authenticate: Basic realm="x"'))
proxy("proxy-403", "A proxy answers 403 with a page.",
      answer("403 Forbidden", b"<html><title>Denied</title></html>",
             "content-type: text/html"))
proxy("proxy-502", "A proxy answers 502.", answer("502 Bad Gateway", b""))
proxy("proxy-bytes", "A proxy makes the tunnel and says more.",
      b"HTTP/1.1 200 OK\r\n\r\n<html>hello</html>")
proxy("proxy-other", "A proxy does not speak HTTP.", b"\5\0hello\r\n\r\n")


@fault("proxy-reset", "proxy", "A proxy resets the connection.", only="tls")
def proxy_reset(port, line):
    line.reset()


# ---- TLS ----

@fault("tls-silent", "tls", "The server says nothing in the handshake.",
       only="tls")
def tls_silent(port, line):
    line.until_end()


@fault("tls-cut", "tls", "The server closes in the middle of the handshake.",
       only="tls")
def tls_cut(port, line):
    line.raw.recv(65536)
    line.raw.sendall(b"\x16\x03\x03\x00\x40\x02\x00\x00\x3c\x03\x03")
    line.finish()
    line.until_end()


@fault("tls-alert", "tls", "The server answers with the alert "
       "handshake_failure.", only="tls")
def tls_alert(port, line):
    line.raw.recv(65536)
    line.raw.sendall(b"\x15\x03\x03\x00\x02\x02\x28")
    line.finish()
    line.until_end()


@fault("tls-plain", "tls", "The server speaks plain HTTP at the TLS port.",
       only="tls")
def tls_plain(port, line):
    line.raw.recv(65536)
    line.raw.sendall(answer("400 Bad Request", b"speak HTTP",
                            "connection: close"))
    line.finish()
    line.until_end()


for bad, said in (
        ("wrong-name", "The certificate is for another name."),
        ("other-root", "No trusted root has signed the certificate."),
        ("expired", "The certificate has expired.")):
    Fault(f"tls-{bad}", "tls", said,
          lambda port, line, bad=bad: port.peer.contexts[bad], only="tls")
Fault("tls-1.3", "tls", "The server speaks TLS 1.3 alone.",
      lambda port, line: port.peer.newest, only="tls")
Fault("tls-suites", "tls", "No cipher suite is in common.",
      lambda port, line: port.peer.odd, only="tls")
Fault("tls-client", "tls", "The server demands a client certificate.",
      lambda port, line: port.peer.curious, only="tls")


# ---- a kept connection, before the next request ----

@fault("idle-close", "idle", "The server has closed the idle connection.",
       only="kept")
def idle_close(port, line):
    line.farewell()


@fault("idle-reset", "idle", "The server has reset the idle connection.",
       only="kept")
def idle_reset(port, line):
    line.reset()


@fault("idle-bytes", "idle", "The server said \"408 Request Timeout\" on the "
       "idle connection, and closed it.", only="kept")
def idle_bytes(port, line):
    line.send(answer("408 Request Timeout", b"", "connection: close"))
    line.farewell()


# ---- in the middle of the request ----

@fault("bytes-reset", "bytes", "The server resets the connection as the "
       "request arrives, and has read none of it.")
def bytes_reset(port, line):
    line.reset()


@fault("bytes-close", "bytes", "The server closes the connection as the "
       "request arrives, and has read none of it.")
def bytes_close(port, line):
    line.close()                     # unread bytes: the kernel sends an RST


@fault("half-close", "bytes", "The server sends a FIN as the request arrives, "
       "then reads all of it and says nothing.")
def half_close(port, line):
    with port.reading():
        line.finish()
        line.read_request()
        with port.lock:
            port.whole += 1
    time.sleep(0.2)


@fault("head-close", "head", "The server closes when it has read the "
       "request's head.", large=200000)
def head_close(port, line):
    line.close()


# ---- the answer to a large request comes early ----

def early(name, status, body, *headers):
    @fault(name, "head", f"The server answers {status.split()[0]} to the head "
           "of 6 MB and closes, with bytes unread.", large=6000000)
    def play(port, line):
        line.send(answer(status, body, "connection: close", *headers))
        line.close()


early("early-403", "403 Forbidden", b'{"__type":"AccessDeniedException",'
      b'"message":"no"}', "x-amzn-errortype: AccessDeniedException")
early("early-413", "413 Payload Too Large", b"too large")
early("early-503", "503 Service Unavailable", b"busy")


# ---- after the request ----

@fault("close", "answer", "The server reads the request and closes.")
def close(port, line, marker):
    line.farewell()
    line.until_end()


@fault("reset", "answer", "The server reads the request and resets.")
def reset(port, line, marker):
    line.reset()


@fault("silent", "answer", "The server reads the request and says nothing.")
def silent(port, line, marker):
    line.until_end()


@fault("head-cut", "answer", "The connection ends in the answer's head.")
def head_cut(port, line, marker):
    line.send(good(marker)[:30])
    line.farewell()
    line.until_end()


@fault("head-stuck", "answer", "The answer's head stops half way.")
def head_stuck(port, line, marker):
    line.send(good(marker)[:30])
    line.until_end()


@fault("body-cut", "answer", "The connection ends in the answer's body.")
def body_cut(port, line, marker):
    line.send(good(marker)[:-10])
    line.farewell()
    line.until_end()


@fault("body-reset", "answer", "A reset comes in the answer's body.")
def body_reset(port, line, marker):
    line.send(good(marker)[:-10])
    time.sleep(0.05)
    line.reset()


@fault("body-stuck", "answer", "The answer's body stops half way.")
def body_stuck(port, line, marker):
    line.send(good(marker)[:-10])
    line.until_end()


def chunks(marker):
    body = text_of(marker)
    return (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
            + b"%x\r\n%s\r\n" % (len(body), body))


@fault("chunk-cut", "answer", "The connection ends inside a chunk.")
def chunk_cut(port, line, marker):
    line.send(chunks(marker)[:-10])
    line.farewell()
    line.until_end()


@fault("chunk-no-end", "answer", "The connection ends where the last chunk "
       "should be.")
def chunk_no_end(port, line, marker):
    line.send(chunks(marker))
    line.farewell()
    line.until_end()


@fault("no-close-notify", "answer", "A body without a length ends in a FIN "
       "without close_notify.", only="tls")
def no_close_notify(port, line, marker):
    line.send(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n"
              + text_of(marker))
    line.finish()
    line.until_end()


@fault("to-close", "answer", "A good body without a length ends with the "
       "connection.")
def to_close(port, line, marker):
    line.send(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n"
              + text_of(marker))
    line.farewell()
    line.until_end()


@fault("wrong-bytes", "answer", "Other bytes come before the answer.")
def wrong_bytes(port, line, marker):
    line.send(b"\0\0garbage\r\n" + good(marker))
    line.until_end()


@fault("two-answers", "answer", "A second answer follows the first.")
def two_answers(port, line, marker):
    line.send(good(marker) + good(b"of another request"))
    line.until_end()


@fault("few-1xx", "answer", "Three answers 103 come before the answer.")
def few_1xx(port, line, marker):
    line.send(b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n" * 3
              + good(marker))
    return True


@fault("storm-1xx", "answer", "A thousand answers 100 come.")
def storm_1xx(port, line, marker):
    line.send(b"HTTP/1.1 100 Continue\r\n\r\n" * 1000 + good(marker))
    line.until_end()


@fault("large-head", "answer", "The answer's head is 1 MB.")
def large_head(port, line, marker):
    line.send(b"HTTP/1.1 200 OK\r\n" + b"x-a: " + b"y" * 1000000 + b"\r\n\r\n")
    line.until_end()


@fault("drip", "answer", "The answer comes byte by byte and never ends.")
def drip(port, line, marker):
    line.send(answer("200 OK", b"", length=1000000))
    with contextlib.suppress(OSError):
        while not port.closed:
            line.send(b" ")
            time.sleep(0.15)


# ---- answers that are errors ----

def refusal(name, status, body, *headers, text):
    @fault(name, "answer", text)
    def play(port, line, marker):
        line.send(answer(status, body, *headers))
        return True


HTML = b"<html><body><h1>Bad luck</h1></body></html>"

for number, phrase in ((502, "Bad Gateway"), (503, "Service Unavailable"),
                       (504, "Gateway Timeout")):
    refusal(f"html-{number}", f"{number} {phrase}", HTML,
            "content-type: text/html",
            text=f"A gateway answers {number} with a page.")
    refusal(f"aws-{number}", f"{number} {phrase}",
            b'{"__type":"ServiceUnavailableException","message":"later"}',
            "x-amzn-errortype: ServiceUnavailableException",
            text=f"The service answers {number} with an error code.")
refusal("aws-500", "500 Internal Server Error",
        b'{"__type":"ServerException","message":"broken"}',
        text="The service answers 500 with an error code.")
refusal("throttled", "400 Bad Request",
        b'{"__type":"ThrottlingException","message":"Rate exceeded"}',
        text="The service answers ThrottlingException.")
refusal("denied", "400 Bad Request",
        b'{"__type":"AccessDeniedException","message":"no"}',
        text="The service answers AccessDeniedException.")
