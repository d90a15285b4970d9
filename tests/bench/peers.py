"""The clients that people use today, and the floors and drivers beside them:
how each makes the bench's call, and why one cannot.

Each program of a peer takes a number of calls, prints "CPU WALL" in
microseconds a call, then what the answer says, and makes one call more, first.
"""
import os
import shutil

import tools

SAID = "web 1"


class Peer:
    """`command(calls)`; `why` says what it lacks, or is None."""

    def __init__(self, name, command, needs, calls):
        self.name, self.command, self.calls = name, command, calls
        lacks = [str(n) for n in needs if not os.path.exists(n)
                 and not shutil.which(str(n))]
        self.why = None
        if lacks:
            note = tools.TOP / "build" / "peers" / "missing"
            said = [line for line in note.read_text().splitlines()
                    if line.split(":")[0] in name] if note.exists() else []
            self.why = said[0] if said else \
                f"no {lacks[0]}: run make bench-peers"


def all_peers():
    peers, here = tools.TOP / "build" / "peers", tools.HERE / "peers"
    python = peers / "venv" / "bin" / "python"
    boto3 = peers / "venv" / "stamp"
    return [
        Peer("boto3", lambda n: [python, here / "boto.py", n], [boto3], 300),
        Peer("boto3, tcp_keepalive",
             lambda n: [python, here / "boto.py", n, "keepalive"], [boto3],
             300),
        Peer("AWS SDK for JavaScript v3",
             lambda n: ["/usr/bin/env", "node", here / "js" / "sdk.mjs", n],
             ["node", peers / "js" / "stamp"], 1000),
        Peer("AWS SDK for Go v2", lambda n: [peers / "go" / "sdk", n],
             [peers / "go" / "sdk"], 2000),
        Peer("AWS SDK for Rust",
             lambda n: [peers / "rust" / "release" / "sdk", n],
             [peers / "rust" / "release" / "sdk"], 2000),
        Peer("libcurl, aws_sigv4", lambda n: [peers / "curl", n],
             [peers / "curl"], 2000),
        Peer("libcurl + jansson", lambda n: [peers / "curl", n, "json"],
             [peers / "curl"], 2000),
    ]


def aws_cli():
    """One call and no more: each is a process."""
    folder = tools.TOP / "build" / "peers" / "venv" / "bin"
    aws = folder / "aws"
    # Its first line has the path of where it was installed.
    return Peer("AWS CLI", lambda _: [
        folder / "python", aws, "ecs", "describe-services", "--cluster",
        "prod", "--services", "web", "--include", "TAGS", "--query",
        "services[0].[serviceName,desiredCount]", "--output", "text"],
        [aws], 1)


def env(bench, port, ca="ca.pem"):
    return bench.env(port, ca, BENCH_NODE_MODULES=str(
        tools.TOP / "build" / "peers" / "js" / "node_modules"),
        NODE_PATH="", AWS_PAGER="")


def said(lines):
    """The peer parsed the answer: the CLI puts a tab between both."""
    text = " ".join(str(lines[-1]).split())
    if text != SAID:
        raise RuntimeError(f"the answer says {SAID!r}, and the peer {text!r}")
