/* cli/page/plan_page.c - see plan_page.h. */
#include "page/plan_page.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "complain.h"
#include "page/page.h"
#include "placement.h"
#include "render.h"

/* ---- tables ---- */

#define CELLS 11

/* The heads of columns; "n ", "t " or "r " before it is its class. */
static const char services[] =
    "t cluster\0t service\0outcome\0n before\0n after\0hosts\0t why\0";
static const char hosts[] = "t host\0answer\0t why\0";
static const char calls[] =
    "call\0t cluster\0r region\0status\0n waited\0n DNS\0n connect\0n TLS\0"
    "n send\0n answer\0n all\0";

/* A table, and the cells of its next row, printed one after the other.  '\0'
 * ends each cell but the last.  They are text: page_row escapes them. */
struct table {
    FILE *page, *out;
    struct page_cell heads[CELLS];
    size_t n, text_n;
    char *text;
};

/* False: there is no memory for it. */
static bool table_open(struct table *t, FILE *page, const char *heads)
{
    t->page = page;
    t->out = open_memstream(&t->text, &t->text_n);
    if (!t->out)
        complain("out of memory: the page is not whole");
    for (t->n = 0; *heads != '\0'; t->n++) {
        struct page_cell *head = &t->heads[t->n];

        head->class = heads[1] != ' ' ? NULL : *heads == 'n' ? "n"
                      : *heads == 't' ? "t" : "r";
        heads += head->class ? 2 : 0;
        head->text = heads;
        heads += strlen(heads) + 1;
    }
    return t->out != NULL;
}

static void table_begin(struct table *t, const char *caption)
{
    page_table(t->page, caption, t->heads, t->n);
}

static void table_close(struct table *t)
{
    fclose(t->out);
    free(t->text);
}

/* `class` is that of the third cell. */
static void row_end(struct table *t, const char *class)
{
    struct page_cell cells[CELLS] = { { NULL, NULL } };

    fputc('\0', t->out);
    if (fflush(t->out) != 0) {
        complain("out of memory: the page is not whole");
        return;
    }
    const char *at = t->text;

    for (size_t i = 0; i < t->n; i++) {
        cells[i].text = at;
        at += strlen(at) + 1;
    }
    cells[2].class = class;
    page_row(t->page, t->heads, cells, t->n);
    rewind(t->out);
}

/* ---- services ---- */

static void put_count(FILE *out, int64_t count)
{
    if (count != HEADCOUNT_UNKNOWN)
        fprintf(out, "%" PRId64, count);
}

/* A count that is held stays what it was; what became of one whose write
 * failed is not known. */
static void put_after(FILE *out, const struct headcount_service *s)
{
    bool changes = s->outcome == HEADCOUNT_PENDING ||
                   s->outcome == HEADCOUNT_UPDATED;

    if (s->outcome != HEADCOUNT_FAILED)
        put_count(out, changes ? s->wanted : s->desired_before);
    if (s->outcome == HEADCOUNT_HELD && s->wanted != HEADCOUNT_UNKNOWN &&
        s->wanted != s->desired_before)
        fprintf(out, ", not %" PRId64, s->wanted);
}

static void put_service(struct table *t, const struct headcount_cluster *c,
                        const struct headcount_service *s, bool where)
{
    static const char classes[][5] = {
        [HEADCOUNT_UPDATED] = "good", [HEADCOUNT_PENDING] = "warn",
        [HEADCOUNT_UNCHANGED] = "dim", [HEADCOUNT_HELD] = "warn",
        [HEADCOUNT_SKIPPED] = "dim", [HEADCOUNT_FAILED] = "bad",
    };
    FILE *out = t->out;

    render_place(out, c, where);
    fprintf(out, "%c%s%c%s%c", 0, s->service, 0, render_word_of(s->outcome), 0);
    put_count(out, s->desired_before);
    fputc('\0', out);
    put_after(out, s);
    fputc('\0', out);
    put_count(out, s->hosts_counted);
    if (s->hosts_counted != HEADCOUNT_UNKNOWN)
        fprintf(out, " %s%s%s", s->hosts_by,
                *s->hosts_filter != '\0' ? ", " : "", s->hosts_filter);
    fputc('\0', out);
    render_why(out, s->code, s->reason);
    render_switch(out, s);
    row_end(t, classes[s->outcome]);
}

/* A row about a cluster as a whole. */
static void put_cluster(struct table *t, const struct headcount_cluster *c,
                        bool where)
{
    render_place(t->out, c, where);
    fprintf(t->out, "%c%c%s%c%c%c%c", 0, 0, c->error ? "failed" : "skipped", 0,
            0, 0, 0);
    render_why(t->out, c->error ? c->error_code : c->skipped,
               c->error ? c->error : "");
    row_end(t, c->error ? "bad" : "dim");
}

void plan_page_rows(FILE *out, const struct headcount_outcome *o, bool where)
{
    struct table t;

    if (!table_open(&t, out, services))
        return;
    for (size_t i = 0; i < o->clusters_n; i++) {
        const struct headcount_cluster *c = &o->clusters[i];

        if (c->error || (c->skipped && c->services_n == 0))
            put_cluster(&t, c, where);
        for (size_t k = 0; k < c->services_n; k++)
            put_service(&t, c, &c->services[k], where);
    }
    table_close(&t);
}

/* Services that no cluster has get the last rows. */
static void put_missing(FILE *out, const struct headcount_outcome *o)
{
    struct table t;

    if (!table_open(&t, out, services))
        return;
    for (size_t i = 0; i < o->missing_services_n; i++) {
        fprintf(t.out, "(no cluster)%c%s%cfailed%c%c%c%cmissing: no cluster "
                "has it", 0, o->missing_services[i], 0, 0, 0, 0, 0);
        row_end(&t, "bad");
    }
    table_close(&t);
}

/* ---- the other tables ---- */

static void put_hosts(FILE *out, const struct headcount_placement *p)
{
    struct table t;

    if (!table_open(&t, out, hosts))
        return;
    page_paragraph(out, NULL, p->summary);
    page_paragraph(out, NULL, p->said);
    table_begin(&t, "Hosts");
    for (size_t i = 0; i < p->hosts_n; i++) {
        const struct headcount_placed_host *h = &p->hosts[i];

        fprintf(t.out, "%s%c%s%c%s", *h->ec2_id != '\0' ? h->ec2_id : h->id, 0,
                placement_word(h), 0, h->reason);
        row_end(&t, NULL);
    }
    page_table_end(out);
    table_close(&t);
}

static int64_t time_at(const struct headcount_timing *t, unsigned char at)
{
    int64_t time;

    memcpy(&time, (const char *)t + at * sizeof time, sizeof time);
    return time;
}

static void put_call(struct table *row, const struct headcount_timing *t)
{
#define AT(MEMBER) \
    (offsetof(struct headcount_timing, MEMBER) / sizeof(int64_t))
    static const unsigned char spans[][2] = {
        { AT(dns_start), AT(dns_end) }, { AT(connect_start), AT(connect_end) },
        { AT(tls_start), AT(tls_end) }, { AT(send_start), AT(send_end) },
        { AT(send_end), AT(end) }, { AT(start), AT(end) },
    };
#undef AT
    FILE *out = row->out;

    fputs(t->operation, out);
    if (t->attempt > 1)
        fprintf(out, ", attempt %d", t->attempt);
    fprintf(out, "%c%s%c%s%c%d%s%c%.2f", 0, t->cluster, 0, t->region, 0,
            t->status, t->reused ? ", kept connection"
            : t->resumed ? ", resumed TLS" : "", 0, (double)t->waited / 1000);
    /* An empty cell is for what the call had none of. */
    for (size_t i = 0; i < sizeof spans / sizeof *spans; i++) {
        int64_t from = time_at(t, spans[i][0]), to = time_at(t, spans[i][1]);

        fputc('\0', out);
        if (from != 0 && to >= from)
            fprintf(out, "%.2f", (double)(to - from) / 1000);
    }
    row_end(row, NULL);
}

static void put_calls(FILE *out, const struct headcount_outcome *o)
{
    struct table t;

    if (o->timings_n == 0 || !table_open(&t, out, calls))
        return;
    fputs("<p>", out);
    render_stats(out, o);
    table_begin(&t, "Calls, in milliseconds");
    for (size_t i = 0; i < o->timings_n; i++)
        put_call(&t, &o->timings[i]);
    page_table_end(out);
    table_close(&t);
}

/* ---- the page ---- */

void plan_page_begin(FILE *out, const char *title,
                     const struct headcount_outcome *o, bool dry_run,
                     size_t braked)
{
    char time[HC_RFC3339 + 1];
    struct table t;

    hc_time_rfc3339(time, hc_clock_wall());
    page_begin(out, title, NULL, 72);
    page_paragraph(out, "dim", time);
    fputs("<p>", out);
    render_summary(out, o, dry_run);
    if (braked > 0)
        fputs("<p>", out);
    render_brake(out, o, braked, dry_run);
    if (!table_open(&t, out, services))
        return;
    table_begin(&t, "Services");
    table_close(&t);
}

void plan_page_end(FILE *out, const struct headcount_outcome *o,
                   const char *who)
{
    const struct headcount_service *s =
        o->clusters_n == 1 ? o->clusters->services : NULL;

    put_missing(out, o);
    page_table_end(out);
    if (who)
        page_paragraph(out, NULL, who);
    if (s && o->clusters->services_n == 1 && s->placement)
        put_hosts(out, s->placement);
    put_calls(out, o);
    page_end(out);
}

void plan_page_put(FILE *out, const char *title,
                   const struct headcount_outcome *o, const char *who)
{
    plan_page_begin(out, title, o, o->dry_run, render_braked(o));
    plan_page_rows(out, o, false);
    plan_page_end(out, o, who);
}
