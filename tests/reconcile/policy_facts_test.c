/* tests/reconcile/policy_facts_test.c - what a policy asks before it wishes:
 * each fact is read once, and a fact that cannot be had fails the cluster. */
#include "t.h"

#include <string.h>

#include "peers/ecs_script.h"

#define LIST "ListContainerInstances"
#define CLUSTERS "{\"clusters\":[{\"clusterArn\":\"" SCRIPT_CLUSTER "\","    \
    "\"clusterName\":\"prod\",\"status\":\"ACTIVE\","                         \
    "\"registeredContainerInstancesCount\":3,\"tags\":[{\"key\":\"tier\","    \
    "\"value\":\"gold\"}]}]}"
#define TWO_DESCRIBED "{\"containerInstances\":[" SCRIPT_DESCRIBED("a") ","   \
    SCRIPT_DESCRIBED("b") "]}"

static struct hc_wish wishes[3];
static size_t wishes_n;
static struct headcount_error error;
static struct hc_known known;
static int turns;

static int ask(struct hc_reconcile *r, struct hc_query q)
{
    hc_error_reset(&error);
    return hc_policy_fact(&r->run, &q, &known, &error);
}

static struct script *set(const struct script_row *rows, size_t n,
                          void (*policy)(struct hc_reconcile *r))
{
    struct script *s = script_set(rows, n);

    s->config.asks = true;
    s->policy = policy;
    turns = 0;
    wishes_n = 0;
    wishes[0] = (struct hc_wish){ .service = HC_STR("web") };
    wishes[1] = (struct hc_wish){ .service = HC_STR("log") };
    return s;
}

static void tell(struct hc_reconcile *r, size_t n)
{
    wishes_n = n;
    hc_reconcile_resume(r, wishes, n);
}

/* ---- in its own time ---- */

static int64_t thinks;
static struct script *thinker;

static void thinks_about_tags(struct hc_reconcile *r)
{
    bool knows = ask(r, (struct hc_query){ .kind = QUERY_CLUSTER }) == 1;

    turns++;
    thinker->now += knows ? thinks : 1000 * HC_SECOND;
    tell(r, 0);
}

TEST(policy_facts, who_thinks_for_more_than_a_minute_wishes_on_old_facts)
{
    static const struct script_row rows[] = {
        { .operation = "DescribeClusters", .answer = CLUSTERS }
    };

    for (thinks = 60 * HC_SECOND; thinks < 62 * HC_SECOND;
         thinks += HC_SECOND) {
        thinker = set(SCRIPT_ROWS(rows), thinks_about_tags);
        CHECK_INT(script_run(), 1);
        CHECK_INT(turns, 2);
        if (thinks == 60 * HC_SECOND) {
            CHECK_Z(thinker->r.run.result.error_code, NULL);
        } else {
            CHECK_Z(thinker->r.run.result.error_code, "EPOLICY");
            CHECK(strstr(thinker->r.run.result.error, "than a minute") != NULL);
        }
        script_end();
    }
}

/* ---- each fact once ---- */

static const struct hc_query of_cluster = { .kind = QUERY_CLUSTER };
static const struct hc_query linux_hosts = {
    .kind = QUERY_COUNT, .where = { "attribute:os == linux", 21 } };
static const struct hc_query arm_hosts = {
    .kind = QUERY_COUNT, .where = { "attribute:arm exists", 20 } };

/* Stops at the first thing that is not known, as a policy does. */
static void tags_and_two_counts(struct hc_reconcile *r)
{
    int64_t linux_n;

    turns++;
    if (ask(r, of_cluster) == 1) {
        CHECK_STR(known.cluster->tags->value, "gold");
        CHECK_INT(known.cluster->registered, 3);
        if (ask(r, linux_hosts) == 1) {
            linux_n = known.count;
            if (ask(r, arm_hosts) == 1) {
                CHECK_INT(linux_n, 2);
                CHECK_INT(known.count, 0);
                wishes[0].where = linux_hosts.where;
            }
        }
    }
    tell(r, 1);
}

TEST(policy_facts, tags_and_two_counts_are_three_calls_each_made_once)
{
    static const struct script_row rows[] = {
        { .operation = "DescribeClusters", .answer = CLUSTERS,
          .body = "{\"clusters\":[\"prod\"],\"include\":[\"TAGS\"]}" },
        { .operation = LIST, .answer = TWO_HOSTS, .body = "{\"cluster\":\""
          SCRIPT_CLUSTER "\",\"filter\":\"attribute:os == linux\","
          "\"status\":\"ACTIVE\",\"maxResults\":100}" },
        { .operation = LIST, .answer = SCRIPT_HOSTS(""), .body =
          "{\"cluster\":\"" SCRIPT_CLUSTER "\",\"filter\":\"attribute:arm "
          "exists\",\"status\":\"ACTIVE\",\"maxResults\":100}" },
        { .operation = "DescribeServices",
          .answer = SCRIPT_SERVICES(SCRIPT_SERVICE("web", 1, "")) },
        { .operation = LIST, .answer = SCRIPT_HOSTS(""),
          .body = SCRIPT_LIST("ACTIVE", SCRIPT_FILTER(SCRIPT_ANYWHERE)) },
        { .operation = "UpdateService", .answer = SCRIPT_TAKEN },
    };

    set(SCRIPT_ROWS(rows), tags_and_two_counts);
    CHECK_INT(script_run(), 1);
    CHECK_INT(turns, 4);
    CHECK_INT(script_service(0)->outcome, HEADCOUNT_UPDATED);
    CHECK_INT(script_service(0)->wanted, 2);
    script_end();

    /* ECS may not know the term: then the old count is better than none. */
    struct script_row refused[6];

    memcpy(refused, rows, sizeof(rows));
    refused[4] = (struct script_row){
        .operation = LIST, .fail = HEADCOUNT_ESERVICE,
        .code = "InvalidParameterException",
    };
    set(SCRIPT_ROWS(refused), tags_and_two_counts);
    CHECK_INT(script_run(), 1);
    CHECK_INT(script_service(0)->outcome, HEADCOUNT_UPDATED);
    CHECK_INT(script_service(0)->wanted, 2);
    script_end();
}

/* ---- hosts ---- */

static void looks_at_hosts(struct hc_reconcile *r)
{
    turns++;
    if (ask(r, (struct hc_query){ .kind = QUERY_HOSTS }) == 1) {
        CHECK_INT(known.hosts->list.n, 2);
        CHECK_STR(known.hosts->list.hosts[1].details->provider, "asg");
        CHECK_INT(ask(r, (struct hc_query){ .kind = QUERY_COUNT,
                                            .by = HEADCOUNT_CONNECTED }), 1);
        CHECK_INT(known.count, 0);
    }
    tell(r, 0);
}

TEST(policy_facts, hosts_are_listed_and_then_described)
{
    static const struct script_row rows[] = {
        { .operation = LIST, .answer = TWO_HOSTS },
        { .operation = DETAILS, .answer = TWO_DESCRIBED,
          .body = "{\"cluster\":\"prod\",\"containerInstances\":["
                  SCRIPT_HOST("a") "," SCRIPT_HOST("b") "],"
                  "\"include\":[\"TAGS\"]}" },
    };

    set(SCRIPT_ROWS(rows), looks_at_hosts);
    CHECK_INT(script_run(), 1);
    CHECK_INT(turns, 2);
    script_end();
}

/* ---- services ---- */

static const struct hc_query on_ec2 = { .kind = QUERY_SERVICES,
                                        .launch_type = { "EC2", 3 } };

static void opts_in_by_launch_type(struct hc_reconcile *r)
{
    turns++;
    if (ask(r, on_ec2) == 1) {
        const struct hc_host_list *all = &known.names->all;

        CHECK_INT(all->n, 2);
        CHECK_STR(hc_host_id(all->hosts[0].arn), "web");
        for (size_t i = 0; i < all->n; i++)
            wishes[i].service = hc_host_id(all->hosts[i].arn);
        ask(r, (struct hc_query){ .kind = QUERY_SERVICE,
                                  .service = HC_STR("web") });
        ask(r, (struct hc_query){ .kind = QUERY_SERVICE,
                                  .service = HC_STR("gone") });
        if (r->run.policy.needs_n == 0)
            CHECK(known.service == NULL);
    }
    tell(r, 2);
}

TEST(policy_facts, services_are_listed_page_by_page_and_described_together)
{
    static const struct script_row rows[] = {
        { .operation = "ListServices", .body = "{\"cluster\":\"prod\","
          "\"launchType\":\"EC2\",\"maxResults\":100}",
          .answer = "{\"serviceArns\":[\"" SCRIPT_AT "service/prod/web\"],"
                    "\"nextToken\":\"t\"}" },
        { .operation = "ListServices", .body = "{\"cluster\":\"prod\","
          "\"launchType\":\"EC2\",\"maxResults\":100,\"nextToken\":\"t\"}",
          .answer = "{\"serviceArns\":[\"" SCRIPT_AT "service/prod/log\"]}" },
        { .operation = "DescribeServices", .body = "{\"cluster\":\"prod\","
          "\"services\":[\"web\",\"gone\"],\"include\":[\"TAGS\"]}",
          .answer = "{\"services\":[" SCRIPT_SERVICE("web", 0, "") "],"
                    "\"failures\":[" SCRIPT_MISSING("gone") "]}" },
        { .operation = LIST, .answer = SCRIPT_HOSTS(SCRIPT_HOST("a")) },
        { .operation = "UpdateService", .answer = SCRIPT_TAKEN },
        { .operation = "DescribeServices",
          .answer = SCRIPT_SERVICES(SCRIPT_SERVICE("log", 1, "")) },
    };

    set(SCRIPT_ROWS(rows), opts_in_by_launch_type);
    CHECK_INT(script_run(), 1);
    CHECK_INT(script_service(0)->outcome, HEADCOUNT_UPDATED);
    CHECK_INT(script_service(1)->outcome, HEADCOUNT_UNCHANGED);
    script_end();
}

/* ---- what cannot be had ---- */

static const struct hc_query tagged = {
    .kind = QUERY_SERVICES, .tag_filters = { "[{\"Key\":\"k\"}]", 13 } };

static void asks_for_all(struct hc_reconcile *r)
{
    const struct hc_query all[] = {
        of_cluster, tagged, on_ec2, { .kind = QUERY_HOSTS },
        { .kind = QUERY_SERVICE, .service = HC_STR("web") },
    };

    turns++;
    for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
        if (ask(r, all[i]) != HEADCOUNT_ENOMEM)
            continue;
        hc_reconcile_refuse(r, "ENOMEM", error.what);
        return;
    }
    tell(r, 1);
}

static const struct script_row all_rows[] = {
    { .operation = "DescribeClusters", .answer = CLUSTERS },
    { .operation = "GetResources", .service = "resourcegroupstaggingapi",
      .answer = "{\"ResourceTagMappingList\":[]}" },
    { .operation = "ListServices", .answer = "{\"serviceArns\":[]}" },
    { .operation = LIST, .answer = TWO_HOSTS },
    { .operation = DETAILS, .answer = TWO_DESCRIBED },
    { .operation = "DescribeServices",
      .answer = SCRIPT_SERVICES(SCRIPT_SERVICE("web", 2, "")) },
};

#define ALL (sizeof(all_rows) / sizeof(*all_rows))

TEST(policy_facts, what_cannot_be_read_fails_the_cluster_and_writes_nothing)
{
    for (size_t n = 1; n <= ALL; n++) {
        struct script_row rows[ALL];

        memcpy(rows, all_rows, sizeof(rows));
        rows[n - 1].fail = HEADCOUNT_ESERVICE;
        rows[n - 1].code = "AccessDeniedException";
        struct script *s = set(rows, n, asks_for_all);

        CHECK_INT(script_run(), 1);
        CHECK_Z(s->r.run.result.error_code, "AccessDeniedException");
        CHECK(strstr(s->r.run.result.error, rows[n - 1].operation) != NULL);
        CHECK_INT(s->r.run.result.services_n, 0);
        script_end();
    }
}

TEST(policy_facts, a_deadline_or_a_cancel_ends_the_asking)
{
    struct script_row rows[ALL];

    memcpy(rows, all_rows, sizeof(rows));
    rows[1].takes = 10 * HC_SECOND;
    struct script *s = set(rows, 2, asks_for_all);

    s->config.call.deadline = 5 * HC_SECOND;
    CHECK_INT(script_run(), 1);
    CHECK_Z(s->r.run.result.error_code, "deadline");
    script_end();
    s = set(all_rows, 2, asks_for_all);
    s->cancel_at = 2;
    CHECK_INT(script_run(), 1);
    CHECK_Z(s->r.run.result.error_code, "cancelled");
    script_end();
}

/* ---- what is no question, no wish, no end ---- */

static void asks_nonsense(struct hc_reconcile *r)
{
    static const struct hc_query bad[] = {
        { .kind = QUERY_COUNT, .where = { "(a", 2 } },
        { .kind = QUERY_HOSTS, .by = HEADCOUNT_REGISTERED },
        { .kind = QUERY_COUNT, .by = HEADCOUNT_REGISTERED, .min_age = 1 },
        { .kind = QUERY_COUNT,
          .by = HEADCOUNT_REGISTERED,
          .where = { "a", 1 } },
        { .kind = QUERY_COUNT, .min_age = -1 },
        { .kind = QUERY_HOSTS, .where = { "runningTasksCount > 1", 21 } },
        { .kind = QUERY_SERVICE, .service = { "a b", 3 } },
        { .kind = QUERY_SERVICE, .service = { "", 0 } },
    };

    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        CHECK(ask(r, bad[i]) < 0);
        CHECK(error.what[0] != '\0');
    }
    CHECK_INT(r->run.policy.needs_n, 0);
    hc_reconcile_refuse(r, "EPOLICY", "policy.lua:1: no");
}

TEST(policy_facts, a_refusal_fails_the_cluster_without_a_call)
{
    struct script *s = set(NULL, 0, asks_nonsense);

    CHECK_INT(script_run(), 1);
    CHECK_Z(s->r.run.result.error_code, "EPOLICY");
    CHECK_Z(s->r.run.result.error, "policy.lua:1: no");
    script_end();
}

static void wishes_twice(struct hc_reconcile *r)
{
    wishes[1].service = HC_STR("web");
    tell(r, 2);
}

TEST(policy_facts, wishes_that_cannot_be_meant_fail_the_cluster)
{
    struct script *s = set(NULL, 0, wishes_twice);

    CHECK_INT(script_run(), 1);
    CHECK_Z(s->r.run.result.error_code, "EPOLICY");
    CHECK(strstr(s->r.run.result.error, "two wishes are for one service") !=
          NULL);
    CHECK_INT(s->r.run.result.services_n, 0);
    script_end();
}

static char filter[40];

/* Another filter each time. */
static void never_ends(struct hc_reconcile *r)
{
    turns++;
    filter[turns - 1] = 'a';
    ask(r, (struct hc_query){ .kind = QUERY_COUNT,
                              .where = hc_str(filter) });
    tell(r, 1);
}

TEST(policy_facts, a_policy_that_goes_on_asking_is_stopped)
{
    struct script_row rows[HC_POLICY_ROUNDS];

    for (size_t i = 0; i < HC_POLICY_ROUNDS; i++)
        rows[i] = (struct script_row){ .operation = LIST,
                                       .answer = TWO_HOSTS };
    struct script *s = set(rows, HC_POLICY_ROUNDS, never_ends);

    CHECK_INT(script_run(), 1);
    CHECK_INT(turns, HC_POLICY_ROUNDS + 1);
    CHECK_Z(s->r.run.result.error_code, "EPOLICY");
    CHECK(strstr(s->r.run.result.error, "32 rounds") != NULL);
    script_end();
}

static int asks_with_little_memory(void)
{
    struct script *s = set(all_rows, ALL, asks_for_all);
    int err = script_run();

    if (err == 1 && s->r.run.result.error_code != NULL) {
        CHECK_Z(s->r.run.result.error_code, "ENOMEM");
        s->done = false;              /* rows are left */
        err = HEADCOUNT_ENOMEM;
    }
    script_end();
    return err == 1 ? 0 : err;
}

/* `web` here has a count; the ARNs are of services elsewhere. */
static void asks_elsewhere(struct hc_reconcile *r)
{
    static const char *const arns[] = {
        SCRIPT_AT "service/stage/web",
        "arn:aws:ecs:eu-west-1:999988887777:service/prod/web",
        "arn:aws:ecs:us-east-1:111122223333:service/prod/web",
    };
    struct hc_query q = { .kind = QUERY_SERVICE, .service = HC_STR("web") };

    turns++;
    if (ask(r, q) == 1) {
        CHECK_INT(known.service->desired, 1);
        for (size_t i = 0; i < sizeof arns / sizeof *arns; i++) {
            q.service = hc_str(arns[i]);
            CHECK_INT(ask(r, q), 1);
            CHECK(known.service == NULL);
        }
    }
    tell(r, 0);
}

TEST(policy_facts, an_arn_of_another_place_is_no_service_here)
{
    static const struct script_row rows[] = {
        { .operation = "DescribeServices",
          .answer = SCRIPT_SERVICES(SCRIPT_SERVICE("web", 1, "")) },
    };
    struct script *s = set(SCRIPT_ROWS(rows), asks_elsewhere);

    CHECK_INT(script_run(), 1);
    CHECK_INT(turns, 2);
    CHECK_Z(s->r.run.result.error_code, NULL);
    script_end();
}

TEST(policy_facts, memory_may_end_anywhere)
{
    t_fails_every_allocation(asks_with_little_memory);
}
