/* net/pool.h - connections to each origin: lent, kept, closed.
 *
 *     hc_pool_ask(pool, &waiter, &ask, now)      the job is woken when it is
 *                                                served or has failed
 *     waiter.conn                                yours until hc_pool_give
 *     waiter.failed                              *ask.error says why
 *     hc_pool_waiter_drop(pool, &waiter, now)    always, at the end
 *
 * The newest idle connection is lent first (LIFO), after a check that it is
 * still quiet; waiters are served in order (FIFO).  A connection belongs to one
 * origin, one set of anchors and one proxy (or none) and is never lent for
 * another.
 *
 * A host has up to per_host connections, all hosts together have up to `total`.
 * Hosts that want another one while the total is used stand in a line of their
 * own, and each gets one in its turn.
 */
#ifndef HC_NET_POOL_H
#define HC_NET_POOL_H

#include "base/index.h"
#include "net/conn.h"
#include "net/dial.h"
#include "net/list.h"
#include "net/sessions.h"

struct hc_pool_host;
struct hc_pool_dial;

struct hc_pool_waiter {
    struct hc_conn *conn;
    bool failed;

    bool fresh;                      /* private from here: no kept connection */
    bool ahead;                      /* no request waits for it              */
    bool adopted;                    /* the dial was begun for another one   */
    struct hc_pool_host *host;       /* NULL: asks nothing                   */
    struct hc_job *job;
    struct headcount_stats *stats;
    struct headcount_error *error;
    struct hc_marks *marks;
    struct hc_pool_dial *dial;       /* that counts for its op               */
    struct hc_link line;             /* of its host                          */
    struct hc_link bare;             /* those without a dial                 */
    uint64_t number;                 /* in the order of asking               */
    int64_t since;                   /* it waits for others                  */
};

struct hc_pool_ask {
    const struct hc_origin *origin;
    const struct hc_anchors *anchors;    /* NULL for http                    */
    const struct hc_proxy *proxy;        /* NULL: none; outlives the pool    */
    struct hc_job *job;
    struct headcount_stats *stats; /* of the op; NULL is fine          */
    struct headcount_error *error;       /* filled where the waiter fails    */
    struct hc_marks *marks;              /* NULL, or gets how far its dial got
                                            where it serves another, or none */
    bool fresh;                          /* no kept connection will do       */
    bool ahead;                          /* it is given back unused: a name that
                                            could not be looked up is asked for
                                            again by the request that comes  */
};

/* Must not move. */
struct hc_pool {
    struct hc_job job;                   /* first member                     */
    struct hc_net *net;
    size_t hosts;
    size_t conns;                        /* open ones and dials              */
    size_t idle_n;
    struct hc_link idle;                 /* of all hosts, the oldest first   */
    struct hc_link wants;                /* hosts: the line for the total    */
    struct hc_pool_host *turn;           /* the host whose turn it is in it  */
    int64_t moved;                       /* when that line last moved        */
    int64_t short_until;                 /* no descriptor was left; 0: not so */
    uint64_t asked;
    uint64_t opened;                 /* connections that a waiter could have */
    uint64_t epoch;                      /* the number of hc_pool_forget     */
    struct hc_sessions sessions;
    struct hc_index index;               /* of the hosts                     */
};

void hc_pool_init(struct hc_pool *p, struct hc_net *net);
/* Closes idle connections and ends dials.  Connections that are lent must have
 * been given back. */
void hc_pool_fini(struct hc_pool *p);

/* 0, or HEADCOUNT_ENOMEM with waiter->failed.  The waiter may be served at
 * once; the job is woken otherwise. */
int hc_pool_ask(struct hc_pool *p, struct hc_pool_waiter *waiter,
                const struct hc_pool_ask *ask, int64_t now);
/* Gives waiter->conn back: kept if `reusable`, else closed. */
void hc_pool_give(struct hc_pool *p, struct hc_pool_waiter *waiter,
                  bool reusable, int64_t now);
/* Leaves the line, or closes the connection that it was lent.  All zero is
 * fine. */
void hc_pool_waiter_drop(struct hc_pool *p, struct hc_pool_waiter *waiter,
                         int64_t now);

/* *ask.marks gets how far its dial is, if it has one. */
void hc_pool_waiter_marks(const struct hc_pool_waiter *waiter);

/* When the acquire timeout of a waiter in the line is over: it counts while
 * nobody ahead is served.  HC_NEVER: it is served, or has a dial, which has
 * limits of its own. */
int64_t hc_pool_until(const struct hc_pool *p,
                      const struct hc_pool_waiter *waiter);
/* HEADCOUNT_ELIMIT: that time is over, and what the waiter waited for. */
int hc_pool_overdue(const struct hc_pool *p,
                    const struct hc_pool_waiter *waiter);

/* The connection that the waiter was lent, a kept one, went silent or was
 * reset: whatever broke it (a NAT gateway that was replaced) may have broken
 * those that were kept with it.  Closes the host's idle connections that have
 * shown no life since `since`, and counts them for the waiter's op. */
void hc_pool_suspect(const struct hc_pool_waiter *waiter, int64_t since);

/* The network may be another one: closes all idle connections, and those that
 * are lent, or whose dial is under way, are not kept after their exchange. */
void hc_pool_forget(struct hc_pool *p);

/* How many connections are idle, for tests. */
size_t hc_pool_idle(const struct hc_pool *p);

#endif
