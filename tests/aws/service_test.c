/* tests/aws/service_test.c - the services headcount speaks to. */
#include "t.h"

#include <string.h>

#include "aws/service.h"

/* As botocore's service models have them. */
TEST(service, the_table_is_aws_own)
{
    static const struct {
        enum hc_service_id index;
        const char *id, *env, *prefix, *target;
        enum hc_protocol protocol;
        bool query;
    } rows[] = {
        { HC_SERVICE_ECS, "ecs", "ECS", "ecs",
          "AmazonEC2ContainerServiceV20141113", PROTOCOL_JSON_1_1, false },
        { HC_SERVICE_DYNAMODB, "dynamodb", "DYNAMODB", "dynamodb",
          "DynamoDB_20120810", PROTOCOL_JSON_1_0, false },
        { HC_SERVICE_SQS, "sqs", "SQS", "sqs", "AmazonSQS",
          PROTOCOL_JSON_1_0, true },
        { HC_SERVICE_SCALING, "application-autoscaling",
          "APPLICATION_AUTO_SCALING", "application-autoscaling",
          "AnyScaleFrontendService", PROTOCOL_JSON_1_1, false },
        { HC_SERVICE_TAGGING, "resourcegroupstaggingapi",
          "RESOURCE_GROUPS_TAGGING_API", "tagging",
          "ResourceGroupsTaggingAPI_20170126", PROTOCOL_JSON_1_1, false },
        { HC_SERVICE_TRAIL, "cloudtrail", "CLOUDTRAIL", "cloudtrail",
          "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101",
          PROTOCOL_JSON_1_1, false },
        { HC_SERVICE_STS, "sts", "STS", "sts", "2011-06-15", PROTOCOL_QUERY,
          false },
    };

    CHECK_INT(sizeof(rows) / sizeof(*rows), HC_SERVICE_COUNT);
    for (size_t i = 0; i < HC_SERVICE_COUNT; i++) {
        const struct hc_service *s = hc_service_at(rows[i].index);

        CHECK_INT(s->index, rows[i].index);
        CHECK_Z(s->id, rows[i].id);
        CHECK_Z(s->env, rows[i].env);
        CHECK_Z(s->prefix, rows[i].prefix);
        CHECK_Z(s->signing, rows[i].prefix);
        CHECK_Z(s->target, rows[i].target);
        CHECK_INT(s->protocol, rows[i].protocol);
        CHECK_INT(s->query_mode, rows[i].query);
        if (s->protocol != PROTOCOL_QUERY)
            CHECK(hc_service_find(hc_str(s->id), NULL) == s);
    }
}

TEST(service, one_nobody_knows_is_refused_with_those_that_are_known)
{
    static const char *const unknown[] = { "", "ECS", "ec", "ecss", "s3" };

    for (size_t i = 0; i < sizeof(unknown) / sizeof(*unknown); i++) {
        struct headcount_error e = { 0 };

        CHECK(hc_service_find(hc_str(unknown[i]), &e) == NULL);
        CHECK_INT(e.code, HEADCOUNT_ECONFIG);
        CHECK(strstr(e.what, "it knows ecs, dynamodb, sqs, "
                     "application-autoscaling, resourcegroupstaggingapi, "
                     "cloudtrail")
              != NULL);
        CHECK(hc_service_find(hc_str(unknown[i]), NULL) == NULL);
    }
}

TEST(service, one_that_speaks_no_json_is_not_found_and_says_so)
{
    struct headcount_error e = { 0 };

    CHECK(hc_service_find(HC_STR("sts"), &e) == NULL);
    CHECK_INT(e.code, HEADCOUNT_ECONFIG);
    CHECK(strstr(e.what, "sts takes no JSON") != NULL);
    CHECK(strstr(e.what, "headcount calls ecs, dynamodb") != NULL);
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
