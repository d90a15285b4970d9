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

/* ---- answers that are odd or lack something, one row each ---- */

#define C_IS(more) DESCRIBE("{\"containerInstanceArn\":" C ",\"status\":"     \
    "\"ACTIVE\",\"capacityProviderName\":\"asg\",\"agentConnected\":true,"   \
    "\"registeredAt\":1001,\"attributes\":[{\"name\":\"a\"}]" more "}")
#define REMAINS(cpu, ports) ",\"remainingResources\":[{\"name\":\"CPU\","    \
    "\"integerValue\":" cpu "},{\"name\":\"MEMORY\",\"integerValue\":900},"  \
    "{\"name\":\"PORTS\",\"stringSetValue\":[" ports "]},"                  \
    "{\"name\":\"PORTS_UDP\",\"stringSetValue\":[]}]"
#define YOUNG ROOM("c", "1001", "")

/* The two tasks that run are never touched; where the third may go is not
 * guessed. */
TEST(placement_peer, odd_answers_raise_no_count_by_guess)
{
    static const struct { struct script_row host, definition;
                          enum headcount_result outcome; const char *code; }
    rows[] = {
        { DESCRIBE(YOUNG), { .operation = "DescribeTaskDefinition",
          .fail = HEADCOUNT_ESERVICE, .code = "ClientException" },
          HEADCOUNT_FAILED, "ClientException" },                   /* gone */
        { DESCRIBE(YOUNG), { .operation = "DescribeTaskDefinition",
          .answer = "{}" }, HEADCOUNT_FAILED, "EANSWER" },
        { DESCRIBE(YOUNG), { .operation = "DescribeTaskDefinition",
          .answer = "{\"taskDefinition\":{\"cpu\":\"256\"}}" },
          HEADCOUNT_FAILED, "EANSWER" },
        { DESCRIBE(YOUNG), DEFINED("\"networkMode\":\"quantum\""),
          HEADCOUNT_HELD, "unknown_placement" },
        { DESCRIBE(YOUNG), DEFINED("\"cpu\":\"a lot\""),
          HEADCOUNT_HELD, "unknown_placement" },
        { DESCRIBE(YOUNG), { .operation = "DescribeTaskDefinition", .answer =
          "{\"taskDefinition\":{\"taskDefinitionArn\":\"" REVISION "\"}}" },
          HEADCOUNT_HELD, "unknown_placement" },
        { C_IS(""), DEFINITION, HEADCOUNT_HELD, "unknown_placement" },
        { C_IS(",\"remainingResources\":[]"), DEFINITION, HEADCOUNT_HELD,
          "unknown_placement" },
        { C_IS(REMAINS("-5", "")), DEFINITION, HEADCOUNT_HELD,
          "unknown_placement" },
        { DESCRIBE(""), { 0 }, HEADCOUNT_FAILED, "EANSWER" },
        { DESCRIBE("{\"containerInstanceArn\":" C "}"), { 0 },
          HEADCOUNT_FAILED, "EANSWER" },
        { C_IS(",\"remainingResources\":5"), { 0 }, HEADCOUNT_FAILED,
          "EANSWER" },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct script_row calls[7] = {
            SERVICE(2, 2, STRATEGY CHANGED), LIST(A "," B "," C, ""), THREE,
            MANAGED("ENABLED"), LACKING(C), rows[i].host, rows[i].definition
        };

        script_wishes(calls, calls[6].operation != NULL ? 7 : 6, "web");
        CHECK_INT(script_run(), 1);
        if (strcmp(script_service(0)->code, rows[i].code) != 0)
            fail_msg("row %zu: %s %s", i, script_service(0)->code,
                     script_service(0)->reason);
        script_gave(0, rows[i].outcome, rows[i].code);
        script_end();
    }
}

/* A host has as many attributes as its agent and its owner gave it, and a task
 * may take a hundred ports. */
static void with_many(int attributes, int ports, const char *taken,
                      enum headcount_result outcome, const char *code)
{
    struct hc_buf host, definition;
    struct script_row calls[] = {
        SERVICE(2, 2, STRATEGY CHANGED), LIST(A "," B "," C, ""), THREE,
        MANAGED("ENABLED"), LACKING(C), { .operation = DETAILS },
        { .operation = "DescribeTaskDefinition" }, WRITE };

    hc_buf_init(&host, t_alloc(), (size_t)1 << 20);
    hc_buf_init(&definition, t_alloc(), (size_t)1 << 20);
    hc_buf_fmt(&host, "{\"containerInstances\":[{\"containerInstanceArn\":%s,"
               "\"status\":\"ACTIVE\",\"capacityProviderName\":\"asg\","
               "\"agentConnected\":true,\"registeredAt\":1001,"
               "\"attributes\":[", C);
    for (int i = 0; i < attributes; i++)
        hc_buf_fmt(&host, "%s{\"name\":\"attribute-%d\"}", i > 0 ? "," : "",
                   i);
    hc_buf_fmt(&host, "]" REMAINS("1024", "%s") "}]}", taken);
    hc_buf_fmt(&definition, "{\"taskDefinition\":{\"taskDefinitionArn\":\""
               REVISION "\",\"requiresAttributes\":[{\"name\":"
               "\"attribute-%d\"}],\"containerDefinitions\":[{\"memory\":1,"
               "\"portMappings\":[", attributes - 1);
    for (int i = 0; i < ports; i++)
        hc_buf_fmt(&definition, "%s{\"hostPort\":%d}", i > 0 ? "," : "",
                   10000 + i);
    hc_buf_text(&definition, "]}]}}");
    calls[5].answer = hc_buf_z(&host);
    calls[6].answer = hc_buf_z(&definition);
    script_wishes(calls, outcome == HEADCOUNT_UPDATED ? 8 : 7, "web");
    script_gives(0, outcome, code);
    script_end();
    hc_buf_fini(&host);
    hc_buf_fini(&definition);
}

TEST(placement_peer, many_attributes_and_ports_are_all_looked_at)
{
    with_many(45, 1, "", HEADCOUNT_UPDATED, "");
    with_many(450, 1, "", HEADCOUNT_UPDATED, "");
    with_many(45, 100, "", HEADCOUNT_UPDATED, "");
    with_many(45, 100, "\"22\"", HEADCOUNT_HELD, "unplaceable");
    with_many(45, 100, "\"10099\"", HEADCOUNT_HELD, "unplaceable");
}

/* Without an answer about each provider, no count rises; one falls as ever. */
TEST(placement_peer, a_provider_that_is_not_there_fails_a_rise)
{
    static const struct script_row rises[] = {
        SERVICE(2, 2, STRATEGY CHANGED), LIST(A "," B "," C, ""), THREE,
        { .operation = "DescribeCapacityProviders", .answer =
          "{\"capacityProviders\":[],\"failures\":[{\"arn\":\"asg\","
          "\"reason\":\"MISSING\"}]}" } };
    static const struct script_row falls[] = {
        SERVICE(4, 4, STRATEGY CHANGED), LIST(A "," B "," C, ""), THREE,
        WRITE };

    script_wishes(SCRIPT_ROWS(rises), "web");
    script_gives(0, HEADCOUNT_FAILED, "EANSWER");
    script_end();
    script_wishes(SCRIPT_ROWS(falls), "web");
    script_gives(0, HEADCOUNT_UPDATED, "");
    script_end();
}
