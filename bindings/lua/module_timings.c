/* lua/module_timings.c - the times of attempts, as tables. */
#include <lauxlib.h>

#include "module.h"

static void set_text(lua_State *L, const char *name, const char *text)
{
    lua_pushstring(L, text);
    lua_setfield(L, -2, name);
}

static void set_number(lua_State *L, const char *name, int64_t number)
{
    lua_pushinteger(L, number);
    lua_setfield(L, -2, name);
}

static void set_flag(lua_State *L, const char *name, bool flag)
{
    lua_pushboolean(L, flag);
    lua_setfield(L, -2, name);
}

/* 0: it did not happen. */
static void set_us(lua_State *L, const char *name, int64_t from, int64_t to)
{
    set_number(L, name, from != 0 && to >= from ? to - from : 0);
}

void module_push_timing(lua_State *L, const struct headcount_timing *t)
{
    lua_createtable(L, 0, 20);
    set_text(L, "operation", t->operation);
    set_text(L, "host", t->host);
    set_text(L, "address", t->address);
    set_text(L, "region", t->region);
    set_text(L, "cluster", t->cluster);
    set_number(L, "attempt", t->attempt);
    set_number(L, "status", t->status);
    set_number(L, "connection", (int64_t)t->connection);
    set_flag(L, "reused", t->reused);
    set_flag(L, "resumed", t->resumed);
    set_number(L, "start", t->start);
    set_number(L, "waited", t->waited);
    set_us(L, "dns", t->dns_start, t->dns_end);
    set_us(L, "connect", t->connect_start, t->connect_end);
    set_us(L, "tls", t->tls_start, t->tls_end);
    set_us(L, "send", t->send_start, t->send_end);
    set_us(L, "wait", t->send_end, t->first_byte);
    set_us(L, "receive", t->first_byte, t->end);
    set_us(L, "total", t->start, t->end);
    set_number(L, "idle", t->idle);
}

void module_push_timings(lua_State *L, const struct headcount_outcome *o)
{
    lua_createtable(L, (int)o->timings_n, 0);
    for (size_t i = 0; i < o->timings_n; i++) {
        module_push_timing(L, &o->timings[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
}

bool module_wants_timings(lua_State *L, int i)
{
    module_field(L, i, "timings");
    bool wants = lua_toboolean(L, -1);

    lua_pop(L, 1);
    return wants;
}
