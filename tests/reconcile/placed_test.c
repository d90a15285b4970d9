/* tests/reconcile/placed_test.c - what is read before a rise that could start
 * hosts, and what comes of it. */
#include "t.h"

#include <string.h>

#include "peers/ecs_script.h"
#include "reconcile/snapshot.h"

#define REVISION SCRIPT_AT "task-definition/web:7"
#define SERVICE(desired, running, more)                                      \
    { .operation = SERVICES, .answer = SCRIPT_SERVICES(                      \
      "{\"serviceArn\":\"" SCRIPT_AT "service/prod/web\",\"serviceName\":"   \
      "\"web\",\"clusterArn\":\"" SCRIPT_CLUSTER "\",\"status\":\"ACTIVE\","  \
      "\"desiredCount\":" #desired ",\"runningCount\":" #running ","         \
      "\"taskDefinition\":\"" REVISION "\"" more "}") }
#define CHANGED ",\"deployments\":[{\"status\":\"PRIMARY\",\"rolloutState\":" \
    "\"COMPLETED\",\"updatedAt\":1000}]"
#define STRATEGY ",\"capacityProviderStrategy\":[{\"capacityProvider\":"      \
    "\"asg\",\"weight\":1}]"
#define A SCRIPT_HOST("a")
#define B SCRIPT_HOST("b")
#define C SCRIPT_HOST("c")
#define D SCRIPT_HOST("d")
#define LIST(hosts, filter) { .operation = HOSTS,                            \
    .answer = SCRIPT_HOSTS(hosts), .body = SCRIPT_LIST("ACTIVE", filter) }
#define LACKING(hosts) LIST(hosts,                                           \
    SCRIPT_FILTER("(not(task:group == service:web))"))
#define YOUNGER(hosts) LIST(hosts, SCRIPT_FILTER("(task:group == service:"    \
    "web) and (registeredAt > 1970-01-01T00:16:40+00:00)"))
#define DESCRIBE(list) { .operation = DETAILS,                               \
    .answer = "{\"containerInstances\":[" list "]}" }
/* A host registered at `at`, with the rest of an agent's answer. */
#define ROOM(id, at, ports) "{\"containerInstanceArn\":" SCRIPT_HOST(id)     \
    ",\"status\":\"ACTIVE\",\"capacityProviderName\":\"asg\","              \
    "\"agentConnected\":true,\"registeredAt\":" at ",\"runningTasksCount\":0," \
    "\"pendingTasksCount\":0,\"attributes\":[{\"name\":\"ecs.os-type\","     \
    "\"value\":\"linux\"}],\"remainingResources\":[{\"name\":\"CPU\","       \
    "\"integerValue\":1024},{\"name\":\"MEMORY\",\"integerValue\":900},"     \
    "{\"name\":\"PORTS\",\"stringSetValue\":[]},{\"name\":\"PORTS_UDP\","    \
    "\"stringSetValue\":[" ports "]}]}"
#define DEFINITION { .operation = "DescribeTaskDefinition",                  \
    .body = "{\"taskDefinition\":\"" REVISION "\"}", .answer =             \
    "{\"taskDefinition\":{\"taskDefinitionArn\":\"" REVISION "\",\"cpu\":"  \
    "\"256\",\"memory\":\"512\",\"containerDefinitions\":[{\"portMappings\":" \
    "[{\"hostPort\":8125,\"protocol\":\"udp\"}]}]}}" }
#define MANAGED(status) { .operation = "DescribeCapacityProviders", .answer = \
    "{\"capacityProviders\":[{\"name\":\"asg\",\"autoScalingGroupProvider\":" \
    "{\"managedScaling\":{\"status\":\"" status "\"}}}]}" }
#define WRITE { .operation = UPDATE, .answer = SCRIPT_TAKEN }
#define THREE DESCRIBE(ROOM("a", "1", "") "," ROOM("b", "1", "") ","          \
    ROOM("c", "1", ""))

/* The first process that sees the service makes all of these calls. */
static const struct script_row rises[] = {
    SERVICE(2, 2, STRATEGY CHANGED), LIST(A "," B "," C, ""), THREE,
    MANAGED("ENABLED"), LACKING(C), DESCRIBE(ROOM("c", "1", "")), DEFINITION,
    YOUNGER(""), WRITE
};

static int rises_once(void)
{
    script_wishes(SCRIPT_ROWS(rises), "web");

    int got = script_run();

    if (got == 1)
        script_gave(0, HEADCOUNT_UPDATED, "");
    script_end();
    return got == 1 ? 0 : got;
}

TEST(placed, a_rise_reads_the_hosts_that_lack_the_task)
{
    CHECK_INT(rises_once(), 0);
}

TEST(placed, what_starts_no_hosts_reads_none)
{
    static const struct script_row rest[] = {
        SERVICE(3, 3, STRATEGY CHANGED), LIST(A "," B "," C, ""), THREE };
    static const struct script_row falls[] = {
        SERVICE(4, 4, STRATEGY CHANGED), LIST(A "," B "," C, ""), THREE,
        WRITE };
    static const struct script_row unmanaged[] = {
        SERVICE(2, 2, STRATEGY CHANGED), LIST(A "," B "," C, ""), THREE,
        MANAGED("DISABLED"), WRITE };
    static const struct script_row launch[] = {
        SERVICE(2, 2, ",\"launchType\":\"EC2\"" CHANGED),
        LIST(A "," B "," C, SCRIPT_FILTER(SCRIPT_EC2)), WRITE };
    static const struct script_row waits[] = {
        SERVICE(2, 1, STRATEGY CHANGED), LIST(A "," B "," C, ""), THREE,
        MANAGED("ENABLED") };

    script_wishes(SCRIPT_ROWS(rest), "web");
    script_gives(0, HEADCOUNT_UNCHANGED, "");
    script_end();
    script_wishes(SCRIPT_ROWS(falls), "web");
    script_gives(0, HEADCOUNT_UPDATED, "");
    script_end();
    script_wishes(SCRIPT_ROWS(unmanaged), "web");
    script_gives(0, HEADCOUNT_UPDATED, "");
    script_end();
    script_wishes(SCRIPT_ROWS(launch), "web");
    script_gives(0, HEADCOUNT_UPDATED, "");
    script_end();
    script_wishes(SCRIPT_ROWS(waits), "web");
    script_gives(0, HEADCOUNT_HELD, "unplaced_on_managed_scaling");
    script_end();
}

/* Each answer that lacks what decides leaves the count as it is. */
TEST(placed, hosts_that_are_not_known_to_take_it_do_not_count)
{
    static const struct { struct script_row lacking, details, more[2];
                          const char *code, *says; } rows[] = {
        { LACKING(C), DESCRIBE(ROOM("c", "1", "\"8125\"")), { DEFINITION },
          "unplaceable", "3 wanted, 2 placeable: 1 lacks port 8125/udp" },
        { LACKING(C), DESCRIBE(SCRIPT_DESCRIBED("c")), { DEFINITION },
          "unplaceable", "1 lacks a connected agent" },
        { LACKING(C), DESCRIBE("{\"containerInstanceArn\":" C ",\"status\":"
          "\"ACTIVE\",\"agentConnected\":true,\"capacityProviderName\":"
          "\"asg\"}"), { DEFINITION }, "unknown_placement", "lacks" },
        { LACKING(C), DESCRIBE(ROOM("c", "1", "")), { DEFINITION, YOUNGER(B) },
          "passed_over", "3 wanted, 2 placeable" },
        /* it left between the two lists */
        { LACKING(SCRIPT_HOST("x")), DESCRIBE(ROOM("x", "1", "")),
          { DEFINITION }, "unplaceable", "3 wanted, 2 placeable" },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct script_row calls[8] = {
            SERVICE(2, 2, STRATEGY CHANGED), LIST(A "," B "," C, ""), THREE,
            MANAGED("ENABLED"), rows[i].lacking, rows[i].details,
            rows[i].more[0], rows[i].more[1]
        };

        script_wishes(calls, calls[7].operation != NULL ? 8 : 7, "web");
        CHECK_INT(script_run(), 1);
        CHECK_Z(script_service(0)->code, rows[i].code);
        CHECK_INT(script_service(0)->outcome, HEADCOUNT_HELD);
        CHECK(strstr(script_service(0)->reason, rows[i].says) != NULL);
        script_end();
    }
}

/* Each of four hosts has the task, and three run: the lists are of two moments.
 * The fourth is not relied on. */
TEST(placed, where_no_host_lacks_it_nothing_is_described)
{
    static const struct script_row rows[] = {
        SERVICE(3, 3, STRATEGY CHANGED), LIST(A "," B "," C "," D, ""),
        DESCRIBE(ROOM("a", "1", "") "," ROOM("b", "1", "") ","
                 ROOM("c", "1", "") "," ROOM("d", "1", "")),
        MANAGED("ENABLED"), LACKING("") };

    script_wishes(SCRIPT_ROWS(rows), "web");
    script_gives(0, HEADCOUNT_HELD, "unplaceable");
    script_end();
}

/* The least count of a rule may start hosts: no host is looked at for it. */
TEST(placed, a_rise_to_min_reads_none)
{
    static const struct script_row rows[] = {
        SERVICE(3, 3, STRATEGY CHANGED), LIST(A "," B "," C, ""), THREE,
        WRITE };

    script_wishes(SCRIPT_ROWS(rows), "web");
    script_wish(0)->rule.has_min = true;
    script_wish(0)->rule.min = 4;
    script_gives(0, HEADCOUNT_UPDATED, "clamped");
    script_end();
}

/* The look after a write reads these lists once more, and a count that is
 * written only as far as hosts can take it agrees with them. */
TEST(placed, the_look_after_a_write_agrees)
{
    static const struct script_row rows[] = {
        SERVICE(1, 1, STRATEGY CHANGED), LIST(A "," B "," C, ""), THREE,
        MANAGED("ENABLED"), LACKING(B "," C),
        DESCRIBE(ROOM("b", "1001", "") "," ROOM("c", "1", "\"8125\"")),
        DEFINITION, WRITE, LIST(A "," B "," C, ""), THREE };

    script_wishes(SCRIPT_ROWS(rows), "web")->config.verify = true;
    script_gives(0, HEADCOUNT_UPDATED, "unplaceable");
    script_end();
}

/* A host that came after the service changed, or a service that does not tell
 * when it changed: no younger host can have been preferred. */
TEST(placed, a_host_that_is_younger_than_the_change_is_not_passed_over)
{
    static const struct script_row young[] = {
        SERVICE(2, 2, STRATEGY CHANGED), LIST(A "," B "," C, ""), THREE,
        MANAGED("ENABLED"), LACKING(C), DESCRIBE(ROOM("c", "1001", "")),
        DEFINITION, WRITE };
    static const struct script_row silent[] = {
        SERVICE(2, 2, STRATEGY ",\"deployments\":[{\"rolloutState\":"
                "\"COMPLETED\"}]"), LIST(A "," B "," C, ""), THREE,
        MANAGED("ENABLED"), LACKING(C), DESCRIBE(ROOM("c", "1", "")),
        DEFINITION, WRITE };

    script_wishes(SCRIPT_ROWS(young), "web");
    script_gives(0, HEADCOUNT_UPDATED, "");
    script_end();
    script_wishes(SCRIPT_ROWS(silent), "web");
    script_gives(0, HEADCOUNT_UPDATED, "");
    script_end();
}

TEST(placed, a_definition_that_cannot_be_read_fails_the_service)
{
    static const struct script_row rows[] = {
        SERVICE(2, 2, STRATEGY CHANGED), LIST(A "," B "," C, ""), THREE,
        MANAGED("ENABLED"), LACKING(C), DESCRIBE(ROOM("c", "1", "")),
        { .operation = "DescribeTaskDefinition", .fail = HEADCOUNT_ESERVICE,
          .code = "AccessDeniedException" } };

    script_wishes(SCRIPT_ROWS(rows), "web");
    script_gives(0, HEADCOUNT_FAILED, "AccessDeniedException");
    script_end();
}

TEST(placed, memory_may_end_anywhere)
{
    t_fails_every_allocation(rises_once);
}
