"""doctor: what is wrong in broken worlds, said once each, in bounded time, and
nothing is written."""
import json
import socket
import time

import boto3
import pytest
import servers
from conftest import NAME, patience

STUCK = {"placementConstraints": [{"type": "distinctInstance"}],
         "deploymentConfiguration": {"minimumHealthyPercent": 100,
                                     "maximumPercent": 100}}
WRITES = ("Update", "Create", "Delete", "Put", "Tag", "Untag", "Register",
          "Deregister", "Set", "Send")


class Doctor:
    """The findings of one run, by their codes."""

    def __init__(self, headcount, *args, code=None, **env):
        self.run = headcount("doctor", *args, "--output", "json", **env)
        assert self.run.err == ""
        report = json.loads(self.run.out)
        assert report["format_version"] == "1.0"
        self.findings = report["findings"]
        for f in self.findings:
            assert list(f) == ["level", "code", "what", "text", "advice",
                               "elapsed_us"]
        bad = any(f["level"] == "error" for f in self.findings)
        assert self.run.code == int(bad)
        assert code is None or self.run.code == code

    def all(self, code):
        return [f for f in self.findings if f["code"] == code]

    def one(self, code, level, *says):
        found = self.all(code)
        assert len(found) == 1, (code, self.findings)
        assert found[0]["level"] == level, found[0]
        for text in says:
            assert text in found[0]["text"] + found[0]["advice"], found[0]
        return found[0]


@pytest.fixture
def doctor(headcount):
    return lambda *args, **more: Doctor(headcount, *args, **more)


@pytest.fixture
def prod(ecs, headcount):
    headcount.at(ecs)
    ecs.service("web", desired=2)
    ecs.host("a")
    ecs.host("b")
    yield ecs
    assert not [o for o in ecs.operations() if o.startswith(WRITES)]


# ---- worlds without something ----

def test_without_anything_each_lack_is_a_finding(doctor):
    d = doctor(code=1, AWS_REGION=None, AWS_ACCESS_KEY_ID=None,
               AWS_SECRET_ACCESS_KEY=None, AWS_SESSION_TOKEN=None)
    d.one("region", "error", "none is set", "AWS_REGION or --region")
    d.one("credentials", "error", "no AWS credentials")
    d.one("sweep", "warning", "none is configured", "HEADCOUNT_CLUSTERS")
    d.one("calls", "warning", "no region is known")


def test_a_setting_of_no_use_is_a_finding(doctor):
    d = doctor("--ca-bundle", "/nowhere", code=1)
    assert [f["code"] for f in d.findings] == ["settings"]
    d.one("settings", "error", "/nowhere", "nothing else was checked")


def test_a_name_server_that_is_not_there(doctor):
    start = time.monotonic()
    d = doctor("--dns-server", "127.0.0.1:9", "prod", code=1)
    d.one("dns", "error", "no DNS server could look up "
          "ecs.eu-west-1.amazonaws.com")
    d.one("calls", "warning", "ECS cannot be reached")
    assert d.all("connect") == d.all("hosts") == []
    assert time.monotonic() - start < patience(20)


def test_a_port_where_nobody_listens(doctor):
    with socket.create_server(("127.0.0.1", 0)) as s:
        port = s.getsockname()[1]
    d = doctor("--endpoint-url", f"http://127.0.0.1:{port}", "prod", code=1)
    d.one("connect", "error", "connection refused")


def test_a_peer_that_never_answers_ends_with_the_time(doctor):
    with socket.create_server(("127.0.0.1", 0)) as s:
        start = time.monotonic()
        d = doctor("--timeout", "1", "--endpoint-url",
                   f"http://127.0.0.1:{s.getsockname()[1]}", "prod", code=1)
        assert time.monotonic() - start < patience(10)
    assert d.all("timeout") or d.all("connect")


def test_a_proxy_that_is_none_is_said_without_its_password(doctor):
    d = doctor("prod", code=1, HTTPS_PROXY="socks://u:hushhush@127.0.0.1:9",
               no_proxy=None)
    d.one("proxy", "error", "SOCKS proxies are not supported")
    assert "hushhush" not in d.run.out


# ---- TLS and the clock ----

def test_tls_is_told_whole(secure, doctor):
    secure.host("a")
    d = doctor("prod")
    d.one("dns", "ok", NAME, "(DNS servers: 127.0.0.1:")
    d.one("tls", "ok", "ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", " < ",
          "days left")


def test_a_certificate_of_an_unknown_root(secure, doctor):
    d = doctor("prod", code=1, AWS_CA_BUNDLE=None)
    d.one("tls", "error", "trusted roots", "AWS_CA_BUNDLE")
    d.one("calls", "warning", "ECS cannot be reached")


# ---- reads ----

@pytest.mark.parametrize("operation, resource", [
    ("DescribeClusters", "cluster/prod"), ("ListServices", None),
    ("DescribeServices", "service/prod/*"),
    ("ListContainerInstances", "cluster/prod"),
    ("DescribeContainerInstances", "container-instance/prod/*"),
    ("DescribeTaskDefinition", None)])
def test_a_denied_read_names_its_statement(prod, doctor, operation, resource):
    prod.fault(operation, "denied")
    d = doctor("prod", code=1)
    f = d.one("denied", "error", "AccessDenied")
    assert f["what"] == f"{operation} in prod"
    statement = json.loads(f["advice"].partition(": ")[2])
    assert statement["Action"] == f"ecs:{operation}"
    assert statement["Resource"].endswith(resource or "*")
    others = {c["what"].split()[0] for c in d.all("call")}
    assert "ListContainerInstances" in others or \
        operation == "ListContainerInstances"


def test_a_healthy_cluster(prod, doctor):
    d = doctor("prod", "--service", "web", code=0, HEADCOUNT_ALL="1")
    assert not [f for f in d.findings if f["level"] == "error"]
    assert [c["what"].split()[0] for c in d.all("call")] == [
        "DescribeClusters", "ListServices", "DescribeServices",
        "ListContainerInstances", "DescribeContainerInstances",
        "DescribeTaskDefinition"]
    d.one("hosts", "ok", "2 hosts: 2 ACTIVE, 0 DRAINING")
    d.one("owned", "ok", "owns 1 service", "right: web")
    d.one("sweep", "ok")
    d.one("region", "ok", "eu-west-1, from AWS_REGION")


def test_a_cluster_that_is_not_there(prod, doctor):
    d = doctor("nope", code=1)
    d.one("cluster", "error", "there is none of this name")


def test_what_is_wrong_in_a_cluster(prod, doctor):
    prod.host("c", agentConnected=False)
    prod.host("d", status="DRAINING")
    prod.service("stuck", desired=1, **STUCK)
    d = doctor("prod", "--service", "web", code=0)
    d.one("hosts", "ok", "4 hosts: 3 ACTIVE, 1 DRAINING")
    d.one("disconnected", "warning", "1 host", "i-c")
    d.one("deployment_stuck", "warning", "in stuck:",
          "minimumHealthyPercent below 100")
    d.one("owned", "ok", "web (2 -> 3)", "not name them: stuck")


def test_without_names_the_clusters_of_the_environment(prod, doctor):
    d = doctor(HEADCOUNT_CLUSTERS="prod")
    assert "ListClusters" not in prod.operations()
    d.one("sweep", "ok")
    d = doctor()
    d.one("clusters", "ok", "1 in eu-west-1")


def test_a_policy_is_planned(prod, doctor, tmp_path):
    (tmp_path / "p.lua").write_text('return { per_host { "web" } }\n')
    d = doctor("prod", "--policy", "p.lua", code=0)
    d.one("owned", "ok", "owns 1 service", "right: web")
    (tmp_path / "p.lua").write_text("return 3\n")
    d = doctor("prod", "--policy", "p.lua", code=1)
    d.one("plan", "error", "EPOLICY")


def test_text_has_a_line_for_each_finding(prod, headcount):
    run = headcount("doctor", "prod", "--service", "web")
    assert run.code == 0
    for line in run.out.splitlines():
        level, what = line[:8].strip(), line[9:]
        assert level in ("ok", "warning", "error") and ": " in what
    assert "ok       region: eu-west-1, from AWS_REGION\n" in run.out


# ---- identity and queue: real services ----

@pytest.fixture
def moto(headcount, prod, tmp_path):
    with servers.Moto(tmp_path / "moto") as server:
        for name in ("STS", "SQS", "IAM", "APPLICATION_AUTO_SCALING"):
            headcount.env[f"AWS_ENDPOINT_URL_{name}"] = server.url
        yield server


def aws(server, service):
    return boto3.client(service, "eu-west-1", endpoint_url=server.url,
                        aws_access_key_id="AKIDEXAMPLE",
                        aws_secret_access_key="x")


def test_the_principal_is_told(moto, doctor):
    d = doctor("prod")
    d.one("principal", "ok", "arn:aws:", "123456789012")
    assert "DescribeScalableTargets in prod" in [c["what"]
                                                 for c in d.all("call")]


def test_a_queue_that_is_not_there_is_an_error(moto, doctor):
    d = doctor("prod", "--queue", f"{moto.url}/123456789012/none", code=1)
    bad, = [f for f in d.all("call") if f["level"] != "ok"]
    assert (bad["level"], bad["what"]) == ("error", "GetQueueAttributes")
    assert bad["advice"].startswith("check the URL")


def test_a_queue_that_is_no_url_is_wrong_usage(headcount):
    run = headcount("doctor", "prod", "--queue", "events")
    assert run.code == 252 and "--queue takes the queue's URL" in run.err


def test_a_queue_and_its_dead_letters(moto, doctor):
    sqs = aws(moto, "sqs")
    events = sqs.create_queue(QueueName="events")["QueueUrl"]
    d = doctor("prod", "--queue", events)
    d.one("queue", "ok", "0 messages wait")
    d.one("redrive", "warning", "no redrive policy")
    dead = sqs.create_queue(QueueName="dead")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])
    sqs.set_queue_attributes(QueueUrl=events, Attributes={
        "RedrivePolicy": json.dumps({
            "deadLetterTargetArn": arn["Attributes"]["QueueArn"],
            "maxReceiveCount": 3})})
    d = doctor("prod", "--queue", events)
    d.one("dead_letters", "ok", "0 messages wait in", "/dead")
    assert d.all("redrive") == []
    sqs.send_message(QueueUrl=dead, MessageBody="{}")
    d = doctor("prod", "--queue", events)
    d.one("dead_letters", "warning", "1 messages wait in", "read them")


def test_a_write_is_only_simulated(moto, doctor):
    """moto has no simulation: that is said, and nothing fails."""
    d = doctor("prod", code=0)
    assert [f["level"] for f in d.all("update")] in (["warning"], ["ok"])


def test_another_account_than_the_expected_one(moto, doctor):
    d = doctor("prod", "--expect-account", "999999999999", code=1)
    assert {f["level"] for f in d.all("account")} == {"error"}


def test_a_service_that_is_in_no_cluster_is_an_error(doctor, prod):
    """As plan has it; of two clusters, not each has to have it."""
    d = doctor("prod", "--service", "wev", code=1)
    d.one("service_failed", "error", "no service of this name",
          "check its name")
    d.one("owned", "warning", "owns 0 services", "not name them: web")
    d = doctor("prod", "other", "--service", "wev", code=1)
    d.one("service_skipped", "warning", "no service of this name")


def test_an_address_needs_no_dns_and_a_broken_file_has_advice(doctor, tmp_path):
    d = doctor("--endpoint-url", "http://127.0.0.1:1", code=1,
               AWS_CONFIG_FILE=str(tmp_path))
    d.one("dns", "ok", "(no DNS server was asked)")
    d.one("profile", "warning", "is no regular file", "nothing is used of")
    d = doctor("--endpoint-url", "http://127.0.0.1:1", code=1)
    d.one("profile", "ok", "default, because none is named")
