/* ecs/ops_clusters.c - DescribeClusters: of one cluster, all of it; of many,
 * their tags. */
#include "ecs/ops.h"
#include "ecs/shapes.h"

enum { CLUSTERS_CLUSTER, CLUSTERS_FAILURE, CLUSTERS_ARN, CLUSTERS_NAME,
       CLUSTERS_STATUS, CLUSTERS_REGISTERED, CLUSTERS_TAG };

static const struct hc_view_member clusters_one[] = {
    { "clusterArn", VIEW_TEXT, CLUSTERS_ARN, NULL },
    { "clusterName", VIEW_TEXT, CLUSTERS_NAME, NULL },
    { "status", VIEW_TEXT, CLUSTERS_STATUS, NULL },
    { "registeredContainerInstancesCount", VIEW_INT, CLUSTERS_REGISTERED,
      NULL },
    { "tags", VIEW_OBJECTS, CLUSTERS_TAG, hc_ecs_tag_shape },
    HC_VIEW_LAST
};

static const struct hc_view_member clusters_shape[] = {
    { "clusters", VIEW_OBJECTS, CLUSTERS_CLUSTER, clusters_one },
    { "failures", VIEW_OBJECTS, CLUSTERS_FAILURE, hc_ecs_failure_shape },
    HC_VIEW_LAST
};

void hc_ecs_put_describe_clusters(struct hc_buf *out,
                                  const struct hc_str *clusters, size_t n)
{
    hc_buf_chr(out, '{');
    hc_ecs_put_list(out, "clusters", clusters, n);
    hc_buf_lit(out, ",\"include\":[\"TAGS\"]}");
}

void hc_ecs_put_describe_cluster(struct hc_buf *out, struct hc_str cluster)
{
    hc_ecs_put_describe_clusters(out, &cluster, 1);
}

static int clusters_sink(void *ud, const struct hc_view_item *item,
                         struct headcount_error *e)
{
    struct hc_ecs_cluster *v = ud;
    struct hc_arena *arena = &v->answer.arena;

    switch (item->id) {
    case CLUSTERS_CLUSTER:
        v->clusters_n += item->mark == VIEW_BEGIN;
        if (v->clusters_n > 1)
            return hc_error_set(e, HEADCOUNT_EANSWER, "%s holds more than the "
                                "cluster that was asked for",
                                v->answer.view.what);
        break;
    case CLUSTERS_ARN:
        v->arn = hc_arena_str(arena, item->text);
        break;
    case CLUSTERS_NAME:
        v->name = hc_arena_str(arena, item->text);
        break;
    case CLUSTERS_STATUS:
        v->status = hc_arena_str(arena, item->text);
        break;
    case CLUSTERS_REGISTERED:
        v->registered = item->number;
        break;
    case CLUSTERS_TAG:
    case PART_TAG_KEY:
    case PART_TAG_VALUE:
        hc_ecs_shape_tag(&v->tags, arena, item);
        break;
    default:
        hc_ecs_shape_failure(&v->failure, arena, item);
        break;
    }
    return 0;
}

void hc_ecs_cluster_init(struct hc_ecs_cluster *v, const struct hc_alloc *a)
{
    *v = (struct hc_ecs_cluster){ .registered = -1 };
    hc_ecs_answer_init(&v->answer, &(struct hc_view_config){
        .alloc = a, .root = clusters_shape, .sink = clusters_sink, .ud = v,
        .what = "the answer to DescribeClusters"
    }, HC_ECS_KEPT);
}

/* ---- of many ---- */

static int cluster_list_sink(void *ud, const struct hc_view_item *item,
                             struct headcount_error *e)
{
    struct hc_ecs_cluster_list *v = ud;
    struct hc_ecs_cluster_tags *last;

    if ((item->id == CLUSTERS_CLUSTER || item->id == CLUSTERS_FAILURE) &&
        item->mark == VIEW_BEGIN) {
        if (v->n == HC_ECS_BATCH)
            return hc_error_set(e, HEADCOUNT_EANSWER,
                                "%s holds more clusters than were asked for",
                                v->answer.view.what);
        v->clusters[v->n++] = (struct hc_ecs_cluster_tags){
            .failed = item->id == CLUSTERS_FAILURE };
    }
    if (v->n == 0)
        return 0;                     /* no list has begun */
    last = &v->clusters[v->n - 1];
    if (item->id == CLUSTERS_ARN || item->id == PART_FAILURE_ARN)
        last->arn = hc_arena_str(&v->answer.arena, item->text);
    else if (item->id == PART_FAILURE_REASON)
        last->reason = hc_arena_str(&v->answer.arena, item->text);
    else if (item->id == CLUSTERS_TAG || item->id == PART_TAG_KEY ||
             item->id == PART_TAG_VALUE)
        hc_ecs_shape_tag(&last->tags, &v->answer.arena, item);
    return 0;
}

void hc_ecs_cluster_list_init(struct hc_ecs_cluster_list *v,
                              const struct hc_alloc *a)
{
    v->n = 0;
    hc_ecs_answer_init(&v->answer, &(struct hc_view_config){
        .alloc = a, .root = clusters_shape, .sink = cluster_list_sink,
        .ud = v, .what = "the answer to DescribeClusters"
    }, HC_ECS_KEPT);
    v->answer.needs_list = true;
}
