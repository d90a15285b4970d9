/* aws/client - places and names of a handle. */
#include "aws/client.h"
#include "own.h"

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
        .service = service_own(HC_SERVICE_ECS), .region = hc_str(region),
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

static const struct hc_proxy *proxy_of(const char *url)
{
    struct hc_endpoint_slot *p = NULL;

    CHECK_INT(place("eu-west-1", url, &p, NULL), 0);
    return p->endpoint.proxy;
}

TEST(client, an_endpoint_knows_its_proxy)
{
    static const char *const env[] = {
        "HTTPS_PROXY=https://u:p@proxy:3128", "https_proxy=",
        "NO_PROXY=.internal", "http_proxy=plain",
        "AWS_LAMBDA_RUNTIME_API=runtime:9001", NULL };

    open_fine(env);
    const struct hc_proxy *p = proxy_of("");

    CHECK(p != NULL && p->anchors != NULL);
    CHECK_Z(p->name, "https://***@proxy:3128");
    CHECK_Z(p->setting, "HTTPS_PROXY");
    CHECK(proxy_of("https://a.test") == p);
    CHECK(proxy_of("https://ecs.test.internal") == NULL);
    CHECK(proxy_of("https://127.0.0.1:1") == NULL);
    CHECK(proxy_of("http://runtime:9001") == NULL);
    p = proxy_of("http://runtime:9002");
    CHECK(p != NULL && p->anchors == NULL);
    CHECK_Z(p->name, "http://plain:80");
    CHECK_Z(p->setting, "http_proxy");
    close_all();
}

TEST(client, a_proxy_that_is_none_is_the_error_of_those_who_need_it)
{
    static const char *const env[] = { "https_proxy=socks5://u:hushhush@proxy",
                                       "NO_PROXY=.internal", NULL };
    struct hc_endpoint_slot *p = NULL;

    open_fine(env);
    for (int i = 0; i < 2; i++) {
        struct headcount_error e = { 0 };

        CHECK_INT(place("eu-west-1", "", &p, &e), HEADCOUNT_ECONFIG);
        CHECK(strstr(e.what, "https_proxy") != NULL);
        CHECK(strstr(e.what, "hush") == NULL);
    }
    CHECK(proxy_of("https://ecs.test.internal") == NULL);
    close_all();
}

/* ---- trust ---- */

TEST(client, a_bundle_that_is_none_is_an_error)
{
    static const char *const env[] = { "AWS_CA_BUNDLE=Makefile", NULL };
    struct headcount_error e = { 0 };

    CHECK_INT(open_with(env, &e), HEADCOUNT_ECONFIG);
    CHECK(client.net == NULL);
    close_all();
}

/* A handle that only called http has not read its bundle, which is damaged
 * since then: no proxy is believed without roots. */
TEST(client, a_proxy_whose_roots_cannot_be_read_is_none)
{
    static const char *const env[] = { "https_proxy=https://proxy:3128",
                                       NULL };
    struct hc_endpoint_slot *p = NULL;

    open_fine(env);
    client.trust.others = (struct hc_trust_file){ .path = HC_STR("Makefile"),
                                                  .from = "SSL_CERT_FILE" };
    for (int i = 0; i < 2; i++) {
        struct headcount_error e = { 0 };

        CHECK_INT(place("eu-west-1", "https://a.test", &p, &e),
                  HEADCOUNT_ECONFIG);
        CHECK(strstr(e.what, "Makefile (SSL_CERT_FILE)") != NULL);
    }
    close_all();
}

/* ---- names ---- */

TEST(client, the_user_agent_says_who_and_where)
{
    static const char *const env[] = {
        "AWS_EXECUTION_ENV=AWS_Lambda_provided.al2023",
        "AWS_SDK_UA_APP_ID=my app/1", NULL };

    open_fine(env);
    CHECK_STR(hc_user_agent_get(&client.agent, HC_FEATURE_NONE),
              "headcount/1.2.3 ua/2.1 os/other lang/c#11 "
              "exec-env/AWS_Lambda_provided.al2023 m/E "
              "cfg/retry-mode#standard app/my-app-1");
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
    const char *const env[] = { text, NULL };

    hc_fmt(text, sizeof text, "AWS_CA_BUNDLE=%s/ca.pem", t_certs());

    int err = open_with(env, NULL);

    close_all();
    return err;
}

TEST(client, every_failed_allocation_is_survived)
{
    t_fails_every_allocation(open_once);
}
