"""`latency`: nginx and dnsmasq count what it says that each series paid."""
import json
import re
import signal
import subprocess
import time
import xml.etree.ElementTree

import pytest

import servers
from conftest import NAME, PROGRAM, TOP, patience

SERIES = ["keep-alive", "closed", "TLS resumed", "DNS anew"]
PHASES = ["dns", "connect", "tls", "send", "wait", "receive", "other"]


@pytest.fixture
def front(ecs, certs, tmp_path, headcount):
    """The stub ECS behind nginx with TLS, under a name of dnsmasq."""
    ecs.judge.unsigned = ecs.judge.regions = False
    with servers.Nginx(tmp_path / "nginx", ecs.port,
                       tls=certs / "ec") as nginx, \
         servers.Dnsmasq(tmp_path / "dns", {NAME: ["127.0.0.1"]}) as dns:
        headcount.env.update(
            AWS_CA_BUNDLE=str(certs / "ca.pem"),
            HEADCOUNT_DNS_SERVER=dns.address,
            AWS_ENDPOINT_URL_ECS=f"https://{NAME}:{nginx.port}")
        nginx.dns = dns
        yield nginx


def test_the_servers_count_what_the_report_says(front, headcount):
    done = headcount("latency", "--calls", 5, "--rate", 20, "--output", "json")
    assert (done.code, done.err) == (0, "")
    report = done.report
    assert (report["service"], report["operation"], report["calls"],
            report["interrupted"]) == ("ecs", "ListClusters", 5, False)
    assert report["host"] == f"{NAME}:{front.port}"
    assert [s["series"] for s in report["series"]] == SERIES
    of = dict(zip(SERIES, report["series"]))
    requests = front.requests()
    assert len(requests) == 4 * 6
    resumed = 0
    for at, name in enumerate(SERIES):       # one of each in turn
        mine = requests[at::4]
        assert of[name]["connections"] == len({r["connection"] for r in mine})
        assert of[name]["handshakes"] == of[name]["connections"]
        assert of[name]["resumed"] == sum(r["resumed"] for r in mine)
        resumed += of[name]["resumed"]
        assert (of[name]["calls"], of[name]["failed"]) == (5, 0)
    assert [of[n]["connections"] for n in SERIES] == [1, 6, 6, 6]
    assert (resumed, of["TLS resumed"]["resumed"]) == (5, 5)
    assert front.connections() == 19
    asked = [name for kind, name in front.dns.queries() if kind == "A"]
    assert [of[n]["lookups"] for n in SERIES] == [1, 1, 1, 6]
    assert asked == [NAME] * 9


def in_ms(us):
    """A time as the report rounds it: two places below 100 ms, then one, and
    none from a second on."""
    near = 0.006 if us < 100000 else 0.06 if us < 1000000 else 0.6
    return pytest.approx(us / 1000, abs=near)


def test_the_figures_follow_from_the_samples(front, headcount):
    report = headcount("latency", "--calls", 7, "--rate", 50, "--output",
                       "json").report
    for series in report["series"]:
        first, *samples = series["samples"]
        assert len(samples) == 7
        for s in samples:
            assert sum(s[p] for p in PHASES) == s["us"]
            assert (s["status"], s["error"]) == (200, "")
            assert s["reused"] == (series["series"] == "keep-alive")
            assert s["resumed"] == (series["series"] == "TLS resumed")
        assert first["tls"] > 0 and first["dns"] > 0
        us = sorted(s["us"] for s in samples)
        assert series["min"] == in_ms(us[0])
        assert series["p50"] == in_ms(us[3])
        assert series["p90"] == series["p99"] == series["max"] == in_ms(us[6])
        assert series["spread"] == in_ms(us[6] - us[3])
        for p in PHASES:
            share = 100 * sum(s[p] for s in samples) / sum(us)
            assert series[p] == pytest.approx(share, abs=0.06)
    assert all(s["at_us"] >= k * 20000 for series in report["series"]
               for k, s in enumerate(series["samples"][1:]))


def test_text_page_and_picture(front, headcount):
    text = headcount("latency", "--calls", 2, "--rate", 50)
    assert text.code == 0
    assert f"ecs ListClusters at {NAME}:{front.port} (127.0.0.1): 2 calls" \
        in text.out
    assert all(f"\n{name} " in text.out for name in SERIES)
    assert max(map(len, text.out.splitlines()[1:])) <= 80
    page = headcount("latency", "--calls", 2, "--rate", 50, "--output", "html",
                     "--svg", "a.svg")
    assert page.code == 0
    assert page.out.count('<g class="d s') == 8
    svg = (headcount.home / "a.svg").read_text()
    assert svg.count('<g class="d s') == 8
    for whole in (svg, page.out):
        assert not re.search(r"(src|href)=\"(?!#|data:)|url\(|@import", whole)
    xml.etree.ElementTree.fromstring(svg)


def test_what_is_not_there_is_not_measured(ecs, headcount):
    headcount.at(ecs)
    done = headcount("latency", "--calls", 1, "--output", "json")
    assert [s["series"] for s in done.report["series"]] == SERIES[:2]
    done = headcount("latency", "--calls", 1)
    assert "Without TLS nothing is resumed.\nNo DNS server was asked" \
        in done.out


def test_a_second_first_call_hides_no_series(front, ecs, headcount):
    """It goes over the connection of the one that failed: it looks nothing up
    and has no handshake."""
    ecs.fault("ListClusters", "500", times=1)
    done = headcount("latency", "--calls", 1, "--output", "json")
    assert (done.code, done.err) == (0, "")
    assert [s["series"] for s in done.report["series"]] == SERIES
    assert [s["last_failure"] for s in done.report["series"]] == [""] * 4


def test_failures_are_counted_and_shown(ecs, headcount):
    headcount.at(ecs)
    ecs.fault("ListClusters", "throttle", nth=3, times=3)    # rounds 1, 2
    done = headcount("latency", "--calls", 4, "--rate", 50, "--output", "json")
    assert done.code == 1
    kept, closed = done.report["series"]
    assert [kept["failed"], closed["failed"]] == [2, 1]
    assert [s["error"] for s in kept["samples"]] == \
        ["", "ThrottlingException", "ThrottlingException", "", ""]
    assert kept["calls"] == closed["calls"] == 4
    assert "Rate exceeded" in kept["last_failure"]
    good = [s["us"] for s in kept["samples"][1:] if not s["error"]]
    assert kept["max"] == in_ms(max(good))
    ecs.fault("ListClusters", "throttle", nth=3, times=1)
    done = headcount("latency", "--calls", 1, "--output", "html")
    assert done.code == 1
    assert "keep-alive: the last failure: " in done.out
    assert 'failed: ThrottlingException, dns' in done.out
    assert 'href="#m4"' in done.out


def test_a_host_that_never_answers_is_not_measured(ecs, headcount):
    headcount.at(ecs)
    ecs.fault("ListClusters", "denied", times=2)
    done = headcount("latency", "--calls", 1)
    assert (done.code, done.out) == (254, "")
    assert "nothing was measured, for the first call failed: " in done.err
    assert "not authorized" in done.err
    ecs.fault("ListClusters", "500", times=1)       # once is not enough
    assert headcount("latency", "--calls", 1).code == 0


def test_a_handle_that_cannot_be_opened_ends_the_run(ecs, headcount, certs,
                                                     tmp_path):
    """Series have handles of their own, and each looks at the bundle."""
    headcount.at(ecs)
    bundle = tmp_path / "gone.pem"
    bundle.write_bytes((certs / "ca.pem").read_bytes())
    ecs.delay("ListClusters", 1)
    child = subprocess.Popen(
        [PROGRAM, "latency", "--calls", "1", "--ca-bundle", bundle],
        env=headcount.env, cwd=headcount.home, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE)
    end = time.monotonic() + patience(30)
    while not ecs.requests and time.monotonic() < end:
        time.sleep(0.01)
    bundle.unlink()
    out, err = child.communicate(timeout=patience(10))
    assert (child.returncode, out) == (253, b"")
    assert b"gone.pem (--ca-bundle): cannot be opened" in err


def test_what_may_write_needs_yes(ecs, headcount):
    headcount.at(ecs)
    for operation in ("UpdateService", "update-service", "Whatever"):
        done = headcount("latency", "ecs", operation, "{}")
        assert done.code == 252
        assert f"{operation} may write, and is called many times: --yes " \
            "allows it" in done.err
    assert not ecs.requests
    done = headcount("latency", "ecs", "UpdateService", "{}", "--yes",
                     "--calls", 1)
    assert "nothing was measured" in done.err


@pytest.mark.parametrize("args, says", [
    (["ecs"], "latency takes SERVICE OPERATION"),
    (["a", "ListB", "{}", "d"], "latency takes SERVICE OPERATION"),
    (["--calls", "0"], "--calls is a number from 1 to 1000"),
    (["--calls", "1001"], "--calls is a number from 1 to 1000"),
    (["--calls", "2x"], "--calls is a number from 1 to 1000"),
    (["--rate", "0"], "--rate is a number from 0.01 to 1000"),
    (["--rate", "nan"], "--rate is a number from 0.01 to 1000"),
    (["--rate", "1e3"], "--rate is a number from 0.01 to 1000"),
    (["--svg", "/nowhere/a.svg"], "cannot write /nowhere/a.svg"),
    (["--output", "xml"], "text, json or html"),
])
def test_usage(headcount, args, says):
    done = headcount("latency", *args)
    assert (done.code, done.out) == (252, "")
    assert says in done.err


def test_html_is_for_verbs_that_have_a_page(headcount):
    done = headcount("version", "--output", "html")
    assert done.code == 252
    assert "--output html is a page of plan, apply, explain or latency" \
        in done.err


def test_ctrl_c_prints_what_was_measured(front, headcount):
    child = subprocess.Popen(
        [PROGRAM, "latency", "--output", "json", "--svg", "cut.svg"],
        env=headcount.env, cwd=headcount.home, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE)
    end = time.monotonic() + patience(30)
    while len(front.requests()) < 6 and time.monotonic() < end:
        time.sleep(0.05)
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=patience(10))
    assert child.returncode == 130, err
    report = json.loads(out)
    assert report["interrupted"] is True
    assert 0 < sum(s["calls"] for s in report["series"]) < 120
    assert all(s["failed"] == 0 for s in report["series"])
    assert (headcount.home / "cut.svg").exists()


def test_readme_has_a_run_and_its_picture():
    """What `make pictures` wrote: one run, in the figures and the picture."""
    readme = (TOP / "README.md").read_text()
    part, = re.findall(r"<!-- latency:[^\n]*-->\n(.*?)<!-- end of latency -->",
                       readme, re.S)
    part = " ".join(part.split())
    assert re.match(r"Measured on \d{4}-\d\d-\d\d \(.+, \d+ processors", part)
    assert re.search(r"delays each packet by \d+ ms each way", part)
    rows = re.findall(r"^\| .* \| ([\d.]+) ms, spread ([\d.]+) ms \| "
                      r"`make pictures` \|$", readme, re.M)
    assert len(rows) == len(SERIES)
    assert [float(p50) for p50, _ in rows] == sorted(
        float(p50) for p50, _ in rows)
    where, = re.findall(r"!\[[^\]]+\]\((\S+\.svg)\)", readme)
    svg = (TOP / where).read_text()
    root = xml.etree.ElementTree.fromstring(svg)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert "prefers-color-scheme:dark" in svg
    text = "".join(root.itertext())
    for name in SERIES:
        assert name in text
    dots = [e for e in root.iter() if "d" in e.get("class", "").split()]
    assert len(dots) == len(rows) * int(
        re.search(r"(\d+) calls of each series", part)[1])

