/* tests/reconcile/snapshot_test.c - facts written down: what stands there, and
 * a plan made on it. */
#include "t.h"

#include <string.h>

#include "base/text.h"
#include "peers/ecs_script.h"
#include "reconcile/snapshot.h"

#define STRATEGY ",\"capacityProviderStrategy\":[{\"capacityProvider\":"    \
    "\"asg\"}]"
#define NO_ONE "arn:aws:ecs:eu-west-1:000000000000:"

#define TWO_DETAILS { .operation = "DescribeContainerInstances", .answer =    \
    "{\"containerInstances\":[" SCRIPT_DESCRIBED("a") ",{"                  \
    "\"containerInstanceArn\":" SCRIPT_HOST("b") ",\"status\":\"DRAINING\","  \
    "\"capacityProviderName\":\"asg\"}]}" }

/* A big step of a strategy service, another that is missing, a third whose
 * list fails: all kinds of facts. */
static const struct script_row live_rows[] = {
    { .operation = SERVICES, .answer = "{\"services\":["
      SCRIPT_BARE("web", 9, STRATEGY) ","
      SCRIPT_SERVICE("log", 1, ",\"placementConstraints\":[{\"type\":"
                     "\"memberOf\",\"expression\":\"attribute:a == 1\"}]")
      "],\"failures\":[" SCRIPT_MISSING("gone") "]}" },
    { .operation = HOSTS,
      .answer = SCRIPT_HOSTS(SCRIPT_HOST("a") "," SCRIPT_HOST("b")) },
    TWO_DETAILS,
    { .operation = "DescribeScalableTargets",
      .service = "application-autoscaling",
      .answer = "{\"ScalableTargets\":[]}" },
    { .operation = "DescribeClusters", .answer = "{\"clusters\":[{"
      "\"clusterArn\":\"" SCRIPT_CLUSTER "\",\"clusterName\":\"prod\","
      "\"status\":\"ACTIVE\",\"registeredContainerInstancesCount\":2,"
      "\"tags\":[{\"key\":\"owner\",\"value\":\"111122223333\"}]}]}" },
    { .operation = HOSTS,
      .answer = SCRIPT_HOSTS(SCRIPT_HOST("a") "," SCRIPT_HOST("b")) },
    TWO_DETAILS,
    { .operation = HOSTS, .answer = SCRIPT_HOSTS("") },
    { .operation = HOSTS, .fail = HEADCOUNT_ETIMEDOUT },
};

static struct hc_buf text;

static struct script *set(const struct script_row *rows, size_t n)
{
    struct script *s = script_wishes(rows, n, "web gone log");

    s->config.dry_run = s->config.ask_targets = true;
    return s;
}

static void check(size_t at, enum headcount_result outcome, const char *code,
                  int64_t wanted)
{
    const struct headcount_service *got = script_service(at);

    CHECK_Z(hc_result_name(got->outcome), hc_result_name(outcome));
    CHECK_Z(got->code, code);
    CHECK_INT(got->wanted, wanted);
}

/* Leaves the snapshot in `text`. */
static void take(void)
{
    struct script *s = set(SCRIPT_ROWS(live_rows));

    CHECK_INT(script_run(), 1);
    check(0, HEADCOUNT_PENDING, "", 1);
    check(1, HEADCOUNT_SKIPPED, "missing", HEADCOUNT_UNKNOWN);
    check(2, HEADCOUNT_FAILED, "ETIMEDOUT", HEADCOUNT_UNKNOWN);
    hc_buf_init(&text, t_alloc(), 100000);
    hc_reconcile_put_snapshot(&s->r, &text);
    CHECK_INT(hc_buf_error(&text), 0);
    script_end();
}

TEST(snapshot, a_plan_on_it_is_the_plan_that_was_made)
{
    struct script *s;

    take();
    s = set(NULL, 0);
    s->config.snapshot = hc_buf_view(&text);
    s->config.cluster = HC_STR("");
    CHECK_INT(script_run(), 1);
    check(0, HEADCOUNT_PENDING, "", 1);
    CHECK_INT(script_service(0)->desired_before, 9);
    CHECK(strstr(script_service(0)->reason, "a second reading agrees") != NULL);
    check(1, HEADCOUNT_SKIPPED, "missing", HEADCOUNT_UNKNOWN);
    check(2, HEADCOUNT_FAILED, "not_in_snapshot", HEADCOUNT_UNKNOWN);
    CHECK(strstr(script_service(2)->reason, "a list of hosts") != NULL);
    CHECK_Z(s->r.run.result.arn, NO_ONE "cluster/prod");
    script_end();
    hc_buf_fini(&text);
}

TEST(snapshot, a_snapshot_of_a_snapshot_is_the_same)
{
    struct hc_buf second;
    struct script *s;

    take();
    s = set(NULL, 0);
    s->config.snapshot = hc_buf_view(&text);
    CHECK_INT(script_run(), 1);
    hc_buf_init(&second, t_alloc(), 100000);
    hc_reconcile_put_snapshot(&s->r, &second);
    /* lists of facts turn round each time; nothing is lost */
    CHECK_INT(second.n, text.n);
    script_end();
    hc_buf_fini(&second);
    hc_buf_fini(&text);
}

TEST(snapshot, account_ids_are_zeros_wherever_they_stand)
{
    take();
    CHECK(strstr(hc_buf_z(&text), "111122223333") == NULL);
    CHECK(strstr(hc_buf_z(&text), "\"value\":\"000000000000\"") != NULL);
    CHECK(strstr(hc_buf_z(&text), "\"" NO_ONE
                 "container-instance/prod/a\"") != NULL);
    CHECK(strstr(hc_buf_z(&text), "\"taken\":\"2026-01-01T00:00:00") != NULL);
    hc_buf_fini(&text);
}

TEST(snapshot, who_names_a_service_by_its_arn_is_understood)
{
    struct script *s;

    take();
    s = set(NULL, 0);
    script_wish(0)->service = HC_STR(SCRIPT_AT "service/prod/web");
    script_wish(1)->service = HC_STR(SCRIPT_AT "service/stage/log");
    s->config.wishes_n = 2;
    s->config.snapshot = hc_buf_view(&text);
    CHECK_INT(script_run(), 1);
    check(0, HEADCOUNT_PENDING, "", 1);
    check(1, HEADCOUNT_SKIPPED, "missing", HEADCOUNT_UNKNOWN);
    script_end();
    hc_buf_fini(&text);
}

TEST(snapshot, it_is_planned_at_the_time_it_was_taken)
{
    static const struct script_row rows[] = {
        { .operation = SERVICES, .answer = SCRIPT_SERVICES(
          SCRIPT_SERVICE("web", 1, ",\"tags\":[{\"key\":\"headcount:pause\","
                         "\"value\":\"2026-01-01T00:00:10Z\"}]")) },
        { .operation = HOSTS,
          .answer = SCRIPT_HOSTS(SCRIPT_HOST("a") "," SCRIPT_HOST("b")) },
    };
    struct script *s = set(SCRIPT_ROWS(rows));

    s->config.wishes_n = 1;
    CHECK_INT(script_run(), 1);
    check(0, HEADCOUNT_HELD, "paused", 2);
    hc_buf_init(&text, t_alloc(), 100000);
    hc_reconcile_put_snapshot(&s->r, &text);
    script_end();
    s = set(NULL, 0);
    s->config.wishes_n = 1;
    s->wall += 86400 * HC_SECOND;
    s->config.snapshot = hc_buf_view(&text);
    CHECK_INT(script_run(), 1);
    check(0, HEADCOUNT_HELD, "paused", 2);
    script_end();
    hc_buf_fini(&text);
}

/* What cuts a count to one task on a host is in the snapshot. */
TEST(snapshot, it_holds_what_has_room_for_one_task_on_a_host)
{
#define DEFINED(more) ",\"taskDefinition\":\"" SCRIPT_AT                    \
    "task-definition/web:7\"" more
    static const char *const services[] = {
        SCRIPT_SERVICES(SCRIPT_SERVICE("web", 1, DEFINED(""))),
        SCRIPT_SERVICES(SCRIPT_SERVICE("web", 1, DEFINED(
            ",\"placementConstraints\":[{\"type\":\"distinctInstance\"}]"))),
    };
    static const char *const mappings[] = { "{\"hostPort\":80}", "" };
    static const char *const says[] = { "fixed host port", "distinctInstance" };

    for (size_t i = 0; i < 2; i++) {
        char definition[300];
        const struct script_row rows[] = {
            { .operation = SERVICES, .answer = services[i] },
            { .operation = "DescribeTaskDefinition", .answer = definition },
            { .operation = HOSTS,
              .answer = SCRIPT_HOSTS(SCRIPT_HOST("a") "," SCRIPT_HOST("b")) },
        };

        hc_fmt(definition, sizeof(definition), "{\"taskDefinition\":{"
               "\"taskDefinitionArn\":\"" SCRIPT_AT "task-definition/web:7\","
               "\"containerDefinitions\":[{\"portMappings\":[%s]}]}}",
               mappings[i]);
        hc_buf_init(&text, t_alloc(), 100000);
        for (int again = 0; again < 2; again++) {
            struct script *s = set(again ? NULL : rows, again ? 0 : 3);

            script_wish(0)->rule.tasks = 2;
            s->config.wishes_n = 1;
            s->config.ask_definitions = true;
            s->config.ask_targets = false;
            if (again)
                s->config.snapshot = hc_buf_view(&text);
            CHECK_INT(script_run(), 1);
            check(0, HEADCOUNT_PENDING, "clamped", 2);
            CHECK(strstr(script_service(0)->reason, says[i]) != NULL);
            if (!again)
                hc_reconcile_put_snapshot(&s->r, &text);
            script_end();
        }
        hc_buf_fini(&text);
    }
#undef DEFINED
}

TEST(snapshot, nothing_is_written_from_one)
{
    struct script *s;

    take();
    s = set(NULL, 0);
    s->config.dry_run = false;
    s->config.snapshot = hc_buf_view(&text);
    CHECK_INT(script_run(), HEADCOUNT_ECONFIG);
    CHECK(strstr(s->error.what, "not applied") != NULL);
    script_end();
    hc_buf_fini(&text);
}
