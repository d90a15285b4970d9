/* tests/base/json_test.c - the reader: one table of texts, each read whole, at
 * every split and byte by byte; then its bounds, skip and take.
 *
 * Events are told as a line:  { } [ ]  key:  'string'  number;  t f n  .
 * ('.' is JSON_DONE; a number as the root, which has no event, is =number).
 */
#include "t.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"

struct reading {
    struct hc_json j;
    struct hc_buf told;
    struct headcount_error e;
    int code;
};

static void tell_text(struct reading *r, const char *before, const char *after)
{
    hc_buf_text(&r->told, before);
    hc_buf_str(&r->told, hc_json_text(&r->j));
    hc_buf_text(&r->told, after);
}

static void tell(struct reading *r, enum hc_json_event event)
{
    switch (event) {
    case JSON_OBJECT:     hc_buf_chr(&r->told, '{');   break;
    case JSON_OBJECT_END: hc_buf_chr(&r->told, '}');   break;
    case JSON_ARRAY:      hc_buf_chr(&r->told, '[');   break;
    case JSON_ARRAY_END:  hc_buf_chr(&r->told, ']');   break;
    case JSON_KEY:        tell_text(r, "", ":");       break;
    case JSON_STRING:     tell_text(r, "'", "'");      break;
    case JSON_NUMBER:     tell_text(r, "", ";");       break;
    case JSON_TRUE:       hc_buf_chr(&r->told, 't');   break;
    case JSON_FALSE:      hc_buf_chr(&r->told, 'f');   break;
    case JSON_NULL:       hc_buf_chr(&r->told, 'n');   break;
    case JSON_DONE:       hc_buf_chr(&r->told, '.');   break;
    case JSON_MORE:       break;
    }
}

static void begin_with(struct reading *r, uint64_t max_bytes,
                       unsigned max_depth, size_t max_text)
{
    memset(r, 0, sizeof(*r));
    hc_json_init(&r->j, t_alloc(), max_bytes, max_depth, max_text);
    hc_buf_init(&r->told, t_alloc(), 1 << 20);
}

static void begin(struct reading *r)
{
    begin_with(r, 1 << 20, HC_JSON_DEPTH, 1000);
}

static void fini(struct reading *r)
{
    hc_json_fini(&r->j);
    hc_buf_fini(&r->told);
}

/* Every event of this piece. */
static void feed(struct reading *r, struct hc_str piece)
{
    while (r->code >= 0) {
        r->code = hc_json_next(&r->j, &piece, &r->e);
        if (r->code == JSON_MORE) {
            CHECK_INT(piece.n, 0);
            return;
        }
        if (r->code > 0)
            tell(r, (enum hc_json_event)r->code);
    }
}

static void finish(struct reading *r)
{
    if (r->code < 0)
        return;
    r->code = hc_json_end(&r->j, &r->e);
    if (r->code == 0 &&
        (r->told.n == 0 || r->told.p[r->told.n - 1] != '.'))
        tell_text(r, "=", "");
}

/* A copy of its own, so that a read beyond the piece is seen. */
static void feed_alone(struct reading *r, const char *p, size_t n)
{
    char *copy = malloc(n + 1);

    CHECK(copy != NULL);
    memcpy(copy + 1, p, n);
    feed(r, hc_str_n(copy + 1, n));
    free(copy);
}

static void read_whole(struct reading *r, struct hc_str text)
{
    feed(r, hc_str_n(t_guard(text.p, text.n), text.n));
    finish(r);
}

static void read_cut(struct reading *r, struct hc_str text, size_t cut)
{
    feed_alone(r, text.p, cut);
    feed_alone(r, text.p + cut, text.n - cut);
    finish(r);
}

static void read_bytes(struct reading *r, struct hc_str text)
{
    for (size_t i = 0; i < text.n; i++)
        feed_alone(r, text.p + i, 1);
    finish(r);
}

struct row {
    const char *name;
    struct hc_str text;
    const char *told;       /* y_: all events; n_: not looked at */
    int code;
    unsigned at;            /* the byte an error is told at      */
};

#define Y(name, text, told) { name, { text, sizeof(text) - 1 }, told, 0, 0 }
#define N(name, text, at)                                                   \
    { name, { text, sizeof(text) - 1 }, NULL, HEADCOUNT_ESYNTAX, at }
/* Ends too early, at its end. */
#define T(name, text)                                                          \
    {                                                                          \
        name, { text, sizeof(text) - 1 }, NULL, HEADCOUNT_ETRUNCATED,          \
            sizeof(text) - 1                                                   \
    }

static const struct row rows[] = {
    /* structure */
    Y("y_array_empty", "[]", "[]."),
    Y("y_object_empty", "{}", "{}."),
    Y("y_array_one", "[1]", "[1;]."),
    Y("y_array_many", "[1,\"a\",true,false,null,{},[]]",
      "[1;'a'tfn{}[]]."),
    Y("y_array_nested", "[[[[1]],2]]", "[[[[1;]]2;]]."),
    Y("y_array_of_objects", "[{\"a\":1},{\"b\":2}]", "[{a:1;}{b:2;}]."),
    Y("y_object_one", "{\"a\":1}", "{a:1;}."),
    Y("y_object_many", "{\"a\":1,\"b\":\"x\",\"c\":null}",
      "{a:1;b:'x'c:n}."),
    Y("y_object_nested", "{\"a\":{\"b\":{\"c\":[]}}}", "{a:{b:{c:[]}}}."),
    Y("y_object_key_empty", "{\"\":0}", "{:0;}."),
    Y("y_object_key_twice", "{\"a\":1,\"a\":2}", "{a:1;a:2;}."),
    Y("y_object_key_escaped", "{\"\\u0061\\n\":1}", "{a\n:1;}."),
    Y("y_object_after_array", "{\"a\":[1,2],\"b\":[3]}",
      "{a:[1;2;]b:[3;]}."),
    Y("y_mixed_closing", "[{\"a\":[{\"b\":[]}]}]", "[{a:[{b:[]}]}]."),
    /* white space */
    Y("y_space_around", " [ 1 , 2 ] ", "[1;2;]."),
    Y("y_space_all_kinds", "\t\r\n {\t\"a\"\r:\n1 ,\"b\" :2\n}\t\r\n ",
      "{a:1;b:2;}."),
    Y("y_space_in_empty", "[ \n]", "[]."),
    Y("y_space_in_empty_object", "{\t}", "{}."),
    /* roots that are no containers */
    Y("y_root_string", "\"a\"", "'a'."),
    Y("y_root_true", "true", "t."),
    Y("y_root_false", "false ", "f."),
    Y("y_root_null", " null", "n."),
    Y("y_root_number_space", "12 ", "12;."),
    Y("y_root_number", "12", "=12"),
    Y("y_root_number_zero", "0", "=0"),
    Y("y_root_number_exp", "-1.5e+10", "=-1.5e+10"),
    /* numbers */
    Y("y_number_zero", "[0]", "[0;]."),
    Y("y_number_minus_zero", "[-0]", "[-0;]."),
    Y("y_number_minus", "[-1]", "[-1;]."),
    Y("y_number_digits", "[1234567890]", "[1234567890;]."),
    Y("y_number_fraction", "[0.5,1.25,-3.000]", "[0.5;1.25;-3.000;]."),
    Y("y_number_exponent", "[1e1,1E1,1e+1,1e-1,0e0,0E-00]",
      "[1e1;1E1;1e+1;1e-1;0e0;0E-00;]."),
    Y("y_number_all", "[-12.340e-05]", "[-12.340e-05;]."),
    Y("y_number_huge", "[123456789012345678901234567890e400]",
      "[123456789012345678901234567890e400;]."),
    Y("y_number_before_brace", "{\"a\":1}", "{a:1;}."),
    Y("y_number_before_space", "[1 ]", "[1;]."),
    Y("y_number_epoch", "[1700000000.123]", "[1700000000.123;]."),
    /* strings */
    Y("y_string_empty", "[\"\"]", "['']."),
    Y("y_string_long", "[\"abcdefghijklmnopqrstuvwxyz0123456789\"]",
      "['abcdefghijklmnopqrstuvwxyz0123456789']."),
    Y("y_string_space", "[\" \"]", "[' ']."),
    Y("y_string_simple_escapes", "[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"]",
      "['\"\\/\b\f\n\r\t']."),
    Y("y_string_escape_between", "[\"ab\\ncd\\nef\"]", "['ab\ncd\nef']."),
    Y("y_string_slash", "[\"a/b\"]", "['a/b']."),
    Y("y_string_del", "[\"\x7f\"]", "['\x7f']."),
    Y("y_string_u_ascii", "[\"\\u0041\\u007a\"]", "['Az']."),
    Y("y_string_u_control", "[\"\\u000a\\u001F\"]", "['\n\x1f']."),
    Y("y_string_u_two", "[\"\\u00e9\\u07FF\"]", "['\xC3\xA9\xDF\xBF']."),
    Y("y_string_u_three", "[\"\\u20ac\\uFFFF\"]",
      "['\xE2\x82\xAC\xEF\xBF\xBF']."),
    Y("y_string_u_bounds", "[\"\\u0080\\u0800\\ud7ff\\ue000\"]",
      "['\xC2\x80\xE0\xA0\x80\xED\x9F\xBF\xEE\x80\x80']."),
    Y("y_string_u_pair", "[\"\\ud83d\\ude00\"]", "['\xF0\x9F\x98\x80']."),
    Y("y_string_u_pair_first", "[\"\\uD800\\uDC00\"]",
      "['\xF0\x90\x80\x80']."),
    Y("y_string_u_pair_last", "[\"\\uDBFF\\uDFFF\"]",
      "['\xF4\x8F\xBF\xBF']."),
    Y("y_string_u_pair_between", "[\"a\\uD83D\\uDE00b\"]",
      "['a\xF0\x9F\x98\x80" "b']."),
    Y("y_string_two_pairs", "[\"\\uD83D\\uDE00\\uD83D\\uDE01\"]",
      "['\xF0\x9F\x98\x80\xF0\x9F\x98\x81']."),
    Y("y_string_u_escaped_backslash", "[\"\\\\u0041\"]", "['\\u0041']."),
    Y("y_string_u_bom", "[\"\\uFEFF\"]", "['\xEF\xBB\xBF']."),
    Y("y_string_utf8_two", "[\"\xC2\x80\xDF\xBF\"]",
      "['\xC2\x80\xDF\xBF']."),
    Y("y_string_utf8_three",
      "[\"\xE0\xA0\x80\xED\x9F\xBF\xEE\x80\x80\xEF\xBF\xBF\"]",
      "['\xE0\xA0\x80\xED\x9F\xBF\xEE\x80\x80\xEF\xBF\xBF']."),
    Y("y_string_utf8_four", "[\"\xF0\x90\x80\x80\xF4\x8F\xBF\xBF\"]",
      "['\xF0\x90\x80\x80\xF4\x8F\xBF\xBF']."),
    Y("y_string_utf8_mixed", "[\"na\xC3\xAFve \xE2\x82\xAC 5\"]",
      "['na\xC3\xAFve \xE2\x82\xAC 5']."),
    Y("y_string_utf8_after_escape", "[\"\\n\xC3\xA9\\t\"]",
      "['\n\xC3\xA9\t']."),
    Y("y_string_like_json", "[\"{[,:]}\"]", "['{[,:]}']."),
    Y("y_key_utf8", "{\"\xC3\xA9\":1}", "{\xC3\xA9:1;}."),
    Y("y_string_line_separators", "[\"\xE2\x80\xA8\xE2\x80\xA9\"]",
      "['\xE2\x80\xA8\xE2\x80\xA9']."),
    Y("y_string_eight_then_quote", "[\"12345678\",\"1234567\"]",
      "['12345678''1234567']."),

    /* nothing */
    N("n_empty", "", 0),
    N("n_only_space", " \n\t", 3),
    N("n_bom", "\xEF\xBB\xBF{}", 0),
    N("n_nul", "\0", 0),
    N("n_utf16", "[\0]\0", 1),
    N("n_html", "<html>", 0),
    N("n_comment", "/* */[]", 0),
    N("n_comment_in", "[1/* */]", 2),
    N("n_single_quote", "['a']", 1),
    N("n_form_feed", "[\f1]", 1),
    N("n_no_break_space", "[\xC2\xA0]", 1),
    N("n_vertical_tab", "\v[]", 0),
    /* arrays */
    T("n_array_open", "["),
    T("n_array_open_value", "[1"),
    T("n_array_open_comma", "[1,"),
    T("n_array_open_nested", "[[[]"),
    N("n_array_close_only", "]", 0),
    N("n_array_comma_only", "[,]", 1),
    N("n_array_comma_first", "[,1]", 1),
    N("n_array_comma_last", "[1,]", 3),
    N("n_array_comma_twice", "[1,,2]", 3),
    N("n_array_no_comma", "[1 2]", 3),
    N("n_array_no_comma_strings", "[\"a\"\"b\"]", 4),
    N("n_array_colon", "[\"a\":1]", 4),
    N("n_array_wrong_close", "[1}", 2),
    N("n_array_wrong_close_empty", "[}", 1),
    N("n_array_closed_twice", "[]]", 2),
    N("n_array_then_comma", "[],", 2),
    N("n_array_star", "[*]", 1),
    N("n_array_newline_in_string", "[\"a\nb\"]", 3),
    /* objects */
    T("n_object_open", "{"),
    T("n_object_open_key", "{\"a\""),
    T("n_object_open_colon", "{\"a\":"),
    T("n_object_open_value", "{\"a\":1"),
    T("n_object_open_comma", "{\"a\":1,"),
    T("n_object_open_in_array", "[{\"a\":[]"),
    N("n_object_close_only", "}", 0),
    N("n_object_key_only", "{\"a\"}", 4),
    N("n_object_no_colon", "{\"a\" 1}", 5),
    N("n_object_two_colons", "{\"a\"::1}", 5),
    N("n_object_colon_chain", "{\"a\":\"b\":\"c\"}", 8),
    N("n_object_no_value", "{\"a\":}", 5),
    N("n_object_comma_instead", "{\"a\",1}", 4),
    N("n_object_comma_only", "{,}", 1),
    N("n_object_comma_first", "{,\"a\":1}", 1),
    N("n_object_comma_last", "{\"a\":1,}", 7),
    N("n_object_comma_twice", "{\"a\":1,,\"b\":2}", 7),
    N("n_object_no_comma", "{\"a\":1 \"b\":2}", 7),
    N("n_object_number_key", "{1:1}", 1),
    N("n_object_word_key", "{true:1}", 1),
    N("n_object_bare_key", "{a:1}", 1),
    N("n_object_array_key", "{[]:1}", 1),
    N("n_object_null_key", "{null:null}", 1),
    N("n_object_single_quote", "{'a':1}", 1),
    N("n_object_wrong_close", "{\"a\":1]", 6),
    N("n_object_wrong_close_empty", "{]", 1),
    N("n_object_value_twice", "{\"a\":1 2}", 7),
    N("n_object_semicolon", "{\"a\":1;}", 6),
    N("n_object_then_close", "{}}", 2),
    N("n_object_key_after_comma_number", "{\"a\":1,2}", 7),
    /* one root */
    N("n_two_roots", "{} {}", 3),
    N("n_two_numbers", "1 2", 2),
    N("n_two_words", "truetrue", 4),
    N("n_junk_after", "[]x", 2),
    N("n_nul_after", "{}\0", 2),
    N("n_string_after", "1\"a\"", 1),
    N("n_hash_after", "{}#", 2),
    /* words */
    T("n_word_t", "t"),
    T("n_word_tru", "tru"),
    T("n_word_nul_open", "[nul"),
    N("n_word_capital", "[True]", 1),
    N("n_word_capitals", "[NULL]", 1),
    N("n_word_truth", "[truth]", 4),
    N("n_word_nul", "[nul]", 4),
    N("n_word_fals", "[fals,1]", 5),
    N("n_word_long", "[nulll]", 5),
    N("n_word_nan", "[NaN]", 1),
    N("n_word_nan_small", "[nan]", 2),
    N("n_word_infinity", "[Infinity]", 1),
    N("n_word_undefined", "[undefined]", 1),
    N("n_word_split", "[tr ue]", 3),
    /* numbers */
    T("n_number_minus_end", "-"),
    T("n_number_dot_end", "1."),
    T("n_number_e_end", "1e"),
    T("n_number_sign_end", "1e+"),
    T("n_number_in_array_end", "[12"),
    N("n_number_plus", "[+1]", 1),
    N("n_number_minus_only", "[-]", 2),
    N("n_number_two_minus", "[--1]", 2),
    N("n_number_leading_zero", "[01]", 2),
    N("n_number_minus_leading_zero", "[-01]", 3),
    N("n_number_two_zeros", "[00]", 2),
    N("n_number_dot_first", "[.5]", 1),
    N("n_number_minus_dot", "[-.5]", 2),
    N("n_number_dot_last", "[1.]", 3),
    N("n_number_zero_dot_last", "[0.]", 3),
    N("n_number_dot_e", "[1.e1]", 3),
    N("n_number_two_dots", "[1..2]", 3),
    N("n_number_dots", "[1.2.3]", 4),
    N("n_number_e_only", "[1e]", 3),
    N("n_number_e_sign_only", "[1e+]", 4),
    N("n_number_e_two_signs", "[1e+-1]", 4),
    N("n_number_two_e", "[1e1e1]", 4),
    N("n_number_e_dot", "[1e1.5]", 4),
    N("n_number_hex", "[0x1F]", 2),
    N("n_number_hex_a", "[1a]", 2),
    N("n_number_underscore", "[1_000]", 2),
    N("n_number_space_in", "[1 000]", 3),
    N("n_number_minus_space", "[- 1]", 2),
    N("n_number_infinity", "[-Infinity]", 2),
    N("n_number_minus_word", "[-true]", 2),
    N("n_number_suffix", "[1f]", 2),
    N("n_number_full_width", "[\xEF\xBC\x91]", 1),
    N("n_number_plus_in", "[1+2]", 2),
    N("n_number_minus_in", "[1-2]", 2),
    /* strings */
    T("n_string_open", "\""),
    T("n_string_open_text", "[\"abc"),
    T("n_string_open_escape", "[\"\\"),
    T("n_string_open_u", "[\"\\u00"),
    T("n_string_open_pair", "[\"\\ud83d"),
    T("n_string_open_pair_slash", "[\"\\ud83d\\"),
    T("n_string_open_utf8", "[\"\xE2\x82"),
    T("n_string_escaped_quote", "[\"a\\\"]"),
    N("n_string_tab", "[\"\t\"]", 2),
    N("n_string_newline", "[\"\n\"]", 2),
    N("n_string_nul", "[\"\0\"]", 2),
    N("n_string_control", "[\"a\x1f\"]", 3),
    N("n_string_control_far", "[\"0123456789\x01\"]", 12),
    N("n_key_control", "{\"a\n\":1}", 3),
    N("n_string_escape_x", "[\"\\x41\"]", 3),
    N("n_string_escape_a", "[\"\\a\"]", 3),
    N("n_string_escape_v", "[\"\\v\"]", 3),
    N("n_string_escape_0", "[\"\\0\"]", 3),
    N("n_string_escape_quote", "[\"\\'\"]", 3),
    N("n_string_escape_capital", "[\"\\N\"]", 3),
    N("n_string_escape_capital_u", "[\"\\U0041\"]", 3),
    N("n_string_escape_newline", "[\"\\\n\"]", 3),
    N("n_string_escape_nul", "[\"\\\0\"]", 3),
    N("n_string_escape_utf8", "[\"\\\xC3\xA9\"]", 3),
    N("n_string_u_three", "[\"\\u123\"]", 7),
    N("n_string_u_none", "[\"\\u\"]", 4),
    N("n_string_u_wrong", "[\"\\u12G4\"]", 6),
    N("n_string_u_sign", "[\"\\u+123\"]", 4),
    N("n_string_u_braces", "[\"\\u{41}\"]", 4),
    N("n_string_lone_high", "[\"\\ud800\"]", 8),
    N("n_string_lone_low", "[\"\\udc00\"]", 7),
    N("n_string_high_text", "[\"\\ud800abc\"]", 8),
    N("n_string_high_escape", "[\"\\ud800\\n\"]", 9),
    N("n_string_high_high", "[\"\\ud800\\ud800\"]", 13),
    N("n_string_high_plain", "[\"\\ud800\\u0041\"]", 13),
    N("n_string_high_utf8", "[\"\\ud83d\xC3\xA9\"]", 8),
    N("n_string_low_high", "[\"\\ude00\\ud83d\"]", 7),
    N("n_key_lone_low", "{\"\\uDFFF\":1}", 7),
    N("n_string_utf8_continuation", "[\"\x80\"]", 2),
    N("n_string_utf8_overlong_2", "[\"\xC0\x80\"]", 2),
    N("n_string_utf8_overlong_2b", "[\"\xC1\xBF\"]", 2),
    N("n_string_utf8_overlong_3", "[\"\xE0\x9F\xBF\"]", 3),
    N("n_string_utf8_overlong_4", "[\"\xF0\x8F\xBF\xBF\"]", 3),
    N("n_string_utf8_surrogate", "[\"\xED\xA0\x80\"]", 3),
    N("n_string_utf8_above", "[\"\xF4\x90\x80\x80\"]", 3),
    N("n_string_utf8_f5", "[\"\xF5\x80\x80\x80\"]", 2),
    N("n_string_utf8_fe", "[\"\xFE\"]", 2),
    N("n_string_utf8_ff", "[\"\xFF\"]", 2),
    N("n_string_utf8_cut_2", "[\"\xC3\"]", 3),
    N("n_string_utf8_cut_3", "[\"\xE2\x82\"]", 4),
    N("n_string_utf8_cut_4", "[\"\xF0\x9F\x98\"]", 5),
    N("n_string_utf8_in_utf8", "[\"\xE2\xC3\xA9\"]", 3),
    N("n_string_latin1", "[\"caf\xE9\"]", 6),
    N("n_key_utf8", "{\"\xFF\":1}", 2),
    N("n_utf8_outside", "[\xC3\xA9]", 1)
};

#define ROWS (sizeof(rows) / sizeof(*rows))

static void check_row(const struct reading *r, const struct row *row,
                      const char *how)
{
    if (r->code != row->code || (row->code < 0 && r->j.at != row->at) ||
        (row->told != NULL && !hc_str_eqz(hc_buf_view(&r->told), row->told)))
        print_error("%s, %s: code %d at %llu\n", row->name, how, r->code,
                    (unsigned long long)r->j.at);
    CHECK_INT(r->code, row->code);
    if (row->told != NULL)
        CHECK_STR(hc_buf_view(&r->told), row->told);
    if (row->code < 0) {
        CHECK_INT(r->e.code, row->code);
        CHECK_INT(r->j.at, row->at);
    }
}

TEST(json, every_text_of_the_table_is_taken_or_refused)
{
    CHECK(ROWS >= 150);
    for (size_t i = 0; i < ROWS; i++) {
        struct reading r;

        begin(&r);
        read_whole(&r, rows[i].text);
        check_row(&r, &rows[i], "whole");
        fini(&r);
    }
}

static void check_same(const struct reading *r, const struct reading *whole)
{
    CHECK_INT(r->code, whole->code);
    CHECK_INT(r->j.at, whole->j.at);
    CHECK_Z(r->e.what, whole->e.what);
    CHECK(hc_str_eq(hc_buf_view(&r->told), hc_buf_view(&whole->told)));
}

TEST(json, events_and_errors_are_the_same_at_every_split)
{
    for (size_t i = 0; i < ROWS; i++) {
        struct reading whole, r;

        begin(&whole);
        read_whole(&whole, rows[i].text);
        for (size_t cut = 0; cut <= rows[i].text.n; cut++) {
            begin(&r);
            read_cut(&r, rows[i].text, cut);
            check_row(&r, &rows[i], "cut");
            check_same(&r, &whole);
            fini(&r);
        }
        begin(&r);
        read_bytes(&r, rows[i].text);
        check_row(&r, &rows[i], "byte by byte");
        check_same(&r, &whole);
        fini(&r);
        fini(&whole);
    }
}

/* jsmn's tree and the reader's events agree on every text. */
TEST(json, the_doc_takes_and_refuses_the_same_texts)
{
    for (size_t i = 0; i < ROWS; i++) {
        struct hc_json_doc d;
        struct headcount_error e = { 0 };
        int code = hc_json_doc_init(&d, t_alloc(), rows[i].text, 1000, &e);

        if (code != rows[i].code)
            print_error("%s\n", rows[i].name);
        CHECK_INT(code, rows[i].code);
        hc_json_doc_fini(&d);
    }
}

TEST(json, nul_in_a_string_is_kept)
{
    struct reading r;

    begin(&r);
    read_bytes(&r, HC_STR("[\"a\\u0000b\"]"));
    CHECK_INT(r.code, 0);
    CHECK(hc_str_eq(hc_buf_view(&r.told), HC_STR("['a\0b'].")));
    fini(&r);
}

TEST(json, an_error_says_what_and_where_and_stays)
{
    static const struct {
        const char *text, *what;
    } cases[] = {
        { "[1,]", "JSON: a value is due (byte 3)" },
        { "{\"a\":1,}", "JSON: a key is due (byte 7)" },
        { "{1", "JSON: a key or } is due (byte 1)" },
        { "{\"a\"}", "JSON: a colon is due (byte 4)" },
        { "{\"a\":1]", "JSON: a comma or } is due (byte 6)" },
        { "[1}", "JSON: a comma or ] is due (byte 2)" },
        { "[-]", "JSON: a number lacks a digit (byte 2)" },
        { "[nil]", "JSON: neither true, false nor null (byte 2)" },
        { "\"\\q\"", "JSON: no such escape in a string (byte 2)" },
        { "\"\\u00g\"", "JSON: \\u needs four hex digits (byte 5)" },
        { "\"\\udead\"",
          "JSON: half of a surrogate pair in a string (byte 6)" },
        { "\"\xff\"", "JSON: a string is not UTF-8 (byte 1)" },
        { "\"\n\"", "JSON: a control character in a string (byte 1)" },
        { "{}x", "JSON: something stands after the value (byte 2)" },
        { "  ", "JSON: there is none, the text is empty" },
        { "[1", "JSON: it ends after byte 2, before its value is whole" }
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct reading r;
        struct headcount_error again = { 0 };
        struct hc_str more = HC_STR("[]");

        begin(&r);
        read_whole(&r, hc_str(cases[i].text));
        CHECK(r.code < 0);
        CHECK_Z(r.e.what, cases[i].what);
        if (r.j.event < 0) {
            CHECK_INT(hc_json_next(&r.j, &more, &again), r.code);
            CHECK_Z(again.what, cases[i].what);
            CHECK_INT(more.n, 2);
            CHECK_INT(hc_json_end(&r.j, NULL), r.code);
        }
        fini(&r);
    }
}

TEST(json, done_comes_once_and_then_only_white_space_may)
{
    struct reading r;
    struct hc_str in = HC_STR("{}");

    begin(&r);
    CHECK_INT(hc_json_end(&r.j, NULL), HEADCOUNT_ESYNTAX);
    CHECK_INT(hc_json_next(&r.j, &in, &r.e), JSON_OBJECT);
    CHECK_INT(hc_json_end(&r.j, NULL), HEADCOUNT_ETRUNCATED);
    CHECK_INT(hc_json_next(&r.j, &in, &r.e), JSON_OBJECT_END);
    CHECK_INT(hc_json_end(&r.j, NULL), 0);
    CHECK_INT(hc_json_next(&r.j, &in, &r.e), JSON_DONE);
    CHECK_INT(hc_json_end(&r.j, NULL), 0);
    CHECK_INT(hc_json_next(&r.j, &in, &r.e), JSON_MORE);
    in = HC_STR(" \n");
    CHECK_INT(hc_json_next(&r.j, &in, &r.e), JSON_MORE);
    CHECK_INT(in.n, 0);
    in = HC_STR(" 1");
    CHECK_INT(hc_json_next(&r.j, &in, &r.e), HEADCOUNT_ESYNTAX);
    CHECK_INT(hc_json_end(&r.j, NULL), HEADCOUNT_ESYNTAX);
    fini(&r);
}

/* ---- bounds ---- */

TEST(json, depth_is_bounded)
{
    char deep[HC_JSON_DEPTH + 1];

    for (unsigned max = 0; max < 5; max++) {
        struct reading r;

        begin_with(&r, 1000, max, 100);
        read_whole(&r, HC_STR("[{\"a\":[1]}]"));
        CHECK_INT(r.code, max < 3 ? HEADCOUNT_ELIMIT : 0);
        fini(&r);
    }
    memset(deep, '[', sizeof(deep));
    for (size_t n = HC_JSON_DEPTH; n <= sizeof(deep); n++) {
        struct reading r;

        begin_with(&r, 1000, 100000, 100);
        read_bytes(&r, hc_str_n(deep, n));
        CHECK_INT(r.code,
                  n > HC_JSON_DEPTH ? HEADCOUNT_ELIMIT : HEADCOUNT_ETRUNCATED);
        if (n > HC_JSON_DEPTH)
            CHECK_Z(r.e.what, "JSON: nested too deep (byte 128)");
        fini(&r);
    }
}

TEST(json, objects_and_arrays_may_alternate_to_the_last_level)
{
    struct hc_buf b;
    struct reading r;

    hc_buf_init(&b, t_alloc(), 10000);
    for (unsigned i = 0; i < HC_JSON_DEPTH; i++)
        hc_buf_text(&b, i % 3 == 0 ? "[" : "{\"k\":");
    hc_buf_chr(&b, '1');
    for (unsigned i = HC_JSON_DEPTH; i-- > 0; )
        hc_buf_chr(&b, i % 3 == 0 ? ']' : '}');
    begin(&r);
    read_bytes(&r, hc_buf_view(&b));
    CHECK_INT(r.code, 0);
    fini(&r);
    b.p[b.n - 4] = b.p[b.n - 4] == ']' ? '}' : ']';
    begin(&r);
    read_whole(&r, hc_buf_view(&b));
    CHECK_INT(r.code, HEADCOUNT_ESYNTAX);
    CHECK_INT(r.j.at, b.n - 4);
    fini(&r);
    hc_buf_fini(&b);
}

TEST(json, the_document_is_bounded_at_every_split)
{
    struct hc_str text = HC_STR("{\"a\":[1,2]} ");

    for (uint64_t max = 0; max <= text.n; max++)
        for (size_t cut = 0; cut <= text.n; cut++) {
            struct reading r;

            begin_with(&r, max, 10, 100);
            read_cut(&r, text, cut);
            CHECK_INT(r.code, max < text.n ? HEADCOUNT_ELIMIT : 0);
            CHECK_INT(r.j.at, max);
            fini(&r);
        }
}

TEST(json, keys_strings_and_numbers_are_bounded)
{
    static const char *const texts[] = {
        "{\"12345\":1}", "[\"12345\"]", "[12345]", "[\"1234\\u0041\"]",
        "[\"1234\\n\"]", "[\"123\xC3\xA9\"]"
    };

    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
        for (size_t max = 4; max <= 5; max++) {
            struct reading r;

            begin_with(&r, 1000, 10, max);
            read_whole(&r, hc_str(texts[i]));
            CHECK_INT(r.code, max < 5 ? HEADCOUNT_ELIMIT : 0);
            fini(&r);
            begin_with(&r, 1000, 10, max);
            read_bytes(&r, hc_str(texts[i]));
            CHECK_INT(r.code, max < 5 ? HEADCOUNT_ELIMIT : 0);
            fini(&r);
        }
}

TEST(json, a_bound_is_told_at_the_same_byte_at_every_split)
{
    static const struct {
        const char *text;
        size_t max;
        unsigned at;
    } cases[] = {
        { "[\"123456789\"]", 5, 7 },
        { "[123456789]", 5, 6 },
        { "[\"1234\\n56\"]", 5, 8 },
        { "[\"123\xE2\x82\xAC\"]", 5, 7 },
        { "[\"123\xE2\x82\"]", 4, 6 },
        { "[\"12345\n\"]", 4, 6 }
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        for (size_t cut = 0; cut <= strlen(cases[i].text); cut++) {
            struct reading r;

            begin_with(&r, 1000, 10, cases[i].max);
            read_cut(&r, hc_str(cases[i].text), cut);
            CHECK_INT(r.code, HEADCOUNT_ELIMIT);
            CHECK_INT(r.j.at, cases[i].at);
            fini(&r);
        }
}

/* ---- skip and take ---- */

/* Reads {"a":VALUE,"b":7} and [VALUE,8], skipping VALUE. */
static void check_skip(struct hc_str value, size_t cut)
{
    struct hc_buf b;
    struct reading r;
    size_t n;

    hc_buf_init(&b, t_alloc(), 10000);
    hc_buf_lit(&b, "{\"a\":");
    hc_buf_str(&b, value);
    hc_buf_lit(&b, ",\"b\":7}");
    n = cut < b.n ? cut : b.n;
    begin_with(&r, 10000, 10, 1);       /* no room for the skipped texts */

    struct hc_str first = hc_str_n(b.p, n), rest = hc_str_from(
        hc_buf_view(&b), n);
    struct hc_str *in = &first;

    for (;;) {
        r.code = hc_json_next(&r.j, in, &r.e);
        if (r.code == JSON_MORE && in == &first)
            in = &rest;
        else if (r.code <= 0 || r.code == JSON_MORE)
            break;
        else
            tell(&r, (enum hc_json_event)r.code);
        if (r.code == JSON_KEY && hc_str_eqz(hc_json_text(&r.j), "a"))
            hc_json_skip(&r.j);
    }
    finish(&r);
    CHECK_INT(r.code, 0);
    CHECK_STR(hc_buf_view(&r.told), "{a:b:7;}.");
    fini(&r);
    hc_buf_fini(&b);
}

static const char *const values[] = {
    "1", "-1.5e3", "true", "null", "\"\"", "\"long text \\n \\u0041\"", "[]",
    "{}", "[1,[2,[3]],{}]", "{\"a\":{\"b\":[1,\"x\"]},\"c\":\"}]\"}",
    " [ ] ", "\"\\uD83D\\uDE00\xC3\xA9\""
};

TEST(json, a_skipped_value_gives_no_event_at_any_split)
{
    for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++)
        for (size_t cut = 0; cut < strlen(values[i]) + 14; cut++)
            check_skip(hc_str(values[i]), cut);
}

TEST(json, a_skipped_value_is_validated)
{
    for (size_t i = 0; i < ROWS; i++) {
        struct reading whole, bytes;

        begin(&whole);
        hc_json_skip(&whole.j);
        read_whole(&whole, rows[i].text);
        CHECK_INT(whole.code, rows[i].code);
        if (rows[i].code < 0)
            CHECK_INT(whole.j.at, rows[i].at);
        else
            CHECK(whole.told.n <= 1);
        begin(&bytes);
        hc_json_skip(&bytes.j);
        read_bytes(&bytes, rows[i].text);
        check_same(&bytes, &whole);
        fini(&bytes);
        fini(&whole);
    }
}

TEST(json, elements_are_skipped_up_to_the_end_of_their_array)
{
    struct reading r;
    struct hc_str in = HC_STR("[[1],{\"a\":2},3] ");

    begin(&r);
    CHECK_INT(hc_json_next(&r.j, &in, &r.e), JSON_ARRAY);
    hc_json_skip(&r.j);
    CHECK_INT(hc_json_next(&r.j, &in, &r.e), JSON_OBJECT);
    CHECK_INT(hc_json_next(&r.j, &in, &r.e), JSON_KEY);
    CHECK_INT(hc_json_next(&r.j, &in, &r.e), JSON_NUMBER);
    CHECK_INT(hc_json_next(&r.j, &in, &r.e), JSON_OBJECT_END);
    hc_json_skip(&r.j);
    CHECK_INT(hc_json_next(&r.j, &in, &r.e), JSON_ARRAY_END);
    CHECK_INT(hc_json_next(&r.j, &in, &r.e), JSON_DONE);
    fini(&r);
}

TEST(json, a_skip_that_meets_the_end_is_forgotten)
{
    struct reading r;
    struct hc_str in = HC_STR("[[],5]");

    begin(&r);
    CHECK_INT(hc_json_next(&r.j, &in, &r.e), JSON_ARRAY);
    CHECK_INT(hc_json_next(&r.j, &in, &r.e), JSON_ARRAY);
    hc_json_skip(&r.j);
    CHECK_INT(hc_json_next(&r.j, &in, &r.e), JSON_ARRAY_END);
    CHECK_INT(hc_json_next(&r.j, &in, &r.e), JSON_NUMBER);
    fini(&r);
}

static void check_take(struct hc_str value, size_t cut)
{
    struct hc_buf b, taken;
    struct reading r;

    hc_buf_init(&b, t_alloc(), 10000);
    hc_buf_init(&taken, t_alloc(), 10000);
    hc_buf_lit(&b, "[0,");
    hc_buf_str(&b, value);
    hc_buf_lit(&b, ", 8]");
    if (cut > b.n)
        cut = b.n;
    begin(&r);

    struct hc_str first = hc_str_n(b.p, cut);
    struct hc_str rest = hc_str_from(hc_buf_view(&b), cut);
    struct hc_str *in = &first;

    for (;;) {
        r.code = hc_json_next(&r.j, in, &r.e);
        if (r.code == JSON_MORE && in == &first)
            in = &rest;
        else if (r.code <= 0 || r.code == JSON_MORE)
            break;
        else
            tell(&r, (enum hc_json_event)r.code);
        if (r.code == JSON_NUMBER && hc_str_eqz(hc_json_text(&r.j), "0"))
            hc_json_take(&r.j, &taken);
    }
    finish(&r);
    CHECK_INT(r.code, 0);
    CHECK_STR(hc_buf_view(&r.told), "[0;''8;].");
    CHECK(hc_str_eq(hc_buf_view(&taken), value));
    fini(&r);
    hc_buf_fini(&taken);
    hc_buf_fini(&b);
}

TEST(json, a_taken_value_is_kept_byte_for_byte_at_any_split)
{
    for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++)
        for (size_t cut = 0; cut < strlen(values[i]) + 9; cut++)
            check_take(hc_str_n(values[i] + (values[i][0] == ' '),
                                strlen(values[i]) -
                                    2 * (size_t)(values[i][0] == ' ')), cut);
}

TEST(json, values_are_taken_one_after_the_other)
{
    struct reading r;
    struct hc_buf taken;
    struct hc_str in = HC_STR(" [ {\"a\" : 1} , [2],3 ]");

    begin(&r);
    hc_buf_init(&taken, t_alloc(), 1000);
    CHECK_INT(hc_json_next(&r.j, &in, &r.e), JSON_ARRAY);
    for (int i = 0; i < 3; i++) {
        hc_json_take(&r.j, &taken);
        CHECK_INT(hc_json_next(&r.j, &in, &r.e), JSON_STRING);
        CHECK_INT(hc_json_text(&r.j).n, 0);
        hc_buf_chr(&taken, '|');
    }
    hc_json_take(&r.j, &taken);
    CHECK_INT(hc_json_next(&r.j, &in, &r.e), JSON_ARRAY_END);
    CHECK_INT(hc_json_next(&r.j, &in, &r.e), JSON_DONE);
    CHECK_STR(hc_buf_view(&taken), "{\"a\" : 1}|[2]|3|");
    hc_buf_fini(&taken);
    fini(&r);
}

TEST(json, the_root_may_be_taken)
{
    struct hc_str text = HC_STR(" {\"a\":[1]}\n");

    for (size_t cut = 0; cut <= text.n; cut++) {
        struct reading r;
        struct hc_buf taken;

        begin(&r);
        hc_buf_init(&taken, t_alloc(), 9);
        hc_json_take(&r.j, &taken);
        read_cut(&r, text, cut);
        CHECK_INT(r.code, 0);
        CHECK_STR(hc_buf_view(&r.told), "''.");
        CHECK_STR(hc_buf_view(&taken), "{\"a\":[1]}");
        hc_buf_fini(&taken);
        fini(&r);
    }
}

TEST(json, a_taken_value_is_bounded_by_its_buf)
{
    static const char *const texts[] = { "{\"a\":[1]} ", "{\"a\":[1,,]}",
                                         "{\"a\":[1,[[[[" };

    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
        for (size_t cut = 0; cut <= strlen(texts[i]); cut++) {
            struct reading r;
            struct hc_buf taken;

            begin(&r);
            hc_buf_init(&taken, t_alloc(), 7);
            hc_json_take(&r.j, &taken);
            read_cut(&r, hc_str(texts[i]), cut);
            CHECK_INT(r.code, HEADCOUNT_ELIMIT);
            CHECK_Z(r.e.what, "JSON: a value is too long to be kept (byte 7)");
            CHECK_INT(hc_json_end(&r.j, NULL), HEADCOUNT_ELIMIT);
            hc_buf_fini(&taken);
            fini(&r);
        }
}

TEST(json, keys_and_values_are_counted_also_when_skipped)
{
    struct reading r;

    begin(&r);
    hc_json_skip(&r.j);
    read_bytes(&r, HC_STR("{\"a\":[1,\"x\",{}],\"b\":null}"));
    CHECK_INT(r.j.keys, 2);
    CHECK_INT(r.j.values, 6);
    fini(&r);
}

static int read_and_take(void)
{
    struct reading r;
    struct hc_buf taken;
    struct hc_str in = HC_STR("{\"key\":\"value of some length, more than "
                              "the first allocation holds, yes\","
                              "\"taken\":[1,2,3]}");

    begin(&r);
    hc_buf_init(&taken, t_alloc(), 100);
    do {
        r.code = hc_json_next(&r.j, &in, &r.e);
        if (r.code == JSON_KEY && hc_str_eqz(hc_json_text(&r.j), "taken"))
            hc_json_take(&r.j, &taken);
    } while (r.code > JSON_MORE);
    if (r.code > 0)
        r.code = hc_json_end(&r.j, &r.e);
    if (r.code < 0)
        CHECK_INT(r.e.code, r.code);
    hc_buf_fini(&taken);
    fini(&r);
    return r.code;
}

TEST(json, every_allocation_may_fail)
{
    t_fails_every_allocation(read_and_take);
}
