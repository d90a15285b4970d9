/* op/op_event.h - an event of a reconcile: which clusters it asks for, and the
 * results of its records. */
#ifndef HC_OP_OP_EVENT_H
#define HC_OP_OP_EVENT_H

#include "op/op_reconcile.h"

/* Reads the event into r->records. 0; 1: nothing in it is left to do; or a
 * code with op.error set. */
int hc_op_event_read(struct op_reconcile *r);
/* A person wrote r->names[at] into the event. */
bool hc_op_event_names(const struct op_reconcile *r, size_t at);
/* The event asks for no write to r->names[at]. */
bool hc_op_event_is_dry(const struct op_reconcile *r, size_t at);
/* All its clusters are done: settles its records and notes its versions.  0 or
 * HEADCOUNT_ENOMEM. */
int hc_op_event_settle(struct op_reconcile *r);

#endif
