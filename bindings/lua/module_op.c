/* lua/module_op.c - an op until it is done.
 *
 * Outside a loop the function waits for it.  A coroutine that the loop entered
 * yields the pending instead; the loop polls for all that were yielded
 * (core.wait) and resumes who is done, and the function goes on here:
 *
 *     module_run --> op_wait -------------------------> op_end
 *          +-------> yield   core.wait   resume ---------^
 *                      ^--- resumed too early: yield again
 *
 * The script's own code may run in every call into Lua (see struct client), so
 * an op is looked at again after each of them.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>

#include "module.h"
#include "sandbox/sandbox.h"

#define PENDING "headcount.pending"
#define ROUND "headcount.round"
#define WAIT_LONGEST 3600000            /* ms: poll's own bound */

static const char entered_key = 'e';    /* registry: coroutines of the loop */
static const char deadline_key = 'd';   /* registry: of all ops             */
static const char round_key = 'r';      /* registry: the struct round       */

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
    headcount_op_free(p->op);
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

/* The handle of a closed client is freed when none of its ops is left. */
static void client_release(struct client *c)
{
    if (!c->closed || c->pending != NULL)
        return;
    headcount_free(c->h);
    c->h = NULL;
}

static int pending_gc(lua_State *L)
{
    struct pending *p = luaL_checkudata(L, 1, PENDING);

    if (!p->read)                       /* op_end ends it then */
        pending_end(p);
    return 0;
}

int module_stop(lua_State *L)
{
    return pending_gc(L);
}

void module_close(struct client *c)
{
    struct pending *next;

    c->closed = true;
    for (struct pending *p = c->pending; p != NULL; p = next) {
        next = p->next;
        if (!p->read)
            pending_end(p);
    }
    client_release(c);
}

/* Asks the policy as often as the op does, and lets a sweep go on, whose report
 * has all clusters; false: it still runs. */
static bool op_is_done(struct pending *p)
{
    for (;;) {
        enum headcount_state state = p->op != NULL ? headcount_op_state(p->op)
                                                   : HEADCOUNT_DONE;

        if (state == HEADCOUNT_ASKS)
            policy_decide(p->policy, p->op);
        else if (state == HEADCOUNT_PART)
            headcount_resume(p->op);
        else
            break;
    }
    return p->op == NULL || headcount_op_state(p->op) == HEADCOUNT_DONE;
}

/* ---- one round of waiting ----
 *
 * All clients that somebody waits for, in one poll.  No Lua runs from
 * round_begin until round_wait has stepped, so that one round is enough for a
 * state: one that waits in a finalizer of another begins anew.
 */

struct round {
    struct headcount_want *wants;       /* of all clients, one after another */
    struct pollfd *fds;
    size_t n, cap;
    int64_t deadline;
    struct client *first;
    bool failed;                        /* no memory                         */
};

static int round_gc(lua_State *L)
{
    struct round *r = luaL_checkudata(L, 1, ROUND);

    free(r->wants);
    free(r->fds);
    *r = (struct round){ .n = 0 };
    return 0;
}

static struct round *round_of(lua_State *L)
{
    struct round *r;

    lua_rawgetp(L, LUA_REGISTRYINDEX, &round_key);
    r = lua_touserdata(L, -1);
    lua_pop(L, 1);                      /* the registry holds it */
    return r;
}

static void round_begin(struct round *r)
{
    r->n = 0;
    r->deadline = INT64_MAX;
    r->first = NULL;
    r->failed = false;
}

/* Memory for `more` wants; false: there is none. */
static bool round_room(struct round *r, size_t more)
{
    size_t cap = r->n + more;
    void *wants, *fds;

    if (cap <= r->cap)
        return true;
    cap *= 2;
    wants = realloc(r->wants, cap * sizeof *r->wants);
    if (wants == NULL)
        return false;
    r->wants = wants;
    fds = realloc(r->fds, cap * sizeof *r->fds);
    if (fds == NULL)
        return false;
    r->fds = fds;
    r->cap = cap;
    return true;
}

/* Questions of all its ops are answered, not only of the op that is waited for:
 * another one may hold the same cluster. */
static void round_add(struct round *r, struct client *c)
{
    int64_t deadline;

    if (c->seen)
        return;
    c->seen = true;
    c->round_next = r->first;
    r->first = c;
    for (struct pending *p = c->pending; p != NULL; p = p->next)
        op_is_done(p);
    c->wants_at = r->n;
    c->wants_n = headcount_wants(c->h, NULL, 0, &deadline);
    if (!round_room(r, c->wants_n + 1)) {
        r->failed = true;
        c->wants_n = 0;
        return;
    }
    headcount_wants(c->h, r->wants + r->n, c->wants_n, &deadline);
    r->n += c->wants_n;
    r->deadline = deadline < r->deadline ? deadline : r->deadline;
}

/* False: a signal came in. */
static bool round_poll(struct round *r)
{
    int64_t now = sandbox_now();
    int64_t left = r->deadline > now ? (r->deadline - now + 999) / 1000 : 0;

    for (size_t i = 0; i < r->n; i++)
        r->fds[i] = (struct pollfd){ .fd = r->wants[i].fd,
                                     .events = r->wants[i].events };
    int got = poll(r->fds, (nfds_t)r->n,
                   left < WAIT_LONGEST ? (int)left : WAIT_LONGEST);
    bool signal = got < 0 && errno == EINTR;

    for (size_t i = 0; i < r->n; i++)
        r->wants[i].events = got > 0 ? r->fds[i].revents : 0;
    return !signal;
}

static int nothing(lua_State *L)
{
    (void)L;
    return 0;
}

/* False: an error is on top. */
static bool round_wait(lua_State *L, struct round *r)
{
    bool failed = r->failed;
    bool quiet = failed || round_poll(r);

    for (struct client *c = r->first; c != NULL; c = c->round_next) {
        c->seen = false;
        if (!failed)
            headcount_step(c->h, r->wants + c->wants_at, c->wants_n);
    }
    if (failed)
        lua_pushliteral(L, "not enough memory");
    if (failed || quiet)
        return !failed;
    /* A signal came in.  Its handler may have set a hook, which runs when the
     * next function is called; if it raises, the error is on top. */
    lua_pushcfunction(L, nothing);
    return lua_pcall(L, 0, 0, 0) == LUA_OK;
}

/* ---- one op ---- */

/* 1 is the pending. */
static int op_read(lua_State *L)
{
    struct pending *p = lua_touserdata(L, 1);

    const struct headcount_outcome *o = headcount_outcome(p->op);
    int n = p->finish(L, o);

    if (!p->timings)
        return n;
    module_push_timings(L, o);
    return n + 1;
}

static int was_closed(lua_State *L)
{
    return module_fail_code(L, "the client was closed meanwhile",
                            HEADCOUNT_ECANCELLED);
}

/* 1, and nothing else, is the pending, which is done. */
static int op_end(lua_State *L)
{
    struct pending *p = lua_touserdata(L, 1);
    int err;

    luaL_checkstack(L, LUA_MINSTACK, NULL);
    if (p->op == NULL)                  /* looked at behind the last call */
        return was_closed(L);
    lua_pushcfunction(L, op_read);
    lua_pushvalue(L, 1);
    p->read = true;
    err = lua_pcall(L, 1, LUA_MULTRET, 0);
    p->read = false;
    pending_end(p);
    client_release(p->client);
    return err == LUA_OK ? lua_gettop(L) - 1 : lua_error(L);
}

/* A coroutine that somebody else resumes too early goes on waiting. */
static int op_goes_on(lua_State *L, int status, lua_KContext k)
{
    (void)status;
    (void)k;
    lua_settop(L, 1);
    if (op_is_done(lua_touserdata(L, 1)))
        return op_end(L);
    lua_pushvalue(L, 1);
    return lua_yieldk(L, 1, 0, op_goes_on);
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

int module_now(lua_State *L)
{
    lua_pushnumber(L, (lua_Number)sandbox_now() / 1e6);
    return 1;
}

void module_set_deadline(lua_State *L, int64_t until)
{
    lua_pushinteger(L, until);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &deadline_key);
}

/* The time that is asked for, or the time that is left if that is less. */
static int64_t time_for(lua_State *L, int64_t asked)
{
    int64_t until, left;

    lua_rawgetp(L, LUA_REGISTRYINDEX, &deadline_key);
    until = lua_isnil(L, -1) ? INT64_MAX : lua_tointeger(L, -1);
    lua_pop(L, 1);
    if (until == INT64_MAX)
        return asked;
    left = until - sandbox_now();
    left = left > 1 ? left : 1;
    return asked > 0 && asked < left ? asked : left;
}

/* Nothing that may run Lua stands between the look at the client and here. */
static int op_begin(struct pending *p, module_begin *begin, const void *request,
                    struct headcount_error *error)
{
    struct client *c = p->client;
    int err = begin(c->h, &p->op, request, error);

    if (err != 0)
        return err;
    p->at = &c->pending;
    p->next = c->pending;
    if (p->next != NULL)
        p->next->at = &p->next;
    c->pending = p;
    return 0;
}

/* Waits without yielding.  The error of a hook ends the op. */
static int op_wait(lua_State *L, struct pending *p)
{
    struct round *r = round_of(L);

    while (!op_is_done(p)) {
        round_begin(r);
        round_add(r, p->client);
        if (!round_wait(L, r)) {
            pending_end(p);
            return lua_error(L);
        }
    }
    return op_end(L);
}

int module_run(lua_State *L, module_begin *begin, const void *request,
               int64_t *timeout)
{
    struct pending *p = lua_touserdata(L, -1);
    struct headcount_error error;

    *timeout = time_for(L, *timeout);
    if (p->client->closed)
        return was_closed(L);
    int err = op_begin(p, begin, request, &error);

    if (err != 0)
        return module_fail_code(L, error.what, err);
    lua_replace(L, 1);
    lua_settop(L, 1);
    if (!is_entered(L) || !lua_isyieldable(L))
        return op_wait(L, p);
    lua_pushvalue(L, 1);
    return lua_yieldk(L, 1, 0, op_goes_on);
}

/* ---- many ---- */

/* A copy of the list of pendings at 1 takes its place; how many. */
static lua_Integer own_list(lua_State *L)
{
    lua_Integer n = (lua_Integer)lua_rawlen(L, 1);

    lua_newtable(L);
    for (lua_Integer i = 1; i <= n; i++) {
        lua_rawgeti(L, 1, i);
        if (luaL_testudata(L, -1, PENDING) == NULL)
            luaL_error(L, "headcount.loop: a coroutine of the loop waits for "
                       "calls of clients only, not for a %s",
                       luaL_typename(L, -1));
        lua_rawseti(L, 2, i);
    }
    lua_replace(L, 1);
    return n;
}

static struct pending *pending_of(lua_State *L, lua_Integer i)
{
    struct pending *p;

    lua_rawgeti(L, 1, i);
    p = lua_touserdata(L, -1);
    lua_pop(L, 1);                      /* the list holds it */
    return p;
}

static bool any_is_done(lua_State *L, lua_Integer n)
{
    bool any = false;

    for (lua_Integer i = 1; i <= n; i++)
        any |= op_is_done(pending_of(L, i));
    return any;
}

static void push_done(lua_State *L, lua_Integer n)
{
    lua_Integer done = 0;

    lua_newtable(L);
    for (lua_Integer i = 1; i <= n; i++)
        if (op_is_done(pending_of(L, i))) {
            lua_rawgeti(L, 1, i);
            lua_rawseti(L, -2, ++done);
        }
}

/* The moment at i (core.until_), or the end of time where there is none. */
static int64_t moment_of(lua_State *L, int i)
{
    return lua_isnoneornil(L, i)
               ? INT64_MAX : (int64_t)(luaL_checknumber(L, i) * 1e6);
}

/* The list of pendings at 1, which is a copy from now on, and a moment at 2:
 * waits until some are done or the moment is there, and returns the former. */
int module_wait(lua_State *L)
{
    struct round *r = round_of(L);
    int64_t until = moment_of(L, 2);
    lua_Integer n;

    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    n = own_list(L);
    while ((n > 0 || until != INT64_MAX) && !any_is_done(L, n) &&
           sandbox_now() < until) {
        round_begin(r);
        r->deadline = until;
        for (lua_Integer i = 1; i <= n; i++)
            round_add(r, pending_of(L, i)->client);
        if (!round_wait(L, r))
            return lua_error(L);
    }
    push_done(L, n);
    return 1;
}

/* The moment so many seconds from now, by core.now; a host's deadline, if that
 * is earlier. */
int module_until(lua_State *L)
{
    int64_t asked = (int64_t)(luaL_checknumber(L, 1) * 1e6);

    lua_pushnumber(L, (lua_Number)(sandbox_now() +
                                   (asked > 0 ? time_for(L, asked) : 0)) /
                      1e6);
    return 1;
}

int module_is_call(lua_State *L)
{
    luaL_checkany(L, 1);
    lua_pushboolean(L, luaL_testudata(L, 1, PENDING) != NULL);
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

/* Opened twice, the second round would take the place of the first, which
 * functions may hold. */
static void open_round(lua_State *L)
{
    struct round *r;

    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &round_key) == LUA_TNIL) {
        r = lua_newuserdatauv(L, sizeof *r, 0);
        *r = (struct round){ .n = 0 };
        luaL_newmetatable(L, ROUND);
        lua_pushcfunction(L, round_gc);
        lua_setfield(L, -2, "__gc");
        lua_setmetatable(L, -2);
        lua_rawsetp(L, LUA_REGISTRYINDEX, &round_key);
    }
    lua_pop(L, 1);
}

void module_open_ops(lua_State *L)
{
    luaL_newmetatable(L, PENDING);
    lua_pushcfunction(L, pending_gc);
    lua_setfield(L, -2, "__gc");
    lua_pop(L, 1);
    open_round(L);
    lua_newtable(L);
    lua_createtable(L, 0, 1);
    lua_pushliteral(L, "k");
    lua_setfield(L, -2, "__mode");
    lua_setmetatable(L, -2);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &entered_key);
}
