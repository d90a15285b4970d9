/* tests/op/op_fact_test.c - what the owner of an op sees of a service. */
#include "t.h"

#include <string.h>

#include "ecs/service_json.h"
#include "op/op_fact.h"

static struct hc_ecs_services view;
static struct hc_arena arena;

/* The fact of a service that has these members, too. */
static const struct headcount_service_fact *of(const char *more)
{
    struct headcount_error error = { .code = 0 };
    struct hc_buf text;
    const struct headcount_service_fact *fact;
    int err;

    hc_buf_init(&text, t_alloc(), 4000);
    hc_buf_fmt(&text, "{\"services\":[{\"serviceName\":\"w\",\"status\":"
               "\"ACTIVE\",\"desiredCount\":4%s}]}", more);
    hc_arena_init(&arena, t_alloc(), 64000);
    hc_ecs_service_json_init(&view, t_alloc(), "the snapshot",
                             HEADCOUNT_ESYNTAX, 4000);
    err = hc_ecs_answer_feed(&view.answer, hc_buf_view(&text), &error);
    if (err == 0)
        err = hc_ecs_answer_end(&view.answer, &error);
    CHECK_INT(err, 0);
    hc_buf_fini(&text);
    fact = hc_fact_service(&arena, &view.services[0]);
    CHECK_INT(hc_arena_error(&arena), 0);
    return fact;
}

static void end(void)
{
    hc_arena_fini(&arena);
    hc_ecs_answer_fini(&view.answer);
}

TEST(op_fact, a_service_that_is_not_there_is_none)
{
    hc_arena_init(&arena, t_alloc(), 64000);
    CHECK(hc_fact_service(&arena, NULL) == NULL);
    hc_arena_fini(&arena);
}

TEST(op_fact, what_an_answer_leaves_out_is_unknown_and_no_zero)
{
    const struct headcount_service_fact *s = of("");

    CHECK_INT(s->desired, 4);
    CHECK(s->running == HEADCOUNT_UNKNOWN && s->pending == HEADCOUNT_UNKNOWN);
    CHECK(s->deployments == NULL && s->deployments_n == 0);
    CHECK(s->constraints != NULL && s->constraints_n == 0 && !s->distinct);
    CHECK(s->strategy != NULL && s->strategy_n == 0);
    end();
    s = of(",\"deployments\":[]");
    CHECK(s->deployments != NULL && s->deployments_n == 0);
    end();
}

TEST(op_fact, constraints_have_their_types)
{
    const struct headcount_service_fact *s = of(
        ",\"placementConstraints\":[{\"type\":\"memberOf\",\"expression\":"
        "\"attribute:a == 1\"},{\"type\":\"distinctInstance\"},"
        "{\"type\":\"memberOf\",\"expression\":\"attribute:b == 2\"}]");

    CHECK_INT(s->constraints_n, 3);
    CHECK(s->distinct);
    CHECK_Z(s->constraints[0].type, "distinctInstance");
    CHECK_Z(s->constraints[0].expression, "");
    CHECK_Z(s->constraints[1].type, "memberOf");
    CHECK_Z(s->constraints[1].expression, "attribute:a == 1");
    CHECK_Z(s->constraints[2].expression, "attribute:b == 2");
    end();
}

TEST(op_fact, a_constraint_of_a_new_type_leaves_all_of_them_unknown)
{
    const struct headcount_service_fact *s = of(
        ",\"placementConstraints\":[{\"type\":\"distinctInstance\"},"
        "{\"type\":\"new\"}],\"capacityProviderStrategy\":["
        "{\"capacityProvider\":\"blue\",\"weight\":1}]");

    CHECK(s->constraints == NULL && s->constraints_n == 0);
    CHECK(s->distinct);
    CHECK_INT(s->strategy_n, 1);
    end();
}

TEST(op_fact, a_strategy_is_in_the_order_of_ecs_and_weighed)
{
    const struct headcount_service_fact *s = of(
        ",\"capacityProviderStrategy\":[{\"capacityProvider\":\"b\","
        "\"weight\":2,\"base\":1},{\"capacityProvider\":\"a\"}]");

    CHECK_INT(s->strategy_n, 2);
    CHECK_Z(s->strategy[0].provider, "b");
    CHECK(s->strategy[0].weight == 2 && s->strategy[0].base == 1);
    CHECK_Z(s->strategy[1].provider, "a");
    CHECK(s->strategy[1].weight == 0 && s->strategy[1].base == 0);
    end();
    s = of(",\"capacityProviderStrategy\":[{\"capacityProvider\":\"b\","
           "\"weight\":2000}]");
    CHECK(s->strategy == NULL && s->strategy_n == 0);
    end();
    s = of(",\"taskSets\":[{\"status\":\"PRIMARY\",\"launchType\":\"EC2\"},"
           "{\"status\":\"PRIMARY\"}]");
    CHECK(s->strategy == NULL);
    end();
}

TEST(op_fact, deployments_say_what_ecs_says)
{
    const struct headcount_service_fact *s = of(
        ",\"deployments\":[{\"id\":\"ecs-svc/2\",\"status\":\"PRIMARY\","
        "\"rolloutState\":\"IN_PROGRESS\",\"taskDefinition\":\"w:2\","
        "\"desiredCount\":4,\"runningCount\":0,\"pendingCount\":2,"
        "\"createdAt\":5.5,\"updatedAt\":9},{}]");
    const struct headcount_deployment *d = s->deployments;

    CHECK_INT(s->deployments_n, 2);
    CHECK_Z(d->id, "ecs-svc/2");
    CHECK_Z(d->status, "PRIMARY");
    CHECK_Z(d->rollout_state, "IN_PROGRESS");
    CHECK_Z(d->task_definition, "w:2");
    CHECK(d->desired == 4 && d->running == 0 && d->pending == 2);
    CHECK(d->created_at == 5500000 && d->updated_at == 9000000);
    d++;
    CHECK(d->id[0] == '\0' && d->rollout_state[0] == '\0');
    CHECK(d->desired == HEADCOUNT_UNKNOWN && d->running == HEADCOUNT_UNKNOWN);
    CHECK(d->created_at == HEADCOUNT_UNKNOWN);
    end();
}
