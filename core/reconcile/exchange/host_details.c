/* reconcile/exchange/host_details.c - DescribeContainerInstances of a list, a
 * hundred hosts at a time: of all hosts, or of those whose provider the handle
 * does not know. */
#include "reconcile/exchange/check.h"
#include "ecs/shapes.h"
#include "reconcile/offline.h"

/* Nothing is known of any host: what memory said is forgotten. */
static void host_details_begin(struct hc_fact_hosts *list)
{
    list->providers.state = FACT_UNKNOWN;
    for (size_t i = 0; i < list->list.n; i++)
        list->list.hosts[i] =
            (struct hc_host){ .arn = list->list.hosts[i].arn };
}

static void host_providers_put(struct hc_run *r, struct hc_exchange *x,
                               struct hc_buf *out)
{
    const struct hc_fact_hosts *list = x->into;

    /* Only hosts that may take a task are asked what they have room for. */
    r->rooms = list->by_group;
    x->ids_n = 0;
    for (size_t i = x->at; i < list->list.n && x->ids_n < HC_ECS_BATCH; i++)
        if (!list->list.hosts[i].described)
            x->ids[x->ids_n++] = list->list.hosts[i].arn;
    hc_ecs_put_describe_hosts(out, r->cluster.text, x->ids, x->ids_n, r->full);
}

static void host_details_put(struct hc_run *r, struct hc_exchange *x,
                             struct hc_buf *out)
{
    if (x->at == 0)
        host_details_begin(x->into);
    host_providers_put(r, x, out);
}

static void host_details_open(struct hc_run *r, union hc_exchange_view *v)
{
    hc_ecs_host_details_init(&v->details, r->facts.alloc,
                             r->full || r->rooms);
}

static const char *host_details_resource(struct hc_run *r,
                                         const struct hc_exchange *x)
{
    (void)x;
    return hc_arena_fmt(&r->facts.arena, "container-instance/%.*s/*",
                        HC_STR_ARG(r->cluster.name));
}

/* ---- the answer ---- */

static int host_details_mark(struct hc_run *r, struct hc_exchange *x,
                             struct hc_str arn, struct hc_host **found)
{
    struct hc_fact_hosts *list = x->into;
    struct hc_host *host = NULL;

    if (hc_check_was_asked(x, arn))
        host = hc_host_list_find(&list->list, arn);
    if (host == NULL || host->described)
        return hc_check_refuse(r, x, "DescribeContainerInstances answered "
                               "about a host that was not asked for, or "
                               "twice,", arn);
    host->described = true;
    *found = host;
    return 0;
}

/* Strikes out what the reasons about a host quote.  A name that held a secret
 * then is the name of no provider and no machine. */
static void host_details_strike(struct hc_run *r, const struct hc_exchange *x,
                                struct hc_ecs_host *h)
{
    h->ec2_id = hc_check_used(r, x, h->ec2_id);
    h->provider = hc_check_used(r, x, h->provider);
    for (struct hc_ecs_tag *a = h->attributes; a != NULL; a = a->next)
        if (hc_str_eqz(a->key, "ecs.os-family") ||
            hc_str_eqz(a->key, "ecs.availability-zone"))
            a->value = hc_check_used(r, x, a->value);
}

static int host_details_learn_one(struct hc_run *r, struct hc_exchange *x,
                                  struct hc_ecs_host *h)
{
    struct hc_host *host = NULL;
    int err = host_details_mark(r, x, h->arn, &host);

    if (err < 0 || host == NULL)
        return err;
    if (h->status.n == 0)
        return hc_check_refuse(r, x, "DescribeContainerInstances left out the "
                               "status of", h->arn);
    if (r->rooms)
        host_details_strike(r, x, h);
    host->details = h;
    return 0;
}

/* A host that is MISSING left the cluster after it was listed, and does not
 * count.  Any other failure makes the whole count wrong, so it fails it. */
static int host_details_learn_failure(struct hc_run *r, struct hc_exchange *x,
                                      const struct hc_ecs_failure *f)
{
    struct hc_host *host = NULL;

    if (!hc_str_eqz(f->reason, "MISSING"))
        return hc_check_refuse(r, x, "DescribeContainerInstances could not "
                               "read", f->arn);
    return host_details_mark(r, x, f->arn, &host);
}

static int host_details_learn(struct hc_run *r, struct hc_exchange *x,
                              int64_t now)
{
    struct hc_ecs_host_details *v = &x->view.details;
    struct hc_fact_hosts *list = x->into;
    int err = hc_check_keep(r, x);

    (void)now;
    for (size_t i = 0; err == 0 && i < v->hosts_n; i++)
        err = host_details_learn_one(r, x, &v->hosts[i]);
    for (size_t i = 0; err == 0 && i < v->failures_n; i++)
        err = host_details_learn_failure(r, x, &v->failures[i]);
    /* Each host that was asked for is in one of the two, and none is in both:
     * host_details_mark refuses a second answer about one host. */
    if (err == 0 && v->hosts_n + v->failures_n != x->ids_n)
        err = hc_check_refuse(r, x, "DescribeContainerInstances left out "
                              "hosts, asked from", x->ids[0]);
    if (err < 0)
        return err;
    while (x->at < list->list.n && list->list.hosts[x->at].described)
        x->at++;
    if (x->at < list->list.n)
        return 0;
    if (hc_fact_hosts_described(&r->facts, list) < 0)
        return hc_check_no_memory(x, "hosts");
    return 1;
}

/* ---- memory ---- */

/* Notes what AWS said.  A host that has no provider is forgotten: it may get
 * one. */
static void host_details_remember(struct hc_run *r, struct hc_exchange *x,
                                  int64_t now)
{
    const struct hc_fact_hosts *list = x->into;

    for (size_t i = 0; i < list->list.n; i++) {
        const struct hc_host *h = &list->list.hosts[i];

        if (h->details != NULL && !h->recalled)
            hc_known_hosts_put(&r->config.memory->hosts, h->arn,
                               h->details->provider, h->details->ec2_id, now);
    }
}

/* The host as memory knows it, in the facts' arena; or NULL. */
static struct hc_ecs_host *host_details_known(struct hc_run *r,
                                              struct hc_str arn,
                                              struct hc_str *provider)
{
    const struct hc_known_host *known = hc_known_hosts_find(
        &r->config.memory->hosts, arn, hc_now(&r->net->sys));
    struct hc_arena *arena = &r->facts.arena;
    struct hc_ecs_host *host =
        known != NULL ? hc_arena_zero(arena, sizeof(*host)) : NULL;

    if (host == NULL)
        return NULL;
    hc_ecs_shape_host_init(host);
    if (!hc_str_eq(*provider, known->provider))
        *provider = hc_arena_str(arena, known->provider);
    host->arn = arn;
    host->provider = *provider;
    host->ec2_id = hc_arena_str(arena, known->machine);
    host->status = HC_STR("ACTIVE");          /* the list is of those */
    return host;
}

/* Describes from memory the hosts that it knows, if the list is of ACTIVE hosts
 * and their providers are not known yet. */
static void host_providers_recall(struct hc_run *r, void *into)
{
    struct hc_fact_hosts *list = into;
    struct hc_str provider = HC_STR("");
    bool all = true;

    if (list->providers.state != FACT_UNKNOWN ||
        !hc_str_eqz(hc_str(list->status), "ACTIVE"))
        return;
    for (size_t i = 0; i < list->list.n; i++) {
        struct hc_host *h = &list->list.hosts[i];

        /* It may be described by half of an answer that was refused. */
        h->details = host_details_known(r, h->arn, &provider);
        h->described = h->recalled = h->details != NULL;
        all = all && h->described;
    }
    if (all && hc_fact_hosts_described(&r->facts, list) < 0)
        host_details_begin(list);             /* AWS tells */
}

/* ---- of a snapshot ---- */

static int host_details_offline(struct hc_run *r, struct hc_exchange *x,
                                struct headcount_error *e)
{
    struct hc_fact_hosts *list = x->into;
    const struct hc_fact_hosts *all = hc_offline_all(&r->facts, list);

    (void)e;
    return all == NULL || all == list
               ? 0 : hc_offline_describe(&r->facts, list, all);
}

/* In the version that took the snapshot, the first reading stood for the
 * second one. */
static int host_details_older(struct hc_run *r, struct hc_exchange *x)
{
    struct hc_fact_hosts *list = x->into;
    const struct hc_fact_hosts *first;

    if (list->reading != READING_CONFIRMING)
        return 0;
    first = hc_facts_hosts(&r->facts, list->status, list->key.name,
                           READING_FIRST);
    if (first == NULL)
        return HEADCOUNT_ENOMEM;
    return first->details.state == FACT_VALUE
               ? hc_offline_describe(&r->facts, list, first) : 0;
}

const struct hc_exchange_class hc_exchange_host_providers = {
    .service = HC_SERVICE_ECS,
    .operation = "DescribeContainerInstances",
    .action = "ecs:DescribeContainerInstances",
    .fact = "of which capacity providers its hosts are",
    .of_cluster = true,
    .resource = host_details_resource,
    .put = host_providers_put,
    .open = host_details_open,
    .learn = host_details_learn,
    .remember = host_details_remember,
    .recall = host_providers_recall
};

const struct hc_exchange_class hc_exchange_host_details = {
    .service = HC_SERVICE_ECS,
    .operation = "DescribeContainerInstances",
    .action = "ecs:DescribeContainerInstances",
    .fact = "what its hosts are like",
    .of_cluster = true,
    .resource = host_details_resource,
    .put = host_details_put,
    .open = host_details_open,
    .learn = host_details_learn,
    .remember = host_details_remember,
    .offline = host_details_offline,
    .older = host_details_older
};
