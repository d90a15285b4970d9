/* tests/reconcile/exchange/services_test.c - services that are not believed,
 * and those that AWS could not read.
 */
#include "t.h"

#include <string.h>

#include "peers/ecs_script.h"
#include "reconcile/next_exchange.h"

#define FAILURE(name, reason) "{\"arn\":\"" SCRIPT_AT "service/prod/" name  \
    "\",\"reason\":\"" reason "\",\"detail\":\"d\"}"
#define WEB SCRIPT_SERVICE("web", 1, "")

#define OF(cluster, service) "{\"services\":[{\"serviceName\":\"web\","     \
    "\"status\":\"ACTIVE\",\"desiredCount\":1,\"clusterArn\":\"" cluster    \
    "\",\"serviceArn\":\"" service "\"}]}"
#define ELSEWHERE "arn:aws:ecs:us-east-1:111122223333:"

TEST(services, a_service_that_was_not_asked_for_is_not_believed)
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

TEST(services, an_answer_that_is_not_believed_fails_the_cluster)
{
    static const struct script_row rows[] = {
        { .operation = SERVICES, .answer = "{\"services\":[" WEB "]}" },
    };
    struct script *s = script_wishes(SCRIPT_ROWS(rows), "web log");

    CHECK_INT(script_run(), 1);
    CHECK_Z(s->r.run.result.error_code, "EANSWER");
    CHECK_Z(s->r.run.result.arn, "");
    CHECK_Z(hc_result_name(script_service(0)->outcome), "failed");
    CHECK_Z(hc_result_name(script_service(1)->outcome), "failed");
    script_end();
}

TEST(services, services_of_two_clusters_in_one_answer_are_not_believed)
{
    static const struct script_row rows[] = {
        { .operation = SERVICES, .answer = SCRIPT_SERVICES(WEB ","
          "{\"serviceName\":\"log\",\"status\":\"ACTIVE\",\"desiredCount\":1,"
          "\"clusterArn\":\"arn:aws:ecs:eu-west-1:999988887777:cluster/prod\""
          "}") },
    };

    script_wishes(SCRIPT_ROWS(rows), "web log");
    CHECK_INT(script_run(), 1);
    CHECK_Z(script_service(0)->code, "EANSWER");
    script_end();
}

TEST(services, a_failure_that_is_not_missing_is_a_failure)
{
    static const struct script_row rows[] = {
        { .operation = SERVICES, .answer = "{\"services\":["
          SCRIPT_SERVICE("log", 0, ",\"schedulingStrategy\":\"DAEMON\"")
          "],\"failures\":[" FAILURE("web", "ACCESS_DENIED") "]}" },
    };

    script_wishes(SCRIPT_ROWS(rows), "web log");
    script_gives(0, HEADCOUNT_FAILED, "ACCESS_DENIED");
    CHECK(strstr(script_service(0)->reason, "ACCESS_DENIED d") != NULL);
    CHECK_Z(script_service(1)->code, "daemon");
    script_end();
}

/* Whoever repeats the request in an answer that is a good one otherwise. */
TEST(services, what_the_call_was_signed_with_is_not_kept_of_a_failure)
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

    script_wishes(SCRIPT_ROWS(rows), "web");
    CHECK_INT(script_run(), 1);
    CHECK_Z(script_service(0)->code, "R ***");
    CHECK(strstr(script_service(0)->reason, "R *** you sent ***!") != NULL);
    script_end();
    script_wishes(SCRIPT_ROWS(refused), "web");
    CHECK_INT(script_run(), 1);
    CHECK(strstr(script_service(0)->reason, "\"***\"") != NULL);
    script_end();
}

TEST(services, a_failure_without_a_reason_is_one)
{
    static const struct script_row rows[] = {
        { .operation = SERVICES, .answer = "{\"failures\":[{\"arn\":\""
          SCRIPT_AT "service/web\"}]}" },
    };

    script_wishes(SCRIPT_ROWS(rows), "web");
    script_gives(0, HEADCOUNT_FAILED, "failure");
    script_end();
}

/* ---- all or nothing ---- */

TEST(services, nothing_is_learned_from_an_answer_that_is_not_believed)
{
    static const struct script_row row = { .operation = SERVICES };
    struct script *s = script_wishes(&row, 1, "web log");
    struct hc_exchange *x = &s->r.exchange;
    struct hc_fact_service *web;

    CHECK_INT(hc_reconcile_start(&s->r, &s->net, &s->job, &s->config, NULL),
              0);
    CHECK_INT(hc_next_for_wish(&s->r.run, x), 0);
    CHECK_INT(hc_exchange_start(x, &s->r.run), 0);
    CHECK_INT(hc_ecs_answer_feed(&x->view.answer,
                           HC_STR("{\"services\":[" WEB "]}"), NULL), 0);
    CHECK_INT(x->class->learn(&s->r.run, x, s->now), HEADCOUNT_EANSWER);
    web = hc_facts_service(&s->r.run.facts, HC_STR("web"));
    CHECK_INT(web->fact.state, FACT_UNKNOWN);
    CHECK(web->value == NULL);
    CHECK(!hc_arn_is_full(&s->r.run.cluster));
    hc_reconcile_fini(&s->r);
}

#define GONE(n) SCRIPT_MISSING("s" #n)

static const struct script_row eleven_rows[] = {
    { .operation = SERVICES, .answer = "{\"failures\":[" GONE(0) "," GONE(1)
      "," GONE(2) "," GONE(3) "," GONE(4) "," GONE(5) "," GONE(6) "," GONE(7)
      "," GONE(8) "," GONE(9) "]}" },
    { .operation = SERVICES, .answer = "{}" },
};

static struct script *set_eleven(void)
{
    static const char names[] = "s0s1s2s3s4s5s6s7s8s9s10";
    static struct hc_wish eleven[11];
    struct script *s = script_set(SCRIPT_ROWS(eleven_rows));

    for (size_t i = 0; i < 11; i++)
        eleven[i].service = hc_str_n(names + 2 * i, i < 10 ? 2 : 3);
    s->config.wishes = eleven;
    s->config.wishes_n = 11;
    return s;
}

static int fails_later(void)
{
    set_eleven();

    int got = script_run();

    script_end();
    return got == 1 ? 0 : got;
}

TEST(services, a_later_answer_that_is_not_believed_fails_its_own_services)
{
    struct script *s = set_eleven();

    CHECK_INT(script_run(), 1);
    CHECK_Z(s->r.run.result.error_code, NULL);
    CHECK_Z(script_service(9)->code, "missing");
    CHECK_Z(script_service(10)->code, "EANSWER");
    CHECK_Z(hc_result_name(script_service(10)->outcome), "failed");
    script_end();
}

TEST(services, memory_may_end_anywhere)
{
    t_fails_every_allocation(fails_later);
}
