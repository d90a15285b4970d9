"""How the rows of test_bad_input.py are given, and those that are made: every
wrong type in every member that is read.

A "given" is a function of the world that makes one run of the binary.
"""
import json
import re
import socket
import time
import typing

import ecs_check
import ecs_server
import servers
from conftest import NAME, TOP, event_of, patience

OURS = ("--service", "web", "--output", "json")
HIDDEN = "geheim-und-lang"               # a password where none belongs


class Row(typing.NamedTuple):
    kind: str                # as the issue calls it
    name: str                # what the input is
    given: typing.Callable   # how it is given
    code: int                # what the process ends with
    words: tuple             # that the error has to hold


def of(kind, code, *rows):
    return [Row(kind, name, given, code, tuple(words))
            for name, given, *words in rows]


class World:
    """Three hosts and a service of one task, which any run that nothing stops
    sets to three; and whoever else there is to be asked."""

    def __init__(self, ecs, headcount, certs, stack):
        self.ecs, self.headcount, self.certs = ecs, headcount, certs
        self.stack, self.fronts = stack, [ecs]
        self.may_write = ()              # counts that a bad answer confirms
        headcount.at(ecs)
        self.host = f"127.0.0.1:{ecs.port}"
        self.fill(ecs)

    def fill(self, server):
        server.service("web", desired=1)
        server.service("api", desired=2)
        for name in "abc":
            server.host(name, provider="spot")
        server.model.provider("spot")
        self.before = self.counts()

    def counts(self):
        return [{name: s["desiredCount"] for name, s in f.services.items()}
                for f in self.fronts]

    def enter(self, peer):
        return self.stack.enter_context(peer)

    def names(self, **more):
        """Only dnsmasq knows NAME, and only it is asked."""
        dns = self.enter(servers.Dnsmasq(self.headcount.home / "dns",
                                         {NAME: ["127.0.0.1"]}, **more))
        self.headcount.env["HEADCOUNT_DNS_SERVER"] = dns.address
        return dns

    def handle(self, *args, stdin=None, **env):
        return self.headcount("handle", *OURS, *args, **env,
                              stdin=event_of() if stdin is None else stdin)

    def is_as_before(self):
        """Nothing was changed, and nobody asked for a change; where the bad
        input is the answer to a write, it is that one write."""
        assert self.counts() == self.before
        for body in [b for front in self.fronts for b in front.writes()]:
            assert set(body) == {"cluster", "service", "desiredCount"}
            assert body["desiredCount"] in self.may_write

    def is_untouched(self):
        for front in self.fronts:
            assert (front.requests, front.connections) == ([], 0)


# ---- what somebody types, sets or sends ----

def event(data):
    """On standard input; what are no bytes is sent as JSON."""
    if not isinstance(data, bytes):
        data = json.dumps(data).encode()
    return lambda w: w.handle(stdin=data)


def options(*args, **env):
    """With a good event."""
    return lambda w: w.handle(*args, **env)


def env(**values):
    """With a good event that does not say the region."""
    return lambda w: w.handle(stdin={"cluster": "prod"}, **values)


def line(*args, **env):
    """All of the command line."""
    return lambda w: w.headcount(*args, stdin=event_of(), **env)


def holding(data, given):
    """There is a file ./file with that in it."""
    def begin(w):
        (w.headcount.home / "file").write_bytes(data)
        return given(w)
    return begin


# ---- what ECS answers ----

def rises_without_groups(w):
    """A rise that could start hosts, where ECS lists no hosts by group: their
    tasks are asked for."""
    w.ecs.service("web", desired=1, capacityProviderStrategy=[
        {"capacityProvider": "spot", "weight": 1, "base": 0}])
    del w.ecs.services["web"]["launchType"]
    w.ecs.model.provider("spot", autoScalingGroupProvider={
        "autoScalingGroupArn": "arn:aws:autoscaling:eu-west-1:1:x",
        "managedScaling": {"status": "ENABLED"}})
    w.ecs.hosts[0].groups = {"service:web"}
    w.ecs.model.no_groups = True


def reach(w, operation, *args):
    """A run that asks for `operation` last, as nothing goes on after it."""
    if operation in ("DescribeContainerInstances",
                     "DescribeCapacityProviders"):
        w.ecs.service("web", desired=1, runningCount=0,
                      capacityProviderStrategy=[{
                          "capacityProvider": "spot", "weight": 1, "base": 0}])
        del w.ecs.services["web"]["launchType"]
    if operation in ("ListTasks", "DescribeTasks"):
        rises_without_groups(w)
    if operation == "UpdateService":
        w.may_write = (3,)
    if operation == "DescribeScalableTargets":
        run = w.headcount("plan", "prod", *OURS,
                          AWS_ENDPOINT_URL=f"http://{w.host}")
    elif operation == "DescribeClusters":
        run = w.handle("--hosts", "registered")
    elif operation == "DescribeTaskDefinition":
        run = w.handle("--constraints", "all")
    else:
        run = w.handle(*args)
    assert w.ecs.operations()[-1] == operation
    return run


def answer(what, operation="DescribeServices", asked=1):
    """`what` is a fault of the ECS (ecs_server.py); `asked` times in all."""
    def given(w):
        w.ecs.fault(operation, what, times=99)
        soon = ("--cli-read-timeout", "0.2") if what == "silent" else ()
        run = reach(w, operation, *soon)
        assert w.ecs.operations().count(operation) == asked
        return run
    return given


def body(data, **more):
    """A good HTTP answer with these bytes in it."""
    return lambda w: answer(w.ecs.http(200, data), **more)(w)


def called(what):
    """The answer to `headcount call`."""
    def given(w):
        w.ecs.fault("ListClusters", what, times=99)
        return w.headcount("call", "ecs", "ListClusters",
                           "--cli-read-timeout", "0.2")
    return given


class Gone:
    """A member that is not there; named in the names of tests."""

    def __repr__(self):
        return "gone"


GONE = Gone()


def put(answer, path, value):
    """answer["services"][0]["status"] = value, for "services[].status"."""
    *parents, last = path.split(".")
    for part in parents:
        name = part.removesuffix("[]")
        if name == part:
            answer = answer.setdefault(name, {})
            continue
        items = answer.setdefault(name, [])
        if not items:
            items.append({})
        answer = items[0]
    answer[last] = value
    if value is GONE:
        del answer[last]


def changed(operation, changes):
    """What the strict peer would answer, but for these members; a write that
    is answered so was not done."""
    def given(w):
        def wrong(question):
            model = w.ecs.model.snapshot()
            good = getattr(model, operation)(ecs_check.no_nulls(question))
            good = json.loads(json.dumps(good))
            for path, value in changes.items():
                put(good, path, value)
            return good
        return answer(wrong, operation)(w)
    return given


def instead(operation, answered):
    """These members and no others."""
    return answer(lambda question: answered, operation)


# ---- who else answers ----

def certificate(case, roots="ca.pem"):
    """Whoever has it sees no request."""
    def given(w):
        server = w.enter(ecs_server.EcsServer(tls=w.certs / case))
        w.fronts.append(server)
        w.fill(server)
        w.names()
        w.headcount.at(server, NAME)
        run = w.handle(AWS_CA_BUNDLE=roots and str(w.certs / roots))
        assert (server.requests, server.handshakes) == ([], 0)
        stats = run.report["stats"]
        assert (stats["retries"], stats["tls_handshakes"]) == (0, 0)
        return run
    return given


def nginx(location, scheme="https"):
    """A web server that is no ECS, asked once."""
    def given(w):
        w.names()
        front = w.enter(servers.Nginx(w.headcount.home / "nginx",
                                      tls=w.certs / "rsa", location=location))
        w.host = f"{NAME}:{front.port}"
        run = w.handle("--ca-bundle", w.certs / "ca.pem",
                       AWS_ENDPOINT_URL_ECS=f"{scheme}://{w.host}")
        assert len(front.requests()) == 1
        return run
    return given


def within(seconds, given):
    def timed(w):
        began = time.monotonic()
        run = given(w)
        assert time.monotonic() - began < patience(seconds)
        return run
    return timed


def nobody(w):
    w.host = f"127.0.0.1:{servers.free_port()}"
    return w.handle(AWS_ENDPOINT_URL_ECS=f"http://{w.host}")


def deaf(w):
    """Takes connections and never says a word."""
    listener = w.enter(socket.create_server(("127.0.0.1", 0)))
    w.host = f"127.0.0.1:{listener.getsockname()[1]}"
    return plain(w)


def plain(w):
    """Waits for the end of a line of HTTP that TLS does not send."""
    return w.handle("--cli-connect-timeout", "0.3", AWS_MAX_ATTEMPTS="1",
                    AWS_ENDPOINT_URL_ECS=f"https://{w.host}")


def unknown_name(name, scheme="https", asked=1):
    """Nobody else is asked for, and it that often: a server that refuses a
    question with EDNS is asked without it, and once more after a pause."""
    def given(w):
        dns = w.names()
        w.host = dns.address
        run = w.handle(AWS_ENDPOINT_URL_ECS=f"{scheme}://{name}",
                       AWS_MAX_ATTEMPTS="1")
        assert {q[1] for q in dns.queries()} == {name}
        assert dns.queries().count(("A", name)) == asked
        return run
    return given


def deaf_dns(w):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as deaf:
        deaf.bind(("127.0.0.1", 0))
        w.host = f"127.0.0.1:{deaf.getsockname()[1]}"
        run = w.handle("--dns-server", w.host, AWS_MAX_ATTEMPTS="1",
                       AWS_ENDPOINT_URL_ECS=f"https://{NAME}")
        deaf.setblocking(False)
        asked = 0
        try:
            while deaf.recv(512):
                asked += 1
        except BlockingIOError:
            pass
    stats = run.report["stats"]
    assert (stats["dns_lookups"], stats["dns_datagrams"]) == (1, asked)
    return run


def no_dns(w):
    w.host = f"127.0.0.1:{servers.free_port()}"
    return w.handle("--dns-server", w.host, AWS_MAX_ATTEMPTS="1",
                    AWS_ENDPOINT_URL_ECS=f"https://{NAME}")


# ---- wrong types ----

VALUES = {"a number": 7, "a fraction": 1.5, "below 0": -1, "2^70": 2 ** 70,
          "a string": "x", "true": True, "an object": {}, "a list": [],
          "a list of numbers": [7], "a list of strings": ["x"],
          "a list of lists": [[]]}
# type: how the error calls it, how core does, which of VALUES are right
TYPES = {
    "text": ("a string", "TEXT", {"a string"}),
    "integer": ("an integer", "INT", {"a number", "below 0"}),
    "time": ("a time in seconds", "TIME", {"a number", "a fraction"}),
    "bool": ("true or false", "BOOL", {"true"}),
    "object": ("an object", "OBJECT", {"an object"}),
    "objects": ("an array of objects", "OBJECTS", {"a list"}),
    "texts": ("an array of strings", "TEXTS",
              {"a list", "a list of strings"}),
}


FAILURES = {"text": "failures[].arn failures[].reason failures[].detail",
            "objects": "failures"}
SERVICE = {
    "text": "serviceArn serviceName clusterArn status launchType "
            "schedulingStrategy resourceManagementType taskDefinition "
            "deploymentController.type deploymentConfiguration.strategy "
            "deployments[].rolloutState deployments[].status "
            "placementConstraints[].type "
            "placementConstraints[].expression tags[].key tags[].value "
            "capacityProviderStrategy[].capacityProvider "
            "taskSets[].status taskSets[].launchType "
            "taskSets[].capacityProviderStrategy[].capacityProvider",
    "integer": "desiredCount runningCount pendingCount "
               "deploymentConfiguration.minimumHealthyPercent "
               "deploymentConfiguration.maximumPercent "
               "capacityProviderStrategy[].weight "
               "capacityProviderStrategy[].base "
               "taskSets[].capacityProviderStrategy[].weight "
               "taskSets[].capacityProviderStrategy[].base",
    "bool": "deployments[].serviceConnectConfiguration.enabled "
            "enableExecuteCommand",
    "time": "deployments[].createdAt deployments[].updatedAt",
    "texts": "networkConfiguration.awsvpcConfiguration.subnets",
    "object": "deploymentController deploymentConfiguration "
              "deployments[].serviceConnectConfiguration "
              "networkConfiguration networkConfiguration.awsvpcConfiguration",
    "objects": "deployments taskSets serviceRegistries loadBalancers "
               "taskSets[].loadBalancers placementConstraints "
               "deployments[].volumeConfigurations capacityProviderStrategy "
               "taskSets[].capacityProviderStrategy tags",
}


def within_each(at, types, *more):
    """`types` of what is at `at`, and more of them as they are."""
    found = {}
    for prefix, part in ((at, types), *(("", m) for m in more)):
        for kind, paths in part.items():
            found[kind] = " ".join([found.get(kind, ""), *(
                prefix + path for path in paths.split())])
    return found


USED = {
    "DescribeServices": within_each("services[].", SERVICE, FAILURES,
                                    {"objects": "services"}),
    "ListContainerInstances": {"texts": "containerInstanceArns",
                               "text": "nextToken"},
    "DescribeContainerInstances": within_each("containerInstances[].", {
        "text": "containerInstanceArn status capacityProviderName "
                "ec2InstanceId versionInfo.agentVersion attributes[].name "
                "attributes[].value tags[].key tags[].value "
                "registeredResources[].name remainingResources[].name",
        "integer": "runningTasksCount pendingTasksCount "
                   "registeredResources[].integerValue "
                   "remainingResources[].integerValue",
        "texts": "registeredResources[].stringSetValue "
                 "remainingResources[].stringSetValue",
        "time": "registeredAt", "bool": "agentConnected",
        "object": "versionInfo",
        "objects": "attributes tags registeredResources "
                   "remainingResources"},
        FAILURES, {"objects": "containerInstances"}),
    "DescribeClusters": within_each("clusters[].", {
        "text": "clusterArn clusterName status tags[].key tags[].value",
        "integer": "registeredContainerInstancesCount", "objects": "tags"},
        FAILURES, {"objects": "clusters"}),
    "DescribeCapacityProviders": within_each("capacityProviders[].", {
        "text": "name type autoScalingGroupProvider.managedScaling.status "
                "managedInstancesProvider.infrastructureRoleArn",
        "object": "autoScalingGroupProvider managedInstancesProvider "
                  "autoScalingGroupProvider.managedScaling"},
        FAILURES, {"objects": "capacityProviders", "text": "nextToken"}),
    "DescribeTaskDefinition": within_each("taskDefinition.", {
        "text": "taskDefinitionArn networkMode cpu memory "
                "placementConstraints[].type "
                "placementConstraints[].expression "
                "runtimePlatform.cpuArchitecture "
                "runtimePlatform.operatingSystemFamily "
                "requiresAttributes[].name requiresAttributes[].value "
                "containerDefinitions[].portMappings[].protocol "
                "containerDefinitions[].portMappings[].containerPortRange "
                "containerDefinitions[].resourceRequirements[].type "
                "containerDefinitions[].resourceRequirements[].value",
        "integer": "containerDefinitions[].cpu containerDefinitions[].memory "
                   "containerDefinitions[].memoryReservation "
                   "containerDefinitions[].portMappings[].hostPort "
                   "containerDefinitions[].portMappings[].containerPort",
        "object": "runtimePlatform",
        "objects": "placementConstraints requiresAttributes "
                   "inferenceAccelerators containerDefinitions "
                   "containerDefinitions[].portMappings "
                   "containerDefinitions[].resourceRequirements"},
        {"object": "taskDefinition"}),
    "ListTasks": {"texts": "taskArns", "text": "nextToken"},
    "DescribeTasks": within_each("tasks[].", {
        "text": "taskArn containerInstanceArn lastStatus desiredStatus "
                "group"},
        FAILURES, {"objects": "tasks"}),
    "DescribeScalableTargets": {
        "text": "ScalableTargets[].ResourceId NextToken",
        "objects": "ScalableTargets"},
    "UpdateService": within_each("service.", SERVICE, {"object": "service"}),
}
USED_EVENTS = {
    "the event": {
        "text": "source detail-type id region account time cluster",
        "texts": "clusters", "objects": "Records"},
    "the event, of a queue": {
        "text": "Records[].messageId Records[].body Records[].eventSource "
                "Records[].eventSourceARN Records[].EventSource "
                "Records[].Sns.Message",
        "object": "Records[].Sns"},
    "the event's detail": {
        "text": "clusterArn containerInstanceArn status",
        "integer": "version"},
    "the event's detail, of a schedule": {
        "text": "cluster", "texts": "clusters"},
    "the event's detail, of an API call": {
        "text": "eventName errorCode requestParameters.cluster",
        "object": "requestParameters"},
}


def members(used):
    """(where, path, type) of {where: {type: "path path"}}."""
    return [(where, path, kind) for where, types in used.items()
            for kind, paths in types.items() for path in paths.split()]


def in_answer(operation, path, value):
    return changed(operation, {path: value})


def in_event(where, path, value):
    """In an event of a host, of a schedule, or of an API call."""
    data = event_of()
    if where.endswith("schedule"):
        data.update({"source": "aws.events", "detail": {},
                     "detail-type": "Scheduled Event"})
    if where.endswith("call"):
        data.update({"detail-type": "AWS API Call via CloudTrail", "detail": {
            "eventName": "PutAttributes", "requestParameters": {}}})
    if where.endswith("queue"):
        data = {"Records": [{"messageId": "1", "eventSource": "aws:sqs",
                             "body": json.dumps(data), "Sns": {}}]}
    detail = where.startswith("the event's detail")
    put(data["detail"] if detail else data, path, value)
    return event(data)


def what_was_read(where):
    if where == "UpdateService":         # after what came of the write
        return "the answer to UpdateService"
    return f"HOST: the answer to {where}" if where in USED \
        else where.partition(",")[0]


def wrong_types(used, given, code):
    """A row for each wrong type of each member.  What a plan asks of Auto
    Scaling may stay unread: it says so and goes on."""
    return [Row(f"wrong types: {where}", f"{path} is {name}",
                given(where, path, value),
                0 if where == "DescribeScalableTargets" else code,
                (f'{what_was_read(where)}: member '
                 f'"{path.rpartition(".")[2]}" is not {TYPES[kind][0]} '
                 "(byte #)",))
            for where, path, kind in members(used)
            for name, value in VALUES.items() if name not in TYPES[kind][2]]


WRONG_TYPES = [*wrong_types(USED, in_answer, 1),
               *wrong_types(USED_EVENTS, in_event, 252)]


def read_by_core():
    """{(name, type)} of the tables of members in core/ecs."""
    return {found for file in (TOP / "core" / "ecs").glob("*.c")
            for found in re.findall(r'\{ "([\w-]+)",\s+VIEW_(\w+),',
                                    file.read_text())}


def read_here():
    return {(path.rpartition(".")[2], TYPES[kind][1])
            for _, path, kind in members({**USED, **USED_EVENTS})}
