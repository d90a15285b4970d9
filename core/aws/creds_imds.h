/* aws/creds_imds.h - credentials of an EC2 instance's role, by version 2 of its
 * metadata service.
 *
 *   TOKEN --> ROLE --> CREDENTIALS        401: a new token, once
 *
 * It is asked last.  If nothing answers, if it is switched off, or if the
 * instance has no role, it has no credentials, and that is no error.
 */
#ifndef HC_AWS_CREDS_IMDS_H
#define HC_AWS_CREDS_IMDS_H

#include "aws/creds.h"
#include "aws/creds_fetch.h"

#define HC_CREDS_IMDS_TRIES 2
#define HC_CREDS_IMDS_CONNECT HC_SECOND
#define HC_CREDS_IMDS_TIMEOUT (6 * HC_SECOND)        /* the connection too   */
#define HC_CREDS_IMDS_TOKEN (2 * HC_SECOND)          /* is anybody there?    */

enum hc_creds_imds_state { IMDS_IDLE, IMDS_TOKEN, IMDS_ROLE,
                           IMDS_CREDENTIALS };

struct hc_creds_imds {                   /* must not move                    */
    enum hc_creds_imds_state state;
    struct hc_net *net;
    struct hc_creds_fetch fetch;
    struct hc_origin origin;
    struct hc_buf token;                 /* secret                           */
    struct hc_buf path;                  /* of the role                      */
    int64_t *skew;                       /* the client's; NULL: none         */
    bool renewed;                        /* the token was refused once       */
};

void hc_creds_imds_init(struct hc_creds_imds *c, struct hc_net *net);
void hc_creds_imds_fini(struct hc_creds_imds *c);
struct hc_creds_provider hc_creds_imds(struct hc_creds_imds *c);

#endif
