/* reconcile/explain.h - what the report says about hosts that can take a task.
 *
 * Where the plan had to know it, the row says how many hosts there are.  A run
 * that explains reads it for the report alone, after the plan is decided: what
 * it reads changes no count, and what it cannot read fails no wish.
 */
#ifndef HC_RECONCILE_EXPLAIN_H
#define HC_RECONCILE_EXPLAIN_H

#include "reconcile/placed.h"

/* The plan of the wish at hand is decided: the fact that its report lacks, or
 * PLAN_DECIDED. */
enum hc_plan_need hc_explain_needs(const struct hc_run *r,
                                   const struct hc_plan_input *in);
/* in->placement for a report or a policy, without a summary, in the memory of
 * the facts; NULL: there is no memory. */
struct headcount_placement *
hc_explain_placement(struct hc_run *r, const struct hc_plan_input *in);
/* Adds it to the reason of the plan and to the row of the wish at hand. */
void hc_explain_tell(struct hc_run *r, const struct hc_plan_input *in);

#endif
