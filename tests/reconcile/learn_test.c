/* tests/reconcile/learn_test.c - clusters that are not believed, and what
 * becomes of services whose facts cannot be had.
 */
#include "t.h"

#include <string.h>

#include "peers/ecs_script.h"

#define SERVICES "DescribeServices"
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

/* ---- DescribeClusters ---- */

#define CLUSTER(arn, name, more) "{\"clusters\":[{\"clusterArn\":\"" arn     \
    "\",\"clusterName\":\"" name "\"" more "}]}"
#define WHOLE ",\"status\":\"ACTIVE\",\"registeredContainerInstancesCount\":1"

TEST(learn, another_cluster_or_half_of_one_is_not_believed)
{
    static const struct script_answer answers[] = {
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
        set(rows, 2, 1);
        rows[1].answer = answers[i].answer;
        wishes[0].by = HEADCOUNT_REGISTERED;
        CHECK_INT(script_run(), 1);
        CHECK_Z(script_service(0)->code, "EANSWER");
        CHECK(strstr(script_service(0)->reason, answers[i].says) != NULL);
        script_end();
    }
}

TEST(learn, the_clusters_arn_is_learned_from_the_services_own_too)
{
    static const struct script_row rows[] = {
        { .operation = SERVICES, .answer = "{\"services\":[{\"serviceName\":"
          "\"web\",\"status\":\"ACTIVE\",\"desiredCount\":1,\"serviceArn\":"
          "\"" SCRIPT_AT "service/prod/web\",\"launchType\":\"EC2\"}]}" },
        { .operation = "DescribeClusters",
          .answer = CLUSTER(SCRIPT_CLUSTER, "prod", WHOLE),
          .body = "{\"clusters\":[\"" SCRIPT_CLUSTER "\"],"
          "\"include\":[\"TAGS\"]}" },
    };
    struct script *s = set(SCRIPT_ROWS(rows), 1);

    wishes[0].by = HEADCOUNT_REGISTERED;
    CHECK_INT(script_run(), 1);
    CHECK_Z(hc_result_name(script_service(0)->outcome), "unchanged");
    CHECK_Z(s->r.result.arn, SCRIPT_CLUSTER);
    script_end();
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
    CHECK_Z(hc_result_name(script_service(10)->outcome), "failed");
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
