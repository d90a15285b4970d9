/* op/doctor_look.h - one doctor from its begin to its end against the peers of
 * scene.h, and its findings by their codes; for op_doctor*_test.c. */
#ifndef OP_DOCTOR_LOOK_H
#define OP_DOCTOR_LOOK_H

#include "op/op_doctor.h"

#include <stdio.h>
#include <string.h>

#include "peers/scene.h"
#include "t.h"

/* What each look gets before its cluster is asked for. */
#define LOOK_GET aws_answer(404, "", "")
#define LOOK_WHO                                                            \
    aws_answer(200, "", "<GetCallerIdentityResponse><GetCallerIdentity"     \
        "Result><Arn>arn:aws:sts::123456789012:assumed-role/night/x</Arn>"  \
        "<Account>123456789012</Account></GetCallerIdentityResult>"         \
        "</GetCallerIdentityResponse>")
#define LOOK_CLUSTER                                                        \
    aws_answer(200, "", "{\"clusters\":[{\"clusterArn\":\"" CLUSTER_ARN      \
        "\",\"clusterName\":\"prod\",\"status\":\"ACTIVE\","                \
        "\"registeredContainerInstancesCount\":3}],\"failures\":[]}")
#define LOOK_NAMES                                                          \
    aws_answer(200, "", "{\"serviceArns\":[\"arn:aws:ecs:eu-west-1:"        \
        "123456789012:service/prod/web\"]}")
#define LOOK_HOST(name, status, connected)                                  \
    "{\"containerInstanceArn\":" HOST(name) ",\"status\":\"" status "\","   \
    "\"ec2InstanceId\":\"i-" name "\",\"agentConnected\":" connected "}"
#define LOOK_HOSTS                                                          \
    aws_answer(200, "", "{\"containerInstances\":["                         \
        LOOK_HOST("a", "ACTIVE", "true") ","                                \
        LOOK_HOST("b", "DRAINING", "true") ","                              \
        LOOK_HOST("c", "ACTIVE", "false") "],\"failures\":[]}")
#define LOOK_DEFINITION                                                     \
    aws_answer(200, "", "{\"taskDefinition\":{\"taskDefinitionArn\":\""     \
        DEFINITION_ARN "\",\"containerDefinitions\":[{\"name\":\"web\"}]}}")
#define LOOK_TARGETS aws_answer(200, "", "{\"ScalableTargets\":[]}")
#define LOOK_TAGGED aws_answer(200, "", "{\"ResourceTagMappingList\":[]}")
#define LOOK_MAY(decision)                                                  \
    aws_answer(200, "", "<SimulatePrincipalPolicyResponse><Simulate"        \
        "PrincipalPolicyResult><EvaluationResults><member><EvalDecision>"   \
        decision "</EvalDecision></member></EvaluationResults></Simulate"   \
        "PrincipalPolicyResult></SimulatePrincipalPolicyResponse>")
#define LOOK_REST                                                           \
    LOOK_NAMES, aws_answer(200, "", SERVICE("3")),                          \
    aws_answer(200, "", HOSTS3), LOOK_HOSTS, LOOK_DEFINITION,               \
    LOOK_TARGETS, LOOK_TAGGED, LOOK_MAY("allowed")

static const char *const look_prod[] = { "prod" };

static inline struct headcount_doctor look_of_prod(void)
{
    return (struct headcount_doctor){ .size = sizeof(struct headcount_doctor),
                                      .clusters = look_prod, .clusters_n = 1,
                                      .sweeps = true };
}

/* A handle in the scene that is open, whose services are all at its server: by
 * the environment, because the option is for ECS alone. */
static inline int look_new(struct headcount_config config)
{
    static char line[160];
    static const char *env[5];

    headcount_free(scene.h);
    scene.h = NULL;
    snprintf(line, sizeof line, "AWS_ENDPOINT_URL=%s", scene.url);
    for (size_t i = 0; i < 3; i++)
        env[i] = scene_env_of[i];
    env[3] = line;
    scene.env = env;
    if (config.dns_server == NULL && *scene.server != '\0')
        config.dns_server = scene.server;
    config.max_attempts = 1;
    return scene_new(config);
}

static inline void look_open(bool tls, const char *const *answers)
{
    scene_open(tls, answers);
    CHECK_INT(look_new((struct headcount_config){
                  .ca_bundle = tls ? scene.bundle : NULL }), 0);
}

/* Begins and drives scene.op on the scene that is open. */
static inline void look(struct headcount_doctor doctor)
{
    CHECK_INT(headcount_begin_doctor(scene.h, &scene.op, &doctor,
                                     &scene.error), 0);
    scene_drive();
    CHECK_INT(headcount_op_state(scene.op), HEADCOUNT_DONE);
    CHECK_INT(headcount_outcome(scene.op)->code, 0);
}

static inline void look_end(void)
{
    headcount_op_free(scene.op);
    scene.op = NULL;
    scene_close();
}

/* The nth finding of this code; NULL: there is none. */
static inline const struct headcount_finding *look_nth(const char *code,
                                                       size_t nth)
{
    const struct headcount_outcome *o = headcount_outcome(scene.op);

    for (size_t i = 0; i < o->findings_n; i++)
        if (strcmp(o->findings[i].code, code) == 0 && nth-- == 0)
            return &o->findings[i];
    return NULL;
}

/* There is such a finding, its level is this, and its text holds that. */
static inline void look_has(const char *code, enum headcount_level level,
                            const char *says)
{
    const struct headcount_finding *f = look_nth(code, 0);

    CHECK(f != NULL);
    if (f == NULL)
        return;
    CHECK_INT(f->level, level);
    if (strstr(f->text, says) == NULL)
        fail_msg("%s: \"%s\" lacks \"%s\"", code, f->text, says);
}

#endif
