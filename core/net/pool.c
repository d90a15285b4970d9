/* net/pool.c - which request gets which connection.
 *
 *   ask ----> line (FIFO) --+-- an idle one (LIFO, looked at first)
 *                           +-- one that comes back
 *                           +-- one that a dial has made
 *
 * Each event touches one host and the first of one line, however many wait:
 *
 *   host's job   lends idle connections, starts dials      [host_run]
 *   dial's job   a dial has ended                          [dial_ended]
 *   pool's job   a place in the total is free, or the
 *                pause after EMFILE is over                [pool_run]
 */
#include "net/pool.h"

#include <errno.h>

#include "base/text.h"
#include "net/net.h"
#include "net/pool_host.h"

#define POOL_PAUSE (100 * HC_MS)     /* without a descriptor                 */
#define POOL_AHEAD 1000              /* waiters ahead: more are not counted  */

/* ---- the line ---- */

static struct hc_pool_waiter *waiter_of_line(struct hc_link *link)
{
    return hc_list_of(link, offsetof(struct hc_pool_waiter, line));
}

static struct hc_pool_waiter *waiter_of_bare(struct hc_link *link)
{
    return hc_list_of(link, offsetof(struct hc_pool_waiter, bare));
}

static struct hc_pool_dial *dial_of(struct hc_link *link)
{
    return hc_list_of(link, offsetof(struct hc_pool_dial, link));
}

/* The waiter that asked first: the first of the two lines, for any connection
 * and for a fresh one. */
static struct hc_pool_waiter *line_first(const struct hc_pool_host *h)
{
    struct hc_pool_waiter *any = waiter_of_line(hc_list_first(&h->line[0]));
    struct hc_pool_waiter *fresh = waiter_of_line(hc_list_first(&h->line[1]));

    if (any == NULL || (fresh != NULL && fresh->number < any->number))
        return fresh;
    return any;
}

static void waiter_take_dial(struct hc_pool_waiter *t, struct hc_pool_dial *d)
{
    hc_list_cut(&t->bare);
    hc_list_cut(&d->link);
    hc_list_put(&d->host->dials, &d->link);
    t->dial = d;
    d->waiter = t;
}

void hc_pool_waiter_marks(const struct hc_pool_waiter *waiter)
{
    if (waiter->dial != NULL && waiter->marks != NULL)
        hc_dial_marks(waiter->dial->dial, waiter->marks);
}

/* The dial goes on: it serves the next one. */
static void waiter_leave_dial(struct hc_pool_waiter *t)
{
    struct hc_pool_dial *d = t->dial;

    if (d == NULL)
        return;
    hc_pool_waiter_marks(t);
    hc_stats_move(t->stats, &d->dial->stats);
    hc_list_cut(&d->link);
    hc_list_put(&d->host->orphans, &d->link);
    d->waiter = NULL;
    t->dial = NULL;
    t->adopted = false;
}

static void waiter_unlink(struct hc_pool_waiter *t)
{
    waiter_leave_dial(t);
    hc_list_cut(&t->line);
    hc_list_cut(&t->bare);
    t->host = NULL;
}

static void waiter_hand(struct hc_pool_waiter *t, struct hc_conn *c,
                        int64_t now)
{
    c->host->moved = now;
    waiter_unlink(t);
    t->conn = c;
    hc_watch_owner(&c->watch, t->job);
    hc_job_wake(t->job);
}

static void waiter_fail(struct hc_pool_waiter *t,
                        const struct headcount_error *why)
{
    hc_job_wake(&t->host->job);      /* it may have been the host's last */
    waiter_unlink(t);
    t->failed = true;
    hc_job_wake(t->job);
    hc_error_pass(t->error, why);
}

/* ---- a place for one more connection ---- */

static bool pool_is_short(const struct hc_pool *p, int64_t now)
{
    return now < p->short_until;
}

/* Makes room by closing idle connections: of this host for a waiter that wants
 * a fresh one, of any host where the total is used.  False where there is none;
 * the host then stands in the line for the total, if that is what it lacks. */
static bool pool_has_room(struct hc_pool_host *h, bool fresh, int64_t now)
{
    struct hc_pool *p = h->pool;
    const struct hc_net_config *config = &p->net->config;
    bool mine = p->turn == h || hc_list_first(&p->wants) == NULL;

    if (h->open >= config->per_host && fresh)
        hc_pool_idle_evict(p, h);
    if (h->open >= config->per_host)
        return false;
    if (mine && p->conns >= config->total)
        hc_pool_idle_evict(p, NULL);
    if (!mine || p->conns >= config->total || pool_is_short(p, now)) {
        if (h->wants.next == NULL)
            hc_list_put(&p->wants, &h->wants);
        if (pool_is_short(p, now))
            hc_job_at(&p->job, p->short_until);
        return false;
    }
    if (p->short_until != 0)         /* one at a time until one succeeds */
        p->short_until = hc_time_add(now, POOL_PAUSE);
    else if (p->turn == h)
        p->moved = now;
    p->turn = NULL;
    return true;
}

static struct hc_pool_host *wants_first(const struct hc_pool *p)
{
    return hc_list_of(hc_list_first(&p->wants),
                      offsetof(struct hc_pool_host, wants));
}

static void wants_last(struct hc_pool_host *h)
{
    hc_list_cut(&h->wants);
    hc_list_put(&h->pool->wants, &h->wants);
}

/* A connection came back while the total is used: does it go, so that a host in
 * the line for the total gets its place?  Yes if that host has none, or has
 * less than its share; else its next chance comes when it is first again. */
static bool pool_yields(struct hc_pool_host *h)
{
    if (line_first(h) == NULL)
        return false;                /* it becomes idle, and may be closed */
    if (h->wants.next != NULL)
        wants_last(h);               /* it has just got one */
    struct hc_pool_host *first = wants_first(h->pool);

    if (first == NULL || first == h)
        return false;
    if (first->open == 0 || first->open + 1 < h->open)
        return true;
    wants_last(first);
    return false;
}

/* ---- dials ---- */

static void dial_free(struct hc_pool_dial *d)
{
    const struct hc_alloc *alloc = &d->host->pool->net->sys.alloc;

    hc_list_cut(&d->link);
    hc_dial_free(d->dial);
    hc_job_fini(&d->job);
    hc_free(alloc, d, sizeof *d);
}

static void host_takes(struct hc_pool_host *h, struct hc_pool_dial *d,
                       int64_t now)
{
    struct hc_pool *p = h->pool;
    struct hc_pool_waiter *t = line_first(h);
    struct hc_conn *c = d->dial->conn;
    struct hc_tls_session session;

    d->dial->conn = NULL;
    p->short_until = 0;
    hc_job_wake(&p->job);            /* others waited for a descriptor too */
    hc_error_reset(&h->why);
    hc_pool_conn_init(h, c);
    c->epoch = d->epoch;
    if (c->tls && c->epoch == p->epoch && !p->net->config.no_tls_resumption &&
        hc_tls_session_get(&c->engine, &session)) {
        hc_sessions_keep(&p->sessions, &p->net->sys.alloc, &session);
        hc_wipe(&session, sizeof session);
    }
    if (t == NULL && hc_pool_conn_is_outdated(c, now))
        hc_pool_conn_purge(c, NULL);
    else if (t == NULL)
        hc_pool_idle_keep(c, now);
    if (t == NULL)
        return;
    hc_stats_move(t->stats, &d->dial->stats);
    waiter_hand(t, c, now);
}

/* The process or the machine has no descriptor left: an idle connection makes
 * room, else the waiter stays in the line until one of ours is closed or the
 * pause is over. */
static bool host_is_short(struct hc_pool_host *h, int sys, int64_t now)
{
    struct hc_pool *p = h->pool;

    if (sys != EMFILE && sys != ENFILE)
        return false;
    if (!hc_pool_idle_evict(p, NULL))
        p->short_until = hc_time_add(now, POOL_PAUSE);
    return true;
}

/* A waiter that adopted the dial did not get the full connect timeout: it gets
 * a dial of its own, which asks DNS again.  So does a later one, if no request
 * has met this failure. */
static void host_lost(struct hc_pool_host *h, struct hc_pool_waiter *t,
                      const struct headcount_error *why, int64_t now)
{
    bool adopted = t != NULL && t->adopted;

    hc_pool_host_freed(h);
    if (host_is_short(h, why->sys, now))
        return;
    h->why = *why;
    if (t == NULL || adopted || t->ahead)
        hc_dial_expire(h->pool->net, &h->origin, h->proxy);
    if (adopted)
        t->since = now;
    else if (t != NULL)
        waiter_fail(t, why);
}

static void dial_ended(struct hc_job *job, int64_t now)
{
    struct hc_pool_dial *d = (struct hc_pool_dial *)job;
    struct hc_pool_host *h = d->host;
    struct hc_pool_waiter *t = d->waiter;

    if (d->dial->state != DIAL_DONE && d->dial->state != DIAL_FAILED)
        return;
    if (d->dial->state == DIAL_FAILED && t != NULL) {
        hc_stats_move(t->stats, &d->dial->stats);
        hc_pool_waiter_marks(t);
    }
    if (t != NULL) {                 /* its place is ahead of all others */
        t->dial = NULL;
        hc_list_put(h->bare.next, &t->bare);
        hc_job_wake(t->job);         /* the acquire timeout counts again */
    }
    if (d->dial->state == DIAL_DONE)
        host_takes(h, d, now);
    else
        host_lost(h, t, &d->dial->error, now);
    if (t != NULL)
        t->adopted = false;
    dial_free(d);
    hc_job_wake(&h->job);
}

static bool host_dials(struct hc_pool_host *h, struct hc_pool_waiter *t,
                       int64_t now)
{
    struct hc_pool *p = h->pool;
    struct hc_pool_dial *d = hc_alloc(&p->net->sys.alloc, sizeof *d);

    if (d == NULL)
        return false;
    d->host = h;
    d->epoch = p->epoch;
    hc_job_init(&d->job, &p->net->jobs, dial_ended);
    const struct hc_dial_config config = {
        .origin = h->origin, .anchors = h->anchors, .owner = &d->job,
        .proxy = h->proxy,
        .session = h->origin.tls
                       ? hc_sessions_find(&p->sessions, h->anchors,
                                          h->origin.host) : NULL,
    };

    d->dial = hc_dial_new(p->net, &config, now);
    if (d->dial == NULL) {
        dial_free(d);
        return false;
    }
    h->open++;
    p->conns++;
    waiter_take_dial(t, d);
    return true;
}

/* ---- serving ---- */

/* False: there is nothing for this waiter, which has no dial. */
static bool host_dials_for(struct hc_pool_host *h, struct hc_pool_waiter *t,
                           int64_t now)
{
    struct headcount_error e = { .code = 0 };
    struct hc_pool_dial *orphan = dial_of(hc_list_first(&h->orphans));

    if (orphan != NULL) {
        waiter_take_dial(t, orphan);
        t->adopted = true;
        hc_job_wake(t->job);
        return true;
    }
    if (!pool_has_room(h, t->fresh, now))
        return false;
    if (host_dials(h, t, now)) {
        hc_job_wake(t->job);         /* other limits are its own now */
        return true;
    }
    hc_error_set(&e, HEADCOUNT_ENOMEM, "out of memory for a connection");
    waiter_fail(t, &e);
    return true;
}

/* The waiter that asked first is served first.  If it wants a fresh connection,
 * it may need the place of an idle one that a later waiter would take. */
static void host_serve(struct hc_pool_host *h, int64_t now)
{
    for (;;) {
        struct hc_pool_waiter *bare = waiter_of_bare(hc_list_first(&h->bare));
        struct hc_pool_waiter *idle =
            hc_list_first(&h->idle) != NULL
                ? waiter_of_line(hc_list_first(&h->line[0])) : NULL;

        if (bare != NULL && (idle == NULL ||
                             (bare->fresh && bare->number < idle->number)) &&
            host_dials_for(h, bare, now))
            continue;
        if (idle == NULL)
            break;
        struct hc_conn *c = hc_pool_idle_take(h, now);

        if (c != NULL)
            waiter_hand(idle, c, now);
    }
    if (hc_list_first(&h->bare) == NULL)
        hc_list_cut(&h->wants);
}

static void host_run(struct hc_job *job, int64_t now)
{
    struct hc_pool_host *h = (struct hc_pool_host *)job;

    host_serve(h, now);
    if (hc_pool_host_is_unused(h))
        hc_pool_host_free(h);
}

/* One place for each host in its turn. */
static void pool_run(struct hc_job *job, int64_t now)
{
    struct hc_pool *p = (struct hc_pool *)job;
    struct hc_pool_host *h;

    if (pool_is_short(p, now) && wants_first(p) != NULL)
        hc_pool_idle_evict(p, NULL);
    while ((h = wants_first(p)) != NULL && !pool_is_short(p, now) &&
           (p->conns < p->net->config.total || p->idle_n > 0)) {
        hc_list_cut(&h->wants);
        p->turn = h;
        host_serve(h, now);
        p->turn = NULL;
    }
    if (h != NULL && pool_is_short(p, now))
        hc_job_at(&p->job, p->short_until);
}

/* ---- from outside ---- */

void hc_pool_init(struct hc_pool *p, struct hc_net *net)
{
    *p = (struct hc_pool){ .net = net };
    hc_list_init(&p->idle);
    hc_list_init(&p->wants);
    hc_job_init(&p->job, &net->jobs, pool_run);
}

static void host_end_dials(struct hc_pool_host *h, const struct hc_link *of)
{
    struct hc_pool_dial *d;

    while ((d = dial_of(hc_list_first(of))) != NULL) {
        dial_free(d);
        hc_pool_host_freed(h);
    }
}

void hc_pool_fini(struct hc_pool *p)
{
    struct hc_pool_host *h;

    while ((h = hc_pool_host_any(p)) != NULL) {
        host_end_dials(h, &h->dials);
        host_end_dials(h, &h->orphans);
        hc_pool_host_free(h);
    }
    hc_sessions_fini(&p->sessions, &p->net->sys.alloc);
    hc_job_fini(&p->job);
}

int hc_pool_ask(struct hc_pool *p, struct hc_pool_waiter *waiter,
                const struct hc_pool_ask *ask, int64_t now)
{
    struct hc_pool_host *h = hc_pool_host(p, ask, host_run);

    *waiter = (struct hc_pool_waiter){
        .host = h, .job = ask->job, .stats = ask->stats, .error = ask->error,
        .marks = ask->marks, .fresh = ask->fresh, .ahead = ask->ahead,
        .number = p->asked++, .since = now,
    };
    if (h == NULL) {
        waiter->failed = true;
        return hc_error_set(ask->error, HEADCOUNT_ENOMEM,
                            "out of memory for a connection");
    }
    hc_list_put(&h->line[ask->fresh ? 1 : 0], &waiter->line);
    hc_list_put(&h->bare, &waiter->bare);
    host_serve(h, now);
    return waiter->failed ? HEADCOUNT_ENOMEM : 0;
}

void hc_pool_give(struct hc_pool *p, struct hc_pool_waiter *waiter,
                  bool reusable, int64_t now)
{
    struct hc_conn *c = waiter->conn;

    if (c == NULL)
        return;
    struct hc_pool_host *h = c->host;

    waiter->conn = NULL;
    if (!reusable || p->net->config.no_keep_alive ||
        now >= hc_time_add(c->born, p->net->config.age) || pool_yields(h)) {
        hc_pool_conn_close(c);
        return;
    }
    if (hc_pool_conn_is_outdated(c, now)) {
        hc_pool_conn_purge(c, waiter->stats);
        return;
    }
    hc_pool_idle_keep(c, now);
    if (line_first(h) != NULL)
        hc_job_wake(&h->job);
    if (hc_list_first(&p->wants) != NULL)
        hc_job_wake(&p->job);
}

void hc_pool_waiter_drop(struct hc_pool *p, struct hc_pool_waiter *waiter,
                         int64_t now)
{
    if (waiter->host != NULL) {
        hc_job_wake(&waiter->host->job);
        waiter_unlink(waiter);
    }
    hc_pool_give(p, waiter, false, now);
}

void hc_pool_forget(struct hc_pool *p)
{
    struct hc_conn *c;

    p->epoch++;
    hc_sessions_forget(&p->sessions);
    while ((c = hc_list_of(hc_list_first(&p->idle),
                           offsetof(struct hc_conn, idle_all))) != NULL)
        hc_pool_conn_purge(c, NULL);
}

int64_t hc_pool_until(const struct hc_pool *p,
                      const struct hc_pool_waiter *waiter)
{
    const struct hc_pool_host *h = waiter->host;

    if (h == NULL || waiter->dial != NULL)
        return HC_NEVER;
    int64_t since = waiter->since > h->moved ? waiter->since : h->moved;

    if (h->wants.next != NULL && p->moved > since)
        since = p->moved;
    return hc_time_add(since, p->net->config.acquire_timeout);
}

size_t hc_pool_idle(const struct hc_pool *p)
{
    return p->idle_n;
}

/* ---- the sentence ---- */

static size_t waiters_ahead(const struct hc_pool_waiter *t)
{
    const struct hc_link *head = &t->host->line[t->fresh ? 1 : 0];
    size_t n = 0;

    for (const struct hc_link *at = t->line.prev;
         at != head && n < POOL_AHEAD; at = at->prev)
        n++;
    return n;
}

int hc_pool_overdue(const struct hc_pool *p,
                    const struct hc_pool_waiter *waiter)
{
    const struct hc_pool_host *h = waiter->host;
    const struct hc_net_config *config = &p->net->config;
    size_t ahead = waiters_ahead(waiter);
    char why[160];

    if (p->short_until != 0)
        hc_fmt(why, sizeof why, "the process has no file descriptor left for "
               "one (ulimit -n raises the limit)");
    else if (h->open >= config->per_host)
        hc_fmt(why, sizeof why, "open to this host: %zu of %zu "
               "(config.max_connections_per_host raises the limit)", h->open,
               config->per_host);
    else
        hc_fmt(why, sizeof why, "open in all: %zu of %zu "
               "(config.max_connections raises the limit)", p->conns,
               config->total);
    return hc_error_set(waiter->error, HEADCOUNT_ELIMIT,
                        "%s:%u: no connection was free within %lld ms "
                        "(config.acquire_timeout); ahead in the line: %s%zu; "
                        "%s%s%s",
                        h->origin.host, (unsigned)h->origin.port,
                        (long long)(config->acquire_timeout / HC_MS),
                        ahead == POOL_AHEAD ? "more than " : "", ahead, why,
                        h->why.code != 0 ? "; the last attempt to connect: "
                                         : "", h->why.what);
}
