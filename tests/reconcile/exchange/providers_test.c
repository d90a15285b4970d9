/* tests/reconcile/exchange/providers_test.c - what capacity providers say,
 * page by page, and what follows for a count. */
#include "t.h"

#include <string.h>

#include "peers/ecs_script.h"

#define STRATEGY ",\"capacityProviderStrategy\":[{\"capacityProvider\":"  \
    "\"asg\"}]"
#define DESCRIBED(id, status, provider)                                     \
    "{\"containerInstanceArn\":" SCRIPT_HOST(id) ",\"status\":\"" status    \
    "\",\"capacityProviderName\":\"" provider "\"}"
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
    { .operation = UPDATE, .answer = SCRIPT_TAKEN },
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
    WHO(PROVIDER("a") "," PROVIDER("b")),
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
    script_wishes(SCRIPT_ROWS(page_rows), "web");

    int got = script_run();

    if (got == 1)
        script_gave(0, HEADCOUNT_HELD, "unplaced_on_managed_scaling");
    script_end();
    return got == 1 ? 0 : got;
}

TEST(providers, tasks_that_wait_on_managed_scaling_are_held)
{
    struct script_row rows[5];

    script_wishes(capacity_rows, 4, "web");
    script_gives(0, HEADCOUNT_HELD, "unplaced_on_managed_scaling");
    CHECK_Z(script_service(0)->switch_text, NULL);
    script_end();
    memcpy(rows, capacity_rows, sizeof(rows));
    rows[3].answer = CAPACITY("DISABLED");
    script_wishes(SCRIPT_ROWS(rows), "web");
    script_gives(0, HEADCOUNT_UPDATED, "");
    script_end();
}

TEST(providers, what_capacity_providers_say_must_be_whole)
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
        script_wishes(SCRIPT_ROWS(rows), "web");
        script_gives(0, HEADCOUNT_FAILED, "EANSWER");
        script_end();
    }
}

/* A page has ten; the one that is not used is not asked for. */
TEST(providers, twelve_providers_are_asked_for_in_two_calls)
{
    static const struct script_row rows[] = {
        WHO(PROVIDER("a") "," PROVIDER("b") "," PROVIDER("c") ","
            UNUSED("old") "," PROVIDER("d") "," PROVIDER("e") ","
            PROVIDER("f") "," PROVIDER("g") "," PROVIDER("h") ","
            PROVIDER("i") "," PROVIDER("j") "," PROVIDER("k") ","
            PROVIDER("l")),
        THREE_OF("a"),
        { .operation = CAPACITIES, .answer = TOLD(
            BARE("a") "," BARE("b") "," BARE("c") "," BARE("d") ","
            BARE("e") "," BARE("f") "," BARE("g") "," BARE("h") ","
            BARE("i") "," BARE("j"), ",\"nextToken\":\"unread\""),
          .body = ASKED("\"a\",\"b\",\"c\",\"d\",\"e\",\"f\",\"g\",\"h\","
                        "\"i\",\"j\"", "") },
        { .operation = CAPACITIES, .answer = TOLD(BARE("k") "," BARE("l"), ""),
          .body = ASKED("\"k\",\"l\"", "") },
        { .operation = UPDATE, .answer = SCRIPT_TAKEN },
    };

    script_wishes(SCRIPT_ROWS(rows), "web");
    script_gives(0, HEADCOUNT_UPDATED, "");
    script_end();
}

TEST(providers, pages_of_capacity_providers_are_followed)
{
    script_wishes(SCRIPT_ROWS(page_rows), "web");
    script_gives(0, HEADCOUNT_HELD, "unplaced_on_managed_scaling");
    CHECK(strstr(script_service(0)->reason, "provider b adds hosts") != NULL);
    script_end();
}

/* Pages in a ring, one that is its own next, pages that say one thing again,
 * and one that is the last. */
TEST(providers, pages_of_capacity_providers_come_to_an_end)
{
#define PAGE(names, next) { .operation = CAPACITIES,                         \
    .answer = TOLD(names, ",\"nextToken\":\"" next "\"") }
    static const struct script_row rings[][8] = {
        { WHO(PROVIDER("a") "," PROVIDER("b")), THREE_OF("a"),
          PAGE("", "1"), PAGE("", "2"), PAGE("", "1"), PAGE("", "2"),
          PAGE("", "1") },
        { WHO(PROVIDER("a") "," PROVIDER("b")), THREE_OF("a"),
          PAGE("", "1"), PAGE("", "1") },
        { WHO(PROVIDER("a") "," PROVIDER("b")), THREE_OF("a"),
          PAGE(BARE("a"), "1"), PAGE(BARE("a"), "2"), PAGE(BARE("a"), "1"),
          PAGE(BARE("a"), "2") },
        { WHO(PROVIDER("a") "," PROVIDER("b")), THREE_OF("a"),
          PAGE(BARE("a"), "1"), { .operation = CAPACITIES,
                                  .answer = TOLD("", "") } },
    };
    static const size_t calls[] = { 8, 5, 7, 5 };

    for (size_t i = 0; i < 4; i++) {
        script_wishes(rings[i], calls[i], "web");
        script_gives(0, HEADCOUNT_FAILED, "EANSWER");
        CHECK(strstr(script_service(0)->reason, "nothing about \"b\"") != NULL);
        script_end();
    }
#undef PAGE
}

/* Three hosts of an old provider, two of the new one. */
TEST(providers, a_provider_of_weight_0_does_not_count)
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
        { .operation = UPDATE, .answer = SCRIPT_TAKEN },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct script *s;

        calls[0].answer = rows[i].answer;
        s = script_wishes(calls, 3, "web");
        s->config.paused = true;        /* no call more than these */
        CHECK_INT(script_run(), 1);
        CHECK_INT(script_service(0)->wanted, rows[i].wanted);
        script_end();
    }
}

TEST(providers, memory_may_end_anywhere)
{
    t_fails_every_allocation(follows_pages);
}
