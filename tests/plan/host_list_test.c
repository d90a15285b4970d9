/* tests/plan/host_list_test.c - a list has each host once and finds it by id.
 */
#include "t.h"

#include "plan/host_list.h"

static struct hc_arena arena;
static struct hc_host_list list;

static void set_up(void)
{
    hc_arena_init(&arena, t_alloc(), (size_t)64 << 20);
    list = (struct hc_host_list){ .n = 0 };
}

static void tear_down(void)
{
    hc_host_list_free(&list, t_alloc());
    hc_arena_fini(&arena);
}

static struct hc_str arn(size_t i)
{
    return hc_str(hc_arena_fmt(&arena, "arn:host/%zu", i));
}

TEST(host_list, a_host_is_counted_once_however_many_there_are)
{
    set_up();

    CHECK(hc_host_list_find(&list, HC_STR("arn:host/0")) == NULL);
    for (size_t i = 0; i < 3000; i++) {
        CHECK_INT(hc_host_list_add(&list, t_alloc(), arn(i)), 1);
        CHECK(hc_host_list_find(&list, HC_STR("arn:host/none")) == NULL);
        CHECK_INT(hc_host_list_add(&list, t_alloc(), arn(i / 2)), 0);
    }
    CHECK_INT(list.n, 3000);
    for (size_t i = 0; i < 3000; i++) {
        CHECK_STR(list.hosts[i].arn, arn(i).p);
        CHECK(hc_host_list_find(&list, arn(i)) == &list.hosts[i]);
    }
    CHECK(hc_host_list_find(&list, arn(3000)) == NULL);
    tear_down();
}

TEST(host_list, both_forms_of_a_hosts_arn_are_one_host)
{
    set_up();

    CHECK_INT(hc_host_list_add(&list, t_alloc(), HC_STR("arn:host/0")), 1);
    CHECK_INT(hc_host_list_add(&list, t_alloc(), HC_STR("arn:host/prod/0")),
              0);
    CHECK(hc_host_list_find(&list, HC_STR("arn:host/prod/0")) == list.hosts);
    CHECK_INT(hc_host_list_add(&list, t_alloc(), HC_STR("arn:host/prod/00")),
              1);
    tear_down();
}

TEST(host_list, a_list_is_bounded)
{
    set_up();

    for (size_t i = 0; i < HC_HOST_LIST_MAX; i++)
        CHECK_INT(hc_host_list_add(&list, t_alloc(), arn(i)), 1);
    CHECK_INT(hc_host_list_add(&list, t_alloc(), arn(HC_HOST_LIST_MAX)),
              HEADCOUNT_ELIMIT);
    CHECK_INT(list.n, HC_HOST_LIST_MAX);
    CHECK(hc_host_list_find(&list, arn(HC_HOST_LIST_MAX)) == NULL);
    tear_down();
}

TEST(host_list, of_described_hosts_the_active_ones_count_a_machine_once)
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

    for (size_t i = 0; i < 7; i++) {
        CHECK_INT(hc_host_list_add(&list, t_alloc(), arn(i)), 1);
        list.hosts[i].described = true;
        list.hosts[i].details = i < 6 ? &details[i] : NULL;
    }
    CHECK_INT(hc_host_list_mark_active(&list, t_alloc()), 0);
    for (size_t i = 0; i < 7; i++)
        CHECK(list.hosts[i].active == active[i]);
    tear_down();
}

static int fill(void)
{
    int err = 0;

    set_up();
    for (size_t i = 0; err >= 0 && i < 300; i++) {
        struct hc_str one = arn(i);

        err = hc_arena_error(&arena);
        if (err == 0)
            err = hc_host_list_add(&list, t_alloc(), one);
    }
    if (err >= 0)
        err = hc_host_list_mark_active(&list, t_alloc());
    tear_down();
    return err < 0 ? err : 0;
}

TEST(host_list, memory_may_end_anywhere)
{
    t_fails_every_allocation(fill);
}
