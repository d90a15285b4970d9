/* tests/plan/hold_test.c - holds that need a call or the memory of earlier
 * runs, one test per row of the table.  plan_test.c has the other holds. */
#include "t.h"

#include <string.h>

#include "plan/hold.h"

static struct hc_wish wish;
static struct hc_ecs_service service;
static struct hc_plan_second second;
static struct hc_plan_input in;
static struct hc_plan plan;
static struct hc_placement_share shares[HC_ECS_SHARES];
static struct hc_placement placement = { .shares = shares, .shares_n = 1 };

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

static void lack(enum hc_take take, enum hc_take_code code, const char *label)
{
    struct hc_take_why why = { .code = code };

    strcpy(why.label, label);
    hc_placement_add(&placement, 0, take, &why);
}

/* Hosts that run the task; those that lack it, and: can take it, are not known
 * to, have been passed over. */
static void place(int64_t run, int64_t can, int64_t unknown, int64_t passed)
{
    const struct hc_ecs_share *share = shares[0].share;

    shares[0] = (struct hc_placement_share){ .share = share, .managed = true,
                                             .run = run };
    placement = (struct hc_placement){ .shares = shares, .shares_n = 1,
                                       .run = run };
    while (can-- > 0)
        lack(TAKE_YES, TAKE_CPU, "");
    while (unknown-- > 0)
        lack(TAKE_UNKNOWN, TAKE_ENI, "a network interface");
    while (passed-- > 0)
        lack(TAKE_UNKNOWN, TAKE_PASSED_OVER, "what ECS looks for");
    in.placement = &placement;
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

/* ---- unplaced_on_managed_scaling ---- */

TEST(hold, tasks_that_wait_on_managed_scaling_get_no_company)
{
    static struct hc_ecs_share provider = { .provider = { "asg", 3 } };

    set_up(3, 4);
    service.running = 2;
    check(HEADCOUNT_UPDATED, "", NULL, "4 active");
    service.providers = &provider;
    in.by_provider = true;
    CHECK_INT(hc_plan_make(&plan, &in), PLAN_NEEDS_SCALED);
    in.scaled = KNOWN_NO;
    check(HEADCOUNT_UPDATED, "", NULL, "4 active");
    in.scaled = KNOWN_YES;
    in.scaled_by = provider.provider;
    check(HEADCOUNT_HELD, "unplaced_on_managed_scaling", NULL,
          "2 of 3 tasks run, and capacity provider asg");
    service.running = 3;
    CHECK_INT(hc_plan_make(&plan, &in), PLAN_NEEDS_PLACED);
    service.running = 1;
    in.hosts = 2;
    check(HEADCOUNT_UPDATED, "", NULL, "2 active");
}

TEST(hold, a_rule_that_outgrows_its_hosts_does_not_rise_on_managed_scaling)
{
    static struct hc_ecs_share provider = { .provider = { "asg", 3 } };

    set_up(3, 4);
    service.running = 3;
    service.providers = &provider;
    in.by_provider = true;
    in.scaled_by = provider.provider;
    wish.rule.tasks = 2;
    CHECK_INT(hc_plan_make(&plan, &in), PLAN_NEEDS_SCALED);
    in.scaled = KNOWN_NO;
    check(HEADCOUNT_UPDATED, "", NULL, "4 active");
    in.scaled = KNOWN_YES;
    check(HEADCOUNT_HELD, "growth_on_managed_scaling", "allow_growth",
          "more tasks than there are hosts");
    wish.allow = ALLOW_GROWTH;
    CHECK_INT(hc_plan_make(&plan, &in), PLAN_NEEDS_PLACED);
    wish.allow = 0;
    place(4, 0, 0, 0);
    service.distinct = true;              /* no task needs a new host    */
    check(HEADCOUNT_UPDATED, "clamped", NULL, "cut to 4");
    service.distinct = false;
    in.hosts = 1;
    check(HEADCOUNT_UPDATED, "", NULL, "1 active");
    in.hosts = 4;
    place(9, 0, 0, 0);
    wish.rule = (struct hc_rule){ .min = 9, .has_min = true };
    check(HEADCOUNT_UPDATED, "clamped", NULL, "4 active");
}

/* ---- unplaceable, unknown_placement, passed_over ---- */

/* One managed provider: `hosts` hosts count, `desired` tasks are asked for and
 * run. */
static void set_up_managed(int64_t desired, int64_t hosts)
{
    static struct hc_ecs_share provider = { .provider = { "asg", 3 } };

    set_up(desired, hosts);
    service.launch = LAUNCH_NONE;
    service.providers = &provider;
    in.by_provider = true;
    in.scaled = KNOWN_YES;
    in.scaled_by = provider.provider;
    shares[0].share = &provider;
}

TEST(hold, a_rise_goes_as_far_as_hosts_can_take_it)
{
    set_up_managed(2, 5);
    CHECK_INT(hc_plan_make(&plan, &in), PLAN_NEEDS_PLACED);
    place(2, 1, 0, 0);
    lack(TAKE_NO, TAKE_PORT_UDP, "port 8125/udp");
    lack(TAKE_NO, TAKE_ATTRIBUTE, "an attribute");
    check(HEADCOUNT_UPDATED, "unplaceable", NULL,
          "5 wanted, 3 placeable: 1 lacks port 8125/udp, 1 an attribute");
    CHECK_INT(plan.wanted, 3);
    in.dry_run = true;
    check(HEADCOUNT_PENDING, "unplaceable", NULL, "3 placeable");
    in.dry_run = false;
    place(2, 3, 0, 0);
    check(HEADCOUNT_UPDATED, "", NULL, "5 active");
    CHECK_INT(plan.wanted, 5);
    place(2, 0, 0, 0);
    lack(TAKE_NO, TAKE_CPU, "CPU units");
    lack(TAKE_NO, TAKE_CPU, "CPU units");
    lack(TAKE_NO, TAKE_CPU, "CPU units");
    check(HEADCOUNT_HELD, "unplaceable", NULL,
          "5 wanted, 2 placeable: 3 lack CPU units. A count above 2 would "
          "start hosts of capacity provider asg");
}

TEST(hold, hosts_that_are_not_known_to_take_it_do_not_count)
{
    set_up_managed(2, 4);
    place(2, 0, 2, 0);
    check(HEADCOUNT_HELD, "unknown_placement", "allow_unknown_placement",
          "4 wanted, 2 placeable: 2 lack a network interface");
    wish.allow = ALLOW_PASSED_OVER;
    check(HEADCOUNT_HELD, "unknown_placement", "allow_unknown_placement", "");
    wish.allow = ALLOW_UNKNOWN_PLACEMENT;
    check(HEADCOUNT_UPDATED, "", NULL, "4 active");
    wish.allow = 0;
    place(2, 0, 0, 2);
    check(HEADCOUNT_HELD, "passed_over", "allow_passed_over", "4 wanted");
    wish.allow = ALLOW_UNKNOWN_PLACEMENT;
    check(HEADCOUNT_HELD, "passed_over", "allow_passed_over", "4 wanted");
    wish.allow = ALLOW_PASSED_OVER;
    check(HEADCOUNT_UPDATED, "", NULL, "4 active");
    wish.allow = 0;
    place(2, 1, 1, 0);                    /* one is known: that is written */
    check(HEADCOUNT_UPDATED, "unplaceable", NULL, "3 placeable");
    CHECK_INT(plan.wanted, 3);
}

TEST(hold, only_a_rise_that_can_start_hosts_looks_at_them)
{
    set_up_managed(4, 4);
    check(HEADCOUNT_UNCHANGED, "", NULL, "4 active");
    set_up_managed(4, 3);
    check(HEADCOUNT_UPDATED, "", NULL, "3 active");
    set_up_managed(2, 3);
    in.scaled = KNOWN_NO;                 /* world H */
    check(HEADCOUNT_UPDATED, "", NULL, "3 active");
    set_up_managed(2, 3);
    in.paused = true;
    check(HEADCOUNT_HELD, "paused", NULL, "HEADCOUNT_DRY_RUN");
    set_up_managed(2, 3);
    service.running = 1;                  /* R4: no rise while tasks wait */
    check(HEADCOUNT_HELD, "unplaced_on_managed_scaling", NULL, "1 of 2");
    set_up_managed(2, 0);
    wish.rule = (struct hc_rule){ .kind = HEADCOUNT_FIXED, .tasks = 9 };
    check(HEADCOUNT_UPDATED, "", NULL, "fixed");
    set_up(2, 3);                         /* launch type EC2 */
    check(HEADCOUNT_UPDATED, "", NULL, "3 active");
    set_up_managed(2, 3);
    in.placed_not_saved = true;           /* a snapshot of before */
    check(HEADCOUNT_UPDATED, "", NULL, "3 active");
}

/* ECS does not show it yet, and each event comes to the same lower count. */
TEST(hold, a_lowered_count_is_not_written_twice)
{
    set_up_managed(2, 5);
    place(2, 1, 0, 0);
    in.awaits = true;
    in.own_write = 3;
    check(HEADCOUNT_UNCHANGED, "awaiting_own_write", NULL, "a moment ago");
    in.own_write = 2;
    check(HEADCOUNT_UPDATED, "unplaceable", NULL, "3 placeable");
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
