/* cli/trace.c - see trace.h. */
#include "trace.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "complain.h"
#include "json_text.h"
#include "phases.h"
#include "replace.h"

#define NOT_APPLICABLE (-1)

/* ---- parts of an entry ---- */

/* Microseconds as milliseconds; HAR's -1 stays one. */
static void put_ms(FILE *out, const char *name, int64_t us)
{
    if (us < 0)
        fprintf(out, "\"%s\":-1", name);
    else
        fprintf(out, "\"%s\":%" PRId64 ".%03d", name, us / 1000,
                (int)(us % 1000));
}

static void put_time(FILE *out, int64_t wall)
{
    char text[HC_RFC3339 + 1];

    hc_time_rfc3339(text, wall);
    fprintf(out, "{\"startedDateTime\":\"%.19s.%06dZ\"", text,
            (int)(wall % HC_SECOND));
}

static void put_headers(FILE *out, const struct headcount_header *h, size_t n)
{
    fputs(",\"cookies\":[],\"headers\":[", out);
    for (size_t i = 0; i < n; i++) {
        fputs(i > 0 ? ",{" : "{", out);
        json_text_member(out, "name", h[i].name);
        fputc(',', out);
        json_text_member(out, "value", h[i].value);
        fputc('}', out);
    }
    fputc(']', out);
}

static void put_request(FILE *out, const struct headcount_trace *a)
{
    fputs(",\"request\":{", out);
    json_text_member(out, "method", a->method);
    fputc(',', out);
    json_text_member(out, "url", a->url);
    fputs(",\"httpVersion\":\"HTTP/1.1\"", out);
    put_headers(out, a->request_headers, a->request_headers_n);
    fprintf(out, ",\"queryString\":[],\"headersSize\":%" PRId64
            ",\"bodySize\":%" PRId64 "}", a->request_head, a->request_body);
}

static const char *type_of(const struct headcount_trace *a)
{
    for (size_t i = 0; i < a->headers_n; i++)
        if (strcasecmp(a->headers[i].name, "content-type") == 0)
            return a->headers[i].value;
    return "";
}

static void put_response(FILE *out, const struct headcount_trace *a)
{
    fprintf(out, ",\"response\":{\"status\":%d,\"statusText\":\"\","
            "\"httpVersion\":\"HTTP/1.1\"", a->timing->status);
    put_headers(out, a->headers, a->headers_n);
    fprintf(out, ",\"content\":{\"size\":%" PRId64 ",", a->body);
    json_text_member(out, "mimeType", type_of(a));
    fprintf(out, "},\"redirectURL\":\"\",\"headersSize\":-1,\"bodySize\":%"
            PRId64 "}", a->body);
}

/* ---- its times ---- */

static int64_t length_of(struct phase_span span, int64_t none)
{
    return span.from != 0 ? span.to - span.from : none;
}

struct har_times {
    int64_t dns, connect, ssl, send, wait, receive, blocked, total;
};

/* HAR's `connect` has `ssl` in it, and what is in no other phase is `blocked`:
 * the line, and steps of this program between two phases. */
static struct har_times times_of(const struct headcount_timing *t)
{
    struct phase_span p[PHASES];

    phases_get(p, t);
    struct har_times h = {
        .dns = length_of(p[PHASE_DNS], NOT_APPLICABLE),
        .connect = length_of(p[PHASE_CONNECT], NOT_APPLICABLE),
        .ssl = length_of(p[PHASE_TLS], NOT_APPLICABLE),
        .send = length_of(p[PHASE_SEND], 0),
        .wait = length_of(p[PHASE_WAIT], 0),
        .receive = length_of(p[PHASE_RECEIVE], 0),
        .total = t->end - t->start,
    };

    if (h.ssl > 0)
        h.connect = (h.connect > 0 ? h.connect : 0) + h.ssl;
    h.blocked = h.total - (h.dns > 0 ? h.dns : 0) -
                (h.connect > 0 ? h.connect : 0) - h.send - h.wait - h.receive;
    if (h.blocked < 0) {
        h.total -= h.blocked;
        h.blocked = 0;
    }
    return h;
}

static void put_times(FILE *out, const struct har_times *h)
{
    fputs(",\"cache\":{},\"timings\":{", out);
    put_ms(out, "blocked", h->blocked);
    fputc(',', out);
    put_ms(out, "dns", h->dns);
    fputc(',', out);
    put_ms(out, "connect", h->connect);
    fputc(',', out);
    put_ms(out, "send", h->send);
    fputc(',', out);
    put_ms(out, "wait", h->wait);
    fputc(',', out);
    put_ms(out, "receive", h->receive);
    fputc(',', out);
    put_ms(out, "ssl", h->ssl);
    fputc('}', out);
}

/* ---- an entry ---- */

/* `,"name":"text"`, if there is a text. */
static void put_text(FILE *out, const char *name, const char *text)
{
    if (*text == '\0')
        return;
    fputc(',', out);
    json_text_member(out, name, text);
}

void trace_put_entry(FILE *out, const struct headcount_trace *attempt,
                     int64_t wall, int64_t first)
{
    const struct headcount_timing *t = attempt->timing;
    const struct har_times times = times_of(t);
    char address[48];

    put_time(out, wall);
    fputc(',', out);
    put_ms(out, "time", times.total);
    put_request(out, attempt);
    put_response(out, attempt);
    put_times(out, &times);
    snprintf(address, sizeof address, "%s", t->address);
    address[strcspn(address, "%")] = '\0';      /* HAR knows no interface */
    put_text(out, "serverIPAddress", address);
    if (t->connection != 0)
        fprintf(out, attempt->opened == first
                         ? ",\"connection\":\"%" PRIu64 "\""
                         : ",\"connection\":\"%" PRIu64 "@%" PRId64 "\"",
                t->connection, attempt->opened - first);
    put_text(out, "_operation", t->operation);
    fprintf(out, ",\"_attempt\":%d,", t->attempt);
    put_ms(out, "_waited", t->waited);
    fprintf(out, ",\"_reused\":%s,\"_resumed\":%s",
            t->reused ? "true" : "false", t->resumed ? "true" : "false");
    put_text(out, "_cluster", t->cluster);
    put_text(out, "_region", t->region);
    put_text(out, "_error", attempt->code != 0
                                ? headcount_code_name(attempt->code) : "");
    fputc('}', out);
}

/* ---- all of them ---- */

/* A place for one more: that of the oldest, where all are used. */
static struct trace_entry *place_for(struct trace *t)
{
    struct trace_entry *more;

    if (t->n == TRACE_MOST) {
        struct trace_entry *oldest = &t->entries[t->seen % TRACE_MOST];

        free(oldest->text);
        oldest->text = NULL;
        return oldest;
    }
    if (t->n == t->cap) {
        size_t cap = t->cap > 0 ? 2 * t->cap : 16;

        more = realloc(t->entries, cap * sizeof *more);
        if (!more)
            return NULL;
        t->entries = more;
        t->cap = cap;
    }
    return &t->entries[t->n++];
}

/* The same difference of the clocks for all entries, so that they are dated in
 * their order; another one after the clock was set. */
static int64_t wall_of(struct trace *t, int64_t when)
{
    int64_t epoch = hc_clock_wall() - hc_clock_monotonic();

    if (epoch - t->epoch > HC_SECOND || t->epoch - epoch > HC_SECOND)
        t->epoch = epoch;
    return t->epoch + when;
}

/* NULL: no memory, or longer than an entry may be. */
static char *text_of(const struct trace *t, const struct headcount_trace *a,
                     int64_t wall)
{
    char *text = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&text, &n);

    if (!out)
        return NULL;
    trace_put_entry(out, a, wall, t->first);
    if (fclose(out) == 0 && n <= TRACE_ENTRY)
        return text;
    free(text);
    return NULL;
}

void trace_note(void *ud, const struct headcount_trace *attempt)
{
    struct trace *t = ud;
    struct headcount_trace a = *attempt;
    int64_t wall = wall_of(t, a.timing->start);

    if (t->seen == 0)
        t->first = a.opened;
    char *text = text_of(t, &a, wall);

    a.headers_n = a.request_headers_n = 0;
    if (!text)
        text = text_of(t, &a, wall);
    struct trace_entry *to = text ? place_for(t) : NULL;

    if (!to) {
        free(text);
        return;
    }
    *to = (struct trace_entry){ attempt->timing->start, t->seen++, text };
}

static int by_start(const void *a, const void *b)
{
    const struct trace_entry *one = a, *two = b;

    if (one->start != two->start)
        return one->start < two->start ? -1 : 1;
    return one->number < two->number ? -1 : one->number > two->number;
}

void trace_put(FILE *out, struct trace *t)
{
    fprintf(out, "{\"log\":{\"version\":\"1.2\",\"creator\":{\"name\":"
            "\"headcount\",\"version\":\"%s\"},", headcount_version());
    if (t->seen > t->n)
        fprintf(out, "\"comment\":\"the newest %zu of %" PRIu64
                " attempts\",", t->n, t->seen);
    fputs("\"entries\":[", out);
    if (t->n > 0)
        qsort(t->entries, t->n, sizeof *t->entries, by_start);
    for (size_t i = 0; i < t->n; i++)
        fprintf(out, "%s\n%s", i > 0 ? "," : "", t->entries[i].text);
    fputs("\n]}}\n", out);
}

/* ---- the file ---- */

bool trace_try(const struct trace *t)
{
    char why[REPLACE_WHY];

    if (!t->path || replace_try(t->path, why))
        return true;
    complain("--trace: %s", why);
    return false;
}

bool trace_end(struct trace *t)
{
    char why[REPLACE_WHY] = "out of memory for the trace";
    char *text = NULL;
    size_t n = 0;
    FILE *out = t->path ? open_memstream(&text, &n) : NULL;
    bool good = !t->path;

    if (out) {
        trace_put(out, t);
        good = fclose(out) == 0 && replace_private(t->path, text, n, why);
    }
    if (!good)
        complain("--trace: %s", why);
    free(text);
    for (size_t i = 0; i < t->n; i++)
        free(t->entries[i].text);
    free(t->entries);
    *t = (struct trace){ .path = NULL };
    return good;
}
