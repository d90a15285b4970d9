/* net/outer.c - TLS to a proxy, below the bytes of a connection. */
#include "net/outer.h"

#include <errno.h>
#include <string.h>

#include "net/sock.h"

#ifdef HC_TINY
#define OUTER_IN ((size_t)7)
#else
#define OUTER_IN ((size_t)16384 + 512)       /* a TLS record and its frame   */
#endif

struct hc_outer {
    struct hc_tls engine;
    const struct hc_alloc *alloc;
    size_t in_a_row;                 /* bytes read without a pause           */
    size_t in_at, in_n;              /* raw bytes not used yet               */
    unsigned char in[OUTER_IN];
};

struct hc_outer *hc_outer_new(const struct hc_tls_config *config,
                              struct headcount_error *e)
{
    struct hc_outer *o = hc_alloc(config->alloc, sizeof *o);

    if (o == NULL) {
        hc_error_set(e, HEADCOUNT_ENOMEM, "out of memory for a connection");
        return NULL;
    }
    o->alloc = config->alloc;
    if (hc_tls_init(&o->engine, config, e) == 0)
        return o;
    hc_free(o->alloc, o, sizeof *o);
    return NULL;
}

void hc_outer_free(struct hc_outer *o, int fd)
{
    if (o == NULL)
        return;
    if (fd >= 0 && hc_outer_is_open(o)) {
        hc_tls_close(&o->engine);
        hc_outer_flush(o, fd);
    }
    hc_tls_fini(&o->engine);
    hc_wipe(o->in, sizeof o->in);
    hc_free(o->alloc, o, sizeof *o);
}

bool hc_outer_is_open(const struct hc_outer *o)
{
    return hc_tls_state(&o->engine) == TLS_OPEN;
}

/* ---- out ---- */

long hc_outer_flush(struct hc_outer *o, int fd)
{
    size_t n = 0;

    for (;;) {
        const unsigned char *p = hc_tls_out(&o->engine, &n);

        if (p == NULL || n == 0)
            return 0;
        long sent = hc_sock_send(fd, p, n);

        if (sent < 0)
            return sent;
        hc_tls_out_ack(&o->engine, (size_t)sent);
    }
}

long hc_outer_send(struct hc_outer *o, int fd, const void *p, size_t n)
{
    struct hc_str from = hc_str_n(p, n);
    long flushed = hc_outer_flush(o, fd);

    if (flushed < 0)
        return flushed;
    hc_tls_write(&o->engine, &from);
    hc_tls_flush(&o->engine);
    flushed = hc_outer_flush(o, fd);
    if (flushed < 0 && flushed != HC_SOCK_AGAIN)
        return flushed;
    if (from.n == n)
        return hc_tls_state(&o->engine) == TLS_FAILED ? -EPROTO : -EPIPE;
    return (long)(n - from.n);
}

/* ---- in ---- */

/* Raw bytes of the socket for the engine: how many (0: its end), or negative.
 * The engine may have to send before it takes any. */
static long outer_pull(struct hc_outer *o, int fd)
{
    if (o->in_at == o->in_n) {
        bool pause = o->in_a_row >= HC_SOCK_IN_A_ROW;
        long n = pause ? HC_SOCK_AGAIN : hc_sock_recv(fd, o->in, sizeof o->in);

        o->in_a_row = n > 0 ? o->in_a_row + sizeof o->in : 0;
        if (n <= 0)
            return n;
        o->in_at = 0;
        o->in_n = (size_t)n;
    }
    struct hc_str raw = hc_str_n(o->in + o->in_at, o->in_n - o->in_at);
    size_t before = raw.n;

    hc_tls_feed(&o->engine, &raw);
    o->in_at = o->in_n - raw.n;
    if (raw.n < before)
        return (long)(before - raw.n);
    long flushed = hc_outer_flush(o, fd);

    return flushed < 0 ? flushed : HC_SOCK_AGAIN;
}

static long outer_end(const struct hc_outer *o, long got)
{
    if (hc_tls_state(&o->engine) == TLS_CLOSED)
        return 0;
    if (hc_tls_state(&o->engine) == TLS_FAILED)
        return -EPROTO;
    return got == 0 ? -ECONNRESET : got;
}

long hc_outer_recv(struct hc_outer *o, int fd, void *p, size_t n)
{
    char *to = p;
    size_t done = 0;
    long got = 1;

    while (done < n && got > 0) {
        size_t lent = 0;
        const unsigned char *from = hc_tls_read(&o->engine, &lent);

        if (from == NULL || lent == 0) {
            got = hc_outer_is_open(o) ? outer_pull(o, fd) : 0;
            continue;
        }
        lent = lent < n - done ? lent : n - done;
        memcpy(to + done, from, lent);
        hc_tls_read_ack(&o->engine, lent);
        done += lent;
    }
    return done > 0 ? (long)done : outer_end(o, got);
}

bool hc_outer_is_quiet(struct hc_outer *o)
{
    size_t unread = 0;

    hc_tls_read(&o->engine, &unread);
    return unread == 0 && o->in_at == o->in_n && hc_outer_is_open(o) &&
           hc_tls_is_whole(&o->engine);
}

/* ---- the handshake ---- */

static bool outer_has_out(struct hc_outer *o)
{
    size_t n = 0;

    return hc_tls_out(&o->engine, &n) != NULL && n > 0;
}

int hc_outer_handshake(struct hc_outer *o, struct hc_watch *watch,
                       struct headcount_error *e)
{
    long got = 1;

    while (hc_tls_state(&o->engine) == TLS_HANDSHAKE && got > 0) {
        got = hc_outer_flush(o, watch->fd);
        if (got == 0)
            got = outer_pull(o, watch->fd);
    }
    if (hc_tls_state(&o->engine) == TLS_FAILED)
        return hc_tls_error(&o->engine, e);
    if (got == 0)
        return hc_tls_eof(&o->engine, e);
    if (got < 0 && got != HC_SOCK_AGAIN)
        return hc_error_sys(e, HEADCOUNT_ECLOSED, (int)-got,
                            "%s: the TLS handshake broke off",
                            o->engine.chain.host);
    hc_outer_flush(o, watch->fd);
    hc_watch_want(watch, outer_has_out(o) ? HC_WATCH_READ | HC_WATCH_WRITE
                                          : HC_WATCH_READ);
    return hc_outer_is_open(o);
}
