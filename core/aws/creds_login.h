/* aws/creds_login.h - credentials of `aws login`: the set that it left in a
 * file, for as long as it lives.
 *
 * Another one is not requested: that needs a private key of the file, and
 * writes a file that other tools share.  A set that is in its last minute
 * counts as none, and the error names the commands that help.
 */
#ifndef HC_AWS_CREDS_LOGIN_H
#define HC_AWS_CREDS_LOGIN_H

#include "aws/creds.h"
#include "base/arena.h"

#define HC_CREDS_LOGIN_LEAST (60 * HC_SECOND)    /* of a set that is used    */
#define HC_CREDS_LOGIN_FILE ((size_t)256 << 10)

/* `sys` and *skew outlive the provider; the texts are copied. */
struct hc_creds_login_config {
    const struct hc_system *sys;
    struct hc_str session;               /* login_session: an ARN            */
    struct hc_str cache;                 /* AWS_LOGIN_CACHE_DIRECTORY, else
                                            HOME + "/.aws/login/cache"; empty:
                                            no HOME                          */
    struct hc_str profile;               /* for the commands in errors       */
    const int64_t *skew;                 /* the client's; NULL: none         */
};

struct hc_creds_login {                  /* must not move                    */
    struct hc_creds_login_config config; /* its texts are ours               */
    struct hc_arena texts;
};

void hc_creds_login_init(struct hc_creds_login *c,
                         const struct hc_creds_login_config *config);
void hc_creds_login_fini(struct hc_creds_login *c);  /* c may be all zero */
struct hc_creds_provider hc_creds_login(struct hc_creds_login *c);

#endif
