/* tests/ecs/ops_details_test.c - DescribeContainerInstances. */
#include "t.h"

#include <string.h>

#include "ecs/ops.h"

static struct hc_ecs_host_details details;
static struct headcount_error error;

/* Whole (cut 0), in two pieces, or byte by byte (cut -1). */
static int get_details(const char *text, int cut)
{
    size_t n = strlen(text), at = 0;
    const char *p = t_guard(text, n);
    int err = 0;

    hc_error_reset(&error);
    hc_ecs_host_details_init(&details, t_alloc(), true);
    while (err == 0 && at < n) {
        size_t step = cut < 0 ? 1 : at == 0 && cut > 0 ? (size_t)cut : n - at;

        err = hc_ecs_answer_feed(&details.answer, hc_str_n(p + at, step),
                                       &error);
        at += step;
    }
    return err == 0 ? hc_ecs_answer_end(&details.answer, &error) : err;
}

TEST(ops_details, requests)
{
    static const struct hc_str hosts[] = { { "a", 1 }, { "b", 1 } };
    struct hc_buf out;

    hc_buf_init(&out, t_alloc(), 1000);
    hc_ecs_put_describe_hosts(&out, HC_STR("prod"), hosts, 2, false);
    CHECK_STR(hc_buf_view(&out), "{\"cluster\":\"prod\","
              "\"containerInstances\":[\"a\",\"b\"]}");
    hc_buf_reset(&out);
    hc_ecs_put_describe_hosts(&out, HC_STR("prod"), hosts, 1, true);
    CHECK_STR(hc_buf_view(&out), "{\"cluster\":\"prod\","
              "\"containerInstances\":[\"a\"],\"include\":[\"TAGS\"]}");
    hc_buf_fini(&out);
}

static const char described[] =
    "{\"containerInstances\":[{\"containerInstanceArn\":\"a\",\"status\":"
    "\"ACTIVE\",\"capacityProviderName\":\"asg\",\"ec2InstanceId\":\"i-1\","
    "\"agentConnected\":true,\"attributes\":[{\"name\":\"n\"}]},"
    "{\"containerInstanceArn\":\"b\",\"status\":\"DRAINING\","
    "\"agentConnected\":false}],\"failures\":[{\"arn\":\"c\",\"reason\":"
    "\"MISSING\",\"detail\":\"d\"}]}";

TEST(ops_details, descriptions_are_the_same_at_every_split)
{
    for (int cut = -1; cut < (int)sizeof(described) - 1; cut++) {
        CHECK_INT(get_details(described, cut), 0);
        CHECK_INT(details.hosts_n, 2);
        CHECK_STR(details.hosts[0].arn, "a");
        CHECK_STR(details.hosts[0].status, "ACTIVE");
        CHECK_STR(details.hosts[0].provider, "asg");
        CHECK_STR(details.hosts[0].ec2_id, "i-1");
        CHECK(details.hosts[0].connected);
        CHECK_STR(details.hosts[1].arn, "b");
        CHECK_STR(details.hosts[1].status, "DRAINING");
        CHECK_STR(details.hosts[1].provider, "");
        CHECK(!details.hosts[1].connected);
        CHECK_INT(details.failures_n, 1);
        CHECK_STR(details.failures[0].arn, "c");
        CHECK_STR(details.failures[0].reason, "MISSING");
        CHECK_STR(details.failures[0].detail, "d");
        hc_ecs_answer_fini(&details.answer);
    }
}

static const char full[] =
    "{\"containerInstances\":[{\"containerInstanceArn\":\"a\",\"status\":"
    "\"ACTIVE\",\"registeredAt\":1479234567.5,\"runningTasksCount\":7,"
    "\"versionInfo\":{\"agentVersion\":\"1.89.0\",\"agentHash\":\"x\"},"
    "\"registeredResources\":[{\"name\":\"CPU\",\"type\":\"INTEGER\","
    "\"integerValue\":2048},{\"name\":\"MEMORY\",\"integerValue\":3884},"
    "{\"name\":\"PORTS\",\"stringSetValue\":[\"22\"]}],"
    "\"remainingResources\":[{\"integerValue\":1024,\"name\":\"CPU\"},"
    "{\"name\":\"MEMORY\"}],"
    "\"attributes\":[{\"name\":\"ecs.os-type\",\"value\":\"linux\"},"
    "{\"name\":\"gpu\"}],\"tags\":[{\"key\":\"k\",\"value\":\"v\"}]},"
    "{\"containerInstanceArn\":\"b\",\"attributes\":[{\"name\":"
    "\"ecs.os-type\",\"value\":\"linux\"}]}]}";

static void check_pair(const struct hc_ecs_tag *pair, const char *key,
                       const char *value)
{
    CHECK(pair != NULL);
    CHECK_STR(pair->key, key);
    CHECK_STR(pair->value, value);
}

TEST(ops_details, all_that_a_policy_may_ask_for)
{
    for (int cut = -1; cut < (int)sizeof(full) - 1; cut++) {
        const struct hc_ecs_host *h;

        CHECK_INT(get_details(full, cut), 0);
        h = details.hosts;
        CHECK_INT(h->registered_at, 1479234567500000);
        CHECK_INT(h->running, 7);
        CHECK_STR(h->agent_version, "1.89.0");
        CHECK_INT(h->cpu, 2048);
        CHECK_INT(h->memory, 3884);
        CHECK_INT(h->cpu_free, 1024);
        CHECK_INT(h->memory_free, -1);
        check_pair(h->attributes, "gpu", "");
        check_pair(h->attributes->next, "ecs.os-type", "linux");
        check_pair(h->tags, "k", "v");
        CHECK(h->tags->next == NULL);
        CHECK_INT(h[1].cpu, -1);
        CHECK_INT(h[1].registered_at, -1);
        check_pair(h[1].attributes, "ecs.os-type", "linux");
        /* kept once */
        CHECK(h[1].attributes->key.p == h->attributes->next->key.p);
        hc_ecs_answer_fini(&details.answer);
    }
}

/* ---- what decides whether a host can take a task ---- */

static size_t texts_n(const struct hc_ecs_text *t)
{
    size_t n = 0;

    for (; t != NULL; t = t->next)
        n++;
    return n;
}

TEST(ops_details, room_of_a_host)
{
    static const char text[] =
        "{\"containerInstances\":[{\"containerInstanceArn\":\"a\","
        "\"pendingTasksCount\":2,\"runningTasksCount\":3,"
        "\"registeredResources\":[{\"name\":\"CPU\",\"integerValue\":2048},"
        "{\"stringSetValue\":[\"22\",\"2375\"],\"name\":\"PORTS\"},"
        "{\"name\":\"GPU\",\"stringSetValue\":[\"g1\",\"g2\"]}],"
        "\"remainingResources\":[{\"name\":\"CPU\",\"integerValue\":-64},"
        "{\"stringSetValue\":[\"22\",\"2375\",\"80\"],\"name\":\"PORTS\"},"
        "{\"name\":\"PORTS_UDP\",\"stringSetValue\":[]},"
        "{\"name\":\"GPU\",\"stringSetValue\":[\"g1\"]}]},"
        "{\"containerInstanceArn\":\"b\",\"registeredResources\":[{\"name\":"
        "\"CPU\",\"integerValue\":1}],\"remainingResources\":[{\"name\":"
        "\"PORTS\"}]},{\"containerInstanceArn\":\"c\"}]}";
    const struct hc_ecs_host *h;

    for (int cut = -1; cut < (int)sizeof(text) - 1; cut += 9) {
        CHECK_INT(get_details(text, cut), 0);
        h = details.hosts;
        CHECK_INT(h[0].pending, 2);
        CHECK_INT(h[0].cpu_free, -64);
        CHECK_INT(h[0].gpus, 2);
        CHECK(h[0].lists_tcp && h[0].lists_udp && h[0].udp == NULL);
        CHECK_INT(texts_n(h[0].tcp), 3);
        CHECK_STR(h[0].tcp->s, "80");
        CHECK_INT(h[1].gpus, 0);
        CHECK(!h[1].lists_tcp && !h[1].lists_udp);
        CHECK_INT(h[2].gpus, -1);
        CHECK_INT(h[2].pending, -1);
        hc_ecs_answer_fini(&details.answer);
    }
}

/* Nothing says which of the two is right. */
TEST(ops_details, a_resource_that_comes_twice_is_not_known)
{
#define AMOUNT(name, n) "{\"name\":\"" name "\",\"integerValue\":" n "}"
#define TAKEN(name, list) "{\"name\":\"" name "\",\"stringSetValue\":["    \
    list "]}"
    static const char twice[] = "{\"containerInstances\":[{"
        "\"containerInstanceArn\":\"a\",\"remainingResources\":["
        AMOUNT("CPU", "0") "," AMOUNT("CPU", "1024") "," AMOUNT("CPU", "1") ","
        AMOUNT("MEMORY", "900") "," TAKEN("PORTS", "\"22\"") ","
        TAKEN("PORTS", "") "," TAKEN("PORTS_UDP", "\"8125\"") ","
        TAKEN("PORTS_UDP", "\"53\"") "]}]}";

    CHECK_INT(get_details(twice, 0), 0);
    CHECK(details.hosts[0].cpu_free < 0);
    CHECK_INT(details.hosts[0].memory_free, 900);
    CHECK(!details.hosts[0].lists_tcp && !details.hosts[0].lists_udp);
    hc_ecs_answer_fini(&details.answer);
}

TEST(ops_details, attributes_are_kept_only_where_they_are_asked_for)
{
    hc_ecs_host_details_init(&details, t_alloc(), false);
    CHECK_INT(hc_ecs_answer_feed(&details.answer, hc_str(full), &error), 0);
    CHECK_INT(hc_ecs_answer_end(&details.answer, &error), 0);
    CHECK(details.hosts[0].attributes == NULL && details.hosts[0].tags == NULL);
    CHECK_INT(details.hosts[0].cpu, 2048);
    hc_ecs_answer_fini(&details.answer);
}

TEST(ops_details, descriptions_are_bounded_and_typed)
{
    static const char *const lists[] = { "containerInstances", "failures" };

    for (size_t i = 0; i < 4; i++) {
        size_t n = i < 2 ? 100 : 101;
        struct hc_buf text;

        hc_buf_init(&text, t_alloc(), 65536);
        hc_buf_fmt(&text, "{\"%s\":[", lists[i % 2]);
        for (size_t k = 0; k < n; k++)
            hc_buf_text(&text, k > 0 ? ",{}" : "{}");
        hc_buf_text(&text, "]}");
        CHECK_INT(get_details(hc_buf_z(&text), 0),
                  i < 2 ? 0 : HEADCOUNT_EANSWER);
        if (i >= 2)
            CHECK(strstr(error.what, "more than 100") != NULL);
        hc_ecs_answer_fini(&details.answer);
        hc_buf_fini(&text);
    }
    CHECK_INT(get_details("{\"containerInstances\":[{\"agentConnected\":1}]}",
                          0), HEADCOUNT_EANSWER);
    CHECK(strstr(error.what, "DescribeContainerInstances") != NULL);
    hc_ecs_answer_fini(&details.answer);
}

static int read_details(void)
{
    int err = get_details(full, 0);

    CHECK(err == 0 || error.what[0] != '\0');
    hc_ecs_answer_fini(&details.answer);
    return err;
}

TEST(ops_details, memory_may_end_anywhere)
{
    t_fails_every_allocation(read_details);
}
