/* tests/ecs/query_value_test.c - the order of values, versions and times. */
#include "t.h"

#include "base/clock.h"
#include "ecs/query_value.h"

static int sign(int order)
{
    return (order > 0) - (order < 0);
}

TEST(query_value, decimals_are_numbers_exactly_and_the_rest_is_bytes)
{
    static const struct { const char *a, *b; int order; } rows[] = {
        { "1", "1", 0 }, { "1", "1.0", 0 }, { "10", "9", 1 },
        { "-1", "1", -1 }, { "-2", "-1", -1 }, { "+1", "1", 0 },
        { ".5", "0.50", 0 }, { "1e3", "1000", 0 }, { "2e-1", "0.2", 0 },
        { "0", "-0", 0 }, { "0.0", "000", 0 }, { "1e999999", "1e999998", 1 },
        { "9007199254740993", "9007199254740992", 1 },
        { "123456789012345678901234567890", "123456789012345678901234567891",
          -1 },
        { "0.1", "0.10000000000000000000001", -1 },
        /* no numbers */
        { "nan", "1", 1 }, { "inf", "inf", 0 }, { "1_000", "999", -1 },
        { "1e", "1", 1 }, { "1e9999999", "2", -1 }, { "1.2.3", "1.10", 1 },
        { "", "0", -1 }, { ".", "0", -1 }, { "-", "1", -1 }, { "abc", "abd",
                                                              -1 },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct hc_str a = hc_str(rows[i].a), b = hc_str(rows[i].b);

        CHECK_INT(sign(hc_query_value_cmp(a, b)), rows[i].order);
        CHECK_INT(sign(hc_query_value_cmp(b, a)), -rows[i].order);
    }
}

TEST(query_value, versions_go_number_by_number)
{
    static const struct { const char *a, *b; int order; } rows[] = {
        { "1.9.0", "1.10.0", -1 }, { "1.2", "1.2.0", -1 }, { "2", "1.9", 1 },
        { "1.20.3", "1.20.3", 0 }, { "1.02", "1.2", 0 },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct hc_str a = hc_str(rows[i].a), b = hc_str(rows[i].b);

        CHECK_INT(sign(hc_query_version_cmp(a, b)), rows[i].order);
        CHECK_INT(sign(hc_query_version_cmp(b, a)), -rows[i].order);
    }
    CHECK(hc_query_is_version(HC_STR("1.20.3")));
    CHECK(!hc_query_is_version(HC_STR("1.")));
    CHECK(!hc_query_is_version(HC_STR(".1")));
    CHECK(!hc_query_is_version(HC_STR("")));
    CHECK(!hc_query_is_version(HC_STR("v1")));
    CHECK(hc_query_is_integer(HC_STR("-12")));
    CHECK(!hc_query_is_integer(HC_STR("1.2")));
    CHECK(!hc_query_is_integer(HC_STR("-")));
}

TEST(query_value, a_time_without_zone_is_in_utc)
{
    int64_t wall;

    CHECK(hc_query_get_time(HC_STR("1970-01-02"), &wall));
    CHECK_INT(wall, 86400 * HC_SECOND);
    CHECK(hc_query_get_time(HC_STR("1970-01-01T00:00:07"), &wall));
    CHECK_INT(wall, 7 * HC_SECOND);
    CHECK(hc_query_get_time(HC_STR("1970-01-01T01:00:00+01:00"), &wall));
    CHECK_INT(wall, 0);
    CHECK(!hc_query_get_time(HC_STR("1970-01"), &wall));
    CHECK(!hc_query_get_time(HC_STR(""), &wall));
    CHECK(!hc_query_get_time(HC_STR("1970-01-01T00:00:07 and a tail that is far"
                                    " too long to be a time of any kind"),
                             &wall));
}
