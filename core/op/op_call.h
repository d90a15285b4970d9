/* op/op_call.h - one operation of one AWS service. */
#ifndef HC_OP_OP_CALL_H
#define HC_OP_OP_CALL_H

#include "op/op.h"

/* A call that another op makes.  Operation and body are borrowed until it is
 * freed.  NULL: no memory. */
headcount_op *hc_op_call_begin_child(headcount_op *parent,
                                     const struct headcount_call *call);
/* Strikes the call's secrets out of a sentence about its answer. */
void hc_op_call_strike(headcount_op *op, char *text);

#endif
