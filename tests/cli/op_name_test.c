/* tests/cli/op_name_test.c - operations as the AWS CLI spells them.
 * (tests/system/test_call.py compares the table with botocore's models, and
 * calls every operation of the services that can be called.)
 */
#include "t.h"

#include <string.h>

#include "op_name.h"

static const struct {
    const char *service, *given, *name;
} names[] = {
    { "ecs", "list-clusters", "ListClusters" },
    { "ecs", "list-services-by-namespace", "ListServicesByNamespace" },
    { "dynamodb", "scan", "Scan" },
    { "dynamodb", "query", "Query" },
    /* the API's own name is left alone */
    { "ecs", "ListClusters", "ListClusters" },
    { "ecs", "listClusters", "listClusters" },
    { "ecs", "List-Clusters", "List-Clusters" },
    /* words of one service */
    { "wafv2", "list-web-acls", "ListWebACLs" },
    { "wafv2", "get-web-acl", "GetWebACL" },
    { "wafv2", "create-ip-set", "CreateIPSet" },
    { "ecs", "list-web-acls", "ListWebAcls" },
    { "storagegateway", "attach-iscsi-volume", "AttachiSCSIVolume" },
    { "storagegateway", "create-nfs-file-share", "CreateNFSFileShare" },
    { "comprehendmedical", "infer-icd10-cm", "InferICD10CM" },
    { "cloudwatch", "start-otel-enrichment", "StartOTelEnrichment" },
    { "waf-regional", "list-ip-sets", "ListIPSets" },
    { "waf", "get-web-acl", "GetWebACL" },
    /* names that words do not give back */
    { "directconnect", "create-bgp-peer", "CreateBGPPeer" },
    { "directconnect", "create-bgp-peers", "CreateBgpPeers" },
    { "cognito-idp", "set-user-mfa-preference", "SetUserMFAPreference" },
    { "cognito-idp", "admin-set-user-mfa-preference",
      "AdminSetUserMFAPreference" },
    { "cognito-idp", "set-user-pool-mfa-config", "SetUserPoolMfaConfig" },
    /* no spelling of the AWS CLI: whoever reads it next says so */
    { "ecs", "", "" },
    { "ecs", "-", "-" },
    { "ecs", "-list", "-list" },
    { "ecs", "list-", "list-" },
    { "ecs", "list--clusters", "list--clusters" },
    { "ecs", "list clusters", "list clusters" },
    { "ecs", "2-lists", "2-lists" },
    { "", "list-2-lists", "List2Lists" },
};

TEST(op_name, both_spellings_are_one_operation)
{
    char to[64];

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        CHECK_STR(hc_str(op_name(names[i].service, names[i].given, to,
                                 sizeof to)), names[i].name);
}

TEST(op_name, what_does_not_fit_is_left_alone)
{
    static const char given[] = "list-web-acls";
    char to[sizeof given];

    for (size_t size = 0; size < sizeof given; size++)
        CHECK(op_name("wafv2", given, to, size) == given);
    CHECK_STR(hc_str(op_name("wafv2", given, to, sizeof to)), "ListWebACLs");
}
