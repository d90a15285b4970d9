"""Counts are read whole or not at all; what must not be written is held."""
import json

import pytest

OURS = ("--service", "web", "--output", "json")


@pytest.fixture
def prod(ecs, headcount):
    headcount.at(ecs)
    ecs.service("web", desired=1)
    return ecs


def hosts(server, n, draining=0):
    for i in range(n):
        server.host("a" if i == 0 else f"h{i:03d}",
                    status="DRAINING" if i % 35 == 3 and i // 35 < draining
                    else "ACTIVE")
    assert [h["status"] for h in server.hosts].count("DRAINING") == draining


# ---- what a task definition says ----

GPU = [{"type": "memberOf", "expression": "attribute:gpu exists"}]


def constrained(server):
    """Two of five hosts have what the task definition calls for."""
    server.model.task_definition("web", placementConstraints=GPU)
    for name in "abcde":
        server.host(name, attributes={"gpu": None} if name in "ab" else {})


def test_constraints_of_a_task_definition_cost_one_call(prod, headcount,
                                                        event):
    constrained(prod)
    assert headcount("handle", *OURS, stdin=event()).code == 0
    assert prod.operations() == ["DescribeServices", "ListContainerInstances",
                                 "UpdateService"]
    assert prod.writes()[-1]["desiredCount"] == 5
    prod.service("web", desired=3)
    run = headcount("handle", *OURS, "--constraints", "all", stdin=event())
    assert run.code == 0
    assert prod.operations()[3:] == [
        "DescribeServices", "DescribeTaskDefinition",
        "ListContainerInstances", "UpdateService"]
    assert prod.writes()[-1]["desiredCount"] == 2
    assert run.service()["hosts"]["filter"] == "attribute:gpu exists"


def test_a_policy_heeds_them_unless_it_is_told_not_to(prod, headcount):
    constrained(prod)
    policy = headcount.home / "policy.lua"
    policy.write_text('return { per_host { "web" } }')
    for more, env, wanted in (
            ((), {}, 2), (("--constraints", "service"), {}, 5),
            ((), {"HEADCOUNT_CONSTRAINTS": "service"}, 5),
            (("--constraints=all",), {"HEADCOUNT_CONSTRAINTS": "service"}, 2)):
        run = headcount("plan", "prod", "--policy", str(policy), *more,
                        "--output", "json", **env)
        assert run.service()["wanted"] == wanted


def test_a_snapshot_holds_them(prod, headcount):
    constrained(prod)
    (headcount.home / "policy.lua").write_text('return { per_host { "web" } }')
    taken = headcount("snapshot", "prod", "--policy", "policy.lua")
    assert taken.code == 0, taken.err
    (headcount.home / "prod.json").write_text(taken.out)
    again = headcount("plan", "--snapshot", "prod.json", "--policy",
                      "policy.lua", "--output", "json")
    assert again.service()["wanted"] == 2
    assert again.report["stats"]["api_calls"] == 0
    other = headcount("plan", "--snapshot", "prod.json", *OURS)
    assert other.service()["code"] == "not_in_snapshot"


# ---- pages ----

def test_250_hosts_over_three_pages_7_of_them_draining(prod, headcount, event):
    prod.service("web", desired=200)
    hosts(prod, 250, draining=7)
    run = headcount("handle", *OURS, stdin=event())
    assert run.code == 0
    assert prod.operations() == ["DescribeServices",
                                 *["ListContainerInstances"] * 3,
                                 "UpdateService"]
    assert prod.writes()[0]["desiredCount"] == 243
    tokens = [r.body.get("nextToken") for r in prod.requests[1:4]]
    assert tokens[0] is None and len(set(tokens)) == 3
    assert {r.body["status"] for r in prod.requests[1:4]} == {"ACTIVE"}


@pytest.mark.parametrize("nth", [1, 2, 3])
@pytest.mark.parametrize("what", ["500", "close", "half", "denied"])
def test_a_page_that_fails_is_no_smaller_count(prod, headcount, event, nth,
                                               what):
    hosts(prod, 250)
    prod.fault("ListContainerInstances", what, nth=nth, times=99)
    run = headcount("handle", *OURS, stdin=event())
    assert run.code == 1
    assert prod.writes() == []
    assert run.service()["outcome"] == "failed"
    assert run.service()["wanted"] is None
    assert run.report["summary"]["failed"] == 1
    retried = 0 if what == "denied" else 2
    # The first close looks like a kept connection that had gone stale.
    replayed = 1 if what == "close" else 0
    assert run.report["stats"]["retries"] == retried
    assert run.report["stats"]["replays"] == replayed
    assert prod.operations().count("ListContainerInstances") == \
        nth + retried + replayed


@pytest.mark.parametrize("what", ["throttle", "500", "503", "close", "half"])
def test_a_page_that_comes_at_the_second_try_counts(prod, headcount, event,
                                                    what):
    hosts(prod, 250)
    prod.fault("ListContainerInstances", what, nth=2)
    run = headcount("handle", *OURS, stdin=event())
    assert run.code == 0, run.err
    assert prod.writes()[0]["desiredCount"] == 250
    stats = run.report["stats"]
    assert (stats["retries"], stats["replays"]) == \
        ((0, 1) if what == "close" else (1, 0))


def test_a_list_that_never_ends_is_given_up(prod, headcount, event):
    hosts(prod, 3)
    again = {"containerInstanceArns": [], "nextToken": "again"}
    prod.fault("ListContainerInstances", lambda body: again, times=5000)
    run = headcount("handle", *OURS, stdin=event())
    assert run.code == 1
    assert prod.writes() == []
    assert run.service()["outcome"] == "failed"


# ---- what counts ----

def test_the_services_own_constraint_is_the_filter(prod, headcount, event):
    hosts(prod, 5)
    prod.service("web", desired=1, placementConstraints=[
        {"type": "memberOf", "expression": "attribute:tier == web"},
        {"type": "distinctInstance"}])
    prod.filters["attribute:tier == web"] = {"h001", "h003"}
    run = headcount("handle", *OURS, stdin=event())
    assert run.code == 0
    assert prod.writes()[0]["desiredCount"] == 2
    assert run.service()["hosts"] == {"counted": 2, "by": "active",
                                      "filter": "attribute:tier == web"}


def test_where_is_anded_to_it(prod, headcount, event):
    hosts(prod, 5)
    prod.service("web", desired=1, placementConstraints=[
        {"type": "memberOf", "expression": "attribute:tier == web"}])
    both = "(attribute:ssd exists) and (attribute:tier == web)"
    prod.filters[both] = {"h002"}
    run = headcount("handle", *OURS, "--where", "attribute:ssd exists",
                    stdin=event())
    assert run.service()["outcome"] == "unchanged"
    assert run.service()["hosts"]["filter"] == both


def test_a_strategy_counts_its_own_providers_hosts(prod, headcount, event):
    prod.service("web", desired=1, launchType=None, capacityProviderStrategy=[
        {"capacityProvider": "spot", "weight": 1, "base": 0}])
    del prod.services["web"]["launchType"]
    prod.model.provider("spot")
    for i in range(150):
        prod.host(f"h{i}", provider="spot" if i < 120 else "other")
    run = headcount("handle", *OURS, stdin=event())
    assert run.code == 0, run.err
    assert prod.writes()[0]["desiredCount"] == 120
    assert prod.operations().count("DescribeContainerInstances") == 4


def test_registered_is_the_clusters_own_number(prod, headcount, event):
    prod.service("web", desired=200)
    hosts(prod, 250, draining=7)
    run = headcount("handle", *OURS, "--hosts", "registered", stdin=event())
    assert run.code == 0
    assert prod.writes()[0]["desiredCount"] == 250
    assert prod.operations() == ["DescribeServices", "DescribeClusters",
                                 "UpdateService"]


def test_fargate_has_no_hosts(prod, headcount, event):
    hosts(prod, 3)
    prod.service("web", launchType="FARGATE")
    run = headcount("handle", *OURS, stdin=event())
    assert run.code == 0
    assert run.service()["code"] == "fargate"
    assert prod.operations() == ["DescribeServices"]


# ---- skips and holds ----

SKIPS = {
    "daemon": {"schedulingStrategy": "DAEMON"},
    "inactive": {"status": "DRAINING"},
    "express": {"resourceManagementType": "ECS"},
}


@pytest.mark.parametrize("code", SKIPS)
def test_what_is_not_ours_to_write_is_skipped(prod, headcount, event, code):
    hosts(prod, 3)
    prod.service("web", **SKIPS[code])
    run = headcount("handle", *OURS, stdin=event())
    assert run.code == 0
    assert (run.service()["outcome"], run.service()["code"]) == \
        ("skipped", code)
    assert prod.operations() == ["DescribeServices"]


TASK_SETS = [{"id": "1", "status": "PRIMARY"}, {"id": "2", "status": "ACTIVE"}]
GOING = [{"id": "1", "status": "PRIMARY", "rolloutState": "IN_PROGRESS"},
         {"id": "2", "status": "ACTIVE", "rolloutState": "COMPLETED"}]
HOLDS = {
    "code_deploy": {"deploymentController": {"type": "CODE_DEPLOY"},
                    "taskSets": TASK_SETS},
    "deployment": {"deploymentConfiguration": {"strategy": "BLUE_GREEN"},
                   "deployments": GOING},
    "external": {"deploymentController": {"type": "EXTERNAL"}},
    "paused": {"tags": [{"key": "headcount:pause", "value": "true"}]},
}


@pytest.mark.parametrize("code", HOLDS)
def test_what_may_not_be_written_now_is_held(prod, headcount, event, code):
    hosts(prod, 3)
    prod.service("web", **HOLDS[code])
    run = headcount("handle", *OURS, "--detailed-exitcode", stdin=event())
    assert run.code == 3
    assert (run.service()["outcome"], run.service()["code"]) == ("held", code)
    assert run.service()["wanted"] == 3
    assert prod.writes() == []


@pytest.mark.parametrize("code", ["code_deploy", "deployment", "external"])
def test_a_hold_can_be_allowed_by_its_name(prod, headcount, event, code):
    hosts(prod, 3)
    prod.service("web", **HOLDS[code])
    run = headcount("handle", *OURS, "--allow", code, stdin=event())
    assert run.code == 0
    assert run.service()["outcome"] == "updated"
    assert prod.writes()[0]["desiredCount"] == 3


def test_a_rolling_deployment_holds_nothing(prod, headcount, event):
    hosts(prod, 3)
    prod.service("web", deployments=GOING)
    assert headcount("handle", *OURS,
                     stdin=event()).service()["outcome"] == "updated"


def test_an_empty_cluster_is_no_zero(prod, headcount, event):
    run = headcount("handle", *OURS, stdin=event())
    assert run.code == 0
    assert (run.service()["outcome"], run.service()["code"]) == \
        ("held", "zero")
    assert prod.writes() == []
    run = headcount("handle", *OURS, "--allow", "zero", stdin=event())
    assert run.service()["outcome"] == "updated"
    assert prod.writes()[0]["desiredCount"] == 0
    assert "DescribeClusters" in prod.operations()


def test_a_filter_that_matches_nothing_is_no_zero(prod, headcount, event):
    hosts(prod, 3)
    prod.filters["attribute:gone exists"] = set()
    run = headcount("handle", *OURS, "--where", "attribute:gone exists",
                    stdin=event())
    assert run.service()["code"] == "filter_matches_nothing"
    assert prod.writes() == []


def test_the_whole_of_headcount_can_be_paused(prod, headcount, event):
    hosts(prod, 3)
    run = headcount("handle", *OURS, stdin=event(), HEADCOUNT_DRY_RUN="1")
    assert (run.service()["outcome"], run.service()["code"]) == \
        ("held", "paused")
    assert prod.writes() == []


def test_the_quota_clamps(prod, headcount, event):
    prod.page = 5000
    hosts(prod, 5003)
    run = headcount("handle", *OURS, stdin=event())
    assert run.service()["code"] == "clamped"
    assert prod.writes()[0]["desiredCount"] == 5000


# ---- one task on a host ----

DISTINCT = [{"type": "distinctInstance"}]


def by_policy(headcount, text, *more, command="apply"):
    (headcount.home / "policy.lua").write_text(f"return {{ {text} }}")
    return headcount(command, "prod", "--policy", "policy.lua", *more,
                     "--output", "json")


def test_distinct_instance_has_one_task_on_a_host(prod, headcount):
    hosts(prod, 3)
    prod.service("web", placementConstraints=DISTINCT)
    for more, wanted, code in (("tasks = 2", 3, "clamped"),
                               ("min = 5", 3, "clamped"),
                               ("tasks = 2, max = 2", 2, "clamped"),
                               ("tasks = 1", 3, "")):
        run = by_policy(headcount, f'per_host {{ "web", {more} }}',
                        command="plan")
        assert (run.service()["wanted"], run.service()["code"]) == \
            (wanted, code)
        assert ("distinctInstance places one task on a host" in
                run.service()["reason"]) == (wanted == 3 and code != "")
    run = by_policy(headcount, 'per_host { "web", tasks = 2 }')
    assert run.service()["outcome"] == "updated"
    assert "cut to 3: distinctInstance" in run.service()["reason"]
    assert [w["desiredCount"] for w in prod.writes()] == [3]
    # Where no hosts are counted none are read for it.
    asked = len(prod.requests)
    run = by_policy(headcount, 'fixed { "web", 4 }')
    assert run.service()["wanted"] == 4
    assert "ListContainerInstances" not in prod.operations()[asked:]
    assert "DescribeTaskDefinition" not in prod.operations()[asked:]


def test_distinct_instance_by_tags_and_in_a_snapshot(prod, headcount):
    hosts(prod, 3)
    prod.service("web", placementConstraints=DISTINCT, tags=[
        {"key": "headcount:rule", "value": "per-host"},
        {"key": "headcount:tasks", "value": "2"}])
    run = headcount("plan", "prod", "--policy", "tags", "--output", "json")
    assert (run.service()["wanted"], run.service()["code"]) == (3, "clamped")
    taken = headcount("snapshot", "prod", "--policy", "tags")
    (headcount.home / "prod.json").write_text(taken.out)
    again = headcount("plan", "--snapshot", "prod.json", "--policy", "tags",
                      "--output", "json")
    assert again.service()["reason"] == run.service()["reason"]
    # One of an older version does not know it.
    old = json.loads(taken.out)
    old["services"][0]["placementConstraints"] = []
    for definition in old["taskDefinitions"]:
        del definition["fixedHostPort"]
    (headcount.home / "old.json").write_text(json.dumps(old))
    again = headcount("plan", "--snapshot", "old.json", "--policy", "tags",
                      "--output", "json")
    assert (again.service()["wanted"], again.service()["code"]) == (6, "")


@pytest.mark.parametrize("mode, mapping, wanted", [
    ("bridge", {"containerPort": 80, "hostPort": 8125}, 3),
    ("host", {"containerPort": 80}, 3),
    ("bridge", {"containerPort": 80, "hostPort": 0}, 6),
    ("awsvpc", {"containerPort": 80, "hostPort": 80}, 6)])
def test_a_fixed_host_port_has_one_task_on_a_host(prod, headcount, mode,
                                                  mapping, wanted):
    hosts(prod, 3)
    prod.model.task_definition("web", networkMode=mode, containerDefinitions=[
        {"name": "web", "image": "x", "cpu": 0, "memory": 8,
         "essential": True, "portMappings": [mapping]}])
    rule = 'per_host { "web", tasks = 2 }'
    run = by_policy(headcount, rule, command="plan")
    assert run.service()["wanted"] == wanted
    assert prod.operations().count("DescribeTaskDefinition") == 1
    assert ("fixed host port" in run.service()["reason"]) == (wanted == 3)
    taken = headcount("snapshot", "prod", "--policy", "policy.lua")
    (headcount.home / "prod.json").write_text(taken.out)
    again = headcount("plan", "--snapshot", "prod.json", "--policy",
                      "policy.lua", "--output", "json")
    assert again.service()["reason"] == run.service()["reason"]
    # No call is made for it.
    asked = len(prod.requests)
    run = by_policy(headcount, rule, "--constraints", "service",
                    command="plan")
    assert run.service()["wanted"] == 6
    assert "DescribeTaskDefinition" not in prod.operations()[asked:]


# ---- 0 is a wish like any other ----

@pytest.mark.parametrize("rule, tags, code", [
    ('fixed { "web", 0 }', {"rule": "fixed", "tasks": "0"}, ""),
    ('per_host { "web", max = 0 }', {"rule": "per-host", "max": "0"},
     "clamped")])
def test_a_wish_for_0_is_held_unless_it_is_allowed(prod, headcount, rule,
                                                   tags, code):
    hosts(prod, 3)
    prod.service("log", desired=2)
    prod.service("web", desired=2, tags=[
        {"key": f"headcount:{k}", "value": v} for k, v in tags.items()])

    for run in (by_policy(headcount, f'{rule}, fixed {{ "log", 2 }}'),
                headcount("apply", "prod", "--policy", "tags", "--output",
                          "json")):
        assert run.code == 0, run.err
        web = next(s for s in run.report["clusters"][0]["services"]
                   if s["service"].endswith("web"))
        assert (web["outcome"], web["code"], web["wanted"]) == \
            ("held", "zero", 0)
    assert prod.writes() == []
    run = by_policy(headcount, rule.replace(" }", ", allow_zero = true }"))
    assert (run.service()["outcome"], run.service()["code"]) == \
        ("updated", code)
    assert [w["desiredCount"] for w in prod.writes()] == [0]
    run = by_policy(headcount, rule)          # at 0 there is nothing to hold
    assert run.service()["outcome"] == "unchanged"


# ---- answers of somebody else ----

def foreign(**more):
    return lambda body: {"services": [{
        "serviceArn": "arn:aws:ecs:eu-west-1:123456789012:service/prod/web",
        "serviceName": "web", "status": "ACTIVE", "desiredCount": 1,
        "runningCount": 1, "pendingCount": 0, "schedulingStrategy": "REPLICA",
        "clusterArn": "arn:aws:ecs:eu-west-1:123456789012:cluster/prod",
        **more}], "failures": []}


@pytest.mark.parametrize("more", [
    {"serviceName": "api",
     "serviceArn": "arn:aws:ecs:eu-west-1:123456789012:service/prod/api"},
    {"clusterArn": "arn:aws:ecs:eu-west-1:123456789012:cluster/test"},
    {"serviceArn": "arn:aws:ecs:eu-west-1:999999999999:service/prod/web"},
])
def test_an_answer_about_others_is_never_a_count(prod, headcount, event,
                                                 more):
    hosts(prod, 3)
    prod.fault("DescribeServices", foreign(**more), times=9)
    run = headcount("handle", *OURS, stdin=event())
    assert run.code == 1, run.out
    assert prod.writes() == []
    assert run.report["summary"]["failed"] == 1


# ---- several at once ----

def test_one_target_that_fails_does_not_stop_the_rest(prod, headcount):
    hosts(prod, 3)
    prod.service("api", desired=2)
    prod.service("job", desired=3)
    prod.fault("UpdateService", "denied")
    run = headcount("apply", "prod", "--service", "web", "--service", "api",
                    "--service", "job", "--service", "none", "--output",
                    "json")
    assert run.code == 1
    assert [s["outcome"] for s in run.report["clusters"][0]["services"]] == \
        ["failed", "updated", "unchanged", "skipped"]
    assert run.service()["code"] == "AccessDeniedException"
    assert run.report["stats"]["api_calls"] == 4
    run = headcount("apply", "nowhere", "prod", "--service", "web",
                    "--output", "json")
    assert run.code == 1
    first, second = run.report["clusters"]
    assert first["error"]["code"] == "ClusterNotFoundException"
    assert second["services"][0]["outcome"] == "updated"


def test_a_write_without_an_answer_is_sent_again(prod, headcount, event):
    """UpdateService sets a number: twice does what once does."""
    hosts(prod, 3)
    prod.fault("UpdateService", "close")
    run = headcount("handle", *OURS, stdin=event())
    assert run.code == 0
    assert [w["desiredCount"] for w in prod.writes()] == [3, 3]


def test_past_its_time_nothing_new_is_begun(prod, headcount, event):
    hosts(prod, 3)
    prod.fault("DescribeServices", "silent")
    run = headcount("handle", *OURS, "--timeout", "0.5", stdin=event())
    assert run.code == 1
    assert prod.operations() == ["DescribeServices"]
    assert run.report["summary"]["failed"] == 1


@pytest.mark.parametrize("how", ["chunked", "to-close"])
def test_bodies_of_each_framing_are_read(prod, headcount, event, how):
    hosts(prod, 3)
    prod.fault(None, how, times=99)
    run = headcount("handle", *OURS, stdin=event())
    assert run.code == 0, run.err
    assert prod.services["web"]["desiredCount"] == 3
    assert prod.connections == (1 if how == "chunked" else 3)
    assert run.report["stats"]["connections_opened"] == prod.connections
