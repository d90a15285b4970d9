/* api/sign.c - a signature for a request that somebody else sends.
 *
 * Nothing is sent here, so nothing later would notice a text that cannot be
 * part of an HTTP request: each text is checked before it is signed.  Texts and
 * keys may be secret, so all buffers are wiped when they are freed.
 */
#include "op/public.h"

#include <string.h>

#include "aws/sigv4.h"
#include "base/text.h"
#include "wire/http1.h"
#include "wire/url.h"

#define SIGN_OURS 5                 /* headers that are added at the most */
#define SIGN_TEXTS ((size_t)1 << 20)

struct sign_box {
    struct headcount_signed shown;  /* first member */
    struct hc_alloc alloc;
    struct hc_buf texts;            /* each with its NUL; secret */
    struct headcount_header headers[HC_SIGV4_HEADERS + 1];
};

/* The parts of one signature; its texts are borrowed. */
struct sign_work {
    const struct headcount_sign_request *r;
    struct headcount_error *e;
    struct hc_url url;
    struct hc_sigv4_header headers[HC_SIGV4_HEADERS];
    size_t headers_n;
    char date[HC_AMZ_DATE + 1];
    char hash[HC_SIGV4_HEX];
    struct hc_str payload;
    struct hc_buf host, canonical, to_sign, authorization, scratch;
    struct hc_sigv4_key key;
};

/* ---- what was given ---- */

static const struct hc_sigv4_header *sign_find(const struct sign_work *w,
                                               const char *name)
{
    for (size_t i = 0; i < w->headers_n; i++)
        if (hc_str_eqi(w->headers[i].name, hc_str(name)))
            return &w->headers[i];
    return NULL;
}

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
    const struct headcount_sign_request *r = w->r;
    const struct { const char *name, *text; } scope[] = {
        { "service", r->service }, { "region", r->region },
        { "access key id", r->access_key_id },
    }, secrets[] = {
        { "secret access key", r->secret_access_key },
        { "session token", r->session_token },
    };

    for (size_t i = 0; i < sizeof scope / sizeof *scope; i++)
        if (!sign_is_part_of_scope(hc_str(scope[i].text)))
            return hc_error_set(w->e, HEADCOUNT_EARG,
                                "sign: the %s holds a blank, a line break, a "
                                "slash, a comma or what is no printable ASCII",
                                scope[i].name);
    for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++)
        if (sign_has_control(hc_str(secrets[i].text)))
            return hc_error_set(w->e, HEADCOUNT_EARG,
                                "sign: the %s holds a control "
                                "character, such as a line break",
                                secrets[i].name);
    return 0;
}

static int sign_needs(struct sign_work *w)
{
    const struct headcount_sign_request *r = w->r;
    const struct { const char *name, *text; } needs[] = {
        { "a url", r->url }, { "a service", r->service },
        { "a region", r->region }, { "an access key id", r->access_key_id },
        { "a secret access key", r->secret_access_key },
    };

    for (size_t i = 0; i < sizeof needs / sizeof *needs; i++)
        if (hc_str(needs[i].text).n == 0)
            return hc_error_set(w->e, HEADCOUNT_EARG, "sign: %s is needed",
                                needs[i].name);
    int err = sign_texts(w);

    if (err == 0)
        err = hc_check_memory("sign: headers", r->headers, "headers_n",
                              r->headers_n, w->e);
    if (err == 0)
        err = hc_check_memory("sign: body", r->body, "body_size", r->body_size,
                              w->e);
    if (err < 0)
        return err;
    if (!hc_http1_is_token(hc_str(r->method)))
        return hc_error_set(w->e, HEADCOUNT_EARG, "sign: the method is no HTTP "
                            "method");
    if (r->headers_n > HC_SIGV4_HEADERS - SIGN_OURS)
        return hc_error_set(w->e, HEADCOUNT_ELIMIT,
                            "sign: more than %d headers",
                            HC_SIGV4_HEADERS - SIGN_OURS);
    const char *why = hc_url_wrong(&w->url, hc_str(r->url));

    return why == NULL ? 0 : hc_error_set(w->e, HEADCOUNT_EARG, "sign: the url "
                                          "cannot be used: %s", why);
}

static int sign_take_headers(struct sign_work *w)
{
    for (size_t i = 0; i < w->r->headers_n; i++) {
        const struct headcount_header *h = &w->r->headers[i];

        if (h->name == NULL || h->value == NULL ||
            hc_str_eqi(hc_str(h->name), HC_STR("authorization")))
            return hc_error_set(w->e, HEADCOUNT_EARG,
                                "sign: header %zu has no name, "
                                "no value, or is the signature itself",
                                i + 1);
        if (!hc_http1_is_token(hc_str(h->name)))
            return hc_error_set(w->e, HEADCOUNT_EARG,
                                "sign: the name of header %zu "
                                "has a byte that no header may have",
                                i + 1);
        if (!hc_http1_is_value(hc_str(h->value)))
            return hc_error_set(w->e, HEADCOUNT_EARG,
                                "sign: the value of header `%s` holds a "
                                "control character, such as a line break",
                                h->name);
        w->headers[w->headers_n++] = (struct hc_sigv4_header){
            hc_str(h->name), hc_str(h->value)
        };
    }
    return 0;
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
static int sign_date(struct sign_work *w, int64_t wall)
{
    hc_time_amz(w->date, wall);
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
    return hc_str_eqz(service, "s3") || hc_str_eqz(service, "s3-outposts") ||
           hc_str_eqz(service, "s3-object-lambda") ||
           hc_str_eqz(service, "s3express");
}

/* How the path is encoded and normalized: as the caller says, or as the
 * service wants. */
static bool sign_path(const struct headcount_sign_request *r, int said)
{
    return said != 0 ? said > 0 : !sign_is_s3(hc_str(r->service));
}

static void sign_payload(struct sign_work *w)
{
    static const char name[] = "X-Amz-Content-Sha256";
    unsigned char hash[HC_SHA256];

    hc_sha256_of(hash, (struct hc_str){ w->r->body, w->r->body_size });
    hc_hex(w->hash, hash, sizeof hash);
    w->payload = (struct hc_str){ w->hash, sizeof w->hash };
    if (sign_is_s3(hc_str(w->r->service)))
        sign_add(w, name, w->payload);
    const struct hc_sigv4_header *given = sign_find(w, name);

    if (given != NULL)
        w->payload = hc_str_trim(given->value);
}

static int sign_add_all(struct sign_work *w, int64_t wall)
{
    struct hc_str token = hc_str(w->r->session_token);

    hc_origin_host_header(&w->host, &w->url.origin);
    if (hc_buf_error(&w->host) < 0)
        return HEADCOUNT_ENOMEM;
    sign_add(w, "Host", hc_buf_view(&w->host));
    int err = sign_date(w, wall);

    if (token.n > 0)
        sign_add(w, "X-Amz-Security-Token", token);
    sign_payload(w);
    return err;
}

/* ---- the three steps ---- */

/* Canonical request, string to sign, signature: the three steps of SigV4. */
static int sign_steps(struct sign_work *w, int64_t wall, char *signature)
{
    const struct headcount_sign_request *r = w->r;
    const struct hc_identity who = { hc_str(r->access_key_id),
                                     hc_str(r->secret_access_key),
                                     hc_str(r->session_token) };
    const struct hc_sigv4_request request = {
        .method = hc_str(r->method), .path = w->url.path,
        .query = w->url.query, .headers = w->headers,
        .headers_n = w->headers_n, .payload = w->payload,
        .double_encode = sign_path(r, r->double_encode),
        .normalize_path = sign_path(r, r->normalize_path),
    };
    struct hc_sigv4_scope scope;
    unsigned char hash[HC_SHA256];

    hc_sigv4_scope_init(&scope, wall, hc_str(r->region), hc_str(r->service));
    hc_sigv4_key_for(&w->key, &scope, who.secret);
    int err = hc_sigv4_canonical(&w->canonical, &request, w->e);

    if (err < 0)
        return err;
    hc_sha256_of(hash, hc_buf_view(&w->canonical));
    hc_sigv4_string_to_sign(&w->to_sign, &scope, hash);
    hc_sigv4_signature(signature, &w->key, hc_buf_view(&w->to_sign));
    err = hc_sigv4_authorization(&w->authorization, &(struct hc_sigv4_sign){
                                     .request = &request, .scope = &scope,
                                     .who = &who, .key = &w->key,
                                     .work = &w->scratch }, w->e);
    if (err == 0)
        err = hc_buf_error(&w->to_sign);
    return err == 0 ? hc_buf_error(&w->authorization) : err;
}

/* ---- what is handed out ---- */

static const char *sign_next_text(const char **at)
{
    const char *text = *at;

    *at += strlen(text) + 1;
    return text;
}

/* All texts are put into one buffer, each with its NUL.  Pointers into it are
 * taken only when it is complete, because it moves while it grows. */
static int sign_show(struct sign_box *box, struct sign_work *w,
                     const char *signature)
{
    struct hc_buf *to = &box->texts;

    w->headers[w->headers_n++] = (struct hc_sigv4_header){
        HC_STR("Authorization"), hc_buf_view(&w->authorization)
    };
    for (size_t i = 0; i < w->headers_n; i++) {
        hc_buf_str(to, w->headers[i].name);
        hc_buf_chr(to, '\0');
        hc_buf_str(to, hc_str_trim(w->headers[i].value));
        hc_buf_chr(to, '\0');
    }
    hc_buf_str(to, hc_buf_view(&w->canonical));
    hc_buf_chr(to, '\0');
    hc_buf_str(to, hc_buf_view(&w->to_sign));
    hc_buf_chr(to, '\0');
    hc_buf_put(to, signature, HC_SIGV4_HEX);
    hc_buf_chr(to, '\0');
    if (hc_buf_error(to) < 0)
        return hc_buf_error(to);
    const char *at = to->p;

    for (size_t i = 0; i < w->headers_n; i++) {
        box->headers[i].name = sign_next_text(&at);
        box->headers[i].value = sign_next_text(&at);
    }
    box->shown.headers = box->headers;
    box->shown.headers_n = w->headers_n;
    box->shown.canonical_request = sign_next_text(&at);
    box->shown.string_to_sign = sign_next_text(&at);
    box->shown.signature = sign_next_text(&at);
    return 0;
}

static int sign_make(struct sign_box *box,
                     const struct headcount_sign_request *r, int64_t wall,
                     struct headcount_error *e)
{
    struct sign_work w = { .r = r, .e = e };
    struct hc_buf *bufs[] = { &w.host, &w.canonical, &w.to_sign,
                              &w.authorization, &w.scratch };
    char signature[HC_SIGV4_HEX];

    for (size_t i = 0; i < sizeof bufs / sizeof *bufs; i++)
        hc_buf_init_secret(bufs[i], &box->alloc, SIGN_TEXTS);
    int err = sign_needs(&w);

    if (err == 0)
        err = sign_take_headers(&w);
    if (err == 0)
        err = sign_add_all(&w, wall);
    if (err == 0)
        err = sign_steps(&w, wall, signature);
    if (err == 0)
        err = sign_show(box, &w, signature);
    if (err == HEADCOUNT_ENOMEM)
        hc_error_set(e, err, "out of memory for a signature");
    for (size_t i = 0; i < sizeof bufs / sizeof *bufs; i++)
        hc_buf_fini(bufs[i]);
    hc_sigv4_key_wipe(&w.key);
    return err;
}

int headcount_sign(struct headcount_signed **out,
                   const struct headcount_sign_request *request,
                   const struct headcount_system *system,
                   struct headcount_error *error)
{
    struct headcount_sign_request r = { .size = 0 };
    struct hc_system sys;
    struct hc_log log;
    struct headcount_error e;

    *out = NULL;
    hc_error_reset(&e);
    int err = hc_take_struct(&r, &hc_form_sign, request, &e);

    if (err == 0)
        err = hc_take_system(&sys, &log, system, HEADCOUNT_LOG_ERROR, &e);
    if (r.method == NULL)
        r.method = "GET";
    struct sign_box *box = err == 0 ? hc_alloc(&sys.alloc, sizeof *box) : NULL;

    if (box == NULL) {
        err = hc_error_set(&e, err < 0 ? err : HEADCOUNT_ENOMEM,
                           "out of memory for a signature");
        hc_give_error(error, &e);
        return err;
    }
    box->alloc = sys.alloc;
    hc_buf_init_secret(&box->texts, &box->alloc, 4 * SIGN_TEXTS);
    err = sign_make(box, &r, r.time != 0 ? r.time : sys.wall(sys.ud), &e);

    hc_give_error(error, &e);
    if (err < 0)
        headcount_signed_free(&box->shown);
    else
        *out = &box->shown;
    return err;
}

void headcount_signed_free(struct headcount_signed *s)
{
    struct sign_box *box = (struct sign_box *)(void *)s;

    if (box == NULL)
        return;
    const struct hc_alloc alloc = box->alloc;

    hc_buf_fini(&box->texts);
    hc_free(&alloc, box, sizeof *box);
}
