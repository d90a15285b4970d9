/* tests/cli/blocks_test.c - which blocks the program keeps. */
#include "blocks.h"

#include <stdlib.h>
#include <string.h>

#include "t.h"

TEST(blocks, a_freed_block_serves_the_next_request_of_its_size)
{
    blocks_fini();
    void *p = blocks_alloc(NULL, NULL, 0, 5000);
    void *other = blocks_alloc(NULL, NULL, 0, 9000);

    CHECK(p != NULL && other != NULL && p != other);
    CHECK(blocks_alloc(NULL, p, 5000, 0) == NULL);
    CHECK(blocks_alloc(NULL, other, 9000, 0) == NULL);
    /* Both are 5 KiB. */
    CHECK(blocks_alloc(NULL, NULL, 0, 4097) == p);
    CHECK(blocks_alloc(NULL, NULL, 0, 9000) == other);
    blocks_alloc(NULL, p, 4097, 0);
    blocks_alloc(NULL, other, 9000, 0);
    blocks_fini();
}

TEST(blocks, a_block_grows_and_shrinks_with_its_bytes)
{
    static const size_t sizes[] = { 1, 8, 1023, 1024, 1025, 2000, 2048, 4096,
                                    20480, 20481, 70000, 20480, 3000, 2049,
                                    1024, 1000, 5, 40000, 5 };
    unsigned char *p = NULL;
    size_t old = 0;

    blocks_fini();
    for (int round = 0; round < 3; round++)
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            size_t n = sizes[i], same = old < n ? old : n;

            p = blocks_alloc(NULL, p, old, n);
            CHECK(p != NULL);
            for (size_t at = 0; at < same; at++)
                CHECK_INT(p[at], at % 251);
            for (size_t at = 0; at < n; at++)
                p[at] = (unsigned char)(at % 251);
            old = n;
        }
    CHECK(blocks_alloc(NULL, p, old, 0) == NULL);
    CHECK(blocks_alloc(NULL, NULL, 0, 0) == NULL);
    blocks_fini();
}

TEST(blocks, as_many_are_kept_as_it_says_the_last_ones)
{
    void *p[BLOCKS_KEPT + 1], *again[BLOCKS_KEPT];

    blocks_fini();
    for (size_t i = 0; i <= BLOCKS_KEPT; i++) {
        p[i] = blocks_alloc(NULL, NULL, 0, (i + 1) * BLOCKS_LEAST);
        CHECK(p[i] != NULL);
    }
    for (size_t i = 0; i <= BLOCKS_KEPT; i++)
        blocks_alloc(NULL, p[i], (i + 1) * BLOCKS_LEAST, 0);
    for (size_t i = 0; i < BLOCKS_KEPT; i++) {
        again[i] = blocks_alloc(NULL, NULL, 0, (i + 2) * BLOCKS_LEAST);
        CHECK(again[i] == p[i + 1]);
    }
    for (size_t i = 0; i < BLOCKS_KEPT; i++)
        free(again[i]);
}

TEST(blocks, small_and_large_ones_are_not_kept)
{
    void *p[2] = { blocks_alloc(NULL, NULL, 0, BLOCKS_LEAST - 1),
                   blocks_alloc(NULL, NULL, 0, BLOCKS_MOST + 1) };

    blocks_fini();
    CHECK(p[0] != NULL && p[1] != NULL);
    blocks_alloc(NULL, p[0], BLOCKS_LEAST - 1, 0);
    blocks_alloc(NULL, p[1], BLOCKS_MOST + 1, 0);
    /* Under a sanitizer a kept one would be a leak here. */
}

TEST(blocks, what_was_given_back_at_the_end_is_not_given_back_again)
{
    void *p = blocks_alloc(NULL, NULL, 0, 5000);

    CHECK(p != NULL);
    blocks_alloc(NULL, p, 5000, 0);
    blocks_fini();
    blocks_fini();
    /* Under a sanitizer a kept one is a leak, one given twice an error. */
    p = blocks_alloc(NULL, NULL, 0, 5000);
    CHECK(p != NULL);
    blocks_alloc(NULL, p, 5000, 0);
    blocks_fini();
}
