/* op/op_request.h - struct headcount_reconcile, as a reconcile and a sweep take
 * it. */
#ifndef HC_OP_OP_REQUEST_H
#define HC_OP_OP_REQUEST_H

#include "op/op.h"

/* Takes the caller's struct, whose arrays are borrowed.  0, or HEADCOUNT_EARG
 * with *e set. */
int hc_op_request_take(struct headcount_reconcile *to,
                       const struct headcount_reconcile *from,
                       struct headcount_error *e);
/* The same for the reconcile of each cluster of `whose` ("sweep"), which must
 * not have what only one cluster or an event has. */
int hc_op_request_take_each(struct headcount_reconcile *to,
                            const struct headcount_reconcile *from,
                            const char *whose, struct headcount_error *e);
struct hc_op_params hc_op_request_params(const struct headcount_reconcile *r);
/* Copies the texts of the request into op->arena.  Its wishes are not copied
 * here: hc_op_put_wishes does that. */
void hc_op_request_copy(headcount_op *op, struct headcount_reconcile *r);
/* 0, or HEADCOUNT_EARG with op->error set: `hosts` or `constraints` is none of
 * its enum. */
int hc_op_request_check(headcount_op *op, const struct headcount_reconcile *r);

#endif
