/* tests/ecs/ops_definitions_test.c - DescribeTaskDefinition. */
#include "t.h"

#include <string.h>

#include "ecs/ops.h"

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

TEST(ops_definitions, memory_may_end_anywhere)
{
    t_fails_every_allocation(reads);
}
