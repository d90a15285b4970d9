-- held.lua - tells a webhook when a safety check begins to hold a service, or
-- stops.  It writes nothing to ECS.
--
--   headcount run held.lua POLICY WEBHOOK            looks once
--   headcount run held.lua POLICY WEBHOOK SECONDS    looks again and again
--
-- A look that fails is told on standard error, and the next one comes.
local headcount = require "headcount"
local policy, webhook, seconds = arg[1], arg[2], tonumber(arg[3])

if not webhook or arg[3] and not seconds then
  io.stderr:write "usage: held.lua POLICY WEBHOOK [SECONDS]\n"
  os.exit(2)
end

local client = assert(headcount.client {})
local told = {}                              -- what the webhook knows

-- { ["CLUSTER SERVICE"] = "CODE: REASON" }
local function held()
  local report, message = client:sweep { policy = policy, dry_run = true }
  if not report then
    return nil, message
  end
  local found = {}
  for _, cluster in ipairs(report.clusters) do
    for _, s in ipairs(cluster.services) do
      if s.outcome == "held" then
        found[cluster.arn .. " " .. s.service] = s.code .. ": " .. s.reason
      end
    end
  end
  return found
end

local function missing(from, other)
  local lines = headcount.json.array {}
  for service, reason in pairs(from) do
    if not other[service] then
      lines[#lines + 1] = service .. " " .. reason
    end
  end
  table.sort(lines)
  return lines
end

local function look()
  local found, message = held()
  if not found then
    return nil, message
  end
  local begun, ended = missing(found, told), missing(told, found)
  if #begun + #ended == 0 then
    return true
  end
  local answer, why = client:fetch {
    url = webhook, method = "POST", timeout = 10,
    headers = { ["Content-Type"] = "application/json" },
    body = headcount.json.encode { held = begun, no_longer_held = ended },
  }
  if not answer or answer.status >= 300 then
    return nil, "the webhook: " .. (why or "HTTP " .. answer.status)
  end
  told = found
  return true
end

repeat
  local ok, message = look()
  if not ok then
    io.stderr:write(message, "\n")
  end
  if not seconds then
    os.exit(ok)
  end
  headcount.sleep(seconds)
until false
