/* tests/reconcile/audit_test.c - who is told, and who is not.  (What a line
 * holds: recall_test.c.) */
#include "t.h"

#include <string.h>

#include "peers/ecs_script.h"
#include "reconcile/audit.h"

static size_t told;
static struct hc_wish wish;

static void count(void *ud, const char *line, size_t n)
{
    (void)ud;
    CHECK(n > 2 && line[0] == '{' && line[n - 1] == '}');
    CHECK(memchr(line, '\n', n) == NULL);
    told++;
}

static const struct script_row rows[] = {
    { .operation = "DescribeServices",
      .answer = SCRIPT_SERVICES(SCRIPT_SERVICE("web", 1, "")) },
    { .operation = "ListContainerInstances",
      .answer = SCRIPT_HOSTS(SCRIPT_HOST("a") "," SCRIPT_HOST("b")) },
    { .operation = "UpdateService", .answer = SCRIPT_TAKEN },
};

static int run(bool dry_run, bool paused, bool has_sink)
{
    struct script *s = script_set(rows, dry_run || paused ? 2 : 3);

    wish = (struct hc_wish){ .service = HC_STR("web") };
    told = 0;
    s->config.wishes = &wish;
    s->config.wishes_n = 1;
    s->config.dry_run = dry_run;
    s->config.paused = paused;
    s->config.audit.fn = has_sink ? count : NULL;
    s->config.audit.version = "1";
    int got = script_run();

    script_end();
    return got == 1 ? 0 : got;
}

TEST(audit, a_write_and_a_hold_are_told_without_a_memory_too)
{
    CHECK_INT(run(false, false, true), 0);
    CHECK_INT(told, 1);
    CHECK_INT(run(false, true, true), 0);
    CHECK_INT(told, 1);
}

TEST(audit, a_plan_changes_nothing_and_tells_nobody)
{
    CHECK_INT(run(true, false, true), 0);
    CHECK_INT(run(true, true, true), 0);
    CHECK_INT(told, 0);
    CHECK_INT(run(false, false, false), 0);
}
