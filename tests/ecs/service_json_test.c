/* tests/ecs/service_json_test.c - a service that is written down is the same
 * service when it is read again. */
#include "t.h"

#include <string.h>

#include "ecs/service_json.h"

#define AT "arn:aws:ecs:eu-west-1:111122223333:"
#define SERVICE(more) "{\"serviceArn\":\"" AT "service/prod/w\","            \
    "\"serviceName\":\"w\",\"clusterArn\":\"" AT "cluster/prod\","           \
    "\"status\":\"ACTIVE\",\"desiredCount\":4" more "}"

static struct hc_ecs_services first, again;

static int read_into(struct hc_ecs_services *v, const char *text)
{
    struct headcount_error error = { .code = 0 };
    int err;

    hc_ecs_service_json_init(v, t_alloc(), "the snapshot", HEADCOUNT_ESYNTAX,
                             strlen(text));
    err = hc_ecs_answer_feed(&v->answer, hc_str(text), &error);
    return err == 0 ? hc_ecs_answer_end(&v->answer, &error) : err;
}

static bool same_texts(const struct hc_ecs_text *a, const struct hc_ecs_text *b)
{
    size_t n = 0, m = 0;

    for (const struct hc_ecs_text *t = a; t != NULL; t = t->next) {
        bool found = false;

        for (const struct hc_ecs_text *u = b; u != NULL; u = u->next)
            found = found || hc_str_eq(t->s, u->s);
        if (!found)
            return false;
        n++;
    }
    for (; b != NULL; b = b->next)
        m++;
    return n == m;
}

static bool same_shares(const struct hc_ecs_share *a,
                        const struct hc_ecs_share *b)
{
    size_t n = 0, m = 0;

    for (const struct hc_ecs_share *s = a; s != NULL; s = s->next) {
        const struct hc_ecs_share *t = hc_ecs_share_find(b, s->provider);

        if (t == NULL || t->weight != s->weight || t->base != s->base)
            return false;
        n++;
    }
    for (; b != NULL; b = b->next)
        m++;
    return n == m;
}

static bool same_tags(const struct hc_ecs_tag *a, const struct hc_ecs_tag *b)
{
    for (; a != NULL; a = a->next) {
        const struct hc_ecs_tag *t = b;

        while (t != NULL && (!hc_str_eq(a->key, t->key) ||
                             !hc_str_eq(a->value, t->value)))
            t = t->next;
        if (t == NULL)
            return false;
    }
    return true;
}

static bool same_deployments(const struct hc_ecs_deployment *a,
                             const struct hc_ecs_deployment *b)
{
    for (; a != NULL && b != NULL; a = a->next, b = b->next)
        if (!hc_str_eq(a->id, b->id) || !hc_str_eq(a->status, b->status) ||
            !hc_str_eq(a->rollout_state, b->rollout_state) ||
            !hc_str_eq(a->task_definition, b->task_definition) ||
            a->desired != b->desired || a->running != b->running ||
            a->pending != b->pending || a->created != b->created ||
            a->updated != b->updated)
            return false;
    return a == NULL && b == NULL;
}

static void check_same(const struct hc_ecs_service *a,
                       const struct hc_ecs_service *b)
{
    CHECK(hc_str_eq(a->arn, b->arn) && hc_str_eq(a->name, b->name));
    CHECK(hc_str_eq(a->cluster_arn, b->cluster_arn));
    CHECK(hc_str_eq(a->task_definition, b->task_definition));
    CHECK(hc_str_eq(a->status_text, b->status_text));
    CHECK_INT(a->status, b->status);
    CHECK_INT(a->launch, b->launch);
    CHECK_INT(a->scheduling, b->scheduling);
    CHECK_INT(a->controller, b->controller);
    CHECK_INT(a->rollout, b->rollout);
    CHECK(a->express == b->express && a->discovery == b->discovery);
    CHECK(a->balanced == b->balanced);
    CHECK_INT(a->desired, b->desired);
    CHECK_INT(a->running, b->running);
    CHECK_INT(a->pending, b->pending);
    CHECK_INT(a->deployments, b->deployments);
    CHECK_INT(a->in_progress, b->in_progress);
    CHECK_INT(a->task_sets, b->task_sets);
    CHECK_Z(a->unclear, b->unclear);
    CHECK(same_texts(a->constraints, b->constraints));
    CHECK(a->distinct == b->distinct);
    CHECK(a->odd_constraints == b->odd_constraints);
    CHECK(a->odd_providers == b->odd_providers);
    CHECK(same_deployments(a->deployed, b->deployed));
    CHECK(a->connects == b->connects && a->volumes == b->volumes);
    CHECK(a->executes == b->executes);
    CHECK_INT(a->changed, b->changed);
    CHECK(hc_str_eq(a->said, b->said));
    CHECK_INT(a->said_at, b->said_at);
    CHECK(same_texts(a->subnets, b->subnets));
    CHECK(same_shares(a->providers, b->providers));
    CHECK(same_tags(a->tags, b->tags) && same_tags(b->tags, a->tags));
}

TEST(saved, what_is_written_down_is_read_again)
{
    static const char *const services[] = {
        SERVICE(""),
        SERVICE(",\"events\":[{\"createdAt\":7.25,\"message\":\"unable to "
                "place a task\"}]"),
        SERVICE(",\"events\":[{\"message\":\"unable to place a task\"}]"),
        SERVICE(",\"launchType\":\"EXTERNAL\",\"runningCount\":3,"
                "\"pendingCount\":1,\"taskDefinition\":\"" AT
                "task-definition/w:7\""),
        SERVICE(",\"launchType\":\"MOON\",\"schedulingStrategy\":\"X\","
                "\"deploymentController\":{},\"deploymentConfiguration\":"
                "{\"strategy\":\"NEW\"},\"resourceManagementType\":\"ECS\""),
        SERVICE(",\"schedulingStrategy\":\"DAEMON\",\"deploymentController\":"
                "{\"type\":\"CODE_DEPLOY\"},\"taskSets\":[{},{}],"
                "\"deploymentConfiguration\":{\"strategy\":\"CANARY\"},"
                "\"deployments\":[{\"rolloutState\":\"COMPLETED\"},{},"
                "{\"rolloutState\":\"IN_PROGRESS\"}]"),
        SERVICE(",\"deployments\":[{\"id\":\"ecs-svc/2\",\"status\":"
                "\"PRIMARY\",\"taskDefinition\":\"w:2\",\"desiredCount\":4,"
                "\"runningCount\":0,\"pendingCount\":2,\"createdAt\":5.5,"
                "\"updatedAt\":9,\"rolloutState\":\"FAILED\"},"
                "{\"status\":\"ACTIVE\",\"createdAt\":3}]"),
        SERVICE(",\"deployments\":[],\"taskSets\":[],"
                "\"serviceRegistries\":[{\"registryArn\":\"r\"}]"),
        SERVICE(",\"loadBalancers\":[{\"containerName\":\"c\"},{}]"),
        SERVICE(",\"launchType\":\"EC2\",\"placementConstraints\":["
                "{\"type\":\"memberOf\",\"expression\":\"attribute:a == 1\"},"
                "{\"type\":\"memberOf\","
                "\"expression\":\"\\\"b\\\" \\u00e9\"}]"),
        SERVICE(",\"launchType\":\"EC2\",\"placementConstraints\":["
                "{\"type\":\"memberOf\",\"expression\":\"a\"},"
                "{\"type\":\"new\"}]"),
        SERVICE(",\"launchType\":\"EC2\",\"placementConstraints\":["
                "{\"type\":\"distinctInstance\"},"
                "{\"type\":\"memberOf\",\"expression\":\"a\"}]"),
        SERVICE(",\"capacityProviderStrategy\":[{\"capacityProvider\":\"a\"},"
                "{\"capacityProvider\":\"b\"}],\"tags\":[{\"key\":"
                "\"headcount:pause\",\"value\":\"true\"},{\"key\":\"k\","
                "\"value\":\"\"}]"),
        SERVICE(",\"enableExecuteCommand\":true,\"networkConfiguration\":"
                "{\"awsvpcConfiguration\":{\"subnets\":[\"subnet-a\","
                "\"subnet-b\"]}},\"deployments\":[{\"status\":\"PRIMARY\","
                "\"rolloutState\":\"COMPLETED\",\"createdAt\":1000,"
                "\"updatedAt\":1760000000.25,\"volumeConfigurations\":[{}],"
                "\"serviceConnectConfiguration\":{\"enabled\":true}}]"),
        SERVICE(",\"capacityProviderStrategy\":[{\"weight\":1}]"),
        SERVICE(",\"capacityProviderStrategy\":[{\"capacityProvider\":\"a\","
                "\"weight\":0,\"base\":7},{\"capacityProvider\":\"b\","
                "\"weight\":3}]"),
        SERVICE(",\"capacityProviderStrategy\":[{\"capacityProvider\":\"a\","
                "\"weight\":0},{\"capacityProvider\":\"b\"}]"),
        SERVICE(",\"capacityProviderStrategy\":[{\"capacityProvider\":\"a\","
                "\"weight\":1001}]"),
        SERVICE(",\"deploymentController\":{\"type\":\"EXTERNAL\"},"
                "\"taskSets\":[{\"status\":\"PRIMARY\",\"launchType\":"
                "\"EXTERNAL\"},{\"status\":\"ACTIVE\"}]"),
        SERVICE(",\"deploymentController\":{\"type\":\"CODE_DEPLOY\"},"
                "\"taskSets\":[{\"status\":\"PRIMARY\",\"capacityProvider"
                "Strategy\":[{\"capacityProvider\":\"a\",\"weight\":2,"
                "\"base\":1},{\"capacityProvider\":\"b\",\"weight\":0}]}]"),
    };
    struct hc_buf text;

    hc_buf_init(&text, t_alloc(), 4000);
    for (size_t i = 0; i < sizeof(services) / sizeof(*services); i++) {
        hc_buf_reset(&text);
        hc_buf_fmt(&text, "{\"services\":[%s]}", services[i]);
        CHECK_INT(read_into(&first, hc_buf_z(&text)), 0);
        hc_buf_reset(&text);
        hc_buf_lit(&text, "{\"more\":1,\"services\":[");
        hc_ecs_put_service(&text, &first.services[0]);
        hc_buf_lit(&text, "]}");
        CHECK_INT(read_into(&again, hc_buf_z(&text)), 0);
        CHECK_INT(again.services_n, 1);
        check_same(&first.services[0], &again.services[0]);
        hc_ecs_answer_fini(&first.answer);
        hc_ecs_answer_fini(&again.answer);
    }
    hc_buf_fini(&text);
}

/* A version that read no weights wrote none: every provider counted. */
TEST(saved, a_strategy_without_any_weight_counts_all_its_providers)
{
    const struct hc_ecs_share *all;

    CHECK_INT(read_into(&first, "{\"services\":[" SERVICE(
        ",\"capacityProviderStrategy\":[{\"capacityProvider\":\"a\"},"
        "{\"capacityProvider\":\"b\"}]") "," SERVICE(
        ",\"capacityProviderStrategy\":[{\"capacityProvider\":\"a\"},"
        "{\"capacityProvider\":\"b\",\"weight\":1}]") "]}"), 0);
    all = first.services[0].providers;
    CHECK_INT(all->weight, 1);
    CHECK_INT(all->next->weight, 1);
    CHECK_Z(first.services[0].unclear, NULL);
    all = first.services[1].providers;
    CHECK_INT(hc_ecs_share_find(all, HC_STR("a"))->weight, 0);
    CHECK_INT(hc_ecs_share_find(all, HC_STR("b"))->weight, 1);
    hc_ecs_answer_fini(&first.answer);
}

TEST(saved, there_may_be_more_than_an_answer_holds)
{
    struct hc_buf text;

    hc_buf_init(&text, t_alloc(), (size_t)4 << 20);
    hc_buf_lit(&text, "{\"services\":[");
    for (int i = 0; i < HC_ECS_SAVED; i++) {
        hc_json_put_comma(&text);
        hc_buf_lit(&text, SERVICE(""));
    }
    size_t n = text.n;

    hc_buf_lit(&text, "]}");
    CHECK_INT(read_into(&first, hc_buf_z(&text)), 0);
    CHECK_INT(first.services_n, HC_ECS_SAVED);
    hc_ecs_answer_fini(&first.answer);
    text.n = n;
    hc_buf_lit(&text, "," SERVICE("") "]}");
    CHECK_INT(read_into(&first, hc_buf_z(&text)), HEADCOUNT_ESYNTAX);
    hc_ecs_answer_fini(&first.answer);
    hc_buf_fini(&text);
}
