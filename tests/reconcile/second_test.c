/* tests/reconcile/second_test.c - the second reading of a big step: what it
 * reads again, and that anything which differs holds the write. */
#include "t.h"

#include <string.h>

#include "peers/ecs_script.h"

#define CLUSTERS(status, registered) "{\"clusters\":[{\"clusterArn\":\""   \
    SCRIPT_CLUSTER "\",\"clusterName\":\"prod\",\"status\":\"" status      \
    "\",\"registeredContainerInstancesCount\":" #registered "}]}"

static bool says(size_t at, const char *text)
{
    return strstr(script_service(at)->reason, text) != NULL;
}

/* ---- lists ---- */

#define AGAIN(status, filter, list)                                         \
    { .operation = HOSTS, .answer = SCRIPT_HOSTS(list),                     \
      .body = SCRIPT_LIST(status, filter) }
#define EC2 SCRIPT_FILTER(SCRIPT_EC2)
#define ANYWHERE SCRIPT_FILTER(SCRIPT_ANYWHERE)
#define AB SCRIPT_HOST("a") "," SCRIPT_HOST("b")

static const struct script_row step_rows[] = {
    { .operation = SERVICES, .answer = SCRIPT_SERVICES(
      SCRIPT_SERVICE("web", 9, "") "," SCRIPT_SERVICE("log", 9, "")) },
    AGAIN("ACTIVE", EC2, AB),
    { .operation = "DescribeClusters", .answer = CLUSTERS("ACTIVE", 4) },
    AGAIN("ACTIVE", EC2, SCRIPT_HOST("b") "," SCRIPT_HOST("a")),
    AGAIN("ACTIVE", ANYWHERE, SCRIPT_HOST("x")),
    AGAIN("DRAINING", "", SCRIPT_HOST("c")),
    { .operation = UPDATE, .answer = SCRIPT_TAKEN },
    { .operation = UPDATE, .answer = SCRIPT_TAKEN },
};

TEST(second, a_big_step_is_written_when_it_agrees)
{
    script_wishes(SCRIPT_ROWS(step_rows), "web log");
    script_gives(0, HEADCOUNT_UPDATED, "");
    CHECK(says(0, "a second reading agrees: 2 active, 1 of the other launch "
               "type, 1 draining, 4 registered"));
    script_gave(1, HEADCOUNT_UPDATED, "");
    script_end();
}

TEST(second, a_big_step_is_held_when_it_differs)
{
    static const struct { size_t at; struct script_row row; } differs[] = {
        { 2, { .operation = "DescribeClusters",
               .answer = CLUSTERS("ACTIVE", 5) } },
        { 2, { .operation = "DescribeClusters",
               .answer = CLUSTERS("ACTIVE", 3) } },
        { 2, { .operation = "DescribeClusters",
               .answer = CLUSTERS("PROVISIONING", 4) } },
        { 3, AGAIN("ACTIVE", EC2, SCRIPT_HOST("a")) },
        { 3, AGAIN("ACTIVE", EC2, SCRIPT_HOST("a") "," SCRIPT_HOST("d")) },
        { 3, AGAIN("ACTIVE", EC2, AB "," SCRIPT_HOST("d")) },
        { 4, AGAIN("ACTIVE", ANYWHERE, "") },
        { 5, AGAIN("DRAINING", "", "") },
    };

    for (size_t i = 0; i < sizeof(differs) / sizeof(*differs); i++) {
        struct script_row rows[6];

        memcpy(rows, step_rows, sizeof(rows));
        rows[differs[i].at] = differs[i].row;
        script_wishes(SCRIPT_ROWS(rows), "web log");
        script_gives(0, HEADCOUNT_HELD, "step_down");
        CHECK_Z(script_service(0)->switch_text, "max_step_down");
        script_gave(1, HEADCOUNT_HELD, "step_down");
        script_end();
    }
}

TEST(second, one_that_fails_is_no_agreement)
{
    for (size_t at = 2; at < 6; at++) {
        struct script_row rows[6];

        memcpy(rows, step_rows, sizeof(rows));
        rows[at].answer = NULL;
        rows[at].fail = HEADCOUNT_ETIMEDOUT;
        script_wishes(rows, at + 1, "web log");
        script_gives(0, HEADCOUNT_FAILED, "ETIMEDOUT");
        script_gave(1, HEADCOUNT_FAILED, "ETIMEDOUT");
        script_end();
    }
}

#define ONE_SERVICE SCRIPT_SERVICES(SCRIPT_SERVICE("web", 9, ""))

/* Under a filter the cluster's number may be larger, never smaller. */
TEST(second, under_a_filter_the_cluster_may_have_more)
{
    static const struct { const char *cluster; enum headcount_result outcome; }
        counts[] = {
        { CLUSTERS("ACTIVE", 2), HEADCOUNT_HELD },
        { CLUSTERS("ACTIVE", 3), HEADCOUNT_UPDATED },
        { CLUSTERS("ACTIVE", 9), HEADCOUNT_UPDATED },
    };

    for (size_t i = 0; i < 3; i++) {
        const struct script_row rows[] = {
            { .operation = SERVICES, .answer = ONE_SERVICE },
            { .operation = HOSTS, .answer = SCRIPT_HOSTS(AB) },
            { .operation = "DescribeClusters", .answer = counts[i].cluster },
            { .operation = HOSTS, .answer = SCRIPT_HOSTS(AB) },
            AGAIN("DRAINING", SCRIPT_FILTER("attribute:a == 1"),
                  SCRIPT_HOST("c")),
            { .operation = UPDATE, .answer = SCRIPT_TAKEN },
        };

        script_wishes(rows, counts[i].outcome == HEADCOUNT_UPDATED ? 6 : 5,
                      "web");
        script_wish(0)->where = HC_STR("attribute:a == 1");
        script_gives(0, counts[i].outcome,
                     counts[i].outcome == HEADCOUNT_UPDATED ? "" : "step_down");
        script_end();
    }
}

TEST(second, the_registered_number_is_confirmed_by_the_lists)
{
    static const struct { const char *cluster; bool drains, agrees; }
    cases[] = {
        { CLUSTERS("ACTIVE", 3), true, true },
        { CLUSTERS("ACTIVE", 2), true, false },
        { CLUSTERS("ACTIVE", 3), false, false },       /* 2 are listed       */
        { CLUSTERS("ACTIVE", 2), false, false },       /* it was 3 before    */
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        const struct script_row rows[] = {
            { .operation = SERVICES, .answer = ONE_SERVICE },
            { .operation = "DescribeClusters",
              .answer = CLUSTERS("ACTIVE", 3) },
            { .operation = "DescribeClusters", .answer = cases[i].cluster },
            AGAIN("ACTIVE", "", AB),
            { .operation = HOSTS, .answer = cases[i].drains
                  ? SCRIPT_HOSTS(SCRIPT_HOST("c")) : SCRIPT_HOSTS("") },
            { .operation = UPDATE, .answer = SCRIPT_TAKEN },
        };

        script_wishes(rows, cases[i].agrees ? 6 : 5, "web");
        script_wish(0)->by = HEADCOUNT_REGISTERED;
        script_gives(0, cases[i].agrees ? HEADCOUNT_UPDATED : HEADCOUNT_HELD,
                     cases[i].agrees ? "" : "step_down");
        CHECK_INT(script_service(0)->wanted, 3);
        script_end();
    }
}

/* ---- what the hosts are like ---- */

#define STRATEGY ",\"capacityProviderStrategy\":[{\"capacityProvider\":"    \
    "\"asg\",\"weight\":1}]"
#define HOST_OF(id, provider, cpu, memory, more)                            \
    "{\"containerInstanceArn\":" SCRIPT_HOST(id) ",\"status\":\"ACTIVE\","  \
    "\"agentConnected\":true,\"registeredAt\":1,\"capacityProviderName\":"  \
    "\"" provider "\",\"registeredResources\":[{\"name\":\"CPU\","         \
    "\"integerValue\":" #cpu "},{\"name\":\"MEMORY\",\"integerValue\":"    \
    #memory "}]" more "}"
#define HOST_A HOST_OF("a", "asg", 1024, 2048, "")
#define HOST_B HOST_OF("b", "asg", 1024, 2048, "")
#define DESCRIBED(hosts, failures) "{\"containerInstances\":[" hosts "],"    \
    "\"failures\":[" failures "]}"
#define GONE(id) "{\"arn\":" SCRIPT_HOST(id) ",\"reason\":\"MISSING\"}"

/* What decides of a host, spelled as a wish of it would look. */
static void counts_by(const char *what)
{
    script_wish(0)->rule.tasks = 1;
    if (strcmp(what, "cpu") == 0)
        script_wish(0)->rule = (struct hc_rule){ .kind = HEADCOUNT_LINEAR,
            .per_cpu = (int64_t)1024 * HC_RULE_ONE };
    if (strcmp(what, "memory") == 0)
        script_wish(0)->rule = (struct hc_rule){ .kind = HEADCOUNT_LINEAR,
            .per_memory = (int64_t)2048 * HC_RULE_ONE };
    if (strcmp(what, "connected") == 0)
        script_wish(0)->by = HEADCOUNT_CONNECTED;
    if (strcmp(what, "age") == 0)
        script_wish(0)->rule.min_age = HC_SECOND;
    script_wish(0)->allow = ALLOW_DISCONNECTED;
}

/* One answer of DescribeContainerInstances is not the other one. */
static void described_twice(const char *what, const char *first,
                            const char *second, bool agrees)
{
    const struct script_row rows[] = {
        { .operation = SERVICES, .answer = SCRIPT_SERVICES(
          SCRIPT_BARE("web", 40, STRATEGY)) },
        AGAIN("ACTIVE", "", AB),
        { .operation = DETAILS, .answer = first },
        { .operation = "DescribeClusters", .answer = CLUSTERS("ACTIVE", 2) },
        AGAIN("ACTIVE", "", AB),
        { .operation = DETAILS, .answer = second },
        AGAIN("DRAINING", "", ""),
        { .operation = UPDATE, .answer = SCRIPT_TAKEN },
    };
    size_t n = sizeof(rows) / sizeof(*rows);

    script_wishes(rows, agrees ? n : n - 1, "web");
    counts_by(what);
    script_gives(0, agrees ? HEADCOUNT_UPDATED : HEADCOUNT_HELD,
                 agrees ? "" : "step_down");
    script_end();
}

static const char both[] = DESCRIBED(HOST_A "," HOST_B, "");
static const struct { const char *what, *one; } odd[] = {
    { "provider", DESCRIBED(HOST_A "," HOST_OF("b", "old", 1024, 2048, ""),
                            "") },
    { "provider", DESCRIBED(HOST_A, GONE("b")) },
    { "cpu", DESCRIBED(HOST_A "," HOST_OF("b", "asg", 256, 2048, ""), "") },
    { "memory", DESCRIBED(HOST_A "," HOST_OF("b", "asg", 1024, 128, ""),
                          "") },
    { "connected", DESCRIBED(HOST_A ",{\"containerInstanceArn\":"
      SCRIPT_HOST("b") ",\"status\":\"ACTIVE\",\"agentConnected\":false,"
      "\"capacityProviderName\":\"asg\"}", "") },
    { "age", DESCRIBED(HOST_A ",{\"containerInstanceArn\":"
      SCRIPT_HOST("b") ",\"status\":\"ACTIVE\",\"agentConnected\":true,"
      "\"registeredAt\":99999999999,\"capacityProviderName\":\"asg\"}",
      "") },
};

TEST(second, what_decides_of_hosts_is_read_again)
{
    for (size_t i = 0; i < sizeof(odd) / sizeof(*odd); i++) {
        described_twice(odd[i].what, odd[i].one, both, false);
        described_twice(odd[i].what, both, odd[i].one, false);
        described_twice(odd[i].what, both, both, true);
    }
}

/* The count does not follow from it: nothing of it can differ. */
TEST(second, what_does_not_decide_may_change)
{
    described_twice("provider", both, odd[2].one, true);
    described_twice("cpu", both, odd[4].one, false);   /* it says no CPU */
}

/* A host that is listed and MISSING, in both readings: which is right? */
TEST(second, a_host_that_is_listed_and_missing_is_no_agreement)
{
    described_twice("provider", odd[1].one, odd[1].one, false);
}

/* ---- the policy's second answer ---- */

static int turns;
static bool looks, forgets, allows, breaks;
static struct hc_known known;

/* Wishes as many tasks as it counts hosts, or that many at most. */
static void counts(struct hc_reconcile *r)
{
    static struct hc_wish given[2];      /* both stay until the end */
    struct hc_wish *wish = &given[r->run.policy.again];
    struct headcount_error e = { .code = 0 };
    struct hc_query q = { .kind = QUERY_COUNT };
    int got = 1;

    turns++;
    known.count = 3;
    if (looks)
        got = hc_policy_fact(&r->run, &q, &known, &e);
    if (got < 0)
        hc_reconcile_refuse(r, "ENOMEM", "memory ended");
    if (got != 1) {
        hc_reconcile_resume(r, NULL, 0);
        return;
    }
    *wish = (struct hc_wish){ .service = HC_STR("web") };
    wish->rule.kind = HEADCOUNT_FIXED;
    wish->rule.tasks = known.count;
    if (breaks && r->run.policy.again)
        wish->rule.tasks = -1;
    if (allows && !r->run.policy.again)
        wish->allow = ALLOW_ZERO;
    hc_reconcile_resume(r, wish, forgets && r->run.policy.again ? 0 : 1);
}

static struct script *policy(const struct script_row *rows, size_t n)
{
    struct script *s = script_set(rows, n);

    s->config.asks = true;
    s->policy = counts;
    turns = 0;
    looks = true;
    forgets = allows = breaks = false;
    return s;
}

#define THREE AB "," SCRIPT_HOST("c")

TEST(second, a_policy_that_counts_hosts_counts_twice)
{
    struct script_row rows[] = {
        { .operation = HOSTS, .answer = SCRIPT_HOSTS(THREE) },
        { .operation = SERVICES, .answer = ONE_SERVICE },
        AGAIN("ACTIVE", "", THREE),
        { .operation = UPDATE, .answer = SCRIPT_TAKEN },
    };

    policy(SCRIPT_ROWS(rows));
    script_gives(0, HEADCOUNT_UPDATED, "");
    CHECK_INT(turns, 4);
    CHECK(says(0, "the policy, run again on a second reading, agrees"));
    script_end();
    rows[2].answer = SCRIPT_HOSTS(THREE "," SCRIPT_HOST("d"));
    policy(rows, 3);
    script_gives(0, HEADCOUNT_HELD, "step_down");
    CHECK(says(0, "the policy, run again on a second reading, wants 4"));
    CHECK_Z(script_service(0)->switch_text, "max_step_down");
    script_end();
}

TEST(second, a_policy_that_wishes_no_more_does_not_agree)
{
    static const struct script_row rows[] = {
        { .operation = HOSTS, .answer = SCRIPT_HOSTS(THREE) },
        { .operation = SERVICES, .answer = ONE_SERVICE },
        AGAIN("ACTIVE", "", THREE),
    };

    policy(SCRIPT_ROWS(rows));
    forgets = true;
    script_gives(0, HEADCOUNT_HELD, "step_down");
    CHECK(says(0, "does not wish this any more"));
    script_end();
}

/* A switch that followed from the first reading is none of the second. */
TEST(second, a_policy_that_allows_no_more_does_not_agree)
{
    static const struct script_row rows[] = {
        { .operation = HOSTS, .answer = SCRIPT_HOSTS(THREE) },
        { .operation = SERVICES, .answer = ONE_SERVICE },
        AGAIN("ACTIVE", "", THREE),
    };

    policy(SCRIPT_ROWS(rows));
    allows = true;
    script_gives(0, HEADCOUNT_HELD, "step_down");
    CHECK(says(0, "does not wish this any more"));
    script_end();
}

TEST(second, a_second_wish_that_cannot_be_meant_fails_its_service)
{
    static const struct script_row rows[] = {
        { .operation = HOSTS, .answer = SCRIPT_HOSTS(THREE) },
        { .operation = SERVICES, .answer = ONE_SERVICE },
        AGAIN("ACTIVE", "", THREE),
    };

    policy(SCRIPT_ROWS(rows));
    breaks = true;
    script_gives(0, HEADCOUNT_FAILED, "EPOLICY");
    script_end();
}

TEST(second, a_policy_that_looked_at_no_host_is_asked_once)
{
    static const struct script_row rows[] = {
        { .operation = SERVICES, .answer = ONE_SERVICE },
        { .operation = UPDATE, .answer = SCRIPT_TAKEN },
    };

    policy(SCRIPT_ROWS(rows));
    looks = false;
    script_gives(0, HEADCOUNT_UPDATED, "");
    CHECK_INT(turns, 1);
    script_end();
}

TEST(second, a_small_step_of_a_policy_needs_none)
{
    static const struct script_row rows[] = {
        { .operation = HOSTS, .answer = SCRIPT_HOSTS(THREE) },
        { .operation = SERVICES, .answer = SCRIPT_SERVICES(
          SCRIPT_SERVICE("web", 4, "")) },
        { .operation = UPDATE, .answer = SCRIPT_TAKEN },
    };

    policy(SCRIPT_ROWS(rows));
    script_gives(0, HEADCOUNT_UPDATED, "");
    CHECK_INT(turns, 2);
    script_end();
}

/* It fails its service and no other: the cluster was read well once. */
TEST(second, a_list_that_the_policy_cannot_have_again_fails_its_service)
{
    static const struct script_row rows[] = {
        { .operation = HOSTS, .answer = SCRIPT_HOSTS(THREE) },
        { .operation = SERVICES, .answer = ONE_SERVICE },
        { .operation = HOSTS, .fail = HEADCOUNT_ETIMEDOUT },
    };
    const struct script *s = policy(SCRIPT_ROWS(rows));

    script_gives(0, HEADCOUNT_FAILED, "ETIMEDOUT");
    CHECK_Z(s->r.run.result.error_code, NULL);
    script_end();
}

/* ---- memory ---- */

static int reads_twice(void)
{
    static const struct script_row rows[] = {
        { .operation = SERVICES, .answer = SCRIPT_SERVICES(
          SCRIPT_BARE("web", 40, STRATEGY)) },
        AGAIN("ACTIVE", "", AB),
        { .operation = DETAILS, .answer = DESCRIBED(HOST_A "," HOST_B, "") },
        { .operation = "DescribeClusters", .answer = CLUSTERS("ACTIVE", 2) },
        AGAIN("ACTIVE", "", AB),
        { .operation = DETAILS, .answer = DESCRIBED(HOST_A "," HOST_B, "") },
        AGAIN("DRAINING", "", ""),
        { .operation = UPDATE, .answer = SCRIPT_TAKEN },
    };
    int got;

    script_wishes(SCRIPT_ROWS(rows), "web");
    got = script_run();
    if (got == 1)
        script_gave(0, HEADCOUNT_UPDATED, "");
    script_end();
    return got == 1 ? 0 : got;
}

static int asks_twice(void)
{
    static const struct script_row rows[] = {
        { .operation = HOSTS, .answer = SCRIPT_HOSTS(THREE) },
        { .operation = SERVICES, .answer = ONE_SERVICE },
        AGAIN("ACTIVE", "", THREE),
        { .operation = UPDATE, .answer = SCRIPT_TAKEN },
    };
    struct script *s = policy(SCRIPT_ROWS(rows));
    int got = script_run();

    if (got == 1 && (s->r.run.result.error_code != NULL ||
                     script_service(0)->outcome != HEADCOUNT_UPDATED)) {
        s->done = false;                     /* rows are left */
        got = HEADCOUNT_ENOMEM;
    }
    script_end();
    return got == 1 ? 0 : got;
}

TEST(second, memory_may_end_anywhere)
{
    t_fails_every_allocation(reads_twice);
    t_fails_every_allocation(asks_twice);
}
