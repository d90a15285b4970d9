/* tests/plan/measure_test.c - which hosts count, and what they have. */
#include "t.h"

#include "plan/measure.h"

static struct hc_ecs_host details[5];
static struct hc_host hosts[6];
static const struct hc_host_list list = { .hosts = hosts, .n = 6 };
static const struct hc_host_list empty = { .n = 0 };
static const char *lacks;
static struct hc_str who;

/* Five active hosts of two providers, and one that is gone. */
static void set_up(void)
{
    lacks = NULL;
    for (size_t i = 0; i < 5; i++) {
        details[i] = (struct hc_ecs_host){
            .provider = i < 2 ? HC_STR("one") : HC_STR("two"),
            .connected = i != 2, .registered_at = 100 + (int64_t)i,
            .cpu = 1000, .memory = 10 + (int64_t)i
        };
        hosts[i] = (struct hc_host){ .arn = HC_STR("h"), .described = true,
                                     .details = &details[i], .active = true };
    }
    hosts[5] = (struct hc_host){ .arn = HC_STR("gone"), .described = true };
}

static void check(struct hc_measure_of of, int64_t n, int64_t cpu,
                  int64_t memory)
{
    struct hc_measure m;

    CHECK(hc_measure(&m, &list, &of, &lacks, &who));
    CHECK_INT(m.hosts, n);
    CHECK_INT(m.cpu, cpu);
    CHECK_INT(m.memory, memory);
}

TEST(measure, hosts_that_are_merely_listed_are_counted_as_listed)
{
    set_up();
    check((struct hc_measure_of){ .resources = false }, 6, 0, 0);
    CHECK(!hc_measure_needs_details(&(struct hc_measure_of){ .before = 0 }));
}

TEST(measure, each_condition_needs_the_description_and_excludes_its_hosts)
{
    static struct hc_ecs_share two = { { "two", 3 }, 1, 0, NULL };
    static struct hc_ecs_share one = { { "one", 3 }, 1, 0, &two };
    const struct { struct hc_measure_of of; int64_t n, cpu, memory; } rows[] = {
        { { .providers = &two }, 3, 0, 0 },
        { { .providers = &one }, 5, 0, 0 },
        { { .connected = true }, 4, 0, 0 },
        { { .before = 99 }, 0, 0, 0 },
        { { .before = 100 }, 1, 0, 0 },
        { { .before = 1000 }, 5, 0, 0 },
        { { .resources = true }, 5, 5000, 60 },
        { { .resources = true, .providers = &two, .connected = true,
            .before = 103 }, 1, 1000, 13 },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        set_up();
        CHECK(hc_measure_needs_details(&rows[i].of));
        check(rows[i].of, rows[i].n, rows[i].cpu, rows[i].memory);
    }
}

/* Provider `one` has 2 hosts, with 10 and 11 MiB; `two` has 3, with 12, 13 and
 * 14 MiB. */
TEST(measure, a_provider_counts_by_its_weight_and_base)
{
    static const struct {
        int64_t weight[2], base[2];
        bool is_only;                 /* the strategy has only `two`        */
        int64_t hosts, cpu, memory;
    } rows[] = {
        { { 1, 1 }, { 0, 0 }, false, 5, 5000, 60 },
        { { 0, 1 }, { 0, 0 }, false, 3, 3000, 39 },
        { { 1, 0 }, { 0, 0 }, false, 2, 2000, 21 },
        { { 0, 0 }, { 0, 0 }, true, 3, 3000, 39 },
        { { 0, 0 }, { 0, 1 }, true, 3, 3000, 39 },
        { { 1, 0 }, { 0, 1 }, false, 3, 3000, 21 + 13 },
        { { 1, 0 }, { 0, 2 }, false, 4, 4000, 21 + 26 },
        { { 1, 0 }, { 0, 3 }, false, 5, 5000, 60 },
        { { 1, 0 }, { 0, 100000 }, false, 5, 5000, 60 },
        { { 0, 1 }, { 1, 0 }, false, 4, 4000, 39 + 10 },  /* half of 21 */
        { { 1, 1 }, { 1, 0 }, false, 5, 5000, 60 },
        { { 0, 0 }, { 1, 2 }, false, 3, 3000, 10 + 26 },
        { { 0, 0 }, { 0, 0 }, false, 0, 0, 0 },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct hc_ecs_share two = { HC_STR("two"), rows[i].weight[1],
                                    rows[i].base[1], NULL };
        struct hc_ecs_share one = { HC_STR("one"), rows[i].weight[0],
                                    rows[i].base[0], &two };

        set_up();
        check((struct hc_measure_of){
                  .providers = rows[i].is_only ? &two : &one,
                  .resources = true },
              rows[i].hosts, rows[i].cpu, rows[i].memory);
    }
}

/* A base limits the hosts that count, not the hosts of the list. */
TEST(measure, a_base_counts_hosts_that_count_and_large_sums)
{
    struct hc_ecs_share two = { HC_STR("two"), 0, 2, NULL };
    struct hc_ecs_share one = { HC_STR("one"), 1, 0, &two };
    const struct hc_measure_of of = { .providers = &one, .connected = true,
                                      .resources = true };

    set_up();
    check(of, 4, 4000, 21 + 13 + 14);     /* one has no agent */
    for (size_t i = 0; i < 5; i++)
        details[i].cpu = (int64_t)1 << 40;
    details[2].connected = true;
    check(of, 4, (int64_t)1 << 42, 21 + 26);
}

TEST(measure, what_a_description_lacks_is_no_number)
{
    const struct hc_measure_of by_age = { .before = 1000 };
    const struct hc_measure_of by_cpu = { .resources = true };
    struct hc_measure m;

    set_up();
    details[3].registered_at = -1;
    CHECK(!hc_measure(&m, &list, &by_age, &lacks, &who));
    CHECK_Z(lacks, "registeredAt");
    CHECK_STR(who, "h");
    CHECK(hc_measure(&m, &list, &by_cpu, &lacks, &who));
    details[0].memory = -1;
    CHECK(!hc_measure(&m, &list, &by_cpu, &lacks, &who));
    CHECK_Z(lacks, "registeredResources");
    details[0].memory = INT64_MAX;
    CHECK(!hc_measure(&m, &list, &by_cpu, &lacks, &who));
    details[0] = (struct hc_ecs_host){ .cpu = -1, .memory = 1 };
    CHECK(!hc_measure(&m, &list, &by_cpu, &lacks, &who));
    hosts[0].active = false;
    CHECK(hc_measure(&m, &list, &by_cpu, &lacks, &who));
    CHECK_INT(m.hosts, 4);
    CHECK(hc_measure(&m, &empty, &by_cpu, &lacks, &who));
    CHECK_INT(m.hosts, 0);
}

/* ---- two readings ---- */

/* The same hosts in another list: hc_measure_agrees finds them by id. */
static void read_again(struct hc_host_list *to,
                       const char *const *ids, size_t n)
{
    static struct hc_ecs_host same = { .cpu = 1000, .memory = 10 };

    *to = (struct hc_host_list){ .n = 0 };
    same.provider = HC_STR("one");
    for (size_t i = 0; i < n; i++) {
        CHECK_INT(hc_host_list_add(to, t_alloc(), hc_str(ids[i])), 1);
        to->hosts[i].details = &same;
        to->hosts[i].active = to->hosts[i].described = true;
    }
}

TEST(measure, two_readings_agree_on_what_is_looked_at)
{
    static const char *const ids[] = { "c/1", "c/2", "c/3" };
    static const char *const turned[] = { "c/3", "c/1", "c/2" };
    static const struct hc_ecs_share one = { .provider = { "one", 3 } };
    static struct hc_ecs_tag anywhere = { { HC_MEASURE_ANYWHERE, 23 },
                                          { "", 0 }, NULL };
    static struct hc_ecs_host other;
    const struct { struct hc_measure_of of; bool agrees; } rows[] = {
        { { .connected = false }, true }, { { .providers = &one }, false },
        { { .connected = true }, false }, { { .before = 9 }, false },
        { { .resources = true }, false }, { { .ec2 = true }, false },
    };
    struct hc_host_list a, b;

    read_again(&a, ids, 3);
    read_again(&b, turned, 3);
    other = (struct hc_ecs_host){
        .provider = HC_STR("two"), .connected = true, .registered_at = 1,
        .cpu = 1001, .memory = 10, .attributes = &anywhere };
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        const struct hc_ecs_host *before = b.hosts[1].details;

        CHECK(hc_measure_agrees(&a, &rows[i].of, &b, NULL));
        b.hosts[1].details = &other;
        CHECK(hc_measure_agrees(&a, &rows[i].of, &b, NULL) == rows[i].agrees);
        b.hosts[1].details = NULL;           /* listed, and MISSING */
        CHECK(hc_measure_agrees(&a, &rows[i].of, &b, NULL) == rows[i].agrees);
        b.hosts[1].details = before;
    }
    hc_host_list_free(&a, t_alloc());
    hc_host_list_free(&b, t_alloc());
}

TEST(measure, a_list_of_others_leaves_its_hosts_out)
{
    static const char *const ids[] = { "c/1", "c/2", "c/3" };
    static const char *const external[] = { "c/2", "c/9" };
    struct hc_host_list all, without, none = { .n = 0 };
    struct hc_measure_of of = { .without = &without };
    struct hc_measure m;

    read_again(&all, ids, 3);
    read_again(&without, external, 2);
    CHECK(hc_measure(&m, &all, &of, &lacks, &who));
    CHECK_INT(m.hosts, 2);
    of.resources = true;
    CHECK(hc_measure(&m, &all, &of, &lacks, &who));
    CHECK_INT(m.hosts, 2);
    CHECK_INT(m.cpu, 2000);
    CHECK(hc_measure_agrees(&all, &of, &all, &without));
    CHECK(!hc_measure_agrees(&all, &of, &all, &none));
    CHECK(hc_measure_print(&all, NULL) != hc_measure_print(&all, &without));
    CHECK(hc_measure_print(&all, &none) == hc_measure_print(&all, NULL));
    hc_host_list_free(&all, t_alloc());
    hc_host_list_free(&without, t_alloc());
}
