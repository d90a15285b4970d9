/* tests/op/op_doctor_judge_test.c - what the reads of a cluster and its plan
 * say. */
#include "op/doctor_look.h"

#define STUCK                                                               \
    "{\"services\":[{\"serviceName\":\"web\",\"status\":\"ACTIVE\","        \
    "\"desiredCount\":1,\"launchType\":\"EC2\",\"deploymentConfiguration\":" \
    "{\"minimumHealthyPercent\":100,\"maximumPercent\":100},"               \
    "\"placementConstraints\":[{\"type\":\"distinctInstance\"}]}],"         \
    "\"failures\":[]}"

static const struct headcount_wish web = { .size = sizeof web,
                                           .service = "web" };

static struct headcount_reconcile each_of(const struct headcount_wish *wish)
{
    return (struct headcount_reconcile){
        .size = sizeof(struct headcount_reconcile), .wishes = wish,
        .wishes_n = 1 };
}

TEST(op_doctor_judge, disconnected_agents_are_named)
{
    const char *const answers[] = { LOOK_GET, LOOK_WHO, LOOK_CLUSTER, LOOK_REST,
                                    NULL };

    look_open(false, answers);
    look(look_of_prod());
    look_has("disconnected", HEADCOUNT_WARNING, "the agent of 1 host is "
             "disconnected (i-c)");
    look_has("rule", HEADCOUNT_WARNING, "none was given");
    look_end();
}

TEST(op_doctor_judge, what_a_deployment_can_never_do_is_told)
{
    const char *const answers[] = {
        LOOK_GET, LOOK_WHO, LOOK_CLUSTER, LOOK_NAMES,
        aws_answer(200, "", STUCK),
        aws_answer(200, "", "{\"containerInstanceArns\":[]}"),
        aws_answer(200, "", "{\"ScalableTargets\":[{\"ResourceId\":"
                   "\"service/prod/web\"}]}"),
        LOOK_TAGGED, LOOK_MAY("allowed"), NULL };

    look_open(false, answers);
    look(look_of_prod());
    look_has("deployment_stuck", HEADCOUNT_WARNING, "distinctInstance in web:");
    look_has("scalable_target", HEADCOUNT_WARNING, "the count of web, too");
    look_has("hosts", HEADCOUNT_WARNING, "it has no host");
    look_end();
}

TEST(op_doctor_judge, hosts_of_several_kinds_are_a_warning)
{
    const char *const answers[] = {
        LOOK_GET, LOOK_WHO, LOOK_CLUSTER,
        aws_answer(200, "", "{\"serviceArns\":[]}"),
        aws_answer(200, "", "{\"containerInstanceArns\":[" HOST("a") ","
                   HOST("b") "]}"),
        aws_answer(200, "", "{\"containerInstances\":["
                   LOOK_HOST("a", "ACTIVE", "true") ","
                   "{\"containerInstanceArn\":" HOST("b") ",\"status\":"
                   "\"ACTIVE\",\"agentConnected\":true,\"ec2InstanceId\":"
                   "\"mi-1\",\"capacityProviderName\":\"blue\"}],"
                   "\"failures\":[]}"),
        aws_answer(200, "", "{\"capacityProviders\":[],\"failures\":[]}"),
        LOOK_TAGGED, LOOK_MAY("allowed"), NULL };

    look_open(false, answers);
    look(look_of_prod());
    look_has("kinds", HEADCOUNT_WARNING,
             "hosts: 1 of 2 by one of 1 capacity providers, 1 of ECS Anywhere");
    look_end();
}

/* The plan reads its own facts, and writes nothing. */
TEST(op_doctor_judge, the_rule_owns_what_its_plan_says)
{
    const char *const answers[] = {
        LOOK_GET, LOOK_WHO, LOOK_CLUSTER,
        aws_answer(200, "", "{\"serviceArns\":[\"arn:aws:ecs:eu-west-1:"
                   "123456789012:service/prod/web\",\"arn:aws:ecs:eu-west-1:"
                   "123456789012:service/prod/api\"]}"),
        aws_answer(200, "", SERVICE("1")),
        aws_answer(200, "", HOSTS3), LOOK_HOSTS, LOOK_DEFINITION, LOOK_TARGETS,
        LOOK_MAY("allowed"), aws_answer(200, "", SERVICE("1")),
        aws_answer(200, "", HOSTS3), NULL };
    const struct headcount_reconcile each = each_of(&web);
    struct headcount_doctor doctor = look_of_prod();

    look_open(false, answers);
    doctor.each = &each;
    look(doctor);
    look_has("owned", HEADCOUNT_FINE, "the rule owns 1 service here; right: "
             "none; to be changed: web (1 -> 3); not owned, because the rule "
             "does not name them: api");
    CHECK_INT(scene.script.requests, 12);
    look_end();
}

TEST(op_doctor_judge, a_service_that_is_held_or_missing_says_why)
{
    static const struct headcount_wish gone = { .size = sizeof gone,
                                                .service = "gone",
                                                .required = true };
    const char *const answers[] = {
        LOOK_GET, LOOK_WHO, LOOK_CLUSTER, LOOK_NAMES,
        aws_answer(200, "", SERVICE("1")),
        aws_answer(200, "", HOSTS3), LOOK_HOSTS, LOOK_DEFINITION, LOOK_TARGETS,
        LOOK_MAY("allowed"),
        aws_answer(200, "", "{\"services\":[],\"failures\":[{\"arn\":\"arn:aws:"
                   "ecs:eu-west-1:123456789012:service/prod/gone\",\"reason\":"
                   "\"MISSING\"}]}"), NULL };
    const struct headcount_reconcile each = each_of(&gone);
    struct headcount_doctor doctor = look_of_prod();

    look_open(false, answers);
    doctor.each = &each;
    look(doctor);
    look_has("service_failed", HEADCOUNT_ERROR, "missing: ");
    CHECK_Z(look_nth("service_failed", 0)->what, "service gone in prod");
    look_end();
}
