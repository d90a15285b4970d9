"""What is written down is true: README, manual pages, help text, examples."""
import json
import re
import subprocess

import pytest
from conftest import TOP, make

README = (TOP / "README.md").read_text()
MAN = TOP / "bindings" / "cli" / "man"


def test_every_target_it_names_exists():
    listed = subprocess.run(["make", "-s", "help"], cwd=TOP, check=True,
                            capture_output=True, text=True).stdout
    for target in set(re.findall(r"`make ([a-z]+)`", README)
                      + re.findall(r"^    make ([a-z]+)", README, re.M)):
        assert target == "help" or re.search(rf"^make {target}\b", listed,
                                             re.M), target


def test_libheadcount_names_every_function():
    header = (TOP / "core" / "headcount.h").read_text()
    page = (MAN / "libheadcount.3").read_text()
    names = set(re.findall(r"\b(headcount_[a-z0-9_]+)\(", header))
    assert names == set(re.findall(r"^\.Fn (headcount_\w+)", page, re.M))


def section(title):
    return re.search(rf"^## {title}\n(.*?)^## ", README, re.S | re.M)[1]


def commands(text):
    return re.findall(r"^    (headcount (?:plan|apply|handle|snapshot|call|"
                      r"test)\b[^#\n]*)", text, re.M)


def test_the_policy_of_ten_minutes_works(ecs, headcount):
    text = section("A policy in ten minutes")
    policy, test = re.findall(r"```lua\n(.*?)```", text, re.S)
    (headcount.home / "policy.lua").write_text(policy)
    (headcount.home / "policy_test.lua").write_text(test)
    headcount.at(ecs)
    for i in range(5):
        ecs.host(f"h{i}", attributes=[{"name": "ecs.os-type",
                                       "value": "linux"}])
    names = ("datadog-agent", "log-router", "web", "ingress", "dns", "mine")
    for name in names:
        ecs.service(name, desired=1)
    ecs.services["mine"]["tags"] = [{"key": "headcount:rule",
                                     "value": "per-host"}]
    lines = commands(text)
    assert len(lines) == 4
    for line in lines:
        words, _, to = line.strip().partition(" > ")
        run = headcount(*words.split()[1:])
        assert run.code == 0, (line, run.out, run.err)
        if to:
            (headcount.home / to).write_text(run.out)
    assert [ecs.services[n]["desiredCount"] for n in names] == \
        [5, 10, 4, 2, 2, 5]
    assert json.loads((headcount.home / "prod.json").read_text())["services"]


def test_the_script_of_readme_works(ecs, headcount):
    (script,) = re.findall(r"```lua\n(.*?)```", section("Lua scripts"), re.S)
    headcount.at(ecs)
    ecs.service("web")
    run = headcount("run", "-", stdin=script)
    assert run.code == 0, run.err
    prod, test = sorted(run.out.splitlines())
    assert prod == "prod\t1\tnil"
    assert test.endswith("\tClusterNotFoundException")


def test_the_manual_page_of_policies_works(headcount):
    page = (MAN / "headcount-policy.5").read_text()
    policy, test = re.findall(r"^\.Bd -literal\n(.*?)^\.Ed", page,
                              re.S | re.M)
    (headcount.home / "policy.lua").write_text(
        'return { per_host { "agent" }, fixed { "web", 4 } }')
    (headcount.home / "policy_test.lua").write_text(test)
    assert headcount("test").code == 0
    (headcount.home / "policy.lua").write_text(policy)
    (headcount.home / "policy_test.lua").write_text("""
test "it" (function()
  cluster { hosts = 4, tags = { tier = "gold" }, services = {
    "datadog-agent", { name = "dns", desired = 1 }, "canary" } }
    :plan "policy.lua":wants("datadog-agent", 4):wants("dns", 2)
    :wants("canary", 1)
end)""")
    run = headcount("test")
    assert run.code == 0, run.out


def test_the_manual_page_of_policies_names_every_field():
    page = (MAN / "headcount-policy.5").read_text()
    lua = TOP / "bindings" / "lua" / "policy"
    fields = set(re.findall(r'^    \{ "(\w+)", [A-Z_]+,',
                            (lua / "rule_fields.c").read_text(), re.M))
    for name in ("cluster_names", "host_names", "service_names"):
        text = "".join((lua / f).read_text()
                       for f in ("facts.c", "facts_items.c"))
        fields |= set(re.findall(r'"(\w+)"', re.search(
            rf"{name}\[\] = \{{(.*?)\}};", text, re.S)[1]))
    assert len(fields) > 50
    for field in fields:
        assert re.search(rf"\b{field}\b", page), field


def test_the_first_use_works_as_it_is_written(ecs, headcount):
    headcount.at(ecs)
    ecs.service("web", desired=1)
    for name in "abc":
        ecs.host(name)
    lines = commands(section("First use"))
    assert len(lines) == 8
    (headcount.home / "event.json").write_bytes(
        (TOP / "examples" / "event.json").read_bytes())
    outs = []
    for line in lines:
        words, _, to = line.strip().partition(" > ")
        run = headcount(*words.split()[1:])
        if to:
            (headcount.home / to).write_text(run.out)
        assert run.code == 0, (line, run.err)
        outs.append(run.out)
    sample = re.search(r"^    ~ prod .*\n    Plan: .*", README, re.M)[0]
    assert outs[0].strip() == sample.replace("    ", "", 1).replace(
        "\n    ", "\n")
    assert ecs.services["web"]["desiredCount"] == 3


def built(cc, name, tmp_path):
    """An example, linked as an embedder links it."""
    library = TOP / "build" / "libheadcount.a"
    program = tmp_path / name
    subprocess.run([cc, "-std=c11", "-Wall", "-Wextra", "-Wpedantic",
                    "-Werror", f"-I{TOP}/core", "-o", str(program),
                    str(TOP / "examples" / f"{name}.c"), str(library),
                    "-l:libbearssl.a"], check=True)
    return program


IN_CPP = """
#include <headcount.h>
#if HEADCOUNT_VERSION_NUMBER < 100
#error "an older header"
#endif
int begin(headcount *h, headcount_op **op)
{
    struct headcount_call call;
    struct headcount_error error;

    HEADCOUNT_INIT(&call);
    call.service = "ecs";
    call.operation = "ListClusters";
    return headcount_begin_call(h, op, &call, &error);
}
"""


def test_the_header_is_for_cpp_too(tmp_path):
    source = tmp_path / "begin.cc"
    source.write_text(IN_CPP)
    subprocess.run(["clang", "-x", "c++", "-std=c++11", "-Wall", "-Wextra",
                    "-Wpedantic", "-Werror", "-I", str(TOP / "core"),
                    "-fsyntax-only", str(source)], check=True)


def embed_of_readme():
    return re.search(r"```c\n(.*?)```", README, re.S)[1]


@pytest.mark.parametrize("cc", ["gcc", "clang"])
def test_the_example_is_the_one_in_readme_and_works(ecs, headcount, tmp_path,
                                                    cc):
    assert embed_of_readme() == (TOP / "examples" / "embed.c").read_text()
    program = built(cc, "embed", tmp_path)
    headcount.at(ecs)
    ecs.service("web", desired=1)
    ecs.host("a")
    ecs.host("b")
    done = subprocess.run([program, "prod", "web"], env=headcount.env,
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["summary"]["updated"] == 1
    assert ecs.services["web"]["desiredCount"] == 2
    bare = {k: v for k, v in headcount.env.items() if k != "AWS_REGION"}
    done = subprocess.run([program, "prod", "web"], env=bare,
                          capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "region" in done.stderr


def test_a_policy_in_c_is_asked_and_wishes(ecs, headcount, tmp_path):
    program = built("gcc", "c_policy", tmp_path)
    headcount.at(ecs)
    ecs.service("datadog-agent", desired=1)
    ecs.service("web", desired=1)
    for name in "abcd":
        ecs.host(name)

    def run():
        before = len(ecs.requests)
        done = subprocess.run([program, "prod"], env=headcount.env,
                              capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return (ecs.services["datadog-agent"]["desiredCount"],
                ecs.services["web"]["desiredCount"],
                ecs.operations()[before:])

    assert run() == (4, 3, ["DescribeClusters", "DescribeServices",
                            "DescribeTaskDefinition", "ListContainerInstances",
                            "UpdateService", "DescribeTaskDefinition",
                            "UpdateService"])
    ecs.home.record.write(tags=[{"key": "tier", "value": "gold"}])
    assert run()[:2] == (8, 3)


def test_what_is_installed_can_be_linked(tmp_path):
    root = tmp_path / "root"
    make("install", f"DESTDIR={root}", "PREFIX=/opt/hc")
    files = {str(p.relative_to(root / "opt/hc"))
             for p in root.rglob("*") if p.is_file()}
    assert {"bin/headcount", "include/headcount.h", "lib/libheadcount.a",
            "lib/pkgconfig/headcount.pc", "share/man/man1/headcount.1",
            "share/man/man3/libheadcount.3"} <= files
    shown = subprocess.run(
        ["nm", "-D", "--defined-only", root / "opt/hc/lib/libheadcount.so"],
        check=True, capture_output=True, text=True).stdout
    page = (root / "opt/hc/share/man/man3/libheadcount.3").read_text()
    for name in re.findall(r" T (headcount_\w+)", shown):
        link = (root / f"opt/hc/share/man/man3/{name}.3").read_text()
        assert link == ".so man3/libheadcount.3\n" and name in page, name
    text = (root / "opt/hc/lib/pkgconfig/headcount.pc").read_text()
    assert "prefix=/opt/hc" in text and "Version: 0.1.0" in text
    make("uninstall", f"DESTDIR={root}", "PREFIX=/opt/hc")
    assert not [p for p in root.rglob("*") if p.is_file()]
