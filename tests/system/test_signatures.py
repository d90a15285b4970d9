"""Thousands of generated requests, in headers and in URLs, are signed as
botocore signs them; one process signs them all."""
import datetime
import json
import random
from urllib.parse import parse_qsl, quote, urlsplit

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import pytest

KEY, SECRET = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
LEFT_OUT = ("User-Agent", "connection", "Expect", "traceparent", "TE",
            "X-Amzn-Trace-Id", "baggage", "tracestate", "Upgrade")

# Reads a request in JSON from each line, and prints its signature in JSON.
SIGN = """
local headcount = require "headcount"
local json = headcount.json
for line in io.lines(arg[1]) do
  local r = json.decode(line)
  if r.body then
    r.body = r.body:gsub("%x%x", function(x)
      return string.char(tonumber(x, 16))
    end)
  end
  r.access_key_id = "AKIDEXAMPLE"
  r.secret_access_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
  local s = headcount.sign(r)
  print(json.encode { canonical = s.canonical_request, url = s.url,
                      signature = s.signature, headers = s.headers })
end
"""


def text(rng, most=8):
    return "".join(rng.choice("abzAZ019-_.~ /%+=&?:é漢*'!,;\"")
                   for _ in range(rng.randint(0, most)))


def path(rng):
    part = ["", ".", "..", "a", "%2F", "%E6%BC%A2", "b.c", "~x", "a%20b",
            "(1)", "x=y", "A+B", "@:,;!$&'*"]
    return "".join("/" + rng.choice(part) for _ in range(rng.randint(0, 6)))


def query(rng, repeated):
    names = [text(rng) or "k" for _ in range(rng.randint(0, 5))]
    if not repeated:
        names = list(dict.fromkeys(names))
    pairs = [quote(n, safe="-_.~") + "=" + quote(text(rng), safe="-_.~")
             for n in names]
    if pairs and repeated and rng.random() < 0.2:
        pairs.append(quote(names[0], safe="-_.~"))       # no "="
    rng.shuffle(pairs)
    return "&".join(pairs)


def value(rng):
    words = ["a", "b,c", "é", '"x  y"', "1;q=0.5"]
    return rng.choice(["", " ", "\t"]) + rng.choice(
        [" ", "  ", "\t", " \t "]).join(rng.choices(words, k=rng.randint(1, 4))
                                        ) + rng.choice(["", "  "])


def headers(rng):
    names = ["X-A", "x-b", "x-a", "X-AB", "Accept", "x-amz-meta-Z", "My_H",
             "X-Amz-Acl"]
    rows = [[rng.choice(names), value(rng)]
            for _ in range(rng.randint(0, 5))]
    if rng.random() < 0.3:
        rows.append(["Content-Type", "text/csv; charset=utf-8"])
    if rng.random() < 0.3:
        rows.append([rng.choice(LEFT_OUT), "x"])
    rng.shuffle(rows)
    return rows


def generated(rng, in_url):
    host = rng.choice(["example.amazonaws.com", "b.s3.eu-west-1.amazonaws.com",
                       "127.0.0.1:4566", "x.example:443", "[::1]:8000"])
    asked = query(rng, repeated=rng.random() < 0.5)
    time = datetime.datetime(2000, 1, 1) + datetime.timedelta(
        seconds=rng.randint(0, 10 ** 9))
    request = {
        "method": rng.choice(["GET", "PUT", "POST", "DELETE", "HEAD"]),
        "url": f"https://{host}{path(rng) or '/'}{asked and '?' + asked}",
        "service": rng.choice(["s3", "service", "sts", "execute-api"]),
        "region": rng.choice(["eu-west-1", "us-gov-west-1"]),
        "headers": headers(rng), "time": time.strftime("%Y%m%dT%H%M%SZ"),
    }
    if rng.random() < 0.5:
        request["body"] = rng.randbytes(rng.randint(1, 40)).hex()
    if rng.random() < 0.4:
        request["session_token"] = "AQoD//wE+x=="
    if in_url:
        request["expires"] = rng.choice([1, 60, 3600, 604800])
    return request


def signer(r):
    kind = ("S3" if r["service"] == "s3" else "") + "SigV4" + (
        "QueryAuth" if "expires" in r else "Auth")
    more = {"expires": r["expires"]} if "expires" in r else {}
    return getattr(botocore.auth, kind)(
        botocore.credentials.Credentials(KEY, SECRET, r.get("session_token")),
        r["service"], r["region"], **more)


def request_of(r, url, body=True):
    request = botocore.awsrequest.AWSRequest(
        method=r["method"], url=url,
        data=bytes.fromhex(r.get("body", "")) if body else b"")
    for name, text in r["headers"]:
        request.headers[name] = text
    request.context["timestamp"] = r["time"]
    return request


def canonical(r, url):
    """botocore's canonical request and signature for what is sent."""
    auth, request = signer(r), request_of(r, url)
    if "expires" not in r:
        auth._modify_request_before_signing(request)
    text = auth.canonical_request(request)
    return text, auth.signature(auth.string_to_sign(request, text), request)


def presigned(r):
    """The parameters of botocore's own URL; its dict has one value a name, and
    a body would become parameters."""
    request = request_of(r, r["url"], body=False)
    signer(r).add_auth(request)
    return sorted(parse_qsl(urlsplit(request.url).query,
                            keep_blank_values=True))


def is_simple(r):
    names = [n for n, _ in parse_qsl(urlsplit(r["url"]).query,
                                     keep_blank_values=True)]
    return "body" not in r and len(set(names)) == len(names)


@pytest.mark.parametrize("in_url", [False, True], ids=["headers", "urls"])
def test_five_thousand_signatures_are_botocores(headcount, monkeypatch, in_url):
    rng = random.Random(18)
    # botocore leaves these three out from 1.44 on.
    monkeypatch.setattr(
        botocore.auth, "SIGNED_HEADERS_BLACKLIST",
        [*botocore.auth.SIGNED_HEADERS_BLACKLIST, "baggage", "traceparent",
         "tracestate"])
    requests = [generated(rng, in_url) for _ in range(5000)]
    (headcount.home / "sign.lua").write_text(SIGN)
    (headcount.home / "requests").write_text(
        "".join(json.dumps(r) + "\n" for r in requests))
    run = headcount("run", "sign.lua", "requests", timeout=120)
    assert run.code == 0, run.err
    answers = [json.loads(line) for line in run.out.splitlines()]
    assert len(answers) == len(requests)
    whole = 0
    for r, ours in zip(requests, answers):
        url = ours.get("url", r["url"]).partition("&X-Amz-Signature=")[0]
        text, signature = canonical(r, url)
        assert ours["canonical"] == text, r
        assert ours["signature"] == signature, r
        if in_url and is_simple(r):
            now = datetime.datetime.strptime(r["time"], "%Y%m%dT%H%M%SZ")
            monkeypatch.setattr(botocore.auth, "get_current_datetime",
                                lambda now=now: now)
            assert sorted(parse_qsl(urlsplit(ours["url"]).query,
                                    keep_blank_values=True)) == presigned(r), r
            whole += 1
    assert whole > 500 or not in_url
