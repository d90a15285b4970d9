/* reconcile/offline.c - lists of hosts of a snapshot that follow from others.
 *
 * A list is derived from another list only if that one has everything that
 * decides about a host.  Otherwise the answer is "not in the snapshot", and
 * never a shorter list.
 */
#include "reconcile/offline.h"

#include "ecs/query.h"
#include "plan/measure.h"

const struct hc_fact_hosts *hc_offline_all(const struct hc_facts *f,
                                           const struct hc_fact_hosts *of)
{
    const struct hc_fact_hosts *h = f->first[FACTS_HOSTS];

    while (h != NULL && (h->key.name.n > 0 || h->reading != of->reading ||
                         h->details.state != FACT_VALUE ||
                         !hc_str_eqz(hc_str(h->status), of->status)))
        h = h->key.next;
    return h;
}

bool hc_offline_is_full(const struct hc_fact_hosts *all)
{
    for (size_t i = 0; i < all->list.n; i++)
        if (all->list.hosts[i].details != NULL &&
            all->list.hosts[i].details->attributes == NULL)
            return false;
    return true;
}

static int offline_add(struct hc_facts *f, struct hc_fact_hosts *to,
                       const struct hc_host *host)
{
    int err = hc_host_list_add(&to->list, f->alloc, host->arn);

    if (err < 0)
        return HEADCOUNT_ENOMEM;
    to->list.hosts[to->list.n - 1].details = host->details;
    to->list.hosts[to->list.n - 1].described = true;
    return 1;
}

static int offline_done(struct hc_facts *f, struct hc_fact_hosts *list)
{
    list->fact.state = FACT_VALUE;
    return hc_fact_hosts_described(f, list) < 0 ? HEADCOUNT_ENOMEM : 1;
}

int hc_offline_by_filter(struct hc_facts *f, struct hc_fact_hosts *list,
                         const struct hc_fact_hosts *all,
                         struct headcount_error *e)
{
    int got = hc_query_check(list->key.name, e);

    for (size_t i = 0; got >= 0 && i < all->list.n; i++) {
        const struct hc_ecs_host *d = all->list.hosts[i].details;

        got = d == NULL ? 0 : hc_query_matches(list->key.name, d, e);
        if (got > 0)
            got = offline_add(f, list, &all->list.hosts[i]);
    }
    if (got >= 0)
        return offline_done(f, list);
    hc_fact_hosts_reset(list);
    return got;
}

/* True: every host of `list` is in `all`. */
static bool offline_has(const struct hc_fact_hosts *all,
                        const struct hc_fact_hosts *list)
{
    for (size_t i = 0; i < list->list.n; i++)
        if (hc_host_list_find(&all->list, list->list.hosts[i].arn) == NULL)
            return false;
    return true;
}

int hc_offline_by_launch(struct hc_facts *f, struct hc_fact_hosts *list,
                         const struct hc_fact_hosts *shown,
                         const struct hc_fact_hosts *all)
{
    int err = 0;

    if (!offline_has(all, shown))
        return 0;
    for (size_t i = 0; err >= 0 && i < shown->list.n; i++) {
        const struct hc_host *host =
            hc_host_list_find(&all->list, shown->list.hosts[i].arn);

        if (host->details == NULL || !hc_measure_is_anywhere(host->details))
            err = offline_add(f, list, host);
    }
    return err < 0 ? err : offline_done(f, list);
}

int hc_offline_describe(struct hc_facts *f, struct hc_fact_hosts *list,
                        const struct hc_fact_hosts *all)
{
    if (!offline_has(all, list))
        return 0;
    for (size_t i = 0; i < list->list.n; i++) {
        struct hc_host *host = &list->list.hosts[i];

        host->details = hc_host_list_find(&all->list, host->arn)->details;
        host->described = true;
    }
    return hc_fact_hosts_described(f, list) < 0 ? HEADCOUNT_ENOMEM : 1;
}
