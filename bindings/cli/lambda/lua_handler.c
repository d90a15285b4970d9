/* cli/lambda/lua_handler.c - a function of one's own, in Lua, as Lambda's
 * handler.
 *
 *   open -> file runs -> function kept in the registry
 *   call -> event, context -> function -> JSON | nil, message | error
 *
 * A debug hook ends a handler that runs into the deadline.  That may leave its
 * Lua state half changed, so the state is closed before the next event.
 */
#include "lambda/lua_handler.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <lauxlib.h>

#include "base/clock.h"
#include "blocks.h"
#include "log.h"
#include "lua_host.h"
#include "policy_option.h"
#include "module.h"
#include "verbs/verbs.h"

#define HOOK_EVERY 10000                /* instructions                      */
/* Calls end before the handler does: it may still say what it makes of that. */
#define CALLS_MARGIN ((int64_t)100 * 1000)

static const char function_key = 'f';   /* registry: the handler             */

/* ---- its name ---- */

static bool ends_in(const char *text, const char *end)
{
    size_t n = strlen(text), end_n = strlen(end);

    return n > end_n && strcmp(text + n - end_n, end) == 0;
}

bool handler_find(struct handler_name *to, const char *handler)
{
    const char *dot = handler ? strrchr(handler, '.') : NULL;

    memset(to, 0, sizeof *to);
    if (!dot)
        return false;
    bool is_file = ends_in(handler, ".lua");
    size_t n = is_file ? strlen(handler) : (size_t)(dot - handler);
    const char *root = getenv("LAMBDA_TASK_ROOT");

    if (*handler == '/' || (root && *root == '\0'))
        root = NULL;
    int length = snprintf(to->path, sizeof to->path, "%s%s%.*s%s",
                          root ? root : "", root ? "/" : "", (int)n, handler,
                          is_file ? "" : ".lua");

    if (!is_file)
        snprintf(to->function, sizeof to->function, "%s", dot + 1);
    if (length > 0 && (size_t)length < sizeof to->path &&
        (is_file || access(to->path, F_OK) == 0))
        return true;
    to->path[0] = '\0';
    return false;
}

/* ---- the deadline ---- */

/* New coroutines have their state's extra space from the main one. */
static struct handler *handler_of(lua_State *L)
{
    return *(struct handler **)lua_getextraspace(L);
}

/* After the deadline each instruction raises: a pcall in the handler catches
 * one error and meets the next. */
static void watch(lua_State *L, lua_Debug *ar)
{
    struct handler *h = handler_of(L);
    bool over = hc_clock_monotonic() >= h->until;

    lua_sethook(L, watch, LUA_MASKCOUNT, over ? 1 : HOOK_EVERY);
    if (!over && !verbs_interrupted())
        return;
    h->spent = true;
    lua_getinfo(L, "Sl", ar);
    lua_pushfstring(L, "%s:%d: %s", ar->short_src, ar->currentline, over
                    ? "half a second is left of the invocation: the handler "
                      "is ended" : "interrupted");
    lua_error(L);
}

static void allow_until(struct handler *h, int64_t until)
{
    h->until = until;
    lua_sethook(h->L, watch, LUA_MASKCOUNT, HOOK_EVERY);
    module_set_deadline(h->L, until == INT64_MAX ? until
                                                 : until - CALLS_MARGIN);
}

/* ---- errors ---- */

/* Fit for a header, where the Runtime API wants the type of an error, too. */
static bool is_type(const char *text)
{
    static const char fine[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqr"
                               "stuvwxyz0123456789._-";
    size_t n = text ? strlen(text) : 0;

    return n > 0 && n < 200 && text[strspn(text, fine)] == '\0';
}

/* The member of an error that is a table, on top: a text, or false. */
static bool error_member(lua_State *L, const char *name)
{
    if (lua_istable(L, 1)) {
        lua_pushstring(L, name);
        lua_rawget(L, 1);
        if (lua_type(L, -1) == LUA_TSTRING)
            return true;
        lua_pop(L, 1);
    }
    return false;
}

static void push_error_text(lua_State *L)
{
    if (lua_type(L, 1) == LUA_TSTRING)
        lua_pushvalue(L, 1);
    else if (!error_member(L, "message") &&
             !(luaL_callmeta(L, 1, "__tostring") && lua_isstring(L, -1)))
        lua_pushfstring(L, "(error object is a %s value)",
                        luaL_typename(L, 1));
}

/* An error as { message, type, trace }.  One that headcount.loop passed on
 * brings its own traceback. */
static int explain(lua_State *L)
{
    static const char head[] = "\nstack traceback:\n";
    const char *text, *at;

    lua_settop(L, 1);
    lua_createtable(L, 3, 0);
    push_error_text(L);
    text = lua_tostring(L, -1);
    at = strstr(text, head);
    if (at) {
        lua_pushstring(L, at + sizeof head - 1);
        lua_pushlstring(L, text, (size_t)(at - text));
    } else {
        luaL_traceback(L, L, NULL, 1);
        text = lua_tostring(L, -1);
        at = strchr(text, '\n');
        lua_pushstring(L, at ? at + 1 : "");
        lua_remove(L, -2);
        lua_pushvalue(L, -2);
    }
    lua_rawseti(L, 2, 1);
    lua_rawseti(L, 2, 3);
    if (error_member(L, "error_type"))
        lua_rawseti(L, 2, 2);
    lua_settop(L, 2);
    return 1;
}

/* The n-th text of the table on top, or NULL; the table holds it. */
static const char *nth_text(lua_State *L, lua_Integer n)
{
    const char *text = NULL;

    if (lua_istable(L, -1)) {
        lua_rawgeti(L, -1, n);
        text = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : NULL;
        lua_pop(L, 1);
    }
    return text;
}

/* Out of what explain made, or of what Lua says where it could not. */
static void take_error(struct handler *h, struct runtime_error *e)
{
    const char *text = nth_text(h->L, 1), *type = nth_text(h->L, 2);

    if (!text && lua_type(h->L, -1) == LUA_TSTRING)
        text = lua_tostring(h->L, -1);
    e->message = text ? text : "an error without a text";
    e->type = h->spent ? "Headcount.EDEADLINE"
              : is_type(type) ? type : "Headcount.HandlerError";
    e->trace = nth_text(h->L, 3);
}

/* Calls f with a pointer; one result. */
static bool call_protected(lua_State *L, lua_CFunction f, void *with)
{
    lua_settop(L, 0);
    lua_pushcfunction(L, explain);
    lua_pushcfunction(L, f);
    lua_pushlightuserdata(L, with);
    return lua_pcall(L, 1, 1, 1) == LUA_OK;
}

/* ---- load ---- */

/* Lines of a function's log, beside ours. */
static int print(lua_State *L)
{
    int n = lua_gettop(L);
    luaL_Buffer b;

    luaL_buffinit(L, &b);
    for (int i = 1; i <= n; i++) {
        if (i > 1)
            luaL_addchar(&b, '\t');
        luaL_tolstring(L, i, NULL);
        luaL_addvalue(&b);
    }
    luaL_pushresult(&b);
    size_t length;
    const char *text = lua_tolstring(L, -1, &length);

    log_print(text, length);
    return 0;
}

/* Where the file ends: the line of what it returns.  The chunk is on top. */
static int last_line(lua_State *L)
{
    lua_Debug ar;
    int last = 0;

    lua_pushvalue(L, -1);
    lua_getinfo(L, ">L", &ar);
    for (lua_pushnil(L); lua_next(L, -2) != 0; lua_pop(L, 1))
        if (lua_tointeger(L, -2) > last)
            last = (int)lua_tointeger(L, -2);
    lua_pop(L, 1);
    return last;
}

/* Replaces the value that the file returned, on top, by the function. */
static void pick(lua_State *L, const struct handler_name *name, int line)
{
    const char *got = luaL_typename(L, -1);

    if (name->function[0] == '\0') {
        if (!lua_isfunction(L, -1))
            luaL_error(L, "%s:%d: the file returns no function: its value is "
                       "%s", name->path, line, got);
        return;
    }
    if (lua_istable(L, -1))
        lua_getfield(L, -1, name->function);
    else
        lua_getglobal(L, name->function);
    if (lua_isnil(L, -1))
        lua_getglobal(L, name->function);
    if (!lua_isfunction(L, -1))
        luaL_error(L, "%s:%d: there is no function %s, neither in a table that "
                   "the file returns nor among its globals", name->path, line,
                   name->function);
}

static int load(lua_State *L)
{
    struct handler *h = lua_touserdata(L, 1);
    const char *root = getenv("LAMBDA_TASK_ROOT");
    int line;

    luaL_requiref(L, "headcount.core", luaopen_headcount_core, 0);
    h->host = (struct module_host){ .log = log_library_line,
                                    .audit = log_audit_line,
                                    .log_level = log_library_level(),
                                    .alloc = blocks_alloc,
                                    .print = policy_option_print };
    module_set_host(L, &h->host);
    root = root && *root != '\0' ? root : ".";
    lua_getglobal(L, "package"); /* modules that lie beside the handler */
    lua_getfield(L, -1, "path");
    lua_pushfstring(L, "%s/?.lua;%s/?/init.lua;%s", root, root,
                    luaL_optstring(L, -1, ""));
    lua_setfield(L, -3, "path");
    lua_pop(L, 2);
    lua_register(L, "print", print);
    if (luaL_loadfilex(L, h->name.path, "t") != LUA_OK)
        return lua_error(L);
    line = last_line(L);
    lua_call(L, 0, 1);
    pick(L, &h->name, line);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &function_key);
    lua_pushnil(L);
    return 1;
}

static bool open_until(struct handler *h, int64_t until,
                       struct handler_answer *why)
{
    *why = (struct handler_answer){ .error = {
        .type = "Headcount.InitError", .message = "out of memory" } };
    h->spent = false;
    h->L = lua_host_open();
    if (h->L == NULL)
        return false;
    *(struct handler **)lua_getextraspace(h->L) = h;
    allow_until(h, until);
    if (call_protected(h->L, load, h))
        return true;
    take_error(h, &why->error);
    if (!h->spent)
        why->error.type = "Headcount.InitError";
    return false;
}

bool handler_open(struct handler *h, struct handler_answer *why)
{
    return open_until(h, INT64_MAX, why);
}

void handler_close(struct handler *h)
{
    if (h->L == NULL)
        return;
    h->until = INT64_MAX;               /* finalizers run */
    lua_host_close(h->L);
    h->L = NULL;
}

void handler_forget(struct handler *h)
{
    if (h->L)
        module_forget(h->L);
}

/* ---- call ---- */

/* Seconds until the handler would be ended. */
static int remaining(lua_State *L)
{
    int64_t left = handler_of(L)->until - hc_clock_monotonic();

    lua_pushnumber(L, left > 0 ? (lua_Number)left / 1e6 : 0);
    return 1;
}

static void set_text(lua_State *L, const char *name, const char *text)
{
    if (!text || *text == '\0')
        return;
    lua_pushstring(L, text);
    lua_setfield(L, -2, name);
}

/* As a table; where it is no JSON, as the text itself. */
static void set_json(lua_State *L, const char *name, const char *text)
{
    struct headcount_error ignored;

    if (*text == '\0')
        return;
    if (!module_json_push(L, text, strlen(text), NULL_IS_NIL, &ignored))
        lua_pushstring(L, text);
    lua_setfield(L, -2, name);
}

static void push_context(lua_State *L, const struct runtime_invocation *in)
{
    const char *memory = getenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE");

    lua_createtable(L, 0, 10);
    set_text(L, "request_id", in->id);
    lua_pushinteger(L, in->deadline_ms);
    lua_setfield(L, -2, "deadline_ms");
    lua_pushcfunction(L, remaining);
    lua_setfield(L, -2, "remaining");
    set_text(L, "function_name", getenv("AWS_LAMBDA_FUNCTION_NAME"));
    set_text(L, "function_version", getenv("AWS_LAMBDA_FUNCTION_VERSION"));
    set_text(L, "invoked_function_arn", in->function_arn);
    set_text(L, "trace_id", in->trace_id);
    if (memory && *memory != '\0') {
        lua_pushinteger(L, strtoll(memory, NULL, 10));
        lua_setfield(L, -2, "memory_limit");
    }
    set_json(L, "client_context", in->client_context);
    set_json(L, "identity", in->identity);
}

/* nil, message, code: what the calls of the module return, passed on. */
static int refuse(lua_State *L)
{
    lua_settop(L, 4);                   /* in, nil, message, code */
    lua_createtable(L, 3, 0);
    luaL_tolstring(L, 3, NULL);
    lua_rawseti(L, 5, 1);
    if (lua_type(L, 4) == LUA_TSTRING) {
        lua_pushvalue(L, 4);
        lua_rawseti(L, 5, 2);
    }
    return 1;
}

/* Returns the answer as JSON, or the error as explain has it. */
static int run(lua_State *L)
{
    const struct runtime_invocation *in = lua_touserdata(L, 1);
    struct headcount_error error;

    lua_rawgetp(L, LUA_REGISTRYINDEX, &function_key);
    if (!module_json_push(L, in->event, in->event_size, NULL_IS_NIL, &error))
        return luaL_error(L, "the event: %s", error.what);
    push_context(L, in);
    lua_call(L, 2, 3);
    if (lua_isnil(L, 2) && !lua_isnil(L, 3))
        return refuse(L);
    if (lua_isnil(L, 2))
        lua_pushliteral(L, "null");
    else
        module_json_put(L, 2, "the handler's answer");
    return 1;
}

void handler_call(struct handler *h, const struct runtime_invocation *in,
                  int64_t left, struct handler_answer *out)
{
    int64_t until = hc_clock_monotonic() + left;

    if (h->spent)
        handler_close(h);
    if (h->L == NULL && !open_until(h, until, out)) {
        h->spent = true;
        return;
    }
    allow_until(h, until);
    *out = (struct handler_answer){ .body = NULL };
    if (call_protected(h->L, run, (void *)(uintptr_t)in) &&
        lua_type(h->L, -1) == LUA_TSTRING)
        out->body = lua_tolstring(h->L, -1, &out->body_size);
    else
        take_error(h, &out->error);
}
