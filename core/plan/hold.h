/* plan/hold.h - holds: a count could be written, and a safety rule says not
 * now.  Pure; the table of holds is in hold.c.
 */
#ifndef HC_PLAN_HOLD_H
#define HC_PLAN_HOLD_H

#include "plan/plan.h"

enum hc_hold_verdict { HOLD_PASS, HOLD_HELD, HOLD_NEEDS };

/* Checks the rows of the table in order of precedence, first those that need
 * no call.  HOLD_HELD: the plan has outcome, code, switch and reason.
 * HOLD_NEEDS: p->needs is the fact that the row lacks.  HOLD_PASS: the count
 * may be written. */
enum hc_hold_verdict hc_hold_check(struct hc_plan *p,
                                   const struct hc_plan_input *in);
/* Holds the plan by a row of the table that has no function.  `why` is a
 * sentence and follows what was counted. */
void hc_hold(struct hc_plan *p, const char *code, const char *why);
/* Adds the switch of a code ("zero", "deployment", ...); false if no such code
 * can be allowed. */
bool hc_hold_allow(struct hc_str code, unsigned *allow);

/* True if one of the tags, headcount:pause, pauses its service now. */
bool hc_hold_is_paused(const struct hc_ecs_tag *tags, int64_t wall);

/* The count that a drop is measured from: the count that ECS shows, or our own
 * last write, if ECS does not show that yet and it is higher. */
int64_t hc_hold_from(const struct hc_plan_input *in);
/* The write takes tasks away, or may: ECS may not show our last write yet. */
bool hc_hold_falls(const struct hc_plan *p, const struct hc_plan_input *in);

#endif
