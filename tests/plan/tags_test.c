/* tests/plan/tags_test.c - rules from tags: values that are taken and values
 * that are refused. */
#include "t.h"

#include <string.h>

#include "plan/tags.h"

#define TAGS 6

static struct hc_arena arena;
static struct headcount_error error;
static struct hc_wish wish;

/* Makes tags of { "rule", "per-host", "tasks", "2", NULL }: "headcount:" is put
 * before each name. */
static int read_tags(const char *const *given)
{
    static char keys[TAGS][64];
    struct hc_ecs_tag tags[TAGS];
    size_t n = 0;

    for (; given[2 * n] != NULL; n++) {
        strcpy(keys[n], given[2 * n][0] == '=' ? "" : "headcount:");
        strcat(keys[n], given[2 * n] + (given[2 * n][0] == '='));
        tags[n] = (struct hc_ecs_tag){ hc_str(keys[n]),
                                       hc_str(given[2 * n + 1]), NULL };
        if (n > 0)
            tags[n - 1].next = &tags[n];
    }
    wish = (struct hc_wish){ .service = HC_STR("web") };
    hc_error_reset(&error);
    return hc_tags_wish(&wish, n > 0 ? tags : NULL, &arena, &error);
}

static void open_arena(void)
{
    hc_arena_init(&arena, t_alloc(), 1 << 20);
}

/* The count of each rule for 10 hosts of 4096 CPU units and 8192 MiB. */
static const struct {
    const char *tags[2 * TAGS + 1];
    int64_t count;
} good[] = {
    { { "rule", "per-host", NULL }, 10 },
    { { "rule", "per-host", "tasks", "2", NULL }, 20 },
    { { "tasks", "2", "rule", "per-host", "=team", "x y", NULL }, 20 },
    { { "rule", "hosts-minus", NULL }, 10 },
    { { "rule", "hosts-minus", "spare", "3", NULL }, 7 },
    { { "rule", "percent", "percent", "25", NULL }, 3 },
    { { "rule", "percent", "percent", "0.5", NULL }, 1 },
    { { "rule", "linear", "hosts-per-task", "4", NULL }, 3 },
    { { "rule", "linear", "hosts-per-task", "2.5", "base", "1", NULL }, 5 },
    { { "rule", "linear", "cpu-per-task", "4096", "step", "2", NULL }, 20 },
    { { "rule", "linear", "memory-per-task", "16384", NULL }, 5 },
    { { "rule", "ladder", "ladder", "0:1 4:2 64:5", NULL }, 2 },
    { { "rule", "ladder", "ladder", " 0:1  9:3 ", NULL }, 3 },
    { { "rule", "fixed", "tasks", "7", NULL }, 7 },
    { { "rule", "fixed", "tasks", "0", NULL }, 0 },
    { { "tasks", "0", "rule", "fixed", NULL }, 0 },
    { { "rule", "per-host", "max", "0", NULL }, 0 },
    { { "rule", "per-host", "min", "12", NULL }, 12 },
    { { "rule", "per-host", "max", "4", "pause", "true", NULL }, 4 },
    { { "rule", "hosts-minus", "spare", "10", "min", "0", NULL }, 0 },
};

TEST(tags, a_rule_is_what_its_tags_say)
{
    const struct hc_measure m = { 10, 40960, 81920 };

    open_arena();
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        CHECK_INT(read_tags(good[i].tags), 0);
        CHECK_INT(hc_rule_bound(&wish.rule, hc_rule_count(&wish.rule, &m)),
                  good[i].count);
        CHECK_INT(wish.allow, 0);
    }
    CHECK_INT(read_tags((const char *const[]){
        "rule", "per-host", "where", " attribute:a equals b ", NULL }), 0);
    CHECK_STR(wish.where, "attribute:a equals b");
    hc_arena_fini(&arena);
}

static const struct { const char *tags[2 * TAGS + 1], *says; } bad[] = {
    { { NULL }, "no tag headcount:rule" },
    { { "tasks", "1", NULL }, "no tag headcount:rule" },
    { { "rule", "", NULL }, "a rule is per-host" },
    { { "rule", "nope", NULL }, "linear or ladder" },
    { { "rule", "per_host", NULL }, "a rule is per-host" },
    { { "rule", "Per-Host", NULL }, "a rule is per-host" },
    { { "rule", "per-host-and-something-very-long-indeed", NULL },
      "a rule is per-host" },
    { { "rule", "per-host", "taks", "2", NULL }, "headcount:taks" },
    { { "rule", "per-host", "allow_zero", "true", NULL }, "no such tag" },
    { { "rule", "per-host", "", "true", NULL }, "no such tag" },
    { { "rule", "per-host", "spare", "2", NULL }, "does not go with" },
    { { "rule", "ladder", "tasks", "2", "ladder", "0:1", NULL },
      "does not go with" },
    { { "rule", "per-host", "tasks", "0", NULL }, "1 at the least" },
    { { "rule", "per-host", "tasks", "-1", NULL }, "whole number" },
    { { "rule", "per-host", "tasks", "+1", NULL }, "whole number" },
    { { "rule", "per-host", "tasks", " 1", NULL }, "whole number" },
    { { "rule", "per-host", "tasks", "1.5", NULL }, "whole number" },
    { { "rule", "per-host", "tasks", "0x10", NULL }, "whole number" },
    { { "rule", "per-host", "tasks", "", NULL }, "whole number" },
    { { "rule", "per-host", "tasks", "1000001", NULL }, "whole number" },
    { { "rule", "per-host", "tasks", "99999999999999999999", NULL },
      "whole number" },
    { { "rule", "per-host", "min", "5", "max", "4", NULL }, "per-host" },
    { { "rule", "fixed", NULL }, "needs headcount:tasks" },
    { { "rule", "percent", NULL }, "needs headcount:percent" },
    { { "rule", "linear", "base", "1", NULL }, "needs headcount:hosts-per" },
    { { "rule", "ladder", NULL }, "needs headcount:ladder" },
    { { "rule", "percent", "percent", "0", NULL }, "above 0" },
    { { "rule", "percent", "percent", "1.", NULL }, "above 0" },
    { { "rule", "percent", "percent", ".5", NULL }, "above 0" },
    { { "rule", "percent", "percent", "1e2", NULL }, "above 0" },
    { { "rule", "percent", "percent", "1.2345678", NULL }, "above 0" },
    { { "rule", "ladder", "ladder", "", NULL }, "no rungs" },
    { { "rule", "ladder", "ladder", "0:1,4:2", NULL }, "from 0 hosts" },
    { { "rule", "ladder", "ladder", "0", NULL }, "from 0 hosts" },
    { { "rule", "ladder", "ladder", "0:", NULL }, "from 0 hosts" },
    { { "rule", "ladder", "ladder", "4:2", NULL }, "headcount:rule" },
    { { "rule", "ladder", "ladder", "0:1 8:2 4:3", NULL }, "headcount:rule" },
    { { "rule", "per-host", "where", "", NULL }, "empty" },
    { { "rule", "per-host", "where", "runningTasksCount equals 0", NULL },
      "moves with tasks" },
    { { "rule", "per-host", "where", "attribute:a == 'b", NULL },
      "headcount:where" },
};

TEST(tags, what_does_not_parse_is_named)
{
    static char many[70 * 6];

    open_arena();
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        int got = read_tags(bad[i].tags);

        if (got != HEADCOUNT_ECONFIG || strstr(error.what, bad[i].says) == NULL)
            print_error("%zu %s\n", i, error.what);
        CHECK_INT(got, HEADCOUNT_ECONFIG);
        CHECK(strstr(error.what, bad[i].says) != NULL);
    }
    for (int i = 0; i < 65; i++)
        strcat(many, "0:1 ");
    CHECK_INT(read_tags((const char *const[]){ "rule", "ladder", "ladder", many,
                                               NULL }),
              HEADCOUNT_ECONFIG);
    CHECK(strstr(error.what, "64 rungs") != NULL);
    hc_arena_fini(&arena);
}

static int ladder_once(void)
{
    open_arena();
    int err = read_tags((const char *const[]){ "rule", "ladder", "ladder",
                                               "0:1 4:2", NULL });

    hc_arena_fini(&arena);
    return err;
}

TEST(tags, every_failed_allocation_is_survived)
{
    t_fails_every_allocation(ladder_once);
}
