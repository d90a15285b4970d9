/* plan/measure.c - hosts, CPU and memory of the hosts that count. */
#include "plan/measure.h"

/* No host has more CPU units or MiB than this.  A larger number is refused, so
 * no sum overflows. */
#define MEASURE_MOST ((int64_t)1 << 40)

bool hc_measure_needs_details(const struct hc_measure_of *of)
{
    return of->providers != NULL || of->connected || of->before > 0 ||
           of->resources || of->ec2;
}

bool hc_measure_needs_providers(const struct hc_measure_of *of)
{
    struct hc_measure_of others = *of;

    others.providers = NULL;
    return of->providers != NULL && !hc_measure_needs_details(&others);
}

/* The member that the description of this host lacks, or NULL. */
static const char *measure_lacks(const struct hc_ecs_host *host,
                                 const struct hc_measure_of *of)
{
    if (of->before > 0 && host->registered_at < 0)
        return "registeredAt";
    if (of->resources && (host->cpu < 0 || host->memory < 0 ||
                          host->cpu > MEASURE_MOST ||
                          host->memory > MEASURE_MOST))
        return "registeredResources";
    return NULL;
}

static bool measure_has(const struct hc_host_list *list, struct hc_str arn)
{
    return list != NULL && hc_host_list_find(list, arn) != NULL;
}

bool hc_measure_is_anywhere(const struct hc_ecs_host *host)
{
    const struct hc_ecs_tag *a = host->attributes;

    while (a != NULL && !hc_str_eqz(a->key, HC_MEASURE_ANYWHERE))
        a = a->next;
    return a != NULL;
}

bool hc_measure_counts(const struct hc_host *h, const struct hc_measure_of *of)
{
    const struct hc_ecs_host *host = h->details;
    const struct hc_ecs_share *own;

    if (!h->active || measure_has(of->without, h->arn))
        return false;
    /* ECS places tasks of a strategy on hosts of its providers only.  A host
     * that registered outside of every group has no provider. */
    if (of->providers != NULL) {
        own = hc_ecs_share_find(of->providers, host->provider);
        if (own == NULL || hc_ecs_share_most(of->providers, own) <= 0)
            return false;
    }
    return (host->connected || !of->connected) &&
           (!of->ec2 || !hc_measure_is_anywhere(host)) &&
           (of->before <= 0 || host->registered_at <= of->before);
}

/* A member that is missing is no 0 and no false: the sum would be too small,
 * and tasks would go.  So the whole sum is refused. */
static bool measure_is_whole(const struct hc_host_list *list,
                             const struct hc_measure_of *of,
                             const char **lacks, struct hc_str *who)
{
    for (size_t i = 0; i < list->n; i++) {
        if (!list->hosts[i].active ||
            measure_has(of->without, list->hosts[i].arn))
            continue;
        *lacks = measure_lacks(list->hosts[i].details, of);
        *who = list->hosts[i].arn;
        if (*lacks != NULL)
            return false;
    }
    return true;
}

/* Sums the hosts that count: of one provider, or (NULL) of all. */
static struct hc_measure measure_sum(const struct hc_host_list *list,
                                     const struct hc_measure_of *of,
                                     const struct hc_ecs_share *provider)
{
    struct hc_measure m = { 0, 0, 0 };

    for (size_t i = 0; i < list->n; i++) {
        const struct hc_ecs_host *host = list->hosts[i].details;

        if (!hc_measure_counts(&list->hosts[i], of) ||
            (provider != NULL &&
             !hc_str_eq(host->provider, provider->provider)))
            continue;
        m.hosts++;
        if (!of->resources)
            continue;
        m.cpu += host->cpu;
        m.memory += host->memory;
    }
    return m;
}

/* part/whole of the sum, rounded down: sum * part might overflow. */
static int64_t measure_part(int64_t sum, int64_t part, int64_t whole)
{
    return sum / whole * part + sum % whole * part / whole;
}

bool hc_measure(struct hc_measure *m, const struct hc_host_list *list,
                const struct hc_measure_of *of, const char **lacks,
                struct hc_str *who)
{
    const struct hc_ecs_share *all = of->providers;

    *m = (struct hc_measure){ (int64_t)list->n, 0, 0 };
    for (size_t i = 0; of->without != NULL && i < list->n; i++)
        m->hosts -= measure_has(of->without, list->hosts[i].arn);
    if (!hc_measure_needs_details(of) || list->n == 0)
        return true;
    if (!measure_is_whole(list, of, lacks, who))
        return false;
    *m = measure_sum(list, of, NULL);

    /* ECS places at most `base` tasks on a provider with weight 0, so hosts of
     * that provider beyond its base are subtracted. */
    for (const struct hc_ecs_share *s = all; s != NULL; s = s->next) {
        int64_t most = hc_ecs_share_most(all, s);
        struct hc_measure own;

        if (most <= 0 || most >= m->hosts)
            continue;                 /* no host of it counts, or all    */
        own = measure_sum(list, of, s);
        if (own.hosts <= most)
            continue;
        m->hosts -= own.hosts - most;
        m->cpu -= own.cpu - measure_part(own.cpu, most, own.hosts);
        m->memory -= own.memory - measure_part(own.memory, most, own.hosts);
    }
    return true;
}

/* ---- two readings ---- */

static bool measure_same(const struct hc_host *a, const struct hc_host *b,
                         const struct hc_measure_of *of)
{
    const struct hc_ecs_host *x = a->details, *y = b->details;

    return x != NULL && y != NULL && a->active == b->active &&
           (of->providers == NULL || hc_str_eq(x->provider, y->provider)) &&
           (!of->connected || x->connected == y->connected) &&
           (!of->ec2 ||
            hc_measure_is_anywhere(x) == hc_measure_is_anywhere(y)) &&
           (of->before <= 0 || x->registered_at == y->registered_at) &&
           (!of->resources || (x->cpu == y->cpu && x->memory == y->memory));
}

bool hc_measure_agrees(const struct hc_host_list *first,
                       const struct hc_measure_of *of,
                       const struct hc_host_list *second,
                       const struct hc_host_list *without)
{
    bool details = hc_measure_needs_details(of);
    bool same = first->n == second->n;

    for (size_t i = 0; same && i < first->n; i++) {
        struct hc_str arn = first->hosts[i].arn;
        const struct hc_host *other = hc_host_list_find(second, arn);

        same = other != NULL &&
               measure_has(of->without, arn) == measure_has(without, arn) &&
               (!details || measure_same(&first->hosts[i], other, of));
    }
    return same;
}

uint64_t hc_measure_print(const struct hc_host_list *list,
                          const struct hc_host_list *without)
{
    uint64_t print = 0;

    for (size_t i = 0; i < list->n; i++)
        if (!measure_has(without, list->hosts[i].arn))
            print += hc_host_hash(list->hosts[i].arn);
    return print;
}
