/* tests/reconcile/exchange/task_definition_test.c - what the task definition
 * says of its hosts.
 */
#include "t.h"

#include <string.h>

#include "peers/ecs_script.h"

#define MEMBER(text) ",\"placementConstraints\":[{\"type\":\"memberOf\"," \
    "\"expression\":\"" text "\"}]"
#define REVISION SCRIPT_AT "task-definition/web:7"
#define WITH_DEFINITION(more) ",\"taskDefinition\":\"" REVISION "\"" more
#define DEFINITION(list) { .operation = "DescribeTaskDefinition",            \
    .body = "{\"taskDefinition\":\"" REVISION "\"}", .answer =             \
    "{\"taskDefinition\":{\"taskDefinitionArn\":\"" REVISION "\","         \
    "\"placementConstraints\":[" list "]}}" }
#define EXPRESSION(text) "{\"type\":\"memberOf\",\"expression\":\"" text "\"}"

static struct script *set_definitions(const struct script_row *rows, size_t n,
                                      const char *services)
{
    struct script *s = script_wishes(rows, n, services);

    s->config.ask_definitions = true;
    return s;
}

TEST(task_definition, constraints_of_the_task_definition_join_the_filter)
{
    static const struct script_row rows[] = {
        { .operation = SERVICES, .answer = SCRIPT_SERVICES(
          SCRIPT_SERVICE("web", 2, WITH_DEFINITION(MEMBER("attribute:b == 1")))
          "," SCRIPT_SERVICE("log", 2, WITH_DEFINITION(""))) },
        DEFINITION(EXPRESSION("attribute:a == 1")),
        { .operation = HOSTS, .answer = TWO_HOSTS, .body = "{\"cluster\":\""
          SCRIPT_CLUSTER "\",\"filter\":\"(attribute:a == 1) and "
          "(attribute:b == 1) and (" SCRIPT_EC2 ")\",\"status\":\"ACTIVE\","
          "\"maxResults\":100}" },
        { .operation = HOSTS, .answer = TWO_HOSTS, .body = "{\"cluster\":\""
          SCRIPT_CLUSTER "\",\"filter\":\"(attribute:a == 1) and ("
          SCRIPT_EC2 ")\",\"status\":\"ACTIVE\",\"maxResults\":100}" },
    };

    set_definitions(SCRIPT_ROWS(rows), "web log");
    script_gives(0, HEADCOUNT_UNCHANGED, "");
    script_gave(1, HEADCOUNT_UNCHANGED, "");
    CHECK_Z(script_service(1)->hosts_filter, "attribute:a == 1");
    script_end();
}

TEST(task_definition, a_task_definition_is_read_for_who_counts_by_filter_only)
{
    static const struct script_row fixed[] = {
        { .operation = SERVICES, .answer = SCRIPT_SERVICES(
          SCRIPT_SERVICE("web", 2, WITH_DEFINITION(""))) },
    };
    static const struct script_row registered[] = {
        { .operation = SERVICES, .answer = SCRIPT_SERVICES(
          SCRIPT_SERVICE("web", 2, WITH_DEFINITION(""))) },
        { .operation = "DescribeClusters", .answer = "{\"clusters\":[{"
          "\"clusterArn\":\"" SCRIPT_CLUSTER "\",\"status\":\"ACTIVE\","
          "\"registeredContainerInstancesCount\":2}]}" },
    };

    set_definitions(SCRIPT_ROWS(fixed), "web");
    script_wish(0)->rule =
        (struct hc_rule){ .kind = HEADCOUNT_FIXED, .tasks = 2 };
    script_gives(0, HEADCOUNT_UNCHANGED, "");
    script_end();
    set_definitions(SCRIPT_ROWS(registered), "web");
    script_wish(0)->by = HEADCOUNT_REGISTERED;
    script_gives(0, HEADCOUNT_UNCHANGED, "");
    script_end();
}

TEST(task_definition, a_moving_constraint_of_it_is_held_or_left_out)
{
    static const struct script_row rows[] = {
        { .operation = SERVICES, .answer = SCRIPT_SERVICES(
          SCRIPT_SERVICE("web", 2, WITH_DEFINITION(""))) },
        DEFINITION(EXPRESSION("task:group == x")),
        { .operation = HOSTS, .answer = TWO_HOSTS },
    };

    set_definitions(rows, 2, "web");
    script_gives(0, HEADCOUNT_HELD, "moving_constraint");
    script_end();
    set_definitions(SCRIPT_ROWS(rows), "web");
    script_wish(0)->allow = ALLOW_MOVING;
    script_gives(0, HEADCOUNT_UNCHANGED, "");
    script_end();
}

TEST(task_definition, an_answer_that_is_not_believed_fails_its_service)
{
    static const struct script_row service = {
        .operation = SERVICES, .answer = SCRIPT_SERVICES(
        SCRIPT_SERVICE("web", 1, WITH_DEFINITION("")))
    };
    static const struct script_row bare = {
        .operation = SERVICES, .answer = SCRIPT_SERVICES(
        SCRIPT_SERVICE("web", 1, ""))
    };
    static const struct script_row answers[] = {
        DEFINITION("{\"type\":\"newOf\"}"),
        { .operation = "DescribeTaskDefinition", .answer = "{}" },
        { .operation = "DescribeTaskDefinition", .answer =
          "{\"taskDefinition\":{\"taskDefinitionArn\":\"" REVISION "1\"}}" },
    };
    static const struct script_row denied = {
        .operation = "DescribeTaskDefinition", .fail = HEADCOUNT_ESERVICE,
        .code = "AccessDeniedException"
    };
    struct script_row rows[2] = { service, denied };

    for (size_t i = 0; i < sizeof(answers) / sizeof(*answers); i++) {
        rows[1] = answers[i];
        set_definitions(rows, 2, "web");
        script_gives(0, HEADCOUNT_FAILED, "EANSWER");
        script_end();
    }
    rows[1] = denied;
    set_definitions(rows, 2, "web");
    script_gives(0, HEADCOUNT_FAILED, "AccessDeniedException");
    CHECK(strstr(script_service(0)->reason, "\"ecs:DescribeTaskDefinition\", "
                                            "\"Resource\": \"*\"") != NULL);
    CHECK_Z(script_service(0)->hosts_filter, "");
    script_end();
    set_definitions(&bare, 1, "web");
    script_gives(0, HEADCOUNT_FAILED, "EANSWER");
    script_end();
}
