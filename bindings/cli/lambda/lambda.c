/* cli/lambda/lambda.c - the Runtime API of AWS Lambda, over the client that
 * makes the calls: one process, one invocation after the other.
 *
 *   init: the connections of the first invocation (lambda/ahead.h)
 *   next -> the event, its deadline -> one reconcile op -> response or error
 *                                   -> the sweep, if it is asked for ->
 *                                   -> a handler in Lua ->
 *
 * Connections, DNS answers and what a handle remembers live from one invocation
 * to the next.  The process is frozen between them, inside of the wait for the
 * next one.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "complain.h"
#include "lambda/ahead.h"
#include "lambda/emf.h"
#include "lambda/lua_handler.h"
#include "lambda/lambda_sweep.h"
#include "log.h"
#include "plain.h"
#include "lambda/runtime_api.h"
#include "request_options.h"
#include "verbs/verbs.h"

#define DEADLINE_MARGIN ((int64_t)500 * 1000)     /* to answer in         */
#define NEXT_TRIES 12
#define NEXT_PAUSE 10        /* milliseconds, doubled for each further try   */
#define NEXT_PAUSE_MOST 1000
/* No function runs longer.  A deadline that is further away, or long past, is
 * none: emulators give such. */
#define LONGEST_MS ((int64_t)900 * 1000)

struct lambda {
    const struct options *options;
    struct headcount_reconcile request;
    struct request_options target;
    struct lambda_sweep sweep;
    struct handler handler;             /* of one's own; L NULL: none        */
    int64_t began;                      /* the invocation                    */
    headcount *h;
    struct runtime_api api;
};

/* The time that is left of the invocation, or less if --timeout says so. */
static int64_t time_left(const struct lambda *l,
                         const struct runtime_invocation *in)
{
    int64_t now_ms = hc_clock_wall() / 1000, own = l->options->timeout_us;
    bool sane = in->deadline_ms > now_ms - LONGEST_MS &&
                in->deadline_ms <= now_ms + LONGEST_MS + 1000;
    int64_t left = 1000 * (sane ? in->deadline_ms - now_ms : LONGEST_MS);

    left = left > DEADLINE_MARGIN ? left - DEADLINE_MARGIN : 1;
    return own > 0 && own < left ? own : left;
}

static int refuse(struct lambda *l, const struct runtime_invocation *in,
                  const char *type, const char *message)
{
    const struct runtime_error error = { .type = type, .message = message };

    return runtime_api_error(&l->api, in->id, &error);
}

/* Why the first record that was refused is no event. */
static void put_first_record(const struct headcount_outcome *o, char *to,
                             size_t size)
{
    for (size_t i = 0; i < o->records_n; i++) {
        const struct headcount_record *r = &o->records[i];

        if (!r->error)
            continue;
        snprintf(to, size, "record %zu of the event%s%s: %s", i + 1,
                 *r->id != '\0' ? ", " : "", r->id, r->error);
        return;
    }
    snprintf(to, size, "a record of the event is not done");
}

/* Events from a queue: the records to deliver again.  Otherwise the report;
 * or an error, so that Lambda tries the event again. */
static int answer(struct lambda *l, const struct runtime_invocation *in,
                  const struct headcount_outcome *o,
                  const struct lambda_swept *swept)
{
    char what[700];

    if (o->code != 0) {
        snprintf(what, sizeof what, "Headcount.%s",
                 headcount_code_name(o->code));
        return refuse(l, in, what, o->message);
    }
    if (o->records_n > 0 && o->failures)
        return runtime_api_response(&l->api, in->id, o->failures,
                                    o->failures_size);
    if (verbs_targets_failed(o) == 0 && o->records_failed == 0) {
        char *text = malloc(o->json_size + 1);
        size_t n = text ? plain_report(text, o->json, o->json_size) : 0;
        /* Without memory the report is sent as the library spells it. */
        int err = runtime_api_response(&l->api, in->id, text ? text : o->json,
                                       text ? n : o->json_size);

        free(text);
        return err;
    }
    put_first_record(o, what, sizeof what);
    if (swept && swept->first[0] != '\0')
        memcpy(what, swept->first, sizeof swept->first);
    lambda_first_failure(o, what, sizeof what);
    complain("%s", what);
    return refuse(l, in, "Headcount.TargetFailed", what);
}

/* Metrics carry the log's own level: Lambda drops lines below it. */
static void put_metrics(const struct headcount_outcome *o, int64_t began,
                        const struct lambda_swept *swept)
{
    int64_t now = hc_clock_wall();
    const struct headcount_outcome *sweep =
        swept && swept->op ? headcount_outcome(swept->op) : NULL;
    const struct emf emf = {
        .function = getenv("AWS_LAMBDA_FUNCTION_NAME"),
        .level = getenv("AWS_LAMBDA_LOG_LEVEL"),
        .now_ms = now / 1000, .duration_ms = (now - began) / 1000,
        .sweep = sweep != o ? sweep : NULL, .is_sweep = sweep == o,
        .unplaced = swept ? swept->unplaced : 0,
        .braked = swept ? swept->braked : 0,
        .placeable = swept ? swept->placeable : -1,
    };

    emf_put(stdout, &emf, o);
}

/* The environment belongs to the process: where several invocations share
 * it, it cannot hold the trace id of each. */
static void set_trace(const struct runtime_invocation *in)
{
    const char *most = getenv("AWS_LAMBDA_MAX_CONCURRENCY");

    if (most && strtol(most, NULL, 10) > 1)
        return;
    if (in->trace_id[0] != '\0')
        setenv("_X_AMZN_TRACE_ID", in->trace_id, 1);
    else
        unsetenv("_X_AMZN_TRACE_ID");
}

static void log_error(const struct runtime_error *error)
{
    size_t n;
    char *json = runtime_error_json(error, &n);

    if (json)
        log_object(LOG_ERROR, json, n);
    else
        complain("%s", error->message);
    free(json);
}

static int invoke_handler(struct lambda *l, const struct runtime_invocation *in)
{
    struct handler_answer answer;

    handler_call(&l->handler, in, time_left(l, in), &answer);
    fflush(stdout);                     /* what it wrote stands in its log */
    if (answer.body)
        return runtime_api_response(&l->api, in->id, answer.body,
                                    answer.body_size);
    log_error(&answer.error);
    return runtime_api_error(&l->api, in->id, &answer.error);
}

/* Answers the invocation and writes the log: the report in one line.  A whole
 * sweep may be longer than a line can be, so lambda_sweep_run has logged its
 * clusters one by one. */
static int tell(struct lambda *l, const struct runtime_invocation *in,
                const struct headcount_outcome *o,
                const struct lambda_swept *swept)
{
    bool is_sweep = swept && o == headcount_outcome(swept->op);

    if (!is_sweep && o->json && o->json_size > 0)
        log_object(LOG_INFO, o->json, o->json_size);
    if (o->code != 0)
        complain("%s", o->message);
    put_metrics(o, l->began, swept);
    return answer(l, in, o, swept);
}

static int reconcile(struct lambda *l, const struct runtime_invocation *in,
                     const struct lambda_swept *swept)
{
    struct headcount_error error;
    headcount_op *op = NULL;
    int err;

    l->request.event = in->event;
    l->request.event_size = in->event_size;
    l->request.timeout = time_left(l, in);
    err = headcount_begin_reconcile(l->h, &op, &l->request, &error);
    if (err != 0)
        return refuse(l, in, "Headcount.ENOMEM", error.what);
    bool interrupted = verbs_run(op, &l->target.decide);
    const struct headcount_outcome *o = headcount_outcome(op);

    if (o)
        err = tell(l, in, o, swept);
    headcount_op_free(op);
    return interrupted ? EXIT_INTERRUPTED : err;
}

/* The answer to a scheduled event is its sweep.  Among records, the sweep
 * settles those that asked for it, and a reconcile answers for all. */
static int sweep_first(struct lambda *l, const struct runtime_invocation *in,
                       bool wrapped)
{
    struct lambda_swept swept;
    const struct headcount_outcome *o;
    int code = EXIT_INTERRUPTED;

    lambda_sweep_run(&l->sweep, l->h, &l->target.decide, time_left(l, in),
                     &swept);
    o = swept.op ? headcount_outcome(swept.op) : NULL;
    if (!swept.op) {
        code = refuse(l, in, "Headcount.ENOMEM", "no memory for a sweep");
    } else if (o && !wrapped) {
        code = tell(l, in, o, &swept);
    } else if (o) {
        l->request.swept = o->code == 0 && verbs_targets_failed(o) == 0
                               ? HEADCOUNT_SWEPT_WELL : HEADCOUNT_SWEPT_FAILED;
        if (o->code != 0)
            complain("%s", o->message);
        code = reconcile(l, in, &swept);
        l->request.swept = HEADCOUNT_SWEPT_NOT;
    }
    headcount_op_free(swept.op);
    return swept.interrupted ? EXIT_INTERRUPTED : code;
}

/* AWS's emulator may start this process before its Runtime API listens, so a
 * refused connection is tried again, for about five seconds in all.  A signal
 * ends the pause, and the next try sees it. */
static int next_event(struct lambda *l, struct runtime_invocation *in)
{
    int pause = NEXT_PAUSE, code = runtime_api_next(&l->api, in);

    for (int tries = 1; code == RUNTIME_AGAIN && tries < NEXT_TRIES; tries++) {
        poll(NULL, 0, pause);
        pause = pause * 2 < NEXT_PAUSE_MOST ? pause * 2 : NEXT_PAUSE_MOST;
        code = runtime_api_next(&l->api, in);
    }
    return code == RUNTIME_AGAIN ? EXIT_OTHER : code;
}

static int serve(struct lambda *l)
{
    struct runtime_invocation in;
    bool wrapped;
    int code = 0;

    while (code == 0) {
        int64_t clock = ahead_clock();

        code = next_event(l, &in);
        if (code != 0)
            return code;
        if (ahead_slept(clock)) {
            headcount_forget(l->h);
            handler_forget(&l->handler);
        }
        log_request(in.id);
        set_trace(&in);
        l->began = hc_clock_wall();
        if (l->handler.name.path[0] != '\0')
            code = invoke_handler(l, &in);
        else if (l->sweep.is_said &&
                 lambda_sweep_is_asked(in.event, in.event_size, &wrapped))
            code = sweep_first(l, &in, wrapped);
        else
            code = reconcile(l, &in, NULL);
        log_request(NULL);
        runtime_api_done(&in);
    }
    return code;
}

void lambda_cannot(void)
{
    const struct runtime_error error = {
        .type = "Headcount.InitError",
        .message = *complaint() != '\0'
                       ? complaint()
                       : "headcount cannot begin: its log says why",
    };
    struct runtime_api api = { .h = NULL };

    if (runtime_api_find(&api) == 0)
        runtime_api_init_error(&api, &error);
}

/* Opens what every invocation needs: a mistake in the settings is found
 * before the first event. */
static int begin(struct lambda *l)
{
    struct handler_answer why;
    bool own = handler_find(&l->handler.name, getenv("_HANDLER"));
    int code =
        own ? 0 : request_options_open(&l->target, l->options, &l->request);

    if (code == 0)
        code = lambda_sweep_open(&l->sweep, l->options, &l->request);
    if (code == 0)
        code = verbs_open(&l->h, l->options);
    if (code == 0)
        code = lambda_sweep_check(&l->sweep, l->h);
    l->api.h = l->h;
    if (code != 0)
        lambda_cannot();
    if (code != 0 || !own || handler_open(&l->handler, &why))
        return code;
    log_error(&why.error);
    runtime_api_init_error(&l->api, &why.error);
    return EXIT_CONFIG;
}

void lambda_begin_log(bool debug)
{
    const char *format = getenv("AWS_LAMBDA_LOG_FORMAT");
    enum log_level least = log_level_of(getenv("AWS_LAMBDA_LOG_LEVEL"));

    if (debug && least > LOG_DEBUG)
        least = LOG_DEBUG;
    log_begin(format && strcasecmp(format, "JSON") == 0 ? LOG_JSON : LOG_TEXT,
              least);
}

int verb_lambda(const struct options *o)
{
    struct lambda l = {
        .options = o,
        .request = { .size = sizeof l.request,
                     .drop_duplicates = true, .dry_run = o->dry_run },
    };
    int code;

    lambda_begin_log(o->debug);
    code = runtime_api_find(&l.api);
    if (code != 0)
        return code;
    code = begin(&l);
    if (code == 0 && l.handler.name.path[0] == '\0')
        ahead_connect(l.h, &l.request, &l.sweep);
    if (code == 0)
        code = serve(&l);
    handler_close(&l.handler);
    headcount_free(l.h);
    request_options_close(&l.target);
    lambda_sweep_close(&l.sweep);
    return code;
}
