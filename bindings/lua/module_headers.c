/* lua/module_headers.c - headers of a request out of a Lua table, and back. */
#include <string.h>
#include <strings.h>

#include <lauxlib.h>

#include "module.h"

#define HEADERS_MAX 1000

/* The table `to` holds name, value, name, value ... as texts, so that pointers
 * to them stay good whatever becomes of the tables that they came from. */
struct taker {
    lua_State *L;
    const char *who;
    int to;
    lua_Integer n;                   /* of texts */
};

/* Takes the text on top. */
static void take_text(struct taker *t, const char *what)
{
    size_t n;
    const char *text = lua_type(t->L, -1) == LUA_TSTRING
                           ? lua_tolstring(t->L, -1, &n) : NULL;

    if (text == NULL || strlen(text) != n)
        luaL_error(t->L, "%s: headers: a %s is a text without NUL, not a %s",
                   t->who, what, luaL_typename(t->L, -1));
    if (t->n >= (lua_Integer)2 * HEADERS_MAX)
        luaL_error(t->L, "%s: more than %d headers", t->who, HEADERS_MAX);
    lua_rawseti(t->L, t->to, ++t->n);
}

static const char *text_at(struct taker *t, lua_Integer i)
{
    lua_rawgeti(t->L, t->to, i);

    const char *text = lua_tostring(t->L, -1);

    lua_pop(t->L, 1);
    return text;
}

/* { "NAME", "VALUE" } on top. */
static void take_pair(struct taker *t)
{
    int pair = lua_gettop(t->L);

    if (!lua_istable(t->L, pair) || lua_rawlen(t->L, pair) != 2)
        luaL_error(t->L, "%s: headers: a list has rows of two texts: "
                   "{ { \"NAME\", \"VALUE\" }, ... }", t->who);
    lua_rawgeti(t->L, pair, 1);
    take_text(t, "name");
    lua_rawgeti(t->L, pair, 2);
    take_text(t, "value");
}

/* The key below the top is the name; on top is its value, or a list of them.
 * Two spellings of a name would be sent in no order. */
static void take_named(struct taker *t)
{
    int name = lua_gettop(t->L) - 1;
    bool is_list = lua_istable(t->L, -1);
    lua_Integer values = is_list ? (lua_Integer)lua_rawlen(t->L, -1) : 1;

    if (lua_type(t->L, name) == LUA_TSTRING)
        for (lua_Integer i = 1; i < t->n; i += 2)
            if (strcasecmp(text_at(t, i), lua_tostring(t->L, name)) == 0)
                luaL_error(t->L, "%s: headers: %s is given twice; give its "
                           "values as a list", t->who, text_at(t, i));
    for (lua_Integer i = 1; i <= values; i++) {
        lua_pushvalue(t->L, name);
        take_text(t, "name");
        if (is_list)
            lua_rawgeti(t->L, name + 1, i);
        else
            lua_pushvalue(t->L, name + 1);
        take_text(t, "value");
    }
}

size_t module_headers(lua_State *L, const char *who,
                      const struct headcount_header **out)
{
    int t = lua_gettop(L);
    struct taker taker = { .L = L, .who = who, .to = t + 1 };
    struct headcount_header *to;
    lua_Integer rows;

    *out = NULL;
    if (lua_isnil(L, t))
        return 0;
    if (!lua_istable(L, t))
        luaL_error(L, "%s: headers is a table: { NAME = \"VALUE\" }", who);
    module_own(L, t);
    lua_newtable(L);
    rows = (lua_Integer)lua_rawlen(L, t);
    for (lua_Integer i = 1; i <= rows; i++) {
        lua_rawgeti(L, t, i);
        take_pair(&taker);
        lua_pop(L, 1);
    }
    for (lua_pushnil(L); lua_next(L, t); lua_pop(L, 1))
        if (!lua_isinteger(L, -2) || lua_tointeger(L, -2) < 1 ||
            lua_tointeger(L, -2) > rows)
            take_named(&taker);
    to = lua_newuserdatauv(L, ((size_t)taker.n / 2 + 1) * sizeof *to, 0);
    for (lua_Integer i = 0; i < taker.n / 2; i++)
        to[i] = (struct headcount_header){ text_at(&taker, 2 * i + 1),
                                           text_at(&taker, 2 * i + 2) };
    *out = to;
    return (size_t)taker.n / 2;
}

/* The first of the headers that has this one's name, in any case. */
static const char *first_spelling(const struct headcount_header *headers,
                                  size_t i)
{
    size_t k = 0;

    while (k < i && strcasecmp(headers[k].name, headers[i].name) != 0)
        k++;
    return headers[k].name;
}

void module_push_headers(lua_State *L, const struct headcount_header *headers,
                         size_t n)
{
    lua_createtable(L, 0, (int)n);
    for (size_t i = 0; i < n; i++) {
        const char *name = first_spelling(headers, i);
        int before = lua_getfield(L, -1, name);

        if (before == LUA_TSTRING) {             /* it becomes a list */
            lua_createtable(L, 2, 0);
            lua_insert(L, -2);
            lua_rawseti(L, -2, 1);
            lua_pushvalue(L, -1);
            lua_setfield(L, -3, name);
        }
        lua_pushstring(L, headers[i].value);
        if (before == LUA_TNIL)
            lua_setfield(L, -3, name);
        else
            lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
        lua_pop(L, 1);
    }
}
