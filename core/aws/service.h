/* aws/service.h - an AWS service as calls have it: a row of aws/catalog.h, or
 * one that the caller describes, and how its requests are put. */
#ifndef HC_AWS_SERVICE_H
#define HC_AWS_SERVICE_H

#include "aws/catalog.h"
#include "base/err.h"

/* How operations of a service are put and answered. */
enum hc_protocol {
    PROTOCOL_JSON_1_0,         /* a JSON object each way, x-amz-target       */
    PROTOCOL_JSON_1_1,
    PROTOCOL_QUERY             /* Action=...&Version=... in, XML out         */
};

/* Our own: headcount itself calls these, named as in the catalog.  SSO and its
 * OIDC are asked by URLs of their own and answer errors in JSON: they are here
 * for hc_endpoint_get. */
#define HC_SERVICES(X)                                                      \
    X(ECS, "ecs") X(DYNAMODB, "dynamodb") X(SQS, "sqs")                     \
    X(SCALING, "application-autoscaling")                                   \
    X(TAGGING, "resourcegroupstaggingapi") X(TRAIL, "cloudtrail")           \
    X(STS, "sts") X(SSO, "sso") X(OIDC, "sso-oidc")

enum hc_service_id {
#define HC_SERVICES_ID(name, ...) HC_SERVICE_##name,
    HC_SERVICES(HC_SERVICES_ID)
#undef HC_SERVICES_ID
    HC_SERVICE_COUNT,
    HC_SERVICE_OTHER = HC_SERVICE_COUNT
};

struct hc_service {
    enum hc_service_id index;
    char id[HC_CATALOG_NAME + 1];        /* as the AWS CLI spells it         */
    char env[HC_CATALOG_NAME + 1];       /* AWS_ENDPOINT_URL_<env>           */
    struct hc_catalog_row row;           /* `target` of a query service is the
                                            version of its API               */
    enum hc_protocol protocol;
};

void hc_service_own(struct hc_service *out, enum hc_service_id index);
/* A service that speaks JSON, by any of its names; else HEADCOUNT_ECONFIG,
 * which says what may have been meant. */
int hc_service_get(struct hc_service *out, struct hc_str name,
                   struct headcount_error *e);
/* A service that no table has, as a caller describes it. */
struct hc_service_given {
    struct hc_str name;            /* of AWS_ENDPOINT_URL_<NAME>, and where the
                                      last two are empty                     */
    struct hc_str target_prefix;   /* x-amz-target: <this>.<Operation>       */
    struct hc_str json_version;    /* "1.0", "1.1"; empty: 1.0               */
    struct hc_str signing_name;
    struct hc_str endpoint_prefix; /* front of its host                      */
};
/* 0, or HEADCOUNT_EARG.  The texts are borrowed. */
int hc_service_describe(struct hc_service *out,
                        const struct hc_service_given *given,
                        struct headcount_error *e);
#define HC_SERVICE_TARGET 128            /* bytes of a target at most        */
#define HC_OPERATION_MAX 63
/* 1..63 ASCII letters and digits, a letter first; else HEADCOUNT_EARG. */
int hc_service_check_operation(struct hc_str operation,
                               struct headcount_error *e);

#endif
