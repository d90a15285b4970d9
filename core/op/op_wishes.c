/* op/op_wishes.c - wishes of a caller as the plan takes them. */
#include "op/op_wishes.h"

#include <string.h>

#include "plan/autoscaler.h"
#include "plan/hold.h"

#define OP_SHARE_MAX 1e9

/* To millionths; what no rule takes becomes -1, which is refused by name. */
static int64_t wish_share(double share)
{
    int64_t n;

    if (!(share >= 0) || share > OP_SHARE_MAX)
        return -1;
    n = (int64_t)(share * HC_RULE_ONE + 0.5);
    return share > 0 && n == 0 ? -1 : n;
}

static struct hc_ladder wish_ladder(struct hc_arena *arena,
                                    const struct headcount_rung *from,
                                    size_t n)
{
    size_t kept = n > HC_RULE_RUNGS ? 0 : n;
    struct headcount_rung *to = hc_arena_zero(arena, kept * sizeof *to);

    for (size_t i = 0; to != NULL && i < kept; i++)
        to[i] = from[i];
    return (struct hc_ladder){ to, n };
}

/* A number that is none of the enum counts ACTIVE hosts. */
static enum headcount_hosts wish_hosts(enum headcount_hosts hosts)
{
    return hosts == HEADCOUNT_REGISTERED || hosts == HEADCOUNT_CONNECTED
               ? hosts : HEADCOUNT_ACTIVE;
}

static bool wish_kind(enum headcount_rule kind, enum headcount_rule *to)
{
    *to = kind;
    return kind <= HEADCOUNT_LADDER;
}

static struct hc_rule wish_rule(struct hc_arena *arena,
                                const struct headcount_wish *w)
{
    return (struct hc_rule){
        .tasks = w->tasks, .spare = w->spare,
        .percent = wish_share(w->percent),
        .per_hosts = wish_share(w->hosts_per_task),
        .per_cpu = wish_share(w->cpu_per_task),
        .per_memory = wish_share(w->memory_per_task),
        .base = w->base, .step = w->step,
        .by_hosts = wish_ladder(arena, w->rungs, w->rungs_n),
        .by_cpu = wish_ladder(arena, w->cpu_rungs, w->cpu_rungs_n),
        .min = w->min, .has_min = w->min != 0,
        .max = w->max, .has_max = w->has_max || w->max != 0,
        .max_tasks = w->max_tasks,
        .max_step_down = w->max_step_down, .max_step_up = w->max_step_up,
        .min_age = w->min_age, .spread = w->prevent_single_point_of_failure,
    };
}

static int wish_allow(headcount_op *op, const char *const *codes, size_t n,
                      unsigned *allow)
{
    for (size_t i = 0; i < n; i++)
        if (!hc_hold_allow(hc_str(codes[i]), allow))
            return hc_error_set(&op->error, HEADCOUNT_EARG,
                                "no hold \"%s\" can be "
                                "allowed: see the holds in headcount(1)",
                                codes[i]);
    return 0;
}

/* Its limits on steps and on the age of hosts stay the wish's. */
static int wish_autoscaler(headcount_op *op, struct hc_arena *arena,
                           const struct headcount_wish *w, struct hc_wish *to)
{
    struct hc_rule given = to->rule;

    to->rule = (struct hc_rule){
        .max_tasks = given.max_tasks, .min_age = given.min_age,
        .max_step_down = given.max_step_down, .max_step_up = given.max_step_up,
    };
    return hc_autoscaler_wish(to, hc_str(w->autoscaler), arena,
                              &op->error);
}

int hc_op_take_wish(headcount_op *op, const struct headcount_reconcile *r,
                    struct hc_arena *arena, const struct headcount_wish *w,
                    struct hc_wish *to)
{
    int err = 0;

    *to = (struct hc_wish){
        .service = hc_arena_str(arena, hc_str(w->service)),
        .where = hc_arena_str(arena, hc_str(w->where)),
        .at = hc_arena_str(arena, hc_str(w->at)),
        .rule = wish_rule(arena, w),
        .by = wish_hosts(w->hosts == HEADCOUNT_ACTIVE ? r->hosts : w->hosts),
        .no_external = w->not_external, .required = w->required,
    };
    if (w->autoscaler != NULL)
        err = wish_autoscaler(op, arena, w, to);
    else if (!wish_kind(w->rule, &to->rule.kind))
        err = hc_error_set(&op->error, HEADCOUNT_EARG,
                           "rule %d is none of enum "
                           "headcount_rule",
                           (int)w->rule);
    if (err == 0)
        err = wish_allow(op, r->allow, r->allow_n, &to->allow);
    if (err == 0)
        err = wish_allow(op, w->allow, w->allow_n, &to->allow);
    return err == 0 ? hc_arena_error(arena) : err;
}

int hc_op_check_wish(const struct headcount_wish *w, struct headcount_error *e)
{
    if (w->service == NULL)
        return hc_error_set(e, HEADCOUNT_EARG, "a wish's service is NULL");
    if ((w->rungs == NULL && w->rungs_n > 0) ||
        (w->cpu_rungs == NULL && w->cpu_rungs_n > 0))
        return hc_error_set(e, HEADCOUNT_EARG, "the wish for %s has %s that "
                            "are NULL", w->service,
                            w->rungs == NULL && w->rungs_n > 0 ? "rungs"
                                                               : "cpu_rungs");
    return hc_check_texts("a wish's allow", w->allow, w->allow_n, e);
}

/* The caller's array, whose elements have the size that the first one says. */
int hc_op_put_wishes(headcount_op *op, const struct headcount_reconcile *from,
                     const struct hc_wish **wishes, size_t *n)
{
    const char *at = (const char *)from->wishes;
    int err = 0;

    if (from->policy ? from->wishes_n > 0
                     : from->wishes_n == 0 || from->wishes_n > HC_OP_WISHES)
        return hc_error_set(&op->error, HEADCOUNT_ECONFIG,
                            "%zu services are named: "
                            "it takes %s",
                            from->wishes_n,
                            from->policy ? "none beside a policy"
                                         : "1 to 10000");
    struct hc_wish *to = hc_arena_zero(&op->arena, from->wishes_n * sizeof *to);

    if (to == NULL && from->wishes_n > 0)
        return HEADCOUNT_ENOMEM;
    for (size_t i = 0; err == 0 && i < from->wishes_n; i++) {
        struct headcount_wish w = { .size = 0 };

        err = hc_take_struct(&w, &hc_form_wish, at + i * from->wishes->size,
                             &op->error);
        if (err == 0)
            err = hc_op_take_wish(op, from, &op->arena, &w, &to[i]);
    }
    *wishes = to;
    *n = from->wishes_n;
    return err;
}
