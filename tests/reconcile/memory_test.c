/* tests/reconcile/memory_test.c - what a handle remembers, and for how long. */
#include "t.h"

#include <string.h>

#include "base/err.h"
#include "base/text.h"
#include "reconcile/memory.h"

#define S HC_SECOND

static struct hc_memory m;
static const struct hc_memory_key web = { MEMORY_SERVICE, { "prod", 4 },
                                          { "web", 3 },
                                          { NULL, 0 } };
static const struct hc_memory_key logs = { MEMORY_SERVICE, { "prod", 4 },
                                          { "log", 3 },
                                          { NULL, 0 } };

static void begin(void)
{
    hc_memory_init(&m, t_alloc());
}

static const struct hc_memory_write any = { 1, 3, 7 };

static void wrote(int64_t before, int64_t count, int64_t now)
{
    hc_memory_wrote(&m, &web, &(struct hc_memory_write){ before, count, 7 },
                    now);
}

/* ECS shows this count, and the plan wants that one from the same hosts. */
static void shows(int64_t desired, int64_t wanted, int64_t now)
{
    hc_memory_saw(&m, &web, desired, now);
    hc_memory_planned(&m, &web, wanted, 7, now);
}

TEST(memory, a_write_is_awaited_for_half_a_minute)
{
    int64_t count = 0;

    begin();
    CHECK(!hc_memory_awaits(&m, &web, 1, 0, &count));
    wrote(1, 3, 10 * S);
    CHECK(hc_memory_awaits(&m, &web, 1, 40 * S - 1, &count));
    CHECK_INT(count, 3);
    CHECK(!hc_memory_awaits(&m, &web, 1, 40 * S, &count));
    CHECK(!hc_memory_awaits(&m, &web, 2, 11 * S, &count));
    CHECK(!hc_memory_awaits(&m, &web, 0, 11 * S, &count));
    CHECK(!hc_memory_awaits(&m, &logs, 1, 11 * S, &count));
    hc_memory_saw(&m, &web, 1, 11 * S);
    CHECK(hc_memory_awaits(&m, &web, 1, 12 * S, &count));
    hc_memory_saw(&m, &web, 3, 12 * S);
    CHECK(!hc_memory_awaits(&m, &web, 1, 13 * S, &count));
    hc_memory_fini(&m);
}

/* ECS shows our own writes one after the other. */
TEST(memory, the_write_before_an_unshown_one_is_ours_too)
{
    int64_t count = 0;

    begin();
    wrote(3, 4, 0);
    wrote(3, 2, 5 * S);
    CHECK(hc_memory_awaits(&m, &web, 3, 6 * S, &count));
    CHECK(hc_memory_awaits(&m, &web, 4, 6 * S, &count));
    CHECK_INT(count, 2);
    shows(4, 2, 6 * S);
    CHECK_INT(hc_memory_undone(&m, &web, 6 * S), 0);
    shows(2, 2, 7 * S);
    wrote(2, 5, 8 * S);
    CHECK(!hc_memory_awaits(&m, &web, 4, 9 * S, &count));
    CHECK(hc_memory_awaits(&m, &web, 2, 9 * S, &count));
    CHECK_INT(count, 5);
    hc_memory_fini(&m);
}

TEST(memory, a_write_that_somebody_else_undoes_counts)
{
    begin();
    for (int i = 0; i < 3; i++) {
        wrote(1, 3, i * 100 * S);
        shows(3, 3, (i * 100 + 1) * S);
        shows(3, 3, (i * 100 + 2) * S);
        CHECK_INT(hc_memory_undone(&m, &web, (i * 100 + 2) * S), i);
        shows(1, 3, (i * 100 + 3) * S);
        shows(1, 3, (i * 100 + 4) * S);
        CHECK_INT(hc_memory_undone(&m, &web, (i * 100 + 4) * S), i + 1);
    }
    CHECK_INT(hc_memory_undone(&m, &web, 603 * S), 3);
    CHECK_INT(hc_memory_undone(&m, &web, 603 * S + 1), 2);
    CHECK_INT(hc_memory_undone(&m, &web, 900 * S), 0);
    CHECK_INT(hc_memory_undone(&m, &logs, 5 * S), 0);
    hc_memory_fini(&m);
}

/* Hosts changed: another headcount wrote what they call for. */
TEST(memory, a_newer_count_of_another_headcount_is_no_undoing)
{
    int64_t count = 0;

    begin();
    for (int i = 0; i < 5; i++) {
        wrote(1, 3, i * 100 * S);
        shows(3, 3, (i * 100 + 1) * S);
        hc_memory_saw(&m, &web, 4, (i * 100 + 2) * S);
        CHECK(hc_memory_replaced(&m, &web, 7, &count));
        CHECK_INT(count, 3);
        hc_memory_planned(&m, &web, 4, 7, (i * 100 + 2) * S);
        shows(4, 3, (i * 100 + 3) * S);      /* judged already */
    }
    for (int i = 0; i < 5; i++) {            /* other hosts, as many */
        wrote(1, 3, i * 100 * S);
        hc_memory_saw(&m, &web, 4, (i * 100 + 2) * S);
        CHECK(!hc_memory_replaced(&m, &web, 8, &count));
        hc_memory_planned(&m, &web, 3, 8, (i * 100 + 2) * S);
    }
    CHECK_INT(hc_memory_undone(&m, &web, 402 * S), 0);
    hc_memory_fini(&m);
}

/* Half a minute later the old count is somebody's, or ECS lost our write. */
TEST(memory, a_write_that_never_shows_is_undone)
{
    begin();
    wrote(1, 3, 0);
    shows(1, 3, 29 * S);
    CHECK_INT(hc_memory_undone(&m, &web, 29 * S), 0);
    shows(1, 3, 30 * S);
    CHECK_INT(hc_memory_undone(&m, &web, 30 * S), 1);
    wrote(1, 3, 31 * S);
    shows(7, 3, 32 * S);
    CHECK_INT(hc_memory_undone(&m, &web, 32 * S), 2);
    hc_memory_fini(&m);
}

TEST(memory, a_hold_is_swapped_for_the_one_before)
{
    char code[HC_MEMORY_HOLD] = "zero";

    begin();
    hc_memory_hold(&m, &web, code);
    CHECK_Z(code, "");
    memcpy(code, "paused", 7);
    hc_memory_hold(&m, &web, code);
    CHECK_Z(code, "zero");
    code[0] = '\0';
    hc_memory_hold(&m, &web, code);
    CHECK_Z(code, "paused");
    code[0] = '\0';
    hc_memory_hold(&m, &logs, code);
    CHECK_Z(code, "");
    CHECK_INT(m.n, 1);
    hc_memory_fini(&m);
}

TEST(memory, versions_only_grow)
{
    const struct hc_memory_key host = { MEMORY_VERSION, { "arn", 3 },
                                        { NULL, 0 },
                                        { NULL, 0 } };

    begin();
    CHECK(!hc_memory_has_version(&m, &host, 0));
    hc_memory_put_version(&m, &host, 7);
    hc_memory_put_version(&m, &host, 5);
    CHECK(hc_memory_has_version(&m, &host, 7));
    CHECK(hc_memory_has_version(&m, &host, 6));
    CHECK(!hc_memory_has_version(&m, &host, 8));
    hc_memory_fini(&m);
}

TEST(memory, of_one_name_is_another_with_another_role)
{
    const struct hc_memory_key own = { .kind = MEMORY_SERVICE,
                                       .scope = HC_STR("prod"),
                                       .name = HC_STR("web") };
    struct hc_memory_key a = own, b = own;
    int64_t count;

    a.role = HC_STR("arn:aws:iam::111111111111:role/a");
    b.role = HC_STR("arn:aws:iam::222222222222:role/b");
    begin();
    hc_memory_wrote(&m, &a, &any, 0);
    CHECK(hc_memory_awaits(&m, &a, 1, 0, &count));
    CHECK(!hc_memory_awaits(&m, &b, 1, 0, &count));
    CHECK(!hc_memory_awaits(&m, &own, 1, 0, &count));
    hc_memory_fini(&m);
}

TEST(memory, answers_hold_for_five_minutes)
{
    const struct hc_memory_key asg = { MEMORY_CAPACITY, { "arn", 3 },
                                       { "asg", 3 },
                                       { NULL, 0 } };
    const struct hc_memory_key target = { MEMORY_TARGET, { "arn", 3 },
                                          { "asg", 3 },
                                          { NULL, 0 } };
    bool yes = false;

    begin();
    CHECK(!hc_memory_answer(&m, &asg, 0, &yes));
    hc_memory_put_answer(&m, &asg, 10 * S, true);
    CHECK(hc_memory_answer(&m, &asg, 310 * S - 1, &yes) && yes);
    CHECK(!hc_memory_answer(&m, &asg, 310 * S, &yes));
    CHECK(!hc_memory_answer(&m, &target, 11 * S, &yes));
    hc_memory_put_answer(&m, &asg, 20 * S, false);
    CHECK(hc_memory_answer(&m, &asg, 310 * S, &yes) && !yes);
    hc_memory_fini(&m);
}

TEST(memory, texts_are_bounded_and_the_last_one_is_told)
{
    const struct hc_memory_key one = { MEMORY_DEFINITION, { NULL, 0 },
                                       { "one", 3 },
                                       { NULL, 0 } };
    const struct hc_memory_key two = { MEMORY_DEFINITION, { NULL, 0 },
                                       { "two", 3 },
                                       { NULL, 0 } };
    size_t n = HC_MEMORY_TEXTS - 3;
    char *large = hc_alloc(t_alloc(), n);
    struct hc_str text = HC_STR("");

    CHECK(large != NULL);
    memset(large, 'x', n);
    begin();
    CHECK(!hc_memory_text(&m, &one, 0, &text));
    hc_memory_put_text(&m, &one, 5, HC_STR("other"));
    hc_memory_put_text(&m, &one, 7, HC_STR("abcd"));
    CHECK(hc_memory_text(&m, &one, 7, &text));
    CHECK_STR(text, "abcd");
    CHECK(!hc_memory_text(&m, &one, 8, &text));
    hc_memory_put_text(&m, &two, 9, hc_str_n(large, n));
    CHECK(!hc_memory_text(&m, &two, 0, &text));
    hc_memory_put_text(&m, &two, 9, hc_str_n(large, n - 1));
    CHECK(hc_memory_text(&m, &two, 0, &text));
    CHECK_INT(m.texts, HC_MEMORY_TEXTS);
    hc_memory_fini(&m);
    CHECK_INT(m.texts, 0);
    hc_free(t_alloc(), large, n);
}

/* A service of a cluster that has many. */
static struct hc_memory_key numbered(char name[24], int64_t i)
{
    return (struct hc_memory_key){
        .kind = MEMORY_SERVICE, .scope = HC_STR("many"),
        .name = hc_str_n(name, hc_fmt(name, 24, "%lld", (long long)i)),
    };
}

/* All of these services are written, somebody undoes that, and the next sweep
 * wants the same count again. */
static void sweep(int64_t n, int64_t now)
{
    char name[24];

    for (int64_t i = 0; i < n; i++) {
        const struct hc_memory_key key = numbered(name, i);

        hc_memory_saw(&m, &key, 1, now);
        hc_memory_planned(&m, &key, 3, 7, now);
        hc_memory_wrote(&m, &key, &any, now);
        hc_memory_saw(&m, &key, 3, now);
    }
}

static int64_t contested(int64_t n, int64_t now)
{
    char name[24];
    int64_t all = 0;

    for (int64_t i = 0; i < n; i++) {
        const struct hc_memory_key key = numbered(name, i);

        all += hc_memory_undone(&m, &key, now) == 3;
    }
    return all;
}

static bool is_known(const struct hc_memory_key *key)
{
    return hc_memory_has_version(&m, key, INT64_MIN);
}

TEST(memory, a_sweep_over_ten_thousand_services_is_remembered_whole)
{
    begin();
    for (int64_t round = 0; round < 4; round++)
        sweep(10000, round * 60 * S);
    CHECK_INT(contested(10000, 200 * S), 10000);
    CHECK_INT(m.n, 10000);
    hc_memory_fini(&m);
}

/* Were the service that was not seen for longest forgotten for the next one,
 * each would be forgotten just before its turn. */
TEST(memory, a_sweep_over_more_than_fit_is_remembered_in_part)
{
    begin();
    m.max = 100;
    for (int64_t round = 0; round < 4; round++)
        sweep(150, round * 60 * S);
    CHECK_INT(m.n, 100);
    CHECK_INT(contested(150, 200 * S), 100);
    hc_memory_fini(&m);
    CHECK_INT(m.n, 0);
}

TEST(memory, the_longest_unseen_goes_after_an_hour)
{
    char name[24];
    struct hc_memory_key key;
    int64_t count;

    begin();
    m.max = 4;
    sweep(4, 0);
    key = numbered(name, 0);
    hc_memory_saw(&m, &key, 3, 1 * S);
    key = numbered(name, 4);
    hc_memory_wrote(&m, &key, &any, 3600 * S - 1);
    CHECK(!is_known(&key));
    hc_memory_wrote(&m, &key, &any, 3600 * S);
    CHECK(hc_memory_awaits(&m, &key, 1, 3600 * S, &count));
    CHECK_INT(m.n, 4);
    key = numbered(name, 1);
    CHECK(!is_known(&key));
    for (int i = 2; i < 4; i++) {
        key = numbered(name, i);
        CHECK(is_known(&key));                /* and seen now */
    }
    key = numbered(name, 5);
    hc_memory_wrote(&m, &key, &any, 3601 * S);
    CHECK(is_known(&key));
    key = numbered(name, 0);
    CHECK(!is_known(&key));
    CHECK_INT(m.n, 4);
    hc_memory_fini(&m);
}

/* Texts and the other entries go in the order in which they were seen. */
TEST(memory, a_text_makes_room_for_others_and_they_for_it)
{
    char name[24];
    struct hc_memory_key key, text = { MEMORY_DEFINITION, { NULL, 0 },
                                       { "one", 3 }, { NULL, 0 } };
    struct hc_str got;

    begin();
    m.max = 2;
    m.texts_max = 5;
    hc_memory_put_text(&m, &text, 0, HC_STR("12345"));
    key = numbered(name, 0);
    hc_memory_wrote(&m, &key, &any, 1 * S);
    text.name = HC_STR("two");
    hc_memory_put_text(&m, &text, 3600 * S - 1, HC_STR("1"));
    CHECK(!hc_memory_text(&m, &text, 0, &got));
    hc_memory_put_text(&m, &text, 3600 * S, HC_STR("678901"));
    CHECK_INT(m.texts, 5);                    /* it fits in no case */
    hc_memory_put_text(&m, &text, 3600 * S, HC_STR("67890"));
    CHECK(hc_memory_text(&m, &text, 0, &got));
    CHECK_STR(got, "67890");
    CHECK(is_known(&key) && m.n == 2);        /* and seen now */
    key = numbered(name, 1);
    hc_memory_wrote(&m, &key, &any, 7200 * S);
    CHECK(is_known(&key) && m.n == 2 && m.texts == 0);
    hc_memory_fini(&m);
}

TEST(memory, without_room_nothing_is_remembered)
{
    static char big[HC_MEMORY_KEY + 1];
    struct hc_memory none = { .alloc = NULL };
    const struct hc_memory_key long_key = { MEMORY_SERVICE, { big, 1000 },
                                            { big, 23 },
                                            { NULL, 0 } };
    const struct hc_memory_key fits = { MEMORY_SERVICE, { big, 1000 },
                                        { big, 22 },
                                        { NULL, 0 } };
    const struct hc_memory_key huge = { MEMORY_SERVICE, { big, sizeof(big) },
                                        { big, 0 },
                                        { NULL, 0 } };
    int64_t count;

    hc_memory_wrote(&none, &web, &any, 0);
    CHECK(!hc_memory_awaits(&none, &web, 1, 0, &count));
    memset(big, 'x', sizeof(big));
    begin();
    hc_memory_wrote(&m, &long_key, &any, 0);
    hc_memory_wrote(&m, &huge, &any, 0);
    CHECK_INT(m.n, 0);
    hc_memory_wrote(&m, &fits, &any, 0);
    CHECK_INT(m.n, 1);
    CHECK(!hc_memory_awaits(&m, &huge, 1, 0, &count));
    hc_memory_fini(&m);
}

static int writes(void)
{
    int64_t count;

    begin();
    hc_memory_wrote(&m, &web, &any, 0);
    bool kept = hc_memory_awaits(&m, &web, 1, 0, &count);

    hc_memory_fini(&m);
    return kept ? 0 : HEADCOUNT_ENOMEM;
}

TEST(memory, memory_may_end_anywhere)
{
    t_fails_every_allocation(writes);
}

TEST(memory, a_low_count_is_believed_when_it_was_low_all_the_time)
{
    begin();
    CHECK(!hc_memory_is_low(&m, &web, 0));
    hc_memory_saw_low(&m, &web, false, 0);
    CHECK_INT(m.n, 0);
    hc_memory_saw_low(&m, &web, true, 10 * S);
    CHECK(!hc_memory_is_low(&m, &web, 310 * S - 1));
    CHECK(hc_memory_is_low(&m, &web, 310 * S));
    CHECK(!hc_memory_is_low(&m, &logs, 310 * S));
    hc_memory_saw_low(&m, &web, true, 200 * S);
    CHECK(hc_memory_is_low(&m, &web, 310 * S));
    hc_memory_saw_low(&m, &web, false, 250 * S);
    CHECK(!hc_memory_is_low(&m, &web, 310 * S));
    hc_memory_saw_low(&m, &web, true, 260 * S);
    CHECK(!hc_memory_is_low(&m, &web, 559 * S));
    CHECK(hc_memory_is_low(&m, &web, 560 * S));
    hc_memory_fini(&m);
}
