/* tests/base/alloc_test.c - the memory hook, overflow, growth, wiping. */
#include "t.h"

#include <string.h>

#include "base/alloc.h"

TEST(alloc, new_memory_is_zero)
{
    static const unsigned char zeros[100];
    void *p = hc_alloc(t_alloc(), 100);

    CHECK(p != NULL);
    CHECK_MEM(p, 100, zeros);
    hc_free(t_alloc(), p, 100);
}

TEST(alloc, nothing_is_no_block)
{
    CHECK(hc_alloc(t_alloc(), 0) == NULL);
    CHECK(hc_alloc_array(t_alloc(), 0, 8) == NULL);
    CHECK(hc_alloc_array(t_alloc(), 8, 0) == NULL);
    hc_free(t_alloc(), NULL, 0);
    CHECK_INT(t_alloc_state()->count, 0);
}

TEST(alloc, libc_allocates_moves_and_frees)
{
    char *p = hc_alloc(&hc_alloc_libc, 3);

    CHECK(p != NULL);
    memcpy(p, "abc", 3);
    p = hc_realloc(&hc_alloc_libc, p, 3, 5000);
    CHECK(p != NULL);
    CHECK_MEM(p, 3, "abc");
    CHECK(hc_realloc(&hc_alloc_libc, p, 5000, 0) == NULL);
}

TEST(alloc, an_array_that_overflows_is_refused_unasked)
{
    CHECK(hc_alloc_array(t_alloc(), SIZE_MAX / 4 + 1, 4) == NULL);
    CHECK_INT(t_alloc_state()->count, 0);

    void *p = hc_alloc_array(t_alloc(), 5, 4);

    CHECK(p != NULL);
    hc_free(t_alloc(), p, 20);
}

TEST(alloc, growth_keeps_what_is_there_and_stops_at_max)
{
    int *a = NULL;
    size_t cap = 0;

    for (int i = 0; i < 100; i++) {
        CHECK_INT(hc_grow(t_alloc(), &a, &cap, (size_t)i + 1, 100,
                          sizeof(*a)), 0);
        CHECK(cap > (size_t)i && cap <= 100);
        a[i] = i;
    }
    CHECK_INT(cap, 100);
    CHECK_INT(hc_grow(t_alloc(), &a, &cap, 101, 100, sizeof(*a)),
              HEADCOUNT_ELIMIT);
    CHECK_INT(cap, 100);
    for (int i = 0; i < 100; i++)
        CHECK_INT(a[i], i);
    CHECK(t_alloc_state()->count < 20);
    hc_free(t_alloc(), a, cap * sizeof(*a));
}

TEST(alloc, growth_to_a_far_need_is_one_step)
{
    char *a = NULL;
    size_t cap = 0;

    CHECK_INT(hc_grow(t_alloc(), &a, &cap, 1000, 5000, 1), 0);
    CHECK_INT(cap, 1000);
    CHECK_INT(hc_grow(t_alloc(), &a, &cap, 1001, 5000, 1), 0);
    CHECK_INT(cap, 2000);
    CHECK_INT(hc_grow(t_alloc(), &a, &cap, 1001, 5000, 1), 0);
    CHECK_INT(t_alloc_state()->count, 2);
    hc_free(t_alloc(), a, cap);
}

TEST(alloc, growth_that_fails_changes_nothing)
{
    char *a = NULL;
    size_t cap = 0;

    CHECK_INT(hc_grow(t_alloc(), &a, &cap, 1, 1000, 1), 0);
    a[0] = 'x';

    size_t before = cap;

    t_alloc_state()->fail_at = t_alloc_state()->count + 1;
    CHECK_INT(hc_grow(t_alloc(), &a, &cap, 1000, 1000, 1), HEADCOUNT_ENOMEM);
    CHECK_INT(cap, before);
    CHECK_INT(a[0], 'x');
    CHECK_INT(hc_grow(t_alloc(), &a, &cap, SIZE_MAX / 2, SIZE_MAX, 16),
              HEADCOUNT_ENOMEM);
    hc_free(t_alloc(), a, cap);
}

TEST(alloc, wiped_memory_is_zero)
{
    char secret[] = "secret";

    hc_wipe(secret, 3);
    CHECK_MEM(secret, 6, "\0\0\0ret");
    hc_wipe(NULL, 0);
}
