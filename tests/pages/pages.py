#!/usr/bin/env python3
"""pages.py - makes pages of `latency` and `plan` over the stub ECS behind nginx
with TLS, and looks at them in Chromium (look.js): `make pages`.
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
        found["plan"] = headcount("plan", "prod", "--service", "web",
                                  "--output", "html")
    for name, run in found.items():
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
