/* aws/timings.c - what calls took (contract: aws/timings.h). */
#include "aws/timings.h"

#include <stddef.h>
#include <string.h>

#define TIMINGS_LOOK 16                  /* newest ones that share a text    */
#define TIMINGS_TEXTS ((size_t)64 << 10) /* of a tally                       */
#define TIMINGS_NAME 256

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

/* `at` is the place of the text in a timing: attempts that follow each other
 * have few different ones. */
static const char *timings_keep(struct hc_timings *t, size_t at,
                                const char *text)
{
    const char *known;

    if (*text == '\0')
        return "";
    for (size_t i = t->n; i > 0 && t->n - i < TIMINGS_LOOK; i--) {
        memcpy(&known, (const char *)&t->a[i - 1] + at, sizeof known);
        if (strcmp(known, text) == 0)
            return known;
    }
    return hc_arena_str(t->texts, hc_str(text)).p;
}

/* Without memory for its texts a timing has empty ones, and nothing fails. */
static void timings_put(struct hc_timings *t,
                        const struct headcount_timing *timing)
{
    static const unsigned char texts[] = {
        offsetof(struct headcount_timing, operation),
        offsetof(struct headcount_timing, host),
        offsetof(struct headcount_timing, address),
        offsetof(struct headcount_timing, cluster),
        offsetof(struct headcount_timing, region),
    };

    if (!timings_have_room(t))
        return;
    const int err = t->texts->err;
    char *to = (char *)&t->a[t->n];
    const char *text;

    t->a[t->n] = *timing;
    for (size_t i = 0; i < sizeof texts; i++) {
        memcpy(&text, to + texts[i], sizeof text);
        text = timings_keep(t, texts[i], text);
        memcpy(to + texts[i], &text, sizeof text);
    }
    t->n++;
    t->texts->err = err;
}

static void timing_times(struct headcount_timing *to, const struct hc_marks *m)
{
    to->reused = m->reused;
    to->resumed = m->resumed;
    to->start = m->start;
    to->dns_start = m->dns_start;
    to->dns_end = m->dns_end;
    to->connect_start = m->connect_start;
    to->connect_end = m->connect_end;
    to->tls_start = m->tls_start;
    to->tls_end = m->tls_end;
    to->send_start = m->send_start;
    to->send_end = m->send_end;
    to->first_byte = m->first_byte;
    to->end = m->end;
    to->idle = m->idle;
    to->asked = m->asked;
    to->waited = m->waited;
    to->connection = m->connection;
}

static long long timing_us(int64_t from, int64_t to)
{
    return from != 0 && to > from ? to - from : 0;
}

static void timing_log(const struct hc_log *log,
                       const struct headcount_timing *t)
{
    if (!hc_log_wants(log, HEADCOUNT_LOG_DEBUG))
        return;
    hc_log_line(log, HEADCOUNT_LOG_DEBUG,
                "attempt operation=%s host=%s address=%s region=%s cluster=%s "
                "attempt=%d status=%d connection=%llu waited_us=%lld "
                "dns_us=%lld connect_us=%lld tls_us=%lld send_us=%lld "
                "wait_us=%lld receive_us=%lld us=%lld%s",
                t->operation, t->host, t->address, t->region, t->cluster,
                t->attempt, t->status, (unsigned long long)t->connection,
                (long long)t->waited, timing_us(t->dns_start, t->dns_end),
                timing_us(t->connect_start, t->connect_end),
                timing_us(t->tls_start, t->tls_end),
                timing_us(t->send_start, t->send_end),
                timing_us(t->send_end, t->first_byte),
                timing_us(t->first_byte, t->end), timing_us(t->start, t->end),
                t->reused ? " reused" : t->resumed ? " resumed" : "");
}

void hc_timings_note(struct hc_timings *t, const struct hc_timing_note *note)
{
    const struct hc_fetch *fetch = note->fetch;
    char cluster[TIMINGS_NAME];
    char address[HC_ADDR_TEXT] = "";
    struct headcount_timing timing = {
        .operation = note->operation, .host = note->host, .address = address,
        .cluster = cluster,
        .region = note->region != NULL ? note->region : "",
        .attempt = note->attempt, .status = note->status,
    };

    cluster[0] = '\0';
    if (note->cluster.n > 0)
        hc_str_copy(cluster, sizeof cluster, note->cluster);
    if (fetch->addr.family != 0)
        hc_addr_put(address, &fetch->addr);
    hc_pool_waiter_marks(&fetch->waiter);
    timing_times(&timing, &fetch->marks);
    if (timing.end == 0)
        timing.end = hc_now(&fetch->net->sys);
    if (timing.connection == 0 && timing.dns_start == 0)
        timing.waited = timing.end - timing.asked;
    timing_log(&fetch->net->log, &timing);
    if (fetch->net->log.trace != NULL)
        hc_trace(note, &timing);
    timings_put(t, &timing);
}

/* ---- the tally ---- */

void hc_tally_init(struct hc_tally *tally, const struct hc_alloc *alloc)
{
    *tally = (struct hc_tally){
        .timings = { .alloc = alloc, .texts = &tally->texts },
    };
    hc_arena_init(&tally->texts, alloc, TIMINGS_TEXTS);
}

void hc_tally_fini(struct hc_tally *tally)
{
    hc_timings_fini(&tally->timings);
    hc_arena_fini(&tally->texts);
}

void hc_tally_move(struct headcount_stats *stats, struct hc_timings *timings,
                   struct hc_tally *from)
{
    hc_stats_move(stats, &from->stats);
    for (size_t i = 0; i < from->timings.n; i++)
        timings_put(timings, &from->timings.a[i]);
    hc_tally_fini(from);
}
