/* reconcile/exchange/services.c - DescribeServices of up to ten services.
 *
 * A service is believed where it says whose it is: its cluster's ARN, or its
 * own with the cluster in it.  An answer is believed as a whole or not at all.
 */
#include "reconcile/exchange/check.h"

static void services_put(struct hc_run *r, struct hc_exchange *x,
                         struct hc_buf *out)
{
    hc_ecs_put_describe_services(out, r->cluster.text, x->ids, x->ids_n);
}

static void services_open(struct hc_run *r, union hc_exchange_view *v)
{
    unsigned more = 0;

    if (r->config.explain != HEADCOUNT_EXPLAIN_NONE)
        more |= HC_ECS_EVENTS;
    /* A policy may ask for them, and a snapshot is to answer it. */
    if (r->full || r->config.record)
        more |= HC_ECS_DEPLOYMENTS;
    hc_ecs_services_init(&v->services, r->facts.alloc, more);
}

/* ---- the answer ---- */

/* The ARN of the service's cluster.  An answer without clusterArn may have the
 * cluster in the service's own ARN; the old form of that ARN has none. n == 0:
 * the answer says neither. */
static struct hc_str services_cluster_of(struct hc_run *r,
                                         const struct hc_ecs_service *s)
{
    struct hc_arn arn;

    if (s->cluster_arn.n > 0)
        return s->cluster_arn;
    if (hc_arn_service(&arn, s->arn, NULL) < 0 || !hc_arn_is_full(&arn) ||
        arn.cluster.n == 0)
        return HC_STR("");
    return hc_str(hc_arena_fmt(&r->facts.arena,
                               "arn:%.*s:ecs:%.*s:%.*s:cluster/%.*s",
                               HC_STR_ARG(arn.partition),
                               HC_STR_ARG(arn.region),
                               HC_STR_ARG(arn.account),
                               HC_STR_ARG(arn.cluster)));
}

/* The fact of a service about which ECS answers now.  A second answer about it
 * is refused: nothing says which of the two is right. */
static int services_fact(struct hc_run *r, struct hc_exchange *x,
                         struct hc_str name, int64_t now,
                         struct hc_fact_service **fact)
{
    *fact = hc_facts_service(&r->facts, name);
    if (*fact == NULL)
        return hc_check_no_memory(x, "facts");
    if ((*fact)->fact.state != FACT_UNKNOWN)
        return hc_check_refuse(r, x, "ECS answered twice about service", name);
    (*fact)->fact.state = FACT_VALUE;
    (*fact)->fact.at = now;
    return 0;
}

static int services_learn_one(struct hc_run *r, struct hc_exchange *x,
                              struct hc_ecs_service *s, int64_t now)
{
    struct hc_str cluster = services_cluster_of(r, s);
    struct hc_fact_service *fact;
    int err;

    if (cluster.n == 0)
        return hc_check_refuse(r, x, "ECS does not say in which cluster is "
                               "service", s->name);
    if (!hc_check_is_our_cluster(r, cluster))
        return hc_check_refuse(r, x, "ECS answered for another cluster:",
                               cluster);
    hc_check_learn_cluster(r, cluster);
    if (!hc_check_is_our_service(r, s->arn) || !hc_check_is_named(s, s->name))
        return hc_check_refuse(r, x, "ECS answered for another place or name:",
                               s->arn);
    if (!hc_check_was_asked(x, s->name))
        return hc_check_refuse(r, x, "ECS answered about a service that was "
                               "not asked for,", s->name);
    err = services_fact(r, x, s->name, now, &fact);
    if (s->status == STATUS_OTHER)
        s->status_text = hc_check_said(r, x, s->status_text);
    hc_check_tags(r, x, s->tags);
    for (struct hc_ecs_text *t = s->constraints; t != NULL; t = t->next)
        t->s = hc_check_used(r, x, t->s);
    for (struct hc_ecs_share *t = s->providers; t != NULL; t = t->next)
        t->provider = hc_check_used(r, x, t->provider);
    if (s->said.n > 0)
        s->said = hc_check_said(r, x, s->said);
    if (err == 0)
        fact->value = s;
    return err;
}

/* The reason MISSING says that there is no such service, which is a fact like
 * any other. */
static int services_learn_failure(struct hc_run *r, struct hc_exchange *x,
                                  const struct hc_ecs_failure *f, int64_t now)
{
    struct hc_fact_service *fact;
    struct hc_arn arn;
    int err;

    if (hc_arn_service(&arn, f->arn, NULL) < 0 ||
        !hc_check_was_asked(x, arn.name) || !hc_check_is_here(r, &arn))
        return hc_check_refuse(r, x, "ECS tells of a failure that was not "
                               "asked about,", f->arn);
    err = services_fact(r, x, arn.name, now, &fact);
    if (err < 0 || hc_str_eqz(f->reason, "MISSING"))
        return err;
    hc_facts_fail(&r->facts, &fact->fact,
                  f->reason.n > 0 ? hc_check_said(r, x, f->reason).p
                                    : "failure",
                  hc_arena_fmt(&r->facts.arena, "DescribeServices could not "
                               "read it: %s %s",
                               hc_check_said(r, x, f->reason).p,
                               hc_check_said(r, x, f->detail).p));
    return 0;
}

/* A service that is neither in `services` nor in `failures` is not missing: the
 * answer is not whole. */
static int services_check_whole(struct hc_run *r, struct hc_exchange *x)
{
    for (size_t i = 0; i < x->ids_n; i++) {
        const struct hc_fact_service *fact =
            hc_facts_service(&r->facts, x->ids[i]);

        if (fact == NULL)
            return hc_check_no_memory(x, "facts");
        if (fact->fact.state == FACT_UNKNOWN)
            return hc_check_refuse(r, x, "the answer to DescribeServices says "
                                   "nothing about", x->ids[i]);
    }
    return 1;
}

/* An answer that is refused leaves no fact, not even of the services that stood
 * in it before the fault. */
static void services_unlearn(struct hc_run *r, const struct hc_exchange *x)
{
    for (size_t i = 0; i < x->ids_n; i++) {
        struct hc_fact_service *fact = hc_facts_service(&r->facts, x->ids[i]);

        if (fact != NULL)
            *fact = (struct hc_fact_service){ .key = fact->key,
                                              .wish = fact->wish,
                                              .again = fact->again };
    }
}

static int services_learn(struct hc_run *r, struct hc_exchange *x, int64_t now)
{
    struct hc_ecs_services *v = &x->view.services;
    struct hc_arn before = r->cluster;
    int err = hc_check_keep(r, x);

    for (size_t i = 0; err == 0 && i < v->services_n; i++)
        err = services_learn_one(r, x, &v->services[i], now);
    for (size_t i = 0; err == 0 && i < v->failures_n; i++)
        err = services_learn_failure(r, x, &v->failures[i], now);
    if (err == 0)
        err = services_check_whole(r, x);
    if (err < 0) {
        services_unlearn(r, x);
        r->cluster = before;
    }
    return err;
}

/* ---- beside the answer ---- */

/* The handle's memory sees which count ECS shows: that tells whether our last
 * write is shown, not shown yet, or undone. */
static void services_remember(struct hc_run *r, struct hc_exchange *x,
                              int64_t now)
{
    for (size_t i = 0; i < x->ids_n; i++) {
        struct hc_memory_key key = hc_run_key(r, MEMORY_SERVICE, x->ids[i]);
        const struct hc_fact_service *s =
            hc_facts_service(&r->facts, x->ids[i]);

        if (s != NULL && s->value != NULL)
            hc_memory_saw(r->config.memory, &key, s->value->desired, now);
    }
}

static void services_fail(struct hc_run *r, struct hc_exchange *x,
                          const char *code, const char *what)
{
    for (size_t i = 0; i < x->ids_n; i++) {
        struct hc_fact_service *fact = hc_facts_service(&r->facts, x->ids[i]);

        if (fact != NULL)
            hc_facts_fail(&r->facts, &fact->fact, code, what);
    }
}

/* A service that a complete snapshot does not have does not exist. */
static int services_offline(struct hc_run *r, struct hc_exchange *x,
                            struct headcount_error *e)
{
    (void)e;
    for (size_t i = 0; r->complete && i < x->ids_n; i++) {
        struct hc_fact_service *fact = hc_facts_service(&r->facts, x->ids[i]);

        if (fact == NULL)
            return HEADCOUNT_ENOMEM;
        fact->fact.state = FACT_VALUE;
    }
    return r->complete;
}

const struct hc_exchange_class hc_exchange_services = {
    .service = HC_SERVICE_ECS,
    .operation = "DescribeServices",
    .action = "ecs:DescribeServices",
    .fact = "the service",
    .of_cluster = true,
    .resource = hc_exchange_service_resource,
    .put = services_put,
    .open = services_open,
    .learn = services_learn,
    .remember = services_remember,
    .fail = services_fail,
    .offline = services_offline
};
