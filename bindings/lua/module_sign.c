/* lua/module_sign.c - a signature for a request that somebody else sends. */
#include <string.h>
#include <strings.h>

#include <lauxlib.h>

#include "module.h"

#define AT(member) offsetof(struct headcount_sign_request, member)

static const struct option sign_options[] = {
    { "method", FIELD_TEXT, AT(method) }, { "url", FIELD_TEXT, AT(url) },
    { "service", FIELD_TEXT, AT(service) },
    { "region", FIELD_TEXT, AT(region) },
    { "access_key_id", FIELD_TEXT, AT(access_key_id) },
    { "secret_access_key", FIELD_TEXT, AT(secret_access_key) },
    { "session_token", FIELD_TEXT, AT(session_token) },
    { "double_encode", FIELD_CHOICE, AT(double_encode) },
    { "normalize_path", FIELD_CHOICE, AT(normalize_path) },
    { "headers", FIELD_VALUE, 0 }, { "body", FIELD_VALUE, 0 },
    { "time", FIELD_VALUE, 0 }, { NULL, FIELD_VALUE, 0 }
};

#define BOX "headcount.signed"
#define SIGN_HEADERS 1000               /* the core takes fewer */

struct box {
    struct headcount_signed *s;
};

static int box_gc(lua_State *L)
{
    struct box *box = luaL_checkudata(L, 1, BOX);

    headcount_signed_free(box->s);
    box->s = NULL;
    return 0;
}

static struct box *push_box(lua_State *L)
{
    struct box *box = lua_newuserdatauv(L, sizeof *box, 0);

    box->s = NULL;
    if (luaL_newmetatable(L, BOX)) {
        lua_pushcfunction(L, box_gc);
        lua_setfield(L, -2, "__gc");
    }
    lua_setmetatable(L, -2);
    return box;
}

/* ---- time ---- */

/* Days since 1970-01-01 of a date of the Gregorian calendar. */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t m = month <= 2 ? month + 9 : month - 3;       /* from March */

    return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 -
           719468;
}

static int64_t digits(const char *text, int at, int n)
{
    int64_t value = 0;

    for (int i = at; i < at + n; i++)
        value = value * 10 + (text[i] - '0');
    return value;
}

/* YYYYMMDDTHHMMSSZ */
static bool amz_time(const char *text, int64_t *seconds)
{
    static const char shape[] = "00000000T000000Z";

    if (strlen(text) != sizeof shape - 1)
        return false;
    for (int i = 0; shape[i] != '\0'; i++)
        if (shape[i] == '0' ? text[i] < '0' || text[i] > '9'
                            : text[i] != shape[i])
            return false;
    int64_t month = digits(text, 4, 2), day = digits(text, 6, 2);

    if (month < 1 || month > 12 || day < 1 || day > 31)
        return false;
    *seconds = days_of(digits(text, 0, 4), month, day) * 86400 +
               digits(text, 9, 2) * 3600 + digits(text, 11, 2) * 60 +
               digits(text, 13, 2);
    return true;
}

static void take_time(lua_State *L, struct headcount_sign_request *r)
{
    int64_t seconds = 0;

    switch (module_field(L, 1, "time")) {
    case LUA_TNIL:
        return;
    case LUA_TNUMBER:
        seconds = (int64_t)lua_tonumber(L, -1);
        break;
    case LUA_TSTRING:
        if (amz_time(lua_tostring(L, -1), &seconds))
            break;
        /* fall through */
    default:
        luaL_error(L, "headcount.sign: time is seconds since 1970 or "
                   "\"YYYYMMDDTHHMMSSZ\"");
    }
    if (seconds < 1 || seconds > INT64_C(253402300799))
        luaL_error(L, "headcount.sign: time is not between 1970 and 9999");
    r->time = seconds * 1000000;
}

/* ---- what it takes and gives ---- */

static const char *header_text(lua_State *L, int i)
{
    size_t n;
    const char *text = lua_type(L, i) == LUA_TSTRING
                           ? lua_tolstring(L, i, &n) : NULL;

    if (text == NULL || strlen(text) != n)
        luaL_error(L, "headcount.sign: headers: names and values are texts "
                   "without NUL");
    return text;
}

static void take_header_list(lua_State *L, struct headcount_sign_request *r)
{
    size_t n = 0;
    int t;
    struct headcount_header *to;

    if (module_field(L, 1, "headers") == LUA_TNIL)
        return;
    t = lua_gettop(L);
    if (!lua_istable(L, t))
        luaL_error(L, "headcount.sign: headers is a table: { NAME = "
                   "\"VALUE\" }");
    module_own(L, t);
    for (lua_pushnil(L); lua_next(L, t); lua_pop(L, 1))
        n++;
    if (n > SIGN_HEADERS)
        luaL_error(L, "headcount.sign: more than %d headers", SIGN_HEADERS);
    to = lua_newuserdatauv(L, (n + 1) * sizeof *to, 0);
    for (lua_pushnil(L); lua_next(L, t); lua_pop(L, 1))
        to[r->headers_n++] = (struct headcount_header){
            header_text(L, -2), header_text(L, -1)
        };
    r->headers = to;
    /* Headers of one name are signed in their order, and a Lua table has
     * none. */
    for (size_t i = 0; i < r->headers_n; i++)
        for (size_t k = 0; k < i; k++)
            if (strcasecmp(to[i].name, to[k].name) == 0)
                luaL_error(L, "headcount.sign: headers: %s is given "
                           "twice", to[i].name);
}

static void push_signed(lua_State *L, const struct headcount_signed *s)
{
    lua_createtable(L, 0, 4);
    lua_createtable(L, 0, (int)s->headers_n);
    for (size_t i = 0; i < s->headers_n; i++) {
        lua_pushstring(L, s->headers[i].value);
        lua_setfield(L, -2, s->headers[i].name);
    }
    lua_setfield(L, -2, "headers");
    lua_pushstring(L, s->canonical_request);
    lua_setfield(L, -2, "canonical_request");
    lua_pushstring(L, s->string_to_sign);
    lua_setfield(L, -2, "string_to_sign");
    lua_pushstring(L, s->signature);
    lua_setfield(L, -2, "signature");
}

int module_sign(lua_State *L)
{
    struct headcount_sign_request r = { .size = sizeof r };
    struct headcount_error error;
    struct box *box;
    int err;

    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    module_options(L, 1, "headcount.sign", sign_options, &r);
    if (module_field(L, 1, "body") != LUA_TNIL &&
        lua_type(L, -1) != LUA_TSTRING)
        return luaL_error(L, "headcount.sign: body is a text, not a %s",
                          luaL_typename(L, -1));
    r.body = lua_tolstring(L, -1, &r.body_size);
    take_time(L, &r);
    take_header_list(L, &r);
    box = push_box(L);
    err = headcount_sign(&box->s, &r, NULL, &error);
    if (err == HEADCOUNT_EARG)
        return luaL_error(L, "headcount.%s", error.what);
    if (err != 0)
        return module_fail_code(L, error.what, err);
    push_signed(L, box->s);
    headcount_signed_free(box->s);
    box->s = NULL;
    return 1;
}
