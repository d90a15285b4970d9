"""explain: which hosts can take a task of a service, and why others cannot, in
words and as JSON; of AWS, of a snapshot and by a policy; who set the count."""
import json
import time

import pytest
from conftest import event_of
from ecs_place import Room, agent
from test_lambda import metrics
from test_lua import script                               # noqa: F401
from test_watch import Worker, read_metrics, until, value

DISTINCT = {"placementConstraints": [{"type": "distinctInstance"}]}
PORT = {"containerPort": 8125, "hostPort": 8125, "protocol": "udp"}
UDP = {"cpu": "256", "memory": "512", "containerDefinitions": [
    {"name": "agent", "image": "agent", "portMappings": [PORT]}]}
AWSVPC = {"cpu": "256", "memory": "512", "networkMode": "awsvpc",
          "containerDefinitions": [{"name": "agent", "image": "agent"}]}
FLUENTD = "com.amazonaws.ecs.capability.logging-driver.fluentd"
ATTRIBUTES = (agent(**{FLUENTD: None}), agent())
EXPLAIN = ("explain", "prod", "agent")
READS = ["DescribeServices", "ListContainerInstances"]
MORE = ["ListContainerInstances", "DescribeContainerInstances",
        "DescribeTaskDefinition"]


@pytest.fixture
def prod(ecs, headcount):
    headcount.at(ecs)
    return ecs.schedule()


def strategy(prod, hosts=5, desired=2, managed=True, most=9):
    """Of the hosts of blue one has the port taken and one lacks a driver."""
    blue = prod.group("blue", most=most, managed=managed)
    made = [blue.launch(f"h{i}", attributes=ATTRIBUTES[i == 1])
            for i in range(hosts)]
    prod.occupy(made[0], portMappings=[PORT])
    prod.definition("agent", **{**UDP, "requiresAttributes": [
        {"name": FLUENTD}]})
    prod.service("agent", desired, ("blue", 1), **DISTINCT)
    prod.settle()
    return made


def launch(prod, hosts=5, desired=5):
    made = [prod.host(f"h{i}", attributes=ATTRIBUTES[i == 1])
            for i in range(hosts)]
    prod.occupy(made[0], portMappings=[PORT])
    prod.definition("agent", **{**UDP, "requiresAttributes": [
        {"name": FLUENTD}]})
    prod.service("agent", desired, **DISTINCT)
    prod.settle()
    return made


def operations(ecs):
    made = ecs.operations()
    ecs.requests.clear()
    return made


# ---- the words ----

def test_a_strategy_that_starts_hosts(ecs, headcount, prod):
    strategy(prod)
    ecs.requests.clear()
    run = headcount(*EXPLAIN)
    assert run.code == 0 and run.err == ""
    assert run.out == (
        "agent in prod: 5 hosts, 3 can have it, 2 run it.  desired 2 -> 3\n"
        "  rule         per_host: 1 task on each of 5 active hosts of its "
        "capacity providers, 5 wanted, 3 placeable: 1 lacks port 8125/udp, 1 "
        "an attribute; capacity provider blue has managed scaling\n"
        "  has it       i-h2  i-h3\n"
        f"  cannot       i-h1  lacks {FLUENTD} "
        "(ECS_AVAILABLE_LOGGING_DRIVERS)\n"
        "  cannot       i-h0  port 8125/udp is taken\n"
        "  can          i-h4  256 of 2048 CPU units, 512 of 3884 MiB, port "
        "8125/udp is free\n"
        "  5 wanted, 3 placeable: 1 lacks port 8125/udp, 1 an attribute. A "
        "count above 3 would start hosts of capacity provider blue: not asked "
        "for.\n")
    assert sorted(operations(ecs)) == sorted(
        [*READS, *MORE, "DescribeContainerInstances",
         "DescribeCapacityProviders"])


def test_a_launch_type_waits_and_starts_no_host(ecs, headcount, prod):
    launch(prod)
    ecs.requests.clear()
    run = headcount(*EXPLAIN, "--detailed-exitcode")
    assert run.code == 0 and run.err == ""
    lines = run.out.splitlines()
    assert lines[0] == \
        "agent in prod: 5 hosts, 3 can have it, 3 run it.  desired 5"
    assert lines[1] == "  rule         per_host: 1 task on each of 5 active " \
        "hosts"
    said = [line for line in lines if line.startswith("  ECS said")]
    assert len(said) == 1 and "was unable to place a task" in said[0]
    assert lines[-1] == "  desired 5: 3 placeable, 2 wait; ECS places them " \
        "when there is room."
    assert operations(ecs) == [*READS, *MORE]


def test_what_only_aws_knows(ecs, headcount, prod):
    hosts = [prod.host(f"h{i}") for i in range(2)]
    hosts[0].hides["interfaces"] = 0
    prod.occupy(hosts[0])
    prod.definition("agent", **AWSVPC)
    prod.service("agent", 2, **DISTINCT, networkConfiguration={
        "awsvpcConfiguration": {"subnets": ["subnet-a"]}})
    prod.settle()
    out = headcount(*EXPLAIN).out
    assert "  not known    i-h0  awsvpc, 1 task there: ECS does not tell " \
        "free network interfaces" in out
    assert "1 may wait" in out


def test_no_service_no_cluster_and_no_hosts(ecs, headcount, prod):
    strategy(prod)
    ecs.service("daemon", desired=0, schedulingStrategy="DAEMON")
    run = headcount("explain", "prod", "daemon")
    assert run.code == 0
    assert run.out.startswith("daemon in prod: skipped daemon\n  rule")
    run = headcount("explain", "prod", "agnet")
    assert run.code == 1 and "did you mean agent?" in run.err
    run = headcount("explain", "prodd", "agent")
    assert run.code == 1 and "ClusterNotFoundException" in run.out
    for words in (["prod"], [], ["prod", "agent", "web"], ["pro*", "agent"]):
        run = headcount("explain", *words)
        assert run.code == 252 and run.out == "" and run.err
    assert headcount("explain", "prod", "agent", "--policy",
                     "distinct").code == 252


@pytest.mark.parametrize("full", [25, 45])
def test_many_hosts_are_cut(ecs, headcount, prod, full):
    """Twenty lines at most, and no kind of answer is left out."""
    hosts = [prod.host(f"h{i}", room=Room(cpu=300)) for i in range(50)]
    for host in hosts[:full]:
        prod.occupy(host, portMappings=[PORT])
    prod.definition("agent", **UDP)
    prod.service("agent", 0, **DISTINCT)
    prod.settle()
    out = headcount(*EXPLAIN).out
    lines = out.splitlines()
    assert len(lines) <= 28
    assert sum(" i-h" in line and "more like" not in line
               for line in lines) == 20
    assert f"  and {full - 19} more like i-h18" in " ".join(out.split("  "))\
        or f"and {full - 19} more like i-h" in out
    assert f"and {50 - full - 1} more like i-h" in out
    assert out.count("  can ") == 1


# ---- other ways to ask ----

def test_json_has_the_same_fields(ecs, headcount, prod):
    strategy(prod)
    run = headcount(*EXPLAIN, "--output", "json")
    service = run.service()
    assert service["placeable"] == 3
    placement = service["placement"]
    hosts = placement.pop("hosts")
    assert placement == {
        "running": 2, "can": 1, "unknown": 0, "passed_over": 0, "cannot": 2,
        "summary": "5 wanted, 3 placeable: 1 lacks port 8125/udp, 1 an "
        "attribute. A count above 3 would start hosts of capacity provider "
        "blue: not asked for.", "scaled_by": "blue", "said": None}
    assert [(h["ec2_instance_id"], h["answer"], h["code"]) for h in hosts] == [
        ("i-h1", "cannot", "attribute"), ("i-h0", "cannot", "port_udp"),
        ("i-h4", "can", ""), ("i-h2", "runs", ""), ("i-h3", "runs", "")]
    assert run.report["format_version"] == "1.0"
    assert headcount(*EXPLAIN, "--detailed-exitcode").code == 2


def test_plan_explains_what_changes(ecs, headcount, prod):
    launch(prod, desired=4)
    ecs.service("still", desired=5)
    plan = ("plan", "prod", "--service", "agent,still")
    ecs.requests.clear()
    plain = headcount(*plan)
    calls = operations(ecs)
    told = headcount(*plan, "--explain")
    assert operations(ecs) == calls + MORE
    assert told.out == plain.out.replace(
        "each host\n= prod  still", "each host (5 wanted, 3 placeable: 1 lacks "
        "port 8125/udp, 1 an attribute)\n= prod  still")
    assert told.out != plain.out
    report = headcount(*plan, "--explain", "--output", "json")
    assert [("placement" in s, s["placeable"])
            for s in report.report["clusters"][0]["services"]] == [
                (True, 3), (False, None)]
    swept = headcount("plan", "pro*", *plan[2:], "--explain")
    assert "(5 wanted, 3 placeable: " in swept.out


def test_a_policy_says_its_line(ecs, headcount, prod, tmp_path):
    strategy(prod)
    ecs.service("web")
    policy = tmp_path / "policy.lua"
    policy.write_text("return {\n  per_host { 'web' },\n"
                      "  per_host { 'agent', max = 4 },\n}\n")
    ecs.requests.clear()
    run = headcount(*EXPLAIN, "--policy", "policy.lua")
    assert run.code == 0
    assert "  rule         per_host, policy.lua:3: 1 task on each of 5" \
        in run.out
    assert "web" not in run.out
    assert all(r.body.get("services", ["agent"]) == ["agent"]
               for r in ecs.requests)
    policy.write_text("return { per_host { 'web' } }")
    run = headcount(*EXPLAIN, "--policy", "policy.lua")
    assert run.code == 1 and run.out == ""
    assert "policy policy.lua has no wish for service agent in cluster prod" \
        in run.err
    run = headcount(*EXPLAIN, "--policy", "tags")
    assert run.code == 1
    assert "--policy tags has no wish for service agent" in run.err


def test_a_plain_number_that_starts_hosts(ecs, headcount, prod, tmp_path):
    strategy(prod)
    (tmp_path / "policy.lua").write_text("return { fixed { 'agent', 7 } }")
    run = headcount(*EXPLAIN, "--policy", "policy.lua")
    assert run.code == 0
    assert run.out.splitlines()[-1].endswith(
        ". A count above 3 would start hosts of capacity provider blue: 7 is "
        "asked for.")


def test_a_hold_has_its_switch_and_asks_for_nothing(ecs, headcount, prod):
    strategy(prod)
    run = headcount(*EXPLAIN, "--where", "attribute:none exists")
    assert "held filter_matches_nothing" in run.out
    assert ("; to let it pass: --allow filter_matches_nothing --service "
            "agent\n") in run.out
    assert "is asked for" not in run.out


def test_a_placeable_rule_leaves_no_task_to_wait(ecs, headcount, prod,
                                                 tmp_path):
    launch(prod, desired=3)
    (tmp_path / "policy.lua").write_text(
        "return { per_host { 'agent', placeable = true } }")
    run = headcount(*EXPLAIN, "--policy", "policy.lua")
    assert run.code == 0
    assert "held unplaceable" in run.out and "wait;" not in run.out
    assert run.out.splitlines()[-1] == \
        "  5 wanted, 3 placeable: 1 lacks port 8125/udp, 1 an attribute."


def test_a_snapshot_explains_offline(ecs, headcount, prod, tmp_path):
    launch(prod)
    live = headcount(*EXPLAIN)
    taken = headcount("snapshot", "prod", "--service", "agent", "--explain")
    assert taken.code == 0 and taken.err == ""
    assert "123456789012" not in taken.out
    path = tmp_path / "prod.json"
    path.write_text(taken.out)
    ecs.requests.clear()
    for words in (EXPLAIN, ("explain", "agent")):
        kept = headcount(*words, "--snapshot", path)
        assert (kept.code, kept.out) == (0, live.out)
    kept = headcount("plan", "--snapshot", path, "--service", "agent")
    assert kept.code == 0
    path.write_text(headcount("snapshot", "prod", "--service", "agent").out)
    ecs.requests.clear()
    kept = headcount("explain", "agent", "--snapshot", path)
    assert kept.code == 0
    assert kept.out.startswith(
        "agent in prod: which hosts can take it is not known.  desired 5\n")
    assert "(which hosts can take a task is not known: the snapshot does not " \
        "tell it, take one with --explain)" in kept.out
    assert ecs.requests == []


def test_a_snapshot_of_a_policy(ecs, headcount, prod, tmp_path):
    launch(prod)
    ecs.service("web", desired=5)
    (tmp_path / "policy.lua").write_text(
        "return function(c) return { per_host { 'agent' },\n"
        "  fixed { 'web', c:count {} } } end")
    policy = ("--policy", "policy.lua")
    live = [headcount("explain", "prod", name, *policy)
            for name in ("agent", "web")]
    taken = headcount("snapshot", "prod", *policy, "--explain")
    (tmp_path / "prod.json").write_text(taken.out)
    for name, run in zip(("agent", "web"), live):
        assert "can have it" in run.out and run.err == ""
        kept = headcount("explain", name, *policy, "--snapshot", "prod.json")
        assert (kept.code, kept.out, kept.err) == (0, run.out, "")


def test_no_text_of_aws_steers_a_terminal(ecs, headcount, prod):
    launch(prod)
    evil = "\x1b[31m\u202ered\n"
    ecs.services["agent"]["events"] = [{
        "id": "1", "createdAt": 1, "message": "unable to place a task " + evil}]
    record = ecs.model.trail("UpdateService", by=evil, cluster="prod",
                             service="agent", desiredCount=5)
    told = json.loads(record["CloudTrailEvent"])
    told.update(userAgent=evil, sourceIPAddress=evil, eventTime=evil)
    record["CloudTrailEvent"] = json.dumps(told)
    run = headcount(*EXPLAIN, "--who")
    assert run.code == 0 and "[31m" in run.out
    assert "\x1b" not in run.out and "\u202e" not in run.out
    assert all(line.startswith(("  ", "agent"))
               for line in run.out.splitlines())
    run = headcount(*EXPLAIN, "--who", "--output", "json")
    assert run.report["set_by"]["user_agent"] == evil
    assert "\x1b" not in run.out and "\u202e" not in run.out


def test_what_cannot_be_read_is_said(ecs, headcount, prod):
    launch(prod)
    ecs.fault("DescribeTaskDefinition", "denied", times=9)
    run = headcount(*EXPLAIN)
    assert run.code == 0
    assert "which hosts can take it is not known." in run.out
    assert "AccessDeniedException" in run.out


# ---- who set the count ----

WHO = (*EXPLAIN, "--who")


def set_by(run):
    return next(line for line in run.out.splitlines()
                if line.startswith("  set by")).removeprefix("  set by       ")


def test_who_set_the_count_last(ecs, headcount, prod):
    launch(prod)
    now = time.time()
    trail = ecs.model.trail
    trail("UpdateService", by="old", at=now - 90, cluster="prod",
          service="agent", desiredCount=9)
    trail("UpdateService", by="deploy", at=now - 60, cluster="prod",
          service="agent", desiredCount=5)["CloudTrailEvent"]
    trail("UpdateService", by="image", at=now - 50, cluster="prod",
          service="agent", taskDefinition="agent:2")
    trail("UpdateService", by="other", at=now - 40, cluster="test",
          service="agent", desiredCount=7)
    trail("UpdateService", by="another", at=now - 30, cluster="prod",
          service="web", desiredCount=7)
    ecs.requests.clear()
    run = headcount(*WHO)
    assert run.code == 0
    moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(int(now - 60)))
    assert set_by(run) == (
        f"deploy to 5 at {moment}, from 192.0.2.7 with aws-cli/2.27.0 "
        "(arn:aws:sts::123456789012:assumed-role/admin/deploy)")
    assert ecs.operations().count("LookupEvents") == 1
    run = headcount(*WHO, "--output", "json")
    assert run.report["set_by"] == {
        "time": moment, "desired_count": 5, "user": "deploy",
        "arn": "arn:aws:sts::123456789012:assumed-role/admin/deploy",
        "source": "192.0.2.7", "user_agent": "aws-cli/2.27.0"}
    assert run.report["set_by_unknown"] is None
    assert "ASIAEXAMPLE" not in run.out + run.err
    assert "LookupEvents" not in str(headcount(*EXPLAIN).out)


def test_nobody_is_known(ecs, headcount, prod):
    launch(prod)
    ecs.model.events.clear()
    assert set_by(headcount(*WHO)) == (
        "not known: CloudTrail tells of no UpdateService that set its count; "
        "it keeps 90 days and is up to 15 minutes late")
    for i in range(140):
        ecs.model.trail("UpdateService", at=time.time() - i, cluster="prod",
                        service="web", desiredCount=i)
    ecs.requests.clear()
    run = headcount(*WHO, "--output", "json")
    assert run.report["set_by"] is None
    assert "among the last hundred" in run.report["set_by_unknown"]
    assert ecs.operations().count("LookupEvents") == 2
    ecs.fault("LookupEvents", "denied", times=9)
    run = headcount(*WHO)
    assert run.code == 0
    assert "allow cloudtrail:LookupEvents on resource *" in set_by(run)


@pytest.mark.parametrize("record", [
    "", "{", "[]", "null", "{\"eventSource\": 7}", json.dumps({
        "eventSource": "servicediscovery.amazonaws.com",
        "eventTime": "2026-11-30T00:00:00Z", "requestParameters": {
            "cluster": "prod", "service": "agent", "desiredCount": 5}}),
    json.dumps({"eventSource": "ecs.amazonaws.com", "errorCode": "Denied",
                "eventTime": "2026-11-30T00:00:00Z", "requestParameters": {
                    "cluster": "prod", "service": "agent",
                    "desiredCount": 5}})])
def test_records_that_say_nothing(ecs, headcount, prod, record):
    launch(prod)
    ecs.model.events.clear()
    ecs.model.trail("UpdateService")["CloudTrailEvent"] = record
    assert set_by(headcount(*WHO)).startswith("not known: CloudTrail tells of")


def test_who_asks_aws_and_a_snapshot_does_not(headcount, tmp_path):
    run = headcount(*WHO, "--snapshot", tmp_path / "none.json")
    assert run.code == 252 and "--who asks CloudTrail" in run.err


# ---- the same number elsewhere ----

def test_the_audit_and_metrics_of_lambda(ecs, headcount, prod, function):
    strategy(prod)
    server = function(ECS_SERVICE_ARN="agent")
    server.invoke(event_of())
    ecs.services["agent"]["desiredCount"] = 5
    server.invoke({"cluster": "prod"})
    rise, fall = metrics(server)
    assert (rise["Updated"], rise["Placeable"]) == (1, 3)
    assert "Placeable" not in fall              # nothing was read for it
    audit = [json.loads(line[line.index("{"):])
             for line in server.output.read_text().splitlines()
             if '"event":"write"' in line]
    assert [(a["after"], a["hosts"], a["placeable"]) for a in audit] == [
        (3, 5, 3)]


def test_the_workers_metric(ecs, headcount, prod):
    strategy(prod)
    ecs.service("web", desired=5)
    file = headcount.home / "m.prom"
    for service, last in (("agent", "UpdateService"),
                          ("web", "ListContainerInstances")):
        ecs.requests.clear()
        # The first sweep begins after a random part of the interval.
        with Worker(headcount, None, "prod", "--every", "3", "--metrics",
                    file, what=["--service", service]) as worker:
            until(lambda name=last: name in ecs.operations())
            assert worker.stop()[0] == 0
        if service == "agent":
            assert value(read_metrics(file), "placeable") == 3
    assert value(read_metrics(file), "services", outcome="unchanged") == 1
    assert "headcount_placeable" not in file.read_text()


def test_the_lua_module(ecs, headcount, prod, script):       # noqa: F811
    launch(prod, desired=4)
    lines = script("""
        local headcount = require "headcount"
        local client = headcount.client {}
        for _, explain in ipairs { "changes", "all" } do
          local report = assert(client:reconcile("prod", {
            policy = "return { per_host { 'agent' }, per_host { 'web' } }",
            only = "agent", explain = explain, dry_run = true }))
          local services = report.clusters[1].services
          print(#services, services[1].placeable,
                services[1].placement.hosts[1].code)
        end
    """)
    assert lines == ["1\t3\tattribute"] * 2
