/* reconcile/plan_input.h - what the plan of the wish at hand is made from: the
 * facts that are known, and the filter that its hosts are counted by. */
#ifndef HC_RECONCILE_PLAN_INPUT_H
#define HC_RECONCILE_PLAN_INPUT_H

#include "plan/measure.h"
#include "reconcile/exchange/exchange.h"

/* Fills in *in, r->filter and r->lists. 0; HEADCOUNT_ENOMEM; another code with
 * e set: no filter can be made. */
int hc_plan_input_fill(struct hc_run *r, struct hc_plan_input *in,
                       const struct hc_ecs_service *service,
                       struct headcount_error *e);
/* Likewise for which hosts can take a task of this service, and nothing else:
 * in->placement, if all of it is read in r->policy.reading. */
int hc_plan_input_placement(struct hc_run *r, struct hc_plan_input *in,
                            const struct hc_wish *wish,
                            const struct hc_ecs_service *service,
                            struct headcount_error *e);
/* The conditions that a host of the first list has to meet to count. */
struct hc_measure_of hc_plan_input_measure(struct hc_run *r,
                                           const struct hc_plan_input *in);
/* True: the list tells all that `of` looks at.  It recalls the providers that
 * the handle remembers, unless this run asks AWS anew. */
bool hc_plan_input_tells(struct hc_run *r, struct hc_fact_hosts *list,
                         const struct hc_measure_of *of);
/* Sets the exchange that makes hc_plan_input_tells true. */
struct hc_fact *hc_plan_input_describe(struct hc_run *r, struct hc_exchange *x,
                                       struct hc_fact_hosts *list,
                                       const struct hc_measure_of *of);
/* When ECS answered with the oldest fact that the count follows from: the
 * service or its hosts. */
int64_t hc_plan_input_read_at(struct hc_run *r, const struct hc_plan_input *in);

#endif
