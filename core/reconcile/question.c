/* reconcile/question.c - what a policy asks before it wishes. */
#include "reconcile/question.h"

#include "plan/filter.h"
#include "reconcile/learn.h"
#include "plan/measure.h"
#include "reconcile/recall.h"
#include "reconcile/reconcile.h"
#include "reconcile/settle.h"
#include "reconcile/verify.h"
#include "reconcile/wishes.h"

static bool question_has(const struct hc_fact *fact)
{
    return fact->state == FACT_VALUE;
}

/* ---- is it a question ---- */

static int question_check_hosts(const struct hc_query *q,
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

static int question_check(const struct hc_query *q, struct headcount_error *e)
{
    struct hc_arn arn;

    switch (q->kind) {
    case QUERY_CLUSTER:
    case QUERY_SERVICES:
        return 0;
    case QUERY_COUNT:
    case QUERY_HOSTS:
        return question_check_hosts(q, e);
    case QUERY_SERVICE:
        break;
    }
    return hc_arn_service(&arn, q->service, e);
}

/* ---- the facts it is made of ---- */

struct hc_measure_of hc_question_of(const struct hc_reconcile *r,
                                    const struct hc_query *q)
{
    return (struct hc_measure_of){
        .connected = q->by == HEADCOUNT_CONNECTED,
        .before = q->min_age > 0 ? hc_reconcile_wall(r) - q->min_age : 0,
    };
}

static struct hc_fact *question_hosts(struct hc_reconcile *r,
                                      const struct hc_query *q,
                                      struct hc_fact_hosts **list)
{
    struct hc_measure_of of = hc_question_of(r, q);

    *list = hc_facts_hosts(&r->facts, "ACTIVE", hc_str_trim(q->where),
                           r->question.reading);
    if (*list == NULL)
        return NULL;
    (*list)->asked = true;
    if (!question_has(&(*list)->fact) || (*list)->list.n == 0)
        return &(*list)->fact;
    return q->kind == QUERY_HOSTS || hc_measure_needs_details(&of)
               ? &(*list)->details : &(*list)->fact;
}

/* The first of its facts that is not known, or else its last. */
static struct hc_fact *question_fact(struct hc_reconcile *r,
                                     const struct hc_query *q,
                                     struct hc_known *k)
{
    struct hc_fact_cluster *cluster = &r->facts.cluster[r->question.reading];
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
        fact = question_hosts(r, q, &hosts);
        k->hosts = hosts;
        return fact;
    case QUERY_SERVICES:
        names = hc_facts_names(&r->facts, q->launch_type, q->tag_filters);
        k->names = names;
        if (names != NULL && q->recent)
            hc_recall_tagged(r, names);
        return names != NULL ? &names->fact : NULL;
    case QUERY_SERVICE:
        hc_arn_service(&arn, q->service, NULL);
        service = hc_facts_service(&r->facts, arn.name);
        k->service = service != NULL ? service->value : NULL;
        return service != NULL ? &service->fact : NULL;
    case QUERY_CLUSTER:
        break;
    }
    k->cluster = &cluster->value;
    return &cluster->fact;
}

/* ---- the owner's turn ---- */

static int question_note(struct hc_reconcile *r, const struct hc_query *q,
                         struct headcount_error *e)
{
    struct hc_question *o = &r->question;
    struct hc_arena *arena = &r->facts.arena;
    int err = hc_grow(r->facts.alloc, &o->needs, &o->needs_cap,
                      o->needs_n + 1, HC_QUESTION_NEEDS, sizeof(*o->needs));
    struct hc_query *to;

    if (err == HEADCOUNT_ELIMIT)
        return hc_error_set(e, err, "more than %d facts are asked for at once",
                            HC_QUESTION_NEEDS);
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

static int question_count(struct hc_reconcile *r, const struct hc_query *q,
                          struct hc_known *k, struct headcount_error *e)
{
    const struct hc_measure_of of = hc_question_of(r, q);
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

int hc_question_ask(struct hc_reconcile *r, const struct hc_query *q,
                    struct hc_known *known, struct headcount_error *e)
{
    int err = question_check(q, e);
    const struct hc_fact *fact;

    *known = (struct hc_known){ .count = 0 };
    if (err < 0)
        return err;
    fact = question_fact(r, q, known);
    if (fact == NULL)
        return hc_error_set(e, HEADCOUNT_ENOMEM, "no memory for facts");
    r->question.counted = r->question.counted || q->kind == QUERY_CLUSTER ||
                          q->kind == QUERY_COUNT || q->kind == QUERY_HOSTS;
    if (!question_has(fact))
        return question_note(r, q, e);
    return q->kind == QUERY_COUNT ? question_count(r, q, known, e) : 1;
}

/* ---- reading what was noted ---- */

/* Up to ten of the services that are noted and not known. */
static int question_services(struct hc_reconcile *r)
{
    const struct hc_question *o = &r->question;
    struct hc_fact_service *service;
    struct hc_arn arn;

    r->ask = ASK_SERVICES;
    r->batch_n = 0;
    for (size_t i = o->at;
         i < o->needs_n && r->batch_n < HC_ECS_BATCH_SERVICES; i++) {
        if (o->needs[i].kind != QUERY_SERVICE)
            continue;
        hc_arn_service(&arn, o->needs[i].service, NULL);
        service = hc_facts_service(&r->facts, arn.name);
        if (service == NULL)
            return HEADCOUNT_ENOMEM;
        if (service->fact.state == FACT_UNKNOWN &&
            !hc_learn_was_asked(r, service->name))
            r->batch[r->batch_n++] = service->name;
    }
    return 0;
}

static int question_begin(struct hc_reconcile *r, const struct hc_query *q,
                          const struct hc_known *k)
{
    hc_pages_reset(&r->pages);
    r->host_at = 0;
    r->reading = r->question.reading;
    switch (q->kind) {
    case QUERY_COUNT:
    case QUERY_HOSTS:
        if (k->hosts == NULL)
            break;
        r->hosts = hc_facts_hosts(&r->facts, "ACTIVE", k->hosts->filter,
                                  r->question.reading);
        r->ask = question_has(&k->hosts->fact) ? ASK_DETAILS : ASK_HOSTS;
        return r->hosts != NULL ? 0 : HEADCOUNT_ENOMEM;
    case QUERY_SERVICES:
        r->names_list = hc_facts_names(&r->facts, q->launch_type,
                                       q->tag_filters);
        r->ask = q->tag_filters.n > 0 ? ASK_TAGGED : ASK_NAMES;
        return r->names_list != NULL ? 0 : HEADCOUNT_ENOMEM;
    case QUERY_SERVICE:
        return question_services(r);
    case QUERY_CLUSTER:
        break;
    }
    r->ask = ASK_CLUSTER;
    return 0;
}

struct hc_fact *hc_question_next(struct hc_reconcile *r, int *err)
{
    struct hc_question *o = &r->question;

    *err = 0;
    for (; o->at < o->needs_n; o->at++) {
        const struct hc_query *q = &o->needs[o->at];
        struct hc_known k = { .count = 0 };
        struct hc_fact *fact = question_fact(r, q, &k);

        *err = fact == NULL ? HEADCOUNT_ENOMEM : 0;
        if (fact != NULL && !question_has(fact))
            *err = question_begin(r, q, &k);
        if (*err < 0)
            return NULL;
        if (!question_has(fact))
            return fact;
    }
    o->at = o->needs_n = 0;
    return NULL;
}

bool hc_question_is_late(const struct hc_reconcile *r)
{
    return r->read && r->taken == 0 &&
           hc_now(&r->net->sys) >
               hc_time_add(r->question.turn, HC_QUESTION_PATIENCE);
}

void hc_question_fini(struct hc_reconcile *r)
{
    struct hc_question *o = &r->question;

    hc_free(r->facts.alloc, o->needs, o->needs_cap * sizeof(*o->needs));
    *o = (struct hc_question){ .open = false };
}

/* ---- the end of the owner's turn ---- */

void hc_question_again(struct hc_reconcile *r, enum hc_reading reading,
                       int64_t now)
{
    struct hc_question *o = &r->question;

    o->open = o->again = true;
    o->reading = reading;
    o->rounds = 0;
    o->turn = now;
    r->state = RECONCILE_QUESTION;
}

static void question_end_again(struct hc_reconcile *r)
{
    r->question.open = r->question.again = false;
    r->question.at = r->question.needs_n = 0;
    r->state = RECONCILE_PLAN;
}

void hc_question_fail(struct hc_reconcile *r, const char *code,
                      const char *what)
{
    if (!r->question.again) {
        hc_settle_cluster(r, code, what);
        return;
    }
    if (r->question.reading == READING_FIRST && r->taken == 0)
        hc_verify_unanswered(r, code, what);
    else
        hc_facts_fail(&r->facts, &r->again.fact, code, what);
    question_end_again(r);
}

void hc_reconcile_refuse(struct hc_reconcile *r, const char *code,
                         const char *what)
{
    if (r->state == RECONCILE_QUESTION)
        hc_question_fail(r, code, what);
}

/* A rule that would fail the cluster at the first run fails this run, too. */
static void question_confirmed(struct hc_reconcile *r,
                               const struct hc_wish *wishes, size_t n)
{
    struct headcount_error e = { .code = 0 };
    int err = 0;

    for (size_t i = 0; err == 0 && i < n; i++)
        err = hc_rule_check(&wishes[i].rule, &e);
    if (err < 0) {
        hc_question_fail(r, "EPOLICY", e.what);
        return;
    }
    if (r->question.reading == READING_FIRST && r->taken == 0)
        hc_verify_wishes(r, wishes, n);
    else
        r->again = (struct hc_again){ { .state = FACT_VALUE }, wishes, n };
    question_end_again(r);
}

static void question_told(struct hc_reconcile *r, const struct hc_wish *wishes,
                          size_t n)
{
    struct headcount_error e = { 0 };

    if (r->question.again) {
        question_confirmed(r, wishes, n);
        return;
    }
    r->config.wishes = wishes;
    r->config.wishes_n = n;
    if (hc_wishes_take(r, &e) == 0) {
        r->question.open = false;
        r->state = RECONCILE_PLAN;
        return;
    }
    r->config.wishes_n = r->result.services_n = 0;
    hc_reconcile_refuse(r, e.code == HEADCOUNT_ENOMEM ? "ENOMEM" : "EPOLICY",
                        e.what);
}

void hc_reconcile_resume(struct hc_reconcile *r, const struct hc_wish *wishes,
                         size_t n)
{
    if (r->state != RECONCILE_QUESTION)
        return;
    if (hc_question_is_late(r)) {
        hc_reconcile_refuse(r, "EPOLICY", "the policy took more than a minute "
                            "to decide: what it was told may not be true any "
                            "more, the next run asks again");
    } else if (r->question.needs_n == 0) {
        question_told(r, wishes, n);
    } else if (++r->question.rounds > HC_QUESTION_ROUNDS) {
        hc_reconcile_refuse(r, "EPOLICY", "the policy asked for more facts "
                            "after each of 32 rounds: let it ask for what it "
                            "needs earlier");
    } else {
        r->state = RECONCILE_NEEDS;
    }
}
