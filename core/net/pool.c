/* net/pool.c - which request gets which connection.
 *
 *   ask ----> line (FIFO) --+-- an idle one (LIFO, looked at first)
 *                           +-- one that comes back
 *                           +-- one that a dial has made
 *
 * pool_serve lends idle connections and starts dials, whenever something
 * changed.  The pool's job takes the connections that dials made and closes
 * those that were idle too long.
 */
#include "net/pool.h"

#include "net/net.h"

struct hc_pool_host {
    struct hc_origin origin;
    const struct hc_anchors *anchors;
    const struct hc_proxy *proxy;
    struct hc_conn *idle;            /* newest first                         */
    struct hc_pool_waiter *first, *last;
    struct hc_dial *dials;
    size_t conns;                    /* idle and lent                        */
    size_t dials_n;
    struct hc_pool_host *next;
};

/* ---- hosts ---- */

static struct hc_pool_host *pool_host(struct hc_pool *p,
                                      const struct hc_pool_ask *ask)
{
    struct hc_pool_host *h = p->hosts;

    while (h != NULL &&
           !(h->anchors == ask->anchors && h->proxy == ask->proxy &&
             hc_origin_eq(&h->origin, ask->origin)))
        h = h->next;
    if (h != NULL)
        return h;
    h = hc_alloc(&p->net->sys.alloc, sizeof *h);
    if (h == NULL)
        return NULL;
    h->origin = *ask->origin;
    h->anchors = ask->anchors;
    h->proxy = ask->proxy;
    h->next = p->hosts;
    p->hosts = h;
    return h;
}

/* Forgets hosts that nobody has to do with any more. */
static void pool_reap(struct hc_pool *p)
{
    struct hc_pool_host **at = &p->hosts;

    while (*at != NULL) {
        struct hc_pool_host *h = *at;

        if (h->conns > 0 || h->dials_n > 0 || h->first != NULL) {
            at = &h->next;
            continue;
        }
        *at = h->next;
        hc_free(&p->net->sys.alloc, h, sizeof *h);
    }
}

/* ---- idle connections ---- */

static void pool_unlink_idle(struct hc_pool_host *h, struct hc_conn *c)
{
    if (c->prev != NULL)
        c->prev->next = c->next;
    else
        h->idle = c->next;
    if (c->next != NULL)
        c->next->prev = c->prev;
    c->prev = c->next = NULL;
}

static void pool_close(struct hc_pool *p, struct hc_conn *c)
{
    c->host->conns--;
    p->conns--;
    hc_conn_free(c);
}

static void pool_keep(struct hc_pool *p, struct hc_conn *c, int64_t now)
{
    struct hc_pool_host *h = c->host;

    c->idle_since = now;
    c->kept = true;
    c->watch.got = 0;
    hc_watch_owner(&c->watch, &p->job);
    hc_watch_want(&c->watch, HC_WATCH_READ);
    c->prev = NULL;
    c->next = h->idle;
    if (h->idle != NULL)
        h->idle->prev = c;
    h->idle = c;
}

static int64_t pool_until(const struct hc_pool *p, const struct hc_conn *c)
{
    return hc_time_min(hc_time_add(c->idle_since, p->net->config.idle),
                       hc_time_add(c->born, p->net->config.age));
}

/* The newest idle connection that may still be used.  On the way to it those
 * that may not are closed: too old, or the peer closed them or sent
 * something. */
static struct hc_conn *pool_take_idle(struct hc_pool *p,
                                      struct hc_pool_host *h, int64_t now)
{
    while (h->idle != NULL) {
        struct hc_conn *c = h->idle;

        pool_unlink_idle(h, c);
        if (now < pool_until(p, c) && c->watch.got == 0 && hc_conn_is_quiet(c))
            return c;
        pool_close(p, c);
    }
    return NULL;
}

/* Closes the oldest idle connection of a host. */
static void pool_evict(struct hc_pool *p, struct hc_pool_host *h)
{
    struct hc_conn *c = h->idle;

    while (c != NULL && c->next != NULL)
        c = c->next;
    if (c == NULL)
        return;
    pool_unlink_idle(h, c);
    pool_close(p, c);
}

/* ---- TLS sessions ---- */

static const struct hc_tls_session *pool_session(const struct hc_pool *p,
                                                 const struct hc_pool_host *h)
{
    for (size_t i = 0; p->sessions != NULL && i < HC_POOL_SESSIONS; i++) {
        const struct hc_tls_session *s = &p->sessions[i];

        if (s->anchors == h->anchors && hc_str_eqz(hc_str(h->origin.host),
                                                   s->host))
            return s;
    }
    return NULL;
}

/* Replaces the session of the same host, else the one that expires first. */
static void pool_keep_session(struct hc_pool *p, const struct hc_conn *c)
{
    struct hc_tls_session s;

    if (!c->tls || !hc_tls_session_get(&c->engine, &s))
        return;
    if (p->sessions == NULL)
        p->sessions = hc_alloc_array(&p->net->sys.alloc, HC_POOL_SESSIONS,
                                     sizeof *p->sessions);
    if (p->sessions == NULL)
        return;                      /* a later handshake is a full one */
    struct hc_tls_session *at = &p->sessions[0];

    for (size_t i = 0; i < HC_POOL_SESSIONS; i++) {
        struct hc_tls_session *old = &p->sessions[i];

        if (old->anchors == s.anchors &&
            hc_str_eq(hc_str(old->host), hc_str(s.host))) {
            at = old;
            break;
        }
        if (old->until < at->until)
            at = old;
    }
    *at = s;
    hc_wipe(&s, sizeof s);
}

/* ---- the line ---- */

static void waiter_leave_dial(struct hc_pool_waiter *t)
{
    if (t->dial != NULL)
        hc_stats_move(t->stats, &t->dial->stats);
    t->dial = NULL;
    t->adopted = false;
}

static void waiter_unlink(struct hc_pool_waiter *t)
{
    struct hc_pool_host *h = t->host;

    if (t->prev != NULL)
        t->prev->next = t->next;
    else
        h->first = t->next;
    if (t->next != NULL)
        t->next->prev = t->prev;
    else
        h->last = t->prev;
    t->prev = t->next = NULL;
    waiter_leave_dial(t);
    t->host = NULL;
}

static void waiter_hand(struct hc_pool_waiter *t, struct hc_conn *c)
{
    waiter_unlink(t);
    t->conn = c;
    hc_watch_owner(&c->watch, t->job);
    hc_job_wake(t->job);
}

static int waiter_fail(struct hc_pool_waiter *t,
                       const struct headcount_error *why)
{
    waiter_unlink(t);
    t->failed = true;
    hc_job_wake(t->job);
    return hc_error_pass(&t->error, why);
}

/* ---- serving ---- */

/* Makes room by closing idle connections: of this host for a waiter that
 * wants a fresh one, of any host where the whole pool is full. */
static bool pool_has_room(struct hc_pool *p, struct hc_pool_host *h,
                          bool fresh)
{
    if (h->conns + h->dials_n >= p->net->config.per_host && fresh)
        pool_evict(p, h);
    for (struct hc_pool_host *o = p->hosts;
         o != NULL && p->conns >= HC_POOL_MAX; o = o->next)
        pool_evict(p, o);
    return h->conns + h->dials_n < p->net->config.per_host &&
           p->conns < HC_POOL_MAX;
}

static bool pool_dial(struct hc_pool *p, struct hc_pool_host *h,
                      struct hc_pool_waiter *t, int64_t now)
{
    const struct hc_dial_config config = {
        .origin = h->origin, .anchors = h->anchors, .owner = &p->job,
        .proxy = h->proxy,
        .session = h->origin.tls ? pool_session(p, h) : NULL,
    };
    struct hc_dial *d = hc_dial_new(p->net, &config, now);

    if (d == NULL)
        return false;
    d->next = h->dials;
    h->dials = d;
    h->dials_n++;
    p->conns++;
    t->dial = d;
    return true;
}

/* A dial whose waiter was served by another connection meanwhile. */
static struct hc_dial *pool_orphan(const struct hc_pool_host *h)
{
    for (struct hc_dial *d = h->dials; d != NULL; d = d->next) {
        const struct hc_pool_waiter *t = h->first;

        if (d->state == DIAL_FAILED)
            continue;
        while (t != NULL && t->dial != d)
            t = t->next;
        if (t == NULL)
            return d;
    }
    return NULL;
}

/* No idle connection serves this waiter.  It waits for a dial, or for one of
 * the host's connections to come back; where nothing can come it fails. */
static void pool_let_wait(struct hc_pool *p, struct hc_pool_host *h,
                          struct hc_pool_waiter *t, int64_t now)
{
    struct headcount_error e = { .code = 0 };

    if (t->dial == NULL) {
        t->dial = pool_orphan(h);
        t->adopted = t->dial != NULL;
    }
    if (t->dial != NULL)
        return;
    if (pool_has_room(p, h, t->fresh)) {
        if (pool_dial(p, h, t, now))
            return;
        hc_error_set(&e, HEADCOUNT_ENOMEM, "out of memory for a connection");
    } else {
        if (h->conns + h->dials_n > 0)
            return;
        hc_error_set(&e, HEADCOUNT_ELIMIT,
                     "%s: %d connections are open already", h->origin.host,
                     HC_POOL_MAX);
    }
    waiter_fail(t, &e);
}

static void pool_serve(struct hc_pool *p, struct hc_pool_host *h, int64_t now)
{
    struct hc_pool_waiter *next;

    for (struct hc_pool_waiter *t = h->first; t != NULL; t = next) {
        next = t->next;
        struct hc_conn *c = t->fresh ? NULL : pool_take_idle(p, h, now);

        if (c != NULL)
            waiter_hand(t, c);
        else
            pool_let_wait(p, h, t, now);
    }
}

/* ---- the job: what dials made, what was idle too long ---- */

static void pool_take_made(struct hc_pool *p, struct hc_pool_host *h,
                           struct hc_dial *d, int64_t now)
{
    struct hc_conn *c = d->conn;

    d->conn = NULL;
    c->host = h;
    h->conns++;
    p->conns++;
    pool_keep_session(p, c);
    if (h->first != NULL) {
        hc_stats_move(h->first->stats, &d->stats);
        waiter_hand(h->first, c);
    } else {
        pool_keep(p, c, now);
    }
}

static void pool_take_dial(struct hc_pool *p, struct hc_pool_host *h,
                           struct hc_dial *d, int64_t now)
{
    struct hc_pool_waiter *t = h->first;

    while (t != NULL && t->dial != d)
        t = t->next;
    if (d->state == DIAL_DONE)
        pool_take_made(p, h, d, now);
    else if (t != NULL && !t->adopted)
        waiter_fail(t, &d->error);
    /* A waiter that adopted this dial did not get the full connect timeout, so
     * pool_serve starts a new dial. */
    for (t = h->first; t != NULL; t = t->next)
        if (t->dial == d)
            waiter_leave_dial(t);
    h->dials_n--;
    p->conns--;
    hc_dial_free(d);
}

static void pool_take_dials(struct hc_pool *p, struct hc_pool_host *h,
                            int64_t now)
{
    struct hc_dial **at = &h->dials;

    while (*at != NULL) {
        struct hc_dial *d = *at;

        if (d->state != DIAL_DONE && d->state != DIAL_FAILED) {
            at = &d->next;
            continue;
        }
        *at = d->next;
        pool_take_dial(p, h, d, now);
    }
}

static void pool_close_old(struct hc_pool *p, struct hc_pool_host *h,
                           int64_t now)
{
    struct hc_conn *next;

    for (struct hc_conn *c = h->idle; c != NULL; c = next) {
        next = c->next;
        if (c->watch.got == 0 && now < pool_until(p, c)) {
            hc_job_at(&p->job, pool_until(p, c));
            continue;
        }
        pool_unlink_idle(h, c);
        pool_close(p, c);
    }
}

static void pool_run(struct hc_job *job, int64_t now)
{
    struct hc_pool *p = (struct hc_pool *)job;

    for (struct hc_pool_host *h = p->hosts; h != NULL; h = h->next) {
        pool_take_dials(p, h, now);
        pool_serve(p, h, now);
        pool_close_old(p, h, now);
    }
    pool_reap(p);
}

/* ---- from outside ---- */

void hc_pool_init(struct hc_pool *p, struct hc_net *net)
{
    *p = (struct hc_pool){ .net = net };
    hc_job_init(&p->job, &net->jobs, pool_run);
}

void hc_pool_fini(struct hc_pool *p)
{
    for (struct hc_pool_host *h = p->hosts; h != NULL; h = h->next) {
        while (h->idle != NULL)
            pool_evict(p, h);
        while (h->dials != NULL) {
            struct hc_dial *d = h->dials;

            h->dials = d->next;
            h->dials_n--;
            p->conns--;
            hc_dial_free(d);
        }
    }
    pool_reap(p);
    if (p->sessions != NULL)
        hc_wipe(p->sessions, HC_POOL_SESSIONS * sizeof *p->sessions);
    hc_free(&p->net->sys.alloc, p->sessions,
            HC_POOL_SESSIONS * sizeof *p->sessions);
    p->sessions = NULL;
    hc_job_fini(&p->job);
}

int hc_pool_ask(struct hc_pool *p, struct hc_pool_waiter *waiter,
                const struct hc_pool_ask *ask, int64_t now)
{
    struct hc_pool_host *h = pool_host(p, ask);

    *waiter = (struct hc_pool_waiter){ .host = h, .job = ask->job,
                              .stats = ask->stats, .fresh = ask->fresh };
    if (h == NULL) {
        waiter->failed = true;
        return hc_error_set(&waiter->error, HEADCOUNT_ENOMEM,
                            "out of memory for a connection");
    }
    waiter->prev = h->last;
    if (h->last != NULL)
        h->last->next = waiter;
    else
        h->first = waiter;
    h->last = waiter;
    pool_serve(p, h, now);
    if (waiter->failed)
        pool_reap(p);
    return waiter->failed ? waiter->error.code : 0;
}

void hc_pool_give(struct hc_pool *p, struct hc_pool_waiter *waiter,
                  bool reusable, int64_t now)
{
    struct hc_conn *c = waiter->conn;

    if (c == NULL)
        return;
    waiter->conn = NULL;
    if (reusable && !p->net->config.no_keep_alive &&
        now < hc_time_add(c->born, p->net->config.age))
        pool_keep(p, c, now);
    else
        pool_close(p, c);
    hc_job_wake(&p->job);            /* serves, and minds the time */
}

void hc_pool_waiter_drop(struct hc_pool *p, struct hc_pool_waiter *waiter,
                         int64_t now)
{
    if (waiter->host != NULL) {
        waiter_unlink(waiter);
        hc_job_wake(&p->job);
    }
    hc_pool_give(p, waiter, false, now);
}

void hc_pool_suspect(struct hc_pool *p, const struct hc_pool_waiter *waiter,
                     int64_t since)
{
    struct hc_pool_host *h = waiter->conn->host;
    struct hc_conn *next;

    for (struct hc_conn *c = h->idle; c != NULL; c = next) {
        next = c->next;
        if (c->idle_since > since)
            continue;
        hc_stats_count(&p->net->stats, waiter->stats, connections_purged);
        pool_unlink_idle(h, c);
        pool_close(p, c);
    }
}

size_t hc_pool_idle(const struct hc_pool *p)
{
    size_t n = 0;

    for (const struct hc_pool_host *h = p->hosts; h != NULL; h = h->next)
        for (const struct hc_conn *c = h->idle; c != NULL; c = c->next)
            n++;
    return n;
}
