/* reconcile/known_hosts.h - hosts whose capacity provider a handle has read:
 * ECS gives a host its provider when it registers, and never another one.
 *
 * A host is known by its ARN, which names account and region.  The set is
 * bounded: the host that was not used for longest is dropped first.  Without
 * memory a host is read from AWS again, and nothing else changes.
 */
#ifndef HC_RECONCILE_KNOWN_HOSTS_H
#define HC_RECONCILE_KNOWN_HOSTS_H

#include "base/alloc.h"
#include "base/clock.h"
#include "base/str.h"

#ifdef HC_TINY
#define HC_KNOWN_HOSTS 4
#else
#define HC_KNOWN_HOSTS 16384
#endif
/* AWS does not say that a provider stays: once an hour it is read again. */
#define HC_KNOWN_HOSTS_HOLDS (3600 * HC_SECOND)

struct hc_known_host {
    struct hc_str arn, provider;
    struct hc_str machine;            /* ec2InstanceId; n == 0: none         */

    int64_t at;                       /* private from here                   */
    size_t size;
    struct hc_known_host *newer, *older, *next;
    char text[];
};

struct hc_known_hosts {               /* alloc NULL: knows none              */
    const struct hc_alloc *alloc;
    struct hc_known_host *newest, *oldest;
    struct hc_known_host **slots;     /* a hash table of chains              */
    size_t slots_n, n;
};

void hc_known_hosts_init(struct hc_known_hosts *k, const struct hc_alloc *a);
void hc_known_hosts_fini(struct hc_known_hosts *k);    /* k may be all zero */
/* AWS says this of the host: it is known from now on; or, without a provider,
 * no longer. */
void hc_known_hosts_put(struct hc_known_hosts *k, struct hc_str arn,
                        struct hc_str provider, struct hc_str machine,
                        int64_t now);
/* NULL: not known, or put an hour ago.  Valid until the next put. */
const struct hc_known_host *hc_known_hosts_find(struct hc_known_hosts *k,
                                                struct hc_str arn,
                                                int64_t now);

#endif
