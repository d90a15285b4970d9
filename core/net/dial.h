/* net/dial.h - from a name to an established connection: the pool's job, not
 * a request's, so that a request that gives up does not waste it.
 *
 *   RESOLVE --> RACE --> DONE        any --> FAILED
 *
 * The race is that of RFC 8305, TLS included: an address that is silent for
 * 250 ms gets company of the next one, and the first that is done wins.  An
 * address that failed, or was silent and lost, is last for 30 s (wire/health).
 */
#ifndef HC_NET_DIAL_H
#define HC_NET_DIAL_H

#include "net/attempt.h"
#include "net/resolve.h"
#include "wire/eyeballs.h"

struct hc_net;

enum hc_dial_state { DIAL_RESOLVE, DIAL_RACE, DIAL_DONE, DIAL_FAILED };

struct hc_dial_config {
    struct hc_origin origin;
    const struct hc_anchors *anchors;    /* of a tls origin                  */
    const struct hc_proxy *proxy;        /* NULL: none                       */
    const struct hc_tls_session *session;   /* to resume, or NULL; copied by
                                               the engine when it is begun   */
    struct hc_job *owner;                /* woken at DONE and FAILED         */
};

struct hc_dial {
    struct hc_job job;                   /* first member                     */
    enum hc_dial_state state;
    struct hc_conn *conn;                /* DONE: taken by the owner         */
    struct hc_net *net;                  /* private, to `may_pass`           */
    size_t attempts_n;
    int64_t until;                       /* for connects, over all addresses */
    enum hc_attempt_state reached;       /* how far                          */
    bool asked;
    bool may_pass;                       /* one of them may work next time   */

    struct headcount_error error;        /* FAILED                           */
    struct headcount_stats stats;        /* what it did, for the op that gets
                                            it: the pool hands them on       */

    struct hc_waiter waiter;             /* private from here                */
    struct hc_attempt_shared shared;
    struct hc_marks marks;               /* of the resolver                  */
    struct hc_dial_config config;
    struct hc_eyeballs eyeballs;
    struct headcount_error worst;        /* of the attempt that got furthest
                                            of those that failed             */
    struct hc_attempt attempts[HC_ADDRS_MAX];
};

/* How far a dial got that is not done: the marks of the attempt that got
 * furthest (hc_marks_take). */
void hc_dial_marks(const struct hc_dial *d, struct hc_marks *to);
/* NULL without memory. */
struct hc_dial *hc_dial_new(struct hc_net *net,
                            const struct hc_dial_config *config, int64_t now);
/* Closes its sockets.  NULL is fine. */
void hc_dial_free(struct hc_dial *d);

/* An exchange with the origin has met a failure to look up a name, that of its
 * proxy if it has one, and is tried again: the servers are asked again.  The
 * failure is remembered for others only. */
void hc_dial_expire(struct hc_net *net, const struct hc_origin *origin,
                    const struct hc_proxy *proxy);

#endif
