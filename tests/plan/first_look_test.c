/* tests/plan/first_look_test.c - the class of a service that says
 * distinctInstance: by numbers, and each reason to leave it alone. */
#include "plan/first_look.h"

#include <string.h>

#include "t.h"

#define WALL ((int64_t)1767225600 * 1000000)     /* 2026-01-01T00:00:00Z */

static struct hc_wish wish;
static struct hc_ecs_service service;
static struct hc_plan_input in;
static struct hc_plan plan;
static struct hc_host_list lacking;
static struct hc_ecs_share share;
static struct hc_ecs_tag tag;

/* An agent on 12 of 12 hosts; every other fact is read. */
static void set_up(void)
{
    wish = (struct hc_wish){ .service = HC_STR("agent"), .looks = true };
    service = (struct hc_ecs_service){
        .name = HC_STR("agent"), .status = STATUS_ACTIVE,
        .status_text = HC_STR("ACTIVE"), .launch = LAUNCH_EC2,
        .desired = 12, .running = 12, .deployments = 1, .distinct = true
    };
    share = (struct hc_ecs_share){ .provider = HC_STR("asg"), .weight = 1 };
    in = (struct hc_plan_input){
        .wish = &wish, .service = &service, .by = HEADCOUNT_ACTIVE,
        .wall = WALL, .filter = HC_STR(""), .hosts = 12,
        .all_hosts = HEADCOUNT_UNKNOWN, .ask_target = true,
        .target = KNOWN_NO, .instances = KNOWN_NO, .lacks_task = KNOWN_NEVER
    };
}

static void check(const char *class, const char *why)
{
    CHECK_INT(hc_plan_make(&plan, &in), PLAN_DECIDED);
    CHECK_INT(plan.outcome, HEADCOUNT_SKIPPED);
    CHECK(plan.wanted == HEADCOUNT_UNKNOWN);
    CHECK_Z(plan.code, class);
    CHECK_Z(plan.reason, why);
}

/* ---- the class ---- */

TEST(first_look, a_count_is_sorted_by_the_number_of_hosts)
{
    static const struct {
        int64_t desired, hosts;
        bool starts;
        enum hc_first_look look;
    } rows[] = {
        { 14, 12, false, LOOK_OVER },   { 13, 12, false, LOOK_OVER },
        { 1, 0, false, LOOK_OVER },     { 13, 12, true, LOOK_ALONE },
        { 12, 12, false, LOOK_RIGHT },  { 1, 1, true, LOOK_RIGHT },
        { 11, 12, false, LOOK_NEAR },   { 10, 12, false, LOOK_LOW },
        { 3, 12, false, LOOK_LOW },     { 3, 4, false, LOOK_NEAR },
        { 2, 4, false, LOOK_LOW },      { 1, 2, true, LOOK_NEAR },
        { 18, 20, false, LOOK_NEAR },   { 17, 20, false, LOOK_LOW },
        { 27, 29, false, LOOK_NEAR },   { 26, 29, false, LOOK_LOW },
        { 900, 1000, false, LOOK_NEAR }, { 899, 1000, false, LOOK_LOW },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
        CHECK_INT(hc_first_look_class(rows[i].desired, rows[i].hosts,
                                      rows[i].starts), rows[i].look);
}

TEST(first_look, each_class_has_its_words)
{
    set_up();
    check("right", "");
    service.desired = 14;
    check("over", "2 tasks can never run: distinctInstance, 12 hosts");
    service.desired = 2;
    in.hosts = 1;
    check("over", "1 task can never run: distinctInstance, 1 host");
    in.hosts = 12;
    service.desired = 3;
    check("low", "3 of 12: looks like spread replicas");
    service.desired = 11;
    check("near", "which hosts have none is not known");
    service.launch = LAUNCH_EXTERNAL;
    check("near", "ECS Anywhere, no DAEMON there: which hosts have none is not "
                  "known");
    service.desired = 12;
    check("right", "ECS Anywhere, no DAEMON there");
}

/* The task that waits is what starts a host for itself. */
TEST(first_look, a_surplus_may_run_where_a_provider_starts_hosts)
{
    set_up();
    service.launch = LAUNCH_NONE;
    service.providers = &share;
    service.desired = 13;
    check("alone", "1 task more than hosts: a capacity provider may start "
                   "hosts for it");
    service.desired = 14;
    check("alone", "2 tasks more than hosts: a capacity provider may start "
                   "hosts for them");
    service.desired = 12;
    check("right", "");
}

/* ---- near: hosts by name ---- */

#define ARN "arn:aws:ecs:eu-west-1:123456789012:container-instance/prod/"

static void lacks(const char *arn)
{
    CHECK_INT(hc_host_list_add(&lacking, t_alloc(), hc_str(arn)), 1);
}

TEST(first_look, near_names_the_hosts_that_have_none)
{
    struct hc_ecs_host details = { .ec2_id = HC_STR("i-0d4") };

    set_up();
    service.desired = 11;
    in.lacks_task = KNOWN_NOT_YET;
    CHECK_INT(hc_plan_make(&plan, &in), PLAN_NEEDS_LACKING);
    in.lacks_task = KNOWN_YES;
    in.lacking = &lacking;
    check("near", "each host has one now");
    lacks(ARN "a1");
    check("near", "a1 has none");
    lacking.hosts[0].details = &details;
    check("near", "i-0d4 has none");
    details.ec2_id = HC_STR("");
    check("near", "a1 has none");
    details.ec2_id = HC_STR("i-0d4");
    lacks(ARN "a2");
    check("near", "i-0d4, a2 have none");
    lacks(ARN "a3");
    lacks(ARN "a4");
    lacks(ARN "a5");
    check("near", "i-0d4, a2, a3, a4, a5 have none");
    lacks(ARN "a6");
    lacks(ARN "a7");
    check("near", "i-0d4, a2, a3, a4, a5 and 2 more have none");
    hc_host_list_free(&lacking, t_alloc());
    lacking = (struct hc_host_list){ .n = 0 };
}

/* Only hosts of its own providers can lack a task of the service. */
TEST(first_look, near_names_no_host_of_another_provider)
{
    struct hc_ecs_host own = { .ec2_id = HC_STR("i-1"),
                               .provider = HC_STR("asg"),
                               .status = HC_STR("ACTIVE") };
    struct hc_ecs_host other = { .ec2_id = HC_STR("i-2"),
                                 .provider = HC_STR("else"),
                                 .status = HC_STR("ACTIVE") };

    set_up();
    service.launch = LAUNCH_NONE;
    service.providers = &share;
    service.desired = 11;
    in.lacks_task = KNOWN_YES;
    in.lacking = &lacking;
    lacks(ARN "a1");
    lacks(ARN "a2");
    lacks(ARN "a3");
    lacking.hosts[0].details = &other;
    lacking.hosts[1].details = &own;
    for (size_t i = 0; i < 2; i++)
        lacking.hosts[i].described = lacking.hosts[i].active = true;
    check("near", "i-1 has none");
    hc_host_list_free(&lacking, t_alloc());
    lacking = (struct hc_host_list){ .n = 0 };
}

/* ---- alone ---- */

TEST(first_look, alone_without_a_call)
{
    set_up();
    in.hosts = HEADCOUNT_UNKNOWN;
    in.target = KNOWN_NOT_YET;
    service.balanced = true;
    check("alone", "load balancer");
    service.balanced = false;
    service.discovery = true;
    check("alone", "service registries");
    service.connects = true;
    check("alone", "Service Connect");
    service.discovery = service.connects = false;
    service.scheduling = SCHEDULING_DAEMON;
    check("alone", "DAEMON");
    service.scheduling = SCHEDULING_OTHER;
    check("alone", "its scheduling strategy is not REPLICA");
    service.scheduling = SCHEDULING_REPLICA;
    service.launch = LAUNCH_FARGATE;
    check("alone", "FARGATE");
    service.launch = LAUNCH_MANAGED;
    check("alone", "Managed Instances");
    service.launch = LAUNCH_EC2;
    service.express = true;
    check("alone", "Express");
    service.express = false;
    service.desired = 0;
    check("alone", "desired 0");
    service.desired = 12;
    service.status = STATUS_DRAINING;
    service.status_text = HC_STR("DRAINING");
    check("alone", "status DRAINING");
    service.status = STATUS_ACTIVE;
    service.unclear = "launchType";
    check("alone", "DescribeServices says no launchType that headcount "
                   "understands");
    service.unclear = NULL;
    in.moving = true;
    check("alone", "its constraint moves with tasks");
    in.moving = false;
    in.unclear = "placementConstraints";
    check("alone", "its placement constraints are not understood");
    in.service = NULL;
    check("alone", "it is gone since it was listed");
}

TEST(first_look, alone_for_its_controller)
{
    set_up();
    service.controller = CONTROLLER_EXTERNAL;
    check("alone", "deployment controller EXTERNAL");
    service.controller = CONTROLLER_OTHER;
    check("alone", "a deployment controller that headcount does not know");
    service.controller = CONTROLLER_CODE_DEPLOY;
    service.task_sets = 2;
    check("alone", "CODE_DEPLOY with 2 task sets");
    service.task_sets = -1;
    check("alone", "CODE_DEPLOY, task sets are not known");
    service.task_sets = 1;
    check("right", "");
    service.task_sets = 0;
    check("right", "");
}

TEST(first_look, alone_while_its_tag_pauses_it)
{
    set_up();
    tag = (struct hc_ecs_tag){ .key = HC_STR("headcount:pause"),
                               .value = HC_STR("true") };
    service.tags = &tag;
    check("alone", "headcount:pause");
    tag.value = HC_STR("2026-01-01T00:00:01Z");
    check("alone", "headcount:pause");
    tag.value = HC_STR("2026-01-01T00:00:00Z");
    check("right", "");
    tag.value = HC_STR("false");
    check("right", "");
}

TEST(first_look, alone_by_what_a_call_tells)
{
    set_up();
    in.target = KNOWN_YES;
    check("alone", "scalable target");
    in.target = KNOWN_NO;
    in.instances = KNOWN_YES;
    service.launch = LAUNCH_NONE;
    service.providers = &share;
    check("alone", "Managed Instances");
}

/* ---- what it asks for ---- */

TEST(first_look, the_cheapest_fact_comes_first)
{
    set_up();
    in.target = in.instances = KNOWN_NOT_YET;
    in.hosts = HEADCOUNT_UNKNOWN;
    in.lacks_definition = true;
    service.launch = LAUNCH_NONE;
    service.providers = &share;
    CHECK_INT(hc_plan_make(&plan, &in), PLAN_NEEDS_TARGET);
    in.target = KNOWN_NO;
    CHECK_INT(hc_plan_make(&plan, &in), PLAN_NEEDS_INSTANCES);
    in.instances = KNOWN_NO;
    CHECK_INT(hc_plan_make(&plan, &in), PLAN_NEEDS_DEFINITION);
    in.lacks_definition = false;
    CHECK_INT(hc_plan_make(&plan, &in), PLAN_NEEDS_HOSTS);
    in.hosts = 12;
    check("right", "");
}

/* A role that may not read scalable targets or providers still gets a look. */
TEST(first_look, answers_that_cannot_be_read_hide_no_class)
{
    set_up();
    in.target = in.instances = KNOWN_NEVER;
    service.launch = LAUNCH_NONE;
    service.providers = &share;
    check("right", "");
}

/* Whatever is allowed and whoever runs it: a look has no count to write. */
TEST(first_look, nothing_is_ever_wanted)
{
    set_up();
    wish.allow = ~0U;
    in.paused = true;
    for (service.desired = 0; service.desired < 30; service.desired++) {
        CHECK_INT(hc_plan_make(&plan, &in), PLAN_DECIDED);
        CHECK_INT(plan.outcome, HEADCOUNT_SKIPPED);
        CHECK(plan.wanted == HEADCOUNT_UNKNOWN);
    }
}
