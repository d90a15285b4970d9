/* reconcile/plan_input.c - what the plan of the wish at hand is made from.
 */
#include "reconcile/plan_input.h"

#include "plan/first_look.h"
#include "reconcile/placed.h"
#include "reconcile/second.h"

static bool input_has(const struct hc_fact *fact)
{
    return fact->state == FACT_VALUE;
}

/* Adds expressions of the service or of its task definition to the filter.  One
 * that moves with tasks is never sent: the plan holds, or the wish ignores that
 * expression by name. */
static int input_constraints(struct hc_plan_input *in, struct hc_filter *filter,
                             const struct hc_ecs_text *t,
                             struct headcount_error *e)
{
    int err = 0;

    for (; err == 0 && t != NULL; t = t->next) {
        if (!hc_filter_moves(t->s))
            err = hc_filter_add(filter, t->s, e);
        else if ((in->wish->allow & ALLOW_MOVING) == 0)
            in->moving = true;
        else
            in->ignored = t->s;
    }
    return err;
}

static void input_is_unclear(struct hc_plan_input *in, const char *operation,
                             const char *member)
{
    in->unclear_in = operation;
    in->unclear = member;
}

/* Adds the constraints of the task definition, if the run asks for them.  ECS
 * places tasks by both: without these a host would count that takes no task of
 * this service. */
static int input_from_definition(struct hc_run *r,
                                 struct hc_plan_input *in,
                                 struct hc_filter *filter,
                                 struct headcount_error *e)
{
    const struct hc_ecs_service *s = in->service;
    struct hc_fact_definition *d = NULL;

    if (!r->config.ask_definitions)
        return 0;
    /* Task sets have definitions of their own, and a snapshot that was made by
     * hand needs to name none. */
    if (s->task_definition.n > 0)
        d = hc_facts_definition(&r->facts, s->task_definition);
    else if (s->controller != CONTROLLER_EXTERNAL && !r->complete)
        input_is_unclear(in, "DescribeServices", "taskDefinition");
    if (d == NULL)
        return 0;
    hc_exchange_task_definition.recall(r, d);
    in->lacks_definition = !input_has(&d->fact);
    in->fixed_port = d->fixed_port;
    if (d->unclear)
        input_is_unclear(in, "DescribeTaskDefinition", "placementConstraints");
    return input_constraints(in, filter, d->constraints, e);
}

/* ---- which lists of hosts ---- */

/* A policy asked for hosts by the filter of this wish, so that list is there
 * already and is shared.  If the policy asked what the hosts are like, their
 * attributes tell which of them are hosts of ECS Anywhere.  If it did not, the
 * list of all hosts of ECS Anywhere is read beside it, once for all filters. */
static bool input_shares(struct hc_run *r, struct hc_str filter)
{
    const struct hc_fact_hosts *list = hc_facts_hosts(
        &r->facts, "ACTIVE", filter, READING_FIRST);

    if (list == NULL || !list->asked)
        return false;
    if (r->full && input_has(&list->details))
        r->lists.described = true;
    else
        r->lists.without = HC_FACTS_ANYWHERE;
    return true;
}

/* Chooses the lists.  ECS runs a task of launch type EC2 on no host of ECS
 * Anywhere, and the reverse, so a term for that joins the filter that is
 * sent.  It does not join the filter that the report shows: a reader knows the
 * launch type from the service. */
static int input_lists(struct hc_run *r, struct hc_plan_input *in,
                       struct hc_filter *filter, struct headcount_error *e)
{
    struct hc_run_lists *lists = &r->lists;
    bool ec2 = in->service->launch == LAUNCH_EC2;
    int err;

    *lists = (struct hc_run_lists){ .active = in->filter,
                                     .draining = in->filter,
                                     .whole = in->filter.n == 0 };
    in->by_launch = r->by_launch;
    if ((!ec2 && in->service->launch != LAUNCH_EXTERNAL) ||
        (ec2 && r->by_launch != BY_LAUNCH))
        return 0;
    if (ec2 && input_shares(r, in->filter))
        return 0;
    err = hc_filter_add(filter, ec2 ? HC_FACTS_EC2 : HC_FACTS_ANYWHERE, e);
    hc_buf_reset(&r->sent);
    hc_filter_put(&r->sent, filter);
    lists->active = hc_buf_view(&r->sent);
    lists->falls_back = ec2;
    if (r->by_launch == BY_LAUNCH_NOT_SAVED) {
        lists->draining = lists->active;
        lists->whole = false;
    } else if (lists->whole) {
        lists->others = ec2 ? HC_FACTS_ANYWHERE : HC_FACTS_EC2;
    }
    return err == 0 ? hc_buf_error(&r->sent) : err;
}

/* Puts the wish's filter into r->filter, and makes r->lists of it. */
static int input_filter(struct hc_run *r, struct hc_plan_input *in,
                        struct headcount_error *e)
{
    struct hc_filter filter = { .n = 0 };
    int err = input_constraints(in, &filter, in->service->constraints, e);

    if (err == 0)
        err = input_from_definition(r, in, &filter, e);
    in->where_moves = hc_filter_moves(in->wish->where);
    if (err == 0 && !in->where_moves)
        err = hc_filter_add(&filter, in->wish->where, e);
    if (err == 0 && in->wish->no_external)
        err = hc_filter_add(&filter, HC_FACTS_EC2, e);
    if (err < 0)
        return err;
    hc_buf_reset(&r->filter);
    hc_filter_put(&r->filter, &filter);
    err = hc_buf_error(&r->filter);
    if (err == 0 && !in->lacks_definition) {  /* else it is half of one */
        in->filter = hc_buf_view(&r->filter);
        err = input_lists(r, in, &filter, e);
    }
    return err != HEADCOUNT_ELIMIT ? err
        : hc_error_set(e, err, "its filter is longer than %d bytes",
                       HC_FILTER_BYTES);
}

static struct hc_fact_hosts *input_list(struct hc_run *r,
                                        struct hc_str filter)
{
    return hc_facts_hosts(&r->facts, "ACTIVE", filter, READING_FIRST);
}

/* The list of hosts that do not count.  NULL: all hosts of the other list
 * count, or this list is not read yet. */
static const struct hc_fact_hosts *input_without(struct hc_run *r)
{
    const struct hc_fact_hosts *list = r->lists.without.n > 0
        ? input_list(r, r->lists.without) : NULL;

    return list != NULL && input_has(&list->fact) ? list : NULL;
}

struct hc_measure_of hc_plan_input_measure(struct hc_run *r,
                                           const struct hc_plan_input *in)
{
    const struct hc_rule *rule = &in->wish->rule;
    const struct hc_fact_hosts *without = input_without(r);

    return (struct hc_measure_of){
        .providers = in->by_provider ? in->service->providers : NULL,
        .connected = in->by == HEADCOUNT_CONNECTED,
        .before = rule->min_age > 0 ? hc_run_wall(r) - rule->min_age : 0,
        .resources = hc_rule_needs_resources(rule),
        .ec2 = r->lists.described,
        .without = without != NULL ? &without->list : NULL,
    };
}

/* Memory is asked only for providers, and only by a first reading: a look after
 * a write, a second reading and a snapshot are made of AWS's own answers. */
static bool input_recalls(const struct hc_run *r,
                          const struct hc_measure_of *of)
{
    return hc_measure_needs_providers(of) && r->config.memory != NULL &&
           !r->config.record && r->taken == 0 && r->verify.round == 0;
}

bool hc_plan_input_tells(struct hc_run *r, struct hc_fact_hosts *list,
                         const struct hc_measure_of *of)
{
    if (list->list.n == 0 || !hc_measure_needs_details(of))
        return true;
    if (!input_recalls(r, of))
        return input_has(&list->details);
    hc_exchange_host_providers.recall(r, list);
    return input_has(&list->providers);
}

struct hc_fact *hc_plan_input_describe(struct hc_run *r, struct hc_exchange *x,
                                       struct hc_fact_hosts *list,
                                       const struct hc_measure_of *of)
{
    if (input_recalls(r, of))
        hc_exchange_set(x, &hc_exchange_host_providers, &list->providers, list);
    else
        hc_exchange_set(x, &hc_exchange_host_details, &list->details, list);
    return x->fact;
}

static void input_list_count(struct hc_run *r, struct hc_plan_input *in,
                             struct hc_fact_hosts *list)
{
    const struct hc_measure_of of = hc_plan_input_measure(r, in);
    struct hc_measure m;

    if (r->lists.without.n > 0 && of.without == NULL)
        return;
    if (!hc_plan_input_tells(r, list, &of))
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

static void input_count(struct hc_run *r, struct hc_plan_input *in)
{
    const struct hc_fact_hosts *all = input_list(r, HC_STR(""));
    struct hc_fact_hosts *list = input_list(r, r->lists.active);
    const struct hc_fact_hosts *anywhere = input_list(r, HC_FACTS_ANYWHERE);
    const struct hc_fact_cluster *cluster = &r->facts.cluster[READING_FIRST];

    if (input_has(&cluster->fact))
        in->cluster = &cluster->value;
    if (all != NULL && input_has(&all->fact))
        in->all_hosts = (int64_t)all->list.n;
    if (in->service->launch == LAUNCH_EC2 && anywhere != NULL &&
        input_has(&anywhere->fact))
        in->anywhere = (int64_t)anywhere->list.n;
    if (in->by == HEADCOUNT_REGISTERED) {
        if (in->cluster != NULL)
            in->hosts = in->cluster->registered;
        r->print += (uint64_t)in->hosts;
    } else if (list != NULL && input_has(&list->fact)) {
        input_list_count(r, in, list);
    }
}

/* The cluster's tags of the newest reading: a pause that was set between the
 * two readings holds. */
static const struct hc_ecs_tag *input_tags(const struct hc_run *r)
{
    const struct hc_fact_cluster *second =
        &r->facts.cluster[READING_CONFIRMING];

    return input_has(&second->fact)
               ? second->value.tags
               : r->facts.cluster[READING_FIRST].value.tags;
}

/* ---- capacity providers and scalable targets ---- */

static void input_scaled(struct hc_run *r, struct hc_plan_input *in)
{
    const struct hc_ecs_share *all = in->service->providers, *t = all;

    in->scaled = KNOWN_NO;
    /* One provider that adds hosts is enough, whatever the others do. */
    while (in->scaled != KNOWN_YES && t != NULL &&
           (t = hc_ecs_share_used(all, t)) != NULL) {
        struct hc_fact_bool *a =
            hc_facts_bool(&r->facts, FACTS_CAPACITY, t->provider);

        hc_exchange_providers.recall(r, a);
        if (a == NULL || !input_has(&a->fact))
            in->scaled = KNOWN_NOT_YET;
        else if (a->yes)
            in->scaled = KNOWN_YES;
        in->scaled_by = t->provider;
        t = t->next;
    }
}

static void input_target(struct hc_run *r, struct hc_plan_input *in)
{
    struct hc_fact_bool *a =
        hc_facts_bool(&r->facts, FACTS_TARGET, in->service->name);

    hc_exchange_scalable_target.recall(r, a);
    /* A snapshot without this answer is planned as if the run had not asked. */
    in->ask_target = r->config.ask_targets &&
                     (r->taken == 0 || (a != NULL && input_has(&a->fact)));
    if (a == NULL)
        return;
    if (input_has(&a->fact))
        in->target = a->yes ? KNOWN_YES : KNOWN_NO;
    else if (a->fact.state == FACT_FAILED && (in->dry_run || in->wish->looks))
        in->target = KNOWN_NEVER;
    in->target_why = a->fact.what;
}

/* ---- a first look ---- */

/* One provider of Managed Instances is enough.  A snapshot does not tell. */
static void input_instances(struct hc_run *r, struct hc_plan_input *in)
{
    const struct hc_ecs_share *all = in->service->providers, *t = all;

    in->instances = KNOWN_NO;
    while (r->taken == 0 && in->instances != KNOWN_YES && t != NULL &&
           (t = hc_ecs_share_used(all, t)) != NULL) {
        const struct hc_fact_bool *a =
            hc_facts_bool(&r->facts, FACTS_INSTANCES, t->provider);

        if (a == NULL || a->fact.state == FACT_UNKNOWN)
            in->instances = KNOWN_NOT_YET;
        else if (a->fact.state == FACT_FAILED && in->instances == KNOWN_NO)
            in->instances = KNOWN_NEVER;
        else if (a->yes)
            in->instances = KNOWN_YES;
        t = t->next;
    }
}

/* The hosts without a task are read only where the look names them. */
static int input_lacking(struct hc_run *r, struct hc_plan_input *in)
{
    return hc_first_look_class(in->service->desired, in->hosts, false) ==
                   LOOK_NEAR
               ? hc_placed_input_lacking(r, in) : 0;
}

/* ---- our own writes ---- */

static void input_writes(struct hc_run *r, struct hc_plan_input *in)
{
    struct hc_memory *memory = r->config.memory;
    struct hc_memory_key key;
    int64_t now = hc_now(&r->net->sys);

    if (memory == NULL)
        return;
    key = hc_run_key(r, MEMORY_SERVICE, in->service->name);
    in->awaits = hc_memory_awaits(memory, &key, in->service->desired, now,
                                  &in->own_write);
    in->undone = hc_memory_undone(memory, &key, now);
    if (!hc_memory_replaced(memory, &key, r->print, &in->replaced))
        in->replaced = HEADCOUNT_UNKNOWN;
    in->low_long = hc_memory_is_low(memory, &key, now);
}

/* ---- all of it ---- */

/* The hosts that a policy looked at.  A count that it made of them follows
 * from these hosts, and not from a list of the wish. */
static uint64_t input_asked_print(const struct hc_run *r)
{
    const struct hc_fact_hosts *list = r->facts.first[FACTS_HOSTS];
    uint64_t print = 0;

    for (; list != NULL; list = list->key.next)
        if (list->asked && list->reading == READING_FIRST &&
            input_has(&list->fact))
            print += hc_measure_print(&list->list, NULL);
    return print;
}

/* A rule that is a plain number counts no hosts: only a report that explains
 * looks at them. */
static int input_explain(struct hc_run *r, struct hc_plan_input *in)
{
    struct headcount_error e = { .code = 0 };
    int err;

    if (r->config.explain == HEADCOUNT_EXPLAIN_NONE ||
        hc_rule_needs_hosts(&in->wish->rule) || !hc_plan_has_hosts(in))
        return 0;
    err = input_filter(r, in, &e);
    if (err == HEADCOUNT_ENOMEM)
        return err;
    if (err < 0)
        in->placed_why = hc_arena_fmt(&r->facts.arena, "%s", e.what);
    return err < 0 || in->lacks_definition ? 0 : hc_placed_input(r, in);
}

static void input_begin(struct hc_run *r, struct hc_plan_input *in,
                        const struct hc_wish *wish,
                        const struct hc_ecs_service *service)
{
    *in = (struct hc_plan_input){
        .wish = wish,
        .service = service,
        .by = wish->by,
        .wall = hc_run_wall(r),
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
    r->lists = (struct hc_run_lists){ .active = in->filter, .whole = true };
    r->placed_reading = READING_FIRST;
    r->print = input_asked_print(r);
}

int hc_plan_input_placement(struct hc_run *r, struct hc_plan_input *in,
                            const struct hc_wish *wish,
                            const struct hc_ecs_service *service,
                            struct headcount_error *e)
{
    int err;

    input_begin(r, in, wish, service);
    r->placed_reading = r->policy.reading;
    input_scaled(r, in);
    if (!hc_plan_has_hosts(in) || service->unclear != NULL)
        return 0;
    in->by_provider = service->providers != NULL;
    err = input_filter(r, in, e);
    return err < 0 || in->lacks_definition || in->moving ||
                   in->unclear != NULL
               ? err : hc_placed_input(r, in);
}

int hc_plan_input_fill(struct hc_run *r, struct hc_plan_input *in,
                       const struct hc_ecs_service *service,
                       struct headcount_error *e)
{
    int err = 0;

    input_begin(r, in, &r->config.wishes[r->at], service);
    if (service != NULL) {
        in->cluster_tags = input_tags(r);
        input_scaled(r, in);
        input_target(r, in);
    }
    if (service != NULL && !hc_plan_is_hostless(in)) {
        if (in->by != HEADCOUNT_REGISTERED) {
            in->by_provider = service->providers != NULL;
            err = input_filter(r, in, e);
        }
        if (err < 0 || in->lacks_definition)
            return err;                /* nothing is counted yet */
        input_count(r, in);
        hc_second_input(r, in);
        err = in->wish->looks && in->hosts != HEADCOUNT_UNKNOWN
                  ? input_lacking(r, in) : hc_placed_input(r, in);
        if (err < 0)
            return err;
    }
    if (service != NULL && in->wish->looks)
        input_instances(r, in);
    if (service != NULL) {
        input_writes(r, in);
        hc_second_again(r, in);
        err = input_explain(r, in);
        if (err < 0)
            return err;
    }
    return hc_arena_error(&r->facts.arena) == HEADCOUNT_ENOMEM
               ? HEADCOUNT_ENOMEM
               : 0;
}

int64_t hc_plan_input_read_at(struct hc_run *r, const struct hc_plan_input *in)
{
    const struct hc_fact_service *s =
        hc_facts_service(&r->facts, in->service->name);
    const struct hc_fact_hosts *list = input_list(r, r->lists.active);
    const struct hc_fact_hosts *without = input_without(r);
    const struct hc_fact *hosts =
        in->by == HEADCOUNT_REGISTERED ? &r->facts.cluster[READING_FIRST].fact
        : list != NULL             ? &list->fact : NULL;
    int64_t at = s != NULL ? s->fact.at : 0;

    if (without != NULL)
        at = hc_time_min(at, without->fact.at);
    return hosts != NULL && input_has(hosts) ? hc_time_min(at, hosts->at) : at;
}
