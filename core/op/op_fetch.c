/* op/op_fetch.c - one plain HTTP request over what calls use, or its signature.
 *
 *   CREDS    -> EXCHANGE           [op_fetch_creds]     only if it is signed
 *   CREDS    -> done               [op_fetch_creds]     sign_only
 *   EXCHANGE -> done               [op_fetch_done]
 *   EXCHANGE -> CREDS              [op_fetch_refused]   another signature
 *
 * The request is written for each send, once there is a connection, so that a
 * signature is never older than its request.
 */
#include "op/op.h"

#include "aws/sign_request.h"
#include "aws/strike.h"
#include "base/text.h"
#include "net/conn.h"
#include "op/http_request.h"
#include "op/op_account.h"

enum op_fetch_state { OP_FETCH_AT_CREDS, OP_FETCH_AT_EXCHANGE };

struct op_fetch {
    headcount_op op;
    enum op_fetch_state state;
    const struct headcount_fetch *given; /* the caller's; NULL once begun    */
    struct hc_http_request request;
    struct hc_fetch fetch;
    struct hc_buf body;                  /* of the answer                    */
    int attempt;
    bool cancelled;
    bool awaited;                        /* once cancelled: its answer, ...  */
    int64_t until;                       /* so long                          */
    /* of a request that is signed */
    struct headcount_sign_request sign;  /* service NULL: it is not          */
    struct hc_op_account account;
    struct hc_credentials creds;
    struct hc_waiter waiter;
    struct headcount_signed *made;       /* with sign_only                   */
    int64_t sent_wall;
    int64_t skew;                        /* of the last answer               */
    bool is_off;                         /* our time was wrong for it        */
    bool was_expired, was_skewed;        /* each is signed again once        */
};

static struct op_fetch *fetch_of(headcount_op *op)
{
    return (struct op_fetch *)op;
}

/* ---- the signature ---- */

static bool fetch_is_signed(const struct op_fetch *f)
{
    return f->sign.service != NULL;
}

/* Finds a request that cannot be signed, before credentials are asked for. */
static int op_fetch_try_sign(headcount_op *op)
{
    const struct hc_sign_ask ask = {
        .request = &fetch_of(op)->sign,
        .who = { HC_STR("any"), HC_STR("any"), { NULL, 0 } },
        .wall = fetch_of(op)->sign.time != 0 ? fetch_of(op)->sign.time
                                             : hc_wall(&op->h->net.sys),
    };
    struct headcount_signed *made = NULL;
    int err = hc_sign_new(&made, &op->h->net.sys.alloc, &ask, &op->error);

    hc_sign_free(made);
    return err;
}

/* Service and region have to be names that signatures have. */
static int op_fetch_check_sign(headcount_op *op)
{
    struct op_fetch *f = fetch_of(op);
    struct headcount_sign_request *s = &f->sign;
    struct hc_str region = op->params.region != NULL
                               ? hc_str(op->params.region)
                               : op->h->config.region;
    int err = region.n == 0 ? hc_client_no_region(&op->h->client, &op->error)
                            : hc_endpoint_check_region(region, &op->error);

    if (err < 0)
        return err;
    if (op->h->no_sign)
        return hc_error_set(&op->error, HEADCOUNT_EARG, "a request cannot be "
                            "signed while config.no_sign_request is set");
    if (!hc_endpoint_is_region(hc_str(s->service)))
        return hc_error_set(&op->error, HEADCOUNT_EARG,
                            "the service to sign for is named as signatures "
                            "name it, with letters from a to z, digits and "
                            "'-': s3, execute-api");
    s->region = hc_arena_str(&op->arena, region).p;
    s->method = f->request.r.method;
    s->url = f->request.r.url;
    s->headers = f->request.r.headers;
    s->headers_n = f->request.r.headers_n;
    err = op_fetch_try_sign(op);
    s->body = f->request.r.body;
    s->body_size = f->request.r.body_size;
    if (err == 0)
        err = hc_op_find_creds(op, true);
    return err < 0 ? err : hc_op_account_check(op);
}

static int op_fetch_sign(headcount_op *op, struct headcount_signed **out)
{
    struct op_fetch *f = fetch_of(op);
    int64_t skew = f->was_skewed ? f->skew : op->h->client.skew;
    struct hc_sign_ask ask = { .request = &f->sign,
                               .who = hc_credentials_view(&f->creds),
                               .wall = f->sign.time };

    *out = NULL;
    if (!fetch_is_signed(f))
        return 0;
    f->sent_wall = hc_wall(&op->h->net.sys);
    if (ask.wall == 0)
        ask.wall = hc_time_add(f->sent_wall, skew);
    return hc_sign_new(out, &op->h->net.sys.alloc, &ask, &op->error);
}

/* A presigned URL ends with the credentials that signed it. */
static void op_fetch_warn(headcount_op *op)
{
    const struct op_fetch *f = fetch_of(op);
    int64_t left = f->creds.expires == HC_NEVER
                       ? HC_NEVER
                       : f->creds.expires - hc_wall(&op->h->net.sys);

    if (f->sign.expires > 0 && f->sign.expires > left)
        hc_log_line(&op->h->net.log, HEADCOUNT_LOG_WARN,
                    "the presigned URL ends with the credentials that sign "
                    "it (%s): in %lld seconds, not in %lld", f->creds.source,
                    (long long)(left / HC_SECOND),
                    (long long)(f->sign.expires / HC_SECOND));
}

/* ---- the exchange ---- */

static int op_fetch_exchange(headcount_op *op, int64_t now)
{
    struct op_fetch *f = fetch_of(op);
    const struct hc_http_request *q = &f->request;
    struct hc_fetch_config config = {
        .origin = &q->at.origin,
        .proxy = q->at.proxy,
        .replay_after_flush_ok = q->r.replay_ok || q->repeatable,
        .is_head = hc_str_eqz(hc_str(q->method), "HEAD"),
        .deadline = op->deadline, .stats = &op->stats,
        .first_byte_timeout = q->r.first_byte_timeout,
    };

    int err = hc_trust_get(&op->h->client.trust, &q->at, &config.anchors,
                           &op->error);

    if (err < 0)
        return err;
    if (f->attempt++ == 0)
        hc_stats_count(&op->h->net.stats, &op->stats, api_calls);
    f->state = OP_FETCH_AT_EXCHANGE;
    err = hc_fetch_start(&f->fetch, &op->h->net, &op->job, &config, now);

    return err < 0 ? hc_error_pass(&op->error, &f->fetch.error) : 0;
}

static int op_fetch_prepare(headcount_op *op)
{
    struct op_fetch *f = fetch_of(op);
    const struct hc_alloc *alloc = &op->h->net.sys.alloc;

    hc_buf_init(&f->body, alloc, (size_t)HC_FETCH_BODY);
    hc_credentials_init(&f->creds, alloc);
    f->sign.service = hc_op_text(op, f->sign.service);
    return hc_http_request_init(&f->request, &op->arena, f->given,
                                &op->error);
}

static bool op_fetch_lacks_region(headcount_op *op)
{
    return fetch_is_signed(fetch_of(op));
}

static int op_fetch_start(headcount_op *op)
{
    struct op_fetch *f = fetch_of(op);
    int err = 0;

    if (!f->request.r.sign_only)
        err = hc_client_find_proxy(&op->h->client, &f->request.at,
                                   &op->error);
    if (err < 0)
        return err;
    return fetch_is_signed(f) ? op_fetch_check_sign(op)
                              : op_fetch_exchange(op, hc_now(&op->h->net.sys));
}

/* True: the account of another key was compared; this one's comes next. */
static bool op_fetch_has_other_key(headcount_op *op)
{
    const struct op_fetch *f = fetch_of(op);
    struct hc_str compared = hc_op_account_key(&f->account);

    return compared.n > 0 &&
           !hc_str_eq(compared, hc_credentials_view(&f->creds).key_id);
}

static int op_fetch_creds(headcount_op *op, int64_t now)
{
    struct op_fetch *f = fetch_of(op);
    const struct hc_creds_ask ask = {
        .waiter = &f->waiter, .job = &op->job,
        .stats = &op->stats, .timings = &op->timings,
    };

    if (now >= op->deadline)
        return hc_error_set(&op->error, HEADCOUNT_EDEADLINE,
                            "%s: %s: the deadline has passed while waiting for "
                            "credentials", f->request.at.host,
                            f->request.method);
    hc_credentials_fini(&f->creds);
    int got = hc_op_account_step(op, &f->account, now);

    if (got > 0)
        got = hc_creds_get(op->creds, &ask, now, &f->creds, &op->error);
    if (got < 0)
        return got;
    if (got == 0) {
        hc_job_at(&op->job, op->deadline);
        return 0;
    }
    if (op_fetch_has_other_key(op)) {
        hc_job_wake(&op->job);
        return 0;
    }
    op_fetch_warn(op);
    if (!f->request.r.sign_only)
        return op_fetch_exchange(op, now);
    got = op_fetch_sign(op, &f->made);
    op->outcome.signed_request = f->made;
    return got < 0 ? got : 1;
}

static int op_fetch_write(headcount_op *op)
{
    struct op_fetch *f = fetch_of(op);
    struct headcount_signed *made;
    int err = op_fetch_sign(op, &made);

    if (err == 0)
        err = hc_http_request_put(&f->request, &f->fetch.out, made,
                                  hc_user_agent_get(&op->h->client.agent,
                                                    f->creds.features),
                                  &op->error);
    hc_sign_free(made);
    if (err == 0)
        hc_fetch_request(&f->fetch);
    return err;
}

/* ---- the answer's head ---- */

static struct hc_str op_fetch_lower(headcount_op *op, struct hc_str name)
{
    char *to = hc_arena_zero(&op->arena, name.n + 1);

    for (size_t i = 0; to != NULL && i < name.n; i++)
        to[i] = hc_lower(name.p[i]);
    return hc_str(to);
}

static void op_fetch_headers(headcount_op *op)
{
    const struct hc_http1 *http = &fetch_of(op)->fetch.http;
    struct headcount_header *to =
        hc_arena_zero(&op->arena, HC_HTTP1_HEADERS * sizeof *to);
    struct hc_str name, value;
    size_t n = 0;

    for (; to != NULL && hc_http1_nth(http, n, &name, &value); n++)
        to[n] = (struct headcount_header){
            op_fetch_lower(op, name).p, hc_arena_str(&op->arena, value).p,
        };
    op->outcome.headers = to;
    op->outcome.headers_n = n;
}

static struct hc_str fetch_header(const struct op_fetch *f, const char *name)
{
    struct hc_str value = { NULL, 0 };

    hc_http1_header(&f->fetch.http, name, &value);
    return value;
}

/* Compares the answer's date with the time that was signed.  Their clock is
 * right where it led to a signature that is accepted: then it becomes that of
 * all calls. */
static void op_fetch_clock(headcount_op *op)
{
    struct op_fetch *f = fetch_of(op);
    const struct hc_skew_ask ask = {
        .date = fetch_header(f, "date"), .age = fetch_header(f, "age"),
        .sent = f->sent_wall, .received = hc_wall(&op->h->net.sys),
    };
    /* A process that was frozen in between: its signature was old by then. */
    bool slept = hc_now(&op->h->net.sys) - f->fetch.marks.send_start >
                 HC_SKEW_MATTERS;

    if (f->was_skewed && op->outcome.status < 400)
        op->h->client.skew = f->skew;
    f->skew = op->h->client.skew;
    f->is_off = slept || (hc_skew_get(&ask, &f->skew) &&
                          hc_skew_matters(f->skew - op->h->client.skew));
}

/* ---- the answer ---- */

static void op_fetch_note(headcount_op *op, const char *end)
{
    struct op_fetch *f = fetch_of(op);
    const struct hc_http_request *q = &f->request;
    const struct hc_identity who = hc_credentials_view(&f->creds);
    const struct hc_timing_note note = {
        .fetch = &f->fetch, .who = &who, .method = q->method,
        .host = q->at.host, .operation = q->method,
        .attempt = f->attempt, .status = op->outcome.status,
        .hides_path = true,              /* a webhook's is its password */
    };

    if (f->fetch.net == NULL)            /* it ended before it was begun */
        return;
    hc_timings_note(&op->timings, &note);
    hc_log_line(&op->h->net.log, HEADCOUNT_LOG_DEBUG,
                "fetch host=%s method=%s status=%d "
                "connection=%s end=\"%s\"",
                q->at.host, q->method, op->outcome.status,
                f->fetch.marks.reused ? "reused" : "new", end);
}

/* The error that the answer tells of. */
static int op_fetch_error(headcount_op *op, struct hc_service_error *out)
{
    struct op_fetch *f = fetch_of(op);
    const struct hc_identity who = hc_credentials_view(&f->creds);
    struct hc_str id = fetch_header(f, "x-amzn-requestid");
    const struct hc_answer_parts parts = {
        .status = op->outcome.status,
        .type = fetch_header(f, "x-amzn-errortype"),
        .query_error = fetch_header(f, "x-amzn-query-error"),
        .request_id = id.n > 0 ? id : fetch_header(f, "x-amz-request-id"),
        .encoding = fetch_header(f, "content-encoding"),
        .body = hc_buf_view(&f->body),
    };
    int err = hc_service_error_get(out, &op->h->net.sys.alloc, &parts);
    char *const texts[] = { out->code, out->message, out->request_id };

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        hc_http_request_strike(&f->request, texts[i]);
        hc_strike_identity(texts[i], &who);
    }
    return err;
}

/* True: the answer refused the signature, and another one may do. */
static bool op_fetch_may_mend(headcount_op *op,
                              const struct hc_service_error *s)
{
    struct op_fetch *f = fetch_of(op);

    if (f->cancelled || !fetch_is_signed(f) || !s->named)
        return false;
    switch (hc_retry_of_answer(hc_str(s->code), s->status)) {
    case RETRY_EXPIRED:
        if (f->was_expired)
            return false;
        f->was_expired = true;
        hc_creds_invalidate(op->creds, hc_credentials_view(&f->creds).key_id);
        return true;
    case RETRY_SKEW:
        if (f->was_skewed || !f->is_off || f->sign.time != 0)
            return false;
        f->was_skewed = true;
        return true;
    case RETRY_NO:
    case RETRY_TRANSIENT:
    case RETRY_THROTTLED:
        break;
    }
    return false;
}

static void fetch_forget_head(struct headcount_outcome *o)
{
    o->headers = NULL;
    o->headers_n = 0;
}

static int op_fetch_no_memory(headcount_op *op, int err)
{
    fetch_forget_head(&op->outcome);
    return hc_error_set(&op->error, err, "out of memory for an answer");
}

/* A status of 400 or more.  1: it is the outcome; 0: the request is signed and
 * sent again. */
static int op_fetch_refused(headcount_op *op)
{
    struct op_fetch *f = fetch_of(op);
    struct hc_service_error s;
    char sentence[HC_ANSWER_SENTENCE];
    int err = op_fetch_error(op, &s);

    if (err < 0)
        return op_fetch_no_memory(op, err);
    if (op_fetch_may_mend(op, &s)) {
        hc_stats_count(&op->h->net.stats, &op->stats, retries);
        hc_fetch_fini(&f->fetch);
        hc_buf_reset(&f->body);
        fetch_forget_head(&op->outcome);
        op->outcome.status = 0;
        f->state = OP_FETCH_AT_CREDS;
        hc_job_wake(&op->job);
        return 0;
    }
    if (s.named)
        op->outcome.service_code = hc_arena_str(&op->arena, hc_str(s.code)).p;
    hc_service_error_put(sentence, &s);
    hc_fmt(op->error.what, sizeof op->error.what, "%s: %s: %s)",
           f->request.at.host, f->request.method, sentence);
    return 1;
}

static int op_fetch_done(headcount_op *op)
{
    struct op_fetch *f = fetch_of(op);
    int err = hc_buf_error(&f->body);
    int got = 1;

    op_fetch_note(op, err == 0 ? "done" : "failed");
    if (err == 0 && op->outcome.status >= 400)
        got = op_fetch_refused(op);
    if (err == 0)
        err = hc_arena_error(&op->arena);
    if (err < 0)
        return op_fetch_no_memory(op, err);
    if (got == 1) {
        op->outcome.body = f->body.n > 0 ? f->body.p : "";
        op->outcome.body_size = f->body.n;
    }
    return got;
}

static int op_fetch_failed(headcount_op *op)
{
    const struct hc_fetch *x = &fetch_of(op)->fetch;
    const struct headcount_error *why = &x->error;

    op_fetch_note(op, "failed");
    fetch_forget_head(&op->outcome);
    if (!x->flushed || x->config.replay_after_flush_ok ||
        why->code == HEADCOUNT_ECANCELLED)
        return hc_error_pass(&op->error, why);
    hc_error_set(&op->error, why->code, "%s was sent and got no usable answer, "
                 "so it may have been done: %s", fetch_of(op)->request.method,
                 why->what);
    op->error.sys = why->sys;
    op->error.permanent = why->permanent;
    return why->code;
}

static int op_fetch_cancelled(headcount_op *op)
{
    struct op_fetch *f = fetch_of(op);

    hc_error_set(&f->fetch.error, HEADCOUNT_ECANCELLED,
                 "%s: %s: cancelled before it "
                 "was %s",
                 f->request.at.host, f->request.method,
                 f->state == OP_FETCH_AT_EXCHANGE && f->fetch.flushed
                     ? "answered, so it may have been done" : "sent");
    return op_fetch_failed(op);
}

/* ---- the machine ---- */

static int op_fetch_exchange_step(headcount_op *op, int64_t now)
{
    struct op_fetch *f = fetch_of(op);
    int err = 0;

    while (err == 0) {
        switch (hc_fetch_step(&f->fetch, now)) {
        case FETCH_WAIT:
            if (!f->cancelled)
                return 0;
            if (now >= f->until)
                return op_fetch_cancelled(op);
            hc_job_at(&op->job, f->until);
            return 0;
        case FETCH_NEED_REQUEST:
            err = op_fetch_write(op);
            break;
        case FETCH_HEAD:
            op->outcome.status = f->fetch.http.status;
            op_fetch_headers(op);
            op_fetch_clock(op);
            break;
        case FETCH_BODY:
            hc_buf_put(&f->body, f->fetch.span.p, f->fetch.span.n);
            break;
        case FETCH_DONE:
            return op_fetch_done(op);
        case FETCH_FAILED:
            return op_fetch_failed(op);
        }
    }
    return err;
}

static int op_fetch_step(headcount_op *op, int64_t now)
{
    struct op_fetch *f = fetch_of(op);
    int got = f->cancelled && !f->awaited ? op_fetch_cancelled(op) : 0;

    if (got == 0 && f->state == OP_FETCH_AT_CREDS)
        got = op_fetch_creds(op, now);
    if (got == 0 && f->state == OP_FETCH_AT_EXCHANGE)
        got = op_fetch_exchange_step(op, now);
    if (got != 0) {                  /* its owner may keep the op for long */
        hc_waiter_leave(&f->waiter);
        hc_op_account_fini(op, &f->account);
        hc_fetch_fini(&f->fetch);
    }
    return got;
}

/* The answer to a request that was sent is awaited for HC_CALL_GRACE, so that
 * the caller can learn what was done; a request that was not sent stays so. */
static void op_fetch_cancel(headcount_op *op)
{
    struct op_fetch *f = fetch_of(op);

    if (f->cancelled)
        return;
    f->cancelled = true;
    f->until = hc_time_add(hc_now(&op->h->net.sys), HC_CALL_GRACE);
    f->awaited = hc_fetch_is_last(&f->fetch) &&
                 f->state == OP_FETCH_AT_EXCHANGE;
}

static void op_fetch_free(headcount_op *op)
{
    struct op_fetch *f = fetch_of(op);

    hc_waiter_leave(&f->waiter);
    hc_op_account_fini(op, &f->account);
    hc_fetch_fini(&f->fetch);
    hc_http_request_fini(&f->request);
    hc_buf_fini(&f->body);
    hc_credentials_fini(&f->creds);
    hc_sign_free(f->made);
}

static const struct op_class op_fetch_class = {
    .size = sizeof(struct op_fetch), .prepare = op_fetch_prepare,
    .lacks_region = op_fetch_lacks_region, .start = op_fetch_start,
    .step = op_fetch_step, .cancel = op_fetch_cancel, .free = op_fetch_free,
};

/* ---- begin ---- */

/* A signature is of the fetch's request and with the handle's credentials. */
static int op_fetch_take_sign(struct headcount_sign_request *s,
                              const struct headcount_fetch *f,
                              struct headcount_error *e)
{
    int err = hc_take_struct(s, &hc_form_sign, f->sign, e);

    if (err < 0)
        return err;
    if (f->sign == NULL && (f->assume_role != NULL || f->sign_only ||
                            f->expect_account != NULL))
        return hc_error_set(e, HEADCOUNT_EARG, "%s is set, and sign is NULL",
                            f->sign_only              ? "sign_only"
                            : f->assume_role != NULL ? "assume_role"
                                                     : "expect_account");
    if (f->sign == NULL)
        return 0;
    if (s->service == NULL)
        return hc_error_set(e, HEADCOUNT_EARG, "sign.service is NULL");
    if (s->method != NULL || s->url != NULL || s->headers_n > 0 ||
        s->body_size > 0 || s->access_key_id != NULL ||
        s->secret_access_key != NULL || s->session_token != NULL)
        return hc_error_set(e, HEADCOUNT_EARG, "sign: method, url, headers, "
                            "body and keys have to be zero: they are the "
                            "fetch's and the handle's");
    return 0;
}

static int op_fetch_check(struct headcount_fetch *f,
                          const struct headcount_fetch *fetch,
                          struct headcount_error *e)
{
    int err = hc_take_struct(f, &hc_form_fetch, fetch, e);

    if (err < 0)
        return err;
    if (f->url == NULL)
        return hc_error_set(e, HEADCOUNT_EARG, "url is NULL");
    err = hc_check_memory("body", f->body, "body_size", f->body_size, e);
    if (err == 0)
        err = hc_check_memory("headers", f->headers, "headers_n", f->headers_n,
                              e);
    if (err < 0)
        return err;
    for (size_t i = 0; i < f->headers_n; i++)
        if (f->headers[i].name == NULL || f->headers[i].value == NULL)
            return hc_error_set(e, HEADCOUNT_EARG, "headers[%zu].%s is NULL", i,
                                f->headers[i].name == NULL ? "name" : "value");
    return 0;
}

int headcount_begin_fetch(headcount *h, headcount_op **out,
                          const struct headcount_fetch *fetch,
                          struct headcount_error *error)
{
    struct headcount_fetch f = { .size = 0 };
    struct headcount_sign_request sign = { .size = 0 };
    struct headcount_error e = { .code = 0 };
    int err = op_fetch_check(&f, fetch, &e);

    if (err == 0)
        err = op_fetch_take_sign(&sign, &f, &e);
    *out = NULL;
    if (err == 0) {
        const struct hc_op_params params = {
            .user = f.user, .region = sign.region,
            .assume_role = f.assume_role, .external_id = f.external_id,
            .role_session_name = f.role_session_name,
            .role_duration = f.role_duration,
            .expect_account = f.expect_account, .timeout = f.timeout,
        };
        headcount_op *op = hc_op_new(h, &op_fetch_class, &params);

        if (op != NULL) {
            fetch_of(op)->given = &f;
            fetch_of(op)->sign = sign;
        }
        err = hc_op_begin(op, out, &e);
        if (err == 0)
            fetch_of(op)->given = NULL;
    }
    hc_give_error(error, &e);
    return err;
}
