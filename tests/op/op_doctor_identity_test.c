/* tests/op/op_doctor_identity_test.c - who signs. */
#include "op/doctor_look.h"

TEST(op_doctor_identity, the_principal_and_its_account_are_told)
{
    const char *const answers[] = { LOOK_GET, LOOK_WHO, LOOK_CLUSTER, LOOK_REST,
                                    NULL };

    look_open(false, answers);
    look(look_of_prod());
    look_has("principal", HEADCOUNT_FINE,
             "arn:aws:sts::123456789012:assumed-role/night/x, account "
             "123456789012");
    CHECK(strstr(scene.script.request[1], "Action=GetCallerIdentity&Version="
                 "2011-06-15") != NULL);
    look_end();
}

TEST(op_doctor_identity, an_answer_without_a_principal_is_an_error)
{
    static const char *const bodies[] = { "<a></a>", "<a><Arn>x</Arn></a>",
                                          "<a>", "{}" };

    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        const char *const answers[] = { LOOK_GET,
                                        aws_answer(200, "", bodies[i]),
                                        LOOK_CLUSTER, LOOK_REST, NULL };

        look_open(false, answers);
        look(look_of_prod());
        CHECK(look_nth("principal", 0) == NULL);
        CHECK(look_nth("call", 0) != NULL);
        CHECK_INT(look_nth("call", 0)->level, HEADCOUNT_ERROR);
        CHECK_Z(look_nth("call", 0)->what, "GetCallerIdentity");
        look_end();
    }
}

TEST(op_doctor_identity, another_account_than_the_expected_one_is_an_error)
{
    const char *const answers[] = { LOOK_GET, LOOK_WHO, LOOK_CLUSTER, LOOK_REST,
                                    NULL };
    struct headcount_doctor doctor = look_of_prod();

    look_open(false, answers);
    doctor.expect_account = "999999999999";
    look(doctor);
    look_has("account", HEADCOUNT_ERROR, "the principal is of account "
             "123456789012, and 999999999999 is expected");
    CHECK(look_nth("account", 1) != NULL);           /* the cluster's, too */
    look_end();
}

static void look_may(const char *answer)
{
    const char *const answers[] = {
        LOOK_GET, LOOK_WHO, LOOK_CLUSTER, LOOK_NAMES,
        aws_answer(200, "", SERVICE("3")), aws_answer(200, "", HOSTS3),
        LOOK_HOSTS, LOOK_DEFINITION, LOOK_TARGETS, LOOK_TAGGED, answer, NULL };

    look_open(false, answers);
    look(look_of_prod());
}

/* The write itself is never tried. */
TEST(op_doctor_identity, whether_counts_may_be_set_is_simulated)
{
    look_may(LOOK_MAY("allowed"));
    look_has("update", HEADCOUNT_FINE, "allowed on service/prod/web");
    CHECK(strstr(scene.script.request[10],
                 "PolicySourceArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2F"
                 "night&ResourceArns.member.1=arn%3Aaws%3Aecs%3Aeu-west-1%3A"
                 "123456789012%3Aservice%2Fprod%2Fweb") != NULL);
    for (size_t i = 0; i < scene.script.requests; i++)
        CHECK(strstr(scene.script.request[i], ".UpdateService\r\n") == NULL);
    look_end();
    look_may(LOOK_MAY("implicitDeny"));
    look_has("update", HEADCOUNT_ERROR, "denied on service/prod/web, as IAM "
             "simulates it: implicitDeny");
    CHECK(strstr(look_nth("update", 0)->advice, "\"ecs:UpdateService\", "
                 "\"Resource\": \"arn:aws:ecs:eu-west-1:123456789012:"
                 "service/prod/web\"") != NULL);
    look_end();
    look_may(aws_answer(403, "", "<ErrorResponse><Error><Code>AccessDenied"
                        "</Code><Message>no</Message></Error>"
                        "</ErrorResponse>"));
    look_has("update", HEADCOUNT_WARNING, "AccessDenied: no");
    look_end();
}
