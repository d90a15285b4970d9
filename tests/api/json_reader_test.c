/* tests/api/json_reader_test.c - the reader as an embedder sees it. */
#include "headcount.h"

#include <stdio.h>
#include <string.h>

#include "t.h"

static struct headcount_error error;

/* The events of `text` as one line; the code of its end. */
static int events(const char *text, char *to, size_t size)
{
    static const char *const shown[] = { ".", "{", "}", "[", "]", "k:", "s:",
                                         "n:", "t", "f", "0" };
    const struct headcount_system system = {
        .size = sizeof system, .alloc = t_alloc()->fn, .ud = t_alloc()->ud,
    };
    headcount_json *json;
    const char *part;
    size_t n, at = 0;
    int event = headcount_json_new(&json, text, strlen(text), &system);

    to[0] = '\0';
    if (event < 0)
        return event;
    while ((event = headcount_json_next(json, &part, &n, &error)) > 0) {
        bool has = event == HEADCOUNT_JSON_KEY ||
                   event == HEADCOUNT_JSON_STRING ||
                   event == HEADCOUNT_JSON_NUMBER;

        at += (size_t)snprintf(to + at, size - at, "%s%.*s ", shown[event],
                               has ? (int)n : 0, has ? part : "");
        CHECK(at < size);
        CHECK(!has || part != NULL);   /* nor where it is empty */
    }
    if (event == 0)                    /* and it stays so */
        CHECK_INT(headcount_json_next(json, &part, &n, NULL), 0);
    headcount_json_free(json);
    return event;
}

TEST(json_pull, a_text_is_its_events)
{
    static const struct { const char *text, *events; } rows[] = {
        { "{}", "{ } " }, { " [ ] ", "[ ] " }, { "7", "n:7 " },
        { "\xef\xbb\xbf 7", "n:7 " }, { "7 ", "n:7 " },
        { "-0.5e3", "n:-0.5e3 " }, { "\"\"", "s: " }, { "null", "0 " },
        { "{\"\":\"\"}", "{ k: s: } " },
        { "{\"a\":[1,true,false,null,\"\\u00e9\"],\"b\":{}}",
          "{ k:a [ n:1 t f 0 s:\xc3\xa9 ] k:b { } } " },
    };
    char got[200];

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        CHECK_INT(events(rows[i].text, got, sizeof got), 0);
        CHECK_Z(got, rows[i].events);
    }
}

/* No byte is counted that the text does not have. */
TEST(json_pull, the_byte_is_the_one_of_the_text)
{
    static const struct { const char *text, *says; } rows[] = {
        { "{\"a\":", "ends after byte 5," }, { "[1", "ends after byte 2," },
        { "nul", "ends after byte 3," }, { "\"abc", "ends after byte 4," },
        { "  {\"a\" 1}", "(byte 7)" }, { "\n[1,]", "(byte 4)" },
        { "\xef\xbb\xbf[1,]", "(byte 3)" }, { "1 x", "(byte 2)" },
    };
    char got[200];

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        CHECK(events(rows[i].text, got, sizeof got) < 0);
        if (strstr(error.what, rows[i].says) == NULL)
            fail_msg("%s: %s", rows[i].text, error.what);
    }
}

TEST(json_pull, what_is_no_json_is_said_with_its_place)
{
    static const struct { const char *text; int code; } rows[] = {
        { "", HEADCOUNT_ESYNTAX }, { "  ", HEADCOUNT_ESYNTAX },
        { "{\"a\"}", HEADCOUNT_ESYNTAX }, { "[01]", HEADCOUNT_ESYNTAX },
        { "[1,]", HEADCOUNT_ESYNTAX }, { "{} {}", HEADCOUNT_ESYNTAX },
        { "\"\xff\"", HEADCOUNT_ESYNTAX }, { "[", HEADCOUNT_ETRUNCATED },
        { "tru", HEADCOUNT_ETRUNCATED }, { "-", HEADCOUNT_ETRUNCATED },
        { "\"abc", HEADCOUNT_ETRUNCATED }, { "trux", HEADCOUNT_ESYNTAX },
        { "\xef\xbb\xbf", HEADCOUNT_ESYNTAX },
    };
    char got[200], deep[300];

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        CHECK_INT(events(rows[i].text, got, sizeof got), rows[i].code);
        CHECK(error.what[0] != '\0');
        CHECK_INT(error.code, rows[i].code);
    }
    memset(deep, '[', 129);
    deep[129] = '\0';
    CHECK_INT(events(deep, (char[400]){ "" }, 400), HEADCOUNT_ELIMIT);
}

static int read_once(void)
{
    char got[200];
    int code = events("{\"a\":\"long enough to be kept somewhere\"}", got,
                      sizeof got);

    return code;
}

TEST(json_pull, a_text_that_is_not_there_is_refused)
{
    headcount_json *json;

    CHECK_INT(headcount_json_new(&json, NULL, 3, NULL), HEADCOUNT_EARG);
    CHECK(json == NULL);
    CHECK_INT(headcount_json_new(&json, NULL, 0, NULL), 0);
    headcount_json_free(json);
}

TEST(json_pull, every_failed_allocation_is_survived)
{
    t_fails_every_allocation(read_once);
}
