/* tests/wire/tls_profile_test.c - the profile is one, whatever computes it. */
#include "t.h"

#include <string.h>

#include "base/cpu.h"
#include "base/sha256.h"
#include "wire/tls_profile.h"

TEST(tls_profile, offers_tls_1_2_and_six_suites_whatever_the_processor_has)
{
    for (unsigned cpu = 0; cpu < 8; cpu++) {
        br_ssl_client_context c;
        br_ec_impl curves;

        hc_tls_profile(&c, &curves, cpu);
        CHECK_INT(c.eng.version_min, BR_TLS12);
        CHECK_INT(c.eng.version_max, BR_TLS12);
        CHECK_INT(c.eng.suites_num, 6);
        for (size_t i = 0; i < c.eng.suites_num; i++)
            CHECK(hc_tls_profile_has(c.eng.suites_buf[i]));
        CHECK_INT(c.eng.flags, BR_OPT_NO_RENEGOTIATION);
        CHECK(c.eng.iec == &curves);
        CHECK(br_ssl_engine_get_hash(&c.eng, br_sha1_ID) == NULL);
    }
    CHECK(!hc_tls_profile_has(BR_TLS_RSA_WITH_AES_128_CBC_SHA));
    CHECK(!hc_tls_profile_has(BR_TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA));
    CHECK(!hc_tls_profile_has(0));
}

TEST(tls_profile, computes_by_what_the_processor_has_as_bearssl_chooses)
{
    br_ssl_client_context c, theirs;
    br_ec_impl curves;

    br_ssl_client_zero(&theirs);
    br_ssl_engine_set_default_aes_gcm(&theirs.eng);
    br_ssl_engine_set_default_chapol(&theirs.eng);
    hc_tls_profile(&c, &curves, hc_cpu());
    CHECK(c.eng.iaes_ctr == theirs.eng.iaes_ctr);
    CHECK(c.eng.ighash == theirs.eng.ighash);
    CHECK(c.eng.ichacha == theirs.eng.ichacha);
    CHECK(c.eng.ipoly == theirs.eng.ipoly);
    CHECK(c.eng.igcm_in == theirs.eng.igcm_in);
    CHECK(c.eng.igcm_out == theirs.eng.igcm_out);
    CHECK(c.eng.ichapol_in == theirs.eng.ichapol_in);
    CHECK(c.eng.ichapol_out == theirs.eng.ichapol_out);
    CHECK(br_ssl_engine_get_hash(&c.eng, br_sha256_ID) ==
          hc_sha256_class(hc_cpu()));
}

TEST(tls_profile, without_instructions_bearssl_computes_in_constant_time)
{
    br_ssl_client_context c;
    br_ec_impl curves;

    hc_tls_profile(&c, &curves, 0);
    CHECK(br_ssl_engine_get_hash(&c.eng, br_sha256_ID) == &br_sha256_vtable);
#if defined __x86_64__
    CHECK(c.eng.iaes_ctr == &br_aes_ct64_ctr_vtable);
    CHECK(c.eng.ighash == br_ghash_ctmul64);
#endif
}

static void check_prf(br_tls_prf_impl prf, br_tls_prf_impl theirs)
{
    unsigned char secret[200], got[130], want[130];

    for (size_t i = 0; i < sizeof secret; i++)
        secret[i] = (unsigned char)(3 * i + 1);
    const br_tls_prf_seed_chunk seed[3] = {
        { "client random", 13 }, { NULL, 0 }, { secret, 32 }
    };

    for (size_t n = 0; n <= sizeof got; n++) {
        /* Also of more than a block of the hash. */
        size_t secret_n = 7 * n % (sizeof secret + 1);

        memset(got, 0xA5, sizeof got);
        memset(want, 0xA5, sizeof want);
        prf(got, n, secret, secret_n, "key expansion", n % 4, seed);
        theirs(want, n, secret, secret_n, "key expansion", n % 4, seed);
        CHECK_MEM(got, sizeof got, want);
    }
}

/* Secrets and outputs of the lengths that TLS uses, and of others. */
TEST(tls_profile, prf_is_equal_to_bearssls)
{
    br_ssl_client_context c;
    br_ec_impl curves;

    hc_tls_profile(&c, &curves, 0);
    check_prf(c.eng.prf_sha256, br_tls12_sha256_prf);
    check_prf(c.eng.prf_sha384, br_tls12_sha384_prf);
    hc_tls_profile(&c, &curves, hc_cpu());
    check_prf(c.eng.prf_sha256, br_tls12_sha256_prf);
}
