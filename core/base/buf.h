/* base/buf.h - owned bytes that grow up to a stated maximum.
 *
 * Errors stick: after the first failed put every later put does nothing, and
 * hc_buf_error() says what went wrong, so straight-line code stays straight.
 * A secret buf is wiped whenever its bytes move or go.
 */
#ifndef HC_BASE_BUF_H
#define HC_BASE_BUF_H

#include "base/alloc.h"
#include "base/str.h"

struct hc_buf {
    char *p;
    size_t n, cap, max;
    const struct hc_alloc *alloc;
    int err;                       /* 0, HEADCOUNT_ENOMEM, HEADCOUNT_ELIMIT */
    bool secret;
    bool lent;                     /* a caller may have written behind n     */
};

/* Nothing is allocated before the first put.  `max` bounds n for ever. */
void hc_buf_init(struct hc_buf *b, const struct hc_alloc *a, size_t max);
void hc_buf_init_secret(struct hc_buf *b, const struct hc_alloc *a, size_t max);
void hc_buf_fini(struct hc_buf *b);     /* frees; b may be all zero */
void hc_buf_reset(struct hc_buf *b);    /* empty, no error; memory is kept */
/* Moves the memory of `from`, which is reset and has none afterwards, to `to`,
 * which has none.  Both have one maximum and one allocator. */
void hc_buf_move(struct hc_buf *to, struct hc_buf *from);
int hc_buf_error(const struct hc_buf *b);
struct hc_str hc_buf_view(const struct hc_buf *b);
const char *hc_buf_z(struct hc_buf *b); /* NUL-terminated view; "" on error */

/* p must not lie in the buf itself. */
void hc_buf_put(struct hc_buf *b, const void *p, size_t n);
void hc_buf_str(struct hc_buf *b, struct hc_str s);
void hc_buf_text(struct hc_buf *b, const char *z);
void hc_buf_strz(struct hc_buf *b, struct hc_str s);    /* and a NUL */
#define hc_buf_lit(b, lit) hc_buf_put((b), (lit), sizeof(lit) - 1)
void hc_buf_chr(struct hc_buf *b, char c);
void hc_buf_u64(struct hc_buf *b, uint64_t v);
void hc_buf_i64(struct hc_buf *b, int64_t v);
/* Conversions of hc_fmt (base/text.h), uncut. */
void hc_buf_fmt(struct hc_buf *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Room for at least n more bytes at b->p + b->n (NULL on error); what was
 * written there becomes part of the buf with hc_buf_added. */
char *hc_buf_room(struct hc_buf *b, size_t n);
void hc_buf_added(struct hc_buf *b, size_t n);
/* Forgets the first n bytes (moves the rest down). */
void hc_buf_drop(struct hc_buf *b, size_t n);

#endif
