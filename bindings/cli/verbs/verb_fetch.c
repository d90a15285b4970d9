/* cli/verbs/verb_fetch.c - one HTTP request to any URL, signed with --sign; or,
 * with --expires, the presigned URL that somebody else may use. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "complain.h"
#include "plain.h"
#include "verbs/verbs.h"
#include "waterfall.h"

/* ---- what is asked for ---- */

/* "NAME: VALUE" of the command line, which is cut into two texts. */
static int take_headers(struct headcount_header *to, const struct options *o)
{
    for (size_t i = 0; i < o->headers.n; i++) {
        char *name = strdup(o->headers.item[i]);
        char *colon = name ? strchr(name, ':') : NULL;

        to[i].name = name;
        if (!name)
            return EXIT_OTHER;
        if (!colon || colon == name) {       /* what it is may be a secret */
            complain("--header takes NAME: VALUE, such as 'Accept: text/csv'");
            return EXIT_USAGE;
        }
        *colon = '\0';
        to[i].value = colon + 1;
    }
    return 0;
}

static int check(const struct options *o)
{
    const char *alone =
        o->expires                               ? "expires"
        : options_is_typed(o, "assume-role")     ? "assume-role"
        : options_is_typed(o, "expect-account") ? "expect-account"
                                                 : NULL;

    if (o->args.n != 2)
        complain("fetch takes METHOD URL, such as GET https://example.com/");
    else if (!o->sign && alone)
        complain("--%s goes with --sign SERVICE", alone);
    else
        return 0;
    return EXIT_USAGE;
}

/* ---- what is printed ---- */

/* The bytes as they came.  On a terminal a control character shows as '?', and
 * the shell's prompt begins a line of its own. */
static void print_body(const char *body, size_t n)
{
    if (!isatty(STDOUT_FILENO)) {
        fwrite(body, 1, n, stdout);
        return;
    }
    while (n > 0) {
        const char *end = memchr(body, '\n', n);
        size_t line = end ? (size_t)(end - body) : n;

        plain_put(stdout, body, line);
        putchar('\n');
        line += end != NULL;
        body += line;
        n -= line;
    }
}

static bool is_redirect(int status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 ||
           status == 308;
}

static int print_outcome(const struct headcount_outcome *outcome)
{
    if (outcome->code == 0 && outcome->signed_request)
        puts(outcome->signed_request->url);
    else if (outcome->code == 0)
        print_body(outcome->body, outcome->body_size);
    if (outcome->code != 0 || outcome->status >= 400)
        complain("%s", outcome->message);
    else if (is_redirect(outcome->status))
        warn("HTTP %d: the answer is a redirect, which is not followed",
             outcome->status);
    return outcome->code == 0 && outcome->status >= 400
               ? EXIT_SERVICE : verbs_exit_code(outcome->code);
}

/* ---- the request ---- */

static int run_fetch(headcount *h, const struct options *o,
                     const struct headcount_fetch *fetch)
{
    struct headcount_error error;
    headcount_op *op = NULL;
    int err = headcount_begin_fetch(h, &op, fetch, &error);

    if (err != 0) {
        complain("%s", error.what);
        return verbs_exit_code(err);
    }
    bool interrupted = verbs_run(op, NULL);
    const struct headcount_outcome *outcome = headcount_outcome(op);
    int code = EXIT_INTERRUPTED;

    if (outcome) {
        code = print_outcome(outcome);
        if (o->timings)
            waterfall_log(outcome, false);
    }
    headcount_op_free(op);
    return interrupted ? EXIT_INTERRUPTED : code;
}

static int open_and_run(const struct options *o,
                        const struct headcount_header *headers,
                        const char *body, size_t body_n)
{
    const struct headcount_sign_request sign = {
        .size = sizeof sign, .service = o->sign, .region = o->region,
        .expires = o->expires_us,
    };
    struct headcount_fetch fetch = {
        .size = sizeof fetch, .timeout = o->timeout_us,
        .method = o->args.item[0], .url = o->args.item[1],
        .headers = headers, .headers_n = o->headers.n,
        .body = body, .body_size = body_n,
        .sign = o->sign ? &sign : NULL,
        .sign_only = o->expires_us != 0,
    };
    headcount *h = NULL;

    if (o->sign) {
        fetch.assume_role = o->role;
        fetch.external_id = o->external_id;
        fetch.role_session_name = o->session;
        fetch.role_duration = o->duration_us;
        fetch.expect_account = o->account;
    }
    int code = verbs_open(&h, o);

    if (code == 0)
        code = run_fetch(h, o, &fetch);
    headcount_free(h);
    return code;
}

int verb_fetch(const struct options *o)
{
    struct headcount_header headers[OPTIONS_LIST_MAX] = { { NULL, NULL } };
    const char *body = o->body;
    size_t body_n = 0;
    char *owned = NULL;
    int code = check(o);

    if (code == 0)
        code = take_headers(headers, o);
    if (code == 0)
        code = verbs_read_body(&body, &body_n, &owned);
    if (code == 0)
        code = open_and_run(o, headers, body, body_n);
    for (size_t i = 0; i < o->headers.n; i++)
        free((void *)(uintptr_t)headers[i].name);
    free(owned);
    return code;
}
