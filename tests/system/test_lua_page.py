"""lua/README.md and the types for editors: each block runs, in this order."""
import json
import re
import subprocess
import sys

import pytest
from conftest import TOP
from test_lua import webhook                      # noqa: F401, a fixture

PAGE = (TOP / "lua" / "README.md").read_text()
BLOCKS = re.findall(r"```lua\n(.*?)```", PAGE, re.S)


def section(title):
    text = re.search(rf"^## {title}\n(.*?)^## ", PAGE, re.S | re.M)[1]
    return re.findall(r"```lua\n(.*?)```", text, re.S)


def test_each_block_is_run_here():
    titles = ("Start", "Errors", "Calls side by side", "Counts", "Any request",
              "A function in AWS Lambda", "Policies")
    assert [b for title in titles for b in section(title)] == BLOCKS


def run(headcount, text, **env):
    done = headcount("run", "-", stdin=text, **env)
    assert done.code == 0, done.err
    return done.out.splitlines()


@pytest.fixture
def prod(ecs, headcount):
    headcount.at(ecs)
    ecs.service("web", desired=1)
    for name in "abc":
        ecs.host(name)
    return ecs


def test_start(prod, headcount):
    block, = section("Start")
    assert run(headcount, block) == ["1 services"]


def test_errors(prod, headcount):
    block, = section("Errors")
    world, script = run(headcount, block)
    assert world.startswith("nil\t") and world.endswith(
        "\tClusterNotFoundException")
    assert "a client has no 'reconcil'; did you mean 'reconcile'?" in script


def test_side_by_side(prod, headcount):
    block, = section("Calls side by side")
    lines = run(headcount, block)
    assert sorted(lines)[:3] == ["prod\t1"] * 3
    assert len(lines) == 6 and prod.operations() == ["ListServices"] * 6


def test_counts(prod, headcount):
    block, = section("Counts")
    assert run(headcount, block) == [
        "prod\tweb\tpending\t3\t1 task on each of 3 active hosts"]
    assert not prod.writes()


def test_any_request(headcount, webhook):         # noqa: F811
    block, = section("Any request")
    url, status = run(headcount, block,
                      WEBHOOK=f"http://127.0.0.1:{webhook.server_port}/",
                      AWS_SESSION_TOKEN=None)    # it would stand in the URL
    assert status == "204" and webhook.posts == [{"url": url}]
    assert "X-Amz-Signature=" in url and "X-Amz-Expires=3600" in url


def test_the_handler(headcount, tmp_path):
    """Called as Lambda calls it, without a server: the call fails, and so does
    the invocation."""
    block, = section("A function in AWS Lambda")
    (headcount.home / "handler.lua").write_text(block)
    lines = run(headcount, """
        local handler = dofile "handler.lua"
        print(type(handler), pcall(handler, { user = "u1" }))
        """, AWS_ENDPOINT_URL_DYNAMODB="http://127.0.0.1:1", TABLE="users",
                AWS_MAX_ATTEMPTS="1")
    assert re.match(r"function\tfalse\t.*ECONNECT: .*127\.0\.0\.1", lines[0])


def test_the_policy_and_its_test(prod, headcount):
    for block in section("Policies"):
        name = re.match(r"-- (\w+\.lua)\n", block)[1]
        (headcount.home / name).write_text(block)
    done = headcount("test")
    assert done.code == 0, done.out
    prod.service("agent", desired=1)
    prod.service("ingress", desired=1)
    done = headcount("plan", "prod", "--policy", "policy.lua", "--output",
                     "json")
    assert done.code == 0, done.err
    assert "policy.lua:3: prod  3 hosts" in done.err
    services = json.loads(done.out)["clusters"][0]["services"]
    assert {s["service"] for s in services} == {"agent", "ingress"}


def test_the_types_are_those_of_the_sources():
    """`python3 bindings/packaging/lua_types.py write` makes them anew."""
    made = subprocess.run([sys.executable, TOP / "bindings" / "packaging" /
                           "lua_types.py"], capture_output=True, text=True,
                          check=True).stdout
    assert (TOP / "lua" / "types" / "headcount.lua").read_text() == made


def test_the_types_have_each_function_and_no_other(prod, headcount):
    there = run(headcount, """
        local headcount = require "headcount"
        for name, value in pairs(headcount) do
          if type(value) == "function" then print("headcount." .. name) end
        end
        local client = headcount.client { region = "eu-west-1" }
        for name in pairs(getmetatable(client).__index) do
          print("Client:" .. name)
        end""")
    stub = (TOP / "lua" / "types" / "headcount.lua").read_text()
    named = re.findall(r"^function ((?:headcount\.|Client:)\w+)", stub, re.M)
    assert sorted(named) == sorted(there)
    rules = re.findall(r"^function (\w+)\(", stub, re.M)
    (headcount.home / "policy.lua").write_text(
        f"print(type({'), type('.join(rules)})) return {{}}")
    done = headcount("plan", "prod", "--policy", "policy.lua")
    assert done.err.split(": ")[1].split() == ["function"] * len(rules)
    assert len(rules) == 8
