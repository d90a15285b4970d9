/* ecs/strategy.h - a capacityProviderStrategy: which of its providers place
 * tasks, and how many of their hosts count.
 *
 *   the only provider                 all of its hosts, whatever its weight
 *   of several, a weight above 0      all of its hosts
 *   of several, weight 0 and a base   at most `base` of them
 *   of several, weight 0              none
 *
 * The API's default weight is 0, so a strategy of one provider usually has it.
 * AWS says of several that a weight of 0 places no task, and that the base is
 * placed first: the third row takes both at their word.
 */
#ifndef HC_ECS_STRATEGY_H
#define HC_ECS_STRATEGY_H

#include "base/str.h"

#define HC_ECS_WEIGHT_MAX 1000
#define HC_ECS_BASE_MAX 100000
#define HC_ECS_SHARES 40              /* of one strategy; AWS allows 20      */

struct hc_ecs_share {                 /* an element; absent numbers are 0   */
    struct hc_str provider;
    int64_t weight, base;
    struct hc_ecs_share *next;
};

/* How many hosts of `one` count at most, INT64_MAX: all; it is an element of
 * the strategy. */
int64_t hc_ecs_share_most(const struct hc_ecs_share *strategy,
                          const struct hc_ecs_share *one);
/* The first element whose hosts count, from `at` on; NULL: there is none.
 *
 *     for (s = hc_ecs_share_used(all, all); s != NULL;
 *          s = hc_ecs_share_used(all, s->next))
 */
const struct hc_ecs_share *
hc_ecs_share_used(const struct hc_ecs_share *strategy,
                  const struct hc_ecs_share *at);
/* The element of this provider, or NULL. */
const struct hc_ecs_share *
hc_ecs_share_find(const struct hc_ecs_share *strategy, struct hc_str provider);
/* True if it has HC_ECS_SHARES elements. */
bool hc_ecs_share_is_full(const struct hc_ecs_share *strategy);

#endif
