/* tests/plan/filter_test.c - the filter that selects the hosts of a count. */
#include "t.h"

#include <string.h>

#include "plan/filter.h"

static void check(const char *const *terms, size_t n, const char *want)
{
    struct hc_filter f = { .n = 0 };
    struct hc_buf out;

    hc_buf_init(&out, t_alloc(), HC_FILTER_BYTES);
    for (size_t i = 0; i < n; i++)
        CHECK_INT(hc_filter_add(&f, hc_str(terms[i]), NULL), 0);
    hc_filter_put(&out, &f);
    CHECK_INT(hc_buf_error(&out), 0);
    CHECK_STR(hc_buf_view(&out), want);
    hc_buf_fini(&out);
}

TEST(filter, terms_are_joined_sorted_and_said_once)
{
    static const struct { const char *terms[4]; size_t n; const char *want; }
    rows[] = {
        { { "" }, 0, "" },
        { { "a == 1" }, 1, "a == 1" },
        { { " \ta == 1 " }, 1, "a == 1" },
        { { "", " \t ", "a == 1" }, 3, "a == 1" },
        { { "a == 1", "a == 1" }, 2, "a == 1" },
        { { "a == 1", " a == 1" }, 2, "a == 1" },
        { { "b == 1", "a == 1" }, 2, "(a == 1) and (b == 1)" },
        { { "c", "a", "b", "a" }, 4, "(a) and (b) and (c)" },
        { { "b", "a or c" }, 2, "(a or c) and (b)" },
        { { "aa", "a" }, 2, "(a) and (aa)" },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
        check(rows[i].terms, rows[i].n, rows[i].want);
}

/* A term is put into brackets: one whose own brackets do not match could close
 * them. */
TEST(filter, terms_that_do_not_match_inside_are_refused)
{
    static const struct { const char *term, *why; } rows[] = {
        { "a) or (b", "do not match" }, { "(a", "not closed" },
        { "a)", "do not match" }, { "a in [b", "not closed" },
        { "a in [b)", "do not match" }, { "(a]", "do not match" },
        { "[(])", "do not match" }, { "a == 'b", "quote" },
        { "a == \"b", "quote" }, { "a == \"b\\\"", "quote" },
        { "a == 'b\\", "quote" }, { "'", "quote" }, { "a == '\"", "quote" },
        { "a\nb", "control" }, { "a\tb", "control" }, { "a\x7f", "control" },
        { "a == '\x01", "control" },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        size_t n = strlen(rows[i].term);
        struct hc_str term = hc_str_n(t_guard(rows[i].term, n), n);
        struct hc_filter f = { .n = 0 };
        struct headcount_error e = { 0 };

        CHECK_INT(hc_filter_add(&f, term, &e), HEADCOUNT_ESYNTAX);
        CHECK(strstr(e.what, rows[i].why) != NULL);
        CHECK_INT(f.n, 0);
        CHECK_INT(hc_filter_check(term, NULL), HEADCOUNT_ESYNTAX);
    }
}

TEST(filter, terms_that_match_inside_are_taken_as_they_stand)
{
    static const char *const terms[] = {
        "attribute:ecs.os-type == linux", "a in [b, c]", "((a) and [b])",
        "a == ')'", "a == \"(\"", "a == 'it\\'s ('", "a == '\"'",
        "a =~ \"x\\\\\"", "not(a)", "()", "a == '\xC3\xA4'",
    };

    for (size_t i = 0; i < sizeof(terms) / sizeof(*terms); i++)
        check(&terms[i], 1, terms[i]);
}

TEST(filter, a_control_character_hides_in_no_quote)
{
    CHECK_INT(hc_filter_check(HC_STR("a == '\x01'"), NULL), HEADCOUNT_ESYNTAX);
    CHECK_INT(hc_filter_check(HC_STR("a == 'b\nc'"), NULL), HEADCOUNT_ESYNTAX);
    CHECK_INT(hc_filter_check(HC_STR("a == '\\\n'"), NULL), HEADCOUNT_ESYNTAX);
    CHECK_INT(hc_filter_check(HC_STR("a == \"\0\""), NULL), HEADCOUNT_ESYNTAX);
}

TEST(filter, an_empty_expression_is_none)
{
    CHECK_INT(hc_filter_check(HC_STR(""), NULL), HEADCOUNT_ESYNTAX);
    CHECK_INT(hc_filter_check(HC_STR("   "), NULL), HEADCOUNT_ESYNTAX);
}

TEST(filter, nesting_length_and_number_are_bounded)
{
    static char text[HC_FILTER_BYTES];
    static char terms[HC_FILTER_TERMS + 1];
    struct hc_filter f = { .n = 0 };
    struct headcount_error e = { 0 };

    memset(text, '[', 65);
    memset(text + 65, ']', 65);
    CHECK_INT(hc_filter_check(hc_str_n(text, 130), NULL), HEADCOUNT_ESYNTAX);
    CHECK_INT(hc_filter_check(hc_str_n(text + 1, 128), NULL), 0);

    memset(text, 'a', sizeof(text));
    CHECK_INT(hc_filter_check(hc_str_n(text, HC_FILTER_BYTES / 2), NULL), 0);
    CHECK_INT(hc_filter_check(hc_str_n(text, HC_FILTER_BYTES / 2 + 1), &e),
              HEADCOUNT_ESYNTAX);
    CHECK(strstr(e.what, "too long") != NULL);

    for (size_t i = 0; i < HC_FILTER_TERMS; i++) {
        terms[i] = (char)('p' - i);
        CHECK_INT(hc_filter_add(&f, hc_str_n(&terms[i], 1), NULL), 0);
    }
    terms[HC_FILTER_TERMS] = 'z';
    CHECK_INT(hc_filter_add(&f, hc_str_n(&terms[HC_FILTER_TERMS], 1), NULL),
              HEADCOUNT_ELIMIT);
    CHECK_INT(hc_filter_add(&f, hc_str_n(&terms[0], 1), NULL), 0);
    CHECK_INT(f.n, HC_FILTER_TERMS);
}

TEST(filter, what_moves_with_tasks_is_seen)
{
    static const char *const moving[] = {
        "task:group == web", "not(task:group==web)", "TASK:GROUP == x",
        "runningTasksCount == 0", "runningtaskscount>0",
        "a == 1 and agentConnected == true", "!agentConnected",
        "a == 'b'and agentConnected==false",
    };
    static const char *const still[] = {
        "", "attribute:task:group == x", "a == 'task:group'",
        "a == \"agentConnected\"", "attribute:agentConnected == x",
        "agentConnectedX == 1", "xrunningTasksCount == 1",
        "a == 'it\\'s task:group'", "task:groups == 1", "a == ' task:group",
        "ec2InstanceId in [i-1]",
    };

    for (size_t i = 0; i < sizeof(moving) / sizeof(*moving); i++) {
        size_t n = strlen(moving[i]);

        CHECK(hc_filter_moves(hc_str_n(t_guard(moving[i], n), n)));
    }
    for (size_t i = 0; i < sizeof(still) / sizeof(*still); i++) {
        size_t n = strlen(still[i]);

        CHECK(!hc_filter_moves(hc_str_n(t_guard(still[i], n), n)));
    }
}
