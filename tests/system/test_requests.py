"""What is asked on the wire is what AWS's own model and signer know; the
scripted ECS that all this runs against is held to the same model."""
import datetime
import json
import re
import urllib.request

import boto3
import botocore.loaders
import botocore.model
import botocore.session
import botocore.validate
import ecs_server
import pytest
import servers
from conftest import SECRET, TOKEN
from test_call import botocore_signature
from test_main_job import fill_moto, moto_count

OURS = ("--service", "web", "--output", "json")


@pytest.fixture(scope="session")
def model():
    return botocore.model.ServiceModel(
        botocore.loaders.Loader().load_service_model("ecs", "service-2"),
        "ecs")


def problems(model, request):
    operation = model.operation_model(request.operation)
    unknown = set(request.body) - set(operation.input_shape.members)
    report = botocore.validate.ParamValidator().validate(
        request.body, operation.input_shape)
    return sorted(unknown), report.generate_report()


def every_question(server, headcount, event):
    """Runs that between them ask all that headcount asks of ECS."""
    server.service("web", desired=1)
    server.service("pool", desired=1, capacityProviderStrategy=[
        {"capacityProvider": "spot", "weight": 1, "base": 0}])
    del server.services["pool"]["launchType"]
    server.filters["attribute:ssd exists"] = {"h1"}
    server.model.provider("spot")
    for i in range(120):
        server.host(f"h{i}", provider="spot")
    for args in (["--service", "web"], ["--service", "pool"],
                 ["--service", "web", "--hosts", "registered"],
                 ["--service", "web", "--where", "attribute:ssd exists"]):
        run = headcount("handle", *args, stdin=event())
        assert run.code == 0, run.err
    server.hosts.clear()
    run = headcount("handle", "--service", "web", "--allow", "zero",
                    stdin=event())
    assert run.code == 0, run.err


def test_every_request_fits_botocores_model(model, ecs, headcount, event):
    every_question(ecs, headcount.at(ecs), event)
    assert set(ecs.operations()) == {
        "DescribeServices", "ListContainerInstances", "UpdateService",
        "DescribeClusters", "DescribeContainerInstances",
        "DescribeCapacityProviders"}
    for request in ecs.requests:
        assert problems(model, request) == ([], "")
    for request in ecs.requests:
        if request.operation == "DescribeServices":
            assert request.body["include"] == ["TAGS"]
        if request.operation == "DescribeContainerInstances":
            assert len(request.body["containerInstances"]) <= 100
        if request.operation == "UpdateService":
            assert set(request.body) == {"cluster", "service",
                                         "desiredCount"}
        if request.operation == "DescribeCapacityProviders":
            assert request.body["cluster"] == "prod"
        elif request.operation != "DescribeClusters":
            assert request.body["cluster"] == ecs.cluster_arn


def test_every_request_of_a_job_is_signed_as_botocore_signs(secure, headcount,
                                                            event):
    every_question(secure, headcount, event)
    for request in secure.requests:
        url = f"https://ecs.test.internal:{secure.port}/"
        names, signature = botocore_signature(request, url, "ecs", TOKEN)
        assert request.headers["authorization"].endswith(
            f"Signature={signature}")
        assert names.split(";") == sorted(names.split(";"))
        age = (datetime.datetime.now(datetime.timezone.utc)
               - datetime.datetime.strptime(
                   request.headers["x-amz-date"], "%Y%m%dT%H%M%S%z"))
        assert abs(age.total_seconds()) < 60


def test_the_headers_are_those_of_an_sdk(secure, headcount, event):
    every_question(secure, headcount, event)
    for request in secure.requests:
        assert request.line == "POST / HTTP/1.1"
        h = request.headers
        assert h["host"] == f"ecs.test.internal:{secure.port}"
        assert h["content-type"] == "application/x-amz-json-1.1"
        assert request.target == \
            f"AmazonEC2ContainerServiceV20141113.{request.operation}"
        assert int(h["content-length"]) == len(request.raw_body)
        assert h["user-agent"].startswith("headcount/")
        assert "transfer-encoding" not in h and "expect" not in h
        assert h.get("connection", "keep-alive").lower() == "keep-alive"
        assert re.match(r"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/\d{8}/"
                        r"eu-west-1/ecs/aws4_request, SignedHeaders=\S+, "
                        r"Signature=[0-9a-f]{64}$", h["authorization"])
        assert SECRET not in str(h)
    ids = [r.headers["amz-sdk-invocation-id"] for r in secure.requests]
    assert len(set(ids)) == len(ids)


def test_a_second_attempt_is_signed_anew(ecs, headcount, event):
    ecs.service("web", desired=1)
    ecs.host("a")
    ecs.fault("DescribeServices", "500")
    assert headcount.at(ecs)("handle", *OURS, stdin=event()).code == 0
    first, second = ecs.requests[:2]
    assert first.raw_body == second.raw_body
    assert first.headers["authorization"] != second.headers["authorization"]
    for request in (first, second):
        _, signature = botocore_signature(
            request, f"http://127.0.0.1:{ecs.port}/", "ecs", TOKEN)
        assert request.headers["authorization"].endswith(signature)


# ---- moto verifies signatures when it is told to ----

@pytest.fixture
def strict(tmp_path):
    """A moto that turns away who is not signed by the key it gave out."""
    with servers.Moto(tmp_path / "moto") as moto:
        fill_moto(moto, hosts=2)
        iam = boto3.client("iam", "eu-west-1", endpoint_url=moto.url,
                           aws_access_key_id="a", aws_secret_access_key="b")
        iam.create_user(UserName="headcount")
        iam.put_user_policy(
            UserName="headcount", PolicyName="all", PolicyDocument=json.dumps(
                {"Version": "2012-10-17", "Statement": [
                    {"Effect": "Allow", "Action": ["ecs:*"],
                     "Resource": "*"}]}))
        moto.key = iam.create_access_key(UserName="headcount")["AccessKey"]
        urllib.request.urlopen(urllib.request.Request(
            f"{moto.url}/moto-api/reset-auth", data=b"0", method="POST",
            headers={"Content-Type": "text/plain"}), timeout=10).close()
        yield moto


def test_a_server_that_verifies_takes_our_signature(strict, headcount, event):
    headcount.env.update(AWS_ENDPOINT_URL=strict.url,
                         AWS_ACCESS_KEY_ID=strict.key["AccessKeyId"],
                         AWS_SECRET_ACCESS_KEY=strict.key["SecretAccessKey"])
    del headcount.env["AWS_SESSION_TOKEN"]
    run = headcount("handle", *OURS, stdin=event())
    assert run.code == 0, run.out + run.err
    assert run.service()["outcome"] == "updated"
    run = headcount("handle", *OURS, stdin=event(),
                    AWS_SECRET_ACCESS_KEY="x" + SECRET)
    assert run.code == 1
    assert "403" in run.out and SECRET not in run.out + run.err
    run = headcount("call", "ecs", "ListClusters",
                    AWS_SECRET_ACCESS_KEY="x" + SECRET)
    assert run.code in (254, 255) and run.out == ""
    urllib.request.urlopen(urllib.request.Request(
        f"{strict.url}/moto-api/reset-auth", data=b"inf", method="POST",
        headers={"Content-Type": "text/plain"}), timeout=10).close()
    assert moto_count(strict) == 2


# ---- the scripted ECS itself ----

def client_of(server, **more):
    return boto3.client(
        "ecs", "eu-west-1", endpoint_url=f"http://127.0.0.1:{server.port}",
        aws_access_key_id="a", aws_secret_access_key="b", **more)


def test_the_scripted_ecs_answers_what_the_model_says(ecs, model):
    ecs.service("web", desired=1)
    for i in range(205):
        ecs.host(f"h{i}", status="DRAINING" if i < 3 else "ACTIVE")
    client = client_of(ecs)
    pages = client.get_paginator("list_container_instances").paginate(
        cluster="prod", status="ACTIVE")
    arns = [a for page in pages for a in page["containerInstanceArns"]]
    assert len(set(arns)) == 202
    assert ecs.operations() == ["ListContainerInstances"] * 3
    assert client.describe_clusters(clusters=["prod", "none"])["failures"][0][
        "reason"] == "MISSING"
    assert client.describe_container_instances(
        cluster="prod", containerInstances=arns[:2])["containerInstances"][0][
            "status"] == "ACTIVE"
    assert client.update_service(cluster="prod", service="web",
                                 desiredCount=4)["service"]["desiredCount"] \
        == 4
    assert client.list_clusters()["clusterArns"] == [ecs.cluster_arn]
    with pytest.raises(client.exceptions.ServiceNotFoundException):
        client.update_service(cluster="prod", service="no", desiredCount=1)
    with pytest.raises(client.exceptions.ClusterNotFoundException):
        client.describe_services(cluster="no", services=["web"])
    assert ecs.connections == 1
    found = client.describe_services(cluster="prod", services=["web", "no"])
    assert found["failures"][0]["reason"] == "MISSING"
    shape = model.operation_model("DescribeServices").output_shape
    known = shape.members["services"].member.members
    assert set(ecs.services["web"]) <= set(known)


@pytest.mark.parametrize("what", ["throttle", "500", "503", "close", "half"])
def test_botocore_meets_the_same_faults(ecs, what):
    """One fault, then the answer: botocore's own retries see it through."""
    import botocore.config

    ecs.fault("ListClusters", what)
    client = client_of(ecs, config=botocore.config.Config(
        retries={"mode": "standard"}))
    assert client.list_clusters()["clusterArns"] == [ecs.cluster_arn]
    assert ecs.operations() == ["ListClusters"] * 2


def test_it_counts_connections_and_handshakes(certs):
    import ssl

    context = ssl.create_default_context(cafile=certs / "ca.pem")
    with ecs_server.EcsServer(tls=certs / "ec") as server:
        for _ in range(2):
            request = urllib.request.Request(
                f"https://localhost:{server.port}/", data=b"{}", headers={
                    "X-Amz-Target": "x.ListClusters"})
            with urllib.request.urlopen(request, context=context) as answer:
                assert json.load(answer)["clusterArns"]
        assert (server.connections, server.handshakes) == (2, 2)
