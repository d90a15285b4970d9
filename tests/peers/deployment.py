"""The two deployments of the Lambda function, brought to one form: what the
SAM template comes to after AWS's own translator, and what the Terraform module
comes to.

    for deployment in (sam(), terraform()):
        deployment["queue"]["visibility"], deployment["policies"], ...

Used by: system/test_cost.py, system/test_operating.py,
system/test_permissions.py, system/test_put_item.py and
system/test_templates.py.
Instead of moto: moto does not expand SAM and knows no Terraform.
"""
import json
import os
import pathlib
from unittest import mock

import cloudformation
import samtranslator.translator.transform
from cfnlint.decode import cfn_yaml
from terraform import Module

TOP = pathlib.Path(__file__).resolve().parents[2]
SAM = TOP / "examples" / "lambda" / "template.yaml"
TERRAFORM = TOP / "examples" / "terraform"
TOPIC = "arn:aws:sns:eu-west-1:123456789012:night"


def read(path):
    """A template, short forms spelled out."""
    return json.loads(json.dumps(cfn_yaml.load(str(path))))


def translated(parameters):
    """What CloudFormation is given, the package uploaded."""
    template = read(SAM)
    template["Resources"]["Headcount"]["Properties"]["CodeUri"] = \
        "s3://some-bucket/some-key"
    with mock.patch.dict(os.environ, AWS_DEFAULT_REGION="eu-west-1"):
        return samtranslator.translator.transform.transform(
            template, parameters, mock.Mock(load=dict))


def inline(resource):
    return [p["PolicyDocument"] for p in resource["Properties"]["Policies"]]


def sam_metric(p):
    """Of an alarm: a metric, or an expression and the metric in it."""
    if "Metrics" not in p:
        return {"metric": (p["Namespace"], p["MetricName"]),
                "of": {d["Name"]: d["Value"] for d in p["Dimensions"]},
                "statistic": p["Statistic"], "period": p["Period"],
                "expression": None}
    shown, hidden = p["Metrics"]
    assert hidden["ReturnData"] is False
    stat = hidden["MetricStat"]
    return {**sam_metric({**stat["Metric"], "Period": stat["Period"],
                          "Statistic": stat["Stat"]}),
            "expression": shown["Expression"].replace(hidden["Id"], "METRIC")}


def sam_alarm(alarm):
    p = alarm["Properties"]
    return {**sam_metric(p), "periods": p["EvaluationPeriods"],
            "datapoints": p["DatapointsToAlarm"],
            "when": (p["ComparisonOperator"], p["Threshold"]),
            "missing": p["TreatMissingData"],
            "tells": p.get("AlarmActions", []),
            "tells_ok": p.get("OKActions", [])}


def sam_given(more):
    """Variables of the Terraform module as the template's parameters."""
    def text(value):
        return "" if value is None else \
            str(value).lower() if isinstance(value, bool) else str(value)
    return {"".join(word.capitalize() for word in name.split("_")): text(value)
            for name, value in more.items()}


def sam(clusters, services=(), topic=True, **more):
    given = {"ClusterArns": ",".join(clusters),
             **({"ServiceArns": ",".join(services)} if services else {}),
             **({"AlarmTopicArn": TOPIC} if topic else {}), **sam_given(more)}
    r = cloudformation.resources_of(translated(given), given)
    p = {name: resource["Properties"] for name, resource in r.items()}
    function, mapping = p["Headcount"], p["HeadcountBatch"]
    target, sweep = p["Rule"]["Targets"][0], p["Sweep"]
    return {
        "queue": {
            "arn": cloudformation.at("sqs", "Queue"),
            "visibility": p["Queue"]["VisibilityTimeout"],
            "dead": p["Queue"]["RedrivePolicy"]["deadLetterTargetArn"],
            "tries": p["Queue"]["RedrivePolicy"]["maxReceiveCount"],
            "kept": p["DeadLetters"]["MessageRetentionPeriod"],
            "policies": [p["QueuePolicy"]["PolicyDocument"]],
        },
        "function": {
            "name": "Headcount", "runtime": function["Runtime"],
            "handler": function["Handler"],
            "architectures": function["Architectures"],
            "timeout": function["Timeout"],
            # A parameter is text; CloudFormation makes a number of it.
            "reserved": int(function["ReservedConcurrentExecutions"])
            if "ReservedConcurrentExecutions" in function else None,
            "log": function["LoggingConfig"]["LogFormat"],
            "env": function["Environment"]["Variables"],
        },
        "mapping": {
            "of": mapping["EventSourceArn"], "batch": mapping["BatchSize"],
            "window": mapping["MaximumBatchingWindowInSeconds"],
            "types": mapping["FunctionResponseTypes"],
            "concurrency": mapping["ScalingConfig"]["MaximumConcurrency"],
        },
        "log_days": p["LogGroup"]["RetentionInDays"],
        "rule": {
            "arn": cloudformation.at("events", "rule/Rule"),
            "pattern": json.dumps(p["Rule"]["EventPattern"]),
            "target": target["Arn"], "dead": target["DeadLetterConfig"]["Arn"],
            "age": target["RetryPolicy"]["MaximumEventAgeInSeconds"],
        },
        "sweep": {
            "rate": sweep["ScheduleExpression"],
            "window": sweep["FlexibleTimeWindow"]["MaximumWindowInMinutes"],
            "target": sweep["Target"]["Arn"],
            "input": sweep["Target"]["Input"],
            "age": sweep["Target"]["RetryPolicy"]["MaximumEventAgeInSeconds"],
            "dead": sweep["Target"]["DeadLetterConfig"]["Arn"],
            "policies": inline(r["SweepRole"]),
        },
        "policies": inline(r["Role"]),
        "alarms": [sam_alarm(x) for x in r.values()
                   if x["Type"] == "AWS::CloudWatch::Alarm"],
        "dashboard": json.loads(p["Overview"]["DashboardBody"])
        if "Overview" in p else None,
    }


def terraform_metric(a):
    if "metric_query" not in a:
        return {"metric": (a["namespace"], a["metric_name"]),
                "of": a["dimensions"], "period": a["period"],
                "statistic": a.get("statistic") or a["stat"],
                "expression": None}
    shown, hidden = a["metric_query"]
    assert shown["return_data"] is True and "return_data" not in hidden
    return {**terraform_metric(hidden["metric"][0]),
            "expression": shown["expression"].replace(hidden["id"], "METRIC")}


def terraform_alarm(a):
    return {**terraform_metric(a), "periods": a["evaluation_periods"],
            "datapoints": a["datapoints_to_alarm"],
            "when": (a["comparison_operator"], a["threshold"]),
            "missing": a["treat_missing_data"], "tells": a["alarm_actions"],
            "tells_ok": a["ok_actions"]}


def terraform(clusters, services=(), topic=True, **more):
    m = Module(TERRAFORM, {
        "cluster_arns": list(clusters), "package": "headcount.zip",
        **({"service_arns": list(services)} if services else {}),
        **({"alarm_topic_arns": [TOPIC]} if topic else {}), **more})
    queue = m.resource("aws_sqs_queue", "queue")
    redrive = json.loads(queue["redrive_policy"])
    function = m.resource("aws_lambda_function", "headcount")
    mapping = m.resource("aws_lambda_event_source_mapping", "queue")
    target = m.resource("aws_cloudwatch_event_target", "queue")
    sweep = m.resource("aws_scheduler_schedule", "sweep")
    (sends,), roles = sweep["target"], m.resources("aws_iam_role_policy")
    shown = m.resource("aws_cloudwatch_dashboard", "overview")
    return {
        "queue": {
            "arn": m.reference(["aws_sqs_queue", "queue", "arn"]),
            "visibility": queue["visibility_timeout_seconds"],
            "dead": redrive["deadLetterTargetArn"],
            "tries": redrive["maxReceiveCount"],
            "kept": m.resource("aws_sqs_queue", "dead_letters")
            ["message_retention_seconds"],
            "policies": [json.loads(p["policy"]) for p in
                         m.resources("aws_sqs_queue_policy").values()],
        },
        "function": {
            "name": function["function_name"],
            "runtime": function["runtime"], "handler": function["handler"],
            "architectures": function["architectures"],
            "timeout": function["timeout"],
            "reserved": function["reserved_concurrent_executions"],
            "log": function["logging_config"][0]["log_format"],
            "env": function["environment"][0]["variables"],
        },
        "mapping": {
            "of": mapping["event_source_arn"], "batch": mapping["batch_size"],
            "window": mapping["maximum_batching_window_in_seconds"],
            "types": mapping["function_response_types"],
            "concurrency":
                mapping["scaling_config"][0]["maximum_concurrency"],
        },
        "log_days": m.resource("aws_cloudwatch_log_group", "log")
        ["retention_in_days"],
        "rule": {
            "arn": m.reference(["aws_cloudwatch_event_rule", "hosts", "arn"]),
            "pattern": m.resource("aws_cloudwatch_event_rule", "hosts")
            ["event_pattern"],
            "target": target["arn"],
            "dead": target["dead_letter_config"][0]["arn"],
            "age": target["retry_policy"][0]["maximum_event_age_in_seconds"],
        },
        "sweep": {
            "rate": sweep["schedule_expression"],
            "window": sweep["flexible_time_window"][0]
            ["maximum_window_in_minutes"],
            "target": sends["arn"], "input": sends["input"],
            "age": sends["retry_policy"][0]["maximum_event_age_in_seconds"],
            "dead": sends["dead_letter_config"][0]["arn"],
            "policies": [json.loads(roles["sweep"]["policy"])],
        },
        "policies": [json.loads(roles[n]["policy"])
                     for n in ("function", "by_policy") if n in roles],
        "alarms": [terraform_alarm(a) for a in
                   m.resources("aws_cloudwatch_metric_alarm").values()],
        "dashboard": shown and json.loads(shown["dashboard_body"]),
    }


KINDS = {"sam": sam, "terraform": terraform}
