/* cli/policy_option.h - what --policy names, asked by each op that ASKS. */
#ifndef CLI_POLICY_OPTION_H
#define CLI_POLICY_OPTION_H

#include "options.h"
#include "policy/policy.h"

struct decide {
    struct policy *policy;          /* NULL: none was named, or tags      */
    bool tags;
    char sha256[65];                /* of its text, for the audit         */
};

/* 0, or the exit code with the complaint on stderr. */
int decide_open(struct decide *d, const struct options *o);
void decide_close(struct decide *d);
void decide_op(struct decide *d, headcount_op *op);

#endif
