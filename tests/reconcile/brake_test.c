/* tests/reconcile/brake_test.c - how many services a run may write. */
#include "reconcile/brake.h"

#include <string.h>

#include "t.h"

static struct hc_brake_window window;
static char why[HC_BRAKE_WHY];

/* A run of its own, in the same process. */
static struct hc_brake run(int64_t changes, int64_t falls)
{
    struct hc_brake b = { .window = &window };

    hc_brake_limit(&b, changes, falls, false);
    return b;
}

static bool take(struct hc_brake *b, int64_t fall, int64_t now)
{
    return hc_brake_take(b, &(struct hc_brake_write){ .fall = fall }, now,
                         why);
}

static void end(struct hc_brake *b, int64_t fall, bool sent, int64_t now)
{
    hc_brake_end(b, &(struct hc_brake_write){ .fall = fall }, sent, now);
}

static bool write_one(struct hc_brake *b, int64_t fall, int64_t now)
{
    bool taken = take(b, fall, now);

    if (taken)
        end(b, fall, true, now);
    return taken;
}

static void reset(void)
{
    memset(&window, 0, sizeof window);
    why[0] = '\0';
}

TEST(brake, without_a_limit_everything_passes)
{
    struct hc_brake b = run(0, 0);

    reset();
    CHECK(!hc_brake_is_set(&b));
    for (int i = 0; i < 1000; i++)
        CHECK(write_one(&b, 1000000, 1000));
}

TEST(brake, so_many_services_are_written_and_no_more)
{
    struct hc_brake b = run(2, 0);

    reset();
    CHECK(hc_brake_is_set(&b));
    CHECK(write_one(&b, 0, 1000));
    CHECK(write_one(&b, 5, 1000));
    CHECK(!write_one(&b, 0, 1000));
    CHECK_Z(why, "2 services were written in this run, which is "
            "request.max_changes");
    CHECK(!write_one(&b, 5, 1000));
}

TEST(brake, so_many_tasks_are_taken_away_and_no_more)
{
    struct hc_brake b = run(0, 10);

    reset();
    CHECK(write_one(&b, 4, 1000));
    CHECK(write_one(&b, 0, 1000));           /* it takes nothing away */
    CHECK(write_one(&b, 6, 1000));           /* just so               */
    CHECK(!write_one(&b, 1, 1000));
    CHECK_Z(why, "10 tasks were taken away in this run, and 1 more would pass "
            "10, which is request.max_falls");
    CHECK(write_one(&b, 0, 1000));
}

TEST(brake, behind_a_fall_that_is_held_every_fall_is_held)
{
    struct hc_brake b = run(0, 10);

    reset();
    CHECK(write_one(&b, 1, 1000));
    CHECK(!write_one(&b, 10, 1000));
    CHECK_Z(why, "1 task was taken away in this run, and 10 more would pass "
            "10, which is request.max_falls");
    CHECK(!write_one(&b, 1, 1000));
    CHECK_Z(why, "1 task was taken away in this run, and an earlier fall "
            "would have passed 10, which is request.max_falls");
    CHECK(write_one(&b, 0, 1000));
}

TEST(brake, a_place_is_taken_before_the_write_and_given_back_if_it_failed)
{
    struct hc_brake b = run(2, 10);

    reset();
    CHECK(take(&b, 3, 1000));
    CHECK(take(&b, 7, 1000));                /* both are under way */
    CHECK(!take(&b, 0, 1000));
    end(&b, 3, false, 1000);                 /* the first was refused */
    CHECK(take(&b, 3, 1000));
    end(&b, 7, true, 1000);
    end(&b, 3, true, 1000);
    CHECK(!take(&b, 0, 1000));
    CHECK_INT(b.changes, 2);
    CHECK_INT(b.falls, 10);
    CHECK_INT(window.open_changes, 0);
    CHECK_INT(window.open_falls, 0);
}

TEST(brake, runs_of_one_process_share_ten_minutes)
{
    int64_t now = 1000;
    struct hc_brake b = run(3, 0), c;

    reset();
    CHECK(write_one(&b, 0, now));
    c = run(3, 0);
    CHECK(take(&c, 0, now += HC_SECOND));    /* has no answer so far: counts */
    b = run(3, 0);
    CHECK(write_one(&b, 0, now));
    CHECK(!write_one(&b, 0, now));
    CHECK_Z(why, "3 services were written within ten minutes, which is "
            "request.max_changes");
    end(&c, 0, true, now += 30 * HC_SECOND);
    b = run(3, 0);
    CHECK(!write_one(&b, 0, now));
    CHECK(!write_one(&b, 0, 1000 + HC_BRAKE_WINDOW - 1));
    CHECK(!write_one(&b, 0, 1000 + HC_BRAKE_WINDOW));    /* with the next */
    CHECK(write_one(&b, 0, 1001 + HC_SECOND + HC_BRAKE_WINDOW));
    b = run(3, 0);                           /* the one at 31 s, and that one */
    now = 1000 + 31 * HC_SECOND + HC_BRAKE_WINDOW - 1;
    CHECK(write_one(&b, 0, now));
    CHECK(!write_one(&b, 0, now));
    CHECK(write_one(&b, 0, now + 1));
}

TEST(brake, falls_of_one_process_share_ten_minutes)
{
    struct hc_brake b = run(0, 10), c = run(0, 10);

    reset();
    CHECK(write_one(&b, 9, 1000));
    CHECK(!write_one(&c, 2, 1000));
    CHECK_Z(why, "9 tasks were taken away within ten minutes, and 2 more would "
            "pass 10, which is request.max_falls");
    c = run(0, 10);
    CHECK(write_one(&c, 2, 1000 + HC_BRAKE_WINDOW));
}

TEST(brake, a_run_that_lasts_longer_is_one_run)
{
    struct hc_brake b = run(2, 0);

    reset();
    CHECK(write_one(&b, 0, 1000));
    CHECK(write_one(&b, 0, 1000));
    CHECK(!write_one(&b, 0, 1000 + 3 * HC_BRAKE_WINDOW));
}

/* However they are spread, no ten minutes have more than the limit. */
TEST(brake, a_window_never_has_more_than_the_limit)
{
    int64_t now = 5, written[4000], steps[] = { 1, 700001, 9999999, 3000000 };
    size_t n = 0, passed = 0;

    reset();
    for (size_t i = 0; i < 4000; i++) {
        struct hc_brake b = run(100, 0);
        size_t within = 0;

        now += steps[i % 4];
        if (!write_one(&b, 0, now))
            continue;
        passed++;
        written[n++] = now;
        for (size_t k = n; k > 0 && now - written[k - 1] < HC_BRAKE_WINDOW;
             k--)
            within++;
        CHECK(within <= 100);
    }
    /* 13,700 s: nearly as many as 23 windows could have */
    CHECK(passed > 2200);
}

TEST(brake, a_dry_run_counts_for_itself)
{
    const struct hc_brake_write dry = { .fall = 4, .dry_run = true };
    struct hc_brake b = run(3, 10), c;

    reset();
    c = run(0, 0);
    CHECK(write_one(&c, 1, 1000));           /* a real one, before it */
    CHECK(hc_brake_take(&b, &dry, 1000, why));
    CHECK(hc_brake_take(&b, &dry, 1000, why));
    CHECK(!hc_brake_take(&b, &dry, 1000, why));
    CHECK_Z(why, "3 services would be written within ten minutes, which is "
            "request.max_changes");
    c = run(2, 0);
    CHECK(write_one(&c, 0, 1000));           /* nothing of it is left */
    b = run(2, 7);
    CHECK(hc_brake_take(&b, &dry, 2000 + HC_BRAKE_WINDOW, why));
    CHECK(!hc_brake_take(&b, &dry, 2000 + HC_BRAKE_WINDOW, why));
    CHECK_Z(why, "4 tasks would be taken away in this run, and 4 more would "
            "pass 7, which is request.max_falls");
}

TEST(brake, what_is_allowed_passes_and_counts)
{
    const struct hc_brake_write allowed = { .fall = 9, .allowed = true };
    struct hc_brake b = run(1, 5), c;

    reset();
    for (int i = 0; i < 2; i++) {
        CHECK(hc_brake_take(&b, &allowed, 1000, why));
        hc_brake_end(&b, &allowed, true, 1000);
    }
    c = run(2, 0);
    CHECK(!write_one(&c, 0, 1000));
}

TEST(brake, a_service_that_is_written_again_in_its_run_is_one_change)
{
    const struct hc_brake_write again = { .fall = 2, .again = true };
    struct hc_brake b = run(1, 5);

    reset();
    CHECK(write_one(&b, 1, 1000));
    CHECK(hc_brake_take(&b, &again, 1000, why));
    hc_brake_end(&b, &again, true, 1000);
    CHECK(hc_brake_take(&b, &again, 1000, why));
    hc_brake_end(&b, &again, false, 1000);
    CHECK_INT(b.changes, 1);
    CHECK_INT(b.falls, 3);                   /* its falls are new ones */
    CHECK(hc_brake_take(&b, &again, 1000, why));
    hc_brake_end(&b, &again, true, 1000);
    CHECK(!hc_brake_take(&b, &again, 1000, why));
    CHECK(strstr(why, "5 tasks were taken away") != NULL);
    CHECK(!write_one(&b, 0, 1000));
}

TEST(brake, the_smaller_limit_holds_whoever_said_it)
{
    struct hc_brake b = run(50, 20);

    reset();
    hc_brake_limit(&b, 100, 2, true);
    hc_brake_limit(&b, 0, 0, true);          /* says nothing */
    CHECK_INT(b.max_changes.most, 50);
    CHECK_INT(b.max_falls.most, 2);
    CHECK(!write_one(&b, 3, 1000));
    CHECK_Z(why, "0 tasks were taken away in this run, and 3 more would pass "
            "2, which is the policy's limit of falls");
    hc_brake_limit(&b, 1, 0, true);
    CHECK(write_one(&b, 0, 1000));
    CHECK(!write_one(&b, 0, 1000));
    CHECK_Z(why, "1 service was written in this run, which is the policy's "
            "limit of changes");
}
