/* tests/aws/catalog_test.c - the services that speak JSON, and their hosts.
 * tests/system/test_services.py compares every combination with botocore. */
#include "t.h"

#include <string.h>

#include "aws/catalog.h"
#include "base/text.h"

static struct hc_catalog_row row;
static struct hc_catalog_place out;
static struct headcount_error error;

static int host(const char *service, const char *region, const char *flag)
{
    struct hc_catalog_ask ask = {
        .row = &row, .region = hc_str(region),
        .use_fips = strchr("fb", *flag) != NULL,
        .use_dualstack = strchr("db", *flag) != NULL
    };

    CHECK(hc_catalog_find(&row, hc_str(service)));
    hc_error_reset(&error);
    memset(&out, 0xA5, sizeof(out));
    return hc_catalog_host(&out, &ask, &error);
}

/* p plain, f FIPS, d dual stack, b both; the region that is signed for. */
static const struct {
    const char *service, *region, *flag, *host, *signs;
} hosts[] = {
    /* the template */
    { "ecs", "eu-west-1", "p", "ecs.eu-west-1.amazonaws.com", "eu-west-1" },
    { "ecs", "us-east-1", "f", "ecs-fips.us-east-1.amazonaws.com",
      "us-east-1" },
    { "ecs", "eu-west-1", "d", "ecs.eu-west-1.api.aws", "eu-west-1" },
    { "ecs", "us-east-1", "b", "ecs-fips.us-east-1.api.aws", "us-east-1" },
    { "cloudwatch", "eu-west-1", "p", "monitoring.eu-west-1.amazonaws.com",
      "eu-west-1" },
    { "deploy", "eu-west-1", "p", "codedeploy.eu-west-1.amazonaws.com",
      "eu-west-1" },
    { "ecr", "eu-west-1", "p", "api.ecr.eu-west-1.amazonaws.com",
      "eu-west-1" },
    /* one rule for one partition */
    { "sqs", "us-gov-east-1", "f", "sqs.us-gov-east-1.amazonaws.com",
      "us-gov-east-1" },
    { "sqs", "us-gov-east-1", "b", "sqs-fips.us-gov-east-1.api.aws",
      "us-gov-east-1" },
    /* one for a region, the next for its partition */
    { "stepfunctions", "us-gov-west-1", "f",
      "states.us-gov-west-1.amazonaws.com", "us-gov-west-1" },
    { "stepfunctions", "us-gov-east-1", "f",
      "states-fips.us-gov-east-1.amazonaws.com", "us-gov-east-1" },
    { "cognito-idp", "us-west-2", "b",
      "cognito-idp-fips.us-west-2.amazonaws.com", "us-west-2" },
    { "cognito-idp", "eu-west-1", "b", "cognito-idp-fips.eu-west-1.api.aws",
      "eu-west-1" },
    /* the host of another name */
    { "ecr", "eu-west-1", "d", "ecr.eu-west-1.api.aws", "eu-west-1" },
    { "dynamodbstreams", "eu-west-1", "p",
      "streams.dynamodb.eu-west-1.amazonaws.com", "eu-west-1" },
    { "dynamodbstreams", "eu-west-1", "b",
      "streams-dynamodb-fips.eu-west-1.api.aws", "eu-west-1" },
    { "transcribe", "cn-north-1", "p",
      "cn.transcribe.cn-north-1.amazonaws.com.cn", "cn-north-1" },
    { "sagemaker", "us-east-1", "f",
      "api-fips.sagemaker.us-east-1.amazonaws.com", "us-east-1" },
    /* dual stack only */
    { "mwaa-serverless", "eu-west-1", "p",
      "airflow-serverless.eu-west-1.api.aws", "eu-west-1" },
    /* one host for a partition, signed for its global region */
    { "ce", "eu-west-1", "p", "ce.us-east-1.amazonaws.com", "us-east-1" },
    { "ce", "cn-north-1", "p", "ce.cn-northwest-1.amazonaws.com.cn",
      "cn-northwest-1" },
    { "budgets", "eu-west-1", "p", "budgets.amazonaws.com", "us-east-1" },
    { "budgets", "us-isob-west-1", "p", "budgets.global.sc2s.sgov.gov",
      "us-isob-east-1" },
    { "budgets", "eusc-de-east-1", "p",
      "budgets.eusc-de-east-1.api.amazonwebservices.eu", "eusc-de-east-1" },
    { "route53domains", "eu-west-1", "p",
      "route53domains.eu-west-1.amazonaws.com", "eu-west-1" },
    /* every partition */
    { "kms", "cn-north-1", "d",
      "kms.cn-north-1.api.amazonwebservices.com.cn", "cn-north-1" },
    { "kms", "us-iso-west-1", "p", "kms.us-iso-west-1.c2s.ic.gov",
      "us-iso-west-1" },
    { "kms", "us-isob-east-1", "d", "kms.us-isob-east-1.api.aws.scloud",
      "us-isob-east-1" },
    { "kms", "eu-isoe-west-1", "p", "kms.eu-isoe-west-1.cloud.adc-e.uk",
      "eu-isoe-west-1" },
    { "kms", "us-isof-south-1", "p", "kms.us-isof-south-1.csp.hci.ic.gov",
      "us-isof-south-1" },
    { "kms", "eusc-de-east-1", "p", "kms.eusc-de-east-1.amazonaws.eu",
      "eusc-de-east-1" },
    /* regions that nobody knows yet */
    { "sqs", "cn-south-7", "p", "sqs.cn-south-7.amazonaws.com.cn",
      "cn-south-7" },
    { "sqs", "us-gov-north-1", "f", "sqs.us-gov-north-1.amazonaws.com",
      "us-gov-north-1" },
    { "ce", "eu-mars-1", "p", "ce.us-east-1.amazonaws.com", "us-east-1" },
    { "sqs", "mars", "p", "sqs.mars.amazonaws.com", "mars" },
};

TEST(catalog, a_host_follows_the_rules_of_its_service)
{
    for (size_t i = 0; i < sizeof(hosts) / sizeof(*hosts); i++) {
        CHECK_INT(host(hosts[i].service, hosts[i].region, hosts[i].flag), 0);
        CHECK_Z(out.host, hosts[i].host);
        CHECK_Z(out.region, hosts[i].signs);
    }
}

static const struct {
    const char *service, *operation, *flag, *host;    /* NULL: none */
} operations[] = {
    { "stepfunctions", "StartExecution", "p",
      "states.eu-west-1.amazonaws.com" },
    { "stepfunctions", "StartSyncExecution", "p",
      "sync-states.eu-west-1.amazonaws.com" },
    { "stepfunctions", "startsyncexecution", "p",
      "states.eu-west-1.amazonaws.com" },
    { "servicediscovery", "DiscoverInstances", "d",
      "data-servicediscovery.eu-west-1.api.aws" },
    { "logs", "StartLiveTail", "p",
      "stream-logs.eu-west-1.amazonaws.com" },
    { "healthlake", "GetDataTransformationProfile", "p",
      "datatransformation.healthlake.eu-west-1.amazonaws.com" },
    { "dynamodb", "SearchVectors", "p",
      "search-dynamodb.eu-west-1.amazonaws.com" },
    { "dynamodb", "Query", "p", "dynamodb.eu-west-1.amazonaws.com" },
    { "acm", "DescribeAcmeEndpoint", "p", "acm-acme.eu-west-1.api.aws" },
    { "acm", "DescribeAcmeEndpoint", "f", NULL },
    { "acm", "DescribeCertificate", "f",
      "acm-fips.eu-west-1.amazonaws.com" },
    { "ecs", "StartLiveTail", "p", "ecs.eu-west-1.amazonaws.com" },
};

TEST(catalog, an_operation_may_have_a_host_of_its_own)
{
    for (size_t i = 0; i < sizeof(operations) / sizeof(*operations); i++) {
        bool fips = *operations[i].flag == 'f';
        struct hc_catalog_ask ask = {
            .row = &row, .region = HC_STR("eu-west-1"), .use_fips = fips,
            .use_dualstack = *operations[i].flag == 'd'
        };
        bool has = operations[i].host != NULL;

        CHECK(hc_catalog_find(&row, hc_str(operations[i].service)));
        hc_catalog_narrow(&row, hc_str(operations[i].operation));
        CHECK_INT(hc_catalog_host(&out, &ask, &error),
                  has ? 0 : HEADCOUNT_ECONFIG);
        if (has)
            CHECK_Z(out.host, operations[i].host);
    }
}

TEST(catalog, an_operation_that_takes_no_signature_is_known)
{
    static const struct { const char *service, *operation; bool is; } rows[] = {
        { "cognito-idp", "InitiateAuth", true },
        { "cognito-idp", "ConfirmSignUp", true },
        { "cognito-idp", "RevokeToken", true },
        { "cognito-idp", "AdminInitiateAuth", false },
        { "cognito-idp", "DeleteUserPool", false },
        { "cognito-identity", "GetId", true },
        { "cognito-identity", "GetIdentityPoolRoles", false },
        { "ecs", "GetId", false },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        CHECK(hc_catalog_find(&row, hc_str(rows[i].service)));
        hc_catalog_narrow(&row, hc_str(rows[i].operation));
        CHECK_INT(row.is_unsigned, rows[i].is);
    }
}

TEST(catalog, an_operation_that_answers_a_stream_is_known)
{
    static const struct { const char *service, *operation; bool is; } rows[] = {
        { "logs", "StartLiveTail", true }, { "logs", "GetLogObject", true },
        { "kinesis", "SubscribeToShard", true },
        { "logs", "PutLogEvents", false }, { "ecs", "GetLogObject", false },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        CHECK(hc_catalog_find(&row, hc_str(rows[i].service)));
        hc_catalog_narrow(&row, hc_str(rows[i].operation));
        CHECK_INT(row.is_stream, rows[i].is);
    }
}

TEST(catalog, a_region_belongs_to_the_partition_of_its_form)
{
    static const struct { const char *region, *partition; } rows[] = {
        { "eu-west-1", "aws" }, { "us-east-1", "aws" },
        { "cn-north-1", "aws-cn" }, { "cn-x9-12", "aws-cn" },
        { "us-gov-west-1", "aws-us-gov" }, { "us-iso-east-1", "aws-iso" },
        { "us-isob-east-1", "aws-iso-b" }, { "eu-isoe-west-1", "aws-iso-e" },
        { "us-isof-east-1", "aws-iso-f" }, { "eusc-de-east-1", "aws-eusc" },
        { "aws-global", "aws" }, { "aws-cn-global", "aws-cn" },
        { "aws-iso-b-global", "aws-iso-b" },
        { "us-gov-global", "aws" }, { "cn-north-", "aws" },
        { "cn--1", "aws" }, { "cn-north-1a", "aws" }, { "cn-", "aws" },
        { "cn-north-west-1", "aws" }, { "us-gov-1", "aws" },
        { "eusc-fr-east-1", "aws" }, { "", "aws" },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
        CHECK_STR(hc_catalog_partition(hc_str(rows[i].region)),
                  rows[i].partition);
}

TEST(catalog, a_service_is_found_by_each_of_its_names)
{
    static const struct { const char *word, *cli; } rows[] = {
        { "deploy", "deploy" }, { "codedeploy", "deploy" },
        { "CodeDeploy", "deploy" }, { "configservice", "configservice" },
        { "config", "configservice" }, { "Config Service", "configservice" },
        { "config_service", "configservice" }, { "SFN", "stepfunctions" },
        { "sfn", "stepfunctions" }, { "StepFunctions", "stepfunctions" },
        { "Application Auto Scaling", "application-autoscaling" },
        { "APPLICATION_AUTO_SCALING", "application-autoscaling" },
        { "application-autoscaling", "application-autoscaling" },
        { "ACM PCA", "acm-pca" }, { "ECS", "ecs" },
        { "CloudWatch Logs", "logs" }, { "EventBridge", "events" },
    };
    static const char *const none[] = {
        "", "s3", "ec2", "lambda", "ec", "ecss", "ecs ", "ecs|", "\n", "|",
        "AmazonEC2ContainerServiceV20141113", "1"
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        CHECK(hc_catalog_find(&row, hc_str(rows[i].word)));
        CHECK_STR(row.cli, rows[i].cli);
    }
    for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++)
        CHECK(!hc_catalog_find(&row, hc_str(none[i])));
}

TEST(catalog, a_row_has_what_a_request_needs)
{
    static const struct {
        const char *cli, *name, *id, *host, *signing, *target;
        bool is_json_1_0, query_mode;
    } rows[] = {
        { "ecs", "ecs", "ecs", "ecs", "ecs",
          "AmazonEC2ContainerServiceV20141113", false, false },
        { "sqs", "sqs", "sqs", "sqs", "sqs", "AmazonSQS", true, true },
        { "cloudwatch", "cloudwatch", "cloudwatch", "monitoring",
          "monitoring", "GraniteServiceVersion20100801", true, true },
        { "configservice", "config", "Config Service", "config", "config",
          "StarlingDoveService", false, false },
        { "dynamodbstreams", "dynamodbstreams", "DynamoDB Streams",
          "streams.dynamodb", "dynamodb", "DynamoDBStreams_20120810", true,
          false },
        { "iotsecuretunneling", "iotsecuretunneling", "iotsecuretunneling",
          "api.tunneling.iot", "IoTSecuredTunneling", "IoTSecuredTunneling",
          false, false },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        CHECK(hc_catalog_find(&row, hc_str(rows[i].cli)));
        CHECK_STR(row.cli, rows[i].cli);
        CHECK_STR(row.name, rows[i].name);
        CHECK_STR(row.id, rows[i].id);
        CHECK_STR(row.host, rows[i].host);
        CHECK_STR(row.signing, rows[i].signing);
        CHECK_STR(row.target, rows[i].target);
        CHECK_INT(row.is_json_1_0, rows[i].is_json_1_0);
        CHECK_INT(row.query_mode, rows[i].query_mode);
    }
}

TEST(catalog, every_row_is_whole_and_found_by_its_own_names)
{
    struct hc_str rest = hc_catalog_all();
    struct hc_catalog_row one;
    size_t n = 0;

    for (; hc_catalog_next(&one, &rest); n++) {
        struct hc_str names[] = { one.cli, one.name, one.id };

        CHECK(one.cli.n > 0 && one.cli.n <= HC_CATALOG_NAME);
        CHECK(one.host.n > 0 && one.signing.n > 0 && one.target.n > 0);
        for (size_t i = 0; i < 3; i++) {
            CHECK(hc_catalog_find(&row, names[i]));
            CHECK(row.cli.p == one.cli.p);
        }
    }
    CHECK_INT(n, 152);
    CHECK_INT(rest.n, 0);
}

TEST(catalog, a_partition_has_the_region_of_its_iam)
{
    static const struct { const char *partition, *home; } rows[] = {
        { "aws", "us-east-1" }, { "aws-cn", "cn-north-1" },
        { "aws-us-gov", "us-gov-west-1" }, { "aws-eusc", "eusc-de-east-1" },
        { "aws-iso", "us-iso-east-1" }, { "aws-iso-b", "us-isob-east-1" },
        { "aws-iso-e", "eu-isoe-west-1" }, { "aws-iso-f", "us-isof-south-1" },
        { "aws-mars", "" }, { "", "" },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
        CHECK_STR(hc_catalog_home(hc_str(rows[i].partition)), rows[i].home);
}

/* tests/system/test_services.py has all 6,895. */
static const struct {
    const char *service, *given, *name;
} spellings[] = {
    { "ecs", "list-clusters", "ListClusters" },
    { "ecs", "list-services-by-namespace", "ListServicesByNamespace" },
    { "dynamodb", "scan", "Scan" },
    /* the API's own name is left alone */
    { "ecs", "ListClusters", "ListClusters" },
    { "ecs", "listClusters", "listClusters" },
    { "ecs", "List-Clusters", "List-Clusters" },
    /* words of one service */
    { "wafv2", "list-web-acls", "ListWebACLs" },
    { "wafv2", "get-web-acl", "GetWebACL" },
    { "ecs", "list-web-acls", "ListWebAcls" },
    { "storagegateway", "attach-iscsi-volume", "AttachiSCSIVolume" },
    { "comprehendmedical", "infer-icd10-cm", "InferICD10CM" },
    { "cloudwatch", "start-otel-enrichment", "StartOTelEnrichment" },
    { "waf-regional", "list-ip-sets", "ListIPSets" },
    { "service-quotas", "list-aws-default-service-quotas",
      "ListAWSDefaultServiceQuotas" },
    /* names that words do not give back */
    { "directconnect", "create-bgp-peer", "CreateBGPPeer" },
    { "directconnect", "create-bgp-peers", "CreateBgpPeers" },
    { "cognito-idp", "set-user-mfa-preference", "SetUserMFAPreference" },
    { "cognito-idp", "set-user-pool-mfa-config", "SetUserPoolMfaConfig" },
    /* no spelling of the AWS CLI: whoever reads it next says so */
    { "ecs", "", "" }, { "ecs", "-", "-" }, { "ecs", "-list", "-list" },
    { "ecs", "list-", "list-" }, { "ecs", "list--clusters", "list--clusters" },
    { "ecs", "list clusters", "list clusters" },
    { "ecs", "2-lists", "2-lists" },
    { "ecs", "list_2", "list_2" }, { "ecs", "list:x", "list:x" },
    { "ecs", "list/x", "list/x" }, { "ecs", "list`x", "list`x" },
    { "ecs", "list{x", "list{x" }, { "ecs", "{x", "{x" }, { "ecs", "`x", "`x" },
    { "ecs", "list-2-lists", "List2Lists" }, { "ecs", "z9-0z", "Z90z" },
};

TEST(catalog, both_spellings_are_one_operation)
{
    char to[64];

    for (size_t i = 0; i < sizeof(spellings) / sizeof(*spellings); i++) {
        CHECK(hc_catalog_find(&row, hc_str(spellings[i].service)));
        hc_catalog_operation(to, sizeof(to), &row,
                             hc_str(spellings[i].given));
        CHECK_Z(to, spellings[i].name);
    }
}

TEST(catalog, a_name_that_does_not_fit_is_cut_as_it_is)
{
    char to[14];

    CHECK(hc_catalog_find(&row, HC_STR("ecs")));
    hc_catalog_operation(to, 13, &row, HC_STR("list-clusters"));
    CHECK_Z(to, "list-cluster");
    hc_catalog_operation(to, 14, &row, HC_STR("list-clusters"));
    CHECK_Z(to, "ListClusters");
}

TEST(catalog, services_of_another_protocol_have_a_name_to_sign_with)
{
    static const struct { const char *word, *signing; } rows[] = {
        { "s3", "s3" }, { "EC2", "ec2" }, { "apigateway", "apigateway" },
        { "elbv2", "elasticloadbalancing" }, { "sts", "sts" },
        { "sso_oidc", "sso-oauth" }, { "xray", "xray" }, { "ecs", "" },
        { "", "" }, { "s", "" }, { "s3 ", "" }, { "mars", "" },
        { "es=", "" }, { "elb=elasticloadbalancing", "" },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
        CHECK_STR(hc_catalog_other(hc_str(rows[i].word)), rows[i].signing);
}

TEST(catalog, a_host_of_aws_is_known_by_its_suffix)
{
    static const struct { const char *host; bool is; } rows[] = {
        { "ecs.eu-west-1.amazonaws.com", true }, { "x.api.aws", true },
        { "x.amazonaws.com.cn", true }, { "x.c2s.ic.gov", true },
        { "x.api.amazonwebservices.eu", true }, { "amazonaws.com", false },
        { ".amazonaws.com", true }, { "evilamazonaws.com", false },
        { "x.amazonaws.com.evil.example", false }, { "", false },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
        CHECK_INT(hc_catalog_is_aws(hc_str(rows[i].host)), rows[i].is);
}

TEST(catalog, an_endpoint_variable_is_named_after_the_id)
{
    static const struct { const char *service, *env; } rows[] = {
        { "deploy", "CODEDEPLOY" }, { "configservice", "CONFIG_SERVICE" },
        { "acm-pca", "ACM_PCA" }, { "logs", "CLOUDWATCH_LOGS" },
        { "codestar-connections", "CODESTAR_CONNECTIONS" },
    };
    char env[64];

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        CHECK(hc_catalog_find(&row, hc_str(rows[i].service)));
        hc_catalog_env(env, sizeof(env), &row);
        CHECK_Z(env, rows[i].env);
    }
    hc_catalog_env(env, 4, &row);
    CHECK_Z(env, "COD");
}

TEST(catalog, the_nearest_name_is_one_that_was_meant)
{
    static const struct { const char *word, *cli; } rows[] = {
        { "dynamdb", "dynamodb" }, { "secretmanager", "secretsmanager" },
        { "Secrets-Manager", "secretsmanager" }, { "esc", "" },
        { "ecss", "ecs" }, { "step-functions", "stepfunctions" },
        { "cloudwatch-log", "logs" }, { "codedeploi", "deploy" },
        { "kinesys", "kinesis" }, { "lambda", "" }, { "s3", "" },
        { "", "" }, { "nothing-like-it-at-all", "" },
    };
    char wide[HC_CATALOG_NAME + 2];

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
        CHECK_STR(hc_catalog_nearest(hc_str(rows[i].word)), rows[i].cli);
    memset(wide, 'a', sizeof(wide));
    for (size_t n = HC_CATALOG_NAME; n <= sizeof(wide); n++)
        CHECK_STR(hc_catalog_nearest(hc_str_n(wide, n)), "");
}

static int host_of(const char *front, const char *rules, bool fips,
                   bool dualstack)
{
    struct hc_catalog_row own = { .cli = HC_STR("mine"),
                                   .host = hc_str(front),
                                   .rules = hc_str(rules) };
    struct hc_catalog_ask ask = { .row = &own, .region = HC_STR("eu-west-1"),
                                   .use_fips = fips,
                                   .use_dualstack = dualstack };

    hc_error_reset(&error);
    return hc_catalog_host(&out, &ask, &error);
}

TEST(catalog, the_first_rule_that_fits_counts)
{
    static const struct { const char *rules, *host, *region; } rows[] = {
        { "", "x.eu-west-1.amazonaws.com", "eu-west-1" },
        { "*:p={t} *:p=a", "x.eu-west-1.amazonaws.com", "eu-west-1" },
        { "*:p={t}@{g}", "x.eu-west-1.amazonaws.com", "us-east-1" },
        { "*:fdb=a", "x.eu-west-1.amazonaws.com", "eu-west-1" },
        { "*:p=a *:p=b", "a", "eu-west-1" },
        { "aws-cn,eu-west-2:p=a aws:p=b", "b", "eu-west-1" },
        { "aws-cn,eu-west-1:p=a aws:p=b", "a", "eu-west-1" },
        { "*:bp={p}-{r}.{s}.{d}.{g}@eu", "x-eu-west-1.amazonaws.com.api.aws."
          "us-east-1", "eu" },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        CHECK_INT(host_of("x", rows[i].rules, false, false), 0);
        CHECK_Z(out.host, rows[i].host);
        CHECK_Z(out.region, rows[i].region);
    }
}

TEST(catalog, an_endpoint_that_aws_lacks_is_refused)
{
    static const char *const says[] = {
        "AWS has no endpoint of mine in eu-west-1",
        "AWS has no dual-stack endpoint of mine in eu-west-1",
        "AWS has no FIPS endpoint of mine in eu-west-1",
        "AWS has no FIPS dual-stack endpoint of mine in eu-west-1",
    };

    for (size_t i = 0; i < 4; i++) {
        CHECK_INT(host_of("x", "*:pfdb=!", i > 1, i % 2 == 1),
                  HEADCOUNT_ECONFIG);
        CHECK_Z(error.what, says[i]);
    }
}

TEST(catalog, a_host_is_never_cut)
{
    char front[HC_CATALOG_HOST + 1];
    size_t fits = HC_CATALOG_HOST - strlen(".eu-west-1.amazonaws.com");

    memset(front, 'a', sizeof(front));
    front[fits] = '\0';
    CHECK_INT(host_of(front, "", false, false), 0);
    CHECK_INT(strlen(out.host), HC_CATALOG_HOST);
    CHECK_INT(host_of(front, "", true, false), HEADCOUNT_ECONFIG);
    CHECK(strstr(error.what, "longer than 253") != NULL);
}
