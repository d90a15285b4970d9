/* tests/reconcile/known_hosts_test.c - hosts whose provider is known. */
#include "t.h"

#include "base/text.h"
#include "reconcile/known_hosts.h"

#define AT "arn:aws:ecs:eu-west-1:111122223333:container-instance/prod/"
#define S HC_SECOND

static struct hc_known_hosts k;

static void put(const char *arn, const char *provider, int64_t now)
{
    hc_known_hosts_put(&k, hc_str(arn), hc_str(provider), hc_str("i-1"), now);
}

static const char *provider_of(const char *arn, int64_t now)
{
    static char text[64];
    const struct hc_known_host *h = hc_known_hosts_find(&k, hc_str(arn), now);

    if (h == NULL)
        return "";
    hc_fmt(text, sizeof(text), "%.*s", HC_STR_ARG(h->provider));
    return text;
}

TEST(known_hosts, a_host_is_known_by_its_whole_arn)
{
    hc_known_hosts_init(&k, t_alloc());
    CHECK_Z(provider_of(AT "a", 0), "");
    put(AT "a", "asg", 0);
    CHECK_Z(provider_of(AT "a", S), "asg");
    CHECK_STR(hc_known_hosts_find(&k, HC_STR(AT "a"), S)->machine, "i-1");
    CHECK_STR(hc_known_hosts_find(&k, HC_STR(AT "a"), S)->arn, AT "a");
    CHECK_Z(provider_of(AT "b", S), "");
    CHECK_Z(provider_of("arn:aws:ecs:eu-west-1:999922223333:"
                        "container-instance/prod/a", S), "");
    CHECK_Z(provider_of("arn:aws:ecs:eu-west-2:111122223333:"
                        "container-instance/prod/a", S), "");
    CHECK_Z(provider_of("arn:aws:ecs:eu-west-1:111122223333:"
                        "container-instance/test/a", S), "");
    hc_known_hosts_fini(&k);
}

TEST(known_hosts, what_aws_says_last_holds_for_an_hour)
{
    hc_known_hosts_init(&k, t_alloc());
    put(AT "a", "asg", 0);
    CHECK_Z(provider_of(AT "a", HC_KNOWN_HOSTS_HOLDS - 1), "asg");
    CHECK_Z(provider_of(AT "a", HC_KNOWN_HOSTS_HOLDS), "");
    put(AT "a", "asg", S);
    CHECK_Z(provider_of(AT "a", HC_KNOWN_HOSTS_HOLDS), "asg");
    put(AT "a", "two", S);
    CHECK_Z(provider_of(AT "a", S), "two");
    CHECK_INT(k.n, 1);
    /* A host without a provider may get one. */
    put(AT "a", "", S);
    CHECK_Z(provider_of(AT "a", S), "");
    CHECK_INT(k.n, 0);
    put(AT "b", "", S);
    CHECK_INT(k.n, 0);
    hc_known_hosts_fini(&k);
}

static void name(char to[80], size_t i)
{
    hc_fmt(to, 80, AT "%zu", i);
}

TEST(known_hosts, the_host_that_was_not_used_for_longest_is_dropped)
{
    char arn[80];

    hc_known_hosts_init(&k, t_alloc());
    for (size_t i = 0; i < HC_KNOWN_HOSTS; i++) {
        name(arn, i);
        put(arn, "asg", 0);
    }
    CHECK_INT(k.n, HC_KNOWN_HOSTS);
    name(arn, 0);
    CHECK_Z(provider_of(arn, 0), "asg");
    for (size_t i = HC_KNOWN_HOSTS; i < HC_KNOWN_HOSTS + 2; i++) {
        name(arn, i);
        put(arn, "asg", 0);
    }
    CHECK_INT(k.n, HC_KNOWN_HOSTS);
    for (size_t i = 0; i < HC_KNOWN_HOSTS + 2; i++) {
        name(arn, i);
        CHECK_Z(provider_of(arn, 0), i == 1 || i == 2 ? "" : "asg");
    }
    hc_known_hosts_fini(&k);
    CHECK_INT(k.n, 0);
}

/* Without memory it knows fewer hosts, and never a wrong provider. */
static int knows_many(void)
{
    char arn[80];
    const char *got;
    size_t known = 0;

    hc_known_hosts_init(&k, t_alloc());
    for (size_t i = 0; i < 70; i++) {
        name(arn, i);
        put(arn, i % 2 == 0 ? "asg" : "two", 0);
    }
    for (size_t i = 0; i < 70; i++) {
        name(arn, i);
        got = provider_of(arn, 0);
        known += *got != '\0';
        if (*got != '\0')
            CHECK_Z(got, i % 2 == 0 ? "asg" : "two");
    }
    CHECK_INT(known, k.n);
    CHECK(k.n >= (HC_KNOWN_HOSTS < 69 ? HC_KNOWN_HOSTS - 1 : 69));
    hc_known_hosts_fini(&k);
    return t_alloc_state()->failed ? HEADCOUNT_ENOMEM : 0;
}

TEST(known_hosts, memory_may_end_anywhere)
{
    t_fails_every_allocation(knows_many);
}

TEST(known_hosts, none_without_an_allocator)
{
    k = (struct hc_known_hosts){ .alloc = NULL };
    put(AT "a", "asg", 0);
    CHECK_Z(provider_of(AT "a", 0), "");
    hc_known_hosts_fini(&k);
}
