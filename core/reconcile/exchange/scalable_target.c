/* reconcile/exchange/scalable_target.c - DescribeScalableTargets: does
 * Application Auto Scaling set the count of a service, too?  One call asks
 * about one service, or about as many as a page holds.
 *
 * A snapshot without the answer is planned without it. */
#include "reconcile/exchange/check.h"
#include "reconcile/exchange/yes_or_no.h"

static void target_put(struct hc_run *r, struct hc_exchange *x,
                       struct hc_buf *out)
{
    hc_ecs_put_describe_targets(out, r->cluster.name, x->ids, x->ids_n,
                                hc_pages_token(&x->pages));
}

static void target_open(struct hc_run *r, union hc_exchange_view *v)
{
    hc_ecs_targets_init(&v->arns, r->facts.alloc);
}

/* The name of the service that was asked for, if the target's id is
 * service/CLUSTER/SERVICE of our cluster; n == 0: it is not. */
static struct hc_str target_service(const struct hc_run *r,
                                    const struct hc_exchange *x,
                                    struct hc_str id)
{
    struct hc_str cluster = r->cluster.name;
    const struct hc_str kind = HC_STR("service/");
    struct hc_str name = HC_STR("");

    if (hc_str_starts(id, kind) && id.n > kind.n + cluster.n + 1 &&
        hc_str_starts(hc_str_from(id, kind.n), cluster) &&
        id.p[kind.n + cluster.n] == '/')
        name = hc_str_from(id, kind.n + cluster.n + 1);
    return hc_check_was_asked(x, name) ? name : HC_STR("");
}

static int target_check(const struct hc_run *r, struct hc_exchange *x,
                        struct hc_str id)
{
    return target_service(r, x, id).n > 0
               ? 0 : hc_check_refuse(r, x, "Auto Scaling answered about a "
                                     "target that was not asked for,", id);
}

static int target_learn_one(struct hc_run *r, struct hc_exchange *x,
                            struct hc_str id)
{
    struct hc_fact_bool *a = hc_facts_bool(&r->facts, FACTS_TARGET,
                                           target_service(r, x, id));

    if (a == NULL)
        return hc_check_no_memory(x, "facts");
    if (!a->yes)
        hc_pages_news(&x->pages);
    a->yes = true;
    return 0;
}

/* The answer names the targets that there are.  Services that no page names
 * have none. */
static int target_learn(struct hc_run *r, struct hc_exchange *x, int64_t now)
{
    struct hc_ecs_arns *v = &x->view.arns;
    int err = 0;

    (void)now;
    for (size_t i = 0; err == 0 && i < v->arns_n; i++)
        err = target_check(r, x, v->arns[i]);
    if (err == 0)
        err = hc_check_keep(r, x);
    for (size_t i = 0; err == 0 && i < v->arns_n; i++)
        err = target_learn_one(r, x, v->arns[i]);
    if (err == 0)
        err = hc_check_page(r, x, v);
    for (size_t i = 0; err > 0 && i < x->ids_n; i++) {
        struct hc_fact_bool *a =
            hc_facts_bool(&r->facts, FACTS_TARGET, x->ids[i]);

        if (a == NULL)
            err = hc_check_no_memory(x, "facts");
        else
            a->fact.state = FACT_VALUE;
    }
    return err;
}

static void target_remember(struct hc_run *r, struct hc_exchange *x,
                            int64_t now)
{
    hc_yes_or_no_remember(r, x, MEMORY_TARGET, FACTS_TARGET, now);
}

static void target_recall(struct hc_run *r, void *into)
{
    hc_yes_or_no_recall(r, MEMORY_TARGET, into);
}

static void target_fail(struct hc_run *r, struct hc_exchange *x,
                        const char *code, const char *what)
{
    hc_yes_or_no_fail(r, x, FACTS_TARGET, code, what);
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
