/* cli/latency/report.c - see report.h.  Text, page and JSON have the same
 * tables. */
#include "latency/report.h"

#include <string.h>

#include "base/clock.h"
#include "json_text.h"
#include "latency/picture.h"
#include "page/page.h"
#include "plain.h"

/* ---- tables ---- */

#define COLUMNS 9

enum { TIMES, COUNTS, SHARES, TABLES };

static const char captions[TABLES][72] = {
    "Milliseconds of the calls that succeeded; spread is p99 - p50",
    "What all calls cost, with the first one, which has no other number",
    "Share of each phase in these milliseconds, in percent",
};
/* Names of members in JSON, too. */
static const char heads[TABLES][COLUMNS][12] = {
    { "series", "calls", "failed", "min", "p50", "p90", "p99", "max",
      "spread" },
    { "series", "first", "connections", "handshakes", "resumed", "lookups" },
    { "series", "dns", "connect", "tls", "send", "wait", "receive", "other" },
};

static const char *cell_of(char to[LATENCY_TEXT],
                           const struct latency_series *s, int table,
                           size_t column)
{
    static const unsigned char percentiles[] = { 0, 50, 90, 99, 100, 99 };
    uint64_t count = 0;
    int64_t us = s->calls[0].us;

    if (column == 0)
        return s->name;
    if (table == SHARES) {
        snprintf(to, LATENCY_TEXT, "%.1f", s->total == 0 ? 0
                 : 100 * (double)s->phase[column - 1] / (double)s->total);
        return to;
    }
    if (table == TIMES && column > 2) {
        us = latency_percentile(s, percentiles[column - 3]);
        if (column == COLUMNS - 1 && us >= 0)
            us -= latency_percentile(s, 50);
        return latency_ms(to, us);
    }
    switch (column + (size_t)2 * (unsigned)table) {
    case 1: count = s->n;                              break;
    case 2: count = s->failed;                         break;
    case 3: return latency_ms(to, us);
    case 4: count = s->stats.connections_opened;       break;
    case 5: count = s->stats.tls_handshakes;           break;
    case 6: count = s->stats.tls_resumed;              break;
    case 7: count = s->stats.dns_lookups;              break;
    default:                                           break;
    }
    snprintf(to, LATENCY_TEXT, "%u", (unsigned)count);
    return to;
}

/* The row of a series, or the heads; their number. */
static size_t take_row(struct page_cell cells[COLUMNS],
                       char texts[COLUMNS][LATENCY_TEXT],
                       const struct latency_series *s, int table)
{
    size_t n = 0;

    for (; n < COLUMNS && heads[table][n][0] != '\0'; n++)
        cells[n] = (struct page_cell){
            .text = s ? cell_of(texts[n], s, table, n) : heads[table][n],
            .class = n > 0 ? "n" : NULL,
        };
    return n;
}

static void put_table(FILE *out, const struct latency *l, int table, bool html)
{
    struct page_cell row[COLUMNS], head[COLUMNS];
    char texts[COLUMNS][LATENCY_TEXT];
    size_t n = take_row(head, texts, NULL, table);

    if (html)
        page_table(out, captions[table], head, n);
    else
        fprintf(out, "\n%s\n", captions[table]);
    for (size_t i = html; i <= l->series_n; i++) {
        take_row(row, texts, i > 0 ? &l->series[i - 1] : NULL, table);
        if (html) {
            page_row(out, head, row, n);
            continue;
        }
        for (size_t k = 0; k < n; k++) {
            int width = (int)strlen(head[k].text) + 2;

            fprintf(out, "%*s", k == 0 ? -12 : width < 8 ? 8 : width,
                    row[k].text);
        }
        fputc('\n', out);
    }
    if (html)
        page_table_end(out);
}

/* ---- text, or a page ---- */

#define BAR "##########"
#define BAR_N (sizeof BAR - 1)

static void put_histogram(FILE *out, const struct latency *l)
{
    struct latency_bins bins;

    latency_bins(l, &bins);
    fputc('\n', out);
    if (bins.most == 0)                          /* no call succeeded */
        return;
    fprintf(out, "%-15s", "ms");
    for (size_t i = 0; i < l->series_n; i++)
        fprintf(out, " %-15s", l->series[i].name);
    for (unsigned i = 0; i < bins.scale.steps * 2; i++) {
        const double bin = (double)bins.scale.step / 2e3;

        fprintf(out, "\n%6g - %-6g", bin * i, bin * (i + 1));
        for (size_t k = 0; k < l->series_n; k++) {
            unsigned n = bins.count[k][i];
            int bar = (int)((n * BAR_N + bins.most - 1) / bins.most);

            if (n > 0)
                fprintf(out, " %.*s %-*u", bar, BAR, 14 - bar, n);
            else
                fprintf(out, "%16s", "");
        }
    }
    fputs("\n\n", out);
}

static void say(FILE *out, bool html, const char *class, const char *text)
{
    if (html) {
        page_paragraph(out, class, text);
    } else {
        plain_put(out, text, strlen(text));
        fputc('\n', out);
    }
}

void report_put(FILE *out, const struct latency *l, bool html)
{
    char text[800], begun[HC_RFC3339 + 1];

    hc_time_rfc3339(begun, l->begun);
    snprintf(text, sizeof text, "%s %s at %s (%s): %zu call%s of each series, "
             "%g a second, from %.19sZ on.", l->service, l->operation,
             l->host, l->address, l->calls, l->calls == 1 ? "" : "s", l->rate,
             begun);
    if (html)
        page_begin(out, "headcount latency", picture_style, 45);
    say(out, html, NULL, text);
    if (l->interrupted)
        say(out, html, "warn", "The run was interrupted.");
    if (!l->tls)
        say(out, html, "dim", "Without TLS nothing is resumed.");
    if (!l->dns)
        say(out, html, "dim", "No DNS server was asked for this host.");
    if (html) {
        fputs("<div class=\"f\">\n", out);
        picture_panels(out, l);
        fputs("</div>\n", out);
    }
    for (int table = 0; table < TABLES; table++)
        put_table(out, l, table, html);
    if (!html)
        put_histogram(out, l);
    for (size_t i = 0; i < l->series_n; i++) {
        const struct latency_series *s = &l->series[i];

        snprintf(text, sizeof text, "%s: %s.", s->name, s->about);
        say(out, html, "dim", text);
        if (*s->why == '\0')
            continue;
        snprintf(text, sizeof text, "%s: the last failure: %s", s->name,
                 s->why);
        say(out, html, "bad", text);
    }
    if (html)
        page_end(out);
}

/* ---- JSON ---- */

static void json_call(FILE *out, const struct latency_call *c)
{
    fprintf(out, "{\"at_us\":%lld,\"us\":%lld", (long long)c->at,
            (long long)c->us);
    for (size_t i = 0; i < LATENCY_PHASES; i++)
        fprintf(out, ",\"%s\":%lld", latency_phases[i],
                (long long)c->phase[i]);
    fprintf(out, ",\"reused\":%s,\"resumed\":%s,\"status\":%d,",
            c->reused ? "true" : "false", c->resumed ? "true" : "false",
            c->status);
    json_text_member(out, "error", c->error);
    fputc('}', out);
}

static void json_series(FILE *out, const struct latency_series *s)
{
    struct page_cell cells[COLUMNS];
    char texts[COLUMNS][LATENCY_TEXT];

    fprintf(out, "{\"series\":\"%s\",", s->name);
    for (int table = 0; table < TABLES; table++) {
        size_t n = take_row(cells, texts, s, table);

        for (size_t i = 1; i < n; i++)
            fprintf(out, "\"%s\":%s,", heads[table][i],
                    strcmp(cells[i].text, "-") == 0 ? "null" : cells[i].text);
    }
    json_text_member(out, "last_failure", s->why);
    fputs(",\"samples\":[", out);
    for (size_t i = 0; i <= s->n; i++) {
        fputs(i > 0 ? ",\n" : "\n", out);
        json_call(out, &s->calls[i]);
    }
    fputs("]}", out);
}

void report_json(FILE *out, const struct latency *l)
{
    char begun[HC_RFC3339 + 1];

    hc_time_rfc3339(begun, l->begun);
    fprintf(out, "{\"format_version\":\"1.0\",\"begun\":\"%s\",\"calls\":%zu,"
            "\"rate\":%g,\"interrupted\":%s,", begun, l->calls, l->rate,
            l->interrupted ? "true" : "false");
    json_text_member(out, "service", l->service);
    fputc(',', out);
    json_text_member(out, "operation", l->operation);
    fputc(',', out);
    json_text_member(out, "host", l->host);
    fputc(',', out);
    json_text_member(out, "address", l->address);
    for (size_t i = 0; i < l->series_n; i++) {
        fputs(i > 0 ? ",\n" : ",\"series\":[\n", out);
        json_series(out, &l->series[i]);
    }
    fputs("]}\n", out);
}
