/* reconcile/placed.c - which hosts can take a task of the wish at hand. */
#include "reconcile/placed.h"

#include "base/clock.h"
#include "base/text.h"
#include "reconcile/claims.h"
#include "reconcile/offline.h"
#include "reconcile/plan_input.h"

static bool placed_has(const struct hc_fact *fact)
{
    return fact->state == FACT_VALUE;
}

/* ---- what is read ---- */

/* The facts about the wish at hand, as far as they are known. */
struct placed {
    struct hc_fact_hosts *all;        /* the list that the count is made of  */
    struct hc_fact_hosts *lacking;    /* of those, the ones without its task */
    struct hc_fact_hosts *younger;    /* with it, registered after it changed */
    struct hc_fact_tasks *tasks;      /* of the service; NULL: ECS lists hosts
                                         by task group                       */
    struct hc_fact_definition *definition;    /* NULL: it is not to be read  */
    struct hc_str unheeded;           /* a constraint that is not in the filter
                                         of these lists                      */
    struct hc_measure_of of;
};

/* The list of hosts under the filter of the wish and one more term, which names
 * a task group. */
static struct hc_fact_hosts *placed_list(struct hc_run *r,
                                         const struct hc_plan_input *in,
                                         const char *term)
{
    struct hc_fact_hosts *list = NULL;

    hc_buf_reset(&r->narrowed);
    if (r->lists.active.n > 0) {
        hc_buf_chr(&r->narrowed, '(');
        hc_buf_str(&r->narrowed, r->lists.active);
        hc_buf_lit(&r->narrowed, ") and ");
    }
    hc_buf_text(&r->narrowed, term);
    if (hc_buf_error(&r->narrowed) == 0)
        list = hc_facts_hosts(&r->facts, "ACTIVE", hc_buf_view(&r->narrowed),
                              r->placed_reading);
    if (list == NULL)
        return NULL;
    list->by_group = true;
    list->new_question |= in->wish->rule.placeable;
    return list;
}

/* ---- where ECS refuses a filter by task group ---- */

static bool placed_is_refused(struct hc_run *r)
{
    struct hc_memory_key key = hc_run_key(r, MEMORY_REFUSED,
                                          HC_STR("task:group"));
    struct hc_str ignored;

    if (!r->group_refused && r->taken == 0 && r->config.memory != NULL)
        r->group_refused = hc_memory_text(r->config.memory, &key, INT64_MIN,
                                          &ignored);
    return r->group_refused;
}

/* A snapshot that a person made tells the tasks of each host. */
static bool placed_is_told(struct hc_run *r, const struct hc_plan_input *in)
{
    const struct hc_fact_tasks *t =
        r->taken != 0 ? hc_facts_tasks(&r->facts, in->service->name) : NULL;

    return t != NULL && t->fact.state != FACT_UNKNOWN;
}

static bool placed_tasks_known(const struct hc_fact_tasks *t)
{
    return placed_has(&t->fact) && (t->all.n == 0 || placed_has(&t->details));
}

/* The host came after the service changed.  A host that does not say when it
 * came may have: then nothing rises on its account. */
static bool placed_is_younger(const struct hc_ecs_host *host, int64_t changed)
{
    return host != NULL && (host->registered_at < 0 ||
                            host->registered_at > changed);
}

/* Fills *to with those hosts of the whole list that ECS would have listed:
 * hosts that lack a task of the service, or (`younger`) hosts that have one and
 * came after it changed. */
static bool placed_derive(struct hc_run *r, const struct hc_plan_input *in,
                          const struct placed *p, struct hc_fact_hosts *to,
                          bool younger)
{
    for (size_t i = 0; i < p->all->list.n; i++) {
        const struct hc_host *h = &p->all->list.hosts[i];
        bool has = hc_host_list_find(&p->tasks->hosts, h->arn) != NULL;

        if (younger ? has && placed_is_younger(h->details, in->service->changed)
                    : !has) {
            if (hc_host_list_add(&to->list, r->facts.alloc, h->arn) < 0)
                return false;
        }
    }
    to->fact = p->tasks->fact;
    return true;
}

static bool placed_derive_all(struct hc_run *r, const struct hc_plan_input *in,
                              struct placed *p)
{
    p->tasks = hc_facts_tasks(&r->facts, in->service->name);
    if (p->tasks == NULL)
        return false;
    if (!placed_has(&p->all->fact) || !placed_tasks_known(p->tasks))
        return true;
    if (p->lacking->fact.state == FACT_UNKNOWN &&
        !placed_derive(r, in, p, p->lacking, false))
        return false;
    return p->younger == NULL || p->younger->fact.state != FACT_UNKNOWN ||
           !placed_has(&p->all->details) ||
           placed_derive(r, in, p, p->younger, true);
}

/* ---- descriptions that are there already ---- */

/* With a policy every description has attributes and ports: one list's serves
 * another.  A policy may ask about many services, which lack the same hosts. */
static bool placed_share_details(struct hc_run *r, struct hc_fact_hosts *to)
{
    const struct hc_fact_hosts *h = r->facts.first[FACTS_HOSTS];
    int got = 0;

    if (!r->full || !placed_has(&to->fact) || to->list.n == 0)
        return true;
    for (; got == 0 && h != NULL && to->details.state == FACT_UNKNOWN;
         h = h->key.next)
        if (h->reading == to->reading && placed_has(&h->details) &&
            hc_str_eqz(hc_str(h->status), to->status))
            got = hc_offline_describe(&r->facts, to, h);
    return got >= 0;
}

/* ---- all of it ---- */

/* Without --constraints all the lists do not heed those of the task definition,
 * and ECS does. */
static struct hc_str placed_unheeded(const struct hc_run *r,
                                     const struct hc_plan_input *in,
                                     const struct hc_fact_definition *d)
{
    if (in->ignored.n > 0 || d == NULL || r->config.ask_definitions)
        return in->ignored;
    return d->constraints != NULL ? d->constraints->s
           : d->unclear ? HC_STR("of the task definition") : HC_STR("");
}

static bool placed_find(struct hc_run *r, const struct hc_plan_input *in,
                        struct placed *p)
{
    const struct hc_ecs_service *s = in->service;
    char term[600], time[HC_RFC3339 + 1];    /* "2026-11-30T06:00:00.000Z" */

    *p = (struct placed){ .of = hc_plan_input_measure(r, in) };
    /* A rule by registered hosts counts those of every provider; tasks go only
     * to those of the strategy. */
    p->of.providers = s->providers;
    p->all = hc_facts_hosts(&r->facts, "ACTIVE", r->lists.active,
                            r->placed_reading);
    hc_fmt(term, sizeof(term), "(not(task:group == service:%.*s))",
           HC_STR_ARG(s->name));
    p->lacking = placed_list(r, in, term);
    if (s->changed >= 0) {
        hc_time_rfc3339(time, s->changed);
        time[sizeof("2026-11-30T06:00:00") - 1] = '\0';
        hc_fmt(term, sizeof(term), "(task:group == service:%.*s) and "
               "(registeredAt > %s+00:00)", HC_STR_ARG(s->name), time);
        p->younger = placed_list(r, in, term);
    }
    if (s->task_definition.n > 0) {
        p->definition = hc_facts_definition(&r->facts, s->task_definition);
        if (p->definition == NULL)
            return false;
        hc_exchange_task_definition.recall(r, p->definition);
    }
    p->unheeded = placed_unheeded(r, in, p->definition);
    if (p->all == NULL || p->lacking == NULL ||
        (p->younger == NULL && s->changed >= 0))
        return false;
    if ((placed_is_refused(r) || placed_is_told(r, in)) &&
        !placed_derive_all(r, in, p))
        return false;
    return placed_share_details(r, p->lacking);
}

/* ---- the verdict on each host ---- */

static size_t placed_share(const struct hc_placement *to, struct hc_str name)
{
    size_t i = 0;

    while (i + 1 < to->shares_n && to->shares[i].share != NULL &&
           !hc_str_eq(to->shares[i].share->provider, name))
        i++;
    return i;
}

/* Hosts limit the tasks of a provider that starts hosts, and of every provider
 * if the rule asks for that.  False: whether one of the providers starts hosts
 * is not read yet. */
static bool placed_shares(struct hc_run *r, const struct hc_plan_input *in,
                          struct hc_placement *to)
{
    const struct hc_ecs_share *all = in->service->providers, *t = all;
    bool placeable = in->wish->rule.placeable;

    to->shares_n = 0;
    if (all == NULL)
        to->shares[to->shares_n++] = (struct hc_placement_share){
            .managed = placeable
        };
    while (all != NULL && (t = hc_ecs_share_used(all, t)) != NULL) {
        const struct hc_fact_bool *a =
            hc_facts_bool(&r->facts, FACTS_CAPACITY, t->provider);

        if (a == NULL || !placed_has(&a->fact))
            return false;
        to->shares[to->shares_n++] = (struct hc_placement_share){
            .share = t, .managed = a->yes || placeable
        };
        t = t->next;
    }
    return true;
}

/* The shares of which a host came after the service changed and has its task.
 * In a strategy of several providers, a younger host shows something about its
 * own provider alone. */
static void placed_find_younger(const struct hc_plan_input *in,
                                const struct placed *p,
                                const struct hc_placement *to,
                                bool younger[HC_ECS_SHARES])
{
    bool one = in->service->providers == NULL ||
               in->service->providers->next == NULL;

    for (size_t i = 0; p->younger != NULL && i < p->younger->list.n; i++) {
        const struct hc_host *h = hc_host_list_find(
            &p->all->list, p->younger->list.hosts[i].arn);

        if (one)
            younger[0] = true;
        for (size_t k = 0; k < to->shares_n && h != NULL &&
                           h->details != NULL && !one; k++)
            younger[k] |= hc_str_eq(to->shares[k].share->provider,
                                    h->details->provider);
    }
}

/* Whether a host that looks free is older than the last change of the count, or
 * may be: then the younger hosts are to be listed.  ECS had this host when it
 * placed the last task that was asked for. */
static bool placed_needs_younger(const struct hc_plan_input *in,
                                 const struct hc_ecs_host *host)
{
    return in->service->changed >= 0 &&
           host->registered_at < in->service->changed;
}

/* A rise for other hosts moves the change of the count past the younger host
 * that showed it.  With two services, each would forget it for the host that
 * the other's task brought, and so on: so a handle remembers it.  `seen`: the
 * younger hosts show it now. */
static bool placed_was_passed(struct hc_run *r, const struct hc_plan_input *in,
                              const struct hc_host *h, bool seen)
{
    struct hc_memory *memory = r->config.memory;
    struct hc_str id = hc_host_id(h->arn), ignored;
    int64_t now = hc_now(&r->net->sys);
    char name[600];                /* a service's name and a host's id       */
    struct hc_memory_key key;

    if (memory == NULL || r->taken != 0)
        return seen;
    hc_fmt(name, sizeof(name), "%.*s %.*s", HC_STR_ARG(in->service->name),
           HC_STR_ARG(id));
    key = hc_run_key(r, MEMORY_PASSED, hc_str(name));
    if (seen)
        hc_memory_put_text(memory, &key, now, HC_STR(""));
    return seen || hc_memory_text(memory, &key, now - HC_MEMORY_PASSED,
                                  &ignored);
}

/* ---- the hosts one by one, for a report that explains ---- */

/* The order of their answers: worst first. */
static const char *const placed_answers[] = { "cannot", "passed_over",
                                              "unknown", "can", "runs" };

enum { PLACED_CANNOT, PLACED_PASSED, PLACED_UNKNOWN, PLACED_CAN, PLACED_RUNS,
       PLACED_ANSWERS };

struct placed_told {
    struct hc_arena *arena;
    struct headcount_placed_host *hosts;      /* room for all of the list    */
    size_t n;
};

static const char *placed_text(struct hc_arena *arena, struct hc_str s)
{
    return s.n > 0 ? hc_arena_str(arena, s).p : "";
}

/* `told` may be NULL, and so may `why`: the host runs a task. */
static void placed_tell(struct placed_told *told, const struct hc_host *h,
                        enum hc_take take, const struct hc_take_why *why)
{
    static const int answers[] = { [TAKE_NO] = PLACED_CANNOT,
                                   [TAKE_UNKNOWN] = PLACED_UNKNOWN,
                                   [TAKE_YES] = PLACED_CAN };
    int answer = why == NULL ? PLACED_RUNS : answers[take];

    if (told == NULL)
        return;
    if (answer == PLACED_UNKNOWN && why->code == TAKE_PASSED_OVER)
        answer = PLACED_PASSED;
    told->hosts[told->n++] = (struct headcount_placed_host){
        .arn = h->arn.p, .id = placed_text(told->arena, hc_host_id(h->arn)),
        .ec2_id = h->details != NULL
                      ? placed_text(told->arena, h->details->ec2_id) : "",
        .answer = placed_answers[answer],
        .code = answer < PLACED_CAN ? hc_take_name(why->code) : "",
        .reason = why != NULL ? placed_text(told->arena, hc_str(why->text))
                              : "it runs a task of the service"
    };
}

/* Worst first; hosts with the same first reason stand together, in the order of
 * the list.  False: there is no memory. */
static bool placed_sort(struct placed_told *told)
{
    struct headcount_placed_host *sorted =
        hc_arena_zero(told->arena, told->n * sizeof(*sorted));
    size_t n = 0;

    if (sorted == NULL)
        return told->n == 0;
    for (int answer = 0; answer < PLACED_ANSWERS; answer++)
        for (int code = 0; code < HC_TAKE_CODES; code++) {
            const char *name = hc_take_name((enum hc_take_code)code);

            for (size_t i = 0; i < told->n; i++) {
                const struct headcount_placed_host *h = &told->hosts[i];

                if (h->answer == placed_answers[answer] &&
                    (h->code == name || (h->code[0] == '\0' && code == 0)))
                    sorted[n++] = *h;
            }
        }
    told->hosts = sorted;
    return true;
}

/* The host is in the list that the count is made of, and counts there: a
 * machine that registered twice does so under one of its two ARNs. */
static bool placed_is_counted(const struct placed *p, const struct hc_host *h)
{
    const struct hc_host *own = hc_host_list_find(&p->all->list, h->arn);

    return own != NULL && (own->active || !hc_measure_needs_details(&p->of));
}

/* Counts the hosts into *to, and tells of each where `told` is not NULL.  True:
 * the younger hosts decide about one of them. */
static bool placed_count(struct hc_run *r, const struct hc_plan_input *in,
                         const struct placed *p, struct hc_placement *to,
                         struct placed_told *told)
{
    struct hc_placement_task task = {
        .service = in->service,
        .needs = p->definition != NULL ? p->definition->needs : NULL,
        .unheeded = p->unheeded
    };
    bool younger_of[HC_ECS_SHARES] = { false }, younger = false;
    struct hc_take_why why;

    placed_find_younger(in, p, to, younger_of);
    for (size_t i = 0; i < p->all->list.n; i++) {
        const struct hc_host *h = &p->all->list.hosts[i];
        bool lacks = hc_host_list_find(&p->lacking->list, h->arn) != NULL;

        if (h->details != NULL)
            hc_placement_learn(&task, h->details, !lacks);
        if (!lacks && (!hc_measure_needs_details(&p->of) ||
                       hc_measure_counts(h, &p->of))) {
            to->run++;
            to->shares[h->details != NULL
                           ? placed_share(to, h->details->provider) : 0].run++;
            placed_tell(told, h, TAKE_YES, NULL);
        }
    }
    for (size_t i = 0; i < p->lacking->list.n; i++)
        if (p->lacking->list.hosts[i].details != NULL)
            hc_placement_learn(&task, p->lacking->list.hosts[i].details, false);
    for (size_t i = 0; i < p->lacking->list.n; i++) {
        struct hc_host *h = &p->lacking->list.hosts[i];
        struct hc_ecs_host left;
        enum hc_take take;
        size_t share;

        h->takes = false;
        if (!placed_is_counted(p, h) || h->details == NULL ||
            !hc_measure_counts(h, &p->of))
            continue;
        share = placed_share(to, h->details->provider);
        left = hc_claims_left(r, in->service, h);
        take = hc_placement_take(&task, &left, false, &why);
        /* Whether ECS heeds the architecture is not documented. */
        h->takes = take != TAKE_NO || why.code == TAKE_ARCHITECTURE;
        if (take == TAKE_YES && placed_needs_younger(in, h->details)) {
            younger = true;
            if (placed_was_passed(r, in, h, younger_of[share]))
                take = hc_placement_pass(&why);
        }
        hc_placement_add(to, share, take, &why);
        placed_tell(told, h, take, &why);
    }
    return younger;
}

static bool placed_is_due(const struct hc_fact_hosts *list)
{
    return placed_has(&list->fact) && list->list.n > 0 &&
           !placed_has(&list->details);
}

/* The hosts that run the task are described only where their providers or what
 * else the rule asks of them decides whether they count. */
static bool placed_all_due(struct hc_run *r, const struct placed *p)
{
    return !hc_plan_input_tells(r, p->all, &p->of);
}

/* Two lists a moment apart may differ by a host that left: the tasks that run
 * are a second witness of how many hosts have one.  No answer says whose host
 * it was: each of several providers may have lost it. */
static void placed_cut(struct hc_placement *to, int64_t running)
{
    int64_t more = to->run - running;

    if (running < 0 || more <= 0)
        return;
    to->run = running;
    for (size_t i = 0; i < to->shares_n; i++) {
        int64_t *run = &to->shares[i].run;

        *run -= more < *run ? more : *run;
    }
}

/* 1: r->placement is whole, but for the younger hosts, which *younger asks for;
 * 0: something is not read yet; or HEADCOUNT_ENOMEM. */
static int placed_make(struct hc_run *r, const struct hc_plan_input *in,
                        const struct placed *p, bool *younger)
{
    struct hc_placement *to = &r->placement;

    *younger = false;
    if (!placed_has(&p->all->fact) || !placed_has(&p->lacking->fact) ||
        placed_all_due(r, p) || placed_is_due(p->lacking) ||
        (p->lacking->list.n > 0 && p->definition != NULL &&
         !placed_has(&p->definition->fact)))
        return 0;
    if (to->shares == NULL)
        to->shares = hc_arena_zero(&r->facts.arena,
                                   HC_ECS_SHARES * sizeof(*to->shares));
    if (to->shares == NULL ||
        (p->definition != NULL &&
         hc_facts_read_needs(&r->facts, p->definition) < 0))
        return HEADCOUNT_ENOMEM;
    *to = (struct hc_placement){ .shares = to->shares };
    if (!placed_shares(r, in, to))
        return 0;
    *younger = placed_count(r, in, p, to, NULL) && p->younger != NULL &&
               !placed_has(&p->younger->fact);
    to->listed = to->run;
    placed_cut(to, in->service->running);
    return 1;
}

int hc_placed_input(struct hc_run *r, struct hc_plan_input *in)
{
    struct placed p;
    bool younger;
    int made;

    in->placed_not_saved = r->placed_not_saved && !in->wish->rule.placeable;
    /* Most runs never ask: they do not even look for the facts. */
    if (!r->placing && r->taken == 0)
        return 0;
    if (!placed_find(r, in, &p))
        return HEADCOUNT_ENOMEM;
    made = placed_make(r, in, &p, &younger);
    if (made > 0 && !younger) {
        in->placement = &r->placement;
        /* The count follows from these hosts, too: when one of them takes its
         * task, another count is right, and nobody undid ours. */
        r->print += hc_measure_print(&p.lacking->list, NULL) +
                    (uint64_t)r->placement.can;
    }
    return made < 0 ? made : 0;
}

int hc_placed_hosts(struct hc_run *r, const struct hc_plan_input *in,
                    struct headcount_placement *to)
{
    struct hc_placement counted = { .shares = NULL };
    struct placed_told told = { .arena = &r->facts.arena };
    struct placed p;

    if (!placed_find(r, in, &p))
        return HEADCOUNT_ENOMEM;
    told.hosts = hc_arena_zero(told.arena,
                               (p.all->list.n + 1) * sizeof(*told.hosts));
    counted.shares = hc_arena_zero(told.arena,
                                   HC_ECS_SHARES * sizeof(*counted.shares));
    if (told.hosts == NULL || counted.shares == NULL ||
        !placed_shares(r, in, &counted))
        return HEADCOUNT_ENOMEM;
    placed_count(r, in, &p, &counted, &told);
    if (!placed_sort(&told))
        return HEADCOUNT_ENOMEM;
    to->hosts = told.hosts;
    to->hosts_n = told.n;
    return 0;
}

int hc_placed_claim(struct hc_run *r, const struct hc_plan_input *in)
{
    struct placed p;

    if (in->placement == NULL ||
        (in->scaled != KNOWN_YES && !in->wish->rule.placeable))
        return 0;
    if (!placed_find(r, in, &p))
        return HEADCOUNT_ENOMEM;
    if (p.definition == NULL || p.definition->needs == NULL)
        return 0;
    return hc_claims_add(r, &(struct hc_claim){
        .service = in->service, .needs = p.definition->needs,
        .hosts = &p.lacking->list
    });
}

/* ---- the next exchange ---- */

static struct hc_fact *placed_next_tasks(struct hc_exchange *x,
                                         struct hc_fact_tasks *t)
{
    if (placed_has(&t->fact))
        hc_exchange_set(x, &hc_exchange_task_details, &t->details, t);
    else
        hc_exchange_set(x, &hc_exchange_tasks, &t->fact, t);
    return x->fact;
}

/* The next exchange about the hosts that lack the task; NULL: they are known
 * and described. */
static struct hc_fact *placed_next_lacking(struct hc_exchange *x,
                                           const struct placed *p)
{
    if (!placed_has(&p->lacking->fact) && p->tasks != NULL)
        return placed_next_tasks(x, p->tasks);
    if (!placed_has(&p->lacking->fact))
        hc_exchange_set(x, &hc_exchange_host_arns, &p->lacking->fact,
                        p->lacking);
    else if (placed_is_due(p->lacking))
        hc_exchange_set(x, &hc_exchange_host_details, &p->lacking->details,
                        p->lacking);
    else
        return NULL;
    return x->fact;
}

struct hc_fact *hc_placed_next(struct hc_run *r, struct hc_exchange *x,
                               const struct hc_plan_input *in)
{
    struct placed p;
    bool younger;

    r->placing = true;
    if (!placed_find(r, in, &p))
        return NULL;
    if (!placed_has(&p.all->fact)) {
        p.all->by_launch = r->lists.falls_back;
        hc_exchange_set(x, &hc_exchange_host_arns, &p.all->fact, p.all);
        return &p.all->fact;
    }
    if (placed_all_due(r, &p))
        return hc_plan_input_describe(r, x, p.all, &p.of);
    if (placed_next_lacking(x, &p) != NULL)
        return x->fact;
    if (p.lacking->list.n > 0 && p.definition != NULL &&
        !placed_has(&p.definition->fact)) {
        hc_exchange_set(x, &hc_exchange_task_definition,
                        &p.definition->fact, p.definition);
        return &p.definition->fact;
    }
    if (placed_make(r, in, &p, &younger) <= 0 || !younger)
        return NULL;                        /* there was no memory */
    if (p.tasks != NULL && !placed_tasks_known(p.tasks))
        return placed_next_tasks(x, p.tasks);
    if (p.tasks != NULL) {                  /* when did its hosts come? */
        hc_exchange_set(x, &hc_exchange_host_details, &p.all->details, p.all);
        return &p.all->details;
    }
    hc_exchange_set(x, &hc_exchange_host_arns, &p.younger->fact, p.younger);
    return &p.younger->fact;
}

/* ---- for a first look ---- */

static bool placed_lacks_never(const struct hc_run *r, const struct placed *p)
{
    return p->lacking->fact.state == FACT_FAILED ||
           (p->tasks != NULL && (p->tasks->fact.state == FACT_FAILED ||
                                 p->tasks->details.state == FACT_FAILED)) ||
           (r->taken != 0 && !placed_has(&p->lacking->fact));
}

/* A host that is described has a name that a person knows.  More hosts than one
 * call describes are not worth further calls, and neither is a refusal. */
int hc_placed_input_lacking(struct hc_run *r, struct hc_plan_input *in)
{
    struct placed p;

    if (!placed_find(r, in, &p))
        return HEADCOUNT_ENOMEM;
    if (placed_lacks_never(r, &p))
        in->lacks_task = KNOWN_NEVER;
    if (!placed_has(&p.lacking->fact) ||
        (p.lacking->details.state == FACT_UNKNOWN && p.lacking->list.n > 0 &&
         p.lacking->list.n <= HC_ECS_BATCH))
        return 0;
    in->lacks_task = KNOWN_YES;
    in->lacking = &p.lacking->list;
    return 0;
}

struct hc_fact *hc_placed_next_lacking(struct hc_run *r, struct hc_exchange *x,
                                       const struct hc_plan_input *in)
{
    struct placed p;

    return placed_find(r, in, &p) ? placed_next_lacking(x, &p) : NULL;
}
