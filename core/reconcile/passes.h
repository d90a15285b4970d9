/* reconcile/passes.h - the states PLAN and TURN: each wish is planned and
 * written, in two passes over all of them. */
#ifndef HC_RECONCILE_PASSES_H
#define HC_RECONCILE_PASSES_H

#include "reconcile/machine.h"

/* As hc_reconcile_step, but 0: m->state says how it goes on. */
int hc_passes_step(struct hc_reconcile *m, int64_t now);
/* Likewise; 1: it waits. */
int hc_passes_step_turn(struct hc_reconcile *m, int64_t now);

#endif
