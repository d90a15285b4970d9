/* tests/plan/hold_case.h - one service whose plan is made again and again: the
 * case of hold_test.c and hold_managed_test.c. */
#ifndef TESTS_PLAN_HOLD_CASE_H
#define TESTS_PLAN_HOLD_CASE_H

#include "t.h"

#include <string.h>

#include "plan/hold.h"

static struct hc_wish wish;
static struct hc_ecs_service service;
static struct hc_plan_second second;
static struct hc_plan_input in;
static struct hc_plan plan;

/* The rule is one task per host; no fact that costs a call is known. */
static void set_up(int64_t desired, int64_t hosts)
{
    wish = (struct hc_wish){ .service = HC_STR("web") };
    service = (struct hc_ecs_service){
        .name = HC_STR("web"), .status = STATUS_ACTIVE,
        .status_text = HC_STR("ACTIVE"), .launch = LAUNCH_EC2,
        .desired = desired, .running = desired, .deployments = 1
    };
    second = (struct hc_plan_second){
        .status = HC_STR("ACTIVE"), .registered = hosts + 2, .active = hosts,
        .draining = 2, .agrees = true
    };
    in = (struct hc_plan_input){
        .wish = &wish, .service = &service, .filter = HC_STR(""),
        .hosts = hosts, .all_hosts = HEADCOUNT_UNKNOWN
    };
}

static void check(enum headcount_result outcome, const char *code,
                  const char *switch_text, const char *says)
{
    CHECK_INT(hc_plan_make(&plan, &in), PLAN_DECIDED);
    CHECK_INT(plan.outcome, outcome);
    CHECK_Z(plan.code, code);
    CHECK_Z(plan.switch_text, switch_text);
    if (strstr(plan.reason, says) == NULL)
        CHECK_Z(plan.reason, says);
}

#endif
