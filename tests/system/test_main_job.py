"""An event comes in, at most one write goes out: over TLS, under a name that
only dnsmasq knows, as the servers counted it."""
import json

import pytest
import servers

OURS = ("--service", "web", "--output", "json")


def three_hosts(server, desired=1):
    server.service("web", desired=desired)
    for name in "abc":
        server.host(name)


def same_as_counted(server, stats):
    """What the report says of the network is what the servers saw."""
    asked = server.dns.queries()
    assert stats["connections_opened"] == server.connections
    assert stats["tls_handshakes"] == server.handshakes
    assert stats["dns_datagrams"] == len(asked)
    assert len([q for q in asked if q[0] == "A"]) <= 1
    assert len([q for q in asked if q[0] == "AAAA"]) <= 1
    assert {q[1] for q in asked} <= {"ecs.test.internal"}


def test_one_mismatch_is_three_calls_and_one_connection(secure, headcount,
                                                        event):
    three_hosts(secure)
    run = headcount("handle", *OURS, stdin=event())
    assert run.code == 0, run.err
    assert secure.operations() == ["DescribeServices",
                                   "ListContainerInstances", "UpdateService"]
    assert secure.writes() == [{"cluster": secure.cluster_arn,
                                "service": "web", "desiredCount": 3}]
    assert secure.services["web"]["desiredCount"] == 3
    stats = run.report["stats"]
    same_as_counted(secure, stats)
    assert (secure.connections, secure.handshakes) == (1, 1)
    assert [stats[k] for k in ("api_calls", "connections_opened",
                               "connections_reused", "dns_lookups",
                               "tls_handshakes", "retries", "replays")] == \
        [3, 1, 2, 1, 1, 0, 0]
    assert {r.connection for r in secure.requests} == {1}
    service = run.service()
    assert service["outcome"] == "updated"
    assert service["reason"] == "1 task on each of 3 active hosts"
    assert (service["desired_before"], service["wanted"]) == (1, 3)
    assert service["hosts"] == {"counted": 3, "by": "active", "filter": ""}
    assert run.report["clusters"][0]["arn"] == secure.cluster_arn
    assert run.report["summary"]["updated"] == 1


def test_nothing_to_change_is_two_calls_and_no_write(secure, headcount, event):
    three_hosts(secure, desired=3)
    run = headcount("handle", *OURS, stdin=event())
    assert run.code == 0
    assert secure.operations() == ["DescribeServices",
                                   "ListContainerInstances"]
    assert run.service()["outcome"] == "unchanged"
    assert run.report["stats"]["api_calls"] == 2
    same_as_counted(secure, run.report["stats"])


def test_a_missing_service_is_one_call(secure, headcount, event):
    run = headcount("handle", *OURS, stdin=event())
    assert run.code == 0
    assert secure.operations() == ["DescribeServices"]
    assert run.service()["outcome"] == "skipped"
    assert run.service()["code"] == "missing"
    same_as_counted(secure, run.report["stats"])


def test_an_event_that_is_not_ours_is_no_call(secure, headcount, event):
    run = headcount("handle", *OURS, stdin=event(**{
        "detail-type": "ECS Task State Change"}))
    assert run.code == 0
    assert secure.connections == 0
    assert secure.dns.queries() == []
    assert "ECS Task State Change" in run.report["skipped_event"]
    assert run.report["stats"]["api_calls"] == 0


def test_a_foreign_region_is_no_call(secure, headcount, event):
    run = headcount("handle", *OURS, stdin=event(region="us-east-1"))
    assert run.code == 0
    assert secure.connections == 0
    assert run.report["skipped_event"] == "foreign_region"


def test_a_foreign_account_is_no_write(ecs, headcount):
    """Once the cluster's account is known, an event of another one is not its
    own; where its ARN says so at once, no call is made."""
    headcount.at(ecs)
    ecs.service("web", desired=1)
    for name in "abc":
        ecs.host(name)
    event = {"source": "aws.events", "detail-type": "Scheduled Event",
             "account": "999999999999", "detail": {"cluster": "prod"}}
    run = headcount("handle", *OURS, stdin=event)
    assert run.code == 1 and ecs.writes() == []
    assert ecs.operations() == ["DescribeServices"]
    event["detail"]["cluster"] = ecs.cluster_arn
    run = headcount("handle", *OURS, stdin=event)
    assert run.code == 0
    assert run.report["skipped_event"] == "foreign_account"
    assert len(ecs.requests) == 1


def test_a_file_and_a_dash_are_read_too(ecs, headcount, event, tmp_path):
    three_hosts(ecs)
    path = tmp_path / "event.json"
    path.write_text(json.dumps(event()))
    headcount.at(ecs)
    assert headcount("handle", path, *OURS).service()["outcome"] == "updated"
    run = headcount("handle", "-", *OURS, stdin=event())
    assert run.service()["outcome"] == "unchanged"
    assert len(ecs.writes()) == 1


def test_scheduled_events_and_bare_forms_name_clusters(ecs, headcount):
    three_hosts(ecs, desired=3)
    headcount.at(ecs)
    scheduled = {"source": "aws.events", "detail-type": "Scheduled Event",
                 "region": "eu-west-1", "detail": {"cluster": "prod"}}
    as_text = {**scheduled, "source": "aws.scheduler",
               "detail": json.dumps({"clusters": ["prod"]})}
    for event in (scheduled, as_text, {"cluster": "prod"},
                  {"clusters": ["prod"]}, {"cluster": ecs.cluster_arn}):
        run = headcount("handle", *OURS, stdin=event)
        assert run.code == 0, run.err
        assert run.service()["outcome"] == "unchanged"


def test_a_dry_run_that_an_event_asks_for_writes_nothing(ecs, headcount):
    three_hosts(ecs)
    headcount.at(ecs)
    form = {"cluster": "prod", "dry_run": True}
    scheduled = {"source": "aws.scheduler", "detail-type": "Scheduled Event",
                 "region": "eu-west-1", "detail": json.dumps(form)}
    for event in (form, scheduled, {**scheduled, "detail": form}):
        run = headcount("handle", *OURS, stdin=event)
        assert run.code == 0, run.err
        assert run.report["dry_run"]
        assert run.service()["outcome"] == "pending"
    run = headcount("handle", "--service", "web", stdin=form)
    assert "Plan: 1 to change" in run.out
    assert ecs.writes() == []
    run = headcount("handle", "--dry-run", *OURS,
                    stdin={"cluster": "prod", "dry_run": False})
    assert run.report["dry_run"] and ecs.writes() == []
    run = headcount("handle", *OURS,
                    stdin={"cluster": "prod", "dry_run": False})
    assert run.service()["outcome"] == "updated"


@pytest.mark.parametrize("more,says", [
    ({"service": "other"}, 'a member "service" that this form does not know'),
    ({"dryRun": True}, 'did you mean "dry_run"?'),
    ({"dry_run": "true"}, '"dry_run" is not true or false'),
    ({"policy": None}, 'a member "policy"'),
])
def test_a_short_form_with_a_member_that_it_does_not_know(ecs, headcount, more,
                                                          says):
    headcount.at(ecs)
    form = {"cluster": "prod", **more}
    for event in (form, {"source": "aws.events", "detail": form,
                         "detail-type": "Scheduled Event"}):
        run = headcount("handle", *OURS, stdin=event)
        assert run.code == 252 and says in run.err
    assert ecs.requests == []


def test_the_detail_of_an_event_alone(ecs, headcount, event):
    three_hosts(ecs)
    headcount.at(ecs)
    run = headcount("handle", *OURS, stdin=event()["detail"])
    assert run.code == 0 and run.service()["outcome"] == "updated"


def test_calls_that_cloudtrail_tells_of(ecs, headcount):
    three_hosts(ecs)
    headcount.at(ecs)
    call = {"version": "0", "id": "1", "source": "aws.ecs",
            "detail-type": "AWS API Call via CloudTrail",
            "account": "123456789012", "region": "eu-west-1",
            "time": "2026-01-01T00:00:00Z", "resources": [],
            "detail": {"eventSource": "ecs.amazonaws.com",
                       "eventName": "UpdateContainerInstancesState",
                       "requestParameters": {
                           "cluster": "prod", "containerInstances": ["a"],
                           "status": "DRAINING"}}}
    run = headcount("handle", *OURS, stdin=call)
    assert run.code == 0 and run.service()["outcome"] == "updated"
    call["detail"]["errorCode"] = "ClusterNotFoundException"
    made = len(ecs.requests)
    run = headcount("handle", *OURS, stdin=call)
    assert run.code == 0 and len(ecs.requests) == made
    assert run.report["skipped_event"].endswith(
        "UpdateContainerInstancesState, error_code: ClusterNotFoundException")


def test_the_same_over_nginx_and_moto(headcount, event, certs, tmp_path):
    """Servers that nobody here wrote, end to end."""
    with servers.Moto(tmp_path / "moto") as moto, \
         servers.Nginx(tmp_path / "nginx", moto.port,
                       tls=certs / "rsa") as front, \
         servers.Dnsmasq(tmp_path / "dns",
                         {"ecs.test.internal": ["127.0.0.1"]}) as dns:
        fill_moto(moto, hosts=3)
        headcount.env["AWS_ENDPOINT_URL"] = \
            f"https://ecs.test.internal:{front.port}"
        run = headcount("handle", *OURS, "--ca-bundle", certs / "rsa-ca.pem",
                        "--dns-server", dns.address,
                        stdin=event(status="INACTIVE"))
        assert run.code == 0, run.err
        assert run.service()["outcome"] == "updated"
        seen = front.requests()
        assert [s["target"].rpartition(".")[2] for s in seen] == \
            ["DescribeServices", "ListContainerInstances", "UpdateService"]
        assert front.connections() == 1
        assert {s["protocol"] for s in seen} == {"TLSv1.2"}
        assert {s["cipher"] for s in seen} == {"ECDHE-RSA-AES128-GCM-SHA256"}
        assert run.report["stats"]["connections_opened"] == 1
        assert [q for q in dns.queries() if q[0] == "A"] == \
            [("A", "ecs.test.internal")]
        assert moto_count(moto) == 3


def moto_client(moto, region="eu-west-1"):
    import boto3

    return boto3.client("ecs", region, endpoint_url=moto.url,
                        aws_access_key_id="a", aws_secret_access_key="b")


def fill_moto(moto, hosts, region="eu-west-1", cluster="prod"):
    """A cluster, a service of one task, and hosts as an instance's identity
    document registers them."""
    import boto3

    ecs = moto_client(moto, region)
    ecs.create_cluster(clusterName=cluster)
    ecs.register_task_definition(
        family="web", containerDefinitions=[
            {"name": "web", "image": "nginx", "memory": 64}])
    ecs.create_service(cluster=cluster, serviceName="web", desiredCount=1,
                       taskDefinition="web", launchType="EC2")
    ec2 = boto3.client("ec2", region, endpoint_url=moto.url,
                       aws_access_key_id="a", aws_secret_access_key="b")
    image = ec2.describe_images()["Images"][0]["ImageId"]
    for instance in ec2.run_instances(ImageId=image, MinCount=hosts,
                                      MaxCount=hosts)["Instances"]:
        ecs.register_container_instance(
            cluster=cluster, instanceIdentityDocument=json.dumps({
                "instanceId": instance["InstanceId"], "region": region,
                "accountId": "123456789012"}))


def moto_count(moto):
    found = moto_client(moto).describe_services(cluster="prod",
                                                services=["web"])
    return found["services"][0]["desiredCount"]
