"""What looks wrong in an answer of ECS and is not: a null is what is not there,
an empty token the last page, a host that is listed twice one host."""
import pytest

OURS = ("--service", "web", "--output", "json")
# Wrong types, and nulls where there must be something: test_bad_input.py.
MAY_BE_NULL = ["capacityProviderStrategy", "deploymentConfiguration",
               "deploymentController", "deployments", "pendingCount",
               "placementConstraints", "resourceManagementType",
               "runningCount", "tags", "taskSets"]


@pytest.fixture
def prod(ecs, headcount):
    headcount.at(ecs)
    ecs.service("web", desired=1)
    for name in "abc":
        ecs.host(name, provider="spot")
    return ecs


@pytest.mark.parametrize("field", MAY_BE_NULL)
def test_what_may_be_null(prod, headcount, event, field):
    prod.service("web", desired=1, **{field: None})
    run = headcount("handle", *OURS, stdin=event())
    assert run.code == 0, run.out
    assert prod.writes()[0]["desiredCount"] == 3


def answers(**members):
    return lambda body: members


ARNS = [f"arn:aws:ecs:eu-west-1:123456789012:container-instance/prod/{n}"
        for n in "abc"]


def test_a_host_that_is_listed_twice_counts_once(prod, headcount, event):
    prod.page = 2
    first = {"containerInstanceArns": ARNS[:2], "nextToken": "2"}
    second = {"containerInstanceArns": ARNS[1:]}
    prod.fault("ListContainerInstances",
               lambda body: second if "nextToken" in body else first, times=2)
    run = headcount("handle", *OURS, stdin=event())
    assert run.code == 0, run.out
    assert prod.writes()[0]["desiredCount"] == 3


@pytest.mark.parametrize("token", [None, ""])
def test_no_token_is_the_last_page(prod, headcount, event, token):
    prod.fault("ListContainerInstances", answers(
        containerInstanceArns=ARNS, nextToken=token))
    run = headcount("handle", *OURS, stdin=event())
    assert run.code == 0, run.out
    assert prod.writes()[0]["desiredCount"] == 3
    assert prod.operations().count("ListContainerInstances") == 1
