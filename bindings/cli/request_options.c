/* cli/request_options.c - what is to be reconciled and by which rule. */
#include "request_options.h"

#include <stdlib.h>
#include <string.h>

#include "complain.h"
#include "meant.h"
#include "verbs/verbs.h"

#define AUTOSCALER_MAX ((size_t)64 << 10)

/* The file's text as --autoscaler names it; NULL where it does not. */
static int read_autoscaler(const struct options *o, char **text)
{
    size_t n = 0;

    *text = NULL;
    if (!o->autoscaler)
        return 0;
    int code = verbs_read_input(o->autoscaler, AUTOSCALER_MAX, text, &n);
    char *whole = code == 0 ? realloc(*text, n + 1) : NULL;

    if (code == EXIT_INTERRUPTED)
        return code;
    if (!whole)
        return code == 0 ? EXIT_OTHER : EXIT_CONFIG;
    whole[n] = '\0';
    *text = whole;
    if (strlen(whole) == n)
        return 0;
    complain("%s holds a NUL: it is no JSON in UTF-8", o->autoscaler);
    return EXIT_CONFIG;
}

static int take_wishes(struct request_options *t, const struct options *o,
                       struct headcount_reconcile *request)
{
    int code = read_autoscaler(o, &t->autoscaler);

    if (code != 0)
        return code;
    t->wishes = calloc(o->services.n, sizeof *t->wishes);
    if (!t->wishes)
        return EXIT_OTHER;
    for (size_t i = 0; i < o->services.n; i++) {
        t->wishes[i].size = sizeof *t->wishes;
        t->wishes[i].service = o->services.item[i];
        t->wishes[i].rule = HEADCOUNT_PER_HOST;
        t->wishes[i].where = o->where;
        t->wishes[i].autoscaler = t->autoscaler;
    }
    request->wishes = t->wishes;
    request->wishes_n = o->services.n;
    return 0;
}

void request_options_role(struct headcount_reconcile *r,
                          const struct options *o)
{
    r->assume_role = o->role;
    r->external_id = o->external_id;
    r->role_session_name = o->session;
    r->role_duration = o->duration_us;
    r->expect_account = o->account;
}

void request_options_call_role(struct headcount_call *call,
                               const struct options *o)
{
    call->assume_role = o->role;
    call->external_id = o->external_id;
    call->role_session_name = o->session;
    call->role_duration = o->duration_us;
}

void request_options_call(struct headcount_call *call, const struct options *o)
{
    request_options_call_role(call, o);
    call->expect_account = o->account;
    call->timeout = o->timeout_us;
    call->target_prefix = o->target_prefix;
    call->json_version = o->json_version;
    call->signing_name = o->signing_name;
    call->endpoint_prefix = o->endpoint_prefix;
}

int request_options_open(struct request_options *t, const struct options *o,
                struct headcount_reconcile *request)
{
    memset(t, 0, sizeof *t);
    request_options_role(request, o);
    request->hosts = o->hosts_mode;
    request->constraints = o->heeded;
    request->paused = o->paused;
    request->drop_foreign = o->drop_foreign;
    request->verify = o->verifies;
    request->allow = o->allow.item;
    request->allow_n = o->allow.n;
    request->max_changes = o->max_changes;
    request->max_falls = o->max_falls;
    if (o->services.n == 0 && !o->policy)
        return meant_no_service(o);
    if (!o->policy)
        return take_wishes(t, o, request);
    request->policy = true;
    request->ask_targets = true;

    int code = policy_option_open(&t->decide, o);

    request->policy_sha256 = t->decide.policy ? t->decide.sha256 : NULL;
    /* A look at a whole account reads no task definition unless it is told. */
    if (t->decide.distinct && o->heeded == HEADCOUNT_CONSTRAINTS_DEFAULT)
        request->constraints = HEADCOUNT_CONSTRAINTS_SERVICE;
    return code;
}

void request_options_close(struct request_options *t)
{
    policy_option_close(&t->decide);
    free(t->wishes);
    free(t->autoscaler);
    t->wishes = NULL;
    t->autoscaler = NULL;
}
