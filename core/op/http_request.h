/* op/http_request.h - a plain HTTP request: checked, kept, written.
 *
 * A request may hold secrets, so the copy lives in one buf that is wiped, and
 * no sentence shows a header's value or more of a URL than scheme and host.
 */
#ifndef HC_OP_HTTP_REQUEST_H
#define HC_OP_HTTP_REQUEST_H

#include "aws/endpoint.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

struct hc_http_request {
    struct headcount_fetch r;      /* all that its pointers name is kept here */
    struct hc_endpoint at;
    struct hc_url url;             /* without a fragment                     */
    char method[HC_OPERATION_MAX + 1];
    bool repeatable;               /* twice does what once does           */
    struct hc_buf kept;            /* url, headers, body; private            */
};

/* Copies `given`, all of whose texts are there; the array of its headers is
 * put into the arena.  0, HEADCOUNT_EARG, HEADCOUNT_ELIMIT, HEADCOUNT_ENOMEM
 * with *e set.  fini is called in each case. */
int hc_http_request_init(struct hc_http_request *q, struct hc_arena *arena,
                         const struct headcount_fetch *given,
                         struct headcount_error *e);
/* Head and body into `out`, which has to be empty; of `made`, which may be
 * NULL, the headers and the URL if it has one.  0, or an error with *e set. */
int hc_http_request_put(const struct hc_http_request *q, struct hc_buf *out,
                        const struct headcount_signed *made,
                        struct hc_str user_agent, struct headcount_error *e);
/* Strikes header values and the query out of a text that answers it. */
void hc_http_request_strike(const struct hc_http_request *q, char *text);
void hc_http_request_fini(struct hc_http_request *q);     /* may be all zero */

#endif
