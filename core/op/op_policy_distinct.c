/* op/op_policy_distinct.c - the owner's turn in a first look: a wish that only
 * looks for each service with the constraint distinctInstance. */
#include "op/op_policy.h"

#include "plan/tags.h"
#include "reconcile/policy_facts.h"

/* Adds the wish of one service, if it says distinctInstance.  A service with
 * the tag headcount:rule is adopted already: its rule is in its tags. */
static int distinct_put(struct op_reconcile *r, const char *name)
{
    const struct hc_query q = { .kind = QUERY_SERVICE,
                                .service = hc_str(name) };
    struct hc_arena *arena = &r->current->run.facts.arena;
    struct headcount_error e = { .code = 0 };
    struct hc_known known;
    struct hc_wish w = { .looks = true };
    int err = hc_policy_fact(&r->current->run, &q, &known, &e);

    if (err < 1 || known.service == NULL || !known.service->distinct)
        return err < 0 ? err : 0;
    w.service = hc_arena_str(arena, hc_str(name));
    w.at = hc_tags_have_rule(known.service->tags) ? HC_STR("tags")
                                                  : HC_STR("");
    err = hc_arena_error(arena);
    return err == 0 ? hc_op_policy_add(r, &w) : err;
}

void headcount_decide_by_distinct(headcount_op *op)
{
    struct op_reconcile *r = hc_op_policy_turn(op);
    const struct headcount_query q = { .size = sizeof q,
                                       .kind = HEADCOUNT_FACT_SERVICES };
    struct headcount_fact list;
    struct headcount_error e = { .code = 0 };

    if (r == NULL)
        return;
    int got = headcount_fact(&r->op, &q, &list, &e);

    if (got == 1) {
        r->current->run.result.services_listed = (size_t)list.count;
        got = hc_op_policy_ask_services(&r->op, &list);
    }
    for (size_t i = 0; got == 1 && i < (size_t)list.count; i++) {
        int err = distinct_put(r, headcount_fact_name(&list, i));

        got = err < 0 ? err : got;
    }
    if (got < 0)
        headcount_refuse(op, e.code != 0 ? e.what
                                         : "no memory for a first look");
    else
        headcount_resume(op);
}
