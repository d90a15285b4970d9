/* tests/reconcile/policy_placed_test.c - which hosts can take a task, for a
 * policy: what is read when it asks, and what it is told. */
#include "t.h"

#include <string.h>

#include "reconcile/placed_rows.h"
#include "reconcile/snapshot.h"

static struct headcount_error error;
static struct hc_known known;
static const struct headcount_placement *told;
static bool answered;

static struct hc_wish wishes[2];          /* of the turns, one by one */

/* Asks for the placement of "web", and wants its hosts that run or can. */
static void asks(struct hc_reconcile *r)
{
    const struct hc_query q = { .kind = QUERY_PLACEMENT,
                                .service = HC_STR("web") };

    hc_error_reset(&error);
    int got = hc_policy_fact(&r->run, &q, &known, &error);

    answered = got == 1;
    told = answered && known.placed != NULL ? known.placed->value : NULL;
    struct hc_wish *wish = &wishes[r->run.policy.again];

    *wish = (struct hc_wish){ .service = HC_STR("web"), .rule = {
        .kind = HEADCOUNT_FIXED,
        .tasks = told != NULL ? told->running + told->can : 0 } };
    if (got == HEADCOUNT_ENOMEM)
        hc_reconcile_refuse(r, "ENOMEM", error.what);
    else
        hc_reconcile_resume(r, wish, told != NULL);
}

static struct script *set(const struct script_row *rows, size_t n)
{
    struct script *s = script_set(rows, n);

    s->config.asks = true;
    s->policy = asks;
    return s;
}

/* What a rise reads, but that each host is described once: with a policy every
 * description has attributes and ports. */
static const struct script_row managed[] = {
    SERVICE(3, 2, STRATEGY CHANGED), MANAGED("ENABLED"),
    LIST(A "," B "," C "," D, ""),
    DESCRIBE(ROOM("a", "1", "") "," ROOM("b", "1", "") ","
             ROOM("c", "1001", "\"8125\"") "," ROOM("d", "1001", "")),
    LACKING(C "," D), DEFINITION };

static int asks_once(void)
{
    struct script *s = set(SCRIPT_ROWS(managed));
    int err = script_run();

    if (err == 1 && s->r.run.result.error_code != NULL) {
        CHECK_Z(s->r.run.result.error_code, "ENOMEM");
        s->done = false;              /* rows are left */
        err = HEADCOUNT_ENOMEM;
    }
    script_end();
    return err == 1 ? 0 : err;
}

TEST(policy_placed, it_is_read_when_a_policy_asks)
{
    struct script *s = set(SCRIPT_ROWS(managed));

    CHECK_INT(script_run(), 1);
    CHECK(answered && s->r.run.policy.counted);
    CHECK(told->running == 2 && told->can == 1 && told->cannot == 1);
    CHECK(told->unknown == 0 && told->passed_over == 0);
    CHECK_INT(told->hosts_n, 4);
    CHECK_Z(told->hosts[0].answer, "cannot");
    CHECK_Z(told->hosts[0].id, "c");
    CHECK_Z(told->hosts[0].code, "port_udp");
    CHECK_Z(told->hosts[0].reason, "port 8125/udp is taken");
    CHECK_Z(told->hosts[1].answer, "can");
    CHECK_Z(told->hosts[3].answer, "runs");
    CHECK_Z(told->summary, "");
    CHECK_Z(told->scaled_by, "asg");
    script_end();
}

TEST(policy_placed, hosts_of_a_launch_type_are_described_where_they_lack_it)
{
    static const struct script_row rows[] = {
        SERVICE(1, 1, ",\"launchType\":\"EC2\"" CHANGED), DEFINITION,
        LIST(A "," B, SCRIPT_FILTER(SCRIPT_EC2)),
        LIST(B, SCRIPT_FILTER("(" SCRIPT_EC2 ") and "
                              "(not(task:group == service:web))")),
        DESCRIBE(ROOM("b", "1001", "")), WRITE };
    struct script *s = set(SCRIPT_ROWS(rows));

    s->config.ask_definitions = true;
    CHECK_INT(script_run(), 1);
    CHECK(told->running == 1 && told->can == 1 && told->hosts_n == 2);
    CHECK_Z(told->scaled_by, "");
    script_gave(0, HEADCOUNT_UPDATED, "");
    script_end();
}

/* A count that falls by much has to follow from a second reading, too. */
TEST(policy_placed, a_big_step_is_made_twice_each_time_on_lists_of_its_own)
{
#define READING(ports)                                                        \
    LIST(A "," B "," C, SCRIPT_FILTER(SCRIPT_EC2)),                          \
    LIST(C, SCRIPT_FILTER("(" SCRIPT_EC2 ") and "                           \
                          "(not(task:group == service:web))")),              \
    DESCRIBE(ROOM("c", "1001", ports))
    static const struct script_row agrees[] = {
        SERVICE(9, 2, ",\"launchType\":\"EC2\"" CHANGED), READING(""),
        DEFINITION, READING(""), WRITE };
    static const struct script_row differs[] = {
        SERVICE(9, 2, ",\"launchType\":\"EC2\"" CHANGED), READING(""),
        DEFINITION, READING("\"8125\"") };

    set(SCRIPT_ROWS(agrees));
    script_gives(0, HEADCOUNT_UPDATED, "");
    CHECK_INT(script_service(0)->wanted, 3);
    script_end();
    set(SCRIPT_ROWS(differs));
    script_gives(0, HEADCOUNT_HELD, "step_down");
    CHECK(strstr(script_service(0)->reason, "run again on a second reading, "
                 "wants 2") != NULL);
    script_end();
#undef READING
}

TEST(policy_placed, services_without_hosts_have_none)
{
    static const struct script_row rows[][2] = {
        { SERVICE(3, 2, ",\"launchType\":\"EC2\",\"schedulingStrategy\":"
                  "\"DAEMON\"") },
        { SERVICE(3, 2, ",\"launchType\":\"FARGATE\"") },
        { SERVICE(3, 2, ",\"launchType\":\"MOON\"") },
        { { .operation = SERVICES, .answer = "{\"services\":[],\"failures\":["
            SCRIPT_MISSING("web") "]}" } },
        { SERVICE(3, 2, ",\"launchType\":\"EC2\",\"placementConstraints\":["
                  "{\"type\":\"memberOf\",\"expression\":"
                  "\"runningTasksCount == 0\"}]") },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct script *s = set(rows[i], 1);

        CHECK_INT(script_run(), 1);
        CHECK(answered && told == NULL);
        CHECK_Z(s->r.run.result.error_code, NULL);
        script_end();
    }
}

/* Half of it is no fact. */
TEST(policy_placed, what_cannot_be_read_fails_the_cluster)
{
    for (size_t n = 1; n <= sizeof(managed) / sizeof(*managed); n++) {
        struct script_row rows[sizeof(managed) / sizeof(*managed)];
        struct script *s;

        memcpy(rows, managed, sizeof(rows));
        rows[n - 1].answer = NULL;
        rows[n - 1].fail = HEADCOUNT_ESERVICE;
        rows[n - 1].code = "AccessDeniedException";
        s = set(rows, n);
        CHECK_INT(script_run(), 1);
        CHECK(!answered && told == NULL);
        CHECK_Z(s->r.run.result.error_code, "AccessDeniedException");
        CHECK_INT(s->r.run.result.services_n, 0);
        script_end();
    }
}

/* A filter that cannot be sent: nothing is listed by half of it. */
TEST(policy_placed, a_constraint_that_does_not_end_fails_the_cluster)
{
    static const struct script_row rows[] = {
        SERVICE(3, 2, ",\"launchType\":\"EC2\",\"placementConstraints\":["
                "{\"type\":\"memberOf\",\"expression\":\"(attribute:a\"}]") };
    struct script *s = set(SCRIPT_ROWS(rows));

    CHECK_INT(script_run(), 1);
    CHECK(!answered);
    CHECK_Z(s->r.run.result.error_code, "filter");
    script_end();
}

/* Two hosts, of which the second has the port taken, and what a task needs. */
#define SNAPSHOT(more) "{\"format_version\":\"1.0\",\"taken\":"             \
    "\"2026-11-24T00:00:00Z\",\"cluster\":\"" SCRIPT_CLUSTER "\","           \
    "\"services\":[{\"serviceName\":\"web\",\"status\":\"ACTIVE\","          \
    "\"desiredCount\":1,\"runningCount\":1,\"launchType\":\"EC2\","          \
    "\"taskDefinition\":\"" REVISION "\"}],\"readings\":[{\"lists\":["       \
    "{\"status\":\"ACTIVE\",\"filter\":\"\",\"described\":true,\"hosts\":["  \
    ROOM("a", "1", "") "," ROOM("b", "1", "") "," ROOM("c", "1",            \
    "\"8125\"") "]}]}],\"taskDefinitions\":[{\"taskDefinitionArn\":\""       \
    REVISION "\",\"placementConstraints\":[],\"needs\":{\"cpu\":\"64\","     \
    "\"containerDefinitions\":[{\"portMappings\":[{\"hostPort\":8125,"        \
    "\"protocol\":\"udp\"}]}]}}]" more "}"

static struct script *last;

static void offline(const char *snapshot)
{
    struct script *s = last = set(NULL, 0);

    s->config.snapshot = hc_str(snapshot);
    s->config.dry_run = true;
    CHECK_INT(script_run(), 1);
}

TEST(policy_placed, a_snapshot_that_does_not_tell_tasks_has_no_answer)
{
    static const char *const rows[] = {
        SNAPSHOT(""), SNAPSHOT(",\"complete\":true"),
        SNAPSHOT(",\"serviceTasks\":[{\"service\":\"log\",\"hosts\":[]}]")
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        offline(rows[i]);
        CHECK(!answered);
        CHECK_Z(last->r.run.result.error_code, "not_in_snapshot");
        CHECK(strstr(last->r.run.result.error, i == 1 ? "not answerable offline"
                                                 : "take one with") != NULL);
        script_end();
    }
}

TEST(policy_placed, tasks_that_a_snapshot_tells_decide)
{
    offline(SNAPSHOT(",\"serviceTasks\":[{\"service\":\"web\",\"hosts\":["
                     SCRIPT_HOST("a") "]}]"));
    CHECK_Z(last->r.run.result.error_code, NULL);
    CHECK(told->running == 1 && told->can == 1 && told->cannot == 1);
    script_gave(0, HEADCOUNT_PENDING, "");
    script_end();
}

TEST(policy_placed, memory_may_end_anywhere)
{
    t_fails_every_allocation(asks_once);
}
