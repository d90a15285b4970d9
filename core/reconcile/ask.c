/* reconcile/ask.c - what a reconcile asks of ECS. */
#include "reconcile/ask.h"

#include "aws/endpoint.h"

#define ASK_BODY ((size_t)256 << 10)

/* ---- the view of the answer ---- */

void hc_ask_view(struct hc_reconcile *r)
{
    const struct hc_alloc *a = r->facts.alloc;

    hc_ask_close_view(r);
    switch (r->ask) {
    case ASK_SERVICES:
        hc_ecs_services_init(&r->view.services, a);
        break;
    case ASK_HOSTS:
        hc_ecs_hosts_init(&r->view.arns, a);
        break;
    case ASK_DETAILS:
        hc_ecs_host_details_init(&r->view.details, a, r->full);
        break;
    case ASK_CLUSTER:
        hc_ecs_cluster_init(&r->view.cluster, a);
        break;
    case ASK_CAPACITY:
        hc_ecs_providers_init(&r->view.providers, a);
        break;
    case ASK_TARGET:
        hc_ecs_targets_init(&r->view.arns, a);
        break;
    case ASK_DEFINITION:
        hc_ecs_definition_init(&r->view.definition, a);
        break;
    case ASK_NAMES:
        hc_ecs_names_init(&r->view.arns, a);
        break;
    case ASK_TAGGED:
        hc_ecs_tagged_init(&r->view.arns, a);
        break;
    case ASK_UPDATE:
        hc_ecs_updated_init(&r->view.services, a);
        break;
    case ASK_CLUSTERS:
        hc_ecs_clusters_init(&r->view.arns, a);
        break;
    }
    r->in_view = true;
}

void hc_ask_close_view(struct hc_reconcile *r)
{
    if (!r->in_view)
        return;
    r->in_view = false;
    switch (r->ask) {
    case ASK_SERVICES:
    case ASK_UPDATE:
        hc_ecs_services_fini(&r->view.services);
        break;
    case ASK_CAPACITY:
        hc_ecs_providers_fini(&r->view.providers);
        break;
    case ASK_HOSTS:
    case ASK_TARGET:
    case ASK_NAMES:
    case ASK_TAGGED:
    case ASK_CLUSTERS:
        hc_ecs_arns_fini(&r->view.arns);
        break;
    case ASK_DETAILS:
        hc_ecs_host_details_fini(&r->view.details);
        break;
    case ASK_CLUSTER:
        hc_ecs_cluster_fini(&r->view.cluster);
        break;
    case ASK_DEFINITION:
        hc_ecs_definition_fini(&r->view.definition);
        break;
    }
}

/* ---- the call ---- */

static const struct hc_call_vtable ask_vtable = { hc_call_start, hc_call_step,
                                              hc_call_cancel, hc_call_fini };

const struct hc_call_vtable *hc_reconcile_vtable(const struct hc_reconcile *r)
{
    return r->config.vtable != NULL ? r->config.vtable : &ask_vtable;
}

void hc_ask_end(struct hc_reconcile *r)
{
    hc_ask_close_view(r);
    if (r->in_call)
        hc_reconcile_vtable(r)->fini(&r->call);
    r->in_call = false;
}

static struct hc_buf *ask_body(struct hc_reconcile *r)
{
    hc_buf_fini(&r->body);
    hc_buf_init(&r->body, r->facts.alloc, ASK_BODY);
    return &r->body;
}

static const struct ask_call {
    enum hc_service_id service;
    const char *action, *operation;       /* of IAM and of the API */
} ask_calls[] = {
    [ASK_SERVICES] = { HC_SERVICE_ECS, "ecs", "DescribeServices" },
    [ASK_HOSTS] = { HC_SERVICE_ECS, "ecs", "ListContainerInstances" },
    [ASK_DETAILS] = { HC_SERVICE_ECS, "ecs", "DescribeContainerInstances" },
    [ASK_CLUSTER] = { HC_SERVICE_ECS, "ecs", "DescribeClusters" },
    [ASK_CAPACITY] = { HC_SERVICE_ECS, "ecs", "DescribeCapacityProviders" },
    [ASK_TARGET] = { HC_SERVICE_SCALING, "application-autoscaling",
                     "DescribeScalableTargets" },
    [ASK_DEFINITION] = { HC_SERVICE_ECS, "ecs", "DescribeTaskDefinition" },
    [ASK_NAMES] = { HC_SERVICE_ECS, "ecs", "ListServices" },
    [ASK_TAGGED] = { HC_SERVICE_TAGGING, "tag", "GetResources" },
    [ASK_UPDATE] = { HC_SERVICE_ECS, "ecs", "UpdateService" },
    [ASK_CLUSTERS] = { HC_SERVICE_ECS, "ecs", "ListClusters" },
};

static int ask_start(struct hc_reconcile *r, enum hc_reconcile_ask ask)
{
    struct hc_call_config config = r->config.call;
    int err = hc_buf_error(&r->body);

    hc_error_reset(&r->error);
    if (err < 0)
        return hc_error_set(&r->error, err, err == HEADCOUNT_ENOMEM
                                ? "no memory for a request to ECS"
                                : "a request to ECS would be too long");
    config.service = hc_service_at(ask_calls[ask].service);
    config.operation = hc_str(ask_calls[ask].operation);
    config.body = hc_buf_view(&r->body);
    /* UpdateService sets a number: twice does what once does. */
    config.replay_ok = true;
    if (ask == ASK_UPDATE) {
        config.yields = r->falling;
        if (config.deadline <= 0 || config.deadline > r->write_by)
            config.deadline = r->write_by;
    }
    if (ask == ASK_CLUSTERS &&
        (config.deadline <= 0 || config.deadline > r->list_by))
        config.deadline = r->list_by;
    r->ask = ask;
    err = hc_reconcile_vtable(r)->start(&r->call, r->net, r->job, &config);
    if (err < 0) {
        hc_error_pass(&r->error, &r->call.error);
        return hc_error_set(&r->error, err, "the call could not begin");
    }
    r->in_call = true;
    r->in_write = ask == ASK_UPDATE;
    hc_ask_view(r);
    return 0;
}

/* ---- one each ---- */

static bool ask_batch_has(const struct hc_reconcile *r, struct hc_str name)
{
    for (size_t i = 0; i < r->batch_n; i++)
        if (hc_str_eq(r->batch[i], name))
            return true;
    return false;
}

static int ask_batch_add(struct hc_reconcile *r, size_t at)
{
    struct hc_fact_service *fact;

    if (r->services[at].reason != NULL ||
        ask_batch_has(r, r->names[at].name))
        return 0;
    fact = hc_facts_service(&r->facts, r->names[at].name);
    if (fact == NULL)
        return hc_error_set(&r->error, HEADCOUNT_ENOMEM, "no memory for facts");
    if (fact->fact.state == FACT_UNKNOWN)
        r->batch[r->batch_n++] = fact->name;
    return 0;
}

static int ask_services(struct hc_reconcile *r)
{
    hc_ecs_put_describe_services(ask_body(r), r->cluster.text, r->batch,
                                 r->batch_n);
    return ask_start(r, ASK_SERVICES);
}

int hc_ask_services(struct hc_reconcile *r)
{
    int err = 0;

    hc_error_reset(&r->error);
    if (r->question.open)             /* the batch is what was noted */
        return ask_services(r);
    r->batch_n = 0;
    for (size_t i = r->at; err == 0 && i < r->config.wishes_n &&
                           r->batch_n < HC_ECS_BATCH_SERVICES; i++)
        err = ask_batch_add(r, i);
    return err < 0 ? err : ask_services(r);
}

int hc_ask_hosts(struct hc_reconcile *r)
{
    hc_ecs_put_list_hosts(ask_body(r), r->cluster.text, r->hosts->status,
                          r->hosts->filter, hc_pages_token(&r->pages));
    return ask_start(r, ASK_HOSTS);
}

int hc_ask_details(struct hc_reconcile *r)
{
    const struct hc_fact_hosts *h = r->hosts;

    r->batch_n = 0;
    for (size_t i = r->host_at; i < h->list.n && r->batch_n < HC_ECS_BATCH; i++)
        r->batch[r->batch_n++] = h->list.hosts[i].arn;
    hc_ecs_put_describe_hosts(ask_body(r), r->cluster.text, r->batch,
                              r->batch_n, r->full);
    return ask_start(r, ASK_DETAILS);
}

int hc_ask_cluster(struct hc_reconcile *r)
{
    hc_ecs_put_describe_cluster(ask_body(r), r->cluster.text);
    return ask_start(r, ASK_CLUSTER);
}

/* Puts a page of the service's used providers that are not known yet. */
static int ask_providers(struct hc_reconcile *r)
{
    const struct hc_fact_service *s =
        hc_facts_service(&r->facts, r->names[r->at].name);
    const struct hc_ecs_share *all = s->value->providers, *t = all;

    r->batch_n = 0;
    while (t != NULL && r->batch_n < HC_ECS_BATCH_PROVIDERS &&
           (t = hc_ecs_share_used(all, t)) != NULL) {
        const struct hc_fact_bool *a =
            hc_facts_bool(&r->facts, &r->facts.capacity, t->provider);

        if (a == NULL)
            return hc_error_set(&r->error, HEADCOUNT_ENOMEM,
                                "no memory for facts");
        if (a->fact.state != FACT_VALUE)
            r->batch[r->batch_n++] = t->provider;
        t = t->next;
    }
    return 0;
}

int hc_ask_capacity(struct hc_reconcile *r)
{
    int err = 0;

    hc_error_reset(&r->error);
    if (hc_pages_token(&r->pages).n == 0)   /* a page goes with its question */
        err = ask_providers(r);
    if (err < 0)
        return err;
    /* No other operation is documented to take only the name of a cluster. */
    hc_ecs_put_describe_providers(ask_body(r), r->cluster.name, r->batch,
                                  r->batch_n, hc_pages_token(&r->pages));
    return ask_start(r, ASK_CAPACITY);
}

int hc_ask_target(struct hc_reconcile *r)
{
    r->batch[0] = r->names[r->at].name;
    r->batch_n = 1;
    hc_ecs_put_describe_targets(ask_body(r), r->cluster.name, r->batch[0],
                                hc_pages_token(&r->pages));
    return ask_start(r, ASK_TARGET);
}

int hc_ask_definition(struct hc_reconcile *r)
{
    hc_ecs_put_describe_definition(ask_body(r), r->definition->arn);
    return ask_start(r, ASK_DEFINITION);
}

int hc_ask_names(struct hc_reconcile *r)
{
    hc_ecs_put_list_services(ask_body(r), r->cluster.text,
                             r->names_list->launch_type,
                             hc_pages_token(&r->pages));
    return ask_start(r, ASK_NAMES);
}

int hc_ask_tagged(struct hc_reconcile *r)
{
    hc_ecs_put_tagged(ask_body(r), r->names_list->tag_filters,
                      hc_pages_token(&r->pages));
    return ask_start(r, ASK_TAGGED);
}

int hc_ask_clusters(struct hc_reconcile *r)
{
    hc_ecs_put_list_clusters(ask_body(r), HC_STR(""));
    return ask_start(r, ASK_CLUSTERS);
}

int hc_ask_update(struct hc_reconcile *r)
{
    hc_ecs_put_update_service(ask_body(r), r->cluster.text,
                              r->names[r->at].name, r->plan.wanted);
    return ask_start(r, ASK_UPDATE);
}

/* ---- what it takes to be allowed to ask ---- */

/* The part of the resource's ARN after the account. */
static const char *ask_resource(struct hc_reconcile *r)
{
    struct hc_arena *arena = &r->facts.arena;
    struct hc_str cluster = r->cluster.name;
    struct hc_str service = r->ask == ASK_UPDATE ? r->names[r->at].name
                            : r->batch_n == 1 ? r->batch[0] : HC_STR("*");

    switch (r->ask) {
    case ASK_SERVICES:
    case ASK_UPDATE:
        return hc_arena_fmt(arena, "service/%.*s/%.*s", HC_STR_ARG(cluster),
                           HC_STR_ARG(service));
    case ASK_DETAILS:
        return hc_arena_fmt(arena, "container-instance/%.*s/*",
                           HC_STR_ARG(cluster));
    case ASK_CAPACITY:
        return "capacity-provider/*";
    case ASK_HOSTS:
    case ASK_CLUSTER:
    case ASK_TARGET:
    case ASK_DEFINITION:
    case ASK_NAMES:
    case ASK_TAGGED:
    case ASK_CLUSTERS:
        break;
    }
    return hc_arena_fmt(arena, "cluster/%.*s", HC_STR_ARG(cluster));
}

const char *hc_ask_statement(struct hc_reconcile *r)
{
    const struct hc_arn *c = &r->cluster;
    struct hc_str region = hc_reconcile_region(r);
    struct hc_str partition = hc_str(hc_endpoint_partition(region));
    struct hc_str account = HC_STR("*");

    /* No resource can be named for these. */
    if (r->ask == ASK_TARGET || r->ask == ASK_DEFINITION ||
        r->ask == ASK_NAMES || r->ask == ASK_TAGGED ||
        r->ask == ASK_CLUSTERS)
        return hc_arena_fmt(&r->facts.arena,
                            "{\"Effect\": \"Allow\", \"Action\":"
                            " \"%s:%s\", \"Resource\": \"*\"}",
                            ask_calls[r->ask].action,
                            ask_calls[r->ask].operation);
    if (hc_arn_is_full(c)) {
        region = c->region;
        partition = c->partition;
        account = c->account;
    }
    return hc_arena_fmt(&r->facts.arena, "{\"Effect\": \"Allow\", \"Action\": "
                       "\"ecs:%s\", \"Resource\": \"arn:%.*s:ecs:%.*s:%.*s:%s"
                       "\"}", ask_calls[r->ask].operation,
                       HC_STR_ARG(partition), HC_STR_ARG(region),
                       HC_STR_ARG(account), ask_resource(r));
}
