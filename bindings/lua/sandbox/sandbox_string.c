/* lua/sandbox/sandbox_string.c - string.* and utf8.*: patterns by the bounded
 * matcher, lengths bounded, no addresses. */
#include <string.h>

#include <lualib.h>

#include "sandbox/match.h"
#include "sandbox/sandbox_lib.h"

#define STRING_STEPS 1000000            /* of one search                   */
#define STRING_FORMAT 40                /* longest conversion, "%-10.3f"   */

/* ---- patterns ---- */

static void string_set(lua_State *L, struct match *m)
{
    memset(m, 0, sizeof *m);
    m->s = luaL_checklstring(L, 1, &m->n);
    m->p = luaL_checklstring(L, 2, &m->pn);
    m->steps = STRING_STEPS;
}

/* True if there is a match; what is no pattern, or has no end, raises. */
static bool string_search(lua_State *L, struct match *m, size_t at,
                          size_t *from, size_t *end)
{
    enum match_result got;

    m->steps = STRING_STEPS;
    got = match_find(m, at, from, end);
    sandbox_pay(L, STRING_STEPS - m->steps);
    switch (got) {
    case MATCH_NO:
    case MATCH_YES:
        break;
    case MATCH_SPENT:
        luaL_error(L, "this pattern takes too long on this text");
        break;
    case MATCH_BAD:
        luaL_error(L, "%s", m->error);
        break;
    }
    return got == MATCH_YES;
}

static void string_capture(lua_State *L, const struct match *m, size_t i)
{
    const struct match_capture *c = &m->captures[i];

    if (c->position)
        lua_pushinteger(L, (lua_Integer)c->at + 1);
    else
        lua_pushlstring(L, m->s + c->at, c->n);
}

/* All captures, or the whole match where there are none (and `whole`). */
static int string_captures(lua_State *L, const struct match *m, size_t from,
                           size_t end, bool whole)
{
    luaL_checkstack(L, MATCH_CAPTURES, "captures");
    for (size_t i = 0; i < m->captures_n; i++)
        string_capture(L, m, i);
    if (m->captures_n > 0 || !whole)
        return (int)m->captures_n;
    lua_pushlstring(L, m->s + from, end - from);
    return 1;
}

/* 0-based, from an argument as string.find takes it; > n: nowhere. */
static size_t string_init(lua_State *L, int arg, size_t n)
{
    lua_Integer init = luaL_optinteger(L, arg, 1);

    if (init > 0)
        return (size_t)init - 1;
    if (init == 0 || init < -(lua_Integer)n)
        return 0;
    return (size_t)((lua_Integer)n + init);
}

/* Stock Lua's find takes a text without these as it stands. */
static bool string_is_plain(const struct match *m)
{
    for (size_t i = 0; i < m->pn; i++)
        if (m->p[i] != '\0' && strchr("^$*+?.([%-", m->p[i]) != NULL)
            return false;
    return true;
}

static bool string_find_plain(lua_State *L, const struct match *m, size_t at,
                              size_t *from)
{
    for (; m->pn <= m->n && at <= m->n - m->pn; at++) {
        sandbox_pay(L, 1);
        if (m->pn > 0 && m->s[at] != m->p[0])
            continue;
        sandbox_pay(L, m->pn / 8);
        if (memcmp(m->s + at, m->p, m->pn) == 0) {
            *from = at;
            return true;
        }
    }
    return false;
}

static int string_find(lua_State *L)
{
    struct match m;
    size_t from = 0, end = 0, at;
    bool found;

    string_set(L, &m);
    at = string_init(L, 3, m.n);
    if (at > m.n) {
        found = false;
    } else if (lua_toboolean(L, 4) || string_is_plain(&m)) {
        found = string_find_plain(L, &m, at, &from);
        end = from + m.pn;
        m.captures_n = 0;
    } else {
        found = string_search(L, &m, at, &from, &end);
    }
    if (!found) {
        lua_pushnil(L);
        return 1;
    }
    lua_pushinteger(L, (lua_Integer)from + 1);
    lua_pushinteger(L, (lua_Integer)end);
    return 2 + string_captures(L, &m, from, end, false);
}

static int string_match(lua_State *L)
{
    struct match m;
    size_t from, end, at;

    string_set(L, &m);
    at = string_init(L, 3, m.n);
    if (at <= m.n && string_search(L, &m, at, &from, &end))
        return string_captures(L, &m, from, end, true);
    lua_pushnil(L);
    return 1;
}

/* Upvalues: text, pattern, where to go on, the end of the last match. */
static int string_gmatch_next(lua_State *L)
{
    size_t at = (size_t)lua_tointeger(L, lua_upvalueindex(3));
    lua_Integer last = lua_tointeger(L, lua_upvalueindex(4));
    size_t from, end;
    struct match m;
    enum match_result got = MATCH_NO;

    memset(&m, 0, sizeof m);
    m.s = lua_tolstring(L, lua_upvalueindex(1), &m.n);
    m.p = lua_tolstring(L, lua_upvalueindex(2), &m.pn);
    m.steps = STRING_STEPS;
    for (from = at; from <= m.n; from++) {
        got = match_at(&m, from, &end);         /* "^" has no meaning here */
        if (got != MATCH_NO && (got != MATCH_YES || (lua_Integer)end != last))
            break;
        got = MATCH_NO;
    }
    sandbox_pay(L, STRING_STEPS - m.steps);
    if (got == MATCH_SPENT)
        return luaL_error(L, "this pattern takes too long on this text");
    if (got == MATCH_BAD)
        return luaL_error(L, "%s", m.error);
    if (got == MATCH_NO)
        return 0;
    lua_pushinteger(L, (lua_Integer)end);
    lua_copy(L, -1, lua_upvalueindex(3));
    lua_replace(L, lua_upvalueindex(4));
    return string_captures(L, &m, from, end, true);
}

static int string_gmatch(lua_State *L)
{
    size_t n;

    luaL_checklstring(L, 1, &n);
    luaL_checkstring(L, 2);
    lua_Integer at = (lua_Integer)string_init(L, 3, n);

    lua_settop(L, 2);
    lua_pushinteger(L, at);
    lua_pushinteger(L, -1);
    lua_pushcclosure(L, string_gmatch_next, 4);
    return 1;
}

/* ---- gsub ---- */

/* "%1" of a replacement text. */
static void gsub_text(lua_State *L, luaL_Buffer *b, const struct match *m,
                      size_t from, size_t end)
{
    size_t n;
    const char *r = lua_tolstring(L, 3, &n);

    for (size_t i = 0; i < n; i++) {
        if (r[i] != '%') {
            luaL_addchar(b, r[i]);
            continue;
        }
        i++;
        if (i < n && r[i] == '%') {
            luaL_addchar(b, '%');
        } else if (i < n && r[i] == '0') {
            luaL_addlstring(b, m->s + from, end - from);
        } else if (i < n && r[i] >= '1' && r[i] <= '9') {
            size_t k = (size_t)(r[i] - '1');

            if (k == 0 && m->captures_n == 0) {
                luaL_addlstring(b, m->s + from, end - from);
                continue;
            }
            if (k >= m->captures_n)
                luaL_error(L, "invalid capture index %%%d in replacement "
                           "string", (int)k + 1);
            string_capture(L, m, k);
            luaL_tolstring(L, -1, NULL);
            lua_remove(L, -2);
            luaL_addvalue(b);
        } else {
            luaL_error(L, "invalid use of '%%' in replacement string");
        }
    }
}

/* The value on top: nil and false leave the match as it was. */
static void gsub_value(lua_State *L, luaL_Buffer *b, const struct match *m,
                       size_t from, size_t end)
{
    if (!lua_toboolean(L, -1)) {
        lua_pop(L, 1);
        luaL_addlstring(b, m->s + from, end - from);
    } else if (!lua_isstring(L, -1)) {
        luaL_error(L, "invalid replacement value (a %s)",
                   luaL_typename(L, -1));
    } else {
        luaL_addvalue(b);
    }
}

static void gsub_one(lua_State *L, luaL_Buffer *b, const struct match *m,
                     size_t from, size_t end)
{
    switch (lua_type(L, 3)) {
    case LUA_TTABLE:
        if (m->captures_n > 0)
            string_capture(L, m, 0);
        else
            lua_pushlstring(L, m->s + from, end - from);
        lua_gettable(L, 3);
        gsub_value(L, b, m, from, end);
        break;
    case LUA_TFUNCTION:
        lua_pushvalue(L, 3);
        lua_call(L, string_captures(L, m, from, end, true), 1);
        gsub_value(L, b, m, from, end);
        break;
    default:
        gsub_text(L, b, m, from, end);
        break;
    }
    if (luaL_bufflen(b) > SANDBOX_STRING)
        luaL_error(L, "the text would be longer than 65536 bytes");
}

static int string_gsub(lua_State *L)
{
    struct match m;
    size_t at = 0, from, end;
    lua_Integer n = 0, most;
    bool anchored;
    lua_Integer last = -1;
    luaL_Buffer b;

    string_set(L, &m);
    anchored = m.pn > 0 && m.p[0] == '^';
    luaL_argexpected(L, lua_isstring(L, 3) || lua_istable(L, 3) ||
                     lua_isfunction(L, 3), 3, "string/function/table");
    most = luaL_optinteger(L, 4, (lua_Integer)m.n + 1);
    lua_settop(L, 4);
    luaL_buffinit(L, &b);
    while (n < most && at <= m.n && string_search(L, &m, at, &from, &end)) {
        luaL_addlstring(&b, m.s + at, from - at);
        if ((lua_Integer)end != last) {
            gsub_one(L, &b, &m, from, end);
            last = (lua_Integer)end;
            n++;
        }
        at = end;
        if (end == from) {
            if (end < m.n)
                luaL_addchar(&b, m.s[end]);
            at = end + 1;
        }
        if (anchored)
            break;
    }
    if (at < m.n)
        luaL_addlstring(&b, m.s + at, m.n - at);
    luaL_pushresult(&b);
    lua_pushinteger(L, n);
    return 2;
}

/* ---- rep, format ---- */

static int string_rep(lua_State *L)
{
    size_t n, between_n, total;
    const char *s = luaL_checklstring(L, 1, &n);
    lua_Integer times = luaL_checkinteger(L, 2);
    const char *between = luaL_optlstring(L, 3, "", &between_n);
    luaL_Buffer b;

    if (times < 0 || n + between_n == 0)
        times = 0;
    if (times > (lua_Integer)SANDBOX_STRING ||
        (size_t)times * (n + between_n) > SANDBOX_STRING + between_n)
        return luaL_error(L, "the text would be longer than %d bytes",
                          (int)SANDBOX_STRING);
    total = (size_t)times * (n + between_n);
    sandbox_pay(L, total / 8);
    luaL_buffinit(L, &b);
    for (lua_Integer i = 0; i < times; i++) {
        luaL_addlstring(&b, s, n);
        if (i + 1 < times)
            luaL_addlstring(&b, between, between_n);
    }
    luaL_pushresult(&b);
    return 1;
}

/* The conversions of a format take one argument each: those of %s become text
 * as our tostring has it, %p has no meaning here. */
static void format_arguments(lua_State *L)
{
    size_t n;
    const char *f = luaL_checklstring(L, 1, &n);
    int arg = 1;

    for (size_t i = 0; i < n; i++) {
        if (f[i] != '%')
            continue;
        i++;
        if (i < n && f[i] == '%')
            continue;
        while (i < n && strchr("-+ #0123456789.", f[i]) != NULL &&
               f[i] != '\0')
            i++;
        arg++;
        if (i >= n)
            return;
        if (f[i] == 'p')
            luaL_error(L, "%%p is not possible here: it shows an address");
        if (f[i] == 's' && !lua_isnone(L, arg)) {
            sandbox_text(L, arg, NULL);
            lua_replace(L, arg);
        }
    }
}

/* Upvalue: stock Lua's. */
static int string_format(lua_State *L)
{
    format_arguments(L);
    luaL_checkstack(L, LUA_MINSTACK, NULL);
    /* In this frame, so that its errors name 'format'. */
    return lua_tocfunction(L, lua_upvalueindex(1))(L);
}

/* ---- all of it ---- */

static void string_take(lua_State *L, int lib, int to,
                        const char *const *names)
{
    for (; *names != NULL; names++) {
        lua_getfield(L, lib, *names);
        lua_setfield(L, to, *names);
    }
}

/* A copy that nobody gets hold of: ("x"):rep(2) goes by it. */
static void string_metatable(lua_State *L, int lib)
{
    lua_pushliteral(L, "");
    lua_createtable(L, 0, 2);
    lua_newtable(L);
    lua_pushnil(L);
    while (lua_next(L, lib)) {
        lua_pushvalue(L, -2);
        lua_insert(L, -2);
        lua_rawset(L, -4);
    }
    lua_setfield(L, -2, "__index");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_setmetatable(L, -2);
    lua_pop(L, 1);
}

void sandbox_open_string(lua_State *L)
{
    static const char *const stock[] = { "byte", "char", "len", "lower",
                                         "reverse", "sub", "upper", NULL };
    static const char *const utf8[] = { "char", "charpattern", "codepoint",
                                        "codes", "len", "offset", NULL };
    static const luaL_Reg ours[] = {
        { "find", string_find }, { "gmatch", string_gmatch },
        { "gsub", string_gsub }, { "match", string_match },
        { "rep", string_rep }, { NULL, NULL }
    };
    int env = lua_gettop(L);

    lua_pushcfunction(L, luaopen_string);
    lua_call(L, 0, 1);
    luaL_newlib(L, ours);
    string_take(L, env + 1, env + 2, stock);
    lua_getfield(L, env + 1, "format");
    lua_pushcclosure(L, string_format, 1);
    lua_setfield(L, env + 2, "format");
    string_metatable(L, env + 2);
    lua_setfield(L, env, LUA_STRLIBNAME);
    lua_settop(L, env);
    lua_pushcfunction(L, luaopen_utf8);
    lua_call(L, 0, 1);
    lua_newtable(L);
    string_take(L, env + 1, env + 2, utf8);
    lua_setfield(L, env, LUA_UTF8LIBNAME);
    lua_settop(L, env);
}
