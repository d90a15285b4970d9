/* op/op.c - one op: begin, cancel, end, and what came of it. */
#include "op/op.h"

#include <string.h>

#define OP_KEEP ((size_t)256 << 20)

/* ---- its outcome ---- */

static void op_changed(headcount_op *op)
{
    headcount *h = op->h;

    if (op->parent != NULL) {
        hc_job_wake(&op->parent->job);
        return;
    }
    op->is_changed = true;
    op->changed_next = NULL;
    if (h->changed_last != NULL)
        h->changed_last->changed_next = op;
    else
        h->changed = op;
    h->changed_last = op;
}

void hc_op_unqueue_changed(headcount_op *op)
{
    headcount *h = op->h;
    headcount_op *before = NULL;

    if (!op->is_changed)
        return;
    for (headcount_op *at = h->changed; at != op; at = at->changed_next)
        before = at;
    if (before != NULL)
        before->changed_next = op->changed_next;
    else
        h->changed = op->changed_next;
    if (h->changed_last == op)
        h->changed_last = before;
    op->is_changed = false;
}

static struct headcount_timing op_timing(const struct hc_timing *t)
{
    const struct hc_marks *m = &t->marks;

    return (struct headcount_timing){
        .operation = t->operation, .host = t->host, .address = t->address,
        .attempt = t->attempt, .status = t->status,
        .reused = m->reused, .resumed = m->resumed, .start = m->start,
        .dns_start = m->dns_start, .dns_end = m->dns_end,
        .connect_start = m->connect_start, .connect_end = m->connect_end,
        .tls_start = m->tls_start, .tls_end = m->tls_end,
        .send_start = m->send_start, .send_end = m->send_end,
        .first_byte = m->first_byte, .end = m->end,
    };
}

static void op_put_timings(headcount_op *op)
{
    struct headcount_timing *to =
        hc_arena_zero(&op->arena, op->timings.n * sizeof *to);

    for (size_t i = 0; to != NULL && i < op->timings.n; i++)
        to[i] = op_timing(&op->timings.a[i]);
    op->outcome.timings = to;
    op->outcome.timings_n = to != NULL ? op->timings.n : 0;
}

static void op_done(headcount_op *op, int err)
{
    if (err < 0)
        hc_error_set(&op->error, err, "%s", hc_error_sentence(err));
    op->outcome.code = op->error.code;
    op->outcome.message = op->error.what;
    op->outcome.stats = op->stats;
    op->outcome.stats.elapsed_us = hc_now(&op->h->net.sys) - op->started;
    op_put_timings(op);
    op->state = HEADCOUNT_DONE;
    op_changed(op);
}

/* ---- its start ---- */

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

int hc_op_refused(headcount *h, const char *call,
                  const struct headcount_error *e)
{
    if (e->code == 0)
        return HEADCOUNT_EARG;
    hc_log_line(&h->net.log, HEADCOUNT_LOG_ERROR, "%s: %s", call, e->what);
    return e->code;
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
                         "wish %zu has size %zu, the first one "
                         "%zu",
                         i + 1, w.size, r->wishes->size);
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

static int op_step(headcount_op *op, int64_t now)
{
    switch (op->request.kind) {
    case HEADCOUNT_CALL:      return hc_op_call_step(op, now);
    case HEADCOUNT_FETCH:     return hc_op_fetch_step(op, now);
    case HEADCOUNT_RECONCILE: return hc_op_reconcile_step(op, now);
    case HEADCOUNT_SWEEP:     return hc_op_sweep_step(op);
    }
    return HEADCOUNT_ESTATE;
}

static void op_run(struct hc_job *job, int64_t now)
{
    headcount_op *op = (headcount_op *)job;

    if (op->state != HEADCOUNT_RUNNING)
        return;
    int got = op_step(op, now);

    if (got == HC_OP_ASKS || got == HC_OP_PART) {
        op->state = got == HC_OP_ASKS ? HEADCOUNT_ASKS : HEADCOUNT_PART;
        op_changed(op);
    } else if (got != 0) {
        op_done(op, got);
    }
}

void hc_op_run_again(headcount_op *op)
{
    hc_op_unqueue_changed(op);
    op->state = HEADCOUNT_RUNNING;
    hc_job_wake(&op->job);
}

/* On a snapshot nothing is signed. */
static int op_find_creds(headcount_op *op)
{
    struct hc_str role = hc_str(op->request.assume_role);

    if (op->request.snapshot != NULL)
        role.n = 0;
    op->creds = hc_client_creds(&op->h->client, role, &op->error);
    return op->creds == NULL ? op->error.code : 0;
}

static int op_start(headcount_op *op)
{
    int err = op_find_creds(op);

    if (err < 0)
        return err;
    switch (op->request.kind) {
    case HEADCOUNT_CALL:      return hc_op_call_start(op);
    case HEADCOUNT_FETCH:     return hc_op_fetch_start(op);
    case HEADCOUNT_RECONCILE: return hc_op_reconcile_start(op);
    case HEADCOUNT_SWEEP:     return hc_op_sweep_start(op);
    }
    return HEADCOUNT_EARG;
}

struct hc_call_config hc_op_call_config(headcount_op *op)
{
    struct hc_str region = hc_str(op->request.region);

    if (region.n == 0 && op->request.kind == HEADCOUNT_RECONCILE)
        region = op->as.reconcile.region;
    return (struct hc_call_config){
        .client = &op->h->client, .creds = op->creds, .region = region,
        .endpoint_url = hc_str(op->request.endpoint_url),
        .deadline = op->deadline, .stats = &op->stats,
        .timings = op->parent != NULL ? &op->parent->timings : &op->timings,
        .paced = op->request.kind != HEADCOUNT_CALL || op->parent != NULL,
    };
}

static headcount_op *op_new(headcount *h,
                            const struct headcount_request *request)
{
    headcount_op *op = hc_alloc(&h->net.sys.alloc, sizeof *op);

    if (op == NULL)
        return NULL;
    op->h = h;
    op->request = *request;
    op->state = HEADCOUNT_RUNNING;
    op->timings.alloc = &h->net.sys.alloc;
    op->brake.window = &h->written;
    hc_brake_limit(&op->brake, request->max_changes, request->max_falls,
                   false);
    op->outcome.service_code = op->outcome.request_id = "";
    op->outcome.body = "";
    op->outcome.json = "";
    op->started = hc_now(&h->net.sys);
    op->deadline = request->timeout > 0
                       ? hc_time_add(op->started, request->timeout) : HC_NEVER;
    hc_arena_init(&op->arena, &h->net.sys.alloc, OP_KEEP);
    hc_job_init(&op->job, &h->net.jobs, op_run);
    op->next = h->ops;
    if (h->ops != NULL)
        h->ops->prev = op;
    h->ops = op;
    return op;
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

struct hc_brake *hc_op_brake(headcount_op *op)
{
    return op->parent != NULL ? &op->parent->brake : &op->brake;
}

int headcount_limits(headcount_op *op, int64_t max_changes, int64_t max_falls)
{
    if (op->state != HEADCOUNT_ASKS)
        return HEADCOUNT_ESTATE;
    if (max_changes < 0 || max_falls < 0)
        return HEADCOUNT_EARG;
    hc_brake_limit(hc_op_brake(op), max_changes, max_falls, true);
    return 0;
}

headcount_op *hc_op_begin_part(headcount_op *parent,
                               const struct headcount_request *request)
{
    headcount_op *op = op_new(parent->h, request);

    if (op == NULL)
        return NULL;
    op->parent = parent;
    op->deadline = parent->deadline;
    int err = op_start(op);

    op_forget_callers(op);
    if (err != 0)
        op_done(op, err);
    return op;
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
    headcount_op *op = op_new(h, &r);

    if (op == NULL)
        return HEADCOUNT_ENOMEM;
    int err = op_copy_request(op);

    if (err < 0) {
        headcount_op_free(op);
        return HEADCOUNT_ENOMEM;
    }
    err = op_start(op);
    op_forget_callers(op);
    if (err != 0)
        op_done(op, err);
    *out = op;
    return 0;
}

void headcount_cancel(headcount_op *op)
{
    if (op->state == HEADCOUNT_DONE)
        return;
    switch (op->request.kind) {
    case HEADCOUNT_CALL:      hc_op_call_cancel(op); break;
    case HEADCOUNT_FETCH:     hc_op_fetch_cancel(op); break;
    case HEADCOUNT_RECONCILE: hc_op_reconcile_cancel(op); break;
    case HEADCOUNT_SWEEP:     hc_op_sweep_cancel(op); break;
    }
    if (op->state != HEADCOUNT_PART)   /* its owner has yet to resume */
        hc_op_run_again(op);
}

void headcount_op_free(headcount_op *op)
{
    if (op == NULL)
        return;
    headcount *h = op->h;

    switch (op->request.kind) {
    case HEADCOUNT_CALL:      hc_op_call_fini(op); break;
    case HEADCOUNT_FETCH:     hc_op_fetch_fini(op); break;
    case HEADCOUNT_RECONCILE: hc_op_reconcile_fini(op); break;
    case HEADCOUNT_SWEEP:     hc_op_sweep_fini(op); break;
    }
    hc_op_unqueue_changed(op);
    if (op->prev != NULL)
        op->prev->next = op->next;
    else
        h->ops = op->next;
    if (op->next != NULL)
        op->next->prev = op->prev;
    hc_job_fini(&op->job);
    hc_timings_fini(&op->timings);
    hc_arena_fini(&op->arena);
    hc_free(&h->net.sys.alloc, op, sizeof *op);
}

/* ---- what came of it ---- */

const struct headcount_outcome *headcount_outcome(const headcount_op *op)
{
    return op->state == HEADCOUNT_DONE ? &op->outcome : NULL;
}

enum headcount_state headcount_op_state(const headcount_op *op)
{
    return op->state;
}
