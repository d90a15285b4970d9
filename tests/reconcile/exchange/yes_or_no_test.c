/* tests/reconcile/exchange/yes_or_no_test.c - answers of the last minutes. */
#include "t.h"

#include <string.h>

#include "base/text.h"
#include "peers/ecs_script.h"

static struct hc_memory memory;

/* One run at this second; it is held. */
static void run(const struct script_row *rows, size_t n, int64_t second)
{
    struct script *s = script_wishes(rows, n, "web");

    s->now = second * HC_SECOND;
    s->config.memory = &memory;
    script_gives(0, HEADCOUNT_HELD, "unplaced_on_managed_scaling");
    script_end();
}

static const struct script_row managed_rows[] = {
    { .operation = SERVICES, .answer = SCRIPT_SERVICES(
      SCRIPT_BARE("web", 2, ",\"capacityProviderStrategy\":"
      "[{\"capacityProvider\":\"asg\"}]")) },
    { .operation = HOSTS, .answer = SCRIPT_HOSTS(SCRIPT_HOST("a") ","
      SCRIPT_HOST("b") "," SCRIPT_HOST("c")) },
    { .operation = "DescribeContainerInstances", .answer =
      "{\"containerInstances\":[" SCRIPT_DESCRIBED("a") ","
      SCRIPT_DESCRIBED("b") "," SCRIPT_DESCRIBED("c") "]}" },
    { .operation = "DescribeCapacityProviders", .answer =
      "{\"capacityProviders\":[{\"name\":\"asg\",\"autoScalingGroup"
      "Provider\":{\"managedScaling\":{\"status\":\"ENABLED\"}}}]}" },
};

TEST(yes_or_no, capacity_providers_are_asked_every_five_minutes)
{
    /* The handle knows of which provider the hosts are. */
    const struct script_row later[] = { managed_rows[0], managed_rows[1],
                                        managed_rows[3] };

    hc_memory_init(&memory, t_alloc());
    run(managed_rows, 4, 0);
    run(later, 2, 299);
    run(later, 3, 300);
    hc_memory_fini(&memory);
}

/* One that adds hosts is enough: what another one does is not asked then. */
TEST(yes_or_no, a_provider_that_is_not_known_hides_none_that_is)
{
    static struct script_row rows[4];
    static const char *const strategies[] = {
        "[{\"capacityProvider\":\"asg\"}]",
        "[{\"capacityProvider\":\"asg\",\"weight\":1},"
        "{\"capacityProvider\":\"new\",\"weight\":1}]",
        "[{\"capacityProvider\":\"new\",\"weight\":1},"
        "{\"capacityProvider\":\"asg\",\"weight\":1}]",
    };
    static char answers[3][1024];

    hc_memory_init(&memory, t_alloc());
    for (size_t i = 0; i < 3; i++) {
        hc_fmt(answers[i], sizeof(answers[i]), SCRIPT_SERVICES(
               SCRIPT_BARE("web", 2, ",\"capacityProviderStrategy\":%s")),
               strategies[i]);
        memcpy(rows, managed_rows, sizeof(rows));
        rows[0].answer = answers[i];
        run(rows, i == 0 ? 4 : 2, 0);
    }
    hc_memory_fini(&memory);
}
