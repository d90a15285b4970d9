/* reconcile/offline.h - facts of a snapshot that follow from others of it.
 *
 *   a filtered list   from the whole list, if its hosts are described in full
 *   a description     of hosts that another list of the snapshot describes
 *   "complete": true  services that are not there do not exist, providers that
 *                     are not add no hosts; lists of services are made of
 *                     those that are there
 *
 * What was recorded is never asked here: exactly that filter, exactly that
 * list.
 */
#ifndef HC_RECONCILE_OFFLINE_H
#define HC_RECONCILE_OFFLINE_H

#include "reconcile/reconcile.h"

/* What r->ask would ask ECS.  1: it is learned.  0: the snapshot does not say;
 * *code and *what (in the facts' keep) tell why.  HEADCOUNT_ENOMEM. */
int hc_offline_learn(struct hc_reconcile *r, const char **code,
                     const char **what);

#endif
