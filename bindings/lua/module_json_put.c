/* lua/module_json_put.c - Lua to JSON.
 *
 * A table with the keys 1..n is an array, one with texts as keys an object
 * (written in their order), an empty one an object unless json.array made it.
 * Whole floats are written without a fraction.
 */
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>

#include "module.h"

#define WRITER "headcount.json.writer"
#define DEPTH 128
#define SIZE_MAX_TEXT ((size_t)64 << 20)

/* Where in the value it is, for sentences. */
struct step {
    const char *key;                    /* NULL: index */
    lua_Integer index;
};

struct writer {
    char *p;
    size_t n, cap;
    const char *who;
    struct step path[DEPTH + 1];
    int depth;
};

static int writer_gc(lua_State *L)
{
    struct writer *w = luaL_checkudata(L, 1, WRITER);

    free(w->p);
    w->p = NULL;
    return 0;
}

/* Pushes ".services[2].name". */
static void push_path(lua_State *L, const struct writer *w)
{
    luaL_Buffer b;
    char index[32];

    luaL_buffinit(L, &b);
    for (int i = 0; i < w->depth && i < 8; i++) {
        if (w->path[i].key != NULL) {
            luaL_addchar(&b, '.');
            luaL_addstring(&b, w->path[i].key);
        } else {
            snprintf(index, sizeof index, "[%lld]",
                     (long long)w->path[i].index);
            luaL_addstring(&b, index);
        }
    }
    luaL_pushresult(&b);
}

static int refuse(lua_State *L, const struct writer *w, const char *why)
{
    push_path(L, w);
    return luaL_error(L, "%s: the value%s%s %s", w->who,
                      w->depth > 0 ? " at " : "", lua_tostring(L, -1), why);
}

static _Noreturn void no_memory(lua_State *L)
{
    luaL_error(L, "not enough memory");
    abort();                            /* luaL_error does not come back */
}

static void put(lua_State *L, struct writer *w, const char *p, size_t n)
{
    if (n > SIZE_MAX_TEXT - w->n)
        luaL_error(L, "%s: the JSON is larger than 64 MiB", w->who);
    if (w->p == NULL || w->n + n > w->cap) {
        size_t cap = w->cap < 256 ? 512 : w->cap * 2;

        cap = cap < w->n + n ? w->n + n : cap;
        char *more = realloc(w->p, cap);

        if (more == NULL)
            no_memory(L);
        w->p = more;
        w->cap = cap;
    }
    memcpy(w->p + w->n, p, n);
    w->n += n;
}

static void put_string(lua_State *L, struct writer *w, const char *s, size_t n)
{
    put(L, w, "\"", 1);
    for (size_t i = 0, from = 0; i <= n; i++) {
        unsigned char c = i < n ? (unsigned char)s[i] : 0;
        char escaped[8];

        if (i < n && c >= 0x20 && c != '"' && c != '\\')
            continue;
        put(L, w, s + from, i - from);
        from = i + 1;
        if (i == n)
            break;
        if (c >= 0x20)
            snprintf(escaped, sizeof escaped, "\\%c", c);
        else
            snprintf(escaped, sizeof escaped, "\\u%04x", c);
        put(L, w, escaped, strlen(escaped));
    }
    put(L, w, "\"", 1);
}

static void put_number(lua_State *L, struct writer *w)
{
    char text[40];
    lua_Number x = lua_tonumber(L, -1);

    if (lua_isinteger(L, -1)) {
        snprintf(text, sizeof text, "%lld", (long long)lua_tointeger(L, -1));
    } else {
        if (!isfinite(x))
            refuse(L, w, "is no number that JSON has");
        snprintf(text, sizeof text, "%.15g", x);
        if (strtod(text, NULL) != x)
            snprintf(text, sizeof text, "%.17g", x);
        for (char *p = text; *p != '\0'; p++)       /* a locale's own point */
            if (strchr("0123456789+-e", *p) == NULL)
                *p = '.';
    }
    put(L, w, text, strlen(text));
}

static void put_value(lua_State *L, struct writer *w);

static void put_array(lua_State *L, struct writer *w, lua_Integer n)
{
    put(L, w, "[", 1);
    for (lua_Integer i = 1; i <= n; i++) {
        if (i > 1)
            put(L, w, ",", 1);
        w->path[w->depth++] = (struct step){ NULL, i };
        lua_rawgeti(L, -1, i);
        put_value(L, w);
        lua_pop(L, 1);
        w->depth--;
    }
    put(L, w, "]", 1);
}

struct name {
    const char *p;
    size_t n;
};

static int names_order(const void *a, const void *b)
{
    const struct name *x = a, *y = b;
    int order = memcmp(x->p, y->p, x->n < y->n ? x->n : y->n);

    return order != 0 ? order : (x->n > y->n) - (x->n < y->n);
}

/* The keys of the table on top, which all are texts, into names and into the
 * list below it, so that they live on: what is called meanwhile may change the
 * table.  Nothing in here allocates. */
static void take_names(lua_State *L, struct writer *w, struct name *names,
                       size_t n)
{
    size_t i = 0;

    for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1), i++) {
        if (i == n || lua_type(L, -2) != LUA_TSTRING)
            refuse(L, w, "was changed while it was written");
        names[i].p = lua_tolstring(L, -2, &names[i].n);
        lua_pushvalue(L, -2);
        lua_rawseti(L, -5, (lua_Integer)i + 1);
    }
    if (i < n)
        refuse(L, w, "was changed while it was written");
    qsort(names, n, sizeof *names, names_order);
}

/* The table is on top; it had `n` keys, all of them texts. */
static void put_object(lua_State *L, struct writer *w, size_t n)
{
    struct name *names = lua_newuserdatauv(L, (n + 1) * sizeof *names, 0);

    lua_createtable(L, n < INT_MAX ? (int)n : INT_MAX, 0);
    lua_rotate(L, -3, 2);               /* names, list of keys, table */
    take_names(L, w, names, n);
    put(L, w, "{", 1);
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            put(L, w, ",", 1);
        put_string(L, w, names[i].p, names[i].n);
        put(L, w, ":", 1);
        w->path[w->depth++] = (struct step){ names[i].p, 0 };
        lua_pushlstring(L, names[i].p, names[i].n);
        lua_rawget(L, -2);
        put_value(L, w);
        lua_pop(L, 1);
        w->depth--;
    }
    put(L, w, "}", 1);
    lua_replace(L, -3);
    lua_pop(L, 1);
}

static void put_table(lua_State *L, struct writer *w)
{
    size_t texts = 0, whole = 0;
    lua_Integer n = (lua_Integer)lua_rawlen(L, -1);

    if (w->depth >= DEPTH)
        refuse(L, w, "is deeper than 128 levels, or holds itself");
    for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
        if (lua_type(L, -2) == LUA_TSTRING)
            texts++;
        else if (lua_isinteger(L, -2) && lua_tointeger(L, -2) >= 1 &&
                 lua_tointeger(L, -2) <= n)
            whole++;
        else
            refuse(L, w, "has a key that is neither a text nor a place in a "
                   "list without gaps");
    }
    if (texts > 0 && whole > 0)
        refuse(L, w, "has texts and numbers as keys: JSON has objects and "
               "arrays");
    if (texts > 0 || (n == 0 && !module_json_is_array(L, lua_gettop(L))))
        put_object(L, w, texts);
    else if (whole == (size_t)n)
        put_array(L, w, n);
    else
        refuse(L, w, "is a list with gaps: json.null stands for nothing");
}

static void put_value(lua_State *L, struct writer *w)
{
    size_t n;
    const char *text;

    luaL_checkstack(L, 8, "json");
    switch (lua_type(L, -1)) {
    case LUA_TSTRING:
        text = lua_tolstring(L, -1, &n);
        put_string(L, w, text, n);
        return;
    case LUA_TNUMBER:
        put_number(L, w);
        return;
    case LUA_TBOOLEAN:
        text = lua_toboolean(L, -1) ? "true" : "false";
        put(L, w, text, strlen(text));
        return;
    case LUA_TTABLE:
        put_table(L, w);
        return;
    case LUA_TLIGHTUSERDATA:
        if (lua_touserdata(L, -1) == NULL) {
            put(L, w, "null", 4);
            return;
        }
        /* fall through */
    default:
        lua_pushfstring(L, "is a %s, which JSON has not",
                        luaL_typename(L, -1));
        refuse(L, w, lua_tostring(L, -1));
    }
}

/* Texts may hold any bytes: what is no UTF-8 is found by reading it. */
static void check_text(lua_State *L, const struct writer *w)
{
    headcount_json *json;
    const char *text;
    size_t n;
    int event;

    if (headcount_json_new(&json, w->p, w->n, NULL) < 0)
        luaL_error(L, "not enough memory");
    do
        event = headcount_json_next(json, &text, &n, NULL);
    while (event > 0);
    headcount_json_free(json);
    if (event == HEADCOUNT_ENOMEM)
        luaL_error(L, "not enough memory");
    if (event < 0)
        luaL_error(L, "%s: a text in it is not UTF-8: encode bytes as base64 "
                   "first", w->who);
}

void module_json_put(lua_State *L, int i, const char *who)
{
    struct writer *w;

    i = lua_absindex(L, i);
    w = lua_newuserdatauv(L, sizeof *w, 0);
    w->p = NULL;
    w->n = w->cap = 0;
    w->who = who;
    w->depth = 0;
    if (luaL_newmetatable(L, WRITER)) {
        lua_pushcfunction(L, writer_gc);
        lua_setfield(L, -2, "__gc");
    }
    lua_setmetatable(L, -2);
    lua_pushvalue(L, i);
    put_value(L, w);
    lua_pop(L, 1);
    check_text(L, w);
    lua_pushlstring(L, w->p, w->n);
    free(w->p);
    w->p = NULL;
    lua_remove(L, -2);
}

int module_json_encode(lua_State *L)
{
    luaL_checkany(L, 1);
    lua_settop(L, 1);
    module_json_put(L, 1, "json.encode");
    return 1;
}
