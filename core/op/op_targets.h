/* op/op_targets.h - the clusters of a reconcile. */
#ifndef HC_OP_OP_TARGETS_H
#define HC_OP_OP_TARGETS_H

#include "op/op_reconcile.h"

/* Fills in names, clusters_n and region; the event has been read.  1: the event
 * is about other regions or accounts. */
int hc_op_targets(struct op_reconcile *r);
/* Drops r->names[r->at] if a cluster before it is the same one: its result is
 * for both.  `dry` says whether the run of r->at would be dry: a dry run
 * stands for no real one.  True: r->at is another cluster now, or the end. */
bool hc_op_targets_drop_twin(struct op_reconcile *r, bool dry);
/* Why r->names[at] is in another region or account, or NULL. */
const char *hc_op_targets_foreign(const struct op_reconcile *r, size_t at);
/* The same as a sentence in the arena; NULL: no memory. */
const char *hc_op_targets_foreign_why(struct op_reconcile *r, size_t at);

#endif
