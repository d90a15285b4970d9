/* reconcile/need.c - the facts a plan is made from, and the next one it lacks.
 */
#include "reconcile/need.h"

static bool need_moves(const struct hc_plan_input *in, struct hc_str term,
                       bool *moving)
{
    if (!hc_filter_moves(term))
        return false;
    if ((in->wish->allow & ALLOW_MOVING) == 0)
        *moving = true;
    return true;
}

/* The wish's filter into r->filter. */
static int need_filter(struct hc_reconcile *r, struct hc_plan_input *in,
                       struct hc_error *e)
{
    const struct hc_ecs_text *t = in->service->constraints;
    struct hc_filter filter = { .n = 0 };
    int err = 0;

    for (; err == 0 && t != NULL; t = t->next)
        if (!need_moves(in, t->s, &in->moving))
            err = hc_filter_add(&filter, t->s, e);
    if (err == 0 && !need_moves(in, in->wish->where, &in->moving))
        err = hc_filter_add(&filter, in->wish->where, e);
    if (err == 0 && in->service->launch == LAUNCH_EXTERNAL)
        err = hc_filter_add(&filter, HC_STR("attribute:ecs.capability.external "
                                            "exists"), e);
    if (err < 0)
        return err;
    hc_buf_reset(&r->filter);
    hc_filter_put(&r->filter, &filter);
    in->filter = hc_buf_view(&r->filter);
    err = hc_buf_error(&r->filter);
    return err == 0 ? 0 : hc_error_set(e, err, "its filter is longer than %d "
                                       "bytes", HC_FILTER_BYTES);
}

static struct hc_fact_hosts *need_list(struct hc_reconcile *r,
                                       struct hc_str filter)
{
    return hc_facts_hosts(&r->facts, "ACTIVE", filter);
}

static void need_count(struct hc_reconcile *r, struct hc_plan_input *in)
{
    const struct hc_fact_hosts *all = need_list(r, HC_STR(""));
    const struct hc_fact_hosts *list = need_list(r, in->filter);
    const struct hc_fact_cluster *cluster = &r->facts.cluster;

    if (cluster->fact.state == FACT_VALUE)
        in->cluster = &cluster->value;
    if (all != NULL && all->fact.state == FACT_VALUE)
        in->all_hosts = (int64_t)all->n;
    if (in->by == HOSTS_REGISTERED) {
        if (in->cluster != NULL)
            in->hosts = in->cluster->registered;
    } else if (list != NULL && list->fact.state == FACT_VALUE) {
        if (!in->by_provider || list->n == 0)
            in->hosts = (int64_t)list->n;
        else if (list->providers.state == FACT_VALUE)
            in->hosts = hc_fact_hosts_of(list, in->service->providers);
    }
}

int hc_need_input(struct hc_reconcile *r, struct hc_plan_input *in,
                  const struct hc_ecs_service *service, struct hc_error *e)
{
    int err = 0;

    *in = (struct hc_plan_input){
        .wish = &r->config.wishes[r->at], .service = service,
        .by = r->config.by, .wall = r->net->sys.wall(r->net->sys.ud),
        .dry_run = r->config.dry_run, .paused = r->config.paused,
        .filter = HC_STR(""), .hosts = HC_UNKNOWN, .all_hosts = HC_UNKNOWN
    };
    if (hc_plan_is_hostless(in))
        return 0;
    if (in->by == HOSTS_ACTIVE) {
        in->by_provider = service->providers != NULL;
        err = need_filter(r, in, e);
    }
    if (err < 0)
        return err;
    need_count(r, in);
    return hc_keep_error(&r->facts.keep) == HC_ENOMEM ? HC_ENOMEM : 0;
}

/* The list under this filter, then (by_provider) whose hosts they are. */
static struct hc_fact *need_from_list(struct hc_reconcile *r,
                                      const struct hc_plan_input *in,
                                      struct hc_str filter)
{
    r->hosts = need_list(r, filter);
    if (r->hosts == NULL)
        return NULL;
    r->next = HC_STR("");
    r->pages = 0;
    r->host_at = 0;
    r->ask = ASK_HOSTS;
    if (r->hosts->fact.state != FACT_VALUE || !in->by_provider)
        return &r->hosts->fact;
    r->ask = ASK_PROVIDERS;
    return &r->hosts->providers;
}

struct hc_fact *hc_need_fact(struct hc_reconcile *r,
                             const struct hc_plan_input *in,
                             enum hc_plan_need need)
{
    if (need == PLAN_NEEDS_ALL_HOSTS)
        return need_from_list(r, &(struct hc_plan_input){ .wish = NULL },
                              HC_STR(""));
    if (need == PLAN_NEEDS_HOSTS && in->by == HOSTS_ACTIVE)
        return need_from_list(r, in, in->filter);
    r->ask = ASK_CLUSTER;
    return &r->facts.cluster.fact;
}
