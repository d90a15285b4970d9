/* tests/ecs/ops_providers_test.c - DescribeCapacityProviders, and the answer
 * of Application Auto Scaling beside it. */
#include "t.h"

#include <string.h>

#include "ecs/ops.h"

static struct hc_ecs_providers v;
static struct headcount_error error;

static int get(const char *text, size_t step)
{
    size_t n = strlen(text), at = 0;
    const char *p = t_guard(text, n);
    int err = 0;

    hc_error_reset(&error);
    hc_ecs_providers_init(&v, t_alloc());
    for (; err == 0 && at < n; at += step)
        err = hc_ecs_answer_feed(
            &v.answer, hc_str_n(p + at, n - at < step ? n - at : step), &error);
    return err == 0 ? hc_ecs_answer_end(&v.answer, &error) : err;
}

static const struct hc_ecs_provider *named(const char *name)
{
    const struct hc_ecs_provider *p = v.providers;

    while (p != NULL && !hc_str_eqz(p->name, name))
        p = p->next;
    return p;
}

TEST(ops_providers, the_requests)
{
    const struct hc_str names[] = { HC_STR("a"), HC_STR("b\"") };
    const struct hc_str services[] = { HC_STR("web"), HC_STR("api") };
    struct hc_buf out;

    hc_buf_init(&out, t_alloc(), 1000);
    hc_ecs_put_describe_providers(&out, HC_STR("prod"), names, 2, HC_STR(""));
    CHECK_STR(hc_buf_view(&out), "{\"cluster\":\"prod\",\"capacityProviders\":"
              "[\"a\",\"b\\\"\"]}");
    hc_buf_reset(&out);
    hc_ecs_put_describe_providers(&out, HC_STR("prod"), names, 1,
                                  HC_STR("t\""));
    CHECK_STR(hc_buf_view(&out), "{\"cluster\":\"prod\",\"capacityProviders\":"
              "[\"a\"],\"nextToken\":\"t\\\"\"}");
    hc_buf_reset(&out);
    hc_ecs_put_describe_targets(&out, HC_STR("prod"), services, 2,
                                HC_STR("t"));
    CHECK_STR(hc_buf_view(&out), "{\"ServiceNamespace\":\"ecs\","
              "\"ScalableDimension\":\"ecs:service:DesiredCount\","
              "\"ResourceIds\":[\"service/prod/web\",\"service/prod/api\"],"
              "\"NextToken\":\"t\"}");
    hc_buf_fini(&out);
}

TEST(ops_providers, what_scales_by_itself_is_managed)
{
    static const char text[] =
        "{\"capacityProviders\":[{\"name\":\"on\",\"status\":\"ACTIVE\","
        "\"autoScalingGroupProvider\":{\"autoScalingGroupArn\":\"x\","
        "\"managedScaling\":{\"status\":\"ENABLED\",\"targetCapacity\":100}}},"
        "{\"name\":\"off\",\"autoScalingGroupProvider\":{\"managedScaling\":"
        "{\"status\":\"DISABLED\"}}},{\"name\":\"bare\"},"
        "{\"name\":\"ecs\",\"managedInstancesProvider\":"
        "{\"infrastructureRoleArn\":\"r\"}},{\"name\":\"own\",\"type\":"
        "\"MANAGED_INSTANCES\"},{\"type\":\"EC2_AUTOSCALING\",\"name\":"
        "\"asg\"}],\"failures\":[],\"nextToken\":\"more\"}";

    for (size_t step = 1; step < sizeof(text); step += 7) {
        CHECK_INT(get(text, step), 0);
        CHECK(named("on")->managed && named("ecs")->managed);
        CHECK(!named("off")->managed && !named("bare")->managed);
        CHECK(named("own")->managed && !named("asg")->managed);
        CHECK(named("own")->instances && named("ecs")->instances);
        CHECK(!named("asg")->instances && !named("on")->instances);
        CHECK_STR(v.next, "more");
        hc_ecs_answer_fini(&v.answer);
    }
}

TEST(ops_providers, what_fails_is_told)
{
    CHECK_INT(get("{\"failures\":[{\"arn\":\"a\",\"reason\":\"MISSING\"}]}",
                  1000), 0);
    CHECK(v.providers == NULL);
    CHECK_STR(v.failure.reason, "MISSING");
    CHECK_INT(v.next.n, 0);
    hc_ecs_answer_fini(&v.answer);
}

TEST(ops_providers, other_types_are_refused)
{
    static const char *const texts[] = {
        "[]", "{", "{\"capacityProviders\":{}}",
        "{\"capacityProviders\":[1]}", "{\"capacityProviders\":[{\"name\":1}]}",
        "{\"capacityProviders\":[{\"autoScalingGroupProvider\":\"x\"}]}",
    };

    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        CHECK(get(texts[i], 1000) < 0);
        hc_ecs_answer_fini(&v.answer);
    }
}

static int reads(void)
{
    int err = get("{\"capacityProviders\":[{\"name\":\"a\"},{\"name\":\"b\"}],"
                  "\"failures\":[{\"arn\":\"c\"}]}", 3);

    hc_ecs_answer_fini(&v.answer);
    return err;
}

TEST(ops_providers, memory_may_end_anywhere)
{
    t_fails_every_allocation(reads);
}

TEST(ops_providers, scalable_targets_are_read_as_a_list)
{
    struct hc_ecs_arns arns;
    struct hc_str text = HC_STR("{\"ScalableTargets\":[{\"ResourceId\":\"x\","
                                "\"MinCapacity\":1}],\"NextToken\":\"n\"}");

    hc_ecs_targets_init(&arns, t_alloc());
    CHECK_INT(hc_ecs_answer_feed(&arns.answer, text, &error), 0);
    CHECK_INT(hc_ecs_answer_end(&arns.answer, &error), 0);
    CHECK_INT(arns.arns_n, 1);
    CHECK_STR(arns.arns[0], "x");
    CHECK_STR(arns.next, "n");
    hc_ecs_arns_fini(&arns);
}
