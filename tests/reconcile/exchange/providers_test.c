/* tests/reconcile/exchange/providers_test.c - what capacity providers say,
 * page by page.
 */
#include "t.h"

#include <string.h>

#include "peers/ecs_script.h"

#define SERVICES "DescribeServices"
#define HOSTS "ListContainerInstances"
#define UPDATE "UpdateService"
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
        set(SCRIPT_ROWS(rows), "web");
        run(0, HEADCOUNT_FAILED, "EANSWER");
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

TEST(providers, pages_of_capacity_providers_are_followed)
{
    set(SCRIPT_ROWS(page_rows), "web");
    run(0, HEADCOUNT_HELD, "unplaced_on_managed_scaling");
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
