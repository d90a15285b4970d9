/* net/tunnel.h - a tunnel through a proxy: CONNECT on a connection to it.
 *
 *   ask --> answer --> a 2xx: the connection leads to the target
 *
 * The bytes that follow are the target's: TLS begins on the same connection.
 * Nothing of AWS's is sent to the proxy but the target's host and port.
 */
#ifndef HC_NET_TUNNEL_H
#define HC_NET_TUNNEL_H

#include "net/conn.h"
#include "wire/http1.h"

struct hc_tunnel {
    const struct hc_proxy *proxy;        /* private                          */
    const struct hc_origin *target;
    struct hc_http1 http;
    struct hc_buf out;                   /* secret                           */
    struct hc_str left;                  /* of `out`: not sent yet           */
    bool sent;                           /* all of it is with the kernel     */
};

/* Both outlive the tunnel.  A request that memory does not suffice for is the
 * error of the first step. */
void hc_tunnel_init(struct hc_tunnel *t, const struct hc_alloc *alloc,
                    const struct hc_proxy *proxy,
                    const struct hc_origin *target);
void hc_tunnel_fini(struct hc_tunnel *t);            /* t may be all zero */
/* 1 the tunnel stands; 0 waits; HEADCOUNT_EPROXY, HEADCOUNT_ENOMEM.  A refusal
 * that another attempt would meet again is a permanent error (407, 403, an
 * answer that is none of a proxy); 5xx, 408, 429 and a close are not. */
int hc_tunnel_step(struct hc_tunnel *t, struct hc_conn *c,
                   struct headcount_error *e);
/* The error of a proxy that wants other credentials (407), to CONNECT or to a
 * request in absolute form; returns HEADCOUNT_EPROXY. */
int hc_tunnel_unauthorized(const struct hc_proxy *proxy,
                           const struct hc_origin *target,
                           const struct hc_http1 *http,
                           struct headcount_error *e);

#endif
