/* aws/creds_json.h - credentials out of the JSON that a container's endpoint
 * and the instance metadata answer. */
#ifndef HC_AWS_CREDS_JSON_H
#define HC_AWS_CREDS_JSON_H

#include "aws/creds.h"

#define HC_CREDS_JSON ((size_t)64 << 10)     /* bytes of such an answer       */

/* AccessKeyId, SecretAccessKey, Token, Expiration; a Code other than Success is
 * a refusal.  Set out->source first.  0, HEADCOUNT_ENOMEM, or
 * HEADCOUNT_ECREDENTIALS, which shows nothing of the text but Code and
 * Message.  Without an Expiration the set is taken to live for fifteen
 * minutes from `wall` on. */
int hc_creds_json_get(struct hc_credentials *out, const struct hc_alloc *alloc,
                      struct hc_str text, int64_t wall,
                      struct headcount_error *e);

#endif
