"""Events with queues and topics around them: one reconcile a cluster, and
which records are to be delivered again."""
import json

from conftest import event_of

OURS = ("--service", "web", "--output", "json")


def record(number, body, queue="headcount", **more):
    return {"messageId": str(number), "receiptHandle": "AQEB",
            "body": body if isinstance(body, str) else json.dumps(body),
            "attributes": {"ApproximateReceiveCount": "1"},
            "messageAttributes": {}, "md5OfBody": "0", "awsRegion":
            "eu-west-1", "eventSource": "aws:sqs", "eventSourceARN":
            f"arn:aws:sqs:eu-west-1:123456789012:{queue}", **more}


def notified(event):
    """As SNS puts it into a queue."""
    return {"Type": "Notification", "MessageId": "9", "TopicArn":
            "arn:aws:sns:eu-west-1:123456789012:t", "Message":
            json.dumps(event), "Timestamp": "2026-01-01T00:00:00.000Z"}


def batch(*records):
    return json.dumps({"Records": list(records)})


def clusters(ecs, **services):
    """One host in each, and the service web at this count."""
    for name, desired in services.items():
        home = ecs.home if name == "prod" else ecs.model.cluster(name)
        home.service("web", desired=desired)
        home.host("a")
        home.host("b")


def failed(run):
    return [r["id"] for r in run.report["records"]["failed"]]


def test_a_cluster_of_many_records_is_reconciled_once(ecs, headcount):
    headcount.at(ecs)
    clusters(ecs, prod=1)
    run = headcount("handle", *OURS, stdin=batch(
        record(1, event_of()), record(2, notified(event_of(status="ACTIVE"))),
        record(3, {"cluster": "prod"}), record(4, event_of())))
    assert run.code == 0, run.out + run.err
    assert ecs.operations() == ["DescribeServices", "ListContainerInstances",
                                "UpdateService"]
    assert run.report["records"] == {"total": 4, "failed": []}
    assert ecs.home.services["web"]["desiredCount"] == 2


def test_records_of_a_cluster_that_fails_are_delivered_again(ecs, headcount):
    headcount.at(ecs)
    clusters(ecs, prod=1, stage=1)
    bodies = [{"cluster": "prod"}, {"cluster": "gone"},
              {"clusters": ["prod", "gone"]}, {"cluster": "stage"},
              "no JSON", event_of(**{"detail-type": "ECS Task State Change"})]
    records = [record(i, b) for i, b in enumerate(bodies, 1)]
    run = headcount("handle", *OURS, stdin=batch(*records))
    assert run.code == 1
    assert failed(run) == ["2", "3", "5"]
    errors = [r["error"] for r in run.report["records"]["failed"]]
    assert errors[:2] == [None, None] and "JSON" in errors[2]
    assert run.report["summary"]["updated"] == 2
    # Of a FIFO queue all that comes after the first of them.
    for r in records:
        r["eventSourceARN"] += ".fifo"
    run = headcount("handle", *OURS, stdin=batch(*records))
    assert failed(run) == ["2", "3", "4", "5", "6"]


def test_what_is_not_ours_is_done_without_a_call(ecs, headcount):
    headcount.at(ecs)
    task = event_of(**{"detail-type": "ECS Task State Change"})
    run = headcount("handle", *OURS, stdin=batch(record(1, task),
                                                 record(2, notified(task))))
    assert run.code == 0
    assert run.report["skipped_event"] == "detail_type: ECS Task State Change"
    assert run.report["records"] == {"total": 2, "failed": []}
    assert ecs.requests == []


def test_a_topic_and_a_notification_alone(ecs, headcount):
    headcount.at(ecs)
    clusters(ecs, prod=1)
    topic = {"EventSource": "aws:sns", "EventVersion": "1.0",
             "Sns": {"Type": "Notification", "MessageId": "9",
                     "Message": json.dumps(event_of())}}
    run = headcount("handle", *OURS, stdin=batch(topic))
    assert run.code == 0
    assert run.report["records"] == {"total": 1, "failed": []}
    assert run.report["summary"]["updated"] == 1
    run = headcount("handle", *OURS, stdin=json.dumps(notified(event_of())))
    assert run.code == 0 and "records" not in run.report
    assert run.report["summary"]["unchanged"] == 1


def test_a_person_reads_what_is_left(ecs, headcount):
    headcount.at(ecs)
    clusters(ecs, prod=1)
    run = headcount("handle", "--service", "web", stdin=batch(
        record("abc", "{}"), record(2, {"cluster": "prod"})))
    assert run.code == 1
    assert "x record abc: the event names no cluster" in run.out
    assert run.out.splitlines()[-1] == \
        "Records: 2, 1 to be delivered again."
    run = headcount("handle", "--service", "web",
                    stdin=batch(record("abc", "{}")))
    assert run.code == 252 and run.out == ""
    assert "record abc: the event names no cluster" in run.err


def test_a_schedule_without_a_cluster_is_delivered_again(ecs, headcount):
    headcount.at(ecs)
    clusters(ecs, prod=1)
    sweep = {"source": "aws.scheduler", "detail-type": "Scheduled Event",
             "detail": "{}", "region": "eu-west-1"}
    run = headcount("handle", *OURS, stdin=batch(
        record(1, sweep), record(2, event_of())))
    assert run.code == 1 and failed(run) == ["1"]
    assert "names no cluster" in run.report["records"]["failed"][0]["error"]
    assert run.report["summary"]["updated"] == 1


def test_an_array_of_records_or_of_events(ecs, headcount):
    """As EventBridge Pipes sends them."""
    headcount.at(ecs)
    clusters(ecs, prod=1, stage=1)
    run = headcount("handle", *OURS, stdin=[record(1, event_of()),
                                            record(2, "no JSON")])
    assert run.code == 1 and failed(run) == ["2"]
    assert run.report["summary"]["updated"] == 1
    run = headcount("handle", *OURS, stdin=[event_of(), {"cluster": "stage"}])
    assert run.code == 0 and run.report["records"] == {"total": 2,
                                                       "failed": []}
    assert [s["outcome"] for c in run.report["clusters"]
            for s in c["services"]] == ["unchanged", "updated"]
    run = headcount("handle", *OURS, stdin=[])
    assert run.code == 252 and "array of no records" in run.err


def test_what_lambda_sends_to_the_destination_of_a_failure(ecs, headcount):
    headcount.at(ecs)
    clusters(ecs, prod=1)
    told = {"version": "1.0", "timestamp": "2026-01-01T00:00:00.000Z",
            "requestContext": {"condition": "RetriesExhausted"},
            "requestPayload": event_of(),
            "responsePayload": {"errorType": "Headcount.TargetFailed"}}
    run = headcount("handle", *OURS, stdin=told)
    assert run.code == 0 and run.service()["outcome"] == "updated"
    run = headcount("handle", *OURS, stdin={
        "source": "lambda", "detail": told, "detail-type":
        "Lambda Function Invocation Result - Failure"})
    assert run.code == 0 and run.service()["outcome"] == "unchanged"
    run = headcount("handle", *OURS, stdin=batch(record(1, notified(told))))
    assert run.code == 0 and failed(run) == []


def test_a_dry_run_of_one_record_stops_no_write_of_another(ecs, headcount):
    headcount.at(ecs)
    clusters(ecs, prod=1, stage=1)
    run = headcount("handle", *OURS, stdin=batch(
        record(1, {"clusters": ["prod", "stage"], "dry_run": True}),
        record(2, {"cluster": "stage"})))
    assert run.code == 0 and failed(run) == []
    assert [s["outcome"] for c in run.report["clusters"]
            for s in c["services"]] == ["pending", "updated"]
    assert ecs.home.services["web"]["desiredCount"] == 1
    assert not run.report["dry_run"]


def test_a_region_that_is_not_ours_is_not_looked_at(ecs, headcount):
    headcount.at(ecs)
    clusters(ecs, prod=1)
    far = event_of(region="us-east-1")
    run = headcount("handle", *OURS, stdin=batch(record(1, far)))
    assert run.code == 1 and failed(run) == ["1"]
    assert run.report["skipped_event"] == "foreign_region"
    assert run.report["records"]["failed"][0]["error"] == (
        "cluster prod is in region us-east-1, account 123456789012, and the "
        "region here is eu-west-1")
    assert ecs.requests == []
    run = headcount("handle", "--drop-foreign", *OURS,
                    stdin=batch(record(1, far)))
    assert run.code == 0 and failed(run) == []
    assert run.report["skipped_event"] == "foreign_region"
    assert ecs.requests == []
    run = headcount("handle", *OURS, stdin=batch(record(1, far),
                                                 record(2, event_of())))
    assert run.code == 1 and failed(run) == ["1"]
    assert [c["name"] for c in run.report["clusters"]] == ["prod", "prod"]
    assert run.report["summary"] == {"updated": 1, "pending": 0,
                                     "unchanged": 0, "held": 0, "skipped": 1,
                                     "failed": 0}


def test_ours_is_not_settled_by_its_namesake_of_another_region(ecs, headcount):
    headcount.at(ecs)
    clusters(ecs, prod=1)
    far = {"source": "aws.events", "detail-type": "Scheduled Event",
           "region": "us-east-1", "detail": {"cluster": "prod"}}
    run = headcount("handle", *OURS, stdin=batch(
        record(1, far), record(2, {"cluster": "prod"})))
    assert run.code == 1 and failed(run) == ["1"]
    assert ecs.home.services["web"]["desiredCount"] == 2


# ---- a cluster that is deleted ----

def test_the_last_events_of_a_cluster_are_done(ecs, headcount):
    headcount.at(ecs)
    clusters(ecs, prod=1)
    gone = event_of("gone")
    run = headcount("handle", *OURS, stdin=gone)
    assert run.code == 0, run.out + run.err
    # The second says that it is not another account's.
    assert ecs.operations() == ["DescribeServices", "ListClusters"]
    cluster, = run.report["clusters"]
    assert cluster["error"] is None and cluster["skipped"] == "cluster_gone"
    assert (run.service()["outcome"], run.service()["code"]) == (
        "skipped", "cluster_gone")
    run = headcount("handle", *OURS, stdin=batch(
        record(1, gone), record(2, notified(gone)), record(3, event_of())))
    assert run.code == 0 and failed(run) == []
    assert run.report["summary"]["updated"] == 1
    # Known still, and no more.
    ecs.model.cluster("old").record["status"] = "INACTIVE"
    run = headcount("handle", *OURS, stdin=event_of("old"))
    assert run.code == 0
    assert run.service()["code"] == "cluster_gone"
    # A person named it: no event of AWS's does.
    run = headcount("handle", *OURS, stdin=batch(
        record(1, gone), record(2, {"cluster": "gone"})))
    assert run.code == 1 and failed(run) == ["2"]


def test_a_cluster_of_another_account_is_not_one_that_is_deleted(ecs,
                                                                 headcount):
    headcount.at(ecs)
    clusters(ecs, prod=1)
    far = event_of()
    far["account"] = "999999999999"
    for name in ("clusterArn", "containerInstanceArn"):
        far["detail"][name] = far["detail"][name].replace("123456789012",
                                                          "999999999999")
    run = headcount("handle", *OURS, stdin=batch(record(1, far),
                                                 record(2, event_of())))
    assert run.code == 1 and failed(run) == ["1"]
    assert run.report["clusters"][0]["error"]["code"] == "foreign_account"
    assert "999999999999" in run.report["clusters"][0]["error"]["message"]
    assert run.report["summary"]["updated"] == 1


def test_a_deleted_cluster_of_a_policy_is_done(ecs, headcount):
    headcount.at(ecs)
    policy = headcount.home / "policy.lua"
    policy.write_text("return function(cluster)\n"
                      "  return { fixed { 'web', cluster.registered } }\n"
                      "end\n")
    run = headcount("handle", "--policy", policy, "--output", "json",
                    stdin=event_of("gone"))
    assert run.code == 0, run.out + run.err
    cluster, = run.report["clusters"]
    assert cluster["services"] == [] and cluster["skipped"] == "cluster_gone"
    run = headcount("handle", "--policy", policy, stdin=event_of("gone"))
    assert ". gone  skipped cluster_gone\n" in run.out
    run = headcount("handle", "--policy", policy, stdin={"cluster": "gone"})
    assert run.code == 1


def test_a_person_is_told_which_clusters_there_are(ecs, headcount):
    headcount.at(ecs)
    clusters(ecs, prod=1, stage=1)
    for words, stdin in ((("apply", "prd"), b""), (("plan", "prd"), b""),
                         (("handle",), json.dumps({"cluster": "prd"}))):
        ecs.requests.clear()
        run = headcount(*words, "--service", "web", stdin=stdin)
        assert run.code == 1
        assert "clusters in eu-west-1: prod, stage" in run.out
        assert ecs.operations() == ["DescribeServices", "ListClusters"]
    ecs.fault("ListClusters", "denied", times=9)
    run = headcount("handle", *OURS, stdin={"cluster": "prd"})
    assert run.code == 1
    assert run.service()["code"] == "ClusterNotFoundException"
    assert "ListClusters" not in run.out + run.err


def test_a_service_that_is_deleted_before_its_write_is_no_failure(ecs,
                                                                  headcount):
    headcount.at(ecs)
    for error, code in (("ServiceNotFoundException", "missing"),
                        ("ServiceNotActiveException", "inactive")):
        clusters(ecs, prod=1)
        ecs.fault("UpdateService", [lambda _, error=error: ecs.http(
            400, {"__type": error, "message": "it was there"})])
        run = headcount("handle", *OURS, stdin=batch(record(1, event_of())))
        assert run.code == 0 and failed(run) == []
        assert (run.service()["outcome"], run.service()["code"]) == (
            "skipped", code)


def test_a_cluster_that_is_deleted_in_a_sweep_is_no_failure(ecs, headcount):
    headcount.at(ecs)
    clusters(ecs, prod=1)
    ecs.fault("DescribeServices", [lambda _: ecs.http(400, {
        "__type": "ClusterNotFoundException",
        "message": "Cluster not found."})])
    run = headcount("apply", "--all", *OURS)
    assert run.code == 0, run.out + run.err
    assert run.report["clusters"][0]["skipped"] == "cluster_gone"
    assert run.report["summary"]["skipped"] == 1


def told(run):
    return [line for line in run.err.splitlines() if "not for us" in line]


def test_what_is_not_ours_is_told_of_once_for_each_region(ecs, headcount):
    headcount.at(ecs)
    far = [event_of(region=region) for region in (
        "us-east-1", "us-east-1", "ap-south-1", "us-east-1")]
    run = headcount("handle", *OURS, stdin=batch(
        *[record(i, event) for i, event in enumerate(far)]))
    lines = told(run)
    assert len(lines) == 2 and "us-east-1" in lines[0] and \
        "ap-south-1" in lines[1]
    for line in lines:
        assert "eu-west-1" in line and "redrive policy" in line and \
            "--drop-foreign" in line
    line, = told(headcount("handle", *OURS, stdin=far[0]))
    assert "us-east-1" in line
    line, = told(headcount("handle", *OURS, stdin=batch(record(1, far[0])),
                           HEADCOUNT_DROP_FOREIGN="1"))
    assert "it is dropped" in line
