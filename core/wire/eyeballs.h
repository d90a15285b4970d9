/* wire/eyeballs.h - which address to try next, and when (RFC 8305, 4 and 5).
 * Pure: it is told the time and what failed. */
#ifndef HC_WIRE_EYEBALLS_H
#define HC_WIRE_EYEBALLS_H

#include "wire/health.h"

#define HC_EYEBALLS_DELAY (250 * HC_MS)
/* An address that failed lately waits longer for its turn: it may be quick to
 * shake hands and then silent again. */
#define HC_EYEBALLS_LAST (1 * HC_SECOND)

struct hc_eyeballs {
    size_t sound;                    /* that many did not fail lately        */
    size_t next;
    int64_t next_at;                 /* HC_NEVER: none is left               */
    struct hc_addrs addrs;           /* in the order of trial                */
};

/* Families alternate, IPv6 first; within one the order stays.  Addresses that
 * failed lately at this port come last. */
void hc_eyeballs_init(struct hc_eyeballs *e, const struct hc_addrs *addrs,
                      const struct hc_health *health, uint16_t port,
                      int64_t now);
/* True and the address if one is due now.  The one after it is then due 250 ms
 * later, or 1 s later if it failed lately and this one did not. */
bool hc_eyeballs_next(struct hc_eyeballs *e, int64_t now, struct hc_addr *out);
/* When hc_eyeballs_next will have one; HC_NEVER: no more. */
int64_t hc_eyeballs_at(const struct hc_eyeballs *e);
/* A trial got further: the next address waits its time anew. */
void hc_eyeballs_wait(struct hc_eyeballs *e, int64_t now);
/* No further trial. */
void hc_eyeballs_end(struct hc_eyeballs *e);
/* A trial ended badly: no reason to wait for the next.  Where other trials are
 * still under way, an address that failed lately waits all the same. */
void hc_eyeballs_failed(struct hc_eyeballs *e, bool others, int64_t now);

#endif
