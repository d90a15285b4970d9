/* tests/cli/latency/series_test.c - percentiles, phases and scales. */
#include "t.h"

#include <stdio.h>
#include <string.h>

#include "latency/series.h"

static struct latency l;
static struct latency_series *const s = &l.series[0];

static void open_series(size_t calls)
{
    memset(&l, 0, sizeof l);
    l.series_n = 1;
    CHECK(latency_series_init(s, calls));
}

static void add(int64_t us, int code)
{
    const struct headcount_outcome o = {
        .code = code, .message = code ? "it is down" : "",
        .service_code = code == HEADCOUNT_ESERVICE ? "Throttling" : "",
        .stats = { .elapsed_us = us },
    };

    latency_add(s, (int64_t)s->n, false, &o);
}

static int64_t at(unsigned p)
{
    return latency_percentile(s, p);
}

TEST(series, no_call_has_no_percentile)
{
    open_series(2);
    CHECK_INT(at(50), -1);
    add(5, HEADCOUNT_ETIMEDOUT);
    CHECK_INT(at(99), -1);
    CHECK_INT(s->n, 1);
    CHECK_INT(s->failed, 1);
    latency_series_fini(s);
}

TEST(series, one_call_is_every_percentile)
{
    open_series(1);
    add(7, 0);
    CHECK_INT(at(0), 7);
    CHECK_INT(at(50), 7);
    CHECK_INT(at(99), 7);
    CHECK_INT(at(100), 7);
    latency_series_fini(s);
}

TEST(series, equal_calls_have_no_spread)
{
    open_series(30);
    for (int i = 0; i < 30; i++)
        add(9, 0);
    CHECK_INT(at(0), 9);
    CHECK_INT(at(99) - at(50), 0);
    CHECK_INT(s->total, 270);
    latency_series_fini(s);
}

TEST(series, a_percentile_is_the_nearest_rank)
{
    open_series(100);
    for (int i = 0; i < 100; i++)        /* 1 to 100, not in order */
        add(i * 37 % 100 + 1, 0);
    CHECK_INT(at(0), 1);
    CHECK_INT(at(1), 1);
    CHECK_INT(at(50), 50);
    CHECK_INT(at(90), 90);
    CHECK_INT(at(99), 99);
    CHECK_INT(at(100), 100);
    latency_series_fini(s);
    open_series(10);
    for (int i = 10; i > 0; i--)
        add(i, 0);
    CHECK_INT(at(50), 5);
    CHECK_INT(at(51), 6);
    CHECK_INT(at(90), 9);
    CHECK_INT(at(91), 10);
    CHECK_INT(at(99), 10);
    latency_series_fini(s);
}

TEST(series, a_failed_call_is_counted_and_in_no_percentile)
{
    open_series(4);
    add(10, 0);
    add(99000, HEADCOUNT_ESERVICE);
    add(20, 0);
    add(1, HEADCOUNT_EDNSFAIL);
    CHECK_INT(s->n, 4);
    CHECK_INT(s->failed, 2);
    CHECK_INT(latency_good(s), 2);
    CHECK_INT(at(0), 10);
    CHECK_INT(at(100), 20);
    CHECK_Z(s->calls[1].error, "");
    CHECK_Z(s->calls[2].error, "Throttling");
    CHECK_Z(s->calls[4].error, "EDNSFAIL");
    CHECK_Z(s->why, "it is down");
    latency_series_fini(s);
}

TEST(series, the_first_call_counts_for_nothing)
{
    const struct headcount_outcome o = { .message = "", .service_code = "",
                                         .stats = { .elapsed_us = 500 } };
    const struct headcount_outcome bad = { .code = HEADCOUNT_ESERVICE,
                                           .message = "it is down",
                                           .service_code = "Throttling" };

    open_series(1);
    latency_add(s, 0, true, &bad);
    CHECK_Z(s->why, "it is down");
    latency_add(s, 0, true, &o);             /* again */
    CHECK_INT(s->n, 0);
    CHECK_INT(at(50), -1);
    CHECK_INT(s->calls[0].us, 500);
    CHECK_Z(s->why, "");                     /* no call of the series failed */
    latency_series_fini(s);
}

TEST(series, phases_are_those_of_all_attempts)
{
    const struct headcount_timing rows[] = {
        { .start = 100, .dns_start = 100, .dns_end = 103,
          .connect_start = 103, .connect_end = 110, .tls_start = 110,
          .tls_end = 150, .send_start = 150, .send_end = 152,
          .first_byte = 172, .end = 173, .resumed = true },
        { .start = 180, .send_start = 180, .send_end = 181,
          .first_byte = 191, .end = 194, .reused = true },
        { .start = 195, .connect_start = 195 },      /* it failed there */
    };
    static const int64_t want[] = { 3, 7, 40, 3, 30, 4, 13 };
    const struct headcount_outcome o = {
        .message = "", .service_code = "", .stats = { .elapsed_us = 100 },
        .timings = rows, .timings_n = 3,
    };

    open_series(1);
    latency_add(s, 42, false, &o);
    for (size_t i = 0; i < LATENCY_PHASES; i++) {
        CHECK_INT(s->calls[1].phase[i], want[i]);
        CHECK_INT(s->phase[i], want[i]);
    }
    CHECK_INT(s->calls[1].at, 42);
    CHECK(!s->calls[1].reused && !s->calls[1].resumed);
    latency_series_fini(s);
}

TEST(series, a_scale_has_round_steps)
{
    static const struct { int64_t most, step; unsigned steps; } rows[] = {
        { 1, 1, 4 }, { 8, 1, 8 }, { 9, 2, 5 }, { 16, 2, 8 }, { 17, 5, 4 },
        { 40, 5, 8 }, { 41, 10, 5 }, { 81, 20, 5 }, { 29001, 5000, 6 },
        { 1000000000, 200000000, 5 },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct latency_scale scale = latency_scale(rows[i].most);

        CHECK_INT(scale.step, rows[i].step);
        CHECK_INT(scale.steps, rows[i].steps);
    }
    for (int64_t most = 1; most < 100000; most += 7) {
        struct latency_scale scale = latency_scale(most);

        CHECK(scale.steps >= 4 && scale.steps <= 8);
        CHECK(scale.step * scale.steps >= most);
    }
}

TEST(series, a_bin_ends_below_its_border)
{
    struct latency_bins bins;

    open_series(5);
    add(4000, 0);
    add(3999, 0);
    add(0, 0);
    add(1000, 0);
    add(90000, HEADCOUNT_ETIMEDOUT);
    latency_bins(&l, &bins);
    CHECK_INT(bins.scale.step, 1000);
    CHECK_INT(bins.scale.steps, 5);
    CHECK_INT(bins.most, 1);
    CHECK_INT(bins.count[0][0], 1);
    CHECK_INT(bins.count[0][2], 1);
    CHECK_INT(bins.count[0][7], 1);
    CHECK_INT(bins.count[0][8], 1);
    latency_series_fini(s);
}

TEST(series, milliseconds_have_four_digits)
{
    char text[LATENCY_TEXT];

    CHECK_Z(latency_ms(text, -1), "-");
    CHECK_Z(latency_ms(text, 0), "0.00");
    CHECK_Z(latency_ms(text, 6384), "6.38");
    CHECK_Z(latency_ms(text, 99999), "100.00");
    CHECK_Z(latency_ms(text, 123456), "123.5");
    CHECK_Z(latency_ms(text, 30000000), "30000");
}
