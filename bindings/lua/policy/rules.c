/* lua/policy/rules.c - the spellings, and what a policy returns. */
#include "policy/rules.h"

#include <stdio.h>
#include <string.h>

#include <lauxlib.h>

#include "nearest.h"
#include "policy/rule_fields.h"

static const char wish_key = 'w';           /* registry: metatable      */
static const char defaults_key = 'd';       /* registry: of this run    */
static const char limits_key = 'l';         /* likewise                 */

#define LIMITS_MOST 1000000000

/* ---- the spellings ---- */

/* A field that says how much: without it the rule is none. */
static const char *spell_lacks(const struct spelled *s)
{
    const struct headcount_wish *w = &s->wish;

    if (w->service == NULL)
        return "no service is named: the first thing in it is the service's "
               "name";
    if (w->rule == HEADCOUNT_FIXED && !rule_gave(s, "tasks"))
        return "it says no count: fixed { \"NAME\", COUNT }";
    if (w->rule == HEADCOUNT_PERCENT && !(w->percent > 0))
        return "it says no percent";
    if (w->rule == HEADCOUNT_LINEAR && !(w->hosts_per_task > 0) &&
        !(w->cpu_per_task > 0) && !(w->memory_per_task > 0))
        return "it takes hosts_per_task, cpu_per_task or memory_per_task";
    if (w->rule == HEADCOUNT_LADDER && w->rungs_n + w->cpu_rungs_n == 0)
        return "it has no rungs: ladder { \"NAME\", { FROM, TASKS }, ... }";
    return NULL;
}

static struct spelled *spell_wish(lua_State *L, int t, int rule,
                                  const char *who, bool plain)
{
    struct spelled *s = rule_spell(L, t, rule, who, plain);
    const char *lacks = spell_lacks(s);
    size_t n = strlen(who);

    if (lacks != NULL) {
        char what[200];

        snprintf(what, sizeof what, "%s: %s", rule_name(rule), lacks);
        rule_raise(L, who, what);
    }
    /* Where the rule was written, without the ": " that errors want. */
    while (n > 0 && (who[n - 1] == ' ' || who[n - 1] == ':'))
        n--;
    snprintf(s->at, sizeof s->at, "%.*s", (int)n, who);
    s->wish.at = s->at;
    lua_rawgetp(L, LUA_REGISTRYINDEX, &wish_key);
    lua_setmetatable(L, -2);
    return s;
}

/* per_host, fixed ...: the first upvalue says which. */
static int spell_rule(lua_State *L)
{
    int rule = (int)lua_tointeger(L, lua_upvalueindex(1));
    const char *who = sandbox_where(L);

    if (!lua_istable(L, 1)) {
        lua_pushfstring(L, "%s takes a table: %s { \"NAME\" }",
                        rule_name(rule), rule_name(rule));
        rule_raise(L, who, lua_tostring(L, -1));
    }
    spell_wish(L, 1, rule, who, false);
    return 1;
}

/* For every wish of the run, wherever it is written. */
static int spell_defaults(lua_State *L)
{
    const char *who = sandbox_where(L);

    if (!lua_istable(L, 1))
        rule_raise(L, who, "defaults takes a table: defaults { min = 1 }");
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &defaults_key) == LUA_TUSERDATA)
        rule_raise(L, who, "defaults is given twice");
    rule_spell(L, 1, DEFAULTS, who, false);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &defaults_key);
    return 0;
}

/* ---- limits of the run ---- */

/* The value is on top. */
static int64_t limit_value(lua_State *L, const char *who, const char *name)
{
    int whole = 0;
    lua_Integer n = lua_type(L, -1) == LUA_TNUMBER
                        ? lua_tointegerx(L, -1, &whole) : 0;

    if (!whole || n < 1 || n > LIMITS_MOST) {
        lua_pushfstring(L, "limits: %s takes a whole number from 1 to %d",
                        name, LIMITS_MOST);
        rule_raise(L, who, lua_tostring(L, -1));
    }
    return n;
}

static void limit_account(lua_State *L, const char *who,
                          struct rules_limits *l)
{
    size_t n = 0;
    const char *text = lua_type(L, -1) == LUA_TSTRING
                           ? lua_tolstring(L, -1, &n) : "";

    if (n != 12 || strspn(text, "0123456789") != n)
        rule_raise(L, who, "limits: expect_account takes a text of 12 digits");
    memcpy(l->account, text, sizeof l->account);
}

static int64_t *limit_find(lua_State *L, struct rules_limits *l,
                           const char *who, const char *name)
{
    struct nearest near;

    if (strcmp(name, "changes") == 0)
        return &l->changes;
    if (strcmp(name, "falls") == 0)
        return &l->falls;
    nearest_init(&near, name);
    nearest_try(&near, "changes");
    nearest_try(&near, "falls");
    nearest_try(&near, "expect_account");
    lua_pushfstring(L, "limits takes changes, falls and expect_account, no "
                    "'%s'%s%s%s", name,
                    near.best != NULL ? "; did you mean '" : "",
                    near.best != NULL ? near.best : "",
                    near.best != NULL ? "'?" : "");
    rule_raise(L, who, lua_tostring(L, -1));
    return NULL;
}

/* For the whole run, whichever of its clusters it is said for. */
static int spell_limits(lua_State *L)
{
    struct rules_limits *l;

    const char *who = sandbox_where(L);

    if (!lua_istable(L, 1))
        rule_raise(L, who, "limits takes a table: limits { changes = 50 }");
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &limits_key) == LUA_TUSERDATA)
        rule_raise(L, who, "limits is given twice");
    l = lua_newuserdatauv(L, sizeof *l, 0);
    *l = (struct rules_limits){ .changes = 0 };
    for (lua_pushnil(L); lua_next(L, 1); lua_pop(L, 1)) {
        bool named = lua_type(L, -2) == LUA_TSTRING;
        const char *name = named ? lua_tostring(L, -2) : "";

        if (!named)
            rule_raise(L, who, "limits takes changes, falls and "
                       "expect_account by name: limits { changes = 50 }");
        if (strcmp(name, "expect_account") == 0) {
            limit_account(L, who, l);
        } else {
            int64_t *to = limit_find(L, l, who, name);

            *to = limit_value(L, who, name);
        }
        sandbox_pay(L, 8);
    }
    lua_rawsetp(L, LUA_REGISTRYINDEX, &limits_key);
    return 0;
}

void rules_limits(lua_State *L, struct rules_limits *to)
{
    const struct rules_limits *said;

    lua_rawgetp(L, LUA_REGISTRYINDEX, &limits_key);
    said = lua_touserdata(L, -1);
    *to = said != NULL ? *said : (struct rules_limits){ .changes = 0 };
    lua_pop(L, 1);
}

/* ---- the names ---- */

static int spell_name(lua_State *L)
{
    const struct spelled *s = lua_touserdata(L, 1);

    lua_pushfstring(L, "%s { \"%s\" }", rule_name(s->rule), s->wish.service);
    return 1;
}

static int spell_closed(lua_State *L)
{
    const struct spelled *s = lua_touserdata(L, 1);

    return luaL_error(L, "a wish cannot be looked into or changed: say all of "
                      "it in %s { ... }", rule_name(s->rule));
}

int rules_give(struct sandbox *s)
{
    for (int rule = 0; rule_name(rule) != NULL; rule++)
        if (sandbox_give(s, rule_name(rule), spell_rule, rule) < 0)
            return -1;
    if (sandbox_give(s, rule_name(DEFAULTS), spell_defaults, DEFAULTS) < 0)
        return -1;
    return sandbox_give(s, "limits", spell_limits, 0);
}

void rules_begin(lua_State *L)
{
    lua_pushnil(L);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &defaults_key);
    lua_pushnil(L);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &limits_key);
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &wish_key) == LUA_TNIL) {
        static const luaL_Reg meta[] = {
            { "__tostring", spell_name }, { "__index", spell_closed },
            { "__newindex", spell_closed }, { NULL, NULL }
        };

        lua_createtable(L, 0, 4);
        luaL_setfuncs(L, meta, 0);
        lua_pushboolean(L, 0);
        lua_setfield(L, -2, "__metatable");
        lua_rawsetp(L, LUA_REGISTRYINDEX, &wish_key);
    }
    lua_pop(L, 1);
}

/* ---- what a policy returned ---- */

static struct spelled *as_spelled(lua_State *L, int i)
{
    struct spelled *s = NULL;

    if (lua_type(L, i) == LUA_TUSERDATA && lua_getmetatable(L, i)) {
        lua_rawgetp(L, LUA_REGISTRYINDEX, &wish_key);
        if (lua_rawequal(L, -1, -2))
            s = lua_touserdata(L, i);
        lua_pop(L, 2);
    }
    return s;
}

/* Pushes "per_host, fixed, ... or ladder". */
static const char *push_rule_names(lua_State *L)
{
    lua_pushstring(L, rule_name(0));
    for (int rule = 1; rule_name(rule) != NULL; rule++) {
        lua_pushfstring(L, "%s%s%s", lua_tostring(L, -1),
                        rule_name(rule + 1) != NULL ? ", " : " or ",
                        rule_name(rule));
        lua_remove(L, -2);
    }
    return lua_tostring(L, -1);
}

/* { service = "web", rule = "per_host" } */
static struct spelled *as_plain(lua_State *L, int i, const char *who)
{
    struct nearest near;
    const char *name;

    lua_pushstring(L, "rule");
    lua_rawget(L, i);
    name = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "";
    lua_pop(L, 1);                  /* the table holds it */
    nearest_init(&near, name);
    for (int rule = 0; rule_name(rule) != NULL; rule++) {
        if (strcmp(rule_name(rule), name) == 0)
            return spell_wish(L, i, rule, who, true);
        nearest_try(&near, rule_name(rule));
    }
    lua_pushfstring(L, "a wish has no rule \"%s\": %s%s%s", name,
                    near.best != NULL ? "did you mean \"" : "it is ",
                    near.best != NULL ? near.best : push_rule_names(L),
                    near.best != NULL ? "\"?" : "");
    rule_raise(L, who, lua_tostring(L, -1));
    return NULL;
}

static void take_one(lua_State *L, int i, const char *who, rules_put *put,
                     void *ud)
{
    const struct spelled *s = as_spelled(L, i);
    struct headcount_wish w;
    int top = lua_gettop(L);

    if (s == NULL && lua_istable(L, i))
        s = as_plain(L, i, who);
    if (s == NULL) {
        lua_pushfstring(L, "a wish is per_host { ... } or another rule, not a "
                        "%s", luaL_typename(L, i));
        rule_raise(L, who, lua_tostring(L, -1));
    } else {
        lua_rawgetp(L, LUA_REGISTRYINDEX, &defaults_key);
        rule_wish(s, lua_touserdata(L, -1), &w);
        if (put(ud, &w) < 0)
            rule_raise(L, who, "no memory for a wish");
    }
    lua_settop(L, top);
    sandbox_pay(L, 32);
}

/* The greatest number among its keys, which all are numbers from 1: a list may
 * have gaps where a condition was not met. */
static lua_Integer list_end(lua_State *L, int i, const char *who)
{
    lua_Integer end = 0;

    lua_pushnil(L);
    while (lua_next(L, i)) {
        lua_pop(L, 1);
        lua_Integer at = lua_isinteger(L, -1) ? lua_tointeger(L, -1) : 0;

        if (at < 1)
            rule_raise(L, who, "a list of wishes has numbers as keys only: "
                        "return { per_host { \"NAME\" }, ... }");
        if (at > RULES_WISHES)
            rule_raise(L, who, "a list of more than 10000 wishes");
        end = at > end ? at : end;
        sandbox_pay(L, 8);
    }
    return end;
}

void rules_take(lua_State *L, int i, const char *who, rules_put *put,
                void *ud)
{
    lua_Integer end;

    luaL_checkstack(L, 20, "wishes");
    if (as_spelled(L, i) != NULL) {
        take_one(L, i, who, put, ud);
        return;
    }
    if (!lua_istable(L, i)) {
        lua_pushfstring(L, "it returned %s%s instead of a list of wishes%s",
                        lua_isnil(L, i) ? "" : "a ",
                        lua_isnil(L, i) ? "nothing" : luaL_typename(L, i),
                        lua_isnil(L, i) ? ": `return {}` wishes nothing" : "");
        rule_raise(L, who, lua_tostring(L, -1));
    }
    end = list_end(L, i, who);
    for (lua_Integer at = 1; at <= end; at++) {
        lua_rawgeti(L, i, at);
        if (!lua_isnil(L, -1) && !(lua_isboolean(L, -1) &&
                                   !lua_toboolean(L, -1)))
            take_one(L, lua_gettop(L), who, put, ud);
        lua_pop(L, 1);
    }
}
