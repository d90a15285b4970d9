"""The binary as Lambda's bootstrap, under AWS's own emulator."""
import json
import os
import signal
import subprocess
import time

import pytest
import servers
from conftest import PROGRAM, event_of
from runtime_api import RuntimeApi
from test_batch import record
from test_watch import until


def fill(ecs):
    ecs.service("web", desired=1)
    for name in "abc":
        ecs.host(name)


def pid_of(function):
    found = subprocess.run(["pgrep", "-f", str(function.bootstrap) + " "
                            "|" + str(function.bootstrap) + "$"],
                           capture_output=True, text=True, check=False)
    for pid in map(int, found.stdout.split()):
        if os.path.samefile(f"/proc/{pid}/exe", PROGRAM):
            return pid
    return None


def test_an_event_is_answered_by_its_report(ecs, function):
    fill(ecs)
    answer = function().invoke(event_of())
    assert answer["summary"]["updated"] == 1
    assert ecs.services["web"]["desiredCount"] == 3


def test_a_warm_invocation_opens_no_connection(ecs, function):
    fill(ecs)
    warm = function()
    warm.invoke(event_of())
    for _ in range(3):
        stats = warm.invoke({"cluster": "prod"})["stats"]
        assert stats["connections_opened"] == 0
        assert stats["dns_lookups"] == 0 and stats["api_calls"] == 2
    assert ecs.connections == 1


def test_no_invocation_makes_a_handshake_or_asks_for_a_name(
        secure, headcount, tmp_path):
    fill(secure)
    env = {**headcount.env, "ECS_SERVICE_ARN": "web"}
    with servers.Lambda(tmp_path / "lambda", PROGRAM, env) as warm:
        for event in (event_of(), *[{"cluster": "prod"}] * 3):
            stats = warm.invoke(event)["stats"]
            assert stats["tls_handshakes"] == stats["dns_lookups"] == 0
            assert stats["api_calls"] == stats["connections_reused"]
            asked = secure.dns.queries()
            assert len({name for _, name in asked}) == 1
    assert (secure.connections, secure.handshakes) == (1, 1)
    assert secure.dns.queries() == asked


def test_a_duplicate_is_dropped(ecs, function):
    fill(ecs)
    warm = function()
    warm.invoke(event_of())
    seen = len(ecs.requests)
    again = warm.invoke(event_of())
    assert again["skipped_event"] == "duplicate"
    assert again["skipped_because"] == (
        "version 14801 of arn:aws:ecs:eu-west-1:123456789012:container-instance"
        "/prod/a, or a newer one, was reconciled here already; a test event of "
        "Lambda's console needs another detail.version each time, or none")
    assert len(ecs.requests) == seen
    other = event_of()
    del other["detail"]["version"]
    for _ in range(2):
        assert "skipped_because" not in warm.invoke(other)
    assert len(ecs.requests) > seen


def test_each_invocation_has_its_own_trace(ecs, runtime_api, headcount):
    fill(ecs)
    traces = ["Root=1-5e1be3b2-2b3c;Sampled=1", "Root=1-67891233-abcd", None]
    run = runtime_api(headcount.at(ecs), [{"cluster": "prod"}] * 3,
                      traces=traces, AWS_LAMBDA_FUNCTION_NAME="f")
    assert len(run.posts) == 3
    assert [r.headers.get("x-amzn-trace-id") for r in ecs.requests] == \
        [traces[0]] * 3 + [traces[1]] * 2 + [traces[2]] * 2


def test_a_shared_environment_holds_no_trace(ecs, runtime_api, headcount):
    fill(ecs)
    run = runtime_api(headcount.at(ecs), traces=["Root=1-5e1be3b2-2b3c"],
                      AWS_LAMBDA_FUNCTION_NAME="f",
                      AWS_LAMBDA_MAX_CONCURRENCY="2")
    assert len(run.posts) == 1 and len(ecs.requests) == 3
    assert all("x-amzn-trace-id" not in r.headers for r in ecs.requests)


# ---- an answer that is lost ----

@pytest.mark.parametrize("second", [202, 400, 403])
def test_an_answer_whose_connection_died_is_posted_again(
        ecs, runtime_api, headcount, second):
    fill(ecs)
    run = runtime_api(headcount.at(ecs), statuses=[None, second])
    assert len(run.posts) == 2 and run.connections == 2
    assert run.posts[0] == run.posts[1]
    assert run.nexts == 2                   # and asked for the next event


def test_a_runtime_api_that_listens_late_is_asked_again(
        ecs, headcount, tmp_path):
    fill(ecs)
    port, log = servers.free_port(), tmp_path / "err"
    with open(log, "wb") as err:
        child = subprocess.Popen(
            [PROGRAM, "lambda", "--service", "web"], stderr=err,
            stdout=subprocess.DEVNULL, cwd=tmp_path,
            env={**headcount.at(ecs).env,
                 "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{port}"})
    until(lambda: "ECONNREFUSED" in log.read_text())
    with RuntimeApi([event_of()], port=port) as api:
        until(lambda: api.idle.is_set() or child.poll() is not None)
        child.terminate()
        assert child.wait(30) != 255
    assert len(api.posts) == 1 and ecs.writes


def test_an_answer_that_is_refused_at_once_ends_the_process(
        ecs, runtime_api, headcount):
    fill(ecs)
    run = runtime_api(headcount.at(ecs), statuses=[403])
    assert len(run.posts) == 1 and run.code == 255
    assert "answers 403" in run.err


# ---- what goes wrong ----

def test_an_event_that_is_none_of_ours_is_an_error(ecs, function):
    server = function()
    answer = server.invoke({"source": "aws.s3", "detail-type": "x"})
    assert answer["errorType"] == "Headcount.EEVENT"
    assert "the event comes from \"aws.s3\"" in answer["errorMessage"]
    fill(ecs)                                   # and the next one is done
    assert server.invoke(event_of())["summary"]["updated"] == 1


def test_a_target_that_fails_is_an_error_of_its_own_type(ecs, function):
    fill(ecs)
    ecs.fault("ListContainerInstances", "denied", times=99)
    answer = function().invoke(event_of())
    assert answer["errorType"] == "Headcount.TargetFailed"
    assert "service web of cluster prod" in answer["errorMessage"]
    assert "ecs:ListContainerInstances" in answer["errorMessage"]


def test_a_record_that_cannot_be_failed_alone_says_what_is_wrong(function):
    topic = {"EventSource": "aws:sns", "Sns": {"Message": json.dumps(
        {"cluster": "prod", "service": "web"})}}
    answer = function().invoke({"Records": [topic]})
    assert answer["errorType"] == "Headcount.TargetFailed"
    assert "record 1 of the event: the event has a member \"service\"" in \
        answer["errorMessage"]
    answer = function().invoke([{"clusters": []}])
    assert "names no cluster" in answer["errorMessage"]


def test_a_queue_is_told_which_records_to_deliver_again(ecs, function):
    fill(ecs)
    records = [record(1, event_of()), record(2, {"cluster": "gone"}),
               record(3, "no JSON"), record(4, {"cluster": "prod"})]
    assert function().invoke({"Records": records}) == {"batchItemFailures": [
        {"itemIdentifier": "2"}, {"itemIdentifier": "3"}]}
    assert ecs.operations().count("UpdateService") == 1


def test_the_last_events_of_a_cluster_are_done(ecs, function):
    gone = event_of("gone")
    server = function()
    assert server.invoke({"Records": [record(1, gone)]}) == {
        "batchItemFailures": []}
    gone["detail"]["version"] += 1
    assert server.invoke(gone)["summary"]["skipped"] == 1
    assert all(line["Failed"] == 0 for line in metrics(server))
    # Whose account it is is asked once.
    assert ecs.operations() == ["DescribeServices", "ListClusters",
                                "DescribeServices"]


def test_events_of_another_region_stay_in_the_queue(ecs, function):
    far = event_of(region="us-east-1")
    server = function()
    assert server.invoke({"Records": [record(1, far)]}) == {
        "batchItemFailures": [{"itemIdentifier": "1"}]}
    assert server.invoke(far)["skipped_event"] == "foreign_region"
    for line in metrics(server):
        assert line["ForeignEvents"] == 1 and line["Failed"] == 0
        assert "LastSuccess" in line
    assert server.output.read_text().count("is not for us") == 1
    server = function(HEADCOUNT_DROP_FOREIGN="1")
    assert server.invoke({"Records": [record(1, far)]}) == {
        "batchItemFailures": []}
    assert metrics(server)[0]["ForeignEvents"] == 1
    assert ecs.requests == []


def test_the_deadline_bounds_everything(ecs, function):
    fill(ecs)
    ecs.delay("ListContainerInstances", 30)
    server = function(AWS_LAMBDA_FUNCTION_TIMEOUT="2")
    answer = server.invoke(event_of())
    # The answer has half a second; a busy machine may need more.
    for _ in range(3):
        if "timed out" in str(answer):
            answer = server.invoke(event_of())
    assert answer["errorType"] == "Headcount.TargetFailed"
    assert "deadline" in answer["errorMessage"]
    assert ecs.writes() == []


def test_an_event_of_six_mebibytes(ecs, function):
    fill(ecs)
    event = event_of()
    event["detail"]["more"] = "x" * ((6 << 20) - 2000)
    assert function().invoke(event)["summary"]["updated"] == 1


# ---- metrics ----

def metrics(server):
    lines = [json.loads(line[line.index("{"):])
             for line in server.output.read_text().splitlines()
             if '"_aws"' in line]
    for line in lines:
        told = line["_aws"]["CloudWatchMetrics"][0]
        assert told["Namespace"] == "headcount"
        assert told["Dimensions"] == [["FunctionName"]]
        assert all(m["Name"] in line for m in told["Metrics"])
        assert abs(line["_aws"]["Timestamp"] / 1000 - time.time()) < 60
    return [{m["Name"]: line[m["Name"]] for m in
             line["_aws"]["CloudWatchMetrics"][0]["Metrics"]}
            for line in lines]


def test_each_invocation_is_a_line_of_metrics(ecs, function):
    fill(ecs)
    server = function(AWS_LAMBDA_LOG_LEVEL="WARN")
    server.invoke(event_of())
    server.invoke({"cluster": "gone"})
    server.invoke({"source": "aws.s3", "detail-type": "x"})
    good, bad, none = metrics(server)
    assert (good["Updated"], good["Held"], good["Failed"]) == (1, 0, 0)
    # The one that is gone, and which there are.
    assert good["Calls"] == len(ecs.requests) - 2 == 3
    assert good["ConnectionsOpened"] == 0 and ecs.connections == 1
    assert good["Unplaced"] == 2             # 3 are wanted, and 1 runs
    assert abs(good["LastSuccess"] - time.time()) < 60
    assert bad["Failed"] == none["Failed"] == 1
    assert "LastSuccess" not in bad and "LastSuccess" not in none
    assert '"level":"WARN"' in server.output.read_text()


# ---- policies, settings ----

def test_a_policy_from_the_environment(ecs, function, tmp_path):
    fill(ecs)
    (tmp_path / "policy.lua").write_text(
        'return { per_host { "web", tasks = 2 } }')
    server = function(HEADCOUNT_POLICY=str(tmp_path / "policy.lua"),
                      ECS_SERVICE_ARN=None)
    assert server.invoke(event_of())["summary"]["updated"] == 1
    assert ecs.services["web"]["desiredCount"] == 6


@pytest.mark.parametrize("more, says", [
    ({"ECS_SERVICE_ARN": None}, "no service is named"),
    ({"ECS_SERVICE_ARN": None, "HEADCOUNT_POLICY": "/nonexistent.lua"},
     "/nonexistent.lua"),
    ({"HEADCOUNT_HOSTS": "all"}, "HEADCOUNT_HOSTS"),
])
def test_what_cannot_begin_is_an_error_of_init(ecs, function, more, says):
    server = function(**more)
    answer = server.invoke(event_of())
    assert answer["errorType"] == "Headcount.InitError"
    assert says in answer["errorMessage"]
    assert says in server.output.read_text()
    assert ecs.requests == []


def test_no_lambda_is_around_it(headcount):
    run = headcount("lambda", "--service", "web")
    assert run.code == 253 and "AWS_LAMBDA_RUNTIME_API" in run.err
    run = headcount("lambda", "event.json", "--service", "web",
                    AWS_LAMBDA_RUNTIME_API="127.0.0.1:1")
    assert run.code == 252 and "takes no argument: event.json" in run.err


# ---- frozen ----

def test_frozen_for_longer_than_the_server_keeps_connections(ecs, function,
                                                             tmp_path):
    fill(ecs)
    with servers.Nginx(tmp_path / "nginx", ecs.port,
                       server_text="keepalive_timeout 1s;") as front:
        server = function(AWS_ENDPOINT_URL_ECS=f"http://127.0.0.1:{front.port}")
        server.invoke(event_of())
        assert front.connections() == 1
        os.kill(pid_of(server), signal.SIGSTOP)
        time.sleep(2)                # nginx has no other clock
        os.kill(pid_of(server), signal.SIGCONT)
        stats = server.invoke({"cluster": "prod"})["stats"]
        assert stats["retries"] == 0 and stats["connections_opened"] == 1
        assert front.connections() == 2
