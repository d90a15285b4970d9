/* reconcile/exchange/scalable_target.c - DescribeScalableTargets: does
 * Application Auto Scaling set the count of the service, too?
 *
 * A snapshot without the answer is planned without it. */
#include "reconcile/exchange/check.h"
#include "reconcile/exchange/yes_or_no.h"

static void target_put(struct hc_run *r, struct hc_exchange *x,
                       struct hc_buf *out)
{
    hc_ecs_put_describe_targets(out, r->cluster.name, x->ids[0],
                                hc_pages_token(&x->pages));
}

static void target_open(struct hc_run *r, union hc_exchange_view *v)
{
    hc_ecs_targets_init(&v->arns, r->facts.alloc);
}

/* True: the target's id is service/CLUSTER/SERVICE, of our cluster and the
 * service that was asked for. */
static bool target_is_ours(const struct hc_run *r, const struct hc_exchange *x,
                           struct hc_str id)
{
    struct hc_str cluster = r->cluster.name, service = x->ids[0];
    const struct hc_str kind = HC_STR("service/");

    return hc_str_starts(id, kind) && hc_str_ends(id, service) &&
           id.n == kind.n + cluster.n + 1 + service.n &&
           hc_str_starts(hc_str_from(id, kind.n), cluster) &&
           id.p[kind.n + cluster.n] == '/';
}

static int target_learn(struct hc_run *r, struct hc_exchange *x, int64_t now)
{
    struct hc_ecs_arns *v = &x->view.arns;
    struct hc_fact_bool *a = x->into;
    int err = 0;

    (void)now;
    for (size_t i = 0; err == 0 && i < v->arns_n; i++)
        err = target_is_ours(r, x, v->arns[i])
                  ? 0 : hc_check_refuse(r, x, "Auto Scaling answered about a "
                                        "target that was not asked for,",
                                        v->arns[i]);
    if (err == 0)
        err = hc_check_keep(r, x);
    if (err < 0)
        return err;
    if (v->arns_n > 0 && !a->yes)
        hc_pages_news(&x->pages);
    a->yes = a->yes || v->arns_n > 0;
    err = hc_check_page(r, x, v);
    if (err > 0)
        a->fact.state = FACT_VALUE;
    return err;
}

static void target_remember(struct hc_run *r, struct hc_exchange *x,
                            int64_t now)
{
    hc_yes_or_no_remember(r, x, MEMORY_TARGET, &r->facts.targets, now);
}

static void target_recall(struct hc_run *r, void *into)
{
    hc_yes_or_no_recall(r, MEMORY_TARGET, into);
}

static void target_fail(struct hc_run *r, struct hc_exchange *x,
                        const char *code, const char *what)
{
    hc_yes_or_no_fail(r, x, &r->facts.targets, code, what);
}

const struct hc_exchange_class hc_exchange_scalable_target = {
    .service = HC_SERVICE_SCALING,
    .operation = "DescribeScalableTargets",
    .action = "application-autoscaling:DescribeScalableTargets",
    .fact = "whether Auto Scaling sets the count too",
    .put = target_put,
    .open = target_open,
    .close = hc_exchange_close_arns,
    .learn = target_learn,
    .remember = target_remember,
    .recall = target_recall,
    .fail = target_fail
};
