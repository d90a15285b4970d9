"""Verbs, options, exit codes, what is printed where."""
import os
import re
import shutil
import subprocess

import pytest
from conftest import SECRET, TOKEN, TOP

OURS = ("--service", "web")


@pytest.fixture
def prod(ecs, headcount):
    headcount.at(ecs)
    ecs.service("web", desired=1)
    for name in "abc":
        ecs.host(name)
    return ecs


VERBS = ("plan", "apply", "handle", "watch", "snapshot", "explain", "adopt",
         "undo", "doctor", "call", "fetch", "latency", "test", "run",
         "lambda", "help", "version")
COMMON = ("region", "profile", "endpoint-url", "ca-bundle", "output",
          "cli-connect-timeout", "cli-read-timeout", "no-sign-request",
          "debug")
SAID_ALONE = ("help", "version")              # what stands for a verb
LOOKS = ("plan", "apply", "handle", "watch", "snapshot", "lambda", "doctor")
RULES = (*LOOKS, "explain")
ONCE = ("plan", "apply", "handle", "snapshot")
CALLS = ("call", "latency")
# option, a value or None, the verbs that use it
USED_BY = [
    ("service", "web", (*LOOKS, "undo")), ("policy", "p.lua", RULES),
    ("autoscaler", "a.json", RULES),
    ("hosts", "active", (*RULES, "adopt")),
    ("constraints", "all", (*RULES, "adopt")), ("where", "a==b", RULES),
    ("allow", "zero", (*LOOKS, "undo")),
    ("since", "2h", ("undo",)),
    *((name, value, (*RULES, *CALLS, "fetch", "adopt", "undo"))
      for name, value in (
        ("assume-role", "arn:r"), ("external-id", "ab"),
        ("role-session-name", "ab"), ("role-duration", "900"),
        ("expect-account", "123456789012"))),
    ("dns-server", "127.0.0.1", (*RULES, *CALLS, "fetch", "adopt", "run",
                                 "undo")),
    ("tcp-keepalive", "on", (*RULES, *CALLS, "fetch", "adopt", "undo")),
    *((name, "9", (*RULES, *CALLS, "fetch", "adopt", "undo")) for name in (
        "max-connections", "max-connections-per-host", "acquire-timeout",
        "attempt-timeout", "tcp-user-timeout", "min-speed")),
    ("all", None, ("plan", "apply", "watch", "lambda", "doctor")),
    ("tag", "a=b", ("plan", "apply", "watch", "lambda")),
    ("concurrency", "4", ("plan", "apply", "handle", "watch", "lambda")),
    ("api-share", "0.5", (*RULES, "call", "adopt", "undo")),
    ("max-changes", "9", ("plan", "apply", "handle", "watch", "lambda",
                          "undo")),
    ("max-falls", "9", ("plan", "apply", "handle", "watch", "lambda",
                        "undo")),
    ("verify", "on", ("plan", "apply", "handle", "watch", "lambda")),
    ("dry-run", None, ("plan", "apply", "handle", "watch", "lambda",
                       "adopt", "undo")),
    ("yes", None, ("adopt", "latency", "undo")), ("calls", "3", ("latency",)),
    ("rate", "5", ("latency",)), ("svg", "a.svg", ("latency",)),
    ("timeout", "9", (*ONCE, "explain", "call", "fetch", "lambda", "adopt",
                      "doctor", "undo")),
    ("timings", None, (*ONCE, "explain", "call", "fetch", "doctor", "undo")),
    ("trace", "t.har", ("plan", "apply", "handle", "watch", "snapshot",
                        "doctor", "explain", "fetch", "adopt", "run",
                        "undo", *CALLS)),
    ("sign", "s3", ("fetch",)), ("header", "A: b", ("fetch",)),
    ("body", "b", ("fetch",)), ("expires", "60", ("fetch",)),
    ("detailed-exitcode", None, (*ONCE, "explain", "undo")),
    ("snapshot", "s.json", ("plan", "handle", "explain")),
    ("explain", None, ("plan", "snapshot")), ("who", None, ("explain",)),
    ("drop-foreign", None, ("handle", "watch", "lambda")),
    ("queue", "https://q", ("watch", "doctor")), ("every", "5m", ("watch",)),
    ("visibility", "60", ("watch",)), ("metrics", "m", ("watch",)),
    ("heartbeat", "h", ("watch",)), ("retry-writes", None, ("call",)),
    ("target-prefix", "T", CALLS), ("json-version", "1.0", CALLS),
    ("signing-name", "x", CALLS), ("endpoint-prefix", "x", CALLS),
    ("color", "never", ("plan", "apply", "handle", "adopt", "undo")),
    ("verbose", None, ("plan", "apply")),
    ("run", "x", ("test",)), ("format", "json", ("test",)),
]
# Refused before this release, too.
REFUSED = {("handle", "all"), ("snapshot", "all"), ("call", "all"),
           ("handle", "tag"), ("snapshot", "tag"), ("apply", "snapshot"),
           ("snapshot", "snapshot"), ("watch", "snapshot")}
# A command line of each verb that ends by itself, without a call.
LINES = {
    "plan": ["plan", "prod"], "apply": ["apply", "prod"],
    "handle": ["handle"], "watch": ["watch", "prod"],
    "snapshot": ["snapshot", "prod"], "explain": ["explain", "prod"],
    "adopt": ["adopt"], "undo": ["undo", "nowhere"],
    "doctor": ["doctor", "prod", "--dns-server", "127.0.0.1:9"],
    "call": ["call", "nope", "List"],
    "latency": ["latency", "nope", "List"],
    "fetch": ["fetch", "GET", "nowhere", "--sign", "s3"],
    "test": ["test", "."], "run": ["run", "/dev/null"], "lambda": ["lambda"],
    "help": ["help"], "version": ["version"],
}


def options_in(text):
    return set(re.findall(r"^  --([a-z-]+)", text, re.M))


def own(verb):
    return {name for name, _, verbs in USED_BY if verb in verbs}


def test_the_table_names_every_option(headcount):
    assert options_in(headcount("help", "options").out) == \
        {name for name, _, _ in USED_BY} | {*COMMON, *SAID_ALONE}


@pytest.mark.parametrize("verb", VERBS)
def test_help_of_a_verb_in_every_spelling(headcount, verb):
    run = headcount("help", verb)
    assert (run.code, run.err) == (0, "")
    for args in ((verb, "-h"), (verb, "--help"), ("-h", verb),
                 ("--help", verb)):
        again = headcount(*args)
        assert (again.code, again.err, again.out) == (0, "", run.out), args
    head, _, rest = run.out.partition("\n\n")
    assert head.startswith(f"headcount {verb}: ") and "\n" not in head
    assert rest.startswith(f"Usage: headcount {verb}")
    examples = re.findall(r"^  (headcount\b.*)", run.out, re.M)
    assert len(examples) == 2
    for example in examples:
        used = set(re.findall(r"--([a-z-]+)", example))
        assert verb in example and used <= {*own(verb), *COMMON,
                                                *SAID_ALONE}
    assert options_in(run.out) == own(verb)
    for name in COMMON:
        assert f"--{name}" in run.out
    assert max(map(len, run.out.splitlines())) <= 80


def test_help_of_a_verb_sets_the_shared_options_apart(headcount):
    for verb in ("plan", "call", "watch"):
        out = headcount("help", verb).out
        shared = options_in(out.partition("\nRoles and connections:\n")[2])
        assert len(shared) == 13 and "assume-role" in shared
        assert "policy" not in shared and "min-speed" in shared
    for verb in ("test", "version"):
        assert "Roles and connections" not in headcount("help", verb).out


def test_what_stands_behind_the_file_of_run_is_the_scripts(headcount):
    assert "\nUsage: headcount run [--option value...] FILE.lua|- [ARG...]\n" \
        in headcount("help", "run").out
    run = headcount("run", "--region", "eu-west-1", "-", "--region", "x",
                    stdin="print(...)")
    assert (run.code, run.out) == (0, "--region\tx\n")


def test_help_is_on_stdout_and_names_every_verb(headcount):
    run = headcount("help")
    assert run.code == 0 and run.err == ""
    for verb in VERBS:
        assert len(re.findall(rf"^  {verb}\b", run.out, re.M)) == 1
    assert 24 <= len(run.out.splitlines()) <= 40
    groups = {title: re.findall(r"^  (\w+)", rows, re.M) for title, rows in
              re.findall(r"^(\w.*):\n((?:  .*\n)+)", run.out, re.M)}
    assert groups["Look, and write nothing"] == ["plan", "explain", "doctor",
                                                 "snapshot"]
    assert "apply" in groups["Write counts and tags"]
    assert groups["Keep running"] == ["watch", "lambda"]
    assert len(groups.pop("Next")) == 3 and len(groups) == 6
    for line in re.findall(r"^  headcount (\S.*?)  ", run.out, re.M):
        if line != "doctor":
            assert headcount(*line.split()).code == 0, line
    for args in (["--help"], ["-h"], ["--debug", "-h"]):
        assert headcount(*args).out == run.out
    assert max(map(len, run.out.splitlines())) <= 80
    for word in ("aply", "APPLY", "Appyl"):
        bad = headcount("help", word)
        assert bad.code == 252 and "did you mean apply?" in bad.err


@pytest.mark.parametrize("verb", VERBS)
def test_unknown_options_name_the_nearest(headcount, verb):
    for args in (["--servise", "web"], ["--servise=web"]):
        for line in ([verb, *args], [*args, verb]):
            run = headcount(*line)
            assert (run.code, run.out) == (252, ""), line
            assert run.err.startswith("headcount: unknown option --servise; "
                                      "did you mean --service?"), line
    run = headcount(verb, "-x")
    assert run.code == 252 and "unknown option -x" in run.err


@pytest.mark.parametrize("verb", VERBS)
def test_options_that_a_verb_does_not_use(headcount, verb):
    """A warning in this release, and the run is as without it."""
    headcount.env["AWS_REGION"] = ""            # nothing is called
    bare = headcount(*LINES[verb])
    for name, value, verbs in USED_BY:
        given = [f"--{name}" if value is None else f"--{name}={value}"]
        run = headcount(*given, *LINES[verb])
        said = f"headcount: {verb} does not use --{name}"
        if verb in verbs:
            assert "does not use" not in run.err, name
        elif verb in SAID_ALONE or (verb, name) in REFUSED:
            assert (run.code, run.out) == (252, ""), name
            assert run.err == f"{said} (see: headcount help {verb})\n"
        else:
            assert run.code == bare.code, name
            assert run.err == (f"{said}: the next release will refuse it\n"
                               + bare.err), name
            assert run.out == bare.out


@pytest.mark.parametrize("verb", VERBS)
def test_common_options_go_with_every_verb(headcount, verb):
    values = {"output": "json", "cli-connect-timeout": "2", "profile": None,
              "cli-read-timeout": "2", "endpoint-url": "http://127.0.0.1:9",
              "ca-bundle": "/dev/null", "region": "eu-west-1"}
    for name in COMMON:
        if name == "profile":
            args = ["--profile", "x"]
        elif name in values:
            args = [f"--{name}", values[name]]
        else:
            args = [f"--{name}"]
        run = headcount(*args, *LINES[verb])
        assert "does not use" not in run.err and "takes" not in run.err, name
        run = headcount(LINES[verb][0], *args, *LINES[verb][1:])
        assert "does not use" not in run.err and "unknown" not in run.err


def test_a_scripts_clients_start_from_the_common_options(ecs, headcount):
    script = """
        local client = assert(require "headcount".client(%s))
        print(client:call("ecs", "ListClusters", {}) ~= nil)"""
    at = ("--endpoint-url", f"http://127.0.0.1:{ecs.port}")
    run = headcount("run", *at, "--region", "us-west-2", "--no-sign-request",
                    "-", stdin=script % "")
    assert (run.code, run.out, run.err) == (0, "true\n", "")
    assert "authorization" not in ecs.requests[-1].headers
    run = headcount("run", *at, "--region", "us-west-2", "--debug", "-",
                    "--region", "x", stdin=script % '{region="eu-west-1"}')
    assert (run.code, run.out) == (0, "true\n")
    assert "operation=ListClusters" in run.err
    assert "/eu-west-1/ecs/" in ecs.requests[-1].headers["authorization"]
    run = headcount("run", "--queue", "x", "-", stdin="")
    assert run.code == 252 and "common options only, not --queue" in run.err


@pytest.mark.parametrize("verb", VERBS)
def test_variables_that_a_verb_does_not_use_are_left_alone(headcount, verb):
    """Whatever stands in them: one environment serves all verbs."""
    headcount.env["AWS_REGION"] = ""
    bare = headcount(*LINES[verb])
    for name, value, verbs in USED_BY:
        if verb in verbs:
            continue
        for text in {value or "1", ",nonsense"}:
            env = {"HEADCOUNT_" + name.upper().replace("-", "_"): text}
            run = headcount(*LINES[verb], **env)
            assert (run.code, run.out, run.err) == \
                (bare.code, bare.out, bare.err), (name, text)


def test_what_is_typed_beats_the_clusters_of_the_environment(prod, headcount):
    run = headcount("plan", "prod", *OURS, HEADCOUNT_ALL="1")
    assert run.code == 0, run.err
    assert "ListClusters" not in prod.operations()


def test_headcount_alone_says_how_to_begin(headcount):
    run = headcount()
    assert (run.code, run.out) == (252, "")
    lines = run.err.splitlines()
    assert len(lines) <= 20 and max(map(len, lines)) <= 80
    assert len(re.findall(r"^  headcount ", run.err, re.M)) == 3
    assert "headcount help" in run.err and "headcount(1)" in run.err
    for verb in VERBS:
        assert re.search(rf"\b{verb}\b", run.err)


def test_version_says_what_it_is(headcount):
    run = headcount("version")
    assert (run.code, run.err) == (0, "")
    first, *parts = run.out.splitlines()
    assert re.fullmatch(r"headcount \d+\.\d+\.\d+", first)
    names = [line.split(None, 1)[0] for line in parts]
    assert names == ["commit", "BearSSL", "Lua", "libc", "compiler"]
    at = dict(line.split(None, 1) for line in parts)
    assert re.fullmatch(r"[0-9a-f]{12}( and changes)?|unknown", at["commit"])
    assert re.fullmatch(r"\d+\.\d+\S*|unknown", at["BearSSL"])
    assert re.fullmatch(r"5\.4\.\d+", at["Lua"])
    assert re.fullmatch(r"glibc \d+\.\d+|musl.*", at["libc"])
    assert re.fullmatch(r"(gcc|clang) \d+.*", at["compiler"])
    for args in (["--version"], ["-V"], ["plan", "--version"],
                 ["version", "--region", "x"], ["version", "-o", "json"]):
        assert headcount(*args).out == run.out, args
    for args in (["version", "--all", "--queue", "x"], ["version", "now"],
                 ["--version", "--all"]):
        bad = headcount(*args)
        assert (bad.code, bad.out) == (252, ""), args


def test_the_commit_is_gits_the_archives_or_unknown(tmp_path):
    folder = tmp_path / "tree" / "bindings" / "packaging"
    folder.mkdir(parents=True)
    packaging = TOP / "bindings" / "packaging"
    shutil.copy(packaging / "build_info.sh", folder)
    shutil.copy(packaging / "commit", folder)

    def git(*args, at=tmp_path / "tree"):
        return subprocess.run(
            ["git", "-c", "user.name=a", "-c", "user.email=a@b", *args],
            cwd=at, check=True, capture_output=True, text=True).stdout

    def commit(**env):
        outs = {subprocess.run(["sh", folder / "build_info.sh"], check=True,
                               capture_output=True, text=True,
                               env={"PATH": os.environ["PATH"], **env}).stdout
                for _ in range(2)}
        assert len(outs) == 1
        assert re.search(r'BUILD_BEARSSL "(\S+)"', *outs)[1] == \
            env.get("BEARSSL_VERSION", "unknown") or not env
        return re.search(r'BUILD_COMMIT "(.*)"', *outs)[1]

    assert commit(BEARSSL_DIR="/x") == "unknown"
    git("init", "-q", at=tmp_path)               # somebody else's
    git("commit", "-q", "--allow-empty", "-m", "x", at=tmp_path)
    assert commit(BEARSSL_VERSION="0.7") == "unknown"
    git("init", "-q")
    (tmp_path / "tree" / "Makefile").write_text("")
    shutil.copy(TOP / ".gitattributes", tmp_path / "tree")
    for name in ("core", "lua"):
        (tmp_path / "tree" / name).mkdir()
        (tmp_path / "tree" / name / "a.c").write_text("")
    git("add", ".")
    git("commit", "-q", "-m", "x")
    head = git("rev-parse", "HEAD")[:12]
    assert commit() == head
    (tmp_path / "tree" / "README").write_text("not built")
    assert commit() == head
    (tmp_path / "tree" / "core" / "a.c").write_text("x")
    assert commit() == f"{head} and changes"
    (tmp_path / "x.tar").write_bytes(subprocess.run(
        ["git", "archive", "HEAD"], cwd=tmp_path / "tree", check=True,
        capture_output=True).stdout)
    shutil.rmtree(tmp_path / "tree")
    shutil.rmtree(tmp_path / ".git")
    (tmp_path / "tree").mkdir()
    shutil.unpack_archive(tmp_path / "x.tar", tmp_path / "tree")
    assert commit() == head


def test_output_has_a_letter(prod, headcount):
    for args in (["-o", "json"], ["--output", "json"]):
        run = headcount("plan", "prod", "--service", "web", *args)
        assert run.code == 0, run.err
        assert run.report["dry_run"] is True
    run = headcount("plan", "prod", "-o")
    assert run.code == 252 and "missing after --output" in run.err


def test_lists_with_commas(prod, headcount):
    prod.service("api", desired=3)
    for given in (["--service", "web,api"], ["--service=web, api,"],
                  ["--service", "web", "--service", "api"]):
        run = headcount("plan", "prod", *given, "-o", "json")
        assert run.code == 0, run.err
        assert [s["service"] for s in run.report["clusters"][0]["services"]] \
            == ["web", "api"]
    run = headcount("plan", "prod", "--service", ",")
    assert run.code == 252 and "empty value for --service" in run.err
    run = headcount("plan", "prod", *OURS, "--region", "eu-west-1,us-east-1",
                    "-o", "json")
    assert len(run.report["clusters"]) == 2
    run = headcount("apply", "prod", *OURS, "--allow", "zero,nonsense")
    assert run.code == 252 and '"nonsense"' in run.err
    run = headcount("plan", "--tag", "a=b,c=d", *OURS, "--debug")
    assert run.code == 0, run.err
    run = headcount("call", "ecs", "ListClusters", "--assume-role",
                    "arn:aws:iam::123456789012:role/a,arn:aws:iam::1:role/b")
    assert run.code == 252 and "more than one --assume-role" in run.err
    prod.filters["attribute:a in [b, c]"] = {"a"}
    run = headcount("plan", "prod", *OURS, "--where", "attribute:a in [b, c]")
    assert run.code == 0 and "  1 active host  " in run.out


def test_a_role_may_have_a_comma_in_its_name(headcount):
    run = headcount("call", "nope", "List", "--assume-role",
                    "arn:aws:iam::123456789012:role/a,b")
    assert "more than one" not in run.err


def test_plan_writes_nothing_and_shows_what_would_be(prod, headcount):
    run = headcount("plan", "prod", *OURS)
    assert run.code == 0
    assert prod.writes() == []
    assert "~ prod  web  1 -> 3  +2  3 active hosts  pending: " in run.out
    assert run.out.rstrip().endswith(
        "Plan: 1 to change, 0 held, 0 unchanged, 0 failed.")
    assert headcount("plan", "prod", *OURS, "--detailed-exitcode").code == 2
    run = headcount("plan", "prod", *OURS, "--output", "json")
    assert run.report["dry_run"] is True
    assert run.service()["outcome"] == "pending"


def test_apply_writes_what_plan_showed_and_is_then_done(prod, headcount):
    run = headcount("apply", "prod", *OURS)
    assert run.code == 0
    assert prod.services["web"]["desiredCount"] == 3
    assert "Done: 1 changed" in run.out
    run = headcount("apply", "prod", *OURS, "--detailed-exitcode")
    assert run.code == 0
    assert len(prod.writes()) == 1


def test_a_dry_run_is_a_plan(prod, headcount, event):
    run = headcount("handle", *OURS, "--dry-run", "--output", "json",
                    stdin=event())
    assert run.service()["outcome"] == "pending"
    assert prod.writes() == []


def test_options_stand_anywhere_in_both_spellings(prod, headcount):
    for args in (["--service", "web", "plan", "prod"],
                 ["plan", "--service=web", "prod"],
                 ["plan", "prod", "--service=web"]):
        assert headcount(*args).code == 0


def test_services_by_arn_list_and_environment(prod, headcount):
    prod.service("api", desired=3)
    at = "arn:aws:ecs:eu-west-1:123456789012:service/prod/web"
    run = headcount("plan", "prod", "--service", at, "--output", "json")
    assert run.service()["service"] == at
    assert run.service()["outcome"] == "pending"
    run = headcount("plan", "prod", "--output", "json",
                    ECS_SERVICE_ARN=f"{at},api")
    assert [s["outcome"] for s in run.report["clusters"][0]["services"]] == \
        ["pending", "unchanged"]
    run = headcount("plan", "prod", "--output", "json",
                    HEADCOUNT_SERVICE="web, api")
    assert len(run.report["clusters"][0]["services"]) == 2
    run = headcount("plan", "prod", "--service", "web", "--service", "web")
    assert run.code in (252, 253) and "web" in run.err


def test_two_clusters_of_one_name_each(prod, headcount):
    run = headcount("plan", "prod", prod.cluster_arn, *OURS)
    assert run.code == 0
    assert prod.connections == 1


def test_held_says_the_way_out(prod, headcount):
    prod.services["web"]["deploymentController"] = {"type": "EXTERNAL"}
    run = headcount("plan", "prod", *OURS)
    assert "held" in run.out and "--allow external" in run.out
    assert headcount("plan", "prod", *OURS, "--detailed-exitcode").code == 3


def test_timings_draw_each_call_by_phase(secure, headcount):
    secure.service("web", desired=0)
    secure.host("a")
    run = headcount("apply", "prod", *OURS, "--timings")
    assert run.code == 0
    lines = [line for line in run.err.splitlines() if line[0] != "{"]
    assert [line.split()[0] for line in lines[:3]] == \
        ["DescribeServices", "ListContainerInstances", "UpdateService"]
    for phase in ("dns", "connect", "tls", "send", "wait", "receive"):
        assert phase in lines[0]
    assert "connect" not in lines[1] and "tls" not in lines[1]
    assert " #1 new " in lines[0] and " #1 reused " in lines[1]
    assert ", idle before 0." in lines[1]
    assert "3 calls, 1 connection" in lines[-1]
    assert "Done: 1 changed" in run.out


def test_debug_tells_each_step_and_no_secret(secure, headcount):
    secure.service("web", desired=1)
    secure.host("a")
    run = headcount("plan", "prod", *OURS, "--debug")
    assert run.code == 0
    assert "operation=DescribeServices" in run.err
    assert "connection=reused" in run.err
    assert " attempt operation=DescribeServices " in run.err
    assert " region=eu-west-1 cluster=prod attempt=1 status=200 connection=1 " \
        "waited_us=0 dns_us=" in run.err
    assert "Signature" not in run.err and "AWS4" not in run.err


def test_colour_is_for_terminals_only(prod, headcount):
    assert "\x1b" not in headcount("plan", "prod", *OURS).out


def test_an_output_that_cannot_be_written_is_an_error(prod, headcount):
    headcount.wrap = ["sh", "-c", 'exec "$@" >/dev/full', "sh"]
    run = headcount("plan", "prod", *OURS)
    assert run.code == 255
    assert "standard output" in run.err


# ---- what failed ----

def test_a_second_name_that_is_no_cluster_may_be_a_service(prod, headcount):
    run = headcount("plan", "prod", "web")
    assert run.code == 252 and "is web one? Give --service web" in run.err
    assert prod.requests == []
    hint = "headcount: is web a service? Give --service web\n"
    for args, env in ((["--service", "api"], {}),
                      ([], {"ECS_SERVICE_ARN": "web"})):
        run = headcount("plan", "prod", "web", *args, **env)
        assert run.code == 1 and hint in run.err, args
        assert "clusters in eu-west-1: prod" in run.out
    (headcount.home / "p.lua").write_text("return function(c) return {} end")
    for args in (["plan", "web", *OURS], ["plan", "prod", "web", *OURS],
                 ["plan", "web"], ["plan", "prod", "web", "--policy", "p.lua"]):
        assert "web a service?" not in headcount(*args).err


def test_names_that_are_no_clusters_of_a_sweep_or_a_policy(prod, headcount):
    prod.judge.regions = False
    hint = "headcount: is web a service? Give --service web\n"
    for args in (["pro*", "web"], ["prod", "web", "--region",
                                   "eu-west-1,us-east-1"]):
        run = headcount("plan", *args, "--service", "api")
        assert run.code == 1 and run.err.count(hint) == 1, run.err
        assert run.err == hint                 # prod is one, somewhere
    (headcount.home / "p.lua").write_text('return { per_host { "web" } }')
    for args in (["prod", "web"], ["pro*", "web"]):
        run = headcount("plan", *args, "--policy", "p.lua")
        assert run.code == 1
        assert run.err == ("headcount: is web a service? The policy names "
                           "the services: give clusters only\n")
    assert "a service?" not in headcount("plan", "pro*", "we?",
                                         "--service", "api").err


def test_names_without_a_service(prod, headcount):
    for args, said in (
            (["plan", "prod", "web", "api"], "are these services: web,api? "
             "Give --service web,api (or"),
            (["watch", "prod", "web"], "is web one? Give --service web (or"),
            (["snapshot", "prod", "web"], "snapshot of; is web a service? "
             "Give --service web"),
            (["plan", "prod", "we*"], "give --service NAME"),
            (["plan", "prod", "web=3"], "give --service NAME"),
            (["snapshot", "prod", "web", "api"], "name the one cluster")):
        run = headcount(*args)
        assert run.code == 252 and said in run.err, args
    assert prod.requests == []


ROLES = "arn:aws:iam::123456789012:role/a,arn:aws:iam::123456789012:role/b"


def test_a_message_names_what_was_set(prod, headcount):
    """The option if it was typed, else the variable."""
    assert "--policy and --service do not" in headcount(
        "plan", "prod", *OURS, "--policy", "tags").err
    for env, args, said in (
            ({"HEADCOUNT_SERVICE": "web", "HEADCOUNT_POLICY": "tags"},
             ["plan", "prod"], "HEADCOUNT_POLICY and HEADCOUNT_SERVICE"),
            ({"HEADCOUNT_ALL": "1", "HEADCOUNT_CLUSTERS": "prod"},
             ["watch", *OURS], ": HEADCOUNT_ALL goes without the name"),
            ({"HEADCOUNT_TAG": "=x"}, ["plan", *OURS],
             ": HEADCOUNT_TAG takes KEY"),
            ({"HEADCOUNT_TAG": "x"}, ["plan", *OURS, "--tag", "=x"],
             ": --tag takes KEY"),
            ({"HEADCOUNT_QUEUE": "x"}, ["watch", *OURS],
             ": HEADCOUNT_QUEUE takes the queue's URL"),
            ({"HEADCOUNT_EVERY": "5"}, ["watch", *OURS], "watch what?"),
            ({"HEADCOUNT_EVERY": "5"}, ["watch", *OURS, "--queue", "x"],
             ": --queue takes the queue's URL"),
            ({"HEADCOUNT_ASSUME_ROLE": ROLES}, ["call", "ecs", "ListClusters"],
             "more than one HEADCOUNT_ASSUME_ROLE")):
        run = headcount(*args, **env)
        assert run.code == 252 and said in run.err, run.err
    assert prod.requests == []


FAULTS = [("500", "DescribeServices"), ("throttle", "DescribeServices"),
          ("close", "DescribeServices"), ("silent", "DescribeServices"),
          ("throttle", "ListContainerInstances"), ("close", "UpdateService"),
          ("500", "UpdateService")]


@pytest.mark.parametrize("fault,operation", FAULTS)
@pytest.mark.parametrize("what", [["prod"], ["--all"]], ids=["one", "all"])
def test_a_failure_is_said_once_with_operation_and_region(
        prod, headcount, fault, operation, what):
    prod.service("api", desired=1)
    prod.fault(operation, fault, times=9)
    run = headcount("apply", *what, "--service", "web,api",
                    "--cli-read-timeout", "0.3", AWS_MAX_ATTEMPTS="1")
    assert run.code == 1
    assert run.out.count(f"{operation} in eu-west-1: ") == 1, run.out
    first = next(line for line in run.out.splitlines()
                 if f"{operation} in eu-west-1: " in line)
    if code := re.search(r"\b(E?[A-Z]\w+): ", first):
        assert first.count(code[1]) == 1, first
    assert run.out.count("failed") == 3          # two services and the sum


def test_a_code_is_said_once(prod, headcount):
    refused = {"AWS_ENDPOINT_URL_ECS": "http://127.0.0.1:1"}
    run = headcount("plan", "prod", *OURS, **refused)
    assert run.code == 1
    assert run.out.count("ECONNREFUSED") == 1 == \
        run.out.count("ECONNECT:"), run.out
    for args in (["ListClusters"], ["CreateCluster"]):
        run = headcount("call", "ecs", *args, **refused)
        assert run.code == 255 and run.err.count("ECONNREFUSED") == 1
        assert f"headcount: {args[0]} in eu-west-1: " in run.err
    prod.fault("CreateCluster", "close")
    run = headcount("call", "ecs", "CreateCluster")
    assert run.code == 255 and "errno" not in run.err
    assert run.err.startswith("headcount: CreateCluster in eu-west-1 was sent "
                              "and got no usable answer, so it may have "
                              "been done: 127.0.0.1:")
    prod.fault("ListClusters", "500", times=9)
    run = headcount("plan", "--all", *OURS)
    assert "the clusters of eu-west-1 could not be listed: ListClusters: " in \
        run.err


def test_foreign_region_names_both(prod, headcount, event):
    both = ("is in region us-west-2, account 123456789012, and the region "
            "here is eu-west-1")
    run = headcount("handle", *OURS, stdin=event(region="us-west-2"))
    assert run.code == 0
    assert run.out == ("Nothing to do: foreign_region: cluster prod "
                       f"{both}\n")
    far = prod.cluster_arn.replace("eu-west-1", "us-west-2")
    run = headcount("handle", *OURS, stdin={"clusters": ["prod", far]})
    assert (". prod  web  skipped foreign_region: cluster prod is in region "
            "us-west-2") in run.out
    assert "the region here is eu-west-1\n" in run.out
