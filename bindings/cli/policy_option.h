/* cli/policy_option.h - what --policy names, asked by each op that ASKS. */
#ifndef CLI_POLICY_OPTION_H
#define CLI_POLICY_OPTION_H

#include "options.h"
#include "policy/policy.h"

struct policy_option {
    struct policy *policy;          /* NULL: none was named, or tags      */
    bool tags, distinct;
    void (*decide)(void *ud, headcount_op *op);   /* the verb's own; or NULL */
    void *ud;
    char sha256[65];                /* of its text, for the audit         */
};

/* --policy distinct: a first look, and no policy of a file. */
bool policy_option_is_distinct(const struct options *o);
/* A line that a policy printed, into the log. */
void policy_option_print(void *ud, const char *line, size_t n);
/* 0, or the exit code with the complaint on stderr. */
int policy_option_open(struct policy_option *d, const struct options *o);
void policy_option_close(struct policy_option *d);
void policy_option_op(struct policy_option *d, headcount_op *op);

#endif
