/* tests/reconcile/reconcile_test.c - a cluster from its wishes to their
 * outcomes, call by call.
 */
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
#define BATCH_OF_TEN SCRIPT_SERVICES(SCRIPT_SERVICE("s0", 2, "") ","        \
    SCRIPT_SERVICE("s1", 2, "") "," SCRIPT_SERVICE("s2", 2, "") ","         \
    SCRIPT_SERVICE("s3", 2, "") "," SCRIPT_SERVICE("s4", 2, "") ","         \
    SCRIPT_SERVICE("s5", 2, "") "," SCRIPT_SERVICE("s6", 2, "") ","         \
    SCRIPT_SERVICE("s7", 2, "") "," SCRIPT_SERVICE("s8", 2, "") ","         \
    SCRIPT_SERVICE("s9", 2, ""))
#define ARN(account, cluster) "arn:aws:ecs:eu-west-1:" account              \
    ":service/" cluster "web"
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

static void refused(struct script *s, int code, const char *says)
{
    CHECK_INT(script_run(), code);
    CHECK_INT(s->error.code, code);
    CHECK(strstr(s->error.what, says) != NULL);
    script_end();
}

static int writes(void)
{
    script_wishes(SCRIPT_ROWS(write_rows), "web");

    int got = script_run();

    if (got == 1)
        script_gave(0, HEADCOUNT_UPDATED, "");
    script_end();
    return got == 1 ? 0 : got;
}

TEST(reconcile, a_missing_service_costs_one_call)
{
    static const struct script_row rows[] = {
        { .operation = SERVICES, .answer = "{\"services\":[],\"failures\":["
          SCRIPT_MISSING("web") "]}" },
    };

    script_wishes(SCRIPT_ROWS(rows), "web");
    script_gives(0, HEADCOUNT_SKIPPED, "missing");
    CHECK_INT(script_service(0)->desired_before, HEADCOUNT_UNKNOWN);
    CHECK_INT(script_service(0)->hosts_counted, HEADCOUNT_UNKNOWN);
    script_end();

    script_wishes(SCRIPT_ROWS(rows), "web");
    script_wish(0)->required = true;
    script_gives(0, HEADCOUNT_FAILED, "missing");
    script_end();
}

TEST(reconcile, nothing_to_change_costs_two_calls)
{
    static const struct script_row rows[] = {
        { .operation = SERVICES, .answer = WEB(2) },
        { .operation = HOSTS, .answer = TWO_HOSTS },
    };

    script_wishes(SCRIPT_ROWS(rows), "web");
    script_gives(0, HEADCOUNT_UNCHANGED, "");
    script_end();
}

TEST(reconcile, a_write_costs_three_calls_and_is_told_whole)
{
    struct script *s = script_wishes(SCRIPT_ROWS(write_rows), "web");

    script_gives(0, HEADCOUNT_UPDATED, "");

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
    CHECK_Z(s->r.run.result.arn, SCRIPT_CLUSTER);
    CHECK_Z(s->r.run.result.name, "prod");
    CHECK_Z(s->r.run.result.error_code, NULL);
    CHECK_INT(hc_reconcile_step(&s->r, s->now), 1);
    CHECK_Z(s->r.run.result.arn, SCRIPT_CLUSTER);
    script_end();
}

TEST(reconcile, answers_in_pieces_are_the_same)
{
    static const size_t pieces[] = { 1, 2, 7, 100 };

    for (size_t i = 0; i < 4; i++) {
        struct script *s = script_wishes(SCRIPT_ROWS(write_rows), "web");

        s->piece = pieces[i];
        script_gives(0, HEADCOUNT_UPDATED, "");
        script_end();
    }
}

TEST(reconcile, an_attempt_that_begins_again_is_read_again)
{
    struct script_row rows[3];

    memcpy(rows, write_rows, sizeof(rows));
    for (size_t i = 0; i < 3; i++)
        rows[i].restart = true;
    script_wishes(SCRIPT_ROWS(rows), "web");
    script_gives(0, HEADCOUNT_UPDATED, "");
    CHECK_INT(script_service(0)->wanted, 2);
    script_end();
}

TEST(reconcile, a_dry_run_and_a_pause_write_nothing)
{
    struct script *s = script_wishes(write_rows, 2, "web");

    s->config.dry_run = true;
    script_gives(0, HEADCOUNT_PENDING, "");
    CHECK_INT(script_service(0)->wanted, 2);
    script_end();
    s = script_wishes(write_rows, 2, "web");
    s->config.paused = true;
    script_gives(0, HEADCOUNT_HELD, "paused");
    script_end();
}

TEST(reconcile, a_fixed_count_counts_no_hosts)
{
    static const struct script_row rows[] = {
        { .operation = SERVICES, .answer = WEB(1) },
        { .operation = UPDATE, .answer = SCRIPT_TAKEN, .body = "{\"cluster\":\""
          SCRIPT_CLUSTER "\",\"service\":\"web\",\"desiredCount\":0}" },
    };

    script_wishes(SCRIPT_ROWS(rows), "web");
    script_wish(0)->rule.kind = HEADCOUNT_FIXED;
    script_wish(0)->allow = ALLOW_ZERO;
    script_gives(0, HEADCOUNT_UPDATED, "");
    CHECK_Z(script_service(0)->rule, "fixed");
    script_end();
    script_wishes(rows, 1, "web");
    script_wish(0)->rule.kind = HEADCOUNT_FIXED;
    script_gives(0, HEADCOUNT_HELD, "zero");
    script_end();
}

TEST(reconcile, no_wish_is_no_call)
{
    struct script *s = script_wishes(NULL, 0, "");

    CHECK_INT(script_run(), 1);
    CHECK_INT(s->r.run.result.services_n, 0);
    CHECK_Z(s->r.run.result.arn, "");
    script_end();
}

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
        { .operation = UPDATE, .answer = SCRIPT_TAKEN, .body = "{\"cluster\":\""
          SCRIPT_CLUSTER "\",\"service\":\"web\",\"desiredCount\":3}" },
    };

    script_wishes(SCRIPT_ROWS(rows), "web");
    script_gives(0, HEADCOUNT_UPDATED, "");
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

    script_wishes(SCRIPT_ROWS(rows), "web log");
    script_gives(0, HEADCOUNT_FAILED, "ThrottlingException");
    script_gave(1, HEADCOUNT_FAILED, "ThrottlingException");
    CHECK_INT(script_service(0)->wanted, HEADCOUNT_UNKNOWN);
    CHECK_INT(script_service(0)->hosts_counted, HEADCOUNT_UNKNOWN);
    CHECK_INT(script_service(0)->desired_before, 5);
    script_end();
}

TEST(reconcile, services_are_read_ten_at_a_time)
{
    static const struct script_row rows[] = {
        { .operation = SERVICES, .answer = BATCH_OF_TEN },
        { .operation = HOSTS, .answer = TWO_HOSTS },
        { .operation = SERVICES, .fail = HEADCOUNT_ETIMEDOUT, .body =
          "{\"cluster\":\"" SCRIPT_CLUSTER "\",\"services\":[\"s10\","
          "\"s11\"],\"include\":[\"TAGS\"]}" },
    };
    struct script *s = script_wishes(SCRIPT_ROWS(rows),
                                     "s0 s1 s2 s3 s4 s5 s6 s7 s8 s9 s10 s11");

    script_gives(0, HEADCOUNT_UNCHANGED, "");
    script_gave(9, HEADCOUNT_UNCHANGED, "");
    script_gave(10, HEADCOUNT_FAILED, "ETIMEDOUT");
    script_gave(11, HEADCOUNT_FAILED, "ETIMEDOUT");
    CHECK_Z(s->r.run.result.error_code, NULL);
    script_end();
}

TEST(reconcile, a_service_of_another_place_is_missing_without_a_call)
{
    static const char *const others[] = {
        ARN("111122223333", "stage/"),
        "arn:aws:ecs:eu-west-2:111122223333:service/prod/web",
        "arn:aws:ecs:eu-west-2:111122223333:service/web",
    };

    for (size_t i = 0; i < 6; i++) {
        struct script *s = script_wishes(NULL, 0, others[i / 2]);

        script_wish(0)->required = i % 2;
        script_gives(0, i % 2 ? HEADCOUNT_FAILED : HEADCOUNT_SKIPPED,
                     "missing");
        CHECK_Z(script_service(0)->service, others[i / 2]);
        script_end();
        s = script_wishes(NULL, 0, ARN("999988887777", "prod/"));
        s->config.cluster = HC_STR(SCRIPT_CLUSTER);
        script_gives(0, HEADCOUNT_SKIPPED, "missing");
        script_end();
    }
}

TEST(reconcile, the_same_name_in_two_clusters_is_no_contradiction)
{
    script_wishes(SCRIPT_ROWS(write_rows),
                  ARN("111122223333", "stage/") " web");
    script_gives(0, HEADCOUNT_SKIPPED, "missing");
    script_gave(1, HEADCOUNT_UPDATED, "");
    script_end();
}

/* A cluster's bare name says no account: the answer does, and then a service
 * of the same name in a cluster of the same name is still another one. */
TEST(reconcile, a_service_of_another_account_is_never_written)
{
    struct hc_config config = { .region = HC_STR("eu-west-1") };
    struct hc_client client = { .config = &config };
    struct script *s =
        script_wishes(write_rows, 1, ARN("999988887777", "prod/"));

    s->config.call.region = HC_STR("");
    s->config.call.client = &client;
    script_gives(0, HEADCOUNT_SKIPPED, "missing");
    script_end();
    s = script_wishes(SCRIPT_ROWS(write_rows), ARN("111122223333", ""));
    script_gives(0, HEADCOUNT_UPDATED, "");
    CHECK_Z(script_service(0)->service, ARN("111122223333", ""));
    script_end();
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
        struct script *s =
            script_wishes(again ? rows : write_rows, again ? 4 : 3, "web");
        int64_t before = s->now;

        set_event(s, &event, &event_rows[i]);
        script_gives(0, HEADCOUNT_UPDATED, "");
        CHECK_INT(s->now - before, again ? HC_RECONCILE_AGAIN : 0);
        script_end();
    }
}

/* A host of ECS Anywhere is in no list of EC2's: that is no contradiction. */
TEST(reconcile, an_event_of_ecs_anywhere_contradicts_no_list_of_ec2)
{
    struct hc_event event;
    struct script *s = script_wishes(SCRIPT_ROWS(write_rows), "web");
    int64_t before = s->now;

    set_event(s, &event, &event_rows[2]);
    event.instance_machine = HC_STR("mi-0123456789abcdef0");
    script_gives(0, HEADCOUNT_UPDATED, "");
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
    struct script *s = script_wishes(SCRIPT_ROWS(rows), "web");

    set_event(s, &event, &event_rows[2]);
    script_gives(0, HEADCOUNT_UNCHANGED, "");
    CHECK_INT(script_service(0)->hosts_counted, 1);
    script_end();
}

TEST(reconcile, a_cluster_of_somebody_else_is_skipped_without_a_call)
{
    struct script *s = script_wishes(NULL, 0, "web log");

    s->config.foreign = "foreign_region";
    s->config.foreign_why = "it is in eu-west-3, and this is eu-west-1";
    script_gives(0, HEADCOUNT_SKIPPED, "foreign_region");
    CHECK_Z(script_service(0)->reason, s->config.foreign_why);
    script_gave(1, HEADCOUNT_SKIPPED, "foreign_region");
    CHECK_Z(s->r.run.result.error_code, NULL);
    script_end();
}

TEST(reconcile, the_deadline_ends_the_second)
{
    struct hc_event event;
    struct script *s = script_wishes(write_rows, 2, "web");

    set_event(s, &event, &event_rows[2]);
    s->config.call.deadline = s->now + 5000;
    script_gives(0, HEADCOUNT_FAILED, "deadline");
    CHECK_INT(s->now, s->config.call.deadline);
    CHECK_INT(script_service(0)->hosts_counted, HEADCOUNT_UNKNOWN);
    script_end();
}

TEST(reconcile, what_cannot_be_meant_is_refused)
{
    struct script *s = script_wishes(NULL, 0, "web");

    s->config.cluster = HC_STR("a/b");
    refused(s, HEADCOUNT_ESYNTAX, "does not name a cluster");
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

    struct script *s = script_wishes(write_rows, 1, "web");

    CHECK_INT(hc_reconcile_start(&s->r, &s->net, &s->job, &s->config, NULL),
              0);
    CHECK_INT(hc_reconcile_step(&s->r, s->now), 0);
    hc_reconcile_fini(&s->r);
    hc_reconcile_fini(&s->r);
    CHECK(!s->open);
}
