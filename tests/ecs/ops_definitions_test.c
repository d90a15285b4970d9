/* tests/ecs/ops_definitions_test.c - DescribeTaskDefinition. */
#include "t.h"

#include <string.h>

#include "ecs/service_json.h"

static struct hc_ecs_definition v;
static struct headcount_error error;

static int get(const char *text, size_t step)
{
    size_t n = strlen(text), at = 0;
    const char *p = t_guard(text, n);
    int err = 0;

    hc_error_reset(&error);
    hc_ecs_definition_init(&v, t_alloc());
    for (; err == 0 && at < n; at += step)
        err = hc_ecs_answer_feed(
            &v.answer, hc_str_n(p + at, n - at < step ? n - at : step), &error);
    return err == 0 ? hc_ecs_answer_end(&v.answer, &error) : err;
}

#define DEFINITION(list)                                                     \
    "{\"taskDefinition\":{\"taskDefinitionArn\":\"web:7\","                  \
    "\"containerDefinitions\":[{\"placementConstraints\":[{\"type\":1}]}],"  \
    "\"placementConstraints\":[" list "],\"revision\":7},\"tags\":[]}"
#define MEMBER(text) "{\"type\":\"memberOf\",\"expression\":\"" text "\"}"

TEST(ops_definitions, the_request)
{
    struct hc_buf out;

    hc_buf_init(&out, t_alloc(), 1000);
    hc_ecs_put_describe_definition(&out, HC_STR("web:7\""));
    CHECK_STR(hc_buf_view(&out), "{\"taskDefinition\":\"web:7\\\"\"}");
    hc_buf_fini(&out);
}

TEST(ops_definitions, expressions_are_kept)
{
    static const char text[] = DEFINITION(MEMBER("a") "," MEMBER("b"));

    for (size_t step = 1; step < sizeof(text); step += 7) {
        CHECK_INT(get(text, step), 0);
        CHECK_STR(v.arn, "web:7");
        CHECK_STR(v.constraints->s, "b");
        CHECK_STR(v.constraints->next->s, "a");
        CHECK(v.constraints->next->next == NULL);
        CHECK(!v.unclear);
        hc_ecs_answer_fini(&v.answer);
    }
}

TEST(ops_definitions, a_constraint_that_is_not_understood_is_told)
{
    static const char *const unclear[] = {
        DEFINITION("{\"type\":\"memberOf\"}"), DEFINITION("{}"),
        DEFINITION("{\"type\":\"newOf\",\"expression\":\"x\"}"),
        DEFINITION("{\"type\":\"memberOf\",\"expression\":\"\"}"),
        /* What one says is not the next one's. */
        DEFINITION(MEMBER("a") ",{\"type\":\"memberOf\"}"),
        DEFINITION(MEMBER("a") ",{\"expression\":\"b\"}"),
    };
    static const char *const clear[] = {
        DEFINITION(""), DEFINITION("{\"type\":\"distinctInstance\"}"),
        "{\"taskDefinition\":{\"placementConstraints\":null}}",
    };

    for (size_t i = 0; i < sizeof(unclear) / sizeof(*unclear); i++) {
        CHECK_INT(get(unclear[i], 1000), 0);
        CHECK(v.unclear);
        hc_ecs_answer_fini(&v.answer);
    }
    for (size_t i = 0; i < sizeof(clear) / sizeof(*clear); i++) {
        CHECK_INT(get(clear[i], 1000), 0);
        CHECK(!v.unclear && v.constraints == NULL);
        hc_ecs_answer_fini(&v.answer);
    }
}

#define PORTS(mode, list) "{\"taskDefinition\":{\"containerDefinitions\":["  \
    "{\"name\":\"a\",\"portMappings\":[]},{\"portMappings\":[" list "]}],"    \
    mode "\"taskDefinitionArn\":\"web:7\"}}"
#define MODE(name) "\"networkMode\":\"" name "\","

TEST(ops_definitions, a_port_of_the_host_has_room_for_one_task)
{
    static const struct { const char *text; bool fixed; } rows[] = {
        { PORTS("", "{\"containerPort\":80,\"hostPort\":8125}"), true },
        { PORTS("", "{\"hostPort\":8125,\"protocol\":\"udp\"},{}"), true },
        { PORTS(MODE("bridge"), "{\"hostPort\":8125}"), true },
        { PORTS(MODE("default"), "{\"hostPort\":8125}"), true },
        { PORTS(MODE("nat"), "{\"hostPort\":8125}"), true },
        { PORTS(MODE("bridge"), "{\"containerPort\":80}"), false },
        { PORTS("", "{\"containerPort\":80,\"hostPort\":0}"), false },
        { PORTS("", "{\"containerPortRange\":\"80-90\"}"), false },
        { PORTS("", "{\"containerPort\":80,\"hostPort\":null}"), false },
        { PORTS("", ""), false },
        { PORTS(MODE("host"), "{\"containerPort\":80}"), true },
        { PORTS(MODE("host"), "{\"containerPort\":80,\"hostPort\":0}"), true },
        { PORTS(MODE("host"), "{\"hostPort\":80}"), true },
        { PORTS(MODE("host"), "{\"containerPort\":0}"), false },
        { PORTS(MODE("host"), ""), false },
        { PORTS(MODE("awsvpc"), "{\"hostPort\":80}"), false },
        { PORTS(MODE("none"), "{\"hostPort\":80}"), false },
        { PORTS(MODE("mesh"), "{\"hostPort\":80}"), false },
        { "{\"taskDefinition\":{\"networkMode\":\"host\",\"containerDefinit"
          "ions\":[{\"portMappings\":[{\"containerPort\":80}]}]}}", true },
        { "{\"taskDefinition\":{}}", false },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        CHECK_INT(get(rows[i].text, 1 + i * 5), 0);
        if (v.fixed_port != rows[i].fixed)
            print_error("%s\n", rows[i].text);
        CHECK(v.fixed_port == rows[i].fixed);
        CHECK(v.constraints == NULL && !v.unclear);
        hc_ecs_answer_fini(&v.answer);
    }
}

/* ---- what a task needs ---- */

#define TASK(members) "{\"taskDefinition\":{" members "}}"
#define CONTAINERS(list) "\"containerDefinitions\":[" list "]"

/* "cpu memory gpus unclear|ports|attributes|os architecture" */
static void put_summary(const struct hc_ecs_needs *n, struct hc_buf *out)
{
    hc_buf_fmt(out, "%lld %lld %lld %s|", (long long)n->cpu,
               (long long)n->memory, (long long)n->gpus,
               n->unclear != NULL ? n->unclear : "-");
    for (const struct hc_ecs_port *p = n->ports; p != NULL; p = p->next)
        hc_buf_fmt(out, "%lld%s ", (long long)p->number, p->udp ? "u" : "t");
    hc_buf_chr(out, '|');
    for (const struct hc_ecs_tag *a = n->attributes; a != NULL; a = a->next)
        hc_buf_fmt(out, "%.*s=%.*s ", HC_STR_ARG(a->key),
                   HC_STR_ARG(a->value));
    hc_buf_fmt(out, "|%.*s %.*s", HC_STR_ARG(n->os),
               HC_STR_ARG(n->architecture));
}

static const struct { const char *text, *needs; } needs_rows[] = {
    { TASK(""), "0 0 0 containerDefinitions||| " },
    { TASK(CONTAINERS("")), "0 0 0 containerDefinitions||| " },
    { TASK(CONTAINERS("{}")), "0 0 0 -||| " },
    /* ports that no host has, and protocols that are new */
    { PORTS("", "{\"hostPort\":65535}"), "0 0 0 -|65535t || " },
    { PORTS("", "{\"hostPort\":65536}"), "0 0 0 portMappings|65536t || " },
    { PORTS("", "{\"hostPort\":-1}"), "0 0 0 portMappings||| " },
    { PORTS(MODE("host"), "{\"containerPort\":-1}"),
      "0 0 0 portMappings||| " },
    { PORTS("", "{\"hostPort\":80,\"protocol\":\"sctp\"}"),
      "0 0 0 portMappings|80t || " },
    { TASK("\"cpu\":\"256\",\"memory\":\"512\","
           CONTAINERS("{\"cpu\":9,\"memory\":9}")), "256 512 0 -||| " },
    { TASK(CONTAINERS("{\"cpu\":10,\"memory\":100},"
                      "{\"memory\":300,\"memoryReservation\":128},"
                      "{\"cpu\":5,\"memoryReservation\":0,\"memory\":1}")),
      "15 229 0 -||| " },
    { TASK("\"cpu\":\"1 vCPU\"," CONTAINERS("{}")), "0 0 0 cpu||| " },
    { TASK("\"memory\":\"99999999999999\"," CONTAINERS("{}")),
      "0 0 0 memory||| " },
    { TASK(CONTAINERS("{\"cpu\":-1}")), "0 0 0 cpu||| " },
    { TASK(CONTAINERS("{\"memory\":1099511627776},{\"memory\":1}")),
      "0 0 0 memory||| " },
    { TASK("\"networkMode\":\"mesh\"," CONTAINERS("{}")),
      "0 0 0 networkMode||| " },
    { TASK("\"inferenceAccelerators\":[{\"deviceName\":\"a\"}],"
           CONTAINERS("{}")),
      "0 0 0 inferenceAccelerators||| " },
    { TASK("\"inferenceAccelerators\":[]," CONTAINERS("{}")),
      "0 0 0 -||| " },
    { TASK(CONTAINERS("{\"resourceRequirements\":[{\"value\":\"2\",\"type\":"
                      "\"GPU\"}]},{\"resourceRequirements\":[{\"type\":"
                      "\"GPU\",\"value\":\"1\"}]}")), "0 0 3 -||| " },
    { TASK(CONTAINERS("{\"resourceRequirements\":[{\"value\":\"ALL\",\"type\":"
                      "\"GPU\"},{\"type\":\"GPU\",\"value\":\"1\"}]}")),
      "0 0 -1 -||| " },
    { TASK(CONTAINERS("{\"resourceRequirements\":[{\"type\":\"NEURON_CORES\","
                      "\"value\":\"1\"}]}")),
      "0 0 0 resourceRequirements||| " },
    { TASK(CONTAINERS("{\"resourceRequirements\":[{\"type\":\"GPU\"}]}")),
      "0 0 0 resourceRequirements||| " },
    { TASK(CONTAINERS("{\"portMappings\":[{\"hostPort\":8125,\"protocol\":"
                      "\"udp\"},{\"containerPort\":80},{\"hostPort\":81}]}")),
      "0 0 0 -|8125u 81t || " },
    { TASK(CONTAINERS("{\"portMappings\":[{\"containerPort\":80},"
                      "{\"hostPort\":81,\"containerPort\":9}]}")
           ",\"networkMode\":\"host\""), "0 0 0 -|80t 81t || " },
    { TASK(CONTAINERS("{\"portMappings\":[{\"hostPort\":80}]}")
           ",\"networkMode\":\"awsvpc\""), "0 0 0 -||| " },
    { TASK(CONTAINERS("{\"portMappings\":[{\"containerPortRange\":\"1-9\"}]}")
           ",\"networkMode\":\"host\""), "0 0 0 containerPortRange||| " },
    { TASK(CONTAINERS("{\"portMappings\":[{\"containerPortRange\":\"1-9\"}]}")),
      "0 0 0 -||| " },
    { TASK("\"requiresAttributes\":[{\"name\":\"ecs.capability.efs\"},"
           "{\"name\":\"a\",\"value\":\"b\",\"targetId\":null}],"
           CONTAINERS("{}")),
      "0 0 0 -||a=b ecs.capability.efs= | " },
    { TASK("\"runtimePlatform\":{\"cpuArchitecture\":\"ARM64\","
           "\"operatingSystemFamily\":\"LINUX\"}," CONTAINERS("{}")),
      "0 0 0 -|||LINUX ARM64" },
};

static void check_needs(const struct hc_ecs_needs *needs, const char *want)
{
    struct hc_buf out;

    hc_buf_init(&out, t_alloc(), 1000);
    put_summary(needs, &out);
    CHECK_STR(hc_buf_view(&out), want);
    hc_buf_fini(&out);
}

TEST(ops_definitions, what_a_task_needs_is_added_up_as_ecs_does)
{
    for (size_t i = 0; i < sizeof(needs_rows) / sizeof(*needs_rows); i++) {
        CHECK_INT(get(needs_rows[i].text, 1 + i * 3), 0);
        check_needs(&v.needs, needs_rows[i].needs);
        hc_ecs_answer_fini(&v.answer);
    }
}

/* Memory and snapshots hold this text.  Lists are read into their reverse, so
 * what was read twice is in order again. */
TEST(ops_definitions, needs_that_are_written_down_are_read_again)
{
    for (size_t i = 0; i < sizeof(needs_rows) / sizeof(*needs_rows); i++) {
        struct hc_buf text, want;

        hc_buf_init(&text, t_alloc(), 10000);
        hc_buf_init(&want, t_alloc(), 10000);
        CHECK_INT(get(needs_rows[i].text, 1000), 0);
        put_summary(&v.needs, &want);
        hc_buf_chr(&want, '\0');
        for (int round = 0; round < 2; round++) {
            struct hc_ecs_definition again;

            hc_buf_reset(&text);
            hc_ecs_put_needs(&text, &v.needs);
            CHECK_INT(hc_ecs_needs_get(&again, t_alloc(),
                                       hc_buf_view(&text)), 0);
            CHECK_INT(again.needs.network, v.needs.network);
            hc_ecs_answer_fini(&v.answer);
            v = again;
        }
        check_needs(&v.needs, want.p);
        hc_ecs_answer_fini(&v.answer);
        hc_buf_fini(&text);
        hc_buf_fini(&want);
    }
}

TEST(ops_definitions, other_types_are_refused)
{
    static const char *const texts[] = {
        PORTS("", "{\"hostPort\":\"80\"}"), PORTS("\"networkMode\":1,", ""),
        "[]", "{", "{\"taskDefinition\":[]}", DEFINITION("1"),
        DEFINITION("{\"type\":1}"), DEFINITION("{\"expression\":{}}"),
        "{\"taskDefinition\":{\"taskDefinitionArn\":1}}",
        "{\"taskDefinition\":{},\"taskDefinition\":{}}",
    };

    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        CHECK_INT(get(texts[i], 1000), HEADCOUNT_EANSWER);
        hc_ecs_answer_fini(&v.answer);
    }
}

static int reads(void)
{
    int err = get(DEFINITION(MEMBER("a") "," MEMBER("b")), 3);

    hc_ecs_answer_fini(&v.answer);
    return err;
}

/* Each host is compared with each of them. */
TEST(ops_definitions, attributes_that_no_definition_has_are_not_compared)
{
    for (size_t n = 256; n <= 257; n++) {
        struct hc_buf text;

        hc_buf_init(&text, t_alloc(), 100000);
        hc_buf_text(&text, "{\"taskDefinition\":{\"requiresAttributes\":[");
        for (size_t i = 0; i < n; i++)
            hc_buf_fmt(&text, "%s{\"name\":\"a%zu\"}", i > 0 ? "," : "", i);
        hc_buf_text(&text, "]," CONTAINERS("{}") "}}");
        CHECK_INT(get(hc_buf_z(&text), 10000), 0);
        CHECK_Z(v.needs.unclear, n == 256 ? NULL : "requiresAttributes");
        CHECK((v.needs.attributes != NULL) == (n == 256));
        hc_ecs_answer_fini(&v.answer);
        hc_buf_fini(&text);
    }
}

TEST(ops_definitions, memory_may_end_anywhere)
{
    t_fails_every_allocation(reads);
}
