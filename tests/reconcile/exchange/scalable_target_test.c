/* tests/reconcile/exchange/scalable_target_test.c - counts that Auto Scaling
 * sets, too.
 */
#include "t.h"

#include <string.h>

#include "peers/ecs_script.h"

#define TARGETS(list, more) "{\"ScalableTargets\":[" list "]" more "}"
#define TARGET(id) "{\"ServiceNamespace\":\"ecs\",\"ResourceId\":\"" id "\"}"

static const struct script_row target_rows[] = {
    { .operation = SERVICES, .answer = SCRIPT_SERVICES(
      SCRIPT_SERVICE("web", 1, "")) },
    { .operation = HOSTS, .answer = TWO_HOSTS },
    { .operation = "DescribeScalableTargets", .service =
      "application-autoscaling", .answer = TARGETS("", ""), .body =
      "{\"ServiceNamespace\":\"ecs\",\"ScalableDimension\":"
      "\"ecs:service:DesiredCount\",\"ResourceIds\":[\"service/prod/web\"]}" },
    { .operation = UPDATE, .answer = SCRIPT_TAKEN },
};

static void run_target(const struct script_row *row, size_t n,
                       enum headcount_result outcome, const char *code)
{
    struct script_row rows[4];

    memcpy(rows, target_rows, sizeof(rows));
    rows[2] = *row;
    rows[2].operation = target_rows[2].operation;
    rows[2].service = target_rows[2].service;
    script_wishes(rows, n, "web")->config.ask_targets = true;
    script_gives(0, outcome, code);
    script_end();
}

TEST(scalable_target, what_auto_scaling_sets_is_held)
{
    static const struct { struct script_row row; const char *code; } rows[] = {
        { { .answer = TARGETS(TARGET("service/prod/web"), "") },
          "scalable_target" },
        { { .answer = TARGETS(TARGET("service/prod/log"), "") }, "EANSWER" },
        { { .answer = TARGETS(TARGET("service/stage/web"), "") }, "EANSWER" },
        { { .answer = TARGETS(TARGET("service/prod/x/web"), "") }, "EANSWER" },
        { { .answer = "{}" }, "EANSWER" },
        { { .fail = HEADCOUNT_ESERVICE, .code = "AccessDeniedException" },
          "AccessDeniedException" },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
        run_target(&rows[i].row, 3, i == 0 ? HEADCOUNT_HELD : HEADCOUNT_FAILED,
                   rows[i].code);
    run_target(&target_rows[2], 4, HEADCOUNT_UPDATED, "");
}

TEST(scalable_target, targets_in_a_ring_are_not_believed)
{
    static const char *const pages[] = {
        TARGETS("", ",\"NextToken\":\"p\""), TARGETS("", ",\"NextToken\":\"q\"")
    };
    struct script_row rows[2 + 5];

    memcpy(rows, target_rows, sizeof(target_rows));
    for (size_t i = 0; i < 5; i++) {
        rows[2 + i] = target_rows[2];
        rows[2 + i].body = NULL;
        rows[2 + i].answer = pages[i % 2];
    }
    script_wishes(SCRIPT_ROWS(rows), "web")->config.ask_targets = true;
    script_gives(0, HEADCOUNT_FAILED, "EANSWER");
    CHECK(strstr(script_service(0)->reason, "to an end") != NULL);
    script_end();
}

/* One target is news once, on however many pages it stands. */
TEST(scalable_target, a_target_on_every_page_is_no_end_either)
{
    static const char *const pages[] = {
        TARGETS(TARGET("service/prod/web"), ",\"NextToken\":\"p\""),
        TARGETS(TARGET("service/prod/web"), ",\"NextToken\":\"q\"")
    };
    struct script_row rows[2 + 4];

    memcpy(rows, target_rows, sizeof(target_rows));
    for (size_t i = 0; i < 4; i++) {
        rows[2 + i] = target_rows[2];
        rows[2 + i].body = NULL;
        rows[2 + i].answer = pages[i % 2];
    }
    script_wishes(SCRIPT_ROWS(rows), "web")->config.ask_targets = true;
    script_gives(0, HEADCOUNT_FAILED, "EANSWER");
    CHECK(strstr(script_service(0)->reason, "to an end") != NULL);
    script_end();
}

/* A plan is worth something without that answer too. */
TEST(scalable_target, a_plan_goes_on_without_auto_scaling)
{
    struct script_row rows[3];

    memcpy(rows, target_rows, sizeof(rows));
    rows[2].answer = NULL;
    rows[2].fail = HEADCOUNT_ECONNECT;
    struct script *s = script_wishes(SCRIPT_ROWS(rows), "web");

    s->config.ask_targets = s->config.dry_run = true;
    script_gives(0, HEADCOUNT_PENDING, "");
    CHECK(strstr(script_service(0)->reason, "could not be read") != NULL);
    script_end();
}
