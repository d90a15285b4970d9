/* op/op_request.c - struct headcount_reconcile, as a reconcile and a sweep take
 * it. */
#include "op/op_request.h"

#include <string.h>

#include "op/op_wishes.h"

/* `wishes` is an array of the caller.  Its header may be older or newer than
 * ours, so the size of the first wish is the step from one wish to the next,
 * and all have to say that size. */
static int request_check_wishes(const struct headcount_reconcile *r,
                                struct headcount_error *e)
{
    int err = hc_check_memory("wishes", r->wishes, "wishes_n", r->wishes_n, e);

    for (size_t i = 0; err == 0 && i < r->wishes_n; i++) {
        const char *at = (const char *)r->wishes + i * r->wishes->size;
        struct headcount_wish w = { .size = 0 };
        struct headcount_error why = { .code = 0 };
        size_t size;

        /* Before anything else of it is read: a wish of another size may end
         * where the array ends. */
        memcpy(&size, at, sizeof size);
        if (size != r->wishes->size)
            return hc_error_set(e, HEADCOUNT_EARG,
                                "wish %zu has size %zu, the first one %zu",
                                i + 1, size, r->wishes->size);
        err = hc_take_struct(&w, &hc_form_wish, at, &why);
        if (err == 0)
            err = hc_op_check_wish(&w, &why);
        if (err < 0)
            hc_error_set(e, err, "wishes[%zu]: %s", i, why.what);
    }
    return err;
}

int hc_op_request_take(struct headcount_reconcile *to,
                       const struct headcount_reconcile *from,
                       struct headcount_error *e)
{
    int err = hc_take_struct(to, &hc_form_reconcile, from, e);

    if (err == 0)
        err = hc_check_memory("event", to->event, "event_size", to->event_size,
                              e);
    if (err == 0)
        err = hc_check_memory("snapshot", to->snapshot, "snapshot_size",
                              to->snapshot_size, e);
    if (err == 0)
        err = hc_check_texts("clusters", to->clusters, to->clusters_n, e);
    if (err == 0)
        err = hc_check_texts("allow", to->allow, to->allow_n, e);
    if (err == 0 && (to->max_changes < 0 || to->max_falls < 0))
        err = hc_error_set(e, HEADCOUNT_EARG,
                           "%s is negative: a limit is 0 (none) or more",
                           to->max_changes < 0 ? "max_changes" : "max_falls");
    return err == 0 ? request_check_wishes(to, e) : err;
}

/* The member of `each` that is set although the op has its own, or although it
 * is for one cluster or an event alone.  Or NULL. */
static const char *request_not_for_each(const struct headcount_reconcile *r)
{
    return r->user != NULL          ? "user"
           : r->assume_role != NULL ? "assume_role"
           : r->clusters_n > 0      ? "clusters"
           : r->event != NULL       ? "event"
           : r->snapshot != NULL    ? "snapshot"
           : r->record              ? "record"
           : r->drop_duplicates     ? "drop_duplicates"
           : r->drop_foreign        ? "drop_foreign"
           : r->swept != HEADCOUNT_SWEPT_NOT ? "swept" : NULL;
}

int hc_op_request_take_each(struct headcount_reconcile *to,
                            const struct headcount_reconcile *from,
                            const char *whose, struct headcount_error *e)
{
    int err = hc_op_request_take(to, from, e);
    const char *member = err == 0 ? request_not_for_each(to) : NULL;

    if (member != NULL)
        return hc_error_set(e, HEADCOUNT_EARG, "each->%s is set: it is not for "
                            "a %s", member, whose);
    return err;
}

struct hc_op_params hc_op_request_params(const struct headcount_reconcile *r)
{
    return (struct hc_op_params){
        .user = r->user, .region = r->region, .endpoint_url = r->endpoint_url,
        .assume_role = r->assume_role, .external_id = r->external_id,
        .role_session_name = r->role_session_name,
        .role_duration = r->role_duration,
        .expect_account = r->expect_account, .timeout = r->timeout,
    };
}

void hc_op_request_copy(headcount_op *op, struct headcount_reconcile *r)
{
    r->region = op->params.region;
    r->endpoint_url = op->params.endpoint_url;
    r->assume_role = op->params.assume_role;
    r->external_id = op->params.external_id;
    r->role_session_name = op->params.role_session_name;
    r->expect_account = op->params.expect_account;
    r->event = hc_op_bytes(op, r->event, r->event_size);
    r->snapshot = hc_op_bytes(op, r->snapshot, r->snapshot_size);
    r->clusters = hc_op_texts(op, r->clusters, r->clusters_n);
    r->allow = hc_op_texts(op, r->allow, r->allow_n);
    r->policy_sha256 = hc_op_text(op, r->policy_sha256);
    r->only = hc_op_text(op, r->only);
}

int hc_op_request_check(headcount_op *op, const struct headcount_reconcile *r)
{
    int whose = (int)r->constraints, swept = (int)r->swept;
    int explain = (int)r->explain;
    int err = hc_op_check_hosts(r->hosts, &op->error);

    if (err == 0 &&
        (swept < HEADCOUNT_SWEPT_NOT || swept > HEADCOUNT_SWEPT_FAILED))
        err = hc_error_set(&op->error, HEADCOUNT_EARG, "swept %d is none of "
                           "enum headcount_sweep_state", swept);
    if (err == 0 &&
        (explain < HEADCOUNT_EXPLAIN_NONE || explain > HEADCOUNT_EXPLAIN_ALL))
        err = hc_error_set(&op->error, HEADCOUNT_EARG, "explain %d is none of "
                           "enum headcount_explain", explain);
    if (err < 0)
        return err;
    if (whose < HEADCOUNT_CONSTRAINTS_DEFAULT ||
        whose > HEADCOUNT_CONSTRAINTS_ALL)
        return hc_error_set(&op->error, HEADCOUNT_EARG,
                            "constraints %d is none of "
                            "enum headcount_constraints",
                            whose);
    return 0;
}
