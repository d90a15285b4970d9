/* aws/bucket.c - ECS's published throttle, and a line for calls that wait. */
#include "aws/bucket.h"

#include "base/text.h"

#define BUCKET_REGION 64
#define BUCKET_SLOWEST (86400.0 * HC_SECOND)   /* between tokens, at most */

/* Tokens of a full bucket, and tokens per second, for one account in one
 * region.  Operations that draw from the same bucket have one row. */
static const struct { int burst, rate; } bucket_sizes[BUCKET_N] = {
    [BUCKET_CLUSTERS] = { 50, 20 },
    [BUCKET_HOSTS] = { 100, 20 },
    [BUCKET_SERVICES] = { 100, 20 },
    [BUCKET_WRITES] = { 50, 5 },
    [BUCKET_DEFINITIONS] = { 50, 20 },
    [BUCKET_TAGS] = { 50, 20 },
    [BUCKET_PROVIDERS] = { 50, 20 },
};

static const struct { const char *operation; enum hc_bucket_id id; }
bucket_operations[] = {
    { "DescribeClusters", BUCKET_CLUSTERS },
    { "ListClusters", BUCKET_CLUSTERS },
    { "ListContainerInstances", BUCKET_HOSTS },
    { "DescribeContainerInstances", BUCKET_HOSTS },
    { "ListTasks", BUCKET_HOSTS },
    { "DescribeTasks", BUCKET_HOSTS },
    { "DescribeServices", BUCKET_SERVICES },
    { "ListServices", BUCKET_SERVICES },
    { "UpdateService", BUCKET_WRITES },
    { "DescribeTaskDefinition", BUCKET_DEFINITIONS },
    { "ListTagsForResource", BUCKET_TAGS },
    { "DescribeCapacityProviders", BUCKET_PROVIDERS },
};

enum hc_bucket_id hc_bucket_of(struct hc_str operation)
{
    size_t n = sizeof bucket_operations / sizeof *bucket_operations;

    for (size_t i = 0; i < n; i++)
        if (hc_str_eqz(operation, bucket_operations[i].operation))
            return bucket_operations[i].id;
    return BUCKET_N;
}

/* ---- one ---- */

void hc_bucket_init(struct hc_bucket *b, int burst, int rate, double share)
{
    double interval = (double)HC_SECOND / (rate * share);
    double tokens = burst * share;

    *b = (struct hc_bucket){
        .interval = interval < BUCKET_SLOWEST ? (int64_t)interval
                                              : (int64_t)BUCKET_SLOWEST,
    };
    b->depth = b->interval * (int64_t)(tokens >= 1 ? tokens : 1);
    b->full_at = INT64_MIN / 2;
}

/* When the next token is there. */
static int64_t bucket_next(const struct hc_bucket *b)
{
    return b->full_at - b->depth + b->interval;
}

/* The waiter that gets the next token, or NULL. */
static struct hc_waiter *bucket_first(const struct hc_bucket *b)
{
    return b->first.first != NULL ? b->first.first : b->yielding.first;
}

/* A waiter that has yielded long enough joins the line of the others. */
static void bucket_end_yielding(struct hc_bucket_turn *turn, int64_t now)
{
    if (!turn->yields)
        return;
    if (turn->since == 0)
        turn->since = now;
    if (now < hc_time_add(turn->since, HC_TURN_YIELDS))
        return;
    turn->yields = false;
    hc_waiter_leave(&turn->waiter);
}

int hc_bucket_take(struct hc_bucket *b, struct hc_bucket_turn *turn,
                   int64_t now)
{
    bucket_end_yielding(turn, now);

    struct hc_waiter *first = bucket_first(b);
    bool mine = first == NULL || first == &turn->waiter ||
                (!turn->yields && b->first.first == NULL);

    if (mine && now >= bucket_next(b)) {
        b->full_at = hc_time_add(b->full_at > now ? b->full_at : now,
                                 b->interval);
        hc_bucket_leave(b, turn);
        return 1;
    }
    hc_waiter_join(turn->yields ? &b->yielding : &b->first, &turn->waiter,
                 turn->job);
    if (bucket_first(b) == &turn->waiter)
        hc_job_at(turn->job, bucket_next(b));
    if (turn->yields)
        hc_job_at(turn->job, hc_time_add(turn->since, HC_TURN_YIELDS));
    return 0;
}

void hc_bucket_leave(struct hc_bucket *b, struct hc_bucket_turn *turn)
{
    if (turn->waiter.line != NULL)
        hc_waiter_leave(&turn->waiter);
    /* Only the first of the line has an alarm, so the next one is woken
     * here. */
    if (b != NULL && bucket_first(b) != NULL)
        hc_job_wake(bucket_first(b)->job);
}

void hc_bucket_drain(struct hc_bucket *b, int64_t now)
{
    b->full_at = hc_time_add(now, b->depth);
}

/* ---- all ---- */

struct hc_buckets_set {
    struct hc_index_node node;             /* first member */
    struct hc_buckets_set *next;
    const void *account;
    char region[BUCKET_REGION];
    struct hc_bucket of[BUCKET_N];
};

void hc_buckets_init(struct hc_buckets *all, const struct hc_alloc *alloc,
                     double share)
{
    *all = (struct hc_buckets){ .alloc = alloc, .share = share };
}

void hc_buckets_fini(struct hc_buckets *all)
{
    while (all->sets != NULL) {
        struct hc_buckets_set *set = all->sets;

        all->sets = set->next;
        hc_free(all->alloc, set, sizeof *set);
    }
    all->index = (struct hc_index){ NULL };
    all->n = 0;
}

static uint64_t buckets_hash(const struct hc_buckets_key *key)
{
    const struct hc_str account = { (const char *)&key->account,
                                    sizeof key->account };

    return hc_index_key(hc_str_hash(hc_str_hash(HC_STR_HASH, account),
                                    key->region));
}

/* A sweep over the accounts of an organization has thousands of them. */
static struct hc_buckets_set *buckets_find(const struct hc_buckets *all,
                                           const struct hc_buckets_key *key)
{
    const uint64_t hash = buckets_hash(key);
    struct hc_index_node *at = NULL;

    while ((at = hc_index_find(&all->index, hash, at)) != NULL) {
        struct hc_buckets_set *set = (struct hc_buckets_set *)at;

        if (set->account == key->account &&
            hc_str_eqz(key->region, set->region))
            return set;
    }
    return NULL;
}

static struct hc_buckets_set *buckets_new(struct hc_buckets *all,
                                          const struct hc_buckets_key *key)
{
    struct hc_buckets_set *set =
        all->n < HC_BUCKETS_MAX ? hc_alloc(all->alloc, sizeof *set) : NULL;

    if (set == NULL)
        return NULL;
    set->account = key->account;
    hc_fmt(set->region, sizeof set->region, "%.*s", HC_STR_ARG(key->region));
    for (int i = 0; i < BUCKET_N; i++)
        hc_bucket_init(&set->of[i], bucket_sizes[i].burst,
                       bucket_sizes[i].rate, all->share);
    hc_index_put(&all->index, &set->node, buckets_hash(key));
    set->next = all->sets;
    all->sets = set;
    all->n++;
    return set;
}

struct hc_bucket *hc_buckets_get(struct hc_buckets *all,
                                 const struct hc_buckets_key *key,
                                 struct hc_str operation)
{
    enum hc_bucket_id id = hc_bucket_of(operation);
    struct hc_buckets_set *set =
        id != BUCKET_N ? buckets_find(all, key) : NULL;

    if (id == BUCKET_N)
        return NULL;
    if (set == NULL)
        set = buckets_new(all, key);
    return set != NULL ? &set->of[id] : NULL;
}
