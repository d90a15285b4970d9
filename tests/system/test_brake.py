"""The brake on the whole run: --max-changes, --max-falls, limits of policies.
What goes beyond is held, in a plan as in the run, and one line counts it."""
import pytest
from conftest import event_of
from test_lambda import metrics
from test_sweep import clusters, counts, fill      # noqa: F401 (a fixture)
from test_watch import (Worker, front, moto, queue, read_metrics,  # noqa: F401
                        until, value)

NAMED = [w for name in ("a", "b", "c", "d", "e") for w in ("--service", name)]


@pytest.fixture
def prod(ecs, headcount):
    """Two hosts; a, c and e lack a task, b has two too many, d one."""
    headcount.at(ecs)
    for name, desired in (("a", 1), ("b", 4), ("c", 1), ("d", 3), ("e", 1)):
        ecs.service(name, desired=desired)
    for name in "xy":
        ecs.host(name)
    return ecs


def rows(run):
    return {s["service"]: s["code"] or s["outcome"]
            for c in run.report["clusters"] for s in c["services"]}


def written(ecs):
    return [body["service"] for body in ecs.writes()]


HELD = "too_many_changes"


@pytest.mark.parametrize("limits,held", [
    (["--max-changes", 5], ""), (["--max-changes", 4], "d"),
    (["--max-changes", 3], "bd"), (["--max-changes", 1], "bcde"),
    (["--max-falls", 3], ""), (["--max-falls", 2], "d"),
    (["--max-falls", 1], "bd"),       # the smaller one behind it waits, too
    (["--max-changes", 4, "--max-falls", 1], "bd"),
])
def test_a_plan_holds_what_the_run_holds(prod, headcount, limits, held):
    args = ["prod", *NAMED, *limits, "--output", "json"]
    plan, dry = headcount("plan", *args), headcount("apply", *args,
                                                    "--dry-run")
    assert prod.writes() == []
    done = headcount("apply", *args)
    assert plan.code == dry.code == done.code == 0, done.err
    want = {name: HELD if name in held else "updated" for name in "abcde"}
    assert rows(done) == want
    assert rows(plan) == rows(dry) == {
        k: v.replace("updated", "pending") for k, v in want.items()}
    assert sorted(written(prod)) == [n for n in "abcde" if n not in held]
    assert done.report["summary"]["held"] == len(held)
    assert [a["event"] for a in done.audit if a["code"] == HELD] == \
        ["hold_started"] * len(held)


def test_one_line_counts_what_was_written_and_what_waits(prod, headcount):
    args = ("prod", *NAMED, "--max-changes", "3")
    plan = headcount("plan", *args).out.splitlines()
    assert plan[1] == (
        "! prod  b  4 -> 2  -2  2 active hosts  held too_many_changes: 3 "
        "services would be written in this run, which is --max-changes; to let "
        "it pass: --allow too_many_changes")
    assert plan[-2:] == [
        "Plan: 3 to change, 2 held, 0 unchanged, 0 failed.",
        "Limit: 3 services would be written, 2 would wait for another run "
        "(--allow too_many_changes lifts it for one)."]
    done = headcount("apply", *args)
    assert "held too_many_changes: 3 services were written in this run" in \
        done.out
    assert "request." not in done.err           # the audit lines
    assert [a["reason"].partition("; held: ")[2] for a in done.audit
            if a["event"] == "hold_started"] == \
        ["3 services were written in this run, which is --max-changes"] * 2
    assert done.out.splitlines()[-1].startswith(
        "Limit: 3 services were written, 2 wait for another run")
    again = headcount("apply", *args, "--detailed-exitcode")
    assert again.code == 0                   # the rest, in the next run
    assert again.out.splitlines()[-1] == \
        "Done: 2 changed, 0 held, 3 unchanged, 0 failed."


def test_it_is_lifted_for_one_run(prod, headcount):
    args = ("prod", *NAMED, "--max-changes", "1", "--max-falls", "1")
    assert headcount("apply", *args, "--allow", HELD).code == 0
    assert len(written(prod)) == 5
    policy = headcount.home / "policy.lua"
    policy.write_text('limits { changes = 1 }\n'
                      'return { fixed { "a", 7 }, fixed { "b", 7 } }')
    args = ("prod", "--policy", policy, "--output", "json")
    assert rows(headcount("plan", *args)) == {"a": "pending", "b": HELD}
    run = headcount("plan", *args, "--allow", HELD)
    assert rows(run) == {"a": "pending", "b": "pending"}
    assert headcount("plan", *args, "--allow", "zero").code == 252


@pytest.mark.parametrize("policy,option,variable,passed", [
    (None, 1, 3, 1), (None, 3, 1, 1), (2, 3, 4, 2), (2, 4, 1, 1),
    (3, None, None, 3), (4, 2, None, 2), (2, None, 3, 2),
])
def test_the_smallest_limit_holds(prod, headcount, policy, option, variable,
                                  passed):
    path = headcount.home / "policy.lua"
    path.write_text(f"limits {{ {'changes = %s' % policy if policy else ''} }}"
                    "\nlocal list = {}\n"
                    "for name in ('abcde'):gmatch '.' do\n"
                    "  list[#list + 1] = fixed { name, 9 }\nend\nreturn list")
    more = ["--max-changes", option] if option else []
    run = headcount("plan", "prod", "--policy", path, *more,
                    HEADCOUNT_MAX_CHANGES=str(variable) if variable else None)
    assert run.code == 0, run.err
    assert run.out.count("held too_many_changes") == 5 - passed


@pytest.mark.parametrize("name", ["--max-changes", "--max-falls"])
@pytest.mark.parametrize("text", ["0", "-1", "x", "1.5", "1000000001", " 1"])
def test_a_limit_is_a_whole_number(prod, headcount, name, text):
    run = headcount("apply", "prod", *NAMED, name, text)
    assert run.code == 252 and name in run.err
    variable = "HEADCOUNT_" + name[2:].replace("-", "_").upper()
    run = headcount("apply", "prod", *NAMED, name, "5", **{variable: text})
    assert run.code == 252 and variable in run.err
    assert prod.requests == []


def test_a_service_that_is_looked_at_again_is_one_change(ecs, headcount):
    """--verify: what the second look calls for is the same service's."""
    headcount.at(ecs)
    ecs.service("web", desired=3)
    ecs.service("other", desired=3)
    for name in "abcd":
        ecs.host(name)
    ecs.after(3, lambda model: ecs.host("e"))
    args = ("apply", "prod", "--service", "web", "--service", "other",
            "--verify", "on", "--max-changes", "1", "--output", "json")
    run = headcount(*args)
    assert run.code == 0, run.err
    assert [(w["service"], w["desiredCount"]) for w in ecs.writes()] == \
        [("web", 4), ("web", 5)]
    assert rows(run) == {"web": "updated", "other": HELD}


@pytest.mark.parametrize("desired,limit,written_counts,code", [
    (1, 1, [4, 2], "updated"),         # what the run itself added
    (6, 4, [4, 2], "updated"),
    (6, 3, [4], HELD),                 # 2 were taken away, and 2 more would be
])
def test_a_second_look_takes_away_what_is_new(ecs, headcount, desired, limit,
                                              written_counts, code):
    headcount.at(ecs)
    ecs.service("web", desired=desired)
    for name in "abcd":
        ecs.host(name)
    ecs.after(3, lambda model: [h.update(status="DRAINING")
                                for h in ecs.hosts[2:]])
    run = headcount("apply", "prod", "--service", "web", "--verify", "on",
                    "--max-falls", limit, "--output", "json")
    assert run.code == 0, run.err
    assert [w["desiredCount"] for w in ecs.writes()] == written_counts
    assert rows(run) == {"web": code}


# ---- a sweep ----

NAMES = [f"c{i:02}" for i in range(20)]


@pytest.mark.parametrize("at_once", [1, 10])
def test_clusters_take_their_places_in_their_order(clusters, headcount,
                                                   at_once):
    """Whichever is answered first, a sweep writes those that its plan says,
    and never more."""
    fill(clusters, NAMES)
    args = ("--all", "--service", "web", "--max-changes", "7",
            "--concurrency", at_once, "--api-share", "1")
    clusters.delay("ListContainerInstances", 0.3, times=3)
    plan = headcount("apply", *args, "--dry-run", "--output", "json")
    clusters.delay("DescribeServices", 0.3, times=5)
    done = headcount("apply", *args)
    assert done.code == 0, done.err
    assert counts(clusters) == {n: 2 if n in NAMES[:7] else 1 for n in NAMES}
    assert [c["services"][0]["code"] for c in plan.report["clusters"]] == \
        [""] * 7 + [HELD] * 13
    assert done.out.splitlines()[-2:] == [
        "Done: 7 changed, 13 held, 0 unchanged, 0 failed.",
        "Limit: 7 services were written, 13 wait for another run "
        "(--allow too_many_changes lifts it for one)."]


def test_a_place_of_a_write_that_was_refused_is_given_back(clusters,
                                                           headcount):
    fill(clusters, ["a", "b", "c"])
    clusters.fault("UpdateService", "denied")
    run = headcount("apply", "--all", "--service", "web", "--max-changes",
                    "1", "--output", "json")
    assert run.code == 1
    assert [c["services"][0]["code"] for c in run.report["clusters"]] == \
        ["AccessDeniedException", "", HELD]
    assert counts(clusters) == {"a": 1, "b": 2, "c": 1}


def test_what_one_clusters_policy_says_holds_for_the_run(clusters, headcount):
    fill(clusters, NAMES[:6])
    policy = headcount.home / "policy.lua"
    policy.write_text('return function(cluster)\n'
                      '  if cluster.name == "c02" then\n'
                      '    limits { changes = 3 }\n'
                      '  end\n'
                      '  return { per_host { "web" } }\n'
                      'end')
    run = headcount("apply", "--all", "--policy", policy, "--concurrency", "1")
    assert run.code == 0, run.err
    assert sum(counts(clusters).values()) == 6 + 3
    assert "which is the policy's limit of changes" in run.out


# ---- events: ten minutes of one process ----

def newer(i):
    event = event_of()
    event["detail"]["version"] += i
    return event


def test_events_of_a_process_share_the_limit(ecs, function):
    ecs.service("web", desired=1)
    ecs.host("a")
    server = function(HEADCOUNT_MAX_CHANGES="2", HEADCOUNT_ALL="1")
    codes = []
    for i in range(4):
        ecs.host(f"b{i}")
        codes.append(server.invoke(newer(i))["clusters"][0]["services"][0]
                     ["code"])
    assert codes == ["", "", HELD, HELD]
    assert ecs.services["web"]["desiredCount"] == 3
    sweep = server.invoke({"source": "aws.events", "detail": {},
                           "detail-type": "Scheduled Event",
                           "account": "123456789012", "region": "eu-west-1"})
    service = sweep["clusters"][0]["services"][0]
    assert service["code"] == HELD
    assert "2 services were written within ten minutes, which is " \
        "--max-changes" in service["reason"]
    assert [told["TooManyChanges"] for told in metrics(server)] == \
        [0, 0, 1, 1, 1]


def test_a_batch_is_one_run(ecs, headcount):
    headcount.at(ecs)
    fill(ecs, NAMES[:4])
    run = headcount("handle", "--service", "web", "--max-changes", "2",
                    "--output", "json", stdin={"clusters": NAMES[:4]})
    assert run.code == 0, run.err
    assert [c["services"][0]["code"] for c in run.report["clusters"]] == \
        ["", "", HELD, HELD]


def test_the_worker_shares_the_limit_and_has_a_metric(prod, queue,  # noqa: F811
                                                      headcount):
    file = headcount.home / "m.prom"
    with Worker(headcount, queue, "--metrics", file, "--max-falls", "2",
                what=NAMED) as worker:
        queue.send(newer(1))
        until(lambda: queue.deleted() == 1)
        until(lambda: value(read_metrics(file), "too_many_changes") == 1)
        assert prod.services["d"]["desiredCount"] == 3     # b fell by two
        prod.host("z")
        prod.host("z2")
        prod.host("z3")
        queue.send(newer(2))
        until(lambda: queue.deleted() == 2)
        until(lambda: value(read_metrics(file), "too_many_changes") == 0)
        assert {s["desiredCount"] for s in prod.services.values()} == {5}
        assert worker.stop()[0] == 0
