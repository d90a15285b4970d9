"""What the templates allow is what the binary asks, no more and no less: its
calls are taken from real runs, IAM's answer from a simulator that has AWS's own
data of actions, resources and conditions.
"""
import functools
import json
import os
import re
import subprocess

import cloudformation
import deployment
import ecs_server
import pytest
import servers
from conftest import TOP, Headcount
from ecs_server import ACCOUNT, REGION, arn
from test_batch import batch, record

PROD, STAGE, OTHER = (arn("cluster", n) for n in ("prod", "stage", "other"))
NAMES = ("web", "agent", "router", "edge")
SERVICES = [arn("service", f"{cluster}/{name}")
            for cluster in ("prod", "stage") for name in NAMES]
WEB = SERVICES[0]

POLICY = """return function(cluster)
  local wishes = { per_host { "web" } }
  for service in cluster:services { tags = { ["headcount:rule"] = "x" } } do
    wishes[#wishes + 1] = per_host { service.name }
  end
  for service in cluster:services { name = "rou*" } do
    local metal = 0
    for host in cluster:hosts {} do
      if host.provider == "metal" then metal = metal + 1 end
    end
    wishes[#wishes + 1] = fixed { service.name, metal }
  end
  return cluster.status == "ACTIVE" and wishes or {}
end
"""


# ---- what the binary asks ----

def about(name, cluster=PROD):
    """A service's ARN, and the key that AWS sets with it."""
    if not name.startswith("arn:"):
        name = arn("service", f"{cluster.rpartition('/')[2]}/{name}")
    return name, {"ecs:cluster": cluster}


def calls_of(request):
    """(action, resource, context) of what AWS would check of a request."""
    body, name = request.body, request.operation
    cluster = body.get("cluster")
    if name == "UpdateService":
        asked = [about(body["service"], cluster)]
    elif name == "DescribeServices":
        asked = [about(s, cluster) for s in body["services"]]
    elif name == "ListContainerInstances":
        asked = [(cluster, {})]
    elif name == "DescribeClusters":
        asked = [(c, {}) for c in body["clusters"]]
    elif name == "DescribeContainerInstances":
        asked = [(h, {"ecs:cluster": cluster})
                 for h in body["containerInstances"]]
    elif name == "ListTasks":
        asked = [(arn("container-instance", "*"), {"ecs:cluster": cluster})]
    elif name == "DescribeTasks":
        asked = [(t, {"ecs:cluster": cluster}) for t in body["tasks"]]
    elif name == "DescribeCapacityProviders":
        asked = [(p if p.startswith("arn:") else arn("capacity-provider", p),
                  {}) for p in body["capacityProviders"]]
    elif name == "ListServices":
        asked = [("*", {"ecs:cluster": cluster})]
    else:
        asked = [("*", {})]
    service = {"GetResources": "tag", "DescribeScalableTargets":
               "application-autoscaling"}.get(name, "ecs")
    return [(f"{service}:{name}", *a) for a in asked]


def world(ecs):
    """A service with its own rule, one that would fall far, one with tasks
    that wait for its capacity provider, one whose rise could start hosts: which
    of them lack its task is not listed by its group."""
    ecs.model.no_groups = True
    ecs.model.provider("fleet", autoScalingGroupProvider={
        "autoScalingGroupArn": "arn:aws:autoscaling:eu-west-1:1:y",
        "managedScaling": {"status": "ENABLED"}})
    ecs.model.provider("metal", autoScalingGroupProvider={
        "autoScalingGroupArn": "arn:aws:autoscaling:eu-west-1:1:x",
        "managedScaling": {"status": "DISABLED"}})
    for home in (ecs.home, ecs.model.cluster("stage")):
        for i in range(5):
            home.host(f"h{i}", provider="metal" if i < 3 else None,
                      status="ACTIVE" if i < 4 else "DRAINING")
        home.host("f0", provider="fleet", groups=["service:edge"])
        home.host("f1", provider="fleet")
        edge = home.service(
            "edge", desired=1, capacityProviderStrategy=[
                {"capacityProvider": "fleet", "weight": 1, "base": 0}],
            tags=[{"key": "headcount:rule", "value": "per-host"}])
        del edge["launchType"]
        home.service("web", desired=1, tags=[
            {"key": "headcount:rule", "value": "per-host"}])
        home.service("agent", desired=20)
        router = home.service(
            "router", desired=2, runningCount=1, capacityProviderStrategy=[
                {"capacityProvider": "metal", "weight": 1, "base": 0}])
        del router["launchType"]
        for name in NAMES:
            ecs.model.task_definition(name)
    ecs.model.scalable_target("prod", "web", 1, 9)


SWEEP = {"clusters": [PROD, STAGE]}


def run_of(folder, environment, policy=None, verb=("handle",)):
    """The requests of one function's batch, or of one sweep of the worker's
    kind: the whole of its clusters."""
    folder.mkdir()
    with ecs_server.EcsServer() as ecs:
        world(ecs)
        headcount = Headcount(folder).at(ecs)
        headcount.env["AWS_ENDPOINT_URL_APPLICATION_AUTO_SCALING"] = \
            headcount.env["AWS_ENDPOINT_URL_ECS"]
        if policy:
            (folder / "policy.lua").write_text(policy)
            environment = {"HEADCOUNT_POLICY": "policy.lua"}
        run = headcount(*verb, "--output", "json", **environment,
                        stdin=batch(record(1, SWEEP)))
        assert run.code == 0, run.out + run.err
        assert ecs.writes() and {r[:2] for r in ecs.refusals} <= {
            ("ListContainerInstances", "InvalidParameterException")}
    return [call for r in ecs.requests for call in calls_of(r)]


def run_of_gone(folder):
    """The requests of a sweep when one of its clusters is no more."""
    folder.mkdir()
    with ecs_server.EcsServer() as ecs:
        run = Headcount(folder).at(ecs)("apply", "stage", ECS_SERVICE_ARN="web")
        assert run.code == 1 and "prod" in run.out + run.err
    listed = [r for r in ecs.requests if r.operation == "ListClusters"]
    assert listed
    return [call for r in listed for call in calls_of(r)]


@pytest.fixture(scope="module")
def asked(tmp_path_factory):
    """{mode: calls} of functions as the templates set them."""
    folder = tmp_path_factory.mktemp("asked")
    gone = run_of_gone(folder / "gone")
    opt_in = (TOP / "examples" / "policies" / "opt_in.lua").read_text()
    named = {"ECS_SERVICE_ARN": ",".join(SERVICES)}
    sweep = ("apply", PROD, STAGE)
    return {"services": gone + run_of(folder / "handle", named)
            + run_of(folder / "apply", named, verb=sweep),
            "policy": gone + run_of(folder / "policy", {}, POLICY)
            + run_of(folder / "opt_in", {}, opt_in)
            + run_of(folder / "sweep", {}, opt_in, sweep)
            + run_of(folder / "tags", {"HEADCOUNT_POLICY": "tags"})}


# ---- what the templates allow ----

def worker(clusters, services=(), **more):
    """The role of the ECS task."""
    template = deployment.read(TOP / "examples" / "ecs" / "template.yaml")
    resources = cloudformation.resources_of(template, {
        "Image": "x", "RunsIn": "tools", "Subnets": "s", "SecurityGroups": "g",
        "ClusterArns": ",".join(clusters), "ServiceArns": ",".join(services),
        **deployment.sam_given(more)})
    policy = resources["TaskPolicy"]["Properties"]
    assert policy["Roles"] == ["TaskRole"]
    assert resources["Task"]["Properties"]["TaskRoleArn"].endswith("/TaskRole")
    return ([policy["PolicyDocument"]], cloudformation.at("sqs", "Queue"),
            {"sqs:ReceiveMessage", "sqs:DeleteMessage",
             "sqs:ChangeMessageVisibility", "sqs:GetQueueAttributes"})


def function(kind, clusters, services=(), **more):
    d = deployment.KINDS[kind](clusters, services, **more)
    return (d["policies"], d["queue"]["arn"],
            {"sqs:ReceiveMessage", "sqs:DeleteMessage",
             "sqs:GetQueueAttributes", "logs:CreateLogStream",
             "logs:PutLogEvents"})


ROLES = {"ecs": worker, **{kind: functools.partial(function, kind)
                           for kind in deployment.KINDS}}


@pytest.fixture(params=sorted(ROLES))
def role(request):
    """(policies, the queue, what its surroundings need) for these clusters,
    services."""
    return ROLES[request.param]


MODES = {"services": SERVICES, "policy": []}

# Values of what UpdateService may set beside the count.
TASKS = arn("task-definition", "web:7")
SETS = {"ecs:task-definition": TASKS, "ecs:enable-execute-command": "true",
        "ecs:subnet": ["subnet-1"], "ecs:auto-assign-public-ip": "true"}


@pytest.fixture(params=sorted(MODES))
def mode(request):
    return request.param


def judged(policies, calls):
    done = subprocess.run(
        [servers.find("node"), str(TOP / "tests" / "peers" / "iam.js")],
        input=json.dumps({"policies": policies, "calls": [
            {"action": a, "resource": r, "context": c} for a, r, c in calls]}),
        env={**os.environ, "NODE_PATH":
             str(TOP / "build" / "npm" / "node_modules")},
        capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def listed(value):
    return [value] if isinstance(value, str) else value


def actions_of(policies):
    return [a for p in policies for s in p["Statement"]
            for a in listed(s["Action"])]


# ---- together ----

def test_the_runs_ask_all_that_the_binary_can_ask(asked):
    """Else the tests below would know less than the program.  ListClusters is
    asked for a sentence: where it is refused nothing changes."""
    classes = (TOP / "core/reconcile/exchange").glob("*.c")
    actions = {a for c in classes
               for a in re.findall(r'\.action = "([^"]+)"', c.read_text())}
    seen = {a for mode in asked.values() for a, _, _ in mode}
    assert len(actions) > 10
    assert actions == seen | {"ecs:ListClusters"}


def test_every_call_is_allowed(role, mode, asked):
    policies, _, _ = role([PROD, STAGE], MODES[mode])
    calls = [json.loads(c) for c in sorted({json.dumps(c)
                                            for c in asked[mode]})]
    assert len(calls) > 10
    for call, verdict in zip(calls, judged(policies, calls), strict=True):
        assert verdict == "Allowed", call


def test_updates_are_limited_where_the_switch_is_on(role, mode, asked):
    """That AWS fills these keys from the request alone was not tried."""
    name, here = about("web")
    calls = [("ecs:UpdateService", name, {**here, key: value})
             for key, value in SETS.items()]
    policies, _, _ = role([PROD, STAGE], MODES[mode])
    assert "Null" not in json.dumps(policies)
    assert judged(policies, calls) == ["Allowed"] * len(SETS)
    policies, _, _ = role([PROD, STAGE], MODES[mode], limit_updates=True)
    assert judged(policies, calls) == ["ImplicitlyDenied"] * len(SETS)
    (limited,) = [s for p in policies for s in p["Statement"]
                  if "Null" in s.get("Condition", {})]
    assert set(limited["Condition"]["Null"]) == set(SETS)
    own = sorted({json.dumps(c) for c in asked[mode]})
    assert set(judged(policies, map(json.loads, own))) == {"Allowed"}


def test_no_action_is_allowed_that_nothing_makes(role, mode, asked):
    policies, _, around = role([PROD, STAGE], MODES[mode])
    allowed = actions_of(policies)
    assert not [a for a in allowed if "*" in a]
    assert len(allowed) == len(set(allowed))
    assert set(allowed) == around | {a for a, _, _ in asked[mode]}
    for p in policies:
        for s in p["Statement"]:
            assert s["Effect"] == "Allow" and set(s) <= {
                "Sid", "Effect", "Action", "Resource", "Condition"}


def test_the_queue_is_its_own_only(role, mode):
    policies, queue, around = role([PROD, STAGE], MODES[mode])
    ours = sorted(a for a in around if a.startswith("sqs:"))
    assert set(judged(policies, [(a, queue, {}) for a in ours])) == {"Allowed"}
    calls = [(a, queue + "-other", {}) for a in ours] + \
        [(f"sqs:{a}", queue, {}) for a in ("SendMessage", "PurgeQueue",
                                           "DeleteQueue",
                                           "SetQueueAttributes")]
    assert set(judged(policies, calls)) == {"ImplicitlyDenied"}


def test_the_log_is_its_own_only():
    for kind in deployment.KINDS:
        policies, _, _ = ROLES[kind]([PROD])
        (log,) = [s for p in policies for s in p["Statement"]
                  if "logs:PutLogEvents" in s["Action"]]
        (group,) = listed(log["Resource"])
        assert group.endswith(":*")
        mine = group[:-1] + "log-stream:a"
        calls = [(a, r, {}) for a in log["Action"] for r in (
            mine, mine.replace("/headcount/", "/headcount/other"))]
        assert judged(policies, calls) == ["Allowed", "ImplicitlyDenied"] * 2


def foreign(service, cluster):
    return about(arn("service", service), cluster)


def test_nothing_else_is_allowed(role, mode):
    policies, _, _ = role([PROD, STAGE], MODES[mode])
    host = arn("container-instance", "other/h1")
    here = {"ecs:cluster": PROD}
    calls = [
        # services and hosts of another cluster
        ("ecs:UpdateService", *foreign("other/web", OTHER)),
        ("ecs:DescribeServices", *foreign("other/web", OTHER)),
        ("ecs:ListContainerInstances", OTHER, {}),
        ("ecs:DescribeClusters", OTHER, {}),
        ("ecs:DescribeContainerInstances", host, {"ecs:cluster": OTHER}),
        # of another region, another account
        ("ecs:UpdateService", WEB.replace(REGION, "us-east-1"),
         {"ecs:cluster": PROD.replace(REGION, "us-east-1")}),
        ("ecs:UpdateService", WEB.replace(ACCOUNT, "210987654321"),
         {"ecs:cluster": PROD.replace(ACCOUNT, "210987654321")}),
        # what is not for it to do
        ("ecs:DeleteService", WEB, here), ("ecs:CreateService", WEB, here),
        ("ecs:RunTask", arn("task-definition", "web:1"), here),
        ("ecs:StopTask", arn("task", "prod/1"), here),
        ("ecs:DeregisterContainerInstance", PROD, {}),
        ("ecs:ListTasks", arn("container-instance", "test/*"),
         {"ecs:cluster": OTHER}),
        ("ecs:DescribeTasks", arn("task", "test/t1"), {"ecs:cluster": OTHER}),
        ("ecs:StopTask", arn("task", "prod/t1"), here),
        ("ecs:UpdateContainerInstancesState",
         arn("container-instance", "prod/h1"), here),
        ("ecs:PutClusterCapacityProviders", PROD, {}),
        ("ecs:ExecuteCommand", PROD, {}),
        ("iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/x", {}),
        ("sts:AssumeRole", f"arn:aws:iam::{ACCOUNT}:role/x", {}),
        ("application-autoscaling:RegisterScalableTarget",
         f"arn:aws:application-autoscaling:{REGION}:{ACCOUNT}:"
         "scalable-target/1", {}),
        ("lambda:InvokeFunction",
         f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:x", {}),
    ]
    if mode == "services":
        calls += [("ecs:UpdateService", *foreign("prod/db", PROD)),
                  ("ecs:DescribeServices", *foreign("prod/db", PROD)),
                  ("ecs:ListServices", "*", here),
                  ("tag:GetResources", "*", {})]
    else:
        calls += [("ecs:ListServices", "*", {"ecs:cluster": OTHER})]
    for call, verdict in zip(calls, judged(policies, calls), strict=True):
        assert verdict == "ImplicitlyDenied", call
