-- One task on each host that can take it, for services with distinctInstance
-- that are on their way to that: they run on more than half of those hosts.  No
-- task is asked for that would wait, and none while a deployment is under way.
local function is_deploying(service)
  for _, d in ipairs(service.deployments or {}) do
    if d.rollout_state == "IN_PROGRESS" then
      return true
    end
  end
  return false
end

return function(cluster)
  local wishes = {}
  for service in cluster:services {} do
    if service.distinct and not is_deploying(service)
       and service.desired * 2 > (service.placeable or 0) then
      wishes[#wishes + 1] = per_host { service.name, placeable = true }
    end
  end
  return wishes
end
