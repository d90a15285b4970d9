/* tests/reconcile/need_test.c - which facts a count is made from: filters, the
 * hosts of providers, the proof of an empty cluster, the cluster's own number.
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

/* ---- filters ---- */

#define MEMBER(text) ",\"placementConstraints\":[{\"type\":\"memberOf\"," \
    "\"expression\":\"" text "\"}]"

TEST(need, equal_filters_share_one_list)
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

TEST(need, an_external_service_counts_external_hosts)
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

TEST(need, a_moving_constraint_is_held_or_left_out)
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

TEST(need, a_filter_that_cannot_be_made_fails_its_service)
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

TEST(need, a_filter_that_is_too_long_says_so)
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

/* ---- capacity providers ---- */

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

TEST(need, a_strategy_counts_its_own_providers_hosts)
{
    set(SCRIPT_ROWS(provider_rows), "web log");
    run(0, HEADCOUNT_UPDATED, "");
    CHECK_INT(script_service(0)->hosts_counted, 1);
    CHECK(strstr(script_service(0)->reason, "capacity providers") != NULL);
    check(1, HEADCOUNT_UNCHANGED, "");
    script_end();
}

/* field trap: one machine that registered twice is one host. */
TEST(need, a_machine_under_two_arns_is_counted_once)
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

TEST(need, a_host_without_a_status_is_no_smaller_count)
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

TEST(need, a_strategy_without_hosts_is_held)
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

TEST(need, a_description_that_fails_fails_the_count)
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

/* ---- zero ---- */

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

TEST(need, an_empty_cluster_is_held)
{
    set(zero_rows, 3, "web");
    run(0, HEADCOUNT_HELD, "zero");
    CHECK_Z(script_service(0)->switch_text, "allow_zero");
    CHECK_INT(script_service(0)->wanted, 0);
    script_end();
}

TEST(need, zero_that_is_allowed_is_proved_first)
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

TEST(need, a_filter_that_matches_nothing_is_held)
{
    struct script_row rows[3];

    memcpy(rows, zero_rows, sizeof(rows));
    rows[2].answer = TWO_HOSTS;
    set(SCRIPT_ROWS(rows), "web");
    wishes[0].allow = ALLOW_ZERO;
    run(0, HEADCOUNT_HELD, "filter_matches_nothing");
    script_end();
}

/* ---- registered ---- */

TEST(need, registered_is_the_clusters_own_number)
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

/* ---- memory ---- */

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

/* ---- hosts of EC2 and of ECS Anywhere ---- */

/* ECS may not know the term: then the old count is better than none. */
TEST(need, a_launch_type_that_ecs_refuses_to_filter_by_is_left_out)
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
TEST(need, any_other_failure_of_a_list_is_no_reason_to_count_more)
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
TEST(need, a_page_that_is_refused_is_no_refusal_of_the_term)
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
TEST(need, only_a_refusal_of_the_request_is_one_of_the_term)
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
TEST(need, a_cluster_without_hosts_of_ec2_is_held)
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

/* ---- capacity providers, scalable targets ---- */

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

TEST(need, tasks_that_wait_on_managed_scaling_are_held)
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

TEST(need, what_capacity_providers_say_must_be_whole)
{
    static const char *const answers[] = {
        "{}", "{\"capacityProviders\":[]}",
        "{\"capacityProviders\":[{\"name\":\"other\"}]}",
        "{\"capacityProviders\":[{\"name\":\"asg\"},{\"name\":\"b\"}]}",
        "{\"capacityProviders\":[{\"name\":\"b\"},{\"name\":\"asg\"}]}",
        ("{\"capacityProviders\":[],\"failures\":[{\"arn\":\"asg\","
         "\"reason\":\"MISSING\"}]}"),
        "{\"capacityProviders\":[{\"name\":7}]}",
    };

    for (size_t i = 0; i < sizeof(answers) / sizeof(*answers); i++) {
        struct script_row rows[4];

        memcpy(rows, capacity_rows, sizeof(rows));
        rows[3].answer = answers[i];
        set(SCRIPT_ROWS(rows), "web");
        run(0, HEADCOUNT_FAILED, "EANSWER");
        script_end();
    }
}

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

/* A page has ten; the one that is not used is not asked for. */
TEST(need, twelve_providers_are_asked_for_in_two_calls)
{
    static const struct script_row rows[] = {
        WHO(PROVIDER("a") "," PROVIDER("b") "," PROVIDER("c") ","
            UNUSED("old") "," PROVIDER("d") "," PROVIDER("e") ","
            PROVIDER("f") "," PROVIDER("g") "," PROVIDER("h") ","
            PROVIDER("i") "," PROVIDER("j") "," PROVIDER("k") ","
            PROVIDER("l")),
        THREE_OF("a"),
        { .operation = CAPACITIES, .answer = TOLD(
            BARE("c") "," BARE("d") "," BARE("e") "," BARE("f") ","
            BARE("g") "," BARE("h") "," BARE("i") "," BARE("j") ","
            BARE("k") "," BARE("l"), ",\"nextToken\":\"unread\""),
          .body = ASKED("\"l\",\"k\",\"j\",\"i\",\"h\",\"g\",\"f\",\"e\","
                        "\"d\",\"c\"", "") },
        { .operation = CAPACITIES, .answer = TOLD(BARE("b") "," BARE("a"), ""),
          .body = ASKED("\"b\",\"a\"", "") },
        { .operation = UPDATE, .answer = UPDATED },
    };

    set(SCRIPT_ROWS(rows), "web");
    run(0, HEADCOUNT_UPDATED, "");
    script_end();
}

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

TEST(need, pages_of_capacity_providers_are_followed)
{
    set(SCRIPT_ROWS(page_rows), "web");
    run(0, HEADCOUNT_HELD, "unplaced_on_managed_scaling");
    CHECK(strstr(script_service(0)->reason, "provider b adds hosts") != NULL);
    script_end();
}

static int follows_pages(void)
{
    set(SCRIPT_ROWS(page_rows), "web");

    int got = script_run();

    if (got == 1)
        check(0, HEADCOUNT_HELD, "unplaced_on_managed_scaling");
    script_end();
    return got == 1 ? 0 : got;
}

/* Pages in a ring, one that is its own next, pages that say one thing again,
 * and one that is the last. */
TEST(need, pages_of_capacity_providers_come_to_an_end)
{
#define PAGE(names, next) { .operation = CAPACITIES,                         \
    .answer = TOLD(names, ",\"nextToken\":\"" next "\"") }
    static const struct script_row rings[][8] = {
        { WHO(PROVIDER("b") "," PROVIDER("a")), THREE_OF("a"),
          PAGE("", "1"), PAGE("", "2"), PAGE("", "1"), PAGE("", "2"),
          PAGE("", "1") },
        { WHO(PROVIDER("b") "," PROVIDER("a")), THREE_OF("a"),
          PAGE("", "1"), PAGE("", "1") },
        { WHO(PROVIDER("b") "," PROVIDER("a")), THREE_OF("a"),
          PAGE(BARE("a"), "1"), PAGE(BARE("a"), "2"), PAGE(BARE("a"), "1"),
          PAGE(BARE("a"), "2") },
        { WHO(PROVIDER("b") "," PROVIDER("a")), THREE_OF("a"),
          PAGE(BARE("a"), "1"), { .operation = CAPACITIES,
                                  .answer = TOLD("", "") } },
    };
    static const size_t calls[] = { 8, 5, 7, 5 };

    for (size_t i = 0; i < 4; i++) {
        set(rings[i], calls[i], "web");
        run(0, HEADCOUNT_FAILED, "EANSWER");
        CHECK(strstr(script_service(0)->reason, "nothing about \"b\"") != NULL);
        script_end();
    }
#undef PAGE
}

/* Three hosts of an old provider, two of the new one. */
TEST(need, a_provider_of_weight_0_does_not_count)
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

/* ---- what the task definition says ---- */

#define REVISION SCRIPT_AT "task-definition/web:7"
#define WITH_DEFINITION(more) ",\"taskDefinition\":\"" REVISION "\"" more
#define DEFINITION(list) { .operation = "DescribeTaskDefinition",            \
    .body = "{\"taskDefinition\":\"" REVISION "\"}", .answer =             \
    "{\"taskDefinition\":{\"taskDefinitionArn\":\"" REVISION "\","         \
    "\"placementConstraints\":[" list "]}}" }
#define EXPRESSION(text) "{\"type\":\"memberOf\",\"expression\":\"" text "\"}"

static struct script *set_definitions(const struct script_row *rows, size_t n,
                                      const char *services)
{
    struct script *s = set(rows, n, services);

    s->config.ask_definitions = true;
    return s;
}

TEST(need, constraints_of_the_task_definition_join_the_filter)
{
    static const struct script_row rows[] = {
        { .operation = SERVICES, .answer = SCRIPT_SERVICES(
          SCRIPT_SERVICE("web", 2, WITH_DEFINITION(MEMBER("attribute:b == 1")))
          "," SCRIPT_SERVICE("log", 2, WITH_DEFINITION(""))) },
        DEFINITION(EXPRESSION("attribute:a == 1")),
        { .operation = HOSTS, .answer = TWO_HOSTS, .body = "{\"cluster\":\""
          SCRIPT_CLUSTER "\",\"filter\":\"(attribute:a == 1) and "
          "(attribute:b == 1) and (" SCRIPT_EC2 ")\",\"status\":\"ACTIVE\","
          "\"maxResults\":100}" },
        { .operation = HOSTS, .answer = TWO_HOSTS, .body = "{\"cluster\":\""
          SCRIPT_CLUSTER "\",\"filter\":\"(attribute:a == 1) and ("
          SCRIPT_EC2 ")\",\"status\":\"ACTIVE\",\"maxResults\":100}" },
    };

    set_definitions(SCRIPT_ROWS(rows), "web log");
    run(0, HEADCOUNT_UNCHANGED, "");
    check(1, HEADCOUNT_UNCHANGED, "");
    CHECK_Z(script_service(1)->hosts_filter, "attribute:a == 1");
    script_end();
}

TEST(need, a_task_definition_is_read_for_who_counts_by_filter_only)
{
    static const struct script_row fixed[] = {
        { .operation = SERVICES, .answer = SCRIPT_SERVICES(
          SCRIPT_SERVICE("web", 2, WITH_DEFINITION(""))) },
    };
    static const struct script_row registered[] = {
        { .operation = SERVICES, .answer = SCRIPT_SERVICES(
          SCRIPT_SERVICE("web", 2, WITH_DEFINITION(""))) },
        { .operation = "DescribeClusters", .answer = "{\"clusters\":[{"
          "\"clusterArn\":\"" SCRIPT_CLUSTER "\",\"status\":\"ACTIVE\","
          "\"registeredContainerInstancesCount\":2}]}" },
    };

    set_definitions(SCRIPT_ROWS(fixed), "web");
    wishes[0].rule = (struct hc_rule){ .kind = HEADCOUNT_FIXED, .tasks = 2 };
    run(0, HEADCOUNT_UNCHANGED, "");
    script_end();
    set_definitions(SCRIPT_ROWS(registered), "web");
    wishes[0].by = HEADCOUNT_REGISTERED;
    run(0, HEADCOUNT_UNCHANGED, "");
    script_end();
}

TEST(need, a_moving_constraint_of_the_task_definition_is_held_or_left_out)
{
    static const struct script_row rows[] = {
        { .operation = SERVICES, .answer = SCRIPT_SERVICES(
          SCRIPT_SERVICE("web", 2, WITH_DEFINITION(""))) },
        DEFINITION(EXPRESSION("task:group == x")),
        { .operation = HOSTS, .answer = TWO_HOSTS },
    };

    set_definitions(rows, 2, "web");
    run(0, HEADCOUNT_HELD, "moving_constraint");
    script_end();
    set_definitions(SCRIPT_ROWS(rows), "web");
    wishes[0].allow = ALLOW_MOVING;
    run(0, HEADCOUNT_UNCHANGED, "");
    script_end();
}

TEST(need, a_task_definition_that_is_not_to_be_believed_fails_its_service)
{
    static const struct script_row service = {
        .operation = SERVICES, .answer = SCRIPT_SERVICES(
        SCRIPT_SERVICE("web", 1, WITH_DEFINITION("")))
    };
    static const struct script_row bare = {
        .operation = SERVICES, .answer = SCRIPT_SERVICES(
        SCRIPT_SERVICE("web", 1, ""))
    };
    static const struct script_row answers[] = {
        DEFINITION("{\"type\":\"newOf\"}"),
        { .operation = "DescribeTaskDefinition", .answer = "{}" },
        { .operation = "DescribeTaskDefinition", .answer =
          "{\"taskDefinition\":{\"taskDefinitionArn\":\"" REVISION "1\"}}" },
    };
    static const struct script_row denied = {
        .operation = "DescribeTaskDefinition", .fail = HEADCOUNT_ESERVICE,
        .code = "AccessDeniedException"
    };
    struct script_row rows[2] = { service, denied };

    for (size_t i = 0; i < sizeof(answers) / sizeof(*answers); i++) {
        rows[1] = answers[i];
        set_definitions(rows, 2, "web");
        run(0, HEADCOUNT_FAILED, "EANSWER");
        script_end();
    }
    rows[1] = denied;
    set_definitions(rows, 2, "web");
    run(0, HEADCOUNT_FAILED, "AccessDeniedException");
    CHECK(strstr(script_service(0)->reason, "\"ecs:DescribeTaskDefinition\", "
                                            "\"Resource\": \"*\"") != NULL);
    CHECK_Z(script_service(0)->hosts_filter, "");
    script_end();
    set_definitions(&bare, 1, "web");
    run(0, HEADCOUNT_FAILED, "EANSWER");
    script_end();
}

#define TARGETS(list, more) "{\"ScalableTargets\":[" list "]" more "}"
#define TARGET(id) "{\"ServiceNamespace\":\"ecs\",\"ResourceId\":\"" id "\"}"

static const struct script_row target_rows[] = {
    { .operation = SERVICES, .answer = SCRIPT_SERVICES(
      SCRIPT_SERVICE("web", 1, "")) },
    { .operation = HOSTS, .answer = TWO_HOSTS },
    { .operation = "DescribeScalableTargets", .service =
      "application-autoscaling", .answer = TARGETS("", ""), .body =
      "{\"ServiceNamespace\":\"ecs\",\"ScalableDimension\":"
      "\"ecs:service:DesiredCount\",\"ResourceIds\":[\"service/prod/web\"]}" },
    { .operation = UPDATE, .answer = UPDATED },
};

static void run_target(const struct script_row *row, size_t n,
                       enum headcount_result outcome, const char *code)
{
    struct script_row rows[4];

    memcpy(rows, target_rows, sizeof(rows));
    rows[2] = *row;
    rows[2].operation = target_rows[2].operation;
    rows[2].service = target_rows[2].service;
    set(rows, n, "web")->config.ask_targets = true;
    run(0, outcome, code);
    script_end();
}

TEST(need, what_auto_scaling_sets_is_held)
{
    static const struct { struct script_row row; const char *code; } rows[] = {
        { { .answer = TARGETS(TARGET("service/prod/web"), "") },
          "scalable_target" },
        { { .answer = TARGETS(TARGET("service/prod/log"), "") }, "EANSWER" },
        { { .answer = TARGETS(TARGET("service/stage/web"), "") }, "EANSWER" },
        { { .answer = TARGETS(TARGET("service/prod/x/web"), "") }, "EANSWER" },
        { { .answer = "{}" }, "EANSWER" },
        { { .fail = HEADCOUNT_ESERVICE, .code = "AccessDeniedException" },
          "AccessDeniedException" },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
        run_target(&rows[i].row, 3, i == 0 ? HEADCOUNT_HELD : HEADCOUNT_FAILED,
                   rows[i].code);
    run_target(&target_rows[2], 4, HEADCOUNT_UPDATED, "");
}

TEST(need, targets_in_a_ring_are_not_believed)
{
    static const char *const pages[] = {
        TARGETS("", ",\"NextToken\":\"p\""), TARGETS("", ",\"NextToken\":\"q\"")
    };
    struct script_row rows[2 + 5];

    memcpy(rows, target_rows, sizeof(target_rows));
    for (size_t i = 0; i < 5; i++) {
        rows[2 + i] = target_rows[2];
        rows[2 + i].body = NULL;
        rows[2 + i].answer = pages[i % 2];
    }
    set(SCRIPT_ROWS(rows), "web")->config.ask_targets = true;
    run(0, HEADCOUNT_FAILED, "EANSWER");
    CHECK(strstr(script_service(0)->reason, "to an end") != NULL);
    script_end();
}

/* One target is news once, on however many pages it stands. */
TEST(need, a_target_on_every_page_is_no_end_either)
{
    static const char *const pages[] = {
        TARGETS(TARGET("service/prod/web"), ",\"NextToken\":\"p\""),
        TARGETS(TARGET("service/prod/web"), ",\"NextToken\":\"q\"")
    };
    struct script_row rows[2 + 4];

    memcpy(rows, target_rows, sizeof(target_rows));
    for (size_t i = 0; i < 4; i++) {
        rows[2 + i] = target_rows[2];
        rows[2 + i].body = NULL;
        rows[2 + i].answer = pages[i % 2];
    }
    set(SCRIPT_ROWS(rows), "web")->config.ask_targets = true;
    run(0, HEADCOUNT_FAILED, "EANSWER");
    CHECK(strstr(script_service(0)->reason, "to an end") != NULL);
    script_end();
}

/* A plan is worth something without that answer too. */
TEST(need, a_plan_goes_on_without_auto_scaling)
{
    struct script_row rows[3];

    memcpy(rows, target_rows, sizeof(rows));
    rows[2].answer = NULL;
    rows[2].fail = HEADCOUNT_ECONNECT;
    struct script *s = set(SCRIPT_ROWS(rows), "web");

    s->config.ask_targets = s->config.dry_run = true;
    run(0, HEADCOUNT_PENDING, "");
    CHECK(strstr(script_service(0)->reason, "could not be read") != NULL);
    script_end();
}

TEST(need, memory_may_end_anywhere)
{
    t_fails_every_allocation(goes_to_zero);
    t_fails_every_allocation(asks_whose_hosts);
    t_fails_every_allocation(follows_pages);
}
