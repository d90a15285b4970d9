"""The cluster query language of the ECS peer: the guide's examples, each
operator in both spellings, and where what is no query goes wrong."""
import ecs_query
import pytest
from ecs_model import Model

HOSTS = {
    "a": {"attributes": {"ecs.instance-type": "t2.small", "tier": "web",
                         "ecs.availability-zone": "us-east-1a", "n": "9",
                         "ssd": None}, "groups": {"service:web"}},
    "b": {"attributes": {"ecs.instance-type": "g2.2xlarge", "tier": "db",
                         "ecs.availability-zone": "us-east-1b", "n": "10"},
          "agentConnected": False, "runningTasksCount": 0,
          "versionInfo": {"agentVersion": "1.9.12"}},
    "c": {"attributes": {"ecs.instance-type": "g2.8xlarge",
                         "ecs.availability-zone": "us-east-1d"},
          "registeredAt": 1500000000, "runningTasksCount": 12,
          "groups": {"service:web", "database"}, "status": "DRAINING"},
}
TYPE, ZONE = "attribute:ecs.instance-type", "attribute:ecs.availability-zone"
QUERIES = {
    f"{TYPE} == t2.small": "a", f"{TYPE} equals t2.small": "a",
    f"{TYPE}==t2.small": "a", f"{TYPE} == 't2.small'": "a",
    f'{TYPE} != "t2.small"': "bc", f"{TYPE} not_equals t2.small": "bc",
    f"{ZONE} in [us-east-1a, us-east-1b]": "ab",
    f"{ZONE} in [us-east-1a]": "a", f"{ZONE} !in [us-east-1a,'x']": "bc",
    f"{ZONE} not_in [us-east-1a, us-east-1b]": "c",
    f"{TYPE} =~ g2.*": "bc", f"{TYPE} matches g2": "",
    f"{TYPE} =~ [gt]2.[2s].*": "ab", f"{TYPE} !~ g2.*": "a",
    f"{TYPE} not_matches g2.*": "a",
    f"{TYPE} =~ g2.* and {ZONE} != us-east-1d": "b",
    "attribute:ssd exists": "a", "attribute:ssd !exists": "bc",
    "attribute:ssd not_exists": "bc", "attribute:tier != web": "bc",
    "not(attribute:tier exists)": "c", "!attribute:tier exists": "c",
    "not not attribute:tier exists": "ab",
    "attribute:n > 9": "b", "attribute:n >= 9": "ab", "attribute:n < 10": "a",
    "attribute:n less_than_equal 10": "ab",
    "agentConnected == true": "ac", "agentConnected != true": "b",
    "agentVersion < 1.14.5": "b", "agentVersion greater_than 1.9.2": "abc",
    "ec2InstanceId in ['i-a', 'i-c']": "ac", "ec2InstanceId =~ i-[bc]": "bc",
    "registeredAt < 2018-02-13": "c", "registeredAt < 2018-02-13T00:00:00Z":
    "c", "registeredAt >= 2018-02-13T00:00:00+00:00": "ab",
    "runningTasksCount == 1": "a", "runningTasksCount greater_than_equal 1":
    "ac", "runningTasksCount > 9": "c",
    "task:group == service:web": "ac", "not(task:group == database)": "ab",
    "attribute:tier == web or attribute:tier == db and attribute:n == 9": "a",
    "(attribute:tier == web or attribute:tier == db) && attribute:n == 10":
    "b", "attribute:tier == web || !(attribute:tier exists)": "ac",
    "attribute:tier==web||attribute:tier==db&&attribute:n==10": "ab",
    "((attribute:tier exists) and (attribute:n exists))": "ab",
}


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_finds_its_hosts(query):
    model = Model()
    prod = model.cluster("prod")
    for name, members in HOSTS.items():
        prod.host(name, **members)
    answer = model.ListContainerInstances({"cluster": "prod",
                                           "filter": query})
    assert "".join(a[-1] for a in answer["containerInstanceArns"]) == \
        QUERIES[query]


@pytest.mark.parametrize("query,at", [
    ("", 0), ("attribute:a", 11), ("attribute: exists", 0), ("web == a", 0),
    ("attribute:a == ", 15), ("attribute:a === b", 14),
    ("attribute:a exists b", 19), ("attribute:a exists and", 22),
    ("(attribute:a exists", 19), ("attribute:a exists)", 18),
    ("attribute:a == (b)", 15), ("attribute:a in b", 15),
    ("attribute:a in [b", 17), ("attribute:a in []", 16),
    ("attribute:a =~ *", 15), ("attribute:a = b", 12),
    ("agentVersion exists", 13), ("agentVersion > x", 15),
    ("runningTasksCount =~ 1", 18), ("registeredAt < soon", 15),
    ("attribute:a exists xor attribute:b exists", 19), ("not", 3),
])
def test_a_query_that_is_none_is_told_its_place(query, at):
    with pytest.raises(ValueError, match=f" at {at} of "):
        ecs_query.parse(query)
