/* tests/base/json_doc_test.c - slices as trees, and integers out of them. */
#include "t.h"

#include <string.h>

#include "base/json.h"

static struct hc_json_doc doc;
static struct headcount_error error;

static int load_n(struct hc_str text, size_t max_tokens)
{
    hc_error_reset(&error);
    return hc_json_doc_init(&doc, t_alloc(), text, max_tokens, &error);
}

static int load(const char *text)
{
    return load_n(hc_str_n(t_guard(text, strlen(text)), strlen(text)), 1000);
}

TEST(json_doc, members_and_elements_are_found)
{
    CHECK_INT(load(" {\"a\": [1, [2, {\"x\": 3}], {}], \"b\": {\"c\": null,"
                   " \"d\": \"s\"}, \"e\": true} "), 0);

    int a = hc_json_find(&doc, 0, "a");

    CHECK_INT(hc_json_kind(&doc, 0), KIND_OBJECT);
    CHECK_INT(hc_json_count(&doc, 0), 3);
    CHECK_INT(hc_json_kind(&doc, a), KIND_ARRAY);
    CHECK_INT(hc_json_count(&doc, a), 3);

    int v = hc_json_first(&doc, a);

    CHECK_STR(hc_json_raw(&doc, v), "1");
    v = hc_json_after(&doc, a, v);
    CHECK_STR(hc_json_raw(&doc, v), "[2, {\"x\": 3}]");
    v = hc_json_after(&doc, a, v);
    CHECK_STR(hc_json_raw(&doc, v), "{}");
    CHECK_INT(hc_json_after(&doc, a, v), -1);

    int b = hc_json_find(&doc, 0, "b");

    CHECK_INT(hc_json_kind(&doc, hc_json_find(&doc, b, "c")), KIND_NULL);
    CHECK(hc_json_is(&doc, hc_json_find(&doc, b, "d"), "s"));
    CHECK_INT(hc_json_find(&doc, 0, "c"), -1);
    CHECK_INT(hc_json_find(&doc, 0, "x"), -1);

    int key = hc_json_first(&doc, 0);

    CHECK_STR(hc_json_raw(&doc, key), "a");
    CHECK_INT(hc_json_value(&doc, key), a);
    key = hc_json_after(&doc, 0, key);
    CHECK_STR(hc_json_raw(&doc, key), "b");
    key = hc_json_after(&doc, 0, key);
    CHECK_STR(hc_json_raw(&doc, key), "e");
    CHECK_INT(hc_json_after(&doc, 0, key), -1);
    hc_json_doc_fini(&doc);
}

TEST(json_doc, a_name_is_found_in_any_case)
{
    CHECK_INT(load("{\"Code\":1,\"CODE\":2,\"code\":{\"x\":3}}"), 0);
    CHECK_STR(hc_json_raw(&doc, hc_json_find_any(&doc, 0, HC_STR("cOde"))),
              "{\"x\":3}");
    CHECK_INT(hc_json_find_any(&doc, 0, HC_STR("cod")), -1);
    CHECK_INT(hc_json_find_any(&doc, 0, HC_STR("x")), -1);
    CHECK_INT(hc_json_find_any(&doc, 1, HC_STR("x")), -1);
    CHECK_INT(hc_json_find_any(&doc, -1, HC_STR("x")), -1);
    hc_json_doc_fini(&doc);
}

TEST(json_doc, absent_is_answered_with_absent)
{
    struct hc_buf b;
    int64_t n = 7;
    bool yes = false;

    CHECK_INT(load("{\"a\":\"s\",\"o\":{},\"l\":[]}"), 0);
    hc_buf_init(&b, t_alloc(), 10);

    static const int none[] = { -1, -100, 8, 1000000 };

    for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++) {
        CHECK_INT(hc_json_kind(&doc, none[i]), KIND_NONE);
        CHECK_INT(hc_json_find(&doc, none[i], "a"), -1);
        CHECK_INT(hc_json_count(&doc, none[i]), 0);
        CHECK_INT(hc_json_first(&doc, none[i]), -1);
        CHECK_INT(hc_json_after(&doc, none[i], 1), -1);
        CHECK_INT(hc_json_after(&doc, 0, none[i]), -1);
        CHECK_INT(hc_json_value(&doc, none[i]), -1);
        CHECK(hc_json_raw(&doc, none[i]).p == NULL);
        CHECK_INT(hc_json_string(&doc, none[i], &b), HEADCOUNT_ESYNTAX);
        CHECK(!hc_json_is(&doc, none[i], ""));
        CHECK(!hc_json_int(&doc, none[i], &n));
        CHECK(!hc_json_bool(&doc, none[i], &yes));
    }
    CHECK_INT(hc_json_value(&doc, hc_json_find(&doc, 0, "a")), -1);
    CHECK_INT(hc_json_value(&doc, 0), -1);
    CHECK_INT(hc_json_find(&doc, hc_json_find(&doc, 0, "l"), "a"), -1);
    CHECK_INT(hc_json_first(&doc, hc_json_find(&doc, 0, "o")), -1);
    CHECK_INT(hc_json_first(&doc, hc_json_find(&doc, 0, "a")), -1);
    CHECK_INT(hc_json_after(&doc, hc_json_find(&doc, 0, "a"), 3), -1);
    CHECK_INT(b.n, 0);
    hc_json_doc_fini(&doc);
    hc_json_doc_fini(&doc);
    CHECK_INT(hc_json_kind(&doc, 0), KIND_NONE);
}

TEST(json_doc, the_last_of_equal_keys_is_found)
{
    int64_t n = 0;

    CHECK_INT(load("{\"a\":1,\"b\":{\"a\":9},\"\\u0061\":2}"), 0);
    CHECK(hc_json_int(&doc, hc_json_find(&doc, 0, "a"), &n));
    CHECK_INT(n, 2);
    hc_json_doc_fini(&doc);
}

TEST(json_doc, strings_are_decoded)
{
    static const struct {
        const char *json;
        struct hc_str want;
    } cases[] = {
        { "\"\"", { "", 0 } },
        { "\"plain\"", { "plain", 5 } },
        { "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", { "\"\\/\b\f\n\r\t", 8 } },
        { "\"a\\u0000b\"", { "a\0b", 3 } },
        { "\"\\u00e9\\u20AC\\uD83D\\uDE00!\"",
          { "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80!", 10 } },
        { "\"\xC3\xA9\"", { "\xC3\xA9", 2 } },
        { " \"\\u0041\\u0042\" ", { "AB", 2 } }
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct hc_buf b;

        hc_buf_init(&b, t_alloc(), 100);
        CHECK_INT(load(cases[i].json), 0);
        CHECK_INT(hc_json_kind(&doc, 0), KIND_STRING);
        CHECK_INT(hc_json_string(&doc, 0, &b), 0);
        CHECK(hc_str_eq(hc_buf_view(&b), cases[i].want));
        CHECK(!hc_json_is(&doc, 0, "other"));
        if (memchr(cases[i].want.p, '\0', cases[i].want.n) == NULL)
            CHECK(hc_json_is(&doc, 0, hc_buf_z(&b)));
        hc_json_doc_fini(&doc);
        hc_buf_fini(&b);
    }
}

TEST(json_doc, a_string_is_equal_only_as_a_whole)
{
    CHECK_INT(load("[\"ab\",\"a\\nb\",12,\"a\\u0000\"]"), 0);
    CHECK(hc_json_is(&doc, 1, "ab"));
    CHECK(!hc_json_is(&doc, 1, "a"));
    CHECK(!hc_json_is(&doc, 1, "abc"));
    CHECK(!hc_json_is(&doc, 1, ""));
    CHECK(hc_json_is(&doc, 2, "a\nb"));
    CHECK(!hc_json_is(&doc, 2, "a\\nb"));
    CHECK(!hc_json_is(&doc, 2, "a\n"));
    CHECK(!hc_json_is(&doc, 3, "12"));
    CHECK(!hc_json_is(&doc, 4, "a"));
    hc_json_doc_fini(&doc);
}

TEST(json_doc, a_decoded_string_that_does_not_fit_is_an_error)
{
    struct hc_buf b;

    hc_buf_init(&b, t_alloc(), 3);
    CHECK_INT(load("\"abcd\""), 0);
    CHECK_INT(hc_json_string(&doc, 0, &b), HEADCOUNT_ELIMIT);
    hc_json_doc_fini(&doc);
    hc_buf_fini(&b);
}

TEST(json_doc, booleans_and_kinds)
{
    bool yes = false;

    CHECK_INT(load("[true,false,null,0,\"true\"]"), 0);
    CHECK(hc_json_bool(&doc, 1, &yes) && yes);
    CHECK(hc_json_bool(&doc, 2, &yes) && !yes);
    CHECK(!hc_json_bool(&doc, 3, &yes));
    CHECK(!hc_json_bool(&doc, 4, &yes));
    CHECK(!hc_json_bool(&doc, 5, &yes));
    CHECK_INT(hc_json_kind(&doc, 1), KIND_BOOL);
    CHECK_INT(hc_json_kind(&doc, 3), KIND_NULL);
    CHECK_INT(hc_json_kind(&doc, 4), KIND_NUMBER);
    CHECK_INT(hc_json_kind(&doc, 5), KIND_STRING);
    hc_json_doc_fini(&doc);
}

TEST(json_doc, enums_and_numbers_may_be_the_root)
{
    int64_t n = 0;

    CHECK_INT(load("-12"), 0);
    CHECK(hc_json_int(&doc, 0, &n));
    CHECK_INT(n, -12);
    hc_json_doc_fini(&doc);
    CHECK_INT(load("\t true\r\n"), 0);
    CHECK_INT(hc_json_kind(&doc, 0), KIND_BOOL);
    CHECK_STR(hc_json_raw(&doc, 0), "true");
    CHECK_INT(hc_json_after(&doc, 0, 0), -1);
    hc_json_doc_fini(&doc);
    CHECK_INT(load("null"), 0);
    CHECK_INT(hc_json_kind(&doc, 0), KIND_NULL);
    hc_json_doc_fini(&doc);
}

/* What jsmn alone would accept (or refuse for no reason). */
TEST(json_doc, what_is_not_json_is_refused_before_jsmn)
{
    static const struct {
        const char *text;
        int code;
    } cases[] = { { "", HEADCOUNT_ESYNTAX },
                  { " ", HEADCOUNT_ESYNTAX },
                  { "{\"a\"}", HEADCOUNT_ESYNTAX },
                  { "[1,,3]", HEADCOUNT_ESYNTAX },
                  { "{\"a\":1,}", HEADCOUNT_ESYNTAX },
                  { "{\"a\":\"b\":\"c\"}", HEADCOUNT_ESYNTAX },
                  { "[01]", HEADCOUNT_ESYNTAX },
                  { "[truth]", HEADCOUNT_ESYNTAX },
                  { "{} {}", HEADCOUNT_ESYNTAX },
                  { "[\"\n\"]", HEADCOUNT_ESYNTAX },
                  { "{1:2}", HEADCOUNT_ESYNTAX },
                  { "[\"\\ud800\"]", HEADCOUNT_ESYNTAX },
                  { "{\"a\":", HEADCOUNT_ETRUNCATED },
                  { "[1", HEADCOUNT_ETRUNCATED },
                  { "\"a", HEADCOUNT_ETRUNCATED },
                  { "tru", HEADCOUNT_ETRUNCATED },
                  { "-", HEADCOUNT_ETRUNCATED } };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        CHECK_INT(load(cases[i].text), cases[i].code);
        CHECK_INT(error.code, cases[i].code);
        CHECK(strlen(error.what) > 10);
        CHECK_INT(doc.n, 0);
        CHECK_INT(hc_json_find(&doc, 0, "a"), -1);
    }
}

TEST(json_doc, tokens_and_bytes_are_bounded)
{
    struct hc_str text = HC_STR("{\"a\":[1,2],\"b\":3}");

    CHECK_INT(load_n(text, 7), 0);
    CHECK_INT(doc.n, 7);
    hc_json_doc_fini(&doc);
    CHECK_INT(load_n(text, 6), HEADCOUNT_ELIMIT);
    CHECK(strstr(error.what, "7 keys and values") != NULL);
    CHECK_INT(load_n(hc_str_n("", HC_JSON_DOC + 1), 10), HEADCOUNT_ELIMIT);
    CHECK_INT(load_n(HC_STR("0"), 0), HEADCOUNT_ELIMIT);
}

TEST(json_doc, depth_is_bounded)
{
    char text[2 * HC_JSON_DEPTH + 2];

    memset(text, '[', HC_JSON_DEPTH + 1);
    memset(text + HC_JSON_DEPTH + 1, ']', HC_JSON_DEPTH + 1);
    CHECK_INT(load_n(hc_str_n(text, sizeof(text)), 1000), HEADCOUNT_ELIMIT);
    CHECK_INT(load_n(hc_str_n(text + 1, sizeof(text) - 2), 1000), 0);
    CHECK_INT(doc.n, HC_JSON_DEPTH);
    hc_json_doc_fini(&doc);
}

/* Quadratic would be 10^9 steps here. */
TEST(json_doc, a_flat_object_of_forty_thousand_keys_is_linear)
{
    struct hc_buf b;
    int64_t n = 0;
    int keys = 0;

    hc_buf_init(&b, t_alloc(), 1 << 20);
    hc_buf_chr(&b, '{');
    for (int i = 0; i < 40000; i++)
        hc_buf_fmt(&b, "%s\"k%d\":[%d]", i > 0 ? "," : "", i, i);
    hc_buf_chr(&b, '}');
    CHECK_INT(load_n(hc_buf_view(&b), 200000), 0);
    CHECK_INT(hc_json_count(&doc, 0), 40000);

    int v = hc_json_find(&doc, 0, "k39999");

    CHECK(hc_json_int(&doc, hc_json_first(&doc, v), &n));
    CHECK_INT(n, 39999);
    for (int k = hc_json_first(&doc, 0); k >= 0; k = hc_json_after(&doc, 0, k))
        keys++;
    CHECK_INT(keys, 40000);
    hc_json_doc_fini(&doc);
    hc_buf_fini(&b);
}

TEST(json_doc, integers_are_exact_or_refused)
{
    static const struct {
        const char *text;
        bool ok;
        int64_t want;
    } cases[] = {
        { "0", true, 0 }, { "-0", true, 0 }, { "0.0", true, 0 },
        { "0e99999999999", true, 0 }, { "5", true, 5 }, { "-5", true, -5 },
        { "1.0", true, 1 }, { "1e2", true, 100 }, { "1E+2", true, 100 },
        { "1.5e1", true, 15 }, { "1.5", false, 0 }, { "0.1", false, 0 },
        { "100e-2", true, 1 }, { "10e-2", false, 0 }, { "1e-1", false, 0 },
        { "0.001e3", true, 1 }, { "1.50", false, 0 }, { "2.000", true, 2 },
        { "9223372036854775807", true, INT64_MAX },
        { "9223372036854775808", false, 0 },
        { "-9223372036854775808", true, INT64_MIN },
        { "-9223372036854775809", false, 0 },
        { "9223372036854775807.000", true, INT64_MAX },
        { "92233720368547758070e-1", true, INT64_MAX },
        { "18446744073709551616", false, 0 },
        { "18446744073709551617", false, 0 },
        { "36893488147419103233", false, 0 },
        { "1e18", true, 1000000000000000000 }, { "1e19", false, 0 },
        { "1e400", false, 0 }, { "1e-400", false, 0 },
        { "1e99999999999999999999", false, 0 },
        { "1000000000000000000000e-21", true, 1 },
        { "0.0000000000000000000000000000012e31", true, 12 },
        { "", false, 0 }, { "-", false, 0 }, { "1.", false, 0 },
        { ".5", false, 0 }, { "1e", false, 0 }, { "1e+", false, 0 },
        { "1x", false, 0 }, { "1e2x", false, 0 }, { "+1", false, 0 },
        { "1.0e1.0", false, 0 }
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        int64_t v = 77;
        size_t n = strlen(cases[i].text);
        bool ok = hc_json_number_int(hc_str_n(t_guard(cases[i].text, n), n),
                                     &v);

        if (ok != cases[i].ok || v != (ok ? cases[i].want : 77))
            CHECK_Z(cases[i].text, "read as it stands in the table");
    }
}

static int load_and_decode(void)
{
    struct hc_buf b;

    hc_buf_init(&b, t_alloc(), 1000);

    int err = load_n(HC_STR("[{\"a\":\"text\\n\"},[1,2,3]]"), 100);

    if (err == 0)
        err = hc_json_string(&doc, 3, &b);
    hc_json_doc_fini(&doc);
    hc_buf_fini(&b);
    return err;
}

TEST(json_doc, every_allocation_may_fail)
{
    t_fails_every_allocation(load_and_decode);
}
