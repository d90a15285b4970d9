/* op/begin.c - headcount_begin: a request is checked, copied, and becomes an op
 * of its kind.
 */
#include "op/op_call.h"
#include "op/op_cluster.h"
#include "op/op_fetch.h"
#include "op/op_sweep.h"
#include "op/op_wishes.h"

static const char *op_text(headcount_op *op, const char *z)
{
    return z != NULL ? hc_arena_str(&op->arena, hc_str(z)).p : NULL;
}

static const void *op_bytes(headcount_op *op, const void *p, size_t n)
{
    return p != NULL ? hc_arena_str(&op->arena, hc_str_n(p, n)).p : NULL;
}

static const char *const *op_texts(headcount_op *op, const char *const *from,
                                   size_t n)
{
    const char **to = hc_arena_zero(&op->arena, n * sizeof *to);

    for (size_t i = 0; to != NULL && i < n; i++)
        to[i] = op_text(op, from[i]);
    return to;
}

static const struct headcount_tag *
op_tags(headcount_op *op, const struct headcount_tag *from, size_t n)
{
    struct headcount_tag *to = hc_arena_zero(&op->arena, n * sizeof *to);

    for (size_t i = 0; to != NULL && i < n; i++)
        to[i] = (struct headcount_tag){ op_text(op, from[i].key),
                                        op_text(op, from[i].value) };
    return to;
}

static int op_copy_request(headcount_op *op)
{
    struct headcount_request *r = &op->request;

    r->region = op_text(op, r->region);
    r->endpoint_url = op_text(op, r->endpoint_url);
    r->assume_role = op_text(op, r->assume_role);
    r->service = op_text(op, r->service);
    r->operation = op_text(op, r->operation);
    if (r->kind == HEADCOUNT_CALL)
        r->body = op_bytes(op, r->body, r->body_size);
    r->event = op_bytes(op, r->event, r->event_size);
    r->snapshot = op_bytes(op, r->snapshot, r->snapshot_size);
    r->clusters = op_texts(op, r->clusters, r->clusters_n);
    r->regions = op_texts(op, r->regions, r->regions_n);
    r->roles = op_texts(op, r->roles, r->roles_n);
    r->tags = op_tags(op, r->tags, r->tags_n);
    r->allow = op_texts(op, r->allow, r->allow_n);
    r->policy_sha256 = op_text(op, r->policy_sha256);
    return hc_arena_error(&op->arena);
}

static bool op_fetch_is_sound(const struct headcount_request *r)
{
    if (r->headers == NULL && r->headers_n > 0)
        return false;
    for (size_t i = 0; i < r->headers_n; i++)
        if (r->headers[i].name == NULL || r->headers[i].value == NULL)
            return false;
    return r->url != NULL && r->assume_role == NULL &&
           (r->body != NULL || r->body_size == 0);
}

static bool op_has_texts(const char *const *texts, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (texts == NULL || texts[i] == NULL)
            return false;
    return true;
}

static bool op_sweep_is_sound(const struct headcount_request *r)
{
    for (size_t i = 0; i < r->tags_n; i++)
        if (r->tags == NULL || r->tags[i].key == NULL)
            return false;
    return op_has_texts(r->regions, r->regions_n) &&
           op_has_texts(r->roles, r->roles_n) && r->event == NULL &&
           r->snapshot == NULL && !r->record;
}

/* An array, each element of which has the size of the first. */
static bool op_wishes_are_sound(const struct headcount_request *r,
                                struct headcount_error *e)
{
    if (r->wishes_n > 0 && r->wishes == NULL)
        return false;
    for (size_t i = 0; i < r->wishes_n; i++) {
        const char *at = (const char *)r->wishes + i * r->wishes->size;
        struct headcount_wish w = { .size = 0 };

        if (hc_take_struct(&w, &hc_form_wish, at, e) < 0)
            return false;
        if (w.size != r->wishes->size) {
            hc_error_set(e, HEADCOUNT_EARG,
                         "wish %zu has size %zu, the first one %zu", i + 1,
                         w.size, r->wishes->size);
            return false;
        }
        if (!hc_op_wish_is_sound(&w))
            return false;
    }
    return true;
}

static bool op_request_is_sound(const struct headcount_request *r,
                                struct headcount_error *e)
{
    if (!op_has_texts(r->clusters, r->clusters_n) ||
        !op_has_texts(r->allow, r->allow_n) ||
        r->max_changes < 0 || r->max_falls < 0)
        return false;
    if (!op_wishes_are_sound(r, e))
        return false;
    switch (r->kind) {
    case HEADCOUNT_CALL:
        return r->service != NULL && r->operation != NULL &&
               (r->body != NULL || r->body_size == 0);
    case HEADCOUNT_FETCH:
        return op_fetch_is_sound(r);
    case HEADCOUNT_RECONCILE:
        return r->event != NULL || r->clusters_n > 0 || r->snapshot != NULL;
    case HEADCOUNT_SWEEP:
        return op_sweep_is_sound(r);
    }
    return false;
}

static const struct op_class *op_class_of(enum headcount_kind kind)
{
    switch (kind) {
    case HEADCOUNT_CALL:      return &hc_op_call_class;
    case HEADCOUNT_FETCH:     return &hc_op_fetch_class;
    case HEADCOUNT_RECONCILE: return &hc_op_reconcile_class;
    case HEADCOUNT_SWEEP:     return &hc_op_sweep_class;
    }
    return NULL;
}

/* What start has copied and is still the caller's memory. */
static void op_forget_callers(headcount_op *op)
{
    struct headcount_request *r = &op->request;

    r->wishes = NULL;
    r->method = r->url = NULL;
    r->headers = NULL;
    if (r->kind != HEADCOUNT_CALL)
        r->body = NULL;
}

int headcount_begin(headcount *h, headcount_op **out,
                    const struct headcount_request *request)
{
    struct headcount_request r = { .size = 0 };
    struct headcount_error e = { .code = 0 };

    *out = NULL;
    if (hc_take_struct(&r, &hc_form_request, request, &e) < 0 ||
        !op_request_is_sound(&r, &e))
        return hc_op_refused(h, "headcount_begin", &e);
    headcount_op *op = hc_op_new(h, op_class_of(r.kind), &r);

    if (op == NULL)
        return HEADCOUNT_ENOMEM;
    if (op_copy_request(op) < 0) {
        headcount_op_free(op);
        return HEADCOUNT_ENOMEM;
    }
    hc_op_start(op);
    op_forget_callers(op);
    *out = op;
    return 0;
}
