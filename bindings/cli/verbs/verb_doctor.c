/* cli/verbs/verb_doctor.c - doctor: what keeps headcount from its work, one
 * line a finding.  It writes nothing. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "complain.h"
#include "json_text.h"
#include "plain.h"
#include "request_options.h"
#include "verbs/verbs.h"
#include "watch/watch.h"
#include "waterfall.h"

static void put(const char *text)
{
    plain_put(stdout, text, strlen(text));
}

/* "warning  clock: what was found; what to do" */
static void print_finding(const struct headcount_finding *f)
{
    printf("%-8s ", headcount_level_name(f->level));
    put(f->what);
    put(": ");
    put(f->text);
    if (*f->advice != '\0') {
        put("; ");
        put(f->advice);
    }
    putchar('\n');
}

/* A setting that no handle can be made with is a finding, too. */
static int print_settings(const struct options *o,
                          const struct headcount_error *error)
{
    const struct headcount_finding f = {
        .level = HEADCOUNT_ERROR, .code = "settings", .what = "settings",
        .text = error->what, .advice = "nothing else was checked",
    };

    if (!o->json) {
        print_finding(&f);
        return EXIT_TARGET_FAILED;
    }
    fputs("{\"format_version\":\"1.0\",\"findings\":[{\"level\":\"error\",",
          stdout);
    json_text_member(stdout, "code", f.code);
    putchar(',');
    json_text_member(stdout, "what", f.what);
    putchar(',');
    json_text_member(stdout, "text", f.text);
    putchar(',');
    json_text_member(stdout, "advice", f.advice);
    fputs(",\"elapsed_us\":0}]}\n", stdout);
    return EXIT_TARGET_FAILED;
}

static int print_outcome(const struct options *o,
                         const struct headcount_outcome *outcome)
{
    int code = EXIT_DONE;

    if (outcome->code != 0) {
        complain("%s", outcome->message);
        return verbs_exit_code(outcome->code);
    }
    for (size_t i = 0; i < outcome->findings_n; i++) {
        if (!o->json)
            print_finding(&outcome->findings[i]);
        if (outcome->findings[i].level == HEADCOUNT_ERROR)
            code = EXIT_TARGET_FAILED;
    }
    if (o->json) {
        plain_put_report(stdout, outcome->json, outcome->json_size);
        putchar('\n');
    }
    if (o->timings)
        waterfall_log(outcome, false);
    return code;
}

static int run_doctor(headcount *h, const struct options *o,
                      const struct headcount_doctor *doctor,
                      struct policy_option *decide)
{
    struct headcount_error error;
    headcount_op *op = NULL;
    int err = headcount_begin_doctor(h, &op, doctor, &error);

    if (err != 0) {
        complain("%s", error.what);
        return verbs_exit_code(err);
    }
    bool interrupted = verbs_run(op, decide);
    const struct headcount_outcome *outcome = headcount_outcome(op);
    int code = outcome && !interrupted ? print_outcome(o, outcome)
                                       : EXIT_INTERRUPTED;

    headcount_op_free(op);
    return code;
}

/* The clusters of a sweep come from the environment of whoever sweeps. */
static bool is_swept(const struct options *o)
{
    const char *clusters = getenv("HEADCOUNT_CLUSTERS");
    const char *all = getenv("HEADCOUNT_ALL");

    return o->all || (clusters && *clusters != '\0') ||
           (all && *all != '\0' && strcmp(all, "0") != 0);
}

static int check_queue(const struct options *o)
{
    const char *fault = o->queue ? watch_queue_fault(o) : NULL;
    char who[OPTIONS_NAME];

    if (fault)
        complain("%s %s", options_said(o, "queue", who), fault);
    return fault ? EXIT_USAGE : 0;
}

int verb_doctor(const struct options *o)
{
    struct headcount_reconcile each = { .size = sizeof each, .dry_run = true,
                                        .ask_targets = true };
    struct headcount_doctor doctor = {
        .size = sizeof doctor, .timeout = o->timeout_us,
        .assume_role = o->role, .clusters = o->args.item,
        .clusters_n = o->args.n, .queue = o->queue, .sweeps = is_swept(o),
        .external_id = o->external_id, .role_session_name = o->session,
        .role_duration = o->duration_us, .expect_account = o->account,
    };
    struct request_options target = { .wishes = NULL };
    struct headcount_error error;
    headcount *h = NULL;
    int code = check_queue(o);

    if (code == 0 && (o->services.n > 0 || o->policy)) {
        code = request_options_open(&target, o, &each);
        each.assume_role = NULL;                 /* it is the doctor's */
        doctor.each = &each;
    }
    if (code == 0 && verbs_try(&h, o, &error) != 0)
        code = print_settings(o, &error);
    else if (code == 0)
        code = run_doctor(h, o, &doctor, &target.decide);
    headcount_free(h);
    request_options_close(&target);
    return code;
}
