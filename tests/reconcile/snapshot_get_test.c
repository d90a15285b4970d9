/* tests/reconcile/snapshot_get_test.c - snapshots that somebody edited. */
#include "t.h"

#include <string.h>

#include "base/clock.h"
#include "reconcile/snapshot.h"

#define HEAD "\"format_version\":\"1.0\",\"taken\":\"2026-11-24T00:00:00Z\"," \
    "\"cluster\":\"prod\""
#define WITH(more) "{" HEAD "," more "}"
#define LISTS(more) WITH("\"readings\":[{\"lists\":[" more "]}]")
#define LIST(more) "{\"status\":\"ACTIVE\",\"filter\":\"\"" more "}"
#define HOST(id) "{\"containerInstanceArn\":\"arn:host/" id "\"}"
#define SERVICE(name) "{\"serviceName\":\"" name "\",\"status\":\"ACTIVE\"," \
    "\"desiredCount\":1}"

static struct hc_facts facts;
static struct hc_snapshot snapshot;
static struct headcount_error error;

static int get(const char *text)
{
    hc_error_reset(&error);
    hc_facts_init(&facts, t_alloc());
    return hc_snapshot_get(&snapshot, &facts,
                           hc_str_n(t_guard(text, strlen(text)), strlen(text)),
                           &error);
}

#define NAMES(arns) "{\"launchType\":\"\",\"tagFilters\":\"\"," \
    "\"serviceArns\":[" arns "]}"

#define FIRST "{\"type\":\"memberOf\",\"expression\":\"a == 1\"}"
#define DEFINITION(list) "{\"taskDefinitionArn\":\"web:1\","                 \
    "\"placementConstraints\":[" list "]}"

TEST(snapshot_get, an_empty_one_knows_its_cluster_and_its_time)
{
    CHECK_INT(get("{" HEAD "}"), 0);
    CHECK_STR(snapshot.cluster, "prod");
    CHECK_INT(snapshot.taken, 1795478400 * HC_SECOND);
    CHECK(facts.first[FACTS_SERVICE] == NULL &&
          facts.first[FACTS_HOSTS] == NULL);
    hc_facts_fini(&facts);
    CHECK_INT(get("\xef\xbb\xbf{" HEAD "}"), 0);     /* as editors save it */
    CHECK_STR(snapshot.cluster, "prod");
    hc_facts_fini(&facts);
}

TEST(snapshot_get, what_is_known_is_a_fact_and_nothing_else)
{
    const struct hc_fact_hosts *list;

    CHECK_INT(get("{\"readings\":[{},{\"cluster\":{\"status\":\"ACTIVE\","
                  "\"registeredContainerInstancesCount\":2,\"tags\":[{"
                  "\"key\":\"k\",\"value\":\"v\"}]},\"lists\":[{\"hosts\":["
                  "{\"status\":\"ACTIVE\",\"capacityProviderName\":\"asg\","
                  "\"containerInstanceArn\":\"arn:host/a\",\"attributes\":"
                  "[{\"name\":\"n\",\"value\":\"v\"}]},"
                  "{\"containerInstanceArn\":\"arn:host/b\"}],"
                  "\"described\":true,\"filter\":\"x\",\"status\":"
                  "\"DRAINING\"}]}],\"services\":[" SERVICE("web") "],"
                  "\"failures\":[{\"arn\":\"gone\"}],\"capacityProviders\":["
                  "{\"name\":\"asg\",\"managed\":true}],"
                  "\"scalableTargets\":[{\"owned\":false,\"service\":\"web\"}],"
                  "\"serviceLists\":[{\"launchType\":\"EC2\",\"tagFilters\":"
                  "\"\",\"serviceArns\":[\"web\",\"log\"]}],"
                  "\"serviceTasks\":[{\"service\":\"web\",\"hosts\":["
                  "\"arn:host/a\",\"arn:host/b\"]},{\"hosts\":[],"
                  "\"service\":\"log\"}],"
                  "\"taskDefinitions\":[" DEFINITION(FIRST) ",{"
                  "\"placementConstraints\":[{}],\"taskDefinitionArn\":"
                  "\"web:2\",\"fixedHostPort\":true}],\"more\":[{}],"
                  HEAD "}"), 0);
    CHECK_STR(hc_facts_definition(&facts, HC_STR("web:1"))->constraints->s,
              "a == 1");
    CHECK(!hc_facts_definition(&facts, HC_STR("web:1"))->unclear);
    CHECK(!hc_facts_definition(&facts, HC_STR("web:1"))->fixed_port);
    CHECK(hc_facts_definition(&facts, HC_STR("web:2"))->fixed_port);
    CHECK(hc_facts_definition(&facts, HC_STR("web:2"))->unclear);
    CHECK(hc_facts_definition(&facts, HC_STR("web:2"))->constraints == NULL);
    CHECK_INT(hc_facts_definition(&facts, HC_STR("web:2"))->fact.state,
              FACT_VALUE);
    CHECK_INT(hc_facts_names(&facts, HC_STR("EC2"), HC_STR(""))->all.n, 2);
    CHECK_INT(hc_facts_tasks(&facts, HC_STR("web"))->hosts.n, 2);
    CHECK_INT(hc_facts_tasks(&facts, HC_STR("web"))->details.state, FACT_VALUE);
    CHECK_INT(hc_facts_tasks(&facts, HC_STR("log"))->hosts.n, 0);
    CHECK_INT(hc_facts_tasks(&facts, HC_STR("log"))->fact.state, FACT_VALUE);
    CHECK_INT(facts.cluster[READING_FIRST].fact.state, FACT_UNKNOWN);
    CHECK_INT(facts.cluster[READING_CONFIRMING].fact.state, FACT_VALUE);
    CHECK_INT(facts.cluster[READING_CONFIRMING].value.registered, 2);
    CHECK_STR(facts.cluster[READING_CONFIRMING].value.tags->value, "v");
    list = hc_facts_hosts(&facts, "DRAINING", HC_STR("x"), READING_CONFIRMING);
    CHECK_INT(list->list.n, 2);
    CHECK_INT(list->details.state, FACT_VALUE);
    CHECK(list->list.hosts[0].active && !list->list.hosts[1].active);
    CHECK_STR(list->list.hosts[0].details->provider, "asg");
    CHECK_STR(list->list.hosts[0].details->attributes->value, "v");
    CHECK(list->list.hosts[1].described && list->list.hosts[1].details == NULL);
    CHECK(hc_facts_service(&facts, HC_STR("web"))->value != NULL);
    CHECK_INT(hc_facts_service(&facts, HC_STR("gone"))->fact.state,
              FACT_VALUE);
    CHECK(hc_facts_service(&facts, HC_STR("gone"))->value == NULL);
    CHECK(hc_facts_bool(&facts, FACTS_CAPACITY, HC_STR("asg"))->yes);
    CHECK(!hc_facts_bool(&facts, FACTS_TARGET, HC_STR("web"))->yes);
    CHECK_INT(hc_facts_bool(&facts, FACTS_TARGET, HC_STR("web"))
                  ->fact.state, FACT_VALUE);
    hc_facts_fini(&facts);
}

TEST(snapshot_get, what_is_half_there_is_refused)
{
    static const struct { const char *text, *says; } rows[] = {
        { "", "the snapshot" }, { "[]", "no JSON object" },
        { "{}", "has no \"format_version\"" },
        { "{\"format_version\":\"1.0\"}", "\"taken\"" },
        { "{\"taken\":\"2026-11-24T00:00:00Z\",\"cluster\":\"prod\"}",
          "has no" },
        { "{\"format_version\":\"2.0\"}", "not \"2.0\"" },
        { "{\"format_version\":1.0}", "is not a string" },
        { "{\"taken\":\"yesterday\"}", "\"yesterday\"" },
        { "{\"cluster\":\"a/b\"}", "does not name a cluster" },
        { "{" HEAD, "JSON" }, { "{" HEAD "} x", "JSON" },
        { WITH("\"readings\":{}"), "array of objects" },
        { WITH("\"readings\":[{},{},{}]"), "more than two" },
        { WITH("\"readings\":[{\"cluster\":{}}]"), "no status" },
        { WITH("\"readings\":[{\"cluster\":{\"status\":\"ACTIVE\"}}]"),
          "registeredContainerInstancesCount" },
        { LISTS("{}"), "ACTIVE or DRAINING" },
        { LISTS("{\"status\":\"active\"}"), "not \"active\"" },
        { LISTS("{\"status\":\"ACTIVE\",\"hosts\":[]}"), "\"filter\"" },
        { LISTS(LIST("")), "hosts" },
        { LISTS(LIST(",\"hosts\":[{}]")), "containerInstanceArn" },
        { LISTS(LIST(",\"hosts\":[" HOST("a") "," HOST("prod/a") "]")),
          "one host twice" },
        { LISTS(LIST(",\"hosts\":[]") "," LIST(",\"hosts\":[]")),
          "two lists" },
        { WITH("\"capacityProviders\":[{\"name\":\"a\"}]"), "missing in" },
        { WITH("\"capacityProviders\":[{\"managed\":true}]"), "missing in" },
        { WITH("\"scalableTargets\":[{\"owned\":1}]"), "true or false" },
        { WITH("\"serviceLists\":[{}]"), "missing in \"serviceLists\"" },
        { WITH("\"serviceLists\":[" NAMES("\"web\"") "," NAMES("") "]"),
          "two lists are of the same services" },
        { WITH("\"serviceLists\":[" NAMES("\"a b\"") "]"), "does not name" },
        { WITH("\"serviceLists\":[" NAMES("1") "]"), "array of strings" },
        { WITH("\"serviceTasks\":[{}]"), "missing in \"serviceTasks\"" },
        { WITH("\"serviceTasks\":[{\"service\":\"\",\"hosts\":[]}]"),
          "missing in \"serviceTasks\"" },
        { WITH("\"serviceTasks\":[{\"service\":\"a\",\"hosts\":[]},"
               "{\"service\":\"a\",\"hosts\":[]}]"), "twice of the tasks" },
        { WITH("\"serviceTasks\":[{\"service\":\"a\",\"hosts\":[1]}]"),
          "array of strings" },
        { WITH("\"services\":[" SERVICE("web") "," SERVICE("web") "]"),
          "twice of service" },
        { WITH("\"services\":[{\"serviceName\":\"web\"}]"), "no usable" },
        { WITH("\"taskDefinitions\":[{}]"), "missing in" },
        { WITH("\"taskDefinitions\":[{\"taskDefinitionArn\":\"web:1\"}]"),
          "missing in \"taskDefinitions\"" },
        { WITH("\"taskDefinitions\":[{\"taskDefinitionArn\":\"\","
               "\"placementConstraints\":[]}]"), "missing in" },
        { WITH("\"taskDefinitions\":[" DEFINITION(FIRST) "," DEFINITION("")
               "]"), "twice of task definition \"web:1\"" },
        { WITH("\"taskDefinitions\":[" DEFINITION("1") "]"), "array of" },
        { WITH("\"failures\":[{\"arn\":\"a b\"}]"), "does not name" },
        { WITH("\"failures\":[{}]"), "does not name" },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        CHECK_INT(get(rows[i].text), HEADCOUNT_ESYNTAX);
        if (strstr(error.what, rows[i].says) == NULL)
            CHECK_Z(error.what, rows[i].says);
        hc_facts_fini(&facts);
    }
}

static int get_all(void)
{
    int err = get(WITH("\"services\":[" SERVICE("web") "],\"readings\":[{"
                       "\"cluster\":{\"status\":\"ACTIVE\","
                       "\"registeredContainerInstancesCount\":2,\"tags\":[{"
                       "\"key\":\"k\",\"value\":\"v\"}]},\"lists\":["
                       LIST(",\"hosts\":[" HOST("a") "]") "]}],"
                       "\"serviceLists\":[" NAMES("\"web\",\"log\"") "],"
                       "\"serviceTasks\":[{\"service\":\"web\",\"hosts\":["
                       "\"arn:host/a\"]}],"
                       "\"capacityProviders\":[{\"name\":\"a\","
                       "\"managed\":true}]"));

    hc_facts_fini(&facts);
    return err;
}

TEST(snapshot_get, memory_may_end_anywhere)
{
    t_fails_every_allocation(get_all);
}
