/* cli/verbs/verb_reconcile.c - plan, apply, handle and snapshot: the same op,
 * asked for by cluster or by event, with or without writes, live or on a
 * snapshot. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "complain.h"
#include "first_look.h"
#include "meant.h"
#include "page/plan_page.h"
#include "plain.h"
#include "render.h"
#include "service_names.h"
#include "request_options.h"
#include "verbs/verbs.h"
#include "waterfall.h"

/* The library's own limits. */
#define EVENT_MAX ((size_t)6 << 20)
#define SNAPSHOT_MAX ((size_t)64 << 20)

/* Where the cluster cannot be read, the plan says why; stdout gets a whole
 * snapshot or nothing. */
static void print_snapshot(const struct headcount_outcome *outcome)
{
    if (outcome->summary[HEADCOUNT_FAILED] > 0 || !outcome->snapshot) {
        render_plan_log(outcome);
        return;
    }
    fwrite(outcome->snapshot, 1, outcome->snapshot_size, stdout);
    putchar('\n');
}

/* None of its records is an event. */
static void complain_of_records(const struct headcount_outcome *outcome)
{
    const struct headcount_record *first = outcome->records;

    while (first->done)
        first++;
    complain("record %s: %s", *first->id != '\0' ? first->id : "without an id",
             first->error ? first->error : "it is not done");
}

static void print_look(const struct headcount_outcome *outcome)
{
    struct first_look look = { .n = 0 };

    for (size_t i = 0; i < outcome->clusters_n; i++)
        first_look_note(&look, i, &outcome->clusters[i]);
    first_look_render(stdout, &look, false);
    first_look_fini(&look);
}

static int print_outcome(headcount *h, const struct options *o,
                         const struct headcount_outcome *outcome)
{
    struct meant meant = { .any = false };

    if (outcome->code != 0) {
        complain("%s", outcome->message);
    } else if (verbs_has_no_event(outcome)) {
        complain_of_records(outcome);
    } else if (o->verb == VERB_SNAPSHOT) {
        print_snapshot(outcome);
    } else if (o->json) {
        plain_put_report(stdout, outcome->json, outcome->json_size);
        putchar('\n');
    } else if (o->html) {
        plan_page_put(stdout, o->verb == VERB_APPLY ? "headcount apply"
                                                    : "headcount plan",
                      outcome, NULL);
    } else if (policy_option_is_distinct(o)) {
        print_look(outcome);
    } else {
        render_plan(stdout, o, outcome, outcome->dry_run);
    }
    service_names_complain(h, o, outcome);
    for (size_t i = 0; o->verb != VERB_HANDLE && i < outcome->clusters_n; i++)
        meant_note(&meant, o, &outcome->clusters[i]);
    meant_complain(&meant, o);
    if (o->timings)
        waterfall_log(outcome, false);
    return verbs_outcome_code(o, outcome);
}

static int run_request(headcount *h, const struct options *o,
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
    int code = outcome ? print_outcome(h, o, outcome)
                       : EXIT_INTERRUPTED;

    headcount_op_free(op);
    return interrupted ? EXIT_INTERRUPTED : code;
}

static int check_words(const struct options *o)
{
    bool all = options_is_typed(o, "all");

    if (o->verb == VERB_SNAPSHOT && o->args.n == 2) {
        complain("name the one cluster to take a snapshot of; is %s a "
                 "service? Give --service %s", o->args.item[1],
                 o->args.item[1]);
        return EXIT_USAGE;
    }
    if (o->verb == VERB_SNAPSHOT && o->args.n != 1) {
        complain("name the one cluster to take a snapshot of");
        return EXIT_USAGE;
    }
    if (o->verb == VERB_HANDLE && o->args.n > 1) {
        complain("handle takes one event: a file, or - for standard input");
        return EXIT_USAGE;
    }
    if (o->verb == VERB_APPLY && o->args.n == 0) {
        complain("name the clusters to apply to, or say --all");
        return EXIT_USAGE;
    }
    /* In the environment, HEADCOUNT_ALL and HEADCOUNT_TAG are for sweeps. */
    if (o->snapshot && (all || options_is_typed(o, "tag"))) {
        complain("a snapshot is of one cluster: --snapshot and --%s do not go "
                 "together", all ? "all" : "tag");
        return EXIT_USAGE;
    }
    return 0;
}

int verb_reconcile(const struct options *o)
{
    char *event = NULL, *snapshot = NULL;
    bool writes = (o->verb == VERB_APPLY || o->verb == VERB_HANDLE) &&
                  !o->snapshot;
    struct headcount_reconcile request = {
        .size = sizeof request,
        .timeout = o->timeout_us,
        .dry_run = o->dry_run || !writes,
        .ask_targets = o->verb == VERB_PLAN || o->verb == VERB_SNAPSHOT,
        .record = o->verb == VERB_SNAPSHOT,
        .explain = !o->explain ? HEADCOUNT_EXPLAIN_NONE
                   : o->verb == VERB_SNAPSHOT ? HEADCOUNT_EXPLAIN_ALL
                                              : HEADCOUNT_EXPLAIN_CHANGES,
    };
    int code = check_words(o);
    struct request_options target = { .wishes = NULL };
    headcount *h = NULL;

    if (o->verb != VERB_HANDLE) {
        request.clusters = o->args.item;
        request.clusters_n = o->args.n;
    }
    if (code == 0)
        code = request_options_open(&target, o, &request);
    if (code == 0 && o->verb == VERB_HANDLE)
        code = verbs_read_input(o->args.n ? o->args.item[0] : NULL, EVENT_MAX,
                                &event, &request.event_size);
    if (code == 0 && o->snapshot)
        code = verbs_read_input(o->snapshot, SNAPSHOT_MAX, &snapshot,
                                &request.snapshot_size);
    request.event = event;
    request.snapshot = snapshot;
    if (code == 0)
        code = verbs_open(&h, o);
    if (code == 0)
        code = run_request(h, o, &request, &target.decide);
    headcount_free(h);
    request_options_close(&target);
    free(event);
    free(snapshot);
    return code;
}
