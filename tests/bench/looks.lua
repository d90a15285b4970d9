-- looks.lua TIMES EXPLAIN - reconciles service web of cluster prod so many
-- times in one process, without a write, and prints what each made: its calls,
-- and what came of the service.
local headcount = require "headcount"

local client = assert(headcount.client {})
for _ = 1, tonumber(arg[1]) do
  local report = assert(client:reconcile("prod", {
    services = { "web" }, dry_run = true,
    explain = arg[2] ~= "no" and arg[2] or nil }))
  local service = report.clusters[1].services[1]

  print(report.stats.api_calls, service.outcome)
end
