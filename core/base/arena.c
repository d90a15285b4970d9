/* base/arena.c - strings that stay where they are until all of them go.
 *
 * Pieces form a list, the newest first; what does not fit into the newest gets
 * a new one.  Sizes double, so a long answer costs few allocations.
 */
#include "base/arena.h"

#include <stddef.h>
#include <string.h>

#include "base/err.h"
#include "base/text.h"

#define KEEP_FIRST ((size_t)2048)
#define KEEP_LARGEST ((size_t)65536)

struct keep_piece {
    struct keep_piece *next;
    size_t size, used;                     /* of bytes */
    _Alignas(max_align_t) char bytes[];
};

void hc_keep_init(struct hc_keep *k, const struct hc_alloc *a, size_t max)
{
    *k = (struct hc_keep){ .alloc = a, .max = max };
}

void hc_keep_fini(struct hc_keep *k)
{
    while (k->pieces != NULL) {
        struct keep_piece *piece = k->pieces;

        k->pieces = piece->next;
        hc_free(k->alloc, piece, sizeof(*piece) + piece->size);
    }
    k->total = 0;
}

static size_t keep_size(const struct hc_keep *k, size_t n)
{
    size_t size = k->pieces != NULL ? k->pieces->size * 2 : KEEP_FIRST;

    if (size > KEEP_LARGEST)
        size = KEEP_LARGEST;
    return size < n ? n : size;
}

static void keep_grow(struct hc_keep *k, size_t n)
{
    size_t size = keep_size(k, n);
    struct keep_piece *piece =
        hc_realloc(k->alloc, NULL, 0, sizeof(*piece) + size);

    if (piece == NULL) {
        k->err = HC_ENOMEM;
        return;
    }
    piece->next = k->pieces;
    piece->size = size;
    piece->used = 0;
    k->pieces = piece;
}

static char *keep_room(struct hc_keep *k, size_t n, size_t align)
{
    struct keep_piece *piece = k->pieces;
    size_t at = piece != NULL ? (piece->used + align - 1) / align * align : 0;

    if (k->err == 0 && n > k->max - k->total)
        k->err = HC_ELIMIT;
    if (k->err == 0 &&
        (piece == NULL || at > piece->size || n > piece->size - at)) {
        keep_grow(k, n);
        at = 0;
    }
    if (k->err != 0)
        return NULL;
    k->pieces->used = at + n;
    k->total += n;
    return k->pieces->bytes + at;
}

struct hc_str hc_keep_str(struct hc_keep *k, struct hc_str s)
{
    char *p = keep_room(k, s.n + 1, 1);

    if (p == NULL)
        return HC_STR("");
    if (s.n > 0)
        memcpy(p, s.p, s.n);
    p[s.n] = '\0';
    return hc_str_n(p, s.n);
}

void *hc_keep_zero(struct hc_keep *k, size_t n)
{
    char *p = keep_room(k, n, _Alignof(max_align_t));

    if (p != NULL)
        memset(p, 0, n);
    return p;
}

const char *hc_keep_fmt(struct hc_keep *k, const char *fmt, ...)
{
    char text[2048];
    va_list ap;

    va_start(ap, fmt);
    size_t n = hc_vfmt(text, sizeof(text), fmt, ap);
    va_end(ap);
    return hc_keep_str(k, hc_str_n(text, n)).p;
}

int hc_keep_join(struct hc_keep *to, struct hc_keep *from)
{
    struct keep_piece **end = &to->pieces;

    if (from->total > to->max - to->total)
        return HC_ELIMIT;
    while (*end != NULL)
        end = &(*end)->next;
    *end = from->pieces;
    to->total += from->total;
    from->pieces = NULL;
    from->total = 0;
    return 0;
}

int hc_keep_error(const struct hc_keep *k)
{
    return k->err;
}
