/* api/sign.c - a signature for a request that somebody else sends. */
#include "op/public.h"

#include "aws/sign_request.h"

static int sign_check(struct headcount_sign_request *r,
                      const struct headcount_sign_request *request,
                      struct headcount_error *e)
{
    int err = hc_take_struct(r, &hc_form_sign, request, e);

    if (err == 0)
        err = hc_check_memory("sign: headers", r->headers, "headers_n",
                              r->headers_n, e);
    if (err == 0)
        err = hc_check_memory("sign: body", r->body, "body_size", r->body_size,
                              e);
    if (r->method == NULL)
        r->method = "GET";
    return err;
}

int headcount_sign(struct headcount_signed **out,
                   const struct headcount_sign_request *request,
                   const struct headcount_system *system,
                   struct headcount_error *error)
{
    struct headcount_sign_request r = { .size = 0 };
    struct hc_system sys;
    struct hc_log log;
    struct headcount_error e;

    *out = NULL;
    hc_error_reset(&e);
    int err = sign_check(&r, request, &e);

    if (err == 0)
        err = hc_take_system(&sys, &log, system, HEADCOUNT_LOG_ERROR, &e);
    if (err == 0) {
        const struct hc_sign_ask ask = {
            .request = &r,
            .who = { hc_str(r.access_key_id), hc_str(r.secret_access_key),
                     hc_str(r.session_token) },
            .wall = r.time != 0 ? r.time : sys.wall(sys.ud),
        };

        err = hc_sign_new(out, &sys.alloc, &ask, &e);
    }
    hc_give_error(error, &e);
    return err;
}

void headcount_signed_free(struct headcount_signed *s)
{
    hc_sign_free(s);
}
