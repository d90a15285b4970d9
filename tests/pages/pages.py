#!/usr/bin/env python3
"""pages.py - makes pages of `latency`, `plan`, `apply` and `explain` over the
stub ECS behind nginx with TLS, and looks at them in Chromium (look.js): `make
pages`.  The plans have holds, failures, and names as long as AWS lets them be.
"""
import os
import pathlib
import subprocess
import sys
import tempfile

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TOP / "tests" / "system"), str(TOP / "tests" / "peers")]

import ecs_server            # noqa: E402
import servers               # noqa: E402
from conftest import Headcount, NAME   # noqa: E402

# 255 characters are the most that AWS takes; one has no place to break.
LONG = ("billing-and-invoices-" * 13)[:255], "x" * 255


def plans(headcount, ecs):
    """{name of a page: the run}."""
    for name in ("web", *LONG):
        ecs.service(name, desired=1)
    ecs.service("agent", schedulingStrategy="DAEMON")
    for name in ("a", "b" * 200):
        ecs.host(name)
    ecs.host("c", status="DRAINING")
    ecs.host("d", agentConnected=False)
    for name in ("empty", LONG[0]):
        ecs.model.cluster(name).service("web", desired=4)
    clusters = ["prod", "empty", LONG[0], "gone"]
    services = ["--service", ",".join(("web", "agent", "missing", *LONG))]
    pages = {"plan": headcount("plan", *clusters, *services,
                               "--output", "html"),
             "explain": headcount("explain", "prod", "web", "--output", "html"),
             "explain-long": headcount("explain", "prod", LONG[1],
                                       "--output", "html")}
    ecs.fault("ListContainerInstances", "denied", times=9)
    ecs.fault("DescribeServices", [lambda _: ecs.http(400, {
        "__type": "ClientException", "message": "y" * 300})], times=1)
    pages["plan-denied"] = headcount("plan", *clusters, "--service", "web",
                                     "--output", "html")
    ecs.faults.clear()
    ecs.fault("UpdateService", "denied", nth=2)
    pages["apply"] = headcount("apply", *clusters, *services, "--yes",
                               "--output", "html")
    return pages


def make(folder, pages):
    certs = TOP / "build" / "certs"
    subprocess.run(["sh", TOP / "tests" / "peers" / "certs.sh", certs],
                   check=True)
    with ecs_server.EcsServer() as ecs, \
         servers.Nginx(folder / "nginx", ecs.port, tls=certs / "ec") as nginx, \
         servers.Dnsmasq(folder / "dns", {NAME: ["127.0.0.1"]}) as dns:
        ecs.judge.unsigned = ecs.judge.regions = False
        headcount = Headcount(folder)
        headcount.env.update(
            AWS_CA_BUNDLE=str(certs / "ca.pem"),
            HEADCOUNT_DNS_SERVER=dns.address,
            AWS_ENDPOINT_URL_ECS=f"https://{NAME}:{nginx.port}")
        found = {"latency": headcount("latency", "--rate", 10, "--calls", 30,
                                      "--output", "html")}
        ecs.fault("ListClusters", "throttle", nth=7, times=3)
        found["failures"] = headcount("latency", "--rate", 20, "--calls", 5,
                                      "--output", "html")
        ecs.faults.clear()
        found.update(plans(headcount, ecs))
    for name, run in found.items():
        if not run.out.startswith("<!DOCTYPE html>"):
            sys.exit(f"{name} is no page: {run.out}{run.err}")
        (pages / f"{name}.html").write_text(run.out)


def main():
    pages = TOP / "build" / "pages"
    pages.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        make(pathlib.Path(folder), pages)
    os.chdir(TOP)
    print(f"pictures of the pages: {pages.relative_to(TOP)}/*.png", flush=True)
    return subprocess.run(["node", "tests/pages/look.js", "build/pages",
                           *sorted(map(str, pages.glob("*.html")))],
                          check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
