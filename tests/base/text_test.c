/* tests/base/text_test.c - hex, percent-encoding, UTF-8. */
#include "t.h"

#include <string.h>

#include "base/text.h"
#include "twice.h"

static struct hc_buf out_buf;

static struct hc_buf *fresh(void)
{
    hc_buf_fini(&out_buf);
    hc_buf_init(&out_buf, t_alloc(), 4096);
    return &out_buf;
}

TEST(text, what_a_terminal_does_not_show_is_known)
{
    static const char *const unseen[] = {
        "\x01", "\x1b", "\x7f", "\xc2\x80", "\xc2\x9b", "\xc2\xad",
        "\xd8\x9c", "\xe2\x80\x8b", "\xe2\x80\x8f", "\xe2\x80\xa8",
        "\xe2\x80\xa9", "\xe2\x80\xae", "\xe2\x81\xa0", "\xe2\x81\xa6",
        "\xe2\x81\xaf", "\xef\xbb\xbf", "\xf3\xa0\x80\xa0", "\x80", "\xff",
        "\xf0\x93\x90\xb0", "\xf0\x9b\xb2\xa0",
        "\xc0\x80", "\xed\xa0\x80", "",
    };
    static const char *const seen[] = {
        " ", "~", "\xc2\xa0", "\xc3\xa9", "\xe2\x82\xac", "\xe2\x80\x90",
        "\xe2\x80\xaf", "\xf0\x9f\x98\x80", "\xd7\x90",
    };

    for (size_t i = 0; i < sizeof(unseen) / sizeof(*unseen); i++)
        CHECK(!hc_text_is_seen(hc_text_code(hc_str(unseen[i]))));
    for (size_t i = 0; i < sizeof(seen) / sizeof(*seen); i++)
        CHECK(hc_text_is_seen(hc_text_code(hc_str(seen[i]))));
    CHECK_INT(hc_text_code(HC_STR("\xe2\x80\xae")), 0x202E);
    CHECK_INT(hc_text_code(HC_STR("\xf0\x9f\x98\x80")), 0x1F600);
}

TEST(text, hex_is_lower_case)
{
    struct hc_buf *b = fresh();

    hc_text_hex(b, "\x00\x7f\x80\xff\xAB", 5);
    CHECK_STR(hc_buf_view(b), "007f80ffab");
    hc_text_hex(b, "", 0);
    CHECK_STR(hc_buf_view(b), "007f80ffab");
    hc_text_hex(b, "x", SIZE_MAX / 2 + 1);
    CHECK_STR(hc_buf_view(b), "007f80ffab");
    hc_buf_fini(b);
}

TEST(text, hex_of_more_than_fits_is_an_error)
{
    struct hc_buf b;

    hc_buf_init(&b, t_alloc(), 3);
    hc_text_hex(&b, "ab", 2);
    CHECK_INT(hc_buf_error(&b), HEADCOUNT_ELIMIT);
    hc_buf_fini(&b);
}

TEST(text, percent_keeps_unreserved_and_what_is_named)
{
    struct hc_buf *b = fresh();

    hc_text_percent(b, HC_STR("AZaz09-._~/ +%\n\xC3\xA9*'\0"), "/");
    CHECK_STR(hc_buf_view(b), "AZaz09-._~/%20%2B%25%0A%C3%A9%2A%27%00");
    b = fresh();
    hc_text_percent(b, HC_STR("a/b"), "");
    hc_text_percent(b, HC_STR("/"), NULL);
    CHECK_STR(hc_buf_view(b), "a%2Fb%2F");
    hc_buf_fini(b);
}

TEST(text, percent_back)
{
    struct hc_buf *b = fresh();

    CHECK_INT(hc_text_unpercent(b, HC_STR("a%20%2f%2F+%c3%A9b")), 0);
    CHECK_STR(hc_buf_view(b), "a //+\xC3\xA9" "b");

    static const char *const wrong[] = { "%", "%2", "a%2g", "%g2", "%%20",
                                         "ok%" };

    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        b = fresh();
        hc_buf_lit(b, "kept");
        CHECK_INT(hc_text_unpercent(b, hc_str(wrong[i])), HEADCOUNT_ESYNTAX);
        CHECK_STR(hc_buf_view(b), "kept");
        CHECK_INT(hc_text_unpercent(b, hc_str_n(t_guard("%4", 2), 2)),
                  HEADCOUNT_ESYNTAX);
    }
    hc_buf_fini(b);
}

TEST(text, utf8_is_that_of_rfc_3629)
{
    static const struct {
        const char *bytes;
        bool ok;
    } cases[] = {
        { "", true },
        { "plain", true },
        { "\x7f", true },
        { "\xC2\x80", true },
        { "\xDF\xBF", true },
        { "\xE0\xA0\x80", true },
        { "\xED\x9F\xBF", true },
        { "\xEE\x80\x80", true },
        { "\xEF\xBF\xBF", true },
        { "\xF0\x90\x80\x80", true },
        { "\xF4\x8F\xBF\xBF", true },
        { "a\xE2\x82\xAC" "b", true },
        { "\x80", false },
        { "\xBF", false },
        { "\xC0\x80", false },
        { "\xC1\xBF", false },
        { "\xC2", false },
        { "\xC2\x41", false },
        { "\xC2\xC0", false },
        { "\xE0\x9F\xBF", false },
        { "\xE0\xA0", false },
        { "\xE1\x80\x41", false },
        { "\xED\xA0\x80", false },
        { "\xED\xBF\xBF", false },
        { "\xF0\x8F\xBF\xBF", false },
        { "\xF0\x90\x80", false },
        { "\xF4\x90\x80\x80", false },
        { "\xF5\x80\x80\x80", false },
        { "\xFE", false },
        { "\xFF", false }
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        size_t n = strlen(cases[i].bytes);
        const char *p = t_guard(cases[i].bytes, n);

        CHECK_INT(hc_text_is_utf8(hc_str_n(p, n)), cases[i].ok);
    }
}

TEST(text, the_length_of_a_sequence_is_told)
{
    CHECK_INT(hc_text_utf8_length(HC_STR("")), 0);
    CHECK_INT(hc_text_utf8_length(HC_STR("ab")), 1);
    CHECK_INT(hc_text_utf8_length(HC_STR("\xC3\xA9x")), 2);
    CHECK_INT(hc_text_utf8_length(HC_STR("\xE2\x82\xACx")), 3);
    CHECK_INT(hc_text_utf8_length(HC_STR("\xF0\x9F\x98\x80x")), 4);
    CHECK_INT(hc_text_utf8_length(HC_STR("\xF0\x9F\x98")), 0);
}

/* All of them: what is encoded is valid and no two are alike. */
TEST(text, every_code_point_is_encoded_as_valid_utf8)
{
    struct hc_str last = { NULL, 0 };
    char kept[4];

    for (uint32_t c = 0; c <= 0x10FFFF; c++) {
        char u[4];

        if (c >= 0xD800 && c <= 0xDFFF)
            continue;

        struct hc_str s = hc_str_n(u, hc_text_utf8(u, c));

        if (hc_text_utf8_length(s) != s.n || hc_str_cmp(last, s) >= 0)
            CHECK_INT(c, -1);
        memcpy(kept, u, s.n);
        last = hc_str_n(kept, s.n);
    }
    CHECK_STR(last, "\xF4\x8F\xBF\xBF");
}

static int encode_all(void)
{
    struct hc_buf b;

    hc_buf_init(&b, t_alloc(), 10000);
    for (int i = 0; i < 20; i++) {
        hc_text_hex(&b, "bytes", 5);
        hc_text_percent(&b, HC_STR("a b"), "");
        hc_text_unpercent(&b, HC_STR("a%20b"));
    }

    int err = hc_buf_error(&b);

    hc_buf_fini(&b);
    return err;
}

TEST(text, how_far_two_words_are_apart)
{
    char long_one[257];

    for (size_t i = 0; i < sizeof(twice_distances) / sizeof(*twice_distances);
         i++) {
        const struct twice_distance *row = &twice_distances[i];

        CHECK_INT(hc_text_distance(hc_str(row->a), hc_str(row->b)), row->far);
        CHECK_INT(hc_text_distance(hc_str(row->b), hc_str(row->a)), row->far);
    }
    CHECK_INT(hc_text_distance(hc_str("dryRun"), hc_str("dry_run")), 2);
    memset(long_one, 'a', sizeof long_one);
    CHECK_INT(hc_text_distance(hc_str_n(long_one, 255),
                               hc_str_n(long_one, 254)), 1);
    CHECK_INT(hc_text_distance(hc_str_n(long_one, 256), hc_str("a")),
              HC_TEXT_FAR);
}

TEST(text, every_allocation_may_fail)
{
    t_fails_every_allocation(encode_all);
}
