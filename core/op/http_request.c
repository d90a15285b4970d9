/* op/http_request.c - a plain HTTP request: checked, kept, written. */
#include "op/http_request.h"

#include "aws/sign_request.h"
#include "aws/strike.h"
#include "base/text.h"
#include "net/fetch.h"
#include "wire/http1.h"

/* ---- method and URL ---- */

/* These methods do the same when they are sent twice (RFC 9110, 9.2.2), so a
 * request whose connection ended without an answer may be sent again. */
static bool http_is_repeatable(struct hc_str method)
{
    return hc_str_is_word(method, "GET HEAD PUT DELETE OPTIONS TRACE");
}

static int http_method(struct hc_http_request *q, struct headcount_error *e)
{
    struct hc_str method = hc_str(q->r.method != NULL ? q->r.method
                                  : q->r.body_size > 0 ? "POST" : "GET");

    if (!hc_http1_is_token(method) || method.n >= sizeof q->method)
        return hc_error_set(e, HEADCOUNT_EARG, "the method is no HTTP "
                            "method: it takes up to %zu letters, as GET",
                            sizeof q->method - 1);
    if (hc_str_eqz(method, "CONNECT"))
        return hc_error_set(e, HEADCOUNT_EARG,
                            "the method CONNECT asks a "
                            "proxy for a tunnel: that cannot be fetched");
    hc_fmt(q->method, sizeof q->method, "%.*s", HC_STR_ARG(method));
    q->repeatable = http_is_repeatable(method);
    return 0;
}

/* "https://host:port" of a URL that may be wrong anywhere.  An '@' may stand
 * behind a password with a slash in it: then nothing is shown. */
static struct hc_str http_shown(struct hc_str url)
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

/* A fragment is not sent. */
static struct hc_str http_url_of(const struct headcount_fetch *r)
{
    struct hc_str rest = hc_str(r->url);

    return hc_str_cut(&rest, '#');
}

static int http_url(struct hc_http_request *q, struct headcount_error *e)
{
    struct hc_str text = http_url_of(&q->r);
    struct hc_str shown = http_shown(text);
    const char *why = hc_url_wrong(&q->url, text);

    if (why == NULL) {
        hc_endpoint_of(&q->at, &q->url.origin);
        return 0;
    }
    return hc_error_set(e, HEADCOUNT_EARG,
                        "the URL%s%.*s cannot be fetched: "
                        "%s",
                        shown.n > 0 ? " " : "", HC_STR_ARG(shown), why);
}

/* ---- headers ---- */

/* These headers frame the message or name its receiver: the library sets
 * them. */
static bool http_is_ours(struct hc_str name)
{
    struct hc_str start = hc_str_n(name.p, name.n < 6 ? name.n : 6);

    return hc_str_eqi(start, HC_STR("proxy-")) ||
           hc_str_is_wordi(name, "connection content-length "
                                 "transfer-encoding te upgrade");
}

static int http_check_header(const struct hc_http_request *q,
                             const struct headcount_header *h,
                             struct headcount_error *e)
{
    struct hc_str name = hc_str(h->name), value = hc_str_trim(hc_str(h->value));
    size_t n = 0;

    /* A caller may give a whole header line as the name: its value must not
     * show in the sentence, so that ends with the first byte that is wrong. */
    while (n < name.n && hc_http1_is_token(hc_str_n(name.p + n, 1)))
        n++;
    if (!hc_http1_is_token(name))
        return hc_error_set(e, HEADCOUNT_EARG,
                            "the header `%.*s` cannot be "
                            "sent: %s",
                            HC_STR_ARG(hc_str_n(name.p, n)),
                            n < name.n ? "a byte follows that no name may have"
                                       : "its name is empty");
    if (!hc_http1_is_value(value))
        return hc_error_set(e, HEADCOUNT_EARG,
                            "the header `%s` cannot be "
                            "sent: its value has a control character",
                            h->name);
    if (http_is_ours(name))
        return hc_error_set(e, HEADCOUNT_EARG,
                            "the header `%s` cannot be "
                            "given: it is set with the request",
                            h->name);
    /* A request that was signed for this URL has a Host header; it is
     * allowed. */
    if (hc_str_eqi(name, HC_STR("host")) &&
        !hc_str_eqi(value, hc_str(q->at.host)))
        return hc_error_set(e, HEADCOUNT_EARG,
                            "the header `%s` cannot be "
                            "given: it is %s, from the URL",
                            h->name, q->at.host);
    return 0;
}

static int http_check_headers(const struct hc_http_request *q,
                              struct headcount_error *e)
{
    for (size_t i = 0; i < q->r.headers_n; i++) {
        int err = http_check_header(q, &q->r.headers[i], e);

        if (err < 0)
            return err;
    }
    return hc_sign_check_once(q->r.headers, q->r.headers_n, e);
}

/* ---- what is kept ---- */

static int http_error(const struct hc_http_request *q, int err,
                      struct headcount_error *e)
{
    if (err == HEADCOUNT_ELIMIT)
        return hc_error_set(e, err, "%s: the request is larger than "
                            "%zu bytes: it is not sent", q->at.host,
                            HC_FETCH_REQUEST);
    return err == 0 ? 0 : hc_error_set(e, err, "out of memory for a request");
}

/* Pointers into the copy are taken when it is complete, because it moves while
 * it grows. */
static int http_keep(struct hc_http_request *q, struct hc_arena *arena,
                     struct headcount_error *e)
{
    struct headcount_fetch *r = &q->r;
    struct headcount_header *headers =
        hc_arena_zero(arena, (r->headers_n + 1) * sizeof *headers);

    hc_buf_strz(&q->kept, http_url_of(r));
    for (size_t i = 0; i < r->headers_n; i++) {
        hc_buf_strz(&q->kept, hc_str(r->headers[i].name));
        hc_buf_strz(&q->kept, hc_str_trim(hc_str(r->headers[i].value)));
    }
    hc_buf_put(&q->kept, r->body, r->body_size);
    int err = http_error(q, hc_buf_error(&q->kept), e);

    if (err == 0)
        err = http_error(q, hc_arena_error(arena), e);
    if (err < 0)
        return err;
    const char *at = q->kept.p;

    r->url = hc_str_next(&at);
    for (size_t i = 0; i < r->headers_n; i++) {
        headers[i].name = hc_str_next(&at);
        headers[i].value = hc_str_next(&at);
    }
    r->headers = headers;
    r->body = at;
    r->method = q->method;
    hc_url_wrong(&q->url, hc_str(r->url));
    return 0;
}

int hc_http_request_init(struct hc_http_request *q, struct hc_arena *arena,
                         const struct headcount_fetch *given,
                         struct headcount_error *e)
{
    q->r = *given;
    hc_buf_init_secret(&q->kept, arena->alloc, HC_FETCH_REQUEST);
    int err = http_method(q, e);

    if (err == 0)
        err = http_url(q, e);
    if (err == 0)
        err = http_check_headers(q, e);
    return err < 0 ? err : http_keep(q, arena, e);
}

void hc_http_request_fini(struct hc_http_request *q)
{
    hc_buf_fini(&q->kept);
}

/* ---- what is sent ---- */

static bool http_has(const struct headcount_fetch *r, const char *name)
{
    for (size_t i = 0; i < r->headers_n; i++)
        if (hc_str_eqi(hc_str(r->headers[i].name), hc_str(name)))
            return true;
    return false;
}

static void http_put_header(struct hc_buf *out, const char *name,
                            struct hc_str value)
{
    hc_buf_text(out, name);
    hc_buf_lit(out, ": ");
    hc_buf_str(out, value);
    hc_buf_lit(out, "\r\n");
}

/* RFC 9110, 8.6: a method that has a body says so when it is empty. */
static bool http_says_length(const struct headcount_fetch *r)
{
    struct hc_str method = hc_str(r->method);

    return r->body_size > 0 || hc_str_eqz(method, "POST") ||
           hc_str_eqz(method, "PUT") || hc_str_eqz(method, "PATCH");
}

int hc_http_request_put(const struct hc_http_request *q, struct hc_buf *out,
                        const struct headcount_signed *made,
                        struct hc_str user_agent, struct headcount_error *e)
{
    struct headcount_fetch r = q->r;
    struct hc_url url = q->url;

    if (made != NULL) {
        r.headers = made->headers;
        r.headers_n = made->headers_n;
        if (made->url != NULL)
            hc_url_wrong(&url, hc_str(made->url));
    }
    hc_buf_text(out, r.method);
    hc_buf_chr(out, ' ');
    hc_buf_str(out, url.path.n > 0 ? url.path : HC_STR("/"));
    if (url.query.n > 0)
        hc_buf_chr(out, '?');
    hc_buf_str(out, url.query);
    hc_buf_lit(out, " HTTP/1.1\r\n");
    http_put_header(out, "Host", hc_str(q->at.host));
    for (size_t i = 0; i < r.headers_n; i++)
        if (!hc_str_eqi(hc_str(r.headers[i].name), HC_STR("host")))
            http_put_header(out, r.headers[i].name,
                            hc_str(r.headers[i].value));
    if (!http_has(&r, "user-agent"))
        http_put_header(out, "User-Agent", user_agent);
    if (!http_has(&r, "accept-encoding"))
        http_put_header(out, "Accept-Encoding", HC_STR("identity"));
    if (http_says_length(&r)) {
        hc_buf_lit(out, "Content-Length: ");
        hc_buf_u64(out, r.body_size);
        hc_buf_lit(out, "\r\n");
    }
    hc_buf_lit(out, "\r\n");
    hc_buf_put(out, r.body, r.body_size);
    return http_error(q, hc_buf_error(out), e);
}

void hc_http_request_strike(const struct hc_http_request *q, char *text)
{
    hc_strike(text, q->url.path);
    hc_strike(text, q->url.query);
    hc_strike_proxy(text, q->at.proxy);
    for (size_t i = 0; i < q->r.headers_n; i++)
        hc_strike(text, hc_str(q->r.headers[i].value));
}
