"""--policy: what a text in Lua wishes is what is written, and what is wrong
with it is told with its line."""
import pytest

README = """
return function(cluster)
  if cluster:matches "sandbox-*" then return {} end

  local wishes = {
    per_host { "datadog-agent" },
    per_host { "log-router", tasks = 2,
               where = "attribute:ecs.os-type == linux" },
    hosts_minus { "web", spare = 1, min = 2 },
    linear { "ingress", hosts_per_task = 4, min = 2, max = 40 },
    ladder { "dns", { 0, 1 }, { 4, 2 }, { 64, 5 } },
  }
  if cluster.tags.tier == "gold" then
    wishes[#wishes + 1] = fixed { "canary", 1 }
  end
  for service in cluster:services {
      tags = { ["headcount:rule"] = "per-host" } } do
    wishes[#wishes + 1] = per_host { service.name }
  end
  return wishes
end
"""
LINUX = [{"name": "ecs.os-type", "value": "linux"},
         {"name": "ecs.availability-zone", "value": "eu-west-1a"}]


@pytest.fixture
def prod(ecs, headcount):
    headcount.at(ecs)
    for i in range(9):
        ecs.host(f"h{i}", attributes=LINUX if i < 6 else [])
    for name in ("datadog-agent", "log-router", "web", "ingress", "dns",
                 "canary", "tagged"):
        ecs.service(name, desired=1)
    ecs.services["tagged"]["tags"] = [{"key": "headcount:rule",
                                       "value": "per-host"}]
    return ecs


@pytest.fixture
def policy(headcount, tmp_path):
    """Runs a verb with this text."""
    def run(text, *args, verb="plan", form="json", **more):
        path = tmp_path / "policy.lua"
        path.write_text(text)
        args = args or ("prod",)
        return headcount(verb, *args, "--policy", "policy.lua", "--output",
                         form, **more)
    return run


def wanted(run):
    return {s["service"]: s["wanted"]
            for s in run.report["clusters"][0]["services"]}


def error(run):
    """Of the cluster, one line."""
    assert run.code == 1, run.err
    assert run.report["summary"]["failed"] == 1
    e = run.report["clusters"][0]["error"]
    assert e["code"] == "EPOLICY" or ":" in e["message"]
    assert "\n" not in e["message"]
    return e["message"]


# ---- what it wishes ----

def test_the_readmes_policy(prod, policy):
    run = policy(README, verb="apply")
    assert run.code == 0, run.out + run.err
    assert wanted(run) == {"datadog-agent": 9, "log-router": 12, "web": 8,
                           "ingress": 3, "dns": 2, "tagged": 9}
    assert {w["service"]: w["desiredCount"] for w in prod.writes()} == \
        wanted(run)
    assert all("policy.lua:" in a["rule"] and len(a["policy_sha256"]) == 64
               for a in run.audit if a.get("after"))
