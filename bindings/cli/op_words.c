/* cli/op_words.c - how services spell the words of their operations, written
 * by bindings/packaging/op_words.py from botocore 1.43.67. */
#include "op_name.h"

const struct op_words op_words[] = {
    { "appstream", "URL" },
    { "athena", "DPU" },
    { "cloud9", "EC2" },
    { "cloudwatch", "OTel" },
    { "cognito-idp", "CSV,UI,AdminSetUserMFAPreference,"
      "SetUserMFAPreference" },
    { "comprehendmedical", "CM,ICD10,PHI,SNOMEDCT" },
    { "compute-optimizer", "EBS,EC2,ECS,RDS" },
    { "devicefarm", "VPCE" },
    { "directconnect", "CreateBGPPeer,DeleteBGPPeer" },
    { "ds", "AD,CA,LDAPS" },
    { "ec2-instance-connect", "SSH" },
    { "emr", "UI,URL" },
    { "frauddetector", "KMS" },
    { "gamelift", "EC2" },
    { "glue", "ML" },
    { "healthlake", "FHIR" },
    { "invoicing", "PDF" },
    { "lightsail", "API,GUI" },
    { "machinelearning", "ML,RDS" },
    { "memorydb", "ACL,ACLs" },
    { "mturk", "HIT,HITs,URL" },
    { "network-firewall", "TLS" },
    { "organizations", "AWS" },
    { "sagemaker", "AI,ML" },
    { "service-quotas", "AWS" },
    { "servicecatalog", "AWS" },
    { "shield", "DRT" },
    { "storagegateway", "NFS,SMB,VTL,iSCSI" },
    { "textract", "ID" },
    { "waf", "ACL,ACLs,IP" },
    { "waf-regional", "ACL,ACLs,IP" },
    { "wafv2", "ACL,ACLs,API,IP" },
    { NULL, NULL }
};
