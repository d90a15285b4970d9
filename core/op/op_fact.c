/* op/op_fact.c - a service as headcount.h shows it to the owner of an op. */
#include "op/op_fact.h"

const struct headcount_pairs *hc_fact_pairs(const struct hc_ecs_tag *tags)
{
    return (const struct headcount_pairs *)tags;
}

int64_t hc_fact_known(int64_t n)
{
    return n < 0 ? HEADCOUNT_UNKNOWN : n;
}

const char *hc_fact_text(struct hc_str s)
{
    return s.n > 0 ? s.p : "";
}

/* Arrays are never NULL but without memory: NULL says that it is not known. */
static void fact_constraints(struct hc_arena *arena,
                             const struct hc_ecs_service *s,
                             struct headcount_service_fact *to)
{
    struct headcount_constraint *all;
    size_t n = s->distinct;

    to->distinct = s->distinct;
    for (const struct hc_ecs_text *t = s->constraints; t != NULL; t = t->next)
        n++;
    all = s->odd_constraints ? NULL
                             : hc_arena_zero(arena, (n + 1) * sizeof *all);
    if (all == NULL)
        return;
    to->constraints = all;
    to->constraints_n = n;
    if (s->distinct)
        *all++ = (struct headcount_constraint){ "distinctInstance", "" };
    for (const struct hc_ecs_text *t = s->constraints; t != NULL; t = t->next)
        *all++ = (struct headcount_constraint){ "memberOf", t->s.p };
}

static void fact_strategy(struct hc_arena *arena,
                          const struct hc_ecs_service *s,
                          struct headcount_service_fact *to)
{
    struct headcount_share *all;
    size_t n = 0;

    for (const struct hc_ecs_share *t = s->providers; t != NULL; t = t->next)
        n++;
    all = s->odd_providers ? NULL
                           : hc_arena_zero(arena, (n + 1) * sizeof *all);
    to->strategy = all;
    for (const struct hc_ecs_share *t = s->providers; all != NULL && t != NULL;
         t = t->next)
        all[to->strategy_n++] = (struct headcount_share){
            t->provider.p, t->weight, t->base
        };
}

static void fact_deployments(struct hc_arena *arena,
                             const struct hc_ecs_service *s,
                             struct headcount_service_fact *to)
{
    struct headcount_deployment *all;
    size_t n = 0;

    for (const struct hc_ecs_deployment *d = s->deployed; d != NULL;
         d = d->next)
        n++;
    all = s->deployments != (int64_t)n
              ? NULL : hc_arena_zero(arena, (n + 1) * sizeof *all);
    to->deployments = all;
    for (const struct hc_ecs_deployment *d = s->deployed;
         all != NULL && d != NULL; d = d->next)
        all[to->deployments_n++] = (struct headcount_deployment){
            .id = hc_fact_text(d->id),
            .status = hc_fact_text(d->status),
            .rollout_state = hc_fact_text(d->rollout_state),
            .task_definition = hc_fact_text(d->task_definition),
            .desired = hc_fact_known(d->desired),
            .running = hc_fact_known(d->running),
            .pending = hc_fact_known(d->pending),
            .created_at = hc_fact_known(d->created),
            .updated_at = hc_fact_known(d->updated),
        };
}

const struct headcount_service_fact *
hc_fact_service(struct hc_arena *arena, const struct hc_ecs_service *s)
{
    struct headcount_service_fact *to =
        s != NULL ? hc_arena_zero(arena, sizeof *to) : NULL;

    if (to == NULL)
        return NULL;
    *to = (struct headcount_service_fact){
        .arn = hc_arena_str(arena, s->arn).p,
        .name = s->name.p,
        .status = hc_arena_str(arena, s->status_text).p,
        .launch_type =
            s->launch == LAUNCH_NONE ? "" : hc_ecs_launch_name(s->launch),
        .scheduling_strategy = hc_ecs_scheduling_name(s->scheduling),
        .task_definition = hc_arena_str(arena, s->task_definition).p,
        .desired = hc_fact_known(s->desired),
        .running = hc_fact_known(s->running),
        .pending = hc_fact_known(s->pending),
        .tags = hc_fact_pairs(s->tags),
    };
    fact_constraints(arena, s, to);
    fact_strategy(arena, s, to);
    fact_deployments(arena, s, to);
    return to;
}
