/* op/op.c - one op of any kind: new, start, run, cancel, free, and its outcome.
 *
 * An op_class has what is particular to a kind; this file names none.
 *
 * No function of the owner is called while an op runs.  An op that needs its
 * owner, or is done, joins a list, and headcount_next gives it out when step is
 * over: so the owner may free it at once, and nothing here touches it later.
 */
#include "op/op.h"

#include <stddef.h>
#include <string.h>

#define OP_ARENA ((size_t)256 << 20)

/* Behind the struct of the op: the texts of most calls and their timings fit in
 * here. */
#define OP_ROOM ((size_t)512)

/* Bytes of an op of this class, its room apart. */
static size_t op_size(const struct op_class *class)
{
    const size_t align = _Alignof(max_align_t);

    return (class->size + align - 1) / align * align;
}

/* ---- its outcome ---- */

/* Lists the op for headcount_next.  The owner of a child is its parent: that
 * one runs and looks at the child, and the caller never sees the child
 * itself. */
static void op_changed(headcount_op *op)
{
    headcount *h = op->h;

    if (op->parent != NULL) {
        hc_job_wake(&op->parent->job);
        return;
    }
    op->is_changed = true;
    op->changed_next = NULL;
    op->changed_prev = h->changed_last;
    if (h->changed_last != NULL)
        h->changed_last->changed_next = op;
    else
        h->changed = op;
    h->changed_last = op;
}

void hc_op_unqueue_changed(headcount_op *op)
{
    headcount *h = op->h;

    if (!op->is_changed)
        return;
    if (op->changed_prev != NULL)
        op->changed_prev->changed_next = op->changed_next;
    else
        h->changed = op->changed_next;
    if (op->changed_next != NULL)
        op->changed_next->changed_prev = op->changed_prev;
    else
        h->changed_last = op->changed_prev;
    op->is_changed = false;
}

static void op_done(headcount_op *op, int err)
{
    if (err < 0)
        hc_error_set(&op->error, err, "%s", hc_error_sentence(err));
    op->outcome.code = op->error.code;
    op->outcome.message = op->error.what;
    op->outcome.stats = op->stats;
    op->outcome.stats.elapsed_us = hc_now(&op->h->net.sys) - op->started;
    op->outcome.timings = op->timings.a;
    op->outcome.timings_n = op->timings.n;
    op->state = HEADCOUNT_DONE;
    op_changed(op);
}

/* ---- its runs ---- */

/* Nobody has set a region, so that of the EC2 instance is asked for before the
 * op starts.  If there is none, the op starts too, and says what is missing. */
static int op_locate(headcount_op *op, int64_t now)
{
    headcount *h = op->h;
    struct hc_imds_region *r = &h->client.region;
    bool waits = hc_imds_region_get(r, &op->waiter, &op->job, now) == 0;

    if (waits && now < op->deadline) {
        hc_job_at(&op->job, op->deadline);
        return 0;
    }
    op->locating = false;
    if (waits)
        return hc_error_set(&op->error, HEADCOUNT_EDEADLINE, "the deadline has "
                            "passed while waiting for the region from the "
                            "metadata of the EC2 instance: set AWS_REGION");
    if (h->config.region.n == 0 && r->text[0] != '\0') {
        h->config.region = hc_str(r->text);
        h->config.region_from = "the metadata of this EC2 instance";
    }
    return op->class->start(op);
}

/* A region of the files counts before that of the instance, so files that
 * cannot be read are an error. */
static bool op_has_to_locate(headcount_op *op)
{
    return op->class->lacks_region != NULL && op->params.region == NULL &&
           op->parent == NULL && op->h->config.region.n == 0 &&
           op->h->config.fault.code == 0 &&
           !hc_imds_region_is_off(&op->h->client.region) &&
           op->class->lacks_region(op);
}

static void op_run(struct hc_job *job, int64_t now)
{
    headcount_op *op = (headcount_op *)job;

    if (op->state != HEADCOUNT_RUNNING)    /* a late wake: its owner's turn */
        return;
    int got = op->locating ? op_locate(op, now) : 0;

    if (got == 0 && !op->locating)
        got = op->class->step(op, now);

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
    op->asking = NULL;
    hc_job_wake(&op->job);
}

/* ---- its calls ---- */

int hc_op_check_account(headcount_op *op, struct hc_str arn,
                        struct hc_str account)
{
    const char *expected = op->params.expect_account;

    if (expected == NULL || hc_str_eqz(account, expected))
        return 0;
    return hc_error_set(&op->error, HEADCOUNT_EACCOUNT,
                        "%.*s is of account %.*s, and account %s is expected "
                        "(request.expect_account)",
                        (int)(arn.n > 200 ? 200 : arn.n), arn.p,
                        HC_STR_ARG(account), expected);
}

bool hc_op_is_account(const char *text)
{
    uint64_t number;

    return strlen(text) == 12 && hc_str_u64(hc_str(text), &number);
}

int hc_op_check_params(headcount_op *op, bool has_role)
{
    const struct hc_op_params *p = &op->params;
    const char *alone = has_role                       ? NULL
                        : p->external_id != NULL       ? "external_id"
                        : p->role_session_name != NULL ? "role_session_name"
                        : p->role_duration != 0        ? "role_duration"
                                                       : NULL;

    if (alone != NULL)
        return hc_error_set(&op->error, HEADCOUNT_EARG, "request.%s is set, "
                            "and no role is assumed that it is for", alone);
    if (p->expect_account == NULL || hc_op_is_account(p->expect_account))
        return 0;
    return hc_error_set(&op->error, HEADCOUNT_EARG, "request.expect_account is "
                        "`%.80s`: an account is 12 digits", p->expect_account);
}

struct hc_role hc_op_role(const headcount_op *op, struct hc_str arn)
{
    return (struct hc_role){
        .arn = arn, .external_id = hc_str(op->params.external_id),
        .session = hc_str(op->params.role_session_name),
        .duration = op->params.role_duration,
    };
}

int hc_op_find_creds(headcount_op *op, bool live)
{
    const struct hc_role role =
        hc_op_role(op, live ? hc_str(op->params.assume_role) : HC_STR(""));
    int err = hc_op_check_params(op, op->params.assume_role != NULL);

    if (err == 0)
        op->creds = hc_client_creds(&op->h->client, &role, &op->error);
    if (err == 0 && op->creds == NULL)
        err = op->error.code;
    return err == 0 && role.arn.n > 0
               ? hc_op_check_account(op, role.arn, hc_role_account(role.arn))
               : err;
}

struct hc_call_config hc_op_call_config(headcount_op *op)
{
    return (struct hc_call_config){
        .client = &op->h->client, .creds = op->creds,
        .region = hc_str(op->params.region),
        .endpoint_url = hc_str(op->params.endpoint_url),
        .deadline = op->deadline, .stats = &op->stats,
        .timings = op->parent != NULL ? &op->parent->timings : &op->timings,
    };
}

/* Acquires an endpoint and releases it: nothing is dialled by that. */
int hc_op_check_endpoint(headcount_op *op, struct hc_str region)
{
    struct hc_endpoint_ask ask = {
        .service = hc_service_set_own(&op->h->client.services, HC_SERVICE_ECS),
        .region = region, .url = hc_str(op->params.endpoint_url),
    };
    struct hc_endpoint_slot *slot = NULL;
    int err = hc_client_fill_ask(&op->h->client, &ask, false, &op->error);

    if (err == 0)
        err = hc_client_acquire_endpoint(&op->h->client, &ask, &slot,
                                         &op->error);
    hc_client_release_endpoint(slot);
    return err;
}

struct hc_brake *hc_op_brake(headcount_op *op)
{
    return op->parent != NULL ? &op->parent->brake : &op->brake;
}

/* ---- new, start, cancel, free ---- */

const char *hc_op_text(headcount_op *op, const char *text)
{
    return text != NULL ? hc_arena_str(&op->arena, hc_str(text)).p : NULL;
}

const char *const *hc_op_texts(headcount_op *op, const char *const *texts,
                               size_t n)
{
    const char **to = hc_arena_zero(&op->arena, n * sizeof *to);

    for (size_t i = 0; to != NULL && i < n; i++)
        to[i] = hc_op_text(op, texts[i]);
    return to;
}

const void *hc_op_bytes(headcount_op *op, const void *bytes, size_t n)
{
    return bytes != NULL ? hc_arena_str(&op->arena, hc_str_n(bytes, n)).p
                         : NULL;
}

/* ---- the memory of one op for the next one ---- */

/* Attempts whose timings are kept as memory. */
#define OP_TIMINGS 8

static void op_free_memory(headcount_op *op)
{
    const struct hc_alloc *alloc = &op->h->net.sys.alloc;

    hc_timings_fini(&op->timings);
    hc_free(alloc, op, op_size(op->class) + OP_ROOM);
}

void hc_op_free_spare(headcount *h)
{
    if (h->spare != NULL)
        op_free_memory(h->spare);
    h->spare = NULL;
}

/* At most one op is kept, with memory for the timings of a few attempts. */
static void op_give_memory(headcount_op *op)
{
    headcount *h = op->h;

    if (op->class->zero == 0 || op->timings.cap > OP_TIMINGS)
        op_free_memory(op);
    else {
        hc_op_free_spare(h);
        h->spare = op;
    }
}

static headcount_op *op_take_memory(headcount *h, const struct op_class *class)
{
    headcount_op *op = h->spare;

    if (op == NULL || op->class != class)
        return hc_alloc(&h->net.sys.alloc, op_size(class) + OP_ROOM);
    const struct hc_timings timings = op->timings;

    h->spare = NULL;
    memset(op, 0, sizeof *op);
    memset(op + 1, 0, class->zero - sizeof *op);
    op->timings.a = timings.a;
    op->timings.cap = timings.cap;
    return op;
}

headcount_op *hc_op_new(headcount *h, const struct op_class *class,
                        const struct hc_op_params *params)
{
    const size_t size = op_size(class);
    headcount_op *op = op_take_memory(h, class);

    if (op == NULL)
        return NULL;
    op->h = h;
    op->class = class;
    op->state = HEADCOUNT_RUNNING;
    op->timings.alloc = &h->net.sys.alloc;
    op->timings.texts = &op->arena;
    op->brake.window = &h->written;
    op->outcome.service_code = op->outcome.request_id = "";
    op->outcome.body = "";
    op->outcome.json = "";
    op->started = hc_now(&h->net.sys);
    op->deadline = params->timeout > 0
                       ? hc_time_add(op->started, params->timeout) : HC_NEVER;
    hc_arena_init_in(&op->arena, &h->net.sys.alloc, OP_ARENA,
                     (char *)op + size, OP_ROOM);
    op->params = *params;
    op->params.region = hc_op_text(op, params->region);
    op->params.endpoint_url = hc_op_text(op, params->endpoint_url);
    op->params.assume_role = hc_op_text(op, params->assume_role);
    op->params.external_id = hc_op_text(op, params->external_id);
    op->params.role_session_name = hc_op_text(op, params->role_session_name);
    op->params.expect_account = hc_op_text(op, params->expect_account);
    hc_job_init(&op->job, &h->net.jobs, op_run);
    op->next = h->ops;
    if (h->ops != NULL)
        h->ops->prev = op;
    h->ops = op;
    return op;
}

headcount_op *hc_op_new_child(headcount_op *parent,
                              const struct op_class *class,
                              const struct hc_op_params *params)
{
    headcount_op *op = hc_op_new(parent->h, class, params);

    if (op != NULL) {
        op->parent = parent;
        op->deadline = parent->deadline;
    }
    return op;
}

int hc_op_begin(headcount_op *op, headcount_op **out,
                struct headcount_error *e)
{
    if (op == NULL || hc_arena_error(&op->arena) < 0) {
        headcount_op_free(op);
        return hc_error_set(e, HEADCOUNT_ENOMEM, "out of memory for an op");
    }
    int err = hc_op_check_process(op->h, e);

    if (err < 0) {
        headcount_op_free(op);
        return err;
    }
    hc_op_start(op);
    *out = op;
    return 0;
}

int hc_op_check_process(const headcount *h, struct headcount_error *e)
{
    if (!hc_fork_mark_is_child(&h->mark))
        return 0;
    return hc_error_set(e, HEADCOUNT_ESTATE, "process %ld opened this handle, "
                        "and this process is a fork of it: the child may only "
                        "free the handle, and opens one of its own",
                        h->mark.pid);
}

bool hc_op_end_in_child(headcount *h)
{
    if (!hc_fork_mark_is_child(&h->mark))
        return false;
    for (headcount_op *op = h->ops; op != NULL; op = op->next) {
        if (op->parent != NULL || op->state == HEADCOUNT_DONE)
            continue;
        hc_op_unqueue_changed(op);
        hc_error_reset(&op->error);
        op_done(op, hc_op_check_process(h, &op->error));
    }
    return true;
}

void hc_op_start(headcount_op *op)
{
    int err = hc_arena_error(&op->arena);

    if (err == 0 && op->class->prepare != NULL)
        err = op->class->prepare(op);
    if (err == 0) {
        op->locating = op_has_to_locate(op);
        err = op->locating ? op_locate(op, op->started)
                           : op->class->start(op);
    }
    if (err != 0)
        op_done(op, err);
}

void hc_op_end_child(headcount_op *op, headcount_op *child)
{
    if (child != NULL)
        hc_stats_move(&op->stats, &child->stats);
    headcount_op_free(child);
}

/* The op that asks may be a child of `op`: then both run again. */
void headcount_resume(headcount_op *op)
{
    headcount_op *turn = op->state == HEADCOUNT_ASKS ? op->asking : op;

    if (turn->state != HEADCOUNT_ASKS && turn->state != HEADCOUNT_PART)
        return;
    turn->class->resume(turn);
    hc_op_run_again(turn);
    if (op != turn)
        hc_op_run_again(op);
}

void headcount_cancel(headcount_op *op)
{
    if (op->state == HEADCOUNT_DONE)
        return;
    if (op->locating) {
        op_done(op, hc_error_set(&op->error, HEADCOUNT_ECANCELLED,
                                 "cancelled before any call was made"));
        return;
    }
    op->class->cancel(op);
    /* In PART the owner still looks at a cluster's result, and has to
     * resume. */
    if (op->state != HEADCOUNT_PART)
        hc_op_run_again(op);
}

void headcount_op_free(headcount_op *op)
{
    if (op == NULL)
        return;
    headcount *h = op->h;

    op->class->free(op);
    hc_waiter_leave(&op->waiter);
    hc_op_unqueue_changed(op);
    if (op->prev != NULL)
        op->prev->next = op->next;
    else
        h->ops = op->next;
    if (op->next != NULL)
        op->next->prev = op->prev;
    hc_job_fini(&op->job);
    hc_arena_fini(&op->arena);
    op_give_memory(op);
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

void *headcount_op_user(const headcount_op *op)
{
    return op->params.user;
}

int hc_op_refused(headcount *h, const char *call,
                  const struct headcount_error *e)
{
    if (e->code == 0)
        return HEADCOUNT_EARG;
    hc_log_line(&h->net.log, HEADCOUNT_LOG_ERROR, "%s: %s", call, e->what);
    return e->code;
}
