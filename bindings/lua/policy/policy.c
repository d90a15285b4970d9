/* lua/policy/policy.c - one run: the text from its top, its function, its
 * wishes. */
#include "policy/policy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>

#include "policy/facts.h"
#include "policy/rules.h"

struct policy {
    char *name, *text;
    size_t n;
    struct sandbox_limits limits;
    struct sandbox *s;                  /* NULL: it was spent */
    struct facts facts;
    printed_line *print;                /* NULL: nobody reads it */
    void *ud;
};

/* Compiled into a sandbox of its own. */
static int policy_open(struct policy *p, struct sandbox_error *why)
{
    p->s = sandbox_new(&p->limits);
    if (p->s == NULL || rules_give(p->s) < 0 || printed_give(p->s) < 0) {
        snprintf(why->what, sizeof why->what, "%s: not enough memory",
                 p->name);
        return -1;
    }
    return sandbox_load(p->s, p->name, p->text, p->n, why);
}

static char *policy_copy(const char *text, size_t n)
{
    char *copy = malloc(n + 1);

    if (copy != NULL) {
        memcpy(copy, text, n);
        copy[n] = '\0';
    }
    return copy;
}

struct policy *policy_new(const struct policy_config *config,
                          struct sandbox_error *why)
{
    struct policy *p = calloc(1, sizeof *p);

    snprintf(why->what, sizeof why->what, "%.100s: not enough memory",
             config->name);
    if (p == NULL)
        return NULL;
    p->limits = config->limits;
    p->print = config->print;
    p->ud = config->ud;
    p->n = config->n;
    p->name = policy_copy(config->name, strlen(config->name));
    p->text = policy_copy(config->text, config->n);
    if (p->name != NULL && p->text != NULL && policy_open(p, why) == 0)
        return p;
    policy_free(p);
    return NULL;
}

void policy_free(struct policy *p)
{
    if (p == NULL)
        return;
    sandbox_free(p->s);
    free(p->facts.lists);
    free(p->name);
    free(p->text);
    free(p);
}

static int policy_put(void *ud, const struct headcount_wish *wish)
{
    const struct policy *p = ud;

    return headcount_wish(p->facts.op, wish);
}

/* Calls what the text returned; what that returns is at the top, and who it
 * was ("policy.lua:3: ") below it. */
static void policy_ask(lua_State *L, struct policy *p)
{
    lua_Debug ar;

    lua_pushvalue(L, -1);
    lua_getinfo(L, ">S", &ar);
    lua_pushfstring(L, "%s:%d: ", p->name, ar.linedefined);
    lua_insert(L, -2);
    facts_push_cluster(L);
    lua_call(L, 1, 1);
}

static int policy_body(lua_State *L)
{
    struct policy *p = lua_touserdata(L, 2);
    struct rules_limits limits;

    lua_settop(L, 1);
    facts_begin(L, &p->facts);
    rules_begin(L);
    lua_call(L, 0, 1);
    if (lua_isnil(L, 1))
        return luaL_error(L, "%s: it returns nothing: end it with `return "
                          "function(cluster) ... end`, or with a list of "
                          "wishes", p->name);
    if (lua_isfunction(L, 1)) {
        policy_ask(L, p);
    } else {
        lua_pushfstring(L, "%s: ", p->name);
        lua_insert(L, 1);
    }
    rules_take(L, 2, lua_tostring(L, 1), policy_put, p);
    rules_limits(L, &limits);
    headcount_limits(p->facts.op, limits.changes, limits.falls);
    if (limits.account[0] != '\0' &&
        headcount_expect_account(p->facts.op, limits.account) < 0)
        return luaL_error(L, "%s: limits: expect_account is %s, and the run "
                          "expects another account", p->name, limits.account);
    return 0;
}

void policy_decide(struct policy *p, headcount_op *op)
{
    struct sandbox_error why = { "" };
    int err = 0;

    if (headcount_question(op) == NULL)
        return;
    if (p->s == NULL)
        err = policy_open(p, &why);
    p->facts.op = op;
    p->facts.asked = false;
    printed_begin(&p->facts.printed);
    if (err == 0)
        err = sandbox_run(p->s, policy_body, p, &why);
    facts_end(&p->facts);
    if (p->print != NULL && !p->facts.asked)
        printed_end(&p->facts.printed, p->print, p->ud);
    if (p->s != NULL && sandbox_is_spent(p->s)) {
        sandbox_free(p->s);
        p->s = NULL;
    }
    if (err == 0 || p->facts.asked)
        headcount_resume(op);
    else
        headcount_refuse(op, why.what);
}
