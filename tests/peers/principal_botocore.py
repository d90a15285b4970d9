"""The principal that botocore ends with: a process that reads one JSON object
a line, {"env": {...}, "profile": NAME or null}, and answers {"key": key id} or
{"error": text}.  The files are those of its HOME, which it was started with.

Used by: system/test_principal.py.
Instead of moto: botocore is the peer.
"""
import json
import os
import sys

import botocore.credentials
import botocore.loaders
import botocore.session

loader = botocore.loaders.Loader()
KEEP = {name: os.environ.get(name, "") for name in ("HOME", "PATH")}


def principal(env, profile):
    os.environ.clear()
    os.environ.update(KEEP)
    os.environ.update(env)
    session = botocore.session.Session(profile=profile)
    session.register_component("data_loader", loader)
    found = session.get_credentials()
    if found is None:
        return {"error": "no credentials"}
    return {"key": found.get_frozen_credentials().access_key,
            "method": found.method}


def main():
    for line in sys.stdin:
        case = json.loads(line)
        try:
            answer = principal(case["env"], case["profile"])
        except Exception as why:        # whatever it says, it has nobody
            answer = {"error": f"{type(why).__name__}: {why}"}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
