"""An interrupt: no new write, one that is under way is waited for for two
seconds, the report is printed, exit 130."""
import json
import signal
import subprocess
import time

import pytest
from conftest import PROGRAM

SIGNALS = [signal.SIGINT, signal.SIGTERM]


@pytest.fixture
def prod(ecs, headcount):
    headcount.at(ecs)
    ecs.service("web", desired=1)
    for name in "abc":
        ecs.host(name)
    return ecs


def interrupted(headcount, server, event, operation, number):
    """(exit code, stdout, seconds from the signal to the end)."""
    with subprocess.Popen([PROGRAM, "handle", "--service", "web", "--output",
                           "json"], env=headcount.env, stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) as child:
        child.stdin.write(json.dumps(event()).encode())
        child.stdin.close()
        child.stdin = None
        end = time.monotonic() + 20
        while operation not in server.operations() and \
                time.monotonic() < end:
            time.sleep(0.01)
        began = time.monotonic()
        child.send_signal(number)
        out, err = child.communicate(timeout=20)
        assert b"Sanitizer" not in err
        return child.returncode, out.decode(), time.monotonic() - began


@pytest.mark.parametrize("number", SIGNALS)
def test_a_write_that_is_under_way_is_waited_for(prod, headcount, event,
                                                 number):
    def slowly(body):
        time.sleep(0.7)
        return prod.UpdateService(body)

    prod.fault("UpdateService", slowly)
    code, out, seconds = interrupted(headcount, prod, event, "UpdateService",
                                     number)
    assert code == 130
    assert seconds < 2
    assert len(prod.writes()) == 1
    report = json.loads(out)
    assert report["clusters"][0]["services"][0]["outcome"] == "updated"


@pytest.mark.parametrize("number", SIGNALS)
def test_after_a_read_nothing_is_written(prod, headcount, event, number):
    prod.fault("ListContainerInstances", "silent")
    code, out, seconds = interrupted(headcount, prod, event,
                                     "ListContainerInstances", number)
    assert code == 130 and seconds < 3
    assert prod.writes() == []
    service = json.loads(out)["clusters"][0]["services"][0]
    assert (service["outcome"], service["desired_before"]) == ("failed", 1)


def test_a_write_without_an_answer_is_told_and_not_repeated(prod, headcount,
                                                            event):
    """The person who pressed Ctrl-C has to know that a number may be set."""
    prod.fault("UpdateService", "silent")
    code, out, seconds = interrupted(headcount, prod, event, "UpdateService",
                                     signal.SIGINT)
    assert code == 130
    assert 1.5 < seconds < 3
    assert len(prod.writes()) == 1
    service = json.loads(out)["clusters"][0]["services"][0]
    assert service["outcome"] == "failed"
    assert (service["desired_before"], service["wanted"]) == (1, 3)
