"""`headcount call`: the answer as it came, or nothing on stdout."""
import gzip
import json
import os
import pty
import re
import subprocess

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import pytest
from conftest import PROGRAM, SECRET, TOKEN


def test_the_answer_is_printed_as_it_came(ecs, headcount):
    body = b' {"clusterArns":\t["a", 1.50e3, "\\u00e9"] }\n'
    ecs.fault("ListClusters", ecs.http(200, body))
    run = headcount.at(ecs)("call", "ecs", "ListClusters")
    assert run.code == 0
    assert run.out.encode() == body
    assert ecs.requests[0].raw_body == b"{}"


def test_a_terminal_gets_a_newline_and_nobody_else(ecs, headcount):
    headcount.at(ecs)
    for body, on_tty in ((b'{"a":1}', b'{"a":1}\r\n'),
                         (b'{"a":1}\n', b'{"a":1}\r\n'), (b"", b""),
                         (b'{"a":1,\r"b":2}', b'{"a":1, "b":2}\r\n')):
        ecs.fault("ListClusters", ecs.http(200, body), times=2)
        assert headcount("call", "ecs", "list-clusters").out.encode() == body
        ours, theirs = pty.openpty()
        done = subprocess.run([PROGRAM, "call", "ecs", "list-clusters"],
                              env=headcount.env, stdout=theirs, check=False)
        os.write(theirs, b"|")
        got = b""
        while not got.endswith(b"|"):
            got += os.read(ours, 4096)
        os.close(ours)
        os.close(theirs)
        assert (done.returncode, got) == (0, on_tty + b"|")


def test_the_body_is_text_a_file_or_standard_input(ecs, headcount, tmp_path):
    wanted = {"clusters": ["prod"]}
    text = json.dumps(wanted)
    (tmp_path / "body.json").write_text(text)
    headcount.at(ecs)
    for args, stdin in (([text], b""), (["-"], text), (["@body.json"], b"")):
        run = headcount("call", "ecs", "DescribeClusters", *args, stdin=stdin)
        assert run.code == 0, run.err
        assert ecs.requests[-1].body == wanted
        assert json.loads(run.out)["clusters"][0]["clusterName"] == "prod"


def test_a_byte_order_mark_is_not_sent(ecs, headcount, tmp_path):
    """Notepad and PowerShell write one."""
    wanted = {"clusters": ["prod"]}
    text = "\ufeff" + json.dumps(wanted)
    (tmp_path / "body.json").write_text(text, encoding="utf-8")
    headcount.at(ecs)
    for args, stdin in (([text], b""), (["-"], text), (["@body.json"], b"")):
        run = headcount("call", "ecs", "DescribeClusters", *args, stdin=stdin)
        assert run.code == 0, run.err
        assert ecs.requests[-1].raw_body == json.dumps(wanted).encode()


@pytest.mark.parametrize("text", [
    '{"a":1,}', '{"a":', '  {"a" 1}', '{"a":1} x', '"abc', "nul", "[1",
    '{"a":1', '\n\n{"a":01}', '{"a":"\\x"}', '\ufeff{"a":}', "{} {}",
    '\t{"a":"\x01"}'])
def test_json_decode_and_call_name_the_same_byte(ecs, headcount, text):
    headcount.at(ecs)
    called = headcount("call", "ecs", "ListClusters", "-", stdin=text)
    assert called.code == 252 and ecs.requests == []
    (headcount.home / "decode.lua").write_text(
        'local json = require("headcount").json\n'
        'print(select(2, json.decode(io.read "a")))\n')
    decoded = headcount("run", "decode.lua", stdin=text)
    said = decoded.out.split("\t")[0]
    assert re.search(r"byte \d+", said)
    assert called.err.strip().endswith(said)


def test_blank_lines_before_the_object_are_sent(ecs, headcount):
    run = headcount.at(ecs)("call", "ecs", "ListClusters", "-",
                            stdin="\n\n{}\n")
    assert run.code == 0, run.err


def test_a_service_error_is_254(ecs, headcount):
    run = headcount.at(ecs)("call", "ecs", "DescribeServices",
                            '{"cluster": "nope", "services": ["a"]}')
    assert run.code == 254
    assert run.out == ""
    assert run.err == ("ClusterNotFoundException: DescribeServices in "
                       "eu-west-1: Cluster not found. (HTTP 400, request id "
                       "5a1f7c2e-0b7d-4f59-9d3a-000000000400)\n")


def test_an_operation_that_there_is_not_is_named(ecs, headcount):
    """AWS says the code alone."""
    run = headcount.at(ecs)("call", "ecs", "list-cluster")
    assert run.code == 254
    assert run.err.startswith("UnknownOperationException: ListCluster in "
                              "eu-west-1: the service has no operation of "
                              "this name (HTTP 400, request id ")


def test_json_is_said_once(ecs, headcount):
    headcount.at(ecs)
    run = headcount("call", "ecs", "ListClusters", '{"a":}')
    assert run.err == ("headcount: the request's body: JSON: a value is due "
                       "(byte 5)\n")
    ecs.fault("ListClusters", ecs.http(200, b'{"a":}'))
    run = headcount("call", "ecs", "ListClusters")
    assert run.code == 255
    assert run.err.startswith("headcount: ListClusters in eu-west-1: "
                              "127.0.0.1:")
    assert run.err.endswith(": the answer: JSON: a value is due (byte 5)\n")


def test_an_empty_200_of_aws_is_a_success(ecs, headcount):
    ecs.fault("PutThing", ecs.http(200, b""))
    run = headcount.at(ecs)("call", "ecs", "PutThing")
    assert (run.code, run.out) == (0, "")


def test_a_write_that_was_not_answered_is_not_repeated(ecs, headcount):
    ecs.service("web")
    args = ("call", "ecs", "UpdateService",
            '{"cluster": "prod", "service": "web", "desiredCount": 3}')
    ecs.fault("UpdateService", "close")
    run = headcount.at(ecs)(*args)
    assert run.code == 255
    assert "may have been done" in run.err
    assert len(ecs.writes()) == 1
    ecs.fault("UpdateService", "close")
    run = headcount(*args, "--retry-writes")
    assert run.code == 0
    assert len(ecs.writes()) == 3


def test_throttling_is_tried_again_and_costs_an_attempt(ecs, headcount):
    ecs.fault("ListClusters", "throttle", times=2)
    run = headcount.at(ecs)("call", "ecs", "ListClusters", "--timings")
    assert run.code == 0
    assert [r.headers["amz-sdk-request"] for r in ecs.requests] == \
        ["attempt=1; max=3", "attempt=2; max=3", "attempt=3; max=3"]
    assert len({r.headers["amz-sdk-invocation-id"]
                for r in ecs.requests}) == 1
    assert ecs.connections == 1
    ecs.fault("ListClusters", "throttle", times=9)
    run = headcount("call", "ecs", "ListClusters", AWS_MAX_ATTEMPTS="2")
    assert run.code == 254
    assert "ThrottlingException" in run.err


# ---- signatures ----

SERVICES = {
    "ecs": "ecs", "dynamodb": "dynamodb", "sqs": "sqs",
    "application-autoscaling": "application-autoscaling",
    "resourcegroupstaggingapi": "tagging", "cloudtrail": "cloudtrail",
}
BODIES = ["{}", '{"a": "\u00e4\u00f6\u4e2d \\n"}',
          json.dumps({"k": "x" * 70000})]


def botocore_signature(request, url, service, token):
    """What botocore makes of the same request at the same second."""
    signed = request.headers["authorization"].split("SignedHeaders=")[1]
    names = signed.split(",")[0].split(";")
    date = request.headers["x-amz-date"]
    aws = botocore.awsrequest.AWSRequest("POST", url, data=request.raw_body)
    for name in names:
        if name not in ("host", "x-amz-date", "x-amz-security-token"):
            aws.headers[name] = request.headers[name]
    aws.headers["host"] = request.headers["host"]
    signer = botocore.auth.SigV4Auth(
        botocore.credentials.Credentials("AKIDEXAMPLE", SECRET, token),
        service, "eu-west-1")
    aws.context["timestamp"] = date
    aws.headers["X-Amz-Date"] = date
    if token:
        aws.headers["X-Amz-Security-Token"] = token
    text = signer.string_to_sign(aws, signer.canonical_request(aws))
    return ";".join(names), signer.signature(text, aws)


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("body", BODIES, ids=["empty", "utf-8", "long"])
@pytest.mark.parametrize("path", ["", "/base/path", "/a%20b//c/"])
@pytest.mark.parametrize("token", [None, TOKEN])
def test_signatures_are_botocores(ecs, headcount, service, body, path, token):
    url = f"http://127.0.0.1:{ecs.port}{path or '/'}"
    headcount.env["AWS_ENDPOINT_URL"] = url
    run = headcount("call", service, "GetThing", "-", stdin=body.encode(),
                    AWS_SESSION_TOKEN=token)
    assert run.code in (0, 254), run.err
    request = ecs.requests[0]
    url = f"http://127.0.0.1:{ecs.port}{request.line.split()[1]}"
    names, signature = botocore_signature(request, url, SERVICES[service],
                                          token)
    assert {"host", "x-amz-date", "content-type",
            "x-amz-target"} <= set(names.split(";"))
    assert ("x-amz-security-token" in names) == bool(token)
    assert request.headers["authorization"].endswith(f"Signature={signature}")
    assert request.headers.get("x-amz-security-token") == token


def test_unsigned_requests_carry_nothing_of_ours(ecs, headcount):
    run = headcount.at(ecs)("call", "ecs", "ListClusters",
                            "--no-sign-request")
    assert run.code == 0
    assert "authorization" not in ecs.requests[0].headers
    assert "x-amz-security-token" not in ecs.requests[0].headers


def packed(ecs, status, coding):
    body = gzip.compress(b'{"clusterArns":[]}')
    head = f"Content-Encoding: {coding}\r\n" if coding else ""
    return (f"HTTP/1.1 {status} X\r\n{head}Content-Length: {len(body)}\r\n"
            "\r\n").encode() + body


@pytest.mark.parametrize("coding", ["gzip", "br", None])
@pytest.mark.parametrize("status", [200, 400])
def test_a_compressed_answer_is_named(ecs, headcount, status, coding):
    """No byte of it reaches a terminal."""
    ecs.fault("ListClusters", packed(ecs, status, coding), times=9)
    run = headcount.at(ecs)("call", "ecs", "ListClusters")
    assert run.code in (254, 255) and run.out == ""
    assert f"the answer is compressed ({coding or 'gzip'})" in run.err
    assert run.err.isprintable() or run.err.strip().isprintable()
    assert "\ufffd" not in run.err


def test_bytes_that_are_no_text_are_not_shown(ecs, headcount):
    body = bytes(range(128, 256))
    ecs.fault("ListClusters", b"HTTP/1.1 200 OK\r\nContent-Length: 128\r\n\r\n"
              + body, times=9)
    run = headcount.at(ecs)("call", "ecs", "ListClusters")
    assert run.code == 255
    assert "the answer is no JSON object; is this" in run.err
