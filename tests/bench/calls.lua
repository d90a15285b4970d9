-- calls.lua CALLS - the bench's call by a client in Lua: one call, then CALLS.
-- Prints "CPU WALL", microseconds a call, and what the answer says.
local headcount = require "headcount"

local client = assert(headcount.client {})
local calls = tonumber(arg[1])

local function call()
  local answer = assert(client:call("ecs", "DescribeServices",
    '{"cluster":"prod","services":["web"],"include":["TAGS"]}'))
  return answer.services[1]
end

local web = call()
local cpu, wall = os.clock(), headcount.now()
for _ = 1, calls do
  web = call()
end
if calls > 0 then
  print(("%.2f %.2f"):format((os.clock() - cpu) * 1e6 / calls,
    (headcount.now() - wall) * 1e6 / calls))
end
print(web.serviceName, web.desiredCount)
