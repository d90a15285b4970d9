/* reconcile/missing.h - services that the request names and that none of
 * its clusters has.  A service that is missing in one cluster and there in
 * another is as it should be; one that is missing in all of them is a typo.
 *
 * Nothing is said of a run that did not look at every cluster.
 */
#ifndef HC_RECONCILE_MISSING_H
#define HC_RECONCILE_MISSING_H

#include "base/arena.h"
#include "plan/plan.h"
#include "reconcile/report.h"

struct hc_missing_name {
    const char *name;             /* as asked for; the wish's               */
    bool lacks, has;              /* some cluster lacks it; has it, or may  */
};

struct hc_missing {
    struct hc_missing_name *names;    /* in the arena                       */
    size_t n;
    bool partial;                 /* a cluster was not looked at            */
};

/* The wishes of every cluster of the run, which outlive it.  0 or
 * HEADCOUNT_ENOMEM. */
int hc_missing_init(struct hc_missing *m, struct hc_arena *arena,
                    const struct hc_wish *wishes, size_t n);
/* Notes a cluster that is done: its services are in the order of the wishes. */
void hc_missing_note(struct hc_missing *m, const struct headcount_cluster *c);
/* All clusters are done.  Returns the names that none of them has; *n may be
 * 0. */
const char *const *hc_missing_list(const struct hc_missing *m,
                                   struct hc_arena *arena, size_t *n);

#endif
