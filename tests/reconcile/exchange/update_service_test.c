/* tests/reconcile/exchange/update_service_test.c - a write that is answered
 * otherwise than asked, and services that are deleted before it.
 */
#include "t.h"

#include "peers/ecs_script.h"

#define WEB SCRIPT_SERVICE("web", 1, "")

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
        { "{\"service\":" SCRIPT_SERVICE("x", 2, "") "}", false },
        { "{\"service\":{\"desiredCount\":2,\"clusterArn\":\"" SCRIPT_AT
          "cluster/x\"}}", false },
        { "{\"service\":{\"desiredCount\":2,\"serviceArn\":\"" SCRIPT_AT
          "service/x/web\"}}", false },
        { "{\"service\":{\"desiredCount\":2,\"serviceName\":\"web\","
          "\"serviceArn\":\"" SCRIPT_AT "service/prod/log\"}}", false },
        { "", false }, { "null", false }, { "7", false },
    };
    struct script_row rows[] = {
        { .operation = SERVICES, .answer = SCRIPT_SERVICES(WEB) },
        { .operation = HOSTS,
          .answer = SCRIPT_HOSTS(SCRIPT_HOST("a") "," SCRIPT_HOST("b")) },
        { .operation = "UpdateService" },
    };

    for (size_t i = 0; i < sizeof(answers) / sizeof(*answers); i++) {
        rows[2].answer = answers[i].answer;
        script_wishes(rows, 3, "web");
        CHECK_INT(script_run(), 1);
        CHECK_Z(hc_result_name(script_service(0)->outcome),
                answers[i].good ? "updated" : "failed");
        CHECK_Z(script_service(0)->code, answers[i].good ? "" : "unknown");
        script_end();
    }
}

TEST(update_service, a_write_of_0_is_believed_when_it_says_0)
{
    static const struct { const char *answer; bool good; } answers[] = {
        { "{}", false }, { "{\"service\":{\"desiredCount\":null}}", false },
        { "{\"service\":{\"desiredCount\":0}}", true },
    };
    struct script_row rows[] = {
        { .operation = SERVICES, .answer = SCRIPT_SERVICES(WEB) },
        { .operation = UPDATE },
    };

    for (size_t i = 0; i < sizeof(answers) / sizeof(*answers); i++) {
        rows[1].answer = answers[i].answer;
        script_wishes(rows, 2, "web");
        script_wish(0)->rule = (struct hc_rule){ .kind = HEADCOUNT_FIXED };
        script_wish(0)->allow = ALLOW_ZERO;
        script_gives(0, answers[i].good ? HEADCOUNT_UPDATED : HEADCOUNT_FAILED,
                     answers[i].good ? "" : "unknown");
        script_end();
    }
}

/* ---- a service that is deleted ---- */

#define PROD SCRIPT_SERVICES(SCRIPT_SERVICE("web", 1, ""))
#define ONE_HOST SCRIPT_HOSTS(SCRIPT_HOST("a"))

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
            struct script *s = script_fails(calls, 3, rows[i].error);

            script_wish(0)->required = required;
            CHECK_INT(script_run(), 1);
            script_gave(0, required ? HEADCOUNT_FAILED : HEADCOUNT_SKIPPED,
                        rows[i].code);
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

    script_fails(rows, 2, "ServiceNotFoundException");
    rows[1].answer = NULL;
    CHECK_INT(script_run(), 1);
    script_gave(0, HEADCOUNT_FAILED, "ServiceNotFoundException");
    script_end();
}
