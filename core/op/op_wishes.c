/* op/op_wishes.c - wishes of a caller as the plan takes them. */
#include "op/op_wishes.h"

#include <string.h>

#include "plan/autoscaler.h"
#include "plan/hold.h"

int hc_op_check_hosts(enum headcount_hosts hosts, struct headcount_error *e)
{
    int n = (int)hosts;

    return n >= HEADCOUNT_ACTIVE && n <= HEADCOUNT_CONNECTED
               ? 0 : hc_error_set(e, HEADCOUNT_EARG,
                                  "hosts %d is none of enum headcount_hosts",
                                  n);
}

static int wish_allow(headcount_op *op, const char *const *codes, size_t n,
                      unsigned *allow)
{
    for (size_t i = 0; i < n; i++)
        if (!hc_hold_allow(hc_str(codes[i]), allow))
            return hc_error_set(&op->error, HEADCOUNT_EARG,
                                "no hold \"%s\" can be "
                                "allowed: see headcount-holds(7)",
                                codes[i]);
    return 0;
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
        .by = w->hosts == HEADCOUNT_ACTIVE ? r->hosts : w->hosts,
        .no_external = w->not_external, .required = w->required,
    };
    hc_rule_from_wish(&to->rule, arena, w);
    if (w->autoscaler != NULL) {
        /* The autoscaler's parameters are the rule: rule members of the wish
         * itself do not matter.  The limits that the autoscaler does not have
         * stay as the wish sets them. */
        struct hc_rule given = to->rule;

        to->rule = (struct hc_rule){
            .max_tasks = given.max_tasks, .min_age = given.min_age,
            .max_step_down = given.max_step_down,
            .max_step_up = given.max_step_up,
            .placeable = given.placeable,
        };
        err = hc_autoscaler_wish(to, hc_str(w->autoscaler), arena, &op->error);
    } else if (headcount_rule_name(w->rule) == NULL)
        err = hc_error_set(&op->error, HEADCOUNT_EARG,
                           "the wish for %s: rule %d is none of enum "
                           "headcount_rule", w->service, (int)w->rule);
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
    int err = hc_check_texts("a wish's allow", w->allow, w->allow_n, e);
    struct headcount_error why = { .code = 0 };

    if (err == 0 && hc_op_check_hosts(w->hosts, &why) < 0)
        err = hc_error_set(e, HEADCOUNT_EARG, "the wish for %s: %s", w->service,
                           why.what);
    return err;
}

/* `wishes` is an array of the caller: the size of the first wish is the step
 * from one wish to the next (hc_op_request_take has checked it). */
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
