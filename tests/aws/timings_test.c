/* tests/aws/timings_test.c - what calls took, and who reports it. */
#include "aws/timings.h"

#include <string.h>

#include "t.h"

static struct hc_timings list(void)
{
    return (struct hc_timings){ .alloc = t_alloc() };
}

static void note(struct hc_timings *t, int attempt)
{
    struct hc_timing timing = { .operation = "AssumeRole", .service = "sts",
                                .attempt = attempt };
    struct hc_fetch fetch = { .marks = { .start = 1, .end = 2 } };

    hc_timings_note(t, &timing, &fetch, "sts.amazonaws.com");
}

TEST(timings, a_note_has_the_marks_and_the_host)
{
    struct hc_timings t = list();

    note(&t, 1);
    note(NULL, 2);
    CHECK_INT(t.n, 1);
    CHECK_Z(t.a[0].host, "sts.amazonaws.com");
    CHECK_Z(t.a[0].address, "");
    CHECK_INT(t.a[0].marks.end, 2);
    hc_timings_fini(&t);
    hc_timings_fini(&t);
    CHECK_INT(t.n, 0);
}

TEST(timings, a_list_has_a_bound)
{
    struct hc_timings t = list();

    for (int i = 0; i < HC_TIMINGS_MAX + 3; i++)
        note(&t, i);
    CHECK_INT(t.n, HC_TIMINGS_MAX);
    hc_timings_fini(&t);
}

/* It is counted by one op, and by no second one. */
TEST(timings, a_tally_moves_once)
{
    struct hc_tally tally = { .timings = list() };
    struct hc_timings to = list();
    struct headcount_stats stats = { .api_calls = 4 };

    tally.stats.api_calls = 1;
    tally.stats.retries = 2;
    note(&tally.timings, 1);
    note(&tally.timings, 2);
    hc_tally_move(&stats, &to, &tally);
    hc_tally_move(&stats, &to, &tally);
    CHECK_INT(stats.api_calls, 5);
    CHECK_INT(stats.retries, 2);
    CHECK_INT(to.n, 2);
    CHECK_INT(to.a[1].attempt, 2);
    CHECK_INT(tally.stats.api_calls, 0);
    note(&tally.timings, 3);
    hc_tally_move(&stats, NULL, &tally);
    CHECK_INT(to.n, 2);
    CHECK_INT(tally.timings.n, 0);
    hc_timings_fini(&to);
    hc_timings_fini(&tally.timings);
}
