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
