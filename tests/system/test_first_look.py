"""--policy distinct, a first look at an account; and adopt, what follows it."""
import os
import pty
import select
import subprocess
import time

import pytest

DISTINCT = [{"type": "distinctInstance"}]
ANYWHERE = {"ecs.capability.external": None}
SCALING = "AWS_ENDPOINT_URL_APPLICATION_AUTO_SCALING"


def fill(cluster, prefix, hosts, **more):
    """Hosts of the cluster, and who runs on all of them."""
    for i in range(hosts):
        cluster.host(f"{prefix}{i:02}", **more)


def runs_on(cluster, name, but=()):
    for host in cluster.hosts:
        if host["ec2InstanceId"] not in but:
            host.groups.add(f"service:{name}")


def others(cluster, n):
    """Services that do not say distinctInstance, up to n in all."""
    for i in range(n - len(cluster.services)):
        cluster.service(f"api-{i}", desired=2, loadBalancers=[
            {"targetGroupArn": "arn:aws:elasticloadbalancing:eu-west-1:"
             "123456789012:targetgroup/api/1", "containerName": "api",
             "containerPort": 80}])


BALANCED = {"loadBalancers": [
    {"targetGroupArn": "arn:aws:elasticloadbalancing:eu-west-1:123456789012:"
     "targetgroup/web/1", "containerName": "web", "containerPort": 80}]}


@pytest.fixture
def account(ecs, headcount):
    """10 clusters of 40 services."""
    headcount.at(ecs)
    headcount.env[SCALING] = headcount.env["AWS_ENDPOINT_URL_ECS"]
    prod, edge = ecs.home, ecs.model.cluster("edge")
    fill(prod, "0d", 12)
    for name, desired in (("worker", 3), ("metrics", 14), ("agent", 12),
                          ("log-router", 11)):
        prod.service(name, desired, placementConstraints=DISTINCT)
    prod.service("web", 3, placementConstraints=DISTINCT, **BALANCED)
    runs_on(prod, "agent")
    runs_on(prod, "log-router", but=["i-0d04"])
    for i in range(4):
        edge.host(f"e{i}", attributes=ANYWHERE, ec2InstanceId=f"mi-07{i}")
    edge.service("node", 3, launchType="EXTERNAL",
                 placementConstraints=DISTINCT)
    runs_on(edge, "node", but=["mi-072"])
    clusters = [prod, edge]
    for i in range(8):
        clusters.append(ecs.model.cluster(f"team-{i}"))
        fill(clusters[-1], f"{i}a", 3 + i)
        clusters[-1].service("agent", 3 + i, placementConstraints=DISTINCT)
    for cluster in clusters:
        others(cluster, 40)
    return ecs


def test_a_first_look_at_an_account(account, headcount):
    run = headcount("plan", "--policy", "distinct")
    assert run.code == 0, run.err
    lines = run.out.splitlines()
    print(run.out)
    assert lines[:6] == [
        "prod    12 hosts   metrics     14  over   2 tasks can never run: "
        "distinctInstance, 12 hosts",
        "                   agent       12  right",
        "                   log-router  11  near   i-0d04 has none",
        "                   worker       3  low    3 of 12: looks like spread "
        "replicas",
        "                   web          3  alone  load balancer",
        "edge     4 hosts   node         3  near   ECS Anywhere, no DAEMON "
        "there: mi-072 has none"]
    assert lines[6] == "team-0   3 hosts   agent        3  right"
    assert lines[14] == ("14 services say distinctInstance, of 400. Nothing "
                         "was written.")
    assert lines[15] == ("headcount adopt prod agent log-router && headcount "
                         "apply prod --policy tags")
    assert lines[16].startswith("headcount adopt edge node && ")
    assert len(lines) == 25
    seen = account.operations()
    calls = {o: seen.count(o) for o in sorted(set(seen))}
    print(f"{len(seen)} calls: {calls}")
    # A list of hosts and one description for each of the two that are near.
    assert calls == {"ListClusters": 1, "ListServices": 10,
                     "DescribeServices": 40, "ListContainerInstances": 12,
                     "DescribeContainerInstances": 2,
                     "DescribeScalableTargets": 10}
    assert not account.refusals


def test_named_clusters_need_no_list_of_clusters(account, headcount):
    run = headcount("plan", "team-1", "--policy", "distinct")
    assert run.code == 0, run.err
    assert run.out == (
        "team-1  4 hosts   agent  4  right\n"
        "1 service says distinctInstance, of 40. Nothing was written.  "
        "headcount adopt team-1 agent && headcount apply team-1 --policy "
        "tags\n")
    assert len(account.requests) == 7
    assert "ListClusters" not in account.operations()


def test_what_is_adopted_is_offered_no_more(account, headcount):
    run = headcount("adopt", "prod", "agent", "--yes")
    assert run.code == 0, run.err
    run = headcount("plan", "prod", "--policy", "distinct")
    assert "agent       12  right  adopted: it has the tag headcount:rule\n" \
        in run.out
    assert run.out.endswith("  headcount adopt prod log-router && headcount "
                            "apply prod --policy tags\n")


def test_hosts_that_do_not_count_are_said(account, headcount):
    """A constraint of its own leaves two hosts to this service."""
    for host in account.home.hosts[:2]:
        host["attributes"] = [{"name": "ssd", "value": "yes"}]
    account.service("cache", 2, placementConstraints=[
        *DISTINCT, {"type": "memberOf", "expression": "attribute:ssd == yes"}])
    run = headcount("plan", "prod", "--policy", "distinct")
    assert "cache        2  right  2 hosts count for it\n" in run.out


def test_a_first_look_of_a_snapshot(account, headcount, tmp_path):
    shot = headcount("snapshot", "prod", "--policy", "distinct")
    assert shot.code == 0, shot.err
    (tmp_path / "prod.json").write_text(shot.out)
    live = headcount("plan", "prod", "--policy", "distinct")
    seen = len(account.requests)
    again = headcount("plan", "--policy", "distinct", "--snapshot",
                      tmp_path / "prod.json")
    assert again.code == 0, again.err
    assert again.out == live.out
    assert len(account.requests) == seen


def test_several_regions_have_a_table_each(account, headcount):
    run = headcount("plan", "prod", "edge", "--policy", "distinct",
                    "--region", "eu-west-1", "--region", "eu-west-3")
    assert run.out.startswith("eu-west-1, 123456789012\nprod ")
    assert " && headcount apply arn:aws:ecs:eu-west-1:123456789012:cluster/" \
        "prod --policy tags" in run.out


def test_a_cluster_that_fails_is_said_beside_the_table(account, headcount):
    run = headcount("plan", "prod", "nope", "--policy", "distinct")
    assert run.code == 1
    assert "\nx nope  ClusterNotFoundException: " in run.out
    assert "5 services say distinctInstance, of 40." in run.out


def test_json_has_the_same_facts(account, headcount):
    run = headcount("plan", "prod", "--policy", "distinct", "--output",
                    "json")
    assert run.code == 0, run.err
    cluster = run.report["clusters"][0]
    assert cluster["services_listed"] == 40
    rows = {s["service"]: s for s in cluster["services"]}
    assert {n: (s["outcome"], s["code"]) for n, s in rows.items()} == {
        "metrics": ("skipped", "over"), "agent": ("skipped", "right"),
        "log-router": ("skipped", "near"), "worker": ("skipped", "low"),
        "web": ("skipped", "alone")}
    assert rows["log-router"]["reason"] == "i-0d04 has none"
    assert rows["metrics"]["hosts"]["counted"] == 12
    assert rows["metrics"]["wanted"] is None
    assert rows["metrics"]["desired_before"] == 14
    assert run.report["summary"]["skipped"] == 5


def test_each_reason_to_leave_a_service_alone(ecs, headcount):
    headcount.at(ecs)
    headcount.env[SCALING] = headcount.env["AWS_ENDPOINT_URL_ECS"]
    for i in range(3):
        ecs.host(f"h{i}", provider="mi" if i == 2 else "asg")

    def distinct(name, desired=3, **more):
        more.setdefault("placementConstraints", DISTINCT)
        ecs.service(name, desired, **more)

    def strategy(name):
        return {"launchType": None, "capacityProviderStrategy": [
            {"capacityProvider": name, "weight": 1, "base": 0}]}

    ecs.model.provider("asg", autoScalingGroupProvider={
        "autoScalingGroupArn": "arn:aws:autoscaling:eu-west-1:123456789012:"
        "autoScalingGroup:1:autoScalingGroupName/asg"})
    ecs.model.provider("mi", type="MANAGED_INSTANCES")
    distinct("a-balanced", **BALANCED)
    distinct("b-registered", serviceRegistries=[
        {"registryArn": "arn:aws:servicediscovery:eu-west-1:123456789012:"
         "service/srv-1"}])
    distinct("c-scaled")
    ecs.model.scalable_target("prod", "c-scaled", 1, 9)
    distinct("d-daemon", schedulingStrategy="DAEMON")
    distinct("e-fargate", launchType="FARGATE")
    distinct("f-express", resourceManagementType="ECS")
    distinct("g-deployed", deploymentController={"type": "CODE_DEPLOY"},
             taskSets=[{"id": "1", "status": "PRIMARY"},
                       {"id": "2", "status": "ACTIVE"}])
    distinct("h-zero", 0)
    distinct("i-managed", **strategy("mi"))
    distinct("j-paused", tags=[{"key": "headcount:pause", "value": "true"}])
    distinct("k-external", deploymentController={"type": "EXTERNAL"})
    distinct("l-draining", status="DRAINING")
    distinct("m-moves", placementConstraints=DISTINCT + [
        {"type": "memberOf", "expression": "task:group == service:x"}])
    distinct("n-waits", 5, **strategy("asg"))
    distinct("o-right", 2, **strategy("asg"))
    run = headcount("plan", "--policy", "distinct")
    assert run.code == 0, run.err
    print(run.out)
    got = {}
    for line in run.out.splitlines()[:-1]:
        name, _, word, *why = line[16:].split(None, 3)
        got[name] = (word, *why)
    assert got == {
        "a-balanced": ("alone", "load balancer"),
        "b-registered": ("alone", "service registries"),
        "c-scaled": ("alone", "scalable target"),
        "d-daemon": ("alone", "DAEMON"),
        "e-fargate": ("alone", "FARGATE"),
        "f-express": ("alone", "Express"),
        "g-deployed": ("alone", "CODE_DEPLOY with 2 task sets"),
        "h-zero": ("alone", "desired 0"),
        "i-managed": ("alone", "Managed Instances"),
        "j-paused": ("alone", "headcount:pause"),
        "k-external": ("alone", "deployment controller EXTERNAL"),
        "l-draining": ("alone", "status DRAINING"),
        "m-moves": ("alone", "its constraint moves with tasks"),
        "n-waits": ("alone", "3 tasks more than hosts: a capacity provider "
                             "may start hosts for them"),
        "o-right": ("right",)}


def test_what_cannot_be_read_does_not_hide_the_rest(account, headcount):
    """No permission for scalable targets, and none for the names of hosts:
    the classes are said all the same."""
    account.fault("DescribeScalableTargets", "denied", times=9)
    account.fault("DescribeContainerInstances", "denied", times=9)
    run = headcount("plan", "prod", "--policy", "distinct")
    assert run.code == 0, run.err
    assert "log-router  11  near   0d04 has none" in run.out
    account.fault("ListContainerInstances", "denied", nth=2, times=9)
    run = headcount("plan", "prod", "--policy", "distinct")
    assert run.code == 0, run.err
    assert "near   which hosts have none is not known" in run.out


@pytest.mark.parametrize("verb", [
    ["apply", "prod"], ["watch", "prod"], ["handle"], ["lambda"]])
def test_verbs_that_write_refuse_a_first_look(verb, ecs, headcount):
    headcount.at(ecs)
    for said in (["--policy", "distinct"], []):
        env = {} if said else {"HEADCOUNT_POLICY": "distinct"}
        if verb == ["lambda"]:
            env["AWS_LAMBDA_RUNTIME_API"] = f"127.0.0.1:{ecs.port}"
        run = headcount(*verb, *said, stdin='{"cluster": "prod"}', **env)
        assert run.code == 252, (verb, run.err)
        assert "headcount adopt CLUSTER SERVICE..." in run.err
    assert all("DescribeServices" != o for o in ecs.operations())


# ---- adopt ----

SHORT = "arn:aws:ecs:eu-west-1:123456789012:service/old"
PER_HOST = [{"key": "headcount:rule", "value": "per-host"}]
ARN = "arn:aws:ecs:eu-west-1:123456789012:service/prod/"


@pytest.fixture
def prod(ecs, headcount):
    headcount.at(ecs)
    headcount.env[SCALING] = headcount.env["AWS_ENDPOINT_URL_ECS"]
    for i in range(4):
        ecs.host(f"h{i}")
    ecs.service("agent", 4, placementConstraints=DISTINCT)
    ecs.service("log", 3, placementConstraints=DISTINCT,
                tags=[{"key": "team", "value": "x"}])
    ecs.service("kept", 4, tags=PER_HOST)
    ecs.service("ratio", 2, tags=[{"key": "headcount:rule",
                                   "value": "linear"},
                                  {"key": "headcount:hosts-per-task",
                                   "value": "2"}])
    ecs.service("d", 4, schedulingStrategy="DAEMON")
    ecs.service("f", 4, launchType="FARGATE")
    return ecs


def tagged(ecs):
    return [r.body for r in ecs.requests if r.operation == "TagResource"]


def test_adopt_sets_one_tag_and_says_what_keeps_it(prod, headcount):
    run = headcount("adopt", "prod", "agent", "log", "kept", "--yes")
    assert run.code == 0, run.err
    assert run.out.splitlines() == [
        "= prod  agent  4  4 active hosts  unchanged: 1 task on each host",
        "~ prod  log  3 -> 4  +1  4 active hosts  pending: 1 task on each host",
        "= prod  kept  4  4 active hosts  unchanged: 1 task on each host",
        "Plan: 1 to change, 0 held, 2 unchanged, 0 failed.",
        "kept: has the tag headcount:rule = per-host already",
        "agent: tagged headcount:rule = per-host",
        "log: tagged headcount:rule = per-host",
        "They are kept by: headcount apply prod --policy tags"]
    assert tagged(prod) == [{"resourceArn": ARN + n, "tags": PER_HOST}
                            for n in ("agent", "log")]
    assert not prod.writes()
    assert prod.services["log"]["tags"] == [
        {"key": "team", "value": "x"}, *PER_HOST]
    run = headcount("apply", "prod", "--policy", "tags")
    assert run.code == 0, run.err
    assert [w["service"] for w in prod.writes()] == ["log"]
    assert not prod.refusals


def test_adopt_shows_the_plan_of_the_other_tags(prod, headcount):
    prod.services["log"]["tags"].append({"key": "headcount:tasks",
                                         "value": "2"})
    prod.services["log"]["placementConstraints"] = []
    run = headcount("adopt", "prod", "log", "--dry-run")
    assert run.code == 0, run.err
    assert "~ prod  log  3 -> 8" in run.out
    assert run.out.endswith("Nothing was tagged: --dry-run.\n")
    assert not tagged(prod) and not prod.writes()


def test_adopt_names_the_options_of_its_plan(prod, headcount):
    """What keeps the services is the plan that was shown."""
    options = ["--hosts", "registered", "--constraints", "service"]
    run = headcount("adopt", "prod", "agent", "--yes", *options)
    assert run.code == 0, run.err
    assert run.out.endswith("They are kept by: headcount apply prod --policy "
                            f"tags {' '.join(options)}\n")
    assert headcount("apply", "prod", "--policy", "tags", *options).code == 0


def test_a_long_offer_can_be_typed(prod, headcount):
    for i in range(300):
        prod.service(f"s{i:03}", 4, placementConstraints=DISTINCT)
    run = headcount("plan", "prod", "--policy", "distinct")
    assert run.code == 0, run.err
    offer, more = run.out.splitlines()[-2:]
    words = offer[offer.index("headcount adopt"):].split(" &&")[0].split()
    assert more == "102 more can be adopted in prod after these: plan it again."
    assert len(words) == 3 + 200


@pytest.mark.parametrize("option, env", [
    ("--dry-run", {}), ("--yes", {"HEADCOUNT_DRY_RUN": "1"})])
def test_adopt_tags_nothing_in_a_dry_run(prod, headcount, option, env):
    run = headcount("adopt", "prod", "log", option, **env)
    assert run.code == 0, run.err
    assert "~ prod  log  3 -> 4" in run.out
    assert "Nothing was tagged: " in run.out
    assert not tagged(prod)


def test_adopt_refuses_without_a_terminal(prod, headcount):
    run = headcount("adopt", "prod", "agent")
    assert run.code == 252
    assert "--yes" in run.err and not prod.requests


@pytest.mark.parametrize("name, words", [
    ("d", "d cannot be adopted: daemon"),
    ("f", "f cannot be adopted: fargate"),
    ("nobody", "nobody cannot be adopted: missing"),
    ("ratio", "ratio has the tag headcount:rule = linear: adopt replaces no "
     "rule")])
def test_one_that_cannot_be_adopted_stops_all(prod, headcount, name, words):
    run = headcount("adopt", "prod", "agent", name, "--yes")
    assert run.code == 1
    assert words in run.err and "nothing was tagged" in run.err
    assert not tagged(prod)


def test_adopt_of_old_short_arns(prod, headcount):
    prod.service("old", 4, serviceArn=SHORT)
    run = headcount("adopt", "prod", "old", "agent", "--yes")
    assert run.code == 1
    assert f"old has an ARN of the old short form" in run.err
    assert SHORT in run.err
    assert [t["resourceArn"] for t in tagged(prod)] == [ARN + "agent"]
    assert "agent: tagged" in run.out


def test_adopt_without_permission_names_the_statement(prod, headcount):
    prod.fault("TagResource", "denied", times=9)
    run = headcount("adopt", "prod", "agent", "log", "--yes")
    assert run.code == 1
    for name in ("agent", "log"):
        assert (f'"Action": "ecs:TagResource", "Resource": "{ARN}{name}"'
                in run.err)
    assert ": tagged" not in run.out and "kept by" not in run.out


@pytest.mark.parametrize("what", ["html", "half", "xml", lambda body: b"[]",
                                  lambda body: b'{"services": []}'])
def test_an_answer_that_is_none_is_no_success(prod, headcount, what):
    prod.fault("TagResource", what, times=9)
    run = headcount("adopt", "prod", "agent", "--yes")
    assert run.code == 1, run.out
    assert "agent" in run.err and ": tagged" not in run.out


def test_an_answer_that_is_lost_is_asked_for_again(prod, headcount):
    prod.fault("TagResource", "close")
    run = headcount("adopt", "prod", "agent", "--yes")
    assert run.code == 0, run.err
    assert prod.services["agent"]["tags"] == PER_HOST


@pytest.mark.parametrize("what", ["denied", "html", "half", "empty"])
def test_services_that_cannot_be_read_are_not_tagged(prod, headcount, what):
    prod.fault("DescribeServices", what, times=9)
    run = headcount("adopt", "prod", "agent", "--yes",
                    AWS_MAX_ATTEMPTS="1")
    assert run.code == 1
    assert "nothing was tagged" in run.err and not tagged(prod)


@pytest.mark.parametrize("words, code", [
    (["adopt"], 252), (["adopt", "prod"], 252),
    (["adopt", "prod", "a*", "--yes"], 252),
    (["adopt", "prod", "agent", "--yes", "--output", "json"], 252),
    (["adopt", "prod", "agent", "agent", "--yes"], 1)])
def test_adopt_of_wrong_words(prod, headcount, words, code):
    run = headcount(*words)
    assert run.code == code and run.err
    assert not tagged(prod)


@pytest.mark.parametrize("answer, code", [
    (b"y\n", 0), (b"yes\n", 0), (b"Y\n", 0), (b"YES\n", 0), (b"n\n", 1),
    (b"\n", 1), (b"\x04", 1),
    (b"yellow\n", 1)])
def test_adopt_asks_once(prod, headcount, answer, code):
    """On a terminal, after the plan."""
    ours, theirs = pty.openpty()
    child = subprocess.Popen(
        [headcount.program, "adopt", "prod", "agent", "log"], stdin=theirs,
        stdout=theirs, stderr=theirs, env=headcount.env, cwd=headcount.home)
    os.close(theirs)
    said, answered, end = b"", False, time.monotonic() + 60
    while time.monotonic() < end:
        if select.select([ours], [], [], 0.1)[0]:
            try:
                said += os.read(ours, 4096)
            except OSError:
                break
        if b"[y/N] " in said and not answered:
            assert b"Plan: 1 to change" in said
            assert not tagged(prod)
            os.write(ours, answer)
            answered = True
    assert child.wait(60) == code, said
    os.close(ours)
    assert said.count(b"[y/N]") == 1
    assert b"on 2 services of prod?" in said
    assert len(tagged(prod)) == (2 if code == 0 else 0)
    assert (b"Nothing was tagged." in said) == (code != 0)
