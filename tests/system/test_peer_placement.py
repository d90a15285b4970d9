"""The ECS peer places tasks as the table says: each row alone, then how tasks,
groups, deployments and events go on.  The table is that of what ECS looks at;
core/plan/placement.c is another reading of it, and other tests set the two
against each other."""
import itertools

import ecs_place
import pytest
from conftest import TOP  # noqa: F401  (sets the path of the peers)
from ecs_cluster import ServiceError
from ecs_model import Model
from ecs_place import LINUX_PORTS, Room, Table, agent
from ecs_scheduler import QUIET, Scheduler

UDP = {"containerPort": 8125, "hostPort": 8125, "protocol": "udp"}
TCP = {"containerPort": 80, "hostPort": 8080}
DISTINCT = {"type": "distinctInstance"}


def container(**members):
    return {"containerDefinitions": [{"name": "a", **members}]}


def ports(*mappings):
    return container(portMappings=list(mappings))


def world(**unsettled):
    model = Model()
    cluster = model.cluster("prod")
    cluster.tasks = []
    prod = cluster.scheduler = Scheduler(model, cluster)
    for name, value in unsettled.items():
        assert hasattr(prod.unsettled, name)
        setattr(prod.unsettled, name, value)
    return prod


def answer(prod, host, service):
    """The table's codes for one task more of the service on the host."""
    task = prod.start(service, prod.definition_of(service), "x",
                      prod.provider_for(service))
    found = list(Table(prod.unsettled, prod.tasks, prod.zones)
                 .refusals(host, task))
    prod.tasks.remove(task)
    return found


def gpu(value, kind="GPU"):
    return container(resourceRequirements=[{"type": kind, "value": value}])


AWSVPC = {"networkMode": "awsvpc", **container()}
IN_A = {"networkConfiguration": {"awsvpcConfiguration": {
    "subnets": ["subnet-a"]}}}
MEMBER = {"type": "memberOf", "expression": "attribute:tier == web"}
ARM = {"runtimePlatform": {"cpuArchitecture": "ARM64"}}
WINDOWS = {"runtimePlatform": {
    "operatingSystemFamily": "WINDOWS_SERVER_2022_CORE"}}
EXEC = {"enableExecuteCommand": True}
NO_EXEC = {"attributes": agent(without=["ecs.capability.execute-command"])}
FLUENTD = container(logConfiguration={"logDriver": "fluentd"})
VALUE = {"requiresAttributes": [{"name": "ecs.instance-type",
                                 "value": "p4d.24xlarge"}]}


def wide(n):
    """A definition of n ports on the host."""
    return ports(*({"containerPort": p, "hostPort": p}
                   for p in range(1000, 1000 + n)))


# name: (host, definition, service, what is unsettled, the codes)
ROWS = {
    "1 active": ({}, {}, {}, {}, []),
    **{f"1 {status}": ({"status": status}, {}, {}, {}, ["candidate"])
       for status in ("DRAINING", "REGISTERING", "REGISTRATION_FAILED",
                      "DEREGISTERING", "INACTIVE")},
    "2 no agent": ({"agentConnected": False}, {}, {}, {}, ["agent"]),
    "3 impaired": ({"healthStatus": {"overallStatus": "IMPAIRED"}}, {}, {},
                   {}, []),
    "4 EC2 on external": ({"attributes": agent(external=True)}, {}, {}, {},
                          ["candidate"]),
    "5 EXTERNAL there": ({"attributes": agent(external=True)}, {},
                         {"launchType": "EXTERNAL"}, {}, []),
    "5 EXTERNAL on EC2": ({}, {}, {"launchType": "EXTERNAL"}, {},
                          ["candidate"]),
    "5 no awsvpc there": (
        {"attributes": agent(external=True)},
        {**AWSVPC, "requiresAttributes": ecs_place.required(AWSVPC)},
        {"launchType": "EXTERNAL", **IN_A}, {}, ["attribute", "zone"]),
    "13 names": ({}, FLUENTD, {}, {}, ["attribute"]),
    "13 there": ({"attributes": agent(**{
        "com.amazonaws.ecs.capability.logging-driver.fluentd": None})},
        FLUENTD, {}, {}, []),
    "13 no value": ({}, VALUE, {}, {}, []),
    "13 value [V]": ({}, VALUE, {}, {"values": True}, ["attribute"]),
    "13 no prefix": ({"attributes": agent(**{
        "com.amazonaws.ecs.capability.logging-driver.fluent": None})},
        FLUENTD, {}, {}, ["attribute"]),
    "15 exec": (NO_EXEC, {}, EXEC, {}, ["attribute"]),
    "15 exec [V]": (NO_EXEC, {}, EXEC, {"features": False}, []),
    "16 os": ({}, WINDOWS, {}, {}, ["os"]),
    "16 os there": ({"attributes": agent(
        family="windows_server_2022_core")}, WINDOWS, {}, {}, []),
    "16 linux": ({"attributes": agent(family="linux")}, {"runtimePlatform": {
        "operatingSystemFamily": "LINUX"}}, {}, {}, []),
    "16 not broadcast": ({"attributes": agent(family="")}, WINDOWS, {}, {},
                         ["os"]),
    "17 other": ({}, ARM, {}, {}, ["architecture"]),
    "17 other [V]": ({}, ARM, {}, {"architecture": False}, []),
    "17 same": ({"attributes": agent(architecture="arm64")}, ARM, {}, {}, []),
    "18 service": ({}, {}, {"placementConstraints": [MEMBER]}, {},
                   ["memberOf"]),
    "18 definition": ({}, {"placementConstraints": [MEMBER]}, {}, {},
                      ["memberOf"]),
    "18 there": ({"attributes": agent(tier="web")},
                 {"placementConstraints": [MEMBER]},
                 {"placementConstraints": [MEMBER]}, {}, []),
    "21 CPU of the task": ({"room": Room(cpu=512)}, {
        "cpu": "513", **container(cpu=1)}, {}, {}, ["cpu"]),
    "21 equal": ({"room": Room(cpu=512)}, {"cpu": "512"}, {}, {}, []),
    "21 of containers": ({"room": Room(cpu=512)}, {"containerDefinitions": [
        {"name": n, "cpu": 300} for n in "ab"]}, {}, {}, ["cpu"]),
    "21 none": ({"room": Room(cpu=0)}, container(), {}, {}, []),
    "22 memory of the task": ({"room": Room(memory=512)}, {
        "memory": "513", **container(memory=1)}, {}, {}, ["memory"]),
    "22 equal": ({"room": Room(memory=1978)}, {"memory": "1978"}, {}, {}, []),
    "22 reservation": ({"room": Room(memory=128)}, container(
        memory=512, memoryReservation=128), {}, {}, []),
    "22 limit": ({"room": Room(memory=128)}, container(
        memory=512, memoryReservation=0), {}, {}, ["memory"]),
    "23 awsvpc": ({"room": Room(udp=(8125,))}, {
        "networkMode": "awsvpc", **ports(UDP)}, IN_A, {}, []),
    "23 none": ({"room": Room(udp=(8125,))}, {
        "networkMode": "none", **ports(UDP)}, {}, {}, []),
    "23 host": ({"room": Room(tcp=(80,))}, {
        "networkMode": "host", **ports({"containerPort": 80})}, {}, {},
        ["port"]),
    "23 host, 0": ({"room": Room(tcp=(80,))}, {
        "networkMode": "host", **ports({"containerPort": 80, "hostPort": 0})},
        {}, {}, ["port"]),
    "23 bridge": ({"room": Room(udp=(8125,))}, ports(UDP), {}, {}, ["port"]),
    "23 absent is tcp": ({"room": Room(udp=(8080,))}, ports(TCP), {}, {}, []),
    "23 tcp": ({"room": Room(tcp=(8080,))}, ports(TCP), {}, {}, ["port"]),
    "23 dynamic": ({"room": Room(tcp=(80,))}, ports(
        {"containerPort": 80}, {"containerPort": 80, "hostPort": 0},
        {"containerPortRange": "80-90"}), {}, {}, []),
    "24 Linux": ({}, ports({"containerPort": 1, "hostPort": 22}), {}, {},
                 ["port"]),
    "24 Windows": ({"room": Room(tcp=ecs_place.WINDOWS_PORTS)}, ports(
        {"containerPort": 1, "hostPort": 3389}), {}, {}, ["port"]),
    "24 replaced": ({"room": Room(tcp=())}, ports(
        {"containerPort": 1, "hostPort": 22}), {}, {}, []),
    "25 95 and 5": ({}, wide(95), {}, {}, []),
    "25 96 and 5": ({}, wide(96), {}, {}, ["ports_100"]),
    "25 both": ({"room": Room(udp=tuple(range(2000, 2050)))}, wide(50), {},
                {}, ["ports_100"]),
    "25 both [V]": ({"room": Room(udp=tuple(range(2000, 2050)))}, wide(50),
                    {}, {"both_protocols": False}, []),
    "27 more": ({"room": Room(gpus=1)}, gpu("2"), {}, {}, ["gpu"]),
    "27 there": ({"room": Room(gpus=2)}, gpu("2"), {}, {}, []),
    "27 all": ({"room": Room(gpus=2)}, gpu("ALL"), {}, {}, []),
    "27 all of none": ({}, gpu("ALL"), {}, {}, ["gpu"]),
    "28 accelerator": ({}, {"inferenceAccelerators": [
        {"deviceName": "d", "deviceType": "eia2.medium"}]}, {}, {}, ["gpu"]),
    "29 interfaces": ({"hides": {"interfaces": 0}}, AWSVPC, IN_A, {},
                      ["eni"]),
    "30 zone": ({"attributes": agent("eu-west-1b", "subnet-b")}, AWSVPC, IN_A,
                {}, ["zone"]),
    "30 zone of another subnet": ({"attributes": agent(subnet="subnet-x")},
                                  AWSVPC, IN_A, {}, []),
    "0.7 something else": ({"hides": {"refuses": ["service:web"]}}, {}, {},
                           {}, ["hidden"]),
}


@pytest.mark.parametrize("row", ROWS)
def test_a_row_of_the_table(row):
    host, definition, service, unsettled, codes = ROWS[row]
    prod = world(**unsettled)
    there = prod.host("a", **host)
    prod.definition("web", **definition)
    web = prod.service("web", 1, **service)
    assert answer(prod, there, web) == codes
    prod.step()
    prod.step()
    assert web["runningCount"] == (not codes)


# ---- providers ----

def shared(strategy, have, **unsettled):
    return ecs_place.due([dict(zip(("capacityProvider", "weight", "base"), s))
                          for s in strategy], have,
                         ecs_place.Unsettled(**unsettled))


@pytest.mark.parametrize("strategy,unsettled,first", [
    ([("a",)], {}, "aaaa"), ([("a", 0)], {}, "aaaa"),
    ([("a", 0), ("b", 1)], {}, "bbbb"),
    ([("a", 0, 2), ("b", 1)], {}, "aabb"),
    ([("a", 0, 2), ("b", 1)], {"base_alone": False}, "bbbb"),
    ([("a", 1), ("b", 1)], {}, "abab"),
    ([("a", 1), ("b", 1)], {"last_first": True}, "baba"),
    ([("a", 3), ("b", 1)], {}, "abaa"),
    ([("a", 1, 2), ("b", 1)], {}, "aaab"),
    ([("a", 0), ("b", 0)], {}, [None] * 4),
])
def test_a_strategy_gives_tasks_to_its_providers(strategy, unsettled, first):
    have, given = {}, []
    for _ in range(4):
        given.append(shared(strategy, have, **unsettled))
        have[given[-1]] = have.get(given[-1], 0) + 1
    assert given == list(first)


def test_only_hosts_of_the_provider_take_its_tasks():
    prod = world()
    for name, provider in (("a", None), ("b", "other"), ("c", "blue")):
        prod.host(name, provider)
    for name in ("other", "blue"):
        prod.group(name, managed=False)
    prod.definition("web")
    prod.service("web", 2, ("blue", 1), placementConstraints=[DISTINCT])
    prod.settle()
    assert prod.counts("web") == (3, 2, 1)
    assert [h.groups for h in prod.cluster.hosts] == [
        set(), set(), {"service:web"}]


def test_managed_instances_start_hosts():
    prod = world()
    own = prod.group("own", managed="instances")
    own.launch()
    prod.definition("web")
    prod.service("web", 3, ("own", 1), placementConstraints=[DISTINCT])
    prod.settle()
    assert prod.counts("web") == (3, 3, 3)
    asked = {"capacityProviders": ["own"]}
    assert prod.model.DescribeCapacityProviders(asked)["failures"]
    found, = prod.model.DescribeCapacityProviders(
        {**asked, "cluster": "prod"})["capacityProviders"]
    assert found["type"] == "MANAGED_INSTANCES"


def test_a_service_changes_between_launch_type_and_strategy():
    prod = world()
    prod.host("a")
    prod.group("blue").launch("b")
    prod.definition("web")
    web = prod.service("web", 1)
    for strategy, launch, at in (
            ([{"capacityProvider": "blue"}], None, [set(), {"service:web"}]),
            ([], "EC2", [{"service:web"}, set()])):
        prod.model.UpdateService({
            "cluster": "prod", "service": "web", "desiredCount": 0,
            "capacityProviderStrategy": strategy})
        prod.settle()
        prod.model.UpdateService({"cluster": "prod", "service": "web",
                                  "desiredCount": 1})
        prod.settle()
        assert web.get("launchType") == launch
        assert [h.groups for h in prod.cluster.hosts] == at


def test_fargate_has_no_hosts():
    prod = world()
    prod.definition("web")
    prod.service("web", 3, launchType="FARGATE")
    prod.definition("spot")
    prod.service("spot", 2, ("FARGATE_SPOT", 1))
    prod.settle()
    assert (prod.counts("web"), prod.counts("spot")) == ((0, 3, 3), (0, 2, 2))


@pytest.mark.parametrize("strategy", [
    ["none"], ["FARGATE", "blue"], ["blue", "blue"],
    [f"p{i}" for i in range(21)]])
def test_a_strategy_that_aws_refuses(strategy):
    prod = world()
    for name in ("blue", *(f"p{i}" for i in range(21))):
        prod.group(name)
    prod.service("web", 1)
    with pytest.raises(ServiceError, match="capacity provider"):
        prod.model.UpdateService({
            "cluster": "prod", "service": "web", "capacityProviderStrategy":
            [{"capacityProvider": n} for n in strategy]})


# ---- room comes and goes ----

def test_a_task_takes_room_and_gives_it_back():
    prod = world()
    host = prod.host("a")
    prod.definition("web", cpu="1024", memory="1884", **ports(UDP, TCP))
    web = prod.service("web", 1)
    prod.step()

    def left():
        found = {r["name"]: r for r in host["remainingResources"]}
        return (found["CPU"]["integerValue"], found["MEMORY"]["integerValue"],
                found["PORTS"]["stringSetValue"],
                found["PORTS_UDP"]["stringSetValue"])

    free = sorted(map(str, LINUX_PORTS), key=int)
    taken = sorted([*free, "8080"], key=int)
    assert (host["pendingTasksCount"], web["pendingCount"]) == (1, 1)
    assert left() == (1024, 2000, taken, ["8125"])
    prod.step()
    assert (host["runningTasksCount"], web["runningCount"]) == (1, 1)
    web["desiredCount"] = 0
    prod.step()                          # to stop, and it still runs
    assert left() == (2048, 3884, free, [])
    assert (host["runningTasksCount"], web["runningCount"]) == (1, 0)
    assert host.groups == set()
    prod.step()
    assert host["runningTasksCount"] == 0
    assert host["registeredResources"][0]["integerValue"] == 2048


@pytest.mark.parametrize("free", [True, False])
def test_gpus_that_are_left_are_listed_or_those_that_are_used(free):
    prod = world(gpus_free=free)
    host = prod.host("a", room=Room(gpus=3))
    prod.definition("web", **gpu("1"))
    prod.service("web", 1)
    prod.settle()
    assert len(host["remainingResources"][-1]["stringSetValue"]) == \
        (2 if free else 1)
    assert len(host["registeredResources"][-1]["stringSetValue"]) == 3


def test_distinct_is_by_what_is_desired_of_all_revisions():
    prod = world()
    for name in "ab":
        prod.host(name)
    prod.definition("web")
    web = prod.service("web", 3, placementConstraints=[DISTINCT])
    prod.settle()
    assert prod.counts("web") == (2, 3, 2)
    assert 'error "DistinctInstance placement constraint unsatisfied."' in \
        said(web)[1]
    stopping = prod.alive(web)[0]
    prod.stop(stopping)                  # it runs, and blocks no more
    assert stopping["lastStatus"] == "RUNNING"
    assert answer(prod, prod.cluster.hosts[0], web) == []
    assert answer(prod, prod.cluster.hosts[1], web) == ["distinctInstance"]
    prod.definition("other")
    other = prod.service("other", 2, placementConstraints=[DISTINCT])
    prod.settle()
    assert other["runningCount"] == 2    # another group is no obstacle


def test_tasks_leave_hosts_that_drain_or_go():
    prod = world()
    hosts = [prod.host(n) for n in "abc"]
    prod.definition("web")
    prod.service("web", 2, placementConstraints=[DISTINCT])
    prod.settle()
    hosts[0].write(status="DRAINING")
    prod.settle()
    assert [h.groups for h in hosts] == [set(), {"service:web"},
                                         {"service:web"}]
    prod.cluster.hosts.remove(hosts[1])
    prod.settle()
    assert prod.counts("web") == (1, 2, 1)


# ---- managed scaling ----

def managed(most=9, desired=3, hosts=2, **room):
    prod = world()
    blue = prod.group("blue", most=most, **room)
    for _ in range(hosts):
        blue.launch()
    prod.definition("web", cpu="1024")
    prod.service("web", desired, ("blue", 1), placementConstraints=[DISTINCT])
    return prod


def test_a_waiting_task_brings_a_host():
    prod = managed()
    prod.step()
    web = prod.cluster.services["web"]
    waiting = [t for t in prod.tasks if t["lastStatus"] == "PROVISIONING"]
    assert len(waiting) == 1 and "containerInstanceArn" not in waiting[0]
    assert (web["pendingCount"], prod.counts("web")) == (2, (2, 3, 0))
    prod.step()
    assert prod.counts("web") == (3, 3, 2)
    prod.settle()
    assert prod.counts("web") == (3, 3, 3)
    assert not any("unable" in e["message"] for e in web["events"])


def test_groups_have_a_most():
    prod = managed(most=4, desired=7)
    prod.settle()
    assert prod.counts("web") == (4, 7, 4)


def test_what_no_new_host_could_hold_brings_none():
    prod = managed(cpu=512)
    prod.settle()
    assert prod.counts("web") == (2, 3, 0)


def test_a_task_does_not_wait_for_ever():
    prod = managed(most=2)
    prod.step(20)
    ended = [t for t in prod.tasks if t.get("stopCode")
             == "TaskFailedToStart"]
    assert len(ended) == 1
    assert [t["lastStatus"] for t in prod.tasks].count("PROVISIONING") == 1


def test_whether_waiting_pends_and_is_said_is_open():
    prod = managed(most=2)
    prod.unsettled.waiting_pends = prod.unsettled.waiting_said = True
    prod.settle()
    web = prod.cluster.services["web"]
    assert web["pendingCount"] == 1
    assert any("unable to place" in e["message"] for e in web["events"])


def test_a_group_without_managed_scaling_stays():
    prod = world()
    prod.group("blue", managed=False).launch()
    prod.definition("web")
    prod.service("web", 2, ("blue", 1), placementConstraints=[DISTINCT])
    prod.settle()
    assert prod.counts("web") == (1, 2, 1)
    assert not [t for t in prod.tasks if t["lastStatus"] == "PROVISIONING"]


# ---- writes ----

def test_a_write_moves_the_count_and_the_time_of_its_deployment():
    for moves, down in itertools.product((True, False), (False, True)):
        prod = managed()
        prod.settle()
        prod.unsettled.updated = moves
        web = prod.cluster.services["web"]
        was = web["deployments"][0]["updatedAt"]
        prod.step()
        prod.model.UpdateService({"cluster": "prod", "service": "web",
                                  "desiredCount": 1 if down else 4})
        assert web["runningCount"] == 3 and web["desiredCount"] != 3
        assert (web["deployments"][0]["updatedAt"] > was) == moves
        prod.settle()
        assert prod.counts("web") == ((3, 1, 1) if down else (4, 4, 4))
        assert web["deployments"][0]["desiredCount"] == web["desiredCount"]


@pytest.mark.parametrize("low,high,done", [
    (100, 200, False), (0, 100, True), (50, 100, True)])
def test_a_deployment_replaces_tasks_where_there_is_room(low, high, done):
    prod = world()
    for name in "ab":
        prod.host(name)
    prod.definition("web")
    web = prod.service(
        "web", 2, placementConstraints=[DISTINCT], deploymentConfiguration={
            "minimumHealthyPercent": low, "maximumPercent": high})
    prod.settle()
    assert web["deployments"][0]["rolloutState"] == "COMPLETED"
    prod.definition("web")
    prod.model.UpdateService({
        "cluster": "prod", "service": "web", "taskDefinition":
        web["taskDefinition"].replace(":1", ":2")})
    assert [d["status"] for d in web["deployments"]] == ["PRIMARY", "ACTIVE"]
    prod.settle()
    assert web["runningCount"] == 2
    assert [d["rolloutState"] for d in web["deployments"]] == (
        ["COMPLETED"] if done else ["IN_PROGRESS", "COMPLETED"])


# ---- events ----

def said(service):
    return [e["message"] for e in service["events"]]


@pytest.mark.parametrize("host,definition,words", [
    ({"room": Room(cpu=1)}, {"cpu": "2"},
     "has insufficient CPU units available."),
    ({"room": Room(memory=1)}, {"memory": "2"},
     "has insufficient memory available."),
    ({"room": Room(udp=(8125,))}, ports(UDP),
     "is already using a port required by your task."),
    ({}, FLUENTD, "is missing an attribute required by your task."),
    ({"agentConnected": False}, {}, 'encountered error "AGENT".'),
    ({}, {"placementConstraints": [MEMBER]}, 'encountered error "MemberOf '
     'placement constraint unsatisfied."'),
])
def test_an_event_says_why_not(host, definition, words):
    prod = world()
    prod.host("a", **host)
    prod.definition("web", **definition)
    web = prod.service("web", 1)
    prod.step()
    assert said(web) == [
        "service web was unable to place a task because no container instance "
        "met all of its requirements. The closest matching container-instance "
        f"a {words}"]


def test_an_event_says_that_there_are_no_hosts():
    prod = world()
    prod.group("blue", managed=False)
    for name, strategy, where in (("web", [], "cluster"),
                                  ("api", [("blue", 1)],
                                   "capacity provider")):
        prod.definition(name)
        service = prod.service(name, 1, *strategy)
        prod.step()
        assert said(service)[0].endswith(
            f"Reason: No Container Instances were found in your {where}.")


def test_the_same_is_said_again_after_six_hours_or_once_it_was_solved():
    prod = world()
    host = prod.host("a", room=Room(cpu=1))
    prod.definition("web", cpu="2")
    web = prod.service("web", 1)
    prod.step(QUIET // 60)
    assert len(said(web)) == 1
    prod.step()
    assert len(said(web)) == 2
    host.room.cpu = 2
    prod.settle()
    assert said(web)[0] == "(service web) has reached a steady state."
    assert said(web)[1].startswith("(service web) has started 1 tasks: (task ")
    prod.host("b", room=Room(cpu=1))
    web["desiredCount"] = 2
    prod.step()
    assert "unable to place" in said(web)[0]
    prod.step(100 * QUIET // 60)
    assert len(said(web)) == 100
    times = [e["createdAt"] for e in web["events"]]
    assert times == sorted(times, reverse=True)


# ---- what it shows ----

def test_a_host_may_tell_what_is_not_so():
    prod = world()
    host = prod.host("a")
    prod.tells(host, remainingResources=None, runningTasksCount=-1)
    prod.definition("web")
    prod.service("web", 1)
    prod.settle()
    assert "remainingResources" not in host
    assert host["runningTasksCount"] == -1
    assert prod.counts("web") == (1, 1, 1)


def test_tasks_are_listed_and_described():
    prod = managed()
    prod.step()
    model = prod.model

    def listed(**asked):
        arns = model.ListTasks({"cluster": "prod", **asked})["taskArns"]
        return [t["lastStatus"] for t in model.DescribeTasks(
            {"cluster": "prod", "tasks": arns})["tasks"]] if arns else []

    assert listed() == ["PENDING", "PENDING", "PROVISIONING"]
    assert listed(serviceName="web", family="web", launchType="EC2") == \
        listed()
    assert listed(family="api") == listed(desiredStatus="PENDING") == []
    assert listed(containerInstance="blue-1") == ["PENDING"]
    prod.settle()
    prod.cluster.services["web"]["desiredCount"] = 1
    prod.settle()
    assert (listed(), listed(desiredStatus="STOPPED")) == (
        ["RUNNING"], ["STOPPED"] * 2)
    assert model.DescribeTasks({"cluster": "prod", "tasks": ["x"]})[
        "failures"][0]["reason"] == "MISSING"
    with pytest.raises(ServiceError, match="Service not found"):
        listed(serviceName="none")


def test_groups_of_hosts_are_tasks_where_nothing_is_placed():
    model = Model()
    cluster = model.cluster("prod")
    cluster.service("web")
    for name, groups in (("a", ["service:web"]), ("b", ()),
                         ("c", ["service:web", "service:api"])):
        cluster.host(name, groups=groups)
    arns = model.ListTasks({"cluster": "prod", "serviceName": "web"})[
        "taskArns"]
    tasks = model.DescribeTasks({"cluster": "prod", "tasks": arns})["tasks"]
    assert [t["containerInstanceArn"][-1] for t in tasks] == ["a", "c"]


def test_filters_by_group_may_be_refused():
    prod = managed()
    prod.settle()
    asked = {"cluster": "prod", "filter": "(not(task:group == service:web)) "
             "and (agentConnected == true)"}
    prod.group("blue").launch("x")
    assert len(prod.model.ListContainerInstances(asked)[
        "containerInstanceArns"]) == 1
    prod.model.no_groups = True
    with pytest.raises(ServiceError, match="task:group"):
        prod.model.ListContainerInstances(asked)
