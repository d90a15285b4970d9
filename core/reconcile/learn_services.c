/* reconcile/learn_services.c - DescribeServices and UpdateService.
 *
 * A service is believed where it says whose it is: its cluster's ARN, or its
 * own with the cluster in it.
 */
#include "reconcile/learn.h"

#include "base/text.h"

/* ---- DescribeServices ---- */

/* Its ARN, if it has one, is of the service that it is named. */
static bool learn_is_named(const struct hc_ecs_service *s)
{
    struct hc_arn arn;

    return s->arn.n == 0 || (hc_arn_service(&arn, s->arn, NULL) == 0 &&
                             hc_str_eq(arn.name, s->name));
}

/* The ARN of its cluster, out of its own where it says no other; n == 0: it
 * says neither. */
static struct hc_str learn_cluster_of(struct hc_reconcile *r,
                                      const struct hc_ecs_service *s)
{
    struct hc_arn arn;

    if (s->cluster_arn.n > 0)
        return s->cluster_arn;
    if (hc_arn_service(&arn, s->arn, NULL) < 0 || !hc_arn_is_full(&arn) ||
        arn.cluster.n == 0)
        return HC_STR("");
    return hc_str(hc_arena_fmt(&r->facts.arena,
                              "arn:%.*s:ecs:%.*s:%.*s:"
                              "cluster/%.*s",
                              HC_STR_ARG(arn.partition), HC_STR_ARG(arn.region),
                              HC_STR_ARG(arn.account),
                              HC_STR_ARG(arn.cluster)));
}

static int learn_service(struct hc_reconcile *r, const struct hc_ecs_service *s)
{
    struct hc_str cluster = learn_cluster_of(r, s);
    struct hc_fact_service *fact;

    if (cluster.n == 0)
        return hc_learn_refuse(r,
                               "ECS does not say in which cluster is "
                               "service",
                               s->name);
    if (!hc_learn_is_ours(r, cluster, false))
        return hc_learn_refuse(r, "ECS answered for another cluster:", cluster);
    hc_learn_cluster_arn(r, cluster);
    if (!hc_learn_is_ours(r, s->arn, true) || !learn_is_named(s))
        return hc_learn_refuse(
            r, "ECS answered for another place or name:", s->arn);
    if (!hc_learn_was_asked(r, s->name))
        return hc_learn_refuse(r,
                               "ECS answered about a service that was not "
                               "asked for,",
                               s->name);
    fact = hc_facts_service(&r->facts, s->name);
    if (fact == NULL)
        return hc_error_set(&r->error, HEADCOUNT_ENOMEM, "no memory for facts");
    if (fact->fact.state != FACT_UNKNOWN)
        return hc_learn_refuse(r, "ECS answered twice about service", s->name);
    fact->fact.state = FACT_VALUE;
    fact->value = s;
    return 0;
}

/* What ECS says of a failure, as it may be shown. */
static const char *learn_said(struct hc_reconcile *r, struct hc_str s)
{
    char text[512];

    hc_fmt(text, sizeof(text), "%.*s", HC_STR_ARG(s));
    hc_call_strike(&r->call, text);
    return hc_arena_fmt(&r->facts.arena, "%s", text);
}

static int learn_service_failure(struct hc_reconcile *r,
                                 const struct hc_ecs_failure *f)
{
    struct hc_fact_service *fact;
    struct hc_arn arn;

    if (hc_arn_service(&arn, f->arn, NULL) < 0 ||
        !hc_learn_was_asked(r, arn.name) || !hc_reconcile_is_here(r, &arn))
        return hc_learn_refuse(r,
                               "ECS tells of a failure that was not asked "
                               "about,",
                               f->arn);
    fact = hc_facts_service(&r->facts, arn.name);
    if (fact == NULL)
        return hc_error_set(&r->error, HEADCOUNT_ENOMEM, "no memory for facts");
    if (fact->fact.state != FACT_UNKNOWN)
        return hc_learn_refuse(r, "ECS answered twice about service", arn.name);
    fact->fact.state = FACT_VALUE;
    if (!hc_str_eqz(f->reason, "MISSING"))
        hc_facts_fail(
            &r->facts, &fact->fact,
            f->reason.n > 0 ? learn_said(r, f->reason) : "failure",
            hc_arena_fmt(&r->facts.arena,
                        "DescribeServices could not "
                        "read it: %s %s",
                        learn_said(r, f->reason), learn_said(r, f->detail)));
    return 0;
}

static int learn_left_out(struct hc_reconcile *r)
{
    for (size_t i = 0; i < r->batch_n; i++) {
        struct hc_fact_service *fact = hc_facts_service(&r->facts, r->batch[i]);

        if (fact == NULL)
            return hc_error_set(&r->error, HEADCOUNT_ENOMEM,
                                "no memory for facts");
        if (fact->fact.state == FACT_UNKNOWN)
            return hc_learn_refuse(r,
                                   "the answer to DescribeServices says "
                                   "nothing about",
                                   r->batch[i]);
    }
    return 1;
}

/* All or nothing: facts of an answer that turns out wrong are unlearned. */
static void learn_undo(struct hc_reconcile *r)
{
    for (size_t i = 0; i < r->batch_n; i++) {
        struct hc_fact_service *fact = hc_facts_service(&r->facts, r->batch[i]);

        if (fact != NULL)
            *fact = (struct hc_fact_service){ .name = fact->name,
                                              .next = fact->next };
    }
}

int hc_learn_services(struct hc_reconcile *r)
{
    struct hc_ecs_services *v = &r->view.services;
    struct hc_arn before = r->cluster;
    int err = hc_ecs_services_end(v, &r->error);

    if (err == 0)
        err = hc_learn_keep(r, &v->arena);
    for (size_t i = 0; err == 0 && i < v->services_n; i++)
        err = learn_service(r, &v->services[i]);
    for (size_t i = 0; err == 0 && i < v->failures_n; i++)
        err = learn_service_failure(r, &v->failures[i]);
    if (err == 0)
        err = learn_left_out(r);
    if (err < 0) {
        learn_undo(r);
        r->cluster = before;
    }
    return err;
}

/* ---- UpdateService ---- */

/* The count that ECS says it took; without one the write is not known to have
 * been taken. */
int hc_learn_update(struct hc_reconcile *r)
{
    struct hc_ecs_services *v = &r->view.services;
    const struct hc_ecs_service *s = v->services;
    int err = hc_ecs_services_end(v, &r->error);

    if (err < 0)
        return err;
    if (v->services_n == 0 || s->desired < 0)
        return hc_learn_refuse(r,
                               "UpdateService answered without the count "
                               "of service",
                               r->names[r->at].name);
    if (!hc_learn_is_ours(r, s->cluster_arn, false) ||
        !hc_learn_is_ours(r, s->arn, true) ||
        (s->name.n > 0 && !hc_str_eq(s->name, r->names[r->at].name)))
        return hc_learn_refuse(r,
                               "UpdateService answered about something else, "
                               "not service",
                               r->names[r->at].name);
    if (s->desired != r->plan.wanted)
        return hc_learn_refuse(r,
                               "UpdateService answered with another count "
                               "for service",
                               s->name);
    return 1;
}
