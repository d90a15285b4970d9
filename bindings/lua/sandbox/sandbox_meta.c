/* lua/sandbox/sandbox_meta.c - metatables in the sandbox.
 *
 * Whether a weak table still has its entries is the collector's decision, and
 * code behind __gc and __close would run after the end of the run: a metatable
 * has none of them, when it is set or later.  For what comes later, a metatable
 * gets a metatable of ours that looks at each new key; getmetatable does not
 * show it.  A metatable that has one of its own already (a class that inherits)
 * gets our __newindex into that one.  If it has a __newindex of its own, or
 * gets one, the metatable is looked at after the run.
 */
#include <string.h>

#include "sandbox/sandbox_lib.h"

static const char guard_key = 'g';      /* registry: our metatable        */
static const char noted_key = 'n';      /* registry: to look at, as keys  */

static const char *const meta_refused[] = { "__gc", "__close", "__mode" };

static const char *meta_find(lua_State *L, int t)
{
    for (size_t i = 0; i < 3; i++) {
        lua_pushstring(L, meta_refused[i]);
        bool there = lua_rawget(L, t) != LUA_TNIL;

        lua_pop(L, 1);
        if (there)
            return meta_refused[i];
    }
    return NULL;
}

/* __newindex of a metatable. */
static int meta_newindex(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 3);
    for (size_t i = 0; i < 3 && lua_type(L, 2) == LUA_TSTRING; i++)
        if (!lua_isnil(L, 3) &&
            strcmp(lua_tostring(L, 2), meta_refused[i]) == 0)
            return luaL_error(L, "%s is not possible here: no metatable has "
                              "it", meta_refused[i]);
    lua_rawset(L, 1);
    return 0;
}

static bool meta_is_guard(lua_State *L, int i)
{
    bool is;

    i = lua_absindex(L, i);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &guard_key);
    is = lua_rawequal(L, i, -1);
    lua_pop(L, 1);
    return is;
}

/* It was used as a metatable before. */
static bool meta_is_guarded(lua_State *L, int t)
{
    bool is = false;

    if (lua_getmetatable(L, t)) {
        is = meta_is_guard(L, -1);
        lua_pop(L, 1);
    }
    lua_rawgetp(L, LUA_REGISTRYINDEX, &noted_key);
    lua_pushvalue(L, t);
    is = lua_rawget(L, -2) != LUA_TNIL || is;
    lua_pop(L, 2);
    return is;
}

static void meta_note(lua_State *L, int t)
{
    lua_rawgetp(L, LUA_REGISTRYINDEX, &noted_key);
    lua_pushvalue(L, t);
    lua_pushboolean(L, 1);
    lua_rawset(L, -3);
    lua_pop(L, 1);
}

static void meta_guard(lua_State *L, int t)
{
    if (!lua_getmetatable(L, t)) {
        lua_rawgetp(L, LUA_REGISTRYINDEX, &guard_key);
        lua_setmetatable(L, t);
        return;
    }
    if (!meta_is_guard(L, -1)) {
        meta_note(L, t);
        lua_pushliteral(L, "__newindex");
        if (lua_rawget(L, -2) == LUA_TNIL) {
            lua_pushliteral(L, "__newindex");
            lua_pushcfunction(L, meta_newindex);
            lua_rawset(L, -4);
        }
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
}

static int meta_set(lua_State *L)
{
    const char *refused;
    bool guarded;

    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_argcheck(L, lua_isnil(L, 2) || lua_istable(L, 2), 2,
                  "nil or table expected");
    lua_settop(L, 2);
    refused = lua_istable(L, 2) ? meta_find(L, 2) : NULL;
    if (refused != NULL)
        return luaL_error(L, "setmetatable: %s is not possible here", refused);
    if (luaL_getmetafield(L, 1, "__metatable") != LUA_TNIL)
        return luaL_error(L, "cannot change a protected metatable");
    guarded = meta_is_guarded(L, 1);
    lua_pushvalue(L, 2);
    lua_setmetatable(L, 1);
    if (lua_istable(L, 2))
        meta_guard(L, 2);
    if (guarded)
        meta_guard(L, 1);
    sandbox_pay(L, 32);
    lua_settop(L, 1);
    return 1;
}

static int meta_get(lua_State *L)
{
    luaL_checkany(L, 1);
    if (!lua_getmetatable(L, 1) || meta_is_guard(L, -1)) {
        lua_pushnil(L);
        return 1;
    }
    luaL_getmetafield(L, 1, "__metatable");     /* instead of it, if there */
    return 1;
}

void sandbox_begin_metatables(lua_State *L)
{
    lua_createtable(L, 0, 1);
    lua_pushcfunction(L, meta_newindex);
    lua_setfield(L, -2, "__newindex");
    lua_rawsetp(L, LUA_REGISTRYINDEX, &guard_key);
    lua_newtable(L);
    lua_createtable(L, 0, 1);
    lua_pushliteral(L, "k");            /* it keeps none of them alive */
    lua_setfield(L, -2, "__mode");
    lua_setmetatable(L, -2);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &noted_key);
}

void sandbox_check_metatables(lua_State *L)
{
    lua_rawgetp(L, LUA_REGISTRYINDEX, &noted_key);
    for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
        const char *refused = meta_find(L, lua_absindex(L, -2));

        if (refused != NULL)
            luaL_error(L, "%s is not possible here: no metatable has it",
                       refused);
    }
    lua_pop(L, 1);
}

void sandbox_open_metatables(lua_State *L)
{
    static const luaL_Reg ours[] = {
        { "getmetatable", meta_get }, { "setmetatable", meta_set },
        { NULL, NULL }
    };

    luaL_setfuncs(L, ours, 0);
}
