/* ecs/saved.c - a service as DescribeServices would answer it. */
#include "ecs/saved.h"

#include "base/json.h"

static void saved_open(struct hc_buf *out, const char *key, const char *what)
{
    hc_json_put_comma(out);
    hc_json_put_key(out, key);
    hc_buf_text(out, what);
}

static void saved_text(struct hc_buf *out, const char *key, struct hc_str s)
{
    if (s.n > 0)
        hc_json_put_member(out, key, s);
}

static void saved_int(struct hc_buf *out, const char *key, int64_t n)
{
    if (n >= 0)
        hc_json_put_member_int(out, key, n);
}

/* n elements of `what`; none of the array where n is not known. */
static void saved_list(struct hc_buf *out, const char *key, int64_t n,
                       const char *what)
{
    if (n < 0)
        return;
    saved_open(out, key, "[");
    for (int64_t i = 0; i < n; i++) {
        hc_json_put_comma(out);
        hc_buf_text(out, what);
    }
    hc_buf_chr(out, ']');
}

static void saved_deployments(struct hc_buf *out,
                              const struct hc_ecs_service *s)
{
    if (s->deployments < 0)
        return;
    saved_open(out, "deployments", "[");
    for (int64_t i = 0; i < s->deployments; i++) {
        hc_json_put_comma(out);
        hc_buf_chr(out, '{');
        hc_json_put_member(out, "rolloutState", i < s->in_progress
                               ? HC_STR("IN_PROGRESS") : HC_STR("COMPLETED"));
        hc_buf_chr(out, '}');
    }
    hc_buf_chr(out, ']');
}

/* An element without members says that one was there which was not
 * understood. */
static void saved_end(struct hc_buf *out, const struct hc_ecs_service *s,
                      const char *member)
{
    if (s->unclear != NULL && hc_str_eqz(hc_str(s->unclear), member)) {
        hc_json_put_comma(out);
        hc_buf_lit(out, "{}");
    }
    hc_buf_chr(out, ']');
}

static void saved_constraints(struct hc_buf *out,
                              const struct hc_ecs_service *s)
{
    saved_open(out, "placementConstraints", "[");
    for (const struct hc_ecs_text *t = s->constraints; t != NULL; t = t->next) {
        hc_json_put_comma(out);
        hc_buf_lit(out, "{\"type\":\"memberOf\"");
        hc_json_put_member(out, "expression", t->s);
        hc_buf_chr(out, '}');
    }
    saved_end(out, s, "placementConstraints");
}

static void saved_strategy(struct hc_buf *out, const struct hc_ecs_service *s)
{
    saved_open(out, "capacityProviderStrategy", "[");
    for (const struct hc_ecs_text *t = s->providers; t != NULL; t = t->next) {
        hc_json_put_comma(out);
        hc_buf_chr(out, '{');
        hc_json_put_member(out, "capacityProvider", t->s);
        hc_buf_chr(out, '}');
    }
    saved_end(out, s, "capacityProviderStrategy");
}

void hc_ecs_put_tags(struct hc_buf *out, const struct hc_ecs_tag *tags)
{
    saved_open(out, "tags", "[");
    for (; tags != NULL; tags = tags->next) {
        hc_json_put_comma(out);
        hc_buf_chr(out, '{');
        hc_json_put_member(out, "key", tags->key);
        hc_json_put_member(out, "value", tags->value);
        hc_buf_chr(out, '}');
    }
    hc_buf_chr(out, ']');
}

static void saved_words(struct hc_buf *out, const struct hc_ecs_service *s)
{
    if (s->launch != LAUNCH_NONE)
        saved_text(out, "launchType", hc_str(hc_ecs_launch_name(s->launch)));
    saved_text(out, "schedulingStrategy",
               hc_str(hc_ecs_scheduling_name(s->scheduling)));
    saved_open(out, "deploymentController", "{");
    saved_text(out, "type", hc_str(hc_ecs_controller_name(s->controller)));
    hc_buf_chr(out, '}');
    saved_open(out, "deploymentConfiguration", "{");
    saved_text(out, "strategy", hc_str(hc_ecs_rollout_name(s->rollout)));
    hc_buf_chr(out, '}');
    saved_text(out, "resourceManagementType",
               s->express ? HC_STR("ECS") : HC_STR("CUSTOMER"));
}

void hc_ecs_put_service(struct hc_buf *out, const struct hc_ecs_service *s)
{
    hc_buf_chr(out, '{');
    saved_text(out, "serviceArn", s->arn);
    saved_text(out, "serviceName", s->name);
    saved_text(out, "clusterArn", s->cluster_arn);
    saved_text(out, "status", s->status_text);
    saved_int(out, "desiredCount", s->desired);
    saved_int(out, "runningCount", s->running);
    saved_int(out, "pendingCount", s->pending);
    saved_text(out, "taskDefinition", s->task_definition);
    saved_words(out, s);
    saved_deployments(out, s);
    saved_list(out, "taskSets", s->task_sets, "{}");
    saved_list(out, "serviceRegistries", s->discovery, "{}");
    saved_constraints(out, s);
    saved_strategy(out, s);
    hc_ecs_put_tags(out, s->tags);
    hc_buf_chr(out, '}');
}
