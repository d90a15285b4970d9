/* reconcile/next_exchange.c - given what is known, which exchange comes next?
 */
#include "reconcile/next_exchange.h"

#include "plan/first_look.h"
#include "reconcile/placed.h"
#include "reconcile/plan_input.h"
#include "reconcile/policy_placed.h"
#include "reconcile/second.h"

static bool next_has(const struct hc_fact *fact)
{
    return fact->state == FACT_VALUE;
}

/* ---- one fact, for whoever needs it ---- */

static struct hc_fact *next_cluster(struct hc_run *r, struct hc_exchange *x,
                                    enum hc_reading reading)
{
    struct hc_fact_cluster *c = &r->facts.cluster[reading];

    hc_exchange_set(x, &hc_exchange_cluster, &c->fact, c);
    return &c->fact;
}

/* Reads the list; once that is known, and `details` is true, what its hosts
 * are like.  `list` may be NULL (no memory), and so is the answer then. */
static struct hc_fact *next_hosts(struct hc_exchange *x,
                                  struct hc_fact_hosts *list, bool details)
{
    if (list == NULL)
        return NULL;
    if (details && next_has(&list->fact))
        hc_exchange_set(x, &hc_exchange_host_details, &list->details, list);
    else
        hc_exchange_set(x, &hc_exchange_host_arns, &list->fact, list);
    return x->fact;
}

/* Adds the service to x->ids, unless it is known or there already. */
static int next_add_service(struct hc_run *r, struct hc_exchange *x,
                            struct hc_str name)
{
    struct hc_fact_service *fact = hc_facts_service(&r->facts, name);

    if (fact == NULL)
        return HEADCOUNT_ENOMEM;
    if (fact->fact.state != FACT_UNKNOWN)
        return 0;
    for (size_t i = 0; i < x->ids_n; i++)
        if (hc_str_eq(x->ids[i], fact->key.name))
            return 0;
    x->ids[x->ids_n++] = fact->key.name;
    return 0;
}

/* ---- for the wish at hand ---- */

int hc_next_for_wish(struct hc_run *r, struct hc_exchange *x)
{
    int err = 0;

    hc_exchange_set(x, &hc_exchange_services, NULL, NULL);
    for (size_t i = r->at; err == 0 && i < r->config.wishes_n &&
                           x->ids_n < HC_ECS_BATCH_SERVICES; i++)
        if (r->services[i].reason == NULL)
            err = next_add_service(r, x, r->names[i].name);
    return err;
}

void hc_next_write(const struct hc_run *r, struct hc_exchange *x)
{
    hc_exchange_set(x, &hc_exchange_update_service, NULL, NULL);
    x->ids[x->ids_n++] = r->names[r->at].name;
    x->until = r->write_by;
}

void hc_next_clusters(struct hc_exchange *x, int64_t until)
{
    hc_exchange_set(x, &hc_exchange_clusters, NULL, NULL);
    x->until = until;
}

/* ---- for its plan: a row for each need ---- */

static struct hc_fact *plan_definition(struct hc_run *r, struct hc_exchange *x,
                                       const struct hc_plan_input *in)
{
    struct hc_fact_definition *d =
        hc_facts_definition(&r->facts, in->service->task_definition);

    if (d == NULL)
        return NULL;
    hc_exchange_set(x, &hc_exchange_task_definition, &d->fact, d);
    return &d->fact;
}

static struct hc_fact *plan_cluster(struct hc_run *r, struct hc_exchange *x,
                                    const struct hc_plan_input *in)
{
    (void)in;
    return next_cluster(r, x, READING_FIRST);
}

static struct hc_fact_hosts *plan_list(struct hc_run *r, struct hc_str filter)
{
    return hc_facts_hosts(&r->facts, "ACTIVE", filter, READING_FIRST);
}

/* First the list, then the list of hosts that do not count, then what the
 * hosts are like.  The cheapest comes first: a service that is held or
 * unchanged by a number alone costs no description of its hosts. */
static struct hc_fact *plan_hosts(struct hc_run *r, struct hc_exchange *x,
                                  const struct hc_plan_input *in)
{
    const struct hc_measure_of of = hc_plan_input_measure(r, in);
    struct hc_fact_hosts *list;

    if (in->by == HEADCOUNT_REGISTERED)
        return next_cluster(r, x, READING_FIRST);
    list = plan_list(r, r->lists.active);
    if (list != NULL && next_has(&list->fact) && r->lists.without.n > 0 &&
        of.without == NULL) {
        list = plan_list(r, r->lists.without);
        if (list != NULL)
            list->by_launch = true;
        return next_hosts(x, list, false);
    }
    if (list != NULL)
        list->by_launch = r->lists.falls_back;
    if (list == NULL || !next_has(&list->fact) ||
        !hc_measure_needs_details(&of))
        return next_hosts(x, list, false);
    return hc_plan_input_describe(r, x, list, &of);
}

static struct hc_fact *plan_all_hosts(struct hc_run *r, struct hc_exchange *x,
                                      const struct hc_plan_input *in)
{
    (void)in;
    return next_hosts(x, plan_list(r, HC_STR("")), false);
}

/* Up to ten of the service's providers of which this fact is not known, or only
 * (`once`) those that were never asked about.  DescribeCapacityProviders takes
 * no more in one call, and a strategy may name twenty.  The fact is that of the
 * first one. */
static struct hc_fact *next_providers(struct hc_run *r, struct hc_exchange *x,
                                      const struct hc_ecs_share *all,
                                      enum hc_fact_kind kind, bool once)
{
    struct hc_fact_bool *first = NULL, *a;
    const struct hc_ecs_share *t = all;

    hc_exchange_set(x, &hc_exchange_providers, NULL, NULL);
    while (t != NULL && x->ids_n < HC_ECS_BATCH_PROVIDERS &&
           (t = hc_ecs_share_used(all, t)) != NULL) {
        a = hc_facts_bool(&r->facts, kind, t->provider);
        if (a == NULL)
            return NULL;
        if (once ? a->fact.state == FACT_UNKNOWN : !next_has(&a->fact)) {
            x->ids[x->ids_n++] = a->key.name;
            first = first != NULL ? first : a;
        }
        t = t->next;
    }
    return first != NULL ? &first->fact : NULL;
}

static struct hc_fact *plan_providers(struct hc_run *r, struct hc_exchange *x,
                                      const struct hc_plan_input *in)
{
    return next_providers(r, x, in->service->providers, FACTS_CAPACITY,
                          false);
}

/* One provider that starts hosts is enough to ask; how many tasks each of them
 * may get takes all of them. */
static struct hc_fact *plan_placed(struct hc_run *r, struct hc_exchange *x,
                                   const struct hc_plan_input *in)
{
    struct hc_fact *provider = plan_providers(r, x, in);

    return provider != NULL ? provider : hc_placed_next(r, x, in);
}

/* Adds the services of first looks that have to be asked about, too: a look is
 * at many services, and one call tells of as many as a page has. */
static int plan_other_targets(struct hc_run *r, struct hc_exchange *x)
{
    char why[HC_FIRST_LOOK_WHY];

    for (size_t i = r->at + 1; i < r->config.wishes_n &&
                               x->ids_n < HC_ECS_BATCH_TARGETS; i++) {
        const struct hc_fact_service *s =
            r->config.wishes[i].looks
                ? hc_facts_service(&r->facts, r->names[i].name) : NULL;
        const struct hc_fact_bool *a;

        if (s == NULL || s->value == NULL ||
            hc_first_look_is_alone(s->value, hc_run_wall(r), why))
            continue;
        a = hc_facts_bool(&r->facts, FACTS_TARGET, s->value->name);
        if (a == NULL)
            return HEADCOUNT_ENOMEM;
        if (a->fact.state == FACT_UNKNOWN)
            x->ids[x->ids_n++] = a->key.name;
    }
    return 0;
}

static struct hc_fact *plan_target(struct hc_run *r, struct hc_exchange *x,
                                   const struct hc_plan_input *in)
{
    struct hc_fact_bool *a =
        hc_facts_bool(&r->facts, FACTS_TARGET, in->service->name);

    if (a == NULL)
        return NULL;
    hc_exchange_set(x, &hc_exchange_scalable_target, &a->fact, a);
    x->ids[x->ids_n++] = a->key.name;
    if (in->wish->looks && plan_other_targets(r, x) < 0)
        return NULL;
    return &a->fact;
}

/* A kind that could not be read hides no class of a first look. */
static struct hc_fact *plan_instances(struct hc_run *r, struct hc_exchange *x,
                                      const struct hc_plan_input *in)
{
    return next_providers(r, x, in->service->providers, FACTS_INSTANCES,
                          true);
}

static struct hc_fact *plan_second(struct hc_run *r, struct hc_exchange *x,
                                   const struct hc_plan_input *in)
{
    struct hc_fact_hosts *list;
    bool details;

    if (!next_has(&r->facts.cluster[READING_CONFIRMING].fact))
        return next_cluster(r, x, READING_CONFIRMING);
    list = hc_second_list(r, in, &details);
    return next_hosts(x, list, details);
}

struct hc_fact *hc_next_for_plan(struct hc_run *r, struct hc_exchange *x,
                                 const struct hc_plan_input *in,
                                 enum hc_plan_need need)
{
    static struct hc_fact *(*const rows[])(struct hc_run *,
                                           struct hc_exchange *,
                                           const struct hc_plan_input *) = {
        [PLAN_NEEDS_DEFINITION] = plan_definition,
        [PLAN_NEEDS_HOSTS] = plan_hosts,
        [PLAN_NEEDS_ALL_HOSTS] = plan_all_hosts,
        [PLAN_NEEDS_CLUSTER] = plan_cluster,
        [PLAN_NEEDS_SCALED] = plan_providers,
        [PLAN_NEEDS_TARGET] = plan_target,
        [PLAN_NEEDS_SECOND] = plan_second,
        [PLAN_NEEDS_PLACED] = plan_placed,
        [PLAN_NEEDS_INSTANCES] = plan_instances,
        [PLAN_NEEDS_LACKING] = hc_placed_next_lacking,
    };

    return rows[need](r, x, in);
}

/* ---- for a policy ---- */

/* Up to ten of the services that the policy noted: DescribeServices takes no
 * more in one call. */
static int policy_services(struct hc_run *r, struct hc_exchange *x)
{
    const struct hc_policy_turn *p = &r->policy;
    struct hc_arn arn;
    int err = 0;

    hc_exchange_set(x, &hc_exchange_services, NULL, NULL);
    for (size_t i = p->at; err == 0 && i < p->needs_n &&
                           x->ids_n < HC_ECS_BATCH_SERVICES; i++)
        if (p->needs[i].kind == QUERY_SERVICE ||
            p->needs[i].kind == QUERY_PLACEMENT) {
            hc_arn_service(&arn, p->needs[i].service, NULL);
            err = next_add_service(r, x, arn.name);
        }
    return err;
}

static int policy_next(struct hc_run *r, struct hc_exchange *x,
                       const struct hc_known *k, const struct hc_fact *fact)
{
    if (k->cluster != NULL)
        next_cluster(r, x, r->policy.reading);
    else if (k->hosts != NULL)
        next_hosts(x, k->hosts, fact == &k->hosts->details);
    else if (k->names != NULL)
        hc_exchange_set(x, k->names->tag_filters.n > 0
                               ? &hc_exchange_tagged
                               : &hc_exchange_service_names,
                        &k->names->fact, k->names);
    else
        return policy_services(r, x);
    return 0;
}

/* 1: *fact is read next, or has failed; 0: all of k->placed is known. */
static int policy_next_placed(struct hc_run *r, struct hc_exchange *x,
                              struct hc_known *k, const struct hc_fact **fact)
{
    enum hc_plan_need need;
    struct hc_plan_input in;
    struct hc_wish wish;
    int got = hc_policy_placed(r, k, &in, &wish, &need);

    *fact = &k->placed->fact;
    if (got != 0)
        return got < 0 ? got : 0;
    if ((*fact)->state != FACT_FAILED)
        *fact = hc_next_for_plan(r, x, &in, need);
    return *fact != NULL ? 1 : HEADCOUNT_ENOMEM;
}

int hc_next_for_policy(struct hc_run *r, struct hc_exchange *x,
                       const struct hc_fact **fact)
{
    struct hc_policy_turn *p = &r->policy;

    for (; p->at < p->needs_n; p->at++) {
        struct hc_known k = { .count = 0 };

        *fact = hc_policy_find(r, &p->needs[p->at], &k);
        if (*fact == NULL)
            return HEADCOUNT_ENOMEM;
        if (!next_has(*fact) && k.placed != NULL) {
            int got = policy_next_placed(r, x, &k, fact);

            if (got != 0)
                return got;
        } else if (!next_has(*fact)) {
            return policy_next(r, x, &k, *fact) < 0 ? HEADCOUNT_ENOMEM : 1;
        }
    }
    p->at = p->needs_n = 0;
    return 0;
}
