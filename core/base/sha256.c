/* base/sha256.c - SHA-256 (FIPS 180-4) by SHA-NI of x86_64 or by the SHA2
 * instructions of ARMv8.
 *
 * The file is compiled for every processor of its architecture.  Only
 * sha256_blocks contains the instructions, and only the class that
 * hc_sha256_class chooses where the processor has them leads there.
 *
 * A message is hashed in blocks of 64 bytes, a block in 16 steps of four
 * rounds.  Step i takes four words of the schedule: the block's own for i < 4,
 * and after that words made from the last sixteen (m[0] to m[3], the oldest
 * first).
 */
#include "base/sha256.h"

#include <string.h>

/* arm_neon.h of clang before 16 lacks the instructions unless all of the file
 * is compiled for them. */
#if defined __x86_64__ ||                                                   \
    (defined __aarch64__ && (defined __ARM_FEATURE_SHA2 ||                  \
                             !defined __clang__ || __clang_major__ >= 16))
#define SHA256_INSTRUCTIONS 1
#else
#define SHA256_INSTRUCTIONS 0
#endif

#if SHA256_INSTRUCTIONS

#define SHA256_BLOCK ((size_t)64)

static const uint32_t sha256_k[64] __attribute__((aligned(16))) = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5,
    0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3,
    0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc,
    0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7,
    0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
    0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3,
    0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5,
    0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
    0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2
};

#if defined __x86_64__

#include <immintrin.h>

/* The instructions want the eight words of the state as ABEF and CDGH, the
 * first in the highest place. */
__attribute__((target("sha,ssse3,sse4.1")))
static void sha256_blocks(uint32_t val[8], const unsigned char *p, size_t n)
{
    const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
    const __m128i *k = (const __m128i *)(const void *)sha256_k;
    __m128i *state = (__m128i *)(void *)val;
    __m128i cdab = _mm_shuffle_epi32(_mm_loadu_si128(state), 0xB1);
    __m128i efgh = _mm_shuffle_epi32(_mm_loadu_si128(state + 1), 0x1B);
    __m128i abef = _mm_alignr_epi8(cdab, efgh, 8);
    __m128i cdgh = _mm_blend_epi16(efgh, cdab, 0xF0);
    __m128i m[4] = { swap, swap, swap, swap };

    for (; n > 0; n--) {
        const __m128i abef_before = abef, cdgh_before = cdgh;

        for (int i = 0; i < 16; i++) {
            __m128i w;

            if (i < 4) {
                w = _mm_loadu_si128((const __m128i *)(const void *)p);
                w = _mm_shuffle_epi8(w, swap);
                p += sizeof w;
            } else {
                w = _mm_add_epi32(_mm_sha256msg1_epu32(m[0], m[1]),
                                  _mm_alignr_epi8(m[3], m[2], 4));
                w = _mm_sha256msg2_epu32(w, m[3]);
            }
            m[0] = m[1];
            m[1] = m[2];
            m[2] = m[3];
            m[3] = w;
            w = _mm_add_epi32(w, k[i]);
            cdgh = _mm_sha256rnds2_epu32(cdgh, abef, w);
            abef = _mm_sha256rnds2_epu32(abef, cdgh,
                                         _mm_shuffle_epi32(w, 0x0E));
        }
        abef = _mm_add_epi32(abef, abef_before);
        cdgh = _mm_add_epi32(cdgh, cdgh_before);
    }
    __m128i feba = _mm_shuffle_epi32(abef, 0x1B);
    __m128i dchg = _mm_shuffle_epi32(cdgh, 0xB1);

    _mm_storeu_si128(state, _mm_blend_epi16(feba, dchg, 0xF0));
    _mm_storeu_si128(state + 1, _mm_alignr_epi8(dchg, feba, 8));
}

#else

#include <arm_neon.h>

#if defined __clang__
__attribute__((target("sha2")))
#else
__attribute__((target("+crypto")))
#endif
static void sha256_blocks(uint32_t val[8], const unsigned char *p, size_t n)
{
    uint32x4_t abcd = vld1q_u32(val), efgh = vld1q_u32(val + 4);
    uint32x4_t m[4] = { abcd, abcd, abcd, abcd };

    for (; n > 0; n--) {
        const uint32x4_t abcd_before = abcd, efgh_before = efgh;

        for (size_t i = 0; i < 16; i++) {
            uint32x4_t w;

            if (i < 4) {
                w = vreinterpretq_u32_u8(vrev32q_u8(vld1q_u8(p)));
                p += sizeof w;
            } else {
                w = vsha256su1q_u32(vsha256su0q_u32(m[0], m[1]), m[2], m[3]);
            }
            m[0] = m[1];
            m[1] = m[2];
            m[2] = m[3];
            m[3] = w;
            w = vaddq_u32(w, vld1q_u32(sha256_k + 4 * i));
            uint32x4_t next = vsha256hq_u32(abcd, efgh, w);

            efgh = vsha256h2q_u32(efgh, abcd, w);
            abcd = next;
        }
        abcd = vaddq_u32(abcd, abcd_before);
        efgh = vaddq_u32(efgh, efgh_before);
    }
    vst1q_u32(val, abcd);
    vst1q_u32(val + 4, efgh);
}

#endif

/* ---- the class ---- */

static const br_hash_class sha256_fast;

static void sha256_init(const br_hash_class **class)
{
    br_sha256_init((br_sha256_context *)(void *)class);
    *class = &sha256_fast;
}

static void sha256_update(const br_hash_class **class, const void *from,
                          size_t n)
{
    br_sha256_context *c = (br_sha256_context *)(void *)class;
    const unsigned char *p = from;
    size_t at = (size_t)c->count % SHA256_BLOCK;
    size_t fill = SHA256_BLOCK - at;

    if (n == 0)
        return;
    c->count += n;
    if (at > 0) {
        fill = fill < n ? fill : n;
        memcpy(c->buf + at, p, fill);
        p += fill;
        n -= fill;
        if (at + fill < SHA256_BLOCK)
            return;
        sha256_blocks(c->val, c->buf, 1);
    }
    sha256_blocks(c->val, p, n / SHA256_BLOCK);
    memcpy(c->buf, p + n / SHA256_BLOCK * SHA256_BLOCK, n % SHA256_BLOCK);
}

/* The message ends with a 1, zeros, and its length in bits. */
static void sha256_out(const br_hash_class *const *class, void *out)
{
    br_sha256_context last = *(const br_sha256_context *)(const void *)class;
    unsigned char end[2 * SHA256_BLOCK] = { 0 };
    size_t at = (size_t)last.count % SHA256_BLOCK;
    size_t n = at < SHA256_BLOCK - 8 ? SHA256_BLOCK : sizeof end;

    memcpy(end, last.buf, at);
    end[at] = 0x80;
    for (size_t i = 0; i < 8; i++)
        end[n - 1 - i] = (unsigned char)(last.count << 3 >> 8 * i);
    sha256_blocks(last.val, end, n / SHA256_BLOCK);
    br_sha256_state(&last, out);
}

static const br_hash_class sha256_fast = {
    sizeof(br_sha256_context),
    BR_HASHDESC_ID(br_sha256_ID) | BR_HASHDESC_OUT(32) |
        BR_HASHDESC_STATE(32) | BR_HASHDESC_LBLEN(6) |
        BR_HASHDESC_MD_PADDING | BR_HASHDESC_MD_PADDING_BE,
    sha256_init, sha256_update, sha256_out,
    (uint64_t (*)(const br_hash_class *const *, void *))&br_sha256_state,
    (void (*)(const br_hash_class **, const void *,
              uint64_t))&br_sha256_set_state
};

const br_hash_class *hc_sha256_class(unsigned cpu)
{
    return (cpu & HC_CPU_SHA256) != 0 ? &sha256_fast : &br_sha256_vtable;
}

#else

const br_hash_class *hc_sha256_class(unsigned cpu)
{
    (void)cpu;
    return &br_sha256_vtable;
}

#endif
