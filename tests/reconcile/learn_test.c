/* tests/reconcile/learn_test.c - answers that are not believed: each would be
 * a count out of a foreign, partial or confused answer. */
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
#define STRATEGY_WEB SCRIPT_SERVICE("web", 150,                             \
    ",\"capacityProviderStrategy\":[{\"capacityProvider\":\"asg\"}]")
#define HOST(id, more) "{\"containerInstanceArn\":" SCRIPT_HOST(id)         \
    ",\"status\":\"ACTIVE\",\"capacityProviderName\":\"asg\"" more "}"

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

/* The last of these calls answers so: the service fails and says why. */
static void disbelieved(struct script_row *rows, size_t n, const char *answer,
                        const char *says)
{
    rows[n - 1].answer = answer;
    set(rows, n, 1);
    CHECK_INT(script_run(), 1);

    const struct hc_report_service *s = script_service(0);

    CHECK_Z(hc_outcome_name(s->outcome), "failed");
    CHECK_Z(s->code, "EANSWER");
    if (strstr(s->reason, says) == NULL)
        CHECK_Z(s->reason, says);
    CHECK_INT(s->hosts_counted, HC_UNKNOWN);
    script_end();
}

struct answer_row {
    const char *answer, *says;
};

static void disbelieve_all(struct script_row *rows, size_t n,
                           const struct answer_row *answers, size_t answers_n)
{
    for (size_t i = 0; i < answers_n; i++)
        disbelieved(rows, n, answers[i].answer, answers[i].says);
}

/* ---- DescribeServices ---- */

#define OF(cluster, service) "{\"services\":[{\"serviceName\":\"web\","     \
    "\"status\":\"ACTIVE\",\"desiredCount\":1,\"clusterArn\":\"" cluster    \
    "\",\"serviceArn\":\"" service "\"}]}"

#define ELSEWHERE "arn:aws:ecs:us-east-1:111122223333:"

TEST(learn, a_service_that_was_not_asked_for_is_not_believed)
{
    static const struct answer_row answers[] = {
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
        { OF("", SCRIPT_AT "service/stage/web"), "another place" },
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
        { OF("", ELSEWHERE "service/prod/web"), "another place" },
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

    disbelieve_all(rows, 1, answers, sizeof(answers) / sizeof(*answers));
}

TEST(learn, an_answer_that_is_not_believed_fails_the_cluster)
{
    static const struct script_row rows[] = {
        { .operation = SERVICES, .answer = "{\"services\":[" WEB "]}" },
    };
    struct script *s = set(SCRIPT_ROWS(rows), 2);

    CHECK_INT(script_run(), 1);
    CHECK_Z(s->r.result.error_code, "EANSWER");
    CHECK_Z(s->r.result.arn, "");
    CHECK_Z(hc_outcome_name(script_service(0)->outcome), "failed");
    CHECK_Z(hc_outcome_name(script_service(1)->outcome), "failed");
    script_end();
}

TEST(learn, nothing_is_learned_from_an_answer_that_is_not_believed)
{
    static const struct script_row row = { .operation = SERVICES };
    struct script *s = set(&row, 1, 2);
    struct hc_fact_service *web;

    CHECK_INT(hc_reconcile_start(&s->r, &s->net, &s->job, &s->config, NULL),
              0);
    CHECK_INT(hc_ask_services(&s->r), 0);
    s->r.call.span = HC_STR("{\"services\":[" WEB "]}");
    CHECK_INT(hc_learn_feed(&s->r), 0);
    CHECK_INT(hc_learn_take(&s->r), HC_EANSWER);
    web = hc_facts_service(&s->r.facts, HC_STR("web"));
    CHECK_INT(web->fact.state, FACT_UNKNOWN);
    CHECK(web->value == NULL);
    CHECK(!hc_arn_is_full(&s->r.cluster));
    hc_reconcile_fini(&s->r);
}

TEST(learn, services_of_two_clusters_in_one_answer_are_not_believed)
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

TEST(learn, a_failure_that_is_not_missing_is_a_failure)
{
    static const struct script_row rows[] = {
        { .operation = SERVICES, .answer = "{\"services\":["
          SCRIPT_SERVICE("log", 0, ",\"schedulingStrategy\":\"DAEMON\"")
          "],\"failures\":[" FAILURE("web", "ACCESS_DENIED") "]}" },
    };

    set(SCRIPT_ROWS(rows), 2);
    CHECK_INT(script_run(), 1);
    CHECK_Z(hc_outcome_name(script_service(0)->outcome), "failed");
    CHECK_Z(script_service(0)->code, "ACCESS_DENIED");
    CHECK(strstr(script_service(0)->reason, "ACCESS_DENIED d") != NULL);
    CHECK_Z(script_service(1)->code, "daemon");
    script_end();
}

TEST(learn, a_failure_without_a_reason_is_one)
{
    static const struct script_row rows[] = {
        { .operation = SERVICES, .answer = "{\"failures\":[{\"arn\":\""
          SCRIPT_AT "service/web\"}]}" },
    };

    set(SCRIPT_ROWS(rows), 1);
    CHECK_INT(script_run(), 1);
    CHECK_Z(hc_outcome_name(script_service(0)->outcome), "failed");
    CHECK_Z(script_service(0)->code, "failure");
    script_end();
}

/* ---- ListContainerInstances ---- */

TEST(learn, a_list_that_is_not_the_clusters_is_not_counted)
{
    static const struct answer_row answers[] = {
        { "{}", "no list" }, { "{\"nextToken\":null}", "no list" },
        { "{\"containerInstanceArns\":null}", "no list" },
        { "{\"containerInstanceArns\":[\"a\"]}", "no host of the cluster" },
        { "{\"containerInstanceArns\":[\"" SCRIPT_AT
          "container-instance/stage/a\"]}", "no host of the cluster" },
        { "{\"containerInstanceArns\":[\"arn:aws:ecs:eu-west-1:999988887777:"
          "container-instance/a\"]}", "no host of the cluster" },
        { SCRIPT_HOSTS("\"" SCRIPT_AT "cluster/prod\""), "no host" },
        { "{\"containerInstanceArns\":[null]}", "array of strings" },
    };
    struct script_row rows[] = {
        { .operation = SERVICES, .answer = SCRIPT_SERVICES(WEB) },
        { .operation = HOSTS },
    };

    disbelieve_all(rows, 2, answers, sizeof(answers) / sizeof(*answers));
}

TEST(learn, a_page_that_names_itself_as_the_next_is_not_believed)
{
    struct script_row rows[] = {
        { .operation = SERVICES, .answer = SCRIPT_SERVICES(WEB) },
        { .operation = HOSTS, .answer = "{\"containerInstanceArns\":[],"
          "\"nextToken\":\"t\"}" },
        { .operation = HOSTS },
    };

    disbelieved(rows, 3, rows[1].answer, "its own next");
}

TEST(learn, pages_without_an_end_are_not_believed)
{
    static struct script_row rows[HC_RECONCILE_PAGES + 2];
    static const char *const pages[] = {
        "{\"containerInstanceArns\":[],\"nextToken\":\"a\"}",
        "{\"containerInstanceArns\":[],\"nextToken\":\"b\"}",
    };

    rows[0] = (struct script_row){ .operation = SERVICES,
                                   .answer = SCRIPT_SERVICES(WEB) };
    for (size_t i = 1; i < HC_RECONCILE_PAGES + 2; i++)
        rows[i] = (struct script_row){ .operation = HOSTS,
                                       .answer = pages[i % 2] };
    disbelieved(rows, HC_RECONCILE_PAGES + 2, pages[1], "to an end");
}

TEST(learn, more_hosts_than_can_be_are_not_believed)
{
    struct script_row rows[] = {
        { .operation = SERVICES, .answer = SCRIPT_SERVICES(WEB) },
        { .operation = HOSTS }, { .operation = HOSTS },
    };
    struct hc_buf page[2];

    for (size_t k = 0; k < 2; k++) {
        hc_buf_init(&page[k], t_alloc(), (size_t)8 << 20);
        hc_buf_text(&page[k], "{\"containerInstanceArns\":[");
        for (size_t i = 0; i < 25001; i++)
            hc_buf_fmt(&page[k], "%s\"" SCRIPT_AT "container-instance/%zu\"",
                       i > 0 ? "," : "", k * 100000 + i);
        hc_buf_text(&page[k], k == 0 ? "],\"nextToken\":\"t\"}" : "]}");
    }
    rows[1].answer = hc_buf_z(&page[0]);
    disbelieved(rows, 3, hc_buf_z(&page[1]), "more than 50000 hosts");
    hc_buf_fini(&page[0]);
    hc_buf_fini(&page[1]);
}

/* ---- DescribeContainerInstances ---- */

TEST(learn, a_description_of_other_hosts_is_not_believed)
{
    static const struct answer_row answers[] = {
        { "{}", "left out hosts" },
        { "{\"containerInstances\":[" HOST("a", "") "]}", "left out hosts" },
        { "{\"containerInstances\":[" HOST("a", "") "," HOST("a", "") "]}",
          "twice" },
        { "{\"containerInstances\":[" HOST("a", "") "," HOST("c", "") "]}",
          "not asked for" },
        { "{\"containerInstances\":[" HOST("a", "") ",{}]}",
          "not asked for" },
        { "{\"containerInstances\":[" HOST("a", "") "],\"failures\":[{"
          "\"arn\":" SCRIPT_HOST("b") ",\"reason\":\"INTERNAL\"}]}",
          "could not read" },
        { "{\"containerInstances\":[" HOST("a", "") "],\"failures\":[{"
          "\"arn\":" SCRIPT_HOST("a") ",\"reason\":\"MISSING\"}]}", "twice" },
        { "{\"failures\":[{\"arn\":\"x\",\"reason\":\"MISSING\"}]}",
          "not asked for" },
        { "{\"containerInstances\":0}", "array of objects" },
    };
    struct script_row rows[] = {
        { .operation = SERVICES, .answer = SCRIPT_SERVICES(STRATEGY_WEB) },
        { .operation = HOSTS,
          .answer = SCRIPT_HOSTS(SCRIPT_HOST("a") "," SCRIPT_HOST("b")) },
        { .operation = "DescribeContainerInstances" },
    };

    disbelieve_all(rows, 3, answers, sizeof(answers) / sizeof(*answers));
}

static void describe_page(struct hc_buf *out, size_t from, size_t n)
{
    hc_buf_text(out, "{\"containerInstances\":[");
    for (size_t i = from; i < from + n; i++)
        hc_buf_fmt(out, "%s{\"containerInstanceArn\":\"" SCRIPT_AT
                   "container-instance/%zu\",\"status\":\"ACTIVE\","
                   "\"capacityProviderName\":\"asg\"}", i > from ? "," : "",
                   i);
    hc_buf_text(out, "]}");
}

TEST(learn, hosts_are_described_a_hundred_at_a_time)
{
    struct script_row rows[] = {
        { .operation = SERVICES, .answer = SCRIPT_SERVICES(STRATEGY_WEB) },
        { .operation = HOSTS }, { .operation = "DescribeContainerInstances" },
        { .operation = "DescribeContainerInstances" },
        { .operation = "UpdateService", .answer = "{}", .body =
          "{\"cluster\":\"" SCRIPT_CLUSTER "\",\"service\":\"web\","
          "\"desiredCount\":101}" },
    };
    struct hc_buf list, page[2];

    hc_buf_init(&list, t_alloc(), (size_t)1 << 20);
    hc_buf_text(&list, "{\"containerInstanceArns\":[");
    for (size_t i = 0; i < 101; i++)
        hc_buf_fmt(&list, "%s\"" SCRIPT_AT "container-instance/%zu\"",
                   i > 0 ? "," : "", i);
    hc_buf_text(&list, "]}");
    rows[1].answer = hc_buf_z(&list);
    for (size_t k = 0; k < 2; k++) {
        hc_buf_init(&page[k], t_alloc(), (size_t)1 << 20);
        describe_page(&page[k], k * 100, k == 0 ? 100 : 1);
        rows[2 + k].answer = hc_buf_z(&page[k]);
    }
    set(rows, 5, 1);
    CHECK_INT(script_run(), 1);
    CHECK_Z(hc_outcome_name(script_service(0)->outcome), "updated");
    CHECK_INT(script_service(0)->hosts_counted, 101);
    script_end();
    hc_buf_fini(&list);
    hc_buf_fini(&page[0]);
    hc_buf_fini(&page[1]);
}

/* ---- DescribeClusters ---- */

#define CLUSTER(arn, name, more) "{\"clusters\":[{\"clusterArn\":\"" arn     \
    "\",\"clusterName\":\"" name "\"" more "}]}"
#define WHOLE ",\"status\":\"ACTIVE\",\"registeredContainerInstancesCount\":1"

TEST(learn, another_cluster_or_half_of_one_is_not_believed)
{
    static const struct answer_row answers[] = {
        { "{}", "does not know it" },
        { "{\"failures\":[{\"reason\":\"MISSING\"}]}", "\"MISSING\"" },
        { CLUSTER(SCRIPT_AT "cluster/stage", "prod", WHOLE),
          "another cluster" },
        { CLUSTER("arn:aws:ecs:eu-west-1:999988887777:cluster/prod", "prod",
          WHOLE), "another cluster" },
        { CLUSTER("", "stage", WHOLE), "another cluster" },
        { CLUSTER(SCRIPT_CLUSTER, "prod", ",\"status\":\"ACTIVE\""),
          "left out" },
        { CLUSTER(SCRIPT_CLUSTER, "prod",
          ",\"registeredContainerInstancesCount\":1"), "left out" },
        { CLUSTER(SCRIPT_CLUSTER, "prod",
          ",\"status\":\"ACTIVE\",\"registeredContainerInstancesCount\":-1"),
          "left out" },
    };
    struct script_row rows[] = {
        { .operation = SERVICES, .answer = SCRIPT_SERVICES(WEB) },
        { .operation = "DescribeClusters" },
    };

    for (size_t i = 0; i < sizeof(answers) / sizeof(*answers); i++) {
        struct script *s = set(rows, 2, 1);

        rows[1].answer = answers[i].answer;
        s->config.by = HOSTS_REGISTERED;
        CHECK_INT(script_run(), 1);
        CHECK_Z(script_service(0)->code, "EANSWER");
        CHECK(strstr(script_service(0)->reason, answers[i].says) != NULL);
        script_end();
    }
}

TEST(learn, the_clusters_arn_is_learned_from_whoever_says_it)
{
    static const struct script_row rows[] = {
        { .operation = SERVICES, .answer = "{\"services\":[{\"serviceName\":"
          "\"web\",\"status\":\"ACTIVE\",\"desiredCount\":1}]}" },
        { .operation = "DescribeClusters",
          .answer = CLUSTER(SCRIPT_CLUSTER, "prod", WHOLE) },
    };
    struct script *s = set(SCRIPT_ROWS(rows), 1);

    s->config.by = HOSTS_REGISTERED;
    CHECK_INT(script_run(), 1);
    CHECK_Z(hc_outcome_name(script_service(0)->outcome), "unchanged");
    CHECK_Z(s->r.result.arn, SCRIPT_CLUSTER);
    script_end();
}

/* ---- UpdateService ---- */

TEST(learn, a_write_is_believed_unless_it_tells_otherwise)
{
    static const struct { const char *answer; bool good; } answers[] = {
        { "{}", true }, { "{\"service\":null}", true },
        { "{\"service\":{}}", true },
        { "{\"service\":" SCRIPT_SERVICE("web", 2, "") "}", true },
        { "{\"service\":" SCRIPT_SERVICE("web", 1, "") "}", false },
        { "{\"service\":" SCRIPT_SERVICE("log", 2, "") "}", false },
        { "{\"service\":{\"clusterArn\":\"" SCRIPT_AT "cluster/x\"}}", false },
        { "{\"service\":{\"serviceArn\":\"" SCRIPT_AT "service/x/web\"}}",
          false },
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
        set(rows, 3, 1);
        CHECK_INT(script_run(), 1);
        CHECK_Z(hc_outcome_name(script_service(0)->outcome),
                answers[i].good ? "updated" : "failed");
        CHECK_Z(script_service(0)->code, answers[i].good ? "" : "unknown");
        script_end();
    }
}

/* ---- what cannot be had ---- */

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

TEST(learn, a_later_answer_that_is_not_believed_fails_its_own_services)
{
    struct script *s = set_eleven();

    CHECK_INT(script_run(), 1);
    CHECK_Z(s->r.result.error_code, NULL);
    CHECK_Z(script_service(9)->code, "missing");
    CHECK_Z(script_service(10)->code, "EANSWER");
    CHECK_Z(hc_outcome_name(script_service(10)->outcome), "failed");
    script_end();
}

static int learn_failures(void)
{
    set_eleven();

    int got = script_run();

    script_end();
    return got == 1 ? 0 : got;
}

TEST(learn, memory_may_end_anywhere)
{
    t_fails_every_allocation(learn_failures);
}
