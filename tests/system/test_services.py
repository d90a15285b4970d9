"""The table of services, and their hosts, beside the pinned botocore."""
import subprocess
import sys

import pytest
from conftest import TOP

PACKAGING = TOP / "bindings" / "packaging"
sys.path.insert(0, str(PACKAGING))
import service_table  # noqa: E402  pylint: disable=wrong-import-position

# Of each partition one that botocore does not list: the form decides.
NEW = ("eu-central-9", "cn-south-9", "eusc-de-west-9", "us-iso-south-9",
       "us-isob-north-9", "eu-isoe-east-9", "us-isof-west-9",
       "us-gov-north-9", "mars")


@pytest.fixture(scope="module")
def services():
    return list(service_table.services())


@pytest.fixture(scope="module")
def hosts(tmp_path_factory):
    """What service_hosts.c says to many lines."""
    program = tmp_path_factory.mktemp("hosts") / "hosts"
    build = TOP / "build"
    subprocess.run([*(build / "flags").read_text().split(), "-o", program,
                    "tests/system/service_hosts.c",
                    build / "libheadcount.a"], cwd=TOP, check=True)

    def ask(questions):
        lines = "".join(" ".join(q) + "\n" for q in questions)
        done = subprocess.run([program], input=lines, text=True, check=True,
                              stdout=subprocess.PIPE)
        return dict(zip(questions, done.stdout.splitlines(), strict=True))
    return ask


def said(service, at, flag):
    return " ".join(x or "!" for x in service.ask(at, flag))


def differ(got, want):
    assert len(got) == len(want)
    return [f"{q}: {got[q]}, not {want[q]}" for q in want if got[q] != want[q]]


def test_the_table_is_that_of_the_pinned_botocore():
    done = subprocess.run([sys.executable, PACKAGING / "service_table.py"],
                          check=True, capture_output=True, text=True)
    assert done.stdout == (TOP / "core/aws/service_table.c").read_text()


def test_our_own_services_have_their_hosts_by_the_same_rules(hosts):
    want = {(one.cli, at.region, flag): said(one, at, flag)
            for one in map(service_table.service, service_table.OURS)
            for at in service_table.PLACES for flag in service_table.FLAGS}
    assert len(want) == 3 * 46 * 4
    assert differ(hosts(list(want)), want) == []


def test_both_spellings_of_every_operation(services, hosts):
    """And which of them are not signed, and which answer a stream."""
    want = {}
    for service in services:
        for name in service.static_of:
            ways = ("" if name in service.unsigned else "-") + \
                ("~" if name in service.streams else "")
            for given in (service_table.kebab(name), name):
                want[service.cli, "=", given] = f"{name} {ways}"
    assert sum(x.endswith("~") for x in want.values()) == 2 * 3
    assert sum(x.endswith(" ") for x in want.values()) == 2 * 36
    assert len(want) == 2 * 6895
    assert differ(hosts(list(want)), want) == []


def test_the_variable_of_an_endpoint_is_that_of_botocore(services, hosts):
    want = {(service.cli, "@"): service.id.upper().replace(" ", "_").replace("-", "_")
            for service in services}
    assert len(set(want.values())) == 152
    assert differ(hosts(list(want)), want) == []


def test_every_host_is_that_of_the_rule_sets(services, hosts):
    want = {(service.cli, at.region, flag): said(service, at, flag)
            for service in services for at in service_table.PLACES
            for flag in service_table.FLAGS}
    assert len(want) == 152 * 46 * 4 == 27968
    assert differ(hosts(list(want)), want) == []


def test_a_new_region_follows_its_partition(services, hosts):
    """The names of services here are those of botocore."""
    want = {(service.name, region, flag):
            said(service, service_table.Place("", region, "", "", ""), flag)
            for service in services for region in NEW
            for flag in service_table.FLAGS}
    assert differ(hosts(list(want)), want) == []


def test_an_operation_may_have_a_host_of_its_own(services, hosts):
    want, other = {}, 0
    for service in services:
        for operation, static in service.static_of.items():
            before = service.prepends.get(operation, "")
            if static == service.static and not before:
                continue
            for at in service_table.PLACES:
                for flag in service_table.FLAGS:
                    host, region = service.ask(at, flag, static)
                    host = before + host if host else "!"
                    want[service.cli, at.region, flag, operation] = \
                        f"{host} {region or '!'}"
            other += 1
    assert other > 40
    assert differ(hosts(list(want)), want) == []
