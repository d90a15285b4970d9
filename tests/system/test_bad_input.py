"""Bad input gets a clear error and changes nothing: the table.

A row is (what the input is, how it is given, what the error has to say), under
what the issue calls it and the exit code.  252 wrong usage or a bad event, 253
no region, credentials or usable setting: nobody was called.  1 the target
failed: the report says so.  254, 255: `call`, whose answer was none.  In what
is said HOST is who was asked, # any number and NEXT some advice; the givens
are in bad_input_rows.py.  How many rows of each kind passed is printed at the
end of the run.
"""
import contextlib
import json
import re

import pytest
from bad_input_rows import (
    GONE, HIDDEN, OURS, USED, VALUES, WRONG_TYPES, World, answer, body,
    called, certificate, changed, deaf, deaf_dns, env, event, holding, instead,
    line, nginx, no_dns, nobody, of, options, plain, read_by_core, read_here,
    unknown_name, within)
from conftest import SECRET, TOKEN, event_of

NEXT = re.compile(r"\b(expected|check|set|give|try|look|at most|has to|"
                  r"hand in|is (this|it)|does (it|one)|see:|unset|next run)\b")
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]")   # a terminal obeys
EXPECTED = "expected an EventBridge event of aws.ecs"


def host_event(**detail):
    """Of a host; with these members in its detail and no others."""
    return {"source": "aws.ecs", "region": "eu-west-1", "detail": detail,
            "detail-type": "ECS Container Instance State Change"}


def deep(n):
    return b'{"a":' * n + b"1" + b"}" * n


AT = "arn:aws:ecs:eu-west-1:123456789012"
ARN = f"{AT}:cluster/prod"

EVENTS = [
    *of("empty events", 252,
        ("nothing", event(b""), "the event is empty", EXPECTED),
        ("blanks", event(b" \n"), "the event is empty", EXPECTED),
        ("{}", event(b"{}"), "the event names no cluster", EXPECTED),
        ("no clusters", event({"clusters": []}), "names no cluster", EXPECTED),
        ("an empty name", event({"cluster": ""}), '""', "a name is 1 to 255"),
        ("an empty file", holding(b"", line("handle", "file", *OURS)),
         "the event is empty", EXPECTED)),
    *of("truncated events", 252,
        ("a string that goes on", event(b'{"source":"aws.e'), "byte 16"),
        ("a member that follows", event(b'{"source":"aws.ecs"'), "byte 19"),
        ("the last bracket", event(json.dumps(event_of()).encode()[:-1]),
         "the event: JSON: it ends after byte #, before its value is whole"),
        ("in a file", holding(b"{", line("handle", "file", *OURS)), "byte 1"),
        ("inside of detail", event({**host_event(), "detail": '{"clusterArn"'}),
         "the event's detail: JSON: it ends after byte 13")),
    *of("over-long events", 252,
        ("a byte too much", event(b'{"x":"' + b"a" * ((6 << 20) - 7) + b'"}'),
         "standard input is longer than 6291456 bytes"),
        ("more bytes than are read", event(b'{"x":"' + b"a" * (6 << 20)
                                           + b'"}'),
         "standard input", "6291456 bytes", "the most that headcount reads"),
        ("a file of 7 MiB", holding(b" " * (7 << 20),
                                    line("handle", "file", *OURS)),
         "file is longer than 6291456 bytes"),
        ("a number", event(b"1" * 100000), "too long (byte 65536)"),
        ("a key", event({"a" * 70000: 1}), "a key, string or number is too "
         "long (byte #)"),
        ("a name", event({"cluster": "a" * 256}), '"aaaa', "1 to 255 letters"),
        ("2001 clusters", event({"clusters": [f"c{i}" for i in range(2001)]}),
         "the event names more than 2000 clusters")),
    *of("deeply nested events", 252,
        ("129 levels", event(deep(129)), "nested too deep (byte 640)"),
        ("100000 levels", event(deep(100000)), "nested too deep (byte 640)"),
        ("100000 lists", event(b"[" * 100000), "nested too deep (byte #)"),
        ("lists in what is skipped", event(b'{"x":' + b"[" * 200),
         "nested too deep (byte #)"),
        ("in detail", event(b'{"source":"aws.ecs","detail":' + deep(129)),
         "nested too deep (byte #)")),
    *of("non-JSON events", 252,
        ("text", event(b"hello"), "JSON: a value is due (byte 0)"),
        ("null", event(b"null"), "the event is no JSON object"),
        ("a list", event(b"[]"), "the event is an array of no records"),
        ("a list without an end", event(b'[{"cluster":"prod"}'), "no end"),
        ("a list of texts", event(b'["prod"]'), "record without an id",
         "the event is no JSON object"),
        ("a number", event(b"7"), "the event is no JSON object"),
        ("a string", event(b'"prod"'), "the event is no JSON object"),
        ("two values", event(b'{"cluster":"prod"}{"cluster":"prod"}'),
         "something stands after the value (byte 18)"),
        ("a comma too much", event(b'{"cluster":"prod",}'),
         "a key is due (byte 18)"),
        ("single quotes", event(b"{'cluster':'prod'}"), "due (byte 1)"),
        ("NaN", event(b'{"cluster":NaN}'), "due (byte 11)"),
        ("a line break in a string", event(b'{"cluster":"a\nb"}'), "byte 13"),
        ("a NUL after it", event(b'{"cluster":"prod"}\0'), "byte 18"),
        ("a member twice", event(b'{"cluster":"a","cluster":"b"}'),
         'member "cluster" comes twice'),
        ("a name as detail", event({**host_event(), "detail": "x"}),
         "the event's detail: JSON: a value is due (byte 0)"),
        ("a file that is none", line("handle", "none.json", *OURS),
         "cannot open none.json: No such file"),
        ("a directory", line("handle", ".", *OURS),
         "cannot read .: Is a directory")),
    *of("non-UTF-8 events", 252,
        ("latin-1", event(b'{"cluster":"pr\xf6d"}'), "not UTF-8 (byte 14)"),
        ("in what is skipped", event(b'{"x":"\xff","cluster":"prod"}'),
         "not UTF-8 (byte 6)"),
        ("a surrogate", event(b'{"cluster":"\xed\xa0\x80"}'), "UTF-8"),
        ("an overlong NUL", event(b'{"cluster":"\xc0\x80"}'), "UTF-8"),
        ("UTF-16", event('{"cluster":"prod"}'.encode("utf-16")), "byte 0"),
        ("two byte order marks", event(b'\xef\xbb\xbf\xef\xbb\xbf'
                                       b'{"cluster":"prod"}'), "byte 0")),
    *of("events that are none of ours", 252,
        ("of S3", event({"source": "aws.s3", "detail": {}}),
         'no "detail-type"', EXPECTED),
        ("of S3, whole", event({"source": "aws.s3", "detail-type": "Object "
                                "Created", "detail": {}}),
         'comes from "aws.s3"', EXPECTED),
        ("no source", event({"detail-type": "Scheduled Event"}),
         'no "source"', EXPECTED),
        ("null as source", event({**host_event(clusterArn=ARN),
                                  "source": None}), 'no "source"', EXPECTED),
        ("no detail", event({**host_event(), "detail": None}),
         'no "clusterArn"'),
        ("no cluster", event(host_event()), 'no "clusterArn"'),
        ("null as cluster", event(host_event(clusterArn=None)),
         'no "clusterArn"'),
        ("an ARN of S3", event(host_event(clusterArn="arn:aws:s3:::x")),
         '"arn:aws:s3:::x" does not name a cluster', "another service"),
        ("a name with a blank", event({"cluster": "a b"}), '"a b"',
         "1 to 255 letters, digits, - and _"),
        ("a name with an escape", event({"cluster": "\x1b[31m"}), '"?[31m"'),
        ("a name with a NUL", event({"cluster": "a\0b"}), '"a?b"'),
        ("a host that is none", event(host_event(
            clusterArn=ARN, containerInstanceArn="i-1")),
         '"i-1" does not name a container instance', "it is no ARN"),
        ("of two regions", event(host_event(clusterArn=ARN.replace(
            "eu-west-1", "us-east-1"))), "eu-west-1", "us-east-1"),
        ("of two accounts", event({**host_event(clusterArn=ARN),
                                   "account": "999999999999"}),
         "999999999999", ARN),
        ("one and many", event({"cluster": "a", "clusters": ["b"]}),
         'both "cluster" and "clusters"', "say one of them"),
        ("no records", event({"Records": []}), '"Records" is empty'),
        ("records that are none", event({"Records": 5}),
         "is not an array of objects"),
        ("records of nobody", event({"Records": [{"body": "{}"}]}),
         'a record of "" holds no event'),
        ("a record of another event", event({"Records": [
            {"messageId": "7", "eventSource": "aws:sqs", "body": "{}"}]}),
         "record 7: the event names no cluster")),
]

PASSWORDS = [
    ("an option", ["--endpoint-url", f"https://me:{HIDDEN}@127.0.0.1/"], {},
     "--endpoint-url", "user and password do not belong there"),
    ("a URL", [], {"AWS_ENDPOINT_URL_ECS": f"https://me:{HIDDEN}@127.0.0.1/"},
     "AWS_ENDPOINT_URL_ECS", "user and password do not belong there"),
    ("a URL of FTP", [], {"AWS_ENDPOINT_URL_ECS": f"ftp://me:{HIDDEN}@a/"},
     "AWS_ENDPOINT_URL_ECS", "begin with https:// or http://"),
    ("a proxy", [], {"HTTPS_PROXY": f"socks5://me:{HIDDEN}@127.0.0.1:1",
                     "AWS_ENDPOINT_URL_ECS": "https://ecs.test.internal"},
     "HTTPS_PROXY", "SOCKS proxies are not supported", "http:// or https://"),
]
SETTINGS = [
    *of("missing region", 253,
        ("in both variables", env(AWS_REGION=None), "no AWS region is known",
         "set AWS_REGION or give --region"),
        ("an empty one", env(AWS_REGION=""), "set AWS_REGION"),
        ("one with a blank", env(AWS_REGION="eu west"),
         "AWS_REGION is `eu west`", "look like eu-west-1"),
        ("one that is a host", env(AWS_REGION="a.evil.example/"),
         "AWS_REGION is `a.evil.example/`", "look like eu-west-1"),
        ("in the other variable", env(AWS_REGION=None,
                                      AWS_DEFAULT_REGION="eu_west"),
         "AWS_DEFAULT_REGION is `eu_west`", "look like eu-west-1"),
        ("as an option", options("--region", "eu west"),
         "--region is `eu west`", "look like eu-west-1")),
    *of("missing credentials", 253,
        ("both", env(AWS_ACCESS_KEY_ID=None, AWS_SECRET_ACCESS_KEY=None),
         "no AWS credentials", "set AWS_ACCESS_KEY_ID"),
        ("the key", env(AWS_ACCESS_KEY_ID=None),
         "AWS_ACCESS_KEY_ID is not set, AWS_SECRET_ACCESS_KEY is"),
        ("the secret", env(AWS_SECRET_ACCESS_KEY=None),
         "AWS_SECRET_ACCESS_KEY is not: set both"),
        ("an empty key", line("plan", "prod", *OURS, "--debug",
                              AWS_ACCESS_KEY_ID=""),
         "AWS_ACCESS_KEY_ID is not set, AWS_SECRET_ACCESS_KEY is"),
        ("an empty secret", line("plan", "prod", *OURS, "--debug",
                                 AWS_SECRET_ACCESS_KEY=""),
         "AWS_SECRET_ACCESS_KEY is not: set both"),
        ("a key with a blank", env(AWS_ACCESS_KEY_ID="AKID EXAMPLE"),
         "environment: the access key id holds a blank"),
        ("a secret with a line break", env(AWS_SECRET_ACCESS_KEY=SECRET
                                           + "\n"),
         "environment: the secret access key holds", "a line break"),
        ("a token with a header", env(AWS_SESSION_TOKEN=TOKEN + "\nb: c"),
         "environment: the session token holds", "a line break"),
        ("a token with a control", line("plan", "prod", *OURS, "--debug",
                                        AWS_SESSION_TOKEN=TOKEN + "\x7f"),
         "environment: the session token holds", "not ASCII"),
        ("expired ones", env(AWS_CREDENTIAL_EXPIRATION="2020-01-01T00:00:00Z"),
         "expired at 2020-01-01T00:00:00Z", "fetch new ones"),
        ("an expiry that is no time", env(AWS_CREDENTIAL_EXPIRATION="soon"),
         "AWS_CREDENTIAL_EXPIRATION is `soon`", "has to look like"),
        ("those of a profile", env(AWS_PROFILE="dev", AWS_ACCESS_KEY_ID=None,
                                   AWS_SECRET_ACCESS_KEY=None),
         "AWS_PROFILE: the files of ~/.aws have no profile `dev`"),
        ("half a key and a profile", env(AWS_PROFILE="dev",
                                         AWS_SECRET_ACCESS_KEY=""),
         "AWS_PROFILE: the files of ~/.aws have no profile `dev`"),
        ("an option's profile", options("--profile", "dev"),
         "--profile: the files of ~/.aws have no profile `dev`"),
        ("for call", line("call", "ecs", "ListClusters",
                          AWS_ACCESS_KEY_ID=None), "AWS_ACCESS_KEY_ID")),
    *of("missing service", 252,
        *[(f"handle, {value!r}", line("handle", ECS_SERVICE_ARN=value),
           "no service is named: give --service NAME or --policy FILE, or set "
           "ECS_SERVICE_ARN")
          for value in (None, "", ",", " , ")],
        ("plan", line("plan", "prod"), "no service is named", "--service"),
        ("plan, a comma", line("plan", "prod", ECS_SERVICE_ARN=","),
         "no service is named", "ECS_SERVICE_ARN"),
        ("apply", line("apply", "prod"), "no service is named", "--service"),
        ("one with a blank", options("--service", "a b"),
         '"a b" does not name a service', "1 to 255 letters"),
        ("an ARN of S3", options("--service", "arn:aws:s3:::x"),
         '"arn:aws:s3:::x" does not name a service', "another service")),
    *of("settings of no use", 253,
        ("another scheme", env(AWS_ENDPOINT_URL_ECS="ftp://127.0.0.1"),
         'AWS_ENDPOINT_URL_ECS: "ftp://127.0.0.1"', "https:// or http://"),
        ("no scheme", env(AWS_ENDPOINT_URL_ECS="127.0.0.1:80"),
         "AWS_ENDPOINT_URL_ECS", "begin with https:// or http://"),
        ("no host", env(AWS_ENDPOINT_URL_ECS="https:///"), "it has no host"),
        ("port 0", options("--endpoint-url", "http://a:0"),
         '--endpoint-url: "http://a:0"', "1 to 65535"),
        *[(f"a password in {name}, {verb[0]}",
           line(*verb, *args, "--debug", **values), *said)
          for verb in (("handle", *OURS), ("call", "ecs", "ListClusters"))
          for name, args, values, *said in PASSWORDS],
        ("a URL of 2 KB", env(AWS_ENDPOINT_URL_ECS="http://" + "a" * 2048),
         "AWS_ENDPOINT_URL_ECS has more than 1024 bytes"),
        ("a way to retry", env(AWS_RETRY_MODE="fast"),
         "AWS_RETRY_MODE is `fast`", "standard, adaptive or legacy"),
        ("neither true nor false", env(AWS_USE_FIPS_ENDPOINT="maybe"),
         "AWS_USE_FIPS_ENDPOINT is `maybe`", "has to be true or false"),
        ("no attempts", env(AWS_MAX_ATTEMPTS="0"),
         "AWS_MAX_ATTEMPTS is `0`", "from 1 to 100"),
        ("attempts in words", env(AWS_MAX_ATTEMPTS="none"),
         "AWS_MAX_ATTEMPTS is `none`", "from 1 to 100"),
        ("no roots", env(AWS_CA_BUNDLE="/dev/null"), "AWS_CA_BUNDLE",
         "/dev/null"),
        ("roots that are not there", options("--ca-bundle", "none.pem"),
         "--ca-bundle", "none.pem", "(ENOENT)"),
        ("roots that are none", holding(b"hello", options("--ca-bundle",
                                                          "file")),
         "--ca-bundle", "file", "has to be PEM"),
        ("a name server's name", env(HEADCOUNT_DNS_SERVER="dns.example"),
         'the DNS server "dns.example" is no IP'),
        ("a cluster elsewhere", line("plan", ARN.replace("eu-west-1", "us-e"),
                                     *OURS), "is in region us-e",
         "region is set to eu-west-1")),
]

OPTIONS = [
    *of("unknown options", 252,
        ("one", options("--no-such"), "--no-such", "see: headcount help"),
        ("a letter", options("-x"), "unknown option -x", "see:"),
        ("a slip", line("handle", "--servise", "web"), "unknown option "
         "--servise", "did you mean --service"),
        ("a plural", options("--services=web"), "--services", "did you mean "
         "--service"),
        ("a slip at the end", line("latency", "--call", "3"), "unknown option "
         "--call", "did you mean --calls?"),
        ("a verb", line("hanlde"), "no such verb: hanlde",
         "did you mean handle?", "see:"),
        ("no verb", line("--debug"), "a verb is missing: plan, apply, handle"),
        ("no value", options("--service"), "missing after --service", "see:"),
        ("an empty value", options("--service", ""), "empty value for "
         "--service"),
        ("a value too much", options("--dry-run=yes"), "no value goes with "
         "--dry-run"),
        ("two events", options("a", "b"), "handle takes one event"),
        ("no cluster", line("apply", *OURS), "name the clusters to apply to"),
        ("a form", options("--output", "xml"), "--output is text, json or "
         "html", '"xml"'),
        ("a way to count", options("--hosts", "all"),
         "--hosts is active, registered or connected", '"all"'),
        ("whose constraints", options("--constraints", "task"),
         "--constraints is service or all", '"task"'),
        ("a time", options("--timeout", "soon"), "--timeout takes seconds, "
         "such as 2.5", '"soon"'),
        ("a time below 0", options("--timeout", "-1"), "seconds", '"-1"'),
        ("a power of ten", options("--cli-read-timeout", "1e9"),
         "--cli-read-timeout takes seconds", '"1e9"'),
        ("a switch", options("--tcp-keepalive", "maybe"),
         "--tcp-keepalive is on or off", '"maybe"'),
        ("a number of connections", options("--max-connections", "0"),
         "--max-connections takes a number from 1 to 10000", '"0"'),
        ("connections of a host", options("--max-connections-per-host", "x"),
         "--max-connections-per-host takes a number from 1 to 10000", '"x"'),
        ("a wait", options("--acquire-timeout", "-2"), "takes seconds", '"-2"'),
        ("an attempt", options("--attempt-timeout", "5m"), "takes seconds",
         '"5m"'),
        ("a user timeout", options("--tcp-user-timeout", "long"),
         "takes seconds", '"long"'),
        ("a speed", options("--min-speed", "1K"),
         "--min-speed takes a number of bytes", '"1K"'),
        ("a hold", options("--allow", "everything"), '"everything"'),
        ("a hold with a value", options("--allow=zero=1"), '"zero=1"'),
        ("an expression", options("--where", "(a"), '"(a" cannot be used as '
         "a filter", "a bracket in it is not closed"),
        ("an escape", options("--\x1b[31m"), "unknown option --?[31m"),
        ("a verb with an escape", line("\x1b[31m"), "no such verb: ?[31m"),
        ("a file with an escape", options("\x1b[31m"), "cannot open ?[31m"),
        ("a variable of ours", options(HEADCOUNT_TIMEOUT="x"),
         "HEADCOUNT_TIMEOUT", "seconds", '"x"')),
    *of("calls that are not made", 252,
        ("no operation", line("call", "ecs"), "call takes SERVICE OPERATION"),
        ("a word too much", line("call", "ecs", "a", "{}", "x"),
         "call takes SERVICE OPERATION"),
        ("an operation", line("call", "ecs", "Describe/Services"),
         "`Describe/Services`", "letters and digits"),
        ("a list", line("call", "ecs", "List", "[1]"), "has to be a JSON "
         "object"),
        ("no JSON", line("call", "ecs", "List", '{"a":}'), "due (byte 5)"),
        ("two", line("call", "ecs", "List", "{} {}"), "after the value "
         "(byte 3)"),
        ("200 levels", line("call", "ecs", "List", deep(200).decode()),
         "nested too deep (byte #)"),
        ("a file that is none", line("call", "ecs", "List", "@/no/such/file"),
         "cannot open /no/such/file")),
    *of("requests that are not made", 252,
        ("no URL", line("fetch", "GET"), "fetch takes METHOD URL"),
        ("a word too much", line("fetch", "GET", "http://a", "b"),
         "fetch takes METHOD URL"),
        ("a method", line("fetch", "G T", "http://127.0.0.1:1"),
         "the method is no HTTP method"),
        ("a tunnel", line("fetch", "CONNECT", "http://127.0.0.1:1"),
         "the method CONNECT"),
        ("a URL", line("fetch", "GET", "gopher://127.0.0.1/"),
         "the URL cannot be fetched"),
        ("a password in a URL", line("fetch", "GET", "http://a:hush@b/"),
         "the URL cannot be fetched"),
        ("a header", line("fetch", "GET", "http://127.0.0.1:1", "--header",
                          "hush hush"), "--header takes NAME: VALUE"),
        ("a header without a name", line("fetch", "GET", "http://127.0.0.1:1",
                                         "--header", ": hush"),
         "--header takes NAME: VALUE"),
        ("a folded header", line("fetch", "GET", "http://127.0.0.1:1",
                                 "--header", "A: b\r\n hush"),
         "`A` cannot be sent", "a control character"),
        ("a header of ours", line("fetch", "GET", "http://127.0.0.1:1",
                                  "--header", "Content-Length: 3"),
         "`Content-Length` cannot be given"),
        ("a header twice", line("fetch", "GET", "http://127.0.0.1:1",
                                "--header", "Content-Type: a", "--header",
                                "content-type: b"), "is given twice"),
        ("a body that is no file", line("fetch", "PUT", "http://127.0.0.1:1",
                                        "--body", "@/no/such/file"),
         "cannot open /no/such/file"),
        ("a service to sign for", line("fetch", "GET", "http://127.0.0.1:1",
                                       "--sign", "S3"),
         "the service to sign for is named as signatures name it"),
        ("a signature of its own", line("fetch", "GET", "http://127.0.0.1:1",
                                        "--sign", "s3", "--header",
                                        "Authorization: hush"),
         "`Authorization` cannot be given: the signature makes it"),
        ("a URL that is presigned",
         line("fetch", "GET", "http://127.0.0.1:1/?X-Amz-Signature=hush",
              "--sign", "s3", "--expires", "60"),
         "has the parameter X-Amz-Signature already"),
        ("a bad escape", line("fetch", "GET", "http://127.0.0.1:1/?a=%zz",
                              "--sign", "s3"), "without two hex digits"),
        ("no time", line("fetch", "GET", "http://127.0.0.1:1", "--sign", "s3",
                         "--expires", "0"), "whole seconds from 1 to 604800"),
        ("more than a week", line("fetch", "GET", "http://127.0.0.1:1",
                                  "--sign", "s3", "--expires", "604801"),
         "whole seconds from 1 to 604800"),
        ("a time without a signature",
         line("fetch", "GET", "http://127.0.0.1:1", "--expires", "60"),
         "--expires goes with --sign SERVICE"),
        ("a role without a signature",
         line("fetch", "GET", "http://127.0.0.1:1", "--assume-role",
              "arn:aws:iam::123456789012:role/a"),
         "--assume-role goes with --sign SERVICE")),
    *of("calls that are not made", 253,
        ("a service", line("call", "nope", "List"), "`nope`",
         "--target-prefix"),
        ("a service without JSON", line("call", "s3", "List"), "s3 has "
         "another protocol", "fetch METHOD URL and --sign s3")),
]

HTTP = b"HTTP/1.1 200 OK\r\n"
SERVICES = "the answer to DescribeServices"
IS_THIS = "is this the endpoint of ecs?"
# what is wrong, how the ECS answers, how often it is asked, what is said
ANSWERS = [
    ("html", "html", 1, 'it begins with "<!DOCTYPE html>', IS_THIS),
    ("xml with status 200", "xml", 1, 'begins with "<?xml', IS_THIS),
    ("an empty body", "empty", 1, "status 200 with an empty body", IS_THIS),
    ("half a body", "half", 3, "cut short: # of its # bytes are missing"),
    ("half a head", HTTP, 3, "cut short: the connection ended within its "
     "head"),
    ("half a chunk", HTTP + b"Transfer-Encoding: chunked\r\n\r\n5\r\n{\"a", 3,
     "cut short: the connection ended within its body"),
    ("half of JSON", HTTP + b'\r\n{"a":', 1, f"{SERVICES}: JSON: it ends after "
     "byte 5"),
    ("nothing, and closes", "close", 3, "closed before any byte"),
    ("nothing", "silent", 3, "waited # ms for the answer's first byte (the "
     "limit is # ms)"),
    ("SSH", b"SSH-2.0-x\r\n", 1, "not HTTP/1.1", '"SSH-2.0-x'),
    ("escapes", b"\x1b[31m\x1b]0;x\x07", 1, 'it begins with "?[31m?]0;x?"'),
    ("HTTP/2", b"HTTP/2 200\r\n\r\n", 1, "not HTTP/1.1", '"HTTP/2 200'),
    ("two lengths", HTTP + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
     1, "not HTTP/1.1: two Content-Lengths that differ"),
    ("a chunk of no size", HTTP + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
     1, "the chunked body is broken: a size that is no number"),
    ("10 GB", HTTP + b"Content-Length: 9999999999\r\n\r\n{", 1,
     "larger than 33554432 bytes: not read"),
    ("a head of 200 KB", HTTP + b"X: " + b"a" * 200000, 1,
     "head is larger than 64 KiB"),
    ("a list", lambda body: [1], 1, 'begins with "[1]"', IS_THIS),
    ("a number", lambda body: 7, 1, 'it begins with "7"', IS_THIS),
    ("null", lambda body: None, 1, 'begins with "null"', IS_THIS),
]
BODIES = [
    ("129 levels", deep(129), f"{SERVICES}: JSON: nested too deep (byte 640)"),
    ("latin-1", b'{"services":[{"serviceName":"\xff"}]}',
     f"{SERVICES}: JSON: a string is not UTF-8 (byte 29)"),
    ("a key of 700 KB", b'{"%s":1}' % (b"a" * 700000),
     f"{SERVICES}: JSON: a key, string or number is too long"),
    ("a member twice", b'{"services":[],"services":[]}',
     'member "services" comes twice'),
    ("more after it", b'{"services":[]} x', "after the value (byte 16)"),
    ("{}", b"{}", 'says nothing about "web"'),
]
LOCATIONS = [
    ("html of nginx", "return 200 '<html>';", '"<html>"', IS_THIS),
    ("{} of nginx", "return 200 '{}';", 'says nothing about "web"'),
    ("no content", "return 204;", "status 204 with an empty body", IS_THIS),
    ("nothing of that name", "return 404;", "HTTP 404: Not Found: nginx"),
    ("a page that says more", "default_type text/html; return 403 '<html>"
     "<title>403 Forbidden</title><body><h1>403 Forbidden</h1>Your address "
     "<b>is not</b> allowed &amp; that is that.<hr>nginx';",
     "HTTP 403: Your address is not allowed & that is that. (request id none"),
    ("a text", "return 403 'Host not in allowlist\nat all';",
     "HTTP 403: Host not in allowlist (request id none"),
    ("XML of AWS", "return 403 '<Error><Code>RequestBlocked</Code><Message>by "
     "the firewall</Message></Error>';", "RequestBlocked: by the firewall "
     "(HTTP 403"),
    ("JSON of a gateway", "return 403 '{\"error\":\"denied\","
     "\"error_description\":\"no such client\"}';",
     "HTTP 403: denied: no such client (request id none"),
    ("somewhere else", "return 301 http://127.0.0.1:1/;", "301"),
    ("over there", "return 302 https://ecs.test.internal;", "302"),
    ("at another path", "return 307 /other;", "307"),
]
PEERS = [
    *of("an endpoint that answers", 1,
        *[(name, answer(what, asked=asked), *said)
          for name, what, asked, *said in ANSWERS],
        *[(f"{name}, to the second question",
           answer(what, "ListContainerInstances",
                  # The first close looks like a kept connection's end.
                  4 if what == "close" else asked),
           *[s.replace("DescribeServices", "ListContainerInstances")
             for s in said])
          for name, what, asked, *said in ANSWERS],
        *[(f"{name}, to the write", answer(what, "UpdateService"),
           "the write was sent", "the next run reads what came of it",
           *[s.replace("DescribeServices", "UpdateService") for s in said])
          for name, what, asked, *said in ANSWERS
          if what in ("html", "xml", "empty")],
        *[(name, body(data), *said) for name, data, *said in BODIES],
        *[(name, nginx(location), *said)
          for name, location, *said in LOCATIONS],
        ("NULs", answer(b"\0" * 9), 'it begins with "?????????"'),
        ("that TLS is due", nginx("return 200;", "http"), "400"),
        ("nobody", nobody, "HOST: connection refused (ECONNREFUSED)"),
        ("no handshake", within(5, deaf), "TLS", "HOST"),
        ("no TLS", within(5, plain), "HOST")),
    *of("an endpoint that answers, call", 255,
        ("html", called("html"), "HOST", '"<!DOCTYPE html>'),
        ("xml", called("xml"), "HOST", '"<?xml'),
        ("an empty body", called("empty"), "HOST", "empty body"),
        ("half a body", called("half"), "HOST", "cut short"),
        ("half of JSON", called(HTTP + b'\r\n{"a":1'), "HOST",
         "it ends after byte 6"),
        ("nothing", called("silent"), "HOST", "for the answer's first byte"),
        ("a proxy's 503", called("503"), "HOST", "503: Service Unavailable")),
    *of("an endpoint that answers, call", 254,
        ("no", called("denied"), "AccessDeniedException: ListClusters in ",
         ": not authorized to perform: ecs:ListClusters")),
    *of("certificates", 1, *[
        (case, certificate(case), "certificate", *said)
        for case, *said in (
            ("expired", "expired on #-#-#", "renew it there, or set the "
             "clock"),
            ("future", "not valid before #-#-#", "set the clock"),
            ("self-signed", "self-signed", "--ca-bundle or AWS_CA_BUNDLE"),
            ("wrong-name", '"other.test.internal"', "check the endpoint's "
             "name"),
            ("other-root", 'issuer "other-ca"', "--ca-bundle"),
            ("no-int", 'issuer "ec-int"', "left an intermediate out"),
            ("rsa1024", "RSA key of fewer than 2048 bits", "a larger one"),
            ("cn-only", "no subjectAltName", "have it issued with one"),
            ("critical", "critical extension", "have it issued without"),
            ("constrained", 'name constraints of the CA "constrained-int" '
             'exclude the name "ecs.test.internal"', "by another CA"),
            ("client-only", "lacks serverAuth", "issued with serverAuth"),
            ("not-a-ca", "though it is no CA", "by a real one"),
            ("sha1", "SHA-1", "have it issued with SHA-256"))],
        ("good, but not Amazon's", certificate("ec", roots=None),
         "certificate", "--ca-bundle")),
    *of("names", 1,
        ("NXDOMAIN", unknown_name("nobody.test.internal"), "HOST",
         "nobody.test.internal has no address (NXDOMAIN", "check the region"),
        ("a server that refuses", unknown_name("ecs.elsewhere.test", "http", 3),
         "ecs.elsewhere.test", "HOST answered REFUSED", "check resolv.conf"),
        ("a server that never answers", within(30, deaf_dns),
         "asked HOST twice", "does it run"),
        ("a server that is none", no_dns, "HOST cannot be reached",
         "check resolv.conf")),
]

# ---- what ECS answers, wrong in one place ----

NOT_A_SERVICE = 'no usable "{}"'.format
HOSTS = [f"{AT}:container-instance/prod/{n}" for n in "abc"]


def hosts(*arns, **more):
    return {"containerInstances": [{
        "containerInstanceArn": a, "status": "ACTIVE",
        "capacityProviderName": "spot"} for a in arns], **more}


# operation, what else is wrong with it, what is said
CHANGES = [
    *[("DescribeServices", {f"services[].{name}": value
                            for name in names.split()}, NOT_A_SERVICE(lacks))
      for names, lacks in (("status", "status"), ("desiredCount",) * 2,
                           ("serviceArn serviceName", "serviceName"))
      for value in (None, GONE)],
    ("DescribeServices", {"services[].desiredCount": -1},
     NOT_A_SERVICE("desiredCount")),
    ("DescribeServices", {"services[].serviceName": "x"}, "another place"),
    ("DescribeServices", {"services[].serviceArn": "x"}, "another place"),
    ("DescribeServices", {"services[].clusterArn": "x"}, "another cluster"),
    ("DescribeServices", {"services": []}, 'says nothing about "web"'),
    *[("ListContainerInstances", {"containerInstanceArns": value}, said)
      for value, said in (
          (None, "has no list in it"), (GONE, "has no list in it"),
          ([1, 2, 3], "not an array of strings (byte #)"),
          ([*HOSTS, None], "not an array of strings (byte #)"),
          ([*HOSTS, [HOSTS[0]]], "not an array of strings (byte #)"),
          ([*HOSTS, ""], 'no host of the cluster: ""'))],
    ("DescribeContainerInstances",
     {"containerInstances[].containerInstanceArn": None}, "was not asked"),
    ("DescribeContainerInstances",
     {"containerInstances[].containerInstanceArn": HOSTS[0] + "z"},
     "was not asked for"),
    ("DescribeContainerInstances", {"containerInstances": []}, "left out"),
    ("DescribeContainerInstances", hosts(*HOSTS[:2]), "left out hosts"),
    ("DescribeContainerInstances", {"containerInstances": GONE}, "left out"),
    ("DescribeContainerInstances", hosts(*HOSTS[:2], failures=[
        {"arn": HOSTS[2], "reason": "GONE"}]), "could not read"),
    *[("DescribeClusters",
       {"clusters[].registeredContainerInstancesCount": value},
       "left out status or registeredContainerInstancesCount")
      for value in (None, GONE, -1)],
    ("DescribeClusters", {"clusters[].status": None}, "left out status"),
    ("DescribeClusters", {"clusters[].clusterArn": HOSTS[0]},
     "another cluster", HOSTS[0]),
    ("DescribeClusters", {"clusters[].clusterArn": f"{AT}:cluster/other"},
     "another cluster", "cluster/other"),
    ("DescribeClusters", {"clusters": []}, "does not know it"),
    ("DescribeClusters", {"clusters": GONE}, "does not know it"),
    ("DescribeClusters", {"clusters": [], "failures": [
        {"arn": "x", "reason": "MISSING"}]}, "does not know it", "MISSING"),
    ("DescribeCapacityProviders", {"capacityProviders[].name": None},
     "was not asked for"),
    ("DescribeCapacityProviders", {"capacityProviders[].name": "other"},
     "was not asked for", "other"),
    ("DescribeCapacityProviders", {"capacityProviders": []},
     'says nothing about "spot"'),
    ("DescribeTaskDefinition", {"taskDefinition.taskDefinitionArn": None},
     "was not asked for"),
    ("DescribeTaskDefinition", {"taskDefinition.taskDefinitionArn":
                                f"{AT}:task-definition/web:2"},
     "was not asked for", "web:2"),
    ("DescribeTaskDefinition", {"taskDefinition": GONE}, "was not asked for"),
    ("DescribeTaskDefinition", {"taskDefinition.placementConstraints": [
        {"type": "memberOf"}]}, "which hosts are its own cannot be told"),
    ("UpdateService", {"service.desiredCount": 4}, "another count", "web"),
    ("UpdateService", {"service.serviceName": "api"}, "something else", "web"),
    ("UpdateService", {"service.clusterArn": f"{AT}:cluster/test"},
     "something else", "web"),
]
FITS_NOT = [
    *of("wrong types: the event's detail", 252,
        *[(f"detail is {name}", event({**host_event(), "detail": value}),
           "the event's detail is no JSON object")
          for name, value in VALUES.items()
          if name not in ("a string", "an object")],
        ("an object in clusters", event({"clusters": ["prod", {}]}),
         '"clusters" is not an array of strings (byte #)'),
        ("null in clusters", event({"clusters": ["prod", None]}),
         '"clusters" is not an array of strings (byte #)'),
        ("a list in clusters", event({"clusters": ["prod", ["prod"]]}),
         '"clusters" is not an array of strings (byte #)')),
    *of("answers that do not fit", 1,
        *[(f"{operation}: {changes}", changed(operation, changes), *said)
          for operation, changes, *said in CHANGES],
        *[(f"{operation}: {{}}", instead(operation, {}), "HOST")
          for operation in USED if operation not in
          ("UpdateService", "DescribeScalableTargets")],
        ("ListContainerInstances: what another answers", instead(
            "ListContainerInstances", {"services": []}), "HOST",
         "has no list in it")),
]

# ---- what each kind of message has to hold ----

KINDS = [
    *of("what to do next", 252,
        ("an event that is no JSON", event(b"hello"), NEXT),
        ("an event that is no object", event(b"null"), NEXT),
        ("an event of a wrong type", event({"cluster": 7}), NEXT),
        ("an event of no cluster", event(host_event()), NEXT)),
    *of("what to do next", 1,
        *[(f"an endpoint that answers {name}", answer(what, asked=asked), NEXT)
          for name, what, asked, *_ in ANSWERS
          if name in ("html", "an empty body", "half a body", "half of JSON",
                      "nothing, and closes", "nothing", "SSH")],
        ("an endpoint that has moved", nginx("return 301 /;"), NEXT),
        ("an endpoint that nobody listens on", nobody, NEXT),
        ("an answer of a wrong type", changed(
            "DescribeServices", {"services[].status": 7}), NEXT),
        ("a write that is answered so", changed(
            "UpdateService", {"service.status": 7}), NEXT, "HOST")),
]
ROWS = [*EVENTS, *SETTINGS, *OPTIONS, *PEERS, *WRONG_TYPES, *FITS_NOT, *KINDS]


# ---- how a row is held ----

def told(run, code):
    """Why the one target failed, as the one document on stdout says it.  What
    a plan asks of Auto Scaling may stay unread: it says so and goes on."""
    outcome = "failed" if code == 1 else "pending"
    report = run.report
    assert report["format_version"] == "1.0"
    assert {k: n for k, n in report["summary"].items() if n} == {outcome: 1}
    cluster, = report["clusters"]
    service, = cluster["services"]
    assert (service["service"], service["outcome"]) == ("web", outcome)
    if cluster["error"]:
        assert cluster["error"] == {"code": service["code"],
                                    "message": service["reason"]}
    assert bool(service["code"]) == bool(code)
    assert len(run.audit) == len(run.err.splitlines())
    return service["reason"]


def complained(run):
    """The one line on stderr, where there is nothing to report."""
    assert run.out == ""
    last, = [line for line in run.err.splitlines()
             if not line.startswith("level=")]
    assert last.startswith("headcount: ") or run.code == 254
    return last


def is_said(word, said, host):
    if isinstance(word, re.Pattern):
        return word.search(said)
    return re.search(re.escape(word.replace("HOST", host))
                     .replace(r"\#", r"\d+"), said)


@pytest.fixture
def world(ecs, headcount, certs):
    with contextlib.ExitStack() as stack:
        yield World(ecs, headcount, certs, stack)


@pytest.mark.parametrize("row", ROWS, ids=[f"{r.kind}-{r.name}"[:99]
                                           for r in ROWS])
def test_bad_input(world, row, record_property):
    record_property("bad input", row.kind)
    run = row.given(world)
    assert run.code == row.code, run.out + run.err
    said = (told(run, row.code) if row.code in (0, 1)
            else complained(run))
    for word in row.words:
        assert is_said(word, said, world.host), f"{word!r} is not in: {said}"
    for secret in (SECRET, TOKEN, HIDDEN):
        assert secret not in run.out + run.err
    assert not CONTROL.search(run.out + run.err)
    world.is_as_before()
    if row.code in (252, 253):
        world.is_untouched()


def test_every_member_that_is_read_is_in_the_table():
    """But for what no verb asks for, what `explain` alone reads (events), and
    detail, dry_run, requestPayload and Type, which are judged by
    themselves."""
    assert read_by_core() - read_here() == {
        ("Type", "TEXT"), ("dry_run", "RAW"), ("requestPayload", "RAW"),
        ("detail", "OBJECT"), ("events", "OBJECTS"), ("message", "TEXT"),
        ("clusterArns", "TEXTS"), ("detail", "RAW"), ("serviceArns", "TEXTS"),
        ("ResourceTagMappingList", "OBJECTS"), ("ResourceARN", "TEXT"),
        ("PaginationToken", "TEXT")}
    assert read_here() <= read_by_core()
