/* wire/cert.c - one X.509 certificate, read for what BearSSL keeps to itself.
 *
 *   Certificate    SEQUENCE { tbs, algorithm, signature }        RFC 5280, 4.1
 *   tbs            SEQUENCE { [0] version, serial, algorithm, issuer,
 *                             SEQUENCE { notBefore, notAfter }, subject, key,
 *                             [1] ids, [2] ids, [3] extensions }
 *   extensions     SEQUENCE OF SEQUENCE { OID, BOOLEAN, OCTET STRING }
 *
 * A certificate that breaks a rule of its form is none: two signature
 * algorithms that differ, an extension of 2.5.29 twice (nothing else is read).
 */
#include "wire/cert.h"

#include <string.h>

#include "base/err.h"
#include "base/text.h"
#include "wire/constraints.h"
#include "wire/der.h"

enum {
    CERT_VERSION = 0xA0,
    CERT_EXTENSIONS = 0xA3,
    CERT_DNS_NAME = 0x82,
    CERT_IP_NAME = 0x87
};

#define OID_COMMON_NAME HC_STR("\x55\x04\x03")
#define OID_ORGANIZATION HC_STR("\x55\x04\x0A")
#define OID_EMAIL HC_STR("\x2A\x86\x48\x86\xF7\x0D\x01\x09\x01")
#define OID_ANY_USAGE HC_STR("\x55\x1D\x25\x00")
#define OID_RSA HC_STR("\x2A\x86\x48\x86\xF7\x0D\x01\x01\x01")
#define OID_EC HC_STR("\x2A\x86\x48\xCE\x3D\x02\x01")
#define OID_P256 HC_STR("\x2A\x86\x48\xCE\x3D\x03\x01\x07")
#define OID_P384 HC_STR("\x2B\x81\x04\x00\x22")
#define OID_P521 HC_STR("\x2B\x81\x04\x00\x23")
#define OID_SERVER_AUTH HC_STR("\x2B\x06\x01\x05\x05\x07\x03\x01")

/* The last byte of extensions' OIDs, all 2.5.29.x (4.2.1). */
enum {
    EXT_KEY_USAGE = 15,
    EXT_SAN = 17,
    EXT_BASIC = 19,
    EXT_CONSTRAINTS = 30,
    EXT_POLICIES = 32,
    EXT_USAGE = 37
};

#define KEY_CERT_SIGN 0x04               /* in the first byte of the bits */

static unsigned cert_byte(struct hc_str s, size_t at)
{
    return (unsigned char)s.p[at];
}

/* Takes a Name off the front, its head included (4.1.2.4). */
static bool cert_take_name(struct hc_str *s, struct hc_str *name)
{
    struct hc_str inside;

    *name = *s;
    if (!hc_der_take(s, DER_SEQUENCE, &inside))
        return false;
    name->n -= s->n;
    return true;
}

/* UTCTime YYMMDDHHMMSSZ or GeneralizedTime YYYYMMDDHHMMSSZ (4.1.2.5).  A YY
 * from 50 on is a year of the 1900s. */
static bool cert_time(struct hc_str *s, int64_t *wall)
{
    char text[32];
    struct hc_str t;
    int tag = hc_der_element(s, &t);
    const char *century = "";

    if (tag == DER_UTC && t.n == 13)
        century = t.p[0] < '5' ? "20" : "19";
    else if (tag != DER_TIME || t.n != 15)
        return false;
    struct hc_str year = hc_str_n(t.p, t.n - 11);
    const char *d = t.p + year.n;

    hc_fmt(text, sizeof(text), "%s%.*s-%.*s-%.*sT%.*s:%.*s:%.*s%.*s", century,
           (int)year.n, year.p, 2, d, 2, d + 2, 2, d + 4, 2, d + 6, 2, d + 8, 1,
           d + 10);
    return d[10] == 'Z' && hc_time_get_rfc3339(hc_str(text), wall);
}

static bool cert_validity(struct hc_cert *c, struct hc_str *tbs)
{
    struct hc_str v;

    return hc_der_take(tbs, DER_SEQUENCE, &v) &&
           cert_time(&v, &c->not_before) &&
           cert_time(&v, &c->not_after) && v.n == 0;
}

static bool cert_usage(struct hc_cert *c, struct hc_str value)
{
    struct hc_str list, oid;

    if (!hc_der_take(&value, DER_SEQUENCE, &list) || value.n > 0 ||
        list.n == 0)
        return false;
    c->has_usage = true;
    while (list.n > 0) {
        if (!hc_der_take(&list, DER_OID, &oid))
            return false;
        c->is_server = c->is_server || hc_str_eq(oid, OID_SERVER_AUTH);
        c->is_any = c->is_any || hc_str_eq(oid, OID_ANY_USAGE);
    }
    return true;
}

static bool cert_san(struct hc_cert *c, struct hc_str value)
{
    struct hc_str list, name;

    if (!hc_der_take(&value, DER_SEQUENCE, &list) || value.n > 0)
        return false;
    c->has_san = true;
    c->san = list;
    while (list.n > 0) {
        int kind = hc_constraints_name(&list, &name);

        if (kind < 0)
            return false;
        c->kinds |= 1U << kind;
    }
    return true;
}

/* Takes a positive INTEGER, without the zero that keeps it positive: in DER
 * there is one only where it has to be.  That of 0 is "\0" (X.690, 8.3). */
static bool cert_take_number(struct hc_str *s, struct hc_str *number)
{
    if (!hc_der_take(s, DER_INTEGER, number) || number->n == 0 ||
        cert_byte(*number, 0) > 0x7F)
        return false;
    if (number->n > 1 && cert_byte(*number, 0) == 0) {
        *number = hc_str_from(*number, 1);
        return cert_byte(*number, 0) > 0x7F;
    }
    return true;
}

/* SEQUENCE { cA BOOLEAN DEFAULT FALSE, pathLenConstraint INTEGER OPTIONAL } */
static bool cert_basic(struct hc_cert *c, struct hc_str value)
{
    struct hc_str basic, path;
    const char *at;

    if (!hc_der_take(&value, DER_SEQUENCE, &basic) || value.n > 0 ||
        !hc_der_take_flag(&basic, &c->is_ca, &at))
        return false;
    if (basic.n == 0)
        return true;
    if (!cert_take_number(&basic, &path) || basic.n > 0)
        return false;
    c->path = path.n > 1 ? UINT8_MAX : cert_byte(path, 0);
    return true;
}

static bool cert_key_usage(struct hc_cert *c, struct hc_str value)
{
    struct hc_str bits;

    if (!hc_der_take(&value, DER_BITS, &bits) || value.n > 0 || bits.n == 0)
        return false;
    c->is_signer = bits.n > 1 && (cert_byte(bits, 1) & KEY_CERT_SIGN) != 0;
    return true;
}

static bool cert_constraints(struct hc_cert *c, struct hc_str value,
                             const char *critical)
{
    c->has_constraints = true;
    c->is_constraints_critical = critical != NULL;
    c->constraints = value;
    c->critical[0] = critical;
    return true;
}

/* One extension; 2.5.29.`which`, or 0.  `critical` is NULL if it is not. */
struct cert_extension {
    struct hc_str oid, value;
    const char *critical;
    unsigned which;
};

/* False for one that is damaged.  Extensions that only help to find things (key
 * identifiers, CRLs) are not known when critical: nothing here can do what
 * their issuer insists on. */
static bool cert_read_extension(struct hc_cert *c,
                                const struct cert_extension *x)
{
    struct hc_str value = x->value;
    const char *critical = x->critical;


    switch (x->which) {
    case EXT_SAN:
        return cert_san(c, value);
    case EXT_BASIC:
        return cert_basic(c, value);
    case EXT_KEY_USAGE:
        return cert_key_usage(c, value);
    case EXT_CONSTRAINTS:
        return cert_constraints(c, value, critical);
    case EXT_USAGE:
        c->critical[1] = critical;
        return cert_usage(c, value);
    case EXT_POLICIES:                   /* BearSSL judges a critical one */
        return true;
    default:
        if (critical != NULL && c->unknown.n == 0)
            c->unknown = x->oid;
        return true;
    }
}

/* *seen has a bit for each extension 2.5.29.x: one that stands twice makes the
 * certificate unreadable (4.2). */
static bool cert_extension(struct hc_cert *c, struct hc_str ext,
                           uint64_t *seen)
{
    struct cert_extension x = { .which = 0 };
    bool is_critical;

    if (!hc_der_take(&ext, DER_OID, &x.oid) ||
        !hc_der_take_flag(&ext, &is_critical, &x.critical) ||
        !hc_der_take(&ext, DER_OCTETS, &x.value) || ext.n > 0)
        return false;
    x.critical = is_critical ? x.critical : NULL;
    if (x.oid.n == 3 && hc_str_starts(x.oid, HC_STR("\x55\x1D")) &&
        cert_byte(x.oid, 2) < 64)
        x.which = cert_byte(x.oid, 2);
    if (x.which != 0 && (*seen >> x.which & 1) != 0)
        return false;
    *seen |= (uint64_t)1 << x.which;
    return cert_read_extension(c, &x);
}

/* Unique ids, which nobody uses, and extensions follow the key. */
static bool cert_extensions(struct hc_cert *c, struct hc_str tbs)
{
    struct hc_str inside, list, ext;
    uint64_t seen = 0;
    int tag = 0;

    while (tbs.n > 0 && tag != CERT_EXTENSIONS) {
        tag = hc_der_element(&tbs, &inside);
        if (tag < 0)
            return false;
    }
    if (tag != CERT_EXTENSIONS)
        return true;
    if (tbs.n > 0 || !hc_der_take(&inside, DER_SEQUENCE, &list) || inside.n > 0)
        return false;
    while (list.n > 0)
        if (!hc_der_take(&list, DER_SEQUENCE, &ext) ||
            !cert_extension(c, ext, &seen))
            return false;
    return true;
}

/* Odd, from 3 on (RFC 8017, 3.1): 1 would make everybody's signature good. */
static bool cert_is_exponent(struct hc_str e)
{
    return (cert_byte(e, e.n - 1) & 1) != 0 && (e.n > 1 || e.p[0] != 1);
}

/* RFC 8017, A.1.1 */
static bool cert_rsa(struct hc_cert *c, struct hc_str bits)
{
    struct hc_str key;

    if (!hc_der_take(&bits, DER_SEQUENCE, &key) || bits.n > 0 ||
        !cert_take_number(&key, &c->modulus) ||
        !cert_take_number(&key, &c->exponent) || key.n > 0)
        return false;
    if (cert_byte(c->modulus, 0) == 0 || !cert_is_exponent(c->exponent))
        return false;
    c->is_rsa = true;
    c->rsa_bits = c->modulus.n * 8;
    for (unsigned top = cert_byte(c->modulus, 0); (top & 0x80) == 0; top <<= 1)
        c->rsa_bits--;
    return true;
}

/* RFC 5480, 2.1.1 and 2.2: named curves, uncompressed points. */
static void cert_curve(struct hc_cert *c, struct hc_str oid,
                       struct hc_str point)
{
    if (hc_str_eq(oid, OID_P256) && point.n == 65)
        c->curve = BR_EC_secp256r1;
    else if (hc_str_eq(oid, OID_P384) && point.n == 97)
        c->curve = BR_EC_secp384r1;
    else if (hc_str_eq(oid, OID_P521) && point.n == 133)
        c->curve = BR_EC_secp521r1;
    c->point = point;
}

/* SubjectPublicKeyInfo */
static bool cert_key(struct hc_cert *c, struct hc_str *tbs)
{
    struct hc_str info, algorithm, oid, curve, bits;

    if (!hc_der_take(tbs, DER_SEQUENCE, &info) ||
        !hc_der_take(&info, DER_SEQUENCE, &algorithm) ||
        !hc_der_take(&algorithm, DER_OID, &oid) ||
        !hc_der_take(&info, DER_BITS, &bits) || info.n > 0 || bits.n == 0 ||
        bits.p[0] != 0)                  /* unused bits of the last byte */
        return false;
    bits = hc_str_from(bits, 1);
    if (hc_str_eq(oid, OID_RSA))
        return cert_rsa(c, bits);
    if (hc_str_eq(oid, OID_EC) && hc_der_take(&algorithm, DER_OID, &curve))
        cert_curve(c, curve, bits);
    return true;
}

/* The value of the last attribute `oid` of a Name (the most specific one). */
static struct hc_str cert_attribute(struct hc_str name, struct hc_str oid)
{
    struct hc_str found = { NULL, 0 };
    struct hc_str list, set, pair, type, value;

    if (!hc_der_take(&name, DER_SEQUENCE, &list))
        return found;
    while (hc_der_take(&list, DER_SET, &set))
        while (hc_der_take(&set, DER_SEQUENCE, &pair))
            if (hc_der_take(&pair, DER_OID, &type) && hc_str_eq(type, oid) &&
                hc_der_element(&pair, &value) >= 0)
                found = value;
    return found;
}

static bool cert_subject(struct hc_cert *c, struct hc_str *tbs)
{
    if (!cert_take_name(tbs, &c->subject))
        return false;
    c->is_nameless = c->subject.n == 2;
    if (!c->is_nameless)
        c->kinds |= 1U << NAME_DIRECTORY;
    if (cert_attribute(c->subject, OID_EMAIL).n > 0)
        c->kinds |= 1U << NAME_EMAIL;
    return true;
}

/* v1 if it is missing, v3 at most. */
static bool cert_version(struct hc_str *tbs)
{
    struct hc_str version, number;

    return hc_der_take_optional(tbs, CERT_VERSION, &version) &&
           (version.p == NULL ||
            (hc_der_take(&version, DER_INTEGER, &number) && number.n == 1 &&
             cert_byte(number, 0) <= 2));
}

int hc_cert_get(struct hc_cert *c, struct hc_str der)
{
    struct hc_str cert, tbs, skipped, inner, outer;

    *c = (struct hc_cert){ .is_signer = true, .path = UINT32_MAX };
    if (der.n <= HC_CERT_MAX &&
        hc_der_take(&der, DER_SEQUENCE, &cert) && der.n == 0 &&
        hc_der_take(&cert, DER_SEQUENCE, &tbs) &&
        cert_version(&tbs) &&
        hc_der_take(&tbs, DER_INTEGER, &skipped) &&      /* serial number */
        hc_der_take(&tbs, DER_SEQUENCE, &inner) &&       /* algorithm */
        hc_der_take(&cert, DER_SEQUENCE, &outer) && hc_str_eq(inner, outer) &&
        hc_der_take(&cert, DER_BITS, &skipped) && cert.n == 0 &&
        cert_take_name(&tbs, &c->issuer) &&
        cert_validity(c, &tbs) && cert_subject(c, &tbs) &&
        cert_key(c, &tbs) && cert_extensions(c, tbs))
        return 0;
    *c = (struct hc_cert){ 0 };
    return HEADCOUNT_ESYNTAX;
}

/* Takes the next name of kind `tag` off a list that cert_san has checked. */
static bool cert_next_name(struct hc_str *list, int tag, struct hc_str *name)
{
    int found;

    do {
        found = hc_der_element(list, name);
    } while (found >= 0 && found != tag);
    return found == tag;
}

bool hc_cert_has_ip(const struct hc_cert *c, const unsigned char *ip, size_t n)
{
    struct hc_str list = c->san, name;

    while (cert_next_name(&list, CERT_IP_NAME, &name))
        if (name.n == n && memcmp(name.p, ip, n) == 0)
            return true;
    return false;
}

/* "*.a.b" matches one label before ".a.b".  "*.a" would match a whole top-level
 * domain and "*" every name: they match nothing. */
static bool cert_wildcard(struct hc_str name, struct hc_str host)
{
    struct hc_str zone = hc_str_from(name, 1);
    size_t label = hc_str_find(host, '.');

    return hc_str_starts(name, HC_STR("*.")) && label > 0 &&
           hc_str_find(hc_str_from(zone, 1), '.') < zone.n - 1 &&
           hc_str_eqi(zone, hc_str_from(host, label));
}

bool hc_cert_has_host(const struct hc_cert *c, struct hc_str host)
{
    struct hc_str list = c->san, name;

    while (cert_next_name(&list, CERT_DNS_NAME, &name))
        if (name.n > 0 && host.n > 0 &&
            (hc_str_eqi(name, host) || cert_wildcard(name, host)))
            return true;
    return false;
}

void hc_cert_text(char *out, size_t cap, struct hc_str text)
{
    size_t n = 0;

    for (; n < text.n && n + 1 < cap; n++)
        out[n] = text.p[n] >= ' ' && text.p[n] < 127 ? text.p[n] : '?';
    out[n] = '\0';
}

void hc_cert_name(char *out, size_t cap, struct hc_str name)
{
    struct hc_str text = cert_attribute(name, OID_COMMON_NAME);

    if (text.n == 0)
        text = cert_attribute(name, OID_ORGANIZATION);
    hc_cert_text(out, cap, text.n > 0 ? text : HC_STR("(no name)"));
}
