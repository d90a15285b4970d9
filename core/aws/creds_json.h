/* aws/creds_json.h - credentials out of JSON: what a container's endpoint, the
 * instance metadata, a program or IAM Identity Center answers, and what `aws
 * login` left in a file. */
#ifndef HC_AWS_CREDS_JSON_H
#define HC_AWS_CREDS_JSON_H

#include "aws/creds.h"
#include "base/json.h"

#define HC_CREDS_JSON ((size_t)64 << 10)     /* bytes of such an answer       */

/* AccessKeyId, SecretAccessKey, Token and Expiration; a Code other than Success
 * is a refusal.  Set out->source first.  0,
 * HEADCOUNT_ENOMEM, or HEADCOUNT_ECREDENTIALS, which shows nothing of the text
 * but Code and Message.  Without an Expiration the set is taken to live for
 * fifteen minutes from `wall` on. */
int hc_creds_json_get(struct hc_credentials *out, const struct hc_alloc *alloc,
                      struct hc_str text, int64_t wall,
                      struct headcount_error *e);

/* The names of one source's members beside AccessKeyId and SecretAccessKey,
 * which all of them have. */
struct hc_creds_json_form {
    const char *token, *expires;
    bool token_may_lack;           /* a set without one is none of a session */
    int64_t otherwise;             /* when it expires if it does not say so;
                                      0: it has to                           */
    int64_t unit;                  /* of a time that is a number: HC_SECOND,
                                      HC_MS; 0: it has to be a text          */
};

/* The set that this object of `doc` is.  Names count in any case.  Errors as
 * above, with out->source at the front. */
int hc_creds_json_set(struct hc_credentials *out, const struct hc_json_doc *doc,
                      int object, const struct hc_creds_json_form *form,
                      struct headcount_error *e);

#endif
