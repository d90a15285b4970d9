"""the work that floors, headcount and peers do for one call is the same

The server writes down what it saw of each: on one connection, the same cipher,
token, question and answer, and a signature that botocore makes, too.  A peer
that opens a second connection beside it (on a busy machine Go's does) is judged
by both.
"""
import pathlib

import peers
import same_work
import tools


def clients(bench):
    """(name, command of a port, environment of a port)."""
    yield "floor", lambda port: [bench.program("floor"), port, 1,
                                 f"{bench.certs}/ec-ca.pem", "sign"], None
    yield "headcount", lambda port: [bench.ours("driver"), port, 1,
                                     f"{bench.certs}/ca.pem", "json"], None
    try:
        driver = bench.static("driver")
        yield "headcount, static", lambda port: [
            driver, port, 1, f"{bench.certs}/ca.pem", "json"], None
    except tools.Missing as why:
        print(f"  headcount, static: not looked at: {why}")
    for peer in (*peers.all_peers(), peers.aws_cli()):
        if peer.why:
            print(f"  {peer.name}: not looked at: {peer.why}")
            continue
        yield peer.name, lambda _, peer=peer: peer.command(1), \
            lambda port: peers.env(bench, port)


def look(bench, name, command, env):
    file = bench.work / "seen"
    with tools.Server(bench, seen=file) as server:
        lines, _ = bench.run(command(server.port),
                             env and env(server.port))
        if name != "floor":
            peers.said(lines)
        counted = server.stop()
    seen = same_work.connections(pathlib.Path(file).read_bytes())
    if not seen or (name in same_work.EXACT and counted[0] != 1):
        raise RuntimeError(f"{name}: {counted[0]} connections")
    return seen


def run(bench):
    found, names = [], []
    print(f"  {'':29}{'suite':>6}{'request':>9}{'answer':>8}{'token':>7}  "
          "signed headers")
    for name, command, env in clients(bench):
        for seen in look(bench, name, command, env):
            found.append(seen)
            names.append(name)
            print(f"  {name:29}{seen.suite:>6}{len(seen.text):9}"
                  f"{seen.answer:8}{len(seen.token):7}  {len(seen.names)}")
    why = same_work.judge(found, names, signatures=True)
    if why:
        raise RuntimeError(why)
    print("  same work, and every signature is good (the floor's key is any)")
