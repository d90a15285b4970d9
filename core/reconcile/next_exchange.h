/* reconcile/next_exchange.h - given what is known, which exchange comes next?
 *
 * The plan of the wish at hand asks, and a policy in its turn; the answer is
 * made of the same rows.  Each function makes x that exchange, but does not
 * start it.
 */
#ifndef HC_RECONCILE_NEXT_EXCHANGE_H
#define HC_RECONCILE_NEXT_EXCHANGE_H

#include "reconcile/exchange/exchange.h"

/* Reads the fact that the plan needs (but for PLAN_NEEDS_AGAIN, which a policy
 * answers).  Returns that fact, which may have FAILED already; NULL without
 * memory. */
struct hc_fact *hc_next_for_plan(struct hc_run *r, struct hc_exchange *x,
                                 const struct hc_plan_input *in,
                                 enum hc_plan_need need);
/* Reads the service of the wish at hand, and others that are not known yet.  0
 * or HEADCOUNT_ENOMEM. */
int hc_next_for_wish(struct hc_run *r, struct hc_exchange *x);
/* Reads the first fact that the policy noted and that is not known.  1: `fact`
 * is that one, and may have FAILED; 0: all are known; HEADCOUNT_ENOMEM. */
int hc_next_for_policy(struct hc_run *r, struct hc_exchange *x,
                       const struct hc_fact **fact);
/* Writes the wish at hand, by r->write_by. */
void hc_next_write(const struct hc_run *r, struct hc_exchange *x);
/* Lists the clusters that there are, until then. */
void hc_next_clusters(struct hc_exchange *x, int64_t until);

#endif
