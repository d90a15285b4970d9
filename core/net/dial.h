/* net/dial.h - from a name to an established connection: the pool's job, not
 * a request's, so that a request that gives up does not waste it.
 *
 *   RESOLVE --> CONNECT --> HANDSHAKE --> DONE        any --> FAILED
 */
#ifndef HC_NET_DIAL_H
#define HC_NET_DIAL_H

#include "net/conn.h"
#include "net/resolve.h"
#include "wire/eyeballs.h"

struct hc_net;

enum hc_dial_state { DIAL_RESOLVE, DIAL_CONNECT, DIAL_HANDSHAKE, DIAL_DONE,
                     DIAL_FAILED };

struct hc_dial_config {
    struct hc_origin origin;
    const struct hc_anchors *anchors;    /* of a tls origin                  */
    const struct hc_proxy *proxy;        /* NULL: none                       */
    const struct hc_tls_session *session;   /* to resume, or NULL; copied by
                                               the engine when it is begun   */
    struct hc_job *owner;                /* woken at DONE and FAILED         */
};

struct hc_dial_try { struct hc_watch watch; struct hc_addr addr; };

struct hc_dial {
    struct hc_job job;                   /* first member                     */
    enum hc_dial_state state;
    struct hc_conn *conn;                /* DONE: taken by the owner         */
    struct headcount_error error;        /* FAILED                           */
    struct headcount_stats stats;        /* what it did, for the op that gets
                                            it: the pool hands them on       */

    struct hc_dial *next;                /* the owner's                      */
    struct hc_net *net;                  /* private from here                */
    struct hc_dial_config config;
    struct hc_waiter waiter;
    bool asked;
    struct hc_eyeballs eyeballs;
    struct hc_dial_try tries[HC_ADDRS_MAX];
    size_t tries_n, open;
    struct headcount_error last; /* of the last address that failed  */
    struct hc_marks marks;
    int64_t until;                       /* of the phase                     */
};

/* NULL without memory. */
struct hc_dial *hc_dial_new(struct hc_net *net,
                            const struct hc_dial_config *config, int64_t now);
/* Closes its sockets.  NULL is fine. */
void hc_dial_free(struct hc_dial *d);

#endif
