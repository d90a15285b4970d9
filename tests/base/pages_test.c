/* tests/base/pages_test.c - lists that come page by page, and those that do
 * not come to an end. */
#include "t.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/pages.h"

static struct hc_pages pages;
static const char *why;

static int turn(const char *next)
{
    return hc_pages_turn(&pages, false, hc_str(next), &why);
}

static int turn_empty(const char *next)
{
    return hc_pages_turn(&pages, true, hc_str(next), &why);
}

static void saw(const char *item)
{
    CHECK_INT(hc_pages_saw(&pages, hc_str(item)), 0);
}

TEST(pages, a_list_ends_where_no_next_page_is_named)
{
    hc_pages_init(&pages, t_alloc());
    CHECK_INT(hc_pages_token(&pages).n, 0);
    saw("a");
    CHECK_INT(turn("t"), 0);
    CHECK_STR(hc_pages_token(&pages), "t");
    CHECK_INT(turn("u"), 0);
    CHECK_STR(hc_pages_token(&pages), "u");
    CHECK_INT(turn(""), 1);
    CHECK_INT(hc_pages_token(&pages).n, 0);
    hc_pages_fini(&pages);
}

TEST(pages, a_page_is_not_its_own_next_one)
{
    hc_pages_init(&pages, t_alloc());
    saw("a");
    CHECK_INT(turn("t"), 0);
    saw("b");
    CHECK_INT(turn("t"), HEADCOUNT_EANSWER);
    CHECK(strstr(why, "its own next") != NULL);
    hc_pages_fini(&pages);
}

TEST(pages, three_in_a_row_without_news_end_a_list_as_failed)
{
    static const char *const ring[] = { "p", "q", "r", "s", "t" };

    for (size_t n = 2; n <= 5; n += 3) {
        hc_pages_init(&pages, t_alloc());
        for (size_t i = 0; i < n; i++) {
            saw(ring[i]);
            CHECK_INT(turn(ring[i]), 0);
        }
        for (size_t i = 0; i < 2; i++) {
            saw(ring[i]);
            CHECK_INT(turn(ring[i]), 0);
        }
        saw(ring[0]);
        CHECK_INT(turn(ring[2 % n]), HEADCOUNT_EANSWER);
        CHECK(strstr(why, "to an end") != NULL);
        hc_pages_fini(&pages);
    }
}

TEST(pages, two_in_a_row_without_news_are_followed)
{
    hc_pages_init(&pages, t_alloc());
    for (int i = 0; i < 5; i++) {
        CHECK_INT(turn("a"), 0);
        CHECK_INT(turn("b"), 0);
        hc_pages_news(&pages);
        CHECK_INT(turn("c"), 0);
    }
    CHECK_INT(turn("a"), 0);
    CHECK_INT(turn("b"), 0);
    CHECK_INT(turn(""), 1);            /* the third, and the last */
    hc_pages_fini(&pages);
}

/* AWS filters what a page has after it was cut off: a long list of which
 * little is wanted is one of empty pages. */
TEST(pages, empty_ones_are_followed_as_long_as_their_tokens_are_new)
{
    char token[20];

    hc_pages_init(&pages, t_alloc());
    saw("a");
    for (size_t i = 0; i < 400; i++) {
        snprintf(token, sizeof(token), "%zu", i);
        CHECK_INT(turn_empty(token), 0);
    }
    saw("400");                        /* an item is no token */
    CHECK_INT(turn("400"), 0);
    CHECK_INT(turn_empty("7"), 0);     /* a ring begins */
    CHECK_INT(turn_empty("401"), 0);   /* this token is new, and no news */
    saw("a");
    CHECK_INT(turn("402"), 0);         /* this item is not */
    CHECK_INT(turn_empty("8"), HEADCOUNT_EANSWER);
    CHECK(strstr(why, "three pages in a row") != NULL);
    hc_pages_fini(&pages);
}

TEST(pages, a_list_has_an_end_even_if_each_page_brings_something)
{
    char token[20];

    hc_pages_init(&pages, t_alloc());
    for (size_t i = 1; i <= HC_PAGES_MAX; i++) {
        snprintf(token, sizeof(token), "%zu", i);
        saw(token);
        CHECK_INT(turn(token), i < HC_PAGES_MAX ? 0 : HEADCOUNT_EANSWER);
    }
    CHECK(strstr(why, "1000 pages") != NULL);
    hc_pages_reset(&pages);
    CHECK_INT(hc_pages_token(&pages).n, 0);
    saw("1");
    CHECK_INT(turn("a"), 0);
    hc_pages_fini(&pages);
}

/* A list that is read again, from its first page on. */
TEST(pages, after_a_reset_the_same_items_are_new)
{
    static const char *const tokens[] = { "p", "q", "r", "s" };

    hc_pages_init(&pages, t_alloc());
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < 4; i++) {
            saw(tokens[i]);
            CHECK_INT(turn(tokens[i]), 0);
        }
        hc_pages_reset(&pages);
    }
    hc_pages_fini(&pages);
}

TEST(pages, a_token_that_is_too_long_is_refused)
{
    static char token[(64 << 10) + 2];

    for (size_t i = 0; i < sizeof(token) - 1; i++)
        token[i] = 'x';
    hc_pages_init(&pages, t_alloc());
    saw("1");
    CHECK_INT(turn(token), HEADCOUNT_ELIMIT);
    hc_pages_fini(&pages);
}
