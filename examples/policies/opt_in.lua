-- Services say themselves that they want a task on each host: by the tag
-- `headcount:rule`, with `headcount:tasks` of them.
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
