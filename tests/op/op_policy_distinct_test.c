/* tests/op/op_policy_distinct_test.c - the owner's turn in a first look: which
 * calls it makes, what the rows say, and that nothing is written. */
#include "headcount.h"

#include <string.h>

#include "peers/scene.h"
#include "t.h"

#define AT "arn:aws:ecs:eu-west-1:123456789012:"
#define LISTED(list) "{\"serviceArns\":[" list "]}"
#define OF(name) "\"" AT "service/prod/" name "\""
#define WITH(name, desired, more) "{\"serviceArn\":" OF(name) ","            \
    "\"serviceName\":\"" name "\",\"clusterArn\":\"" CLUSTER_ARN "\","       \
    "\"status\":\"ACTIVE\",\"desiredCount\":" desired ","                    \
    "\"runningCount\":1,\"taskDefinition\":\"" DEFINITION_ARN "\","          \
    "\"deployments\":[{}]" more "}"
#define EC2 ",\"launchType\":\"EC2\""
#define DISTINCT ",\"placementConstraints\":[{\"type\":\"distinctInstance\"}]"
#define TAGGED ",\"tags\":[{\"key\":\"headcount:rule\",\"value\":\"per-host\"}]"
#define BALANCED ",\"loadBalancers\":[{\"containerName\":\"c\"}]"
#define STRATEGY ",\"capacityProviderStrategy\":[{\"weight\":1,"           \
    "\"capacityProvider\":\"asg\"}]"
#define SERVICES(list) "{\"services\":[" list "],\"failures\":[]}"
#define HOSTS1 "{\"containerInstanceArns\":[" HOST("a") "]}"
#define NO_TARGETS "{\"ScalableTargets\":[]}"
#define OK(body) aws_answer(200, "", body)
#define DENIED aws_answer(400, "", "{\"__type\":\"AccessDeniedException\","   \
    "\"message\":\"no\"}")

static int begin_look(void)
{
    static const char *const prod[] = { "prod" };
    const struct headcount_reconcile r = {
        .size = sizeof r, .clusters = prod, .clusters_n = 1, .policy = true,
        .constraints = HEADCOUNT_CONSTRAINTS_SERVICE, .ask_targets = true,
    };

    return headcount_begin_reconcile(scene.h, &scene.op, &r, NULL);
}

static void decide(void)
{
    headcount_decide_by_distinct(scene.op);
}

static const struct headcount_outcome *run(const char *const *answers)
{
    scene_open(false, answers);
    CHECK_INT(begin_look(), 0);
    scene_drive();
    while (headcount_op_state(scene.op) == HEADCOUNT_ASKS) {
        decide();
        scene_drive();
    }
    return headcount_outcome(scene.op);
}

static void end(void)
{
    for (size_t i = 0; i < scene.script.requests; i++)
        CHECK(strstr(scene.script.request[i], ".UpdateService") == NULL);
    headcount_op_free(scene.op);
    scene_close();
}

static void check_row(size_t at, const char *service, const char *code,
                      const char *tags)
{
    const struct headcount_outcome *o = headcount_outcome(scene.op);
    const struct headcount_service *s;

    CHECK(o->clusters_n > 0 && at < o->clusters[0].services_n);
    s = &o->clusters[0].services[at];
    CHECK_Z(s->service, service);
    CHECK_INT(s->outcome, HEADCOUNT_SKIPPED);
    CHECK_Z(s->code, code);
    CHECK_Z(s->at, tags);
    CHECK(s->wanted == HEADCOUNT_UNKNOWN);
}

/* One list, ten described per call, one question about targets, one list of
 * hosts: whatever the number of services. */
TEST(op_policy_distinct, a_look_writes_nothing_though_it_is_no_dry_run)
{
    const char *const answers[] = {
        OK(LISTED(OF("agent") "," OF("log") "," OF("web") "," OF("api") ","
                  OF("node"))),
        OK(SERVICES(WITH("agent", "3", EC2 DISTINCT) ","
                    WITH("log", "3", EC2 DISTINCT TAGGED) ","
                    WITH("web", "9", EC2 DISTINCT BALANCED) ","
                    WITH("api", "2", EC2) "," WITH("node", "5",
                                                   EC2 DISTINCT))),
        OK(NO_TARGETS), OK(HOSTS3), NULL };
    const struct headcount_outcome *o = run(answers);

    CHECK_INT(o->code, 0);
    CHECK_INT(scene.script.requests, 4);
    CHECK(strstr(scene.script.request[0], ".ListServices") != NULL);
    CHECK(strstr(scene.script.request[2],
                 "[\"service/prod/agent\",\"service/prod/log\","
                 "\"service/prod/node\"]") != NULL);
    CHECK_INT(o->clusters[0].services_n, 4);
    CHECK_INT(o->clusters[0].services_listed, 5);
    check_row(0, "agent", "right", "");
    check_row(1, "log", "right", "tags");
    check_row(2, "web", "alone", "");
    check_row(3, "node", "over", "");
    CHECK_INT(o->clusters[0].services[3].hosts_counted, 3);
    CHECK(strstr(o->json, "\"services_listed\":5,\"services\"") != NULL);
    end();
}

TEST(op_policy_distinct, one_scalable_target_is_one_service)
{
    const char *const answers[] = {
        OK(LISTED(OF("agent") "," OF("log"))),
        OK(SERVICES(WITH("agent", "3", EC2 DISTINCT) ","
                    WITH("log", "3", EC2 DISTINCT))),
        OK("{\"ScalableTargets\":[{\"ResourceId\":\"service/prod/log\"}]}"),
        OK(HOSTS3), NULL };

    run(answers);
    check_row(0, "agent", "right", "");
    check_row(1, "log", "alone", "");
    CHECK_Z(headcount_outcome(scene.op)->clusters[0].services[1].reason,
            "scalable target");
    end();
}

/* A target that nobody asked about makes the answer doubtful: no class follows
 * from it, and none is hidden by it. */
TEST(op_policy_distinct, a_strangers_target_says_nothing)
{
    const char *const answers[] = {
        OK(LISTED(OF("agent"))),
        OK(SERVICES(WITH("agent", "3", EC2 DISTINCT))),
        OK("{\"ScalableTargets\":[{\"ResourceId\":\"service/prod/agent\"},"
           "{\"ResourceId\":\"service/prod/x\"}]}"), OK(HOSTS3), NULL };

    run(answers);
    check_row(0, "agent", "right", "");
    end();
}

TEST(op_policy_distinct, near_lists_the_hosts_without_a_task)
{
    const char *const answers[] = {
        OK(LISTED(OF("agent"))),
        OK(SERVICES(WITH("agent", "2", EC2 DISTINCT))), OK(NO_TARGETS),
        OK(HOSTS3), OK(HOSTS1), DENIED, NULL };

    run(answers);
    check_row(0, "agent", "near", "");
    CHECK(strstr(scene.script.request[4],
                 "not(task:group == service:agent)") != NULL);
    CHECK(strstr(scene.script.request[5], ".DescribeContainerI") != NULL);
    CHECK(strstr(headcount_outcome(scene.op)->clusters[0].services[0].reason,
                 " has none") != NULL);
    end();
}

#define REFUSED aws_answer(400, "", "{\"__type\":"                             \
    "\"InvalidParameterException\"}")
#define TASK(id) AT "task/prod/" id
#define RUNS_ON(id, host) "{\"taskArn\":\"" TASK(id) "\",\"group\":"         \
    "\"service:agent\",\"lastStatus\":\"RUNNING\",\"desiredStatus\":"        \
    "\"RUNNING\",\"containerInstanceArn\":" HOST(host) "}"

/* ECS may refuse a filter by task group: then the tasks themselves tell. */
TEST(op_policy_distinct, near_follows_from_tasks_where_groups_are_refused)
{
    const char *const answers[] = {
        OK(LISTED(OF("agent"))),
        OK(SERVICES(WITH("agent", "2", EC2 DISTINCT))), OK(NO_TARGETS),
        OK(HOSTS3), REFUSED,
        OK("{\"taskArns\":[\"" TASK("1") "\",\"" TASK("2") "\"]}"),
        OK("{\"tasks\":[" RUNS_ON("1", "a") "," RUNS_ON("2", "c")
           "],\"failures\":[]}"), DENIED, NULL };

    run(answers);
    check_row(0, "agent", "near", "");
    CHECK_Z(headcount_outcome(scene.op)->clusters[0].services[0].reason,
            "b has none");
    end();
}

TEST(op_policy_distinct, near_is_near_though_no_list_tells_the_hosts)
{
    const char *const answers[] = {
        OK(LISTED(OF("agent"))),
        OK(SERVICES(WITH("agent", "2", EC2 DISTINCT))), OK(NO_TARGETS),
        OK(HOSTS3), REFUSED, DENIED, NULL };

    run(answers);
    check_row(0, "agent", "near", "");
    CHECK_Z(headcount_outcome(scene.op)->clusters[0].services[0].reason,
            "which hosts have none is not known");
    end();
}

#define PROVIDER(more) OK("{\"capacityProviders\":[{\"name\":\"asg\""     \
    more "}],\"failures\":[]}")

TEST(op_policy_distinct, managed_instances_are_left_alone)
{
    const char *const answers[] = {
        OK(LISTED(OF("agent"))),
        OK(SERVICES(WITH("agent", "2", STRATEGY DISTINCT))), OK(NO_TARGETS),
        PROVIDER(",\"type\":\"MANAGED_INSTANCES\""), NULL };

    run(answers);
    check_row(0, "agent", "alone", "");
    CHECK_Z(headcount_outcome(scene.op)->clusters[0].services[0].reason,
            "Managed Instances");
    end();
}

TEST(op_policy_distinct, a_list_that_fails_fails_its_cluster)
{
    const char *const answers[] = { DENIED, NULL };
    const struct headcount_outcome *o = run(answers);

    CHECK_INT(o->summary[HEADCOUNT_FAILED], 1);
    CHECK_Z(o->clusters[0].error_code, "AccessDeniedException");
    end();
}

/* Hosts that cannot be listed fail their service: no class is guessed. */
TEST(op_policy_distinct, hosts_that_cannot_be_listed_make_no_class)
{
    const char *const answers[] = {
        OK(LISTED(OF("agent"))),
        OK(SERVICES(WITH("agent", "2", EC2 DISTINCT))), OK(NO_TARGETS), DENIED,
        NULL };
    const struct headcount_outcome *o = run(answers);

    CHECK_INT(o->summary[HEADCOUNT_FAILED], 1);
    CHECK_INT(o->clusters[0].services[0].outcome, HEADCOUNT_FAILED);
    end();
}

/* Only the owner's turn is decided. */
TEST(op_policy_distinct, out_of_its_turn_it_decides_nothing)
{
    const char *const answers[] = { OK(LISTED("")), NULL };

    scene_open(false, answers);
    CHECK_INT(begin_look(), 0);
    decide();
    CHECK_INT(headcount_op_state(scene.op), HEADCOUNT_RUNNING);
    scene_drive();
    CHECK_INT(headcount_op_state(scene.op), HEADCOUNT_ASKS);
    end();
}

/* ---- cut off ---- */

static void wrote_nothing(void)
{
    int code = headcount_outcome(scene.op)->code;

    CHECK(code == 0 || (code == HEADCOUNT_ENOMEM && t_alloc_state()->failed));
    for (size_t i = 0; i < scene.script.requests; i++)
        CHECK(strstr(scene.script.request[i], ".UpdateService") == NULL);
}

static int once(void)
{
    const char *const answers[] = {
        OK(LISTED(OF("agent") "," OF("log"))),
        OK(SERVICES(WITH("agent", "2", EC2 DISTINCT) ","
                    WITH("log", "2", STRATEGY DISTINCT))),
        OK(NO_TARGETS), OK(HOSTS3), OK(HOSTS1), DENIED, PROVIDER(""),
        OK(HOSTS3), DENIED, NULL };
    const struct scene_run run = { .answers = answers, .begin = begin_look,
                                   .turn = decide, .done = wrote_nothing };

    return scene_run_once(&run);
}

TEST(op_policy_distinct, memory_may_end_anywhere)
{
    t_fails_every_allocation(once);
}
