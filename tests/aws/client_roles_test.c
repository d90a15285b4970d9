/* tests/aws/client_roles_test.c - the roles of a handle, each of them once. */
#include "t.h"
#include "own.h"

#include <string.h>

#include "aws/client.h"
#include "aws/creds_assume.h"
#include "base/text.h"
#include "peers/aws_peer.h"

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

#define ROLE "arn:aws:iam::123456789012:role/"

static struct hc_creds *role(const char *arn, struct headcount_error *e)
{
    hc_error_reset(e);
    return hc_client_creds(&client, &(struct hc_role){ .arn = hc_str(arn) }, e);
}

TEST(client_roles, a_role_has_one_source_of_credentials)
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

/* Five accounts take turns at two endpoints. */
TEST(client_roles, accounts_that_alternate_keep_their_day_keys)
{
    static const char *const env[] = { "AWS_REGION=eu-west-1", NULL };
    struct hc_endpoint_slot slots[2];
    struct hc_sigv4_key *keys[10];
    struct hc_sigv4_scope scope;
    char id[24];

    open_fine(env);
    memset(slots, 0, sizeof slots);
    hc_str_copy(slots[0].endpoint.host, sizeof slots[0].endpoint.host,
                HC_STR("ecs.eu-west-1.amazonaws.com"));
    hc_str_copy(slots[1].endpoint.host, sizeof slots[1].endpoint.host,
                HC_STR("ecs.eu-west-2.amazonaws.com"));
    for (size_t i = 0; i < 30; i++) {
        struct hc_endpoint_slot *slot = &slots[i % 2];

        hc_fmt(id, sizeof id, "ASIAEXAMPLE%zu", i % 10 / 2);
        struct hc_sigv4_key *key = hc_client_key(&client, slot, hc_str(id));

        if (i < 10)
            keys[i] = key;
        CHECK(key != &slot->key && key == keys[i % 10]);
        hc_sigv4_scope_init(&scope, 1700000000 * HC_SECOND,
                            i % 2 == 0 ? HC_STR("eu-west-1")
                                       : HC_STR("eu-west-2"), HC_STR("ecs"));
        hc_sigv4_key_for(key, &scope, hc_str(id));
        CHECK_INT(key->derived, 1);
    }
    close_all();
    CHECK(client.keys == NULL);
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

    struct hc_endpoint_slot *sts = NULL;

    CHECK_INT(hc_client_acquire_own(&client, service_own(HC_SERVICE_STS),
                                    assume->region, &sts, &e), 0);
    CHECK_Z(sts->endpoint.host, host);
    hc_client_release_endpoint(sts);
    close_all();
}

/* Who may assume a role has keys of its partition. */
TEST(client_roles, a_role_is_assumed_where_its_partition_is)
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

TEST(client_roles, roles_are_bounded)
{
    static const char *const env[] = { "AWS_REGION=eu-west-1", NULL };
    struct headcount_error e = { 0 };
    char arn[128];

    open_fine(env);
    for (int i = 0; i < 2000; i++) {
        hc_fmt(arn, sizeof arn, ROLE "r%d", i);
        CHECK(role(arn, &e) != NULL);
    }
    CHECK_INT(client.roles_n, 2000);
    client.roles_n = HC_CLIENT_ROLES;
    CHECK(role(ROLE "one-more", &e) == NULL);
    CHECK_INT(e.code, HEADCOUNT_ELIMIT);
    CHECK(role(ROLE "r0", &e) != NULL);
    close_all();
}

TEST(client_roles, what_is_sent_beside_an_arn_makes_another_role)
{
    static const char *const env[] = { "AWS_REGION=eu-west-1", NULL };
    struct headcount_error e = { 0 };

    open_fine(env);
    struct hc_role r = { .arn = HC_STR(ROLE "a") };
    struct hc_creds *plain = hc_client_creds(&client, &r, &e);

    r.external_id = HC_STR("of-a-partner");
    struct hc_creds *with = hc_client_creds(&client, &r, &e);

    CHECK(plain != NULL && with != NULL && plain != with);
    CHECK(hc_client_creds(&client, &r, &e) == with);
    r.session = HC_STR("a b");
    CHECK(hc_client_creds(&client, &r, &e) == NULL);
    CHECK_INT(e.code, HEADCOUNT_ECONFIG);
    close_all();
}

TEST(client_roles, a_role_that_cannot_be_assumed_is_none)
{
    static const char *const env[] = { "AWS_REGION=eu-west-1", NULL };
    static const char *const nowhere[] = { "A=b", NULL };
    static const char *const proxy[] = {
        "AWS_REGION=eu-west-1", "HTTPS_PROXY=socks4://127.0.0.1:1", NULL };
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

static int open_a_role(void)
{
    static const char *const env[] = { "AWS_REGION=eu-west-1", NULL };
    struct headcount_error e = { 0 };
    int err = open_with(env, &e);

    if (err == 0 && role(ROLE "a", &e) == NULL)
        err = e.code;
    close_all();
    return err;
}

TEST(client_roles, every_failed_allocation_is_survived)
{
    t_fails_every_allocation(open_a_role);
}
