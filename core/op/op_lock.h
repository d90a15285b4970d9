/* op/op_lock.h - at most one reconcile of a cluster at a time, and at most
 * `concurrency` reconciles of a handle.
 *
 * Two runs of one cluster at a time would each read counts that the other is
 * about to change, and the older of the two readings might be written last.
 */
#ifndef HC_OP_OP_LOCK_H
#define HC_OP_OP_LOCK_H

#include "op/op_reconcile.h"

/* True: names[at] may run; false: the op is woken when it may.  An op past its
 * deadline, or cancelled, does not wait: its run then starts no call, and
 * reports why. */
bool hc_op_lock(struct op_reconcile *r, int64_t now);
/* The run of names[at] is over, or will never be.  True: another op came in
 * instead, and runs next. */
bool hc_op_unlock(struct op_reconcile *r);

#endif
