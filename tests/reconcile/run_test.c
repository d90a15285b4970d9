/* tests/reconcile/run_test.c - what one run leaves in memory for the next one.
 */
#include "t.h"

#include <string.h>

#include "base/text.h"
#include "peers/ecs_script.h"
#include "reconcile/audit.h"

#define WEB(desired) { .operation = SERVICES,                               \
    .answer = SCRIPT_SERVICES(SCRIPT_SERVICE("web", desired, "")) }
#define TWO { .operation = HOSTS,                                           \
    .answer = SCRIPT_HOSTS(SCRIPT_HOST("a") "," SCRIPT_HOST("b")) }
#define WRITE { .operation = UPDATE, .answer = SCRIPT_TAKEN }

static struct hc_memory memory;
static struct hc_wish wish;
static char audit[8][2048];
static size_t audit_n;
static bool definitions;

static struct hc_creds *creds;           /* who asks                         */

static struct hc_brake *brake;           /* of the run                       */

static void (*policy)(struct hc_reconcile *r);   /* that makes the wish      */

static void note(void *ud, const char *line, size_t n)
{
    CHECK(ud == audit && audit_n < 8 && n < sizeof(audit[0]));
    memcpy(audit[audit_n], line, n);
    audit[audit_n++][n] = '\0';
}

static void begin(void)
{
    hc_memory_init(&memory, t_alloc());
    wish = (struct hc_wish){ .service = HC_STR("web") };
    audit_n = 0;
    definitions = false;
    creds = NULL;
    brake = NULL;
    policy = NULL;
}

/* One reconcile at this second. */
static void run(const struct script_row *rows, size_t n, int64_t second,
                enum headcount_result outcome, const char *code)
{
    struct script *s = script_set(rows, n);

    s->now = second * HC_SECOND;
    s->config.wishes = &wish;
    s->config.wishes_n = policy == NULL;
    s->config.asks = policy != NULL;
    s->policy = policy;
    s->config.memory = &memory;
    s->config.brake = brake;
    s->config.ask_definitions = definitions;
    s->config.audit = (struct hc_audit_to){ .fn = note, .ud = audit,
                                            .version = "1.2.3" };
    CHECK_INT(script_run(), 1);
    CHECK_Z(hc_result_name(script_service(0)->outcome),
            hc_result_name(outcome));
    CHECK_Z(script_service(0)->code, code);
    script_end();
}

static void end(void)
{
    hc_memory_fini(&memory);
}

static bool line_has(size_t at, const char *text)
{
    return at < audit_n && strstr(audit[at], text) != NULL;
}

#define ID(n) SCRIPT_HOST("h" #n)
#define FOUR { .operation = HOSTS, .answer = SCRIPT_HOSTS(ID(1) "," ID(2)     \
    "," ID(3) "," ID(4)) }
#define THREE { .operation = HOSTS, .answer = SCRIPT_HOSTS(ID(1) "," ID(2)    \
    "," ID(3)) }

static void as_many_as_hosts(struct hc_reconcile *r)
{
    const struct hc_query q = { .kind = QUERY_COUNT };
    struct headcount_error e = { .code = 0 };
    struct hc_known known;
    bool knows = hc_policy_fact(&r->run, &q, &known, &e) == 1;

    wish.rule =
        (struct hc_rule){ .kind = HEADCOUNT_FIXED, .tasks = known.count };
    hc_reconcile_resume(r, &wish, knows);
}

#define REVISION(n) SCRIPT_AT "task-definition/web:" #n
#define WEB_OF(n) { .operation = SERVICES, .answer = SCRIPT_SERVICES(         \
    SCRIPT_SERVICE("web", 2, ",\"taskDefinition\":\"" REVISION(n) "\"")) }
#define DEFINITION(n, list) { .operation = "DescribeTaskDefinition",         \
    .answer = "{\"taskDefinition\":{\"taskDefinitionArn\":\"" REVISION(n)   \
    "\",\"placementConstraints\":[" list "]}}" }
#define ONE_OF(text) "{\"type\":\"memberOf\",\"expression\":\"" text "\"}"
#define HOSTS_OF(filter) { .operation = HOSTS, .body = "{\"cluster\":\""     \
    SCRIPT_CLUSTER "\",\"filter\":\"" filter "\",\"status\":\"ACTIVE\","   \
    "\"maxResults\":100}", .answer = SCRIPT_HOSTS(SCRIPT_HOST("a") ","     \
    SCRIPT_HOST("b")) }

static bool recent;
static size_t listed;

static void asks_tagged(struct hc_reconcile *r)
{
    const struct hc_query q = {
        .kind = QUERY_SERVICES, .recent = recent,
        .tag_filters = HC_STR("[{\"Key\":\"k\"}]"),
    };
    struct hc_known known;

    if (hc_policy_fact(&r->run, &q, &known, NULL) == 1)
        listed = known.names->all.n;
    hc_reconcile_resume(r, NULL, 0);
}

static size_t lists(const struct script_row *rows, size_t n, int64_t second,
                    bool recent_will_do, const char *region)
{
    struct script *s = script_set(rows, n);

    recent = recent_will_do;
    listed = 99;
    s->now = second * HC_SECOND;
    s->config.asks = true;
    s->policy = asks_tagged;
    s->config.memory = &memory;
    s->config.cluster = HC_STR("prod");
    s->config.call.region = hc_str(region);
    s->config.call.creds = creds;
    CHECK_INT(script_run(), 1);
    script_end();
    return listed;
}

#define TAGGED(list) { .operation = "GetResources", .service =               \
    "resourcegroupstaggingapi",                                             \
    .answer = "{\"ResourceTagMappingList\":[" list "]}" }
#define OF(name) "{\"ResourceARN\":\"" SCRIPT_AT "service/prod/" name "\"}"

TEST(run, a_write_that_ecs_does_not_show_yet_is_not_repeated)
{
    static const struct script_row write[] = { WEB(1), TWO, WRITE };

    begin();
    run(SCRIPT_ROWS(write), 0, HEADCOUNT_UPDATED, "");
    run(write, 2, 29, HEADCOUNT_UNCHANGED, "awaiting_own_write");
    run(SCRIPT_ROWS(write), 30, HEADCOUNT_UPDATED, "");
    end();
}

TEST(run, another_wish_than_the_one_written_is_written_at_once)
{
    static const struct script_row write[] = { WEB(1), TWO, WRITE };
    static const struct script_row other[] = {
        WEB(1),
        { .operation = HOSTS, .answer = SCRIPT_HOSTS(SCRIPT_HOST("a") ","
          SCRIPT_HOST("b") "," SCRIPT_HOST("c")) },
        WRITE
    };

    begin();
    run(SCRIPT_ROWS(write), 0, HEADCOUNT_UPDATED, "");
    run(SCRIPT_ROWS(other), 1, HEADCOUNT_UPDATED, "");
    end();
}

TEST(run, a_write_without_an_answer_is_made_again)
{
    static const struct script_row lost[] = {
        WEB(1),
        TWO,
        { .operation = UPDATE, .fail = HEADCOUNT_ECLOSED, .sent = true }
    };
    static const struct script_row write[] = { WEB(1), TWO, WRITE };

    begin();
    run(SCRIPT_ROWS(lost), 0, HEADCOUNT_FAILED, "unknown");
    run(SCRIPT_ROWS(write), 1, HEADCOUNT_UPDATED, "");
    end();
}

TEST(run, three_writes_undone_within_ten_minutes_are_contested)
{
    static const struct script_row write[] = { WEB(1), TWO, WRITE };
    static const struct script_row fine[] = { WEB(2), TWO };

    begin();
    for (int i = 0; i < 3; i++) {
        run(SCRIPT_ROWS(write), i * 100, HEADCOUNT_UPDATED, "");
        run(SCRIPT_ROWS(fine), i * 100 + 50, HEADCOUNT_UNCHANGED, "");
    }
    run(write, 2, 300, HEADCOUNT_HELD, "contested");
    run(write, 2, 600, HEADCOUNT_HELD, "contested");
    run(SCRIPT_ROWS(write), 701, HEADCOUNT_UPDATED, "");
    end();
}

/* Hosts come and go, and of two headcounts each sees every second event: the
 * other one's count is right, and no undoing of ours. */
TEST(run, a_newer_count_of_another_headcount_contests_nothing)
{
    static const struct script_row up[] = { WEB(3), FOUR, WRITE };
    static const struct script_row down[] = { WEB(3), THREE };

    begin();
    for (int i = 0; i < 8; i++) {
        run(SCRIPT_ROWS(up), i * 60, HEADCOUNT_UPDATED, "");
        run(SCRIPT_ROWS(down), i * 60 + 40, HEADCOUNT_UNCHANGED, "");
    }
    end();
}

/* A policy that counts looked at those hosts: as many others are not the same.
 */
TEST(run, nor_does_it_where_a_policy_made_the_count)
{
    static const struct script_row some[] = { THREE, WEB(4), WRITE };
    static const struct script_row others[] = {
        { .operation = HOSTS,
          .answer = SCRIPT_HOSTS(ID(1) "," ID(2) "," ID(4)) },
        WEB(4), WRITE };

    begin();
    policy = as_many_as_hosts;
    for (int i = 0; i < 4; i++) {
        run(SCRIPT_ROWS(some), i * 100, HEADCOUNT_UPDATED, "");
        run(SCRIPT_ROWS(others), i * 100 + 50, HEADCOUNT_UPDATED, "");
        audit_n = 0;
    }
    run(SCRIPT_ROWS(others), 450, HEADCOUNT_UPDATED, "");
    run(SCRIPT_ROWS(others), 500, HEADCOUNT_UPDATED, "");
    run(others, 2, 550, HEADCOUNT_HELD, "contested");
    end();
}

/* We wrote 4, ECS still shows 3, and 3 is right again: without a write it
 * would end with 4. */
TEST(run, a_write_that_is_not_shown_yet_is_taken_back)
{
    static const struct script_row up[] = { WEB(3), FOUR, WRITE };
    static const struct script_row back[] = { WEB(3), THREE, {
        .operation = UPDATE, .answer = SCRIPT_TAKEN, .yields = true,
        .body = "{\"cluster\":\"" SCRIPT_CLUSTER "\",\"service\":\"web\","
        "\"desiredCount\":3}" } };
    static const struct script_row late[] = { WEB(4), THREE };

    begin();
    run(SCRIPT_ROWS(up), 0, HEADCOUNT_UPDATED, "");
    run(SCRIPT_ROWS(back), 5, HEADCOUNT_UPDATED, "");
    run(back, 2, 6, HEADCOUNT_UNCHANGED, "");
    run(SCRIPT_ROWS(late), 7, HEADCOUNT_UNCHANGED, "awaiting_own_write");
    end();
}

TEST(run, a_task_definition_is_read_once_for_ever)
{
    static const struct script_row first[] = {
        WEB_OF(1), DEFINITION(1, ONE_OF("b == 1") "," ONE_OF("a == 1")),
        HOSTS_OF("(a == 1) and (" SCRIPT_EC2 ") and (b == 1)"),
    };
    static const struct script_row again[] = {
        WEB_OF(1), HOSTS_OF("(a == 1) and (" SCRIPT_EC2 ") and (b == 1)")
    };
    static const struct script_row none[] = {
        WEB_OF(2), DEFINITION(2, ""), TWO
    };
    static const struct script_row none_again[] = { WEB_OF(2), TWO };

    begin();
    definitions = true;
    run(SCRIPT_ROWS(first), 0, HEADCOUNT_UNCHANGED, "");
    run(SCRIPT_ROWS(again), 1000000, HEADCOUNT_UNCHANGED, "");
    run(SCRIPT_ROWS(none), 1000001, HEADCOUNT_UNCHANGED, "");
    run(SCRIPT_ROWS(none_again), 2000000, HEADCOUNT_UNCHANGED, "");
    run(SCRIPT_ROWS(again), 2000001, HEADCOUNT_UNCHANGED, "");
    end();
}

/* A host has room for one task, with and without an expression. */
TEST(run, a_fixed_host_port_is_remembered)
{
#define PORTED(n, list) { .operation = "DescribeTaskDefinition",             \
    .answer = "{\"taskDefinition\":{\"taskDefinitionArn\":\"" REVISION(n)   \
    "\",\"containerDefinitions\":[{\"portMappings\":[{\"hostPort\":80}]}]," \
    "\"placementConstraints\":[" list "]}}" }
    static const struct script_row rows[][3] = {
        { WEB_OF(1), PORTED(1, ""), TWO },
        { WEB_OF(1), TWO },
        { WEB_OF(2), PORTED(2, ONE_OF("a == 1")),
          HOSTS_OF("(a == 1) and (" SCRIPT_EC2 ")") },
        { WEB_OF(2), HOSTS_OF("(a == 1) and (" SCRIPT_EC2 ")") },
    };

    begin();
    definitions = true;
    wish.rule.tasks = 2;              /* 2 hosts, and 2 tasks are there */
    for (int i = 0; i < 4; i++)
        run(rows[i], i % 2 == 0 ? 3 : 2, i, HEADCOUNT_UNCHANGED, "");
    end();
#undef PORTED
}

/* What is not understood now, and what is not a line, is not remembered. */
TEST(run, a_task_definition_that_fails_is_asked_for_again)
{
    static const struct script_row unclear[] = {
        WEB_OF(1), DEFINITION(1, "{\"type\":\"newOf\"}")
    };
    static const struct script_row broken[] = {
        WEB_OF(1), DEFINITION(1, ONE_OF("a ==\\n1"))
    };

    begin();
    definitions = true;
    for (int i = 0; i < 2; i++)
        run(SCRIPT_ROWS(unclear), i, HEADCOUNT_FAILED, "EANSWER");
    for (int i = 0; i < 2; i++)
        run(SCRIPT_ROWS(broken), i, HEADCOUNT_FAILED, "filter");
    end();
}

/* A fall is one from what we wrote, though ECS does not show it yet. */
TEST(run, tasks_that_our_own_last_write_made_count_as_taken_away)
{
    static const struct script_row four[] = {
        WEB(1),
        { .operation = HOSTS, .answer = SCRIPT_HOSTS(SCRIPT_HOST("a") ","
          SCRIPT_HOST("b") "," SCRIPT_HOST("c") "," SCRIPT_HOST("d")) },
        WRITE
    };
    static const struct script_row two[] = { WEB(1), TWO };
    struct hc_brake_window window = { .last = 0 };
    struct hc_brake limits = { .window = &window };

    begin();
    brake = &limits;
    hc_brake_limit(brake, 0, 1, false);
    run(SCRIPT_ROWS(four), 0, HEADCOUNT_UPDATED, "");
    run(SCRIPT_ROWS(two), 1, HEADCOUNT_HELD, "too_many_changes");
    end();
}

#define AGENT(n, connected) "{\"containerInstanceArn\":" ID(n) ",\"status\":" \
    "\"ACTIVE\",\"agentConnected\":" connected "}"
#define AGENTS(third) { .operation = DETAILS, .answer =                      \
    "{\"containerInstances\":[" AGENT(1, "true") "," AGENT(2, "true") ","    \
    AGENT(3, third) "]}" }

/* An agent may disconnect for a moment; one reading between two others that
 * has all of them starts the five minutes again. */
TEST(run, fewer_connected_hosts_are_believed_when_they_are_seen_for_long)
{
    static const struct script_row low[] = {
        WEB(3), THREE, AGENTS("false"),
        { .operation = UPDATE, .answer = SCRIPT_TAKEN, .yields = true,
          .body = "{\"cluster\":\"" SCRIPT_CLUSTER "\",\"service\":\"web\","
          "\"desiredCount\":2}" },
    };
    static const struct script_row all[] = { WEB(3), THREE, AGENTS("true") };

    begin();
    wish.by = HEADCOUNT_CONNECTED;
    run(low, 3, 0, HEADCOUNT_HELD, "disconnected");
    run(low, 3, 200, HEADCOUNT_HELD, "disconnected");
    run(SCRIPT_ROWS(all), 299, HEADCOUNT_UNCHANGED, "");
    run(low, 3, 301, HEADCOUNT_HELD, "disconnected");
    run(low, 3, 600, HEADCOUNT_HELD, "disconnected");
    run(SCRIPT_ROWS(low), 602, HEADCOUNT_UPDATED, "");
    end();
}

TEST(run, a_list_by_tags_is_that_of_the_last_minute_for_who_says_so)
{
    static const struct script_row two[] = { TAGGED(OF("web") "," OF("log")) };
    static const struct script_row one[] = { TAGGED(OF("web")) };
    static const struct script_row none[] = { TAGGED("") };
    static const struct script_row fails[] = {
        { .operation = "GetResources", .service = "resourcegroupstaggingapi",
          .fail = HEADCOUNT_ECONNECT }
    };

    begin();
    CHECK_INT(lists(SCRIPT_ROWS(fails), 0, true, "eu-west-1"), 99);
    CHECK_INT(lists(SCRIPT_ROWS(two), 0, true, "eu-west-1"), 2);
    CHECK_INT(lists(NULL, 0, 60, true, "eu-west-1"), 2);
    CHECK_INT(lists(SCRIPT_ROWS(none), 60, true, "eu-west-2"), 0);
    CHECK_INT(lists(SCRIPT_ROWS(one), 60, false, "eu-west-1"), 1);
    CHECK_INT(lists(NULL, 0, 120, true, "eu-west-1"), 1);
    CHECK_INT(lists(NULL, 0, 120, true, "eu-west-2"), 0);
    CHECK_INT(lists(SCRIPT_ROWS(two), 121, true, "eu-west-1"), 2);
    end();
}

/* "prod" may be another account's for another role. */
TEST(run, of_a_name_another_role_knows_nothing)
{
    static const struct script_row two[] = { TAGGED(OF("web") "," OF("log")) };
    static const struct script_row one[] = { TAGGED(OF("web")) };
    struct hc_creds a = { .role = HC_STR("arn:aws:iam::111111111111:role/a") };
    struct hc_creds b = { .role = HC_STR("arn:aws:iam::222222222222:role/b") };

    begin();
    creds = &a;
    CHECK_INT(lists(SCRIPT_ROWS(two), 0, true, "eu-west-1"), 2);
    creds = &b;
    CHECK_INT(lists(SCRIPT_ROWS(one), 1, true, "eu-west-1"), 1);
    creds = &a;
    CHECK_INT(lists(NULL, 0, 2, true, "eu-west-1"), 2);
    end();
}

TEST(run, each_write_is_one_line)
{
    static const struct script_row write[] = { WEB(1), TWO, WRITE };
    static const struct script_row fine[] = { WEB(2), TWO };
    static const struct script_row lost[] = {
        WEB(1),
        TWO,
        { .operation = UPDATE, .fail = HEADCOUNT_ECLOSED, .sent = true }
    };

    begin();
    run(SCRIPT_ROWS(fine), 0, HEADCOUNT_UNCHANGED, "");
    CHECK_INT(audit_n, 0);
    run(SCRIPT_ROWS(write), 1, HEADCOUNT_UPDATED, "");
    CHECK_INT(audit_n, 1);
    CHECK_Z(audit[0], "{\"time\":\"2026-01-01T00:00:00.000Z\","
            "\"region\":\"eu-west-1\",\"cluster\":\"" SCRIPT_CLUSTER "\","
            "\"event\":\"write\",\"outcome\":\"updated\",\"code\":\"\","
            "\"service\":\"web\",\"before\":1,\"after\":2,\"hosts\":2,"
            "\"placeable\":null,"
            "\"by\":\"active\",\"filter\":\"\",\"rule\":\"per_host\","
            "\"reason\":\"1 task on each of 2 active hosts\","
            "\"policy_sha256\":null,\"event_id\":null,\"request_id\":null,"
            "\"version\":\"1.2.3\"}");
    run(SCRIPT_ROWS(lost), 60, HEADCOUNT_FAILED, "unknown");
    CHECK_INT(audit_n, 2);
    CHECK(line_has(1, "\"event\":\"write\",\"outcome\":\"failed\","
                      "\"code\":\"unknown\""));
    end();
}

TEST(run, a_hold_is_told_when_it_starts_changes_and_ends)
{
    static const struct script_row external[] = {
        { .operation = SERVICES, .answer = SCRIPT_SERVICES(
          SCRIPT_SERVICE("web", 1, ",\"deploymentController\":"
          "{\"type\":\"EXTERNAL\"}")) }, TWO
    };
    static const struct script_row paused[] = {
        { .operation = SERVICES, .answer = SCRIPT_SERVICES(
          SCRIPT_SERVICE("web", 1, ",\"tags\":[{\"key\":\"headcount:pause\","
          "\"value\":\"true\"}]")) }, TWO
    };
    static const struct script_row fine[] = { WEB(2), TWO };
    static const struct script_row fails[] = {
        { .operation = SERVICES, .fail = HEADCOUNT_ECONNECT }
    };

    begin();
    run(SCRIPT_ROWS(external), 0, HEADCOUNT_HELD, "external");
    CHECK(audit_n == 1 && line_has(0, "hold_started"));
    run(SCRIPT_ROWS(external), 1, HEADCOUNT_HELD, "external");
    CHECK_INT(audit_n, 1);
    run(SCRIPT_ROWS(fails), 2, HEADCOUNT_FAILED, "ECONNECT");
    CHECK_INT(audit_n, 1);
    run(SCRIPT_ROWS(paused), 3, HEADCOUNT_HELD, "paused");
    CHECK(audit_n == 2 && line_has(1, "hold_changed") &&
          line_has(1, "\"code\":\"paused\""));
    run(SCRIPT_ROWS(fine), 4, HEADCOUNT_UNCHANGED, "");
    CHECK(audit_n == 3 && line_has(2, "hold_ended"));
    run(SCRIPT_ROWS(fine), 5, HEADCOUNT_UNCHANGED, "");
    CHECK_INT(audit_n, 3);
    end();
}

/* ---- the account that is expected ---- */

static void asks_for_hosts(struct hc_reconcile *r)
{
    struct hc_known k;
    const struct hc_query hosts = { .kind = QUERY_COUNT };
    struct headcount_error e;

    if (hc_policy_fact(&r->run, &hosts, &k, &e) == 1)
        hc_reconcile_resume(r, &wish, 1);
    else
        hc_reconcile_resume(r, NULL, 0);
}

static void refused(const struct script *s)
{
    const struct headcount_cluster *c = &s->r.run.result;

    CHECK_Z(c->error_code, "EACCOUNT");
    CHECK(strstr(c->error, "account 111122223333, and account 123456789012 is "
                 "expected") != NULL);
    CHECK(strstr(c->error, "from: arn:aws:iam::111122223333:role/x") != NULL);
}

/* No call is made for it: any first answer tells the account. */
TEST(run, an_answer_of_another_account_fails_the_cluster)
{
    static const struct script_row services[] = { WEB(1) };
    static const struct script_row gone[] = { { .operation = SERVICES,
        .answer = "{\"services\":[],\"failures\":[" SCRIPT_MISSING("web")
                  "]}" } };
    static const struct script_row hosts[] = { TWO };
    static const struct { const struct script_row *rows; bool asks, dry; }
    runs[] = { { services, false, false }, { services, false, true },
               { gone, false, false }, { hosts, true, false } };
    struct hc_creds role = {
        .role = HC_STR("arn:aws:iam::111122223333:role/x") };

    for (size_t i = 0; i < sizeof runs / sizeof *runs; i++) {
        struct script *s = script_wishes(runs[i].rows, 1, "web");

        wish = (struct hc_wish){ .service = HC_STR("web") };
        s->config.expect_account = HC_STR("123456789012");
        s->config.call.creds = &role;
        s->config.dry_run = runs[i].dry;
        if (runs[i].asks) {
            s->config.asks = true;
            s->config.wishes_n = 0;
            s->policy = asks_for_hosts;
        }
        CHECK_INT(script_run(), 1);
        refused(s);
        if (!runs[i].asks)
            script_gave(0, HEADCOUNT_FAILED, "EACCOUNT");
        script_end();
    }
}

TEST(run, an_answer_of_the_expected_account_is_worked_with)
{
    static const struct script_row rows[] = { WEB(1), TWO, WRITE };
    struct script *s = script_wishes(SCRIPT_ROWS(rows), "web");

    s->config.expect_account = HC_STR("111122223333");
    script_gives(0, HEADCOUNT_UPDATED, "");
    script_end();
}

/* A name alone says no account: it could be the other one's cluster that is
 * written to, once credentials have been replaced. */
TEST(run, nothing_is_written_while_no_answer_tells_the_account)
{
    static const struct script_row rows[] = {
        { .operation = SERVICES, .answer = "{\"services\":[{\"serviceName\":"
          "\"web\",\"clusterArn\":\"prod\",\"status\":\"ACTIVE\","
          "\"launchType\":\"EC2\",\"desiredCount\":1,\"runningCount\":1,"
          "\"pendingCount\":0,\"deployments\":[{}]}],\"failures\":[]}" },
        TWO, WRITE };

    for (int expects = 0; expects < 2; expects++) {
        struct script *s = script_wishes(rows, expects ? 2 : 3, "web");

        if (expects)
            s->config.expect_account = HC_STR("111122223333");
        if (expects)
            script_gives(0, HEADCOUNT_FAILED, "EACCOUNT");
        else
            script_gives(0, HEADCOUNT_UPDATED, "");
        script_end();
    }
}

/* The list that is read for a person tells the account as well. */
TEST(run, a_cluster_that_is_not_there_may_be_in_the_expected_account)
{
    for (int found = 0; found < 2; found++) {
        struct script_row rows[] = {
            { .operation = SERVICES, .fail = HEADCOUNT_ESERVICE,
              .code = "ClusterNotFoundException" },
            { .operation = "ListClusters", .answer = "{\"clusterArns\":[\""
              SCRIPT_AT "cluster/a\"]}" },
        };
        struct hc_creds role = {
            .role = HC_STR("arn:aws:iam::111122223333:role/x") };
        struct script *s = script_wishes(SCRIPT_ROWS(rows), "web");

        s->config.found = found;
        s->config.lists = true;
        s->config.call.creds = &role;
        s->config.expect_account = HC_STR("123456789012");
        CHECK_INT(script_run(), 1);
        refused(s);
        script_end();
    }
}

static void expects_late(struct hc_reconcile *r)
{
    if (r->run.answered[0] != '\0')
        r->run.config.expect_account = HC_STR("123456789012");
    asks_for_hosts(r);
}

TEST(run, a_policy_may_expect_an_account_after_it_has_looked)
{
    static const struct script_row rows[] = { TWO };
    struct hc_creds role = {
        .role = HC_STR("arn:aws:iam::111122223333:role/x") };
    struct script *s = script_wishes(SCRIPT_ROWS(rows), "web");

    wish = (struct hc_wish){ .service = HC_STR("web") };
    s->config.call.creds = &role;
    s->config.asks = true;
    s->config.wishes_n = 0;
    s->policy = expects_late;
    CHECK_INT(script_run(), 1);
    refused(s);
    script_end();
}

/* A service's ARN of another account is none of this cluster, before any
 * call. */
TEST(run, a_wish_of_another_account_is_not_asked_about)
{
    struct script *s = script_wishes(NULL, 0, "web");

    script_wish(0)->service = HC_STR(SCRIPT_AT "service/prod/web");
    s->config.expect_account = HC_STR("123456789012");
    script_gives(0, HEADCOUNT_SKIPPED, "missing");
    script_end();
}
