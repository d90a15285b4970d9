/* aws/creds_container.h - credentials of a container: an ECS task's role, EKS
 * Pod Identity, or whatever else speaks that way.
 *
 * AWS_CONTAINER_CREDENTIALS_RELATIVE_URI is a path at 169.254.170.2 and beats
 * AWS_CONTAINER_CREDENTIALS_FULL_URI, which names its host: over http only one
 * that is known to be local, because the host that answers gives out
 * credentials and is sent the authorization token.
 */
#ifndef HC_AWS_CREDS_CONTAINER_H
#define HC_AWS_CREDS_CONTAINER_H

#include "aws/creds.h"
#include "aws/creds_fetch.h"
#include "aws/trust.h"

#define HC_CREDS_CONTAINER_TRIES 3
#define HC_CREDS_CONTAINER_TIMEOUT (2 * HC_SECOND)
#define HC_CREDS_CONTAINER_PAUSE HC_SECOND

struct hc_creds_container {              /* must not move                    */
    struct hc_net *net;
    struct hc_trust *trust;              /* of an https URL                  */
    int64_t *skew;                       /* the client's; NULL: none         */
    struct hc_creds_fetch fetch;         /* under way, or all zero           */
};

/* `net` and `trust` outlive it; `trust` may still be all zero. */
void hc_creds_container_init(struct hc_creds_container *c, struct hc_net *net,
                             struct hc_trust *trust);
void hc_creds_container_fini(struct hc_creds_container *c);
struct hc_creds_provider hc_creds_container(struct hc_creds_container *c);

#endif
