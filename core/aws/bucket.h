/* aws/bucket.h - ECS's published throttle, and a line for calls that wait.
 *
 * For each account in each region ECS has one bucket of tokens per group of
 * operations (DOC "Request throttling for the Amazon ECS API"); consoles and
 * deployments draw from the same buckets.  A call that is paced draws from a
 * share of them, and waits in line instead of being throttled:
 *
 *     b = hc_buckets_get(&all, &key, operation)      NULL: not paced
 *     hc_bucket_take(b, &turn, now)                  1: send; 0: wait
 *     hc_bucket_leave(b, &turn)                      in any case, at the end
 *
 * Each bucket has one line, in the order of arrival.  A waiter that yields
 * stands behind all that do not, for ten seconds.  Only the first of a line has
 * an alarm; when it leaves, it wakes the next.
 */
#ifndef HC_AWS_BUCKET_H
#define HC_AWS_BUCKET_H

#include "base/alloc.h"
#include "base/clock.h"
#include "base/index.h"
#include "base/str.h"
#include "net/job.h"

enum hc_bucket_id {
    BUCKET_CLUSTERS, BUCKET_HOSTS, BUCKET_SERVICES, BUCKET_WRITES,
    BUCKET_DEFINITIONS, BUCKET_TAGS, BUCKET_PROVIDERS, BUCKET_N
};

/* BUCKET_N: it has none. */
enum hc_bucket_id hc_bucket_of(struct hc_str operation);

/* Tokens come at a steady rate until the bucket is full.  The time at which it
 * will be full says how many there are now. */
struct hc_bucket {
    int64_t interval;                  /* between two tokens                 */
    int64_t depth;                     /* time in which it fills             */
    int64_t full_at;                   /* in the past: it is full            */
    struct hc_wait_queue first, yielding;
};

#define HC_TURN_YIELDS (10 * HC_SECOND)    /* then it has waited long enough */

struct hc_bucket_turn {                /* all zero: in no line               */
    struct hc_waiter waiter;
    struct hc_job *job;
    bool yields;
    int64_t since;                     /* it stands there and yields; 0: not */
};

/* burst tokens, rate a second, of which a share; at least one token. */
void hc_bucket_init(struct hc_bucket *b, int burst, int rate, double share);
/* 1: a token was taken; 0: turn->job is woken when it is worth asking again.
 * `turn` keeps its place in the line. */
int hc_bucket_take(struct hc_bucket *b, struct hc_bucket_turn *turn,
                   int64_t now);
/* Out of the line, if it stands there.  b may be NULL. */
void hc_bucket_leave(struct hc_bucket *b, struct hc_bucket_turn *turn);
/* ECS throttled a call: others draw from the same bucket, and it is empty
 * now. */
void hc_bucket_drain(struct hc_bucket *b, int64_t now);

/* ---- those of all accounts and regions ---- */

#define HC_BUCKETS_MAX 4096

struct hc_buckets {
    const struct hc_alloc *alloc;
    struct hc_buckets_set *sets;
    struct hc_index index;               /* of them                          */
    size_t n;
    double share;
};

/* The account and region that a set of buckets belongs to.  The source of the
 * credentials stands for the account. */
struct hc_buckets_key {
    const void *account;
    struct hc_str region;
};

/* share: more than 0, at most 1. */
void hc_buckets_init(struct hc_buckets *all, const struct hc_alloc *alloc,
                     double share);
void hc_buckets_fini(struct hc_buckets *all);        /* may be all zero */
/* NULL: the operation is not throttled by one, or there is no memory to pace
 * it. */
struct hc_bucket *hc_buckets_get(struct hc_buckets *all,
                                 const struct hc_buckets_key *key,
                                 struct hc_str operation);

#endif
