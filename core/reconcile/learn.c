/* reconcile/learn.c - what ECS answered, checked against what was asked.
 *
 * An answer about another cluster, a service nobody asked for, one that is
 * left out, a page that names itself as the next: none of it becomes a fact.
 */
#include "reconcile/learn.h"

int hc_learn_feed(struct hc_reconcile *r)
{
    struct hc_str span = r->call.span;

    switch (r->ask) {
    case ASK_SERVICES:
    case ASK_UPDATE:
        return hc_ecs_services_feed(&r->view.services, span, &r->error);
    case ASK_HOSTS:
        return hc_ecs_arns_feed(&r->view.arns, span, &r->error);
    case ASK_PROVIDERS:
        return hc_ecs_host_details_feed(&r->view.details, span, &r->error);
    case ASK_CLUSTER:
        return hc_ecs_cluster_feed(&r->view.cluster, span, &r->error);
    case ASK_CAPACITY:
        return hc_ecs_providers_feed(&r->view.providers, span, &r->error);
    case ASK_TARGET:
        return hc_ecs_arns_feed(&r->view.arns, span, &r->error);
    }
    return 0;
}

static int learn_refuse(struct hc_reconcile *r, const char *what,
                         struct hc_str which)
{
    return hc_error_set(&r->error, HC_EANSWER, "%s \"%.*s\" in cluster %.*s: "
                        "nothing is made of this answer", what,
                        HC_STR_ARG(which), HC_STR_ARG(r->cluster.name));
}

/* What is read lives as long as the facts from now on. */
static int learn_keep(struct hc_reconcile *r, struct hc_keep *keep)
{
    if (hc_keep_join(&r->facts.keep, keep) == 0)
        return 0;
    return hc_error_set(&r->error, HC_EANSWER, "ECS answers more about cluster "
                        "%.*s than is kept", HC_STR_ARG(r->cluster.name));
}

static bool learn_was_asked(const struct hc_reconcile *r, struct hc_str name)
{
    for (size_t i = 0; i < r->batch_n; i++)
        if (hc_str_eq(r->batch[i], name))
            return true;
    return false;
}

/* ---- DescribeServices ---- */

/* False if the ARN is one and of another place than ours. */
static bool learn_is_ours(const struct hc_reconcile *r, struct hc_str text,
                           bool of_service)
{
    struct hc_arn arn;
    int err;

    if (text.n == 0)
        return true;
    err = of_service ? hc_arn_service(&arn, text, NULL)
                     : hc_arn_cluster(&arn, text, NULL);
    return err == 0 && hc_reconcile_is_here(r, &arn);
}

/* Its ARN, if it has one, is of the service that it is named. */
static bool learn_is_named(const struct hc_ecs_service *s)
{
    struct hc_arn arn;

    return s->arn.n == 0 || (hc_arn_service(&arn, s->arn, NULL) == 0 &&
                             hc_str_eq(arn.name, s->name));
}

static void learn_cluster_arn(struct hc_reconcile *r, struct hc_str text)
{
    if (text.n > 0 && !hc_arn_is_full(&r->cluster))
        hc_arn_cluster(&r->cluster, text, NULL);
}

static int learn_service(struct hc_reconcile *r,
                          const struct hc_ecs_service *s)
{
    struct hc_fact_service *fact;

    if (!learn_is_ours(r, s->cluster_arn, false))
        return learn_refuse(r, "ECS answered for another cluster:",
                             s->cluster_arn);
    learn_cluster_arn(r, s->cluster_arn);
    if (!learn_is_ours(r, s->arn, true) || !learn_is_named(s))
        return learn_refuse(r, "ECS answered for another place or name:",
                             s->arn);
    if (!learn_was_asked(r, s->name))
        return learn_refuse(r, "ECS answered about a service that was not "
                             "asked for,", s->name);
    fact = hc_facts_service(&r->facts, s->name);
    if (fact == NULL)
        return hc_error_set(&r->error, HC_ENOMEM, "no memory for facts");
    if (fact->fact.state != FACT_UNKNOWN)
        return learn_refuse(r, "ECS answered twice about service", s->name);
    fact->fact.state = FACT_VALUE;
    fact->value = s;
    return 0;
}

static int learn_service_failure(struct hc_reconcile *r,
                                  const struct hc_ecs_failure *f)
{
    struct hc_fact_service *fact;
    struct hc_arn arn;

    if (hc_arn_service(&arn, f->arn, NULL) < 0 ||
        !learn_was_asked(r, arn.name) ||
        !hc_reconcile_is_here(r, &arn))
        return learn_refuse(r, "ECS tells of a failure that was not asked "
                             "about,", f->arn);
    fact = hc_facts_service(&r->facts, arn.name);
    if (fact == NULL)
        return hc_error_set(&r->error, HC_ENOMEM, "no memory for facts");
    if (fact->fact.state != FACT_UNKNOWN)
        return learn_refuse(r, "ECS answered twice about service", arn.name);
    fact->fact.state = FACT_VALUE;
    if (!hc_str_eqz(f->reason, "MISSING"))
        hc_facts_fail(&r->facts, &fact->fact, f->reason.n > 0 ? f->reason.p
                                                              : "failure",
                      hc_keep_fmt(&r->facts.keep, "DescribeServices could not "
                                  "read it: %.*s %.*s", HC_STR_ARG(f->reason),
                                  HC_STR_ARG(f->detail)));
    return 0;
}

static int learn_left_out(struct hc_reconcile *r)
{
    for (size_t i = 0; i < r->batch_n; i++) {
        struct hc_fact_service *fact =
            hc_facts_service(&r->facts, r->batch[i]);

        if (fact == NULL)
            return hc_error_set(&r->error, HC_ENOMEM, "no memory for facts");
        if (fact->fact.state == FACT_UNKNOWN)
            return learn_refuse(r, "the answer to DescribeServices says "
                                 "nothing about", r->batch[i]);
    }
    return 1;
}

/* All or nothing: facts of an answer that turns out wrong are unlearned. */
static void learn_undo(struct hc_reconcile *r)
{
    for (size_t i = 0; i < r->batch_n; i++) {
        struct hc_fact_service *fact =
            hc_facts_service(&r->facts, r->batch[i]);

        if (fact != NULL)
            *fact = (struct hc_fact_service){ .name = fact->name,
                                              .next = fact->next };
    }
}

static int learn_services(struct hc_reconcile *r)
{
    struct hc_ecs_services *v = &r->view.services;
    struct hc_arn before = r->cluster;
    int err = hc_ecs_services_end(v, &r->error);

    if (err == 0)
        err = learn_keep(r, &v->keep);
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

/* ---- ListContainerInstances ---- */

static int learn_host(struct hc_reconcile *r, struct hc_str text)
{
    struct hc_arn arn;
    int err;

    if (hc_arn_instance(&arn, text, NULL) < 0 ||
        !hc_reconcile_is_here(r, &arn))
        return learn_refuse(r, "ECS listed what is no host of the cluster:",
                             text);
    err = hc_fact_hosts_add(&r->facts, r->hosts, text);
    if (err == HC_ELIMIT)
        return hc_error_set(&r->error, HC_EANSWER, "ECS lists more than %d "
                            "hosts in cluster %.*s", HC_FACTS_HOSTS,
                            HC_STR_ARG(r->cluster.name));
    return err >= 0 ? 0
                    : hc_error_set(&r->error, err, "no memory for hosts");
}

static int learn_hosts(struct hc_reconcile *r)
{
    struct hc_ecs_arns *v = &r->view.arns;
    int err = hc_ecs_arns_end(v, &r->error);

    if (err == 0 && v->next.n > 0 && hc_str_eq(v->next, r->next))
        err = learn_refuse(r, "ListContainerInstances names a page as its own "
                            "next one,", r->next);
    if (err == 0 && ++r->pages > HC_RECONCILE_PAGES)
        err = learn_refuse(r, "ListContainerInstances does not come to an "
                            "end,", v->next);
    if (err == 0)
        err = learn_keep(r, &v->keep);
    for (size_t i = 0; err == 0 && i < v->arns_n; i++)
        err = learn_host(r, v->arns[i]);
    if (err < 0)
        return err;
    r->next = v->next;
    if (r->next.n > 0)
        return 0;
    r->hosts->fact.state = FACT_VALUE;
    return 1;
}

/* ---- DescribeContainerInstances ---- */

static int learn_described(struct hc_reconcile *r, struct hc_str arn,
                            struct hc_host **found)
{
    struct hc_host *host = NULL;

    if (learn_was_asked(r, arn))
        host = hc_fact_hosts_find(r->hosts, arn);
    if (host == NULL || host->described)
        return learn_refuse(r, "DescribeContainerInstances answered about a "
                             "host that was not asked for, or twice,", arn);
    host->described = true;
    *found = host;
    return 0;
}

/* RegisterContainerInstance is not idempotent: one machine may stand there
 * under several ARNs.  1: it is the first under its id. */
static int learn_machine(struct hc_reconcile *r, struct hc_str ec2_id)
{
    struct hc_fact_hosts *ids = hc_facts_hosts(&r->facts, "ec2InstanceId",
                                               r->hosts->filter,
                                               r->hosts->sighting);

    if (ec2_id.n == 0)
        return 1;
    return ids != NULL ? hc_fact_hosts_add(&r->facts, ids, ec2_id)
                       : HC_ENOMEM;
}

static int learn_detail(struct hc_reconcile *r, const struct hc_ecs_host *h)
{
    struct hc_host *host = NULL;
    int err = learn_described(r, h->arn, &host);
    int first = 0;

    if (err < 0 || host == NULL)
        return err;
    if (h->status.n == 0)
        return learn_refuse(r, "DescribeContainerInstances left out the "
                            "status of", h->arn);
    host->provider = h->provider;
    if (hc_str_eqz(h->status, "ACTIVE"))
        first = learn_machine(r, h->ec2_id);
    if (first < 0)
        return hc_error_set(&r->error, first, "no memory for hosts");
    host->active = first > 0;
    return 0;
}

/* A host that went between the list and now is no host; any other failure is
 * one of the whole count. */
static int learn_detail_failure(struct hc_reconcile *r,
                                 const struct hc_ecs_failure *f)
{
    struct hc_host *host = NULL;

    if (!hc_str_eqz(f->reason, "MISSING"))
        return learn_refuse(r, "DescribeContainerInstances could not read",
                             f->arn);
    return learn_described(r, f->arn, &host);
}

static int learn_providers(struct hc_reconcile *r)
{
    struct hc_ecs_host_details *v = &r->view.details;
    int err = hc_ecs_host_details_end(v, &r->error);

    if (err == 0)
        err = learn_keep(r, &v->keep);
    for (size_t i = 0; err == 0 && i < v->hosts_n; i++)
        err = learn_detail(r, &v->hosts[i]);
    for (size_t i = 0; err == 0 && i < v->failures_n; i++)
        err = learn_detail_failure(r, &v->failures[i]);
    if (err == 0 && v->hosts_n + v->failures_n != r->batch_n)
        err = learn_refuse(r, "DescribeContainerInstances left out hosts, "
                            "asked from", r->batch[0]);
    if (err < 0)
        return err;
    r->host_at += r->batch_n;
    if (r->host_at < r->hosts->n)
        return 0;
    r->hosts->providers.state = FACT_VALUE;
    return 1;
}

/* ---- DescribeClusters ---- */

static int learn_cluster(struct hc_reconcile *r)
{
    struct hc_ecs_cluster *v = &r->view.cluster;
    int err = hc_ecs_cluster_end(v, &r->error);

    if (err < 0)
        return err;
    if (v->clusters_n == 0)
        return learn_refuse(r, "DescribeClusters does not know it:",
                             v->failure.reason);
    if (!learn_is_ours(r, v->arn, false) ||
        (v->arn.n == 0 && !hc_str_eq(v->name, r->cluster.name)))
        return learn_refuse(r, "ECS answered for another cluster:", v->arn);
    if (v->registered < 0 || v->status.n == 0)
        return learn_refuse(r, "DescribeClusters left out status or "
                             "registeredContainerInstancesCount of", v->arn);
    struct hc_fact_cluster *to = &r->facts.cluster[r->sighting];

    to->value = *v;
    to->fact.state = FACT_VALUE;
    *v = (struct hc_ecs_cluster){ .registered = -1 };
    learn_cluster_arn(r, to->value.arn);
    return 1;
}

/* ---- DescribeCapacityProviders ---- */

static int learn_provider(struct hc_reconcile *r,
                          const struct hc_ecs_provider *p)
{
    struct hc_fact_answer *a;

    if (!learn_was_asked(r, p->name))
        return learn_refuse(r, "ECS answered about a capacity provider that "
                            "was not asked for,", p->name);
    a = hc_facts_answer(&r->facts, &r->facts.capacity, p->name);
    if (a == NULL)
        return hc_error_set(&r->error, HC_ENOMEM, "no memory for facts");
    a->fact.state = FACT_VALUE;
    a->yes = a->yes || p->managed;
    return 0;
}

static int learn_capacity(struct hc_reconcile *r)
{
    struct hc_ecs_providers *v = &r->view.providers;
    int err = hc_ecs_providers_end(v, &r->error);

    if (err == 0)
        err = learn_keep(r, &v->keep);
    for (const struct hc_ecs_provider *p = v->providers; err == 0 && p != NULL;
         p = p->next)
        err = learn_provider(r, p);
    for (size_t i = 0; err == 0 && i < r->batch_n; i++) {
        const struct hc_fact_answer *a =
            hc_facts_answer(&r->facts, &r->facts.capacity, r->batch[i]);

        if (a == NULL)
            err = hc_error_set(&r->error, HC_ENOMEM, "no memory for facts");
        else if (a->fact.state != FACT_VALUE)
            err = learn_refuse(r, "DescribeCapacityProviders says nothing "
                               "about", r->batch[i]);
    }
    return err < 0 ? err : 1;
}

/* ---- DescribeScalableTargets ---- */

/* service/CLUSTER/SERVICE */
static bool learn_is_target(const struct hc_reconcile *r, struct hc_str id)
{
    struct hc_str cluster = r->cluster.name, service = r->batch[0];
    const struct hc_str kind = HC_STR("service/");

    return hc_str_starts(id, kind) && hc_str_ends(id, service) &&
           id.n == kind.n + cluster.n + 1 + service.n &&
           hc_str_starts(hc_str_from(id, kind.n), cluster) &&
           id.p[kind.n + cluster.n] == '/';
}

static int learn_target(struct hc_reconcile *r)
{
    struct hc_ecs_arns *v = &r->view.arns;
    struct hc_fact_answer *a =
        hc_facts_answer(&r->facts, &r->facts.targets, r->batch[0]);
    int err = hc_ecs_arns_end(v, &r->error);

    if (a == NULL)
        return hc_error_set(&r->error, HC_ENOMEM, "no memory for facts");
    if (err == 0 && (++r->pages > HC_RECONCILE_PAGES ||
                     (v->next.n > 0 && hc_str_eq(v->next, r->next))))
        err = learn_refuse(r, "DescribeScalableTargets does not come to an "
                           "end,", v->next);
    for (size_t i = 0; err == 0 && i < v->arns_n; i++)
        err = learn_is_target(r, v->arns[i])
                  ? 0 : learn_refuse(r, "Auto Scaling answered about a target "
                                     "that was not asked for,", v->arns[i]);
    if (err == 0)
        err = learn_keep(r, &v->keep);
    if (err < 0)
        return err;
    a->yes = a->yes || v->arns_n > 0;
    r->next = v->next;
    if (r->next.n > 0)
        return 0;
    a->fact.state = FACT_VALUE;
    return 1;
}

/* ---- UpdateService ---- */

/* The answer may leave out what it likes; what it says must be what was asked
 * for. */
static int learn_update(struct hc_reconcile *r)
{
    struct hc_ecs_services *v = &r->view.services;
    const struct hc_ecs_service *s = v->services;
    int err = hc_ecs_services_end(v, &r->error);

    if (err < 0)
        return err;
    if (v->services_n == 0)
        return 1;
    if (!learn_is_ours(r, s->cluster_arn, false) ||
        !learn_is_ours(r, s->arn, true) ||
        (s->name.n > 0 && !hc_str_eq(s->name, r->names[r->at].name)))
        return learn_refuse(r, "UpdateService answered about something else, "
                             "not service", r->names[r->at].name);
    if (s->desired >= 0 && s->desired != r->plan.wanted)
        return learn_refuse(r, "UpdateService answered with another count "
                             "for service", s->name);
    return 1;
}

int hc_learn_take(struct hc_reconcile *r)
{
    switch (r->ask) {
    case ASK_SERVICES:  return learn_services(r);
    case ASK_HOSTS:     return learn_hosts(r);
    case ASK_PROVIDERS: return learn_providers(r);
    case ASK_CLUSTER:   return learn_cluster(r);
    case ASK_CAPACITY:  return learn_capacity(r);
    case ASK_TARGET:    return learn_target(r);
    case ASK_UPDATE:    return learn_update(r);
    }
    return 0;
}

/* ---- what cannot be had ---- */

static void learn_fail_services(struct hc_reconcile *r, const char *code,
                                 const char *what)
{
    for (size_t i = 0; i < r->batch_n; i++) {
        struct hc_fact_service *fact =
            hc_facts_service(&r->facts, r->batch[i]);

        if (fact != NULL)
            hc_facts_fail(&r->facts, &fact->fact, code, what);
    }
}

static void learn_fail_answers(struct hc_reconcile *r,
                               struct hc_fact_answer **list, const char *code,
                               const char *what)
{
    for (size_t i = 0; i < r->batch_n; i++) {
        struct hc_fact_answer *a = hc_facts_answer(&r->facts, list,
                                                   r->batch[i]);

        if (a != NULL && a->fact.state != FACT_VALUE)
            hc_facts_fail(&r->facts, &a->fact, code, what);
    }
}

void hc_learn_fail(struct hc_reconcile *r, const char *code,
                    const char *what)
{
    switch (r->ask) {
    case ASK_SERVICES:
        learn_fail_services(r, code, what);
        break;
    case ASK_HOSTS:
        hc_facts_fail(&r->facts, &r->hosts->fact, code, what);
        break;
    case ASK_PROVIDERS:
        hc_facts_fail(&r->facts, &r->hosts->providers, code, what);
        break;
    case ASK_CLUSTER:
        hc_facts_fail(&r->facts, &r->facts.cluster[r->sighting].fact, code,
                      what);
        break;
    case ASK_CAPACITY:
        learn_fail_answers(r, &r->facts.capacity, code, what);
        break;
    case ASK_TARGET:
        learn_fail_answers(r, &r->facts.targets, code, what);
        break;
    case ASK_UPDATE:
        break;
    }
}
