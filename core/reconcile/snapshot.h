/* reconcile/snapshot.h - the facts of one reconcile written down, and read
 * again: a plan made on them is the plan that was made on AWS's answers.
 *
 *   { "format_version": "1.0", "taken": "2026-11-24T01:02:03Z",
 *     "cluster": "arn:aws:ecs:eu-west-1:000000000000:cluster/prod",
 *     "complete": true,          by hand only: what is not here does not exist
 *     "services": [ as DescribeServices answers them ],
 *     "failures": [ { "arn": "gone", "reason": "MISSING" } ],
 *     "readings": [
 *       { "cluster": { "status": "ACTIVE", "tags": [],
 *                      "registeredContainerInstancesCount": 3 },
 *         "lists": [ { "status": "ACTIVE", "filter": "", "described": true,
 *             "hosts": [ as DescribeContainerInstances answers them, or the
 *                        ARN alone: not described, or gone since ] } ] },
 *       { the second reading of a big step } ],
 *     "serviceLists": [ { "launchType": "", "tagFilters": "",
 *                         "serviceArns": [ "..." ] } ],
 *     "capacityProviders": [ { "name": "asg", "managed": true } ],
 *     "taskDefinitions": [ as DescribeTaskDefinition answers them ],
 *     "serviceTasks": [ { "service": "web", "hosts": [ "..." ] } ],
 *     "scalableTargets": [ { "service": "web", "owned": false } ] }
 *
 * Only facts that are known are there: what could not be read is missing, and
 * so are those that no plan needed.  Account ids are zeros of the same length.
 */
#ifndef HC_RECONCILE_SNAPSHOT_H
#define HC_RECONCILE_SNAPSHOT_H

#include "ecs/arn.h"
#include "reconcile/facts.h"

#define HC_SNAPSHOT_BYTES ((size_t)64 << 20)

struct hc_snapshot {                  /* what is not a fact of it */
    struct hc_str cluster;            /* ARN, or a name           */
    int64_t taken;                    /* wall microseconds        */
    bool complete;                    /* what it does not have does
                                         not exist                */
};

/* `out` is empty. */
void hc_snapshot_put(struct hc_buf *out, const struct hc_arn *cluster,
                     const struct hc_facts *f, int64_t wall);
/* Reads a snapshot into `s` and into `f`, which is empty; texts of `s` live as
 * long as `f`. 0, HEADCOUNT_ESYNTAX (e says where) or HEADCOUNT_ENOMEM. */
int hc_snapshot_get(struct hc_snapshot *s, struct hc_facts *f,
                    struct hc_str text, struct headcount_error *e);

#endif
