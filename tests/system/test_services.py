"""The services that can be called, and their hosts: what the pinned botocore
says of them, and what they are called through the program."""
import json
import subprocess
import sys

import pytest
import servers
from conftest import TOP

PACKAGING = TOP / "bindings" / "packaging"
sys.path.insert(0, str(PACKAGING))
import service_table  # noqa: E402  pylint: disable=wrong-import-position

# Of each partition one that botocore does not list: the form decides.
NEW = ("eu-central-9", "cn-south-9", "eusc-de-west-9", "us-iso-south-9",
       "us-isob-north-9", "eu-isoe-east-9", "us-isof-west-9",
       "us-gov-north-9", "mars")


@pytest.fixture(scope="module")
def services():
    return list(service_table.services())


@pytest.fixture(scope="module")
def hosts(tmp_path_factory):
    """What service_hosts.c says to many lines."""
    program = tmp_path_factory.mktemp("hosts") / "hosts"
    build = TOP / "build"
    subprocess.run([*(build / "flags").read_text().split(), "-o", program,
                    "tests/system/service_hosts.c",
                    build / "libheadcount.a"], cwd=TOP, check=True)

    def ask(questions):
        lines = "".join(" ".join(q) + "\n" for q in questions)
        done = subprocess.run([program], input=lines, text=True, check=True,
                              stdout=subprocess.PIPE)
        return dict(zip(questions, done.stdout.splitlines(), strict=True))
    return ask


def said(service, at, flag):
    return " ".join(x or "!" for x in service.ask(at, flag))


def variable(service):
    return service.id.upper().replace(" ", "_").replace("-", "_")


def differ(got, want):
    assert len(got) == len(want)
    return [f"{q}: {got[q]}, not {want[q]}" for q in want if got[q] != want[q]]


def test_the_table_is_that_of_the_pinned_botocore():
    done = subprocess.run([sys.executable, PACKAGING / "service_table.py"],
                          check=True, capture_output=True, text=True)
    assert done.stdout == (TOP / "core/aws/service_table.c").read_text()


def test_our_own_services_have_their_hosts_by_the_same_rules(hosts):
    want = {(one.cli, at.region, flag): said(one, at, flag)
            for one in map(service_table.service, service_table.OURS)
            for at in service_table.PLACES for flag in service_table.FLAGS}
    assert len(want) == 3 * 46 * 4
    assert differ(hosts(list(want)), want) == []


def test_both_spellings_of_every_operation(services, hosts):
    """And which of them are not signed, and which answer a stream."""
    want = {}
    for service in services:
        for name in service.static_of:
            ways = ("" if name in service.unsigned else "-") + \
                ("~" if name in service.streams else "")
            for given in (service_table.kebab(name), name):
                want[service.cli, "=", given] = f"{name} {ways}"
    assert sum(x.endswith("~") for x in want.values()) == 2 * 3
    assert sum(x.endswith(" ") for x in want.values()) == 2 * 36
    assert len(want) == 2 * 6895
    assert differ(hosts(list(want)), want) == []


def test_the_variable_of_an_endpoint_is_that_of_botocore(services, hosts):
    want = {(service.cli, "@"): variable(service) for service in services}
    assert len(set(want.values())) == 152
    assert differ(hosts(list(want)), want) == []


def test_every_host_is_that_of_the_rule_sets(services, hosts):
    want = {(service.cli, at.region, flag): said(service, at, flag)
            for service in services for at in service_table.PLACES
            for flag in service_table.FLAGS}
    assert len(want) == 152 * 46 * 4 == 27968
    assert differ(hosts(list(want)), want) == []


def test_a_new_region_follows_its_partition(services, hosts):
    """The names of services here are those of botocore."""
    want = {(service.name, region, flag):
            said(service, service_table.Place("", region, "", "", ""), flag)
            for service in services for region in NEW
            for flag in service_table.FLAGS}
    assert differ(hosts(list(want)), want) == []


def test_an_operation_may_have_a_host_of_its_own(services, hosts):
    want, other = {}, 0
    for service in services:
        for operation, static in service.static_of.items():
            before = service.prepends.get(operation, "")
            if static == service.static and not before:
                continue
            for at in service_table.PLACES:
                for flag in service_table.FLAGS:
                    host, region = service.ask(at, flag, static)
                    host = before + host if host else "!"
                    want[service.cli, at.region, flag, operation] = \
                        f"{host} {region or '!'}"
            other += 1
    assert other > 40
    assert differ(hosts(list(want)), want) == []


# ---- through the program ----

def test_every_service_has_an_endpoint_variable_and_its_own_target(
        services, ecs, headcount):
    """One process calls all 152; each URL has a path of its own."""
    (headcount.home / "all.lua").write_text("""
local headcount = require "headcount"
local client <close> = headcount.client { max_attempts = 1 }
for line in io.lines() do
    local name, operation = line:match "(.-)|(.*)"
    client:call(name, operation)
end
""")
    given = []
    for at, service in enumerate(services):
        headcount.env[f"AWS_ENDPOINT_URL_{variable(service)}"] = \
            f"http://127.0.0.1:{ecs.port}/{service.cli}"
        name = (service.cli, service.name, service.id.upper())[at % 3]
        operation = next(op for op in service.static_of
                         if op not in service.streams)
        given.append((name, operation))
    run = headcount("run", "all.lua",
                    stdin="".join(f"{n}|{o}\n" for n, o in given))
    assert run.code == 0, run.err
    assert len(ecs.requests) == 152
    for service, (_, operation), request in zip(services, given, ecs.requests):
        assert request.line.split()[1] == f"/{service.cli}/"
        assert request.headers["x-amz-target"] == \
            f"{service.target}.{operation}"
        assert request.headers["content-type"] == \
            f"application/x-amz-json-{service.json}"
        signed = request.headers.get("authorization", "")
        assert (f"/eu-west-1/{service.signing}/aws4_request" in signed) == \
            (operation not in service.unsigned)
        assert ("x-amzn-query-mode" in request.headers) == service.query


# What moto has of services that headcount never calls by itself.
MOTO = [
    ("secretsmanager", "list-secrets", "ListSecrets", {}, "SecretList"),
    ("ssm", "describe-parameters", "DescribeParameters", {}, "Parameters"),
    ("kms", "list-keys", "ListKeys", {}, "Keys"),
    ("CloudWatch Logs", "describe-log-groups", "DescribeLogGroups", {},
     "logGroups"),
    ("events", "list-rules", "ListRules", {}, "Rules"),
    ("stepfunctions", "list-state-machines", "ListStateMachines", {},
     "stateMachines"),
    ("kinesis", "list-streams", "ListStreams", {}, "StreamNames"),
    ("ecr", "describe-repositories", "DescribeRepositories", {},
     "repositories"),
    ("codepipeline", "list-pipelines", "ListPipelines", {}, "pipelines"),
    ("configservice", "describe-configuration-recorders",
     "DescribeConfigurationRecorders", {}, "ConfigurationRecorders"),
    ("organizations", "list-roots", "ListRoots", {}, None),
    ("wafv2", "list-web-acls", "ListWebACLs", {"Scope": "REGIONAL"},
     "WebACLs"),
    ("acm", "list-certificates", "ListCertificates", {},
     "CertificateSummaryList"),
    ("sqs", "list-queues", "ListQueues", {}, None),
    ("dynamodbstreams", "list-streams", "ListStreams", {}, "Streams"),
    ("application-autoscaling", "describe-scalable-targets",
     "DescribeScalableTargets", {"ServiceNamespace": "ecs"},
     "ScalableTargets"),
    ("athena", "list-work-groups", "ListWorkGroups", {}, "WorkGroups"),
]


def test_moto_answers_a_dozen_services_in_both_spellings(headcount, tmp_path):
    with servers.Moto(tmp_path / "moto") as moto:
        headcount.env["AWS_ENDPOINT_URL"] = moto.url
        for service, kebab, name, body, member in MOTO:
            for operation in (kebab, name):
                run = headcount("call", service, operation, json.dumps(body))
                if service == "organizations":
                    assert run.err.startswith("AWSOrganizationsNotInUse")
                    continue
                assert run.code == 0, (service, operation, run.err)
                if member:
                    assert member in json.loads(run.out)


def test_a_query_compatible_error_has_the_name_that_people_know(
        headcount, tmp_path):
    with servers.Moto(tmp_path / "moto") as moto:
        headcount.env["AWS_ENDPOINT_URL"] = moto.url
        run = headcount("call", "sqs", "get-queue-url",
                        '{"QueueName": "none"}')
    assert run.code == 254
    assert run.err.startswith("AWS.SimpleQueueService.NonExistentQueue: "
                              "GetQueueUrl in eu-west-1: ")


def test_a_service_may_be_described_on_the_command_line(ecs, headcount):
    headcount.env["AWS_ENDPOINT_URL_MY_OWN"] = \
        f"http://127.0.0.1:{ecs.port}/mine"
    run = headcount("call", "my-own", "do-this", "--target-prefix",
                    "Mine_2026", "--json-version", "1.1", "--signing-name",
                    "sign", "--endpoint-prefix", "api.mine")
    assert run.code == 254
    request, = ecs.requests
    assert request.line.split()[1] == "/mine/"
    assert request.headers["x-amz-target"] == "Mine_2026.DoThis"
    assert request.headers["content-type"] == "application/x-amz-json-1.1"
    assert "/eu-west-1/sign/aws4_request" in request.headers["authorization"]


@pytest.mark.parametrize("args, code, says", [
    (["s3", "list-buckets"], 253, "fetch METHOD URL and --sign s3"),
    (["elbv2", "x"], 253, "--sign elasticloadbalancing"),
    (["dynamdb", "scan"], 253, "is it dynamodb?"),
    (["mars", "scan"], 253, "give --target-prefix if"),
    (["logs", "start-live-tail"], 252, "answers with a stream of events"),
    (["kinesis", "SubscribeToShard"], 252, "answers with a stream"),
    (["ecs", "x", "--json-version", "1.1"], 252,
     "together with --target-prefix"),
    (["x", "y", "--target-prefix", "a b"], 252, "--target-prefix is `a b`"),
    (["x", "y", "--target-prefix", "T", "--json-version", "2"], 252,
     "1.0 or 1.1"),
    (["x", "y", "--target-prefix", "T", "--signing-name", "/"], 252,
     "--signing-name is `/`"),
    (["x", "y", "--target-prefix", "T", "--endpoint-prefix", "u@h"], 252,
     "--endpoint-prefix is `u@h`"),
])
def test_what_cannot_be_called_is_refused_before_a_byte_is_sent(
        ecs, headcount, args, code, says):
    headcount.env["AWS_ENDPOINT_URL"] = f"http://127.0.0.1:{ecs.port}"
    run = headcount("call", *args)
    assert run.code == code, run.err
    assert says in run.err
    assert ecs.requests == [] and run.out == ""
