/* reconcile/exchange/providers.c - DescribeCapacityProviders: does a provider
 * of the service start hosts by itself?  Up to ten of them, page by page. */
#include "reconcile/exchange/check.h"
#include "reconcile/exchange/yes_or_no.h"

/* `cluster` must be a name here: the operation is documented to take no ARN,
 * as the others do. */
static void providers_put(struct hc_run *r, struct hc_exchange *x,
                          struct hc_buf *out)
{
    hc_ecs_put_describe_providers(out, r->cluster.name, x->ids, x->ids_n,
                                  hc_pages_token(&x->pages));
}

static void providers_open(struct hc_run *r, union hc_exchange_view *v)
{
    hc_ecs_providers_init(&v->providers, r->facts.alloc);
}

static const char *providers_resource(struct hc_run *r,
                                      const struct hc_exchange *x)
{
    (void)r;
    (void)x;
    return "capacity-provider/*";
}

/* ---- the answer ---- */

/* A provider that was not asked for makes the whole answer doubtful. */
static int providers_check(struct hc_run *r, struct hc_exchange *x)
{
    const struct hc_ecs_provider *p = x->view.providers.providers;

    while (p != NULL && hc_check_was_asked(x, p->name))
        p = p->next;
    if (p == NULL)
        return 0;
    return hc_check_refuse(r, x, "ECS answered about a capacity provider that "
                           "was not asked for,", p->name);
}

static int providers_learn_one(struct hc_run *r, struct hc_exchange *x,
                               const struct hc_ecs_provider *p)
{
    struct hc_fact_bool *a =
        hc_facts_bool(&r->facts, FACTS_CAPACITY, p->name);
    struct hc_fact_bool *b =
        hc_facts_bool(&r->facts, FACTS_INSTANCES, p->name);

    if (a == NULL || b == NULL)
        return hc_check_no_memory(x, "facts");
    if (a->fact.state != FACT_VALUE)
        hc_pages_news(&x->pages);
    a->fact.state = b->fact.state = FACT_VALUE;
    a->yes = a->yes || p->managed;
    b->yes = b->yes || p->instances;
    return 0;
}

/* Every provider that was asked for is known: those that no page described
 * again (their scaling was known before) are none of Managed Instances. */
static int providers_all_known(struct hc_run *r, struct hc_exchange *x)
{
    for (size_t i = 0; i < x->ids_n; i++) {
        struct hc_fact_bool *a =
            hc_facts_bool(&r->facts, FACTS_INSTANCES, x->ids[i]);

        if (a == NULL)
            return hc_check_no_memory(x, "facts");
        a->fact.state = FACT_VALUE;
    }
    return 1;
}

/* The answer comes in pages of ten.  The list ends with its last page, or as
 * soon as every provider that was asked for is known. */
static int providers_learn(struct hc_run *r, struct hc_exchange *x,
                           int64_t now)
{
    struct hc_ecs_providers *v = &x->view.providers;
    struct hc_str unknown = HC_STR("");
    const struct hc_fact_bool *a;
    const char *why = NULL;
    size_t known = 0;
    int err = hc_check_keep(r, x);

    (void)now;
    if (err == 0)
        err = providers_check(r, x);
    for (const struct hc_ecs_provider *p = v->providers; err == 0 && p != NULL;
         p = p->next)
        err = providers_learn_one(r, x, p);
    for (size_t i = 0; err == 0 && i < x->ids_n; i++) {
        a = hc_facts_bool(&r->facts, FACTS_CAPACITY, x->ids[i]);
        if (a == NULL)
            err = hc_check_no_memory(x, "facts");
        else if (a->fact.state == FACT_VALUE)
            known++;
        else
            unknown = x->ids[i];
    }
    if (err < 0 || known == x->ids_n)
        return err < 0 ? err : providers_all_known(r, x);
    if (v->next.n == 0)
        return hc_check_refuse(r, x, "DescribeCapacityProviders says nothing "
                               "about", unknown);
    err = hc_pages_turn(&x->pages, v->providers == NULL, v->next, &why);
    if (why != NULL)
        return hc_check_refuse(r, x, "DescribeCapacityProviders does not come "
                               "to an end, and says nothing about", unknown);
    return err;
}

/* ---- beside the answer ---- */

static void providers_remember(struct hc_run *r, struct hc_exchange *x,
                               int64_t now)
{
    hc_yes_or_no_remember(r, x, MEMORY_CAPACITY, FACTS_CAPACITY, now);
}

static void providers_recall(struct hc_run *r, void *into)
{
    hc_yes_or_no_recall(r, MEMORY_CAPACITY, into);
}

static void providers_fail(struct hc_run *r, struct hc_exchange *x,
                           const char *code, const char *what)
{
    hc_yes_or_no_fail(r, x, FACTS_CAPACITY, code, what);
    hc_yes_or_no_fail(r, x, FACTS_INSTANCES, code, what);
}

/* A provider that is not in a complete snapshot adds no hosts. */
static int providers_offline(struct hc_run *r, struct hc_exchange *x,
                             struct headcount_error *e)
{
    (void)e;
    for (size_t i = 0; r->complete && i < x->ids_n; i++) {
        struct hc_fact_bool *a =
            hc_facts_bool(&r->facts, FACTS_CAPACITY, x->ids[i]);

        if (a == NULL)
            return HEADCOUNT_ENOMEM;
        a->fact.state = FACT_VALUE;
    }
    return r->complete;
}

const struct hc_exchange_class hc_exchange_providers = {
    .service = HC_SERVICE_ECS,
    .operation = "DescribeCapacityProviders",
    .action = "ecs:DescribeCapacityProviders",
    .fact = "the capacity provider",
    .resource = providers_resource,
    .put = providers_put,
    .open = providers_open,
    .learn = providers_learn,
    .remember = providers_remember,
    .recall = providers_recall,
    .fail = providers_fail,
    .offline = providers_offline
};
