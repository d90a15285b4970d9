/* tests/cli/table_test.c - a report for a pipe and for terminals of several
 * widths, to the letter. */
#include "t.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "table.h"

static const struct look pipe_look = { .terminal = false };

static void check(const char *rows, const struct look *look,
                  const char *expected)
{
    char *text = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&text, &n);

    CHECK(out != NULL);
    if (out == NULL)
        return;
    table_put(out, rows, look);
    fclose(out);
    CHECK_Z(text, expected);
    free(text);
}

static void check_at(const char *rows, size_t columns, const char *expected)
{
    const struct look look = { .terminal = true, .columns = columns };

    check(rows, &look, expected);
}

#define WEB "~\tprod\tweb\t1\t3\t+2\t3 active hosts\tpending\t" \
            "1 task on each host\t\n"
#define API "=\tprod\tapi\t10\t\t\t10 registered hosts\tunchanged\t" \
            "1 task on each host\t\n"
#define HELD "!\tedge\tweb\t4\t0\t-4\t0 active hosts\theld zero\t" \
             "the cluster looks empty\t; to let it pass: --allow zero " \
             "--service web\n"
#define FAILED(cluster) "x\t" cluster "\tweb\t\t\t\t\tfailed ETLS\tno name\t\n"

TEST(table, a_pipe_has_one_whole_fact_in_a_line)
{
    check(WEB API HELD FAILED("a") FAILED("b"), &pipe_look,
    "~ prod  web  1 -> 3  +2  3 active hosts  pending: 1 task on each host\n"
    "= prod  api  10  10 registered hosts  unchanged: 1 task on each host\n"
    "! edge  web  4 -> 0  -4  0 active hosts  held zero: the cluster looks "
    "empty; to let it pass: --allow zero --service web\n"
    "x a  web  failed ETLS: no name\n"
    "x b  web  failed ETLS: no name\n");
}

TEST(table, columns_are_as_wide_as_what_stands_in_them)
{
    check_at(WEB API, 80,
    "  CLUSTER  SERVICE  NOW -> WANT  DELTA          HOSTS  WHY\n"
    "~ prod     web        1 -> 3        +2              3  1 task on each "
    "host\n"
    "=          api       10                 10 registered  1 task on each "
    "host\n"
    "~ change  = unchanged\n");
}

TEST(table, a_hold_has_its_way_out_in_one_piece)
{
    check_at(HELD, 80,
    "  CLUSTER  SERVICE  NOW -> WANT  DELTA  HOSTS  WHY\n"
    "! edge     web        4 -> 0        -4      0  held zero: the cluster "
    "looks\n"
    "    empty; to let it pass: --allow zero --service web\n"
    "! held\n");
    check_at(HELD, 53,
    "  CLUSTER  SERVICE  NOW -> WANT  DELTA  HOSTS  WHY\n"
    "! edge     web        4 -> 0        -4      0  held\n"
    "    zero: the cluster looks empty; to let it pass:\n"
    "    --allow zero --service web\n"
    "! held\n");
}

TEST(table, a_terminal_is_told_a_failure_once)
{
    check_at(FAILED("a") FAILED("b"), 80,
    "  CLUSTER  SERVICE  NOW -> WANT  DELTA  HOSTS  WHY\n"
    "x a        web                                 failed ETLS: no name\n"
    "x b        web                                 failed ETLS: as a\n"
    "x failed\n");
}

TEST(table, a_name_that_is_longer_than_its_column_has_a_line)
{
    check_at("~\tproduction-of-europe-number-one\tthe-agent-of-all-hosts\t1\t3"
             "\t+2\t3 active hosts\tpending\tshort\t\n" WEB, 60,
    "  CLUSTER   SERVICE   NOW -> WANT  DELTA  HOSTS  WHY\n"
    "~ production-of-europe-number-one\n"
    "            the-agent-of-all-hosts\n"
    "                        1 -> 3        +2      3  short\n"
    "~ prod      web         1 -> 3        +2      3  1 task on\n"
    "    each host\n"
    "~ change\n");
}

TEST(table, a_width_is_counted_in_columns_of_a_terminal)
{
    check_at("~\t\xc3\xa4\tx\t1\t2\t+1\t2 active hosts\tpending\ty\t\n"
             "~\t\xe6\x97\xa5\xe6\x9c\xac\tx\t1\t2\t+1\t2 active hosts\t"
             "pending\ty\t\n", 80,
    "  CLUSTER  SERVICE  NOW -> WANT  DELTA  HOSTS  WHY\n"
    "~ \xc3\xa4        x          1 -> 2        +1      2  y\n"
    "~ \xe6\x97\xa5\xe6\x9c\xac     x          1 -> 2        +1      2  y\n"
    "~ change\n");
}

TEST(table, colour_is_around_the_sign_and_around_quiet_rows)
{
    const struct look coloured = { .terminal = true, .colour = true,
                                   .columns = 80 };
    const struct look piped = { .colour = true };

    check(WEB API, &coloured,
    "\033[2m  CLUSTER  SERVICE  NOW -> WANT  DELTA          HOSTS  WHY\033[0m\n"
    "\033[33m~\033[0m prod     web        1 -> 3        +2              3  "
    "1 task on each host\n"
    "\033[2m=          api       10                 10 registered  "
    "1 task on each host\033[0m\n"
    "\033[33m~ change\033[0m  \033[2m= unchanged\033[0m\n");
    check(HELD, &piped,
    "\033[35m!\033[0m edge  web  4 -> 0  -4  0 active hosts  held zero: the "
    "cluster looks empty; to let it pass: --allow zero --service web\n");
}

TEST(table, without_a_row_there_is_no_head)
{
    check_at("", 80, "");
    check("", &pipe_look, "");
}
