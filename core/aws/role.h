/* aws/role.h - a role that is assumed, with all that is sent beside its ARN.
 * Pure. */
#ifndef HC_AWS_ROLE_H
#define HC_AWS_ROLE_H

#include "base/clock.h"
#include "base/err.h"
#include "base/str.h"

#define HC_ROLE_MAX 640                  /* bytes of a role's ARN: account,
                                            a path of 512, a name of 64      */
#define HC_ROLE_SESSION 64               /* bytes of a session's name        */
#define HC_ROLE_EXTERNAL 1224            /* bytes of an external id          */
#define HC_ROLE_FILE 4096                /* bytes of a path                  */

/* Two roles are one if all of this is equal. */
struct hc_role {
    struct hc_str arn;             /* empty: no role, the caller's own       */
    struct hc_str session;         /* RoleSessionName; empty: one that names
                                      who runs                               */
    struct hc_str external_id;     /* empty: none is sent                    */
    struct hc_str token_file;      /* set: AssumeRoleWithWebIdentity with the
                                      token in this file, not signed         */
    int64_t duration;              /* us, whole seconds; 0: none is sent     */
};

/* 0, or HEADCOUNT_ECONFIG: the ARN is no arn:PARTITION:iam::ACCOUNT:role/...,
 * or STS would refuse another member; the sentence names it as the files of
 * ~/.aws do (role_session_name, external_id, duration_seconds,
 * web_identity_token_file), as its first word. */
int hc_role_check(const struct hc_role *r, struct headcount_error *e);
/* An ARN of a role that STS can be asked for. */
bool hc_role_is_arn(struct hc_str arn);
bool hc_role_eq(const struct hc_role *a, const struct hc_role *b);
uint64_t hc_role_hash(const struct hc_role *r);
/* Parts of its ARN, and of any other one; borrowed from it.  n == 0: it has no
 * such part. */
struct hc_str hc_role_partition(struct hc_str arn);
struct hc_str hc_role_account(struct hc_str arn);
/* A character that IAM allows in names: letters, digits and +=,.@_- */
bool hc_role_is_char(char c);

#endif
