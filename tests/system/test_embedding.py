"""core/EMBEDDING.md and the examples for embedders: each is built and run, with
the sanitizers too, against a peer.

TLS and names with two addresses (localhost, where nobody listens on ::1) and
connections that end let descriptors come and go under the same numbers.
"""
import json
import os
import re
import subprocess

import pytest
from conftest import TOP, make, patience

import ecs_server

EXAMPLES = TOP / "examples"
STRICT = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow",
          "-Werror", "-O1", "-g", f"-I{TOP}/core"]
NAMES = ("prod", "test", "blue")
# The first is that of `make san`.
TREES = {"address": ("build/asan", "address,undefined", "-O1 -g"),
         "thread": ("build/tsan", "thread", "-O0 -g")}


CC = os.environ.get("CC", "cc")


def compiler(cc, source):
    """For C, or the same one's for C++."""
    if source.suffix == ".cc":
        return [cc.replace("gcc", "g++").replace("clang", "clang++")
                .replace("cc", "c++"), "-std=c++11"]
    return [*cc.split(), "-std=c11"]


def link(cc, source, program, library, *more):
    subprocess.run([*compiler(cc, source), *STRICT, *more, "-o", program,
                    source, library, "-l:libbearssl.a", "-luv", "-pthread"],
                   check=True, cwd=TOP)
    return program


@pytest.fixture(scope="module")
def sanitized(tmp_path_factory):
    """The program of a source, with a library that has the sanitizer, too."""
    folder = tmp_path_factory.mktemp("sanitized")

    def build(source, kind):
        program = folder / f"{source.name}.{kind}"
        if not program.exists():
            tree, names, flags = TREES[kind]
            make(f"BUILD={tree}", f"SAN={names}", f"CFLAGS={flags}", "COVER=",
                 "-j2", f"{tree}/libheadcount.a")
            link(CC, source, program, TOP / tree / "libheadcount.a",
                 "-DWITH_UV", f"-fsanitize={names}")
        return program

    return build


@pytest.fixture
def peer(certs, headcount):
    """ECS over TLS with three clusters; the report of a run has to show what
    the peer then has."""
    with ecs_server.EcsServer(tls=certs / "ec") as server:
        server.judge.unsigned = False
        server.model.clusters.clear()
        for hosts, name in enumerate(NAMES, 2):
            cluster = server.model.cluster(name)
            cluster.service("web", desired=1)
            for at in range(hosts):
                cluster.host(f"{name}-{at}")
        headcount.at(server, "localhost")
        headcount.env["AWS_CA_BUNDLE"] = str(certs / "ca.pem")
        headcount.env["ASAN_OPTIONS"] = "detect_leaks=1"
        headcount.env["TSAN_OPTIONS"] = "halt_on_error=0:exitcode=66"
        yield server


def run(headcount, *command, **env):
    done = subprocess.run([*map(str, command)], env={**headcount.env, **env},
                          cwd=headcount.home, capture_output=True, text=True,
                          timeout=patience(120), check=False)
    for word in ("Sanitizer", "runtime error"):
        assert word not in done.stderr, done.stderr
    return done


def counts(peer):
    return [c.services["web"]["desiredCount"] for c in peer.model.clusters]


def reports(done):
    return [json.loads(line) for line in done.stdout.splitlines()]


# ---- own_loop ----

@pytest.mark.parametrize("kind", TREES)
@pytest.mark.parametrize("loop", ["poll", "epoll", "uv"])
def test_each_loop_drives_all_clusters(peer, headcount, sanitized, loop, kind):
    program = sanitized(EXAMPLES / "own_loop.c", kind)
    done = run(headcount, program, loop, "web", *NAMES)
    assert done.returncode == 0, done.stderr
    assert counts(peer) == [2, 3, 4]
    assert sorted(r["clusters"][0]["name"] for r in reports(done)) == \
        sorted(NAMES)


@pytest.mark.parametrize("loop", ["poll", "epoll", "uv"])
def test_each_loop_follows_connections_that_end(peer, headcount, sanitized,
                                                loop):
    """A closed connection's number is the next one's: a loop that goes by the
    number does not wait for the new one, or is refused by epoll."""
    for nth in (1, 2, 4, 6, 7):
        peer.fault("DescribeServices", "close", nth)
    peer.fault("ListContainerInstances", "to-close", 1, 9)
    program = sanitized(EXAMPLES / "own_loop.c", "address")
    done = run(headcount, program, loop, "web", *NAMES, AWS_MAX_ATTEMPTS="9")
    assert done.returncode == 0, done.stderr
    assert counts(peer) == [2, 3, 4]
    opened = sum(r["stats"]["connections_opened"] for r in reports(done))
    assert opened > len(NAMES), opened


def processor_time(peer, headcount, delay, *command):
    """Of a run whose three first answers come after so many seconds."""
    peer.delay("DescribeServices", delay, 1, 3)
    before = os.times()
    assert run(headcount, *command).returncode == 0
    after = os.times()
    return after.children_user + after.children_system - \
        before.children_user - before.children_system


@pytest.mark.parametrize("loop", ["poll", "epoll", "uv"])
def test_each_loop_waits_without_spinning(peer, headcount, tmp_path, loop):
    """A loop that spins computes as long as it waits; others compute some
    milliseconds, however long that is."""
    program = link(CC, EXAMPLES / "own_loop.c", tmp_path / "own_loop",
                   TOP / "build" / "libheadcount.a", "-DWITH_UV")
    command = program, loop, "web", *NAMES
    short = processor_time(peer, headcount, 0.1, *command)
    assert processor_time(peer, headcount, 2.1, *command) < short + 0.2


def test_a_loop_says_what_failed(peer, headcount, sanitized):
    program = sanitized(EXAMPLES / "own_loop.c", "address")
    for words in ([], ["poll", "web"], ["select", "web", "prod"]):
        done = run(headcount, program, *words)
        assert done.returncode == 2 and "usage" in done.stderr
    peer.fault("DescribeServices", "denied", 1, 9)
    for loop in ("poll", "epoll", "uv"):
        done = run(headcount, program, loop, "web", *NAMES)
        assert done.returncode == 1
        assert [r["summary"]["failed"] for r in reports(done)] == [1, 1, 1]
        bare = run(headcount, program, loop, "web", "prod", AWS_REGION="")
        assert bare.returncode == 1 and "region" in bare.stderr


# ---- two_threads ----

@pytest.mark.parametrize("kind", TREES)
@pytest.mark.parametrize("how", ["own", "shared"])
def test_threads_have_a_handle_each_or_one_with_a_lock(
        peer, headcount, sanitized, how, kind):
    program = sanitized(EXAMPLES / "two_threads.c", kind)
    done = run(headcount, program, how, "web", *NAMES)
    assert done.returncode == 0, done.stderr
    assert counts(peer) == [2, 3, 4]
    assert len(reports(done)) == 3
    peer.fault("ListContainerInstances", "denied", 1, 9)
    done = run(headcount, program, how, "web", *NAMES)
    assert done.returncode == 1
    assert [r["summary"]["failed"] for r in reports(done)] == [1, 1, 1]


def test_a_handle_without_its_lock_is_a_race(peer, headcount, tmp_path,
                                             sanitized):
    """So the sanitizer sees the library, too."""
    text = (EXAMPLES / "two_threads.c").read_text()
    source = tmp_path / "race.c"
    source.write_text(re.sub(r"pthread_mutex_(un)?lock\(&s[.>-]+lock\);", "",
                             text))
    program = sanitized(source, "thread")
    done = subprocess.run([program, "shared", "web", *NAMES], env=headcount.env,
                          capture_output=True, text=True, check=False,
                          timeout=patience(120))
    assert "ThreadSanitizer: data race" in done.stderr


# ---- the other examples ----

@pytest.mark.parametrize("kind", TREES)
@pytest.mark.parametrize("name", ["embed.cc", "embed.c", "c_policy.c"])
def test_an_example_is_clean(peer, headcount, sanitized, name, kind):
    program = sanitized(EXAMPLES / name, kind)
    words = ["prod"] if name == "c_policy.c" else ["prod", "web"]
    done = run(headcount, program, *words)
    assert done.returncode == 0, done.stderr
    assert counts(peer)[0] == 2
    assert run(headcount, program).returncode == 2
    done = run(headcount, program, *words, AWS_ACCESS_KEY_ID="")
    assert done.returncode == 1 and done.stderr != ""
    if name == "embed.cc":
        done = run(headcount, program, *words, AWS_REGION="")
        assert done.returncode == 1
        assert done.stderr.startswith("embed: ") and "region" in done.stderr


@pytest.mark.parametrize("cc", ["gcc", "clang"])
@pytest.mark.parametrize("name", ["own_loop.c", "two_threads.c", "embed.cc"])
def test_an_example_is_of_both_compilers(peer, headcount, tmp_path, name, cc):
    program = link(cc, EXAMPLES / name, tmp_path / "program",
                   TOP / "build" / "libheadcount.a", "-DWITH_UV")
    words = {"own_loop.c": ["epoll", "web", "prod"],
             "two_threads.c": ["own", "web", "prod"],
             "embed.cc": ["prod", "web"]}[name]
    assert run(headcount, program, *words).returncode == 0
    assert counts(peer) == [2, 1, 1]


# ---- the page ----

PAGE = (TOP / "core" / "EMBEDDING.md").read_text()
BLOCKS = re.findall(r"```c\n(.*?)```", PAGE, re.S)
BEFORE = """
#define _POSIX_C_SOURCE 200809L
#include <poll.h>
#include <headcount.h>
"""


def test_the_listing_of_the_page_is_the_example():
    assert BLOCKS[0] == (EXAMPLES / "embed.c").read_text()


@pytest.mark.parametrize("cc", ["gcc", "clang"])
def test_each_block_of_the_page_compiles(tmp_path, cc):
    """Each is a function or two; a use keeps the compiler from complaining."""
    assert len(BLOCKS) == 3
    for at, block in enumerate(BLOCKS[1:]):
        names = re.findall(r"^static .*?\b(\w+)\(", block, re.M)
        source = tmp_path / f"block{at}.c"
        source.write_text(BEFORE + block + "const void *use[] = {" + ", ".join(
            f"(const void *)(uintptr_t){name}" for name in names) + " };\n")
        subprocess.run([cc, "-std=c11", *STRICT, "-c", "-o",
                        tmp_path / "block.o", source], check=True)


def test_the_page_names_what_the_header_has():
    header = (TOP / "core" / "headcount.h").read_text()
    for name in set(re.findall(r"\b(?:headcount|HEADCOUNT)_\w+", PAGE)):
        assert re.search(rf"\b{name}\b", header), name


def test_its_command_builds_against_what_is_installed(tmp_path, peer,
                                                      headcount):
    """The line of the page, with pkg-config and the shared library."""
    root = tmp_path / "root"
    make("install", f"PREFIX={root}", "DESTDIR=")
    line, = re.findall(r"^    (cc embed\.c .*)$", PAGE, re.M)
    line = line.replace("cc ", f"{CC} -o {tmp_path}/a.out ", 1)
    subprocess.run(["sh", "-c", line], cwd=EXAMPLES, check=True, env={
        **os.environ, "PKG_CONFIG_PATH": f"{root}/lib/pkgconfig"})
    done = subprocess.run([tmp_path / "a.out", "prod", "web"],
                          env={**headcount.env,
                               "LD_LIBRARY_PATH": f"{root}/lib"},
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["summary"]["updated"] == 1
