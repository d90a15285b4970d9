/* cli/waterfall.c - see waterfall.h.
 *
 *   DescribeServices  prod eu-west-1  |ddcctttsww  |     5.12 ms 200 #1 new
 *   UpdateService     prod eu-west-1  |         sww|     4.02 ms 200 #1 reused
 *   d dns 1.00  c connect 0.90  t tls 1.50  s send 0.10  w wait 5.64
 *   2 calls, 1 connection, 1 reused, 1 lookup, 1 handshake, 9.14 ms
 */
#include "waterfall.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "log.h"
#include "phases.h"
#include "plain.h"
#include "render.h"

#define NAME_LEAST ((size_t)16)
#define NAME_MOST ((size_t)80)
#define PLACE_MOST ((size_t)330)
#define BAR_LEAST ((size_t)10)
#define BAR ((size_t)40)
#define BAR_MOST ((size_t)200)
#define TAIL ((size_t)34)               /* all but names, place and bar */

static const char marks[] = ".dctswr";  /* of each phase */

struct waterfall {
    FILE *out;
    const struct headcount_timing **rows;       /* in the order of start */
    size_t n;
    int64_t first, last;
    size_t columns, name, place, bar;
    bool places;                        /* rows name cluster and region */
    int64_t sum[PHASES];
};

static double in_ms(int64_t us)
{
    return (double)us / 1000.0;
}

static void name_of(char to[static NAME_MOST], const struct headcount_timing *t)
{
    if (t->attempt > 1)
        snprintf(to, NAME_MOST, "%s (%d)", t->operation, t->attempt);
    else
        snprintf(to, NAME_MOST, "%s", t->operation);
}

static void place_of(char to[static PLACE_MOST], const struct waterfall *w,
                     const struct headcount_timing *t)
{
    *to = '\0';
    if (w->places)
        snprintf(to, PLACE_MOST, "%s%s%s", t->cluster,
                 *t->cluster != '\0' && *t->region != '\0' ? " " : "",
                 t->region);
}

/* ---- what is shown, and where ---- */

static int by_start(const void *a, const void *b)
{
    const struct headcount_timing *one =
        *(const struct headcount_timing *const *)a;
    const struct headcount_timing *two =
        *(const struct headcount_timing *const *)b;

    if (one->start != two->start)
        return one->start < two->start ? -1 : 1;
    return one < two ? -1 : one > two;
}

static size_t longest(size_t before, const char *text)
{
    size_t n = strlen(text);

    return n > before ? n : before;
}

static void look(struct waterfall *w)
{
    char name[NAME_MOST], place[PLACE_MOST];

    for (size_t i = 0; i < w->n; i++) {
        const struct headcount_timing *t = w->rows[i];

        if (i == 0 || t->end > w->last)
            w->last = t->end;
        w->places |= strcmp(t->region, w->rows[0]->region) != 0 ||
                     strcmp(t->cluster, w->rows[0]->cluster) != 0;
    }
    for (size_t i = 0; i < w->n; i++) {
        name_of(name, w->rows[i]);
        place_of(place, w, w->rows[i]);
        w->name = longest(w->name, name);
        w->place = longest(w->place, place);
    }
    w->first = w->rows[0]->start;
}

/* Where the columns are few the bar gets shorter, then the names, then the
 * places. */
static void fit(struct waterfall *w)
{
    size_t rest = w->columns > TAIL ? w->columns - TAIL : 0;
    size_t names = w->name + w->place;

    w->bar = BAR;
    if (w->columns == 0)
        return;
    w->bar = rest > names + BAR_LEAST ? rest - names : BAR_LEAST;
    if (w->bar > BAR_MOST)
        w->bar = BAR_MOST;
    rest = rest > w->bar ? rest - w->bar : 0;
    if (names > rest && w->name > NAME_LEAST)
        w->name = rest > w->place + NAME_LEAST ? rest - w->place : NAME_LEAST;
    if (w->name + w->place > rest)
        w->place = rest > w->name ? rest - w->name : 0;
}

/* ---- a row ---- */

/* `n` columns: the end of a place says more than its front. */
static void put_column(FILE *out, const char *text, size_t n, bool keeps_end)
{
    size_t all = strlen(text);

    if (all > n) {
        size_t shown = n > 0 ? n - 1 : 0;

        if (keeps_end && n > 0)
            fputc('~', out);
        plain_put(out, keeps_end ? text + all - shown : text, shown);
        if (!keeps_end && n > 0)
            fputc('~', out);
        return;
    }
    plain_put(out, text, all);
    fprintf(out, "%*s", (int)(n - all), "");
}

static size_t bar_at(const struct waterfall *w, int64_t when)
{
    if (w->last <= w->first || when <= w->first)
        return 0;
    return (size_t)((when - w->first) * (int64_t)w->bar / (w->last - w->first));
}

static void put_bar(struct waterfall *w,
                    const struct phase_span phases[static PHASES])
{
    char bar[BAR_MOST + 1];

    memset(bar, ' ', w->bar);
    for (size_t i = 0; i < PHASES; i++) {
        if (phases[i].from == 0)
            continue;
        w->sum[i] += phases[i].to - phases[i].from;
        for (size_t k = bar_at(w, phases[i].from);
             k <= bar_at(w, phases[i].to) && k < w->bar; k++)
            bar[k] = marks[i];
    }
    fprintf(w->out, "|%.*s|", (int)w->bar, bar);
}

static void put_details(FILE *out, const struct headcount_timing *t,
                        const struct phase_span phases[static PHASES])
{
    fputs(" (ms:", out);
    for (int i = 0; i < PHASES; i++)
        if (phases[i].from != 0)
            fprintf(out, " %s %.2f", phase_name((enum phase)i),
                    in_ms(phases[i].to - phases[i].from));
    if (t->reused)
        fprintf(out, ", idle before %.2f", in_ms(t->idle));
    fputc(')', out);
}

static void put_row(struct waterfall *w, const struct headcount_timing *t)
{
    const char *how = t->connection == 0 ? "none" : t->reused ? "reused"
                      : t->resumed ? "resumed" : "new";
    struct phase_span phases[PHASES];
    char name[NAME_MOST], place[PLACE_MOST];

    name_of(name, t);
    place_of(place, w, t);
    put_column(w->out, name, w->name, false);
    fputc(' ', w->out);
    if (w->place > 0) {
        put_column(w->out, place, w->place, true);
        fputc(' ', w->out);
    }
    phases_get(phases, t);
    put_bar(w, phases);
    fprintf(w->out, " %9.2f ms %3d #%" PRIu64 " %s", in_ms(t->end - t->start),
            t->status, t->connection, how);
    if (w->columns == 0)
        put_details(w->out, t, phases);
    fputc('\n', w->out);
}

/* ---- below the rows ---- */

/* The phases that took time, and the letter of each. */
static void put_sums(const struct waterfall *w)
{
    size_t column = 0;
    char text[48];

    for (int i = 0; i < PHASES; i++) {
        if (w->sum[i] == 0)
            continue;
        size_t n = (size_t)snprintf(text, sizeof text, "%c %s %.2f ms",
                                    marks[i], phase_name((enum phase)i),
                                    in_ms(w->sum[i]));

        if (w->columns > 0 && column > 0 && column + 2 + n > w->columns) {
            fputc('\n', w->out);
            column = 0;
        }
        fprintf(w->out, "%s%s", column > 0 ? "  " : "", text);
        column += n + 2;
    }
    if (column > 0)
        fputc('\n', w->out);
}

void waterfall_put(FILE *out, const struct headcount_outcome *outcome,
                   bool places, size_t columns)
{
    struct waterfall w = {
        .out = out, .columns = columns, .places = places,
        .rows = calloc(outcome->timings_n + 1, sizeof *w.rows),
    };

    for (size_t i = 0; w.rows && i < outcome->timings_n; i++)
        w.rows[w.n++] = &outcome->timings[i];
    if (w.n > 0) {
        qsort(w.rows, w.n, sizeof *w.rows, by_start);
        look(&w);
        fit(&w);
    }
    for (size_t i = 0; i < w.n; i++)
        put_row(&w, w.rows[i]);
    put_sums(&w);
    render_stats(out, outcome);
    free(w.rows);
}

void waterfall_log(const struct headcount_outcome *outcome, bool places)
{
    struct winsize size = { .ws_col = 0 };
    struct log_page page;
    FILE *out = log_page_open(&page);

    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0)
        size.ws_col = 0;
    fflush(stdout);
    if (out)
        waterfall_put(out, outcome, places, size.ws_col);
    log_page_close(&page, out);
}
