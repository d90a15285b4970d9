/* aws/bucket - ECS's published throttle, and whose turn it is. */
#include "aws/bucket.h"

#include <string.h>

#include "t.h"

#define MS 1000

/* ---- tokens, without anybody waiting ---- */

static int tried(struct hc_bucket *b, int64_t now)
{
    struct hc_bucket_turn turn = { .job = NULL };
    int got = hc_bucket_take(b, &turn, now);

    hc_bucket_leave(b, &turn);
    return got;
}

TEST(bucket, a_full_one_gives_its_burst_and_then_the_rate)
{
    struct hc_bucket b;
    int n = 0;

    hc_bucket_init(&b, 50, 5, 0.5);                /* 25, and one each 400 ms */
    while (tried(&b, 0) == 1)
        n++;
    CHECK_INT(n, 25);
    CHECK_INT(tried(&b, 399 * MS), 0);
    CHECK_INT(tried(&b, 400 * MS), 1);
    CHECK_INT(tried(&b, 400 * MS), 0);
    CHECK_INT(tried(&b, 1200 * MS), 1);
    CHECK_INT(tried(&b, 1200 * MS), 1);
    CHECK_INT(tried(&b, 1200 * MS), 0);
    for (n = 0; tried(&b, 3600 * HC_SECOND) == 1; n++)
        continue;
    CHECK_INT(n, 25);                              /* never more than full */
}

TEST(bucket, over_any_time_it_gives_no_more_than_burst_and_rate)
{
    for (int per_mille = 10; per_mille <= 1000; per_mille += 99) {
        struct hc_bucket b;
        int64_t n = 0;
        double share = per_mille / 1000.0;

        hc_bucket_init(&b, 100, 20, share);
        for (int64_t now = 0; now < 60 * HC_SECOND; now += 7 * MS)
            n += tried(&b, now);
        CHECK(n <= (int64_t)(100 * share) + (int64_t)(60 * 20 * share) + 1);
        CHECK(n >= (int64_t)(60 * 20 * share) - 1);
    }
}

TEST(bucket, a_share_of_less_than_a_token_is_one)
{
    struct hc_bucket b;

    hc_bucket_init(&b, 50, 20, 0.01);
    CHECK_INT(tried(&b, 0), 1);
    CHECK_INT(tried(&b, 4999 * MS), 0);
    CHECK_INT(tried(&b, 5000 * MS), 1);
}

TEST(bucket, the_smallest_share_is_a_token_a_day)
{
    static const double shares[] = { 1e-7, 1e-22, 1e-300 };

    for (size_t i = 0; i < sizeof shares / sizeof *shares; i++) {
        struct hc_bucket b;

        hc_bucket_init(&b, 50, 5, shares[i]);
        CHECK_INT(tried(&b, 0), 1);
        CHECK_INT(tried(&b, 86399 * HC_SECOND), 0);
        CHECK_INT(tried(&b, 86400 * HC_SECOND), 1);
    }
}

TEST(bucket, one_that_was_drained_is_empty_and_fills_at_its_rate)
{
    struct hc_bucket b;

    hc_bucket_init(&b, 50, 20, 1);
    hc_bucket_drain(&b, 9 * HC_SECOND);
    CHECK_INT(tried(&b, 9 * HC_SECOND), 0);
    CHECK_INT(tried(&b, 9 * HC_SECOND + 49 * MS), 0);
    CHECK_INT(tried(&b, 9 * HC_SECOND + 50 * MS), 1);
    CHECK_INT(tried(&b, 9 * HC_SECOND + 50 * MS), 0);
}

/* ---- the line ---- */

static struct hc_jobs jobs;
static struct hc_bucket bucket;
static char diary[64];

struct waiter {
    struct hc_job job;
    struct hc_bucket_turn turn;
    char name;
    bool went;
};

static void waiter_run(struct hc_job *job, int64_t now)
{
    struct waiter *w = (struct waiter *)job;

    if (w->went || hc_bucket_take(&bucket, &w->turn, now) == 0)
        return;
    w->went = true;
    diary[strlen(diary)] = w->name;
}

static void begin(struct waiter *w, char name, bool yields)
{
    *w = (struct waiter){ .name = name };
    w->turn = (struct hc_bucket_turn){ .job = &w->job, .yields = yields };
    hc_job_init(&w->job, &jobs, waiter_run);
}

/* Steps from one deadline to the next, as an owner's loop does. */
static void run_until(int64_t end)
{
    int64_t now = 0;

    for (int i = 0; i < 100000 && now <= end; i++) {
        int64_t deadline;

        hc_jobs_step(&jobs, now, NULL, 0);
        hc_jobs_wants(&jobs, NULL, 0, &deadline);
        if (deadline == HC_NEVER)
            return;
        CHECK(deadline > now || deadline == 0);
        now = deadline;
    }
}

static void open_line(void)
{
    memset(diary, 0, sizeof diary);
    hc_jobs_init(&jobs);
    hc_bucket_init(&bucket, 1, 1, 1);              /* one a second */
    CHECK_INT(tried(&bucket, 0), 1);
}

TEST(bucket, who_came_first_goes_first_and_who_yields_goes_last)
{
    struct waiter w[5];

    open_line();
    begin(&w[0], 'a', true);
    begin(&w[1], 'b', false);
    begin(&w[2], 'c', true);
    begin(&w[3], 'd', false);
    begin(&w[4], 'e', false);
    run_until(60 * HC_SECOND);
    CHECK_Z(diary, "bdeac");
    for (int i = 0; i < 5; i++)
        hc_job_fini(&w[i].job);
}

TEST(bucket, who_has_yielded_for_ten_seconds_yields_no_more)
{
    struct waiter w[26];

    open_line();
    begin(&w[0], 'z', true);
    hc_jobs_step(&jobs, 0, NULL, 0);
    for (int i = 1; i < 26; i++)
        begin(&w[i], (char)('a' + i - 1), false);
    run_until(60 * HC_SECOND);
    CHECK_INT(strlen(diary), 26);
    /* 25 stand before it: it is behind them, and before who comes then. */
    CHECK_INT(diary[25], 'z');
    for (int i = 0; i < 26; i++)
        hc_job_fini(&w[i].job);

    open_line();
    begin(&w[0], 'z', true);
    hc_jobs_step(&jobs, 0, NULL, 0);
    for (int i = 1; i < 26; i++) {                 /* one comes each second */
        begin(&w[i], (char)('a' + i - 1), false);
        hc_jobs_step(&jobs, i * HC_SECOND, NULL, 0);
    }
    CHECK(strchr(diary, 'z') != NULL);
    CHECK(strchr(diary, 'z') - diary < 12);
    for (int i = 0; i < 26; i++) {
        hc_bucket_leave(&bucket, &w[i].turn);
        hc_job_fini(&w[i].job);
    }
}

TEST(bucket, who_leaves_the_line_hands_on)
{
    struct waiter w[3];

    open_line();
    for (int i = 0; i < 3; i++)
        begin(&w[i], (char)('a' + i), false);
    hc_jobs_step(&jobs, 0, NULL, 0);
    hc_bucket_leave(&bucket, &w[0].turn);
    hc_job_fini(&w[0].job);
    run_until(60 * HC_SECOND);
    CHECK_Z(diary, "bc");
    for (int i = 1; i < 3; i++)
        hc_job_fini(&w[i].job);
}

/* ---- of which account and region ---- */

TEST(bucket, operations_that_share_one_at_ecs_share_it_here)
{
    static const struct { const char *one, *other; bool same; } rows[] = {
        { "DescribeClusters", "ListClusters", true },
        { "ListContainerInstances", "DescribeContainerInstances", true },
        { "ListContainerInstances", "ListTasks", true },
        { "DescribeContainerInstances", "DescribeTasks", true },
        { "DescribeServices", "ListServices", true },
        { "DescribeServices", "ListContainerInstances", false },
        { "UpdateService", "DescribeServices", false },
        { "DescribeTaskDefinition", "DescribeCapacityProviders", false },
    };
    const struct hc_buckets_key key = { &jobs, HC_STR("eu-west-1") };
    struct hc_buckets all;

    hc_buckets_init(&all, t_alloc(), 0.5);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        CHECK_INT(hc_buckets_get(&all, &key, hc_str(rows[i].one)) ==
                      hc_buckets_get(&all, &key, hc_str(rows[i].other)),
                  rows[i].same);
    CHECK(hc_buckets_get(&all, &key, HC_STR("GetResources")) == NULL);
    CHECK_INT(all.n, 1);
    hc_buckets_fini(&all);
}

TEST(bucket, each_account_and_region_has_its_own)
{
    const struct hc_buckets_key keys[] = {
        { &jobs, HC_STR("eu-west-1") }, { &jobs, HC_STR("eu-west-2") },
        { &bucket, HC_STR("eu-west-1") },
    };
    struct hc_buckets all;

    hc_buckets_init(&all, t_alloc(), 0.5);
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 3; k++)
            CHECK_INT(hc_buckets_get(&all, &keys[i], HC_STR("UpdateService"))
                          == hc_buckets_get(&all, &keys[k],
                                            HC_STR("UpdateService")), i == k);
    hc_buckets_fini(&all);
}

TEST(bucket, without_memory_nobody_is_paced)
{
    const struct hc_buckets_key key = { &jobs, HC_STR("eu-west-1") };
    struct hc_buckets all;

    hc_buckets_init(&all, t_alloc(), 0.5);
    t_alloc_state()->fail_at = t_alloc_state()->count + 1;
    CHECK(hc_buckets_get(&all, &key, HC_STR("UpdateService")) == NULL);
    t_alloc_state()->fail_at = 0;
    CHECK(hc_buckets_get(&all, &key, HC_STR("UpdateService")) != NULL);
    hc_buckets_fini(&all);
}
