"""`headcount latency` for README.md: pictures.py PROGRAM CERTS FOLDER [write].

The stub ECS behind nginx and TLS, and dnsmasq, in a network namespace of their
own (root, /dev/net/tun); each packet to it and from it takes ONE_WAY.  On a
busy machine: chrt -f 10 make pictures.  `write` writes the table into README.md
and the picture to examples/latency.svg; a call that failed leaves both as they
were.
"""
import json
import os
import pathlib
import subprocess
import sys
import time

from put_item import NAME, TOP, environment, machine

import ecs_server
import readme
import servers
from lossy_path import THERE, LossyPath, NoPath

CALLS, ONE_WAY = 30, 0.001
PICTURE = TOP / "examples" / "latency.svg"
ROWS = {
    "keep-alive": "A call on a connection that stays open",
    "TLS resumed": "The same on a new connection, TLS session resumed",
    "closed": "The same on a new connection, full TLS handshake",
    "DNS anew": "The same, and a DNS server is asked as well",
}


def far(certs, folder):
    """In the far network: says the ports, and serves until its input ends."""
    dns = servers.Dnsmasq(folder / "dns", {NAME: [THERE]},
                          options=[f"--listen-address={THERE}"])
    with ecs_server.EcsServer() as ecs, dns:
        ecs.judge.unsigned = ecs.judge.regions = False
        front = servers.Nginx(folder / "nginx", ecs.port,
                              tls=pathlib.Path(certs, "ec").resolve())
        conf = front.folder / "nginx.conf"
        conf.write_text(conf.read_text().replace(
            f"listen 127.0.0.1:{front.port}", f"listen {front.port}"))
        with front:
            print(front.port, dns.port, flush=True)
            sys.stdin.read()


def measure(program, certs, folder):
    """(the report, the picture)."""
    with LossyPath(delay=ONE_WAY) as path, subprocess.Popen(
            [*path.far, sys.executable, __file__, "far", certs, folder],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            text=True) as there:
        ports = there.stdout.readline().split()
        if len(ports) != 2:
            sys.exit("the servers did not start")
        env = environment(certs, ports[0])
        env["AWS_ENDPOINT_URL_ECS"] = env.pop("AWS_ENDPOINT_URL_DYNAMODB")
        done = subprocess.run(
            [*path.near, program, "latency", "--calls", str(CALLS),
             "--dns-server", f"{THERE}:{ports[1]}", "--svg",
             folder / "latency.svg", "--output", "json"], env=env, text=True,
            stdout=subprocess.PIPE, check=False)
        there.communicate()
    if done.returncode != 0:
        sys.exit(f"headcount latency failed: {done.returncode}\n{done.stdout}")
    return json.loads(done.stdout), (folder / "latency.svg").read_text()


def cells(report):
    """{row of README's table: its figure}; spread is p99 - p50."""
    return {ROWS[series["series"]]: f"{series['p50']:.1f} ms, spread "
            f"{series['spread']:.1f} ms" for series in report["series"]}


def how(report):
    """What the picture shows, in words."""
    return (f"Measured on {time.strftime('%Y-%m-%d', time.gmtime())} "
            f"({machine()}): `{report['operation']}` of a stub of ECS behind "
            f"nginx, TLS 1.2, over a path that delays each packet by "
            f"{ONE_WAY * 1000:.0f} ms each way; {report['calls']} calls of "
            "each series, one a second. Spread is p99 - p50.\n")


def main(program, certs, folder, *rest):
    folder = pathlib.Path(folder).resolve()
    if program == "far":
        far(certs, folder)
        return
    report, svg = measure(str(pathlib.Path(program).resolve()), certs, folder)
    print(how(report))
    for row, value in cells(report).items():
        print(f"{row}: {value}")
    if any(series["failed"] for series in report["series"]):
        sys.exit("a call failed: nothing is written")
    if rest == ("write",):
        PICTURE.write_text(svg)
        readme.write_cells(cells(report))
        readme.write_part("latency", how(report))


if __name__ == "__main__":
    try:
        os.chdir(TOP)
        main(*sys.argv[1:])
    except NoPath as why:
        sys.exit(str(why))
