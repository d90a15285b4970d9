/* aws/client - trust, places and names of a handle. */
#include "aws/client.h"
#include "aws/creds_assume.h"

#include <string.h>

#include "base/text.h"
#include "peers/aws_peer.h"
#include "t.h"

static struct net_world world;
static struct hc_config config;
static struct hc_client client;

static int open_with(const char *const *env, struct headcount_error *e)
{
    const struct hc_config_options options = { .region = NULL };
    const struct hc_client_config c = { .config = &config, .net = &world.net,
                                        .version = "1.2.3" };

    memset(&world, 0, sizeof world);
    memset(&client, 0, sizeof client);
    world.env = env;
    net_world_open(&world, NULL, NULL);
    int err = hc_config_init(&config, &world.net.sys, &options, e);

    return err == 0 ? hc_client_init(&client, &c, e) : err;
}

static void open_fine(const char *const *env)
{
    struct headcount_error e = { 0 };

    if (open_with(env, &e) < 0)
        fail_msg("%s", e.what);
}

static void close_all(void)
{
    hc_client_fini(&client);
    hc_config_fini(&config);
    net_world_close(&world);
}

static int place(const char *region, const char *url,
                 struct hc_endpoint_slot **out, struct headcount_error *e)
{
    const struct hc_endpoint_ask ask = {
        .service = hc_service_at(HC_SERVICE_ECS), .region = hc_str(region),
        .url = hc_str(url),
    };

    return hc_client_acquire_endpoint(&client, &ask, out, e);
}

/* ---- places ---- */

TEST(client, a_place_is_made_once_and_keeps_its_day_key)
{
    struct hc_endpoint_slot *a, *b, *c;

    open_fine(NULL);
    CHECK_INT(place("eu-west-1", "", &a, NULL), 0);
    CHECK_Z(a->endpoint.host, "ecs.eu-west-1.amazonaws.com");
    CHECK_INT(place("eu-west-1", "", &b, NULL), 0);
    CHECK(a == b);
    CHECK_INT(a->users, 2);
    CHECK_INT(place("us-east-1", "", &c, NULL), 0);
    CHECK(c != a);
    hc_client_release_endpoint(a);
    hc_client_release_endpoint(b);
    hc_client_release_endpoint(c);
    hc_client_release_endpoint(NULL);
    CHECK_INT(a->users, 0);
    close_all();
}

TEST(client, the_longest_unused_place_makes_room_and_one_in_use_never)
{
    struct hc_endpoint_slot *held, *p;
    struct headcount_error e = { 0 };
    char url[64];

    open_fine(NULL);
    CHECK_INT(place("eu-west-1", "", &held, NULL), 0);
    for (int i = 0; i < 3 * HC_CLIENT_ENDPOINTS; i++) {
        hc_fmt(url, sizeof url, "http://127.0.0.1:%d", 1000 + i);
        CHECK_INT(place("eu-west-1", url, &p, NULL), 0);
        CHECK(p != held);
        hc_client_release_endpoint(p);
    }
    CHECK_Z(held->endpoint.host, "ecs.eu-west-1.amazonaws.com");
    for (int i = 1; i < HC_CLIENT_ENDPOINTS; i++) {
        hc_fmt(url, sizeof url, "http://127.0.0.1:%d", 2000 + i);
        CHECK_INT(place("eu-west-1", url, &p, NULL), 0);
    }
    CHECK_INT(place("eu-west-1", "http://127.0.0.1:1", &p, &e),
              HEADCOUNT_ELIMIT);
    close_all();
}

/* ---- roles ---- */

#define ROLE "arn:aws:iam::123456789012:role/"

static struct hc_creds *role(const char *arn, struct headcount_error *e)
{
    hc_error_reset(e);
    return hc_client_creds(&client, hc_str(arn), e);
}

TEST(client, a_role_has_one_source_of_credentials)
{
    static const char *const env[] = { "AWS_REGION=eu-west-1", NULL };
    struct headcount_error e = { 0 };

    open_fine(env);
    CHECK(role(NULL, &e) == &client.creds);
    CHECK(role("", &e) == &client.creds);
    struct hc_creds *a = role(ROLE "a", &e), *b = role(ROLE "b", &e);

    CHECK(a != NULL && b != NULL && a != b && a != &client.creds);
    CHECK(role(ROLE "a", &e) == a);
    CHECK(role(ROLE "b", &e) == b);
    CHECK_STR(a->role, ROLE "a");
    CHECK_STR(client.creds.role, "");
    close_all();
}

static void assumed_at(const char *const *env, const char *arn,
                       const char *host)
{
    struct headcount_error e = { 0 };

    open_fine(env);
    const struct hc_creds *c = role(arn, &e);

    if (c == NULL)
        fail_msg("%s", e.what);
    const struct hc_creds_assume *assume = c->providers[0].ud;

    CHECK_Z(assume->endpoint.host, host);
    close_all();
}

/* Who may assume a role has keys of its partition. */
TEST(client, a_role_is_assumed_where_its_partition_is)
{
    static const char *const here[] = { "AWS_REGION=eu-west-1", NULL };
    static const char *const nowhere[] = { "A=b", NULL };
    const char *cn = "arn:aws-cn:iam::123456789012:role/a";

    assumed_at(here, ROLE "a", "sts.eu-west-1.amazonaws.com");
    assumed_at(here, cn, "sts.cn-north-1.amazonaws.com.cn");
    assumed_at(here, "arn:aws-mars:iam::123456789012:role/a",
               "sts.eu-west-1.amazonaws.com");
    assumed_at(nowhere, cn, "sts.cn-north-1.amazonaws.com.cn");
}

TEST(client, roles_are_bounded)
{
    static const char *const env[] = { "AWS_REGION=eu-west-1", NULL };
    struct headcount_error e = { 0 };
    char arn[128];

    open_fine(env);
    for (int i = 0; i < HC_CLIENT_ROLES; i++) {
        hc_fmt(arn, sizeof arn, ROLE "r%d", i);
        CHECK(role(arn, &e) != NULL);
    }
    CHECK(role(ROLE "one-more", &e) == NULL);
    CHECK_INT(e.code, HEADCOUNT_ELIMIT);
    CHECK(role(ROLE "r0", &e) != NULL);
    close_all();
}

TEST(client, a_role_that_cannot_be_assumed_is_none)
{
    static const char *const env[] = { "AWS_REGION=eu-west-1", NULL };
    static const char *const nowhere[] = { "A=b", NULL };
    static const char *const proxy[] = {
        "AWS_REGION=eu-west-1", "HTTPS_PROXY=http://127.0.0.1:1", NULL };
    struct headcount_error e = { 0 };

    open_fine(env);
    CHECK(role("role/a", &e) == NULL);
    CHECK_INT(e.code, HEADCOUNT_ECONFIG);
    client.no_sign = true;
    CHECK(role(ROLE "a", &e) == NULL);
    CHECK_INT(e.code, HEADCOUNT_ECONFIG);
    CHECK(role("", &e) != NULL);
    close_all();
    open_fine(nowhere);
    CHECK(role("arn:aws-mars:iam::123456789012:role/a", &e) == NULL);
    CHECK_INT(e.code, HEADCOUNT_EREGION);
    CHECK(role("arn:aws-cn:iam::123456789012:role/a", &e) != NULL);
    close_all();
    open_fine(proxy);
    CHECK(role(ROLE "a", &e) == NULL);
    CHECK_INT(e.code, HEADCOUNT_ECONFIG);
    CHECK_INT(client.roles_n, 0);
    close_all();
}

TEST(client, a_bad_place_is_none)
{
    struct hc_endpoint_slot *p = NULL;
    struct headcount_error e = { 0 };

    open_fine(NULL);
    CHECK_INT(place("", "", &p, &e), HEADCOUNT_EREGION);
    CHECK_INT(place("eu-west-1", "ftp://x", &p, &e), HEADCOUNT_ECONFIG);
    CHECK(p == NULL);
    close_all();
}

TEST(client, a_proxy_that_we_cannot_use_is_an_error_and_no_detour)
{
    static const char *const env[] = { "HTTPS_PROXY=http://proxy:3128",
                                       "NO_PROXY=.internal", NULL };
    struct hc_endpoint_slot *p = NULL;
    struct headcount_error e = { 0 };

    open_fine(env);
    CHECK_INT(place("eu-west-1", "", &p, &e), HEADCOUNT_ECONFIG);
    CHECK(strstr(e.what, "NO_PROXY") != NULL);
    CHECK_INT(place("eu-west-1", "https://ecs.test.internal", &p, NULL), 0);
    CHECK_INT(place("eu-west-1", "https://127.0.0.1:1", &p, NULL), 0);
    close_all();
}

/* ---- trust ---- */

static const struct hc_anchors *trust(const char *url)
{
    struct hc_endpoint_slot *p;

    CHECK_INT(place("eu-west-1", url, &p, NULL), 0);
    return hc_client_anchors(&client, &p->endpoint);
}

static const char *setting(char out[300], const char *name)
{
    hc_fmt(out, 300, "%s=%s/ca.pem", name, t_certs());
    return out;
}

TEST(client, aws_is_believed_by_amazons_roots)
{
    char text[300];
    const char *const env[] = { setting(text, "SSL_CERT_FILE"), NULL };

    open_fine(env);
    CHECK(trust("") == hc_anchors_amazon());
    CHECK(trust("https://ecs.test.internal") == &client.others);
    CHECK(trust("http://ecs.test.internal") == NULL);
    close_all();
    open_fine(NULL);
    CHECK(trust("https://ecs.test.internal") == hc_anchors_amazon());
    close_all();
}

TEST(client, a_bundle_replaces_the_roots_for_all)
{
    char text[300];
    const char *const env[] = { setting(text, "AWS_CA_BUNDLE"), NULL };

    open_fine(env);
    CHECK(trust("") == &client.bundle);
    CHECK(trust("https://ecs.test.internal") == &client.bundle);
    close_all();
}

TEST(client, a_bundle_without_certificates_is_an_error)
{
    static const char *const env[] = { "AWS_CA_BUNDLE=Makefile", NULL };
    struct headcount_error e = { 0 };

    CHECK_INT(open_with(env, &e), HEADCOUNT_ECONFIG);
    CHECK(client.net == NULL);
    close_all();
}

/* ---- names ---- */

TEST(client, the_user_agent_says_who_and_where)
{
    static const char *const env[] = {
        "AWS_EXECUTION_ENV=AWS_Lambda_provided.al2023",
        "AWS_SDK_UA_APP_ID=my app/1", NULL };

    open_fine(env);
    CHECK_Z(hc_buf_z(&client.user_agent),
            "headcount/1.2.3 ua/2.1 lang/c cfg/retry-mode#standard m/E "
            "exec-env/AWS_Lambda_provided.al2023 app/my-app-1");
    close_all();
}

static void trace_is(const char *const *env, const char *want)
{
    open_fine(env);
    CHECK_Z(hc_buf_z(&client.trace_id), "");
    hc_client_trace(&client);
    CHECK_Z(hc_buf_z(&client.trace_id), want);
    close_all();
}

TEST(client, lambdas_trace_goes_on)
{
    static const char *const here[] = {
        "AWS_LAMBDA_FUNCTION_NAME=f",
        "_X_AMZN_TRACE_ID=Root=1-5e-9;Parent=3f;Sampled=1;Lineage=a8:0,68:5",
        NULL };
    static const char *const outside[] = { "_X_AMZN_TRACE_ID=Root=1-2-3",
                                           NULL };
    static const char *const odd[] = {
        "AWS_LAMBDA_FUNCTION_NAME=f",
        "_X_AMZN_TRACE_ID=a\r\nb: c%\xc3\xa9[]{}&+\"'/", NULL };

    trace_is(here, "Root=1-5e-9;Parent=3f;Sampled=1;Lineage=a8:0,68:5");
    trace_is(outside, "");
    trace_is(odd, "a%0D%0Ab:%20c%25%C3%A9[]{}&+\"'%2F");
}

TEST(client, the_trace_is_that_of_now)
{
    const char *env[] = { "AWS_LAMBDA_FUNCTION_NAME=f",
                          "_X_AMZN_TRACE_ID=Root=1", NULL };

    open_fine(env);
    for (size_t i = 0; i < 2; i++) {
        env[1] = i == 0 ? "_X_AMZN_TRACE_ID=Root=1" : "_X_AMZN_TRACE_ID=R=2";
        hc_client_trace(&client);
        CHECK_Z(hc_buf_z(&client.trace_id), env[1] + 17);
    }
    close_all();
}

static int open_once(void)
{
    char text[300];
    const char *const env[] = { setting(text, "AWS_CA_BUNDLE"), NULL };
    int err = open_with(env, NULL);

    close_all();
    return err;
}

TEST(client, every_failed_allocation_is_survived)
{
    t_fails_every_allocation(open_once);
}
