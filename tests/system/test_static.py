"""What is carried to other machines: static binaries (`make static`), and the
zip files of them that are functions in AWS Lambda (`make lambda`)."""
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import zipfile

import pytest
import servers
from conftest import TOP, event_of

STATIC, LAMBDA = TOP / "build" / "static", TOP / "build" / "lambda"
BEARSSL = STATIC / "debian" / "bearssl_0.6+dfsg.1.orig.tar.xz"
SCRIPT = TOP / "bindings" / "packaging" / "static.sh"
ARCHS = {"x86_64": ("X86-64", "x86_64"), "aarch64": ("AArch64", "arm64")}
# Bytes, in steps of 4,096.  aarch64 has what README says alone.
MOST = {"x86_64": 1026592}
README = (TOP / "README.md").read_text()
POLICY = 'return { per_host { "web", tasks = 2 } }\n'


def path_of(arch):
    path = STATIC / f"headcount-{arch}"
    assert path.exists(), "run `make lambda`"
    return path


@pytest.fixture(params=[
    name if name == os.uname().machine
    else pytest.param(name, marks=pytest.mark.packages) for name in ARCHS])
def arch(request):
    return request.param


@pytest.fixture
def static(arch, headcount):
    """The binary of this architecture, under qemu where it is not ours."""
    headcount.program = str(path_of(arch))
    if arch != os.uname().machine:
        qemu = shutil.which(f"qemu-{arch}-static")
        assert qemu, "run `make deps`"
        headcount.wrap = [qemu]
    return headcount


def readelf(path, *what):
    return subprocess.run(["readelf", "-W", *what, str(path)], check=True,
                          capture_output=True, text=True).stdout


# ---- the code of an architecture ----

def test_sha256_by_instructions_is_bearssls(arch, static, tmp_path):
    """The unit tests of the files that have code for an architecture, built
    as the binary is, and without cmocka, which is there for ours alone."""
    made, program = STATIC / arch, tmp_path / "sha256_test"
    units = ["base/sha256", "wire/tls_profile"]
    gcc = shutil.which(f"{arch}-linux-gnu-gcc") or "gcc"
    subprocess.run(
        [gcc, f"-specs={made}/musl.specs", "-Os", "-fPIE", "-std=c11",
         "-D_POSIX_C_SOURCE=200809L", "-Itests/system/bare", "-Icore",
         "-Itests", f"-I{made}/bearssl/inc", "-o", str(program),
         "tests/system/bare/t.c", "core/base/alloc.c", "core/base/cpu.c",
         "core/base/str.c",
         "core/base/digest.c",
         *[f"core/{unit}.c" for unit in units],
         *[f"tests/{unit}_test.c" for unit in units],
         f"{made}/bearssl/build/libbearssl.a"], check=True, cwd=TOP)
    done = subprocess.run([*static.wrap, str(program)], text=True,
                          capture_output=True, check=False)
    if done.returncode == 77:
        pytest.skip(f"NO INSTRUCTIONS FOR SHA-256: {done.stdout}")
    assert done.returncode == 0, done.stdout
    assert "ok sha256: each_length_to_1024_is_equal" in done.stdout
    assert "ok tls_profile: prf_is_equal_to_bearssls" in done.stdout


# ---- the files ----

def test_it_needs_nothing_of_its_host(arch):
    text = readelf(path_of(arch), "-h", "-l", "-d")
    assert ARCHS[arch][0] in re.search(r"Machine: +(.*)", text)[1]
    assert "LOAD" in text and "INTERP" not in text and "NEEDED" not in text


def test_it_is_placed_anew_each_time_and_nothing_written_runs(arch):
    text = readelf(path_of(arch), "-h", "-l", "-d")
    assert "DYN" in re.search(r"Type: +(.*)", text)[1]
    assert "GNU_RELRO" in text and "TEXTREL" not in text
    assert re.search(r"GNU_STACK.* RW +0x", text)
    assert not re.search(r"LOAD.* RWE ", text)


def test_it_is_as_small_as_is_said(arch):
    said = float(re.search(rf"{arch} under ([\d.]+) MB", README)[1])
    assert path_of(arch).stat().st_size < said * 1000000
    assert path_of(arch).stat().st_size <= MOST.get(arch, said * 1000000)


def test_its_pointers_are_packed(arch):
    """GNU ld does so for x86_64 alone; one that is not costs 24 bytes."""
    assert arch != "x86_64" or \
        "R_X86_64_RELATIVE" not in readelf(path_of(arch), "-r")


def test_no_path_of_the_build_is_left_in_it(arch):
    assert str(TOP).encode() not in path_of(arch).read_bytes()


# ---- they run ----

def test_version_and_help_are_those_of_every_build(static, headcount):
    ordinary = type(headcount)(headcount.home)
    said = static("version").out
    assert said.splitlines()[0] == ordinary("version").out.splitlines()[0]
    assert re.search(r"^libc +musl 1\.", said, re.M)
    assert re.search(r"^BearSSL +0\.6", said, re.M)
    assert re.search(r"^Lua +5\.4\.\d", said, re.M)
    assert static("help").out == ordinary("help").out


def test_a_whole_job_over_tls_by_a_name_of_dns(static, secure):
    secure.service("web", desired=1)
    for name in "abc":
        secure.host(name)
    run = static("handle", "--service", "web", "--output", "json",
                 stdin=event_of())
    assert run.code == 0, run.err
    assert secure.writes()[0]["desiredCount"] == 3
    stats = run.report["stats"]
    assert stats["tls_handshakes"] == secure.handshakes == 1
    assert stats["dns_lookups"] == len(
        {name for _, name in secure.dns.queries()}) == 1


def test_a_certificate_of_others_is_refused(static, secure, certs):
    run = static("handle", "--service", "web", stdin=event_of(),
                 AWS_CA_BUNDLE=str(certs / "other-ca.pem"))
    assert run.code == 1 and "certificate" in run.out
    assert secure.requests == []


def test_a_policy_in_lua(static, ecs, tmp_path):
    ecs.service("web", desired=1)
    for name in "abc":
        ecs.host(name)
    (tmp_path / "policy.lua").write_text(POLICY)
    run = static.at(ecs)("handle", "--policy", "policy.lua", stdin=event_of())
    assert run.code == 0, run.err
    assert ecs.writes()[0]["desiredCount"] == 6


def test_a_script_in_lua(static, tmp_path):
    (tmp_path / "script.lua").write_text(
        'local headcount = require "headcount"\n'
        'print(_VERSION, headcount.json.encode { 1.5, "x" }, 2^53)\n'
        'local file = assert(io.open("out", "w"))\n'
        'file:write(os.date("!%Y", 0)) file:close()\n')
    run = static("run", "script.lua")
    assert run.out == 'Lua 5.4\t[1.5,"x"]\t9.007199254741e+15\n', run.err
    assert (tmp_path / "out").read_text() == "1970"


# ---- zip files ----

def zip_of(arch):
    path = LAMBDA / f"headcount-{ARCHS[arch][1]}.zip"
    assert path.exists(), "run `make lambda`"
    return path


def test_the_zip_has_bootstrap_at_its_root(arch):
    with zipfile.ZipFile(zip_of(arch)) as archive:
        assert archive.testzip() is None
        files = {entry.filename: entry for entry in archive.infolist()}
        assert list(files) == ["bootstrap", "LICENSE", "NOTICE"]
        assert {name: oct(entry.external_attr >> 16)
                for name, entry in files.items()} == {
            "bootstrap": "0o100755", "LICENSE": "0o100644",
            "NOTICE": "0o100644"}
        assert archive.read("bootstrap") == path_of(arch).read_bytes()
        notice = archive.read("NOTICE").decode()
        for part in ("BearSSL", "Lua", "jsmn", "musl"):
            assert part in notice


def built():
    """`make test` builds this machine's alone, `make packages` all."""
    path_of(os.uname().machine)
    return [name for name in ARCHS if (STATIC / f"headcount-{name}").exists()]


@pytest.fixture
def zipped(tmp_path):
    """Writes zip files as `make lambda POLICY=...` does, elsewhere."""
    def write(folder, policy):
        build = tmp_path / folder
        build.mkdir()
        (build / "static").symlink_to(STATIC)
        return subprocess.run(
            ["python3", str(TOP / "bindings" / "packaging" / "lambda_zip.py"),
             str(build), str(policy), *built()], text=True,
            capture_output=True, check=False), build / "lambda"
    return write


def test_the_zip_is_the_same_bytes_each_time(zipped, tmp_path):
    sums = []
    for turn in ("one", "two"):
        policy = tmp_path / f"{turn}.lua"
        policy.write_text(POLICY)
        os.utime(policy, (len(sums) * 1e6, len(sums) * 1e6))
        policy.chmod(0o600 + len(sums) * 0o044)
        done, folder = zipped(turn, policy)
        assert done.returncode == 0, done.stderr
        sums.append({p.name: hashlib.sha256(p.read_bytes()).hexdigest()
                     for p in folder.iterdir()})
    assert sums[0] == sums[1] and len(sums[0]) == len(built())


def test_a_policy_that_is_not_there_is_told(zipped):
    done, folder = zipped("none", "/nonexistent/policy.lua")
    assert done.returncode == 1 and not folder.exists()
    assert "POLICY=/nonexistent/policy.lua" in done.stderr


def test_a_zip_without_a_policy_is_told(zipped, tmp_path):
    done, _ = zipped("bare", "")
    assert done.returncode == 0
    assert "the zip has no policy" in done.stderr
    assert "make lambda POLICY=FILE" in done.stderr
    (tmp_path / "policy.lua").write_text(POLICY)
    done, _ = zipped("full", tmp_path / "policy.lua")
    assert done.returncode == 0 and done.stderr == ""


def test_the_zip_is_a_function(zipped, secure, headcount, tmp_path):
    secure.service("web", desired=1)
    for name in "abc":
        secure.host(name)
    (tmp_path / "rules.lua").write_text(POLICY)
    _, folder = zipped("function", tmp_path / "rules.lua")
    task = tmp_path / "task"
    machine = ARCHS[os.uname().machine][1]
    with zipfile.ZipFile(folder / f"headcount-{machine}.zip") as archive:
        for entry in archive.infolist():
            archive.extract(entry, task)
            (task / entry.filename).chmod(entry.external_attr >> 16 & 0o777)
    env = {**headcount.env, "HEADCOUNT_POLICY": str(task / "policy.lua")}
    with servers.Lambda(tmp_path / "lambda", task / "bootstrap",
                        env) as function:
        answer = function.invoke(event_of())
    assert answer["summary"]["updated"] == 1, answer
    assert secure.writes()[0]["desiredCount"] == 6


# ---- how it is built ----

def build(tmp_path, *archs, **env):
    """static.sh in a build folder of its own."""
    return subprocess.run(
        ["sh", str(SCRIPT), *archs], text=True, capture_output=True,
        check=False, env={"PATH": os.environ["PATH"],
                          "BUILD": str(tmp_path / "build"), **env})


@pytest.mark.packages
def test_another_folder_gives_the_same_bytes(tmp_path):
    """And sources that are named do, without a call for those of Debian."""
    machine = os.uname().machine
    (tmp_path / "build" / "static").mkdir(parents=True)
    shutil.copytree(STATIC / "debian", tmp_path / "build/static/debian")
    (tmp_path / "build/static/debian" / BEARSSL.name).unlink()
    done = build(tmp_path, machine, BEARSSL_SRC=str(BEARSSL))
    assert done.returncode == 0, done.stderr
    built = tmp_path / "build" / "static" / f"headcount-{machine}"
    assert built.read_bytes() == path_of(machine).read_bytes()
    assert not (tmp_path / "build/static/apt.log").exists()


@pytest.fixture
def without(tmp_path):
    """A PATH that lacks these commands."""
    def path(*names):
        folder = tmp_path / "bin"
        folder.mkdir()
        for place in os.environ["PATH"].split(":"):
            for command in pathlib.Path(place).glob("*"):
                if command.name not in names and \
                        not (folder / command.name).exists():
                    (folder / command.name).symlink_to(command)
        return str(folder)
    return path


def test_a_missing_compiler_is_told_with_the_line_to_run(tmp_path, without):
    other = "aarch64" if os.uname().machine == "x86_64" else "x86_64"
    done = build(tmp_path, other, PATH=without(f"{other}-linux-gnu-gcc"))
    package = f"gcc-{other.replace('_', '-')}-linux-gnu"
    assert done.returncode == 1
    assert f"{other}-linux-gnu-gcc is missing" in done.stderr
    assert f"apt-get install -y --no-install-recommends {package}" \
        in done.stderr


def test_a_folder_with_a_blank_in_its_name_is_told(tmp_path):
    """Specs and make take none; gcc's own words do not say so."""
    done = subprocess.run(
        ["sh", str(SCRIPT), os.uname().machine], text=True, check=False,
        capture_output=True, env={"PATH": os.environ["PATH"],
                                  "BUILD": str(tmp_path / "a b")})
    assert done.returncode == 1 and done.stdout == ""
    assert f"{tmp_path}/a b/static has a blank in it" in done.stderr
    assert not (tmp_path / "a b").exists()


def test_an_architecture_that_is_unknown(tmp_path):
    done = build(tmp_path, "riscv64")
    assert done.returncode == 1
    assert "riscv64: STATIC_ARCHS is a list of x86_64 and aarch64" \
        in done.stderr


def test_a_source_that_is_none(tmp_path):
    done = build(tmp_path, "x86_64", BEARSSL_SRC="/nonexistent")
    assert done.returncode == 1
    assert "BEARSSL_SRC=/nonexistent: there is no such tree" in done.stderr
    (tmp_path / "tree").mkdir()
    done = build(tmp_path, "x86_64", BEARSSL_SRC=str(tmp_path / "tree"))
    assert done.returncode == 1
    assert "has no inc/bearssl.h" in done.stderr


@pytest.fixture
def mirror(tmp_path, without):
    """An apt-get that serves what it is told to; its calls are kept."""
    def serve(**files):
        path = pathlib.Path(without("apt-get"))
        served = tmp_path / "served"
        served.mkdir()
        for name, content in files.items():
            (served / name).write_bytes(content)
        (path / "apt-get").write_text(
            "#!/bin/sh\n"
            f'echo "$*" >>{tmp_path}/calls\n'
            'for word; do case $word in *.conf) '
            f'apt-config -c "$word" dump >>{tmp_path}/settings ;; esac; done\n'
            f"case $* in *source*) cp {served}/* . ;; esac\n")
        (path / "apt-get").chmod(0o755)
        return str(path)
    return serve


def test_another_version_than_was_looked_at_is_not_built(tmp_path, mirror):
    path = mirror(**{"bearssl_0.7-1.dsc": b"a",
                     "bearssl_0.7.orig.tar.xz": b"b"})
    done = build(tmp_path, os.uname().machine, PATH=path)
    assert done.returncode == 1
    sha = hashlib.sha256(b"b").hexdigest()
    for words in ("expected bearssl_0.6+dfsg.1-3.dsc", "bearssl_0.7-1.dsc",
                  f"bearssl_0.7.orig.tar.xz, SHA-256 {sha}",
                  "static.sh, or name a source of yours: BEARSSL_SRC=PATH"):
        assert words in done.stderr
    assert not list((tmp_path / "build").rglob("headcount-*"))


def test_a_newer_package_of_the_same_source_is_not_passed_over(tmp_path,
                                                               mirror):
    path = mirror(**{"bearssl_0.6+dfsg.1-3+deb12u1.dsc": b"a",
                     BEARSSL.name: BEARSSL.read_bytes()})
    done = build(tmp_path, os.uname().machine, PATH=path)
    assert done.returncode == 1 and "another source of bearssl" in done.stderr
    assert "found    bearssl_0.6+dfsg.1-3+deb12u1.dsc" in done.stderr


def test_other_bytes_under_the_right_name_are_not_built(tmp_path, mirror):
    path = mirror(**{"bearssl_0.6+dfsg.1-3.dsc": b"a", BEARSSL.name: b"b"})
    done = build(tmp_path, os.uname().machine, PATH=path)
    assert done.returncode == 1 and "another source of bearssl" in done.stderr


def test_the_apt_of_the_system_is_not_touched(tmp_path, mirror):
    build(tmp_path, os.uname().machine,
          PATH=mirror(**{"bearssl_0.7-1.dsc": b"a", "x.tar.xz": b"b"}))
    calls = (tmp_path / "calls").read_text().splitlines()
    assert len(calls) == 2
    for call in calls:
        for kept in ("Dir::Etc::SourceParts", "Dir::State::Lists",
                     "Dir::Cache"):
            assert f"{kept}={tmp_path}/build/static/apt/" in call
        assert "Dir::Etc::SourceList=/dev/null" in call


def test_what_the_system_runs_after_an_update_is_not_run(tmp_path, mirror):
    """Hooks refresh or clean what is the system's."""
    hooks = tmp_path / "hooks"
    hooks.write_text("".join(
        f'APT::Update::{when} {{"touch {tmp_path}/x"; }};\n'
        for when in ("Pre-Invoke", "Post-Invoke", "Post-Invoke-Success")))
    build(tmp_path, os.uname().machine, APT_CONFIG=str(hooks),
          PATH=mirror(**{"bearssl_0.7-1.dsc": b"a", "x.tar.xz": b"b"}))
    settings = (tmp_path / "settings").read_text()
    assert "Acquire" in settings
    assert str(tmp_path / "x") not in settings
