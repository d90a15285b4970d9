/* aws/sign_request.c - a request of somebody else, signed.
 *
 * Nothing is sent here, so nothing later would notice a text that cannot be
 * part of an HTTP request: each text is checked before it is signed.  Texts and
 * keys may be secret, so all buffers are wiped when they are freed.
 *
 *   in headers    the request's, and ours: Host, X-Amz-Date ... Authorization
 *   in the URL    path?QUERY&X-Amz-Algorithm=...&X-Amz-Signature=HEX, and the
 *                 request's own headers, which its sender has to send
 *
 * Source: Amazon S3 API Reference, "Authenticating requests: using query
 * parameters".
 */
#include "aws/sign_request.h"

#include "base/text.h"
#include "wire/http1.h"
#include "wire/url.h"

#define SIGN_OURS 5                 /* headers that are added at the most */
#define SIGN_TEXTS ((size_t)1 << 20)
#define SIGN_EXPIRES (604800 * HC_SECOND)     /* AWS takes no more */

struct sign_box {
    struct headcount_signed shown;  /* first member */
    struct hc_alloc alloc;
    struct hc_buf texts;            /* each with its NUL; secret */
    struct headcount_header headers[HC_SIGV4_HEADERS + 1];
};

/* The parts of one signature; its texts are borrowed. */
struct sign_work {
    const struct headcount_sign_request *r;
    struct hc_identity who;
    int64_t wall;
    struct headcount_error *e;
    struct hc_url url;
    struct hc_sigv4_header headers[HC_SIGV4_HEADERS];    /* that are signed */
    size_t headers_n;
    size_t ours;                    /* the first one that was not given */
    char date[HC_AMZ_DATE + 1];
    char hash[HC_SIGV4_HEX];
    struct hc_str payload;
    struct hc_buf host, query, names, canonical, to_sign, authorization;
    struct hc_sigv4_key key;
};

static bool sign_is_in_url(const struct sign_work *w)
{
    return w->r->expires != 0;
}

/* ---- names ---- */

/* Proxies and libraries add, change or remove these headers, so AWS's SDKs do
 * not sign them. */
static bool sign_leaves_out(struct hc_str name)
{
    return hc_str_is_wordi(name, "baggage connection expect keep-alive "
                                 "proxy-authenticate proxy-authorization te "
                                 "traceparent tracestate trailer "
                                 "transfer-encoding upgrade user-agent "
                                 "x-amzn-trace-id");
}

int hc_sign_check_once(const struct headcount_header *headers, size_t n,
                       struct headcount_error *e)
{
    for (size_t i = 0; i < n; i++) {
        struct hc_str name = hc_str(headers[i].name);

        if (!hc_str_is_wordi(name, "host content-length content-type "
                                   "authorization x-amz-date "
                                   "x-amz-content-sha256 "
                                   "x-amz-security-token"))
            continue;
        for (size_t k = 0; k < i; k++)
            if (hc_str_eqi(hc_str(headers[k].name), name))
                return hc_error_set(e, HEADCOUNT_EARG,
                                    "the header `%s` is given twice, and it "
                                    "has one value only", headers[i].name);
    }
    return 0;
}

static const struct hc_sigv4_header *sign_find(const struct sign_work *w,
                                               const char *name)
{
    for (size_t i = 0; i < w->headers_n; i++)
        if (hc_str_eqi(w->headers[i].name, hc_str(name)))
            return &w->headers[i];
    return NULL;
}

/* ---- what was given ---- */

/* A part of the scope REGION/SERVICE/..., which the string to sign and the
 * Authorization header hold as it is. */
static bool sign_is_part_of_scope(struct hc_str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] <= ' ' || s.p[i] > '~' || s.p[i] == '/' || s.p[i] == ',')
            return false;
    return true;
}

/* A line break would end the header that the text becomes part of, and begin
 * another one. */
static bool sign_has_control(struct hc_str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] < ' ' || s.p[i] == 0x7f)
            return true;
    return false;
}

static int sign_texts(struct sign_work *w)
{
    const struct { const char *name; struct hc_str text; } scope[] = {
        { "service", hc_str(w->r->service) },
        { "region", hc_str(w->r->region) }, { "access key id", w->who.key_id },
    }, secrets[] = {
        { "secret access key", w->who.secret },
        { "session token", w->who.token },
    };

    for (size_t i = 0; i < sizeof scope / sizeof *scope; i++)
        if (!sign_is_part_of_scope(scope[i].text))
            return hc_error_set(w->e, HEADCOUNT_EARG,
                                "sign: the %s holds a blank, a line break, a "
                                "slash, a comma or what is no printable ASCII",
                                scope[i].name);
    for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++)
        if (sign_has_control(secrets[i].text))
            return hc_error_set(w->e, HEADCOUNT_EARG,
                                "sign: the %s holds a control "
                                "character, such as a line break",
                                secrets[i].name);
    return 0;
}

static int sign_needs(struct sign_work *w)
{
    const struct headcount_sign_request *r = w->r;
    const struct { const char *name; struct hc_str text; } needs[] = {
        { "a url", hc_str(r->url) }, { "a service", hc_str(r->service) },
        { "a region", hc_str(r->region) },
        { "an access key id", w->who.key_id },
        { "a secret access key", w->who.secret },
    };

    for (size_t i = 0; i < sizeof needs / sizeof *needs; i++)
        if (needs[i].text.n == 0)
            return hc_error_set(w->e, HEADCOUNT_EARG, "sign: %s is needed",
                                needs[i].name);
    int err = sign_texts(w);

    if (err < 0)
        return err;
    if (!hc_http1_is_token(hc_str(r->method)))
        return hc_error_set(w->e, HEADCOUNT_EARG, "sign: the method is no HTTP "
                            "method");
    if (r->headers_n > HC_SIGV4_HEADERS - SIGN_OURS)
        return hc_error_set(w->e, HEADCOUNT_ELIMIT,
                            "sign: more than %d headers",
                            HC_SIGV4_HEADERS - SIGN_OURS);
    if (r->expires != 0 &&
        (r->expires < HC_SECOND || r->expires > SIGN_EXPIRES ||
         r->expires % HC_SECOND != 0))
        return hc_error_set(w->e, HEADCOUNT_EARG,
                            "sign: expires is no whole number of seconds from "
                            "1 to 604800, which are seven days");
    const char *why = hc_url_wrong(&w->url, hc_str(r->url));

    return why == NULL ? 0 : hc_error_set(w->e, HEADCOUNT_EARG, "sign: the url "
                                          "cannot be used: %s", why);
}

/* In the URL date and token are parameters, and the signature is one. */
static bool sign_is_set_here(const struct sign_work *w, struct hc_str name)
{
    return hc_str_is_wordi(name, sign_is_in_url(w)
                                     ? "authorization x-amz-date "
                                       "x-amz-security-token"
                                     : "authorization");
}

static int sign_check_header(struct sign_work *w,
                             const struct headcount_header *h, size_t i)
{
    struct hc_str name = hc_str(h->name);

    if (h->name == NULL || h->value == NULL)
        return hc_error_set(w->e, HEADCOUNT_EARG,
                            "sign: header %zu has no name or no value", i + 1);
    if (!hc_http1_is_token(name))
        return hc_error_set(w->e, HEADCOUNT_EARG,
                            "sign: the name of header %zu "
                            "has a byte that no header may have", i + 1);
    if (!hc_http1_is_value(hc_str(h->value)))
        return hc_error_set(w->e, HEADCOUNT_EARG,
                            "sign: the value of header `%s` holds a "
                            "control character, such as a line break", h->name);
    if (sign_is_set_here(w, name))
        return hc_error_set(w->e, HEADCOUNT_EARG,
                            "sign: the header `%s` cannot be given: the "
                            "signature makes it", h->name);
    return 0;
}

static int sign_take_headers(struct sign_work *w)
{
    const struct headcount_sign_request *r = w->r;
    int err = 0;

    for (size_t i = 0; err == 0 && i < r->headers_n; i++) {
        const struct headcount_header *h = &r->headers[i];

        err = sign_check_header(w, h, i);
        if (err == 0 && (r->sign_all || !sign_leaves_out(hc_str(h->name))))
            w->headers[w->headers_n++] = (struct hc_sigv4_header){
                hc_str(h->name), hc_str(h->value)
            };
    }
    w->ours = w->headers_n;
    return err < 0 ? err : hc_sign_check_once(r->headers, r->headers_n, w->e);
}

/* ---- what is added ---- */

static void sign_add(struct sign_work *w, const char *name,
                     struct hc_str value)
{
    if (sign_find(w, name) == NULL)
        w->headers[w->headers_n++] = (struct hc_sigv4_header){
            hc_str(name), value
        };
}

/* AWS takes the time of a signature from X-Amz-Date.  If the caller has set
 * that header to another time, the signature would be refused. */
static int sign_date(struct sign_work *w)
{
    const struct hc_sigv4_header *given = sign_find(w, "x-amz-date");

    if (given != NULL && !hc_str_eqz(hc_str_trim(given->value), w->date))
        return hc_error_set(w->e, HEADCOUNT_EARG,
                            "sign: the header X-Amz-Date is not the time to "
                            "sign for, %s",
                            w->date);
    sign_add(w, "X-Amz-Date", hc_str(w->date));
    return 0;
}

/* S3 and the services like it read the hash of the payload from a header.  If
 * the caller gives that header, it may also be UNSIGNED-PAYLOAD. */
static bool sign_is_s3(struct hc_str service)
{
    return hc_str_is_wordi(service,
                           "s3 s3-outposts s3-object-lambda s3express");
}

/* How the path is encoded and normalized: as the caller says, or as the
 * service wants. */
static bool sign_path(const struct headcount_sign_request *r, int said)
{
    return said != 0 ? said > 0 : !sign_is_s3(hc_str(r->service));
}

/* S3 takes a presigned URL before anybody knows the body. */
static void sign_payload(struct sign_work *w)
{
    static const char name[] = "X-Amz-Content-Sha256";
    bool is_s3 = sign_is_s3(hc_str(w->r->service));
    unsigned char hash[HC_SHA256];

    hc_sha256_of(hash, 0, (struct hc_str){ w->r->body, w->r->body_size });
    hc_hex(w->hash, hash, sizeof hash);
    w->payload = (struct hc_str){ w->hash, sizeof w->hash };
    if (is_s3 && sign_is_in_url(w))
        w->payload = HC_STR("UNSIGNED-PAYLOAD");
    else if (is_s3)
        sign_add(w, name, w->payload);
    const struct hc_sigv4_header *given = sign_find(w, name);

    if (given != NULL)
        w->payload = hc_str_trim(given->value);
}

static int sign_add_all(struct sign_work *w)
{
    int err = 0;

    hc_time_amz(w->date, w->wall);
    hc_origin_host_header(&w->host, &w->url.origin);
    if (hc_buf_error(&w->host) < 0)
        return HEADCOUNT_ENOMEM;
    sign_add(w, "Host", hc_buf_view(&w->host));
    if (!sign_is_in_url(w)) {
        err = sign_date(w);
        if (w->who.token.n > 0)
            sign_add(w, "X-Amz-Security-Token", w->who.token);
    }
    sign_payload(w);
    return err;
}

/* ---- the query of a presigned URL ---- */

static int sign_check_query(struct sign_work *w)
{
    struct hc_str left = w->url.query;

    while (left.n > 0) {
        struct hc_str value = hc_str_cut(&left, '&');
        struct hc_str name = hc_str_cut(&value, '=');

        if (hc_str_is_wordi(name, "x-amz-algorithm x-amz-credential "
                                  "x-amz-date x-amz-expires "
                                  "x-amz-signedheaders x-amz-signature "
                                  "x-amz-security-token"))
            return hc_error_set(w->e, HEADCOUNT_EARG,
                                "sign: the url cannot be presigned: it has "
                                "the parameter %.*s already",
                                HC_STR_ARG(name));
    }
    return 0;
}

static void sign_put_parameter(struct hc_buf *out, const char *name,
                               struct hc_str value)
{
    if (out->n > 0)
        hc_buf_chr(out, '&');
    hc_buf_lit(out, "X-Amz-");
    hc_buf_text(out, name);
    hc_buf_chr(out, '=');
    hc_text_percent(out, value, "");
}

static int sign_put_query(struct sign_work *w, const struct hc_sigv4_scope *s)
{
    struct hc_buf *q = &w->query;
    int err = sign_check_query(w);

    if (err < 0)
        return err;
    hc_buf_str(q, w->url.query);
    sign_put_parameter(q, "Algorithm", HC_STR("AWS4-HMAC-SHA256"));
    hc_buf_str(&w->authorization, w->who.key_id);
    hc_buf_chr(&w->authorization, '/');
    hc_sigv4_put_scope(&w->authorization, s);
    sign_put_parameter(q, "Credential", hc_buf_view(&w->authorization));
    sign_put_parameter(q, "Date", hc_str(w->date));
    hc_buf_lit(q, "&X-Amz-Expires=");
    hc_buf_i64(q, w->r->expires / HC_SECOND);
    sign_put_parameter(q, "SignedHeaders", hc_buf_view(&w->names));
    if (w->who.token.n > 0)
        sign_put_parameter(q, "Security-Token", w->who.token);
    err = hc_buf_error(&w->authorization);
    return err == 0 ? hc_buf_error(q) : err;
}

/* ---- the three steps ---- */

/* Canonical request, string to sign, signature: the three steps of SigV4. */
static int sign_steps(struct sign_work *w, char *signature)
{
    const struct headcount_sign_request *r = w->r;
    struct hc_sigv4_request request = {
        .method = hc_str(r->method), .path = w->url.path,
        .query = w->url.query, .headers = w->headers,
        .headers_n = w->headers_n, .payload = w->payload,
        .double_encode = sign_path(r, r->double_encode),
        .normalize_path = sign_path(r, r->normalize_path),
    };
    struct hc_sigv4_scope scope;
    unsigned char hash[HC_SHA256];

    hc_sigv4_scope_init(&scope, w->wall, hc_str(r->region),
                        hc_str(r->service));
    hc_sigv4_key_for(&w->key, &scope, w->who.secret);
    int err = hc_sigv4_signed_headers(&w->names, &request, w->e);

    if (err == 0 && sign_is_in_url(w)) {
        err = sign_put_query(w, &scope);
        request.query = hc_buf_view(&w->query);
    }
    if (err == 0)
        err = hc_sigv4_canonical(&w->canonical, &request, w->e);
    if (err < 0)
        return err;
    hc_sha256_of(hash, 0, hc_buf_view(&w->canonical));
    hc_sigv4_string_to_sign(&w->to_sign, &scope, hash);
    hc_sigv4_signature(signature, &w->key, hc_buf_view(&w->to_sign));
    err = hc_buf_error(&w->to_sign);
    if (err == 0 && !sign_is_in_url(w)) {
        hc_sigv4_put_authorization(&w->authorization, &scope, w->who.key_id,
                                   hc_buf_view(&w->names), signature);
        err = hc_buf_error(&w->authorization);
    }
    return err;
}

/* ---- what is handed out ---- */

static void sign_put_header(struct sign_box *box, struct hc_str name,
                            struct hc_str value)
{
    hc_buf_strz(&box->texts, name);
    hc_buf_strz(&box->texts, hc_str_trim(value));
    box->shown.headers_n++;
}

static void sign_put_headers(struct sign_box *box, const struct sign_work *w)
{
    const struct headcount_sign_request *r = w->r;

    for (size_t i = 0; i < r->headers_n; i++)
        sign_put_header(box, hc_str(r->headers[i].name),
                        hc_str(r->headers[i].value));
    if (sign_is_in_url(w))
        return;
    for (size_t i = w->ours; i < w->headers_n; i++)
        sign_put_header(box, w->headers[i].name, w->headers[i].value);
    sign_put_header(box, HC_STR("Authorization"),
                    hc_buf_view(&w->authorization));
}

static void sign_put_url(struct hc_buf *to, const struct sign_work *w,
                         const char *signature)
{
    hc_buf_text(to, w->url.origin.tls ? "https://" : "http://");
    hc_buf_str(to, hc_buf_view(&w->host));
    hc_buf_str(to, w->url.path.n > 0 ? w->url.path : HC_STR("/"));
    hc_buf_chr(to, '?');
    hc_buf_str(to, hc_buf_view(&w->query));
    hc_buf_lit(to, "&X-Amz-Signature=");
    hc_buf_strz(to, hc_str_n(signature, HC_SIGV4_HEX));
}

/* All texts are put into one buffer, each with its NUL.  Pointers into it are
 * taken only when it is complete, because it moves while it grows. */
static int sign_show(struct sign_box *box, struct sign_work *w,
                     const char *signature)
{
    struct hc_buf *to = &box->texts;

    sign_put_headers(box, w);
    hc_buf_strz(to, hc_buf_view(&w->canonical));
    hc_buf_strz(to, hc_buf_view(&w->to_sign));
    hc_buf_strz(to, hc_str_n(signature, HC_SIGV4_HEX));
    if (sign_is_in_url(w))
        sign_put_url(to, w, signature);
    if (hc_buf_error(to) < 0)
        return hc_buf_error(to);
    const char *at = to->p;

    for (size_t i = 0; i < box->shown.headers_n; i++) {
        box->headers[i].name = hc_str_next(&at);
        box->headers[i].value = hc_str_next(&at);
    }
    box->shown.headers = box->headers;
    box->shown.canonical_request = hc_str_next(&at);
    box->shown.string_to_sign = hc_str_next(&at);
    box->shown.signature = hc_str_next(&at);
    box->shown.url = sign_is_in_url(w) ? hc_str_next(&at) : NULL;
    return 0;
}

static int sign_make(struct sign_box *box, const struct hc_sign_ask *ask,
                     struct headcount_error *e)
{
    struct sign_work w = { .r = ask->request, .who = ask->who,
                           .wall = ask->wall, .e = e };
    struct hc_buf *bufs[] = { &w.host, &w.query, &w.names, &w.canonical,
                              &w.to_sign, &w.authorization };
    char signature[HC_SIGV4_HEX];

    for (size_t i = 0; i < sizeof bufs / sizeof *bufs; i++)
        hc_buf_init_secret(bufs[i], &box->alloc, SIGN_TEXTS);
    int err = sign_needs(&w);

    if (err == 0)
        err = sign_take_headers(&w);
    if (err == 0)
        err = sign_add_all(&w);
    if (err == 0)
        err = sign_steps(&w, signature);
    if (err == 0)
        err = sign_show(box, &w, signature);
    if (err < 0)                    /* where nothing more is known */
        hc_error_set(e, err, "sign: %s", hc_error_sentence(err));
    for (size_t i = 0; i < sizeof bufs / sizeof *bufs; i++)
        hc_buf_fini(bufs[i]);
    hc_sigv4_key_wipe(&w.key);
    return err;
}

int hc_sign_new(struct headcount_signed **out, const struct hc_alloc *alloc,
                const struct hc_sign_ask *ask, struct headcount_error *e)
{
    struct sign_box *box = hc_alloc(alloc, sizeof *box);

    *out = NULL;
    if (box == NULL)
        return hc_error_set(e, HEADCOUNT_ENOMEM,
                            "out of memory for a signature");
    box->alloc = *alloc;
    hc_buf_init_secret(&box->texts, &box->alloc, 4 * SIGN_TEXTS);
    int err = sign_make(box, ask, e);

    if (err < 0)
        hc_sign_free(&box->shown);
    else
        *out = &box->shown;
    return err;
}

void hc_sign_free(struct headcount_signed *s)
{
    struct sign_box *box = (struct sign_box *)(void *)s;

    if (box == NULL)
        return;
    const struct hc_alloc alloc = box->alloc;

    hc_buf_fini(&box->texts);
    hc_free(&alloc, box, sizeof *box);
}
