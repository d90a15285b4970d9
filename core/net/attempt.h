/* net/attempt.h - one address of a host, or of the proxy that leads to it:
 * connect, then the TLS handshake.
 *
 *   CONNECT --> CONNECTED --> [OUTER] --> [TUNNEL] --> HANDSHAKE --> DONE
 *                                                      any --> FAILED
 *
 * OUTER is TLS to the proxy, TUNNEL its answer to CONNECT.  A dial races
 * several of them.  Behind CONNECTED each has a connection and the TLS engines
 * that it needs.
 */
#ifndef HC_NET_ATTEMPT_H
#define HC_NET_ATTEMPT_H

#include "net/conn.h"
#include "net/tunnel.h"

struct hc_net;

/* Attempts of one dial that have a TLS engine at a time, 50 KiB each (with TLS
 * to a proxy: two of them).  One more address that is connected waits until one
 * of these ends. */
#define HC_ATTEMPT_ENGINES 3

enum hc_attempt_state {
    ATTEMPT_CLOSED, ATTEMPT_CONNECT, ATTEMPT_CONNECTED, ATTEMPT_OUTER,
    ATTEMPT_TUNNEL, ATTEMPT_HANDSHAKE, ATTEMPT_DONE, ATTEMPT_FAILED
};

/* All attempts of one dial share it; it outlives them. */
struct hc_attempt_shared {
    struct hc_net *net;
    struct hc_job *job;                  /* runs when a socket is ready      */
    struct headcount_stats *stats;       /* of the dial                      */
    const struct hc_origin *origin;
    const struct hc_anchors *anchors;    /* of a tls origin                  */
    const struct hc_proxy *proxy;        /* or NULL                          */
    const struct hc_tls_session *session;    /* to resume, or NULL           */
    size_t engines;                      /* in use                           */
};

struct hc_attempt {
    enum hc_attempt_state state;
    enum hc_attempt_state reached;       /* FAILED, CLOSED: the state before */
    struct hc_conn *conn;                /* DONE: taken by the owner         */
    int64_t heard_at;                    /* when it began, then each time it
                                            got further: connected, a tunnel,
                                            and the first bytes of TLS       */
    bool answered;                       /* the proxy did: what follows is not
                                            the fault of this address        */

    int64_t until;                       /* of the handshake, of the tunnel;
                                            0: not begun                     */

    struct hc_attempt_shared *shared;    /* private, to `watch`              */
    struct hc_tunnel *tunnel;            /* in TUNNEL                        */
    bool heard;                          /* bytes came in HANDSHAKE          */
    bool has_engine;                     /* it counts in shared->engines     */
    struct hc_watch watch;               /* until the connection has it      */

    struct hc_addr addr;
    struct hc_marks marks;               /* of connect and TLS               */
};

/* 1 DONE, 0 waits, < 0 FAILED with the sentence in *e; the socket is closed
 * then. */
int hc_attempt_start(struct hc_attempt *a, struct hc_attempt_shared *shared,
                     const struct hc_addr *addr, int64_t now,
                     struct headcount_error *e);
int hc_attempt_step(struct hc_attempt *a, int64_t now,
                    struct headcount_error *e);
bool hc_attempt_is_open(const struct hc_attempt *a);
/* Closes what it has; it may be all zero.  A connection that the server has
 * accepted meanwhile is counted. */
void hc_attempt_fini(struct hc_attempt *a);

#endif
