/* reconcile/reconcile.h - the machine: it takes one cluster from its wishes to
 * their outcomes.  Embedded in its owner's job and advanced by it.
 *
 *     hc_reconcile_start(&m, net, job, &config, e);
 *     each run of the job:  err = hc_reconcile_step(&m, now);
 *     at 1:                 m.run.result (const, good until fini)
 *     always:               hc_reconcile_fini(&m);
 */
#ifndef HC_RECONCILE_RECONCILE_H
#define HC_RECONCILE_RECONCILE_H

#include "reconcile/machine.h"
#include "reconcile/policy_facts.h"

/* 0, or HEADCOUNT_ECONFIG, HEADCOUNT_ESYNTAX (cluster, wish, rule, where),
 * HEADCOUNT_ENOMEM. */
int hc_reconcile_start(struct hc_reconcile *m, struct hc_net *net,
                       struct hc_job *job, const struct hc_run_config *config,
                       struct headcount_error *e);
/* 1 done, 0 waiting (the job is woken), HC_RECONCILE_ASKS: it is the policy's
 * turn, or HEADCOUNT_ENOMEM: no result. */
#define HC_RECONCILE_ASKS 2
int hc_reconcile_step(struct hc_reconcile *m, int64_t now);
/* Ends the policy's turn.  If it noted facts, they are read and the turn comes
 * again.  If it noted none, `wishes` are what it wants; they and their texts
 * are borrowed until fini.  A wish that makes no sense fails the cluster. */
void hc_reconcile_resume(struct hc_reconcile *m, const struct hc_wish *wishes,
                         size_t n);
/* Ends the policy's turn: the cluster fails, and nothing of it is written. */
void hc_reconcile_refuse(struct hc_reconcile *m, const char *code,
                         const char *what);
/* Starts nothing new: a write that left is awaited for HC_CALL_GRACE, a
 * read is not, and what is not settled then is `failed`.  Its owner steps on.
 */
void hc_reconcile_cancel(struct hc_reconcile *m, int64_t now);
void hc_reconcile_fini(struct hc_reconcile *m);     /* m may be all zero */

/* Writes all facts as a snapshot; at any time before fini. */
void hc_reconcile_put_snapshot(const struct hc_reconcile *m,
                               struct hc_buf *out);

#endif
