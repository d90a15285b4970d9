"""examples/cost.lua: its sums are right, its inputs are those of the templates,
and examples/OPERATING.md has what it prints."""
import math
import re
import subprocess

import deployment
import pytest
from conftest import TOP

SCRIPT, PAGE = (TOP / "examples" / n for n in ("cost.lua", "OPERATING.md"))
README = TOP / "README.md"
ECS = TOP / "examples" / "ecs" / "template.yaml"


@pytest.fixture
def cost(headcount):
    def run(*args):
        done = headcount("run", SCRIPT, *args)
        assert (done.code, done.err) == (0, "")
        return done.out
    return run


def inputs(text):
    return {m[1]: float(m[2]) for m in re.finditer(
        r"^  (\w+) +([\d.]+)  ", text, re.M)}


def sums(text):
    """(job, watched) of the function, and of the task."""
    return [tuple(map(float, m)) for m in re.findall(
        r"a month: ([\d.]+) the job, ([\d.]+) its", text)]


def expected(i, clusters):
    """The same bill, in other words."""
    minutes = 730 * 60
    places = math.ceil(clusters / i["clusters_per_place"])
    each = clusters / places
    events = clusters * i["events_per_minute"] * minutes
    sweeps = places * minutes / i["sweep_minutes"]
    batches = events / (1 + each * i["events_per_minute"] * i["window_s"] / 60)
    writes = clusters * i["writes"]
    share = i["memory_mb"] / i["whole_cpu_mb"]
    event = i["event_rounds"] * i["ecs_ms"] + i["event_cpu_ms"] / share
    sweep = i["sweep_rounds"] * i["ecs_ms"] + each * i["sweep_cpu_ms"] / share
    busy = (events * event + sweeps * sweep + writes * i["ecs_ms"]) / 1000
    log = (batches * i["batch_log_bytes"] + events * i["event_log_bytes"]
           + sweeps * i["sweep_log_bytes"] + writes * i["write_log_bytes"]
           + (batches + sweeps) * i["platform_log_bytes"])
    queue = (events + sweeps + 2 * (batches + sweeps)
             + places * i["empty_polls"] * minutes)
    function = ((batches + sweeps) * i["lambda_request"] / 1e6
                + busy * i["memory_mb"] / 1024 * i["lambda_gb_second"]
                + queue * i["sqs_request"] / 1e6
                + max(0, sweeps - 14e6) * i["schedule"] / 1e6
                + log / 1e9 * i["log_gb"])
    hour = (i["task_vcpu"] * i["vcpu_hour"] + i["task_gb"] * i["gb_hour"]
            + i["public_ip"] * i["ip_hour"])
    task = (places * 730 * hour
            + (3 * events + places * 3 * minutes) * i["sqs_request"] / 1e6
            + writes * i["write_log_bytes"] / 1e9 * i["log_gb"])
    return [(function, places * (i["alarms"] * i["alarm"]
                                 + i["metrics"] * i["metric"])),
            (task, places * i["task_alarms"] * i["alarm"])]


@pytest.mark.parametrize("given", [
    [], ["events_per_minute=0"], ["clusters_per_place=7", "memory_mb=512"],
    ["public_ip=1", "writes=90000", "sweep_minutes=0.001"]])
def test_the_sums(cost, given):
    i = inputs(cost("inputs", *given))
    for one in given:
        name, number = one.split("=")
        assert i[name] == float(number)
    for clusters in (1, 26, 3000):
        for ours, theirs in zip(sums(cost(*given, clusters)),
                                expected(i, clusters), strict=True):
            assert ours == pytest.approx(theirs, abs=0.006, rel=1e-5)


def test_stock_lua_prints_the_same(cost):
    for args in (["inputs"], ["table"], ["writes=7", "40"]):
        assert subprocess.run(["lua5.4", SCRIPT, *args], check=True, text=True,
                              capture_output=True).stdout == cost(*args)


def test_the_page_has_what_it_prints(cost):
    part, = re.findall(r"<!-- cost[^\n]*-->\n(.*?)<!-- end of cost -->",
                       PAGE.read_text(), re.S)
    assert part == cost("table")


def test_readme_has_the_sums(cost):
    """Of the clusters and places that its rows name."""
    rows = re.findall(r"^\| A month .*, (\d+) clusters in (\d+) .*? \| "
                      r"\$([\d.]+), with .*? \$([\d.]+) \|",
                      README.read_text(), re.M)
    assert len(rows) == 2
    for (clusters, places, job, whole), (of_job, watched) in zip(
            rows, sums(cost(rows[0][0])), strict=True):
        assert int(places) == math.ceil(
            int(clusters) / inputs(cost("inputs"))["clusters_per_place"])
        assert float(job) == of_job
        assert float(whole) == pytest.approx(of_job + watched, abs=0.011)


def test_the_page_says_what_two_dollars_are_enough_for(cost):
    assert "25 clusters of one region cost less" in PAGE.read_text()
    job, watched = sums(cost(25))[0]
    assert job < 2 < watched
    assert "eleven metrics and seven alarms are four dollars" in \
        PAGE.read_text()
    i = inputs(cost("inputs"))
    assert (watched, i["metrics"], i["alarms"]) == (4, 11, 7)


def test_the_inputs_are_those_of_the_templates(cost):
    i = inputs(cost("inputs"))
    sam = deployment.read(deployment.SAM)["Resources"]
    function = sam["Headcount"]["Properties"]
    batch = function["Events"]["Batch"]["Properties"]
    task = deployment.read(ECS)["Resources"]
    size, = [r["Properties"] for r in task.values()
             if r["Type"] == "AWS::ECS::TaskDefinition"]

    def alarms(resources):
        return sum(len([m for m in r["Properties"].get("Metrics", [{}])
                        if "Expression" not in m])
                   for r in resources.values()
                   if r["Type"] == "AWS::CloudWatch::Alarm")
    assert i["memory_mb"] == function["MemorySize"]
    assert function["Architectures"] == ["arm64"]
    assert i["window_s"] == batch["MaximumBatchingWindowInSeconds"]
    assert sam["Sweep"]["Properties"]["ScheduleExpression"] == \
        f"rate({i['sweep_minutes']:.0f} minutes)"
    assert (i["alarms"], i["task_alarms"]) == (alarms(sam), alarms(task))
    assert (i["task_vcpu"] * 1024, i["task_gb"] * 1024) == (
        float(size["Cpu"]), float(size["Memory"]))
    assert i["peak_memory_mb"] < i["memory_mb"] / 4


@pytest.mark.parametrize("word", [
    "memory_mb=0", "no_input=1", "ten", "-1", "0", "events_per_minute=nan",
    "writes=1e99", "="])
def test_what_it_refuses(headcount, word):
    run = headcount("run", SCRIPT, word)
    assert (run.code, run.out) == (2, "")
    assert run.err.startswith("cost.lua: ") and run.err.count("\n") == 1
