/* tests/base/err_test.c - codes, names, sentences; the first error is kept. */
#include "t.h"

#include <errno.h>
#include <string.h>

#include "base/err.h"

TEST(err, codes_are_negative_distinct_and_named)
{
    CHECK_INT(HEADCOUNT_OK, 0);
    CHECK_INT(HEADCOUNT_ENOMEM, -1);
    CHECK_INT(HEADCOUNT_EARG, -2);
    CHECK_INT(HEADCOUNT_EPOLICY, -25);
    CHECK_INT(HEADCOUNT_EACCOUNT, -26);
    CHECK_Z(hc_error_name(0), "OK");
    CHECK_Z(hc_error_name(HEADCOUNT_ENOMEM), "ENOMEM");
    CHECK_Z(hc_error_name(HEADCOUNT_ETIMEDOUT), "ETIMEDOUT");
    CHECK_Z(hc_error_name(HEADCOUNT_EPOLICY), "EPOLICY");
    CHECK_Z(hc_error_name(HEADCOUNT_EACCOUNT), "EACCOUNT");
    CHECK_INT(HEADCOUNT_EPROXY, -27);
    CHECK_Z(hc_error_name(HEADCOUNT_EPROXY), "EPROXY");
    CHECK_Z(hc_error_name(-12), "EUNKNOWN");       /* an older EPROXY */
    CHECK_Z(hc_error_sentence(-12), "an unknown error");
    for (int code = 0; code >= HEADCOUNT_EPROXY; code--)
        CHECK(code == -12 || (strlen(hc_error_sentence(code)) > 3 &&
              strcmp(hc_error_name(code), "EUNKNOWN") != 0));
}

TEST(err, a_number_that_is_no_code_has_a_name_too)
{
    CHECK_Z(hc_error_name(1), "EUNKNOWN");
    CHECK_Z(hc_error_name(HEADCOUNT_EPROXY - 1), "EUNKNOWN");
    CHECK_Z(hc_error_name(-2147483647 - 1), "EUNKNOWN");
    CHECK_Z(hc_error_sentence(-1000), "an unknown error");
}

TEST(err, the_first_error_wins)
{
    struct headcount_error e = { 0 };

    CHECK_INT(
        hc_error_set(&e, HEADCOUNT_EDNS, "no address for %s", "a.example"),
        HEADCOUNT_EDNS);
    CHECK_INT(hc_error_set(&e, HEADCOUNT_ETLS, "later"), HEADCOUNT_ETLS);
    CHECK_INT(hc_error_sys(&e, HEADCOUNT_EIO, EPIPE, "later"), HEADCOUNT_EIO);
    CHECK_INT(e.code, HEADCOUNT_EDNS);
    CHECK_INT(e.sys, 0);
    CHECK_Z(e.what, "no address for a.example");
}

TEST(err, after_a_reset_the_next_one_is_first)
{
    struct headcount_error e = { 0 };

    hc_error_sys(&e, HEADCOUNT_EIO, EPIPE, "one");
    hc_error_reset(&e);
    CHECK_INT(e.code, 0);
    CHECK_INT(e.sys, 0);
    CHECK_Z(e.what, "");
    hc_error_set(&e, HEADCOUNT_EARG, "two");
    CHECK_Z(e.what, "two");
    CHECK_INT(e.sys, 0);
}

TEST(err, a_permanent_one_stays_so_where_it_is_passed_on)
{
    struct headcount_error e = { 0 }, to = { 0 };

    hc_error_permanent(&e);
    CHECK_INT(e.permanent, 0);
    hc_error_set(&e, HEADCOUNT_EPROXY, "407");
    CHECK_INT(e.permanent, 0);
    hc_error_permanent(&e);
    hc_error_pass(&to, &e);
    CHECK_INT(to.permanent, 1);
    hc_error_reset(&to);
    CHECK_INT(to.permanent, 0);
    to.permanent = 1;                    /* of an error before this one */
    hc_error_sys(&to, HEADCOUNT_EIO, EIO, "one");
    CHECK_INT(to.permanent, 0);
}

TEST(err, nobody_to_tell_is_allowed)
{
    hc_error_permanent(NULL);
    CHECK_INT(hc_error_set(NULL, HEADCOUNT_EARG, "%d", 1), HEADCOUNT_EARG);
    CHECK_INT(hc_error_sys(NULL, HEADCOUNT_EIO, EIO, "%d", 1), HEADCOUNT_EIO);
    hc_error_reset(NULL);
}

TEST(err, errno_is_named_and_kept)
{
    static const struct {
        int sys;
        const char *want;
    } cases[] = {
        { ECONNREFUSED, "connect: connection refused (ECONNREFUSED)" },
        { ETIMEDOUT, "connect: connection timed out (ETIMEDOUT)" },
        { ENOENT, "connect: no such file or directory (ENOENT)" },
        { EACCES, "connect: permission denied (EACCES)" },
        { 4242, "connect: errno 4242" },
        { 0, "connect" }
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct headcount_error e = { 0 };

        CHECK_INT(hc_error_sys(&e, HEADCOUNT_ECONNECT, cases[i].sys, "connect"),
                  HEADCOUNT_ECONNECT);
        CHECK_INT(e.sys, cases[i].sys);
        CHECK_Z(e.what, cases[i].want);
    }
}

TEST(err, a_long_sentence_is_cut_not_overrun)
{
    struct headcount_error e = { 0 };
    char big[2000];

    memset(big, 'x', sizeof(big) - 1);
    big[sizeof(big) - 1] = '\0';
    hc_error_sys(&e, HEADCOUNT_EIO, ENOENT, "%s", big);
    CHECK_INT(strlen(e.what), sizeof(e.what) - 1);
}

TEST(err, is_passed_on_to_an_empty_one_only)
{
    struct headcount_error from = { 0 }, to = { 0 };

    hc_error_sys(&from, HEADCOUNT_EIO, ENOENT, "from");
    CHECK_INT(hc_error_pass(&to, &from), HEADCOUNT_EIO);
    CHECK_Z(to.what, "from: no such file or directory (ENOENT)");
    CHECK_INT(to.sys, ENOENT);
    hc_error_reset(&from);
    hc_error_set(&from, HEADCOUNT_EARG, "other");
    CHECK_INT(hc_error_pass(&to, &from), HEADCOUNT_EARG);
    CHECK_INT(to.code, HEADCOUNT_EIO);
    CHECK_INT(hc_error_pass(NULL, &from), HEADCOUNT_EARG);
    CHECK_INT(hc_error_pass(&from, &from), HEADCOUNT_EARG);
}
