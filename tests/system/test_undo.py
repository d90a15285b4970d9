"""undo: counts go back to what they were before the writes of a log."""
import gzip
import json

import pytest

from ecs_server import ACCOUNT

PROD = f"arn:aws:ecs:eu-west-1:{ACCOUNT}:cluster/prod"


@pytest.fixture
def away(ecs, headcount):
    """Three services that headcount brought from their counts to six, and the
    log of it."""
    headcount.at(ecs)
    headcount.env["AWS_ENDPOINT_URL"] = f"http://127.0.0.1:{ecs.port}"
    for name, count in (("web", 2), ("agent", 1), ("router", 3)):
        ecs.service(name, desired=count)
    for name in "abcdef":
        ecs.host(name)
    run = headcount("apply", "prod", "--service", "web,agent,router")
    assert run.code == 0, run.err
    assert counts(ecs) == {"web": 6, "agent": 6, "router": 6}
    (headcount.home / "audit.log").write_text(run.err)
    ecs.requests.clear()
    return ecs


def counts(ecs):
    return {n: s["desiredCount"] for n, s in ecs.services.items()}


def line(service="web", before=2, after=6, cluster=PROD,
         time="2026-11-30T02:10:00.000Z", **more):
    return json.dumps({"time": time, "cluster": cluster, "event": "write",
                       "service": service, "before": before, "after": after,
                       **more}, separators=(",", ":")) + "\n"


def wants(run):
    return {s["service"]: (s["outcome"], s["wanted"])
            for s in run.report["clusters"][0]["services"]}


def test_it_is_a_plan_until_yes(away, headcount):
    run = headcount("undo", "audit.log", "--output", "json")
    assert run.code == 0, run.err
    assert wants(run) == {"web": ("pending", 2), "agent": ("pending", 1),
                          "router": ("pending", 3)}
    assert run.report["dry_run"] is True and run.report["left_alone"] == []
    assert away.writes() == [] and "--yes writes it" in run.err
    run = headcount("undo", "audit.log", "--detailed-exitcode")
    assert run.code == 2 and "Plan: 3 to change, 0 held" in run.out
    run = headcount("undo", "audit.log", "--yes", "--dry-run")
    assert run.code == 0 and away.writes() == []
    run = headcount("undo", "audit.log", "--yes")
    assert run.code == 0, run.err
    assert counts(away) == {"web": 2, "agent": 1, "router": 3}
    assert "Done: 3 changed, 0 held" in run.out and "--yes" not in run.err


def test_an_undo_can_be_run_again_and_be_undone(away, headcount):
    undone = headcount("undo", "audit.log", "--yes")
    again = headcount("undo", "audit.log", "--yes")
    assert again.code == 0 and "Done: 0 changed, 0 held, 3 unchanged" in \
        again.out
    assert headcount("undo", "-", "--yes", stdin=undone.err).code == 0
    assert counts(away) == {"web": 6, "agent": 6, "router": 6}


def test_a_count_that_somebody_changed_since_is_left_alone(away, headcount):
    away.services["agent"].write(desiredCount=9)
    run = headcount("undo", "audit.log", "--output", "json", "--yes")
    assert run.code == 0, run.err
    assert run.report["left_alone"] == [
        {"cluster": PROD, "service": "agent", "found": 9, "set": 6}]
    assert sorted(wants(run)) == ["router", "web"]
    assert counts(away) == {"web": 2, "agent": 9, "router": 3}
    run = headcount("undo", "audit.log")
    assert "prod agent has 9, and headcount had set 6 at 20" in run.out
    assert "somebody changed it since" in run.out


def test_since_chooses_the_writes(away, headcount):
    log = line(before=1, after=4, time="2026-11-30T02:10:00.000Z") + \
        line(before=4, after=6, time="2026-11-30T03:10:00.000Z")

    def undo(*args):
        return headcount("undo", "-", "--output", "json", *args, stdin=log)
    assert wants(undo()) == {"web": ("pending", 1)}
    for since in ("2026-11-30T03:00:00Z", "2026-11-30T04:10:00+01:00"):
        assert wants(undo("--since", since)) == {"web": ("pending", 4)}
    run = undo("--since", "2026-11-30T03:10:00.001Z")
    assert (run.code, run.report) == (0, {})
    assert "there is nothing to undo" in run.err
    for wrong in ("yesterday", "2026-11-30", "2", "0h", "2hh", "h", "-2h"):
        run = undo(f"--since={wrong}")
        assert run.code == 252 and "such as 30m or 2h" in run.err
    log = headcount.home.joinpath("audit.log").read_text()
    for span in ("90s", "30m", "2h", "3d"):
        assert len(wants(undo("--since", span))) == 3


def test_the_holds_stay_and_allow_lets_one_pass(away, headcount):
    log = line(before=0)
    run = headcount("undo", "-", "--yes", "--output", "json", stdin=log)
    assert (run.service()["outcome"], run.service()["code"]) == ("held",
                                                                 "zero")
    run = headcount("undo", "-", "--yes", "--detailed-exitcode", stdin=log)
    assert run.code == 3 and away.writes() == []
    assert "--allow zero --service web" in run.out
    run = headcount("undo", "-", "--yes", "--allow", "zero", "--service",
                    "web", stdin=log)
    assert run.code == 0 and counts(away)["web"] == 0


def test_a_paused_service_and_a_dry_run_of_the_environment_are_held(
        away, headcount):
    away.services["web"]["tags"] = [{"key": "headcount:pause",
                                     "value": "true"}]
    for env in ({}, {"HEADCOUNT_DRY_RUN": "1"}):
        run = headcount("undo", "-", "--yes", "--output", "json",
                        stdin=line(), **env)
        assert run.service()["code"] == "paused"
    assert away.writes() == []


def test_limits_of_a_run_hold_too(away, headcount):
    run = headcount("undo", "audit.log", "--yes", "--max-changes", "1")
    assert run.code == 0 and len(away.writes()) == 1


def test_service_chooses(away, headcount):
    for name in ("web", f"arn:aws:ecs:eu-west-1:{ACCOUNT}:service/prod/web"):
        run = headcount("undo", "audit.log", "--service", name, "--output",
                        "json")
        assert wants(run) == {"web": ("pending", 2)}


def test_a_service_that_is_gone_is_skipped(away, headcount):
    del away.services["web"]
    run = headcount("undo", "audit.log", "--output", "json")
    assert run.code == 0 and wants(run)["web"] == ("skipped", None)


def test_what_lambda_and_cloudwatch_make_of_the_log(away, headcount):
    """Its own members come first there; `aws logs tail` puts two words before,
    journald its own."""
    plain = headcount.home.joinpath("audit.log").read_text().splitlines()
    log = "START RequestId: 5f Version: $LATEST\n"
    for text, before in zip(plain, (
            "2026-11-30T02:10:00.123000+00:00 2026/11/30/[$LATEST]5f7c ",
            "Nov 30 02:10:00 host headcount[12]: ", "")):
        log += before + '{"timestamp":"2026-11-30T02:10:00.123Z",' \
            '"level":"INFO","requestId":"5f",' + text[1:] + "\r\n"
    run = headcount("undo", "-", "--output", "json", stdin=log)
    assert len(wants(run)) == 3 and "cannot be read" not in run.err


def test_a_line_that_is_cut_is_named(away, headcount):
    log = "no JSON\n" + line() + line("agent", 1)[:-9]
    run = headcount("undo", "-", "--output", "json", stdin=log)
    assert run.code == 0 and wants(run) == {"web": ("pending", 2)}
    assert "1 line of a write cannot be read, the first is line 3" in run.err


def test_what_is_no_log_is_wrong_usage(away, headcount):
    cases = {"empty": (b"", "has no write of headcount"),
             "other": (b"hello\n{}\n", "has no write of headcount"),
             "binary": (bytes(range(256)), "has no write of headcount"),
             "log.gz": (gzip.compress(line().encode()),
                        "log.gz is compressed: zcat log.gz | headcount undo")}
    for name, (content, says) in cases.items():
        (headcount.home / name).write_bytes(content)
        run = headcount("undo", name)
        assert (run.code, run.out) == (252, "") and says in run.err
    assert headcount("undo").code == 252
    assert headcount("undo", "a", "b").code == 252
    run = headcount("undo", "nowhere")
    assert run.code == 252 and "cannot open nowhere" in run.err
    assert away.requests == []


def test_the_region_is_the_logs(away, headcount):
    """Not that of the environment: it is another account's shell, maybe."""
    run = headcount("undo", "audit.log", "--output", "json",
                    AWS_REGION="us-east-1")
    assert len(wants(run)) == 3
    abroad = PROD.replace("eu-west-1", "us-east-1")
    log = line() + line(cluster=abroad)
    run = headcount("undo", "-", stdin=log)
    assert run.code == 252 and "--region" in run.err
    assert "eu-west-1 and in us-east-1" in run.err
    run = headcount("undo", "-", "--region", "eu-west-1", "--output", "json",
                    stdin=log)
    assert wants(run) == {"web": ("pending", 2)}
    run = headcount("undo", "-", "--region", "us-west-2", stdin=log)
    assert run.code == 0 and "nothing to undo" in run.err


def test_a_log_of_another_account_writes_nothing(away, headcount):
    log = line(cluster=PROD.replace(ACCOUNT, "999999999999"))
    run = headcount("undo", "-", "--yes", stdin=log)
    assert run.code == 1 and away.writes() == []
    assert "is of account 999999999999" in run.out
    run = headcount("undo", "audit.log", "--yes", "--expect-account",
                    "999999999999")
    assert run.code == 253 and "999999999999 is expected" in run.err
    assert away.writes() == []


def test_a_cluster_of_two_that_fails_does_not_stop_the_other(away, headcount):
    log = line() + line(cluster=PROD + "x")
    run = headcount("undo", "-", "--yes", stdin=log)
    assert run.code == 1 and counts(away)["web"] == 2


def test_names_in_a_log_cannot_steer_a_terminal(away, headcount):
    away.services["agent"].write(desiredCount=9)
    log = line("web\x1b[31m") + line("agent", 1)
    run = headcount("undo", "-", stdin=log)
    assert "\x1b" not in run.out + run.err
