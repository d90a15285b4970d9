/* wire/tls_profile.c - TLS 1.2 with ECDHE and AEAD, and nothing else.
 *
 * BearSSL's own defaults ask CPUID six times for each connection, and in a
 * virtual machine each answer takes up to 20 us.  Here the handle's answer
 * decides.
 */
#include "wire/tls_profile.h"

#include <string.h>

#include "base/alloc.h"
#include "base/sha256.h"
#include "base/str.h"

/* AES first, for the machines that have instructions for it; ChaCha20 last,
 * since many AWS policies lack it. */
static const uint16_t profile_suites[] = {
    BR_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    BR_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    BR_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    BR_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    BR_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
    BR_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256
};

#define PROFILE_SUITES (sizeof(profile_suites) / sizeof(profile_suites[0]))
#define PRF_HASH 48                      /* bytes of SHA-384               */
#define PROFILE_CURVES                                                      \
    ((uint32_t)1 << BR_EC_secp256r1 | (uint32_t)1 << BR_EC_secp384r1 |      \
     (uint32_t)1 << BR_EC_curve25519)

bool hc_tls_profile_has(uint16_t suite)
{
    for (size_t i = 0; i < PROFILE_SUITES; i++)
        if (profile_suites[i] == suite)
            return true;
    return false;
}

/* ---- the PRF (RFC 5246, 5) ---- */

struct prf_input {
    br_hmac_key_context key;
    const char *label;
    size_t seeds;
    const br_tls_prf_seed_chunk *seed;
};

/* HMAC of `a`, of label and seeds, or of all in this order: its length. */
static size_t prf_hmac(unsigned char out[PRF_HASH], const struct prf_input *in,
                       struct hc_str a, bool has_seed)
{
    br_hmac_context c;

    br_hmac_init(&c, &in->key, 0);
    br_hmac_update(&c, a.p, a.n);
    if (has_seed) {
        br_hmac_update(&c, in->label, strlen(in->label));
        for (size_t i = 0; i < in->seeds; i++)
            br_hmac_update(&c, in->seed[i].data, in->seed[i].len);
    }
    return br_hmac_out(&c, out);
}

static void prf_run(unsigned char *to, size_t n, struct prf_input *in)
{
    unsigned char a[PRF_HASH], block[PRF_HASH];
    size_t size = prf_hmac(a, in, HC_STR(""), true);

    while (n > 0) {
        size_t part = n < size ? n : size;

        prf_hmac(block, in, hc_str_n(a, size), true);
        memcpy(to, block, part);
        to += part;
        n -= part;
        if (n > 0)
            prf_hmac(a, in, hc_str_n(a, size), false);
    }
    hc_wipe(&in->key, sizeof in->key);
    hc_wipe(a, sizeof a);
    hc_wipe(block, sizeof block);
}

/* A br_tls_prf_impl has no argument for the hash. */
#define PRF(name, class)                                                    \
    static void name(void *out, size_t n, const void *secret,               \
                     size_t secret_n, const char *label, size_t seeds,      \
                     const br_tls_prf_seed_chunk *seed)                     \
    {                                                                       \
        struct prf_input in = { .label = label, .seeds = seeds,             \
                                .seed = seed };                             \
                                                                            \
        br_hmac_key_init(&in.key, class, secret, secret_n);                 \
        prf_run(out, n, &in);                                               \
    }
PRF(prf_sha256, &br_sha256_vtable)
PRF(prf_sha256_fast, hc_sha256_class(HC_CPU_SHA256))
PRF(prf_sha384, &br_sha384_vtable)
#undef PRF

/* ---- the ciphers ---- */

#if defined __x86_64__

static void profile_ciphers(br_ssl_engine_context *eng, unsigned cpu)
{
    br_ssl_engine_set_gcm(eng, &br_sslrec_in_gcm_vtable,
                          &br_sslrec_out_gcm_vtable);
    br_ssl_engine_set_aes_ctr(eng, (cpu & HC_CPU_AES) != 0
                                       ? &br_aes_x86ni_ctr_vtable
                                       : &br_aes_ct64_ctr_vtable);
    br_ssl_engine_set_ghash(eng, (cpu & HC_CPU_CLMUL) != 0
                                     ? br_ghash_pclmul : br_ghash_ctmul64);
    br_ssl_engine_set_chapol(eng, &br_sslrec_in_chapol_vtable,
                             &br_sslrec_out_chapol_vtable);
    br_ssl_engine_set_chacha20(eng, br_chacha20_sse2_run);
    br_ssl_engine_set_poly1305(eng, br_poly1305_ctmulq_run);
}

#else

static void profile_ciphers(br_ssl_engine_context *eng, unsigned cpu)
{
    (void)cpu;
    br_ssl_engine_set_default_aes_gcm(eng);
    br_ssl_engine_set_default_chapol(eng);
}

#endif

void hc_tls_profile(br_ssl_client_context *client, br_ec_impl *curves,
                    unsigned cpu)
{
    const br_hash_class *sha256 = hc_sha256_class(cpu);
    br_ssl_engine_context *eng = &client->eng;

    br_ssl_client_zero(client);
    br_ssl_engine_set_versions(eng, BR_TLS12, BR_TLS12);
    br_ssl_engine_set_suites(eng, profile_suites, PROFILE_SUITES);
    br_ssl_engine_set_all_flags(eng, BR_OPT_NO_RENEGOTIATION);
    br_ssl_engine_set_hash(eng, br_sha256_ID, sha256);
    br_ssl_engine_set_hash(eng, br_sha384_ID, &br_sha384_vtable);
    br_ssl_engine_set_hash(eng, br_sha512_ID, &br_sha512_vtable);
    br_ssl_engine_set_prf_sha256(eng, sha256 == &br_sha256_vtable
                                          ? prf_sha256 : prf_sha256_fast);
    br_ssl_engine_set_prf_sha384(eng, prf_sha384);
    profile_ciphers(eng, cpu);
    br_ssl_engine_set_rsavrfy(eng, br_rsa_pkcs1_vrfy_get_default());
    br_ssl_engine_set_default_ecdsa(eng);
    *curves = *br_ec_get_default();
    curves->supported_curves &= PROFILE_CURVES;
    br_ssl_engine_set_ec(eng, curves);
}
