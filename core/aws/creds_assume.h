/* aws/creds_assume.h - credentials of a role: sts:AssumeRole, signed with
 * credentials from somewhere else.
 *
 *   BASE --> REQUEST --> the role's credentials, or why there are none
 *    ^          |
 *    +- BACKOFF +        transient, throttled; expired and skewed once each
 */
#ifndef HC_AWS_CREDS_ASSUME_H
#define HC_AWS_CREDS_ASSUME_H

#include "aws/creds.h"
#include "aws/request.h"
#include "aws/role.h"
#include "net/net.h"

#define HC_ASSUME_TIMEOUT (30 * HC_SECOND)   /* of one refresh, all attempts */

/* All assumed roles of a client share this; it outlives them. */
struct hc_assume_shared {
    struct hc_net *net;
    struct hc_creds *base;               /* who assumes the role             */
    struct hc_buf *work;                 /* scratch of the signer            */
    const struct hc_buf *user_agent;
    struct hc_quota *quota;
    int64_t *skew;                       /* theirs minus ours                */
    const struct hc_anchors *bundle, *others;
    struct hc_retry_rules retry;         /* of STS                           */
};

enum hc_assume_state { ASSUME_IDLE, ASSUME_BASE, ASSUME_REQUEST,
                       ASSUME_BACKOFF };

struct hc_creds_assume {                 /* must not move                    */
    enum hc_assume_state state;
    struct hc_assume_shared shared;
    struct hc_endpoint endpoint;         /* of STS                           */
    struct hc_sigv4_key key;
    struct hc_role role;                 /* its texts are in `texts`, each
                                            with a NUL behind it             */
    struct hc_buf texts;

    struct hc_waiter waiter;             /* of one refresh from here         */
    struct hc_credentials creds;         /* of the base                      */
    struct hc_identity who;
    struct hc_request request;
    struct hc_buf body;
    struct hc_buf answer;                /* secret                           */
    char invocation[HC_REQUEST_NAME];
    int attempts;
    int paid;                            /* quota of the last retry          */
    int64_t wake_at, deadline;
    bool was_expired, was_skewed;        /* each is mended once              */
};

/* The role has been checked, the endpoint found; texts are copied.  `label`
 * makes the name of a session that the role does not name:
 * "headcount-<label>".  0 or HEADCOUNT_ENOMEM. */
int hc_creds_assume_init(struct hc_creds_assume *c,
                         const struct hc_assume_shared *shared,
                         const struct hc_endpoint *endpoint,
                         const struct hc_role *role, struct hc_str label);
void hc_creds_assume_fini(struct hc_creds_assume *c);  /* c may be all zero */
struct hc_creds_provider hc_creds_assume(struct hc_creds_assume *c);

#endif
