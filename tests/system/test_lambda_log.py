"""What a function writes down: AWS_LAMBDA_LOG_FORMAT, AWS_LAMBDA_LOG_LEVEL."""
import datetime
import json
import re

import pytest
from conftest import event_of
from test_lambda import fill

# What the emulator itself says.
EMULATOR = re.compile(r"\d\d \w{3} \d{4} [\d:,]+ \[|(START|END|REPORT) "
                      r"RequestId: ")

# Where the machine is busy the emulator begins the function before it listens.
LATE = "Lambda's Runtime API: no connection to"


def lines(server):
    return [line for line in server.output.read_text().splitlines()
            if not EMULATOR.match(line) and LATE not in line]


def objects(server):
    """Every line of the process, in order; those of metrics are told of by
    their own test."""
    found = [json.loads(line) for line in lines(server)]
    for one in found:
        if "_aws" not in one:
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z",
                                one["timestamp"])
            at = datetime.datetime.fromisoformat(one["timestamp"])
            now = datetime.datetime.now(datetime.timezone.utc)
            assert abs((now - at).total_seconds()) < 120
    return [one for one in found if "_aws" not in one]


def ids(server):
    return re.findall(r"^START RequestId: (\S+)", server.output.read_text(),
                      re.M)


def json_log(function, level=None):
    return function(AWS_LAMBDA_LOG_FORMAT="JSON", AWS_LAMBDA_LOG_LEVEL=level)


def test_every_line_is_an_object(ecs, function):
    fill(ecs)
    server = json_log(function)
    server.invoke(event_of())
    server.invoke({"source": "aws.s3", "detail-type": "a \"b\"\\\x01\u00e9"})
    audit, report, complaint = objects(server)
    assert (audit["level"], audit["event"]) == ("INFO", "write")
    assert (audit["before"], audit["after"]) == (1, 3)
    assert report["level"] == "INFO" and report["summary"]["updated"] == 1
    assert complaint["level"] == "ERROR"
    assert "the event comes from \"aws.s3\"" in complaint["message"]
    assert [o["requestId"] for o in (audit, report, complaint)] == \
        [ids(server)[0]] * 2 + [ids(server)[1]]


def test_a_hold_is_a_warning(ecs, function):
    ecs.service("web", desired=3)
    server = json_log(function, "warn")
    assert server.invoke(event_of())["summary"]["held"] == 1
    hold, = objects(server)
    assert (hold["level"], hold["code"]) == ("WARN", "zero")


def test_debug_asks_the_library_for_its_steps(ecs, function):
    fill(ecs)
    server = json_log(function, "DEBUG")
    server.invoke(event_of())
    steps = [o for o in objects(server) if o["level"] == "DEBUG"]
    calls = [o["message"] for o in steps if "UpdateService" in o["message"]]
    assert calls and all(o["requestId"] == ids(server)[0] for o in steps
                         if "UpdateService" in o["message"])


@pytest.mark.parametrize("form", ["JSON", "Text"])
@pytest.mark.parametrize("level, some", [
    ("TRACE", {"step", "write", "report", "complaint"}),
    ("INFO", {"write", "report", "complaint"}),
    ("WARN", {"complaint"}), ("ERROR", {"complaint"}), ("FATAL", set()),
    ("nonsense", {"write", "report", "complaint"}),
    (None, {"write", "report", "complaint"})])
def test_below_the_level_nothing_is_written(ecs, function, form,
                                            level, some):
    fill(ecs)
    server = function(AWS_LAMBDA_LOG_FORMAT=form, AWS_LAMBDA_LOG_LEVEL=level)
    server.invoke(event_of())
    server.invoke({"source": "aws.s3", "detail-type": "x"})
    said = [line for line in lines(server) if '"_aws"' not in line]
    kinds = {"write": '"event":"write"', "report": '"format_version"',
             "complaint": "aws.s3", "step": "operation=UpdateService"}
    assert {k for k, v in kinds.items() if any(v in s for s in said)} == some
    assert level == "TRACE" or len(said) == len(some)


def test_as_text_the_lines_are_what_they_are_outside(ecs, function):
    fill(ecs)
    server = function(AWS_LAMBDA_LOG_FORMAT="Text")
    server.invoke(event_of())
    server.invoke({"source": "aws.s3", "detail-type": "x"})
    audit, report, complaint = [line for line in lines(server)
                                if '"_aws"' not in line]
    assert json.loads(audit)["event"] == "write" and '"level"' not in audit
    assert json.loads(report)["format_version"] == "1.0"
    assert complaint.startswith("headcount: the event comes from ")


@pytest.mark.parametrize("more", [{"HEADCOUNT_HOSTS": "a\"\xff\\"},
                                  {"ECS_SERVICE_ARN": None}])
def test_what_cannot_begin_is_said_in_the_same_form(ecs, function,
                                                    more):
    server = function(AWS_LAMBDA_LOG_FORMAT="JSON", **more)
    server.invoke(event_of())
    complaints = objects(server)
    assert complaints and all(o["level"] == "ERROR" and "requestId" not in o
                              for o in complaints)
    if "HEADCOUNT_HOSTS" in more:
        assert 'not "a"\xff\\"' in complaints[0]["message"]


def test_bytes_that_are_no_text_do_not_break_a_line(ecs, headcount,
                                                    runtime_api):
    run = runtime_api(headcount.at(ecs), AWS_LAMBDA_LOG_FORMAT="JSON",
                      HEADCOUNT_HOSTS=b"\xf0\x9f\x99\x82\xff\xc3\xed\xa0\x80x")
    line = json.loads(run.err)
    assert "\U0001f642" + "?" * 5 + "x" in line["message"]
