/* cli/verbs/verb_call.c - one operation of one service; nothing reaches stdout
 * before the answer is whole and valid. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "complain.h"
#include "log.h"
#include "plain.h"
#include "request_options.h"
#include "verbs/verbs.h"
#include "waterfall.h"

/* The bytes as they came.  On a terminal control characters are escaped, and
 * the shell's prompt begins a line of its own. */
static void print_answer(const struct headcount_outcome *outcome)
{
    const char *body = outcome->body;
    size_t n = outcome->body_size;

    if (!isatty(STDOUT_FILENO)) {
        fwrite(body, 1, n, stdout);
        return;
    }
    plain_put_json(stdout, body, n);
    if (n > 0 && body[n - 1] != '\n')
        putchar('\n');
}

static int run_call(headcount *h, const struct options *o, const char *body,
                    size_t body_n)
{
    struct headcount_call call = {
        .size = sizeof call,
        .service = o->args.item[0],
        .operation = o->args.item[1],
        .body = body,
        .body_size = body_n,
        .retry_writes = o->retry_writes,
    };
    struct headcount_error error;
    headcount_op *op = NULL;

    request_options_call(&call, o);
    int err = headcount_begin_call(h, &op, &call, &error);

    if (err != 0) {
        complain("%s", error.what);
        return verbs_exit_code(err);
    }
    bool interrupted = verbs_run(op, NULL);
    const struct headcount_outcome *outcome = headcount_outcome(op);
    int code = EXIT_INTERRUPTED;

    if (outcome) {
        code = verbs_exit_code(outcome->code);
        if (outcome->code == 0)
            print_answer(outcome);
        else if (outcome->code == HEADCOUNT_ESERVICE)
            /* AWS's own words, so without "headcount: " before them. */
            log_sentence(LOG_ERROR, "", outcome->message,
                         strlen(outcome->message));
        else
            complain("%s", outcome->message);
        if (o->timings)
            waterfall_log(outcome, false);
    }
    headcount_op_free(op);
    return interrupted ? EXIT_INTERRUPTED : code;
}

int verb_call(const struct options *o)
{
    if (o->args.n < 2 || o->args.n > 3) {
        complain("call takes SERVICE OPERATION [JSON|-|@FILE]");
        return EXIT_USAGE;
    }
    const char *body = o->args.n == 3 ? o->args.item[2] : NULL;
    size_t body_n = 0;
    char *owned = NULL;
    headcount *h = NULL;
    int code = verbs_read_body(&body, &body_n, &owned);

    if (code == 0)
        code = verbs_open(&h, o);
    if (code == 0)
        code = run_call(h, o, body, body_n);
    headcount_free(h);
    free(owned);
    return code;
}
