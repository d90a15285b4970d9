/* tests/reconcile/exchange/yes_or_no_test.c - answers of the last minutes. */
#include "t.h"

#include <string.h>

#include "base/text.h"
#include "peers/ecs_script.h"
#include "reconcile/audit.h"

#define SERVICES "DescribeServices"
#define HOSTS "ListContainerInstances"

static struct hc_memory memory;
static struct hc_wish wish;
static char audit[8][2048];
static size_t audit_n;
static bool definitions;

static struct hc_creds *creds;           /* who asks                         */

static struct hc_brake *brake;           /* of the run                       */

static void (*policy)(struct hc_reconcile *r);   /* that makes the wish      */

static void note(void *ud, const char *line, size_t n)
{
    CHECK(ud == audit && audit_n < 8 && n < sizeof(audit[0]));
    memcpy(audit[audit_n], line, n);
    audit[audit_n++][n] = '\0';
}

static void begin(void)
{
    hc_memory_init(&memory, t_alloc());
    wish = (struct hc_wish){ .service = HC_STR("web") };
    audit_n = 0;
    definitions = false;
    creds = NULL;
    brake = NULL;
    policy = NULL;
}

/* One reconcile at this second. */
static void run(const struct script_row *rows, size_t n, int64_t second,
                enum headcount_result outcome, const char *code)
{
    struct script *s = script_set(rows, n);

    s->now = second * HC_SECOND;
    s->config.wishes = &wish;
    s->config.wishes_n = policy == NULL;
    s->config.asks = policy != NULL;
    s->policy = policy;
    s->config.memory = &memory;
    s->config.brake = brake;
    s->config.ask_definitions = definitions;
    s->config.audit = (struct hc_audit_to){ .fn = note, .ud = audit,
                                            .version = "1.2.3" };
    CHECK_INT(script_run(), 1);
    CHECK_Z(hc_result_name(script_service(0)->outcome),
            hc_result_name(outcome));
    CHECK_Z(script_service(0)->code, code);
    script_end();
}

static void end(void)
{
    hc_memory_fini(&memory);
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
    begin();
    run(managed_rows, 4, 0, HEADCOUNT_HELD, "unplaced_on_managed_scaling");
    run(managed_rows, 3, 299, HEADCOUNT_HELD, "unplaced_on_managed_scaling");
    run(managed_rows, 4, 300, HEADCOUNT_HELD, "unplaced_on_managed_scaling");
    end();
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

    begin();
    for (size_t i = 0; i < 3; i++) {
        hc_fmt(answers[i], sizeof(answers[i]), SCRIPT_SERVICES(
               SCRIPT_BARE("web", 2, ",\"capacityProviderStrategy\":%s")),
               strategies[i]);
        memcpy(rows, managed_rows, sizeof(rows));
        rows[0].answer = answers[i];
        run(rows, i == 0 ? 4 : 3, 0, HEADCOUNT_HELD,
            "unplaced_on_managed_scaling");
    }
    end();
}
