/* op/op_wishes.h - wishes of a caller as the plan takes them. */
#ifndef HC_OP_OP_WISHES_H
#define HC_OP_OP_WISHES_H

#include "op/op.h"
#include "plan/plan.h"

#define HC_OP_WISHES 10000

/* 0, or HEADCOUNT_EARG with *e set: a number that is none of the enum. */
int hc_op_check_hosts(enum headcount_hosts hosts, struct headcount_error *e);
/* Checks that a wish names a service, lacks none of its arrays, and counts
 * hosts that can be counted.  0, or HEADCOUNT_EARG with *e set. */
int hc_op_check_wish(const struct headcount_wish *w, struct headcount_error *e);
/* Copies a wish into the arena; `r` has what all wishes share.  0,
 * HEADCOUNT_ENOMEM, or HEADCOUNT_EARG with op->error set. */
int hc_op_take_wish(headcount_op *op, const struct headcount_reconcile *r,
                    struct hc_arena *arena, const struct headcount_wish *w,
                    struct hc_wish *to);
/* Copies the wishes of the request into op->arena, while the caller's memory
 * is still there. */
int hc_op_put_wishes(headcount_op *op, const struct headcount_reconcile *from,
                     const struct hc_wish **wishes, size_t *n);

#endif
