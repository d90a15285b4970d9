/* reconcile/need.h - the facts a plan is made from, and the next one it lacks.
 */
#ifndef HC_RECONCILE_NEED_H
#define HC_RECONCILE_NEED_H

#include "reconcile/reconcile.h"

/* What is known for the wish at hand; its filter is in r->filter.  0; another
 * code with e set: no filter can be made; HC_ENOMEM. */
int hc_need_input(struct hc_reconcile *r, struct hc_plan_input *in,
                  const struct hc_ecs_service *service, struct hc_error *e);
/* When ECS told the oldest of what the count of this plan follows from: the
 * service, its hosts. */
int64_t hc_need_read_at(struct hc_reconcile *r,
                        const struct hc_plan_input *in);
/* The fact that the plan asks for; r->ask, r->hosts, r->next, r->host_at say
 * how to get it.  NULL without memory. */
struct hc_fact *hc_need_fact(struct hc_reconcile *r,
                             const struct hc_plan_input *in,
                             enum hc_plan_need need);

#endif
