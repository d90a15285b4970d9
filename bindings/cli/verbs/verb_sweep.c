/* cli/verbs/verb_sweep.c - plan and apply of clusters that are found first, by
 * name, glob or tag, in several regions and accounts.
 *
 * Clusters are done in any order, but printed in the order in which they were
 * found, so that diff(1) compares two runs: the text of one waits for those
 * before it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "cluster_tags.h"
#include "complain.h"
#include "first_look.h"
#include "log.h"
#include "meant.h"
#include "missing_services.h"
#include "page/plan_page.h"
#include "plain.h"
#include "progress.h"
#include "render.h"
#include "service_names.h"
#include "sweep_options.h"
#include "request_options.h"
#include "table.h"
#include "verbs/verbs.h"
#include "waterfall.h"

struct sweep {
    const struct options *o;
    struct cluster_tags tags;
    struct first_look first;       /* of --policy distinct                   */
    char **texts;                  /* by place; NULL: not done, or told      */
    size_t texts_n, told;
    struct missing_services missing;
    struct meant meant;
    char *looked;                  /* the ARN of a cluster that was looked at */
    struct progress progress;
    bool many_places, shows;       /* progress                               */
    struct look look;
    bool holds_back;               /* a page or a table is made of all texts */
    size_t failed, changed, braked;
};

static bool sweep_is_meant(const struct options *o)
{
    bool globs = false;

    for (size_t i = 0; i < o->args.n; i++)
        globs = globs || strpbrk(o->args.item[i], "*?") != NULL;
    return !o->snapshot &&
           (globs || o->all || policy_option_is_distinct(o) ||
            o->cluster_tags.n > 0 || o->regions.n > 1 || o->roles_n > 1 ||
            (o->verb == VERB_PLAN && o->args.n == 0));
}

/* ---- progress ---- */

static void on_tick(void *ud, headcount_op *op)
{
    struct sweep *s = ud;
    struct headcount_progress p;
    char text[160];

    if (!s->shows || !progress_is_due(&s->progress, hc_clock_monotonic()))
        return;
    headcount_sweep_progress(op, &p);
    snprintf(text, sizeof text,
             "%zu of %zu%s cluster%s, %zu to change, %zu failed",
             p.done, p.found, p.all_found ? "" : " or more",
             p.found == 1 ? "" : "s", s->changed, s->failed);
    log_draw(text);
}

/* ---- parts ---- */

static bool make_room(struct sweep *s, size_t at)
{
    size_t n = s->texts_n ? s->texts_n : 64;
    char **more;

    while (n <= at)
        n *= 2;
    if (n == s->texts_n)
        return true;
    more = realloc(s->texts, n * sizeof *more);
    if (!more)
        return false;
    memset(more + s->texts_n, 0, (n - s->texts_n) * sizeof *more);
    s->texts = more;
    s->texts_n = n;
    return true;
}

/* After stdout has failed once nothing more is written: each try could wait
 * again for a reader. */
static void print(struct sweep *s, const char *text)
{
    log_draw("");
    if (ferror(stdout))
        return;
    if (s->o->html)
        fputs(text, stdout);
    else
        table_put(stdout, text, &s->look);
    fflush(stdout);
}

/* Prints the texts up to the first cluster that is not done. */
static void tell(struct sweep *s)
{
    while (s->told < s->texts_n && s->texts[s->told]) {
        if (*s->texts[s->told] != '\0')
            print(s, s->texts[s->told]);
        free(s->texts[s->told]);
        s->texts[s->told++] = NULL;
    }
}

static char *text_of(struct sweep *s, const struct headcount_outcome *part)
{
    char *text = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&text, &n);

    if (!out)
        return NULL;
    if (s->o->html)
        plan_page_rows(out, part, s->many_places);
    else
        render_rows(out, part, s->many_places, s->look.verbose);
    if (fclose(out) == 0)
        return text;
    free(text);
    return NULL;
}

static void on_part(void *ud, headcount_op *op)
{
    struct sweep *s = ud;
    const struct headcount_outcome *part = headcount_sweep_cluster(op);
    struct headcount_progress p;

    headcount_sweep_progress(op, &p);
    s->failed += part->summary[HEADCOUNT_FAILED];
    s->changed += part->summary[HEADCOUNT_PENDING] +
                  part->summary[HEADCOUNT_UPDATED];
    s->braked += render_braked(part);
    for (size_t i = 0; i < part->clusters_n; i++) {
        missing_services_note(&s->missing, &part->clusters[i]);
        meant_note(&s->meant, s->o, &part->clusters[i]);
    }
    if (!s->looked && part->clusters_n > 0 && part->clusters[0].arn[0])
        s->looked = strdup(part->clusters[0].arn);
    if (s->o->json)
        return;
    if (policy_option_is_distinct(s->o) && !s->o->html) {
        for (size_t i = 0; i < part->clusters_n; i++)
            first_look_note(&s->first, p.at, &part->clusters[i]);
        return;
    }
    if (make_room(s, p.at))
        s->texts[p.at] = text_of(s, part);
    if (p.at >= s->texts_n || !s->texts[p.at])
        complain("out of memory: the report lacks a cluster, the summary "
                 "counts it");
    if (!s->holds_back)
        tell(s);
    if (s->shows)
        on_tick(s, op);
}

/* The rows of all clusters as one table. */
static void tell_table(struct sweep *s)
{
    char *rows = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&rows, &n);

    for (size_t i = 0; out && i < s->texts_n; i++)
        fputs(s->texts[i] ? s->texts[i] : "", out);
    if (out && fclose(out) == 0)
        print(s, rows);
    else
        complain("out of memory: the report lacks its table, the summary "
                 "counts its rows");
    free(rows);
}

/* Prints what is left; after an interrupt some clusters were never done. */
static void tell_rest(struct sweep *s)
{
    if (s->look.terminal && !s->o->html)
        tell_table(s);
    for (; s->told < s->texts_n; s->told++) {
        if (s->texts[s->told] && !s->holds_back)
            print(s, s->texts[s->told]);
        free(s->texts[s->told]);
    }
    free(s->texts);
    s->texts = NULL;
    s->texts_n = 0;
}

/* ---- the verb ---- */

static int print_outcome(struct sweep *s, headcount *h,
                         const struct headcount_reconcile *r,
                         const struct headcount_outcome *outcome)
{
    const struct options *o = s->o;
    bool paged = o->html && outcome->code == 0;

    if (paged)
        plan_page_begin(stdout, o->verb == VERB_APPLY ? "headcount apply"
                                                      : "headcount plan",
                        outcome, r->dry_run, s->braked);
    if (paged)
        s->holds_back = false;
    tell_rest(s);
    if (paged)
        plan_page_end(stdout, outcome, NULL);
    if (s->looked && o->roles_n < 2 &&
        !missing_services_has_nearest(&s->missing, outcome))
        service_names_note(h, s->looked, o, &s->missing);
    if (outcome->code != 0) {
        complain("%s", outcome->message);
    } else if (o->json) {
        plain_put_report(stdout, outcome->json, outcome->json_size);
        putchar('\n');
    } else if (paged) {
        ;
    } else if (policy_option_is_distinct(o)) {
        first_look_render(stdout, &s->first, s->many_places);
    } else {
        missing_services_render(&s->missing, outcome, stdout);
        render_end(stdout, o, outcome, r->dry_run, s->braked);
    }
    missing_services_complain(&s->missing, outcome);
    meant_complain(&s->meant, o);
    if (o->timings)
        waterfall_log(outcome, true);
    return verbs_outcome_code(o, outcome);
}

static int run_sweep(struct sweep *s, headcount *h,
                     const struct headcount_sweep *sweep,
                     struct policy_option *decide)
{
    const struct verbs_parts parts = { s, on_part,
                                       s->shows ? on_tick : NULL };
    struct headcount_error error;
    headcount_op *op = NULL;
    int err = headcount_begin_sweep(h, &op, sweep, &error);

    if (err != 0) {
        complain("%s", error.what);
        return verbs_exit_code(err);
    }
    bool interrupted = verbs_run_parts(op, decide, &parts);
    const struct headcount_outcome *outcome = headcount_outcome(op);
    int code = EXIT_INTERRUPTED;

    log_draw("");
    if (outcome)
        code = print_outcome(s, h, sweep->each, outcome);
    else
        tell_rest(s);
    headcount_op_free(op);
    return interrupted ? EXIT_INTERRUPTED : code;
}

static int verb_sweep(const struct options *o)
{
    struct sweep s = {
        .o = o, .many_places = o->regions.n > 1 || o->roles_n > 1,
        .shows = isatty(STDERR_FILENO), .look = look_at_stdout(o),
        .progress = { .began = hc_clock_monotonic() },
    };
    struct headcount_reconcile each = {
        .size = sizeof each, .timeout = o->timeout_us,
        .dry_run = o->dry_run || o->verb == VERB_PLAN,
        .ask_targets = o->verb == VERB_PLAN,
        .explain = o->explain ? HEADCOUNT_EXPLAIN_CHANGES
                              : HEADCOUNT_EXPLAIN_NONE,
    };
    struct headcount_sweep sweep;
    struct request_options target = { .wishes = NULL };
    headcount *h = NULL;
    int code = cluster_tags_open(&s.tags, o);

    s.holds_back = o->html || s.look.terminal;
    if (code == 0)
        code = request_options_open(&target, o, &each);
    sweep_options_put(&sweep, &each, o, &s.tags);
    sweep.report = o->json;
    if (code == 0)
        code = verbs_open(&h, o);
    if (code == 0)
        code = run_sweep(&s, h, &sweep, &target.decide);
    headcount_free(h);
    request_options_close(&target);
    missing_services_fini(&s.missing);
    first_look_fini(&s.first);
    free(s.looked);
    cluster_tags_close(&s.tags);
    return code;
}

int verb_plan(const struct options *o)
{
    return sweep_is_meant(o) ? verb_sweep(o) : verb_reconcile(o);
}
