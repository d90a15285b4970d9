/* aws/creds_imds.h - credentials of an EC2 instance's role, by version 2 of its
 * metadata service; and the region that the instance is in.
 *
 *   TOKEN --> ROLE --> CREDENTIALS        401: a new token, once
 *         --> REGION
 *
 * It is asked last.  If nothing answers, if it is switched off, or if the
 * instance has no role, it has no credentials, and that is no error.
 */
#ifndef HC_AWS_CREDS_IMDS_H
#define HC_AWS_CREDS_IMDS_H

#include "aws/config.h"
#include "aws/creds.h"
#include "aws/creds_fetch.h"
#include "aws/endpoint.h"

#define HC_CREDS_IMDS_TRIES 2
#define HC_CREDS_IMDS_CONNECT HC_SECOND
#define HC_CREDS_IMDS_TIMEOUT (6 * HC_SECOND)        /* the connection too   */
#define HC_CREDS_IMDS_TOKEN (2 * HC_SECOND)          /* is anybody there?    */

enum hc_creds_imds_state { IMDS_IDLE, IMDS_TOKEN, IMDS_ROLE,
                           IMDS_CREDENTIALS, IMDS_REGION };

struct hc_creds_imds {                   /* must not move                    */
    enum hc_creds_imds_state state;
    struct hc_net *net;
    const struct hc_config *config;
    struct hc_creds_fetch fetch;
    struct hc_origin origin;
    struct hc_buf token;                 /* secret                           */
    struct hc_buf path;                  /* of the role                      */
    int64_t *skew;                       /* the client's; NULL: none         */
    int64_t tries, seconds;              /* of one request; 0: the defaults  */
    bool renewed;                        /* the token was refused once       */
    char *region;                        /* HC_REGION_MAX + 1 bytes: asked for
                                            this and not for credentials     */
};

/* Both outlive the provider. */
void hc_creds_imds_init(struct hc_creds_imds *c, struct hc_net *net,
                        const struct hc_config *config);
void hc_creds_imds_fini(struct hc_creds_imds *c);
struct hc_creds_provider hc_creds_imds(struct hc_creds_imds *c);

/* ---- the region of the instance, for who has set none ---- */

#define HC_IMDS_REGION_REST (30 * HC_SECOND)   /* after it was not answered  */

struct hc_imds_region {                  /* must not move                    */
    struct hc_job job;                   /* the one request; first member    */
    char text[HC_REGION_MAX + 1];        /* ""; the region once it is known  */
    struct headcount_error why;          /* that it is not                   */

    struct hc_creds_imds imds;           /* private from here                */
    struct hc_wait_queue waiting;
    int64_t rest_until;                  /* monotonic                        */
    bool asking;
};

void hc_imds_region_init(struct hc_imds_region *r, struct hc_net *net,
                         const struct hc_config *config);
void hc_imds_region_fini(struct hc_imds_region *r);    /* may be all zero */
/* The instance is not to be asked: in Lambda, and where it is switched off. */
bool hc_imds_region_is_off(const struct hc_imds_region *r);
/* 1: r->text, or "" and r->why.  0: `job` is woken when there is an answer;
 * that takes seconds at most. */
int hc_imds_region_get(struct hc_imds_region *r, struct hc_waiter *waiter,
                       struct hc_job *job, int64_t now);

#endif
