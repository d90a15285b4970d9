/* peers/x509_maker.c - see x509_maker.h.  RFC 5280, 4.1. */
#include "peers/x509_maker.h"

#include <bearssl.h>
#include <string.h>

#include "base/text.h"

#define OID_EC "\x2A\x86\x48\xCE\x3D\x02\x01"
#define OID_P256 "\x2A\x86\x48\xCE\x3D\x03\x01\x07"
#define OID_ECDSA_SHA256 "\x2A\x86\x48\xCE\x3D\x04\x03\x02"
#define OID_CN "\x55\x04\x03"
#define OID_BASIC "\x55\x1D\x13"

/* Of the same memory as `out`. */
static struct hc_buf fresh(const struct hc_buf *out)
{
    struct hc_buf b;

    hc_buf_init(&b, out->alloc, (size_t)1 << 20);
    return b;
}

static void wrap(struct hc_buf *out, int tag, struct hc_buf *inside)
{
    x509_der(out, tag, hc_buf_view(inside));
    hc_buf_fini(inside);
}

void x509_der(struct hc_buf *out, int tag, struct hc_str inside)
{
    hc_buf_chr(out, (char)tag);
    if (inside.n >= 0x80) {
        int bytes = inside.n > 0xFFFF ? 3 : inside.n > 0xFF ? 2 : 1;

        hc_buf_chr(out, (char)(0x80 + bytes));
        for (int i = bytes - 1; i > 0; i--)
            hc_buf_chr(out, (char)(inside.n >> (8 * i)));
    }
    hc_buf_chr(out, (char)inside.n);
    hc_buf_str(out, inside);
}

void x509_ext(struct hc_buf *out, const char *oid, bool critical,
              struct hc_str value)
{
    struct hc_buf ext = fresh(out);

    x509_der(&ext, 6, hc_str(oid));
    if (critical)
        x509_der(&ext, 1, HC_STR("\xFF"));
    x509_der(&ext, 4, value);
    wrap(out, 0x30, &ext);
}

void x509_ext_ca(struct hc_buf *out)
{
    x509_ext(out, OID_BASIC, true, HC_STR("\x30\x03\x01\x01\xFF"));
}

void x509_ext_san(struct hc_buf *out, int kind, struct hc_str name)
{
    struct hc_buf one = fresh(out), list = fresh(out);

    x509_der(&one, kind, name);
    wrap(&list, 0x30, &one);
    x509_ext(out, X509_SAN, false, hc_buf_view(&list));
    hc_buf_fini(&list);
}

void x509_ext_usage(struct hc_buf *out, const char *oid, size_t n)
{
    struct hc_buf one = fresh(out), list = fresh(out);

    x509_der(&one, 6, hc_str_n(oid, n));
    wrap(&list, 0x30, &one);
    x509_ext(out, X509_USAGE, false, hc_buf_view(&list));
    hc_buf_fini(&list);
}

static void put_name(struct hc_buf *out, const char *cn)
{
    struct hc_buf pair = fresh(out), set = fresh(out), name = fresh(out);

    x509_der(&pair, 6, HC_STR(OID_CN));
    x509_der(&pair, 0x0C, hc_str(cn));
    wrap(&set, 0x30, &pair);
    wrap(&name, 0x31, &set);
    wrap(out, 0x30, &name);
}

static void put_time(struct hc_buf *out, const char *text, const char *other)
{
    text = text != NULL ? text : other;
    x509_der(out, strlen(text) == 15 ? 0x18 : 0x17, hc_str(text));
}

static br_ec_private_key key_of(int which, unsigned char x[32])
{
    memset(x, which, 32);
    return (br_ec_private_key){ BR_EC_secp256r1, x, 32 };
}

static void put_key(struct hc_buf *out, int which)
{
    struct hc_buf key = fresh(out), algorithm = fresh(out), bits = fresh(out);
    unsigned char x[32], point[BR_EC_KBUF_PUB_MAX_SIZE];
    br_ec_private_key private = key_of(which, x);
    size_t n = br_ec_compute_pub(&br_ec_p256_m31, NULL, point, &private);

    x509_der(&algorithm, 6, HC_STR(OID_EC));
    x509_der(&algorithm, 6, HC_STR(OID_P256));
    wrap(&key, 0x30, &algorithm);
    hc_buf_chr(&bits, 0);
    hc_buf_put(&bits, point, n);
    wrap(&key, 3, &bits);
    wrap(out, 0x30, &key);
}

static void put_algorithm(struct hc_buf *out)
{
    struct hc_buf a = fresh(out);

    x509_der(&a, 6, HC_STR(OID_ECDSA_SHA256));
    wrap(out, 0x30, &a);
}

static void put_signature(struct hc_buf *out, int signer, struct hc_str tbs)
{
    struct hc_buf bits = fresh(out);
    unsigned char x[32], hash[32], sig[80];
    br_ec_private_key private = key_of(signer, x);
    br_sha256_context sha;

    br_sha256_init(&sha);
    br_sha256_update(&sha, tbs.p, tbs.n);
    br_sha256_out(&sha, hash);
    hc_buf_chr(&bits, 0);
    hc_buf_put(&bits, sig,
               br_ecdsa_i31_sign_asn1(&br_ec_p256_m31, &br_sha256_vtable, hash,
                                      &private, sig));
    wrap(out, 3, &bits);
}

static void put_extensions(struct hc_buf *out, struct hc_str list)
{
    struct hc_buf sequence = fresh(out);

    if (list.n == 0)
        return;
    x509_der(&sequence, 0x30, list);
    wrap(out, 0xA3, &sequence);
}

void x509_make(struct hc_buf *out, const struct x509_spec *s)
{
    struct hc_buf tbs = fresh(out), whole = fresh(out), dates = fresh(out),
                  cert = fresh(out);

    hc_buf_lit(&tbs, "\xA0\x03\x02\x01\x02\x02\x01\x01");
    put_algorithm(&tbs);
    if (s->issuer != NULL)
        put_name(&tbs, s->issuer);
    else
        hc_buf_lit(&tbs, "\x30\x00");
    put_time(&dates, s->from, "200101000000Z");
    put_time(&dates, s->to, "491231235959Z");
    wrap(&tbs, 0x30, &dates);
    if (s->subject_der.n > 0)
        hc_buf_str(&tbs, s->subject_der);
    else
        put_name(&tbs, s->subject);
    put_key(&tbs, s->key);
    put_extensions(&tbs, s->extensions);
    wrap(&whole, 0x30, &tbs);
    hc_buf_str(&cert, hc_buf_view(&whole));
    put_algorithm(&cert);
    put_signature(&cert, s->signer, hc_buf_view(&whole));
    hc_buf_fini(&whole);
    wrap(out, 0x30, &cert);
}

/* RFC 4648, 4. */
static const char base64_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static void base64_put(struct hc_buf *out, const unsigned char *p, size_t n)
{
    uint32_t v = (uint32_t)p[0] << 16;
    char four[4];

    if (n > 1)
        v |= (uint32_t)p[1] << 8;
    if (n > 2)
        v |= p[2];
    four[0] = base64_digits[v >> 18];
    four[1] = base64_digits[v >> 12 & 63];
    four[2] = n > 1 ? base64_digits[v >> 6 & 63] : '=';
    four[3] = n > 2 ? base64_digits[v & 63] : '=';
    hc_buf_put(out, four, sizeof(four));
}

static void base64(struct hc_buf *out, const void *p, size_t n)
{
    const unsigned char *b = p;

    for (size_t i = 0; i < n; i += 3)
        base64_put(out, b + i, n - i < 3 ? n - i : 3);
}

void x509_pem(struct hc_buf *out, struct hc_str der)
{
    struct hc_buf text = fresh(out);

    base64(&text, der.p, der.n);
    hc_buf_lit(out, "-----BEGIN CERTIFICATE-----\n");
    for (struct hc_str rest = hc_buf_view(&text); rest.n > 0;) {
        size_t n = rest.n < 64 ? rest.n : 64;

        hc_buf_put(out, rest.p, n);
        hc_buf_chr(out, '\n');
        rest = hc_str_from(rest, n);
    }
    hc_buf_lit(out, "-----END CERTIFICATE-----\n");
    hc_buf_fini(&text);
}
