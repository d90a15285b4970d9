/* tests/ecs/ops_services_test.c - DescribeServices and UpdateService. */
#include "t.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "ecs/ops.h"

#define AT "arn:aws:ecs:eu-west-1:111122223333:"

static struct hc_ecs_services view;
static struct headcount_error error;

/* Whole (cut 0), in two pieces, or byte by byte (cut -1). */
static int read_text(bool updated, const char *text, int cut)
{
    size_t n = strlen(text), at = 0;
    const char *p = t_guard(text, n);
    int err = 0;

    hc_error_reset(&error);
    if (updated)
        hc_ecs_updated_init(&view, t_alloc());
    else
        hc_ecs_services_init(&view, t_alloc(), HC_ECS_EVENTS);
    while (err == 0 && at < n) {
        size_t step = cut < 0 ? 1 : at == 0 && cut > 0 ? (size_t)cut : n - at;

        err = hc_ecs_answer_feed(&view.answer, hc_str_n(p + at, step), &error);
        at += step;
    }
    return err == 0 ? hc_ecs_answer_end(&view.answer, &error) : err;
}

static int get(const char *text)
{
    return read_text(false, text, 0);
}

TEST(ops_services, requests)
{
    static const struct hc_str names[] = { { "web", 3 }, { "log", 3 } };
    struct hc_buf out;

    hc_buf_init(&out, t_alloc(), 1000);
    hc_ecs_put_describe_services(&out, HC_STR("prod"), names, 2);
    CHECK_STR(hc_buf_view(&out), "{\"cluster\":\"prod\",\"services\":"
              "[\"web\",\"log\"],\"include\":[\"TAGS\"]}");
    hc_buf_reset(&out);
    hc_ecs_put_update_service(&out, HC_STR(AT "cluster/prod"), HC_STR("web"),
                              0);
    CHECK_STR(hc_buf_view(&out), "{\"cluster\":\"" AT "cluster/prod\","
              "\"service\":\"web\",\"desiredCount\":0}");
    hc_buf_fini(&out);
}

/* What AWS sends, shortened where it repeats itself. */
static const char whole[] =
    "{\"failures\":[{\"arn\":\"" AT "service/prod/gone\",\"reason\":"
    "\"MISSING\"},{\"arn\":\"x\",\"reason\":\"r\",\"detail\":\"d\"}],"
    "\"services\":[{\"serviceArn\":\"" AT "service/prod/web\","
    "\"serviceName\":\"web\",\"clusterArn\":\"" AT "cluster/prod\","
    "\"loadBalancers\":[],\"serviceRegistries\":[{\"registryArn\":\"r\"}],"
    "\"status\":\"ACTIVE\",\"desiredCount\":4,\"runningCount\":3,"
    "\"pendingCount\":1,\"launchType\":\"EXTERNAL\","
    "\"taskDefinition\":\"" AT "task-definition/web:7\","
    "\"deploymentConfiguration\":{\"maximumPercent\":200,"
    "\"strategy\":\"CANARY\"},\"deployments\":[{\"id\":\"ecs-svc/1\","
    "\"status\":\"PRIMARY\",\"rolloutState\":\"IN_PROGRESS\"},"
    "{\"rolloutState\":\"COMPLETED\"},{}],\"taskSets\":[{},{\"id\":\"t\"}],"
    "\"events\":[{\"id\":\"1\",\"createdAt\":1.7e9,\"message\":\"(x)\"}],"
    "\"createdAt\":1700000000.123,\"placementConstraints\":["
    "{\"type\":\"memberOf\",\"expression\":\"attribute:a == 1\"},"
    "{\"type\":\"distinctInstance\"},"
    "{\"type\":\"memberOf\",\"expression\":\"\"},"
    "{\"expression\":\"attribute:no == 1\"},"
    "{\"expression\":\"attribute:b == 2\",\"type\":\"memberOf\"}],"
    "\"placementStrategy\":[{\"type\":\"spread\"}],"
    "\"capacityProviderStrategy\":[{\"capacityProvider\":\"one\","
    "\"weight\":1,\"base\":3},{\"weight\":7,\"capacityProvider\":\"two\"}],"
    "\"schedulingStrategy\":\"REPLICA\",\"deploymentController\":"
    "{\"type\":\"CODE_DEPLOY\"},\"tags\":[{\"key\":\"headcount:pause\","
    "\"value\":\"true\"},{\"key\":\"a\",\"value\":\"\"}],"
    "\"resourceManagementType\":\"CUSTOMER\"}]}";

static void check_whole(void)
{
    const struct hc_ecs_service *s = view.services;

    CHECK_INT(view.services_n, 1);
    CHECK_STR(s->arn, AT "service/prod/web");
    CHECK_STR(s->name, "web");
    CHECK_STR(s->cluster_arn, AT "cluster/prod");
    CHECK_STR(s->task_definition, AT "task-definition/web:7");
    CHECK_STR(s->status_text, "ACTIVE");
    CHECK_INT(s->status, STATUS_ACTIVE);
    CHECK_INT(s->launch, LAUNCH_EXTERNAL);
    CHECK_INT(s->scheduling, SCHEDULING_REPLICA);
    CHECK_INT(s->controller, CONTROLLER_CODE_DEPLOY);
    CHECK_INT(s->rollout, ROLLOUT_CANARY);
    CHECK(!s->express);
    CHECK(s->discovery);
    CHECK_INT(s->desired, 4);
    CHECK_INT(s->running, 3);
    CHECK_INT(s->pending, 1);
    CHECK_INT(s->deployments, 3);
    CHECK_INT(s->in_progress, 2);
    CHECK_INT(s->task_sets, 2);
    CHECK_Z(s->unclear, "placementConstraints");
    CHECK_STR(s->constraints->s, "attribute:a == 1");
    CHECK_STR(s->constraints->next->s, "attribute:b == 2");
    CHECK(s->constraints->next->next == NULL);
    CHECK(s->distinct && s->odd_constraints && !s->odd_providers);
    CHECK(s->deployed == NULL);
    CHECK_STR(s->providers->provider, "one");
    CHECK_INT(s->providers->weight, 1);
    CHECK_INT(s->providers->base, 3);
    CHECK_STR(s->providers->next->provider, "two");
    CHECK_INT(s->providers->next->weight, 7);
    CHECK_INT(s->providers->next->base, 0);
    CHECK(s->providers->next->next == NULL);
    CHECK_STR(s->tags->key, "a");
    CHECK_STR(s->tags->value, "");
    CHECK_STR(s->tags->next->key, "headcount:pause");
    CHECK_STR(s->tags->next->value, "true");
    CHECK_INT(view.failures_n, 2);
    CHECK_STR(view.failures[0].arn, AT "service/prod/gone");
    CHECK_STR(view.failures[0].reason, "MISSING");
    CHECK_STR(view.failures[0].detail, "");
    CHECK_STR(view.failures[1].detail, "d");
}

TEST(ops_services, an_answer_is_the_same_at_every_split)
{
    for (int cut = -1; cut < (int)sizeof(whole) - 1; cut++) {
        CHECK_INT(read_text(false, whole, cut), 0);
        check_whole();
        hc_ecs_answer_fini(&view.answer);
    }
}

TEST(ops_services, no_part_of_an_answer_is_one)
{
    char text[sizeof(whole)];

    for (size_t n = 0; n < sizeof(whole) - 1; n++) {
        memcpy(text, whole, n);
        text[n] = '\0';
        CHECK_INT(get(text), HEADCOUNT_EANSWER);
        CHECK(error.what[0] != '\0');
        hc_ecs_answer_fini(&view.answer);
    }
}

#define ONE(more) "{\"services\":[{\"serviceName\":\"w\",\"status\":"        \
    "\"ACTIVE\",\"desiredCount\":0" more "}]}"

TEST(ops_services, what_an_old_answer_leaves_out_has_a_meaning)
{
    CHECK_INT(get(ONE("")), 0);

    const struct hc_ecs_service *s = view.services;

    CHECK_INT(s->launch, LAUNCH_NONE);
    CHECK_INT(s->scheduling, SCHEDULING_REPLICA);
    CHECK_INT(s->controller, CONTROLLER_ECS);
    CHECK_INT(s->rollout, ROLLOUT_ROLLING);
    CHECK_INT(s->desired, 0);
    CHECK_INT(s->running, -1);
    CHECK_INT(s->pending, -1);
    CHECK_INT(s->deployments, -1);
    CHECK_INT(s->task_sets, -1);
    CHECK(!s->express && !s->discovery);
    CHECK(s->constraints == NULL && s->providers == NULL && s->tags == NULL);
    hc_ecs_answer_fini(&view.answer);
    CHECK_INT(get("{\"services\":[{\"serviceArn\":\"" AT "service/prod/w\","
                  "\"status\":\"ACTIVE\",\"desiredCount\":1}]}"), 0);
    CHECK_STR(view.services[0].name, "w");
    hc_ecs_answer_fini(&view.answer);
}

enum word { STATUS, LAUNCH, SCHEDULING, CONTROLLER, ROLLOUT, EXPRESS,
            DISCOVERY, BALANCED, DEPLOYMENTS, TASK_SETS, IN_PROGRESS };

static const struct { const char *more; enum word what; int want; } words[] = {
    { ",\"launchType\":\"EC2\"", LAUNCH, LAUNCH_EC2 },
    { ",\"launchType\":\"FARGATE\"", LAUNCH, LAUNCH_FARGATE },
    { ",\"launchType\":\"EXTERNAL\"", LAUNCH, LAUNCH_EXTERNAL },
    { ",\"launchType\":\"MANAGED_INSTANCES\"", LAUNCH, LAUNCH_MANAGED },
    { ",\"launchType\":\"MOON\"", LAUNCH, LAUNCH_OTHER },
    { ",\"launchType\":null", LAUNCH, LAUNCH_NONE },
    { ",\"schedulingStrategy\":\"DAEMON\"", SCHEDULING, SCHEDULING_DAEMON },
    { ",\"schedulingStrategy\":\"daemon\"", SCHEDULING, SCHEDULING_OTHER },
    { ",\"deploymentController\":{\"type\":\"ECS\"}", CONTROLLER,
      CONTROLLER_ECS },
    { ",\"deploymentController\":{\"type\":\"EXTERNAL\"}", CONTROLLER,
      CONTROLLER_EXTERNAL },
    { ",\"deploymentController\":{\"type\":\"X\"}", CONTROLLER,
      CONTROLLER_OTHER },
    { ",\"deploymentController\":{}", CONTROLLER, CONTROLLER_OTHER },
    { ",\"deploymentController\":{\"type\":null}", CONTROLLER,
      CONTROLLER_OTHER },
    { ",\"deploymentController\":null", CONTROLLER, CONTROLLER_ECS },
    { ",\"deploymentConfiguration\":{\"strategy\":\"ROLLING\"}", ROLLOUT,
      ROLLOUT_ROLLING },
    { ",\"deploymentConfiguration\":{\"strategy\":\"BLUE_GREEN\"}", ROLLOUT,
      ROLLOUT_BLUE_GREEN },
    { ",\"deploymentConfiguration\":{\"strategy\":\"LINEAR\"}", ROLLOUT,
      ROLLOUT_LINEAR },
    { ",\"deploymentConfiguration\":{\"strategy\":\"NEW\"}", ROLLOUT,
      ROLLOUT_OTHER },
    { ",\"resourceManagementType\":\"ECS\"", EXPRESS, true },
    { ",\"resourceManagementType\":\"CUSTOMER\"", EXPRESS, false },
    { ",\"resourceManagementType\":\"NEW\"", EXPRESS, true },
    { ",\"deployments\":[]", DEPLOYMENTS, 0 },
    { ",\"deployments\":null", DEPLOYMENTS, -1 },
    { ",\"taskSets\":[]", TASK_SETS, 0 },
    { ",\"taskSets\":[{},{}]", TASK_SETS, 2 },
    { ",\"deployments\":[{\"rolloutState\":\"COMPLETED\"},"
      "{\"rolloutState\":\"FAILED\"}]", IN_PROGRESS, 0 },
    { ",\"deployments\":[{\"rolloutState\":\"NEW\"}]", IN_PROGRESS, 1 },
    { ",\"deployments\":[{\"rolloutState\":null},{}]", IN_PROGRESS, 2 },
    { ",\"serviceRegistries\":[]", DISCOVERY, false },
    { ",\"serviceRegistries\":[{}]", DISCOVERY, true },
    { ",\"loadBalancers\":[]", BALANCED, false },
    { ",\"loadBalancers\":[{\"containerName\":\"c\"}]", BALANCED, true },
    { ",\"taskSets\":[{\"loadBalancers\":[{}]}]", BALANCED, true },
    { ",\"deployments\":[{\"serviceConnectConfiguration\":"
      "{\"enabled\":true}},{\"serviceConnectConfiguration\":"
      "{\"enabled\":false}}]", DISCOVERY, true },
    { ",\"deployments\":[{\"serviceConnectConfiguration\":"
      "{\"enabled\":false,\"services\":[{}]}}]", DISCOVERY, false },
};

static int word_of(const struct hc_ecs_service *s, enum word what)
{
    switch (what) {
    case STATUS:      return (int)s->status;
    case LAUNCH:      return (int)s->launch;
    case SCHEDULING:  return (int)s->scheduling;
    case CONTROLLER:  return (int)s->controller;
    case ROLLOUT:     return (int)s->rollout;
    case EXPRESS:     return s->express;
    case DISCOVERY:   return s->discovery;
    case BALANCED:    return s->balanced;
    case DEPLOYMENTS: return (int)s->deployments;
    case TASK_SETS:   return (int)s->task_sets;
    case IN_PROGRESS: return (int)s->in_progress;
    }
    return -1;
}

/* ---- what decides whether a host can take a task ---- */

TEST(ops_services, when_its_primary_deployment_changed)
{
    static const struct { const char *deployments; long long changed; } rows[] =
    {
        { "", -1 },
        { "{\"status\":\"PRIMARY\"}", -1 },
        { "{\"status\":\"PRIMARY\",\"createdAt\":5}", 5000000 },
        { "{\"status\":\"PRIMARY\",\"createdAt\":5,\"updatedAt\":9}", 9000000 },
        { "{\"updatedAt\":9,\"createdAt\":5,\"status\":\"PRIMARY\"}", 9000000 },
        { "{\"status\":\"ACTIVE\",\"updatedAt\":9}", -1 },
        { "{\"status\":\"PRIMARY\",\"updatedAt\":9},{\"status\":\"ACTIVE\","
          "\"updatedAt\":12}", 9000000 },
    };
    char text[400];

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        snprintf(text, sizeof(text), ONE(",\"deployments\":[%s]"),
                 rows[i].deployments);
        CHECK_INT(get(text), 0);
        CHECK_INT(view.services->changed, rows[i].changed);
        hc_ecs_answer_fini(&view.answer);
    }
}

TEST(ops_services, deployments_are_kept_in_order_if_they_are_asked_for)
{
    const struct hc_ecs_deployment *d;
    const char *text = ONE(
        ",\"deployments\":[{\"id\":\"ecs-svc/2\",\"status\":\"PRIMARY\","
        "\"taskDefinition\":\"w:2\",\"desiredCount\":4,\"runningCount\":3,"
        "\"pendingCount\":1,\"createdAt\":5.5,\"updatedAt\":9,"
        "\"rolloutState\":\"IN_PROGRESS\"},{\"id\":null}]");

    hc_error_reset(&error);
    hc_ecs_services_init(&view, t_alloc(), HC_ECS_DEPLOYMENTS);
    CHECK_INT(hc_ecs_answer_feed(&view.answer, hc_str(text), &error), 0);
    CHECK_INT(hc_ecs_answer_end(&view.answer, &error), 0);
    d = view.services->deployed;
    CHECK_STR(d->id, "ecs-svc/2");
    CHECK_STR(d->status, "PRIMARY");
    CHECK_STR(d->rollout_state, "IN_PROGRESS");
    CHECK_STR(d->task_definition, "w:2");
    CHECK(d->desired == 4 && d->running == 3 && d->pending == 1);
    CHECK(d->created == 5500000 && d->updated == 9000000);
    d = d->next;
    CHECK_INT(d->id.n + d->status.n + d->rollout_state.n, 0);
    CHECK(d->desired == -1 && d->running == -1 && d->pending == -1);
    CHECK(d->created == -1 && d->updated == -1 && d->next == NULL);
    CHECK_INT(view.services->changed, 9000000);
    CHECK_INT(view.services->in_progress, 2);
    hc_ecs_answer_fini(&view.answer);
    CHECK_INT(get(text), 0);
    CHECK(view.services->deployed == NULL);
    CHECK_INT(view.services->deployments, 2);
    hc_ecs_answer_fini(&view.answer);
}

TEST(ops_services, subnets_and_features_that_hosts_must_have)
{
    CHECK_INT(get(ONE(
        ",\"networkConfiguration\":{\"awsvpcConfiguration\":{\"subnets\":"
        "[\"subnet-a\",\"subnet-b\"]}},\"enableExecuteCommand\":true,"
        "\"deployments\":[{\"volumeConfigurations\":[{\"name\":\"v\"}],"
        "\"serviceConnectConfiguration\":{\"enabled\":true}}]")), 0);
    CHECK(view.services->executes && view.services->volumes);
    CHECK(view.services->connects && view.services->discovery);
    CHECK_STR(view.services->subnets->next->s, "subnet-a");
    CHECK(view.services->subnets->next->next == NULL);
    hc_ecs_answer_fini(&view.answer);
    CHECK_INT(get(ONE(
        ",\"networkConfiguration\":{},\"enableExecuteCommand\":false,"
        "\"deployments\":[{\"volumeConfigurations\":[],"
        "\"serviceConnectConfiguration\":{\"enabled\":false}}]")), 0);
    CHECK(!view.services->executes && !view.services->volumes);
    CHECK(!view.services->connects && view.services->subnets == NULL);
    hc_ecs_answer_fini(&view.answer);
}

/* Only events about placement are kept, and of those the newest. */
TEST(ops_services, what_ecs_said_last_about_placement)
{
    static const struct { const char *events, *said; long long at; } rows[] = {
        { "", "", -1 },
        { "{\"createdAt\":9,\"message\":\"has reached a steady state.\"}", "",
          -1 },
        { "{\"createdAt\":9,\"message\":\"(service w) has started\"},"
          "{\"createdAt\":5.5,\"message\":\"w was unable to place a task "
          "because\"},{\"createdAt\":4,\"message\":\"w was unable to place a "
          "task: old\"}", "w was unable to place a task because", 5500000 },
        { "{\"createdAt\":4,\"message\":\"unable to place a task: old\"},"
          "{\"message\":\"w is unable to place a task in Availability Zone z\","
          "\"createdAt\":6}",
          "w is unable to place a task in Availability Zone z", 6000000 },
        { "{\"message\":\"unable to place a task\"},{\"createdAt\":4}",
          "unable to place a task", -1 },
    };
    char text[600];

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        snprintf(text, sizeof(text), ONE(",\"events\":[%s]"), rows[i].events);
        CHECK_INT(get(text), 0);
        CHECK_STR(view.services->said, rows[i].said);
        CHECK_INT(view.services->said_at, rows[i].at);
        hc_ecs_answer_fini(&view.answer);
    }
}

/* A long event is cut between two characters. */
TEST(ops_services, what_ecs_said_is_cut)
{
    char text[2000] = "{\"services\":[{\"serviceName\":\"w\",\"status\":"
        "\"ACTIVE\",\"desiredCount\":1,\"launchType\":\"EC2\",\"events\":"
        "[{\"message\":\"unable to place a task ";

    for (size_t i = 0; i < HC_ECS_SAID; i++)
        strcat(text, "\xc3\xa9");
    strcat(text, "\"}]}]}");
    CHECK_INT(get(text), 0);
    CHECK_INT(view.services->said.n, HC_ECS_SAID - 1);
    CHECK(hc_text_is_utf8(view.services->said));
    hc_ecs_answer_fini(&view.answer);
}

/* A run that explains nothing does not even look at them. */
TEST(ops_services, events_go_by_unread)
{
    const char *text = ONE(",\"events\":[{\"message\":7,\"createdAt\":\"x\"}]");

    hc_ecs_services_init(&view, t_alloc(), 0);
    CHECK_INT(hc_ecs_answer_feed(&view.answer, hc_str(text), &error), 0);
    CHECK_INT(hc_ecs_answer_end(&view.answer, &error), 0);
    CHECK_INT(view.services->said.n, 0);
    hc_ecs_answer_fini(&view.answer);
    CHECK_INT(get(text), HEADCOUNT_EANSWER);
    hc_ecs_answer_fini(&view.answer);
}

TEST(ops_services, a_strategy_stays_in_its_order)
{
    CHECK_INT(get(ONE(",\"capacityProviderStrategy\":["
                      "{\"capacityProvider\":\"a\",\"weight\":1},"
                      "{\"capacityProvider\":\"b\",\"weight\":1}]")), 0);
    CHECK_STR(view.services->providers->provider, "a");
    CHECK_STR(view.services->providers->next->provider, "b");
    hc_ecs_answer_fini(&view.answer);
}

TEST(ops_services, enums_are_understood_or_other)
{
    static const struct { const char *status; int want; } status[] = {
        { "ACTIVE", STATUS_ACTIVE }, { "DRAINING", STATUS_DRAINING },
        { "INACTIVE", STATUS_INACTIVE }, { "active", STATUS_OTHER },
    };
    char text[300];

    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
        hc_fmt(text, sizeof(text), ONE("%s"), words[i].more);
        CHECK_INT(get(text), 0);
        CHECK_INT(word_of(view.services, words[i].what), words[i].want);
        hc_ecs_answer_fini(&view.answer);
    }
    for (size_t i = 0; i < sizeof(status) / sizeof(*status); i++) {
        hc_fmt(text, sizeof(text), "{\"services\":[{\"serviceName\":\"w\","
               "\"status\":\"%s\",\"desiredCount\":0}]}", status[i].status);
        CHECK_INT(get(text), 0);
        CHECK_INT(word_of(view.services, STATUS), status[i].want);
        CHECK_STR(view.services[0].status_text, status[i].status);
        hc_ecs_answer_fini(&view.answer);
    }
}

TEST(ops_services, what_leaves_its_hosts_open_is_named)
{
#define CONSTRAINT(more) ",\"launchType\":\"EC2\",\"placementConstraints"   \
    "\":[{\"type\":\"distinctInstance\"},{" more "}]"
#define STRATEGY(more) ",\"capacityProviderStrategy\":[{" more "}]"
#define NAMED(name) "\"capacityProvider\":\"" name "\",\"weight\":"
    static const struct { const char *more, *unclear; } rows[] = {
        { "", "launchType, nor capacityProviderStrategy" },
        { ",\"launchType\":null,\"capacityProviderStrategy\":[]",
          "launchType, nor capacityProviderStrategy" },
        { ",\"launchType\":\"MOON\"", "launchType" },
        { ",\"launchType\":\"EC2\"", NULL },
        { ",\"deploymentController\":{\"type\":\"EXTERNAL\"}", NULL },
        { CONSTRAINT("\"type\":\"memberOf\",\"expression\":\"a\""), NULL },
        { CONSTRAINT("\"type\":\"memberOf\""), "placementConstraints" },
        { CONSTRAINT("\"type\":\"memberOf\",\"expression\":null"),
          "placementConstraints" },
        { CONSTRAINT("\"type\":\"new\",\"expression\":\"a\""),
          "placementConstraints" },
        { CONSTRAINT(""), "placementConstraints" },
        { STRATEGY("\"capacityProvider\":\"asg\""), NULL },
        { STRATEGY("\"capacityProvider\":\"\""), "capacityProviderStrategy" },
        { STRATEGY("\"weight\":1"), "capacityProviderStrategy" },
        { STRATEGY(NAMED("asg") "0,\"base\":5"), NULL },
        { STRATEGY(NAMED("asg") "1000,\"base\":100000"), NULL },
        { STRATEGY(NAMED("asg") "-1"), "capacityProviderStrategy" },
        { STRATEGY(NAMED("asg") "1001"), "capacityProviderStrategy" },
        { STRATEGY(NAMED("asg") "1,\"base\":-1"),
          "capacityProviderStrategy" },
        { STRATEGY(NAMED("asg") "1,\"base\":100001"),
          "capacityProviderStrategy" },
        { STRATEGY(NAMED("a") "1},{" NAMED("a") "1"),
          "capacityProviderStrategy" },
        { STRATEGY(NAMED("a") "0},{" NAMED("b") "1"), NULL },
        { STRATEGY(NAMED("a") "0},{" NAMED("b") "0,\"base\":1"), NULL },
        { STRATEGY(NAMED("a") "0},{" NAMED("b") "0"),
          "capacityProviderStrategy with a weight above 0" },
        { STRATEGY("\"capacityProvider\":\"a\"},{\"capacityProvider\":\"b\""),
          "capacityProviderStrategy with a weight above 0" },
    };
    char text[300];

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        hc_fmt(text, sizeof(text), ONE("%s"), rows[i].more);
        CHECK_INT(get(text), 0);
        CHECK_Z(view.services[0].unclear, rows[i].unclear);
        hc_ecs_answer_fini(&view.answer);
    }
#undef CONSTRAINT
#undef STRATEGY
#undef NAMED
}

/* Where the service says nothing its PRIMARY task set does. */
TEST(ops_services, a_task_set_says_where_tasks_run)
{
#define SETS(more) ",\"taskSets\":[" more "]"
#define PRIMARY(more) "{\"status\":\"PRIMARY\"" more "}"
#define ACTIVE(more) "{\"status\":\"ACTIVE\"" more "}"
#define LAUNCH(type) ",\"launchType\":\"" type "\""
#define STRATEGY(more) ",\"capacityProviderStrategy\":[{" more "}]"
#define ASG "\"capacityProvider\":\"asg\",\"weight\":2,\"base\":1"
    static const struct {
        const char *more;
        enum hc_ecs_launch launch;
        const char *provider, *unclear;
    } rows[] = {
        { SETS(PRIMARY(LAUNCH("EC2"))), LAUNCH_EC2, NULL, NULL },
        { SETS(ACTIVE(LAUNCH("FARGATE")) "," PRIMARY(LAUNCH("EXTERNAL"))),
          LAUNCH_EXTERNAL, NULL, NULL },
        { SETS(PRIMARY(STRATEGY(ASG)) "," ACTIVE(LAUNCH("FARGATE"))),
          LAUNCH_NONE, "asg", NULL },
        /* The service's own word comes first. */
        { LAUNCH("EC2") SETS(PRIMARY(STRATEGY(ASG))), LAUNCH_EC2, NULL, NULL },
        { STRATEGY("\"capacityProvider\":\"own\"")
          SETS(PRIMARY(LAUNCH("EC2"))), LAUNCH_NONE, "own", NULL },
        { ",\"capacityProviderStrategy\":[]" SETS(PRIMARY(LAUNCH("EC2"))),
          LAUNCH_EC2, NULL, NULL },
        { SETS(ACTIVE(LAUNCH("EC2"))), LAUNCH_NONE, NULL,
          "launchType, nor capacityProviderStrategy" },
        { SETS("{\"launchType\":\"EC2\"}"), LAUNCH_NONE, NULL,
          "launchType, nor capacityProviderStrategy" },
        { SETS(PRIMARY("")), LAUNCH_NONE, NULL,
          "launchType, nor capacityProviderStrategy" },
        { SETS(PRIMARY(LAUNCH("MOON"))), LAUNCH_OTHER, NULL, "launchType" },
        { SETS(PRIMARY(STRATEGY("\"weight\":1"))), LAUNCH_NONE, NULL,
          "capacityProviderStrategy" },
        { SETS(PRIMARY(LAUNCH("EC2")) "," ACTIVE(STRATEGY("\"weight\":1"))),
          LAUNCH_EC2, NULL, NULL },
        { SETS(PRIMARY(LAUNCH("EC2")) "," PRIMARY(LAUNCH("EXTERNAL"))),
          LAUNCH_EXTERNAL, NULL, "taskSets" },
        { LAUNCH("EC2") SETS(PRIMARY("") "," PRIMARY("")), LAUNCH_EC2, NULL,
          NULL },
        { SETS("") ",\"deploymentController\":{\"type\":\"EXTERNAL\"}",
          LAUNCH_NONE, NULL, NULL },
    };
    char text[400];

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        const struct hc_ecs_service *s = view.services;

        hc_fmt(text, sizeof(text), ONE("%s"), rows[i].more);
        CHECK_INT(get(text), 0);
        s = view.services;
        CHECK_INT(s->launch, rows[i].launch);
        CHECK_Z(s->unclear, rows[i].unclear);
        CHECK((s->providers != NULL) == (rows[i].provider != NULL));
        if (s->providers != NULL)
            CHECK(hc_str_eqz(s->providers->provider, rows[i].provider));
        hc_ecs_answer_fini(&view.answer);
    }
#undef SETS
#undef PRIMARY
#undef ACTIVE
#undef LAUNCH
#undef STRATEGY
#undef ASG
}

/* The task sets of one service are not the next one's. */
TEST(ops_services, a_task_set_is_its_own_services)
{
    CHECK_INT(get("{\"services\":[{\"serviceName\":\"a\",\"status\":\"X\","
                  "\"desiredCount\":1,\"taskSets\":[{\"status\":\"PRIMARY\","
                  "\"launchType\":\"EC2\"}]},{\"serviceName\":\"b\","
                  "\"status\":\"ACTIVE\",\"desiredCount\":2}]}"), 0);
    CHECK_INT(view.services[0].launch, LAUNCH_EC2);
    CHECK_INT(view.services[1].launch, LAUNCH_NONE);
    CHECK_Z(view.services[1].unclear,
            "launchType, nor capacityProviderStrategy");
    hc_ecs_answer_fini(&view.answer);
}

/* Constraints of one service are not the next one's. */
/* Each is held against each host: an answer of a few megabytes would take the
 * time of a minute. */
TEST(ops_services, a_strategy_of_more_providers_than_any_has_is_not_understood)
{
    static const char *const around[][2] = {
        { ",\"capacityProviderStrategy\":[", "]" },
        { ",\"taskSets\":[{\"status\":\"PRIMARY\","
          "\"capacityProviderStrategy\":[", "]}]" },
    };

    for (size_t i = 0; i < 4; i++) {
        size_t n = HC_ECS_SHARES + i % 2, kept = 0;
        struct hc_buf text;

        hc_buf_init(&text, t_alloc(), 100000);
        hc_buf_lit(&text, "{\"services\":[{\"serviceName\":\"web\","
                   "\"status\":\"ACTIVE\",\"desiredCount\":1");
        hc_buf_text(&text, around[i / 2][0]);
        for (size_t k = 0; k < n; k++)
            hc_buf_fmt(&text, "%s{\"capacityProvider\":\"p%zu\",\"weight\":1}",
                       k > 0 ? "," : "", k);
        hc_buf_text(&text, around[i / 2][1]);
        hc_buf_lit(&text, "}]}");
        CHECK_INT(get(hc_buf_z(&text)), 0);
        CHECK_Z(view.services[0].unclear,
                i % 2 == 0 ? NULL : "capacityProviderStrategy");
        for (const struct hc_ecs_share *s = view.services[0].providers;
             s != NULL; s = s->next)
            kept++;
        CHECK_INT(kept, HC_ECS_SHARES);
        hc_ecs_answer_fini(&view.answer);
        hc_buf_fini(&text);
    }
}

TEST(ops_services, what_one_service_has_the_next_has_not)
{
    CHECK_INT(get("{\"services\":[{\"serviceName\":\"a\",\"status\":\"X\","
                  "\"desiredCount\":1,\"placementConstraints\":[{\"type\":"
                  "\"distinctInstance\"},{\"type\":"
                  "\"memberOf\",\"expression\":\"e\"}],\"tags\":[{\"key\":"
                  "\"k\"}]},{\"serviceName\":\"b\",\"status\":\"ACTIVE\","
                  "\"desiredCount\":2,\"placementConstraints\":[{}]}]}"), 0);
    CHECK_INT(view.services_n, 2);
    CHECK_STR(view.services[0].constraints->s, "e");
    CHECK(view.services[1].constraints == NULL);
    CHECK(view.services[0].distinct && !view.services[1].distinct);
    CHECK(view.services[1].tags == NULL);
    CHECK_INT(view.services[0].desired, 1);
    CHECK_INT(view.services[1].desired, 2);
    hc_ecs_answer_fini(&view.answer);
}

static const struct { const char *text, *says; } bad[] = {
    { "7", "no JSON object" }, { "<html>", "DescribeServices" },
    { "{\"services\":[{}]}", "\"serviceName\"" },
    { "{\"services\":[{\"serviceArn\":\"junk:\",\"status\":\"A\","
      "\"desiredCount\":1}]}", "\"serviceName\"" },
    { "{\"services\":[{\"serviceName\":\"w\",\"desiredCount\":1}]}",
      "\"status\"" },
    { "{\"services\":[{\"serviceName\":\"w\",\"status\":\"ACTIVE\"}]}",
      "\"desiredCount\"" },
    { "{\"services\":[{\"serviceName\":\"w\",\"status\":\"ACTIVE\","
      "\"desiredCount\":-1}]}", "\"desiredCount\"" },
    { ONE(",\"desiredCount\":5"), "twice" },
    { ONE(",\"runningCount\":\"5\""), "not an integer" },
    { ONE(",\"tags\":{}"), "array of objects" },
    { ONE(",\"deploymentController\":\"ECS\""), "not an object" },
};

TEST(ops_services, what_cannot_be_judged_is_refused)
{
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        CHECK_INT(get(bad[i].text), HEADCOUNT_EANSWER);
        CHECK(strstr(error.what, "DescribeServices") != NULL);
        if (strstr(error.what, bad[i].says) == NULL)
            CHECK_Z(error.what, bad[i].says);
        hc_ecs_answer_fini(&view.answer);
    }
}

static void repeat(struct hc_buf *out, const char *list, const char *one,
                   size_t n)
{
    hc_buf_init(out, t_alloc(), (size_t)2 << 20);
    hc_buf_fmt(out, "{\"%s\":[", list);
    for (size_t i = 0; i < n; i++)
        hc_buf_fmt(out, "%s%s", i > 0 ? "," : "", one);
    hc_buf_text(out, "]}");
}

TEST(ops_services, ten_are_asked_for_and_no_more_are_taken)
{
    static const struct { const char *list, *one; } rows[] = {
        { "services", "{\"serviceName\":\"w\",\"status\":\"ACTIVE\","
          "\"desiredCount\":0}" },
        { "failures", "{\"arn\":\"a\"}" },
    };

    for (size_t i = 0; i < 2; i++)
        for (size_t n = 10; n <= 11; n++) {
            struct hc_buf text;

            repeat(&text, rows[i].list, rows[i].one, n);
            CHECK_INT(get(hc_buf_z(&text)), n == 10 ? 0 : HEADCOUNT_EANSWER);
            if (n == 11)
                CHECK(strstr(error.what, "more than 10") != NULL);
            hc_ecs_answer_fini(&view.answer);
            hc_buf_fini(&text);
        }
}

/* Many tags on one service, long ones: more than is kept of one. */
TEST(ops_services, what_is_kept_of_one_service_is_bounded)
{
    for (size_t n = 2; n <= 3; n++) {
        static char big[100001];
        struct hc_buf text;

        memset(big, 'v', sizeof(big) - 1);
        hc_buf_init(&text, t_alloc(), (size_t)2 << 20);
        hc_buf_text(&text, "{\"services\":[{\"serviceName\":\"w\",\"status\":"
                    "\"ACTIVE\",\"desiredCount\":0,\"tags\":[");
        for (size_t i = 0; i < n; i++)
            hc_buf_fmt(&text, "%s{\"value\":\"%s\"}", i > 0 ? "," : "", big);
        hc_buf_text(&text, "]}]}");
        CHECK_INT(get(hc_buf_z(&text)), n == 2 ? 0 : HEADCOUNT_EANSWER);
        if (n == 3)
            CHECK(strstr(error.what, "\"w\" holds more") != NULL);
        hc_ecs_answer_fini(&view.answer);
        hc_buf_fini(&text);
    }
}

/* Events are read by: a megabyte of them costs no memory. */
TEST(ops_services, events_are_not_kept)
{
    struct hc_buf text;

    hc_buf_init(&text, t_alloc(), (size_t)4 << 20);
    hc_buf_text(&text, "{\"services\":[{\"events\":[");
    for (size_t i = 0; i < 20000; i++)
        hc_buf_fmt(&text, "%s{\"id\":\"%zu\",\"message\":\"(service w) has "
                   "reached a steady state.\"}", i > 0 ? "," : "", i);
    hc_buf_text(&text, "],\"serviceName\":\"w\",\"status\":\"ACTIVE\","
                "\"desiredCount\":0}]}");

    const char *z = hc_buf_z(&text);
    long before = t_alloc_state()->total;

    CHECK_INT(get(z), 0);
    CHECK(t_alloc_state()->total - before < 20000);
    hc_ecs_answer_fini(&view.answer);
    hc_buf_fini(&text);
}

TEST(ops_services, an_updated_service_may_say_little)
{
    static const char *const good[] = {
        "{}", "{\"service\":null}", "{\"service\":{}}",
        "{\"service\":{\"desiredCount\":3}}"
    };
    static const char *const no[] = {
        "", "7", "[]", "{\"service\":[]}", "{\"service\":{},\"service\":{}}",
        "{\"service\":{\"desiredCount\":\"3\"}}"
    };

    for (size_t i = 0; i < 4; i++) {
        CHECK_INT(read_text(true, good[i], 0), 0);
        CHECK_INT(view.services_n, i < 2 ? 0 : 1);
        CHECK_INT(view.services[0].desired, i == 3 ? 3 : i == 2 ? -1 : 0);
        hc_ecs_answer_fini(&view.answer);
    }
    for (size_t i = 0; i < 6; i++) {
        CHECK_INT(read_text(true, no[i], 0), HEADCOUNT_EANSWER);
        CHECK(strstr(error.what, "UpdateService") != NULL);
        hc_ecs_answer_fini(&view.answer);
    }
}

static int read_whole(void)
{
    int err = get(whole);

    CHECK(err == 0 || error.what[0] != '\0');
    hc_ecs_answer_fini(&view.answer);
    return err;
}

TEST(ops_services, memory_may_end_anywhere)
{
    t_fails_every_allocation(read_whole);
}
