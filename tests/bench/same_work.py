"""same_work.py FILE - fails unless every TLS connection that the bench's server
wrote into FILE used one cipher suite and signed the same bytes.

A floor that does less work than headcount, or other work, makes a good ratio
out of nothing.
"""
import re
import sys

# What may differ between two requests without a byte more or less to hash.
SAME_LENGTH = {"x-amz-date", "amz-sdk-invocation-id"}


def connections(data):
    """(suite, request) of each connection."""
    found = []
    while data:
        head, _, data = data.partition(b"\n")
        suite, size = head.split()
        found.append((suite.decode(), data[:int(size)].decode()))
        data = data[int(size) + 1:]
    return found


def signed(request):
    """What SigV4 hashes of it: the signed headers and the body."""
    head, _, body = request.partition("\r\n\r\n")
    lines = head.split("\r\n")
    headers = {k.lower(): v for k, v in
               (line.split(": ", 1) for line in lines[1:])}
    names = re.search(r"SignedHeaders=([^,]+)",
                      headers["authorization"])[1].split(";")
    values = {name: len(headers[name]) if name in SAME_LENGTH
              else headers[name] for name in names}
    return lines[0], values, body


def main():
    with open(sys.argv[1], "rb") as f:
        found = connections(f.read())
    if len(found) < 2:
        sys.exit(f"{len(found)} connections: there is nothing to compare")
    suites = {suite for suite, _ in found}
    if len(suites) != 1:
        sys.exit(f"the cipher suites differ: {', '.join(sorted(suites))}")
    first = signed(found[0][1])
    for _, request in found[1:]:
        other = signed(request)
        if first != other:
            sys.exit(f"the signed bytes differ:\n{first}\n{other}")
    token = len(first[1].get("x-amz-security-token", ""))
    print(f"same work: cipher suite {suites.pop()}, {len(first[1])} signed "
          f"headers, a session token of {token} bytes, "
          f"{len(first[2])} bytes of body")


if __name__ == "__main__":
    main()
