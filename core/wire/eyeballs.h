/* wire/eyeballs.h - which address to try next, and when (RFC 8305, 4 and 5).
 * Pure: it is told the time and what failed. */
#ifndef HC_WIRE_EYEBALLS_H
#define HC_WIRE_EYEBALLS_H

#include "base/clock.h"
#include "wire/addr.h"

#define HC_EYEBALLS_DELAY (250 * HC_MS)

struct hc_eyeballs {
    struct hc_addrs addrs;           /* in the order of trial                */
    size_t next;
    int64_t next_at;                 /* HC_NEVER: none is left               */
};

/* Families alternate, IPv6 first; within one the order stays. */
void hc_eyeballs_init(struct hc_eyeballs *e, const struct hc_addrs *addrs,
                      int64_t now);
/* True and the address if one is due now; the one after it is then due 250 ms
 * later. */
bool hc_eyeballs_next(struct hc_eyeballs *e, int64_t now, struct hc_addr *out);
/* When hc_eyeballs_next will have one; HC_NEVER: no more. */
int64_t hc_eyeballs_at(const struct hc_eyeballs *e);
/* A trial ended badly: no reason to wait for the next. */
void hc_eyeballs_failed(struct hc_eyeballs *e, int64_t now);

#endif
