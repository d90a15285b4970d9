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
#define UPDATED "{\"service\":{}}"

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

static void check(size_t at, enum hc_outcome outcome, const char *code)
{
    const struct hc_report_service *service = script_service(at);

    CHECK_Z(hc_outcome_name(service->outcome), hc_outcome_name(outcome));
    CHECK_Z(service->code, code);
    CHECK(service->reason != NULL);
}

static void run(size_t at, enum hc_outcome outcome, const char *code)
{
    CHECK_INT(script_run(), 1);
    check(at, outcome, code);
}

/* ---- one, two, three calls ---- */

TEST(reconcile, a_missing_service_costs_one_call)
{
    static const struct script_row rows[] = {
        { .operation = SERVICES, .answer = "{\"services\":[],\"failures\":["
          SCRIPT_MISSING("web") "]}" },
    };

    set(SCRIPT_ROWS(rows), "web");
    run(0, OUTCOME_SKIPPED, "missing");
    CHECK_INT(script_service(0)->desired_before, HC_UNKNOWN);
    CHECK_INT(script_service(0)->hosts_counted, HC_UNKNOWN);
    script_end();

    set(SCRIPT_ROWS(rows), "web");
    wishes[0].required = true;
    run(0, OUTCOME_FAILED, "missing");
    script_end();
}

TEST(reconcile, nothing_to_change_costs_two_calls)
{
    static const struct script_row rows[] = {
        { .operation = SERVICES, .answer = WEB(2) },
        { .operation = HOSTS, .answer = TWO_HOSTS },
    };

    set(SCRIPT_ROWS(rows), "web");
    run(0, OUTCOME_UNCHANGED, "");
    script_end();
}

static const struct script_row write_rows[] = {
    { .operation = SERVICES, .answer = WEB(1), .body =
      "{\"cluster\":\"prod\",\"services\":[\"web\"],\"include\":[\"TAGS\"]}" },
    { .operation = HOSTS, .answer = TWO_HOSTS, .body =
      "{\"cluster\":\"" SCRIPT_CLUSTER "\",\"status\":\"ACTIVE\","
      "\"maxResults\":100}" },
    { .operation = UPDATE, .body = "{\"cluster\":\"" SCRIPT_CLUSTER "\","
      "\"service\":\"web\",\"desiredCount\":2}",
      .answer = "{\"service\":" SCRIPT_SERVICE("web", 2, "") "}" },
};

TEST(reconcile, a_write_costs_three_calls_and_is_told_whole)
{
    struct script *s = set(SCRIPT_ROWS(write_rows), "web");

    run(0, OUTCOME_UPDATED, "");

    const struct hc_report_service *service = script_service(0);

    CHECK_Z(service->service, "web");
    CHECK_Z(service->reason, "1 task on each of 2 active hosts");
    CHECK_INT(service->desired_before, 1);
    CHECK_INT(service->wanted, 2);
    CHECK_INT(service->running, 1);
    CHECK_INT(service->pending, 0);
    CHECK_Z(service->rule, "per_host");
    CHECK_Z(service->way_out, NULL);
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
        run(0, OUTCOME_UPDATED, "");
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
    run(0, OUTCOME_UPDATED, "");
    CHECK_INT(script_service(0)->wanted, 2);
    script_end();
}

TEST(reconcile, a_dry_run_and_a_pause_write_nothing)
{
    struct script *s = set(write_rows, 2, "web");

    s->config.dry_run = true;
    run(0, OUTCOME_PENDING, "");
    CHECK_INT(script_service(0)->wanted, 2);
    script_end();
    s = set(write_rows, 2, "web");
    s->config.paused = true;
    run(0, OUTCOME_HELD, "paused");
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
    wishes[0].rule.kind = RULE_FIXED;
    run(0, OUTCOME_UPDATED, "");
    CHECK_Z(script_service(0)->rule, "fixed");
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
          "\",\"status\":\"ACTIVE\",\"maxResults\":100,\"nextToken\":\"t1\"}",
          .restart = true },
        { .operation = HOSTS, .answer = SCRIPT_HOSTS(SCRIPT_HOST("b") ","
          SCRIPT_HOST("c")) },
        { .operation = UPDATE, .answer = UPDATED, .body = "{\"cluster\":\""
          SCRIPT_CLUSTER "\",\"service\":\"web\",\"desiredCount\":3}" },
    };

    set(SCRIPT_ROWS(rows), "web");
    run(0, OUTCOME_UPDATED, "");
    script_end();
}

/* Never a smaller number: not for this wish, nor for another one. */
TEST(reconcile, a_page_that_fails_fails_the_count)
{
    static const struct script_row rows[] = {
        { .operation = SERVICES, .answer = SCRIPT_SERVICES(
          SCRIPT_SERVICE("web", 5, "") "," SCRIPT_SERVICE("log", 5, "")) },
        { .operation = HOSTS, .answer = FIRST_PAGE },
        { .operation = HOSTS, .fail = HC_ESERVICE,
          .code = "ThrottlingException" },
    };

    set(SCRIPT_ROWS(rows), "web log");
    run(0, OUTCOME_FAILED, "ThrottlingException");
    check(1, OUTCOME_FAILED, "ThrottlingException");
    CHECK_INT(script_service(0)->wanted, HC_UNKNOWN);
    CHECK_INT(script_service(0)->hosts_counted, HC_UNKNOWN);
    CHECK_INT(script_service(0)->desired_before, 5);
    script_end();
}

/* ---- filters ---- */

#define MEMBER(text) ",\"placementConstraints\":[{\"type\":\"memberOf\"," \
    "\"expression\":\"" text "\"}]"

TEST(reconcile, equal_filters_share_one_list)
{
    static const struct script_row rows[] = {
        { .operation = SERVICES, .answer = SCRIPT_SERVICES(
          SCRIPT_SERVICE("web", 2, MEMBER("attribute:b == 1")) ","
          SCRIPT_SERVICE("log", 2, MEMBER("attribute:a == 1"))) },
        { .operation = HOSTS, .answer = TWO_HOSTS, .body = "{\"cluster\":\""
          SCRIPT_CLUSTER "\",\"filter\":\"(attribute:a == 1) and "
          "(attribute:b == 1)\",\"status\":\"ACTIVE\",\"maxResults\":100}" },
    };

    set(SCRIPT_ROWS(rows), "web log");
    wishes[0].where = HC_STR("attribute:a == 1 ");
    wishes[1].where = HC_STR("attribute:b == 1");
    run(0, OUTCOME_UNCHANGED, "");
    check(1, OUTCOME_UNCHANGED, "");
    CHECK_Z(script_service(0)->hosts_filter,
            "(attribute:a == 1) and (attribute:b == 1)");
    script_end();
}

TEST(reconcile, an_external_service_counts_external_hosts)
{
    static const struct script_row rows[] = {
        { .operation = SERVICES, .answer = SCRIPT_SERVICES(
          SCRIPT_SERVICE("web", 2, ",\"launchType\":\"EXTERNAL\"")) },
        { .operation = HOSTS, .answer = TWO_HOSTS, .body = "{\"cluster\":\""
          SCRIPT_CLUSTER "\",\"filter\":\"attribute:ecs.capability.external "
          "exists\",\"status\":\"ACTIVE\",\"maxResults\":100}" },
    };

    set(SCRIPT_ROWS(rows), "web");
    run(0, OUTCOME_UNCHANGED, "");
    script_end();
}

TEST(reconcile, a_moving_constraint_is_held_or_left_out)
{
    static const struct script_row rows[] = {
        { .operation = SERVICES, .answer = SCRIPT_SERVICES(
          SCRIPT_SERVICE("web", 1, MEMBER("not(task:group == x)"))) },
        { .operation = HOSTS, .answer = SCRIPT_HOSTS(SCRIPT_HOST("a")),
          .body = "{\"cluster\":\"" SCRIPT_CLUSTER "\",\"status\":\"ACTIVE\","
          "\"maxResults\":100}" },
    };

    set(rows, 1, "web");
    run(0, OUTCOME_HELD, "moving_constraint");
    CHECK_Z(script_service(0)->way_out, "ignore_constraints");
    script_end();
    set(SCRIPT_ROWS(rows), "web");
    wishes[0].allow = ALLOW_MOVING;
    run(0, OUTCOME_UNCHANGED, "");
    script_end();
}

TEST(reconcile, a_filter_that_cannot_be_made_fails_its_service)
{
    static const struct script_row rows[] = {
        { .operation = SERVICES, .answer = SCRIPT_SERVICES(
          SCRIPT_SERVICE("web", 1, MEMBER("attribute:a == (b")) ","
          SCRIPT_SERVICE("log", 2, "")) },
        { .operation = HOSTS, .answer = TWO_HOSTS },
    };

    set(SCRIPT_ROWS(rows), "web log");
    run(0, OUTCOME_FAILED, "filter");
    CHECK(strstr(script_service(0)->reason, "not closed") != NULL);
    check(1, OUTCOME_UNCHANGED, "");
    script_end();
}

TEST(reconcile, a_filter_that_is_too_long_says_so)
{
    static char answer[80000], a[16001], b[16001], c[16001];
    struct script_row row = { .operation = SERVICES, .answer = answer };

    memset(a, 'a', sizeof(a) - 1);
    memset(b, 'b', sizeof(b) - 1);
    memset(c, 'c', sizeof(c) - 1);

    struct hc_buf out;

    hc_buf_init(&out, t_alloc(), sizeof(answer) - 1);
    hc_buf_text(&out, "{\"services\":[{\"serviceName\":\"web\","
                "\"status\":\"ACTIVE\",\"desiredCount\":1,"
                "\"placementConstraints\":[{\"type\":\"memberOf\","
                "\"expression\":\"");
    hc_buf_text(&out, a);
    hc_buf_text(&out, "\"},{\"type\":\"memberOf\",\"expression\":\"");
    hc_buf_text(&out, b);
    hc_buf_text(&out, "\"},{\"type\":\"memberOf\",\"expression\":\"");
    hc_buf_text(&out, c);
    hc_buf_text(&out, "\"}]}]}");
    CHECK_INT(hc_buf_error(&out), 0);
    memcpy(answer, out.p, out.n);
    answer[out.n] = '\0';
    hc_buf_fini(&out);
    set(&row, 1, "web");
    run(0, OUTCOME_FAILED, "filter");
    CHECK(strstr(script_service(0)->reason, "32768 bytes") != NULL);
    script_end();
}

/* ---- one failing target never stops the rest ---- */

TEST(reconcile, the_first_call_speaks_for_the_cluster)
{
    static const struct script_row rows[] = {
        { .operation = SERVICES, .fail = HC_ESERVICE,
          .code = "ClusterNotFoundException" },
    };
    struct script *s = set(SCRIPT_ROWS(rows), "web log");

    run(0, OUTCOME_FAILED, "ClusterNotFoundException");
    check(1, OUTCOME_FAILED, "ClusterNotFoundException");
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
        { .operation = SERVICES, .fail = HC_ETIMEDOUT, .body =
          "{\"cluster\":\"" SCRIPT_CLUSTER "\",\"services\":[\"s10\","
          "\"s11\"],\"include\":[\"TAGS\"]}" },
    };
    struct script *s = set(SCRIPT_ROWS(rows),
                           "s0 s1 s2 s3 s4 s5 s6 s7 s8 s9 s10 s11");

    run(0, OUTCOME_UNCHANGED, "");
    check(9, OUTCOME_UNCHANGED, "");
    check(10, OUTCOME_FAILED, "ETIMEDOUT");
    check(11, OUTCOME_FAILED, "ETIMEDOUT");
    CHECK_Z(s->r.result.error_code, NULL);
    script_end();
}

static const struct script_row three_rows[] = {
    { .operation = SERVICES, .answer = SCRIPT_SERVICES(
      SCRIPT_SERVICE("a", 1, "") "," SCRIPT_SERVICE("b", 1, "") ","
      SCRIPT_SERVICE("c", 1, "")) },
    { .operation = HOSTS, .answer = TWO_HOSTS },
    { .operation = UPDATE, .answer = UPDATED },
    { .operation = UPDATE, .fail = HC_ESERVICE,
      .code = "AccessDeniedException" },
    { .operation = UPDATE, .answer = "{}" },
};

TEST(reconcile, a_write_that_is_refused_stops_no_other)
{
    set(SCRIPT_ROWS(three_rows), "a b c");
    run(0, OUTCOME_UPDATED, "");
    check(1, OUTCOME_FAILED, "AccessDeniedException");
    CHECK_INT(script_service(1)->wanted, 2);
    check(2, OUTCOME_UPDATED, "");
    script_end();
}

/* ---- a write without an answer ---- */

TEST(reconcile, a_write_that_may_have_arrived_is_unknown)
{
    static const struct { struct script_row row; const char *code; } ends[] = {
        { { .fail = HC_ECLOSED, .sent = true }, "unknown" },
        { { .fail = HC_ETIMEDOUT, .attempts = 2 }, "unknown" },
        { { .fail = HC_EDEADLINE, .sent = true }, "unknown" },
        { { .fail = HC_ECONNECT }, "ECONNECT" },
        { { .fail = HC_EDEADLINE }, "deadline" },
        { { .fail = HC_ECANCELLED }, "cancelled" },
        { { .fail = HC_EREGION, .refuse = true }, "EREGION" },
        { { .fail = HC_ESERVICE, .code = "ServerException", .sent = true },
          "ServerException" },
        /* a 2xx that cannot be believed */
        { { .answer = "<html>", .sent = true }, "unknown" },
        { { .answer = "{\"service\":{\"serviceName\":\"log\"}}" },
          "unknown" },
        { { .answer = "{\"service\":{\"desiredCount\":7}}" }, "unknown" },
        { { .answer = "{" }, "unknown" },
    };

    for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
        struct script_row rows[3];

        memcpy(rows, write_rows, sizeof(rows));
        rows[2] = ends[i].row;
        rows[2].operation = UPDATE;
        set(SCRIPT_ROWS(rows), "web");
        run(0, OUTCOME_FAILED, ends[i].code);
        CHECK((strstr(script_service(0)->reason, "the next run") != NULL) ==
              (strcmp(ends[i].code, "unknown") == 0));
        script_end();
    }
}

/* ---- deadline and cancel ---- */

TEST(reconcile, a_deadline_that_is_past_starts_nothing)
{
    struct script *s = set(NULL, 0, "web log");

    s->config.call.deadline = s->now;
    run(0, OUTCOME_FAILED, "deadline");
    check(1, OUTCOME_FAILED, "deadline");
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
    run(0, OUTCOME_FAILED, "deadline");
    CHECK_INT(script_service(0)->wanted, 2);
    CHECK_Z(s->r.result.error_code, NULL);
    script_end();
    s = set(SCRIPT_ROWS(write_rows), "web");
    s->config.call.deadline = HC_NEVER;
    run(0, OUTCOME_UPDATED, "");
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
    run(0, OUTCOME_FAILED, "deadline");
    check(1, OUTCOME_SKIPPED, "daemon");
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
    run(0, OUTCOME_FAILED, "deadline");
    check(1, OUTCOME_FAILED, "deadline");
    CHECK_INT(script_service(0)->hosts_counted, HC_UNKNOWN);
    script_end();
}

TEST(reconcile, a_cancel_awaits_what_is_under_way)
{
    struct script *s = set(three_rows, 3, "a b c");

    s->cancel_at = 3;
    run(0, OUTCOME_UPDATED, "");
    check(1, OUTCOME_FAILED, "cancelled");
    check(2, OUTCOME_FAILED, "cancelled");
    script_end();
}

/* ---- capacity providers ---- */

#define STRATEGY ",\"capacityProviderStrategy\":[{\"capacityProvider\":"  \
    "\"asg\"}]"
#define DESCRIBED(id, status, provider)                                     \
    "{\"containerInstanceArn\":" SCRIPT_HOST(id) ",\"status\":\"" status    \
    "\",\"capacityProviderName\":\"" provider "\"}"
#define HOST_GONE(id) "{\"arn\":" SCRIPT_HOST(id) ",\"reason\":\"MISSING\"}"
#define FOUR_HOSTS SCRIPT_HOSTS(SCRIPT_HOST("a") "," SCRIPT_HOST("b") ","    \
    SCRIPT_HOST("c") "," SCRIPT_HOST("d"))

/* Of another provider, draining by now, gone by now: not counted. */
static const struct script_row provider_rows[] = {
    { .operation = SERVICES, .answer = SCRIPT_SERVICES(
      SCRIPT_SERVICE("web", 9, STRATEGY) ","
      SCRIPT_SERVICE("log", 1, STRATEGY)) },
    { .operation = HOSTS, .answer = FOUR_HOSTS },
    { .operation = "DescribeContainerInstances",
      .answer = "{\"containerInstances\":[" DESCRIBED("a", "ACTIVE", "asg")
      "," DESCRIBED("b", "ACTIVE", "other") ","
      DESCRIBED("c", "DRAINING", "asg") "],\"failures\":["
      HOST_GONE("d") "]}" },
    { .operation = UPDATE, .answer = UPDATED, .body = "{\"cluster\":\""
      SCRIPT_CLUSTER "\",\"service\":\"web\",\"desiredCount\":1}" },
};

TEST(reconcile, a_strategy_counts_its_own_providers_hosts)
{
    set(SCRIPT_ROWS(provider_rows), "web log");
    run(0, OUTCOME_UPDATED, "");
    CHECK_INT(script_service(0)->hosts_counted, 1);
    CHECK(strstr(script_service(0)->reason, "capacity providers") != NULL);
    check(1, OUTCOME_UNCHANGED, "");
    script_end();
}

TEST(reconcile, a_strategy_without_hosts_is_held)
{
    static const struct script_row rows[] = {
        { .operation = SERVICES, .answer = SCRIPT_SERVICES(
          SCRIPT_SERVICE("web", 9, STRATEGY)) },
        { .operation = HOSTS, .answer = SCRIPT_HOSTS("") },
    };

    set(SCRIPT_ROWS(rows), "web");
    run(0, OUTCOME_HELD, "zero");
    script_end();
}

TEST(reconcile, a_description_that_fails_fails_the_count)
{
    struct script_row rows[3];

    memcpy(rows, provider_rows, sizeof(rows));
    rows[2].answer = NULL;
    rows[2].fail = HC_ECLOSED;
    set(SCRIPT_ROWS(rows), "web log");
    run(0, OUTCOME_FAILED, "ECLOSED");
    check(1, OUTCOME_FAILED, "ECLOSED");
    script_end();
}

/* ---- zero ---- */

#define CLUSTERS(status, registered) "{\"clusters\":[{\"clusterArn\":\""   \
    SCRIPT_CLUSTER "\",\"clusterName\":\"prod\",\"status\":\"" status      \
    "\",\"registeredContainerInstancesCount\":" #registered "}]}"

static const struct script_row zero_rows[] = {
    { .operation = SERVICES, .answer = SCRIPT_SERVICES(
      SCRIPT_SERVICE("web", 4, MEMBER("attribute:a == 1"))) },
    { .operation = HOSTS, .answer = SCRIPT_HOSTS("") },
    { .operation = HOSTS, .answer = SCRIPT_HOSTS(""), .body =
      "{\"cluster\":\"" SCRIPT_CLUSTER "\",\"status\":\"ACTIVE\","
      "\"maxResults\":100}" },
    { .operation = "DescribeClusters", .answer = CLUSTERS("ACTIVE", 0),
      .body = "{\"clusters\":[\"" SCRIPT_CLUSTER "\"]}" },
    { .operation = UPDATE, .answer = UPDATED, .body = "{\"cluster\":\""
      SCRIPT_CLUSTER "\",\"service\":\"web\",\"desiredCount\":0}" },
};

TEST(reconcile, an_empty_cluster_is_held)
{
    set(zero_rows, 3, "web");
    run(0, OUTCOME_HELD, "zero");
    CHECK_Z(script_service(0)->way_out, "allow_zero");
    CHECK_INT(script_service(0)->wanted, 0);
    script_end();
}

TEST(reconcile, zero_that_is_allowed_is_proved_first)
{
    struct script_row rows[4];

    set(SCRIPT_ROWS(zero_rows), "web");
    wishes[0].allow = ALLOW_ZERO;
    run(0, OUTCOME_UPDATED, "");
    script_end();

    memcpy(rows, zero_rows, sizeof(rows));
    rows[3].answer = CLUSTERS("DEPROVISIONING", 0);
    set(SCRIPT_ROWS(rows), "web");
    wishes[0].allow = ALLOW_ZERO;
    run(0, OUTCOME_HELD, "zero");
    script_end();
    rows[3].answer = NULL;
    rows[3].fail = HC_ETIMEDOUT;
    set(SCRIPT_ROWS(rows), "web");
    wishes[0].allow = ALLOW_ZERO;
    run(0, OUTCOME_FAILED, "ETIMEDOUT");
    script_end();
}

TEST(reconcile, a_filter_that_matches_nothing_is_held)
{
    struct script_row rows[3];

    memcpy(rows, zero_rows, sizeof(rows));
    rows[2].answer = TWO_HOSTS;
    set(SCRIPT_ROWS(rows), "web");
    wishes[0].allow = ALLOW_ZERO;
    run(0, OUTCOME_HELD, "filter_matches_nothing");
    script_end();
}

/* ---- registered ---- */

TEST(reconcile, registered_is_the_clusters_own_number)
{
    static const struct script_row rows[] = {
        { .operation = SERVICES, .answer = SCRIPT_SERVICES(
          SCRIPT_SERVICE("web", 1, MEMBER("attribute:a == 1"))) },
        { .operation = "DescribeClusters", .answer = CLUSTERS("ACTIVE", 3) },
        { .operation = UPDATE, .answer = UPDATED, .body = "{\"cluster\":\""
          SCRIPT_CLUSTER "\",\"service\":\"web\",\"desiredCount\":3}" },
    };
    struct script *s = set(SCRIPT_ROWS(rows), "web");

    s->config.by = HOSTS_REGISTERED;
    run(0, OUTCOME_UPDATED, "");
    CHECK_Z(script_service(0)->hosts_by, "registered");
    CHECK_Z(script_service(0)->hosts_filter, "");
    script_end();
}

/* ---- memory ---- */

static int writes(void)
{
    set(SCRIPT_ROWS(write_rows), "web");

    int got = script_run();

    if (got == 1)
        check(0, OUTCOME_UPDATED, "");
    script_end();
    return got == 1 ? 0 : got;
}

static int goes_to_zero(void)
{
    set(SCRIPT_ROWS(zero_rows), "web");
    wishes[0].allow = ALLOW_ZERO;

    int got = script_run();

    if (got == 1)
        check(0, OUTCOME_UPDATED, "");
    script_end();
    return got == 1 ? 0 : got;
}

static int asks_whose_hosts(void)
{
    set(SCRIPT_ROWS(provider_rows), "web log");

    int got = script_run();

    if (got == 1)
        check(1, OUTCOME_UNCHANGED, "");
    script_end();
    return got == 1 ? 0 : got;
}

TEST(reconcile, memory_may_end_anywhere)
{
    t_fails_every_allocation(writes);
    t_fails_every_allocation(goes_to_zero);
    t_fails_every_allocation(asks_whose_hosts);
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
