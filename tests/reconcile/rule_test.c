/* tests/reconcile/rule_test.c - how a count follows from hosts. */
#include "t.h"

#include <string.h>

#include "reconcile/rule.h"

TEST(rule, counts)
{
    static const struct { struct hc_rule rule; int64_t hosts, want; } rows[] = {
        { { .kind = RULE_PER_HOST }, 0, 0 },
        { { .kind = RULE_PER_HOST }, 1, 1 },
        { { .kind = RULE_PER_HOST }, 5000, 5000 },
        { { .kind = RULE_PER_HOST, .tasks = 3 }, 7, 21 },
        { { .kind = RULE_PER_HOST, .tasks = 3 }, 0, 0 },
        { { .kind = RULE_PER_HOST }, -1, 0 },
        { { .kind = RULE_PER_HOST }, HC_UNKNOWN, 0 },
        { { .kind = RULE_PER_HOST }, INT64_MAX, INT64_MAX },
        { { .kind = RULE_PER_HOST, .tasks = 2 }, INT64_MAX / 2,
          INT64_MAX - 1 },
        { { .kind = RULE_PER_HOST, .tasks = 2 }, INT64_MAX / 2 + 1,
          INT64_MAX },
        { { .kind = RULE_FIXED, .tasks = 4 }, 0, 4 },
        { { .kind = RULE_FIXED, .tasks = 4 }, 9, 4 },
        { { .kind = RULE_FIXED }, 9, 0 },
        /* bounds are not the count's */
        { { .kind = RULE_FIXED, .tasks = 4, .max = 1, .has_max = true }, 9,
          4 },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
        CHECK_INT(hc_rule_count(&rows[i].rule, rows[i].hosts), rows[i].want);
}

TEST(rule, bounds)
{
    static const struct { struct hc_rule rule; int64_t count, want; } rows[] = {
        { { .min = 5, .max = 1 }, 3, 3 },
        { { .min = 5, .has_min = true }, 4, 5 },
        { { .min = 5, .has_min = true }, 5, 5 },
        { { .min = 5, .has_min = true }, 6, 6 },
        { { .max = 5, .has_max = true }, 4, 4 },
        { { .max = 5, .has_max = true }, 5, 5 },
        { { .max = 5, .has_max = true }, 6, 5 },
        { { .max = 0, .has_max = true }, 6, 0 },
        { { .min = 2, .has_min = true, .max = 2, .has_max = true }, 0, 2 },
        { { .min = 2, .has_min = true, .max = 2, .has_max = true }, 9, 2 },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
        CHECK_INT(hc_rule_bound(&rows[i].rule, rows[i].count), rows[i].want);
}

TEST(rule, numbers_out_of_range_are_refused_by_name)
{
    static const struct { struct hc_rule rule; const char *names; } bad[] = {
        { { .tasks = -1 }, "per_host: tasks must be 0 to 1000000" },
        { { .tasks = HC_RULE_TASKS_MAX + 1 }, "tasks" },
        { { .kind = RULE_FIXED, .tasks = INT64_MIN }, "fixed: tasks" },
        { { .min = -1, .has_min = true }, "min" },
        { { .min = HC_RULE_TASKS_MAX + 1, .has_min = true }, "min" },
        { { .max = -1, .has_max = true }, "max" },
        { { .max_tasks = -1 }, "max_tasks" },
        { { .max_tasks = INT64_MAX }, "max_tasks" },
        { { .min = 3, .has_min = true, .max = 2, .has_max = true },
          "min 3 is more than max 2" },
    };
    static const struct hc_rule good[] = {
        { .tasks = 0 }, { .tasks = HC_RULE_TASKS_MAX },
        { .min = -1, .max = -1 },
        { .min = 2, .has_min = true, .max = 2, .has_max = true },
        { .kind = RULE_FIXED, .max_tasks = HC_RULE_TASKS_MAX },
    };

    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        struct hc_error e = { 0 };

        CHECK_INT(hc_rule_check(&bad[i].rule, &e), HC_ECONFIG);
        CHECK_INT(e.code, HC_ECONFIG);
        CHECK(strstr(e.what, bad[i].names) != NULL);
    }
    for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
        CHECK_INT(hc_rule_check(&good[i], NULL), 0);
}

TEST(rule, kinds_are_named_and_know_whether_they_count)
{
    struct hc_rule rule = { .kind = RULE_PER_HOST };

    CHECK_Z(hc_rule_name(&rule), "per_host");
    CHECK(hc_rule_needs_hosts(&rule));
    rule.kind = RULE_FIXED;
    CHECK_Z(hc_rule_name(&rule), "fixed");
    CHECK(!hc_rule_needs_hosts(&rule));
}
