-- cost.lua - what the job costs a month in AWS, as a function (examples/lambda)
-- and as a task of Fargate (examples/ecs), line by line.
--
--   headcount run cost.lua [NAME=NUMBER ...] [CLUSTERS ...]
--   headcount run cost.lua inputs     each NAME, its number, where it is from
--   headcount run cost.lua table      the part of OPERATING.md
--
-- Stock Lua 5.4 runs it, too.  A NAME=NUMBER is yours in the place of ours:
--
--   lua cost.lua events_per_minute=0.2 memory_mb=256 40
local HOURS = 730                                    -- of a month
local MINUTES = HOURS * 60

-- `make cost` writes this line, too.
local MEASURED = "Measured on 2026-11-30 (AMD EPYC)."

-- A name, a number, what it is.
local inputs = {
  "Measured by `make cost`, which writes the numbers here",
  { "event_rounds", 2,
    "answers of ECS that an event waits for, one after the other" },
  { "event_cpu_ms", 0.525, "processor time of an event" },
  { "sweep_rounds", 6,
    "answers of ECS that a sweep waits for, one after the other" },
  { "sweep_cpu_ms", 0.532, "processor time of a sweep for each cluster" },
  { "batch_log_bytes", 1220, "log of a batch, without its events" },
  { "event_log_bytes", 342, "log of an event that writes nothing" },
  { "sweep_log_bytes", 1280, "log of a sweep that writes nothing" },
  { "write_log_bytes", 557, "log of a write" },
  { "peak_memory_mb", 2.27, "the most memory that the function took" },
  { "metrics", 11, "CloudWatch metrics that the function keeps" },

  "Assumed: put in your own",
  { "events_per_minute", 1, "events about hosts of a cluster" },
  { "writes", 600, "counts written a month in a cluster" },
  { "ecs_ms", 20, "until ECS answers, over an open connection" },
  { "clusters_per_place", 25,
    "clusters of an account and region; the rule's pattern has room for 29" },
  { "platform_log_bytes", 500, "log of Lambda itself for each invocation" },

  "As AWS documents it",
  { "whole_cpu_mb", 1769, "a function of this size has one processor" },
  { "empty_polls", 15,
    "a minute, of an empty queue by Lambda's five pollers" },

  "As the templates of examples/lambda and examples/ecs have it",
  { "memory_mb", 128, "of the function" },
  { "window_s", 5, "seconds for which a batch collects events" },
  { "sweep_minutes", 5, "between two sweeps" },
  { "alarms", 7, "alarms on a metric: the function" },
  { "task_alarms", 4, "alarms on a metric: the task (one has two metrics)" },
  { "task_vcpu", 0.25, "processors of the task" },
  { "task_gb", 0.5, "memory of the task" },
  { "public_ip", 0, "1 with AssignPublicIp=ENABLED" },

  "Prices of us-east-1 in dollars, without what is free",
  { "lambda_request", 0.20, "a million requests [1]" },
  { "lambda_gb_second", 0.0000133334, "a GB-second on arm64 [1]" },
  { "sqs_request", 0.40, "a million [2]" },
  { "schedule", 1.00, "a million beyond 14 million [1]" },
  { "log_gb", 0.50, "a GB written to CloudWatch Logs [3]" },
  { "alarm", 0.10, "a month for a metric of an alarm [3]" },
  { "metric", 0.30, "a month for a metric that is not AWS's [4]" },
  { "vcpu_hour", 0.03238, "of Fargate on arm64 [1]" },
  { "gb_hour", 0.00356, "of Fargate on arm64 [1]" },
  { "ip_hour", 0.005, "of a public IPv4 address [5]" },
}
local SOURCES = [[
[1] public price pages, read in November 2026
[2] the same, and cloudburn.io/blog/amazon-sqs-pricing of March 2026
[3] the same for many years, not read again
[4] signoz.io/guides/cloudwatch-pricing of February 2026, read on 2026-11-30
[5] since February 2024: repost.aws about charges for public IPv4 addresses,
    read on 2026-11-30
Free in each account and month (aws.amazon.com/cloudwatch/pricing and others):
10 metrics, 10 alarms, 5 GB of logs, a million requests of Lambda and of SQS,
400,000 GB-seconds.  What is stored costs little and is left out.]]

local given = {}
for _, input in ipairs(inputs) do
  if type(input) == "table" then
    given[input[1]] = input[2]
  end
end

-- An input as it was given; any other number with its thousands, a small one
-- with three digits.
local function as_given(n)
  return (("%.10f"):format(n):gsub("%.?0+$", ""))
end

local function show(m, name)
  local n = rawget(m, name)
  if not n then
    return as_given(given[name])
  elseif n < 1000 then
    return ("%.3g"):format(n)
  end
  local digits = ("%.0f"):format(n):reverse():gsub("(%d%d%d)", "%1,")
  return (digits:reverse():gsub("^,", ""))
end

-- What happens in a month; every input, too.
local function month(clusters)
  local m = setmetatable({ clusters = clusters }, { __index = given })
  m.places = math.ceil(clusters / m.clusters_per_place)
  m.each = clusters / m.places
  m.events = clusters * m.events_per_minute * MINUTES
  m.written = clusters * m.writes
  m.sweeps = m.places * MINUTES / m.sweep_minutes
  return m
end

-- A bill's lines, and the sums of the job and of what watches it.
local function bill(m)
  local self = { job = 0, watched = 0 }
  local function add(what, text, dollars)
    text = text:gsub("{([%w_]+)}", function(name) return show(m, name) end)
    self[#self + 1] = ("%9s  %-10s  %s"):format(
      dollars and ("%.2f"):format(dollars) or "", what, text)
  end
  function self.step(what, text)
    add(what, text)
  end
  function self.line(what, dollars, text, sum)
    sum = sum or "job"
    self[sum] = self[sum] + dollars
    add(what, text, dollars)
  end
  return self
end

local function as_function(clusters)
  local m = month(clusters)
  local self = bill(m)
  local slower = m.whole_cpu_mb / m.memory_mb
  -- An event opens a batch, and those of the window join it.
  m.batch = 1 + m.each * m.events_per_minute / 60 * m.window_s
  m.batches = m.events / m.batch
  m.invocations = m.batches + m.sweeps
  m.event_ms = m.event_rounds * m.ecs_ms + m.event_cpu_ms * slower
  m.sweep_ms = m.sweep_rounds * m.ecs_ms + m.each * m.sweep_cpu_ms * slower
  m.seconds = (m.events * m.event_ms + m.sweeps * m.sweep_ms
               + m.written * m.ecs_ms) / 1000
  m.polls = m.places * m.empty_polls * MINUTES
  m.requests = m.events + m.sweeps + 2 * m.invocations + m.polls
  m.log = (m.batches * m.batch_log_bytes + m.events * m.event_log_bytes
           + m.sweeps * m.sweep_log_bytes + m.written * m.write_log_bytes
           + m.invocations * m.platform_log_bytes) / 1e9
  self.step("a batch", "1 + {each} x {events_per_minute} / 60 s x {window_s} s "
            .. "= {batch} events: {batches} batches")
  self.step("an event", "{event_rounds} x {ecs_ms} ms + {event_cpu_ms} ms x "
            .. "{whole_cpu_mb} / {memory_mb} = {event_ms} ms")
  self.step("a sweep", "{sweep_rounds} x {ecs_ms} ms + {each} x {sweep_cpu_ms} "
            .. "ms x {whole_cpu_mb} / {memory_mb} = {sweep_ms} ms")
  self.step("all", "{events} x {event_ms} + {sweeps} x {sweep_ms} + {written} "
            .. "x {ecs_ms} ms = {seconds} s")
  self.line("requests", m.invocations / 1e6 * m.lambda_request,
            "{batches} + {sweeps} = {invocations}, {lambda_request} a million")
  self.line("GB-seconds", m.seconds * m.memory_mb / 1024 * m.lambda_gb_second,
            "{seconds} x {memory_mb} / 1024 x {lambda_gb_second}")
  self.step("queue", "{events} + {sweeps} sent, 2 x {invocations} received and "
            .. "deleted")
  self.line("", m.requests / 1e6 * m.sqs_request,
            "with {polls} empty polls = {requests}, {sqs_request} a million")
  self.line("schedule", math.max(0, m.sweeps - 14e6) / 1e6 * m.schedule,
            "{sweeps}, 14 million are free")
  self.step("log", "{batches} x {batch_log_bytes} + {events} x "
            .. "{event_log_bytes} + {sweeps} x {sweep_log_bytes}")
  self.line("", m.log * m.log_gb, "+ {written} x {write_log_bytes} + "
            .. "{invocations} x {platform_log_bytes} bytes = {log} GB, "
            .. "{log_gb} each")
  self.line("alarms", m.places * m.alarms * m.alarm,
            "{places} x {alarms} x {alarm}", "watched")
  self.line("metrics", m.places * m.metrics * m.metric,
            "{places} x {metrics} x {metric}", "watched")
  return self
end

local function as_task(clusters)
  local m = month(clusters)
  local self = bill(m)
  m.hours = m.places * HOURS
  -- Three long polls a minute find nothing; each event is received alone.
  m.polls = m.places * 3 * MINUTES
  m.requests = 3 * m.events + m.polls
  m.log = m.written * m.write_log_bytes / 1e9
  self.line("processor", m.hours * m.task_vcpu * m.vcpu_hour,
            "{hours} hours x {task_vcpu} x {vcpu_hour}")
  self.line("memory", m.hours * m.task_gb * m.gb_hour,
            "{hours} hours x {task_gb} GB x {gb_hour}")
  self.line("address", m.hours * m.public_ip * m.ip_hour,
            "{hours} hours x {public_ip} x {ip_hour}")
  self.step("queue", "3 x {events} sent, received and deleted")
  self.line("", m.requests / 1e6 * m.sqs_request,
            "with {polls} empty polls = {requests}, {sqs_request} a million")
  self.line("log", m.log * m.log_gb,
            "{written} x {write_log_bytes} bytes = {log} GB x {log_gb}")
  self.line("alarms", m.places * m.task_alarms * m.alarm,
            "{places} x {task_alarms} x {alarm}", "watched")
  return self
end

local function put(title, self)
  print(title)
  print(table.concat(self, "\n"))
  print(("%9.2f  a month: %.2f the job, %.2f its alarms and metrics"):format(
    self.job + self.watched, self.job, self.watched))
end

local function arithmetic(clusters)
  local m = month(clusters)
  local text = "{clusters} clusters in {places} accounts or regions, {events} "
               .. "events and {sweeps} sweeps"
  print((text:gsub("{(%w+)}", function(name) return show(m, name) end)))
  put("As a function", as_function(clusters))
  put("As a task of Fargate", as_task(clusters))
end

local SIZES = { 10, 100, 1000, 10000 }

local function money(n)
  return n < 1000 and ("%.2f"):format(n) or show({ n }, 1)
end

local function row(clusters)
  local m = month(clusters)
  local of, task = as_function(clusters), as_task(clusters)
  return ("| %s | %s | %s | %s | %s | %s |"):format(
    show(m, "clusters"), show(m, "places"), money(of.job), money(of.watched),
    money(task.job), money(task.watched))
end

local function markdown()
  print("| clusters | accounts or regions | function | its alarms and metrics "
        .. "| task of Fargate | its alarms |")
  print "|---:|---:|---:|---:|---:|---:|"
  for _, clusters in ipairs(SIZES) do
    print(row(clusters))
  end
  print("\n" .. MEASURED .. "  The sums of 100 clusters:\n")
  for _, lines in ipairs { as_function(100), as_task(100) } do
    print("    " .. table.concat(lines, "\n    ") .. "\n")
  end
end

local function list()
  for _, input in ipairs(inputs) do
    if type(input) == "string" then
      print(input .. ":")
    else
      print(("  %-20s %12s  %s"):format(input[1],
                                        as_given(given[input[1]]), input[3]))
    end
  end
  print(SOURCES)
end

-- ---- the command line ----

local function stop(text)
  io.stderr:write("cost.lua: ", text, "\n")
  os.exit(2)
end

local ABOVE_0 = { memory_mb = true, clusters_per_place = true,
                  sweep_minutes = true, ["the clusters"] = true }

local function number(word, name)
  local n = tonumber(word)
  if not n or n ~= n or n < 0 or n > 1e12 or n == 0 and ABOVE_0[name] then
    stop(("%s is no number that %s can have"):format(word, name))
  end
  return n
end

local what, sizes = nil, {}
for _, word in ipairs(arg) do
  local name, value = word:match "^([^=]*)=(.*)$"
  if name and not given[name] then
    stop(name .. " is no input; `inputs` lists them")
  elseif name then
    given[name] = number(value, name)
  elseif word == "table" or word == "inputs" then
    what = word
  else
    sizes[#sizes + 1] = number(word, "the clusters")
  end
end

if what == "inputs" then
  list()
elseif what == "table" then
  markdown()
else
  for i, clusters in ipairs(sizes[1] and sizes or SIZES) do
    if i > 1 then print() end
    arithmetic(clusters)
  end
end
