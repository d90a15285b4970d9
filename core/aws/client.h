/* aws/client.h - what all calls of one handle share: credentials, quota, clock
 * skew, trust, and the endpoints of services with their day keys. */
#ifndef HC_AWS_CLIENT_H
#define HC_AWS_CLIENT_H

#include "aws/bucket.h"
#include "aws/config.h"
#include "aws/creds.h"
#include "aws/creds_container.h"
#include "aws/creds_imds.h"
#include "aws/endpoint.h"
#include "aws/retry.h"
#include "aws/role.h"
#include "aws/service_set.h"
#include "aws/sigv4.h"
#include "aws/template.h"
#include "aws/trust.h"
#include "net/net.h"

#define HC_CLIENT_ENDPOINTS 64
#define HC_CLIENT_ROLES 10000
/* Day keys of roles, by key id and endpoint: where accounts alternate, an
 * endpoint's own key would be derived anew for each call.  A key that another
 * one stands in for is derived again.  Half a KiB each, as they are needed. */
#define HC_CLIENT_KEYS 256

/* The endpoint of a service in a region, and the day key for it. */
struct hc_endpoint_slot {
    struct hc_endpoint endpoint;
    char url[HC_ENDPOINT_PATH + 1];      /* it was made from, "" = rules     */
    char region[HC_REGION_MAX + 1];      /* it was asked for                 */
    struct hc_sigv4_key key;
    struct hc_retry_rules retry;         /* attempts: the config's, if said  */
    uint64_t used;                       /* 0: empty                         */
    unsigned users;                      /* calls that hold it               */
};

/* Credentials that the files of ~/.aws name; private to creds_profile.c. */
struct hc_creds_profile;

/* A role that calls are made as, and its credentials; private to
 * client_roles.c. */
struct hc_client_role;
struct hc_client_key;

struct hc_client {
    struct hc_config *config;
    struct hc_net *net;
    struct hc_creds_profile *profile;    /* once it is found; or NULL        */
    struct hc_client_role **roles;       /* a hash table of chains, or NULL  */
    size_t roles_n;
    struct hc_client_key **keys;         /* HC_CLIENT_KEYS, or NULL          */
    int64_t skew;                        /* theirs minus ours                */
    uint64_t clock;                      /* of `used`                        */
    bool no_sign;
    bool in_lambda;                      /* AWS_LAMBDA_FUNCTION_NAME is set  */
    struct hc_credentials given;         /* its providers: this, the profile,
                                            the container, and imds          */
    struct hc_imds_region region;        /* for who has set none             */
    struct hc_quota quota;
    struct hc_trust trust;
    struct hc_proxy proxies[2];          /* for http and https; all zero
                                            until one is needed              */
    struct hc_templates templates;       /* of requests                      */
    struct hc_user_agent agent;
    struct hc_buf trace_id;
    struct hc_creds_container container;
    struct hc_creds_imds imds;
    struct hc_creds creds;
    struct hc_service_set services;
    struct hc_buckets buckets;           /* of calls that are paced          */
    struct hc_endpoint_slot
        *places[HC_CLIENT_ENDPOINTS];    /* as they were needed; the
                                            first NULL is the end            */
};

struct hc_client_config {
    struct hc_config *config;            /* both outlive the client          */
    struct hc_net *net;
    const char *version;                 /* "0.1.0"                          */
    bool no_sign;                        /* requests go out unsigned         */
    double api_share;                    /* of ECS's buckets; 0: 0.5         */
    struct hc_identity who;              /* given by the program; copied     */
};
/* Looks at the CA bundle.  0, HEADCOUNT_ECONFIG, HEADCOUNT_EIO,
 * HEADCOUNT_ENOMEM, HEADCOUNT_ECREDENTIALS (half a set was given); on error
 * `k` is empty.  Its credentials are those of the first place of
 * aws/principal.h that is configured. */
int hc_client_init(struct hc_client *k, const struct hc_client_config *config,
                   struct headcount_error *e);
void hc_client_fini(struct hc_client *k);            /* k may be all zero */

/* The trace of Lambda's invocation as the environment has it now, encoded for
 * a header; empty outside of Lambda. */
const struct hc_buf *hc_client_trace(struct hc_client *k);

/* Puts what the settings say of the service into `ask`: FIPS, dual stack, and
 * its URL if none is given.  A service that credentials come from, such as STS,
 * has its own settings and those of all services: config.endpoint_url is for
 * the services that are called with these credentials.  0, HEADCOUNT_ECONFIG or
 * HEADCOUNT_ENOMEM. */
int hc_client_fill_ask(struct hc_client *k, struct hc_endpoint_ask *ask,
                       bool for_credentials, struct headcount_error *e);
/* The slot of this service, region and URL: *out is held until
 * hc_client_release_endpoint (NULL is fine).  Errors as hc_endpoint_get,
 * HEADCOUNT_ELIMIT; and as hc_client_find_proxy. */
int hc_client_acquire_endpoint(struct hc_client *k,
                               const struct hc_endpoint_ask *ask,
                               struct hc_endpoint_slot **out,
                               struct headcount_error *e);
/* The same for a service that credentials come from. */
int hc_client_acquire_own(struct hc_client *k,
                          const struct hc_service *service,
                          struct hc_str region, struct hc_endpoint_slot **out,
                          struct headcount_error *e);
/* HEADCOUNT_EREGION, or the code of the fault of the files: says where a region
 * was looked for. */
int hc_client_no_region(const struct hc_client *k, struct headcount_error *e);
void hc_client_release_endpoint(struct hc_endpoint_slot *p);
/* Where a call's credentials come from: the client's own for no role (NULL, or
 * no ARN), else the one source of that role, which assumes it with them.
 * NULL: HEADCOUNT_ECONFIG (hc_role_check; nothing to sign with),
 * HEADCOUNT_ELIMIT after HC_CLIENT_ROLES, HEADCOUNT_ENOMEM, and as
 * hc_endpoint_get of STS. */
struct hc_creds *hc_client_creds(struct hc_client *k,
                                 const struct hc_role *role,
                                 struct headcount_error *e);
/* The day key to sign with as this role; the slot's own without memory.  That
 * of refreshed credentials takes the place of the one before: a secret that has
 * expired is not kept. */
struct hc_sigv4_key *hc_client_key(struct hc_client *k,
                                   struct hc_endpoint_slot *slot,
                                   struct hc_str role);
/* For hc_client_fini, before the client's own credentials are freed: a role may
 * be waiting for those. */
void hc_client_fini_roles(struct hc_client *k);
/* Sets at->proxy, by the settings for its origin.  0; HEADCOUNT_ECONFIG (a
 * setting that is no URL of a proxy), HEADCOUNT_ENOMEM; and as hc_trust_get. */
int hc_client_find_proxy(struct hc_client *k, struct hc_endpoint *at,
                         struct headcount_error *e);

#endif
