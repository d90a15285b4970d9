/* wire/proxy.h - whether an origin is reached through a proxy.  Pure.
 *
 * headcount cannot connect through a proxy.  Where one is configured for an
 * origin the caller gets an error, never a silent detour around the proxy. */
#ifndef HC_WIRE_PROXY_H
#define HC_WIRE_PROXY_H

#include "wire/url.h"

struct hc_proxy_env {
    struct hc_str https_proxy, http_proxy, no_proxy;
};

/* The proxy's URL for this origin, empty: none.  This machine itself is never
 * proxied; no_proxy: a comma list of "*", hosts, ".suffixes", each with a port
 * or without. */
struct hc_str hc_proxy_for(const struct hc_proxy_env *env,
                           const struct hc_origin *origin);

#endif
