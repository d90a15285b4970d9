/* cli/policy_option.c - what --policy names. */
#include "policy_option.h"

#include <stdlib.h>
#include <string.h>

#include "complain.h"
#include "log.h"
#include "verbs/verbs.h"

bool policy_option_is_distinct(const struct options *o)
{
    return o->policy && strcmp(o->policy, "distinct") == 0;
}

void policy_option_print(void *ud, const char *line, size_t n)
{
    (void)ud;
    log_sentence(LOG_INFO, "", line, n);
}

/* A first look never writes, so no verb that writes takes it. */
static int open_distinct(struct policy_option *d, const struct options *o)
{
    char name[OPTIONS_NAME];

    if (o->verb != VERB_PLAN && o->verb != VERB_SNAPSHOT) {
        complain("%s distinct is a first look and never writes: plan takes it. "
                 "To keep a service at one task per host: headcount adopt "
                 "CLUSTER SERVICE..., then --policy tags",
                 options_said(o, "policy", name));
        return EXIT_USAGE;
    }
    if (o->hosts_mode != HEADCOUNT_ACTIVE) {
        complain("%s distinct counts active hosts: leave --hosts out",
                 options_said(o, "policy", name));
        return EXIT_USAGE;
    }
    d->distinct = true;
    return 0;
}

int policy_option_open(struct policy_option *d, const struct options *o)
{
    struct sandbox_error why = { "" };
    char *text = NULL;
    size_t n = 0;
    int code;

    memset(d, 0, sizeof *d);
    if (!o->policy)
        return 0;
    if (strcmp(o->policy, "tags") == 0) {   /* ./tags is a file */
        d->tags = true;
        return 0;
    }
    if (policy_option_is_distinct(o))
        return open_distinct(d, o);
    code = verbs_read_input(o->policy, SANDBOX_TEXT, &text, &n);
    if (code == 0) {
        headcount_sha256(d->sha256, text, n);
        const struct policy_config config = {
            .name = o->policy, .text = text, .n = n,
            .print = policy_option_print,
        };

        d->policy = policy_new(&config, &why);
        if (!d->policy) {
            complain("%s", why.what);
            code = EXIT_CONFIG;
        }
    } else if (code != EXIT_INTERRUPTED) {
        code = EXIT_CONFIG;          /* a policy is configuration, no input */
    }
    free(text);
    return code;
}

void policy_option_close(struct policy_option *d)
{
    policy_free(d->policy);
    d->policy = NULL;
}

void policy_option_op(struct policy_option *d, headcount_op *op)
{
    if (d->decide)
        d->decide(d->ud, op);
    else if (d->tags)
        headcount_decide_by_tags(op);
    else if (d->distinct)
        headcount_decide_by_distinct(op);
    else
        policy_decide(d->policy, op);
}
