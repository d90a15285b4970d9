/* wire/dns_cache.h - what a name's addresses are, or that it has none, until
 * the answer's time to live is over. */
#ifndef HC_WIRE_DNS_CACHE_H
#define HC_WIRE_DNS_CACHE_H

#include "base/clock.h"
#include "base/err.h"
#include "wire/addr.h"

#define HC_DNS_TTL_MAX 300           /* s; a longer one is cut to this       */

struct hc_dns_entry;

struct hc_dns_cache {
    const struct hc_alloc *alloc;
    struct hc_dns_entry *newest;
    size_t n;
};

void hc_dns_cache_init(struct hc_dns_cache *c, const struct hc_alloc *alloc);
void hc_dns_cache_fini(struct hc_dns_cache *c);      /* c may be all zero */

/* 1: addrs, each time begun with the next of them; 0: not known; < 0: the
 * code that was noted, with its sentence. */
int hc_dns_cache_find(struct hc_dns_cache *c, struct hc_str name, int64_t now,
                      struct hc_addrs *out, struct headcount_error *e);

/* Stores the addresses of a name for `ttl` seconds, 300 at most.  With ttl 0,
 * or without memory, it only removes what was known. */
struct hc_dns_known {
    struct hc_addrs addrs;
    const struct headcount_error *why; /* NULL: addrs count                */
    uint32_t ttl;
};
void hc_dns_cache_put(struct hc_dns_cache *c, struct hc_str name,
                      const struct hc_dns_known *known, int64_t now);
/* When the entry of this name, if it has addresses, ends; 0: there is none. */
int64_t hc_dns_cache_until(struct hc_dns_cache *c, struct hc_str name);
void hc_dns_cache_drop(struct hc_dns_cache *c, struct hc_str name);

/* from, begun with number `turn` (counted around). */
void hc_addrs_rotated(struct hc_addrs *out, const struct hc_addrs *from,
                      size_t turn);

#endif
