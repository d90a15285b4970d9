/* cli/request_options.h - what is to be reconciled and by which rule, as the
 * options say it: the part of a reconcile that plan, apply, handle and lambda
 * share. */
#ifndef CLI_REQUEST_OPTIONS_H
#define CLI_REQUEST_OPTIONS_H

#include "policy_option.h"

struct request_options {
    struct policy_option decide; /* whom an op that ASKS is given to  */
    struct headcount_wish *wishes;
    char *autoscaler;
};

/* Fills in wishes or policy, and what goes with them; the request borrows from
 * the target.  0, or the exit code with the complaint on stderr.  Always
 * close. */
int request_options_open(struct request_options *t, const struct options *o,
                struct headcount_reconcile *request);
/* Fills in the role, and the account that is expected. */
void request_options_role(struct headcount_reconcile *r,
                          const struct options *o);
/* Fills in the role alone: a call of our own has its own limit of time. */
void request_options_call_role(struct headcount_call *call,
                               const struct options *o);
/* Fills in all that a person says of the one call of a verb. */
void request_options_call(struct headcount_call *call, const struct options *o);
void request_options_close(struct request_options *t);

#endif
