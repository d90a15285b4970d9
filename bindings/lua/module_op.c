/* lua/module_op.c - an op until it is done.
 *
 * Outside a loop the function waits for it.  A coroutine that the loop entered
 * yields the pending instead; the loop polls for all that were yielded
 * (core.wait) and resumes who is done, and the function goes on here:
 *
 *     module_run --> headcount_wait ------------------> op_end
 *          +-------> yield   core.wait   resume ---------^
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <lauxlib.h>

#include "module.h"

#define PENDING "headcount.pending"
#define WAIT_LONGEST 3600000            /* ms: poll's own bound */

static const char entered_key = 'e';    /* registry: coroutines of the loop */
static const char deadline_key = 'd';   /* registry: of all ops             */

/* ---- pending ---- */

struct pending *module_pending(lua_State *L, struct client *c,
                               module_finish *finish)
{
    struct pending *p = lua_newuserdatauv(L, sizeof *p, 1);

    *p = (struct pending){ .client = c, .finish = finish };
    luaL_setmetatable(L, PENDING);
    lua_pushvalue(L, 1);
    lua_setiuservalue(L, -2, 1);        /* the client lives as long */
    return p;
}

static void pending_end(struct pending *p)
{
    headcount_end(p->op);
    p->op = NULL;
    policy_free(p->policy);
    p->policy = NULL;
    if (p->at != NULL) {
        *p->at = p->next;
        if (p->next != NULL)
            p->next->at = p->at;
    }
    p->at = NULL;
}

static int pending_gc(lua_State *L)
{
    pending_end(luaL_checkudata(L, 1, PENDING));
    return 0;
}

int module_stop(lua_State *L)
{
    return pending_gc(L);
}

void module_end_all(struct client *c)
{
    while (c->pending != NULL)
        pending_end(c->pending);
}

/* ---- one op ---- */

/* Asks the policy as often as the op does; false: it still runs. */
static bool op_is_done(struct pending *p)
{
    while (p->op != NULL && headcount_op_state(p->op) == HEADCOUNT_ASKS)
        policy_decide(p->policy, p->op);
    return p->op == NULL || headcount_op_state(p->op) == HEADCOUNT_DONE;
}

/* 1 is the pending. */
static int op_end(lua_State *L)
{
    struct pending *p = lua_touserdata(L, 1);
    int n;

    if (p->op == NULL)
        return module_fail_code(L, "the client was closed meanwhile",
                                HEADCOUNT_ECANCELLED);
    n = p->finish(L, headcount_outcome(p->op));
    pending_end(p);
    return n;
}

static int op_goes_on(lua_State *L, int status, lua_KContext k)
{
    (void)status;
    (void)k;
    lua_settop(L, 1);
    return op_end(L);
}

static int nothing(lua_State *L)
{
    (void)L;
    return 0;
}

/* A signal came in: what its handler asked of Lua (a hook) happens when the
 * next function is called. */
static void let_hooks_run(lua_State *L)
{
    lua_pushcfunction(L, nothing);
    lua_call(L, 0, 0);
}

static bool is_entered(lua_State *L)
{
    bool is;

    lua_rawgetp(L, LUA_REGISTRYINDEX, &entered_key);
    lua_pushthread(L);
    lua_rawget(L, -2);
    is = lua_toboolean(L, -1);
    lua_pop(L, 2);
    return is;
}

static int64_t now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int module_now(lua_State *L)
{
    lua_pushnumber(L, (lua_Number)now_us() / 1e6);
    return 1;
}

void module_set_deadline(lua_State *L, int64_t until)
{
    lua_pushinteger(L, until);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &deadline_key);
}

/* What is asked for, or what is left if that is less. */
static int64_t time_for(lua_State *L, int64_t asked)
{
    int64_t until, left;

    lua_rawgetp(L, LUA_REGISTRYINDEX, &deadline_key);
    until = lua_isnil(L, -1) ? INT64_MAX : lua_tointeger(L, -1);
    lua_pop(L, 1);
    if (until == INT64_MAX)
        return asked;
    left = until - now_us();
    left = left > 1 ? left : 1;
    return asked > 0 && asked < left ? asked : left;
}

int module_run(lua_State *L, const struct headcount_request *request)
{
    struct pending *p = lua_touserdata(L, -1);
    struct client *c = p->client;
    struct headcount_request bounded = *request;

    bounded.timeout = time_for(L, request->timeout);
    int err = headcount_begin(c->h, &p->op, &bounded);

    if (err != 0)
        return module_fail_code(L, "the request cannot be begun", err);
    p->at = &c->pending;
    p->next = c->pending;
    if (p->next != NULL)
        p->next->at = &p->next;
    c->pending = p;
    lua_replace(L, 1);
    lua_settop(L, 1);
    if (is_entered(L) && lua_isyieldable(L)) {
        lua_pushvalue(L, 1);
        return lua_yieldk(L, 1, 0, op_goes_on);
    }
    while (!op_is_done(p))
        if (headcount_wait(p->op, -1) == HEADCOUNT_RUNNING)
            let_hooks_run(L);
    return op_end(L);
}

/* ---- many ---- */

static struct pending *pending_of(lua_State *L, lua_Integer i)
{
    struct pending *p;

    lua_rawgeti(L, 1, i);
    p = luaL_checkudata(L, -1, PENDING);
    lua_pop(L, 1);                      /* the list holds it */
    return p;
}

/* Pushes the list of those that are done; how many. */
static lua_Integer push_done(lua_State *L, lua_Integer n)
{
    lua_Integer done = 0;

    lua_newtable(L);
    for (lua_Integer i = 1; i <= n; i++)
        if (op_is_done(pending_of(L, i))) {
            lua_rawgeti(L, 1, i);
            lua_rawseti(L, -2, ++done);
        }
    return done;
}

struct round {
    struct headcount_want *wants;       /* of all clients, one after another */
    struct pollfd *fds;
    size_t n, cap;
    int64_t deadline;
};

/* Memory for `more` wants in the two userdata at 2 and 3. */
static void round_room(lua_State *L, struct round *r, size_t more)
{
    size_t cap = r->n + more;
    void *wants, *fds;

    if (cap <= r->cap)
        return;
    cap *= 2;
    wants = lua_newuserdatauv(L, cap * sizeof *r->wants, 0);
    if (r->wants != NULL)
        memcpy(wants, r->wants, r->n * sizeof *r->wants);
    lua_replace(L, 2);
    fds = lua_newuserdatauv(L, cap * sizeof *r->fds, 0);
    lua_replace(L, 3);
    r->wants = wants;
    r->fds = fds;
    r->cap = cap;
}

static void round_gather(lua_State *L, struct round *r, lua_Integer n)
{
    r->n = 0;
    r->deadline = INT64_MAX;
    for (lua_Integer i = 1; i <= n; i++)
        pending_of(L, i)->client->seen = false;
    for (lua_Integer i = 1; i <= n; i++) {
        struct client *c = pending_of(L, i)->client;
        int64_t deadline;

        if (c->seen)
            continue;
        c->seen = true;
        c->wants_at = r->n;
        c->wants_n = headcount_wants(c->h, NULL, 0, &deadline);
        round_room(L, r, c->wants_n + 1);
        headcount_wants(c->h, r->wants + r->n, c->wants_n, &deadline);
        r->n += c->wants_n;
        r->deadline = deadline < r->deadline ? deadline : r->deadline;
    }
}

static void round_step(lua_State *L, const struct round *r, lua_Integer n)
{
    for (lua_Integer i = 1; i <= n; i++) {
        struct client *c = pending_of(L, i)->client;

        if (c->seen)
            headcount_step(c->h, r->wants + c->wants_at, c->wants_n);
        c->seen = false;
    }
}

static int round_poll(struct round *r)
{
    int64_t now = now_us();
    int64_t left = r->deadline > now ? (r->deadline - now + 999) / 1000 : 0;

    if (r->fds == NULL)
        return 0;                       /* nobody waits for anything */
    for (size_t i = 0; i < r->n; i++)
        r->fds[i] = (struct pollfd){ .fd = r->wants[i].fd,
                                     .events = r->wants[i].events };
    int got = poll(r->fds, (nfds_t)r->n,
                   left < WAIT_LONGEST ? (int)left : WAIT_LONGEST);

    for (size_t i = 0; i < r->n; i++)
        r->wants[i].events = got > 0 ? r->fds[i].revents : 0;
    return got;
}

/* The list of pendings at 1: waits until some are done, and returns them. */
int module_wait(lua_State *L)
{
    struct round r = { .n = 0 };
    lua_Integer n = (lua_Integer)lua_rawlen(L, 1);

    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 3);
    while (n > 0 && push_done(L, n) == 0) {
        lua_settop(L, 3);
        round_gather(L, &r, n);
        if (round_poll(&r) < 0 && errno == EINTR)
            let_hooks_run(L);
        round_step(L, &r, n);
    }
    if (lua_gettop(L) == 3)
        lua_newtable(L);
    return 1;
}

/* This coroutine yields what it waits for from now on (false: no more). */
int module_enter(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTHREAD);
    lua_settop(L, 2);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &entered_key);
    lua_insert(L, 1);
    lua_rawset(L, 1);
    return 0;
}

void module_open_ops(lua_State *L)
{
    luaL_newmetatable(L, PENDING);
    lua_pushcfunction(L, pending_gc);
    lua_setfield(L, -2, "__gc");
    lua_pop(L, 1);
    lua_newtable(L);
    lua_createtable(L, 0, 1);
    lua_pushliteral(L, "k");
    lua_setfield(L, -2, "__mode");
    lua_setmetatable(L, -2);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &entered_key);
}
