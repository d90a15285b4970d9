"""A sweep over 1,000 clusters as ECS throttles them: sweep.py PEAK PROGRAM
CERTS [CLUSTERS].  How long it takes beside what the share of the buckets
allows, what of it was throttled, and the memory that it takes."""
import json
import os
import pathlib
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests" / "peers"))

import ecs_server                                       # noqa: E402
from ecs_check import SECRET, TOKEN                     # noqa: E402
from ecs_throttle import BUCKETS, Throttle              # noqa: E402

LATENCY, SHARE, EVERY_NTH = 0.02, 0.5, 10


def allowed(calls):
    """Seconds that the slowest bucket needs for these calls."""
    took = 0
    for operations, (burst, refill) in BUCKETS.items():
        n = sum(calls.get(o, 0) for o in operations)
        took = max(took, (n - burst * SHARE) / (refill * SHARE))
    return took


def fill(ecs, clusters):
    ecs.model.clusters.clear()
    ecs.judge.unsigned = False
    for i in range(clusters):
        cluster = ecs.model.cluster(f"c{i:04}")
        cluster.service("web", desired=2 if i % EVERY_NTH else 1)
        cluster.host(f"a{i}")
        cluster.host(f"b{i}")
    ecs.throttle = Throttle()
    for operation in ("ListClusters", "DescribeServices", "UpdateService",
                      "ListContainerInstances"):
        ecs.delay(operation, LATENCY, times=10 ** 9)


def main(peak, program, certs, clusters=1000):
    with ecs_server.EcsServer(tls=pathlib.Path(certs) / "ec") as ecs:
        fill(ecs, int(clusters))
        env = {"PATH": os.environ["PATH"], "AWS_REGION": ecs_server.REGION,
               "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
               "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_SESSION_TOKEN": TOKEN,
               "AWS_CA_BUNDLE": f"{certs}/ca.pem",
               "AWS_ENDPOINT_URL_ECS": f"https://localhost:{ecs.port}"}
        done = subprocess.run([peak, program, "apply", "--all", "--service",
                               "web", "--output", "json"], env=env,
                              capture_output=True, check=True)
        wall, cpu, most, status = map(float,
                                      done.stderr.splitlines()[-1].split())
        report = json.loads(done.stdout)
        if status or report["summary"]["updated"] != len(ecs.writes()):
            sys.exit(f"the sweep failed: {report['summary']}")
        calls = {}
        for request in ecs.requests:
            calls[request.operation] = calls.get(request.operation, 0) + 1
        throttled = len([r for r in ecs.refusals if "Throttl" in r[1]])
        least = allowed(calls)
        print(f"a sweep over {clusters} clusters, {LATENCY * 1000:.0f} ms a "
              f"call, ECS's buckets at {SHARE} of them, TLS:")
        print(f"  {wall / 1000:.1f} s, {wall / 1000 / least:.3f} of the "
              f"{least:.1f} s that the share allows; {throttled} of "
              f"{len(ecs.requests)} calls throttled; {len(ecs.writes())} "
              f"writes; {ecs.connections} connections; {cpu:.0f} ms CPU; "
              f"{most:.0f} KiB at most")


if __name__ == "__main__":
    main(*sys.argv[1:])
