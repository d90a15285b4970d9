/* tests/aws/setting_test.c - what is wrong with a value: of a file, it is not
 * shown. */
#include "t.h"

#include "aws/setting.h"

static struct headcount_error error;

static struct hc_setting setting(const char *value, bool is_shared)
{
    struct hc_setting s = { .is_shared = is_shared };

    hc_setting_from(&s, hc_str(value), is_shared ? "/f:3" : "AWS_X");
    hc_error_reset(&error);
    return s;
}

TEST(setting, a_flag_is_true_or_false_in_any_case)
{
    static const struct { const char *value; bool before, after; } rows[] = {
        { "true", false, true }, { "TRUE", false, true },
        { "False", true, false }, { "", true, true }, { "", false, false },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct hc_setting s = setting(rows[i].value, false);
        bool is = rows[i].before;

        CHECK_INT(hc_setting_bool(&s, "x", &is, &error), 0);
        CHECK_INT(is, rows[i].after);
    }
}

TEST(setting, a_number_has_both_its_limits)
{
    static const struct { const char *value; int64_t want; } rows[] = {
        { "1", 1 }, { "100", 100 }, { "", 7 }, { "007", 7 },
        { "0", -1 }, { "101", -1 }, { "-1", -1 }, { "+1", -1 }, { "1.5", -1 },
        { "1 ", -1 }, { "18446744073709551616", -1 },
        { "9223372036854775808", -1 },
    };
    const struct hc_range range = { 1, 100 };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct hc_setting s = setting(rows[i].value, false);
        int64_t n = 7;
        int err = hc_setting_number(&s, "x", range, &n, &error);

        CHECK_INT(err, rows[i].want < 0 ? HEADCOUNT_ECONFIG : 0);
        CHECK_INT(n, rows[i].want < 0 ? 7 : rows[i].want);
    }
}

TEST(setting, a_wrong_one_shows_its_value_only_if_no_file_has_it)
{
    struct hc_setting of_file = setting("hush", true);
    bool is;

    CHECK_INT(hc_setting_bool(&of_file, "x", &is, &error), HEADCOUNT_ECONFIG);
    CHECK_Z(error.what, "/f:3: x has to be true or false");
    hc_error_reset(&error);
    CHECK_INT(hc_setting_long(&of_file, "x", 3, &error), HEADCOUNT_ECONFIG);
    CHECK_Z(error.what, "/f:3: x has more than 3 bytes");

    struct hc_setting of_environment = setting("maybe", false);

    CHECK_INT(hc_setting_bool(&of_environment, "x", &is, &error),
              HEADCOUNT_ECONFIG);
    CHECK_Z(error.what, "AWS_X is `maybe`: it has to be true or false");
    hc_error_reset(&error);
    CHECK_INT(hc_setting_long(&of_environment, "x", 3, &error),
              HEADCOUNT_ECONFIG);
    CHECK_Z(error.what, "AWS_X has more than 3 bytes");
}
