"""`plan`, `apply` and `explain` as one page of HTML: what stands in it, that
nothing comes from elsewhere, and that no name can change it."""
import html.parser
import time

import pytest
from ecs_check import SECRET, TOKEN

VOID = {"meta", "link", "hr", "br", "p"}      # p: its end tag may be left out


class Page(html.parser.HTMLParser):
    """Tables by caption: rows as {head: text}; what tags and attributes it
    has."""

    def __init__(self, text):
        super().__init__()
        self.tables, self.open, self.attributes = {}, [], []
        self.paragraphs, self.title = [], ""
        self.heads = self.rows = self.row = None
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.attributes += [(tag, *pair) for pair in attrs]
        if tag not in VOID:
            self.open.append(tag)
        self.text = ""
        if tag == "tr":
            self.row = []

    def handle_endtag(self, tag):
        if tag in VOID:
            self.paragraphs.append(self.text.strip())
            return
        assert self.open.pop() == tag
        if tag == "h1":
            self.title = self.text
        if tag == "caption":
            self.heads, self.rows = None, []
            self.tables[self.text] = self.rows
        elif tag in ("th", "td"):
            self.row.append(self.text)
        elif tag == "tr" and self.heads is None:
            self.heads = self.row
        elif tag == "tr":
            self.rows.append(dict(zip(self.heads, self.row, strict=True)))

    def handle_data(self, data):
        self.text = getattr(self, "text", "") + data


@pytest.fixture
def page(headcount, ecs):
    """Runs a verb; the page and the run."""
    headcount.at(ecs)

    def run(*args, code=0, **more):
        done = headcount(*args, "--output", "html", **more)
        assert done.code == code, done.err
        for secret in (SECRET, TOKEN, "AKIDEXAMPLE"):
            assert secret not in done.out
        parsed = Page(done.out)
        parsed.whole, parsed.run = done.out, done
        # Nothing is fetched, nothing runs.
        assert not [a for a in parsed.attributes
                    if a[1] in ("src", "action", "srcdoc", "formaction")
                    or a[1].startswith("on")]
        assert [a[2] for a in parsed.attributes if a[1] == "href"] == ["data:,"]
        for word in ("<script", "@import", "url(", "http://", "https://"):
            assert word not in done.out
        assert "prefers-color-scheme:dark" in done.out
        return parsed
    return run


def fill(ecs):
    ecs.service("web", desired=1)
    ecs.service("api", desired=2)
    ecs.service("agent", desired=1, schedulingStrategy="DAEMON")
    ecs.host("a")
    ecs.host("b")


def test_a_plan(page, ecs):
    fill(ecs)
    got = page("plan", "prod", "--service", "web,api,agent", code=0)
    assert got.title == "headcount plan"
    rows = got.tables["Services"]
    assert [(r["cluster"], r["service"], r["outcome"], r["before"], r["after"],
             r["hosts"]) for r in rows] == [
        ("prod", "web", "pending", "1", "2", "2 active"),
        ("prod", "api", "unchanged", "2", "2", "2 active"),
        ("prod", "agent", "skipped", "1", "1", "")]
    assert rows[0]["why"] == "1 task on each of 2 active hosts"
    assert rows[2]["why"].startswith("daemon: ")
    assert "Plan: 1 to change, 0 held, 1 unchanged, 1 skipped, 0 failed." in \
        got.whole
    assert ecs.writes() == []


def test_calls_and_their_times(page, ecs):
    fill(ecs)
    got = page("plan", "prod", "--service", "web")
    calls = got.tables["Calls, in milliseconds"]
    assert [c["call"] for c in calls] == ecs.operations()
    assert {c["status"].split(",")[0] for c in calls} == {"200"}
    assert float(calls[0]["connect"]) >= 0 and calls[1]["connect"] == ""
    for call in calls:
        assert float(call["all"]) >= float(call["answer"]) > 0
        assert float(call["waited"]) >= 0
    assert f"{len(calls)} calls, 1 connection, " in got.whole


def test_apply_says_what_it_wrote_and_what_it_held(page, ecs):
    fill(ecs)
    ecs.model.cluster("stage").service("web", desired=4)
    got = page("apply", "prod", "stage", "--service", "web")
    assert got.title == "headcount apply"
    prod, stage = got.tables["Services"]
    assert (prod["outcome"], prod["before"], prod["after"]) == (
        "updated", "1", "2")
    assert (stage["outcome"], stage["before"], stage["after"]) == (
        "held", "4", "4, not 0")
    assert stage["why"].startswith("zero: there are no active hosts")
    assert stage["why"].endswith(
        "; to let it pass: --allow zero --service web")
    assert [w["desiredCount"] for w in ecs.writes()] == [2]


def test_failures_stand_in_the_page(page, ecs):
    fill(ecs)
    ecs.fault("ListContainerInstances", "denied", times=9)
    got = page("plan", "prod", "gone", "--service", "web", code=1)
    failed = [r for r in got.tables["Services"] if r["outcome"] == "failed"]
    assert {r["cluster"] for r in failed} == {"prod", "gone"}
    assert all(r["why"] and r["after"] == "" for r in failed)


def test_exit_codes_are_those_of_the_text(page, headcount, ecs):
    fill(ecs)
    ecs.model.cluster("stage").service("web", desired=4)
    for args in (["plan", "prod", "--service", "web"],
                 ["plan", "stage", "--service", "web"],
                 ["plan", "prod", "--service", "no"]):
        args.append("--detailed-exitcode")
        page(*args, code=headcount(*args).code)


@pytest.mark.parametrize("limit", [[], ["--max-changes", "1"]])
def test_a_sweep(page, ecs, limit):
    """Unchanged services too; the order is that of the clusters."""
    ecs.model.clusters.clear()
    for i in range(12):
        cluster = ecs.model.cluster(f"c{i:02}")
        cluster.service("web", desired=1 + i % 2)
        cluster.host(f"a{i}")
    got = page("plan", "--all", "--service", "web,none", *limit, code=1)
    rows = got.tables["Services"]
    assert [r["cluster"] for r in rows if r["service"] == "web"] == \
        [f"c{i:02}" for i in range(12)]
    assert [r["outcome"] for r in rows if r["service"] == "web"][0::2] == \
        ["unchanged"] * 6
    held = [r for r in rows if r["outcome"] == "held"]
    assert len(held) == (5 if limit else 0)
    assert (rows[-1]["cluster"], rows[-1]["service"], rows[-1]["outcome"]) == \
        ("(no cluster)", "none", "failed")
    assert ("Limit: 1 service would be written, 5 would wait" in got.whole) \
        == bool(limit)
    # The sum stands above the rows.
    assert got.whole.index("Plan: ") < got.whole.index("<table>")


def test_a_sweep_that_cannot_list_is_no_page(headcount, ecs):
    headcount.at(ecs)
    run = headcount("plan", "--all", "--service", "web", "--output", "html",
                    AWS_ACCESS_KEY_ID=None)
    assert run.code != 0 and run.out == "" and run.err


def test_explain_has_the_hosts(page, ecs):
    fill(ecs)
    got = page("explain", "prod", "web")
    assert got.title == "headcount explain"
    assert [h["host"] for h in got.tables["Hosts"]] == \
        ["i-a", "i-b"]
    row, = got.tables["Services"]
    assert (row["service"], row["after"]) == ("web", "2")
    gone = page("explain", "gone", "web", code=1)
    assert "Hosts" not in gone.tables
    assert gone.tables["Services"][0]["outcome"] == "failed"


def test_explain_says_who_set_the_count(page, ecs):
    fill(ecs)
    ecs.model.trail("UpdateService", by="<deploy>", at=time.time() - 60,
                    cluster="prod", service="web", desiredCount=5)
    got = page("explain", "prod", "web", "--who")
    assert "set by" in got.whole and "&lt;deploy&gt;" in got.whole


def test_a_plan_on_a_snapshot(page, headcount, ecs, tmp_path):
    fill(ecs)
    facts = headcount("snapshot", "prod", "--service", "web")
    (tmp_path / "prod.json").write_text(facts.out)
    before = len(ecs.requests)
    got = page("plan", "--snapshot", tmp_path / "prod.json", "--service",
               "web")
    assert got.tables["Services"][0]["after"] == "2"
    assert list(got.tables) == ["Services"] and len(ecs.requests) == before


HOSTILE = "</td></table><script>alert(1)</script>\"'><img src=x onload=y>" \
    "<!-- </style> ]]> a&lt;b \x1b[31m \u202e"


def same_tags(got, plain):
    assert {a[:2] for a in got.attributes} == \
        {a[:2] for a in plain.attributes}
    assert "alert(1)" in got.whole
    assert "\x1b" not in got.whole and "\u202e" not in got.whole


def test_what_aws_says_cannot_change_the_page(page, ecs):
    fill(ecs)
    plain = page("plan", "prod", "gone", "--service", "web", code=1)
    ecs.fault("DescribeServices", [lambda _: ecs.http(400, {
        "__type": "ClientException", "message": HOSTILE})])
    same_tags(page("plan", "prod", "--service", "web", code=1), plain)


def test_a_policy_cannot_change_the_page(page, ecs, tmp_path):
    fill(ecs)
    plain = page("plan", "prod", "gone", "--service", "web", code=1)
    (tmp_path / "policy.lua").write_text(
        f"return function() error [==[{HOSTILE}]==] end")
    same_tags(page("plan", "prod", "--policy", tmp_path / "policy.lua",
                   code=1), plain)


def test_a_hosts_id_cannot_change_the_page(page, ecs):
    fill(ecs)
    plain = page("explain", "prod", "web")
    ecs.hosts[0]["ec2InstanceId"] = HOSTILE
    same_tags(page("explain", "prod", "web"), plain)


@pytest.mark.parametrize("args", [
    ["doctor"], ["call", "ecs", "ListClusters"], ["fetch", "GET", "http://x"],
    ["handle", "x.json"], ["snapshot", "prod"], ["test"]])
def test_other_verbs_have_no_page(headcount, args):
    run = headcount(*args, "--output", "html")
    assert (run.code, run.out) == (252, "")
    assert "--output html is a page of plan, apply, explain or latency" \
        in run.err
