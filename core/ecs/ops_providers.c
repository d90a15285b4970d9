/* ecs/ops_providers.c - DescribeCapacityProviders: which of them start hosts by
 * themselves. */
#include "ecs/ops.h"
#include "ecs/shapes.h"

enum { PROVIDERS_PROVIDER, PROVIDERS_FAILURE, PROVIDERS_NAME, PROVIDERS_ASG,
       PROVIDERS_SCALING, PROVIDERS_STATUS, PROVIDERS_INSTANCES,
       PROVIDERS_TYPE, PROVIDERS_NEXT };

static const struct hc_view_member providers_scaling_members[] = {
    { "status", VIEW_TEXT, PROVIDERS_STATUS, NULL }
};
static const struct hc_view_shape providers_scaling =
    HC_VIEW_SHAPE(providers_scaling_members);

static const struct hc_view_member providers_asg_members[] = {
    { "managedScaling", VIEW_OBJECT, PROVIDERS_SCALING, &providers_scaling }
};
static const struct hc_view_shape providers_asg =
    HC_VIEW_SHAPE(providers_asg_members);

static const struct hc_view_member providers_instances_members[] = {
    { "infrastructureRoleArn", VIEW_TEXT, PROVIDERS_INSTANCES, NULL }
};
static const struct hc_view_shape providers_instances =
    HC_VIEW_SHAPE(providers_instances_members);

static const struct hc_view_member providers_one_members[] = {
    { "name", VIEW_TEXT, PROVIDERS_NAME, NULL },
    { "type", VIEW_TEXT, PROVIDERS_TYPE, NULL },
    { "autoScalingGroupProvider", VIEW_OBJECT, PROVIDERS_ASG, &providers_asg },
    { "managedInstancesProvider", VIEW_OBJECT, PROVIDERS_INSTANCES,
      &providers_instances }
};
static const struct hc_view_shape providers_one =
    HC_VIEW_SHAPE(providers_one_members);

static const struct hc_view_member providers_members[] = {
    { "capacityProviders", VIEW_OBJECTS, PROVIDERS_PROVIDER, &providers_one },
    { "failures", VIEW_OBJECTS, PROVIDERS_FAILURE, &hc_ecs_failure_shape },
    { "nextToken", VIEW_TEXT, PROVIDERS_NEXT, NULL }
};
static const struct hc_view_shape providers_shape =
    HC_VIEW_SHAPE(providers_members);

/* Providers of ECS Managed Instances are only told of with their cluster. */
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

static void providers_new(struct hc_ecs_providers *v)
{
    struct hc_ecs_provider *p = hc_arena_zero(&v->answer.arena, sizeof(*p));

    if (p == NULL)
        return;
    p->next = v->providers;
    v->providers = p;
}

static int providers_sink(void *ud, const struct hc_view_item *item,
                          struct headcount_error *e)
{
    struct hc_ecs_providers *v = ud;

    (void)e;
    if (item->id == PROVIDERS_PROVIDER && item->mark == VIEW_BEGIN)
        providers_new(v);
    else if (item->id == PROVIDERS_NAME)
        v->providers->name = hc_arena_str(&v->answer.arena, item->text);
    else if (item->id == PROVIDERS_STATUS)
        v->providers->managed |= hc_str_eqz(item->text, "ENABLED");
    else if ((item->id == PROVIDERS_INSTANCES && item->mark == VIEW_BEGIN) ||
             (item->id == PROVIDERS_TYPE &&
              hc_str_eqz(item->text, "MANAGED_INSTANCES")))
        v->providers->managed = true;        /* ECS starts those itself */
    else if (item->id == PROVIDERS_NEXT)
        v->next = hc_arena_str(&v->answer.arena, item->text);
    else if (item->mark == VIEW_VALUE)
        hc_ecs_shape_failure(&v->failure, &v->answer.arena, item);
    return 0;
}

void hc_ecs_providers_init(struct hc_ecs_providers *v,
                           const struct hc_alloc *a)
{
    *v = (struct hc_ecs_providers){ .providers = NULL };
    hc_ecs_answer_init(&v->answer, &(struct hc_view_config){
        .alloc = a, .root = &providers_shape, .sink = providers_sink, .ud = v,
        .what = "the answer to DescribeCapacityProviders"
    }, HC_ECS_KEPT);
}
