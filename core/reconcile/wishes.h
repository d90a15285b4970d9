/* reconcile/wishes.h - each wish is checked before anything is planned: a rule
 * that is none, a filter that does not close, one service twice. */
#ifndef HC_RECONCILE_WISHES_H
#define HC_RECONCILE_WISHES_H

#include "reconcile/run.h"

/* Takes r->config.wishes: each has a row of the report from now on. 0, or
 * HEADCOUNT_ECONFIG, HEADCOUNT_ESYNTAX, HEADCOUNT_ENOMEM: the first wish that
 * makes no sense. */
int hc_wishes_take(struct hc_run *r, struct headcount_error *e);
/* Settles the wish at hand where its ARN names another place. */
void hc_wishes_elsewhere(struct hc_run *r);

#endif
