/* tests/wire/dns_cache_test.c */
#include "t.h"

#include <string.h>

#include "base/text.h"
#include "wire/dns_cache.h"

static struct hc_addrs some(size_t n)
{
    struct hc_addrs addrs = { .n = 0 };

    for (size_t i = 0; i < n; i++) {
        const struct hc_addr addr = { .family = 4,
                                      .ip = { 10, 0, 0, (unsigned char)i } };

        hc_addrs_add(&addrs, &addr);
    }
    return addrs;
}

static void put(struct hc_dns_cache *c, const char *name, size_t n,
                uint32_t ttl, int64_t now)
{
    const struct hc_dns_known known = { .addrs = some(n), .ttl = ttl };

    hc_dns_cache_put(c, hc_str(name), &known, now);
}

static int find(struct hc_dns_cache *c, const char *name, int64_t now)
{
    struct hc_addrs out;

    return hc_dns_cache_find(c, hc_str(name), now, &out, NULL);
}

TEST(dns_cache, an_answer_is_known_until_its_ttl_is_over)
{
    struct hc_dns_cache c;
    struct hc_addrs out = { .n = 0 };

    hc_dns_cache_init(&c, t_alloc());
    CHECK_INT(find(&c, "a", 0), 0);
    put(&c, "a", 1, 5, 1000);
    CHECK_INT(hc_dns_cache_find(&c, hc_str("a"), 1000, &out, NULL), 1);
    CHECK_INT(out.n, 1);
    CHECK_INT(find(&c, "b", 1000), 0);
    CHECK_INT(find(&c, "a", 1000 + 5 * HC_SECOND - 1), 1);
    CHECK_INT(find(&c, "a", 1000 + 5 * HC_SECOND), 0);
    hc_dns_cache_fini(&c);
}

TEST(dns_cache, no_ttl_is_longer_than_300_seconds)
{
    struct hc_dns_cache c;

    hc_dns_cache_init(&c, t_alloc());
    put(&c, "a", 1, 0x7fffffff, 0);
    CHECK_INT(find(&c, "a", 300 * HC_SECOND - 1), 1);
    CHECK_INT(find(&c, "a", 300 * HC_SECOND), 0);
    hc_dns_cache_fini(&c);
}

TEST(dns_cache, a_ttl_of_0_is_not_kept_and_ends_what_was_known)
{
    struct hc_dns_cache c;

    hc_dns_cache_init(&c, t_alloc());
    put(&c, "a", 1, 0, 0);
    CHECK_INT(find(&c, "a", 0), 0);
    put(&c, "a", 1, 60, 0);
    put(&c, "a", 1, 0, 1);
    CHECK_INT(find(&c, "a", 1), 0);
    hc_dns_cache_fini(&c);
}

TEST(dns_cache, a_later_answer_replaces_an_earlier_one)
{
    struct hc_dns_cache c;
    struct hc_addrs out;

    hc_dns_cache_init(&c, t_alloc());
    put(&c, "a", 1, 10, 0);
    put(&c, "a", 3, 20, 0);
    CHECK_INT(c.n, 1);
    CHECK_INT(hc_dns_cache_find(&c, hc_str("a"), 15 * HC_SECOND, &out, NULL),
              1);
    CHECK_INT(out.n, 3);
    hc_dns_cache_fini(&c);
}

TEST(dns_cache, each_asker_begins_with_the_next_address)
{
    struct hc_dns_cache c;
    struct hc_addrs out;

    hc_dns_cache_init(&c, t_alloc());
    put(&c, "a", 3, 10, 0);
    for (int turn = 0; turn < 7; turn++) {
        CHECK_INT(hc_dns_cache_find(&c, hc_str("a"), 0, &out, NULL), 1);
        CHECK_INT(out.n, 3);
        for (int i = 0; i < 3; i++)
            CHECK_INT(out.a[i].ip[3], (turn + i) % 3);
    }
    hc_dns_cache_fini(&c);
}

TEST(dns_cache, none_can_be_rotated_too)
{
    struct hc_addrs none = { .n = 0 }, out = { .n = 9 };

    hc_addrs_rotated(&out, &none, 3);
    CHECK_INT(out.n, 0);
}

TEST(dns_cache, a_failure_is_told_with_its_sentence)
{
    struct hc_dns_cache c;
    struct headcount_error why = { .code = 0 }, e = { .code = 0 };
    struct hc_addrs out;

    hc_dns_cache_init(&c, t_alloc());
    hc_error_sys(&why, HEADCOUNT_EDNSFAIL, 111, "nobody knows a");
    const struct hc_dns_known known = { .why = &why, .ttl = 5 };

    hc_dns_cache_put(&c, hc_str("a"), &known, 0);
    CHECK_INT(hc_dns_cache_find(&c, hc_str("a"), 0, &out, &e),
              HEADCOUNT_EDNSFAIL);
    CHECK_INT(e.code, HEADCOUNT_EDNSFAIL);
    CHECK_INT(e.sys, 111);
    CHECK_Z(e.what, why.what);
    CHECK_INT(find(&c, "a", 0), HEADCOUNT_EDNSFAIL);
    CHECK_INT(find(&c, "a", 5 * HC_SECOND), 0);
    hc_dns_cache_fini(&c);
}

static void failed(struct hc_dns_cache *c, const char *name, int code,
                   int kept, int64_t now)
{
    struct headcount_error why = { .code = 0 };

    hc_error_set(&why, code, "nobody knows %s", name);
    const struct hc_dns_known known = { .why = &why, .ttl = 5 };

    CHECK_INT(hc_dns_cache_put(c, hc_str(name), &known, now), kept);
}

static bool stale(struct hc_dns_cache *c, const char *name, int64_t now)
{
    struct hc_addrs out;

    return hc_dns_cache_stale(c, hc_str(name), now, &out);
}

TEST(dns_cache, addresses_stay_for_a_day_after_their_time)
{
    const int64_t end = 5 * HC_SECOND + 86400 * HC_SECOND;
    struct hc_dns_cache c;

    hc_dns_cache_init(&c, t_alloc());
    put(&c, "a", 1, 5, 0);
    CHECK(!stale(&c, "b", 0));
    CHECK_INT(find(&c, "a", 6 * HC_SECOND), 0);
    CHECK(stale(&c, "a", 6 * HC_SECOND));
    CHECK(stale(&c, "a", end - 1));
    CHECK(!stale(&c, "a", end));
    CHECK_INT(c.n, 0);
    hc_dns_cache_fini(&c);
}

TEST(dns_cache, where_the_servers_fail_addresses_are_used_for_30_seconds_more)
{
    const int64_t at = 7 * HC_SECOND;
    struct hc_dns_cache c;

    hc_dns_cache_init(&c, t_alloc());
    put(&c, "a", 1, 5, 0);
    failed(&c, "a", HEADCOUNT_EDNSFAIL, 1, at);
    CHECK_INT(find(&c, "a", at), 1);
    CHECK_INT(find(&c, "a", at + 30 * HC_SECOND - 1), 1);
    CHECK_INT(find(&c, "a", at + 30 * HC_SECOND), 0);
    CHECK(stale(&c, "a", at + 30 * HC_SECOND));
    failed(&c, "b", HEADCOUNT_EDNSFAIL, 0, at);
    CHECK_INT(find(&c, "b", at), HEADCOUNT_EDNSFAIL);
    CHECK(!stale(&c, "b", at));
    hc_dns_cache_fini(&c);
}

TEST(dns_cache, a_day_counts_from_the_end_of_the_answer)
{
    struct hc_dns_cache c;

    hc_dns_cache_init(&c, t_alloc());
    put(&c, "a", 1, 5, 0);
    failed(&c, "a", HEADCOUNT_EDNSFAIL, 1, 86404 * HC_SECOND);
    failed(&c, "a", HEADCOUNT_EDNSFAIL, 0, 86405 * HC_SECOND);
    CHECK_INT(find(&c, "a", 86405 * HC_SECOND), HEADCOUNT_EDNSFAIL);
    hc_dns_cache_fini(&c);
}

TEST(dns_cache, a_no_ends_addresses_and_want_of_memory_does_not)
{
    struct hc_dns_cache c;

    hc_dns_cache_init(&c, t_alloc());
    put(&c, "a", 1, 5, 0);
    failed(&c, "a", HEADCOUNT_ENOMEM, 0, 6 * HC_SECOND);
    CHECK_INT(find(&c, "a", 6 * HC_SECOND), 0);
    CHECK(stale(&c, "a", 6 * HC_SECOND));
    failed(&c, "a", HEADCOUNT_EDNS, 0, 6 * HC_SECOND);
    CHECK(!stale(&c, "a", 6 * HC_SECOND));
    CHECK_INT(find(&c, "a", 6 * HC_SECOND), HEADCOUNT_EDNS);
    hc_dns_cache_fini(&c);
}

TEST(dns_cache, the_last_tenth_of_an_answer_is_time_to_ask_again)
{
    struct hc_dns_cache c;

    hc_dns_cache_init(&c, t_alloc());
    put(&c, "a", 1, 60, 0);
    CHECK(!hc_dns_cache_is_due(&c, HC_STR("a"), 54 * HC_SECOND - 1));
    CHECK(hc_dns_cache_is_due(&c, HC_STR("a"), 54 * HC_SECOND));
    CHECK(!hc_dns_cache_is_due(&c, HC_STR("b"), 54 * HC_SECOND));
    failed(&c, "a", HEADCOUNT_EDNSFAIL, 1, 54 * HC_SECOND);
    CHECK(!hc_dns_cache_is_due(&c, HC_STR("a"), 59 * HC_SECOND));
    hc_dns_cache_fini(&c);
}

TEST(dns_cache, what_is_expired_is_asked_for_again_and_stays)
{
    struct hc_dns_cache c;

    hc_dns_cache_init(&c, t_alloc());
    put(&c, "a", 1, 10, 0);
    put(&c, "b", 1, 10, 0);
    hc_dns_cache_expire(&c, HC_STR("a"));
    hc_dns_cache_expire(&c, HC_STR("c"));
    CHECK_INT(find(&c, "a", 0), 0);
    CHECK(stale(&c, "a", 0));
    CHECK_INT(find(&c, "b", 0), 1);
    failed(&c, "c", HEADCOUNT_EDNSFAIL, 0, 0);
    hc_dns_cache_expire(&c, HC_STR("c"));
    CHECK_INT(find(&c, "c", 0), 0);
    hc_dns_cache_fini(&c);
}

TEST(dns_cache, what_is_forgotten_is_asked_for_again_and_stays)
{
    struct hc_dns_cache c;

    hc_dns_cache_init(&c, t_alloc());
    for (int all = 0; all < 2; all++) {
        put(&c, "a", 1, 10, 0);
        failed(&c, "a", HEADCOUNT_EDNSFAIL, 1, 20 * HC_SECOND);
        put(&c, "b", 1, 60, 0);
        hc_dns_cache_forget(&c, all ? hc_str(NULL) : HC_STR("a"));
        CHECK_INT(find(&c, "a", 20 * HC_SECOND), 0);
        CHECK(stale(&c, "a", 20 * HC_SECOND));
        CHECK_INT(find(&c, "b", 0), all ? 0 : 1);
    }
    failed(&c, "b", HEADCOUNT_EDNS, 0, 0);
    hc_dns_cache_forget(&c, HC_STR("a"));
    CHECK_INT(find(&c, "b", 0), HEADCOUNT_EDNS);
    hc_dns_cache_forget(&c, HC_STR("b"));
    CHECK_INT(find(&c, "b", 0), 0);
    failed(&c, "b", HEADCOUNT_EDNS, 0, 0);
    hc_dns_cache_forget(&c, hc_str(NULL));
    CHECK_INT(find(&c, "b", 0), 0);
    hc_dns_cache_fini(&c);
}

static struct hc_addr addr_of(const char *text)
{
    struct hc_addr addr;

    CHECK(hc_addr_get(&addr, hc_str(text)));
    return addr;
}

TEST(dns_cache, an_address_that_the_newest_answer_does_not_have_is_missed)
{
    const struct hc_addr known = addr_of("192.0.2.1");
    const struct hc_addr other = addr_of("192.0.2.2");
    const struct hc_addr v6 = addr_of("2001:db8::1");
    struct hc_dns_known both = { .ttl = 0 };
    struct hc_dns_cache c;

    hc_dns_cache_init(&c, t_alloc());
    CHECK(!hc_dns_cache_lacks(&c, HC_STR("a"), &other));
    hc_addrs_add(&both.addrs, &known);
    hc_dns_cache_put(&c, HC_STR("a"), &both, 0);
    CHECK(!hc_dns_cache_lacks(&c, HC_STR("a"), &known));
    CHECK(!hc_dns_cache_lacks(&c, HC_STR("a"), &v6));    /* not asked for */
    CHECK(!hc_dns_cache_lacks(&c, HC_STR("b"), &other));
    CHECK(hc_dns_cache_lacks(&c, HC_STR("a"), &other) ||
          t_alloc_state()->failed > 0);
    failed(&c, "b", HEADCOUNT_EDNS, 0, 0);
    CHECK(!hc_dns_cache_lacks(&c, HC_STR("b"), &other));
    hc_dns_cache_fini(&c);
}

TEST(dns_cache, servers_that_failed_are_not_asked_within_five_seconds)
{
    struct hc_dns_cache c;

    hc_dns_cache_init(&c, t_alloc());
    put(&c, "a", 1, 10, 0);
    failed(&c, "a", HEADCOUNT_EDNSFAIL, 1, 20 * HC_SECOND);
    hc_dns_cache_expire(&c, HC_STR("a"));
    CHECK_INT(find(&c, "a", 25 * HC_SECOND - 1), 1);
    CHECK_INT(find(&c, "a", 25 * HC_SECOND), 0);
    hc_dns_cache_fini(&c);
}

TEST(dns_cache, the_oldest_goes_when_it_is_full)
{
#ifdef HC_TINY
    const int most = 2;
#else
    const int most = 256;
#endif
    struct hc_dns_cache c;

    hc_dns_cache_init(&c, t_alloc());
    for (int i = 0; i <= most; i++) {
        char name[16];

        hc_fmt(name, sizeof name, "n%d", i);
        put(&c, name, 1, 10, 0);
    }
    CHECK_INT(c.n, most);
    CHECK_INT(find(&c, "n0", 0), 0);
    CHECK_INT(find(&c, "n1", 0), 1);
    CHECK_INT(find(&c, "n2", 0), 1);
    hc_dns_cache_fini(&c);
}

TEST(dns_cache, without_memory_it_stays_cold)
{
    struct hc_dns_cache c;

    hc_dns_cache_init(&c, t_alloc());
    put(&c, "a", 1, 10, 0);
    t_alloc_state()->fail_at = t_alloc_state()->count + 1;
    put(&c, "a", 2, 10, 0);
    CHECK(t_alloc_state()->failed);
    CHECK_INT(find(&c, "a", 0), 0);
    CHECK_INT(c.n, 0);
    hc_dns_cache_fini(&c);
}

TEST(dns_cache, all_zero_is_empty)
{
    struct hc_dns_cache c = { .n = 0 };

    hc_dns_cache_fini(&c);
    CHECK_INT(find(&c, "a", 0), 0);
}
