/* reconcile/policy_placed.h - which hosts can take a task of a service, for a
 * policy: made of the same facts as a rise that could start hosts, and of the
 * hosts that ECS would place on, whatever a rule counts. */
#ifndef HC_RECONCILE_POLICY_PLACED_H
#define HC_RECONCILE_POLICY_PLACED_H

#include "reconcile/policy_facts.h"

/* Makes k->placed of facts.  1: it is known now; 0: *in lacks a fact, *need; or
 * HEADCOUNT_ENOMEM.  `wish` has the memory for a wish that *in points to. */
int hc_policy_placed(struct hc_run *r, struct hc_known *k,
                     struct hc_plan_input *in, struct hc_wish *wish,
                     enum hc_plan_need *need);

#endif
