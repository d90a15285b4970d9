"""`--trace FILE`: each attempt as an entry of HAR 1.2, without secrets, and
`--timings` of several regions."""
import json
import os
import signal
import stat
import subprocess
import time

import creds_server
import pytest
import servers
from conftest import PROGRAM, SECRET, TOKEN, TOP, patience

OURS = ["--service", "web"]
ROLE = "arn:aws:iam::123456789012:role/night"


def validate(text):
    return subprocess.run(
        [servers.find("node"), str(TOP / "tests" / "peers" / "har.js")],
        input=text, capture_output=True, text=True, check=False,
        env={**os.environ, "NODE_PATH":
             str(TOP / "build" / "npm" / "node_modules")})


@pytest.fixture
def trace(headcount, tmp_path):
    """Reads the file of the run before, judged."""
    path = tmp_path / "t.har"

    def read():
        text = path.read_text("utf-8")
        judged = validate(text)
        assert judged.returncode == 0, judged.stderr
        for secret in (SECRET, TOKEN, "AKIDEXAMPLE", "AWS4-HMAC"):
            assert secret not in text
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert sorted(p.name for p in tmp_path.glob("t.har*")) == ["t.har"]
        log = json.loads(text)["log"]
        assert log["creator"]["name"] == "headcount"
        starts = [e["startedDateTime"] for e in log["entries"]]
        assert starts == sorted(starts)
        for entry in log["entries"]:
            sums_up(entry)
        path.unlink()
        return log["entries"]

    read.path = path
    headcount.options = []
    return read


def sums_up(entry):
    times = entry["timings"]
    parts = [times[k] for k in ("blocked", "dns", "connect", "send", "wait",
                                "receive") if times[k] != -1]
    assert abs(sum(parts) - entry["time"]) < 1e-6, entry
    if times["ssl"] != -1:
        assert times["ssl"] <= times["connect"]


def headers(entry, side):
    return {h["name"].lower(): h["value"] for h in entry[side]["headers"]}


def test_the_validator_refuses_what_is_no_archive():
    assert validate('{"log":{"version":"1.2","entries":[]}}').returncode == 1
    assert validate('{"log":{"version":"1.2","creator":{"name":"x","version":'
                    '"1"},"entries":[]}}').returncode == 0


def test_entries_are_the_requests_that_the_server_saw(secure, headcount,
                                                      trace):
    secure.service("web", desired=0)
    secure.host("a")
    run = headcount("apply", "prod", *OURS, "--trace", trace.path)
    assert run.code == 0, run.err
    entries = trace()
    assert [e["_operation"] for e in entries] == \
        [r.operation for r in secure.requests]
    first, second = entries[0], entries[1]
    assert first["request"]["method"] == "POST"
    assert first["request"]["url"].startswith("https://ecs.test.internal:")
    assert first["timings"]["ssl"] > 0 and first["timings"]["dns"] >= 0
    assert second["timings"]["connect"] == second["timings"]["ssl"] == -1
    assert second["_reused"] and not first["_reused"]
    assert {e["connection"] for e in entries} == {"1"}
    assert {e["_cluster"] for e in entries} == {"prod"}
    assert {e["_region"] for e in entries} == {"eu-west-1"}
    for entry, seen in zip(entries, secure.requests):
        assert entry["request"]["bodySize"] == len(seen.raw_body)
        sent = headers(entry, "request")
        assert sent["x-amz-target"] == seen.headers["x-amz-target"]
        assert sent["amz-sdk-request"] == seen.headers["amz-sdk-request"]
        assert "authorization" not in sent
        assert "x-amz-security-token" not in sent
        assert entry["response"]["content"]["size"] == \
            int(headers(entry, "response")["content-length"])
        assert "text" not in entry["response"]["content"]
        assert "postData" not in entry["request"]


def test_each_attempt_is_an_entry_and_a_failure_writes_the_file(
        ecs, headcount, trace):
    ecs.fault("ListClusters", "throttle", times=9)
    run = headcount.at(ecs)("call", "ecs", "ListClusters", "--trace",
                            trace.path)
    assert run.code == 254
    entries = trace()
    assert [e["_attempt"] for e in entries] == [1, 2, 3]
    assert [e["response"]["status"] for e in entries] == [400, 400, 400]
    assert len(ecs.requests) == 3
    headcount.env["AWS_ENDPOINT_URL_ECS"] = "http://127.0.0.1:1"
    run = headcount("call", "ecs", "ListClusters", "--trace", trace.path)
    assert run.code == 255
    entries = trace()
    assert [e["_error"] for e in entries] == ["ECONNECT"] * 3
    assert all("connection" not in e and e["response"]["status"] == 0
               for e in entries)


def test_a_peer_that_repeats_secrets_finds_none_in_the_file(ecs, headcount,
                                                            trace):
    planted = {name: f"{SECRET} {TOKEN}" for name in (
        "Server", "Set-Cookie", "X-Amzn-RequestId", "X-Echo", "Via",
        "Location", "X-Amzn-ErrorType", TOKEN, f"X-{SECRET}".replace("/", "-"))}
    planted["Content-Type"] = f"application/json; was={TOKEN}"
    planted["Authorization"] = f"AWS4-HMAC-SHA256 {TOKEN}"
    for status in (200, 400):
        body = json.dumps({"clusterArns": [], "__type": "No"})
        head = "".join(f"{k}: {v}\r\n" for k, v in planted.items())
        ecs.fault("ListClusters",
                  f"HTTP/1.1 {status} {TOKEN}\r\n{head}Content-Length: "
                  f"{len(body)}\r\n\r\n{body}".encode())
        run = headcount.at(ecs)("call", "ecs", "ListClusters", "--trace",
                                trace.path)
        assert "***" in trace.path.read_text("utf-8"), run.err
        trace()


def test_credentials_never_stand_in_it(ecs, headcount, trace):
    ecs.judge.unsigned = False
    ecs.service("web", desired=1)
    ecs.host("a")
    headcount.at(ecs)
    with creds_server.CredsServer([ecs.judge]) as server:
        headcount.env["AWS_ENDPOINT_URL_STS"] = server.url
        run = headcount("plan", "prod", *OURS, "--assume-role", ROLE,
                        "--trace", trace.path)
        assert run.code == 0, run.err
        text = trace.path.read_text("utf-8")
        entries = trace()
        assert server.asked("AssumeRole") == 1
    assert entries[0]["_operation"] == "AssumeRole"
    assert entries[0]["response"]["headers"] == []
    assert len(entries) == 1 + len(ecs.requests)
    for key in ("SecretAccessKey", "SessionToken", "ASIA"):
        assert key not in text


def test_a_fetch_shows_neither_path_nor_query_nor_header_of_the_user(
        ecs, headcount, trace):
    url = f"http://127.0.0.1:{ecs.port}"
    run = headcount("fetch", "GET", f"{url}/geheim?token=geheim#geheim",
                    "--debug", "--timings", "--header",
                    "X-Api-Key: geheim", "--header", "Cookie: a=geheim",
                    "--trace", trace.path)
    assert run.code in (0, 254), run.err
    text = trace.path.read_text("utf-8")
    assert "geheim" not in text + run.out + run.err
    [entry] = trace()
    assert entry["request"]["url"] == f"{url}/***"


def test_a_path_that_cannot_be_written_is_said_before_any_call(
        ecs, headcount, tmp_path):
    headcount.at(ecs)
    for path in ("no/such/folder/t.har", "/dev/full", tmp_path):
        run = headcount("call", "ecs", "ListClusters", "--trace", path)
        assert run.code == 252, run.err
        assert run.err.startswith("headcount: --trace: cannot write ")
    assert ecs.requests == []


def test_an_interrupt_leaves_a_whole_file(ecs, headcount, trace):
    ecs.delay("ListClusters", 30)
    headcount.at(ecs)
    with subprocess.Popen(
            [PROGRAM, "call", "ecs", "ListClusters", "--trace", trace.path],
            env=headcount.env, stderr=subprocess.PIPE) as run:
        until = time.monotonic() + patience(30)
        while not ecs.requests and time.monotonic() < until:
            time.sleep(0.01)
        assert not trace.path.exists()
        run.send_signal(signal.SIGINT)
        run.communicate(timeout=patience(30))
    assert run.returncode == 130
    [entry] = trace()
    assert entry["_operation"] == "ListClusters"
    assert entry["response"]["status"] == 0


def test_a_script_is_traced_and_gets_the_attempts(ecs, headcount, trace):
    (headcount.home / "s.lua").write_text("""
        local headcount = require "headcount"
        local client = assert(headcount.client {})
        local answer, list = client:call("ecs", "ListClusters", {},
                                         { timings = true })
        assert(answer.clusterArns and #list == 1)
        local t = list[1]
        print(t.operation, t.attempt, t.status, t.connection, t.address,
              t.region, t.cluster, t.reused, t.waited >= 0, t.total > 0)
        local report, again = client:reconcile("prod", {
          services = { "web" }, dry_run = true, timings = true })
        print(report.clusters[1].name, #again, again[1].cluster,
              again[1].connection, again[1].reused)
        local a, m, code, late = client:call("ecs", "DescribeClusters", {},
                                             { timings = true })
        print(a, code, #late)
        print(select("#", client:call("ecs", "ListClusters", {})))
    """)
    ecs.service("web", desired=1)
    ecs.host("a")
    ecs.fault("DescribeClusters", "throttle", times=9)
    run = headcount.at(ecs)("run", "--trace", trace.path, "s.lua")
    assert run.code == 0, run.err
    lines = [line.split("\t") for line in run.out.splitlines()]
    assert lines[0] == ["ListClusters", "1", "200", "1", "127.0.0.1",
                        "eu-west-1", "", "false", "true", "true"]
    assert lines[1] == ["prod", "2", "prod", "1", "true"]
    assert lines[2] == ["nil", "ThrottlingException", "3"]
    assert lines[3] == ["1"]
    assert len(trace()) == len(ecs.requests)


def test_clients_of_a_script_have_connections_of_their_own(ecs, headcount,
                                                           trace):
    (headcount.home / "s.lua").write_text("""
        local headcount = require "headcount"
        for _ = 1, 2 do
          local client = headcount.client {}
          assert(client:call("ecs", "ListClusters", {}))
          assert(client:call("ecs", "ListClusters", {}))
          client:close()
        end""")
    run = headcount.at(ecs)("run", "--trace", trace.path, "s.lua")
    assert run.code == 0, run.err
    one, two, three, four = (e["connection"] for e in trace())
    assert one == two == "1"
    assert three == four != one and three.startswith("1@")


@pytest.mark.parametrize("ends, code", [
    ("os.exit(3)", 3), ("os.exit(true, true)", 0),
    ("os.remove 'f' os.exit(0)", 255)])
def test_a_script_that_ends_itself_is_traced(ecs, headcount, trace, ends,
                                             code):
    (headcount.home / "s.lua").write_text(f"""
        local client = require "headcount".client {{ region = "eu-west-1" }}
        assert(client:call("ecs", "ListClusters", {{}}))
        {ends}""")
    headcount.at(ecs)
    path = trace.path
    if code == 255:
        (headcount.home / "f").mkdir()
        path = headcount.home / "f" / "t.har"
    run = headcount("run", "--trace", path, "s.lua")
    assert run.code == code, run.err
    if code == 255:
        assert "--trace: cannot write" in run.err
    else:
        assert [e["_operation"] for e in trace()] == ["ListClusters"]


def test_a_trace_that_is_lost_is_no_pending_change(ecs, headcount, tmp_path):
    """Its folder is gone at the end."""
    ecs.service("web", desired=1)
    headcount.at(ecs)
    folder = tmp_path / "gone"
    folder.mkdir()
    ecs.host("a")
    ecs.host("b")
    ecs.after(1, lambda _: folder.rmdir())
    run = headcount("plan", "prod", "--service", "web", "--detailed-exitcode",
                    "--trace", folder / "t.har")
    assert run.code == 255, run.err
    assert "--trace: cannot write" in run.err


@pytest.mark.parametrize("args", [
    ["latency", "--svg", "t"], ["latency", "--svg", "./t.new"],
    ["watch", "--all", "--queue", "http://127.0.0.1:1/1/q", "--metrics", "t"],
    ["watch", "--all", "--queue", "http://127.0.0.1:1/1/q", "--heartbeat",
     "t"]])
def test_the_trace_takes_no_other_files_place(headcount, args):
    run = headcount(*args, "--trace", "t")
    assert (run.code, run.out) == (252, "")
    assert "--trace takes a file of its own" in run.err


def test_a_sweep_of_two_regions_names_both(ecs, headcount, trace):
    ecs.judge.regions = False
    ecs.service("web", desired=1)
    ecs.host("a")
    run = headcount.at(ecs)(
        "plan", "prod", *OURS, "--region", "eu-west-1,us-east-1",
        "--timings", "--trace", trace.path)
    rows = [line for line in run.err.splitlines() if "|" in line]
    entries = trace()
    assert len(rows) == len(ecs.requests) == len(entries)
    for region in ("eu-west-1", "us-east-1"):
        assert any(f" prod {region} " in row for row in rows), run.err
    assert {e["_region"] for e in entries} == {"eu-west-1", "us-east-1"}
    starts = [e["_operation"] for e in entries]
    assert [row.split()[0] for row in rows] == starts
