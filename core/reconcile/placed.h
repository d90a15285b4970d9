/* reconcile/placed.h - which hosts can take a task of the wish at hand: what is
 * read for it, and the sums that the plan decides by.
 *
 *   the hosts that lack the task   one list, by the service's task group
 *   what those are like            attributes, free CPU, memory and ports
 *   the task definition            what a task asks of its host
 *   younger hosts that have it     one list, only where an older host looks
 *                                  free: has ECS passed that host over?
 *
 * Hosts that run a task of the service are never described for this.
 *
 * If ECS refuses to list hosts by a task group, both lists follow from the
 * tasks of the service and from what the hosts are like.
 */
#ifndef HC_RECONCILE_PLACED_H
#define HC_RECONCILE_PLACED_H

#include "reconcile/exchange/exchange.h"

/* Sets in->placement if all of it is read.  0 or HEADCOUNT_ENOMEM. */
int hc_placed_input(struct hc_run *r, struct hc_plan_input *in);
/* The next exchange for in->placement; NULL without memory. */
struct hc_fact *hc_placed_next(struct hc_run *r, struct hc_exchange *x,
                               const struct hc_plan_input *in);

/* The count rises to these hosts: later wishes of the run see them without what
 * its tasks take.  0 or HEADCOUNT_ENOMEM. */
int hc_placed_claim(struct hc_run *r, const struct hc_plan_input *in);

/* in->placement is set: the hosts that it counts, worst first.  0 or
 * HEADCOUNT_ENOMEM. */
int hc_placed_hosts(struct hc_run *r, const struct hc_plan_input *in,
                    struct headcount_placement *to);

/* The same for a first look, which needs the hosts without a task alone:
 * in->lacking, and in->lacks_task. */
int hc_placed_input_lacking(struct hc_run *r, struct hc_plan_input *in);
struct hc_fact *hc_placed_next_lacking(struct hc_run *r, struct hc_exchange *x,
                                       const struct hc_plan_input *in);

#endif
