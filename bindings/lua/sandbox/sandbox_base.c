/* lua/sandbox/sandbox_base.c - what text in the sandbox finds under plain
 * names.
 *
 * From stock Lua come only functions that are bounded by what they are given;
 * pairs and tostring are our own, and so is what sandbox_meta.c has.
 */
#include <stdio.h>
#include <string.h>

#include <lualib.h>

#include "nearest.h"
#include "sandbox/sandbox_lib.h"

/* ---- tostring ---- */

const char *sandbox_text(lua_State *L, int i, size_t *n)
{
    i = lua_absindex(L, i);
    if (luaL_callmeta(L, i, "__tostring")) {
        if (lua_type(L, -1) != LUA_TSTRING)
            luaL_error(L, "'__tostring' must return a string");
        return lua_tolstring(L, -1, n);
    }
    switch (lua_type(L, i)) {
    case LUA_TSTRING:
    case LUA_TNUMBER:
    case LUA_TBOOLEAN:
    case LUA_TNIL:
        return luaL_tolstring(L, i, n);
    default:
        lua_pushstring(L, luaL_typename(L, i));
        return lua_tolstring(L, -1, n);
    }
}

static int base_tostring(lua_State *L)
{
    luaL_checkany(L, 1);
    sandbox_text(L, 1, NULL);
    return 1;
}

/* ---- pairs: numbers, then texts, then true and false, each in order ---- */

static int base_rank(lua_State *L, int i)
{
    switch (lua_type(L, i)) {
    case LUA_TNUMBER:  return 1;
    case LUA_TSTRING:  return 2;
    case LUA_TBOOLEAN: return 3;
    default:           return 0;
    }
}

static int base_key_less(lua_State *L, int a, int b, void *ud)
{
    int ra = base_rank(L, a), rb = base_rank(L, b);
    size_t na, nb;
    const char *sa, *sb;
    int order;

    (void)ud;
    if (ra != rb)
        return ra < rb;
    if (ra == 1)
        return lua_compare(L, a, b, LUA_OPLT);
    if (ra == 3)
        return lua_toboolean(L, a) < lua_toboolean(L, b);
    sa = lua_tolstring(L, a, &na);
    sb = lua_tolstring(L, b, &nb);
    order = memcmp(sa, sb, na < nb ? na : nb);
    return order != 0 ? order < 0 : na < nb;
}

/* Upvalues: the keys in order, how many were taken. */
static int base_pairs_next(lua_State *L)
{
    lua_Integer at = lua_tointeger(L, lua_upvalueindex(2));

    for (;;) {
        at++;
        sandbox_pay(L, 4);
        if (lua_rawgeti(L, lua_upvalueindex(1), at) == LUA_TNIL)
            return 1;
        lua_pushvalue(L, -1);
        if (lua_rawget(L, 1) != LUA_TNIL)
            break;
        lua_pop(L, 2);                  /* it was taken out meanwhile */
    }
    lua_pushinteger(L, at);
    lua_replace(L, lua_upvalueindex(2));
    return 2;
}

/* A value that is no table (a host's attributes) may show itself as one by
 * __pairs.  Only functions of ours are asked; a __pairs that a policy wrote is
 * not. */
static void base_shown(lua_State *L)
{
    if (lua_type(L, 1) != LUA_TLIGHTUSERDATA ||
        luaL_getmetafield(L, 1, "__pairs") == LUA_TNIL)
        return;
    lua_insert(L, 1);
    lua_call(L, 1, 1);
}

static int base_pairs(lua_State *L)
{
    lua_Integer n = 0;

    lua_settop(L, 1);
    base_shown(L);
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_newtable(L);
    lua_pushnil(L);
    while (lua_next(L, 1)) {
        lua_pop(L, 1);
        if (base_rank(L, -1) == 0)
            return luaL_error(L, "pairs: a key that is a %s has no order",
                              luaL_typename(L, -1));
        lua_pushvalue(L, -1);
        lua_rawseti(L, 2, ++n);
        sandbox_pay(L, 8);
    }
    sandbox_sort(L, 2, n, base_key_less, NULL);
    lua_pushinteger(L, 0);
    lua_pushcclosure(L, base_pairs_next, 2);
    lua_pushvalue(L, 1);
    return 2;
}

/* ---- names that are not there ---- */

const char *sandbox_nearest(lua_State *L, int i, const char *name)
{
    struct nearest n;

    nearest_init(&n, name);
    i = lua_absindex(L, i);
    lua_pushnil(L);
    while (lua_next(L, i)) {
        lua_pop(L, 1);
        if (lua_type(L, -1) == LUA_TSTRING)
            nearest_try(&n, lua_tostring(L, -1));   /* the table holds it */
    }
    return n.best;
}

/* Upvalue: the names. */
static int base_unknown(lua_State *L)
{
    const char *nearest;
    char name[61];

    if (lua_type(L, 2) != LUA_TSTRING)
        return luaL_error(L, "there is nothing of this name here");
    snprintf(name, sizeof name, "%s", lua_tostring(L, 2));
    nearest = sandbox_nearest(L, lua_upvalueindex(1), name);
    return luaL_error(L, "'%s' is not known here%s%s%s", name,
                      nearest != NULL ? "; did you mean '" : "",
                      nearest != NULL ? nearest : "",
                      nearest != NULL ? "'?" : "");
}

static void base_copy(lua_State *L, int from)
{
    from = lua_absindex(L, from);
    lua_newtable(L);
    lua_pushnil(L);
    while (lua_next(L, from)) {
        lua_pushvalue(L, -2);
        lua_insert(L, -2);
        lua_rawset(L, -4);
    }
}

/* Libraries are copied too: what one run writes into them ends with it. */
void sandbox_push_env(lua_State *L, int names)
{
    names = lua_absindex(L, names);
    lua_newtable(L);
    lua_pushnil(L);
    while (lua_next(L, names)) {
        if (lua_istable(L, -1)) {
            base_copy(L, -1);
            lua_remove(L, -2);
        }
        lua_pushvalue(L, -2);
        lua_insert(L, -2);
        lua_rawset(L, -4);
    }
    lua_pushvalue(L, -1);
    lua_setfield(L, -2, "_G");
    lua_createtable(L, 0, 2);
    lua_pushvalue(L, names);
    lua_pushcclosure(L, base_unknown, 1);
    lua_setfield(L, -2, "__index");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_setmetatable(L, -2);
}

/* ---- what is stock ---- */

static void base_take(lua_State *L, int lib, const char *const *names)
{
    for (; *names != NULL; names++) {
        lua_getfield(L, lib, *names);
        lua_setfield(L, -2, *names);
    }
}

/* Opens a stock library, takes these of it into a table of that name (or, of
 * the base library, into the environment itself). */
static void base_stock(lua_State *L, lua_CFunction open, const char *as,
                       const char *const *names)
{
    int to = lua_gettop(L);

    lua_pushcfunction(L, open);
    lua_pushstring(L, as != NULL ? as : "_G");
    lua_call(L, 1, 1);
    if (as != NULL)
        lua_newtable(L);
    else
        lua_pushvalue(L, to);
    base_take(L, to + 1, names);
    if (as != NULL)
        lua_setfield(L, to, as);
    lua_settop(L, to);
}

void sandbox_open_base(lua_State *L)
{
    static const char *const base[] = {
        "assert", "error", "ipairs", "rawequal", "rawget",
        "rawlen", "select", "tonumber", "type", "_VERSION", NULL
    };
    static const char *const math[] = {
        "abs", "acos", "asin", "atan", "ceil", "cos", "deg", "exp", "floor",
        "fmod", "huge", "log", "max", "maxinteger", "min", "mininteger",
        "modf", "pi", "rad", "sin", "sqrt", "tan", "tointeger", "type", "ult",
        NULL
    };
    static const luaL_Reg ours[] = {
        { "pairs", base_pairs }, { "tostring", base_tostring },
        { NULL, NULL }
    };

    base_stock(L, luaopen_base, NULL, base);
    base_stock(L, luaopen_math, LUA_MATHLIBNAME, math);
    luaL_setfuncs(L, ours, 0);
}
