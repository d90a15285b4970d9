/* reconcile/learn_hosts.c - ListContainerInstances page by page, and
 * DescribeContainerInstances a hundred at a time. */
#include "reconcile/learn.h"

/* ---- ListContainerInstances ---- */

static int learn_host(struct hc_reconcile *r, struct hc_str text)
{
    struct hc_arn arn;
    int err;

    if (hc_arn_instance(&arn, text, NULL) < 0 || !hc_reconcile_is_here(r, &arn))
        return hc_learn_refuse(
            r, "ECS listed what is no host of the cluster:", text);
    err = hc_host_list_add(&r->hosts->list, r->facts.alloc, text);
    if (err == HEADCOUNT_ELIMIT)
        return hc_error_set(&r->error, HEADCOUNT_EANSWER,
                            "ECS lists more than %d "
                            "hosts in cluster %.*s",
                            HC_HOST_LIST_MAX, HC_STR_ARG(r->cluster.name));
    if (err > 0)
        hc_pages_news(&r->pages);
    return err >= 0 ? 0 : hc_error_set(&r->error, err, "no memory for hosts");
}

int hc_learn_hosts(struct hc_reconcile *r)
{
    struct hc_ecs_arns *v = &r->view.arns;
    int err = hc_ecs_arns_end(v, &r->error);

    if (err == 0)
        err = hc_learn_keep(r, &v->arena);
    for (size_t i = 0; err == 0 && i < v->arns_n; i++)
        err = learn_host(r, v->arns[i]);
    if (err < 0)
        return err;
    r->launch_taken = r->launch_taken || r->hosts->by_launch;
    err = hc_learn_page(r, "ListContainerInstances", v);
    if (err <= 0)
        return err;
    r->hosts->fact.state = FACT_VALUE;
    return 1;
}

/* ---- DescribeContainerInstances ---- */

static int learn_described(struct hc_reconcile *r, struct hc_str arn,
                           struct hc_host **found)
{
    struct hc_host *host = NULL;

    if (hc_learn_was_asked(r, arn))
        host = hc_host_list_find(&r->hosts->list, arn);
    if (host == NULL || host->described)
        return hc_learn_refuse(r,
                               "DescribeContainerInstances answered about a "
                               "host that was not asked for, or twice,",
                               arn);
    host->described = true;
    *found = host;
    return 0;
}

static int learn_detail(struct hc_reconcile *r, const struct hc_ecs_host *h)
{
    struct hc_host *host = NULL;
    int err = learn_described(r, h->arn, &host);

    if (err < 0 || host == NULL)
        return err;
    if (h->status.n == 0)
        return hc_learn_refuse(r,
                               "DescribeContainerInstances left out the "
                               "status of",
                               h->arn);
    host->details = h;
    return 0;
}

/* A host that went between the list and now is no host; any other failure is
 * one of the whole count. */
static int learn_detail_failure(struct hc_reconcile *r,
                                const struct hc_ecs_failure *f)
{
    struct hc_host *host = NULL;

    if (!hc_str_eqz(f->reason, "MISSING"))
        return hc_learn_refuse(r, "DescribeContainerInstances could not read",
                               f->arn);
    return learn_described(r, f->arn, &host);
}

int hc_learn_details(struct hc_reconcile *r)
{
    struct hc_ecs_host_details *v = &r->view.details;
    int err = hc_ecs_host_details_end(v, &r->error);

    if (err == 0)
        err = hc_learn_keep(r, &v->arena);
    for (size_t i = 0; err == 0 && i < v->hosts_n; i++)
        err = learn_detail(r, &v->hosts[i]);
    for (size_t i = 0; err == 0 && i < v->failures_n; i++)
        err = learn_detail_failure(r, &v->failures[i]);
    if (err == 0 && v->hosts_n + v->failures_n != r->batch_n)
        err = hc_learn_refuse(r,
                              "DescribeContainerInstances left out hosts, "
                              "asked from",
                              r->batch[0]);
    if (err < 0)
        return err;
    r->host_at += r->batch_n;
    if (r->host_at < r->hosts->list.n)
        return 0;
    if (hc_fact_hosts_described(&r->facts, r->hosts) < 0)
        return hc_error_set(&r->error, HEADCOUNT_ENOMEM, "no memory for hosts");
    return 1;
}
