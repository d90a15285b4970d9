/* op/op_sweep_find.h - the clusters of a sweep, found while others are
 * reconciled already.
 */
#ifndef HC_OP_OP_SWEEP_FIND_H
#define HC_OP_OP_SWEEP_FIND_H

#include "op/op_sweep.h"

int hc_op_sweep_find_init(struct op_sweep *s);
void hc_op_sweep_find_fini(struct op_sweep *s);
/* Adds the targets that can be added now.  0 or a code. */
int hc_op_sweep_find(struct op_sweep *s);
/* Adds a cluster that was named or found in this scope.  One that is a target
 * already (it may be found by name and by ARN, and by each role of its account)
 * is not added again.  0, HEADCOUNT_ENOMEM, HEADCOUNT_ELIMIT. */
int hc_op_sweep_add(struct op_sweep *s, size_t scope,
                    const struct hc_arn *cluster, struct headcount_error *e);

#endif
