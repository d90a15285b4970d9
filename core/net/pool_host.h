/* net/pool_host.h - the pool's hosts, and the idle connections of each.
 *
 * Private to the pool.  A host is one origin with one set of anchors and one
 * proxy or none.  It lives as long as it has a connection, a dial or a waiter.
 */
#ifndef HC_NET_POOL_HOST_H
#define HC_NET_POOL_HOST_H

#include "net/pool.h"

/* A dial under way, and the waiter that it was begun for. */
struct hc_pool_dial {
    struct hc_job job;               /* first member: it has ended           */
    struct hc_link link;             /* host->dials, host->orphans           */
    struct hc_pool_host *host;
    struct hc_dial *dial;
    struct hc_pool_waiter *waiter;   /* NULL: an orphan, for the next one    */
    uint64_t epoch;                  /* of the pool, when it began           */
};

struct hc_pool_host {
    struct hc_job job;               /* first member: serves its line        */
    struct hc_pool *pool;
    size_t open;                     /* connections and dials                */
    struct hc_link idle;             /* newest first                         */
    const struct hc_anchors *anchors;
    const struct hc_proxy *proxy;
    struct hc_link line[2];          /* waiters; [1]: for a fresh one        */
    struct hc_link bare;             /* those of both without a dial         */
    struct hc_link dials, orphans;
    struct hc_link wants;            /* pool->wants: a place in the total    */
    int64_t moved;                   /* when the line last moved             */
    struct hc_index_node node;       /* in pool->index                       */
    struct hc_origin origin;
    struct headcount_error why;      /* of the last dial, if it failed       */
};

/* One of them; NULL: there is none. */
struct hc_pool_host *hc_pool_host_any(const struct hc_pool *p);
/* NULL: no memory for a new one. */
struct hc_pool_host *hc_pool_host(struct hc_pool *p,
                                  const struct hc_pool_ask *ask,
                                  void (*run)(struct hc_job *job, int64_t now));
bool hc_pool_host_is_unused(const struct hc_pool_host *h);
/* Closes the idle connections.  The dials must have ended. */
void hc_pool_host_free(struct hc_pool_host *h);

/* A dial or a connection is gone: its place is free. */
void hc_pool_host_freed(struct hc_pool_host *h);
/* A new connection, which stands in for its dial. */
void hc_pool_conn_init(struct hc_pool_host *h, struct hc_conn *c);
void hc_pool_conn_close(struct hc_conn *c);

/* A minute after an answer without its address: many names of AWS have another
 * single address in each answer, and the ones before still serve. */
#define HC_POOL_LEFT (60 * HC_SECOND)
/* A request on it may not reach its host: the pool has been told to forget, or
 * the name's addresses have been others for HC_POOL_LEFT. */
bool hc_pool_conn_is_outdated(struct hc_conn *c, int64_t now);
/* Closes it for such a reason and counts it, also for an op (NULL: none). */
void hc_pool_conn_purge(struct hc_conn *c, struct headcount_stats *stats);

void hc_pool_idle_keep(struct hc_conn *c, int64_t now);
/* The newest idle connection that may still be used, or NULL. */
struct hc_conn *hc_pool_idle_take(struct hc_pool_host *h, int64_t now);
/* Closes the oldest idle connection of the host; NULL: of all hosts. */
bool hc_pool_idle_evict(struct hc_pool *p, struct hc_pool_host *h);

#endif
