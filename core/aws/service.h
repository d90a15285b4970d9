/* aws/service.h - the AWS services headcount speaks to, as one table. */
#ifndef HC_AWS_SERVICE_H
#define HC_AWS_SERVICE_H

#include "base/buf.h"
#include "base/err.h"

/* id, the suffix of AWS_ENDPOINT_URL_, first label of the host, signing name,
 * target, JSON 1.N, query mode, FIPS in us-gov without "-fips", backoff. */
#define HC_SERVICES(X)                                                      \
    X(ECS, "ecs", "ECS", "ecs", "ecs",                                      \
      "AmazonEC2ContainerServiceV20141113", 1, false, false, 50)            \
    X(DYNAMODB, "dynamodb", "DYNAMODB", "dynamodb", "dynamodb",             \
      "DynamoDB_20120810", 0, false, true, 25)                              \
    X(SQS, "sqs", "SQS", "sqs", "sqs", "AmazonSQS", 0, true, true, 50)      \
    X(SCALING, "application-autoscaling", "APPLICATION_AUTO_SCALING",       \
      "application-autoscaling", "application-autoscaling",                 \
      "AnyScaleFrontendService", 1, false, true, 50)                        \
    X(TAGGING, "resourcegroupstaggingapi", "RESOURCE_GROUPS_TAGGING_API",   \
      "tagging", "tagging", "ResourceGroupsTaggingAPI_20170126", 1, false,  \
      false, 50)

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
    const char *target;        /* x-amz-target: <target>.<Operation>         */
    int json;                  /* application/x-amz-json-1.<json>            */
    bool query_mode;           /* wants x-amzn-query-mode: true              */
    bool plain_gov_fips;       /* us-gov: FIPS is served by the plain host   */
    int backoff_ms;            /* t_0 of a retry that is no throttling       */
};

const struct hc_service *hc_service_at(enum hc_service_id index);
/* NULL with HC_ECONFIG naming the known ones. */
const struct hc_service *hc_service_find(struct hc_str id, struct hc_error *e);
#define HC_OPERATION_MAX 63
/* 1..63 ASCII letters and digits, a letter first; else HC_EARG. */
int hc_service_check_operation(struct hc_str operation, struct hc_error *e);

#endif
