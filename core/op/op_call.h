/* op/op_call.h - one operation of one AWS service. */
#ifndef HC_OP_OP_CALL_H
#define HC_OP_OP_CALL_H

#include "op/op.h"

/* How the struct of a kind begins whose ops begin with a headcount_call. */
struct hc_op_called {
    headcount_op op;
    struct headcount_call request;       /* its texts are in the arena       */
    char operation[HC_OPERATION_MAX + 1];
};
/* headcount_begin_call for an op of another class, which needs no operation. */
int hc_op_call_begin(headcount *h, headcount_op **out,
                     const struct op_class *class,
                     const struct headcount_call *call,
                     struct headcount_error *error);
/* The service of such an op, for *operation, which is its name as the service
 * spells it (n == 0: none is given); NULL with op->error set. */
const struct hc_service *hc_op_call_find(headcount_op *op,
                                         struct hc_str *operation);

/* A call that another op makes.  Operation and body are borrowed until it is
 * freed.  NULL: no memory. */
headcount_op *hc_op_call_begin_child(headcount_op *parent,
                                     const struct headcount_call *call);
/* Strikes the call's secrets out of a sentence about its answer. */
void hc_op_call_strike(headcount_op *op, char *text);

#endif
