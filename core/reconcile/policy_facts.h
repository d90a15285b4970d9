/* reconcile/policy_facts.h - what a policy asks before it wishes.
 *
 *   its turn                each hc_policy_fact is answered, or noted
 *   the end of its turn     with something noted: it is read, and the turn
 *                           comes again; with nothing noted: its wishes are
 *                           taken (reconcile.h), and planned
 *
 * A fact is read once, however many rounds ask for it; one that cannot be read
 * fails the cluster: no policy is asked what to make of half of it.
 */
#ifndef HC_RECONCILE_POLICY_FACTS_H
#define HC_RECONCILE_POLICY_FACTS_H

#include "plan/measure.h"
#include "reconcile/run.h"

#define HC_POLICY_ROUNDS 32
#define HC_POLICY_PATIENCE (60 * HC_SECOND)     /* facts are older then  */
#define HC_POLICY_NEEDS 10000             /* of one round */

/* A fact that is known; of the query's kind. */
struct hc_known {
    const struct hc_ecs_cluster *cluster;
    int64_t count;
    struct hc_fact_hosts *hosts;          /* those that are active, and match
                                             hc_measure's conditions, count */
    struct hc_fact_names *names;
    const struct hc_ecs_service *service; /* NULL: there is none            */
    struct hc_fact_placed *placed;        /* of the service; NULL: likewise */
};

/* 1: known; 0: noted, and read after this turn; HEADCOUNT_ESYNTAX,
 * HEADCOUNT_ECONFIG, HEADCOUNT_ELIMIT: no such query; HEADCOUNT_ENOMEM. */
int hc_policy_fact(struct hc_run *r, const struct hc_query *q,
                   struct hc_known *known, struct headcount_error *e);
/* The conditions that a host of the list has to meet to count. */
struct hc_measure_of hc_policy_measure(const struct hc_run *r,
                                       const struct hc_query *q);
/* The first of the query's facts that is not known, or else its last; NULL
 * without memory. */
struct hc_fact *hc_policy_find(struct hc_run *r, const struct hc_query *q,
                               struct hc_known *known);

/* ---- the end of its turn ---- */

/* The policy's turn comes once more.  With READING_CONFIRMING its wishes
 * become r->again, and nothing is written by them.  With READING_FIRST, after
 * a write has made the run forget those readings, its wishes go to
 * hc_verify_wishes. */
void hc_policy_ask_again(struct hc_run *r, enum hc_reading reading);
/* A fact cannot be read, or the policy refuses: the cluster fails.  In the
 * policy's second turn r->again fails instead. */
void hc_policy_fail(struct hc_run *r, const char *code, const char *what);
/* Ends the policy's turn with these wishes. */
void hc_policy_end(struct hc_run *r, const struct hc_wish *wishes, size_t n);
/* True: its turn took so long that its facts are too old for a write. */
bool hc_policy_is_late(const struct hc_run *r);
void hc_policy_fini(struct hc_run *r);

#endif
