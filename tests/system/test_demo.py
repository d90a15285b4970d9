"""`make demo` is the first thing that anybody sees: it shows what it says, and
leaves nothing running."""
import os
import re
import subprocess

from conftest import PROGRAM, TOP


def test_the_demo_shows_two_events_by_phase_and_cleans_up(tmp_path):
    # What the caller of `make demo` happens to have set must not matter.
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path),
           "TMPDIR": str(tmp_path), "HEADCOUNT": PROGRAM,
           "AWS_PROFILE": "none", "AWS_REGION": "us-east-1",
           "HEADCOUNT_DRY_RUN": "1", "ECS_SERVICE_ARN": "other",
           "http_proxy": "http://127.0.0.1:1"}
    done = subprocess.run(["sh", str(TOP / "examples" / "demo.sh")], env=env,
                          cwd=tmp_path, capture_output=True, text=True,
                          timeout=100, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    out = done.stdout
    assert "~ web  1 -> 3  (+2; 3 active hosts)  pending" in out
    assert "~ web  1 -> 3  (+2; 3 active hosts)  updated" in out
    assert "~ web  3 -> 4  (+1; 4 active hosts)  updated" in out
    assert "= web  4  (4 active hosts)  unchanged" in out
    assert "desiredCount of web is 4" in out
    for phase in ("dns", "connect", "tls", "send", "wait", "receive"):
        assert re.search(rf"DescribeServices .* {phase} \d", out)
    assert len(re.findall("3 calls, 1 connection.* 2 reused", out)) == 2
    assert done.stderr == ""
    assert list(tmp_path.iterdir()) == []
    ports = re.findall(r"(?:internal|127\.0\.0\.1):(\d+)", out)
    assert len(ports) == 2
    with open("/proc/net/tcp", encoding="ascii") as f:
        listening = [line.split()[1].rpartition(":")[2]
                     for line in f.readlines()[1:] if line.split()[3] == "0A"]
    assert not {f"{int(p):04X}" for p in ports} & set(listening)
