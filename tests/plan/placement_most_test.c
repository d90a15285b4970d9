/* tests/plan/placement_most_test.c - the count that starts no host. */
#include "t.h"

#include "plan/placement.h"

struct provider {
    int64_t weight, base;
    bool managed;
    int64_t run, can;
};

static int64_t most(const struct provider *p, size_t n, int64_t running,
                    int64_t wanted)
{
    struct hc_ecs_share shares[4];
    struct hc_placement_share all[4];
    const struct hc_placement placement = { .shares = all, .shares_n = n };

    for (size_t i = 0; i < n; i++) {
        shares[i] = (struct hc_ecs_share){
            HC_STR("p"), p[i].weight, p[i].base,
            i + 1 < n ? &shares[i + 1] : NULL
        };
        all[i] = (struct hc_placement_share){
            .share = &shares[i], .managed = p[i].managed, .run = p[i].run,
            .can = p[i].can
        };
    }
    return hc_placement_most(&placement, running, wanted, 1, 0);
}

TEST(placement, a_managed_provider_gets_no_more_than_its_hosts)
{
    /* worlds A and H: one of three hosts is full; not managed */
    CHECK_INT(most((struct provider[]){ { 1, 0, true, 2, 0 } }, 1, 2, 3), 2);
    CHECK_INT(most((struct provider[]){ { 0, 0, true, 2, 1 } }, 1, 2, 3), 3);
    CHECK_INT(most((struct provider[]){ { 1, 0, false, 2, 0 } }, 1, 2, 3), 3);
    /* world E: 1:1 over 10 and 2 hosts, and the first got one more */
    CHECK_INT(most((struct provider[]){ { 1, 0, true, 2, 8 },
                                        { 1, 0, true, 1, 1 } }, 2, 3, 12), 5);
    CHECK_INT(most((struct provider[]){ { 1, 0, false, 2, 8 },
                                        { 1, 0, true, 1, 1 } }, 2, 3, 12), 5);
    CHECK_INT(most((struct provider[]){ { 1, 0, true, 2, 8 },
                                        { 1, 0, false, 1, 1 } }, 2, 3, 12), 12);
    CHECK_INT(most((struct provider[]){ { 3, 0, true, 6, 0 },
                                        { 1, 0, true, 2, 0 } }, 2, 8, 12), 8);
    CHECK_INT(most((struct provider[]){ { 1, 0, true, 2, 0 },
                                        { 1, 0, true, 2, 0 },
                                        { 1, 0, true, 1, 0 } }, 3, 5, 9), 5);
}

TEST(placement, a_base_is_placed_first)
{
    CHECK_INT(most((struct provider[]){ { 0, 2, true, 2, 0 },
                                        { 1, 0, true, 1, 2 } }, 2, 3, 9), 5);
    CHECK_INT(most((struct provider[]){ { 0, 4, true, 2, 0 },
                                        { 1, 0, true, 0, 9 } }, 2, 2, 9), 2);
    CHECK_INT(most((struct provider[]){ { 0, 0, true, 0, 0 },
                                        { 0, 0, true, 0, 0 } }, 2, 0, 9), 9);
}

/* Whether a provider of weight 0 takes its base is not documented: if it does
 * not, the other one gets those tasks, too. */
TEST(placement, a_base_of_weight_0_that_tasks_disprove_counts_as_far_as_it_runs)
{
    CHECK_INT(most((struct provider[]){ { 0, 2, true, 0, 3 },
                                        { 1, 0, true, 2, 0 } }, 2, 2, 4), 2);
    CHECK_INT(most((struct provider[]){ { 0, 2, true, 1, 2 },
                                        { 1, 0, true, 1, 1 } }, 2, 2, 4), 3);
    CHECK_INT(most((struct provider[]){ { 0, 2, true, 0, 3 },
                                        { 1, 0, true, 0, 2 } }, 2, 0, 4), 4);
    CHECK_INT(most((struct provider[]){ { 0, 2, true, 2, 1 },
                                        { 1, 0, true, 0, 2 } }, 2, 2, 4), 4);
    CHECK_INT(most((struct provider[]){ { 0, 2, true, 0, 3 },
                                        { 1, 0, false, 2, 0 } }, 2, 2, 4), 4);
    /* a weight of its own makes a base sure */
    CHECK_INT(most((struct provider[]){ { 1, 2, true, 0, 3 },
                                        { 1, 0, true, 0, 1 } }, 2, 0, 5), 4);
}

/* AWS does not say which provider gets the task that weights of 1:1 do not
 * divide.  While nothing shows it, either may. */
TEST(placement, a_task_that_the_weights_do_not_divide_may_go_to_either)
{
    CHECK_INT(most((struct provider[]){ { 1, 0, true, 1, 9 },
                                        { 1, 0, true, 1, 1 } }, 2, 2, 12), 4);
    CHECK_INT(most((struct provider[]){ { 1, 0, true, 1, 1 },
                                        { 1, 0, true, 1, 9 } }, 2, 2, 12), 4);
    CHECK_INT(most((struct provider[]){ { 1, 0, true, 0, 5 },
                                        { 1, 0, true, 0, 4 } }, 2, 0, 9), 8);
    CHECK_INT(most((struct provider[]){ { 0, 3, true, 3, 0 },
                                        { 1, 0, true, 1, 0 },
                                        { 1, 0, true, 0, 1 } }, 3, 4, 9), 5);
}

/* Five tasks of 1:1 run as 3 and 2: then seven run as 4 and 3, and nobody knows
 * about eight.  They run as 2 and 3: then seven run as 3 and 4. */
TEST(placement, tasks_that_run_show_where_the_next_ones_go)
{
    CHECK_INT(most((struct provider[]){ { 1, 0, true, 3, 7 },
                                        { 1, 0, true, 2, 1 } }, 2, 5, 13), 7);
    CHECK_INT(most((struct provider[]){ { 1, 0, true, 2, 8 },
                                        { 1, 0, true, 3, 0 } }, 2, 5, 13), 6);
    CHECK_INT(most((struct provider[]){ { 2, 0, true, 3, 1 },
                                        { 2, 0, true, 2, 7 } }, 2, 5, 13), 8);
    /* 3:1, and whole rounds are of four */
    CHECK_INT(most((struct provider[]){ { 3, 0, true, 4, 9 },
                                        { 1, 0, true, 1, 1 } }, 2, 5, 13), 9);
    CHECK_INT(most((struct provider[]){ { 3, 0, true, 4, 3 },
                                        { 1, 0, true, 1, 9 } }, 2, 5, 13), 9);
}

/* Nothing is shown by tasks that do not run by the weights, by fewer tasks than
 * the bases ask for, or where two tasks share a host. */
TEST(placement, a_split_that_the_hosts_disprove_is_not_relied_on)
{
    CHECK_INT(most((struct provider[]){ { 1, 0, true, 4, 6 },
                                        { 1, 0, true, 1, 2 } }, 2, 5, 13), 6);
    CHECK_INT(most((struct provider[]){ { 1, 0, true, 2, 8 },
                                        { 1, 0, true, 1, 1 } }, 2, 5, 12), 4);
    CHECK_INT(most((struct provider[]){ { 1, 4, true, 1, 9 },
                                        { 1, 0, true, 0, 2 } }, 2, 1, 13), 8);
    CHECK_INT(most((struct provider[]){ { 1, 0, true, 0, 9 },
                                        { 1, 0, true, 0, 2 } }, 2, -1, 13), 4);
}

/* ECS says any number of running tasks. */
TEST(placement, tasks_without_a_measure_show_nothing)
{
    static const int64_t running[] = { INT64_MAX, INT64_MIN, -1 };
    static const struct provider two[] = { { 1000, 100000, true, 2, 1 },
                                           { 1000, 0, true, 1, 0 } };

    for (size_t i = 0; i < sizeof(running) / sizeof(*running); i++) {
        CHECK_INT(most(two, 1, running[i], 5000), 3);
        CHECK_INT(most(two, 2, running[i], 5000), 3);
    }
}
