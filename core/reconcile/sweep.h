/* reconcile/sweep.h - which clusters a sweep is about: by name, by glob, by
 * tag; and where they can be.  Pure.
 *
 *   prod     *     prod-?-*     arn:aws:ecs:eu-west-1:123456789012:cluster/p*
 *
 * `*` is any run of characters, `?` any one.  A pattern that begins with "arn:"
 * is compared with the cluster's ARN, any other with its name.
 */
#ifndef HC_RECONCILE_SWEEP_H
#define HC_RECONCILE_SWEEP_H

#include "ecs/arn.h"
#include "ecs/ops.h"

#define HC_SWEEP_AT_ONCE 64               /* clusters, at most                */
#define HC_SWEEP_CLUSTERS 100000          /* of one sweep, at most            */
#define HC_SWEEP_SCOPES 65536             /* regions times roles, at most     */

/* A region, and the role that looks into it. */
struct hc_sweep_scope {
    struct hc_str region;
    struct hc_str role;                   /* its ARN; n == 0: none            */
};

bool hc_sweep_is_glob(struct hc_str pattern);
/* 0, or HEADCOUNT_ESYNTAX: no name, ARN or glob of a cluster. */
int hc_sweep_check(struct hc_str pattern, struct headcount_error *e);
bool hc_sweep_matches(struct hc_str pattern, const struct hc_arn *cluster);

/* True: one of `tags` has this key, and this value, unless value.p is NULL. */
bool hc_sweep_has_tag(const struct hc_ecs_tag *tags, struct hc_str key,
                      struct hc_str value);
/* False: the cluster's region is another one, or its account is not the
 * role's.  A bare name may be anywhere. */
bool hc_sweep_is_there(const struct hc_sweep_scope *scope,
                       const struct hc_arn *cluster);

#endif
