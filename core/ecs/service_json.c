/* ecs/service_json.c - a service as DescribeServices would answer it. */
#include "ecs/service_json.h"

#include "base/json.h"
#include "base/text.h"

static void service_json_open(struct hc_buf *out, const char *key,
                              const char *what)
{
    hc_json_put_comma(out);
    hc_json_put_key(out, key);
    hc_buf_text(out, what);
}

static void service_json_text(struct hc_buf *out, const char *key,
                              struct hc_str s)
{
    if (s.n > 0)
        hc_json_put_member(out, key, s);
}

static void service_json_int(struct hc_buf *out, const char *key, int64_t n)
{
    if (n >= 0)
        hc_json_put_member_int(out, key, n);
}

/* n elements of `what`; none of the array where n is not known. */
static void service_json_list(struct hc_buf *out, const char *key, int64_t n,
                       const char *what)
{
    if (n < 0)
        return;
    service_json_open(out, key, "[");
    for (int64_t i = 0; i < n; i++) {
        hc_json_put_comma(out);
        hc_buf_text(out, what);
    }
    hc_buf_chr(out, ']');
}

static void service_json_time(struct hc_buf *out, const char *key, int64_t wall)
{
    char text[40];

    if (wall < 0)
        return;
    hc_fmt(text, sizeof(text), "%lld.%06lld", (long long)(wall / 1000000),
           (long long)(wall % 1000000));
    service_json_open(out, key, text);
}

static void service_json_deployment(struct hc_buf *out,
                                    const struct hc_ecs_deployment *d)
{
    service_json_text(out, "id", d->id);
    service_json_text(out, "status", d->status);
    service_json_text(out, "rolloutState", d->rollout_state);
    service_json_text(out, "taskDefinition", d->task_definition);
    service_json_int(out, "desiredCount", d->desired);
    service_json_int(out, "runningCount", d->running);
    service_json_int(out, "pendingCount", d->pending);
    service_json_time(out, "createdAt", d->created);
    service_json_time(out, "updatedAt", d->updated);
}

/* Where the view kept no list, the first deployment is the PRIMARY one, and the
 * last change of the count is its own.  The first one also has the features of
 * the service. */
static void service_json_deployments(struct hc_buf *out,
                              const struct hc_ecs_service *s)
{
    const struct hc_ecs_deployment *d = s->deployed;

    if (s->deployments < 0)
        return;
    service_json_open(out, "deployments", "[");
    for (int64_t i = 0; i < s->deployments; i++) {
        hc_json_put_comma(out);
        hc_buf_chr(out, '{');
        if (d != NULL) {
            service_json_deployment(out, d);
            d = d->next;
        } else {
            hc_json_put_member(out, "rolloutState", i < s->in_progress
                                   ? HC_STR("IN_PROGRESS")
                                   : HC_STR("COMPLETED"));
            if (i == 0) {
                hc_json_put_member(out, "status", HC_STR("PRIMARY"));
                service_json_time(out, "updatedAt", s->changed);
            }
        }
        if (i == 0) {
            if (s->connects)
                service_json_open(out, "serviceConnectConfiguration",
                                  "{\"enabled\":true}");
            if (s->volumes)
                service_json_open(out, "volumeConfigurations", "[{}]");
        }
        hc_buf_chr(out, '}');
    }
    hc_buf_chr(out, ']');
}

/* An element without members says that one was there which was not
 * understood. */
static void service_json_end(struct hc_buf *out, bool unclear)
{
    if (unclear) {
        hc_json_put_comma(out);
        hc_buf_lit(out, "{}");
    }
    hc_buf_chr(out, ']');
}

void hc_ecs_put_constraints(struct hc_buf *out, const struct hc_ecs_text *list,
                            bool distinct, bool unclear)
{
    service_json_open(out, "placementConstraints", "[");
    if (distinct)
        hc_buf_lit(out, "{\"type\":\"distinctInstance\"}");
    for (const struct hc_ecs_text *t = list; t != NULL; t = t->next) {
        hc_json_put_comma(out);
        hc_buf_lit(out, "{\"type\":\"memberOf\"");
        hc_json_put_member(out, "expression", t->s);
        hc_buf_chr(out, '}');
    }
    service_json_end(out, unclear);
}

static void service_json_strategy(struct hc_buf *out,
                                  const struct hc_ecs_service *s)
{
    service_json_open(out, "capacityProviderStrategy", "[");
    for (const struct hc_ecs_share *t = s->providers; t != NULL; t = t->next) {
        hc_json_put_comma(out);
        hc_buf_chr(out, '{');
        hc_json_put_member(out, "capacityProvider", t->provider);
        hc_json_put_member_int(out, "weight", t->weight);
        hc_json_put_member_int(out, "base", t->base);
        hc_buf_chr(out, '}');
    }
    service_json_end(out, s->odd_providers);
}

static void service_json_pairs(struct hc_buf *out, const char *list,
                               const char *key, const struct hc_ecs_tag *pairs)
{
    service_json_open(out, list, "[");
    for (; pairs != NULL; pairs = pairs->next) {
        hc_json_put_comma(out);
        hc_buf_chr(out, '{');
        hc_json_put_member(out, key, pairs->key);
        hc_json_put_member(out, "value", pairs->value);
        hc_buf_chr(out, '}');
    }
    hc_buf_chr(out, ']');
}

void hc_ecs_put_tags(struct hc_buf *out, const struct hc_ecs_tag *tags)
{
    service_json_pairs(out, "tags", "key", tags);
}

static void service_json_words(struct hc_buf *out,
                               const struct hc_ecs_service *s)
{
    if (s->launch != LAUNCH_NONE)
        service_json_text(out, "launchType",
                          hc_str(hc_ecs_launch_name(s->launch)));
    service_json_text(out, "schedulingStrategy",
               hc_str(hc_ecs_scheduling_name(s->scheduling)));
    service_json_open(out, "deploymentController", "{");
    service_json_text(out, "type",
                      hc_str(hc_ecs_controller_name(s->controller)));
    hc_buf_chr(out, '}');
    service_json_open(out, "deploymentConfiguration", "{");
    service_json_text(out, "strategy", hc_str(hc_ecs_rollout_name(s->rollout)));
    hc_buf_chr(out, '}');
    service_json_text(out, "resourceManagementType",
               s->express ? HC_STR("ECS") : HC_STR("CUSTOMER"));
}

void hc_ecs_put_service(struct hc_buf *out, const struct hc_ecs_service *s)
{
    hc_buf_chr(out, '{');
    service_json_text(out, "serviceArn", s->arn);
    service_json_text(out, "serviceName", s->name);
    service_json_text(out, "clusterArn", s->cluster_arn);
    service_json_text(out, "status", s->status_text);
    service_json_int(out, "desiredCount", s->desired);
    service_json_int(out, "runningCount", s->running);
    service_json_int(out, "pendingCount", s->pending);
    service_json_text(out, "taskDefinition", s->task_definition);
    service_json_words(out, s);
    service_json_deployments(out, s);
    service_json_list(out, "taskSets", s->task_sets, "{}");
    service_json_list(out, "serviceRegistries", s->discovery, "{}");
    if (s->balanced)
        service_json_list(out, "loadBalancers", 1, "{}");
    hc_ecs_put_constraints(out, s->constraints, s->distinct,
                           s->odd_constraints);
    service_json_strategy(out, s);
    if (s->subnets != NULL) {
        service_json_open(out, "networkConfiguration",
                          "{\"awsvpcConfiguration\":{\"subnets\":[");
        for (const struct hc_ecs_text *t = s->subnets; t != NULL; t = t->next) {
            hc_json_put_comma(out);
            hc_json_put_str(out, t->s);
        }
        hc_buf_lit(out, "]}}");
    }
    if (s->executes)
        service_json_open(out, "enableExecuteCommand", "true");
    hc_ecs_put_tags(out, s->tags);
    if (s->said.n > 0) {
        service_json_open(out, "events", "[{");
        service_json_time(out, "createdAt", s->said_at);
        service_json_text(out, "message", s->said);
        hc_buf_lit(out, "}]");
    }
    hc_buf_chr(out, '}');
}

/* ---- hosts ---- */

static void service_json_resource(struct hc_buf *out, const char *name,
                                  int64_t n)
{
    if (n < 0)
        return;
    hc_json_put_comma(out);
    hc_buf_chr(out, '{');
    hc_json_put_member(out, "name", hc_str(name));
    hc_json_put_member_int(out, "integerValue", n);
    hc_buf_chr(out, '}');
}

static void service_json_set_open(struct hc_buf *out, const char *name)
{
    hc_json_put_comma(out);
    hc_buf_chr(out, '{');
    hc_json_put_member(out, "name", hc_str(name));
    service_json_open(out, "stringSetValue", "[");
}

static void service_json_ports(struct hc_buf *out, const char *name,
                               const struct hc_ecs_text *ports)
{
    service_json_set_open(out, name);
    for (; ports != NULL; ports = ports->next) {
        hc_json_put_comma(out);
        hc_json_put_str(out, ports->s);
    }
    hc_buf_lit(out, "]}");
}

/* How many, not which: the ids are not kept. */
static void service_json_gpus(struct hc_buf *out, int64_t n)
{
    if (n <= 0)
        return;
    service_json_set_open(out, "GPU");
    for (int64_t i = 0; i < n; i++) {
        hc_json_put_comma(out);
        hc_buf_lit(out, "\"\"");
    }
    hc_buf_lit(out, "]}");
}

void hc_ecs_put_host(struct hc_buf *out, const struct hc_ecs_host *h)
{
    service_json_text(out, "status", h->status);
    service_json_text(out, "capacityProviderName", h->provider);
    service_json_text(out, "ec2InstanceId", h->ec2_id);
    service_json_open(out, "agentConnected", h->connected ? "true" : "false");
    service_json_time(out, "registeredAt", h->registered_at);
    service_json_int(out, "runningTasksCount", h->running);
    service_json_int(out, "pendingTasksCount", h->pending);
    service_json_open(out, "versionInfo", "{");
    service_json_text(out, "agentVersion", h->agent_version);
    hc_buf_chr(out, '}');
    service_json_open(out, "registeredResources", "[");
    service_json_resource(out, "CPU", h->cpu);
    service_json_resource(out, "MEMORY", h->memory);
    service_json_gpus(out, h->gpus);
    hc_buf_chr(out, ']');
    service_json_open(out, "remainingResources", "[");
    service_json_resource(out, "CPU", h->cpu_free);
    service_json_resource(out, "MEMORY", h->memory_free);
    if (h->lists_tcp)
        service_json_ports(out, "PORTS", h->tcp);
    if (h->lists_udp)
        service_json_ports(out, "PORTS_UDP", h->udp);
    hc_buf_chr(out, ']');
    if (h->attributes != NULL)
        service_json_pairs(out, "attributes", "name", h->attributes);
    if (h->tags != NULL)
        hc_ecs_put_tags(out, h->tags);
}

/* ---- what a task needs ---- */

static void service_json_amount(struct hc_buf *out, const char *key, int64_t n)
{
    char text[24];

    hc_fmt(text, sizeof(text), "%lld", (long long)n);
    if (n > 0)
        hc_json_put_member(out, key, hc_str(text));
}

static void service_json_requirement(struct hc_buf *out, const char *type,
                                     int64_t n)
{
    hc_json_put_comma(out);
    hc_buf_chr(out, '{');
    hc_json_put_member(out, "type", hc_str(type));
    if (n == HC_ECS_ALL_GPUS)
        hc_json_put_member(out, "value", HC_STR("ALL"));
    else
        service_json_amount(out, "value", n);
    hc_buf_chr(out, '}');
}

/* One container that needs what all of them do. */
void hc_ecs_put_needs(struct hc_buf *out, const struct hc_ecs_needs *needs)
{
    static const char *const modes[] = {
        [NETWORK_BRIDGE] = "bridge", [NETWORK_HOST] = "host",
        [NETWORK_AWSVPC] = "awsvpc", [NETWORK_NONE] = "none",
        [NETWORK_OTHER] = "OTHER"
    };

    hc_buf_chr(out, '{');
    hc_json_put_member(out, "networkMode", hc_str(modes[needs->network]));
    service_json_amount(out, "cpu", needs->cpu);
    service_json_amount(out, "memory", needs->memory);
    service_json_open(out, "runtimePlatform", "{");
    service_json_text(out, "cpuArchitecture", needs->architecture);
    service_json_text(out, "operatingSystemFamily", needs->os);
    hc_buf_chr(out, '}');
    service_json_pairs(out, "requiresAttributes", "name", needs->attributes);
    service_json_open(out, "containerDefinitions",
                      "[{\"resourceRequirements\":[");
    if (needs->gpus != 0)
        service_json_requirement(out, "GPU", needs->gpus);
    if (needs->unclear != NULL)
        service_json_requirement(out, needs->unclear, 0);
    hc_buf_lit(out, "],\"portMappings\":[");
    for (const struct hc_ecs_port *p = needs->ports; p != NULL; p = p->next) {
        hc_json_put_comma(out);
        hc_buf_chr(out, '{');
        hc_json_put_member_int(out, "hostPort", p->number);
        hc_json_put_member(out, "protocol", p->udp ? HC_STR("udp")
                                                   : HC_STR("tcp"));
        hc_buf_chr(out, '}');
    }
    hc_buf_lit(out, "]}]}");
}
