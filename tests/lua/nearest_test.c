/* tests/lua/nearest_test.c - the right name that somebody may have meant. */
#include "nearest.h"

#include <stdint.h>

#include "t.h"
#include "twice.h"

TEST(nearest, distances_are_those_of_core)
{
    for (size_t i = 0; i < sizeof(twice_distances) / sizeof(*twice_distances);
         i++) {
        const struct twice_distance *row = &twice_distances[i];
        struct nearest n;

        nearest_init(&n, row->a);
        n.least = SIZE_MAX;
        nearest_try(&n, row->b);
        CHECK_INT(n.least, row->far);
    }
}

TEST(nearest, the_nearest_name_is_the_best)
{
    static const char *const names[] = {
        "tasks", "task", "task_sets", "hosts"
    };
    static const struct { const char *name, *best; } rows[] = {
        { "taks", "tasks" }, { "TASKS", "tasks" }, { "hots", "hosts" },
        { "tas", "task" }, { "x", NULL }, { "registered", NULL },
        { "a_name_of_more_than_forty_letters_in_all__", NULL },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct nearest n;

        nearest_init(&n, rows[i].name);
        for (size_t k = 0; k < sizeof(names) / sizeof(*names); k++)
            nearest_try(&n, names[k]);
        if (rows[i].best == NULL)
            CHECK(n.best == NULL);
        else
            CHECK_STR(hc_str(n.best), rows[i].best);
    }
}

TEST(nearest, the_order_of_tries_does_not_matter)
{
    struct nearest n;

    nearest_init(&n, "bat");
    nearest_try(&n, "cat");
    nearest_try(&n, "bar");
    nearest_try(&n, "rat");
    CHECK_STR(hc_str(n.best), "bar");
}

TEST(nearest, a_slip_is_rarely_in_the_first_letter)
{
    static const char *const names[] = { "all", "calls", "ball", "calm" };
    struct nearest n;

    for (size_t i = 0; i < 4; i++) {
        nearest_init(&n, "call");
        for (size_t k = 0; k < 4; k++)
            nearest_try(&n, names[(i + k) % 4]);
        CHECK_STR(hc_str(n.best), "calls");
    }
}
