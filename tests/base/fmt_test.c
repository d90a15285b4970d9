/* tests/base/fmt_test.c - the house's formatter. */
#include "t.h"

#include <limits.h>
#include <string.h>

#include "base/text.h"

/* Through a pointer, which has no format attribute: here stand formats that
 * the compiler would refuse. */
static size_t (*volatile fmt)(char *, size_t, const char *, ...) = hc_fmt;
static void (*volatile buf_fmt)(struct hc_buf *, const char *,
                                ...) = hc_buf_fmt;

#define CHECK_FMT(want, ...)                                                \
    do {                                                                    \
        char got[200];                                                      \
        size_t n = fmt(got, sizeof(got), __VA_ARGS__);                      \
                                                                            \
        CHECK_Z(got, (want));                                               \
        CHECK_INT(n, strlen(want));                                         \
    } while (0)

TEST(fmt, integers_of_every_size)
{
    CHECK_FMT("0 -1 2147483647", "%d %d %d", 0, -1, INT_MAX);
    CHECK_FMT("-2147483648", "%i", INT_MIN);
    CHECK_FMT("4294967295", "%u", UINT_MAX);
    CHECK_FMT("-9223372036854775808", "%ld", LONG_MIN);
    CHECK_FMT("18446744073709551615", "%lu", ULONG_MAX);
    CHECK_FMT("-9223372036854775808", "%lld", LLONG_MIN);
    CHECK_FMT("18446744073709551615", "%llu", ULLONG_MAX);
    CHECK_FMT("18446744073709551615", "%zu", SIZE_MAX);
    CHECK_FMT("7", "%zd", (size_t)7);
    CHECK_FMT("deadbeef 0", "%x %x", 0xDEADBEEFU, 0U);
    CHECK_FMT("ffffffffffffffff", "%llx", ULLONG_MAX);
}

TEST(fmt, widths)
{
    CHECK_FMT("07", "%02d", 7);
    CHECK_FMT("2024-01-09", "%04u-%02u-%02u", 2024U, 1U, 9U);
    CHECK_FMT("123", "%02d", 123);
    CHECK_FMT("-007", "%04d", -7);
    CHECK_FMT("  -7", "%4d", -7);
    CHECK_FMT("   7", "%4d", 7);
    CHECK_FMT("001f", "%04x", 31U);
}

TEST(fmt, strings)
{
    CHECK_FMT("a-b", "%s-%s", "a", "b");
    CHECK_FMT("abc", "%.*s", 3, "abcdef");
    CHECK_FMT("abc", "%.10s", "abc");
    CHECK_FMT("", "%.*s", 0, "abc");
    CHECK_FMT("", "%.s", "abc");
    CHECK_FMT("abc", "%.*s", -1, "abc");
    CHECK_FMT("(null)", "%s", (const char *)NULL);
    CHECK_FMT("x", "%c", 'x');
    CHECK_FMT("100%", "%d%%", 100);
    CHECK_FMT("", "%s", "");
}

TEST(fmt, a_precision_stops_before_memory_that_is_not_there)
{
    CHECK_FMT("abc", "%.*s", 3, t_guard("abc", 3));
}

TEST(fmt, control_characters_of_arguments_are_not_let_through)
{
    CHECK_FMT("a?b?c?d", "%s", "a\nb\rc\x1b" "d");
    CHECK_FMT("??", "%s", "\x01\x7f");
    CHECK_FMT("?", "%c", '\n');
    CHECK_FMT("\xC3\xA9\xC2\xA0\xC2", "%s", "\xC3\xA9\xC2\xA0\xC2");
    CHECK_FMT("a?31m?", "%s", "a\xC2\x9B" "31m\xC2\x80");
    CHECK_FMT("a\r\nb", "a\r\n%s", "b");
}

/* What was counted is a text of somebody's: a NUL in it hides nothing. */
TEST(fmt, a_nul_in_counted_bytes_is_shown)
{
    CHECK_FMT("a?b!", "%.*s!", 3, "a\0b");
    CHECK_FMT("a", "%.3s", "a\0b");
}

TEST(fmt, what_it_does_not_know_stands_as_it_is)
{
    CHECK_FMT("%q 5", "%q %d", 5);
    CHECK_FMT("%-5d", "%-5d");
    CHECK_FMT("%n", "%n");
    CHECK_FMT("%", "%");
    CHECK_FMT("%l", "%l");
    CHECK_FMT("%08.3f", "%08.3f");
}

TEST(fmt, is_cut_and_always_ended)
{
    char out[8];

    memset(out, 'z', sizeof(out));
    CHECK_INT(fmt(out, sizeof(out), "%s-%d", "abcdef", 12345), 7);
    CHECK_Z(out, "abcdef-");
    memset(out, 'z', sizeof(out));
    CHECK_INT(fmt(out, 4, "%06d", 1), 3);
    CHECK_MEM(out, 5, "000\0z");
    CHECK_INT(fmt(out, 1, "abc"), 0);
    CHECK_Z(out, "");
    out[0] = 'z';
    CHECK_INT(fmt(out, 0, "abc"), 0);
    CHECK_INT(out[0], 'z');
}

TEST(fmt, no_character_is_cut_in_half)
{
    static const char text[] = "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80z";
    static const size_t whole[] = { 0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11 };
    char out[16];

    for (size_t n = 0; n < sizeof(whole) / sizeof(*whole); n++)
        CHECK_INT(fmt(out, n + 1, "%s", text), whole[n]);
    /* what is no UTF-8 is not ours to judge */
    CHECK_INT(fmt(out, 4, "%s", "a\x82\x82\x82\x82"), 3);
}

TEST(fmt, a_huge_width_in_a_format_is_bounded)
{
    struct hc_buf b;

    hc_buf_init(&b, t_alloc(), 100000);
    buf_fmt(&b, "%099999999999d", 1);
    CHECK_INT(hc_buf_error(&b), 0);
    CHECK(b.n < 10000);
    hc_buf_fini(&b);
}

TEST(fmt, a_buf_is_not_cut_it_says_so)
{
    struct hc_buf b;

    hc_buf_init(&b, t_alloc(), 5);
    buf_fmt(&b, "%s", "abcdef");
    CHECK_INT(hc_buf_error(&b), HEADCOUNT_ELIMIT);
    hc_buf_fini(&b);
}
