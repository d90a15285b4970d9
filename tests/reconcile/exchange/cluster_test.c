/* tests/reconcile/exchange/cluster_test.c - clusters that are not believed. */
#include "t.h"

#include <string.h>

#include "peers/ecs_script.h"

#define WEB SCRIPT_SERVICE("web", 1, "")

#define CLUSTER(arn, name, more) "{\"clusters\":[{\"clusterArn\":\"" arn     \
    "\",\"clusterName\":\"" name "\"" more "}]}"
#define WHOLE ",\"status\":\"ACTIVE\",\"registeredContainerInstancesCount\":1"

TEST(cluster, another_cluster_or_half_of_one_is_not_believed)
{
    static const struct script_answer answers[] = {
        { "{\"clusters\":[{\"clusterArn\":\"" SCRIPT_CLUSTER "\""
          WHOLE "}],\"failures\":[{\"arn\":\"" SCRIPT_CLUSTER
          "\",\"reason\":\"MISSING\"}]}", "describes it and says" },
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
        script_wishes(rows, 2, "web");
        rows[1].answer = answers[i].answer;
        script_wish(0)->by = HEADCOUNT_REGISTERED;
        CHECK_INT(script_run(), 1);
        CHECK_Z(script_service(0)->code, "EANSWER");
        CHECK(strstr(script_service(0)->reason, answers[i].says) != NULL);
        script_end();
    }
}

TEST(cluster, the_clusters_arn_is_learned_from_the_services_own_too)
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
    struct script *s = script_wishes(SCRIPT_ROWS(rows), "web");

    script_wish(0)->by = HEADCOUNT_REGISTERED;
    CHECK_INT(script_run(), 1);
    CHECK_Z(hc_result_name(script_service(0)->outcome), "unchanged");
    CHECK_Z(s->r.run.result.arn, SCRIPT_CLUSTER);
    script_end();
}
