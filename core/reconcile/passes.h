/* reconcile/passes.h - the states PLAN and TURN: each wish is planned and
 * written, in two passes over all of them. */
#ifndef HC_RECONCILE_PASSES_H
#define HC_RECONCILE_PASSES_H

#include "reconcile/machine.h"

/* As hc_reconcile_step; but 0 means that m->state says how the run goes on. */
int hc_passes_step(struct hc_reconcile *m, int64_t now);
/* As hc_passes_step; 1: the run waits for its turn. */
int hc_passes_step_turn(struct hc_reconcile *m, int64_t now);

#endif
