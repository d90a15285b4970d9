"""A cluster, its services and its hosts, as AWS describes them.

Used by: peers/ecs_*.py and system/test_peer_placement.py.
Instead of moto: moto's clusters have no agents that disconnect, no capacity
by host and no old answers.
"""
import re

ACCOUNT = "123456789012"
REGION = "eu-west-1"
BORN = 1760000000.5
NEVER = object()


def arn(kind, rest, region=REGION, account=ACCOUNT):
    return f"arn:aws:ecs:{region}:{account}:{kind}/{rest}"


class ServiceError(Exception):
    def __init__(self, code, message, status=400):
        super().__init__(message)
        self.code, self.message, self.status = code, message, status


def invalid(message):
    return ServiceError("InvalidParameterException", message)


class Resource(dict):
    """One thing of AWS's.  `born` is how this file made it: where a test has
    set something else, a wrong type is its wish and no mistake of ours."""

    def __init__(self, born, more=(), groups=()):
        super().__init__(born)
        self.born, self.groups = dict(born), set(groups)
        self.update(more)

    def write(self, **members):
        self.update(members)
        self.born.update(members)

    def scripted(self):
        return {name for name, value in self.items()
                if value != self.born.get(name, NEVER)
                or type(value) is not type(self.born[name])}

    def without(self, *names):
        kept = Resource({}, {k: v for k, v in self.items() if k not in names})
        kept.born = self.born
        return kept


def shown(resource, body):
    """As a Describe answers it: tags are for who asks for them."""
    if "TAGS" in (body.get("include") or ()):
        return resource
    return (resource.without("tags") if isinstance(resource, Resource)
            else {k: v for k, v in resource.items() if k != "tags"})


class Cluster:
    """A cluster with its services and hosts."""

    def __init__(self, name, region, **more):
        self.name, self.region = name, region
        self.arn = arn("cluster", name, region)
        self.services, self.hosts = {}, []
        self.scheduler, self.tasks = None, None     # see ecs_scheduler
        self.record = Resource({"clusterArn": self.arn, "clusterName": name,
                                "status": "ACTIVE", "tags": []}, more)

    def service(self, name, desired=1, **more):
        self.services[name] = Resource({
            "serviceArn": arn("service", f"{self.name}/{name}", self.region),
            "serviceName": name, "clusterArn": self.arn, "status": "ACTIVE",
            "desiredCount": desired, "runningCount": desired,
            "pendingCount": 0, "launchType": "EC2",
            "taskDefinition": arn("task-definition", f"{name}:1", self.region),
            "schedulingStrategy": "REPLICA", "placementConstraints": [],
            "placementStrategy": [], "deploymentController": {"type": "ECS"},
            "loadBalancers": [],
            "deployments": [{
                "id": "ecs-svc/1", "status": "PRIMARY",
                "rolloutState": "COMPLETED", "desiredCount": desired,
                "runningCount": desired, "pendingCount": 0, "failedTasks": 0,
                "createdAt": BORN, "updatedAt": BORN}],
            "events": [{"id": "1", "createdAt": 1760000000.125,
                        "message": f"(service {name}) is steady."}],
            "createdAt": BORN}, more)
        return self.services[name]

    def host(self, name, status="ACTIVE", provider=None, groups=(), **more):
        at = arn("container-instance", f"{self.name}/{name}", self.region)
        if isinstance(more.get("attributes"), dict):
            more["attributes"] = [
                {"name": k, **({} if v is None else {"value": v})}
                for k, v in more["attributes"].items()]
        if provider is not None:
            more["capacityProviderName"] = provider
        self.hosts.append(Resource({
            "containerInstanceArn": at, "ec2InstanceId": f"i-{name}",
            "status": status, "agentConnected": True, "version": 1,
            "versionInfo": {"agentVersion": "1.79.0"},
            "runningTasksCount": 1, "pendingTasksCount": 0, "attributes": [],
            "registeredAt": BORN}, more, groups))
        return at

    def described(self):
        def total(resources, member):
            return sum(r[member] for r in resources
                       if type(r.get(member)) is int)

        services = self.services.values()
        self.record.born.update(
            registeredContainerInstancesCount=len(
                [h for h in self.hosts
                 if h["status"] in ("ACTIVE", "DRAINING")]),
            activeServicesCount=len(
                [s for s in services if s.get("status") == "ACTIVE"]),
            runningTasksCount=total(services, "runningCount"),
            pendingTasksCount=total(services, "pendingCount"))
        return Resource(self.record.born, self.record)

    def named(self, asked):
        """A service by name, or by either form of its ARN."""
        base = arn("service", "", self.region)
        name = re.sub(f"^{base}({self.name}/)?", "", asked)
        return self.services.get(name)

    def settle(self):
        """The scheduler has done what was asked of it."""
        for service in self.services.values():
            service.write(runningCount=service["desiredCount"],
                          pendingCount=0)
