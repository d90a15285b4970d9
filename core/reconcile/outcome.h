/* reconcile/outcome.h - what becomes of a wish.  Each wish is settled exactly
 * once; a wish whose row has a reason is settled. */
#ifndef HC_RECONCILE_OUTCOME_H
#define HC_RECONCILE_OUTCOME_H

#include "reconcile/run.h"

/* Texts are copied. */
void hc_outcome_settle(struct hc_run *r, enum headcount_result outcome,
                       const char *code, const char *reason);
void hc_outcome_fail(struct hc_run *r, const char *code, const char *reason);
/* Nothing is known of the cluster: it failed, and every wish that is open fails
 * with it.  The run is over. */
void hc_outcome_fail_cluster(struct hc_run *r, const char *code,
                             const char *what);
/* The cluster is deleted, as r->gone_code and gone_what say: the run is over.
 * `clusters` is for the end of a sentence: those that there are. */
void hc_outcome_gone(struct hc_run *r, const char *clusters);
/* The account that the cluster is in, as its ARN or its event says, or as it is
 * expected; n == 0: none of them does. */
struct hc_str hc_outcome_owner(const struct hc_run *r);
/* The write at hand keeps its place in the run's limits, or gives it back where
 * it surely was not carried out; once. */
void hc_outcome_end_place(struct hc_run *r, bool sent);

#endif
