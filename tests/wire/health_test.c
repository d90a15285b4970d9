/* wire/health - addresses that failed lately come last. */
#include "wire/health.h"

#include "t.h"

#define PORT 443

static struct hc_addr v4(unsigned last)
{
    return (struct hc_addr){ .family = 4,
                             .ip = { 10, 0, 0, (unsigned char)last } };
}

static void failed(struct hc_health *h, unsigned last, int64_t at)
{
    const struct hc_addr addr = v4(last);

    hc_health_failed(h, &addr, PORT, at);
}

static int64_t when(const struct hc_health *h, unsigned last, int64_t now)
{
    const struct hc_addr addr = v4(last);

    return hc_health_when(h, &addr, PORT, now);
}

/* The last bytes of four addresses after the sort: "abcd". */
static void check_order(const struct hc_health *h, int64_t now,
                        const char *want)
{
    struct hc_addrs a = { { v4(0), v4(1), v4(2), v4(3) }, 4 };
    char got[5] = "";

    hc_health_sort(h, PORT, now, &a);
    CHECK_INT(a.n, 4);
    for (size_t i = 0; i < a.n; i++)
        got[i] = (char)('a' + a.a[i].ip[3]);
    CHECK_Z(got, want);
}

TEST(health, an_address_that_failed_is_last_for_30_s)
{
    struct hc_health h = { .n = 0 };

    check_order(&h, 5, "abcd");
    failed(&h, 0, 5);
    check_order(&h, 5, "bcda");
    check_order(&h, 5 + HC_HEALTH_TIME - 1, "bcda");
    check_order(&h, 5 + HC_HEALTH_TIME, "abcd");
    CHECK_INT(when(&h, 0, 5), 5);
    CHECK_INT(when(&h, 0, 5 + HC_HEALTH_TIME), 0);
    CHECK_INT(when(&h, 1, 5), 0);
}

/* Both are dead for a while: neither is asked twice before the other. */
TEST(health, the_oldest_failure_is_tried_first)
{
    struct hc_health h = { .n = 0 };

    for (unsigned i = 0; i < 2; i++)
        failed(&h, i, 10 + i);
    check_order(&h, 20, "cdab");
    failed(&h, 0, 15);
    check_order(&h, 20, "cdba");
    for (unsigned i = 4; i-- > 0;)
        failed(&h, i, 30 - i);
    check_order(&h, 40, "dcba");
    failed(&h, 3, 35);
    check_order(&h, 40, "cbad");
    check_order(&h, 29 + HC_HEALTH_TIME, "bcad");
}

TEST(health, another_port_is_another_server)
{
    const struct hc_addr addr = v4(0);
    const struct hc_addr v6 = { .family = 6, .ip = { 10 } };
    struct hc_health h = { .n = 0 };

    hc_health_failed(&h, &addr, 8443, 5);
    CHECK_INT(hc_health_when(&h, &addr, 8443, 5), 5);
    CHECK_INT(hc_health_when(&h, &addr, 443, 5), 0);
    CHECK_INT(hc_health_when(&h, &v6, 8443, 5), 0);
    check_order(&h, 5, "abcd");
}

TEST(health, a_full_table_loses_its_oldest_mark)
{
    struct hc_health h = { .n = 0 };

    for (unsigned i = 0; i < HC_HEALTH_MAX; i++)
        failed(&h, i, 100 + i);
    failed(&h, 0, 500);
    failed(&h, 200, 501);
    CHECK_INT(h.n, HC_HEALTH_MAX);
    CHECK_INT(when(&h, 0, 600), 500);
    CHECK_INT(when(&h, 1, 600), 0);
    CHECK_INT(when(&h, 200, 600), 501);
}

TEST(health, a_second_more_is_a_slow_machine_and_not_a_freeze)
{
    CHECK(!hc_health_is_late(100 * HC_SECOND, 0));
    CHECK(!hc_health_is_late(100 * HC_SECOND, 101 * HC_SECOND - 1));
    CHECK(hc_health_is_late(100 * HC_SECOND, 101 * HC_SECOND));
    CHECK(!hc_health_is_late(HC_NEVER, HC_NEVER - 1));
}
