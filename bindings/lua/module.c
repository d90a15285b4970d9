/* lua/module.c - require "headcount.core": clients, and what stands beside
 * them.  lua/headcount/init.lua is what scripts see. */
#include "module.h"

#include "nearest.h"

#include <stdio.h>

#include <lauxlib.h>

int module_fail(lua_State *L, const char *message, const char *code)
{
    lua_pushnil(L);
    lua_pushstring(L, message);
    lua_pushstring(L, code);
    return 3;
}

int module_fail_code(lua_State *L, const char *message, int code)
{
    return module_fail(L, message, headcount_code_name(code));
}

/* ---- clients ---- */

struct client *module_client(lua_State *L, int i)
{
    struct client *c = luaL_checkudata(L, i, MODULE_CLIENT);

    if (c->closed)
        luaL_argerror(L, i, "the client is closed");
    return c;
}

static int client_close(lua_State *L)
{
    module_close(luaL_checkudata(L, 1, MODULE_CLIENT));
    return 0;
}

static int client_tostring(lua_State *L)
{
    const struct client *c = luaL_checkudata(L, 1, MODULE_CLIENT);

    lua_pushstring(L, c->closed ? "headcount.client (closed)"
                                : "headcount.client");
    return 1;
}

void module_push_stats(lua_State *L, const struct headcount_stats *stats)
{
    const struct { const char *name; uint64_t n; } rows[] = {
        { "api_calls", stats->api_calls },
        { "connections_opened", stats->connections_opened },
        { "connections_reused", stats->connections_reused },
        { "dns_lookups", stats->dns_lookups },
        { "dns_datagrams", stats->dns_datagrams },
        { "dns_hits", stats->dns_hits },
        { "tls_handshakes", stats->tls_handshakes },
        { "tls_resumed", stats->tls_resumed },
        { "retries", stats->retries }, { "replays", stats->replays },
        { "connections_purged", stats->connections_purged },
        { "connections_dead", stats->connections_dead },
    };

    lua_createtable(L, 0, (int)(sizeof rows / sizeof *rows));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        lua_pushinteger(L, (lua_Integer)rows[i].n);
        lua_setfield(L, -2, rows[i].name);
    }
}

static int client_stats(lua_State *L)
{
    struct headcount_stats stats;

    headcount_stats(module_client(L, 1)->h, &stats);
    module_push_stats(L, &stats);
    return 1;
}

static int client_forget(lua_State *L)
{
    headcount_forget(module_client(L, 1)->h);
    return 0;
}

static const char clients_key = 'c';    /* registry: clients are its keys   */

/* The client on top.  The table, which is its own metatable, keeps none of them
 * from being collected. */
static void note_client(lua_State *L)
{
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &clients_key) == LUA_TNIL) {
        lua_pop(L, 1);
        lua_createtable(L, 0, 2);
        lua_pushliteral(L, "k");
        lua_setfield(L, -2, "__mode");
        lua_pushvalue(L, -1);
        lua_setmetatable(L, -2);
        lua_pushvalue(L, -1);
        lua_rawsetp(L, LUA_REGISTRYINDEX, &clients_key);
    }
    lua_pushvalue(L, -2);
    lua_pushboolean(L, true);
    lua_rawset(L, -3);
    lua_pop(L, 1);
}

void module_forget(lua_State *L)
{
    const struct client *c;

    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &clients_key) == LUA_TTABLE)
        for (lua_pushnil(L); lua_next(L, -2) != 0; lua_pop(L, 1)) {
            c = lua_touserdata(L, -2);   /* NULL: "__mode" */
            if (c && !c->closed)
                headcount_forget(c->h);
        }
    lua_pop(L, 1);
}

/* ---- a new one ---- */

struct client_options {
    struct headcount_config config;
    bool audit;
};

#define AT(member) offsetof(struct client_options, config.member)

static const struct option client_options[] = {
    { "region", FIELD_TEXT, AT(region) },
    { "profile", FIELD_TEXT, AT(profile) },
    { "endpoint_url", FIELD_TEXT, AT(endpoint_url) },
    { "ca_bundle", FIELD_TEXT, AT(ca_bundle) },
    { "dns_server", FIELD_TEXT, AT(dns_server) },
    { "connect_timeout", FIELD_SECONDS, AT(connect_timeout) },
    { "read_timeout", FIELD_SECONDS, AT(read_timeout) },
    { "max_attempts", FIELD_WHOLE, AT(max_attempts) },
    { "max_connections", FIELD_WHOLE, AT(max_connections) },
    { "max_connections_per_host", FIELD_WHOLE, AT(max_connections_per_host) },
    { "acquire_timeout", FIELD_SECONDS, AT(acquire_timeout) },
    { "attempt_timeout", FIELD_SECONDS, AT(attempt_timeout) },
    { "tcp_user_timeout", FIELD_SECONDS, AT(tcp_user_timeout) },
    { "min_speed", FIELD_BYTES, AT(min_speed) },
    { "keep_alive", FIELD_NOT, AT(no_keep_alive) },
    { "tcp_keepalive", FIELD_NOT, AT(no_tcp_keepalive) },
    { "dns_cache", FIELD_NOT, AT(no_dns_cache) },
    { "tls_resumption", FIELD_NOT, AT(no_tls_resumption) },
    { "no_sign_request", FIELD_FLAG, AT(no_sign_request) },
    { "credentials", FIELD_VALUE, 0 },
    { "audit", FIELD_FLAG, offsetof(struct client_options, audit) },
    { NULL, FIELD_VALUE, 0 }
};

static const struct option credentials_options[] = {
    { "access_key_id", FIELD_TEXT,
      offsetof(struct headcount_config, access_key_id) },
    { "secret_access_key", FIELD_TEXT,
      offsetof(struct headcount_config, secret_access_key) },
    { "session_token", FIELD_TEXT,
      offsetof(struct headcount_config, session_token) },
    { NULL, FIELD_VALUE, 0 }
};

static void stderr_line(void *ud, const char *line, size_t n)
{
    (void)ud;
    fprintf(stderr, "%.*s\n", (int)n, line);
}

static const char host_key = 'h';       /* registry: the module_host */

void module_set_host(lua_State *L, const struct module_host *host)
{
    lua_pushlightuserdata(L, (void *)(uintptr_t)host);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &host_key);
}

void module_prepare(lua_State *L)
{
    module_set_host(L, NULL);
    module_set_deadline(L, INT64_MAX);
}

static const struct module_host *host_of(lua_State *L)
{
    const struct module_host *host;

    lua_rawgetp(L, LUA_REGISTRYINDEX, &host_key);
    host = lua_touserdata(L, -1);
    lua_pop(L, 1);
    return host;
}

printed_line *module_printer(lua_State *L)
{
    const struct module_host *host = host_of(L);

    return host != NULL ? host->print : stderr_line;
}

static void take_host(const struct module_host *host,
                      struct client_options *o,
                      struct headcount_system *system)
{
    if (host != NULL) {
        system->ud = host->ud;
        system->log = host->log;
        system->alloc = host->alloc;
        system->trace = host->trace;
        o->config.log_level = host->log_level;
    }
    if (o->audit)
        system->audit = host != NULL ? host->audit : stderr_line;
}

int module_new_client(lua_State *L)
{
    static const char who[] = "headcount.client";
    struct headcount_system system = { .size = sizeof system };
    struct client_options o = {
        .config = { .size = sizeof o.config, .system = &system },
    };
    const struct module_host *host = host_of(L);
    struct headcount_error error;
    struct client *c;
    int err;

    o.config.run_processes = host == NULL;
    if (host != NULL && host->defaults != NULL) {
        o.config = *host->defaults;
        o.config.system = &system;
    }
    lua_settop(L, 1);
    module_options(L, 1, who, client_options, &o);
    module_field(L, 1, "credentials");
    module_options(L, 2, "headcount.client: credentials", credentials_options,
                   &o.config);
    module_field(L, 1, "tcp_keepalive");
    o.config.tcp_keepalive = lua_toboolean(L, -1);
    take_host(host, &o, &system);
    c = lua_newuserdatauv(L, sizeof *c, 0);
    *c = (struct client){ .closed = true };
    luaL_setmetatable(L, MODULE_CLIENT);
    note_client(L);
    err = headcount_new(&c->h, &o.config, &error);
    c->closed = err != 0;
    return err == 0 ? 1 : module_fail_code(L, error.what, err);
}

/* __index of a table of functions: there is none of this name. */
static int unknown_name(lua_State *L)
{
    struct nearest near;

    lua_settop(L, 2);
    if (lua_type(L, 2) != LUA_TSTRING || !lua_istable(L, 1))
        return 0;
    nearest_init(&near, lua_tostring(L, 2));
    for (lua_pushnil(L); lua_next(L, 1); lua_pop(L, 1))
        if (lua_type(L, -2) == LUA_TSTRING)
            nearest_try(&near, lua_tostring(L, -2));
    return luaL_error(L, "%s has no '%s'%s%s%s",
                      lua_isuserdata(L, lua_upvalueindex(1))
                          ? "a client" : "headcount", lua_tostring(L, 2),
                      near.best != NULL ? "; did you mean '" : "",
                      near.best != NULL ? near.best : "",
                      near.best != NULL ? "'?" : "");
}

static void open_clients(lua_State *L)
{
    static const luaL_Reg methods[] = {
        { "call", module_call }, { "connect", module_connect },
        { "fetch", module_fetch },
        { "sign", module_client_sign },
        { "reconcile", module_reconcile }, { "sweep", module_sweep },
        { "stats", client_stats },
        { "forget", client_forget },
        { "close", client_close }, { NULL, NULL }
    };
    static const luaL_Reg meta[] = {
        { "__gc", client_close }, { "__close", client_close },
        { "__tostring", client_tostring }, { NULL, NULL }
    };

    luaL_newmetatable(L, MODULE_CLIENT);
    luaL_setfuncs(L, meta, 0);
    luaL_newlib(L, methods);
    lua_createtable(L, 0, 1);
    lua_pushlightuserdata(L, NULL);
    lua_pushcclosure(L, unknown_name, 1);
    lua_setfield(L, -2, "__index");
    lua_setmetatable(L, -2);
    lua_setfield(L, -2, "__index");
    lua_pop(L, 1);
}

int luaopen_headcount_core(lua_State *L)
{
    static const luaL_Reg functions[] = {
        { "client", module_new_client }, { "sign", module_sign },
        { "wait", module_wait }, { "enter", module_enter },
        { "stop", module_stop }, { "is_call", module_is_call },
        { "now", module_now }, { "until_", module_until },
        { "unknown", unknown_name }, { NULL, NULL }
    };

    open_clients(L);
    module_open_ops(L);
    luaL_newlib(L, functions);
    lua_pushstring(L, headcount_version());
    lua_setfield(L, -2, "version");
    module_open_json(L);
    lua_setfield(L, -2, "json");
    return 1;
}
