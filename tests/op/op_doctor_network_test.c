/* tests/op/op_doctor_network_test.c - name, connection, TLS, clock, proxy. */
#include "op/doctor_look.h"

#include <stdio.h>

/* A Date that is so many seconds from now. */
static const char *dated(int64_t seconds)
{
    static const char days[] = "ThuFriSatSunMonTueWed";
    static char header[80];
    char at[HC_AMZ_DATE + 1];
    int64_t wall = hc_clock_wall() + seconds * HC_SECOND;
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

    hc_time_amz(at, wall);
    snprintf(header, sizeof header,
             "Date: %.3s, %.2s %.3s %.4s %.2s:%.2s:%.2s GMT\r\n",
             days + 3 * (wall / HC_SECOND / 86400 % 7), at + 6,
             months + 3 * ((at[4] - '0') * 10 + at[5] - '0' - 1), at, at + 9,
             at + 11, at + 13);
    return header;
}

static void look_at(const char *const *env)
{
    static const char *const none[] = { NULL };

    scene_open(false, none);
    headcount_free(scene.h);
    scene.env = env;
    CHECK_INT(scene_new((struct headcount_config){
                  .dns_server = "127.0.0.1:1" }), 0);
    look(look_of_prod());
}

TEST(op_doctor_network, tls_has_its_suite_its_chain_and_its_days)
{
    const char *const answers[] = { LOOK_GET, LOOK_WHO, LOOK_CLUSTER, LOOK_REST,
                                    NULL };

    look_open(true, answers);
    look(look_of_prod());
    look_has("dns", HEADCOUNT_FINE,
             "ecs.test.internal is 127.0.0.1 (DNS servers: 127.0.0.1:");
    look_has("dns", HEADCOUNT_FINE, "; for ");
    look_has("connect", HEADCOUNT_FINE, "127.0.0.1 port ");
    look_has("tls", HEADCOUNT_FINE, "ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, ");
    look_has("tls", HEADCOUNT_FINE, " < ");
    look_has("tls", HEADCOUNT_FINE, " days left");
    look_end();
}

TEST(op_doctor_network, a_name_without_an_address_is_an_error)
{
    static const char *const env[] = { "AWS_REGION=eu-west-1", NULL };

    look_at(env);
    look_has("dns", HEADCOUNT_ERROR, "no DNS server could look up");
    look_has("calls", HEADCOUNT_WARNING, "ECS cannot be reached");
    CHECK(look_nth("connect", 0) == NULL);
    look_end();
}

TEST(op_doctor_network, a_refused_connection_is_an_error)
{
    const char *const answers[] = { LOOK_WHO, NULL };
    struct headcount_doctor doctor = look_of_prod();

    look_open(false, answers);
    doctor.endpoint_url = "http://127.0.0.1:1";
    look(doctor);
    look_has("connect", HEADCOUNT_ERROR, "connection refused");
    look_end();
}

/* The certificate is that of a root which is not in the built-in bundle. */
TEST(op_doctor_network, a_certificate_that_is_not_trusted_is_an_error)
{
    const char *const answers[] = { NULL };

    scene_open(true, answers);
    headcount_free(scene.h);
    CHECK_INT(scene_new((struct headcount_config){
                  .endpoint_url = scene.url, .dns_server = scene.server }), 0);
    look(look_of_prod());
    look_has("tls", HEADCOUNT_ERROR, "none of the trusted roots");
    CHECK(look_nth("connect", 0) == NULL);
    look_end();
}

static void look_dated(int64_t seconds)
{
    const char *const answers[] = { aws_answer(404, dated(seconds), ""),
                                    LOOK_WHO, LOOK_CLUSTER, LOOK_REST, NULL };

    look_open(false, answers);
    look(look_of_prod());
}

TEST(op_doctor_network, a_clock_that_is_half_an_hour_off_is_an_error)
{
    look_dated(1800);
    look_has("clock", HEADCOUNT_ERROR, " s behind that of the endpoint");
    CHECK(strstr(look_nth("clock", 0)->text, "clock here is 1") != NULL);
    look_end();
    look_dated(-1800);
    look_has("clock", HEADCOUNT_ERROR, " s ahead of that of the endpoint");
    look_end();
    look_dated(0);
    look_has("clock", HEADCOUNT_FINE, "the clock here is ");
    look_end();
}

TEST(op_doctor_network, without_a_date_the_clock_is_not_known)
{
    const char *const answers[] = { LOOK_GET, LOOK_WHO, LOOK_CLUSTER, LOOK_REST,
                                    NULL };

    look_open(false, answers);
    look(look_of_prod());
    look_has("clock", HEADCOUNT_WARNING, "has no Date");
    look_has("tls", HEADCOUNT_WARNING, "the endpoint is http");
    look_end();
}

TEST(op_doctor_network, a_proxy_that_is_none_is_said)
{
    static const char *const env[] = {
        "AWS_REGION=eu-west-1", "HTTPS_PROXY=socks://u:secretword@127.0.0.1:1",
        NULL };

    look_at(env);
    look_has("proxy", HEADCOUNT_ERROR, "SOCKS");
    CHECK(strstr(headcount_outcome(scene.op)->json, "secretword") == NULL);
    CHECK(look_nth("dns", 0) == NULL);
    look_end();
}
