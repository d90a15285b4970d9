"""Wrong counts that were met in the field, each as the operator met it: one odd
answer, hosts of ECS Anywhere, a policy that counts hosts itself."""
import json

import pytest

OURS = ("--service", "web", "--output", "json")
STRATEGY = [{"capacityProvider": "spot", "weight": 1, "base": 0}]
ANYWHERE = {"attributes": [{"name": "ecs.capability.external"}]}


@pytest.fixture(name="prod")
def prod_cluster(ecs, headcount):
    headcount.at(ecs)
    return ecs


def strategy(prod, desired, hosts):
    prod.service("web", desired=desired, launchType=None,
                 capacityProviderStrategy=STRATEGY)
    del prod.services["web"]["launchType"]
    for i in range(hosts):
        prod.host("a" if i == 0 else f"h{i}", provider="spot")


def once(prod, change):
    """DescribeContainerInstances lies once."""
    def lie(request):
        body = prod.model.DescribeContainerInstances(request.body)
        change(body)
        return prod.http(200, body)
    prod.fault("DescribeContainerInstances", [lie])


def without_provider(body):
    for host in body["containerInstances"][2:]:
        host.pop("capacityProviderName", None)


def missing(body):
    for host in body["containerInstances"][2:]:
        body["failures"].append({"arn": host["containerInstanceArn"],
                                 "reason": "MISSING"})
    del body["containerInstances"][2:]


@pytest.mark.parametrize("lie", [without_provider, missing])
def test_one_odd_description_writes_nothing(prod, headcount, event, lie):
    strategy(prod, desired=10, hosts=10)
    once(prod, lie)
    run = headcount("handle", *OURS, stdin=event())
    assert run.service()["code"] == "step_down", run.err
    assert prod.writes() == []
    run = headcount("handle", *OURS, stdin=event())
    assert run.service()["outcome"] == "unchanged"


def test_a_service_of_ec2_counts_no_host_of_ecs_anywhere(prod, headcount,
                                                         event):
    prod.service("web", desired=2)
    for name in "abc":
        prod.host(name)
    for name in "xy":
        prod.host(name, **ANYWHERE)
    run = headcount("handle", *OURS, stdin=event())
    assert run.service()["wanted"] == 3
    assert run.service()["hosts"] == {"counted": 3, "by": "active",
                                      "filter": ""}
    assert prod.operations() == ["DescribeServices", "ListContainerInstances",
                                 "UpdateService"]
    prod.service("web", desired=2, launchType="EXTERNAL")
    run = headcount("handle", *OURS, stdin=event())
    assert run.service()["outcome"] == "unchanged"


def test_ecs_may_refuse_to_tell_them_apart(prod, headcount, event):
    prod.service("web", desired=1)
    prod.host("a")
    prod.host("x", **ANYWHERE)
    prod.fault("ListContainerInstances", [lambda _: prod.http(400, {
        "__type": "InvalidParameterException", "message": "Invalid filter"})])
    run = headcount("handle", *OURS, stdin=event())
    assert run.service()["wanted"] == 2
    assert "ECS refused the filter" in run.service()["reason"]


def stale(prod, hosts):
    """One list of hosts is old: these few were there."""
    arns = [h["containerInstanceArn"] for h in prod.model.clusters[0].hosts]
    prod.fault("ListContainerInstances", lambda body: json.dumps(
        {"containerInstanceArns": arns[:hosts]}).encode())


@pytest.mark.parametrize("wish", [
    'fixed { "web", cluster:count {} }',
    'per_host { "web", max = cluster:count {} }',
    'fixed { "web", #hosts }'])
def test_a_policy_that_counts_hosts_has_a_valve(prod, headcount, tmp_path,
                                                wish):
    prod.service("web", desired=10)
    for i in range(10):
        prod.host(f"h{i}")
    (tmp_path / "policy.lua").write_text(f"""
return function(cluster)
  local hosts = {{}}
  for host in cluster:hosts {{}} do hosts[#hosts + 1] = host end
  return {{ {wish} }}
end
""")
    stale(prod, 1)
    run = headcount("apply", "prod", "--policy", "policy.lua", "--output",
                    "json")
    assert prod.writes() == []
    assert run.service()["code"] == "step_down"
    assert "run again on a second reading, wants 10" in \
        run.service()["reason"] or "differs" in run.service()["reason"]
    run = headcount("apply", "prod", "--policy", "policy.lua", "--output",
                    "json")
    assert run.service()["outcome"] == "unchanged"


def test_what_both_readings_say_is_written(prod, headcount, tmp_path):
    prod.service("web", desired=10)
    for i in range(2):
        prod.host(f"h{i}")
    (tmp_path / "policy.lua").write_text(
        'return function(c) return { fixed { "web", c.registered } } end\n')
    run = headcount("apply", "prod", "--policy", "policy.lua", "--output",
                    "json")
    assert run.code == 0, run.err
    assert prod.services["web"]["desiredCount"] == 2
    assert "run again on a second reading, agrees" in run.service()["reason"]
