"""plan and apply of clusters that are found first: all, by glob and tag, in
several regions and as several roles; paced, isolated, told in order."""
import json
import os
import pty
import re
import subprocess
import threading
import time

import ecs_server
import pytest
from conftest import PROGRAM
from ecs_throttle import Throttle


def fill(ecs, names, hosts=2, desired=1, tags=()):
    """A cluster each, with a service `web` that lacks tasks."""
    for name in names:
        cluster = ecs.model.cluster(name, tags=[
            {"key": k, "value": v} for k, v in tags])
        cluster.service("web", desired=desired)
        for at in range(hosts):
            cluster.host(f"{name}-{at}")
    return ecs


@pytest.fixture
def clusters(ecs, headcount):
    headcount.at(ecs)
    ecs.model.clusters.clear()
    ecs.judge.unsigned = False
    return ecs


def counts(ecs):
    return {c.name: c.services["web"]["desiredCount"]
            for c in ecs.model.clusters}


def names_in(report):
    return [c["name"] for c in report["clusters"]]


# ---- which clusters ----

def test_plan_without_a_name_is_of_all_clusters(clusters, headcount):
    fill(clusters, [f"c{i:03}" for i in range(250)])
    got = headcount("plan", "--service", "web", "--output", "json",
                    "--api-share", "1")
    assert got.code == 0, got.err
    assert got.report["summary"]["pending"] == 250
    assert names_in(got.report) == [f"c{i:03}" for i in range(250)]
    assert clusters.operations().count("ListClusters") == 3
    assert clusters.writes() == []
    assert got.report["stats"]["api_calls"] == len(clusters.requests)


def test_apply_wants_names_or_all(clusters, headcount):
    fill(clusters, ["a", "b"])
    got = headcount("apply", "--service", "web")
    assert got.code == 252 and "--all" in got.err
    assert clusters.requests == []
    assert headcount("apply", "--all", "--service", "web").code == 0
    assert counts(clusters) == {"a": 2, "b": 2}
    got = headcount("apply", "--all", "a", "--service", "web")
    assert got.code == 252


def test_a_glob_means_the_clusters_that_match(clusters, headcount):
    fill(clusters, ["prod-a", "prod-b", "test-a", "prod"])
    assert headcount("apply", "prod-?", "--service", "web").code == 0
    assert counts(clusters) == {"prod-a": 2, "prod-b": 2, "test-a": 1,
                                "prod": 1}
    assert headcount("apply", "*-a", "prod", "--service", "web").code == 0
    assert counts(clusters) == {"prod-a": 2, "prod-b": 2, "test-a": 2,
                                "prod": 2}


def test_a_name_that_no_cluster_has_is_told_and_stops_no_other(clusters,
                                                               headcount):
    fill(clusters, ["prod-a"])
    got = headcount("apply", "prod-*", "staging-*", "--service", "web")
    assert got.code == 1
    assert "staging-*" in got.out and "no_cluster" in got.out
    assert counts(clusters) == {"prod-a": 2}
    assert got.out.splitlines()[-1] == \
        "Done: 1 changed, 0 held, 0 unchanged, 1 failed."


def test_tags_choose_clusters(clusters, headcount):
    fill(clusters, ["a", "b"], tags=[("tier", "gold"), ("team", "x")])
    fill(clusters, ["c"], tags=[("tier", "tin")])
    fill(clusters, ["d"])
    got = headcount("apply", "--tag", "tier=gold", "--tag", "team",
                    "--service", "web")
    assert got.code == 0, got.err
    assert counts(clusters) == {"a": 2, "b": 2, "c": 1, "d": 1}
    assert clusters.operations().count("DescribeClusters") == 1
    got = headcount("apply", "[ab]", "--tag", "tier", "--service", "web")
    assert got.code == 252 and "[ab]" in got.err
    assert headcount("apply", "--tag", "=x", "--service", "web").code == 252


def test_no_cluster_at_all_is_nothing_to_do(clusters, headcount):
    got = headcount("apply", "--all", "--service", "web")
    assert got.code == 0
    assert got.out == "Done: 0 changed, 0 held, 0 unchanged, 0 failed.\n"


# ---- one fails, the others do not ----

def test_a_cluster_that_fails_stops_no_other(clusters, headcount):
    fill(clusters, ["a", "b", "c"])
    clusters.model.clusters[1].services["web"].update(desiredCount="one")
    got = headcount("apply", "--all", "--service", "web", "--output", "json")
    assert got.code == 1
    assert got.report["summary"] == {
        "updated": 2, "pending": 0, "unchanged": 0, "held": 0, "skipped": 0,
        "failed": 1}
    assert [c["error"] is None for c in got.report["clusters"]] == \
        [True, False, True]


def test_who_may_not_list_is_told_the_statement(clusters, headcount):
    fill(clusters, ["a"])
    clusters.fault("ListClusters", "denied", times=9)
    got = headcount("apply", "--all", "--service", "web")
    assert got.code == 254
    assert '"ecs:ListClusters"' in got.err and "eu-west-1" in got.err
    assert clusters.writes() == []


def test_half_a_list_is_no_list(clusters, headcount):
    """The first page is reconciled; that there were more is a failure."""
    fill(clusters, [f"c{i:03}" for i in range(150)])
    clusters.fault("ListClusters", "denied", nth=2, times=9)
    got = headcount("apply", "--all", "--service", "web", "--output", "json",
                    "--api-share", "1")
    assert got.code == 1
    assert got.report["summary"]["updated"] == 100
    assert got.report["summary"]["failed"] == 1
    assert got.report["clusters"][-1]["error"]["code"] == "ESERVICE"


def test_the_deadline_leaves_the_rest(clusters, headcount):
    fill(clusters, [f"c{i}" for i in range(30)])
    clusters.delay("ListContainerInstances", 0.3, times=99)
    got = headcount("apply", "--all", "--service", "web", "--timeout", "1",
                    "--concurrency", "2", "--output", "json")
    assert got.code == 1
    codes = {(c["error"] or c["services"][0])["code"]
             for c in got.report["clusters"]}
    assert codes == {"", "deadline"}
    assert got.report["summary"]["updated"] == len(clusters.writes()) > 0
    assert sum(got.report["summary"].values()) == 30


# ---- what is told ----

def test_only_what_is_not_as_it_should_be_is_told_in_order(clusters,
                                                           headcount):
    fill(clusters, ["a", "b", "c"])
    fill(clusters, ["d"], desired=2)
    clusters.delay("DescribeServices", 0.4, times=1)      # a comes last
    got = headcount("plan", "--service", "web", "--service", "wbe")
    assert got.code == 1
    row = "web  1 -> 2  +1  2 active hosts  pending: 1 task on each host"
    assert got.out.splitlines() == [
        f"~ a  {row}", f"~ b  {row}", f"~ c  {row}",
        "Plan: 3 to change, 0 held, 1 unchanged, 4 skipped, 1 failed."]
    assert got.err == ("headcount: no cluster of this run has a service wbe; "
                       "did you mean web?\n")


NEAR = "headcount: no cluster of this run has a service wbe; did you mean " \
    "web?\n"


def test_a_typo_in_the_only_service_fails_the_run(clusters, headcount):
    fill(clusters, ["a", "b"])
    got = headcount("apply", "--all", "--service", "wbe", "--output", "json")
    assert got.code == 1
    assert got.err == NEAR
    assert got.report["missing_services"] == ["wbe"]
    assert list(got.report)[3:6] == ["clusters", "missing_services", "summary"]
    assert got.report["summary"] == {
        "updated": 0, "pending": 0, "unchanged": 0, "held": 0, "skipped": 2,
        "failed": 1}
    assert {(s["outcome"], s["code"]) for c in got.report["clusters"]
            for s in c["services"]} == {("skipped", "missing")}
    assert clusters.operations()[3:] == ["ListServices"]   # for the name only
    one = headcount("apply", "a", "--service", "wbe")
    assert (one.code, one.err) == (1, NEAR)
    assert clusters.operations()[4:] == ["DescribeServices", "ListServices"]


def test_a_list_that_does_not_come_is_not_waited_for(clusters, headcount):
    """Five seconds, and then the sentence has no name in it."""
    fill(clusters, ["a"])
    clusters.delay("ListServices", 20)
    got = headcount("apply", "a", "--service", "wbe")
    assert got.code == 1
    assert clusters.operations()[-1] == "ListServices"
    assert "has a service wbe" in got.err and "did you mean" not in got.err


@pytest.mark.parametrize("run, name", [(["apply", "--all"], "NAME"),
                                       (["apply", "a"], "a")])
def test_a_name_is_near_to_none_where_the_services_are_not_listed(
        clusters, headcount, run, name):
    fill(clusters, ["a"])
    clusters.fault("ListServices", "denied", times=9)
    got = headcount(*run, "--service", "wbe")
    assert got.code == 1
    assert got.err == ("headcount: no cluster of this run has a service wbe; "
                       "`headcount call ecs ListServices "
                       f"'{{\"cluster\": \"{name}\"}}'` lists those of a "
                       "cluster\n")


@pytest.mark.parametrize("what", ["failed", "listed", "deadline"])
def test_who_did_not_look_everywhere_says_nothing_of_a_name(clusters,
                                                            headcount, what):
    fill(clusters, [f"c{i:03}" for i in range(150 if what == "listed" else 3)])
    more = ["--api-share", "1"]
    if what == "failed":
        clusters.fault("DescribeServices", "denied", nth=2, times=1)
    elif what == "listed":
        clusters.fault("ListClusters", "denied", nth=2, times=9)
    else:
        clusters.delay("DescribeServices", 2, nth=3)
        more += ["--timeout", "1", "--concurrency", "1"]
    got = headcount("apply", "--all", "--service", "wbe", "--output", "json",
                    *more)
    assert got.code == 1
    assert "missing_services" not in got.report
    assert "service wbe" not in got.err
    assert got.report["summary"]["failed"] == 1


def test_what_a_policy_wishes_may_be_missing(clusters, headcount):
    fill(clusters, ["a", "b"])
    for more, code in (("", 0), (", required = true", 1)):
        policy = headcount.home / "policy.lua"
        policy.write_text(f'return {{ per_host {{ "wbe"{more} }} }}')
        got = headcount("apply", "--all", "--policy", policy, "--output",
                        "json")
        assert got.code == code
        assert "missing_services" not in got.report
        assert got.report["summary"]["skipped"] == (0 if code else 2)


def test_a_service_that_is_somewhere_is_not_missing(clusters, headcount):
    fill(clusters, ["a", "b"], desired=2)
    clusters.model.clusters[0].service("agent", desired=2)
    got = headcount("plan", "--service", "web", "--service", "agent")
    assert got.out == \
        "Plan: 0 to change, 0 held, 3 unchanged, 1 skipped, 0 failed.\n"


def test_progress_is_for_terminals_alone(clusters, headcount):
    fill(clusters, ["a", "b", "c"])
    clusters.delay("DescribeServices", 1.6, times=3)
    assert "clusters," not in headcount("plan", "--service", "web").err
    clusters.delay("DescribeServices", 1.6, times=3)
    ours, theirs = pty.openpty()
    child = subprocess.Popen([PROGRAM, "plan", "--service", "web"],
                             env=headcount.env, stdout=subprocess.PIPE,
                             stderr=theirs, stdin=subprocess.DEVNULL)
    os.close(theirs)
    out, _ = child.communicate(timeout=60)
    shown = os.read(ours, 65536).decode()
    os.close(ours)
    assert re.search(r"\r\033\[K\d of 3 clusters, \d to change, 0 failed",
                     shown)
    assert b"\033" not in out


def test_interrupted_it_reports_what_it_did(clusters, headcount):
    fill(clusters, [f"c{i:02}" for i in range(40)])
    clusters.delay("ListContainerInstances", 0.2, times=99)
    child = subprocess.Popen(
        [PROGRAM, "apply", "--all", "--service", "web", "--output", "json",
         "--concurrency", "2"],
        env=headcount.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL)
    end = time.monotonic() + 20
    while len(clusters.writes()) < 4 and time.monotonic() < end:
        time.sleep(0.02)
    child.terminate()
    out, err = child.communicate(timeout=20)
    assert child.returncode == 130, err
    report = json.loads(out)
    assert report["summary"]["updated"] == len(clusters.writes())
    assert sum(report["summary"].values()) == 40
    assert {(c["error"] or c["services"][0])["code"]
            for c in report["clusters"]} <= {"", "cancelled", "unknown"}


# ---- regions ----

def test_regions_are_swept_in_one_run(headcount):
    with ecs_server.EcsServer(region="eu-west-1") as one, \
         ecs_server.EcsServer(region="us-east-1") as other:
        one.model.clusters.clear()
        other.model.clusters.clear()
        one.judge.unsigned = other.judge.unsigned = False
        fill(one, ["prod"])
        fill(other, ["prod", "test"])

        def route(server, port):
            del server, port

        with Router({"eu-west-1": one.port, "us-east-1": other.port}) as way:
            headcount.env["AWS_ENDPOINT_URL_ECS"] = way.url
            got = headcount("apply", "--all", "--region", "eu-west-1",
                            "--region", "us-east-1", "--service", "web")
        assert got.code == 0, got.err
        assert counts(one) == {"prod": 2}
        assert counts(other) == {"prod": 2, "test": 2}
        assert [line.partition("  ")[0] for line in got.out.splitlines()] == [
            "~ prod (eu-west-1, 123456789012)",
            "~ prod (us-east-1, 123456789012)",
            "~ test (us-east-1, 123456789012)",
            "Done: 3 changed, 0 held, 0 unchanged, 0 failed."]


def test_more_regions_go_with_sweeps_alone(clusters, headcount):
    got = headcount("handle", "--region", "eu-west-1", "--region",
                    "us-east-1", "--service", "web", stdin={"cluster": "a"})
    assert got.code == 252 and "us-east-1" in got.err
    got = headcount("apply", "arn:aws:ecs:eu-north-1:123456789012:cluster/x",
                    "--region", "eu-west-1", "--region", "us-east-1",
                    "--service", "web")
    assert got.code == 253 and "eu-north-1" in got.err
    assert clusters.requests == []


# ---- rises before drops ----

def test_in_a_cluster_what_rises_goes_before_what_falls(clusters, headcount):
    fill(clusters, ["a"])
    for name, desired in [("b1", 4), ("b2", 1), ("b3", 3), ("b4", 0)]:
        clusters.model.clusters[0].service(name, desired=desired)
    got = headcount("apply", "a", *[w for n in ("b1", "b2", "b3", "b4")
                                    for w in ("--service", n)],
                    "--output", "json")
    assert got.code == 0, got.err
    assert [w["service"] for w in clusters.writes()] == ["b2", "b4", "b1",
                                                         "b3"]
    assert [s["service"] for s in got.report["clusters"][0]["services"]] == \
        ["b1", "b2", "b3", "b4"]


# ---- a policy ----

def test_a_policy_decides_for_each_cluster(clusters, headcount, tmp_path):
    fill(clusters, ["prod-a", "prod-b", "sandbox-a"])
    (tmp_path / "policy.lua").write_text("""
        return function(cluster)
          if cluster:matches "sandbox-*" then return {} end
          if cluster:matches "*-b" then error "not here" end
          return { per_host { "web", tasks = 3 } }
        end""")
    got = headcount("apply", "--all", "--policy", "policy.lua", "--output",
                    "json")
    assert got.code == 1
    assert counts(clusters) == {"prod-a": 6, "prod-b": 1, "sandbox-a": 1}
    errors = {c["name"]: c["error"] for c in got.report["clusters"]}
    assert errors["prod-a"] is None and errors["sandbox-a"] is None
    assert errors["prod-b"]["code"] == "EPOLICY"
    assert "policy.lua:4" in errors["prod-b"]["message"]


def test_tags_of_services_decide_for_each_cluster(clusters, headcount):
    fill(clusters, ["a", "b"])
    clusters.model.clusters[1].services["web"].write(
        tags=[{"key": "headcount:rule", "value": "per-host"}])
    got = headcount("apply", "--all", "--policy", "tags")
    assert got.code == 0, got.err
    assert counts(clusters) == {"a": 1, "b": 2}


# ---- pace ----

def test_it_keeps_to_its_share_of_ecs_buckets(clusters, headcount):
    """As ECS publishes them: nobody is throttled, and no time is wasted."""
    fill(clusters, [f"c{i:03}" for i in range(45)])
    clusters.throttle = Throttle()
    began = time.monotonic()
    got = headcount("apply", "--all", "--service", "web", "--output", "json")
    took = time.monotonic() - began
    assert got.code == 0, got.err
    assert got.report["summary"]["updated"] == 45
    assert got.report["stats"]["retries"] == 0
    assert [r for r in clusters.refusals if "Throttl" in r[1]] == []
    # 45 writes at half of (50, 5 a second): 25 at once, then one each 0.4 s.
    assert took >= (45 - 25) / 2.5 - 1


def test_throttled_by_others_it_slows_down(clusters, headcount):
    """Somebody else draws from the same buckets."""
    fill(clusters, [f"c{i:02}" for i in range(60)], desired=2)
    clusters.throttle = Throttle()
    for _ in range(85):
        clusters.throttle.take("DescribeServices")
    got = headcount("apply", "--all", "--service", "web", "--output", "json")
    assert got.code == 0, got.err
    assert got.report["summary"]["unchanged"] == 60
    throttled = [r for r in clusters.refusals if "Throttl" in r[1]]
    assert len(throttled) == got.report["stats"]["retries"]
    assert 0 < len(throttled) < 15


class Router:
    """One URL, and the server of the region that the signature names: what
    the host's name does at AWS."""

    def __init__(self, ports):
        self.ports = ports

    def __enter__(self):
        import http.client
        import http.server

        ports = self.ports

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                region = self.headers["Authorization"].split("/")[2]
                there = http.client.HTTPConnection("127.0.0.1", ports[region])
                there.request("POST", self.path, body, dict(self.headers))
                answer = there.getresponse()
                body = answer.read()
                self.send_response(answer.status)
                for name, value in answer.getheaders():
                    if name.lower() not in ("connection", "content-length"):
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
                there.close()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0),
                                                      Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever,
                         daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
