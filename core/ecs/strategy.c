/* ecs/strategy.c - which providers of a strategy place tasks. */
#include "ecs/strategy.h"

int64_t hc_ecs_share_most(const struct hc_ecs_share *strategy,
                          const struct hc_ecs_share *one)
{
    bool is_only = strategy->next == NULL;

    return is_only || one->weight > 0 ? INT64_MAX : one->base;
}

const struct hc_ecs_share *
hc_ecs_share_used(const struct hc_ecs_share *strategy,
                  const struct hc_ecs_share *at)
{
    while (at != NULL && hc_ecs_share_most(strategy, at) == 0)
        at = at->next;
    return at;
}

const struct hc_ecs_share *
hc_ecs_share_find(const struct hc_ecs_share *strategy, struct hc_str provider)
{
    while (strategy != NULL && !hc_str_eq(strategy->provider, provider))
        strategy = strategy->next;
    return strategy;
}

bool hc_ecs_share_is_full(const struct hc_ecs_share *strategy)
{
    size_t n = 0;

    for (; strategy != NULL; strategy = strategy->next)
        n++;
    return n >= HC_ECS_SHARES;
}
