/* tests/base/json_put_test.c - what is written is always valid JSON. */
#include "t.h"

#include <string.h>

#include "base/json.h"

static struct hc_buf out;

static struct hc_buf *begin(void)
{
    hc_buf_init(&out, t_alloc(), 1 << 20);
    return &out;
}

/* Ends what begin() began: its text must be `want`. */
static void end_as(const char *want)
{
    CHECK_INT(hc_buf_error(&out), 0);
    CHECK_STR(hc_buf_view(&out), want);
    hc_buf_fini(&out);
}

TEST(json_put, strings_are_escaped)
{
    static const struct {
        struct hc_str text;
        const char *want;
    } cases[] = {
        { { NULL, 0 }, "\"\"" },
        { { "", 0 }, "\"\"" },
        { { "plain", 5 }, "\"plain\"" },
        { { "a\"b\\c/", 6 }, "\"a\\\"b\\\\c/\"" },
        { { "\b\f\n\r\t", 5 }, "\"\\b\\f\\n\\r\\t\"" },
        { { "\0\x01\x1f\x7f", 4 }, "\"\\u0000\\u0001\\u001f\\u007f\"" },
        { { "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80", 9 },
          "\"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\"" },
        { { "a\xFF" "b", 3 }, "\"a\xEF\xBF\xBD" "b\"" },
        { { "\xC3", 1 }, "\"\xEF\xBF\xBD\"" },
        { { "\xED\xA0\x80", 3 },
          "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"" },
        { { "\xC0\x80\n", 3 }, "\"\xEF\xBF\xBD\xEF\xBF\xBD\\n\"" }
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        hc_json_put_str(begin(), cases[i].text);
        end_as(cases[i].want);
    }
}

TEST(json_put, what_is_not_seen_is_escaped)
{
    struct hc_buf b;

    hc_buf_init(&b, t_alloc(), 1000);
    hc_json_put_str(&b, HC_STR("a\xe2\x80\xae" "b\xc2\x9b\xf3\xa0\x81\x81"
                               "\xf3\xa0\xbf\xbf\xe2\x80\xa8\xc3\xa9\x9b"));
    CHECK_Z(hc_buf_z(&b), "\"a\\u202eb\\u009b\\udb40\\udc41\\udb43\\udfff"
            "\\u2028\xc3\xa9\xef\xbf\xbd\"");
    hc_buf_fini(&b);
}

TEST(json_put, commas_stand_where_they_are_due)
{
    struct hc_buf *b = begin();

    hc_json_put_comma(b);
    hc_buf_chr(b, '{');
    hc_json_put_member(b, "a", HC_STR("x"));
    hc_json_put_member_int(b, "b", -5);
    hc_json_put_comma(b);
    hc_json_put_key(b, "c\n");
    hc_json_put_comma(b);
    hc_buf_chr(b, '[');
    hc_json_put_comma(b);
    hc_json_put_str(b, HC_STR("{"));
    hc_json_put_comma(b);
    hc_json_put_str(b, HC_STR("["));
    hc_buf_lit(b, "]");
    hc_json_put_member_int(b, "d", INT64_MIN);
    hc_buf_chr(b, '}');
    end_as("{\"a\":\"x\",\"b\":-5,\"c\\n\":[\"{\",\"[\"],"
           "\"d\":-9223372036854775808}");
}

TEST(json_put, any_bytes_come_out_valid)
{
    unsigned seed = 1;

    for (int round = 0; round < 300; round++) {
        char bytes[40];
        struct hc_json_doc d;
        struct headcount_error e = { 0 };

        for (size_t i = 0; i < sizeof(bytes); i++) {
            seed = seed * 1103515245U + 12345U;
            bytes[i] = (char)(unsigned char)(seed >> 16 & 0xFF);
        }
        hc_json_put_str(begin(), hc_str_n(t_guard(bytes, sizeof(bytes)),
                                          sizeof(bytes)));
        CHECK_INT(hc_json_doc_init(&d, t_alloc(), hc_buf_view(&out), 1, &e),
                  0);
        hc_json_doc_fini(&d);
        hc_buf_fini(&out);
    }
}

static int write_some(void)
{
    struct hc_buf *b = begin();

    for (int i = 0; i < 30; i++) {
        hc_json_put_member(b, "key", HC_STR("\x01\xFF value"));
        hc_json_put_member_int(b, "n", i);
    }

    int err = hc_buf_error(b);

    hc_buf_fini(b);
    return err;
}

TEST(json_put, every_allocation_may_fail)
{
    t_fails_every_allocation(write_some);
}
