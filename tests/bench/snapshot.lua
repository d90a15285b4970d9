-- snapshot.lua HOSTS - a cluster by hand, as `headcount test` makes them.
local test = require "headcount.test"

local services = { "datadog-agent", "log-router", "web", "ingress", "dns",
                   { name = "mine", tags = { ["headcount:rule"] =
                     "per-host" } } }
print(test.snapshot { hosts = { { count = tonumber(arg[1]),
                                  attributes = { stack = "prod" } } },
                      services = services })
