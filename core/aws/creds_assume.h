/* aws/creds_assume.h - credentials of a role: sts:AssumeRole, signed with
 * credentials from somewhere else, or sts:AssumeRoleWithWebIdentity, with a
 * token instead of a signature.
 *
 *   IDLE --> BASE --> CALL --> the role's credentials, or why there are none
 *     |                ^  |
 *     +----------------+--+   a web identity has no base; a token that has
 *                             expired is read again, once
 */
#ifndef HC_AWS_CREDS_ASSUME_H
#define HC_AWS_CREDS_ASSUME_H

#include "aws/call.h"
#include "aws/creds.h"
#include "aws/role.h"

#define HC_ASSUME_TIMEOUT (30 * HC_SECOND)   /* of one call, all attempts    */
#define HC_ASSUME_TOKEN 20000                /* bytes that STS takes         */

enum hc_assume_state { ASSUME_IDLE, ASSUME_BASE, ASSUME_CALL };

struct hc_creds_assume {                 /* must not move                    */
    enum hc_assume_state state;
    struct hc_client *client;
    struct hc_creds *base;               /* who assumes it; NULL: the token  */
    struct hc_role role;                 /* its texts are in `texts`, each
                                            with a NUL behind it             */
    struct hc_buf texts;
    struct hc_str region;                /* of STS                           */
    struct hc_waiter waiter;             /* for the base's credentials       */
    struct hc_assume_run *run;           /* a call under way, or NULL        */
    struct hc_tally tally;               /* of its calls: see struct hc_creds */
};

/* The role has been checked; its texts are copied.  `base` is NULL for a role
 * with a token file.  HEADCOUNT_ENOMEM, and as hc_endpoint_get of STS; after an
 * error, too, fini may be called. */
int hc_creds_assume_init(struct hc_creds_assume *c, struct hc_client *client,
                         struct hc_creds *base, const struct hc_role *role,
                         struct headcount_error *e);
void hc_creds_assume_fini(struct hc_creds_assume *c);  /* c may be all zero */
struct hc_creds_provider hc_creds_assume(struct hc_creds_assume *c);
/* The region in which STS is asked for a role. */
struct hc_str hc_assume_region(const struct hc_client *k, struct hc_str arn);

#endif
