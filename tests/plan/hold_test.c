/* tests/plan/hold_test.c - holds that need a call or the memory of earlier
 * runs, one test per row of the table.  plan_test.c has the other holds,
 * hold_managed_test.c those about managed scaling. */
#include "plan/hold_case.h"

/* ---- step_down, step_up ---- */

static bool is_read_twice(int64_t desired, int64_t hosts)
{
    set_up(desired, hosts);
    return hc_plan_make(&plan, &in) == PLAN_NEEDS_SECOND;
}

TEST(hold, a_big_step_is_read_twice)
{
    /* more than half, and more than 2 */
    CHECK(is_read_twice(10, 4));
    CHECK(!is_read_twice(10, 5));
    CHECK(is_read_twice(4, 1));
    CHECK(!is_read_twice(3, 1));
    CHECK(!is_read_twice(2, 1));
    /* more than double, and more than 20 */
    CHECK(is_read_twice(10, 31));
    CHECK(!is_read_twice(10, 30));
    CHECK(is_read_twice(30, 61));
    CHECK(!is_read_twice(30, 60));
    CHECK(is_read_twice(0, 21));
    CHECK(!is_read_twice(0, 20));
}

TEST(hold, max_step_moves_the_limits)
{
    set_up(10, 4);
    wish.rule.max_step_down = 6;
    check(HEADCOUNT_UPDATED, "", NULL, "4 active hosts");
    wish.rule.max_step_down = 5;
    CHECK_INT(hc_plan_make(&plan, &in), PLAN_NEEDS_SECOND);
    set_up(10, 40);
    wish.rule.max_step_up = 30;
    check(HEADCOUNT_UPDATED, "", NULL, "40 active hosts");
    wish.rule.max_step_up = 29;
    CHECK_INT(hc_plan_make(&plan, &in), PLAN_NEEDS_SECOND);
}

TEST(hold, a_step_that_is_confirmed_is_written_with_the_reason)
{
    set_up(10, 4);
    in.second = &second;
    check(HEADCOUNT_UPDATED, "", NULL,
          "4 active hosts, a second reading agrees: "
          "4 active, 2 draining, 6 registered, cluster ACTIVE");
    in.dry_run = true;
    check(HEADCOUNT_PENDING, "", NULL, "agrees");
}

TEST(hold, a_step_that_is_not_confirmed_is_held)
{
    set_up(10, 4);
    in.second = &second;
    second.agrees = false;
    check(HEADCOUNT_HELD, "step_down", "max_step_down", "differs");
    wish.allow = ALLOW_STEP_UP;
    check(HEADCOUNT_HELD, "step_down", "max_step_down", "differs");
    wish.allow = ALLOW_STEP_DOWN;
    check(HEADCOUNT_UPDATED, "", NULL, "4 active");
    set_up(10, 40);
    in.second = &second;
    second.agrees = false;
    check(HEADCOUNT_HELD, "step_up", "max_step_up", "differs");
    wish.allow = ALLOW_STEP_UP;
    check(HEADCOUNT_UPDATED, "", NULL, "40 active");
}

TEST(hold, a_policy_that_counted_hosts_runs_again)
{
    set_up(10, 4);
    in.second = &second;
    in.asked = true;
    in.again = HEADCOUNT_UNKNOWN;
    CHECK_INT(hc_plan_make(&plan, &in), PLAN_NEEDS_AGAIN);
    in.again = plan.wanted;
    in.confirmed = HC_STR("DEPROVISIONING");
    CHECK_INT(hc_plan_make(&plan, &in), PLAN_DECIDED);
    CHECK_INT(plan.outcome, HEADCOUNT_HELD);
    CHECK(strstr(plan.reason, "the cluster is DEPROVISIONING") != NULL);
    in.confirmed = HC_STR("ACTIVE");
    in.again = HEADCOUNT_UNKNOWN;
    CHECK_INT(hc_plan_make(&plan, &in), PLAN_NEEDS_AGAIN);
    in.again = 4;
    check(HEADCOUNT_UPDATED, "", NULL, "run again on a second reading, agrees");
    in.again = 5;
    check(HEADCOUNT_HELD, "step_down", "max_step_down", "reading, wants 5");
    in.again = HC_PLAN_NO_WISH;
    check(HEADCOUNT_HELD, "step_down", "max_step_down", "does not wish this");
    in.asked = false;
    check(HEADCOUNT_UPDATED, "", NULL, "second reading agrees");
}

TEST(hold, the_reason_says_what_was_found)
{
    struct hc_ecs_tag tag = { .key = HC_STR("headcount:pause") };

    set_up(3, 4);
    service.tags = &tag;
    tag.value = HC_STR("True");
    check(HEADCOUNT_HELD, "paused", NULL, "tag headcount:pause is true");
    tag.value = HC_STR("maybe");
    check(HEADCOUNT_HELD, "paused", NULL, "\"maybe\", neither true, false");
    service.tags = NULL;                  /* it ends with this function */
    service.controller = CONTROLLER_CODE_DEPLOY;
    service.task_sets = 2;
    check(HEADCOUNT_HELD, "code_deploy", "during_deployment", "(2 task sets)");
}

TEST(hold, a_plain_number_is_no_step)
{
    set_up(100, 0);
    wish.rule = (struct hc_rule){ .kind = HEADCOUNT_FIXED, .tasks = 1 };
    check(HEADCOUNT_UPDATED, "", NULL, "fixed count of 1");
}

TEST(hold, fewer_connected_hosts_lower_a_count_at_the_second_look)
{
    set_up(4, 3);
    in.by = HEADCOUNT_CONNECTED;
    check(HEADCOUNT_HELD, "disconnected", "allow_disconnected", "3 connected");
    in.low_long = true;
    check(HEADCOUNT_UPDATED, "", NULL, "3 connected");
    in.low_long = false;
    wish.allow = ALLOW_DISCONNECTED;
    check(HEADCOUNT_UPDATED, "", NULL, "3 connected");
    wish.allow = 0;
    in.hosts = 5;
    check(HEADCOUNT_UPDATED, "", NULL, "5 connected");
    in.by = HEADCOUNT_ACTIVE;
    in.hosts = 3;
    check(HEADCOUNT_UPDATED, "", NULL, "3 active");
}

TEST(hold, a_rule_that_leaves_nothing_for_hosts_that_are_there_is_held)
{
    set_up(2, 1);
    wish.rule = (struct hc_rule){ .kind = HEADCOUNT_HOSTS_MINUS, .spare = 1 };
    check(HEADCOUNT_HELD, "zero", "allow_zero", "leaves no task");
    wish.allow = ALLOW_ZERO;
    check(HEADCOUNT_UPDATED, "", NULL, "all but 1 of 1 active host");
    wish.allow = 0;
    wish.rule.min = 1;
    wish.rule.has_min = true;
    check(HEADCOUNT_UPDATED, "clamped", NULL, "raised to min 1");
}

/* ---- scalable_target ---- */

TEST(hold, what_auto_scaling_sets_is_not_set_where_it_is_asked)
{
    set_up(3, 4);
    in.target = KNOWN_YES;
    check(HEADCOUNT_UPDATED, "", NULL, "4 active");
    in.ask_target = true;
    in.target = KNOWN_NOT_YET;
    CHECK_INT(hc_plan_make(&plan, &in), PLAN_NEEDS_TARGET);
    in.target = KNOWN_NO;
    check(HEADCOUNT_UPDATED, "", NULL, "4 active");
    in.target = KNOWN_YES;
    check(HEADCOUNT_HELD, "scalable_target", "allow_scalable_target",
          "Application Auto Scaling");
    wish.rule = (struct hc_rule){ .kind = HEADCOUNT_FIXED, .tasks = 1 };
    check(HEADCOUNT_HELD, "scalable_target", "allow_scalable_target", "");
    wish.allow = ALLOW_TARGET;
    check(HEADCOUNT_UPDATED, "", NULL, "fixed");
    wish.allow = 0;
    in.target = KNOWN_NEVER;
    in.dry_run = true;
    check(HEADCOUNT_PENDING, "", NULL, "could not be read");
}

/* ---- contested, awaiting_own_write ---- */

TEST(hold, writes_that_are_undone_stop)
{
    set_up(3, 4);
    in.undone = 2;
    check(HEADCOUNT_UPDATED, "", NULL, "4 active");
    in.replaced = 5;
    check(HEADCOUNT_UPDATED, "", NULL, "4 active");
    in.replaced = 4;
    check(HEADCOUNT_HELD, "contested", NULL, "ignore_changes");
    in.replaced = HEADCOUNT_UNKNOWN;
    in.undone = 3;
    check(HEADCOUNT_HELD, "contested", NULL, "ignore_changes");
    service.desired = 4;
    check(HEADCOUNT_UNCHANGED, "", NULL, "4 active");
}

TEST(hold, our_own_write_is_awaited)
{
    set_up(3, 4);
    in.awaits = true;
    in.own_write = 4;
    in.undone = 3;
    check(HEADCOUNT_UNCHANGED, "awaiting_own_write", NULL, "does not show it");
    in.undone = 0;
    in.verify = true;
    check(HEADCOUNT_UPDATED, "", NULL, "4 active");
    in.own_write = 5;
    in.undone = 0;
    check(HEADCOUNT_UPDATED, "", NULL, "4 active");
}

/* ECS may show either count: a step is measured from both. */
TEST(hold, a_step_from_our_own_unshown_write_is_a_step)
{
    set_up(9, 9);
    in.awaits = true;
    in.own_write = 9;
    check(HEADCOUNT_UNCHANGED, "", NULL, "9 active");
    in.own_write = 8;
    check(HEADCOUNT_UPDATED, "", NULL, "not shown by ECS yet");
    CHECK(!hc_hold_falls(&plan, &in));
    in.own_write = 30;
    CHECK_INT(hc_plan_make(&plan, &in), PLAN_NEEDS_SECOND);
    CHECK(hc_hold_falls(&plan, &in));
    wish.allow = ALLOW_STEP_DOWN;
    check(HEADCOUNT_UPDATED, "", NULL, "9 active");
    in.by = HEADCOUNT_CONNECTED;
    check(HEADCOUNT_HELD, "disconnected", "allow_disconnected", "twice");
}

/* ---- holds without a call come first ---- */

TEST(hold, what_is_held_anyway_costs_no_call)
{
    set_up(100, 1);
    in.paused = true;
    check(HEADCOUNT_HELD, "paused", NULL, "HEADCOUNT_DRY_RUN");
    set_up(100, 0);
    check(HEADCOUNT_HELD, "zero", "allow_zero", "looks empty");
}

/* ---- the table ---- */

/* Five rows would hold this service.  A switch lets its own row pass and no
 * other one. */
TEST(hold, a_switch_lets_its_own_row_pass)
{
    static const struct { const char *code; unsigned allow; } rows[] = {
        { "external", ALLOW_EXTERNAL },
        { "deployment", ALLOW_DURING_DEPLOYMENT },
        { "disconnected", ALLOW_DISCONNECTED },
        { "scalable_target", ALLOW_TARGET },
        { "step_down", ALLOW_STEP_DOWN },
    };

    set_up(10, 4);
    service.controller = CONTROLLER_OTHER;
    service.rollout = ROLLOUT_CANARY;
    service.in_progress = 1;
    in.by = HEADCOUNT_CONNECTED;
    in.ask_target = true;
    in.target = KNOWN_YES;
    in.second = &second;
    second.agrees = false;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        CHECK_INT(hc_plan_make(&plan, &in), PLAN_DECIDED);
        CHECK_INT(plan.outcome, HEADCOUNT_HELD);
        CHECK_Z(plan.code, rows[i].code);
        wish.allow |= rows[i].allow;
    }
    check(HEADCOUNT_UPDATED, "", NULL, "4 connected");
}

TEST(hold, a_plan_that_passes_is_not_a_plan_that_needs)
{
    set_up(10, 4);
    plan = (struct hc_plan){ .wanted = 4, .code = "" };
    CHECK_INT(hc_hold_check(&plan, &in), HOLD_NEEDS);
    CHECK_INT(plan.needs, PLAN_NEEDS_SECOND);
    in.second = &second;
    CHECK_INT(hc_hold_check(&plan, &in), HOLD_PASS);
    second.agrees = false;
    CHECK_INT(hc_hold_check(&plan, &in), HOLD_HELD);
    CHECK_INT(plan.outcome, HEADCOUNT_HELD);
}
