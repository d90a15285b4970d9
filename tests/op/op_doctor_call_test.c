/* tests/op/op_doctor_call_test.c - a read that is denied, one that fails, one
 * whose answer is none, and services that are not asked. */
#include "op/doctor_look.h"

#include "base/text.h"

#define DENIED                                                              \
    aws_answer(400, "", "{\"__type\":\"AccessDeniedException\","            \
               "\"message\":\"User: night is not authorized\"}")

/* The statement that allows it is the advice, and the other reads go on. */
TEST(op_doctor_call, a_denied_read_says_what_to_allow)
{
    const char *const answers[] = { LOOK_GET, LOOK_WHO, LOOK_CLUSTER,
                                    LOOK_NAMES,
                                    aws_answer(200, "", SERVICE("3")), DENIED,
                                    LOOK_DEFINITION, LOOK_TARGETS, DENIED,
                                    LOOK_MAY("allowed"), NULL };
    const struct headcount_finding *f;

    look_open(false, answers);
    look(look_of_prod());
    f = look_nth("denied", 0);
    CHECK(f != NULL);
    if (f != NULL) {
        CHECK_INT(f->level, HEADCOUNT_ERROR);
        CHECK_Z(f->what, "ListContainerInstances in prod");
        CHECK(strstr(f->text, "User: night is not authorized") != NULL);
        CHECK_Z(f->advice,
                "to allow it: {\"Effect\": \"Allow\", \"Action\": "
                "\"ecs:ListContainerInstances\", \"Resource\": "
                "\"" CLUSTER_ARN "\"}");
    }
    f = look_nth("denied", 1);
    CHECK(f != NULL);
    if (f != NULL) {
        CHECK_INT(f->level, HEADCOUNT_WARNING);      /* tags alone need it */
        CHECK(strstr(f->advice, "\"tag:GetResources\"") != NULL);
    }
    CHECK_INT(scene.script.requests, 10);
    look_end();
}

TEST(op_doctor_call, an_answer_that_is_none_is_an_error)
{
    const char *const answers[] = { LOOK_GET, LOOK_WHO, LOOK_CLUSTER,
                                    aws_answer(200, "", "{\"serviceArns\":3}"),
                                    aws_answer(200, "", HOSTS3), LOOK_HOSTS,
                                    LOOK_TAGGED, LOOK_MAY("allowed"), NULL };
    const struct headcount_finding *f;

    look_open(false, answers);
    look(look_of_prod());
    f = look_nth("call", 1);
    CHECK(f != NULL);
    if (f != NULL) {
        CHECK_Z(f->what, "ListServices in prod");
        CHECK_INT(f->level, HEADCOUNT_ERROR);
        CHECK(strstr(f->text, "serviceArns") != NULL);
    }
    look_has("hosts", HEADCOUNT_FINE, "3 hosts");
    look_end();
}

/* A test peer stands for ECS: the real tagging service must not be asked. */
TEST(op_doctor_call, only_services_with_an_endpoint_are_asked_beside_a_peer)
{
    const char *const answers[] = {
        LOOK_GET, LOOK_WHO, LOOK_CLUSTER,
        aws_answer(200, "", "{\"serviceArns\":[]}"),
        aws_answer(200, "", "{\"containerInstanceArns\":[]}"), NULL };
    char line[160];
    const char *env[] = { scene_env_of[0], scene_env_of[1], scene_env_of[2],
                          line, NULL };

    scene_open(false, answers);
    headcount_free(scene.h);
    hc_fmt(line, sizeof line, "AWS_ENDPOINT_URL_ECS=%s", scene.url);
    scene.env = env;
    CHECK_INT(scene_new((struct headcount_config){ .size = 0 }), 0);
    look(look_of_prod());
    look_has("not_called", HEADCOUNT_WARNING,
             "and resourcegroupstaggingapi has none");
    look_has("hosts", HEADCOUNT_WARNING, "it has no host");
    CHECK_Z(look_nth("not_called", 0)->advice,
            "set AWS_ENDPOINT_URL_RESOURCE_GROUPS_TAGGING_API");
    CHECK_INT(scene.script.requests, 5);
    look_end();
}
