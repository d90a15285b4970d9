/* op/op_cluster.h - a reconcile as others see it: its class, and the reconcile
 * of one cluster that a sweep runs.
 */
#ifndef HC_OP_OP_CLUSTER_H
#define HC_OP_OP_CLUSTER_H

#include "op/op.h"
#include "plan/plan.h"

extern const struct op_class hc_op_reconcile_class;

/* A person who misspells names reads a few sentences: so many clusters of a run
 * ask which clusters there are. */
#define HC_OP_LISTS 10

/* What a sweep knows of a cluster that it begins. */
struct hc_op_cluster_params {
    const struct hc_wish *wishes;        /* of all its clusters; borrowed    */
    size_t wishes_n;
    size_t at;                           /* among its clusters, from 0       */
    bool found;                          /* ECS listed it                    */
    bool lists;                          /* if there is no such cluster, the
                                            error may list which there are   */
};

/* The request names one cluster.  NULL: no memory. */
headcount_op *hc_op_cluster_begin(headcount_op *sweep,
                                  const struct headcount_request *request,
                                  const struct hc_op_cluster_params *params);
/* Of an op that is DONE with outcome.code 0. */
const struct headcount_cluster *hc_op_cluster_result(const headcount_op *op);

#endif
