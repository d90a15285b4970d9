/* lua/sandbox/sandbox_table.c - table.*: on what is in the table itself, so
 * that no metamethod can make a loop without an end, and paid by the
 * element. */
#include <lualib.h>

#include "sandbox/sandbox_lib.h"

static lua_Integer table_len(lua_State *L, int i)
{
    luaL_checktype(L, i, LUA_TTABLE);
    return (lua_Integer)lua_rawlen(L, i);
}

/* ---- sort: merges from the bottom, so equal elements stay in order ---- */

struct merge {
    int from, to;                       /* two tables                      */
    lua_Integer n;
    sandbox_less *less;
    void *ud;
};

static void sort_move(lua_State *L, const struct merge *m, lua_Integer at,
                      lua_Integer to)
{
    lua_rawgeti(L, m->from, at);
    lua_rawseti(L, m->to, to);
    sandbox_pay(L, 8);
}

static int sort_takes_right(lua_State *L, const struct merge *m,
                            lua_Integer left, lua_Integer right)
{
    int top = lua_gettop(L), less;

    lua_rawgeti(L, m->from, right);
    lua_rawgeti(L, m->from, left);
    less = m->less(L, top + 1, top + 2, m->ud);
    lua_settop(L, top);
    sandbox_pay(L, 8);
    return less;
}

/* [low, mid) and [mid, high), from 1. */
static void sort_merge(lua_State *L, const struct merge *m, lua_Integer low,
                       lua_Integer mid, lua_Integer high)
{
    lua_Integer left = low, right = mid;

    for (lua_Integer at = low; at < high; at++) {
        if (left < mid && (right >= high ||
                           !sort_takes_right(L, m, left, right)))
            sort_move(L, m, left++, at);
        else
            sort_move(L, m, right++, at);
    }
}

void sandbox_sort(lua_State *L, int i, lua_Integer n, sandbox_less *less,
                  void *ud)
{
    struct merge m = { lua_absindex(L, i), 0, n, less, ud };
    int home = m.from;

    luaL_checkstack(L, 10, "sort");
    lua_newtable(L);
    m.to = lua_gettop(L);
    for (lua_Integer width = 1; width < n; width *= 2) {
        int swap = m.from;

        for (lua_Integer low = 1; low <= n; low += 2 * width) {
            lua_Integer mid = low + width, high = mid + width;

            sort_merge(L, &m, low, mid > n ? n + 1 : mid,
                       high > n ? n + 1 : high);
        }
        m.from = m.to;
        m.to = swap;
    }
    if (m.from != home) {
        m.to = home;
        for (lua_Integer at = 1; at <= n; at++)
            sort_move(L, &m, at, at);
    }
    lua_settop(L, m.from > m.to ? m.from - 1 : m.to - 1);
}

static int table_less(lua_State *L, int a, int b, void *ud)
{
    int less;

    if (ud == NULL)
        return lua_compare(L, a, b, LUA_OPLT);
    lua_pushvalue(L, 2);
    lua_pushvalue(L, a);
    lua_pushvalue(L, b);
    lua_call(L, 2, 1);
    less = lua_toboolean(L, -1);
    lua_pop(L, 1);
    return less;
}

static int table_sort(lua_State *L)
{
    lua_Integer n = table_len(L, 1);
    int by_function = !lua_isnoneornil(L, 2);

    if (by_function)
        luaL_checktype(L, 2, LUA_TFUNCTION);
    lua_settop(L, 2);
    sandbox_sort(L, 1, n, table_less, by_function ? L : NULL);
    return 0;
}

/* ---- the others ---- */

static int table_insert(lua_State *L)
{
    lua_Integer n = table_len(L, 1) + 1;
    lua_Integer at = n;

    if (lua_gettop(L) == 3) {
        at = luaL_checkinteger(L, 2);
        luaL_argcheck(L, at >= 1 && at <= n, 2, "position out of bounds");
    } else if (lua_gettop(L) != 2) {
        return luaL_error(L, "wrong number of arguments to 'insert'");
    }
    sandbox_pay(L, 4 * (uint64_t)(n - at));
    for (lua_Integer i = n; i > at; i--) {
        lua_rawgeti(L, 1, i - 1);
        lua_rawseti(L, 1, i);
    }
    lua_rawseti(L, 1, at);
    return 0;
}

static int table_remove(lua_State *L)
{
    lua_Integer n = table_len(L, 1);
    lua_Integer at = luaL_optinteger(L, 2, n);

    if (lua_gettop(L) > 1)
        luaL_argcheck(L, (n == 0 && at == 0) || (at >= 1 && at <= n + 1), 2,
                      "position out of bounds");
    lua_rawgeti(L, 1, at);
    sandbox_pay(L, at < n ? 4 * (uint64_t)(n - at) : 1);
    for (; at < n; at++) {
        lua_rawgeti(L, 1, at + 1);
        lua_rawseti(L, 1, at);
    }
    if (at >= 1 && at <= n) {
        lua_pushnil(L);
        lua_rawseti(L, 1, at);
    }
    return 1;
}

static int table_concat(lua_State *L)
{
    lua_Integer n = table_len(L, 1);
    size_t between_n;
    const char *between = luaL_optlstring(L, 2, "", &between_n);
    lua_Integer i = luaL_optinteger(L, 3, 1);
    lua_Integer last = luaL_optinteger(L, 4, n);
    luaL_Buffer b;

    luaL_argcheck(L, i >= 1 || i > last, 3, "it is less than 1");
    luaL_argcheck(L, last <= n, 4, "it is more than the length");
    luaL_buffinit(L, &b);
    for (; i <= last; i++) {
        lua_rawgeti(L, 1, i);
        if (!lua_isstring(L, -1))
            return luaL_error(L, "invalid value (at index %d) in table for "
                              "'concat'", (int)i);
        sandbox_pay(L, 8 + lua_rawlen(L, -1));
        luaL_addvalue(&b);
        if (i < last)
            luaL_addlstring(&b, between, between_n);
        luaL_argcheck(L, luaL_bufflen(&b) <= SANDBOX_STRING, 1,
                      "the text would be longer than 65536 bytes");
    }
    luaL_pushresult(&b);
    return 1;
}

static int table_unpack(lua_State *L)
{
    lua_Integer n = table_len(L, 1);
    lua_Integer i = luaL_optinteger(L, 2, 1);
    lua_Integer last = luaL_optinteger(L, 3, n);

    if (i > last)
        return 0;
    if (i < -1000000 || last > 1000000 || last - i >= 8000)
        return luaL_error(L, "too many results to unpack");
    luaL_checkstack(L, (int)(last - i + 1), "too many results to unpack");
    sandbox_pay(L, 4 * (uint64_t)(last - i + 1));
    for (lua_Integer at = i; at <= last; at++)
        lua_rawgeti(L, 1, at);
    return (int)(last - i + 1);
}

static int table_pack(lua_State *L)
{
    int n = lua_gettop(L);

    lua_createtable(L, n, 1);
    lua_insert(L, 1);
    for (int i = n; i >= 1; i--)
        lua_rawseti(L, 1, i);
    lua_pushinteger(L, n);
    lua_setfield(L, 1, "n");
    return 1;
}

static int table_move(lua_State *L)
{
    lua_Integer f = luaL_checkinteger(L, 2), e = luaL_checkinteger(L, 3);
    lua_Integer t = luaL_checkinteger(L, 4);
    int to = lua_isnoneornil(L, 5) ? 1 : 5;

    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_checktype(L, to, LUA_TTABLE);
    luaL_argcheck(L, f > e || (f >= 1 && e <= table_len(L, 1)), 3,
                  "it is not within the table");
    luaL_argcheck(L, f > e || (t >= 1 && t <= 10000000), 4,
                  "it is out of bounds");
    if (f <= e)
        sandbox_pay(L, 4 * (uint64_t)(e - f + 1));
    if (t > e || t <= f || to != 1) {
        for (lua_Integer i = 0; f + i <= e; i++) {
            lua_rawgeti(L, 1, f + i);
            lua_rawseti(L, to, t + i);
        }
    } else {
        for (lua_Integer i = e - f; i >= 0; i--) {
            lua_rawgeti(L, 1, f + i);
            lua_rawseti(L, to, t + i);
        }
    }
    lua_pushvalue(L, to);
    return 1;
}

void sandbox_open_table(lua_State *L)
{
    static const luaL_Reg ours[] = {
        { "concat", table_concat }, { "insert", table_insert },
        { "move", table_move }, { "pack", table_pack },
        { "remove", table_remove }, { "sort", table_sort },
        { "unpack", table_unpack }, { NULL, NULL }
    };

    luaL_newlib(L, ours);
    lua_setfield(L, -2, LUA_TABLIBNAME);
}
