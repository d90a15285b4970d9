/* reconcile/snapshot_services.h - the services of a snapshot, which are written
 * as DescribeServices answers them. */
#ifndef HC_RECONCILE_SNAPSHOT_SERVICES_H
#define HC_RECONCILE_SNAPSHOT_SERVICES_H

#include "reconcile/facts.h"

/* As hc_snapshot_get: "services" and "failures" of the same text. */
int hc_snapshot_services(struct hc_facts *f, struct hc_str text,
                         struct headcount_error *e);

#endif
