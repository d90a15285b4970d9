/* net/resolve.h - a name's addresses: literal, localhost, hosts file, cache,
 * or one lookup that all callers share while it lasts.
 *
 * Addresses that have expired are used for a day where no server can answer
 * (RFC 8767); one who asks in the last tenth of their time to live begins a
 * lookup in the background.
 *
 *     got = hc_resolve(r, &ask, now, &addrs, e);
 *     1: addrs; 0: the job is woken, ask again; < 0: HEADCOUNT_EDNS (the name
 *     has no address), HEADCOUNT_EDNSFAIL (no server could say),
 *     HEADCOUNT_ENOMEM, HEADCOUNT_EIO (no randomness, no descriptor)
 */
#ifndef HC_NET_RESOLVE_H
#define HC_NET_RESOLVE_H

#include "net/dns_files.h"
#include "net/job.h"
#include "net/sock.h"
#include "net/stats.h"
#include "net/sys.h"
#include "wire/dns_cache.h"
#include "wire/dns_servers.h"

struct hc_lookup;

struct hc_resolver {
    const struct hc_system *sys;
    struct hc_jobs *jobs;
    struct headcount_stats *stats;       /* of the net                       */
    struct hc_dns_cache cache;           /* private from here                */
    const struct hc_log *log;
    struct hc_lookup *lookups;           /* under way                        */
    uint64_t answers;                    /* with addresses, of servers       */
    bool (*has_ipv6_route)(void);
    bool no_cache;
    char dns_server[HC_DNS_SERVER_TEXT]; /* "" = resolv.conf                 */
    struct hc_dns_servers servers;
    struct hc_dns_files files;
};

struct hc_resolver_config {
    const struct hc_system *sys;         /* these four outlive it            */
    const struct hc_log *log;            /* NULL: nothing is logged          */
    struct hc_jobs *jobs;
    struct headcount_stats *stats;
    /* "IP", "IP:port" or "[IPv6]:port", an IPv6 perhaps with "%interface";
     * empty: resolv.conf, and without that 127.0.0.1.  Nothing is sent to any
     * other server then. */
    struct hc_str dns_server;
    bool no_cache;                       /* no outcome is kept: only those who
                                            ask at the same time share one   */
};
/* 0, or HEADCOUNT_ECONFIG for a dns_server that is none. */
int hc_resolver_init(struct hc_resolver *r,
                     const struct hc_resolver_config *config,
                     struct headcount_error *e);
/* Ends all lookups.  r may be all zero. */
void hc_resolver_fini(struct hc_resolver *r);

struct hc_resolve_ask {
    struct hc_str name;                  /* lower case; a dot at its end: no
                                            search list                      */
    struct hc_waiter *waiter;            /* dropped by its owner             */
    struct hc_job *job;
    struct headcount_stats *stats;       /* of the op that asks, or NULL: a
                                            lookup is counted to the first,
                                            one in the background to nobody  */
    bool again;                          /* asks after a wait (0): an answer
                                            out of the cache is not counted
                                            as a hit then                    */
};
int hc_resolve(struct hc_resolver *r, const struct hc_resolve_ask *ask,
               int64_t now, struct hc_addrs *out, struct headcount_error *e);
/* Every address failed to connect, or this op has met a failure to resolve and
 * tries again: the servers are asked again before the cache is used.  Addresses
 * stay for the case that no server answers. */
void hc_resolve_expire(struct hc_resolver *r, struct hc_str name);
/* The network may be another one: so for all names, and what is known about
 * servers is dropped.  The outcome of a lookup that is under way is only for
 * those who wait for it. */
void hc_resolver_forget(struct hc_resolver *r);
/* The newest answer for this name does not have the address any more: false
 * also for a name that no server was asked for. */
bool hc_resolve_has_left(struct hc_resolver *r, struct hc_str name,
                         const struct hc_addr *addr);

#endif
