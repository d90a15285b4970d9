"""The job of ecs-host-service-scale, a Lambda of 2017, done by this binary.

ORIGINAL is that function in our words: one service out of ECS_SERVICE_ARN, the
event's cluster, the cluster's registered hosts, at most three calls.  Both are
given the same event and the same cluster, served by moto.
"""
import boto3
import pytest
import servers
from test_main_job import fill_moto, moto_client, moto_count


def original(event, service, url):
    if event["source"] != "aws.ecs":
        raise ValueError("not an event of aws.ecs")
    if event["detail-type"] != "ECS Container Instance State Change":
        return
    cluster = event["detail"]["clusterArn"]
    ecs = boto3.client("ecs", event["region"], endpoint_url=url,
                       aws_access_key_id="a", aws_secret_access_key="b")
    found = ecs.describe_services(cluster=cluster, services=[service])
    if not found["services"]:
        return
    hosts = ecs.describe_clusters(clusters=[cluster])["clusters"][0][
        "registeredContainerInstancesCount"]
    if found["services"][0]["desiredCount"] != hosts:
        ecs.update_service(cluster=cluster, service=service,
                           desiredCount=hosts)


@pytest.fixture(scope="module")
def moto(tmp_path_factory):
    with servers.Moto(tmp_path_factory.mktemp("moto")) as server:
        yield server


@pytest.fixture
def only_the_arn(moto, headcount):
    """What a user of the original has set, and nothing else."""
    moto.reset()
    headcount.env["AWS_ENDPOINT_URL"] = moto.url
    headcount.env["ECS_SERVICE_ARN"] = \
        "arn:aws:ecs:eu-west-1:123456789012:service/web"
    del headcount.env["AWS_SESSION_TOKEN"]
    return headcount


@pytest.mark.parametrize("hosts", [1, 2, 5])
def test_the_same_count_for_the_same_hosts(moto, only_the_arn, event, hosts):
    fill_moto(moto, hosts)
    run = only_the_arn("handle", stdin=event())
    assert run.code == 0, run.err
    ours = moto_count(moto)
    assert ours == hosts
    moto_client(moto).update_service(cluster="prod", service="web",
                                     desiredCount=9)
    original(event(), "web", moto.url)
    assert moto_count(moto) == ours
    run = only_the_arn("handle", "--output", "json", stdin=event())
    assert run.service()["outcome"] == "unchanged"


def test_an_update_asks_for_what_the_original_asked_for(only_the_arn, ecs,
                                                        event):
    """`--hosts registered` is its literal count: DRAINING hosts too."""
    ecs.service("web", desired=1)
    for name, status in (("a", "ACTIVE"), ("b", "DRAINING")):
        ecs.host(name, status=status)
    only_the_arn.env["AWS_ENDPOINT_URL"] = f"http://127.0.0.1:{ecs.port}"
    assert only_the_arn("handle", "--hosts", "registered",
                        stdin=event()).code == 0
    ours = [(r.operation, r.body) for r in ecs.requests]
    ecs.requests.clear()
    ecs.services["web"]["desiredCount"] = 1
    original(event(), only_the_arn.env["ECS_SERVICE_ARN"],
             f"http://127.0.0.1:{ecs.port}")
    theirs = [(r.operation, r.body) for r in ecs.requests]
    assert [name for name, _ in ours] == [name for name, _ in theirs]
    for body in (ours[-1][1], theirs[-1][1]):
        assert body["service"].rpartition("/")[2] == "web"
        assert (body["cluster"], body["desiredCount"]) == (ecs.cluster_arn, 2)


def test_where_it_was_wrong_we_are_right(only_the_arn, ecs, event):
    ecs.service("web", desired=3)
    for name, status in (("a", "ACTIVE"), ("b", "DRAINING"), ("c", "ACTIVE")):
        ecs.host(name, status=status)
    only_the_arn.env["AWS_ENDPOINT_URL"] = f"http://127.0.0.1:{ecs.port}"
    assert only_the_arn("handle", stdin=event()).code == 0
    assert ecs.writes()[0]["desiredCount"] == 2
    ecs.services["web"]["schedulingStrategy"] = "DAEMON"
    ecs.services["web"]["desiredCount"] = 7
    assert only_the_arn("handle", stdin=event()).code == 0
    assert len(ecs.writes()) == 1


def test_a_service_that_is_not_there_stops_it(moto, only_the_arn, event):
    moto_client(moto).create_cluster(clusterName="prod")
    run = only_the_arn("handle", "--output", "json", stdin=event())
    assert run.code == 0
    assert run.service()["code"] == "missing"
    assert run.report["stats"]["api_calls"] == 1


def test_no_event_and_a_foreign_source_are_errors(only_the_arn, event):
    for stdin in (b"", event(source="aws.ec2")):
        run = only_the_arn("handle", stdin=stdin)
        assert run.code == 252 and run.out == ""
    with pytest.raises(ValueError):
        original(event(source="aws.ec2"), "web", "http://127.0.0.1:1")


def test_another_detail_type_is_passed_over(only_the_arn, event):
    other = event(**{"detail-type": "ECS Deployment State Change"})
    run = only_the_arn("handle", "--output", "json", stdin=other)
    assert run.code == 0
    assert run.report["stats"]["connections_opened"] == 0
    assert original(other, "web", "http://127.0.0.1:1") is None


def test_no_service_is_an_error(only_the_arn, event):
    del only_the_arn.env["ECS_SERVICE_ARN"]
    run = only_the_arn("handle", stdin=event())
    assert run.code == 252 and "ECS_SERVICE_ARN" in run.err


def test_arns_of_the_old_form_are_understood(only_the_arn, ecs, event):
    """`service/NAME`, and events whose instances have no cluster in theirs."""
    ecs.service("web", desired=1)
    ecs.host("a")
    ecs.host("b")
    only_the_arn.env["AWS_ENDPOINT_URL"] = f"http://127.0.0.1:{ecs.port}"
    old = event()
    old["detail"]["containerInstanceArn"] = old["resources"][0] = (
        "arn:aws:ecs:eu-west-1:123456789012:container-instance/"
        "b54a2a04-046f-4331-9d74-3f6d7f6ca315")
    run = only_the_arn("handle", "--output", "json", stdin=old)
    assert run.code == 0, run.err
    assert run.service()["outcome"] == "updated"
    del only_the_arn.env["AWS_REGION"]
    run = only_the_arn("handle", "--output", "json", stdin=old)
    assert run.service()["outcome"] == "unchanged"
