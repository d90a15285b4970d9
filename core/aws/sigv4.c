/* aws/sigv4.c - AWS Signature Version 4 (contract: aws/sigv4.h).
 *
 *   canonical request      string to sign           signature
 *   -----------------      --------------           ---------
 *   METHOD                 AWS4-HMAC-SHA256         HMAC(key, string to sign)
 *   /path                  20150830T123600Z
 *   query=sorted           20150830/REGION/SERVICE/aws4_request
 *   name:value             hex(SHA-256(canonical request))
 *   (empty line)
 *   signed;names           key = HMAC(HMAC(HMAC(HMAC("AWS4" + secret, day),
 *   payload hash                 region), service), "aws4_request")
 *
 * Source: IAM User Guide, "Create a signed AWS API request".
 */
#include "aws/sigv4.h"

#include <string.h>

#include "base/text.h"
#include "wire/http1.h"

/* ---- path ---- */

/* Appends `path` without "." and "..", with single slashes (RFC 3986, 5.2.4,
 * and empty segments go too).  A path that ends in a slash still does; "/a/."
 * becomes "/a", as AWS's SDKs sign it. */
static void sigv4_put_normal_path(struct hc_buf *out, struct hc_str path)
{
    size_t floor = out->n;
    bool slash = hc_str_ends(path, HC_STR("/"));

    while (path.n > 0) {
        struct hc_str part = hc_str_cut(&path, '/');

        if (part.n == 0)
            continue;
        if (hc_str_eqz(part, ".") || hc_str_eqz(part, "..")) {
            if (part.n == 2)
                while (out->n > floor && out->p[--out->n] != '/')
                    ;
            continue;
        }
        hc_buf_chr(out, '/');
        hc_buf_str(out, part);
    }
    if (slash || out->n == floor)
        hc_buf_chr(out, '/');
}

/* Services encode the path that they see once more and normalise it; S3 does
 * neither. */
static void sigv4_put_path(struct hc_buf *out,
                           const struct hc_sigv4_request *r)
{
    if (hc_str_eqz(r->path, "/") || r->path.n == 0) {
        hc_buf_chr(out, '/');
        return;
    }
    if (!r->normalize_path && !r->double_encode) {
        hc_buf_str(out, r->path);
        return;
    }

    struct hc_buf path;

    hc_buf_init(&path, out->alloc, out->max);
    if (r->normalize_path)
        sigv4_put_normal_path(&path, r->path);
    else
        hc_buf_str(&path, r->path);
    if (r->double_encode)
        hc_text_percent(out, hc_buf_view(&path), "/");
    else
        hc_buf_str(out, hc_buf_view(&path));
    if (out->err == 0)
        out->err = path.err;
    hc_buf_fini(&path);
}

/* ---- query ---- */

/* A parameter as it will stand in the canonical query. */
struct sigv4_parameter {
    struct hc_str name, value;
};

/* The text as it is sent is decoded and encoded again, so that each spelling
 * of a byte ("a", "%61", "%2a") becomes the one that AWS signs. */
static int sigv4_put_coded(struct hc_buf *out, struct hc_str sent)
{
    struct hc_buf plain;

    hc_buf_init(&plain, out->alloc, out->max);

    int err = hc_text_unpercent(&plain, sent);

    if (err == 0)
        err = hc_buf_error(&plain);
    if (err == 0)
        hc_text_percent(out, hc_buf_view(&plain), "");
    hc_buf_fini(&plain);
    return err;
}

static int sigv4_compare(const struct sigv4_parameter *a,
                         const struct sigv4_parameter *b)
{
    int order = hc_str_cmp(a->name, b->name);

    return order != 0 ? order : hc_str_cmp(a->value, b->value);
}

/* By insertion: the parameters are few and often sorted already, and equal ones
 * keep their order. */
static void sigv4_sort(struct sigv4_parameter *list, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        struct sigv4_parameter one = list[i];
        size_t at = i;

        for (; at > 0 && sigv4_compare(&list[at - 1], &one) > 0; at--)
            list[at] = list[at - 1];
        list[at] = one;
    }
}

/* name=value&name=value with every part coded: into `coded`. */
static int sigv4_code_query(struct hc_buf *coded, struct hc_str query,
                            size_t *n)
{
    int err = 0;

    for (*n = 0; err == 0 && query.n > 0; ) {
        struct hc_str value = hc_str_cut(&query, '&');

        if (value.n == 0)
            continue;
        if (++*n > HC_SIGV4_QUERY)
            return HEADCOUNT_ELIMIT;

        struct hc_str name = hc_str_cut(&value, '=');

        err = sigv4_put_coded(coded, name);
        hc_buf_chr(coded, '=');
        if (err == 0)
            err = sigv4_put_coded(coded, value);
        hc_buf_chr(coded, '&');
    }
    return err != 0 ? err : hc_buf_error(coded);
}

/* Sorted after the encoding, as AWS does it: an encoded byte ("%C3") comes
 * before every letter. */
static void sigv4_put_sorted(struct hc_buf *out, struct hc_str coded, size_t n)
{
    struct sigv4_parameter list[HC_SIGV4_QUERY];

    for (size_t i = 0; i < n; i++) {
        struct hc_str value = hc_str_cut(&coded, '&');

        list[i].name = hc_str_cut(&value, '=');
        list[i].value = value;
    }
    sigv4_sort(list, n);
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            hc_buf_chr(out, '&');
        hc_buf_str(out, list[i].name);
        hc_buf_chr(out, '=');
        hc_buf_str(out, list[i].value);
    }
}

static int sigv4_put_query(struct hc_buf *out, struct hc_str query,
                           struct headcount_error *e)
{
    if (query.n == 0)
        return 0;

    struct hc_buf coded;
    size_t n = 0;

    hc_buf_init(&coded, out->alloc, out->max);

    int err = sigv4_code_query(&coded, query, &n);

    if (err == 0)
        sigv4_put_sorted(out, hc_buf_view(&coded), n);
    hc_buf_fini(&coded);
    switch (err) {
    case HEADCOUNT_ESYNTAX:
        return hc_error_set(e, HEADCOUNT_EARG,
                            "the query of the request to sign "
                            "has a %% without two hex digits");
    case HEADCOUNT_ELIMIT:
        return hc_error_set(e, HEADCOUNT_ELIMIT,
                            "the query of the request to sign "
                            "has more than %d parameters",
                            HC_SIGV4_QUERY);
    case HEADCOUNT_ENOMEM:
        return hc_error_set(e, HEADCOUNT_ENOMEM, "out of memory while signing");
    default:
        return err;
    }
}

/* ---- headers ---- */

static int sigv4_name_compare(struct hc_str a, struct hc_str b)
{
    size_t n = a.n < b.n ? a.n : b.n;

    for (size_t i = 0; i < n; i++) {
        unsigned char x = (unsigned char)hc_lower(a.p[i]);
        unsigned char y = (unsigned char)hc_lower(b.p[i]);

        if (x != y)
            return x < y ? -1 : 1;
    }
    return a.n == b.n ? 0 : a.n < b.n ? -1 : 1;
}

/* The order of the headers: sorted by lower-case name; headers of one name keep
 * the order in which they are sent. */
struct sigv4_order {
    unsigned char at[HC_SIGV4_HEADERS];
    size_t n;
};

static int sigv4_order_headers(struct sigv4_order *o,
                               const struct hc_sigv4_request *r,
                               struct headcount_error *e)
{
    if (r->headers_n > HC_SIGV4_HEADERS)
        return hc_error_set(e, HEADCOUNT_EARG,
                            "a request to sign has more than %d headers",
                            HC_SIGV4_HEADERS);
    o->n = r->headers_n;
    for (size_t i = 0; i < o->n; i++) {
        const struct hc_sigv4_header *h = &r->headers[i];
        size_t at = i;

        if (!hc_http1_is_token(h->name) || !hc_http1_is_value(h->value))
            return hc_error_set(e, HEADCOUNT_EARG,
                                "the header `%.*s` of a request "
                                "to sign has a byte that no header may have",
                                HC_STR_ARG(h->name));
        for (; at > 0; at--) {
            if (sigv4_name_compare(r->headers[o->at[at - 1]].name,
                                   h->name) <= 0)
                break;
            o->at[at] = o->at[at - 1];
        }
        o->at[at] = (unsigned char)i;
    }
    return 0;
}

static void sigv4_put_lower(struct hc_buf *out, struct hc_str s)
{
    char *to = hc_buf_room(out, s.n);

    if (to == NULL)
        return;
    for (size_t i = 0; i < s.n; i++)
        to[i] = hc_lower(s.p[i]);
    hc_buf_added(out, s.n);
}

/* Trimmed, and runs of blanks become one space. */
static void sigv4_put_value(struct hc_buf *out, struct hc_str value)
{
    struct hc_str left = hc_str_trim(value);

    while (left.n > 0) {
        size_t n = 0;

        while (n < left.n && left.p[n] != ' ' && left.p[n] != '\t')
            n++;
        hc_buf_put(out, left.p, n);
        left = hc_str_trim(hc_str_from(left, n));
        if (left.n > 0)
            hc_buf_chr(out, ' ');
    }
}

static bool sigv4_same_name(const struct hc_sigv4_request *r,
                            const struct sigv4_order *o, size_t i)
{
    return i > 0 && i < HC_SIGV4_HEADERS &&
           sigv4_name_compare(r->headers[o->at[i - 1]].name,
                                       r->headers[o->at[i]].name) == 0;
}

static void sigv4_put_headers(struct hc_buf *out,
                              const struct hc_sigv4_request *r,
                              const struct sigv4_order *o)
{
    for (size_t i = 0; i < o->n; i++) {
        const struct hc_sigv4_header *h = &r->headers[o->at[i]];

        if (sigv4_same_name(r, o, i)) {
            hc_buf_chr(out, ',');
        } else {
            if (i > 0)
                hc_buf_chr(out, '\n');
            sigv4_put_lower(out, h->name);
            hc_buf_chr(out, ':');
        }
        sigv4_put_value(out, h->value);
    }
    if (o->n > 0)
        hc_buf_chr(out, '\n');
}

static void sigv4_put_names(struct hc_buf *out,
                            const struct hc_sigv4_request *r,
                            const struct sigv4_order *o)
{
    for (size_t i = 0; i < o->n; i++) {
        if (sigv4_same_name(r, o, i))
            continue;
        if (i > 0)
            hc_buf_chr(out, ';');
        sigv4_put_lower(out, r->headers[o->at[i]].name);
    }
}

/* ---- the three steps ---- */

void hc_sigv4_scope_init(struct hc_sigv4_scope *s, int64_t wall,
                         struct hc_str region, struct hc_str service)
{
    hc_time_amz(s->date, wall);
    s->region = region;
    s->service = service;
    s->cpu = 0;
}

static int sigv4_build(struct hc_buf *out, const struct hc_sigv4_request *r,
                       const struct sigv4_order *o, struct headcount_error *e)
{
    hc_buf_str(out, r->method);
    hc_buf_chr(out, '\n');
    sigv4_put_path(out, r);
    hc_buf_chr(out, '\n');

    int err = sigv4_put_query(out, r->query, e);

    if (err < 0)
        return err;
    hc_buf_chr(out, '\n');
    sigv4_put_headers(out, r, o);
    hc_buf_chr(out, '\n');
    sigv4_put_names(out, r, o);
    hc_buf_chr(out, '\n');
    hc_buf_str(out, r->payload);
    err = hc_buf_error(out);
    if (err < 0)
        hc_error_set(e, err, "no memory for the request to sign");
    return err;
}

int hc_sigv4_canonical(struct hc_buf *out, const struct hc_sigv4_request *r,
                       struct headcount_error *e)
{
    struct sigv4_order order = { .n = 0 };
    int err = sigv4_order_headers(&order, r, e);

    return err < 0 ? err : sigv4_build(out, r, &order, e);
}

int hc_sigv4_signed_headers(struct hc_buf *out,
                            const struct hc_sigv4_request *r,
                            struct headcount_error *e)
{
    struct sigv4_order order = { .n = 0 };
    int err = sigv4_order_headers(&order, r, e);

    if (err == 0)
        sigv4_put_names(out, r, &order);
    return err == 0 ? hc_buf_error(out) : err;
}

void hc_sigv4_put_scope(struct hc_buf *out, const struct hc_sigv4_scope *s)
{
    hc_buf_put(out, s->date, 8);
    hc_buf_chr(out, '/');
    hc_buf_str(out, s->region);
    hc_buf_chr(out, '/');
    hc_buf_str(out, s->service);
    hc_buf_lit(out, "/aws4_request");
}

void hc_sigv4_string_to_sign(struct hc_buf *out, const struct hc_sigv4_scope *s,
                             const unsigned char hash[HC_SHA256])
{
    hc_buf_lit(out, "AWS4-HMAC-SHA256\n");
    hc_buf_text(out, s->date);
    hc_buf_chr(out, '\n');
    hc_sigv4_put_scope(out, s);
    hc_buf_chr(out, '\n');
    hc_text_hex(out, hash, HC_SHA256);
}

void hc_sigv4_signature(char out[HC_SIGV4_HEX], const struct hc_sigv4_key *k,
                        struct hc_str string_to_sign)
{
    unsigned char mac[HC_SHA256];

    hc_hmac(mac, &k->key, string_to_sign);
    hc_hex(out, mac, sizeof(mac));
}

/* ---- the day's key ---- */

/* The secret is compared too: after a change of credentials the old key must
 * not sign. */
static bool sigv4_is_for(const struct hc_sigv4_key *k,
                         const struct hc_sigv4_scope *s, struct hc_str secret)
{
    return k->secret_n > 0 && k->secret_n == secret.n &&
           memcmp(k->date, s->date, sizeof(k->date)) == 0 &&
           hc_str_eq(hc_str_n(k->region, k->region_n), s->region) &&
           hc_str_eq(hc_str_n(k->service, k->service_n), s->service) &&
           hc_equal_secret(k->secret, secret.p, secret.n);
}

/* "AWS4" + secret as a key of HMAC: one that is longer than a block of the
 * hash is hashed first (RFC 2104, 2), so a block is all the room it needs. */
static void sigv4_first_key(struct hc_hmac_key *key, unsigned cpu,
                            struct hc_str secret)
{
    unsigned char block[64] = { 'A', 'W', 'S', '4' };
    size_t n = 4 + secret.n;

    if (n <= sizeof(block)) {
        if (secret.n > 0)
            memcpy(block + 4, secret.p, secret.n);
    } else {
        struct hc_sha256 hash;

        hc_sha256_init(&hash, cpu);
        hc_sha256_put(&hash, block, 4);
        hc_sha256_put(&hash, secret.p, secret.n);
        hc_sha256_get(&hash, block);
        hc_wipe(&hash, sizeof(hash));
        n = HC_SHA256;
    }
    hc_hmac_key(key, cpu, block, n);
    hc_wipe(block, sizeof(block));
}

static void sigv4_derive(struct hc_sigv4_key *k, const struct hc_sigv4_scope *s,
                         struct hc_str secret)
{
    const struct hc_str links[] = {
        hc_str_n(s->date, sizeof(k->date)), s->region, s->service,
        HC_STR("aws4_request")
    };
    unsigned char mac[HC_SHA256];

    sigv4_first_key(&k->key, s->cpu, secret);
    for (size_t i = 0; i < sizeof(links) / sizeof(*links); i++) {
        hc_hmac(mac, &k->key, links[i]);
        hc_hmac_key(&k->key, s->cpu, mac, sizeof(mac));
    }
    hc_wipe(mac, sizeof(mac));
    k->derived++;
}

static void sigv4_remember(struct hc_sigv4_key *k,
                           const struct hc_sigv4_scope *s, struct hc_str secret)
{
    k->secret_n = 0;
    if (secret.n == 0 || secret.n > sizeof(k->secret) ||
        s->region.n > sizeof(k->region) || s->service.n > sizeof(k->service))
        return;
    memcpy(k->secret, secret.p, secret.n);
    k->secret_n = secret.n;
    memcpy(k->date, s->date, sizeof(k->date));
    k->region_n = s->region.n;
    k->service_n = s->service.n;
    if (s->region.n > 0)
        memcpy(k->region, s->region.p, s->region.n);
    if (s->service.n > 0)
        memcpy(k->service, s->service.p, s->service.n);
}

void hc_sigv4_key_for(struct hc_sigv4_key *k, const struct hc_sigv4_scope *s,
                      struct hc_str secret)
{
    if (sigv4_is_for(k, s, secret))
        return;
    hc_wipe(k->secret, sizeof(k->secret));
    sigv4_derive(k, s, secret);
    sigv4_remember(k, s, secret);
}

void hc_sigv4_key_wipe(struct hc_sigv4_key *k)
{
    hc_wipe(k, sizeof(*k));
}

/* ---- the header ---- */

void hc_sigv4_put_authorization(struct hc_buf *out,
                                const struct hc_sigv4_scope *s,
                                struct hc_str key_id, struct hc_str names,
                                const char signature[HC_SIGV4_HEX])
{
    hc_buf_lit(out, "AWS4-HMAC-SHA256 Credential=");
    hc_buf_str(out, key_id);
    hc_buf_chr(out, '/');
    hc_sigv4_put_scope(out, s);
    hc_buf_lit(out, ", SignedHeaders=");
    hc_buf_str(out, names);
    hc_buf_lit(out, ", Signature=");
    hc_buf_put(out, signature, HC_SIGV4_HEX);
}
