/* wire/eyeballs - the order and the pace. */
#include "wire/eyeballs.h"

#include "t.h"

static struct hc_addr v4(unsigned char last)
{
    return (struct hc_addr){ .family = 4, .ip = { 10, 0, 0, last } };
}

static struct hc_addr v6(unsigned char last)
{
    return (struct hc_addr){ .family = 6, .ip = { 0x20, [15] = last } };
}

/* "6a 4b ...": family and last byte of what is tried, in order. */
static void check_order(const struct hc_addrs *addrs, const char *want)
{
    struct hc_eyeballs e;
    struct hc_addr addr;
    char got[128] = "";
    size_t n = 0;
    int64_t now = 5;

    hc_eyeballs_init(&e, addrs, now);
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

    hc_eyeballs_init(&e, &a, 1000);
    CHECK_INT(hc_eyeballs_at(&e), 1000);
    CHECK(hc_eyeballs_next(&e, 1000, &addr));
    CHECK_INT(hc_eyeballs_at(&e), 1000 + 250 * HC_MS);
    CHECK(!hc_eyeballs_next(&e, 1000 + 249 * HC_MS, &addr));
    hc_eyeballs_failed(&e, 2000);
    CHECK_INT(hc_eyeballs_at(&e), 2000);
    CHECK(hc_eyeballs_next(&e, 2000, &addr));
    CHECK(hc_eyeballs_next(&e, 2000 + 250 * HC_MS, &addr));
    CHECK_INT(addr.ip[3], 2);
    CHECK_INT(hc_eyeballs_at(&e), HC_NEVER);
    hc_eyeballs_failed(&e, 9999999);
    CHECK_INT(hc_eyeballs_at(&e), HC_NEVER);
}
