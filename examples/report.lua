-- report.lua - what a policy would change in several regions, as a table.  It
-- writes nothing.
--
--   headcount run report.lua POLICY REGION...
--
-- The regions and their clusters are looked at side by side, within the rates
-- of ECS.  It ends with 1 if a cluster or a service failed.
local headcount = require "headcount"
local policy, regions = arg[1], table.pack(table.unpack(arg, 2))

if regions.n == 0 then
  io.stderr:write "usage: report.lua POLICY REGION...\n"
  os.exit(2)
end

local client = assert(headcount.client { region = regions[1] })
local report = assert(client:sweep {
  region = regions, policy = policy, dry_run = true,
})

-- "arn:aws:ecs:REGION:ACCOUNT:cluster/NAME" of each cluster that was found.
local function region_of(cluster)
  return cluster.arn and cluster.arn:match "^arn:[^:]+:ecs:([^:]+):" or "?"
end

local rows = {}
for _, cluster in ipairs(report.clusters) do
  if cluster.error then
    rows[#rows + 1] = { region_of(cluster), cluster.name or "", "", "failed",
                        cluster.error.message }
  end
  for _, s in ipairs(cluster.services) do
    if s.outcome ~= "unchanged" then
      local count = s.wanted and ("%s -> %d"):format(s.desired_before or "?",
                                                     s.wanted) or ""
      rows[#rows + 1] = { region_of(cluster), cluster.name, s.service,
                          s.outcome, count .. "  " .. s.reason }
    end
  end
end
for _, row in ipairs(rows) do
  print(("%-14s %-12s %-16s %-9s %s"):format(table.unpack(row)))
end
local sum = report.summary
print(("%d regions, %d clusters: %d to change, %d held, %d unchanged, %d " ..
       "failed"):format(regions.n, #report.clusters, sum.pending, sum.held,
                        sum.unchanged, sum.failed))
os.exit(sum.failed == 0)
