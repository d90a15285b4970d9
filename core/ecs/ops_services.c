/* ecs/ops_services.c - DescribeServices and UpdateService.
 *
 * Both answer services; `events` (up to a hundred sentences each, of which an
 * explained service keeps one) and whatever else is not in the tables goes by
 * unread.  A service has to have a name,
 * a status and a count, which is checked where its object ends.  A member that
 * leaves open which hosts are its own (a new launch type, a constraint without
 * an expression) is noted only, because not every rule counts hosts.
 *
 * Absent are, in answers that are whole: deploymentController (then it is ECS),
 * schedulingStrategy (older than DAEMON), strategy (ROLLING), launchType (where
 * there is a capacityProviderStrategy, or task sets have their own), weight and
 * base (0).
 *
 * A service with neither launchType nor a strategy has what its PRIMARY task
 * set has.  An empty strategy is an absent one.
 */
#include "base/text.h"
#include "ecs/arn.h"
#include "ecs/ops.h"
#include "ecs/shapes.h"
#include "ecs/service_json.h"

enum { SVC_SERVICE, SVC_FAILURE, SVC_ARN, SVC_NAME, SVC_CLUSTER, SVC_STATUS,
       SVC_LAUNCH, SVC_SCHEDULING, SVC_CONTROLLER_OBJECT, SVC_CONTROLLER,
       SVC_CONFIGURATION, SVC_ROLLOUT, SVC_MANAGEMENT, SVC_REGISTRY,
       SVC_DESIRED, SVC_RUNNING, SVC_PENDING, SVC_DEPLOYMENT,
       SVC_DEPLOYMENT_STATE, SVC_CONNECT, SVC_CONNECT_ENABLED, SVC_TASK_SET,
       SVC_TASK_DEFINITION, SVC_CONSTRAINT, SVC_STRATEGY, SVC_PROVIDER,
       SVC_WEIGHT, SVC_BASE, SVC_SET_STATUS, SVC_SET_LAUNCH, SVC_SET_STRATEGY,
       SVC_TAG, SVC_NETWORK, SVC_AWSVPC, SVC_SUBNET, SVC_EXECUTE,
       SVC_DEPLOYMENT_ID, SVC_DEPLOYMENT_STATUS, SVC_DEPLOYMENT_DEFINITION,
       SVC_DEPLOYMENT_DESIRED, SVC_DEPLOYMENT_RUNNING, SVC_DEPLOYMENT_PENDING,
       SVC_DEPLOYMENT_UPDATED, SVC_DEPLOYMENT_CREATED, SVC_VOLUME,
       SVC_EVENT, SVC_EVENT_AT, SVC_EVENT_TEXT, SVC_BALANCER,
       SVC_LEAST, SVC_MOST };

static const struct hc_view_member services_nothing[] = { HC_VIEW_LAST };

static const struct hc_view_member services_controller[] = {
    { "type", VIEW_TEXT, SVC_CONTROLLER, NULL },
    HC_VIEW_LAST
};

static const struct hc_view_member services_configuration[] = {
    { "strategy", VIEW_TEXT, SVC_ROLLOUT, NULL },
    { "minimumHealthyPercent", VIEW_INT, SVC_LEAST, NULL },
    { "maximumPercent", VIEW_INT, SVC_MOST, NULL },
    HC_VIEW_LAST
};

static const struct hc_view_member services_connect[] = {
    { "enabled", VIEW_BOOL, SVC_CONNECT_ENABLED, NULL },
    HC_VIEW_LAST
};

static const struct hc_view_member services_awsvpc[] = {
    { "subnets", VIEW_TEXTS, SVC_SUBNET, NULL },
    HC_VIEW_LAST
};

static const struct hc_view_member services_network[] = {
    { "awsvpcConfiguration", VIEW_OBJECT, SVC_AWSVPC, services_awsvpc },
    HC_VIEW_LAST
};

/* The shapes of a service, and those of a deployment, begin with the same
 * members: hc_view_gave takes services_service and services_deployment for each
 * of them.  A plain answer is read by the shortest ones. */
#define SERVICES_DEPLOYMENT                                                   \
    { "status", VIEW_TEXT, SVC_DEPLOYMENT_STATUS, NULL },                     \
    { "createdAt", VIEW_TIME, SVC_DEPLOYMENT_CREATED, NULL },                 \
    { "updatedAt", VIEW_TIME, SVC_DEPLOYMENT_UPDATED, NULL },                 \
    { "volumeConfigurations", VIEW_OBJECTS, SVC_VOLUME, services_nothing },   \
    { "rolloutState", VIEW_TEXT, SVC_DEPLOYMENT_STATE, NULL },                \
    { "serviceConnectConfiguration", VIEW_OBJECT, SVC_CONNECT,                \
      services_connect }

static const struct hc_view_member services_deployment[] = {
    SERVICES_DEPLOYMENT,
    HC_VIEW_LAST
};

static const struct hc_view_member services_deployment_full[] = {
    SERVICES_DEPLOYMENT,
    { "id", VIEW_TEXT, SVC_DEPLOYMENT_ID, NULL },
    { "taskDefinition", VIEW_TEXT, SVC_DEPLOYMENT_DEFINITION, NULL },
    { "desiredCount", VIEW_INT, SVC_DEPLOYMENT_DESIRED, NULL },
    { "runningCount", VIEW_INT, SVC_DEPLOYMENT_RUNNING, NULL },
    { "pendingCount", VIEW_INT, SVC_DEPLOYMENT_PENDING, NULL },
    HC_VIEW_LAST
};

static const struct hc_view_member services_strategy[] = {
    { "capacityProvider", VIEW_TEXT, SVC_PROVIDER, NULL },
    { "weight", VIEW_INT, SVC_WEIGHT, NULL },
    { "base", VIEW_INT, SVC_BASE, NULL },
    HC_VIEW_LAST
};

static const struct hc_view_member services_set[] = {
    { "status", VIEW_TEXT, SVC_SET_STATUS, NULL },
    { "launchType", VIEW_TEXT, SVC_SET_LAUNCH, NULL },
    { "capacityProviderStrategy", VIEW_OBJECTS, SVC_SET_STRATEGY,
      services_strategy },
    { "loadBalancers", VIEW_OBJECTS, SVC_BALANCER, services_nothing },
    HC_VIEW_LAST
};

static const struct hc_view_member services_event[] = {
    { "createdAt", VIEW_TIME, SVC_EVENT_AT, NULL },
    { "message", VIEW_TEXT, SVC_EVENT_TEXT, NULL },
    HC_VIEW_LAST
};

#define SERVICES_MEMBERS(deployment)                                          \
    { "serviceArn", VIEW_TEXT, SVC_ARN, NULL },                               \
    { "serviceName", VIEW_TEXT, SVC_NAME, NULL },                             \
    { "clusterArn", VIEW_TEXT, SVC_CLUSTER, NULL },                           \
    { "status", VIEW_TEXT, SVC_STATUS, NULL },                                \
    { "desiredCount", VIEW_INT, SVC_DESIRED, NULL },                          \
    { "runningCount", VIEW_INT, SVC_RUNNING, NULL },                          \
    { "pendingCount", VIEW_INT, SVC_PENDING, NULL },                          \
    { "launchType", VIEW_TEXT, SVC_LAUNCH, NULL },                            \
    { "schedulingStrategy", VIEW_TEXT, SVC_SCHEDULING, NULL },                \
    { "resourceManagementType", VIEW_TEXT, SVC_MANAGEMENT, NULL },            \
    { "taskDefinition", VIEW_TEXT, SVC_TASK_DEFINITION, NULL },               \
    { "deploymentController", VIEW_OBJECT, SVC_CONTROLLER_OBJECT,             \
      services_controller },                                                  \
    { "deploymentConfiguration", VIEW_OBJECT, SVC_CONFIGURATION,              \
      services_configuration },                                               \
    { "deployments", VIEW_OBJECTS, SVC_DEPLOYMENT, deployment },              \
    { "taskSets", VIEW_OBJECTS, SVC_TASK_SET, services_set },                 \
    { "serviceRegistries", VIEW_OBJECTS, SVC_REGISTRY, services_nothing },    \
    { "loadBalancers", VIEW_OBJECTS, SVC_BALANCER, services_nothing },        \
    { "placementConstraints", VIEW_OBJECTS, SVC_CONSTRAINT,                   \
      hc_ecs_constraint_shape },                                              \
    { "capacityProviderStrategy", VIEW_OBJECTS, SVC_STRATEGY,                 \
      services_strategy },                                                    \
    { "networkConfiguration", VIEW_OBJECT, SVC_NETWORK, services_network },   \
    { "enableExecuteCommand", VIEW_BOOL, SVC_EXECUTE, NULL },                 \
    { "tags", VIEW_OBJECTS, SVC_TAG, hc_ecs_tag_shape }

static const struct hc_view_member services_service[] = {
    SERVICES_MEMBERS(services_deployment),
    HC_VIEW_LAST
};

static const struct hc_view_member services_deployed[] = {
    SERVICES_MEMBERS(services_deployment_full),
    HC_VIEW_LAST
};

static const struct hc_view_member services_with_events[] = {
    SERVICES_MEMBERS(services_deployment_full),
    { "events", VIEW_OBJECTS, SVC_EVENT, services_event },
    HC_VIEW_LAST
};

static const struct hc_view_member services_describe[] = {
    { "services", VIEW_OBJECTS, SVC_SERVICE, services_service },
    { "failures", VIEW_OBJECTS, SVC_FAILURE, hc_ecs_failure_shape },
    HC_VIEW_LAST
};

static const struct hc_view_member services_deploy_root[] = {
    { "services", VIEW_OBJECTS, SVC_SERVICE, services_deployed },
    { "failures", VIEW_OBJECTS, SVC_FAILURE, hc_ecs_failure_shape },
    HC_VIEW_LAST
};

static const struct hc_view_member services_explain[] = {
    { "services", VIEW_OBJECTS, SVC_SERVICE, services_with_events },
    { "failures", VIEW_OBJECTS, SVC_FAILURE, hc_ecs_failure_shape },
    HC_VIEW_LAST
};

static const struct hc_view_member services_update[] = {
    { "service", VIEW_OBJECT, SVC_SERVICE, services_service },
    HC_VIEW_LAST
};

/* ---- requests ---- */

void hc_ecs_put_describe_services(struct hc_buf *out, struct hc_str cluster,
                                  const struct hc_str *services, size_t n)
{
    hc_ecs_put_cluster(out, cluster);
    hc_ecs_put_list(out, "services", services, n);
    hc_buf_lit(out, ",\"include\":[\"TAGS\"]}");
}

void hc_ecs_put_update_service(struct hc_buf *out, struct hc_str cluster,
                               struct hc_str service, int64_t desired)
{
    hc_ecs_put_cluster(out, cluster);
    hc_json_put_member(out, "service", service);
    hc_json_put_member_int(out, "desiredCount", desired);
    hc_buf_chr(out, '}');
}

/* ---- the answer ---- */

static int services_begin(struct hc_ecs_services *v, struct headcount_error *e)
{
    if (v->services_n == v->max)
        return hc_error_set(e, v->answer.view.code,
                            "%s holds more than %zu services",
                            v->answer.view.what, v->max);
    v->kept = v->answer.arena.total;
    v->primary = (struct hc_ecs_task_set){ .primary = false };
    v->weighed = false;
    v->services[v->services_n++] = (struct hc_ecs_service){
        .desired = -1, .running = -1, .pending = -1, .changed = -1,
        .said_at = -1, .least_percent = -1, .most_percent = -1
    };
    v->deployed_end = &v->services[v->services_n - 1].deployed;
    return 0;
}

static void services_from_set(struct hc_ecs_services *v,
                              struct hc_ecs_service *s)
{
    s->launch = v->primary.launch;
    s->providers = v->primary.providers;
    s->odd_providers |= v->primary.doubled || v->primary.unclear;
    if (v->primary.doubled)
        s->unclear = "taskSets";
    else if (v->primary.unclear)
        s->unclear = "capacityProviderStrategy";
    else if (s->launch == LAUNCH_OTHER)
        s->unclear = "launchType";
}

/* They are read into a list whose last one is first. */
static struct hc_ecs_text *services_in_order(struct hc_ecs_text *list)
{
    struct hc_ecs_text *first = NULL, *next;

    for (; list != NULL; list = next) {
        next = list->next;
        list->next = first;
        first = list;
    }
    return first;
}

/* The end of a service settles what no member says by itself.  An old answer
 * may lack the name where the ARN has it; a list that is not there is not an
 * empty one. */
static void services_conclude(struct hc_ecs_services *v,
                              struct hc_ecs_service *s,
                              const struct hc_view_item *end)
{
    struct hc_arn arn;

    if (s->name.n == 0 && hc_arn_service(&arn, s->arn, NULL) == 0)
        s->name = arn.name;
    if (!hc_view_gave(end, services_service, SVC_DEPLOYMENT))
        s->deployments = -1;
    if (!hc_view_gave(end, services_service, SVC_TASK_SET))
        s->task_sets = -1;
    if (s->launch == LAUNCH_NONE && s->providers == NULL)
        services_from_set(v, s);
    s->discovery |= s->connects;
    s->constraints = services_in_order(s->constraints);
    /* Snapshots of versions before weights were read have none: every provider
     * counts, as it did for those versions. */
    if (v->saved && !v->weighed)
        for (struct hc_ecs_share *t = s->providers; t != NULL; t = t->next)
            t->weight = 1;
    if (s->unclear != NULL)
        return;
    if (s->launch == LAUNCH_NONE && s->providers == NULL &&
        s->controller != CONTROLLER_EXTERNAL)
        s->unclear = "launchType, nor capacityProviderStrategy";
    if (s->providers != NULL &&
        hc_ecs_share_used(s->providers, s->providers) == NULL)
        s->unclear = "capacityProviderStrategy with a weight above 0";
}

static int services_finish(struct hc_ecs_services *v,
                           const struct hc_view_item *end,
                           struct headcount_error *e)
{
    struct hc_ecs_service *s = &v->services[v->services_n - 1];
    const char *lacks = NULL;

    services_conclude(v, s, end);
    if (v->answer.arena.total - v->kept > HC_ECS_SERVICE)
        return hc_error_set(e, v->answer.view.code,
                            "%s: service \"%.*s\" holds more than is kept of "
                            "one (%zu bytes)", v->answer.view.what,
                            HC_STR_ARG(s->name), HC_ECS_SERVICE);
    if (v->answer.view.root == services_update)
        return 0;
    if (s->name.n == 0)
        lacks = "serviceName";
    else if (s->status_text.n == 0)
        lacks = "status";
    else if (s->desired < 0)
        lacks = "desiredCount";
    if (lacks == NULL)
        return 0;
    return hc_error_set(e, v->answer.view.code,
                        "%s: service \"%.*s\" has no usable \"%s\"",
                        v->answer.view.what, HC_STR_ARG(s->name), lacks);
}

/* ---- events ---- */

/* "(service web) was unable to place a task because ..." and, of the balance
 * between zones, "is unable to place a task in Availability Zone ...". */
static bool services_is_about_placement(struct hc_str message)
{
    const struct hc_str says = HC_STR("unable to place a task");

    for (size_t at = 0; at + says.n <= message.n; at++)
        if (hc_str_eq(hc_str_n(message.p + at, says.n), says))
            return true;
    return false;
}

static void services_event_text(struct hc_ecs_services *v, struct hc_str text)
{
    size_t n = 0, more;

    if (!services_is_about_placement(text))
        return;
    while (n < text.n) {
        more = hc_text_utf8_length(hc_str_from(text, n));
        if (more == 0 || n + more > HC_ECS_SAID)
            break;
        n += more;
    }
    v->event.text = hc_arena_str(&v->answer.arena, hc_str_n(text.p, n));
}

/* ECS lists the newest event first; what is not listed so is found, too. */
static void services_event_end(struct hc_ecs_services *v,
                               struct hc_ecs_service *s)
{
    if (v->event.text.n == 0 ||
        (s->said.n > 0 && v->event.at <= s->said_at))
        return;
    s->said = v->event.text;
    s->said_at = v->event.at;
}

/* False: the strategy is not understood.  An element has no name or comes
 * twice, a number is outside the API's range, or there are more elements than
 * any strategy has. */
static bool services_share_end(struct hc_ecs_services *v,
                               struct hc_ecs_share **list)
{
    const struct hc_ecs_share *one = &v->share;

    if (one->provider.n == 0 || one->weight < 0 || one->base < 0 ||
        one->weight > HC_ECS_WEIGHT_MAX || one->base > HC_ECS_BASE_MAX ||
        hc_ecs_share_is_full(*list) ||
        hc_ecs_share_find(*list, one->provider) != NULL)
        return false;
    hc_ecs_shape_share(list, &v->answer.arena, one);
    return true;
}

/* A deployment without updatedAt was last changed when it was created. */
static void services_deployment_end(struct hc_ecs_services *v,
                                    struct hc_ecs_service *s,
                                    const struct hc_view_item *item)
{
    const struct hc_ecs_deployment *one = &v->deployment;
    struct hc_ecs_deployment *kept;

    s->in_progress += !hc_view_gave(item, services_deployment,
                                    SVC_DEPLOYMENT_STATE);
    if (v->is_primary)
        s->changed = one->updated >= 0 ? one->updated : one->created;
    kept = v->deploys ? hc_arena_zero(&v->answer.arena, sizeof(*kept)) : NULL;
    if (kept == NULL)
        return;
    *kept = *one;
    *v->deployed_end = kept;
    v->deployed_end = &kept->next;
}

static void services_end_of(struct hc_ecs_services *v,
                            struct hc_ecs_service *s,
                            const struct hc_view_item *item)
{
    switch (item->id) {
    case SVC_CONSTRAINT:
        s->distinct |= hc_str_eqz(v->constraint.type, "distinctInstance");
        if (!hc_ecs_shape_constraint_end(&v->constraint, &v->answer.arena,
                                        &s->constraints)) {
            s->unclear = "placementConstraints";
            s->odd_constraints = true;
        }
        break;
    case SVC_STRATEGY:
        if (!services_share_end(v, &s->providers)) {
            s->unclear = "capacityProviderStrategy";
            s->odd_providers = true;
        }
        break;
    case SVC_SET_STRATEGY:
        v->set.unclear |= !services_share_end(v, &v->set.providers);
        break;
    case SVC_TASK_SET:
        if (!v->set.primary)
            break;
        v->set.doubled = v->primary.primary;
        v->primary = v->set;
        break;
    case SVC_DEPLOYMENT:
        services_deployment_end(v, s, item);
        break;
    case SVC_EVENT:
        services_event_end(v, s);
        break;
    case SVC_CONTROLLER_OBJECT:
        if (!hc_view_gave(item, services_controller, SVC_CONTROLLER))
            s->controller = CONTROLLER_OTHER;
        break;
    default:
        break;
    }
}

static void services_begin_of(struct hc_ecs_services *v,
                              struct hc_ecs_service *s,
                              const struct hc_view_item *item)
{
    switch (item->id) {
    case SVC_CONSTRAINT:
        v->constraint = (struct hc_ecs_constraint){ .type = HC_STR("") };
        break;
    case SVC_STRATEGY:
    case SVC_SET_STRATEGY:
        v->share = (struct hc_ecs_share){ .provider = HC_STR("") };
        break;
    case SVC_DEPLOYMENT:
        s->deployments++;
        v->is_primary = false;
        v->deployment = (struct hc_ecs_deployment){
            .desired = -1, .running = -1, .pending = -1,
            .created = -1, .updated = -1
        };
        break;
    case SVC_VOLUME:
        s->volumes = true;
        break;
    case SVC_EVENT:
        v->event = (struct hc_ecs_event){ .at = -1 };
        break;
    case SVC_TASK_SET:
        s->task_sets++;
        v->set = (struct hc_ecs_task_set){ .primary = false };
        break;
    case SVC_REGISTRY:
        s->discovery = true;
        break;
    case SVC_BALANCER:
        s->balanced = true;
        break;
    case SVC_TAG:
        hc_ecs_shape_tag(&s->tags, &v->answer.arena, item);
        break;
    default:
        break;
    }
}

/* Members of a deployment; other items are left alone.  A deployment that
 * FAILED has stopped, and stays in the list. */
static void services_deploy(struct hc_ecs_services *v,
                            struct hc_ecs_service *s,
                            const struct hc_view_item *item)
{
    struct hc_ecs_deployment *d = &v->deployment;
    struct hc_str *text = item->id == SVC_DEPLOYMENT_ID       ? &d->id
                          : item->id == SVC_DEPLOYMENT_STATUS ? &d->status
                          : item->id == SVC_DEPLOYMENT_STATE
                              ? &d->rollout_state
                          : item->id == SVC_DEPLOYMENT_DEFINITION
                              ? &d->task_definition : NULL;
    int64_t *number = item->id == SVC_DEPLOYMENT_DESIRED   ? &d->desired
                      : item->id == SVC_DEPLOYMENT_RUNNING ? &d->running
                      : item->id == SVC_DEPLOYMENT_PENDING ? &d->pending
                      : item->id == SVC_DEPLOYMENT_CREATED ? &d->created
                      : item->id == SVC_DEPLOYMENT_UPDATED ? &d->updated
                                                           : NULL;

    if (item->id == SVC_DEPLOYMENT_STATUS)
        v->is_primary = hc_str_eqz(item->text, "PRIMARY");
    if (item->id == SVC_DEPLOYMENT_STATE)
        s->in_progress += !hc_str_eqz(item->text, "COMPLETED") &&
                          !hc_str_eqz(item->text, "FAILED");
    if (text != NULL && v->deploys)
        *text = hc_arena_str(&v->answer.arena, item->text);
    if (number != NULL)
        *number = item->number;
}

/* Members that say which hosts can take its tasks, and those of deployments.
 */
static void services_place(struct hc_ecs_services *v, struct hc_ecs_service *s,
                           const struct hc_view_item *item)
{
    struct hc_arena *arena = &v->answer.arena;

    if (item->id == PART_CONSTRAINT_TYPE || item->id == PART_CONSTRAINT_TEXT)
        hc_ecs_shape_constraint(&v->constraint, arena, item);
    else if (item->id == SVC_EXECUTE)
        s->executes = item->number != 0;
    else if (item->id == SVC_CONNECT_ENABLED)
        s->connects |= item->number != 0;
    else if (item->id == SVC_SUBNET)
        hc_ecs_shape_text(&s->subnets, arena, hc_arena_str(arena, item->text));
    else if (item->id == SVC_EVENT_AT)
        v->event.at = item->number;
    else if (item->id == SVC_EVENT_TEXT)
        services_event_text(v, item->text);
    else
        services_deploy(v, s, item);
}

static void services_value(struct hc_ecs_services *v, struct hc_ecs_service *s,
                           const struct hc_view_item *item)
{
    struct hc_str text = item->text;
    struct hc_arena *arena = &v->answer.arena;

    switch (item->id) {
    case SVC_ARN:
        s->arn = hc_arena_str(arena, text);
        break;
    case SVC_NAME:
        s->name = hc_arena_str(arena, text);
        break;
    case SVC_CLUSTER:
        s->cluster_arn = hc_arena_str(arena, text);
        break;
    case SVC_TASK_DEFINITION:
        s->task_definition = hc_arena_str(arena, text);
        break;
    case SVC_STATUS:
        s->status_text = hc_arena_str(arena, text);
        s->status = hc_ecs_status(text);
        break;
    case SVC_LAUNCH:
        s->launch = hc_ecs_launch(text);
        if (s->launch == LAUNCH_OTHER)
            s->unclear = "launchType";
        break;
    case SVC_SCHEDULING:   s->scheduling = hc_ecs_scheduling(text);     break;
    case SVC_CONTROLLER:   s->controller = hc_ecs_controller(text);  break;
    case SVC_ROLLOUT:      s->rollout = hc_ecs_rollout(text);           break;
    case SVC_LEAST:        s->least_percent = item->number;             break;
    case SVC_MOST:         s->most_percent = item->number;              break;
    /* ECS sets the counts of its Express services itself.  A word that this
     * version does not know is no CUSTOMER either. */
    case SVC_MANAGEMENT:   s->express = !hc_str_eqz(text, "CUSTOMER");    break;
    case SVC_DESIRED:      s->desired = item->number;                     break;
    case SVC_RUNNING:      s->running = item->number;                     break;
    case SVC_PENDING:      s->pending = item->number;                     break;
    case SVC_PROVIDER:
        v->share.provider = hc_arena_str(arena, text);
        break;
    case SVC_WEIGHT:
        v->share.weight = item->number;
        v->weighed = true;
        break;
    case SVC_BASE:         v->share.base = item->number;                  break;
    case SVC_SET_STATUS: v->set.primary = hc_str_eqz(text, "PRIMARY");    break;
    case SVC_SET_LAUNCH:   v->set.launch = hc_ecs_launch(text);           break;
    case PART_TAG_KEY:
    case PART_TAG_VALUE:
        hc_ecs_shape_tag(&s->tags, arena, item);
        break;
    default:
        services_place(v, s, item);
        break;
    }
}

static int services_sink(void *ud, const struct hc_view_item *item,
                         struct headcount_error *e)
{
    struct hc_ecs_services *v = ud;

    if (item->id == SVC_SERVICE)
        return item->mark == VIEW_BEGIN ? services_begin(v, e)
                                        : services_finish(v, item, e);
    if (item->id == SVC_FAILURE && item->mark == VIEW_BEGIN) {
        if (v->failures_n == v->max)
            return hc_error_set(e, v->answer.view.code,
                                "%s holds more than %zu failures",
                                v->answer.view.what, v->max);
        v->failures_n++;
    }
    if (item->id == SVC_FAILURE)
        return 0;
    if (item->id >= PART_FAILURE_ARN && item->id <= PART_FAILURE_DETAIL)
        hc_ecs_shape_failure(&v->failures[v->failures_n - 1],
                             &v->answer.arena, item);
    else if (item->mark == VIEW_BEGIN)
        services_begin_of(v, &v->services[v->services_n - 1], item);
    else if (item->mark == VIEW_END)
        services_end_of(v, &v->services[v->services_n - 1], item);
    else
        services_value(v, &v->services[v->services_n - 1], item);
    return 0;
}

struct services_kind {
    const struct hc_view_member *root;
    const char *what;
    int code;
    size_t services, bytes, kept;     /* at most */
};

static void services_init(struct hc_ecs_services *v, const struct hc_alloc *a,
                          const struct services_kind *kind)
{
    *v = (struct hc_ecs_services){ .max = kind->services };
    hc_ecs_answer_init(&v->answer, &(struct hc_view_config){
        .alloc = a, .root = kind->root, .sink = services_sink, .ud = v,
        .what = kind->what, .code = kind->code, .max_bytes = kind->bytes,
        .max_text = HC_ECS_SERVICE
    }, kind->kept);
    v->services =
        hc_arena_zero(&v->answer.arena, v->max * sizeof(*v->services));
    v->failures =
        hc_arena_zero(&v->answer.arena, v->max * sizeof(*v->failures));
}

void hc_ecs_services_init(struct hc_ecs_services *v, const struct hc_alloc *a,
                          unsigned more)
{
    const struct services_kind kind = {
        (more & HC_ECS_EVENTS) != 0        ? services_explain
        : (more & HC_ECS_DEPLOYMENTS) != 0 ? services_deploy_root
                                           : services_describe,
        "the answer to DescribeServices", HEADCOUNT_EANSWER,
        HC_ECS_BATCH_SERVICES, HC_ECS_ANSWER, HC_ECS_KEPT
    };

    services_init(v, a, &kind);
    v->deploys = (more & HC_ECS_DEPLOYMENTS) != 0;
}

void hc_ecs_updated_init(struct hc_ecs_services *v, const struct hc_alloc *a)
{
    const struct services_kind kind = {
        services_update, "the answer to UpdateService", HEADCOUNT_EANSWER, 1,
        HC_ECS_ANSWER, HC_ECS_KEPT
    };

    services_init(v, a, &kind);
}

void hc_ecs_service_json_init(struct hc_ecs_services *v,
                              const struct hc_alloc *a, const char *what,
                              int code, size_t size)
{
    size_t most = size / sizeof("{\"arn\":\"\"}") + 1;
    const struct services_kind kind = {
        services_explain, what, code,
        most < HC_ECS_SAVED ? most : HC_ECS_SAVED, HC_ECS_SAVED_BYTES,
        HC_ECS_SAVED_BYTES
    };

    services_init(v, a, &kind);
    v->saved = v->deploys = true;
}
