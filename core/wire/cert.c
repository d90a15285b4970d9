/* wire/cert.c - one X.509 certificate, read for what BearSSL keeps to itself.
 *
 *   Certificate    SEQUENCE { tbs, algorithm, signature }        RFC 5280, 4.1
 *   tbs            SEQUENCE { [0] version, serial, algorithm, issuer,
 *                             SEQUENCE { notBefore, notAfter }, subject, key,
 *                             [1] ids, [2] ids, [3] extensions }
 *   extensions     SEQUENCE OF SEQUENCE { OID, BOOLEAN, OCTET STRING }
 *
 * DER only: definite lengths in as few bytes as they need, tags of one byte.
 */
#include "wire/cert.h"

#include <string.h>

#include "base/err.h"
#include "base/text.h"

enum {
    DER_BOOLEAN = 0x01,
    DER_INTEGER = 0x02,
    DER_BITS = 0x03,
    DER_OCTETS = 0x04,
    DER_OID = 0x06,
    DER_UTC = 0x17,
    DER_TIME = 0x18,
    DER_SEQUENCE = 0x30,
    DER_SET = 0x31,
    DER_VERSION = 0xA0,
    DER_EXTENSIONS = 0xA3,
    DER_DNS_NAME = 0x82,
    DER_IP_NAME = 0x87
};

#define OID_COMMON_NAME HC_STR("\x55\x04\x03")
#define OID_ORGANIZATION HC_STR("\x55\x04\x0A")
#define OID_SAN HC_STR("\x55\x1D\x11")
#define OID_CONSTRAINTS HC_STR("\x55\x1D\x1E")
#define OID_USAGE HC_STR("\x55\x1D\x25")
#define OID_ANY_USAGE HC_STR("\x55\x1D\x25\x00")
#define OID_RSA HC_STR("\x2A\x86\x48\x86\xF7\x0D\x01\x01\x01")
#define OID_SERVER_AUTH HC_STR("\x2B\x06\x01\x05\x05\x07\x03\x01")

static unsigned cert_byte(struct hc_str s, size_t at)
{
    return (unsigned char)s.p[at];
}

/* Length octets at the front of s: how many there are, 0 if they are bad. */
static size_t cert_length(struct hc_str s, size_t *value)
{
    size_t n;

    if (s.n == 0)
        return 0;
    *value = cert_byte(s, 0);
    if (*value < 0x80)
        return 1;
    n = *value - 0x80;
    if (n == 0 || n > 3 || s.n < n + 1)
        return 0;
    *value = 0;
    for (size_t i = 1; i <= n; i++)
        *value = *value << 8 | cert_byte(s, i);
    if (*value < 0x80 || cert_byte(s, 1) == 0)
        return 0;
    return n + 1;
}

/* Takes one element off the front of s; its tag, or -1. */
static int cert_element(struct hc_str *s, struct hc_str *inside)
{
    struct hc_str rest;
    size_t length_n, value = 0;
    unsigned tag;

    if (s->n < 2)
        return -1;
    tag = cert_byte(*s, 0);
    rest = hc_str_from(*s, 1);
    length_n = cert_length(rest, &value);
    if ((tag & 0x1F) == 0x1F || length_n == 0 || rest.n - length_n < value)
        return -1;
    rest = hc_str_from(rest, length_n);
    *inside = hc_str_n(rest.p, value);
    *s = hc_str_from(rest, value);
    return (int)tag;
}

static bool cert_take(struct hc_str *s, int tag, struct hc_str *inside)
{
    return cert_element(s, inside) == tag;
}

/* Takes the element if it is there; false only for a damaged one. */
static bool cert_take_optional(struct hc_str *s, int tag,
                               struct hc_str *inside)
{
    *inside = hc_str_n(NULL, 0);
    if (s->n == 0 || (int)cert_byte(*s, 0) != tag)
        return true;
    return cert_take(s, tag, inside);
}

/* Takes a Name off the front, its head included (4.1.2.4). */
static bool cert_take_name(struct hc_str *s, struct hc_str *name)
{
    struct hc_str inside;

    *name = *s;
    if (!cert_take(s, DER_SEQUENCE, &inside))
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
    int tag = cert_element(s, &t);
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

    return cert_take(tbs, DER_SEQUENCE, &v) && cert_time(&v, &c->not_before) &&
           cert_time(&v, &c->not_after) && v.n == 0;
}

static bool cert_usage(struct hc_cert *c, struct hc_str value)
{
    struct hc_str list, oid;

    if (c->has_usage || !cert_take(&value, DER_SEQUENCE, &list) ||
        value.n > 0 || list.n == 0)
        return false;
    c->has_usage = true;
    while (list.n > 0) {
        if (!cert_take(&list, DER_OID, &oid))
            return false;
        c->is_server = c->is_server || hc_str_eq(oid, OID_SERVER_AUTH);
        c->is_any = c->is_any || hc_str_eq(oid, OID_ANY_USAGE);
    }
    return true;
}

static bool cert_san(struct hc_cert *c, struct hc_str value)
{
    struct hc_str list, name;

    if (c->has_san || !cert_take(&value, DER_SEQUENCE, &list) || value.n > 0)
        return false;
    c->has_san = true;
    c->san = list;
    while (list.n > 0)
        if (cert_element(&list, &name) < 0)
            return false;
    return true;
}

/* An extension that stands twice makes the certificate unreadable (4.2). */
static bool cert_extension(struct hc_cert *c, struct hc_str ext)
{
    struct hc_str oid, critical, value;

    if (!cert_take(&ext, DER_OID, &oid) ||
        !cert_take_optional(&ext, DER_BOOLEAN, &critical) ||
        !cert_take(&ext, DER_OCTETS, &value) || ext.n > 0)
        return false;
    if (hc_str_eq(oid, OID_SAN))
        return cert_san(c, value);
    if (hc_str_eq(oid, OID_USAGE))
        return cert_usage(c, value);
    if (hc_str_eq(oid, OID_CONSTRAINTS))
        c->has_constraints = true;
    return true;
}

/* Unique ids, which nobody uses, and extensions follow the key. */
static bool cert_extensions(struct hc_cert *c, struct hc_str tbs)
{
    struct hc_str inside, list, ext;
    int tag = 0;

    while (tbs.n > 0 && tag != DER_EXTENSIONS) {
        tag = cert_element(&tbs, &inside);
        if (tag < 0)
            return false;
    }
    if (tag != DER_EXTENSIONS)
        return true;
    if (tbs.n > 0 || !cert_take(&inside, DER_SEQUENCE, &list) || inside.n > 0)
        return false;
    while (list.n > 0)
        if (!cert_take(&list, DER_SEQUENCE, &ext) || !cert_extension(c, ext))
            return false;
    return true;
}

static size_t cert_bits(struct hc_str number)
{
    size_t n;

    while (number.n > 0 && cert_byte(number, 0) == 0)
        number = hc_str_from(number, 1);
    n = number.n * 8;
    for (unsigned top = cert_byte(number, 0); n > 0 && (top & 0x80) == 0;
         top <<= 1)
        n--;
    return n;
}

/* SubjectPublicKeyInfo; of RSA (RFC 8017, A.1.1) the length of the modulus. */
static bool cert_key(struct hc_cert *c, struct hc_str *tbs)
{
    struct hc_str info, algorithm, oid, bits, key, modulus;

    if (!cert_take(tbs, DER_SEQUENCE, &info) ||
        !cert_take(&info, DER_SEQUENCE, &algorithm) ||
        !cert_take(&algorithm, DER_OID, &oid) ||
        !cert_take(&info, DER_BITS, &bits) || bits.n == 0)
        return false;
    if (!hc_str_eq(oid, OID_RSA))
        return true;
    bits = hc_str_from(bits, 1);         /* unused bits of the last byte: 0 */
    if (!cert_take(&bits, DER_SEQUENCE, &key) ||
        !cert_take(&key, DER_INTEGER, &modulus))
        return false;
    c->is_rsa = true;
    c->rsa_bits = cert_bits(modulus);
    return true;
}

int hc_cert_get(struct hc_cert *c, struct hc_str der)
{
    struct hc_str cert, tbs, skipped;

    *c = (struct hc_cert){ 0 };
    if (der.n <= HC_CERT_MAX &&
        cert_take(&der, DER_SEQUENCE, &cert) && der.n == 0 &&
        cert_take(&cert, DER_SEQUENCE, &tbs) &&
        cert_take_optional(&tbs, DER_VERSION, &skipped) &&
        cert_take(&tbs, DER_INTEGER, &skipped) &&        /* serial number */
        cert_take(&tbs, DER_SEQUENCE, &skipped) &&       /* algorithm */
        cert_take_name(&tbs, &c->issuer) &&
        cert_validity(c, &tbs) &&
        cert_take_name(&tbs, &c->subject) &&
        cert_key(c, &tbs) && cert_extensions(c, tbs))
        return 0;
    *c = (struct hc_cert){ 0 };
    return HEADCOUNT_ESYNTAX;
}

/* Takes the next name of kind `tag` off a list that cert_san has checked. */
static bool cert_next_name(struct hc_str *list, int tag, struct hc_str *name)
{
    while (list->n > 0)
        if (cert_take(list, tag, name))
            return true;
    return false;
}

bool hc_cert_has_ip(const struct hc_cert *c, const unsigned char *ip, size_t n)
{
    struct hc_str list = c->san, name;

    while (cert_next_name(&list, DER_IP_NAME, &name))
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

    while (cert_next_name(&list, DER_DNS_NAME, &name))
        if (name.n > 0 && host.n > 0 &&
            (hc_str_eqi(name, host) || cert_wildcard(name, host)))
            return true;
    return false;
}

/* The value of the last attribute `oid` of a Name (the most specific one). */
static struct hc_str cert_attribute(struct hc_str name, struct hc_str oid)
{
    struct hc_str found = { NULL, 0 };
    struct hc_str list, set, pair, type, value;

    if (!cert_take(&name, DER_SEQUENCE, &list))
        return found;
    while (cert_take(&list, DER_SET, &set))
        while (cert_take(&set, DER_SEQUENCE, &pair))
            if (cert_take(&pair, DER_OID, &type) && hc_str_eq(type, oid) &&
                cert_element(&pair, &value) >= 0)
                found = value;
    return found;
}

void hc_cert_name(char *out, size_t cap, struct hc_str name)
{
    struct hc_str text = cert_attribute(name, OID_COMMON_NAME);
    size_t n = 0;

    if (text.n == 0)
        text = cert_attribute(name, OID_ORGANIZATION);
    if (text.n == 0)
        text = HC_STR("(no name)");
    for (; n < text.n && n + 1 < cap; n++)
        out[n] = text.p[n] >= ' ' && text.p[n] < 127 ? text.p[n] : '?';
    out[n] = '\0';
}
