"""Memory of an event that names many clusters: event.py BENCH CLUSTERS..."""
import os
import pathlib
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests" / "peers"))

import ecs_server                                       # noqa: E402
from ecs_check import SECRET, TOKEN                     # noqa: E402


def peak(bench, clusters):
    """KiB that the process had at most."""
    with ecs_server.EcsServer() as ecs:
        ecs.model.clusters.clear()
        ecs.judge.unsigned = False
        for i in range(clusters):
            cluster = ecs.model.cluster(f"c{i:04}")
            cluster.service("web", desired=1)
            cluster.host(f"a{i}")
            cluster.host(f"b{i}")
        env = {"PATH": os.environ["PATH"], "AWS_REGION": ecs_server.REGION,
               "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
               "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_SESSION_TOKEN": TOKEN}
        done = subprocess.run([f"{bench}/peak", f"{bench}/event",
                               str(ecs.port), str(clusters)], env=env,
                              check=True, capture_output=True, text=True)
        calls, kib = int(done.stdout), int(done.stderr.split()[2])
        if len(ecs.writes()) != clusters:
            sys.exit(f"{len(ecs.writes())} writes of {clusters}")
        return calls, kib


MOST = 12 * 1024                     # KiB, whatever an event names


def main(bench, *clusters):
    print("one event that names so many clusters, each of which is written:")
    for n in map(int, clusters):
        calls, kib = peak(bench, n)
        print(f"  {n:5} clusters  {calls:5} calls  {kib:6} KiB at most")
        if kib > MOST:
            sys.exit(f"that is more than {MOST} KiB")


if __name__ == "__main__":
    main(*sys.argv[1:])
