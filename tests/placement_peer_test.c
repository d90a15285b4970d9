/* tests/placement_peer_test.c - answers about hosts and tasks that are wrong or
 * contradict each other: none of them makes a count rise to a host that takes
 * no task, or lowers it, and none is worked on without an end. */
#include "t.h"

#include <stdio.h>
#include <string.h>

#include "reconcile/placed_rows.h"

#define TWO_PROVIDERS ",\"capacityProviderStrategy\":["                      \
    "{\"capacityProvider\":\"asg\",\"weight\":1},"                           \
    "{\"capacityProvider\":\"two\",\"weight\":1}]"
#define TWO_MANAGED { .operation = "DescribeCapacityProviders", .answer =    \
    "{\"capacityProviders\":[{\"name\":\"asg\",\"autoScalingGroupProvider\":" \
    "{\"managedScaling\":{\"status\":\"ENABLED\"}}},{\"name\":\"two\"}]}" }
/* A host of this provider, and nothing else about it. */
#define BARE(id, provider) "{\"containerInstanceArn\":" SCRIPT_HOST(id)      \
    ",\"status\":\"ACTIVE\",\"capacityProviderName\":\"" provider "\"}"

/* ECS takes a filter by task group, and refuses the one by time. */
TEST(placement_peer, a_refused_list_of_younger_hosts_follows_from_the_tasks)
{
    static const struct script_row rows[] = {
        SERVICE(2, 2, STRATEGY CHANGED), LIST(A "," B "," C, ""), THREE,
        MANAGED("ENABLED"), LACKING(C), DESCRIBE(ROOM("c", "1", "")),
        DEFINITION, { .operation = HOSTS, .fail = HEADCOUNT_ESERVICE,
            .code = "InvalidParameterException", .body = SCRIPT_LIST("ACTIVE",
            SCRIPT_FILTER("(task:group == service:web) and (registeredAt > "
                          "1970-01-01T00:16:40+00:00)")) },
        TASKS(TASK("1") "," TASK("2")),
        DESCRIBE_TASKS(ON("1", "a") "," ON("2", "b")), WRITE };

    script_wishes(SCRIPT_ROWS(rows), "web");
    script_gives(0, HEADCOUNT_UPDATED, "");
    script_end();
}

/* A host that does not tell when it came may be one that ECS passed over. */
TEST(placement_peer, a_host_without_a_time_may_be_passed_over)
{
    static const struct script_row rows[] = {
        SERVICE(2, 2, STRATEGY CHANGED), LIST(A "," B "," C, ""), THREE,
        MANAGED("ENABLED"), LACKING(C), DESCRIBE(ROOM("c", "null", "")),
        DEFINITION, YOUNGER(B) };

    script_wishes(SCRIPT_ROWS(rows), "web");
    script_gives(0, HEADCOUNT_HELD, "passed_over");
    script_end();
}

/* A list of hosts that lack the task and that leaves hosts out: more hosts than
 * tasks would run it.  With several providers, too, no count rises by that. */
TEST(placement_peer, more_hosts_than_tasks_are_no_room)
{
    static const struct script_row rows[] = {
        SERVICE(2, 2, TWO_PROVIDERS CHANGED), LIST(A "," B "," C "," D, ""),
        DESCRIBE(BARE("a", "asg") "," BARE("b", "two") "," BARE("c", "asg")
                 "," BARE("d", "asg")), TWO_MANAGED, LACKING("") };

    script_wishes(SCRIPT_ROWS(rows), "web");
    script_gives(0, HEADCOUNT_HELD, "unplaceable");
    script_end();
}

/* Host c is the machine of host a, registered twice: the count has it once, and
 * so has the room.  Host b has no room. */
TEST(placement_peer, a_machine_that_registered_twice_is_one_host)
{
    static const char described[] = ",\"status\":\"ACTIVE\","
        "\"capacityProviderName\":\"asg\",\"ec2InstanceId\":\"i-1\"}";
    char all[2000], c[1000];
    struct script_row calls[] = {
        SERVICE(1, 1, STRATEGY CHANGED), LIST(A "," B "," C, ""),
        { .operation = DETAILS, .answer = all }, MANAGED("ENABLED"),
        LACKING(B "," C), { .operation = DETAILS, .answer = c }, DEFINITION };

    snprintf(all, sizeof(all), "{\"containerInstances\":["
             "{\"containerInstanceArn\":%s%s,%s,{\"containerInstanceArn\":"
             "%s%s]}", A, described, BARE("b", "asg"), C, described);
    snprintf(c, sizeof(c), "{\"containerInstances\":[%s,{\"ec2InstanceId\":"
             "\"i-1\",%s]}", ROOM("b", "1001", "\"8125\""),
             &ROOM("c", "1001", "")[1]);
    script_wishes(SCRIPT_ROWS(calls), "web");
    script_gives(0, HEADCOUNT_HELD, "unplaceable");
    script_end();
}

/* Counts of tasks that no sum holds: of the service, and of the hosts. */
TEST(placement_peer, numbers_of_tasks_have_any_size)
{
#define MOST "9223372036854775807"
    static const char huge[] = ",\"runningTasksCount\":" MOST
        ",\"pendingTasksCount\":" MOST;
    char c[1000];
    struct script_row calls[] = {
        { .operation = SERVICES, .answer = SCRIPT_SERVICES("{\"serviceArn\":"
          "\"" SCRIPT_AT "service/prod/web\",\"serviceName\":\"web\","
          "\"clusterArn\":\"" SCRIPT_CLUSTER "\",\"status\":\"ACTIVE\","
          "\"desiredCount\":2,\"runningCount\":" MOST ",\"pendingCount\":"
          MOST ",\"taskDefinition\":\"" REVISION "\"" TWO_PROVIDERS CHANGED
          "}") },
        LIST(A "," B "," C, ""),
        DESCRIBE(BARE("a", "asg") "," BARE("b", "two") "," BARE("c", "asg")),
        TWO_MANAGED, LACKING(C), { .operation = DETAILS, .answer = c },
        DEFINED("\"networkMode\":\"awsvpc\"") };

    snprintf(c, sizeof(c), "{\"containerInstances\":[{"
             "\"containerInstanceArn\":%s,\"status\":\"ACTIVE\","
             "\"capacityProviderName\":\"asg\",\"agentConnected\":true,"
             "\"attributes\":[{\"name\":\"a\"}]%s}]}", C, huge);
    script_wishes(SCRIPT_ROWS(calls), "web")->config.explain =
        HEADCOUNT_EXPLAIN_ALL;
    script_gives(0, HEADCOUNT_HELD, "unknown_placement");
    CHECK_INT(script_service(0)->placement->running, 2);
    CHECK_INT(script_service(0)->placement->unknown, 1);
    script_end();
}

/* More ports than a host can have are not looked for one by one. */
TEST(placement_peer, a_host_with_too_many_ports_is_not_searched)
{
    struct hc_buf host, definition;
    struct script_row calls[] = {
        SERVICE(2, 2, STRATEGY CHANGED), LIST(A "," B "," C, ""), THREE,
        MANAGED("ENABLED"), LACKING(C), { .operation = DETAILS },
        { .operation = "DescribeTaskDefinition" } };

    hc_buf_init(&host, t_alloc(), (size_t)4 << 20);
    hc_buf_init(&definition, t_alloc(), (size_t)1 << 20);
    hc_buf_fmt(&host, "{\"containerInstances\":[{\"containerInstanceArn\":%s,"
               "\"status\":\"ACTIVE\",\"capacityProviderName\":\"asg\","
               "\"agentConnected\":true,\"attributes\":[{\"name\":\"a\"}],"
               "\"remainingResources\":[{\"name\":\"PORTS\","
               "\"stringSetValue\":[", C);
    for (int i = 0; i < 100000; i++)
        hc_buf_fmt(&host, "%s\"%d\"", i > 0 ? "," : "", 1);
    hc_buf_lit(&host, "]}]}]}");
    hc_buf_text(&definition, "{\"taskDefinition\":{\"taskDefinitionArn\":\""
                REVISION "\",\"containerDefinitions\":[{\"portMappings\":[");
    for (int i = 0; i < 3000; i++)
        hc_buf_fmt(&definition, "%s{\"hostPort\":%d}", i > 0 ? "," : "",
                   10000 + i);
    hc_buf_lit(&definition, "]}]}}");
    calls[5].answer = hc_buf_z(&host);
    calls[6].answer = hc_buf_z(&definition);
    script_wishes(SCRIPT_ROWS(calls), "web");
    script_gives(0, HEADCOUNT_HELD, "unplaceable");
    CHECK(strstr(script_service(0)->reason, "1 lacks reserved ports") != NULL);
    script_end();
    hc_buf_fini(&host);
    hc_buf_fini(&definition);
}
