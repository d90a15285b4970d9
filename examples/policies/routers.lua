-- Two log routers on each Linux host.
return {
  per_host { "log-router", tasks = 2,
             where = "attribute:ecs.os-type == linux" },
}
