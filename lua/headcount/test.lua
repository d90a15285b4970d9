--- Tests of policies, offline: what `headcount test` runs.
--
-- A file `*_test.lua` names tests; each makes a cluster by hand or loads a
-- snapshot, plans a policy on it, and says what the plan has to be:
--
--     test "an agent on every host" (function()
--       local plan = cluster { hosts = 5, services = { "agent" } }
--         :plan "agents.lua"
--       plan:wants("agent", 5)
--     end)
--
-- The plan is made by the same code that plans on AWS's answers.  Paths are
-- relative to the test's file.  A failed expectation shows the plan it saw.
--
-- @module headcount.test
local headcount = require "headcount"
local json = headcount.json

local M = {}

-- ---- failures ----

local Failure = { __tostring = function(self) return self.message end }

-- The line of the test's file in the call stack.
local function where(file)
  for level = 3, 50 do
    local info = debug.getinfo(level, "Sl")
    if not info then
      return file
    end
    if info.source == "@" .. file then
      return ("%s:%d"):format(file, info.currentline)
    end
  end
  return file
end

local function fail(file, plan, message, ...)
  error(setmetatable({
    message = ("%s: %s"):format(where(file), message:format(...)),
    plan = plan and tostring(plan),
  }, Failure), 0)
end

-- ---- a cluster as a snapshot ----

local SERVICE = {
  name = true, desired = true, running = true, pending = true, tags = true,
  launch_type = true, status = true, constraints = true, distinct = true,
  providers = true, strategy = true, deployments = true,
  task_definition = true, aws = true,
}
local SHARE = { provider = true, weight = true, base = true }
local DEPLOYMENT = {
  id = true, status = true, rollout_state = true, task_definition = true,
  desired = true, running = true, pending = true, created_at = true,
  updated_at = true,
}
local HOST = {
  id = true, count = true, attributes = true, status = true, connected = true,
  age = true, provider = true, zone = true, os = true, ec2_id = true,
  cpu = true, memory = true, cpu_remaining = true, memory_remaining = true,
  ports = true, ports_udp = true, running = true, tasks = true, tags = true,
}
local DEFINITION = {
  cpu = true, memory = true, ports = true, ports_udp = true, gpus = true,
  network_mode = true, requires = true, os = true, architecture = true,
}
local CLUSTER = {
  name = true, region = true, account = true, tags = true, status = true,
  hosts = true, services = true, registered = true, managed = true,
  scalable = true, second = true, time = true, task_definitions = true,
}

-- Distance of two names, for "did you mean".
local function nearest(name, names)
  local best, least = nil, 3
  for candidate in pairs(names) do
    local row = {}
    for j = 0, #candidate do row[j] = j end
    for i = 1, #name do
      local corner = row[0]
      row[0] = i
      for j = 1, #candidate do
        local cost = name:byte(i) == candidate:byte(j) and 0 or 1
        corner, row[j] = row[j],
          math.min(row[j] + 1, row[j - 1] + 1, corner + cost)
      end
    end
    local d = row[#candidate]
    if d < least or (d == least and best and candidate < best) then
      best, least = candidate, d
    end
  end
  return best
end

-- `list`: it may have elements, too.
local function check(what, t, names, list)
  if type(t) ~= "table" then
    error(("%s is a table, not a %s"):format(what, type(t)), 4)
  end
  local unknown
  for key in pairs(t) do
    if not names[key] and not (list and math.type(key) == "integer")
       and (not unknown or tostring(key) < unknown) then
      unknown = tostring(key)
    end
  end
  if unknown then
    local best = nearest(unknown, names)
    error(("%s has no '%s'%s"):format(what, unknown,
      best and ("; did you mean '%s'?"):format(best) or ""), 4)
  end
end

local function sorted(t)
  local keys = {}
  for key in pairs(t or {}) do keys[#keys + 1] = key end
  table.sort(keys)
  return keys
end

local function pairs_of(t, key)
  local list = json.array {}
  for _, name in ipairs(sorted(t)) do
    list[#list + 1] = { [key] = name, value = tostring(t[name]) }
  end
  return list
end

local function arn(c, kind, id)
  return ("arn:aws:ecs:%s:%s:%s/%s"):format(c.region, c.account, kind, id)
end

local function resources(cpu, memory)
  local list = json.array {}
  for i, name in ipairs { "CPU", "MEMORY" } do
    local n
    if i == 1 then n = cpu else n = memory end
    if n then
      list[#list + 1] = { name = name, integerValue = n }
    end
  end
  return list
end

-- What is left of CPU and memory, and the ports that are taken.
local function remaining(h)
  local list = resources(h.cpu_remaining or h.cpu,
    h.memory_remaining or h.memory)
  for _, name in ipairs { "PORTS", "PORTS_UDP" } do
    local taken = json.array {}
    for i, port in ipairs(h[name:lower()] or {}) do
      taken[i] = tostring(port)
    end
    list[#list + 1] = { name = name, stringSetValue = taken }
  end
  return list
end

local function host_of(c, h, id)
  local attributes = {
    ["ecs.os-type"] = h.os or "linux",
    ["ecs.availability-zone"] = h.zone or c.region .. "a",
    ["ecs.instance-type"] = "m5.large",
  }
  for name, value in pairs(h.attributes or {}) do
    attributes[name] = value
  end
  return {
    containerInstanceArn = arn(c, "container-instance", c.name .. "/" .. id),
    ec2InstanceId = h.ec2_id or "i-" .. id,
    status = h.status or "ACTIVE",
    agentConnected = h.connected ~= false,
    registeredAt = c.time - (h.age or 86400),
    capacityProviderName = h.provider,
    runningTasksCount = h.running or 0, pendingTasksCount = 0,
    registeredResources = resources(h.cpu, h.memory),
    remainingResources = remaining(h),
    attributes = pairs_of(attributes, "name"),
    tags = pairs_of(h.tags, "key"),
  }
end

-- `hosts` is a number, or a list of { count =, attributes =, ... }; `tasks.of`
-- gets { [service] = { ARN of a host that runs a task of it } }.
local function hosts_of(c, hosts, tasks)
  local lists = { ACTIVE = json.array {}, DRAINING = json.array {} }
  local n = 0
  if type(hosts) == "number" then
    hosts = { { count = hosts } }
  end
  for _, h in ipairs(hosts or {}) do
    check("a host", h, HOST)
    local list = lists[h.status or "ACTIVE"]
    if not list then
      error("a host's status is ACTIVE or DRAINING", 3)
    end
    for _ = 1, h.count or 1 do
      n = n + 1
      list[#list + 1] = host_of(c, h, h.id or ("%032x"):format(n))
      for _, service in ipairs(h.tasks or {}) do
        tasks.of[service] = tasks.of[service] or json.array {}
        table.insert(tasks.of[service], list[#list].containerInstanceArn)
      end
    end
    tasks.told = tasks.told or h.tasks ~= nil
  end
  return lists, n
end

local function reading(c, hosts, registered, tasks)
  local lists, n = hosts_of(c, hosts, tasks or { of = {} })
  return {
    cluster = {
      status = c.status or "ACTIVE", tags = pairs_of(c.tags, "key"),
      registeredContainerInstancesCount = registered or n,
    },
    lists = {
      { status = "ACTIVE", filter = "", described = true,
        hosts = lists.ACTIVE },
      { status = "DRAINING", filter = "", described = true,
        hosts = lists.DRAINING },
    },
  }
end

local function constraints_of(list, distinct)
  local out = json.array {}
  if distinct then
    out[1] = { type = "distinctInstance" }
  end
  for _, expression in ipairs(list or {}) do
    out[#out + 1] = { type = "memberOf", expression = expression }
  end
  return out
end

-- `providers` are names; `strategy` has weights and bases, too.
local function strategy_of(s)
  local out = json.array {}
  if s.providers and s.strategy then
    error("a service has providers or a strategy", 4)
  end
  for i, provider in ipairs(s.providers or {}) do
    out[i] = { capacityProvider = provider, weight = 1, base = 0 }
  end
  for i, share in ipairs(s.strategy or {}) do
    check("a share of a strategy", share, SHARE)
    out[i] = { capacityProvider = share.provider, weight = share.weight or 0,
               base = share.base or 0 }
  end
  return out
end

local function deployments_of(c, list)
  local out = json.array {}
  for i, d in ipairs(list or { { status = "PRIMARY",
                                 rollout_state = "COMPLETED" } }) do
    check("a deployment", d, DEPLOYMENT)
    out[i] = {
      id = d.id, status = d.status, rolloutState = d.rollout_state,
      taskDefinition = d.task_definition
        and arn(c, "task-definition", d.task_definition),
      desiredCount = d.desired, runningCount = d.running,
      pendingCount = d.pending, createdAt = d.created_at,
      updatedAt = d.updated_at,
    }
  end
  return out
end

local function service_of(c, s)
  if type(s) == "string" then
    s = { name = s }
  end
  check("a service", s, SERVICE)
  if type(s.name) ~= "string" then
    error("a service has a name", 3)
  end
  if s.distinct ~= nil and type(s.distinct) ~= "boolean" then
    error("distinct of a service is true or false", 3)
  end
  for _, list in ipairs { "constraints", "providers", "strategy",
                          "deployments" } do
    check(list .. " of a service", s[list] or {}, {}, true)
  end
  local strategy = strategy_of(s)
  local out = {
    serviceArn = arn(c, "service", c.name .. "/" .. s.name),
    serviceName = s.name, clusterArn = arn(c, "cluster", c.name),
    status = s.status or "ACTIVE", desiredCount = s.desired or 0,
    runningCount = s.running or s.desired or 0,
    pendingCount = s.pending or 0, schedulingStrategy = "REPLICA",
    launchType = s.launch_type or (#strategy == 0 and "EC2" or nil),
    taskDefinition = arn(c, "task-definition",
      s.task_definition or s.name .. ":1"),
    deploymentController = { type = "ECS" },
    deployments = deployments_of(c, s.deployments),
    placementConstraints = constraints_of(s.constraints, s.distinct),
    capacityProviderStrategy = strategy,
    tags = pairs_of(s.tags, "key"),
  }
  for member, value in pairs(s.aws or {}) do
    out[member] = value
  end
  return out
end

-- What a task needs, as DescribeTaskDefinition has it.
local function needs_of(d)
  local ports, attributes = json.array {}, json.array {}
  for i, list in ipairs { d.ports or {}, d.ports_udp or {} } do
    for _, port in ipairs(list) do
      ports[#ports + 1] = { hostPort = port, containerPort = port,
                            protocol = i == 1 and "tcp" or "udp" }
    end
  end
  for i, name in ipairs(d.requires or {}) do
    attributes[i] = { name = name }
  end
  return {
    networkMode = d.network_mode, cpu = d.cpu and tostring(d.cpu),
    memory = d.memory and tostring(d.memory), requiresAttributes = attributes,
    runtimePlatform = { cpuArchitecture = d.architecture,
                        operatingSystemFamily = d.os },
    containerDefinitions = { {
      portMappings = ports, resourceRequirements = json.array(
        d.gpus and { { type = "GPU", value = tostring(d.gpus) } } or {}),
    } },
  }
end

-- { ["web:1"] = { "attribute:gpu exists", cpu = 256, ports = { 80 } } };
-- tasks of services with another definition need nothing.
local function definitions_of(c, given, services)
  local out, all = json.array {}, {}
  for name, d in pairs(given or {}) do
    all[arn(c, "task-definition", name)] = d
  end
  for _, s in ipairs(services) do
    if type(s.taskDefinition) == "string" then
      all[s.taskDefinition] = all[s.taskDefinition] or {}
    end
  end
  for _, name in ipairs(sorted(all)) do
    local d = all[name]
    check("a task definition", d, DEFINITION, true)
    out[#out + 1] = {
      taskDefinitionArn = name, placementConstraints = constraints_of(d),
      fixedHostPort = (d.ports or d.ports_udp) and d.network_mode ~= "awsvpc"
        or false,
      needs = needs_of(d),
    }
  end
  return out
end

-- Hosts say which services have a task there: then all services have their
-- hosts told, and else none.
local function tasks_of(services, tasks)
  local out = json.array {}
  for i, s in ipairs(tasks.told and services or {}) do
    out[i] = { service = s.serviceName,
               hosts = tasks.of[s.serviceName] or json.array {} }
  end
  return out
end

local function answers(list, name, yes)
  local out = json.array {}
  for i, value in ipairs(list or {}) do
    out[i] = { [name] = value, [yes] = true }
  end
  return out
end

local function snapshot_of(given)
  check("cluster", given, CLUSTER)
  local c = setmetatable({
    name = given.name or "test", region = given.region or "eu-west-1",
    account = given.account or "000000000000",
    time = given.time or 1767225600,
  }, { __index = given })
  local services, tasks = json.array {}, { of = {} }
  for i, s in ipairs(given.services or {}) do
    services[i] = service_of(c, s)
  end
  local second = given.second or {}
  check("second", second, { hosts = true, registered = true })
  return json.encode {
    format_version = "1.0", taken = os.date("!%Y-%m-%dT%H:%M:%SZ", c.time),
    cluster = arn(c, "cluster", c.name), complete = true,
    services = services, failures = json.array {},
    readings = { reading(c, given.hosts, given.registered, tasks),
      reading(c, second.hosts or given.hosts,
        second.registered or given.registered) },
    serviceLists = json.array {},
    capacityProviders = answers(given.managed, "name", "managed"),
    taskDefinitions = definitions_of(c, given.task_definitions, services),
    serviceTasks = tasks_of(services, tasks),
    scalableTargets = answers(given.scalable, "service", "owned"),
  }
end

--- The snapshot of a cluster that is made by hand, as JSON.
-- @function snapshot
-- @tparam table given as `cluster` takes it
M.snapshot = snapshot_of

-- ---- a plan ----

local Plan = {}
Plan.__index = Plan

local SIGNS = { pending = "~", unchanged = " ", held = "!", skipped = "-",
                failed = "x" }

function Plan:__tostring()
  if self.message then
    return "  x the whole plan failed: " .. self.message
  end
  local lines = {}
  for _, c in ipairs(self.report.clusters) do
    if c.error then
      lines[#lines + 1] = ("  x %s  failed %s: %s"):format(c.name,
        c.error.code, c.error.message)
    end
    for _, s in ipairs(c.services) do
      lines[#lines + 1] = ("  %s %s  %s -> %s  %s%s: %s"):format(
        SIGNS[s.outcome] or "?", s.service, s.desired_before or "?",
        s.wanted or "?", s.outcome, s.code ~= "" and " " .. s.code or "",
        s.reason)
    end
  end
  if #lines == 0 then
    lines[1] = "  (no service)"
  end
  return table.concat(lines, "\n")
end

-- The row of the service; the test fails if the plan has none.
function Plan:_service(name)
  local s = self.services[name]
  if not s then
    fail(self.file, self, "the plan has no service %s", name)
  end
  return s
end

function Plan:_is(name, outcome, code)
  local s = self:_service(name)
  if s.outcome ~= outcome or (code and s.code ~= code) then
    fail(self.file, self, "%s is %s%s, not %s%s", name, s.outcome,
      s.code ~= "" and " " .. s.code or "", outcome,
      code and " " .. code or "")
  end
  return self
end

--- The service would get this count, or has it already.
function Plan:wants(name, count)
  local s = self:_service(name)
  if s.outcome ~= "pending" and s.outcome ~= "unchanged" then
    fail(self.file, self, "%s is %s%s, it does not get %s", name, s.outcome,
      s.code ~= "" and " " .. s.code or "", count)
  end
  if s.wanted ~= count then
    fail(self.file, self, "%s gets %s, not %s", name, s.wanted, count)
  end
  return self
end

--- The service would not be written: its count is right.
function Plan:unchanged(name)
  return self:_is(name, "unchanged")
end

--- A safety check holds the service, with this code if one is given.
function Plan:holds(name, code)
  return self:_is(name, "held", code)
end

--- headcount skips the service, with this code if one is given.
function Plan:skips(name, code)
  return self:_is(name, "skipped", code)
end

--- The cluster failed, with a sentence that contains this text.
function Plan:fails(text)
  local seen = self.message
  for _, c in ipairs(self.report and self.report.clusters or {}) do
    seen = seen or (c.error and c.error.message)
  end
  if not seen then
    fail(self.file, self, "the cluster did not fail")
  end
  if text and not seen:find(text, 1, true) then
    fail(self.file, self, "the cluster failed, and not with %q", text)
  end
  return self
end

--- The plan names these services and no others.
function Plan:names(list)
  local want, got = {}, sorted(self.services)
  for i, name in ipairs(list) do want[i] = name end
  table.sort(want)
  want, got = table.concat(want, ", "), table.concat(got, ", ")
  if want ~= got then
    fail(self.file, self, "the plan names %s, not %s",
      got == "" and "no service" or got, want == "" and "none" or want)
  end
  return self
end

-- ---- a cluster ----

local Cluster = {}
Cluster.__index = Cluster

local function beside(file, path)
  if path:sub(1, 1) == "/" or path:find("[\n{]") then
    return path
  end
  return (file:match "^(.*/)" or "") .. path
end

--- Plans the policy (a path beside the test's file, or its text) on the
-- cluster.
-- @tparam string policy
-- @tparam[opt] table options `{ event =, allow =, hosts =, constraints =,
-- services =, where = }` as client:reconcile takes them
function Cluster:plan(policy, options)
  options = options or {}
  check("options", options, { event = true, allow = true, hosts = true,
                              services = true, where = true,
                              constraints = true })
  local client <close> = assert(headcount.client {
    region = self.region, no_sign_request = true,
  })
  local report, message = client:reconcile(options.event, {
    policy = policy and beside(self.file, policy), snapshot = self.snapshot,
    dry_run = true, allow = options.allow, hosts = options.hosts,
    services = options.services, where = options.where,
    constraints = options.constraints,
    policy_name = policy and not policy:find("[\n{]") and policy or nil,
  })
  local plan = setmetatable({ file = self.file, report = report,
                              message = message, services = {} }, Plan)
  for _, c in ipairs(report and report.clusters or {}) do
    for _, s in ipairs(c.services) do
      plan.services[s.service] = s
    end
  end
  return plan
end

local function cluster_of(file, given)
  if type(given) == "table" then
    return setmetatable({ file = file, region = given.region or "eu-west-1",
                          snapshot = snapshot_of(given) }, Cluster)
  end
  local path = beside(file, given)
  local f, message = io.open(path, "rb")
  if not f then
    error(message, 3)
  end
  local text = f:read "a"
  f:close()
  local doc, why = json.decode(text)
  if not doc then
    error(path .. ": " .. why, 3)
  end
  return setmetatable({
    file = file, snapshot = text,
    region = tostring(doc.cluster):match "^arn:[^:]*:ecs:([^:]+):"
      or "eu-west-1",
  }, Cluster)
end

-- ---- running ----

local SPELLED = 'a test is test "NAME" (function() ... end)'

local function load_tests(file)
  local tests, begun = {}, 0
  local env = setmetatable({
    test = function(name, ...)
      if select("#", ...) > 0 then
        error(SPELLED, 2)
      end
      begun = begun + 1
      return function(f)
        if type(name) ~= "string" or type(f) ~= "function" then
          error(SPELLED, 2)
        end
        tests[#tests + 1] = { file = file, name = name, f = f }
      end
    end,
    cluster = function(given) return cluster_of(file, given) end,
    expect = function(value, message)
      if not value then
        fail(file, nil, "%s", message or "it is not so")
      end
      return value
    end,
  }, { __index = _G })
  local chunk, message = loadfile(file, "t", env)
  if not chunk then
    return nil, message
  end
  local ok, why = pcall(chunk)
  if not ok then
    return nil, tostring(why)
  end
  if begun > #tests then
    return nil, file .. ": a name has no function: " .. SPELLED
  end
  return tests
end

-- The error, with those lines of its traceback that are in the test's files.
local function traced(e)
  local lines = {}
  for line in debug.traceback(tostring(e), 2):gmatch "[^\n]+" do
    if not line:find "^\t%[C%]" and not line:find "^\theadcount/"
       and not line:find "^\t%(%.%.%." and line ~= "stack traceback:" then
      lines[#lines + 1] = line
    end
  end
  return { message = table.concat(lines, "\n") }
end

local function run_one(test)
  local start = os.clock()
  local ok, why = xpcall(test.f, function(e)
    return getmetatable(e) == Failure and e or traced(e)
  end)
  return {
    file = test.file, name = test.name, ok = ok,
    seconds = os.clock() - start,
    message = not ok and why.message or nil, plan = not ok and why.plan or nil,
  }
end

local function show(r)
  print(("%s %s: %s (%.1f ms)"):format(r.ok and "ok  " or "FAIL", r.file,
    r.name, r.seconds * 1000))
  if r.ok then
    return
  end
  print("     " .. r.message:gsub("\n", "\n     "))
  if r.plan then
    print("     the plan was:\n" .. ("\n" .. r.plan):gsub("\n", "\n     ")
      :sub(2))
  end
end

local function run_file(file, options, results)
  local tests, message = load_tests(file)
  if not tests then
    results[#results + 1] = { file = file, name = "(the file)", ok = false,
                              seconds = 0, message = message }
  end
  for _, test in ipairs(tests or {}) do
    if not options.run or test.name:find(options.run, 1, true) then
      results[#results + 1] = run_one(test)
    end
  end
end

--- Runs the tests of these files.
-- @tparam {string,...} files
-- @tparam table options `run`: only tests whose name contains this text;
-- `json`: print the results as JSON
-- @treturn integer 0; 1: a test failed; 252: there was none
function M.main(files, options)
  local results, failed = {}, 0
  for _, file in ipairs(files) do
    local first = #results + 1
    run_file(file, options, results)
    for i = first, #results do
      failed = failed + (results[i].ok and 0 or 1)
      if not options.json then
        show(results[i])
      end
    end
  end
  if options.json then
    print(json.encode { format_version = "1.0", passed = #results - failed,
                        failed = failed, tests = json.array(results) })
  elseif #results > 0 then
    print(("%d passed, %d failed"):format(#results - failed, failed))
  end
  if #results == 0 then
    io.stderr:write(options.run
      and ("headcount: no test's name holds %q\n"):format(options.run)
      or "headcount: the files hold no tests\n")
    return 252
  end
  return failed > 0 and 1 or 0
end

return M
