/* lua/module_json.c - JSON to Lua, by the reader that judges every answer.
 *
 * An integer that fits 64 bits stays one, other numbers are floats.  null is
 * json.null, or (where an answer is read) an absent member.  Arrays carry a
 * metatable, so that an empty one is written as [] again.
 */
#include <string.h>

#include <lauxlib.h>

#include "module.h"

#define READER "headcount.json"

static const char array_key = 'a';      /* registry: metatable of arrays */

struct reader {
    headcount_json *json;
    enum module_null null;
    struct headcount_error *error;
};

static int reader_gc(lua_State *L)
{
    struct reader *r = luaL_checkudata(L, 1, READER);

    headcount_json_free(r->json);
    r->json = NULL;
    return 0;
}

static bool read_value(lua_State *L, struct reader *r, int event,
                       const char *text, size_t n);

/* The next event that begins a value or ends the container; < 0: failed. */
static int read_next(struct reader *r, const char **text, size_t *n)
{
    return headcount_json_next(r->json, text, n, r->error);
}

static bool read_array(lua_State *L, struct reader *r)
{
    lua_Integer at = 0;
    const char *text;
    size_t n;
    int event;

    lua_newtable(L);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &array_key);
    lua_setmetatable(L, -2);
    while ((event = read_next(r, &text, &n)) != HEADCOUNT_JSON_ARRAY_END) {
        if (event == HEADCOUNT_JSON_NULL)
            lua_pushlightuserdata(L, NULL);
        else if (!read_value(L, r, event, text, n))
            return false;
        lua_rawseti(L, -2, ++at);
    }
    return true;
}

static bool read_object(lua_State *L, struct reader *r)
{
    const char *text;
    size_t n;
    int event;

    lua_newtable(L);
    while ((event = read_next(r, &text, &n)) == HEADCOUNT_JSON_KEY) {
        lua_pushlstring(L, text, n);
        event = read_next(r, &text, &n);
        if (!read_value(L, r, event, text, n))
            return false;
        lua_rawset(L, -3);
    }
    return event == HEADCOUNT_JSON_OBJECT_END;
}

static void read_number(lua_State *L, const char *text, size_t n)
{
    lua_pushlstring(L, text, n);        /* with a NUL */
    if (lua_stringtonumber(L, lua_tostring(L, -1)) == 0)
        lua_pushinteger(L, 0);          /* cannot be: it was judged */
    lua_remove(L, -2);
}

/* Leaves the value on top; false: what is on top is for the caller's settop.
 */
static bool read_value(lua_State *L, struct reader *r, int event,
                       const char *text, size_t n)
{
    luaL_checkstack(L, 8, "json");
    switch (event) {
    case HEADCOUNT_JSON_OBJECT: return read_object(L, r);
    case HEADCOUNT_JSON_ARRAY:  return read_array(L, r);
    case HEADCOUNT_JSON_STRING: lua_pushlstring(L, text, n); return true;
    case HEADCOUNT_JSON_NUMBER: read_number(L, text, n); return true;
    case HEADCOUNT_JSON_TRUE:
    case HEADCOUNT_JSON_FALSE:
        lua_pushboolean(L, event == HEADCOUNT_JSON_TRUE);
        return true;
    case HEADCOUNT_JSON_NULL:
        if (r->null == NULL_IS_NIL)
            lua_pushnil(L);
        else
            lua_pushlightuserdata(L, NULL);
        return true;
    default:
        return false;
    }
}

bool module_json_push(lua_State *L, const void *text, size_t n,
                      enum module_null null, struct headcount_error *error)
{
    int top = lua_gettop(L);
    struct reader *r = lua_newuserdatauv(L, sizeof *r, 0);
    const char *part;
    size_t part_n;
    bool ok;

    *r = (struct reader){ .null = null, .error = error };
    *error = (struct headcount_error){ .code = 0 };
    luaL_setmetatable(L, READER);
    if (headcount_json_new(&r->json, text, n, NULL) < 0)
        return luaL_error(L, "not enough memory");
    int event = read_next(r, &part, &part_n);

    ok = event > 0 && read_value(L, r, event, part, part_n) &&
         read_next(r, &part, &part_n) == HEADCOUNT_JSON_END;
    headcount_json_free(r->json);
    r->json = NULL;
    if (ok)
        lua_replace(L, top + 1);        /* the reader's place */
    lua_settop(L, ok ? top + 1 : top);
    return ok;
}

int module_json_decode(lua_State *L)
{
    size_t n;
    const char *text = luaL_checklstring(L, 1, &n);
    struct headcount_error error;

    if (module_json_push(L, text, n, NULL_IS_NULL, &error))
        return 1;
    return module_fail_code(L, error.what, error.code);
}

int module_json_array(lua_State *L)
{
    if (lua_isnoneornil(L, 1)) {
        lua_settop(L, 0);
        lua_newtable(L);
    }
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &array_key);
    lua_setmetatable(L, 1);
    return 1;
}

void module_open_json(lua_State *L)
{
    static const luaL_Reg functions[] = {
        { "decode", module_json_decode }, { "encode", module_json_encode },
        { "array", module_json_array }, { NULL, NULL }
    };

    luaL_newmetatable(L, READER);
    lua_pushcfunction(L, reader_gc);
    lua_setfield(L, -2, "__gc");
    lua_pop(L, 1);
    lua_createtable(L, 0, 1);
    lua_pushliteral(L, "array");
    lua_setfield(L, -2, "__jsontype");
    lua_rawsetp(L, LUA_REGISTRYINDEX, &array_key);
    luaL_newlib(L, functions);
    lua_pushlightuserdata(L, NULL);
    lua_setfield(L, -2, "null");
}

bool module_json_is_array(lua_State *L, int i)
{
    bool is = false;

    if (lua_getmetatable(L, i)) {
        lua_rawgetp(L, LUA_REGISTRYINDEX, &array_key);
        is = lua_rawequal(L, -1, -2);
        lua_pop(L, 2);
    }
    return is;
}
