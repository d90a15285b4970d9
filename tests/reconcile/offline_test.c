/* tests/reconcile/offline_test.c - what follows from a snapshot, and what does
 * not. */
#include "t.h"

#include <string.h>

#include "peers/ecs_script.h"

#define HOST(id, more) "{\"containerInstanceArn\":" SCRIPT_HOST(id)          \
    ",\"status\":\"ACTIVE\",\"ec2InstanceId\":\"i-" id "\"" more "}"
#define OS(name) ",\"attributes\":[{\"name\":\"os\",\"value\":\"" name "\"}]"
#define LIST(filter, described, hosts) "{\"status\":\"ACTIVE\",\"filter\":\"" \
    filter "\",\"described\":" described ",\"hosts\":[" hosts "]}"
#define THREE HOST("a", OS("linux")) "," HOST("b", OS("linux")) ","           \
    HOST("c", OS("windows"))
#define SNAPSHOT(more, services, lists)                                       \
    "{\"format_version\":\"1.0\",\"taken\":\"2026-11-24T00:00:00Z\","         \
    "\"cluster\":\"" SCRIPT_CLUSTER "\"" more ",\"services\":[" services      \
    "],\"failures\":[],\"readings\":[{\"lists\":[" lists "]},{}]}"
#define COMPLETE ",\"complete\":true"
#define WEB SCRIPT_SERVICE("web", 1, "")

static struct hc_wish wish;
static bool definitions;

static const struct headcount_service *plan(const char *snapshot,
                                            const char *service,
                                            const char *where)
{
    struct script *s = script_set(NULL, 0);

    wish = (struct hc_wish){ .service = hc_str(service),
                             .where = hc_str(where) };
    s->config.wishes = &wish;
    s->config.wishes_n = 1;
    s->config.snapshot = hc_str(snapshot);
    s->config.dry_run = s->config.ask_targets = true;
    s->config.ask_definitions = definitions;
    CHECK_INT(script_run(), 1);
    return script_service(0);
}

static void check(const struct headcount_service *got,
                  enum headcount_result outcome, const char *code,
                  int64_t wanted, const char *says)
{
    CHECK_Z(hc_result_name(got->outcome), hc_result_name(outcome));
    CHECK_Z(got->code, code);
    CHECK_INT(got->wanted, wanted);
    if (strstr(got->reason, says) == NULL)
        print_error("%s\n", got->reason);
    CHECK(strstr(got->reason, says) != NULL);
    script_end();
}

TEST(offline, a_filter_is_answered_by_hosts_that_are_described)
{
    static const char all[] = SNAPSHOT(COMPLETE, WEB, LIST("", "true", THREE));

    check(plan(all, "web", ""), HEADCOUNT_PENDING, "", 3, "3 active hosts");
    check(plan(all, "web", "attribute:os == linux"), HEADCOUNT_PENDING, "", 2,
          "2 active hosts");
    check(plan(all, "web", "attribute:os == plan9"), HEADCOUNT_HELD,
          "filter_matches_nothing", 0, "");
    check(plan(all, "web", "attribute:os =~ l.*"), HEADCOUNT_FAILED,
          "not_in_snapshot", HEADCOUNT_UNKNOWN,
          "cannot be answered without ECS");
    check(plan(all, "web", "attribute:os likes linux"), HEADCOUNT_FAILED,
          "filter", HEADCOUNT_UNKNOWN, "no operator at byte 13");
}

TEST(offline, what_was_recorded_is_not_worked_out)
{
    static const char both[] = SNAPSHOT(COMPLETE, WEB, LIST("", "true", THREE)
        "," LIST("attribute:os =~ l.*", "false", HOST("a", "")) ","
        LIST("attribute:os == linux", "false", HOST("c", "")));

    check(plan(both, "web", "attribute:os =~ l.*"), HEADCOUNT_UNCHANGED, "", 1,
          "");
    check(plan(both, "web", "attribute:os == linux"), HEADCOUNT_UNCHANGED, "",
          1, "");
}

TEST(offline, hosts_without_attributes_answer_no_filter)
{
    static const char bare[] = SNAPSHOT(COMPLETE, WEB, LIST("", "true",
        HOST("a", OS("linux")) "," HOST("b", "")));
    static const char listed[] = SNAPSHOT(COMPLETE, WEB,
        LIST("", "false", THREE));
    static const char none[] = SNAPSHOT(COMPLETE, WEB, "");

    check(plan(bare, "web", "attribute:os == linux"), HEADCOUNT_FAILED,
          "not_in_snapshot", HEADCOUNT_UNKNOWN, "no attributes: take one with");
    check(plan(listed, "web", "attribute:os == linux"), HEADCOUNT_FAILED,
          "not_in_snapshot", HEADCOUNT_UNKNOWN,
          "a list of hosts that this plan");
    check(plan(none, "web", ""), HEADCOUNT_FAILED, "not_in_snapshot",
          HEADCOUNT_UNKNOWN, "a list of hosts");
}

/* The second reading of a big step has lists of its own. */
TEST(offline, each_reading_answers_for_itself)
{
#define LINUX(id) HOST(id, OS("linux"))
#define STEP(first, second, n) "{\"format_version\":\"1.0\",\"taken\":"     \
    "\"2026-11-24T00:00:00Z\",\"cluster\":\"" SCRIPT_CLUSTER "\","          \
    "\"complete\":true,\"services\":[" SCRIPT_SERVICE("web", 9, "")        \
    "],\"failures\":[],\"readings\":[{\"lists\":[" LIST("", "true", first)  \
    "]},{\"cluster\":{\"status\":\"ACTIVE\",\"tags\":[],"                   \
    "\"registeredContainerInstancesCount\":" n "},\"lists\":["              \
    LIST("", "true", second) ",{\"status\":\"DRAINING\",\"filter\":\"\","  \
    "\"described\":true,\"hosts\":[]}]}]}"
#define TWO LINUX("a") "," LINUX("b")
#define SIX TWO "," LINUX("c") "," LINUX("d") "," LINUX("e") "," LINUX("f")
    static const char agrees[] = STEP(TWO, TWO, "2");
    static const char differs[] = STEP(TWO, SIX, "6");
    static const char other[] = STEP(SIX, TWO, "2");

    check(plan(agrees, "web", "attribute:os == linux"), HEADCOUNT_PENDING, "",
          2, "");
    check(plan(differs, "web", "attribute:os == linux"), HEADCOUNT_HELD,
          "step_down", 2, "");
    check(plan(other, "web", "attribute:os == linux"), HEADCOUNT_PENDING, "", 6,
          "");
}

/* A strategy service counts the hosts of its own providers. */
TEST(offline, hosts_are_described_where_another_list_describes_them)
{
#define OF_ASG ",\"capacityProviderStrategy\":[{\"capacityProvider\":"      \
    "\"asg\"}],\"placementConstraints\":[{\"type\":\"memberOf\","             \
    "\"expression\":\"attribute:os =~ .*\"}]"
#define ASG(id) HOST(id, OS("linux") ",\"capacityProviderName\":\"asg\"")
    static const char described[] = SNAPSHOT(COMPLETE,
        SCRIPT_BARE("web", 1, OF_ASG),
        LIST("", "true", ASG("a") "," ASG("b") "," HOST("c", OS("linux"))) ","
        LIST("attribute:os =~ .*", "false", HOST("a", "") "," HOST("c", "")));
    static const char another[] = SNAPSHOT(COMPLETE,
        SCRIPT_BARE("web", 1, OF_ASG), LIST("", "true", ASG("a")) ","
        LIST("attribute:os =~ .*", "false", HOST("a", "") "," HOST("c", "")));

    check(plan(described, "web", ""), HEADCOUNT_UNCHANGED, "", 1, "");
    check(plan(another, "web", ""), HEADCOUNT_FAILED, "not_in_snapshot",
          HEADCOUNT_UNKNOWN, "what its hosts are like");
}

TEST(offline, what_is_not_there_exists_only_where_that_is_not_said)
{
    static const char complete[] = SNAPSHOT(COMPLETE, WEB,
                                            LIST("", "true", THREE));
    static const char recorded[] = SNAPSHOT("", WEB, LIST("", "true", THREE));
    static const char no[] = SNAPSHOT(",\"complete\":false", WEB,
                                      LIST("", "true", THREE));

    check(plan(complete, "log", ""), HEADCOUNT_SKIPPED, "missing",
          HEADCOUNT_UNKNOWN, "");
    check(plan(recorded, "log", ""), HEADCOUNT_FAILED, "not_in_snapshot",
          HEADCOUNT_UNKNOWN, "the service that this plan needs");
    check(plan(no, "log", ""), HEADCOUNT_FAILED, "not_in_snapshot",
          HEADCOUNT_UNKNOWN, "");
}

/* A rise asks whether the provider adds hosts by itself. */
TEST(offline, providers_that_are_not_told_of_add_no_hosts)
{
#define RISES SCRIPT_BARE("web", 2, ",\"capacityProviderStrategy\":["        \
    "{\"capacityProvider\":\"asg\"}]")
#define ASGS ASG("a") "," ASG("b") "," ASG("c")
    static const char complete[] = SNAPSHOT(COMPLETE, RISES,
                                            LIST("", "true", ASGS));
    static const char managed[] = SNAPSHOT(COMPLETE ",\"capacityProviders\":["
        "{\"name\":\"asg\",\"managed\":true}]", RISES, LIST("", "true", ASGS));
    static const char recorded[] = SNAPSHOT(",\"scalableTargets\":[{"
        "\"service\":\"web\",\"owned\":false}]", RISES,
        LIST("", "true", ASGS));

    check(plan(complete, "web", ""), HEADCOUNT_PENDING, "", 3, "");
    check(plan(managed, "web", ""), HEADCOUNT_HELD,
          "unplaced_on_managed_scaling", 3, "");
    check(plan(recorded, "web", ""), HEADCOUNT_FAILED, "not_in_snapshot",
          3, "the capacity provider");
}

TEST(offline, a_task_definition_that_is_not_told_of_has_no_constraints)
{
#define DEFINED SCRIPT_SERVICE("web", 1, ",\"taskDefinition\":\"web:1\"")
    static const char complete[] = SNAPSHOT(COMPLETE, DEFINED,
                                            LIST("", "true", THREE));
    static const char bare[] = SNAPSHOT(COMPLETE, WEB,
                                        LIST("", "true", THREE));
    static const char told[] = SNAPSHOT(COMPLETE ",\"taskDefinitions\":[{"
        "\"taskDefinitionArn\":\"web:1\",\"placementConstraints\":[{\"type\":"
        "\"memberOf\",\"expression\":\"attribute:os == linux\"}]}]", DEFINED,
        LIST("", "true", THREE));
    static const char recorded[] = SNAPSHOT("", DEFINED,
                                            LIST("", "true", THREE));

    check(plan(told, "web", ""), HEADCOUNT_PENDING, "", 3, "3 active hosts");
    definitions = true;
    check(plan(complete, "web", ""), HEADCOUNT_PENDING, "", 3,
          "3 active hosts");
    check(plan(bare, "web", ""), HEADCOUNT_PENDING, "", 3, "3 active hosts");
    check(plan(told, "web", ""), HEADCOUNT_PENDING, "", 2, "2 active hosts");
    check(plan(recorded, "web", ""), HEADCOUNT_FAILED, "not_in_snapshot",
          HEADCOUNT_UNKNOWN, "the task definition that this plan needs");
    definitions = false;
}

/* ---- lists of services, for a policy ---- */

static struct hc_query lists[6];
static size_t counts[6], lists_n;

static void asks_lists(struct hc_reconcile *r)
{
    struct hc_known known;
    bool all = true;

    for (size_t i = 0; i < lists_n; i++) {
        int got = hc_policy_fact(&r->run, &lists[i], &known, NULL);

        if (got < 0)
            hc_reconcile_refuse(r, "ENOMEM", "no memory");
        all &= got == 1;
        if (got == 1)
            counts[i] = known.names->all.n;
    }
    hc_reconcile_resume(r, &wish, all ? 1 : 0);
}

static void policy(const char *snapshot)
{
    struct script *s = script_set(NULL, 0);

    wish = (struct hc_wish){ .service = HC_STR("web") };
    s->config.asks = s->config.dry_run = true;
    s->config.snapshot = hc_str(snapshot);
    s->policy = asks_lists;
}

#define TAG(key, value) ",\"tags\":[{\"key\":\"" key "\",\"value\":\""       \
    value "\"}]"

static const char four[] = SNAPSHOT(COMPLETE,
    WEB "," SCRIPT_SERVICE("gold", 1, TAG("tier", "gold")) ","
    SCRIPT_SERVICE("tin", 1, TAG("tier", "tin")) ","
    "{\"serviceArn\":\"" SCRIPT_AT "service/prod/far\",\"serviceName\":"
    "\"far\",\"clusterArn\":\"" SCRIPT_CLUSTER "\",\"status\":\"ACTIVE\","
    "\"desiredCount\":1,\"launchType\":\"FARGATE\"},"
    "{\"serviceArn\":\"" SCRIPT_AT "service/prod/old\",\"serviceName\":"
    "\"old\",\"clusterArn\":\"" SCRIPT_CLUSTER "\",\"status\":\"INACTIVE\","
    "\"desiredCount\":0,\"launchType\":\"EC2\"}", LIST("", "true", THREE));

TEST(offline, lists_of_services_are_made_of_those_that_are_there)
{
    static const struct { const char *launch, *tags; size_t n; } rows[] = {
        { "", "", 4 }, { "EC2", "", 3 }, { "FARGATE", "", 1 },
        { "", "[{\"Key\":\"tier\"}]", 2 },
        { "", "[{\"Key\":\"tier\",\"Values\":[\"gold\"]}]", 1 },
        { "", "[{\"Key\":\"tier\"},{\"Key\":\"team\"}]", 0 },
    };

    policy(four);
    lists_n = sizeof rows / sizeof *rows;
    for (size_t i = 0; i < lists_n; i++) {
        counts[i] = 99;
        lists[i] = (struct hc_query){ .kind = QUERY_SERVICES,
                                      .launch_type = hc_str(rows[i].launch),
                                      .tag_filters = hc_str(rows[i].tags) };
    }
    CHECK_INT(script_run(), 1);
    for (size_t i = 0; i < lists_n; i++)
        CHECK_INT(counts[i], rows[i].n);
    CHECK_INT(script_service(0)->wanted, 3);
    script_end();
}

TEST(offline, a_recorded_snapshot_lists_what_was_listed)
{
    static const char recorded[] = SNAPSHOT("", WEB, LIST("", "true", THREE));

    policy(recorded);
    lists_n = 1;
    lists[0] = (struct hc_query){ .kind = QUERY_SERVICES };
    CHECK_INT(script_run(), 1);
    script_end();
}

static int plan_once(void)
{
    static const char all[] = SNAPSHOT(COMPLETE, WEB, LIST("", "true", THREE));
    struct script *s = script_set(NULL, 0);

    wish = (struct hc_wish){ .service = HC_STR("web"),
                             .where = HC_STR("attribute:os == linux") };
    s->config.wishes = &wish;
    s->config.wishes_n = 1;
    s->config.snapshot = hc_str(all);
    s->config.dry_run = true;
    int got = script_run();

    script_end();
    return got == 1 ? 0 : got;
}

static int lists_once(void)
{
    policy(four);
    lists_n = 1;
    lists[0] = (struct hc_query){
        .kind = QUERY_SERVICES, .tag_filters = HC_STR("[{\"Key\":\"tier\"}]")
    };
    int got = script_run();

    if (got == 1 && t_alloc_state()->failed)
        got = HEADCOUNT_ENOMEM; /* the cluster failed, in order */
    script_end();
    return got == 1 ? 0 : got;
}

TEST(offline, every_failed_allocation_is_survived)
{
    t_fails_every_allocation(plan_once);
    t_fails_every_allocation(lists_once);
}
