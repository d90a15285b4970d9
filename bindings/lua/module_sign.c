/* lua/module_sign.c - a signature for a request that somebody else sends. */
#include <string.h>

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
    { "expires", FIELD_SECONDS, AT(expires) },
    { "sign_all", FIELD_FLAG, AT(sign_all) },
    { "headers", FIELD_VALUE, 0 }, { "body", FIELD_VALUE, 0 },
    { "time", FIELD_VALUE, 0 }, { NULL, FIELD_VALUE, 0 }
};

/* client:sign is a fetch that is signed and not sent. */
struct client_sign {
    struct headcount_fetch fetch;
    struct headcount_sign_request sign;
};

#define OF(member) offsetof(struct client_sign, member)

static const struct option client_sign_options[] = {
    { "method", FIELD_TEXT, OF(fetch.method) },
    { "url", FIELD_TEXT, OF(fetch.url) },
    { "timeout", FIELD_SECONDS, OF(fetch.timeout) },
    { "service", FIELD_TEXT, OF(sign.service) },
    { "region", FIELD_TEXT, OF(sign.region) },
    { "double_encode", FIELD_CHOICE, OF(sign.double_encode) },
    { "normalize_path", FIELD_CHOICE, OF(sign.normalize_path) },
    { "expires", FIELD_SECONDS, OF(sign.expires) },
    { "sign_all", FIELD_FLAG, OF(sign.sign_all) },
    { "assume_role", FIELD_TEXT, OF(fetch.assume_role) },
    { "external_id", FIELD_TEXT, OF(fetch.external_id) },
    { "role_session_name", FIELD_TEXT, OF(fetch.role_session_name) },
    { "role_duration", FIELD_SECONDS, OF(fetch.role_duration) },
    { "expect_account", FIELD_TEXT, OF(fetch.expect_account) },
    { "headers", FIELD_VALUE, 0 }, { "body", FIELD_VALUE, 0 },
    { "time", FIELD_VALUE, 0 }, { NULL, FIELD_VALUE, 0 }
};

#define BOX "headcount.signed"

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

static void take_time(lua_State *L, int i, const char *who, int64_t *to)
{
    int64_t seconds = 0;

    switch (module_field(L, i, "time")) {
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
        luaL_error(L, "%s: time is seconds since 1970 or "
                   "\"YYYYMMDDTHHMMSSZ\"", who);
    }
    if (seconds < 1 || seconds > INT64_C(253402300799))
        luaL_error(L, "%s: time is not between 1970 and 9999", who);
    *to = seconds * 1000000;
}

/* ---- what it takes and gives ---- */

static void push_signed(lua_State *L, const struct headcount_signed *s)
{
    lua_createtable(L, 0, 5);
    module_push_headers(L, s->headers, s->headers_n);
    lua_setfield(L, -2, "headers");
    lua_pushstring(L, s->canonical_request);
    lua_setfield(L, -2, "canonical_request");
    lua_pushstring(L, s->string_to_sign);
    lua_setfield(L, -2, "string_to_sign");
    lua_pushstring(L, s->signature);
    lua_setfield(L, -2, "signature");
    lua_pushstring(L, s->url);               /* NULL: nil */
    lua_setfield(L, -2, "url");
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
    r.body = module_body(L, 1, "headcount.sign", &r.body_size);
    take_time(L, 1, "headcount.sign", &r.time);
    module_field(L, 1, "headers");
    r.headers_n = module_headers(L, "headcount.sign", &r.headers);
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

/* ---- client:sign{ method, url, headers, body, service, expires } ---- */

static int sign_finish(lua_State *L, const struct headcount_outcome *o)
{
    if (o->code != 0)
        return module_fail_code(L, o->message, o->code);
    push_signed(L, o->signed_request);
    return 1;
}

static int sign_begin(headcount *h, headcount_op **op, const void *fetch,
                      struct headcount_error *error)
{
    return headcount_begin_fetch(h, op, fetch, error);
}

int module_client_sign(lua_State *L)
{
    static const char who[] = "client:sign";
    struct client *c = module_client(L, 1);
    struct client_sign r = { { .size = sizeof r.fetch, .sign_only = true },
                             { .size = sizeof r.sign } };

    luaL_checktype(L, 2, LUA_TTABLE);
    lua_settop(L, 2);
    module_options(L, 2, who, client_sign_options, &r);
    if (r.fetch.url == NULL || r.sign.service == NULL)
        return luaL_error(L, "client:sign takes a url and a service: "
                          "client:sign { url = \"https://...\", service = "
                          "\"s3\" }");
    r.fetch.sign = &r.sign;
    r.fetch.body = module_body(L, 2, who, &r.fetch.body_size);
    take_time(L, 2, who, &r.sign.time);
    module_field(L, 2, "headers");
    r.fetch.headers_n = module_headers(L, who, &r.fetch.headers);
    module_pending(L, c, sign_finish);
    return module_run(L, sign_begin, &r.fetch, &r.fetch.timeout);
}
