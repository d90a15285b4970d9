-- Clients: what they take, what failures look like, that close is close.
local headcount = require "headcount"

-- A port that nobody listens at: bound to and closed would race, port 1 of
-- loopback is refused everywhere.
local NOBODY = "http://127.0.0.1:1"

local function client(more)
  local options = { region = "eu-west-1", endpoint_url = NOBODY,
                    max_attempts = 1, credentials = {
                      access_key_id = "AKIDEXAMPLE",
                      secret_access_key = "hush-hush" } }
  for name, value in pairs(more or {}) do options[name] = value end
  return assert(headcount.client(options))
end

local function raises(text, f, ...)
  local ok, message = pcall(f, ...)
  assert.is_false(ok)
  assert.is_truthy(message:find(text, 1, true), message)
  assert.is_nil(message:find("hush", 1, true))
end

describe("the host", function()
  it("is Lua 5.4", function()
    assert.equal("Lua 5.4", _VERSION)
    assert.matches("^headcount %d+%.%d+%.%d+$", headcount._VERSION)
  end)
end)

describe("headcount.client", function()
  it("names the right option", function()
    raises("takes no 'regoin'; did you mean 'region'?", headcount.client,
           { regoin = "x" })
    raises("region is a text without NUL, not a number", headcount.client,
           { region = 1 })
    raises("region holds a NUL", headcount.client, { region = "a\0b" })
    raises("connect_timeout is a number of seconds, not -1", headcount.client,
           { connect_timeout = -1 })
    raises("keep_alive is true or false", headcount.client,
           { keep_alive = 1 })
    raises("max_attempts is a whole number from 1 to 10000, not 0",
           headcount.client,
           { max_attempts = 0 })
    raises("max_connections is a whole number from 1 to 10000, not 10001",
           headcount.client, { max_connections = 10001 })
    raises("min_speed is a whole number of bytes, not 0.5", headcount.client,
           { min_speed = 0.5 })
    raises("min_speed is a whole number of bytes, not -1", headcount.client,
           { min_speed = -1 })
    raises("takes a table of options", headcount.client, "eu-west-1")
    raises("credentials takes no 'access_key'", headcount.client,
           { credentials = { access_key = "x" } })
  end)

  it("takes limits of connections and attempts", function()
    local c = assert(headcount.client { region = "eu-west-1",
      max_connections = 50, max_connections_per_host = 5, acquire_timeout = 2,
      attempt_timeout = 0, tcp_user_timeout = 9.5, min_speed = 0 })
    c:close()
  end)

  it("can do without what it remembers", function()
    local c = assert(headcount.client { region = "eu-west-1",
      dns_cache = false, tls_resumption = false })
    c:close()
  end)

  it("returns what is wrong with a setting", function()
    local c, message, code = headcount.client { region = "nowhere at all" }
    assert.is_nil(c)
    assert.equal("ECONFIG", code)
    assert.matches("nowhere at all", message)
    c, message, code = headcount.client {
      region = "eu-west-1", credentials = { access_key_id = "A" } }
    assert.is_nil(c)
    assert.equal("ECREDENTIALS", code)
    assert.matches("secret access key", message)
    c, message, code = headcount.client { ca_bundle = "/nonexistent.pem" }
    assert.is_nil(c)
    assert.equal("string", type(code))
    assert.matches("/nonexistent.pem", message)
  end)

  it("is closed once, and says so", function()
    local c = client()
    assert.equal("headcount.client", tostring(c))
    c:close()
    c:close()
    assert.equal("headcount.client (closed)", tostring(c))
    for _, name in ipairs { "call", "fetch", "sign", "reconcile", "stats" } do
      raises("the client is closed", c[name], c, "ecs", "ListClusters")
    end
    do
      local scoped <close> = client()
      c = scoped
    end
    assert.equal("headcount.client (closed)", tostring(c))
    raises("headcount.client expected", c.call, {}, "ecs", "ListClusters")
  end)
end)

describe("a failure of the world", function()
  it("is nil, a message and a code", function()
    local c <close> = client()
    for _, got in ipairs {
      table.pack(c:call("ecs", "ListClusters", {})),
      table.pack(c:call("ecs", "ListClusters")),
      table.pack(c:call("ecs", "ListClusters", "{}")),
      table.pack(c:fetch { url = NOBODY .. "/" }),
      table.pack(c:connect("ecs")),
      table.pack(c:connect("ecs", { timeout = 5, region = "eu-west-1" })),
    } do
      assert.is_nil(got[1])
      assert.matches("127%.0%.0%.1:1.*refused", got[2])
      assert.equal("ECONNECT", got[3])
    end
    local answer, message, code = c:call("s3", "ListBuckets", {})
    assert.is_nil(answer)
    assert.equal("string", type(message))
    assert.equal("string", type(code))
  end)

  it("is none of a signature, which asks nobody", function()
    local c <close> = client()
    local signed = assert(c:sign {
      url = NOBODY .. "/a?b", service = "s3", expires = 60,
      time = "20150830T123600Z" })
    assert.matches("/a%?b&X%-Amz%-Algorithm=.*Date=20150830T123600Z&.*%x$",
                   signed.url)
    assert.equal(0, c:stats().api_calls)
    signed = assert(c:sign { url = NOBODY, service = "execute-api" })
    assert.matches("/execute%-api/aws4_request", signed.headers.Authorization)
  end)

  it("of one cluster is in the report", function()
    local c <close> = client()
    local report = assert(c:reconcile("prod", { services = { "web" } }))
    assert.equal(1, report.summary.failed)
    assert.equal("ECONNECT", report.clusters[1].error.code)
  end)

  it("counts", function()
    local c <close> = client()
    assert.equal(0, c:stats().api_calls)
    c:call("ecs", "ListClusters", {})
    assert.equal(1, c:stats().api_calls)
    assert.equal(0, c:stats().connections_opened)
  end)
end)

describe("misuse", function()
  local c = client()

  it("of call raises", function()
    raises("bad argument", c.call, c)
    raises("bad argument", c.call, c, "ecs")
    raises("table expected", c.call, c, "ecs", "ListClusters", 5)
    raises("is a function, which JSON has not", c.call, c, "ecs",
           "ListClusters", { a = print })
    raises("did you mean 'timeout'", c.call, c, "ecs", "ListClusters", {},
           { timeuot = 1 })
  end)

  it("of connect raises", function()
    raises("bad argument", c.connect, c)
    raises("client:connect takes no 'timeuot'; did you mean 'timeout'?",
           c.connect, c, "ecs", { timeuot = 1 })
  end)

  it("of fetch raises", function()
    raises("table expected", c.fetch, c, NOBODY)
    raises("takes a url", c.fetch, c, {})
    raises("body is a text, not a table", c.fetch, c,
           { url = NOBODY, body = {} })
    raises("headers is a table", c.fetch, c, { url = NOBODY, headers = "x" })
    raises("a value is a text", c.fetch, c,
           { url = NOBODY, headers = { a = 1 } })
    raises("did you mean 'headers'", c.fetch, c,
           { url = NOBODY, header = {} })
    raises("sign takes a service", c.fetch, c, { url = NOBODY, sign = {} })
    raises("did you mean 'service'", c.fetch, c,
           { url = NOBODY, sign = { serivce = "s3" } })
    raises("sign takes a table", c.fetch, c, { url = NOBODY, sign = "s3" })
    local answer, _, code = c:fetch { url = "gopher://x/" }
    assert.is_nil(answer)
    assert.equal("EARG", code)
  end)

  it("of sign raises", function()
    raises("table expected", c.sign, c, NOBODY)
    raises("takes a url and a service", c.sign, c, { service = "s3" })
    raises("takes a url and a service", c.sign, c, { url = NOBODY })
    raises("takes no 'access_key_id'", c.sign, c, { access_key_id = "a" })
    raises("YYYYMMDDTHHMMSSZ", c.sign, c,
           { url = NOBODY, service = "s3", time = "now" })
    local answer, message, code = c:sign { url = NOBODY, service = "S3" }
    assert.is_nil(answer)
    assert.matches("service to sign for", message)
    assert.equal("EARG", code)
  end)

  it("of reconcile raises", function()
    raises("table expected", c.reconcile, c, "prod")
    raises("either a policy or services", c.reconcile, c, "prod", {})
    raises("either a policy or services", c.reconcile, c, "prod",
           { policy = "return {}", services = { "web" } })
    raises("services[1] is a text", c.reconcile, c, "prod",
           { services = { 1 } })
    raises("services is a list", c.reconcile, c, "prod",
           { services = "web" })
    raises('hosts is "active"', c.reconcile, c, "prod",
           { services = { "web" }, hosts = "all" })
    raises('explain is "changes"', c.reconcile, c, "prod",
           { services = { "web" }, explain = "some" })
    raises("takes a cluster's name", c.reconcile, c, 5,
           { services = { "web" } })
    raises("did you mean 'policy'", c.reconcile, c, "prod",
           { polcy = "return {}" })
  end)
end)

describe("client:reconcile on a snapshot", function()
  local json = headcount.json
  local snapshot = {
    format_version = "1.0", taken = "2026-11-24T00:00:00Z", complete = true,
    cluster = "arn:aws:ecs:eu-west-1:000000000000:cluster/prod",
    services = { {
      serviceArn = "arn:aws:ecs:eu-west-1:000000000000:service/prod/web",
      serviceName = "web", status = "ACTIVE", desiredCount = 1,
      clusterArn = "arn:aws:ecs:eu-west-1:000000000000:cluster/prod",
      launchType = "EC2", runningCount = 1, pendingCount = 0,
      deployments = { { status = "PRIMARY" } },
    } },
    failures = json.array {},
    readings = { { lists = { {
      status = "ACTIVE", filter = "", described = true, hosts = {
        { containerInstanceArn = "arn:aws:ecs:eu-west-1:000000000000:"
            .. "container-instance/prod/a", status = "ACTIVE",
          attributes = { { name = "os", value = "linux" } } },
        { containerInstanceArn = "arn:aws:ecs:eu-west-1:000000000000:"
            .. "container-instance/prod/b", status = "ACTIVE",
          attributes = { { name = "os", value = "plan9" } } },
      },
    } } }, { lists = json.array {} } },
  }
  local c = client()

  it("plans services and policies, as table and as JSON", function()
    for _, s in ipairs { snapshot, json.encode(snapshot) } do
      for _, options in ipairs {
        { services = { "web" } }, { policy = "return { per_host { 'web' } }" },
        { policy = "return function() return { per_host { 'web' } } end" },
      } do
        options.snapshot, options.dry_run = s, true
        local report, message = c:reconcile(nil, options)
        assert.is_truthy(report, message)
        local service = report.clusters[1].services[1]
        assert.equal("pending", service.outcome)
        assert.equal(2, service.wanted)
        assert.equal(0, report.stats.api_calls)
        assert.is_nil(report.clusters[1].error)
      end
    end
  end)

  it("heeds the constraints that it is told to", function()
    snapshot.services[1].taskDefinition = "web:1"
    snapshot.taskDefinitions = { {
      taskDefinitionArn = "web:1", placementConstraints = { {
        type = "memberOf", expression = "attribute:os == linux" } },
    } }
    for whose, wanted in pairs { service = 2, all = 1 } do
      for _, options in ipairs {
        { services = { "web" } }, { policy = "return { per_host { 'web' } }" },
      } do
        options.snapshot, options.dry_run = snapshot, true
        options.constraints = whose
        local report = assert(c:reconcile(nil, options))
        assert.equal(wanted, report.clusters[1].services[1].wanted)
      end
    end
    snapshot.services[1].taskDefinition, snapshot.taskDefinitions = nil, nil
    assert.error_matches(function()
      c:reconcile(nil, { services = { "web" }, snapshot = snapshot,
                         dry_run = true, constraints = "task" })
    end, 'constraints is "service" or "all"')
  end)

  it("tells a policy what a service is like and where it fits", function()
    local service = snapshot.services[1]
    local host = snapshot.readings[1].lists[1].hosts
    service.placementConstraints = { { type = "distinctInstance" } }
    service.taskDefinition = "web:1"
    snapshot.taskDefinitions = { {
      taskDefinitionArn = "web:1", placementConstraints = json.array {},
      needs = { containerDefinitions = { {} } },
    } }
    snapshot.serviceTasks = { { service = "web", hosts = {
      host[1].containerInstanceArn } } }
    host[2].agentConnected = false
    local report = assert(c:reconcile(nil, {
      snapshot = snapshot, dry_run = true, policy = [[
        return function(cluster)
          local said = {}
          for h in cluster:hosts {} do
            local can, why = h:can_take "web"
            said[#said + 1] = tostring(can) .. " " .. why
          end
          error(table.concat(said, ", "))
        end]] }))
    assert.is_truthy(report.clusters[1].error.message:find(
      "true it runs a task of the service, false its agent is not connected",
      1, true), report.clusters[1].error.message)
    service.placementConstraints, service.taskDefinition = nil, nil
    snapshot.taskDefinitions, snapshot.serviceTasks = nil, nil
    host[2].agentConnected = nil
  end)

  it("takes where, and reads a policy's file", function()
    local report = assert(c:reconcile(nil, {
      services = { "web" }, snapshot = snapshot, dry_run = true,
      where = "attribute:os == linux" }))
    assert.equal("unchanged", report.clusters[1].services[1].outcome)
    local path = os.tmpname()
    local f = assert(io.open(path, "w"))
    f:write "return { per_hots { 'web' } }"
    f:close()
    report = assert(c:reconcile(nil, { policy = path, snapshot = snapshot,
                                       dry_run = true }))
    os.remove(path)
    assert.equal("EPOLICY", report.clusters[1].error.code)
    assert.is_truthy(report.clusters[1].error.message
      :find(path .. ":1: ", 1, true))
    assert.matches("per_host", report.clusters[1].error.message)
  end)

  it("says what is wrong with a policy", function()
    local report, message, code = c:reconcile(nil, {
      policy = "return {", snapshot = snapshot, policy_name = "mine.lua",
      dry_run = true })
    assert.is_nil(report)
    assert.matches("^mine%.lua:1:", message)
    assert.equal("EPOLICY", code)
    report, message, code = c:reconcile(nil, { policy = "/nonexistent.lua",
                                               snapshot = snapshot })
    assert.is_nil(report)
    assert.matches("/nonexistent%.lua", message)
    assert.equal("ECONFIG", code)
  end)

  it("records the facts", function()
    local _, recorded = assert(c:reconcile(nil, {
      services = { "web" }, snapshot = snapshot, dry_run = true,
      record = true }))
    assert.equal("1.0", json.decode(recorded).format_version)
  end)
end)

describe("a name that is not there", function()
  it("is an error with the nearest one", function()
    local c <close> = assert(headcount.client { region = "eu-west-1" })
    local ok, why = pcall(function() return c:reconcil "x" end)
    assert.is_false(ok)
    assert.truthy(why:find(
      "a client has no 'reconcil'; did you mean 'reconcile'?", 1, true))
    ok, why = pcall(function() return headcount.clinet end)
    assert.is_false(ok)
    assert.truthy(why:find(
      "headcount has no 'clinet'; did you mean 'client'?", 1, true))
    ok, why = pcall(function() return headcount.zzzzzzzzzz end)
    assert.is_false(ok)
    assert.truthy(why:find("headcount has no 'zzzzzzzzzz'$"))
    assert.is_nil(c[1])
    assert.is_nil(headcount[1])
  end)
end)
