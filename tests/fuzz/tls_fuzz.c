/* tests/fuzz/tls_fuzz.c - a server that sends anything: the client opens only
 * with a chain that was believed, gives plain text only when it is open, has a
 * sentence when it failed, and does the same in pieces of any size.
 *
 * The first byte of an input is the size of the pieces; the rest is what the
 * server sends.  tls_record.c recorded servers of openssl for the corpus.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz/tls_fuzz.h"
#include "wire/tls.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct outcome {
    enum hc_tls_state state;
    struct hc_buf sent, got;
    size_t left;                         /* bytes that found no room */
    int code;
};

static void must(bool ok)
{
    if (!ok)
        abort();
}

static void take(struct hc_tls *tls, struct outcome *o, bool *asked)
{
    struct hc_str request = HC_STR(TLS_FUZZ_REQUEST);
    const unsigned char *p;
    size_t n;

    if (!*asked && hc_tls_state(tls) == TLS_OPEN) {
        *asked = true;
        hc_tls_write(tls, &request);
        hc_tls_flush(tls);
    }
    while ((p = hc_tls_out(tls, &n)) != NULL) {
        hc_buf_put(&o->sent, p, n);
        hc_tls_out_ack(tls, n);
    }
    while ((p = hc_tls_read(tls, &n)) != NULL) {
        must(*asked);
        hc_buf_put(&o->got, p, n);
        hc_tls_read_ack(tls, n);
    }
}

static void look(struct hc_tls *tls, struct outcome *o)
{
    struct headcount_error e = { .code = 0 };
    struct hc_tls_session session;
    size_t n;

    o->state = hc_tls_state(tls);
    o->code = hc_tls_error(tls, &e);
    must((o->code < 0) == (o->state == TLS_FAILED));
    must(o->code == 0 || strncmp(e.what, TLS_FUZZ_HOST, 9) == 0);
    if (o->state == TLS_OPEN || o->state == TLS_CLOSED) {
        must(hc_tls_chain(tls)->verdict == 0 && hc_tls_chain(tls)->begun);
        must(hc_tls_chain(tls)->leaf_until > TLS_FUZZ_NOW);
        must(strcmp(hc_tls_suite(tls), "none") != 0);
        must(!hc_tls_was_resumed(tls));
    } else {
        must(o->got.n == 0 || o->state == TLS_FAILED);
        must(!hc_tls_session_get(tls, &session));
    }
    if (o->state == TLS_FAILED)
        must(hc_tls_in_room(tls, &n) == NULL && hc_tls_out(tls, &n) == NULL &&
             hc_tls_read(tls, &n) == NULL &&
             hc_tls_write_room(tls, &n) == NULL);
    n = o->state == TLS_CLOSED;
    must((hc_tls_eof(tls, NULL) == 0) == (n == 1));
}

static void play(struct outcome *o, const struct hc_anchors *anchors,
                 struct hc_str in, size_t piece)
{
    static struct hc_tls tls;
    struct hc_tls_config c = { .anchors = anchors,
                               .host = HC_STR(TLS_FUZZ_HOST),
                               .wall = TLS_FUZZ_NOW, .seed = TLS_FUZZ_SEED,
                               .alloc = &hc_alloc_libc };
    bool asked = false;

    memset(o, 0, sizeof *o);
    hc_buf_init(&o->sent, &hc_alloc_libc, (size_t)1 << 24);
    hc_buf_init(&o->got, &hc_alloc_libc, (size_t)1 << 24);
    must(hc_tls_init(&tls, &c, NULL) == 0);
    take(&tls, o, &asked);
    while (in.n > 0) {
        struct hc_str part = hc_str_n(in.p, piece < in.n ? piece : in.n);
        size_t before = part.n;

        hc_tls_feed(&tls, &part);
        take(&tls, o, &asked);
        if (part.n == before)
            break;
        in = hc_str_from(in, before - part.n);
    }
    o->left = in.n;
    look(&tls, o);
    hc_tls_close(&tls);
    hc_tls_fini(&tls);
}

static void end(struct outcome *o)
{
    hc_buf_fini(&o->sent);
    hc_buf_fini(&o->got);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hc_anchors anchors;
    struct outcome whole, pieces;

    if (size < 1 || size > (1 << 18))
        return 0;
    struct hc_str in = hc_str_n(data + 1, size - 1);

    must(hc_anchors_load_pem(&anchors, &hc_alloc_libc, HC_STR(TLS_FUZZ_ROOT),
                             NULL) == 0);
    play(&whole, &anchors, in, in.n + 1);
    play(&pieces, &anchors, in, 1U + data[0]);
    must(whole.state == pieces.state && whole.code == pieces.code);
    must(hc_str_eq(hc_buf_view(&whole.got), hc_buf_view(&pieces.got)));
    end(&whole);
    end(&pieces);
    hc_anchors_fini(&anchors);
    return 0;
}
