/* tests/lua/policy/policy_test.c - policies on a cluster that is written down:
 * what they are told, what each rule makes of it, what is said when it goes
 * wrong. No server and no call: the facts are a snapshot. */
#include "t.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "policy/policy.h"

#define LEN(a) (sizeof(a) / sizeof(*(a)))
#define AT "arn:aws:ecs:eu-west-1:000000000000:"
#define CLUSTER AT "cluster/prod"
#define SERVICE(name, desired, more) "{\"serviceArn\":\"" AT "service/prod/"   \
    name "\",\"serviceName\":\"" name "\",\"clusterArn\":\"" CLUSTER "\","    \
    "\"status\":\"ACTIVE\",\"desiredCount\":" desired ",\"runningCount\":"    \
    desired ",\"pendingCount\":0,\"launchType\":\"EC2\",\"deployments\":[{}]" \
    more "}"
/* 4 GiB and 2 cores, registered when the facts are `age` seconds old. */
#define HOST(id, os, connected, at) "{\"containerInstanceArn\":\"" AT         \
    "container-instance/prod/" id "\",\"status\":\"ACTIVE\","                 \
    "\"ec2InstanceId\":\"i-" id "\",\"capacityProviderName\":\"asg\","        \
    "\"agentConnected\":" connected ",\"registeredAt\":" at ","               \
    "\"runningTasksCount\":2,\"versionInfo\":{\"agentVersion\":\"1.80.0\"},"  \
    "\"registeredResources\":[{\"name\":\"CPU\",\"integerValue\":2048},"      \
    "{\"name\":\"MEMORY\",\"integerValue\":4096}],\"remainingResources\":["   \
    "{\"name\":\"CPU\",\"integerValue\":1024},{\"name\":\"MEMORY\","          \
    "\"integerValue\":512}],\"attributes\":[{\"name\":\"ecs.os-type\","       \
    "\"value\":\"" os "\"},{\"name\":\"ecs.availability-zone\",\"value\":"    \
    "\"eu-west-1a\"}],\"tags\":[{\"key\":\"rack\",\"value\":\"" id "\"}]}"
/* 2026-01-01T00:00:00Z is 1767225600. */
#define HOSTS HOST("a", "linux", "true", "1767225000") ","                    \
    HOST("b", "linux", "true", "1767225000") ","                              \
    HOST("c", "linux", "false", "1767225590") ","                             \
    HOST("d", "windows", "true", "1767225000") ","                            \
    HOST("e", "windows", "true", "1767225000")

static const char services[] =
    SERVICE("web", "3", "") ","
    SERVICE("log", "4", ",\"tags\":[{\"key\":\"team\",\"value\":\"core\"}]")
    "," SERVICE("big", "90", "");

static char snapshot[10000];

/* Both readings see the same hosts, and so many are registered. */
static void write_snapshot(int first, int second)
{
    static const char reading[] =
        "{\"cluster\":{\"status\":\"ACTIVE\",\"tags\":[{\"key\":\"tier\","
        "\"value\":\"gold\"}],\"registeredContainerInstancesCount\":%d},"
        "\"lists\":[{\"status\":\"ACTIVE\",\"filter\":\"\",\"described\":true,"
        "\"hosts\":[" HOSTS "]},{\"status\":\"DRAINING\",\"filter\":\"\","
        "\"described\":true,\"hosts\":[]}]}";
    size_t n = hc_fmt(snapshot, sizeof snapshot,
                      "{\"format_version\":\"1.0\",\"complete\":true,\"taken\":"
                      "\"2026-01-01T00:00:00Z\",\"cluster\":\"" CLUSTER "\","
                      "\"services\":[%s],\"failures\":[],\"readings\":[",
                      services);

    n += hc_fmt(snapshot + n, sizeof snapshot - n, reading, first);
    n += hc_fmt(snapshot + n, sizeof snapshot - n, ",");
    n += hc_fmt(snapshot + n, sizeof snapshot - n, reading, second);
    n += hc_fmt(snapshot + n, sizeof snapshot - n, "]}");
    CHECK(n + 1 < sizeof snapshot);
}

static headcount *h;
static headcount_op *op;
static const struct headcount_outcome *outcome;

static const char *no_env(void *ud, const char *name)
{
    (void)ud;
    return strcmp(name, "AWS_REGION") == 0 ? "eu-west-1" : NULL;
}

static void open_handle(void)
{
    const struct headcount_system system = { .size = sizeof system,
                                             .env = no_env };
    const struct headcount_config config = { .size = sizeof config,
                                             .system = &system };
    struct headcount_error error;

    write_snapshot(5, 5);
    CHECK_INT(headcount_new(&h, &config, &error), 0);
}

/* Under valgrind a run takes its time. */
static struct policy *policy_of(const char *text, struct sandbox_error *why)
{
    const struct policy_config config = {
        .name = "policy.lua", .text = text, .n = strlen(text),
        .limits = { .time = 60000000 },
    };

    return policy_new(&config, why);
}

/* ---- what a policy prints ---- */

static char told[3 * PRINTED_MAX];
static size_t told_n;

static void tell(void *ud, const char *line, size_t n)
{
    CHECK_Z((const char *)ud, "ud");
    CHECK(told_n + n + 2 < sizeof told);
    memcpy(told + told_n, line, n);
    told_n += n;
    told[told_n++] = '|';
    told[told_n] = '\0';
}

/* The plan of this policy; the op stays until done(). */
static void plan_by(struct policy *p)
{
    const struct headcount_reconcile request = {
        .size = sizeof request, .policy = true,
        .snapshot = snapshot, .snapshot_size = strlen(snapshot),
        .dry_run = true,
    };

    CHECK_INT(headcount_begin_reconcile(h, &op, &request, NULL), 0);
    while (headcount_op_state(op) != HEADCOUNT_DONE) {
        headcount_step(h, NULL, 0);
        if (headcount_op_state(op) == HEADCOUNT_ASKS) {
            CHECK(headcount_next(h) == op);
            policy_decide(p, op);
        }
    }
    outcome = headcount_outcome(op);
    CHECK_INT(outcome->clusters_n, 1);
}

static void plan(const char *text)
{
    struct sandbox_error why;
    struct policy *p = policy_of(text, &why);

    if (p == NULL)
        fail_msg("%s", why.what);
    plan_by(p);
    policy_free(p);
}

static void done(void)
{
    headcount_op_free(op);
}

/* What the policy prints in its plan. */
static const char *printed(const char *text)
{
    static char ud[] = "ud";
    const struct policy_config config = {
        .name = "policy.lua", .text = text, .n = strlen(text),
        .limits = { .time = 60000000 }, .print = tell, .ud = ud,
    };
    struct sandbox_error why;
    struct policy *p = policy_new(&config, &why);

    if (p == NULL)
        fail_msg("%s", why.what);
    told_n = 0;
    told[0] = '\0';
    plan_by(p);
    done();
    policy_free(p);
    return told;
}

TEST(policy, what_it_prints_has_its_place_and_comes_once)
{
    open_handle();
    /* Two facts are asked for one after the other: three runs. */
    CHECK_Z(printed("print('top')\n"
                    "return function(c)\n"
                    "  print(1, nil, true, 1.5, {}, print)\n"
                    "  local n = c:count {} + c.registered\n"
                    "  print(n > 0)\n"
                    "  return {}\n"
                    "end"),
            "policy.lua:1: top|"
            "policy.lua:3: 1  nil  true  1.5  table  function|"
            "policy.lua:5: true|");
    CHECK_Z(printed("print() return {}"), "policy.lua:1: |");
    headcount_free(h);
}

TEST(policy, what_it_prints_is_told_when_it_breaks)
{
    open_handle();
    CHECK_Z(printed("print('before')\nerror('broken')"),
            "policy.lua:1: before|");
    headcount_free(h);
}

TEST(policy, what_it_prints_steers_no_terminal)
{
    open_handle();
    CHECK_Z(printed("print('a\\27[31m\\r\\n\\0\\127\\194\\155\\xc3\\xa9') "
                    "return {}"),
            "policy.lua:1: a\\27[31m\\13\\n\\0\\127\xc2\\155\xc3\xa9|");
    headcount_free(h);
}

TEST(policy, what_it_prints_has_a_bound)
{
    const char *text;

    open_handle();
    text = printed("for i = 1, 1000 do print(('x'):rep(100)) end return {}");
    CHECK(strlen(text) < PRINTED_MAX + 200);
    CHECK(strstr(text, "xx|print: the rest is left out") != NULL);
    text = printed("print(('x'):rep(60000)) print('after') return {}");
    CHECK(strncmp(text, "print: the rest is left out", 27) == 0);
    headcount_free(h);
}

TEST(policy, what_it_prints_is_paid_for)
{
    open_handle();
    printed("local s = ('x'):rep(60000) while true do print(s) end");
    CHECK(strstr(told, "the rest is left out") != NULL);
    headcount_free(h);
}

/* ---- rules ---- */

static const struct { const char *text; long long wanted; } counts[] = {
    { "return { per_host { 'web' } }", 5 },
    { "return per_host { 'web' }", 5 },
    { "return { per_host { service = 'web', tasks = 2 } }", 10 },
    { "return { per_host { 'web', tasks = 2, max = 7 } }", 7 },
    { "return { per_host { 'web', min = 6 } }", 6 },
    { "return { per_host { 'web', max_tasks = 4 } }", 4 },
    { "return { per_host { 'web', where = 'attribute:ecs.os-type == linux' } }",
      3 },
    { "return { per_host { 'web', hosts = 'connected' } }", 4 },
    { "return { per_host { 'web', hosts = 'registered', tasks = 3 } }", 15 },
    { "return { per_host { 'web', min_age = 60 } }", 4 },
    { "return { per_host { 'web', min_age = 700 }, fixed { 'log', 1 } }", 0 },
    { "return { fixed { 'web', 8 } }", 8 },
    { "return { fixed { 'web', tasks = 8 } }", 8 },
    { "return { fixed { 'web', 0 } }", 0 },
    { "return { fixed { 'web', tasks = 0 } }", 0 },
    { "return { { service = 'web', rule = 'fixed', tasks = 0 } }", 0 },
    { "return { per_host { 'web', max = 0 } }", 0 },
    { "defaults { max = 0 } return { per_host { 'web' } }", 0 },
    { "defaults { max = 0 } return { per_host { 'web', max = 2 } }", 2 },
    { "return { hosts_minus { 'web', spare = 1 } }", 4 },
    { "return { hosts_minus { 'web', spare = 9, min = 2 } }", 2 },
    { "return { percent { 'web', 50 } }", 3 },
    { "return { percent { 'web', percent = 0.5 } }", 1 },
    { "return { linear { 'web', hosts_per_task = 2 } }", 3 },
    { "return { linear { 'web', cpu_per_task = 4096 } }", 3 },
    { "return { linear { 'web', memory_per_task = 2048 } }", 10 },
    { "return { linear { 'web', hosts_per_task = 2, base = 4 } }", 7 },
    { "return { linear { 'web', hosts_per_task = 2, step = 4 } }", 12 },
    { "return { linear { 'web', hosts_per_task = 9,"
      " prevent_single_point_of_failure = true } }", 2 },
    { "return { ladder { 'web', { 0, 1 }, { 4, 2 }, { 64, 5 } } }", 2 },
    { "return { ladder { 'web', { 0, 1 }, { 5, 8 } } }", 8 },
    { "return { ladder { 'web', { 0, 1 }, { 6, 8 } } }", 1 },
    { "return { ladder { 'web', cpu = { { 0, 1 }, { 10, 7 } } } }", 7 },
    { "return { { service = 'web', rule = 'per_host', tasks = 2 } }", 10 },
    { "limits { expect_account = '123456789012' } "
      "return { fixed { 'web', 4 } }", 4 },
    { "defaults { tasks = 2 } return {}", -2 },
    { "defaults { min = 6 } return { per_host { 'web' } }", 6 },
    { "defaults { min = 6 } return { per_host { 'web', min = 1 } }", 5 },
    { "defaults { hosts = 'connected' } return { per_host { 'web' } }", 4 },
    { "return { false, nil, per_host { 'web' } }", 5 },
    { "return function(c) return { fixed { 'web', #c.name } } end", 4 },
};

TEST(policy, each_rule_comes_to_its_count)
{
    open_handle();
    for (size_t i = 0; i < LEN(counts); i++) {
        const struct headcount_cluster *c;

        plan(counts[i].text);
        c = &outcome->clusters[0];
        if (counts[i].wanted == -2)
            CHECK_Z(c->error_code, "EPOLICY");
        else if (c->services_n == 0 ||
                 c->services[0].wanted != counts[i].wanted)
            fail_msg("%s: %lld, not %lld (%s)", counts[i].text,
                     c->services_n > 0 ? (long long)c->services[0].wanted
                                       : -1LL, counts[i].wanted,
                     c->error != NULL ? c->error : "");
        done();
    }
    headcount_free(h);
}

static const struct {
    const char *text;
    enum headcount_result result;
    const char *code;
} outcomes[] = {
    { "return { per_host { 'web', max_step_up = 2 } }", HEADCOUNT_PENDING, "" },
    { "return { per_host { 'web', max_step_up = 1 } }", HEADCOUNT_HELD,
      "step_up" },
    { "return { linear { 'log', hosts_per_task = 5, max_step_down = 2 } }",
      HEADCOUNT_HELD, "step_down" },
    { "return { linear { 'log', hosts_per_task = 5, max_step_down = 3 } }",
      HEADCOUNT_PENDING, "" },
    { "return { per_host { 'web', min_age = 700 } }", HEADCOUNT_HELD,
      "filter_matches_nothing" },
    { "return { per_host { 'web', where = 'attribute:gpu exists' } }",
      HEADCOUNT_HELD, "filter_matches_nothing" },
    { "return { per_host { 'web', where = 'runningTasksCount < 3' } }",
      HEADCOUNT_HELD, "moving_constraint" },
    { "return { fixed { 'web', 3 } }", HEADCOUNT_UNCHANGED, "" },
    { "return { fixed { 'web', 0 } }", HEADCOUNT_HELD, "zero" },
    { "return { fixed { 'web', 0, allow_zero = true } }", HEADCOUNT_PENDING,
      "" },
    { "defaults { allow_zero = true } return { fixed { 'web', 0 } }",
      HEADCOUNT_PENDING, "" },
    { "defaults { allow_zero = true }"
      " return { fixed { 'web', 0, allow_zero = false } }", HEADCOUNT_HELD,
      "zero" },
    { "defaults { allow_zero = true } return { fixed { 'web', 0,"
      " allow_growth = true, during_deployment = true } }", HEADCOUNT_PENDING,
      "" },
    { "return { per_host { 'web', max = 0 } }", HEADCOUNT_HELD, "zero" },
    { "return { per_host { 'log', max = 0, allow_zero = true,"
      " max_step_down = 99 } }", HEADCOUNT_PENDING, "clamped" },
    { "return { fixed { 'gone', 3 } }", HEADCOUNT_SKIPPED, "missing" },
    { "return { fixed { 'gone', 3, required = true } }", HEADCOUNT_FAILED,
      "missing" },
    { "defaults { required = true } return { fixed { 'gone', 3 } }",
      HEADCOUNT_FAILED, "missing" },
    { "return { per_host { 'log', hosts = 'connected' } }",
      HEADCOUNT_UNCHANGED, "" },
    { "limits { falls = 1 } return { fixed { 'log', 2 } }", HEADCOUNT_HELD,
      "too_many_changes" },
    { "limits { falls = 4 / 2 } return { fixed { 'log', 2 } }",
      HEADCOUNT_PENDING, "" },
    { "return function() limits { falls = 1, changes = 1 } return "
      "fixed { 'log', 2 } end", HEADCOUNT_HELD, "too_many_changes" },
    { "limits { changes = 1 } return { per_host { 'web' } }",
      HEADCOUNT_PENDING, "" },
    { "return { per_host { 'big', hosts = 'connected' } }", HEADCOUNT_HELD,
      "disconnected" },
};

TEST(policy, switches_are_those_of_the_holds)
{
    open_handle();
    write_snapshot(5, 4);
    for (size_t i = 0; i < LEN(outcomes); i++) {
        const struct headcount_cluster *c;

        plan(outcomes[i].text);
        c = &outcome->clusters[0];
        if (c->services_n != 1 ||
            c->services[0].outcome != outcomes[i].result ||
            strcmp(c->services[0].code, outcomes[i].code) != 0)
            fail_msg("%s: %s %s", outcomes[i].text, c->services_n == 1
                         ? c->services[0].code : "no service",
                     c->services_n == 1 ? c->services[0].reason
                     : c->error != NULL ? c->error : "");
        done();
    }
    headcount_free(h);
}

TEST(policy, external_hosts_may_be_left_out)
{
    open_handle();
    plan("return { per_host { 'web', external = false } }");
    CHECK_Z(outcome->clusters[0].services[0].hosts_filter,
            "attribute:ecs.capability.external !exists");
    done();
    plan("return { per_host { 'web', external = true } }");
    CHECK_Z(outcome->clusters[0].services[0].hosts_filter, "");
    done();
    headcount_free(h);
}

/* Where a wish was written, for the report. */
TEST(policy, a_wish_knows_its_line)
{
    open_handle();
    plan("local x = 1\nreturn {\n  fixed { 'web', 1 },\n  fixed { 'log', 1 }}");
    CHECK_Z(outcome->clusters[0].services[0].at, "policy.lua:3");
    CHECK_Z(outcome->clusters[0].services[1].at, "policy.lua:4");
    done();
    headcount_free(h);
}

/* ---- facts ---- */

/* Each is true of the cluster, and said by the count that is wished. */
static const char *const truths[] = {
    "c.name == 'prod'", "c.region == 'eu-west-1'", "c.partition == 'aws'",
    "c.account == '000000000000'", "c.arn == '" CLUSTER "'",
    "c.tags.tier == 'gold'", "c.tags.none == nil", "c.status == 'ACTIVE'",
    "c.registered == 5", "c.event == nil", "c:matches 'pr*'",
    "c:matches 'p?od'", "not c:matches 'pro'", "not c:matches 'sandbox-*'",
    "c:count {} == 5", "c:count { hosts = 'connected' } == 4",
    "c:count { hosts = 'registered' } == 5", "c:count { min_age = 60 } == 4",
    "c:count { where = 'attribute:ecs.os-type == linux' } == 3",
    "(function() local n = 0 for x in c:hosts {} do n = n + x.cpu end "
    "return n end)() == 5 * 2048",
    "(function() for x in c:hosts { where = 'attribute:ecs.os-type == linux' "
    "} do if x.attributes['ecs.os-type'] ~= 'linux' then return false end end "
    "return true end)()",
    "(function() for x in c:hosts {} do return x end end)().id == 'a'",
    "(function() for x in c:hosts {} do return x.ec2_id end end)() == 'i-a'",
    "(function() for x in c:hosts {} do return x.provider end end)() == 'asg'",
    "(function() for x in c:hosts {} do return x.zone end end)() == "
    "'eu-west-1a'",
    "(function() for x in c:hosts {} do return x.age end end)() == 600",
    "(function() for x in c:hosts {} do return x.memory end end)() == 4096",
    "(function() for x in c:hosts {} do return x.cpu_remaining end end)() == "
    "1024",
    "(function() for x in c:hosts {} do return x.tags.rack end end)() == 'a'",
    "(function() for x in c:hosts {} do return x.connected end end)() == true",
    "(function() local n = {} for s in c:services {} do n[#n + 1] = s.name end "
    "return table.concat(n, ' ') end)() == 'big log web'",
    "(function() for s in c:services { tags = { team = 'core' } } do return "
    "s.name end end)() == 'log'",
    "(function() for s in c:services { tags = { team = true } } do return "
    "s.tags.team end end)() == 'core'",
    "(function() for s in c:services { name = 'w*' } do return s.name end "
    "end)() == 'web'",
    "(function() for s in c:services { name = 'log' } do return s.desired end "
    "end)() == 4",
    "(function() for s in c:services { name = 'log' } do return s.launch_type "
    "end end)() == 'EC2'",
};

TEST(policy, the_facts_are_the_clusters)
{
    char text[500];

    open_handle();
    for (size_t i = 0; i < LEN(truths); i++) {
        const struct headcount_cluster *c;

        snprintf(text, sizeof text, "return function(c) return { fixed { "
                 "'web', (%s) and 7 or 1 } } end", truths[i]);
        plan(text);
        c = &outcome->clusters[0];
        if (c->services_n != 1 || c->services[0].wanted != 7)
            fail_msg("not so: %s (%s)", truths[i],
                     c->error != NULL ? c->error : "");
        CHECK_INT(outcome->stats.api_calls, 0);
        done();
    }
    headcount_free(h);
}

/* ---- what is wrong is told where it is ---- */

static const struct { const char *text, *says; } wrong[] = {
    { "return { per_hots { 'web' } }", "policy.lua:1: 'per_hots' is not known "
      "here; did you mean 'per_host'?" },
    { "\nreturn { per_host { 'web', taks = 1 } }", "policy.lua:2: per_host "
      "takes no 'taks'; did you mean 'tasks'?" },
    { "return { fixed { 'web', 1, spare = 1 } }", "fixed takes no 'spare'" },
    { "return { per_host { } }", "no service is named" },
    { "return { per_host 'web' }", "per_host takes a table" },
    { "return { fixed { 'web' } }", "it says no count" },
    { "return { percent { 'web' } }", "it says no percent" },
    { "return { linear { 'web' } }", "hosts_per_task, cpu_per_task" },
    { "return { ladder { 'web' } }", "it has no rungs" },
    { "return { ladder { 'web', { 1, 2 }, { 1, 3 } } }", "policy.lua:1" },
    { "return { ladder { 'web', { 1 } } }", "{ FROM, TASKS }" },
    { "return { fixed { 'web', 1.5 } }", "not 1.5" },
    { "return { fixed { 'web', -1 } }", "not -1" },
    { "return { per_host { 'web', tasks = 0 } }", "from 1 to 1000000, not 0" },
    { "return { per_host { 'web', max = -1 } }", "from 0 to 1000000, not -1" },
    { "return { per_host { 'web', min = 1.5 } }", "not 1.5" },
    { "return { fixed { 'web', '3' } }", "not \"3\"" },
    { "return { per_host { 'web', min = 5, max = 2 } }", "policy.lua:1" },
    { "return { per_host { 'web', hosts = 'all' } }", "\"active\"" },
    { "return { per_host { 'web', where = 3 } }", "where is a text" },
    { "return { per_host { 'web', where = 'a == (b' } }", "not closed" },
    { "return { per_host { 'web', required = 1 } }", "true or false" },
    { "return { per_host { 'web', 'log' } }", "what stands at 2" },
    { "return { per_host { 'web' }, fixed { 'web', 1 } }", "web" },
    { "return { per_host { 'a b' } }", "a b" },
    { "return { per_host { 'a', allow_zeros = true } }",
      "did you mean 'allow_zero'?" },
    { "return { per_host { 'a', step_down = true } }", "takes no 'step_down'" },
    { "return { per_host { 'a', [''] = true } }", "takes no ''" },
    { "return { per_host { 'a', ['request.allow too_many_changes'] = true } }",
      "takes no 'request.allow too_many_changes'" },
    { "return { { service = 'web', rule = 'per_hots' } }",
      "did you mean \"per_host\"?" },
    { "return { 'web' }", "not a string" },
    { "return { web = 1 }", "numbers as keys" },
    { "return 5", "it returned a number instead" },
    { "return function() end", "it returned nothing" },
    { "", "it returns nothing" },
    { "defaults 'x'", "defaults takes a table" },
    { "defaults {} defaults {}", "given twice" },
    { "limits {} limits {}", "given twice" },
    { "limits 'x'", "limits takes a table" },
    { "limits { 5 }", "takes changes, falls and expect_account by name" },
    { "limits { expect_account = 123456789012 }", "a text of 12 digits" },
    { "limits { expect_account = '12345678901' }", "a text of 12 digits" },
    { "limits { expect_account = '12345678901\\0' }", "a text of 12 digits" },
    { "limits { expect_acount = '1' }", "did you mean 'expect_account'?" },
    { "limits { change = 5 }", "did you mean 'changes'?" },
    { "limits { changes = 0 }", "changes takes a whole number from 1" },
    { "limits { falls = 1.5 }", "falls takes a whole number from 1" },
    { "limits { falls = '5' }", "falls takes a whole number from 1" },
    { "local w = per_host { 'web' } w.tasks = 2 return w", "cannot be looked" },
    { "return function(c) return c.tag end", "did you mean 'tags'?" },
    { "return function(c) c.name = 'x' end", "policy.lua:1" },
    { "return function(c) return c:count { were = '' } end", "were" },
    { "return function(c) return c:hosts { min_age = -1 } end", "policy.lua" },
    { "return function(c) return c:count { where = '(' } end", "closed" },
    { "return function(c) return c:services { tag = {} } end", "tags" },
    { "return function(c) for x in c:hosts {} do return x.cpus end end",
      "did you mean 'cpu'?" },
    { "return function(c) for s in c:services {} do return s.nmae end end",
      "did you mean 'name'?" },
    { "error 'no'", "policy.lua:1: no" },
    { "local t = nil; return t.x", "policy.lua:1" },
};

TEST(policy, what_is_wrong_fails_the_cluster_and_says_where)
{
    open_handle();
    for (size_t i = 0; i < LEN(wrong); i++) {
        const struct headcount_cluster *c;

        plan(wrong[i].text);
        c = &outcome->clusters[0];
        if (c->error == NULL || strstr(c->error, wrong[i].says) == NULL ||
            strstr(c->error, "policy.lua") == NULL)
            fail_msg("%s: %s", wrong[i].text,
                     c->error != NULL ? c->error : "no error");
        CHECK_Z(c->error_code, "EPOLICY");
        CHECK_INT(outcome->summary[HEADCOUNT_PENDING], 0);
        done();
    }
    headcount_free(h);
}

TEST(policy, text_that_is_no_lua_is_no_policy)
{
    static const char *const texts[] = { "return {", "x =", "\x1bLua" };

    for (size_t i = 0; i < LEN(texts); i++) {
        struct sandbox_error why = { "" };

        CHECK(policy_of(texts[i], &why) == NULL);
        CHECK(strstr(why.what, "policy.lua") != NULL);
    }
}

/* ---- one run and the next ---- */

TEST(policy, a_run_leaves_nothing_for_the_next)
{
    static const char *const texts[] = {
        "string.y = (string.y or 0) + 1 return { fixed { 'web', string.y } }",
        "return function(c) if c.registered == 4 then leak = 7 "
        "return { fixed { 'web', leak } } end "
        "return { fixed { 'web', leak } } end",
    };

    open_handle();
    for (size_t i = 0; i < LEN(texts); i++) {
        struct sandbox_error why;
        struct policy *p = policy_of(texts[i], &why);

        CHECK(p != NULL);
        write_snapshot(4, 4);
        plan_by(p);
        CHECK_INT(outcome->clusters[0].services[0].wanted, i == 0 ? 1 : 7);
        done();
        write_snapshot(5, 5);
        plan_by(p);
        if (i == 0)
            CHECK_INT(outcome->clusters[0].services[0].wanted, 1);
        else
            CHECK(strstr(outcome->clusters[0].error, "'leak' is not known")
                  != NULL);
        done();
        policy_free(p);
    }
    headcount_free(h);
}

/* One cluster on which it overruns, and the next one. */
TEST(policy, a_policy_that_overran_decides_again)
{
    struct sandbox_error why;
    struct policy *p = policy_of(
        "kept = {} return function(c) if c.registered == 4 then while true do "
        "kept[#kept + 1] = 1 end end return { fixed { 'web', 7 } } end", &why);

    CHECK(p != NULL);
    open_handle();
    for (int registered = 4; registered <= 5; registered++) {
        write_snapshot(registered, registered);
        plan_by(p);
        if (registered == 4)
            CHECK(strstr(outcome->clusters[0].error, "policy.lua:1") != NULL);
        else
            CHECK_INT(outcome->clusters[0].services[0].wanted, 7);
        done();
    }
    policy_free(p);
    headcount_free(h);
}
