"""The files of ~/.aws mean what they mean to botocore: for generated files and
environments both call the same endpoint, in the same region, with the same
number of attempts, or headcount says why not."""
import contextlib
import http.server
import os
import random
import re
import threading

import botocore.config
import botocore.exceptions
import botocore.session
import pytest

from ecs_check import SECRET, TOKEN

CASES = 150
CALLS = {"ecs": "ListClusters", "dynamodb": "ListTables", "sqs": "ListQueues",
         "kms": "ListKeys", "logs": "DescribeLogGroups",
         "events": "ListRules", "stepfunctions": "ListStateMachines",
         "secretsmanager": "ListSecrets", "cloudtrail": "ListTrails",
         "codebuild": "ListProjects", "firehose": "ListDeliveryStreams",
         "servicediscovery": "ListNamespaces", "ssm": "ListCommands",
         "resourcegroupstaggingapi": "GetResources",
         "application-autoscaling": "DescribeScalableTargets"}
IDS = {"stepfunctions": "sfn", "events": "eventbridge",
       "logs": "cloudwatch_logs",
       "secretsmanager": "secrets_manager",
       "resourcegroupstaggingapi": "resource_groups_tagging_api",
       "application-autoscaling": "application_auto_scaling"}
REGIONS = ("eu-west-1", "us-east-1", "us-gov-west-1", "cn-north-1",
           "ap-southeast-3")
BROKEN = {"region": "hush region", "use_fips_endpoint": "hush",
          "use_dualstack_endpoint": "hush", "max_attempts": "hush",
          "ignore_configured_endpoint_urls": "hush",
          "endpoint_url": "hush://a", "retry_mode": "hush",
          "tcp_keepalive": "hush", "defaults_mode": "hush",
          "account_id_endpoint_mode": "required"}


class Peer(http.server.ThreadingHTTPServer):
    """Refuses every call, and keeps what was asked for."""

    daemon_threads = True

    def __init__(self):
        seen = self.seen = []

        class Refuses(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                self.rfile.read(int(self.headers["content-length"]))
                seen.append((self.path.strip("/"), dict(self.headers)))
                body = b'{"__type":"AccessDeniedException"}'
                self.send_response(400)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        super().__init__(("127.0.0.1", 0), Refuses)
        threading.Thread(target=self.serve_forever, daemon=True).start()


@pytest.fixture(scope="module")
def peer():
    with Peer() as server:
        yield server
        server.shutdown()


def keys_of(dice, tag):
    """Some settings; the path of a URL says which it is."""
    keys = {}
    if dice.random() < .6:
        keys["region"] = dice.choice(REGIONS)
    if dice.random() < .3:
        keys["endpoint_url"] = f"http://PEER/{tag}"
    for key, chance in (("use_fips_endpoint", .2),
                        ("use_dualstack_endpoint", .2),
                        ("ignore_configured_endpoint_urls", .15)):
        if dice.random() < chance:
            keys[key] = dice.choice(("true", "false", "True"))
    if dice.random() < .4:
        keys["max_attempts"] = str(dice.randint(1, 4))
        keys["retry_mode"] = "standard"
    return keys


def section(name, keys):
    return f"[{name}]\n" + "".join(f"{k} = {v}\n" for k, v in keys.items())


def world(dice):
    """Two files and an environment."""
    service = dice.choice(list(CALLS))
    env, default, dev = {}, keys_of(dice, "default"), keys_of(dice, "dev")
    services = ""
    if dice.random() < .4:
        dev["services"] = "ours"
        services = "[services ours]\n" + "".join(
            f"{IDS.get(each, each)} =\n  endpoint_url = http://PEER/{each}\n"
            for each in dice.sample(list(CALLS), 8))
    config = section("default", default) + section("profile dev", dev)
    credentials = ("" if dice.random() < .7
                   else section("dev", keys_of(dice, "credentials")))
    for name, value, chance in (
            ("AWS_PROFILE", "dev", .6), ("AWS_PROFILE", "none", .04),
            ("AWS_DEFAULT_REGION", dice.choice(REGIONS), .3),
            ("AWS_USE_FIPS_ENDPOINT", dice.choice(("true", "false")), .15),
            ("AWS_USE_DUALSTACK_ENDPOINT", dice.choice(("true", "false")), .15),
            ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true", .1),
            ("AWS_MAX_ATTEMPTS", str(dice.randint(1, 4)), .3),
            ("AWS_ENDPOINT_URL", "http://PEER/all", .15),
            ("AWS_ENDPOINT_URL_" + IDS.get(service, service).upper(),
             "http://PEER/own", .2)):
        if dice.random() < chance:
            env[name] = value
    return service, env, config + services, credentials


@contextlib.contextmanager
def environment(env):
    before = dict(os.environ)
    os.environ.update(env)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


LOADER = botocore.session.Session().get_component("data_loader")


def botocore_s(service, env):
    """Where botocore sends the call: (where, region, attempts) or an error."""
    seen = []

    def before_send(request, **_):
        seen.append(request)
        raise InterruptedError

    with environment({**env, "AWS_EC2_METADATA_DISABLED": "true"}):
        session = botocore.session.Session()
        session.register_component("data_loader", LOADER)
        name = CALLS[service]
        try:
            client = session.create_client(
                service, config=botocore.config.Config(
                    parameter_validation=False))
            client.meta.events.register("before-send", before_send)
            getattr(client, botocore.xform_name(name))()
        except InterruptedError:
            pass
        except (botocore.exceptions.BotoCoreError, ValueError) as error:
            return repr(error)
    _, _, host, path = seen[0].url.split("/", 3)
    tries = (client.meta.config.retries or {}).get("total_max_attempts")
    return (path.strip("/") if "127.0.0.1" in host else host,
            client.meta.region_name, tries)


def ours(headcount, peer, service, env):
    del peer.seen[:]
    run = headcount("call", service, CALLS[service], "--dns-server",
                    "127.0.0.1:9", AWS_REGION=None, **env)
    if peer.seen:
        where, headers = peer.seen[0]
        lower = {k.lower(): v for k, v in headers.items()}
        return (where, lower["authorization"].split("/")[2],
                int(re.search("max=([0-9]+)", lower["amz-sdk-request"])[1]))
    host = re.search(r"look up ([^\s;]+)", run.err)
    if host:
        region = re.search(r"in (\S+): no DNS", run.err)
        return host[1], region[1], None
    assert run.code == 253, run.out + run.err
    return run.err


def write(headcount, config, credentials):
    folder = headcount.home / ".aws"
    folder.mkdir(exist_ok=True)
    (folder / "config").write_text(config)
    (folder / "credentials").write_text(credentials)
    return {"AWS_CONFIG_FILE": str(folder / "config"),
            "AWS_SHARED_CREDENTIALS_FILE": str(folder / "credentials"),
            "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "secret"}


def test_the_files_mean_what_botocore_takes_them_for(headcount, peer):
    dice = random.Random(20261130)
    equal = attempts = refused = 0
    for number in range(CASES):
        service, env, config, credentials = world(dice)
        at = f"127.0.0.1:{peer.server_port}"
        env = {k: v.replace("PEER", at) for k, v in env.items()}
        env.update(write(headcount, config.replace("PEER", at),
                         credentials.replace("PEER", at)))
        theirs = botocore_s(service, env)
        mine = ours(headcount, peer, service, env)
        shown = f"case {number}: {service} {env}\n{config}\n{credentials}\n" \
                f"botocore: {theirs}\nheadcount: {mine}"
        if isinstance(theirs, str):
            assert isinstance(mine, str), shown
            refused += 1
            continue
        # What is refused here and guessed there: FIPS or dual stack beside a
        # URL, which botocore refuses only in some services.
        if isinstance(mine, str):
            assert "cannot be combined" in mine, shown
            refused += 1
            continue
        assert mine[:2] == theirs[:2], shown
        if mine[2] and theirs[2]:
            assert mine[2] == theirs[2], shown
            attempts += 1
        equal += 1
    assert equal > CASES / 2 and attempts > 5 and refused > 5


# ---- files that are of no use ----

def fifo(path):
    os.mkfifo(path)


BAD_FILES = {
    "text before a section": (b"hush = 1\n", ":1: this line stands before"),
    "no closing bracket": (b"[default\nregion = hush\n",
                           ":1: the name of a section has no ]"),
    "text behind a section": (b"[default] hush\n", ":1: something follows"),
    "an indented section": (b"[default]\n [hush]\n", ":2: blanks stand before"),
    "a line without =": (b"[default]\nhush hush\n",
                       ":2: this line is no setting"),
    "a key without a name": (b"[default]\n= hush\n",
                             ":2: this line is no setting"),
    "a NUL": (b"[default]\nregion = hush\0\n",
              ":2: this line holds a NUL byte"),
    "a region of two lines": (b"[default]\nregion = hush\n  a = hush\n",
                              ":2: region goes on in the next line"),
    "no UTF-8": (b"[default]\nregion = hush\xff\xfe\n",
                 ":2: region has to look like eu-west-1"),
    "10 MB": (b"#" * 10_000_000, "is larger than 1048576 bytes"),
    "60,000 settings": (b"[default]\n" + b"hush = 1\n" * 60_000,
                        ": the file has too many settings"),
    "a folder": (os.mkdir, "is no regular file"),
    "a pipe": (fifo, "is no regular file"),
    "a file that cannot be read": ("/proc/self/mem", "cannot be read"),
    "a path with a variable": ("$HOME/config", "has a $ in it"),
    "the home of another": ("~hush/config", "begins with a ~"),
}


@pytest.mark.parametrize("name", BAD_FILES)
@pytest.mark.parametrize("kind", ["AWS_CONFIG_FILE",
                                  "AWS_SHARED_CREDENTIALS_FILE"])
def test_a_bad_file_is_an_error_once_it_is_needed(headcount, ecs, kind, name):
    content, says = BAD_FILES[name]
    path = headcount.home / "shared"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif isinstance(content, str):
        path = content
    else:
        content(path)
    headcount.at(ecs)
    run = headcount("call", "ecs", "ListClusters", timeout=10,
                    AWS_REGION=None, **{kind: path})
    assert run.code == 253 and run.out == "", run.out + run.err
    assert says in run.err and run.err.count("\n") == 1, run.err
    assert "hush" not in run.err.replace("~hush", "")
    assert str(path) in run.err or kind in run.err, run.err
    run = headcount("call", "ecs", "ListClusters", "--debug", timeout=10,
                    **{kind: path})
    assert run.code == 0, run.err
    assert "hush" not in run.err.replace("~hush", "")
    assert "of the files of ~/.aws: " in run.err or "region" in says, run.err


@pytest.mark.parametrize("key", BROKEN)
def test_a_value_of_no_use_names_its_line_and_is_not_shown(headcount, ecs,
                                                           key):
    (headcount.home / "config").write_text(
        f"[default]\n# a comment\n{key} = {BROKEN[key]}\n")
    headcount.at(ecs)
    run = headcount("call", "ecs", "ListClusters", AWS_REGION=None,
                    AWS_CONFIG_FILE="~/config")
    assert run.code == 253 and run.out == "", run.out + run.err
    assert f"{headcount.home}/config:3: {key} " in run.err, run.err
    assert "hush" not in run.err and ecs.requests == []


def test_a_profile_gives_the_region_without_an_option(headcount, ecs):
    (headcount.home / ".aws").mkdir()
    (headcount.home / ".aws" / "config").write_text(
        "[default]\nregion = eu-west-3\n[profile dev]\nregion = eu-west-1\n"
        "aws_access_key_id = AKIDEXAMPLE\n"
        f"aws_secret_access_key = {SECRET}\naws_session_token = {TOKEN}\n")
    headcount.at(ecs)
    for more, env in ((["--profile", "dev"], {}), ([], {"AWS_PROFILE": "dev"})):
        run = headcount("call", "ecs", "ListClusters", *more, AWS_REGION=None,
                        **env)
        assert run.code == 0, run.err
        assert "/eu-west-1/ecs/" in ecs.requests[-1].headers["authorization"]
    run = headcount("call", "ecs", "ListClusters", "--profile", "prod")
    assert run.code == 253
    assert run.err == ("headcount: --profile: the files of ~/.aws have no "
                       "profile `prod`; there are: default, dev (there is "
                       f"no {headcount.home}/.aws/credentials)\n")


def test_without_a_region_the_places_for_one_are_named(headcount):
    """Also in fetch, which asks for no endpoint of a service."""
    config = headcount.home / ".aws" / "config"
    config.parent.mkdir()
    for text, says in (
            ("[profile dev]\noutput = json\n",
             "no AWS region is known: set AWS_REGION, or region in profile "
             "`dev`, or give --region"),
            ("hush = 1\n", f"because {config}:1: this line stands before")):
        config.write_text(text)
        env = {} if "hush" in text else {"AWS_PROFILE": "dev"}
        for verb in (("call", "ecs", "ListClusters"),
                     ("fetch", "GET", "https://127.0.0.1:1/", "--sign", "s3")):
            run = headcount(*verb, AWS_REGION=None, **env)
            assert run.code == 253 and says in run.err, run.err
