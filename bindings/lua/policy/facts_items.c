/* lua/policy/facts_items.c - hosts and services: light userdata that say which
 * list, and which of it.
 *
 *     31            12 11        2 1    0
 *    +----------------+-----------+------+
 *    |     index      |   list    | kind |
 *    +----------------+-----------+------+
 */
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>

#include "policy/facts.h"
#include "sandbox/sandbox_lib.h"

#define ITEM_KIND_BITS 2
#define ITEM_LIST_BITS 10
#define ITEM_INDEX_SHIFT (ITEM_KIND_BITS + ITEM_LIST_BITS)
#define ITEMS_MAX (1 << 20)
_Static_assert(FACTS_LISTS <= 1 << ITEM_LIST_BITS, "a list has its bits");

enum item_kind { ITEM_HOST, ITEM_ATTRIBUTES, ITEM_SERVICE };

struct item {
    enum item_kind kind;
    size_t list, index;
};

static void item_push(lua_State *L, struct item item)
{
    uintptr_t bits = (uintptr_t)item.index << ITEM_INDEX_SHIFT |
                     (uintptr_t)item.list << ITEM_KIND_BITS |
                     (uintptr_t)item.kind;

    lua_pushlightuserdata(L, (void *)bits);
}

static struct item item_at(lua_State *L, int i)
{
    uintptr_t bits = (uintptr_t)lua_touserdata(L, i);

    return (struct item){
        (enum item_kind)(bits & ((1u << ITEM_KIND_BITS) - 1)),
        bits >> ITEM_KIND_BITS & ((1u << ITEM_LIST_BITS) - 1),
        bits >> ITEM_INDEX_SHIFT
    };
}

/* ---- a list ---- */

static _Noreturn void list_no_memory(lua_State *L)
{
    luaL_error(L, "not enough memory");
    abort();                            /* luaL_error does not come back */
}

static struct facts_list *list_new(lua_State *L,
                                   const struct headcount_fact *fact)
{
    struct facts *f = facts_of(L);

    if (f->n == FACTS_LISTS || fact->count > ITEMS_MAX)
        luaL_error(L, "it asks for more than 1024 lists");
    if (f->lists == NULL || f->n == f->cap) {
        size_t cap = f->cap == 0 ? 4 : f->cap * 2;
        struct facts_list *more = realloc(f->lists, cap * sizeof *more);

        if (more == NULL)
            list_no_memory(L);
        f->lists = more;
        f->cap = cap;
    }
    f->lists[f->n] = (struct facts_list){ .fact = *fact };
    return &f->lists[f->n++];
}

static bool list_has(lua_State *L, lua_Integer at, int i)
{
    bool same;

    lua_rawgeti(L, 1, at);
    same = lua_rawequal(L, -1, i);
    lua_pop(L, 1);
    return same;
}

/* `for` calls the list itself, with the element it had last: 1 is the list, 3
 * the element.  Upvalue: where the last call found its own. */
static int list_next(lua_State *L)
{
    lua_Integer at = lua_tointeger(L, lua_upvalueindex(1));

    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 3);
    sandbox_pay(L, 8);
    if (lua_isnil(L, 3)) {
        at = 0;
    } else if (!list_has(L, at, 3)) {   /* loops within loops */
        lua_Integer n = (lua_Integer)lua_rawlen(L, 1);

        for (at = 1; at < n && !list_has(L, at, 3); at++)
            sandbox_pay(L, 8);
    }
    lua_pushinteger(L, at + 1);
    lua_replace(L, lua_upvalueindex(1));
    lua_rawgeti(L, 1, at + 1);
    return 1;
}

/* The table on top becomes one that can stand in a `for`. */
static void list_close(lua_State *L)
{
    lua_createtable(L, 0, 2);
    lua_pushinteger(L, 0);
    lua_pushcclosure(L, list_next, 1);
    lua_setfield(L, -2, "__call");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_setmetatable(L, -2);
}

void facts_push_hosts(lua_State *L, const struct headcount_fact *fact)
{
    struct facts_list *list = list_new(L, fact);
    struct item item = { ITEM_HOST, (size_t)(list - facts_of(L)->lists), 0 };

    lua_createtable(L, (int)fact->count, 0);
    for (; item.index < (size_t)fact->count; item.index++) {
        item_push(L, item);
        lua_rawseti(L, -2, (lua_Integer)item.index + 1);
        sandbox_pay(L, 8);
    }
    list_close(L);
}

/* ---- a host ---- */

enum host_field { HOST_AGE, HOST_AGENT_VERSION, HOST_ARN, HOST_ATTRIBUTES,
                  HOST_CAN_TAKE, HOST_CONNECTED, HOST_CPU, HOST_CPU_REMAINING,
                  HOST_EC2_ID, HOST_ID, HOST_MEMORY, HOST_MEMORY_REMAINING,
                  HOST_PROVIDER, HOST_REGISTERED_AT, HOST_RUNNING_TASKS,
                  HOST_TAGS, HOST_ZONE, HOST_FIELDS };

static const char *const host_names[] = {
    "age", "agent_version", "arn", "attributes", "can_take", "connected", "cpu",
    "cpu_remaining", "ec2_id", "id", "memory", "memory_remaining", "provider",
    "registered_at", "running_tasks", "tags", "zone", NULL
};
_Static_assert(sizeof host_names / sizeof *host_names == HOST_FIELDS + 1,
               "a name for each field");

/* Seconds, nil where it is not known. */
static int push_seconds(lua_State *L, int64_t us, int64_t known)
{
    if (known == HEADCOUNT_UNKNOWN)
        lua_pushnil(L);
    else
        lua_pushnumber(L, (lua_Number)us / 1e6);
    return 1;
}

static int push_text(lua_State *L, const char *text)
{
    if (text == NULL || *text == '\0')
        lua_pushnil(L);
    else
        lua_pushstring(L, text);
    return 1;
}

static int push_count(lua_State *L, int64_t n)
{
    facts_push_number(L, n);
    return 1;
}

/* Methods are called with anything: host.can_take(service) is no item of ours.
 */
static int host_can_take(lua_State *L)
{
    const char *service = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2)
                                                        : NULL;
    struct headcount_host h;
    struct item item;

    if (!lua_islightuserdata(L, 1) || service == NULL ||
        (item = item_at(L, 1), item.kind != ITEM_HOST))
        return luaL_error(L, "host:can_take takes the name of a service, such "
                          "as host:can_take \"agent\"");
    headcount_fact_host(&facts_of(L)->lists[item.list].fact, item.index, &h);
    return facts_push_can_take(L, service, h.id);
}

static int host_get(lua_State *L, struct item item, enum host_field field)
{
    struct headcount_host h;

    headcount_fact_host(&facts_of(L)->lists[item.list].fact, item.index, &h);
    switch (field) {
    case HOST_AGE:
        return push_seconds(L, facts_of(L)->question->time - h.registered_at,
                            h.registered_at);
    case HOST_REGISTERED_AT:
        return push_seconds(L, h.registered_at, h.registered_at);
    case HOST_AGENT_VERSION:    return push_text(L, h.agent_version);
    case HOST_ARN:              return push_text(L, h.arn);
    case HOST_EC2_ID:           return push_text(L, h.ec2_id);
    case HOST_ID:               return push_text(L, h.id);
    case HOST_PROVIDER:         return push_text(L, h.provider);
    case HOST_CPU:              return push_count(L, h.cpu);
    case HOST_CPU_REMAINING:    return push_count(L, h.cpu_remaining);
    case HOST_MEMORY:           return push_count(L, h.memory);
    case HOST_MEMORY_REMAINING: return push_count(L, h.memory_remaining);
    case HOST_RUNNING_TASKS:    return push_count(L, h.running_tasks);
    case HOST_ZONE:
        return push_text(L, headcount_pair_find(h.attributes,
                                                "ecs.availability-zone"));
    case HOST_ATTRIBUTES:
        item.kind = ITEM_ATTRIBUTES;
        item_push(L, item);
        return 1;
    case HOST_CAN_TAKE:
        lua_pushcfunction(L, host_can_take);
        return 1;
    case HOST_CONNECTED:
        lua_pushboolean(L, h.connected);
        return 1;
    case HOST_TAGS:
        facts_push_pairs(L, h.tags);
        return 1;
    case HOST_FIELDS:
        break;
    }
    return facts_unknown(L, "a host", host_names);
}

static size_t name_find(lua_State *L, const char *const *names, size_t n)
{
    const char *name = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2)
                                                     : "";
    size_t i = 0;

    while (i < n && strcmp(names[i], name) != 0)
        i++;
    return i;
}

static int attributes_index(lua_State *L, struct item item)
{
    struct headcount_host h;
    const char *value = NULL;

    headcount_fact_host(&facts_of(L)->lists[item.list].fact, item.index, &h);
    if (lua_type(L, 2) == LUA_TSTRING)
        value = headcount_pair_find(h.attributes, lua_tostring(L, 2));
    lua_pushstring(L, value);       /* NULL: nil */
    return 1;
}

/* ---- a service ---- */

enum service_field { SERVICE_ARN, SERVICE_DEPLOYMENTS, SERVICE_DESIRED,
                     SERVICE_DISTINCT, SERVICE_LAUNCH_TYPE, SERVICE_NAME,
                     SERVICE_PENDING, SERVICE_PLACEABLE, SERVICE_CONSTRAINTS,
                     SERVICE_RUNNING, SERVICE_SCHEDULING_STRATEGY,
                     SERVICE_STATUS, SERVICE_STRATEGY, SERVICE_TAGS,
                     SERVICE_TASK_DEFINITION, SERVICE_FIELDS };

static const char *const service_names[] = {
    "arn", "deployments", "desired", "distinct", "launch_type", "name",
    "pending", "placeable", "placement_constraints", "running",
    "scheduling_strategy", "status", "strategy", "tags", "task_definition", NULL
};
_Static_assert(sizeof service_names / sizeof *service_names ==
               SERVICE_FIELDS + 1, "a name for each field");

static const char *service_name(lua_State *L, struct item item)
{
    return headcount_fact_name(&facts_of(L)->lists[item.list].fact,
                               item.index);
}

/* All of the list are asked for at once: they are described together. */
static void services_note(lua_State *L, const struct headcount_fact *list)
{
    struct headcount_fact fact;
    struct headcount_query q = { .size = sizeof q,
                                 .kind = HEADCOUNT_FACT_SERVICE };

    for (size_t i = 0; i < (size_t)list->count; i++) {
        q.service = headcount_fact_name(list, i);
        headcount_fact(facts_of(L)->op, &q, &fact, NULL);
        sandbox_pay(L, 64);
    }
}

/* NULL: it was listed, and is no more. */
static const struct headcount_service_fact *service_of(lua_State *L,
                                                       struct item item)
{
    struct facts_list *list = &facts_of(L)->lists[item.list];
    struct headcount_fact fact;
    struct headcount_query q = { .size = sizeof q,
                                 .kind = HEADCOUNT_FACT_SERVICE,
                                 .service = service_name(L, item) };

    if (list->services == NULL)
        list->services = calloc((size_t)list->fact.count,
                                sizeof(void *));
    if (list->services != NULL && list->services[item.index] != NULL)
        return list->services[item.index];
    if (headcount_fact(facts_of(L)->op, &q, &fact, NULL) == 0)
        services_note(L, &list->fact);
    facts_get(L, q, &fact);
    if (list->services != NULL)
        list->services[item.index] = fact.service;
    return fact.service;
}

/* A field of the table on top; without a text, or a number, it has none. */
static void set_text(lua_State *L, const char *name, const char *text)
{
    push_text(L, text);
    lua_setfield(L, -2, name);
}

static void set_number(lua_State *L, const char *name, int64_t n)
{
    push_count(L, n);
    lua_setfield(L, -2, name);
}

static void set_seconds(lua_State *L, const char *name, int64_t us)
{
    push_seconds(L, us, us);
    lua_setfield(L, -2, name);
}

/* The array at -2 gets the element on top.  Policies pay for what they build.
 */
static void push_element(lua_State *L, size_t i)
{
    lua_rawseti(L, -2, (lua_Integer)i + 1);
    sandbox_pay(L, 32);
}

static int push_constraints(lua_State *L,
                            const struct headcount_service_fact *s)
{
    lua_createtable(L, (int)s->constraints_n, 0);
    for (size_t i = 0; i < s->constraints_n; i++) {
        lua_createtable(L, 0, 2);
        set_text(L, "type", s->constraints[i].type);
        set_text(L, "expression", s->constraints[i].expression);
        push_element(L, i);
    }
    return s->constraints != NULL;
}

static int push_strategy(lua_State *L, const struct headcount_service_fact *s)
{
    lua_createtable(L, (int)s->strategy_n, 0);
    for (size_t i = 0; i < s->strategy_n; i++) {
        lua_createtable(L, 0, 3);
        set_text(L, "provider", s->strategy[i].provider);
        set_number(L, "weight", s->strategy[i].weight);
        set_number(L, "base", s->strategy[i].base);
        push_element(L, i);
    }
    return s->strategy != NULL;
}

static int push_deployments(lua_State *L,
                            const struct headcount_service_fact *s)
{
    lua_createtable(L, (int)s->deployments_n, 0);
    for (size_t i = 0; i < s->deployments_n; i++) {
        const struct headcount_deployment *d = &s->deployments[i];

        lua_createtable(L, 0, 9);
        set_text(L, "id", d->id);
        set_text(L, "status", d->status);
        set_text(L, "rollout_state", d->rollout_state);
        set_text(L, "task_definition", d->task_definition);
        set_number(L, "desired", d->desired);
        set_number(L, "running", d->running);
        set_number(L, "pending", d->pending);
        set_seconds(L, "created_at", d->created_at);
        set_seconds(L, "updated_at", d->updated_at);
        push_element(L, i);
    }
    return s->deployments != NULL;
}

/* Whether it says distinctInstance; nil: one of its constraints is not
 * understood. */
static int push_distinct(lua_State *L, const struct headcount_service_fact *s)
{
    lua_pushboolean(L, s->distinct);
    return s->distinct || s->constraints != NULL;
}

/* A policy that goes through a list would take a round for each service, and
 * has 32: so those that follow are read ahead, as many as were told before. */
static int service_placeable(lua_State *L, struct item item)
{
    struct facts_list *list = &facts_of(L)->lists[item.list];
    size_t ahead = list->placed;
    struct item next = item;

    if (!facts_note_placement(L, service_name(L, item)))
        ahead = 0;
    while (ahead > 0 && ++next.index < (size_t)list->fact.count) {
        if (list->left_out != NULL && list->left_out[next.index] != 0)
            continue;
        facts_note_placement(L, service_name(L, next));
        ahead--;
    }
    lua_settop(L, 0);
    list->placed++;
    return facts_push_placeable(L, service_name(L, item));
}

static int service_get(lua_State *L, struct item item,
                       enum service_field field)
{
    const struct headcount_service_fact *s;

    if (field == SERVICE_NAME)
        return push_text(L, service_name(L, item));
    if (field == SERVICE_FIELDS)
        return facts_unknown(L, "a service", service_names);
    if (field == SERVICE_PLACEABLE)
        return service_placeable(L, item);
    s = service_of(L, item);
    lua_settop(L, 0);
    if (s == NULL)
        return 0;
    switch (field) {
    case SERVICE_ARN:             return push_text(L, s->arn);
    case SERVICE_LAUNCH_TYPE:     return push_text(L, s->launch_type);
    case SERVICE_STATUS:          return push_text(L, s->status);
    case SERVICE_TASK_DEFINITION: return push_text(L, s->task_definition);
    case SERVICE_DESIRED:         return push_count(L, s->desired);
    case SERVICE_PENDING:         return push_count(L, s->pending);
    case SERVICE_CONSTRAINTS:     return push_constraints(L, s);
    case SERVICE_STRATEGY:        return push_strategy(L, s);
    case SERVICE_DEPLOYMENTS:     return push_deployments(L, s);
    case SERVICE_DISTINCT:        return push_distinct(L, s);
    case SERVICE_RUNNING:         return push_count(L, s->running);
    case SERVICE_SCHEDULING_STRATEGY:
        return push_text(L, s->scheduling_strategy);
    case SERVICE_TAGS:
        facts_push_pairs(L, s->tags);
        return 1;
    case SERVICE_NAME:
    case SERVICE_PLACEABLE:
    case SERVICE_FIELDS:
        break;
    }
    return 0;
}

static bool service_is_in(lua_State *L, struct item item, const char *glob,
                          const char *launch_type)
{
    const struct headcount_service_fact *s;

    if (glob != NULL && !facts_glob(L, glob, service_name(L, item)))
        return false;
    if (launch_type == NULL)
        return true;
    s = service_of(L, item);
    return s != NULL && strcmp(s->launch_type, launch_type) == 0;
}

void facts_push_services(lua_State *L, const struct headcount_fact *fact,
                         const char *glob, const char *launch_type)
{
    struct facts_list *list = list_new(L, fact);
    struct item item = { ITEM_SERVICE, (size_t)(list - facts_of(L)->lists),
                         0 };
    lua_Integer n = 0;

    if ((glob != NULL || launch_type != NULL) && fact->count > 0) {
        list->left_out = calloc((size_t)fact->count, 1);
        if (list->left_out == NULL)
            list_no_memory(L);
    }
    lua_newtable(L);
    for (; item.index < (size_t)fact->count; item.index++) {
        bool is_in = service_is_in(L, item, glob, launch_type);

        sandbox_pay(L, 8);
        if (list->left_out != NULL)
            list->left_out[item.index] = !is_in;
        if (!is_in)
            continue;
        item_push(L, item);
        lua_rawseti(L, -2, ++n);
    }
    list_close(L);
}

/* ---- what light userdata are here ---- */

static int item_index(lua_State *L)
{
    struct item item = item_at(L, 1);

    switch (item.kind) {
    case ITEM_HOST:
        return host_get(L, item, (enum host_field)
                        name_find(L, host_names, HOST_FIELDS));
    case ITEM_SERVICE:
        return service_get(L, item, (enum service_field)
                           name_find(L, service_names, SERVICE_FIELDS));
    case ITEM_ATTRIBUTES:
        break;
    }
    return attributes_index(L, item);
}

static int item_tostring(lua_State *L)
{
    struct item item = item_at(L, 1);
    struct headcount_host h;

    if (item.kind == ITEM_SERVICE) {
        lua_pushfstring(L, "service %s", service_name(L, item));
        return 1;
    }
    headcount_fact_host(&facts_of(L)->lists[item.list].fact, item.index, &h);
    lua_pushfstring(L, item.kind == ITEM_HOST ? "host %s"
                                              : "attributes of host %s", h.id);
    return 1;
}

static int item_pairs(lua_State *L)
{
    struct item item = item_at(L, 1);
    struct headcount_host h;

    if (item.kind != ITEM_ATTRIBUTES)
        return luaL_error(L, "pairs: a host or a service is no table; "
                          "host.attributes and .tags are");
    headcount_fact_host(&facts_of(L)->lists[item.list].fact, item.index, &h);
    facts_push_pairs(L, h.attributes);
    return 1;
}

static int item_closed(lua_State *L)
{
    return luaL_error(L, "facts cannot be changed from here");
}

void facts_open_items(lua_State *L)
{
    static const luaL_Reg meta[] = {
        { "__index", item_index }, { "__newindex", item_closed },
        { "__tostring", item_tostring }, { "__pairs", item_pairs },
        { NULL, NULL }
    };

    lua_pushlightuserdata(L, NULL);
    lua_createtable(L, 0, 5);
    luaL_setfuncs(L, meta, 0);
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_setmetatable(L, -2);            /* one for all light userdata */
    lua_pop(L, 1);
}
