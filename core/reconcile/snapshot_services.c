/* reconcile/snapshot_services.c - the services of a snapshot.
 *
 * They are written as DescribeServices answers them, so the reader of that
 * answer reads them too. */
#include "reconcile/snapshot_services.h"

#include "ecs/arn.h"
#include "ecs/service_json.h"

static int snapshot_services_put(struct hc_facts *f, struct hc_str name,
                                 const struct hc_ecs_service *value,
                                 struct headcount_error *e)
{
    struct hc_fact_service *fact = hc_facts_service(f, name);

    if (fact == NULL)
        return hc_error_set(e, HEADCOUNT_ENOMEM, "no memory for a snapshot");
    if (fact->fact.state != FACT_UNKNOWN)
        return hc_error_set(e, HEADCOUNT_ESYNTAX, "the snapshot: it tells "
                            "twice of service \"%.*s\"", HC_STR_ARG(name));
    fact->fact.state = FACT_VALUE;
    fact->value = value;
    return 0;
}

int hc_snapshot_services(struct hc_facts *f, struct hc_str text,
                         struct headcount_error *e)
{
    struct hc_ecs_services v;
    struct hc_arn arn;
    int err;

    hc_ecs_service_json_init(&v, f->alloc, "the snapshot", HEADCOUNT_ESYNTAX,
                             text.n);
    err = hc_ecs_answer_feed(&v.answer, text, e);
    if (err == 0)
        err = hc_ecs_answer_end(&v.answer, e);
    if (err == 0 && hc_arena_join(&f->arena, &v.answer.arena) < 0)
        err = hc_error_set(e, HEADCOUNT_ESYNTAX, "the snapshot: it holds more "
                           "than \"is kept\"");
    for (size_t i = 0; err == 0 && i < v.services_n; i++)
        err = snapshot_services_put(f, v.services[i].name, &v.services[i], e);
    for (size_t i = 0; err == 0 && i < v.failures_n; i++) {
        err = hc_arn_service(&arn, v.failures[i].arn, e);
        if (err == 0)
            err = snapshot_services_put(f, arn.name, NULL, e);
    }
    hc_ecs_answer_fini(&v.answer);
    return err;
}
