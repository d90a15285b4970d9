/* plan/hold_parts.h - what the files of the holds share: hold.c has the table
 * and most rows, hold_managed.c the rows about managed scaling. */
#ifndef HC_PLAN_HOLD_PARTS_H
#define HC_PLAN_HOLD_PARTS_H

#include "plan/hold.h"

/* HOLD_NEEDS: the row cannot decide without this fact. */
enum hc_hold_verdict hc_hold_needs(struct hc_plan *p, enum hc_plan_need fact);
/* HOLD_HELD, and the reason says why: "3 is right (1 task on each of 3 active
 * hosts); held: ..." */
enum hc_hold_verdict hc_hold_because(struct hc_plan *p, const char *why);
/* The count that a rise is measured from: the count that ECS shows, or our own
 * last write, if ECS does not show that yet and it is lower. */
int64_t hc_hold_least(const struct hc_plan_input *in);

/* ---- rows: managed scaling ---- */

/* Tasks wait already. */
enum hc_hold_verdict hc_hold_unplaced(struct hc_plan *p,
                                      const struct hc_plan_input *in);
/* The rule outgrows its hosts. */
enum hc_hold_verdict hc_hold_growth(struct hc_plan *p,
                                    const struct hc_plan_input *in);
/* Hosts that cannot take the task, or of which that is not known, or that ECS
 * passed over: these lower a rise, or hold it. */
enum hc_hold_verdict hc_hold_unknown_placement(struct hc_plan *p,
                                               const struct hc_plan_input *in);
enum hc_hold_verdict hc_hold_passed_over(struct hc_plan *p,
                                         const struct hc_plan_input *in);
enum hc_hold_verdict hc_hold_unplaceable(struct hc_plan *p,
                                         const struct hc_plan_input *in);

#endif
