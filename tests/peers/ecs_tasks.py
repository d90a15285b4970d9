"""ListTasks and DescribeTasks.

Where a scheduler places, the tasks are its own; else each group of a host
stands for one task that runs there.

Used by: peers/ecs_model.py.
Instead of moto: moto lists stopped tasks with running ones, and takes services
that are not there.
"""
from ecs_cluster import BORN, ServiceError, arn, invalid, shown


def by_groups(cluster):
    """A task for each group that a test gave to a host."""
    return [{"taskArn": arn("task", f"{cluster.name}/{i}0{k}", cluster.region),
             "clusterArn": cluster.arn, "group": group,
             "lastStatus": "RUNNING", "desiredStatus": "RUNNING",
             "createdAt": BORN, "launchType": "EC2", "version": 1,
             "containerInstanceArn": host["containerInstanceArn"]}
            for i, host in enumerate(cluster.hosts)
            for k, group in enumerate(sorted(host.groups))]


class TaskCalls:
    @staticmethod
    def tasks_of(cluster):
        return by_groups(cluster) if cluster.tasks is None else cluster.tasks

    def ListTasks(self, body):
        cluster = self.the_cluster(body)
        wanted = {"desiredStatus": body.get("desiredStatus") or "RUNNING"}
        if body.get("serviceName"):
            if cluster.named(body["serviceName"]) is None:
                raise ServiceError("ServiceNotFoundException",
                                   "Service not found.")
            name = body["serviceName"].rpartition("/")[2]
            wanted["group"] = f"service:{name}"
        if body.get("containerInstance"):
            host = body["containerInstance"].rpartition("/")[2]
            wanted["containerInstanceArn"] = arn(
                "container-instance", f"{cluster.name}/{host}", self.region)
        for member in ("startedBy", "launchType"):
            if body.get(member):
                wanted[member] = body[member]
        arns = [t["taskArn"] for t in self.tasks_of(cluster)
                if all(t.get(k) == v for k, v in wanted.items())
                and self.is_family(t, body.get("family"))]
        page, more = self.pages.cut(body, arns, self.limit(body, self.page))
        return {"taskArns": page, **more}

    @staticmethod
    def is_family(task, family):
        name = (task.get("taskDefinitionArn") or "").rpartition("/")[2]
        return family in (None, "", name.partition(":")[0])

    def DescribeTasks(self, body):
        cluster = self.the_cluster(body)
        asked = body["tasks"]
        if not asked:
            raise invalid("Tasks cannot be empty.")
        if len(asked) > 100:
            raise invalid("tasks can have at most 100 items.")
        known = {t["taskArn"].rpartition("/")[2]: t
                 for t in self.tasks_of(cluster)}
        found = [(a, known.get(a.rpartition("/")[2])) for a in asked]
        return {"tasks": [shown(t, body) for _, t in found if t is not None],
                "failures": [self.missing("task", a, f"{cluster.name}/")
                             for a, t in found if t is None]}
