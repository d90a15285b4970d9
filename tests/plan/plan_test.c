/* tests/plan/plan_test.c - skips and holds, one test per row of the table; then
 * counts, reasons, and the facts that a plan needs. */
#include "t.h"

#include <string.h>

#include "plan/hold.h"

#define WALL ((int64_t)1767225600 * 1000000)     /* 2026-01-01T00:00:00Z */

static struct hc_wish wish;
static struct hc_ecs_service service;
static struct hc_ecs_cluster cluster;
static struct hc_plan_input in;
static struct hc_plan plan;

/* One task per host, 3 hosts, 1 desired: the count would be written. */
static void set_up(void)
{
    wish = (struct hc_wish){ .service = HC_STR("web") };
    service = (struct hc_ecs_service){
        .name = HC_STR("web"), .status = STATUS_ACTIVE,
        .status_text = HC_STR("ACTIVE"), .launch = LAUNCH_EC2,
        .desired = 1, .running = 1, .pending = 0, .deployments = 1
    };
    cluster = (struct hc_ecs_cluster){ .status = HC_STR("ACTIVE"),
                                       .registered = 0 };
    in = (struct hc_plan_input){ .wish = &wish,
                                 .service = &service,
                                 .by = HEADCOUNT_ACTIVE,
                                 .wall = WALL,
                                 .filter = HC_STR(""),
                                 .hosts = 3,
                                 .all_hosts = HEADCOUNT_UNKNOWN };
}

static void check(enum headcount_result outcome, const char *code,
                  const char *switch_text)
{
    CHECK_INT(hc_plan_make(&plan, &in), PLAN_DECIDED);
    CHECK_INT(plan.outcome, outcome);
    CHECK_Z(plan.code, code);
    CHECK_Z(plan.switch_text, switch_text);
    CHECK(outcome == HEADCOUNT_SKIPPED || outcome == HEADCOUNT_FAILED ||
          plan.wanted != HEADCOUNT_UNKNOWN ||
          strcmp(code, "moving_constraint") == 0);
    CHECK(strlen(plan.reason) > 8);
}

static bool says(const char *words)
{
    return strstr(plan.reason, words) != NULL;
}

/* ---- written ---- */

TEST(plan, a_difference_is_written)
{
    set_up();
    check(HEADCOUNT_UPDATED, "", NULL);
    CHECK_INT(plan.wanted, 3);
    CHECK_Z(plan.reason, "1 task on each of 3 active hosts");
    in.dry_run = true;
    check(HEADCOUNT_PENDING, "", NULL);
}

TEST(plan, no_difference_is_not_written)
{
    set_up();
    service.desired = 3;
    check(HEADCOUNT_UNCHANGED, "", NULL);
    CHECK_INT(plan.wanted, 3);
}

/* Precedence: unchanged before held. */
TEST(plan, what_is_right_is_not_held)
{
    set_up();
    service.desired = 3;
    service.controller = CONTROLLER_EXTERNAL;
    in.paused = true;
    check(HEADCOUNT_UNCHANGED, "", NULL);
    service.desired = 0;
    in.hosts = 0;
    check(HEADCOUNT_UNCHANGED, "", NULL);
}

/* ---- one task on a host ---- */

static const struct {
    struct hc_rule rule;
    int64_t hosts;
    int64_t wanted;
    const char *says;
} one_each[] = {
    { { .tasks = 2 },
      3,
      3,
      "2 tasks on each of 3 active hosts, cut to 3: distinctInstance places "
      "one task on a host" },
    { { .tasks = 1 }, 3, 3, "1 task on each of 3 active hosts" },
    { { .tasks = 2 }, 1, 1, "1 active host, cut to 1: distinctInstance" },
    { { .min = 5, .has_min = true },
      3,
      3,
      "raised to min 5, cut to 3: distinctInstance" },
    { { .tasks = 4, .max = 10, .has_max = true },
      3,
      3,
      "cut to max 10, cut to 3: distinctInstance" },
    { { .tasks = 4, .max = 2, .has_max = true }, 3, 2, "cut to max 2" },
    { { .kind = HEADCOUNT_HOSTS_MINUS, .spare = 1 }, 3, 2, "all but 1" },
    { { .kind = HEADCOUNT_FIXED, .tasks = 9 },
      HEADCOUNT_UNKNOWN,
      9,
      "fixed count of 9" },
    /* A list without hosts does not say how many tasks have room. */
    { { .min = 2, .has_min = true }, 0, 2, "raised to min 2" },
};

TEST(plan, distinct_instance_places_one_task_on_a_host)
{
    for (size_t i = 0; i < sizeof(one_each) / sizeof(*one_each); i++) {
        set_up();
        service.distinct = true;
        service.desired = 7;
        wish.rule = one_each[i].rule;
        wish.allow = ALLOW_STEP_DOWN;
        in.hosts = one_each[i].hosts;
        CHECK_INT(hc_plan_make(&plan, &in), PLAN_DECIDED);
        CHECK_INT(plan.wanted, one_each[i].wanted);
        CHECK(says(one_each[i].says));
        CHECK_INT(strstr(plan.reason, "distinct") != NULL,
                  strstr(one_each[i].says, "distinct") != NULL);
        if (strstr(one_each[i].says, "distinct") != NULL)
            CHECK_Z(plan.code, "clamped");
        service.distinct = false;
        hc_plan_make(&plan, &in);
        CHECK(!says("distinct"));
    }
}

TEST(plan, a_fixed_host_port_does_the_same)
{
    set_up();
    wish.rule.tasks = 2;
    check(HEADCOUNT_UPDATED, "", NULL);
    CHECK_INT(plan.wanted, 6);
    in.fixed_port = true;
    check(HEADCOUNT_UPDATED, "clamped", NULL);
    CHECK_INT(plan.wanted, 3);
    CHECK(says("cut to 3: the fixed host port of its task definition takes "
               "one task on a host"));
}

/* ECS may also place tasks on hosts that do not count. */
TEST(plan, a_min_stays_where_hosts_that_do_not_count_can_take_tasks)
{
    for (int row = 0; row < 5; row++) {
        set_up();
        service.distinct = true;
        wish.rule = (struct hc_rule){ .tasks = 2, .min = 4, .has_min = true };
        wish.where = row == 0 ? HC_STR("attribute:a exists") : HC_STR("");
        wish.no_external = row == 1;
        wish.rule.min_age = row == 2;
        in.by = row == 3 ? HEADCOUNT_CONNECTED : HEADCOUNT_ACTIVE;
        in.by_provider = row == 4;
        check(HEADCOUNT_UPDATED, "clamped", NULL);
        CHECK_INT(plan.wanted, 4);
    }
}

/* ---- skipped ---- */

TEST(plan, missing_is_skipped_and_failed_where_required)
{
    set_up();
    in.service = NULL;
    check(HEADCOUNT_SKIPPED, "missing", NULL);
    CHECK_INT(plan.wanted, HEADCOUNT_UNKNOWN);
    wish.required = true;
    check(HEADCOUNT_FAILED, "missing", NULL);
}

TEST(plan, daemon_is_skipped)
{
    set_up();
    service.scheduling = SCHEDULING_DAEMON;
    check(HEADCOUNT_SKIPPED, "daemon", NULL);
    service.scheduling = SCHEDULING_OTHER;
    check(HEADCOUNT_SKIPPED, "daemon", NULL);
}

TEST(plan, inactive_is_skipped_with_its_status)
{
    static const enum hc_ecs_status status[] = {
        STATUS_DRAINING, STATUS_INACTIVE, STATUS_OTHER
    };

    for (size_t i = 0; i < 3; i++) {
        set_up();
        service.status = status[i];
        service.status_text = HC_STR("DOZING");
        check(HEADCOUNT_SKIPPED, "inactive", NULL);
        CHECK_Z(plan.reason, "the service's status is DOZING");
    }
}

TEST(plan, express_is_skipped)
{
    set_up();
    service.express = true;
    check(HEADCOUNT_SKIPPED, "express", NULL);
}

TEST(plan, fargate_is_skipped_unless_the_wish_is_a_number)
{
    set_up();
    service.launch = LAUNCH_FARGATE;
    check(HEADCOUNT_SKIPPED, "fargate", NULL);
    CHECK(hc_plan_is_hostless(&in));
    wish.rule = (struct hc_rule){ .kind = HEADCOUNT_FIXED, .tasks = 2 };
    check(HEADCOUNT_UPDATED, "", NULL);
    CHECK_INT(plan.wanted, 2);
    CHECK_Z(plan.reason, "a fixed count of 2");
}

TEST(plan, fargate_by_strategy_is_fargate_a_mix_is_not)
{
    struct hc_ecs_share own = { HC_STR("asg"), 1, 0, NULL };
    struct hc_ecs_share spot = { HC_STR("FARGATE_SPOT"), 1, 0, NULL };
    struct hc_ecs_share fargate = { HC_STR("FARGATE"), 1, 0, &spot };

    set_up();
    service.launch = LAUNCH_NONE;
    CHECK(!hc_plan_is_fargate(&service));
    service.providers = &fargate;
    CHECK(hc_plan_is_fargate(&service));
    spot.next = &own;
    CHECK(!hc_plan_is_fargate(&service));
    service.providers = &own;
    CHECK(!hc_plan_is_fargate(&service));
    own.weight = 0;                   /* the only provider is used anyway */
    CHECK(!hc_plan_is_fargate(&service));
    own.next = &fargate;              /* of several, the ones with a weight */
    spot.next = NULL;
    CHECK(hc_plan_is_fargate(&service));
    fargate.weight = 0;
    CHECK(hc_plan_is_fargate(&service));
    spot.weight = 0;                  /* no provider is used */
    CHECK(!hc_plan_is_fargate(&service));
    service.providers = &fargate;
    CHECK(hc_plan_is_fargate(&service));
    service.providers = &own;
    own.base = 2;
    CHECK(!hc_plan_is_fargate(&service));
}

/* The reason names a provider that weight 0 leaves out. */
TEST(plan, providers_that_do_not_count_are_named)
{
    struct hc_ecs_share third = { HC_STR("third"), 0, 0, NULL };
    struct hc_ecs_share old = { HC_STR("old"), 0, 0, NULL };
    struct hc_ecs_share new = { HC_STR("new"), 1, 0, &old };

    set_up();
    service.launch = LAUNCH_NONE;
    service.providers = &new;
    in.by_provider = true;
    in.scaled = KNOWN_NO;
    check(HEADCOUNT_UPDATED, "", NULL);
    CHECK_Z(plan.reason, "1 task on each of 3 active hosts of its capacity "
            "providers, provider old has weight 0 and does not count");
    old.base = 4;
    check(HEADCOUNT_UPDATED, "", NULL);
    CHECK(says("provider old has weight 0 and counts at most its base of 4"));
    old.next = &third;
    check(HEADCOUNT_UPDATED, "", NULL);
    CHECK(says("providers, 2 other providers have weight 0"));
    new.next = NULL;
    new.weight = 0;
    check(HEADCOUNT_UPDATED, "", NULL);
    CHECK(!says("weight"));
}

/* EXTERNAL is held.  If that is allowed, the hosts of the PRIMARY task set
 * count. */
TEST(plan, an_external_service_of_no_known_place_has_no_count)
{
    struct hc_ecs_share own = { HC_STR("asg"), 0, 0, NULL };

    set_up();
    service.launch = LAUNCH_NONE;
    service.controller = CONTROLLER_EXTERNAL;
    check(HEADCOUNT_HELD, "external", "allow_external");
    wish.allow = ALLOW_EXTERNAL;
    check(HEADCOUNT_FAILED, "EANSWER", NULL);
    CHECK(says("DescribeServices says no PRIMARY task set"));
    wish.rule = (struct hc_rule){ .kind = HEADCOUNT_FIXED, .tasks = 2 };
    check(HEADCOUNT_UPDATED, "", NULL);
    wish.rule = (struct hc_rule){ .kind = HEADCOUNT_PER_HOST };
    service.providers = &own;
    in.scaled = KNOWN_NO;
    check(HEADCOUNT_UPDATED, "", NULL);
    service.providers = NULL;
    service.launch = LAUNCH_EC2;
    check(HEADCOUNT_UPDATED, "", NULL);
}

/* Precedence: skipped before held. */
TEST(plan, skipped_beats_every_hold)
{
    set_up();
    service.scheduling = SCHEDULING_DAEMON;
    service.controller = CONTROLLER_EXTERNAL;
    in.paused = in.moving = true;
    in.hosts = 0;
    check(HEADCOUNT_SKIPPED, "daemon", NULL);
}

/* ---- held ---- */

TEST(plan, zero_is_held_unless_allowed_and_true)
{
    set_up();
    in.hosts = 0;
    check(HEADCOUNT_HELD, "zero", "allow_zero");
    CHECK_INT(plan.wanted, 0);
    CHECK(says("there are no active hosts; held:"));

    wish.allow = ALLOW_ZERO;
    CHECK_INT(hc_plan_make(&plan, &in), PLAN_NEEDS_ALL_HOSTS);
    in.all_hosts = 0;
    CHECK_INT(hc_plan_make(&plan, &in), PLAN_NEEDS_CLUSTER);
    in.cluster = &cluster;
    check(HEADCOUNT_UPDATED, "", NULL);
    CHECK_INT(plan.wanted, 0);
}

TEST(plan, zero_is_held_where_the_cluster_says_otherwise)
{
    set_up();
    in.hosts = 0;
    in.all_hosts = 0;
    in.cluster = &cluster;
    wish.allow = ALLOW_ZERO;
    cluster.status = HC_STR("PROVISIONING");
    check(HEADCOUNT_HELD, "zero", NULL);
    CHECK(says("PROVISIONING"));
    cluster.status = HC_STR("ACTIVE");
    in.all_hosts = 2;
    in.by = HEADCOUNT_REGISTERED;
    check(HEADCOUNT_HELD, "zero", NULL);
    CHECK(says("2 active hosts"));
    in.by = HEADCOUNT_ACTIVE;                /* another launch type      */
    check(HEADCOUNT_HELD, "filter_matches_nothing", "allow_empty_filter");
}

TEST(plan, a_dry_run_asks_for_the_same_facts)
{
    set_up();
    in.dry_run = true;
    in.hosts = 0;
    check(HEADCOUNT_HELD, "zero", "allow_zero");
    wish.allow = ALLOW_ZERO;
    CHECK_INT(hc_plan_make(&plan, &in), PLAN_NEEDS_ALL_HOSTS);
    in.all_hosts = 0;
    in.cluster = &cluster;
    check(HEADCOUNT_PENDING, "", NULL);
}

/* A rule that says 0 is held as well, without a call. */
TEST(plan, zero_by_a_fixed_count_or_a_max_is_held_unless_allowed)
{
    static const struct hc_rule rules[] = {
        { .kind = HEADCOUNT_FIXED, .tasks = 0 },
        { .kind = HEADCOUNT_FIXED, .tasks = 3, .has_max = true },
        { .has_max = true },
    };
    static const char *const words[] = {
        "a fixed count of 0; held: the rule asks for 0 tasks",
        "a fixed count of 3, cut to max 0; held: the rule asks for 0 tasks",
        "cut to max 0; held: the rule leaves no task",
    };

    for (size_t i = 0; i < 3; i++) {
        set_up();
        wish.rule = rules[i];
        in.hosts = i < 2 ? HEADCOUNT_UNKNOWN : 3;
        check(HEADCOUNT_HELD, "zero", "allow_zero");
        CHECK_INT(plan.wanted, 0);
        CHECK(says(words[i]));
        wish.allow = ALLOW_ZERO;
        check(HEADCOUNT_UPDATED, i == 0 ? "" : "clamped", NULL);
        CHECK_INT(plan.wanted, 0);
        wish.allow = 0;
        service.desired = 0;
        check(HEADCOUNT_UNCHANGED, "", NULL);
    }
}

TEST(plan, filter_matches_nothing_is_held)
{
    for (int by_provider = 0; by_provider < 2; by_provider++) {
        set_up();
        in.hosts = 0;
        in.by_provider = by_provider;
        in.filter = by_provider ? HC_STR("") : HC_STR("attribute:x == y");
        CHECK_INT(hc_plan_make(&plan, &in), PLAN_NEEDS_ALL_HOSTS);
        in.all_hosts = 4;
        check(HEADCOUNT_HELD, "filter_matches_nothing", "allow_empty_filter");
        CHECK(says("none of the cluster's 4 active hosts"));
        wish.allow = ALLOW_ZERO;
        check(HEADCOUNT_HELD, "filter_matches_nothing", "allow_empty_filter");
        wish.allow = ALLOW_EMPTY_FILTER;
        check(HEADCOUNT_UPDATED, "", NULL);
        in.all_hosts = 0;
        check(HEADCOUNT_HELD, "zero", "allow_zero");
    }
}

TEST(plan, what_leaves_its_hosts_open_is_no_count)
{
    set_up();
    service.unclear = "launchType";
    check(HEADCOUNT_FAILED, "EANSWER", NULL);
    CHECK_INT(plan.wanted, HEADCOUNT_UNKNOWN);
    CHECK(says("no launchType"));
    wish.rule = (struct hc_rule){ .kind = HEADCOUNT_FIXED, .tasks = 2 };
    check(HEADCOUNT_UPDATED, "", NULL);
    set_up();
    service.unclear = "launchType";
    service.status = STATUS_DRAINING;
    check(HEADCOUNT_SKIPPED, "inactive", NULL);
}

TEST(plan, code_deploy_is_held_with_more_than_one_task_set)
{
    set_up();
    service.controller = CONTROLLER_CODE_DEPLOY;
    service.task_sets = 1;
    check(HEADCOUNT_UPDATED, "", NULL);
    service.task_sets = 2;
    check(HEADCOUNT_HELD, "code_deploy", "during_deployment");
    service.task_sets = -1;                         /* the answer lacks them */
    check(HEADCOUNT_HELD, "code_deploy", "during_deployment");
    wish.allow = ALLOW_DURING_DEPLOYMENT;
    check(HEADCOUNT_UPDATED, "", NULL);
}

TEST(plan, a_native_deployment_in_progress_is_held)
{
    static const struct { enum hc_ecs_rollout rollout; const char *name; }
    rows[] = {
        { ROLLOUT_BLUE_GREEN, "BLUE_GREEN" }, { ROLLOUT_LINEAR, "LINEAR" },
        { ROLLOUT_CANARY, "CANARY" }, { ROLLOUT_OTHER, "new kind of" }
    };

    for (size_t i = 0; i < 4; i++) {
        set_up();
        service.rollout = rows[i].rollout;
        check(HEADCOUNT_UPDATED, "", NULL);
        service.in_progress = 1;
        check(HEADCOUNT_HELD, "deployment", "during_deployment");
        CHECK(says(rows[i].name));
        service.in_progress = 0;
        service.deployments = -1;
        check(HEADCOUNT_HELD, "deployment", "during_deployment");
        CHECK(says("may be in progress"));
        service.deployments = 2;
        check(HEADCOUNT_HELD, "deployment", "during_deployment");
        wish.allow = ALLOW_DURING_DEPLOYMENT;
        check(HEADCOUNT_UPDATED, "", NULL);
    }
}

TEST(plan, a_rolling_deployment_is_never_held)
{
    set_up();
    service.rollout = ROLLOUT_ROLLING;
    service.in_progress = 1;
    service.deployments = 2;
    check(HEADCOUNT_UPDATED, "", NULL);
}

TEST(plan, external_is_held)
{
    static const enum hc_ecs_controller kinds[] = {
        CONTROLLER_EXTERNAL, CONTROLLER_OTHER
    };

    for (size_t i = 0; i < 2; i++) {
        set_up();
        service.controller = kinds[i];
        check(HEADCOUNT_HELD, "external", "allow_external");
        wish.allow = ALLOW_EXTERNAL;
        check(HEADCOUNT_UPDATED, "", NULL);
    }
}

TEST(plan, moving_constraint_is_held_before_anything_is_counted)
{
    set_up();
    in.moving = true;
    in.hosts = HEADCOUNT_UNKNOWN;
    check(HEADCOUNT_HELD, "moving_constraint", "ignore_constraints");
    CHECK_INT(plan.wanted, HEADCOUNT_UNKNOWN);
    in.moving = false;
    in.where_moves = true;
    check(HEADCOUNT_HELD, "moving_constraint", NULL);
    CHECK_INT(plan.wanted, HEADCOUNT_UNKNOWN);
    wish.rule = (struct hc_rule){ .kind = HEADCOUNT_FIXED, .tasks = 2 };
    check(HEADCOUNT_UPDATED, "", NULL);
}

TEST(plan, paused_by_tag_is_held)
{
    static const struct { const char *value; bool held; } rows[] = {
        { "true", true }, { "TRUE", true }, { " true ", true },
        { "false", false }, { "False", false }, { "", false }, { " ", false },
        { "2026-01-01T00:00:01Z", true }, { "2025-12-31T23:59:59Z", false },
        { "2026-01-01T00:00:00Z", false },
        { "2026-01-01T01:00:00+02:00", false },
        { "2026-01-01T01:00:00-02:00", true },
        /* an unknown value still means that somebody wanted no writes */
        { "tomorrow", true }, { "1", true }
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct hc_ecs_tag tag = { HC_STR("headcount:pause"),
                                  hc_str(rows[i].value), NULL };
        struct hc_ecs_tag other = { HC_STR("Headcount:pause"),
                                    HC_STR("true"), &tag };

        set_up();
        service.tags = &other;
        wish.allow = 31;
        if (rows[i].held)
            check(HEADCOUNT_HELD, "paused", NULL);
        else
            check(HEADCOUNT_UPDATED, "", NULL);
        service.tags = NULL;
        in.cluster_tags = &tag;
        if (rows[i].held)
            check(HEADCOUNT_HELD, "paused", NULL);
        else
            check(HEADCOUNT_UPDATED, "", NULL);
        CHECK_INT(says("of the cluster"), rows[i].held);
    }
}

TEST(plan, paused_as_a_whole_is_held)
{
    set_up();
    in.paused = true;
    wish.allow = 31;
    check(HEADCOUNT_HELD, "paused", NULL);
    CHECK(says("1 task on each of 3 active hosts; held: "));
    CHECK(says("HEADCOUNT_DRY_RUN"));
}

TEST(plan, a_dry_run_is_held_where_the_run_would_be)
{
    set_up();
    in.dry_run = true;
    service.controller = CONTROLLER_EXTERNAL;
    check(HEADCOUNT_HELD, "external", "allow_external");
}

/* ---- clamped ---- */

TEST(plan, clamped_is_written_and_said)
{
    static const struct {
        struct hc_rule rule;
        int64_t hosts, wanted;
        const char *code, *says;
        bool discovery;
    } rows[] = {
        { { .min = 5, .has_min = true },
          3,
          5,
          "clamped",
          "raised to min 5",
          false },
        { { .min = 3, .has_min = true }, 3, 3, "", "3 active hosts", false },
        { { .max = 2, .has_max = true },
          3,
          2,
          "clamped",
          "cut to max 2",
          false },
        { { .min = 2, .has_min = true },
          0,
          2,
          "clamped",
          "raised to min 2",
          false },
        { { .max_tasks = 2 }, 3, 2, "clamped", "cut to max_tasks 2", false },
        { { .max_tasks = 3 }, 3, 3, "", "3 active hosts", false },
        { { .tasks = 2000 },
          3,
          5000,
          "clamped",
          "quota of a service: 5000",
          false },
        { { .tasks = 2000 }, 2, 4000, "", "2000 tasks on each", false },
        { { .tasks = 2000 },
          2,
          1000,
          "clamped",
          "Service Connect: 1000",
          true },
        { { .tasks = 2000, .max_tasks = 9000 },
          3,
          5000,
          "clamped",
          "5000",
          false },
        { { .tasks = 1000000 }, INT64_MAX, 5000, "clamped", "5000", false },
        { { .kind = HEADCOUNT_FIXED, .tasks = 6000 },
          0,
          5000,
          "clamped",
          "5000",
          false },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        set_up();
        wish.rule = rows[i].rule;
        service.discovery = rows[i].discovery;
        in.hosts = rows[i].hosts;
        wish.allow = ALLOW_STEP_UP;
        check(HEADCOUNT_UPDATED, rows[i].code, NULL);
        CHECK_INT(plan.wanted, rows[i].wanted);
        CHECK(says(rows[i].says));
    }
}

TEST(plan, a_clamp_that_changes_nothing_has_no_code)
{
    set_up();
    wish.rule = (struct hc_rule){ .min = 5, .has_min = true };
    service.desired = 5;
    check(HEADCOUNT_UNCHANGED, "", NULL);
}

/* ---- reasons and facts ---- */

TEST(plan, reasons_say_what_was_counted)
{
    static const struct {
        int64_t tasks, hosts;
        enum headcount_hosts by;
        const char *filter;
        bool by_provider;
        const char *want;
    } rows[] = {
        { 0, 1, HEADCOUNT_ACTIVE, "", false,
          "1 task on each of 1 active host" },
        { 2, 4, HEADCOUNT_REGISTERED, "", false,
          "2 tasks on each of 4 registered hosts" },
        { 1, 2, HEADCOUNT_ACTIVE, "x", false,
          "1 task on each of 2 active hosts that match the filter" },
        { 1, 2, HEADCOUNT_ACTIVE, "x", true,
          "1 task on each of 2 active hosts "
          "of its capacity providers that match the filter" },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        set_up();
        service.desired = 3;
        wish.rule.tasks = rows[i].tasks;
        in.hosts = rows[i].hosts;
        in.by = rows[i].by;
        in.filter = hc_str(rows[i].filter);
        in.by_provider = rows[i].by_provider;
        check(HEADCOUNT_UPDATED, "", NULL);
        CHECK_Z(plan.reason, rows[i].want);
    }
}

TEST(plan, hosts_are_asked_for_only_where_they_matter)
{
    set_up();
    in.hosts = HEADCOUNT_UNKNOWN;
    CHECK_INT(hc_plan_make(&plan, &in), PLAN_NEEDS_HOSTS);
    CHECK(!hc_plan_is_hostless(&in));
    wish.rule = (struct hc_rule){ .kind = HEADCOUNT_FIXED, .tasks = 1 };
    check(HEADCOUNT_UNCHANGED, "", NULL);
    CHECK(hc_plan_is_hostless(&in));
    in.service = NULL;
    wish.rule = (struct hc_rule){ .kind = HEADCOUNT_PER_HOST };
    check(HEADCOUNT_SKIPPED, "missing", NULL);
    CHECK(hc_plan_is_hostless(&in));
}

/* The list that bindings read is the one that hc_hold_allow takes. */
TEST(plan, each_code_that_is_listed_can_be_allowed)
{
    unsigned all = 0, flags = 0;
    const char *code, *field;
    size_t i = 0;

    for (; (code = headcount_hold_switch(i, &field)) != NULL; i++) {
        CHECK(hc_hold_allow(hc_str(code), &all));
        if (field != NULL)
            CHECK(hc_hold_allow(hc_str(code), &flags));
    }
    CHECK_INT(i, 14);
    CHECK_INT(all, 2 * ALLOW_PASSED_OVER - 1);
    CHECK_INT(all - flags, ALLOW_STEP_DOWN | ALLOW_STEP_UP | ALLOW_TOO_MANY);
    field = "left over";
    CHECK(headcount_hold_switch(i + 1, &field) == NULL && field == NULL);
}

TEST(plan, what_can_be_allowed_has_a_code)
{
    static const struct { const char *code; unsigned bit; } rows[] = {
        { "zero", ALLOW_ZERO },
        { "filter_matches_nothing", ALLOW_EMPTY_FILTER },
        { "code_deploy", ALLOW_DURING_DEPLOYMENT },
        { "deployment", ALLOW_DURING_DEPLOYMENT },
        { "external", ALLOW_EXTERNAL }, { "moving_constraint", ALLOW_MOVING },
        { "step_down", ALLOW_STEP_DOWN }, { "step_up", ALLOW_STEP_UP },
        { "scalable_target", ALLOW_TARGET },
        { "growth_on_managed_scaling", ALLOW_GROWTH },
        { "disconnected", ALLOW_DISCONNECTED },
        { "too_many_changes", ALLOW_TOO_MANY },
    };
    static const char *const never[] = {
        "", "paused", "missing", "daemon", "Zero", "clamped", "zero ",
        "contested", "unplaced_on_managed_scaling", "allow_zero"
    };
    unsigned all = 0;

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        unsigned allow = 0;

        CHECK(hc_hold_allow(hc_str(rows[i].code), &allow));
        CHECK_INT(allow, rows[i].bit);
        CHECK(hc_hold_allow(hc_str(rows[i].code), &all));
    }
    CHECK_INT(all, 2 * ALLOW_TOO_MANY - 1);
    for (size_t i = 0; i < sizeof(never) / sizeof(*never); i++) {
        unsigned allow = 0;

        CHECK(!hc_hold_allow(hc_str(never[i]), &allow));
        CHECK_INT(allow, 0);
    }
}
