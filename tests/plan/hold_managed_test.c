/* tests/plan/hold_managed_test.c - holds of services whose capacity provider
 * starts hosts for tasks that wait. */
#include "plan/hold_case.h"

static struct hc_placement_share shares[HC_ECS_SHARES];
static struct hc_placement placement = { .shares = shares, .shares_n = 1 };

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
        lack(TAKE_UNKNOWN, TAKE_PASSED_OVER, "passed over by ECS");
    in.placement = &placement;
}
/* ---- unplaced_on_managed_scaling ---- */

TEST(hold_managed, tasks_that_wait_on_managed_scaling_get_no_company)
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

TEST(hold_managed, a_rule_that_outgrows_its_hosts_does_not_rise)
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
    place(3, 1, 0, 0);                    /* two tasks on each of 4 hosts */
    check(HEADCOUNT_UPDATED, "", NULL, "4 active");
    CHECK_INT(plan.wanted, 8);
    place(3, 0, 1, 0);
    check(HEADCOUNT_UPDATED, "unplaceable", NULL, "8 wanted, 6 placeable");
    CHECK_INT(plan.wanted, 6);
    in.placement = NULL;
    wish.allow = 0;
    place(4, 0, 0, 0);
    service.distinct = true;              /* no task needs a new host    */
    check(HEADCOUNT_UPDATED, "clamped", NULL, "cut to 4");
    service.distinct = false;
    in.hosts = 1;
    check(HEADCOUNT_UPDATED, "", NULL, "1 active");
    in.hosts = 4;
    in.placement = NULL;
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

TEST(hold_managed, a_rise_goes_as_far_as_hosts_can_take_it)
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

/* A person asked for the least count of the rule: it may start hosts, the first
 * ones of an empty group too, and it does not rise with them. */
TEST(hold_managed, the_least_count_of_a_rule_may_start_hosts)
{
    set_up_managed(2, 5);
    wish.rule = (struct hc_rule){ .min = 4, .has_min = true };
    place(2, 0, 0, 0);
    lack(TAKE_NO, TAKE_CPU, "CPU units");
    lack(TAKE_NO, TAKE_CPU, "CPU units");
    lack(TAKE_NO, TAKE_CPU, "CPU units");
    check(HEADCOUNT_UPDATED, "unplaceable", NULL,
          "5 wanted, 2 placeable: 3 lack CPU units, and the rule asks for its "
          "least count whatever hosts there are");
    CHECK_INT(plan.wanted, 4);
    in.placement = NULL;
    in.hosts = 3;
    check(HEADCOUNT_UPDATED, "clamped", NULL, "3 active");
    CHECK_INT(plan.wanted, 4);
    set_up_managed(0, 0);
    wish.rule = (struct hc_rule){ .min = 1, .has_min = true };
    check(HEADCOUNT_UPDATED, "clamped", NULL, "no active hosts");
    CHECK_INT(plan.wanted, 1);
}

TEST(hold_managed, hosts_that_are_not_known_to_take_it_do_not_count)
{
    set_up_managed(2, 4);
    place(2, 0, 2, 0);
    check(HEADCOUNT_HELD, "unknown_placement", "allow_unknown_placement",
          "4 wanted, 2 placeable: 2 not known (a network interface)");
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

TEST(hold_managed, only_a_rise_that_can_start_hosts_looks_at_them)
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

/* ---- placeable ---- */

/* A rule that asks for it: where no provider starts hosts, too. */
TEST(hold_managed, a_placeable_rule_rises_only_to_hosts_that_can_take_it)
{
    set_up(2, 5);                         /* launch type EC2 */
    shares[0].share = NULL;
    wish.rule.placeable = true;
    CHECK_INT(hc_plan_make(&plan, &in), PLAN_NEEDS_PLACED);
    place(2, 1, 0, 0);
    lack(TAKE_NO, TAKE_PORT_UDP, "port 8125/udp");
    lack(TAKE_NO, TAKE_ATTRIBUTE, "an attribute");
    check(HEADCOUNT_UPDATED, "unplaceable", NULL,
          "5 wanted, 3 placeable: 1 lacks port 8125/udp, 1 an attribute");
    CHECK_INT(plan.wanted, 3);
    place(2, 0, 0, 0);
    lack(TAKE_NO, TAKE_CPU, "CPU units");
    check(HEADCOUNT_HELD, "unplaceable", NULL, "5 wanted, 2 placeable: 1 lacks "
          "CPU units. The rule is placeable: it asks for no task that would "
          "wait for a host");
    place(2, 0, 3, 0);
    check(HEADCOUNT_HELD, "unknown_placement", "allow_unknown_placement", "");
    wish.allow = ALLOW_UNKNOWN_PLACEMENT;
    check(HEADCOUNT_UPDATED, "", NULL, "5 active");
    wish.allow = 0;
    place(2, 0, 0, 3);
    check(HEADCOUNT_HELD, "passed_over", "allow_passed_over", "5 wanted");
    place(2, 3, 0, 0);
    check(HEADCOUNT_UPDATED, "", NULL, "5 active");
    wish.rule.tasks = 2;                  /* each host counts once */
    check(HEADCOUNT_UPDATED, "unplaceable", NULL,
          "10 wanted, 5 placeable: each host counts once");
    wish.rule.tasks = 0;                  /* nor does a min ask for one more */
    wish.rule.min = 9;
    wish.rule.has_min = true;
    check(HEADCOUNT_UPDATED, "unplaceable", NULL, "9 wanted, 5 placeable");
}

TEST(hold_managed, a_placeable_rule_never_lowers_a_count_by_a_verdict)
{
    set_up(5, 4);
    shares[0].share = NULL;
    wish.rule.placeable = true;
    check(HEADCOUNT_UPDATED, "", NULL, "4 active");
    CHECK_INT(plan.wanted, 4);
    set_up(4, 4);
    wish.rule.placeable = true;
    check(HEADCOUNT_UNCHANGED, "", NULL, "4 active");
    set_up(4, 6);                         /* one task lost its host */
    wish.rule.placeable = true;
    service.running = 3;
    place(3, 0, 0, 0);
    check(HEADCOUNT_HELD, "unplaceable", NULL, "6 wanted, 3 placeable");
    set_up(0, 1);                         /* nor is the first task special */
    wish.rule.placeable = true;
    place(0, 0, 0, 0);
    lack(TAKE_NO, TAKE_CPU, "CPU units");
    check(HEADCOUNT_HELD, "unplaceable", NULL, "1 wanted, 0 placeable");
    set_up(2, 3);
    wish.rule = (struct hc_rule){ .kind = HEADCOUNT_FIXED, .tasks = 9,
                                  .placeable = true };
    check(HEADCOUNT_UPDATED, "", NULL, "fixed");
}

/* Each provider's hosts limit its share, whether it starts hosts or not. */
TEST(hold_managed, a_placeable_rule_limits_providers_that_start_no_hosts)
{
    set_up_managed(2, 5);
    wish.rule.placeable = true;
    in.scaled = KNOWN_NOT_YET;
    CHECK_INT(hc_plan_make(&plan, &in), PLAN_NEEDS_SCALED);
    in.scaled = KNOWN_NO;
    CHECK_INT(hc_plan_make(&plan, &in), PLAN_NEEDS_PLACED);
    place(2, 1, 0, 0);
    check(HEADCOUNT_UPDATED, "unplaceable", NULL, "5 wanted, 3 placeable");
    place(2, 0, 0, 0);
    check(HEADCOUNT_HELD, "unplaceable", NULL, "The rule is placeable");
    in.scaled = KNOWN_YES;
    check(HEADCOUNT_HELD, "unplaceable", NULL, "would start hosts of capacity");
}

/* ECS does not show it yet, and each event comes to the same lower count. */
TEST(hold_managed, a_lowered_count_is_not_written_twice)
{
    set_up_managed(2, 5);
    place(2, 1, 0, 0);
    in.awaits = true;
    in.own_write = 3;
    check(HEADCOUNT_UNCHANGED, "awaiting_own_write", NULL, "a moment ago");
    in.own_write = 2;
    check(HEADCOUNT_UPDATED, "unplaceable", NULL, "3 placeable");
}

/* Tasks of a write that ECS does not show yet may run: no count below it. */
TEST(hold_managed, a_count_is_not_lowered_below_our_own_write)
{
    set_up_managed(2, 5);
    place(2, 1, 0, 0);
    in.awaits = true;
    in.own_write = 4;
    check(HEADCOUNT_HELD, "unplaceable", NULL, "5 wanted, 3 placeable");
    place(2, 1, 2, 0);
    check(HEADCOUNT_HELD, "unknown_placement", "allow_unknown_placement",
          "5 wanted, 3 placeable");
    place(2, 3, 0, 0);
    check(HEADCOUNT_UPDATED, "", NULL, "5 active");
    in.own_write = 6;                       /* the write is a fall from that */
    place(2, 1, 0, 0);
    check(HEADCOUNT_HELD, "unplaceable", NULL, "5 wanted, 3 placeable");
}
