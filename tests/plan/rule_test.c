/* tests/plan/rule_test.c - how a count follows from hosts. */
#include "t.h"

#include <string.h>

#include "plan/rule.h"

#define ONE ((int64_t)HC_RULE_ONE)

static int64_t count(const struct hc_rule *rule, int64_t hosts)
{
    return hc_rule_count(rule, &(struct hc_measure){ hosts, HEADCOUNT_UNKNOWN,
                                                     HEADCOUNT_UNKNOWN });
}

TEST(rule, counts)
{
    static const struct { struct hc_rule rule; int64_t hosts, want; } rows[] = {
        { { .kind = HEADCOUNT_PER_HOST }, 0, 0 },
        { { .kind = HEADCOUNT_PER_HOST }, 1, 1 },
        { { .kind = HEADCOUNT_PER_HOST }, 5000, 5000 },
        { { .kind = HEADCOUNT_PER_HOST, .tasks = 3 }, 7, 21 },
        { { .kind = HEADCOUNT_PER_HOST, .tasks = 3 }, 0, 0 },
        { { .kind = HEADCOUNT_PER_HOST }, -1, 0 },
        { { .kind = HEADCOUNT_PER_HOST }, HEADCOUNT_UNKNOWN, 0 },
        { { .kind = HEADCOUNT_PER_HOST }, INT64_MAX, INT64_MAX },
        { { .kind = HEADCOUNT_PER_HOST, .tasks = 2 }, INT64_MAX / 2,
          INT64_MAX - 1 },
        { { .kind = HEADCOUNT_PER_HOST, .tasks = 2 }, INT64_MAX / 2 + 1,
          INT64_MAX },
        { { .kind = HEADCOUNT_FIXED, .tasks = 4 }, 0, 4 },
        { { .kind = HEADCOUNT_FIXED, .tasks = 4 }, 9, 4 },
        { { .kind = HEADCOUNT_FIXED }, 9, 0 },
        /* hc_rule_count ignores min and max */
        { { .kind = HEADCOUNT_FIXED, .tasks = 4, .max = 1, .has_max = true }, 9,
          4 },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
        CHECK_INT(count(&rows[i].rule, rows[i].hosts), rows[i].want);
}

TEST(rule, hosts_minus_and_percent)
{
    static const struct { struct hc_rule rule; int64_t hosts, want; } rows[] = {
        { { .kind = HEADCOUNT_HOSTS_MINUS, .spare = 1 }, 5, 4 },
        { { .kind = HEADCOUNT_HOSTS_MINUS, .spare = 1 }, 1, 0 },
        { { .kind = HEADCOUNT_HOSTS_MINUS, .spare = 1 }, 0, 0 },
        { { .kind = HEADCOUNT_HOSTS_MINUS }, 5, 5 },
        { { .kind = HEADCOUNT_HOSTS_MINUS, .spare = 9 }, 5, 0 },
        { { .kind = HEADCOUNT_HOSTS_MINUS, .spare = 1 }, HEADCOUNT_UNKNOWN, 0 },
        { { .kind = HEADCOUNT_PERCENT, .percent = 50 * ONE }, 4, 2 },
        { { .kind = HEADCOUNT_PERCENT, .percent = 50 * ONE }, 5, 3 },
        { { .kind = HEADCOUNT_PERCENT, .percent = 50 * ONE }, 0, 0 },
        { { .kind = HEADCOUNT_PERCENT, .percent = ONE }, 1, 1 },
        { { .kind = HEADCOUNT_PERCENT, .percent = 100 * ONE }, 7, 7 },
        { { .kind = HEADCOUNT_PERCENT, .percent = 1000 * ONE }, 7, 70 },
        { { .kind = HEADCOUNT_PERCENT, .percent = 12500000 }, 8, 1 },
        { { .kind = HEADCOUNT_PERCENT, .percent = 12500000 }, 9, 2 },
        { { .kind = HEADCOUNT_PERCENT, .percent = 1000 * ONE }, INT64_MAX,
          INT64_MAX / (100 * ONE) + 1 },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
        CHECK_INT(count(&rows[i].rule, rows[i].hosts), rows[i].want);
}

/* The first eight rows are from the README and the source of
 * cluster-proportional-autoscaler; one of its cores is 1024 CPU units. */
TEST(rule, linear)
{
    static const struct {
        struct hc_rule rule; struct hc_measure m; int64_t want;
    } rows[] = {
        { { .per_cpu = 2048 * ONE, .per_hosts = ONE }, { 4, 13 * 1024, 0 },
          7 },
        { { .per_hosts = ONE / 2 }, { 5, 0, 0 }, 10 },
        { { .per_hosts = 10 * ONE }, { 0, 0, 0 }, 0 },
        { { .per_hosts = 10 * ONE }, { 1, 0, 0 }, 1 },
        { { .per_hosts = 10 * ONE }, { 10, 0, 0 }, 1 },
        { { .per_hosts = 10 * ONE }, { 11, 0, 0 }, 2 },
        { { .per_hosts = 10 * ONE, .spread = true }, { 2, 0, 0 }, 2 },
        { { .per_hosts = 10 * ONE, .spread = true }, { 1, 0, 0 }, 1 },
        { { .per_hosts = 10 * ONE, .spread = true }, { 40, 0, 0 }, 4 },
        { { .per_hosts = ONE, .base = 3, .step = 2 }, { 4, 0, 0 }, 11 },
        { { .per_hosts = ONE, .base = 3 }, { 0, 0, 0 }, 3 },
        { { .per_memory = 512 * ONE }, { 4, 0, 1025 }, 3 },
        { { .per_memory = 512 * ONE }, { 4, 9999, HEADCOUNT_UNKNOWN }, 0 },
        { { .per_cpu = ONE }, { 4, INT64_MAX, 0 }, INT64_MAX / ONE + 1 },
        { { .per_hosts = 1 }, { 50000, 0, 0 }, (int64_t)50000 * ONE },
        { { .per_hosts = 1, .step = 1000000, .base = 7 }, { INT64_MAX, 0, 0 },
          INT64_MAX },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct hc_rule rule = rows[i].rule;

        rule.kind = HEADCOUNT_LINEAR;
        CHECK_INT(hc_rule_count(&rule, &rows[i].m), rows[i].want);
    }
}

TEST(rule, ladder)
{
    static const struct headcount_rung nodes[] = { { 0, 1 },
                                                   { 4, 2 },
                                                   { 64, 5 } };
    static const struct headcount_rung cores[] = { { 0, 0 }, { 2048, 3 } };
    const struct hc_rule by_hosts = { .kind = HEADCOUNT_LADDER,
                                      .by_hosts = { nodes, 3 } };
    const struct hc_rule both = { .kind = HEADCOUNT_LADDER,
                                  .by_hosts = { nodes, 3 },
                                  .by_cpu = { cores, 2 } };
    static const int64_t hosts[][2] = {
        { 0, 1 }, { 3, 1 }, { 4, 2 }, { 63, 2 }, { 64, 5 }, { 5000, 5 },
        { HEADCOUNT_UNKNOWN, 1 }
    };

    for (size_t i = 0; i < sizeof(hosts) / sizeof(*hosts); i++)
        CHECK_INT(count(&by_hosts, hosts[i][0]), hosts[i][1]);
    CHECK_INT(hc_rule_count(&both, &(struct hc_measure){ 4, 2047, 0 }), 2);
    CHECK_INT(hc_rule_count(&both, &(struct hc_measure){ 4, 2048, 0 }), 3);
    CHECK_INT(hc_rule_count(&both, &(struct hc_measure){ 64, 2048, 0 }), 5);
}

TEST(rule, some_ask_for_more_tasks_than_hosts_without_end)
{
    static const struct headcount_rung rungs[] = { { 0, 9 } };
    const struct { struct hc_rule rule; bool outgrows; } rows[] = {
        { { .kind = HEADCOUNT_PER_HOST }, false },
        { { .kind = HEADCOUNT_PER_HOST, .tasks = 2 }, true },
        { { .kind = HEADCOUNT_FIXED, .tasks = 9 }, false },
        { { .kind = HEADCOUNT_HOSTS_MINUS }, false },
        { { .kind = HEADCOUNT_PERCENT, .percent = 100 * ONE }, false },
        { { .kind = HEADCOUNT_PERCENT, .percent = 101 * ONE }, true },
        { { .kind = HEADCOUNT_LINEAR, .per_hosts = ONE }, false },
        { { .kind = HEADCOUNT_LINEAR, .per_hosts = ONE, .base = 1 }, true },
        { { .kind = HEADCOUNT_LADDER, .by_hosts = { rungs, 1 } }, false },
    };
    const struct hc_measure m = { 5, 0, 0 };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
        CHECK(hc_rule_outgrows(&rows[i].rule, &m) == rows[i].outgrows);
}

TEST(rule, what_it_needs)
{
    CHECK(!hc_rule_needs_resources(&(struct hc_rule){
        .kind = HEADCOUNT_LINEAR, .per_hosts = ONE }));
    CHECK(hc_rule_needs_resources(&(struct hc_rule){
        .kind = HEADCOUNT_LINEAR, .per_cpu = ONE }));
    CHECK(hc_rule_needs_resources(&(struct hc_rule){
        .kind = HEADCOUNT_LINEAR, .per_memory = ONE }));
    CHECK(hc_rule_needs_resources(&(struct hc_rule){
        .kind = HEADCOUNT_LADDER, .by_cpu = { NULL, 1 } }));
    CHECK(!hc_rule_needs_resources(&(struct hc_rule){
        .kind = HEADCOUNT_LADDER, .by_hosts = { NULL, 1 } }));
    CHECK(!hc_rule_needs_resources(&(struct hc_rule){
        .kind = HEADCOUNT_PER_HOST, .per_cpu = ONE }));
}

TEST(rule, says_in_words_how_it_counts)
{
    static const struct headcount_rung rungs[] = { { 0, 1 }, { 4, 2 } };
    const struct { struct hc_rule rule; const char *words;
    } rows[] = {
        { { .kind = HEADCOUNT_PER_HOST }, "1 task on each of" },
        { { .kind = HEADCOUNT_PER_HOST, .tasks = 2 }, "2 tasks on each of" },
        { { .kind = HEADCOUNT_FIXED, .tasks = 4 }, "a fixed count of 4" },
        { { .kind = HEADCOUNT_HOSTS_MINUS, .spare = 1 }, "all but 1 of" },
        { { .kind = HEADCOUNT_PERCENT, .percent = 12500000 },
          "12.5 percent of" },
        { { .kind = HEADCOUNT_PERCENT, .percent = 100 * ONE },
          "100 percent of" },
        { { .kind = HEADCOUNT_LINEAR, .per_hosts = 4 * ONE },
          "1 task for every 4 hosts of" },
        { { .kind = HEADCOUNT_LINEAR,
            .per_hosts = ONE / 4,
            .per_cpu = 2048 * ONE,
            .per_memory = 512000001,
            .base = 2,
            .step = 3 },
          "2 and 3 tasks for every 0.25 hosts or 2048 CPU units or "
          "512.000001 MiB of" },
        { { .kind = HEADCOUNT_LADDER, .by_hosts = { rungs, 2 } },
          "the ladder's 2 for" },
    };
    char words[HC_RULE_WORDS];

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
        CHECK_Z(hc_rule_words(&rows[i].rule, &(struct hc_measure){ 7, 0, 0 },
                              words), rows[i].words);
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
    static const struct headcount_rung from_6[] = { { 6, 1 } };
    static const struct headcount_rung rungs[] = { { 0, 0 }, { 1, 3 } };
    static const struct headcount_rung minus[] = { { 0, -1 } };
    static const struct headcount_rung equal[] = { { 0, 1 },
                                                   { 4, 2 },
                                                   { 4, 3 } };
    static const struct { struct hc_rule rule; const char *names;
    } bad[] = {
        { { .tasks = -1 }, "per_host: tasks must be 0 to 1000000" },
        { { .tasks = HC_RULE_TASKS_MAX + 1 }, "tasks" },
        { { .kind = HEADCOUNT_FIXED, .tasks = INT64_MIN }, "fixed: tasks" },
        { { .min = -1, .has_min = true }, "min" },
        { { .min = HC_RULE_TASKS_MAX + 1, .has_min = true }, "min" },
        { { .max = -1, .has_max = true }, "max" },
        { { .max_tasks = -1 }, "max_tasks" },
        { { .max_tasks = INT64_MAX }, "max_tasks" },
        { { .min = 3, .has_min = true, .max = 2, .has_max = true },
          "min 3 is more than max 2" },
        { { .kind = HEADCOUNT_HOSTS_MINUS, .spare = -1 }, "spare must be" },
        { { .spread = true, .has_max = true, .max = 1 },
          "prevent_single_point_of_failure" },
        { { .min_age = -1 }, "min_age is negative" },
        { { .kind = HEADCOUNT_PERCENT }, "percent: it takes more than 0" },
        { { .kind = HEADCOUNT_PERCENT, .percent = 1000 * ONE + 1 },
          "at most 1000 percent" },
        { { .kind = HEADCOUNT_LINEAR }, "linear: it takes hosts_per_task" },
        { { .kind = HEADCOUNT_LINEAR, .per_hosts = -1 }, "more than 0" },
        { { .kind = HEADCOUNT_LINEAR, .per_cpu = HC_RULE_SHARE_MAX + 1 },
          "at most 1000000000" },
        { { .kind = HEADCOUNT_LINEAR, .per_hosts = ONE, .base = -1 }, "base" },
        { { .kind = HEADCOUNT_LINEAR, .per_hosts = ONE, .step = -1 }, "step" },
        { { .kind = HEADCOUNT_LADDER }, "ladder: it has no rung" },
        { { .kind = HEADCOUNT_LADDER, .by_hosts = { from_6, 1 } },
          "the first rung is from 6 on" },
        { { .kind = HEADCOUNT_LADDER, .by_cpu = { equal, 3 } },
          "rungs must rise, and 4 follows 4" },
        { { .kind = HEADCOUNT_LADDER, .by_hosts = { minus, 1 } },
          "tasks of a rung" },
        { { .kind = HEADCOUNT_LADDER,
            .by_hosts = { minus, HC_RULE_RUNGS + 1 } },
          "it has 65 rungs" },
    };
    static const struct hc_rule good[] = {
        { .tasks = 0 }, { .tasks = HC_RULE_TASKS_MAX },
        { .min = -1, .max = -1 },
        { .min = 2, .has_min = true, .max = 2, .has_max = true },
        { .kind = HEADCOUNT_FIXED, .max_tasks = HC_RULE_TASKS_MAX },
        { .kind = HEADCOUNT_LINEAR, .per_memory = 1 },
        { .kind = HEADCOUNT_LINEAR, .per_hosts = HC_RULE_SHARE_MAX },
        { .kind = HEADCOUNT_PERCENT, .percent = 1 },
        { .spread = true, .has_max = true, .max = 2 },
        { .kind = HEADCOUNT_LADDER, .by_hosts = { rungs, 2 } },
    };

    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        struct headcount_error e = { 0 };

        CHECK_INT(hc_rule_check(&bad[i].rule, &e), HEADCOUNT_ECONFIG);
        CHECK_INT(e.code, HEADCOUNT_ECONFIG);
        CHECK(strstr(e.what, bad[i].names) != NULL);
    }
    for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
        CHECK_INT(hc_rule_check(&good[i], NULL), 0);
}

TEST(rule, kinds_are_named_and_know_whether_they_count)
{
    static const struct { const char *name; bool counts; } kinds[] = {
        [HEADCOUNT_PER_HOST] = { "per_host", true },
        [HEADCOUNT_FIXED] = { "fixed", false },
        [HEADCOUNT_HOSTS_MINUS] = { "hosts_minus", true },
        [HEADCOUNT_PERCENT] = { "percent", true },
        [HEADCOUNT_LINEAR] = { "linear", true },
        [HEADCOUNT_LADDER] = { "ladder", true },
    };
    enum headcount_rule kind;

    for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
        struct hc_rule rule = { .kind = (enum headcount_rule)i };

        CHECK_Z(hc_rule_name(&rule), kinds[i].name);
        CHECK(hc_rule_needs_hosts(&rule) == kinds[i].counts);
        CHECK(hc_rule_find(hc_str(kinds[i].name), &kind));
        CHECK_INT(kind, i);
    }
    CHECK(!hc_rule_find(HC_STR("per-host"), &kind));
    CHECK(!hc_rule_find(HC_STR(""), &kind));
}

TEST(rule, each_kind_has_a_name_and_no_other_number_has)
{
    enum headcount_rule kind;
    const char *name;
    int n = 0;

    for (; (name = headcount_rule_name((enum headcount_rule)n)) != NULL; n++) {
        CHECK(hc_rule_find(hc_str(name), &kind));
        CHECK_INT(kind, n);
    }
    CHECK_INT(n, HEADCOUNT_LADDER + 1);
    CHECK_Z(headcount_rule_name((enum headcount_rule)-1), NULL);
    CHECK(!hc_rule_find(HC_STR("defaults"), &kind));
}
