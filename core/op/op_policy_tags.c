/* op/op_policy_tags.c - the owner's turn, decided by the tags of services. */
#include "op/op_policy.h"

#include "op/op_wishes.h"
#include "plan/tags.h"

/* Adds the wish of one service.  A tag that does not parse holds that service
 * and no other: the owner of one service must not stop its neighbours. */
static int tags_put(struct op_reconcile *r, const char *name,
                    const struct headcount_service_fact *s)
{
    struct hc_arena *arena = &r->current->run.facts.arena;
    struct hc_wish w = { .service = HC_STR("") };
    struct headcount_error e = { 0 };
    int err = hc_tags_wish(&w, (const struct hc_ecs_tag *)s->tags, arena, &e);

    if (err == HEADCOUNT_ECONFIG) {
        w = (struct hc_wish){ .broken = hc_arena_str(arena, hc_str(e.what)) };
        err = 0;
    }
    if (err < 0)
        return err;
    w.service = hc_arena_str(arena, hc_str(name));
    w.where = hc_arena_str(arena, w.where);
    w.at = HC_STR("tags");
    w.by = r->request.hosts;
    err = hc_arena_error(arena);
    return err == 0 ? hc_op_policy_add(r, &w) : err;
}

void headcount_decide_by_tags(headcount_op *op)
{
    struct op_reconcile *r = hc_op_policy_turn(op);
    const struct headcount_tag rule = { HC_TAGS_RULE, NULL };
    struct headcount_query q = { .size = sizeof q, .tags = &rule, .tags_n = 1,
                                 .kind = HEADCOUNT_FACT_SERVICES };
    struct headcount_fact list, fact;
    struct headcount_error e = { .code = 0 };

    if (r == NULL)
        return;
    r->by_tags = true;
    int got = headcount_fact(&r->op, &q, &list, &e);

    if (got == 1)
        got = hc_op_policy_ask_services(&r->op, &list);
    q = (struct headcount_query){ .size = sizeof q,
                                  .kind = HEADCOUNT_FACT_SERVICE };
    for (size_t i = 0; got == 1 && i < (size_t)list.count; i++) {
        q.service = headcount_fact_name(&list, i);
        got = headcount_fact(&r->op, &q, &fact, &e);
        /* The service may have lost its tag since it was listed. */
        if (got == 1 && fact.service != NULL &&
            hc_tags_have_rule((const struct hc_ecs_tag *)fact.service->tags)) {
            int err = tags_put(r, q.service, fact.service);

            got = err < 0 ? err : got;
        }
    }
    if (got < 0)
        headcount_refuse(op, e.code != 0 ? e.what
                                         : "no memory for wishes of tags");
    else
        headcount_resume(op);
}
