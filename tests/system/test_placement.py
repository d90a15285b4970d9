"""The runaway ends, with the binary against an ECS that places tasks.

Worlds A to H: `apply` runs again and again, each time as a new process, while
the peer steps by minutes.  A host that cannot take the task never makes a count
that starts the next host.  Then what is read for that, how often, and that bad
answers make no count."""
import json
import os
import random

import ecs_server
import pytest
from conftest import Headcount
from ecs_place import Room, Table, agent, resources
from test_peer_placement import ROWS
from test_watch import Worker, until

APPLY = ("apply", "prod", "--service", "agent", "--output", "json")
DISTINCT = {"placementConstraints": [{"type": "distinctInstance"}]}
PORT = {"containerPort": 8125, "hostPort": 8125, "protocol": "udp"}
SECRETS = {"environment": [{"name": "PASSWORD", "value": "geheim-env"}],
           "command": ["--token", "geheim-command"],
           "secrets": [{"name": "KEY", "valueFrom": "geheim-from"}],
           "dockerLabels": {"key": "geheim-label"}}
PLAIN = {"cpu": "256", "memory": "512", "containerDefinitions": [
    {"name": "agent", "image": "agent", **SECRETS}]}
UDP = {"cpu": "256", "memory": "512", "containerDefinitions": [
    {"name": "agent", "image": "agent", "portMappings": [PORT], **SECRETS}]}
AWSVPC = {**PLAIN, "networkMode": "awsvpc"}
IN_A = {"networkConfiguration": {"awsvpcConfiguration": {
    "subnets": ["subnet-a"]}}}
GROWS = "A count above 2 would start hosts of capacity provider blue"


@pytest.fixture(params=["by filter", "by tasks"])
def prod(request, ecs, headcount):
    """Hosts that lack the task are found by a filter, or, where ECS refuses
    that filter, by the tasks of the service."""
    headcount.at(ecs)
    ecs.model.no_groups = request.param == "by tasks"
    return ecs.schedule()


def agents(prod, hosts=3, desired=2, definition=UDP, full=True, most=9,
           managed=True, **service):
    """A service on hosts of the provider blue; the first host is full."""
    blue = prod.group("blue", most=most, managed=managed)
    made = [blue.launch(f"h{i}") for i in range(hosts)]
    if full:
        prod.occupy(made[0], portMappings=[PORT])
    prod.definition("agent", **definition)
    prod.service("agent", desired, ("blue", 1), **{**DISTINCT, **service})
    prod.settle()
    return made


def go(ecs, headcount, rounds=12, *args):
    """Many rounds; the last run.  No task that runs is ever stopped."""
    prod = ecs.home.scheduler
    for _ in range(rounds):
        ecs.requests.clear()
        before = prod.counts("agent")
        run = headcount(*APPLY, *args)
        assert "geheim" not in run.out + run.err
        assert prod.counts("agent")[1] >= min(before[1:])
        ecs.step(2)
        assert prod.counts("agent")[2] >= before[2]
    return run


def verdict(run):
    service = run.service()
    return service["outcome"], service["code"]


def asked(ecs):
    return sorted(ecs.operations())


def by_tasks(ecs):
    """Calls more where a list by group is refused: that one, and ListTasks and
    DescribeTasks in place of it."""
    return 2 if ecs.model.no_groups else 0


# ---- the worlds ----

def test_world_a_a_taken_port(ecs, headcount, prod):
    agents(prod)
    run = go(ecs, headcount)
    assert prod.counts("agent") == (3, 2, 2)
    assert verdict(run) == ("held", "unplaceable")
    assert run.service()["reason"].endswith(
        f"3 wanted, 2 placeable: 1 lacks port 8125/udp. {GROWS}")


def test_world_a_of_managed_instances(ecs, headcount, prod):
    agents(prod, managed="instances")
    assert verdict(go(ecs, headcount)) == ("held", "unplaceable")
    assert prod.counts("agent") == (3, 2, 2)


def test_world_a_when_the_port_is_free_again(ecs, headcount, prod):
    agents(prod)
    go(ecs, headcount, 2)
    prod.tasks[:] = [t for t in prod.tasks if t["group"] != "family:other"]
    ecs.step()
    assert verdict(go(ecs, headcount)) == ("unchanged", "")
    assert prod.counts("agent") == (3, 3, 3)


def test_world_a_as_far_as_there_is_room(ecs, headcount, prod):
    """Of five hosts one is full, two run a task and two can take one."""
    agents(prod, hosts=5)
    run = headcount(*APPLY)
    assert verdict(run) == ("updated", "unplaceable")
    assert (run.service()["desired_before"], run.service()["wanted"]) == (2, 4)
    assert "5 wanted, 4 placeable: 1 lacks port 8125/udp" in \
        run.service()["reason"]
    assert verdict(go(ecs, headcount)) == ("held", "unplaceable")
    assert prod.counts("agent") == (5, 4, 4)


def test_world_b_a_host_that_is_passed_over(ecs, headcount, prod):
    hosts = agents(prod, full=False, desired=0)
    hosts[0].hides["refuses"] = ["service:agent"]
    prod.cluster.services["agent"]["desiredCount"] = 2
    prod.settle()
    run = go(ecs, headcount)
    assert prod.counts("agent") == (4, 3, 3)     # one host wasted
    assert verdict(run) == ("held", "passed_over")
    assert "1 passed over by ECS" in run.service()["reason"]
    run = headcount(*APPLY, "--allow", "passed_over")
    assert (verdict(run), run.service()["wanted"]) == (("updated", ""), 4)


def test_world_b_where_writes_do_not_date_the_deployment(ecs, headcount,
                                                         prod):
    """The hosts are older than the service: that is enough."""
    hosts = agents(prod, full=False, desired=0)
    prod.unsettled.updated = False
    hosts[0].hides["refuses"] = ["service:agent"]
    for host in hosts:
        host["registeredAt"] -= 3600
    prod.cluster.services["agent"]["desiredCount"] = 2
    prod.settle()
    assert verdict(go(ecs, headcount)) == ("held", "passed_over")
    assert prod.counts("agent") == (4, 3, 3)


def test_world_c_network_interfaces_are_not_told(ecs, headcount, prod):
    hosts = agents(prod, definition=AWSVPC, desired=0, **IN_A)
    hosts[0].hides["interfaces"] = 0
    prod.cluster.services["agent"]["desiredCount"] = 2
    prod.settle()
    run = go(ecs, headcount)
    assert prod.counts("agent") == (3, 2, 2)
    assert verdict(run) == ("held", "unknown_placement")
    assert "1 not known (a network interface)" in run.service()["reason"]
    run = headcount(*APPLY, "--allow", "unknown_placement")
    assert (verdict(run), run.service()["wanted"]) == (("updated", ""), 3)


def two(prod, old, new, counts, desired=2, definition=PLAIN):
    """Two providers, managed both, with so many hosts."""
    for name, n in zip(("old", "new"), counts):
        group = prod.group(name, most=n + 9)
        for _ in range(n):
            group.launch()
    prod.definition("agent", **definition)
    prod.service("agent", desired, ("old", *old), ("new", *new), **DISTINCT)
    prod.settle()


def test_world_d_weight_0_beside_others(ecs, headcount, prod):
    two(prod, (0,), (1,), (3, 2))
    assert verdict(go(ecs, headcount)) == ("unchanged", "")
    assert prod.counts("agent") == (5, 2, 2)


def test_world_e_weights_that_do_not_fit_the_groups(ecs, headcount, prod):
    """Which provider gets the fifth task is not documented."""
    two(prod, (1,), (1,), (10, 2))
    run = go(ecs, headcount)
    assert prod.counts("agent") == (12, 4, 4)
    assert verdict(run) == ("held", "unplaceable")
    assert ("12 wanted, 4 placeable; the weights give capacity provider new 6 "
            "of 12 tasks, and it has 2 hosts") in run.service()["reason"]


def test_world_e_when_it_shows_who_gets_the_fifth(ecs, headcount, prod):
    two(prod, (1,), (1,), (10, 2))
    prod.cluster.services["agent"]["desiredCount"] = 3
    prod.settle()
    go(ecs, headcount)
    assert prod.counts("agent") == (12, 5, 5)


@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize("old, new, counts, least", [
    ((1,), (1,), (10, 2), 4), ((2,), (1,), (10, 2), 6),
    ((1,), (3,), (10, 4), 5), ((1,), (1,), (9, 3), 6),
    ((1, 2), (1,), (9, 3), 8), ((0, 2), (1,), (9, 3), 5),
    ((5,), (2,), (7, 1), 3)])
def test_world_e_whoever_takes_what_weights_do_not_divide(
        ecs, headcount, prod, last, old, new, counts, least):
    """No host is started, either way, for one task less at most."""
    prod.unsettled.last_first = last
    two(prod, old, new, counts)
    assert verdict(go(ecs, headcount, 16))[1] in ("unplaceable", "")
    hosts, desired, running = prod.counts("agent")
    assert hosts == sum(counts)
    assert least <= desired == running <= least + 1


@pytest.mark.parametrize("alone", [True, False])
@pytest.mark.parametrize("old, counts, able, begun", [
    ((0, 2), (3, 2), 4, 2), ((0, 1), (5, 4), 5, 2), ((0, 2), (3, 2), 4, 0)])
def test_world_d_a_base_without_a_weight(ecs, headcount, prod, alone, old,
                                         counts, able, begun):
    """AWS says both that no task is placed there and that bases come first.
    Until tasks show it, the base is believed, for as many hosts once."""
    prod.unsettled.base_alone = alone
    two(prod, old, (1,), counts, begun)
    go(ecs, headcount)
    hosts, desired, running = prod.counts("agent")
    wasted = 0 if alone or begun else old[1]
    assert hosts == sum(counts) + wasted
    assert desired == running == (able if alone else counts[1] + wasted)


def test_world_f_a_first_run_on_able_hosts(ecs, headcount, prod):
    agents(prod, hosts=6, full=False)
    assert verdict(go(ecs, headcount)) == ("unchanged", "")
    assert prod.counts("agent") == (6, 6, 6)


def test_world_f_a_false_alarm_after_a_refresh(ecs, headcount, prod):
    """The tasks have moved to hosts that came after the last write."""
    agents(prod, hosts=2, full=False)
    blue = prod.groups["blue"]
    old = [h for h in prod.cluster.hosts]
    for name in ("n0", "n1"):
        blue.launch(name)
    for host in old:
        host["registeredAt"] -= 3600
        host.write(status="DRAINING")
    prod.settle()
    for host in old:
        host.write(status="ACTIVE")
    prod.settle()
    run = go(ecs, headcount, 4)
    assert prod.counts("agent") == (4, 2, 2)
    assert verdict(run) == ("held", "passed_over")
    assert verdict(go(ecs, headcount, 4, "--allow", "passed_over")) == \
        ("unchanged", "")
    assert prod.counts("agent") == (4, 4, 4)


def test_world_g_new_hosts_cannot_take_it_either(ecs, headcount, prod):
    hosts = agents(prod, full=False, desired=0, most=7)
    hosts[0].hides["refuses"] = ["service:agent"]
    prod.cluster.services["agent"]["desiredCount"] = 2
    prod.settle()
    prod.groups["blue"].hides = {"refuses": ["service:agent"]}   # a bad AMI
    run = go(ecs, headcount)
    assert prod.counts("agent") == (7, 3, 2)     # ECS's own doing
    assert verdict(run) == ("held", "unplaced_on_managed_scaling")


@pytest.mark.parametrize("strategy", [True, False])
def test_world_h_where_nothing_starts_hosts(ecs, headcount, prod, strategy):
    agents(prod, managed=False)
    if not strategy:
        service = prod.cluster.services["agent"]
        service.write(launchType="EC2")
        del service["capacityProviderStrategy"]
    run = go(ecs, headcount, 4)
    assert prod.counts("agent") == (3, 3, 2)
    assert verdict(run) == ("unchanged", "")
    assert not {"DescribeTaskDefinition", "DescribeTasks", "ListTasks"} & {
        r.operation for r in ecs.requests}
    prod.tasks[:] = [t for t in prod.tasks if t["group"] != "family:other"]
    ecs.step(2)
    assert prod.counts("agent") == (3, 3, 3)     # ECS fills it later


@pytest.mark.parametrize("surge", [1, 2])
def test_an_instance_refresh_that_events_tell_of(ecs, headcount, prod, surge):
    """New hosts come before old ones drain.  A fall that is written at the
    event leaves no task that waits, so no host is started for one."""
    old = agents(prod, hosts=6, full=False, desired=6)
    blue = prod.groups["blue"]
    blue.most = 20
    while old:
        going, old = old[:surge], old[surge:]
        for _ in going:
            blue.launch()
        go(ecs, headcount, 2)
        assert prod.counts("agent") == (6 + surge,) * 3
        for host in going:
            host.write(status="DRAINING")
        assert verdict(headcount(*APPLY)) == ("updated", "")
        ecs.settle()
        for host in going:
            prod.cluster.hosts.remove(host)
    assert verdict(go(ecs, headcount, 2)) == ("unchanged", "")
    assert prod.counts("agent") == (6, 6, 6)


# ---- one process that remembers ----

def sweeps(ecs, worker, rounds=6):
    """Each sweep finds the cluster two minutes older.  The operations of the
    last sweep."""
    for _ in range(rounds):
        ecs.requests.clear()
        until(lambda: ecs.operations().count("DescribeServices") > 1
              or worker.process.poll() is not None, what="a sweep")
        ecs.step(2)
    operations = ecs.operations()
    last = [i for i, o in enumerate(operations) if o == "DescribeServices"]
    return operations[last[0]:last[1]]


@pytest.mark.parametrize("world, counts", [
    ("a", (3, 2, 2)), ("b", (4, 3, 3)), ("f", (3, 3, 3))])
def test_a_process_comes_to_the_same(ecs, headcount, prod, world, counts):
    hosts = agents(prod, full=world == "a", desired=0)
    if world == "b":
        hosts[0].hides["refuses"] = ["service:agent"]
    prod.cluster.services["agent"]["desiredCount"] = 2
    prod.settle()
    worker = Worker(headcount, None, "prod", "--every", "0.05",
                    what=("--service", "agent"))
    try:
        last = sweeps(ecs, worker)
    finally:
        worker.signal()
        code, _ = worker.end()
    assert code == 0 and "geheim" not in worker.text
    assert prod.counts("agent") == counts, worker.text
    if world == "f":                     # at rest
        assert last.count("DescribeServices") == 1 and len(last) <= 3
    assert len(ecs.refusals) <= ecs.model.no_groups


# ---- why a host cannot take it ----

REASONS = {
    "1 lacks CPU units": (PLAIN, {"room": Room(cpu=255)}, {}),
    "1 lacks memory": (PLAIN, {"room": Room(memory=511)}, {}),
    "1 lacks port 8125/udp": (UDP, {"room": Room(udp=(8125,))}, {}),
    "1 lacks port 8080/tcp": ({"networkMode": "host", "containerDefinitions": [
        {"name": "a", "portMappings": [{"containerPort": 8080}]}]},
        {"room": Room(tcp=(8080,))}, {}),
    "1 lacks an attribute": (
        {"containerDefinitions": [{"name": "a", "logConfiguration": {
            "logDriver": "fluentd"}}]}, {}, {}),
    "1 lacks a connected agent": (PLAIN, {"agentConnected": False}, {}),
    "1 lacks CPU architecture": (
        {**PLAIN, "runtimePlatform": {"cpuArchitecture": "X86_64"}},
        {"attributes": agent(architecture="arm64")}, {}),
    "1 lacks operating system": (
        {**PLAIN, "runtimePlatform": {"operatingSystemFamily": "LINUX"}},
        {"attributes": agent(family="WINDOWS_SERVER_2022_CORE")}, {}),
    "1 lacks GPU": (
        {"containerDefinitions": [{"name": "a", "resourceRequirements": [
            {"type": "GPU", "value": "1"}]}]}, {}, {"gpus": 1}),
    "1 lacks reserved ports": (
        {"containerDefinitions": [{"name": "a", "portMappings": [
            {"containerPort": p, "hostPort": p}
            for p in range(1000, 1090)]}]},
        {"room": Room(tcp=tuple(range(2000, 2020)))}, {}),
}


@pytest.mark.parametrize("words", REASONS)
def test_a_reason_is_said_and_holds(ecs, headcount, prod, words):
    definition, host, room = REASONS[words]
    fluent = {"com.amazonaws.ecs.capability.logging-driver.fluentd": None}
    blue = prod.group("blue", attributes=agent(**fluent), **room)
    prod.host("h0", "blue", **host)
    for name in ("h1", "h2"):
        blue.launch(name)
    prod.definition("agent", **definition)
    prod.service("agent", 2, ("blue", 1), **DISTINCT)
    prod.settle()
    assert prod.counts("agent") == (3, 2, 2)
    run = go(ecs, headcount, 4)
    assert verdict(run) == ("held", "unplaceable")
    assert f"3 wanted, 2 placeable: {words}. {GROWS}" in \
        run.service()["reason"]
    assert prod.counts("agent") == (3, 2, 2)


# ---- calls: no more than section 2 of the table has ----

def test_the_calls_of_a_rise_that_is_held(ecs, headcount, prod):
    agents(prod)
    headcount(*APPLY)
    assert len(ecs.requests) <= 7 + by_tasks(ecs), asked(ecs)
    assert ecs.writes() == []


def test_the_calls_of_a_rise_that_is_written(ecs, headcount, prod):
    agents(prod, full=False)
    assert verdict(headcount(*APPLY)) == ("updated", "")
    # 8, and 1 of a cold start
    assert len(ecs.requests) <= 9 + by_tasks(ecs), asked(ecs)
    assert [r[0] for r in ecs.refusals] == \
        ["ListContainerInstances"] * ecs.model.no_groups
    ecs.settle()
    ecs.requests.clear()
    assert verdict(headcount(*APPLY)) == ("unchanged", "")
    assert asked(ecs) == ["DescribeContainerInstances", "DescribeServices",
                          "ListContainerInstances"]


# DescribeServices, the list of all, the list of those that lack it, their
# details, the definition, the provider, the younger ones, the write.
@pytest.mark.parametrize("hosts, calls", [(100, 8), (1000, 17)])
def test_the_calls_of_many_hosts(ecs, headcount, prod, hosts, calls):
    """As apply is a process that knows no host yet, it describes all of them,
    too.  Of those that lack the task half are full."""
    blue = prod.group("blue", most=hosts)
    prod.definition("agent", **UDP)
    service = prod.service("agent", hosts - 20, ("blue", 1), **DISTINCT)
    definition = prod.definition_of(service)
    for i in range(hosts):
        host = blue.launch(registeredAt=prod.now - 3600)
        if i < hosts - 20:
            task = prod.start(service, definition, "ecs-svc/1", "blue")
            prod.put(task, host)
            task["lastStatus"] = "RUNNING"
        elif i % 2:
            host.room = Room(memory=500)
    prod.show()
    run = headcount(*APPLY)
    assert verdict(run) == ("updated", "unplaceable"), run.out
    assert run.service()["wanted"] == hosts - 10
    pages = hosts // 100
    tasks = 2 * pages * ecs.model.no_groups      # they are listed, described
    assert len(ecs.requests) <= calls + pages + tasks, asked(ecs)


def test_a_fall_reads_nothing_of_it(ecs, headcount, prod):
    hosts = agents(prod, full=False, desired=3)
    hosts[0].write(status="DRAINING")
    ecs.requests.clear()
    assert verdict(headcount(*APPLY)) == ("updated", "")
    assert asked(ecs) == ["DescribeContainerInstances", "DescribeServices",
                          "ListContainerInstances", "UpdateService"]
    assert prod.counts("agent")[1] == 2


def test_a_launch_type_reads_nothing_of_it(ecs, headcount, prod):
    agents(prod)
    service = prod.cluster.services["agent"]
    service.write(launchType="EC2")
    del service["capacityProviderStrategy"]
    ecs.requests.clear()
    assert verdict(headcount(*APPLY)) == ("updated", "")
    assert asked(ecs) == ["DescribeServices", "ListContainerInstances",
                          "UpdateService"]


def test_the_lists_that_are_asked_for(ecs, headcount, prod):
    agents(prod, full=False)
    headcount(*APPLY)
    filters = [r.body.get("filter") for r in ecs.requests
               if r.operation == "ListContainerInstances"]
    assert filters[0] is None or "task:group" not in filters[0]
    assert "(not(task:group == service:agent))" in filters[1]
    for text in filters[2:]:
        assert "(task:group == service:agent) and (registeredAt > 20" in text
    described = [len(r.body["containerInstances"]) for r in ecs.requests
                 if r.operation == "DescribeContainerInstances"]
    assert sum(described) <= 4           # all for their provider, then one


def test_a_plan_reads_what_apply_reads(ecs, headcount, prod):
    agents(prod)
    headcount("plan", *APPLY[1:])
    planned = asked(ecs)
    ecs.requests.clear()
    headcount(*APPLY)
    assert [o for o in planned if o != "DescribeScalableTargets"] == asked(ecs)


def test_a_snapshot_holds_it(ecs, headcount, prod):
    agents(prod, hosts=5)
    taken = headcount("snapshot", "prod", "--service", "agent")
    assert taken.code == 0 and "geheim" not in taken.out
    live = headcount("plan", *APPLY[1:]).service()
    (headcount.home / "s.json").write_text(taken.out)
    ecs.requests.clear()
    again = headcount("plan", "--snapshot", "s.json", *APPLY[2:]).service()
    assert ecs.requests == []
    for key in ("outcome", "code", "wanted", "reason"):
        assert again[key] == live[key]


@pytest.mark.parametrize("verb", [
    ("apply", "prod"), ("plan", "prod", "--timings"), ("snapshot", "prod")])
def test_what_a_definition_echoes_is_never_shown(ecs, headcount, prod, verb):
    """Environment, commands, labels and secrets' names come with it."""
    agents(prod)
    run = headcount(*verb, "--service", "agent", "--debug")
    assert "DescribeTaskDefinition" in ecs.operations()
    assert "geheim" not in run.out + run.err


# ---- answers that are wrong, or lack what they always have ----

def tells(**members):
    """The first host tells this of itself; None: not that member."""
    def given(prod):
        prod.tells(prod.cluster.hosts[0], **members)
    return given


def negative(prod):
    prod.tells(prod.cluster.hosts[0], remainingResources=resources(
        -256, -512, (22,), (), None))


def lacking(name):
    """Its resources, without the one of this name."""
    def given(prod):
        host = prod.cluster.hosts[0]
        prod.tells(host, remainingResources=[
            r for r in host["remainingResources"] if r["name"] != name])
    return given


def defined(**members):
    """The task definition has these members."""
    def given(prod):
        prod.model.task_definitions[0].update(members)
    return given


def without(*members):
    """The service does not tell them."""
    def given(prod):
        for member in members:
            del prod.cluster.services["agent"][member]
        prod.show_service = lambda service: None
    return given


def deployments(*items):
    def given(prod):
        prod.cluster.services["agent"]["deployments"] = list(items)
        prod.show_service = lambda service: None
    return given


def ports(n):
    return [{"name": "a", "portMappings": [
        {"containerPort": p, "hostPort": p} for p in range(1000, 1000 + n)]}]


UNKNOWN, HELD = ("held", "unknown_placement"), ("held", "unplaceable")
ABLE = ("updated", "")
BAD = {
    "no remainingResources": (tells(remainingResources=None), UNKNOWN),
    "empty remainingResources": (tells(remainingResources=[]), UNKNOWN),
    "no CPU": (lacking("CPU"), UNKNOWN),
    "no memory": (lacking("MEMORY"), UNKNOWN),
    "no UDP ports": (lacking("PORTS_UDP"), UNKNOWN),
    "negative resources": (negative, UNKNOWN),
    "no attributes": (tells(attributes=None), UNKNOWN),
    "empty attributes": (tells(attributes=[]), UNKNOWN),
    "450 attributes": (tells(attributes=[
        {"name": n, **({} if v is None else {"value": v})}
        for n, v in agent().items()] + [
            {"name": f"custom.{i}", "value": "x" * 128}
            for i in range(450)]), ABLE),
    "no agentConnected": (tells(agentConnected=None), HELD),
    "no registeredAt": (tells(registeredAt=None), ABLE),
    "no counts of tasks": (tells(runningTasksCount=None,
                                 pendingTasksCount=None), ABLE),
    "no provider": (tells(capacityProviderName=None), ("unchanged", "")),
    "an unknown network mode": (defined(networkMode="mesh"), UNKNOWN),
    "an unknown resource": (defined(containerDefinitions=[
        {"name": "a", "resourceRequirements": [
            {"type": "QuantumDevice", "value": "1"}]}]), UNKNOWN),
    "accelerators": (defined(inferenceAccelerators=[
        {"deviceName": "d", "deviceType": "eia2.medium"}]), UNKNOWN),
    "a CPU that is no number": (defined(cpu="a lot"), UNKNOWN),
    "95 ports": (defined(containerDefinitions=ports(95)), ABLE),
    "100 ports": (defined(containerDefinitions=ports(100)), HELD),
    "no containers": (defined(containerDefinitions=None), UNKNOWN),
    "no task definition": (without("taskDefinition"), UNKNOWN),
    "no deployments": (without("deployments"), ABLE),
    "a deployment without times": (deployments(
        {"id": "a", "status": "PRIMARY"}), ABLE),
    "a deployment in times to come": (deployments(
        {"id": "a", "status": "PRIMARY", "updatedAt": 4e9}), ABLE),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_answers_make_no_count(ecs, headcount, prod, name):
    given, wanted = BAD[name]
    agents(prod, full=False)
    prod.tasks[:] = [t for t in prod.tasks if t.get("containerInstanceArn")
                     != prod.cluster.hosts[0]["containerInstanceArn"]]
    prod.service("agent", 2, ("blue", 1), **DISTINCT)
    for host in prod.cluster.hosts[1:]:
        task = prod.start(prod.cluster.services["agent"],
                          prod.definition_of(prod.cluster.services["agent"]),
                          "ecs-svc/1", "blue")
        prod.put(task, host)
        task["lastStatus"] = "RUNNING"
    prod.tasks[:] = prod.tasks[-2:]
    prod.show()
    assert prod.counts("agent") == (3, 2, 2)
    given(prod)
    run = headcount(*APPLY)
    assert "geheim" not in run.out + run.err
    assert verdict(run) == wanted, run.out
    assert [w["desiredCount"] for w in ecs.writes()] == \
        ([3] if wanted == ABLE else [])


def test_a_definition_that_is_gone(ecs, headcount, prod):
    agents(prod)
    refusal = {"__type": "ClientException",
               "message": "Unable to describe task definition."}
    ecs.fault("DescribeTaskDefinition", ecs.http(400, refusal), times=9)
    run = headcount(*APPLY)
    assert verdict(run) == ("failed", "ClientException")
    assert "Unable to describe task definition." in run.service()["reason"]
    assert ecs.writes() == []


@pytest.mark.parametrize("operation", [
    "DescribeCapacityProviders", "DescribeTaskDefinition",
    "DescribeContainerInstances", "ListContainerInstances"])
@pytest.mark.parametrize("what", ["denied", "html", "empty", "half"])
def test_a_read_that_fails_makes_no_count(ecs, headcount, prod, operation,
                                          what):
    agents(prod)
    ecs.fault(operation, what, times=99)
    run = headcount(*APPLY, "--cli-read-timeout", "1")
    assert run.service()["outcome"] in ("failed", "held")
    assert run.service()["reason"] != ""
    assert ecs.writes() == []
    assert prod.counts("agent") == (3, 2, 2)


def test_a_strategy_of_an_unknown_provider(ecs, headcount, prod):
    agents(prod)
    service = prod.cluster.services["agent"]
    service["capacityProviderStrategy"] = [
        {"capacityProvider": n, "weight": 1, "base": 0}
        for n in ("blue", "nobody")]
    run = headcount(*APPLY)
    assert verdict(run) == ("failed", "EANSWER")
    assert 'says nothing about "nobody"' in run.service()["reason"]
    assert ecs.writes() == []


def test_what_runs_is_never_less_than_before(ecs, headcount, prod):
    """All hosts look full to us, by a mistake of the reading: they run it."""
    hosts = agents(prod, full=False, desired=3)
    for host in hosts:
        prod.tells(host, remainingResources=resources(0, 0, (), (8125,),
                                                      None))
    assert verdict(go(ecs, headcount, 4)) == ("unchanged", "")
    assert prod.counts("agent") == (3, 3, 3)
    assert json.dumps(ecs.writes()) == "[]"


# ---- two readings of one table ----

# What no answer tells, or what AWS's pages leave open: "able" may be wrong.
HIDDEN = {"hidden", "eni", "ebs"}


@pytest.mark.parametrize("row", [
    r for r, (host, definition, service, *_) in ROWS.items()
    if "launchType" not in service and "status" not in host
    and "external" not in r])
def test_a_row_is_read_as_the_peer_reads_it(ecs, headcount, row):
    """One host runs the task.  The rise to the other host is written only if
    the peer takes that host, and held only where it does not or where no
    answer tells."""
    headcount.at(ecs)
    prod = ecs.schedule()
    host, definition, service, unsettled, codes = ROWS[row]
    for name, value in unsettled.items():
        setattr(prod.unsettled, name, value)
    prod.group("blue")
    prod.host("x", "blue", room=Room(9999, 99999, (), (), 4),
              attributes=agent(tier="web"))
    there = prod.host("a", "blue", **host)
    prod.definition("web", **definition)
    web = prod.service("web", 1, ("blue", 1), **{**service, **(
        DISTINCT if "placementConstraints" not in service else {})})
    task = prod.start(web, prod.definition_of(web),
                      web["deployments"][0]["id"], "blue")
    prod.put(task, prod.cluster.hosts[0])
    task["lastStatus"] = "RUNNING"
    prod.show()
    second = prod.start(web, prod.definition_of(web), "x", "blue")
    takes = Table(prod.unsettled, prod.tasks, prod.zones).refusals(
        there, second)
    prod.tasks.remove(second)
    assert takes == codes
    run = headcount("apply", "prod", "--service", "web", "--output", "json")
    said = verdict(run)
    if said[0] == "updated":
        assert run.service()["wanted"] == 2 and not set(takes) - HIDDEN
    elif said == HELD:
        assert takes or "[V]" in row
    elif said == ("unchanged", ""):      # the filter leaves it out
        assert takes == ["memberOf"]
    else:
        assert said == UNKNOWN


# ---- random worlds ----

def drawn(prod, chance, distinct=True):
    """(the service, hosts that can take its task) of a world in which answers
    tell every limit."""
    fluent = {"com.amazonaws.ecs.capability.logging-driver.fluentd": None}
    definition = {"cpu": str(chance.choice([128, 512, 1024])),
                  "memory": str(chance.choice([64, 512, 2000]))}
    container = {"name": "agent", **SECRETS}
    if chance.random() < 0.5:
        container["portMappings"] = [chance.choice([PORT, {
            "containerPort": 80, "hostPort": 8080}])]
    if chance.random() < 0.3:
        container["logConfiguration"] = {"logDriver": "fluentd"}
    definition["containerDefinitions"] = [container]
    if chance.random() < 0.3:
        definition["networkMode"] = chance.choice(["host", "bridge", "none"])
    if chance.random() < 0.3:
        definition["runtimePlatform"] = {"cpuArchitecture": "X86_64",
                                         "operatingSystemFamily": "LINUX"}
    providers = ["blue", "green"][:1 + (chance.random() < 0.4)]
    for name in providers:
        group = prod.group(name, most=20, managed=chance.random() < 0.8,
                           attributes=agent(**fluent))
        for _ in range(chance.randint(1, 5)):
            host = group.launch(
                room=Room(cpu=chance.choice([256, 2048]),
                          memory=chance.choice([256, 4000]),
                          udp=chance.choice([(), (), (8125,)])),
                attributes=agent(
                    architecture=chance.choice(["x86_64", "x86_64", "arm64"]),
                    **chance.choice([fluent, fluent, {}])),
                agentConnected=chance.random() < 0.9)
            if chance.random() < 0.3:
                prod.occupy(host, cpu=chance.choice([128, 1500]),
                            memory=chance.choice([64, 3500]))
    prod.definition("agent", **definition)
    service = prod.service(
        "agent", 0, *((n, chance.choice([1, 1, 2, 3]), chance.choice(
            [0, 0, 1]) if n == "blue" else 0) for n in providers),
        **(DISTINCT if distinct else {}))
    task = prod.start(service, prod.definition_of(service), "x", None)
    able = [h for h in prod.cluster.hosts if not Table(
        prod.unsettled, prod.tasks, prod.zones).refusals(h, task)]
    prod.tasks.remove(task)
    return service, able


WORLDS = int(os.environ.get("WORLDS", "60"))
FIRST = int(os.environ.get("SEED", "1"))


@pytest.mark.parametrize("seed", range(FIRST, FIRST + WORLDS))
def test_a_random_world_comes_to_rest(tmp_path, seed):
    """Every limit of it is told, so no host is ever started for our counts;
    and with one provider each host that can take the task runs one."""
    chance = random.Random(seed)
    headcount = Headcount(tmp_path)
    with ecs_server.EcsServer() as ecs:
        headcount.at(ecs)
        ecs.model.no_groups = chance.random() < 0.3
        prod = ecs.schedule()
        prod.unsettled.last_first = chance.random() < 0.5
        prod.unsettled.updated = chance.random() < 0.7
        distinct = chance.random() < 0.7
        if not distinct:                 # ECS fills one host after the other
            prod.choose = lambda hosts, table, task: max(
                hosts, key=lambda h: len(table.on(h)))
        service, able = drawn(prod, chance, distinct)
        service["desiredCount"] = chance.randint(0, len(able))
        prod.settle()
        before = prod.counts("agent")
        run = go(ecs, headcount, 10, "--allow", "zero")
        ecs.settle()
        hosts, desired, running = prod.counts("agent")
        assert run.code == 0, run.out
        managed = {n for n in prod.groups if prod.is_managed(
            {"capacityProviderName": n})}
        if managed:
            assert hosts == before[0], run.out
        if distinct and len(prod.groups) == 1 and managed and \
                before[1] == before[2]:
            assert desired == running == len(able), run.out


@pytest.mark.parametrize("seed", range(FIRST, FIRST + WORLDS // 2))
def test_a_random_world_with_reasons_that_no_answer_tells(tmp_path, seed):
    """Each host that looks free, and that ECS never takes, costs one host at
    most: then it was passed over."""
    chance = random.Random(seed)
    headcount = Headcount(tmp_path)
    with ecs_server.EcsServer() as ecs:
        headcount.at(ecs)
        ecs.model.no_groups = chance.random() < 0.3
        prod = ecs.schedule()
        service, _ = drawn(prod, chance)
        older = chance.random() < 0.5
        prod.unsettled.updated = not older or chance.random() < 0.5
        hidden = [h for h in prod.cluster.hosts if chance.random() < 0.4]
        for host in prod.cluster.hosts:
            host["registeredAt"] -= 3600 * older
        for host in hidden:
            host.hides["refuses"] = ["service:agent"]
        service["desiredCount"] = chance.randint(
            0, len(prod.cluster.hosts) - len(hidden))
        prod.settle()
        before = prod.counts("agent")
        go(ecs, headcount, 14, "--allow", "zero")
        ecs.settle()
        after = prod.counts("agent")
        go(ecs, headcount, 4, "--allow", "zero")
        assert prod.counts("agent") == after         # it is at rest
        if any(prod.is_managed({"capacityProviderName": n})
               for n in prod.groups):
            assert after[0] - before[0] <= len(hidden), (before, after)


def happens(prod, chance, foreign):
    """Something that changes which hosts can take a task."""
    hosts, blue = prod.cluster.hosts, prod.groups["blue"]
    host, what = chance.choice(hosts), chance.random()
    if what < 0.2 and blue.size() < 10:
        blue.launch()
    elif what < 0.35 and len(hosts) > 2:
        host.write(status="DRAINING")
    elif what < 0.5:
        calm(prod)
    elif what < 0.6:
        host.write(agentConnected=False)
    elif what < 0.8 and prod.table().left(host)[0] > 1900:
        foreign.append(prod.occupy(host, cpu=1900, memory=64))
    elif foreign:
        gone = foreign.pop(chance.randrange(len(foreign)))
        prod.tasks[:] = [t for t in prod.tasks if t is not gone]


def calm(prod):
    """Agents are connected, and hosts that drain are gone."""
    prod.cluster.hosts[:] = [h for h in prod.cluster.hosts
                             if h["status"] == "ACTIVE"]
    for host in prod.cluster.hosts:
        host.write(agentConnected=True)


@pytest.mark.parametrize("seed", range(FIRST, FIRST + WORLDS // 2))
def test_after_a_storm_no_host_is_started(tmp_path, seed):
    """A host that could take no task when ECS placed the last one may look
    passed over for a while; else each host that can take the task runs it."""
    chance, foreign = random.Random(seed), []
    headcount = Headcount(tmp_path)
    with ecs_server.EcsServer() as ecs:
        headcount.at(ecs)
        prod = ecs.schedule()
        prod.unsettled.updated = chance.random() < 0.8
        agents(prod, hosts=chance.randint(2, 6), full=False, most=14,
               desired=chance.randint(0, 2))
        for _ in range(15):
            happens(prod, chance, foreign)
            if chance.random() < 0.7:
                assert headcount(*APPLY, "--allow", "zero").code == 0
            ecs.step(chance.randint(0, 3))
        calm(prod)
        ecs.settle()
        begun = prod.counts("agent")[0]
        run = go(ecs, headcount, 12, "--allow", "zero")
        hosts, desired, running = prod.counts("agent")
        assert (hosts, desired) == (begun, running), run.out
        full = len([h for h in prod.cluster.hosts if not h.groups
                    & {"service:agent"} and prod.table().left(h)[0] < 256])
        if verdict(run) != ("held", "passed_over"):
            assert running == hosts - full, run.out


# ---- host by host ----

PORTS = {"port_tcp": "port", "port_udp": "port"}
VOLUME = {"volumeConfigurations": [{"name": "v"}]}


def rich(prod, chance):
    """A service with all that a definition and a host may have."""
    def some(*values):
        return chance.choice(values)

    container = {"name": "agent", "cpu": some(0, 128, 900),
                 "memory": some(64, 2000), **SECRETS}
    if chance.random() < 0.3:
        container["memoryReservation"] = some(0, 32, 1000)
    if chance.random() < 0.6:
        container["portMappings"] = [
            {"containerPort": port, "hostPort": some(0, port + 8000),
             **some({}, {"protocol": "tcp"}, {"protocol": "udp"})}
            for port in chance.sample((80, 22, 125), chance.randint(1, 3))]
    if chance.random() < 0.2:
        container["resourceRequirements"] = [
            {"type": "GPU", "value": some("1", "2", "ALL")}]
    definition = {"containerDefinitions": [
        container, {"name": "b", "cpu": some(0, 64), "memory": 32}]}
    for name, values in (
            ("networkMode", ("bridge", "host", "awsvpc", "none")),
            ("cpu", ("256", "1024")), ("memory", ("128", "3000")),
            ("requiresAttributes", ([{"name": "ecs.capability.efs"}],
                                    [{"name": "custom", "value": "a"}])),
            ("runtimePlatform", ({"cpuArchitecture": "ARM64"},
                                 {"operatingSystemFamily": "LINUX"},
                                 {"cpuArchitecture": "X86_64",
                                  "operatingSystemFamily":
                                  "WINDOWS_SERVER_2022_CORE"}))):
        if chance.random() < 0.4:
            definition[name] = some(*values)
    prod.definition("agent", **definition)
    blue = prod.group("blue", managed=some(True, False))
    for _ in range(chance.randint(2, 6)):
        zone = some("a", "b")
        host = blue.launch(
            room=Room(cpu=some(128, 1024, 2048), memory=some(96, 2032, 4000),
                      tcp=some((22,), (22, 80), tuple(range(3000, 3099))),
                      udp=some((), (8080, 8022), tuple(range(3000, 3060))),
                      gpus=some(0, 0, 2)),
            attributes=agent(
                f"eu-west-1{zone}", f"subnet-{zone}",
                family=some("LINUX", "linux", "WINDOWS_SERVER_2022_CORE"),
                architecture=some("x86_64", "arm64"),
                without=some((), ("ecs.capability.efs",),
                             ("ecs.capability.execute-command",)),
                custom=some("", "a", "b")),
            agentConnected=chance.random() < 0.9,
            hides={"interfaces": some(0, 1, 3), "volumes": some(0, 9)})
        if chance.random() < 0.3:
            prod.occupy(host, cpu=some(1, 500), memory=some(1, 2000))
    more = {**some({}, DISTINCT), **some({}, {"enableExecuteCommand": True}),
            **some({}, IN_A, {"networkConfiguration": {
                "awsvpcConfiguration": {"subnets": ["subnet-x"]}}})}
    strategy = some([], [("blue", 1)])
    service = prod.service("agent", 0, *strategy, **more)
    if chance.random() < 0.2:
        service["deployments"][0].update(VOLUME)
    return service


@pytest.mark.parametrize("seed", range(FIRST, FIRST + 2 * WORLDS))
def test_each_host_is_read_as_the_peer_reads_it(tmp_path, seed):
    """Two readings of the table.  "can" is said only of hosts that the peer
    takes, but for what no answer tells, and "cannot" only of those that it
    does not take, for a reason that it has, too."""
    chance = random.Random(seed)
    headcount = Headcount(tmp_path)
    with ecs_server.EcsServer() as ecs:
        headcount.at(ecs)
        ecs.model.no_groups = chance.random() < 0.3
        prod = ecs.schedule()
        service = rich(prod, chance)
        service["desiredCount"] = chance.randint(0, 2)
        prod.step(3)
        task = prod.start(service, prod.definition_of(service), "x",
                          prod.provider_for(service))
        prod.tasks.remove(task)
        table = Table(prod.unsettled, prod.tasks, prod.zones)
        takes = {h["ec2InstanceId"][2:]: table.refusals(h, task)
                 for h in prod.cluster.hosts}
        runs = {h["ec2InstanceId"][2:] for h in prod.cluster.hosts
                if "service:agent" in h.groups}
        run = headcount("explain", "prod", "agent", "--output", "json")
        assert run.code == 0 and "geheim" not in run.out + run.err
        told = run.service()["placement"]["hosts"]
        assert {h["id"] for h in told} == set(takes)
        for host in told:
            why = takes[host["id"]]
            assert (host["answer"] == "runs") == (host["id"] in runs)
            if host["answer"] == "can":
                assert not set(why) - HIDDEN, (host, why)
            if host["answer"] == "cannot":
                assert PORTS.get(host["code"], host["code"]) in why, \
                    (host, why)
