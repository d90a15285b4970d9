/* aws/creds_sso.h - credentials of a role in IAM Identity Center, by the token
 * that `aws sso login` left in a file.
 *
 *   IDLE --> TOKEN --> ROLE --> the role's credentials, or why there are none
 *     |        +-> LOOK -^       refused: did another tool refresh it?
 *     +------------------^       the token lives for longer than five minutes
 *
 * The file is read at each refresh.  A token that is near its end is exchanged
 * for another one (TOKEN), which is written back: the old refresh token is
 * worth nothing afterwards, for other tools as for us.  One that cannot be
 * written is used from memory for as long as the file stays as it was.  Where
 * a person has to log in again, the error says with which command.
 */
#ifndef HC_AWS_CREDS_SSO_H
#define HC_AWS_CREDS_SSO_H

#include "aws/creds.h"
#include "aws/creds_fetch.h"
#include "aws/creds_sso_token.h"
#include "aws/endpoint.h"
#include "aws/trust.h"
#include "base/arena.h"

#define HC_CREDS_SSO_TRIES 3
#define HC_CREDS_SSO_TIMEOUT (10 * HC_SECOND)    /* of a try                 */
#define HC_CREDS_SSO_PAUSE HC_SECOND
#define HC_CREDS_SSO_SOON (300 * HC_SECOND)      /* before a token's end     */
#define HC_CREDS_SSO_REST (30 * HC_SECOND)       /* between two exchanges    */
#define HC_CREDS_SSO_LOOKS 5                     /* for another tool's token */
#define HC_CREDS_SSO_LOOK (250 * HC_MS)          /* between them             */

/* `net`, `trust` and *skew outlive the provider; the rest is copied. */
struct hc_creds_sso_config {
    struct hc_net *net;
    struct hc_str profile;               /* for the command in errors        */
    struct hc_str session;               /* the sso-session's name; empty: the
                                            profile has all four keys, and its
                                            token is never refreshed         */
    struct hc_str start_url;             /* sso_start_url                    */
    struct hc_str account, role;         /* sso_account_id, sso_role_name    */
    struct hc_str cache;                 /* folder of the tokens: HOME +
                                            "/.aws/sso/cache"; empty: no HOME */
    const struct hc_endpoint *portal;    /* of portal.sso in sso_region      */
    const struct hc_endpoint *oidc;      /* of oidc there                    */
    struct hc_trust *trust;
    int64_t *skew;                       /* the client's; NULL: none         */
};

enum hc_creds_sso_state { CREDS_SSO_IDLE, CREDS_SSO_TOKEN, CREDS_SSO_LOOK,
                          CREDS_SSO_ROLE };

struct hc_creds_sso {                    /* must not move                    */
    struct hc_creds_sso_config config;   /* its texts are ours               */
    struct hc_endpoint portal, oidc;
    struct hc_arena texts;
    struct hc_buf path;                  /* of the token's file              */
    enum hc_creds_sso_state state;
    struct hc_sso_token token;           /* the last one that was read, or
                                            refreshed                        */
    unsigned char file[HC_SHA256];       /* that it was read from, or written
                                            to                               */
    bool has_token;
    int64_t rest_until;                  /* monotonic: no exchange before    */
    int64_t look_at;                     /* monotonic: the file, once more   */
    int looks;                           /* since the exchange was refused   */
    struct headcount_error failed;       /* why the last one failed          */
    struct hc_creds_fetch fetch;         /* under way, or all zero           */
};

void hc_creds_sso_init(struct hc_creds_sso *c,
                       const struct hc_creds_sso_config *config);
void hc_creds_sso_fini(struct hc_creds_sso *c);      /* c may be all zero */
struct hc_creds_provider hc_creds_sso(struct hc_creds_sso *c);

#endif
