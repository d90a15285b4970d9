/* reconcile/measure.c - what there is over the hosts that count. */
#include "reconcile/measure.h"

/* More of it than any host has: no number that sums are made of. */
#define MEASURE_MOST ((int64_t)1 << 40)

bool hc_measure_needs_details(const struct hc_measure_of *of)
{
    return of->providers != NULL || of->connected || of->before > 0 ||
           of->resources;
}

static bool measure_is_of(const struct hc_ecs_host *host,
                          const struct hc_ecs_text *providers)
{
    bool found = providers == NULL;

    for (; !found && providers != NULL; providers = providers->next)
        found = hc_str_eq(host->provider, providers->s);
    return found;
}

/* What the answer left out of it, or NULL. */
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

bool hc_measure_counts(const struct hc_host *h, const struct hc_measure_of *of)
{
    const struct hc_ecs_host *host = h->details;

    return h->active && measure_is_of(host, of->providers) &&
           (host->connected || !of->connected) &&
           (of->before <= 0 || host->registered_at <= of->before);
}

bool hc_measure(struct hc_measure *m, const struct hc_fact_hosts *list,
                const struct hc_measure_of *of, const char **lacks,
                struct hc_str *who)
{
    *m = (struct hc_measure){ (int64_t)list->n, 0, 0 };
    if (!hc_measure_needs_details(of) || list->n == 0)
        return true;
    m->hosts = 0;
    for (size_t i = 0; i < list->n; i++) {
        const struct hc_ecs_host *host = list->hosts[i].details;

        if (!list->hosts[i].active)
            continue;
        *lacks = measure_lacks(host, of);
        *who = list->hosts[i].arn;
        if (*lacks != NULL)
            return false;
        if (!hc_measure_counts(&list->hosts[i], of))
            continue;
        m->hosts++;
        if (!of->resources)
            continue;
        m->cpu += host->cpu;
        m->memory += host->memory;
    }
    return true;
}
