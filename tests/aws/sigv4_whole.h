/* tests/aws/sigv4_whole.h - the steps of a signature, one after the other. */
#ifndef TESTS_AWS_SIGV4_WHOLE_H
#define TESTS_AWS_SIGV4_WHOLE_H

#include "aws/sigv4.h"

struct whole {
    const struct hc_sigv4_request *request;
    const struct hc_sigv4_scope *scope;
    const struct hc_identity *who;
    struct hc_sigv4_key *key;
};

/* The value of the Authorization header, appended to `out`. */
static int whole_authorization(struct hc_buf *out, const struct whole *s,
                               struct headcount_error *e)
{
    struct hc_buf work, names;
    unsigned char hash[HC_SHA256];
    char hex[HC_SIGV4_HEX];

    hc_buf_init_secret(&work, out->alloc, out->max);
    hc_buf_init(&names, out->alloc, out->max);
    int err = hc_sigv4_canonical(&work, s->request, e);

    hc_sha256_of(hash, s->scope->cpu, hc_buf_view(&work));
    hc_buf_reset(&work);
    hc_sigv4_string_to_sign(&work, s->scope, hash);
    hc_sigv4_key_for(s->key, s->scope, s->who->secret);
    hc_sigv4_signature(hex, s->key, hc_buf_view(&work));
    if (err == 0)
        err = hc_sigv4_signed_headers(&names, s->request, e);
    if (err == 0)
        err = hc_buf_error(&work);
    if (err == 0)
        hc_sigv4_put_authorization(out, s->scope, s->who->key_id,
                                   hc_buf_view(&names), hex);
    hc_buf_fini(&work);
    hc_buf_fini(&names);
    if (err == 0)
        err = hc_buf_error(out);
    return err < 0 ? hc_error_set(e, err, "not signed") : 0;
}

#endif
