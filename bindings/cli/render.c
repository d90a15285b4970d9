/* cli/render.c - reports for people.
 *
 *   ~ web  12 -> 9  (-3; 9 active hosts, attribute:tier == web)  held zero: ...
 *   Plan: 3 to change, 1 held, 40 unchanged, 0 failed.
 */
#include "render.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "plain.h"

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

void render_why(FILE *out, const char *code, const char *text)
{
    size_t n = 0;
    const char *again = find_code(text, code, &n);
    char *before = again ? strndup(text, (size_t)(again - text)) : NULL;

    render_text(out, code);
    fputs(*code != '\0' && *text != '\0' ? ": " : "", out);
    if (before) {
        render_text(out, before);
        text = again + n;
    }
    render_text(out, text);
    free(before);
}

static const char signs[] = {
    [HEADCOUNT_UPDATED] = '~', [HEADCOUNT_PENDING] = '~',
    [HEADCOUNT_UNCHANGED] = '=', [HEADCOUNT_HELD] = '!',
    [HEADCOUNT_SKIPPED] = '-', [HEADCOUNT_FAILED] = 'x',
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

static void put_counts(FILE *out, const struct headcount_service *s)
{
    if (s->desired_before == HEADCOUNT_UNKNOWN)
        return;
    fprintf(out, "  %" PRId64, s->desired_before);
    if (s->wanted == HEADCOUNT_UNKNOWN)
        return;
    if (s->wanted != s->desired_before)
        fprintf(out, " -> %" PRId64 "  (%+" PRId64, s->wanted,
                s->wanted - s->desired_before);
    else if (s->hosts_counted != HEADCOUNT_UNKNOWN)
        fputs("  (", out);
    else
        return;
    if (s->hosts_counted != HEADCOUNT_UNKNOWN) {
        fprintf(out, "%s%" PRId64 " %s host%s",
                s->wanted != s->desired_before ? "; " : "", s->hosts_counted,
                s->hosts_by, s->hosts_counted == 1 ? "" : "s");
        if (*s->hosts_filter != '\0') {
            fputs(", ", out);
            render_text(out, s->hosts_filter);
        }
    }
    fputc(')', out);
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

/* A failure of the whole cluster stands once, above its services; a failure of
 * several services stands at the first one. */
static void put_service(FILE *out, const struct headcount_cluster *c,
                        const struct headcount_service *s)
{
    fprintf(out, "%c ", signs[s->outcome]);
    render_text(out, s->service);
    put_counts(out, s);
    bool said = c->error && strcmp(c->error, s->reason) == 0;
    const char *as = said ? NULL : render_said_of(c, s);

    fprintf(out, "  %s", render_word_of(s->outcome));
    fputs(*s->code != '\0' ? " " : *s->reason != '\0' ? ": " : "", out);
    render_why(out, s->code, said || as ? "" : s->reason);
    if (as) {
        fputs(": as ", out);
        render_text(out, as);
    }
    render_switch(out, s);
    fputc('\n', out);
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

void render_plan(FILE *out, const struct headcount_outcome *o, bool dry_run)
{
    if (o->skipped_event) {
        fputs("Nothing to do: ", out);
        render_why(out, o->skipped_event,
                o->skipped_because ? o->skipped_because : "");
        fputc('\n', out);
        put_records(out, o);
        return;
    }
    for (size_t i = 0; i < o->clusters_n; i++) {
        const struct headcount_cluster *c = &o->clusters[i];

        if (o->clusters_n > 1 || c->error) {
            render_text(out, *c->name != '\0' ? c->name : c->arn);
            fputc('\n', out);
        }
        if (c->error) {
            fputs("x ", out);
            render_why(out, c->error_code, c->error);
            fputc('\n', out);
        }
        if (c->skipped && c->services_n == 0)
            fprintf(out, "- skipped %s\n", c->skipped);
        for (size_t k = 0; k < c->services_n; k++)
            put_service(out, c, &c->services[k]);
    }
    render_summary(out, o, dry_run);
    put_records(out, o);
    render_brake(out, o, render_braked(o), dry_run);
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

/* With many clusters only services that are not as they should be get a
 * line. */
static bool is_worth_telling(const struct headcount_service *s)
{
    return s->outcome != HEADCOUNT_UNCHANGED &&
           s->outcome != HEADCOUNT_SKIPPED;
}

void render_part(FILE *out, const struct headcount_outcome *o, bool where)
{
    for (size_t i = 0; i < o->clusters_n; i++) {
        const struct headcount_cluster *c = &o->clusters[i];
        bool worth = c->error != NULL;

        for (size_t k = 0; k < c->services_n; k++)
            worth = worth || is_worth_telling(&c->services[k]);
        if (!worth)
            continue;
        render_place(out, c, where);
        fputc('\n', out);
        if (c->error) {
            fputs("x ", out);
            render_why(out, c->error_code, c->error);
            fputc('\n', out);
        }
        for (size_t k = 0; k < c->services_n; k++)
            if (is_worth_telling(&c->services[k]))
                put_service(out, c, &c->services[k]);
    }
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
        render_plan(out, o, true);
    log_page_close(&page, out);
}
