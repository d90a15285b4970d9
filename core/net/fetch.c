/* net/fetch.c - one exchange.
 *
 *   CONN    -> REQUEST             [fetch_conn]     the pool lent one
 *   REQUEST -> SEND                [hc_fetch_request]
 *   SEND    -> HEAD                [fetch_sent]     all is with the kernel
 *   SEND    -> HEAD                [fetch_early]    answered before that
 *   HEAD    -> SEND                [fetch_resume]   that was an interim answer
 *   HEAD    -> BODY                [fetch_head]
 *   BODY    -> DONE                [fetch_done]
 *   SEND, HEAD -> CONN             [fetch_broken]   a replay
 *   HEAD    -> ENDED               [fetch_judge]    was it read?
 *   ENDED   -> CONN                [fetch_judge]    no: a replay
 *   any     -> FAILED              an error, or the phase's time is over
 */
#include "net/fetch.h"

#include <stddef.h>
#include <string.h>

#include "net/fetch_late.h"

#define FETCH_GO_ON (-1)             /* the state changed: look again        */

static int fetch_failed(struct hc_fetch *f)
{
    f->state = FETCH_AT_FAILED;
    return FETCH_FAILED;
}

static void fetch_phase(struct hc_fetch *f, int64_t now, int64_t limit)
{
    f->since = now;
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
        .origin = f->config.origin,
        .anchors = f->config.origin->tls ? f->config.anchors : NULL,
        .proxy = f->config.proxy, .job = f->job, .stats = f->config.stats,
        .error = &f->error, .marks = &f->marks,
        .fresh = f->config.fresh || f->suspect,
    };

    f->state = FETCH_AT_CONN;
    f->marks = (struct hc_marks){ .start = f->marks.start, .asked = now };
    f->full = false;
    hc_pace_stop(&f->pace);
    fetch_phase(f, now, HC_NEVER);
    return hc_pool_ask(&f->net->pool, &f->waiter, &ask, now);
}

static int fetch_conn(struct hc_fetch *f, int64_t now)
{
    struct hc_conn *c = f->waiter.conn;

    if (f->waiter.failed)
        return fetch_failed(f);
    if (c == NULL)
        return FETCH_WAIT;
    f->addr = c->addr;
    if (c->kept)
        f->marks = (struct hc_marks){
            .start = f->marks.start, .asked = f->marks.asked, .reused = true,
            .idle = now - c->idle_since,
            /* A step's time may be that of the round in which it asked. */
            .waited = now > f->marks.asked ? now - f->marks.asked : 0,
        };
    else
        hc_marks_take(&f->marks, &c->marks);
    f->marks.connection = c->number;
    c->exchanges++;
    if (c->kept)
        hc_stats_count(&f->net->stats, f->config.stats, connections_reused);
    f->state = FETCH_AT_REQUEST;
    hc_buf_reset(&f->out);
    return FETCH_GO_ON;
}

/* ---- a connection that ended: again, or an error ---- */

/* An exchange that is under way is given up with its connection.  Where no
 * byte of the request has left, its end is a clean one. */
static void fetch_drop(struct hc_fetch *f, int64_t now)
{
    if (f->waiter.conn != NULL && f->marks.send_start != 0)
        hc_conn_give_up(f->waiter.conn);
    hc_pool_waiter_drop(&f->net->pool, &f->waiter, now);
}

/* The connections that were kept beside this one may be as dead as it is. */
static void fetch_suspect(struct hc_fetch *f)
{
    if (f->waiter.conn == NULL || !f->marks.reused)
        return;
    f->suspect = true;
    hc_pool_suspect(&f->waiter, f->marks.send_start);
}

/* The connection ended before a byte of an answer came, and was a kept one. */
static bool fetch_may_replay(const struct hc_fetch *f, int code)
{
    return code == HEADCOUNT_ECLOSED && f->marks.reused && !f->replayed &&
           !f->http.any;
}

/* The server closed an idle connection just as our request left.  The request
 * is sent once more, on a new connection, if no byte of an answer has come, and
 * if the server cannot have read all of it or reading it twice does no harm. */
static bool fetch_is_stale(const struct hc_fetch *f, int code)
{
    return fetch_may_replay(f, code) &&
           (!f->flushed || f->config.replay_after_flush_ok);
}

bool hc_fetch_is_last(struct hc_fetch *f)
{
    f->replayed = true;
    return f->flushed && f->state != FETCH_AT_CONN &&
           f->state != FETCH_AT_REQUEST && f->state != FETCH_AT_SEND;
}

static int fetch_replay(struct hc_fetch *f, int64_t now)
{
    fetch_drop(f, now);
    hc_error_reset(&f->error);
    f->replayed = true;
    hc_stats_count(&f->net->stats, f->config.stats, replays);
    hc_log_line(&f->net->log, HEADCOUNT_LOG_DEBUG,
                "replay host=%s reason=\"a kept connection had been closed\"",
                f->config.origin->host);
    return fetch_ask(f, now) < 0 ? fetch_conn(f, now) : FETCH_GO_ON;
}

static int fetch_lost(struct hc_fetch *f, int64_t now)
{
    fetch_drop(f, now);
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
        f->flushed = false;
        if (f->replayed)                 /* by now it is the last */
            break;
        return fetch_replay(f, now);
    case UNREAD_NO:
        break;
    }
    return fetch_lost(f, now);
}

/* The address comes last for a while: it took a connection and no more. */
static void fetch_blame(struct hc_fetch *f, int64_t now)
{
    if (f->config.proxy == NULL && !hc_health_is_late(f->until, now))
        hc_health_failed(&f->net->health, &f->addr, f->config.origin->port,
                         now);
}

static int fetch_broken(struct hc_fetch *f, int code,
                        const struct headcount_error *e, int64_t now)
{
    fetch_suspect(f);
    if (hc_sock_is_dead(-(long)e->sys))
        hc_stats_count(&f->net->stats, f->config.stats, connections_dead);
    if (!f->marks.reused && !f->http.any && code != HEADCOUNT_ENOMEM)
        fetch_blame(f, now);
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
 * the answer is a secret, or a proxy that knows one may have made it, the
 * sentence is left out. */
static int fetch_say(const struct hc_fetch *f, struct headcount_error *e,
                     int code, const struct headcount_error *why)
{
    char where[HC_CONN_WHERE];
    bool secret = f->config.is_secret || (!f->config.origin->tls &&
                                          hc_proxy_is_secret(f->config.proxy));
    bool shown = code != HEADCOUNT_EPROTOCOL || !secret;

    hc_conn_where(where, f->config.origin, &f->addr, f->config.proxy);
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

/* The peer has ended it.  That TLS ended without close_notify matters only
 * where something came before, which may have been cut. */
static bool fetch_is_end(const struct hc_fetch *f, int got)
{
    return got == CONN_EOF || (got == HEADCOUNT_ETRUNCATED && !f->http.any);
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

static void fetch_pace(struct hc_fetch *f, int64_t now, uint64_t moved)
{
    const struct hc_net_config *c = &f->net->config;

    hc_pace_start(&f->pace, (uint64_t)c->min_speed, c->between_timeout, moved,
                  now);
}

void hc_fetch_request(struct hc_fetch *f)
{
    int64_t now = fetch_now(f);

    if (f->config.proxy != NULL && !f->config.origin->tls)
        hc_proxy_put_absolute(f->config.proxy, &f->out, f->config.origin);
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
    hc_http1_reset(&f->http, &f->net->sys.alloc, f->config.is_head);
    fetch_phase(f, now, f->net->config.send_timeout);
    if (f->attempt_until == 0)
        f->attempt_until =
            hc_time_add(now, f->net->config.attempt_timeout);
    f->state = FETCH_AT_SEND;
}

/* The answer begins: what a long poll waited for it does not count. */
static void fetch_first_byte(struct hc_fetch *f, int64_t now)
{
    f->marks.first_byte = fetch_now(f);
    if (f->attempt_until == HC_NEVER)
        f->attempt_until = hc_time_add(now, f->net->config.attempt_timeout);
}

/* A server that answers while the request is still on its way does not read the
 * rest of it (RFC 9112, 9.5): the answer counts, and the connection is closed
 * after it. */
static int fetch_early(struct hc_fetch *f, int64_t now,
                       struct headcount_error *e)
{
    int got = hc_conn_recv(f->waiter.conn, &f->in, e);

    if (got == CONN_BYTES) {
        f->early = true;
        f->lent = f->in.n;
        fetch_first_byte(f, now);
        f->state = FETCH_AT_HEAD;
        hc_watch_want(&f->waiter.conn->watch, HC_WATCH_READ);
        hc_pace_stop(&f->pace);
        fetch_phase(f, now, f->net->config.between_timeout);
    }
    return got;
}

/* All of the request is with the kernel.  A long poll has a limit of its own
 * for the first byte, or none (negative). */
static void fetch_sent(struct hc_fetch *f, int64_t now)
{
    int64_t own = f->config.first_byte_timeout;
    int64_t patience = own == 0 ? f->net->config.first_byte_timeout
                       : own < 0 ? HC_NEVER : own;

    f->flushed = true;
    f->marks.send_end = fetch_now(f);
    if (own != 0 && patience > f->net->config.attempt_timeout)
        f->attempt_until = HC_NEVER;
    hc_pace_stop(&f->pace);
    fetch_phase(f, now, patience);
    f->state = FETCH_AT_HEAD;
}

/* The kernel's buffer is full: it holds megabytes, which may take longer on
 * their way than any limit of a pause.  From here on what the peer acknowledges
 * counts, too. */
static void fetch_is_full(struct hc_fetch *f, int64_t now)
{
    f->full = true;
    f->taken = hc_fetch_moved(f);
    fetch_pace(f, now, f->taken);
}

/* A pause is over: true if bytes of the request moved meanwhile. */
static bool fetch_is_taken(struct hc_fetch *f)
{
    uint64_t before = f->taken;

    if (!f->full || f->state == FETCH_AT_BODY || f->http.any)
        return false;
    f->taken = hc_fetch_moved(f);
    return f->taken > before;
}

/* Where sending fails the answer is looked for first: a server that refuses a
 * request may say why and close before all of it was sent. */
static int fetch_send(struct hc_fetch *f, int64_t now)
{
    struct headcount_error e = { .code = 0 };
    struct hc_conn *c = f->waiter.conn;
    uint64_t before = c->sent;
    int sent = hc_conn_send(c, &f->left, &e);

    if (sent > 0) {
        fetch_sent(f, now);
        return FETCH_GO_ON;
    }
    struct headcount_error late = { .code = 0 };
    int got = fetch_early(f, now, &late);

    if (got == CONN_BYTES)
        return FETCH_GO_ON;
    if (sent < 0)
        return fetch_broken(f, sent, &e, now);
    if (fetch_is_end(f, got))
        return fetch_eof(f, now);
    if (got < 0)
        return fetch_broken(f, got, &late, now);
    if (c->sent > before)
        fetch_phase(f, now, f->net->config.send_timeout);
    if (!f->full)
        fetch_is_full(f, now);
    return FETCH_WAIT;
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

    if (fetch_is_end(f, got))
        return fetch_eof(f, now);
    if (got < 0)
        return fetch_broken(f, got, &e, now);
    if (got == CONN_WAIT)
        return FETCH_WAIT;
    if (f->marks.first_byte == 0)
        fetch_first_byte(f, now);
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

    hc_conn_where(where, f->config.origin, &f->addr, f->config.proxy);
    hc_error_set(&f->error, HEADCOUNT_ELIMIT,
                 "%s: the answer is larger than %llu bytes: not read", where,
                 (unsigned long long)max);
    return fetch_lost(f, now);
}

/* 407 to a request in absolute form: the proxy kept it, and the origin has seen
 * nothing of it. */
static int fetch_unauthorized(struct hc_fetch *f, int64_t now)
{
    hc_tunnel_unauthorized(f->config.proxy, f->config.origin, &f->http,
                           &f->error);
    f->flushed = false;
    return fetch_lost(f, now);
}

/* How much of the body is still to come, as far as that is known. */
static uint64_t fetch_left(const struct hc_fetch *f)
{
    return f->http.state == HTTP1_SIZED || f->http.state == HTTP1_DONE
               ? hc_http1_length(&f->http) - f->body_n : UINT64_MAX;
}

/* An interim answer came early, and nothing else: the server goes on
 * reading. */
static int fetch_resume(struct hc_fetch *f, int64_t now)
{
    hc_conn_used(f->waiter.conn, f->lent);
    f->lent = 0;
    f->early = false;
    f->marks.first_byte = 0;
    f->state = FETCH_AT_SEND;
    fetch_phase(f, now, f->net->config.send_timeout);
    if (f->full)
        fetch_is_full(f, now);
    return FETCH_GO_ON;
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
        return f->early && hc_http1_is_between(&f->http)
                   ? fetch_resume(f, now) : FETCH_GO_ON;
    uint64_t length = hc_http1_length(&f->http);

    if (f->http.status == 407 && f->config.proxy != NULL &&
        !f->config.origin->tls)
        return fetch_unauthorized(f, now);
    if (f->http.state == HTTP1_SIZED && length > f->config.max_body)
        return fetch_too_big(f, now);
    f->state = FETCH_AT_BODY;
    if (fetch_left(f) >= (uint64_t)f->net->config.min_speed)
        fetch_pace(f, now, 0);
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

/* ---- what takes too long ---- */

static int fetch_overdue(struct hc_fetch *f, int64_t now)
{
    if (f->state == FETCH_AT_CONN && now < f->config.deadline)
        hc_pool_overdue(&f->net->pool, &f->waiter);
    if (hc_fetch_say_late(f, now) == HEADCOUNT_ETIMEDOUT &&
        f->state != FETCH_AT_CONN && !f->http.any)
        fetch_blame(f, now);
    fetch_suspect(f);
    return fetch_lost(f, now);
}

/* When the wait that has begun is over. */
static int64_t fetch_until(const struct hc_fetch *f)
{
    if (f->state == FETCH_AT_CONN)
        return hc_time_min(f->config.deadline,
                           hc_pool_until(&f->net->pool, &f->waiter));
    return hc_time_min(hc_time_min(f->until, f->config.deadline),
                       hc_time_min(f->attempt_until, f->pace.until));
}

/* A window is over in which enough moved: the next one begins, unless what is
 * left is less than has to move in it. */
static void fetch_next_window(struct hc_fetch *f, int64_t now)
{
    uint64_t least = (uint64_t)f->net->config.min_speed;
    uint64_t left = f->state == FETCH_AT_SEND ? f->left.n : fetch_left(f);

    if (hc_pace_is_slow(&f->pace, least, hc_fetch_moved(f)))
        return;
    if (left < least)
        hc_pace_stop(&f->pace);
    else
        fetch_pace(f, now, hc_fetch_moved(f));
}

/* ---- the machine ---- */

static int fetch_once(struct hc_fetch *f, int64_t now)
{
    switch (f->state) {
    case FETCH_AT_CONN:    return fetch_conn(f, now);
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
    if (now >= f->until && fetch_is_taken(f))
        fetch_phase(f, now, f->until - f->since);
    if (now >= f->pace.until)
        fetch_next_window(f, now);
    int64_t until = fetch_until(f);

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

/* One exchange follows another: the memory of its request and of its answer's
 * head serves the next one, if it is as little as that of most is. */
#define FETCH_KEPT ((size_t)4096)
#define FETCH_FIELDS 32

static void fetch_take_memory(struct hc_fetch *f)
{
    hc_buf_move(&f->out, &f->net->out);
    f->http = f->net->http;
    f->net->http.alloc = NULL;
}

static void fetch_give_memory(struct hc_fetch *f)
{
    if (f->net->out.p == NULL && f->out.cap <= FETCH_KEPT) {
        f->net->out.alloc = f->out.alloc;
        f->net->out.secret = true;
        hc_buf_move(&f->net->out, &f->out);
    }
    if (f->net->http.alloc != NULL || f->http.alloc == NULL ||
        f->http.head.cap > FETCH_KEPT || f->http.fields_cap > FETCH_FIELDS)
        return;
    hc_http1_reset(&f->http, f->http.alloc, false);
    f->net->http = f->http;
    f->http.alloc = NULL;
}

int hc_fetch_start(struct hc_fetch *f, struct hc_net *net, struct hc_job *job,
                   const struct hc_fetch_config *config, int64_t now)
{
    memset(f, 0, offsetof(struct hc_fetch, error));
    hc_error_reset(&f->error);
    f->net = net;
    f->job = job;
    f->config = *config;
    hc_buf_init_secret(&f->out, &net->sys.alloc, HC_FETCH_REQUEST);
    fetch_take_memory(f);
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
    fetch_drop(f, fetch_now(f));
    fetch_give_memory(f);
    hc_http1_fini(&f->http);
    hc_buf_fini(&f->out);
    f->net = NULL;
}
