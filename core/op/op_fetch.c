/* op/op_fetch.c - one plain HTTP request over what calls use.
 *
 * The request is put together once, at start, where the caller's memory still
 * is: what it holds may be secret, so it lives in one buf that is wiped, and
 * no sentence shows a header's value or more of a URL than scheme and host.
 */
#include "op/op.h"

#include "base/text.h"
#include "net/conn.h"
#include "wire/http1.h"

struct op_fetch {
    headcount_op op;
    const struct headcount_fetch *given; /* the caller's; NULL once begun    */
    struct hc_fetch fetch;
    struct hc_endpoint at;
    struct hc_buf request;               /* head and body; secret            */
    struct hc_buf body;                  /* of the answer                    */
    char method[HC_OPERATION_MAX + 1];
    bool cancelled;
    int64_t until;                       /* once cancelled: awaited so long  */
};

static struct op_fetch *fetch_of(headcount_op *op)
{
    return (struct op_fetch *)op;
}

/* ---- method and URL ---- */

/* These methods do the same when they are sent twice (RFC 9110, 9.2.2), so a
 * request whose connection ended without an answer may be sent again. */
static bool fetch_is_repeatable(const char *method)
{
    static const char *const methods[] = { "GET", "HEAD", "PUT", "DELETE",
                                           "OPTIONS", "TRACE" };

    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
        if (hc_str_eqz(hc_str(method), methods[i]))
            return true;
    return false;
}

static int op_fetch_method(headcount_op *op)
{
    const struct headcount_fetch *r = fetch_of(op)->given;
    struct op_fetch *f = fetch_of(op);
    struct hc_str method = hc_str(r->method != NULL ? r->method
                                  : r->body_size > 0 ? "POST" : "GET");

    if (!hc_http1_is_token(method) || method.n >= sizeof f->method)
        return hc_error_set(&op->error, HEADCOUNT_EARG, "the method is no HTTP "
                            "method: it takes up to %zu letters, as GET",
                            sizeof f->method - 1);
    if (hc_str_eqz(method, "CONNECT"))
        return hc_error_set(&op->error, HEADCOUNT_EARG,
                            "the method CONNECT asks a "
                            "proxy for a tunnel: that cannot be fetched");
    hc_fmt(f->method, sizeof f->method, "%.*s", HC_STR_ARG(method));
    return 0;
}

/* "https://host:port" of a URL that may be wrong anywhere.  An '@' may stand
 * behind a password with a slash in it: then nothing is shown. */
static struct hc_str fetch_shown(struct hc_str url)
{
    struct hc_str rest = url;
    struct hc_str scheme = hc_str_cut(&rest, '/');
    size_t n = 0;

    if (hc_str_find(url, '@') < url.n || !hc_str_starts(rest, HC_STR("/")) ||
        !(hc_str_eqi(scheme, HC_STR("https:")) ||
          hc_str_eqi(scheme, HC_STR("http:"))))
        return HC_STR("");
    for (n = scheme.n + 2; n < url.n; n++)
        if (url.p[n] == '/' || url.p[n] == '?' || url.p[n] <= ' ' ||
            url.p[n] > '~')
            break;
    return hc_str_n(url.p, n);
}

static int op_fetch_url(headcount_op *op, struct hc_url *url)
{
    struct hc_str rest = hc_str(fetch_of(op)->given->url);
    struct hc_str text = hc_str_cut(&rest, '#');
    struct hc_str shown = fetch_shown(text);
    const char *why = hc_url_wrong(url, text);

    if (why == NULL) {
        hc_endpoint_of(&fetch_of(op)->at, &url->origin);
        return 0;
    }
    return hc_error_set(&op->error, HEADCOUNT_EARG,
                        "the URL%s%.*s cannot be fetched: "
                        "%s",
                        shown.n > 0 ? " " : "", HC_STR_ARG(shown), why);
}

/* ---- headers ---- */

/* These headers frame the message or name its receiver: the library sets
 * them. */
static bool fetch_is_ours(struct hc_str name)
{
    static const char *const ours[] = { "connection", "content-length",
                                        "transfer-encoding", "te", "upgrade" };
    struct hc_str start = hc_str_n(name.p, name.n < 6 ? name.n : 6);

    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        if (hc_str_eqi(name, hc_str(ours[i])))
            return true;
    return hc_str_eqi(start, HC_STR("proxy-"));
}

static int op_fetch_check_header(headcount_op *op,
                                 const struct headcount_header *h)
{
    struct hc_str name = hc_str(h->name), value = hc_str_trim(hc_str(h->value));
    size_t n = 0;

    /* A caller may give a whole header line as the name: its value must not
     * show in the sentence, so that ends with the first byte that is wrong. */
    while (n < name.n && hc_http1_is_token(hc_str_n(name.p + n, 1)))
        n++;
    if (!hc_http1_is_token(name))
        return hc_error_set(&op->error, HEADCOUNT_EARG,
                            "the header `%.*s` cannot be "
                            "sent: %s",
                            HC_STR_ARG(hc_str_n(name.p, n)),
                            n < name.n ? "a byte follows that no name may have"
                                       : "its name is empty");
    if (!hc_http1_is_value(value))
        return hc_error_set(&op->error, HEADCOUNT_EARG,
                            "the header `%s` cannot be "
                            "sent: its value has a control character",
                            h->name);
    if (fetch_is_ours(name))
        return hc_error_set(&op->error, HEADCOUNT_EARG,
                            "the header `%s` cannot be "
                            "given: it is set with the request",
                            h->name);
    /* A request that was signed for this URL has a Host header; it is
     * allowed. */
    if (hc_str_eqi(name, HC_STR("host")) &&
        !hc_str_eqi(value, hc_str(fetch_of(op)->at.host)))
        return hc_error_set(&op->error, HEADCOUNT_EARG,
                            "the header `%s` cannot be "
                            "given: it is %s, from the URL",
                            h->name, fetch_of(op)->at.host);
    return 0;
}

static bool fetch_has(const struct headcount_fetch *r, struct hc_str name)
{
    for (size_t i = 0; i < r->headers_n; i++)
        if (hc_str_eqi(hc_str(r->headers[i].name), name))
            return true;
    return false;
}

static void fetch_put_header(struct hc_buf *out, struct hc_str name,
                             struct hc_str value)
{
    hc_buf_str(out, name);
    hc_buf_lit(out, ": ");
    hc_buf_str(out, value);
    hc_buf_lit(out, "\r\n");
}

static int op_fetch_put_headers(headcount_op *op)
{
    const struct headcount_fetch *r = fetch_of(op)->given;
    struct hc_buf *out = &fetch_of(op)->request;

    fetch_put_header(out, HC_STR("Host"), hc_str(fetch_of(op)->at.host));
    for (size_t i = 0; i < r->headers_n; i++) {
        struct hc_str name = hc_str(r->headers[i].name);
        int err = op_fetch_check_header(op, &r->headers[i]);

        if (err < 0)
            return err;
        if (!hc_str_eqi(name, HC_STR("host")))
            fetch_put_header(out, name,
                             hc_str_trim(hc_str(r->headers[i].value)));
    }
    if (!fetch_has(r, HC_STR("user-agent")))
        fetch_put_header(out, HC_STR("User-Agent"),
                         hc_user_agent_get(&op->h->client.agent,
                                           HC_FEATURE_NONE));
    if (!fetch_has(r, HC_STR("accept-encoding")))
        fetch_put_header(out, HC_STR("Accept-Encoding"), HC_STR("identity"));
    return 0;
}

/* ---- the request ---- */

static int op_fetch_put(headcount_op *op, const struct hc_url *url)
{
    const struct headcount_fetch *given = fetch_of(op)->given;
    struct hc_buf *out = &fetch_of(op)->request;
    struct hc_str method = hc_str(fetch_of(op)->method);
    /* RFC 9110, 8.6: a method that has a body says so when it is empty. */
    bool says_length =
        given->body_size > 0 || hc_str_eqz(method, "POST") ||
        hc_str_eqz(method, "PUT") || hc_str_eqz(method, "PATCH");

    hc_buf_str(out, method);
    hc_buf_chr(out, ' ');
    hc_buf_str(out, url->path.n > 0 ? url->path : HC_STR("/"));
    if (url->query.n > 0)
        hc_buf_chr(out, '?');
    hc_buf_str(out, url->query);
    hc_buf_lit(out, " HTTP/1.1\r\n");
    int err = op_fetch_put_headers(op);

    if (err < 0)
        return err;
    if (says_length) {
        hc_buf_lit(out, "Content-Length: ");
        hc_buf_u64(out, given->body_size);
        hc_buf_lit(out, "\r\n");
    }
    hc_buf_lit(out, "\r\n");
    hc_buf_put(out, given->body, given->body_size);
    err = hc_buf_error(out);
    if (err == HEADCOUNT_ELIMIT)
        return hc_error_set(&op->error, err, "%s: the request is larger than "
                            "%zu bytes: it is not sent", fetch_of(op)->at.host,
                            HC_FETCH_REQUEST);
    return err;
}

static int op_fetch_start(headcount_op *op)
{
    struct op_fetch *f = fetch_of(op);
    const struct hc_alloc *alloc = &op->h->net.sys.alloc;
    struct hc_url url;

    hc_buf_init_secret(&f->request, alloc, HC_FETCH_REQUEST);
    hc_buf_init(&f->body, alloc, (size_t)HC_FETCH_BODY);
    int err = op_fetch_method(op);

    if (err == 0)
        err = op_fetch_url(op, &url);
    if (err == 0)
        err = op_fetch_put(op, &url);
    if (err == 0)
        err = hc_client_check_proxy(&op->h->client, &f->at, &op->error);
    if (err < 0)
        return err;
    const struct hc_fetch_config config = {
        .origin = f->at.origin,
        .anchors = hc_client_anchors(&op->h->client, &f->at),
        .replay_after_flush_ok = fetch_of(op)->given->replay_ok ||
                                 fetch_is_repeatable(f->method),
        .is_head = hc_str_eqz(hc_str(f->method), "HEAD"),
        .deadline = op->deadline, .stats = &op->stats,
        .first_byte_timeout = fetch_of(op)->given->first_byte_timeout,
    };

    hc_stats_count(&op->h->net.stats, &op->stats, api_calls);
    err = hc_fetch_start(&f->fetch, &op->h->net, &op->job, &config,
                         hc_now(&op->h->net.sys));
    return err < 0 ? hc_error_pass(&op->error, &f->fetch.error) : 0;
}

/* ---- the answer ---- */

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

static void op_fetch_note(headcount_op *op, const char *end)
{
    struct op_fetch *f = fetch_of(op);
    struct hc_timing timing = { .service = "", .attempt = 1,
                                .status = op->outcome.status };

    hc_fmt(timing.operation, sizeof timing.operation, "%s", f->method);
    hc_timings_note(&op->timings, &timing, &f->fetch, f->at.host);
    hc_log_line(&op->h->net.log, HEADCOUNT_LOG_DEBUG,
                "fetch host=%s method=%s status=%d "
                "connection=%s end=\"%s\"",
                f->at.host, f->method, op->outcome.status,
                f->fetch.marks.reused ? "reused" : "new", end);
}

static int op_fetch_done(headcount_op *op)
{
    struct op_fetch *f = fetch_of(op);
    int err = hc_buf_error(&f->body);

    if (err == 0)
        err = hc_arena_error(&op->arena);
    op_fetch_note(op, err == 0 ? "done" : "failed");
    if (err < 0) {
        op->outcome.headers = NULL;
        op->outcome.headers_n = 0;
        return hc_error_set(&op->error, err, "out of memory for an answer");
    }
    op->outcome.body = f->body.n > 0 ? f->body.p : "";
    op->outcome.body_size = f->body.n;
    return 1;
}

static int op_fetch_failed(headcount_op *op)
{
    op_fetch_note(op, "failed");
    op->outcome.headers = NULL;
    op->outcome.headers_n = 0;
    return hc_error_pass(&op->error, &fetch_of(op)->fetch.error);
}

static int op_fetch_cancelled(headcount_op *op)
{
    struct op_fetch *f = fetch_of(op);

    hc_error_set(&f->fetch.error, HEADCOUNT_ECANCELLED,
                 "%s: %s: cancelled before it "
                 "was %s",
                 f->at.host, f->method,
                 f->fetch.flushed ? "answered, so it may have been done"
                                  : "sent");
    return op_fetch_failed(op);
}

static int op_fetch_step(headcount_op *op, int64_t now)
{
    struct op_fetch *f = fetch_of(op);

    if (f->cancelled && !f->fetch.flushed)
        return op_fetch_cancelled(op);
    for (;;) {
        switch (hc_fetch_step(&f->fetch, now)) {
        case FETCH_WAIT:
            if (!f->cancelled)
                return 0;
            if (now >= f->until)
                return op_fetch_cancelled(op);
            hc_job_at(&op->job, f->until);
            return 0;
        case FETCH_NEED_REQUEST:
            hc_buf_str(&f->fetch.out, hc_buf_view(&f->request));
            hc_fetch_request(&f->fetch);
            break;
        case FETCH_HEAD:
            op->outcome.status = f->fetch.http.status;
            op_fetch_headers(op);
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
    hc_fetch_is_last(&f->fetch);
}

static void op_fetch_free(headcount_op *op)
{
    struct op_fetch *f = fetch_of(op);

    hc_fetch_fini(&f->fetch);
    hc_buf_fini(&f->request);
    hc_buf_fini(&f->body);
}

static const struct op_class op_fetch_class = {
    .size = sizeof(struct op_fetch), .start = op_fetch_start,
    .step = op_fetch_step, .cancel = op_fetch_cancel, .free = op_fetch_free,
};

/* ---- begin ---- */

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
    struct headcount_error e = { .code = 0 };
    int err = op_fetch_check(&f, fetch, &e);

    *out = NULL;
    if (err == 0) {
        const struct hc_op_params params = { .user = f.user,
                                             .timeout = f.timeout };
        headcount_op *op = hc_op_new(h, &op_fetch_class, &params);

        if (op != NULL)
            fetch_of(op)->given = &f;
        err = hc_op_begin(op, out, &e);
        if (err == 0)
            fetch_of(op)->given = NULL;
    }
    hc_give_error(error, &e);
    return err;
}
