/* tests/reconcile/machine_test.c - exchanges that fail or may not begin. */
#include "t.h"

#include <string.h>

#include "peers/ecs_script.h"

#define SERVICES "DescribeServices"
#define HOSTS "ListContainerInstances"
#define UPDATE "UpdateService"
#define TWO_HOSTS SCRIPT_HOSTS(SCRIPT_HOST("a") "," SCRIPT_HOST("b"))
#define WEB(desired) SCRIPT_SERVICES(SCRIPT_SERVICE("web", desired, ""))
#define UPDATED SCRIPT_TAKEN

static struct hc_wish wishes[16];

/* A script with wishes for these services, one task a host. */
static struct script *set(const struct script_row *rows, size_t n,
                          const char *services)
{
    struct script *s = script_set(rows, n);
    struct hc_str list = hc_str(services);

    memset(wishes, 0, sizeof(wishes));
    while (list.n > 0)
        wishes[s->config.wishes_n++].service = hc_str_cut(&list, ' ');
    s->config.wishes = wishes;
    return s;
}

static void check(size_t at, enum headcount_result outcome, const char *code)
{
    const struct headcount_service *service = script_service(at);

    CHECK_Z(hc_result_name(service->outcome), hc_result_name(outcome));
    CHECK_Z(service->code, code);
    CHECK(service->reason != NULL);
}

static void run(size_t at, enum headcount_result outcome, const char *code)
{
    CHECK_INT(script_run(), 1);
    check(at, outcome, code);
}

static const struct script_row write_rows[] = {
    { .operation = SERVICES, .answer = WEB(1), .body =
      "{\"cluster\":\"prod\",\"services\":[\"web\"],\"include\":[\"TAGS\"]}" },
    { .operation = HOSTS, .answer = TWO_HOSTS,
      .body = SCRIPT_LIST("ACTIVE", SCRIPT_FILTER(SCRIPT_EC2)) },
    { .operation = UPDATE, .body = "{\"cluster\":\"" SCRIPT_CLUSTER "\","
      "\"service\":\"web\",\"desiredCount\":2}",
      .answer = "{\"service\":" SCRIPT_SERVICE("web", 2, "") "}" },
};

#define FIRST_PAGE "{\"containerInstanceArns\":[" SCRIPT_HOST("a") ","       \
    SCRIPT_HOST("b") "],\"nextToken\":\"t1\"}"

static const struct script_row three_rows[] = {
    { .operation = SERVICES, .answer = SCRIPT_SERVICES(
      SCRIPT_SERVICE("a", 1, "") "," SCRIPT_SERVICE("b", 1, "") ","
      SCRIPT_SERVICE("c", 1, "")) },
    { .operation = HOSTS, .answer = TWO_HOSTS },
    { .operation = UPDATE, .answer = UPDATED },
    { .operation = UPDATE, .fail = HEADCOUNT_ESERVICE,
      .code = "AccessDeniedException" },
    { .operation = UPDATE, .answer = UPDATED },
};

TEST(machine, a_write_that_may_have_arrived_is_unknown)
{
    static const struct { struct script_row row; const char *code;
    } ends[] = {
        { { .fail = HEADCOUNT_ECLOSED, .sent = true }, "unknown" },
        { { .fail = HEADCOUNT_ETIMEDOUT, .attempts = 2 }, "ETIMEDOUT" },
        { { .fail = HEADCOUNT_ETIMEDOUT, .outcome_unknown = true }, "unknown" },
        { { .fail = HEADCOUNT_ECANCELLED, .sent = true }, "unknown" },
        /* refused the second time: the first may have been done */
        { { .fail = HEADCOUNT_ESERVICE,
            .code = "ThrottlingException",
            .sent = true,
            .outcome_unknown = true },
          "unknown" },
        { { .fail = HEADCOUNT_EDEADLINE, .sent = true }, "unknown" },
        { { .fail = HEADCOUNT_ECONNECT }, "ECONNECT" },
        { { .fail = HEADCOUNT_EDEADLINE }, "deadline" },
        { { .fail = HEADCOUNT_ECANCELLED }, "cancelled" },
        { { .fail = HEADCOUNT_EREGION, .refuse = true }, "EREGION" },
        { { .fail = HEADCOUNT_ESERVICE,
            .code = "ServerException",
            .sent = true },
          "ServerException" },
        /* a 2xx that cannot be believed */
        { { .answer = "<html>", .sent = true }, "unknown" },
        { { .answer = "{\"service\":{\"serviceName\":\"log\"}}" }, "unknown" },
        { { .answer = "{\"service\":{\"desiredCount\":7}}" }, "unknown" },
        { { .answer = "{" }, "unknown" },
    };

    for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
        struct script_row rows[3];

        memcpy(rows, write_rows, sizeof(rows));
        rows[2] = ends[i].row;
        rows[2].operation = UPDATE;
        set(SCRIPT_ROWS(rows), "web");
        run(0, HEADCOUNT_FAILED, ends[i].code);
        CHECK((strstr(script_service(0)->reason, "the next run reads") !=
               NULL) ==
              (strcmp(ends[i].code, "unknown") == 0));
        script_end();
    }
}

TEST(machine, a_deadline_that_is_past_starts_nothing)
{
    struct script *s = set(NULL, 0, "web log");

    s->config.call.deadline = s->now;
    run(0, HEADCOUNT_FAILED, "deadline");
    check(1, HEADCOUNT_FAILED, "deadline");
    CHECK_Z(s->r.run.result.error_code, "deadline");
    script_end();
}

TEST(machine, no_write_begins_after_the_deadline)
{
    struct script_row rows[2];

    memcpy(rows, write_rows, sizeof(rows));
    rows[1].takes = 50;

    struct script *s = set(SCRIPT_ROWS(rows), "web");

    s->config.call.deadline = s->now + 50;
    run(0, HEADCOUNT_FAILED, "deadline");
    CHECK_INT(script_service(0)->wanted, 2);
    CHECK_Z(s->r.run.result.error_code, NULL);
    script_end();
    s = set(SCRIPT_ROWS(write_rows), "web");
    s->config.call.deadline = HC_NEVER;
    run(0, HEADCOUNT_UPDATED, "");
    script_end();
}

TEST(machine, what_needs_no_call_is_settled_after_the_deadline)
{
    static const struct script_row rows[] = {
        { .operation = SERVICES, .answer = SCRIPT_SERVICES(
          SCRIPT_SERVICE("web", 1, "") "," SCRIPT_SERVICE("day", 1,
          ",\"schedulingStrategy\":\"DAEMON\"")), .takes = 50 },
    };
    struct script *s = set(SCRIPT_ROWS(rows), "web day");

    s->config.call.deadline = s->now + 50;
    run(0, HEADCOUNT_FAILED, "deadline");
    check(1, HEADCOUNT_SKIPPED, "daemon");
    script_end();
}

TEST(machine, a_list_that_is_cut_by_the_deadline_is_no_count)
{
    static const struct script_row rows[] = {
        { .operation = SERVICES, .answer = SCRIPT_SERVICES(
          SCRIPT_SERVICE("web", 5, "") "," SCRIPT_SERVICE("log", 5, "")) },
        { .operation = HOSTS, .answer = FIRST_PAGE, .takes = 50 },
    };
    struct script *s = set(SCRIPT_ROWS(rows), "web log");

    s->config.call.deadline = s->now + 50;
    run(0, HEADCOUNT_FAILED, "deadline");
    check(1, HEADCOUNT_FAILED, "deadline");
    CHECK_INT(script_service(0)->hosts_counted, HEADCOUNT_UNKNOWN);
    script_end();
}

TEST(machine, a_cancel_awaits_what_is_under_way)
{
    struct script *s = set(three_rows, 3, "a b c");

    s->cancel_at = 3;
    run(0, HEADCOUNT_UPDATED, "");
    CHECK_INT(s->awaited, s->now + HC_CALL_GRACE);
    check(1, HEADCOUNT_FAILED, "cancelled");
    check(2, HEADCOUNT_FAILED, "cancelled");
    script_end();
}

TEST(machine, a_cancel_does_not_await_a_read)
{
    struct script *s = set(three_rows, 2, "a b c");

    s->cancel_at = 2;
    run(0, HEADCOUNT_FAILED, "cancelled");
    CHECK_INT(s->awaited, s->now);
    script_end();
}

TEST(machine, the_first_call_speaks_for_the_cluster)
{
    static const struct script_row rows[] = {
        { .operation = SERVICES, .fail = HEADCOUNT_ESERVICE,
          .code = "ClusterNotFoundException" },
    };
    struct script *s = set(SCRIPT_ROWS(rows), "web log");

    run(0, HEADCOUNT_FAILED, "ClusterNotFoundException");
    check(1, HEADCOUNT_FAILED, "ClusterNotFoundException");
    CHECK_Z(s->r.run.result.error_code, "ClusterNotFoundException");
    CHECK_Z(s->r.run.result.error, "scripted: ClusterNotFoundException");
    CHECK_Z(s->r.run.result.arn, "");
    script_end();
}

TEST(machine, a_write_that_is_refused_stops_no_other)
{
    set(SCRIPT_ROWS(three_rows), "a b c");
    run(0, HEADCOUNT_UPDATED, "");
    check(1, HEADCOUNT_FAILED, "AccessDeniedException");
    CHECK_INT(script_service(1)->wanted, 2);
    check(2, HEADCOUNT_UPDATED, "");
    script_end();
}
