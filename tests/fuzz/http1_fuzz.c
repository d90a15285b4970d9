/* tests/fuzz/http1_fuzz.c - an answer is the same whole, byte by byte and in
 * pieces: status, body, verdict and code.
 *
 * The first byte of an input is the size of the pieces and, by its lowest
 * bit, whether it is the answer of HEAD.
 */
#include <stdlib.h>
#include <string.h>

#include "wire/http1.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MOST ((size_t)1 << 20)

struct outcome {
    int code, status;
    enum hc_http1_state state;
    struct hc_buf body;
    bool reusable;
};

static void must(bool ok)
{
    if (!ok)
        abort();
}

static void feed(struct hc_http1 *x, struct outcome *o, struct hc_str in)
{
    while (o->code == 0 && in.n > 0 && x->state < HTTP1_DONE) {
        size_t before = in.n;
        const char *end = in.p + in.n;

        o->code = hc_http1_feed(x, &in, NULL);
        struct hc_str span = hc_http1_take_body(x);

        must(o->code < 0 || in.n < before);
        must(span.n == 0 || (span.p >= end - before && span.p + span.n <= end));
        hc_buf_put(&o->body, span.p, span.n);
    }
    if (o->code == 0 && in.n > 0)
        must(hc_http1_feed(x, &in, NULL) == 0);
}

static void read_answer(struct outcome *o, struct hc_str text, size_t piece,
                        bool is_head)
{
    struct hc_http1 x;

    memset(o, 0, sizeof *o);
    hc_buf_init(&o->body, &hc_alloc_libc, MOST);
    hc_http1_init(&x, &hc_alloc_libc, is_head);
    while (o->code == 0 && text.n > 0) {
        size_t n = piece < text.n ? piece : text.n;
        char *copy = malloc(n);

        must(copy != NULL);
        memcpy(copy, text.p, n);
        feed(&x, o, hc_str_n(copy, n));
        free(copy);
        text = hc_str_from(text, n);
    }
    o->reusable = hc_http1_is_reusable(&x);
    if (o->code == 0)
        o->code = hc_http1_eof(&x, true, NULL);
    o->status = x.status;
    o->state = x.state;
    must((o->code == 0) == (o->state == HTTP1_DONE));
    must(!o->reusable || o->state == HTTP1_DONE);
    must(o->code != 0 || (o->status >= 200 && o->status <= 599));
    hc_http1_fini(&x);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct outcome whole, bytes, pieces;

    if (size < 1 || size > MOST)
        return 0;
    struct hc_str text = hc_str_n(data + 1, size - 1);
    bool is_head = (data[0] & 1) != 0;

    read_answer(&whole, text, text.n + 1, is_head);
    read_answer(&bytes, text, 1, is_head);
    read_answer(&pieces, text, 1U + (data[0] >> 1), is_head);
    must(whole.code == bytes.code && whole.code == pieces.code);
    must(whole.reusable == bytes.reusable &&
         whole.reusable == pieces.reusable);
    if (whole.code == 0) {
        must(whole.status == bytes.status && whole.status == pieces.status);
        must(hc_str_eq(hc_buf_view(&whole.body), hc_buf_view(&bytes.body)));
        must(hc_str_eq(hc_buf_view(&whole.body), hc_buf_view(&pieces.body)));
    }
    hc_buf_fini(&whole.body);
    hc_buf_fini(&bytes.body);
    hc_buf_fini(&pieces.body);
    return 0;
}
