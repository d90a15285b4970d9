-- A service opts in with the tag `headcount:rule` = per-host; `headcount:tasks`
-- is the number of its tasks on each host (1).
return function(cluster)
  local wishes = {}
  for service in cluster:services {
    tags = { ["headcount:rule"] = "per-host" },
  } do
    wishes[#wishes + 1] = per_host {
      service.name,
      tasks = tonumber(service.tags["headcount:tasks"] or 1),
    }
  end
  return wishes
end
