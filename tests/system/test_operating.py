"""examples/OPERATING.md: its queries find what our own log says, its commands
are ones that exist, its links lead somewhere."""
import json
import re
import shlex

import botocore
import botocore.session
import deployment
import insights
import pytest
from conftest import TOP, event_of
from test_batch import batch, record

PAGE = TOP / "examples" / "OPERATING.md"
TEXT = PAGE.read_text()
SWEEP = {"source": "aws.scheduler", "detail-type": "Scheduled Event",
         "detail": {}}


def blocks(kind):
    """[(heading above it, text)]"""
    found, heading = [], ""
    for part in re.split(r"^(#+ .*)$", TEXT, flags=re.M):
        if part.startswith("#"):
            heading = part.lstrip("# ")
        found += [(heading, block) for block in
                  re.findall(rf"^```{kind}\n(.*?)^```", part, re.M | re.S)]
    return found


QUERIES = blocks("sql")
COMMANDS = [(heading, line) for heading, block in blocks("sh")
            for line in block.splitlines()]


def ask(heading, lines, at=0):
    return insights.run([q for h, q in QUERIES if h == heading][at], lines)


@pytest.fixture
def log(function, ecs):
    """A function that was through everything; the lines of its log."""
    for name in ("web", "agent"):
        ecs.service(name, desired=1)
    for name in "abc":
        ecs.host(name)
    server = function(
        ECS_SERVICE_ARN="web,agent,wep", HEADCOUNT_CLUSTERS="prod",
        HEADCOUNT_MAX_CHANGES="1", AWS_LAMBDA_LOG_FORMAT="JSON")
    server.invoke(SWEEP)                     # one write, and one too many
    ecs.hosts.clear()
    server.invoke(SWEEP)                     # zero
    server.invoke(json.loads(batch(record(1, event_of(region="us-east-1")))))
    ecs.fault("DescribeServices", "denied", times=9)
    try:
        server.invoke(SWEEP)
    except AssertionError:
        pass
    server.stop()
    return server.output.read_text().splitlines()


def test_the_queries_find_what_the_log_says(log):
    (write,) = ask("Undo what it wrote", log)
    assert (write["service"], write["before"], write["after"]) in (
        ("web", 1, 3), ("agent", 1, 3))
    assert write["cluster"].endswith(":cluster/prod")
    failed = ask("Failed", log)
    assert {row["failed"] for row in failed} >= {"web"}
    assert all(row["clusters.0.name"] == "prod" and row["runs"] >= 1 and
               "AccessDenied" in row["why"] for row in failed)
    missing = ask("Missing services", log)
    assert missing and all("service wep" in row["message"] for row in missing)
    held = {row["service"]: row for row in ask("Held", log)
            if row["code"] == "zero"}
    assert "the cluster looks empty" in held["web"]["reason"]
    (foreign,) = ask("Foreign events", log)
    assert foreign["events"] == 1 and "us-east-1" in foreign["skipped_because"]
    (many,) = ask("Too many changes", log)
    assert (many["now"], many["wants"]) == (1, 3)
    assert any("service wep" in (row["message"] or "")
               for row in ask("Silent", log))
    (last,) = ask("Silent", log, 1)
    assert last["updated"] == 1 and last["failed"] >= 1 and last["last"] > 1e9


def test_every_query_is_run_by_the_test_above():
    assert sorted(h for h, _ in QUERIES) == sorted(
        ["Undo what it wrote", "Failed", "Missing services", "Held",
         "Foreign events", "Too many changes", "Silent", "Silent"])


def test_every_alarm_of_the_templates_has_its_row():
    rows = set(re.findall(r"`([\w-]+)`", "".join(
        re.findall(r"^\| (`.*?) \|", TEXT, re.M))))
    alarms = set()
    for kind in ("lambda", "ecs"):
        read = deployment.read(TOP / "examples" / kind / "template.yaml")
        alarms |= {name for name, r in read["Resources"].items()
                   if r["Type"] == "AWS::CloudWatch::Alarm"}
    alarms |= set(re.findall(r'"\$\{var\.name\}-([\w-]+)"', (
        TOP / "examples" / "terraform" / "alarms.tf").read_text()))
    assert alarms - rows == set() and rows - alarms == set()


# ---- the commands ----

def words(line):
    """Of one command, without $(...) around it and a > file after it."""
    line = re.sub(r"^\w+=\$\((.*)\)$", r"\1", line)
    return shlex.split(re.sub(r" > \S+$", "", line))


AWS = [words(line) for _, line in COMMANDS
       if re.match(r"(\w+=\$\()?aws ", line)]
OURS = [words(line) for _, line in COMMANDS if line.startswith("headcount ")]


def test_every_command_is_looked_at():
    rest = [line for _, line in COMMANDS
            if not re.match(r"(\w+=\$\()?(aws|headcount) |make lambda "
                            r"|(STACK|LOG)=", line)]
    assert rest == [] and len(AWS) > 20 and len(OURS) > 10


@pytest.mark.parametrize("line", [" ".join(w) for w in AWS])
def test_awss_commands_and_their_options_exist(line):
    _, service, operation, *rest = line.split()
    given = {w[2:] for w in rest if w.startswith("--")}
    if (service, operation) == ("logs", "tail"):       # the CLI's own
        assert given <= {"since", "filter-pattern"}
        return
    model = botocore.session.get_session().get_service_model(service)
    (name,) = [n for n in model.operation_names
               if botocore.xform_name(n, "-") == operation]
    members = model.operation_model(name).input_shape.members
    options = {botocore.xform_name(m, "-") for m in members}
    flags = {f"no-{o}" for o in options}
    assert given - options - flags <= {"query", "output", "cli-input-json"}
    shape = model.operation_model(name).input_shape
    needed = {botocore.xform_name(m, "-") for m in shape.required_members}
    if "cli-input-json" not in given:
        assert needed <= given


@pytest.mark.parametrize("line", [shlex.join(w) for w in OURS])
def test_our_commands_are_taken(headcount, line):
    """Every option is one of its verb; `help` stands for the network."""
    _, verb, *rest = shlex.split(line)
    known = headcount("help", verb)
    assert known.code == 0
    for word in rest:
        if word.startswith("--"):
            assert f"{word} " in known.out.replace("\n", " "), word


def test_the_undo_of_the_page_runs(log, headcount, ecs):
    """Its two commands, over a log that the function wrote."""
    ecs.faults.clear()
    headcount.env["AWS_ENDPOINT_URL"] = headcount.env["AWS_ENDPOINT_URL_ECS"]
    (headcount.home / "audit.log").write_text("\n".join(log))
    undo = [w for w in OURS if w[1] == "undo"]
    assert len(undo) == 2
    runs = [headcount(*w[1:]) for w in undo]
    assert [run.code for run in runs] == [0, 0], runs[0].err
    assert "Plan: 1 to change" in runs[0].out
    assert "Done: 1 changed" in runs[1].out
    assert {s["desiredCount"] for s in ecs.services.values()} == {1}


def test_the_links_lead_somewhere():
    headings = {re.sub(r"[^\w -]", "", h).strip().lower().replace(" ", "-")
                for h in re.findall(r"^#+ (.*)$", TEXT, re.M)}
    links = re.findall(r"\]\(([^)]+)\)", TEXT)
    assert len(links) > 20
    for link in links:
        path, _, heading = link.partition("#")
        assert (PAGE.parent / path).exists()
        assert path or heading in headings


# ---- the evaluator ----

@pytest.mark.parametrize("query", [
    "filter a ~ 1", "dedup a", "stats pct(a, 50)", "sort a", "filter a =",
    "fields a | | limit 1", "filter a = 1 limit"])
def test_a_query_that_is_none_is_refused(query):
    with pytest.raises((ValueError, IndexError)):
        insights.run(query, ['{"a": 1}'])


def test_conditions_and_sums():
    lines = ['{"a":1,"b":"x","timestamp":"1"}', '{"a":3,"b":"x"}',
             '{"a":2,"b":"y"}', "no JSON"]
    assert insights.run("stats sum(a) as n, count(*) as k by b | sort n desc",
                        lines) == [
        {"b": "x", "n": 4, "k": 2}, {"b": "y", "n": 2, "k": 1},
        {"b": None, "n": None, "k": 1}]

    def found(test):
        return [r["a"] for r in insights.run(f"fields a | filter {test}",
                                             lines)]
    assert found("a > 1 and b = \"x\"") == [3]
    assert found("a = 2 or (a < 2 and ispresent(b))") == [1, 2]
    assert found("@message like /JSON/") == [None]
