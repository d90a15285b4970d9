/* reconcile/second.h - the second reading that a big step needs: everything
 * that its count follows from is read once more, and a policy that looked at
 * hosts is asked once more on that second reading.
 */
#ifndef HC_RECONCILE_SECOND_H
#define HC_RECONCILE_SECOND_H

#include "reconcile/reconcile.h"

/* in->second, if the second reading of the wish at hand is whole. */
void hc_second_input(struct hc_reconcile *r, struct hc_plan_input *in);
/* The part of it that is to be read next; NULL without memory. */
struct hc_fact *hc_second_fact(struct hc_reconcile *r,
                               const struct hc_plan_input *in);
/* in->asked and in->again: what the policy wants on the second reading. */
void hc_second_again(struct hc_reconcile *r, struct hc_plan_input *in);

#endif
