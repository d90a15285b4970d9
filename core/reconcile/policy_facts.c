/* reconcile/policy_facts.c - what a policy asks before it wishes. */
#include "reconcile/policy_facts.h"

#include "plan/filter.h"
#include "reconcile/exchange/exchange.h"
#include "reconcile/outcome.h"
#include "reconcile/verify.h"
#include "reconcile/wishes.h"

static bool policy_has(const struct hc_fact *fact)
{
    return fact->state == FACT_VALUE;
}

/* ---- is it a query ---- */

static int policy_check_hosts(const struct hc_query *q,
                              struct headcount_error *e)
{
    if (q->min_age < 0)
        return hc_error_set(e, HEADCOUNT_ECONFIG, "min_age is negative");
    if (q->by == HEADCOUNT_REGISTERED &&
        (q->where.n > 0 || q->min_age > 0 || q->kind == QUERY_HOSTS))
        return hc_error_set(e, HEADCOUNT_ECONFIG,
                            "registered is one number for the "
                            "whole cluster: where, min_age and single hosts "
                            "need active or connected");
    if (hc_filter_moves(q->where))
        return hc_error_set(e, HEADCOUNT_ECONFIG,
                            "\"%.*s\" moves with tasks or "
                            "agents: a count by it would chase itself",
                            HC_STR_ARG(q->where));
    return q->where.n > 0 ? hc_filter_check(q->where, e) : 0;
}

static int policy_check(const struct hc_query *q, struct headcount_error *e)
{
    struct hc_arn arn;

    switch (q->kind) {
    case QUERY_CLUSTER:
    case QUERY_SERVICES:
        return 0;
    case QUERY_COUNT:
    case QUERY_HOSTS:
        return policy_check_hosts(q, e);
    case QUERY_SERVICE:
    case QUERY_PLACEMENT:
        break;
    }
    return hc_arn_service(&arn, q->service, e);
}

/* ---- the facts it is made of ---- */

struct hc_measure_of hc_policy_measure(const struct hc_run *r,
                                       const struct hc_query *q)
{
    return (struct hc_measure_of){
        .connected = q->by == HEADCOUNT_CONNECTED,
        .before = q->min_age > 0 ? hc_run_wall(r) - q->min_age : 0,
    };
}

static struct hc_fact *policy_hosts(struct hc_run *r,
                                    const struct hc_query *q,
                                    struct hc_fact_hosts **list)
{
    struct hc_measure_of of = hc_policy_measure(r, q);

    *list = hc_facts_hosts(&r->facts, "ACTIVE", hc_str_trim(q->where),
                           r->policy.reading);
    if (*list == NULL)
        return NULL;
    (*list)->asked = true;
    if (!policy_has(&(*list)->fact) || (*list)->list.n == 0)
        return &(*list)->fact;
    return q->kind == QUERY_HOSTS || hc_measure_needs_details(&of)
               ? &(*list)->details : &(*list)->fact;
}

struct hc_fact *hc_policy_find(struct hc_run *r, const struct hc_query *q,
                               struct hc_known *k)
{
    struct hc_fact_cluster *cluster = &r->facts.cluster[r->policy.reading];
    struct hc_fact_service *service;
    struct hc_fact_hosts *hosts;
    struct hc_fact_names *names;
    struct hc_fact *fact;
    struct hc_arn arn;

    switch (q->kind) {
    case QUERY_COUNT:
    case QUERY_HOSTS:
        if (q->by == HEADCOUNT_REGISTERED)
            break;
        fact = policy_hosts(r, q, &hosts);
        k->hosts = hosts;
        return fact;
    case QUERY_SERVICES:
        names = hc_facts_names(&r->facts, q->launch_type, q->tag_filters);
        k->names = names;
        if (names != NULL && q->recent)
            hc_exchange_tagged.recall(r, names);
        return names != NULL ? &names->fact : NULL;
    case QUERY_SERVICE:
    case QUERY_PLACEMENT:
        hc_arn_service(&arn, q->service, NULL);
        /* An ARN of another place: there is no such service here, whatever a
         * service of the same name here does. */
        if (!hc_run_is_here(r, &arn))
            return &r->facts.elsewhere;
        service = hc_facts_service(&r->facts, arn.name);
        k->service = service != NULL ? service->value : NULL;
        if (q->kind == QUERY_PLACEMENT && k->service != NULL) {
            k->placed = hc_facts_placed(&r->facts, arn.name,
                                        r->policy.reading);
            return k->placed != NULL ? &k->placed->fact : NULL;
        }
        return service != NULL ? &service->fact : NULL;
    case QUERY_CLUSTER:
        break;
    }
    k->cluster = &cluster->value;
    return &cluster->fact;
}

/* ---- its turn ---- */

static int policy_note(struct hc_run *r, const struct hc_query *q,
                       struct headcount_error *e)
{
    struct hc_policy_turn *o = &r->policy;
    struct hc_arena *arena = &r->facts.arena;
    int err = hc_grow(r->facts.alloc, &o->needs, &o->needs_cap,
                      o->needs_n + 1, HC_POLICY_NEEDS, sizeof(*o->needs));
    struct hc_query *to;

    if (err == HEADCOUNT_ELIMIT)
        return hc_error_set(e, err, "more than %d facts are asked for at once",
                            HC_POLICY_NEEDS);
    if (err < 0)
        return hc_error_set(e, err, "no memory for what a policy asks");
    to = &o->needs[o->needs_n++];
    *to = *q;
    to->where = hc_arena_str(arena, q->where);
    to->launch_type = hc_arena_str(arena, q->launch_type);
    to->tag_filters = hc_arena_str(arena, q->tag_filters);
    to->service = hc_arena_str(arena, q->service);
    return hc_arena_error(arena);
}

static int policy_count(struct hc_run *r, const struct hc_query *q,
                        struct hc_known *k, struct headcount_error *e)
{
    const struct hc_measure_of of = hc_policy_measure(r, q);
    const char *lacks = NULL;
    struct hc_measure m;
    struct hc_str who;

    if (k->hosts == NULL) {
        k->count = k->cluster->registered;
        return 1;
    }
    if (!hc_measure(&m, &k->hosts->list, &of, &lacks, &who))
        return hc_error_set(e, HEADCOUNT_EANSWER,
                            "DescribeContainerInstances says no "
                            "%s of host %.*s",
                            lacks, HC_STR_ARG(who));
    k->count = m.hosts;
    return 1;
}

int hc_policy_fact(struct hc_run *r, const struct hc_query *q,
                   struct hc_known *known, struct headcount_error *e)
{
    int err = policy_check(q, e);
    const struct hc_fact *fact;

    *known = (struct hc_known){ .count = 0 };
    if (err < 0)
        return err;
    fact = hc_policy_find(r, q, known);
    if (fact == NULL)
        return hc_error_set(e, HEADCOUNT_ENOMEM, "no memory for facts");
    r->policy.counted = r->policy.counted || q->kind == QUERY_CLUSTER ||
                        q->kind == QUERY_COUNT || q->kind == QUERY_HOSTS ||
                        q->kind == QUERY_PLACEMENT;
    if (!policy_has(fact))
        return policy_note(r, q, e);
    return q->kind == QUERY_COUNT ? policy_count(r, q, known, e) : 1;
}

/* ---- the end of its turn ---- */

bool hc_policy_is_late(const struct hc_run *r)
{
    return r->read && r->taken == 0 &&
           hc_now(&r->net->sys) >
               hc_time_add(r->policy.began, HC_POLICY_PATIENCE);
}

void hc_policy_fini(struct hc_run *r)
{
    struct hc_policy_turn *o = &r->policy;

    hc_free(r->facts.alloc, o->needs, o->needs_cap * sizeof(*o->needs));
    *o = (struct hc_policy_turn){ .open = false };
}

void hc_policy_ask_again(struct hc_run *r, enum hc_reading reading)
{
    struct hc_policy_turn *o = &r->policy;

    o->open = o->again = true;
    o->reading = reading;
    o->rounds = 0;
}

static void policy_end_again(struct hc_run *r)
{
    r->policy.open = r->policy.again = false;
    r->policy.at = r->policy.needs_n = 0;
}

/* In the look after a write the policy sees first readings, which were
 * forgotten and are read anew.  On a snapshot nothing is written, so there is
 * no such look. */
static bool policy_is_in_look(const struct hc_run *r)
{
    return r->policy.reading == READING_FIRST && r->taken == 0;
}

void hc_policy_fail(struct hc_run *r, const char *code, const char *what)
{
    if (!r->policy.again) {
        hc_outcome_fail_cluster(r, code, what);
        return;
    }
    if (policy_is_in_look(r))
        hc_verify_unanswered(r, code, what);
    else
        hc_facts_fail(&r->facts, &r->again.fact, code, what);
    policy_end_again(r);
}

/* Lets the fact of each service find the wishes for it. NULL: no memory. */
static const size_t *policy_link(struct hc_run *r,
                                 const struct hc_wish *wishes, size_t n)
{
    size_t *next = hc_arena_zero(&r->facts.arena, (n + 1) * sizeof(*next));
    struct hc_fact_service *s;
    struct hc_arn arn;

    for (s = r->facts.first[FACTS_SERVICE]; s != NULL; s = s->key.next)
        s->again = 0;
    for (size_t i = n; next != NULL && i > 0; i--) {
        if (hc_arn_service(&arn, wishes[i - 1].service, NULL) < 0)
            continue;
        s = hc_facts_service(&r->facts, arn.name);
        if (s == NULL)
            return NULL;
        next[i - 1] = s->again;
        s->again = i;
    }
    return next;
}

/* The policy's second run: its wishes are only compared, and none of them is
 * written.  A rule that would fail the cluster at the first run fails this
 * run, too. */
static void policy_confirm(struct hc_run *r, const struct hc_wish *wishes,
                           size_t n)
{
    struct headcount_error e = { .code = 0 };
    int err = 0;

    for (size_t i = 0; err == 0 && i < n; i++)
        err = hc_rule_check(&wishes[i].rule, &e);
    if (err < 0) {
        hc_policy_fail(r, "EPOLICY", e.what);
        return;
    }
    const size_t *next = policy_link(r, wishes, n);

    if (next == NULL) {
        hc_policy_fail(r, "ENOMEM", "no memory for facts");
        return;
    }
    if (policy_is_in_look(r))
        hc_verify_wishes(r, wishes);
    else
        r->again = (struct hc_again){ { .state = FACT_VALUE }, wishes, next };
    policy_end_again(r);
}

void hc_policy_end(struct hc_run *r, const struct hc_wish *wishes, size_t n)
{
    struct headcount_error e = { 0 };

    if (r->policy.again) {
        policy_confirm(r, wishes, n);
        return;
    }
    r->config.wishes = wishes;
    r->config.wishes_n = n;
    if (hc_wishes_take(r, &e) == 0) {
        r->policy.open = false;
        return;
    }
    r->config.wishes_n = r->result.services_n = 0;
    hc_policy_fail(r, e.code == HEADCOUNT_ENOMEM ? "ENOMEM" : "EPOLICY",
                   e.what);
}
