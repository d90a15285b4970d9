"""Verbs, options, exit codes, what is printed where."""
import re

import pytest
from conftest import SECRET, TOKEN

OURS = ("--service", "web")


@pytest.fixture
def prod(ecs, headcount):
    headcount.at(ecs)
    ecs.service("web", desired=1)
    for name in "abc":
        ecs.host(name)
    return ecs


def test_help_is_on_stdout_and_names_every_verb(headcount):
    run = headcount("help")
    assert run.code == 0 and run.err == ""
    for verb in ("plan", "apply", "handle", "snapshot", "call", "test", "run",
                 "help", "version"):
        assert re.search(rf"\b{verb}\b", run.out)
        one = headcount("help", verb)
        assert one.code == 0 and verb in one.out
        assert headcount(verb, "--help").code == 0
        assert headcount("--help", verb).code == 0
    assert headcount("--help").out == run.out
    assert headcount("help", "nothing").code == 252
    assert max(map(len, run.out.splitlines())) <= 80


def test_version_says_what_it_is(headcount):
    run = headcount("version")
    assert run.code == 0
    assert re.match(r"headcount \d+\.\d+\.\d+ ", run.out)


def test_plan_writes_nothing_and_shows_what_would_be(prod, headcount):
    run = headcount("plan", "prod", *OURS)
    assert run.code == 0
    assert prod.writes() == []
    assert "1 -> 3  (+2" in run.out
    assert run.out.rstrip().endswith(
        "Plan: 1 to change, 0 held, 0 unchanged, 0 failed.")
    assert headcount("plan", "prod", *OURS, "--detailed-exitcode").code == 2
    run = headcount("plan", "prod", *OURS, "--output", "json")
    assert run.report["dry_run"] is True
    assert run.service()["outcome"] == "pending"


def test_apply_writes_what_plan_showed_and_is_then_done(prod, headcount):
    run = headcount("apply", "prod", *OURS)
    assert run.code == 0
    assert prod.services["web"]["desiredCount"] == 3
    assert "Done: 1 changed" in run.out
    run = headcount("apply", "prod", *OURS, "--detailed-exitcode")
    assert run.code == 0
    assert len(prod.writes()) == 1


def test_a_dry_run_is_a_plan(prod, headcount, event):
    run = headcount("handle", *OURS, "--dry-run", "--output", "json",
                    stdin=event())
    assert run.service()["outcome"] == "pending"
    assert prod.writes() == []


def test_options_stand_anywhere_in_both_spellings(prod, headcount):
    for args in (["--service", "web", "plan", "prod"],
                 ["plan", "--service=web", "prod"],
                 ["plan", "prod", "--service=web"]):
        assert headcount(*args).code == 0


def test_services_by_arn_list_and_environment(prod, headcount):
    prod.service("api", desired=3)
    at = "arn:aws:ecs:eu-west-1:123456789012:service/prod/web"
    run = headcount("plan", "prod", "--service", at, "--output", "json")
    assert run.service()["service"] == at
    assert run.service()["outcome"] == "pending"
    run = headcount("plan", "prod", "--output", "json",
                    ECS_SERVICE_ARN=f"{at},api")
    assert [s["outcome"] for s in run.report["clusters"][0]["services"]] == \
        ["pending", "unchanged"]
    run = headcount("plan", "prod", "--output", "json",
                    HEADCOUNT_SERVICE="web, api")
    assert len(run.report["clusters"][0]["services"]) == 2
    run = headcount("plan", "prod", "--service", "web", "--service", "web")
    assert run.code in (252, 253) and "web" in run.err


def test_two_clusters_of_one_name_each(prod, headcount):
    run = headcount("plan", "prod", prod.cluster_arn, *OURS)
    assert run.code == 0
    assert prod.connections == 1


def test_held_says_the_way_out(prod, headcount):
    prod.services["web"]["deploymentController"] = {"type": "EXTERNAL"}
    run = headcount("plan", "prod", *OURS)
    assert "held" in run.out and "--allow external" in run.out
    assert headcount("plan", "prod", *OURS, "--detailed-exitcode").code == 3


def test_timings_draw_each_call_by_phase(secure, headcount):
    secure.service("web", desired=0)
    secure.host("a")
    run = headcount("apply", "prod", *OURS, "--timings")
    assert run.code == 0
    lines = [line for line in run.err.splitlines() if line[0] != "{"]
    assert [line.split()[0] for line in lines[:3]] == \
        ["DescribeServices", "ListContainerInstances", "UpdateService"]
    for phase in ("dns", "connect", "tls", "send", "wait", "receive"):
        assert phase in lines[0]
    assert "connect" not in lines[1] and "tls" not in lines[1]
    assert "3 calls, 1 connection" in lines[-1]
    assert "Done: 1 changed" in run.out


def test_debug_tells_each_step_and_no_secret(secure, headcount):
    secure.service("web", desired=1)
    secure.host("a")
    run = headcount("plan", "prod", *OURS, "--debug")
    assert run.code == 0
    assert "operation=DescribeServices" in run.err
    assert "connection=reused" in run.err
    assert "Signature" not in run.err and "AWS4" not in run.err


def test_colour_is_for_terminals_only(prod, headcount):
    assert "\x1b" not in headcount("plan", "prod", *OURS).out


def test_an_output_that_cannot_be_written_is_an_error(prod, headcount):
    headcount.wrap = ["sh", "-c", 'exec "$@" >/dev/full', "sh"]
    run = headcount("plan", "prod", *OURS)
    assert run.code == 255
    assert "standard output" in run.err
