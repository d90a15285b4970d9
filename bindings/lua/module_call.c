/* lua/module_call.c - one call of an AWS service, or a connection for it; one
 * plain HTTP request. */
#include <string.h>

#include <lauxlib.h>

#include "module.h"

/* ---- client:call(service, operation, input, options) ---- */

#define CALL_AT(member) offsetof(struct headcount_call, member)

static const struct option call_options[] = {
    { "timeout", FIELD_SECONDS, CALL_AT(timeout) },
    { "region", FIELD_TEXT, CALL_AT(region) },
    { "endpoint_url", FIELD_TEXT, CALL_AT(endpoint_url) },
    { "retry_writes", FIELD_FLAG, CALL_AT(retry_writes) },
    { "assume_role", FIELD_TEXT, CALL_AT(assume_role) },
    { "external_id", FIELD_TEXT, CALL_AT(external_id) },
    { "role_session_name", FIELD_TEXT, CALL_AT(role_session_name) },
    { "role_duration", FIELD_SECONDS, CALL_AT(role_duration) },
    { "expect_account", FIELD_TEXT, CALL_AT(expect_account) },
    { "target_prefix", FIELD_TEXT, CALL_AT(target_prefix) },
    { "json_version", FIELD_TEXT, CALL_AT(json_version) },
    { "signing_name", FIELD_TEXT, CALL_AT(signing_name) },
    { "endpoint_prefix", FIELD_TEXT, CALL_AT(endpoint_prefix) },
    { "timings", FIELD_VALUE, 0 },
    { NULL, FIELD_VALUE, 0 }
};

static int fail_outcome(lua_State *L, const struct headcount_outcome *o)
{
    bool theirs = o->service_code != NULL && o->service_code[0] != '\0';

    return module_fail(L, o->message, theirs ? o->service_code
                                             : headcount_code_name(o->code));
}

static int call_finish(lua_State *L, const struct headcount_outcome *o)
{
    struct headcount_error error;

    if (o->code != 0)
        return fail_outcome(L, o);
    if (o->body_size == 0) {
        lua_newtable(L);
        return 1;
    }
    if (!module_json_push(L, o->body, o->body_size, NULL_IS_NIL, &error))
        return module_fail_code(L, error.what, error.code);
    return 1;
}

static int call_begin(headcount *h, headcount_op **op, const void *call,
                      struct headcount_error *error)
{
    return headcount_begin_call(h, op, call, error);
}

int module_call(lua_State *L)
{
    struct client *c = module_client(L, 1);
    struct headcount_call request = {
        .size = sizeof request,
        .service = luaL_checkstring(L, 2),
        .operation = luaL_checkstring(L, 3),
    };

    lua_settop(L, 5);
    module_options(L, 5, "client:call", call_options, &request);
    if (lua_type(L, 4) == LUA_TSTRING) {            /* JSON as it is */
        request.body = lua_tolstring(L, 4, &request.body_size);
    } else if (!lua_isnil(L, 4)) {
        luaL_checktype(L, 4, LUA_TTABLE);
        module_json_put(L, 4, "client:call");
        request.body = lua_tolstring(L, -1, &request.body_size);
    }
    bool timings = module_wants_timings(L, 5);

    module_pending(L, c, call_finish)->timings = timings;
    return module_run(L, call_begin, &request, &request.timeout);
}

/* ---- client:connect(service, options) ---- */

static int connect_finish(lua_State *L, const struct headcount_outcome *o)
{
    if (o->code != 0)
        return fail_outcome(L, o);
    lua_pushboolean(L, true);
    return 1;
}

static int connect_begin(headcount *h, headcount_op **op, const void *call,
                         struct headcount_error *error)
{
    return headcount_begin_connect(h, op, call, error);
}

int module_connect(lua_State *L)
{
    struct client *c = module_client(L, 1);
    struct headcount_call request = {
        .size = sizeof request, .service = luaL_checkstring(L, 2),
    };

    lua_settop(L, 3);
    module_options(L, 3, "client:connect", call_options, &request);
    module_pending(L, c, connect_finish);
    return module_run(L, connect_begin, &request, &request.timeout);
}

/* ---- client:fetch{ method, url, headers, body, timeout, sign } ---- */

#define FETCH_AT(member) offsetof(struct headcount_fetch, member)

static const struct option fetch_options[] = {
    { "method", FIELD_TEXT, FETCH_AT(method) },
    { "url", FIELD_TEXT, FETCH_AT(url) },
    { "timeout", FIELD_SECONDS, FETCH_AT(timeout) },
    { "assume_role", FIELD_TEXT, FETCH_AT(assume_role) },
    { "external_id", FIELD_TEXT, FETCH_AT(external_id) },
    { "role_session_name", FIELD_TEXT, FETCH_AT(role_session_name) },
    { "role_duration", FIELD_SECONDS, FETCH_AT(role_duration) },
    { "expect_account", FIELD_TEXT, FETCH_AT(expect_account) },
    { "headers", FIELD_VALUE, 0 }, { "body", FIELD_VALUE, 0 },
    { "sign", FIELD_VALUE, 0 }, { NULL, FIELD_VALUE, 0 }
};

#define SIGN(member) offsetof(struct headcount_sign_request, member)

static const struct option fetch_sign_options[] = {
    { "service", FIELD_TEXT, SIGN(service) },
    { "region", FIELD_TEXT, SIGN(region) },
    { "double_encode", FIELD_CHOICE, SIGN(double_encode) },
    { "normalize_path", FIELD_CHOICE, SIGN(normalize_path) },
    { "expires", FIELD_SECONDS, SIGN(expires) },
    { "sign_all", FIELD_FLAG, SIGN(sign_all) },
    { NULL, FIELD_VALUE, 0 }
};

/* Headers of one name are joined with commas (RFC 9110, 5.3). */
static void push_headers(lua_State *L, const struct headcount_outcome *o)
{
    lua_createtable(L, 0, (int)o->headers_n);
    for (size_t i = 0; i < o->headers_n; i++) {
        const char *name = o->headers[i].name;

        lua_pushstring(L, o->headers[i].value);
        if (lua_getfield(L, -2, name) == LUA_TSTRING)
            lua_pushfstring(L, "%s, %s", lua_tostring(L, -1),
                            lua_tostring(L, -2));
        else
            lua_pushvalue(L, -2);
        lua_setfield(L, -4, name);
        lua_pop(L, 2);
    }
}

static int fetch_finish(lua_State *L, const struct headcount_outcome *o)
{
    if (o->code != 0)
        return fail_outcome(L, o);
    lua_createtable(L, 0, 4);
    lua_pushinteger(L, o->status);
    lua_setfield(L, -2, "status");
    push_headers(L, o);
    lua_setfield(L, -2, "headers");
    lua_pushlstring(L, o->body, o->body_size);
    lua_setfield(L, -2, "body");
    if (o->timings_n > 0) {
        module_push_timing(L, &o->timings[o->timings_n - 1]);
        lua_setfield(L, -2, "timings");
    }
    return 1;
}

/* The text stays on the stack. */
const void *module_body(lua_State *L, int i, const char *who, size_t *n)
{
    *n = 0;
    if (module_field(L, i, "body") != LUA_TNIL &&
        lua_type(L, -1) != LUA_TSTRING)
        luaL_error(L, "%s: body is a text, not a %s", who,
                   luaL_typename(L, -1));
    return lua_tolstring(L, -1, n);
}

static int fetch_begin(headcount *h, headcount_op **op, const void *fetch,
                       struct headcount_error *error)
{
    return headcount_begin_fetch(h, op, fetch, error);
}

int module_fetch(lua_State *L)
{
    struct client *c = module_client(L, 1);
    struct headcount_fetch request = {
        .size = sizeof request,
    };
    struct headcount_sign_request sign = { .size = sizeof sign };

    luaL_checktype(L, 2, LUA_TTABLE);
    lua_settop(L, 2);
    module_options(L, 2, "client:fetch", fetch_options, &request);
    if (request.url == NULL)
        return luaL_error(L, "client:fetch takes a url: client:fetch { url = "
                          "\"https://...\" }");
    request.body = module_body(L, 2, "client:fetch", &request.body_size);
    module_field(L, 2, "headers");
    request.headers_n = module_headers(L, "client:fetch", &request.headers);
    if (module_field(L, 2, "sign") != LUA_TNIL) {
        module_options(L, -1, "client:fetch: sign", fetch_sign_options, &sign);
        if (sign.service == NULL)
            return luaL_error(L, "client:fetch: sign takes a service: sign = "
                              "{ service = \"s3\" }");
        request.sign = &sign;
    }
    module_pending(L, c, fetch_finish);
    return module_run(L, fetch_begin, &request, &request.timeout);
}
