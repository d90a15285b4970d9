/* aws/creds_profile.h - credentials that the files of ~/.aws name, or the web
 * identity of the environment: what aws/principal.h decides, made when it is
 * first needed.
 *
 *     source --> roles[n - 1] --> ... --> roles[0] --> this provider
 *
 * Each role but the last one that is assumed has a set of its own with an
 * expiry of its own, so a refresh repeats no more than is needed.
 */
#ifndef HC_AWS_CREDS_PROFILE_H
#define HC_AWS_CREDS_PROFILE_H

#include "aws/principal.h"
#include "aws/client.h"

/* Longer than any refresh of a process, of SSO and of eight roles lasts. */
#define HC_CREDS_PROFILE_LONGEST (600 * HC_SECOND)

/* `k` outlives the provider, which is one of k->creds.  It has none where
 * nothing is configured, or what is configured is a place of the client's own:
 * the environment, a container, an instance. */
struct hc_creds_provider hc_creds_profile(struct hc_client *k);
/* After hc_creds_fini of k->creds. */
void hc_creds_profile_fini(struct hc_client *k);

#endif
