/* lua/policy/facts.c - the cluster of a policy. */
#include "policy/facts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>

#include "nearest.h"
#include "policy/rule_fields.h"
#include "sandbox/sandbox_lib.h"

#define FACTS_TAGS 50               /* that one question may name */

static const char cluster_key = 'c';        /* registry: metatable */

struct facts *facts_of(lua_State *L)
{
    struct facts *f;

    memcpy(&f, lua_getextraspace(L), sizeof f);
    return f;
}

/* A policy cannot catch this error: the sandbox has no pcall. */
static int facts_break(lua_State *L)
{
    facts_of(L)->asked = true;
    lua_pushliteral(L, "a fact is read");
    return lua_error(L);
}

void facts_get(lua_State *L, struct headcount_query query,
               struct headcount_fact *fact)
{
    struct headcount_error error;
    int got;

    query.size = sizeof query;
    sandbox_pay(L, 64);
    got = headcount_fact(facts_of(L)->op, &query, fact, &error);
    if (got < 0)
        luaL_error(L, "%s", error.what);
    if (got == 0)
        facts_break(L);
}

int facts_unknown(lua_State *L, const char *what, const char *const *names)
{
    struct nearest near;
    char name[41];

    if (lua_type(L, 2) != LUA_TSTRING)
        return luaL_error(L, "%s has fields with names only", what);
    snprintf(name, sizeof name, "%s", lua_tostring(L, 2));
    nearest_init(&near, name);
    for (; *names != NULL; names++)
        nearest_try(&near, *names);
    return luaL_error(L, "%s has no '%s'%s%s%s", what, name,
                      near.best != NULL ? "; did you mean '" : "",
                      near.best != NULL ? near.best : "",
                      near.best != NULL ? "'?" : "");
}

void facts_push_number(lua_State *L, int64_t n)
{
    if (n == HEADCOUNT_UNKNOWN)
        lua_pushnil(L);
    else
        lua_pushinteger(L, n);
}

void facts_push_pairs(lua_State *L, const struct headcount_pairs *pairs)
{
    struct headcount_tag pair;

    lua_newtable(L);
    for (size_t i = 0; headcount_pair(pairs, i, &pair); i++) {
        lua_pushstring(L, pair.key);
        lua_pushstring(L, pair.value);
        lua_rawset(L, -3);
        sandbox_pay(L, 16);
    }
}

/* '*' is any text, '?' one byte, as for hc_str_glob of core/base.  It stands
 * here again because this folder sees headcount.h only, and because a policy
 * pays for its steps; tests/twice.h holds the two equal. */
bool facts_glob(lua_State *L, const char *glob, const char *name)
{
    const char *star = NULL, *from = NULL;
    size_t work = 0;

    while (*name != '\0') {
        if (++work % 64 == 0)
            sandbox_pay(L, 64);
        if (*glob == '*') {
            star = ++glob;
            from = name;
        } else if (*glob == *name || *glob == '?') {
            glob++;
            name++;
        } else if (star != NULL) {
            glob = star;
            name = ++from;
        } else {
            return false;
        }
    }
    while (*glob == '*')
        glob++;
    return *glob == '\0';
}

/* ---- what a question takes ---- */

/* The table at 2, if there is one, has these fields and no others. */
static void question_check(lua_State *L, const char *method,
                           const char *const *names)
{
    const char *worst = NULL;

    if (lua_isnoneornil(L, 2)) {
        lua_settop(L, 1);
        lua_newtable(L);
    }
    if (!lua_istable(L, 2))
        luaL_error(L, "cluster:%s takes a table: cluster:%s { %s = ... }",
                   method, method, names[0]);
    lua_pushnil(L);
    while (lua_next(L, 2)) {
        const char *key = lua_type(L, -2) == LUA_TSTRING
                              ? lua_tostring(L, -2) : "";
        size_t i = 0;

        while (names[i] != NULL && strcmp(names[i], key) != 0)
            i++;
        if (names[i] == NULL && (worst == NULL || strcmp(key, worst) < 0))
            worst = key;            /* the table holds it */
        lua_pop(L, 1);
    }
    if (worst == NULL)
        return;
    lua_settop(L, 1);
    lua_pushstring(L, worst);
    lua_pushfstring(L, "cluster:%s", method);
    facts_unknown(L, lua_tostring(L, -1), names);
}

/* The text of this field of the table at 2, left on the stack; or NULL. */
static const char *question_text(lua_State *L, const char *name)
{
    size_t n;
    const char *text;

    lua_pushstring(L, name);
    lua_rawget(L, 2);
    if (lua_isnil(L, -1))
        return NULL;
    text = lua_type(L, -1) == LUA_TSTRING ? lua_tolstring(L, -1, &n) : NULL;
    if (text == NULL || n == 0 || strlen(text) != n)
        luaL_error(L, "%s is a text, not a %s", name, luaL_typename(L, -1));
    return text;
}

static struct headcount_query question_hosts(lua_State *L,
                                             enum headcount_fact_kind kind,
                                             const char *method)
{
    static const char *const names[] = { "where", "hosts", "min_age", NULL };
    struct headcount_query q = { .kind = kind };

    question_check(L, method, names);
    q.where = question_text(L, "where");
    lua_pushliteral(L, "hosts");
    lua_rawget(L, 2);
    if (!lua_isnil(L, -1) && !rule_mode(L, -1, &q.hosts))
        luaL_error(L, "hosts is \"active\", \"registered\" or \"connected\"");
    lua_pushliteral(L, "min_age");
    lua_rawget(L, 2);
    if (!lua_isnil(L, -1)) {
        lua_Number n = lua_type(L, -1) == LUA_TNUMBER ? lua_tonumber(L, -1)
                                                      : -1;

        if (!(n >= 0 && n <= 1e9))
            luaL_error(L, "min_age is a number of seconds");
        q.min_age = (int64_t)(n * 1e6 + 0.5);
    }
    return q;
}

static int cluster_count(lua_State *L)
{
    struct headcount_query q =
        question_hosts(L, HEADCOUNT_FACT_COUNT, "count");
    struct headcount_fact fact;

    facts_get(L, q, &fact);
    lua_pushinteger(L, fact.count);
    return 1;
}

static int cluster_hosts(lua_State *L)
{
    struct headcount_query q =
        question_hosts(L, HEADCOUNT_FACT_HOSTS, "hosts");
    struct headcount_fact fact;

    facts_get(L, q, &fact);
    facts_push_hosts(L, &fact);
    return 1;
}

/* ---- services ---- */

/* { tier = "gold", team = true } at i; true: whatever the value. */
static size_t question_tags(lua_State *L, int i, struct headcount_tag *tags)
{
    size_t n = 0;

    if (!lua_istable(L, i))
        luaL_error(L, "tags is a table: { KEY = \"VALUE\" }, or true for any "
                   "value");
    lua_pushnil(L);
    while (lua_next(L, i)) {
        bool any = lua_isboolean(L, -1) && lua_toboolean(L, -1);

        if (n == FACTS_TAGS)
            luaL_error(L, "tags names more than 50 tags");
        if (lua_type(L, -2) != LUA_TSTRING ||
            !(any || lua_type(L, -1) == LUA_TSTRING))
            luaL_error(L, "tags: each is KEY = \"VALUE\", or true for any "
                       "value");
        tags[n].key = lua_tostring(L, -2);
        tags[n++].value = any ? NULL : lua_tostring(L, -1);
        lua_pop(L, 1);
    }
    return n;
}

static int cluster_services(lua_State *L)
{
    static const char *const names[] = { "name", "tags", "launch_type", NULL };
    struct headcount_query q = { .kind = HEADCOUNT_FACT_SERVICES };
    struct headcount_tag tags[FACTS_TAGS];
    struct headcount_fact fact;
    const char *glob, *launch;

    question_check(L, "services", names);
    glob = question_text(L, "name");
    launch = question_text(L, "launch_type");
    lua_pushliteral(L, "tags");
    lua_rawget(L, 2);
    if (!lua_isnil(L, -1))
        q.tags_n = question_tags(L, lua_gettop(L), tags);
    q.tags = tags;
    if (q.tags_n == 0)
        q.launch_type = launch;
    facts_get(L, q, &fact);
    facts_push_services(L, &fact, glob, q.tags_n == 0 ? NULL : launch);
    return 1;
}

static int cluster_matches(lua_State *L)
{
    const char *glob = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2)
                                                     : NULL;

    if (glob == NULL)
        return luaL_error(L, "cluster:matches takes a text, such as "
                          "\"prod-*\"");
    lua_pushboolean(L, facts_glob(L, glob, facts_of(L)->question->name));
    return 1;
}

/* ---- the cluster itself ---- */

enum cluster_field { CLUSTER_ACCOUNT, CLUSTER_ARN, CLUSTER_COUNT,
                     CLUSTER_EVENT, CLUSTER_HOSTS, CLUSTER_MATCHES,
                     CLUSTER_NAME, CLUSTER_PARTITION, CLUSTER_REGION,
                     CLUSTER_REGISTERED, CLUSTER_SERVICES, CLUSTER_STATUS,
                     CLUSTER_TAGS, CLUSTER_FIELDS };

static const char *const cluster_names[] = {
    "account", "arn", "count", "event", "hosts", "matches", "name", "partition",
    "region", "registered", "services", "status", "tags", NULL
};
_Static_assert(sizeof cluster_names / sizeof *cluster_names ==
               CLUSTER_FIELDS + 1, "a name for each field");

static int cluster_fact(lua_State *L, enum cluster_field field)
{
    struct headcount_fact fact;

    facts_get(L, (struct headcount_query){ .kind = HEADCOUNT_FACT_CLUSTER },
              &fact);
    if (field == CLUSTER_STATUS) {
        lua_pushstring(L, fact.status);
    } else if (field == CLUSTER_REGISTERED) {
        facts_push_number(L, fact.registered);
    } else {
        lua_getiuservalue(L, 1, 1);     /* one table for the whole run */
        if (lua_isnil(L, -1)) {
            facts_push_pairs(L, fact.tags);
            lua_pushvalue(L, -1);
            lua_setiuservalue(L, 1, 1);
        }
    }
    return 1;
}

/* One table for the whole run. */
static int cluster_event(lua_State *L)
{
    if (lua_getiuservalue(L, 1, 2) == LUA_TNIL) {
        facts_push_event(L);
        lua_pushvalue(L, -1);
        lua_setiuservalue(L, 1, 2);
    }
    return 1;
}

/* DescribeClusters tells what a name alone does not. */
static int cluster_identity(lua_State *L, const char *text)
{
    struct headcount_fact fact;

    if (*text == '\0')
        facts_get(L, (struct headcount_query){ .kind = HEADCOUNT_FACT_CLUSTER },
                  &fact);
    lua_pushstring(L, text);
    return 1;
}

static enum cluster_field cluster_find(const char *name)
{
    size_t i = 0;

    while (i < CLUSTER_FIELDS && strcmp(cluster_names[i], name) != 0)
        i++;
    return (enum cluster_field)i;
}

static int cluster_index(lua_State *L)
{
    static const lua_CFunction methods[CLUSTER_FIELDS] = {
        [CLUSTER_COUNT] = cluster_count, [CLUSTER_HOSTS] = cluster_hosts,
        [CLUSTER_MATCHES] = cluster_matches,
        [CLUSTER_SERVICES] = cluster_services,
    };
    const struct headcount_question *q = facts_of(L)->question;
    enum cluster_field field = lua_type(L, 2) == LUA_TSTRING
                                   ? cluster_find(lua_tostring(L, 2))
                                   : CLUSTER_FIELDS;

    switch (field) {
    case CLUSTER_NAME:
        lua_pushstring(L, q->name);
        return 1;
    case CLUSTER_REGION:
        lua_pushstring(L, q->region);
        return 1;
    case CLUSTER_ARN:
        return cluster_identity(L, q->arn);
    case CLUSTER_ACCOUNT:
        return cluster_identity(L, q->account);
    case CLUSTER_PARTITION:
        return cluster_identity(L, q->partition);
    case CLUSTER_EVENT:
        return cluster_event(L);
    case CLUSTER_STATUS:
    case CLUSTER_REGISTERED:
    case CLUSTER_TAGS:
        return cluster_fact(L, field);
    case CLUSTER_COUNT:
    case CLUSTER_HOSTS:
    case CLUSTER_MATCHES:
    case CLUSTER_SERVICES:
        lua_pushcfunction(L, methods[field]);
        return 1;
    case CLUSTER_FIELDS:
        break;
    }
    return facts_unknown(L, "cluster", cluster_names);
}

static int cluster_closed(lua_State *L)
{
    return luaL_error(L, "the cluster cannot be changed from here");
}

static int cluster_tostring(lua_State *L)
{
    lua_pushfstring(L, "cluster %s", facts_of(L)->question->name);
    return 1;
}

static void facts_open(lua_State *L)
{
    static const luaL_Reg meta[] = {
        { "__index", cluster_index }, { "__newindex", cluster_closed },
        { "__tostring", cluster_tostring }, { NULL, NULL }
    };

    lua_createtable(L, 0, 4);
    luaL_setfuncs(L, meta, 0);
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &cluster_key);
    facts_open_items(L);
}

void facts_begin(lua_State *L, struct facts *f)
{
    memcpy(lua_getextraspace(L), &f, sizeof f);
    f->question = headcount_question(f->op);
    f->asked = false;
    printed_begin(&f->printed);
}

void facts_push_cluster(lua_State *L)
{
    lua_newuserdatauv(L, 0, 2);
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &cluster_key) == LUA_TNIL) {
        lua_pop(L, 1);
        facts_open(L);
    }
    lua_setmetatable(L, -2);
}

void facts_end(struct facts *f)
{
    for (size_t i = 0; i < f->n; i++) {
        free(f->lists[i].services);
        free(f->lists[i].left_out);
    }
    f->n = 0;
    f->question = NULL;
}
