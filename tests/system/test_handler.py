"""A Lua file as Lambda's handler, under AWS's own emulator."""
import base64
import json
import time

import pytest
import servers
from conftest import PROGRAM, TOP, patience
from ecs_check import SECRET

EXAMPLES = TOP / "examples"


@pytest.fixture
def handler(headcount, tmp_path):
    """Starts a function whose files are these texts; `name` is _HANDLER."""
    running = []

    def start(name="handler.handle", files=None, **env):
        task = tmp_path / f"task{len(running)}"
        task.mkdir()
        if isinstance(files, str):
            files = {"handler.lua": files}
        for file, text in (files or {}).items():
            (task / file).write_text(text)
        env = {**headcount.env, "LAMBDA_TASK_ROOT": str(task), **env}
        running.append(servers.Lambda(tmp_path / f"lambda{len(running)}",
                                      PROGRAM, env, name).start())
        return running[-1]

    yield start
    for server in running:
        server.stop()
        assert "Sanitizer" not in server.output.read_text()


# ---- connections before the first event ----

def test_what_a_file_connects_to_is_there_for_the_first_event(
        secure, headcount, handler):
    server = handler(files="""
        local client = assert(require("headcount").client {
          dns_server = os.getenv "HEADCOUNT_DNS_SERVER" })
        local stands = client:connect("ecs", { timeout = 30 })
        return { handle = function(e)
          local opened = client:stats().connections_opened
          assert(client:call("ecs", "ListClusters", {}))
          return { stands = stands, opened = opened,
                   now = client:stats().connections_opened }
        end }""")
    assert server.invoke({}) == {"stands": True, "opened": 1, "now": 1}
    assert (secure.connections, secure.handshakes) == (1, 1)


# ---- which function ----

@pytest.mark.parametrize("name, text", [
    ("handler.handle",
     "return { handle = function(e) return { got = e.n } end }"),
    ("handler.handle", "function handle(e) return { got = e.n } end"),
    ("handler.lua", "return function(e) return { got = e.n } end"),
    ("handler.handle", "local m = require 'beside'\n"
                       "return { handle = function(e) return m(e.n) end }"),
])
def test_the_function_that_handler_names(handler, name, text):
    server = handler(name, {"handler.lua": text, "beside.lua":
                            "return function(n) return { got = n } end"})
    assert server.invoke({"n": 7}) == {"got": 7}


def test_a_name_without_a_file_is_headcounts_own_job(ecs, headcount, handler):
    headcount.at(ecs)
    ecs.service("web", desired=1)
    ecs.host("a")
    ecs.host("b")
    for name in ("bootstrap", "no.such", "main"):
        report = handler(name, ECS_SERVICE_ARN="web").invoke(
            {"cluster": "prod"})
        assert report.get("format_version") == "1.0", report
    assert ecs.services["web"]["desiredCount"] == 2


def test_the_file_runs_once(handler):
    server = handler(files="local n = 0 function handle() n = n + 1 "
                           "return n end")
    assert [server.invoke({}) for _ in range(3)] == [1, 2, 3]


# ---- event, context, answer ----

def test_events_and_answers_are_json(handler):
    server = handler(files="function handle(e) return e end")
    for event in ({"a": [1, 2.5, "\u00e9", True, {"b": {}}], "e": []}, "text",
                  7, [1, 2]):
        assert server.invoke(event) == event
    assert server.invoke({"a": None, "b": 1}) == {"b": 1}
    assert server.invoke(None) is None          # nil is null


def test_the_context_says_whose_invocation_it_is(handler):
    server = handler(files="""
        function handle(_, context)
          local left = context.remaining()
          context.remaining = nil
          context.left = left
          return context
        end""", AWS_LAMBDA_FUNCTION_TIMEOUT="20")
    context = server.invoke({}, X_Amz_Client_Context=base64.b64encode(
        json.dumps({"custom": {"a": 1}}).encode()).decode())
    assert context["request_id"] in server.output.read_text()
    assert 18 < context["left"] < 19.6          # half a second is kept back
    assert 0 < context["deadline_ms"] / 1000 - time.time() < 21
    assert context["function_name"] == "test_function"
    assert context["function_version"] == "$LATEST"
    assert context["invoked_function_arn"].startswith("arn:aws:lambda:")
    assert context["memory_limit"] == 3008
    assert context["client_context"] == {"custom": {"a": 1}}


def test_print_goes_to_the_log(handler):
    server = handler(files="""function handle() print("a", 1, nil, "\\1\\"b")
        io.write("as it is\\n") end""", AWS_LAMBDA_LOG_FORMAT="JSON")
    assert server.invoke({}) is None
    said = server.output.read_text()
    line, = [json.loads(one) for one in said.splitlines()
             if one.startswith("{")]
    assert line["message"] == "a\t1\tnil\t\x01\"b" and line["level"] == "INFO"
    assert line["requestId"] in said and "as it is\n" in said


def test_print_in_a_log_of_text_is_what_was_printed(handler):
    server = handler(files="""function handle()
        print("a", "config.region\\nsecond")
        print(("x"):rep(20000) .. "y")
        print() end""")
    assert server.invoke({}) is None
    said = server.output.read_text().splitlines()
    at = said.index("a\tconfig.region")
    assert said[at + 1:at + 4] == ["second", "x" * 20000 + "y", ""]


def test_its_clients_write_the_same_log(ecs, headcount, handler):
    headcount.at(ecs)
    ecs.service("web", desired=1)
    ecs.host("a")
    ecs.host("b")
    server = handler(files="""
        local client = assert(require "headcount".client { audit = true })
        function handle(e)
          return client:reconcile(e, { services = { "web" } }).summary
        end""", AWS_LAMBDA_LOG_FORMAT="JSON", AWS_LAMBDA_LOG_LEVEL="DEBUG")
    assert server.invoke({"cluster": "prod"})["updated"] == 1
    said = [json.loads(line) for line in server.output.read_text()
            .splitlines() if line.startswith("{")]
    write, = [one for one in said if one.get("event") == "write"]
    assert write["level"] == "INFO" and write["after"] == 2
    steps = [one for one in said if one["level"] == "DEBUG"
             and "UpdateService" in one["message"]]
    assert steps and steps[0]["requestId"] == write["requestId"]


# ---- errors ----

@pytest.mark.parametrize("body, kind, says", [
    ("local t = nil\nreturn t.x", "Headcount.HandlerError",
     "handler.lua:3: attempt to index a nil value"),
    ("error { error_type = 'My.Own', message = 'no luck' }", "My.Own",
     "no luck"),
    ("error { error_type = 'a b\\r\\nX: y' }", "Headcount.HandlerError",
     "(error object is a table value)"),
    ("error(setmetatable({}, { __tostring = function() return 'me' end }))",
     "Headcount.HandlerError", "me"),
    ("return nil, 'not today'", "Headcount.HandlerError", "not today"),
    ("return nil, 'not today', 'TableNotFoundException'",
     "TableNotFoundException", "not today"),
    ("return print", "Headcount.HandlerError", "the handler's answer"),
    ("return require('headcount').loop(function() error 'deep' end)",
     "Headcount.HandlerError", "handler.lua:2: deep"),
    ("local function f() return 1 + f() end f()", "Headcount.HandlerError",
     "stack overflow"),
])
def test_an_error_is_the_invocations(handler, body, kind, says):
    server = handler(files="function handle(e) if e.fine then return 1 end\n"
                     f"{body}\nend", AWS_LAMBDA_LOG_FORMAT="JSON")
    answer = server.invoke({})
    assert answer["errorType"] == kind
    assert says in answer["errorMessage"]
    assert "traceback" not in answer["errorMessage"]
    assert isinstance(answer["stackTrace"], list)
    if body.startswith(("local", "error")):
        assert any("handler.lua:" in line for line in answer["stackTrace"])
    line, = [json.loads(one) for one in server.output.read_text().splitlines()
             if one.startswith('{"timestamp"')]
    assert (line["level"], line["errorType"]) == ("ERROR", kind)
    assert server.invoke({"fine": True}) == 1   # and goes on


def test_an_answer_that_is_too_large(handler):
    server = handler(files="function handle(n) return ('x'):rep(n) end")
    for size, kind in [((6 << 20) + 200, "Function.ResponseSizeTooLarge"),
                       (20 << 20, "Headcount.ResponseTooLarge")]:
        assert server.invoke(size)["errorType"] == kind
    assert server.invoke(1000) == "x" * 1000


def test_an_error_that_is_too_large(handler):
    server = handler(files="local n = 0\nfunction handle(size) n = n + 1\n"
                     "if size == 0 then return n end\n"
                     "error('begun ' .. ('\u00e9\\n'):rep(size)) end")
    for size in (1 << 20, 5 << 20):
        answer = server.invoke(size)
        assert answer["errorType"] == "Headcount.HandlerError"
        assert "handler.lua:4: begun \u00e9" in answer["errorMessage"]
        assert len(json.dumps(answer)) < 1 << 20
        assert answer["stackTrace"]
    assert server.invoke(0) == 3                # the process is the same
    assert server.output.stat().st_size < 1 << 20


@pytest.mark.parametrize("name, text, says", [
    ("handler.handle", "local x = \nreturn {}", "handler.lua:2: unexpected"),
    ("handler.handle", "\nlocal t = nil\nreturn t.x",
     "handler.lua:3: attempt to index"),
    ("handler.handle", "-- nothing\nreturn {}",
     "handler.lua:2: there is no function handle"),
    ("handler.lua", "\n\nreturn 7", "handler.lua:3: the file returns no"),
    ("gone.lua", "", "gone.lua"),
    ("handler.handle", "require 'missing_module'", "missing_module"),
])
def test_what_does_not_load_is_an_error_of_init(handler, name, text, says):
    server = handler(name, text)
    answer = server.invoke({})
    assert answer["errorType"] == "Headcount.InitError"
    assert says in answer["errorMessage"]
    assert says in server.output.read_text()


# ---- the deadline ----

@pytest.mark.parametrize("body", [
    "while true do end",
    "while true do pcall(function() while true do end end) end",
    "local co = coroutine.wrap(function() while true do end end)\nco()",
    "require('headcount').loop(function() while true do end end)",
])
def test_a_handler_without_an_end_is_ended_before_the_deadline(handler, body):
    server = handler(files="local n = 0\nfunction handle(e)\nn = n + 1\n"
                     "if e.fine then return require('headcount').loop("
                     f"function() return n end) end\n{body}\nend",
                     AWS_LAMBDA_FUNCTION_TIMEOUT="1")
    assert server.invoke({"fine": True}) == 1
    began = time.monotonic()
    answer = server.invoke({})
    assert time.monotonic() - began < patience(0.95)
    assert answer["errorType"] == "Headcount.EDEADLINE"
    assert "handler.lua:" in answer["errorMessage"]
    assert server.invoke({"fine": True}) == 1   # in a state that is new


def test_a_file_that_runs_again_is_ended_before_the_deadline(handler,
                                                             tmp_path):
    mark = tmp_path / "mark"
    server = handler(files=f"""
        while io.open("{mark}") do end
        function handle(e)
          if e.fine then return 1 end
          io.open("{mark}", "w"):close()
          while true do end
        end""", AWS_LAMBDA_FUNCTION_TIMEOUT="1")
    assert server.invoke({})["errorType"] == "Headcount.EDEADLINE"
    answer = server.invoke({"fine": True})
    assert answer["errorType"] == "Headcount.EDEADLINE"
    assert "handler.lua:2:" in answer["errorMessage"]
    mark.unlink()
    assert server.invoke({"fine": True}) == 1


def test_calls_end_before_the_handler_does(ecs, headcount, handler):
    headcount.at(ecs)
    ecs.delay("ListClusters", 30)
    ecs.delay("ListContainerInstances", 30)
    server = handler(files="""
        local headcount = require "headcount"
        local client = assert(headcount.client())
        function handle()
          local codes = {}
          headcount.loop(function(spawn)
            for _, what in ipairs { "ListClusters",
                                    "ListContainerInstances" } do
              spawn(function()
                local _, _, code = client:call("ecs", what,
                                               { cluster = "prod" })
                codes[#codes + 1] = code
              end)
            end
          end)
          for _ = 1, 100000 do end              -- and it may work on
          return codes
        end""", AWS_LAMBDA_FUNCTION_TIMEOUT="2")
    began = time.monotonic()
    assert server.invoke({}) == ["EDEADLINE", "EDEADLINE"]
    assert 1 < time.monotonic() - began < patience(1.95)


def test_what_blocks_outside_of_lua_is_ended_by_lambda(handler):
    server = handler(files="function handle(e) if e.fine then return 1 end "
                     "os.execute 'sleep 5' end",
                     AWS_LAMBDA_FUNCTION_TIMEOUT="1")
    assert "timed out" in str(server.invoke({}))
    assert server.invoke({"fine": True}) == 1   # in a process that is new


# ---- the example ----

def test_put_item_as_a_handler(handler, headcount, tmp_path):
    import boto3
    with servers.Moto(tmp_path / "moto") as moto, \
         servers.Nginx(tmp_path / "nginx", moto.port) as front:
        db = boto3.client("dynamodb", "eu-west-1", endpoint_url=moto.url,
                          aws_access_key_id="AKIDEXAMPLE",
                          aws_secret_access_key=SECRET)
        db.create_table(
            TableName="notes", BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "userId", "KeyType": "HASH"},
                       {"AttributeName": "postId", "KeyType": "RANGE"}],
            AttributeDefinitions=[{"AttributeName": n, "AttributeType": "S"}
                                  for n in ("userId", "postId")])
        server = handler(
            "put_item.lua",
            {"put_item.lua": (EXAMPLES / "put_item.lua").read_text()},
            TABLE="notes",
            AWS_ENDPOINT_URL=f"http://127.0.0.1:{front.port}")
        for i in range(5):
            answer = server.invoke({"body": json.dumps(
                {"user_id": f"u{i}", "message": f"\u00e9 {i}"})})
            assert answer["statusCode"] == 200
            body = json.loads(answer["body"])
            assert 0 < body["duration_in_ms"] < 10000
            assert body["userId"] == f"u{i}"
            assert body["postId"] in server.output.read_text()
        assert front.connections() == 1 and len(front.requests()) == 5
        assert {i["userId"]["S"]: i["message"]["S"]
                for i in db.scan(TableName="notes")["Items"]} == \
            {f"u{i}": f"\u00e9 {i}" for i in range(5)}
        assert server.invoke({"body": "no JSON"})["statusCode"] == 400
