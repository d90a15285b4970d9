"""Wrong types in every field that is used of ECS's answers: never a count,
never a write; where a null means "not there", it is read so."""
import pytest

OURS = ("--service", "web", "--output", "json")
WRONG = {"number": 7, "text": "x", "list": [], "object": {}, "true": True,
         "fraction": 1.5, "minus": -1, "list of numbers": [7],
         "list of lists": [[]], "large": 2 ** 70}
# What each field may be, of the names above: the rest is wrong.
SERVICE = {
    "serviceArn": ["text"],                  # the name decides
    "serviceName": [], "clusterArn": [],
    "status": ["text"],                      # not ACTIVE: skipped
    "desiredCount": ["number"], "runningCount": ["number", "minus"],
    "pendingCount": ["number", "minus"],     # only shown
    "schedulingStrategy": ["text"],
    "resourceManagementType": ["text"],
    "placementConstraints": ["list"], "deployments": ["list"],
    "taskSets": ["list"], "tags": ["list"], "deploymentController": ["object"],
    "deploymentConfiguration": ["object"],
    "capacityProviderStrategy": ["list"],
}


@pytest.fixture
def prod(ecs, headcount):
    headcount.at(ecs)
    ecs.service("web", desired=1)
    for name in "abc":
        ecs.host(name, provider="spot")
    return ecs


def fails(run, server):
    assert run.code == 1, run.out
    assert server.writes() == []
    assert run.report["summary"]["failed"] == 1
    text = run.report["clusters"][0]["error"] or run.service()
    assert len(text.get("message") or text["reason"]) > 20


@pytest.mark.parametrize("field", SERVICE)
def test_of_a_service(prod, headcount, event, field):
    for name, value in WRONG.items():
        if name in SERVICE[field]:
            continue
        prod.requests.clear()
        prod.service("web", desired=1, **{field: value})
        try:
            fails(headcount("handle", *OURS, stdin=event()), prod)
        except AssertionError as e:
            raise AssertionError(f"{field} is {name}: {value}") from e


@pytest.mark.parametrize("fields", [
    ["status"], ["desiredCount"], ["serviceArn", "serviceName"]])
def test_what_a_service_must_have(prod, headcount, event, fields):
    service = prod.service("web", desired=1, **dict.fromkeys(fields))
    fails(headcount("handle", *OURS, stdin=event()), prod)
    for field in fields:
        del service[field]
    fails(headcount("handle", *OURS, stdin=event()), prod)


@pytest.mark.parametrize("field", sorted(
    set(SERVICE) - {"serviceArn", "serviceName", "clusterArn", "status",
                    "desiredCount", "schedulingStrategy"}))
def test_what_may_be_null(prod, headcount, event, field):
    prod.service("web", desired=1, **{field: None})
    run = headcount("handle", *OURS, stdin=event())
    assert run.code == 0, run.out
    assert prod.writes()[0]["desiredCount"] == 3


def answers(**members):
    return lambda body: members


ARNS = [f"arn:aws:ecs:eu-west-1:123456789012:container-instance/prod/{n}"
        for n in "abc"]


@pytest.mark.parametrize("answer", [
    {}, {"containerInstanceArns": None}, {"containerInstanceArns": 3},
    {"containerInstanceArns": "abc"}, {"containerInstanceArns": {}},
    {"containerInstanceArns": [1, 2, 3]},
    {"containerInstanceArns": [*ARNS, None]},
    {"containerInstanceArns": [*ARNS, [ARNS[0]]]},
    {"containerInstanceArns": [*ARNS, ""]},
    {"containerInstanceArns": ARNS, "nextToken": 7},
    {"containerInstanceArns": ARNS, "nextToken": {}},
    {"containerInstanceArns": ARNS, "nextToken": True},
    {"services": []},
])
def test_of_a_list_of_hosts(prod, headcount, event, answer):
    prod.fault("ListContainerInstances", answers(**answer), times=99)
    fails(headcount("handle", *OURS, stdin=event()), prod)


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


def details(**more):
    return [{"containerInstanceArn": a, "status": "ACTIVE",
             "capacityProviderName": "spot", **more} for a in ARNS]


@pytest.mark.parametrize("answer", [
    {}, {"containerInstances": 3}, {"containerInstances": {}},
    {"containerInstances": [1]}, {"containerInstances": []},
    {"containerInstances": details()[:2]},
    {"containerInstances": details()[:2],
     "failures": [{"arn": ARNS[2], "reason": 7}]},
    {"containerInstances": details(capacityProviderName=7)},
    {"containerInstances": details(status=[])},
    {"containerInstances": details(containerInstanceArn=None)},
    {"containerInstances": details(containerInstanceArn=ARNS[0] + "z")},
    {"containerInstances": details(), "failures": "x"},
])
def test_of_details_of_hosts(prod, headcount, event, answer):
    prod.service("web", desired=1, capacityProviderStrategy=[
        {"capacityProvider": "spot", "weight": 1, "base": 0}])
    del prod.services["web"]["launchType"]
    prod.fault("DescribeContainerInstances", answers(**answer), times=99)
    fails(headcount("handle", *OURS, stdin=event()), prod)


@pytest.mark.parametrize("count", [None, "3", 1.5, -1, [], {}, True, 2 ** 70])
def test_of_a_clusters_number(prod, headcount, event, count):
    prod.fault("DescribeClusters", answers(failures=[], clusters=[
        {"clusterArn": prod.cluster_arn, "clusterName": "prod",
         "status": "ACTIVE", "registeredContainerInstancesCount": count}]),
        times=9)
    fails(headcount("handle", *OURS, "--hosts", "registered",
                    stdin=event()), prod)


@pytest.mark.parametrize("answer", [
    {}, {"clusters": []}, {"clusters": 1}, {"clusters": [[]]},
    {"clusters": [], "failures": [{"arn": "x", "reason": "MISSING"}]},
    {"clusters": [{"clusterArn": ARNS[0], "status": "ACTIVE",
                   "registeredContainerInstancesCount": 3}]},
    {"clusters": [{"clusterArn": "arn:aws:ecs:eu-west-1:123456789012:cluster/"
                   "other", "status": "ACTIVE",
                   "registeredContainerInstancesCount": 3}]},
])
def test_of_clusters(prod, headcount, event, answer):
    prod.fault("DescribeClusters", answers(**answer), times=9)
    fails(headcount("handle", *OURS, "--hosts", "registered",
                    stdin=event()), prod)


@pytest.mark.parametrize("answer", [
    {"service": []}, {"service": 7},
    {"service": {"serviceName": "web", "desiredCount": "3"}},
    {"service": {"serviceName": "web", "desiredCount": 4}},
    {"service": {"serviceName": "api", "desiredCount": 3}},
    {"service": {"serviceName": "web", "clusterArn":
                 "arn:aws:ecs:eu-west-1:123456789012:cluster/test"}},
])
def test_an_update_that_says_something_else(prod, headcount, event, answer):
    """It may leave out what it likes; what it says must be what was asked."""
    prod.fault("UpdateService", answers(**answer), times=9)
    run = headcount("handle", *OURS, stdin=event())
    assert run.code == 1, run.out
    assert run.service()["outcome"] == "failed"
    assert {w["desiredCount"] for w in prod.writes()} == {3}
