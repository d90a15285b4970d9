/* reconcile/policy_placed.c - which hosts can take a task of a service, for a
 * policy. */
#include "reconcile/policy_placed.h"

#include "reconcile/explain.h"
#include "reconcile/plan_input.h"

static int placed_is(struct hc_fact_placed *p,
                     const struct headcount_placement *value)
{
    p->value = value;
    p->fact.state = FACT_VALUE;
    return 1;
}

/* The hosts are those that ECS would place on: no rule narrows them. */
int hc_policy_placed(struct hc_run *r, struct hc_known *k,
                     struct hc_plan_input *in, struct hc_wish *wish,
                     enum hc_plan_need *need)
{
    struct headcount_error e = { .code = 0 };
    const struct headcount_placement *value;
    int err;

    *wish = (struct hc_wish){ .service = k->placed->key.name,
                              .rule = { .placeable = true } };
    err = hc_plan_input_placement(r, in, wish, k->service, &e);
    if (err == HEADCOUNT_ENOMEM)
        return err;
    if (err < 0) {
        hc_facts_fail(&r->facts, &k->placed->fact, "filter", e.what);
        return 0;
    }
    if (in->placement != NULL) {
        value = hc_explain_placement(r, in);
        return value != NULL ? placed_is(k->placed, value) : HEADCOUNT_ENOMEM;
    }
    *need = in->lacks_definition ? PLAN_NEEDS_DEFINITION : PLAN_NEEDS_PLACED;
    /* A service that ECS keeps itself, or that runs on Fargate, or of which an
     * answer leaves open where it runs. */
    return !hc_plan_has_hosts(in) || k->service->unclear != NULL ||
                   (!in->lacks_definition &&
                    (in->moving || in->unclear != NULL))
               ? placed_is(k->placed, NULL) : 0;
}
