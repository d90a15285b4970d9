/* tests/base/arena_test.c - what is kept stays where it is. */
#include "t.h"

#include <stddef.h>
#include <string.h>

#include "base/text.h"
#include "base/arena.h"

TEST(arena, strings_stay_where_they_are_with_a_nul_behind)
{
    static struct hc_str kept[3000];
    struct hc_arena k;
    char text[32];

    hc_arena_init(&k, t_alloc(), 1 << 20);
    for (size_t i = 0; i < 3000; i++) {
        size_t n = hc_fmt(text, sizeof(text), "string number %zu", i);

        kept[i] = hc_arena_str(&k, hc_str_n(t_guard(text, n), n));
    }
    for (size_t i = 0; i < 3000; i++) {
        hc_fmt(text, sizeof(text), "string number %zu", i);
        CHECK_STR(kept[i], text);
        CHECK_INT(kept[i].p[kept[i].n], '\0');
    }
    CHECK(t_alloc_state()->count < 20);
    CHECK_INT(hc_arena_error(&k), 0);
    hc_arena_fini(&k);
    hc_arena_fini(&k);
}

TEST(arena, absent_and_empty_are_kept_as_empty)
{
    struct hc_arena k;

    hc_arena_init(&k, t_alloc(), 100);
    CHECK_Z(hc_arena_str(&k, hc_str(NULL)).p, "");
    CHECK_Z(hc_arena_str(&k, HC_STR("")).p, "");
    CHECK_INT(hc_arena_str(&k, hc_str_n("a\0b", 3)).n, 3);
    hc_arena_fini(&k);
}

TEST(arena, structs_are_zeroed_and_aligned)
{
    struct hc_arena k;

    hc_arena_init(&k, t_alloc(), 1 << 20);
    for (size_t i = 1; i < 200; i++) {
        static const char zero[200];
        char *p = hc_arena_zero(&k, i);

        CHECK(p != NULL);
        CHECK_INT((uintptr_t)p % _Alignof(max_align_t), 0);
        CHECK_MEM(p, i, zero);
        memset(p, 0xFF, i);
        hc_arena_str(&k, HC_STR("x"));
    }
    CHECK(hc_arena_zero(&k, 0) != NULL);
    hc_arena_fini(&k);
}

TEST(arena, one_piece_may_be_larger_than_the_usual)
{
    static char big[200000];
    struct hc_arena k;

    memset(big, 'b', sizeof(big));
    hc_arena_init(&k, t_alloc(), 1 << 20);

    struct hc_str a = hc_arena_str(&k, HC_STR("a"));
    struct hc_str b = hc_arena_str(&k, hc_str_n(big, sizeof(big)));
    struct hc_str c = hc_arena_str(&k, HC_STR("c"));

    CHECK_STR(a, "a");
    CHECK_INT(b.n, sizeof(big));
    CHECK_MEM(b.p, sizeof(big), big);
    CHECK_STR(c, "c");
    hc_arena_fini(&k);
}

TEST(arena, text_is_formatted_and_cut)
{
    static char big[3000];
    struct hc_arena k;

    memset(big, 'b', sizeof(big) - 1);
    hc_arena_init(&k, t_alloc(), 1 << 20);
    CHECK_Z(hc_arena_fmt(&k, "%s-%d", "a", 7), "a-7");
    CHECK_INT(strlen(hc_arena_fmt(&k, "%s", big)), 2047);
    hc_arena_fini(&k);
}

TEST(arena, more_than_its_maximum_is_refused_for_good)
{
    struct hc_arena k;

    hc_arena_init(&k, t_alloc(), 10);
    CHECK_STR(hc_arena_str(&k, HC_STR("12345")), "12345");    /* 6 with NUL */
    CHECK_STR(hc_arena_str(&k, HC_STR("123")), "123");
    CHECK_INT(hc_arena_error(&k), 0);
    CHECK_Z(hc_arena_str(&k, HC_STR("")).p, "");
    CHECK_INT(hc_arena_error(&k), HEADCOUNT_ELIMIT);
    CHECK(hc_arena_zero(&k, 0) == NULL);
    CHECK_Z(hc_arena_fmt(&k, "x"), "");
    hc_arena_fini(&k);
}

TEST(arena, the_first_texts_go_into_the_room_of_its_owner)
{
    _Alignas(max_align_t) unsigned char room[HC_ARENA_ROOM];
    struct hc_arena k;
    struct hc_str last = { NULL, 0 };

    hc_arena_init_in(&k, t_alloc(), 1 << 20, room, sizeof room);

    struct hc_str first = hc_arena_str(&k, HC_STR("twenty bytes of text"));

    CHECK_INT(t_alloc_state()->count, 0);
    CHECK((const unsigned char *)first.p > room &&
          (const unsigned char *)first.p < room + sizeof room);
    for (int i = 0; i < 110; i++)        /* fills 2 KiB and a little more */
        last = hc_arena_str(&k, HC_STR("twenty bytes of text"));
    CHECK_INT(t_alloc_state()->count, 2);
    CHECK_STR(first, "twenty bytes of text");
    CHECK_STR(last, "twenty bytes of text");
    hc_arena_fini(&k);
    hc_arena_fini(&k);
}

TEST(arena, a_joined_one_hands_over_all_it_keeps)
{
    struct hc_arena to, from;

    hc_arena_init(&to, t_alloc(), 100);
    hc_arena_init(&from, t_alloc(), 100);

    struct hc_str a = hc_arena_str(&to, HC_STR("first"));
    struct hc_str b = hc_arena_str(&from, HC_STR("second"));

    CHECK_INT(hc_arena_join(&to, &from), 0);
    hc_arena_fini(&from);
    CHECK_STR(a, "first");
    CHECK_STR(b, "second");
    CHECK_STR(hc_arena_str(&to, HC_STR("third")), "third");
    CHECK_STR(b, "second");
    CHECK_INT(hc_arena_join(&to, &from), 0);
    hc_arena_fini(&to);

    hc_arena_init(&to, t_alloc(), 100);
    hc_arena_init(&from, t_alloc(), 100);
    b = hc_arena_str(&from, HC_STR("second"));
    CHECK_INT(hc_arena_join(&to, &from), 0);      /* into an empty one */
    CHECK_STR(b, "second");
    hc_arena_fini(&to);
}

TEST(arena, a_join_that_does_not_fit_moves_nothing)
{
    struct hc_arena to, from;

    hc_arena_init(&to, t_alloc(), 10);
    hc_arena_init(&from, t_alloc(), 100);
    hc_arena_str(&to, HC_STR("12345"));

    struct hc_str b = hc_arena_str(&from, HC_STR("6789"));

    CHECK_INT(hc_arena_join(&to, &from), HEADCOUNT_ELIMIT);
    CHECK_INT(hc_arena_error(&to), 0);
    hc_arena_fini(&to);
    CHECK_STR(b, "6789");
    hc_arena_fini(&from);
}

static int arena_some(void)
{
    struct hc_arena k;

    hc_arena_init(&k, t_alloc(), 1 << 20);
    for (size_t i = 0; i < 300; i++) {
        struct hc_str s = hc_arena_str(&k, HC_STR("twenty bytes of text"));

        CHECK(s.n == 20 || hc_arena_error(&k) == HEADCOUNT_ENOMEM);
    }

    int err = hc_arena_error(&k);

    hc_arena_fini(&k);
    return err;
}

TEST(arena, memory_may_end_anywhere)
{
    t_fails_every_allocation(arena_some);
}
