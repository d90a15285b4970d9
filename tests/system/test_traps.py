"""The thirty traps of "desired = the number of hosts", each with the test that
holds it.

The table is printed at the end of the run.  A name that is no test any more is
a failure; the tests here are those that have no better place.
"""
import pathlib
import re

import pytest

TOP = pathlib.Path(__file__).resolve().parents[1]
OURS = ("--service", "web", "--output", "json")
COUNTS = "system/test_counts.py::"
MAIN = "system/test_main_job.py::"
HERE = "system/test_traps.py::"
INPUT = "reconcile/plan_input_test.c: "
PLAN = "plan/plan_test.c: "

# (trap, what goes wrong without a rule, who holds it)
TRAPS = [
    (1, "DRAINING hosts are counted",
     COUNTS + "test_250_hosts_over_three_pages_7_of_them_draining"),
    (2, "a drain that waits for the count to fall",
     HERE + "test_a_host_that_drains_lowers_the_count"),
    (3, "ghosts: unreachable is not gone",
     HERE + "test_hosts_without_an_agent_count"),
    (4, "one machine under two ARNs",
     INPUT + "a_machine_under_two_arns_is_counted_once"),
    (5, "an agent that flaps scales in",
     HERE + "test_hosts_without_an_agent_count"),
    (6, "a list without a status holds other states",
     HERE + "test_a_list_always_names_its_status"),
    (7, "hosts of another kind or provider",
     COUNTS + "test_a_strategy_counts_its_own_providers_hosts"),
    (8, "hosts that the service's constraints exclude",
     COUNTS + "test_the_services_own_constraint_is_the_filter"),
    (9, "events twice, late, out of order",
     "api/handle_test.c: "
     "a_version_that_was_reconciled_is_dropped_where_it_may_be"),
    (10, "our own write makes the next event",
     "reconcile/run_test.c: "
     "a_write_that_ecs_does_not_show_yet_is_not_repeated"),
    (11, "changes that emit no event",
     MAIN + "test_scheduled_events_and_bare_forms_name_clusters"),
    (12, "events that are lost", "worlds_test.c: "
     "no_write_but_the_right_one"),
    (13, "storms: many events for one cluster",
     "api/handle_test.c: a_cluster_is_reconciled_by_one_at_a_time"),
    (14, "events of services", MAIN + "test_an_event_that_is_not_ours_is_no_"
     "call"),
    (15, "a member too much starts a deployment",
     "worlds_test.c: no_write_but_the_right_one"),
    (16, "a count for a DAEMON", PLAN + "daemon_is_skipped"),
    (17, "services that drain or are gone",
     PLAN + "inactive_is_skipped_with_its_status"),
    (18, "services that ECS manages", PLAN + "express_is_skipped"),
    (19, "a scaling event in a CODE_DEPLOY deployment",
     PLAN + "code_deploy_is_held_with_more_than_one_task_set"),
    (20, "task sets of an EXTERNAL controller", PLAN + "external_is_held"),
    (21, "two revisions at once", PLAN + "a_native_deployment_in_progress_is_"
     "held"),
    (22, "a template that sets the count back",
     "reconcile/run_test.c: "
     "three_writes_undone_within_ten_minutes_are_contested"),
    (23, "Auto Scaling sets it too",
     "reconcile/exchange/scalable_target_test.c: "
     "what_auto_scaling_sets_is_held"),
    (24, "the runaway of managed scaling",
     "reconcile/exchange/providers_test.c: "
     "tasks_that_wait_on_managed_scaling_are_held"),
    (25, "an old answer after our write",
     "reconcile/run_test.c: "
     "a_write_that_ecs_does_not_show_yet_is_not_repeated"),
    (26, "an empty or partial read becomes zero",
     COUNTS + "test_a_page_that_fails_is_no_smaller_count"),
    (27, "protected tasks run above the count",
     HERE + "test_what_runs_does_not_make_a_write"),
    (28, "rebalancing starts and stops tasks",
     HERE + "test_what_runs_does_not_make_a_write"),
    (29, "the same name in another cluster",
     "reconcile/reconcile_test.c: "
     "a_service_of_another_place_is_missing_without_a_call"),
    (30, "tasks that find no place",
     HERE + "test_what_runs_does_not_make_a_write"),
]


@pytest.fixture
def prod(ecs, headcount):
    headcount.at(ecs)
    ecs.service("web", desired=3)
    return ecs


@pytest.mark.parametrize("number,trap,test", TRAPS,
                         ids=[f"{t[0]:02d}" for t in TRAPS])
def test_the_trap_is_held(number, trap, test, record_property):
    name, _, case = test.partition("::")
    if case:
        found = re.search(rf"^def {case}\(", (TOP / name).read_text(), re.M)
    else:
        name, _, case = test.partition(": ")
        found = re.search(rf"^TEST\(\w+, {case}\)",
                          (TOP / name).read_text(), re.M)
    assert found, f"{test} is no test"
    record_property("trap", f"{number} {trap}: {test}")


def test_there_are_thirty():
    assert [t[0] for t in TRAPS] == list(range(1, 31))


# ---- those that have no better place ----

def test_a_host_that_drains_lowers_the_count(prod, headcount, event):
    """Else the drain waits for a place that no host has."""
    for name in "abc":
        prod.host(name, status="DRAINING" if name == "c" else "ACTIVE")
    run = headcount("handle", *OURS, stdin=event())
    assert run.code == 0
    assert prod.writes()[0]["desiredCount"] == 2


@pytest.mark.parametrize("away", ["c", "abc"])
def test_hosts_without_an_agent_count(prod, headcount, event, away):
    """Agents lose their connection several times an hour."""
    for name in "abc":
        prod.host(name, agentConnected=name not in away)
    run = headcount("handle", *OURS, stdin=event())
    assert run.service()["outcome"] == "unchanged"
    assert prod.writes() == []


def test_a_list_always_names_its_status(prod, headcount, event):
    for name in "abcd":
        prod.host(name)
    for name in "xyz":
        prod.host(name, status="REGISTERING")
    headcount("handle", *OURS, stdin=event())
    lists = [r.body for r in prod.requests
             if r.operation == "ListContainerInstances"]
    assert lists and all(body["status"] == "ACTIVE" for body in lists)
    assert prod.writes()[0]["desiredCount"] == 4


@pytest.mark.parametrize("running,pending", [(0, 0), (0, 3), (2, 1), (5, 0)])
def test_what_runs_does_not_make_a_write(prod, headcount, event, running,
                                         pending):
    """Only desiredCount is compared: what runs is ECS's business."""
    prod.service("web", desired=3, runningCount=running, pendingCount=pending)
    for name in "abc":
        prod.host(name)
    run = headcount("handle", *OURS, stdin=event())
    assert run.service()["outcome"] == "unchanged"
    assert prod.writes() == []
