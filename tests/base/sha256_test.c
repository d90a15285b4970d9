/* tests/base/sha256_test.c - the processor's SHA-256 beside BearSSL's: whole,
 * in pieces, from a state in the middle, and as HMAC and multihash use it. */
#include "t.h"

#include <stdlib.h>
#include <string.h>

#include "base/sha256.h"

#define MOST 1024

/* What cannot be tested here must be seen in the output of a run. */
static const br_hash_class *fast_or_skip(void)
{
    const br_hash_class *fast = hc_sha256_class(hc_cpu());

    if (fast == &br_sha256_vtable) {
        print_message("# skip: NO INSTRUCTIONS FOR SHA-256 in this processor, "
                      "or no code for them in this build\n");
        skip();
    }
    return fast;
}

/* The same bytes each time, so that a failure can be repeated. */
static unsigned next_of(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005U + 1442695040888963407U;
    return (unsigned)(*seed >> 33);
}

static void fill(unsigned char *p, size_t n, uint64_t seed)
{
    for (size_t i = 0; i < n; i++)
        p[i] = (unsigned char)next_of(&seed);
}

static void hash(unsigned char out[32], const br_hash_class *class,
                 const void *p, size_t n)
{
    br_sha256_context c;

    class->init(&c.vtable);
    c.vtable->update(&c.vtable, p, n);
    c.vtable->out(&c.vtable, out);
}

TEST(sha256, without_instructions_it_is_bearssl)
{
    CHECK(hc_sha256_class(0) == &br_sha256_vtable);
    CHECK(hc_sha256_class(HC_CPU_AES | HC_CPU_CLMUL) == &br_sha256_vtable);
}

TEST(sha256, class_describes_the_same_hash)
{
    const br_hash_class *fast = fast_or_skip();

    CHECK_INT(fast->context_size, br_sha256_vtable.context_size);
    CHECK_INT(fast->desc, br_sha256_vtable.desc);
}

TEST(sha256, each_length_to_1024_is_equal)
{
    const br_hash_class *fast = fast_or_skip();
    unsigned char bytes[MOST], got[32], want[32];

    fill(bytes, sizeof bytes, 1);
    for (size_t n = 0; n <= MOST; n++) {
        /* The byte after the last is not readable. */
        char *end = t_guard(bytes, n);

        hash(got, fast, end, n);
        hash(want, &br_sha256_vtable, bytes, n);
        CHECK_MEM(got, 32, want);
    }
}

TEST(sha256, no_bytes_may_be_null)
{
    const br_hash_class *fast = fast_or_skip();
    unsigned char got[32], want[32];

    hash(got, fast, NULL, 0);
    hash(want, &br_sha256_vtable, "", 0);
    CHECK_MEM(got, 32, want);
}

TEST(sha256, random_pieces_are_equal_and_out_does_not_end_it)
{
    const br_hash_class *fast = fast_or_skip();
    unsigned char bytes[4 * MOST], got[32], want[32];
    uint64_t seed = 2;

    fill(bytes, sizeof bytes, 3);
    for (int round = 0; round < 2000; round++) {
        size_t whole = next_of(&seed) % sizeof bytes, at = 0;
        br_sha256_context c;

        fast->init(&c.vtable);
        CHECK(c.vtable == fast);
        while (at < whole) {
            size_t part = next_of(&seed) % (round % 2 ? 200 : 20);

            part = part < whole - at ? part : whole - at;
            fast->update(&c.vtable, bytes + at, part);
            at += part;
            if (round % 100 == 0) {
                fast->out(&c.vtable, got);
                hash(want, &br_sha256_vtable, bytes, at);
                CHECK_MEM(got, 32, want);
            }
        }
        fast->out(&c.vtable, got);
        fast->out(&c.vtable, got);
        hash(want, &br_sha256_vtable, bytes, whole);
        CHECK_MEM(got, 32, want);
    }
}

/* Each begins where the other left off. */
TEST(sha256, state_goes_from_one_class_to_the_other)
{
    const br_hash_class *fast = fast_or_skip();
    unsigned char bytes[MOST], got[32], want[32];

    fill(bytes, sizeof bytes, 4);
    hash(want, &br_sha256_vtable, bytes, sizeof bytes);
    for (size_t cut = 0; cut <= MOST; cut += 64) {
        for (int turn = 0; turn < 2; turn++) {
            const br_hash_class *a = turn ? fast : &br_sha256_vtable;
            const br_hash_class *b = turn ? &br_sha256_vtable : fast;
            unsigned char state[32];
            br_sha256_context c, d;

            a->init(&c.vtable);
            a->update(&c.vtable, bytes, cut);
            CHECK_INT(a->state(&c.vtable, state), cut);
            b->init(&d.vtable);
            b->set_state(&d.vtable, state, cut);
            CHECK(d.vtable == b);
            b->update(&d.vtable, bytes + cut, MOST - cut);
            b->out(&d.vtable, got);
            CHECK_MEM(got, 32, want);
        }
    }
}

/* 2^29 bytes are more bits than 32 bits count. */
TEST(sha256, a_length_of_more_than_32_bits_is_written)
{
    const br_hash_class *fast = fast_or_skip();
    const br_hash_class *both[2] = { fast, &br_sha256_vtable };
    unsigned char out[2][32], state[32] = { 7 };

    for (int i = 0; i < 2; i++) {
        br_sha256_context c;

        both[i]->init(&c.vtable);
        both[i]->set_state(&c.vtable, state, (uint64_t)1 << 40);
        both[i]->update(&c.vtable, "abc", 3);
        both[i]->out(&c.vtable, out[i]);
    }
    CHECK_MEM(out[0], 32, out[1]);
}

TEST(sha256, multihash_and_hmac_take_it)
{
    const br_hash_class *fast = fast_or_skip();
    unsigned char bytes[MOST], got[32], want[32];

    fill(bytes, sizeof bytes, 5);
    for (size_t n = 0; n <= MOST; n += 13) {
        br_multihash_context m;
        br_hmac_key_context k;
        br_hmac_context h;

        br_multihash_zero(&m);
        br_multihash_setimpl(&m, br_sha256_ID, fast);
        br_multihash_init(&m);
        br_multihash_update(&m, bytes, n / 2);
        br_multihash_update(&m, bytes + n / 2, n - n / 2);
        CHECK_INT(br_multihash_out(&m, br_sha256_ID, got), 32);
        hash(want, &br_sha256_vtable, bytes, n);
        CHECK_MEM(got, 32, want);

        br_hmac_key_init(&k, fast, bytes, n / 3);
        br_hmac_init(&h, &k, 0);
        br_hmac_update(&h, bytes, n);
        br_hmac_out(&h, got);
        br_hmac_key_init(&k, &br_sha256_vtable, bytes, n / 3);
        br_hmac_init(&h, &k, 0);
        br_hmac_update(&h, bytes, n);
        br_hmac_out(&h, want);
        CHECK_MEM(got, 32, want);
    }
}
