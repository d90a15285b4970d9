"""The same world planned live, planned from a snapshot of its facts, and
applied gives the same counts."""
import json

import pytest

SERVICES = ("web", "big", "small", "paused", "strategy", "none", "daemon")
NAMED = tuple(word for name in SERVICES for word in ("--service", name))
KEPT = ("service", "outcome", "code", "desired_before", "wanted", "running",
        "rule", "hosts", "switch")


@pytest.fixture
def prod(ecs, headcount):
    """Services of many kinds in one cluster of twelve hosts."""
    headcount.at(ecs)
    ecs.model.provider("spot")
    for i in range(12):
        ecs.host(f"h{i}", capacityProviderName="spot" if i < 5 else "other",
                 status="DRAINING" if i == 11 else "ACTIVE")
    ecs.service("web", desired=9)
    ecs.service("big", desired=40)                   # a step down: read twice
    ecs.service("small", desired=1, placementConstraints=[
        {"type": "memberOf", "expression": "attribute:nobody exists"}])
    ecs.service("paused", desired=1, tags=[
        {"key": "headcount:pause", "value": "true"}])
    ecs.service("strategy", desired=2, capacityProviderStrategy=[
        {"capacityProvider": "spot", "weight": 1, "base": 0}])
    del ecs.services["strategy"]["launchType"]
    ecs.service("daemon", desired=0, schedulingStrategy="DAEMON")
    return ecs


def told(run):
    return [{key: s[key] for key in KEPT}
            for s in run.report["clusters"][0]["services"]]


def test_live_from_a_snapshot_and_applied(prod, headcount, tmp_path):
    live = headcount("plan", "prod", *NAMED, "--output", "json")
    taken = headcount("snapshot", "prod", *NAMED)
    assert taken.code == 0 and taken.err == ""
    assert "123456789012" not in taken.out
    path = tmp_path / "prod.json"
    path.write_text(taken.out)
    calls = len(prod.requests)
    env, headcount.env = headcount.env, {}           # no region, no secrets
    kept = headcount("plan", "--snapshot", path, *NAMED, "--output", "json")
    again = headcount("handle", "-", "--snapshot", path, *NAMED, "--output",
                      "json", stdin={"cluster": "prod"})
    headcount.env = env
    assert len(prod.requests) == calls and prod.writes() == []
    assert told(kept) == told(live) == told(again)
    assert [s["outcome"] for s in told(kept)] == [
        "pending", "pending", "held", "held", "pending", "skipped", "skipped"]
    assert kept.report["stats"]["api_calls"] == 0

    done = headcount("apply", "prod", *NAMED, "--output", "json")
    assert [s["wanted"] for s in told(done)] == [s["wanted"]
                                                 for s in told(kept)]
    assert [s["outcome"] for s in told(done)] == [
        s["outcome"].replace("pending", "updated") for s in told(kept)]
    for service in told(kept):
        if service["outcome"] == "pending":
            assert prod.services[service["service"]]["desiredCount"] == \
                service["wanted"]


def test_a_service_that_is_not_in_one_asks_nobody_for_names(
        prod, headcount, tmp_path):
    """A live plan looks for the nearest name; one on facts makes no call."""
    names = ("--service", "gone")
    taken = headcount("snapshot", "prod", *names)
    (tmp_path / "s.json").write_text(taken.out)
    headcount("plan", "prod", *names)
    assert "ListServices" in prod.operations()
    calls = len(prod.requests)
    run = headcount("plan", "--snapshot", tmp_path / "s.json", *names)
    assert run.code == 1 and "gone" in run.err
    assert len(prod.requests) == calls


def test_a_snapshot_may_be_edited(prod, headcount, tmp_path):
    taken = json.loads(headcount("snapshot", "prod", "--service", "web").out)
    hosts = taken["readings"][0]["lists"][0]["hosts"]
    path = tmp_path / "prod.json"
    del hosts[0]
    path.write_text(json.dumps(taken))
    run = headcount("plan", "--snapshot", path, "--service", "web",
                    "--output", "json")
    assert told(run)[0]["wanted"] == 10


def test_a_snapshot_is_no_sweep(prod, headcount, tmp_path):
    taken = headcount("snapshot", "prod", "--service", "web")
    assert taken.code == 0, taken.err
    (tmp_path / "s.json").write_text(taken.out)
    line = ["plan", "--service", "web", "--snapshot", tmp_path / "s.json"]
    plan = headcount(*line)
    for env in ({"HEADCOUNT_ALL": "1"}, {"HEADCOUNT_TAG": "a"}):
        run = headcount(*line, **env)
        assert (run.code, run.out, run.err) == (plan.code, plan.out, "")
    for more in (["--all"], ["--tag", "a"]):
        run = headcount(*line, *more)
        assert run.code == 252
        assert f"--snapshot and {more[0]} do not go together" in run.err


def test_no_half_snapshot_is_taken(prod, headcount):
    prod.fault("ListContainerInstances", "denied", times=99)
    run = headcount("snapshot", "prod", "--service", "web")
    assert run.code == 1 and run.out == ""
    assert "AccessDeniedException" in run.err


@pytest.mark.parametrize("args,code,says", [
    (("plan", "--snapshot", "MISSING"), 252, "cannot open"),
    (("apply", "prod", "--snapshot", "PATH"), 252, "does not use --snapshot"),
    (("snapshot", "prod", "test"), 252, "the one cluster"),
    (("snapshot",), 252, "the one cluster"),
    (("plan", "test", "--snapshot", "PATH"), 253, "of cluster prod"),
    (("plan", "--snapshot", "BROKEN"), 252, "the snapshot: "),
    (("plan", "--snapshot", "EMPTY"), 252, "the snapshot"),
])
def test_what_cannot_be_meant(prod, headcount, tmp_path, args, code, says):
    path = tmp_path / "prod.json"
    path.write_text(headcount("snapshot", "prod", "--service", "web").out)
    (tmp_path / "broken").write_text(path.read_text()[:-9])
    (tmp_path / "empty").write_text("")
    names = {"PATH": path, "MISSING": tmp_path / "none",
             "BROKEN": tmp_path / "broken", "EMPTY": tmp_path / "empty"}
    run = headcount(*[names.get(a, a) for a in args], "--service", "web")
    assert run.code == code and says in run.err and run.out == ""
    assert prod.writes() == []
