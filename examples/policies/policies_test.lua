-- The tests of these policies: `headcount test examples/policies`.

test "an agent on each host, drained ones not counted" (function()
  local plan = cluster {
    hosts = { { count = 5 }, { status = "DRAINING" } },
    services = { { name = "datadog-agent", desired = 4 } },
  }:plan "agents.lua"
  plan:wants("datadog-agent", 5)
end)

test "an empty cluster holds" (function()
  cluster { services = { { name = "datadog-agent", desired = 3 } } }
    :plan "agents.lua":holds("datadog-agent", "zero")
end)

test "two routers on each linux host" (function()
  cluster {
    hosts = { { count = 3 }, { count = 2, os = "windows" } },
    services = { "log-router" },
  }:plan "routers.lua":wants("log-router", 6)
end)

test "dns by the size of the cluster" (function()
  for hosts, count in pairs { [1] = 1, [2] = 2, [15] = 2, [16] = 3,
                              [63] = 3, [64] = 5, [200] = 5 } do
    cluster { hosts = hosts, services = { { name = "dns", desired = 2 } } }
      :plan "dns.lua":wants("dns", count)
  end
end)

test "web leaves one host free" (function()
  cluster { hosts = 7, services = { "web" } }:plan "web.lua":wants("web", 6)
  cluster { hosts = 2, services = { { name = "web", desired = 2 } } }
    :plan "web.lua":unchanged "web"
end)

test "services opt in" (function()
  cluster {
    hosts = 4,
    services = {
      { name = "one", tags = { ["headcount:rule"] = "per-host" } },
      { name = "two", tags = { ["headcount:rule"] = "per-host",
                               ["headcount:tasks"] = "2" } },
      { name = "other", tags = { ["headcount:rule"] = "none" } },
      "untagged",
    },
  }:plan "opt_in.lua":names { "one", "two" }:wants("one", 4):wants("two", 8)
end)

test "each environment has its rule" (function()
  local services = { "agent", "ingress", "canary" }
  cluster { name = "sandbox-7", hosts = 3, services = services }
    :plan "environments.lua":names {}
  cluster { name = "staging", hosts = 3, services = services }
    :plan "environments.lua":names { "agent", "ingress" }:wants("agent", 1)
  cluster { name = "prod-eu", hosts = 9, services = services }
    :plan "environments.lua":names { "agent", "ingress" }
    :wants("agent", 9):wants("ingress", 3)
  cluster { name = "prod-us", hosts = 9, services = services,
            tags = { tier = "gold" } }
    :plan "environments.lua":wants("canary", 1)
end)

test "agents by distinctInstance, where the port is free" (function()
  local hosts = {
    { count = 3, tasks = { "agent", "worker" } }, { count = 2 },
    { ports_udp = { 8125 } }, { count = 4 },
  }
  local function services(agent)
    agent.name, agent.distinct, agent.running = "agent", true, 3
    return { agent, { name = "worker", desired = 3, distinct = true },
             { name = "web", desired = 2 } }
  end
  local definitions = { ["agent:1"] = { ports_udp = { 8125 } } }
  local plan = cluster {
    hosts = hosts, services = services { desired = 6 },
    task_definitions = definitions,
  }:plan "distinct.lua"
  plan:names { "agent" }                -- worker has 3 of 10: spread replicas
  plan:wants("agent", 9)
  cluster {
    hosts = hosts, task_definitions = definitions, services = services {
      desired = 6, deployments = { { status = "PRIMARY",
                                     rollout_state = "IN_PROGRESS" } } },
  }:plan "distinct.lua":names {}
end)
