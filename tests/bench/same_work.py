"""same_work.py FILE [NAME...] - fails unless every TLS connection that the
bench's server wrote into FILE used one cipher suite and one session token,
asked for the same, was answered with as many bytes, and has a good signature.

Those without a name, or with a name in EXACT, must also have signed the same
bytes.  A floor that does less work than headcount, or other work, makes a good
ratio out of nothing, and so does a peer.
"""
import json
import pathlib
import re
import sys

# What may differ between two requests without a byte more or less to hash.
SAME_LENGTH = {"x-amz-date", "amz-sdk-invocation-id", "host"}
EXACT = {"floor", "headcount", "headcount, static"}


class Seen:
    """The last request of a connection, and what of it SigV4 hashes."""

    def __init__(self, suite, answer, text):
        self.suite, self.answer, self.text = suite, answer, text
        head, _, self.body = text.partition("\r\n\r\n")
        self.lines = head.split("\r\n")
        self.headers = {k.lower(): v for k, v in
                        (line.split(": ", 1) for line in self.lines[1:])}
        self.names = re.search(r"SignedHeaders=([^,]+)",
                               self.headers["authorization"])[1].split(";")
        self.token = self.headers.get("x-amz-security-token", "")

    def signed(self):
        values = {name: len(self.headers[name]) if name in SAME_LENGTH
                  else self.headers[name] for name in self.names}
        return self.lines[0], values, self.body

    def asked(self):
        return self.headers["x-amz-target"], json.loads(self.body)


def connections(data):
    found = []
    while data:
        head, _, data = data.partition(b"\n")
        suite, answer, size = head.split()
        found.append(Seen(suite.decode(), int(answer),
                          data[:int(size)].decode()))
        data = data[int(size) + 1:]
    return found


def has_good_signature(seen):
    """As botocore computes it of the same request."""
    sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "peers"))
    import ecs_check
    import ecs_wire
    import tools
    head, _, body = seen.text.partition("\r\n\r\n")
    request = ecs_wire.Request(head.encode(), body.encode(), 0)
    scope = ecs_check.scope_of(request)
    return scope["signature"] == ecs_check.recomputed(request, scope,
                                                      tools.SECRET)


def judge(found, names, signatures):
    """What differs, as a sentence; or None."""
    first = found[0]
    for seen, name in zip(found, names):
        if seen.suite != first.suite:
            return f"{name}: the cipher suite is {seen.suite}"
        if seen.token != first.token or not seen.token:
            return f"{name}: the session token is another one"
        if seen.asked() != first.asked():
            return f"{name} asks for {seen.asked()}, not {first.asked()}"
        if seen.answer != first.answer:
            return f"{name}: an answer of {seen.answer} bytes"
        if name in EXACT and seen.signed() != first.signed():
            return f"the signed bytes differ:\n{first.signed()}\n" \
                   f"{seen.signed()}"
        if signatures and name != "floor" and not has_good_signature(seen):
            return f"{name}: the signature is wrong"
    return None


def main(file, *names):
    found = connections(pathlib.Path(file).read_bytes())
    if len(found) < 2:
        sys.exit(f"{len(found)} connections: there is nothing to compare")
    why = judge(found, names or ["floor", "headcount"] * len(found),
                signatures=bool(names))
    if why:
        sys.exit(why)
    first = found[0]
    print(f"same work: cipher suite {first.suite}, {len(first.names)} signed "
          f"headers, a session token of {len(first.token)} bytes, "
          f"{len(first.body)} bytes of body")


if __name__ == "__main__":
    main(*sys.argv[1:])
