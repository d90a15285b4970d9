"""Which hosts ECS takes for a task: one row a rule, each yes or no.

    wants = needs(definition)
    why = Table(Unsettled(), tasks, zones).refusals(host, task)
    # [] is a host that takes it; else codes, the first one first

A second implementation of the table that core/plan/placement.c reads, written
without it, and from the other side: this one is ECS and knows all.  It knows
what no answer tells (network interfaces, volumes, a reason of its own), and a
test sets it in `host.hides`.  What AWS's pages leave open is a member of
Unsettled; a test may have it either way, and headcount must do no harm in
both.

Used by: peers/ecs_scheduler.py, system/test_explain.py,
system/test_peer_placement.py and
system/test_placement.py.
Instead of moto: moto places by CPU, memory and ports of awsvpc alike, and
knows neither attributes nor distinctInstance.
"""
import collections
import dataclasses

import ecs_query

# Taken from the start, by the agent's own word.
LINUX_PORTS = (22, 2375, 2376, 51678, 51679)
WINDOWS_PORTS = (53, 135, 139, 445, 2375, 2376, 3389, 5985, 5986, 51678, 51679)
MOST_PORTS = 100
CAPABILITY = "com.amazonaws.ecs.capability."
EXTERNAL = "ecs.capability.external"
# What the agent leaves out on hosts of ECS Anywhere.
NOT_EXTERNAL = ("task-eni", "cni-plugin-version", "aws-appmesh", "task-eia",
                "service-connect-v1", "storage.ebs", "fault-injection")


@dataclasses.dataclass
class Unsettled:
    """What only AWS can settle."""
    values: bool = False          # values of required attributes bind
    features: bool = True         # Service Connect, EBS and Exec bind
    architecture: bool = True     # runtimePlatform.cpuArchitecture binds
    both_protocols: bool = True   # TCP and UDP count together to 100
    base_alone: bool = True       # weight 0 of several takes its base
    gpus_free: bool = True        # remainingResources lists the free GPUs
    pending_group: bool = True    # task:group sees tasks that begin
    stopping_group: bool = False  # and those that are to stop
    updated: bool = True          # desiredCount moves deployments' updatedAt
    waiting_pends: bool = False   # pendingCount has PROVISIONING tasks
    waiting_said: bool = False    # they make events
    last_first: bool = False      # of equals, the strategy's last provider


# ---- a task definition ----

@dataclasses.dataclass
class Needs:
    cpu: int = 0
    memory: int = 0
    tcp: frozenset = frozenset()
    udp: frozenset = frozenset()
    gpus: int = 0
    all_gpus: bool = False
    interface: bool = False
    impossible: bool = False      # what no EC2 host has any more


def number(text):
    return int(text) if str(text or "").isdigit() else 0


def needs(definition):
    containers = definition.get("containerDefinitions") or ()
    mode = definition.get("networkMode") or "bridge"
    ports = {"tcp": set(), "udp": set()}
    for mapping in (m for c in containers for m in c.get("portMappings", ())):
        port = mapping.get("hostPort") or 0
        if mode == "host":
            port = port or mapping.get("containerPort") or 0
        if mode in ("bridge", "host") and port > 0:
            ports[mapping.get("protocol") or "tcp"].add(port)
    gpus = [r["value"] for c in containers
            for r in c.get("resourceRequirements", ()) if r["type"] == "GPU"]
    return Needs(
        number(definition.get("cpu"))
        or sum(c.get("cpu") or 0 for c in containers),
        number(definition.get("memory"))
        or sum(c.get("memoryReservation") or c.get("memory") or 0
               for c in containers),
        frozenset(ports["tcp"]), frozenset(ports["udp"]),
        sum(number(g) for g in gpus), "ALL" in gpus, mode == "awsvpc",
        bool(definition.get("inferenceAccelerators")))


def required(definition):
    """The requiresAttributes that ECS computes when it registers one."""
    def names():
        yield "docker-remote-api.1.18"
        if definition.get("taskRoleArn"):
            yield "task-iam-role"
        for container in definition.get("containerDefinitions") or ():
            if container.get("privileged"):
                yield "privileged-container"
            if container.get("logConfiguration"):
                yield ("logging-driver."
                       + container["logConfiguration"]["logDriver"])

    found = {CAPABILITY + n for n in names()}
    if definition.get("networkMode") == "awsvpc":
        found.add("ecs.capability.task-eni")
    if any(c.get("healthCheck") for c in
           definition.get("containerDefinitions") or ()):
        found.add("ecs.capability.container-health-check")
    return [{"name": n} for n in sorted(found)]


# ---- a host ----

@dataclasses.dataclass
class Room:
    """What a host registers."""
    cpu: int = 2048
    memory: int = 3884
    tcp: tuple = LINUX_PORTS
    udp: tuple = ()
    gpus: int = 0


def agent(zone="eu-west-1a", subnet="subnet-a", family="LINUX",
          architecture="x86_64", without=(), external=False, **more):
    """The attributes that an agent registers: {name: value or None}."""
    names = [f"docker-remote-api.1.{n}" for n in range(17, 26)]
    names += ["docker-remote-api.1.28", "docker-remote-api.1.29",
              "docker-remote-api.1.30", "docker-remote-api.1.32",
              "privileged-container", "logging-driver.json-file",
              "logging-driver.none", "logging-driver.awsfirelens",
              "ecr-auth", "task-iam-role", "task-iam-role-network-host"]
    found = dict.fromkeys(CAPABILITY + n for n in names)
    names = ["execution-role-ecr-pull", "execution-role-awslogs",
             "container-health-check", "task-eni", "task-cpu-mem-limit",
             "docker-plugin.local", "efs", "efsAuth", "secrets.ssm.environment-"
             "variables", "secrets.asm.environment-variables", "env-files.s3",
             "private-registry-authentication.secretsmanager",
             "container-ordering", "pid-ipc-namespace-sharing",
             "aws-appmesh", "execute-command", "service-connect-v1",
             "storage.ebs-task-volume-attach", "fault-injection"]
    found.update(dict.fromkeys("ecs.capability." + n for n in names))
    if external:
        found = {n: v for n, v in found.items()
                 if not n.removeprefix("ecs.capability.")
                 .startswith(NOT_EXTERNAL)}
        found[EXTERNAL] = None
    else:
        found.update({"ecs.availability-zone": zone, "ecs.subnet-id": subnet,
                      "ecs.instance-type": "m6i.large", "ecs.vpc-id": "vpc-1",
                      "ecs.ami-id": "ami-1"})
    found.update({"ecs.os-type": "linux", "ecs.os-family": family,
                  "ecs.cpu-architecture": architecture}, **more)
    return {n: v for n, v in found.items() if n not in without and v != ""}


def attributes(host):
    return {a["name"]: a.get("value") or ""
            for a in host.get("attributes") or ()}


def resources(cpu, memory, tcp, udp, gpus):
    """Resources as an answer has them."""
    def item(name, kind, number=0, **more):
        return {"name": name, "type": kind, "doubleValue": 0.0,
                "longValue": 0, "integerValue": number, **more}

    def texts(values):
        return {"stringSetValue": [str(v) for v in values]}

    found = [item("CPU", "INTEGER", cpu), item("MEMORY", "INTEGER", memory),
             item("PORTS", "STRINGSET", **texts(tcp)),
             item("PORTS_UDP", "STRINGSET", **texts(udp))]
    if gpus is not None:
        found.append(item("GPU", "STRINGSET", **texts(gpus)))
    return found


# ---- a strategy ----

def used(strategy, unsettled):
    """The shares that tasks are placed by."""
    if len(strategy) == 1:
        return strategy
    return [s for s in strategy if s.get("weight") or
            (s.get("base") and unsettled.base_alone)]


def due(strategy, have, unsettled):
    """The provider of the next task, while `have` counts those that are."""
    shares = used(strategy, unsettled)
    for share in shares:
        if have.get(share["capacityProvider"], 0) < share.get("base", 0):
            return share["capacityProvider"]
    if len(shares) == 1:
        return shares[0]["capacityProvider"]
    shares = [s for s in shares if s.get("weight")]
    if unsettled.last_first:
        shares = shares[::-1]
    if not shares:
        return None
    return min(shares, key=lambda s: (
        have.get(s["capacityProvider"], 0) - s.get("base", 0)) / s["weight"])[
            "capacityProvider"]


# ---- the table ----

class Table:
    """`tasks` are those of the cluster as they are now, `zones` those of
    subnets."""

    def __init__(self, unsettled, tasks, zones):
        self.unsettled, self.zones = unsettled, zones
        self.by_host = collections.defaultdict(list)
        for task in tasks:
            if task["desiredStatus"] == "RUNNING":
                self.by_host[task.get("containerInstanceArn")].append(task)

    def on(self, host):
        """The tasks that take room there: a task that is to stop gives its
        room back, though it still runs."""
        return self.by_host.get(host["containerInstanceArn"], [])

    def left(self, host):
        """(CPU, memory, TCP ports taken, UDP ports taken, GPUs free)."""
        there = [t.needs for t in self.on(host)]
        room = host.room
        return (room.cpu - sum(n.cpu for n in there),
                room.memory - sum(n.memory for n in there),
                set(room.tcp).union(*(n.tcp for n in there)),
                set(room.udp).union(*(n.udp for n in there)),
                0 if any(n.all_gpus for n in there)
                else room.gpus - sum(n.gpus for n in there))

    def is_candidate(self, host, task):
        """Rows 1, 4, 5 and 7: is it one of the hosts at all?"""
        external = EXTERNAL in attributes(host)
        return (host["status"] == "ACTIVE"
                and external == (task.service.get("launchType") == "EXTERNAL")
                and task.get("capacityProviderName")
                in (None, host.get("capacityProviderName")))

    def refusals(self, host, task):
        if not self.is_candidate(host, task):
            return ["candidate"]
        return [*self.constraints(host, task), *self.platform(host, task),
                *self.room(host, task), *self.network(host, task)]

    def constraints(self, host, task):
        if not host.get("agentConnected"):
            yield "agent"
        both = (*(task.service.get("placementConstraints") or ()),
                *(task.definition.get("placementConstraints") or ()))
        for constraint in both:
            if constraint["type"] == "distinctInstance":
                if task["group"] in [t["group"] for t in self.on(host)]:
                    yield "distinctInstance"
            elif not ecs_query.matches(
                    ecs_query.parse(constraint["expression"]), host):
                yield "memberOf"

    def features(self, service):
        primary = next((d for d in service.get("deployments") or ()
                        if d.get("status") == "PRIMARY"), {})
        if (primary.get("serviceConnectConfiguration") or {}).get("enabled"):
            yield "service-connect-v1"
        if primary.get("volumeConfigurations"):
            yield "storage.ebs-task-volume-attach"
        if service.get("enableExecuteCommand"):
            yield "execute-command"

    def platform(self, host, task):
        has = attributes(host)
        for wanted in task.definition.get("requiresAttributes") or ():
            value = wanted.get("value")
            if wanted["name"] not in has or (
                    self.unsettled.values and value
                    and has[wanted["name"]] != value):
                yield "attribute"
        for name in self.features(task.service):
            if self.unsettled.features and f"ecs.capability.{name}" not in has:
                yield "attribute"
        asked = task.definition.get("runtimePlatform") or {}
        family = asked.get("operatingSystemFamily", "").lower()
        if family not in ("", has.get("ecs.os-family", "").lower()):
            yield "os"
        wanted = asked.get("cpuArchitecture", "").lower()
        if self.unsettled.architecture and \
                wanted not in ("", has.get("ecs.cpu-architecture", wanted)):
            yield "architecture"

    def room(self, host, task):
        wants = task.needs
        cpu, memory, tcp, udp, gpus = self.left(host)
        if wants.cpu > max(cpu, 0):
            yield "cpu"
        if wants.memory > max(memory, 0):
            yield "memory"
        if wants.tcp & tcp or wants.udp & udp:
            yield "port"
        sizes = [len(wants.tcp | tcp) if wants.tcp else 0,
                 len(wants.udp | udp) if wants.udp else 0]
        if self.unsettled.both_protocols and any(sizes):
            sizes = [len(wants.tcp | tcp) + len(wants.udp | udp)]
        if max(sizes) > MOST_PORTS:
            yield "ports_100"
        if wants.impossible or wants.gpus > gpus or (
                wants.all_gpus and not 0 < host.room.gpus == gpus):
            yield "gpu"

    def network(self, host, task):
        """What no answer tells, and the zones of the service's subnets."""
        there = self.on(host)
        if task.needs.interface:
            limit = host.hides.get("interfaces", 2)
            if limit <= len([t for t in there if t.needs.interface]):
                yield "eni"
            subnets = ((task.service.get("networkConfiguration") or {})
                       .get("awsvpcConfiguration") or {}).get("subnets", ())
            if attributes(host).get("ecs.availability-zone") not in \
                    [self.zones.get(s) for s in subnets]:
                yield "zone"
        if "storage.ebs-task-volume-attach" in self.features(task.service) \
                and host.hides.get("volumes", 20) <= len(there):
            yield "ebs"
        if task["group"] in host.hides.get("refuses", ()):
            yield "hidden"
