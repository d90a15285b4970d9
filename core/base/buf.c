/* base/buf.c - owned bytes that grow up to a stated maximum.
 *
 * Invariants: n <= cap <= max; p is NULL as long as cap is 0, else it has
 * cap + 1 bytes (the one more is the NUL of hc_buf_z); after err != 0 nothing
 * is added until reset or fini.
 */
#include "base/buf.h"

#include <string.h>

#include "base/err.h"
#include "base/text.h"

#ifdef HC_TINY
#define BUF_FIRST 1
#else
#define BUF_FIRST 64
#endif

void hc_buf_init(struct hc_buf *b, const struct hc_alloc *a, size_t max)
{
    *b = (struct hc_buf){ .alloc = a,
                          .max = max < SIZE_MAX / 2 ? max : SIZE_MAX / 2 };
}

void hc_buf_init_secret(struct hc_buf *b, const struct hc_alloc *a, size_t max)
{
    hc_buf_init(b, a, max);
    b->secret = true;
}

/* The whole block, not only its first n bytes, if through hc_buf_room a caller
 * may have written behind them. */
static void buf_wipe(struct hc_buf *b)
{
    if (b->secret && b->p != NULL)
        hc_wipe(b->p, b->lent ? b->cap + 1 : b->n);
    b->lent = false;
}

static void buf_give_back(struct hc_buf *b)
{
    if (b->p == NULL)
        return;
    buf_wipe(b);
    hc_free(b->alloc, b->p, b->cap + 1);
}

void hc_buf_fini(struct hc_buf *b)
{
    buf_give_back(b);
    b->p = NULL;
    b->n = 0;
    b->cap = 0;
    b->err = 0;
}

void hc_buf_reset(struct hc_buf *b)
{
    buf_wipe(b);
    b->n = 0;
    b->err = 0;
}

void hc_buf_move(struct hc_buf *to, struct hc_buf *from)
{
    hc_buf_reset(from);
    to->p = from->p;
    to->cap = from->cap;
    from->p = NULL;
    from->cap = 0;
}

int hc_buf_error(const struct hc_buf *b)
{
    return b->err;
}

struct hc_str hc_buf_view(const struct hc_buf *b)
{
    return (struct hc_str){ b->p, b->n };
}

static size_t buf_next_cap(const struct hc_buf *b, size_t need)
{
    size_t cap = b->cap > b->max / 2 ? b->max : 2 * b->cap;

    if (cap < BUF_FIRST)
        cap = BUF_FIRST;
    if (cap < need)
        cap = need;
    return cap < b->max ? cap : b->max;
}

/* A secret is moved here and not by realloc, which would give the old bytes
 * back without wiping them. */
static char *buf_move(struct hc_buf *b, size_t cap)
{
    if (!b->secret)
        return hc_realloc(b->alloc, b->p, b->cap + 1, cap + 1);

    char *p = hc_alloc(b->alloc, cap + 1);

    if (p == NULL)
        return NULL;
    if (b->p != NULL)
        memcpy(p, b->p, b->n);
    buf_give_back(b);
    return p;
}

static bool buf_grow(struct hc_buf *b, size_t n)
{
    if (n > b->max - b->n) {
        b->err = HEADCOUNT_ELIMIT;
        return false;
    }

    size_t cap = buf_next_cap(b, b->n + n);
    char *p = buf_move(b, cap);

    if (p == NULL) {
        b->err = HEADCOUNT_ENOMEM;
        return false;
    }
    b->p = p;
    b->cap = cap;
    return true;
}

/* True if n more bytes (n > 0) may be written at b->p + b->n now. */
static inline bool buf_more(struct hc_buf *b, size_t n)
{
    return b->err == 0 && (n <= b->cap - b->n || buf_grow(b, n));
}

const char *hc_buf_z(struct hc_buf *b)
{
    if (b->err != 0 || b->p == NULL)
        return "";
    b->p[b->n] = '\0';
    return b->p;
}

void hc_buf_put(struct hc_buf *b, const void *p, size_t n)
{
    if (n == 0 || !buf_more(b, n))
        return;
    memcpy(b->p + b->n, p, n);
    b->n += n;
}

void hc_buf_str(struct hc_buf *b, struct hc_str s)
{
    hc_buf_put(b, s.p, s.n);
}

void hc_buf_strz(struct hc_buf *b, struct hc_str s)
{
    hc_buf_str(b, s);
    hc_buf_chr(b, '\0');
}

void hc_buf_text(struct hc_buf *b, const char *z)
{
    hc_buf_str(b, hc_str(z));
}

void hc_buf_chr(struct hc_buf *b, char c)
{
    if (!buf_more(b, 1))
        return;
    b->p[b->n] = c;
    b->n++;
}

void hc_buf_u64(struct hc_buf *b, uint64_t v)
{
    char digits[20];
    size_t at = sizeof(digits);

    do {
        digits[--at] = (char)('0' + v % 10);
        v /= 10;
    } while (v > 0);
    hc_buf_put(b, digits + at, sizeof(digits) - at);
}

void hc_buf_i64(struct hc_buf *b, int64_t v)
{
    if (v < 0)
        hc_buf_chr(b, '-');
    hc_buf_u64(b, v < 0 ? 0 - (uint64_t)v : (uint64_t)v);
}

void hc_buf_fmt(struct hc_buf *b, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    hc_text_vfmt(b, fmt, ap);
    va_end(ap);
}

char *hc_buf_room(struct hc_buf *b, size_t n)
{
    bool more = n == 0 && b->p != NULL && b->err == 0;

    if (!more)
        more = buf_more(b, n > 0 ? n : 1);
    b->lent = true;                  /* after it has moved */
    return more ? b->p + b->n : NULL;
}

void hc_buf_added(struct hc_buf *b, size_t n)
{
    if (b->err != 0)
        return;
    if (n > b->cap - b->n)
        b->err = HEADCOUNT_ELIMIT;
    else
        b->n += n;
}

void hc_buf_drop(struct hc_buf *b, size_t n)
{
    if (n > b->n)
        n = b->n;
    if (n == 0)
        return;
    memmove(b->p, b->p + n, b->n - n);
    b->n -= n;
    if (b->secret)
        hc_wipe(b->p + b->n, n);
}
