/* cli/lua_host.c - the binary as a Lua host. */
#include "lua_host.h"

#include <signal.h>
#include <string.h>

#include <lauxlib.h>
#include <lualib.h>

#include "complain.h"
#include "interrupt.h"
#include "module.h"
#include "options.h"
#include "verbs/verbs.h"

#define FIRST_PAIR 128

/* As deep as a pair of pairs goes, which is made of earlier ones. */
static void unpack(luaL_Buffer *out, const struct lua_file *f,
                   unsigned char byte)
{
    if (byte < FIRST_PAIR) {
        luaL_addchar(out, (char)byte);
        return;
    }
    unpack(out, f, f->pairs[byte - FIRST_PAIR][0]);
    unpack(out, f, f->pairs[byte - FIRST_PAIR][1]);
}

static int load_file(lua_State *L)
{
    const struct lua_file *f = lua_touserdata(L, lua_upvalueindex(1));
    luaL_Buffer out;

    luaL_buffinit(L, &out);
    for (size_t i = 0; i < f->n; i++)
        unpack(&out, f, f->text[i]);
    luaL_pushresult(&out);

    size_t n;
    const char *text = lua_tolstring(L, -1, &n);

    if (luaL_loadbufferx(L, text, n, f->chunk, "t") != LUA_OK)
        return lua_error(L);
    lua_pushstring(L, f->name);
    lua_call(L, 1, 1);
    return 1;
}

static int open_libraries(lua_State *L)
{
    luaL_openlibs(L);
    interrupt_open(L);
    module_prepare(L);
    luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
    lua_pushcfunction(L, luaopen_headcount_core);
    lua_setfield(L, -2, "headcount.core");
    for (const struct lua_file *f = lua_files; f->name != NULL; f++) {
        lua_pushlightuserdata(L, (void *)(uintptr_t)f);
        lua_pushcclosure(L, load_file, 1);
        lua_setfield(L, -2, f->name);
    }
    return 0;
}

lua_State *lua_host_open(void)
{
    lua_State *L = luaL_newstate();

    if (L == NULL)
        return NULL;
    lua_pushcfunction(L, open_libraries);
    if (lua_pcall(L, 0, 0, 0) != LUA_OK) {
        lua_close(L);
        return NULL;
    }
    return L;
}

void lua_host_catch_interrupts(lua_State *L)
{
    interrupt_catch(L);
    if (verbs_interrupted())            /* between two handlers */
        raise(SIGTERM);
}

void lua_host_close(lua_State *L)
{
    interrupt_forget();
    if (L != NULL)
        lua_close(L);
}

static int with_traceback(lua_State *L)
{
    const char *message = lua_tostring(L, 1);

    if (message == NULL) {
        if (luaL_callmeta(L, 1, "__tostring") && lua_isstring(L, -1))
            return 1;
        message = lua_pushfstring(L, "(error object is a %s value)",
                                  luaL_typename(L, 1));
    }
    luaL_traceback(L, L, message, 1);
    return 1;
}

/* Lines of a traceback are lines: each is complained about by itself. */
static int print_error(lua_State *L)
{
    const char *text = lua_tostring(L, 1);

    text = luaL_gsub(L, text != NULL ? text : "an error without a text", "\t",
                     "  ");
    for (size_t n; *text != '\0'; text += n) {
        n = strcspn(text, "\n");
        complain("%.*s", (int)n, text);
        n += text[n] == '\n';
    }
    return 0;
}

int lua_host_call(lua_State *L, int n)
{
    int handler = lua_gettop(L) - n;

    lua_pushcfunction(L, with_traceback);
    lua_insert(L, handler);
    int err = lua_pcall(L, n, 1, handler);

    lua_remove(L, handler);
    if (interrupt_came()) {
        complain("interrupted");
        return EXIT_INTERRUPTED;
    }
    if (err == LUA_OK)
        return 0;
    lua_pushcfunction(L, print_error);
    lua_insert(L, -2);
    if (lua_pcall(L, 1, 0, 0) != LUA_OK)
        complain("not enough memory");
    return EXIT_TARGET_FAILED;
}
