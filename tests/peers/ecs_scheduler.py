"""ECS's scheduler for one cluster of the model, a minute a step.

    prod = ecs.schedule()                # of an EcsServer
    blue = prod.group("blue", most=9, cpu=1024)
    blue.launch("a"); blue.launch("b")
    prod.definition("agent", cpu="256", memory="512")
    prod.service("agent", 2, ("blue", 1))
    ecs.step()                           # a minute; settle() until all is still
    assert prod.counts("agent") == (2, 2, 2)

In each step tasks that were placed start, those that are to stop end, hosts
that groups asked for register, and each REPLICA service gets or loses tasks
until its count is there.  A task that finds no host waits: under managed
scaling in PROVISIONING, for which the provider's group starts a host, up to its
most; else it is tried again.  Nothing happens between steps, whoever waits.

Used by: peers/ecs_server.py and system/test_peer_placement.py.
Instead of moto: moto never starts or stops a task of a service, has no
PROVISIONING, no events and no managed scaling.
"""
import collections
import math
import uuid

import ecs_place
from ecs_cluster import BORN, Resource, arn

MINUTE = 60
PATIENCE = 15 * MINUTE                   # of a task in PROVISIONING
QUIET = 6 * 3600                         # of an event that says the same
UNABLE = ("service {} was unable to place a task because no container instance "
          "met all of its requirements.")
NONE = " Reason: No Container Instances were found in your {}."
CLOSEST = " The closest matching container-instance {} {}"
PORT = "is already using a port required by your task."
ATTRIBUTE = "is missing an attribute required by your task."
ERROR = 'encountered error "{}"'
WORDS = {"cpu": "has insufficient CPU units available.",
         "memory": "has insufficient memory available.",
         "port": PORT, "ports_100": PORT, "attribute": ATTRIBUTE,
         "os": ATTRIBUTE, "architecture": ATTRIBUTE,
         "agent": ERROR.format("AGENT") + ".",
         "distinctInstance": ERROR.format(
             "DistinctInstance placement constraint unsatisfied."),
         "memberOf": ERROR.format(
             "MemberOf placement constraint unsatisfied.")}


class Task(Resource):
    """`service`, `definition` and `needs` are what it was started for."""


class Group:
    """An Auto Scaling group behind a capacity provider, and the hosts that it
    starts: all alike, of `room` and `attributes`."""

    def __init__(self, scheduler, name, most, room, members, hides):
        self.scheduler, self.name, self.most = scheduler, name, most
        self.room, self.members, self.hides = room, members, hides
        self.asked = self.born = 0

    def launch(self, name=None, **more):
        """A host that registers now; `more` as of Scheduler.host()."""
        if name is None:
            self.born += 1
            name = f"{self.name}-{self.born}"
        return self.scheduler.host(name, provider=self.name, **{
            "room": self.room, "hides": dict(self.hides), **self.members,
            **more})

    def size(self):
        return len([h for h in self.scheduler.cluster.hosts
                    if h.get("capacityProviderName") == self.name
                    and h["status"] in ("ACTIVE", "DRAINING")])

    def scale(self, waiting):
        """One host a waiting task, where a new host could hold it: what is too
        large for the smallest instance type starts none."""
        fits = [t for t in waiting if t.needs.cpu <= self.room.cpu
                and t.needs.memory <= self.room.memory]
        self.asked = max(0, min(len(fits), self.most - self.size()))


class Scheduler:
    def __init__(self, model, cluster):
        self.model, self.cluster = model, cluster
        self.now, self.number = BORN + 30 * 24 * 3600, 0
        self.unsettled = ecs_place.Unsettled()
        self.tasks, self.groups = cluster.tasks, {}
        self.zones = {f"subnet-{z}": f"eu-west-1{z}" for z in "abc"}
        self.told = {}                   # host: members that it shows instead
        self.said = {}                   # (service, sentence): when, last
        self.choose = self.spread

    def __deepcopy__(self, _):
        """A snapshot of the model has its tasks, and no other scheduler."""
        return self

    # ---- what is there ----

    def service(self, name, desired, *strategy, **more):
        """One that is new, without a task; a strategy is of shares, each
        (provider, weight) or (provider, weight, base)."""
        if strategy:
            more["capacityProviderStrategy"] = [dict(zip(
                ("capacityProvider", "weight", "base"), share))
                for share in strategy]
        service = self.cluster.service(name, desired, **more)
        if strategy:
            del service["launchType"]
        service.write(runningCount=0, createdAt=self.now, events=[])
        for deployment in service["deployments"]:
            deployment.update(createdAt=self.now, updatedAt=self.now,
                              runningCount=0, rolloutState="IN_PROGRESS")
        return service

    def definition(self, family, revision=None, **members):
        """A task definition with the attributes that ECS says it requires."""
        return self.model.task_definition(family, revision, **{
            "requiresAttributes": ecs_place.required(members), **members})

    def host(self, name, provider=None, room=None, hides=(), **more):
        """A host that registers now, of an agent that has all it can."""
        self.cluster.host(name, provider=provider, **{
            "registeredAt": self.now, "attributes": ecs_place.agent(), **more})
        host = self.cluster.hosts[-1]
        host.room, host.hides = room or ecs_place.Room(), dict(hides)
        self.show_host(host)
        return host

    def group(self, name, most=10, managed=True, attributes=None, hides=(),
              **room):
        """`managed`: True, False, or "instances" (Managed Instances)."""
        self.model.provider(name, **({
            "type": "MANAGED_INSTANCES", "managedInstancesProvider": {
                "infrastructureRoleArn": "arn:aws:iam::123456789012:role/own"}
        } if managed == "instances" else {"autoScalingGroupProvider": {
            "autoScalingGroupArn": "arn:aws:autoscaling:eu-west-1:"
            f"123456789012:autoScalingGroup:1:autoScalingGroupName/{name}",
            "managedScaling": {"status": "ENABLED" if managed
                               else "DISABLED"}}}))
        self.groups[name] = Group(
            self, name, most, ecs_place.Room(**room),
            {} if attributes is None else {"attributes": attributes}, hides)
        return self.groups[name]

    def tells(self, host, **members):
        """What a host shows instead of the truth; None: not that member."""
        self.told.setdefault(host["containerInstanceArn"], {}).update(members)
        self.show_host(host)

    def occupy(self, host, **members):
        """A task of nobody's service that takes this room there."""
        definition = {"containerDefinitions": [members]}
        task = self.start({"serviceName": None}, definition, "other", None)
        self.put(task, host)
        task.update(lastStatus="RUNNING", group="family:other")
        self.show_host(host)
        return task

    def definition_of(self, service):
        return self.model.DescribeTaskDefinition(
            {"taskDefinition": service["taskDefinition"]})["taskDefinition"]

    # ---- tasks ----

    def start(self, service, definition, by, provider):
        self.number += 1
        name = uuid.uuid5(uuid.NAMESPACE_URL, str(self.number)).hex
        task = Task({
            "taskArn": arn("task", f"{self.cluster.name}/{name}",
                           self.model.region),
            "clusterArn": self.cluster.arn, "lastStatus": "PROVISIONING",
            "desiredStatus": "RUNNING", "startedBy": by, "version": 1,
            "group": f"service:{service['serviceName']}", "createdAt": self.now,
            "launchType": service.get("launchType") or "EC2"})
        if "taskDefinitionArn" in definition:
            task["taskDefinitionArn"] = definition["taskDefinitionArn"]
        if provider is not None:
            task["capacityProviderName"] = provider
        task.service, task.definition = service, definition
        task.needs = ecs_place.needs(definition)
        self.tasks.append(task)
        return task

    @staticmethod
    def put(task, host):
        task["lastStatus"] = "PENDING"
        if host is not None:
            task["containerInstanceArn"] = host["containerInstanceArn"]

    def stop(self, task, why="ServiceSchedulerInitiated"):
        task.update(desiredStatus="STOPPED", stopCode=why,
                    stoppingAt=self.now)
        if "containerInstanceArn" not in task:
            self.end(task)

    def end(self, task):
        task.update(lastStatus="STOPPED", stoppedAt=self.now)

    def alive(self, service):
        group = f"service:{service['serviceName']}"
        return [t for t in self.tasks if t["group"] == group
                and t["desiredStatus"] == "RUNNING"]

    def table(self):
        return ecs_place.Table(self.unsettled, self.tasks, self.zones)

    def spread(self, hosts, table, task):
        """Over zones, then over hosts, as a service without a strategy of
        placement is; of equals the first."""
        group = task["group"]
        here = {h["containerInstanceArn"]: len(
            [t for t in table.on(h) if t["group"] == group])
            for h in self.cluster.hosts if hasattr(h, "room")}
        zones = collections.Counter()
        for h in self.cluster.hosts:
            zone = ecs_place.attributes(h).get("ecs.availability-zone")
            zones[zone] += here.get(h["containerInstanceArn"], 0)
        return min(hosts, key=lambda h: (
            zones[ecs_place.attributes(h).get("ecs.availability-zone")],
            here[h["containerInstanceArn"]]))

    def place(self, task):
        """True: it has a host.  False: the closest host's reason is said."""
        table = self.table()
        if self.is_fargate(task.service, task.get("capacityProviderName")):
            self.put(task, None)
            return True
        hosts = [h for h in self.cluster.hosts if hasattr(h, "room")]
        answers = [(table.refusals(h, task), h) for h in hosts]
        taking = [h for why, h in answers if not why]
        if taking:
            self.put(task, self.choose(taking, table, task))
            self.solved(task.service)
            return True
        near = [a for a in answers if a[0] != ["candidate"]]
        if self.unsettled.waiting_said or not self.is_managed(task):
            self.say_unable(task, min(near, key=lambda a: len(a[0]))
                            if near else None)
        return False

    def is_fargate(self, service, provider):
        kind = self.model.providers.get(provider, {}).get("type") or ""
        return (kind or service.get("launchType") or "").startswith("FARGATE")

    def is_managed(self, task):
        name = task.get("capacityProviderName")
        provider = self.model.providers.get(name, {})
        return provider.get("type") == "MANAGED_INSTANCES" or (
            (provider.get("autoScalingGroupProvider") or {})
            .get("managedScaling") or {}).get("status") == "ENABLED"

    # ---- events ----

    def say(self, service, sentence):
        events = service.get("events") or []
        self.number += 1
        told = {"id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"e{self.number}")),
                "createdAt": self.now, "message": sentence}
        service.write(events=[told, *events][:100])

    def say_unable(self, task, closest):
        name = task.service["serviceName"]
        sentence = UNABLE.format(name)
        if closest is None:
            sentence += NONE.format("capacity provider" if task.get(
                "capacityProviderName") else "cluster")
        else:
            code = closest[0][0]
            sentence += CLOSEST.format(
                closest[1]["containerInstanceArn"].rpartition("/")[2],
                WORDS.get(code) or
                ERROR.format(f"RESOURCE:{code.upper()}") + ".")
        last = self.said.get((name, sentence))
        if last is None or self.now - last >= QUIET:
            self.said[name, sentence] = self.now
            self.say(task.service, sentence)

    def solved(self, service):
        """The cause is gone: the same words are news again."""
        for key in [k for k in self.said if k[0] == service["serviceName"]]:
            del self.said[key]

    # ---- deployments ----

    def updated(self, service, members):
        """What UpdateService does beside setting its members."""
        primary = self.primary(service)
        if primary is None:              # a test took it away
            return
        if "taskDefinition" in members:
            primary["status"] = "ACTIVE"
            self.number += 1
            new = {**primary, "id": f"ecs-svc/{self.number}",
                   "status": "PRIMARY", "rolloutState": "IN_PROGRESS",
                   "taskDefinition": service["taskDefinition"],
                   "createdAt": self.now, "updatedAt": self.now,
                   "runningCount": 0, "pendingCount": 0}
            service.write(deployments=[new, *service["deployments"]])
        elif "desiredCount" in members and self.unsettled.updated:
            primary["updatedAt"] = self.now

    @staticmethod
    def primary(service):
        return next((d for d in service.get("deployments") or ()
                     if d.get("status") == "PRIMARY"), None)

    @staticmethod
    def bounds(service):
        """(tasks at least running, tasks at most) while it is deployed."""
        how = service.get("deploymentConfiguration") or {}
        low, high = how.get("minimumHealthyPercent"), how.get("maximumPercent")
        count = service["desiredCount"]
        return (math.ceil(count * (100 if low is None else low) / 100),
                count * (200 if high is None else high) // 100)

    # ---- a service gets its tasks ----

    def provider_for(self, service):
        strategy = service.get("capacityProviderStrategy")
        if not strategy:
            return None
        have = collections.Counter(t.get("capacityProviderName")
                                   for t in self.alive(service))
        return ecs_place.due(strategy, have, self.unsettled)

    def begin(self, service):
        """One task more, with a host or waiting for one; or None."""
        strategy = service.get("capacityProviderStrategy")
        provider = self.provider_for(service)
        if strategy and provider is None:
            return None
        task = self.start(service, self.definition_of(service),
                          self.primary(service)["id"], provider)
        if self.place(task):
            return task
        if self.is_managed(task):
            return task
        self.tasks.remove(task)          # ECS tries again, without a task
        return None

    def last(self, service, tasks):
        """The task that a lower count stops: one that does not run, else one
        of the provider and the host that have the most."""
        by = collections.Counter(t.get("capacityProviderName") for t in tasks)
        at = collections.Counter(t.get("containerInstanceArn") for t in tasks)
        shares = {s["capacityProvider"]: s.get("weight") or 1 for s in
                  service.get("capacityProviderStrategy") or ()}
        return max(tasks, key=lambda t: (
            t["lastStatus"] != "RUNNING",
            by[t.get("capacityProviderName")]
            / shares.get(t.get("capacityProviderName"), 1),
            at[t.get("containerInstanceArn")], t["createdAt"]))

    def serve(self, service):
        if service.get("status") != "ACTIVE" or \
                service.get("schedulingStrategy") == "DAEMON":
            return
        primary = self.primary(service)["id"]
        least, most = self.bounds(service)
        for task in self.alive(service):
            if task["lastStatus"] == "PROVISIONING" and not self.place(task) \
                    and self.now - task["createdAt"] >= PATIENCE:
                self.stop(task, "TaskFailedToStart")
        new = [t for t in self.alive(service) if t["startedBy"] == primary]
        old = [t for t in self.alive(service) if t["startedBy"] != primary]
        stopped = []
        while len(new) > service["desiredCount"]:
            stopped.append(self.last(service, new))
            new.remove(stopped[-1])
        run = [t for t in new + old if t["lastStatus"] == "RUNNING"]
        free = max(0, len(run) - least)
        old.sort(key=lambda t: t["lastStatus"] == "RUNNING")
        stopped += [t for i, t in enumerate(old)
                    if t["lastStatus"] != "RUNNING" or i < free]
        for task in stopped:
            self.stop(task)
        lacking = min(service["desiredCount"] - len(new),
                      most - len(self.alive(service)))
        started = [t for t in [self.begin(service)
                               for _ in range(lacking)] if t is not None]
        self.say_tasks(service, "stopped {} running tasks", stopped)
        self.say_tasks(service, "started {} tasks", started)

    def say_tasks(self, service, words, tasks):
        if tasks:
            names = " ".join(f"(task {t['taskArn'].rpartition('/')[2]})"
                             for t in tasks)
            self.say(service, f"(service {service['serviceName']}) has "
                     f"{words.format(len(tasks))}: {names}.")

    # ---- time ----

    def step(self, minutes=1):
        """So many minutes, one by one."""
        for _ in range(minutes):
            self.now += MINUTE
            self.advance()
            for group in self.groups.values():
                for _ in range(group.asked):
                    group.launch()
                group.asked = 0
            for service in list(self.cluster.services.values()):
                self.serve(service)
            for name, group in self.groups.items():
                waiting = [t for t in self.tasks
                           if t["lastStatus"] == "PROVISIONING"
                           and t.get("capacityProviderName") == name]
                if waiting and self.is_managed(waiting[0]):
                    group.scale(waiting)
            self.show()

    def advance(self):
        """Agents start what was placed, and end what is to stop."""
        hosts = {h["containerInstanceArn"]: h for h in self.cluster.hosts}
        for task in list(self.tasks):
            host = hosts.get(task.get("containerInstanceArn"))
            if task["lastStatus"] == "STOPPED":
                if self.now - task["stoppedAt"] > 3600:
                    self.tasks.remove(task)
            elif task["desiredStatus"] == "STOPPED":
                self.end(task)
            elif "containerInstanceArn" in task and (
                    host is None or host["status"] == "INACTIVE"):
                self.stop(task)
                self.end(task)
            elif host is not None and host["status"] == "DRAINING":
                self.stop(task)
            elif task["lastStatus"] == "PENDING":
                if host is None or host.get("agentConnected"):
                    task.update(lastStatus="RUNNING", startedAt=self.now)

    def settle(self, most=40):
        """Steps until a step changes no count."""
        for _ in range(most):
            before = self.picture()
            self.step()
            if before == self.picture() and not any(
                    g.asked for g in self.groups.values()):
                return
        raise AssertionError(f"no rest after {most} steps: {before}")

    def picture(self):
        return (len(self.cluster.hosts), sorted(
            (t["taskArn"], t["lastStatus"], t["desiredStatus"])
            for t in self.tasks if t["lastStatus"] != "STOPPED"))

    def counts(self, name):
        """(hosts, desired, running): the three of the table of worlds."""
        service = self.cluster.services[name]
        return (len([h for h in self.cluster.hosts
                     if h["status"] == "ACTIVE"]),
                service["desiredCount"], service["runningCount"])

    # ---- what answers show ----

    def show(self):
        table = self.table()
        there = collections.defaultdict(list)
        for task in self.tasks:
            if task["lastStatus"] != "STOPPED":
                there[task.get("containerInstanceArn")].append(task)
        for host in self.cluster.hosts:
            if hasattr(host, "room"):
                self.show_on(host, table, there[host["containerInstanceArn"]])
        for service in self.cluster.services.values():
            if service.get("schedulingStrategy") != "DAEMON":
                self.show_service(service)

    def show_host(self, host):
        at = host["containerInstanceArn"]
        self.show_on(host, self.table(), [
            t for t in self.tasks if t.get("containerInstanceArn") == at
            and t["lastStatus"] != "STOPPED"])

    def show_on(self, host, table, there):
        cpu, memory, tcp, udp, free = table.left(host)
        room = host.room
        ids = [f"GPU-{i}" for i in range(room.gpus)]
        used = ids[:room.gpus - free]
        host.groups = {
            t["group"] for t in there
            if (self.unsettled.stopping_group
                or t["desiredStatus"] == "RUNNING")
            and (self.unsettled.pending_group or t["lastStatus"] != "PENDING")}
        host.write(
            runningTasksCount=len([t for t in there
                                   if t["lastStatus"] == "RUNNING"]),
            pendingTasksCount=len([t for t in there
                                   if t["lastStatus"] == "PENDING"]),
            registeredResources=ecs_place.resources(
                room.cpu, room.memory, room.tcp, room.udp, ids or None),
            remainingResources=ecs_place.resources(
                cpu, memory, sorted(tcp), sorted(udp), None if not ids else
                ids[len(used):] if self.unsettled.gpus_free else used))
        told = self.told.get(host["containerInstanceArn"], {})
        for name, value in told.items():
            host.pop(name, None)
            if value is not None:
                host[name] = value

    def show_service(self, service):
        def count(tasks, *words):
            return len([t for t in tasks if t["lastStatus"] in words])

        alive = self.alive(service)
        pends = ("PENDING", "PROVISIONING") if self.unsettled.waiting_pends \
            else ("PENDING",)
        was = service["runningCount"], service["pendingCount"]
        service.write(runningCount=count(alive, "RUNNING"),
                      pendingCount=count(alive, *pends))
        kept = []
        for deployment in service["deployments"]:
            own = [t for t in alive if t["startedBy"] == deployment["id"]]
            deployment.update(runningCount=count(own, "RUNNING"),
                              pendingCount=count(own, *pends))
            if deployment["status"] == "PRIMARY":
                deployment["desiredCount"] = service["desiredCount"]
                kept.append(deployment)
            elif own:
                deployment["desiredCount"] = 0
                kept.append(deployment)
        service.write(deployments=kept)
        if len(kept) == 1 and \
                service["runningCount"] == service["desiredCount"] == len(
                    alive):
            kept[0]["rolloutState"] = "COMPLETED"
            if was != (service["runningCount"], service["pendingCount"]):
                self.say(service, f"(service {service['serviceName']}) has "
                         "reached a steady state.")
