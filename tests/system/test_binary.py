"""The artefacts themselves: what they refer to, what they leave behind."""
import pathlib
import re
import shutil
import subprocess

import pytest
from conftest import PROGRAM, TOP, patience

BUILD = pathlib.Path(PROGRAM).resolve().parent
SOCKETS = {"socket", "connect", "send", "recv", "sendto", "recvfrom",
           "sendmsg", "recvmsg", "getsockopt", "setsockopt", "__recv_chk"}
POLLS = {"poll", "__poll_chk", "select", "epoll_wait", "ppoll"}
LOOKUPS = {"getaddrinfo", "gethostbyname", "getnameinfo", "res_query"}


def undefined():
    """{object of core: names it refers to}"""
    objects = sorted((BUILD / "obj" / "core").rglob("*.o"))
    assert len(objects) > 40
    found = {}
    for path in objects:
        text = subprocess.run(["nm", "-u", str(path)], check=True,
                              capture_output=True, text=True).stdout
        found[f"{path.parent.name}/{path.name}"] = {
            line.split()[-1].split("@")[0] for line in text.splitlines()}
    return found


def test_only_sock_has_sockets_and_only_loop_polls():
    names = undefined()
    assert [o for o in names if names[o] & SOCKETS] == ["net/sock.o"]
    assert [o for o in names if names[o] & POLLS] == ["net/loop.o"]
    assert [o for o in names if names[o] & LOOKUPS] == []
    assert {"socket", "connect", "send", "recv"} <= \
        {n.replace("__recv_chk", "recv") for n in names["net/sock.o"]}


def test_the_program_has_no_resolver_and_few_libraries():
    text = subprocess.run(["nm", "-Du", PROGRAM], check=True,
                          capture_output=True, text=True).stdout
    assert not LOOKUPS & {line.split()[-1].split("@")[0]
                          for line in text.splitlines()}
    needed = subprocess.run(["readelf", "-d", PROGRAM], check=True,
                            capture_output=True, text=True).stdout
    libraries = re.findall(r"NEEDED.*\[(.*)\]", needed)
    assert set(libraries) <= {"libc.so.6", "libasan.so.8", "libubsan.so.1",
                              "libm.so.6", "libgcov.so"}


VALGRIND = ["valgrind", "--quiet", "--leak-check=full",
            "--show-leak-kinds=all", "--errors-for-leak-kinds=all",
            "--track-fds=yes", "--error-exitcode=99"]


def test_a_whole_run_is_clean_under_valgrind(secure, headcount, event):
    assert shutil.which("valgrind"), "run `make deps`"
    secure.service("web", desired=1)
    for name in "abc":
        secure.host(name)
    headcount.wrap = VALGRIND
    run = headcount("handle", "--service", "web", "--output", "json",
                    "--timings", stdin=event(), timeout=110,
                    HEADCOUNT_TIMEOUT="90")
    assert run.code == 0, run.err
    assert run.service()["outcome"] == "updated"
    assert secure.writes()[0]["desiredCount"] == 3
    assert "ERROR" not in run.err and "lost" not in run.err
    leaked = re.findall(r"Open file descriptor (\d+)", run.err)
    assert {int(fd) for fd in leaked} <= {0, 1, 2}


@pytest.mark.parametrize("stdin,code", [(b"{", 252), (b'{"cluster":"a"}', 1)])
def test_a_run_that_fails_is_clean_too(secure, headcount, stdin, code):
    secure.fault(None, "half", times=9)
    headcount.wrap = VALGRIND
    run = headcount("handle", "--service", "web", stdin=stdin, timeout=110)
    assert run.code == code, run.err
    assert "ERROR" not in run.err and "lost" not in run.err


def test_an_interrupt_ends_it_and_starts_nothing_new(ecs, headcount, event,
                                                     tmp_path):
    import json
    import signal
    import time

    headcount.at(ecs)
    ecs.service("web")
    ecs.fault("DescribeServices", "silent")
    with subprocess.Popen([PROGRAM, "handle", "--service", "web"],
                          env=headcount.env, stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) as child:
        child.stdin.write(json.dumps(event()).encode())
        child.stdin.close()
        end = time.monotonic() + 20
        while not ecs.requests and time.monotonic() < end:
            time.sleep(0.01)
        child.send_signal(signal.SIGINT)
        assert child.wait(patience(20)) == 130
    assert ecs.operations() == ["DescribeServices"]
    assert ecs.writes() == []


def test_make_names_a_tree_that_lacks_something(tmp_path):
    done = subprocess.run(["make", "-n", f"BEARSSL_DIR={tmp_path}",
                           f"BUILD={tmp_path}/b", "all"], cwd=TOP,
                          capture_output=True, text=True, check=False)
    assert done.returncode != 0 and "bearssl.h" in done.stderr
