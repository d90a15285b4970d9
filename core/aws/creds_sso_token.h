/* aws/creds_sso_token.h - the file in which `aws sso login` leaves its token,
 * and the same file with a token that was refreshed.
 *
 *     { "accessToken": "...", "expiresAt": "2030-01-31T12:00:00Z",
 *       "refreshToken": "...", "clientId": "...", "clientSecret": "...",
 *       "registrationExpiresAt": "...", "startUrl": "...", "region": "..." }
 *
 * All but the first two may be missing.  Members that are not known here stay
 * when the file is rewritten: other tools share it.
 */
#ifndef HC_AWS_CREDS_SSO_TOKEN_H
#define HC_AWS_CREDS_SSO_TOKEN_H

#include "base/buf.h"
#include "base/digest.h"
#include "net/sys.h"

#define HC_SSO_TOKEN_FILE ((size_t)256 << 10)

/* The texts of the file; empty: it has none. */
enum hc_sso_text { SSO_ACCESS, SSO_REFRESH, SSO_CLIENT_ID, SSO_CLIENT_SECRET,
                   SSO_START_URL };
#define HC_SSO_TEXTS 5

struct hc_sso_token {
    struct hc_buf file;                  /* secret: all of it                */
    struct hc_buf text[HC_SSO_TEXTS];    /* secret                           */
    int64_t expires;                     /* wall                             */
    int64_t registered;                  /* till when the client is; wall    */
};

void hc_sso_token_init(struct hc_sso_token *t, const struct hc_alloc *a);
void hc_sso_token_fini(struct hc_sso_token *t);      /* wipes; may be zero */

/* CACHE/<SHA-1 of the session's name, or else of the start URL>.json */
void hc_sso_token_path(struct hc_buf *out, struct hc_str cache,
                       struct hc_str session, struct hc_str start_url);
/* 0, HEADCOUNT_ENOMEM, or HEADCOUNT_ECREDENTIALS: *wrong says what is missing,
 * without a byte of the text. */
int hc_sso_token_get(struct hc_sso_token *t, struct hc_str text,
                     const char **wrong);
/* True: it can be exchanged for another one at `wall`. */
bool hc_sso_token_refreshes(const struct hc_sso_token *t, int64_t wall);
/* The token that the service answered with at `wall` takes the place of the
 * old one, in the texts and in t->file.  As hc_sso_token_get; then `t` is
 * as it was. */
int hc_sso_token_renew(struct hc_sso_token *t, struct hc_str answer,
                       int64_t wall, const char **wrong);
/* The body of POST /token; secret. */
void hc_sso_token_ask(const struct hc_sso_token *t, struct hc_buf *out);

#endif
