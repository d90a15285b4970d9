"""--verify: after a write the hosts are listed again, and the run goes on if
they call for another count."""
import pytest

OURS = ("--service", "web", "--output", "json")
READ = ["DescribeServices", "ListContainerInstances"]
LOOK = ["UpdateService", "ListContainerInstances"]


@pytest.fixture(name="three")
def three_hosts(ecs, headcount):
    headcount.at(ecs)
    ecs.service("web", desired=1)
    for name in "abc":
        ecs.host(name)
    return ecs


def registers(ecs, name):
    """A host comes just before a request is answered."""
    return lambda model: ecs.host(name)


def test_a_write_is_four_calls_with_it_and_three_without(three, headcount,
                                                         event):
    run = headcount("handle", *OURS, "--verify", "on", stdin=event())
    assert run.code == 0, run.err
    assert three.operations() == READ + LOOK
    assert run.report["stats"]["api_calls"] == 4
    assert run.service()["outcome"] == "updated"
    assert "listed after the write" in run.service()["reason"]
    three.service("web", desired=1)
    run = headcount("handle", *OURS, stdin=event())
    assert three.operations()[4:] == [*READ, "UpdateService"]
    assert run.report["stats"]["api_calls"] == 3


def test_a_host_that_comes_in_between_is_counted(three, headcount, event):
    three.after(3, registers(three, "d"))
    run = headcount("handle", *OURS, stdin=event(),
                    HEADCOUNT_VERIFY="on")
    assert run.code == 0, run.err
    assert three.operations() == READ + LOOK + LOOK
    assert [w["desiredCount"] for w in three.writes()] == [3, 4]
    assert (run.service()["desired_before"], run.service()["wanted"]) == (1, 4)


def test_hosts_that_never_stand_still_bring_the_event_back(three, headcount,
                                                           event):
    for i, name in enumerate("def"):
        three.after(3 + 2 * i, registers(three, name))
    run = headcount("handle", *OURS, "--verify=on", stdin=event())
    assert run.code == 1
    assert three.operations() == READ + LOOK * 3 + ["UpdateService"]
    assert three.services["web"]["desiredCount"] == 6
    assert run.service()["code"] == "unsettled"


def test_a_look_that_fails_brings_the_event_back(three, headcount, event):
    three.fault("ListContainerInstances", "denied", nth=2, times=9)
    run = headcount("handle", *OURS, "--verify=on", stdin=event())
    assert run.code == 1
    assert "it was written, but the look after" in run.service()["reason"]
    assert three.services["web"]["desiredCount"] == 3


def test_a_dry_run_looks_once(three, headcount):
    run = headcount("plan", "prod", *OURS, "--verify=on")
    assert run.code == 0, run.err
    assert three.operations() == READ


def test_what_a_policy_read_of_the_cluster_is_read_again(three, headcount):
    """The name of the cluster outlives the answer that said its ARN."""
    (headcount.home / "policy.lua").write_text(
        'return function(cluster)\n'
        '  return { fixed { "web", cluster.registered } }\n'
        'end')
    three.after(3, registers(three, "d"))
    run = headcount("apply", "prod", "--policy", "policy.lua", "--verify=on",
                    "--output", "json")
    assert run.code == 0, run.out
    assert three.operations() == ["DescribeClusters", "DescribeServices",
                                  *["UpdateService", "DescribeClusters"] * 2]
    assert [w["desiredCount"] for w in three.writes()] == [3, 4]
    assert {r.body["clusters"][0] for r in three.requests
            if r.operation == "DescribeClusters"} == \
        {"prod", three.cluster_arn}


def test_lua_has_it_too(three, headcount, tmp_path):
    script = tmp_path / "verify.lua"
    script.write_text("""
local headcount = require "headcount"
local client = assert(headcount.client { region = "eu-west-1" })
local report = assert(client:reconcile("prod", {
  services = { "web" }, verify = true }))
print(report.clusters[1].services[1].outcome, report.stats.api_calls)
""")
    run = headcount("run", script)
    assert run.code == 0, run.err
    assert run.out.split() == ["updated", "4"]
    assert three.operations() == READ + LOOK


def test_what_is_neither_on_nor_off_is_wrong_usage(headcount):
    run = headcount("plan", "prod", *OURS, "--verify", "yes")
    assert run.code == 252
    assert '--verify is on or off, not "yes"' in run.err
