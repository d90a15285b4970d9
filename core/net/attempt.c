/* net/attempt.c - one address: connect, shake hands.
 *
 *   CONNECT   -> CONNECTED           [attempt_connect]
 *   CONNECTED -> OUTER, TUNNEL, HANDSHAKE, DONE
 *                                    [attempt_go_on]   an engine is free
 *   OUTER     -> TUNNEL, DONE        [attempt_outer]
 *   TUNNEL    -> HANDSHAKE           [attempt_tunnel]
 *   HANDSHAKE -> DONE                [attempt_handshake]
 *   any       -> FAILED              an error, or the state's time is over
 *
 * They stand here in the opposite order, since each calls the next.
 */
#include "net/attempt.h"

#include "base/text.h"
#include "net/net.h"

/* `now` is the time at which the loop's round began, and the mark may have been
 * set later in the round: a phase never ends before it began. */
static int64_t attempt_after(int64_t mark, int64_t now)
{
    return now > mark ? now : mark;
}

static void attempt_close_socket(struct hc_attempt *a)
{
    int fd = a->watch.fd;

    if (a->watch.id == 0)
        return;
    hc_watch_close(&a->watch);
    hc_sock_close(fd);
}

static void attempt_free_engine(struct hc_attempt *a)
{
    a->shared->engines -= a->has_engine;
    a->has_engine = false;
}

static void attempt_free_tunnel(struct hc_attempt *a)
{
    if (a->tunnel == NULL)
        return;
    hc_tunnel_fini(a->tunnel);
    hc_free(&a->shared->net->sys.alloc, a->tunnel, sizeof *a->tunnel);
    a->tunnel = NULL;
}

static void attempt_close(struct hc_attempt *a, enum hc_attempt_state state)
{
    attempt_close_socket(a);
    hc_conn_free(a->conn);
    a->conn = NULL;
    if (a->shared != NULL) {
        attempt_free_engine(a);
        attempt_free_tunnel(a);
    }
    a->reached = a->state;
    a->state = state;
}

static int attempt_fail(struct hc_attempt *a, int code)
{
    attempt_close(a, ATTEMPT_FAILED);
    return code;
}

/* The host that has the address. */
static const struct hc_origin *attempt_peer(const struct hc_attempt *a)
{
    const struct hc_proxy *proxy = a->shared->proxy;

    return proxy != NULL ? &proxy->origin : a->shared->origin;
}

/* The end of the handshake that is under way. */
static const struct hc_origin *attempt_where(const struct hc_attempt *a,
                                             char where[HC_CONN_WHERE])
{
    bool outer = a->state == ATTEMPT_OUTER;
    const struct hc_origin *end = outer ? attempt_peer(a) : a->shared->origin;

    hc_conn_where(where, end, &a->addr, outer ? NULL : a->shared->proxy);
    return end;
}

static void attempt_say_where(const struct hc_attempt *a,
                              struct headcount_error *e)
{
    char where[HC_CONN_WHERE];
    const struct hc_origin *end = attempt_where(a, where);

    hc_conn_place(e, end->host, where);
}

static int attempt_refused(struct hc_attempt *a, int err,
                           struct headcount_error *e)
{
    char where[HC_CONN_WHERE];

    hc_conn_where(where, attempt_peer(a), &a->addr, NULL);
    return attempt_fail(a, hc_error_sys(e, HEADCOUNT_ECONNECT, -err,
                                        "no connection to %s", where));
}

/* ---- HANDSHAKE ---- */

static int64_t attempt_limit(const struct hc_attempt *a)
{
    const struct hc_net_config *c = &a->shared->net->config;

    return a->state == ATTEMPT_TUNNEL ? c->connect_timeout : c->tls_timeout;
}

static int attempt_overdue(struct hc_attempt *a, struct headcount_error *e)
{
    char where[HC_CONN_WHERE];
    bool tunnel = a->state == ATTEMPT_TUNNEL;

    attempt_where(a, where);
    return attempt_fail(a, hc_error_set(
        e, tunnel ? HEADCOUNT_EPROXY : HEADCOUNT_ETIMEDOUT,
        "%s: %s within %lld ms", where,
        tunnel ? "no answer to CONNECT" : "the TLS handshake was not over",
        (long long)(attempt_limit(a) / HC_MS)));
}

/* 0: it goes on until then; else it is over. */
static int attempt_wait(struct hc_attempt *a, int64_t now,
                        struct headcount_error *e)
{
    if (now >= a->until)
        return attempt_overdue(a, e);
    hc_job_at(a->shared->job, a->until);
    return 0;
}

static void attempt_enter(struct hc_attempt *a, enum hc_attempt_state state,
                          int64_t now)
{
    a->state = state;
    a->until = hc_time_add(now, attempt_limit(a));
}

static int attempt_done(struct hc_attempt *a)
{
    attempt_free_engine(a);
    a->state = ATTEMPT_DONE;
    return 1;
}

static int attempt_handshake(struct hc_attempt *a, int64_t now,
                             struct headcount_error *e)
{
    struct hc_net *net = a->shared->net;
    int open = hc_conn_handshake(a->conn, e);

    if (open < 0) {
        attempt_say_where(a, e);
        return attempt_fail(a, open);
    }
    if (!a->heard && hc_tls_has_heard(&a->conn->engine)) {
        a->heard = true;
        a->heard_at = now;
    }
    if (open == 0)
        return attempt_wait(a, now, e);
    a->marks.tls_end = attempt_after(a->marks.tls_start, hc_now(&net->sys));
    a->marks.resumed = hc_tls_was_resumed(&a->conn->engine);
    hc_stats_count(&net->stats, a->shared->stats, tls_handshakes);
    if (a->marks.resumed)
        hc_stats_count(&net->stats, a->shared->stats, tls_resumed);
    return attempt_done(a);
}

/* TLS to the origin, or to the proxy. */
static int attempt_start_tls(struct hc_attempt *a, bool outer,
                             struct headcount_error *e)
{
    const struct hc_attempt_shared *c = a->shared;
    struct hc_net *net = c->net;
    struct hc_tls_config tls = {
        .anchors = outer ? c->proxy->anchors : c->anchors,
        .host = hc_str(outer ? c->proxy->origin.host : c->origin->host),
        .wall = hc_wall(&net->sys), .session = outer ? NULL : c->session,
        .alloc = &net->sys.alloc, .cpu = net->sys.cpu,
    };
    int err = hc_random(&net->sys, tls.seed, sizeof tls.seed, e);

    if (err == 0)
        err = outer ? hc_conn_start_outer(a->conn, &tls, e)
                    : hc_conn_start_tls(a->conn, &tls, e);
    hc_wipe(tls.seed, sizeof tls.seed);
    return err < 0 ? attempt_fail(a, err) : 0;
}

static int attempt_start_handshake(struct hc_attempt *a, int64_t now,
                                   struct headcount_error *e)
{
    int err = attempt_start_tls(a, false, e);

    if (err < 0)
        return err;
    a->marks.tls_start = attempt_after(a->marks.connect_end, now);
    attempt_enter(a, ATTEMPT_HANDSHAKE, now);
    return attempt_handshake(a, now, e);
}

/* ---- TUNNEL ---- */

static int attempt_tunnel(struct hc_attempt *a, int64_t now,
                          struct headcount_error *e)
{
    int stands = hc_tunnel_step(a->tunnel, a->conn, e);

    a->answered = a->tunnel->http.status != 0;
    if (stands < 0)
        return attempt_fail(a, stands);
    if (stands == 0)
        return attempt_wait(a, now, e);
    attempt_free_tunnel(a);
    a->heard_at = now;
    return attempt_start_handshake(a, now, e);
}

static int attempt_start_tunnel(struct hc_attempt *a, int64_t now,
                                struct headcount_error *e)
{
    const struct hc_alloc *alloc = &a->shared->net->sys.alloc;

    a->tunnel = hc_alloc(alloc, sizeof *a->tunnel);
    if (a->tunnel == NULL)
        return attempt_fail(a, hc_error_set(e, HEADCOUNT_ENOMEM,
                                            "out of memory for a tunnel"));
    hc_tunnel_init(a->tunnel, alloc, a->shared->proxy, a->shared->origin);
    attempt_enter(a, ATTEMPT_TUNNEL, now);
    return attempt_tunnel(a, now, e);
}

/* ---- OUTER ---- */

/* The connection leads to the proxy, or to the origin. */
static int attempt_stands(struct hc_attempt *a, int64_t now,
                          struct headcount_error *e)
{
    if (!a->shared->origin->tls)
        return attempt_done(a);
    return a->shared->proxy != NULL ? attempt_start_tunnel(a, now, e)
                                    : attempt_start_handshake(a, now, e);
}

static int attempt_outer(struct hc_attempt *a, int64_t now,
                         struct headcount_error *e)
{
    int open = hc_outer_handshake(a->conn->outer, &a->conn->watch, e);

    if (open < 0) {
        attempt_say_where(a, e);
        return attempt_fail(a, open);
    }
    if (open == 0)
        return attempt_wait(a, now, e);
    hc_stats_count(&a->shared->net->stats, a->shared->stats, tls_handshakes);
    a->heard_at = now;
    return attempt_stands(a, now, e);
}

static int attempt_start_outer(struct hc_attempt *a, int64_t now,
                               struct headcount_error *e)
{
    int err = attempt_start_tls(a, true, e);

    if (err < 0)
        return err;
    attempt_enter(a, ATTEMPT_OUTER, now);
    return attempt_outer(a, now, e);
}

/* ---- CONNECTED ---- */

/* Nothing is asked of the socket, so only an error or a hangup comes.  If it
 * were left there, a loop that polls the socket would spin. */
static int attempt_queued(struct hc_attempt *a, struct headcount_error *e)
{
    int err = a->watch.got != 0 ? hc_sock_error(a->watch.fd) : 0;

    a->watch.got = 0;
    return err < 0 ? attempt_refused(a, err, e) : 0;
}

static int attempt_go_on(struct hc_attempt *a, int64_t now,
                         struct headcount_error *e)
{
    bool outer = a->shared->proxy != NULL && a->shared->proxy->origin.tls;
    bool tls = outer || a->shared->origin->tls;

    if (tls && a->shared->engines >= HC_ATTEMPT_ENGINES)
        return attempt_queued(a, e);
    a->conn = hc_conn_new(&a->shared->net->sys, &a->watch);
    if (a->conn == NULL)
        return attempt_fail(a, hc_error_set(e, HEADCOUNT_ENOMEM,
                                            "out of memory for a connection"));
    a->conn->origin = *a->shared->origin;
    a->conn->addr = a->addr;
    a->conn->proxy = a->shared->proxy;
    a->has_engine = tls;
    a->shared->engines += tls;
    return outer ? attempt_start_outer(a, now, e) : attempt_stands(a, now, e);
}

/* ---- CONNECT ---- */

static void attempt_connected(struct hc_attempt *a)
{
    hc_stats_count(&a->shared->net->stats, a->shared->stats,
                   connections_opened);
    hc_watch_want(&a->watch, 0);
    a->state = ATTEMPT_CONNECTED;
}

/* A socket can be written to when its connection stands or has failed. */
static int attempt_connect(struct hc_attempt *a, int64_t now,
                           struct headcount_error *e)
{
    if (a->watch.got == 0)
        return 0;
    a->watch.got = 0;
    int err = hc_sock_connected(a->watch.fd);

    if (err == HC_SOCK_AGAIN)
        return 0;
    if (err < 0)
        return attempt_refused(a, err, e);
    a->marks.connect_end = attempt_after(a->marks.connect_start, now);
    a->heard_at = now;
    attempt_connected(a);
    return attempt_go_on(a, now, e);
}

/* ---- the machine ---- */

int hc_attempt_step(struct hc_attempt *a, int64_t now,
                    struct headcount_error *e)
{
    switch (a->state) {
    case ATTEMPT_CONNECT:   return attempt_connect(a, now, e);
    case ATTEMPT_CONNECTED: return attempt_go_on(a, now, e);
    case ATTEMPT_OUTER:     return attempt_outer(a, now, e);
    case ATTEMPT_TUNNEL:    return attempt_tunnel(a, now, e);
    case ATTEMPT_HANDSHAKE: return attempt_handshake(a, now, e);
    case ATTEMPT_DONE:      return 1;
    case ATTEMPT_CLOSED:
    case ATTEMPT_FAILED:    break;
    }
    return 0;
}

int hc_attempt_start(struct hc_attempt *a, struct hc_attempt_shared *shared,
                     const struct hc_addr *addr, int64_t now,
                     struct headcount_error *e)
{
    struct hc_net *net = shared->net;
    const struct hc_sock_limits limits = {
        .keepalive = net->config.tcp_keepalive,
        .user_timeout = net->config.user_timeout,
    };

    *a = (struct hc_attempt){ .state = ATTEMPT_CONNECT, .addr = *addr,
                              .heard_at = now, .shared = shared };
    a->marks.connect_start = now;
    int fd = hc_sock_tcp(addr, attempt_peer(a)->port, &limits);

    if (fd < 0)
        return attempt_refused(a, fd, e);
    hc_watch_open(&net->jobs, &a->watch, fd, shared->job);
    hc_watch_want(&a->watch, HC_WATCH_WRITE);
    return 0;
}

bool hc_attempt_is_open(const struct hc_attempt *a)
{
    return a->state >= ATTEMPT_CONNECT && a->state <= ATTEMPT_HANDSHAKE;
}

void hc_attempt_fini(struct hc_attempt *a)
{
    if (a->state == ATTEMPT_CONNECT && hc_sock_connected(a->watch.fd) == 0)
        hc_stats_count(&a->shared->net->stats, a->shared->stats,
                       connections_opened);
    attempt_close(a, ATTEMPT_CLOSED);
}
