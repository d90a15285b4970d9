/* tests/base/str_test.c - borrowed bytes. */
#include "t.h"

#include "base/str.h"
#include "twice.h"

static const struct hc_str absent = { NULL, 0 };

TEST(str, a_copy_ends_where_its_room_does)
{
    char to[4] = "xyz";

    hc_str_copy(to, sizeof to, HC_STR("ab"));
    CHECK_Z(to, "ab");
    hc_str_copy(to, sizeof to, HC_STR("abcdef"));
    CHECK_Z(to, "abc");
    hc_str_copy(to, sizeof to, (struct hc_str){ NULL, 0 });
    CHECK_Z(to, "");
}

TEST(str, absent_equals_empty_everywhere)
{
    CHECK(hc_str(NULL).p == NULL);
    CHECK_INT(hc_str(NULL).n, 0);
    CHECK(hc_str_eq(absent, HC_STR("")));
    CHECK(hc_str_eqz(absent, ""));
    CHECK(hc_str_eqz(absent, NULL));
    CHECK(hc_str_eqi(absent, HC_STR("")));
    CHECK_INT(hc_str_cmp(absent, HC_STR("")), 0);
    CHECK(hc_str_starts(absent, absent));
    CHECK(hc_str_ends(absent, absent));
    CHECK_INT(hc_str_find(absent, 'x'), 0);
    CHECK_INT(hc_str_trim(absent).n, 0);
    CHECK_INT(hc_str_from(absent, 5).n, 0);
    CHECK(hc_str_glob(absent, absent));
}

TEST(str, compares_bytes)
{
    CHECK(hc_str_eq(HC_STR("ab"), hc_str("ab")));
    CHECK(!hc_str_eq(HC_STR("ab"), HC_STR("aB")));
    CHECK(!hc_str_eq(HC_STR("ab"), HC_STR("abc")));
    CHECK(hc_str_eq(HC_STR("a\0b"), hc_str_n("a\0b", 3)));
    CHECK(!hc_str_eq(HC_STR("a\0b"), HC_STR("a\0c")));
    CHECK(hc_str_eqi(HC_STR("Content-Length"), HC_STR("content-LENGTH")));
    CHECK(!hc_str_eqi(HC_STR("[a"), HC_STR("{a")));
    CHECK(!hc_str_eqi(HC_STR("a"), HC_STR("ab")));
    CHECK(hc_str_cmp(HC_STR("a"), HC_STR("b")) < 0);
    CHECK(hc_str_cmp(HC_STR("b"), HC_STR("a")) > 0);
    CHECK(hc_str_cmp(HC_STR("a"), HC_STR("ab")) < 0);
    CHECK(hc_str_cmp(HC_STR("ab"), HC_STR("a")) > 0);
    CHECK(hc_str_cmp(HC_STR("\x7f"), HC_STR("\x80")) < 0);
}

TEST(str, finds_starts_and_ends)
{
    CHECK(hc_str_starts(HC_STR("arn:aws"), HC_STR("arn:")));
    CHECK(!hc_str_starts(HC_STR("ar"), HC_STR("arn:")));
    CHECK(!hc_str_starts(HC_STR("xrn:"), HC_STR("arn:")));
    CHECK(hc_str_ends(HC_STR("a.com"), HC_STR(".com")));
    CHECK(!hc_str_ends(HC_STR("com"), HC_STR(".com")));
    CHECK(!hc_str_ends(HC_STR("a.org"), HC_STR(".com")));
    CHECK_INT(hc_str_find(HC_STR("abc"), 'c'), 2);
    CHECK_INT(hc_str_find(HC_STR("abc"), 'x'), 3);
}

TEST(str, is_one_of_a_list_of_words)
{
    CHECK(hc_str_is_word(HC_STR("PUT"), "GET PUT"));
    CHECK(hc_str_is_word(HC_STR("GET"), "GET PUT"));
    CHECK(!hc_str_is_word(HC_STR("put"), "GET PUT"));
    CHECK(!hc_str_is_word(HC_STR("PU"), "GET PUT"));
    CHECK(!hc_str_is_word(HC_STR("GET PUT"), "GET PUT"));
    CHECK(!hc_str_is_word(absent, "GET PUT"));
    CHECK(!hc_str_is_word(absent, ""));
    CHECK(hc_str_is_wordi(HC_STR("put"), "GET PUT"));
    CHECK(!hc_str_is_wordi(HC_STR("putt"), "GET PUT"));
}

TEST(str, next_of_texts_in_a_row)
{
    static const char texts[] = "a\0\0bc";
    const char *at = texts;

    CHECK_Z(hc_str_next(&at), "a");
    CHECK_Z(hc_str_next(&at), "");
    CHECK_Z(hc_str_next(&at), "bc");
    CHECK(at == texts + sizeof texts);
}

TEST(str, is_cut_at_separators)
{
    struct hc_str s = HC_STR("a:b::c");

    CHECK_STR(hc_str_cut(&s, ':'), "a");
    CHECK_STR(hc_str_cut(&s, ':'), "b");
    CHECK_STR(hc_str_cut(&s, ':'), "");
    CHECK_STR(s, "c");
    CHECK_STR(hc_str_cut(&s, ':'), "c");
    CHECK_INT(s.n, 0);
    CHECK_STR(hc_str_cut(&s, ':'), "");

    s = HC_STR("end:");
    CHECK_STR(hc_str_cut(&s, ':'), "end");
    CHECK_INT(s.n, 0);
}

TEST(str, is_trimmed_of_blanks_only)
{
    CHECK_STR(hc_str_trim(HC_STR(" \t a b\t ")), "a b");
    CHECK_STR(hc_str_trim(HC_STR(" \t ")), "");
    CHECK_STR(hc_str_trim(HC_STR("\na\r")), "\na\r");
    CHECK_STR(hc_str_from(HC_STR("abc"), 1), "bc");
    CHECK_STR(hc_str_from(HC_STR("abc"), 9), "");
}

TEST(str, decimal_numbers_are_whole_and_fit)
{
    static const struct {
        const char *text;
        bool ok;
        uint64_t want;
    } cases[] = {
        { "0", true, 0 },
        { "007", true, 7 },
        { "18446744073709551615", true, UINT64_MAX },
        { "18446744073709551616", false, 0 },
        { "28446744073709551615", false, 0 },
        { "99999999999999999999", false, 0 },
        { "", false, 0 },
        { "-1", false, 0 },
        { "+1", false, 0 },
        { " 1", false, 0 },
        { "1 ", false, 0 },
        { "0x1", false, 0 },
        { "1e3", false, 0 }
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        uint64_t v = 77;

        CHECK_INT(hc_str_u64(hc_str(cases[i].text), &v), cases[i].ok);
        CHECK(v == (cases[i].ok ? cases[i].want : 77));
    }
}

TEST(str, hex_numbers_fit)
{
    uint64_t v = 0;

    CHECK(hc_str_hex_u64(HC_STR("1aF"), &v));
    CHECK_INT(v, 0x1af);
    CHECK(hc_str_hex_u64(HC_STR("0000ffffffffffffffff"), &v));
    CHECK(v == UINT64_MAX);
    CHECK(!hc_str_hex_u64(HC_STR("10000000000000000"), &v));
    CHECK(!hc_str_hex_u64(HC_STR(""), &v));
    CHECK(!hc_str_hex_u64(HC_STR("g"), &v));
    CHECK(!hc_str_hex_u64(HC_STR("1\n"), &v));
}

TEST(str, globs)
{
    for (size_t i = 0; i < sizeof(twice_globs) / sizeof(*twice_globs); i++) {
        const struct twice_glob *row = &twice_globs[i];

        CHECK_INT(hc_str_glob(hc_str(row->pattern), hc_str(row->text)),
                  row->want);
    }
}

TEST(str, a_hostile_glob_is_not_slow)
{
    char pattern[2000], text[4000];

    for (size_t i = 0; i < sizeof(pattern); i++)
        pattern[i] = i % 2 == 0 ? '*' : 'a';
    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = 'a';
    text[sizeof(text) - 1] = 'b';
    CHECK(!hc_str_glob(hc_str_n(pattern, sizeof(pattern)),
                       hc_str_n(text, sizeof(text))));
}

/* The values of FNV's own test suite. */
TEST(str, a_hash_goes_on_where_the_text_before_ended)
{
    uint64_t foo = hc_str_hash(HC_STR_HASH, HC_STR("foo"));

    CHECK(hc_str_hash(HC_STR_HASH, HC_STR("")) == 0xcbf29ce484222325U);
    CHECK(hc_str_hash(HC_STR_HASH, HC_STR("a")) == 0xaf63dc4c8601ec8cU);
    CHECK(hc_str_hash(foo, HC_STR("bar")) == 0x85944171f73967e8U);
}

TEST(str, a_byte_order_mark_is_no_text)
{
    CHECK_STR(hc_str_unmarked(hc_str("\xef\xbb\xbf{}")), "{}");
    CHECK_STR(hc_str_unmarked(hc_str("\xef\xbb\xbf")), "");
    CHECK_STR(hc_str_unmarked(hc_str("{}\xef\xbb\xbf")), "{}\xef\xbb\xbf");
    CHECK_STR(hc_str_unmarked(hc_str("\xef\xbb")), "\xef\xbb");
    CHECK_STR(hc_str_unmarked(hc_str(NULL)), "");
}

TEST(str, nothing_is_read_beyond_the_end)
{
    char *p = t_guard("12 ", 3);
    uint64_t v;

    CHECK_STR(hc_str_trim(hc_str_n(p, 3)), "12");
    CHECK(hc_str_u64(hc_str_n(p, 2), &v));
    CHECK(hc_str_glob(HC_STR("12?"), hc_str_n(p, 3)));
    CHECK_INT(hc_str_find(hc_str_n(p, 3), 'x'), 3);
}
