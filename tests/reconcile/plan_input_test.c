/* tests/reconcile/plan_input_test.c - filters and hosts as a plan is made from
 * them.
 */
#include "t.h"

#include <string.h>

#include "peers/ecs_script.h"

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
    { .operation = UPDATE, .answer = SCRIPT_TAKEN, .body = "{\"cluster\":\""
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
    { .operation = UPDATE, .answer = SCRIPT_TAKEN, .body = "{\"cluster\":\""
      SCRIPT_CLUSTER "\",\"service\":\"web\",\"desiredCount\":0}" },
};

static int goes_to_zero(void)
{
    script_wishes(SCRIPT_ROWS(zero_rows), "web");
    script_wish(0)->allow = ALLOW_ZERO;

    int got = script_run();

    if (got == 1)
        script_gave(0, HEADCOUNT_UPDATED, "");
    script_end();
    return got == 1 ? 0 : got;
}

static int asks_whose_hosts(void)
{
    script_wishes(SCRIPT_ROWS(provider_rows), "web log");

    int got = script_run();

    if (got == 1)
        script_gave(1, HEADCOUNT_UNCHANGED, "");
    script_end();
    return got == 1 ? 0 : got;
}

#define AB SCRIPT_HOST("a") "," SCRIPT_HOST("b")
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

    script_wishes(SCRIPT_ROWS(rows), "web log");
    script_wish(0)->where = HC_STR("attribute:a == 1 ");
    script_wish(1)->where = HC_STR("attribute:b == 1");
    script_gives(0, HEADCOUNT_UNCHANGED, "");
    script_gave(1, HEADCOUNT_UNCHANGED, "");
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

    script_wishes(SCRIPT_ROWS(rows), "web");
    script_gives(0, HEADCOUNT_UNCHANGED, "");
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

    script_wishes(rows, 1, "web");
    script_gives(0, HEADCOUNT_HELD, "moving_constraint");
    CHECK_Z(script_service(0)->switch_text, "ignore_constraints");
    script_end();
    script_wishes(SCRIPT_ROWS(rows), "web");
    script_wish(0)->allow = ALLOW_MOVING;
    script_gives(0, HEADCOUNT_UNCHANGED, "");
    CHECK(strstr(script_service(0)->reason,
                 "constraint \"not(task:group == x)\"") != NULL);
    script_end();
    /* What the rule itself says is not left out of it. */
    script_wishes(rows, 1, "web");
    script_wish(0)->allow = ALLOW_MOVING;
    script_wish(0)->where = HC_STR("runningTasksCount == 0");
    script_gives(0, HEADCOUNT_HELD, "moving_constraint");
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

    script_wishes(SCRIPT_ROWS(rows), "web log");
    script_gives(0, HEADCOUNT_FAILED, "filter");
    CHECK(strstr(script_service(0)->reason, "not closed") != NULL);
    script_gave(1, HEADCOUNT_UNCHANGED, "");
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
    script_wishes(&row, 1, "web");
    script_gives(0, HEADCOUNT_FAILED, "filter");
    CHECK(strstr(script_service(0)->reason, "32768 bytes") != NULL);
    script_end();
}

TEST(plan_input, a_strategy_counts_its_own_providers_hosts)
{
    script_wishes(SCRIPT_ROWS(provider_rows), "web log");
    script_gives(0, HEADCOUNT_UPDATED, "");
    CHECK_INT(script_service(0)->hosts_counted, 1);
    CHECK(strstr(script_service(0)->reason, "capacity providers") != NULL);
    script_gave(1, HEADCOUNT_UNCHANGED, "");
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
    script_wishes(SCRIPT_ROWS(rows), "web");
    script_gives(0, HEADCOUNT_UPDATED, "");
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
    script_wishes(SCRIPT_ROWS(rows), "web log");
    script_gives(0, HEADCOUNT_FAILED, "EANSWER");
    script_end();
}

TEST(plan_input, a_strategy_without_hosts_is_held)
{
    static const struct script_row rows[] = {
        { .operation = SERVICES, .answer = SCRIPT_SERVICES(
          SCRIPT_BARE("web", 9, STRATEGY)) },
        { .operation = HOSTS, .answer = SCRIPT_HOSTS("") },
    };

    script_wishes(SCRIPT_ROWS(rows), "web");
    script_gives(0, HEADCOUNT_HELD, "zero");
    script_end();
}

TEST(plan_input, a_description_that_fails_fails_the_count)
{
    struct script_row rows[3];

    memcpy(rows, provider_rows, sizeof(rows));
    rows[2].answer = NULL;
    rows[2].fail = HEADCOUNT_ECLOSED;
    script_wishes(SCRIPT_ROWS(rows), "web log");
    script_gives(0, HEADCOUNT_FAILED, "ECLOSED");
    script_gave(1, HEADCOUNT_FAILED, "ECLOSED");
    script_end();
}

TEST(plan_input, an_empty_cluster_is_held)
{
    script_wishes(zero_rows, 3, "web");
    script_gives(0, HEADCOUNT_HELD, "zero");
    CHECK_Z(script_service(0)->switch_text, "allow_zero");
    CHECK_INT(script_service(0)->wanted, 0);
    script_end();
}

TEST(plan_input, zero_that_is_allowed_is_proved_first)
{
    struct script_row rows[4];

    script_wishes(SCRIPT_ROWS(zero_rows), "web");
    script_wish(0)->allow = ALLOW_ZERO;
    script_gives(0, HEADCOUNT_UPDATED, "");
    script_end();

    memcpy(rows, zero_rows, sizeof(rows));
    rows[3].answer = CLUSTERS("DEPROVISIONING", 0);
    script_wishes(SCRIPT_ROWS(rows), "web");
    script_wish(0)->allow = ALLOW_ZERO;
    script_gives(0, HEADCOUNT_HELD, "zero");
    script_end();
    rows[3].answer = NULL;
    rows[3].fail = HEADCOUNT_ETIMEDOUT;
    script_wishes(SCRIPT_ROWS(rows), "web");
    script_wish(0)->allow = ALLOW_ZERO;
    script_gives(0, HEADCOUNT_FAILED, "ETIMEDOUT");
    script_end();
}

TEST(plan_input, a_filter_that_matches_nothing_is_held)
{
    struct script_row rows[3];

    memcpy(rows, zero_rows, sizeof(rows));
    rows[2].answer = TWO_HOSTS;
    script_wishes(SCRIPT_ROWS(rows), "web");
    script_wish(0)->allow = ALLOW_ZERO;
    script_gives(0, HEADCOUNT_HELD, "filter_matches_nothing");
    script_end();
}

TEST(plan_input, registered_is_the_clusters_own_number)
{
    static const struct script_row rows[] = {
        { .operation = SERVICES, .answer = SCRIPT_SERVICES(
          SCRIPT_SERVICE("web", 1, MEMBER("attribute:a == 1"))) },
        { .operation = "DescribeClusters", .answer = CLUSTERS("ACTIVE", 3) },
        { .operation = UPDATE, .answer = SCRIPT_TAKEN, .body = "{\"cluster\":\""
          SCRIPT_CLUSTER "\",\"service\":\"web\",\"desiredCount\":3}" },
    };

    script_wishes(SCRIPT_ROWS(rows), "web");
    script_wish(0)->by = HEADCOUNT_REGISTERED;
    script_gives(0, HEADCOUNT_UPDATED, "");
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

    script_wishes(SCRIPT_ROWS(rows), "web log");
    script_gives(0, HEADCOUNT_UNCHANGED, "");
    script_gave(1, HEADCOUNT_UNCHANGED, "");
    CHECK(strstr(script_service(0)->reason, "those of ECS Anywhere included: "
                 "ECS refused the filter") != NULL);
    script_end();
    script_wishes(SCRIPT_ROWS(wrong), "web");
    script_gives(0, HEADCOUNT_FAILED, "InvalidParameterException");
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

    script_wishes(SCRIPT_ROWS(rows), "web");
    script_gives(0, HEADCOUNT_FAILED, "ServerException");
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

    script_wishes(SCRIPT_ROWS(pages), "web");
    script_gives(0, HEADCOUNT_FAILED, "InvalidParameterException");
    script_end();
    script_wishes(SCRIPT_ROWS(second), "web");
    script_gives(0, HEADCOUNT_FAILED, "ClientException");
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

    script_wishes(SCRIPT_ROWS(rows), "web");
    script_gives(0, HEADCOUNT_FAILED, "InvalidParameterException");
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
        { .operation = UPDATE, .answer = SCRIPT_TAKEN },
    };

    script_wishes(rows, 2, "web");
    script_gives(0, HEADCOUNT_HELD, "zero");
    script_end();
    script_wishes(rows, 3, "web");
    script_wish(0)->allow = ALLOW_ZERO;
    script_gives(0, HEADCOUNT_HELD, "filter_matches_nothing");
    script_end();
    script_wishes(rows, 4, "web");
    script_wish(0)->allow = ALLOW_EMPTY_FILTER;
    script_gives(0, HEADCOUNT_UPDATED, "");
    script_end();
}

TEST(plan_input, memory_may_end_anywhere)
{
    t_fails_every_allocation(goes_to_zero);
    t_fails_every_allocation(asks_whose_hosts);
}
