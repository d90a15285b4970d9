/* tests/reconcile/plan_input_test.c - filters and hosts as a plan is made from
 * them.
 */
#include "t.h"

#include <string.h>

#include "peers/ecs_script.h"

#define SERVICES "DescribeServices"
#define HOSTS "ListContainerInstances"
#define UPDATE "UpdateService"
#define TWO_HOSTS SCRIPT_HOSTS(SCRIPT_HOST("a") "," SCRIPT_HOST("b"))
#define UPDATED SCRIPT_TAKEN

static struct hc_wish wishes[16];

/* A script with wishes for these services, one task a host. */
static struct script *set(const struct script_row *rows, size_t n,
                          const char *services)
{
    struct script *s = script_set(rows, n);
    struct hc_str list = hc_str(services);

    memset(wishes, 0, sizeof(wishes));
    while (list.n > 0)
        wishes[s->config.wishes_n++].service = hc_str_cut(&list, ' ');
    s->config.wishes = wishes;
    return s;
}

static void check(size_t at, enum headcount_result outcome, const char *code)
{
    const struct headcount_service *service = script_service(at);

    CHECK_Z(hc_result_name(service->outcome), hc_result_name(outcome));
    CHECK_Z(service->code, code);
    CHECK(service->reason != NULL);
}

static void run(size_t at, enum headcount_result outcome, const char *code)
{
    CHECK_INT(script_run(), 1);
    check(at, outcome, code);
}

#define MEMBER(text) ",\"placementConstraints\":[{\"type\":\"memberOf\"," \
    "\"expression\":\"" text "\"}]"
#define STRATEGY ",\"capacityProviderStrategy\":[{\"capacityProvider\":"  \
    "\"asg\"}]"
#define DESCRIBED(id, status, provider)                                     \
    "{\"containerInstanceArn\":" SCRIPT_HOST(id) ",\"status\":\"" status    \
    "\",\"capacityProviderName\":\"" provider "\"}"
#define MACHINE(id, status, ec2) "{\"containerInstanceArn\":"                \
    SCRIPT_HOST(id) ",\"status\":\"" status "\",\"capacityProviderName\":"    \
    "\"asg\",\"ec2InstanceId\":\"" ec2 "\"}"
#define HOST_GONE(id) "{\"arn\":" SCRIPT_HOST(id) ",\"reason\":\"MISSING\"}"
#define FOUR_HOSTS SCRIPT_HOSTS(SCRIPT_HOST("a") "," SCRIPT_HOST("b") ","    \
    SCRIPT_HOST("c") "," SCRIPT_HOST("d"))

/* Of another provider, draining by now, gone by now: not counted. */
static const struct script_row provider_rows[] = {
    { .operation = SERVICES, .answer = SCRIPT_SERVICES(
      SCRIPT_BARE("web", 3, STRATEGY) ","
      SCRIPT_BARE("log", 1, STRATEGY)) },
    { .operation = HOSTS, .answer = FOUR_HOSTS },
    { .operation = "DescribeContainerInstances",
      .answer = "{\"containerInstances\":[" DESCRIBED("a", "ACTIVE", "asg")
      "," DESCRIBED("b", "ACTIVE", "other") ","
      DESCRIBED("c", "DRAINING", "asg") "],\"failures\":["
      HOST_GONE("d") "]}" },
    { .operation = UPDATE, .answer = UPDATED, .body = "{\"cluster\":\""
      SCRIPT_CLUSTER "\",\"service\":\"web\",\"desiredCount\":1}" },
};

#define CLUSTERS(status, registered) "{\"clusters\":[{\"clusterArn\":\""   \
    SCRIPT_CLUSTER "\",\"clusterName\":\"prod\",\"status\":\"" status      \
    "\",\"registeredContainerInstancesCount\":" #registered "}]}"

static const struct script_row zero_rows[] = {
    { .operation = SERVICES, .answer = SCRIPT_SERVICES(
      SCRIPT_SERVICE("web", 2, MEMBER("attribute:a == 1"))) },
    { .operation = HOSTS, .answer = SCRIPT_HOSTS("") },
    { .operation = HOSTS, .answer = SCRIPT_HOSTS(""), .body =
      "{\"cluster\":\"" SCRIPT_CLUSTER "\",\"status\":\"ACTIVE\","
      "\"maxResults\":100}" },
    { .operation = "DescribeClusters", .answer = CLUSTERS("ACTIVE", 0),
      .body = "{\"clusters\":[\"" SCRIPT_CLUSTER "\"],"
      "\"include\":[\"TAGS\"]}" },
    { .operation = UPDATE, .answer = UPDATED, .body = "{\"cluster\":\""
      SCRIPT_CLUSTER "\",\"service\":\"web\",\"desiredCount\":0}" },
};

static int goes_to_zero(void)
{
    set(SCRIPT_ROWS(zero_rows), "web");
    wishes[0].allow = ALLOW_ZERO;

    int got = script_run();

    if (got == 1)
        check(0, HEADCOUNT_UPDATED, "");
    script_end();
    return got == 1 ? 0 : got;
}

static int asks_whose_hosts(void)
{
    set(SCRIPT_ROWS(provider_rows), "web log");

    int got = script_run();

    if (got == 1)
        check(1, HEADCOUNT_UNCHANGED, "");
    script_end();
    return got == 1 ? 0 : got;
}

#define AB SCRIPT_HOST("a") "," SCRIPT_HOST("b")
#define CAPACITY(status) "{\"capacityProviders\":[{\"name\":\"asg\","       \
    "\"autoScalingGroupProvider\":{\"managedScaling\":{\"status\":\""       \
    status "\"}}}],\"failures\":[]}"

static const struct script_row capacity_rows[] = {
    { .operation = SERVICES, .answer = SCRIPT_SERVICES(
      SCRIPT_BARE("web", 2, STRATEGY)) },
    { .operation = HOSTS, .answer = SCRIPT_HOSTS(AB "," SCRIPT_HOST("c")) },
    { .operation = "DescribeContainerInstances",
      .answer = "{\"containerInstances\":[" DESCRIBED("a", "ACTIVE", "asg")
      "," DESCRIBED("b", "ACTIVE", "asg") ","
      DESCRIBED("c", "ACTIVE", "asg") "]}" },
    { .operation = "DescribeCapacityProviders", .answer = CAPACITY("ENABLED"),
      .body = "{\"cluster\":\"prod\",\"capacityProviders\":[\"asg\"]}" },
    { .operation = UPDATE, .answer = UPDATED },
};

#define PROVIDER(name) "{\"capacityProvider\":\"" name "\",\"weight\":1}"
#define UNUSED(name) "{\"capacityProvider\":\"" name "\",\"weight\":0}"
#define ASKED(names, more) "{\"cluster\":\"prod\",\"capacityProviders\":["   \
    names "]" more "}"
#define TOLD(names, more) "{\"capacityProviders\":[" names "]" more "}"
#define BARE(name) "{\"name\":\"" name "\"}"
#define WHO(strategy) { .operation = SERVICES, .answer = SCRIPT_SERVICES(     \
    SCRIPT_BARE("web", 2, ",\"capacityProviderStrategy\":[" strategy "]")) }
#define THREE_OF(provider) { .operation = HOSTS,                             \
    .answer = SCRIPT_HOSTS(AB "," SCRIPT_HOST("c")) },                       \
    { .operation = "DescribeContainerInstances",                             \
      .answer = "{\"containerInstances\":[" DESCRIBED("a", "ACTIVE", provider) \
      "," DESCRIBED("b", "ACTIVE", provider) ","                             \
      DESCRIBED("c", "ACTIVE", provider) "]}" }
#define CAPACITIES "DescribeCapacityProviders"

static const struct script_row page_rows[] = {
    WHO(PROVIDER("b") "," PROVIDER("a")),
    THREE_OF("a"),
    { .operation = CAPACITIES, .answer = TOLD("", ",\"nextToken\":\"1\""),
      .body = ASKED("\"a\",\"b\"", "") },
    { .operation = CAPACITIES,
      .answer = TOLD(BARE("a"), ",\"nextToken\":\"2\""),
      .body = ASKED("\"a\",\"b\"", ",\"nextToken\":\"1\"") },
    { .operation = CAPACITIES, .answer = TOLD("{\"name\":\"b\",\"type\":"
                                              "\"MANAGED_INSTANCES\"}",
                                              ",\"nextToken\":\"3\""),
      .body = ASKED("\"a\",\"b\"", ",\"nextToken\":\"2\"") },
};

static int follows_pages(void)
{
    set(SCRIPT_ROWS(page_rows), "web");

    int got = script_run();

    if (got == 1)
        check(0, HEADCOUNT_HELD, "unplaced_on_managed_scaling");
    script_end();
    return got == 1 ? 0 : got;
}

TEST(plan_input, equal_filters_share_one_list)
{
    static const struct script_row rows[] = {
        { .operation = SERVICES, .answer = SCRIPT_SERVICES(
          SCRIPT_SERVICE("web", 2, MEMBER("attribute:b == 1")) ","
          SCRIPT_SERVICE("log", 2, MEMBER("attribute:a == 1"))) },
        { .operation = HOSTS, .answer = TWO_HOSTS, .body = "{\"cluster\":\""
          SCRIPT_CLUSTER "\",\"filter\":\"(attribute:a == 1) and "
          "(attribute:b == 1) and (" SCRIPT_EC2 ")\",\"status\":\"ACTIVE\","
          "\"maxResults\":100}" },
    };

    set(SCRIPT_ROWS(rows), "web log");
    wishes[0].where = HC_STR("attribute:a == 1 ");
    wishes[1].where = HC_STR("attribute:b == 1");
    run(0, HEADCOUNT_UNCHANGED, "");
    check(1, HEADCOUNT_UNCHANGED, "");
    CHECK_Z(script_service(0)->hosts_filter,
            "(attribute:a == 1) and (attribute:b == 1)");
    script_end();
}

TEST(plan_input, an_external_service_counts_external_hosts)
{
    static const struct script_row rows[] = {
        { .operation = SERVICES, .answer = SCRIPT_SERVICES(
          SCRIPT_BARE("web", 2, ",\"launchType\":\"EXTERNAL\"")) },
        { .operation = HOSTS, .answer = TWO_HOSTS, .body = "{\"cluster\":\""
          SCRIPT_CLUSTER "\",\"filter\":\"attribute:ecs.capability.external "
          "exists\",\"status\":\"ACTIVE\",\"maxResults\":100}" },
    };

    set(SCRIPT_ROWS(rows), "web");
    run(0, HEADCOUNT_UNCHANGED, "");
    CHECK_Z(script_service(0)->hosts_filter, "");
    script_end();
}

TEST(plan_input, a_moving_constraint_is_held_or_left_out)
{
    static const struct script_row rows[] = {
        { .operation = SERVICES, .answer = SCRIPT_SERVICES(
          SCRIPT_SERVICE("web", 1, MEMBER("not(task:group == x)"))) },
        { .operation = HOSTS, .answer = SCRIPT_HOSTS(SCRIPT_HOST("a")),
          .body = SCRIPT_LIST("ACTIVE", SCRIPT_FILTER(SCRIPT_EC2)) },
    };

    set(rows, 1, "web");
    run(0, HEADCOUNT_HELD, "moving_constraint");
    CHECK_Z(script_service(0)->switch_text, "ignore_constraints");
    script_end();
    set(SCRIPT_ROWS(rows), "web");
    wishes[0].allow = ALLOW_MOVING;
    run(0, HEADCOUNT_UNCHANGED, "");
    CHECK(strstr(script_service(0)->reason,
                 "constraint \"not(task:group == x)\"") != NULL);
    script_end();
    /* What the rule itself says is not left out of it. */
    set(rows, 1, "web");
    wishes[0].allow = ALLOW_MOVING;
    wishes[0].where = HC_STR("runningTasksCount == 0");
    run(0, HEADCOUNT_HELD, "moving_constraint");
    CHECK_Z(script_service(0)->switch_text, NULL);
    CHECK(strstr(script_service(0)->reason, "its own `where`") != NULL);
    script_end();
}

TEST(plan_input, a_filter_that_cannot_be_made_fails_its_service)
{
    static const struct script_row rows[] = {
        { .operation = SERVICES, .answer = SCRIPT_SERVICES(
          SCRIPT_SERVICE("web", 1, MEMBER("attribute:a == (b")) ","
          SCRIPT_SERVICE("log", 2, "")) },
        { .operation = HOSTS, .answer = TWO_HOSTS },
    };

    set(SCRIPT_ROWS(rows), "web log");
    run(0, HEADCOUNT_FAILED, "filter");
    CHECK(strstr(script_service(0)->reason, "not closed") != NULL);
    check(1, HEADCOUNT_UNCHANGED, "");
    script_end();
}

TEST(plan_input, a_filter_that_is_too_long_says_so)
{
    static char answer[80000], a[16001], b[16001], c[16001];
    struct script_row row = { .operation = SERVICES, .answer = answer };

    memset(a, 'a', sizeof(a) - 1);
    memset(b, 'b', sizeof(b) - 1);
    memset(c, 'c', sizeof(c) - 1);

    struct hc_buf out;

    hc_buf_init(&out, t_alloc(), sizeof(answer) - 1);
    hc_buf_text(&out, "{\"services\":[{\"serviceName\":\"web\","
                "\"status\":\"ACTIVE\",\"desiredCount\":1,"
                "\"clusterArn\":\"" SCRIPT_CLUSTER "\","
                "\"launchType\":\"EC2\",\"placementConstraints\":["
                "{\"type\":\"memberOf\",\"expression\":\"");
    hc_buf_text(&out, a);
    hc_buf_text(&out, "\"},{\"type\":\"memberOf\",\"expression\":\"");
    hc_buf_text(&out, b);
    hc_buf_text(&out, "\"},{\"type\":\"memberOf\",\"expression\":\"");
    hc_buf_text(&out, c);
    hc_buf_text(&out, "\"}]}]}");
    CHECK_INT(hc_buf_error(&out), 0);
    memcpy(answer, out.p, out.n);
    answer[out.n] = '\0';
    hc_buf_fini(&out);
    set(&row, 1, "web");
    run(0, HEADCOUNT_FAILED, "filter");
    CHECK(strstr(script_service(0)->reason, "32768 bytes") != NULL);
    script_end();
}

TEST(plan_input, a_strategy_counts_its_own_providers_hosts)
{
    set(SCRIPT_ROWS(provider_rows), "web log");
    run(0, HEADCOUNT_UPDATED, "");
    CHECK_INT(script_service(0)->hosts_counted, 1);
    CHECK(strstr(script_service(0)->reason, "capacity providers") != NULL);
    check(1, HEADCOUNT_UNCHANGED, "");
    script_end();
}

/* field trap: one machine that registered twice is one host. */
TEST(plan_input, a_machine_under_two_arns_is_counted_once)
{
    struct script_row rows[4];

    memcpy(rows, provider_rows, sizeof(rows));
    rows[0].answer = SCRIPT_SERVICES(SCRIPT_BARE("web", 3, STRATEGY));
    rows[2].answer = "{\"containerInstances\":["
                     MACHINE("a", "ACTIVE", "i-1") ","
                     MACHINE("b", "ACTIVE", "i-1") ","
                     MACHINE("c", "ACTIVE", "i-2") ","
                     MACHINE("d", "DRAINING", "i-3") "]}";
    rows[3].body = NULL;
    set(SCRIPT_ROWS(rows), "web");
    run(0, HEADCOUNT_UPDATED, "");
    CHECK_INT(script_service(0)->hosts_counted, 2);
    script_end();
}

TEST(plan_input, a_host_without_a_status_is_no_smaller_count)
{
    struct script_row rows[3];

    memcpy(rows, provider_rows, sizeof(rows));
    rows[2].answer = "{\"containerInstances\":[" DESCRIBED("a", "", "asg") ","
                     DESCRIBED("b", "ACTIVE", "asg") ","
                     DESCRIBED("c", "ACTIVE", "asg") ","
                     DESCRIBED("d", "ACTIVE", "asg") "]}";
    set(SCRIPT_ROWS(rows), "web log");
    run(0, HEADCOUNT_FAILED, "EANSWER");
    script_end();
}

TEST(plan_input, a_strategy_without_hosts_is_held)
{
    static const struct script_row rows[] = {
        { .operation = SERVICES, .answer = SCRIPT_SERVICES(
          SCRIPT_BARE("web", 9, STRATEGY)) },
        { .operation = HOSTS, .answer = SCRIPT_HOSTS("") },
    };

    set(SCRIPT_ROWS(rows), "web");
    run(0, HEADCOUNT_HELD, "zero");
    script_end();
}

TEST(plan_input, a_description_that_fails_fails_the_count)
{
    struct script_row rows[3];

    memcpy(rows, provider_rows, sizeof(rows));
    rows[2].answer = NULL;
    rows[2].fail = HEADCOUNT_ECLOSED;
    set(SCRIPT_ROWS(rows), "web log");
    run(0, HEADCOUNT_FAILED, "ECLOSED");
    check(1, HEADCOUNT_FAILED, "ECLOSED");
    script_end();
}

TEST(plan_input, an_empty_cluster_is_held)
{
    set(zero_rows, 3, "web");
    run(0, HEADCOUNT_HELD, "zero");
    CHECK_Z(script_service(0)->switch_text, "allow_zero");
    CHECK_INT(script_service(0)->wanted, 0);
    script_end();
}

TEST(plan_input, zero_that_is_allowed_is_proved_first)
{
    struct script_row rows[4];

    set(SCRIPT_ROWS(zero_rows), "web");
    wishes[0].allow = ALLOW_ZERO;
    run(0, HEADCOUNT_UPDATED, "");
    script_end();

    memcpy(rows, zero_rows, sizeof(rows));
    rows[3].answer = CLUSTERS("DEPROVISIONING", 0);
    set(SCRIPT_ROWS(rows), "web");
    wishes[0].allow = ALLOW_ZERO;
    run(0, HEADCOUNT_HELD, "zero");
    script_end();
    rows[3].answer = NULL;
    rows[3].fail = HEADCOUNT_ETIMEDOUT;
    set(SCRIPT_ROWS(rows), "web");
    wishes[0].allow = ALLOW_ZERO;
    run(0, HEADCOUNT_FAILED, "ETIMEDOUT");
    script_end();
}

TEST(plan_input, a_filter_that_matches_nothing_is_held)
{
    struct script_row rows[3];

    memcpy(rows, zero_rows, sizeof(rows));
    rows[2].answer = TWO_HOSTS;
    set(SCRIPT_ROWS(rows), "web");
    wishes[0].allow = ALLOW_ZERO;
    run(0, HEADCOUNT_HELD, "filter_matches_nothing");
    script_end();
}

TEST(plan_input, registered_is_the_clusters_own_number)
{
    static const struct script_row rows[] = {
        { .operation = SERVICES, .answer = SCRIPT_SERVICES(
          SCRIPT_SERVICE("web", 1, MEMBER("attribute:a == 1"))) },
        { .operation = "DescribeClusters", .answer = CLUSTERS("ACTIVE", 3) },
        { .operation = UPDATE, .answer = UPDATED, .body = "{\"cluster\":\""
          SCRIPT_CLUSTER "\",\"service\":\"web\",\"desiredCount\":3}" },
    };

    set(SCRIPT_ROWS(rows), "web");
    wishes[0].by = HEADCOUNT_REGISTERED;
    run(0, HEADCOUNT_UPDATED, "");
    CHECK_Z(script_service(0)->hosts_by, "registered");
    CHECK_Z(script_service(0)->hosts_filter, "");
    script_end();
}

/* ECS may not know the term: then the old count is better than none. */
TEST(plan_input, a_launch_type_that_ecs_refuses_to_filter_by_is_left_out)
{
    static const struct script_row rows[] = {
        { .operation = SERVICES, .answer = SCRIPT_SERVICES(
          SCRIPT_SERVICE("web", 2, "") "," SCRIPT_SERVICE("log", 2,
                                          MEMBER("attribute:a == 1"))) },
        { .operation = HOSTS, .fail = HEADCOUNT_ESERVICE,
          .code = "InvalidParameterException",
          .body = SCRIPT_LIST("ACTIVE", SCRIPT_FILTER(SCRIPT_EC2)) },
        { .operation = HOSTS, .answer = TWO_HOSTS,
          .body = SCRIPT_LIST("ACTIVE", "") },
        { .operation = HOSTS, .answer = TWO_HOSTS,
          .body = SCRIPT_LIST("ACTIVE", SCRIPT_FILTER("attribute:a == 1")) },
    };
    static const struct script_row wrong[] = {
        { .operation = SERVICES, .answer = SCRIPT_SERVICES(
          SCRIPT_SERVICE("web", 2, MEMBER("attribute:a likes 1"))) },
        { .operation = HOSTS, .fail = HEADCOUNT_ESERVICE,
          .code = "InvalidParameterException" },
        { .operation = HOSTS, .fail = HEADCOUNT_ESERVICE,
          .code = "InvalidParameterException" },
    };

    set(SCRIPT_ROWS(rows), "web log");
    run(0, HEADCOUNT_UNCHANGED, "");
    check(1, HEADCOUNT_UNCHANGED, "");
    CHECK(strstr(script_service(0)->reason, "those of ECS Anywhere included: "
                 "ECS refused the filter") != NULL);
    script_end();
    set(SCRIPT_ROWS(wrong), "web");
    run(0, HEADCOUNT_FAILED, "InvalidParameterException");
    script_end();
}

/* Whatever else fails a list fails its count. */
TEST(plan_input, any_other_failure_of_a_list_is_no_reason_to_count_more)
{
    static const struct script_row rows[] = {
        { .operation = SERVICES, .answer = SCRIPT_SERVICES(
          SCRIPT_SERVICE("web", 2, "")) },
        { .operation = HOSTS, .fail = HEADCOUNT_ESERVICE,
          .code = "ServerException" },
    };

    set(SCRIPT_ROWS(rows), "web");
    run(0, HEADCOUNT_FAILED, "ServerException");
    script_end();
}

/* A list that was taken with the term has shown that ECS knows it: what is
 * refused after that is something else, a page that is too old for instance. */
TEST(plan_input, a_page_that_is_refused_is_no_refusal_of_the_term)
{
    static const struct script_row pages[] = {
        { .operation = SERVICES, .answer = SCRIPT_SERVICES(
          SCRIPT_SERVICE("web", 2, "")) },
        { .operation = HOSTS, .answer = "{\"containerInstanceArns\":["
          SCRIPT_HOST("a") "],\"nextToken\":\"old\"}" },
        { .operation = HOSTS, .fail = HEADCOUNT_ESERVICE,
          .code = "InvalidParameterException" },
    };
    static const struct script_row second[] = {
        { .operation = SERVICES,
          .answer = SCRIPT_SERVICES(SCRIPT_SERVICE("web", 9, "")) },
        { .operation = HOSTS, .answer = TWO_HOSTS },
        { .operation = "DescribeClusters",
          .answer =
              "{\"clusters\":[{"
              "\"clusterArn\":\"" SCRIPT_CLUSTER "\",\"clusterName\":\"prod\","
              "\"status\":\"ACTIVE\",\"registeredContainerInstancesCount\":2}]"
              "}" },
        { .operation = HOSTS,
          .fail = HEADCOUNT_ESERVICE,
          .code = "ClientException",
          .body = SCRIPT_LIST("ACTIVE", SCRIPT_FILTER(SCRIPT_EC2)) },
    };

    set(SCRIPT_ROWS(pages), "web");
    run(0, HEADCOUNT_FAILED, "InvalidParameterException");
    script_end();
    set(SCRIPT_ROWS(second), "web");
    run(0, HEADCOUNT_FAILED, "ClientException");
    script_end();
}

/* What a gateway says is no word of ECS. */
TEST(plan_input, only_a_refusal_of_the_request_is_one_of_the_term)
{
    static const struct script_row rows[] = {
        { .operation = SERVICES, .answer = SCRIPT_SERVICES(
          SCRIPT_SERVICE("web", 2, "")) },
        { .operation = HOSTS, .fail = HEADCOUNT_ESERVICE, .status = 502,
          .code = "InvalidParameterException" },
    };

    set(SCRIPT_ROWS(rows), "web");
    run(0, HEADCOUNT_FAILED, "InvalidParameterException");
    script_end();
}

/* Without a switch the two calls stay two; with one, why it is 0 is read. */
TEST(plan_input, a_cluster_without_hosts_of_ec2_is_held)
{
    static const struct script_row rows[] = {
        { .operation = SERVICES, .answer = SCRIPT_SERVICES(
          SCRIPT_SERVICE("web", 2, "")) },
        { .operation = HOSTS, .answer = SCRIPT_HOSTS("") },
        { .operation = HOSTS, .answer = SCRIPT_HOSTS(AB),
          .body = SCRIPT_LIST("ACTIVE", "") },
        { .operation = UPDATE, .answer = UPDATED },
    };

    set(rows, 2, "web");
    run(0, HEADCOUNT_HELD, "zero");
    script_end();
    set(rows, 3, "web");
    wishes[0].allow = ALLOW_ZERO;
    run(0, HEADCOUNT_HELD, "filter_matches_nothing");
    script_end();
    set(rows, 4, "web");
    wishes[0].allow = ALLOW_EMPTY_FILTER;
    run(0, HEADCOUNT_UPDATED, "");
    script_end();
}

TEST(plan_input, tasks_that_wait_on_managed_scaling_are_held)
{
    struct script_row rows[5];

    set(capacity_rows, 4, "web");
    run(0, HEADCOUNT_HELD, "unplaced_on_managed_scaling");
    CHECK_Z(script_service(0)->switch_text, NULL);
    script_end();
    memcpy(rows, capacity_rows, sizeof(rows));
    rows[3].answer = CAPACITY("DISABLED");
    set(SCRIPT_ROWS(rows), "web");
    run(0, HEADCOUNT_UPDATED, "");
    script_end();
}

/* Three hosts of an old provider, two of the new one. */
TEST(plan_input, a_provider_of_weight_0_does_not_count)
{
    static const struct { const char *answer; int64_t wanted; } rows[] = {
        { SCRIPT_SERVICES(SCRIPT_BARE("web", 1, ",\"capacityProviderStrategy\""
          ":[" UNUSED("old") "," PROVIDER("new") "]")), 2 },
        { SCRIPT_SERVICES(SCRIPT_BARE("web", 1, ",\"capacityProviderStrategy\""
          ":[{\"capacityProvider\":\"old\",\"base\":1}," PROVIDER("new")
          "]")), 3 },
        { SCRIPT_SERVICES(SCRIPT_BARE("web", 1, ",\"capacityProviderStrategy\""
          ":[" PROVIDER("old") "," PROVIDER("new") "]")), 5 },
        { SCRIPT_SERVICES(SCRIPT_BARE("web", 1, ",\"capacityProviderStrategy\""
          ":[" UNUSED("old") "]")), 3 },
        { SCRIPT_SERVICES(SCRIPT_BARE("web", 1, ",\"taskSets\":[{\"status\":"
          "\"PRIMARY\",\"capacityProviderStrategy\":[" PROVIDER("new")
          "]}],\"deploymentController\":{\"type\":\"CODE_DEPLOY\"}")), 2 },
    };
    struct script_row calls[] = {
        { .operation = SERVICES },
        { .operation = HOSTS, .answer = SCRIPT_HOSTS(SCRIPT_HOST("a") ","
          SCRIPT_HOST("b") "," SCRIPT_HOST("c") "," SCRIPT_HOST("d") ","
          SCRIPT_HOST("e")) },
        { .operation = "DescribeContainerInstances",
          .answer = "{\"containerInstances\":[" DESCRIBED("a", "ACTIVE", "old")
          "," DESCRIBED("b", "ACTIVE", "new") ","
          DESCRIBED("c", "ACTIVE", "old") "," DESCRIBED("d", "ACTIVE", "new")
          "," DESCRIBED("e", "ACTIVE", "old") "]}" },
        { .operation = UPDATE, .answer = UPDATED },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct script *s;

        calls[0].answer = rows[i].answer;
        s = set(calls, 3, "web");
        s->config.dry_run = true;
        CHECK_INT(script_run(), 1);
        CHECK_INT(script_service(0)->wanted, rows[i].wanted);
        script_end();
    }
}

TEST(plan_input, memory_may_end_anywhere)
{
    t_fails_every_allocation(goes_to_zero);
    t_fails_every_allocation(asks_whose_hosts);
    t_fails_every_allocation(follows_pages);
}
