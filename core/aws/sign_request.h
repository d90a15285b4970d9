/* aws/sign_request.h - a request as headcount.h describes it, signed: the
 * headers to send, or a presigned URL.
 */
#ifndef HC_AWS_SIGN_REQUEST_H
#define HC_AWS_SIGN_REQUEST_H

#include "aws/sigv4.h"

struct hc_sign_ask {
    const struct headcount_sign_request *request;    /* but for keys and time */
    struct hc_identity who;
    int64_t wall;                   /* the time to sign for                  */
};

/* Returns 0 and *out, or HEADCOUNT_EARG, HEADCOUNT_ELIMIT or HEADCOUNT_ENOMEM
 * with *e set; no sentence shows a value.  Nothing points into `ask`. */
int hc_sign_new(struct headcount_signed **out, const struct hc_alloc *alloc,
                const struct hc_sign_ask *ask, struct headcount_error *e);
void hc_sign_free(struct headcount_signed *s);       /* wipes; NULL is fine */

/* HEADCOUNT_EARG where a header stands twice that has only one value: Host,
 * Content-Type, Authorization ... */
int hc_sign_check_once(const struct headcount_header *headers, size_t n,
                       struct headcount_error *e);

#endif
