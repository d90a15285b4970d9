"""The figures of lambda.sh: lambda.py PROGRAM PORT CERTS FOLDER."""
import pathlib
import statistics
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "peers"))
import servers               # noqa: E402
from measure import EVENT    # noqa: E402

# More warm ones would wait for their share of ECS's rates.
COLD, WARM = 15, 20
LUA = "return function(event) return { cluster = event.detail.clusterArn } end"


def median(numbers):
    return f"{statistics.median(numbers):.2f} (least {min(numbers):.2f})"


def timed(server):
    """When the answer was there, ms it took, what it is."""
    began = time.time()
    answer = server.invoke(EVENT)
    now = time.time()
    return now, (now - began) * 1000, answer


def run(title, folder, bootstrap, env, name, good):
    cold, first, warm, own = [], [], [], []
    for i in range(COLD):
        (folder / "exec").unlink(missing_ok=True)
        with servers.Lambda(folder / f"{name}{i}", bootstrap, env,
                            name) as server:
            at, took, answer = timed(server)
            if not good(answer):
                sys.exit(f"the function failed: {answer}")
            cold.append((at - float((folder / "exec").read_text())) * 1000)
            first.append(took)
            for _ in range(WARM if i == COLD - 1 else 0):
                _, took, answer = timed(server)
                warm.append(took)
                own.append(answer.get("stats", {}).get("elapsed_us", 0))
    print(f"  {title}: exec to first answer {median(cold)} ms, of an "
          f"invocation of {median(first)} ms; {COLD} starts")
    print(f"    warm invocation {median(warm)} ms" + (
        f", of which {statistics.median(own) / 1000:.2f} ms in headcount"
        if any(own) else "") + f"; {WARM} of them")


def main(program, port, certs, work):
    folder = pathlib.Path(work) / "lambda"
    folder.mkdir()
    (folder / "handler.lua").write_text(LUA)
    program, certs = pathlib.Path(program).resolve(), \
        pathlib.Path(certs).resolve()
    # The moment of exec, written by who does it.
    wrapper = folder / "wrapper"
    wrapper.write_text(f"#!/bin/sh\ndate +%s.%N >{folder}/exec\n"
                       f"exec {program} lambda\n")
    wrapper.chmod(0o755)
    env = {"PATH": "/usr/bin:/bin", "AWS_REGION": "us-east-1",
           "AWS_ACCESS_KEY_ID": "AKIDEXAMPLEEXAMPLE12",
           "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
           "AWS_ENDPOINT_URL": f"https://127.0.0.1:{port}",
           "AWS_CA_BUNDLE": f"{certs}/ca.pem", "ECS_SERVICE_ARN": "web",
           "LAMBDA_TASK_ROOT": str(folder)}
    print("Lambda's emulator around the binary")
    run("event to count (TLS, three calls)", folder, wrapper, env,
        "bootstrap", lambda a: a.get("summary", {}).get("failed") == 0)
    run("a handler in Lua, no call", folder, wrapper, env, "handler.lua",
        lambda a: "cluster" in a)


if __name__ == "__main__":
    main(*sys.argv[1:5])
