"""The ECS that the other tests lean on is as strict as AWS: what it refuses,
how its answers age, and that it notices its own mistakes."""
import json
import time
import urllib.error
import urllib.request

import boto3
import botocore.auth
import botocore.awsrequest
import botocore.config
import botocore.credentials
import ecs_server
import ecs_throttle
import pytest
from botocore.exceptions import ClientError
from conftest import SECRET, TOKEN, patience

ECS = "AmazonEC2ContainerServiceV20141113"


@pytest.fixture
def peer(ecs):
    ecs.judge.unsigned = ecs.judge.regions = False
    ecs.service("web")
    return ecs


def client_of(server, service="ecs", key=("AKIDEXAMPLE", SECRET, TOKEN)):
    return boto3.client(
        service, "eu-west-1", endpoint_url=f"http://127.0.0.1:{server.port}",
        aws_access_key_id=key[0], aws_secret_access_key=key[1],
        aws_session_token=key[2], config=botocore.config.Config(
            retries={"total_max_attempts": 1}, parameter_validation=False))


def post(server, operation, body, headers=()):
    """(status, answer) of a request that nobody checked before."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{server.port}/", data=body, method="POST",
        headers={"Content-Type": "application/x-amz-json-1.1",
                 "X-Amz-Target": f"{ECS}.{operation}", **dict(headers)})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as e:
        return e.code, json.load(e)


def signed(server, operation, body, key=("AKIDEXAMPLE", SECRET, TOKEN),
           region="eu-west-1", service="ecs"):
    """The headers that botocore signs it with."""
    aws = botocore.awsrequest.AWSRequest(
        "POST", f"http://127.0.0.1:{server.port}/", data=body, headers={
            "Content-Type": "application/x-amz-json-1.1",
            "X-Amz-Target": f"{ECS}.{operation}"})
    botocore.auth.SigV4Auth(botocore.credentials.Credentials(*key), service,
                            region).add_auth(aws)
    return dict(aws.headers)


def refused(server, operation, body, code, word, **how):
    raw = json.dumps(body).encode()
    status, answer = post(server, operation, raw,
                          signed(server, operation, raw, **how))
    assert status == 400, answer
    assert answer["__type"] == code and word in answer["message"]
    assert server.refusals[-1][:2] == (operation, code)
    assert server.services["web"]["desiredCount"] == 1


# ---- requests ----

WEB = {"cluster": "prod", "service": "web"}


@pytest.mark.parametrize("operation,body,code,word", [
    ("UpdateService", {**WEB, "desiredcount": 2}, "SerializationException",
     "desiredcount"),
    ("DescribeServices", {"cluster": "prod", "services": "web"},
     "SerializationException", "list"),
    ("UpdateService", {**WEB, "desiredCount": True}, "SerializationException",
     "integer"),
    ("UpdateService", {**WEB, "desiredCount": 2 ** 31},
     "InvalidParameterException", "desiredCount"),
    ("UpdateService", {"cluster": "prod", "desiredCount": 2},
     "InvalidParameterException", "Service cannot be empty."),
    ("DescribeServices", {"cluster": "prod"}, "InvalidParameterException",
     "Services cannot be empty."),
    ("DescribeServices", {"cluster": "prod", "services": []},
     "InvalidParameterException", "Services cannot be empty."),
    ("DescribeServices", {"cluster": "prod", "services": ["a"] * 11},
     "InvalidParameterException", "at most 10 items"),
    ("DescribeServices", {"cluster": "prod", "services": ["web"],
                          "include": ["tags"]},
     "InvalidParameterException", "include"),
    ("DescribeServices", {"services": ["web"]}, "ClusterNotFoundException",
     "Cluster not found."),
    ("DescribeContainerInstances", {"cluster": "prod", "containerInstances":
                                    ["a"] * 101},
     "InvalidParameterException", "at most 100"),
    ("ListContainerInstances", {"cluster": "prod", "maxResults": 101},
     "InvalidParameterException", "maxResults"),
    ("ListContainerInstances", {"cluster": "prod", "nextToken": "100"},
     "InvalidParameterException", "token"),
    ("ListContainerInstances", {"cluster": "prod", "filter": "attribute:a ="},
     "InvalidParameterException", "at 12"),
    ("UpdateService", {**WEB, "desiredCount": -1},
     "InvalidParameterException", "desiredCount"),
    ("UpdateService", {**WEB, "service": "api", "desiredCount": 2},
     "ServiceNotFoundException", "Service not found."),
    ("DescribeTaskDefinition", {"taskDefinition": "web"}, "ClientException",
     "Unable to describe task definition."),
    ("DeleteService", {**WEB}, "UnknownOperationException", ""),
    ("Delete", {}, "UnknownOperationException", ""),
])
def test_what_aws_refuses_is_refused(peer, operation, body, code, word):
    refused(peer, operation, body, code, word)


def test_a_daemon_takes_no_count(peer):
    peer.services["web"]["schedulingStrategy"] = "DAEMON"
    refused(peer, "UpdateService", {**WEB, "desiredCount": 2},
            "InvalidParameterException", "The daemon scheduling strategy does "
            "not support a desired count for services.")


@pytest.mark.parametrize("status", ["INACTIVE", "DRAINING"])
def test_a_service_that_is_not_active_takes_none(peer, status):
    peer.services["web"]["status"] = status
    refused(peer, "UpdateService", {**WEB, "desiredCount": 2},
            "ServiceNotActiveException", "Service was not ACTIVE.")


def test_an_inactive_cluster_is_only_described(peer):
    peer.home.record["status"] = "INACTIVE"
    client = client_of(peer)
    assert client.describe_clusters(clusters=["prod"])["clusters"][0][
        "status"] == "INACTIVE"
    refused(peer, "ListServices", {"cluster": "prod"},
            "ClusterNotFoundException", "inactive")


# ---- signatures ----

@pytest.mark.parametrize("how,code,word", [
    ({"key": ("AKIDEXAMPLE", SECRET + "x", TOKEN)},
     "InvalidSignatureException", "does not match"),
    ({"key": ("AKIDOTHER", SECRET, TOKEN)}, "UnrecognizedClientException",
     "security token"),
    ({"key": ("AKIDEXAMPLE", SECRET, TOKEN + "x")},
     "UnrecognizedClientException", "security token"),
    ({"key": ("AKIDEXAMPLE", SECRET, "old")}, "ExpiredTokenException",
     "expired"),
    ({"region": "us-west-2"}, "InvalidSignatureException", "region"),
    ({"service": "sqs"}, "InvalidSignatureException", "'ecs'"),
])
def test_who_signs_wrongly_is_refused(peer, how, code, word):
    peer.judge.expired.add("old")
    refused(peer, "UpdateService", {**WEB, "desiredCount": 2}, code, word,
            **how)


@pytest.mark.parametrize("off,word", [
    (301, "Signature expired"), (-301, "not yet current"), (299, None),
    (-299, None)])
def test_five_minutes_are_the_skew(peer, off, word):
    now = time.time()
    peer.judge.clock = lambda: now + off
    if word:
        refused(peer, "ListClusters", {}, "InvalidSignatureException", word)
    else:
        status, _ = post(peer, "ListClusters", b"{}",
                         signed(peer, "ListClusters", b"{}"))
        assert status == 200


@pytest.mark.parametrize("change,code", [
    ({"Authorization": None}, "MissingAuthenticationTokenException"),
    ({"Authorization": "AWS4-HMAC-SHA256 x"}, "IncompleteSignatureException"),
    ({"X-Amz-Date": "20200101T000000Z"}, "InvalidSignatureException"),
    ({"X-Amz-Date": "yesterday"}, "IncompleteSignatureException"),
    ({"X-Amz-Target": f"{ECS}.ListServices"}, "InvalidSignatureException"),
    ({"X-Amz-New": "1"}, "InvalidSignatureException"),
    ({"X-Amz-Security-Token": None}, "InvalidSignatureException"),
])
def test_what_is_changed_after_signing_is_noticed(peer, change, code):
    headers = {k: v for k, v in {**signed(peer, "ListClusters", b"{}"),
                                 **change}.items() if v is not None}
    assert post(peer, "ListClusters", b"{}", headers)[1]["__type"] == code
    headers = signed(peer, "ListClusters", b"{}")
    assert post(peer, "ListClusters", b"{ }", headers)[1]["__type"] == \
        "InvalidSignatureException"


# ---- answers ----

def test_capacity_providers_come_in_pages_of_ten(peer):
    """As AWS has it: also of those that are named, and a cluster's own."""
    names = [f"cp{i}" for i in range(12)]
    for name in names:
        peer.model.provider(name)
    peer.model.provider("own", type="MANAGED_INSTANCES")
    peer.service("web", capacityProviderStrategy=[
        {"capacityProvider": n, "weight": 1, "base": 0} for n in
        (*names[:11], "own")])
    client = client_of(peer)
    first = client.describe_capacity_providers(cluster="prod",
                                               capacityProviders=names)
    assert [p["name"] for p in first["capacityProviders"]] == names[:10]
    rest = client.describe_capacity_providers(
        cluster="prod", capacityProviders=names,
        nextToken=first["nextToken"])
    assert [p["name"] for p in rest["capacityProviders"]] == ["cp10"]
    assert [f["reason"] for f in rest["failures"]] == ["MISSING"]
    assert "nextToken" not in rest
    for cluster, found in (({"cluster": "prod"}, ["own"]), ({}, [])):
        answer = client.describe_capacity_providers(
            **cluster, capacityProviders=["own"])
        assert [p["name"] for p in answer["capacityProviders"]] == found
    with pytest.raises(ClientError, match="Invalid token"):
        client.describe_capacity_providers(nextToken=first["nextToken"])
    with pytest.raises(ClientError, match="from 1 to 10"):
        client.describe_capacity_providers(maxResults=11)
    with pytest.raises(ClientError, match="ClusterNotFound"):
        client.describe_capacity_providers(cluster="gone")


def test_every_operation_answers_what_the_model_says(peer):
    peer.service("pool", tags=[{"key": "a", "value": "b"}],
                 capacityProviderStrategy=[{"capacityProvider": "spot",
                                            "weight": 1, "base": 0}])
    peer.host("a", tags=[{"key": "a", "value": "b"}])
    peer.model.provider("spot")
    for more in ({}, {"placementConstraints": [
            {"type": "memberOf", "expression": "attribute:a exists"}]}):
        peer.model.task_definition("web", **more)
    peer.model.scalable_target("prod", "web", 1, 9, SuspendedState={
        "DynamicScalingInSuspended": True})
    client = client_of(peer)
    arns = client.list_services(cluster="prod")["serviceArns"]
    for include, tagged in (([], False), (["TAGS"], True)):
        found = client.describe_services(cluster="prod", services=arns,
                                         include=include)
        assert ("tags" in found["services"][1]) == tagged
        found = client.describe_container_instances(
            cluster="prod", containerInstances=["a", "b"], include=include)
        assert ("tags" in found["containerInstances"][0]) == tagged
        assert found["failures"] == [{
            "arn": "arn:aws:ecs:eu-west-1:123456789012:container-instance/"
                   "prod/b", "reason": "MISSING"}]
        found = client.describe_capacity_providers(include=include)
        assert [p["name"] for p in found["capacityProviders"]] == \
            ["FARGATE", "FARGATE_SPOT", "spot"]
        found = client.describe_clusters(clusters=["prod"], include=include)
        assert found["clusters"][0]["registeredContainerInstancesCount"] == 1
    found = client.describe_task_definition(taskDefinition="web")
    assert found["taskDefinition"]["revision"] == 2
    assert client.describe_task_definition(
        taskDefinition="web:1")["taskDefinition"]["placementConstraints"] == []
    scaling = client_of(peer, "application-autoscaling")
    found = scaling.describe_scalable_targets(
        ServiceNamespace="ecs", ResourceIds=["service/prod/web",
                                             "service/prod/none"])
    assert [t["MaxCapacity"] for t in found["ScalableTargets"]] == [9]
    with pytest.raises(ClientError, match="InvalidNextTokenException"):
        scaling.describe_scalable_targets(ServiceNamespace="ecs",
                                          NextToken="1")
    with pytest.raises(ClientError, match="ValidationException"):
        scaling.describe_scalable_targets()


@pytest.mark.parametrize("mistake", [
    {"desiredcount": 1}, {"deployments": [{"rollout": "COMPLETED"}]}])
def test_a_member_that_aws_does_not_know_fails_the_test(peer, mistake):
    peer.service("web", **mistake)
    client_of(peer).describe_services(cluster="prod", services=["web"])
    assert len(peer.complaints) == 1 and "unknown" in peer.complaints[0]
    peer.complaints.clear()


def test_an_answer_of_the_wrong_type_fails_the_test(peer):
    peer.services["web"].write(desiredCount="1", launchType="EC3")
    client_of(peer).describe_services(cluster="prod", services=["web"])
    assert sorted(c.split(": ")[1].split(",")[0] for c in peer.complaints) == \
        ["enum", "type"]
    peer.complaints.clear()
    peer.services["web"].update(desiredCount=[])
    peer.services["web"].write(launchType="EC2")
    post(peer, "DescribeServices", b"{}", {})
    assert peer.complaints == []


def test_a_mistake_in_the_peer_fails_the_test(peer):
    peer.home.services = None
    with pytest.raises(ClientError, match="ServerException"):
        client_of(peer).describe_services(cluster="prod", services=["web"])
    assert len(peer.complaints) == 1
    peer.complaints.clear()


def test_a_complaint_is_an_error_of_the_test():
    with pytest.raises(AssertionError, match="rollout"), \
            ecs_server.EcsServer() as server:
        server.service("web", deployments=[{"rollout": "COMPLETED"}])
        client_of(server).describe_services(cluster="prod", services=["web"])


# ---- pages ----

def test_a_token_is_for_the_question_that_it_answers(peer):
    for i in range(30):
        peer.host(f"h{i}")
        peer.service(f"s{i}")
    client = client_of(peer)
    asked = {"cluster": "prod", "status": "ACTIVE",
             "filter": "runningTasksCount == 1"}
    first = client.list_container_instances(**asked, maxResults=10)
    token = first["nextToken"]
    assert not token.isdigit() and len(first["containerInstanceArns"]) == 10
    again = client.list_container_instances(**asked, nextToken=token)
    assert len(again["containerInstanceArns"]) == 20
    assert "nextToken" not in again
    for wrong in ({"status": "DRAINING"}, {"filter": "runningTasksCount < 2"},
                  {"nextToken": token[:-1]}, {"nextToken": ""}):
        with pytest.raises(client.exceptions.InvalidParameterException):
            client.list_container_instances(**{**asked, "nextToken": token,
                                               **wrong})
    with pytest.raises(client.exceptions.InvalidParameterException):
        client.list_services(cluster="prod", nextToken=token)
    assert len(client.list_services(cluster="prod")["serviceArns"]) == 10


# ---- tags and the trail ----

WEB_ARN = "arn:aws:ecs:eu-west-1:123456789012:service/prod/web"


def test_a_service_is_tagged_and_untagged(peer):
    client = client_of(peer)
    for value in ("1", "2"):
        client.tag_resource(resourceArn=WEB_ARN, tags=[
            {"key": "a", "value": value}, {"key": "b" + value}])
    tags = client.list_tags_for_resource(resourceArn=WEB_ARN)["tags"]
    assert [(t["key"], t["value"]) for t in tags] == [
        ("a", "2"), ("b1", ""), ("b2", "")]
    client.untag_resource(resourceArn=WEB_ARN, tagKeys=["b1", "b2", "none"])
    assert peer.services["web"]["tags"] == [{"key": "a", "value": "2"}]
    found = client.describe_services(cluster="prod", services=["web"],
                                     include=["TAGS"])["services"][0]
    assert found["tags"] == [{"key": "a", "value": "2"}]
    assert peer.writes() == []


@pytest.mark.parametrize("at,tags,code,word", [
    (WEB_ARN.replace("prod/", ""), [{"key": "a"}],
     "InvalidParameterException", "Long arn format must be used"),
    ("web", [{"key": "a"}], "InvalidParameterException", "parse ARN"),
    (WEB_ARN.replace("prod/web", "prod/x"), [{"key": "a"}],
     "ResourceNotFoundException", "not found"),
    (WEB_ARN.replace("prod/web", "none/web"), [{"key": "a"}],
     "ClusterNotFoundException", "not found"),
    (WEB_ARN, [{"key": "aws:a"}], "InvalidParameterException", "aws:"),
    (WEB_ARN, [{"value": "a"}], "InvalidParameterException", "empty"),
    (WEB_ARN, [{"key": "a" * 129}], "InvalidParameterException", "129"),
    (WEB_ARN, [{"key": f"a{i}"} for i in range(51)],
     "InvalidParameterException", "51 is not"),
])
def test_tags_that_aws_refuses(peer, at, tags, code, word):
    refused(peer, "TagResource", {"resourceArn": at, "tags": tags}, code,
            word)
    assert "tags" not in peer.services["web"]


def test_the_trail_tells_of_writes(peer):
    client = client_of(peer)
    trail = client_of(peer, "cloudtrail")
    peer.model.trail("UpdateService", by="deploy", at=time.time() - 60,
                     cluster="prod", service="web", desiredCount=1)
    client.update_service(**WEB, desiredCount=2)
    client.tag_resource(resourceArn=WEB_ARN, tags=[{"key": "a"}])
    client.describe_services(cluster="prod", services=["web"])

    def told(**asked):
        answer = trail.lookup_events(**asked)
        return [(e["EventName"], e["Username"]) for e in answer["Events"]]

    def by(key, value):
        return {"LookupAttributes": [{"AttributeKey": key,
                                      "AttributeValue": value}]}

    assert sorted(told()) == [("TagResource", "headcount"),
                              ("UpdateService", "deploy"),
                              ("UpdateService", "headcount")]
    assert told(**by("EventName", "UpdateService")) == [
        ("UpdateService", "headcount"), ("UpdateService", "deploy")]
    assert told(**by("Username", "deploy"), StartTime=time.time() - 30) == []
    first = trail.lookup_events(**by("EventName", "UpdateService"),
                                MaxResults=1)
    assert json.loads(first["Events"][0]["CloudTrailEvent"])[
        "requestParameters"] == {**WEB, "desiredCount": 2}
    rest = trail.lookup_events(**by("EventName", "UpdateService"),
                               MaxResults=1, NextToken=first["NextToken"])
    assert rest["Events"][0]["Username"] == "deploy"
    assert "NextToken" not in rest
    for wrong, code in (
            ({"NextToken": "x"}, "InvalidNextTokenException"),
            ({"StartTime": 2, "EndTime": 1}, "InvalidTimeRangeException"),
            ({"MaxResults": 51}, "ValidationException"),
            ({"LookupAttributes": 2 * by("EventName", "a")[
                "LookupAttributes"]}, "InvalidLookupAttributesException")):
        with pytest.raises(ClientError, match=code):
            trail.lookup_events(**wrong)


# ---- time ----

def counts(client, times):
    return [client.describe_services(cluster="prod", services=["web"])[
        "services"][0]["desiredCount"] for _ in range(times)]


def test_a_delay_is_a_delay(peer):
    peer.delay("ListClusters", 0.2, nth=2)
    client = client_of(peer)
    client.list_clusters()
    began = time.monotonic()
    client.list_clusters()
    assert 0.2 <= time.monotonic() - began < patience(5)


def test_a_stale_read_is_of_so_many_requests_ago(peer):
    peer.stale("DescribeServices", ago=2, nth=2, times=2)
    client = client_of(peer)
    assert counts(client, 1) == [1]
    client.update_service(**WEB, desiredCount=5)
    assert counts(client, 3) == [1, 1, 5]


def test_after_a_write_the_old_is_read_for_a_while(peer):
    peer.lag = 2
    client = client_of(peer)
    client.update_service(**WEB, desiredCount=5)
    assert counts(client, 3) == [1, 1, 5]


def test_the_world_changes_by_script(peer):
    peer.after(2, lambda model: peer.service("web", desired=7))
    assert counts(client_of(peer), 4) == [1, 1, 7, 7]


def test_the_buckets_are_the_published_ones(peer):
    now = [100.0]
    peer.throttle = ecs_throttle.Throttle(clock=lambda: now[0])
    client = client_of(peer)
    for _ in range(50):
        client.list_clusters()
    with pytest.raises(ClientError, match="ThrottlingException.*Rate exceed"):
        client.describe_clusters()
    assert counts(client, 1) == [1]
    now[0] += 0.125                      # two tokens, for the two together
    client.list_clusters()
    client.list_clusters()
    with pytest.raises(ClientError, match="ThrottlingException"):
        client.list_clusters()
    now[0] += 3600
    for _ in range(50):
        client.list_clusters()
    with pytest.raises(ClientError, match="ThrottlingException"):
        client.list_clusters()
