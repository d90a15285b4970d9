/* wire/proxy.h - whether an origin is reached through a proxy, through which
 * one, and what is written for it.  No socket.
 *
 * https origins are reached through a tunnel (CONNECT), http origins by
 * requests in absolute form (RFC 9112, 3.2.2).
 */
#ifndef HC_WIRE_PROXY_H
#define HC_WIRE_PROXY_H

#include "wire/url.h"

struct hc_anchors;

struct hc_proxy_env {
    struct hc_str https_proxy, http_proxy, no_proxy;
    struct hc_str runtime_api;           /* AWS_LAMBDA_RUNTIME_API           */
};

/* The proxy's URL for this origin, empty: none.  Never reached through a proxy
 * are this machine itself, link-local addresses (metadata of hosts and of
 * containers) and Lambda's Runtime API, whatever no_proxy says.  no_proxy: a
 * list with commas or blanks of "*", hosts (with the hosts below them),
 * ".suffixes", "*.suffixes", addresses and networks (10.0.0.0/8); of all but
 * the networks also with a port. */
struct hc_str hc_proxy_for(const struct hc_proxy_env *env,
                           const struct hc_origin *origin);

#define HC_PROXY_NAME 280

/* A proxy.  Its owner keeps it until no connection uses it any more: the pool
 * knows it by its address. */
struct hc_proxy {
    struct hc_origin origin;             /* tls: TLS to the proxy itself     */
    const struct hc_anchors *anchors;    /* trusted for that; the owner's    */
    char setting[12];                    /* "HTTPS_PROXY"                    */
    char name[HC_PROXY_NAME];            /* its URL, for errors: *** stands
                                            for user and password            */
    struct hc_buf authorization;         /* "Basic ..." or empty; secret     */
};

/* "http://user:password@host:port": no scheme is http, no port is 80 (https:
 * 443), a path is ignored, user and password are percent-decoded.  0,
 * HEADCOUNT_ECONFIG (whose sentence does not show the text),
 * HEADCOUNT_ENOMEM; there is nothing to fini then. */
int hc_proxy_init(struct hc_proxy *p, const struct hc_alloc *alloc,
                  const char *setting, struct hc_str url,
                  struct headcount_error *e);
void hc_proxy_fini(struct hc_proxy *p);              /* p may be all zero */
/* Whether it has credentials.  Its answers may repeat them: no sentence shows
 * what such a proxy says.  NULL is none. */
bool hc_proxy_is_secret(const struct hc_proxy *p);
/* The request for a tunnel to `target`. */
void hc_proxy_put_connect(const struct hc_proxy *p, struct hc_buf *out,
                          const struct hc_origin *target);
/* `request` begins with a request line in origin form: puts the scheme and the
 * host of `target` before its path, and the proxy's credentials behind the
 * line. */
void hc_proxy_put_absolute(const struct hc_proxy *p, struct hc_buf *request,
                           const struct hc_origin *target);

#endif
