/* tests/reconcile/reconcile_test.c - one cluster from wishes to writes, against
 * scripted answers: which calls, in which order, and what came of them.
 * (What is asked word for word: ask_test.  What is believed: learn_test.) */
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

/* ---- rises before drops ---- */

TEST(reconcile, what_falls_is_written_after_all_that_rises)
{
    static const struct script_row rows[] = {
        { .operation = SERVICES, .answer = SCRIPT_SERVICES(
              SCRIPT_SERVICE("a", 3, "") "," SCRIPT_SERVICE("b", 1, "") ","
              SCRIPT_SERVICE("c", 4, "") "," SCRIPT_SERVICE("d", 2, "") ","
              SCRIPT_SERVICE("e", 0, "")) },
        { .operation = HOSTS, .answer = TWO_HOSTS },
        { .operation = UPDATE, .answer = UPDATED, .body = "{\"cluster\":\""
          SCRIPT_CLUSTER "\",\"service\":\"b\",\"desiredCount\":2}",
          .rises = true },
        { .operation = UPDATE, .answer = UPDATED, .body = "{\"cluster\":\""
          SCRIPT_CLUSTER "\",\"service\":\"e\",\"desiredCount\":2}",
          .rises = true },
        { .operation = UPDATE, .answer = UPDATED, .body = "{\"cluster\":\""
          SCRIPT_CLUSTER "\",\"service\":\"a\",\"desiredCount\":2}",
          .yields = true },
        { .operation = UPDATE, .answer = UPDATED, .body = "{\"cluster\":\""
          SCRIPT_CLUSTER "\",\"service\":\"c\",\"desiredCount\":2}",
          .yields = true },
    };

    set(SCRIPT_ROWS(rows), "a b c d e");
    CHECK_INT(script_run(), 1);
    for (size_t i = 0; i < 5; i++)
        check(i, i == 3 ? HEADCOUNT_UNCHANGED : HEADCOUNT_UPDATED, "");
    script_end();
}

/* Each rise waits for its turn: what was read before them gets old. */
TEST(reconcile, no_drop_is_written_on_what_was_read_a_minute_ago)
{
    static const struct script_row rows[] = {
        { .operation = SERVICES, .answer = SCRIPT_SERVICES(
              SCRIPT_SERVICE("a", 3, "") "," SCRIPT_SERVICE("b", 1, "") ","
              SCRIPT_SERVICE("c", 1, "") "," SCRIPT_SERVICE("d", 3, "")) },
        { .operation = HOSTS, .answer = TWO_HOSTS },
        { .operation = UPDATE, .answer = UPDATED, .rises = true,
          .takes = 30 * HC_SECOND },
        { .operation = UPDATE, .answer = UPDATED, .rises = true,
          .takes = 20 * HC_SECOND },
        { .operation = UPDATE, .answer = UPDATED, .yields = true,
          .takes = 10 * HC_SECOND, .aged = 50 * HC_SECOND },
    };

    set(SCRIPT_ROWS(rows), "a b c d");
    run(3, HEADCOUNT_FAILED, "deadline");
    for (size_t i = 0; i < 3; i++)
        check(i, HEADCOUNT_UPDATED, "");
    script_end();
}

/* Each list has an age of its own, and so has the number of the cluster; the
 * services of the second call are younger than both. */
TEST(reconcile, a_drop_is_as_old_as_the_hosts_that_it_follows_from)
{
    static const struct script_row rows[] = {
        { .operation = SERVICES, .takes = 50 * HC_SECOND,
          .answer = SCRIPT_SERVICES(
              SCRIPT_SERVICE("a", 2, "") "," SCRIPT_SERVICE("b", 2, "") ","
              SCRIPT_SERVICE("c", 2, "") "," SCRIPT_SERVICE("d", 2, "") ","
              SCRIPT_SERVICE("e", 2, "") "," SCRIPT_SERVICE("f", 2, "") ","
              SCRIPT_SERVICE("g", 2, "") "," SCRIPT_SERVICE("h", 2, "") ","
              SCRIPT_SERVICE("i", 2, "") "," SCRIPT_SERVICE("j", 2, "")) },
        { .operation = "DescribeClusters", .takes = 5 * HC_SECOND, .answer =
          "{\"clusters\":[{\"clusterArn\":\"" SCRIPT_CLUSTER "\",\"status\":"
          "\"ACTIVE\",\"registeredContainerInstancesCount\":2}],"
          "\"failures\":[]}" },
        { .operation = HOSTS, .answer = TWO_HOSTS, .takes = 7 * HC_SECOND },
        { .operation = SERVICES, .takes = 11 * HC_SECOND,
          .answer = SCRIPT_SERVICES(SCRIPT_SERVICE("k", 3, "") ","
                                    SCRIPT_SERVICE("l", 3, "")) },
        { .operation = UPDATE, .answer = UPDATED, .yields = true,
          .takes = 4 * HC_SECOND, .aged = 18 * HC_SECOND },
        { .operation = UPDATE, .answer = UPDATED, .yields = true,
          .aged = 15 * HC_SECOND },
    };

    set(SCRIPT_ROWS(rows), "a b c d e f g h i j k l");
    wishes[0].by = wishes[10].by = HEADCOUNT_REGISTERED;
    run(10, HEADCOUNT_UPDATED, "");
    check(11, HEADCOUNT_UPDATED, "");
    script_end();
}

/* ---- one, two, three calls ---- */

TEST(reconcile, a_missing_service_costs_one_call)
{
    static const struct script_row rows[] = {
        { .operation = SERVICES, .answer = "{\"services\":[],\"failures\":["
          SCRIPT_MISSING("web") "]}" },
    };

    set(SCRIPT_ROWS(rows), "web");
    run(0, HEADCOUNT_SKIPPED, "missing");
    CHECK_INT(script_service(0)->desired_before, HEADCOUNT_UNKNOWN);
    CHECK_INT(script_service(0)->hosts_counted, HEADCOUNT_UNKNOWN);
    script_end();

    set(SCRIPT_ROWS(rows), "web");
    wishes[0].required = true;
    run(0, HEADCOUNT_FAILED, "missing");
    script_end();
}

TEST(reconcile, nothing_to_change_costs_two_calls)
{
    static const struct script_row rows[] = {
        { .operation = SERVICES, .answer = WEB(2) },
        { .operation = HOSTS, .answer = TWO_HOSTS },
    };

    set(SCRIPT_ROWS(rows), "web");
    run(0, HEADCOUNT_UNCHANGED, "");
    script_end();
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

TEST(reconcile, a_write_costs_three_calls_and_is_told_whole)
{
    struct script *s = set(SCRIPT_ROWS(write_rows), "web");

    run(0, HEADCOUNT_UPDATED, "");

    const struct headcount_service *service = script_service(0);

    CHECK_Z(service->service, "web");
    CHECK_Z(service->reason, "1 task on each of 2 active hosts");
    CHECK_INT(service->desired_before, 1);
    CHECK_INT(service->wanted, 2);
    CHECK_INT(service->running, 1);
    CHECK_INT(service->pending, 0);
    CHECK_Z(service->rule, "per_host");
    CHECK_Z(service->switch_text, NULL);
    CHECK_INT(service->hosts_counted, 2);
    CHECK_Z(service->hosts_by, "active");
    CHECK_Z(service->hosts_filter, "");
    CHECK_Z(s->r.result.arn, SCRIPT_CLUSTER);
    CHECK_Z(s->r.result.name, "prod");
    CHECK_Z(s->r.result.error_code, NULL);
    CHECK_INT(hc_reconcile_step(&s->r, s->now), 1);
    CHECK_Z(s->r.result.arn, SCRIPT_CLUSTER);
    script_end();
}

TEST(reconcile, answers_in_pieces_are_the_same)
{
    static const size_t pieces[] = { 1, 2, 7, 100 };

    for (size_t i = 0; i < 4; i++) {
        struct script *s = set(SCRIPT_ROWS(write_rows), "web");

        s->piece = pieces[i];
        run(0, HEADCOUNT_UPDATED, "");
        script_end();
    }
}

TEST(reconcile, an_attempt_that_begins_again_is_read_again)
{
    struct script_row rows[3];

    memcpy(rows, write_rows, sizeof(rows));
    for (size_t i = 0; i < 3; i++)
        rows[i].restart = true;
    set(SCRIPT_ROWS(rows), "web");
    run(0, HEADCOUNT_UPDATED, "");
    CHECK_INT(script_service(0)->wanted, 2);
    script_end();
}

TEST(reconcile, a_dry_run_and_a_pause_write_nothing)
{
    struct script *s = set(write_rows, 2, "web");

    s->config.dry_run = true;
    run(0, HEADCOUNT_PENDING, "");
    CHECK_INT(script_service(0)->wanted, 2);
    script_end();
    s = set(write_rows, 2, "web");
    s->config.paused = true;
    run(0, HEADCOUNT_HELD, "paused");
    script_end();
}

TEST(reconcile, a_fixed_count_counts_no_hosts)
{
    static const struct script_row rows[] = {
        { .operation = SERVICES, .answer = WEB(1) },
        { .operation = UPDATE, .answer = UPDATED, .body = "{\"cluster\":\""
          SCRIPT_CLUSTER "\",\"service\":\"web\",\"desiredCount\":0}" },
    };

    set(SCRIPT_ROWS(rows), "web");
    wishes[0].rule.kind = HEADCOUNT_FIXED;
    wishes[0].allow = ALLOW_ZERO;
    run(0, HEADCOUNT_UPDATED, "");
    CHECK_Z(script_service(0)->rule, "fixed");
    script_end();
    set(rows, 1, "web");
    wishes[0].rule.kind = HEADCOUNT_FIXED;
    run(0, HEADCOUNT_HELD, "zero");
    script_end();
}

TEST(reconcile, no_wish_is_no_call)
{
    struct script *s = set(NULL, 0, "");

    CHECK_INT(script_run(), 1);
    CHECK_INT(s->r.result.services_n, 0);
    CHECK_Z(s->r.result.arn, "");
    script_end();
}

/* ---- pages ---- */

#define FIRST_PAGE "{\"containerInstanceArns\":[" SCRIPT_HOST("a") ","       \
    SCRIPT_HOST("b") "],\"nextToken\":\"t1\"}"

TEST(reconcile, all_pages_are_counted_each_host_once)
{
    static const struct script_row rows[] = {
        { .operation = SERVICES, .answer = WEB(1) },
        { .operation = HOSTS, .answer = FIRST_PAGE },
        { .operation = HOSTS, .answer = "{\"containerInstanceArns\":[],"
          "\"nextToken\":\"t2\"}", .body = "{\"cluster\":\"" SCRIPT_CLUSTER
          "\"," SCRIPT_FILTER(SCRIPT_EC2) "\"status\":\"ACTIVE\","
          "\"maxResults\":100,\"nextToken\":\"t1\"}",
          .restart = true },
        { .operation = HOSTS, .answer = SCRIPT_HOSTS(SCRIPT_HOST("b") ","
          SCRIPT_HOST("c")) },
        { .operation = UPDATE, .answer = UPDATED, .body = "{\"cluster\":\""
          SCRIPT_CLUSTER "\",\"service\":\"web\",\"desiredCount\":3}" },
    };

    set(SCRIPT_ROWS(rows), "web");
    run(0, HEADCOUNT_UPDATED, "");
    script_end();
}

/* Never a smaller number: not for this wish, nor for another one. */
TEST(reconcile, a_page_that_fails_fails_the_count)
{
    static const struct script_row rows[] = {
        { .operation = SERVICES, .answer = SCRIPT_SERVICES(
          SCRIPT_SERVICE("web", 5, "") "," SCRIPT_SERVICE("log", 5, "")) },
        { .operation = HOSTS, .answer = FIRST_PAGE },
        { .operation = HOSTS, .fail = HEADCOUNT_ESERVICE,
          .code = "ThrottlingException" },
    };

    set(SCRIPT_ROWS(rows), "web log");
    run(0, HEADCOUNT_FAILED, "ThrottlingException");
    check(1, HEADCOUNT_FAILED, "ThrottlingException");
    CHECK_INT(script_service(0)->wanted, HEADCOUNT_UNKNOWN);
    CHECK_INT(script_service(0)->hosts_counted, HEADCOUNT_UNKNOWN);
    CHECK_INT(script_service(0)->desired_before, 5);
    script_end();
}

/* ---- one failing target never stops the rest ---- */

TEST(reconcile, the_first_call_speaks_for_the_cluster)
{
    static const struct script_row rows[] = {
        { .operation = SERVICES, .fail = HEADCOUNT_ESERVICE,
          .code = "ClusterNotFoundException" },
    };
    struct script *s = set(SCRIPT_ROWS(rows), "web log");

    run(0, HEADCOUNT_FAILED, "ClusterNotFoundException");
    check(1, HEADCOUNT_FAILED, "ClusterNotFoundException");
    CHECK_Z(s->r.result.error_code, "ClusterNotFoundException");
    CHECK_Z(s->r.result.error, "scripted: ClusterNotFoundException");
    CHECK_Z(s->r.result.arn, "");
    script_end();
}

#define BATCH_OF_TEN SCRIPT_SERVICES(SCRIPT_SERVICE("s0", 2, "") ","        \
    SCRIPT_SERVICE("s1", 2, "") "," SCRIPT_SERVICE("s2", 2, "") ","         \
    SCRIPT_SERVICE("s3", 2, "") "," SCRIPT_SERVICE("s4", 2, "") ","         \
    SCRIPT_SERVICE("s5", 2, "") "," SCRIPT_SERVICE("s6", 2, "") ","         \
    SCRIPT_SERVICE("s7", 2, "") "," SCRIPT_SERVICE("s8", 2, "") ","         \
    SCRIPT_SERVICE("s9", 2, ""))

TEST(reconcile, services_are_read_ten_at_a_time)
{
    static const struct script_row rows[] = {
        { .operation = SERVICES, .answer = BATCH_OF_TEN },
        { .operation = HOSTS, .answer = TWO_HOSTS },
        { .operation = SERVICES, .fail = HEADCOUNT_ETIMEDOUT, .body =
          "{\"cluster\":\"" SCRIPT_CLUSTER "\",\"services\":[\"s10\","
          "\"s11\"],\"include\":[\"TAGS\"]}" },
    };
    struct script *s = set(SCRIPT_ROWS(rows),
                           "s0 s1 s2 s3 s4 s5 s6 s7 s8 s9 s10 s11");

    run(0, HEADCOUNT_UNCHANGED, "");
    check(9, HEADCOUNT_UNCHANGED, "");
    check(10, HEADCOUNT_FAILED, "ETIMEDOUT");
    check(11, HEADCOUNT_FAILED, "ETIMEDOUT");
    CHECK_Z(s->r.result.error_code, NULL);
    script_end();
}

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

TEST(reconcile, a_write_that_is_refused_stops_no_other)
{
    set(SCRIPT_ROWS(three_rows), "a b c");
    run(0, HEADCOUNT_UPDATED, "");
    check(1, HEADCOUNT_FAILED, "AccessDeniedException");
    CHECK_INT(script_service(1)->wanted, 2);
    check(2, HEADCOUNT_UPDATED, "");
    script_end();
}

/* ---- a write without an answer ---- */

TEST(reconcile, a_write_that_may_have_arrived_is_unknown)
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

/* ---- the brake on the run ---- */

static struct hc_brake_window window;
static struct hc_brake brake;

static void set_brake(struct script *s, int64_t changes, int64_t falls)
{
    window = (struct hc_brake_window){ .last = 0 };
    brake = (struct hc_brake){ .window = &window };
    hc_brake_limit(&brake, changes, falls, false);
    s->config.brake = &brake;
}

/* Two hosts: a and c fall, b, d and e rise. */
#define FIVE SCRIPT_SERVICES(                                               \
    SCRIPT_SERVICE("a", 4, "") "," SCRIPT_SERVICE("b", 1, "") ","           \
    SCRIPT_SERVICE("c", 3, "") "," SCRIPT_SERVICE("d", 1, "") ","           \
    SCRIPT_SERVICE("e", 1, ""))

TEST(reconcile, beyond_the_limit_of_the_run_writes_are_held)
{
    static const struct script_row rows[] = {
        { .operation = SERVICES, .answer = FIVE },
        { .operation = HOSTS, .answer = TWO_HOSTS },
        { .operation = UPDATE, .answer = UPDATED, .rises = true },
        { .operation = UPDATE, .answer = UPDATED, .rises = true },
        { .operation = UPDATE, .answer = UPDATED, .rises = true },
        { .operation = UPDATE, .answer = UPDATED, .yields = true },
    };

    set_brake(set(SCRIPT_ROWS(rows), "a b c d e"), 4, 0);
    run(0, HEADCOUNT_UPDATED, "");
    check(2, HEADCOUNT_HELD, "too_many_changes");
    CHECK_Z(script_service(2)->reason, "1 task on each of 2 active hosts; "
            "held: 4 services were written in this run, which is "
            "request.max_changes");
    CHECK_Z(script_service(2)->switch_text, "request.allow too_many_changes");
    CHECK_INT(script_service(2)->wanted, 2);
    script_end();
}

/* A dry run holds what the run would hold, and falls come last in it too. */
TEST(reconcile, a_dry_run_holds_what_the_run_would_hold)
{
    static const struct script_row rows[] = {
        { .operation = SERVICES, .answer = FIVE },
        { .operation = HOSTS, .answer = TWO_HOSTS },
    };
    struct script *s = set(SCRIPT_ROWS(rows), "a b c d e");

    set_brake(s, 4, 0);
    s->config.dry_run = true;
    run(0, HEADCOUNT_PENDING, "");
    check(1, HEADCOUNT_PENDING, "");
    check(2, HEADCOUNT_HELD, "too_many_changes");
    check(4, HEADCOUNT_PENDING, "");
    script_end();

    s = set(SCRIPT_ROWS(rows), "a b c d e");
    set_brake(s, 0, 1);
    s->config.dry_run = true;
    run(0, HEADCOUNT_HELD, "too_many_changes");      /* 2 of 1             */
    check(2, HEADCOUNT_HELD, "too_many_changes");    /* so is the 1 behind */
    check(3, HEADCOUNT_PENDING, "");
    script_end();
    CHECK_INT(window.open_changes, 0);
}

TEST(reconcile, who_lifts_the_limit_of_a_run_writes_all)
{
    static const struct script_row rows[] = {
        { .operation = SERVICES, .answer = SCRIPT_SERVICES(
              SCRIPT_SERVICE("a", 1, "") "," SCRIPT_SERVICE("b", 1, "")) },
        { .operation = HOSTS, .answer = TWO_HOSTS },
        { .operation = UPDATE, .answer = UPDATED },
        { .operation = UPDATE, .answer = UPDATED },
    };

    set_brake(set(SCRIPT_ROWS(rows), "a b"), 1, 0);
    wishes[0].allow = wishes[1].allow = ALLOW_TOO_MANY;
    run(0, HEADCOUNT_UPDATED, "");
    check(1, HEADCOUNT_UPDATED, "");
    script_end();
}

TEST(reconcile, only_a_write_that_surely_failed_gives_its_place_back)
{
    static const struct { struct script_row row; bool given_back;
    } ends[] = {
        { { .fail = HEADCOUNT_ESERVICE,
            .code = "AccessDeniedException",
            .sent = true },
          true },
        { { .fail = HEADCOUNT_ECONNECT }, true },
        { { .fail = HEADCOUNT_EREGION, .refuse = true }, true },
        { { .fail = HEADCOUNT_EDEADLINE }, true },
        { { .fail = HEADCOUNT_ESERVICE,
            .code = "ServerException",
            .status = 500,
            .sent = true },
          false },
        { { .fail = HEADCOUNT_ESERVICE, .status = 403, .sent = true }, false },
        { { .fail = HEADCOUNT_ECLOSED, .sent = true }, false },
        { { .fail = HEADCOUNT_ESERVICE,
            .code = "ThrottlingException",
            .sent = true,
            .outcome_unknown = true },
          false },
        { { .answer = "{" }, false },
    };

    for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
        struct script_row rows[] = {
            { .operation = SERVICES, .answer = SCRIPT_SERVICES(
                  SCRIPT_SERVICE("a", 1, "") "," SCRIPT_SERVICE("b", 1, "")) },
            { .operation = HOSTS, .answer = TWO_HOSTS },
            ends[i].row, { .operation = UPDATE, .answer = UPDATED },
        };

        rows[2].operation = UPDATE;
        set_brake(set(rows, ends[i].given_back ? 4 : 3, "a b"), 1, 0);
        CHECK_INT(script_run(), 1);
        CHECK_Z(hc_result_name(script_service(0)->outcome), "failed");
        check(1, ends[i].given_back ? HEADCOUNT_UPDATED : HEADCOUNT_HELD,
              ends[i].given_back ? "" : "too_many_changes");
        script_end();
        CHECK_INT(window.open_changes, 0);
        CHECK_INT(brake.changes, 1);
    }
}

/* As if it were ended between a write and its answer. */
TEST(reconcile, a_write_that_was_left_counts_for_ten_minutes)
{
    static const struct script_row rows[] = {
        { .operation = SERVICES, .answer = WEB(2) },
        { .operation = HOSTS, .answer = TWO_HOSTS },
    };
    struct script *s = set(SCRIPT_ROWS(rows), "web");
    char why[HC_BRAKE_WHY];

    set_brake(s, 1, 0);
    run(0, HEADCOUNT_UNCHANGED, "");
    s->r.write = (struct hc_brake_write){ .fall = 0 };
    s->r.placed = hc_brake_take(&brake, &s->r.write, s->now, why);
    script_end();
    CHECK_INT(window.open_changes, 0);
    CHECK_INT(window.slices[window.last].changes, 1);
}

/* The clusters before this one take their places first, and are not waited for
 * without an end. */
TEST(reconcile, a_cluster_waits_for_its_turn_in_the_limits)
{
    static const struct script_row rows[] = {
        { .operation = SERVICES, .answer = WEB(1) },
        { .operation = HOSTS, .answer = TWO_HOSTS },
        { .operation = UPDATE, .answer = UPDATED },
    };
    struct script *s = set(SCRIPT_ROWS(rows), "web");
    int64_t began = s->now;

    set_brake(s, 1, 0);
    s->config.brake_at = 1;
    run(0, HEADCOUNT_UPDATED, "");
    CHECK_INT(s->now - began, HC_RECONCILE_TURN);
    script_end();

    s = set(SCRIPT_ROWS(rows), "web");
    set_brake(s, 1, 0);
    s->config.brake_at = brake.turn = 1;
    run(0, HEADCOUNT_UPDATED, "");
    CHECK_INT(s->now, began);
    script_end();

    s = set(SCRIPT_ROWS(rows), "web");
    set_brake(s, 0, 0);                      /* no limit, no wait */
    s->config.brake_at = 1;
    run(0, HEADCOUNT_UPDATED, "");
    CHECK_INT(s->now, began);
    script_end();
}

TEST(reconcile, a_turn_is_not_awaited_beyond_the_deadline)
{
    static const struct script_row rows[] = {
        { .operation = SERVICES, .answer = WEB(1) },
        { .operation = HOSTS, .answer = TWO_HOSTS },
    };
    struct script *s = set(SCRIPT_ROWS(rows), "web");

    set_brake(s, 1, 0);
    s->config.brake_at = 1;
    s->config.call.deadline = s->now + HC_SECOND;
    run(0, HEADCOUNT_FAILED, "deadline");
    CHECK_INT(s->now, s->config.call.deadline);
    script_end();
    CHECK_INT(brake.changes, 0);
}

/* ---- deadline and cancel ---- */

TEST(reconcile, a_deadline_that_is_past_starts_nothing)
{
    struct script *s = set(NULL, 0, "web log");

    s->config.call.deadline = s->now;
    run(0, HEADCOUNT_FAILED, "deadline");
    check(1, HEADCOUNT_FAILED, "deadline");
    CHECK_Z(s->r.result.error_code, "deadline");
    script_end();
}

TEST(reconcile, no_write_begins_after_the_deadline)
{
    struct script_row rows[2];

    memcpy(rows, write_rows, sizeof(rows));
    rows[1].takes = 50;

    struct script *s = set(SCRIPT_ROWS(rows), "web");

    s->config.call.deadline = s->now + 50;
    run(0, HEADCOUNT_FAILED, "deadline");
    CHECK_INT(script_service(0)->wanted, 2);
    CHECK_Z(s->r.result.error_code, NULL);
    script_end();
    s = set(SCRIPT_ROWS(write_rows), "web");
    s->config.call.deadline = HC_NEVER;
    run(0, HEADCOUNT_UPDATED, "");
    script_end();
}

TEST(reconcile, what_needs_no_call_is_settled_after_the_deadline)
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

TEST(reconcile, a_list_that_is_cut_by_the_deadline_is_no_count)
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

TEST(reconcile, a_cancel_awaits_what_is_under_way)
{
    struct script *s = set(three_rows, 3, "a b c");

    s->cancel_at = 3;
    run(0, HEADCOUNT_UPDATED, "");
    CHECK_INT(s->awaited, s->now + HC_CALL_GRACE);
    check(1, HEADCOUNT_FAILED, "cancelled");
    check(2, HEADCOUNT_FAILED, "cancelled");
    script_end();
}

TEST(reconcile, a_cancel_does_not_await_a_read)
{
    struct script *s = set(three_rows, 2, "a b c");

    s->cancel_at = 2;
    run(0, HEADCOUNT_FAILED, "cancelled");
    CHECK_INT(s->awaited, s->now);
    script_end();
}

/* ---- wishes that name another place ---- */

#define ARN(account, cluster) "arn:aws:ecs:eu-west-1:" account              \
    ":service/" cluster "web"

TEST(reconcile, a_service_of_another_place_is_missing_without_a_call)
{
    static const char *const others[] = {
        ARN("111122223333", "stage/"),
        "arn:aws:ecs:eu-west-2:111122223333:service/prod/web",
        "arn:aws:ecs:eu-west-2:111122223333:service/web",
    };

    for (size_t i = 0; i < 6; i++) {
        struct script *s = set(NULL, 0, others[i / 2]);

        wishes[0].required = i % 2;
        run(0, i % 2 ? HEADCOUNT_FAILED : HEADCOUNT_SKIPPED, "missing");
        CHECK_Z(script_service(0)->service, others[i / 2]);
        script_end();
        s = set(NULL, 0, ARN("999988887777", "prod/"));
        s->config.cluster = HC_STR(SCRIPT_CLUSTER);
        run(0, HEADCOUNT_SKIPPED, "missing");
        script_end();
    }
}

TEST(reconcile, the_same_name_in_two_clusters_is_no_contradiction)
{
    set(SCRIPT_ROWS(write_rows), ARN("111122223333", "stage/") " web");
    run(0, HEADCOUNT_SKIPPED, "missing");
    check(1, HEADCOUNT_UPDATED, "");
    script_end();
}

/* A cluster's bare name says no account: the answer does, and then a service
 * of the same name in a cluster of the same name is still another one. */
TEST(reconcile, a_service_of_another_account_is_never_written)
{
    struct hc_config config = { .region = HC_STR("eu-west-1") };
    struct hc_client client = { .config = &config };
    struct script *s = set(write_rows, 1, ARN("999988887777", "prod/"));

    s->config.call.region = HC_STR("");
    s->config.call.client = &client;
    run(0, HEADCOUNT_SKIPPED, "missing");
    script_end();
    s = set(SCRIPT_ROWS(write_rows), ARN("111122223333", ""));
    run(0, HEADCOUNT_UPDATED, "");
    CHECK_Z(script_service(0)->service, ARN("111122223333", ""));
    script_end();
}

/* ---- the event's own host ---- */

#define OTHER "arn:aws:ecs:eu-west-1:111122223333:container-instance/other/b"

struct event_row {
    const char *host, *status;
    int64_t age;
    bool again;
};

/* Hosts a and b are listed. */
static const struct event_row event_rows[] = {
    { SCRIPT_AT "container-instance/prod/b", "ACTIVE", 1, false },
    { SCRIPT_AT "container-instance/prod/b", "DRAINING", 1, true },
    { SCRIPT_AT "container-instance/prod/c", "ACTIVE", 1, true },
    { SCRIPT_AT "container-instance/prod/c", "ACTIVE", -59, true },
    { SCRIPT_AT "container-instance/prod/c", "ACTIVE", 86400, true },
    { SCRIPT_AT "container-instance/prod/c", "ACTIVE", -3600, true },
    { SCRIPT_AT "container-instance/b", "ACTIVE", 1, false },
    { SCRIPT_AT "container-instance/b", "DRAINING", 1, true },
    { SCRIPT_AT "container-instance/prod/c", "DRAINING", 1, false },
    { SCRIPT_AT "container-instance/prod/b", "", 1, false },
    { OTHER, "DRAINING", 1, false },
    { OTHER, "ACTIVE", 1, false },
    { "", "ACTIVE", 1, false },
};

static void set_event(struct script *s, struct hc_event *event,
                      const struct event_row *row)
{
    *event = (struct hc_event){
        .instance_arn = hc_str(row->host),
        .instance_status = hc_str(row->status),
        .time = s->wall - row->age * HC_SECOND
    };
    s->config.event = event;
}

TEST(reconcile, a_list_that_contradicts_its_event_is_read_once_more)
{
    struct script_row rows[4];

    memcpy(rows, write_rows, sizeof(write_rows));
    rows[3] = rows[2];
    rows[2] = rows[1];
    for (size_t i = 0; i < sizeof(event_rows) / sizeof(*event_rows); i++) {
        bool again = event_rows[i].again;
        struct hc_event event;
        struct script *s = set(again ? rows : write_rows, again ? 4 : 3,
                               "web");
        int64_t before = s->now;

        set_event(s, &event, &event_rows[i]);
        run(0, HEADCOUNT_UPDATED, "");
        CHECK_INT(s->now - before, again ? HC_RECONCILE_AGAIN : 0);
        script_end();
    }
}

/* A host of ECS Anywhere is in no list of EC2's: that is no contradiction. */
TEST(reconcile, an_event_of_ecs_anywhere_contradicts_no_list_of_ec2)
{
    struct hc_event event;
    struct script *s = set(SCRIPT_ROWS(write_rows), "web");
    int64_t before = s->now;

    set_event(s, &event, &event_rows[2]);
    event.instance_machine = HC_STR("mi-0123456789abcdef0");
    run(0, HEADCOUNT_UPDATED, "");
    CHECK_INT(s->now - before, 0);
    script_end();
}

TEST(reconcile, the_second_list_counts_alone)
{
    static const struct script_row rows[] = {
        { .operation = SERVICES, .answer = WEB(1) },
        { .operation = HOSTS, .answer = TWO_HOSTS },
        { .operation = HOSTS, .answer = SCRIPT_HOSTS(SCRIPT_HOST("c")) },
    };
    struct hc_event event;
    struct script *s = set(SCRIPT_ROWS(rows), "web");

    set_event(s, &event, &event_rows[2]);
    run(0, HEADCOUNT_UNCHANGED, "");
    CHECK_INT(script_service(0)->hosts_counted, 1);
    script_end();
}

TEST(reconcile, a_cluster_of_somebody_else_is_skipped_without_a_call)
{
    struct script *s = set(NULL, 0, "web log");

    s->config.foreign = "foreign_region";
    s->config.foreign_why = "it is in eu-west-3, and this is eu-west-1";
    run(0, HEADCOUNT_SKIPPED, "foreign_region");
    CHECK_Z(script_service(0)->reason, s->config.foreign_why);
    check(1, HEADCOUNT_SKIPPED, "foreign_region");
    CHECK_Z(s->r.result.error_code, NULL);
    script_end();
}

TEST(reconcile, the_deadline_ends_the_second)
{
    struct hc_event event;
    struct script *s = set(write_rows, 2, "web");

    set_event(s, &event, &event_rows[2]);
    s->config.call.deadline = s->now + 5000;
    run(0, HEADCOUNT_FAILED, "deadline");
    CHECK_INT(s->now, s->config.call.deadline);
    CHECK_INT(script_service(0)->hosts_counted, HEADCOUNT_UNKNOWN);
    script_end();
}

/* ---- what is refused before anything begins ---- */

static void refused(struct script *s, int code, const char *says)
{
    CHECK_INT(script_run(), code);
    CHECK_INT(s->error.code, code);
    CHECK(strstr(s->error.what, says) != NULL);
    script_end();
}

TEST(reconcile, what_cannot_be_meant_is_refused)
{
    struct script *s = set(NULL, 0, "web");

    s->config.cluster = HC_STR("a/b");
    refused(s, HEADCOUNT_ESYNTAX, "does not name a cluster");
}

/* ---- memory ---- */

static int writes(void)
{
    set(SCRIPT_ROWS(write_rows), "web");

    int got = script_run();

    if (got == 1)
        check(0, HEADCOUNT_UPDATED, "");
    script_end();
    return got == 1 ? 0 : got;
}

TEST(reconcile, memory_may_end_anywhere)
{
    t_fails_every_allocation(writes);
}

TEST(reconcile, what_never_began_can_be_ended)
{
    struct hc_reconcile r;

    memset(&r, 0, sizeof(r));
    hc_reconcile_fini(&r);

    struct script *s = set(write_rows, 1, "web");

    CHECK_INT(hc_reconcile_start(&s->r, &s->net, &s->job, &s->config, NULL),
              0);
    CHECK_INT(hc_reconcile_step(&s->r, s->now), 0);
    hc_reconcile_fini(&s->r);
    hc_reconcile_fini(&s->r);
    CHECK(!s->open);
}
