/* api/handle.c - a handle: new, wants, step, next, free; and wait, which is ten
 * lines over the rest. */
#include "op/op.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "base/text.h"
#include "net/loop.h"

#define MOST_CONNECTIONS 10000

/* ---- codes ---- */

const char *headcount_code_name(int code)
{
    return hc_error_name(code);
}

void headcount_sha256(char digits[65], const void *bytes, size_t n)
{
    unsigned char hash[HC_SHA256];

    hc_sha256_of(hash, 0, (struct hc_str){ bytes, n });
    hc_hex(digits, hash, sizeof hash);
    digits[64] = '\0';
}

size_t headcount_text_next(const void *text, size_t n, bool *seen)
{
    struct hc_str s = hc_str_n(text, n);
    size_t length = hc_text_utf8_length(s);

    *seen = length > 0 && hc_text_is_seen(hc_text_code(s));
    return length > 0 ? length : 1;
}

const char *headcount_version(void)
{
    return HEADCOUNT_VERSION;
}

/* ---- a handle ---- */

static int open_parts(headcount *h, const struct headcount_config *c,
                      struct headcount_error *e)
{
    const struct hc_config_options options = {
        .region = c->region, .profile = c->profile,
        .endpoint_url = c->endpoint_url, .ca_bundle = c->ca_bundle,
        .max_attempts = c->max_attempts,
    };
    const struct hc_client_config client = {
        .config = &h->config, .net = &h->net, .version = HEADCOUNT_VERSION,
        .no_sign = c->no_sign_request, .api_share = c->api_share,
        .who = { hc_str(c->access_key_id), hc_str(c->secret_access_key),
                 hc_str(c->session_token) },
    };
    int err = hc_config_init(&h->config, &h->net.sys, &options, e);

    if (err < 0)
        return err;
    if (c->connect_timeout == 0 && h->config.connect_timeout > 0)
        h->net.config.connect_timeout = h->net.config.tls_timeout =
            h->config.connect_timeout;
    if (h->config.no_tcp_keepalive && !c->tcp_keepalive)
        h->net.config.tcp_keepalive = false;
    return hc_client_init(&h->client, &client, e);
}

static int check_connections(const char *name, int n,
                             struct headcount_error *e)
{
    if (n >= 0 && n <= MOST_CONNECTIONS)
        return 0;
    return hc_error_set(e, HEADCOUNT_EARG, "%s is %d: it takes 1 to %d, or 0 "
                        "for the default", name, n, MOST_CONNECTIONS);
}

static int open_handle(headcount **out, const struct hc_system *sys,
                       const struct hc_log *log,
                       const struct headcount_config *c,
                       struct headcount_error *e)
{
    const struct hc_net_config net = {
        .connect_timeout = c->connect_timeout,
        .tls_timeout = c->connect_timeout,
        .first_byte_timeout = c->read_timeout,
        .between_timeout = c->read_timeout,
        .acquire_timeout = c->acquire_timeout,
        .attempt_timeout = c->attempt_timeout,
        .user_timeout = c->tcp_user_timeout, .min_speed = c->min_speed,
        .per_host = (size_t)c->max_connections_per_host,
        .total = (size_t)c->max_connections,
        .no_keep_alive = c->no_keep_alive,
        .no_dns_cache = c->no_dns_cache,
        .no_tls_resumption = c->no_tls_resumption,
        .tcp_keepalive = !c->no_tcp_keepalive,
        .dns_server = hc_str(c->dns_server),
    };
    struct headcount_system user = { .size = 0 };
    headcount *h = hc_alloc(&sys->alloc, sizeof *h);

    if (h == NULL)
        return hc_error_set(e, HEADCOUNT_ENOMEM, "out of memory for a handle");
    h->no_sign = c->no_sign_request;
    h->concurrency = c->concurrency > 0 ? (size_t)c->concurrency : SIZE_MAX;
    hc_fork_mark_init(&h->mark);
    int err = hc_net_init(&h->net, sys, log, &net, e);

    /* From hc_net_init on headcount_free can end a handle that is half made:
     * each later part is zero, which its own fini takes. */
    if (err < 0) {
        hc_fork_mark_fini(&h->mark);
        hc_free(&sys->alloc, h, sizeof *h);
        return err;
    }
    hc_take_struct(&user, &hc_form_system, c->system, NULL);  /* it was sound */
    h->audit = (struct hc_audit_to){ .fn = user.audit, .ud = user.ud,
                                     .version = HEADCOUNT_VERSION };
    hc_memory_init(&h->memory, &h->net.sys.alloc);
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
    struct headcount_error e = { .code = 0 };

    *out = NULL;
    int err = hc_take_struct(&c, &hc_form_config, config, &e);

    if (err == 0)
        err = check_connections("config.max_connections", c.max_connections,
                                &e);
    if (err == 0)
        err = check_connections("config.max_connections_per_host",
                                c.max_connections_per_host, &e);
    if (err == 0)
        err = hc_take_system(&sys, &log, c.system, c.log_level, &e);
    if (!c.run_processes)
        sys.spawn = NULL;
    sys.cpu = hc_cpu();
    if (err == 0)
        err = open_handle(out, &sys, &log, &c, &e);

    hc_give_error(error, &e);
    return err;
}

void headcount_free(headcount *h)
{
    if (h == NULL)
        return;
    while (h->ops != NULL)             /* a sweep ends its parts */
        headcount_op_free(h->ops->parent != NULL ? h->ops->parent : h->ops);
    hc_op_free_spare(h);
    hc_memory_fini(&h->memory);
    hc_client_fini(&h->client);
    hc_config_fini(&h->config);
    hc_net_fini(&h->net);
    hc_fork_mark_fini(&h->mark);
    const struct hc_alloc alloc = h->net.sys.alloc;

    hc_free(&alloc, h, sizeof *h);
}

/* ---- driving ---- */

size_t headcount_wants(const headcount *h, struct headcount_want *wants,
                       size_t max, int64_t *deadline)
{
    size_t n = 0;

    *deadline = hc_jobs_deadline(&h->net.jobs);
    /* Counts all of them, even if `max` is smaller: the caller can come again
     * with a larger array.  One that nothing is waited for is listed, too: its
     * descriptor is open, and an epoll that knows it would report it. */
    for (const struct hc_watch *w = h->net.jobs.watches; w != NULL;
         w = w->next) {
        if (n < max)
            wants[n] = (struct headcount_want){
                .id = w->id, .fd = w->fd,
                .events = (short)((w->want & HC_WATCH_READ ? POLLIN : 0) |
                                  (w->want & HC_WATCH_WRITE ? POLLOUT : 0)),
            };
        n++;
    }
    return n;
}

/* An error or a hangup wakes both directions: the next read or write sees what
 * happened, and says it. */
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
    if (hc_op_end_in_child(h))
        return;
    for (size_t i = 0; i < n; i++)
        if (ready[i].events != 0)
            hc_jobs_tell(&h->net.jobs,
                         &(struct hc_want){
                             .fd = ready[i].fd, .id = ready[i].id,
                             .events = step_events(ready[i].events),
                         });
    hc_jobs_step(&h->net.jobs, hc_now(&h->net.sys), NULL, 0);
}

void headcount_forget(headcount *h)
{
    if (!hc_fork_mark_is_child(&h->mark))
        hc_net_forget(&h->net);
}

headcount_op *headcount_next(headcount *h)
{
    headcount_op *op = h->changed;

    if (op != NULL)
        hc_op_unqueue_changed(op);
    return op;
}

int headcount_wait(headcount_op *op, int64_t timeout)
{
    struct hc_net *net = &op->h->net;
    int64_t now = hc_now(&net->sys);
    int64_t until = timeout < 0 ? HC_NEVER : hc_time_add(now, timeout);

    hc_op_end_in_child(op->h);
    while (op->state == HEADCOUNT_RUNNING) {
        int64_t wake = hc_time_min(hc_jobs_deadline(&net->jobs), until);
        /* A job that is ready or due runs first; the sockets can wait. */
        int got = wake <= now ? 0 : hc_loop_wait(&net->jobs, &net->sys.alloc,
                                                 wake - now);

        now = hc_now(&net->sys);
        hc_jobs_step(&net->jobs, now, NULL, 0);
        if (got < 0 && op->state == HEADCOUNT_RUNNING)
            return got == -EINTR    ? HEADCOUNT_RUNNING
                   : got == -ENOMEM ? HEADCOUNT_ENOMEM : HEADCOUNT_EIO;
        if (now >= until && op->state == HEADCOUNT_RUNNING)
            return HEADCOUNT_ETIMEDOUT;
    }
    return (int)op->state;
}

/* ---- what came of it ---- */

void headcount_stats(const headcount *h, struct headcount_stats *out)
{
    *out = h->net.stats;
}
