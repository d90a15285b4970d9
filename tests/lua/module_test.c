/* tests/lua/module_test.c - the module where scripts run code in between.
 *
 * A finalizer runs in an allocation, a hook in a call: both may close the
 * client, end the op, change the tables that are being read.  Each script does
 * that at the first allocation, at the second, and so on, until the function
 * has none left; every allocation collects.  What the functions return then is
 * an answer or a failure; what they read has to be memory of theirs, which the
 * sanitizers and valgrind judge.
 *
 * Calls go to a port of 127.0.0.1 that nobody listens at.
 */
#include "t.h"

#include <stdio.h>
#include <stdlib.h>

#include <lauxlib.h>
#include <lualib.h>

#include "module.h"

static const char prelude[] =
    "headcount = require 'headcount'\n"
    "core = require 'headcount.core'\n"
    "json = headcount.json\n"
    "function client()\n"
    "  return assert(headcount.client { region = 'eu-west-1',\n"
    "    endpoint_url = 'http://127.0.0.1:1', max_attempts = 1,\n"
    "    no_sign_request = true, dns_server = '127.0.0.1:1',\n"
    "    ca_bundle = 'tests/fuzz/corpus/pem/good' })\n"
    "end\n"
    "snapshot = json.encode {\n"
    "  format_version = '1.0', taken = '2026-11-24T00:00:00Z',\n"
    "  cluster = 'arn:aws:ecs:eu-west-1:000000000000:cluster/prod',\n"
    "  complete = true, failures = json.array {}, services = json.array {},\n"
    "  readings = json.array {} }\n"
    /* f runs in the n-th allocation from now on, until calm() */
    "function at(n, f)\n"
    "  local count, on = 0, true\n"
    "  local function arm()\n"
    "    setmetatable({}, { __gc = function()\n"
    "      count = count + 1\n"
    "      if on and count == n then f() end\n"
    "      if on and count < n then arm() end\n"
    "    end })\n"
    "  end\n"
    "  collectgarbage('incremental', 0, 0, 30)\n"
    "  collectgarbage('setpause', 0)\n"
    "  collectgarbage()\n"
    "  arm()\n"
    "  return function()\n"
    "    on = false\n"
    "    collectgarbage('incremental', 200, 100, 13)\n"
    "    return count >= n\n"
    "  end\n"
    "end\n"
    /* subject(c) with change(c) in each of its allocations in turn, after
     * prepare(); `see` looks at what came of it: ok, and what pcall returns */
    "function everywhere(subject, change, see, prepare)\n"
    "  local n, seen, c = 1, {}, nil\n"
    "  repeat\n"
    "    if not c or tostring(c):find 'closed' then c = client() end\n"
    "    if prepare then prepare() end\n"
    "    local calm = at(n, function() change(c) end)\n"
    "    local ok, a, b, code = pcall(subject, c)\n"
    "    local fired = calm()\n"
    "    see(ok, a, b, code)\n"
    "    seen[tostring(code)] = true\n"
    "    n = n + 1 + n // 16\n"
    "  until not fired\n"
    "  c:close()\n"
    "  return seen, n\n"
    "end\n"
    "function close(c) c:close() end\n"
    "function raises(ok, why)\n"
    "  return not ok and assert(why:find 'the client is closed', why)\n"
    "end\n"
    "function fails(ok, answer, why, code)\n"
    "  if raises(ok, answer) then return end\n"
    "  assert(answer == nil and (code == 'ECONNECT' or\n"
    "    code == 'ECANCELLED' and why == 'the client was closed meanwhile'),\n"
    "    tostring(why))\n"
    "end\n";

static void load_core(lua_State *L)
{
    luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
    lua_pushcfunction(L, luaopen_headcount_core);
    lua_setfield(L, -2, "headcount.core");
    lua_getglobal(L, "package");
    lua_pushliteral(L, "lua/?.lua;lua/?/init.lua");
    lua_setfield(L, -2, "path");
    lua_settop(L, 0);
}

/* An error of the script fails the test, with its traceback. */
static void run(const char *script)
{
    lua_State *L = luaL_newstate();
    char why[2000] = "";

    CHECK(L != NULL);
    unsetenv("AWS_CA_BUNDLE");          /* large ones are slow to read */
    unsetenv("SSL_CERT_FILE");
    luaL_openlibs(L);
    load_core(L);
    lua_getglobal(L, "debug");
    lua_getfield(L, -1, "traceback");
    lua_replace(L, 1);
    if (luaL_dostring(L, prelude) != LUA_OK ||
        luaL_loadstring(L, script) != LUA_OK ||
        lua_pcall(L, 0, 0, 1) != LUA_OK)
        snprintf(why, sizeof why, "%s", lua_tostring(L, -1));
    lua_close(L);
    CHECK_Z(why, "");
}

/* ---- a client that is closed meanwhile ---- */

TEST(module, a_call_outlives_the_close_of_its_client)
{
    run("local seen = everywhere(function(c)\n"
        "  return c:call('ecs', 'ListClusters', { a = { 'b' } },\n"
        "                { timeout = 5 })\n"
        "end, close, fails)\n"
        "assert(seen.ECONNECT and seen.ECANCELLED)\n");
}

TEST(module, a_fetch_outlives_the_close_of_its_client)
{
    run("local seen = everywhere(function(c)\n"
        "  return c:fetch { url = 'http://127.0.0.1:1/', body = 'b',\n"
        "                   headers = { a = 'b', ['c' .. 'd'] = 'e' } }\n"
        "end, close, fails)\n"
        "assert(seen.ECONNECT and seen.ECANCELLED)\n");
}

TEST(module, a_report_outlives_the_close_of_its_client)
{
    run("local reports = 0\n"
        "local seen = everywhere(function(c)\n"
        "  return c:reconcile(nil, { services = { 'web', 'log' },\n"
        "    snapshot = snapshot, dry_run = true, record = true })\n"
        "end, close, function(ok, report, facts, code)\n"
        "  if raises(ok, report) then return end\n"
        "  if report then\n"
        "    reports = reports + 1\n"
        "    assert(#report.clusters == 1 and #facts > 100)\n"
        "  else\n"
        "    assert(code == 'ECANCELLED', facts)\n"
        "  end\n"
        "end)\n"
        "assert(seen.ECANCELLED and reports > 3)\n");
}

TEST(module, a_policy_outlives_the_close_of_its_client)
{
    run("everywhere(function(c)\n"
        "  return c:reconcile(nil, { policy = 'return {}\\n',\n"
        "    snapshot = snapshot, dry_run = true })\n"
        "end, close, function(ok, report, why, code)\n"
        "  assert(raises(ok, report) or report or code == 'ECANCELLED', why)\n"
        "end)\n");
}

TEST(module, a_loop_outlives_the_close_of_its_client)
{
    run("everywhere(function(c)\n"
        "  local other <close> = client()\n"
        "  return headcount.loop(function(spawn)\n"
        "    local task = spawn(function()\n"
        "      return c:call('ecs', 'ListClusters')\n"
        "    end)\n"
        "    assert(select(3, other:call('ecs', 'ListClusters')) ==\n"
        "           'ECONNECT')\n"
        "    return task:wait()\n"
        "  end)\n"
        "end, close, fails)\n");
}

TEST(module, a_hook_may_close_the_client_that_it_interrupts)
{
    run("for n = 1, 40 do\n"
        "  local c, left = client(), n\n"
        "  debug.sethook(function()\n"
        "    left = left - 1\n"
        "    if left == 0 then c:close() end\n"
        "  end, 'cr')\n"
        "  local ok, answer, why, code = pcall(function()\n"
        "    return c:call('ecs', 'ListClusters', { a = 1 })\n"
        "  end)\n"
        "  debug.sethook()\n"
        "  fails(ok, answer, why, code)\n"
        "end\n");
}

TEST(module, a_client_is_closed_for_who_comes_next)
{
    run("local c, kept = client()\n"
        "everywhere(function(d)\n"
        "  local answer, why, code = d:call('ecs', 'ListClusters')\n"
        "  kept = code\n"
        "  return answer, why, code\n"
        "end, function(d)\n"
        "  d:close()\n"
        "  d:close()\n"
        "  assert(tostring(d) == 'headcount.client (closed)')\n"
        "  for _, name in ipairs { 'stats', 'call', 'fetch' } do\n"
        "    local ok, why = pcall(d[name], d)\n"
        "    assert(not ok and why:find 'the client is closed', why)\n"
        "  end\n"
        "end, fails)\n"
        "assert(c:stats().api_calls == 0)\n");
}

TEST(module, an_op_is_not_stopped_while_its_outcome_is_read)
{
    run("local co, call\n"
        "everywhere(function()\n"
        "  return select(2, coroutine.resume(co))\n"
        "end, function()\n"
        "  core.stop(call)\n"
        "  getmetatable(call).__gc(call)\n"
        "end, function(ok, report, facts, code)\n"
        "  assert(ok and (code == 'ECANCELLED' or #report.clusters == 1 and\n"
        "         json.decode(facts)), facts)\n"
        "end, function()\n"
        "  local c = client()\n"
        "  co = coroutine.create(function()\n"
        "    return c:reconcile(nil, { services = { 'web', 'log' },\n"
        "      snapshot = snapshot, dry_run = true, record = true })\n"
        "  end)\n"
        "  core.enter(co, true)\n"
        "  call = select(2, coroutine.resume(co))\n"
        "  assert(#core.wait { call } == 1)\n"
        "end)\n");
}

/* ---- coroutines ---- */

TEST(module, a_coroutine_that_somebody_else_resumes_goes_on_waiting)
{
    run("local c = client()\n"
        "local code = headcount.loop(function(spawn)\n"
        "  local co\n"
        "  local task = spawn(function()\n"
        "    co = coroutine.running()\n"
        "    return select(3, c:call('ecs', 'ListClusters'))\n"
        "  end)\n"
        "  coroutine.yield()\n"
        "  for _ = 1, 3 do\n"
        "    local ok, got = coroutine.resume(co)\n"
        "    assert(ok and type(got) == 'userdata', got)\n"
        "    assert(coroutine.status(co) == 'suspended')\n"
        "  end\n"
        "  return task:wait()\n"
        "end)\n"
        "assert(code == 'ECONNECT', code)\n");
}

TEST(module, a_task_that_somebody_else_ended_is_named)
{
    run("local ok, why = pcall(headcount.loop, function(spawn)\n"
        "  local co\n"
        "  spawn(function()\n"
        "    co = coroutine.running()\n"
        "    coroutine.yield()\n"
        "  end)\n"
        "  coroutine.yield()\n"
        "  coroutine.resume(co)\n"
        "end)\n"
        "assert(not ok and why:find('headcount.loop: somebody else resumed',\n"
        "       1, true), why)\n"
        "assert(headcount.loop(function() return 7 end) == 7)\n");
}

TEST(module, a_task_that_waits_is_not_woken_by_somebody_else)
{
    run("local c = client()\n"
        "local sum = headcount.loop(function(spawn)\n"
        "  local co\n"
        "  local slow = spawn(function()\n"
        "    c:call('ecs', 'ListClusters')\n"
        "    return 40\n"
        "  end)\n"
        "  local waits = spawn(function()\n"
        "    co = coroutine.running()\n"
        "    return slow:wait() + 2\n"
        "  end)\n"
        "  coroutine.yield()\n"
        "  coroutine.resume(co)\n"
        "  coroutine.resume(co)\n"
        "  return waits:wait()\n"
        "end)\n"
        "assert(sum == 42)\n");
}

TEST(module, what_others_ask_is_answered_while_one_waits_on_the_spot)
{
    run("local c = client()\n"
        "local function reports()\n"
        "  return c:reconcile(nil, { policy = 'return {}\\n',\n"
        "    snapshot = snapshot, dry_run = true }) ~= nil\n"
        "end\n"
        "assert(headcount.loop(function(spawn)\n"
        "  local task = spawn(reports)\n"
        "  spawn(function() assert(coroutine.wrap(reports)()) end)\n"
        "  return task:wait()\n"
        "end))\n");
}

TEST(module, what_a_task_yields_that_is_no_call_is_a_plain_yield)
{
    run("local order = {}\n"
        "headcount.loop(function(spawn)\n"
        "  spawn(function() order[#order + 1] = 'b' end)\n"
        "  order[#order + 1] = 'a'\n"
        "  coroutine.yield(io.stdout)\n"
        "  order[#order + 1] = 'c'\n"
        "end)\n"
        "assert(table.concat(order) == 'abc')\n"
        "assert(not pcall(core.wait, { io.stdout }))\n"
        "assert(not pcall(core.wait, { 7 }))\n");
}

/* ---- tables that change meanwhile ---- */

TEST(module, texts_of_options_outlive_their_table)
{
    run("everywhere(function(c)\n"
        "  return c:call('ecs', 'ListClusters', { a = 1 }, options)\n"
        "end, function()\n"
        "  for k in pairs(options) do options[k] = nil end\n"
        "  collectgarbage()\n"
        "end, fails, function()\n"
        "  options = { region = 'eu' .. '-west-2', timeout = 5,\n"
        "    endpoint_url = 'http://127.0.0.1' .. ':1' }\n"
        "end)\n");
}

TEST(module, headers_and_lists_may_change_while_they_are_read)
{
    run("local function headers()\n"
        "  list = {}\n"
        "  for i = 1, 9 do list['x-' .. i] = 'v' .. i end\n"
        "end\n"
        "everywhere(function(c)\n"
        "  return c:fetch { url = 'http://127.0.0.1:1/', headers = list }\n"
        "end, function()\n"
        "  for i = 1, 50 do list['y-' .. i] = 'w' .. i end\n"
        "  for i = 1, 9 do list['x-' .. i] = nil end\n"
        "end, function() end, headers)\n"
        "everywhere(function(c)\n"
        "  return c:reconcile(nil, { services = list, snapshot = snapshot,\n"
        "                            dry_run = true })\n"
        "end, function()\n"
        "  for i = 1, 99 do list[i] = i % 2 == 0 and 'x' .. i or nil end\n"
        "end, function() end, function()\n"
        "  list = {}\n"
        "  for i = 1, 9 do list[i] = 'service' .. i end\n"
        "end)\n"
        "everywhere(function()\n"
        "  return headcount.sign { url = 'http://127.0.0.1/',\n"
        "    service = 'ecs', region = 'eu-west-1', access_key_id = 'a',\n"
        "    secret_access_key = 'b', headers = list }\n"
        "end, function()\n"
        "  for i = 1, 50 do list['y-' .. i] = 'w' .. i end\n"
        "  for i = 1, 9 do list['x-' .. i] = nil end\n"
        "end, function() end, headers)\n");
}

TEST(module, a_table_may_change_while_it_becomes_json)
{
    run("for _, grows in ipairs { true, false } do\n"
        "  everywhere(function()\n"
        "    return json.encode(value)\n"
        "  end, function()\n"
        "    if grows then\n"
        "      for i = 1, 99 do value['more' .. i] = 'w' .. i end\n"
        "      value[1] = 1\n"
        "    else\n"
        "      for k in pairs(value) do value[k] = nil end\n"
        "    end\n"
        "  end, function(ok, text)\n"
        "    assert(ok and json.decode(text) or\n"
        "           type(text) == 'string' and text:find 'json.encode', text)\n"
        "  end, function()\n"
        "    value = { inner = { list = { 1, 2, 3 } } }\n"
        "    for i = 1, 9 do value['key' .. i] = { ['a' .. i] = i } end\n"
        "  end)\n"
        "end\n");
}

TEST(module, a_list_of_calls_may_change_while_it_is_waited_for)
{
    run("everywhere(function(c)\n"
        "  calls = {}\n"
        "  for i = 1, 3 do\n"
        "    local co = coroutine.create(function()\n"
        "      return c:call('ecs', 'ListClusters')\n"
        "    end)\n"
        "    core.enter(co, true)\n"
        "    calls[i] = select(2, coroutine.resume(co))\n"
        "    if type(calls[i]) ~= 'userdata' then return end\n"
        "  end\n"
        "  return #core.wait(calls)\n"
        "end, function(c)\n"
        "  for i = 1, 9 do calls[i] = nil end\n"
        "  c:close()\n"
        "end, function(ok, n)\n"
        "  assert(not ok or n == nil or n <= 3, n)\n"
        "end)\n");
}

/* ---- no memory ---- */

struct scarce {
    size_t requests, fail_at;
};

static void *scarce_alloc(void *ud, void *p, size_t old, size_t n)
{
    struct scarce *s = ud;

    if (n == 0) {
        free(p);
        return NULL;
    }
    if (p == NULL || n > old) {
        s->requests++;
        if (s->requests == s->fail_at || s->requests == s->fail_at + 1)
            return NULL;                /* Lua collects, and asks again */
    }
    return realloc(p, n);
}

/* Twice: the second meets what the first left half made. */
static int use_all(lua_State *L)
{
    static const char script[] =
        "local core = ...\n"
        "local function use()\n"
        "  core.json.encode { a = { 1, 2 }, b = 'c' }\n"
        "  pcall(core.json.encode, { a = print })\n"
        "  core.json.decode '{\"a\":[1,{\"b\":null}]}'\n"
        "  core.sign { url = 'http://127.0.0.1/', service = 'ecs',\n"
        "    region = 'eu-west-1', access_key_id = 'a',\n"
        "    secret_access_key = 'b', headers = { c = 'd' } }\n"
        "  local c = core.client { region = 'eu-west-1',\n"
        "    endpoint_url = 'http://127.0.0.1:1', max_attempts = 1,\n"
        "    no_sign_request = true,\n"
        "    ca_bundle = 'tests/fuzz/corpus/pem/good' }\n"
        "  c:call('ecs', 'ListClusters', { a = 1 })\n"
        "  c:close()\n"
        "end\n"
        "pcall(use)\n"
        "use()\n";

    luaL_requiref(L, "_G", luaopen_base, 1);
    luaL_requiref(L, "headcount.core", luaopen_headcount_core, 0);
    if (luaL_loadstring(L, script) != LUA_OK)
        return lua_error(L);
    lua_insert(L, -2);
    lua_call(L, 1, 0);
    return 0;
}

static int prepare(lua_State *L)
{
    module_prepare(L);
    return 0;
}

/* What raises here has nobody to catch it. */
TEST(module, a_host_that_prepared_needs_no_memory_to_set_things)
{
    static const struct module_host host = { .log = NULL };
    struct scarce scarce = { 0, SIZE_MAX / 2 };
    lua_State *L = lua_newstate(scarce_alloc, &scarce);

    CHECK(L != NULL);
    lua_pushcfunction(L, prepare);
    CHECK_INT(lua_pcall(L, 0, 0, 0), LUA_OK);
    size_t before = scarce.requests;

    for (int i = 0; i < 100; i++) {
        module_set_host(L, i % 2 == 0 ? &host : NULL);
        module_set_deadline(L, i);
    }
    CHECK_INT(scarce.requests, before);
    lua_close(L);
}

TEST(module, each_request_of_lua_for_memory_may_fail)
{
    struct scarce scarce = { 0, 0 };

    unsetenv("AWS_CA_BUNDLE");
    unsetenv("SSL_CERT_FILE");
    do {
        scarce.requests = 0;
        scarce.fail_at++;
        lua_State *L = lua_newstate(scarce_alloc, &scarce);

        if (L == NULL)
            continue;
        lua_pushcfunction(L, use_all);
        int err = lua_pcall(L, 0, 0, 0);

        lua_close(L);
        CHECK(err == LUA_OK || scarce.requests >= scarce.fail_at);
    } while (scarce.requests >= scarce.fail_at);
    CHECK(scarce.fail_at > 300);
}
