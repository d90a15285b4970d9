/* peers/demo_ecs.c - see demo_ecs.h.  The requests come from headcount, or from
 * the demo by `headcount call`: the JSON of both is compact, so a search for
 * the text of a member finds it. */
#include "peers/demo_ecs.h"

#include <stdlib.h>
#include <string.h>

#define AT "arn:aws:ecs:eu-west-1:123456789012:"
#define HOST AT "container-instance/prod/"
#define TEXTS 16

static bool has(const char *body, const char *text)
{
    return strstr(body, text) != NULL;
}

static size_t active(const struct demo_ecs *ecs)
{
    size_t n = 0;

    for (size_t i = 0; i < ecs->n; i++)
        n += !ecs->draining[i];
    return n;
}

/* Tasks start at once: one on each host, because the service says so. */
static int running(const struct demo_ecs *ecs)
{
    return ecs->desired < (int)active(ecs) ? ecs->desired : (int)active(ecs);
}

static int refuse(struct hc_buf *out, const char *type, const char *message)
{
    hc_buf_fmt(out, "{\"__type\":\"%s\",\"message\":\"%s\"}", type, message);
    return 400;
}

/* The texts of the list that the member `name` has, which the body is cut for;
 * returns how many they are. */
static size_t list_of(char *body, const char *name, const char **texts)
{
    char *at = strstr(body, name), *end;
    size_t n = 0;

    if (at == NULL || (at = strchr(at, '[')) == NULL ||
        (end = strchr(at, ']')) == NULL)
        return 0;
    *end = '\0';
    for (at = strtok_r(at + 1, "\", ", &end); at != NULL && n < TEXTS;
         at = strtok_r(NULL, "\", ", &end))
        texts[n++] = at;
    return n;
}

static const char *name_in(const char *arn)
{
    const char *slash = strrchr(arn, '/');

    return slash != NULL ? slash + 1 : arn;
}

/* ---- services ---- */

static void put_service(const struct demo_ecs *ecs, struct hc_buf *out)
{
    hc_buf_fmt(out, "{\"serviceArn\":\"%sservice/prod/web\","
               "\"serviceName\":\"web\",\"clusterArn\":\"%scluster/prod\","
               "\"status\":\"ACTIVE\",\"desiredCount\":%d,"
               "\"runningCount\":%d,\"pendingCount\":%d,"
               "\"launchType\":\"EC2\",\"schedulingStrategy\":\"REPLICA\","
               "\"deploymentController\":{\"type\":\"ECS\"},"
               "\"taskDefinition\":\"%stask-definition/web:1\","
               "\"placementConstraints\":[{\"type\":\"distinctInstance\"}],"
               "\"deployments\":[{\"id\":\"ecs-svc/1\",\"status\":\"PRIMARY\","
               "\"rolloutState\":\"COMPLETED\"}]}",
               AT, AT, ecs->desired, running(ecs),
               ecs->desired - running(ecs), AT);
}

static int describe_services(const struct demo_ecs *ecs, char *body,
                             struct hc_buf *out)
{
    const char *names[TEXTS];
    size_t n = list_of(body, "\"services\"", names), found = 0, missing = 0;

    hc_buf_lit(out, "{\"services\":[");
    for (size_t i = 0; i < n && found == 0; i++)
        if (strcmp(name_in(names[i]), "web") == 0) {
            put_service(ecs, out);
            found++;
        }
    hc_buf_lit(out, "],\"failures\":[");
    for (size_t i = 0; i < n; i++)
        if (strcmp(name_in(names[i]), "web") != 0)
            hc_buf_fmt(out, "%s{\"arn\":\"%sservice/prod/%s\","
                       "\"reason\":\"MISSING\"}", missing++ > 0 ? "," : "", AT,
                       name_in(names[i]));
    hc_buf_lit(out, "]}");
    return 200;
}

static int update_service(struct demo_ecs *ecs, const char *body,
                          struct hc_buf *out)
{
    const char *count = strstr(body, "\"desiredCount\":");

    if (!has(body, "web\""))
        return refuse(out, "ServiceNotFoundException", "Service not found.");
    if (count != NULL)
        ecs->desired = atoi(count + strlen("\"desiredCount\":"));
    hc_buf_lit(out, "{\"service\":");
    put_service(ecs, out);
    hc_buf_chr(out, '}');
    return 200;
}

/* ---- hosts ---- */

static void put_host(const struct demo_ecs *ecs, size_t i, struct hc_buf *out)
{
    hc_buf_fmt(out, "{\"containerInstanceArn\":\"%shost%zu\","
               "\"ec2InstanceId\":\"i-0000000000000000%zu\","
               "\"status\":\"%s\",\"agentConnected\":true,\"version\":1,"
               "\"attributes\":[],\"registeredResources\":[],"
               "\"remainingResources\":[],\"runningTasksCount\":1,"
               "\"pendingTasksCount\":0}", HOST, i + 1, i + 1,
               ecs->draining[i] ? "DRAINING" : "ACTIVE");
}

static int list_hosts(const struct demo_ecs *ecs, const char *body,
                      struct hc_buf *out)
{
    bool all = !has(body, "\"status\""), drains = has(body, "\"DRAINING\"");
    size_t n = 0;

    hc_buf_lit(out, "{\"containerInstanceArns\":[");
    for (size_t i = 0; i < ecs->n; i++)
        if (all || ecs->draining[i] == drains)
            hc_buf_fmt(out, "%s\"%shost%zu\"", n++ > 0 ? "," : "", HOST, i + 1);
    hc_buf_lit(out, "]}");
    return 200;
}

/* DescribeContainerInstances, or with `change` UpdateContainerInstancesState:
 * both answer with the hosts that they name. */
static int hosts(struct demo_ecs *ecs, char *body, bool change,
                 struct hc_buf *out)
{
    bool drain = has(body, "\"DRAINING\"");
    const char *names[TEXTS];
    size_t n = list_of(body, "\"containerInstances\"", names), put = 0;

    hc_buf_lit(out, "{\"containerInstances\":[");
    for (size_t i = 0; i < n; i++) {
        const char *name = name_in(names[i]);
        size_t at = strncmp(name, "host", 4) == 0 ? strtoul(name + 4, NULL, 10)
                                                  : 0;

        if (at == 0 || at > ecs->n)
            continue;
        if (change)
            ecs->draining[at - 1] = drain;
        hc_buf_text(out, put++ > 0 ? "," : "");
        put_host(ecs, at - 1, out);
    }
    hc_buf_lit(out, "],\"failures\":[]}");
    return 200;
}

static int register_host(struct demo_ecs *ecs, struct hc_buf *out)
{
    if (ecs->n == DEMO_ECS_HOSTS)
        return refuse(out, "LimitExceededException", "No more hosts.");
    ecs->n++;
    hc_buf_lit(out, "{\"containerInstance\":");
    put_host(ecs, ecs->n - 1, out);
    hc_buf_chr(out, '}');
    return 200;
}

/* ---- the cluster ---- */

static int describe_clusters(const struct demo_ecs *ecs, struct hc_buf *out)
{
    hc_buf_fmt(out, "{\"clusters\":[{\"clusterArn\":\"%scluster/prod\","
               "\"clusterName\":\"prod\",\"status\":\"ACTIVE\","
               "\"registeredContainerInstancesCount\":%zu,"
               "\"runningTasksCount\":%d,\"pendingTasksCount\":0,"
               "\"activeServicesCount\":1,\"capacityProviders\":[],"
               "\"tags\":[]}],\"failures\":[]}", AT, ecs->n, running(ecs));
    return 200;
}

/* True: the request names no cluster, or this one. */
static bool is_prod(const char *body)
{
    const char *at = strstr(body, "\"cluster\"");

    return at == NULL || (at = strchr(at, ':')) == NULL ||
           strncmp(at + 1 + strspn(at + 1, " "), "\"prod\"", 6) == 0 ||
           has(at, ":cluster/prod\"");
}

static int answer(struct demo_ecs *ecs, const char *operation, char *body,
                  struct hc_buf *out)
{
    if (!is_prod(body))
        return refuse(out, "ClusterNotFoundException", "Cluster not found.");
    if (strcmp(operation, "DescribeServices") == 0)
        return describe_services(ecs, body, out);
    if (strcmp(operation, "UpdateService") == 0)
        return update_service(ecs, body, out);
    if (strcmp(operation, "ListContainerInstances") == 0)
        return list_hosts(ecs, body, out);
    if (strcmp(operation, "DescribeContainerInstances") == 0)
        return hosts(ecs, body, false, out);
    if (strcmp(operation, "UpdateContainerInstancesState") == 0)
        return hosts(ecs, body, true, out);
    if (strcmp(operation, "RegisterContainerInstance") == 0)
        return register_host(ecs, out);
    if (strcmp(operation, "DescribeClusters") == 0)
        return describe_clusters(ecs, out);
    if (strcmp(operation, "DescribeScalableTargets") == 0) {
        hc_buf_lit(out, "{\"ScalableTargets\":[]}");
        return 200;
    }
    if (strcmp(operation, "DescribeTaskDefinition") == 0) {
        hc_buf_fmt(out, "{\"taskDefinition\":{\"taskDefinitionArn\":"
                   "\"%stask-definition/web:1\",\"family\":\"web\","
                   "\"revision\":1,\"containerDefinitions\":[]}}", AT);
        return 200;
    }
    if (strcmp(operation, "ListServices") == 0) {
        hc_buf_fmt(out, "{\"serviceArns\":[\"%sservice/prod/web\"]}", AT);
        return 200;
    }
    if (strcmp(operation, "ListClusters") == 0) {
        hc_buf_fmt(out, "{\"clusterArns\":[\"%scluster/prod\"]}", AT);
        return 200;
    }
    return refuse(out, "UnknownOperationException",
                  "The ECS of the demo does not have this operation.");
}

int demo_ecs_answer(struct demo_ecs *ecs, const char *operation,
                    const char *body, struct hc_buf *out)
{
    struct hc_buf copy;
    int status = 500;

    hc_buf_init(&copy, out->alloc, (size_t)1 << 20);
    hc_buf_strz(&copy, hc_str(body));
    if (hc_buf_error(&copy) == 0)
        status = answer(ecs, operation, copy.p, out);
    hc_buf_fini(&copy);
    return status;
}
