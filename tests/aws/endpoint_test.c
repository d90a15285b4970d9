/* tests/aws/endpoint_test.c - where a service lives. */
#include "t.h"

#include <string.h>

#include "aws/endpoint.h"
#include "own.h"

static struct hc_endpoint out;
static struct headcount_error error;

static int get(enum hc_service_id service, const char *region,
               const char *url, bool fips, bool dualstack)
{
    struct hc_endpoint_ask ask = {
        .service = service_own(service), .region = hc_str(region),
        .url = hc_str(url), .use_fips = fips, .use_dualstack = dualstack
    };

    hc_error_reset(&error);
    memset(&out, 0xA5, sizeof(out));
    return hc_endpoint_get(&out, &ask, &error);
}

/* Hosts as botocore's endpoint rule sets resolve them. */
static const struct {
    enum hc_service_id service;
    const char *region;
    bool fips, dualstack;
    const char *host;
} rules[] = {
    { HC_SERVICE_ECS, "eu-west-1", false, false,
      "ecs.eu-west-1.amazonaws.com" },
    { HC_SERVICE_ECS, "us-east-1", true, false,
      "ecs-fips.us-east-1.amazonaws.com" },
    { HC_SERVICE_ECS, "eu-west-1", false, true, "ecs.eu-west-1.api.aws" },
    { HC_SERVICE_ECS, "us-east-1", true, true, "ecs-fips.us-east-1.api.aws" },
    { HC_SERVICE_ECS, "cn-north-1", false, false,
      "ecs.cn-north-1.amazonaws.com.cn" },
    { HC_SERVICE_ECS, "cn-north-1", false, true,
      "ecs.cn-north-1.api.amazonwebservices.com.cn" },
    { HC_SERVICE_ECS, "us-gov-west-1", true, false,
      "ecs-fips.us-gov-west-1.amazonaws.com" },
    { HC_SERVICE_DYNAMODB, "us-gov-west-1", true, false,
      "dynamodb.us-gov-west-1.amazonaws.com" },
    { HC_SERVICE_DYNAMODB, "us-gov-west-1", true, true,
      "dynamodb-fips.us-gov-west-1.api.aws" },
    { HC_SERVICE_SQS, "us-gov-east-1", true, false,
      "sqs.us-gov-east-1.amazonaws.com" },
    { HC_SERVICE_ECS, "us-iso-east-1", false, false,
      "ecs.us-iso-east-1.c2s.ic.gov" },
    { HC_SERVICE_ECS, "us-isob-east-1", false, false,
      "ecs.us-isob-east-1.sc2s.sgov.gov" },
    { HC_SERVICE_ECS, "eu-isoe-west-1", false, false,
      "ecs.eu-isoe-west-1.cloud.adc-e.uk" },
    { HC_SERVICE_ECS, "us-isof-south-1", false, false,
      "ecs.us-isof-south-1.csp.hci.ic.gov" },
    { HC_SERVICE_ECS, "eusc-de-east-1", false, false,
      "ecs.eusc-de-east-1.amazonaws.eu" },
    { HC_SERVICE_SSO, "eu-west-1", false, false,
      "portal.sso.eu-west-1.amazonaws.com" },
    { HC_SERVICE_SSO, "us-east-1", true, false,
      "portal.sso-fips.us-east-1.amazonaws.com" },
    { HC_SERVICE_SSO, "us-gov-west-1", true, false,
      "portal.sso.us-gov-west-1.amazonaws.com" },
    { HC_SERVICE_SSO, "us-gov-west-1", true, true,
      "portal.sso-fips.us-gov-west-1.api.aws" },
    { HC_SERVICE_OIDC, "cn-north-1", false, false,
      "oidc.cn-north-1.amazonaws.com.cn" },
    { HC_SERVICE_OIDC, "us-gov-east-1", true, false,
      "oidc.us-gov-east-1.amazonaws.com" },
    { HC_SERVICE_TAGGING, "eu-west-1", false, false,
      "tagging.eu-west-1.amazonaws.com" },
    { HC_SERVICE_SCALING, "xx-new-9", false, false,
      "application-autoscaling.xx-new-9.amazonaws.com" },
};

TEST(endpoint, hosts_follow_the_partition)
{
    for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++) {
        CHECK_INT(get(rules[i].service, rules[i].region, NULL, rules[i].fips,
                      rules[i].dualstack), 0);
        CHECK_Z(out.origin.host, rules[i].host);
        CHECK_Z(out.host, rules[i].host);
        CHECK_Z(out.path, "/");
        CHECK_Z(out.region, rules[i].region);
        CHECK(out.service == service_own(rules[i].service));
        CHECK_INT(out.origin.port, 443);
        CHECK(out.origin.tls && out.is_aws && !out.custom);
    }
}

static const struct {
    const char *url, *host, *header, *path;
    int port;
    bool tls, is_aws;
} urls[] = {
    { "http://localhost:4566", "localhost", "localhost:4566", "/", 4566,
      false, false },
    { "https://Example.COM", "example.com", "example.com", "/", 443, true,
      false },
    { "http://127.0.0.1:80/", "127.0.0.1", "127.0.0.1", "/", 80, false,
      false },
    { "https://[::1]:8443/ecs", "::1", "[::1]:8443", "/ecs/", 8443, true,
      false },
    { "https://h/a/b//", "h", "h", "/a/b/", 443, true, false },
    { "http://h:443", "h", "h:443", "/", 443, false, false },
    { "https://vpce-1.ecs.eu-west-1.vpce.amazonaws.com",
      "vpce-1.ecs.eu-west-1.vpce.amazonaws.com",
      "vpce-1.ecs.eu-west-1.vpce.amazonaws.com", "/", 443, true, true },
    { "https://amazonaws.com", "amazonaws.com", "amazonaws.com", "/", 443,
      true, false },
    { "https://evilamazonaws.com", "evilamazonaws.com", "evilamazonaws.com",
      "/", 443, true, false },
    { "https://a.amazonaws.com.evil.example", "a.amazonaws.com.evil.example",
      "a.amazonaws.com.evil.example", "/", 443, true, false },
    { "https://ecs.eu-west-1.api.aws", "ecs.eu-west-1.api.aws",
      "ecs.eu-west-1.api.aws", "/", 443, true, true },
};

TEST(endpoint, a_url_overrides_the_rules)
{
    for (size_t i = 0; i < sizeof(urls) / sizeof(*urls); i++) {
        CHECK_INT(get(HC_SERVICE_ECS, "eu-west-1", urls[i].url, false, false),
                  0);
        CHECK_Z(out.origin.host, urls[i].host);
        CHECK_Z(out.host, urls[i].header);
        CHECK_Z(out.path, urls[i].path);
        CHECK_INT(out.origin.port, urls[i].port);
        CHECK_INT(out.origin.tls, urls[i].tls);
        CHECK_INT(out.is_aws, urls[i].is_aws);
        CHECK(out.custom);
        CHECK_Z(out.region, "eu-west-1");
    }
}

TEST(endpoint, urls_that_cannot_be_one_are_refused)
{
    static const struct { const char *url; bool fips, dualstack;
                          const char *says; } rows[] = {
        { "ftp://h", false, false, "" }, { "h:80", false, false, "" },
        { "http://", false, false, "" }, { "http://u:p@h", false, false, "" },
        { "https://h/?a=s3cret", false, false, "query" },
        { "https://u:s3cret@h", true, false, "AWS_USE_FIPS_ENDPOINT" },
        { "https://h", false, true, "AWS_USE_DUALSTACK_ENDPOINT" },
    };
    static char long_url[1200];

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        CHECK_INT(get(HC_SERVICE_ECS, "eu-west-1", rows[i].url, rows[i].fips,
                      rows[i].dualstack), HEADCOUNT_ECONFIG);
        CHECK(error.what[0] != '\0');
        CHECK(strstr(error.what, rows[i].says) != NULL);
        CHECK(strstr(error.what, "s3cret") == NULL);
    }
    memset(long_url, 'a', sizeof(long_url) - 1);
    memcpy(long_url, "http://h/", 9);
    CHECK_INT(get(HC_SERVICE_ECS, "eu-west-1", long_url, false, false),
              HEADCOUNT_ECONFIG);
    CHECK(strstr(error.what, "longer than 1024") != NULL);
    long_url[8 + 1023] = '\0';
    CHECK_INT(get(HC_SERVICE_ECS, "eu-west-1", long_url, false, false), 0);
    CHECK_INT(strlen(out.path), 1024);
}

TEST(endpoint, dynamodb_local_is_a_port_on_this_host)
{
    CHECK_INT(get(HC_SERVICE_DYNAMODB, "local", NULL, false, false), 0);
    CHECK_Z(out.host, "localhost:8000");
    CHECK_Z(out.region, "us-east-1");
    CHECK(!out.origin.tls && !out.is_aws);
    CHECK_INT(get(HC_SERVICE_DYNAMODB, "local", "http://h:1", false, false),
              0);
    CHECK_Z(out.host, "h:1");
    CHECK_Z(out.region, "us-east-1");
    CHECK_INT(get(HC_SERVICE_ECS, "local", NULL, false, false), 0);
    CHECK_Z(out.host, "ecs.local.amazonaws.com");
}

TEST(endpoint, sts_is_regional_and_fips_of_us_gov_is_the_plain_host)
{
    CHECK_INT(get(HC_SERVICE_STS, "eu-west-1", NULL, false, false), 0);
    CHECK_Z(out.host, "sts.eu-west-1.amazonaws.com");
    CHECK_INT(get(HC_SERVICE_STS, "us-east-1", NULL, true, false), 0);
    CHECK_Z(out.host, "sts-fips.us-east-1.amazonaws.com");
    CHECK_INT(get(HC_SERVICE_STS, "us-gov-west-1", NULL, true, false), 0);
    CHECK_Z(out.host, "sts.us-gov-west-1.amazonaws.com");
    CHECK_INT(get(HC_SERVICE_STS, "cn-north-1", NULL, false, false), 0);
    CHECK_Z(out.host, "sts.cn-north-1.amazonaws.com.cn");
}

TEST(endpoint, a_region_is_known_and_a_host_label)
{
    static const char *const bad[] = {
        "", "EU-west-1", "eu west", "-eu", "eu-", "eu_west", "eu.west",
        "eu-west-1\r\nx", "evil.example/", "\xC3\xA4",
        "a23456789012345678901234567890123456789012345678901234567890abcd"
    };

    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        CHECK_INT(get(HC_SERVICE_ECS, bad[i], NULL, false, false),
                  HEADCOUNT_EREGION);
        CHECK(strstr(error.what, "AWS_REGION") != NULL);
        CHECK_INT(get(HC_SERVICE_ECS, bad[i], "https://h", false, false),
                  HEADCOUNT_EREGION);
        CHECK(!hc_endpoint_is_region(hc_str(bad[i])));
    }
    CHECK(hc_endpoint_is_region(HC_STR("a")));
    CHECK(hc_endpoint_is_region(hc_str_n(bad[10], 63)));
}
