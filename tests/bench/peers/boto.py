"""boto.py CALLS [keepalive] - the bench's call by boto3: one call, then CALLS
on the same client.  Prints "CPU WALL", microseconds a call, and what the answer
says.  Everything else comes from the environment."""
import sys
import time

import boto3
from botocore.config import Config


def call(client):
    answer = client.describe_services(cluster="prod", services=["web"],
                                      include=["TAGS"])
    web = answer["services"][0]
    return f"{web['serviceName']} {web['desiredCount']}"


def main(calls, keepalive=False):
    client = boto3.client("ecs", config=Config(tcp_keepalive=keepalive))
    said = call(client)
    began, spent = time.perf_counter(), time.process_time()
    for _ in range(calls):
        said = call(client)
    if calls:
        cpu, wall = time.process_time() - spent, time.perf_counter() - began
        print(f"{cpu * 1e6 / calls:.2f} {wall * 1e6 / calls:.2f}")
    print(said)


if __name__ == "__main__":
    main(int(sys.argv[1]), len(sys.argv) > 2)
