/* tests/op/op_policy_tags_test.c - the owner's turn, decided by the tags of
 * services: which are asked for, and what a tag does to the count. */
#include "headcount.h"

#include <string.h>

#include "peers/scene.h"
#include "t.h"

#define AT "arn:aws:ecs:eu-west-1:123456789012:"
#define OF(name) "{\"ResourceARN\":\"" AT "service/prod/" name "\"}"
#define TAGGED(list) "{\"PaginationToken\":\"\",\"ResourceTagMappingList\":["  \
    list "]}"
#define TAG(key, value) "{\"key\":\"headcount:" key "\",\"value\":\"" value   \
    "\"}"
#define WITH(name, tags) "{\"serviceArn\":\"" AT "service/prod/" name "\","  \
    "\"serviceName\":\"" name "\",\"clusterArn\":\"" CLUSTER_ARN "\","       \
    "\"status\":\"ACTIVE\",\"desiredCount\":4,\"runningCount\":4,"          \
    "\"taskDefinition\":\"" DEFINITION_ARN "\",\"launchType\":\"EC2\","   \
    "\"deployments\":[{}],\"tags\":[" tags "]}"
#define SERVICES(list) "{\"services\":[" list "],\"failures\":[]}"
#define DEFINITION "{\"taskDefinition\":{\"taskDefinitionArn\":\""          \
    DEFINITION_ARN "\",\"placementConstraints\":[]}}"
#define WRITTEN(n) "{\"service\":{\"desiredCount\":" n "}}"
#define OK(body) aws_answer(200, "", body)

static int begin_by_tags(void)
{
    static const char *const prod[] = { "prod" };
    const struct headcount_reconcile r = {
        .size = sizeof r, .clusters = prod, .clusters_n = 1, .policy = true,
    };

    return headcount_begin_reconcile(scene.h, &scene.op, &r, NULL);
}

static void decide(void)
{
    headcount_decide_by_tags(scene.op);
}

static const struct headcount_outcome *run(const char *const *answers)
{
    scene_open(false, answers);
    CHECK_INT(begin_by_tags(), 0);
    scene_drive();
    while (headcount_op_state(scene.op) == HEADCOUNT_ASKS) {
        decide();
        scene_drive();
    }
    return headcount_outcome(scene.op);
}

static void end(void)
{
    headcount_op_free(scene.op);
    scene_close();
}

static const struct headcount_service *row(size_t at)
{
    CHECK_INT(headcount_outcome(scene.op)->clusters_n, 1);
    CHECK(at < headcount_outcome(scene.op)->clusters[0].services_n);
    return &headcount_outcome(scene.op)->clusters[0].services[at];
}

/* All that have a rule are described in one call. */
TEST(op_policy_tags, each_service_gets_the_count_that_its_tags_say)
{
    const char *const answers[] = {
        OK(TAGGED(OF("web") "," OF("log"))),
        OK(SERVICES(WITH("web", TAG("rule", "per-host") "," TAG("tasks", "2"))
                    "," WITH("log", TAG("rule", "fixed") ","
                                    TAG("tasks", "3")))),
        OK(DEFINITION), OK(HOSTS3), OK(WRITTEN("6")), OK(WRITTEN("3")), NULL };
    const struct headcount_outcome *o = run(answers);

    CHECK_INT(o->code, 0);
    CHECK_INT(scene.script.requests, 6);
    CHECK(strstr(scene.script.request[0], ".GetResources") != NULL);
    CHECK(strstr(scene.script.request[0], "headcount:rule") != NULL);
    CHECK(strstr(scene.script.request[1], "[\"web\",\"log\"]") != NULL);
    CHECK(strstr(scene.script.request[3], ".ListContainerInst") != NULL);
    CHECK_INT(o->summary[HEADCOUNT_UPDATED], 2);
    CHECK_INT(row(0)->wanted, 6);
    CHECK_INT(row(1)->wanted, 3);
    end();
}

/* The owner of one service mistyped a tag: no other service waits for it. */
TEST(op_policy_tags, a_rule_that_cannot_be_meant_holds_its_service)
{
    const char *const answers[] = {
        OK(TAGGED(OF("web") "," OF("log"))),
        OK(SERVICES(WITH("web", TAG("rule", "per-hots")) ","
                    WITH("log", TAG("rule", "fixed") "," TAG("tasks", "3")))),
        OK(WRITTEN("3")), NULL };
    const struct headcount_outcome *o = run(answers);

    CHECK_INT(o->summary[HEADCOUNT_HELD], 1);
    CHECK_INT(o->summary[HEADCOUNT_UPDATED], 1);
    CHECK_Z(row(0)->service, "web");
    CHECK_INT(row(0)->outcome, HEADCOUNT_HELD);
    CHECK(strstr(row(0)->reason, "per-hots") != NULL);
    end();
}

/* The list of the Resource Groups Tagging API may be older. */
TEST(op_policy_tags, a_service_that_lost_its_tag_is_left_alone)
{
    const char *const answers[] = {
        OK(TAGGED(OF("web") "," OF("log"))),
        OK(SERVICES(WITH("web", TAG("tasks", "9")) ","
                    WITH("log", TAG("rule", "fixed") "," TAG("tasks", "3")))),
        OK(WRITTEN("3")), NULL };
    const struct headcount_outcome *o = run(answers);

    CHECK_INT(o->clusters_n, 1);
    CHECK_INT(o->clusters[0].services_n, 1);
    CHECK_Z(row(0)->service, "log");
    end();
}

TEST(op_policy_tags, a_cluster_without_tagged_services_is_one_call)
{
    const char *const answers[] = { OK(TAGGED("")), NULL };
    const struct headcount_outcome *o = run(answers);

    CHECK_INT(o->code, 0);
    CHECK_INT(o->clusters_n, 1);
    CHECK_INT(o->clusters[0].services_n, 0);
    CHECK_Z(o->clusters[0].error_code, NULL);
    end();
}

TEST(op_policy_tags, a_list_that_fails_fails_its_cluster)
{
    const char *const answers[] = {
        aws_answer(400, "", "{\"__type\":\"AccessDeniedException\","
                            "\"message\":\"no\"}"), NULL };
    const struct headcount_outcome *o = run(answers);

    CHECK_INT(o->summary[HEADCOUNT_FAILED], 1);
    CHECK_Z(o->clusters[0].error_code, "AccessDeniedException");
    end();
}

/* Only the owner's turn is decided. */
TEST(op_policy_tags, out_of_its_turn_it_decides_nothing)
{
    const char *const answers[] = { OK(TAGGED("")), NULL };

    scene_open(false, answers);
    CHECK_INT(begin_by_tags(), 0);
    decide();
    CHECK_INT(headcount_op_state(scene.op), HEADCOUNT_RUNNING);
    scene_drive();
    CHECK_INT(headcount_op_state(scene.op), HEADCOUNT_ASKS);
    end();
}

/* ---- before a tag is there ---- */

static const char *const adopted[] = { "web", "log", "old", "none" };

static void adopt(void)
{
    headcount_decide_by_adopted(scene.op, adopted, 4);
}

static const struct headcount_outcome *try(const char *const *answers)
{
    scene_open(false, answers);
    CHECK_INT(begin_by_tags(), 0);
    scene_drive();
    while (headcount_op_state(scene.op) == HEADCOUNT_ASKS) {
        adopt();
        scene_drive();
    }
    return headcount_outcome(scene.op);
}

#define NONE "{\"arn\":\"" AT "service/prod/none\",\"reason\":\"MISSING\"}"

/* No list by tags: the services are named.  Other tags are as they are, and one
 * that has a rule keeps it. */
TEST(op_policy_tags, services_are_planned_as_if_they_had_the_tag)
{
    const char *const answers[] = {
        OK("{\"services\":[" WITH("web", "") "," WITH("log",
                                                    TAG("tasks", "2")) ","
           WITH("old", TAG("rule", "fixed") "," TAG("tasks", "5"))
           "],\"failures\":[" NONE "]}"),
        OK(DEFINITION), OK(HOSTS3), OK(WRITTEN("6")), OK(WRITTEN("5")),
        OK(WRITTEN("3")), NULL };

    try(answers);
    CHECK_INT(scene.script.requests, 6);
    CHECK(strstr(scene.script.request[0],
                 "[\"web\",\"log\",\"old\",\"none\"]") != NULL);
    CHECK_INT(row(0)->wanted, 3);
    CHECK_INT(row(1)->wanted, 6);
    CHECK_INT(row(2)->wanted, 5);
    CHECK_Z(row(3)->code, "missing");
    CHECK_Z(row(0)->at, "tags");
    end();
}

TEST(op_policy_tags, a_service_that_cannot_be_read_fails_the_plan)
{
    const char *const answers[] = {
        aws_answer(400, "", "{\"__type\":\"AccessDeniedException\","
                            "\"message\":\"no\"}"), NULL };
    const struct headcount_outcome *o = try(answers);

    CHECK_INT(o->summary[HEADCOUNT_FAILED], 1);
    end();
}

/* ---- cut off ---- */

static void wrote_3_or_nothing(void)
{
    const char *last = scene.script.requests > 0
                           ? scene.script.request[scene.script.requests - 1]
                           : "";
    int code = headcount_outcome(scene.op)->code;

    CHECK(code == 0 || (code == HEADCOUNT_ENOMEM &&
                        t_alloc_state()->failed));
    if (strstr(last, ".UpdateService") != NULL)
        CHECK(strstr(last, "\"desiredCount\":3}") != NULL);
}

TEST(op_policy_tags, a_cancel_in_any_round_writes_nothing_more)
{
    const char *const answers[] = {
        OK(TAGGED(OF("web"))),
        OK(SERVICES(WITH("web", TAG("rule", "per-host")))), OK(DEFINITION),
        OK(HOSTS3), OK(WRITTEN("3")), NULL };
    const struct scene_run run = { .answers = answers, .begin = begin_by_tags,
                                   .turn = decide, .done = wrote_3_or_nothing };

    scene_run_cut(&run);
}

static int once(void)
{
    const char *const answers[] = {
        OK(TAGGED(OF("web") "," OF("log"))),
        OK(SERVICES(WITH("web", TAG("rule", "per-host")) ","
                    WITH("log", TAG("rule", "per-hots")))),
        OK(DEFINITION), OK(HOSTS3), OK(WRITTEN("3")), NULL };
    const struct scene_run run = { .answers = answers, .begin = begin_by_tags,
                                   .turn = decide, .done = wrote_3_or_nothing };

    return scene_run_once(&run);
}

static int once_adopted(void)
{
    const char *const answers[] = {
        OK("{\"services\":[" WITH("web", TAG("max", "9")) ","
           WITH("log", TAG("rule", "per-hots")) ","
           WITH("old", TAG("rule", "per-hots")) "],\"failures\":[" NONE "]}"),
        OK(DEFINITION), OK(HOSTS3), OK(WRITTEN("3")), NULL };
    const struct scene_run run = { .answers = answers, .begin = begin_by_tags,
                                   .turn = adopt, .done = wrote_3_or_nothing };

    return scene_run_once(&run);
}

TEST(op_policy_tags, memory_may_end_anywhere)
{
    t_fails_every_allocation(once);
    t_fails_every_allocation(once_adopted);
}
