"""What ECS knows and what each operation makes of it, without a wire.

    model = Model(region="eu-west-1")
    prod = model.cluster("prod")
    prod.service("web", desired=1)
    prod.host("a", attributes={"ssd": "yes"})
    model.ListContainerInstances({"cluster": "prod", "status": "ACTIVE"})

A refusal is a ServiceError with AWS's code.  Its sentence is AWS's where one
is on record: for the DAEMON count, more than 10 services, an empty list, and
what was not found or not active.  Others are our own words.

Used by: peers/ecs_server.py, system/test_peer_placement.py and
system/test_peer_query.py.
Instead of moto: moto ignores filters and status, gives whole lists in one
page and knows few of AWS's refusals.
"""
import copy
import hashlib
import re

import ecs_query
from ecs_cluster import (ACCOUNT, BORN, REGION, Cluster, Resource,
                         ServiceError, arn, invalid, shown)
from ecs_tags import Tags, Trail
from ecs_tasks import TaskCalls

# The members of UpdateService that are members of a service too.
SETTABLE = {"desiredCount", "taskDefinition", "capacityProviderStrategy",
            "deploymentConfiguration", "availabilityZoneRebalancing",
            "networkConfiguration", "placementConstraints",
            "placementStrategy", "platformVersion",
            "healthCheckGracePeriodSeconds", "enableExecuteCommand",
            "enableECSManagedTags", "loadBalancers", "propagateTags",
            "serviceRegistries"}


class Pages:
    """The tokens that were given out, and for which question."""

    def __init__(self):
        self.issued, self.opaque = {}, True

    def token(self, question, at):
        text = str(at)
        if self.opaque:
            text = hashlib.sha256(f"{question} {at}".encode()).hexdigest()
        self.issued[text, question] = at
        return text

    def cut(self, body, items, limit, names=("nextToken", "nextToken")):
        """(a page of `items`, {} or the next token); `body` is the question,
        but for its token and its size."""
        question = repr(sorted((k, v) for k, v in body.items() if v is not None
                               and k.lower() not in ("nexttoken",
                                                     "maxresults")))
        question = f"{names[0]} {question}"
        at, token = 0, body.get(names[1])
        if token is not None:
            if (token, question) not in self.issued:
                raise invalid("Invalid token.")
            at = self.issued[token, question]
        more = ({names[1]: self.token(question, at + limit)}
                if at + limit < len(items) else {})
        return items[at:at + limit], more


EXTERNAL = "attribute:ecs.capability.external "


def launch_terms(text):
    """The term of a launch type in a filter of several, and the others."""
    if not text.startswith("("):
        return
    terms = text[1:-1].split(") and (")
    for term in [EXTERNAL + "exists", EXTERNAL + "!exists"]:
        rest = [t for t in terms if t != term]
        if len(rest) < len(terms):
            yield term, rest[0] if len(rest) == 1 else \
                " and ".join(f"({t})" for t in rest)


class Model(Tags, Trail, TaskCalls):
    def __init__(self, region=REGION):
        self.region, self.page = region, 100
        self.no_groups = False           # filters by task:group are refused
        self.clusters, self.filters, self.pages = [], {}, Pages()
        self.task_definitions, self.targets, self.events = [], [], []
        self.providers = {}
        for name in ("FARGATE", "FARGATE_SPOT"):
            self.provider(name, type=name)

    def snapshot(self):
        """As all of it is now; the page tokens are one for all times."""
        then = copy.copy(self)
        for name in ("clusters", "task_definitions", "targets", "providers"):
            setattr(then, name, copy.deepcopy(getattr(self, name)))
        return then

    # ---- what is there ----

    def cluster(self, name, **more):
        self.clusters.append(Cluster(name, self.region, **more))
        return self.clusters[-1]

    def provider(self, name, **more):
        self.providers[name] = Resource({
            "capacityProviderArn": arn("capacity-provider", name,
                                       self.region),
            "name": name, "status": "ACTIVE", "tags": [],
            "type": "EC2_AUTOSCALING"}, more)
        return self.providers[name]

    def task_definition(self, family, revision=None, **more):
        if revision is None:
            revision = 1 + max([t["revision"] for t in self.task_definitions
                                if t["family"] == family], default=0)
        self.task_definitions.append(Resource({
            "taskDefinitionArn": arn("task-definition",
                                     f"{family}:{revision}", self.region),
            "family": family, "revision": revision, "status": "ACTIVE",
            "containerDefinitions": [{"name": family, "image": "busybox",
                                      "cpu": 0, "memory": 128,
                                      "essential": True}],
            "placementConstraints": [], "volumes": [],
            "compatibilities": ["EC2"], "requiresAttributes": [],
            "registeredAt": BORN}, more))
        return self.task_definitions[-1]

    def scalable_target(self, cluster, service, low, high, **more):
        self.targets.append(Resource({
            "ServiceNamespace": "ecs", "MinCapacity": low,
            "ResourceId": f"service/{cluster}/{service}",
            "ScalableDimension": "ecs:service:DesiredCount",
            "MaxCapacity": high, "CreationTime": BORN,
            "RoleARN": f"arn:aws:iam::{ACCOUNT}:role/scaling"}, more))
        return self.targets[-1]

    # ---- what each operation needs ----

    def known(self, asked):
        return next((c for c in self.clusters if asked in (c.name, c.arn)),
                    None)

    def the_cluster(self, body):
        found = self.known(body.get("cluster") or "default")
        if found is None:
            raise ServiceError("ClusterNotFoundException",
                               "Cluster not found.")
        if found.record["status"] == "INACTIVE":
            raise ServiceError("ClusterNotFoundException",
                               "The referenced cluster was inactive.")
        return found

    def limit(self, body, default, most=100):
        size = body.get("maxResults")
        if size is not None and not 1 <= size <= most:
            raise invalid(f"maxResults must be from 1 to {most}.")
        return default if size is None else min(size, default, most)

    def missing(self, kind, asked, prefix=""):
        if not asked.startswith("arn:"):
            asked = arn(kind, prefix + asked, self.region)
        return {"arn": asked, "reason": "MISSING"}

    def listed(self, cluster, body):
        hosts = [h for h in cluster.hosts if h["status"] == body["status"]] \
            if body.get("status") else \
            [h for h in cluster.hosts if h["status"] != "INACTIVE"]
        text = body.get("filter")
        if text is None:
            return hosts
        if self.no_groups and "task:group" in text:
            raise invalid("Invalid filter: task:group is not supported.")
        for term, rest in launch_terms(text):
            if rest in self.filters:
                hosts = [h for h in hosts
                         if ecs_query.matches(ecs_query.parse(term), h)]
                text = rest
        if text in self.filters:
            return [h for h in hosts
                    if h["ec2InstanceId"][2:] in self.filters[text]]
        try:
            tree = ecs_query.parse(text)
        except ValueError as e:
            raise invalid(f"Invalid filter: {e}") from e
        return [h for h in hosts if ecs_query.matches(tree, h)]

    # ---- the operations ----

    def ListClusters(self, body):
        arns = [c.arn for c in self.clusters
                if c.record["status"] != "INACTIVE"]
        page, more = self.pages.cut(body, arns, self.limit(body, 100))
        return {"clusterArns": page, **more}

    def DescribeClusters(self, body):
        asked = body.get("clusters") or ["default"]
        if len(asked) > 100:
            raise invalid("Clusters can have at most 100 items.")
        found = {a: self.known(a) for a in asked}
        return {"clusters": [shown(c.described(), body)
                             for c in found.values() if c],
                "failures": [self.missing("cluster", a)
                             for a, c in found.items() if c is None]}

    def ListServices(self, body):
        cluster = self.the_cluster(body)
        arns = [arn("service", f"{cluster.name}/{name}", self.region)
                for name, s in cluster.services.items()
                if s.get("status") != "INACTIVE" and all(
                    s.get(member, default) == body.get(member,
                                                       s.get(member, default))
                    for member, default in (
                        ("launchType", None), ("schedulingStrategy", None),
                        ("resourceManagementType", "CUSTOMER")))]
        size = self.limit(body, body.get("maxResults") or 10)
        page, more = self.pages.cut(body, arns, size)
        return {"serviceArns": page, **more}

    def DescribeServices(self, body):
        cluster = self.the_cluster(body)
        asked = body["services"]
        if not asked:
            raise invalid("Services cannot be empty.")
        if len(asked) > 10:
            raise invalid("service names can have at most 10 items.")
        found = [(a, cluster.named(a)) for a in asked]
        return {"services": [shown(s, body) for _, s in found
                             if s is not None],
                "failures": [self.missing("service", a, f"{cluster.name}/")
                             for a, s in found if s is None]}

    def ListContainerInstances(self, body):
        cluster = self.the_cluster(body)
        arns = [h["containerInstanceArn"] for h in self.listed(cluster, body)]
        page, more = self.pages.cut(body, arns, self.limit(body, self.page))
        return {"containerInstanceArns": page, **more}

    def DescribeContainerInstances(self, body):
        cluster = self.the_cluster(body)
        asked = body["containerInstances"]
        if not asked:
            raise invalid("Container instances cannot be empty.")
        if len(asked) > 100:
            raise invalid("container instances can have at most 100 items.")
        known = {h["containerInstanceArn"].rpartition("/")[2]: h
                 for h in cluster.hosts}
        base = arn("container-instance", "", self.region)
        keys = [re.sub(f"^{base}({cluster.name}/)?", "", a) for a in asked]
        return {"containerInstances": [shown(known[k], body) for k in keys
                                       if k in known],
                "failures": [self.missing("container-instance", a,
                                          f"{cluster.name}/")
                             for a, k in zip(asked, keys) if k not in known]}

    def is_run(self, definition):
        """What a service runs is there, though no test registered it."""
        return any(s.get("taskDefinition") == definition
                   for c in self.clusters for s in c.services.values())

    def DescribeTaskDefinition(self, body):
        asked = body["taskDefinition"].rpartition("/")[2]
        family, _, revision = asked.partition(":")
        found = [t for t in self.task_definitions if t["family"] == family
                 and (str(t["revision"]) == revision if revision
                      else t["status"] == "ACTIVE")]
        if not found and self.is_run(body["taskDefinition"]):
            found = [self.task_definition(family, int(revision))]
        if not found:
            raise ServiceError("ClientException",
                               "Unable to describe task definition.")
        last = max(found, key=lambda t: t["revision"])
        answer = {"taskDefinition": last.without("tags")}
        if "TAGS" in (body.get("include") or ()):
            answer["tags"] = last.get("tags", [])
        return answer

    @staticmethod
    def associated(cluster):
        """The names of its providers: those that it has, and those of its
        services, which AWS lets name no others."""
        def of(thing):
            return {share.get("capacityProvider") for share in
                    thing.get("capacityProviderStrategy") or ()}

        return set(cluster.record.get("capacityProviders") or ()).union(
            *(of(s) for s in cluster.services.values()),
            *(of(t) for s in cluster.services.values()
              for t in s.get("taskSets") or ()))

    def DescribeCapacityProviders(self, body):
        """Pages of ten, whatever is asked for; those of Managed Instances are
        told of with their cluster only."""
        asked = body.get("capacityProviders")
        if body.get("cluster"):
            names = self.associated(self.the_cluster(body))
            known = {k: p for k, p in self.providers.items() if k in names}
        else:
            known = {k: p for k, p in self.providers.items()
                     if p["type"] != "MANAGED_INSTANCES"}
        if asked is not None and len(asked) > 100:
            raise invalid("Capacity providers can have at most 100 items.")
        names = list(known) if asked is None else asked
        page, more = self.pages.cut(
            body, [(a, known.get(a.rpartition("/")[2])) for a in names],
            self.limit(body, min(self.page, 10), most=10))
        return {"capacityProviders": [shown(p, body) for _, p in page
                                      if p is not None],
                "failures": [self.missing("capacity-provider", a)
                             for a, p in page if p is None], **more}

    def check_strategy(self, strategy):
        """At most 20 providers, of Fargate or of groups, one with a base."""
        items = strategy or []
        names = [i["capacityProvider"] for i in items]
        if not set(names) <= set(self.providers):
            raise invalid("The specified capacity provider was not found.")
        kinds = {self.providers[n]["type"].startswith("FARGATE")
                 for n in names}
        if len(kinds) > 1 or len(items) > 20 or len(names) > len(set(names)) \
                or len([i for i in items if i.get("base")]) > 1:
            raise invalid("The specified capacity provider strategy is not "
                          "valid.")

    def UpdateService(self, body):
        cluster = self.the_cluster(body)
        service = cluster.named(body["service"])
        if service is None:
            raise ServiceError("ServiceNotFoundException",
                               "Service not found.")
        if service.get("status") != "ACTIVE":
            raise ServiceError("ServiceNotActiveException",
                               "Service was not ACTIVE.")
        count = body.get("desiredCount")
        if count is not None and \
                service.get("schedulingStrategy") == "DAEMON":
            raise invalid("The daemon scheduling strategy does not support a "
                          "desired count for services. Remove the desired "
                          "count value and try again")
        if count is not None and count < 0:
            raise invalid("desiredCount must be 0 or more.")
        members = {k: v for k, v in body.items()
                   if v is not None and k not in ("cluster", "service")}
        if not set(members) <= SETTABLE:
            raise ServiceError("UnsupportedFeatureException",
                               f"Not in this model: {set(members)}")
        strategy = members.get("capacityProviderStrategy")
        self.check_strategy(strategy)
        service.write(**members)
        if strategy:
            service.pop("launchType", None)
        elif strategy is not None:       # back to the launch type
            service.write(launchType="EC2")
        for deployment in service.get("deployments") or ():
            if count is not None and "desiredCount" in deployment and \
                    deployment.get("status") != "ACTIVE":
                deployment["desiredCount"] = count
        if cluster.scheduler is not None:
            cluster.scheduler.updated(service, members)
        return {"service": shown(service, body)}

    def DescribeScalableTargets(self, body):
        ids = body.get("ResourceIds") or []
        size = body.get("MaxResults")
        if body.get("ScalableDimension") and not ids:
            raise ServiceError("ValidationException", "A scalable dimension "
                               "needs a resource ID.")
        if len(ids) > 50 or not 1 <= (50 if size is None else size) <= 50:
            raise ServiceError("ValidationException", "At most 50 at once.")
        found = [t for t in self.targets
                 if t["ServiceNamespace"] == body["ServiceNamespace"]
                 and (not ids or t["ResourceId"] in ids)
                 and body.get("ScalableDimension", t["ScalableDimension"])
                 == t["ScalableDimension"]]
        try:
            page, more = self.pages.cut(body, found, size or 50,
                                        ("targets", "NextToken"))
        except ServiceError as e:
            raise ServiceError("InvalidNextTokenException", e.message) from e
        return {"ScalableTargets": page, **more}

    def GetResources(self, body):
        """Of ECS there are services only."""
        def has(tags, wanted):
            values = [t["value"] for t in tags if t["key"] == wanted["Key"]]
            return values and (not wanted.get("Values")
                               or values[0] in wanted["Values"])

        if not set(body.get("ResourceTypeFilters") or ["ecs"]) & \
                {"ecs", "ecs:service"}:
            return {"ResourceTagMappingList": [], "PaginationToken": ""}
        found = [s for c in self.clusters for s in c.services.values()
                 if s.get("tags") and all(has(s["tags"], f) for f in
                                          body.get("TagFilters") or ())]
        asked = {**body, "PaginationToken": body.get("PaginationToken")
                 or None}
        try:
            page, more = self.pages.cut(
                asked, found, body.get("ResourcesPerPage") or 50,
                ("resources", "PaginationToken"))
        except ServiceError as e:
            raise ServiceError("PaginationTokenExpiredException",
                               e.message) from e
        return {"PaginationToken": "", **more, "ResourceTagMappingList": [
            {"ResourceARN": s["serviceArn"],
             "Tags": [{"Key": t["key"], "Value": t.get("value", "")}
                      for t in s["tags"]]} for s in page]}
