/* tests/lua/sandbox/sandbox_test.c - what text in the sandbox can do, and the
 * attempts at what it cannot: each one ends as an error of its own, and the
 * next text runs as if nothing had been. */
#include "t.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <lauxlib.h>

#include "sandbox/sandbox.h"

#define LEN(a) (sizeof(a) / sizeof(*(a)))

/* For what has to come out the same on a slow machine, under valgrind say. */
static const struct sandbox_limits patient = { .time = 60000000 };
static struct sandbox_error error;
static char result[1000];

/* Runs the chunk; what it returns becomes text. */
static int body(lua_State *L)
{
    size_t n;

    lua_pushvalue(L, 1);
    lua_call(L, 0, 1);
    if (lua_isnil(L, -1))
        return 0;
    const char *text = luaL_checklstring(L, -1, &n);

    snprintf(result, sizeof(result), "%.*s", (int)n, text);
    return 0;
}

static int load(struct sandbox *s, const char *text)
{
    error.what[0] = result[0] = '\0';
    return sandbox_load(s, "policy.lua", text, strlen(text), &error);
}

static int run(struct sandbox *s, const char *text)
{
    int err = load(s, text);

    return err == 0 ? sandbox_run(s, body, NULL, &error) : err;
}

/* ---- what there is ---- */

TEST(sandbox, it_is_lua_5_4)
{
    struct sandbox *s = sandbox_new(&patient);

    CHECK(s != NULL);
    CHECK_INT(run(s, "return _VERSION"), 0);
    CHECK_Z(result, "Lua 5.4");
    sandbox_free(s);
}

static const struct { const char *text, *gives; } good[] = {
    { "return 1 + 2", "3" },
    { "local t = {} for k, v in pairs { b = 2, a = 1, [2] = 'y', [1] = 'x',"
      " [true] = 't', [-1.5] = 'm' } do t[#t + 1] = tostring(k) .. v end "
      "return table.concat(t, ' ')", "-1.5m 1x 2y a1 b2 truet" },
    { "local t = { a = 1, b = 2, c = 3 } local s = '' for k in pairs(t) do "
      "t.b = nil s = s .. k end return s", "ac" },
    { "return tostring({}) .. tostring(print == nil and 1 or pairs) .. "
      "tostring(nil) .. tostring(1.0) .. tostring(true)",
      NULL },
    { "return tostring({}) .. tostring(pairs)", "tablefunction" },
    { "return tostring(setmetatable({}, { __tostring = function() return 'x' "
      "end }))", "x" },
    { "return ('%s %5.1f %d %q'):format({}, 2.25, 3, 'a')",
      "table   2.2 3 \"a\"" },
    { "return ('a,b,,c'):gsub(',', ';')", "a;b;;c" },
    { "return (('abc'):gsub('%w', '%0%0'))", "aabbcc" },
    { "return (('abc'):gsub('', '-'))", "-a-b-c-" },
    { "return (('hello world'):gsub('o', { o = '0' }))", "hell0 w0rld" },
    { "return (('abc def'):gsub('%w+', function(w) return w:upper() end))",
      "ABC DEF" },
    { "return (('abc'):gsub('^a', 'x'))", "xbc" },
    { "return (('abc'):gsub('b', '%%'))", "a%c" },
    { "return (('k=v'):gsub('(%w)=(%w)', '%2=%1'))", "v=k" },
    { "local s = '' for k, v in ('a=1,b=2'):gmatch('(%w)=(%w)') do s = s .. k "
      ".. v end return s", "a1b2" },
    { "local s = '' for w in ('ab'):gmatch('') do s = s .. '|' end return s",
      "|||" },
    { "return ('key = value'):match('^(%w+)%s*=%s*(%w+)$')", "key" },
    { "return ('a.b'):find('.', 1, true)", "2" },
    { "return ('abc'):find('b', -2)", "2" },
    { "return ('x'):rep(3, ',')", "x,x,x" },
    { "local t = { 3, 1, 2 } table.sort(t) return table.concat(t, ',')",
      "1,2,3" },
    { "local t = { 'bb', 'a', 'cc', 'd' } table.sort(t, function(a, b) return "
      "#a < #b end) return table.concat(t, ',')", "a,d,bb,cc" },
    { "local t = { 1, 2, 3 } table.insert(t, 2, 9) table.remove(t, 1) return "
      "table.concat(t, ',')", "9,2,3" },
    { "return table.concat(table.move({ 1, 2, 3 }, 1, 3, 2), ',')",
      "1,1,2,3" },
    { "return select('#', table.unpack { 1, 2, 3 })", "3" },
    { "return table.pack(1, nil, 3).n", "3" },
    { "return math.max(1, 7, 3) // 2", "3" },
    { "return utf8.len('h\u00e9')", "2" },
    { "x = 5 return x + _G.x", "10" },
    { "local ok = {} for i, v in ipairs { 'a', 'b' } do ok[i] = v end return "
      "#ok", "2" },
};

TEST(sandbox, what_there_is_does_what_lua_does)
{
    struct sandbox *s = sandbox_new(&patient);

    for (size_t i = 0; i < LEN(good); i++) {
        if (good[i].gives == NULL)
            continue;
        if (run(s, good[i].text) != 0)
            fail_msg("%s: %s", good[i].text, error.what);
        CHECK_Z(result, good[i].gives);
    }
    sandbox_free(s);
}

TEST(sandbox, a_run_leaves_nothing_behind_for_the_next)
{
    struct sandbox *s = sandbox_new(&patient);

    CHECK_INT(run(s, "x = 1 string.x = 1 table.sort = nil pairs = nil "
                     "_G.y = 2 math.pi = 3"), 0);
    CHECK_INT(run(s, "return tostring(rawget(_G, 'x')) .. tostring(string.x) "
                     ".. tostring(table.sort) .. tostring(pairs) .. "
                     "tostring(rawget(_G, 'y')) .. math.pi // 1"), 0);
    CHECK_Z(result, "nilnilfunctionfunctionnil3.0");
    sandbox_free(s);
}

/* ---- what there is not ---- */

static const struct { const char *text, *says; } missing[] = {
    { "return per_hots", "policy.lua:1: 'per_hots' is not known here" },
    { "\nreturn pair({})", "policy.lua:2: 'pair' is not known here; did you "
      "mean 'pairs'?" },
    { "return tostrin(1)", "did you mean 'tostring'?" },
    { "return io", "'io' is not known" }, { "return os", "'os' is" },
    { "return debug", "'debug' is" }, { "return package", "'package' is" },
    { "require 'x'", "'require' is" }, { "load 'x'", "'load' is" },
    { "loadstring 'x'", "'loadstring' is" }, { "dofile 'x'", "'dofile' is" },
    { "loadfile 'x'", "'loadfile' is" }, { "pcall(error)", "'pcall' is" },
    { "xpcall(error, error)", "'xpcall' is" },
    { "coroutine.wrap(error)", "'coroutine' is" },
    { "collectgarbage()", "'collectgarbage' is" },
    { "rawset(_G, 1, 2)", "'rawset' is" }, { "next({})", "'next' is" },
    { "print(1)", "'print' is" }, { "warn '@on'", "'warn' is" },
    { "string.dump(pairs)", "field 'dump'" },
    { "string.pack('i', 1)", "field 'pack'" },
    { "return math.random()", "field 'random'" },
};

TEST(sandbox, what_is_not_there_is_named_with_what_is_nearest)
{
    struct sandbox *s = sandbox_new(&patient);

    for (size_t i = 0; i < LEN(missing); i++) {
        CHECK_INT(run(s, missing[i].text), -1);
        if (strstr(error.what, missing[i].says) == NULL)
            CHECK_Z(error.what, missing[i].says);
        CHECK(!sandbox_is_spent(s));
    }
    CHECK_INT(run(s, "return 1"), 0);
    sandbox_free(s);
}

/* ---- attempts ---- */

/* Of which budget is the machine's business: it is slower or faster. */
#define MORE "it takes more than"

static const struct { const char *name, *text, *says; } attempts[] = {
    { "an endless loop", "while true do end", MORE },
    { "a loop in a comparison", "local t = setmetatable({}, { __lt = function("
      ") while true do end end }) return tostring(t < t)", MORE },
    { "a goto", "::a:: goto a", MORE },
    { "a loop that formats", "while true do local x = ('%5.1f'):format(1) end",
      "" },
    { "nested patterns", "return string.find(('a'):rep(64), ('a-'):rep(20) .. "
      "'b')", "pattern takes too long" },
    { "many nested patterns", "for i = 1, 1e9 do local s = ('a'):rep(500) "
      "s:find('.-.-b') end", "" },
    { "a pattern of brackets", "return (('('):rep(60000)):match('%b()')", "" },
    { "gsub with a loop inside", "return (('x'):rep(9999)):gsub('x', function("
      ") while true do end end)", MORE },
    { "gsub that grows", "local s = 'x' while true do s = s:gsub('x', 'xx') "
      "end", "longer than 65536" },
    { "gmatch for ever", "while true do for w in ('a'):rep(60000):gmatch('.-b'"
      ") do end end", "" },
    { "a huge rep", "return ('x'):rep(1e9)", "longer than 65536" },
    { "a huge rep of nothing", "return ('x'):rep(1 << 62, 'y')",
      "longer than 65536" },
    { "reps of reps", "local s = 'x' for i = 1, 60 do s = s .. s end",
      "65536 bytes" },
    { "concat of reps", "local t = {} for i = 1, 1e6 do t[i] = ('x'):rep("
      "60000) end return table.concat(t)", MORE },
    { "many texts", "local t = {} for i = 1, 1e9 do t[i] = ('x'):rep(i % 999) "
      ".. i end", MORE },
    { "a flood of tables", "local t = {} for i = 1, 1e9 do t[i] = {} end",
      MORE },
    { "a flood of keys", "local t = {} for i = 1, 1e9 do t['k' .. i] = i end",
      MORE },
    { "a chain of tables", "local t = {} while true do t = { t, t } end",
      MORE },
    { "a flood of closures", "local t = {} while true do t[#t + 1] = function("
      ") return t end end", MORE },
    { "garbage near the cap", "local t = {} for i = 1, 100000 do t[i] = { i } "
      "end while true do local x = { {}, {}, {} } end", "" },
    { "deep recursion", "local function f() return 1 + f() end return f()",
      "" },
    { "recursion of tails", "local function f() return f() end return f()",
      MORE },
    { "recursion through C", "local function f(x) return (x:gsub('.', f)) end "
      "return f('x')", "stack overflow" },
    { "recursion of __index", "local t = {} setmetatable(t, { __index = "
      "function(t, k) return t[k + 1] end }) return t[1]", "" },
    { "a chain of __index", "local t = {} for i = 1, 3000 do t = setmetatable("
      "{}, { __index = t }) end while true do local x = t.x end", "" },
    { "a sort that lies", "local t = {} for i = 1, 30000 do t[i] = i end while"
      " true do table.sort(t, function() return true end) end", "" },
    { "a sort by a C function", "local t = {} for i = 1, 30000 do t[i] = i end"
      " while true do table.sort(t, rawequal) end", "" },
    { "concat without an end", "return table.concat(setmetatable({}, { __index"
      " = tostring, __len = function() return 1e15 end }), '', 1, 1e15)",
      "it is more than the length" },
    { "move without an end", "table.move({}, 1, 1e15, 1, setmetatable({}, { "
      "__newindex = type, __index = rawlen }))", "not within the table" },
    { "unpack of a lot", "return table.unpack({}, 1, 1e8)", "too many" },
    { "unpack around the end", "return table.unpack({}, math.maxinteger - 1, "
      "math.maxinteger)", "too many" },
    { "insert at the front", "local t = {} for i = 1, 1e9 do table.insert(t, 1"
      ", i) end", "" },
    { "ipairs by a C function", "for i, v in ipairs(setmetatable({}, { __index"
      " = tostring })) do end", MORE },
    { "bytecode", "\x1bLua", "attempt to load a binary chunk" },
    { "the metatable of texts", "getmetatable('').__index = 1",
      "attempt to index a boolean value" },
    { "the methods of texts", "(''):rep(1).x = 1", "attempt to index" },
    { "the metatable of names", "setmetatable(_G, {})", "protected" },
    { "the names behind the names", "return getmetatable(_G).__index",
      "attempt to index a boolean" },
    { "__gc", "setmetatable({}, { __gc = function() while true do end end })",
      "__gc is not possible" },
    { "__close", "local x <close> = setmetatable({}, { __close = function() "
      "while true do end end })", "__close is not possible" },
    { "__close that comes later", "local m = {} local x <close> = (function() "
      "local t = setmetatable({}, m) m.__close = function() while true do end "
      "end return t end)() error 'x'", "__close is not possible" },
    { "__gc that comes later", "local m = {} for i = 1, 100 do setmetatable("
      "{}, m) end m.__gc = function() while true do end end local t = {} for "
      "i = 1, 1e6 do t = { t } end", "__gc is not possible" },
    { "weak tables", "setmetatable({}, { __mode = 'k' })", "__mode is not" },
    { "an error that is a table", "error({})", "it raised a table" },
    { "an error with a metatable", "error(setmetatable({}, { __tostring = "
      "function() while true do end end }))", "it raised a table" },
    { "an error of nil", "error()", "it raised a nil" },
    { "an error with control bytes", "error('\\27[31m', 0)", "?[31m" },
    { "a name that loops", "local t = setmetatable({}, { __name = ('x'):rep("
      "9999) }) return t + 1", "policy.lua:1" },
    { "__tostring that is none", "return tostring(setmetatable({}, { "
      "__tostring = function() return {} end }))", "must return a string" },
    { "addresses by format", "return ('%p'):format({})", "address" },
    { "an order of tables", "for k in pairs { [{}] = 1 } do end",
      "has no order" },
    { "an order of functions", "for k in pairs { [pairs] = 1 } do end",
      "has no order" },
    { "a number that is a text", "local n = ('9'):rep(60000) while true do "
      "math.floor(n) end", "" },
    { "tonumber of a lot", "local n = ('9'):rep(60000) while true do tonumber("
      "n) end", "" },
    { "upper of a lot", "local n = ('a'):rep(60000) while true do n:upper() "
      "end", "" },
    { "bytes of a lot", "while true do ('a'):rep(60000):byte(1, -1) end", "" },
    { "equal texts", "local a, b = ('a'):rep(60000), ('a'):rep(60000) while "
      "true do local x = a .. 'x' == b .. 'x' end", "" },
    { "a huge format", "return ('%99999d'):format(1)", "invalid" },
    { "a text of formats", "return (('%s'):rep(30000)):format(('x'):rep(99))",
      "bad argument" },
    { "no chunk", "return return", "policy.lua:1: " },
    { "a chunk of brackets", NULL, "policy.lua:1: C stack overflow" },
    { "too many labels", NULL, "policy.lua:1001: it has more than 1000 labels"
      },
    { "too many gotos", NULL, "policy.lua:1002: it has more than 1000 gotos "
      "and breaks" },
    { "too many breaks", NULL, "policy.lua:1002: it has more than 1000 gotos "
      "and breaks" },
    { "a chain of or", NULL, "" }, { "names behind many scopes", NULL, "" },
    { "too long a text", NULL, "longer than 256 KiB" },
};

/* `first`, then `unit` as often as it has room, then `last`. */
static void fill(char *text, const char *first, const char *unit,
                 const char *last)
{
    size_t at = strlen(first), n = strlen(unit);
    size_t end = SANDBOX_TEXT - strlen(last);

    memcpy(text, first, at);
    for (; at + n <= end; at += n)
        memcpy(text + at, unit, n);
    strcpy(text + at, last);
}

/* 60 functions one within the other, 200 names in each. */
static void fill_scopes(char *text)
{
    static char first[60 * 500], last[60 * 5];

    first[0] = last[0] = '\0';
    for (int i = 0; i < 60; i++) {
        strcat(first, "local a");
        for (int k = 1; k < 199; k++)
            strcat(first, ",a");
        strcat(first, " return function() ");
        strcat(last, " end");
    }
    fill(text, first, "x()", last);
}

static char *made(size_t i)
{
    size_t n = SANDBOX_TEXT + 1;
    char *text = malloc(n + 1);
    const char *name = attempts[i].name;

    CHECK(text != NULL);
    memset(text, ' ', n);
    text[n] = '\0';
    if (strcmp(name, "a chunk of brackets") == 0)
        fill(text, "return ", "(", "");
    else if (strcmp(name, "too many labels") == 0)
        fill(text, "", "::a::\n", "");
    else if (strcmp(name, "too many gotos") == 0)
        fill(text, "do\n", "goto a\n", "::a:: end");
    else if (strcmp(name, "too many breaks") == 0)
        fill(text, "while x do\n", "do break end\n", "end");
    else if (strcmp(name, "a chain of or") == 0)
        fill(text, "local a = b ", "or b ", "");
    else if (strcmp(name, "names behind many scopes") == 0)
        fill_scopes(text);
    return text;
}

static long long ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (long long)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

TEST(sandbox, every_attempt_ends_as_an_error_and_the_next_text_runs)
{
    long long slowest = 0;
    size_t which = 0;

    for (size_t i = 0; i < LEN(attempts); i++) {
        bool said = attempts[i].says[0] != '\0' &&
                    strcmp(attempts[i].says, MORE) != 0;
        struct sandbox *s = sandbox_new(said ? &patient : NULL);
        char *text = attempts[i].text == NULL ? made(i) : NULL;
        long long began = ms(), took;

        if (run(s, text != NULL ? text : attempts[i].text) != -1)
            fail_msg("%s: no error", attempts[i].name);
        if (error.what[0] == '\0' ||
            strstr(error.what, attempts[i].says) == NULL)
            fail_msg("%s: %s", attempts[i].name, error.what);
        CHECK(strstr(error.what, "0x") == NULL);
        if (sandbox_is_spent(s)) {
            CHECK_INT(run(s, "return 1"), -1);
            sandbox_free(s);
            s = sandbox_new(&patient);
        }
        if (run(s, "local t = {} for k in pairs { a = 1 } do t[#t + 1] = k end"
                   " return t[1]") != 0)
            fail_msg("after %s: %s", attempts[i].name, error.what);
        CHECK_Z(result, "a");
        sandbox_free(s);
        free(text);
        took = ms() - began;
        which = took > slowest ? i : which;
        slowest = took > slowest ? took : slowest;
    }
    print_message("# %zu attempts, the slowest took %lld ms (%s)\n",
                  LEN(attempts), slowest, attempts[which].name);
}

/* ---- budgets ---- */

/* Clocks that go on by a step whenever they are looked at. */
static int64_t now_is, now_step, cpu_is, cpu_step;

static int64_t now(void *ud)
{
    (void)ud;
    return now_is += now_step;
}

static int64_t cpu(void *ud)
{
    (void)ud;
    return cpu_is += cpu_step;
}

TEST(sandbox, budgets_are_what_they_are_set_to)
{
    const struct sandbox_limits few = { .instructions = 10000,
                                        .time = 60000000 };
    const struct sandbox_limits small = { .memory = 1 << 20,
                                          .time = 60000000 };
    const char *loop = "for i = 1, 3000 do end";
    const char *long_loop = "for i = 1, 30000 do end";
    struct sandbox *s = sandbox_new(&few);

    CHECK_INT(run(s, loop), 0);
    CHECK_INT(run(s, loop), 0);           /* full again at each run */
    CHECK_INT(run(s, long_loop), -1);
    CHECK(strstr(error.what, "policy.lua:1: it takes more than 10000 "
                 "instructions") != NULL);
    CHECK(sandbox_is_spent(s));
    sandbox_free(s);
    s = sandbox_new(&small);
    CHECK_INT(run(s, "local t = {} for i = 1, 99999 do t[i] = i end"), -1);
    CHECK(strstr(error.what, "1 MiB of memory") != NULL);
    sandbox_free(s);
}

static const struct sandbox_limits stepped = { .time = 50000, .now = now,
                                               .cpu = cpu };

/* Other programs had the processor meanwhile: 4 seconds go by. */
TEST(sandbox, a_busy_machine_does_not_make_a_text_fail)
{
    struct sandbox *s = sandbox_new(&stepped);

    now_step = 400000;
    cpu_step = 100;
    CHECK_INT(run(s, "for i = 1, 2000 do end return 'done'"), 0);
    CHECK_Z(result, "done");
    sandbox_free(s);
}

TEST(sandbox, the_time_of_a_run_is_cpu_time)
{
    struct sandbox *s = sandbox_new(&stepped);

    now_step = 1000;
    cpu_step = 20000;                   /* asked for when it may be spent */
    CHECK_INT(run(s, "for i = 1, 3000 do end"), 0);
    CHECK_INT(run(s, "\nfor i = 1, 100000 do end"), -1);
    CHECK_Z(error.what, "policy.lua:2: it takes more than 50 ms of CPU time");
    CHECK(sandbox_is_spent(s));
    sandbox_free(s);
}

/* It waits for 50 ms, and then has the processor for itself. */
static int64_t cpu_from_50_ms_on(void *ud)
{
    (void)ud;
    return now_is > 50000 ? now_is - 50000 : 0;
}

TEST(sandbox, the_clock_of_the_cpu_is_read_in_time)
{
    const struct sandbox_limits late = { .time = 50000, .now = now,
                                         .cpu = cpu_from_50_ms_on };
    struct sandbox *s = sandbox_new(&late);

    now_is = 0;
    now_step = 1000;
    CHECK_INT(run(s, "for i = 1, 1000000 do end"), -1);
    CHECK(strstr(error.what, "50 ms of CPU time") != NULL);
    CHECK(now_is >= 100000 && now_is <= 110000);
    sandbox_free(s);
}

TEST(sandbox, elapsed_time_is_the_backstop)
{
    struct sandbox *s = sandbox_new(&stepped);

    now_step = 400000;
    cpu_step = 0;
    CHECK_INT(run(s, "\nfor i = 1, 100000 do end"), -1);
    CHECK_Z(error.what, "policy.lua:2: it did not end within 5000 ms: the "
            "machine gave it less than 50 ms of CPU time");
    CHECK(sandbox_is_spent(s));
    sandbox_free(s);
}

TEST(sandbox, the_compiler_is_within_the_time_too)
{
    struct sandbox *s = sandbox_new(&stepped);
    char *text = malloc(SANDBOX_TEXT + 1);
    int line = 0;

    CHECK(text != NULL);
    fill(text, "", "a = 1\n", "");
    now_step = 1000;
    cpu_step = 20000;
    CHECK_INT(load(s, text), -1);
    CHECK_INT(sscanf(error.what, "policy.lua:%d: it takes more than 50 ms",
                     &line), 1);
    CHECK(line > 1 && line < 10000);
    CHECK(sandbox_is_spent(s));
    sandbox_free(s);
    free(text);
}

/* ---- what the compiler does not get ---- */

static const struct { const char *text, *gives; } scanned[] = {
    { "\xef\xbb\xbfreturn 1", "1" },
    { "#!/usr/bin/headcount\nreturn 1", "1" },
    { "\xef\xbb\xbf#!x\r\nreturn 1", "1" }, { "#", "" },
    { "--[==[ goto break ]] :: ]=] ]==] return '\\'break' --", "'break" },
    { "local a = { 1 } return a[a[1]]", "1" },
    { "return \"\\z  \n ::\" .. [[\n::]] .. '\\\r\n'", "::::\n" },
    { "for i = 1, 2 do if i == 2 then goto done end end ::done:: return 1",
      "1" },
};

TEST(sandbox, a_mark_and_a_first_line_that_are_no_lua_are_skipped)
{
    struct sandbox *s = sandbox_new(&patient);

    for (size_t i = 0; i < LEN(scanned); i++) {
        if (run(s, scanned[i].text) != 0)
            fail_msg("%s: %s", scanned[i].text, error.what);
        CHECK_Z(result, scanned[i].gives);
    }
    CHECK_INT(run(s, "#!x\nreturn nil + 1"), -1);
    CHECK(strncmp(error.what, "policy.lua:2: ", 14) == 0);
    CHECK_INT(run(s, "#!x\nreturn return"), -1);
    CHECK(strncmp(error.what, "policy.lua:2: ", 14) == 0);
    CHECK_INT(run(s, "\n#!x"), -1);
    sandbox_free(s);
}

/* 1001 words each, where they are no gotos, breaks or labels. */
TEST(sandbox, what_is_no_jump_is_not_counted_as_one)
{
    static const char *const rows[][2] = {
        { "--", "goto break :: " }, { "--[[", "goto break ::\n" },
        { "return '", "goto break :: " }, { "return [==[", "break ]]::" },
        { "return '", "\\\n:: " }, { "return '", "\\z \n goto :: " },
        { "return {", "breaks=1,agoto=2,goto_=3," },
    };
    static const char *const ends[] = { "", "]]", "'", "]==]", "'", "'", "}" };
    struct sandbox *s = sandbox_new(&patient);
    char *text = malloc(SANDBOX_TEXT + 1);

    CHECK(text != NULL);
    for (size_t i = 0; i < LEN(rows); i++) {
        text[0] = '\0';
        strcat(text, rows[i][0]);
        for (int k = 0; k < 2002; k++)
            strcat(text, rows[i][1]);
        strcat(text, ends[i]);
        if (load(s, text) != 0)
            fail_msg("%zu: %s", i, error.what);
    }
    free(text);
    sandbox_free(s);
}

/* ---- metatables ---- */

static const struct { const char *text, *gives; } classes[] = {
    { "local m = {} local t = setmetatable({}, m) return tostring("
      "getmetatable(t) == m) .. tostring(getmetatable(m))", "truenil" },
    { "local m = {} local t = setmetatable({}, m) m.__index = { x = 1 } "
      "m.y = 2 m[1] = 3 return t.x + rawget(m, 'y') + #m", "4" },
    { "local m = {} local t = setmetatable({}, m) function m.__tostring() "
      "return 'late' end return tostring(t)", "late" },
    { "local A = {} A.__index = A function A.new() return setmetatable({}, A) "
      "end function A:name() return 'A' end local B = setmetatable({}, { "
      "__index = A }) B.__index = B local b = setmetatable({}, B) function "
      "B:more() return 'B' end return b:name() .. b:more()", "AB" },
    { "local C = {} local c = setmetatable({}, C) setmetatable(C, { __call = "
      "function(k, x) return x end }) C.__index = { z = 5 } return C(2) + c.z",
      "7" },
    { "local C = {} setmetatable(C, C) C.__index = function(_, k) return k end"
      " C.v = 'w' return C.x .. C.v", "xw" },
    { "local m = {} setmetatable({}, m) setmetatable(m, nil) m.x = 1 return "
      "tostring(getmetatable(m)) .. m.x", "nil1" },
    { "local log = '' local m = {} setmetatable({}, m) setmetatable(m, { "
      "__newindex = function(t, k) log = log .. k end }) m.a = 1 return log .. "
      "tostring(rawget(m, 'a'))", "anil" },
    { "local t = setmetatable({}, { __metatable = 'mine' }) return "
      "getmetatable(t)", "mine" },
    { "local m = {} setmetatable({}, m) m.__mode = nil m.__gc = nil return 1",
      "1" },
    { "local m = {} setmetatable({}, m) local n = '' m.b = 1 m.a = 2 for k in "
      "pairs(m) do n = n .. k end return n", "ab" },
    { "return ({ __mode = 'k', __gc = 1, __close = 1 }).__mode", "k" },
    { "local M = {} local C = setmetatable({}, M) C.__index = C local c = "
      "setmetatable({}, C) M.__index = { v = 'late' } return c.v .. "
      "tostring(getmetatable(C) == M) .. tostring(rawget(M, '__newindex'))",
      "latetruenil" },
    { "local M = { __index = { v = 1 } } local C = setmetatable({}, M) "
      "C.__index = C setmetatable({}, C) M.__index = { v = 2 } "
      "return setmetatable({}, C).v .. setmetatable({}, C).v", "22" },
    { "local M = {} local C = setmetatable({}, M) setmetatable({}, C) "
      "M.__metatable = 'no' return getmetatable(C)", "no" },
    { "local M = { n = 1 } local A = setmetatable({}, M) local B = "
      "setmetatable({}, M) setmetatable({}, A) setmetatable({}, B) M.__call = "
      "function(_, x) return x end return A(1) .. B(2) .. getmetatable(B).n",
      "121" },
};

TEST(sandbox, a_metatable_is_what_it_is_in_lua)
{
    struct sandbox *s = sandbox_new(&patient);

    for (size_t i = 0; i < LEN(classes); i++) {
        if (run(s, classes[i].text) != 0)
            fail_msg("%s: %s", classes[i].text, error.what);
        CHECK_Z(result, classes[i].gives);
    }
    sandbox_free(s);
}

static const char *const weak[] = {
    "local m = {} setmetatable({}, m)\nm.__mode = 'k'",
    "local m = {} setmetatable({}, m)\nm['__mo' .. 'de'] = 'v'",
    "local m = {} setmetatable({}, m)\nm.__gc = 1",
    "local m = {} setmetatable({}, m)\nm.__close = 1",
    "local m = {} setmetatable({}, m) setmetatable(m, nil)\nm.__mode = 'k'",
    "local m = {} setmetatable({}, m) setmetatable(m, {})\nm.__mode = 'k'",
    "local m = setmetatable({}, {}) setmetatable({}, m)\nm.__mode = 'k'",
    "local m = setmetatable({}, { __index = {} }) setmetatable({}, m)\n"
        "m.__mode = 'k'",
    "local m = {} setmetatable(m, m)\nm.__mode = 'k'",
    "local m = {} m.__index = m setmetatable({}, m) m.__mode = nil\n"
        "m.__mode = 'k'",
    "\nsetmetatable({}, { __mode = false })",
    "local m = {} local t = setmetatable({}, m)\ngetmetatable(t).__mode = 'k'",
    "local M = {} local m = setmetatable({}, M) setmetatable({}, m) "
        "M.__newindex = nil\nm.__mode = 'k'\nm.__mode = nil",
    "local M = {} local m = setmetatable({}, M) setmetatable({}, m) "
        "getmetatable(m).__newindex = nil\nm.__mode = 'k'\nm.__mode = nil",
    "local m = {} setmetatable({}, m) local M = {} setmetatable(m, M) "
        "M.__newindex = nil\nm.__mode = 'v'\nm.__mode = nil",
    "local M = setmetatable({}, {}) local m = setmetatable({}, M) "
        "setmetatable({}, m)\nM.__mode = 'v'\nM.__mode = nil",
};

TEST(sandbox, a_table_does_not_become_weak_later)
{
    struct sandbox *s = sandbox_new(&patient);

    for (size_t i = 0; i < LEN(weak); i++) {
        if (run(s, weak[i]) != -1)
            fail_msg("%s: no error", weak[i]);
        if (strncmp(error.what, "policy.lua:2: ", 14) != 0 ||
            strstr(error.what, "is not possible here") == NULL)
            fail_msg("%s: %s", weak[i], error.what);
    }
    sandbox_free(s);
}

/* What a metatable has for a __newindex stays in its way when it is gone. */
TEST(sandbox, a_table_is_not_weak_for_a_while)
{
    static const char *const texts[] = {
        ("local M = { __newindex = rawequal } local m = setmetatable({}, M) "
            "setmetatable({}, m) M.__newindex = nil m.__mode = 'k' "
            "return tostring(rawget(m, '__mode'))"),
        ("local m = {} setmetatable({}, m) local M = {} setmetatable(m, M) "
            "M.__newindex = {} M.__newindex = nil m.__mode = 'k' "
            "return tostring(rawget(m, '__mode'))"),
        ("local m = {} setmetatable({}, m) setmetatable(m, { __newindex = "
            "function() end }) m.__mode = 'k' return tostring(m.__mode)"),
    };
    struct sandbox *s = sandbox_new(&patient);

    for (size_t i = 0; i < LEN(texts); i++) {
        if (run(s, texts[i]) != 0)
            fail_msg("%s: %s", texts[i], error.what);
        CHECK_Z(result, "nil");
    }
    sandbox_free(s);
}

/* ---- where ---- */

static const char *const placed[] = {
    "\nlocal x = string.rep('x', 1e6)", "\nreturn string.rep('x', 1e6)",
    "local t = { 1, {} }\ntable.sort(t)",
    "local t = { 1, 2 }\ntable.sort(t, string.gsub)",
    "\nlocal s = ('x'):gsub('x', string.rep)",
    "\nlocal s = ('x'):gsub('x', error)",
    "\nlocal x = ('a'):find('[a')", "\nfor k in pairs(nil) do end",
    "\nlocal x = setmetatable({}, { __index = string.rep }).x",
    "\nlocal x = tostring(setmetatable({}, { __tostring = string.rep }))",
    "\nlocal x = tostring(setmetatable({}, { __tostring = error }))",
    "\nerror('no place', 0)", "\nerror {}", "\nerror()",
    "\nerror(setmetatable({}, { __tostring = error }))",
    "\nassert(false)", "\nassert(nil, 'x')", "\nassert(false, {})",
    "\nlocal x = ('x'):bad()", "\nlocal x = math.floor('y')",
    "\nlocal x = ('%d'):format('y')", "\nlocal x = utf8.char(-1)",
    "\nlocal function f() return f() + 1 end f()",
    "\nlocal x = {} < {}", "\nlocal x = #nil",
    "\nlocal t = setmetatable({}, { __lt = string.rep }) local x = t < t",
    ("\nlocal t = setmetatable({}, { __index = function(t, k)"
     " return t[k] end }) local x = t.x"),
    "\nfor w in ('x'):gmatch('(') do end",
    "\nlocal x = table.concat({ {} })", "\nlocal x = select(0)",
    "\nlocal x = nothing", "\nlocal x = 1 // 0",
    "\nlocal x <close> = 5", "x = 1\nreturn return", "\nx = 'a",
};

TEST(sandbox, every_error_has_file_and_line)
{
    struct sandbox *s = sandbox_new(&patient);

    for (size_t i = 0; i < LEN(placed); i++) {
        if (run(s, placed[i]) != -1)
            fail_msg("%s: no error", placed[i]);
        if (strncmp(error.what, "policy.lua:2: ", 14) != 0 ||
            strstr(error.what + 14, "policy.lua") != NULL)
            fail_msg("%s: %s", placed[i], error.what);
        if (sandbox_is_spent(s)) {
            sandbox_free(s);
            s = sandbox_new(&patient);
        }
    }
    sandbox_free(s);
}

/* Lua shows the end of a long name; the place is said once all the same. */
TEST(sandbox, a_long_name_is_said_once)
{
    static const char name[] = "/etc/headcount/policies/of/a/team/that/has/a/"
                               "long/name/policy.lua";
    struct sandbox *s = sandbox_new(&patient);
    const char *at;

    CHECK_INT(sandbox_load(s, name, "return return", 13, &error), -1);
    at = strstr(error.what, "/name/policy.lua:1: ");
    CHECK(at != NULL && strstr(at + 10, "policy.lua") == NULL);
    CHECK_INT(sandbox_load(s, name, "error('x', 0)", 13, &error), 0);
    CHECK_INT(sandbox_run(s, body, NULL, &error), -1);
    at = strstr(error.what, "/name/policy.lua:1: x");
    CHECK(at != NULL && strstr(at + 10, "policy.lua") == NULL);
    sandbox_free(s);
}

static int given(lua_State *L)
{
    lua_pushliteral(L, "given");
    return 1;
}

TEST(sandbox, what_is_given_is_there_in_each_run)
{
    struct sandbox *s = sandbox_new(&patient);

    CHECK_INT(sandbox_give(s, "gift", given, 0), 0);
    CHECK_INT(run(s, "local x = gift() gift = nil return x"), 0);
    CHECK_INT(run(s, "return gift()"), 0);
    CHECK_Z(result, "given");
    CHECK_INT(run(s, "return gft()"), -1);
    CHECK(strstr(error.what, "did you mean 'gift'?") != NULL);
    sandbox_free(s);
}
