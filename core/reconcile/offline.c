/* reconcile/offline.c - facts of a snapshot that follow from others of it. */
#include "reconcile/offline.h"

#include "base/json.h"
#include "ecs/query.h"
#include "plan/measure.h"

#define OFFLINE_TOKENS 1024

/* ---- hosts ---- */

/* The whole list of that status and sighting, or NULL; described in full. */
static const struct hc_fact_hosts *offline_all(const struct hc_reconcile *r)
{
    const struct hc_fact_hosts *h = r->facts.hosts;

    while (h != NULL && (h->filter.n > 0 || h->reading != r->hosts->reading ||
                         h->details.state != FACT_VALUE ||
                         !hc_str_eqz(hc_str(h->status), r->hosts->status)))
        h = h->next;
    return h;
}

/* One without any attribute was described for its provider only. */
static bool offline_is_full(const struct hc_fact_hosts *all)
{
    for (size_t i = 0; i < all->list.n; i++)
        if (all->list.hosts[i].details != NULL &&
            all->list.hosts[i].details->attributes == NULL)
            return false;
    return true;
}

static int offline_add(struct hc_reconcile *r, const struct hc_host *host)
{
    struct hc_fact_hosts *to = r->hosts;
    int err = hc_host_list_add(&to->list, r->facts.alloc, host->arn);

    if (err < 0)
        return HEADCOUNT_ENOMEM;
    to->list.hosts[to->list.n - 1].details = host->details;
    to->list.hosts[to->list.n - 1].described = true;
    return 1;
}

static int offline_filter(struct hc_reconcile *r,
                          const struct hc_fact_hosts *all,
                          struct headcount_error *e)
{
    int got = hc_query_check(r->hosts->filter, e);

    for (size_t i = 0; got >= 0 && i < all->list.n; i++) {
        const struct hc_ecs_host *d = all->list.hosts[i].details;

        got = d == NULL ? 0 : hc_query_matches(r->hosts->filter, d, e);
        if (got > 0)
            got = offline_add(r, &all->list.hosts[i]);
    }
    if (got < 0) {
        hc_fact_hosts_reset(r->hosts);
        return got;
    }
    r->hosts->fact.state = FACT_VALUE;
    return hc_fact_hosts_described(&r->facts, r->hosts) < 0 ? HEADCOUNT_ENOMEM
                                                            : 1;
}

/* The list as it was recorded without the launch type's term, of which each
 * host's attributes tell its kind. */
static const struct hc_fact_hosts *offline_shown(struct hc_reconcile *r)
{
    const struct hc_fact_hosts *h =
        r->hosts->by_launch && hc_str_eq(r->hosts->filter, r->lists.active)
            ? hc_facts_hosts(&r->facts, r->hosts->status,
                             hc_buf_view(&r->filter), r->hosts->reading)
            : NULL;

    return h != NULL && h->fact.state == FACT_VALUE ? h : NULL;
}

static int offline_by_launch(struct hc_reconcile *r,
                             const struct hc_fact_hosts *shown,
                             const struct hc_fact_hosts *all)
{
    int err = 0;

    for (size_t i = 0; i < shown->list.n; i++)
        if (hc_host_list_find(&all->list, shown->list.hosts[i].arn) == NULL)
            return 0;
    for (size_t i = 0; err >= 0 && i < shown->list.n; i++) {
        const struct hc_host *host =
            hc_host_list_find(&all->list, shown->list.hosts[i].arn);

        if (host->details == NULL || !hc_measure_is_anywhere(host->details))
            err = offline_add(r, host);
    }
    if (err < 0)
        return err;
    r->hosts->fact.state = FACT_VALUE;
    return hc_fact_hosts_described(&r->facts, r->hosts) < 0 ? HEADCOUNT_ENOMEM
                                                            : 1;
}

static int offline_hosts(struct hc_reconcile *r, struct headcount_error *e)
{
    const struct hc_fact_hosts *all = offline_all(r);
    const struct hc_fact_hosts *shown = offline_shown(r);

    if (shown != NULL && all != NULL && offline_is_full(all))
        return offline_by_launch(r, shown, all);
    if (r->hosts->filter.n == 0 || all == NULL)
        return 0;
    if (!offline_is_full(all))
        return hc_error_set(e, HEADCOUNT_ECONFIG,
                            "its hosts have no attributes: take "
                            "one with request.policy");
    return offline_filter(r, all, e);
}

/* Each host of the list as it is described in that one, if all of them are. */
static int offline_describe(struct hc_reconcile *r,
                            const struct hc_fact_hosts *all)
{
    for (size_t i = 0; i < r->hosts->list.n; i++)
        if (hc_host_list_find(&all->list, r->hosts->list.hosts[i].arn) == NULL)
            return 0;
    for (size_t i = 0; i < r->hosts->list.n; i++) {
        struct hc_host *host = &r->hosts->list.hosts[i];

        host->details = hc_host_list_find(&all->list, host->arn)->details;
        host->described = true;
    }
    return hc_fact_hosts_described(&r->facts, r->hosts) < 0 ? HEADCOUNT_ENOMEM
                                                            : 1;
}

static int offline_details(struct hc_reconcile *r)
{
    const struct hc_fact_hosts *all = offline_all(r);

    return all == NULL || all == r->hosts ? 0 : offline_describe(r, all);
}

/* ---- services ---- */

static int offline_missing(struct hc_reconcile *r)
{
    struct hc_fact_service *fact;

    if (!r->question.open) {
        r->batch[0] = r->names[r->at].name;
        r->batch_n = 1;
    }
    for (size_t i = 0; i < r->batch_n; i++) {
        fact = hc_facts_service(&r->facts, r->batch[i]);
        if (fact == NULL)
            return HEADCOUNT_ENOMEM;
        fact->fact.state = FACT_VALUE;
    }
    return 1;
}

static bool offline_has_tag(const struct hc_ecs_service *s,
                            const struct hc_json_doc *d, int filter)
{
    const struct hc_ecs_tag *t = s->tags;
    int key = hc_json_find(d, filter, "Key");
    int values = hc_json_find(d, filter, "Values");

    while (t != NULL && !hc_json_is(d, key, t->key.p))
        t = t->next;
    if (t == NULL || values < 0)
        return t != NULL;
    for (int v = hc_json_first(d, values); v >= 0;
         v = hc_json_after(d, values, v))
        if (hc_json_is(d, v, t->value.p))
            return true;
    return false;
}

static bool offline_has_tags(const struct hc_ecs_service *s,
                             const struct hc_json_doc *d)
{
    for (int f = hc_json_first(d, 0); f >= 0; f = hc_json_after(d, 0, f))
        if (!offline_has_tag(s, d, f))
            return false;
    return true;
}

/* The services that are there and of this list; `d` NULL: not by tags. */
static int offline_list(struct hc_reconcile *r, const struct hc_json_doc *d)
{
    struct hc_fact_names *l = r->names_list;
    int err = 0;

    for (const struct hc_fact_service *f = r->facts.services;
         err >= 0 && f != NULL; f = f->next) {
        const struct hc_ecs_service *s = f->value;

        if (s == NULL || s->status == STATUS_INACTIVE ||
            (l->launch_type.n > 0 &&
             hc_ecs_launch(l->launch_type) != s->launch) ||
            (d != NULL && !offline_has_tags(s, d)))
            continue;
        err = hc_host_list_add(&l->all, r->facts.alloc, s->arn);
    }
    if (err < 0)
        return HEADCOUNT_ENOMEM;
    l->fact.state = FACT_VALUE;
    return 1;
}

static int offline_tagged(struct hc_reconcile *r, struct headcount_error *e)
{
    struct hc_json_doc d;
    int got = hc_json_doc_init(&d, r->facts.alloc, r->names_list->tag_filters,
                               OFFLINE_TOKENS, e);

    if (got < 0)
        return got;
    got = offline_list(r, &d);
    hc_json_doc_fini(&d);
    return got;
}

/* ---- capacity providers ---- */

static int offline_capacity(struct hc_reconcile *r)
{
    const struct hc_fact_service *s =
        hc_facts_service(&r->facts, r->names[r->at].name);

    for (const struct hc_ecs_share *t = s->value->providers; t != NULL;
         t = t->next) {
        struct hc_fact_bool *a =
            hc_facts_bool(&r->facts, &r->facts.capacity, t->provider);

        if (a == NULL)
            return HEADCOUNT_ENOMEM;
        a->fact.state = FACT_VALUE;
    }
    return 1;
}

/* ---- all of it ---- */

static int offline_complete(struct hc_reconcile *r, struct headcount_error *e)
{
    switch (r->ask) {
    case ASK_SERVICES: return offline_missing(r);
    case ASK_CAPACITY: return offline_capacity(r);
    case ASK_DEFINITION:
        r->definition->fact.state = FACT_VALUE;
        return 1;
    case ASK_NAMES:    return offline_list(r, NULL);
    case ASK_TAGGED:   return offline_tagged(r, e);
    case ASK_HOSTS:
    case ASK_DETAILS:
    case ASK_CLUSTER:
    case ASK_TARGET:                  /* planned without where it is unknown */
    case ASK_UPDATE:
    case ASK_CLUSTERS:
        break;
    }
    return 0;
}

static int offline_derive(struct hc_reconcile *r, struct headcount_error *e)
{
    if (r->ask == ASK_HOSTS)
        return offline_hosts(r, e);
    if (r->ask == ASK_DETAILS)
        return offline_details(r);
    return r->complete ? offline_complete(r, e) : 0;
}

/* A snapshot of an older version lacks facts that it did not read, and is
 * planned as that version planned: hosts of ECS Anywhere count, and the first
 * reading stands for the second one, of descriptions and of what a policy asks.
 */
static int offline_older(struct hc_reconcile *r, int got)
{
    const struct hc_fact_hosts *first;

    if (got == HEADCOUNT_ENOMEM)
        return got;
    if (r->question.again && r->question.reading == READING_CONFIRMING) {
        r->question.reading = READING_FIRST;
        return 1;
    }
    if (r->ask == ASK_HOSTS && r->hosts->by_launch &&
        r->by_launch == BY_LAUNCH) {
        r->by_launch = BY_LAUNCH_NOT_SAVED;
        return 1;
    }
    if (r->ask != ASK_DETAILS || r->hosts->reading != READING_CONFIRMING)
        return got;
    first = hc_facts_hosts(&r->facts, r->hosts->status, r->hosts->filter,
                           READING_FIRST);
    if (first == NULL)
        return HEADCOUNT_ENOMEM;
    return first->details.state == FACT_VALUE ? offline_describe(r, first)
                                              : got;
}

int hc_offline_learn(struct hc_reconcile *r, const char **code,
                     const char **what)
{
    static const char *const lacks[] = {
        [ASK_SERVICES] = "the service", [ASK_HOSTS] = "a list of hosts",
        [ASK_DETAILS] = "what its hosts are like",
        [ASK_CLUSTER] = "the cluster",
        [ASK_CAPACITY] = "the capacity provider",
        [ASK_TARGET] = "whether Auto Scaling sets the count too",
        [ASK_DEFINITION] = "the task definition",
        [ASK_NAMES] = "a list of services",
        [ASK_TAGGED] = "a list of services by tags",
        [ASK_UPDATE] = "a write", [ASK_CLUSTERS] = "a list of clusters",
    };
    struct headcount_error e = { 0 };
    int got = offline_derive(r, &e);

    if (got <= 0)
        got = offline_older(r, got);
    if (got > 0 || got == HEADCOUNT_ENOMEM)
        return got;
    *code = got == HEADCOUNT_ESYNTAX || got == HEADCOUNT_ELIMIT ? "filter"
                                                  : "not_in_snapshot";
    if (got < 0)
        *what = hc_arena_fmt(&r->facts.arena, "the snapshot does not hold %s "
                            "and cannot tell: %s", lacks[r->ask], e.what);
    else
        *what = hc_arena_fmt(&r->facts.arena, "the snapshot does not hold %s "
                            "that this plan needs: take one with the same "
                            "services and options", lacks[r->ask]);
    return 0;
}
