/* reconcile/need.c - the facts a plan is made from, and the next one it lacks.
 */
#include "reconcile/need.h"

#include "reconcile/measure.h"
#include "reconcile/recall.h"

static bool need_has(const struct hc_fact *fact)
{
    return fact->state == FACT_VALUE;
}

/* A constraint that moves is never in the filter: it holds, or is ignored. */
static bool need_moves(struct hc_plan_input *in, struct hc_str term)
{
    if (!hc_filter_moves(term))
        return false;
    if ((in->wish->allow & ALLOW_MOVING) == 0)
        in->moving = true;
    else
        in->ignored = term;
    return true;
}

static int need_constraints(struct hc_plan_input *in,
                            struct hc_filter *filter,
                            const struct hc_ecs_text *t, struct hc_error *e)
{
    int err = 0;

    for (; err == 0 && t != NULL; t = t->next)
        if (!need_moves(in, t->s))
            err = hc_filter_add(filter, t->s, e);
    return err;
}

static void need_is_unclear(struct hc_plan_input *in, const char *operation,
                            const char *member)
{
    in->unclear_in = operation;
    in->unclear = member;
}

/* Task sets have definitions of their own, and in a snapshot that was made by
 * hand none needs to be named. */
static struct hc_fact_definition *need_definition(struct hc_reconcile *r,
                                                  struct hc_plan_input *in)
{
    const struct hc_ecs_service *s = in->service;
    struct hc_fact_definition *d = NULL;

    if (!r->config.ask_definitions)
        return NULL;
    if (s->task_definition.n > 0)
        d = hc_facts_definition(&r->facts, s->task_definition);
    else if (s->controller != CONTROLLER_EXTERNAL && !r->complete)
        need_is_unclear(in, "DescribeServices", "taskDefinition");
    if (d != NULL)
        hc_recall_definition(r, d);
    return d;
}

/* The constraints of its task definition, if they are to be heeded. */
static int need_from_definition(struct hc_reconcile *r,
                                struct hc_plan_input *in,
                                struct hc_filter *filter, struct hc_error *e)
{
    const struct hc_fact_definition *d = need_definition(r, in);

    if (d == NULL)
        return 0;
    in->lacks_definition = !need_has(&d->fact);
    in->fixed_port = d->fixed_port;
    if (d->unclear)
        need_is_unclear(in, "DescribeTaskDefinition", "placementConstraints");
    return need_constraints(in, filter, d->constraints, e);
}

/* The wish's filter into r->filter. */
static int need_filter(struct hc_reconcile *r, struct hc_plan_input *in,
                       struct hc_error *e)
{
    struct hc_filter filter = { .n = 0 };
    int err = need_constraints(in, &filter, in->service->constraints, e);

    if (err == 0)
        err = need_from_definition(r, in, &filter, e);
    in->where_moves = hc_filter_moves(in->wish->where);
    if (err == 0 && !in->where_moves)
        err = hc_filter_add(&filter, in->wish->where, e);
    if (err == 0 && in->service->launch == LAUNCH_EXTERNAL)
        err = hc_filter_add(&filter, HC_STR("attribute:ecs.capability.external "
                                            "exists"), e);
    if (err == 0 && in->wish->no_external)
        err = hc_filter_add(&filter, HC_STR("attribute:ecs.capability.external "
                                            "!exists"), e);
    if (err < 0)
        return err;
    hc_buf_reset(&r->filter);
    hc_filter_put(&r->filter, &filter);
    if (!in->lacks_definition)        /* else it is half of one */
        in->filter = hc_buf_view(&r->filter);
    err = hc_buf_error(&r->filter);
    return err == 0 ? 0 : hc_error_set(e, err, "its filter is longer than %d "
                                       "bytes", HC_FILTER_BYTES);
}

static struct hc_fact_hosts *need_list(struct hc_reconcile *r,
                                       struct hc_str filter)
{
    return hc_facts_hosts(&r->facts, "ACTIVE", filter, SIGHTING_FIRST);
}

/* Which hosts count for this wish. */
static struct hc_measure_of need_of(const struct hc_reconcile *r,
                                    const struct hc_plan_input *in)
{
    const struct hc_rule *rule = &in->wish->rule;

    return (struct hc_measure_of){
        .providers = in->by_provider ? in->service->providers : NULL,
        .connected = in->by == HOSTS_CONNECTED,
        .before = rule->min_age > 0 ? hc_reconcile_wall(r) - rule->min_age : 0,
        .resources = hc_rule_needs_resources(rule),
    };
}

static void need_list_count(struct hc_reconcile *r, struct hc_plan_input *in,
                            const struct hc_fact_hosts *list)
{
    const struct hc_measure_of of = need_of(r, in);
    struct hc_measure m;

    if (list->n > 0 && hc_measure_needs_details(&of) &&
        !need_has(&list->details))
        return;
    if (!hc_measure(&m, list, &of, &in->lacks, &in->lacks_of))
        return;
    in->hosts = m.hosts;
    in->cpu = m.cpu;
    in->memory = m.memory;
}

static void need_count(struct hc_reconcile *r, struct hc_plan_input *in)
{
    const struct hc_fact_hosts *all = need_list(r, HC_STR(""));
    const struct hc_fact_hosts *list = need_list(r, in->filter);
    const struct hc_fact_cluster *cluster = &r->facts.cluster[SIGHTING_FIRST];

    if (need_has(&cluster->fact))
        in->cluster = &cluster->value;
    if (all != NULL && need_has(&all->fact))
        in->all_hosts = (int64_t)all->n;
    if (in->by == HOSTS_REGISTERED) {
        if (in->cluster != NULL)
            in->hosts = in->cluster->registered;
    } else if (list != NULL && need_has(&list->fact)) {
        need_list_count(r, in, list);
    }
}

/* ---- the second reading of a big step ---- */

enum { SECOND_CLUSTER, SECOND_ACTIVE, SECOND_DRAINING, SECONDS };

/* Its parts in the order in which they are read.  NULL without memory. */
static struct hc_fact *need_second_part(struct hc_reconcile *r,
                                        struct hc_str filter, int part,
                                        struct hc_fact_hosts **list)
{
    struct hc_fact_cluster *cluster = &r->facts.cluster[SIGHTING_SECOND];

    if (part == SECOND_CLUSTER)
        return &cluster->fact;
    *list = hc_facts_hosts(&r->facts,
                           part == SECOND_ACTIVE ? "ACTIVE" : "DRAINING",
                           filter, SIGHTING_SECOND);
    return *list != NULL ? &(*list)->fact : NULL;
}

/* The same hosts again; and the cluster's own number is theirs and those that
 * drain.  Under a filter it may only be larger. */
static bool need_agrees(struct hc_reconcile *r, const struct hc_plan_input *in,
                        const struct hc_fact_hosts *active,
                        const struct hc_plan_second *second)
{
    int64_t seen = second->active + second->draining;
    const struct hc_fact_hosts *first = need_list(r, in->filter);

    if (!hc_str_eqz(second->status, "ACTIVE"))
        return false;
    if (in->by == HOSTS_REGISTERED)
        return second->registered == in->hosts && second->registered == seen;
    if (first == NULL || !hc_fact_hosts_eq(first, active))
        return false;
    return in->filter.n > 0 ? second->registered >= seen
                            : second->registered == seen;
}

/* Of the reading that was made last. */
static const struct hc_ecs_tag *need_tags(const struct hc_reconcile *r)
{
    const struct hc_fact_cluster *second = &r->facts.cluster[SIGHTING_SECOND];

    return need_has(&second->fact)
               ? second->value.tags
               : r->facts.cluster[SIGHTING_FIRST].value.tags;
}

static void need_second(struct hc_reconcile *r, struct hc_plan_input *in)
{
    const struct hc_fact_cluster *cluster = &r->facts.cluster[SIGHTING_SECOND];
    struct hc_fact_hosts *lists[SECONDS] = { NULL };

    for (int part = 0; part < SECONDS; part++) {
        const struct hc_fact *fact = need_second_part(r, in->filter, part,
                                                      &lists[part]);

        if (fact == NULL || !need_has(fact))
            return;
    }
    r->second = (struct hc_plan_second){
        .status = cluster->value.status,
        .registered = cluster->value.registered,
        .active = (int64_t)lists[SECOND_ACTIVE]->n,
        .draining = (int64_t)lists[SECOND_DRAINING]->n,
    };
    r->second.agrees = need_agrees(r, in, lists[SECOND_ACTIVE], &r->second);
    in->second = &r->second;
}

/* ---- capacity providers and scalable targets ---- */

static void need_scaled(struct hc_reconcile *r, struct hc_plan_input *in)
{
    const struct hc_ecs_share *all = in->service->providers, *t = all;

    in->scaled = KNOWN_NO;
    while (in->scaled == KNOWN_NO && t != NULL &&
           (t = hc_ecs_share_used(all, t)) != NULL) {
        struct hc_fact_answer *a =
            hc_facts_answer(&r->facts, &r->facts.capacity, t->provider);

        hc_recall_answer(r, MEMORY_CAPACITY, a);
        if (a == NULL || !need_has(&a->fact))
            in->scaled = KNOWN_NOT_YET;
        else if (a->yes)
            in->scaled = KNOWN_YES;
        in->scaled_by = t->provider;
        t = t->next;
    }
}

static void need_target(struct hc_reconcile *r, struct hc_plan_input *in)
{
    struct hc_fact_answer *a =
        hc_facts_answer(&r->facts, &r->facts.targets, in->service->name);

    hc_recall_answer(r, MEMORY_TARGET, a);
    /* A snapshot that was taken without the question is planned without. */
    in->ask_target = r->config.ask_targets &&
                     (r->taken == 0 || (a != NULL && need_has(&a->fact)));
    if (a == NULL)
        return;
    if (need_has(&a->fact))
        in->target = a->yes ? KNOWN_YES : KNOWN_NO;
    else if (a->fact.state == FACT_FAILED && in->dry_run)
        in->target = KNOWN_NEVER;
    in->target_why = a->fact.what;
}

/* ---- all of it ---- */

int hc_need_input(struct hc_reconcile *r, struct hc_plan_input *in,
                  const struct hc_ecs_service *service, struct hc_error *e)
{
    int err = 0;

    *in = (struct hc_plan_input){
        .wish = &r->config.wishes[r->at], .service = service,
        .by = r->config.wishes[r->at].by, .wall = hc_reconcile_wall(r),
        .dry_run = r->config.dry_run, .paused = r->config.paused,
        .filter = HC_STR(""), .hosts = HC_UNKNOWN, .all_hosts = HC_UNKNOWN,
        .cpu = HC_UNKNOWN, .memory = HC_UNKNOWN,
    };
    if (service != NULL) {
        hc_recall_writes(r, in);
        in->cluster_tags = need_tags(r);
        need_scaled(r, in);
        need_target(r, in);
    }
    if (service != NULL && !hc_plan_is_hostless(in)) {
        if (in->by != HOSTS_REGISTERED) {
            in->by_provider = service->providers != NULL;
            err = need_filter(r, in, e);
        }
        if (err < 0 || in->lacks_definition)
            return err;
        need_count(r, in);
        need_second(r, in);
    }
    return hc_keep_error(&r->facts.keep) == HC_ENOMEM ? HC_ENOMEM : 0;
}

int64_t hc_need_read_at(struct hc_reconcile *r, const struct hc_plan_input *in)
{
    const struct hc_fact_service *s =
        hc_facts_service(&r->facts, in->service->name);
    const struct hc_fact_hosts *list = need_list(r, in->filter);
    const struct hc_fact *hosts =
        in->by == HOSTS_REGISTERED ? &r->facts.cluster[SIGHTING_FIRST].fact
        : list != NULL             ? &list->fact : NULL;
    int64_t at = s != NULL ? s->fact.at : 0;

    return hosts != NULL && need_has(hosts) ? hc_time_min(at, hosts->at) : at;
}

/* From its first page, then (details) what its hosts are like. */
static struct hc_fact *need_from_list(struct hc_reconcile *r,
                                      struct hc_fact_hosts *list,
                                      bool details)
{
    r->hosts = list;
    if (list == NULL)
        return NULL;
    r->next = HC_STR("");
    r->pages = 0;
    r->host_at = 0;
    r->ask = ASK_HOSTS;
    if (list->fact.state != FACT_VALUE || !details)
        return &list->fact;
    r->ask = ASK_DETAILS;
    return &list->details;
}

static struct hc_fact *need_from_cluster(struct hc_reconcile *r,
                                         enum hc_sighting sighting)
{
    r->ask = ASK_CLUSTER;
    r->sighting = sighting;
    return &r->facts.cluster[sighting].fact;
}

static struct hc_fact *need_from_second(struct hc_reconcile *r,
                                        struct hc_str filter)
{
    struct hc_fact_hosts *list = NULL;
    struct hc_fact *fact = NULL;
    int part = 0;

    while (part < SECONDS &&
           (fact = need_second_part(r, filter, part, &list)) != NULL &&
           need_has(fact))
        part++;
    if (fact == NULL || part == SECOND_CLUSTER)
        return fact == NULL ? NULL : need_from_cluster(r, SIGHTING_SECOND);
    return need_from_list(r, list, false);
}

/* The first provider that is not known, of those that the service uses. */
static struct hc_fact *need_from_capacity(struct hc_reconcile *r,
                                          const struct hc_plan_input *in)
{
    const struct hc_ecs_share *all = in->service->providers, *t = all;
    struct hc_fact_answer *a = NULL;

    while (t != NULL && (t = hc_ecs_share_used(all, t)) != NULL) {
        a = hc_facts_answer(&r->facts, &r->facts.capacity, t->provider);
        if (a == NULL || !need_has(&a->fact))
            break;
        t = t->next;
    }
    r->ask = ASK_CAPACITY;
    r->next = HC_STR("");
    r->pages = 0;
    return a != NULL ? &a->fact : NULL;
}

static struct hc_fact *need_from_target(struct hc_reconcile *r,
                                        const struct hc_plan_input *in)
{
    struct hc_fact_answer *a =
        hc_facts_answer(&r->facts, &r->facts.targets, in->service->name);

    r->ask = ASK_TARGET;
    r->next = HC_STR("");
    r->pages = 0;
    return a != NULL ? &a->fact : NULL;
}

struct hc_fact *hc_need_fact(struct hc_reconcile *r,
                             const struct hc_plan_input *in,
                             enum hc_plan_need need)
{
    const struct hc_measure_of of = need_of(r, in);

    switch (need) {
    case PLAN_NEEDS_DEFINITION:
        r->ask = ASK_DEFINITION;
        r->definition = hc_facts_definition(&r->facts,
                                            in->service->task_definition);
        return r->definition != NULL ? &r->definition->fact : NULL;
    case PLAN_NEEDS_HOSTS:
        if (in->by != HOSTS_REGISTERED)
            return need_from_list(r, need_list(r, in->filter),
                                  hc_measure_needs_details(&of));
        return need_from_cluster(r, SIGHTING_FIRST);
    case PLAN_NEEDS_ALL_HOSTS:
        return need_from_list(r, need_list(r, HC_STR("")), false);
    case PLAN_NEEDS_SCALED:
        return need_from_capacity(r, in);
    case PLAN_NEEDS_TARGET:
        return need_from_target(r, in);
    case PLAN_NEEDS_SECOND:
        return need_from_second(r, in->filter);
    case PLAN_NEEDS_CLUSTER:
    case PLAN_DECIDED:
        break;
    }
    return need_from_cluster(r, SIGHTING_FIRST);
}
