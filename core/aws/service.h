/* aws/service.h - the AWS services headcount speaks to, as one table. */
#ifndef HC_AWS_SERVICE_H
#define HC_AWS_SERVICE_H

#include "base/buf.h"
#include "base/err.h"

/* How operations of a service are put and answered. */
enum hc_protocol {
    PROTOCOL_JSON_1_0,         /* a JSON object each way, x-amz-target       */
    PROTOCOL_JSON_1_1,
    PROTOCOL_QUERY             /* Action=...&Version=... in, XML out         */
};

/* id, the suffix of AWS_ENDPOINT_URL_, first label of the host, signing name,
 * target, protocol, query mode, FIPS in us-gov without "-fips". */
#define HC_SERVICES_JSON(X)                                                 \
    X(ECS, "ecs", "ECS", "ecs", "ecs",                                      \
      "AmazonEC2ContainerServiceV20141113", PROTOCOL_JSON_1_1, false,       \
      false)                                                                \
    X(DYNAMODB, "dynamodb", "DYNAMODB", "dynamodb", "dynamodb",             \
      "DynamoDB_20120810", PROTOCOL_JSON_1_0, false, true)                  \
    X(SQS, "sqs", "SQS", "sqs", "sqs", "AmazonSQS", PROTOCOL_JSON_1_0,      \
      true, true)                                                           \
    X(SCALING, "application-autoscaling", "APPLICATION_AUTO_SCALING",       \
      "application-autoscaling", "application-autoscaling",                 \
      "AnyScaleFrontendService", PROTOCOL_JSON_1_1, false, true)            \
    X(TAGGING, "resourcegroupstaggingapi", "RESOURCE_GROUPS_TAGGING_API",   \
      "tagging", "tagging", "ResourceGroupsTaggingAPI_20170126",            \
      PROTOCOL_JSON_1_1, false, false)                                      \
    X(TRAIL, "cloudtrail", "CLOUDTRAIL", "cloudtrail", "cloudtrail",        \
      "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101",             \
      PROTOCOL_JSON_1_1, false, true)
#define HC_SERVICES_QUERY(X)                                                \
    X(STS, "sts", "STS", "sts", "sts", "2011-06-15", PROTOCOL_QUERY, false, \
      true)
#define HC_SERVICES(X) HC_SERVICES_JSON(X) HC_SERVICES_QUERY(X)

enum hc_service_id {
#define HC_SERVICES_ID(name, ...) HC_SERVICE_##name,
    HC_SERVICES(HC_SERVICES_ID)
#undef HC_SERVICES_ID
    HC_SERVICE_COUNT
};

struct hc_service {
    enum hc_service_id index;
    const char *id;            /* as the AWS CLI spells it                   */
    const char *env;           /* AWS_ENDPOINT_URL_<env>                     */
    const char *prefix;        /* first label of its host                    */
    const char *signing;       /* name in the signature's scope              */
    const char *target;        /* x-amz-target: <target>.<Operation>; of a
                                  query service the version of its API       */
    enum hc_protocol protocol;
    bool query_mode;           /* wants x-amzn-query-mode: true              */
    bool plain_gov_fips;       /* us-gov: FIPS is served by the plain host   */
};

const struct hc_service *hc_service_at(enum hc_service_id index);
/* A service that speaks JSON, for a caller that has the JSON; NULL with
 * HEADCOUNT_ECONFIG, which names those that there are. */
const struct hc_service *hc_service_find(struct hc_str id,
                                         struct headcount_error *e);
#define HC_OPERATION_MAX 63
/* 1..63 ASCII letters and digits, a letter first; else HEADCOUNT_EARG. */
int hc_service_check_operation(struct hc_str operation,
                               struct headcount_error *e);

#endif
