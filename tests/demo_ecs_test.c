/* The ECS of `make demo` (peers/demo_ecs.h): what a stranger sees first. */
#include "peers/demo_ecs.h"

#include <string.h>

#include "t.h"

struct asked { struct demo_ecs ecs; struct hc_buf out; };

static const char *ask(struct asked *a, const char *operation,
                       const char *body, int status)
{
    hc_buf_fini(&a->out);
    hc_buf_init(&a->out, t_alloc(), 65536);
    CHECK_INT(demo_ecs_answer(&a->ecs, operation, body, &a->out), status);
    return hc_buf_z(&a->out);
}

static bool says(const char *text, const char *part)
{
    return strstr(text, part) != NULL;
}

static struct asked three_hosts(void)
{
    struct asked a = { .ecs = { .desired = 1 } };

    for (int i = 0; i < 3; i++)
        ask(&a, "RegisterContainerInstance", "{\"cluster\":\"prod\"}", 200);
    return a;
}

TEST(demo_ecs, a_host_that_drains_leaves_the_list_of_active_ones)
{
    struct asked a = three_hosts();
    const char *list;

    ask(&a, "UpdateContainerInstancesState", "{\"cluster\":\"prod\","
        "\"containerInstances\":[\"arn:x:container-instance/prod/host2\"],"
        "\"status\":\"DRAINING\"}", 200);
    list = ask(&a, "ListContainerInstances",
               "{\"cluster\":\"prod\",\"status\":\"ACTIVE\"}", 200);
    CHECK(says(list, "prod/host1\",") && says(list, "prod/host3\"]") &&
          !says(list, "host2"));
    list = ask(&a, "ListContainerInstances",
               "{\"cluster\":\"prod\",\"status\":\"DRAINING\"}", 200);
    CHECK(says(list, "host2") && !says(list, "host1"));
    list = ask(&a, "ListContainerInstances", "{\"cluster\":\"prod\"}", 200);
    CHECK(says(list, "host1") && says(list, "host2"));
    hc_buf_fini(&a.out);
}

TEST(demo_ecs, a_count_that_is_written_is_read_again)
{
    struct asked a = three_hosts();
    const char *text;

    ask(&a, "UpdateService", "{\"cluster\":\"prod\",\"service\":\"web\","
        "\"desiredCount\":5}", 200);
    text = ask(&a, "DescribeServices",
               "{\"cluster\": \"prod\", \"services\": [\"wbe\", \"web\"]}",
               200);
    CHECK(says(text, "\"desiredCount\":5,\"runningCount\":3,"
               "\"pendingCount\":2"));
    CHECK(says(text, "service/prod/wbe\",\"reason\":\"MISSING\"}]"));
    hc_buf_fini(&a.out);
}

TEST(demo_ecs, another_cluster_or_operation_is_refused)
{
    struct asked a = three_hosts();

    CHECK(says(ask(&a, "ListServices", "{\"cluster\":\"prdo\"}", 400),
               "ClusterNotFoundException"));
    ask(&a, "ListServices", "{\"cluster\":\"arn:x:cluster/prod\"}", 200);
    CHECK(says(ask(&a, "DeleteCluster", "{\"cluster\":\"prod\"}", 400),
               "UnknownOperationException"));
    hc_buf_fini(&a.out);
}
