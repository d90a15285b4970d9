/* reconcile/need.h - the facts a plan is made from, and the next one it lacks.
 */
#ifndef HC_RECONCILE_NEED_H
#define HC_RECONCILE_NEED_H

#include "plan/measure.h"
#include "reconcile/reconcile.h"

/* What is known for the wish at hand; its filter is in r->filter.  0; another
 * code with e set: no filter can be made; HEADCOUNT_ENOMEM. */
int hc_need_input(struct hc_reconcile *r, struct hc_plan_input *in,
                  const struct hc_ecs_service *service,
                  struct headcount_error *e);
/* When ECS told the oldest of what the count of this plan follows from: the
 * service, its hosts. */
int64_t hc_need_read_at(struct hc_reconcile *r,
                        const struct hc_plan_input *in);
/* The fact that the plan asks for; r->ask, r->hosts, r->pages, r->host_at say
 * how to get it.  NULL without memory. */
struct hc_fact *hc_need_fact(struct hc_reconcile *r,
                             const struct hc_plan_input *in,
                             enum hc_plan_need need);

/* Every host of EC2 is in it: no filter leaves one out. */
bool hc_need_is_whole(const struct hc_fact_hosts *list);

/* ---- for the second reading ---- */

/* Which hosts of the first list count for the wish at hand. */
struct hc_measure_of hc_need_of(struct hc_reconcile *r,
                                const struct hc_plan_input *in);
/* This list is to be read from its first page; or, being read already and
 * `details` asked, what its hosts are like.  `list` may be NULL, as the answer
 * is then. */
struct hc_fact *hc_need_from_list(struct hc_reconcile *r,
                                  struct hc_fact_hosts *list, bool details);
struct hc_fact *hc_need_from_cluster(struct hc_reconcile *r,
                                     enum hc_reading reading);

#endif
