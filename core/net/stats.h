/* net/stats.h - counters of the wire, each counted where it happens: once for
 * the handle and once for the op that caused it. */
#ifndef HC_NET_STATS_H
#define HC_NET_STATS_H

#include "headcount.h"

#define HC_STATS(X)                                                         \
    X(api_calls)              /* operations begun, however many attempts  */ \
    X(connections_opened)     /* TCP connections that were established    */ \
    X(connections_reused)     /* requests that left on a kept one         */ \
    X(dns_lookups)            /* names asked of a DNS server              */ \
    X(dns_datagrams)          /* queries sent, by UDP or TCP              */ \
    X(dns_hits)               /* names answered from the cache, even if   */ \
                              /* they have expired                        */ \
    X(tls_handshakes)         /* completed, the resumed ones too          */ \
    X(tls_resumed)                                                          \
    X(retries)                /* attempts after the first                 */ \
    X(replays)                /* requests sent again on a new connection  */ \
    X(connections_purged)     /* good ones that were closed, not kept     */ \
    X(connections_dead)       /* that the kernel ended: a silent peer     */

/* Moves what `from` counted to `to`, if there is one; `from` is zero then. */
static inline void hc_stats_move(struct headcount_stats *to,
                                 struct headcount_stats *from)
{
#define HC_STATS_MOVE(name)                                                 \
    if (to != NULL)                                                         \
        to->name += from->name;                                             \
    from->name = 0;
    HC_STATS(HC_STATS_MOVE)
#undef HC_STATS_MOVE
}

/* Adds one to a counter of the net and to the op's, if there is an op. */
#define hc_stats_count(net_stats, op_stats, name)                           \
    do {                                                                    \
        (net_stats)->name++;                                                \
        if ((op_stats) != NULL)                                             \
            (op_stats)->name++;                                             \
    } while (0)

#endif
