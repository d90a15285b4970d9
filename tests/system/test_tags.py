"""--policy tags: services that say their own rule."""
import json

import pytest


def tag(ecs, name, **tags):
    ecs.services[name]["tags"] = [
        {"key": "headcount:" + k.replace("_", "-"), "value": v}
        for k, v in tags.items()]


@pytest.fixture
def prod(ecs, headcount):
    headcount.at(ecs)
    for i in range(8):
        ecs.host(f"h{i}", attributes=[
            {"name": "ecs.os-type", "value": "linux" if i < 6 else "plan9"}])
    for name in ("agent", "dns", "web", "router", "canary", "plain", "broken"):
        ecs.service(name, desired=1)
    tag(ecs, "agent", rule="per-host")
    tag(ecs, "dns", rule="ladder", ladder="0:1 4:2 64:5")
    tag(ecs, "web", rule="hosts-minus", spare="1", max="6")
    tag(ecs, "router", rule="per-host", tasks="2",
        where="attribute:ecs.os-type equals linux")
    tag(ecs, "canary", rule="fixed", tasks="3", pause="true")
    tag(ecs, "broken", rule="per-host", taks="2")
    return ecs


def by_service(run):
    return {s["service"]: s for s in run.report["clusters"][0]["services"]}


def test_services_say_their_own_rule(prod, headcount):
    run = headcount("apply", "prod", "--policy", "tags", "--output", "json")
    assert run.code == 0, run.err
    got = by_service(run)
    assert {n: s["wanted"] for n, s in got.items()
            if s["outcome"] == "updated"} == \
        {"agent": 8, "dns": 2, "web": 6, "router": 12}
    assert got["web"]["code"] == "clamped"
    assert {n: prod.services[n]["desiredCount"] for n in prod.services} == \
        {"agent": 8, "dns": 2, "web": 6, "router": 12, "canary": 1,
         "plain": 1, "broken": 1}
    assert (got["canary"]["outcome"], got["canary"]["code"]) == \
        ("held", "paused")
    broken = got["broken"]
    assert (broken["outcome"], broken["code"]) == ("held", "bad_tags")
    assert 'headcount:taks = "2"' in broken["reason"]
    assert broken["desired_before"] == 1 and broken["wanted"] is None
    assert "plain" not in got
    held = [a for a in run.audit if a.get("code") == "bad_tags"]
    assert len(held) == 1


def test_it_makes_the_calls_that_it_needs(prod, headcount):
    headcount("plan", "prod", "--policy", "tags")
    seen = prod.operations()
    assert seen.count("GetResources") == 1
    assert seen.count("DescribeServices") == 1
    assert seen.count("ListContainerInstances") == 2     # two filters
    assert prod.writes() == []


def test_the_environment_names_it_and_a_file_is_a_file(prod, headcount):
    run = headcount("plan", "prod", "--output", "json",
                    HEADCOUNT_POLICY="tags")
    assert by_service(run)["agent"]["wanted"] == 8
    run = headcount("plan", "prod", "--policy", "./tags")
    assert run.code == 253 and "./tags" in run.err
    (headcount.home / "tags").write_text('return { fixed { "plain", 2 } }')
    run = headcount("plan", "prod", "--policy", "./tags", "--output", "json")
    assert by_service(run)["plain"]["wanted"] == 2


def test_nobody_says_anything(ecs, headcount):
    headcount.at(ecs)
    ecs.service("plain", desired=1)
    run = headcount("apply", "prod", "--policy", "tags", "--output", "json")
    assert run.code == 0
    assert run.report["clusters"][0]["services"] == []
    assert ecs.writes() == []


def test_on_a_snapshot(prod, headcount):
    taken = headcount("snapshot", "prod", "--policy", "tags")
    assert taken.code == 0, taken.err
    (headcount.home / "prod.json").write_text(taken.out)
    live = headcount("plan", "prod", "--policy", "tags", "--output", "json")
    kept = headcount("plan", "--snapshot", "prod.json", "--policy", "tags",
                     "--output", "json")
    assert kept.code == 0, kept.err
    assert by_service(kept) == by_service(live)


# ---- cluster-proportional-autoscaler's JSON ----

LINEAR = '{"linear": {"nodesPerReplica": 3, "min": 2, "max": 40}}'


def test_the_autoscalers_json_is_a_rule(prod, headcount):
    path = headcount.home / "dns.json"
    path.write_text(LINEAR)
    run = headcount("apply", "prod", "--service", "plain", "--autoscaler",
                    path, "--output", "json")
    assert run.code == 0, run.err
    got = by_service(run)["plain"]
    assert (got["wanted"], got["rule"]) == (3, "linear")
    assert prod.services["plain"]["desiredCount"] == 3
    run = headcount("plan", "prod", "--service", "plain", "--output", "json",
                    HEADCOUNT_AUTOSCALER="dns.json")
    assert by_service(run)["plain"]["outcome"] == "unchanged"
    config_map = {"apiVersion": "v1", "kind": "ConfigMap",
                  "metadata": {"name": "dns"}, "data": {"linear": json.dumps(
                      json.loads(LINEAR)["linear"])}}
    for text in (LINEAR, json.dumps(config_map)):
        path.write_text("\ufeff" + text, encoding="utf-8")
        run = headcount("plan", "prod", "--service", "plain", "--autoscaler",
                        path, "--output", "json")
        got = by_service(run)["plain"]
        assert (got["wanted"], got["rule"]) == (3, "linear")
    path.write_text('{"ladder": {"coresToReplicas": [[1, 1], [4, 2]]}}')
    run = headcount("plan", "prod", "--service", "plain", "--autoscaler",
                    path, "--output", "json")
    assert run.code in (0, 1)      # the hosts of the peer may tell no CPU


@pytest.mark.parametrize("text, args, code, says", [
    ('{"ladder": {}}', (), 253, "without them it would be 0"),
    ('{"linear": {"nodePerReplica": 3}}', (), 253, '"nodePerReplica"'),
    ("", (), 253, "the text is empty"),
    (LINEAR + "\0", (), 253, "dns.json holds a NUL"),
    ("kind: ConfigMap\ndata: {}\n", (), 253, "YAML, which is not read"),
    ('{"data": {"linear": "{}", "ladder": "{}"}}', (), 253, "it has both"),
    (LINEAR, ("--policy", "tags"), 252, "do not go together"),
    (None, (), 253, "none.json"),
])
def test_an_autoscaler_that_cannot_be_meant(prod, headcount, text, args, code,
                                            says):
    path = headcount.home / ("none.json" if text is None else "dns.json")
    if text is not None:
        path.write_text(text)
    named = () if args else ("--service", "plain")
    run = headcount("apply", "prod", *named, "--autoscaler", path, *args)
    assert run.code == code, run.out + run.err
    assert says in run.err
    assert prod.requests == []
