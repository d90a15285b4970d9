"""how many calls a look at one service takes

Its hosts are 100 or 1,000, and the server counts.  The first look of a process
is cold.  A look that would write makes no write here, so one call is added; a
plan alone asks for scalable targets, so that call is not counted.
"""
import subprocess

import ecs_server
import tools
from ecs_check import SECRET, TOKEN

ROOM = [{"name": "CPU", "type": "INTEGER", "integerValue": 1024},
        {"name": "MEMORY", "type": "INTEGER", "integerValue": 2048},
        {"name": "PORTS", "type": "STRINGSET", "stringSetValue": ["22"]},
        {"name": "PORTS_UDP", "type": "STRINGSET", "stringSetValue": []}]
# title, provider's managed scaling (None: a launch type), hosts without the
# task, explain, and calls for 100 and 1,000 hosts: cold, then warm
CASES = [
    ("launch type, at rest", None, 0, "no", (2, 2), (11, 11)),
    ("launch type, write", None, 1, "no", (3, 3), (12, 12)),
    ("strategy, at rest", "DISABLED", 0, "no", (3, 2), (21, 11)),
    ("strategy, unmanaged, write", "DISABLED", 1, "no", (5, 3), (23, 12)),
    ("strategy, managed, rise", "ENABLED", 1, "no", (9, 6), (27, 15)),
    ("strategy, managed, explain", "ENABLED", 1, "all", (8, 5), (26, 14)),
]


def fill(ecs, hosts, managed, lack):
    ecs.model.provider("asg", autoScalingGroupProvider={
        "autoScalingGroupArn": "arn:aws:autoscaling:eu-west-1:1:x",
        "managedScaling": {"status": managed or "DISABLED"}})
    for i in range(hosts):
        ecs.home.host(f"h{i}", provider="asg", remainingResources=ROOM,
                      attributes={"ecs.os-type": "linux"},
                      groups=["service:web"] if i < hosts - lack else [])
    web = ecs.home.service("web", desired=hosts - lack)
    if managed:
        web["capacityProviderStrategy"] = [
            {"capacityProvider": "asg", "weight": 1, "base": 0}]
        del web["launchType"]
    web["deployments"][0]["updatedAt"] = 4000000000
    ecs.model.task_definition("web")


def looks(bench, case, hosts):
    """[calls] of a cold look and of a warm one."""
    _, managed, lack, explain, *_ = case
    with ecs_server.EcsServer() as ecs:
        ecs.judge.unsigned = False
        fill(ecs, hosts, managed, lack)
        env = bench.env(ecs.port, None, AWS_REGION=ecs_server.REGION,
                        AWS_ACCESS_KEY_ID="AKIDEXAMPLE",
                        AWS_SECRET_ACCESS_KEY=SECRET, AWS_SESSION_TOKEN=TOKEN)
        done = subprocess.run([bench.build / "headcount", "run",
                               tools.HERE / "looks.lua", "2", explain],
                              env=env, check=True, capture_output=True,
                              text=True)
        rows = [line.split() for line in done.stdout.splitlines()]
        if sum(int(n) for n, _ in rows) != len(ecs.requests):
            raise RuntimeError("the server counted another number of calls")
        due = "pending" if lack else "unchanged"
        if {what for _, what in rows} != {due}:
            raise RuntimeError(f"{case[0]}: {rows}")
        write = lack and explain == "no"
        calls = [int(n) + write for n, _ in rows]
        calls[0] -= sum(r.operation == "DescribeScalableTargets"
                        for r in ecs.requests)
        return calls


def run(bench):
    print("  cold and warm, beside the specification:")
    print(f"  {'':28}{'100 hosts':>18}{'1,000 hosts':>20}")
    for case in CASES:
        row = ""
        for hosts, due in ((100, case[4]), (1000, case[5])):
            got = looks(bench, case, hosts)
            if got[0] > due[0] or got[1] > due[1]:
                raise RuntimeError(f"{case[0]}: {got} calls, and {due} are due")
            row += f"{got[0]:>6} {got[1]:>3} ({due[0]:>2} {due[1]:>2})"
        print(f"  {case[0]:28}{row}")

