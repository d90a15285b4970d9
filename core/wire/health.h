/* wire/health.h - which addresses failed lately, so that they come last.
 *
 * One table for all ops and names of a handle, keyed by address and port.  An
 * address that failed is last for 30 s; if all addresses of a name failed, all
 * are tried, the one whose failure is oldest first.  Nothing here makes a call
 * fail: a mark changes an order.  Pure: it is told the time.
 */
#ifndef HC_WIRE_HEALTH_H
#define HC_WIRE_HEALTH_H

#include "base/clock.h"
#include "wire/addr.h"

#define HC_HEALTH_TIME (30 * HC_SECOND)
#define HC_HEALTH_MAX 32
#define HC_HEALTH_LATE (1 * HC_SECOND)

struct hc_health_mark { struct hc_addr addr; uint16_t port; int64_t at; };

struct hc_health {                   /* all zero: nothing failed             */
    struct hc_health_mark marks[HC_HEALTH_MAX];
    size_t n;
    int64_t until;                   /* when the last mark ends              */
};

/* The address failed in connect, in TLS, or on a connection before the first
 * byte of an answer (a kept connection that its server closed while it was
 * idle is no failure).  A full table loses its oldest mark. */
void hc_health_failed(struct hc_health *h, const struct hc_addr *addr,
                      uint16_t port, int64_t now);
/* The time for an address was over long before `now`: the process was frozen,
 * or the machine slept, and what came meanwhile is no failure of the
 * address. */
bool hc_health_is_late(int64_t until, int64_t now);
/* When it failed last; 0: not within the last 30 s. */
int64_t hc_health_when(const struct hc_health *h, const struct hc_addr *addr,
                       uint16_t port, int64_t now);
/* Moves those that failed to the end, oldest failure first; the others keep
 * their order.  How many these others are. */
size_t hc_health_sort(const struct hc_health *h, uint16_t port, int64_t now,
                      struct hc_addrs *addrs);

#endif
