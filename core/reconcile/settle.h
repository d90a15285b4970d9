/* reconcile/settle.h - how a wish ends.  Each wish is settled exactly once; the
 * reconcile goes on with the next one. */
#ifndef HC_RECONCILE_SETTLE_H
#define HC_RECONCILE_SETTLE_H

#include "reconcile/reconcile.h"

struct headcount_service *hc_settle_at(struct hc_reconcile *r);
/* Texts are copied. */
void hc_settle(struct hc_reconcile *r, enum headcount_result outcome,
               const char *code, const char *reason);
void hc_settle_failed(struct hc_reconcile *r, const char *code,
                      const char *reason);
/* Nothing is known of the cluster: it failed, and every wish with it. */
void hc_settle_cluster(struct hc_reconcile *r, const char *code,
                       const char *what);
/* The cluster is deleted: what `found` says decides what that makes of the
 * wishes that are left.  r->gone_code and gone_what say how it is known. */
void hc_settle_gone(struct hc_reconcile *r);
/* What r->ask asked for is not to be had. */
void hc_settle_no_fact(struct hc_reconcile *r, const char *code,
                       const char *what);
/* The write at hand keeps its place in the run's limits, or gives it back where
 * it surely was not carried out; once. */
void hc_settle_place(struct hc_reconcile *r, bool sent);
/* err is what began, fed or ended the call in flight, r->error says why.  0, or
 * HEADCOUNT_ENOMEM: no report. */
int hc_settle_call(struct hc_reconcile *r, int err);

#endif
