/* reconcile/learn.c - what ECS answered, checked against what was asked.
 *
 * An answer about another cluster, a service nobody asked for, one that is
 * left out, a page that names itself as the next: none of it becomes a fact.
 */
#include "reconcile/learn.h"

#include "reconcile/settle.h"

int hc_learn_feed(struct hc_reconcile *r)
{
    struct hc_str span = r->call.span;

    switch (r->ask) {
    case ASK_SERVICES:
    case ASK_UPDATE:
        return hc_ecs_services_feed(&r->view.services, span, &r->error);
    case ASK_HOSTS:
        return hc_ecs_arns_feed(&r->view.arns, span, &r->error);
    case ASK_DETAILS:
        return hc_ecs_host_details_feed(&r->view.details, span, &r->error);
    case ASK_CLUSTER:
        return hc_ecs_cluster_feed(&r->view.cluster, span, &r->error);
    case ASK_CAPACITY:
        return hc_ecs_providers_feed(&r->view.providers, span, &r->error);
    case ASK_DEFINITION:
        return hc_ecs_definition_feed(&r->view.definition, span, &r->error);
    case ASK_TARGET:
    case ASK_NAMES:
    case ASK_TAGGED:
    case ASK_CLUSTERS:
        return hc_ecs_arns_feed(&r->view.arns, span, &r->error);
    }
    return 0;
}

int hc_learn_refuse(struct hc_reconcile *r, const char *what,
                    struct hc_str which)
{
    return hc_error_set(&r->error, HEADCOUNT_EANSWER,
                        "%s \"%.*s\" in cluster %.*s: "
                        "nothing is made of this answer",
                        what, HC_STR_ARG(which), HC_STR_ARG(r->cluster.name));
}

int hc_learn_keep(struct hc_reconcile *r, struct hc_arena *arena)
{
    if (hc_arena_join(&r->facts.arena, arena) == 0)
        return 0;
    return hc_error_set(&r->error, HEADCOUNT_EANSWER,
                        "ECS answers more about cluster "
                        "%.*s than is kept",
                        HC_STR_ARG(r->cluster.name));
}

bool hc_learn_was_asked(const struct hc_reconcile *r, struct hc_str name)
{
    for (size_t i = 0; i < r->batch_n; i++)
        if (hc_str_eq(r->batch[i], name))
            return true;
    return false;
}

bool hc_learn_is_ours(const struct hc_reconcile *r, struct hc_str text,
                      bool of_service)
{
    struct hc_arn arn;
    int err;

    if (text.n == 0)
        return true;
    err = of_service ? hc_arn_service(&arn, text, NULL)
                     : hc_arn_cluster(&arn, text, NULL);
    return err == 0 && hc_reconcile_is_here(r, &arn);
}

int hc_learn_page(struct hc_reconcile *r, const char *operation,
                  const struct hc_ecs_arns *v)
{
    const char *why = NULL;
    int err = hc_pages_turn(&r->pages, v->arns_n == 0, v->next, &why);

    if (err >= 0)
        return err;
    if (why == NULL)
        return hc_error_set(&r->error, err, "%s: %s", operation,
                            hc_error_sentence(err));
    return hc_error_set(&r->error, err,
                        "%s for cluster %.*s %s: nothing is made of this "
                        "answer", operation, HC_STR_ARG(r->cluster.name), why);
}

/* Kept: what DescribeClusters said goes with the look after a write. */
void hc_learn_cluster_arn(struct hc_reconcile *r, struct hc_str text)
{
    if (text.n == 0 || hc_arn_is_full(&r->cluster))
        return;
    text = hc_arena_str(&r->facts.arena, text);
    if (text.n > 0)
        hc_arn_cluster(&r->cluster, text, NULL);
}

/* ---- DescribeClusters ---- */

static int learn_cluster(struct hc_reconcile *r)
{
    struct hc_ecs_cluster *v = &r->view.cluster;
    int err = hc_ecs_cluster_end(v, &r->error);

    if (err < 0)
        return err;
    if (v->clusters_n == 0) {
        r->gone = hc_str_eqz(v->failure.reason, "MISSING") &&
                  v->failure.arn.n > 0 &&
                  hc_learn_is_ours(r, v->failure.arn, false);
        return hc_learn_refuse(
            r, "DescribeClusters does not know it:", v->failure.reason);
    }
    if (!hc_learn_is_ours(r, v->arn, false) ||
        (v->arn.n == 0 && !hc_str_eq(v->name, r->cluster.name)))
        return hc_learn_refuse(r, "ECS answered for another cluster:", v->arn);
    if (v->registered < 0 || v->status.n == 0)
        return hc_learn_refuse(r,
                               "DescribeClusters left out status or "
                               "registeredContainerInstancesCount of",
                               v->arn);
    r->gone = hc_str_eqz(v->status, "INACTIVE");
    if (r->gone)                      /* it is deleted, and not forgotten yet */
        return hc_learn_refuse(r, "DescribeClusters says", v->status);
    struct hc_fact_cluster *to = &r->facts.cluster[r->reading];

    to->value = *v;
    to->fact.state = FACT_VALUE;
    *v = (struct hc_ecs_cluster){ .registered = -1 };
    hc_learn_cluster_arn(r, to->value.arn);
    return 1;
}

/* ---- DescribeCapacityProviders ---- */

static int learn_check_providers(struct hc_reconcile *r,
                                 const struct hc_ecs_provider *p)
{
    while (p != NULL && hc_learn_was_asked(r, p->name))
        p = p->next;
    if (p == NULL)
        return 0;
    return hc_learn_refuse(r, "ECS answered about a capacity provider that "
                           "was not asked for,", p->name);
}

static int learn_provider(struct hc_reconcile *r,
                          const struct hc_ecs_provider *p)
{
    struct hc_fact_bool *a =
        hc_facts_bool(&r->facts, &r->facts.capacity, p->name);

    if (a == NULL)
        return hc_error_set(&r->error, HEADCOUNT_ENOMEM, "no memory for facts");
    if (a->fact.state != FACT_VALUE)
        hc_pages_news(&r->pages);
    a->fact.state = FACT_VALUE;
    a->yes = a->yes || p->managed;
    return 0;
}

/* Counts the providers of the question that are known, and names one that is
 * not. */
static int learn_known_capacity(struct hc_reconcile *r, size_t *known,
                                struct hc_str *unknown)
{
    *known = 0;
    for (size_t i = 0; i < r->batch_n; i++) {
        const struct hc_fact_bool *a =
            hc_facts_bool(&r->facts, &r->facts.capacity, r->batch[i]);

        if (a == NULL)
            return hc_error_set(&r->error, HEADCOUNT_ENOMEM,
                                "no memory for facts");
        if (a->fact.state == FACT_VALUE)
            ++*known;
        else
            *unknown = r->batch[i];
    }
    return 0;
}

/* The last provider that was asked for is the end of the list, too. */
static int learn_capacity(struct hc_reconcile *r)
{
    struct hc_ecs_providers *v = &r->view.providers;
    struct hc_str unknown = HC_STR("");
    size_t known = 0;
    int err = hc_ecs_providers_end(v, &r->error);

    if (err == 0)
        err = hc_learn_keep(r, &v->arena);
    if (err == 0)
        err = learn_check_providers(r, v->providers);
    for (const struct hc_ecs_provider *p = v->providers; err == 0 && p != NULL;
         p = p->next)
        err = learn_provider(r, p);
    if (err == 0)
        err = learn_known_capacity(r, &known, &unknown);
    if (err < 0 || known == r->batch_n)
        return err < 0 ? err : 1;
    if (v->next.n == 0)
        return hc_learn_refuse(r, "DescribeCapacityProviders says nothing "
                               "about", unknown);
    const char *why = NULL;

    err = hc_pages_turn(&r->pages, v->providers == NULL, v->next, &why);
    if (why != NULL)
        return hc_learn_refuse(r, "DescribeCapacityProviders does not come to "
                               "an end, and says nothing about", unknown);
    return err;
}

/* ---- DescribeScalableTargets ---- */

/* service/CLUSTER/SERVICE */
static bool learn_is_target(const struct hc_reconcile *r, struct hc_str id)
{
    struct hc_str cluster = r->cluster.name, service = r->batch[0];
    const struct hc_str kind = HC_STR("service/");

    return hc_str_starts(id, kind) && hc_str_ends(id, service) &&
           id.n == kind.n + cluster.n + 1 + service.n &&
           hc_str_starts(hc_str_from(id, kind.n), cluster) &&
           id.p[kind.n + cluster.n] == '/';
}

static int learn_target(struct hc_reconcile *r)
{
    struct hc_ecs_arns *v = &r->view.arns;
    struct hc_fact_bool *a =
        hc_facts_bool(&r->facts, &r->facts.targets, r->batch[0]);
    int err = hc_ecs_arns_end(v, &r->error);

    if (a == NULL)
        return hc_error_set(&r->error, HEADCOUNT_ENOMEM, "no memory for facts");
    for (size_t i = 0; err == 0 && i < v->arns_n; i++)
        err = learn_is_target(r, v->arns[i])
                  ? 0
                  : hc_learn_refuse(r,
                                    "Auto Scaling answered about a target "
                                    "that was not asked for,",
                                    v->arns[i]);
    if (err == 0)
        err = hc_learn_keep(r, &v->arena);
    if (err < 0)
        return err;
    if (v->arns_n > 0 && !a->yes)
        hc_pages_news(&r->pages);
    a->yes = a->yes || v->arns_n > 0;
    err = hc_learn_page(r, "DescribeScalableTargets", v);
    if (err <= 0)
        return err;
    a->fact.state = FACT_VALUE;
    return 1;
}

/* ---- DescribeTaskDefinition ---- */

static int learn_definition(struct hc_reconcile *r)
{
    struct hc_ecs_definition *v = &r->view.definition;
    struct hc_fact_definition *d = r->definition;
    int err = hc_ecs_definition_end(v, &r->error);

    if (err == 0 && !hc_str_eq(v->arn, d->arn))
        err = hc_learn_refuse(r,
                              "ECS answered about a task definition that was "
                              "not asked for,",
                              v->arn);
    if (err == 0)
        err = hc_learn_keep(r, &v->arena);
    if (err < 0)
        return err;
    d->constraints = v->constraints;
    d->unclear = v->unclear;
    d->fixed_port = v->fixed_port;
    d->fact.state = FACT_VALUE;
    return 1;
}

/* ---- ListClusters ---- */

/* For a sentence: one page says enough.  The view is read where it is. */
static int learn_clusters(struct hc_reconcile *r)
{
    int err = hc_ecs_arns_end(&r->view.arns, &r->error);

    if (err < 0)
        return err;
    hc_settle_gone(r);
    return 1;
}

/* ---- all of them ---- */

int hc_learn_take(struct hc_reconcile *r)
{
    switch (r->ask) {
    case ASK_SERVICES:
        return hc_learn_services(r);
    case ASK_HOSTS:
        return hc_learn_hosts(r);
    case ASK_DETAILS:
        return hc_learn_details(r);
    case ASK_CLUSTER:
        return learn_cluster(r);
    case ASK_CAPACITY:
        return learn_capacity(r);
    case ASK_TARGET:
        return learn_target(r);
    case ASK_DEFINITION:
        return learn_definition(r);
    case ASK_NAMES:
    case ASK_TAGGED:
        return hc_learn_names(r);
    case ASK_UPDATE:
        return hc_learn_update(r);
    case ASK_CLUSTERS:
        return learn_clusters(r);
    }
    return 0;
}

/* ---- what cannot be had ---- */

static void learn_fail_services(struct hc_reconcile *r, const char *code,
                                const char *what)
{
    for (size_t i = 0; i < r->batch_n; i++) {
        struct hc_fact_service *fact = hc_facts_service(&r->facts, r->batch[i]);

        if (fact != NULL)
            hc_facts_fail(&r->facts, &fact->fact, code, what);
    }
}

static void learn_fail_answers(struct hc_reconcile *r,
                               struct hc_fact_bool **list, const char *code,
                               const char *what)
{
    for (size_t i = 0; i < r->batch_n; i++) {
        struct hc_fact_bool *a =
            hc_facts_bool(&r->facts, list, r->batch[i]);

        if (a != NULL && a->fact.state != FACT_VALUE)
            hc_facts_fail(&r->facts, &a->fact, code, what);
    }
}

void hc_learn_fail(struct hc_reconcile *r, const char *code, const char *what)
{
    switch (r->ask) {
    case ASK_SERVICES:
        learn_fail_services(r, code, what);
        break;
    case ASK_HOSTS:
        hc_facts_fail(&r->facts, &r->hosts->fact, code, what);
        break;
    case ASK_DETAILS:
        hc_facts_fail(&r->facts, &r->hosts->details, code, what);
        break;
    case ASK_CLUSTER:
        hc_facts_fail(&r->facts, &r->facts.cluster[r->reading].fact, code,
                      what);
        break;
    case ASK_CAPACITY:
        learn_fail_answers(r, &r->facts.capacity, code, what);
        break;
    case ASK_TARGET:
        learn_fail_answers(r, &r->facts.targets, code, what);
        break;
    case ASK_DEFINITION:
        hc_facts_fail(&r->facts, &r->definition->fact, code, what);
        break;
    case ASK_NAMES:
    case ASK_TAGGED:
        hc_facts_fail(&r->facts, &r->names_list->fact, code, what);
        break;
    case ASK_UPDATE:
    case ASK_CLUSTERS:
        break;
    }
}
