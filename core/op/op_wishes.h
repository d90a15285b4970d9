/* op/op_wishes.h - wishes of a caller as the plan takes them. */
#ifndef HC_OP_OP_WISHES_H
#define HC_OP_OP_WISHES_H

#include "op/op.h"
#include "plan/plan.h"

#define HC_OP_WISHES 10000

/* Its pointers can be read: a service is named, no array is missing. */
bool hc_op_wish_is_sound(const struct headcount_wish *w);
/* Copies a wish into the arena.  0, HEADCOUNT_ENOMEM, or HEADCOUNT_EARG with
 * op->error set. */
int hc_op_take_wish(headcount_op *op, struct hc_arena *arena,
                    const struct headcount_wish *w, struct hc_wish *to);
/* The wishes of the request, while the caller's memory is still there. */
int hc_op_put_wishes(headcount_op *op, const struct hc_wish **wishes,
                     size_t *n);
/* 0, or HEADCOUNT_EARG: `hosts` or `constraints` of the request is none of its
 * enum. */
int hc_op_check_reconcile(headcount_op *op);

#endif
