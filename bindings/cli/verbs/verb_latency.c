/* cli/verbs/verb_latency.c - what keep-alive, TLS resumption and the cache of
 * names are worth against an endpoint: the same call from handles that differ
 * in one of them, in turn.
 *
 *   first calls, one of each handle --> which series there are
 *   --> rounds: a call of each series, spread evenly over the round
 *   --> the report, also after Ctrl-C
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "complain.h"
#include "latency/picture.h"
#include "latency/report.h"
#include "log.h"
#include "replace.h"
#include "request_options.h"
#include "verbs/verbs.h"

#define LOOK_AGAIN 100               /* ms, for a signal                     */

/* The first two are in each run, TLS_RESUMED where there is TLS, and DNS_ANEW
 * where a DNS server was asked. */
enum { KEPT, CLOSED, TLS_RESUMED, DNS_ANEW };

static const struct {
    char name[12], about[72];
    unsigned without;
} kinds[LATENCY_SERIES] = {
    { "keep-alive", "the calls share a connection that stays open", 0 },
    { "closed", "each call has a new connection, with TLS a full handshake",
      VERBS_NO_KEEP_ALIVE | VERBS_NO_RESUMPTION },
    { "TLS resumed", "as closed, but a handshake resumes the session before",
      VERBS_NO_KEEP_ALIVE },
    { "DNS anew", "as closed, but each call asks a DNS server for the name",
      VERBS_NO_KEEP_ALIVE | VERBS_NO_RESUMPTION | VERBS_NO_DNS_CACHE },
};

struct run {
    const struct options *o;
    const char *body;
    size_t body_n;
    headcount *h[LATENCY_SERIES];    /* one for each series                  */
    int64_t start;                   /* monotonic us of the first round      */
    struct latency l;
};

/* ---- one call ---- */

/* A second first call may go over the connection of the one that failed: then
 * it asks no DNS server and has no handshake. */
static void learn(struct latency *l, const struct headcount_outcome *o)
{
    if (o->timings_n == 0)
        return;
    const struct headcount_timing *t = &o->timings[o->timings_n - 1];

    snprintf(l->host, sizeof l->host, "%s", t->host);
    snprintf(l->address, sizeof l->address, "%s", t->address);
    l->tls |= t->tls_start != 0;
    l->dns |= t->dns_end > t->dns_start;
}

/* 0 if it succeeded, else the exit code; a call that a signal ended is none. */
static int call_once(struct run *r, size_t of, bool first)
{
    struct headcount_call call = {
        .size = sizeof call, .service = r->l.service,
        .operation = r->l.operation, .body = r->body, .body_size = r->body_n,
    };
    struct headcount_error error;
    headcount_op *op = NULL;

    request_options_call(&call, r->o);
    int64_t at = hc_clock_monotonic() - r->start;
    int code = headcount_begin_call(r->h[of], &op, &call, &error);

    if (code != 0) {
        complain("%s", error.what);
        return verbs_exit_code(code);
    }
    r->l.interrupted = verbs_run(op, NULL);
    const struct headcount_outcome *outcome = headcount_outcome(op);

    code = EXIT_INTERRUPTED;
    if (outcome && !r->l.interrupted) {
        code = verbs_exit_code(outcome->code);
        latency_add(&r->l.series[of], first ? 0 : at, first, outcome);
        if (first && of == KEPT)
            learn(&r->l, outcome);
    }
    headcount_op_free(op);
    return code;
}

static int open_series(struct run *r, size_t kind)
{
    const size_t of = r->l.series_n++;
    struct latency_series *s = &r->l.series[of];

    s->name = kinds[kind].name;
    s->about = kinds[kind].about;
    if (latency_series_init(s, r->l.calls))
        return verbs_open_without(&r->h[of], r->o, kinds[kind].without |
                                                       VERBS_NO_RETRY);
    complain("out of memory");
    return EXIT_OTHER;
}

/* A second time where the call fails: the answer may have been that our clock
 * is wrong. */
static int first_call(struct run *r, size_t of)
{
    int code = call_once(r, of, true);

    return code == 0 || r->l.interrupted ? code : call_once(r, of, true);
}

/* A host that does not answer the very first call has nothing to measure. */
static int begin_all(struct run *r)
{
    int code = open_series(r, KEPT);

    if (code == 0)
        code = first_call(r, KEPT);
    if (*r->l.series[KEPT].why != '\0' && code != 0 && !r->l.interrupted)
        complain("nothing was measured, for the first call failed: %s",
                 r->l.series[KEPT].why);
    for (size_t kind = CLOSED; code == 0 && kind < LATENCY_SERIES; kind++) {
        if ((kind == TLS_RESUMED && !r->l.tls) ||
            (kind == DNS_ANEW && !r->l.dns))
            continue;
        code = open_series(r, kind);     /* may fail: a file is gone by now */
        if (code == 0)
            first_call(r, r->l.series_n - 1);   /* the rounds show failures */
        if (r->l.interrupted)
            code = EXIT_INTERRUPTED;
    }
    return code;
}

/* ---- rounds ---- */

static void wait_until(int64_t when)
{
    int64_t left = 1;

    while (!verbs_interrupted() && (left = when - hc_clock_monotonic()) > 0) {
        log_turn();
        left = hc_time_min(left / HC_MS + 1, LOOK_AGAIN);
        poll(NULL, 0, (int)left);
    }
}

/* A person at a terminal waits for half a minute. */
static void draw(const struct run *r, size_t round)
{
    char text[80] = "";

    if (r->o->debug || !isatty(STDERR_FILENO))
        return;
    if (round < r->l.calls)
        snprintf(text, sizeof text, "%zu of %zu calls of each series",
                 round, r->l.calls);
    log_draw(text);
}

static int run_rounds(struct run *r)
{
    const size_t n = r->l.series_n;
    const double pause = 1e6 / r->l.rate / (double)n;
    int code = 0;

    r->start = hc_clock_monotonic();
    r->l.begun = hc_clock_wall();
    for (size_t i = 0; i < r->l.calls * n && !r->l.interrupted; i++) {
        if (i % n == 0)
            draw(r, i / n);
        wait_until(r->start + (int64_t)(pause * (double)i));
        r->l.interrupted = verbs_interrupted();
        if (!r->l.interrupted && call_once(r, i % n, false) != 0)
            code = EXIT_TARGET_FAILED;
    }
    draw(r, r->l.calls);
    return r->l.interrupted ? EXIT_INTERRUPTED : code;
}

/* ---- what is printed ---- */

static int write_svg(const struct run *r)
{
    char *text = NULL, why[REPLACE_WHY] = "out of memory for the picture";
    size_t n = 0;
    FILE *out = open_memstream(&text, &n);
    bool done = false;

    if (out) {
        picture_file(out, &r->l);
        done = fclose(out) == 0 && replace_file(r->o->svg, text, n, why);
    }
    if (!done)
        complain("%s", why);
    free(text);
    return done ? 0 : EXIT_OTHER;
}

static int measure(struct run *r)
{
    int code = begin_all(r);

    if (code == 0) {
        code = run_rounds(r);
        for (size_t i = 0; i < r->l.series_n; i++)
            headcount_stats(r->h[i], &r->l.series[i].stats);
        if (r->o->json)
            report_json(stdout, &r->l);
        else
            report_put(stdout, &r->l, r->o->html);
        if (r->o->svg && write_svg(r) != 0 && code == 0)
            code = EXIT_OTHER;
    }
    for (size_t i = 0; i < r->l.series_n; i++) {
        headcount_free(r->h[i]);
        latency_series_fini(&r->l.series[i]);
    }
    return code;
}

/* ---- what is asked for ---- */

int verb_latency(const struct options *o)
{
    struct run r = { .o = o, .body = "{\"maxResults\":1}",
                     .l = { .service = "ecs", .operation = "ListClusters",
                            .calls = (size_t)o->calls_n, .rate = o->rounds } };
    char *owned = NULL, why[REPLACE_WHY];
    int code = EXIT_USAGE;

    if (o->args.n > 1) {
        r.l.service = o->args.item[0];
        r.l.operation = o->args.item[1];
        r.body = o->args.item[2];            /* NULL where it is not given */
    }
    if (o->args.n == 1 || o->args.n > 3)
        complain("latency takes SERVICE OPERATION [JSON|-|@FILE], or nothing");
    else if (!headcount_only_reads(r.l.operation) && !o->yes)
        complain("%s may write, and is called many times: --yes allows it",
                 r.l.operation);
    else if (o->svg && !replace_try(o->svg, why))
        complain("%s", why);
    else
        code = verbs_read_body(&r.body, &r.body_n, &owned);
    if (code == 0)
        code = measure(&r);
    free(owned);
    return code;
}
