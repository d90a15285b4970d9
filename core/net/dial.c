/* net/dial.c - resolve, connect, shake hands.
 *
 *   RESOLVE   -> CONNECT             [dial_resolve]
 *   CONNECT   -> HANDSHAKE, DONE     [dial_connect]   RFC 8305: every address,
 *                                    250 ms apart, the first that answers wins
 *   HANDSHAKE -> DONE                [dial_handshake]
 *   any       -> FAILED              an error, or the phase's time is over
 */
#include "net/dial.h"

#include <errno.h>

#include "base/text.h"
#include "net/net.h"

#define DIAL_AGAIN 1                 /* the state changed: go on             */

static void dial_close_tries(struct hc_dial *d)
{
    for (size_t i = 0; i < d->tries_n; i++) {
        struct hc_watch *w = &d->tries[i].watch;

        if (w->id == 0)
            continue;
        int fd = w->fd;

        hc_watch_close(w);
        hc_sock_close(fd);
    }
    d->open = 0;
}

static int dial_fail(struct hc_dial *d, int code)
{
    dial_close_tries(d);
    hc_conn_free(d->conn);
    d->conn = NULL;
    d->state = DIAL_FAILED;
    hc_job_wake(d->config.owner);
    return code;
}

/* `now` is the time at which the loop's round began, and the mark may have been
 * set later in the round: a phase never ends before it began. */
static int64_t dial_after(int64_t mark, int64_t now)
{
    return now > mark ? now : mark;
}

static void dial_log(const struct hc_dial *d, int64_t now)
{
    char ip[HC_ADDR_TEXT];
    const struct hc_marks *m = &d->marks;

    if (!hc_log_wants(&d->net->log, HEADCOUNT_LOG_DEBUG))
        return;
    hc_addr_put(ip, &d->conn->addr);
    hc_log_line(&d->net->log, HEADCOUNT_LOG_DEBUG,
                "connection host=%s address=%s port=%u dns_us=%lld "
                "connect_us=%lld tls_us=%lld resumed=%d",
                d->config.origin.host, ip, (unsigned)d->config.origin.port,
                (long long)(m->dns_end - m->dns_start),
                (long long)(m->connect_end - m->connect_start),
                (long long)(m->tls_start > 0
                                ? dial_after(m->tls_start, now) - m->tls_start
                                : 0),
                m->resumed);
}

static int dial_done(struct hc_dial *d, int64_t now)
{
    dial_log(d, now);
    d->conn->marks = d->marks;
    d->conn->born = now;
    d->state = DIAL_DONE;
    hc_job_wake(d->config.owner);
    return 0;
}

/* ---- RESOLVE ---- */

static int dial_resolve(struct hc_dial *d, int64_t now)
{
    struct hc_addrs addrs = { .n = 0 };
    const struct hc_resolve_ask ask = {
        .name = hc_str(d->config.origin.host), .waiter = &d->waiter,
        .job = &d->job, .stats = &d->stats, .again = d->asked,
    };
    int got = hc_resolve(&d->net->resolver, &ask, now, &addrs, &d->error);

    d->asked = true;
    if (got < 0)
        return dial_fail(d, got);
    if (got == 0)
        return 0;
    d->marks.dns_end = dial_after(d->marks.dns_start, now);
    d->marks.connect_start = d->marks.dns_end;
    d->until = hc_time_add(now, d->net->config.connect_timeout);
    hc_eyeballs_init(&d->eyeballs, &addrs, now);
    d->state = DIAL_CONNECT;
    return DIAL_AGAIN;
}

/* ---- CONNECT ---- */

static void dial_try_failed(struct hc_dial *d, const struct hc_addr *addr,
                            int err, int64_t now)
{
    char where[HC_CONN_WHERE];

    hc_conn_where(where, &d->config.origin, addr);
    hc_error_reset(&d->last);
    hc_error_sys(&d->last, HEADCOUNT_ECONNECT, -err, "no connection to %s",
                 where);
    hc_eyeballs_failed(&d->eyeballs, now);
}

static void dial_start_tries(struct hc_dial *d, int64_t now)
{
    struct hc_addr addr;

    while (d->tries_n < HC_ADDRS_MAX &&
           hc_eyeballs_next(&d->eyeballs, now, &addr)) {
        const struct hc_sock_limits limits = {
            .keepalive = d->net->config.tcp_keepalive,
            .user_timeout = d->net->config.user_timeout,
        };
        int fd = hc_sock_tcp(&addr, d->config.origin.port, &limits);

        if (fd < 0) {
            dial_try_failed(d, &addr, fd, now);
            continue;
        }
        struct hc_dial_try *t = &d->tries[d->tries_n++];

        t->addr = addr;
        hc_watch_open(&d->net->jobs, &t->watch, fd, &d->job);
        hc_watch_want(&t->watch, HC_WATCH_WRITE);
        d->open++;
    }
}

/* The first connection that stands, or NULL.  A socket can be written to when
 * its connection stands or has failed. */
static struct hc_dial_try *dial_winner(struct hc_dial *d, int64_t now)
{
    for (size_t i = 0; i < d->tries_n; i++) {
        struct hc_dial_try *t = &d->tries[i];

        if (t->watch.id == 0 || t->watch.got == 0)
            continue;
        t->watch.got = 0;
        int fd = t->watch.fd;
        int err = hc_sock_connected(fd);

        if (err == 0)
            return t;
        if (err == HC_SOCK_AGAIN)
            continue;
        hc_watch_close(&t->watch);
        hc_sock_close(fd);
        d->open--;
        dial_try_failed(d, &t->addr, err, now);
    }
    return NULL;
}

static int dial_start_tls(struct hc_dial *d, int64_t now)
{
    const struct hc_dial_config *c = &d->config;
    struct hc_tls_config tls = {
        .anchors = c->anchors, .host = hc_str(c->origin.host),
        .wall = hc_wall(&d->net->sys), .session = c->session,
        .alloc = &d->net->sys.alloc,
    };
    int err = hc_random(&d->net->sys, tls.seed, sizeof tls.seed, &d->error);

    if (err == 0)
        err = hc_conn_start_tls(d->conn, &tls, &d->error);
    hc_wipe(tls.seed, sizeof tls.seed);
    if (err < 0)
        return dial_fail(d, err);
    d->marks.tls_start = dial_after(d->marks.connect_end, now);
    d->until = hc_time_add(now, d->net->config.tls_timeout);
    d->state = DIAL_HANDSHAKE;
    return DIAL_AGAIN;
}

static int dial_won(struct hc_dial *d, struct hc_dial_try *t, int64_t now)
{
    d->conn = hc_conn_new(&d->net->sys, &t->watch);
    if (d->conn == NULL)
        return dial_fail(d, hc_error_set(&d->error, HEADCOUNT_ENOMEM,
                                         "out of memory for a connection"));
    d->conn->origin = d->config.origin;
    d->conn->addr = t->addr;
    dial_close_tries(d);
    d->marks.connect_end = dial_after(d->marks.connect_start, now);
    hc_stats_count(&d->net->stats, &d->stats, connections_opened);
    if (d->config.origin.tls)
        return dial_start_tls(d, now);
    return dial_done(d, now);
}

static int dial_connect(struct hc_dial *d, int64_t now)
{
    struct hc_dial_try *t = dial_winner(d, now);

    if (t != NULL)
        return dial_won(d, t, now);
    dial_start_tries(d, now);
    if (d->open == 0 && hc_eyeballs_at(&d->eyeballs) == HC_NEVER) {
        /* None of the addresses answers: the name may have new ones. */
        hc_resolve_forget(&d->net->resolver, hc_str(d->config.origin.host));
        return dial_fail(d, hc_error_pass(&d->error, &d->last));
    }
    hc_job_at(&d->job, hc_eyeballs_at(&d->eyeballs));
    return 0;
}

/* ---- HANDSHAKE ---- */

static int dial_handshake(struct hc_dial *d, int64_t now)
{
    int open = hc_conn_handshake(d->conn, &d->error);

    if (open < 0)
        return dial_fail(d, open);
    if (open == 0)
        return 0;
    d->marks.tls_end = dial_after(d->marks.tls_start, now);
    d->marks.resumed = hc_tls_was_resumed(&d->conn->engine);
    hc_stats_count(&d->net->stats, &d->stats, tls_handshakes);
    if (d->marks.resumed)
        hc_stats_count(&d->net->stats, &d->stats, tls_resumed);
    return dial_done(d, now);
}

/* ---- the job ---- */

static void dial_overdue(struct hc_dial *d)
{
    char where[HC_CONN_WHERE];
    bool tls = d->state == DIAL_HANDSHAKE;
    const struct hc_addr none = { 0 };
    int64_t limit = tls ? d->net->config.tls_timeout
                        : d->net->config.connect_timeout;

    hc_conn_where(where, &d->config.origin,
                  tls ? &d->conn->addr
                  : d->tries_n == 1 ? &d->tries[0].addr : &none);
    hc_error_reset(&d->error);
    hc_error_set(&d->error, HEADCOUNT_ETIMEDOUT, "%s: no %s within %lld ms%s",
                 where, tls ? "end of the TLS handshake" : "connection",
                 (long long)(limit / HC_MS),
                 tls ? ""
                     : ": is there a route, and does a security group or "
                       "firewall let it through?");
    if (!tls)
        hc_resolve_forget(&d->net->resolver, hc_str(d->config.origin.host));
    dial_fail(d, HEADCOUNT_ETIMEDOUT);
}

static int dial_step(struct hc_dial *d, int64_t now)
{
    switch (d->state) {
    case DIAL_RESOLVE:   return dial_resolve(d, now);
    case DIAL_CONNECT:   return dial_connect(d, now);
    case DIAL_HANDSHAKE: return dial_handshake(d, now);
    case DIAL_DONE:
    case DIAL_FAILED:    break;
    }
    return 0;
}

static void dial_run(struct hc_job *job, int64_t now)
{
    struct hc_dial *d = (struct hc_dial *)job;

    while (dial_step(d, now) == DIAL_AGAIN)
        continue;
    if (d->state == DIAL_CONNECT || d->state == DIAL_HANDSHAKE) {
        if (now >= d->until)
            dial_overdue(d);
        else
            hc_job_at(&d->job, d->until);
    }
}

struct hc_dial *hc_dial_new(struct hc_net *net,
                            const struct hc_dial_config *config, int64_t now)
{
    struct hc_dial *d = hc_alloc(&net->sys.alloc, sizeof *d);

    if (d == NULL)
        return NULL;
    d->net = net;
    d->config = *config;
    d->marks.start = d->marks.dns_start = now;
    hc_job_init(&d->job, &net->jobs, dial_run);
    return d;
}

void hc_dial_free(struct hc_dial *d)
{
    if (d == NULL)
        return;
    const struct hc_alloc *alloc = &d->net->sys.alloc;

    hc_waiter_leave(&d->waiter);
    dial_close_tries(d);
    hc_conn_free(d->conn);
    hc_job_fini(&d->job);
    hc_free(alloc, d, sizeof *d);
}
