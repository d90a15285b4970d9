"""The examples that deploy: what they say, as AWS's own tools and ours read
it.  Terraform itself is not among the peers: its files are parsed by
python-hcl2 and evaluated by tests/peers/terraform.py.
"""
import itertools
import json
import pathlib
import re
import subprocess

import aws_lambda_builders.builder
import aws_lambda_builders.exceptions
import cfnlint
import cfnlint.config
import cloudformation
import deployment
import pytest
import servers
import terraform
from conftest import PROGRAM, TOP, event_of
from ecs_server import arn
from moto.events.models import EventPattern
from test_batch import batch, record
from test_lambda import metrics
from test_watch import Worker, until

EXAMPLES = TOP / "examples"
PROD, STAGE = arn("cluster", "prod"), arn("cluster", "stage")
WEB = arn("service", "prod/web")


@pytest.fixture(params=sorted(deployment.KINDS))
def deploy(request):
    """The deployment of these clusters, services, ..."""
    return deployment.KINDS[request.param]


def findings(template):
    """Warnings and errors of cfn-lint, for regions of two partitions."""
    ways = cfnlint.config.ManualArgs(regions=["eu-west-1", "cn-north-1"])
    return [f"{m.rule.id} line {m.linenumber}: {m.message}"
            for m in cfnlint.lint(template, config=ways)]


# ---- both ways of saying it ----

@pytest.mark.parametrize("path", ["lambda", "ecs"])
def test_cfn_lint_finds_nothing(path):
    assert findings((EXAMPLES / path / "template.yaml").read_text()) == []


@pytest.mark.parametrize("services", ["", WEB])
def test_cfn_lint_finds_nothing_in_what_sam_makes_of_it(services):
    template = deployment.translated({
        "ClusterArns": f"{PROD},{STAGE}", "ServiceArns": services})
    assert findings(json.dumps(template)) == []


# Every switch of both templates, in its other position.
SWITCHED = {"reserved_concurrency": None, "verify": "off", "dry_run": True,
            "max_changes": 500, "max_falls": 20000,
            "expect_account": "123456789012",
            "drop_foreign_events": True, "limit_updates": True,
            "dashboard": True}


@pytest.mark.parametrize("more", [{}, SWITCHED], ids=["default", "switched"])
def test_both_say_the_same(more):
    """Names are each one's own."""
    def same(kind):
        d = deployment.KINDS[kind]([PROD, STAGE], [WEB], **more)
        return {
            "function": {**d["function"], "name": ""},
            "mapping": {**d["mapping"], "of": ""},
            "pattern": json.loads(d["rule"]["pattern"]),
            "sweep": [json.loads(d["sweep"]["input"]), d["sweep"]["rate"],
                      d["sweep"]["window"], d["sweep"]["age"]],
            "queue": [d["queue"][k] for k in ("visibility", "tries", "kept")],
            "alarms": sorted(json.dumps({**a, "of": sorted(a["of"])},
                                        sort_keys=True)
                             for a in d["alarms"]),
            "age": d["rule"]["age"], "log_days": d["log_days"]}
    assert same("sam") == same("terraform")


def test_the_dashboard_is_off_and_both_have_the_same(deploy):
    """Names are each one's own."""
    assert deploy([PROD])["dashboard"] is None
    widgets = deploy([PROD], dashboard=True)["dashboard"]["widgets"]
    assert [w["properties"]["title"] for w in widgets] == [
        "Services", "Queue and dead letters", "Counts that were written"]
    assert "filter event = 'write'" in widgets[2]["properties"]["query"]
    names = {row[1] for row in widgets[0]["properties"]["metrics"]}
    emf = (TOP / "bindings" / "cli" / "lambda" / "emf.c").read_text()
    assert all(f'"{name}"' in emf for name in names), names


def test_both_have_the_same_parameters():
    """But for those that `sam build` and SAM's stack name make needless."""
    sam = set(deployment.read(deployment.SAM)["Parameters"])
    names = set(terraform.Module(deployment.TERRAFORM, {
        "cluster_arns": [PROD], "package": "x.zip"}).declared)
    names = names - {"name", "package"} - {"alarm_topic_arns"} \
        | {"alarm_topic_arn"}
    assert set(deployment.sam_given(dict.fromkeys(names))) == sam
    assert set(SWITCHED) < names


def test_the_binary_is_what_lambda_starts(deploy):
    function = deploy([PROD])["function"]
    assert (function["runtime"], function["handler"]) == (
        "provided.al2023", "bootstrap")
    assert function["architectures"] == ["arm64"]      # of the static binary
    assert function["log"] == "JSON"
    assert function["env"] == {"HEADCOUNT_CLUSTERS": PROD,
                               "HEADCOUNT_POLICY": "/var/task/policy.lua"}
    named = deploy([PROD, STAGE], [WEB, WEB + "2"])["function"]
    assert named["env"] == {"HEADCOUNT_CLUSTERS": f"{PROD},{STAGE}",
                            "ECS_SERVICE_ARN": f"{WEB},{WEB}2"}


def test_the_queue_waits_for_the_function(deploy):
    d = deploy([PROD])
    assert d["queue"]["visibility"] >= (6 * d["function"]["timeout"]
                                        + d["mapping"]["window"])
    assert d["mapping"]["of"] == d["queue"]["arn"]
    assert d["mapping"]["types"] == ["ReportBatchItemFailures"]
    assert d["mapping"]["batch"] == 100 and d["mapping"]["window"] > 0
    assert d["log_days"] == 30


def test_one_writer_a_region(deploy):
    d = deploy([PROD])
    assert d["function"]["reserved"] == 1
    assert d["mapping"]["concurrency"] == 2            # the least AWS takes
    # Whatever calls the function goes through its queue.
    assert d["rule"]["target"] == d["queue"]["arn"]
    assert d["sweep"]["target"] == d["queue"]["arn"]


def test_an_account_that_can_reserve_nothing(deploy):
    """Its limit is 10, and AWS keeps 10 unreserved."""
    d = deploy([PROD], reserved_concurrency=None)
    assert d["function"]["reserved"] is None
    assert d["mapping"]["concurrency"] == 2
    with pytest.raises(AssertionError):
        deploy([PROD], reserved_concurrency=2)         # two writers, reserved
    for text in described("ReservedConcurrency", "reserved_concurrency"):
        assert "limit is 10" in text
        assert "may write an older count, which stays until the next" in text


def test_nothing_is_lost_silently(deploy):
    d = deploy([PROD])
    dead = d["queue"]["dead"]
    assert dead != d["queue"]["arn"]
    assert d["rule"]["dead"] == d["sweep"]["dead"] == dead
    # A batch that waits for the one writer is received again meanwhile.
    assert d["queue"]["tries"] >= 5
    assert d["queue"]["kept"] == 14 * 86400
    # What EventBridge may send: to both queues, and for this rule only.
    open_to = set()
    for s in [s for p in d["queue"]["policies"] for s in p["Statement"]]:
        assert s["Condition"] == {"ArnEquals": {
            "aws:SourceArn": s["Condition"]["ArnEquals"]["aws:SourceArn"]}}
        source = s["Condition"]["ArnEquals"]["aws:SourceArn"]
        assert source in (d["rule"]["arn"], [d["rule"]["arn"]])
        assert s["Principal"]["Service"] in (
            "events.amazonaws.com", ["events.amazonaws.com"])
        assert s["Action"] in ("sqs:SendMessage", ["sqs:SendMessage"])
        open_to |= set(s["Resource"])
    assert open_to == {d["queue"]["arn"], dead}
    (policy,) = d["sweep"]["policies"]
    (sends,) = policy["Statement"]
    assert sends["Action"] in ("sqs:SendMessage", ["sqs:SendMessage"])
    assert set(sends["Resource"]) == {d["queue"]["arn"], dead}


# What one of three datapoints, or a missing one, cannot set off.
ABOVE = ("GreaterThanThreshold", 0)
TWICE = {"when": ABOVE, "period": 300, "periods": 3, "datapoints": 2,
         "missing": "notBreaching", "expression": None}
ALARMS = {
    ("headcount", "Failed"): {**TWICE, "statistic": "Sum"},
    ("headcount", "MissingServices"): {**TWICE, "statistic": "Maximum"},
    # Half an hour; each ten minutes have a sweep.
    ("headcount", "Held"): {**TWICE, "statistic": "Maximum", "period": 600,
                            "periods": 3, "datapoints": 3},
    ("headcount", "ForeignEvents"): {**TWICE, "statistic": "Sum"},
    ("headcount", "TooManyChanges"): {**TWICE, "statistic": "Maximum"},
    ("headcount", "LastSuccess"): {
        "when": ("LessThanThreshold", 1), "statistic": "SampleCount",
        "period": 600, "periods": 2, "datapoints": 2, "missing": "breaching",
        "expression": "FILL(METRIC, 0)"},
    ("AWS/SQS", "ApproximateNumberOfMessagesVisible"): {
        **TWICE, "statistic": "Maximum"},
}


def test_the_alarms(deploy):
    d = deploy([PROD])
    alarms = {a["metric"]: a for a in d["alarms"]}
    assert len(alarms) == len(d["alarms"])
    assert {metric: {k: a[k] for k in ALARMS[metric]}
            for metric, a in alarms.items()} == ALARMS
    source = (TOP / "bindings/cli/lambda/emf.c").read_text()
    assert '"Namespace\\":\\"headcount\\"' in source
    for (space, metric), a in alarms.items():
        assert a["tells"] == a["tells_ok"] == [deployment.TOPIC]
        if space == "headcount":         # a metric that the binary writes
            assert f'{{ "{metric}", ' in source
            assert a["of"] == {"FunctionName": d["function"]["name"]}
    assert list(alarms[("AWS/SQS", "ApproximateNumberOfMessagesVisible")]
                ["of"].values()) == [d["queue"]["dead"].rpartition(":")[2]]
    for a in deploy([PROD], topic=False)["alarms"]:
        assert a["tells"] == a["tells_ok"] == []


SWEEPS = 10


def goes_off(alarm, starts, phase):
    """Whether it does where the sweeps that began at these seconds wrote its
    metric; `phase` is where its periods begin.  Only periods that lie whole in
    the run are looked at."""
    period = alarm["period"]
    written = {(t - phase) // period for t in starts}
    wanted = alarm["missing"] == "notBreaching"
    bad = [(k in written) == wanted
           for k in range(-((phase - 300) // period),
                          (300 * (SWEEPS + 1) - phase) // period)]
    return any(sum(bad[i:i + alarm["periods"]]) >= alarm["datapoints"]
               for i in range(len(bad) - alarm["periods"] + 1))


def test_a_sweep_that_starts_late_pages_nobody(deploy):
    """Whatever the minute that EventBridge adds, and wherever the periods
    begin: a fault that lasts sets off its alarm; one failure does not."""
    d = deploy([PROD])
    assert d["sweep"]["rate"] == "rate(5 minutes)"
    late = 60 * d["sweep"]["window"] + d["mapping"]["window"]
    alarms = {a["metric"][1]: a for a in d["alarms"]}
    silent = alarms["LastSuccess"]
    for delays in itertools.product((0, late), repeat=SWEEPS):
        starts = [300 * i + delay for i, delay in enumerate(delays, 1)]
        for phase in range(0, 600, 100):
            for lasts in ("Failed", "Held", "MissingServices",
                          "TooManyChanges"):
                assert goes_off(alarms[lasts], starts, phase)
            assert not goes_off(alarms["Failed"], starts[3:4], phase)
            assert not goes_off(silent, starts, phase)
            assert not goes_off(silent, starts[:3] + starts[4:], phase)
            assert goes_off(silent, starts[:1] + starts[-1:], phase)


# ---- what fits ----

def described(parameter, variable):
    """What the templates that have it say of a parameter."""
    texts = [declared[parameter]["Description"] for declared in (
        deployment.read(EXAMPLES / path / "template.yaml")["Parameters"]
        for path in ("lambda", "ecs")) if parameter in declared]
    texts.append(terraform.Module(deployment.TERRAFORM, {
        "cluster_arns": [PROD], "package": "x.zip"}).declared[variable]
        ["description"])
    return [" ".join(text.split()) for text in texts]


def clusters(n, size):
    """Their ARNs, the names of `size` characters."""
    return [arn("cluster", f"c{i:02}".ljust(size, "-")) for i in range(n)]


def patterns(arns):
    yield from (d(arns)["rule"]["pattern"] for d in deployment.KINDS.values())
    yield json.dumps(worker(ClusterArns=",".join(arns))["Rule"]
                     ["EventPattern"])


def test_the_clusters_that_fit_into_a_pattern():
    """EventBridge's quota is 2,048 characters."""
    said = {20: 29, 255: 6}
    for size, n in said.items():
        for more in (0, 1):
            for pattern in patterns(clusters(n + more, size)):
                compact = json.dumps(json.loads(pattern),
                                     separators=(",", ":"))
                assert (len(compact) <= 2048) == (more == 0)
    for text in described("ClusterArns", "cluster_arns"):
        assert (f"{said[20]} clusters fit if their names have 20 characters, "
                f"{said[255]} if they have 255") in text


def of_roles(arns, services=()):
    yield from (d(arns, services, **SWITCHED)["policies"]
                for d in deployment.KINDS.values())
    yield [worker(ClusterArns=",".join(arns), LimitUpdates="true",
                  ServiceArns=",".join(services))
           ["TaskPolicy"]["PolicyDocument"]]


def fits_a_role(policies):
    """IAM's quota of a role's own policies is 10,240 without white space.  A
    stack's names are longer than those here, by less than 600 in all."""
    return sum(len("".join(json.dumps(p).split()))
               for p in policies) + 600 <= 10240


@pytest.mark.parametrize("arns", [clusters(29, 20), clusters(6, 255)])
def test_as_many_fit_into_the_roles_policies(arns):
    assert all(map(fits_a_role, of_roles(arns)))


def twice_in(arns):
    return [c.replace(":cluster/", ":service/") + f"/{s * 20}"
            for c in arns for s in "ab"]


def test_the_services_that_fit():
    """Lambda's environment takes 4,096 bytes; a worker's has no such limit,
    but its role has."""
    said = {"lambda": 15, "ecs": 20}
    for n in said.values():
        arns = clusters(n, 20)
        roles = list(of_roles(arns, twice_in(arns)))
        assert fits_a_role(roles[-1])
        if n == said["lambda"]:
            assert all(map(fits_a_role, roles))
    for deploy in deployment.KINDS.values():
        arns = clusters(said["lambda"], 20)
        env = deploy(arns, twice_in(arns), **SWITCHED)["function"]["env"]
        assert sum(len(k + v) for k, v in env.items()) + 100 <= 4096
    words = "{} services beside {} clusters if all names have 20 characters"
    sam, ecs, tf = described("ServiceArns", "service_arns")
    for text, kind in ((sam, "lambda"), (tf, "lambda"), (ecs, "ecs")):
        assert words.format(2 * said[kind], said[kind]) in text


# ---- events and inputs, run ----

def test_the_rule_matches_the_events_of_its_clusters_only(deploy):
    pattern = EventPattern.load(deploy([PROD, STAGE])["rule"]["pattern"])
    sample = json.loads((EXAMPLES / "event.json").read_text())
    sample["detail"]["clusterArn"] = PROD
    for event in (event_of("prod"), event_of("stage"), sample,
                  event_of("prod", status="DRAINING")):
        assert pattern.matches_event(event)
    assert not pattern.matches_event(event_of("test"))
    assert not pattern.matches_event(
        {**event_of("prod"), "detail-type": "ECS Task State Change"})


def fill(ecs):
    for home in (ecs.home, ecs.model.cluster("stage")):
        home.service("web", desired=1, tags=[
            {"key": "headcount:rule", "value": "per-host"}])
        for name in "abc":
            home.host(name)


def counts(ecs):
    return [c.services["web"]["desiredCount"] for c in ecs.model.clusters]


def environment(d):
    """The function's; the package is where this test has it."""
    return {k: v.replace("/var/task/policy.lua",
                         str(EXAMPLES / "policies" / "opt_in.lua"))
            for k, v in d["function"]["env"].items()}


@pytest.fixture
def start(ecs, headcount, tmp_path):
    """The function of a deployment, under AWS's emulator."""
    started = []
    headcount.at(ecs)
    headcount.env["AWS_ENDPOINT_URL_APPLICATION_AUTO_SCALING"] = \
        headcount.env["AWS_ENDPOINT_URL_ECS"]

    def begin(d):
        started.append(servers.Lambda(
            tmp_path / f"lambda{len(started)}", PROGRAM,
            {**headcount.env, **environment(d)}))
        return started[-1].__enter__()
    yield begin
    for server in started:
        server.__exit__(None, None, None)


@pytest.mark.parametrize("services", [(), (WEB, arn("service", "stage/web"))])
def test_a_sweep_and_an_event_of_it_are_done(deploy, services, ecs, start):
    """As they come out of the queue, in one batch."""
    d = deploy([PROD, STAGE], services)
    fill(ecs)
    server = start(d)
    assert server.invoke(json.loads(batch(
        record(1, event_of("prod")), record(2, d["sweep"]["input"])))) == {
            "batchItemFailures": []}
    assert counts(ecs) == [3, 3]
    assert len(ecs.writes()) == 2
    told, = metrics(server)
    assert told["Updated"] == 2
    assert told["MissingServices"] == 0


def test_a_sweep_tells_of_a_service_that_no_cluster_has(deploy, ecs, start):
    """Else its alarm could not go off."""
    fill(ecs)
    d = deploy([PROD, STAGE], [WEB, arn("service", "prod/wbe")])
    server = start(d)
    assert server.invoke(json.loads(batch(record(
        1, d["sweep"]["input"])))) == {"batchItemFailures": []}
    told, = metrics(server)
    assert (told["MissingServices"], told["Failed"]) == (1, 0)


def test_a_dry_run_holds_every_write(deploy, ecs, start):
    fill(ecs)
    for dry, written in ((True, [1, 1]), (False, [3, 1])):
        d = deploy([PROD], [WEB], dry_run=dry)
        server = start(d)
        server.invoke(json.loads(batch(record(1, d["sweep"]["input"]))))
        told, = metrics(server)
        assert (told["Held"], told["Updated"]) == ((1, 0) if dry else (0, 1))
        assert counts(ecs) == written


def abroad():
    return json.loads(json.dumps(event_of()).replace("eu-west-1",
                                                     "us-east-1"))


@pytest.mark.parametrize("reserved, said, sets", [
    (1, None, None), (None, None, "on"), (None, "off", "off"),
    (1, "on", "on"), (1, "off", "off")])
def test_verify_is_on_where_nothing_is_reserved(deploy, reserved, said, sets,
                                                ecs, start):
    """On, a write is four calls; off, three."""
    ecs.service("web", desired=1)
    ecs.host("a")
    ecs.host("b")
    d = deploy([PROD], [WEB], reserved_concurrency=reserved, verify=said)
    assert d["function"]["env"].get("HEADCOUNT_VERIFY") == sets
    start(d).invoke(json.loads(batch(record(1, event_of()))))
    assert len(ecs.writes()) == 1
    assert len(ecs.requests) == (4 if sets == "on" else 3)
    with pytest.raises(AssertionError):
        deploy([PROD], verify="yes")


@pytest.mark.parametrize("drops", [False, True])
def test_an_event_of_another_region_is_left_or_dropped(deploy, drops, ecs,
                                                       start):
    fill(ecs)
    d = deploy([PROD, STAGE], drop_foreign_events=drops)
    server = start(d)
    answer = server.invoke(json.loads(batch(record(1, abroad()),
                                            record(2, event_of()))))
    assert answer == {"batchItemFailures": [] if drops else [
        {"itemIdentifier": "1"}]}
    told, = metrics(server)
    assert (told["ForeignEvents"], told["Updated"]) == (1, 1)
    # The alarm's three periods have both of the tries that it waits for.
    alarm, = [a for a in d["alarms"] if a["metric"][1] == "ForeignEvents"]
    assert d["queue"]["visibility"] <= 2 * alarm["period"]


def test_the_brake_holds_what_is_too_much(deploy, ecs, start):
    """Both clusters want two tasks more; then both want two less."""
    fill(ecs)
    services = [WEB, arn("service", "stage/web")]
    d = deploy([PROD, STAGE], services, max_changes=1)
    server = start(d)
    server.invoke(json.loads(batch(record(1, d["sweep"]["input"]))))
    told, = metrics(server)
    assert (told["Updated"], told["TooManyChanges"]) == (1, 1)
    assert sorted(counts(ecs)) == [1, 3]
    for c in ecs.model.clusters:
        c.services["web"].write(desiredCount=5)
    d = deploy([PROD, STAGE], services, max_falls=3)
    server = start(d)
    server.invoke(json.loads(batch(record(1, d["sweep"]["input"]))))
    told, = metrics(server)
    assert (told["Updated"], told["TooManyChanges"]) == (1, 1)
    assert sorted(counts(ecs)) == [3, 5]
    for none in ("0", "x", "-1"):
        with pytest.raises(AssertionError):
            deployment.sam([PROD], max_changes=none)
    for limit in ("max_changes", "max_falls"):
        with pytest.raises(AssertionError):
            deploy([PROD], **{limit: 0})


# ---- the worker on ECS ----

def worker(**more):
    """Its resources, as CloudFormation makes them."""
    template = deployment.read(EXAMPLES / "ecs" / "template.yaml")
    given = {"Image": "x", "RunsIn": "tools", "Subnets": "subnet-1,subnet-2",
             "SecurityGroups": "sg-1", "ClusterArns": f"{PROD},{STAGE}"}
    made = cloudformation.resources_of(template, {**given, **more})
    return {name: r["Properties"] for name, r in made.items()}


# What each of its parameters sets.
WORKER = {
    ("DryRun", "true"): ("HEADCOUNT_DRY_RUN", "1"),
    ("DropForeignEvents", "true"): ("HEADCOUNT_DROP_FOREIGN", "1"),
    ("Verify", "on"): ("HEADCOUNT_VERIFY", "on"),
    ("MaxChanges", "9"): ("HEADCOUNT_MAX_CHANGES", "9"),
    ("MaxFalls", "9"): ("HEADCOUNT_MAX_FALLS", "9"),
    ("ExpectAccount", "123456789012"): ("HEADCOUNT_EXPECT_ACCOUNT",
                                        "123456789012"),
}


def test_the_worker_is_one_task_and_reads_its_queue():
    p = worker()
    (container,) = p["Task"]["ContainerDefinitions"]
    assert container["Command"] == [
        "watch", "--queue", cloudformation.physical(
            "AWS::SQS::Queue", "Queue", {})[0], "--every", "300s", PROD, STAGE]
    env = {e["Name"]: e["Value"] for e in container["Environment"]}
    assert env == {"AWS_REGION": "eu-west-1",
                   "HEADCOUNT_POLICY": "/policy.lua"}
    named = worker(ServiceArns=WEB)["Task"]["ContainerDefinitions"][0]
    assert {e["Name"]: e["Value"] for e in named["Environment"]} == {
        "AWS_REGION": "eu-west-1", "ECS_SERVICE_ARN": WEB}
    for more, sets in WORKER.items():
        other = worker(**dict([more]))["Task"]["ContainerDefinitions"][0]
        assert {e["Name"]: e["Value"] for e in other["Environment"]} == {
            **env, **dict([sets])}
    dockerfile = (EXAMPLES / "ecs" / "Dockerfile").read_text()
    assert " /policy.lua\n" in dockerfile
    assert container["StopTimeout"] >= 10 + 5 and \
        container["ReadonlyRootFilesystem"] is True
    # ARM64 is the static binary's.
    assert p["Task"]["RuntimePlatform"]["CpuArchitecture"] == "ARM64"
    assert p["Service"]["DesiredCount"] == 1
    assert p["Service"]["DeploymentConfiguration"] == {
        "MinimumHealthyPercent": 0, "MaximumPercent": 100}
    assert p["Service"]["AvailabilityZoneRebalancing"] == "DISABLED"


def test_the_workers_queue_loses_nothing_silently():
    p = worker(AlarmTopicArn=deployment.TOPIC)
    dead = cloudformation.at("sqs", "DeadLetters")
    (target,) = p["Rule"]["Targets"]
    assert target["Arn"] == cloudformation.at("sqs", "Queue")
    assert p["Queue"]["RedrivePolicy"]["deadLetterTargetArn"] == dead
    assert target["DeadLetterConfig"]["Arn"] == dead
    pattern = EventPattern.load(json.dumps(p["Rule"]["EventPattern"]))
    assert pattern.matches_event(event_of("stage"))
    assert not pattern.matches_event(event_of("test"))
    (sends,) = p["QueuePolicy"]["PolicyDocument"]["Statement"]
    assert sends["Condition"]["ArnEquals"]["aws:SourceArn"] == \
        cloudformation.at("events", "rule/Rule")
    alarms = {(a["MetricName"], a["Dimensions"][0]["Value"],
               a["Threshold"]): a["AlarmActions"]
              for a in (p["UnreadAlarm"], p["DeadLettersAlarm"])}
    assert alarms == {
        ("ApproximateAgeOfOldestMessage", "Queue", 600): [deployment.TOPIC],
        ("ApproximateNumberOfMessagesVisible", "DeadLetters", 0):
            [deployment.TOPIC]}
    for a in (p["UnreadAlarm"], p["DeadLettersAlarm"]):
        assert (a["EvaluationPeriods"], a["DatapointsToAlarm"],
                a["TreatMissingData"]) == (3, 2, "notBreaching")


def test_a_worker_that_is_gone_is_told_without_an_event():
    """A queue that nobody fills is never old: that it is read is measured."""
    alarm = worker(AlarmTopicArn=deployment.TOPIC)["GoneAlarm"]
    asked, *read = alarm["Metrics"]
    assert asked["Expression"] == "FILL(empty, 0) + FILL(received, 0)"
    assert {(m["Id"], m["MetricStat"]["Metric"]["MetricName"]) for m in read} \
        == {("empty", "NumberOfEmptyReceives"),
            ("received", "NumberOfMessagesReceived")}
    for m in read:
        assert m["ReturnData"] is False
        assert (m["MetricStat"]["Stat"], m["MetricStat"]["Period"]) == (
            "Sum", 300)
        (of,) = m["MetricStat"]["Metric"]["Dimensions"]
        assert of == {"Name": "QueueName", "Value": "Queue"}
    assert (alarm["ComparisonOperator"], alarm["Threshold"],
            alarm["EvaluationPeriods"], alarm["DatapointsToAlarm"],
            alarm["TreatMissingData"]) == (
        "LessThanThreshold", 1, 3, 3, "breaching")
    assert alarm["AlarmActions"] == alarm["OKActions"] == [deployment.TOPIC]


@pytest.mark.parametrize("path", ["ecs/template.yaml",
                                  "systemd/headcount-watch.service"])
def test_a_worker_writes_the_series_to_alert_on(ecs, headcount, path):
    headcount.at(ecs)
    ecs.service("web", desired=0)
    ecs.host("a")
    file = headcount.home / "metrics.prom"
    with Worker(headcount, None, "prod", "--every", "0.5", "--metrics",
                file) as process:
        until(ecs.writes)
        assert process.stop()[0] == 0
    series = re.findall(r"^ *#.*?(headcount_\w+)(?=\[| >)",
                        (EXAMPLES / path).read_text(), re.M)
    assert len(series) >= 5
    text = file.read_text()
    assert [s for s in series if f"# TYPE {s} " not in text] == []


# ---- the package ----

def sam_build(tmp_path, **variables):
    """What `sam build` does with BuildMethod makefile: the sources are copied
    elsewhere, and make runs there."""
    template = deployment.read(deployment.SAM)["Resources"]["Headcount"]
    assert template["Metadata"] == {"BuildMethod": "makefile"}
    source = deployment.SAM.parent / template["Properties"]["CodeUri"]
    artifacts = tmp_path / "artifacts"
    artifacts.mkdir(parents=True)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in variables.items():
            patch.setenv(name, str(value))
        patch.delenv("MAKEFLAGS", raising=False)
        aws_lambda_builders.builder.LambdaBuilder(
            language="provided", dependency_manager=None,
            application_framework=None).build(
                str(source.resolve()), str(artifacts),
                str(tmp_path / "scratch"), str(source.resolve() / "Makefile"),
                runtime="provided.al2023", architecture="arm64",
                options={"build_logical_id": "Headcount"})
    return artifacts


def test_the_package_is_a_bootstrap_and_a_policy(tmp_path):
    made = sam_build(tmp_path, BINARY=PROGRAM)
    assert sorted(p.name for p in made.iterdir()) == ["bootstrap",
                                                      "policy.lua"]
    assert (made / "bootstrap").stat().st_mode & 0o777 == 0o755
    assert (made / "policy.lua").stat().st_mode & 0o777 == 0o644
    assert (made / "bootstrap").read_bytes() == \
        pathlib.Path(PROGRAM).read_bytes()
    assert (made / "policy.lua").read_text() == \
        (EXAMPLES / "policies" / "opt_in.lua").read_text()
    other = tmp_path / "mine.lua"
    other.write_text('return { per_host { "web" } }')
    made = sam_build(tmp_path / "again", BINARY=PROGRAM, POLICY=other)
    assert (made / "policy.lua").read_text() == other.read_text()


def test_the_package_works_off_a_batch_in_lambda(ecs, headcount, tmp_path):
    """What `sam build` made, under AWS's emulator, with the template's
    environment; what is no event is delivered again."""
    headcount.at(ecs)
    made = sam_build(tmp_path / "build", BINARY=PROGRAM)
    d = deployment.sam([PROD, STAGE])
    env = {k: v.replace("/var/task", str(made))
           for k, v in d["function"]["env"].items()}
    assert env["HEADCOUNT_POLICY"] == f"{made}/policy.lua"
    fill(ecs)
    with servers.Lambda(tmp_path / "lambda", made / "bootstrap",
                        {**headcount.env, **env}) as function:
        answer = function.invoke(json.loads(batch(
            record(1, d["sweep"]["input"]), record(2, event_of()),
                record(3, "no JSON"))))
    assert answer == {"batchItemFailures": [{"itemIdentifier": "3"}]}
    assert counts(ecs) == [3, 3]


@pytest.mark.parametrize("variables, says", [
    ({"BINARY": "/nonexistent/headcount"}, 'run "make static"'),
    ({"BINARY": PROGRAM, "POLICY": "/nonexistent.lua"}, "name a policy"),
])
def test_what_the_package_lacks_is_named(tmp_path, variables, says):
    with pytest.raises(aws_lambda_builders.exceptions.LambdaBuilderError,
                       match=says):
        sam_build(tmp_path, **variables)


def test_names_without_their_cluster_are_refused():
    """They would make a policy that AWS does not take."""
    for wrong in ("web", f"{WEB},web", WEB.replace("prod/", "")):
        with pytest.raises(AssertionError, match="ServiceArns: "):
            deployment.sam([PROD], [wrong])
        with pytest.raises(AssertionError, match="ServiceArns: "):
            worker(ServiceArns=wrong)
        with pytest.raises(AssertionError, match="Each service is named"):
            deployment.terraform([PROD], [wrong])
    for deploy in deployment.KINDS.values():
        with pytest.raises(AssertionError):
            deploy(["prod"])


def test_the_static_binary_is_where_the_examples_look():
    """The path of `make static`, in all of them."""
    path = "build/static/headcount-aarch64"
    makefile = (EXAMPLES / "lambda" / "Makefile").read_text()
    assert f"BINARY ?= $(HERE)../../{path}\n" in makefile
    dockerfile = (EXAMPLES / "ecs" / "Dockerfile").read_text()
    assert f"ARG BINARY={path}\n" in dockerfile
    steps = re.findall(r"^([A-Z]+) (.*)$", dockerfile, re.M)
    assert steps[0] == ("FROM", "scratch")
    assert "RUN" not in dict(steps)
    (policy,) = re.findall(r"^ARG POLICY=(.*)$", dockerfile, re.M)
    assert (TOP / policy).is_file()


# ---- systemd ----

UNITS = EXAMPLES / "systemd"


@pytest.fixture
def units(tmp_path):
    """Our units, where `make install` has put this binary."""
    for path in UNITS.iterdir():
        (tmp_path / path.name).write_text(path.read_text().replace(
            "/usr/local/bin/headcount", PROGRAM))
    return tmp_path


def analyze(folder, *args):
    return subprocess.run(["systemd-analyze", *args], cwd=folder, text=True,
                          capture_output=True, check=False)


@pytest.mark.parametrize("unit", ["headcount-watch.service",
                                  "headcount-apply.service",
                                  "headcount-apply.timer"])
def test_systemd_takes_the_units(units, unit):
    done = analyze(units, "verify", "--man=no", f"./{unit}")
    said = [line for line in done.stderr.splitlines() if "headcount" in line]
    assert (done.returncode, said) == (0, []), done.stderr
    if unit.endswith(".service"):
        done = analyze(units, "security", "--offline=true", "--threshold=15",
                       f"./{unit}")
        assert done.returncode == 0, done.stdout[-200:]


def env_file(*uncommented):
    """headcount.env, with these of its variables uncommented."""
    lines = (UNITS / "headcount.env").read_text().splitlines()
    for name in uncommented:
        (at,) = [i for i, l in enumerate(lines) if l.startswith(f"#{name}=")]
        lines[at] = lines[at][1:]
    return dict(l.split("=", 1) for l in lines if l and l[0] != "#")


def test_the_units_dry_run_holds_every_write(ecs, headcount):
    assert "HEADCOUNT_DRY_RUN" not in env_file()
    headcount.at(ecs)
    ecs.service("datadog-agent", desired=1)
    ecs.host("a")
    ecs.host("b")
    run = headcount("apply", "prod", "--output", "json",
                    **env_file("HEADCOUNT_DRY_RUN"))
    assert run.code == 0, run.err
    (service,) = run.report["clusters"][0]["services"]
    assert service["code"] == "paused" and ecs.writes() == []


def test_the_units_switch_for_foreign_events(ecs, headcount):
    headcount.at(ecs)
    for given, left in ((env_file(), ["1"]),
                        (env_file("HEADCOUNT_DROP_FOREIGN"), [])):
        run = headcount("handle", "--output", "json", **given,
                        stdin=batch(record(1, abroad())))
        assert [r["id"] for r in run.report["records"]["failed"]] == left


def test_the_units_limits_are_settings(ecs, headcount):
    """The program takes them as they stand there."""
    headcount.at(ecs)
    names = ("HEADCOUNT_MAX_CHANGES", "HEADCOUNT_MAX_FALLS",
             "HEADCOUNT_VERIFY")
    given = env_file(*names)
    assert set(given) - set(env_file()) == set(names)
    ecs.service("datadog-agent", desired=1)
    for i in range(2):
        ecs.host(f"h{i}")
    assert headcount("apply", "prod", **given).code == 0
    assert ecs.services["datadog-agent"]["desiredCount"] == 2
    for name in names:
        run = headcount("apply", "prod", **{**given, name: "none"})
        assert run.code == 252 and name in run.err


def test_the_unit_of_one_sweep_runs(ecs, headcount):
    """Its command and its environment, as systemd splits them."""
    text = (UNITS / "headcount-apply.service").read_text()
    given = env_file()
    (command,) = re.findall(r"^ExecStart=/usr/local/bin/headcount (.*)$",
                            text, re.M)
    words = [w for word in command.split() for w in
             (given[word[1:]].split() if word[0] == "$" else [word])]
    headcount.at(ecs)
    ecs.service("datadog-agent", desired=1)
    ecs.host("a")
    ecs.host("b")
    run = headcount(*words, **given)
    assert run.code == 0, run.err
    assert ecs.services["datadog-agent"]["desiredCount"] == 2
