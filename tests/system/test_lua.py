"""Lua around the client: the module under stock Lua and inside the binary,
against servers that nobody here wrote where there are any; `headcount test`."""
import http.server
import json
import os
import pathlib
import re
import shutil
import subprocess
import threading
import time

import pytest
import servers
from conftest import PROGRAM, TOP
from ecs_check import SECRET

LUA = pathlib.Path(PROGRAM).parent / "lua"
EXAMPLES = TOP / "examples"


@pytest.fixture(params=["lua5.4", "run"])
def script(request, headcount):
    """Runs a text in Lua, under stock Lua with the module and in the binary:
    the lines that it prints."""
    def run(text, *args, code=0, **env):
        path = headcount.home / "script.lua"
        path.write_text(text)
        if request.param == "run":
            done = headcount("run", path, *args, **env)
        else:
            known = {**headcount.env, **env,
                     "LUA_PATH": f"{LUA}/?.lua;{LUA}/?/init.lua",
                     "LUA_CPATH": f"{LUA}/?.so"}
            done = subprocess.run(["lua5.4", path, *args], env=known,
                                  cwd=headcount.home, capture_output=True,
                                  text=True, timeout=60, check=False)
            done.code, done.out, done.err = (done.returncode, done.stdout,
                                             done.stderr)
        assert done.code == code, done.err
        assert SECRET not in done.out + done.err
        return done.out.splitlines()
    return run


# ---- calls ----

def test_calls_side_by_side_share_what_they_can(script, ecs, headcount):
    headcount.at(ecs)
    ecs.barrier = threading.Barrier(8)   # one after another none is answered
    lines = script("""
        local headcount = require "headcount"
        local client = headcount.client()
        local n = 0
        headcount.loop(function(spawn)
          for i = 1, 8 do
            spawn(function()
              for _ = 1, 2 do
                local answer = assert(client:call("ecs", "ListClusters", {}))
                n = n + #answer.clusterArns
              end
            end)
          end
        end)
        print(n)
        print(headcount.json.encode(client:stats()))
    """)
    stats = json.loads(lines[1])
    assert lines[0] == "16"
    assert stats["api_calls"] == len(ecs.requests) == 16
    assert stats["connections_opened"] == ecs.connections == 8
    assert stats["connections_reused"] == 8


def test_an_error_of_the_service_is_its_code(script, ecs, headcount):
    headcount.at(ecs)
    lines = script("""
        local client = require("headcount").client()
        print(client:call("ecs", "ListServices", { cluster = "gone" }))
    """)
    assert lines[0].startswith("nil\t")
    assert lines[0].endswith("\tClusterNotFoundException")


def test_a_policy_writes_what_it_wishes(script, ecs, headcount, event):
    headcount.at(ecs)
    for i in range(4):
        ecs.host(f"h{i}")
    ecs.service("web", desired=1)
    lines = script("""
        local headcount = require "headcount"
        local json = headcount.json
        local client = headcount.client { audit = true }
        local report = assert(client:reconcile(json.decode(arg[1]), {
          policy = [[return function(cluster)
            return { hosts_minus { "web", spare = 1 } } end]] }))
        print(json.encode(report))
        report = assert(client:reconcile("prod", { services = { "web" },
                                                   dry_run = true }))
        print(report.clusters[1].services[1].wanted)
    """, json.dumps(event()))
    report = json.loads(lines[0])
    assert report["clusters"][0]["services"][0]["wanted"] == 3
    assert report["summary"]["updated"] == 1
    assert [w["desiredCount"] for w in ecs.writes()] == [3]
    assert lines[1] == "4"


def test_fetch_over_nginx(script, headcount, tmp_path):
    with servers.Nginx(tmp_path / "nginx", location="""
            location / { return 200 "hello"; add_header X-Twice a;
                         add_header X-Twice b; }
            location /gone { return 404 "no"; }""") as nginx:
        lines = script("""
            local headcount = require "headcount"
            local client = headcount.client()
            local a = assert(client:fetch { url = arg[1] .. "/" })
            print(a.status, a.body, a.headers["x-twice"],
                  a.headers["content-length"], a.timings.reused)
            a = assert(client:fetch { url = arg[1] .. "/gone",
                                      headers = { ["X-A"] = "b" } })
            print(a.status, a.body, a.timings.reused, a.timings.connect)
            print(math.type(a.timings.total), a.timings.total > 0)
            print(client:stats().connections_opened, a.timings.idle > 0)
            client:forget()
            a = assert(client:fetch { url = arg[1] .. "/" })
            print(a.timings.reused, a.timings.idle)
            local s = client:stats()
            print(s.connections_purged, s.connections_dead)
        """, f"http://127.0.0.1:{nginx.port}")
        assert lines == ["200\thello\ta, b\t5\tfalse", "404\tno\ttrue\t0",
                         "integer\ttrue", "1\ttrue", "false\t0", "1\t0"]
        assert nginx.connections() == 2


# ---- the examples ----

@pytest.fixture(scope="module")
def moto(tmp_path_factory):
    with servers.Moto(tmp_path_factory.mktemp("moto")) as server:
        yield server


def boto(moto, service, region="eu-west-1"):
    import boto3
    return boto3.client(service, region, endpoint_url=moto.url,
                        aws_access_key_id="AKIDEXAMPLE",
                        aws_secret_access_key=SECRET)


def test_put_item_against_moto(headcount, moto, tmp_path):
    with servers.Nginx(tmp_path / "nginx", moto.port) as front:
        put_item(headcount, moto, f"http://127.0.0.1:{front.port}")
        assert front.connections() == 2      # one for each process


def test_put_item_against_dynalite(headcount, tmp_path):
    with servers.Dynalite(tmp_path / "dynalite") as server:
        put_item(headcount, server, server.url)


def put_item(headcount, server, url):
    db = boto(server, "dynamodb")
    db.create_table(
        TableName="notes", BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "userId", "KeyType": "HASH"},
                   {"AttributeName": "postId", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"}
                              for name in ("userId", "postId")])
    db.get_waiter("table_exists").wait(TableName="notes",
                                       WaiterConfig={"Delay": 1})
    events = [{"body": json.dumps({"user_id": f"u{i}",
                                   "message": f"\u00e9 {i}"})}
              for i in range(5)] + [{"body": "no JSON"}, {"body": "{}"}]
    run = headcount("run", EXAMPLES / "put_item.lua", TABLE="notes",
                    AWS_ENDPOINT_URL=url,
                    stdin="".join(json.dumps(e) + "\n" for e in events))
    assert run.code == 0, run.err
    answers = [json.loads(line) for line in run.out.splitlines()]
    assert [a["statusCode"] for a in answers] == [200] * 5 + [400, 400]
    assert all(json.loads(a["body"])["connections_opened"] == 1
               for a in answers[:5])
    items = db.scan(TableName="notes")["Items"]
    assert len({i["postId"]["S"] for i in items}) == 5
    assert all(json.loads(a["body"])["duration_in_ms"] > 0
               for a in answers[:5])
    assert {i["userId"]["S"]: i["message"]["S"] for i in items} == \
        {f"u{i}": f"\u00e9 {i}" for i in range(5)}
    missing = headcount("run", EXAMPLES / "put_item.lua", TABLE="none",
                        AWS_ENDPOINT_URL=url,
                        stdin=json.dumps(events[0]) + "\n")
    answer = json.loads(missing.out)
    assert answer["statusCode"] == 502
    assert json.loads(answer["body"])["code"] == "ResourceNotFoundException"


class Hook(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.server.posts.append(json.loads(
            self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def webhook():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    server.posts = []
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_report_over_three_regions(headcount, moto):
    from test_main_job import fill_moto
    regions = ("eu-west-1", "us-east-1", "ap-south-1")
    for i, region in enumerate(regions):
        fill_moto(moto, hosts=i + 1, region=region, cluster=f"c{i}")
    (headcount.home / "policy.lua").write_text(
        'return { per_host { "web" } }')
    run = headcount("run", EXAMPLES / "report.lua", "policy.lua", *regions,
                    AWS_ENDPOINT_URL=moto.url)
    assert run.code == 0, run.out + run.err
    *rows, last = run.out.splitlines()
    assert [row.split()[:7] for row in rows] == [
        ["us-east-1", "c1", "web", "pending", "1", "->", "2"],
        ["ap-south-1", "c2", "web", "pending", "1", "->", "3"]]
    assert last == ("3 regions, 3 clusters: 2 to change, 0 held, 1 unchanged, "
                    "0 failed")
    assert headcount("run", EXAMPLES / "report.lua", "policy.lua").code == 2


def test_a_webhook_is_told_of_holds_when_they_change(headcount, ecs, webhook):
    """The third look finds the service no longer held."""
    headcount.at(ecs)
    ecs.service("web", desired=4)            # no host: the count would be 0
    (headcount.home / "policy.lua").write_text(
        'return { per_host { "web" } }')
    words = ("run", EXAMPLES / "held.lua", "policy.lua",
             f"http://127.0.0.1:{webhook.server_port}/hook")
    run = headcount(*words)
    assert run.code == 0, run.err
    post, = webhook.posts
    assert post["no_longer_held"] == []
    line, = post["held"]
    assert ":cluster/prod web zero: " in line
    child = subprocess.Popen([PROGRAM, *map(str, words), "0.01"],
                             env=headcount.env, cwd=headcount.home,
                             stderr=subprocess.PIPE)
    wait_for(lambda: len(webhook.posts) == 2, child)
    looks = len(ecs.requests)
    wait_for(lambda: len(ecs.requests) > looks + 8, child)
    assert len(webhook.posts) == 2           # the same hold is told once
    for name in "abcd":
        ecs.host(name)
    wait_for(lambda: len(webhook.posts) == 3, child)
    assert webhook.posts[2] == {"held": [], "no_longer_held": [line]}
    child.terminate()
    child.communicate(timeout=60)
    assert headcount("run", EXAMPLES / "held.lua", "policy.lua").code == 2


def wait_for(condition, child):
    while not condition():
        assert child.poll() is None, child.communicate()
        time.sleep(0.005)


def test_a_file_is_put_into_s3(headcount, moto, tmp_path):
    s3 = boto(moto, "s3", "us-east-1")
    s3.create_bucket(Bucket="reports")
    (tmp_path / "report.bin").write_bytes(bytes(range(256)) * 40)
    run = headcount("run", EXAMPLES / "s3_put.lua", tmp_path / "report.bin",
                    "reports", "2026/a b\u00e9.bin", AWS_REGION="us-east-1",
                    AWS_ENDPOINT_URL_S3=moto.url)
    assert run.code == 0, run.err
    assert run.out.startswith("10240 bytes are in s3://reports/2026/a b")
    got = s3.get_object(Bucket="reports", Key="2026/a b\u00e9.bin")
    assert got["Body"].read() == bytes(range(256)) * 40
    run = headcount("run", EXAMPLES / "s3_put.lua", tmp_path / "report.bin",
                    "none", "key", AWS_REGION="us-east-1",
                    AWS_ENDPOINT_URL_S3=moto.url)
    assert run.code == 1 and "NoSuchBucket" in run.err


# ---- sweeps and printing policies ----

def test_a_sweep_is_what_apply_all_does(script, ecs, headcount):
    headcount.at(ecs)
    for name in ("prod-a", "prod-b", "test"):
        cluster = ecs.model.cluster(name)
        cluster.service("web", desired=1)
        for host in "abc":
            cluster.host(f"{host}-{name}")
    lines = script("""
        local headcount = require "headcount"
        local client = headcount.client()
        local report = assert(client:sweep {
          clusters = "prod-*", services = { "web" }, max_changes = 1,
          concurrency = 1 })
        for _, cluster in ipairs(report.clusters) do
          for _, s in ipairs(cluster.services) do
            print(cluster.name, s.service, s.outcome, s.code, s.wanted)
          end
        end
        local policy = [[
          return function(c)
            print(c.name)
            return { per_host { "web" } }
          end]]
        headcount.loop(function(spawn)
          local dry = spawn(function()
            return client:sweep { policy = policy, dry_run = true }
          end)
          print(dry:wait().summary.pending)
        end)
        print(client:sweep { clusters = "none*", services = { "web" } })
        print(client:sweep { region = { "eu-west-1", "x y" },
                             services = { "web" } })
    """)
    assert sorted(lines[:2]) == ["prod-a\tweb\tupdated\t\t3",
                                 "prod-b\tweb\theld\ttoo_many_changes\t3"]
    assert lines[2] == "2"
    assert lines[3].startswith("nil\t") or "table" in lines[3]
    assert lines[4].startswith("nil\t")
    assert len(ecs.writes()) == 1


def test_a_policy_prints_once_with_its_place(headcount, ecs):
    headcount.at(ecs)
    ecs.service("web", desired=1)
    ecs.host("a")
    (headcount.home / "policy.lua").write_text("""
return function(cluster)
  print("name", cluster.name, cluster.tags.tier, cluster:count {})
  print(("x"):rep(20), "\\27[31m\\n", {}, print)
  return { per_host { "web" } }
end""")
    run = headcount("plan", "prod", "--policy", "policy.lua")
    assert run.code == 0, run.err
    said = [line for line in run.err.splitlines() if "policy.lua:" in line]
    assert said == [
        "policy.lua:3: name  prod  nil  1",
        "policy.lua:4: " + "x" * 20 + r"  \27[31m\n  table  function"]
    assert "policy.lua:3" not in run.out
    run = headcount("plan", "prod", "--policy", "policy.lua", "--output",
                    "json")
    assert "policy.lua:3" not in run.out and json.loads(run.out)


def test_a_test_of_a_policy_shows_what_it_prints(headcount):
    (headcount.home / "policy.lua").write_text(
        'return function(c) print("here", c.name) return {} end')
    (headcount.home / "policy_test.lua").write_text("""
test "it" (function()
  cluster { hosts = 1, services = { "web" } }:plan "policy.lua"
end)""")
    run = headcount("test")
    assert run.code == 0, run.out
    assert "policy.lua:1: here" in run.err


# ---- headcount run ----

@pytest.mark.parametrize("text, args, code, out, err", [
    ("print(#arg, ...)", ["--help", "-x"], 0, "2\t--help\t-x\n", ""),
    ("os.exit(7)", [], 7, "", ""),
    ("local t = nil\nt.x = 1", [], 1, "", "script.lua:2: attempt to index"),
    ("x = = 1", [], 1, "", "script.lua:1: unexpected symbol"),
    ("error { }", [], 1, "", "(error object is a table value)"),
    ("print(_VERSION)", [], 0, "Lua 5.4\n", ""),
])
def test_run(headcount, text, args, code, out, err):
    (headcount.home / "script.lua").write_text(text)
    run = headcount("run", "script.lua", *args)
    assert (run.code, run.out) == (code, out)
    assert err in run.err


NTH = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>

void *realloc(void *p, size_t n)
{
    static void *(*next)(void *, size_t);
    static long left;

    if (!next) {
        next = (void *(*)(void *, size_t))dlsym(RTLD_NEXT, "realloc");
        left = atol(getenv("FAIL_FROM"));
    }
    return --left < 0 ? NULL : next(p, n);
}
"""


def test_a_script_without_memory_is_no_crash(tmp_path, headcount):
    """From the n-th request on there is none: no unprotected call of Lua."""
    if ".so" not in subprocess.run(["ldd", PROGRAM], capture_output=True,
                                   text=True, check=False).stdout:
        return                          # nothing can be put before its malloc
    (tmp_path / "nth.c").write_text(NTH)
    (tmp_path / "boom.lua").write_text("error 'boom\\tboom'\n")
    subprocess.run(["cc", "-shared", "-fPIC", "-o", tmp_path / "nth.so",
                    tmp_path / "nth.c", "-ldl"], check=True)
    whole = 0
    for n in range(1000):
        done = subprocess.run(
            [PROGRAM, "run", tmp_path / "boom.lua"], capture_output=True,
            text=True, check=False, timeout=60, env={
                **headcount.env, "LD_PRELOAD": str(tmp_path / "nth.so"),
                "FAIL_FROM": str(n)})
        assert done.returncode in (1, 255), (n, done.stderr)
        assert "PANIC" not in done.stderr
        whole += "boom.lua:1: boom  boom\n" in done.stderr
        if whole == 20:
            break
    assert whole == 20 and n > 100


def test_run_says_what_it_takes(headcount):
    for args, says in ((("run",), "name the Lua file"),
                       (("run", "--queue", "q", "x.lua"), "options only"),
                       (("run", "missing.lua"), "missing.lua")):
        run = headcount(*args)
        assert run.code == (1 if args[-1] == "missing.lua" else 252)
        assert says in run.err
        assert run.err.count("\n") == 1
    (headcount.home / "bad.lua").write_text("x = = 1")
    run = headcount("run", "bad.lua")
    assert run.code == 1
    assert run.err == "headcount: bad.lua:1: unexpected symbol near '='\n"
    assert headcount("run", "-", stdin="print(arg[0])").out == "-\n"


def test_a_client_of_run_asks_the_programs_name_server(headcount, secure):
    script = "print((require 'headcount'.client {}:call('ecs', " \
             "'ListClusters', {})).clusterArns ~= nil)"
    server = headcount.env["HEADCOUNT_DNS_SERVER"]
    run = headcount("run", "-", stdin=script)
    assert (run.code, run.out) == (0, "true\n"), run.err
    run = headcount("run", "--dns-server", server, "-", stdin=script,
                    HEADCOUNT_DNS_SERVER="127.0.0.1:9")
    assert (run.code, run.out) == (0, "true\n"), run.err


# ---- headcount test ----

def test_the_examples_tests_pass(headcount):
    run = headcount("test", EXAMPLES / "policies")
    assert run.code == 0, run.out + run.err
    assert run.out.splitlines()[-1] == "8 passed, 0 failed"


def write_tests(headcount, text):
    (headcount.home / "policy.lua").write_text('return { per_host { "web" } }')
    (headcount.home / "sub").mkdir(exist_ok=True)
    (headcount.home / "sub" / "a_test.lua").write_text(text)


def test_a_cluster_tells_of_task_definitions(headcount):
    write_tests(headcount, """
local function of(more)
  return cluster {
    hosts = { { count = 2, attributes = { gpu = "" } }, { count = 3 } },
    task_definitions = { ["web:7"] = { "attribute:gpu exists" } },
    services = { { name = "web", task_definition = more } },
  }
end
test "all" (function()
  of "web:7":plan "../policy.lua":wants("web", 2)
  of "web:6":plan "../policy.lua":wants("web", 5)
end)
test "the service's" (function()
  of "web:7":plan("../policy.lua", { constraints = "service" }):wants("web", 5)
end)
""")
    run = headcount("test")
    assert run.code == 0, run.out


def test_a_failed_expectation_shows_the_plan(headcount):
    write_tests(headcount, """
test "good" (function()
  cluster { hosts = 2, services = { "web" } }:plan "../policy.lua"
    :wants("web", 2)
end)
test "bad" (function()
  local plan = cluster { hosts = 3, services = { "web" } }:plan "../policy.lua"
  plan:wants("web", 4)
end)
test "broken" (function() local t; t.x = 1 end)
""")
    run = headcount("test")
    assert run.code == 1
    assert "ok   sub/a_test.lua: good" in run.out
    assert "sub/a_test.lua:8: web gets 3, not 4" in run.out
    assert "~ web  0 -> 3  pending: 1 task on each of 3 active hosts" in \
        run.out
    assert "sub/a_test.lua:10: attempt to index a nil value" in run.out
    assert run.out.splitlines()[-1] == "1 passed, 2 failed"
    run = headcount("test", "--run", "good", "--format", "json")
    assert run.code == 0
    assert (run.report["passed"], run.report["failed"]) == (1, 0)
    assert run.report["tests"][0]["name"] == "good"
    run = headcount("test", "sub/a_test.lua", "--format", "json")
    failed = [t for t in run.report["tests"] if not t["ok"]]
    assert run.code == 1 and len(failed) == 2
    assert "0 -> 3" in failed[0]["plan"] and failed[0]["seconds"] >= 0


@pytest.mark.parametrize("text, says", [
    ('test "x" (function() cluster { hots = 1 } end)',
     "cluster has no 'hots'; did you mean 'hosts'?"),
    ('test "x" (function() cluster { services = { { nmae = "a" } } } end)',
     "a service has no 'nmae'; did you mean 'name'?"),
    ('test "x" (function() cluster { hosts = { { os = "a", arch = 1 } } } end)',
     "a host has no 'arch'"),
    ('test "x" (function() cluster { hosts = { { status = "GONE" } } } end)',
     "ACTIVE or DRAINING"),
    ('test "x" (function() cluster "gone.json" end)', "gone.json"),
    ('test "x" (function() expect(1 == 2, "sums") end)', "a_test.lua:1: sums"),
    ('test "x" (5)', 'a test is test "NAME" (function() ... end)'),
    ('test("x", function() end)', 'a test is test "NAME" (function() ... end)'),
    ('test "x"', 'a_test.lua: a name has no function: a test is test "NAME"'),
    ('test "a" (function() end)\ntest "x"', 'a name has no function'),
    ("test (", "unexpected symbol"),
    ('test "x" (function() cluster {}:plan "gone.lua":wants("web", 1) end)',
     "cannot read the policy sub/gone.lua"),
])
def test_what_is_wrong_with_a_test_is_told(headcount, text, says):
    write_tests(headcount, text)
    run = headcount("test")
    assert run.code == 1
    assert says in run.out


def test_no_tests_are_no_success(headcount):
    assert headcount("test").code == 252
    assert headcount("test", "missing").code == 252
    write_tests(headcount, 'test "x" (function() end)')
    run = headcount("test", "--run", "other")
    assert run.code == 252 and "other" in run.err
    assert headcount("test", "a", "b").code == 252


def test_the_environment_does_not_matter(headcount):
    shutil.copytree(EXAMPLES / "policies", headcount.home / "policies")
    run = headcount("test", AWS_PROFILE="mine", AWS_CA_BUNDLE="/nonexistent",
                    HTTPS_PROXY="http://proxy:1", AWS_REGION="nowhere")
    assert run.code == 0, run.out + run.err


def test_a_recorded_snapshot_is_a_cluster(ecs, headcount):
    headcount.at(ecs)
    for i in range(3):
        ecs.host(f"h{i}")
    ecs.service("web", desired=1)
    (headcount.home / "policy.lua").write_text('return { per_host { "web" } }')
    taken = headcount("snapshot", "prod", "--policy", "policy.lua")
    assert taken.code == 0, taken.err
    (headcount.home / "prod.json").write_text(taken.out)
    (headcount.home / "prod_test.lua").write_text("""
test "prod" (function()
  cluster "prod.json":plan "policy.lua":wants("web", 3)
end)
""")
    run = headcount("test")
    assert run.code == 0, run.out


# ---- what is shipped ----

def test_lua_env_is_what_a_shell_takes(tmp_path):
    lines = subprocess.run(["make", "-s", "lua-env"], cwd=TOP, check=True,
                           capture_output=True, text=True).stdout
    done = subprocess.run(
        ["sh", "-c", lines + "lua5.4 -e 'print(require(\"headcount\")"
         "._VERSION)'"], cwd=tmp_path, capture_output=True, text=True,
        check=False, env={"PATH": os.environ["PATH"]})
    assert done.stdout.startswith("headcount "), done.stderr


def test_the_module_shows_one_symbol():
    names = subprocess.run(
        ["nm", "-D", "--defined-only", LUA / "headcount" / "core.so"],
        check=True, capture_output=True, text=True).stdout.split()[2::3]
    assert names == ["luaopen_headcount_core"]
    assert pathlib.Path(PROGRAM).exists()


def test_the_rockspec_builds_offline(tmp_path):
    files = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"],
                           cwd=TOP, check=True, capture_output=True,
                           text=True).stdout.split("\n")
    for name in filter(None, files):
        if name.startswith("tests/") or not (TOP / name).exists():
            continue
        (tmp_path / "src" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(TOP / name, tmp_path / "src" / name)
    (spec,) = (tmp_path / "src" / "bindings" / "lua").glob("*.rockspec")
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path),
           "MAKEFLAGS": "-j2", "https_proxy": "http://127.0.0.1:1",
           "http_proxy": "http://127.0.0.1:1"}
    for command in (["lint", spec], ["make", "--tree", tmp_path / "tree",
                                     spec]):
        done = subprocess.run(["luarocks", "--lua-version=5.4", *command],
                              cwd=tmp_path / "src", env=env, text=True,
                              capture_output=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    done = subprocess.run(
        ["lua5.4", "-e", 'print(require("headcount")._VERSION)'], text=True,
        capture_output=True, check=False, cwd=tmp_path,
        env={"LUA_PATH": f"{tmp_path}/tree/share/lua/5.4/?/init.lua",
             "LUA_CPATH": f"{tmp_path}/tree/lib/lua/5.4/?.so",
             "PATH": os.environ["PATH"]})
    assert done.stdout.startswith("headcount "), done.stderr
    version = spec.name[len("headcount-"):-len("-1.rockspec")]
    assert done.stdout.strip() == f"headcount {version}"


def test_ldoc_knows_every_function(tmp_path):
    done = subprocess.run(["ldoc", "-d", tmp_path, "-f", "plain",
                           "lua/headcount"], cwd=TOP, capture_output=True,
                          text=True, check=False)
    assert done.returncode == 0
    assert [line for line in (done.stdout + done.stderr).splitlines()
            if not line.startswith("output written")] == []
    page = (tmp_path / "modules" / "headcount.html").read_text()
    names = set(re.findall(r'<a name = "([^"]+)"', page))
    methods = subprocess.run(
        [PROGRAM, "run", "-"], capture_output=True, text=True, check=True,
        input="""
local headcount = require "headcount"
for name in pairs(headcount) do print(name) end
local client = headcount.client { region = "eu-west-1" }
for name in pairs(getmetatable(client).__index) do print("client:" .. name) end
""").stdout.split()
    assert len(methods) == 16
    assert set(methods) - {"_VERSION"} <= names
