/* ecs/ops_hosts.c - ListContainerInstances, and the lists whose answers have
 * the same form: ListClusters, ListServices, ListTasks, DescribeScalableTargets
 * of Application Auto Scaling and GetResources of the Resource Groups Tagging
 * API.
 *
 * A page may have fewer elements than asked for, even none, and still name a
 * next one: only the absence of nextToken is an end.
 */
#include "ecs/ops.h"
#include "ecs/shapes.h"

#define HOSTS_ARNS 50000              /* on one page; AWS sends 100 */

enum { AT_ARN, AT_NEXT, AT_TARGET };

static const struct hc_view_member hosts_list[] = {
    { "containerInstanceArns", VIEW_TEXTS, AT_ARN, NULL },
    { "nextToken", VIEW_TEXT, AT_NEXT, NULL },
    HC_VIEW_LAST
};

static const struct hc_view_member hosts_clusters[] = {
    { "clusterArns", VIEW_TEXTS, AT_ARN, NULL },
    { "nextToken", VIEW_TEXT, AT_NEXT, NULL },
    HC_VIEW_LAST
};

static const struct hc_view_member hosts_target[] = {
    { "ResourceId", VIEW_TEXT, AT_ARN, NULL },
    HC_VIEW_LAST
};

static const struct hc_view_member hosts_targets[] = {
    { "ScalableTargets", VIEW_OBJECTS, AT_TARGET, hosts_target },
    { "NextToken", VIEW_TEXT, AT_NEXT, NULL },
    HC_VIEW_LAST
};

static const struct hc_view_member hosts_services[] = {
    { "serviceArns", VIEW_TEXTS, AT_ARN, NULL },
    { "nextToken", VIEW_TEXT, AT_NEXT, NULL },
    HC_VIEW_LAST
};

static const struct hc_view_member hosts_tasks[] = {
    { "taskArns", VIEW_TEXTS, AT_ARN, NULL },
    { "nextToken", VIEW_TEXT, AT_NEXT, NULL },
    HC_VIEW_LAST
};

static const struct hc_view_member hosts_mapping[] = {
    { "ResourceARN", VIEW_TEXT, AT_ARN, NULL },
    HC_VIEW_LAST
};

static const struct hc_view_member hosts_tagged[] = {
    { "ResourceTagMappingList", VIEW_OBJECTS, AT_TARGET, hosts_mapping },
    { "PaginationToken", VIEW_TEXT, AT_NEXT, NULL },
    HC_VIEW_LAST
};

/* ---- requests ---- */

void hc_ecs_put_list_hosts(struct hc_buf *out, struct hc_str cluster,
                           const char *status, struct hc_str filter,
                           struct hc_str next)
{
    hc_ecs_put_cluster(out, cluster);
    if (filter.n > 0)
        hc_json_put_member(out, "filter", filter);
    if (status != NULL)
        hc_json_put_member(out, "status", hc_str(status));
    hc_json_put_member_int(out, "maxResults", HC_ECS_BATCH);
    if (next.n > 0)
        hc_json_put_member(out, "nextToken", next);
    hc_buf_chr(out, '}');
}

void hc_ecs_put_list_clusters(struct hc_buf *out, struct hc_str next)
{
    hc_buf_chr(out, '{');
    hc_json_put_member_int(out, "maxResults", HC_ECS_BATCH);
    if (next.n > 0)
        hc_json_put_member(out, "nextToken", next);
    hc_buf_chr(out, '}');
}

void hc_ecs_put_describe_targets(struct hc_buf *out, struct hc_str cluster,
                                 const struct hc_str *services, size_t n,
                                 struct hc_str next)
{
    hc_buf_lit(out, "{\"ServiceNamespace\":\"ecs\",\"ScalableDimension\":"
                    "\"ecs:service:DesiredCount\",\"ResourceIds\":[");
    for (size_t i = 0; i < n; i++) {
        hc_json_put_comma(out);
        hc_buf_lit(out, "\"service/");
        hc_buf_str(out, cluster);
        hc_buf_chr(out, '/');
        hc_buf_str(out, services[i]);
        hc_buf_chr(out, '"');
    }
    hc_buf_chr(out, ']');
    if (next.n > 0)
        hc_json_put_member(out, "NextToken", next);
    hc_buf_chr(out, '}');
}

void hc_ecs_put_list_services(struct hc_buf *out, struct hc_str cluster,
                              struct hc_str launch_type, struct hc_str next)
{
    hc_ecs_put_cluster(out, cluster);
    if (launch_type.n > 0)
        hc_json_put_member(out, "launchType", launch_type);
    /* Without it a page of ListServices has 10, one of the other lists 100. */
    hc_json_put_member_int(out, "maxResults", HC_ECS_BATCH);
    if (next.n > 0)
        hc_json_put_member(out, "nextToken", next);
    hc_buf_chr(out, '}');
}

void hc_ecs_put_tagged(struct hc_buf *out, struct hc_str tag_filters,
                       struct hc_str next)
{
    hc_buf_lit(out, "{\"ResourceTypeFilters\":[\"ecs:service\"],"
                    "\"TagFilters\":");
    hc_buf_str(out, tag_filters);
    hc_json_put_member_int(out, "ResourcesPerPage", HC_ECS_BATCH);
    if (next.n > 0)
        hc_json_put_member(out, "PaginationToken", next);
    hc_buf_chr(out, '}');
}

/* ---- lists of ARNs ---- */

static int hosts_arns_sink(void *ud, const struct hc_view_item *item,
                           struct headcount_error *e)
{
    struct hc_ecs_arns *v = ud;
    int err;

    if (item->id == AT_NEXT)
        v->next = hc_arena_str(&v->answer.arena, item->text);
    if (item->id != AT_ARN)
        return 0;
    err = hc_grow(v->answer.arena.alloc, &v->arns, &v->arns_cap, v->arns_n + 1,
                  HOSTS_ARNS, sizeof(*v->arns));
    if (err == HEADCOUNT_ELIMIT)
        return hc_error_set(e, HEADCOUNT_EANSWER, "%s holds more than %d ARNs",
                            v->answer.view.what, HOSTS_ARNS);
    if (err < 0)
        return hc_error_set(e, err, "no memory for %s", v->answer.view.what);
    v->arns[v->arns_n++] = hc_arena_str(&v->answer.arena, item->text);
    return 0;
}

static void hosts_arns_init(struct hc_ecs_arns *v, const struct hc_alloc *a,
                            const struct hc_view_member *root, const char *what)
{
    *v = (struct hc_ecs_arns){ .arns_n = 0 };
    hc_ecs_answer_init(&v->answer, &(struct hc_view_config){
        .alloc = a, .root = root, .sink = hosts_arns_sink, .ud = v, .what = what
    }, HC_ECS_ANSWER);
    v->answer.needs_list = true;
}

void hc_ecs_hosts_init(struct hc_ecs_arns *v, const struct hc_alloc *a)
{
    hosts_arns_init(v, a, hosts_list, "the answer to ListContainerInstances");
}

void hc_ecs_clusters_init(struct hc_ecs_arns *v, const struct hc_alloc *a)
{
    hosts_arns_init(v, a, hosts_clusters, "the answer to ListClusters");
}

void hc_ecs_targets_init(struct hc_ecs_arns *v, const struct hc_alloc *a)
{
    hosts_arns_init(v, a, hosts_targets,
                    "the answer to DescribeScalableTargets");
}

void hc_ecs_names_init(struct hc_ecs_arns *v, const struct hc_alloc *a)
{
    hosts_arns_init(v, a, hosts_services, "the answer to ListServices");
}

void hc_ecs_task_arns_init(struct hc_ecs_arns *v, const struct hc_alloc *a)
{
    hosts_arns_init(v, a, hosts_tasks, "the answer to ListTasks");
}

void hc_ecs_tagged_init(struct hc_ecs_arns *v, const struct hc_alloc *a)
{
    hosts_arns_init(v, a, hosts_tagged, "the answer to GetResources");
}

void hc_ecs_arns_fini(struct hc_ecs_arns *v)
{
    hc_free(v->answer.arena.alloc, v->arns, v->arns_cap * sizeof(*v->arns));
    v->arns = NULL;
    v->arns_n = v->arns_cap = 0;
    hc_ecs_answer_fini(&v->answer);
}
