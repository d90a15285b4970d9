/* tests/ecs/view_test.c - members off the reader, as a table names them. */
#include "t.h"

#include <string.h>

#include "ecs/view.h"

enum { NAME, COUNT, FLAG, CHILD, CHILDREN, WORDS, RAW, INNER, DEEPER, BARE };

static const struct hc_view_member inner[] = {
    { "name", VIEW_TEXT, INNER, NULL },
    HC_VIEW_LAST
};

static const struct hc_view_member child[] = {
    { "name", VIEW_TEXT, INNER, NULL },
    { "more", VIEW_OBJECTS, DEEPER, inner },
    HC_VIEW_LAST
};

static const struct hc_view_member root[] = {
    { "name", VIEW_TEXT, NAME, NULL },
    { "count", VIEW_INT, COUNT, NULL },
    { "flag", VIEW_BOOL, FLAG, NULL },
    { "child", VIEW_OBJECT, CHILD, child },
    { "children", VIEW_OBJECTS, CHILDREN, child },
    { "words", VIEW_TEXTS, WORDS, NULL },
    { "raw", VIEW_RAW, RAW, NULL },
    { "bare", VIEW_RAW, BARE, NULL },
    HC_VIEW_LAST
};

struct seen {
    struct hc_buf text;
    struct headcount_error e;
    int err, refuse;
    bool list_seen;
};

/* "id=text;", "id#number;", "id{", "id}". */
static int sink(void *ud, const struct hc_view_item *item,
                struct headcount_error *e)
{
    struct seen *s = ud;

    hc_buf_i64(&s->text, item->id);
    switch (item->mark) {
    case VIEW_BEGIN: hc_buf_chr(&s->text, '{'); break;
    case VIEW_END:   hc_buf_chr(&s->text, '}'); break;
    case VIEW_VALUE:
        hc_buf_chr(&s->text, item->text.p != NULL ? '=' : '#');
        if (item->text.p != NULL)
            hc_buf_str(&s->text, item->text);
        else
            hc_buf_i64(&s->text, item->number);
        hc_buf_chr(&s->text, ';');
        break;
    }
    if (s->refuse != 0 && item->id == s->refuse - 1)
        return hc_error_set(e, HEADCOUNT_EANSWER, "the sink says no");
    return 0;
}

/* Fed as [0, cut), [cut, n); cut = -1: byte by byte. */
static void read_text(struct seen *s, const char *text, int cut)
{
    size_t n = strlen(text), first = cut < 0 ? 1 : (size_t)cut;
    const char *p = t_guard(text, n);
    struct hc_view_config config = {
        .alloc = t_alloc(), .root = root, .sink = sink, .ud = s,
        .what = "the thing", .code = HEADCOUNT_EANSWER, .max_bytes = 1000,
        .max_text = 40, .max_raw = 40
    };
    struct hc_view v;

    hc_buf_init(&s->text, t_alloc(), 4096);
    hc_error_reset(&s->e);
    hc_view_init(&v, &config);
    s->err = hc_view_feed(&v, hc_str_n(p, first), &s->e);
    for (size_t i = first; s->err == 0 && i < n; ) {
        size_t step = cut < 0 ? 1 : n - i;

        s->err = hc_view_feed(&v, hc_str_n(p + i, step), &s->e);
        i += step;
    }
    if (s->err == 0)
        s->err = hc_view_end(&v, &s->e);
    else
        CHECK_INT(hc_view_end(&v, &s->e), s->err);
    s->list_seen = v.list_seen;
    hc_view_fini(&v);
}

static void end(struct seen *s)
{
    hc_buf_fini(&s->text);
}

static const struct { const char *text, *want; } good[] = {
    { "{}", "" },
    { "{\"name\":\"a\",\"count\":-7,\"flag\":true}", "0=a;1#-7;2#1;" },
    { "{\"flag\":false,\"name\":\"\\u00e4\\n\"}", "2#0;0=\xC3\xA4\n;" },
    { "{\"name\":null,\"count\":null,\"flag\":null,\"child\":null,"
      "\"children\":null,\"words\":null,\"raw\":null}", "" },
    { "{\"x\":{\"name\":\"no\"},\"y\":[1,[{}]],\"z\":\"no\",\"name\":\"a\"}",
      "0=a;" },
    { "{\"child\":{\"name\":\"a\",\"x\":1,\"more\":[{\"name\":\"b\"},{}]}}",
      "3{7=a;8{7=b;8}8{8}3}" },
    { "{\"children\":[],\"words\":[]}", "" },
    { "{\"children\":[{},{\"name\":\"a\"}]}", "4{4}4{7=a;4}" },
    { "{\"words\":[\"a\",\"\",\"b\"]}", "5=a;5=;5=b;" },
    { "{\"raw\": {\"a\" : [1, null]} }", "6={\"a\" : [1, null]};" },
    { "{\"raw\": \"x\\n\"}", "6=\"x\\n\";" }, { "{\"raw\":7}", "6=7;" },
    { "{\"raw\":true,\"name\":\"a\"}", "6=true;0=a;" },
    { "{\"raw\":true,\"more\":{\"raw\":1},\"bare\":[7]}", "6=true;9=[7];" },
    { "{\"count\":9223372036854775807}", "1#9223372036854775807;" },
    { "{\"count\":1e2}", "1#100;" },
    /* a name that is ours, in an object that is not */
    { "{\"child\":{\"count\":\"x\"},\"x\":[{\"count\":\"x\"}]}", "3{3}" },
};

TEST(view, members_are_the_same_at_every_split)
{
    for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
        for (int cut = -1; cut <= (int)strlen(good[i].text); cut++) {
            struct seen s = { .refuse = 0 };

            read_text(&s, good[i].text, cut);
            CHECK_INT(s.err, 0);
            CHECK_STR(hc_buf_view(&s.text), good[i].want);
            end(&s);
        }
}

static const struct { const char *text, *says; } bad[] = {
    { "", "the thing" }, { " ", "the thing" },
    { "[]", "no JSON object" }, { "7", "no JSON object" },
    { "7 ", "no JSON object" }, { "\"a\"", "no JSON object" },
    { "null", "no JSON object" }, { "true", "no JSON object" },
    { "{\"name\":\"a\",\"name\":\"a\"}", "\"name\" comes twice" },
    { "{\"name\":null,\"name\":\"a\"}", "twice" },
    { "{\"n\\u0061me\":\"a\",\"name\":\"a\"}", "twice" },
    { "{\"child\":{\"name\":\"a\",\"name\":\"a\"}}", "twice" },
    { "{\"name\":7}", "\"name\" is not a string" },
    { "{\"name\":[\"a\"]}", "\"name\" is not a string" },
    { "{\"name\":{}}", "\"name\" is not a string" },
    { "{\"name\":true}", "\"name\" is not a string" },
    { "{\"count\":\"7\"}", "\"count\" is not an integer" },
    { "{\"count\":1.5}", "\"count\" is not an integer" },
    { "{\"count\":9223372036854775808}", "\"count\" is not an integer" },
    { "{\"count\":false}", "\"count\" is not an integer" },
    { "{\"flag\":1}", "\"flag\" is not true or false" },
    { "{\"flag\":\"true\"}", "\"flag\" is not true or false" },
    { "{\"child\":[]}", "\"child\" is not an object" },
    { "{\"child\":[{}]}", "\"child\" is not an object" },
    { "{\"child\":\"a\"}", "\"child\" is not an object" },
    { "{\"children\":{}}", "\"children\" is not an array of objects" },
    { "{\"children\":[7]}", "\"children\" is not an array of objects" },
    { "{\"children\":[[]]}", "\"children\" is not an array of objects" },
    { "{\"children\":[null]}", "\"children\" is not an array of objects" },
    { "{\"children\":[\"a\"]}", "\"children\" is not an array of objects" },
    { "{\"words\":\"a\"}", "\"words\" is not an array of strings" },
    { "{\"words\":[{}]}", "\"words\" is not an array of strings" },
    { "{\"words\":[null]}", "\"words\" is not an array of strings" },
    { "{\"words\":[\"a\",7]}", "\"words\" is not an array of strings" },
    { "{\"x\":[1,]}", "the thing" }, { "{\"name\":\"a\"", "the thing" },
    { "{} {}", "the thing" }, { "{\"x\":\"\xFF\"}", "the thing" },
    { "{\"raw\":[1,]}", "the thing" },
    { "{\"name\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}", "too long" },
    { "{\"raw\":[\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"]}", "too long" },
};

TEST(view, what_is_wrong_is_named_at_every_split)
{
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        for (int cut = 0; cut <= (int)strlen(bad[i].text); cut++) {
            struct seen s = { .refuse = 0 };

            read_text(&s, bad[i].text, cut);
            CHECK_INT(s.err, HEADCOUNT_EANSWER);
            CHECK_INT(s.e.code, HEADCOUNT_EANSWER);
            CHECK(hc_str_starts(hc_str(s.e.what), HC_STR("the thing")));
            if (strstr(s.e.what, bad[i].says) == NULL)
                CHECK_Z(s.e.what, bad[i].says);
            end(&s);
        }
}

static void note_key(void *ud, struct hc_str key)
{
    hc_buf_str(ud, key);
    hc_buf_chr(ud, ';');
}

/* Those that the table names and the others, null or not, and no deeper one. */
TEST(view, each_key_of_the_root_is_told)
{
    const char *text = "{\"x\":{\"y\":1},\"name\":null,\"child\":{\"name\":"
                       "\"a\"},\"children\":[{\"z\":1}],\"\\u0071\":[]}";
    struct hc_buf keys;
    const struct hc_view_config config = {
        .alloc = t_alloc(), .root = root, .key = note_key, .ud = &keys,
        .what = "the thing", .code = HEADCOUNT_EANSWER, .max_bytes = 1000,
        .max_text = 40, .max_raw = 40
    };
    struct headcount_error e;
    struct hc_view v;

    hc_buf_init(&keys, t_alloc(), 4096);
    hc_view_init(&v, &config);
    CHECK_INT(hc_view_feed(&v, hc_str(text), &e), 0);
    CHECK_INT(hc_view_end(&v, &e), 0);
    CHECK_STR(hc_buf_view(&keys), "x;name;child;children;q;");
    hc_view_fini(&v);
    hc_buf_fini(&keys);
}

TEST(view, a_sink_that_refuses_ends_the_reading)
{
    static const struct { int id; const char *text; } rows[] = {
        { NAME, "{\"name\":\"a\",\"count\":1}" },
        { COUNT, "{\"count\":1,\"name\":\"a\"}" },
        { FLAG, "{\"flag\":true,\"name\":\"a\"}" },
        { CHILD, "{\"child\":{}}" }, { CHILDREN, "{\"children\":[{}]}" },
        { WORDS, "{\"words\":[\"a\"],\"name\":\"a\"}" },
        { RAW, "{\"raw\":1,\"name\":\"a\"}" },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct seen s = { .refuse = rows[i].id + 1 };

        read_text(&s, rows[i].text, 0);
        CHECK_INT(s.err, HEADCOUNT_EANSWER);
        CHECK_Z(s.e.what, "the sink says no");
        end(&s);
    }
}

TEST(view, a_list_that_was_there_is_known)
{
    static const struct { const char *text; bool seen; } rows[] = {
        { "{}", false }, { "{\"words\":null}", false },
        { "{\"words\":[]}", true }, { "{\"children\":[]}", true },
        { "{\"x\":[]}", false }, { "{\"raw\":[]}", false },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct seen s = { .refuse = 0 };

        read_text(&s, rows[i].text, 0);
        CHECK_INT(s.err, 0);
        CHECK_INT(s.list_seen, rows[i].seen);
        end(&s);
    }
}

TEST(view, bytes_are_bounded)
{
    static char text[1002];
    struct seen s = { .refuse = 0 };

    memset(text, ' ', 1000);
    memcpy(text, "{}", 2);
    read_text(&s, text, 0);
    CHECK_INT(s.err, 0);
    end(&s);
    text[1000] = ' ';
    read_text(&s, text, 0);
    CHECK_INT(s.err, HEADCOUNT_EANSWER);
    end(&s);
}

TEST(view, a_table_without_a_sink_still_judges)
{
    struct hc_view_config config = { .alloc = t_alloc(),
                                     .root = root,
                                     .what = "it",
                                     .code = HEADCOUNT_EEVENT,
                                     .max_bytes = 1000,
                                     .max_text = 40,
                                     .max_raw = 40 };
    struct hc_view v;

    hc_view_init(&v, &config);
    CHECK_INT(hc_view_feed(&v, HC_STR("{\"name\":\"a\",\"child\":{},"), NULL),
              0);
    CHECK_INT(hc_view_feed(&v, HC_STR("\"flag\":7}"), NULL), HEADCOUNT_EEVENT);
    CHECK_INT(hc_view_feed(&v, HC_STR("{"), NULL), HEADCOUNT_EEVENT);
    hc_view_fini(&v);
}

static int read_one(void)
{
    struct seen s = { .refuse = 0 };

    read_text(&s, good[5].text, -1);
    if (s.err == 0)
        s.err = hc_buf_error(&s.text);
    end(&s);
    if (s.err == 0) {
        read_text(&s, good[9].text, -1);
        if (s.err == 0)
            s.err = hc_buf_error(&s.text);
        end(&s);
    }
    return s.err;
}

TEST(view, memory_may_end_anywhere)
{
    t_fails_every_allocation(read_one);
}
