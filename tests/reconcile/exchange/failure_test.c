/* tests/reconcile/exchange/failure_test.c - what a person reads of an exchange
 * that failed.
 */
#include "t.h"

#include <string.h>

#include "peers/ecs_script.h"

#define PROD SCRIPT_SERVICES(SCRIPT_SERVICE("web", 1, ""))
#define STRATEGY SCRIPT_SERVICES(SCRIPT_BARE("web", 1,                       \
    ",\"capacityProviderStrategy\":[{\"capacityProvider\":\"asg\"}]"))
#define ALLOW(action, arn) "to allow it: {\"Effect\": \"Allow\", \"Action\": \
\"ecs:" action "\", \"Resource\": \"" arn "\"}"
static struct hc_wish wish;

static void denied(struct script_row *rows, size_t n, enum headcount_hosts by,
                   const char *statement)
{
    struct script *s = script_set(rows, n);

    wish = (struct hc_wish){ .service = HC_STR("web"), .rule.tasks = 1,
                             .by = by };
    s->config.wishes = &wish;
    s->config.wishes_n = 1;
    rows[n - 1].fail = HEADCOUNT_ESERVICE;
    rows[n - 1].code = "AccessDeniedException";
    CHECK_INT(script_run(), 1);
    CHECK_Z(hc_result_name(script_service(0)->outcome), "failed");
    CHECK_Z(script_service(0)->code, "AccessDeniedException");
    if (strstr(script_service(0)->reason, statement) == NULL)
        CHECK_Z(script_service(0)->reason, statement);
    script_end();
}

TEST(failure, who_is_denied_is_told_the_statement_that_allows_it)
{
    struct script_row rows[] = {
        { .operation = "DescribeServices", .answer = PROD },
        { .operation = "ListContainerInstances",
          .answer = SCRIPT_HOSTS(SCRIPT_HOST("a") "," SCRIPT_HOST("b")) },
        { .operation = "UpdateService" },
    };

    denied(rows, 3, HEADCOUNT_ACTIVE,
           ALLOW("UpdateService", SCRIPT_AT "service/prod/web"));
    rows[1].answer = NULL;
    denied(rows, 2, HEADCOUNT_ACTIVE,
           ALLOW("ListContainerInstances", SCRIPT_CLUSTER));
    /* a name says neither account nor partition */
    rows[0].answer = NULL;
    denied(rows, 1, HEADCOUNT_ACTIVE, ALLOW("DescribeServices",
           "arn:aws:ecs:eu-west-1:*:service/prod/web"));
}

TEST(failure, the_statement_names_the_resource_of_each_operation)
{
    struct script_row cluster[] = {
        { .operation = "DescribeServices", .answer = PROD },
        { .operation = "DescribeClusters" },
    };
    struct script_row providers[] = {
        { .operation = "DescribeServices", .answer = STRATEGY },
        { .operation = "ListContainerInstances",
          .answer = SCRIPT_HOSTS(SCRIPT_HOST("a")) },
        { .operation = "DescribeContainerInstances" },
    };

    denied(cluster, 2, HEADCOUNT_REGISTERED,
           ALLOW("DescribeClusters", SCRIPT_CLUSTER));
    denied(providers, 3, HEADCOUNT_ACTIVE, ALLOW("DescribeContainerInstances",
           SCRIPT_AT "container-instance/prod/*"));
}
