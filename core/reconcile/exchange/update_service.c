/* reconcile/exchange/update_service.c - UpdateService: the count of the wish
 * at hand becomes the service's count.  This is the only write. */
#include "reconcile/exchange/check.h"
#include "reconcile/exchange/failure.h"
#include "reconcile/outcome.h"
#include "reconcile/verify.h"

/* The body has cluster, service and desiredCount, and nothing else ever.  Most
 * other members would start a deployment, and an empty list of constraints or
 * providers would remove those of the service. */
static void update_put(struct hc_run *r, struct hc_exchange *x,
                       struct hc_buf *out)
{
    hc_ecs_put_update_service(out, r->cluster.text, x->ids[0], r->plan.wanted);
}

static void update_open(struct hc_run *r, union hc_exchange_view *v)
{
    hc_ecs_updated_init(&v->services, r->facts.alloc);
}

/* The answer must be about our service and have our count: only that shows
 * that ECS took the write. */
static int update_check(struct hc_run *r, struct hc_exchange *x)
{
    const struct hc_ecs_services *v = &x->view.services;
    const struct hc_ecs_service *s = v->services;

    if (v->services_n == 0 || s->desired < 0)
        return hc_check_refuse(r, x, "UpdateService answered without the count "
                               "of service", x->ids[0]);
    if (!hc_check_is_our_cluster(r, s->cluster_arn) ||
        !hc_check_is_our_service(r, s->arn) ||
        (s->name.n > 0 && !hc_str_eq(s->name, x->ids[0])) ||
        !hc_check_is_named(s, x->ids[0]))
        return hc_check_refuse(r, x, "UpdateService answered about something "
                               "else, not service", x->ids[0]);
    if (s->desired != r->plan.wanted)
        return hc_check_refuse(r, x, "UpdateService answered with another "
                               "count for service", s->name);
    return 0;
}

static int update_learn(struct hc_run *r, struct hc_exchange *x, int64_t now)
{
    const struct hc_memory_write write = { hc_run_row(r)->desired_before,
                                           r->plan.wanted, r->print };
    int err = update_check(r, x);

    if (err < 0)
        return err;
    if (r->config.memory != NULL) {
        struct hc_memory_key key = hc_run_key(r, MEMORY_SERVICE, x->ids[0]);

        hc_memory_wrote(r->config.memory, &key, &write, now);
    }
    hc_outcome_end_place(r, true);
    hc_verify_wrote(r, now);
    return 1;
}

/* The service was deleted after it was read.  There is nothing left to write,
 * so it is skipped like a service that was missing from the start. */
static bool update_mend(struct hc_run *r, struct hc_exchange *x, int err)
{
    bool missing = hc_failure_is(x, err, "ServiceNotFoundException");

    if (!missing && !hc_failure_is(x, err, "ServiceNotActiveException"))
        return false;
    hc_outcome_settle(r, r->config.wishes[r->at].required ? HEADCOUNT_FAILED
                                                          : HEADCOUNT_SKIPPED,
                      missing ? "missing" : "inactive",
                      hc_failure_sentence(r, x, err));
    return true;
}

static void update_fail(struct hc_run *r, struct hc_exchange *x,
                        const char *code, const char *what)
{
    (void)x;
    hc_outcome_fail(r, code, what);
}

const struct hc_exchange_class hc_exchange_update_service = {
    .service = HC_SERVICE_ECS,
    .operation = "UpdateService",
    .action = "ecs:UpdateService",
    .fact = "a write",
    .writes = true,
    .of_cluster = true,
    .resource = hc_exchange_service_resource,
    .put = update_put,
    .open = update_open,
    .learn = update_learn,
    .mend = update_mend,
    .fail = update_fail
};
