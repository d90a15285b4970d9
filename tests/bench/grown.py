"""An ECS of any size, and an STS, that answers at once and judges nothing: what
is measured is who asks.  The peers of the tests check each request against
AWS's model, which takes them a millisecond."""
import ecs_check
from ecs_wire import Wire

PAGE = 100
XML = "text/xml"


class Grown(Wire):
    """`hosts` of each cluster, `clusters` of each account and region; a cluster
    has whatever service is asked for, with one task."""

    def __init__(self, hosts=2, clusters=1):
        super().__init__()
        self.hosts, self.clusters = hosts, clusters
        self.requests = 0

    def answer(self, request):
        self.requests += 1
        if request.body is None:
            return self.http(200, self.role(request.raw_body.decode()),
                             XML), True, None, 0
        scope = ecs_check.AUTHORIZATION.fullmatch(
            request.headers["authorization"])
        key = scope["key"]
        self.at = (f"arn:aws:ecs:{scope['region']}:"
                   f"{key[1:] if key[0] == 'K' else '123456789012'}:")
        said = getattr(self, request.operation)(request.body)
        return self.http(200, said), True, None, 0

    @staticmethod
    def role(form):
        account = form.partition("iam%3A%3A")[2][:12]
        return (f"<AssumeRoleResponse><AssumeRoleResult><Credentials>"
                f"<AccessKeyId>K{account}</AccessKeyId><SecretAccessKey>secret"
                f"</SecretAccessKey><SessionToken>token</SessionToken>"
                f"<Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>"
                f"<AssumedRoleUser><Arn>arn:aws:sts::{account}:assumed-role/"
                f"scaler/s</Arn></AssumedRoleUser></AssumeRoleResult>"
                f"</AssumeRoleResponse>").encode()

    @staticmethod
    def page(member, names, body):
        start = int(body.get("nextToken", 0))
        end = start + PAGE
        more = {"nextToken": str(end)} if end < len(names) else {}
        return {member: names[start:end], **more}

    @staticmethod
    def short(name):
        return name.rpartition("/")[2]

    def ListClusters(self, body):
        return self.page("clusterArns", [
            f"{self.at}cluster/c{i:04}" for i in range(self.clusters)], body)

    def DescribeClusters(self, body):
        return {"clusters": [{
            "clusterArn": f"{self.at}cluster/{self.short(c)}",
            "clusterName": self.short(c), "status": "ACTIVE",
            "registeredContainerInstancesCount": self.hosts,
            "runningTasksCount": 1, "pendingTasksCount": 0,
            "activeServicesCount": 1} for c in body["clusters"]],
            "failures": []}

    def ListContainerInstances(self, body):
        cluster = self.short(body["cluster"])
        return self.page("containerInstanceArns", [
            f"{self.at}container-instance/{cluster}/{i:032x}"
            for i in range(self.hosts)], body)

    def DescribeContainerInstances(self, body):
        def amounts(cpu, memory):
            return [{"name": n, "type": "INTEGER", "integerValue": v}
                    for n, v in (("CPU", cpu), ("MEMORY", memory))]
        return {"containerInstances": [{
            "containerInstanceArn": arn, "ec2InstanceId": f"i-{arn[-8:]}",
            "status": "ACTIVE", "agentConnected": True, "version": 1,
            "runningTasksCount": 1, "pendingTasksCount": 0,
            "registeredAt": 1760000000.5, "attributes": [
                {"name": "ecs.os-type", "value": "linux"},
                {"name": "ecs.availability-zone", "value": "us-east-1a"}],
            "registeredResources": amounts(4096, 16384),
            "remainingResources": amounts(2048, 8192)}
            for arn in body["containerInstances"]], "failures": []}

    def service(self, cluster, name, desired):
        definition = f"{self.at}task-definition/web:1"
        return {
            "serviceArn": f"{self.at}service/{cluster}/{name}",
            "serviceName": name, "clusterArn": f"{self.at}cluster/{cluster}",
            "status": "ACTIVE", "desiredCount": desired, "runningCount": 1,
            "pendingCount": 0, "launchType": "EC2",
            "schedulingStrategy": "REPLICA", "taskDefinition": definition,
            "placementConstraints": [], "placementStrategy": [],
            "deploymentController": {"type": "ECS"}, "deployments": [{
                "id": "ecs-svc/1", "status": "PRIMARY", "desiredCount": 1,
                "runningCount": 1, "pendingCount": 0,
                "taskDefinition": definition, "rolloutState": "COMPLETED",
                "createdAt": 1760000000.5, "updatedAt": 1760000000.5}]}

    def DescribeServices(self, body):
        cluster = self.short(body["cluster"])
        return {"services": [self.service(cluster, self.short(s), 1)
                             for s in body["services"]], "failures": []}

    def UpdateService(self, body):
        return {"service": self.service(self.short(body["cluster"]),
                                        self.short(body["service"]),
                                        body["desiredCount"])}

    def DescribeTaskDefinition(self, _):
        return {"taskDefinition": {
            "taskDefinitionArn": f"{self.at}task-definition/web:1",
            "family": "web", "revision": 1, "status": "ACTIVE",
            "containerDefinitions": [{"name": "app", "cpu": 64,
                                      "memory": 128}]}}

    def DescribeScalableTargets(self, _):
        return {"ScalableTargets": []}
