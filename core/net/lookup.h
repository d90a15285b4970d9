/* net/lookup.h - one name asked of the DNS servers: A and AAAA side by side,
 * each question over its own connected socket, and one outcome.
 *
 * A name of a single label that does not exist is asked for below each domain
 * of the search list, too; any other name only as it is.
 *
 * The owner runs it: hc_lookup_step whenever its job runs.
 */
#ifndef HC_NET_LOOKUP_H
#define HC_NET_LOOKUP_H

#include "net/job.h"
#include "net/stats.h"
#include "net/sys.h"
#include "wire/dns_cache.h"
#include "wire/dns_query.h"

struct hc_resolver;

/* How long the addresses of A wait for those of AAAA (RFC 8305, 3). */
#define HC_LOOKUP_HOLD (50 * HC_MS)

struct hc_lookup_sock {
    struct hc_watch watch;
    unsigned char out[HC_DNS_ASK_MAX];
    size_t out_n, sent;
    bool connected;                      /* TCP: it has answered             */
};

struct hc_lookup_side {
    struct hc_dns_query query;
    struct hc_lookup_sock socks[HC_DNS_SLOTS];  /* of the query's slots      */
};

struct hc_lookup_config {
    struct hc_str name;                  /* copied; a dot at its end: it is
                                            asked for only as it is          */
    const struct hc_resolv_conf *conf;   /* copied                           */
    bool ipv6;                           /* ask for AAAA too                 */
    struct hc_dns_servers *servers;      /* these four outlive it            */
    const struct hc_system *sys;
    struct hc_jobs *jobs;
    struct headcount_stats *stats;
};

struct hc_lookup {
    struct hc_job job;                   /* first member; the owner's        */
    struct hc_resolver *owner;           /* which sets those below, too      */
    struct hc_lookup *next;
    bool over;
    size_t sides_n;                      /* private, to `sys`                */
    struct hc_dns_servers *servers;
    const struct hc_system *sys;

    struct hc_wait_queue waiters;
    const struct hc_waiter *first;       /* who began it; only compared      */
    uint64_t told_asked, told_sent;      /* of those, to the first's stats   */
    size_t owed;                         /* who waited and has not asked yet */
    size_t turn;
    int64_t keep_until;                  /* for them                         */
    int64_t stale_at;                    /* an expired answer is used then   */
    bool outdated;                       /* asked in a network that may be
                                            another one now                  */

    uint64_t asked, sent;                /* names, queries                   */
    /* Once it is over.  why.code 0: known.addrs; known.why is NULL or &why. */
    struct hc_dns_known known;
    struct headcount_error why;

    size_t name_n, full_n;               /* private from here                */
    size_t search;                       /* where the next domain stands     */
    struct hc_jobs *jobs;
    struct headcount_stats *stats;
    int64_t hold_until;
    char name[HC_DNS_NAME_TEXT + 1];
    char full[HC_DNS_NAME_TEXT + 1];     /* what is asked for                */
    struct hc_resolv_conf conf;
    struct hc_lookup_side sides[2];      /* A, AAAA                          */
};

/* 0, or HEADCOUNT_EDNS if it is no name.  The memory must be all zero. */
int hc_lookup_init(struct hc_lookup *l, const struct hc_lookup_config *config,
                   int64_t now, struct headcount_error *e);
void hc_lookup_fini(struct hc_lookup *l);
struct hc_str hc_lookup_name(const struct hc_lookup *l);
/* Goes as far as it can.  Unless it is over then, its job has a deadline for
 * the next step. */
void hc_lookup_step(struct hc_lookup *l, int64_t now);

#endif
