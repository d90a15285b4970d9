/* lua/sandbox/sandbox_meta.c - metatables in the sandbox.
 *
 * Whether a weak table still has its entries is the collector's decision, and
 * code behind __gc and __close would run after the end of the run: a metatable
 * has none of them, when it is set or later.  For what comes later, a metatable
 * gets a metatable of ours that looks at each new key; getmetatable does not
 * show it.
 *
 * A metatable `t` that has a metatable M of its own (a class that inherits)
 * gets a copy of M, which has our __newindex unless M has one.  M itself would
 * be no place for it: the text could take it out, make t weak for a while, and
 * put it back.
 *
 *     setmetatable(t, M)      t --> copy of M      copies[M] = the copy
 *     getmetatable(t)         M                    shown[the copy] = M
 *
 * A key that M gets later goes into the copy too.  A changed key of M goes into
 * the copy at the next setmetatable.
 */
#include <string.h>

#include "sandbox/sandbox_lib.h"

static const char guard_key = 'g';      /* registry: our metatable        */
static const char copies_key = 'c';     /* registry: metatable to copy    */
static const char shown_key = 's';      /* registry: copy to metatable    */

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

/* The value on top gives way to what the map has for it; false: to nil. */
static bool meta_map(lua_State *L, const void *map)
{
    lua_rawgetp(L, LUA_REGISTRYINDEX, map);
    lua_insert(L, -2);
    lua_rawget(L, -2);
    lua_remove(L, -2);
    return !lua_isnil(L, -1);
}

/* map[key] = value, of what stands there. */
static void meta_note(lua_State *L, const void *map, int key, int value)
{
    key = lua_absindex(L, key);
    value = lua_absindex(L, value);
    lua_rawgetp(L, LUA_REGISTRYINDEX, map);
    lua_pushvalue(L, key);
    lua_pushvalue(L, value);
    lua_rawset(L, -3);
    lua_pop(L, 1);
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
    lua_pushvalue(L, 1);
    if (!lua_isnil(L, 3) && meta_map(L, &copies_key)) {
        lua_pushvalue(L, 2);
        lua_pushvalue(L, 3);
        lua_rawset(L, -3);
    }
    lua_settop(L, 3);
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
    bool is;

    if (!lua_getmetatable(L, t))
        return false;
    is = meta_is_guard(L, -1) || meta_map(L, &shown_key);
    lua_pop(L, 1);
    return is;
}

/* The metatable on top gives way to its copy. */
static void meta_copy(lua_State *L)
{
    int from = lua_gettop(L);

    lua_pushvalue(L, from);
    if (!meta_map(L, &copies_key)) {
        lua_pop(L, 1);
        lua_newtable(L);
        lua_pushliteral(L, "__newindex");
        lua_pushcfunction(L, meta_newindex);
        lua_rawset(L, -3);
        meta_note(L, &copies_key, from, -1);
        meta_note(L, &shown_key, -1, from);
    }
    for (lua_pushnil(L); lua_next(L, from);) {
        lua_pushvalue(L, -2);
        lua_insert(L, -2);
        lua_rawset(L, from + 1);
        sandbox_pay(L, 8);
    }
    lua_remove(L, from);
}

static void meta_guard(lua_State *L, int t)
{
    if (!lua_getmetatable(L, t)) {
        lua_rawgetp(L, LUA_REGISTRYINDEX, &guard_key);
    } else if (!meta_is_guard(L, -1)) {
        lua_pushvalue(L, -1);
        if (meta_map(L, &shown_key))
            lua_replace(L, -2);         /* the copy is brought up to date */
        else
            lua_pop(L, 1);
        meta_copy(L);
    }
    lua_setmetatable(L, t);
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
    if (luaL_getmetafield(L, 1, "__metatable") != LUA_TNIL)
        return 1;                       /* instead of it */
    lua_pushvalue(L, -1);
    if (!meta_map(L, &shown_key))
        lua_pop(L, 1);
    return 1;
}

/* A map that keeps none of its keys alive. */
static void meta_open_map(lua_State *L, const void *map)
{
    lua_newtable(L);
    lua_createtable(L, 0, 1);
    lua_pushliteral(L, "k");
    lua_setfield(L, -2, "__mode");
    lua_setmetatable(L, -2);
    lua_rawsetp(L, LUA_REGISTRYINDEX, map);
}

void sandbox_begin_metatables(lua_State *L)
{
    lua_createtable(L, 0, 1);
    lua_pushcfunction(L, meta_newindex);
    lua_setfield(L, -2, "__newindex");
    lua_rawsetp(L, LUA_REGISTRYINDEX, &guard_key);
    meta_open_map(L, &copies_key);
    meta_open_map(L, &shown_key);
}

void sandbox_open_metatables(lua_State *L)
{
    static const luaL_Reg ours[] = {
        { "getmetatable", meta_get }, { "setmetatable", meta_set },
        { NULL, NULL }
    };

    luaL_setfuncs(L, ours, 0);
}
