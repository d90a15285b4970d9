/* wire/cert - one certificate, whole, cut, changed, and of odd shapes. */
#include "wire/cert.h"

#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "peers/x509_maker.h"
#include "t.h"

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

TEST(cert, constraints_count_whether_critical_or_not)
{
    for (int critical = 0; critical < 2; critical++) {
        struct hc_buf x = buf();
        struct hc_cert c;

        x509_ext_constraints(&x, critical == 1);
        CHECK_INT(hc_cert_get(&c, made_with(&x)), 0);
        CHECK(c.has_constraints);
    }
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
    for (int which = 0; which < 2; which++) {
        struct hc_buf x = buf();
        struct hc_cert c;

        for (int i = 0; i < 2; i++)
            if (which == 0)
                x509_ext_san(&x, X509_DNS, HC_STR("a.test"));
            else
                x509_ext_usage(&x, X509_SERVER_AUTH, 8);
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
        { X509_USAGE, { "\x30\x00", 2 } },           /* no usage at all */
        { X509_USAGE, { "\x30\x02\x02\x00", 4 } },   /* no OID          */
        { X509_USAGE, { "\x30\x81\x02\x06\x00", 5 } } /* length too long */
    };

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct hc_buf x = buf();
        struct hc_cert c;

        x509_ext(&x, bad[i].oid, false, bad[i].value);
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
