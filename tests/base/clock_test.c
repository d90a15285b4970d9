/* tests/base/clock_test.c - arithmetic that saturates, dates there and back. */
#include "t.h"

#include <string.h>

#include "base/clock.h"

TEST(clock, adding_saturates_and_never_stays_never)
{
    CHECK_INT(hc_time_add(1, 2), 3);
    CHECK_INT(hc_time_add(5, -7), -2);
    CHECK_INT(hc_time_add(HC_NEVER, -5), HC_NEVER);
    CHECK_INT(hc_time_add(5, HC_NEVER), HC_NEVER);
    CHECK_INT(hc_time_add(INT64_MAX - 1, 1), INT64_MAX);
    CHECK_INT(hc_time_add(INT64_MAX - 1, 2), HC_NEVER);
    CHECK_INT(hc_time_add(INT64_MIN + 1, -2), INT64_MIN);
    CHECK_INT(hc_time_min(1, HC_NEVER), 1);
    CHECK_INT(hc_time_min(HC_NEVER, -1), -1);
}

static const struct {
    int64_t wall;
    const char *amz, *rfc3339;
} dates[] = {
    { 0, "19700101T000000Z", "1970-01-01T00:00:00.000Z" },
    { 1440938160LL * 1000000, "20150830T123600Z", "2015-08-30T12:36:00.000Z" },
    { 951782399LL * 1000000 + 999999, "20000228T235959Z",
      "2000-02-28T23:59:59.999Z" },
    { 951782400LL * 1000000, "20000229T000000Z", "2000-02-29T00:00:00.000Z" },
    { 951868800LL * 1000000, "20000301T000000Z", "2000-03-01T00:00:00.000Z" },
    { 1704067199LL * 1000000, "20231231T235959Z", "2023-12-31T23:59:59.000Z" },
    { 4107542400LL * 1000000, "21000301T000000Z", "2100-03-01T00:00:00.000Z" },
    { -1, "19691231T235959Z", "1969-12-31T23:59:59.999Z" },
    { INT64_MIN, "00010101T000000Z", "0001-01-01T00:00:00.000Z" },
    { INT64_MAX, "99991231T235959Z", "9999-12-31T23:59:59.999Z" }
};

TEST(clock, dates_are_written)
{
    for (size_t i = 0; i < sizeof(dates) / sizeof(*dates); i++) {
        char amz[HC_AMZ_DATE + 1], rfc[HC_RFC3339 + 1];

        hc_time_amz(amz, dates[i].wall);
        CHECK_Z(amz, dates[i].amz);
        hc_time_rfc3339(rfc, dates[i].wall);
        CHECK_Z(rfc, dates[i].rfc3339);
    }
}

TEST(clock, every_day_of_ten_thousand_years_goes_there_and_back)
{
    int64_t day = 86400 * HC_SECOND, wall, got;
    char text[HC_RFC3339 + 1], before[HC_RFC3339 + 1] = "";

    CHECK(hc_time_get_rfc3339(HC_STR("0001-01-01T00:00:00Z"), &wall));
    for (; wall < 253402300800 * HC_SECOND; wall += 13 * day) {
        hc_time_rfc3339(text, wall);
        if (!hc_time_get_rfc3339(hc_str(text), &got) || got != wall ||
            strcmp(before, text) >= 0)
            CHECK_Z(text, "a date that is read back, after the one before");
        memcpy(before, text, sizeof(text));
    }
}

TEST(clock, rfc3339_is_read)
{
    static const struct {
        const char *text;
        int64_t want;
    } cases[] = {
        { "1970-01-01T00:00:00Z", 0 },
        { "1970-01-01t00:00:01z", 1000000 },
        { "2015-08-30T12:36:00Z", 1440938160LL * 1000000 },
        { "2015-08-30T14:36:00+02:00", 1440938160LL * 1000000 },
        { "2015-08-30T07:06:00-05:30", 1440938160LL * 1000000 },
        { "2015-08-30T12:36:00.5Z", 1440938160LL * 1000000 + 500000 },
        { "2015-08-30T12:36:00.123456789Z", 1440938160LL * 1000000 + 123456 },
        { "1969-12-31T23:59:59.25Z", -750000 },
        { "2016-12-31T23:59:60Z", 1483228800LL * 1000000 },
        { "2024-02-29T00:00:00Z", 1709164800LL * 1000000 },
        { "2000-02-29T00:00:00-00:00", 951782400LL * 1000000 }
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        int64_t wall = 1;
        size_t n = strlen(cases[i].text);

        CHECK(hc_time_get_rfc3339(hc_str_n(t_guard(cases[i].text, n), n),
                                  &wall));
        CHECK_INT(wall, cases[i].want);
    }
}

TEST(clock, what_is_no_rfc3339_is_refused)
{
    static const char *const cases[] = {
        "", "2015", "2015-08-30", "2015-08-30T12:36:00",
        "2015-08-30 12:36:00Z", "2015-08-30T12:36Z", "2015-08-30T12:36:00.Z",
        "2015-08-30T12:36:00,5Z", "2015-8-30T12:36:00Z", "15-08-30T12:36:00Z",
        "2015-00-30T12:36:00Z", "2015-13-30T12:36:00Z", "2015-08-00T12:36:00Z",
        "2015-08-32T12:36:00Z", "2015-02-29T12:36:00Z", "1900-02-29T00:00:00Z",
        "2015-04-31T00:00:00Z", "2015-08-30T24:00:00Z", "2015-08-30T12:60:00Z",
        "2015-08-30T12:36:61Z", "2015-08-30T12:36:00+2:00",
        "2015-08-30T12:36:00+0200", "2015-08-30T12:36:00+24:00",
        "2015-08-30T12:36:00+02:60", "2015-08-30T12:36:00ZZ",
        "2015-08-30T12:36:00Z ", " 2015-08-30T12:36:00Z",
        "2015-08-30T12:36:00UTC", "0000-01-01T00:00:00Z",
        "-015-08-30T12:36:00Z", "2015/08/30T12:36:00Z", "2015-08-30T12-36-00Z"
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        int64_t wall = 77;

        if (hc_time_get_rfc3339(hc_str(cases[i]), &wall))
            CHECK_Z(cases[i], "refused");
        CHECK_INT(wall, 77);
    }
}

TEST(clock, http_dates_are_read)
{
    int64_t wall = 0;

    CHECK(hc_time_get_http(HC_STR("Sun, 06 Nov 1994 08:49:37 GMT"), &wall));
    CHECK_INT(wall, 784111777LL * 1000000);
    CHECK(hc_time_get_http(HC_STR("Sat, 29 Feb 2020 00:00:00 GMT"), &wall));
    CHECK_INT(wall, 1582934400LL * 1000000);
    CHECK(hc_time_get_http(HC_STR("Thu, 01 Jan 1970 00:00:00 GMT"), &wall));
    CHECK_INT(wall, 0);
    CHECK(hc_time_get_http(HC_STR("Wed, 31 Dec 2025 23:59:59 GMT"), &wall));
    CHECK_INT(wall, 1767225599LL * 1000000);
}

TEST(clock, what_is_no_http_date_is_refused)
{
    static const char *const cases[] = {
        "", "Sun", "Sun, 06 Nov 1994 08:49:37", "06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
        "Xun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nox 1994 08:49:37 GMT",
        "Sun, 6 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 06 Nov 1994 08:49:37 GMT ", "sun, 06 nov 1994 08:49:37 gmt",
        "Sun,06 Nov 1994 08:49:37 GMT", "Sun, 31 Feb 1994 08:49:37 GMT",
        "Sun, 00 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 94 08:49:37 GMT",
        "Sun, 06 Nov 1994 8:49:37 GMT", "Sun, 06 Nov 1994 25:49:37 GMT",
        "Sun, 06-Nov 1994 08:49:37 GMT", "Sun, 06 Nov-1994 08:49:37 GMT",
        "Sun, 06 Nov 1994T08:49:37 GMT"
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        int64_t wall = 77;

        if (hc_time_get_http(hc_str(cases[i]), &wall))
            CHECK_Z(cases[i], "refused");
        CHECK_INT(wall, 77);
    }
}

TEST(clock, an_epoch_is_any_json_number_of_seconds)
{
    static const struct { const char *text; int64_t us; } good[] = {
        { "0", 0 }, { "1479234567", 1479234567000000 },
        { "1479234567.5", 1479234567500000 },
        { "1479234567.123456", 1479234567123456 },
        { "1479234567.1234569", 1479234567123456 },
        { "1.479234567123E9", 1479234567123000 },
        { "1.479234567e+9", 1479234567000000 },
        { "14792345670e-1", 1479234567000000 },
        { "0.0000001", 0 }, { "1e-100", 0 }, { "0e99", 0 },
        { "253402300799", 253402300799000000 },
        { "1479234567.00000000000000000000000000001", 1479234567000000 },
        { "00000000000000000000000000000000000000001", 1000000 },
        { "147923456700000000000000000e-17", 1479234567000000 },
    };
    static const char *const bad[] = {
        "", "-1", "x", "1e", "1e+", "1x", "1e5x", "253402300800", "1e99",
        "1e999999999999999999999", "99999999999999999999999999999",
    };
    int64_t us;

    for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
        CHECK(hc_time_get_epoch(hc_str(good[i].text), &us));
        CHECK_INT(us, good[i].us);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        CHECK(!hc_time_get_epoch(hc_str(bad[i]), &us));
}
