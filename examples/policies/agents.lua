-- One agent on each host.
return { per_host { "datadog-agent" } }
