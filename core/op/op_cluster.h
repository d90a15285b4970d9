/* op/op_cluster.h - the reconcile of one cluster that a sweep runs. */
#ifndef HC_OP_OP_CLUSTER_H
#define HC_OP_OP_CLUSTER_H

#include "op/op.h"
#include "plan/plan.h"

/* If a cluster does not exist, the error lists the clusters that do.  Only the
 * first HC_OP_LISTS clusters of a run ask for that list: a person reads a few
 * sentences, not hundreds. */
#define HC_OP_LISTS 10

/* The facts that a sweep has about a cluster that it begins. */
struct hc_op_cluster_params {
    const struct headcount_reconcile *each;      /* borrowed                 */
    const char *cluster;                 /* its name or ARN                  */
    const char *region, *role;           /* role NULL: the handle's creds    */
    const struct hc_wish *wishes;        /* of all its clusters; borrowed    */
    size_t wishes_n;
    size_t at;                           /* among its clusters, from 0       */
    bool found;                          /* ECS listed it                    */
    bool lists;                          /* if there is no such cluster, the
                                            error may list which there are   */
};

/* NULL: no memory. */
headcount_op *hc_op_cluster_begin(headcount_op *sweep,
                                  const struct hc_op_cluster_params *params);
/* The result of an op that is DONE with outcome.code 0. */
const struct headcount_cluster *hc_op_cluster_result(const headcount_op *op);

#endif
