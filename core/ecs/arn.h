/* ecs/arn.h - the names of clusters, services and hosts.
 *
 *   arn:PARTITION:ecs:REGION:ACCOUNT:cluster/CLUSTER
 *   arn:PARTITION:ecs:REGION:ACCOUNT:service/CLUSTER/SERVICE   (new)
 *   arn:PARTITION:ecs:REGION:ACCOUNT:service/SERVICE           (old)
 *   arn:PARTITION:ecs:REGION:ACCOUNT:container-instance/CLUSTER/ID, .../ID
 *   NAME                                                       (no ARN)
 *
 * Any partition that looks like one is taken; names are 1 to 255 letters,
 * digits, - and _.
 */
#ifndef HC_ECS_ARN_H
#define HC_ECS_ARN_H

#include "base/err.h"
#include "base/str.h"

struct hc_arn {
    struct hc_str text;                         /* as given                 */
    struct hc_str partition, region, account;   /* absent for a bare name   */
    struct hc_str cluster;                      /* absent where none stands */
    struct hc_str name;                         /* the last part            */
};

/* All borrow from `text`.  0, or HEADCOUNT_ESYNTAX: not this kind of ARN, or
 * no name.  A cluster's `cluster` and `name` are the same. */
int hc_arn_cluster(struct hc_arn *a, struct hc_str text,
                   struct headcount_error *e);
int hc_arn_service(struct hc_arn *a, struct hc_str text,
                   struct headcount_error *e);
/* No bare form: a host and a task are always an ARN. */
int hc_arn_instance(struct hc_arn *a, struct hc_str text,
                    struct headcount_error *e);
int hc_arn_task(struct hc_arn *a, struct hc_str text,
                struct headcount_error *e);

bool hc_arn_is_full(const struct hc_arn *a);     /* an ARN, not a bare name */
/* False only where both are known (ARN against ARN) and differ; clusters are
 * compared where both name one. */
bool hc_arn_same_place(const struct hc_arn *a, const struct hc_arn *b);

#endif
