"""What the cost of the job follows from, measured: cost.py PROGRAM CERTS
FOLDER [write].

The function of examples/lambda under Lambda's emulator: batches of five events,
sweeps over 25 clusters, and a batch that finds wrong counts.  What it counts
does not depend on how busy the machine is: processor time, bytes, and answers
that are waited for one after the other.  It prints a line NAME=VALUE for each
measured input of examples/cost.lua; with `write` it writes them there, the bill
that follows from them into examples/OPERATING.md, and its sums into README.md.
"""
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests" / "peers"))

import ecs_server                       # noqa: E402
import readme                           # noqa: E402
import servers                          # noqa: E402
from ecs_check import SECRET, TOKEN     # noqa: E402

BATCH, CLUSTERS, ROUNDS, SWEEPS, LATE = 5, 25, 30, 5, (0.1, 0.5)
READS = ("DescribeServices", "ListContainerInstances", "DescribeClusters")
SWEEP = {"source": "aws.scheduler", "detail-type": "Scheduled Event",
         "detail": {}}
SCRIPT, PAGE = (TOP / "examples" / n for n in ("cost.lua", "OPERATING.md"))
CLUSTERS_OF_README = "100"


class Function:
    """The emulator, and what of each invocation is on the bill."""

    def __init__(self, folder, program, env):
        self.server = servers.Lambda(folder, program, env)
        self.version = 0
        self.names = set()

    def pid(self):
        task = f"/proc/{self.server.process.pid}/task"
        child, = [int(pid) for path in pathlib.Path(task).glob("*/children")
                  for pid in path.read_text().split()]
        return child

    def cpu_ms(self):
        return int(pathlib.Path(f"/proc/{self.pid()}/schedstat")
                   .read_text().split()[0]) / 1e6

    def peak_mb(self):
        status = pathlib.Path(f"/proc/{self.pid()}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) / 1024

    def invoke(self, *bodies):
        """(milliseconds, of which CPU, bytes of its log)."""
        before, cpu = self.server.output.stat().st_size, self.cpu_ms()
        began = time.monotonic()
        answer = self.server.invoke({"Records": [
            {"messageId": str(i), "receiptHandle": "AQEB", "body":
             json.dumps(body), "attributes": {}, "messageAttributes": {},
             "eventSource": "aws:sqs", "awsRegion": ecs_server.REGION,
             "eventSourceARN": f"arn:aws:sqs:{ecs_server.REGION}:"
             f"{ecs_server.ACCOUNT}:headcount"}
            for i, body in enumerate(bodies)]})
        took = (time.monotonic() - began) * 1000
        if answer != {"batchItemFailures": []}:
            sys.exit(f"the function failed: {answer}\n"
                     + self.server.output.read_text())
        log = self.server.output.read_bytes()[before:].splitlines(True)
        ours = [line for line in log if line.startswith(b"{")]
        for line in ours:
            for block in json.loads(line).get("_aws", {}).get(
                    "CloudWatchMetrics", []):
                self.names |= {m["Name"] for m in block["Metrics"]}
        return took, self.cpu_ms() - cpu, sum(map(len, ours))

    def event(self, cluster):
        """A new version of a host."""
        self.version += 1
        at = f"arn:aws:ecs:{ecs_server.REGION}:{ecs_server.ACCOUNT}"
        return {
            "version": "0", "id": "8952ba83-7be2-4ab5-9c32-6687532d15a2",
            "detail-type": "ECS Container Instance State Change",
            "source": "aws.ecs", "account": ecs_server.ACCOUNT,
            "region": ecs_server.REGION, "time": "2026-11-30T12:00:00Z",
            "detail": {
                "clusterArn": f"{at}:cluster/{cluster}", "status": "ACTIVE",
                "containerInstanceArn":
                f"{at}:container-instance/{cluster}/a-{cluster}",
                "ec2InstanceId": "i-a", "version": self.version}}


def fill(ecs):
    """Their names."""
    ecs.model.clusters.clear()
    for i in range(CLUSTERS):
        cluster = ecs.model.cluster(f"c{i:02}")
        cluster.service("web", desired=2)
        cluster.host(f"a-c{i:02}")
        cluster.host(f"b-c{i:02}")
    return [cluster.name for cluster in ecs.model.clusters]


def median(rows):
    return [statistics.median(column) for column in zip(*rows)]


def slow(ecs, seconds):
    """How late each answer comes from now on."""
    with ecs.lock:
        ecs.delays.clear()
    for operation in (*READS, "UpdateService"):
        ecs.delay(operation, seconds, times=10 ** 9)


def measure(ecs, function, names):
    def batch(at=0, size=BATCH):
        return function.invoke(*(function.event(names[(at + k) % CLUSTERS])
                                 for k in range(size)))

    def sweep():
        return function.invoke(SWEEP)

    def rounds(invocation):
        """Answers that it waits for one after the other: how much longer it
        takes if each comes so much later."""
        took = []
        for seconds in LATE:
            slow(ecs, seconds)
            took.append(min(invocation()[0] for _ in range(2)) / 1000)
        slow(ecs, 0)
        return round((took[1] - took[0]) / (LATE[1] - LATE[0]))

    slow(ecs, 0)
    function.server.invoke(SWEEP)                       # warm from here on
    batches = [batch(i * BATCH) for i in range(ROUNDS)]
    ones = [batch(i, 1) for i in range(ROUNDS)]
    sweeps = [sweep() for _ in range(SWEEPS)]
    in_batch, in_sweep = rounds(batch), rounds(sweep)
    for cluster in ecs.model.clusters[:BATCH]:
        cluster.services["web"]["desiredCount"] = 1
    with_writes = batch()
    if len(ecs.writes()) != BATCH:
        sys.exit(f"{len(ecs.writes())} writes, not {BATCH}")

    def median(rows, column):
        return statistics.median(row[column] for row in rows)

    event_log = (median(batches, 2) - median(ones, 2)) / (BATCH - 1)
    return {
        "event_rounds": in_batch / BATCH,
        "event_cpu_ms": median(batches, 1) / BATCH,
        "batch_log_bytes": median(ones, 2) - event_log,
        "event_log_bytes": event_log,
        "sweep_rounds": in_sweep,
        "sweep_cpu_ms": median(sweeps, 1) / CLUSTERS,
        "sweep_log_bytes": median(sweeps, 2),
        "write_log_bytes": (with_writes[2] - median(batches, 2)) / BATCH,
        "peak_memory_mb": function.peak_mb(), "metrics": len(function.names)}


def write(program, given):
    text = SCRIPT.read_text()
    for name, value in given.items():
        text, n = re.subn(rf'(\{{ "{name}", )[^,]*', rf"\g<1>{value}", text)
        assert n == 1, name
    cpu = re.search(r"model name\s*: (.*)",
                    pathlib.Path("/proc/cpuinfo").read_text())
    text = re.sub(r'(local MEASURED = ").*"', rf'\g<1>Measured on '
                  f"{time.strftime('%Y-%m-%d', time.gmtime())}"
                  f' ({cpu[1] if cpu else os.uname().machine})."', text)
    SCRIPT.write_text(text)
    part = subprocess.run([program, "run", SCRIPT, "table"], check=True,
                          capture_output=True, text=True).stdout
    readme.write_part("cost", part, PAGE)
    readme.write_cells(cells(part))


def cells(part):
    """{row of README's table of figures: its sums} of the bill."""
    _, places, job, watched, task, alarms = next(
        cells for cells in (re.findall(r"[\d.,]+", line) for line in
                            part.splitlines())
        if cells and cells[0] == CLUSTERS_OF_README)
    there = f"{CLUSTERS_OF_README} clusters in {places} accounts or regions"
    return {f"A month of a Lambda function, {there}":
            f"${job}, with its alarms and metrics $"
            f"{float(job) + float(watched):.2f}",
            f"A month of a task on Fargate, {there}":
            f"${task}, with its alarms ${float(task) + float(alarms):.2f}"}


def main(program, certs, folder, *rest):
    program = pathlib.Path(program).resolve()
    with ecs_server.EcsServer(tls=pathlib.Path(certs) / "ec") as ecs:
        names = fill(ecs)
        env = {"PATH": "/usr/bin:/bin", "AWS_REGION": ecs_server.REGION,
               "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
               "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_SESSION_TOKEN": TOKEN,
               "AWS_CA_BUNDLE": str(pathlib.Path(certs, "ca.pem").resolve()),
               "AWS_ENDPOINT_URL_ECS": f"https://127.0.0.1:{ecs.port}",
               "AWS_LAMBDA_LOG_FORMAT": "JSON", "ECS_SERVICE_ARN": "web",
               "HEADCOUNT_CLUSTERS": ",".join(names)}
        function = Function(pathlib.Path(folder) / "cost", program, env)
        with function.server:
            given = measure(ecs, function, names)
        # Three digits are what such a measurement is good for.
        given = {name: float(f"{value:.3g}") for name, value in given.items()}
        given = {name: int(value) if value == int(value) else value
                 for name, value in given.items()}
        for name, value in given.items():
            print(f"{name}={value}")
        if rest == ("write",):
            write(program, given)


if __name__ == "__main__":
    main(*sys.argv[1:])
