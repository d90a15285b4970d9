/* plan/autoscaler.h - reads the parameters of Kubernetes'
 * cluster-proportional-autoscaler as a rule:
 *
 *   { "linear": { "coresPerReplica": 2, "nodesPerReplica": 1, "min": 1,
 *                 "max": 100, "preventSinglePointFailure": true,
 *                 "includeUnschedulableNodes": true } }
 *   { "ladder": { "coresToReplicas": [[1, 1], [64, 3]],
 *                 "nodesToReplicas": [[1, 1], [2, 2]] } }
 *
 * Both may stand in the data of a ConfigMap in JSON, as an object or, as
 * Kubernetes has it, as a text that is JSON again:
 *
 *   { "kind": "ConfigMap", "data": { "linear": "{\"nodesPerReplica\": 1}" } }
 *
 * A node is a host; a core is 1024 of the CPU units that hosts registered.  As
 * in the autoscaler, a linear count is never under 1, and fewer hosts than the
 * first rung says get the first rung's tasks.  Parameters with a surprising
 * effect in the autoscaler are refused here: a ladder without rungs (0 tasks),
 * equal thresholds (one of the two wins), preventSinglePointFailure with a
 * lower max (goes over max), misspelt names (ignored).
 */
#ifndef HC_PLAN_AUTOSCALER_H
#define HC_PLAN_AUTOSCALER_H

#include "plan/plan.h"

#define HC_AUTOSCALER_JSON ((size_t)64 << 10)

/* Sets `rule` and `by` of a wish that is otherwise zero; rungs are allocated in
 * the arena.  0; HEADCOUNT_ECONFIG, with a sentence in e; HEADCOUNT_ENOMEM. */
int hc_autoscaler_wish(struct hc_wish *to, struct hc_str json,
                       struct hc_arena *arena, struct headcount_error *e);

#endif
