"""The User-Agent says what botocore's says of the same host, environment and
credentials: the same fields in the same order, and the same feature ids."""
import subprocess
import sys

import pytest
from test_creds import NO_KEYS, ROLE, creds  # noqa: F401

CALL = """
import botocore.session
botocore.session.get_session().create_client("ecs").list_clusters()
"""
# Of what headcount does not do: checksums of S3, account ids in endpoints.
NOT_OURS = set("ZbPT")


def agent(server):
    return server.requests[-1].headers["user-agent"]


def fields(text):
    """The kind of each field, and what those say that are of the host."""
    parts = [p for p in text.split(" ") if not p.startswith("md/pyimpl#")]
    kinds = [p.split("#")[0] if p.startswith(("md/", "cfg/", "lang/"))
             else p.split("/")[0] for p in parts]
    same = [p for p in parts
            if p.startswith(("ua/", "os/", "md/", "exec-env/", "cfg/", "app/"))]
    ids, = [p[2:].split(",") for p in parts if p.startswith("m/")]
    return kinds, same, ids


def compare(ecs, headcount, env):
    """Both called ECS: the ids that headcount sent."""
    env = {**headcount.env, "AWS_RETRY_MODE": "standard",
           "AWS_DEFAULT_REGION": "eu-west-1", **env}
    run = headcount("call", "ecs", "ListClusters", **env)
    assert run.code == 0, run.err
    kinds, same, ids = fields(agent(ecs))
    assert "\n" not in agent(ecs) and len(ids) == len(set(ids))
    subprocess.run([sys.executable, "-c", CALL], check=True, timeout=60,
                   env={k: v for k, v in env.items() if v is not None})
    their_kinds, their_same, their_ids = fields(agent(ecs))
    assert agent(ecs).startswith("Botocore/")
    their_kinds[0] = "headcount"
    their_kinds[their_kinds.index("lang/python")] = "lang/c"
    assert kinds == their_kinds
    assert same == their_same
    assert set(ids) == set(their_ids) - NOT_OURS
    return ids


@pytest.mark.parametrize("env", [
    {}, {"AWS_SDK_UA_APP_ID": "my-app"},
    {"AWS_EXECUTION_ENV": "AWS_Lambda_provided.al2023",
     "AWS_SDK_UA_APP_ID": "a b#c/ü;(d)"},
    {"AWS_EXECUTION_ENV": "AWS_ECS#EC2 x/y\tz"}],
    ids=["nothing", "an app", "Lambda", "odd texts"])
def test_it_has_the_fields_of_botocores(ecs, headcount, env):
    ids = compare(ecs, headcount.at(ecs), env)
    assert ids == ["E", "N", "g"]


def test_it_names_the_source_of_the_set_that_signs(
        ecs, creds, headcount):  # noqa: F811
    container = {**NO_KEYS, "AWS_CONTAINER_CREDENTIALS_FULL_URI":
                 f"{creds.url}/container"}
    instance = {**NO_KEYS, "AWS_EC2_METADATA_DISABLED": None,
                "AWS_EC2_METADATA_SERVICE_ENDPOINT": creds.url}
    assert compare(ecs, headcount, container) == ["E", "N", "z"]
    assert compare(ecs, headcount, instance) == ["E", "N", "0"]


def test_a_role_is_named_beside_what_assumed_it(
        ecs, creds, headcount):  # noqa: F811
    run = headcount("call", "ecs", "ListClusters", "--assume-role", ROLE)
    assert run.code == 0, run.err
    assert fields(agent(ecs))[2] == ["E", "N", "g", "i"]
    (_, request), = creds.requests
    assert fields(request.headers["user-agent"])[2] == ["E", "N", "g"]
