/* tests/aws/service_test.c - the services headcount speaks to. */
#include "t.h"

#include <string.h>

#include "aws/service.h"

/* As botocore's service models have them. */
TEST(service, our_own_are_those_of_aws)
{
    static const struct {
        enum hc_service_id index;
        const char *id, *env, *host, *signing, *target;
        enum hc_protocol protocol;
        bool query;
    } rows[] = {
        { HC_SERVICE_ECS, "ecs", "ECS", "ecs", "ecs",
          "AmazonEC2ContainerServiceV20141113", PROTOCOL_JSON_1_1, false },
        { HC_SERVICE_DYNAMODB, "dynamodb", "DYNAMODB", "dynamodb", "dynamodb",
          "DynamoDB_20120810", PROTOCOL_JSON_1_0, false },
        { HC_SERVICE_SQS, "sqs", "SQS", "sqs", "sqs", "AmazonSQS",
          PROTOCOL_JSON_1_0, true },
        { HC_SERVICE_SCALING, "application-autoscaling",
          "APPLICATION_AUTO_SCALING", "application-autoscaling",
          "application-autoscaling", "AnyScaleFrontendService",
          PROTOCOL_JSON_1_1, false },
        { HC_SERVICE_TAGGING, "resourcegroupstaggingapi",
          "RESOURCE_GROUPS_TAGGING_API", "tagging", "tagging",
          "ResourceGroupsTaggingAPI_20170126", PROTOCOL_JSON_1_1, false },
        { HC_SERVICE_TRAIL, "cloudtrail", "CLOUDTRAIL", "cloudtrail",
          "cloudtrail",
          "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101",
          PROTOCOL_JSON_1_1, false },
        { HC_SERVICE_STS, "sts", "STS", "sts", "sts", "2011-06-15",
          PROTOCOL_QUERY, false },
        { HC_SERVICE_SSO, "sso", "SSO", "portal.sso", "awsssoportal", "",
          PROTOCOL_JSON_1_1, false },
        { HC_SERVICE_OIDC, "sso-oidc", "SSO_OIDC", "oidc", "sso-oauth", "",
          PROTOCOL_JSON_1_1, false },
    };
    struct hc_service s, found;

    CHECK_INT(sizeof(rows) / sizeof(*rows), HC_SERVICE_COUNT);
    for (size_t i = 0; i < HC_SERVICE_COUNT; i++) {
        memset(&s, 0xA5, sizeof(s));
        hc_service_own(&s, rows[i].index);
        CHECK_INT(s.index, rows[i].index);
        CHECK_Z(s.id, rows[i].id);
        CHECK_Z(s.env, rows[i].env);
        CHECK_STR(s.row.host, rows[i].host);
        CHECK_STR(s.row.signing, rows[i].signing);
        CHECK_STR(s.row.target, rows[i].target);
        CHECK_INT(s.protocol, rows[i].protocol);
        CHECK_INT(s.row.query_mode, rows[i].query);
        CHECK_INT(hc_service_get(&found, hc_str(s.id), NULL),
                  rows[i].index < HC_SERVICE_STS ? 0 : HEADCOUNT_ECONFIG);
    }
}

TEST(service, one_of_the_catalog_is_found_by_each_of_its_names)
{
    static const struct {
        const char *name, *id, *env;
        enum hc_service_id index;
        enum hc_protocol protocol;
    } rows[] = {
        { "ECS", "ecs", "ECS", HC_SERVICE_ECS, PROTOCOL_JSON_1_1 },
        { "CodeDeploy", "deploy", "CODEDEPLOY", HC_SERVICE_OTHER,
          PROTOCOL_JSON_1_1 },
        { "Application Auto Scaling", "application-autoscaling",
          "APPLICATION_AUTO_SCALING", HC_SERVICE_SCALING, PROTOCOL_JSON_1_1 },
        { "sfn", "stepfunctions", "SFN", HC_SERVICE_OTHER,
          PROTOCOL_JSON_1_0 },
    };
    struct hc_service s;

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        memset(&s, 0xA5, sizeof(s));
        CHECK_INT(hc_service_get(&s, hc_str(rows[i].name), NULL), 0);
        CHECK_Z(s.id, rows[i].id);
        CHECK_Z(s.env, rows[i].env);
        CHECK_INT(s.index, rows[i].index);
        CHECK_INT(s.protocol, rows[i].protocol);
    }
}

TEST(service, one_that_cannot_be_called_says_what_to_do)
{
    static const struct { const char *name, *says; } rows[] = {
        { "", "`` is no service that headcount knows: give " },
        { "mars", "fetch METHOD URL and request.sign SERVICE" },
        { "dynamdb", "`dynamdb` is no service that headcount knows: is it "
                     "dynamodb?" },
        { "ecss", "is it ecs?" },
        { "S3", "S3 has another protocol" },
        { "ec2", "request.sign ec2" },
        { "elbv2", "request.sign elasticloadbalancing" },
        { "sts", "request.sign sts" },
    };
    struct hc_service s;

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct headcount_error e = { 0 };

        CHECK_INT(hc_service_get(&s, hc_str(rows[i].name), &e),
                  HEADCOUNT_ECONFIG);
        CHECK_INT(e.code, HEADCOUNT_ECONFIG);
        CHECK(strstr(e.what, rows[i].says) != NULL);
    }
}

TEST(service, one_that_is_described_has_what_was_said)
{
    const struct hc_service_given all = {
        HC_STR("My Service"), HC_STR("Some.Target_2020"), HC_STR("1.1"),
        HC_STR("sign-me"), HC_STR("api.mine")
    };
    const struct hc_service_given least = {
        .name = HC_STR("mine"), .target_prefix = HC_STR("T")
    };
    struct hc_service s;

    memset(&s, 0xA5, sizeof(s));
    CHECK_INT(hc_service_describe(&s, &all, NULL), 0);
    CHECK_INT(s.index, HC_SERVICE_OTHER);
    CHECK_INT(s.protocol, PROTOCOL_JSON_1_1);
    CHECK_Z(s.id, "My Service");
    CHECK_Z(s.env, "MY_SERVICE");
    CHECK_STR(s.row.target, "Some.Target_2020");
    CHECK_STR(s.row.signing, "sign-me");
    CHECK_STR(s.row.host, "api.mine");
    CHECK(!s.row.query_mode && !s.row.has_ways && s.row.rules.n == 0);
    CHECK_INT(hc_service_describe(&s, &least, NULL), 0);
    CHECK_INT(s.protocol, PROTOCOL_JSON_1_0);
    CHECK_STR(s.row.signing, "mine");
    CHECK_STR(s.row.host, "mine");
}

#define NAME_64                                                             \
    "a234567890123456789012345678901234567890123456789012345678901234"

TEST(service, a_description_that_cannot_be_one_is_refused)
{
    static const struct {
        const char *name, *target, *json, *signing, *host, *says;
    } rows[] = {
        { "", "T", "", "", "", "the service is ``" },
        { "a/b", "T", "", "", "", "the service is `a/b`" },
        { NAME_64, "T", "", "", "", "1 to 63" },
        { "a", "", "", "", "", "request.target_prefix is ``" },
        { "a", "T\r\nx", "", "", "", "request.target_prefix" },
        { "a", "T", "1", "", "", "request.json_version is `1`" },
        { "a", "T", "1.10", "", "", "1.0 or 1.1" },
        { "a", "T", "", "a/b", "", "request.signing_name is `a/b`" },
        { "a", "T", "", "", "evil.example/", "request.endpoint_prefix" },
        { "a", "T", "", "", "a@b", "request.endpoint_prefix" },
        { "my own", "T", "", "x", "", "request.endpoint_prefix is `my own`" },
        { "my own", "T", "", "", "x", "request.signing_name is `my own`" },
        { "a", NAME_64 NAME_64 "a", "", "", "", "1 to 128" },
    };
    struct hc_service s;

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        const struct hc_service_given given = {
            hc_str(rows[i].name), hc_str(rows[i].target), hc_str(rows[i].json),
            hc_str(rows[i].signing), hc_str(rows[i].host)
        };
        struct headcount_error e = { 0 };

        CHECK_INT(hc_service_describe(&s, &given, &e), HEADCOUNT_EARG);
        CHECK(strstr(e.what, rows[i].says) != NULL);
    }
}

TEST(service, operations_are_letters_and_digits)
{
    static const struct { const char *name; int want;
    } rows[] = {
        { "DescribeServices", 0 },
        { "a", 0 },
        { "Z9", 0 },
        { "A23456789012345678901234567890123456789012345678901234567890123",
          0 },
        { "A234567890123456789012345678901234567890123456789012345678901234",
          HEADCOUNT_EARG },
        { "", HEADCOUNT_EARG },
        { "9a", HEADCOUNT_EARG },
        { "a b", HEADCOUNT_EARG },
        { "a.b", HEADCOUNT_EARG },
        { "a\r\nb", HEADCOUNT_EARG },
        { "a-b", HEADCOUNT_EARG },
        { "\xC3\xA4", HEADCOUNT_EARG },
        { "a_b", HEADCOUNT_EARG },
        { "a:", HEADCOUNT_EARG },
        { "@a", HEADCOUNT_EARG },
        { "a[", HEADCOUNT_EARG },
        { "a`", HEADCOUNT_EARG },
        { "a{", HEADCOUNT_EARG },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct headcount_error e = { 0 };

        CHECK_INT(hc_service_check_operation(hc_str(rows[i].name), &e),
                  rows[i].want);
        CHECK_INT(e.code, rows[i].want);
    }
    CHECK_INT(hc_service_check_operation(hc_str_n("a\0b", 3), NULL),
              HEADCOUNT_EARG);
}
