/* wire/http1.h - one HTTP/1.1 exchange as a client, without a socket.
 *
 *     hc_http1_init(&x, alloc, is_head);
 *     while in.n > 0 and the state is below DONE:
 *         hc_http1_feed(&x, &in, e);                takes from the front of in
 *         span = hc_http1_take_body(&x);            at most one span a feed
 *     the network ended:  hc_http1_eof(&x, clean, e)
 */
#ifndef HC_WIRE_HTTP1_H
#define HC_WIRE_HTTP1_H

#include "base/buf.h"
#include "base/err.h"
#include "wire/chunked.h"

#define HC_HTTP1_HEAD ((size_t)64 << 10)
#define HC_HTTP1_STATUS_LINE ((size_t)8 << 10)
#define HC_HTTP1_HEADERS 128
#define HC_HTTP1_INTERIM 16              /* 1xx answers before the real one  */

enum hc_http1_state {
    HTTP1_HEAD, HTTP1_SIZED, HTTP1_CHUNKED, HTTP1_TO_CLOSE, HTTP1_DONE,
    HTTP1_FAILED
};

struct hc_http1_field { size_t name_at, name_n, value_at, value_n; };

struct hc_http1 {
    enum hc_http1_state state;
    int status;                          /* 0 until the head is whole        */
    int minor;                           /* HTTP/1.<minor>                   */
    bool any;                            /* a byte of an answer came         */
    struct hc_buf head;                  /* private from here                */
    struct hc_http1_field *fields;
    size_t fields_n, fields_cap;
    struct hc_chunked chunked;
    uint64_t left;                       /* SIZED: body bytes to come        */
    uint64_t size;                       /* Content-Length                   */
    bool is_head;                        /* the answer of HEAD               */
    bool is_connect;                     /* of CONNECT: ends with its head   */
    bool keep_alive;
    bool leftover;                       /* bytes came after the end         */
    unsigned interim;
    struct hc_str span;
    const struct hc_alloc *alloc;
};

/* is_head: no body follows whatever the headers say. */
void hc_http1_init(struct hc_http1 *x, const struct hc_alloc *a, bool is_head);
/* The same for one that was used before, or is all zero: its memory is used
 * again. */
void hc_http1_reset(struct hc_http1 *x, const struct hc_alloc *a, bool is_head);
/* The answer to CONNECT: the headers that frame a body mean nothing in it (RFC
 * 9110, 9.3.6), and the body of a refusal is not read. */
void hc_http1_init_connect(struct hc_http1 *x, const struct hc_alloc *a);
void hc_http1_fini(struct hc_http1 *x);          /* x may be all zero */

/* Takes bytes off the front of `in`: up to the end of the head, or one span of
 * body, or nothing if it is DONE; bytes that are left then set `leftover`.
 * 0; HEADCOUNT_EPROTOCOL, HEADCOUNT_ELIMIT, HEADCOUNT_ENOMEM: FAILED, for
 * good. */
int hc_http1_feed(struct hc_http1 *x, struct hc_str *in,
                  struct headcount_error *e);
/* The span of the last feed, once: points into what was fed. */
struct hc_str hc_http1_take_body(struct hc_http1 *x);
/* The network ended.  clean: TCP without TLS, or after close_notify.
 * 0 and DONE; HEADCOUNT_ECLOSED if no byte of an answer came;
 * HEADCOUNT_ETRUNCATED. */
int hc_http1_eof(struct hc_http1 *x, bool clean, struct headcount_error *e);

/* Interim answers (1xx) came, and nothing of another one yet. */
bool hc_http1_is_between(const struct hc_http1 *x);
/* Head is whole (state above HEAD, or DONE). */
bool hc_http1_has_head(const struct hc_http1 *x);
/* First header of that name, trimmed; false if there is none. */
bool hc_http1_header(const struct hc_http1 *x, const char *name,
                     struct hc_str *value);
/* The i-th header as it came, its value trimmed; false: there are fewer. */
bool hc_http1_nth(const struct hc_http1 *x, size_t i, struct hc_str *name,
                  struct hc_str *value);
/* Whether a text may be the name (RFC 9110, 5.6.2) or the value of a header. */
bool hc_http1_is_token(struct hc_str s);
bool hc_http1_is_value(struct hc_str s);
/* Decided at DONE: may another request follow on this connection? */
bool hc_http1_is_reusable(const struct hc_http1 *x);
/* Content-Length, or UINT64_MAX if there was none. */
uint64_t hc_http1_length(const struct hc_http1 *x);

#endif
