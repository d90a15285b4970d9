"""examples/put_item: what deploys put_item.lua, and the function as Lambda runs
it, with and without keep-alive, beside moto's DynamoDB behind nginx and TLS."""
import base64
import json
import os
import re
from unittest import mock

import aws_lambda_builders.builder
import boto3
import cfnlint
import cfnlint.config
import deployment
import pytest
import samtranslator.translator.transform
import servers
from conftest import PROGRAM, TOP
from ecs_check import SECRET

FOLDER = TOP / "examples" / "put_item"
TEMPLATE = FOLDER / "template.yaml"
FUNCTIONS = {"KeepAlive": "on", "NewConnection": "off"}


def translated():
    template = deployment.read(TEMPLATE)
    for name in FUNCTIONS:
        template["Resources"][name]["Properties"]["CodeUri"] = \
            "s3://some-bucket/key"
    del template["Globals"]["Function"]["CodeUri"]
    with mock.patch.dict(os.environ, AWS_DEFAULT_REGION="eu-west-1"):
        return samtranslator.translator.transform.transform(
            template, {}, mock.Mock(load=dict))


@pytest.mark.parametrize("form", ["as it is", "translated"])
def test_cfn_lint_finds_nothing(form):
    text = TEMPLATE.read_text() if form == "as it is" \
        else json.dumps(translated())
    ways = cfnlint.config.ManualArgs(regions=["eu-west-1", "cn-north-1"])
    assert [str(m) for m in cfnlint.lint(text, config=ways)] == []


def test_the_functions_differ_in_keep_alive_alone():
    resources = translated()["Resources"]
    kinds = []
    for name, keep in FUNCTIONS.items():
        function = resources[name]["Properties"]
        variables = function["Environment"]["Variables"]
        assert variables.pop("KEEP_ALIVE") == keep
        assert variables == {"TABLE": {"Ref": "Messages"}}
        assert function.pop("Description")
        kinds.append(function)
        url = resources[f"{name}Url"]["Properties"]
        assert url["AuthType"] == "AWS_IAM"         # nobody writes unsigned
    assert kinds[0] == kinds[1]
    assert kinds[0]["Handler"] == "put_item.lua"
    assert (kinds[0]["Runtime"], kinds[0]["Architectures"]) == (
        "provided.al2023", ["arm64"])


def test_the_role_allows_the_one_call_and_the_log():
    role = translated()["Resources"]["Role"]["Properties"]
    policy, = [p["PolicyDocument"]["Statement"] for p in role["Policies"]]
    assert [(s["Action"], s["Resource"]) for s in policy] == [
        ("dynamodb:PutItem", {"Fn::GetAtt": ["Messages", "Arn"]}),
        (["logs:CreateLogStream", "logs:PutLogEvents"],
         {"Fn::GetAtt": ["LogGroup", "Arn"]})]


def build(folder, name):
    artifacts = folder / "artifacts"
    artifacts.mkdir(parents=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BINARY", PROGRAM)
        patch.delenv("MAKEFLAGS", raising=False)
        aws_lambda_builders.builder.LambdaBuilder(
            language="provided", dependency_manager=None,
            application_framework=None).build(
                str(FOLDER), str(artifacts), str(folder / "scratch"),
                str(FOLDER / "Makefile"), runtime="provided.al2023",
                architecture="arm64", options={"build_logical_id": name})
    return artifacts


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """moto's DynamoDB with the template's table, behind TLS."""
    folder = tmp_path_factory.mktemp("dynamodb")
    certs = TOP / "build" / "certs"
    properties = deployment.read(TEMPLATE)["Resources"]["Messages"][
        "Properties"]
    with servers.Moto(folder / "moto") as moto, \
         servers.Nginx(folder / "nginx", moto.port, tls=certs / "ec") as front:
        db = boto3.client("dynamodb", "eu-west-1", endpoint_url=moto.url,
                          aws_access_key_id="AKIDEXAMPLE",
                          aws_secret_access_key=SECRET)
        db.create_table(TableName="messages", **properties)
        front.items = lambda: db.scan(TableName="messages")["Items"]
        yield front


@pytest.fixture
def function(table, headcount, tmp_path):
    """Starts one of the template's functions out of what `sam build` made."""
    running = []

    def start(name, **more):
        made = build(tmp_path / name, name)
        assert sorted(p.name for p in made.iterdir()) == ["bootstrap",
                                                          "put_item.lua"]
        variables = translated()["Resources"][name]["Properties"][
            "Environment"]["Variables"]
        env = {**headcount.env, **variables, "TABLE": "messages",
               "LAMBDA_TASK_ROOT": str(made),
               "AWS_LAMBDA_LOG_FORMAT": "JSON",
               "AWS_CA_BUNDLE": str(TOP / "build" / "certs" / "ca.pem"),
               "AWS_ENDPOINT_URL_DYNAMODB": f"https://127.0.0.1:{table.port}",
               **more}
        running.append(servers.Lambda(tmp_path / f"{name}-lambda",
                                      made / "bootstrap", env,
                                      "put_item.lua").start())
        table.forget()
        return running[-1]

    yield start
    for server in running:
        server.stop()


def post(i, **more):
    return {"version": "2.0", "rawPath": "/", "isBase64Encoded": False,
            "requestContext": {"http": {"method": "POST"}},
            "body": json.dumps({"user_id": f"u{i}", "message": f"\u00e9 {i}"}),
            **more}


def said(server):
    return [json.loads(line)["message"] for line in
            server.output.read_text().splitlines()
            if line.startswith("{") and "PutItem" in line]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_function_writes_and_says_how_long_it_took(table, function, name):
    server, calls = function(name), 6
    for i in range(calls):
        answer = server.invoke(post(i))
        assert answer["statusCode"] == 200, answer
        body = json.loads(answer["body"])
        assert body["duration_in_ms"] > 0
        kept = name == "KeepAlive"
        assert body["connections_opened"] == (1 if kept else i + 1)
        written, = [item for item in table.items()
                    if item["postId"]["S"] == body["postId"]]
        assert (written["userId"]["S"], written["message"]["S"]) == (
            f"u{i}", f"\u00e9 {i}")
        took, connection = re.fullmatch(
            r"PutItem took ([\d.]+) ms over a (\w+) connection",
            said(server)[-1]).groups()
        assert float(took) == pytest.approx(body["duration_in_ms"], abs=0.006)
        assert connection == ("kept" if kept else "new")    # of init
    # What nginx counted: each new connection has a whole handshake.
    assert table.connections() == (1 if kept else calls)
    assert len(table.requests()) == calls
    assert not any(r["resumed"] for r in table.requests())


def test_bodies_that_are_encoded(table, function):
    """Of `curl -d`, whose content type is no text."""
    server = function("KeepAlive")
    for text in ("m", "me", "mes", "\u00e9\u20ac\U0001f600", ""):
        body = json.dumps({"user_id": "b", "message": text}).encode()
        answer = server.invoke(post(0, isBase64Encoded=True, body=base64
                                    .b64encode(body).decode()))
        key = json.loads(answer["body"])["postId"]
        assert [i["message"]["S"] for i in table.items()
                if i["postId"]["S"] == key] == [text]
    for bad in ("!!!", "a", "", None, 7):
        answer = server.invoke(post(0, isBase64Encoded=True, body=bad))
        assert answer["statusCode"] == 400


def test_a_refusal_is_in_the_answer_and_in_the_log(table, function):
    server = function("KeepAlive", TABLE="none")
    answer = server.invoke(post(1))
    assert answer["statusCode"] == 502
    assert json.loads(answer["body"])["code"] == "ResourceNotFoundException"
    line = said(server)[-1]
    assert re.match(r"PutItem failed after [\d.]+ ms over a kept connection: ",
                    line) and SECRET not in server.output.read_text()
