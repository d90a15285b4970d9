/* wire/dns_cache.h - what a name's addresses are, or that it has none, until
 * the answer's time to live is over.
 *
 * Addresses stay for a day after that: where no server can answer, they are
 * better than none (RFC 8767).
 */
#ifndef HC_WIRE_DNS_CACHE_H
#define HC_WIRE_DNS_CACHE_H

#include "base/clock.h"
#include "base/err.h"
#include "wire/addr.h"

#define HC_DNS_TTL_MAX 300           /* s; a longer one is cut to this       */
/* Limits of expired addresses (RFC 8767, 5): their age, the time of their use
 * before the servers are asked again, and the wait for a fresh answer first. */
#define HC_DNS_STALE_MAX (86400 * HC_SECOND)
#define HC_DNS_STALE_TTL (30 * HC_SECOND)
#define HC_DNS_STALE_WAIT (1800 * HC_MS)

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
/* The same addresses, even if they have expired; false: there are none. */
bool hc_dns_cache_stale(struct hc_dns_cache *c, struct hc_str name, int64_t now,
                        struct hc_addrs *out);
/* At most a tenth of the time to live is left: time to ask again. */
bool hc_dns_cache_is_due(struct hc_dns_cache *c, struct hc_str name,
                         int64_t now);

/* Stores what is known of a name for `ttl` seconds, 300 at most; with ttl 0 the
 * addresses have expired at once.  A failure (any code but HEADCOUNT_EDNS)
 * leaves addresses of the last day where they are.  1: they are used on,
 * because it was HEADCOUNT_EDNSFAIL; else 0. */
struct hc_dns_known {
    struct hc_addrs addrs;
    const struct headcount_error *why; /* NULL: addrs count                */
    uint32_t ttl;
};
int hc_dns_cache_put(struct hc_dns_cache *c, struct hc_str name,
                     const struct hc_dns_known *known, int64_t now);
/* When the entry of this name, if it has addresses, ends; 0: there is none. */
int64_t hc_dns_cache_until(struct hc_dns_cache *c, struct hc_str name);
/* The servers are to be asked again before the entry is used: a failure goes,
 * addresses have expired.  Servers that failed within the last five seconds are
 * not asked again before those are over. */
void hc_dns_cache_expire(struct hc_dns_cache *c, struct hc_str name);

/* As hc_dns_cache_expire for this name, or for all (an empty one), and what
 * failed before does not count: the network may be another one. */
void hc_dns_cache_forget(struct hc_dns_cache *c, struct hc_str name);
/* The newest answer for this name has addresses of the family, but not this
 * one. */
bool hc_dns_cache_lacks(struct hc_dns_cache *c, struct hc_str name,
                        const struct hc_addr *addr);

/* from, begun with number `turn` (counted around). */
void hc_addrs_rotated(struct hc_addrs *out, const struct hc_addrs *from,
                      size_t turn);

#endif
