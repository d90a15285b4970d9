"""The worker beside a queue: SQS is moto's, ECS the peer's; between the worker
and moto a proxy notes what went by."""
import json
import os
import re
import resource
import signal
import socket
import subprocess
import time

from urllib.parse import quote

import boto3
import pytest
from conftest import PROGRAM, TOP, event_of, patience
import creds_server
import ecs_server
import servers
import sqs_proxy

ACCOUNT = "123456789012"


def until(true, within=20, what="it"):
    """Asks again and again; what it is in the end."""
    end = time.monotonic() + patience(within)
    while time.monotonic() < end:
        found = true()
        if found:
            return found
        time.sleep(0.01)
    raise AssertionError(f"{what} did not come about in {within} s")


class Queue:
    """One queue, and one for what it gives up after `tries`."""

    def __init__(self, moto, front, name, tries=3):
        self.front = front
        self.sqs = boto3.client(
            "sqs", region_name="eu-west-1", endpoint_url=moto.url,
            aws_access_key_id="AKIDEXAMPLE", aws_secret_access_key="secret")
        self.dead = self.sqs.create_queue(QueueName=f"{name}-dead")["QueueUrl"]
        arn = f"arn:aws:sqs:eu-west-1:{ACCOUNT}:{name}-dead"
        self.url = self.sqs.create_queue(QueueName=name, Attributes={
            "RedrivePolicy": json.dumps({"deadLetterTargetArn": arn,
                                         "maxReceiveCount": tries})
        })["QueueUrl"]

    def send(self, *bodies):
        for at in range(0, len(bodies), 10):
            answer = self.sqs.send_message_batch(QueueUrl=self.url, Entries=[
                {"Id": str(i), "MessageBody": b if isinstance(b, str)
                 else json.dumps(b)}
                for i, b in enumerate(bodies[at:at + 10])])
            assert not answer.get("Failed")

    def count(self, url=None):
        """(visible, in flight)"""
        got = self.sqs.get_queue_attributes(
            QueueUrl=url or self.url, AttributeNames=["All"])["Attributes"]
        return (int(got["ApproximateNumberOfMessages"]),
                int(got["ApproximateNumberOfMessagesNotVisible"]))

    def is_empty(self):
        return self.count() == (0, 0)

    def deleted(self):
        return sum(len(c.answer.get("Successful", []))
                   for c in self.front.calls("DeleteMessageBatch"))

    def receives(self):
        """How often each message was handed out."""
        return [int(m["Attributes"]["ApproximateReceiveCount"])
                for c in self.front.calls("ReceiveMessage")
                for m in c.answer.get("Messages", [])]


class Worker:
    def __init__(self, headcount, queue, *args, what=("--service", "web"),
                 more=None, **env):
        self.log = headcount.home / f"worker-{time.monotonic_ns()}.log"
        words = ["watch", *what, *map(str, args)]
        if queue:
            words += ["--queue", queue.url]
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [PROGRAM, *words],
                env={k: v for k, v in {**headcount.env, **env}.items()
                     if v is not None},
                stdin=subprocess.DEVNULL, stdout=log, cwd=headcount.home,
                **{"stderr": log, **(more or {})})

    @property
    def text(self):
        return self.log.read_text()

    def told(self, pattern):
        return re.search(pattern, self.text)

    def signal(self, number=signal.SIGTERM):
        self.process.send_signal(number)

    def end(self, within=15):
        """(exit code, seconds)"""
        began = time.monotonic()
        code = self.process.wait(within)
        assert "Sanitizer" not in self.text
        return code, time.monotonic() - began

    def stop(self):
        self.signal()
        return self.end()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(patience(10))


@pytest.fixture(scope="module")
def moto(tmp_path_factory):
    with servers.Moto(tmp_path_factory.mktemp("moto")) as server:
        yield server


@pytest.fixture
def front(moto):
    moto.reset()
    with sqs_proxy.SqsProxy(moto.port) as proxy:
        yield proxy


@pytest.fixture
def queue(moto, front, headcount):
    headcount.env["AWS_ENDPOINT_URL_SQS"] = front.url
    return Queue(moto, front, "events")


@pytest.fixture
def prod(ecs, headcount):
    headcount.at(ecs)
    ecs.service("web", desired=1)
    for name in "abc":
        ecs.host(name)
    return ecs


def notified(event):
    """As SNS puts it into a queue."""
    return {"Type": "Notification", "MessageId": "9", "TopicArn":
            f"arn:aws:sns:eu-west-1:{ACCOUNT}:t", "Message":
            json.dumps(event), "Timestamp": "2026-01-01T00:00:00.000Z"}


SCHEDULE = {"source": "aws.scheduler", "detail-type": "Scheduled Event",
            "detail": "{}", "region": "eu-west-1", "account": ACCOUNT}


# ---- events ----

def test_an_event_sets_the_count_and_its_message_is_gone(prod, queue,
                                                         headcount):
    with Worker(headcount, queue) as worker:
        queue.send(event_of())
        until(queue.is_empty, what="an empty queue")
        assert prod.services["web"]["desiredCount"] == 3
        assert worker.stop()[0] == 0
    assert len(prod.writes()) == 1
    assert queue.deleted() == 1
    audit = [json.loads(x) for x in worker.text.splitlines()
             if x.startswith("{")]
    assert [(a["service"], a["after"]) for a in audit] == [("web", 3)]
    assert audit[0]["event_id"] == event_of()["id"]


def test_what_topics_and_records_wrap_is_understood(prod, queue, headcount):
    with Worker(headcount, queue):
        queue.send(notified(event_of()))
        until(lambda: queue.deleted() == 1)
        assert prod.services["web"]["desiredCount"] == 3
        prod.host("d")
        newer = event_of()
        newer["detail"]["version"] += 1
        queue.send({"Records": [{"eventSource": "aws:sqs", "messageId": "1",
                                 "body": json.dumps(notified(newer))}]})
        until(lambda: prod.services["web"]["desiredCount"] == 4)
        until(queue.is_empty)


def test_what_is_not_ours_is_deleted_without_a_call(prod, queue, headcount):
    with Worker(headcount, queue, "--drop-foreign") as worker:
        queue.send(event_of(**{"detail-type": "ECS Task State Change"}),
                   event_of(region="us-east-1"))
        until(queue.is_empty)
        assert worker.told("us-east-1.*it is dropped")
    assert prod.requests == []


def shelved(queue):
    return [e["VisibilityTimeout"]
            for c in queue.front.calls("ChangeMessageVisibilityBatch")
            for e in c.body["Entries"]]


def test_what_is_anothers_is_left_to_its_queue(prod, queue, headcount):
    """A wrong region would empty it; told once, counted, and not handed out
    again at once."""
    file = headcount.home / "metrics.prom"
    with Worker(headcount, queue, "--metrics", file) as worker:
        queue.send(*[{**event_of(region="us-east-1"), "id": str(i)}
                     for i in range(12)], event_of(region="ap-south-1"),
                   event_of())
        until(lambda: queue.deleted() == 1 and len(shelved(queue)) == 13)
        assert shelved(queue) == [300] * 13
        until(lambda: queue.count() == (0, 13))
        until(lambda: value(read_metrics(file), "messages_deleted_total") == 1)
        got = read_metrics(file)
        assert value(got, "foreign_messages_total", region="us-east-1",
                     account=ACCOUNT) == 12
        assert value(got, "foreign_messages_total", region="ap-south-1",
                     account=ACCOUNT) == 1
        assert value(got, "messages_failed_total") == 0
        assert worker.text.count("not for us") == 2
        assert worker.told("us-east-1.*eu-west-1")
        assert worker.stop()[0] == 0
    assert len(prod.requests) == 3


def test_a_queue_without_a_redrive_policy_is_warned_of(prod, queue, headcount):
    with Worker(headcount, queue) as worker:
        until(lambda: queue.front.calls("GetQueueAttributes"))
        queue.send({"cluster": "prod"})
        until(lambda: queue.deleted() == 1)
        assert not worker.told("redrive policy")
    queue.url = queue.dead
    with Worker(headcount, queue) as worker:
        until(lambda: worker.told("it has no redrive policy"))
    queue.front.fault("GetQueueAttributes", "AccessDeniedException", times=9)
    with Worker(headcount, queue) as worker:
        queue.send({"cluster": "prod"})
        until(lambda: queue.deleted() == 2)
        assert not worker.told("redrive policy")
        assert worker.stop()[0] == 0


def test_a_dry_run_writes_nothing_and_settles_no_other(prod, queue, headcount):
    """Held until both are: the newest message is not the one for both."""
    prod.delay("DescribeServices", 1.5)
    dry = {"cluster": "prod", "dry_run": True}
    with Worker(headcount, queue):
        queue.send(dry)
        until(lambda: "DescribeServices" in prod.operations())
        queue.send({"cluster": "prod"}, dry)
        until(lambda: queue.deleted() == 3)
        assert prod.services["web"]["desiredCount"] == 3
        until(queue.is_empty)
        prod.host("d")
        queue.send(dry)
        until(lambda: queue.deleted() == 4)
    assert prod.services["web"]["desiredCount"] == 3


def test_the_last_events_of_a_cluster_are_deleted(prod, queue, headcount):
    with Worker(headcount, queue) as worker:
        queue.send(event_of("gone"), {**event_of("gone"), "id": "2"})
        until(lambda: queue.deleted() == 2)
        assert queue.is_empty()
        assert not worker.told("ClusterNotFound")
    assert prod.operations().count("ListClusters") == 1
    assert set(prod.operations()) == {"DescribeServices", "ListClusters"}


def test_messages_during_a_reconcile_are_one_more(prod, queue, headcount):
    prod.delay("DescribeServices", 1.5)
    with Worker(headcount, queue):
        queue.send({"cluster": "prod"})
        until(lambda: "DescribeServices" in prod.operations())
        queue.send(*[{"cluster": "prod"}] * 30)
        until(lambda: queue.deleted() == 31)
    assert prod.operations().count("DescribeServices") in (2, 3)
    assert len(prod.writes()) == 1


def test_a_thousand_events_of_ten_clusters(ecs, queue, headcount):
    headcount.at(ecs)
    names = [f"c{i}" for i in range(10)]
    for name in names:
        home = ecs.model.cluster(name)
        home.service("web", desired=1)
        home.host("a")
        home.host("b")
    events = []
    for i in range(1000):
        event = event_of(names[i % 10])
        event["detail"]["version"] = i
        events.append(event)
    with Worker(headcount, queue):
        # moto is slow with a long queue.
        for at in range(0, 1000, 10):
            until(lambda at=at: at - queue.deleted() < 50)
            queue.send(*events[at:at + 10])
        until(lambda: queue.deleted() == 1000)
        assert queue.is_empty()
    reconciles = ecs.operations().count("DescribeServices")
    print(f"{reconciles} reconciles of 1000 events")
    assert 10 <= reconciles <= 1000
    assert len(ecs.writes()) == 10
    assert set(queue.receives()) == {1}


def test_the_echo_of_our_own_writes_causes_no_write(prod, queue, headcount):
    with Worker(headcount, queue):
        queue.send(event_of())
        until(lambda: prod.writes())
        for i in range(2):                  # one a task that starts
            event = event_of()
            event["detail"]["version"] = 20000 + i
            queue.send(event)
        until(lambda: queue.deleted() == 3)
    assert len(prod.writes()) == 1


def test_a_duplicate_is_deleted_without_a_call(prod, queue, headcount):
    with Worker(headcount, queue):
        queue.send(event_of())
        until(lambda: queue.deleted() == 1)
        calls = len(prod.requests)
        queue.send(event_of())
        until(lambda: queue.deleted() == 2)
        assert len(prod.requests) == calls


HERE = f"arn:aws:ecs:eu-west-1:{ACCOUNT}:cluster/prod"
ELSEWHERE = HERE.replace("eu-west-1", "us-east-1")


@pytest.mark.parametrize("idle", [
    {"Records": [{"eventSource": "aws:sqs", "messageId": "1",
                  "body": json.dumps(event_of())},
                 {"eventSource": "aws:sqs", "messageId": "2",
                  "body": "no JSON"}]},
    {**SCHEDULE, "region": "us-east-1", "detail": {"cluster": HERE}},
    {**SCHEDULE, "detail": {"cluster": ELSEWHERE}},
], ids=["broken", "envelope", "arn"])
def test_what_reads_nothing_settles_no_other_message(prod, queue, headcount,
                                                     idle):
    def later(more):
        event = event_of()
        event["detail"]["version"] += more
        return event

    with Worker(headcount, queue):
        queue.send(event_of())
        until(lambda: queue.deleted() == 1)
        prod.delay("DescribeServices", 1.5)
        before = len(prod.requests)
        queue.send(later(1))
        until(lambda: "DescribeServices" in prod.operations()[before:])
        queue.send(later(2))
        queue.send(idle)
        until(lambda: queue.deleted() >= 3)
    assert prod.operations()[before:].count("DescribeServices") == 2


def test_one_name_in_two_regions_is_two_clusters(prod, queue, headcount):
    with Worker(headcount, queue):
        queue.send({**SCHEDULE, "detail": {"clusters": [ELSEWHERE, HERE]}})
        until(lambda: shelved(queue) == [300])
    assert prod.services["web"]["desiredCount"] == 3
    assert queue.count() == (0, 1)


def test_events_of_several_regions(queue, headcount):
    with ecs_server.EcsServer(region="us-east-1") as far:
        headcount.at(far)
        far.service("web", desired=2)
        far.host("a")
        with Worker(headcount, queue, "--region", "eu-west-1", "--region",
                    "us-east-1", AWS_REGION=None):
            queue.send({**event_of(region="us-east-1"), "id": "far"},
                       event_of(region="ap-south-1"))
            until(lambda: queue.deleted() == 1 and shelved(queue) == [300])
        scopes = [re.search(r"/([a-z0-9-]+)/ecs/",
                            r.headers["authorization"])[1]
                  for r in far.requests]
        assert scopes == ["us-east-1"] * 3


ROLES = [f"arn:aws:iam::{account}:role/scaler"
         for account in ("210987654321", ACCOUNT)]


@pytest.mark.parametrize("roles", [ROLES[1:], ROLES])
def test_reconciles_are_made_as_the_role(prod, queue, headcount, roles):
    prod.judge.unsigned = False
    words = [w for role in roles for w in ("--assume-role", role)]
    with creds_server.CredsServer([prod.judge]) as sts:
        headcount.env["AWS_ENDPOINT_URL_STS"] = sts.url
        with Worker(headcount, queue, *words):
            queue.send(event_of())
            until(queue.is_empty)
        (_, asked), = sts.requests
        assert f"RoleArn={quote(roles[-1], '')}&" in asked.raw_body.decode()
    assert len(prod.requests) == 3
    assert all("Credential=ROLE1/" in r.headers["authorization"]
               for r in prod.requests)


# ---- what fails ----

def test_a_cluster_that_fails_sends_its_message_to_the_dead(prod, queue,
                                                            headcount):
    prod.fault("DescribeServices", "denied", times=1000)
    stage = prod.model.cluster("stage")
    stage.service("web", desired=1)
    with Worker(headcount, queue, "--visibility", 1) as worker:
        queue.send({"cluster": "prod"})
        until(lambda: queue.count(queue.dead)[0] == 1)
        assert queue.receives() == [1, 2, 3]
        assert queue.deleted() == 0
        assert worker.told("AccessDeniedException")
        assert worker.stop()[0] == 0


def test_one_cluster_that_fails_holds_up_no_other(prod, queue, headcount):
    stage = prod.model.cluster("stage")
    stage.service("web", desired=1)
    for name in "xyz":
        stage.host(name)
    with Worker(headcount, queue, "--visibility", 1):
        queue.send({"clusters": ["gone", "stage"]})
        until(lambda: stage.services["web"]["desiredCount"] == 3)
        until(lambda: queue.count(queue.dead)[0] == 1)
    assert queue.deleted() == 0


def test_poison_is_told_of_once_and_goes_to_the_dead(prod, queue, headcount):
    with Worker(headcount, queue, "--visibility", 1) as worker:
        queue.send("no JSON", {"cluster": "prod"})
        until(lambda: queue.count(queue.dead)[0] == 1)
        until(lambda: queue.deleted() == 1)
        assert worker.text.count("redrive policy") == 1
        assert worker.told("message [0-9a-f-]+ is left .* JSON")
        assert prod.services["web"]["desiredCount"] == 3


def test_a_record_that_is_no_event_keeps_its_message(prod, queue, headcount):
    with Worker(headcount, queue, "--visibility", 1) as worker:
        queue.send({"Records": [
            {"eventSource": "aws:sqs", "messageId": str(i), "body": body}
            for i, body in enumerate(['{"cluster": "prod"}', "no JSON"])]})
        until(lambda: queue.count(queue.dead)[0] == 1)
        assert worker.text.count("redrive policy") == 1
    assert prod.services["web"]["desiredCount"] == 3
    assert queue.deleted() == 0


def test_a_schedule_without_a_sweep_is_poison(prod, queue, headcount):
    with Worker(headcount, queue, "--visibility", 1) as worker:
        queue.send(SCHEDULE)
        until(lambda: queue.count(queue.dead)[0] == 1)
        assert worker.told("it asks for a sweep, and none is configured")
        assert worker.text.count("a lost event is never repaired") == 1


def test_a_schedule_is_done_behind_its_sweep(prod, queue, headcount):
    with Worker(headcount, queue, "prod", "--every", "1h") as worker:
        queue.send(SCHEDULE)
        until(lambda: queue.deleted() == 1)
        assert prod.services["web"]["desiredCount"] == 3
        assert worker.told(r"sweep: 1 clusters in .* 1 updated, 0 held")


def test_a_delete_that_failed_is_tried_again(prod, queue, headcount):
    queue.front.fault("DeleteMessageBatch", {
        "Successful": [], "Failed": [{"Id": "0", "SenderFault": False,
                                      "Code": "InternalError"}]})
    queue.front.fault("DeleteMessageBatch", "InternalFailure")
    with Worker(headcount, queue):
        queue.send({"cluster": "prod"})
        until(queue.is_empty)               # before its answer is noted
        until(lambda: len(queue.front.calls("DeleteMessageBatch")) == 3)
    assert len(queue.front.calls("DeleteMessageBatch")) == 3


def test_a_receipt_that_expired_is_not_tried_again(prod, queue, headcount):
    queue.front.fault("DeleteMessageBatch", {
        "Successful": [], "Failed": [{"Id": "0", "SenderFault": True,
                                      "Code": "ReceiptHandleIsInvalid"}]})
    with Worker(headcount, queue, "--visibility", 3) as worker:
        queue.send({"cluster": "prod"})
        until(queue.is_empty)               # it came again: harmless
        assert "ReceiptHandle" not in worker.text
        until(lambda: len(queue.front.calls("DeleteMessageBatch")) == 2)
    assert queue.receives() == [1, 2]


@pytest.mark.parametrize("code, statement", [("AccessDenied", True),
                                             ("QueueDoesNotExist", False)])
def test_a_queue_that_is_not_there_ends_it(prod, queue, headcount, code,
                                           statement):
    queue.front.fault("ReceiveMessage", code)
    with Worker(headcount, queue) as worker:
        assert worker.end()[0] == 254
        assert code in worker.text
        assert ('"sqs:DeleteMessage"' in worker.text) == statement
    queue.url += "-gone"
    with Worker(headcount, queue) as worker:
        assert worker.end()[0] == 254


def test_what_the_queue_refuses_later_is_told_once(prod, queue, headcount):
    with Worker(headcount, queue, "--cli-read-timeout", 2) as worker:
        queue.send({"cluster": "prod"})
        until(lambda: queue.deleted() == 1)
        queue.front.fault("ReceiveMessage", "AccessDenied", times=2)
        until(lambda: worker.told("it answers again"))
        assert worker.text.count("cannot receive") == 1
        prod.host("d")
        queue.send({"cluster": "prod"})
        until(lambda: prod.services["web"]["desiredCount"] == 4)


def test_a_queue_that_does_not_wait_is_not_asked_all_the_time(prod, queue,
                                                              headcount):
    queue.front.fault("ReceiveMessage", {}, times=10000)
    with Worker(headcount, queue):
        until(lambda: len(queue.front.calls("ReceiveMessage")) >= 4)
    calls = [c.came for c in queue.front.calls("ReceiveMessage")]
    assert all(b - a > 0.9 for a, b in zip(calls[1:], calls[2:]))


def test_a_queue_that_is_not_reached_stops_no_sweep(prod, queue, headcount):
    headcount.env["AWS_ENDPOINT_URL_SQS"] = \
        f"http://127.0.0.1:{servers.free_port()}"
    with Worker(headcount, queue, "prod", "--every", "0.3") as worker:
        until(lambda: worker.text.count("sweep: 1 clusters") >= 8)
        assert worker.text.count("cannot receive") == 1
        assert prod.services["web"]["desiredCount"] == 3
        assert worker.stop()[0] == 0


# ---- time ----

def test_deletes_are_sent_however_many_wait(prod, queue, headcount):
    """Every half second all that is held is to be extended, and that takes
    longer."""
    stage = prod.model.cluster("stage")
    stage.service("web", desired=1)
    prod.delay("DescribeServices", 15)
    queue.front.slow = {"ChangeMessageVisibilityBatch": 2}
    with Worker(headcount, queue, "--visibility", 1):
        for at in range(0, 90, 10):
            queue.send(*[{"cluster": "prod"}] * 10)
        until(lambda: len(queue.front.calls(
            "ChangeMessageVisibilityBatch")) >= 6, 30)
        queue.send({"cluster": "stage"})
        until(lambda: queue.deleted() >= 1, 6)


def test_visibility_is_extended_during_a_slow_reconcile(prod, queue,
                                                        headcount):
    prod.delay("DescribeServices", 3)
    with Worker(headcount, queue, "--visibility", 1):
        queue.send({"cluster": "prod"})
        until(lambda: queue.deleted() == 1)
    assert queue.receives() == [1]
    extended = queue.front.calls("ChangeMessageVisibilityBatch")
    assert 4 <= len(extended) <= 7


def test_sweeps_repair_what_no_event_told(prod, headcount):
    with Worker(headcount, None, "pr*", "--every", "0.5") as worker:
        until(lambda: prod.services["web"]["desiredCount"] == 3)
        prod.host("d")
        until(lambda: prod.services["web"]["desiredCount"] == 4)
        until(lambda: worker.text.count("sweep: 1 clusters") >= 4)
        assert worker.stop()[0] == 0


def test_a_sweep_that_cannot_be_ends_it(prod, headcount):
    with Worker(headcount, None, "pr*", "--every", "0.1",
                AWS_ACCESS_KEY_ID="") as worker:
        assert worker.end()[0] == 253


def test_all_that_is_typed_beats_clusters_of_the_environment(prod, headcount):
    prod.model.cluster("stage").service("web", desired=0)
    with Worker(headcount, None, "--all", "--every", "0.5",
                HEADCOUNT_CLUSTERS="stage") as worker:
        until(prod.writes, what="a write in prod")
        assert worker.stop()[0] == 0
    assert prod.services["web"]["desiredCount"] == 3


def test_a_sweep_that_fails_is_made_again(prod, headcount):
    prod.fault("ListClusters", "denied", times=2)
    with Worker(headcount, None, "--all", "--every", "0.2") as worker:
        until(lambda: prod.services["web"]["desiredCount"] == 3)
        assert worker.told("AccessDenied")


# ---- signals ----

def test_sigterm_finishes_what_is_at_work(prod, queue, headcount):
    prod.delay("DescribeServices", 1.5)
    with Worker(headcount, queue) as worker:
        queue.send({"cluster": "prod"})
        until(lambda: "DescribeServices" in prod.operations())
        worker.signal()
        code, seconds = worker.end()
        assert code == 0 and seconds < patience(4)
    assert prod.services["web"]["desiredCount"] == 3
    assert queue.is_empty() and queue.deleted() == 1


def test_sigterm_gives_back_what_is_stuck(prod, queue, headcount):
    prod.fault("DescribeServices", "silent", times=100)
    with Worker(headcount, queue, "--concurrency", 1) as worker:
        queue.send({"cluster": "prod"}, {"cluster": "other"})
        until(lambda: "DescribeServices" in prod.operations())
        until(lambda: len(queue.receives()) == 2)
        worker.signal()
        until(lambda: queue.count() == (1, 1), 3)       # it only waited
        code, seconds = worker.end()
        assert code == 130 and 7 < seconds < patience(10.5)
    assert queue.count() == (2, 0)
    assert queue.deleted() == 0 and prod.writes() == []


def test_sigterm_cuts_a_sweep_that_is_stuck(prod, headcount):
    prod.fault("DescribeServices", "silent", times=100)
    with Worker(headcount, None, "prod", "--every", "0.2") as worker:
        until(lambda: "DescribeServices" in prod.operations())
        worker.signal()
        code, seconds = worker.end()
        assert code == 130 and 7 < seconds < patience(10.5)
    assert prod.writes() == []


def test_sigterm_begins_no_other_cluster_of_a_sweep(prod, headcount):
    """What is at work is finished; the rest waits for who comes next."""
    for i in range(40):
        cluster = prod.model.cluster(f"c{i:02}")
        cluster.service("web", desired=1)
        cluster.host(f"{i}-1")
        cluster.host(f"{i}-2")
    prod.delay("ListContainerInstances", 0.3, times=99)
    with Worker(headcount, None, "c*", "--every", "0.2", "--concurrency",
                "3") as worker:
        until(lambda: len(prod.writes()) >= 3)
        worker.signal()
        code, seconds = worker.end()
        assert code == 0 and seconds < patience(3), worker.text
    done = [c for c in prod.model.clusters if c.name.startswith("c") and
            c.services["web"]["desiredCount"] == 2]
    assert 3 <= len(done) == len(prod.writes()) < 20
    assert prod.operations().count("ListContainerInstances") == len(done)


def test_a_signal_at_its_birth_is_heard(prod, queue, headcount):
    for i in range(30):
        with Worker(headcount, queue) as worker:
            time.sleep(i / 3000)            # the moment is what is tried
            worker.signal()
            code, seconds = worker.end()
            assert code in (0, -signal.SIGTERM) and seconds < patience(2)


def test_a_second_signal_ends_it_at_once(prod, queue, headcount):
    prod.fault("DescribeServices", "silent", times=100)
    with Worker(headcount, queue, "--concurrency", 1) as worker:
        queue.send({"cluster": "prod"}, {"cluster": "other"})
        until(lambda: len(queue.receives()) == 2)
        until(lambda: "DescribeServices" in prod.operations())
        worker.signal()
        until(lambda: queue.count() == (1, 1))  # the first one is heard
        worker.signal(signal.SIGINT)
        code, seconds = worker.end()
        assert code == 130 and seconds < patience(2)


def policy(count):
    """It asks for a fact, and is asked again when that is known."""
    return ("return function(cluster)\n"
            f"  local count = cluster.registered and {count}\n"
            "  return { fixed { \"web\", count } }\nend\n")


def test_sighup_reads_the_policy_again(prod, queue, headcount):
    file = headcount.home / "policy.lua"
    file.write_text(policy(2))
    with Worker(headcount, queue, "--policy", file, what=()) as worker:
        def counts(number):
            queue.send({"cluster": "prod"})
            until(lambda: prod.services["web"]["desiredCount"] == number)
            until(queue.is_empty)

        counts(2)
        file.write_text("return function( oh\n")
        worker.signal(signal.SIGHUP)
        until(lambda: worker.told(r"policy.lua:2: .*\n.*stays as it was"))
        prod.services["web"]["desiredCount"] = 3
        counts(2)
        # What is at work goes on with the old one.
        prod.services["web"]["desiredCount"] = 4
        prod.delay("DescribeClusters", 1.5)
        before = len(prod.requests)
        queue.send({"cluster": "prod"})
        until(lambda: "DescribeClusters" in prod.operations()[before:])
        file.write_text(policy(5))
        worker.signal(signal.SIGHUP)
        until(lambda: worker.told("was read again"))
        until(queue.is_empty)
        assert prod.services["web"]["desiredCount"] == 2
        counts(5)
        assert worker.stop()[0] == 0
    assert [w["desiredCount"] for w in prod.writes()] == [2, 2, 2, 5]


def test_a_policy_from_a_pipe_is_not_waited_for_again(prod, queue, headcount):
    file = headcount.home / "policy.lua"
    os.mkfifo(file)
    with Worker(headcount, queue, "--policy", file, what=()) as worker:
        file.write_text(policy(2))
        until(lambda: queue.front.calls("ReceiveMessage"))
        worker.signal(signal.SIGHUP)
        until(lambda: worker.told("cannot be read again"), 5)
        queue.send({"cluster": "prod"})
        until(queue.is_empty)
        assert worker.stop()[0] == 0
    assert [w["desiredCount"] for w in prod.writes()] == [2]


# ---- what it tells ----

LABEL = r'[a-z_]+="(?:[^"\\\n]|\\[\\"n])*"'
SAMPLE = re.compile(rf"(headcount_[a-z_]+)(?:\{{({LABEL}(?:,{LABEL})*)\}})? "
                    r"(-?\d+(?:\.\d+)?)$")


def read_metrics(path):
    """{(name, label): value}, of text format 0.0.4 and nothing else."""
    text, found, types, helped = path.read_text(), {}, {}, set()
    assert text.endswith("\n")
    for line in text[:-1].split("\n"):
        if line.startswith("# HELP "):
            helped.add(line.split(" ", 3)[2])
        elif line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert kind in ("counter", "gauge") and name not in types
            assert (kind == "counter") == name.endswith("_total"), name
            types[name] = kind
        else:
            name, label, value = SAMPLE.match(line).groups()
            assert list(types)[-1] == name and name in helped
            assert (name, label) not in found
            found[name, label] = float(value)
    return found


def value(metrics, name, **label):
    text = ",".join(f'{k}="{v}"' for k, v in label.items()) or None
    return metrics[f"headcount_{name}", text]


def test_metrics_are_what_the_peers_counted(prod, queue, headcount):
    file = headcount.home / "metrics.prom"
    prod.fault("DescribeServices", "throttle")
    other = prod.model.cluster("other")
    other.service("web", desired=1, schedulingStrategy="DAEMON")
    other.host("a")
    idle = prod.model.cluster("idle")
    idle.service("web", desired=3)
    with Worker(headcount, queue, "prod", "--metrics", file, "--every", "1h",
                "--visibility", 1, "--cli-read-timeout", 3) as worker:
        queue.send(event_of(), {"cluster": "other"}, {"cluster": "idle"},
                   {"cluster": "gone"}, "poison", SCHEDULE)
        until(lambda: queue.count(queue.dead)[0] == 2)
        until(lambda: value(read_metrics(file), "messages_poison_total") == 3)
        assert worker.stop()[0] == 0
    got = read_metrics(file)
    # The receive that SIGTERM cut short was begun, and is a call too.
    sqs = len(queue.front.came)
    assert value(got, "api_calls_total") == len(prod.requests) - 1 + sqs
    assert value(got, "retries_total") == 1
    assert value(got, "connections_opened_total") == \
        prod.connections + queue.front.connections
    assert value(got, "dns_lookups_total") == 0
    assert value(got, "tls_handshakes_total") == 0
    assert value(got, "updates_total") == len(prod.writes()) == 1
    assert value(got, "messages_received_total") == len(queue.receives())
    assert value(got, "messages_deleted_total") == queue.deleted() == 4
    assert value(got, "messages_failed_total") == 3
    assert value(got, "messages_poison_total") == 3
    assert value(got, "queue_messages_held") == 0
    assert value(got, "sweeps_total", result="ok") == 1
    assert value(got, "sweeps_total", result="failed") == 0
    assert value(got, "sweep_duration_seconds") > 0
    assert abs(value(got, "last_success_timestamp_seconds")
               - time.time()) < 60
    assert value(got, "reconciles_total", outcome="failed") == 3
    assert value(got, "reconciles_total", outcome="ok") == 4
    assert value(got, "services", outcome="skipped") == 1
    assert value(got, "services", outcome="held") == 1 == value(got, "held")
    assert value(got, "services", outcome="failed") == 1 == \
        value(got, "failed")
    assert value(got, "policy_reloads_total", result="ok") == 0
    version = subprocess.run([PROGRAM, "version"], capture_output=True,
                             text=True, check=True).stdout.split()[1]
    assert value(got, "build_info", version=version) == 1


def test_an_idle_worker_renews_its_files(prod, queue, headcount):
    metrics, beat = headcount.home / "m.prom", headcount.home / "beat"
    with Worker(headcount, queue, "prod", "--every", "1h", "--metrics",
                metrics, "--heartbeat", beat) as worker:
        until(lambda: metrics.exists() and beat.exists() and beat.read_text())
        first = metrics.stat().st_mtime_ns, beat.stat().st_mtime_ns
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\n",
                            beat.read_text())
        said = time.strptime(beat.read_text(), "%Y-%m-%dT%H:%M:%SZ\n")
        assert abs(time.mktime(said) - time.mktime(time.gmtime())) < 30
        until(lambda: beat.stat().st_mtime_ns > first[1], 12)
        until(lambda: metrics.stat().st_mtime_ns > first[0], 8)
        with open(f"/proc/{worker.process.pid}/stat", encoding="ascii") as f:
            ticks = sum(map(int, f.read().rpartition(")")[2].split()[11:13]))
        assert ticks / os.sysconf("SC_CLK_TCK") < 0.3     # it waits
        assert len(queue.front.calls("ReceiveMessage")) <= 2
        assert sorted(p.name for p in headcount.home.iterdir()) == sorted(
            [metrics.name, beat.name, worker.log.name])


def test_files_that_cannot_be_written(prod, headcount):
    gone = headcount.home / "gone" / "file"
    for option in ("--metrics", "--heartbeat"):
        with Worker(headcount, None, "prod", option, gone) as worker:
            assert worker.end()[0] == 253
            assert str(gone) in worker.text
        with Worker(headcount, None, "prod", option, headcount.home) as worker:
            assert worker.end()[0] == 253
            assert "no regular file" in worker.text
    assert prod.requests == []


def test_what_a_link_points_to_is_replaced_and_the_link_stays(prod, headcount):
    home = headcount.home
    (home / "sub").mkdir()
    for option in ("--metrics", "--heartbeat"):
        for there in (True, False):
            file, link = home / "sub" / "file", home / "link"
            link.symlink_to("sub/file")
            if there:
                file.write_text("old")
            with Worker(headcount, None, "prod", option, link) as worker:
                until(lambda: file.exists() and file.read_text() != "old", 5)
                assert worker.stop()[0] == 0
            assert link.is_symlink() and not file.is_symlink()
            assert [p.name for p in (home / "sub").iterdir()] == ["file"]
            link.unlink()
            file.unlink()


def test_what_is_no_regular_file_is_never_replaced(prod, headcount):
    """Of root a device could be."""
    home = headcount.home
    os.mkfifo(home / "pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(home / "socket"))
        for name, to in (("null", "/dev/null"), ("out", "/dev/stdout"),
                         ("to_pipe", "pipe"), ("to_folder", "."),
                         ("ring", "ring")):
            (home / name).symlink_to(to)
        before = {p.name: p.lstat().st_ino for p in home.iterdir()}
        for option in ("--metrics", "--heartbeat"):
            for name in [*before, "/dev/null", "/dev/stdout", "/dev/stderr"]:
                done = subprocess.run(
                    [PROGRAM, "watch", "prod", "--service", "web", option,
                     name], env=headcount.env, cwd=home, check=False,
                    capture_output=True, text=True, timeout=60)
                assert done.returncode == 253, name
                assert f"cannot write {name}: " in done.stderr
        assert {p.name: p.lstat().st_ino for p in home.iterdir()} == before
    assert prod.requests == []


def test_standard_output_that_is_a_file_is_never_replaced(prod, headcount):
    log = headcount.home / "log"
    for name in ("/dev/stdout", "log"):
        with open(log, "w", encoding="utf-8") as out:
            out.write("said before\n")
            out.flush()
            done = subprocess.run(
                [PROGRAM, "watch", "prod", "--service", "web", "--metrics",
                 name], env=headcount.env, cwd=headcount.home, check=False,
                stdout=out, stderr=subprocess.PIPE, text=True, timeout=60)
        assert done.returncode == 253
        assert f"cannot write {name}: standard input, output" in done.stderr
        assert log.read_text() == "said before\n"
    assert prod.requests == []


def test_metrics_and_heartbeat_are_two_files(prod, headcount):
    (headcount.home / "link").symlink_to("m")
    for heartbeat in ("m", "./m", "link", "m.new"):
        run = headcount("watch", "prod", "--service", "web", "--metrics", "m",
                        HEADCOUNT_HEARTBEAT=heartbeat)
        assert run.code == 253
        assert "--metrics and HEADCOUNT_HEARTBEAT take two files" in run.err
    assert [p.name for p in headcount.home.iterdir()] == ["link"]
    assert prod.requests == []


def test_a_link_that_changes_is_followed(prod, headcount):
    one, two = headcount.home / "one", headcount.home / "two"
    link, put = headcount.home / "link", headcount.home / "put"
    link.symlink_to(one)
    with Worker(headcount, None, "prod", "--every", "0.3", "--metrics",
                link) as worker:
        until(one.exists)
        for to in (two, "/dev/null"):
            put.symlink_to(to)
            put.rename(link)
            until(lambda t=to: worker.told("no regular file") if t != two
                  else two.exists())
        assert worker.stop()[0] == 0
        assert worker.text.count("no regular file") == 1
    assert os.readlink(link) == "/dev/null"
    read_metrics(one)
    read_metrics(two)


def test_what_lies_in_the_way_is_replaced(prod, headcount):
    """A pipe would be waited for, another's file written to."""
    file, other = headcount.home / "m.prom", headcount.home / "other"
    for option in ("--metrics", "--heartbeat"):
        other.write_text("kept")
        for put in (os.mkfifo, lambda way: way.hardlink_to(other),
                    lambda way: way.symlink_to(other)):
            put(headcount.home / "m.prom.new")
            with Worker(headcount, None, "prod", option, file) as worker:
                until(file.exists, 5)
                assert worker.stop()[0] == 0
            assert other.read_text() == "kept"
            file.unlink()


def test_a_name_that_no_cluster_has_is_a_metric(prod, queue, headcount):
    """It fails no sweep, and gives no message back."""
    file = headcount.home / "m.prom"
    with Worker(headcount, queue, "--all", "--metrics", file, "--every", "1h",
                what=("--service", "wbe")) as worker:
        queue.send(SCHEDULE, event_of())
        until(lambda: queue.deleted() == 2)
        until(lambda: value(read_metrics(file), "missing_services") == 1)
        assert worker.told("no cluster of this run has a service wbe")
        assert worker.told(r"sweep: 1 clusters in .* 0 failed")
        assert worker.stop()[0] == 0
    got = read_metrics(file)
    assert value(got, "sweeps_total", result="ok") >= 1
    assert value(got, "sweeps_total", result="failed") == 0
    assert value(got, "failed") == 0


def test_a_sweep_that_failed_leaves_the_last_word_on_names(prod, headcount):
    file = headcount.home / "m.prom"
    prod.fault("DescribeServices", "denied", nth=2, times=99)
    with Worker(headcount, None, "--all", "--metrics", file, "--every", "0.3",
                what=("--service", "wbe")) as worker:
        until(lambda: file.exists() and value(
            read_metrics(file), "sweeps_total", result="failed") > 0)
        assert worker.stop()[0] == 0
    assert value(read_metrics(file), "missing_services") == 1


def test_a_full_disk_is_told_once(prod, headcount):
    file = headcount.home / "m.prom"
    with Worker(headcount, None, "prod", "--every", "0.3", "--metrics", file,
                more={"restore_signals": False}) as worker:
        until(file.exists)
        none = resource.RLIM_INFINITY
        resource.prlimit(worker.process.pid, resource.RLIMIT_FSIZE,
                         (2000, none))
        until(lambda: worker.told("cannot write .*m.prom: File too large"))
        before = len(prod.requests)
        until(lambda: len(prod.requests) > before + 10)
        resource.prlimit(worker.process.pid, resource.RLIMIT_FSIZE,
                         (none, none))
        until(lambda: worker.told("is written again"))
        assert worker.text.count("cannot write") == 1
        read_metrics(file)
        assert worker.stop()[0] == 0


def test_a_terminal_shows_what_was_written(prod, queue, headcount):
    ours, theirs = os.openpty()
    with Worker(headcount, queue, more={"stderr": theirs}):
        queue.send(event_of())
        until(queue.is_empty)
        os.close(theirs)
        text = os.read(ours, 65536).decode()
    os.close(ours)
    (line,) = [json.loads(x) for x in text.splitlines() if x[0] == "{"]
    assert line["after"] == 3


@pytest.mark.parametrize("kind", ["path", "abstract"])
def test_systemd_is_told(prod, queue, headcount, kind):
    name = str(headcount.home / "notify") if kind == "path" else \
        f"@headcount-{time.monotonic_ns()}"
    file = headcount.home / "policy.lua"
    file.write_text(policy(2))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(name.replace("@", "\0"))
        systemd.settimeout(10)

        def says(word):
            while True:
                text = systemd.recv(4096).decode()
                if word in text.split("\n"):
                    return text

        with Worker(headcount, queue, "--policy", file, what=(),
                    NOTIFY_SOCKET=name, WATCHDOG_USEC="400000") as worker:
            says("READY=1")
            assert len(queue.front.calls("ReceiveMessage")) >= 1
            began = time.monotonic()
            for _ in range(5):
                says("WATCHDOG=1")
            assert 0.7 < time.monotonic() - began < patience(3)
            worker.signal(signal.SIGHUP)
            text = says("RELOADING=1")
            usec = int(re.search(r"MONOTONIC_USEC=(\d+)", text)[1])
            assert abs(usec / 1e6 - time.monotonic()) < 5
            says("READY=1")
            worker.signal()
            says("STOPPING=1")
            assert worker.end()[0] == 0


def test_a_watchdog_of_another_process_is_not_fed(prod, headcount):
    name = str(headcount.home / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(name)
        systemd.settimeout(1)
        with Worker(headcount, None, "prod", "--every", "1h",
                    NOTIFY_SOCKET=name, WATCHDOG_USEC="100000",
                    WATCHDOG_PID="1"):
            assert systemd.recv(4096).startswith(b"READY=1\n")
            with pytest.raises(TimeoutError):
                while True:
                    assert b"WATCHDOG" not in systemd.recv(4096)


def test_the_unit_of_the_worker_runs(ecs, queue, headcount):
    """Its command and its environment, as systemd splits them."""
    unit = (TOP / "examples/systemd/headcount-watch.service").read_text()
    env = (TOP / "examples/systemd/headcount.env").read_text()
    given = dict(line.split("=", 1) for line in env.splitlines()
                 if line and line[0] != "#")
    command = re.search(r"^ExecStart=\S+ watch ((?:.*\\\n)*.*)$", unit, re.M)[1]
    words = [w for word in command.replace("\\\n", "").split() for w in
             (given[word[1:]].split() if word[0] == "$" else [word])]
    words = [w.replace("/run/headcount", str(headcount.home)) for w in words]
    headcount.at(ecs)
    ecs.service("datadog-agent", desired=1)
    ecs.host("a")
    ecs.host("b")
    with Worker(headcount, queue, *words, what=(), **given) as worker:
        queue.send(event_of())
        until(queue.is_empty)
        assert ecs.services["datadog-agent"]["desiredCount"] == 2
        assert (headcount.home / "heartbeat").read_text()
        assert worker.stop()[0] == 0
    read_metrics(headcount.home / "metrics.prom")


def test_the_unit_is_started_again_once_there_may_be_credentials(
        prod, queue, headcount):
    """A host that boots may have none yet; a wrong word stays wrong."""
    unit = (TOP / "examples/systemd/headcount-watch.service").read_text()
    stays = re.search(r"^RestartPreventExitStatus=(.*)$", unit, re.M)[1].split()
    with Worker(headcount, queue, AWS_ACCESS_KEY_ID=None,
                AWS_SECRET_ACCESS_KEY=None, AWS_SESSION_TOKEN=None) as worker:
        assert str(worker.end()[0]) not in stays
        assert "no AWS credentials" in worker.text
    assert str(headcount("watch").code) in stays


@pytest.mark.parametrize("words, sentence", [
    ([], "watch what?"),
    (["--queue", "queue"], "takes the queue's URL"),
    (["--queue", "https://me:hidden@sqs.x/1/q"], "has no user in it"),
    (["--queue", "https://sqs.x/1/q", "--every", "5"], "--every is for"),
    (["--queue", "https://sqs.x/1/q", "--dry-run"], "--dry-run"),
    (["prod", "--every", "0"], "a time such as"),
    (["prod", "--every", "5d"], "a time such as"),
    (["prod", "--every", "m"], "a time such as"),
    (["prod", "--visibility", "0"], "from 1 to 43200"),
    (["prod", "--visibility", "1.5"], "from 1 to 43200"),
    (["prod", "--concurrency", "65"], "from 1 to 64"),
    (["prod", "--snapshot", "x"], "--snapshot"),
    (["prod", "--all"], "--all")])
def test_wrong_words(headcount, words, sentence):
    run = headcount("watch", "--service", "web", *words)
    assert run.code == 252
    assert sentence in run.err and run.out == ""
    assert "hidden" not in run.err
