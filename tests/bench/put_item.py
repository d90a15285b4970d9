"""examples/put_item with and without keep-alive: put_item.py PROGRAM CERTS
FOLDER [write].

Both functions in Lambda's emulator, in turn, a call a second each, beside
moto's DynamoDB behind nginx and TLS, over a path of a millisecond each way
(root, /dev/net/tun).  On a busy machine: chrt -f 10 make put-item.  `write`
writes the table into examples/put_item/README.md and, with `headcount latency`,
the picture beside it.
"""
import json
import os
import pathlib
import platform
import re
import subprocess
import sys
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests" / "peers"))

import servers                       # noqa: E402
from ecs_check import SECRET         # noqa: E402
from lossy_path import THERE, LossyPath, NoPath     # noqa: E402

CALLS, ONE_WAY, NAME = 30, 0.001, "ecs.test.internal"
FOLDER = TOP / "examples" / "put_item"
FUNCTIONS = {"KeepAlive": "on", "NewConnection": "off"}
ITEM = {"TableName": "messages", "Item": {
    "userId": {"S": "u1"}, "postId": {"S": "p1"}, "message": {"S": "hello"}}}
TABLE = """
import boto3
db = boto3.client("dynamodb", "eu-west-1", endpoint_url="http://127.0.0.1:%d",
                  aws_access_key_id="AKIDEXAMPLE", aws_secret_access_key="x")
db.create_table(
    TableName="messages", BillingMode="PAY_PER_REQUEST",
    KeySchema=[{"AttributeName": "userId", "KeyType": "HASH"},
               {"AttributeName": "postId", "KeyType": "RANGE"}],
    AttributeDefinitions=[{"AttributeName": n, "AttributeType": "S"}
                          for n in ("userId", "postId")])
"""


def within(network, server):
    """The server, as one of this network namespace."""
    command = server.command
    server.command = lambda: [*network, *command()]
    server.is_ready = lambda: subprocess.run(
        [*network, "ss", "-Hltn", f"sport = :{server.port}"], check=True,
        capture_output=True).stdout != b""
    return server


def environment(certs, port):
    return {"PATH": os.environ["PATH"], "AWS_REGION": "eu-west-1",
            "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CA_BUNDLE": str(pathlib.Path(certs, "ca.pem").resolve()),
            "AWS_ENDPOINT_URL_DYNAMODB": f"https://{NAME}:{port}"}


def calls(program, certs, folder, port):
    """In the near network: prints {name: [milliseconds]}."""
    running, took = {}, {name: [] for name in FUNCTIONS}
    for name, keep in FUNCTIONS.items():
        running[name] = servers.Lambda(
            pathlib.Path(folder) / name, program,
            {**environment(certs, port), "TABLE": "messages",
             "KEEP_ALIVE": keep, "LAMBDA_TASK_ROOT": str(FOLDER.parent)},
            "put_item.lua").start()
    try:
        for i in range(CALLS + 1):
            began = time.monotonic()
            for name, server in running.items():
                answer = server.invoke({"body": json.dumps(
                    {"user_id": f"u{i}", "message": "hello"})})
                if answer["statusCode"] != 200:
                    sys.exit(f"{name} failed: {answer}")
                took[name].append(json.loads(answer["body"])["duration_in_ms"])
            time.sleep(max(0, 1 - (time.monotonic() - began)))
    finally:
        for server in running.values():
            server.stop()
    print(json.dumps(took))


def rank(numbers, percent):
    """Nearest rank: the least number that so many are not above."""
    ordered = sorted(numbers)
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]


def machine():
    """What measured, and how busy it was."""
    cpu = re.search(r"model name\s*: (.*)",
                    pathlib.Path("/proc/cpuinfo").read_text())
    fifo = os.sched_getscheduler(0) != os.SCHED_OTHER
    return (f"{cpu[1] if cpu else platform.machine()}, {os.cpu_count()} "
            f"processors, load {os.getloadavg()[0]:.0f}"
            f"{', before all else by `chrt`' if fifo else ''}")


def table(took):
    yield (f"Measured on {time.strftime('%Y-%m-%d', time.gmtime())} "
           f"({machine()}) by\n"
           "`make put-item`: in Lambda's emulator, moto's DynamoDB behind "
           "nginx and TLS 1.2, over a\npath of "
           f"{ONE_WAY * 1000:.0f} ms each way, {CALLS} calls of each in turn, "
           "one a second after a\nfirst one. Milliseconds:\n")
    yield "| function | first | p50 | p90 | p99 | most | p99 - p50 |"
    yield "|---|---:|---:|---:|---:|---:|---:|"
    for name, (first, *numbers) in took.items():
        p50, p90, p99 = (rank(numbers, p) for p in (50, 90, 99))
        yield (f"| `{name}` | {first:.2f} | {p50:.2f} | {p90:.2f} | "
               f"{p99:.2f} | {max(numbers):.2f} | {p99 - p50:.2f} |")


def picture(near, program, env, folder):
    """The experiment with the program's own verb, if it has it."""
    (folder / "item.json").write_text(json.dumps(ITEM))
    done = subprocess.run(
        [*near, program, "latency", "dynamodb", "PutItem",
         f"@{folder / 'item.json'}", "--yes", "--calls", str(CALLS), "--svg",
         folder / "latency.svg"], env=env, text=True, capture_output=True,
        check=False)
    print(done.stdout + done.stderr)
    return (folder / "latency.svg").read_text() if done.returncode == 0 \
        else None


def main(program, certs, folder, *rest):
    program, folder = str(pathlib.Path(program).resolve()), \
        pathlib.Path(folder).resolve()
    if rest and rest[0] == "near":
        calls(program, certs, folder, rest[1])
        return
    (folder / "hosts").write_text(f"{THERE} {NAME}\n")
    with LossyPath(delay=ONE_WAY) as path:
        near = [*path.near, "unshare", "-m", "sh", "-c",
                'mount --bind "$0" /etc/hosts && exec "$@"',
                str(folder / "hosts")]
        moto = within(path.far, servers.Moto(folder / "moto"))
        front = within(path.far, servers.Nginx(
            folder / "nginx", moto.port,
            tls=pathlib.Path(certs, "ec").resolve()))
        conf = front.folder / "nginx.conf"
        conf.write_text(conf.read_text().replace(
            f"listen 127.0.0.1:{front.port}", f"listen {THERE}:{front.port}"))
        with moto, front:
            subprocess.run([*path.far, sys.executable, "-c",
                            TABLE % moto.port], check=True)
            took = json.loads(subprocess.run(
                [*near, sys.executable, __file__, program, certs, folder,
                 "near", str(front.port)], check=True, text=True,
                stdout=subprocess.PIPE).stdout)
            svg = picture(near, program, environment(certs, front.port),
                          folder)
    part = "\n".join(table(took)) + "\n"
    print(part)
    if rest != ("write",):
        return
    if svg:
        (FOLDER / "latency.svg").write_text(svg)
        part += ("\nThe same call over the same path without Lambda, as "
                 "`headcount latency` sees it:\n"
                 "\n![Each call as a dot over the seconds of the run, and the "
                 "same as a histogram](latency.svg)\n")
    readme = FOLDER / "README.md"
    readme.write_text(re.sub(
        r"(<!-- comparison[^\n]*-->\n).*?(<!-- end of comparison -->)",
        lambda m: m[1] + part + m[2], readme.read_text(), flags=re.S))


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except NoPath as why:
        sys.exit(str(why))
