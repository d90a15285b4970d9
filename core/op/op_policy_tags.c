/* op/op_policy_tags.c - the owner's turn, decided by the tags of services. */
#include "op/op_policy.h"

#include "op/op_wishes.h"
#include "plan/tags.h"

/* Adds the wish of one service.  A tag that does not parse holds that service
 * and no other: the owner of one service must not stop its neighbours. */
static int tags_put(struct op_reconcile *r, const char *name,
                    const struct hc_ecs_tag *tags)
{
    struct hc_arena *arena = &r->current->run.facts.arena;
    struct hc_wish w = { .service = HC_STR("") };
    struct headcount_error e = { 0 };
    int err = hc_tags_wish(&w, tags, arena, &e);

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

/* NULL: it has none, or there is no such service. */
static const struct hc_ecs_tag *op_tags_of(const struct headcount_fact *fact)
{
    return fact->service != NULL
               ? (const struct hc_ecs_tag *)fact->service->tags : NULL;
}

static void tags_end(headcount_op *op, int got, const struct headcount_error *e)
{
    if (got < 0)
        headcount_refuse(op, e->code != 0 ? e->what
                                          : "no memory for wishes of tags");
    else
        headcount_resume(op);
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
        if (got == 1 && hc_tags_have_rule(op_tags_of(&fact))) {
            int err = tags_put(r, q.service, op_tags_of(&fact));

            got = err < 0 ? err : got;
        }
    }
    tags_end(op, got, &e);
}

/* ---- before a tag is there ---- */

/* The wish that the service will have once it has the tag. */
static int adopted_put(struct op_reconcile *r, const char *name,
                       const struct hc_ecs_tag *tags)
{
    struct hc_ecs_tag rule = { HC_STR(HC_TAGS_RULE), HC_STR("per-host"), NULL };

    if (hc_tags_have_rule(tags))
        return tags_put(r, name, tags);
    for (const struct hc_ecs_tag *t = tags; t != NULL; t = t->next) {
        struct hc_ecs_tag *copy =
            hc_arena_zero(&r->current->run.facts.arena, sizeof *copy);

        if (copy == NULL)
            return HEADCOUNT_ENOMEM;
        *copy = (struct hc_ecs_tag){ t->key, t->value, rule.next };
        rule.next = copy;
    }
    return tags_put(r, name, &rule);
}

void headcount_decide_by_adopted(headcount_op *op, const char *const *services,
                                 size_t n)
{
    struct op_reconcile *r = hc_op_policy_turn(op);
    struct headcount_query q = { .size = sizeof q,
                                 .kind = HEADCOUNT_FACT_SERVICE };
    struct headcount_fact fact;
    struct headcount_error e = { .code = 0 };
    bool known = true;
    int got = 0;

    if (r == NULL)
        return;
    /* Each is asked for before one is needed: ten are described per call. */
    for (size_t i = 0; got >= 0 && i < n; i++) {
        q.service = services[i];
        got = headcount_fact(&r->op, &q, &fact, &e);
        known = known && got == 1;
        if (known)
            got = adopted_put(r, services[i], op_tags_of(&fact));
    }
    tags_end(op, got, &e);
}
