/* tests/aws/timings_test.c - what calls took, and who reports it. */
#include "aws/timings.h"

#include <string.h>

#include "base/text.h"
#include "t.h"

static struct hc_arena texts;

static struct hc_timings list(void)
{
    hc_arena_init(&texts, t_alloc(), 1 << 20);
    return (struct hc_timings){ .alloc = t_alloc(), .texts = &texts };
}

static void end_list(struct hc_timings *t)
{
    hc_timings_fini(t);
    hc_arena_fini(&texts);
}

static struct hc_net net;                /* without a hook, and no clock     */

static void note_of(struct hc_timings *t, int attempt, const char *cluster,
                    struct hc_marks marks)
{
    struct hc_fetch fetch = { .net = &net, .marks = marks };
    const struct hc_timing_note note = {
        .fetch = &fetch, .method = "POST", .operation = "AssumeRole",
        .host = "sts.amazonaws.com", .region = "eu-west-1",
        .cluster = hc_str(cluster), .attempt = attempt,
    };

    hc_timings_note(t, &note);
}

static void note(struct hc_timings *t, int attempt)
{
    note_of(t, attempt, "", (struct hc_marks){ .start = 1, .end = 2 });
}

TEST(timings, a_note_has_the_marks_and_the_host)
{
    struct hc_timings t = list();

    note(&t, 1);
    note(NULL, 2);
    CHECK_INT(t.n, 1);
    if (t.n == 1) {
        CHECK_Z(t.a[0].operation, "AssumeRole");
        CHECK_Z(t.a[0].host, "sts.amazonaws.com");
        CHECK_Z(t.a[0].region, "eu-west-1");
        CHECK_Z(t.a[0].cluster, "");
        CHECK_Z(t.a[0].address, "");
        CHECK_INT(t.a[0].end, 2);
    }
    end_list(&t);
    end_list(&t);
    CHECK_INT(t.n, 0);
}

TEST(timings, each_time_of_the_exchange_stands_in_its_place)
{
    struct hc_timings t = list();

    note_of(&t, 3, "prod", (struct hc_marks){
        .start = 1, .asked = 2, .dns_start = 3, .dns_end = 4,
        .connect_start = 5, .connect_end = 6, .tls_start = 7, .tls_end = 8,
        .send_start = 9, .send_end = 10, .first_byte = 11, .end = 12,
        .waited = 1, .connection = 14, .idle = 15, .resumed = true,
    });
    CHECK_INT(t.n, 1);
    if (t.n == 1) {
        const struct headcount_timing *a = t.a;

        CHECK_INT(a->start, 1);
        CHECK_INT(a->asked, 2);
        CHECK_INT(a->dns_start, 3);
        CHECK_INT(a->dns_end, 4);
        CHECK_INT(a->connect_start, 5);
        CHECK_INT(a->connect_end, 6);
        CHECK_INT(a->tls_start, 7);
        CHECK_INT(a->tls_end, 8);
        CHECK_INT(a->send_start, 9);
        CHECK_INT(a->send_end, 10);
        CHECK_INT(a->first_byte, 11);
        CHECK_INT(a->end, 12);
        CHECK_INT(a->waited, 1);
        CHECK_INT(a->connection, 14);
        CHECK_INT(a->idle, 15);
        CHECK_INT(a->attempt, 3);
        CHECK(a->resumed && !a->reused);
        CHECK_Z(a->cluster, "prod");
    }
    end_list(&t);
}

/* It stood in the line until it was given up. */
TEST(timings, an_attempt_without_a_dial_waited_to_its_end)
{
    struct hc_timings t = list();

    note_of(&t, 1, "", (struct hc_marks){ .start = 5, .asked = 6, .end = 99 });
    note_of(&t, 2, "", (struct hc_marks){ .start = 5, .asked = 6,
                                          .dns_start = 8, .end = 99 });
    CHECK_INT(t.n, 2);
    if (t.n == 2) {
        CHECK_INT(t.a[0].waited, 93);
        CHECK_INT(t.a[1].waited, 0);
    }
    end_list(&t);
}

TEST(timings, attempts_side_by_side_share_their_texts)
{
    struct hc_timings t = list();
    char name[16];

    for (int i = 0; i < 64; i++) {
        hc_fmt(name, sizeof name, "prod-%d", i % 8);
        note_of(&t, i, name, (struct hc_marks){ .start = 1, .end = 2 });
    }
    CHECK_INT(t.n, 64);
    if (t.n == 64) {
        CHECK_Z(t.a[63].cluster, "prod-7");
        CHECK(t.a[63].cluster == t.a[7].cluster);
        CHECK(t.a[63].host == t.a[0].host);
    }
    CHECK(texts.total < 200);
    end_list(&t);
}

TEST(timings, a_list_has_a_bound)
{
    struct hc_timings t = list();

    for (int i = 0; i < HC_TIMINGS_MAX + 3; i++)
        note(&t, i);
    CHECK_INT(t.n, HC_TIMINGS_MAX);
    end_list(&t);
}

/* It is counted by one op, and by no second one. */
TEST(timings, a_tally_moves_once)
{
    struct hc_tally tally;
    struct hc_timings to = list();
    struct headcount_stats stats = { .api_calls = 4 };

    hc_tally_init(&tally, t_alloc());
    tally.stats.api_calls = 1;
    tally.stats.retries = 2;
    note(&tally.timings, 1);
    note(&tally.timings, 2);
    hc_tally_move(&stats, &to, &tally);
    hc_tally_move(&stats, &to, &tally);
    CHECK_INT(stats.api_calls, 5);
    CHECK_INT(stats.retries, 2);
    CHECK_INT(to.n, 2);
    if (to.n == 2) {
        CHECK_INT(to.a[1].attempt, 2);
        CHECK_Z(to.a[1].host, "sts.amazonaws.com");
    }
    CHECK_INT(tally.stats.api_calls, 0);
    note(&tally.timings, 3);
    hc_tally_move(&stats, NULL, &tally);
    CHECK_INT(to.n, 2);
    CHECK_INT(tally.timings.n, 0);
    end_list(&to);
    hc_tally_fini(&tally);
}

static int note_two(void)
{
    struct hc_timings t = list();

    note_of(&t, 1, "prod", (struct hc_marks){ .start = 1, .end = 2 });
    note_of(&t, 2, "test", (struct hc_marks){ .start = 1, .end = 2 });
    CHECK_INT(texts.err, 0);
    for (size_t i = 0; i < t.n; i++)
        CHECK(t.a[i].operation != NULL && t.a[i].region != NULL);
    int err = t_alloc_state()->failed ? HEADCOUNT_ENOMEM : 0;

    end_list(&t);
    return err;
}

TEST(timings, without_memory_for_texts_nothing_fails)
{
    t_fails_every_allocation(note_two);
}
