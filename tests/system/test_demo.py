"""`make demo` is the first thing that anybody sees: it shows what it says, and
leaves nothing running.  Its ECS is tests/peers/demo_ecs.h, or moto."""
import os
import re
import shutil
import subprocess

import pytest

from conftest import PROGRAM, TOP

PEER_C = [f"tests/peers/{name}.c" for name in
          ("demo_ecs_main", "demo_ecs", "dns_peer", "x509_maker")]
STEPS = ["A local ECS", "What would change", "third host joined", "same event",
         "second host drains", "policy in Lua", "A typo"]


@pytest.fixture(scope="module")
def peer(tmp_path_factory):
    program = tmp_path_factory.mktemp("peer") / "demo_ecs"
    build = TOP / "build"
    subprocess.run([*(build / "flags").read_text().split(), "-Itests", "-o",
                    program, *PEER_C, build / "libheadcount.a",
                    (build / "bearssl.lib").read_text().strip()], cwd=TOP,
                   check=True)
    return program


def play(tmp_path, **more):
    # What the caller of `make demo` happens to have set must not matter.
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path),
           "TMPDIR": str(tmp_path), "HEADCOUNT": PROGRAM,
           "AWS_PROFILE": "none", "AWS_REGION": "us-east-1",
           "HEADCOUNT_DRY_RUN": "1", "ECS_SERVICE_ARN": "other",
           "http_proxy": "http://127.0.0.1:1", **more}
    done = subprocess.run(["sh", str(TOP / "examples" / "demo.sh")], env=env,
                          cwd=tmp_path, capture_output=True, text=True,
                          timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    return done.stdout


def parts_of(out):
    """The text of each step, by its number."""
    parts = re.split(r"^\d\. ", out, flags=re.M)
    assert [p for p, name in zip(parts[1:], STEPS, strict=True)
            if name not in p] == []
    return parts


def check_story(out):
    parts = parts_of(out)
    assert "1 -> 3" in parts[2]
    assert "Plan: 1 to change, 0 held, 0 unchanged, 0 failed." in parts[2]
    assert "Before, desiredCount of web in ECS: 1\n" in parts[3]
    assert "1 -> 3" in parts[3]
    assert "After, desiredCount of web in ECS: 3\n" in parts[3]
    assert re.search(r"3 calls, 1 connection.* 2 reused", parts[3])
    for call in ("DescribeServices", "ListContainerInstances",
                 "UpdateService"):
        assert re.search(rf"^{call} +\|", parts[3], re.M)
    assert "Done: 0 changed, 0 held, 1 unchanged, 0 failed." in parts[4]
    assert "3 -> 2" in parts[5]
    assert "After, desiredCount of web in ECS: 2\n" in parts[5]
    assert "1 passed, 0 failed" in parts[6]
    assert "2 -> 1" in parts[6]
    assert re.findall("did you mean '?([a-z_-]+)", parts[7]) == \
        ["--service", "web", "hosts_minus"]
    assert "plan --policy distinct" in parts[7]


def check_nothing_is_left(tmp_path, out):
    assert list(tmp_path.iterdir()) == []
    ports = re.findall(r"(?:amazonaws\.com|internal|127\.0\.0\.1):(\d+)", out)
    assert len(ports) == 2
    with open("/proc/net/tcp", encoding="ascii") as f:
        listening = [line.split()[1].rpartition(":")[2]
                     for line in f.readlines()[1:] if line.split()[3] == "0A"]
    assert not {f"{int(p):04X}" for p in ports} & set(listening)


def test_the_story_is_told_and_nothing_is_left(tmp_path, peer):
    out = play(tmp_path, DEMO_ECS=str(peer))
    check_story(out)
    assert "https://ecs.eu-west-1.amazonaws.com:" in out
    # The ECS knows each call of the story.
    assert "UnknownOperation" not in out
    check_nothing_is_left(tmp_path, out)


def test_moto_plays_the_same_story(tmp_path):
    out = play(tmp_path, MOTO="1")
    check_story(out)
    check_nothing_is_left(tmp_path, out)


def test_a_peer_that_does_not_start_ends_the_demo(tmp_path):
    env = {**os.environ, "TMPDIR": str(tmp_path), "HEADCOUNT": PROGRAM,
           "DEMO_ECS": "/bin/false", "MOTO": ""}
    done = subprocess.run(["sh", str(TOP / "examples" / "demo.sh")], env=env,
                          capture_output=True, timeout=60, check=False)
    assert done.returncode == 1
    assert list(tmp_path.iterdir()) == []


def test_what_is_missing_is_named_with_its_package(tmp_path):
    """Without the right to install, and without a registry."""
    for tool in ("sh", "dirname", "mkdir", "cat", "make"):
        os.symlink(shutil.which(tool), tmp_path / tool)

    def command(name, text):
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / name).chmod(0o755)

    def deps(user):
        command("id", f"echo {user}")
        done = subprocess.run(
            ["sh", "tests/deps.sh", "demo"], cwd=tmp_path / "tree",
            env={"PATH": str(tmp_path), "CC": "cc"}, text=True,
            capture_output=True, timeout=60, check=False)
        assert done.returncode == 1
        return done.stderr

    (tmp_path / "tree" / "tests").mkdir(parents=True)
    shutil.copy(TOP / "tests" / "deps.sh", tmp_path / "tree" / "tests")
    command("cc", "exit 1")              # it finds no header
    command("apt-get", "echo no route; exit 100")
    packages = "libc6-dev libbearssl-dev libjsmn-dev liblua5.4-dev"
    line = f"apt-get install -y --no-install-recommends {packages}\n"
    said = deps(1000)
    assert f"deps: missing: {packages}\n" in said and line in said
    said = deps(0)
    assert "no route\n" in said
    assert f"could not install {packages};" in said and line in said
