/* reconcile/exchange/cluster.c - DescribeClusters of the run's cluster. */
#include "reconcile/exchange/check.h"

static void cluster_put(struct hc_run *r, struct hc_exchange *x,
                        struct hc_buf *out)
{
    (void)x;
    hc_ecs_put_describe_cluster(out, r->cluster.text);
}

static void cluster_open(struct hc_run *r, union hc_exchange_view *v)
{
    hc_ecs_cluster_init(&v->cluster, r->facts.alloc);
}

static int cluster_check(struct hc_run *r, struct hc_exchange *x)
{
    const struct hc_ecs_cluster *v = &x->view.cluster;

    /* One cluster is asked for, so an answer with a failure beside it says two
     * things about it. */
    if (v->clusters_n > 0 && (v->failure.reason.n > 0 || v->failure.arn.n > 0))
        return hc_check_refuse(r, x, "DescribeClusters describes it and says",
                               v->failure.reason);
    /* A cluster that does not exist is a failure MISSING in an answer that is
     * otherwise well, and no error of the call. */
    if (v->clusters_n == 0) {
        r->gone = hc_str_eqz(v->failure.reason, "MISSING") &&
                  v->failure.arn.n > 0 &&
                  hc_check_is_our_cluster(r, v->failure.arn);
        if (r->gone)
            return hc_error_set(&x->error, HEADCOUNT_EANSWER, "there is no "
                                "cluster %.*s: DescribeClusters says MISSING",
                                HC_STR_ARG(r->cluster.name));
        return hc_check_refuse(r, x, "DescribeClusters does not know it:",
                               v->failure.reason);
    }
    if (!hc_check_is_our_cluster(r, v->arn) ||
        (v->arn.n == 0 && !hc_str_eq(v->name, r->cluster.name)))
        return hc_check_refuse(r, x, "ECS answered for another cluster:",
                               v->arn);
    if (v->registered < 0 || v->status.n == 0)
        return hc_check_refuse(r, x, "DescribeClusters left out status or "
                               "registeredContainerInstancesCount of", v->arn);
    /* ECS describes a deleted cluster as INACTIVE for some time. */
    r->gone = hc_str_eqz(v->status, "INACTIVE");
    return !r->gone ? 0
        : hc_error_set(&x->error, HEADCOUNT_EANSWER, "cluster %.*s is deleted: "
                       "DescribeClusters says INACTIVE",
                       HC_STR_ARG(r->cluster.name));
}

/* The view itself becomes the fact: its texts are not copied. */
static int cluster_learn(struct hc_run *r, struct hc_exchange *x, int64_t now)
{
    struct hc_ecs_cluster *v = &x->view.cluster;
    struct hc_fact_cluster *to = x->into;
    int err = cluster_check(r, x);

    if (err < 0)
        return err;
    if (!hc_str_eqz(v->status, "ACTIVE"))
        v->status = hc_check_said(r, x, v->status);
    hc_check_tags(r, x, v->tags);
    to->value = *v;
    to->fact.state = FACT_VALUE;
    to->fact.at = now;
    *v = (struct hc_ecs_cluster){ .registered = -1 };
    hc_check_learn_cluster(r, to->value.arn);
    return 1;
}

const struct hc_exchange_class hc_exchange_cluster = {
    .service = HC_SERVICE_ECS,
    .operation = "DescribeClusters",
    .action = "ecs:DescribeClusters",
    .fact = "the cluster",
    .of_cluster = true,
    .resource = hc_exchange_cluster_resource,
    .put = cluster_put,
    .open = cluster_open,
    .learn = cluster_learn
};
