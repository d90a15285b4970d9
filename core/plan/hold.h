/* plan/hold.h - the table of holds: we could write, and a safety rule says
 * not now.  Pure.
 */
#ifndef HC_PLAN_HOLD_H
#define HC_PLAN_HOLD_H

#include "plan/plan.h"

/* The bits of a code of the table ("zero", "deployment", ...); false if no
 * such code can be allowed. */
bool hc_hold_allow(struct hc_str code, unsigned *allow);
/* Holds it: `why` is a sentence, after what was counted. */
enum hc_plan_need hc_hold(struct hc_plan *p, const char *code,
                          const char *why);
/* The count that a drop is measured from: ECS's, or our own last write, if ECS
 * does not show that yet and it is higher. */
int64_t hc_hold_from(const struct hc_plan_input *in);
/* The write takes tasks away, or may: our last write may not be shown yet. */
bool hc_hold_falls(const struct hc_plan *p, const struct hc_plan_input *in);
/* The holds that need no further fact: true if one of them holds. */
bool hc_hold_without_call(struct hc_plan *p, const struct hc_plan_input *in);
/* Those that do, the cheapest first: a fact that is lacking, or PLAN_DECIDED
 * with p->outcome HELD or as it was. */
enum hc_plan_need hc_hold_with_call(struct hc_plan *p,
                               const struct hc_plan_input *in);

#endif
