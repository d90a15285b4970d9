"""Lists whose page tokens go round in a ring end as failed; empty pages on the
way to something are followed, however many."""
import json

import pytest

OURS = ("--service", "web", "--output", "json")
CLUSTER = "arn:aws:ecs:eu-west-1:123456789012:cluster/"


def ring(n, member, items, token="nextToken", last=None):
    """Answers with the tokens t0 ... t(n-1) in turn; the `last`-th is empty and
    the end."""
    asked = []

    def answer(body):
        asked.append(body)
        at = len(asked) - 1
        if at == last:
            return {member: []}
        return {member: items(at % n), token: f"t{at % n}"}
    return answer


def hosts(at):
    return ["arn:aws:ecs:eu-west-1:123456789012:container-instance/prod/"
            f"{at:032x}"]


@pytest.mark.parametrize("n", [2, 5])
def test_hosts_in_a_ring_are_not_counted(ecs, headcount, event, n):
    headcount.at(ecs)
    ecs.service("web", desired=1)
    ecs.fault("ListContainerInstances",
              ring(n, "containerInstanceArns", hosts), times=2000)
    run = headcount("handle", *OURS, stdin=event())
    assert run.code == 1
    assert run.service()["code"] == "EANSWER"
    assert "does not come to an end: three pages in a row" in \
        run.service()["reason"]
    assert ecs.operations().count("ListContainerInstances") == n + 3
    assert ecs.writes() == []


def test_two_empty_pages_are_followed(ecs, headcount):
    headcount.at(ecs)
    ecs.service("web", desired=1)
    ecs.fault("ListContainerInstances", ring(
        9, "containerInstanceArns", lambda at: hosts(at) if at % 3 == 0 else [],
        last=8), times=9)
    run = headcount("plan", "prod", *OURS)
    assert run.code == 0
    assert run.service()["wanted"] == 3


def few(member, last, items, token="nextToken"):
    """Empty pages with a new token each, up to the `last`, which has items."""
    asked = []

    def answer(body):
        asked.append(body)
        at = len(asked)
        if at == last:
            return {member: items}
        return {member: [], token: f"new-{at}"}
    return answer


def test_a_filter_may_leave_many_pages_empty(ecs, headcount):
    headcount.at(ecs)
    ecs.service("web", desired=1)
    ecs.fault("ListContainerInstances", few(
        "containerInstanceArns", 50, hosts(1) + hosts(2)), times=50)
    run = headcount("plan", "prod", *OURS)
    assert run.code == 0
    assert run.service()["wanted"] == 2
    assert ecs.operations().count("ListContainerInstances") == 50


@pytest.mark.parametrize("n", [2, 5])
@pytest.mark.parametrize("full", [False, True])
def test_clusters_in_a_ring_fail_the_sweep(ecs, headcount, n, full):
    headcount.at(ecs)
    ecs.judge.unsigned = False
    ecs.fault("ListClusters", ring(
        n, "clusterArns", lambda at: [f"{CLUSTER}c{at}"] if full else []),
        times=2000)
    run = headcount("plan", "none*", "--service", "web", "--output", "json")
    assert run.code == 255
    assert "ListClusters does not come to an end" in run.out + run.err
    assert ecs.operations().count("ListClusters") == n + 3


POLICY = """return function(cluster)
  for s in cluster:services %s do local _ = s.name end
  return {}
end
"""


@pytest.mark.parametrize("operation, asks", [
    ("ListServices", "{}"), ("GetResources", "{ tags = { team = 'x' } }")])
@pytest.mark.parametrize("n", [2, 5])
def test_services_in_a_ring_are_none(ecs, headcount, tmp_path, operation, asks,
                                     n):
    headcount.at(ecs)
    arn = "arn:aws:ecs:eu-west-1:123456789012:service/"
    if operation == "ListServices":
        answer = ring(n, "serviceArns", lambda at: [f"{arn}prod/s{at}"])
    else:
        answer = ring(n, "ResourceTagMappingList",
                      lambda at: [{"ResourceARN": f"{arn}other{at}/web"}],
                      token="PaginationToken")
    ecs.fault(operation, answer, times=2000)
    policy = tmp_path / "policy.lua"
    policy.write_text(POLICY % asks)
    run = headcount("plan", "prod", "--policy", str(policy), "--output", "json")
    assert run.code == 1
    assert "does not come to an end" in json.dumps(run.report)
    assert ecs.operations().count(operation) == n + 3
