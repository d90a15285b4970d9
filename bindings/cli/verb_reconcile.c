/* cli/verb_reconcile.c - plan, apply and handle: the same op, asked for by
 * cluster or by event, with or without writes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "render.h"
#include "verbs.h"

/* One byte more than the library takes, so that it says the limit. */
#define EVENT_MAX (((size_t)6 << 20) + 1)

static int exit_of(const struct options *o,
                   const struct headcount_outcome *outcome)
{
    if (outcome->code != 0)
        return verbs_exit_code(outcome->code);
    if (outcome->summary[HEADCOUNT_FAILED] > 0)
        return EXIT_TARGET_FAILED;
    if (o->detailed_exitcode && outcome->summary[HEADCOUNT_PENDING] > 0)
        return EXIT_CHANGES;
    if (o->detailed_exitcode && outcome->summary[HEADCOUNT_HELD] > 0)
        return EXIT_HELD;
    return EXIT_DONE;
}

static int print_outcome(const struct options *o, bool dry_run,
                         const struct headcount_outcome *outcome)
{
    if (outcome->code != 0) {
        fprintf(stderr, "headcount: %s\n", outcome->message);
    } else if (o->json) {
        fwrite(outcome->json, 1, outcome->json_size, stdout);
        putchar('\n');
    } else {
        render_plan(stdout, outcome, dry_run);
    }
    if (o->timings) {
        fflush(stdout);
        render_timings(stderr, outcome);
    }
    return exit_of(o, outcome);
}

static int run_request(headcount *h, const struct options *o,
                       const struct headcount_request *request)
{
    headcount_op *op = NULL;
    int err = headcount_begin(h, &op, request);

    if (err != 0) {
        fprintf(stderr, "headcount: %s\n", headcount_code_name(err));
        return verbs_exit_code(err);
    }
    bool interrupted = verbs_run(op);
    const struct headcount_outcome *outcome = headcount_outcome(op);
    int code = outcome ? print_outcome(o, request->dry_run, outcome)
                       : EXIT_INTERRUPTED;

    headcount_end(op);
    return interrupted ? EXIT_INTERRUPTED : code;
}

static int with_wishes(headcount *h, const struct options *o,
                       struct headcount_request *request)
{
    struct headcount_wish *wishes = calloc(o->services.n, sizeof *wishes);

    if (!wishes)
        return EXIT_OTHER;
    for (size_t i = 0; i < o->services.n; i++) {
        wishes[i].size = sizeof *wishes;
        wishes[i].service = o->services.item[i];
        wishes[i].rule = HEADCOUNT_PER_HOST;
        wishes[i].where = o->where;
    }
    request->wishes = wishes;
    request->wishes_n = o->services.n;
    int code = run_request(h, o, request);

    free(wishes);
    return code;
}

static int check_words(const struct options *o)
{
    if (o->services.n == 0) {
        fputs("headcount: no service is named: give --service NAME or set "
              "ECS_SERVICE_ARN\n", stderr);
        return EXIT_USAGE;
    }
    if (o->verb == VERB_HANDLE && o->args.n > 1) {
        fputs("headcount: handle takes one event: a file, or - for standard "
              "input\n", stderr);
        return EXIT_USAGE;
    }
    if (o->verb != VERB_HANDLE && o->args.n == 0) {
        fprintf(stderr, "headcount: name the clusters to %s\n",
                o->verb == VERB_PLAN ? "plan" : "apply to");
        return EXIT_USAGE;
    }
    return 0;
}

int verb_reconcile(const struct options *o)
{
    char *event = NULL;
    struct headcount_request request = {
        .size = sizeof request,
        .kind = HEADCOUNT_RECONCILE,
        .timeout = o->timeout_us,
        .hosts = o->hosts_mode,
        .dry_run = o->dry_run || o->verb == VERB_PLAN,
        .paused = o->paused,
        .allow = o->allow.item,
        .allow_n = o->allow.n,
        .ask_targets = o->verb == VERB_PLAN,
    };
    int code = check_words(o);
    headcount *h = NULL;

    if (code == 0 && o->verb == VERB_HANDLE) {
        code = verbs_read_input(o->args.n ? o->args.item[0] : NULL, EVENT_MAX,
                                &event, &request.event_size);
        request.event = event;
    } else {
        request.clusters = o->args.item;
        request.clusters_n = o->args.n;
    }
    if (code == 0)
        code = verbs_open(&h, o);
    if (code == 0)
        code = with_wishes(h, o, &request);
    headcount_free(h);
    free(event);
    return code;
}
