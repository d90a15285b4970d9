/* reconcile/need.c - the facts a plan is made from, and the next one it lacks.
 */
#include "reconcile/need.h"

#include "plan/measure.h"
#include "reconcile/recall.h"
#include "reconcile/second.h"

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

static int need_constraints(struct hc_plan_input *in, struct hc_filter *filter,
                            const struct hc_ecs_text *t,
                            struct headcount_error *e)
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
                                struct hc_filter *filter,
                                struct headcount_error *e)
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

/* ---- which lists of hosts ---- */

#define NEED_ANYWHERE HC_STR("attribute:" HC_MEASURE_ANYWHERE " exists")
#define NEED_EC2 HC_STR("attribute:" HC_MEASURE_ANYWHERE " !exists")

/* A policy asked for the list under the wish's own filter: it is shared.  Where
 * it asked what the hosts are like, their attributes tell which are of ECS
 * Anywhere; else the list of those is read beside it, once for all filters. */
static bool need_shares(struct hc_reconcile *r, struct hc_str filter)
{
    const struct hc_fact_hosts *list = hc_facts_hosts(
        &r->facts, "ACTIVE", filter, READING_FIRST);

    if (list == NULL || !list->asked)
        return false;
    if (r->full && need_has(&list->details))
        r->lists.described = true;
    else
        r->lists.without = NEED_ANYWHERE;
    return true;
}

/* The launch type's own term is sent and not shown: the service says it. */
static int need_lists(struct hc_reconcile *r, struct hc_plan_input *in,
                      struct hc_filter *filter, struct headcount_error *e)
{
    struct hc_need_lists *lists = &r->lists;
    bool ec2 = in->service->launch == LAUNCH_EC2;
    int err;

    *lists = (struct hc_need_lists){ .active = in->filter,
                                     .draining = in->filter,
                                     .whole = in->filter.n == 0 };
    in->by_launch = r->by_launch;
    if ((!ec2 && in->service->launch != LAUNCH_EXTERNAL) ||
        (ec2 && r->by_launch != BY_LAUNCH))
        return 0;
    if (ec2 && need_shares(r, in->filter))
        return 0;
    err = hc_filter_add(filter, ec2 ? NEED_EC2 : NEED_ANYWHERE, e);
    hc_buf_reset(&r->sent);
    hc_filter_put(&r->sent, filter);
    lists->active = hc_buf_view(&r->sent);
    lists->falls_back = ec2;
    if (r->by_launch == BY_LAUNCH_NOT_SAVED) {
        lists->draining = lists->active;
        lists->whole = false;
    } else if (lists->whole) {
        lists->others = ec2 ? NEED_ANYWHERE : NEED_EC2;
    }
    return err == 0 ? hc_buf_error(&r->sent) : err;
}

/* The wish's filter into r->filter, and which lists it makes. */
static int need_filter(struct hc_reconcile *r, struct hc_plan_input *in,
                       struct headcount_error *e)
{
    struct hc_filter filter = { .n = 0 };
    int err = need_constraints(in, &filter, in->service->constraints, e);

    if (err == 0)
        err = need_from_definition(r, in, &filter, e);
    in->where_moves = hc_filter_moves(in->wish->where);
    if (err == 0 && !in->where_moves)
        err = hc_filter_add(&filter, in->wish->where, e);
    if (err == 0 && in->wish->no_external)
        err = hc_filter_add(&filter, NEED_EC2, e);
    if (err < 0)
        return err;
    hc_buf_reset(&r->filter);
    hc_filter_put(&r->filter, &filter);
    err = hc_buf_error(&r->filter);
    if (err == 0 && !in->lacks_definition) {  /* else it is half of one */
        in->filter = hc_buf_view(&r->filter);
        err = need_lists(r, in, &filter, e);
    }
    return err != HEADCOUNT_ELIMIT ? err
        : hc_error_set(e, err, "its filter is longer than %d bytes",
                       HC_FILTER_BYTES);
}

static struct hc_fact_hosts *need_list(struct hc_reconcile *r,
                                       struct hc_str filter)
{
    return hc_facts_hosts(&r->facts, "ACTIVE", filter, READING_FIRST);
}

/* The list of hosts that do not count; NULL: all of them do, or it is not read
 * yet. */
static const struct hc_fact_hosts *need_without(struct hc_reconcile *r)
{
    const struct hc_fact_hosts *list = r->lists.without.n > 0
        ? need_list(r, r->lists.without) : NULL;

    return list != NULL && need_has(&list->fact) ? list : NULL;
}

struct hc_measure_of hc_need_of(struct hc_reconcile *r,
                                const struct hc_plan_input *in)
{
    const struct hc_rule *rule = &in->wish->rule;
    const struct hc_fact_hosts *without = need_without(r);

    return (struct hc_measure_of){
        .providers = in->by_provider ? in->service->providers : NULL,
        .connected = in->by == HEADCOUNT_CONNECTED,
        .before = rule->min_age > 0 ? hc_reconcile_wall(r) - rule->min_age : 0,
        .resources = hc_rule_needs_resources(rule),
        .ec2 = r->lists.described,
        .without = without != NULL ? &without->list : NULL,
    };
}

static void need_list_count(struct hc_reconcile *r, struct hc_plan_input *in,
                            const struct hc_fact_hosts *list)
{
    const struct hc_measure_of of = hc_need_of(r, in);
    struct hc_measure m;

    if (r->lists.without.n > 0 && of.without == NULL)
        return;
    if (list->list.n > 0 && hc_measure_needs_details(&of) &&
        !need_has(&list->details))
        return;
    r->print += hc_measure_print(&list->list, of.without);
    for (size_t i = 0; of.ec2 && i < list->list.n; i++)
        in->anywhere += list->list.hosts[i].details != NULL &&
                        hc_measure_is_anywhere(list->list.hosts[i].details);
    if (!hc_measure(&m, &list->list, &of, &in->lacks, &in->lacks_of))
        return;
    in->hosts = m.hosts;
    in->cpu = m.cpu;
    in->memory = m.memory;
}

static void need_count(struct hc_reconcile *r, struct hc_plan_input *in)
{
    const struct hc_fact_hosts *all = need_list(r, HC_STR(""));
    const struct hc_fact_hosts *list = need_list(r, r->lists.active);
    const struct hc_fact_hosts *anywhere = need_list(r, NEED_ANYWHERE);
    const struct hc_fact_cluster *cluster = &r->facts.cluster[READING_FIRST];

    if (need_has(&cluster->fact))
        in->cluster = &cluster->value;
    if (all != NULL && need_has(&all->fact))
        in->all_hosts = (int64_t)all->list.n;
    if (in->service->launch == LAUNCH_EC2 && anywhere != NULL &&
        need_has(&anywhere->fact))
        in->anywhere = (int64_t)anywhere->list.n;
    if (in->by == HEADCOUNT_REGISTERED) {
        if (in->cluster != NULL)
            in->hosts = in->cluster->registered;
        r->print += (uint64_t)in->hosts;
    } else if (list != NULL && need_has(&list->fact)) {
        need_list_count(r, in, list);
    }
}

/* Of the reading that was made last. */
static const struct hc_ecs_tag *need_tags(const struct hc_reconcile *r)
{
    const struct hc_fact_cluster *second =
        &r->facts.cluster[READING_CONFIRMING];

    return need_has(&second->fact)
               ? second->value.tags
               : r->facts.cluster[READING_FIRST].value.tags;
}

/* ---- capacity providers and scalable targets ---- */

static void need_scaled(struct hc_reconcile *r, struct hc_plan_input *in)
{
    const struct hc_ecs_share *all = in->service->providers, *t = all;

    in->scaled = KNOWN_NO;
    /* One that does is enough, whatever the others do. */
    while (in->scaled != KNOWN_YES && t != NULL &&
           (t = hc_ecs_share_used(all, t)) != NULL) {
        struct hc_fact_bool *a =
            hc_facts_bool(&r->facts, &r->facts.capacity, t->provider);

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
    struct hc_fact_bool *a =
        hc_facts_bool(&r->facts, &r->facts.targets, in->service->name);

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

/* A count that a policy made of hosts follows from those that it looked at. */
static uint64_t need_asked_print(const struct hc_reconcile *r)
{
    const struct hc_fact_hosts *list = r->facts.hosts;
    uint64_t print = 0;

    for (; list != NULL; list = list->next)
        if (list->asked && list->reading == READING_FIRST &&
            need_has(&list->fact))
            print += hc_measure_print(&list->list, NULL);
    return print;
}

int hc_need_input(struct hc_reconcile *r, struct hc_plan_input *in,
                  const struct hc_ecs_service *service,
                  struct headcount_error *e)
{
    int err = 0;

    *in = (struct hc_plan_input){
        .wish = &r->config.wishes[r->at],
        .service = service,
        .by = r->config.wishes[r->at].by,
        .wall = hc_reconcile_wall(r),
        .dry_run = r->config.dry_run,
        .paused = r->config.paused,
        .verify = r->config.verify,
        .filter = HC_STR(""),
        .hosts = HEADCOUNT_UNKNOWN,
        .all_hosts = HEADCOUNT_UNKNOWN,
        .cpu = HEADCOUNT_UNKNOWN,
        .memory = HEADCOUNT_UNKNOWN,
        .replaced = HEADCOUNT_UNKNOWN,
        .again = HEADCOUNT_UNKNOWN,
    };
    r->lists = (struct hc_need_lists){ .active = in->filter, .whole = true };
    r->print = need_asked_print(r);
    if (service != NULL) {
        in->cluster_tags = need_tags(r);
        need_scaled(r, in);
        need_target(r, in);
    }
    if (service != NULL && !hc_plan_is_hostless(in)) {
        if (in->by != HEADCOUNT_REGISTERED) {
            in->by_provider = service->providers != NULL;
            err = need_filter(r, in, e);
        }
        if (err < 0 || in->lacks_definition)
            return err;                /* nothing is counted yet */
        need_count(r, in);
        hc_second_input(r, in);
    }
    if (service != NULL) {
        hc_recall_writes(r, in);
        hc_second_again(r, in);
    }
    return hc_arena_error(&r->facts.arena) == HEADCOUNT_ENOMEM
               ? HEADCOUNT_ENOMEM
               : 0;
}

int64_t hc_need_read_at(struct hc_reconcile *r, const struct hc_plan_input *in)
{
    const struct hc_fact_service *s =
        hc_facts_service(&r->facts, in->service->name);
    const struct hc_fact_hosts *list = need_list(r, r->lists.active);
    const struct hc_fact_hosts *without = need_without(r);
    const struct hc_fact *hosts =
        in->by == HEADCOUNT_REGISTERED ? &r->facts.cluster[READING_FIRST].fact
        : list != NULL             ? &list->fact : NULL;
    int64_t at = s != NULL ? s->fact.at : 0;

    if (without != NULL)
        at = hc_time_min(at, without->fact.at);
    return hosts != NULL && need_has(hosts) ? hc_time_min(at, hosts->at) : at;
}

struct hc_fact *hc_need_from_list(struct hc_reconcile *r,
                                  struct hc_fact_hosts *list, bool details)
{
    r->hosts = list;
    if (list == NULL)
        return NULL;
    hc_pages_reset(&r->pages);
    r->host_at = 0;
    r->ask = ASK_HOSTS;
    if (list->fact.state != FACT_VALUE || !details)
        return &list->fact;
    r->ask = ASK_DETAILS;
    return &list->details;
}

struct hc_fact *hc_need_from_cluster(struct hc_reconcile *r,
                                     enum hc_reading reading)
{
    r->ask = ASK_CLUSTER;
    r->reading = reading;
    return &r->facts.cluster[reading].fact;
}

/* The list, then the list of those that do not count, then what they are
 * like. */
static struct hc_fact *need_from_hosts(struct hc_reconcile *r,
                                       const struct hc_plan_input *in)
{
    const struct hc_measure_of of = hc_need_of(r, in);
    struct hc_fact_hosts *list = need_list(r, r->lists.active);
    bool listed = list != NULL && need_has(&list->fact);

    if (list == NULL || !listed || r->lists.without.n == 0 ||
        of.without != NULL) {
        if (list != NULL)
            list->by_launch = r->lists.falls_back;
        return hc_need_from_list(r, list, hc_measure_needs_details(&of));
    }
    list = need_list(r, r->lists.without);
    if (list != NULL)
        list->by_launch = true;
    return hc_need_from_list(r, list, false);
}

/* The first provider that is not known, of those that the service uses. */
static struct hc_fact *need_from_capacity(struct hc_reconcile *r,
                                          const struct hc_plan_input *in)
{
    const struct hc_ecs_share *all = in->service->providers, *t = all;
    struct hc_fact_bool *a = NULL;

    while (t != NULL && (t = hc_ecs_share_used(all, t)) != NULL) {
        a = hc_facts_bool(&r->facts, &r->facts.capacity, t->provider);
        if (a == NULL || !need_has(&a->fact))
            break;
        t = t->next;
    }
    r->ask = ASK_CAPACITY;
    hc_pages_reset(&r->pages);
    return a != NULL ? &a->fact : NULL;
}

static struct hc_fact *need_from_target(struct hc_reconcile *r,
                                        const struct hc_plan_input *in)
{
    struct hc_fact_bool *a =
        hc_facts_bool(&r->facts, &r->facts.targets, in->service->name);

    r->ask = ASK_TARGET;
    hc_pages_reset(&r->pages);
    return a != NULL ? &a->fact : NULL;
}

struct hc_fact *hc_need_fact(struct hc_reconcile *r,
                             const struct hc_plan_input *in,
                             enum hc_plan_need need)
{
    switch (need) {
    case PLAN_NEEDS_DEFINITION:
        r->ask = ASK_DEFINITION;
        r->definition = hc_facts_definition(&r->facts,
                                            in->service->task_definition);
        return r->definition != NULL ? &r->definition->fact : NULL;
    case PLAN_NEEDS_HOSTS:
        if (in->by != HEADCOUNT_REGISTERED)
            return need_from_hosts(r, in);
        return hc_need_from_cluster(r, READING_FIRST);
    case PLAN_NEEDS_ALL_HOSTS:
        return hc_need_from_list(r, need_list(r, HC_STR("")), false);
    case PLAN_NEEDS_SCALED:
        return need_from_capacity(r, in);
    case PLAN_NEEDS_TARGET:
        return need_from_target(r, in);
    case PLAN_NEEDS_SECOND:
        return hc_second_fact(r, in);
    case PLAN_NEEDS_AGAIN:
        return &r->again.fact;
    case PLAN_NEEDS_CLUSTER:
    case PLAN_DECIDED:
        break;
    }
    return hc_need_from_cluster(r, READING_FIRST);
}

bool hc_need_is_whole(const struct hc_fact_hosts *list)
{
    return list->filter.n == 0 || hc_str_eq(list->filter, NEED_EC2);
}
