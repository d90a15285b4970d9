/* cli/verbs/verb_explain.c - explain: one service, and which hosts can take a
 * task of it.  It reads what plan reads, and then what decides about each host;
 * it writes nothing. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "complain.h"
#include "page/plan_page.h"
#include "placement.h"
#include "plain.h"
#include "render.h"
#include "request_options.h"
#include "service_names.h"
#include "set_by.h"
#include "verbs/verbs.h"
#include "waterfall.h"

#define SNAPSHOT_MAX ((size_t)64 << 20)     /* the library's own limit */

/* The words of the command line; cluster NULL: a snapshot knows its own. */
struct asked {
    const char *cluster, *service;
};

static int read_words(struct asked *a, const struct options *o)
{
    size_t least = o->snapshot ? 1 : 2;

    if (o->args.n < least || o->args.n > 2) {
        complain("name one cluster and one service%s",
                 o->snapshot ? "; with --snapshot, the service alone"
                             : ": headcount explain prod web");
        return EXIT_USAGE;
    }
    a->cluster = o->args.n == 2 ? o->args.item[0] : NULL;
    a->service = o->args.item[o->args.n - 1];
    if (o->who && o->snapshot) {
        complain("--who asks CloudTrail, and with --snapshot no call is made: "
                 "leave one of them out");
        return EXIT_USAGE;
    }
    if (!a->cluster || !strpbrk(a->cluster, "*?"))
        return 0;
    complain("explain takes one cluster by its name or ARN, and %s may be "
             "several", a->cluster);
    return EXIT_USAGE;
}

/* The one row that there is, or NULL. */
static const struct headcount_service *row_of(
    const struct headcount_outcome *outcome)
{
    return outcome->clusters_n == 1 && outcome->clusters->services_n == 1
               ? outcome->clusters->services : NULL;
}

/* `by` is NULL without --who. */
static void print_text(const struct options *o,
                       const struct headcount_outcome *outcome,
                       const struct set_by *by)
{
    const struct headcount_service *row = row_of(outcome);

    if (!row || outcome->clusters->error) {
        render_plan(stdout, o, outcome, true);
        return;
    }
    placement_put(stdout, outcome->clusters, row);
    if (by)
        set_by_put(stdout, by);
    placement_sum(stdout, row);
}

static void print_page(const struct headcount_outcome *outcome,
                       const struct set_by *by)
{
    char *who = NULL;
    size_t n = 0;
    FILE *out = by ? open_memstream(&who, &n) : NULL;

    if (out) {
        set_by_put(out, by);
        fclose(out);
    }
    if (by && !who)
        complain("out of memory: the page does not say who set the count");
    plan_page_put(stdout, "headcount explain", outcome, who);
    free(who);
}

/* The report, with what --who found as its last members. */
static void print_json(const struct headcount_outcome *outcome,
                       const struct set_by *by)
{
    plain_put_report(stdout, outcome->json, outcome->json_size - (by != NULL));
    if (by) {
        set_by_put_json(stdout, by);
        putchar('}');
    }
    putchar('\n');
}

/* The cluster was read, and the policy asks for nothing here. */
static bool has_no_wish(const struct headcount_outcome *outcome)
{
    return outcome->clusters_n == 1 && !outcome->clusters->error &&
           outcome->clusters->services_n == 0 && !outcome->clusters->skipped;
}

static int print_outcome(headcount *h, const struct options *o,
                         const struct asked *a,
                         const struct headcount_outcome *outcome)
{
    const struct headcount_service *row = row_of(outcome);
    const char *policy = o->policy ? o->policy : "tags";
    struct set_by found, *by = NULL;

    if (outcome->code != 0) {
        complain("%s", outcome->message);
        return verbs_outcome_code(o, outcome);
    }
    /* There is a count only of a service that is there. */
    if (o->who && row && row->desired_before != HEADCOUNT_UNKNOWN) {
        by = &found;
        set_by_find(by, h, o, *outcome->clusters->arn != '\0'
                                  ? outcome->clusters->arn
                                  : outcome->clusters->name, a->service);
    }
    if (o->json)
        print_json(outcome, by);
    else if (o->html && !has_no_wish(outcome))
        print_page(outcome, by);
    else if (!has_no_wish(outcome))
        print_text(o, outcome, by);
    service_names_complain(h, o, outcome);
    if (o->timings)
        waterfall_log(outcome, false);
    if (!has_no_wish(outcome))
        return verbs_outcome_code(o, outcome);
    complain("%s %s has no wish for service %s in cluster %s",
             strcmp(policy, "tags") == 0 ? "--policy" : "policy", policy,
             a->service, outcome->clusters->name);
    return EXIT_TARGET_FAILED;
}

static int run_request(headcount *h, const struct options *o,
                       const struct asked *a,
                       const struct headcount_reconcile *request,
                       struct policy_option *decide)
{
    struct headcount_error error;
    headcount_op *op = NULL;
    int err = headcount_begin_reconcile(h, &op, request, &error);

    if (err != 0) {
        complain("%s", error.what);
        return verbs_exit_code(err);
    }
    bool interrupted = verbs_run(op, decide);
    const struct headcount_outcome *outcome = headcount_outcome(op);
    int code = outcome ? print_outcome(h, o, a, outcome) : EXIT_INTERRUPTED;

    headcount_op_free(op);
    return interrupted ? EXIT_INTERRUPTED : code;
}

int verb_explain(const struct options *o)
{
    struct options own = *o;
    struct asked asked = { NULL, NULL };
    struct headcount_reconcile request = {
        .size = sizeof request, .timeout = o->timeout_us,
        .dry_run = true, .ask_targets = true,
        .explain = HEADCOUNT_EXPLAIN_ALL,
    };
    struct request_options target = { .wishes = NULL };
    char *snapshot = NULL;
    headcount *h = NULL;
    int code = read_words(&asked, o);

    request.only = asked.service;
    request.clusters = &asked.cluster;
    request.clusters_n = asked.cluster ? 1 : 0;
    /* Without a policy it is what plan --service plans. */
    own.services.n = o->policy ? 0 : 1;
    own.services.item[0] = asked.service;
    if (code == 0)
        code = request_options_open(&target, &own, &request);
    if (code == 0 && o->snapshot)
        code = verbs_read_input(o->snapshot, SNAPSHOT_MAX, &snapshot,
                                &request.snapshot_size);
    request.snapshot = snapshot;
    if (code == 0)
        code = verbs_open(&h, o);
    if (code == 0)
        code = run_request(h, o, &asked, &request, &target.decide);
    headcount_free(h);
    request_options_close(&target);
    free(snapshot);
    return code;
}
