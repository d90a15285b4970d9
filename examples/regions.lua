-- regions.lua - plans every cluster of some regions side by side, and posts
-- what would change to a webhook.
--
--   headcount run regions.lua POLICY WEBHOOK REGION...
local headcount = require "headcount"
local json = headcount.json
local policy, webhook = arg[1], arg[2]
local regions = table.pack(table.unpack(arg, 3))

if not webhook or regions.n == 0 then
  io.stderr:write "usage: regions.lua POLICY WEBHOOK REGION...\n"
  os.exit(2)
end

-- All clusters of a region, page by page.
local function clusters(client)
  local arns, named, token = {}, {}, nil
  repeat
    local page, message = client:call("ecs", "ListClusters",
                                      { nextToken = token })
    if not page then
      return nil, message
    end
    table.move(page.clusterArns, 1, #page.clusterArns, #arns + 1, arns)
    token = page.nextToken
    if token and named[token] then
      return nil, "ListClusters names a page twice: " .. token
    end
    named[token or ""] = true
  until not token
  return arns
end

local changes, failures = json.array {}, json.array {}

local function plan(client, arn)
  local report, message = client:reconcile(arn, { policy = policy,
                                                  dry_run = true })
  local cluster = report and report.clusters[1]
  if not report or cluster.error then
    failures[#failures + 1] = { cluster = arn,
                                error = message or cluster.error.message }
    return
  end
  for _, s in ipairs(cluster.services) do
    if s.outcome == "pending" then
      changes[#changes + 1] = {
        cluster = arn, service = s.service, before = s.desired_before,
        wanted = s.wanted, reason = s.reason,
      }
    end
  end
end

local client = assert(headcount.client { region = regions[1] })

headcount.loop(function(spawn)
  for _, region in ipairs(regions) do
    spawn(function()
      local its = assert(headcount.client { region = region })
      local arns, message = clusters(its)
      if not arns then
        failures[#failures + 1] = { region = region, error = message }
        return
      end
      for _, arn in ipairs(arns) do
        spawn(plan, its, arn)
      end
    end)
  end
end)

table.sort(changes, function(a, b)
  return a.cluster .. a.service < b.cluster .. b.service
end)
local body = json.encode { changes = changes, failures = failures }
local answer, why = client:fetch {
  url = webhook, method = "POST", body = body, timeout = 10,
  headers = { ["Content-Type"] = "application/json" },
}
print(body)
if not answer or answer.status >= 300 then
  io.stderr:write("the webhook: ", why or answer.status, "\n")
  os.exit(1)
end
os.exit(#failures == 0)
