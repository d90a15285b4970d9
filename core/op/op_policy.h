/* op/op_policy.h - a reconcile that ASKS. */
#ifndef HC_OP_OP_POLICY_H
#define HC_OP_OP_POLICY_H

#include "op/op_reconcile.h"

/* The reconcile whose owner's turn it is: `op`, or a child of it; NULL: the op
 * does not ASK. */
struct op_reconcile *hc_op_policy_turn(headcount_op *op);
/* Begins the owner's turn: fills in the question. */
void hc_op_policy_ask(struct op_reconcile *r);
/* The owner resumes. */
void hc_op_policy_resume(struct op_reconcile *r);
void hc_op_policy_fini(struct op_reconcile *r);
/* Asks for every service of the list before the answer for any is needed, so
 * that they are described together, ten per call.  1: all are known; 0: they
 * are noted; or a code. */
int hc_op_policy_ask_services(headcount_op *op,
                              const struct headcount_fact *list);
/* Adds a wish of this round, and copies it. 0, HEADCOUNT_ENOMEM or
 * HEADCOUNT_ELIMIT. */
int hc_op_policy_add(struct op_reconcile *r, const struct hc_wish *wish);

#endif
