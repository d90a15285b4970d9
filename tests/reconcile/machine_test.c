/* tests/reconcile/machine_test.c - exchanges that fail or may not begin. */
#include "t.h"

#include <string.h>

#include "peers/ecs_script.h"

#define WEB(desired) SCRIPT_SERVICES(SCRIPT_SERVICE("web", desired, ""))

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
    { .operation = UPDATE, .answer = SCRIPT_TAKEN },
    { .operation = UPDATE, .fail = HEADCOUNT_ESERVICE,
      .code = "AccessDeniedException" },
    { .operation = UPDATE, .answer = SCRIPT_TAKEN },
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
        /* a proxy's: it may have come back from ECS or not have gone there */
        { { .fail = HEADCOUNT_ESERVICE, .status = 500, .sent = true },
          "unknown" },
        { { .fail = HEADCOUNT_ESERVICE, .status = 302, .sent = true },
          "unknown" },
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
        script_wishes(SCRIPT_ROWS(rows), "web");
        script_gives(0, HEADCOUNT_FAILED, ends[i].code);
        CHECK((strstr(script_service(0)->reason, "the next run reads") !=
               NULL) ==
              (strcmp(ends[i].code, "unknown") == 0));
        script_end();
    }
}

TEST(machine, a_deadline_that_is_past_starts_nothing)
{
    struct script *s = script_wishes(NULL, 0, "web log");

    s->config.call.deadline = s->now;
    script_gives(0, HEADCOUNT_FAILED, "deadline");
    script_gave(1, HEADCOUNT_FAILED, "deadline");
    CHECK_Z(s->r.run.result.error_code, "deadline");
    script_end();
}

TEST(machine, no_write_begins_after_the_deadline)
{
    struct script_row rows[2];

    memcpy(rows, write_rows, sizeof(rows));
    rows[1].takes = 50;

    struct script *s = script_wishes(SCRIPT_ROWS(rows), "web");

    s->config.call.deadline = s->now + 50;
    script_gives(0, HEADCOUNT_FAILED, "deadline");
    CHECK_INT(script_service(0)->wanted, 2);
    CHECK_Z(s->r.run.result.error_code, NULL);
    script_end();
    s = script_wishes(SCRIPT_ROWS(write_rows), "web");
    s->config.call.deadline = HC_NEVER;
    script_gives(0, HEADCOUNT_UPDATED, "");
    script_end();
}

TEST(machine, what_needs_no_call_is_settled_after_the_deadline)
{
    static const struct script_row rows[] = {
        { .operation = SERVICES, .answer = SCRIPT_SERVICES(
          SCRIPT_SERVICE("web", 1, "") "," SCRIPT_SERVICE("day", 1,
          ",\"schedulingStrategy\":\"DAEMON\"")), .takes = 50 },
    };
    struct script *s = script_wishes(SCRIPT_ROWS(rows), "web day");

    s->config.call.deadline = s->now + 50;
    script_gives(0, HEADCOUNT_FAILED, "deadline");
    script_gave(1, HEADCOUNT_SKIPPED, "daemon");
    script_end();
}

TEST(machine, a_list_that_is_cut_by_the_deadline_is_no_count)
{
    static const struct script_row rows[] = {
        { .operation = SERVICES, .answer = SCRIPT_SERVICES(
          SCRIPT_SERVICE("web", 5, "") "," SCRIPT_SERVICE("log", 5, "")) },
        { .operation = HOSTS, .answer = FIRST_PAGE, .takes = 50 },
    };
    struct script *s = script_wishes(SCRIPT_ROWS(rows), "web log");

    s->config.call.deadline = s->now + 50;
    script_gives(0, HEADCOUNT_FAILED, "deadline");
    script_gave(1, HEADCOUNT_FAILED, "deadline");
    CHECK_INT(script_service(0)->hosts_counted, HEADCOUNT_UNKNOWN);
    script_end();
}

TEST(machine, a_cancel_awaits_what_is_under_way)
{
    struct script *s = script_wishes(three_rows, 3, "a b c");

    s->cancel_at = 3;
    script_gives(0, HEADCOUNT_UPDATED, "");
    CHECK_INT(s->awaited, s->now + HC_CALL_GRACE);
    script_gave(1, HEADCOUNT_FAILED, "cancelled");
    script_gave(2, HEADCOUNT_FAILED, "cancelled");
    script_end();
}

TEST(machine, a_cancel_does_not_await_a_read)
{
    struct script *s = script_wishes(three_rows, 2, "a b c");

    s->cancel_at = 2;
    script_gives(0, HEADCOUNT_FAILED, "cancelled");
    CHECK_INT(s->awaited, s->now);
    script_end();
}

TEST(machine, the_first_call_speaks_for_the_cluster)
{
    static const struct script_row rows[] = {
        { .operation = SERVICES, .fail = HEADCOUNT_ESERVICE,
          .code = "ClusterNotFoundException" },
    };
    struct script *s = script_wishes(SCRIPT_ROWS(rows), "web log");

    script_gives(0, HEADCOUNT_FAILED, "ClusterNotFoundException");
    script_gave(1, HEADCOUNT_FAILED, "ClusterNotFoundException");
    CHECK_Z(s->r.run.result.error_code, "ClusterNotFoundException");
    CHECK_Z(s->r.run.result.error, "scripted: ClusterNotFoundException");
    CHECK_Z(s->r.run.result.arn, "");
    script_end();
}

TEST(machine, a_write_that_is_refused_stops_no_other)
{
    script_wishes(SCRIPT_ROWS(three_rows), "a b c");
    script_gives(0, HEADCOUNT_UPDATED, "");
    script_gave(1, HEADCOUNT_FAILED, "AccessDeniedException");
    CHECK_INT(script_service(1)->wanted, 2);
    script_gave(2, HEADCOUNT_UPDATED, "");
    script_end();
}
