/* cli/verbs/verb_run.c - run: a Lua script with the module inside.  The AWS
 * CLI's common options before its file are what its clients start from. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>

#include "blocks.h"
#include "complain.h"
#include "log.h"
#include "lua_host.h"
#include "module.h"
#include "policy_option.h"
#include "trace.h"
#include "verbs/verbs.h"

#define SCRIPT_MAX ((size_t)64 << 20)

struct script {
    const struct options_list *args;
    char *text;
    size_t n;
    struct trace *trace;                /* NULL: none is wanted */
};

/* As luaL_loadfilex, whose read of a pipe no signal would end: without a BOM
 * and without the text of a first line that begins with '#'. */
static int load_script(lua_State *L, const struct script *s)
{
    static const char bom[] = "\xef\xbb\xbf";
    const char *text = s->text, *end = s->text + s->n;

    if (s->n >= 3 && memcmp(text, bom, 3) == 0)
        text += 3;
    if (text < end && *text == '#')
        while (text < end && *text != '\n')
            text++;
    if (strcmp(s->args->item[0], "-") == 0)
        lua_pushliteral(L, "=stdin");
    else
        lua_pushfstring(L, "@%s", s->args->item[0]);
    return luaL_loadbufferx(L, text, (size_t)(end - text),
                            lua_tostring(L, -1), "t");
}

/* os.exit ends the process, so the trace is written before. */
static int exit_traced(lua_State *L)
{
    if (!trace_end(lua_touserdata(L, lua_upvalueindex(2)))) {
        lua_settop(L, 0);
        lua_pushinteger(L, EXIT_OTHER);
    }
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, lua_gettop(L) - 1, 0);
    return 0;
}

static void catch_exit(lua_State *L, struct trace *trace)
{
    lua_getglobal(L, "os");
    lua_getfield(L, -1, "exit");
    lua_pushlightuserdata(L, trace);
    lua_pushcclosure(L, exit_traced, 2);
    lua_setfield(L, -2, "exit");
    lua_pop(L, 1);
}

/* As lua(1): arg[0] is the script, arg[1] ... are its arguments, which are the
 * chunk's `...` too.  Returns why it cannot be loaded: no Lua runs then, and
 * there is nothing to be traced back. */
static int script(lua_State *L)
{
    const struct script *s = lua_touserdata(L, 1);
    const struct options_list *args = s->args;

    lua_settop(L, 0);
    if (load_script(L, s) != LUA_OK)
        return 1;
    lua_remove(L, 1);
    if (s->trace)
        catch_exit(L, s->trace);
    lua_createtable(L, (int)args->n, 1);
    luaL_checkstack(L, (int)args->n + 2, "arguments");
    for (size_t i = 0; i < args->n; i++) {
        lua_pushstring(L, args->item[i]);
        lua_rawseti(L, 2, (lua_Integer)i);
    }
    lua_setglobal(L, "arg");
    for (size_t i = 1; i < args->n; i++)
        lua_pushstring(L, args->item[i]);
    lua_call(L, (int)args->n - 1, 0);
    return 0;
}

int verb_run(const struct options *o)
{
    if (o->args.n == 0) {
        complain("name the Lua file to run, or - for standard input");
        return EXIT_USAGE;
    }
    struct headcount_config defaults = {
        .size = sizeof defaults, .region = o->region, .profile = o->profile,
        .endpoint_url = o->endpoint_url, .ca_bundle = o->ca_bundle,
        .dns_server = o->dns_server,
        .connect_timeout = o->connect_us, .read_timeout = o->read_us,
        .no_sign_request = o->no_sign_request, .run_processes = true,
    };
    const struct module_host host = {
        .log = o->debug ? log_library_line : NULL, .audit = log_audit_line,
        .log_level = o->debug ? HEADCOUNT_LOG_DEBUG : 0,
        .defaults = &defaults, .alloc = blocks_alloc,
        .ud = o->tracing, .trace = o->tracing ? trace_note : NULL,
        .print = policy_option_print,
    };
    struct script s = { .args = &o->args, .trace = o->tracing };
    int code = verbs_read_input(o->args.item[0], SCRIPT_MAX, &s.text, &s.n);

    if (code != 0)
        return code == EXIT_INTERRUPTED ? code : EXIT_TARGET_FAILED;
    lua_State *L = lua_host_open();

    if (L == NULL) {
        complain("out of memory");
        free(s.text);
        return EXIT_OTHER;
    }
    module_set_host(L, &host);
    lua_host_catch_interrupts(L);
    lua_pushcfunction(L, script);
    lua_pushlightuserdata(L, &s);
    code = lua_host_call(L, 1);
    if (code == 0 && lua_isstring(L, -1)) {
        complain("%s", lua_tostring(L, -1));
        code = EXIT_TARGET_FAILED;
    }
    lua_host_close(L);
    free(s.text);
    return code;
}
