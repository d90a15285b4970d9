/* aws/timings.c - what calls took (contract: aws/timings.h). */
#include "aws/timings.h"

void hc_timings_fini(struct hc_timings *t)
{
    if (t->alloc != NULL)
        hc_free(t->alloc, t->a, t->cap * sizeof *t->a);
    t->a = NULL;
    t->n = t->cap = 0;
}

static bool timings_have_room(struct hc_timings *t)
{
    return t != NULL && hc_grow(t->alloc, &t->a, &t->cap, t->n + 1,
                                HC_TIMINGS_MAX, sizeof *t->a) == 0;
}

void hc_timings_note(struct hc_timings *t, struct hc_timing *timing,
                     const struct hc_fetch *fetch, const char *host)
{
    if (!timings_have_room(t))
        return;
    hc_pool_waiter_marks(&fetch->waiter);
    timing->marks = fetch->marks;
    hc_str_copy(timing->host, sizeof timing->host, hc_str(host));
    if (fetch->addr.family != 0)
        hc_addr_put(timing->address, &fetch->addr);
    if (timing->marks.end == 0)
        timing->marks.end = hc_now(&fetch->net->sys);
    if (timing->marks.connection == 0 && timing->marks.dns_start == 0)
        timing->marks.waited = timing->marks.end - timing->marks.asked;
    t->a[t->n++] = *timing;
}

void hc_tally_move(struct headcount_stats *stats, struct hc_timings *timings,
                   struct hc_tally *from)
{
    struct hc_timings *t = &from->timings;

    hc_stats_move(stats, &from->stats);
    for (size_t i = 0; i < t->n && timings_have_room(timings); i++)
        timings->a[timings->n++] = t->a[i];
    hc_timings_fini(t);
}
