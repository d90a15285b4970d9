"""`headcount fetch`, client:sign and client:fetch with sign: what a server that
makes each signature again takes, and what it refuses."""
import json
import re
import subprocess
import urllib.error
import urllib.request

import boto3
import pytest
import servers
from conftest import PROGRAM, SECRET, TOKEN
from signature_server import SignatureServer

KEY = "AKIDEXAMPLE"
BODY = b'line 1\n\x00\xff\xc3\xa9 "no newline at the end"'


@pytest.fixture
def server(headcount):
    del headcount.env["AWS_SESSION_TOKEN"]
    with SignatureServer() as peer:
        peer.keys[KEY] = (SECRET, None)
        yield peer


def send(url, method="GET", headers=(), body=None):
    """What another program gets: status and body."""
    request = urllib.request.Request(url, data=body, method=method)
    for name, value in headers:
        request.add_header(name, value)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


# ---- one request ----

def test_the_answer_is_printed_as_it_came(server, headcount):
    server.judges = False
    (headcount.home / "body.bin").write_bytes(BODY)
    for args, stdin in ((("--body", "@body.bin", "--header", "A: 1, 2",
                          "--header", "a:3"), b""), (("--body", "-"), BODY)):
        done = subprocess.run(
            [PROGRAM, "fetch", "POST", server.url + "/a?b#c", *args],
            input=stdin, env=headcount.env, cwd=headcount.home,
            capture_output=True, check=False)
        assert (done.returncode, done.stdout, done.stderr) == (0, BODY, b"")
    for _, path, headers, body in server.seen:
        assert (path, body) == ("/a?b", BODY)
        assert headers["Host"] == server.url.removeprefix("http://")
        assert "Authorization" not in headers
    assert server.seen[0][2].get_all("A") == ["1, 2", "3"]
    run = headcount("fetch", "GET", server.url + "/")
    assert (run.code, run.out, run.err) == (0, "", "")


@pytest.mark.parametrize("args", [
    ("GET", "/"), ("GET", "/a//b/../c%20d?x=1&x=0&y&%C3%A9=%2F"),
    ("HEAD", "/k"), ("DELETE", "/k?versionId=1"),
    ("PUT", "/k", "--body", "text", "--header", "Content-Type: text/plain"),
    ("POST", "/", "--body", "Action=A", "--header", "X-Amz-Meta-A:  b   c ",
     "--header", "x-amz-meta-a: d", "--header", "User-Agent: mine")])
@pytest.mark.parametrize("service", ["s3", "execute-api"])
def test_a_server_that_verifies_takes_it(server, headcount, service, args):
    method, path, *more = args
    run = headcount("fetch", method, server.url + path, "--sign", service,
                    *more)
    assert (run.code, run.err) == (0, "")
    assert run.out == (more[1] if more else "")
    (seen,) = server.seen
    assert seen[:2] == (method, path)
    assert f"/eu-west-1/{service}/aws4_request" in seen[2]["Authorization"]
    assert "user-agent" not in seen[2]["Authorization"]


def test_a_session_token_and_another_region(server, headcount):
    server.keys[KEY] = (SECRET, TOKEN)
    run = headcount("fetch", "GET", server.url, "--sign", "s3", "--region",
                    "us-gov-west-1", AWS_SESSION_TOKEN=TOKEN)
    assert (run.code, run.err) == (0, "")
    headers = server.seen[0][2]
    assert headers["X-Amz-Security-Token"] == TOKEN
    assert "x-amz-security-token" in headers["Authorization"]
    assert "/us-gov-west-1/s3/" in headers["Authorization"]


def test_a_refusal_is_254_and_one_line(server, headcount):
    run = headcount("fetch", "GET", server.url + "/?pass=hushhush", "--sign",
                    "s3", AWS_SECRET_ACCESS_KEY="x" + SECRET)
    assert run.code == 254
    assert "<Code>SignatureDoesNotMatch</Code>" in run.out
    assert run.err == (
        f"headcount: 127.0.0.1:{server.port}: GET: SignatureDoesNotMatch: The "
        "request is not what was signed. (HTTP 403, request id none)\n")
    server.judges = False
    for status, body, says in (
            (404, b"", "HTTP 404: Not Found"), (500, b"boom\nmore", "boom"),
            (400, b'{"__type":"a#BadThing","message":"no"}', "BadThing: no")):
        server.answers.append((status, {}, body))
        run = headcount("fetch", "GET", server.url)
        assert (run.code, run.out) == (254, body.decode())
        assert says in run.err and run.err.count("\n") == 1, run.err


def test_no_redirect_is_followed(server, headcount):
    server.judges = False
    for status in (301, 302, 303, 307, 308):
        server.answers.append((status, {"Location": server.url + "/secret"},
                               b"moved"))
        run = headcount("fetch", "GET", server.url, "--sign", "s3")
        assert (run.code, run.out) == (0, "moved")
        assert "redirect, which is not followed" in run.err
        assert "secret" not in run.err
    assert len(server.seen) == 5


def test_without_credentials_nothing_is_sent(server, headcount):
    for more in ({"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None},
                 {"AWS_REGION": None}):
        run = headcount("fetch", "GET", server.url, "--sign", "s3", **more)
        assert run.code == 253 and run.out == ""
    run = headcount("fetch", "GET", server.url, "--sign", "s3",
                    "--no-sign-request")
    assert run.code == 252 and "--no-sign-request is set" in run.err
    assert server.seen == []
    assert headcount("fetch", "GET", server.url, AWS_REGION=None,
                     AWS_ACCESS_KEY_ID=None,
                     AWS_SECRET_ACCESS_KEY=None).code == 254
    assert "InvalidAccessKeyId" not in run.err


# ---- presigned URLs ----

def presign(headcount, *args):
    run = headcount("fetch", *args)
    assert (run.code, run.err) == (0, "")
    url = run.out.removesuffix("\n")
    assert "\n" not in url and re.search("&X-Amz-Signature=[0-9a-f]{64}$", url)
    return url


def test_a_presigned_url_is_good_for_whoever_has_it(server, headcount):
    url = presign(headcount, "GET", server.url + "/k?versionId=1", "--sign",
                  "s3", "--expires", "60")
    assert server.seen == []
    assert send(url) == (200, b"")
    assert send(url) == (200, b"")
    # S3 takes any body, and the headers that were signed.
    url = presign(headcount, "PUT", server.url + "/k", "--sign", "s3",
                  "--expires", "60", "--header", "Content-Type: text/plain")
    for headers, status in (([("Content-Type", "text/plain")], 200),
                            ([("Content-Type", "text/html")], 403), ([], 403)):
        assert send(url, "PUT", headers, b"any body")[0] == status
    # Another service takes the body that was signed.
    url = presign(headcount, "POST", server.url + "/", "--sign", "sns",
                  "--expires", "60", "--body", "Action=A")
    plain = [("Content-Type", "a/b")]
    assert send(url, "POST", plain, b"Action=A") == (200, b"Action=A")
    assert send(url, "POST", plain, b"Action=B")[0] == 403


def test_a_presigned_url_that_was_changed_is_refused(server, headcount):
    url = presign(headcount, "GET", server.url + "/k?versionId=1", "--sign",
                  "s3", "--expires", "60")
    for before, after in (
            ("versionId=1", "versionId=2"), ("/k?", "/j?"),
            ("Expires=60", "Expires=604800"), ("eu-west-1", "us-east-1"),
            ("versionId=1&", ""), ("&X-Amz-SignedHeaders=host",
                                   "&X-Amz-SignedHeaders=host%3Brange"),
            ("Signature=", "Signature=0"), (KEY, "AKIDOTHER")):
        assert before in url
        status, text = send(url.replace(before, after))
        assert status == 403, after
    assert send(url, "DELETE")[0] == 403
    assert send(url)[0] == 200


def test_a_presigned_url_ends(server, headcount):
    url = presign(headcount, "GET", server.url, "--sign", "s3", "--expires",
                  "3600")
    for ahead, status in ((0, 200), (3000, 200), (3600, 403)):
        server.ahead = ahead
        assert send(url)[0] == status
    assert b"Request has expired" in send(url)[1]


# ---- the same in Lua ----

SCRIPT = """
local headcount = require "headcount"
local json = headcount.json
local client <close> = assert(headcount.client {})
local r = json.decode(io.read "a")
local signed = assert(client:sign(r))
local sign = { service = r.service, region = r.region, expires = r.expires }
r.service, r.region, r.expires = nil, nil, nil
r.sign = sign
local answer = assert(client:fetch(r))
print(json.encode { url = signed.url, headers = signed.headers,
                    status = answer.status, body = answer.body })
"""


@pytest.mark.parametrize("more", [
    {}, {"expires": 60}, {"region": "us-east-2"},
    {"headers": {"X-Amz-Meta-A": ["1", "2"]}, "method": "PUT", "body": "b"},
    {"headers": [["x-a", "2"], ["X-A", "1"]], "expires": 5, "service": "sts"}])
def test_a_client_signs_and_fetches(server, headcount, more):
    (headcount.home / "fetch.lua").write_text(SCRIPT)
    request = {"url": server.url + "/a?b=c", "service": "s3", **more}
    run = headcount("run", "fetch.lua", stdin=json.dumps(request))
    assert run.code == 0, run.err
    got = json.loads(run.out)
    assert got["status"] == 200 and got["body"] == more.get("body", "")
    headers = [(name, value) for name, values in got["headers"].items()
               for value in (values if isinstance(values, list) else [values])]
    if len({name for name, _ in headers}) == len(headers):
        assert send(got.get("url", request["url"]),
                    more.get("method", "GET"), headers,
                    more["body"].encode() if "body" in more else None
                    )[0] == 200


# ---- moto ----

@pytest.fixture
def strict(tmp_path, headcount):
    """moto, which verifies the signatures in headers."""
    with servers.Moto(tmp_path / "moto") as moto:
        iam = boto3.client("iam", "eu-west-1", endpoint_url=moto.url,
                           aws_access_key_id="a", aws_secret_access_key="b")
        iam.create_user(UserName="u")
        iam.put_user_policy(
            UserName="u", PolicyName="all", PolicyDocument=json.dumps(
                {"Version": "2012-10-17", "Statement": [
                    {"Effect": "Allow", "Action": "*", "Resource": "*"}]}))
        key = iam.create_access_key(UserName="u")["AccessKey"]
        del headcount.env["AWS_SESSION_TOKEN"]
        headcount.env.update(AWS_ACCESS_KEY_ID=key["AccessKeyId"],
                             AWS_SECRET_ACCESS_KEY=key["SecretAccessKey"])
        urllib.request.urlopen(urllib.request.Request(
            f"{moto.url}/moto-api/reset-auth", data=b"0", method="POST",
            headers={"Content-Type": "text/plain"}), timeout=10).close()
        yield moto


WHO = ("--sign", "sts", "--body", "Action=GetCallerIdentity&Version=2011-06-15",
       "--header", "Content-Type: application/x-www-form-urlencoded; "
       "charset=utf-8")


def test_moto_takes_ours_and_refuses_what_was_changed(strict, headcount):
    run = headcount("fetch", "POST", strict.url + "/", *WHO)
    assert run.code == 0, run.err
    assert ":user/u</Arn>" in run.out
    run = headcount("fetch", "POST", strict.url + "/", *WHO,
                    AWS_SECRET_ACCESS_KEY="x" + SECRET)
    assert run.code == 254 and "SignatureDoesNotMatch" in run.err
    (headcount.home / "sign.lua").write_text(
        'local headcount = require "headcount"\n'
        "local json = headcount.json\n"
        "local client <close> = assert(headcount.client {})\n"
        'local s = assert(client:sign(json.decode(io.read "a")))\n'
        "print(json.encode(s.headers))\n")
    body = WHO[3]
    run = headcount("run", "sign.lua", stdin=json.dumps(
        {"method": "POST", "url": strict.url + "/?a=1", "service": "sts",
         "body": body, "headers": {"X-Mine": "1", "Content-Type":
                                   "application/x-www-form-urlencoded"}}))
    headers = json.loads(run.out)

    def status(path="/?a=1", sent=body, **changed):
        return send(strict.url + path, "POST",
                    list({**headers, **changed}.items()), sent.encode())[0]

    assert status() == 200
    assert status(path="/?a=2") == 403
    assert status(sent=body + "&a=b") == 403
    assert status(**{"X-Mine": "2"}) == 403
    assert status(**{"X-Amz-Date": "20260101T000000Z"}) == 403


def test_a_date_of_another_time_is_told_with_the_time_of_the_signature(
        headcount):
    run = headcount("fetch", "GET", "http://127.0.0.1:1/", "--sign", "s3",
                    "--header", "X-Amz-Date: 20200101T000000Z")
    assert run.code == 252
    assert re.search(r"is not the time to sign for, 2\d{7}T\d{6}Z", run.err)
