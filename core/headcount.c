/* headcount.c - the two handles: begin, wants, step, next, outcome, end; and
 * wait, which is ten lines over the rest. */
#include "op.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "net/loop.h"

#define OP_KEEP ((size_t)256 << 20)

/* ---- codes ---- */

const char *headcount_code_name(int code)
{
    return hc_error_name(code);
}

const char *headcount_version(void)
{
    return HEADCOUNT_VERSION;
}

/* What the caller's struct has of ours: the rest stays zero. */
static void take_struct(void *to, size_t size, const void *from)
{
    size_t theirs = from != NULL ? *(const size_t *)from : 0;

    if (theirs > 0)
        memcpy(to, from, theirs < size ? theirs : size);
}

/* ---- a handle ---- */

static void take_system(struct hc_system *sys, struct hc_log *log,
                        const struct headcount_system *from, int level)
{
    struct headcount_system user = { .size = 0 };

    hc_system_real(sys);
    *log = (struct hc_log){ .level = LOG_ERROR };
    take_struct(&user, sizeof user, from);
    if (level >= LOG_ERROR && level <= LOG_DEBUG)
        log->level = (enum hc_log_level)level;
    sys->ud = user.ud;
    if (user.alloc != NULL)
        sys->alloc = (struct hc_alloc){ .fn = user.alloc, .ud = user.ud };
    if (user.now != NULL)
        sys->now = user.now;
    if (user.wall != NULL)
        sys->wall = user.wall;
    if (user.random != NULL)
        sys->random = user.random;
    if (user.env != NULL)
        sys->getenv = user.env;
    log->fn = user.log;
    log->ud = user.ud;
}

static int open_parts(headcount *h, const struct headcount_config *c,
                      struct hc_error *e)
{
    const struct hc_config_options options = {
        .region = c->region, .profile = c->profile,
        .endpoint_url = c->endpoint_url, .ca_bundle = c->ca_bundle,
        .max_attempts = c->max_attempts,
    };
    const struct hc_client_config client = {
        .config = &h->config, .net = &h->net, .version = HEADCOUNT_VERSION,
        .no_sign = c->no_sign_request,
    };
    int err = hc_config_init(&h->config, &h->net.sys, &options, e);

    if (err == 0)
        err = hc_client_init(&h->client, &client, e);
    return err;
}

static int open_handle(headcount **out, const struct hc_system *sys,
                       const struct hc_log *log,
                       const struct headcount_config *c, struct hc_error *e)
{
    const struct hc_net_config net = {
        .connect_timeout = c->connect_timeout,
        .tls_timeout = c->connect_timeout,
        .first_byte_timeout = c->read_timeout,
        .between_timeout = c->read_timeout,
        .no_keep_alive = c->no_keep_alive,
        .tcp_keepalive = !c->no_tcp_keepalive,
        .dns_server = hc_str(c->dns_server),
    };
    headcount *h = hc_alloc(&sys->alloc, sizeof *h);

    if (h == NULL)
        return hc_error_set(e, HC_ENOMEM, "out of memory for a handle");
    h->no_sign = c->no_sign_request;
    int err = hc_net_init(&h->net, sys, log, &net, e);

    if (err < 0) {
        hc_free(&sys->alloc, h, sizeof *h);
        return err;
    }
    err = open_parts(h, c, e);
    if (err < 0)
        headcount_free(h);
    else
        *out = h;
    return err;
}

int headcount_new(headcount **out, const struct headcount_config *config,
                  struct headcount_error *error)
{
    struct headcount_config c = { .size = 0 };
    struct hc_system sys;
    struct hc_log log;
    struct hc_error e = { .code = 0 };

    *out = NULL;
    take_struct(&c, sizeof c, config);
    take_system(&sys, &log, c.system, c.log_level);
    int err = open_handle(out, &sys, &log, &c, &e);

    if (error != NULL) {
        *error = (struct headcount_error){ .code = e.code, .sys = e.sys };
        memcpy(error->what, e.what, sizeof error->what);
    }
    return err;
}

void headcount_free(headcount *h)
{
    if (h == NULL)
        return;
    while (h->ops != NULL)
        headcount_end(h->ops);
    hc_client_fini(&h->client);
    hc_config_fini(&h->config);
    hc_net_fini(&h->net);
    const struct hc_alloc alloc = h->net.sys.alloc;

    hc_free(&alloc, h, sizeof *h);
}

/* ---- an op: its end ---- */

static void op_changed(headcount_op *op)
{
    headcount *h = op->h;

    op->is_changed = true;
    op->changed_next = NULL;
    if (h->changed_last != NULL)
        h->changed_last->changed_next = op;
    else
        h->changed = op;
    h->changed_last = op;
}

static void op_unchange(headcount_op *op)
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

static struct headcount_stats op_stats(const struct hc_stats *from,
                                       int64_t elapsed)
{
    struct headcount_stats to = { .elapsed_us = elapsed };

#define OP_STATS(name) to.name = from->name;
    HC_STATS(OP_STATS)
#undef OP_STATS
    return to;
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
        hc_keep_zero(&op->keep, op->timings.n * sizeof *to);

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
    op->outcome.stats = op_stats(&op->stats,
                                 hc_now(&op->h->net.sys) - op->started);
    op_put_timings(op);
    op->state = HEADCOUNT_DONE;
    op_changed(op);
}

/* ---- an op: its start ---- */

static const char *op_text(headcount_op *op, const char *z)
{
    return z != NULL ? hc_keep_str(&op->keep, hc_str(z)).p : NULL;
}

static const void *op_bytes(headcount_op *op, const void *p, size_t n)
{
    return p != NULL ? hc_keep_str(&op->keep, hc_str_n(p, n)).p : NULL;
}

static const char *const *op_texts(headcount_op *op, const char *const *from,
                                   size_t n)
{
    const char **to = hc_keep_zero(&op->keep, n * sizeof *to);

    for (size_t i = 0; to != NULL && i < n; i++)
        to[i] = op_text(op, from[i]);
    return to;
}

/* An array whose elements have the size that the first one says. */
static const struct headcount_wish *
op_wishes(headcount_op *op, const struct headcount_wish *from, size_t n)
{
    struct headcount_wish *to = hc_keep_zero(&op->keep, n * sizeof *to);
    const char *at = (const char *)from;

    for (size_t i = 0; to != NULL && i < n; i++, at += from->size) {
        take_struct(&to[i], sizeof *to, at);
        to[i].service = op_text(op, to[i].service);
        to[i].where = op_text(op, to[i].where);
    }
    return to;
}

static int op_copy_request(headcount_op *op)
{
    struct headcount_request *r = &op->request;

    r->region = op_text(op, r->region);
    r->endpoint_url = op_text(op, r->endpoint_url);
    r->service = op_text(op, r->service);
    r->operation = op_text(op, r->operation);
    r->body = op_bytes(op, r->body, r->body_size);
    r->event = op_bytes(op, r->event, r->event_size);
    r->clusters = op_texts(op, r->clusters, r->clusters_n);
    r->allow = op_texts(op, r->allow, r->allow_n);
    r->wishes = op_wishes(op, r->wishes, r->wishes_n);
    return hc_keep_error(&op->keep);
}

static bool op_request_is_sound(const struct headcount_request *r)
{
    for (size_t i = 0; i < r->clusters_n; i++)
        if (r->clusters == NULL || r->clusters[i] == NULL)
            return false;
    for (size_t i = 0; i < r->allow_n; i++)
        if (r->allow == NULL || r->allow[i] == NULL)
            return false;
    if (r->wishes_n > 0 &&
        (r->wishes == NULL ||
         r->wishes->size < offsetof(struct headcount_wish, tasks)))
        return false;
    switch (r->kind) {
    case HEADCOUNT_CALL:
        return r->service != NULL && r->operation != NULL &&
               (r->body != NULL || r->body_size == 0);
    case HEADCOUNT_RECONCILE:
        return (r->event != NULL) != (r->clusters_n > 0);
    }
    return false;
}

static int op_step(headcount_op *op, int64_t now)
{
    switch (op->request.kind) {
    case HEADCOUNT_CALL:      return hc_op_call_step(op, now);
    case HEADCOUNT_RECONCILE: return hc_op_reconcile_step(op, now);
    }
    return HC_ESTATE;
}

static void op_run(struct hc_job *job, int64_t now)
{
    headcount_op *op = (headcount_op *)job;

    if (op->state != HEADCOUNT_RUNNING)
        return;
    int got = op_step(op, now);

    if (got != 0)
        op_done(op, got);
}

static int op_start(headcount_op *op)
{
    switch (op->request.kind) {
    case HEADCOUNT_CALL:      return hc_op_call_start(op);
    case HEADCOUNT_RECONCILE: return hc_op_reconcile_start(op);
    }
    return HC_EARG;
}

struct hc_call_config hc_op_call_config(headcount_op *op)
{
    struct hc_str region = hc_str(op->request.region);

    if (region.n == 0 && op->request.kind == HEADCOUNT_RECONCILE)
        region = op->as.reconcile.region;
    return (struct hc_call_config){
        .client = &op->h->client, .region = region,
        .endpoint_url = hc_str(op->request.endpoint_url),
        .deadline = op->deadline, .stats = &op->stats,
        .timings = &op->timings,
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
    op->outcome.service_code = op->outcome.request_id = "";
    op->outcome.body = "";
    op->outcome.json = "";
    op->started = hc_now(&h->net.sys);
    op->deadline = request->timeout > 0
                       ? hc_time_add(op->started, request->timeout) : HC_NEVER;
    hc_keep_init(&op->keep, &h->net.sys.alloc, OP_KEEP);
    hc_job_init(&op->job, &h->net.jobs, op_run);
    op->next = h->ops;
    if (h->ops != NULL)
        h->ops->prev = op;
    h->ops = op;
    return op;
}

int headcount_begin(headcount *h, headcount_op **out,
                    const struct headcount_request *request)
{
    struct headcount_request r = { .size = 0 };

    *out = NULL;
    take_struct(&r, sizeof r, request);
    if (!op_request_is_sound(&r))
        return HEADCOUNT_EARG;
    for (size_t i = 0; i < r.wishes_n; i++) {
        const char *at = (const char *)r.wishes + i * r.wishes->size;
        struct headcount_wish w = { .size = 0 };

        take_struct(&w, sizeof w, at);
        if (w.service == NULL)
            return HEADCOUNT_EARG;
    }
    headcount_op *op = op_new(h, &r);

    if (op == NULL)
        return HEADCOUNT_ENOMEM;
    int err = op_copy_request(op);

    if (err < 0) {
        headcount_end(op);
        return HEADCOUNT_ENOMEM;
    }
    err = op_start(op);
    if (err != 0)
        op_done(op, err);
    *out = op;
    return 0;
}

void headcount_cancel(headcount_op *op)
{
    if (op->state != HEADCOUNT_RUNNING)
        return;
    switch (op->request.kind) {
    case HEADCOUNT_CALL:      hc_op_call_cancel(op); break;
    case HEADCOUNT_RECONCILE: hc_op_reconcile_cancel(op); break;
    }
    hc_job_wake(&op->job);
}

void headcount_end(headcount_op *op)
{
    if (op == NULL)
        return;
    headcount *h = op->h;

    switch (op->request.kind) {
    case HEADCOUNT_CALL:      hc_op_call_fini(op); break;
    case HEADCOUNT_RECONCILE: hc_op_reconcile_fini(op); break;
    }
    op_unchange(op);
    if (op->prev != NULL)
        op->prev->next = op->next;
    else
        h->ops = op->next;
    if (op->next != NULL)
        op->next->prev = op->prev;
    hc_job_fini(&op->job);
    hc_timings_fini(&op->timings);
    hc_keep_fini(&op->keep);
    hc_free(&h->net.sys.alloc, op, sizeof *op);
}

/* ---- driving ---- */

size_t headcount_wants(const headcount *h, struct headcount_want *wants,
                       size_t max, int64_t *deadline)
{
    struct hc_want some[HC_LOOP_MAX];
    size_t n = hc_jobs_wants(&h->net.jobs, some, HC_LOOP_MAX, deadline);

    for (size_t i = 0; i < n && i < max && i < HC_LOOP_MAX; i++) {
        int events = some[i].events;

        wants[i] = (struct headcount_want){
            .id = some[i].id, .fd = some[i].fd,
            .events = (short)((events & HC_WATCH_READ ? POLLIN : 0) |
                              (events & HC_WATCH_WRITE ? POLLOUT : 0)),
        };
    }
    return n;
}

static int step_events(short events)
{
    int got = 0;

    if (events & (POLLIN | POLLERR | POLLHUP | POLLNVAL))
        got |= HC_WATCH_READ;
    if (events & (POLLOUT | POLLERR | POLLHUP | POLLNVAL))
        got |= HC_WATCH_WRITE;
    return got;
}

void headcount_step(headcount *h, const struct headcount_want *ready, size_t n)
{
    struct hc_want some[HC_LOOP_MAX];
    size_t used = 0;

    for (size_t i = 0; i < n && used < HC_LOOP_MAX; i++)
        if (ready[i].events != 0)
            some[used++] = (struct hc_want){
                .fd = ready[i].fd, .id = ready[i].id,
                .events = step_events(ready[i].events),
            };
    hc_jobs_step(&h->net.jobs, hc_now(&h->net.sys), some, used);
}

headcount_op *headcount_next(headcount *h)
{
    headcount_op *op = h->changed;

    if (op != NULL)
        op_unchange(op);
    return op;
}

int headcount_wait(headcount_op *op, int64_t timeout)
{
    struct hc_net *net = &op->h->net;
    int64_t now = hc_now(&net->sys);
    int64_t until = timeout < 0 ? HC_NEVER : hc_time_add(now, timeout);

    while (op->state == HEADCOUNT_RUNNING) {
        struct hc_want wants[HC_LOOP_MAX];
        int64_t deadline;
        size_t n = hc_jobs_wants(&net->jobs, wants, HC_LOOP_MAX, &deadline);
        int64_t wake = hc_time_min(deadline, until);
        int got = hc_loop_poll(wants, n, wake <= now ? 0 : wake - now);

        now = hc_now(&net->sys);
        hc_jobs_step(&net->jobs, now, wants, got < 0 ? 0 : n);
        if (got < 0 && op->state == HEADCOUNT_RUNNING)
            return got == -EINTR ? HEADCOUNT_RUNNING : HEADCOUNT_EIO;
        if (now >= until && op->state == HEADCOUNT_RUNNING)
            return HEADCOUNT_ETIMEDOUT;
    }
    return op->state;
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

void headcount_stats(const headcount *h, struct headcount_stats *out)
{
    *out = op_stats(&h->net.stats, 0);
}
