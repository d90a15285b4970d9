/* wire/eyeballs - the order and the pace. */
#include "wire/eyeballs.h"

#include "t.h"

static struct hc_addr v4(unsigned char last)
{
    return (struct hc_addr){ .family = 4, .ip = { 10, 0, 0, last } };
}

static const struct hc_health sound;

static struct hc_addr v6(unsigned char last)
{
    return (struct hc_addr){ .family = 6, .ip = { 0x20, [15] = last } };
}

/* "6a 4b ...": family and last byte of what is tried, in order. */
static void check_order_with(const struct hc_health *health,
                             const struct hc_addrs *addrs, const char *want)
{
    struct hc_eyeballs e;
    struct hc_addr addr;
    char got[128] = "";
    size_t n = 0;
    int64_t now = 5;

    hc_eyeballs_init(&e, addrs, health, 443, now);
    while (hc_eyeballs_at(&e) != HC_NEVER) {
        now = hc_eyeballs_at(&e);
        CHECK(hc_eyeballs_next(&e, now, &addr));
        got[n++] = (char)('0' + addr.family);
        got[n++] = (char)('a' + addr.ip[addr.family == 6 ? 15 : 3]);
        got[n++] = ' ';
    }
    CHECK(!hc_eyeballs_next(&e, now + HC_SECOND, &addr));
    CHECK_Z(got, want);
}

static void check_order(const struct hc_addrs *addrs, const char *want)
{
    check_order_with(&sound, addrs, want);
}

TEST(eyeballs, families_alternate_and_ipv6_is_first)
{
    struct hc_addrs a = { .n = 0 };

    check_order(&a, "");
    a = (struct hc_addrs){ { v4(0), v4(1) }, 2 };
    check_order(&a, "4a 4b ");
    a = (struct hc_addrs){ { v4(0), v4(1), v6(0) }, 3 };
    check_order(&a, "6a 4a 4b ");
    a = (struct hc_addrs){ { v6(0), v6(1), v6(2), v4(0) }, 4 };
    check_order(&a, "6a 4a 6b 6c ");
}

TEST(eyeballs, the_next_is_due_after_250_ms_or_a_failure)
{
    const struct hc_addrs a = { { v4(0), v4(1), v4(2) }, 3 };
    struct hc_eyeballs e;
    struct hc_addr addr;

    hc_eyeballs_init(&e, &a, &sound, 443, 1000);
    CHECK_INT(hc_eyeballs_at(&e), 1000);
    CHECK(hc_eyeballs_next(&e, 1000, &addr));
    CHECK_INT(hc_eyeballs_at(&e), 1000 + 250 * HC_MS);
    CHECK(!hc_eyeballs_next(&e, 1000 + 249 * HC_MS, &addr));
    hc_eyeballs_failed(&e, true, 2000);
    CHECK_INT(hc_eyeballs_at(&e), 2000);
    CHECK(hc_eyeballs_next(&e, 2000, &addr));
    CHECK(hc_eyeballs_next(&e, 2000 + 250 * HC_MS, &addr));
    CHECK_INT(addr.ip[3], 2);
    CHECK_INT(hc_eyeballs_at(&e), HC_NEVER);
    hc_eyeballs_failed(&e, true, 9999999);
    hc_eyeballs_wait(&e, 9999999);
    CHECK_INT(hc_eyeballs_at(&e), HC_NEVER);
}

TEST(eyeballs, addresses_that_failed_lately_come_last)
{
    const struct hc_addrs a = { { v4(0), v4(1), v6(0), v6(1) }, 4 };
    struct hc_health h = { .n = 0 };

    hc_health_failed(&h, &a.a[2], 443, 5);
    check_order_with(&h, &a, "4a 6b 4b 6a ");
    hc_health_failed(&h, &a.a[0], 443, 4);
    check_order_with(&h, &a, "6b 4b 4a 6a ");
    hc_health_failed(&h, &a.a[1], 8443, 3);
    check_order_with(&h, &a, "6b 4b 4a 6a ");
}

/* It may be quick to shake hands and then silent again: it gets its turn when
 * the others failed, or were silent for a second. */
TEST(eyeballs, an_address_that_failed_lately_waits_for_a_second)
{
    const struct hc_addrs a = { { v4(0), v4(1), v4(2) }, 3 };
    struct hc_health h = { .n = 0 };
    struct hc_eyeballs e;
    struct hc_addr addr;

    hc_health_failed(&h, &a.a[0], 443, 5);
    hc_eyeballs_init(&e, &a, &h, 443, 1000);
    CHECK(hc_eyeballs_next(&e, 1000, &addr));
    CHECK_INT(hc_eyeballs_at(&e), 1000 + 250 * HC_MS);
    hc_eyeballs_failed(&e, true, 2000);
    CHECK(hc_eyeballs_next(&e, 2000, &addr));
    CHECK_INT(addr.ip[3], 2);
    CHECK_INT(hc_eyeballs_at(&e), 2000 + HC_SECOND);
    hc_eyeballs_failed(&e, true, 3000);
    CHECK_INT(hc_eyeballs_at(&e), 2000 + HC_SECOND);
    hc_eyeballs_failed(&e, false, 4000);
    CHECK_INT(hc_eyeballs_at(&e), 4000);
    CHECK(hc_eyeballs_next(&e, 4000, &addr));
    CHECK_INT(addr.ip[3], 0);
}

TEST(eyeballs, where_all_failed_lately_none_waits_longer)
{
    const struct hc_addrs a = { { v4(0), v4(1) }, 2 };
    struct hc_health h = { .n = 0 };
    struct hc_eyeballs e;
    struct hc_addr addr;

    hc_health_failed(&h, &a.a[0], 443, 6);
    hc_health_failed(&h, &a.a[1], 443, 5);
    hc_eyeballs_init(&e, &a, &h, 443, 1000);
    CHECK(hc_eyeballs_next(&e, 1000, &addr));
    CHECK_INT(addr.ip[3], 1);
    CHECK_INT(hc_eyeballs_at(&e), 1000 + 250 * HC_MS);
}

TEST(eyeballs, a_trial_that_got_further_makes_the_next_wait)
{
    const struct hc_addrs a = { { v4(0), v4(1) }, 2 };
    struct hc_eyeballs e;
    struct hc_addr addr;

    hc_eyeballs_init(&e, &a, &sound, 443, 1000);
    CHECK(hc_eyeballs_next(&e, 1000, &addr));
    hc_eyeballs_wait(&e, 200 * HC_MS);
    CHECK_INT(hc_eyeballs_at(&e), 450 * HC_MS);
    hc_eyeballs_end(&e);
    CHECK_INT(hc_eyeballs_at(&e), HC_NEVER);
    CHECK(!hc_eyeballs_next(&e, HC_SECOND, &addr));
}
