"""A server that ends each kept connection while the next request may be on its
way to it.

    crossing_peer.py KIND ADDRESS PORT SECONDS

It answers one request on each connection.  Within SECONDS after that, by KIND,
it closes (a), half-closes and reads (b), half-closes, reads and closes (c), or
half-closes, reads half and closes (d); or it reads all and resets (e).  At the
end of its input it prints how often it read each request whole, as JSON.

Used by: system/test_crossing.py.
Instead of moto: moto closes when it likes, and does not count what it read.
"""
import collections
import contextlib
import json
import random
import re
import socket
import struct
import sys
import threading
import time

ANSWER = (b"HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.1\r\n"
          b"x-amzn-RequestId: 1\r\nContent-Length: 14\r\n\r\n"
          b'{"service":{}}')
NAME = re.compile(rb'"cluster":"n(\d+)n"')
RESET = struct.pack("ii", 1, 0)
read = collections.Counter()


def whole(conn):
    """One request: false at the end of the connection."""
    text = b""
    while b'"web"' not in text or not text.endswith(b"}"):
        got = conn.recv(65536)
        if not got:
            return False
        text += got
    read[int(NAME.search(text)[1])] += 1
    return True


def serve(conn, kind, seconds):
    with conn, contextlib.suppress(OSError):
        conn.settimeout(5)
        if not whole(conn):
            return
        conn.sendall(ANSWER)
        if kind == "e":
            if whole(conn):
                conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            return
        time.sleep(random.uniform(0, seconds))
        if kind == "a":
            return
        conn.shutdown(socket.SHUT_WR)
        if kind == "d":
            conn.recv(200)
            return
        whole(conn)
        if kind == "b":
            conn.recv(1)                 # until the client closes


def main(kind, address, port, seconds):
    listener = socket.create_server((address, int(port)), backlog=100)

    def accept():
        while True:
            threading.Thread(target=serve, args=(
                listener.accept()[0], kind, float(seconds)),
                daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    print("ready", flush=True)
    sys.stdin.read()
    print(json.dumps(read), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
