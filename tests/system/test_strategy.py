"""Capacity provider strategies: whose hosts count, and which providers start
hosts by themselves."""
import json

import pytest

OURS = ("--service", "web", "--output", "json")


def share(name, weight=None, base=None):
    return {"capacityProvider": name,
            **({} if weight is None else {"weight": weight}),
            **({} if base is None else {"base": base})}


def by(server, *strategy, **more):
    server.service("web", desired=1, capacityProviderStrategy=list(strategy),
                   **more)
    del server.services["web"]["launchType"]


@pytest.fixture
def prod(ecs, headcount):
    """Three hosts of an old provider, two of the new one, one of none."""
    headcount.at(ecs)
    for name in ("old", "new"):
        ecs.model.provider(name)
    for i in range(6):
        ecs.host(f"h{i}", provider="old" if i < 3 else "new" if i < 5
                 else None)
    return ecs


@pytest.mark.parametrize("strategy, wanted", [
    ([share("old", 0, 0), share("new", 1, 0)], 2),
    ([share("new", 1), share("old")], 2),
    ([share("old", 1, 0), share("new", 1, 0)], 5),
    ([share("old", 0, 0)], 3),
    ([share("old")], 3),
    ([share("old", 0, 2), share("new", 1, 0)], 4),
    ([share("old", 0, 9), share("new", 1, 0)], 5),
    ([share("old", 0, 1), share("new", 0, 0)], 1)])
def test_hosts_of_the_providers_that_are_used_count(prod, headcount, event,
                                                    strategy, wanted):
    by(prod, *strategy)
    first = headcount("handle", *OURS, stdin=event())
    assert first.code == 0, first.out
    assert first.service()["wanted"] == wanted
    again = headcount("handle", *OURS, stdin=event())
    assert again.service()["outcome"] == "unchanged"
    assert [w["desiredCount"] for w in prod.writes()] == \
        [wanted] * (wanted != 1)


def test_what_does_not_count_is_said(prod, headcount, event):
    by(prod, share("old", 0), share("new", 1))
    run = headcount("handle", *OURS, stdin=event())
    assert run.service()["reason"] == (
        "1 task on each of 2 active hosts of its capacity providers, provider "
        "old has weight 0 and does not count")


@pytest.mark.parametrize("strategy", [
    [share("old", 0), share("new", 0)], [share("old"), share("new")],
    [share("old", -1), share("new", 1)], [share("old", 1001)],
    [share("old", "1")], [share("old", 1.5)], [share("old", 1, -1)],
    [share("old", 1, "all")], [share("old", 1), share("old", 1)]])
def test_weights_that_say_nothing_make_no_count(prod, headcount, event,
                                                strategy):
    by(prod, *strategy)
    run = headcount("handle", *OURS, stdin=event())
    assert run.code == 1
    assert (run.service()["outcome"], run.service()["code"]) == \
        ("failed", "EANSWER")
    assert run.service()["wanted"] is None
    assert prod.writes() == []


@pytest.mark.parametrize("controller, more", [
    ("CODE_DEPLOY", ()), ("EXTERNAL", ("--allow", "external"))])
def test_task_sets_say_where_tasks_run(prod, headcount, event, controller,
                                       more):
    sets = [{"id": "t1", "status": "PRIMARY",
             "capacityProviderStrategy": [share("new", 1, 0)]}]
    by(prod, deploymentController={"type": controller}, taskSets=sets)
    run = headcount("handle", *OURS, *more, stdin=event())
    assert run.code == 0, run.out
    assert run.service()["wanted"] == 2
    for place, count in (({"launchType": "EC2"}, 6), ({}, None)):
        prod.services["web"]["taskSets"] = [
            {"id": "t1", "status": "PRIMARY", **place}]
        prod.services["web"]["desiredCount"] = 1
        run = headcount("handle", *OURS, *more, stdin=event())
        assert (run.code, run.service()["wanted"]) == \
            (0 if count else 1, count)
    assert "launchType" in run.service()["reason"]
    prod.services["web"]["taskSets"] = [
        {"id": "t1", "status": "PRIMARY", "launchType": "FARGATE"}]
    run = headcount("handle", *OURS, *more, stdin=event())
    assert run.service()["code"] == "fargate"


# ---- which of them start hosts by themselves ----

def many(server, n, managed=()):
    for i in range(n):
        server.model.provider(f"cp{i}", autoScalingGroupProvider={
            "autoScalingGroupArn": "arn:aws:autoscaling:eu-west-1:1:x",
            "managedScaling": {"status": "ENABLED" if i in managed
                               else "DISABLED"}})
    server.host("a", provider="cp0")
    server.host("b", provider="cp1")
    server.host("c", provider="cp1")
    by(server, share("unused", 0), *(share(f"cp{i}", 1, 0) for i in range(n)),
       runningCount=0)


def asked(server):
    return [r.body for r in server.requests
            if r.operation == "DescribeCapacityProviders"]


@pytest.mark.parametrize("n, calls", [(10, 1), (11, 2), (19, 2)])
def test_more_than_ten_providers_take_more_calls(ecs, headcount, event, n,
                                                 calls):
    headcount.at(ecs)
    many(ecs, n)
    run = headcount("handle", *OURS, stdin=event())
    assert run.code == 0, run.out
    assert [w["desiredCount"] for w in ecs.writes()] == [3]
    assert len(asked(ecs)) == calls
    assert all(b["cluster"] == "prod" for b in asked(ecs))
    assert all(len(b["capacityProviders"]) <= 10 for b in asked(ecs))
    named = [p for b in asked(ecs) for p in b["capacityProviders"]]
    assert sorted(named) == sorted(f"cp{i}" for i in range(n))


@pytest.mark.parametrize("n", [4, 12])
def test_their_pages_are_followed(ecs, headcount, event, n):
    headcount.at(ecs)
    ecs.page = 3
    many(ecs, n, managed=(0,))
    run = headcount("handle", *OURS, stdin=event())
    assert run.service()["code"] == "unplaced_on_managed_scaling"
    assert "capacity provider cp0 " in run.service()["reason"]
    # One that starts hosts is enough: the other two of 12 are not asked for.
    assert len(asked(ecs)) == (2 if n == 4 else 4)
    assert ecs.writes() == []


def test_pages_in_a_ring_come_to_an_end(ecs, headcount, event):
    headcount.at(ecs)
    many(ecs, 2)
    ecs.fault("DescribeCapacityProviders", lambda body: {
        "capacityProviders": [], "failures": [],
        "nextToken": "b" if body.get("nextToken") == "a" else "a"}, times=99)
    run = headcount("handle", *OURS, stdin=event())
    assert run.code == 1
    assert run.service()["code"] == "EANSWER"
    assert "does not come to an end" in run.service()["reason"]
    assert len(asked(ecs)) == 5 and ecs.writes() == []     # both tokens, then 3


def test_managed_instances_start_hosts_by_themselves(ecs, headcount, event):
    headcount.at(ecs)
    ecs.model.provider("own", type="MANAGED_INSTANCES")
    for name in "abc":
        ecs.host(name, provider="own")
    by(ecs, share("own", 0), runningCount=0)
    run = headcount("handle", *OURS, stdin=event())
    assert run.service()["code"] == "unplaced_on_managed_scaling"
    assert ecs.writes() == []


# ---- snapshots ----

def test_a_snapshot_holds_weights(prod, headcount):
    by(prod, share("old", 0, 1), share("new", 2, 0))
    taken = headcount("snapshot", "prod", "--service", "web")
    assert taken.code == 0, taken.err
    live = headcount("plan", "prod", *OURS)
    assert live.service()["wanted"] == 3

    def planned(text):
        (headcount.home / "prod.json").write_text(text)
        return headcount("plan", "--snapshot", "prod.json", *OURS).service()

    assert planned(taken.out)["reason"] == live.service()["reason"]
    # One of an older version has no weights: all providers count, as then.
    old = json.loads(taken.out)
    assert old["services"][0]["capacityProviderStrategy"] == [
        share("old", 0, 1), share("new", 2, 0)]
    for item in old["services"][0]["capacityProviderStrategy"]:
        del item["weight"], item["base"]
    assert planned(json.dumps(old))["wanted"] == 5


def test_a_snapshot_holds_where_a_task_set_runs(prod, headcount):
    by(prod, deploymentController={"type": "CODE_DEPLOY"}, taskSets=[
        {"id": "t1", "status": "PRIMARY",
         "capacityProviderStrategy": [share("old", 0), share("new", 1)]}])
    taken = headcount("snapshot", "prod", "--service", "web")
    live = headcount("plan", "prod", *OURS)
    assert live.service()["wanted"] == 2
    (headcount.home / "prod.json").write_text(taken.out)
    again = headcount("plan", "--snapshot", "prod.json", *OURS)
    assert again.service()["reason"] == live.service()["reason"]
