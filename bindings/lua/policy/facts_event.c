/* lua/policy/facts_event.c - the event that caused a run, as tables of plain
 * values.
 *
 * It is decoded when a policy looks at it, once a run.  A null is nothing; an
 * event nests no deeper than the reader takes.
 */
#include <lauxlib.h>

#include "policy/facts.h"
#include "sandbox/sandbox_lib.h"

struct event_box {
    headcount_json *json;
    const char *text;                   /* of the last event */
    size_t n;
};

static int event_next(lua_State *L, struct event_box *box)
{
    struct headcount_error error;
    int event = headcount_json_next(box->json, &box->text, &box->n, &error);

    sandbox_pay(L, 32 + (event > 0 ? box->n : 0));
    if (event < 0)
        luaL_error(L, "the event: %s", error.what);
    return event;
}

static void event_value(lua_State *L, struct event_box *box, int event);

static void event_object(lua_State *L, struct event_box *box)
{
    lua_newtable(L);
    while (event_next(L, box) == HEADCOUNT_JSON_KEY) {
        lua_pushlstring(L, box->text, box->n);
        event_value(L, box, event_next(L, box));
        lua_rawset(L, -3);
    }
}

static void event_array(lua_State *L, struct event_box *box)
{
    lua_Integer at = 0;
    int event;

    lua_newtable(L);
    while ((event = event_next(L, box)) != HEADCOUNT_JSON_ARRAY_END) {
        event_value(L, box, event);
        lua_rawseti(L, -2, ++at);
    }
}

static void event_value(lua_State *L, struct event_box *box, int event)
{
    luaL_checkstack(L, 8, "event");
    switch (event) {
    case HEADCOUNT_JSON_OBJECT:
        event_object(L, box);
        break;
    case HEADCOUNT_JSON_ARRAY:
        event_array(L, box);
        break;
    case HEADCOUNT_JSON_STRING:
        lua_pushlstring(L, box->text, box->n);
        break;
    case HEADCOUNT_JSON_NUMBER:
        lua_pushlstring(L, box->text, box->n);
        if (lua_stringtonumber(L, lua_tostring(L, -1)) == 0)
            lua_pushnil(L);
        lua_remove(L, -2);
        break;
    case HEADCOUNT_JSON_TRUE:
    case HEADCOUNT_JSON_FALSE:
        lua_pushboolean(L, event == HEADCOUNT_JSON_TRUE);
        break;
    default:
        lua_pushnil(L);
        break;
    }
}

static int box_end(lua_State *L)
{
    struct event_box *box = lua_touserdata(L, 1);

    headcount_json_free(box->json);
    box->json = NULL;
    return 0;
}

void facts_push_event(lua_State *L)
{
    const struct headcount_question *q = facts_of(L)->question;
    struct event_box *box;

    if (q->event == NULL) {
        lua_pushnil(L);
        return;
    }
    box = lua_newuserdatauv(L, sizeof *box, 0);
    box->json = NULL;
    lua_createtable(L, 0, 1);
    lua_pushcfunction(L, box_end);
    lua_setfield(L, -2, "__gc");
    lua_setmetatable(L, -2);
    if (headcount_json_new(&box->json, q->event, q->event_size, NULL) < 0)
        luaL_error(L, "not enough memory");
    event_value(L, box, event_next(L, box));
    lua_remove(L, -2);
}
