/* lua/policy/facts_placement.c - which hosts can take a task of a service. */
#include "policy/facts.h"

#include <string.h>

#include <lauxlib.h>

#include "sandbox/sandbox_lib.h"

static struct headcount_query placement_query(const char *service)
{
    return (struct headcount_query){ .size = sizeof(struct headcount_query),
                                     .kind = HEADCOUNT_FACT_PLACEMENT,
                                     .service = service };
}

int facts_push_placeable(lua_State *L, const char *service)
{
    struct headcount_fact fact;

    facts_get(L, placement_query(service), &fact);
    if (fact.placement == NULL)
        return 0;
    lua_pushinteger(L, fact.placement->running + fact.placement->can);
    return 1;
}

bool facts_note_placement(lua_State *L, const char *service)
{
    const struct headcount_query q = placement_query(service);
    struct headcount_fact fact;

    sandbox_pay(L, 64);
    return headcount_fact(facts_of(L)->op, &q, &fact, NULL) == 0;
}

/* Ids differ in their first bytes: a search of all hosts is cheap. */
static const struct headcount_placed_host *
placement_find(lua_State *L, const struct headcount_placement *p,
               const char *id)
{
    size_t i = 0;

    while (i < p->hosts_n && strcmp(p->hosts[i].id, id) != 0)
        i++;
    sandbox_pay(L, i / 8);
    return i < p->hosts_n ? &p->hosts[i] : NULL;
}

int facts_push_can_take(lua_State *L, const char *service, const char *id)
{
    const struct headcount_placed_host *host;
    struct headcount_fact fact;

    facts_get(L, placement_query(service), &fact);
    if (fact.placement == NULL) {
        lua_pushnil(L);
        lua_pushfstring(L, "which hosts service %s runs on cannot be told",
                        service);
        return 2;
    }
    host = placement_find(L, fact.placement, id);
    if (host == NULL)
        lua_pushboolean(L, 0);
    else if (strcmp(host->answer, "runs") == 0 ||
             strcmp(host->answer, "can") == 0)
        lua_pushboolean(L, 1);
    else if (strcmp(host->answer, "cannot") == 0)
        lua_pushboolean(L, 0);
    else
        lua_pushnil(L);
    lua_pushstring(L, host != NULL ? host->reason
                          : "its constraints, launch type or capacity "
                            "providers leave this host out");
    return 2;
}
