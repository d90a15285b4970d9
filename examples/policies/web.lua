-- A web server on every host but one, which stays free for a deployment.
return {
  hosts_minus { "web", spare = 1, min = 2 },
}
