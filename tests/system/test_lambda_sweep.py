"""A function's sweep, asked for by a schedule; and storms of events."""
import json
import random

import pytest
from conftest import event_of
from test_batch import record
from test_lambda import fill, metrics

RULE = {"source": "aws.events", "detail-type": "Scheduled Event",
        "detail": {}, "account": "123456789012", "region": "eu-west-1",
        "resources": ["arn:aws:events:eu-west-1:123456789012:rule/five"]}
SCHEDULER = {**RULE, "source": "aws.scheduler", "detail": "{}"}


def more(ecs, *names):
    for name in names:
        cluster = ecs.model.cluster(name)
        cluster.service("web", desired=1)
        cluster.host(f"{name}-1")
        cluster.host(f"{name}-2")


def counts(ecs):
    return {c.name: c.services["web"]["desiredCount"]
            for c in ecs.model.clusters}


@pytest.mark.parametrize("event", [RULE, SCHEDULER])
def test_a_schedule_sweeps_what_is_configured(ecs, function, event):
    fill(ecs)
    more(ecs, "test-a", "test-b", "other")
    server = function(HEADCOUNT_CLUSTERS="test-*,prod")
    answer = server.invoke(event)
    assert answer["summary"]["updated"] == 3
    assert counts(ecs) == {"prod": 3, "test-a": 2, "test-b": 2, "other": 1}
    told, = metrics(server)
    assert (told["Updated"], told["Failed"]) == (3, 0)
    assert told["Calls"] == len(ecs.requests) and told["LastSuccess"] > 0


def test_all_is_every_cluster(ecs, function):
    fill(ecs)
    more(ecs, "a", "b")
    answer = function(HEADCOUNT_ALL="1").invoke(RULE)
    assert [c["name"] for c in answer["clusters"]] == ["prod", "a", "b"]
    assert counts(ecs) == {"prod": 3, "a": 2, "b": 2}


def test_the_log_has_the_clusters_where_something_was(ecs, function):
    fill(ecs)
    more(ecs, "a", "b")
    ecs.model.clusters[2].services["web"].write(desiredCount=2)
    server = function(HEADCOUNT_ALL="1")
    assert len(server.invoke(RULE)["clusters"]) == 3
    reports = [json.loads(line[line.index("{"):]) for line in
               server.output.read_text().splitlines()
               if '"format_version"' in line]
    assert sorted(c["name"] for r in reports for c in r["clusters"]) == \
        ["a", "prod"]
    assert all(len(r["clusters"]) == 1 for r in reports)


def test_without_one_a_schedule_is_told_what_to_do(ecs, function):
    answer = function().invoke(RULE)
    assert answer["errorType"] == "Headcount.ECONFIG"
    assert "HEADCOUNT_CLUSTERS" in answer["errorMessage"]
    assert ecs.requests == []


def test_a_sweep_that_cannot_be_meant_is_an_init_error(ecs, function):
    server = function(HEADCOUNT_CLUSTERS="prod,te.st")
    assert server.invoke({"cluster": "prod"})["errorType"] == \
        "Headcount.InitError"
    assert "te.st" in server.output.read_text()
    assert ecs.requests == []


def test_a_sweep_that_fails_is_an_error_that_names_the_first(ecs, function):
    fill(ecs)
    more(ecs, "a")
    ecs.model.clusters[1].services["web"].update(desiredCount="one")
    server = function(HEADCOUNT_ALL="1")
    answer = server.invoke(RULE)
    assert answer["errorType"] == "Headcount.TargetFailed"
    assert "cluster a" in answer["errorMessage"]
    assert counts(ecs)["prod"] == 3
    told, = metrics(server)
    assert told["Failed"] == 1 and "LastSuccess" not in told


def test_a_record_that_asks_for_the_sweep_waits_for_it(ecs, function):
    fill(ecs)
    more(ecs, "a", "b")
    records = [record(1, {"cluster": "a"}), record(2, RULE), record(3, "x")]
    server = function(HEADCOUNT_ALL="1")
    assert server.invoke({"Records": records}) == {
        "batchItemFailures": [{"itemIdentifier": "3"}]}
    assert counts(ecs) == {"prod": 3, "a": 2, "b": 2}
    ecs.model.clusters[2].services["web"].update(desiredCount="one")
    assert server.invoke({"Records": records}) == {"batchItemFailures": [
        {"itemIdentifier": "2"}, {"itemIdentifier": "3"}]}


def test_a_sweep_keeps_to_the_deadline(ecs, function):
    fill(ecs)
    more(ecs, *[f"c{i}" for i in range(40)])
    ecs.delay("ListContainerInstances", 0.4, times=99)
    answer = function(HEADCOUNT_ALL="1", HEADCOUNT_CONCURRENCY="2",
                      AWS_LAMBDA_FUNCTION_TIMEOUT="3").invoke(RULE)
    assert answer["errorType"] == "Headcount.TargetFailed"
    assert "deadline" in answer["errorMessage"]
    assert 0 < len(ecs.writes()) < 40


def test_a_name_that_no_cluster_has_is_a_metric(ecs, function):
    """It fails no invocation, and gives no message back."""
    fill(ecs)
    more(ecs, "a")
    server = function(HEADCOUNT_ALL="1", ECS_SERVICE_ARN="wbe")
    answer = server.invoke(RULE)
    assert answer["missing_services"] == ["wbe"]
    assert answer["summary"]["failed"] == 1
    assert server.invoke({"Records": [record(1, RULE)]}) == {
        "batchItemFailures": []}
    assert "missing_services" not in server.invoke(event_of())
    alone, record_of_it, event = metrics(server)
    for told in alone, record_of_it:
        assert told["MissingServices"] == 1
        assert told["Failed"] == 0 and told["LastSuccess"] > 0
    assert "MissingServices" not in event     # an event does not look for it
    assert "no cluster of this run has a service wbe" in \
        server.output.read_text()
    server = function(HEADCOUNT_ALL="1")
    server.invoke(RULE)
    told, = metrics(server)
    assert told["MissingServices"] == 0


def test_a_sweep_that_failed_says_nothing_of_names(ecs, function):
    fill(ecs)
    more(ecs, "a")
    ecs.fault("DescribeServices", "denied", nth=2, times=1)
    server = function(HEADCOUNT_ALL="1", ECS_SERVICE_ARN="wbe")
    assert server.invoke(RULE)["errorType"] == "Headcount.TargetFailed"
    told, = metrics(server)
    assert told["Failed"] == 1 and "MissingServices" not in told


# ---- storms ----

def host_event(cluster, host, version, status="ACTIVE"):
    event = event_of(cluster, status)
    arn = event["detail"]["containerInstanceArn"].rpartition("/")[0]
    event["detail"].update(containerInstanceArn=f"{arn}/{host}",
                           version=version)
    return event


def test_a_storm_ends_in_one_reconcile_a_cluster_of_each_batch(ecs,
                                                               function):
    """1,000 events for 10 clusters, in batches of 100."""
    names = [f"c{i}" for i in range(10)]
    ecs.model.clusters.clear()
    more(ecs, *names)
    pick = random.Random(5)
    events = [host_event(c, f"{c}-{pick.randrange(1, 3)}", v) for v, c in
              enumerate(pick.choices(names, k=1000))]
    server = function()
    for at in range(0, 1000, 100):
        batch = [record(i, e) for i, e in enumerate(events[at:at + 100])]
        before = ecs.operations().count("DescribeServices")
        assert server.invoke({"Records": batch}) == {"batchItemFailures": []}
        assert ecs.operations().count("DescribeServices") - before <= 10
    assert counts(ecs) == dict.fromkeys(names, 2)
    assert len(ecs.writes()) == 10


def test_our_own_writes_echo_causes_no_write(ecs, function):
    """Each task that starts changes its host, which is an event."""
    fill(ecs)
    server = function()
    assert server.invoke(host_event("prod", "a", 1))["summary"]["updated"] == 1
    for version in range(2, 22):
        ecs.home.settle()
        answer = server.invoke(host_event("prod", "abc"[version % 3], version))
        assert answer["summary"]["unchanged"] == 1
    assert len(ecs.writes()) == 1
    assert json.dumps(ecs.writes()[0]).count("desiredCount") == 1
