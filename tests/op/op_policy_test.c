/* An op that asks its owner: headcount.h's facts and wishes, as a policy in C
 * sees them, against a server on loopback. */
#include "headcount.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "peers/scene.h"
#include "t.h"

#define CLUSTER                                                             \
    "{\"clusters\":[{\"clusterArn\":\"" CLUSTER_ARN "\",\"clusterName\":"   \
    "\"prod\",\"status\":\"ACTIVE\",\"registeredContainerInstancesCount\":3," \
    "\"tags\":[{\"key\":\"tier\",\"value\":\"gold\"},{\"key\":\"bare\","    \
    "\"value\":\"\"}]}]}"
#define DETAIL(n, cpu)                                                      \
    "{\"containerInstanceArn\":" HOST(n) ",\"status\":\"ACTIVE\","          \
    "\"agentConnected\":true,\"registeredAt\":1700000000.5,"                \
    "\"registeredResources\":[{\"name\":\"CPU\",\"integerValue\":" #cpu "},"   \
    "{\"name\":\"MEMORY\",\"integerValue\":100}],\"attributes\":["          \
    "{\"name\":\"os\",\"value\":\"linux\"},{\"name\":\"gpu\"}]}"
#define DETAILS "{\"containerInstances\":[" DETAIL("a", 1024) ","           \
    DETAIL("b", 1024) "," DETAIL("c", 2048) "]}"
#define TAGGED "{\"PaginationToken\":\"\",\"ResourceTagMappingList\":["     \
    "{\"ResourceARN\":\"arn:aws:ecs:eu-west-1:123456789012:service/prod/"   \
    "web\"}]}"
#define DEFINITION "{\"taskDefinition\":{\"taskDefinitionArn\":\""           \
    DEFINITION_ARN "\",\"placementConstraints\":[]}}"
#define UPDATED(n) "{\"service\":{\"desiredCount\":" n "}}"

static int rounds;
static bool redacted;              /* account ids are zeros */

static int fact(struct headcount_query q, struct headcount_fact *f)
{
    struct headcount_error e;
    int got;

    q.size = sizeof q;
    got = headcount_fact(scene.op, &q, f, &e);
    if (got < 0)
        fail_msg("%s", e.what);
    return got;
}

/* One task for every 2,048 CPU units, of the services that opt in by tag, in
 * gold clusters. */
static void decide(void)
{
    const struct headcount_tag tag = { "headcount:rule", NULL };
    struct headcount_wish wish = {
        .size = sizeof wish, .rule = HEADCOUNT_LINEAR, .cpu_per_task = 2048,
        .at = "policy.c:7",
    };
    struct headcount_fact f;
    struct headcount_host host;

    rounds = headcount_question(scene.op)->round;
    CHECK_Z(headcount_question(scene.op)->name, "prod");
    CHECK_Z(headcount_question(scene.op)->region, "eu-west-1");
    CHECK_Z(headcount_question(scene.op)->account,
            redacted ? "000000000000" : "123456789012");
    if (!redacted)
        CHECK_Z(headcount_question(scene.op)->arn, CLUSTER_ARN);
    if (fact((struct headcount_query){ .kind = HEADCOUNT_FACT_CLUSTER },
             &f) == 1) {
        CHECK_Z(f.status, "ACTIVE");
        CHECK_INT(f.registered, 3);
        CHECK_Z(headcount_pair_find(f.tags, "tier"), "gold");
        CHECK_Z(headcount_pair_find(f.tags, "bare"), "");
        CHECK_Z(headcount_pair_find(f.tags, "none"), NULL);
    }
    if (fact((struct headcount_query){ .kind = HEADCOUNT_FACT_HOSTS }, &f)
        == 1) {
        CHECK_INT(f.count, 3);
        CHECK(headcount_fact_host(&f, 2, &host));
        CHECK_Z(host.id, "c");
        CHECK_INT(host.cpu, 2048);
        CHECK_INT(host.cpu_remaining, HEADCOUNT_UNKNOWN);
        CHECK_INT(host.registered_at, 1700000000500000);
        CHECK_Z(headcount_pair_find(host.attributes, "gpu"), "");
        CHECK(!headcount_fact_host(&f, 3, &host));
        CHECK_Z(headcount_fact_name(&f, 0), NULL);      /* it has no names */
    }
    if (fact((struct headcount_query){ .kind = HEADCOUNT_FACT_SERVICES,
                                       .tags = &tag, .tags_n = 1 }, &f) == 1) {
        CHECK_INT(f.count, 1);
        CHECK_Z(headcount_fact_name(&f, 1), NULL);
        CHECK(!headcount_fact_host(&f, 0, &host));      /* nor this hosts */
        wish.service = headcount_fact_name(&f, 0);
        CHECK_INT(headcount_wish(scene.op, &wish), 0);
    }
    headcount_resume(scene.op);
}

static const struct headcount_outcome *run(void (*policy)(void))
{
    const struct headcount_reconcile request = {
        .size = sizeof request, .event = EVENT,
        .event_size = strlen(EVENT), .policy = true,
        .policy_sha256 = "abc", .record = true,
    };

    rounds = 0;
    CHECK_INT(headcount_begin_reconcile(scene.h, &scene.op, &request, NULL), 0);
    scene_drive();
    while (headcount_op_state(scene.op) == HEADCOUNT_ASKS) {
        CHECK(headcount_next(scene.h) == scene.op);
        CHECK(headcount_outcome(scene.op) == NULL);
        policy();
        scene_drive();
    }
    CHECK_INT(headcount_op_state(scene.op), HEADCOUNT_DONE);
    CHECK(headcount_question(scene.op) == NULL);
    return headcount_outcome(scene.op);
}

/* The facts written down: the policy sees them again, and no call is made. */
static void plans_the_same_on(const char *snapshot, size_t n)
{
    headcount_op *live = scene.op;
    const struct headcount_reconcile request = {
        .size = sizeof request, .policy = true,
        .snapshot = snapshot, .snapshot_size = n, .dry_run = true,
    };
    const struct headcount_outcome *o;

    CHECK(snapshot != NULL);
    redacted = true;
    CHECK_INT(headcount_begin_reconcile(scene.h, &scene.op, &request, NULL), 0);
    scene_drive();
    while (headcount_op_state(scene.op) == HEADCOUNT_ASKS) {
        decide();
        scene_drive();
    }
    o = headcount_outcome(scene.op);
    CHECK_Z(o->message, "");
    CHECK_INT(rounds, 1);
    CHECK_INT(o->stats.api_calls, 0);
    CHECK_INT(o->summary[HEADCOUNT_PENDING], 1);
    CHECK_INT(o->clusters[0].services[0].wanted, 2);
    headcount_op_free(scene.op);
    scene.op = live;
    redacted = false;
}

TEST(policy, facts_are_read_and_the_wish_is_written)
{
    const char *const answers[] = {
        aws_answer(200, "", CLUSTER), aws_answer(200, "", HOSTS3),
        aws_answer(200, "", DETAILS), aws_answer(200, "", TAGGED),
        aws_answer(200, "", SERVICE("1")), aws_answer(200, "", DEFINITION),
        aws_answer(200, "", UPDATED("2")), NULL
    };

    scene_open(false, answers);

    const struct headcount_outcome *o = run(decide);

    CHECK_Z(o->message, "");
    CHECK_INT(o->stats.api_calls, 7);
    CHECK_INT(rounds, 2);
    CHECK_INT(o->summary[HEADCOUNT_UPDATED], 1);
    CHECK_INT(o->clusters[0].services[0].wanted, 2);
    CHECK_Z(o->clusters[0].services[0].at, "policy.c:7");
    CHECK(strstr(o->clusters[0].services[0].reason, "2048 CPU units of 3 "
                                                    "active hosts") != NULL);
    CHECK_INT(scene.audited, 1);
    plans_the_same_on(o->snapshot, o->snapshot_size);
    headcount_op_free(scene.op);
    scene_close();
}

/* ---- services, counts, pairs ---- */

/* Asks for one service and two counts, and keeps what runs. */
static void keeps(void)
{
    struct headcount_wish wish = {
        .size = sizeof wish, .service = "web", .rule = HEADCOUNT_FIXED,
        .hosts = HEADCOUNT_CONNECTED,
    };
    struct headcount_tag pair;
    struct headcount_fact f, by;

    if (fact((struct headcount_query){ .kind = HEADCOUNT_FACT_SERVICE,
                                       .service = "web" }, &f) == 1) {
        CHECK_Z(f.service->name, "web");
        CHECK_Z(f.service->status, "ACTIVE");
        CHECK_Z(f.service->launch_type, "EC2");
        CHECK_Z(f.service->scheduling_strategy, "REPLICA");
        CHECK_INT(f.service->desired, 1);
        CHECK_INT(f.service->pending, 0);
        CHECK(!headcount_pair(f.service->tags, 0, &pair));
        wish.tasks = f.service->desired;
        CHECK_INT(headcount_wish(scene.op, &wish), 0);
    }
    if (fact((struct headcount_query){ .kind = HEADCOUNT_FACT_COUNT,
                                       .hosts = HEADCOUNT_CONNECTED }, &f) == 1)
        CHECK_INT(f.count, 3);
    if (fact((struct headcount_query){ .kind = HEADCOUNT_FACT_COUNT,
                                       .hosts = HEADCOUNT_REGISTERED }, &by)
        == 1) {
        CHECK_INT(by.count, 3);
        CHECK(!headcount_fact_host(&by, 0, NULL));
        CHECK_Z(headcount_fact_name(&by, 0), NULL);
        fact((struct headcount_query){ .kind = HEADCOUNT_FACT_CLUSTER }, &f);
        CHECK(headcount_pair(f.tags, 0, &pair));
        CHECK_Z(pair.key, "bare");
        CHECK_Z(pair.value, "");
        CHECK(headcount_pair(f.tags, 1, &pair));
        CHECK_Z(pair.value, "gold");
        CHECK(!headcount_pair(f.tags, 2, &pair));
    }
    if (fact((struct headcount_query){ .kind = HEADCOUNT_FACT_SERVICES,
                                       .tags = (struct headcount_tag[]){
                                           { "b", "2" }, { "a", NULL } },
                                       .tags_n = 2 }, &f) == 1)
        CHECK_INT(f.count, 1);
    headcount_resume(scene.op);
}

TEST(policy, services_counts_and_tags_are_facts_too)
{
    const char *const answers[] = {
        aws_answer(200, "", SERVICE("1")), aws_answer(200, "", HOSTS3),
        aws_answer(200, "", DETAILS), aws_answer(200, "", CLUSTER),
        aws_answer(200, "", TAGGED), NULL
    };

    scene_open(false, answers);

    const struct headcount_outcome *o = run(keeps);

    CHECK_Z(o->message, "");
    CHECK_INT(o->summary[HEADCOUNT_UNCHANGED], 1);
    CHECK_INT(o->stats.api_calls, 5);
    CHECK(strstr(scene.script.request[4], "\"TagFilters\":[{\"Key\":\"a\"},"
                 "{\"Key\":\"b\",\"Values\":[\"2\"]}]") != NULL);
    headcount_op_free(scene.op);
    scene_close();
}

/* ---- what it may not do ---- */

static void refuses(void)
{
    headcount_refuse(scene.op, "policy.lua:3: not today");
    headcount_refuse(scene.op, "twice");
}

static void wishes_nonsense(void)
{
    static const char *const nope[] = { "nope" };
    const struct headcount_wish bad[] = {
        { .size = sizeof *bad },
        { .size = sizeof *bad, .service = "a", .rungs_n = 1 },
        { .size = sizeof *bad, .service = "a", .allow_n = 1 },
        { .size = sizeof *bad, .service = "a",
          .rule = (enum headcount_rule)99 },
        { .size = sizeof *bad, .service = "a", .allow = nope, .allow_n = 1 },
    };
    const struct headcount_wish wish = {
        .size = sizeof wish, .service = "web", .rule = HEADCOUNT_PERCENT,
        .percent = -3, .at = "policy.lua:9",
    };

    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        CHECK_INT(headcount_wish(scene.op, &bad[i]), HEADCOUNT_EARG);
    CHECK_INT(headcount_wish(scene.op, &wish), 0);
    CHECK_INT(headcount_limits(scene.op, -1, 0), HEADCOUNT_EARG);
    CHECK_INT(headcount_limits(scene.op, 0, -1), HEADCOUNT_EARG);
    CHECK_INT(headcount_limits(scene.op, 0, 0), 0);
    CHECK_INT(headcount_expect_account(scene.op, "12345678901"),
              HEADCOUNT_EARG);
    CHECK_INT(headcount_expect_account(scene.op, "12345678901x"),
              HEADCOUNT_EARG);
    headcount_resume(scene.op);
    CHECK_INT(headcount_wish(scene.op, &wish), HEADCOUNT_ESTATE);
    CHECK_INT(headcount_limits(scene.op, 1, 1), HEADCOUNT_ESTATE);
    CHECK_INT(headcount_expect_account(scene.op, "123456789012"),
              HEADCOUNT_ESTATE);
}

static void asks_nonsense(void)
{
    const struct headcount_tag twice[] = { { "a", NULL }, { "a", "b" } };
    const struct headcount_query bad[] = {
        { .size = sizeof *bad }, { .size = sizeof *bad, .kind = 99 },
        { .size = sizeof *bad, .kind = HEADCOUNT_FACT_SERVICE },
        { .size = sizeof *bad, .kind = HEADCOUNT_FACT_PLACEMENT },
        { .size = sizeof *bad, .kind = HEADCOUNT_FACT_PLACEMENT,
          .service = "a b" },
        { .size = sizeof *bad, .kind = HEADCOUNT_FACT_SERVICES, .tags_n = 1 },
        { .size = sizeof *bad, .kind = HEADCOUNT_FACT_SERVICES,
          .tags = twice, .tags_n = 2 },
        { .size = sizeof *bad, .kind = HEADCOUNT_FACT_COUNT, .where = "(" },
    };
    struct headcount_error e;
    struct headcount_fact f;

    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        if (headcount_fact(scene.op, &bad[i], &f, &e) >= 0)
            fail_msg("query %zu is taken", i);
        CHECK(e.what[0] != '\0');
    }
    headcount_resume(scene.op);
    CHECK_INT(headcount_fact(scene.op, &bad[0], &f, NULL), HEADCOUNT_ESTATE);
}

TEST(policy, what_it_refuses_or_gets_wrong_fails_its_cluster_without_a_call)
{
    static const struct { void (*policy)(void); const char *says; } rows[] = {
        { refuses, "policy.lua:3: not today" },
        { wishes_nonsense, "policy.lua:9: percent: it takes more than 0" },
    };

    for (size_t i = 0; i < 2; i++) {
        scene_open(false, NULL);

        const struct headcount_outcome *o = run(rows[i].policy);

        CHECK_INT(o->code, 0);
        CHECK_INT(o->summary[HEADCOUNT_FAILED], 1);
        CHECK_Z(o->clusters[0].error_code, "EPOLICY");
        CHECK(strstr(o->clusters[0].error, rows[i].says) != NULL);
        CHECK_INT(o->stats.api_calls, 0);
        headcount_op_free(scene.op);
        scene_close();
    }
    scene_open(false, NULL);
    CHECK_INT(run(asks_nonsense)->clusters_n, 1);
    CHECK_INT(headcount_outcome(scene.op)->summary[HEADCOUNT_FAILED], 0);
    headcount_op_free(scene.op);
    scene_close();
}

/* ---- ended while it asks ---- */

TEST(policy, an_op_that_asks_may_be_cancelled_ended_or_left)
{
    const struct headcount_reconcile request = {
        .size = sizeof request, .event = EVENT,
        .event_size = strlen(EVENT), .policy = true,
    };

    for (int i = 0; i < 3; i++) {
        scene_open(false, NULL);
        CHECK_INT(headcount_begin_reconcile(scene.h, &scene.op, &request, NULL),
                  0);
        scene_drive();
        CHECK_INT(headcount_op_state(scene.op), HEADCOUNT_ASKS);
        CHECK_INT(headcount_wait(scene.op, -1), HEADCOUNT_ASKS);
        if (i == 0) {
            headcount_cancel(scene.op);
            scene_drive();
            CHECK_Z(headcount_outcome(scene.op)->clusters[0].error_code,
                    "cancelled");
        }
        if (i < 2)
            headcount_op_free(scene.op);
        scene_close();
    }
}

TEST(policy, a_policy_and_wishes_do_not_go_together)
{
    const struct headcount_wish web = { .size = sizeof web,
                                        .service = "web" };
    const struct headcount_reconcile request = {
        .size = sizeof request, .event = EVENT,
        .event_size = strlen(EVENT), .policy = true, .wishes = &web,
        .wishes_n = 1,
    };

    scene_open(false, NULL);
    CHECK_INT(headcount_begin_reconcile(scene.h, &scene.op, &request, NULL), 0);
    CHECK_INT(headcount_outcome(scene.op)->code, HEADCOUNT_ECONFIG);
    CHECK(strstr(headcount_outcome(scene.op)->message, "beside a policy")
          != NULL);
    headcount_op_free(scene.op);
    scene_close();
}

/* ---- the account ---- */

#define OK(text) aws_answer(200, "", text)

static void expects(const char *account, int code)
{
    const struct headcount_wish wish = { .size = sizeof wish,
                                         .service = "web" };
    struct headcount_fact f;

    if (fact((struct headcount_query){ .kind = HEADCOUNT_FACT_CLUSTER },
             &f) == 1) {
        CHECK_INT(headcount_expect_account(scene.op, account), 0);
        CHECK_INT(headcount_expect_account(scene.op, account), 0);
        CHECK_INT(headcount_expect_account(scene.op, "000000000001"), code);
        CHECK_INT(headcount_wish(scene.op, &wish), 0);
    }
    headcount_resume(scene.op);
}

static void expects_ours(void)
{
    expects("123456789012", HEADCOUNT_EACCOUNT);
}

static void expects_theirs(void)
{
    expects("210987654321", HEADCOUNT_EACCOUNT);
}

/* The account was answered before the policy expects one. */
TEST(op_policy, an_account_is_compared_when_its_turn_ends)
{
    const char *const ours[] = { OK(CLUSTER), OK(SERVICE("3")),
                                 OK(DEFINITION), OK(HOSTS3), NULL };
    const char *const theirs[] = { OK(CLUSTER), NULL };

    scene_open(false, ours);
    const struct headcount_outcome *o = run(expects_ours);

    CHECK_INT(o->clusters_n, 1);
    CHECK_Z(o->clusters[0].error_code, NULL);
    headcount_op_free(scene.op);
    scene_close();
    scene_open(false, theirs);
    o = run(expects_theirs);
    CHECK_INT(o->code, 0);
    CHECK_INT(o->clusters_n, 1);
    CHECK_Z(o->clusters[0].error_code, "EACCOUNT");
    CHECK_INT(scene.script.requests, 1);
    headcount_op_free(scene.op);
    scene_close();
}
