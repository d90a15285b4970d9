"""The report is a contract: every member there, null where nothing was
learned, the numbers those that the servers counted."""
import json
import os
import pty
import re
import subprocess

import pytest
import servers
from conftest import PROGRAM

OURS = ("--service", "web", "--output", "json")
SERVICE = ["service", "outcome", "code", "reason", "desired_before", "wanted",
           "running", "pending", "rule", "switch", "hosts", "placeable"]
STATS = ["api_calls", "connections_opened", "connections_reused",
         "dns_lookups", "dns_datagrams", "dns_hits", "tls_handshakes",
         "tls_resumed", "retries", "replays", "connections_purged",
         "connections_dead", "elapsed_us"]


@pytest.fixture
def prod(ecs, headcount):
    headcount.at(ecs)
    ecs.service("web", desired=1)
    for name in "abc":
        ecs.host(name)
    return ecs


def has_the_form(report):
    missing = report.get("missing_services", [])
    assert list(report) == [
        "format_version", "dry_run", "skipped_event", "clusters",
        *["missing_services"][:len(missing)], "summary", "stats"]
    assert report["format_version"] == "1.0"
    assert list(report["summary"]) == ["updated", "pending", "unchanged",
                                       "held", "skipped", "failed"]
    assert list(report["stats"]) == STATS
    assert all(type(v) is int and v >= 0 for v in report["stats"].values())
    counted = {**dict.fromkeys(report["summary"], 0), "failed": len(missing)}
    for cluster in report["clusters"]:
        assert list(cluster) == ["arn", "name", "error", "services"]
        assert cluster["error"] is None or list(cluster["error"]) == \
            ["code", "message"]
        if cluster["error"] and not cluster["services"]:
            counted["failed"] += 1
        for service in cluster["services"]:
            assert list(service) == SERVICE
            counted[service["outcome"]] += 1
            assert service["hosts"] is None or list(service["hosts"]) == \
                ["counted", "by", "filter"]
            for key in ("desired_before", "wanted", "running", "pending"):
                assert service[key] is None or type(service[key]) is int
            assert service["reason"] and service["rule"] == "per_host"
            assert bool(service["code"]) == (service["outcome"] in (
                "held", "skipped", "failed"))
    assert counted == report["summary"]
    return report


OUTCOMES = {
    "updated": (["handle"], {}, 0),
    "pending": (["plan", "prod"], {}, 0),
    "unchanged": (["handle"], {"desiredCount": 3}, 0),
    "held": (["handle"], {"deploymentController": {"type": "EXTERNAL"}}, 0),
    "skipped": (["handle"], {"schedulingStrategy": "DAEMON"}, 0),
    "failed": (["handle"], {"status": 1}, 1),
}


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_every_outcome_has_the_same_form(prod, headcount, event, outcome):
    args, more, code = OUTCOMES[outcome]
    prod.services["web"].update(more)
    run = headcount(*args, *OURS,
                    stdin=event() if args == ["handle"] else b"")
    assert run.code == code, run.err
    report = has_the_form(run.report)
    assert run.service()["outcome"] == outcome
    assert report["summary"][outcome] == 1
    assert report["dry_run"] == (args[0] == "plan")
    assert report["stats"]["api_calls"] == len(prod.requests)
    assert report["stats"]["connections_opened"] == prod.connections
    assert run.out.count("\n") == 1
    assert len(run.audit) == (outcome in ("updated", "held"))


def test_what_was_not_learned_is_null(prod, headcount, event):
    prod.fault("DescribeServices", "denied")
    run = headcount("handle", *OURS, stdin=event())
    report = has_the_form(run.report)
    assert [run.service()[k] for k in ("desired_before", "wanted", "running",
                                       "pending", "hosts")] == [None] * 5
    assert report["clusters"][0]["error"] is None or \
        report["clusters"][0]["error"]["code"] == "AccessDeniedException"
    prod.fault("ListContainerInstances", "denied")
    run = headcount("handle", *OURS, stdin=event())
    has_the_form(run.report)
    assert [run.service()[k] for k in ("desired_before", "wanted", "running",
                                       "pending", "hosts")] == \
        [1, None, 1, 0, None]


def test_a_skipped_event_is_a_report_too(prod, headcount, event):
    run = headcount("handle", *OURS, stdin=event(**{
        "detail-type": 'a "quoted" one'}))
    report = has_the_form(run.report)
    assert report["clusters"] == []
    assert 'a "quoted" one' in report["skipped_event"]
    assert set(report["summary"].values()) == {0}


def test_each_cluster_and_each_service_is_in_it(prod, headcount):
    run = headcount("plan", "prod", "nowhere", *OURS, "--service", "none")
    report = has_the_form(run.report)
    assert run.code == 1
    assert [c["name"] for c in report["clusters"]] == ["prod", "nowhere"]
    assert [s["service"] for s in report["clusters"][0]["services"]] == \
        ["web", "none"]
    assert report["summary"]["failed"] >= 1


def test_a_service_that_no_cluster_has_fails_the_run(prod, headcount):
    stage = prod.model.cluster("stage")
    stage.service("agent", desired=0)
    args = ("--service", "web", "--service", "agent", "--service", "wbe",
            "--output", "json")
    run = headcount("plan", "prod", *args)
    assert run.code == 1
    assert run.report["missing_services"] == ["agent", "wbe"]
    assert run.report["summary"]["failed"] == 2
    assert run.report["summary"]["skipped"] == 2
    run = headcount("apply", "prod", "stage", *args)
    assert run.code == 1
    assert run.report["missing_services"] == ["wbe"]
    assert run.report["summary"]["failed"] == 1
    assert [s["outcome"] for c in run.report["clusters"]
            for s in c["services"]] == [
                "updated", "skipped", "skipped", "skipped", "unchanged",
                "skipped"]
    assert "service wbe; did you mean web?" in run.err
    snapshot = headcount("snapshot", "prod", "--service", "web")
    (headcount.home / "s.json").write_text(snapshot.out)
    run = headcount("plan", "--snapshot", headcount.home / "s.json", *args)
    assert run.code == 1


def test_an_event_of_a_cluster_without_the_service_is_skipped(prod, headcount,
                                                              event):
    run = headcount("handle", "--service", "wbe", "--output", "json",
                    stdin=event())
    assert run.code == 0 and run.err == ""
    has_the_form(run.report)
    assert run.service()["code"] == "missing"
    run = headcount("handle", "--service", "wbe", "--output", "json",
                    stdin='{"clusters": ["prod"]}')
    assert run.code == 0 and run.err == ""


@pytest.mark.parametrize("what,times", [("500", 2), ("throttle", 1),
                                        ("half", 2), ("close", 1)])
def test_retries_and_replays_are_beside_the_calls(prod, headcount, event,
                                                  what, times):
    prod.fault("ListContainerInstances", what, times=times)
    run = headcount("handle", *OURS, stdin=event())
    assert run.code == 0, run.err
    stats = run.report["stats"]
    assert stats["api_calls"] == 3
    assert stats["api_calls"] + stats["retries"] + stats["replays"] == \
        len(prod.requests)
    assert stats["connections_opened"] == prod.connections
    assert stats["connections_opened"] + stats["connections_reused"] == \
        len(prod.requests)


def test_control_bytes_of_aws_do_not_reach_a_terminal(prod, headcount, event):
    evil = prod.http(400, {"__type": "Bad\x1b]0;",
                           "message": "\x1b[2J\x07\r\n\x00ab\x9b31m"})
    prod.fault("DescribeServices", evil, times=9)
    prod.fault("ListClusters", evil)
    for args in (["handle"], ["handle", "--output", "json"],
                 ["handle", "--debug", "--timings"]):
        run = headcount(*args, "--service", "web", stdin=event())
        assert run.code == 1
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]",
                             run.out + run.err)
    run = headcount("call", "ecs", "ListClusters")
    assert run.code == 254
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", run.err)


# Bidi controls, zero width, ends of lines, C1, a tag character, no UTF-8.
UNSEEN = "\u202e\u2066\u200b\u200d\u061c\u2028\u2029\ufeff\x9b\xad\U000e0041"


def on_terminal(headcount, *args, stdin=b""):
    """What reaches the terminal on which both outputs are."""
    main, side = pty.openpty()
    (headcount.home / "in").write_bytes(stdin)
    with open(headcount.home / "in", "rb") as given:
        run = subprocess.Popen([PROGRAM, *args], env=headcount.env,
                               stdin=given, stdout=side, stderr=side,
                               cwd=headcount.home)
    os.close(side)
    text = b""
    try:
        while piece := os.read(main, 65536):
            text += piece
    except OSError:
        pass
    os.close(main)
    return run.wait(timeout=60), text.decode("utf-8")


def test_what_is_not_seen_does_not_reach_a_terminal(prod, headcount, event):
    evil = prod.http(400, {"__type": "Bad" + UNSEEN, "message": UNSEEN + "x"})
    prod.fault("DescribeServices", evil, times=9)
    given = json.dumps(event()).encode()
    for args in (["handle"], ["handle", "--output", "json"],
                 ["handle", "--debug", "--timings"]):
        code, text = on_terminal(headcount, *args, "--service", "web",
                                 stdin=given)
        assert code == 1 and not set(text) & set(UNSEEN), text
    report = headcount("handle", *OURS, stdin=event()).report
    assert "\u202e\u2066\u200b" in report["clusters"][0]["error"]["message"]
    prod.fault("ListClusters", evil)
    code, text = on_terminal(headcount, "call", "ecs", "ListClusters")
    assert code == 254 and not set(text) & set(UNSEEN)
    body = json.dumps({"clusterArns": [UNSEEN]}, ensure_ascii=False).encode()
    for _ in range(2):
        prod.fault("ListClusters", prod.http(200, body))
    code, text = on_terminal(headcount, "call", "ecs", "ListClusters")
    assert code == 0 and not set(text) & set(UNSEEN)
    assert json.loads(text) == {"clusterArns": [UNSEEN]}
    assert headcount("call", "ecs", "ListClusters").out.encode().strip() == body
    code, text = on_terminal(headcount, "plan", "a" + UNSEEN, "--service", "w")
    assert code != 0 and not set(text) & set(UNSEEN)
    code, text = on_terminal(headcount, "hand" + UNSEEN)
    assert code == 252 and not set(text) & set(UNSEEN)


def test_what_fails_a_cluster_is_said_once(prod, headcount):
    prod.fault("DescribeServices", "denied", times=9)
    run = headcount("plan", "prod", "--service", "web", "--service", "api")
    assert run.code == 1
    assert run.out.count("not authorized") == 1
    assert '"Action": "ecs:DescribeServices"' in run.out
    assert "\nx prod  api  failed AccessDeniedException: as web\n" in run.out


def test_text_says_the_same_as_json(prod, headcount):
    prod.service("api", desired=3)
    prod.service("ext", deploymentController={"type": "EXTERNAL"})
    args = [a for name in ("web", "api", "ext", "none")
            for a in ("--service", name)]
    text = headcount("plan", "prod", *args).out.splitlines()
    report = has_the_form(headcount("plan", "prod", *args, "--output",
                                    "json").report)
    services = report["clusters"][0]["services"]
    assert len(text) == len(services) + 1
    for line, service in zip(text, services):
        assert line.split()[1:3] == ["prod", service["service"]]
        assert service["outcome"] in line and service["code"] in line
        # Each fact once: the hosts have a cell, and a hold has its own reason.
        why = service["reason"].rpartition("; held: ")[2]
        assert why.replace(" of 3 active hosts", " host") in line
    assert text[-1] == ("Plan: 1 to change, 1 held, 1 unchanged, 1 skipped, "
                        "1 failed.")


def test_the_network_is_counted_even_where_it_fails(certs, headcount, event,
                                                    tmp_path):
    """One lookup, one connection, no handshake that came to an end."""
    import ecs_server

    with ecs_server.EcsServer(tls=certs / "expired") as server, \
         servers.Dnsmasq(tmp_path / "dns",
                         {"ecs.test.internal": ["127.0.0.1"]}) as dns:
        headcount.at(server, "ecs.test.internal")
        run = headcount("handle", *OURS, "--dns-server", dns.address,
                        "--ca-bundle", certs / "ca.pem", stdin=event())
        stats = has_the_form(run.report)["stats"]
        assert run.code == 1
        assert stats["connections_opened"] == server.connections == 1
        assert stats["tls_handshakes"] == server.handshakes == 0
        assert stats["dns_datagrams"] == len(dns.queries())
        assert stats["dns_lookups"] == 1


def test_the_report_is_json_to_others_too(prod, headcount, event, tmp_path):
    """A name with every kind of byte that JSON escapes, read back by python."""
    prod.services["web"]["deploymentController"] = {"type": "EXTERNAL"}
    where = 'attribute:x == "a\\b/\u00e9"'
    prod.filters[where] = {"a"}
    run = headcount("plan", "prod", *OURS, "--where", where)
    assert run.code == 0, run.err
    assert json.loads(run.out)["clusters"][0]["services"][0]["hosts"][
        "filter"] == where


def test_what_is_data_is_no_name_of_an_option(prod, headcount, tmp_path):
    """Sentences name options, --region for config.region; an attribute of
    hosts and a policy's file keep their names."""
    where = "attribute:config.region == blue"
    prod.filters[where] = {"a"}
    (headcount.home / "request.policy").write_text(
        f"return {{ per_host {{ 'web', where = '{where}' }} }}")
    run = headcount("plan", "prod", "--policy", "request.policy", "--output",
                    "json")
    service = json.loads(run.out)["clusters"][0]["services"][0]
    assert service["hosts"]["filter"] == where
    (headcount.home / "request.policy").write_text("\nreturn 1 + {}")
    run = headcount("plan", "prod", "--policy", "request.policy")
    assert "request.policy:2: " in run.out + run.err
    assert "--region" not in run.out + run.err
    assert "--policy:" not in run.out + run.err


def test_a_line_of_the_plan_has_no_empty_parentheses(prod, headcount):
    (headcount.home / "policy.lua").write_text('return { fixed { "web", 1 } }')
    run = headcount("plan", "prod", "--policy", "policy.lua")
    assert run.out.splitlines()[0] == \
        "= prod  web  1  unchanged: a fixed count of 1"
