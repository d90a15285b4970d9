/* reconcile/snapshot_services.h - the services of a snapshot, which are written
 * as DescribeServices answers them. */
#ifndef HC_RECONCILE_SNAPSHOT_SERVICES_H
#define HC_RECONCILE_SNAPSHOT_SERVICES_H

#include "reconcile/facts.h"

/* Reads "services" and "failures" of the same text, as hc_snapshot_get does
 * the rest. */
int hc_snapshot_services(struct hc_facts *f, struct hc_str text,
                         struct headcount_error *e);

#endif
