/* tests/reconcile/learn_services_test.c - answers about services that are not
 * believed: each would be a count out of a foreign, partial or confused answer.
 */
#include "t.h"

#include <string.h>

#include "peers/ecs_script.h"
#include "reconcile/ask.h"
#include "reconcile/learn.h"

#define SERVICES "DescribeServices"
#define HOSTS "ListContainerInstances"
#define FAILURE(name, reason) "{\"arn\":\"" SCRIPT_AT "service/prod/" name  \
    "\",\"reason\":\"" reason "\",\"detail\":\"d\"}"
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

/* ---- DescribeServices ---- */

#define OF(cluster, service) "{\"services\":[{\"serviceName\":\"web\","     \
    "\"status\":\"ACTIVE\",\"desiredCount\":1,\"clusterArn\":\"" cluster    \
    "\",\"serviceArn\":\"" service "\"}]}"

#define ELSEWHERE "arn:aws:ecs:us-east-1:111122223333:"

TEST(learn_services, a_service_that_was_not_asked_for_is_not_believed)
{
    static const struct script_answer answers[] = {
        { "{}", "says nothing about \"web\"" },
        { "{\"services\":[]}", "says nothing about" },
        { SCRIPT_SERVICES(SCRIPT_SERVICE("log", 1, "")),
          "not asked for, \"log\"" },
        { SCRIPT_SERVICES(WEB "," SCRIPT_SERVICE("log", 1, "")),
          "not asked for" },
        { SCRIPT_SERVICES(WEB "," WEB), "twice" },
        { "{\"services\":[" WEB "],\"failures\":[" SCRIPT_MISSING("web") "]}",
          "twice" },
        { "{\"failures\":[" SCRIPT_MISSING("web") "," SCRIPT_MISSING("web")
          "]}", "twice" },
        { "{\"failures\":[" SCRIPT_MISSING("log") "]}", "not asked about" },
        { "{\"failures\":[{\"arn\":\"" SCRIPT_AT "service/stage/web\","
          "\"reason\":\"MISSING\"},{}]}", "not asked about" },
        { "{\"failures\":[{\"reason\":\"MISSING\"}]}", "not asked about" },
        { OF(SCRIPT_AT "cluster/stage", ""), "another cluster" },
        { OF("a/b", ""), "another cluster" },
        { OF("", SCRIPT_AT "service/stage/web"), "another cluster" },
        { OF("", ""), "in which cluster" },
        { OF("", "web"), "in which cluster" },
        { OF("", SCRIPT_AT "service/web"), "in which cluster" },
        { OF(SCRIPT_CLUSTER, "nonsense:"), "another place" },
        /* cluster and service do not agree with each other */
        { OF(SCRIPT_CLUSTER, "arn:aws:ecs:eu-west-1:999988887777:service/"
          "prod/web"), "another place" },
        { OF(SCRIPT_CLUSTER, "arn:aws:ecs:eu-west-2:111122223333:service/"
          "web"), "another place" },
        { OF("arn:aws-cn:ecs:eu-west-1:111122223333:cluster/prod",
          SCRIPT_AT "service/prod/web"), "another place" },
        /* they do, and both are of a region that was not asked */
        { OF(ELSEWHERE "cluster/prod", ELSEWHERE "service/prod/web"),
          "another cluster" },
        { OF("", ELSEWHERE "service/prod/web"), "another cluster" },
        { "{\"failures\":[{\"arn\":\"" ELSEWHERE "service/prod/web\","
          "\"reason\":\"MISSING\"}]}", "not asked about" },
        { OF(SCRIPT_CLUSTER, SCRIPT_AT "service/prod/log"), "place or name" },
        { OF(SCRIPT_CLUSTER, SCRIPT_AT "service/log"), "place or name" },
        { "{\"services\":[{\"serviceName\":\"web\",\"status\":\"ACTIVE\"}]}",
          "desiredCount" },
        { "[]", "no JSON object" }, { "", "DescribeServices" },
        { "{\"services\":[" WEB "]", "DescribeServices" },
    };
    struct script_row rows[] = { { .operation = SERVICES } };

    script_disbelieve(rows, 1, answers, sizeof(answers) / sizeof(*answers));
}

TEST(learn_services, an_answer_that_is_not_believed_fails_the_cluster)
{
    static const struct script_row rows[] = {
        { .operation = SERVICES, .answer = "{\"services\":[" WEB "]}" },
    };
    struct script *s = set(SCRIPT_ROWS(rows), 2);

    CHECK_INT(script_run(), 1);
    CHECK_Z(s->r.result.error_code, "EANSWER");
    CHECK_Z(s->r.result.arn, "");
    CHECK_Z(hc_result_name(script_service(0)->outcome), "failed");
    CHECK_Z(hc_result_name(script_service(1)->outcome), "failed");
    script_end();
}

TEST(learn_services, nothing_is_learned_from_an_answer_that_is_not_believed)
{
    static const struct script_row row = { .operation = SERVICES };
    struct script *s = set(&row, 1, 2);
    struct hc_fact_service *web;

    CHECK_INT(hc_reconcile_start(&s->r, &s->net, &s->job, &s->config, NULL),
              0);
    CHECK_INT(hc_ask_services(&s->r), 0);
    s->r.call.span = HC_STR("{\"services\":[" WEB "]}");
    CHECK_INT(hc_learn_feed(&s->r), 0);
    CHECK_INT(hc_learn_take(&s->r), HEADCOUNT_EANSWER);
    web = hc_facts_service(&s->r.facts, HC_STR("web"));
    CHECK_INT(web->fact.state, FACT_UNKNOWN);
    CHECK(web->value == NULL);
    CHECK(!hc_arn_is_full(&s->r.cluster));
    hc_reconcile_fini(&s->r);
}

TEST(learn_services, services_of_two_clusters_in_one_answer_are_not_believed)
{
    static const struct script_row rows[] = {
        { .operation = SERVICES, .answer = SCRIPT_SERVICES(WEB ","
          "{\"serviceName\":\"log\",\"status\":\"ACTIVE\",\"desiredCount\":1,"
          "\"clusterArn\":\"arn:aws:ecs:eu-west-1:999988887777:cluster/prod\""
          "}") },
    };

    set(SCRIPT_ROWS(rows), 2);
    CHECK_INT(script_run(), 1);
    CHECK_Z(script_service(0)->code, "EANSWER");
    script_end();
}

TEST(learn_services, a_failure_that_is_not_missing_is_a_failure)
{
    static const struct script_row rows[] = {
        { .operation = SERVICES, .answer = "{\"services\":["
          SCRIPT_SERVICE("log", 0, ",\"schedulingStrategy\":\"DAEMON\"")
          "],\"failures\":[" FAILURE("web", "ACCESS_DENIED") "]}" },
    };

    set(SCRIPT_ROWS(rows), 2);
    CHECK_INT(script_run(), 1);
    CHECK_Z(hc_result_name(script_service(0)->outcome), "failed");
    CHECK_Z(script_service(0)->code, "ACCESS_DENIED");
    CHECK(strstr(script_service(0)->reason, "ACCESS_DENIED d") != NULL);
    CHECK_Z(script_service(1)->code, "daemon");
    script_end();
}

/* Whoever repeats the request in an answer that is a good one otherwise. */
TEST(learn_services, what_the_call_was_signed_with_is_not_kept_of_a_failure)
{
    static const struct script_row rows[] = {
        { .operation = SERVICES, .answer = "{\"failures\":[{\"arn\":\""
          SCRIPT_AT "service/web\",\"reason\":\"R " SCRIPT_SECRET "\","
          "\"detail\":\"you sent " SCRIPT_TOKEN "!\"}]}" },
    };
    static const struct script_row refused[] = {
        { .operation = SERVICES, .answer = "{\"failures\":[{\"arn\":\""
          SCRIPT_TOKEN "\"}]}" },
    };

    set(SCRIPT_ROWS(rows), 1);
    CHECK_INT(script_run(), 1);
    CHECK_Z(script_service(0)->code, "R ***");
    CHECK(strstr(script_service(0)->reason, "R *** you sent ***!") != NULL);
    script_end();
    set(SCRIPT_ROWS(refused), 1);
    CHECK_INT(script_run(), 1);
    CHECK(strstr(script_service(0)->reason, "\"***\"") != NULL);
    script_end();
}

TEST(learn_services, a_failure_without_a_reason_is_one)
{
    static const struct script_row rows[] = {
        { .operation = SERVICES, .answer = "{\"failures\":[{\"arn\":\""
          SCRIPT_AT "service/web\"}]}" },
    };

    set(SCRIPT_ROWS(rows), 1);
    CHECK_INT(script_run(), 1);
    CHECK_Z(hc_result_name(script_service(0)->outcome), "failed");
    CHECK_Z(script_service(0)->code, "failure");
    script_end();
}

/* ---- UpdateService ---- */

TEST(learn_services, a_write_is_believed_unless_it_tells_otherwise)
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
