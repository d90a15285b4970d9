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

static int load(struct hc_anchors *a, struct hc_str pem, struct hc_error *e)
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
        CHECK(a->not_after[i] > year_2029);
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
        CHECK(all.not_after[i] > 0);
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

TEST(bundle, none_that_can_be_used_is_an_error)
{
    static const char *const texts[] = {
        "", "no certificate here", "-----BEGIN CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n",
    };

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct hc_anchors a;
        struct hc_error e = { 0 };

        CHECK_INT(load(&a, hc_str(texts[i]), &e), HC_ECONFIG);
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

        CHECK_INT(load(&a, hc_str_n(ca, cut), NULL), HC_ECONFIG);
        hc_anchors_fini(&a);
    }
}

TEST(bundle, one_that_is_too_large_is_refused)
{
    struct hc_anchors a;
    struct hc_error e = { 0 };

    CHECK_INT(hc_anchors_load_pem(&a, t_alloc(),
                                  hc_str_n("", HC_ANCHORS_PEM + 1), &e),
              HC_ELIMIT);
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
