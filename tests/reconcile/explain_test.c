/* tests/reconcile/explain_test.c - which hosts can take a task, as the report
 * says it. */
#include "t.h"

#include <string.h>

#include "peers/ecs_script.h"
#include "reconcile/snapshot.h"

#define REVISION SCRIPT_AT "task-definition/web:7"
#define SERVICE(desired, more)                                               \
    { .operation = SERVICES, .answer = SCRIPT_SERVICES(                      \
      SCRIPT_BARE("web", desired, ",\"taskDefinition\":\"" REVISION "\""     \
                  more)) }
#define EC2 ",\"launchType\":\"EC2\""
#define STRATEGY ",\"capacityProviderStrategy\":[{\"capacityProvider\":"      \
    "\"asg\",\"weight\":1}]"
#define SAID ",\"events\":[{\"createdAt\":7,\"message\":\"(service web) "    \
    "was unable to place a task because " SCRIPT_SECRET "\"}]"
#define A SCRIPT_HOST("a")
#define B SCRIPT_HOST("b")
#define C SCRIPT_HOST("c")
#define D SCRIPT_HOST("d")
#define LIST(hosts, filter) { .operation = HOSTS,                            \
    .answer = SCRIPT_HOSTS(hosts),                                           \
    .body = SCRIPT_LIST("ACTIVE", SCRIPT_FILTER(filter)) }
#define LACKS "(not(task:group == service:web))"
#define FOUR LIST(A "," B "," C "," D, SCRIPT_EC2)
#define LACKING(hosts) LIST(hosts, "(" SCRIPT_EC2 ") and " LACKS)
#define DESCRIBE(list) { .operation = DETAILS,                               \
    .answer = "{\"containerInstances\":[" list "]}" }
#define ROOM(id, cpu, ports) "{\"containerInstanceArn\":" SCRIPT_HOST(id)    \
    ",\"status\":\"ACTIVE\",\"capacityProviderName\":\"asg\","               \
    "\"ec2InstanceId\":\"i-" id "\",\"agentConnected\":true,"                \
    "\"runningTasksCount\":0,\"pendingTasksCount\":0,\"attributes\":["       \
    "{\"name\":\"ecs.os-type\",\"value\":\"linux\"}],"                       \
    "\"remainingResources\":[{\"name\":\"CPU\",\"integerValue\":" cpu "},"   \
    "{\"name\":\"MEMORY\",\"integerValue\":900},"                            \
    "{\"name\":\"PORTS\",\"stringSetValue\":[]}" ports "]}"
#define PORTS(taken) ",{\"name\":\"PORTS_UDP\",\"stringSetValue\":[" taken "]}"
#define DEFINITION { .operation = "DescribeTaskDefinition", .answer =        \
    "{\"taskDefinition\":{\"taskDefinitionArn\":\"" REVISION "\",\"cpu\":"   \
    "\"256\",\"memory\":\"512\",\"containerDefinitions\":[{\"portMappings\":" \
    "[{\"hostPort\":8125,\"protocol\":\"udp\"}]}]}}" }
#define MANAGED(status) { .operation = "DescribeCapacityProviders", .answer = \
    "{\"capacityProviders\":[{\"name\":\"asg\",\"autoScalingGroupProvider\":" \
    "{\"managedScaling\":{\"status\":\"" status "\"}}}]}" }
#define LACK_THREE LACKING(B "," C "," D),                                   \
    DESCRIBE(ROOM("b", "1024", PORTS("")) "," ROOM("c", "1024", "") ","      \
             ROOM("d", "128", PORTS("\"8125\""))), DEFINITION

static struct script *explain(const struct script_row *rows, size_t n,
                              enum headcount_explain what)
{
    struct script *s = script_wishes(rows, n, "web");

    s->config.explain = what;
    s->config.dry_run = true;
    return s;
}

static const struct script_row unchanged[] = {
    SERVICE(4, EC2 SAID), FOUR, LACK_THREE
};

static int explain_once(void)
{
    explain(SCRIPT_ROWS(unchanged), HEADCOUNT_EXPLAIN_ALL);

    int got = script_run();

    if (got == 1)
        script_gave(0, HEADCOUNT_UNCHANGED, "");
    script_end();
    return got == 1 ? 0 : got;
}

/* One host runs the task, one can take it, one does not tell its ports, and one
 * has neither the port nor the CPU. */
TEST(explain, an_unchanged_service_is_explained_worst_first)
{
    static const struct { const char *id, *ec2, *answer, *code, *reason; }
    hosts[] = {
        { "d", "i-d", "cannot", "cpu", "256 CPU units wanted, 128 left; port "
          "8125/udp is taken" },
        { "c", "i-c", "unknown", "port_udp", "ECS does not tell which udp "
          "ports are taken" },
        { "b", "i-b", "can", "", "256 of 1024 CPU units, 512 of 900 MiB, "
          "port 8125/udp is free" },
        { "a", "", "runs", "", "it runs a task of the service" },
    };
    const struct headcount_placement *p;

    explain(SCRIPT_ROWS(unchanged), HEADCOUNT_EXPLAIN_ALL);
    script_gives(0, HEADCOUNT_UNCHANGED, "");
    CHECK_INT(script_service(0)->placeable, 2);
    CHECK_Z(script_service(0)->reason, "1 task on each of 4 active hosts");
    p = script_service(0)->placement;
    CHECK(p != NULL && p->hosts_n == 4);
    for (size_t i = 0; i < 4; i++) {
        CHECK_Z(p->hosts[i].id, hosts[i].id);
        CHECK_Z(p->hosts[i].ec2_id, hosts[i].ec2);
        CHECK_Z(p->hosts[i].answer, hosts[i].answer);
        CHECK_Z(p->hosts[i].code, hosts[i].code);
        CHECK_Z(p->hosts[i].reason, hosts[i].reason);
    }
    CHECK_Z(p->hosts[3].arn, SCRIPT_AT "container-instance/prod/a");
    CHECK(p->running == 1 && p->can == 1 && p->unknown == 1);
    CHECK(p->passed_over == 0 && p->cannot == 1);
    CHECK_Z(p->summary, "desired 4: 2 placeable, 2 may wait; ECS places them "
            "when there is room.");
    CHECK_Z(p->scaled_by, "");
    /* an endpoint may quote its request */
    CHECK(strstr(p->said, "was unable to place a task because") != NULL);
    CHECK(strstr(p->said, SCRIPT_SECRET) == NULL);
    CHECK_INT(p->said_at, 7000000);
    script_end();
}

/* Without it, and for a count that stays, no more is read than ever. */
TEST(explain, only_what_is_asked_for_is_read)
{
    static const struct script_row plain[] = { SERVICE(4, EC2 SAID), FOUR };
    static const struct script_row changes[] = {
        SERVICE(3, EC2), FOUR, LACK_THREE };
    static const struct script_row daemon[] = {
        SERVICE(4, EC2 ",\"schedulingStrategy\":\"DAEMON\"") };
    static const struct script_row fargate[] = {
        SERVICE(4, ",\"launchType\":\"FARGATE\"") };

    explain(SCRIPT_ROWS(plain), HEADCOUNT_EXPLAIN_NONE);
    script_gives(0, HEADCOUNT_UNCHANGED, "");
    CHECK_INT(script_service(0)->placeable, HEADCOUNT_UNKNOWN);
    CHECK(script_service(0)->placement == NULL);
    script_end();
    explain(SCRIPT_ROWS(plain), HEADCOUNT_EXPLAIN_CHANGES);
    script_gives(0, HEADCOUNT_UNCHANGED, "");
    CHECK(script_service(0)->placement == NULL);
    script_end();
    explain(SCRIPT_ROWS(changes), HEADCOUNT_EXPLAIN_CHANGES);
    script_gives(0, HEADCOUNT_PENDING, "");
    CHECK_INT(script_service(0)->placeable, 2);
    CHECK_Z(script_service(0)->reason, "1 task on each of 4 active hosts (4 "
            "wanted, 2 placeable: 1 not known (port 8125/udp), 1 lacks CPU "
            "units)");
    CHECK(script_service(0)->placement != NULL);
    script_end();
    explain(SCRIPT_ROWS(daemon), HEADCOUNT_EXPLAIN_ALL);
    script_gives(0, HEADCOUNT_SKIPPED, "daemon");
    CHECK(script_service(0)->placement == NULL);
    script_end();
    explain(SCRIPT_ROWS(fargate), HEADCOUNT_EXPLAIN_ALL);
    script_wish(0)->rule = (struct hc_rule){ .kind = HEADCOUNT_FIXED,
                                             .tasks = 4 };
    script_gives(0, HEADCOUNT_UNCHANGED, "");
    CHECK(script_service(0)->placement == NULL);
    script_end();
}

/* A paused service and one of a plain number have hosts, too. */
TEST(explain, a_service_that_is_held_and_a_plain_number)
{
    static const struct script_row held[] = {
        SERVICE(3, EC2), FOUR, LACK_THREE };
    static const struct script_row fixed[] = {
        SERVICE(2, EC2), FOUR, LACK_THREE };

    explain(SCRIPT_ROWS(held), HEADCOUNT_EXPLAIN_ALL)->config.paused = true;
    script_gives(0, HEADCOUNT_HELD, "paused");
    CHECK(script_service(0)->placement != NULL);
    script_end();
    explain(SCRIPT_ROWS(fixed), HEADCOUNT_EXPLAIN_ALL);
    script_wish(0)->rule = (struct hc_rule){ .kind = HEADCOUNT_FIXED,
                                             .tasks = 2 };
    script_gives(0, HEADCOUNT_UNCHANGED, "");
    CHECK_INT(script_service(0)->hosts_counted, HEADCOUNT_UNKNOWN);
    CHECK_INT(script_service(0)->placeable, 2);
    CHECK_Z(script_service(0)->placement->summary, "2 wanted, 2 placeable: 1 "
            "not known (port 8125/udp), 1 lacks CPU units.");
    script_end();
    /* no task waits for a rise that is not written */
    explain(SCRIPT_ROWS(fixed), HEADCOUNT_EXPLAIN_ALL);
    script_wish(0)->rule.placeable = true;
    script_gives(0, HEADCOUNT_HELD, "unknown_placement");
    CHECK_Z(script_service(0)->placement->summary, "4 wanted, 2 placeable: 1 "
            "not known (port 8125/udp), 1 lacks CPU units.");
    script_end();
}

/* More tasks than hosts: how many a host has room for is not known, so the
 * words are about hosts. */
TEST(explain, several_tasks_on_a_host_are_told_by_hosts)
{
    static const struct script_row rows[] = {
        SERVICE(7, EC2), FOUR, LACK_THREE };

    explain(SCRIPT_ROWS(rows), HEADCOUNT_EXPLAIN_CHANGES);
    script_wish(0)->rule.tasks = 2;
    script_gives(0, HEADCOUNT_PENDING, "");
    CHECK(strstr(script_service(0)->reason, "(2 of 4 hosts can take it: 1 "
                 "not known (port 8125/udp), 1 lacks CPU units)") != NULL);
    CHECK_Z(script_service(0)->placement->summary, "2 of 4 hosts can take it: "
            "1 not known (port 8125/udp), 1 lacks CPU units. ECS places the "
            "tasks as far as there is room.");
    script_end();
}

#define TASKS(desired, running, pending, more)                               \
    { .operation = SERVICES, .answer = SCRIPT_SERVICES(                      \
      "{\"serviceArn\":\"" SCRIPT_AT "service/prod/web\",\"serviceName\":"   \
      "\"web\",\"clusterArn\":\"" SCRIPT_CLUSTER "\",\"status\":\"ACTIVE\","  \
      "\"desiredCount\":" #desired ",\"runningCount\":" #running ","         \
      "\"pendingCount\":" #pending ",\"taskDefinition\":\"" REVISION "\""   \
      more "}") }
#define OWN { .operation = HOSTS, .answer = SCRIPT_HOSTS(A "," B),           \
    .body = SCRIPT_LIST("ACTIVE", "") }
#define DESCRIBE_OWN DESCRIBE(ROOM("a", "1024", PORTS("")) ","               \
                              ROOM("b", "1024", PORTS("")))

TEST(explain, a_provider_that_starts_hosts_is_named)
{
    static const struct script_row full[] = {
        SERVICE(2, STRATEGY), OWN, DESCRIBE_OWN, MANAGED("ENABLED"),
        LIST(B, LACKS), DESCRIBE(ROOM("b", "1024", PORTS("\"8125\""))),
        DEFINITION };
    static const struct script_row fits[] = {
        SERVICE(2, STRATEGY), OWN, DESCRIBE_OWN, MANAGED("ENABLED"),
        LIST(B, LACKS), DESCRIBE(ROOM("b", "1024", PORTS(""))), DEFINITION };
    static const struct script_row unmanaged[] = {
        TASKS(2, 1, 1, STRATEGY), OWN, DESCRIBE_OWN, MANAGED("DISABLED"),
        LIST("", LACKS) };

    explain(SCRIPT_ROWS(full), HEADCOUNT_EXPLAIN_ALL);
    script_gives(0, HEADCOUNT_UNCHANGED, "");
    CHECK_Z(script_service(0)->placement->summary, "2 wanted, 1 placeable: 1 "
            "lacks port 8125/udp. A count above 1 would start hosts of "
            "capacity provider asg: 2 is asked for.");
    CHECK_Z(script_service(0)->placement->scaled_by, "asg");
    CHECK_Z(script_service(0)->placement->hosts[1].ec2_id, "i-a");
    script_end();
    explain(SCRIPT_ROWS(fits), HEADCOUNT_EXPLAIN_ALL);
    script_gives(0, HEADCOUNT_UNCHANGED, "");
    CHECK_Z(script_service(0)->placement->summary, "2 wanted, 2 placeable. A "
            "count above 2 would start hosts of capacity provider asg.");
    script_end();
    explain(SCRIPT_ROWS(unmanaged), HEADCOUNT_EXPLAIN_ALL);
    script_gives(0, HEADCOUNT_UNCHANGED, "");
    CHECK_Z(script_service(0)->placement->summary, "2 wanted, 2 placeable.");
    CHECK_Z(script_service(0)->reason, "1 task on each of 2 active hosts of "
            "its capacity providers");
    script_end();
}

/* A rise that placement holds says it once. */
TEST(explain, a_plan_that_needed_it_says_it_once)
{
    static const struct script_row rows[] = {
        TASKS(1, 1, 0, STRATEGY),
        OWN, DESCRIBE_OWN, MANAGED("ENABLED"), LIST(B, LACKS),
        DESCRIBE(ROOM("b", "1024", PORTS("\"8125\""))), DEFINITION };

    for (int what = HEADCOUNT_EXPLAIN_NONE; what <= HEADCOUNT_EXPLAIN_ALL;
         what++) {
        const char *reason, *first;

        explain(SCRIPT_ROWS(rows), (enum headcount_explain)what);
        script_gives(0, HEADCOUNT_HELD, "unplaceable");
        CHECK_INT(script_service(0)->placeable, 1);
        CHECK((script_service(0)->placement != NULL) ==
              (what != HEADCOUNT_EXPLAIN_NONE));
        reason = script_service(0)->reason;
        first = strstr(reason, "placeable");
        CHECK(first != NULL && strstr(first + 1, "placeable") == NULL);
        script_end();
    }
}

/* What only the report asks for fails no wish and holds none. */
TEST(explain, what_cannot_be_read_leaves_the_plan_as_it_is)
{
    static const struct script_row rows[] = {
        SERVICE(3, EC2), FOUR,
        { .operation = HOSTS, .fail = HEADCOUNT_ESERVICE,
          .code = "ThrottlingException",
          .body = SCRIPT_LIST("ACTIVE", SCRIPT_FILTER("(" SCRIPT_EC2 ") and "
                                                      LACKS)) } };

    explain(SCRIPT_ROWS(rows), HEADCOUNT_EXPLAIN_ALL);
    script_gives(0, HEADCOUNT_PENDING, "");
    CHECK_INT(script_service(0)->wanted, 4);
    CHECK(script_service(0)->placement == NULL);
    CHECK_INT(script_service(0)->placeable, HEADCOUNT_UNKNOWN);
    CHECK(strstr(script_service(0)->reason, "(which hosts can take a task is "
                 "not known: ") != NULL);
    script_end();
}

/* An expression that moves with tasks leaves no list to explain. */
TEST(explain, a_service_whose_filter_moves_is_not_explained)
{
    static const struct script_row rows[] = {
        SERVICE(4, EC2 ",\"placementConstraints\":[{\"type\":\"memberOf\","
                "\"expression\":\"task:group == service:db\"}]") };

    explain(SCRIPT_ROWS(rows), HEADCOUNT_EXPLAIN_ALL);
    script_gives(0, HEADCOUNT_HELD, "moving_constraint");
    CHECK(script_service(0)->placement == NULL);
    script_end();
}

/* ---- snapshots ---- */

static struct hc_buf taken;

static void take(const struct script_row *rows, size_t n,
                 enum headcount_explain what)
{
    struct script *s = explain(rows, n, what);

    CHECK_INT(script_run(), 1);
    hc_buf_init(&taken, t_alloc(), 1 << 20);
    hc_reconcile_put_snapshot(&s->r, &taken);
    CHECK_INT(hc_buf_error(&taken), 0);
    script_end();
}

TEST(explain, a_snapshot_that_explained_explains_again)
{
    take(SCRIPT_ROWS(unchanged), HEADCOUNT_EXPLAIN_ALL);
    explain(NULL, 0, HEADCOUNT_EXPLAIN_ALL)->config.snapshot =
        hc_buf_view(&taken);
    script_gives(0, HEADCOUNT_UNCHANGED, "");
    CHECK_INT(script_service(0)->placeable, 2);
    CHECK_Z(script_service(0)->placement->hosts[0].reason, "256 CPU units "
            "wanted, 128 left; port 8125/udp is taken");
    CHECK_INT(script_service(0)->placement->said_at, 7000000);
    CHECK(script_service(0)->placement->said[0] != '\0');
    script_end();
    hc_buf_fini(&taken);
}

TEST(explain, an_older_snapshot_is_not_guessed_at)
{
    static const struct script_row rows[] = { SERVICE(4, EC2), FOUR };

    take(SCRIPT_ROWS(rows), HEADCOUNT_EXPLAIN_NONE);
    explain(NULL, 0, HEADCOUNT_EXPLAIN_ALL)->config.snapshot =
        hc_buf_view(&taken);
    script_gives(0, HEADCOUNT_UNCHANGED, "");
    CHECK_INT(script_service(0)->placeable, HEADCOUNT_UNKNOWN);
    CHECK(script_service(0)->placement == NULL);
    CHECK_Z(script_service(0)->reason, "1 task on each of 4 active hosts "
            "(which hosts can take a task is not known: the snapshot does not "
            "tell it, take one with request.explain)");
    script_end();
    hc_buf_fini(&taken);
}

TEST(explain, only_one_service_of_a_policy)
{
    static const struct script_row rows[] = {
        { .operation = SERVICES, .body = "{\"cluster\":\"prod\","
          "\"services\":[\"log\"],\"include\":[\"TAGS\"]}",
          .answer = SCRIPT_SERVICES(SCRIPT_SERVICE("log", 4, "")) }, FOUR };
    struct script *s = script_wishes(SCRIPT_ROWS(rows), "web log db");

    s->config.only = HC_STR("log");
    CHECK_INT(script_run(), 1);
    CHECK_INT(s->r.run.result.services_n, 1);
    CHECK_Z(script_service(0)->service, "log");
    script_end();
    s = script_wishes(NULL, 0, "web log");
    s->config.only = HC_STR("db");
    CHECK_INT(script_run(), 1);
    CHECK_INT(s->r.run.result.services_n, 0);
    script_end();
    s = script_wishes(NULL, 0, "web");
    s->config.only = HC_STR("a b/c");
    CHECK(script_run() < 0);
    script_end();
}

TEST(explain, memory_may_end_anywhere)
{
    t_fails_every_allocation(explain_once);
}
