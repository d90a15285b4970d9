/* ecs/ops_providers.c - DescribeCapacityProviders: which of them start hosts by
 * themselves. */
#include "ecs/ops.h"
#include "ecs/shapes.h"

enum { PROVIDERS_PROVIDER, PROVIDERS_FAILURE, PROVIDERS_NAME, PROVIDERS_ASG,
       PROVIDERS_SCALING, PROVIDERS_STATUS, PROVIDERS_INSTANCES,
       PROVIDERS_TYPE, PROVIDERS_NEXT };

static const struct hc_view_member providers_scaling[] = {
    { "status", VIEW_TEXT, PROVIDERS_STATUS, NULL },
    HC_VIEW_LAST
};

static const struct hc_view_member providers_asg[] = {
    { "managedScaling", VIEW_OBJECT, PROVIDERS_SCALING, providers_scaling },
    HC_VIEW_LAST
};

static const struct hc_view_member providers_instances[] = {
    { "infrastructureRoleArn", VIEW_TEXT, PROVIDERS_INSTANCES, NULL },
    HC_VIEW_LAST
};

static const struct hc_view_member providers_one[] = {
    { "name", VIEW_TEXT, PROVIDERS_NAME, NULL },
    { "type", VIEW_TEXT, PROVIDERS_TYPE, NULL },
    { "autoScalingGroupProvider", VIEW_OBJECT, PROVIDERS_ASG, providers_asg },
    { "managedInstancesProvider", VIEW_OBJECT, PROVIDERS_INSTANCES,
      providers_instances },
    HC_VIEW_LAST
};

static const struct hc_view_member providers_shape[] = {
    { "capacityProviders", VIEW_OBJECTS, PROVIDERS_PROVIDER, providers_one },
    { "failures", VIEW_OBJECTS, PROVIDERS_FAILURE, hc_ecs_failure_shape },
    { "nextToken", VIEW_TEXT, PROVIDERS_NEXT, NULL },
    HC_VIEW_LAST
};

/* ECS describes providers of Managed Instances only where the request names
 * their cluster. */
void hc_ecs_put_describe_providers(struct hc_buf *out, struct hc_str cluster,
                                   const struct hc_str *names, size_t n,
                                   struct hc_str next)
{
    hc_ecs_put_cluster(out, cluster);
    hc_ecs_put_list(out, "capacityProviders", names, n);
    if (next.n > 0)
        hc_json_put_member(out, "nextToken", next);
    hc_buf_chr(out, '}');
}

static int providers_sink(void *ud, const struct hc_view_item *item,
                          struct headcount_error *e)
{
    struct hc_ecs_providers *v = ud;
    struct hc_arena *arena = &v->answer.arena;
    struct hc_ecs_provider *p = v->providers;

    (void)e;
    switch (item->id) {
    case PROVIDERS_PROVIDER:
        if (item->mark != VIEW_BEGIN)
            break;
        p = hc_arena_zero(arena, sizeof(*p));
        if (p == NULL)
            break;                    /* the arena keeps its error */
        p->next = v->providers;
        v->providers = p;
        break;
    case PROVIDERS_NAME:
        p->name = hc_arena_str(arena, item->text);
        break;
    case PROVIDERS_STATUS:
        p->managed |= hc_str_eqz(item->text, "ENABLED");
        break;
    /* ECS starts the hosts of Managed Instances itself. */
    case PROVIDERS_INSTANCES:
        p->managed = p->instances = true;
        break;
    case PROVIDERS_TYPE:
        p->instances |= hc_str_eqz(item->text, "MANAGED_INSTANCES");
        p->managed |= p->instances;
        break;
    case PROVIDERS_NEXT:
        v->next = hc_arena_str(arena, item->text);
        break;
    default:
        hc_ecs_shape_failure(&v->failure, arena, item);
        break;
    }
    return 0;
}

void hc_ecs_providers_init(struct hc_ecs_providers *v,
                           const struct hc_alloc *a)
{
    *v = (struct hc_ecs_providers){ .providers = NULL };
    hc_ecs_answer_init(&v->answer, &(struct hc_view_config){
        .alloc = a, .root = providers_shape, .sink = providers_sink, .ud = v,
        .what = "the answer to DescribeCapacityProviders"
    }, HC_ECS_KEPT);
}
