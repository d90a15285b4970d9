/* tests/op/op_doctor_settings_test.c - region and where it came from, sweep,
 * credentials. */
#include "op/doctor_look.h"

static void open_env(const char *const *env, struct headcount_config config)
{
    static const char *const answers[] = { NULL };

    scene_open(false, answers);
    headcount_free(scene.h);
    scene.env = env;
    if (scene_new(config) != 0)
        fail_msg("%s", scene.error.what);
}

TEST(op_doctor_settings, the_region_says_where_it_came_from)
{
    static const char *const first[] = { "AWS_REGION=eu-west-1",
                                         "AWS_DEFAULT_REGION=eu-west-2", NULL };
    static const char *const second[] = { "AWS_DEFAULT_REGION=eu-west-2",
                                          NULL };
    static const char *const none[] = { NULL };
    static const char *const arn[] = { CLUSTER_ARN };
    const struct {
        const char *const *env;
        const char *option, *own, *says;
        bool arn;
    } rows[] = {
        { first, NULL, NULL, "eu-west-1, from AWS_REGION", false },
        { second, NULL, NULL, "eu-west-2, from AWS_DEFAULT_REGION", false },
        { first, "eu-west-3", NULL,
          "eu-west-3, from config.region", false },
        { first, NULL, "eu-north-1", "eu-north-1, from the program", false },
        { none, NULL, NULL, "eu-west-1, from the ARN of a cluster", true },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct headcount_doctor doctor = look_of_prod();

        open_env(rows[i].env,
                 (struct headcount_config){ .region = rows[i].option,
                                            .dns_server = "127.0.0.1:1" });
        doctor.region = rows[i].own;
        if (rows[i].arn)
            doctor.clusters = arn;
        look(doctor);
        look_has("region", HEADCOUNT_FINE, rows[i].says);
        look_end();
    }
}

TEST(op_doctor_settings, without_a_sweep_there_is_a_warning)
{
    static const char *const none[] = { NULL };
    struct headcount_doctor doctor = look_of_prod();

    open_env(none, (struct headcount_config){ .size = 0 });
    doctor.sweeps = false;
    look(doctor);
    look_has("sweep", HEADCOUNT_WARNING, "none is configured");
    look_has("region", HEADCOUNT_ERROR, "none is set");
    look_has("credentials", HEADCOUNT_ERROR, "no AWS credentials");
    look_end();
}

TEST(op_doctor_settings, a_role_that_is_none_is_an_error_and_no_crash)
{
    struct headcount_doctor doctor = look_of_prod();

    open_env(scene_env_of, (struct headcount_config){
        .dns_server = "127.0.0.1:1" });
    doctor.assume_role = "night";
    look(doctor);
    look_has("credentials", HEADCOUNT_ERROR, "`night` is no role's ARN");
    look_end();
}

TEST(op_doctor_settings, unsigned_requests_need_no_credentials)
{
    const char *const answers[] = { LOOK_GET, LOOK_CLUSTER, LOOK_REST, NULL };
    struct headcount_doctor doctor = look_of_prod();

    scene_open(false, answers);
    CHECK_INT(look_new((struct headcount_config){
                  .no_sign_request = true }), 0);
    look(doctor);
    look_has("credentials", HEADCOUNT_FINE, "not signed");
    look_has("hosts", HEADCOUNT_FINE, "3 hosts: 2 ACTIVE, 1 DRAINING");
    CHECK(look_nth("principal", 0) == NULL);
    look_end();
}

TEST(op_doctor_settings, each_place_of_credentials_is_told)
{
    static const char *const env[] = {
        "AWS_ACCESS_KEY_ID=AKIDEXAMPLE",
        "AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI=http://127.0.0.1:1/", NULL };

    open_env(env, (struct headcount_config){ .dns_server = "127.0.0.1:1" });
    look(look_of_prod());
    look_has("chain", HEADCOUNT_FINE, "AWS_ACCESS_KEY_ID: is used; ");
    look_has("chain", HEADCOUNT_FINE, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI "
             "or _FULL_URI: is configured, but AWS_ACCESS_KEY_ID comes first");
    look_has("chain", HEADCOUNT_FINE, "not configured: keys given by the "
             "program, role_arn, ");
    look_end();
}

/* What an endpoint quotes of its request must not show. */
TEST(op_doctor_settings, no_finding_has_a_secret)
{
    const char *const answers[] = {
        LOOK_GET, LOOK_WHO,
        aws_answer(200, "", "{\"clusters\":[{\"clusterArn\":\"" CLUSTER_ARN
                   "\",\"clusterName\":\"prod\",\"status\":"
                   "\"wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY\"}],"
                   "\"failures\":[]}"), LOOK_REST, NULL };

    look_open(false, answers);
    look(look_of_prod());
    look_has("cluster", HEADCOUNT_WARNING, "its status is ***");
    CHECK(strstr(headcount_outcome(scene.op)->json, "K7MDENG") == NULL);
    look_end();
}
