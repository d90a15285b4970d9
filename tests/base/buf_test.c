/* tests/base/buf_test.c - owned bytes: bounds, sticky errors, secrets. */
#include "t.h"

#include <string.h>

#include "base/buf.h"

TEST(buf, takes_every_kind_of_put)
{
    struct hc_buf b;

    hc_buf_init(&b, t_alloc(), 1000);
    CHECK_INT(t_alloc_state()->count, 0);
    hc_buf_lit(&b, "lit ");
    hc_buf_put(&b, "put\0", 4);
    hc_buf_str(&b, HC_STR(" str"));
    hc_buf_text(&b, " text");
    hc_buf_strz(&b, HC_STR(" z"));
    hc_buf_chr(&b, ' ');
    hc_buf_u64(&b, UINT64_MAX);
    hc_buf_chr(&b, ' ');
    hc_buf_i64(&b, INT64_MIN);
    hc_buf_chr(&b, ' ');
    hc_buf_i64(&b, 0);
    hc_buf_fmt(&b, " %s %d", "fmt", -5);
    CHECK_INT(hc_buf_error(&b), 0);
    CHECK(hc_str_eq(hc_buf_view(&b),
                    HC_STR("lit put\0 str text z\0 18446744073709551615 "
                           "-9223372036854775808 0 fmt -5")));
    hc_buf_fini(&b);
}

TEST(buf, a_put_beyond_max_sticks)
{
    struct hc_buf b;

    hc_buf_init(&b, t_alloc(), 5);
    hc_buf_lit(&b, "12345");
    CHECK_INT(hc_buf_error(&b), 0);
    CHECK_Z(hc_buf_z(&b), "12345");
    hc_buf_chr(&b, '6');
    CHECK_INT(hc_buf_error(&b), HEADCOUNT_ELIMIT);
    CHECK_STR(hc_buf_view(&b), "12345");
    CHECK_Z(hc_buf_z(&b), "");
    hc_buf_drop(&b, 5);
    hc_buf_lit(&b, "x");
    CHECK_STR(hc_buf_view(&b), "");
    CHECK(hc_buf_room(&b, 1) == NULL);
    CHECK(hc_buf_room(&b, 0) == NULL);
    hc_buf_added(&b, 1);
    CHECK_INT(b.n, 0);
    hc_buf_reset(&b);
    hc_buf_lit(&b, "again");
    CHECK_Z(hc_buf_z(&b), "again");
    hc_buf_fini(&b);
}

TEST(buf, a_length_near_size_max_is_refused)
{
    struct hc_buf b;

    hc_buf_init(&b, t_alloc(), SIZE_MAX);
    hc_buf_lit(&b, "x");
    CHECK(hc_buf_room(&b, SIZE_MAX) == NULL);
    CHECK_INT(hc_buf_error(&b), HEADCOUNT_ELIMIT);
    hc_buf_fini(&b);
}

TEST(buf, memory_that_fails_sticks_until_reset)
{
    struct hc_buf b;

    hc_buf_init(&b, t_alloc(), 1000);
    t_alloc_state()->fail_at = 1;
    hc_buf_lit(&b, "lost");
    hc_buf_lit(&b, "too");
    CHECK_INT(hc_buf_error(&b), HEADCOUNT_ENOMEM);
    CHECK_INT(b.n, 0);
    CHECK_INT(t_alloc_state()->count, 1);
    hc_buf_reset(&b);
    hc_buf_lit(&b, "kept");
    CHECK_Z(hc_buf_z(&b), "kept");
    hc_buf_fini(&b);
}

TEST(buf, all_zero_or_empty_is_harmless)
{
    struct hc_buf b;

    memset(&b, 0, sizeof(b));
    CHECK_Z(hc_buf_z(&b), "");
    hc_buf_lit(&b, "");
    hc_buf_drop(&b, 3);
    hc_buf_reset(&b);
    CHECK_INT(hc_buf_error(&b), 0);
    hc_buf_fini(&b);
    hc_buf_fini(&b);

    hc_buf_init(&b, t_alloc(), 10);
    CHECK_Z(hc_buf_z(&b), "");
    CHECK_INT(t_alloc_state()->count, 0);
    hc_buf_fini(&b);
}

TEST(buf, room_is_written_by_the_caller)
{
    struct hc_buf b;

    hc_buf_init(&b, t_alloc(), 8);

    char *p = hc_buf_room(&b, 8);

    CHECK(p != NULL);
    memcpy(p, "abcdefgh", 8);
    CHECK_INT(b.n, 0);
    hc_buf_added(&b, 3);
    CHECK_STR(hc_buf_view(&b), "abc");
    CHECK(hc_buf_room(&b, 0) == b.p + 3);
    hc_buf_added(&b, 6);
    CHECK_INT(hc_buf_error(&b), HEADCOUNT_ELIMIT);
    CHECK_STR(hc_buf_view(&b), "abc");
    hc_buf_fini(&b);
    hc_buf_init(&b, t_alloc(), 8);
    CHECK(hc_buf_room(&b, 0) != NULL);
    hc_buf_fini(&b);
}

TEST(buf, drop_forgets_the_front)
{
    struct hc_buf b;

    hc_buf_init(&b, t_alloc(), 100);
    hc_buf_lit(&b, "abcdef");
    hc_buf_drop(&b, 0);
    hc_buf_drop(&b, 2);
    CHECK_STR(hc_buf_view(&b), "cdef");
    hc_buf_drop(&b, 99);
    CHECK_STR(hc_buf_view(&b), "");
    hc_buf_fini(&b);
}

TEST(buf, grows_in_few_steps_to_exactly_max)
{
    struct hc_buf b;

    hc_buf_init(&b, t_alloc(), 100000);
    for (int i = 0; i < 100000; i++)
        hc_buf_chr(&b, (char)('a' + i % 26));
    CHECK_INT(hc_buf_error(&b), 0);
    CHECK_INT(b.n, 100000);
    CHECK_INT(b.cap, 100000);
    CHECK(t_alloc_state()->count < 25);
    for (int i = 0; i < 100000; i++)
        CHECK_INT(b.p[i], 'a' + i % 26);
    CHECK_INT(strlen(hc_buf_z(&b)), 100000);
    hc_buf_fini(&b);
}

/* An allocator that looks whether what comes back was wiped. */
struct watch {
    size_t dirty, frees;
};

static void *watching(void *ud, void *p, size_t old, size_t n)
{
    struct watch *w = ud;

    if (p != NULL) {
        w->frees++;
        for (size_t i = 0; i < old; i++)
            w->dirty += ((char *)p)[i] != '\0';
    }
    return t_alloc()->fn(t_alloc()->ud, p, old, n);
}

TEST(buf, a_secret_is_wiped_before_it_goes_or_moves)
{
    struct watch w = { 0, 0 };
    const struct hc_alloc a = { watching, &w };
    struct hc_buf b;

    hc_buf_init_secret(&b, &a, 10000);
    for (int i = 0; i < 1000; i++)
        hc_buf_lit(&b, "secret");
    CHECK_INT(b.n, 6000);
    CHECK_MEM(b.p, 12, "secretsecret");
    hc_buf_fini(&b);
    CHECK(w.frees > 3);
    CHECK_INT(w.dirty, 0);
}

/* Room for bytes that were written and never became part of the buf. */
TEST(buf, a_secret_is_wiped_where_it_was_lent)
{
    struct hc_buf b;

    for (size_t n = 6; n <= 600; n += 594) {
        hc_buf_init_secret(&b, t_alloc(), 1000);
        hc_buf_lit(&b, "x");
        char *room = hc_buf_room(&b, n);

        if (room == NULL)
            continue;
        memset(room, 's', n);
        hc_buf_reset(&b);
        for (size_t i = 0; i < n; i++)
            CHECK_INT(b.p[1 + i], 0);
        hc_buf_fini(&b);
    }
}

TEST(buf, memory_is_moved_without_its_bytes)
{
    struct hc_buf from, to;

    hc_buf_init_secret(&from, t_alloc(), 100);
    hc_buf_init_secret(&to, t_alloc(), 100);
    hc_buf_lit(&from, "secret");
    const char *p = from.p;

    hc_buf_move(&to, &from);
    CHECK(from.p == NULL && from.cap == 0);
    CHECK(to.p == p && to.n == 0);
    CHECK(p == NULL || memcmp(p, "\0\0\0\0\0\0", 6) == 0);
    hc_buf_fini(&from);
    hc_buf_fini(&to);
}

TEST(buf, a_secret_is_wiped_when_it_is_forgotten)
{
    static const char zeros[6];
    struct hc_buf b;

    hc_buf_init_secret(&b, t_alloc(), 100);
    hc_buf_lit(&b, "secret");
    hc_buf_drop(&b, 4);
    CHECK_MEM(b.p, 6, "et\0\0\0\0");
    hc_buf_reset(&b);
    CHECK_MEM(b.p, 6, zeros);
    memcpy(hc_buf_room(&b, 6), "unread", 6);
    hc_buf_reset(&b);
    CHECK_MEM(b.p, 6, zeros);
    hc_buf_reset(&b);
    hc_buf_fini(&b);
    hc_buf_reset(&b);
}

static int fill_both(void)
{
    struct hc_buf plain, secret;

    hc_buf_init(&plain, t_alloc(), 1000);
    hc_buf_init_secret(&secret, t_alloc(), 1000);
    for (int i = 0; i < 100; i++) {
        hc_buf_lit(&plain, "123456789");
        hc_buf_lit(&secret, "123456789");
    }

    int err = hc_buf_error(&plain);

    if (err == 0)
        err = hc_buf_error(&secret);
    hc_buf_fini(&plain);
    hc_buf_fini(&secret);
    return err;
}

TEST(buf, every_allocation_may_fail)
{
    t_fails_every_allocation(fill_both);
}
