"""The figures of `make bench`: measure.py calls|many|job ..., by run.sh."""
import json
import os
import statistics
import subprocess
import sys

ROUNDS, CALLS = 9, 3000
EVENT = json.dumps({
    "version": "0", "id": "8952ba83-7be2-4ab5-9c32-6687532d15a2",
    "detail-type": "ECS Container Instance State Change", "source": "aws.ecs",
    "account": "123456789012", "region": "us-east-1",
    "time": "2020-12-06T16:41:06Z",
    "detail": {"clusterArn":
               "arn:aws:ecs:us-east-1:123456789012:cluster/prod"}}).encode()


def calls(bench, plain, tls, certs):
    """CPU and wall time of a warm call, each kind in turn, again and again."""
    kinds = {
        "floor, plain TCP": ["floor", plain, CALLS],
        "headcount, plain TCP": ["driver", plain, CALLS, ""],
        "floor, TLS": ["floor", tls, CALLS, f"{certs}/ec-ca.pem"],
        "floor, TLS, signed": ["floor", tls, CALLS, f"{certs}/ec-ca.pem",
                               "sign"],
        "headcount, TLS": ["driver", tls, CALLS, f"{certs}/ca.pem"],
    }
    seen = {kind: [] for kind in kinds}
    for _ in range(ROUNDS):
        for kind, command in kinds.items():
            done = subprocess.run(
                [f"{bench}/peak", f"{bench}/{command[0]}",
                 *map(str, command[1:])], check=True, capture_output=True,
                text=True)
            peak = done.stderr.split()[2]
            seen[kind].append([float(n) for n in (*done.stdout.split(),
                                                  peak)])
    print(f"a warm DescribeServices call (2 KB answer), median of {ROUNDS} "
          f"rounds of {CALLS}:")
    median = {kind: [statistics.median(column) for column in zip(*rows)]
              for kind, rows in seen.items()}
    signed = median["floor, TLS, signed"][0]
    for kind, (cpu, wall, rss) in median.items():
        print(f"  {kind:22} {cpu:7.1f} us CPU {wall:7.1f} us wall  "
              f"{cpu / signed:5.2f} of the signed floor  {rss:6.0f} KiB")


OUTSTANDING = {50: 20000, 1000: 20000, 10000: 40000}       # calls of a round
FLAT, WAITING = 1.5, 6 * 1024


def many(bench, tls, certs):
    """N calls outstanding on one handle: what each costs, and what an op takes
    that waits for a connection.  False: more than the limits above.  Only the
    library is measured: no verb of the program begins more than 64 ops at
    once."""
    seen = {n: [] for n in OUTSTANDING}
    for _ in range(5):
        for n, total in OUTSTANDING.items():
            done = subprocess.run(
                [f"{bench}/many", tls, str(n), str(total), f"{certs}/ca.pem"],
                check=True, capture_output=True, text=True)
            seen[n].append([float(word) for word in done.stdout.split()])
    print("calls at once on one handle, TLS, 10 connections, an event loop of "
          "the program's own, median of 5 rounds:")
    cost = {n: statistics.median(cpu for cpu, _ in rows)
            for n, rows in seen.items()}
    held = {n: rows[0][1] for n, rows in seen.items()}
    for n, cpu in cost.items():
        print(f"  {n:6} calls {cpu:7.1f} us CPU a call, {cpu / cost[50]:.2f} "
              f"of 50 calls (at most {FLAT}); {held[n]:5.0f} bytes of heap "
              f"for an op that waits (at most {WAITING})")
    most = max(OUTSTANDING)
    return cost[most] <= FLAT * cost[50] and held[most] <= WAITING


def job(peak, program, port, certs, runs):
    """One process: an event on stdin, three calls, a count written."""
    env = {"PATH": os.environ["PATH"], "AWS_REGION": "us-east-1",
           "AWS_ACCESS_KEY_ID": "AKIDEXAMPLEEXAMPLE12",
           "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
           "AWS_ENDPOINT_URL": f"https://127.0.0.1:{port}",
           "AWS_CA_BUNDLE": f"{certs}/ca.pem"}
    rows = []
    for _ in range(runs):
        done = subprocess.run([peak, program, "handle", "--service", "web",
                               "--output", "json"], env=env, input=EVENT,
                              check=True, capture_output=True)
        *row, status = [float(n) for n in done.stderr.splitlines()[-1].split()]
        if status != 0 or json.loads(done.stdout)["summary"]["updated"] != 1:
            sys.exit(f"the job failed: {done.stdout!r}")
        rows.append(row)
    walls, cpus, most = zip(*rows)
    print(f"event to written count, one process start (TLS, full handshake), "
          f"{runs} runs:")
    print(f"  {statistics.median(walls):.2f} ms wall (median; least "
          f"{min(walls):.2f}), {statistics.median(cpus):.2f} ms CPU, "
          f"{max(most):.0f} KiB at most")


if __name__ == "__main__":
    if sys.argv[1] == "calls":
        calls(*sys.argv[2:6])
    elif sys.argv[1] == "many":
        sys.exit(0 if many(*sys.argv[2:5]) else "bench: calls at once cost too "
                 "much time or memory")
    else:
        job(*sys.argv[2:6], int(sys.argv[6]))
