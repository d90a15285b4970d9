/* tests/aws/creds_test.c - credentials as a value, and the one refresh that
 * all who wait share. */
#include "t.h"

#include <string.h>

#include "aws/creds.h"
#include "base/text.h"

#define WALL ((int64_t)1767225600 * HC_SECOND)

/* ---- a set as a value ---- */

static struct hc_identity identity(const char *id, const char *secret,
                                   const char *token)
{
    return (struct hc_identity){ hc_str(id), hc_str(secret), hc_str(token) };
}

static void check_view(const struct hc_credentials *c, const char *id,
                       const char *secret, const char *token)
{
    struct hc_identity who = hc_credentials_view(c);

    CHECK_STR(who.key_id, id);
    CHECK_STR(who.secret, secret);
    CHECK_STR(who.token, token);
}

TEST(creds, a_set_is_replaced_and_copied_as_a_whole)
{
    struct hc_identity first = identity("AKID", "secret", "token");
    struct hc_identity second = identity("A", "s", NULL);
    struct hc_credentials c, copy;

    t_alloc_state()->secret = "secret";
    hc_credentials_init(&c, t_alloc());
    hc_credentials_init(&copy, t_alloc());
    check_view(&c, "", "", "");
    CHECK_INT(c.expires, HC_NEVER);
    CHECK_INT(hc_credentials_put(&c, &first, NULL), 0);
    check_view(&c, "AKID", "secret", "token");
    c.expires = 7;
    c.source = "test";
    hc_credentials_copy(&copy, &c);
    CHECK_INT(hc_credentials_put(&c, &second, NULL), 0);
    check_view(&c, "A", "s", "");
    check_view(&copy, "AKID", "secret", "token");
    CHECK_INT(copy.expires, 7);
    CHECK_Z(copy.source, "test");
    hc_credentials_fini(&c);
    hc_credentials_fini(&c);
    hc_credentials_fini(&copy);
    check_view(&copy, "", "", "");
    CHECK(!t_alloc_state()->unwiped);
}

TEST(creds, copies_share_their_texts_and_the_last_one_wipes_them)
{
    struct hc_identity who = identity("AKID", "secret", "token");
    struct hc_credentials c, copies[3];

    t_alloc_state()->secret = "secret";
    hc_credentials_init(&c, t_alloc());
    CHECK_INT(hc_credentials_put(&c, &who, NULL), 0);
    const long before = t_alloc_state()->count;

    for (int i = 0; i < 3; i++) {
        hc_credentials_init(&copies[i], t_alloc());
        hc_credentials_copy(&copies[i], &c);
    }
    CHECK_INT(t_alloc_state()->count, before);
    hc_credentials_copy(&copies[0], &copies[1]);       /* it had the same */
    hc_credentials_fini(&c);
    hc_credentials_fini(&copies[0]);
    hc_credentials_fini(&copies[1]);
    check_view(&copies[2], "AKID", "secret", "token");
    hc_credentials_fini(&copies[2]);
    CHECK(!t_alloc_state()->unwiped);
}

TEST(creds, what_could_not_stand_in_a_header_is_refused_unseen)
{
    static char big[HC_CREDENTIALS_MAX + 1];
    static const struct { const char *id, *secret, *token, *says; } rows[] = {
        { "AK\nID", "hush", "", "access key id" },
        { "AKID", "hush\r", "", "secret access key" },
        { "AKID", "hu sh", "", "secret access key" },
        { "AKID", "hush", "to\tken", "session token" },
        { "AKID", "hush\xC3\xA4", "", "secret access key" },
        { "AKID", "hush\x7F", "", "secret access key" },
        { "AKID", "hush", big, "more than 65536 bytes" },
    };

    memset(big, 'a', sizeof(big) - 1);
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct hc_identity who = identity(rows[i].id, rows[i].secret,
                                          rows[i].token);
        struct hc_credentials c;
        struct headcount_error e = { 0 };

        hc_credentials_init(&c, t_alloc());
        c.source = "the test";
        CHECK_INT(hc_credentials_put(&c, &who, &e), HEADCOUNT_ECREDENTIALS);
        CHECK(strstr(e.what, rows[i].says) != NULL);
        CHECK(strstr(e.what, "the test") != NULL);
        CHECK(strstr(e.what, "hu") == NULL);
        check_view(&c, "", "", "");
        hc_credentials_fini(&c);
    }
}

/* ---- the chain ---- */

/* One provider: its answers one after the other, the last one for ever. */
struct provider {
    int answers[4];
    const char *id;
    int64_t expires;
    size_t asked;
};

static struct {
    struct hc_system sys;
    struct hc_jobs jobs;
    struct hc_creds creds;
    int64_t wall;
    struct hc_job waiter[2];
    struct hc_waiter link[2];
    int woken[2];
    struct hc_credentials out;
    struct headcount_error error;
    struct hc_log log;
    char said[256];
    int lines;
} s;

static bool outlasts;                    /* what the providers give          */
static uint32_t random_word;

static int64_t fake_wall(void *ud)
{
    (void)ud;
    return s.wall;
}

static int fake_random(void *ud, void *p, size_t n)
{
    (void)ud;
    CHECK_INT(n, sizeof random_word);
    memcpy(p, &random_word, n);
    return random_word == 7 ? HEADCOUNT_EIO : 0;
}

static void log_line(void *ud, int level, const char *line, size_t n)
{
    (void)ud;
    CHECK_INT(level, HEADCOUNT_LOG_WARN);
    hc_fmt(s.said, sizeof s.said, "%.*s", (int)n, line);
    s.lines++;
}

static int ask(void *ud, struct hc_job *job, int64_t now,
               struct hc_credentials *out, struct headcount_error *e)
{
    struct provider *p = ud;
    size_t at = p->asked < 3 ? p->asked : 3;
    struct hc_identity who = identity(p->id, "secret", "");
    int got = p->answers[at];

    (void)now;
    CHECK(job == &s.creds.job);
    p->asked++;
    if (got < 0)
        return got == HEADCOUNT_EIO ? got
                                    : hc_error_set(e, got, "%s broke", p->id);
    if (got != 1)
        return got;
    out->expires = p->expires;

    int err = hc_credentials_put(out, &who, e);

    return err < 0 ? err : 1;
}

static void run_waiter(struct hc_job *job, int64_t now)
{
    (void)now;
    s.woken[job == &s.waiter[1]]++;
}

static void set_up(struct provider *p, size_t n)
{
    static const char *const names[] = { "first", "second" };

    memset(&s, 0, sizeof(s));
    s.wall = WALL;
    s.sys = (struct hc_system){ .alloc = *t_alloc(), .wall = fake_wall,
                                .random = fake_random };
    hc_jobs_init(&s.jobs);
    hc_creds_init(&s.creds, &s.sys, &s.jobs);
    for (size_t i = 0; i < 2; i++)
        hc_job_init(&s.waiter[i], &s.jobs, run_waiter);
    for (size_t i = 0; i < n; i++)
        hc_creds_add(&s.creds, &(struct hc_creds_provider){ names[i], ask,
                                                            &p[i],
                                                            outlasts });
    s.log = (struct hc_log){ .level = HEADCOUNT_LOG_WARN, .fn = log_line };
    s.creds.log = &s.log;
    hc_jobs_step(&s.jobs, 0, NULL, 0);
    s.woken[0] = s.woken[1] = 0;
    hc_credentials_init(&s.out, t_alloc());
}

static void tear_down(void)
{
    hc_waiter_leave(&s.link[0]);
    hc_waiter_leave(&s.link[1]);
    hc_job_fini(&s.waiter[0]);
    hc_job_fini(&s.waiter[1]);
    hc_credentials_fini(&s.out);
    hc_creds_fini(&s.creds);
    hc_creds_fini(&s.creds);
    outlasts = false;
    random_word = 0;
}

static int get(size_t who, int64_t now)
{
    struct hc_creds_ask a = { .waiter = &s.link[who], .job = &s.waiter[who] };

    hc_error_reset(&s.error);
    return hc_creds_get(&s.creds, &a, now, &s.out, &s.error);
}

TEST(creds, the_first_provider_that_has_some_is_asked_once)
{
    struct provider p[] = {
        { { 0, 0, 0, 0 }, "one", HC_NEVER, 0 },
        { { 1, 1, 1, 1 }, "two", HC_NEVER, 0 },
    };

    set_up(p, 2);
    for (int i = 0; i < 3; i++) {
        CHECK_INT(get(0, i), 1);
        check_view(&s.out, "two", "secret", "");
        CHECK_Z(s.out.source, "second");
    }
    CHECK_INT(p[0].asked, 1);
    CHECK_INT(p[1].asked, 1);
    CHECK_INT(s.creds.refreshes, 1);
    tear_down();
}

TEST(creds, a_provider_that_is_broken_stops_the_chain)
{
    struct provider p[] = {
        { { HEADCOUNT_ECREDENTIALS, 1, 1, 1 }, "one", HC_NEVER, 0 },
        { { 1, 1, 1, 1 }, "two", HC_NEVER, 0 },
    };

    set_up(p, 2);
    CHECK_INT(get(0, 0), HEADCOUNT_ECREDENTIALS);
    CHECK_Z(s.error.what, "one broke");
    CHECK_INT(p[1].asked, 0);
    /* told again for a second, then asked again */
    CHECK_INT(get(0, HC_CREDS_AGAIN - 1), HEADCOUNT_ECREDENTIALS);
    CHECK_Z(s.error.what, "one broke");
    CHECK_INT(p[0].asked, 1);
    CHECK_INT(get(0, HC_CREDS_AGAIN), 1);
    check_view(&s.out, "one", "secret", "");
    tear_down();
}

TEST(creds, a_provider_that_says_no_word_is_named)
{
    struct provider p = { { HEADCOUNT_EIO, 0, 0, 0 }, "one", HC_NEVER, 0 };

    set_up(&p, 1);
    CHECK_INT(get(0, 0), HEADCOUNT_EIO);
    CHECK_Z(s.error.what, "no credentials from: first");
    tear_down();
}

TEST(creds, where_there_are_none_it_says_where_it_looked)
{
    struct provider p[] = {
        { { 0, 0, 0, 0 }, "one", HC_NEVER, 0 },
        { { 0, 0, 0, 0 }, "two", HC_NEVER, 0 },
    };

    set_up(p, 2);
    CHECK_INT(get(0, 0), HEADCOUNT_ECREDENTIALS);
    CHECK(strstr(s.error.what, "looked in: first, second") != NULL);
    CHECK(strstr(s.error.what, "AWS_ACCESS_KEY_ID") != NULL);
    tear_down();
    set_up(NULL, 0);
    CHECK_INT(get(0, 0), HEADCOUNT_ECREDENTIALS);
    tear_down();
}

TEST(creds, all_who_wait_share_one_refresh)
{
    struct provider p = { { HC_CREDS_WAIT, HC_CREDS_WAIT, 1, 1 }, "one",
                          HC_NEVER, 0 };

    set_up(&p, 1);
    CHECK_INT(get(0, 0), 0);
    CHECK_INT(get(1, 0), 0);
    CHECK_INT(get(1, 0), 0);
    CHECK_INT(p.asked, 1);
    hc_job_wake(&s.creds.job);          /* in vain */
    hc_jobs_step(&s.jobs, 1, NULL, 0);
    CHECK_INT(p.asked, 2);
    CHECK_INT(s.woken[0] + s.woken[1], 0);
    hc_job_wake(&s.creds.job);
    hc_jobs_step(&s.jobs, 2, NULL, 0);
    CHECK_INT(p.asked, 3);
    CHECK_INT(s.woken[0], 1);
    CHECK_INT(s.woken[1], 1);
    CHECK_INT(get(0, 2), 1);
    CHECK_INT(get(1, 2), 1);
    CHECK_INT(s.creds.refreshes, 1);
    tear_down();
}

TEST(creds, a_refresh_that_fails_is_told_to_all_who_waited)
{
    struct provider p = { { HC_CREDS_WAIT, HEADCOUNT_ETIMEDOUT, 1, 1 }, "one",
                          HC_NEVER, 0 };

    set_up(&p, 1);
    CHECK_INT(get(0, 0), 0);
    CHECK_INT(get(1, 0), 0);
    hc_job_wake(&s.creds.job);
    hc_jobs_step(&s.jobs, 1, NULL, 0);
    CHECK_INT(s.woken[0] + s.woken[1], 2);
    CHECK_INT(get(0, 1), HEADCOUNT_ETIMEDOUT);
    CHECK_INT(get(1, 1), HEADCOUNT_ETIMEDOUT);
    CHECK_Z(s.error.what, "one broke");
    CHECK_INT(p.asked, 2);
    tear_down();
}

TEST(creds, near_its_expiry_a_set_is_replaced)
{
    struct provider p = { { 1, 1, 1, 1 }, "one", WALL + 100 * HC_SECOND, 0 };

    set_up(&p, 1);
    CHECK_INT(get(0, 0), 1);
    s.wall = p.expires - HC_CREDS_NEAR - 1;
    CHECK_INT(get(0, 0), 1);
    CHECK_INT(p.asked, 1);
    s.wall++;
    p.expires += 100 * HC_SECOND;
    CHECK_INT(get(0, HC_CREDS_REST - 1), 1);
    CHECK_INT(p.asked, 1);               /* it has just come                 */
    CHECK_INT(get(0, HC_CREDS_REST), 1);
    CHECK_INT(p.asked, 2);
    CHECK_INT(s.out.expires, p.expires);
    tear_down();
}

#define LATER (50 * HC_SECOND)           /* a set that came at 0 is none that
                                            has just come                    */

/* A good set is not given up for a provider that is ill. */
TEST(creds, until_it_expires_a_good_set_outlives_a_failed_refresh)
{
    struct provider p = { { 1, HEADCOUNT_EIO, HEADCOUNT_EIO, HEADCOUNT_EIO },
                          "one",
                          WALL + 100 * HC_SECOND,
                          0 };

    set_up(&p, 1);
    CHECK_INT(get(0, 0), 1);
    s.wall = p.expires - 1;
    CHECK_INT(get(0, LATER), 1);
    CHECK_INT(p.asked, 2);
    CHECK_INT(get(0, LATER + HC_CREDS_AGAIN - 1), 1);
    CHECK_INT(p.asked, 2);
    CHECK_INT(get(0, LATER + HC_CREDS_AGAIN), 1);
    CHECK_INT(p.asked, 3);
    s.wall = p.expires;
    CHECK_INT(get(0, LATER + HC_CREDS_AGAIN + 10), HEADCOUNT_EIO);
    CHECK_INT(p.asked, 3);
    CHECK_INT(get(0, LATER + 2 * HC_CREDS_AGAIN), HEADCOUNT_EIO);
    CHECK_INT(p.asked, 4);
    tear_down();
}

/* The process was frozen while a refresh was under way: that this one is over
 * says nothing of who gives credentials. */
TEST(creds, a_refresh_that_slept_is_begun_again)
{
    struct provider p = { { HC_CREDS_WAIT, HEADCOUNT_ETIMEDOUT, 1, 1 }, "one",
                          HC_NEVER, 0 };

    set_up(&p, 1);
    CHECK_INT(get(0, 0), 0);
    CHECK_INT(get(1, HC_CREDS_SLEPT), 0);
    hc_job_wake(&s.creds.job);
    hc_jobs_step(&s.jobs, HC_CREDS_SLEPT, NULL, 0);
    CHECK_INT(p.asked, 3);
    CHECK_INT(get(1, HC_CREDS_SLEPT), 1);
    CHECK_INT(get(0, HC_CREDS_SLEPT), 1);
    tear_down();
    p.answers[2] = HEADCOUNT_ETIMEDOUT; /* once                             */
    p.asked = 0;
    set_up(&p, 1);
    CHECK_INT(get(0, 0), 0);
    hc_job_wake(&s.creds.job);
    hc_jobs_step(&s.jobs, HC_CREDS_SLEPT, NULL, 0);
    CHECK_INT(get(0, HC_CREDS_SLEPT), HEADCOUNT_ETIMEDOUT);
    CHECK_INT(p.asked, 3);
    tear_down();
}

TEST(creds, a_refresh_that_may_last_long_did_not_sleep)
{
    struct provider p = { { HC_CREDS_WAIT, HEADCOUNT_ETIMEDOUT, 1, 1 }, "one",
                          HC_NEVER, 0 };

    set_up(&p, 1);
    s.creds.longest = HC_CREDS_SLEPT + 1;
    CHECK_INT(get(0, 0), 0);
    hc_job_wake(&s.creds.job);
    hc_jobs_step(&s.jobs, HC_CREDS_SLEPT, NULL, 0);
    CHECK_INT(get(0, HC_CREDS_SLEPT), HEADCOUNT_ETIMEDOUT);
    CHECK_INT(p.asked, 2);
    tear_down();
}

/* ---- before it expires ---- */

#define LIFE (3600 * HC_SECOND)

/* The set that is there is lent while the next one is fetched. */
TEST(creds, five_minutes_before_another_one_is_fetched_and_nobody_waits)
{
    struct provider p = { { 1, HC_CREDS_WAIT, 1, 1 }, "one", WALL + LIFE, 0 };

    set_up(&p, 1);
    CHECK_INT(get(0, 0), 1);
    s.wall = p.expires - HC_CREDS_SOON - 1;
    CHECK_INT(get(0, LIFE), 1);
    CHECK_INT(p.asked, 1);
    s.wall++;
    p.id = "two";
    for (size_t i = 0; i < 3; i++) {
        CHECK_INT(get(i % 2, LIFE), 1);
        check_view(&s.out, "one", "secret", "");
    }
    CHECK_INT(p.asked, 2);
    p.expires += LIFE;
    hc_job_wake(&s.creds.job);
    hc_jobs_step(&s.jobs, LIFE, NULL, 0);
    CHECK_INT(s.woken[0] + s.woken[1], 0);
    CHECK_INT(get(0, LIFE), 1);
    check_view(&s.out, "two", "secret", "");
    CHECK_INT(p.asked, 3);
    CHECK_INT(s.creds.refreshes, 2);
    tear_down();
}

TEST(creds, in_its_last_minute_who_asks_waits_for_the_next_one)
{
    struct provider p = { { 1, HC_CREDS_WAIT, 1, 1 }, "one", WALL + LIFE, 0 };

    set_up(&p, 1);
    CHECK_INT(get(0, 0), 1);
    s.wall = p.expires - HC_CREDS_NEAR - 1;
    CHECK_INT(get(0, LIFE), 1);
    s.wall++;
    CHECK_INT(get(1, LIFE), 0);
    p.id = "two";
    p.expires += LIFE;
    hc_job_wake(&s.creds.job);
    hc_jobs_step(&s.jobs, LIFE, NULL, 0);
    CHECK_INT(s.woken[0], 0);
    CHECK_INT(s.woken[1], 1);
    CHECK_INT(get(1, LIFE), 1);
    check_view(&s.out, "two", "secret", "");
    tear_down();
}

TEST(creds, a_refresh_that_fails_early_rests_for_half_a_minute)
{
    struct provider p = {
        { 1, HEADCOUNT_EIO, HEADCOUNT_EIO, 1 }, "one", WALL + LIFE, 0
    };

    set_up(&p, 1);
    CHECK_INT(get(0, 0), 1);
    s.wall = p.expires - HC_CREDS_SOON;
    CHECK_INT(get(0, LIFE), 1);
    CHECK_INT(get(0, LIFE + HC_CREDS_REST - 1), 1);
    CHECK_INT(p.asked, 2);
    CHECK_INT(get(0, LIFE + HC_CREDS_REST), 1);
    CHECK_INT(p.asked, 3);
    tear_down();
}

/* A source whose sets never live for five minutes is not asked at each call. */
TEST(creds, a_short_life_is_no_reason_to_ask_all_the_time)
{
    struct provider p = { { 1, 1, 1, 1 }, "one", WALL + 200 * HC_SECOND, 0 };

    set_up(&p, 1);
    for (int i = 0; i < 10; i++)
        CHECK_INT(get(0, i), 1);
    CHECK_INT(p.asked, 1);
    CHECK_INT(get(0, HC_CREDS_REST), 1);
    CHECK_INT(p.asked, 2);
    tear_down();
}

/* Who waited for a set that is in its last minute as it comes has it. */
TEST(creds, a_set_that_never_lives_for_a_minute_is_lent_all_the_same)
{
    struct provider p = { { HC_CREDS_WAIT, 1, HC_CREDS_WAIT, 1 }, "one",
                          WALL + 40 * HC_SECOND, 0 };

    set_up(&p, 1);
    CHECK_INT(get(0, 0), 0);
    hc_job_wake(&s.creds.job);
    hc_jobs_step(&s.jobs, 1, NULL, 0);
    CHECK_INT(get(0, 1), 1);
    CHECK_INT(get(0, 1 + HC_CREDS_REST - 1), 1);
    CHECK_INT(p.asked, 2);
    CHECK_INT(get(0, 1 + HC_CREDS_REST), 0);
    CHECK_INT(p.asked, 3);
    tear_down();
}

TEST(creds, a_set_that_has_expired_already_is_a_failure)
{
    struct provider p[] = {
        { { 1, 1, 1, 1 }, "one", WALL, 0 },
        { { 1, 1, 1, 1 }, "two", HC_NEVER, 0 },
    };

    set_up(p, 2);
    CHECK_INT(get(0, 0), HEADCOUNT_ECREDENTIALS);
    CHECK_Z(s.error.what, "first: the credentials it gave have expired "
            "already");
    CHECK_INT(p[1].asked, 0);
    check_view(&s.out, "", "", "");
    tear_down();
}

/* The old set is what the service refuses: it is not lent while another one is
 * under way. */
TEST(creds, a_set_that_is_called_expired_in_a_refresh_is_not_lent)
{
    struct provider p = { { 1, HC_CREDS_WAIT, 1, 1 }, "one", WALL + LIFE, 0 };

    set_up(&p, 1);
    CHECK_INT(get(0, 0), 1);
    s.wall = p.expires - HC_CREDS_SOON;
    CHECK_INT(get(0, LIFE), 1);
    hc_creds_invalidate(&s.creds, HC_STR("one"));
    CHECK_INT(get(0, LIFE), 0);
    p.id = "two";
    p.expires += LIFE;
    hc_job_wake(&s.creds.job);
    hc_jobs_step(&s.jobs, LIFE, NULL, 0);
    CHECK_INT(s.woken[0], 1);
    CHECK_INT(get(0, LIFE), 1);
    check_view(&s.out, "two", "secret", "");
    CHECK_INT(p.asked, 3);
    tear_down();
}

/* ---- past its end ---- */

static void set_up_lasting(struct provider *p, size_t n)
{
    outlasts = true;
    set_up(p, n);
}

TEST(creds, past_its_end_a_set_is_used_on_while_its_source_is_down)
{
    struct provider p = {
        { 1, HEADCOUNT_EIO, HEADCOUNT_ECREDENTIALS, 1 }, "one", WALL + LIFE, 0
    };

    set_up_lasting(&p, 1);
    CHECK_INT(get(0, 0), 1);
    s.wall = p.expires;
    CHECK_INT(get(0, LIFE), 1);
    check_view(&s.out, "one", "secret", "");
    CHECK_INT(p.asked, 2);
    CHECK_INT(s.lines, 1);
    CHECK_Z(s.said, "the credentials have expired and could not be replaced: "
            "they are used on, and others are asked for in 300 s: no "
            "credentials from: first");
    CHECK_INT(get(0, LIFE + HC_CREDS_PAST - 1), 1);
    CHECK_INT(p.asked, 2);
    random_word = 0x80000000;            /* half of another five minutes     */
    CHECK_INT(get(0, LIFE + HC_CREDS_PAST), 1);
    CHECK_INT(p.asked, 3);
    CHECK_INT(s.lines, 2);
    CHECK(strstr(s.said, "in 450 s: one broke") != NULL);
    CHECK_INT(get(0, LIFE + HC_CREDS_PAST * 5 / 2 - 1), 1);
    CHECK_INT(p.asked, 3);
    p.id = "two";
    p.expires += 2 * LIFE;
    CHECK_INT(get(0, LIFE + HC_CREDS_PAST * 5 / 2), 1);
    CHECK_INT(p.asked, 4);
    check_view(&s.out, "two", "secret", "");
    CHECK_INT(s.lines, 2);
    tear_down();
}

TEST(creds, without_randomness_the_pause_is_the_shortest)
{
    struct provider p = { { 1, HEADCOUNT_EIO, 1, 1 }, "one", WALL + LIFE, 0 };

    set_up_lasting(&p, 1);
    random_word = 7;
    CHECK_INT(get(0, 0), 1);
    s.wall = p.expires;
    p.expires += LIFE;
    CHECK_INT(get(0, LIFE), 1);
    CHECK_INT(get(0, LIFE + HC_CREDS_PAST - 1), 1);
    CHECK_INT(p.asked, 2);
    CHECK_INT(get(0, LIFE + HC_CREDS_PAST), 1);
    CHECK_INT(p.asked, 3);
    tear_down();
}

TEST(creds, a_source_that_has_none_any_more_leaves_the_old_set)
{
    struct provider p = { { 1, 0, 0, 1 }, "one", WALL + LIFE, 0 };

    set_up_lasting(&p, 1);
    CHECK_INT(get(0, 0), 1);
    s.wall = p.expires;
    CHECK_INT(get(0, LIFE), 1);
    check_view(&s.out, "one", "secret", "");
    CHECK(strstr(s.said, "no AWS credentials (looked in: first)") != NULL);
    tear_down();
}

TEST(creds, one_that_gives_expired_ones_leaves_the_old_set)
{
    struct provider p = { { 1, 1, 1, 1 }, "one", WALL + LIFE, 0 };

    set_up_lasting(&p, 1);
    CHECK_INT(get(0, 0), 1);
    s.wall = p.expires;
    p.id = "two";
    CHECK_INT(get(0, LIFE), 1);
    check_view(&s.out, "one", "secret", "");
    CHECK(strstr(s.said, "have expired already") != NULL);
    CHECK_INT(get(0, LIFE + 1), 1);
    CHECK_INT(p.asked, 2);
    tear_down();
}

TEST(creds, there_has_to_be_one_that_can_be_used_on)
{
    struct provider p = {
        { HEADCOUNT_EIO, HEADCOUNT_EIO, 1, 1 }, "one", WALL + LIFE, 0
    };

    set_up_lasting(&p, 1);
    CHECK_INT(get(0, 0), HEADCOUNT_EIO);
    CHECK_INT(s.lines, 0);
    CHECK_INT(get(0, HC_CREDS_AGAIN), HEADCOUNT_EIO);
    CHECK_INT(p.asked, 2);
    tear_down();
}

/* Until then it is asked for as often as ever. */
TEST(creds, before_its_end_a_failed_refresh_rests_as_others_do)
{
    struct provider p = { { 1, HEADCOUNT_EIO, HEADCOUNT_EIO, HEADCOUNT_EIO },
                          "one",
                          WALL + LIFE,
                          0 };

    set_up_lasting(&p, 1);
    CHECK_INT(get(0, 0), 1);
    s.wall = p.expires - HC_CREDS_SOON;
    CHECK_INT(get(0, LIFE), 1);
    CHECK_INT(get(0, LIFE + HC_CREDS_REST), 1);
    CHECK_INT(p.asked, 3);
    s.wall = p.expires - 1;
    CHECK_INT(get(0, LIFE + HC_CREDS_REST + HC_CREDS_AGAIN), 1);
    CHECK_INT(p.asked, 4);
    CHECK_INT(s.lines, 0);
    tear_down();
}

TEST(creds, who_waits_past_the_end_has_the_old_set_in_the_end)
{
    struct provider p = { { 1, HC_CREDS_WAIT, HEADCOUNT_ETIMEDOUT, 1 }, "one",
                          WALL + LIFE, 0 };

    set_up_lasting(&p, 1);
    CHECK_INT(get(0, 0), 1);
    s.wall = p.expires;
    CHECK_INT(get(0, LIFE), 0);
    CHECK_INT(get(1, LIFE), 0);
    hc_job_wake(&s.creds.job);
    hc_jobs_step(&s.jobs, LIFE + 1, NULL, 0);
    CHECK_INT(s.woken[0] + s.woken[1], 2);
    CHECK_INT(get(0, LIFE + 1), 1);
    check_view(&s.out, "one", "secret", "");
    CHECK_INT(get(1, LIFE + 2), 1);
    CHECK_INT(p.asked, 3);
    tear_down();
}

/* The service's word makes it ask at once, and not again and again. */
TEST(creds, a_set_that_the_service_calls_expired_is_lent_where_none_comes)
{
    struct provider p = {
        { 1, HEADCOUNT_EIO, HEADCOUNT_EIO, 1 }, "one", HC_NEVER, 0
    };

    set_up_lasting(&p, 1);
    CHECK_INT(get(0, 0), 1);
    hc_creds_invalidate(&s.creds, HC_STR("older"));
    CHECK_INT(get(0, 1), 1);
    CHECK_INT(p.asked, 1);
    for (int64_t i = 0; i < 3; i++) {
        hc_creds_invalidate(&s.creds, HC_STR("one"));
        CHECK_INT(get(0, 2 + i), 1);
        check_view(&s.out, "one", "secret", "");
        CHECK_INT(p.asked, 2);
    }
    hc_creds_invalidate(&s.creds, HC_STR("one"));
    CHECK_INT(get(0, 2 + HC_CREDS_PAST), 1);
    CHECK_INT(p.asked, 3);
    p.id = "two";
    CHECK_INT(get(0, 2 + 2 * HC_CREDS_PAST), 1);
    check_view(&s.out, "two", "secret", "");
    hc_creds_invalidate(&s.creds, HC_STR("one"));     /* too late            */
    CHECK_INT(get(0, 3 + 2 * HC_CREDS_PAST), 1);
    CHECK_INT(p.asked, 4);
    hc_creds_invalidate(&s.creds, HC_STR("two"));
    CHECK_INT(get(0, 4 + 2 * HC_CREDS_PAST), 1);
    CHECK_INT(p.asked, 5);
    tear_down();
}

TEST(creds, in_a_refresh_the_word_expired_keeps_the_set_for_the_worst)
{
    struct provider p = {
        { 1, HC_CREDS_WAIT, HEADCOUNT_EIO, 1 }, "one", WALL + LIFE, 0
    };

    set_up_lasting(&p, 1);
    CHECK_INT(get(0, 0), 1);
    s.wall = p.expires - HC_CREDS_SOON;
    CHECK_INT(get(0, LIFE), 1);
    hc_creds_invalidate(&s.creds, HC_STR("one"));
    CHECK_INT(get(0, LIFE), 0);
    hc_job_wake(&s.creds.job);
    hc_jobs_step(&s.jobs, LIFE, NULL, 0);
    CHECK_INT(get(0, LIFE), 1);
    check_view(&s.out, "one", "secret", "");
    CHECK_INT(p.asked, 3);
    tear_down();
}

/* ---- by whose clock ---- */

TEST(creds, they_expire_by_the_clock_of_who_gave_them)
{
    int64_t skew = -2 * LIFE;            /* ours is two hours ahead          */
    struct provider p = { { 1, 1, 1, 1 }, "one", WALL + LIFE, 0 };

    set_up(&p, 1);
    s.creds.skew = &skew;
    s.wall = WALL + 2 * LIFE;
    CHECK_INT(get(0, 0), 1);             /* has not expired already          */
    s.wall = WALL + 3 * LIFE - HC_CREDS_SOON - 1;
    CHECK_INT(get(0, LIFE), 1);
    CHECK_INT(p.asked, 1);
    s.wall++;
    CHECK_INT(get(0, LIFE), 1);
    CHECK_INT(p.asked, 2);
    tear_down();

    skew = 2 * LIFE;                     /* and behind                       */
    p.asked = 0;
    set_up(&p, 1);
    s.creds.skew = &skew;
    s.wall = WALL - LIFE;
    CHECK_INT(get(0, 0), HEADCOUNT_ECREDENTIALS);
    CHECK(strstr(s.error.what, "have expired already") != NULL);
    tear_down();
}

/* What no provider had is told with each one's own word. */
static int ask_none(void *ud, struct hc_job *job, int64_t now,
                    struct hc_credentials *out, struct headcount_error *e)
{
    (void)job;
    (void)now;
    (void)out;
    if (ud != NULL)
        hc_error_set(e, HEADCOUNT_ECREDENTIALS, "%s", (const char *)ud);
    return 0;
}

TEST(creds, one_that_has_none_may_say_why)
{
    static char why[] = "nobody answers";

    set_up(NULL, 0);
    hc_creds_add(&s.creds, &(struct hc_creds_provider){ "a", ask_none, why,
                                                        false });
    hc_creds_add(&s.creds, &(struct hc_creds_provider){ "b", ask_none, NULL,
                                                        false });
    CHECK_INT(get(0, 0), HEADCOUNT_ECREDENTIALS);
    CHECK(strstr(s.error.what, "(looked in: a (nobody answers), b): run `aws "
                 "configure`") != NULL);
    tear_down();
}

static int ask_broken(void *ud, struct hc_job *job, int64_t now,
                      struct hc_credentials *out, struct headcount_error *e)
{
    (void)job;
    (void)now;
    (void)out;
    return hc_error_set(e, HEADCOUNT_ECONFIG, "%s", (const char *)ud);
}

TEST(creds, an_error_tells_what_was_looked_at_before_if_it_has_room)
{
    static char why[] = "AWS_X is not set", broken[] = "it is broken";
    static char endless[sizeof s.error.what];

    for (int i = 0; i < 2; i++) {
        set_up(NULL, 0);
        memset(endless, 'a', sizeof endless - 1);
        hc_creds_add(&s.creds, &(struct hc_creds_provider){ "a", ask_none, why,
                                                            false });
        hc_creds_add(&s.creds, &(struct hc_creds_provider){
            "b", ask_broken, i == 0 ? broken : endless, false });
        CHECK_INT(get(0, 0), HEADCOUNT_ECONFIG);
        CHECK_Z(s.error.what, i == 0 ? "it is broken (looked in before: a "
                                       "(AWS_X is not set))" : endless);
        tear_down();
    }
}

TEST(creds, a_set_that_the_service_calls_expired_is_dropped)
{
    struct provider p = { { 1, 1, 1, 1 }, "one", HC_NEVER, 0 };

    set_up(&p, 1);
    hc_creds_invalidate(&s.creds, HC_STR("one"));     /* nothing there yet */
    CHECK_INT(get(0, 0), 1);
    hc_creds_invalidate(&s.creds, HC_STR("older"));   /* replaced meanwhile */
    CHECK_INT(get(0, 0), 1);
    CHECK_INT(p.asked, 1);
    hc_creds_invalidate(&s.creds, HC_STR("one"));
    p.id = "new";
    CHECK_INT(get(0, 0), 1);
    CHECK_INT(p.asked, 2);
    check_view(&s.out, "new", "secret", "");
    tear_down();
}

TEST(creds, providers_are_bounded)
{
    struct provider p = { { 0, 0, 0, 0 }, "one", HC_NEVER, 0 };

    set_up(&p, 1);
    for (size_t i = 0; i < HC_CREDS_PROVIDERS + 3; i++)
        hc_creds_add(&s.creds, &(struct hc_creds_provider){ "more", ask,
                                                            &p, false });
    CHECK_INT(s.creds.n, HC_CREDS_PROVIDERS);
    CHECK_INT(get(0, 0), HEADCOUNT_ECREDENTIALS);
    CHECK_INT(p.asked, HC_CREDS_PROVIDERS);
    tear_down();
}

TEST(creds, what_was_never_begun_can_be_ended)
{
    struct hc_creds c;

    memset(&c, 0, sizeof(c));
    hc_creds_fini(&c);
}

static int get_one(void)
{
    struct provider p = { { HC_CREDS_WAIT, 1, 1, 1 }, "one", HC_NEVER, 0 };
    int got;

    set_up(&p, 1);
    CHECK_INT(get(0, 0), 0);
    hc_job_wake(&s.creds.job);
    hc_jobs_step(&s.jobs, 1, NULL, 0);
    got = get(0, 1);
    CHECK(got == 1 || s.error.what[0] != '\0');
    tear_down();
    return got == 1 ? 0 : got;
}

TEST(creds, memory_may_end_anywhere)
{
    t_fails_every_allocation(get_one);
}
