-- Each environment has its own rules: sandboxes are left alone, staging has one
-- task of each service, production follows its hosts.
local function production(cluster)
  local wishes = {
    per_host { "agent" },
    linear { "ingress", hosts_per_task = 4, min = 2, max = 40 },
  }
  if cluster.tags.tier == "gold" then
    wishes[#wishes + 1] = fixed { "canary", 1 }
  end
  return wishes
end

return function(cluster)
  if cluster:matches "sandbox-*" then
    return {}
  elseif cluster:matches "prod-*" then
    return production(cluster)
  end
  return { fixed { "agent", 1 }, fixed { "ingress", 1 } }
end
