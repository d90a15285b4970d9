/* wire/anchors - the built-in roots and bundles. */
#include "wire/anchors.h"

#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "t.h"

static char *bundle(const char *name, size_t *n)
{
    char path[256];

    hc_fmt(path, sizeof path, "%s/%s", t_certs(), name);
    return t_file(path, n);
}

static int load(struct hc_anchors *a, struct hc_str pem,
                struct headcount_error *e)
{
    char *guarded = t_guard(pem.p, pem.n);

    return hc_anchors_load_pem(a, t_alloc(), hc_str_n(guarded, pem.n), e);
}

TEST(amazon, five_roots_that_hold_for_years)
{
    const struct hc_anchors *a = hc_anchors_amazon();
    int64_t year_2029;

    CHECK(hc_time_get_rfc3339(HC_STR("2029-01-01T00:00:00Z"), &year_2029));
    CHECK_INT(a->n, 5);
    CHECK_INT(a->skipped, 0);
    CHECK(a == hc_anchors_amazon());
    for (size_t i = 0; i < a->n; i++) {
        CHECK(a->root[i].not_after > year_2029);
        CHECK((a->ta[i].flags & BR_X509_TA_CA) != 0);
        CHECK(a->ta[i].dn.len > 20);
    }
}

TEST(amazon, each_names_itself)
{
    static const char *const names[] = {
        "Amazon Root CA 1", "Amazon Root CA 2", "Amazon Root CA 3",
        "Amazon Root CA 4", "Starfield Services Root Certificate Authority",
    };
    const struct hc_anchors *a = hc_anchors_amazon();

    for (size_t k = 0; k < 5; k++) {
        size_t n = strlen(names[k]), found = 0;

        for (size_t i = 0; i < a->n; i++)
            for (size_t at = 0; at + n <= a->ta[i].dn.len; at++)
                found += memcmp(a->ta[i].dn.data + at, names[k], n) == 0;
        CHECK_INT(found, 1);
    }
}

TEST(amazon, keys_are_of_the_kinds_they_are_known_for)
{
    const struct hc_anchors *a = hc_anchors_amazon();
    size_t rsa = 0, ec = 0;

    for (size_t i = 0; i < a->n; i++) {
        if (a->ta[i].pkey.key_type == BR_KEYTYPE_RSA) {
            CHECK(a->ta[i].pkey.key.rsa.nlen * 8 >= HC_ANCHORS_MIN_RSA);
            rsa++;
        } else {
            ec++;
        }
    }
    CHECK_INT(rsa, 3);
    CHECK_INT(ec, 2);
}

TEST(bundle, every_certificate_is_taken_and_text_between_is_not)
{
    size_t n, m;
    char *ca = bundle("ca.pem", &n);
    char *other = bundle("other-ca.pem", &m);
    struct hc_anchors one, all;
    struct hc_buf text;

    CHECK_INT(load(&one, hc_str_n(ca, n), NULL), 0);
    CHECK(one.n >= 1);
    hc_buf_init(&text, t_alloc(), 1 << 20);
    hc_buf_lit(&text, "# a comment\nCN = somebody\n");
    hc_buf_put(&text, ca, n);
    hc_buf_lit(&text, "\n\nbetween\n-----BEGIN X509 CRL-----\nAAAA\n"
                      "-----END X509 CRL-----\n");
    hc_buf_put(&text, other, m);
    hc_buf_lit(&text, "after");
    CHECK_INT(load(&all, hc_buf_view(&text), NULL), 0);
    CHECK_INT(all.n, one.n + 1);
    CHECK_INT(all.skipped, 0);
    for (size_t i = 0; i < all.n; i++)
        CHECK(all.root[i].not_after > 0);
    hc_buf_fini(&text);
    hc_anchors_fini(&one);
    hc_anchors_fini(&all);
    hc_anchors_fini(&all);
}

TEST(bundle, what_cannot_be_used_is_skipped_and_counted)
{
    size_t n, m, k;
    char *weak = bundle("rsa1024-chain.pem", &n);
    char *ca = bundle("other-ca.pem", &m);
    char *bad = bundle("other-ca.pem", &k);
    struct hc_anchors a;
    struct hc_buf text;

    bad[200] = bad[200] == 'A' ? 'B' : 'A';
    memcpy(strstr(bad, "-----\n") + 6, "AAAAAAAA", 8);
    hc_buf_init(&text, t_alloc(), 1 << 20);
    /* Only its first block is the leaf with the short key. */
    hc_buf_put(&text, weak, (size_t)(strstr(weak, "-----END") - weak) + 26);
    hc_buf_put(&text, bad, k);
    hc_buf_put(&text, ca, m);
    CHECK_INT(load(&a, hc_buf_view(&text), NULL), 0);
    CHECK_INT(a.n, 1);
    CHECK_INT(a.skipped, 2);
    hc_buf_fini(&text);
    hc_anchors_fini(&a);
}

static const char ed25519[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBNjCB6aADAgECAhRyjAn/MBSXgCPtjWqS2mGz5VkIbTAFBgMrZXAwEDEOMAwG\n"
    "A1UEAwwFZWQtY2EwIBcNMjYxMTI5MjMyNDI1WhgPMjEyNjExMDUyMzI0MjVaMBAx\n"
    "DjAMBgNVBAMMBWVkLWNhMCowBQYDK2VwAyEAML1LiQADwm/QGrcmAvZe1MpofqnQ\n"
    "ru5xZXpdJGB/lrCjUzBRMB0GA1UdDgQWBBSiO7uCNOjhcmHnd1LTtfkLwgVoTTAf\n"
    "BgNVHSMEGDAWgBSiO7uCNOjhcmHnd1LTtfkLwgVoTTAPBgNVHRMBAf8EBTADAQH/\n"
    "MAUGAytlcANBAAMffjtjdL4VKkjq1IgHsJiPOXNJXlw4Nm89ZRjXwIChQtdvwtDO\n"
    "Ohtx7Xv9XI9SklNOOuSGTf93iTPGszT3jQA=\n"
    "-----END CERTIFICATE-----\n";
static const char secp256k1[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBdTCCARqgAwIBAgIUDP3YozZQsQl/VsfI82O/PuS8wMswCgYIKoZIzj0EAwIw\n"
    "EDEOMAwGA1UEAwwFazEtY2EwIBcNMjYxMTI5MjMyNDI1WhgPMjEyNjExMDUyMzI0\n"
    "MjVaMBAxDjAMBgNVBAMMBWsxLWNhMFYwEAYHKoZIzj0CAQYFK4EEAAoDQgAE5gp9\n"
    "quMOl8AArLvLQgoJI2InpPyUAdmQ/EihJ1Z7fnNp47HAUphw8hSc/2lcXnNimtAy\n"
    "x/BIj4kRjwXY/zny3qNTMFEwHQYDVR0OBBYEFI4sYjbKZ9Lfu1UkVty5hkc+qv5z\n"
    "MB8GA1UdIwQYMBaAFI4sYjbKZ9Lfu1UkVty5hkc+qv5zMA8GA1UdEwEB/wQFMAMB\n"
    "Af8wCgYIKoZIzj0EAwIDSQAwRgIhAKkZXI+AMPnn0sbwDab68nkMz45tEyyfTdK4\n"
    "o0nHqgeZAiEA4uoQdstRwAOcugmo8gAlUFnTtJA0i8rK1diT9vqEX3Q=\n"
    "-----END CERTIFICATE-----\n";

/* What ends a line: "\r\n", blanks before it, and a BOM at the beginning. */
TEST(bundle, line_ends_of_any_kind_are_read)
{
    static const char *const ends[] = { "\r\n", " \n", "\t \r\n", "\r\r\n" };
    size_t n;
    char *ca = bundle("other-ca.pem", &n);

    for (size_t k = 0; k < 4; k++) {
        struct hc_anchors a;
        struct hc_buf text;

        hc_buf_init(&text, t_alloc(), 1 << 20);
        hc_buf_lit(&text, "\xEF\xBB\xBF");
        for (size_t i = 0; i < n; i++) {
            if (ca[i] == '\n')
                hc_buf_text(&text, ends[k]);
            else
                hc_buf_chr(&text, ca[i]);
        }
        CHECK_INT(load(&a, hc_buf_view(&text), NULL), 0);
        CHECK_INT(a.n, 1);
        CHECK_INT(a.skipped, 0);
        hc_buf_fini(&text);
        hc_anchors_fini(&a);
    }
}

/* Files that were put together: one begins with a BOM, one was cut off. */
TEST(bundle, what_stands_before_a_certificate_does_not_take_it_along)
{
    static const char *const before[] = {
        "-----BEGIN PRIVATE KEY-----\n",
        "-----BEGIN PRIVATE KEY-----\nAAAA\n",
        "-----BEGIN PRIVATE KEY-----\nAAAA",
        "-----BEGIN PRIVATE KEY-----\n!!!!\n",
        "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n",
        "-----BEGIN \n", "-----BEGIN CERT", "-----", "-----END CERTIFICATE--",
        "Subject: a comment\n\xEF\xBB\xBF", "\xEF\xBB\xBF\xEF\xBB\xBF",
    };
    size_t n;
    char *ca = bundle("other-ca.pem", &n);

    for (size_t i = 0; i < sizeof before / sizeof *before; i++) {
        size_t length = strlen(before[i]);
        bool ends = before[i][length - 1] == '\n' ||
                    before[i][length - 1] == '\xBF';
        struct hc_anchors a;
        struct hc_buf text;

        hc_buf_init(&text, t_alloc(), 1 << 20);
        hc_buf_put(&text, ca, n);
        hc_buf_text(&text, before[i]);
        hc_buf_text(&text, ends ? "" : "\n");
        hc_buf_put(&text, ca, n);
        CHECK_INT(load(&a, hc_buf_view(&text), NULL), 0);
        if (a.n != 2)
            t_check(false, before[i], __FILE__, __LINE__);
        CHECK_INT(a.skipped, 0);
        hc_buf_fini(&text);
        hc_anchors_fini(&a);
    }
}

static void skips(struct hc_str text, const char *why)
{
    size_t n;
    char *ca = bundle("other-ca.pem", &n);
    struct hc_anchors a;
    struct hc_buf both;
    struct headcount_error e = { 0 };

    hc_buf_init(&both, t_alloc(), 1 << 20);
    hc_buf_str(&both, text);
    hc_buf_put(&both, ca, n);
    CHECK_INT(load(&a, hc_buf_view(&both), NULL), 0);
    CHECK_INT(a.n, 1);
    CHECK_INT(a.skipped, 1);
    CHECK(strstr(a.why, "certificate 1") != NULL);
    if (strstr(a.why, why) == NULL)
        t_check(false, a.why, __FILE__, __LINE__);
    hc_anchors_fini(&a);
    hc_buf_fini(&both);
    CHECK_INT(load(&a, text, &e), HEADCOUNT_ECONFIG);
    CHECK(strstr(e.what, why) != NULL);
    hc_anchors_fini(&a);
}

/* The first block of a file that has several. */
static struct hc_str first(const char *name)
{
    size_t n;
    char *text = bundle(name, &n);

    return hc_str_n(text, (size_t)(strstr(text, "-----END") - text) + 26);
}

TEST(bundle, what_was_skipped_is_named_with_its_reason)
{
    struct hc_str cut = first("other-ca.pem");

    skips(hc_str(ed25519), "\"ed-ca\": its key is of a kind");
    skips(hc_str(secp256k1), "\"k1-ca\": its key is of a kind");
    skips(first("rsa1024-chain.pem"), "its RSA key has 1024 bits");
    skips(HC_STR("-----BEGIN CERTIFICATE-----\n!!!!\n"
                 "-----END CERTIFICATE-----\n"), "base64");
    skips(HC_STR("-----BEGIN CERTIFICATE-----\nAAAA\n"
                 "-----END CERTIFICATE-----\n"), "no X.509 certificate");
    /* It breaks off, and the next one begins. */
    skips(hc_str_n(cut.p, 93), "breaks off");
    skips(hc_str_n(cut.p, 28), "breaks off");
}

/* The block's base64 without its line ends, in lines of so many characters. */
static void fold(struct hc_buf *out, struct hc_str block, size_t width)
{
    size_t n = 0;

    hc_buf_lit(out, "-----BEGIN CERTIFICATE-----\n");
    for (size_t i = 28; block.p[i] != '-'; i++) {
        if (block.p[i] == '\n')
            continue;
        hc_buf_chr(out, block.p[i]);
        if (++n % width == 0)
            hc_buf_chr(out, '\n');
    }
    hc_buf_lit(out, "\n-----END CERTIFICATE-----\n");
}

/* A group of four may go on in the next line, as OpenSSL has it. */
TEST(bundle, lines_have_any_length)
{
    struct hc_str block = first("other-ca.pem");

    for (size_t width = 1; width < 5000; width += width < 80 ? 1 : 990) {
        struct hc_anchors a, b;
        struct hc_buf text;

        hc_buf_init(&text, t_alloc(), 1 << 20);
        fold(&text, block, width);
        CHECK_INT(load(&a, block, NULL), 0);
        CHECK_INT(load(&b, hc_buf_view(&text), NULL), 0);
        CHECK_INT(b.n, 1);
        CHECK(a.n == 1 && memcmp(a.root[0].hash, b.root[0].hash,
                                 sizeof b.root[0].hash) == 0);
        hc_anchors_fini(&a);
        hc_anchors_fini(&b);
        hc_buf_fini(&text);
    }
}

/* How a block's base64 may end; 7 bytes come of it, or it is refused. */
TEST(bundle, base64_ends_with_whole_bytes)
{
    static const struct { const char *text; bool good; } rows[] = {
        { "AAAAAAAA", true }, { "AAAAAAA=", true }, { "AAAAAA==", true },
        { "AAAAAA=\n=", true }, { "AAAA\nAA = =", true }, { "", true },
        { "AAAAAAA", false }, { "AAAAAA", false }, { "AAAAA", false },
        { "AAAAA===", false }, { "AAAA====", false }, { "====", false },
        { "AAAAAA=", false }, { "AAAAAA===", false }, { "AAAAAAA==", false },
        { "AAAAAA==A", false }, { "AAA=AAAA", false }, { "=AAAAAAA", false },
        { "AAAAAAB=", false }, { "AAAAAB==", false }, { "AAAAAAE=", true },
        { "AAAAAQ==", true }, { "AAA-AAAA", false }, { "AAA_AAAA", false },
        { "AAA,AAAA", false }, { "AAA:AAAA", false }, { "AAA@AAAA", false },
        { "AAA[AAAA", false }, { "AAA`AAAA", false }, { "AAA{AAAA", false },
        { "AAA\xFF" "AAAA", false }, { "AAA\xC1" "AAAA", false },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct hc_anchors a;
        struct headcount_error e = { 0 };
        struct hc_buf text;
        bool refused;

        hc_buf_init(&text, t_alloc(), 1 << 20);
        hc_buf_lit(&text, "-----BEGIN CERTIFICATE-----\n");
        hc_buf_text(&text, rows[i].text);
        hc_buf_lit(&text, "\n-----END CERTIFICATE-----\n");
        CHECK_INT(load(&a, hc_buf_view(&text), &e), HEADCOUNT_ECONFIG);
        refused = strstr(e.what, "is no base64") != NULL;
        if (refused == rows[i].good)
            t_check(false, rows[i].text, __FILE__, __LINE__);
        hc_buf_fini(&text);
    }
}

TEST(bundle, a_look_at_its_beginning_tells_a_certificate)
{
    static const struct { const char *text; bool good; } rows[] = {
        { "-----BEGIN CERTIFICATE-----\nMII", true },
        { "# roots\r\n\r\n\xEF\xBB\xBF-----BEGIN CERTIFICATE-----", true },
        { "-----BEGIN X509 CERTIFICATE-----\r\n", true },
        { "-----BEGIN PRIVATE KEY-----\n-----BEGIN CERTIFICATE-----", true },
        { "-----BEGIN CERTIFICATE REQUEST-----\nMII", false },
        { "-----BEGIN CERTIFICAT", false }, { "", false },
        { " -----BEGIN CERTIFICATE-----\n", false }, { "\x30\x82", false },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (hc_anchors_look(hc_str(rows[i].text)) != rows[i].good)
            t_check(false, rows[i].text, __FILE__, __LINE__);
}

TEST(bundle, many_that_were_skipped_are_counted)
{
    struct hc_anchors a;
    struct headcount_error e = { 0 };
    struct hc_buf text;

    hc_buf_init(&text, t_alloc(), 1 << 20);
    for (size_t i = 0; i < 100; i++)
        hc_buf_text(&text, ed25519);
    CHECK_INT(load(&a, hc_buf_view(&text), &e), HEADCOUNT_ECONFIG);
    CHECK(strstr(e.what, "100 that cannot be used") != NULL);
    CHECK(strstr(e.what, "certificate 3 ") != NULL);
    CHECK(strstr(e.what, "certificate 4 ") == NULL);
    hc_buf_fini(&text);
    hc_anchors_fini(&a);
}

TEST(bundle, none_that_can_be_used_is_an_error)
{
    static const char *const texts[] = {
        "", "no certificate here", "-----BEGIN CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n",
    };

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct hc_anchors a;
        struct headcount_error e = { 0 };

        CHECK_INT(load(&a, hc_str(texts[i]), &e), HEADCOUNT_ECONFIG);
        CHECK(e.what[0] != '\0');
        CHECK_INT(a.n, 0);
        hc_anchors_fini(&a);
    }
}

TEST(bundle, one_that_was_cut_anywhere_is_no_other_certificate)
{
    size_t n;
    char *ca = bundle("other-ca.pem", &n);

    for (size_t cut = 0; cut + 30 < n; cut += 7) {
        struct hc_anchors a;

        CHECK_INT(load(&a, hc_str_n(ca, cut), NULL), HEADCOUNT_ECONFIG);
        hc_anchors_fini(&a);
    }
}

TEST(bundle, one_that_is_too_large_is_refused)
{
    struct hc_anchors a;
    struct headcount_error e = { 0 };

    CHECK_INT(hc_anchors_load_pem(&a, t_alloc(),
                                  hc_str_n("", HC_ANCHORS_PEM + 1), &e),
              HEADCOUNT_ELIMIT);
    hc_anchors_fini(&a);
}

static int load_once(void)
{
    size_t n;
    char *ca = bundle("ca.pem", &n);
    struct hc_anchors a;
    int err = hc_anchors_load_pem(&a, t_alloc(), hc_str_n(ca, n), NULL);

    hc_anchors_fini(&a);
    return err;
}

TEST(bundle, every_failed_allocation_is_survived)
{
    t_fails_every_allocation(load_once);
}
