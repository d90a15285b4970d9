/* tests/reconcile/facts_test.c - facts by key, and the set of hosts. */
#include "t.h"

#include <string.h>

#include "base/text.h"
#include "reconcile/facts.h"

static struct hc_facts facts;

static void set_up(void)
{
    hc_facts_init(&facts, t_alloc());
}

TEST(facts, a_service_is_one_fact_by_name)
{
    char name[] = "web";

    set_up();

    struct hc_fact_service *web = hc_facts_service(&facts, hc_str(name));
    struct hc_fact_service *log = hc_facts_service(&facts, HC_STR("log"));

    CHECK(web != NULL && log != NULL && web != log);
    CHECK_INT(web->fact.state, FACT_UNKNOWN);
    CHECK(web->value == NULL);
    name[0] = 'x';                      /* the name was copied */
    CHECK(hc_facts_service(&facts, HC_STR("web")) == web);
    CHECK(hc_facts_service(&facts, HC_STR("log")) == log);
    CHECK(hc_facts_service(&facts, HC_STR("we")) != web);
    hc_facts_fini(&facts);
}

TEST(facts, a_list_is_one_fact_by_status_and_filter)
{
    set_up();

    struct hc_fact_hosts *all = hc_facts_hosts(&facts, "ACTIVE", HC_STR(""),
                                               READING_FIRST);
    struct hc_fact_hosts *some = hc_facts_hosts(&facts, "ACTIVE",
                                                HC_STR("a == 1"),
                                                READING_FIRST);
    struct hc_fact_hosts *gone = hc_facts_hosts(&facts, "DRAINING",
                                                HC_STR(""), READING_FIRST);

    CHECK(all != some && all != gone && some != gone);
    CHECK(hc_facts_hosts(&facts, "ACTIVE", HC_STR(""), READING_FIRST) == all);
    CHECK(hc_facts_hosts(&facts, "ACTIVE", HC_STR("a == 1"),
                         READING_FIRST) == some);
    CHECK(hc_facts_hosts(&facts, "DRAINING", HC_STR(""),
                         READING_FIRST) == gone);
    CHECK_INT(all->fact.state, FACT_UNKNOWN);
    CHECK_INT(all->details.state, FACT_UNKNOWN);
    hc_facts_fini(&facts);
}

/* One name for facts of each kind, and of each reading. */
TEST(facts, each_kind_has_keys_of_its_own)
{
    const struct hc_str name = HC_STR("web");
    const void *all[10];

    set_up();
    all[0] = hc_facts_service(&facts, name);
    all[1] = hc_facts_hosts(&facts, "ACTIVE", name, READING_FIRST);
    all[2] = hc_facts_hosts(&facts, "DRAINING", name, READING_FIRST);
    all[3] = hc_facts_hosts(&facts, "DRAINING", name, READING_CONFIRMING);
    all[4] = hc_facts_bool(&facts, FACTS_CAPACITY, name);
    all[5] = hc_facts_bool(&facts, FACTS_INSTANCES, name);
    all[6] = hc_facts_bool(&facts, FACTS_TARGET, name);
    all[7] = hc_facts_definition(&facts, name);
    all[8] = hc_facts_tasks(&facts, name);
    all[9] = hc_facts_placed(&facts, name, READING_CONFIRMING);
    for (size_t i = 0; i < 10; i++)
        for (size_t k = 0; k < i; k++)
            CHECK(all[i] != NULL && all[i] != all[k]);
    CHECK(hc_facts_bool(&facts, FACTS_TARGET, name) == all[6]);
    CHECK(hc_facts_hosts(&facts, "DRAINING", name, READING_CONFIRMING) ==
          all[3]);
    hc_facts_fini(&facts);
}

TEST(facts, of_a_thousand_services_each_is_found)
{
    static struct hc_fact_service *all[1000];
    const struct hc_fact_service *s;
    size_t n = 1000;
    char name[24];

    set_up();
    for (size_t i = 0; i < n; i++) {
        hc_fmt(name, sizeof(name), "service-%zu", i);
        all[i] = hc_facts_service(&facts, hc_str(name));
        CHECK(all[i] != NULL);
    }
    for (size_t i = 0; i < n; i++) {
        hc_fmt(name, sizeof(name), "service-%zu", i);
        CHECK(hc_facts_service(&facts, hc_str(name)) == all[i]);
    }
    for (s = facts.first[FACTS_SERVICE]; s != NULL; s = s->key.next)
        CHECK(s == all[--n]);                 /* the newest first */
    CHECK_INT(n, 0);
    hc_facts_fini(&facts);
}

TEST(facts, a_failed_fact_keeps_its_reason)
{
    char code[] = "Throttling", what[] = "too many";

    set_up();

    struct hc_fact_hosts *h = hc_facts_hosts(&facts, "ACTIVE", HC_STR(""),
                                             READING_FIRST);

    CHECK(h != NULL);
    hc_facts_fail(&facts, &h->fact, code, what);
    code[0] = what[0] = '!';
    CHECK_INT(h->fact.state, FACT_FAILED);
    CHECK_Z(h->fact.code, "Throttling");
    CHECK_Z(h->fact.what, "too many");
    hc_facts_fini(&facts);
}

static struct hc_str arn(size_t i)
{
    return hc_str(hc_arena_fmt(&facts.arena, "arn:host/%zu", i));
}

TEST(facts, a_placement_is_one_fact_by_service_and_reading)
{
    struct hc_fact_placed *p;

    set_up();
    p = hc_facts_placed(&facts, HC_STR("web"), READING_FIRST);
    CHECK(p == hc_facts_placed(&facts, HC_STR("web"), READING_FIRST));
    CHECK(p != hc_facts_placed(&facts, HC_STR("log"), READING_FIRST));
    CHECK(p != hc_facts_placed(&facts, HC_STR("web"), READING_CONFIRMING));
    CHECK_INT(p->fact.state, FACT_UNKNOWN);
    p->fact.state = FACT_VALUE;
    hc_facts_forget_hosts(&facts);        /* it is made of lists of hosts */
    CHECK_INT(p->fact.state, FACT_UNKNOWN);
    hc_facts_fini(&facts);
}

TEST(facts, a_list_that_is_read_again_is_empty)
{
    set_up();

    struct hc_fact_hosts *h = hc_facts_hosts(&facts, "ACTIVE", HC_STR(""),
                                             READING_FIRST);

    CHECK(h != NULL);
    for (size_t i = 0; i < 200; i++)
        hc_host_list_add(&h->list, facts.alloc, arn(i));
    h->fact.state = h->details.state = FACT_VALUE;
    h->list.hosts[7].described = h->list.hosts[7].active = true;
    hc_fact_hosts_reset(h);
    CHECK_INT(h->list.n, 0);
    CHECK_INT(h->fact.state, FACT_UNKNOWN);
    CHECK_INT(h->details.state, FACT_UNKNOWN);
    CHECK(hc_host_list_find(&h->list, arn(7)) == NULL);
    CHECK_INT(hc_host_list_add(&h->list, facts.alloc, arn(7)), 1);
    CHECK(!h->list.hosts[0].described && !h->list.hosts[0].active);
    hc_facts_fini(&facts);
}

TEST(facts, of_described_hosts_the_active_ones_count_a_machine_once)
{
    static const struct hc_ecs_host details[] = {
        { .status = { "ACTIVE", 6 }, .ec2_id = { "i-1", 3 } },
        { .status = { "DRAINING", 8 }, .ec2_id = { "i-2", 3 } },
        { .status = { "ACTIVE", 6 }, .ec2_id = { "i-1", 3 } },
        { .status = { "ACTIVE", 6 }, .ec2_id = { "i-2", 3 } },
        { .status = { "ACTIVE", 6 } }, { .status = { "ACTIVE", 6 } },
    };
    static const bool active[] = { true, false, false, true, true, true,
                                   false };

    set_up();

    struct hc_fact_hosts *h = hc_facts_hosts(&facts, "ACTIVE", HC_STR(""),
                                             READING_FIRST);

    CHECK(h != NULL);
    for (size_t i = 0; i < 7; i++) {
        CHECK_INT(hc_host_list_add(&h->list, facts.alloc, arn(i)), 1);
        h->list.hosts[i].described = true;
        h->list.hosts[i].details = i < 6 ? &details[i] : NULL;
    }
    CHECK_INT(hc_fact_hosts_described(&facts, h), 0);
    CHECK_INT(h->details.state, FACT_VALUE);
    for (size_t i = 0; i < 7; i++)
        CHECK(h->list.hosts[i].active == active[i]);
    hc_facts_fini(&facts);
}

static int fill(void)
{
    struct hc_fact_hosts *h;
    int err = HEADCOUNT_ENOMEM;

    set_up();
    if (hc_facts_service(&facts, HC_STR("web")) != NULL &&
        (h = hc_facts_hosts(&facts, "ACTIVE", HC_STR("a"),
                            READING_FIRST)) != NULL)
        for (size_t i = 0; i < 300; i++) {
            err = hc_host_list_add(&h->list, facts.alloc, arn(i));
            if (err < 0 || (err = hc_arena_error(&facts.arena)) < 0)
                break;
        }
    hc_facts_fini(&facts);
    hc_facts_fini(&facts);
    return err;
}

TEST(facts, memory_may_end_anywhere)
{
    t_fails_every_allocation(fill);
}

/* A key too long for what is left makes no fact. */
TEST(facts, what_is_kept_is_bounded)
{
    static char big[1 << 20];

    set_up();
    memset(big, 'a', sizeof(big));
    for (size_t i = 0; i < HC_FACTS_KEPT / sizeof(big) - 1; i++) {
        big[i] = 'b';
        CHECK(hc_facts_hosts(&facts, "ACTIVE",
                             hc_str_n(big, sizeof(big) - 1000),
                             READING_FIRST) != NULL);
    }
    for (size_t i = 0; i < 3; i++)
        hc_arena_str(&facts.arena, hc_str_n(big, sizeof(big) - 1000));
    CHECK(hc_facts_hosts(&facts, "ACTIVE", HC_STR("x"),
                         READING_FIRST) == NULL);
    CHECK(hc_facts_service(&facts, HC_STR("x")) == NULL);
    CHECK_INT(hc_arena_error(&facts.arena), HEADCOUNT_ELIMIT);
    hc_facts_fini(&facts);
}
