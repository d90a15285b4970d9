/* aws/template.c - see aws/template.h.
 *
 *   POST / HTTP/1.1                        POST
 *   Host: ...                              /
 *   X-Amz-Date: DATE
 *   amz-sdk-invocation-id: ID              amz-sdk-invocation-id:ID
 *   ...                                    ...
 *   Authorization: ... Credential=KEY/DAY/...   x-amz-date:DATE
 *       ... Signature=SIGNATURE            ...
 *   ...
 *   Content-Length:                        HASH
 */
#include "aws/template.h"

#include <string.h>

#include "base/text.h"

#define TEMPLATE_TARGET (HC_SERVICE_TARGET + 1 + HC_OPERATION_MAX + 1)
#define TEMPLATE_SIGNED 8

/* ---- birth and death ---- */

void hc_templates_init(struct hc_templates *t, const struct hc_alloc *a,
                       unsigned cpu)
{
    *t = (struct hc_templates){ .cpu = cpu };
    for (size_t i = 0; i < HC_TEMPLATES; i++) {
        hc_buf_init_secret(&t->a[i].key, a, HC_TEMPLATE_MAX);
        hc_buf_init_secret(&t->a[i].head, a, HC_TEMPLATE_MAX);
        hc_buf_init_secret(&t->a[i].canonical, a, HC_TEMPLATE_MAX);
    }
    hc_buf_init_secret(&t->work, a, HC_TEMPLATE_MAX);
}

static void template_free(struct hc_template *t)
{
    hc_buf_fini(&t->key);
    hc_buf_fini(&t->head);
    hc_buf_fini(&t->canonical);
}

void hc_templates_fini(struct hc_templates *t)
{
    for (size_t i = 0; i < HC_TEMPLATES; i++)
        template_free(&t->a[i]);
    hc_buf_fini(&t->work);
}

/* ---- which one ---- */

/* A length before each text: two requests never have one key. */
static void template_put_key_text(struct hc_buf *key, struct hc_str text)
{
    hc_buf_put(key, &text.n, sizeof text.n);
    hc_buf_str(key, text);
}

/* All that decides what is in a template.  Numbers stand in memory as they
 * are: the key never leaves it. */
static int template_put_key(struct hc_buf *key,
                            const struct hc_request_config *c)
{
    const struct hc_endpoint *at = c->endpoint;
    const struct hc_service *service = at->service;
    const int numbers[] = {
        c->attempt, c->max_attempts, (int)service->protocol,
        service->row.query_mode, c->who != NULL,
    };
    const struct hc_str texts[] = {
        c->operation, service->row.target, service->row.signing,
        hc_str(at->host), hc_str(at->path), hc_str(at->region), c->user_agent,
    };

    hc_buf_reset(key);
    hc_buf_put(key, numbers, sizeof numbers);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        template_put_key_text(key, texts[i]);
    if (c->trace_id != NULL)
        template_put_key_text(key, hc_buf_view(c->trace_id));
    if (c->who != NULL) {
        template_put_key_text(key, c->who->key_id);
        template_put_key_text(key, c->who->token);
    }
    return hc_buf_error(key);
}

/* The one of this key, or the one that was used the longest time ago. */
static struct hc_template *template_find(struct hc_templates *all,
                                         struct hc_str key)
{
    struct hc_template *oldest = &all->a[0];

    for (size_t i = 0; i < HC_TEMPLATES; i++) {
        struct hc_template *t = &all->a[i];

        if (hc_str_eq(hc_buf_view(&t->key), key))
            return t;
        if (t->used < oldest->used)
            oldest = t;
    }
    return oldest;
}

/* ---- a new one ---- */

static const char *template_type(enum hc_protocol protocol)
{
    switch (protocol) {
    case PROTOCOL_JSON_1_0: return "application/x-amz-json-1.0";
    case PROTOCOL_JSON_1_1: return "application/x-amz-json-1.1";
    case PROTOCOL_QUERY:
        return "application/x-www-form-urlencoded; charset=utf-8";
    }
    return "";
}

/* Texts of headers. */
struct template_texts {
    char target[TEMPLATE_TARGET];        /* "": it stands in the body        */
    char attempt[48];
};

static void template_texts(struct template_texts *t,
                           const struct hc_request_config *c)
{
    const struct hc_service *service = c->endpoint->service;

    t->target[0] = '\0';
    if (service->protocol != PROTOCOL_QUERY)
        hc_fmt(t->target, sizeof t->target, "%.*s.%.*s",
               HC_STR_ARG(service->row.target), HC_STR_ARG(c->operation));
    hc_fmt(t->attempt, sizeof t->attempt, "attempt=%d; max=%d", c->attempt,
           c->max_attempts);
}

static const char template_date[] = "20000101T000000Z";
static const char template_id[] = "00000000-0000-0000-0000-000000000000";
static const char template_hex[] =
    "0000000000000000000000000000000000000000000000000000000000000000";

#define TEMPLATE_ID (HC_REQUEST_NAME - 1)

/* The headers that are sent and signed, in the order of the wire. */
static size_t template_headers(struct hc_sigv4_header *h,
                               const struct template_texts *t,
                               const struct hc_request_config *c)
{
    const struct hc_service *service = c->endpoint->service;
    size_t n = 0;

#define put(name_, value_)                                                  \
    h[n++] = (struct hc_sigv4_header){ HC_STR(name_), (value_) }
    put("Host", hc_str(c->endpoint->host));
    put("Content-Type", hc_str(template_type(service->protocol)));
    if (t->target[0] != '\0')
        put("X-Amz-Target", hc_str(t->target));
    put("X-Amz-Date", hc_str(template_date));
    put("amz-sdk-invocation-id", hc_str(template_id));
    put("amz-sdk-request", hc_str(t->attempt));
    if (service->row.query_mode)
        put("x-amzn-query-mode", HC_STR("true"));
    if (c->who != NULL && c->who->token.n > 0)
        put("X-Amz-Security-Token", c->who->token);
#undef put
    return n;
}

static void template_put_header(struct hc_buf *out, struct hc_str name,
                                struct hc_str value)
{
    hc_buf_str(out, name);
    hc_buf_lit(out, ": ");
    hc_buf_str(out, value);
    hc_buf_lit(out, "\r\n");
}

/* Behind the only line that begins so: no text of a request has a line end. */
static size_t template_line(const struct hc_buf *text, const char *begin)
{
    struct hc_str left = hc_buf_view(text);

    while (left.n > 0) {
        struct hc_str line = hc_str_cut(&left, '\n');

        if (hc_str_starts(line, hc_str(begin)))
            return (size_t)(line.p - text->p) + hc_str(begin).n;
    }
    return 0;
}

static int template_put_signature(struct hc_template *t,
                                  const struct hc_request_config *c,
                                  const struct hc_sigv4_request *r,
                                  struct hc_buf *names,
                                  struct headcount_error *e)
{
    struct hc_sigv4_scope scope = {
        .region = hc_str(c->endpoint->region),
        .service = c->endpoint->service->row.signing,
    };

    memcpy(scope.date, template_date, sizeof template_date);
    int err = hc_sigv4_canonical(&t->canonical, r, e);

    hc_buf_reset(names);
    if (err == 0)
        err = hc_sigv4_signed_headers(names, r, e);
    if (err < 0)
        return err;
    t->signed_date_at = template_line(&t->canonical, "x-amz-date:");
    t->signed_id_at = template_line(&t->canonical, "amz-sdk-invocation-id:");
    hc_buf_lit(&t->head, "Authorization: ");
    t->scope_at = t->head.n + sizeof "AWS4-HMAC-SHA256 Credential=/" - 1 +
                  c->who->key_id.n;
    hc_sigv4_put_authorization(&t->head, &scope, c->who->key_id,
                               hc_buf_view(names), template_hex);
    t->signature_at = t->head.n - HC_SIGV4_HEX;
    hc_buf_lit(&t->head, "\r\n");
    return hc_buf_error(names);
}

static int template_make(struct hc_template *t,
                         const struct hc_request_config *c,
                         struct hc_buf *names, struct headcount_error *e)
{
    struct template_texts texts;
    struct hc_sigv4_header headers[TEMPLATE_SIGNED];
    struct hc_buf *out = &t->head;
    int err = 0;

    template_texts(&texts, c);
    const struct hc_sigv4_request canonical = {
        .method = HC_STR("POST"), .path = hc_str(c->endpoint->path),
        .headers = headers, .headers_n = template_headers(headers, &texts, c),
        .payload = { template_hex, HC_SIGV4_HEX },
        .double_encode = true, .normalize_path = true,
    };

    hc_buf_reset(out);
    hc_buf_reset(&t->canonical);
    hc_buf_lit(out, "POST ");
    hc_buf_str(out, canonical.path);
    hc_buf_lit(out, " HTTP/1.1\r\n");
    for (size_t i = 0; i < canonical.headers_n; i++)
        template_put_header(out, headers[i].name, headers[i].value);
    t->date_at = template_line(out, "X-Amz-Date: ");
    t->id_at = template_line(out, "amz-sdk-invocation-id: ");
    if (c->who != NULL)
        err = template_put_signature(t, c, &canonical, names, e);
    /* These are not signed, as AWS's SDKs do not sign them either. */
    template_put_header(out, HC_STR("User-Agent"), c->user_agent);
    if (c->trace_id != NULL && c->trace_id->n > 0)
        template_put_header(out, HC_STR("X-Amzn-Trace-Id"),
                            hc_buf_view(c->trace_id));
    hc_buf_lit(out, "Accept-Encoding: identity\r\nContent-Length: ");
    return err == 0 ? hc_buf_error(out) : err;
}

/* ---- what each request has of its own ---- */

static int template_sign(struct hc_templates *all, struct hc_template *t,
                         const struct hc_request_config *c,
                         const struct hc_sigv4_scope *scope)
{
    char *canonical = t->canonical.p, *head = t->head.p;
    unsigned char hash[HC_SHA256];

    memcpy(canonical + t->signed_date_at, scope->date, HC_AMZ_DATE);
    memcpy(canonical + t->signed_id_at, c->invocation, TEMPLATE_ID);
    hc_sha256_of(hash, all->cpu, c->body);
    hc_hex(canonical + t->canonical.n - HC_SIGV4_HEX, hash, sizeof hash);
    hc_sha256_of(hash, all->cpu, hc_buf_view(&t->canonical));
    hc_buf_reset(&all->work);
    hc_sigv4_string_to_sign(&all->work, scope, hash);
    int err = hc_buf_error(&all->work);

    if (err < 0)
        return err;
    hc_sigv4_key_for(c->key, scope, c->who->secret);
    memcpy(head + t->scope_at, scope->date, sizeof c->key->date);
    hc_sigv4_signature(head + t->signature_at, c->key,
                       hc_buf_view(&all->work));
    return 0;
}

static int template_fill(struct hc_templates *all, struct hc_template *t,
                         const struct hc_request_config *c, int64_t wall)
{
    struct hc_sigv4_scope scope;

    hc_sigv4_scope_init(&scope, wall, hc_str(c->endpoint->region),
                        c->endpoint->service->row.signing);
    scope.cpu = all->cpu;
    memcpy(t->head.p + t->date_at, scope.date, HC_AMZ_DATE);
    memcpy(t->head.p + t->id_at, c->invocation, TEMPLATE_ID);
    return c->who != NULL ? template_sign(all, t, c, &scope) : 0;
}

int hc_template_put(struct hc_buf *out, const struct hc_request_config *c,
                    int64_t wall, struct headcount_error *e)
{
    struct hc_templates *all = c->templates;
    int err = template_put_key(&all->work, c);

    if (err < 0)
        return err;
    struct hc_template *t = template_find(all, hc_buf_view(&all->work));

    t->used = ++all->clock;
    if (!hc_str_eq(hc_buf_view(&t->key), hc_buf_view(&all->work))) {
        all->made++;
        hc_buf_reset(&t->key);
        hc_buf_str(&t->key, hc_buf_view(&all->work));
        err = hc_buf_error(&t->key);
        if (err == 0)
            err = template_make(t, c, &all->work, e);
    }
    if (err == 0)
        err = template_fill(all, t, c, wall);
    hc_buf_str(out, hc_buf_view(&t->head));
    hc_buf_u64(out, c->body.n);
    hc_buf_lit(out, "\r\n\r\n");
    hc_buf_str(out, c->body);
    if (err < 0 || t->head.n + t->canonical.n > HC_TEMPLATE_KEPT) {
        template_free(t);
        t->used = 0;
    }
    return err;
}
