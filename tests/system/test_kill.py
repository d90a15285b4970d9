"""The worker is killed (-9) at random moments and started again, while hosts
come and go and messages about it are sent.

In the end each count is right and each message is gone.  What the servers noted
proves the rest: no message was deleted but behind a reading of its cluster that
began after the worker had the message, and every count that was written had
been read.
"""
import bisect
import os
import random
import threading
import time

import ecs_server
import pytest
from test_watch import (Queue, Worker, front, moto,      # noqa: F401
                        read_metrics, until)

KILLS = int(os.environ.get("HEADCOUNT_KILLS") or 200)
SEED = int(os.environ.get("HEADCOUNT_SEED") or 20201206)
CLUSTERS = 4


class Timed(ecs_server.EcsServer):
    """Notes when each request was answered, under the lock of the model."""

    def answer(self, request):
        request.at = time.monotonic()
        return super().answer(request)


class World(threading.Thread):
    """Hosts that come and go, and a message for each time."""

    def __init__(self, ecs, queue, dice):
        super().__init__(daemon=True)
        self.ecs, self.queue, self.dice = ecs, queue, dice
        self.over, self.serial = threading.Event(), 0
        self.sent, self.trouble = {}, None       # message id: cluster
        self.homes, self.history = {}, {}        # [(when, hosts), ...]
        for i in range(CLUSTERS):
            name = f"c{i}"
            home = ecs.model.cluster(name)
            home.service("web", desired=1)
            self.homes[name] = home
            for _ in range(5):
                self.host(home)
            self.history[name] = [(0, 5)]

    def host(self, home):
        self.serial += 1
        home.host(f"h{self.serial}")

    def change(self):
        name = self.dice.choice(list(self.homes))
        home = self.homes[name]
        with self.ecs.lock:
            if len(home.hosts) > 3 and (len(home.hosts) > 7
                                        or self.dice.random() < 0.5):
                home.hosts.pop(0)
            else:
                self.host(home)
            self.history[name].append((time.monotonic(), len(home.hosts)))
        answer = self.queue.sqs.send_message(
            QueueUrl=self.queue.url, MessageBody=f'{{"cluster": "{name}"}}')
        self.sent[answer["MessageId"]] = name

    def run(self):
        try:
            while not self.over.wait(self.dice.uniform(0.02, 0.15)):
                self.change()
        except Exception as e:                   # noqa: BLE001
            self.trouble = e

    def hosts_at(self, name, when):
        known = self.history[name]
        return known[bisect.bisect([t for t, _ in known], when) - 1][1]


def kill_again_and_again(headcount, queue, dice):
    """When each worker began; the last one is left to end its work."""
    begun = []
    for i in range(KILLS + 1):
        begun.append(time.monotonic())
        file = headcount.home / "metrics.prom"
        with Worker(headcount, queue, "--visibility", 2, "--metrics",
                    file) as worker:
            if i < KILLS:
                time.sleep(dice.uniform(0.05, 0.6))    # then it is killed
                assert worker.process.poll() is None, worker.text
            else:
                yield begun
                assert worker.stop()[0] == 0, worker.text
        read_metrics(file)               # whole, whenever it was killed


def deletions(front):                            # noqa: F811
    """[(message id, when its receipt was got, when it was deleted), ...] and
    {message id: [when it was got, ...]}"""
    got, receipts, gone = {}, {}, []
    for call in front.calls("ReceiveMessage"):
        for m in call.answer.get("Messages", []):
            receipts[m["ReceiptHandle"]] = m["MessageId"], call.went
            got.setdefault(m["MessageId"], []).append(call.went)
    for call in front.calls("DeleteMessageBatch"):
        entries = {e["Id"]: e["ReceiptHandle"] for e in call.body["Entries"]}
        gone += [(*receipts[entries[s["Id"]]], call.came)
                 for s in call.answer.get("Successful", [])]
    return gone, got


def check_deletions(world, front, begun, requests):      # noqa: F811
    """Between the time at which a worker had a message and the time at which
    it deleted it there is a reading of its cluster."""
    reads = {name: [r.at for r in requests
                    if r.operation == "DescribeServices"
                    and r.body["cluster"].rpartition("/")[2] == name]
             for name in world.homes}
    gone, got = deletions(front)
    assert {m for m, _, _ in gone} == set(world.sent)
    for message, receipt, when in gone:
        # Who deletes it is who was alive when the receipt was handed out.
        alive_since = begun[bisect.bisect(begun, receipt) - 1]
        had = min(t for t in got[message] if t >= alive_since)
        assert any(had < r < when for r in reads[world.sent[message]]), \
            f"{message} was deleted unread"
    return len(gone)


def check_writes(world, requests):
    """Each count had been read: over the connection of the write, or last."""
    lists, writes = {}, 0
    for r in requests:
        name = r.body.get("cluster", "").rpartition("/")[2]
        if r.operation == "ListContainerInstances":
            lists[name, r.connection] = lists[name, None] = r.at
        if r.operation == "UpdateService":
            writes += 1
            read = {world.hosts_at(name, lists[key])
                    for key in ((name, r.connection), (name, None))
                    if key in lists}
            assert r.body["desiredCount"] in read, (name, r.body, read)
    return writes


@pytest.mark.timeout(60 + 2 * KILLS)
def test_killed_at_any_moment(headcount, moto, front):   # noqa: F811
    dice = random.Random(SEED)
    headcount.env["AWS_ENDPOINT_URL_SQS"] = front.url
    queue = Queue(moto, front, "events", tries=1000)
    with Timed() as ecs:
        headcount.at(ecs)
        # Messages come in the middle of a reconcile, too.
        ecs.delay("ListContainerInstances", 0.05, times=1000000)
        world = World(ecs, queue, random.Random(SEED + 1))
        world.start()
        for begun in kill_again_and_again(headcount, queue, dice):
            world.over.set()
            world.join()
            assert world.trouble is None
            until(queue.is_empty, 60)
            for name, home in world.homes.items():
                until(lambda s=home.services["web"], h=home.hosts:
                      s["desiredCount"] == len(h), 10, name)
        requests = list(ecs.requests)
        messages = check_deletions(world, front, begun, requests)
        writes = check_writes(world, requests)
    print(f"{KILLS} kills (seed {SEED}), {messages} messages deleted, "
          f"{writes} writes")
    assert messages >= len(world.sent) >= KILLS and writes >= CLUSTERS
