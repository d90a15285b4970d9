/* plan/autoscaler.h - the parameters of cluster-proportional-autoscaler
 * read as a rule:
 *
 *   { "linear": { "coresPerReplica": 2, "nodesPerReplica": 1, "min": 1,
 *                 "max": 100, "preventSinglePointFailure": true,
 *                 "includeUnschedulableNodes": true } }
 *   { "ladder": { "coresToReplicas": [[1, 1], [64, 3]],
 *                 "nodesToReplicas": [[1, 1], [2, 2]] } }
 *
 * Either may stand in the data of a Kubernetes ConfigMap, as JSON, and may be
 * a text of JSON, as it is there:
 *
 *   { "kind": "ConfigMap", "data": { "linear": "{\"nodesPerReplica\": 1}" } }
 *
 * A node is a host, a core 1024 CPU units that hosts registered.  As there: a
 * linear count is never under 1, and under the first rung the first rung
 * holds.  Where it would do what nobody asked for (a ladder without rungs is 0
 * there, equal thresholds are either, preventSinglePointFailure goes over max,
 * what is misspelt is not looked at), it is refused instead.
 */
#ifndef HC_PLAN_AUTOSCALER_H
#define HC_PLAN_AUTOSCALER_H

#include "plan/plan.h"

#define HC_AUTOSCALER_JSON ((size_t)64 << 10)

/* Fills in rule and by of a wish that is else zero; rungs are kept in `keep`.
 * 0; HEADCOUNT_ECONFIG: what is wrong with it; HEADCOUNT_ENOMEM. */
int hc_autoscaler_wish(struct hc_wish *to, struct hc_str json,
                       struct hc_arena *arena, struct headcount_error *e);

#endif
