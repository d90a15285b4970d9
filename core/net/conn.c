/* net/conn.c - bytes through a socket, through TLS where there is TLS. */
#include "net/conn.h"

#include <errno.h>

#include "base/text.h"

void hc_marks_take(struct hc_marks *to, const struct hc_marks *dial)
{
    const int64_t start = to->start, asked = to->asked;
    int64_t *const times[] = {
        &to->dns_start, &to->dns_end, &to->connect_start, &to->connect_end,
        &to->tls_start, &to->tls_end,
    };

    *to = *dial;
    to->start = start;
    to->asked = asked;
    to->waited = dial->start > asked ? dial->start - asked : 0;
    for (size_t i = 0; i < sizeof times / sizeof *times; i++)
        if (*times[i] != 0 && *times[i] < asked)
            *times[i] = asked;
}

/* The answer to a request on a kept connection is awaited: there a poll and a
 * recv are a tenth of what the call costs.  While it is idle, or lies below TLS
 * to a proxy, poll waits for it. */
static int conn_await(struct hc_watch *watch)
{
    struct hc_conn *c = (struct hc_conn *)watch;

    if (!c->kept || c->idle.next != NULL || c->outer != NULL || c->awaited ||
        c->has_ahead || c->ended || c->in_at != c->in_n)
        return 0;
    if (!c->may_await && hc_sock_may_await(watch->fd) < 0) {
        c->awaited = true;
        return 0;
    }
    c->may_await = true;
    long got = hc_sock_await(watch->fd, c->in, sizeof c->in);

    if (got == -EINTR)
        return -EINTR;
    c->awaited = got == HC_SOCK_AGAIN;
    if (c->awaited)
        return -EAGAIN;
    c->ahead = got;
    c->has_ahead = true;
    return 1;
}

struct hc_conn *hc_conn_new(const struct hc_system *sys,
                            struct hc_watch *watch)
{
    struct hc_conn *c = hc_alloc(&sys->alloc, sizeof *c);

    if (c == NULL)
        return NULL;
    c->sys = sys;
    c->pid = hc_process();
    hc_watch_move(&c->watch, watch);
    c->watch.got = 0;
    c->watch.await = conn_await;
    hc_watch_want(&c->watch, HC_WATCH_READ);
    return c;
}

/* ---- the socket, or TLS to a proxy in its place ---- */

static long conn_put(struct hc_conn *c, const void *p, size_t n)
{
    return c->outer == NULL ? hc_sock_send(c->watch.fd, p, n)
                            : hc_outer_send(c->outer, c->watch.fd, p, n);
}

static long conn_get(struct hc_conn *c)
{
    if (c->has_ahead) {
        c->has_ahead = false;
        return c->ahead;
    }
    return c->outer == NULL
               ? hc_sock_recv(c->watch.fd, c->in, sizeof c->in)
               : hc_outer_recv(c->outer, c->watch.fd, c->in, sizeof c->in);
}

/* Tries once to send close_notify: the socket may be full or gone, and nothing
 * waits for it.  After a fork the child must not end a TLS session that its
 * parent still uses. */
static void conn_say_goodbye(struct hc_conn *c)
{
    size_t n = 0;

    if (hc_tls_state(&c->engine) != TLS_OPEN || c->given_up ||
        c->pid != hc_process())
        return;
    hc_tls_close(&c->engine);
    const unsigned char *p = hc_tls_out(&c->engine, &n);

    if (p != NULL)
        conn_put(c, p, n);
}

void hc_conn_free(struct hc_conn *c)
{
    if (c == NULL)
        return;
    int fd = c->watch.fd;

    if (c->tls) {
        conn_say_goodbye(c);
        hc_tls_fini(&c->engine);
    }
    hc_outer_free(c->outer,
                  c->pid == hc_process() && !c->given_up ? fd : -1);
    hc_watch_close(&c->watch);
    hc_sock_close(fd);
    hc_wipe(c->in, sizeof c->in);
    hc_free(&c->sys->alloc, c, sizeof *c);
}

/* A child, after a fork, shares the socket with its parent, which still uses
 * it. */
void hc_conn_give_up(struct hc_conn *c)
{
    if (c->pid != hc_process())
        return;
    c->given_up = true;
    hc_sock_end_by_reset(c->watch.fd);
}

void hc_conn_where(char out[HC_CONN_WHERE], const struct hc_origin *origin,
                   const struct hc_addr *addr, const struct hc_proxy *proxy)
{
    char ip[HC_ADDR_TEXT] = "";
    bool v6 = hc_str_find(hc_str(origin->host), ':') < hc_str(origin->host).n;

    if (addr->family != 0)
        hc_addr_put(ip, addr);
    hc_fmt(out, HC_CONN_WHERE, "%s%s%s:%u", v6 ? "[" : "", origin->host,
           v6 ? "]" : "", (unsigned)origin->port);
    size_t n = hc_str(out).n;

    if (proxy != NULL)
        hc_fmt(out + n, HC_CONN_WHERE - n, " through the proxy %s",
               proxy->name);
    else if (ip[0] != '\0' && !hc_str_eqz(hc_str(ip), origin->host))
        hc_fmt(out + n, HC_CONN_WHERE - n, " (%s)", ip);
}

void hc_conn_place(struct headcount_error *e, const char *host,
                   const char *where)
{
    char what[sizeof e->what];
    struct hc_str rest = hc_str_from(hc_str(e->what), hc_str(host).n);

    if (!hc_str_starts(hc_str(e->what), hc_str(host)) ||
        !hc_str_starts(rest, HC_STR(": ")))
        return;
    hc_fmt(what, sizeof what, "%s%.*s", where, HC_STR_ARG(rest));
    hc_fmt(e->what, sizeof e->what, "%s", what);
}

static int conn_broke(const struct hc_conn *c, int code,
                      struct headcount_error *e)
{
    char where[HC_CONN_WHERE];

    hc_conn_where(where, &c->origin, &c->addr, c->proxy);
    hc_conn_place(e, c->origin.host, where);
    return code;
}

/* A connection whose bytes nobody acknowledges ends with ETIMEDOUT, or with
 * what a router, or the neighbour that does not answer, said meanwhile. */
int hc_conn_code(long err)
{
    switch (-err) {
    case EPROTO:
        return HEADCOUNT_ETLS;
    case ETIMEDOUT:
    case EHOSTUNREACH:
    case ENETUNREACH:
        return HEADCOUNT_ETIMEDOUT;
    case ECONNRESET:
    case ECONNABORTED:                   /* this machine's own tools end it */
    case EPIPE:
    case ENOTCONN:
        return HEADCOUNT_ECLOSED;
    default:
        return HEADCOUNT_EIO;
    }
}

static int conn_failed(const struct hc_conn *c, long err, const char *doing,
                       struct headcount_error *e)
{
    char where[HC_CONN_WHERE];

    hc_conn_where(where, &c->origin, &c->addr, c->proxy);
    return hc_error_sys(e, hc_conn_code(err), (int)-err, "%s: %s failed",
                        where, doing);
}

/* A peer that refuses a request says why and closes: what it said can be read
 * even after the kernel refuses to send more.  The kernel tells of an RST once:
 * after that, what can be read ends as it does with a FIN. */
static int conn_send_failed(struct hc_conn *c, long err,
                            struct headcount_error *e)
{
    c->watch.got |= HC_WATCH_READ;
    c->cut = err == -ECONNRESET;
    return conn_failed(c, err, "sending", e);
}

/* ---- TLS ---- */

int hc_conn_start_tls(struct hc_conn *c, const struct hc_tls_config *config,
                      struct headcount_error *e)
{
    int err = hc_tls_init(&c->engine, config, e);

    c->tls = err == 0;
    return err;
}

int hc_conn_start_outer(struct hc_conn *c, const struct hc_tls_config *config,
                        struct headcount_error *e)
{
    struct headcount_error why = { .code = 0 };

    c->outer = hc_outer_new(config, &why);
    return c->outer != NULL ? 0 : hc_error_pass(e, &why);
}

/* With TLS to a proxy: all that was put is with the kernel (1), or the socket
 * is full (0). */
static int conn_drained(struct hc_conn *c, struct headcount_error *e)
{
    long left = hc_outer_flush(c->outer, c->watch.fd);

    return left == 0 ? 1 : left == HC_SOCK_AGAIN ? 0
                         : conn_send_failed(c, left, e);
}

/* 1: `out` is empty; 0: the socket is full. */
static int conn_flush(struct hc_conn *c, struct headcount_error *e)
{
    size_t n = 0;

    for (;;) {
        const unsigned char *p = hc_tls_out(&c->engine, &n);

        if (p == NULL || n == 0)
            return c->outer == NULL ? 1 : conn_drained(c, e);
        long sent = conn_put(c, p, n);

        if (sent == HC_SOCK_AGAIN)
            return 0;
        if (sent < 0)
            return conn_send_failed(c, sent, e);
        c->sent += (uint64_t)sent;
        hc_tls_out_ack(&c->engine, (size_t)sent);
    }
}

/* Poll says when there is more: after a short read, which took all there was,
 * and after many in a row.  Outer, which may hold bytes that poll does not know
 * of, has a pause of its own. */
static bool conn_pauses(struct hc_conn *c, long got)
{
    if (c->outer != NULL)
        return got < (long)sizeof c->in && hc_outer_is_open(c->outer);
    c->in_a_row += sizeof c->in;
    if (got == (long)sizeof c->in && c->in_a_row < HC_SOCK_IN_A_ROW)
        return false;
    c->in_a_row = 0;
    return true;
}

/* Bytes of the socket into c->in: CONN_BYTES, CONN_WAIT, CONN_EOF or < 0. */
static int conn_fill(struct hc_conn *c, struct headcount_error *e)
{
    if (c->ended)
        return CONN_EOF;
    if ((c->watch.got & HC_WATCH_READ) == 0)
        return CONN_WAIT;
    long n = conn_get(c);

    if (conn_pauses(c, n))
        c->watch.got &= ~HC_WATCH_READ;
    if (n == HC_SOCK_AGAIN)
        return CONN_WAIT;
    if (n == 0 && c->cut)
        n = -ECONNRESET;
    if (n < 0) {
        c->cut = n == -ECONNRESET;
        return conn_failed(c, n, "receiving", e);
    }
    c->ended = n == 0;
    c->in_at = 0;
    c->in_n = (size_t)n;
    return n == 0 ? CONN_EOF : CONN_BYTES;
}

/* False if the engine had no room: it waits to send first. */
static bool conn_feed(struct hc_conn *c)
{
    struct hc_str raw = hc_str_n(c->in + c->in_at, c->in_n - c->in_at);
    size_t before = raw.n;

    hc_tls_feed(&c->engine, &raw);
    c->in_at = c->in_n - raw.n;
    if (raw.n == 0)
        c->in_at = c->in_n = 0;
    return raw.n < before;
}

/* The peer refused our part of the handshake: an alert may say why. */
static int conn_refused(struct hc_conn *c, const struct headcount_error *why,
                        struct headcount_error *e)
{
    while (hc_tls_state(&c->engine) == TLS_HANDSHAKE &&
           (c->in_at < c->in_n || conn_fill(c, NULL) == CONN_BYTES) &&
           conn_feed(c))
        continue;
    return hc_tls_state(&c->engine) == TLS_FAILED
               ? hc_tls_error(&c->engine, e) : hc_error_pass(e, why);
}

static int conn_handshake_once(struct hc_conn *c, struct headcount_error *e)
{
    struct headcount_error why = { .code = 0 };
    int flushed = conn_flush(c, &why);

    if (flushed < 0)
        return conn_refused(c, &why, e);
    /* It may be open with its last flight still to be sent. */
    hc_watch_want(&c->watch, flushed ? HC_WATCH_READ
                                     : HC_WATCH_READ | HC_WATCH_WRITE);
    switch (hc_tls_state(&c->engine)) {
    case TLS_OPEN:
        return flushed;
    case TLS_FAILED:
    case TLS_CLOSED:
        return hc_tls_error(&c->engine, e);
    case TLS_HANDSHAKE:
        break;
    }
    if (c->in_at == c->in_n) {
        int got = conn_fill(c, e);

        if (got == CONN_EOF)
            return hc_tls_eof(&c->engine, e);
        if (got != CONN_BYTES)
            return got;
    }
    return conn_feed(c) ? 2 : 0;     /* 2: something was done, look again */
}

int hc_conn_handshake(struct hc_conn *c, struct headcount_error *e)
{
    int did = 2;

    while (did == 2)
        did = conn_handshake_once(c, e);
    return did;
}

/* ---- out ---- */

static int conn_send_plain(struct hc_conn *c, struct hc_str *from,
                           struct headcount_error *e)
{
    while (from->n > 0) {
        long n = conn_put(c, from->p, from->n);

        if (n == HC_SOCK_AGAIN)
            return 0;
        if (n < 0)
            return conn_send_failed(c, n, e);
        c->sent += (uint64_t)n;
        *from = hc_str_from(*from, (size_t)n);
    }
    return c->outer == NULL ? 1 : conn_drained(c, e);
}

static int conn_send_tls(struct hc_conn *c, struct hc_str *from,
                         struct headcount_error *e)
{
    for (;;) {
        int done = conn_flush(c, e);

        if (done != 1)
            return done;
        if (from->n == 0)
            return 1;
        size_t before = from->n;

        hc_tls_write(&c->engine, from);
        hc_tls_flush(&c->engine);
        if (hc_tls_state(&c->engine) == TLS_FAILED)
            return hc_tls_error(&c->engine, e);
        if (from->n == before && hc_tls_state(&c->engine) != TLS_OPEN)
            return conn_failed(c, -EPIPE, "sending", e);
    }
}

int hc_conn_send(struct hc_conn *c, struct hc_str *from,
                 struct headcount_error *e)
{
    c->awaited = false;
    int done = c->tls ? conn_send_tls(c, from, e)
                      : conn_send_plain(c, from, e);

    hc_watch_want(&c->watch, done == 0 ? HC_WATCH_READ | HC_WATCH_WRITE
                                       : HC_WATCH_READ);
    return done < 0 && c->tls ? conn_broke(c, done, e) : done;
}

/* ---- in ---- */

static int conn_recv_plain(struct hc_conn *c, struct hc_str *in,
                           struct headcount_error *e)
{
    if (c->in_at == c->in_n) {
        int got = conn_fill(c, e);

        if (got != CONN_BYTES)
            return got;
    }
    *in = hc_str_n(c->in + c->in_at, c->in_n - c->in_at);
    return CONN_BYTES;
}

static int conn_recv_tls(struct hc_conn *c, struct hc_str *in,
                         struct headcount_error *e)
{
    for (;;) {
        size_t n = 0;
        const unsigned char *p = hc_tls_read(&c->engine, &n);

        if (p != NULL && n > 0) {
            *in = hc_str_n(p, n);
            return CONN_BYTES;
        }
        if (hc_tls_state(&c->engine) == TLS_CLOSED)
            return CONN_EOF;
        if (hc_tls_state(&c->engine) == TLS_FAILED)
            return hc_tls_error(&c->engine, e);
        if (c->in_at == c->in_n) {
            int got = conn_fill(c, e);

            if (got == CONN_EOF)
                return hc_tls_eof(&c->engine, e);
            if (got != CONN_BYTES)
                return got;
        }
        if (!conn_feed(c)) {
            int flushed = conn_flush(c, e);

            return flushed < 0 ? flushed : CONN_WAIT;
        }
    }
}

int hc_conn_recv(struct hc_conn *c, struct hc_str *in,
                 struct headcount_error *e)
{
    int got = c->tls ? conn_recv_tls(c, in, e) : conn_recv_plain(c, in, e);

    return got < 0 && c->tls ? conn_broke(c, got, e) : got;
}

void hc_conn_used(struct hc_conn *c, size_t n)
{
    if (c->tls) {
        hc_tls_read_ack(&c->engine, n);
        return;
    }
    c->in_at += n;
    if (c->in_at == c->in_n)
        c->in_at = c->in_n = 0;
}

int hc_conn_fin(struct hc_conn *c)
{
    if (c->in_at != c->in_n)
        return CONN_BYTES;
    c->watch.got |= HC_WATCH_READ;
    return conn_fill(c, NULL);
}

/* No request is under way, so a byte that can be read is either the end or no
 * answer to anything we asked. */
bool hc_conn_is_quiet(struct hc_conn *c)
{
    size_t unread = 0;

    if (c->ended || c->has_ahead || c->in_at != c->in_n)
        return false;
    if (c->tls) {
        /* A close_notify may have come along with the last answer. */
        hc_tls_read(&c->engine, &unread);
        if (unread > 0 || hc_tls_state(&c->engine) != TLS_OPEN ||
            !hc_tls_is_whole(&c->engine))
            return false;
    }
    if (c->outer != NULL && !hc_outer_is_quiet(c->outer))
        return false;
    long got = hc_sock_peek(c->watch.fd);

    c->dead = hc_sock_is_dead(got);
    return got == HC_SOCK_AGAIN;
}
