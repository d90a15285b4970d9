/* tests/reconcile/exchange/host_details_test.c - descriptions of hosts that
 * are not believed, and hosts that need none.
 */
#include "t.h"

#include "peers/ecs_script.h"

#define STRATEGY_WEB SCRIPT_BARE("web", 150,                                \
    ",\"capacityProviderStrategy\":[{\"capacityProvider\":\"asg\"}]")
#define HOST(id, more) "{\"containerInstanceArn\":" SCRIPT_HOST(id)         \
    ",\"status\":\"ACTIVE\",\"capacityProviderName\":\"asg\"" more "}"

static void describe_page(struct hc_buf *out, size_t from, size_t n)
{
    hc_buf_text(out, "{\"containerInstances\":[");
    for (size_t i = from; i < from + n; i++)
        hc_buf_fmt(out, "%s{\"containerInstanceArn\":\"" SCRIPT_AT
                   "container-instance/%zu\",\"status\":\"ACTIVE\","
                   "\"capacityProviderName\":\"asg\"}", i > from ? "," : "",
                   i);
    hc_buf_text(out, "]}");
}

TEST(host_details, a_description_of_other_hosts_is_not_believed)
{
    static const struct script_answer answers[] = {
        { "{}", "left out hosts" },
        { "{\"containerInstances\":[" HOST("a", "") "]}", "left out hosts" },
        { "{\"containerInstances\":[" HOST("a", "") "," HOST("a", "") "]}",
          "twice" },
        { "{\"containerInstances\":[" HOST("a", "") "," HOST("c", "") "]}",
          "not asked for" },
        { "{\"containerInstances\":[" HOST("a", "") ",{}]}",
          "not asked for" },
        { "{\"containerInstances\":[" HOST("a", "") "],\"failures\":[{"
          "\"arn\":" SCRIPT_HOST("b") ",\"reason\":\"INTERNAL\"}]}",
          "could not read" },
        { "{\"containerInstances\":[" HOST("a", "") "],\"failures\":[{"
          "\"arn\":" SCRIPT_HOST("a") ",\"reason\":\"MISSING\"}]}", "twice" },
        { "{\"failures\":[{\"arn\":\"x\",\"reason\":\"MISSING\"}]}",
          "not asked for" },
        { "{\"containerInstances\":0}", "array of objects" },
    };
    struct script_row rows[] = {
        { .operation = SERVICES, .answer = SCRIPT_SERVICES(STRATEGY_WEB) },
        { .operation = HOSTS,
          .answer = SCRIPT_HOSTS(SCRIPT_HOST("a") "," SCRIPT_HOST("b")) },
        { .operation = "DescribeContainerInstances" },
    };

    script_disbelieve(rows, 3, answers, sizeof(answers) / sizeof(*answers));
}

TEST(host_details, hosts_are_described_a_hundred_at_a_time)
{
    struct script_row rows[] = {
        { .operation = SERVICES, .answer = SCRIPT_SERVICES(STRATEGY_WEB) },
        { .operation = HOSTS }, { .operation = "DescribeContainerInstances" },
        { .operation = "DescribeContainerInstances" },
        { .operation = "UpdateService", .answer = SCRIPT_TAKEN, .body =
          "{\"cluster\":\"" SCRIPT_CLUSTER "\",\"service\":\"web\","
          "\"desiredCount\":101}" },
    };
    struct hc_buf list, page[2];

    hc_buf_init(&list, t_alloc(), (size_t)1 << 20);
    hc_buf_text(&list, "{\"containerInstanceArns\":[");
    for (size_t i = 0; i < 101; i++)
        hc_buf_fmt(&list, "%s\"" SCRIPT_AT "container-instance/%zu\"",
                   i > 0 ? "," : "", i);
    hc_buf_text(&list, "]}");
    rows[1].answer = hc_buf_z(&list);
    for (size_t k = 0; k < 2; k++) {
        hc_buf_init(&page[k], t_alloc(), (size_t)1 << 20);
        describe_page(&page[k], k * 100, k == 0 ? 100 : 1);
        rows[2 + k].answer = hc_buf_z(&page[k]);
    }
    script_wishes(rows, 5, "web");
    CHECK_INT(script_run(), 1);
    CHECK_Z(hc_result_name(script_service(0)->outcome), "updated");
    CHECK_INT(script_service(0)->hosts_counted, 101);
    script_end();
    hc_buf_fini(&list);
    hc_buf_fini(&page[0]);
    hc_buf_fini(&page[1]);
}

/* ---- hosts whose provider the handle knows ---- */

#define A SCRIPT_HOST("a")
#define B SCRIPT_HOST("b")
#define C SCRIPT_HOST("c")
#define ASG(desired) { .operation = SERVICES,                                \
    .answer = SCRIPT_SERVICES(SCRIPT_BARE("web", desired,                    \
    ",\"capacityProviderStrategy\":[{\"capacityProvider\":\"asg\"}]")) }
#define LIST(list) { .operation = HOSTS, .answer = SCRIPT_HOSTS(list) }
#define ASKED(list) "{\"cluster\":\"" SCRIPT_CLUSTER "\","                   \
    "\"containerInstances\":[" list "]}"
#define DESCRIBE(asked, list) { .operation = DETAILS, .body = ASKED(asked),  \
    .answer = "{\"containerInstances\":[" list "]}" }
#define ON(id, provider) "{\"containerInstanceArn\":" SCRIPT_HOST(id)        \
    ",\"status\":\"ACTIVE\",\"capacityProviderName\":\"" provider "\"}"

static struct hc_memory memory;

static struct script *look(const struct script_row *rows, size_t n,
                           int64_t second)
{
    struct script *s = script_wishes(rows, n, "web");

    s->config.memory = &memory;
    s->now = second * HC_SECOND;
    return s;
}

static void looks(const struct script_row *rows, size_t n, int64_t second,
                  enum headcount_result outcome, const char *code)
{
    look(rows, n, second);
    script_gives(0, outcome, code);
    script_end();
}

/* The first look of this handle: two hosts of the service's provider and one
 * of another. */
#define ALL_THREE DESCRIBE(A "," B "," C,                                    \
    ON("a", "asg") "," ON("b", "asg") "," ON("c", "x"))
static const struct script_row cold[] = {
    ASG(2), LIST(A "," B "," C),
    ALL_THREE
};

static void begin(void)
{
    hc_memory_init(&memory, t_alloc());
    looks(SCRIPT_ROWS(cold), 1, HEADCOUNT_UNCHANGED, "");
}

TEST(host_details, a_handle_asks_for_the_provider_of_a_host_once)
{
    static const struct script_row warm[] = { ASG(2), LIST(A "," B "," C) };
    static const struct script_row fewer[] = {
        ASG(2), LIST(A "," C), { .operation = UPDATE, .answer = SCRIPT_TAKEN }
    };

    begin();
    looks(SCRIPT_ROWS(warm), 60, HEADCOUNT_UNCHANGED, "");
    looks(SCRIPT_ROWS(fewer), 120, HEADCOUNT_UPDATED, "");
    hc_memory_fini(&memory);
}

TEST(host_details, only_hosts_that_are_new_are_described)
{
    static const struct script_row newer[] = {
        ASG(3), LIST(A "," B "," C "," SCRIPT_HOST("d")),
        DESCRIBE(SCRIPT_HOST("d"), ON("d", "asg"))
    };
    static const struct script_row warm[] = {
        ASG(3), LIST(A "," B "," C "," SCRIPT_HOST("d")) };
    static const struct script_row gone[] = {
        ASG(3), LIST(A "," B "," SCRIPT_HOST("d") "," SCRIPT_HOST("e")),
        { .operation = DETAILS, .body = ASKED(SCRIPT_HOST("e")),
          .answer = "{\"failures\":[{\"arn\":" SCRIPT_HOST("e")
          ",\"reason\":\"MISSING\"}]}" }
    };

    begin();
    looks(SCRIPT_ROWS(newer), 60, HEADCOUNT_UNCHANGED, "");
    looks(SCRIPT_ROWS(warm), 61, HEADCOUNT_UNCHANGED, "");
    looks(SCRIPT_ROWS(gone), 62, HEADCOUNT_UNCHANGED, "");
    hc_memory_fini(&memory);
}

/* A host may get a provider later. */
TEST(host_details, a_host_without_a_provider_is_asked_for_each_time)
{
    static const struct script_row none[] = {
        ASG(2), LIST(A "," B "," SCRIPT_HOST("d")),
        DESCRIBE(SCRIPT_HOST("d"), "{\"containerInstanceArn\":"
                 SCRIPT_HOST("d") ",\"status\":\"ACTIVE\"}")
    };

    begin();
    looks(SCRIPT_ROWS(none), 60, HEADCOUNT_UNCHANGED, "");
    looks(SCRIPT_ROWS(none), 61, HEADCOUNT_UNCHANGED, "");
    hc_memory_fini(&memory);
}

TEST(host_details, a_provider_is_known_for_an_hour)
{
    begin();
    looks(SCRIPT_ROWS(cold), 3601, HEADCOUNT_UNCHANGED, "");
    hc_memory_fini(&memory);
}

/* A machine that is registered twice takes one task. */
TEST(host_details, a_machine_is_known_too)
{
#define TWIN(id) "{\"containerInstanceArn\":" SCRIPT_HOST(id)               \
    ",\"status\":\"ACTIVE\",\"capacityProviderName\":\"asg\","             \
    "\"ec2InstanceId\":\"i-1\"}"
    static const struct script_row first[] = {
        ASG(1), LIST(A "," B), DESCRIBE(A "," B, TWIN("a") "," TWIN("b")) };
    static const struct script_row warm[] = { ASG(1), LIST(A "," B) };

    hc_memory_init(&memory, t_alloc());
    looks(SCRIPT_ROWS(first), 1, HEADCOUNT_UNCHANGED, "");
    looks(SCRIPT_ROWS(warm), 60, HEADCOUNT_UNCHANGED, "");
    hc_memory_fini(&memory);
}

/* Providers are known, connections are not; two wishes share the list. */
TEST(host_details, what_else_a_rule_asks_of_hosts_is_read)
{
#define LOG(desired) SCRIPT_BARE("log", desired,                             \
    ",\"capacityProviderStrategy\":[{\"capacityProvider\":\"asg\"}]")
    static const struct script_row rows[] = {
        { .operation = SERVICES, .answer = SCRIPT_SERVICES(
          SCRIPT_BARE("web", 2, ",\"capacityProviderStrategy\":[{"
          "\"capacityProvider\":\"asg\"}]") "," LOG(1)) },
        LIST(A "," B "," C),
        DESCRIBE(A "," B "," C, HOST("a", ",\"agentConnected\":true") ","
                 HOST("b", "") "," ON("c", "x"))
    };

    begin();
    script_wishes(SCRIPT_ROWS(rows), "web log")->config.memory = &memory;
    script_wish(1)->by = HEADCOUNT_CONNECTED;
    CHECK_INT(script_run(), 1);
    script_gave(0, HEADCOUNT_UNCHANGED, "");
    script_gave(1, HEADCOUNT_UNCHANGED, "");
    CHECK_INT(script_service(1)->hosts_counted, 1);
    script_end();
    hc_memory_fini(&memory);
}

/* Half of an answer that was refused is not taken for what a host is like. */
TEST(host_details, a_refused_answer_describes_no_host)
{
    static const struct script_row rows[] = {
        { .operation = SERVICES, .answer = SCRIPT_SERVICES(LOG(1) ","
          SCRIPT_BARE("web", 2, ",\"capacityProviderStrategy\":[{"
          "\"capacityProvider\":\"asg\"}]")) },
        LIST(A "," B "," C),
        DESCRIBE(A "," B "," C, ON("a", "x") ",{\"containerInstanceArn\":" B
                 "}," ON("c", "x")),
    };
    const struct script_row cold_again[] = {
        rows[0], rows[1], rows[2], cold[2]
    };
    struct script *s;

    begin();
    s = script_wishes(SCRIPT_ROWS(rows), "log web");
    s->config.memory = &memory;
    script_wish(0)->by = HEADCOUNT_CONNECTED;
    CHECK_INT(script_run(), 1);
    script_gave(0, HEADCOUNT_FAILED, "EANSWER");
    script_gave(1, HEADCOUNT_UNCHANGED, "");       /* memory knows its hosts */
    script_end();
    hc_memory_fini(&memory);

    hc_memory_init(&memory, t_alloc());
    s = script_wishes(SCRIPT_ROWS(cold_again), "log web");
    s->config.memory = &memory;
    script_wish(0)->by = HEADCOUNT_CONNECTED;
    CHECK_INT(script_run(), 1);
    script_gave(0, HEADCOUNT_FAILED, "EANSWER");
    script_gave(1, HEADCOUNT_UNCHANGED, "");
    script_end();
    hc_memory_fini(&memory);
}

/* A second reading, a look after a write and a snapshot are made of answers of
 * AWS alone. */
TEST(host_details, memory_confirms_nothing)
{
#define CLUSTER_OF(n) { .operation = "DescribeClusters", .answer =           \
    "{\"clusters\":[{\"clusterArn\":\"" SCRIPT_CLUSTER "\",\"clusterName\":" \
    "\"prod\",\"status\":\"ACTIVE\",\"registeredContainerInstancesCount\":"  \
    #n "}]}" }
#define DRAINING { .operation = HOSTS,                                       \
    .body = SCRIPT_LIST("DRAINING", ""), .answer = SCRIPT_HOSTS("") }
    /* Two of the hosts that the handle knows say another provider now. */
    static const struct script_row differs[] = {
        ASG(9), LIST(A "," B "," C), CLUSTER_OF(3), LIST(A "," B "," C),
        DESCRIBE(A "," B "," C, ON("a", "asg") "," ON("b", "x") ","
                 ON("c", "x")), DRAINING
    };
    /* From then on the handle knows better. */
    static const struct script_row agrees[] = {
        ASG(9), LIST(A "," B "," C), CLUSTER_OF(3), LIST(A "," B "," C),
        DESCRIBE(A "," B "," C, ON("a", "asg") "," ON("b", "x") ","
                 ON("c", "x")), DRAINING,
        { .operation = UPDATE, .answer = SCRIPT_TAKEN, .body =
          "{\"cluster\":\"" SCRIPT_CLUSTER "\",\"service\":\"web\","
          "\"desiredCount\":1}" }
    };

    begin();
    looks(SCRIPT_ROWS(differs), 60, HEADCOUNT_HELD, "step_down");
    looks(SCRIPT_ROWS(agrees), 61, HEADCOUNT_UPDATED, "");
    hc_memory_fini(&memory);
}

TEST(host_details, a_look_after_a_write_describes_hosts_again)
{
    static const struct script_row rows[] = {
        ASG(1), LIST(A "," B "," C),
        { .operation = "DescribeCapacityProviders", .answer =
          "{\"capacityProviders\":[{\"name\":\"asg\"}]}" },
        { .operation = UPDATE, .answer = SCRIPT_TAKEN },
        LIST(A "," B "," C), ALL_THREE
    };
    struct script *s;

    begin();
    s = look(SCRIPT_ROWS(rows), 60);
    s->config.verify = true;
    script_gives(0, HEADCOUNT_UPDATED, "");
    script_end();
    hc_memory_fini(&memory);
}

TEST(host_details, a_snapshot_has_hosts_in_full)
{
    struct script *s;

    begin();
    s = look(SCRIPT_ROWS(cold), 60);
    s->config.record = true;
    script_gives(0, HEADCOUNT_UNCHANGED, "");
    script_end();
    hc_memory_fini(&memory);
}

static int looks_twice(void)
{
    struct script *s;
    int got;

    hc_memory_init(&memory, t_alloc());
    look(SCRIPT_ROWS(cold), 1);
    got = script_run();
    if (got == 1)
        script_gave(0, HEADCOUNT_UNCHANGED, "");
    script_end();
    if (got == 1 && !t_alloc_state()->failed) {
        s = look(SCRIPT_ROWS(cold), 60);
        got = script_run();
        if (got == 1)
            script_gave(0, HEADCOUNT_UNCHANGED, "");
        CHECK(s->at == 2 || t_alloc_state()->failed);
        s->n = s->at;
        script_end();
    }
    hc_memory_fini(&memory);
    return t_alloc_state()->failed ? HEADCOUNT_ENOMEM : got == 1 ? 0 : got;
}

/* What is not remembered is asked for. */
TEST(host_details, memory_may_end_anywhere)
{
    t_fails_every_allocation(looks_twice);
}
