/* cli/render.c - see render.h. */
#include "render.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "complain.h"
#include "log.h"
#include "next_step.h"
#include "plain.h"
#include "reason.h"
#include "table.h"

/* Text out of AWS must not steer a terminal. */
void render_text(FILE *out, const char *text)
{
    plain_put(out, text, strlen(text));
}

/* The code of an error inside of its text: "CODE: " before what AWS says, or
 * " (CODE)" after what the system says; *n is the length of all that. */
static const char *find_code(const char *text, const char *code, size_t *n)
{
    size_t length = strlen(code);

    for (const char *at = strstr(text, code); at && length > 0;
         at = strstr(at + 1, code)) {
        const char *end = at + length;

        if (at > text + 1 && at[-1] == '(' && at[-2] == ' ' && *end == ')') {
            *n = length + 3;
            return at - 2;
        }
        if ((at == text || at[-1] == ' ') && strncmp(end, ": ", 2) == 0) {
            *n = length + 2;
            return at;
        }
    }
    return NULL;
}

static void put_without(FILE *out, const char *code, const char *text)
{
    size_t n = 0;
    const char *again = find_code(text, code, &n);

    if (again) {
        plain_put(out, text, (size_t)(again - text));
        text = again + n;
    }
    render_text(out, text);
}

void render_why(FILE *out, const char *code, const char *text)
{
    render_text(out, code);
    fputs(*code != '\0' && *text != '\0' ? ": " : "", out);
    put_without(out, code, text);
}

static const char signs[] = {
    [HEADCOUNT_UPDATED] = '~', [HEADCOUNT_PENDING] = '~',
    [HEADCOUNT_UNCHANGED] = '=', [HEADCOUNT_HELD] = '!',
    [HEADCOUNT_SKIPPED] = '.', [HEADCOUNT_FAILED] = 'x',
};

const char *render_word_of(enum headcount_result outcome)
{
    static const char words[][10] = {
        [HEADCOUNT_UPDATED] = "updated", [HEADCOUNT_PENDING] = "pending",
        [HEADCOUNT_UNCHANGED] = "unchanged", [HEADCOUNT_HELD] = "held",
        [HEADCOUNT_SKIPPED] = "skipped", [HEADCOUNT_FAILED] = "failed",
    };

    return words[outcome];
}

bool render_is_braked(const struct headcount_service *s)
{
    return s->outcome == HEADCOUNT_HELD &&
           strcmp(s->code, "too_many_changes") == 0;
}

const char *render_said_of(const struct headcount_cluster *c,
                           const struct headcount_service *s)
{
    if (s->outcome != HEADCOUNT_FAILED || *s->reason == '\0')
        return NULL;
    for (const struct headcount_service *t = c->services; t < s; t++)
        if (t->outcome == HEADCOUNT_FAILED && strcmp(t->code, s->code) == 0 &&
            strcmp(t->reason, s->reason) == 0)
            return t->service;
    return NULL;
}

void render_switch(FILE *out, const struct headcount_service *s)
{
    bool braked = render_is_braked(s);             /* the brake is on the run */
    bool tags = strcmp(s->at, "tags") == 0;

    if (!s->switch_text)
        return;
    fputs("; to let it pass: ", out);
    if (braked || *s->at == '\0') {
        fputs("--allow ", out);
        render_text(out, s->code);
        if (braked)
            return;
        fputs(" --service ", out);
        render_text(out, s->service);
        return;
    }
    fprintf(out, "%s%s in ", s->switch_text,
            strncmp(s->switch_text, "max_", 4) == 0 ? "" : " = true");
    fputs(tags ? "a policy in Lua, no tag does" : "its rule, ", out);
    if (!tags)
        render_text(out, s->at);
}

/* A number and the end of its cell; a count that is not known is empty. */
static void put_number(FILE *out, int64_t n)
{
    if (n != HEADCOUNT_UNKNOWN)
        fprintf(out, "%" PRId64, n);
    fputc('\t', out);
}

/* The cells of a service, as table.h has them; a failure of several services is
 * said at the first one. */
static void put_service(FILE *out, const struct headcount_cluster *c,
                        const struct headcount_service *s, bool where)
{
    bool changes = s->desired_before != HEADCOUNT_UNKNOWN &&
                   s->wanted != HEADCOUNT_UNKNOWN &&
                   s->wanted != s->desired_before;
    const char *as = render_said_of(c, s);

    fprintf(out, "%c\t", signs[s->outcome]);
    render_place(out, c, where);
    fputc('\t', out);
    render_text(out, s->service);
    fputc('\t', out);
    put_number(out, s->desired_before);
    put_number(out, changes ? s->wanted : HEADCOUNT_UNKNOWN);
    if (changes)
        fprintf(out, "%+" PRId64, s->wanted - s->desired_before);
    fputc('\t', out);
    if (s->hosts_counted != HEADCOUNT_UNKNOWN)
        fprintf(out, "%" PRId64 " %s host%s", s->hosts_counted, s->hosts_by,
                s->hosts_counted == 1 ? "" : "s");
    fprintf(out, "\t%s%s", render_word_of(s->outcome),
            *s->code != '\0' ? " " : "");
    render_text(out, s->code);
    fputc('\t', out);
    if (as) {
        fputs("as ", out);
        render_text(out, as);
    } else if (s->outcome == HEADCOUNT_FAILED) {
        put_without(out, s->code, s->reason);
    } else {
        reason_put(out, s);
    }
    fputc('\t', out);
    render_switch(out, s);
    fputc('\n', out);
}

/* A failure of the whole cluster, unless a service of it says the same. */
static void put_cluster(FILE *out, const struct headcount_cluster *c,
                        bool where)
{
    for (size_t i = 0; c->error && i < c->services_n; i++)
        if (strcmp(c->services[i].reason, c->error) == 0)
            return;
    if (!c->error && !(c->skipped && c->services_n == 0))
        return;
    fprintf(out, "%c\t", signs[c->error ? HEADCOUNT_FAILED
                                        : HEADCOUNT_SKIPPED]);
    render_place(out, c, where);
    fprintf(out, "\t\t\t\t\t\t%s ", c->error ? "failed" : "skipped");
    render_text(out, c->error ? c->error_code : c->skipped);
    fputc('\t', out);
    if (c->error)
        put_without(out, c->error_code, c->error);
    fputs("\t\n", out);
}

/* With many clusters only services that are not as they should be get a
 * row. */
static bool is_worth_telling(const struct headcount_service *s)
{
    return s->outcome != HEADCOUNT_UNCHANGED &&
           s->outcome != HEADCOUNT_SKIPPED;
}

void render_rows(FILE *out, const struct headcount_outcome *o, bool where,
                 bool all)
{
    for (size_t i = 0; i < o->clusters_n; i++) {
        const struct headcount_cluster *c = &o->clusters[i];

        if (all || c->error)
            put_cluster(out, c, where);
        for (size_t k = 0; k < c->services_n; k++)
            if (all || is_worth_telling(&c->services[k]))
                put_service(out, c, &c->services[k], where);
    }
}

void render_summary(FILE *out, const struct headcount_outcome *o,
                    bool dry_run)
{
    if (dry_run)
        fprintf(out, "Plan: %zu to change, %zu held, %zu unchanged, ",
                o->summary[HEADCOUNT_PENDING], o->summary[HEADCOUNT_HELD],
                o->summary[HEADCOUNT_UNCHANGED]);
    else
        fprintf(out, "Done: %zu changed, %zu held, %zu unchanged, ",
                o->summary[HEADCOUNT_UPDATED], o->summary[HEADCOUNT_HELD],
                o->summary[HEADCOUNT_UNCHANGED]);
    if (o->summary[HEADCOUNT_SKIPPED] > 0)
        fprintf(out, "%zu skipped, ", o->summary[HEADCOUNT_SKIPPED]);
    fprintf(out, "%zu failed.\n", o->summary[HEADCOUNT_FAILED]);
}

size_t render_braked(const struct headcount_outcome *o)
{
    size_t n = 0;

    for (size_t i = 0; i < o->clusters_n; i++)
        for (size_t k = 0; k < o->clusters[i].services_n; k++)
            n += render_is_braked(&o->clusters[i].services[k]);
    return n;
}

void render_brake(FILE *out, const struct headcount_outcome *o, size_t braked,
                  bool dry_run)
{
    size_t written = o->summary[dry_run ? HEADCOUNT_PENDING
                                        : HEADCOUNT_UPDATED];

    if (braked > 0)
        fprintf(out, "Limit: %zu service%s %s written, %zu %s for another run "
                "(--allow too_many_changes lifts it for one).\n", written,
                written == 1 ? "" : "s",
                dry_run ? "would be" : written == 1 ? "was" : "were", braked,
                dry_run ? "would wait" : braked == 1 ? "waits" : "wait");
}

/* Records of a queue that are to be delivered again. */
static void put_records(FILE *out, const struct headcount_outcome *o)
{
    for (size_t i = 0; i < o->records_n; i++) {
        if (o->records[i].error == NULL)
            continue;
        fputs("x record ", out);
        render_text(out, *o->records[i].id != '\0' ? o->records[i].id
                                                : "without an id");
        fputs(": ", out);
        render_text(out, o->records[i].error);
        fputc('\n', out);
    }
    if (o->records_n > 0)
        fprintf(out, "Records: %zu, %zu to be delivered again.\n",
                o->records_n, o->records_failed);
}

void render_end(FILE *out, const struct options *o,
                const struct headcount_outcome *outcome, bool dry_run,
                size_t braked)
{
    render_summary(out, outcome, dry_run);
    put_records(out, outcome);
    render_brake(out, outcome, braked, dry_run);
    if (o && look_at_stdout(o).terminal &&
        outcome->summary[HEADCOUNT_PENDING] > 0)
        next_step_put(out, o);
}

static void put_table(FILE *out, const struct look *look,
                      const struct headcount_outcome *o)
{
    char *rows = NULL;
    size_t n = 0;
    FILE *to = open_memstream(&rows, &n);

    if (to)
        render_rows(to, o, false, true);
    if (to && fclose(to) == 0)
        table_put(out, rows, look);
    else
        complain("out of memory: the report lacks its rows, the summary "
                 "counts them");
    free(rows);
}

void render_plan(FILE *out, const struct options *o,
                 const struct headcount_outcome *outcome, bool dry_run)
{
    struct look look = { .terminal = false };

    if (outcome->skipped_event) {
        fputs("Nothing to do: ", out);
        render_why(out, outcome->skipped_event,
                   outcome->skipped_because ? outcome->skipped_because : "");
        fputc('\n', out);
        put_records(out, outcome);
        return;
    }
    if (o)
        look = look_at_stdout(o);
    put_table(out, &look, outcome);
    render_end(out, o, outcome, dry_run, render_braked(outcome));
}

void render_place(FILE *out, const struct headcount_cluster *c, bool where)
{
    const char *region = c->arn, *account, *end;

    render_text(out, *c->name != '\0' ? c->name : "(no cluster)");
    for (int colons = 0; where && *region != '\0' && colons < 3; region++)
        colons += *region == ':';
    account = where ? strchr(region, ':') : NULL;
    end = account ? strchr(account + 1, ':') : NULL;
    if (end)
        fprintf(out, " (%.*s, %.*s)", (int)(account - region), region,
                (int)(end - account - 1), account + 1);
}

static void put_many(FILE *out, uint64_t n, const char *what)
{
    fprintf(out, "%" PRIu64 " %s%s, ", n, what, n == 1 ? "" : "s");
}

void render_stats(FILE *out, const struct headcount_outcome *o)
{
    put_many(out, o->stats.api_calls, "call");
    put_many(out, o->stats.connections_opened, "connection");
    fprintf(out, "%" PRIu64 " reused, ", o->stats.connections_reused);
    put_many(out, o->stats.dns_lookups, "lookup");
    put_many(out, o->stats.tls_handshakes, "handshake");
    fprintf(out, "%.2f ms\n", (double)o->stats.elapsed_us / 1000.0);
}

void render_plan_log(const struct headcount_outcome *o)
{
    struct log_page page;
    FILE *out = log_page_open(&page);

    if (out)
        render_plan(out, NULL, o, true);
    log_page_close(&page, out);
}
