/* cli/latency/series.c - see series.h. */
#include "latency/series.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char latency_phases[LATENCY_PHASES][8] = {
    "dns", "connect", "tls", "send", "wait", "receive", "other"
};

bool latency_series_init(struct latency_series *s, size_t calls)
{
    s->calls = calloc(calls + 1, sizeof *s->calls);
    s->sorted = calloc(calls, sizeof *s->sorted);
    return s->calls && s->sorted;
}

void latency_series_fini(struct latency_series *s)
{
    free(s->calls);
    free(s->sorted);
}

/* ---- one call ---- */

/* A mark of an attempt by the place of its member. */
static int64_t mark(const struct headcount_timing *t, size_t at)
{
    int64_t when;

    memcpy(&when, (const char *)t + at, sizeof when);
    return when;
}

static void take_phases(struct latency_call *c,
                        const struct headcount_timing *t)
{
#define AT(member) (unsigned char)offsetof(struct headcount_timing, member)
    static const unsigned char marks[LATENCY_OTHER][2] = {
        { AT(dns_start), AT(dns_end) }, { AT(connect_start), AT(connect_end) },
        { AT(tls_start), AT(tls_end) }, { AT(send_start), AT(send_end) },
        { AT(send_end), AT(first_byte) }, { AT(first_byte), AT(end) },
    };
#undef AT

    for (size_t i = 0; i < LATENCY_OTHER; i++) {
        int64_t from = mark(t, marks[i][0]), us = mark(t, marks[i][1]) - from;

        if (from == 0 || us < 0)
            continue;
        c->phase[i] += us;
        c->phase[LATENCY_OTHER] -= us;
    }
    c->reused = t->reused;
    c->resumed = t->resumed;
}

/* Among those that succeeded. */
static void sort_in(struct latency_series *s, const struct latency_call *c)
{
    size_t at = latency_good(s) - 1;

    for (; at > 0 && s->sorted[at - 1] > c->us; at--)
        s->sorted[at] = s->sorted[at - 1];
    s->sorted[at] = c->us;
    s->total += c->us;
    for (size_t i = 0; i < LATENCY_PHASES; i++)
        s->phase[i] += c->phase[i];
}

void latency_add(struct latency_series *s, int64_t at, bool first,
                 const struct headcount_outcome *o)
{
    bool bad = o->code != 0;

    if (first)                           /* also where it is a second one */
        *s->why = '\0';
    s->n += !first;
    struct latency_call *c = &s->calls[s->n];

    *c = (struct latency_call){ .at = at, .us = o->stats.elapsed_us,
                                .status = o->status };
    c->phase[LATENCY_OTHER] = c->us;
    for (size_t i = 0; i < o->timings_n; i++)
        take_phases(c, &o->timings[i]);
    if (bad) {
        snprintf(c->error, sizeof c->error, "%s",
                 *o->service_code != '\0' ? o->service_code
                                          : headcount_code_name(o->code));
        snprintf(s->why, sizeof s->why, "%s", o->message);
    }
    if (first)
        return;
    s->failed += bad;
    if (!bad)
        sort_in(s, c);
}

/* ---- many ---- */

int64_t latency_percentile(const struct latency_series *s, unsigned p)
{
    size_t n = latency_good(s), rank = (n * p + 99) / 100;

    return n == 0 ? -1 : s->sorted[rank > 0 ? rank - 1 : 0];
}

struct latency_scale latency_scale(int64_t most)
{
    struct latency_scale s = { .step = 1 };

    for (unsigned i = 0; s.step * 8 < most; i++)           /* 1, 2, 5, 10 */
        s.step = i % 3 == 1 ? s.step * 5 / 2 : s.step * 2;
    s.steps = (unsigned)((most + s.step - 1) / s.step);
    if (s.steps < 4)
        s.steps = 4;
    return s;
}

void latency_bins(const struct latency *l, struct latency_bins *bins)
{
    int64_t most = 0;

    *bins = (struct latency_bins){ .most = 0 };
    for (size_t i = 0; i < l->series_n; i++)
        if (latency_percentile(&l->series[i], 100) > most)
            most = latency_percentile(&l->series[i], 100);
    bins->scale = latency_scale(most + 1);
    for (size_t i = 0; i < l->series_n; i++) {
        for (size_t k = 0; k < latency_good(&l->series[i]); k++) {
            int64_t at = l->series[i].sorted[k] * 2 / bins->scale.step;
            unsigned count = ++bins->count[i][at];

            if (count > bins->most)
                bins->most = count;
        }
    }
}

const char *latency_ms(char to[LATENCY_TEXT], int64_t us)
{
    if (us < 0)
        return "-";
    snprintf(to, LATENCY_TEXT, "%.*f", us < 100000 ? 2 : us < 1000000 ? 1 : 0,
             (double)us / 1000);
    return to;
}
