"""a sweep over 1,000 clusters as ECS throttles them

How long it takes beside what its share of ECS's request rates allows, what of
it was throttled, and its memory; by TLS, 20 ms a call.  CLUSTERS= in the
environment is another number.
"""
import json
import os
import subprocess

import ecs_server
from ecs_check import SECRET, TOKEN
from ecs_throttle import BUCKETS, Throttle

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


def run(bench):
    clusters = int(os.environ.get("CLUSTERS", "1000"))
    with ecs_server.EcsServer(tls=bench.certs / "ec") as ecs:
        fill(ecs, clusters)
        env = bench.env(None, AWS_REGION=ecs_server.REGION,
                        AWS_ACCESS_KEY_ID="AKIDEXAMPLE",
                        AWS_SECRET_ACCESS_KEY=SECRET, AWS_SESSION_TOKEN=TOKEN,
                        AWS_CA_BUNDLE=f"{bench.certs}/ca.pem",
                        AWS_ENDPOINT_URL_ECS=f"https://localhost:{ecs.port}")
        done = subprocess.run([bench.peak(), bench.build / "headcount", "apply",
                               "--all", "--service", "web", "--output",
                               "json"], env=env, capture_output=True,
                              check=True)
        wall, cpu, most, status = map(float,
                                      done.stderr.splitlines()[-1].split())
        report = json.loads(done.stdout)
        if status or report["summary"]["updated"] != len(ecs.writes()):
            raise RuntimeError(f"the sweep failed: {report['summary']}")
        calls = {}
        for request in ecs.requests:
            calls[request.operation] = calls.get(request.operation, 0) + 1
        throttled = len([r for r in ecs.refusals if "Throttl" in r[1]])
        least = allowed(calls)
        print(f"  {clusters} clusters: {wall / 1000:.1f} s, "
              f"{wall / 1000 / least:.3f} of the {least:.1f} s that a share of "
              f"{SHARE} allows; {throttled} of {len(ecs.requests)} calls "
              f"throttled;\n  {len(ecs.writes())} writes; {ecs.connections} "
              f"connections; {cpu:.0f} ms CPU; {most:.0f} KiB at most")
