/* reconcile/second.h - the second reading that a big step needs: everything
 * that its count follows from is read once more, and a policy that looked at
 * hosts runs once more on that second reading.
 */
#ifndef HC_RECONCILE_SECOND_H
#define HC_RECONCILE_SECOND_H

#include "reconcile/run.h"

/* Sets in->second if the second reading for the wish at hand is whole. */
void hc_second_input(struct hc_run *r, struct hc_plan_input *in);
/* The list that is to be read next, after the cluster; if *details is true,
 * what its hosts are like.  NULL without memory. */
struct hc_fact_hosts *hc_second_list(struct hc_run *r,
                                     const struct hc_plan_input *in,
                                     bool *details);
/* Sets in->asked and in->again: the count that the policy wants on the second
 * reading. */
void hc_second_again(struct hc_run *r, struct hc_plan_input *in);

#endif
