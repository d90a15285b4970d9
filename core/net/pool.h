/* net/pool.h - connections to each origin: lent, kept, closed.
 *
 *     hc_pool_ask(pool, &turn, &ask, now)   the job is woken when it is decided
 *     turn.conn                             yours until hc_pool_give
 *     turn.failed                           turn.error says why
 *     hc_pool_waiter_drop(&turn, now)              always, at the end
 *
 * The newest idle connection is lent first (LIFO), after a check that it is
 * still quiet; waiters are served in order (FIFO).  A connection belongs to one
 * origin, one set of anchors and one proxy (or none) and is never lent for
 * another.
 */
#ifndef HC_NET_POOL_H
#define HC_NET_POOL_H

#include "net/conn.h"
#include "net/dial.h"

#define HC_POOL_MAX 200              /* connections of one handle            */
#define HC_POOL_SESSIONS 16

struct hc_pool_host;

struct hc_pool_waiter {
    struct hc_conn *conn;
    bool failed;
    struct headcount_error error;

    struct hc_pool_host *host;       /* private from here; NULL: asks nothing */
    struct hc_job *job;
    struct hc_pool_waiter *prev, *next;
    struct headcount_stats *stats;
    struct hc_dial *dial;            /* that counts for this turn's op       */
    bool adopted;                    /* and was begun for another one        */
    bool fresh;                      /* no kept connection will do           */
};

struct hc_pool_ask {
    const struct hc_origin *origin;
    const struct hc_anchors *anchors;    /* NULL for http                    */
    const struct hc_proxy *proxy;        /* NULL: none; outlives the pool    */
    struct hc_job *job;
    struct headcount_stats *stats; /* of the op; NULL is fine          */
    bool fresh;
};

struct hc_pool {
    struct hc_job job;                   /* first member                     */
    struct hc_net *net;
    struct hc_pool_host *hosts;
    struct hc_tls_session *sessions;     /* HC_POOL_SESSIONS, or NULL        */
    size_t conns;                        /* open ones and dials              */
};

void hc_pool_init(struct hc_pool *p, struct hc_net *net);
/* Closes idle connections and ends dials.  Connections that are lent must have
 * been given back. */
void hc_pool_fini(struct hc_pool *p);

/* 0, or HEADCOUNT_ENOMEM, HEADCOUNT_ELIMIT with turn->failed.  The turn may
 * be decided at once; the job is woken otherwise. */
int hc_pool_ask(struct hc_pool *p, struct hc_pool_waiter *waiter,
                const struct hc_pool_ask *ask, int64_t now);
/* Gives turn->conn back: kept if `reusable`, else closed. */
void hc_pool_give(struct hc_pool *p, struct hc_pool_waiter *waiter,
                  bool reusable, int64_t now);
/* Leaves the line, or closes the connection that it was lent.  All zero is
 * fine. */
void hc_pool_waiter_drop(struct hc_pool *p, struct hc_pool_waiter *waiter,
                         int64_t now);

/* The connection that the turn was lent, a kept one, went silent or was reset:
 * whatever broke it (a NAT gateway that was replaced) may have broken those
 * that were kept with it.  Closes the host's idle connections that have shown
 * no life since `since`, and counts them for the turn's op. */
void hc_pool_suspect(struct hc_pool *p, const struct hc_pool_waiter *waiter,
                     int64_t since);

/* Idle and established connections, for tests and stats. */
size_t hc_pool_idle(const struct hc_pool *p);

#endif
