/* tests/reconcile/exchange/update_service_test.c - a write that is answered
 * otherwise than asked, and services that are deleted before it.
 */
#include "t.h"

#include <string.h>

#include "peers/ecs_script.h"

#define SERVICES "DescribeServices"
#define HOSTS "ListContainerInstances"
#define WEB SCRIPT_SERVICE("web", 1, "")

static struct hc_wish wishes[2];

static struct script *set(const struct script_row *rows, size_t n,
                          size_t wishes_n)
{
    struct script *s = script_set(rows, n);

    wishes[0] = (struct hc_wish){ .service = HC_STR("web") };
    wishes[1] = (struct hc_wish){ .service = HC_STR("log") };
    s->config.wishes = wishes;
    s->config.wishes_n = wishes_n;
    return s;
}

TEST(update_service, a_write_is_believed_unless_it_tells_otherwise)
{
    static const struct { const char *answer; bool good; } answers[] = {
        { SCRIPT_TAKEN, true }, { "{}", false },
        { "{\"service\":null}", false }, { "{\"service\":{}}", false },
        { "{\"service\":{\"desiredCount\":null}}", false },
        { "{\"service\":{\"desiredCount\":-2}}", false },
        { "{\"service\":" SCRIPT_SERVICE("web", 2, "") "}", true },
        { "{\"service\":" SCRIPT_SERVICE("web", 1, "") "}", false },
        { "{\"service\":" SCRIPT_SERVICE("log", 2, "") "}", false },
        { "{\"service\":{\"desiredCount\":2,\"clusterArn\":\"" SCRIPT_AT
          "cluster/x\"}}", false },
        { "{\"service\":{\"desiredCount\":2,\"serviceArn\":\"" SCRIPT_AT
          "service/x/web\"}}", false },
        { "", false }, { "null", false }, { "7", false },
    };
    struct script_row rows[] = {
        { .operation = SERVICES, .answer = SCRIPT_SERVICES(WEB) },
        { .operation = HOSTS,
          .answer = SCRIPT_HOSTS(SCRIPT_HOST("a") "," SCRIPT_HOST("b")) },
        { .operation = "UpdateService" },
    };

    static const struct script_row zero[] = {
        { .operation = SERVICES, .answer = SCRIPT_SERVICES(WEB) },
        { .operation = "UpdateService", .answer = "{}" },
    };

    for (size_t i = 0; i < sizeof(answers) / sizeof(*answers); i++) {
        rows[2].answer = answers[i].answer;
        set(rows, 3, 1);
        CHECK_INT(script_run(), 1);
        CHECK_Z(hc_result_name(script_service(0)->outcome),
                answers[i].good ? "updated" : "failed");
        CHECK_Z(script_service(0)->code, answers[i].good ? "" : "unknown");
        script_end();
    }
    set(SCRIPT_ROWS(zero), 1);
    wishes[0].rule = (struct hc_rule){ .kind = HEADCOUNT_FIXED };
    wishes[0].allow = ALLOW_ZERO;
    CHECK_INT(script_run(), 1);
    CHECK_Z(script_service(0)->code, "unknown");
    script_end();
}

/* ---- a service that is deleted ---- */

#define PROD SCRIPT_SERVICES(SCRIPT_SERVICE("web", 1, ""))
#define ONE_HOST SCRIPT_HOSTS(SCRIPT_HOST("a"))
#define TWO_HOSTS SCRIPT_HOSTS(SCRIPT_HOST("a") "," SCRIPT_HOST("b"))

static struct hc_wish two[2];

/* The last of these calls fails so; "web" and a service that is required. */
static struct script *set_failing(struct script_row *rows, size_t n,
                                  const char *code)
{
    struct script *s = script_set(rows, n);

    two[0] = (struct hc_wish){ .service = HC_STR("web"), .rule.tasks = 1 };
    two[1] = (struct hc_wish){ .service = HC_STR("log"), .rule.tasks = 1,
                               .required = true };
    s->config.wishes = two;
    s->config.wishes_n = 1;
    if (code != NULL) {
        rows[n - 1].fail = HEADCOUNT_ESERVICE;
        rows[n - 1].code = code;
    }
    return s;
}

static void check_settled(size_t at, const char *outcome, const char *code)
{
    CHECK_Z(hc_result_name(script_service(at)->outcome), outcome);
    CHECK_Z(script_service(at)->code, code);
}

TEST(update_service, a_service_that_is_deleted_before_its_write_is_skipped)
{
    static const struct { const char *error, *code; } rows[] = {
        { "ServiceNotFoundException", "missing" },
        { "ServiceNotActiveException", "inactive" },
    };

    for (size_t i = 0; i < 2; i++)
        for (int required = 0; required < 2; required++) {
            struct script_row calls[] = {
                { .operation = SERVICES, .answer = PROD },
                { .operation = "ListContainerInstances", .answer = TWO_HOSTS },
                { .operation = "UpdateService", .rises = true },
            };
            struct script *s = set_failing(calls, 3, rows[i].error);

            two[0].required = required;
            CHECK_INT(script_run(), 1);
            check_settled(0, required ? "failed" : "skipped", rows[i].code);
            CHECK(script_service(0)->desired_before == 1 &&
                  script_service(0)->wanted == 2);
            CHECK_Z(s->r.run.result.error_code, NULL);
            script_end();
        }
}

/* Of a read it is no answer that ECS has. */
TEST(update_service, only_a_write_finds_a_service_deleted)
{
    struct script_row rows[] = {
        { .operation = SERVICES, .answer = PROD },
        { .operation = "ListContainerInstances", .answer = ONE_HOST },
    };

    set_failing(rows, 2, "ServiceNotFoundException");
    rows[1].answer = NULL;
    CHECK_INT(script_run(), 1);
    check_settled(0, "failed", "ServiceNotFoundException");
    script_end();
}
