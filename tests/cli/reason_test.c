/* tests/cli/reason_test.c - what is left of a reason beside the counts. */
#include "t.h"

#include <stdio.h>
#include <stdlib.h>

#include "reason.h"

static void check(const char *reason, const char *filter,
                  enum headcount_result outcome, const char *expected)
{
    const struct headcount_service s = {
        .reason = reason, .hosts_filter = filter, .hosts_by = "active",
        .hosts_counted = 3, .outcome = outcome, .service = "web", .code = "",
    };
    char *text = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&text, &n);

    CHECK(out != NULL);
    if (out == NULL)
        return;
    reason_put(out, &s);
    fclose(out);
    CHECK_Z(text, expected);
    free(text);
}

TEST(reason, hosts_are_left_to_their_column)
{
    check("1 task on each of 3 active hosts", "", HEADCOUNT_PENDING,
          "1 task on each host");
    check("all but 1 of 3 active hosts, at least 2", "", HEADCOUNT_PENDING,
          "all but 1, at least 2");
    check("the ladder's 4 for 3 active hosts", "", HEADCOUNT_PENDING,
          "the ladder's 4");
    check("1 task for every 4 hosts of 3 active hosts", "", HEADCOUNT_PENDING,
          "1 task for every 4 hosts");
}

TEST(reason, hosts_that_are_some_of_them_stay)
{
    check("1 task on each of 3 active hosts of its capacity providers", "",
          HEADCOUNT_PENDING,
          "1 task on each of 3 active hosts of its capacity providers");
    check("a fixed count of 3", "", HEADCOUNT_PENDING, "a fixed count of 3");
}

TEST(reason, the_filter_says_which_hosts)
{
    check("1 task on each of 3 active hosts that match the filter", "a == b",
          HEADCOUNT_PENDING, "1 task on each host where a == b");
    check("something else", "a == b", HEADCOUNT_FAILED,
          "something else; hosts where a == b");
    check("", "a == b", HEADCOUNT_FAILED, "hosts where a == b");
}

TEST(reason, a_hold_says_why_it_is_held)
{
    check("1 task on each of 3 active hosts; held: it is paused", "",
          HEADCOUNT_HELD, "it is paused");
    check("a fixed count of 1; held: it is paused", "", HEADCOUNT_FAILED,
          "a fixed count of 1; held: it is paused");
}

TEST(reason, what_steers_a_terminal_is_shown_as_a_question_mark)
{
    check("\033[31m of 3 active hosts that match the filter", "\033\n\t",
          HEADCOUNT_PENDING, "?[31m where ???");
}
