/* peers/scene.h - headcount.h against servers on loopback: a handle, an op, a
 * server that answers by a list, and a DNS server for its name.
 *
 * Used by: api/handle_test.c and op/.
 * Instead of moto: the public calls are tested with answers in a fixed order
 * and a clock that stands still.
 */
#ifndef PEERS_SCENE_H
#define PEERS_SCENE_H

#include "headcount.h"
#include "op/op.h"
#include "peers/aws_peer.h"
#include "peers/dns_peer.h"

#define EVENT                                                               \
    "{\"version\":\"0\",\"id\":\"1\",\"source\":\"aws.ecs\","               \
    "\"detail-type\":\"ECS Container Instance State Change\","              \
    "\"account\":\"123456789012\",\"region\":\"eu-west-1\","                \
    "\"time\":\"2020-01-01T00:00:00Z\",\"detail\":{\"clusterArn\":"         \
    "\"arn:aws:ecs:eu-west-1:123456789012:cluster/prod\","                  \
    "\"status\":\"ACTIVE\",\"version\":1}}"
#define CLUSTER_ARN "arn:aws:ecs:eu-west-1:123456789012:cluster/prod"
#define DEFINITION_ARN                                                      \
    "arn:aws:ecs:eu-west-1:123456789012:task-definition/web:1"
#define SERVICE(desired)                                                    \
    "{\"services\":[{\"serviceArn\":\"arn:aws:ecs:eu-west-1:123456789012:"  \
    "service/prod/web\",\"serviceName\":\"web\",\"clusterArn\":\""          \
    CLUSTER_ARN "\",\"status\":\"ACTIVE\",\"desiredCount\":" desired ","    \
    "\"runningCount\":1,\"pendingCount\":0,\"launchType\":\"EC2\","         \
    "\"taskDefinition\":\"" DEFINITION_ARN "\","                             \
    "\"schedulingStrategy\":\"REPLICA\",\"deploymentController\":"          \
    "{\"type\":\"ECS\"},\"deployments\":[{\"status\":\"PRIMARY\","          \
    "\"rolloutState\":\"COMPLETED\"}]}],\"failures\":[]}"
#define HOST(n) "\"arn:aws:ecs:eu-west-1:123456789012:container-instance/"  \
    "prod/" n "\""
#define HOSTS3 "{\"containerInstanceArns\":[" HOST("a") "," HOST("b") ","   \
    HOST("c") "]}"

struct scene {
    struct net_peer peer;
    struct aws_script script;
    struct dns_peer dns;
    headcount *h;
    headcount_op *op;
    const char *const *env;
    char url[128], bundle[256], server[64];
    size_t audited;
    struct headcount_error error;
};

extern struct scene scene;
extern const char *const scene_env_of[];     /* a region and credentials */

/* The code of headcount_new; memory, clock and environment are the test's. */
int scene_new(struct headcount_config config);
/* tls: under ecs.test.internal by the test's DNS server; else 127.0.0.1.
 * Answers the code of headcount_new. */
int scene_try(bool tls, const char *const *answers);
void scene_open(bool tls, const char *const *answers);
void scene_close(void);
/* The server reads what has come, and answers it. */
void scene_serve(void);
/* One round of an owner's own loop; then the servers have their turn. */
void scene_round(void);
/* Such rounds while scene.op runs. */
void scene_drive(void);
/* Such rounds until so many requests have come whole. */
void scene_until(size_t requests);

/* One op from its begin to its end, on a handle of its own. */
struct scene_run {
    const char *const *answers;
    int (*begin)(void);                  /* begins scene.op                  */
    void (*turn)(void);                  /* in ASKS, PART; NULL: resumes it  */
    void (*done)(void);                  /* looks at the outcome; or NULL    */
};

/* The code of begin, or of the outcome; HEADCOUNT_ENOMEM where a request for
 * memory failed.  For t_fails_every_allocation. */
int scene_run_once(const struct scene_run *run);
/* Runs it until round 0, 1, 2, ..., then frees the op, or cancels it: that op
 * ends and sends no further request, `done` may look, and neither way leaves
 * anything behind.  Ends with the round in which the op is done. */
void scene_run_cut(const struct scene_run *run);

#endif
