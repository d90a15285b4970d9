"""--policy: what a text in Lua wishes is what is written, and what is wrong
with it is told with its line."""
import concurrent.futures
import json
import re
import subprocess

import pytest
from conftest import PROGRAM

README = """
return function(cluster)
  if cluster:matches "sandbox-*" then return {} end

  local wishes = {
    per_host { "datadog-agent" },
    per_host { "log-router", tasks = 2,
               where = "attribute:ecs.os-type == linux" },
    hosts_minus { "web", spare = 1, min = 2 },
    linear { "ingress", hosts_per_task = 4, min = 2, max = 40 },
    ladder { "dns", { 0, 1 }, { 4, 2 }, { 64, 5 } },
  }
  if cluster.tags.tier == "gold" then
    wishes[#wishes + 1] = fixed { "canary", 1 }
  end
  for service in cluster:services {
      tags = { ["headcount:rule"] = "per-host" } } do
    wishes[#wishes + 1] = per_host { service.name }
  end
  return wishes
end
"""
LINUX = [{"name": "ecs.os-type", "value": "linux"},
         {"name": "ecs.availability-zone", "value": "eu-west-1a"}]


@pytest.fixture
def prod(ecs, headcount):
    headcount.at(ecs)
    for i in range(9):
        ecs.host(f"h{i}", attributes=LINUX if i < 6 else [])
    for name in ("datadog-agent", "log-router", "web", "ingress", "dns",
                 "canary", "tagged"):
        ecs.service(name, desired=1)
    ecs.services["tagged"]["tags"] = [{"key": "headcount:rule",
                                       "value": "per-host"}]
    return ecs


@pytest.fixture
def policy(headcount, tmp_path):
    """Runs a verb with this text."""
    def run(text, *args, verb="plan", form="json", **more):
        path = tmp_path / "policy.lua"
        path.write_text(text)
        args = args or ("prod",)
        return headcount(verb, *args, "--policy", "policy.lua", "--output",
                         form, **more)
    return run


def wanted(run):
    return {s["service"]: s["wanted"]
            for s in run.report["clusters"][0]["services"]}


def error(run):
    """Of the cluster, one line."""
    assert run.code == 1, run.err
    assert run.report["summary"]["failed"] == 1
    e = run.report["clusters"][0]["error"]
    assert e["code"] == "EPOLICY" or ":" in e["message"]
    assert "\n" not in e["message"]
    return e["message"]


# ---- what it wishes ----

def test_the_readmes_policy(prod, policy):
    run = policy(README, verb="apply")
    assert run.code == 0, run.out + run.err
    assert wanted(run) == {"datadog-agent": 9, "log-router": 12, "web": 8,
                           "ingress": 3, "dns": 2, "tagged": 9}
    assert {w["service"]: w["desiredCount"] for w in prod.writes()} == \
        wanted(run)
    assert all("policy.lua:" in a["rule"] and len(a["policy_sha256"]) == 64
               for a in run.audit if a.get("after"))


def test_the_calls_are_those_that_are_needed(prod, policy):
    """Tags and two filtered counts: each asked once, whatever the rounds."""
    run = policy("""
return function(cluster)
  if cluster.tags.tier == "tin" then return {} end
  local linux = cluster:count { where = "attribute:ecs.os-type == linux" }
  if linux == 0 then return {} end
  local west = cluster:count {
    where = "attribute:ecs.availability-zone == eu-west-1a" }
  linux = cluster:count { where = "attribute:ecs.os-type == linux" }
  return { fixed { "web", linux + west } }
end
""", verb="apply")
    assert wanted(run) == {"web": 12}
    seen = [r.operation for r in prod.requests]
    assert seen.count("DescribeClusters") == 1
    assert seen.count("ListContainerInstances") == 2
    assert seen.count("DescribeServices") == 1
    assert seen.count("UpdateService") == 1
    assert set(seen) == {"DescribeClusters", "ListContainerInstances",
                         "DescribeServices", "UpdateService",
                         "DescribeScalableTargets"} & set(seen)


# ---- what is wrong with it ----

WRONG = [
    # what is written, and what has to be said
    ('return { per_hots { "web" } }',
     "policy.lua:1: ", "per_hots", "per_host"),
    ("return function(cluster) return { fixed { 'web', cluster.tag.n } } end",
     "policy.lua:1: ", "cluster has no 'tag'", "tags"),
    ("return function(cluster) return cluster.nmae end", "nmae", "name"),
    ("local x = 1", "policy.lua: it returns nothing", "return function"),
    ("return function() end", "policy.lua:1: it returned nothing",
     "`return {}`"),
    ("return function() return 5 end", "it returned a number"),
    ("return 'web'", "policy.lua: it returned a string"),
    ("\n\nreturn { per_host {} }", "policy.lua:3: ", "no service is named"),
    ("return { per_host { '' } }", "policy.lua:1: "),
    ("return { per_host 'web' }", 'per_host takes a table: per_host { "NAME"'),
    ("return { per_host }", "policy.lua: a wish is per_host { ... }",
     "not a function"),
    ("return { { 'web' } }", 'a wish has no rule ""'),
    ("return { { service = 'web', rule = 'per_hos' } }",
     'did you mean "per_host"?'),
    ("return { web = per_host { 'web' } }", "numbers as keys only"),
    ("return { per_host { 'web', taks = 2 } }", "per_host takes no 'taks'",
     "did you mean 'tasks'?"),
    ("return { per_host { 'web', spare = 2 } }", "per_host takes no 'spare'"),
    ("return { per_host { 'web', tasks = 0 } }", "tasks is", "not 0"),
    ("return { per_host { 'web', tasks = -1 } }", "tasks is", "not -1"),
    ("return { per_host { 'web', tasks = 1.5 } }", "tasks is", "not 1.5"),
    ("return { per_host { 'web', tasks = 0/0 } }", "tasks is", "nan"),
    ("return { per_host { 'web', tasks = 1e300 } }", "tasks is"),
    ("return { per_host { 'web', tasks = '2' } }", "tasks is", 'not "2"'),
    ("return { per_host { 'web', min = 3, max = 2 } }", "policy.lua:1"),
    ("return { per_host { 'web', where = 5 } }", "where is"),
    ("return { per_host { 'web', where = \"a == 'b\" } }", "policy.lua:1"),
    ("return { per_host { 'web', hosts = 'all' } }", "hosts is"),
    ("return { per_host { 'web', allow_zero = 1 } }", "allow_zero is"),
    ("return { fixed { 'web' } }", "it says no count"),
    ("return { percent { 'web' } }", "it says no percent"),
    ("return { percent { 'web', percent = -5 } }", "percent is"),
    ("return { linear { 'web' } }", "hosts_per_task, cpu_per_task"),
    ("return { linear { 'web', hosts_per_task = 0 } }", "hosts_per_task is"),
    ("return { ladder { 'web' } }", "it has no rungs"),
    ("return { ladder { 'web', { 4, 2 } } }", "policy.lua:1"),
    ("return { ladder { 'web', { 0, 1 }, { 0, 2 } } }", "policy.lua:1"),
    ("return { per_host { 'web' },\n fixed { 'web', 2 } }",
     "policy.lua:2: two wishes are for one service, \"web\""),
    ("defaults { taks = 1 } return {}", "defaults takes no 'taks'"),
    ("defaults {} defaults {} return {}", "defaults is given twice"),
    ("return function(c) return c:count { wher = 'x' } end", "'wher'",
     "'where'"),
    ("return function(c) return c:count { where = 5 } end", "where is a text"),
    ("return function(c) return c:count { where = \"a == 'b\" } end",
     "policy.lua:1: "),
    ("return function(c) return c:count { where = 'runningTasksCount == 0' } "
     "end", "would chase itself"),
    ("return function(c) return c:count { min_age = -1 } end", "min_age"),
    ("return function(c) for s in c:services { tag = {} } do end return {} "
     "end", "'tag'", "'tags'"),
    ("return function(c) return c:matches(5) end", "cluster:matches takes"),
    ("return function(c) c.x = 1 return {} end", "cannot be changed"),
    ("return function(c) for h in c:hosts {} do h.x = 1 end return {} end",
     "cannot be changed"),
    ("return function(c) for h in c:hosts {} do local _ = h.zoen end "
     "return {} end", "a host has no 'zoen'", "zone"),
    ("error 'by hand'", "policy.lua:1: by hand"),
    ("error { }", "policy.lua:1: it raised a table"),
    ("local t return t.x", "policy.lua:1: attempt to index"),
    ("return pcall(print)", "pcall"),
    ("while true do end", "policy.lua:1"),
    ("local s = 'x' while true do s = s .. s end", "policy.lua:1"),
    ("local t = {} while true do t[#t + 1] = {} end", "policy.lua:1"),
    ("local function f() return f() + 1 end return f()", "policy.lua:1"),
    ("return ('x'):rep(1e9)", "policy.lua:1"),
    ("\ntable.sort { 1, {} }", "policy.lua:2: attempt to compare"),
    ("string.format('%d', 1.5)", "policy.lua:1: bad argument #2 to 'format'"),
    ("\nlocal s = ('x'):gsub('x', per_host)", "policy.lua:2: per_host takes"),
    ("return function(c)\nerror({ code = 1 }) end",
     "policy.lua:2: it raised a table instead of a text"),
    ("local m = {} setmetatable({}, m)\nm.__mode = 'k'",
     "policy.lua:2: __mode is not possible here"),
]


@pytest.mark.parametrize("text, says", [(w[0], w[1:]) for w in WRONG])
def test_what_is_wrong_is_told_and_nothing_is_written(prod, policy, text,
                                                      says):
    run = policy(text, verb="apply")
    told = error(run)
    for part in says:
        assert part in told, told
    assert prod.writes() == []


@pytest.mark.parametrize("text, says", [
    ("return {", "policy.lua:1: unexpected symbol near <eof>"),
    ("x = = 1", "policy.lua:1: "), ("\x1bLua", "policy.lua"),
    pytest.param("x" * (300 << 10), "262144 bytes", id="too long"),
])
def test_what_does_not_compile_is_wrong_before_any_call(prod, policy, text,
                                                        says):
    run = policy(text, verb="apply")
    assert run.code == 253 and says in run.err
    assert prod.requests == []


def test_one_cluster_that_breaks_harms_no_other(ecs, headcount, policy):
    headcount.at(ecs)
    ecs.host("a")
    ecs.service("web", desired=0)
    ecs.model.cluster("test")
    run = policy("""
return function(cluster)
  if cluster.name == "test" then while true do end end
  return { per_host { "web" } }
end""", "test", "prod", verb="apply")
    assert run.code == 1
    clusters = {c["name"]: c for c in run.report["clusters"]}
    assert clusters["test"]["error"]["code"] == "EPOLICY"
    assert clusters["prod"]["services"][0]["outcome"] == "updated"
    assert [w["desiredCount"] for w in ecs.writes()] == [1]


# ---- the same facts, the same wishes ----

GAMES = """
local t, order = {}, {}
for i = 1, 60 do t["k" .. i * 7919 % 61] = i end
for k in pairs(t) do order[#order + 1] = k end
local text = tostring(t) .. tostring(function() end)
return function(cluster)
  local n = 0
  for i, k in ipairs(order) do n = (n * 31 + t[k] * i) % 97 end
  for h in cluster:hosts {} do n = (n * 7 + #h.id + #tostring(h)) % 97 end
  local wishes = {}
  for s in cluster:services {} do
    n = (n + #s.name + #text) % 97
    wishes[#wishes + 1] = fixed { s.name, n + 1 }
  end
  return wishes
end
"""


def test_a_thousand_processes_wish_the_same(prod, policy, headcount):
    taken = policy(GAMES, verb="snapshot")
    assert taken.code == 0, taken.err
    (headcount.home / "prod.json").write_text(taken.out)
    args = [PROGRAM, "plan", "--snapshot", "prod.json", "--policy",
            "policy.lua", "--output", "json"]

    def one(_):
        done = subprocess.run(args, cwd=headcount.home, env=headcount.env,
                              capture_output=True, check=True)
        return re.sub(rb'"elapsed_us": ?\d+', b"", done.stdout)

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        seen = set(pool.map(one, range(1000)))
    assert len(seen) == 1
    assert len(json.loads(re.sub(rb",\s*}", b"}", seen.pop()))["clusters"][0]
               ["services"]) == 7


def test_a_snapshot_replays_a_policy(prod, policy, headcount):
    live = policy(README)
    taken = policy(README, verb="snapshot")
    (headcount.home / "prod.json").write_text(taken.out)
    kept = headcount("plan", "--snapshot", "prod.json", "--policy",
                     "policy.lua", "--output", "json")
    assert kept.code == 0, kept.err
    assert kept.report["clusters"][0]["services"] == \
        live.report["clusters"][0]["services"]
    assert kept.report["stats"]["api_calls"] == 0


@pytest.mark.parametrize("text, says", [
    ("do\n" + "goto a\n" * 32000 + "::a:: end",
     "policy.lua:1002: it has more than 1000 gotos and breaks"),
    ("while x do\n" + "do break end\n" * 20000 + "end",
     "policy.lua:1002: it has more than 1000 gotos and breaks"),
    ("local a\nreturn a" + " or a" * 52000,
     "policy.lua:2: it takes more than 100 ms of CPU time"),
], ids=["gotos", "breaks", "or"])
def test_what_takes_long_to_compile_is_refused(prod, policy, text, says):
    run = policy(text)
    assert run.code == 253 and says in run.err, run.err
    assert prod.requests == []


def test_a_byte_order_mark_and_a_first_line_are_skipped(prod, policy,
                                                        headcount, event):
    """In the policy, the event, the snapshot and a test of the policy."""
    text = "\ufeff#!/usr/bin/env headcount\n" \
        "return function(c) return { fixed { 'web', " \
        "c.event and c.event.detail.version - 14800 or 4 } } end\n"
    taken = policy(text, verb="snapshot")
    assert taken.code == 0, taken.err
    (headcount.home / "prod.json").write_text("\ufeff" + taken.out)
    args = ("--policy", "policy.lua", "--output", "json")
    kept = headcount("plan", "--snapshot", "prod.json", *args)
    assert wanted(kept) == {"web": 4}, kept.err
    marked = "\ufeff" + json.dumps(event())
    (headcount.home / "event.json").write_text(marked)
    for given, stdin in ((["event.json"], b""), ([], marked),
                         (["-"], marked)):
        run = headcount("handle", *given, *args, "--dry-run", stdin=stdin)
        assert wanted(run) == {"web": 1}, run.out + run.err
    (headcount.home / "marks_test.lua").write_text(
        "\ufeff#!/usr/bin/env headcount\n"
        'test "marks" (function()\n'
        '  cluster "prod.json" :plan "policy.lua" :wants("web", 4)\n'
        "end)\n")
    run = headcount("test", "marks_test.lua")
    assert run.code == 0, run.out + run.err
    (headcount.home / "marks.lua").write_text(
        "\ufeff#!/usr/bin/env headcount\nprint 'ran'\n")
    assert headcount("run", "marks.lua").out == "ran\n"
    told = error(policy("\ufeff#!/usr/bin/env headcount\nreturn nil + 1"))
    assert told.startswith("policy.lua:2: "), told


def test_the_event_is_a_fact(prod, policy, headcount, event):
    (headcount.home / "policy.lua").write_text("""
return function(cluster)
  local event = cluster.event
  if event == nil then return { fixed { "web", 9 } } end
  assert(event.detail.attributes[1] == nil and event == cluster.event)
  if event.detail.status == "DRAINING" and event.detail.version == 14801
     and event.detail.agentConnected == true and event.nothing == nil then
    return { fixed { "web", #event.resources + 4 } }
  end
  return {}
end""")
    args = ("--policy", "policy.lua", "--output", "json", "--dry-run")
    run = headcount("handle", *args, stdin=event(status="DRAINING"))
    assert wanted(run) == {"web": 5}, run.out
    assert wanted(headcount("plan", "prod", *args)) == {"web": 9}
    deep = event()
    deep["detail"]["deep"] = json.loads("[" * 100 + "]" * 100)
    assert wanted(headcount("handle", *args, stdin=deep)) == {}
    large = event()
    large["detail"]["many"] = [{}] * 1000000
    run = headcount("handle", *args, stdin=large)
    assert "policy.lua:3" in error(run)      # it is over its budget


# ---- what a service is like ----

LIKE = """
local right = {
  agent = "true; distinctInstance nil, memberOf attribute:a == 1, memberOf "
    .. "attribute:b == 2; ; ecs-svc/2 PRIMARY IN_PROGRESS 4 0 2 5.5 9.0, "
    .. "ecs-svc/1 ACTIVE COMPLETED nil nil nil nil nil",
  new = "nil; nil; ; nil",
  web = "false; ; blue 2 1, red 0 0; ",
}

local function show(list, ...)
  if list == nil then return "nil" end
  local all = {}
  for i, one in ipairs(list) do
    local fields = {}
    for k, name in ipairs { ... } do
      fields[k] = tostring(one[name])
    end
    all[i] = table.concat(fields, " ")
  end
  return table.concat(all, ", ")
end

return function(cluster)
  local wishes = {}
  for s in cluster:services {} do
    local like = table.concat({
      tostring(s.distinct),
      show(s.placement_constraints, "type", "expression"),
      show(s.strategy, "provider", "weight", "base"),
      show(s.deployments, "id", "status", "rollout_state", "desired",
           "running", "pending", "created_at", "updated_at") }, "; ")
    if like ~= right[s.name] then
      error(s.name .. ": " .. like)
    end
    wishes[#wishes + 1] = fixed { s.name, 7 }
  end
  return wishes
end
"""
DEPLOYED = [{"id": "ecs-svc/2", "status": "PRIMARY", "desiredCount": 4,
             "runningCount": 0, "pendingCount": 2, "createdAt": 5.5,
             "updatedAt": 9.0, "rolloutState": "IN_PROGRESS"},
            {"id": "ecs-svc/1", "status": "ACTIVE",
             "rolloutState": "COMPLETED"}]


def test_what_a_service_is_like_is_a_fact_live_and_in_a_snapshot(
        ecs, policy, headcount):
    headcount.at(ecs)
    ecs.service("agent", placementConstraints=[
        {"type": "memberOf", "expression": "attribute:a == 1"},
        {"type": "distinctInstance"},
        {"type": "memberOf", "expression": "attribute:b == 2"}],
        deployments=DEPLOYED)
    new = ecs.service("new", placementConstraints=[{"type": "inventedLater"}])
    web = ecs.service("web", deployments=[], capacityProviderStrategy=[
        {"capacityProvider": "blue", "weight": 2, "base": 1},
        {"capacityProvider": "red"}])
    del new["deployments"], web["launchType"]
    live = policy(LIKE)
    assert wanted(live) == {"agent": 7, "new": 7, "web": 7}, live.out
    (headcount.home / "prod.json").write_text(
        policy(LIKE, verb="snapshot").out)
    kept = headcount("plan", "--snapshot", "prod.json", "--policy",
                     "policy.lua", "--output", "json")
    assert wanted(kept) == wanted(live), kept.out


BY_HAND = """
local policy = [[
return function(cluster)
  local wishes = {}
  for s in cluster:services {} do
    local d, share = s.deployments[1], s.strategy[1]
    if s.distinct and #s.placement_constraints == 2 and not share
       and s.placement_constraints[2].expression == "attribute:a == 1"
       and d.status == "PRIMARY" and d.rollout_state == "COMPLETED"
       and not d.running then
      wishes[#wishes + 1] = fixed { s.name, 1 }
    elseif share and share.provider == "blue" and share.weight == 3
           and share.base == 1 and s.strategy[2].weight == 0
           and d.running == 2 and d.created_at == 100
           and d.task_definition:find "task%-definition/web:3$" then
      wishes[#wishes + 1] = fixed { s.name, 2 }
    end
  end
  return wishes
end
]]

test "what a service is like" (function()
  local plan = cluster {
    services = {
      { name = "agent", distinct = true,
        constraints = { "attribute:a == 1" } },
      { name = "web", strategy = { { provider = "blue", weight = 3, base = 1 },
                                   { provider = "red" } },
        deployments = { { status = "PRIMARY", running = 2, created_at = 100,
                          task_definition = "web:3" } } },
    },
  }:plan(policy)
  plan:wants("agent", 1)
  plan:wants("web", 2)
end)

test "mistakes are found" (function()
  local function says(service, text)
    local ok, message = pcall(cluster, { services = { service } })
    expect(not ok and tostring(message):find(text, 1, true), message)
  end
  for field, value in pairs { strategy = "blue", providers = "blue",
                              deployments = 7, distinct = "yes" } do
    says({ name = "a", [field] = value }, field .. " of a service is")
  end
  says({ name = "a", strategy = { { provider = "b", wieght = 1 } } },
       "a share of a strategy has no 'wieght'; did you mean 'weight'?")
  says({ name = "a", deployments = { { state = "x" } } },
       "a deployment has no 'state'; did you mean 'status'?")
  says({ name = "a", strategy = {}, providers = {} },
       "a service has providers or a strategy")
end)
"""


def test_a_test_makes_what_a_service_is_like(headcount, tmp_path):
    (tmp_path / "like_test.lua").write_text(BY_HAND)
    run = headcount("test", str(tmp_path))
    assert run.code == 0, run.out


# ---- placeable ----

PLACEABLE = "return { per_host { 'agent', placeable = true } }"
ROOM = [{"name": "CPU", "integerValue": 1024},
        {"name": "MEMORY", "integerValue": 900},
        {"name": "PORTS", "stringSetValue": ["22"]},
        {"name": "PORTS_UDP", "stringSetValue": []}]
FULL = [*ROOM[:3], {"name": "PORTS_UDP", "stringSetValue": ["8125"]}]


@pytest.fixture
def agents(ecs, headcount):
    """Two hosts that run the agent, one that can and one that cannot."""
    headcount.at(ecs)
    ecs.model.task_definition("agent", containerDefinitions=[{
        "name": "agent", "cpu": 64, "memory": 128, "portMappings": [
            {"hostPort": 8125, "containerPort": 8125, "protocol": "udp"}]}])
    for i, room in enumerate((ROOM, ROOM, ROOM, FULL)):
        ecs.host(f"h{i}", attributes=LINUX, remainingResources=room,
                 groups=["service:agent"] if i < 2 else [])
    ecs.service("agent", desired=2, runningCount=2,
                taskDefinition=ecs.model.task_definitions[0]
                ["taskDefinitionArn"])
    return ecs


def test_a_placeable_rule_rises_to_hosts_that_can_take_the_task(agents,
                                                                policy):
    run = policy(PLACEABLE, verb="apply")
    assert run.service()["outcome"] == "updated", run.out
    assert run.service()["code"] == "unplaceable"
    assert run.service()["wanted"] == 3
    assert "4 wanted, 3 placeable: 1 lacks port 8125/udp" in \
        run.service()["reason"]
    assert agents.services["agent"]["desiredCount"] == 3
    # Without the field the count is that of the hosts: ECS places the rest.
    run = policy("return { per_host { 'agent' } }", verb="apply")
    assert run.service()["wanted"] == 4 and run.service()["code"] == ""


def test_a_placeable_rule_at_rest_reads_no_rooms(agents, policy):
    agents.services["agent"]["desiredCount"] = 4
    run = policy(PLACEABLE)
    assert run.service()["outcome"] == "unchanged", run.out
    assert "DescribeContainerInstances" not in agents.operations()
    assert agents.services["agent"]["desiredCount"] == 4


def test_a_snapshot_of_a_placeable_rule_gives_the_same(agents, policy,
                                                       headcount):
    live = policy(PLACEABLE)
    (headcount.home / "prod.json").write_text(
        policy(PLACEABLE, verb="snapshot").out)
    kept = headcount("plan", "--snapshot", "prod.json", "--policy",
                     "policy.lua", "--output", "json")
    assert kept.service() == live.service()
    # One that was taken without the question cannot answer it.
    (headcount.home / "prod.json").write_text(
        policy("return { per_host { 'agent' } }", verb="snapshot").out)
    policy(PLACEABLE)
    kept = headcount("plan", "--snapshot", "prod.json", "--policy",
                     "policy.lua", "--output", "json")
    assert kept.service()["outcome"] == "failed", kept.out
    assert kept.service()["code"] == "not_in_snapshot"


def test_fixed_is_not_placeable(agents, policy):
    run = policy("return { fixed { 'agent', 3, placeable = true } }")
    assert "fixed takes no 'placeable'" in error(run)
    run = policy("defaults { placeable = true } "
                 "return { fixed { 'agent', 3 } }")
    assert wanted(run) == {"agent": 3}


# ---- which hosts can take a task ----

CAN_TAKE = """
return function(cluster)
  local said = {}
  for host in cluster:hosts {} do
    local can, why = host:can_take "agent"
    said[#said + 1] = host.ec2_id .. " " .. tostring(can) .. " " .. why
  end
  for service in cluster:services {} do
    said[#said + 1] = service.name .. " " .. tostring(service.placeable)
  end
  local right = [[%s]]
  local all = table.concat(said, "\\n")
  if all ~= right then error(all) end
  return { fixed { "agent", 3 } }
end
"""
SAID = """i-h0 true it runs a task of the service
i-h1 true it runs a task of the service
i-h2 true 64 of 1024 CPU units, 128 of 900 MiB, port 8125/udp is free
i-h3 false port 8125/udp is taken
i-h4 nil ECS does not tell which udp ports are taken
i-h5 false its constraints, launch type or capacity providers leave this \
host out
agent 3
other 6
daemon nil"""


@pytest.fixture
def told(agents):
    agents.host("h4", attributes=LINUX, remainingResources=ROOM[:3])
    agents.host("h5", attributes=[{"name": "tier", "value": "spare"}],
                remainingResources=ROOM)
    agents.services["agent"]["placementConstraints"] = [
        {"type": "memberOf", "expression": "attribute:tier != spare"}]
    other = agents.model.task_definition("other")
    agents.service("other", taskDefinition=other["taskDefinitionArn"])
    agents.service("daemon", schedulingStrategy="DAEMON")
    return agents


def test_which_hosts_can_take_a_task_is_a_fact(told, policy, headcount):
    live = policy(CAN_TAKE % SAID)
    assert wanted(live) == {"agent": 3}, live.out
    assert told.writes() == []
    (headcount.home / "prod.json").write_text(
        policy(CAN_TAKE % SAID, verb="snapshot").out)
    calls = len(told.requests)
    kept = headcount("plan", "--snapshot", "prod.json", "--policy",
                     "policy.lua", "--output", "json")
    assert wanted(kept) == {"agent": 3}, kept.out
    assert len(told.requests) == calls


def test_placements_of_a_list_are_read_ahead(agents, policy, headcount):
    """A round for each of 40 services would be more than 32."""
    arn = agents.services["agent"]["taskDefinition"]
    for i in range(40):
        agents.service(f"x{i:02}", taskDefinition=arn)
    run = policy("""
return function(cluster)
  local all = 0
  for s in cluster:services { name = "x*" } do all = all + s.placeable end
  return { fixed { "agent", all } }
end
""", "prod", "--api-share", "1")
    assert wanted(run) == {"agent": 40 * 3}, run.out
    # The glob leaves `agent` out: nothing is read about it for this.
    assert not [r for r in agents.requests
                if "service:agent)" in r.body.get("filter", "")]


def test_a_placement_that_is_not_asked_for_is_not_read(agents, policy):
    for i in range(8):
        agents.service(f"x{i}", taskDefinition=agents.services["agent"]
                       ["taskDefinition"])
    run = policy("""
return function(cluster)
  for s in cluster:services {} do
    if s.name == "agent" then return { fixed { "agent", s.placeable } } end
  end
end
""")
    assert wanted(run) == {"agent": 3}, run.out
    assert [r for r in agents.requests
            if "service:agent)" in r.body.get("filter", "")]
    assert not [r for r in agents.requests
                if "service:x" in r.body.get("filter", "")]


@pytest.mark.parametrize("text, says", [
    ("host.can_take('agent')", "takes the name of a service"),
    ("host:can_take(7)", "takes the name of a service"),
    ("host.can_take(service, 'agent')", "takes the name of a service"),
    ("host:can_take 'a b'", "does not name"),
    ("host:can_tak 'agent'", "did you mean 'can_take'?"),
    ("return service.placable", "did you mean 'placeable'?"),
])
def test_questions_about_placement_that_are_none(agents, policy, text, says):
    run = policy("return function(cluster)\n"
                 "for host in cluster:hosts {} do\n"
                 "for service in cluster:services {} do\n"
                 f"{text} end end end")
    assert says in error(run), run.out


def test_a_service_that_is_not_there_has_no_placement(agents, policy):
    run = policy("""
return function(cluster)
  for host in cluster:hosts {} do
    local can, why = host:can_take "gone"
    if can == nil then error(why) end
  end
end
""")
    assert error(run) == "policy.lua:5: which hosts service gone runs on " \
        "cannot be told"


BIG_STEP = """
return function(cluster)
  for s in cluster:services { name = "agent" } do
    return { fixed { "agent", s.placeable } }
  end
end
"""


@pytest.mark.parametrize("more", [False, True])
def test_a_big_step_by_placement_is_read_twice(agents, policy, more):
    agents.services["agent"].update(desiredCount=9, runningCount=2)
    if more:                              # a host comes between the readings
        def comes(request):
            agents.host("h9", attributes=LINUX, remainingResources=ROOM)
            return agents.good(request)
        agents.fault("ListContainerInstances", [comes], nth=3)
    run = policy(BIG_STEP, verb="apply")
    s = run.service()
    assert s["outcome"] == ("held" if more else "updated"), run.out
    assert s["code"] == ("step_down" if more else ""), run.out
    lists = [r for r in agents.requests
             if "task:group" in r.body.get("filter", "")]
    assert len(lists) == 2


PLACED_BY_HAND = """
local policy = [[
return function(cluster)
  local wishes, can, cannot, unknown = {}, 0, 0, 0
  for host in cluster:hosts {} do
    local yes, why = host:can_take "agent"
    if yes then can = can + 1
    elseif yes == false then cannot = cannot + 1
    else unknown = unknown + 1 end
  end
  if can ~= 3 or cannot ~= 2 or unknown ~= 1 then
    error(can .. " " .. cannot .. " " .. unknown)
  end
  for s in cluster:services {} do
    wishes[#wishes + 1] = fixed { s.name, s.placeable }
  end
  return wishes
end
]]

local function world(hosts)
  return cluster {
    hosts = hosts,
    services = { { name = "web", desired = 2 }, { name = "agent", desired = 2,
                          constraints = { "attribute:tier != spare" } } },
    task_definitions = {
      ["agent:1"] = { cpu = 64, ports_udp = { 8125 }, requires = { "tls" } },
    },
  }
end

local tls = { tls = "1" }

test "hosts say what runs there" (function()
  local plan = world {
    { count = 2, tasks = { "agent", "web" } },
    { cpu = 100, cpu_remaining = 64, attributes = tls },
    { cpu = 100, ports_udp = { 8125 }, attributes = tls },
    { cpu = 100, attributes = { tier = "spare", tls = "1" } },
    { attributes = tls },
  }:plan(policy)
  plan:wants("agent", 3)
  plan:wants("web", 6)
end)

test "a placeable rule" (function()
  local plan = world {
    { count = 2, tasks = { "agent" } },
    { cpu = 100, attributes = tls },
    { cpu = 100, cpu_remaining = 63, attributes = tls },
    { cpu = 100 },
  }:plan "return { per_host { 'agent', placeable = true } }"
  plan:wants("agent", 3)
  expect(plan.services.agent.code == "unplaceable")
  expect(plan.services.agent.reason:find("1 lacks CPU units, 1 an attribute",
                                         1, true),
         plan.services.agent.reason)
end)

test "hosts that do not say it" (function()
  local way_out = "tasks = { SERVICE }"
  world(3):plan(policy):fails "not answerable offline"
  world(3):plan(policy):fails(way_out)
  local plan = world(3):plan "return { per_host { 'agent', placeable = true } }"
  expect(plan.services.agent.reason:find(way_out, 1, true),
         plan.services.agent.reason)
end)

test "mistakes are found" (function()
  local ok, message = pcall(cluster, { task_definitions = {
    ["agent:1"] = { prots = { 80 } } } })
  expect(not ok and tostring(message):find("did you mean 'ports'?", 1, true),
         message)
end)
"""


def test_a_test_says_which_hosts_can_take_a_task(headcount, tmp_path):
    (tmp_path / "placed_test.lua").write_text(PLACED_BY_HAND)
    run = headcount("test", str(tmp_path))
    assert run.code == 0, run.out


@pytest.mark.parametrize("rule, says", [
    ("fixed { 'web', 0 }", "allow_zero = true in its rule, policy.lua:1"),
    ("per_host { 'web', where = 'attribute:gpu exists' }",
     "allow_empty_filter = true in its rule, policy.lua:1")])
def test_a_hold_names_what_lets_this_rule_pass(prod, policy, rule, says):
    """--allow goes with --service, so it would run another rule than this."""
    run = policy(f"return {{ {rule} }}", form="text")
    assert "--allow" not in run.out
    assert f"; to let it pass: {says}\n" in run.out
    field = says.split(" ")[0]
    run = policy(f"return {{ {rule[:-2]}, {field} = true }} }}", form="text")
    assert "~ prod  web  1 -> 0" in run.out, run.out


def test_a_hold_of_a_tag_says_that_no_tag_lets_it_pass(prod, headcount):
    for service in prod.services.values():
        service["tags"] = []
    prod.services["web"]["tags"] = [
        {"key": "headcount:rule", "value": "per-host"},
        {"key": "headcount:where", "value": "attribute:gpu exists"}]
    run = headcount("plan", "prod", "--policy", "tags")
    assert run.out.splitlines()[0].endswith(
        "; to let it pass: allow_empty_filter = true in a policy in Lua, no "
        "tag does")
