/* tests/reconcile/placed_rows.h - calls of a rise that could start hosts, for
 * the tables of peers/ecs_script. */
#ifndef PLACED_ROWS_H
#define PLACED_ROWS_H

#include "peers/ecs_script.h"

#define REVISION SCRIPT_AT "task-definition/web:7"
#define SERVICE(desired, running, more)                                      \
    { .operation = SERVICES, .answer = SCRIPT_SERVICES(                      \
      "{\"serviceArn\":\"" SCRIPT_AT "service/prod/web\",\"serviceName\":"   \
      "\"web\",\"clusterArn\":\"" SCRIPT_CLUSTER "\",\"status\":\"ACTIVE\","  \
      "\"desiredCount\":" #desired ",\"runningCount\":" #running ","         \
      "\"taskDefinition\":\"" REVISION "\"" more "}") }
#define CHANGED ",\"deployments\":[{\"status\":\"PRIMARY\",\"rolloutState\":" \
    "\"COMPLETED\",\"updatedAt\":1000}]"
#define STRATEGY ",\"capacityProviderStrategy\":[{\"capacityProvider\":"      \
    "\"asg\",\"weight\":1}]"
#define A SCRIPT_HOST("a")
#define B SCRIPT_HOST("b")
#define C SCRIPT_HOST("c")
#define D SCRIPT_HOST("d")
#define LIST(hosts, filter) { .operation = HOSTS,                            \
    .answer = SCRIPT_HOSTS(hosts), .body = SCRIPT_LIST("ACTIVE", filter) }
#define LACKING(hosts) LIST(hosts,                                           \
    SCRIPT_FILTER("(not(task:group == service:web))"))
#define YOUNGER(hosts) LIST(hosts, SCRIPT_FILTER("(task:group == service:"    \
    "web) and (registeredAt > 1970-01-01T00:16:40+00:00)"))
#define DESCRIBE(list) { .operation = DETAILS,                               \
    .answer = "{\"containerInstances\":[" list "]}" }
/* A host registered at `at`, with the rest of an agent's answer. */
#define ROOM(id, at, ports) "{\"containerInstanceArn\":" SCRIPT_HOST(id)     \
    ",\"status\":\"ACTIVE\",\"capacityProviderName\":\"asg\","              \
    "\"agentConnected\":true,\"registeredAt\":" at ",\"runningTasksCount\":0," \
    "\"pendingTasksCount\":0,\"attributes\":[{\"name\":\"ecs.os-type\","     \
    "\"value\":\"linux\"}],\"remainingResources\":[{\"name\":\"CPU\","       \
    "\"integerValue\":1024},{\"name\":\"MEMORY\",\"integerValue\":900},"     \
    "{\"name\":\"PORTS\",\"stringSetValue\":[]},{\"name\":\"PORTS_UDP\","    \
    "\"stringSetValue\":[" ports "]}]}"
#define DEFINITION { .operation = "DescribeTaskDefinition",                  \
    .body = "{\"taskDefinition\":\"" REVISION "\"}", .answer =             \
    "{\"taskDefinition\":{\"taskDefinitionArn\":\"" REVISION "\",\"cpu\":"  \
    "\"256\",\"memory\":\"512\",\"containerDefinitions\":[{\"portMappings\":" \
    "[{\"hostPort\":8125,\"protocol\":\"udp\"}]}]}}" }
#define DEFINED(members) { .operation = "DescribeTaskDefinition", .answer =  \
    "{\"taskDefinition\":{\"taskDefinitionArn\":\"" REVISION "\","         \
    "\"containerDefinitions\":[{}]," members "}}" }
#define MANAGED(status) { .operation = "DescribeCapacityProviders", .answer = \
    "{\"capacityProviders\":[{\"name\":\"asg\",\"autoScalingGroupProvider\":" \
    "{\"managedScaling\":{\"status\":\"" status "\"}}}]}" }
#define WRITE { .operation = UPDATE, .answer = SCRIPT_TAKEN }
#define THREE DESCRIBE(ROOM("a", "1", "") "," ROOM("b", "1", "") ","          \
    ROOM("c", "1", ""))

/* ECS takes no filter that names a task group. */
#define REFUSES { .operation = HOSTS, .fail = HEADCOUNT_ESERVICE,            \
    .code = "InvalidParameterException", .body = SCRIPT_LIST("ACTIVE",       \
    SCRIPT_FILTER("(not(task:group == service:web))")) }
#define TASK(id) "\"" SCRIPT_AT "task/prod/" id "\""
#define TASKS_BODY(more) "{\"cluster\":\"" SCRIPT_CLUSTER "\","              \
    "\"serviceName\":\"web\",\"desiredStatus\":\"RUNNING\","               \
    "\"maxResults\":100" more "}"
#define TASKS(list) { .operation = "ListTasks", .body = TASKS_BODY(""),      \
    .answer = "{\"taskArns\":[" list "]}" }
/* A task, `more` about it, and one that runs on a host. */
#define A_TASK(id, more) "{\"taskArn\":" TASK(id) more "}"
#define STATUS(last, desired) ",\"lastStatus\":\"" last "\","                 \
    "\"desiredStatus\":\"" desired "\""
#define ON(id, host) A_TASK(id, STATUS("RUNNING", "RUNNING")                 \
    ",\"containerInstanceArn\":" SCRIPT_HOST(host))
#define DESCRIBE_TASKS(list) { .operation = "DescribeTasks",                 \
    .answer = "{\"tasks\":[" list "],\"failures\":[]}" }

#endif
