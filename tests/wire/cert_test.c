/* wire/cert - one certificate, whole, cut, changed, and of odd shapes. */
#include "wire/cert.h"

#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/text.h"
#include "peers/x509_maker.h"
#include "t.h"
#include "wire/constraints.h"

static struct hc_buf buf(void)
{
    struct hc_buf b;

    hc_buf_init(&b, t_alloc(), (size_t)1 << 20);
    return b;
}

/* The certificate of a spec, at a guard page. */
static struct hc_str made(const struct x509_spec *s)
{
    struct hc_buf b = buf();

    x509_make(&b, s);
    struct hc_str der = hc_str_n(t_guard(b.p, b.n), b.n);

    hc_buf_fini(&b);
    return der;
}

static struct hc_str made_with(struct hc_buf *extensions)
{
    struct x509_spec s = { .subject = "leaf", .issuer = "ca", .key = 1,
                           .signer = 2,
                           .extensions = hc_buf_view(extensions) };
    struct hc_str der = made(&s);

    hc_buf_fini(extensions);
    return der;
}

TEST(cert, names_dates_and_extensions_are_read)
{
    struct hc_buf x = buf();
    struct hc_cert c;
    char name[32];

    x509_ext_ca(&x);
    x509_ext_san(&x, X509_DNS, HC_STR("a.test"));
    x509_ext_usage(&x, X509_SERVER_AUTH, 8);
    CHECK_INT(hc_cert_get(&c, made_with(&x)), 0);
    CHECK(c.has_san && c.has_usage && c.is_server);
    CHECK(!c.has_constraints && !c.is_any);
    CHECK_INT(c.not_before, (int64_t)1577836800 * HC_SECOND);
    CHECK_INT(c.not_after, (int64_t)2524607999 * HC_SECOND);
    hc_cert_name(name, sizeof(name), c.subject);
    CHECK_Z(name, "leaf");
    hc_cert_name(name, sizeof(name), c.issuer);
    CHECK_Z(name, "ca");
}

TEST(cert, a_certificate_without_extensions_has_none)
{
    struct hc_buf x = buf();
    struct hc_cert c;

    CHECK_INT(hc_cert_get(&c, made_with(&x)), 0);
    CHECK(!c.has_san && !c.has_usage && !c.has_constraints);
    CHECK(!hc_cert_has_host(&c, HC_STR("leaf")));
}

#define LIT(text) { text, sizeof(text) - 1 }
#define CONSTRAINTS "\x30\x0F\xA0\x0D\x30\x0B\x82\x09good.test"
#define BASIC "\x55\x1D\x13"
#define KEY_USAGE "\x55\x1D\x0F"

TEST(cert, constraints_count_whether_critical_or_not)
{
    for (int critical = 0; critical < 2; critical++) {
        struct hc_buf x = buf();
        struct hc_cert c;

        x509_ext(&x, X509_CONSTRAINTS, critical == 1, HC_STR(CONSTRAINTS));
        CHECK_INT(hc_cert_get(&c, made_with(&x)), 0);
        CHECK(c.has_constraints);
        CHECK_STR(c.constraints, CONSTRAINTS);
        CHECK_INT(c.is_constraints_critical, critical);
        CHECK_INT(c.critical[0] != NULL, critical);
        CHECK(critical == 0 || *c.critical[0] == '\xFF');
        CHECK(c.critical[1] == NULL);
    }
}

TEST(cert, a_ca_is_told_with_its_path_and_usage)
{
    static const struct {
        struct hc_str basic;
        bool ca;
        uint32_t path;
    } rows[] = {
        { LIT("\x30\x00"), false, UINT32_MAX },
        { LIT("\x30\x03\x01\x01\xFF"), true, UINT32_MAX },
        { LIT("\x30\x03\x01\x01\x00"), false, UINT32_MAX },
        { LIT("\x30\x06\x01\x01\xFF\x02\x01\x00"), true, 0 },
        { LIT("\x30\x06\x01\x01\xFF\x02\x01\x7F"), true, 127 },
        { LIT("\x30\x07\x01\x01\xFF\x02\x02\x01\x00"), true, 255 }
    };
    static const struct { struct hc_str bits; bool signs; } usages[] = {
        { LIT("\x03\x02\x02\x04"), true },
        { LIT("\x03\x02\x01\x06"), true },
        { LIT("\x03\x02\x07\x80"), false }, { LIT("\x03\x01\x00"), false }
    };

    for (size_t i = 0; i < 6; i++) {
        struct hc_buf x = buf();
        struct hc_cert c;

        x509_ext(&x, BASIC, true, rows[i].basic);
        CHECK_INT(hc_cert_get(&c, made_with(&x)), 0);
        CHECK_INT(c.is_ca, rows[i].ca);
        CHECK_INT(c.path, rows[i].path);
        CHECK(c.is_signer);
    }
    for (size_t i = 0; i < 4; i++) {
        struct hc_buf x = buf();
        struct hc_cert c;

        x509_ext(&x, KEY_USAGE, true, usages[i].bits);
        CHECK_INT(hc_cert_get(&c, made_with(&x)), 0);
        CHECK_INT(c.is_signer, usages[i].signs);
    }
}

TEST(cert, the_first_critical_extension_that_is_unknown_is_told)
{
    struct hc_buf x = buf();
    struct hc_cert c;

    x509_ext(&x, "\x55\x1D\x0E", false, HC_STR("\x04\x01x"));
    x509_ext(&x, "\x55\x1D\x23", true, HC_STR("\x30\x00"));
    x509_ext(&x, "\x2A\x03", true, HC_STR("\x05\x00"));
    CHECK_INT(hc_cert_get(&c, made_with(&x)), 0);
    CHECK_STR(c.unknown, "\x55\x1D\x23");

    /* 2.5.29.81 is no subjectAltName (2.5.29.17). */
    x = buf();
    x509_ext(&x, "\x55\x1D\x51", false, HC_STR("\x05\x00"));
    x509_ext_san(&x, X509_DNS, HC_STR("a.test"));
    CHECK_INT(hc_cert_get(&c, made_with(&x)), 0);
    CHECK(c.has_san);
    CHECK_INT(c.unknown.n, 0);
}

TEST(cert, kinds_of_names_are_those_of_san_and_subject)
{
    struct hc_buf x = buf();
    struct hc_cert c;
    struct x509_spec s = { .subject = "a", .issuer = "b", .key = 1,
                           .signer = 1, .subject_der = HC_STR("\x30\x00") };

    x509_ext_san(&x, X509_IP, HC_STR("\x7F\0\0\1"));
    CHECK_INT(hc_cert_get(&c, made_with(&x)), 0);
    CHECK_INT(c.kinds, 1U << NAME_IP | 1U << NAME_DIRECTORY);
    CHECK(!c.is_nameless);
    CHECK_INT(hc_cert_get(&c, made(&s)), 0);
    CHECK_INT(c.kinds, 0);
    CHECK(c.is_nameless);
    s.subject_der = HC_STR("\x30\x13\x31\x11\x30\x0F\x06\x09\x2A\x86\x48\x86"
                           "\xF7\x0D\x01\x09\x01\x0C\x02" "a@");
    CHECK_INT(hc_cert_get(&c, made(&s)), 0);
    CHECK_INT(c.kinds, 1U << NAME_EMAIL | 1U << NAME_DIRECTORY);
}

/* The algorithm that is signed for, and the one beside the signature. */
TEST(cert, two_algorithms_that_differ_are_refused)
{
    static const char oid[] = "\x2A\x86\x48\xCE\x3D\x04\x03\x02";
    struct hc_buf x = buf();
    struct hc_cert c;
    struct hc_str der = made_with(&x);
    char *copy = t_guard(der.p, der.n);
    size_t found = 0;

    for (size_t at = 0; at + 8 <= der.n; at++)
        if (memcmp(der.p + at, oid, 8) == 0) {
            copy[at + 7] = 3;
            CHECK_INT(hc_cert_get(&c, hc_str_n(copy, der.n)),
                      HEADCOUNT_ESYNTAX);
            copy[at + 7] = 2;
            found++;
        }
    CHECK_INT(found, 2);
    CHECK_INT(hc_cert_get(&c, hc_str_n(copy, der.n)), 0);
}

TEST(cert, usage_tells_any_from_server_from_others)
{
    static const struct {
        const char *oid;
        size_t n;
        bool server, any;
    } usages[] = { { X509_SERVER_AUTH, 8, true, false },
                   { X509_CLIENT_AUTH, 8, false, false },
                   { X509_ANY_USAGE, 4, false, true } };

    for (size_t i = 0; i < 3; i++) {
        struct hc_buf x = buf();
        struct hc_cert c;

        x509_ext_usage(&x, usages[i].oid, usages[i].n);
        CHECK_INT(hc_cert_get(&c, made_with(&x)), 0);
        CHECK(c.has_usage);
        CHECK_INT(c.is_server, usages[i].server);
        CHECK_INT(c.is_any, usages[i].any);
    }
}

TEST(cert, dates_of_both_kinds_are_read)
{
    static const struct {
        const char *text;
        int64_t seconds;        /* -1 = not a date */
    } dates[] = {
        { "500101000000Z", -631152000 }, { "491231235959Z", 2524607999 },
        { "20500101000000Z", 2524608000 }, { "99991231235959Z", 253402300799 },
        { "250230000000Z", -1 }, { "2501010000Z", -1 },
        { "250101000000+", -1 }, { "2501010x0000Z", -1 },
        { "20250101000000z", -1 }, { "250101000000z", -1 }
    };

    for (size_t i = 0; i < sizeof(dates) / sizeof(dates[0]); i++) {
        struct x509_spec s = { .subject = "a", .issuer = "b", .key = 1,
                               .signer = 1, .to = dates[i].text };
        struct hc_cert c;
        int err = hc_cert_get(&c, made(&s));

        CHECK_INT(err, dates[i].seconds == -1 ? HEADCOUNT_ESYNTAX : 0);
        if (err == 0)
            CHECK_INT(c.not_after, dates[i].seconds * HC_SECOND);
    }
}

TEST(cert, an_extension_that_stands_twice_is_refused)
{
    for (int which = 0; which < 5; which++) {
        struct hc_buf x = buf();
        struct hc_cert c;

        for (int i = 0; i < 2; i++)
            if (which == 0)
                x509_ext_san(&x, X509_DNS, HC_STR("a.test"));
            else if (which == 1)
                x509_ext_usage(&x, X509_SERVER_AUTH, 8);
            else if (which == 2)
                x509_ext_ca(&x);
            else if (which == 3)
                x509_ext(&x, X509_CONSTRAINTS, true, HC_STR(CONSTRAINTS));
            else
                x509_ext(&x, "\x55\x1D\x23", false, HC_STR("\x30\x00"));
        CHECK_INT(hc_cert_get(&c, made_with(&x)), HEADCOUNT_ESYNTAX);
        CHECK(!c.has_san);
    }
}

TEST(cert, damaged_extensions_are_refused)
{
    static const struct {
        const char *oid;
        struct hc_str value;
    } bad[] = {
        { X509_SAN, { "\x31\x00", 2 } },             /* a SET           */
        { X509_SAN, { "\x30\x00\x00", 3 } },         /* bytes after it  */
        { X509_SAN, { "\x30\x02\x82\x01", 4 } },     /* a name cut      */
        { X509_SAN, { "\x30\x80\x00\x00", 4 } },     /* no length       */
        { X509_SAN, { "", 0 } },
        { X509_SAN, { "\x30\x03\x89\x01x", 5 } },   /* no kind of name */
        { X509_SAN, { "\x30\x03\xC2\x01x", 5 } },
        { X509_SAN, { "\x30\x03\x02\x01x", 5 } },
        { X509_SAN, { "\x30\x03\xA2\x01x", 5 } },
        { X509_USAGE, { "\x30\x00", 2 } },           /* no usage at all */
        { X509_USAGE, { "\x30\x02\x02\x00", 4 } },   /* no OID          */
        { X509_USAGE, { "\x30\x81\x02\x06\x00", 5 } }, /* length too long */
        { BASIC, { "\x30\x04\x01\x02\xFF\xFF", 6 } },
        { BASIC, { "\x30\x03\x01\x01\xFF\x00", 6 } },
        { BASIC, { "\x30\x06\x01\x01\xFF\x02\x01\xFF", 8 } },
        { BASIC, { "\x30\x05\x01\x01\xFF\x02\x00", 7 } },
        { BASIC, { "\x30\x07\x01\x01\xFF\x02\x02\x00\x00", 9 } },
        { BASIC, { "\x30\x06\x02\x01\x00\x01\x01\xFF", 8 } },
        { KEY_USAGE, { "\x03\x00", 2 } },
        { KEY_USAGE, { "\x04\x02\x07\x80", 4 } }
    };

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct hc_buf x = buf();
        struct hc_cert c;

        x509_ext(&x, bad[i].oid, false, bad[i].value);
        CHECK_INT(hc_cert_get(&c, made_with(&x)), HEADCOUNT_ESYNTAX);
        x = buf();
        x509_ext(&x, bad[i].oid, true, bad[i].value);
        CHECK_INT(hc_cert_get(&c, made_with(&x)), HEADCOUNT_ESYNTAX);
    }
}

TEST(cert, an_extension_nobody_knows_is_passed_over)
{
    struct hc_buf x = buf();
    struct hc_cert c;

    x509_ext(&x, "\x2A\x03", true, HC_STR("\x05\x00"));
    x509_ext_san(&x, X509_DNS, HC_STR("a.test"));
    CHECK_INT(hc_cert_get(&c, made_with(&x)), 0);
    CHECK(c.has_san);
}

TEST(cert, every_cut_is_refused)
{
    struct hc_buf x = buf();
    struct hc_cert c;

    x509_ext_san(&x, X509_DNS, HC_STR("a.test"));
    x509_ext_usage(&x, X509_SERVER_AUTH, 8);
    struct hc_str der = made_with(&x);

    for (size_t n = 0; n < der.n; n++)
        CHECK_INT(hc_cert_get(&c, hc_str_n(t_guard(der.p, n), n)),
                  HEADCOUNT_ESYNTAX);
    CHECK_INT(hc_cert_get(&c, der), 0);
}

TEST(cert, changed_bytes_and_bytes_behind_never_read_outside)
{
    struct hc_buf x = buf();
    struct hc_cert c;
    char text[8];

    x509_ext_san(&x, X509_DNS, HC_STR("a.test"));
    struct hc_str der = made_with(&x);
    char *copy = t_guard(der.p, der.n);
    static const char bytes[] = "\x00\x7F\x80\x82\x84\xFF\x30\x1F";

    for (size_t at = 0; at < der.n; at++) {
        for (size_t i = 0; i < sizeof(bytes) - 1; i++) {
            copy[at] = bytes[i];
            if (hc_cert_get(&c, hc_str_n(copy, der.n)) == 0) {
                hc_cert_name(text, sizeof(text), c.subject);
                hc_cert_has_host(&c, HC_STR("a.test"));
                hc_cert_has_ip(&c, (const unsigned char *)"\x7F\0\0\1", 4);
            }
        }
        copy[at] = der.p[at];
    }
    struct hc_buf more = buf();

    hc_buf_str(&more, der);
    hc_buf_chr(&more, 0);
    CHECK_INT(hc_cert_get(&c, hc_buf_view(&more)), HEADCOUNT_ESYNTAX);
    hc_buf_fini(&more);
}

TEST(cert, versions_one_to_three_are_read)
{
    struct hc_buf x = buf();
    struct hc_cert c;
    struct hc_str der = made_with(&x);
    char *copy = t_guard(der.p, der.n);

    /* Head of the certificate, head of tbs, [0], its INTEGER. */
    for (int version = 0; version < 5; version++) {
        size_t at = 0;

        while (at + 5 < der.n && memcmp(copy + at, "\xA0\x03\x02\x01", 4) != 0)
            at++;
        CHECK(at + 5 < der.n);
        copy[at + 4] = (char)version;
        CHECK_INT(hc_cert_get(&c, hc_str_n(copy, der.n)),
                  version <= 2 ? 0 : HEADCOUNT_ESYNTAX);
    }
}

static void push(void *out, const void *p, size_t n)
{
    hc_buf_put(out, p, n);
}

/* The first certificate of a file in t_certs(). */
static void from_pem(struct hc_buf *der, const char *file)
{
    br_pem_decoder_context pem;
    char path[256], *text;
    size_t n;

    hc_fmt(path, sizeof path, "%s/%s", t_certs(), file);
    text = t_file(path, &n);
    br_pem_decoder_init(&pem);
    for (size_t at = 0; at < n;) {
        at += br_pem_decoder_push(&pem, text + at, n - at);
        if (br_pem_decoder_event(&pem) == BR_PEM_BEGIN_OBJ)
            br_pem_decoder_setdest(&pem, push, der);
        else if (der->n > 0)
            break;
    }
}

/* A key that anchors can use: RSA of any size, three curves. */
TEST(cert, keys_are_read)
{
    static const struct { const char *file; bool rsa; size_t bits; } rows[] = {
        { "rsa-ca.pem", true, 2048 }, { "ec-ca.pem", false, 0 },
        { "rsa1024-chain.pem", true, 1024 },
        { "rsa2047-chain.pem", true, 2047 },
        { "rsa4096-chain.pem", true, 4096 }
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct hc_buf der = buf();
        struct hc_cert c;

        from_pem(&der, rows[i].file);
        CHECK_INT(hc_cert_get(&c, hc_buf_view(&der)), 0);
        CHECK_INT(c.is_rsa, rows[i].rsa);
        CHECK_INT(c.rsa_bits, rows[i].bits);
        CHECK_INT(c.curve, rows[i].rsa ? 0 : BR_EC_secp256r1);
        CHECK_INT(c.modulus.n, (rows[i].bits + 7) / 8);
        CHECK_INT(c.exponent.n, rows[i].rsa ? 3 : 0);
        CHECK_INT(c.point.n, rows[i].rsa ? 0 : 65);
        hc_buf_fini(&der);
    }
}

/* A modulus whose first bit is set is a negative number without a zero in front
 * (X.690, 8.3). */
TEST(cert, numbers_of_a_key_are_positive_and_short)
{
    static const char head[] = "\x02\x82\x01\x01\x00";
    struct hc_buf der = buf();
    struct hc_cert c;
    size_t at = 0;

    from_pem(&der, "rsa-ca.pem");
    CHECK_INT(hc_buf_error(&der), 0);
    while (memcmp(der.p + at, head, 5) != 0)
        at++;
    CHECK((der.p[at + 5] & 0x80) != 0);
    der.p[at + 5] &= 0x7F;               /* the zero was not needed */
    CHECK_INT(hc_cert_get(&c, hc_buf_view(&der)), HEADCOUNT_ESYNTAX);
    der.p[at + 4] = '\xFF';
    CHECK_INT(hc_cert_get(&c, hc_buf_view(&der)), HEADCOUNT_ESYNTAX);
    der.p[at + 4] = 1;
    CHECK_INT(hc_cert_get(&c, hc_buf_view(&der)), 0);
    hc_buf_fini(&der);
}

/* The exponent shrinks to one byte; the modulus before it grows by two. */
TEST(cert, an_exponent_that_signs_for_everybody_is_refused)
{
    static const struct { char e; int err; } rows[] = {
        { 3, 0 }, { 1, HEADCOUNT_ESYNTAX }, { 0, HEADCOUNT_ESYNTAX },
        { 2, HEADCOUNT_ESYNTAX }
    };
    static const char modulus[] = "\x02\x82\x01\x01\x00";
    struct hc_buf der = buf();
    struct hc_cert c;
    size_t at = 0;

    from_pem(&der, "rsa-ca.pem");
    CHECK_INT(hc_buf_error(&der), 0);
    while (memcmp(der.p + at, modulus, 5) != 0)
        at++;
    der.p[at + 3] = 3;
    at += 4 + 0x101;
    CHECK_MEM(der.p + at, 5, "\x02\x03\x01\x00\x01");
    memcpy(der.p + at, "xx\x02\x01", 4);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        der.p[at + 4] = rows[i].e;
        CHECK_INT(hc_cert_get(&c, hc_buf_view(&der)), rows[i].err);
    }
    hc_buf_fini(&der);
}

TEST(cert, larger_than_the_bound_is_refused)
{
    struct hc_cert c;
    static char big[HC_CERT_MAX + 1];

    CHECK_INT(hc_cert_get(&c, hc_str_n(big, sizeof(big))), HEADCOUNT_ESYNTAX);
}

TEST(cert, a_host_matches_its_name_or_one_label_of_a_wildcard)
{
    static const struct {
        const char *name, *host;
        bool matches;
    } pairs[] = {
        { "a.test", "a.test", true }, { "A.Test", "a.tEST", true },
        { "a.test", "b.test", false }, { "a.test", "a.test.", false },
        { "a.test", "x.a.test", false }, { "x.a.test", "a.test", false },
        { "*.a.test", "b.a.test", true }, { "*.A.test", "B.a.Test", true },
        { "*.a.test", "a.test", false }, { "*.a.test", "c.b.a.test", false },
        { "*.a.test", ".a.test", false }, { "*.test", "a.test", false },
        { "*", "a", false }, { "*", "a.test", false }, { "*.", "a.", false },
        { "b*.a.test", "bc.a.test", false },
        { "*b.a.test", "cb.a.test", false },
        { "c.*.test", "c.b.test", false }, { "", "a.test", false },
        { "*.a.test", "*.a.test", true }
    };

    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        struct hc_buf x = buf();
        struct hc_cert c;

        x509_ext_san(&x, X509_DNS, hc_str(pairs[i].name));
        CHECK_INT(hc_cert_get(&c, made_with(&x)), 0);
        if (hc_cert_has_host(&c, hc_str(pairs[i].host)) != pairs[i].matches)
            fail_msg("%s and %s", pairs[i].name, pairs[i].host);
    }
}

TEST(cert, a_name_with_a_nul_in_it_matches_nothing_shorter)
{
    struct hc_buf x = buf();
    struct hc_cert c;

    x509_ext_san(&x, X509_DNS, hc_str_n("a.test\0.evil", 12));
    CHECK_INT(hc_cert_get(&c, made_with(&x)), 0);
    CHECK(!hc_cert_has_host(&c, HC_STR("a.test")));
}

TEST(cert, an_address_matches_only_an_ip_name_of_its_size)
{
    static const unsigned char ip4[] = { 127, 0, 0, 1 };
    static const unsigned char ip6[16] = { [15] = 1 };
    struct hc_buf x = buf(), y = buf();
    struct hc_cert c;

    x509_ext_san(&x, X509_IP, hc_str_n(ip4, 4));
    CHECK_INT(hc_cert_get(&c, made_with(&x)), 0);
    CHECK(hc_cert_has_ip(&c, ip4, 4));
    CHECK(!hc_cert_has_ip(&c, ip6, 16));
    CHECK(!hc_cert_has_ip(&c, (const unsigned char *)"\x7F\0\0\2", 4));
    CHECK(!hc_cert_has_host(&c, HC_STR("127.0.0.1")));

    x509_ext_san(&y, X509_DNS, hc_str_n(ip4, 4));
    CHECK_INT(hc_cert_get(&c, made_with(&y)), 0);
    CHECK(!hc_cert_has_ip(&c, ip4, 4));
}

TEST(cert, a_name_is_cut_cleaned_and_never_empty)
{
    char out[16];

    hc_cert_name(out, sizeof(out), HC_STR(""));
    CHECK_Z(out, "(no name)");
    hc_cert_name(out, sizeof(out), HC_STR("\x30\x00"));
    CHECK_Z(out, "(no name)");
    hc_cert_name(out, 4,
                 HC_STR("\x30\x0D\x31\x0B\x30\x09\x06\x03\x55\x04\x03\x0C"
                        "\x02" "ab"));
    CHECK_Z(out, "ab");
    hc_cert_name(out, 2,
                 HC_STR("\x30\x0D\x31\x0B\x30\x09\x06\x03\x55\x04\x03\x0C"
                        "\x02" "ab"));
    CHECK_Z(out, "a");
    hc_cert_name(out, sizeof(out),
                 HC_STR("\x30\x0D\x31\x0B\x30\x09\x06\x03\x55\x04\x0A\x0C"
                        "\x02" "\n\xC3"));
    CHECK_Z(out, "??");
}
