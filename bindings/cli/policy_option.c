/* cli/policy_option.c - what --policy names. */
#include "policy_option.h"

#include <stdlib.h>
#include <string.h>

#include "complain.h"
#include "verbs/verbs.h"

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
    code = verbs_read_input(o->policy, SANDBOX_TEXT, &text, &n);
    if (code == 0) {
        headcount_sha256(d->sha256, text, n);
        d->policy = policy_new(&(struct policy_config){ .name = o->policy,
                                                        .text = text, .n = n },
                               &why);
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
    if (d->tags)
        headcount_decide_by_tags(op);
    else
        policy_decide(d->policy, op);
}
