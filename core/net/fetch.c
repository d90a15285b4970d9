/* net/fetch.c - one exchange.
 *
 *   CONN    -> REQUEST             [fetch_conn]     a turn of the pool
 *   REQUEST -> SEND                [hc_fetch_request]
 *   SEND    -> HEAD                [fetch_send]     all is with the kernel
 *   HEAD    -> BODY, DONE          [fetch_head]
 *   BODY    -> DONE                [fetch_body]
 *   SEND, HEAD -> CONN             [fetch_is_stale] a replay
 *   HEAD    -> ENDED               [fetch_may_be_unread]
 *   ENDED   -> CONN                [fetch_ended]    a replay
 *   any     -> FAILED              an error, or the phase's time is over
 */
#include "net/fetch.h"

#define FETCH_GO_ON (-1)             /* the state changed: look again        */

static int fetch_failed(struct hc_fetch *f)
{
    f->state = FETCH_AT_FAILED;
    return FETCH_FAILED;
}

static void fetch_phase(struct hc_fetch *f, int64_t now, int64_t limit)
{
    f->until = hc_time_add(now, limit);
}

static int64_t fetch_now(const struct hc_fetch *f)
{
    return hc_now(&f->net->sys);
}

/* ---- CONN ---- */

static int fetch_ask(struct hc_fetch *f, int64_t now)
{
    const struct hc_pool_ask ask = {
        .origin = &f->config.origin,
        .anchors = f->config.origin.tls ? f->config.anchors : NULL,
        .proxy = f->config.proxy, .job = f->job, .stats = f->config.stats,
        .error = &f->error, .fresh = f->config.fresh || f->suspect,
    };

    f->state = FETCH_AT_CONN;
    return hc_pool_ask(&f->net->pool, &f->waiter, &ask, now);
}

static int fetch_conn(struct hc_fetch *f)
{
    struct hc_conn *c = f->waiter.conn;
    int64_t start = f->marks.start;

    if (f->waiter.failed)
        return fetch_failed(f);
    if (c == NULL)
        return FETCH_WAIT;
    f->addr = c->addr;
    f->marks = c->marks;
    if (c->kept)
        f->marks = (struct hc_marks){ .reused = true };
    f->marks.start = start;
    c->exchanges++;
    if (c->kept)
        hc_stats_count(&f->net->stats, f->config.stats, connections_reused);
    f->state = FETCH_AT_REQUEST;
    hc_buf_reset(&f->out);
    return FETCH_GO_ON;
}

/* ---- a connection that ended: again, or an error ---- */

/* The connections that were kept beside this one may be as dead as it is. */
static void fetch_suspect(struct hc_fetch *f)
{
    if (f->waiter.conn == NULL || !f->marks.reused)
        return;
    f->suspect = true;
    hc_pool_suspect(&f->net->pool, &f->waiter, f->marks.send_start);
}

/* The connection ended before a byte of an answer came, and was a kept one. */
static bool fetch_may_replay(const struct hc_fetch *f, int code)
{
    /* A TLS connection that ends without close_notify is ETRUNCATED. */
    bool ended = code == HEADCOUNT_ECLOSED || code == HEADCOUNT_ETRUNCATED;

    return ended && f->marks.reused && !f->replayed && !f->http.any;
}

/* The server closed an idle connection just as our request left.  The request
 * is sent once more, on a new connection, if no byte of an answer has come, and
 * if the server cannot have read all of it or reading it twice does no harm. */
static bool fetch_is_stale(const struct hc_fetch *f, int code)
{
    return fetch_may_replay(f, code) &&
           (!f->flushed || f->config.replay_after_flush_ok);
}

void hc_fetch_is_last(struct hc_fetch *f)
{
    f->replayed = true;
}

static int fetch_replay(struct hc_fetch *f, int64_t now)
{
    hc_pool_waiter_drop(&f->net->pool, &f->waiter, now);
    hc_error_reset(&f->error);
    f->replayed = true;
    hc_stats_count(&f->net->stats, f->config.stats, replays);
    hc_log_line(&f->net->log, HEADCOUNT_LOG_DEBUG,
                "replay host=%s reason=\"a kept connection had been closed\"",
                f->config.origin.host);
    return fetch_ask(f, now) < 0 ? fetch_conn(f) : FETCH_GO_ON;
}

static int fetch_lost(struct hc_fetch *f, int64_t now)
{
    hc_pool_waiter_drop(&f->net->pool, &f->waiter, now);
    return fetch_failed(f);
}

/* A request that was sent whole and must not be done twice is sent once more
 * only if the server is proved not to have read it whole.  f->error has what is
 * said if it is not. */
static int fetch_judge(struct hc_fetch *f, enum hc_unread_answer unread,
                       int64_t now)
{
    switch (unread) {
    case UNREAD_WAIT:
        f->state = FETCH_AT_ENDED;
        f->until = f->unread.at;
        return FETCH_WAIT;
    case UNREAD_YES:
        if (f->replayed)                 /* by now it is the last */
            break;
        f->flushed = false;
        return fetch_replay(f, now);
    case UNREAD_NO:
        break;
    }
    return fetch_lost(f, now);
}

static int fetch_broken(struct hc_fetch *f, int code,
                        const struct headcount_error *e, int64_t now)
{
    fetch_suspect(f);
    if (fetch_is_stale(f, code)) {
        f->flushed_before = f->flushed;
        return fetch_replay(f, now);
    }
    hc_error_pass(&f->error, e);
    if (!fetch_may_replay(f, code))
        return fetch_lost(f, now);
    return fetch_judge(f, hc_unread_ended(&f->unread, f->waiter.conn, now,
                                          f->config.deadline), now);
}

/* ---- ENDED ---- */

static int fetch_ended(struct hc_fetch *f, int64_t now)
{
    return fetch_judge(f, hc_unread_step(&f->unread, f->waiter.conn, now),
                       now);
}

/* Puts the peer before the parser's sentence, which may quote the answer: where
 * the answer is a secret the sentence is left out. */
static int fetch_say(const struct hc_fetch *f, struct headcount_error *e,
                     int code, const struct headcount_error *why)
{
    char where[HC_CONN_WHERE];
    bool shown = code != HEADCOUNT_EPROTOCOL || !f->config.is_secret;

    hc_conn_where(where, &f->config.origin, &f->addr);
    return hc_error_set(e, code, "%s: %s", where, shown
                        ? why->what
                        : "the answer is no HTTP/1.1 that can be read");
}

static int fetch_bad_answer(struct hc_fetch *f, int code,
                            const struct headcount_error *why, int64_t now)
{
    fetch_say(f, &f->error, code, why);
    return fetch_lost(f, now);
}

static int fetch_eof(struct hc_fetch *f, int64_t now)
{
    struct headcount_error e = { .code = 0 }, said = { .code = 0 };
    int err = hc_http1_eof(&f->http, true, &e);

    if (err == 0)
        return FETCH_GO_ON;
    return fetch_broken(f, fetch_say(f, &said, err, &e), &said, now);
}

/* ---- SEND ---- */

void hc_fetch_request(struct hc_fetch *f)
{
    int64_t now = fetch_now(f);
    int err = hc_buf_error(&f->out);

    if (err < 0) {                       /* half a request is never sent */
        hc_error_set(&f->error, err, "the request could not be put together: "
                     "%s", hc_error_sentence(err));
        f->state = FETCH_AT_FAILED;
        return;
    }
    f->left = hc_buf_view(&f->out);
    f->in = (struct hc_str){ NULL, 0 };
    f->lent = 0;
    f->early = false;
    f->body_n = 0;
    f->marks.send_start = now;
    if (f->marks.reused && !f->replayed && !f->config.replay_after_flush_ok)
        hc_unread_begin(&f->unread, f->waiter.conn);
    hc_http1_fini(&f->http);
    hc_http1_init(&f->http, &f->net->sys.alloc, f->config.is_head);
    fetch_phase(f, now, f->net->config.send_timeout);
    f->state = FETCH_AT_SEND;
}

/* A server that answers while the request is still on its way does not read the
 * rest of it (RFC 9112, 9.5): the answer counts, and the connection is closed
 * after it. */
static int fetch_early(struct hc_fetch *f, int64_t now)
{
    struct headcount_error ignored = { .code = 0 };
    int got = hc_conn_recv(f->waiter.conn, &f->in, &ignored);

    if (got == CONN_BYTES) {
        f->early = true;
        f->lent = f->in.n;
        f->marks.first_byte = fetch_now(f);
        f->state = FETCH_AT_HEAD;
        hc_watch_want(&f->waiter.conn->watch, HC_WATCH_READ);
        fetch_phase(f, now, f->net->config.between_timeout);
    }
    return got;
}

/* A long poll (negative first_byte_timeout) has no limit. */
static int64_t fetch_patience(const struct hc_fetch *f)
{
    int64_t own = f->config.first_byte_timeout;

    return own == 0 ? f->net->config.first_byte_timeout
                    : own < 0 ? HC_NEVER : own;
}

/* Where sending fails the answer is looked for first: a server that refuses a
 * request may say why and close before all of it was sent. */
static int fetch_send(struct hc_fetch *f, int64_t now)
{
    struct headcount_error e = { .code = 0 };
    size_t before = f->left.n;
    int sent = hc_conn_send(f->waiter.conn, &f->left, &e);
    int got = sent <= 0 ? fetch_early(f, now) : CONN_WAIT;

    if (got == CONN_BYTES)
        return FETCH_GO_ON;
    if (sent < 0)
        return fetch_broken(f, sent, &e, now);
    if (sent == 0 && got == CONN_EOF)
        return fetch_eof(f, now);
    if (f->left.n < before)
        fetch_phase(f, now, f->net->config.send_timeout);
    if (sent == 0)
        return FETCH_WAIT;
    f->flushed = true;
    f->marks.send_end = fetch_now(f);
    fetch_phase(f, now, fetch_patience(f));
    f->state = FETCH_AT_HEAD;
    return FETCH_GO_ON;
}

/* ---- HEAD and BODY ---- */

/* GO_ON: f->in holds bytes, or the answer ended with the connection. */
static int fetch_recv(struct hc_fetch *f, int64_t now)
{
    struct headcount_error e = { .code = 0 };

    if (f->in.n > 0)
        return FETCH_GO_ON;
    if (f->lent > 0)
        hc_conn_used(f->waiter.conn, f->lent);
    f->lent = 0;
    int got = hc_conn_recv(f->waiter.conn, &f->in, &e);

    if (got < 0)
        return fetch_broken(f, got, &e, now);
    if (got == CONN_EOF)
        return fetch_eof(f, now);
    if (got == CONN_WAIT)
        return FETCH_WAIT;
    if (f->marks.first_byte == 0)
        f->marks.first_byte = fetch_now(f);
    f->lent = f->in.n;
    fetch_phase(f, now, f->net->config.between_timeout);
    return FETCH_GO_ON;
}

static int fetch_done(struct hc_fetch *f, int64_t now)
{
    bool reusable = hc_http1_is_reusable(&f->http) && f->in.n == 0 &&
                    !f->early;

    if (f->lent > 0 && reusable)
        hc_conn_used(f->waiter.conn, f->lent);
    f->lent = 0;
    f->marks.end = fetch_now(f);
    f->state = FETCH_AT_DONE;
    hc_pool_give(&f->net->pool, &f->waiter, reusable, now);
    return FETCH_DONE;
}

static int fetch_too_big(struct hc_fetch *f, int64_t now)
{
    char where[HC_CONN_WHERE];
    uint64_t max = f->config.max_body;

    hc_conn_where(where, &f->config.origin, &f->addr);
    hc_error_set(&f->error, HEADCOUNT_ELIMIT,
                 "%s: the answer is larger than %llu bytes: not read", where,
                 (unsigned long long)max);
    return fetch_lost(f, now);
}

static int fetch_head(struct hc_fetch *f, int64_t now)
{
    struct headcount_error e = { .code = 0 };
    int got = fetch_recv(f, now);

    if (got != FETCH_GO_ON || f->state != FETCH_AT_HEAD)
        return got;
    int err = hc_http1_feed(&f->http, &f->in, &e);

    if (err < 0)
        return fetch_bad_answer(f, err, &e, now);
    if (!hc_http1_has_head(&f->http))
        return FETCH_GO_ON;
    uint64_t length = hc_http1_length(&f->http);

    if (f->http.state == HTTP1_SIZED && length > f->config.max_body)
        return fetch_too_big(f, now);
    f->state = FETCH_AT_BODY;
    return FETCH_HEAD;
}

static int fetch_body(struct hc_fetch *f, int64_t now)
{
    struct headcount_error e = { .code = 0 };

    if (f->http.state == HTTP1_DONE)
        return fetch_done(f, now);
    int got = fetch_recv(f, now);

    if (got != FETCH_GO_ON || f->state != FETCH_AT_BODY ||
        f->http.state == HTTP1_DONE)
        return got;
    int err = hc_http1_feed(&f->http, &f->in, &e);

    if (err < 0)
        return fetch_bad_answer(f, err, &e, now);
    f->span = hc_http1_take_body(&f->http);
    f->body_n += f->span.n;
    if (f->body_n > f->config.max_body)
        return fetch_too_big(f, now);
    return f->span.n > 0 ? FETCH_BODY : FETCH_GO_ON;
}

/* ---- the machine ---- */

static const char *fetch_waits_for(const struct hc_fetch *f)
{
    switch (f->state) {
    case FETCH_AT_CONN:    return "a connection";
    case FETCH_AT_SEND:    return "the request to be taken";
    case FETCH_AT_HEAD:    return f->http.any ? "the rest of the answer's head"
                                              : "the answer's first byte";
    case FETCH_AT_BODY:    return "the rest of the answer's body";
    case FETCH_AT_REQUEST:
    case FETCH_AT_ENDED:
    case FETCH_AT_DONE:
    case FETCH_AT_FAILED:  break;
    }
    return "the request";
}

static int fetch_overdue(struct hc_fetch *f, int64_t now)
{
    char where[HC_CONN_WHERE];
    bool all = now >= f->config.deadline;

    hc_conn_where(where, &f->config.origin, &f->addr);
    if (f->state == FETCH_AT_CONN && !all)
        hc_pool_overdue(&f->net->pool, &f->waiter);
    hc_error_set(&f->error, all ? HEADCOUNT_EDEADLINE : HEADCOUNT_ETIMEDOUT,
                 "%s: %s while waiting for %s", where,
                 all ? "the deadline has passed" : "no answer in time",
                 fetch_waits_for(f));
    fetch_suspect(f);
    return fetch_lost(f, now);
}

static int fetch_once(struct hc_fetch *f, int64_t now)
{
    switch (f->state) {
    case FETCH_AT_CONN:    return fetch_conn(f);
    case FETCH_AT_REQUEST: return FETCH_NEED_REQUEST;
    case FETCH_AT_SEND:    return fetch_send(f, now);
    case FETCH_AT_HEAD:    return fetch_head(f, now);
    case FETCH_AT_BODY:    return fetch_body(f, now);
    case FETCH_AT_ENDED:   return fetch_ended(f, now);
    case FETCH_AT_DONE:    return FETCH_DONE;
    case FETCH_AT_FAILED:  break;
    }
    return FETCH_FAILED;
}

enum hc_fetch_answer hc_fetch_step(struct hc_fetch *f, int64_t now)
{
    int answer = FETCH_GO_ON;

    while (answer == FETCH_GO_ON)
        answer = fetch_once(f, now);
    if (answer != FETCH_WAIT)
        return (enum hc_fetch_answer)answer;
    int64_t until = hc_time_min(f->config.deadline,
                                f->state == FETCH_AT_CONN
                                    ? hc_pool_until(&f->net->pool, &f->waiter)
                                    : f->until);

    if (now >= until)
        return (enum hc_fetch_answer)fetch_overdue(f, now);
    hc_job_at(f->job, until);
    return FETCH_WAIT;
}

bool hc_fetch_is_in_line(const struct hc_fetch *f)
{
    return f->state == FETCH_AT_CONN && f->waiter.host != NULL &&
           f->waiter.dial == NULL;
}

void hc_fetch_until(struct hc_fetch *f, int64_t deadline)
{
    f->config.deadline = deadline;
}

int hc_fetch_start(struct hc_fetch *f, struct hc_net *net, struct hc_job *job,
                   const struct hc_fetch_config *config, int64_t now)
{
    *f = (struct hc_fetch){ .net = net, .job = job, .config = *config };
    hc_buf_init_secret(&f->out, &net->sys.alloc, HC_FETCH_REQUEST);
    if (f->config.max_body == 0)
        f->config.max_body = HC_FETCH_BODY;
    if (f->config.deadline == 0)
        f->config.deadline = HC_NEVER;
    f->marks.start = now;
    if (fetch_ask(f, now) < 0) {
        fetch_failed(f);
        return f->error.code;
    }
    return 0;
}

void hc_fetch_fini(struct hc_fetch *f)
{
    if (f->net == NULL)
        return;
    hc_pool_waiter_drop(&f->net->pool, &f->waiter, fetch_now(f));
    hc_http1_fini(&f->http);
    hc_buf_fini(&f->out);
    f->net = NULL;
}
