/* tests/reconcile/placed_test.c - what is read before a rise that could start
 * hosts, and what comes of it. */
#include "t.h"

#include <string.h>

#include "reconcile/placed_rows.h"
#include "reconcile/snapshot.h"

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

/* A placeable rule asks where no provider starts hosts, and a fall does not. */
TEST(placed, a_placeable_rule_reads_hosts_of_a_launch_type)
{
    static const struct script_row rise[] = {
        SERVICE(2, 2, ",\"launchType\":\"EC2\"" CHANGED),
        LIST(A "," B "," C, SCRIPT_FILTER(SCRIPT_EC2)),
        LIST(C, SCRIPT_FILTER("(" SCRIPT_EC2 ") and "
                              "(not(task:group == service:web))")),
        DESCRIBE(ROOM("c", "1001", "\"8125\"")), DEFINITION };
    static const struct script_row fall[] = {
        SERVICE(4, 4, ",\"launchType\":\"EC2\"" CHANGED),
        LIST(A "," B "," C, SCRIPT_FILTER(SCRIPT_EC2)), WRITE };
    static const struct script_row strategy[] = {
        SERVICE(2, 2, STRATEGY CHANGED), LIST(A "," B "," C, ""), THREE,
        MANAGED("DISABLED"), LACKING(C),
        DESCRIBE(ROOM("c", "1001", "\"8125\"")), DEFINITION };

    script_wishes(SCRIPT_ROWS(rise), "web");
    script_wish(0)->rule.placeable = true;
    script_gives(0, HEADCOUNT_HELD, "unplaceable");
    CHECK(strstr(script_service(0)->reason, "1 lacks port 8125/udp") != NULL);
    script_end();
    script_wishes(SCRIPT_ROWS(fall), "web");
    script_wish(0)->rule.placeable = true;
    script_gives(0, HEADCOUNT_UPDATED, "");
    script_end();
    script_wishes(SCRIPT_ROWS(strategy), "web");
    script_wish(0)->rule.placeable = true;
    script_gives(0, HEADCOUNT_HELD, "unplaceable");
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
          "\"asg\"}"), { DEFINITION }, "unknown_placement", "1 not known (" },
        { LACKING(C), DESCRIBE(ROOM("c", "1", "")), { DEFINITION, YOUNGER(B) },
          "passed_over", "3 wanted, 2 placeable" },
        /* what the lists do not heed, ECS does */
        { LACKING(C), DESCRIBE(ROOM("c", "1", "")), { DEFINED(
          "\"placementConstraints\":[{\"type\":\"memberOf\",\"expression\":"
          "\"attribute:x exists\"}]") }, "unknown_placement",
          "1 not known (a placement constraint)" },
        { LACKING(C), DESCRIBE(ROOM("c", "1", "")), { DEFINED(
          "\"placementConstraints\":[{\"type\":\"new\"}]") },
          "unknown_placement", "1 not known (a placement constraint)" },
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

/* A younger host of another provider says nothing about this one. */
TEST(placed, only_a_younger_host_of_the_same_provider_passes_one_over)
{
#define OTHER(host, provider) "{\"containerInstanceArn\":" host               \
    ",\"status\":\"ACTIVE\",\"capacityProviderName\":\"" provider "\"}"
    static const char *const b_of[] = { "asg", "two" };

    for (size_t i = 0; i < 2; i++) {
        struct hc_buf hosts;
        struct script_row calls[] = {
            SERVICE(2, 2, ",\"capacityProviderStrategy\":["
                    "{\"capacityProvider\":\"asg\",\"weight\":3},"
                    "{\"capacityProvider\":\"two\",\"weight\":1}]" CHANGED),
            LIST(A "," B "," C, ""), { .operation = DETAILS },
            { .operation = "DescribeCapacityProviders", .answer =
              "{\"capacityProviders\":[{\"name\":\"asg\","
              "\"autoScalingGroupProvider\":{\"managedScaling\":{\"status\":"
              "\"ENABLED\"}}},{\"name\":\"two\"}]}" },
            LACKING(C), DESCRIBE(ROOM("c", "1", "")), DEFINITION, YOUNGER(B)
        };

        hc_buf_init(&hosts, t_alloc(), 10000);
        hc_buf_fmt(&hosts, "{\"containerInstances\":[" OTHER(A, "asg") ","
                   OTHER(B, "%s") "," OTHER(C, "asg") "]}", b_of[i]);
        calls[2].answer = hc_buf_z(&hosts);
        script_wishes(SCRIPT_ROWS(calls), "web");
        script_gives(0, HEADCOUNT_HELD, i == 0 ? "passed_over" : "unplaceable");
        script_end();
        hc_buf_fini(&hosts);
    }
}

/* Another rise moves the change of the count past the younger host. */
TEST(placed, a_host_that_was_passed_over_stays_so_for_six_hours)
{
    static const struct script_row passed[] = {
        SERVICE(2, 2, STRATEGY CHANGED), LIST(A "," B "," C, ""), THREE,
        MANAGED("ENABLED"), LACKING(C), DESCRIBE(ROOM("c", "1", "")),
        DEFINITION, YOUNGER(B) };
    static const struct script_row later[] = {
        SERVICE(2, 2, STRATEGY CHANGED), LIST(A "," B "," C, ""), THREE,
        MANAGED("ENABLED"), LACKING(C), DESCRIBE(ROOM("c", "1", "")),
        YOUNGER(""), WRITE };
    static const struct { int64_t at; size_t rows;
                          enum headcount_result outcome; } looks[] = {
        { 5 * 3600 * HC_SECOND, 7, HEADCOUNT_HELD },
        { 7 * 3600 * HC_SECOND, 8, HEADCOUNT_UPDATED },
    };
    struct hc_memory memory;

    hc_memory_init(&memory, t_alloc());
    script_wishes(SCRIPT_ROWS(passed), "web")->config.memory = &memory;
    script_gives(0, HEADCOUNT_HELD, "passed_over");
    script_end();
    for (size_t i = 0; i < sizeof(looks) / sizeof(*looks); i++) {
        struct script *s = script_wishes(later, looks[i].rows, "web");

        s->config.memory = &memory;
        s->now += looks[i].at;
        script_gives(0, looks[i].outcome, i == 0 ? "passed_over" : "");
        script_end();
    }
    hc_memory_fini(&memory);
}

/* Each text that a reason quotes: a constraint, what a task needs, a system of
 * a host. */
TEST(placed, what_the_calls_were_signed_with_is_in_no_reason)
{
    static const struct script_row rows[] = {
        SERVICE(1, 1, STRATEGY CHANGED ",\"placementConstraints\":[{\"type\":"
                "\"memberOf\",\"expression\":\"attribute:x == " SCRIPT_TOKEN
                "\"}]"), { .operation = HOSTS, .answer = SCRIPT_HOSTS(C) },
        { .operation = DETAILS, .answer = "{\"containerInstances\":["
          ROOM("c", "1", "") "]}" } };
    static const struct script_row needs[] = {
        SERVICE(1, 1, STRATEGY CHANGED), LIST(A "," C, ""),
        DESCRIBE(ROOM("a", "1", "") "," ROOM("c", "1", "")),
        MANAGED("ENABLED"), LACKING(C),
        DESCRIBE("{\"containerInstanceArn\":" C ",\"status\":\"ACTIVE\","
                 "\"capacityProviderName\":\"asg\",\"agentConnected\":true,"
                 "\"attributes\":[{\"name\":\"ecs.os-family\",\"value\":\""
                 SCRIPT_SECRET "\"}]}"),
        { .operation = "DescribeTaskDefinition", .answer =
          "{\"taskDefinition\":{\"taskDefinitionArn\":\"" REVISION "\","
          "\"requiresAttributes\":[{\"name\":\"a" SCRIPT_TOKEN "\"}],"
          "\"runtimePlatform\":{\"operatingSystemFamily\":\"" SCRIPT_SECRET
          "x\"},\"containerDefinitions\":[{}]}}" } };

    script_wishes(SCRIPT_ROWS(rows), "web");
    CHECK_INT(script_run(), 1);
    CHECK(strstr(script_service(0)->hosts_filter, SCRIPT_TOKEN) == NULL);
    CHECK(strstr(script_service(0)->hosts_filter, "***") != NULL);
    script_end();
    script_wishes(SCRIPT_ROWS(needs), "web")->config.explain =
        HEADCOUNT_EXPLAIN_ALL;
    CHECK_INT(script_run(), 1);
    for (size_t i = 0; i < script_service(0)->placement->hosts_n; i++) {
        const char *reason = script_service(0)->placement->hosts[i].reason;

        CHECK(strstr(reason, SCRIPT_TOKEN) == NULL);
        CHECK(strstr(reason, SCRIPT_SECRET) == NULL);
    }
    CHECK(strstr(script_service(0)->placement->hosts[0].reason, "***") != NULL);
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

/* ---- where ECS refuses a filter by task group ---- */

/* The tasks of the service tell which hosts lack one. */
static const struct script_row refused[] = {
    SERVICE(2, 2, STRATEGY CHANGED), LIST(A "," B "," C, ""), THREE,
    MANAGED("ENABLED"), REFUSES, TASKS(TASK("1") "," TASK("2")),
    DESCRIBE_TASKS(ON("1", "a") "," ON("2", "b")),
    DESCRIBE(ROOM("c", "1", "")), DEFINITION, WRITE
};

static int refused_once(void)
{
    script_wishes(SCRIPT_ROWS(refused), "web");

    int got = script_run();

    if (got == 1)
        script_gave(0, HEADCOUNT_UPDATED, "");
    script_end();
    return got == 1 ? 0 : got;
}

TEST(placed, without_lists_by_group_the_tasks_tell)
{
    CHECK_INT(refused_once(), 0);
}

/* Tasks that wait for a host, that stop, or that are gone are on no host. */
TEST(placed, a_task_that_is_on_no_host_shows_nothing)
{
    static const char *const seconds[] = {
        A_TASK("2", STATUS("PROVISIONING", "RUNNING")),
        A_TASK("2", STATUS("RUNNING", "STOPPED")
               ",\"containerInstanceArn\":" C),
        A_TASK("2", STATUS("STOPPED", "RUNNING")
               ",\"containerInstanceArn\":" C),
        NULL
    };

    for (size_t i = 0; i < sizeof(seconds) / sizeof(*seconds); i++) {
        struct hc_buf tasks;
        struct script_row calls[] = {
            SERVICE(2, 2, STRATEGY CHANGED), LIST(A "," B "," C, ""), THREE,
            MANAGED("ENABLED"), REFUSES, TASKS(TASK("1") "," TASK("2")),
            { .operation = "DescribeTasks" },
            DESCRIBE(ROOM("b", "1", "\"8125\"") "," ROOM("c", "1",
                     "\"8125\"")), DEFINITION
        };

        hc_buf_init(&tasks, t_alloc(), 1000);
        hc_buf_text(&tasks, "{\"tasks\":[" ON("1", "a"));
        if (seconds[i] != NULL)
            hc_buf_fmt(&tasks, ",%s]}", seconds[i]);
        else
            hc_buf_text(&tasks, "],\"failures\":[{\"arn\":" TASK("2")
                        ",\"reason\":\"MISSING\"}]}");
        calls[6].answer = hc_buf_z(&tasks);
        script_wishes(calls, 9, "web");
        CHECK_INT(script_run(), 1);
        script_gave(0, HEADCOUNT_HELD, "unplaceable");
        CHECK(strstr(script_service(0)->reason, "3 wanted, 1 placeable: 2 "
                     "lack port 8125/udp") != NULL);
        script_end();
        hc_buf_fini(&tasks);
    }
}

/* A host that waits to start its task has shown that it can take it. */
TEST(placed, a_task_that_begins_is_on_its_host)
{
    static const struct script_row rows[] = {
        SERVICE(2, 2, STRATEGY CHANGED), LIST(A "," B "," C, ""), THREE,
        MANAGED("ENABLED"), REFUSES, TASKS(TASK("1") "," TASK("2")),
        DESCRIBE_TASKS(ON("1", "a") "," A_TASK("2", STATUS("PENDING",
            "RUNNING") ",\"containerInstanceArn\":" B)),
        DESCRIBE(ROOM("c", "1", "")), DEFINITION, WRITE };

    script_wishes(SCRIPT_ROWS(rows), "web");
    script_gives(0, HEADCOUNT_UPDATED, "");
    script_end();
}

/* No task at all: all hosts lack one, and nothing has to be described. */
TEST(placed, a_service_without_tasks_lacks_one_on_all_hosts)
{
    static const struct script_row rows[] = {
        SERVICE(0, 0, STRATEGY CHANGED), LIST(A "," B "," C, ""), THREE,
        MANAGED("ENABLED"), REFUSES, TASKS(""), THREE, DEFINITION, WRITE };

    script_wishes(SCRIPT_ROWS(rows), "web");
    script_gives(0, HEADCOUNT_UPDATED, "");
    script_end();
}

/* The hosts that have a task tell when they came, instead of a list. */
TEST(placed, without_lists_by_group_hosts_tell_which_are_younger)
{
    static const struct { const char *b; enum headcount_result outcome;
                          const char *code; } rows[] = {
        { "1001", HEADCOUNT_HELD, "passed_over" },
        { "1000", HEADCOUNT_UPDATED, "" },
        { "null", HEADCOUNT_HELD, "passed_over" },     /* it may be younger */
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct hc_buf hosts;
        struct script_row calls[] = {
            SERVICE(2, 2, STRATEGY CHANGED), LIST(A "," B "," C, ""),
            { .operation = DETAILS }, MANAGED("ENABLED"), REFUSES,
            TASKS(TASK("1") "," TASK("2")),
            DESCRIBE_TASKS(ON("1", "a") "," ON("2", "b")),
            DESCRIBE(ROOM("c", "1", "")), DEFINITION, WRITE
        };

        hc_buf_init(&hosts, t_alloc(), 10000);
        hc_buf_fmt(&hosts, "{\"containerInstances\":[%s,%s,{"
                   "\"containerInstanceArn\":%s,\"status\":\"ACTIVE\","
                   "\"capacityProviderName\":\"asg\",\"registeredAt\":%s}]}",
                   ROOM("a", "1", ""), ROOM("c", "1", ""), B, rows[i].b);
        calls[2].answer = hc_buf_z(&hosts);
        script_wishes(calls, *rows[i].code != '\0' ? 9 : 10, "web");
        script_gives(0, rows[i].outcome, rows[i].code);
        script_end();
        hc_buf_fini(&hosts);
    }
}

/* Only this refusal, of a first page, says that the filter is not taken. */
TEST(placed, another_failure_of_a_list_by_group_fails_the_service)
{
    static const struct { struct script_row first, second;
                          const char *code; } rows[] = {
        { { .operation = HOSTS, .fail = HEADCOUNT_ESERVICE,
            .code = "AccessDeniedException" }, { 0 },
          "AccessDeniedException" },
        { { .operation = HOSTS, .fail = HEADCOUNT_ESERVICE,
            .code = "ClientException" }, { 0 }, "ClientException" },
        { { .operation = HOSTS, .fail = HEADCOUNT_ESERVICE, .status = 503,
            .code = "InvalidParameterException" }, { 0 },
          "InvalidParameterException" },
        { { .operation = HOSTS, .fail = HEADCOUNT_ETIMEDOUT }, { 0 },
          "ETIMEDOUT" },
        { { .operation = HOSTS, .answer = "{\"containerInstanceArns\":[" C "],"
            "\"nextToken\":\"n\"}" },
          { .operation = HOSTS, .fail = HEADCOUNT_ESERVICE,
            .code = "InvalidParameterException" },
          "InvalidParameterException" },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct script_row calls[6] = {
            SERVICE(2, 2, STRATEGY CHANGED), LIST(A "," B "," C, ""), THREE,
            MANAGED("ENABLED"), rows[i].first, rows[i].second
        };

        script_wishes(calls, calls[5].operation != NULL ? 6 : 5, "web");
        script_gives(0, HEADCOUNT_FAILED, rows[i].code);
        script_end();
    }
}

/* The handle knows from then on, in all clusters of the account: one refusal
 * costs one call. */
TEST(placed, a_refusal_is_remembered)
{
    static const struct script_row again[] = {
        SERVICE(2, 2, STRATEGY CHANGED), LIST(A "," B "," C, ""),
        TASKS(TASK("1") "," TASK("2")),
        DESCRIBE_TASKS(ON("1", "a") "," ON("2", "b")),
        DESCRIBE(ROOM("c", "1", "")), THREE, WRITE
    };
    struct hc_memory memory;

    hc_memory_init(&memory, t_alloc());
    script_wishes(SCRIPT_ROWS(refused), "web")->config.memory = &memory;
    script_gives(0, HEADCOUNT_UPDATED, "");
    script_end();

    struct script *s = script_wishes(SCRIPT_ROWS(again), "web");

    s->config.memory = &memory;
    s->now += 60 * HC_SECOND;                  /* our write is undone by then */
    script_gives(0, HEADCOUNT_UPDATED, "");
    script_end();
    hc_memory_fini(&memory);
}

/* A snapshot holds the lists that followed from the tasks, and is planned
 * without them. */
TEST(placed, a_snapshot_holds_the_list_and_not_the_tasks)
{
    struct hc_buf text;
    struct script *s = script_wishes(SCRIPT_ROWS(refused), "web");

    hc_buf_init(&text, t_alloc(), (size_t)1 << 20);
    s->config.dry_run = true;
    s->n--;
    script_gives(0, HEADCOUNT_PENDING, "");
    hc_reconcile_put_snapshot(&s->r, &text);
    script_end();

    s = script_wishes(NULL, 0, "web");
    s->config.dry_run = true;
    s->config.snapshot = hc_buf_view(&text);
    script_gives(0, HEADCOUNT_PENDING, "");
    script_end();
    hc_buf_fini(&text);
}

TEST(placed, memory_may_end_anywhere)
{
    t_fails_every_allocation(rises_once);
    t_fails_every_allocation(refused_once);
}
