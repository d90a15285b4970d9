/* net/pool_host.c - the pool's hosts, and the idle connections of each.
 *
 * A connection has a job of its own, which owns its watch while it is idle: it
 * closes the connection when the peer says something or ends it, and when it
 * was idle too long or is too old.
 */
#include "net/pool_host.h"

#include "net/net.h"

/* ---- hosts ---- */

static struct hc_pool_host *host_of_node(struct hc_index_node *node)
{
    return node != NULL ? (void *)((char *)node -
                                   offsetof(struct hc_pool_host, node)) : NULL;
}

static bool pool_host_is(const struct hc_pool_host *h,
                         const struct hc_pool_ask *ask)
{
    return h->anchors == ask->anchors && h->proxy == ask->proxy &&
           hc_origin_eq(&h->origin, ask->origin);
}

struct hc_pool_host *hc_pool_host_any(const struct hc_pool *p)
{
    return host_of_node(p->index.root);
}

static struct hc_pool_host *pool_host_new(struct hc_pool *p,
                                          const struct hc_pool_ask *ask)
{
    struct hc_pool_host *h = hc_alloc(&p->net->sys.alloc, sizeof *h);

    if (h == NULL)
        return NULL;
    h->pool = p;
    h->origin = *ask->origin;
    h->anchors = ask->anchors;
    h->proxy = ask->proxy;
    hc_list_init(&h->idle);
    hc_list_init(&h->line[0]);
    hc_list_init(&h->line[1]);
    hc_list_init(&h->bare);
    hc_list_init(&h->dials);
    hc_list_init(&h->orphans);
    p->hosts++;
    return h;
}

struct hc_pool_host *hc_pool_host(struct hc_pool *p,
                                  const struct hc_pool_ask *ask,
                                  void (*run)(struct hc_job *job, int64_t now))
{
    uint64_t key = hc_index_key(hc_str_hash(HC_STR_HASH + ask->origin->port,
                                            hc_str(ask->origin->host)));
    struct hc_index_node *node = hc_index_find(&p->index, key, NULL);

    while (node != NULL && !pool_host_is(host_of_node(node), ask))
        node = hc_index_find(&p->index, key, node);
    if (node != NULL)
        return host_of_node(node);
    struct hc_pool_host *h = pool_host_new(p, ask);

    if (h == NULL)
        return NULL;
    hc_index_put(&p->index, &h->node, key);
    hc_job_init(&h->job, &p->net->jobs, run);
    return h;
}

bool hc_pool_host_is_unused(const struct hc_pool_host *h)
{
    return h->open == 0 && hc_list_first(&h->line[0]) == NULL &&
           hc_list_first(&h->line[1]) == NULL;
}

void hc_pool_host_free(struct hc_pool_host *h)
{
    struct hc_pool *p = h->pool;

    while (hc_pool_idle_evict(p, h))
        continue;
    hc_index_remove(&p->index, &h->node);
    p->hosts--;
    hc_list_cut(&h->wants);
    hc_job_fini(&h->job);
    hc_free(&p->net->sys.alloc, h, sizeof *h);
}

void hc_pool_host_freed(struct hc_pool_host *h)
{
    struct hc_pool *p = h->pool;

    h->open--;
    p->conns--;
    p->short_until = 0;              /* there is a descriptor again */
    hc_job_wake(&h->job);            /* serves its line, or is forgotten */
    if (hc_list_first(&p->wants) != NULL)
        hc_job_wake(&p->job);
}

/* ---- idle connections ---- */

static struct hc_conn *conn_of_idle(struct hc_link *link)
{
    return hc_list_of(link, offsetof(struct hc_conn, idle));
}

static int64_t conn_until(const struct hc_conn *c)
{
    const struct hc_net_config *config = &c->host->pool->net->config;

    return hc_time_min(hc_time_add(c->idle_since, config->idle),
                       hc_time_add(c->born, config->age));
}

static void conn_leave_idle(struct hc_conn *c)
{
    hc_list_cut(&c->idle);
    hc_list_cut(&c->idle_all);
    c->host->pool->idle_n--;
}

void hc_pool_conn_close(struct hc_conn *c)
{
    struct hc_pool_host *h = c->host;

    if (c->idle.next != NULL)
        conn_leave_idle(c);
    hc_job_fini(&c->job);
    hc_conn_free(c);
    hc_pool_host_freed(h);
}

/* The host that it is connected to. */
static const struct hc_origin *conn_peer(const struct hc_conn *c)
{
    return c->host->proxy != NULL ? &c->host->proxy->origin
                                  : &c->host->origin;
}

/* Each connection is compared once with what the resolver has learned since,
 * whatever the name of that answer: nothing is looked up. */
bool hc_pool_conn_is_outdated(struct hc_conn *c, int64_t now)
{
    struct hc_net *net = c->host->pool->net;
    char name[HC_ORIGIN_NAME];

    if (c->epoch != c->host->pool->epoch)
        return true;
    if (c->answers != net->resolver.answers) {
        c->answers = net->resolver.answers;
        if (!hc_resolve_has_left(&net->resolver,
                                 hc_origin_name(name, conn_peer(c)), &c->addr))
            c->left_until = 0;
        else if (c->left_until == 0)
            c->left_until = hc_time_add(now, HC_POOL_LEFT);
    }
    return c->left_until != 0 && now >= c->left_until;
}

void hc_pool_conn_purge(struct hc_conn *c, struct headcount_stats *stats)
{
    hc_stats_count(&c->host->pool->net->stats, stats, connections_purged);
    hc_pool_conn_close(c);
}

/* It ended (the kernel ends one whose peer is silent), or its time is over, or
 * its address has failed: it is not counted as purged. */
static void conn_close_ended(struct hc_conn *c)
{
    if (c->dead)
        c->host->pool->net->stats.connections_dead++;
    hc_pool_conn_close(c);
}

static void conn_run(struct hc_job *job, int64_t now)
{
    struct hc_conn *c =
        (void *)((char *)job - offsetof(struct hc_conn, job));

    if (c->idle.next == NULL)        /* lent, after it had been idle */
        return;
    if (c->watch.got == 0 && now < conn_until(c)) {
        hc_job_at(&c->job, conn_until(c));
        return;
    }
    hc_conn_is_quiet(c);             /* says what has ended it */
    conn_close_ended(c);
}

void hc_pool_conn_init(struct hc_pool_host *h, struct hc_conn *c)
{
    c->host = h;
    c->number = ++h->pool->opened;
    hc_job_init(&c->job, &h->pool->net->jobs, conn_run);
}

void hc_pool_idle_keep(struct hc_conn *c, int64_t now)
{
    struct hc_pool *p = c->host->pool;

    c->idle_since = now;
    c->kept = true;
    c->watch.got = 0;
    hc_watch_owner(&c->watch, &c->job);
    hc_watch_want(&c->watch, HC_WATCH_READ);
    hc_list_put(c->host->idle.next, &c->idle);
    hc_list_put(&p->idle, &c->idle_all);
    p->idle_n++;
    hc_job_at(&c->job, conn_until(c));
}

/* Its address failed after it was last used.  Where the host has no other
 * address it is lent all the same. */
static bool conn_is_doubtful(const struct hc_conn *c, int64_t now)
{
    int64_t when = hc_health_when(&c->host->pool->net->health, &c->addr,
                                  conn_peer(c)->port, now);

    return when > 0 && when >= c->idle_since && c->has_others;
}

/* On the way to one that may be used those that may not are closed: too old, to
 * an address that failed or is not the name's any more, or the peer closed them
 * or sent something. */
struct hc_conn *hc_pool_idle_take(struct hc_pool_host *h, int64_t now)
{
    struct hc_conn *c;

    while ((c = conn_of_idle(hc_list_first(&h->idle))) != NULL) {
        bool quiet = hc_conn_is_quiet(c);

        if (now >= conn_until(c) || !quiet || c->watch.got != 0 ||
            conn_is_doubtful(c, now)) {
            conn_close_ended(c);
        } else if (hc_pool_conn_is_outdated(c, now)) {
            hc_pool_conn_purge(c, NULL);
        } else {
            conn_leave_idle(c);
            return c;
        }
    }
    return NULL;
}

bool hc_pool_idle_evict(struct hc_pool *p, struct hc_pool_host *h)
{
    struct hc_conn *c =
        h != NULL ? conn_of_idle(hc_list_last(&h->idle))
                  : hc_list_of(hc_list_first(&p->idle),
                               offsetof(struct hc_conn, idle_all));

    if (c != NULL)
        hc_pool_conn_close(c);
    return c != NULL;
}

void hc_pool_suspect(const struct hc_pool_waiter *waiter, int64_t since)
{
    struct hc_conn *c;

    /* The oldest first: the order of idle_since. */
    while ((c = conn_of_idle(hc_list_last(&waiter->conn->host->idle))) !=
               NULL && c->idle_since <= since)
        hc_pool_conn_purge(c, waiter->stats);
}
