--- headcount for Lua: keeps AWS ECS services at the count their cluster calls
-- for, and makes AWS calls over connections that stay open.
--
-- A call that fails returns `nil, message, code`: the code is AWS's
-- (`"ClusterNotFoundException"`) or headcount's (`"ETIMEDOUT"`, `"ETLS"`,
-- `"EPROXY"`, `"EPOLICY"`, ...).  A wrong argument raises an error with the
-- caller's line.  Times are seconds unless a name ends in `_us`; `timings` are
-- microseconds.
--
--     local headcount = require "headcount"
--     local client = assert(headcount.client { region = "eu-west-1" })
--     local answer, message, code = client:call("ecs", "ListClusters", {})
--
-- @module headcount
local core = require "headcount.core"

local headcount = {
  --- The version of the library, such as `"0.1.0"`.
  _VERSION = "headcount " .. core.version,
}

--- Makes a client, which owns the connections, DNS answers, TLS sessions and
-- credentials that its calls share.  An option that is not given comes from the
-- environment, as in the AWS SDKs.  Opens no connection.
-- @function client
-- @tparam[opt] table options
-- @tparam[opt] string options.region `AWS_REGION`
-- @tparam[opt] string options.endpoint_url instead of AWS's
-- @tparam[opt] string options.ca_bundle path; replaces the built-in roots
-- @tparam[opt] string options.dns_server `ADDRESS` or `ADDRESS:PORT`, perhaps
-- `fe80::1%eth0`
-- @tparam[opt] boolean options.keep_alive false: each call opens its own
-- connection
-- @tparam[opt] boolean options.dns_cache false: each new connection asks DNS
-- anew
-- @tparam[opt] boolean options.tls_resumption false: each TLS handshake is a
-- full one
-- @tparam[opt] boolean options.tcp_keepalive false: no TCP probes; true: also
-- where `BOTOCORE_TCP_KEEPALIVE` or the profile says false
-- @tparam[opt] string options.profile of `~/.aws`, instead of `AWS_PROFILE`
-- @tparam[opt] table options.credentials `{ access_key_id=,
-- secret_access_key=, session_token= }`
-- @tparam[opt] number options.connect_timeout seconds (3.1) over all addresses
-- of a host, and again for each TLS handshake and for `CONNECT`; 0 is no limit
-- @tparam[opt] number options.read_timeout seconds (30) to the first byte and
-- between bytes; 0 is no limit
-- @tparam[opt] integer options.max_attempts of a call (3; DynamoDB 4)
-- @tparam[opt] integer options.max_connections open at once (200), at most
-- 10000; a call that finds none free waits in the line of its host
-- @tparam[opt] integer options.max_connections_per_host of them (10)
-- @tparam[opt] number options.acquire_timeout seconds (10) in the line of a
-- host while nobody in front gets a connection; 0 is no limit
-- @tparam[opt] number options.attempt_timeout seconds (300) for one attempt,
-- from its connection to the end of its answer; 0 is no limit
-- @tparam[opt] number options.tcp_user_timeout seconds (30) until bytes that
-- the host's kernel does not acknowledge end their connection; 0 leaves it to
-- the system
-- @tparam[opt] integer options.min_speed bytes (1024) of an answer's body in
-- each 30 seconds; 0 is no limit
-- @tparam[opt] boolean options.no_sign_request do not sign requests
-- @tparam[opt] boolean options.audit write one JSON line to standard error for
-- each write, and for each hold when it starts, changes or ends
-- @treturn[1] client
-- @treturn[2] nil
-- @treturn[2] string what is wrong: a setting, the CA bundle
-- @treturn[2] string its code, `"ECONFIG"`
-- @raise an unknown option, or one of the wrong type
headcount.client = core.client

--- Makes a signature (AWS Signature Version 4) for a request that another
-- program sends.
-- @function sign
-- @tparam table request
-- @tparam string request.url `http` or `https`, path and query as sent
-- @tparam string request.service such as `"ecs"`
-- @tparam string request.region
-- @tparam string request.access_key_id
-- @tparam string request.secret_access_key
-- @tparam[opt] string request.session_token
-- @tparam[opt="GET"] string request.method
-- @tparam[opt] table request.headers `{ NAME = "VALUE" }`; a header that is
-- given more than once is `NAME = { "FIRST", "SECOND" }`, or the headers are a
-- list, `{ { "NAME", "VALUE" }, ... }`
-- @tparam[opt] boolean request.sign_all sign the headers, too, that AWS's SDKs
-- leave out because others change them, such as User-Agent and traceparent
-- @tparam[opt] string request.body
-- @tparam[opt] number request.expires make a presigned URL that is good for so
-- many seconds, up to 604800; its user has to send the headers with it
-- @tparam[opt] number|string request.time seconds since 1970, or
-- `"YYYYMMDDTHHMMSSZ"`; now, if it is not given
-- @tparam[opt] boolean request.double_encode encode the path again; true,
-- except for `s3`, `s3-outposts`, `s3-object-lambda` and `s3express`
-- @tparam[opt] boolean request.normalize_path sign the path without // and ..;
-- the same default
-- @treturn table `{ headers=, canonical_request=, string_to_sign=, signature=,
-- url= }`: headers are all headers to send, url is the presigned one
-- @raise a member is missing or cannot stand in a request
headcount.sign = core.sign

--- Seconds on a clock that never goes back, to measure durations.
-- @function now
-- @treturn number with a fraction; the zero of this clock has no meaning
headcount.now = core.now

--- JSON, strictly by RFC 8259: `decode`, `encode`, `null`, `array`.
--
-- `decode(text)` returns the value, or `nil, message, "ESYNTAX"` with the byte
-- where it does not parse.  Integers that fit 64 bits stay integers, other
-- numbers are floats; `null` is `json.null`.
--
-- `encode(value)` returns text with sorted keys.  A table with the keys 1..n is
-- an array, and one with texts as keys is an object.  An empty table is an
-- object unless `json.array(t)` marked it (decoded arrays are marked).  It
-- raises for values that JSON does not have: functions, NaN, mixed keys, gaps,
-- texts that are not UTF-8, more than 128 levels.
-- @table json
headcount.json = core.json

--- Methods of a client.
-- @type client

--- Makes one signed call of an AWS service, and retries it if that is safe.
-- @function client:call
-- @tparam string service one that takes JSON, by its name in the AWS CLI
-- (`"deploy"`) or in botocore (`"codedeploy"`), or its id (`"CodeDeploy"`)
-- @tparam string operation such as `"DescribeServices"`, `"describe-services"`
-- @tparam[opt] table|string input members of the operation, or its JSON
-- @tparam[opt] table options
-- @tparam[opt] number options.timeout seconds, for all attempts
-- @tparam[opt] string options.region
-- @tparam[opt] string options.endpoint_url
-- @tparam[opt] string options.assume_role ARN of the role that makes the calls;
-- `external_id`, `role_session_name` and `role_duration` (seconds) go with it
-- @tparam[opt] string options.expect_account 12 digits: nothing is sent with
-- credentials of another account (`"EACCOUNT"`)
-- @tparam[opt] boolean options.retry_writes send a request again that was sent
-- completely and got no answer, even if its operation may write; a gateway's
-- 502 or 504, and a 500 or 503 without a code of AWS, are no answer
-- @tparam[opt] string options.target_prefix for a service that headcount does
-- not know: its requests have the header `x-amz-target:
-- <target_prefix>.<operation>`
-- @tparam[opt="1.0"] string options.json_version with `target_prefix`: `"1.0"`
-- or `"1.1"`
-- @tparam[opt] string options.signing_name with `target_prefix`: the name in
-- the signature, if it is not `service`
-- @tparam[opt] string options.endpoint_prefix with `target_prefix`: the front
-- of its host, if it is not `service`
-- @tparam[opt] boolean options.timings the last of what is returned, also after
-- a failure, is a list of the attempts.  Each is a table: `operation, host,
-- address, region, cluster, attempt, status, reused, resumed`; `connection`,
-- its number in the client (0: none); `start` by a clock of its own; and
-- durations: `waited` (in the line for a connection), `dns, connect, tls, send,
-- wait, receive, total`, and `idle`, which a reused connection had been kept
-- without a request
-- @treturn[1] table the answer; members that are null are absent
-- @treturn[2] nil
-- @treturn[2] string what failed, where, and what to do
-- @treturn[2] string AWS's code, or headcount's

--- Opens the connections that a call will need, and sends nothing: to the
-- service, and to STS where the credentials come from it.  They stay as those
-- that calls leave, for 20 seconds.  A failure costs later calls nothing.
-- @function client:connect
-- @tparam string service as `client:call` takes it
-- @tparam[opt] table options those of `client:call`; give a timeout
-- @treturn[1] boolean true: it stands
-- @treturn[2] nil
-- @treturn[2] string what failed
-- @treturn[2] string its code
-- @usage client:connect("dynamodb", { timeout = 1 })   -- in Lambda's init

--- Makes one plain HTTP request to any URL, with the connections, DNS answers
-- and trusted certificates of the client.  No redirect is followed.
-- @function client:fetch
-- @tparam table request
-- @tparam string request.url `http` or `https`
-- @tparam[opt] string request.method `"GET"`, or `"POST"` with a body
-- @tparam[opt] table request.headers as `headcount.sign` takes them
-- @tparam[opt] string request.body
-- @tparam[opt] number request.timeout seconds, for the whole request
-- @tparam[opt] table request.sign sign it with the client's credentials: `{
-- service = }` is needed; region, expires, sign_all, double_encode and
-- normalize_path are those of `client:sign`
-- @tparam[opt] string request.assume_role with `sign`: as `client:call` takes
-- it, and so external_id, role_session_name, role_duration and expect_account
-- @treturn[1] table `{ status=, headers=, body=, timings= }`: any status is an
-- answer, names of headers are in lower case, timings are those of the last
-- attempt, a table as `client:call` has them
-- @treturn[2] nil
-- @treturn[2] string what failed
-- @treturn[2] string its code

--- Makes a signature with the credentials of the client, which it may have to
-- fetch first, for a request that another program sends.
-- @function client:sign
-- @tparam table request what `headcount.sign` takes, but for the three keys
-- @tparam string request.url
-- @tparam string request.service such as `"s3"`, `"execute-api"`
-- @tparam[opt] string request.region the client's
-- @tparam[opt] number request.timeout seconds, for the credentials
-- @tparam[opt] string request.assume_role as `client:call` takes it, and so
-- external_id, role_session_name, role_duration and expect_account
-- @treturn[1] table as `headcount.sign`
-- @treturn[2] nil
-- @treturn[2] string what failed
-- @treturn[2] string its code
-- @usage local signed = assert(client:sign {
--   url = "https://BUCKET.s3.amazonaws.com/KEY", service = "s3",
--   expires = 3600 })
-- print(signed.url)

--- Brings services of a cluster to their counts.
-- @function client:reconcile
-- @tparam string|table target a cluster's name or ARN; or an event, as a table
-- or as its JSON; nil: the snapshot's cluster
-- @tparam table options either `policy` or `services`
-- @tparam[opt] string options.policy its text (which has a line break or a
-- brace), or a path
-- @tparam[opt] string options.policy_name its name in errors
-- @tparam[opt] {string,...} options.services each gets one task on each host
-- @tparam[opt] string options.where with services: only hosts that match
-- @tparam[opt="active"] string options.hosts `"active"`, `"registered"`,
-- `"connected"`
-- @tparam[opt] string options.constraints the placement constraints that limit
-- the counted hosts; `"service"`: those of the service; `"all"`, the default
-- with a policy: those of its task definition too
-- @tparam[opt] boolean options.dry_run read and plan, write nothing
-- @tparam[opt] string options.explain `"changes"`: services whose count would
-- change have `placement` in the report, the hosts that can take a task;
-- `"all"`: all services
-- @tparam[opt] string options.only a service: wishes for others are dropped
-- @tparam[opt] {string,...} options.allow codes of holds to let pass
-- @tparam[opt] string|table options.snapshot plan on these facts, without a
-- call; nothing is written
-- @tparam[opt] boolean options.record return the facts too
-- @tparam[opt] number options.timeout seconds, for the whole run
-- @tparam[opt] string options.region
-- @tparam[opt] string options.endpoint_url
-- @tparam[opt] string options.assume_role ARN of the role that makes the calls;
-- `external_id`, `role_session_name` and `role_duration` (seconds) go with it
-- @tparam[opt] string options.expect_account 12 digits: a cluster of another
-- account fails (`"EACCOUNT"`) before anything is written in it
-- @tparam[opt] boolean options.drop_duplicates skip an event whose
-- `detail.version` this client has already reconciled
-- @tparam[opt] boolean options.verify after a write list the hosts again, and
-- continue if they call for another count (one more call for each write)
-- @tparam[opt] boolean options.drop_foreign records about another region or
-- account count as done; by default they are left to their queue
-- @tparam[opt] boolean options.timings as `client:call` takes it
-- @treturn[1] table the report: the document of `headcount plan --output
-- json`; members that are null are absent
-- @treturn[1] string with `record`, the facts as JSON
-- @treturn[2] nil
-- @treturn[2] string what failed as a whole
-- @treturn[2] string its code
-- @usage local report = assert(client:reconcile("prod", {
--   policy = "policy.lua", dry_run = true }))
-- for _, cluster in ipairs(report.clusters) do
--   for _, service in ipairs(cluster.services) do
--     print(service.service, service.outcome, service.wanted)
--   end
-- end

--- Finds clusters and brings the services of each to their counts, side by
-- side: what `headcount apply --all` does.  One cluster that fails does not
-- stop the others.
-- @function client:sweep
-- @tparam table options those of `client:reconcile` but for an event's and a
-- snapshot's (`snapshot`, `record`, `drop_duplicates`, `drop_foreign`), and
-- @tparam[opt] string|{string,...} options.clusters names, ARNs or globs (`*`,
-- `?`); all, if it is not given
-- @tparam[opt] string|{string,...} options.region regions to look in
-- @tparam[opt] string|{string,...} options.assume_role ARNs of roles, each of
-- which is looked at
-- @tparam[opt] table options.tags `{ NAME = "VALUE" }`: only clusters that have
-- all of these tags
-- @tparam[opt=10] integer options.concurrency clusters at once, at most 64
-- @tparam[opt] integer options.max_changes services that are written at most;
-- further writes are held (`too_many_changes`)
-- @tparam[opt] integer options.max_falls tasks that are taken away at most
-- @treturn[1] table the report, about all clusters
-- @treturn[2] nil
-- @treturn[2] string what failed as a whole
-- @treturn[2] string its code
-- @usage local report = assert(client:sweep {
--   clusters = "prod-*", region = { "eu-west-1", "us-east-1" },
--   policy = "policy.lua", dry_run = true })
-- print(report.summary.pending, "services would change")

--- Counters since the client was made.
-- @function client:stats
-- @treturn table `api_calls, connections_opened, connections_reused,
-- dns_lookups, dns_datagrams, dns_hits, tls_handshakes, tls_resumed, retries,
-- replays, connections_purged, connections_dead`

--- The network may be another one: call it after a suspend, a restore from a
-- snapshot, or a change of the network.  Idle connections are closed, those in
-- use after their answer; DNS servers are asked again, TLS handshakes are full
-- ones.  Calls in progress go on; credentials and the region stay.
-- @function client:forget

--- Ends all calls in progress and closes all connections; a second close does
-- nothing.
-- @function client:close

--- @section end

-- ---- the loop ----

local running                        -- the loop, while there is one

-- Resumes one task until it waits or ends; an error ends the loop.
local function advance(loop, task, ...)
  if coroutine.status(task.co) == "dead" then
    error("headcount.loop: somebody else resumed a coroutine of the loop, " ..
          "and it ended there", 0)
  end
  core.enter(task.co, true)
  local got = table.pack(coroutine.resume(task.co, ...))
  if not got[1] then
    error(debug.traceback(task.co, tostring(got[2])), 0)
  end
  if coroutine.status(task.co) == "dead" then
    task.results = table.pack(table.unpack(got, 2, got.n))
    for _, waiter in ipairs(task.waiters) do
      loop.ready[#loop.ready + 1] = waiter
    end
  elseif core.is_call(got[2]) then
    loop.calls[#loop.calls + 1] = got[2]
    loop.owner[got[2]] = task
  elseif got[2] ~= loop then -- a plain yield: the other tasks run first
    loop.ready[#loop.ready + 1] = task
  end
end

local function spawn(loop, f, ...)
  local task = { co = coroutine.create(f), waiters = {} }
  loop.tasks[#loop.tasks + 1] = task
  loop.of[task.co] = task
  loop.ready[#loop.ready + 1] = task
  task.arguments = table.pack(...)
  function task:wait()
    if not self.results then
      self.waiters[#self.waiters + 1] = loop.current
    end
    while not self.results do -- other code may resume it, too
      coroutine.yield(loop)
    end
    return table.unpack(self.results, 1, self.results.n)
  end
  return task
end

-- The moment of the first timer, or nil; tasks whose moment has come are ready.
local function wake(loop)
  local now, first = core.now(), nil
  for task, moment in pairs(loop.timers) do
    if moment <= now then
      loop.timers[task] = nil
      loop.ready[#loop.ready + 1] = task
    elseif not first or moment < first then
      first = moment
    end
  end
  return first
end

-- Advances the tasks that are ready, then waits for a call or a timer; false:
-- none is left.
local function run_ready(loop)
  local ready = loop.ready
  loop.ready = {}
  for _, task in ipairs(ready) do
    local arguments = task.arguments or { n = 0 }
    task.arguments = nil
    loop.current = task
    advance(loop, task, table.unpack(arguments, 1, arguments.n))
  end
  local moment = wake(loop)
  if #loop.ready > 0 or #loop.calls == 0 and not moment then
    return #loop.ready > 0
  end
  local done = {}
  for _, call in ipairs(core.wait(loop.calls, moment)) do
    done[call] = true
  end
  local left = {}
  for _, call in ipairs(loop.calls) do
    if done[call] then
      loop.ready[#loop.ready + 1] = loop.owner[call]
      loop.owner[call] = nil
    else
      left[#left + 1] = call
    end
  end
  loop.calls = left
  return true
end

local function finish(loop)
  running = nil
  for _, call in ipairs(loop.calls) do
    core.stop(call)
  end
  for _, task in ipairs(loop.tasks) do
    core.enter(task.co, false)
    if coroutine.status(task.co) == "suspended" then
      coroutine.close(task.co)
    end
  end
end

--- Runs a function; its calls, and the calls of the tasks that it spawns, run
-- side by side.  The function gets `spawn`: `spawn(f, ...)` starts `f(...)` as
-- a task and returns it, and `task:wait()` returns the results of f.  A call in
-- a coroutine that the loop did not start blocks until its answer is there.
--
-- An error in one task ends the loop: the other tasks are closed, their calls
-- are ended, and the error is raised with its traceback.
-- @function loop
-- @tparam function f
-- @return the results of f, after all tasks have ended
-- @raise within another loop
-- @usage headcount.loop(function(spawn)
--   for _, region in ipairs { "eu-west-1", "us-east-1" } do
--     spawn(function()
--       print(region, client:call("ecs", "ListClusters", {},
--                                 { region = region }))
--     end)
--   end
-- end)
function headcount.loop(f)
  if type(f) ~= "function" then
    error("headcount.loop takes a function, not a " .. type(f), 2)
  end
  if running then
    error("headcount.loop: a loop runs already: use its spawn", 2)
  end
  local loop = { ready = {}, calls = {}, owner = {}, tasks = {}, of = {},
                 timers = {} }
  running = loop
  local main = spawn(loop, f, function(...) return spawn(loop, ...) end)
  local ok, why = pcall(function()
    while run_ready(loop) do end -- luacheck: ignore 542
  end)
  finish(loop)
  if not ok then
    error(why, 0)
  end
  if not main.results then
    error("headcount.loop: it waits for a task that waits for it", 2)
  end
  return table.unpack(main.results, 1, main.results.n)
end

--- Waits, while the other tasks of the loop and their calls go on.  Outside of
-- a loop, and in a coroutine that the loop did not start, everything waits.
-- In Lambda it ends at the deadline of the invocation.
-- @function sleep
-- @tparam number seconds fractions are allowed; 0 lets the other tasks run
-- @raise seconds is no number from 0 to 1e9
-- @usage headcount.loop(function(spawn)
--   spawn(function()
--     while true do
--       check()
--       headcount.sleep(60)
--     end
--   end)
-- end)
function headcount.sleep(seconds)
  if type(seconds) ~= "number" or not (seconds >= 0 and seconds <= 1e9) then
    error("headcount.sleep takes a number of seconds from 0 to 1e9, not " ..
          (type(seconds) == "number" and tostring(seconds)
           or "a " .. type(seconds)), 2)
  end
  local loop, moment = running, core.until_(seconds)
  local task = loop and loop.of[coroutine.running()]
  if not task then
    core.wait({}, moment)
    return
  end
  repeat -- other code may resume it, too
    loop.timers[task] = moment
    coroutine.yield(loop)
  until core.now() >= moment
end

-- A name that is not there is an error with the nearest one.
return setmetatable(headcount, { __index = core.unknown })
