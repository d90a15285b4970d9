/* base/arena.c - strings that stay where they are until all of them go.
 *
 * Pieces form a list, the newest first.  A text that does not fit into the
 * newest piece gets a new one, and what was free in the old one stays unused.
 * Sizes double, so a long answer costs few allocations.
 */
#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/err.h"
#include "base/text.h"

#define ARENA_FIRST ((size_t)2048)
#define ARENA_LARGEST ((size_t)65536)

struct arena_piece {
    struct arena_piece *next;
    size_t size, used;                     /* of bytes */
    bool lent;                             /* it is in the owner's memory */
    _Alignas(max_align_t) char bytes[];
};

void hc_arena_init(struct hc_arena *k, const struct hc_alloc *a, size_t max)
{
    *k = (struct hc_arena){ .alloc = a, .max = max };
}

void hc_arena_init_in(struct hc_arena *k, const struct hc_alloc *a, size_t max,
                      void *room, size_t n)
{
    struct arena_piece *first = room;

    hc_arena_init(k, a, max);
    *first = (struct arena_piece){ .size = n - sizeof *first, .lent = true };
    k->pieces = first;
}

void hc_arena_fini(struct hc_arena *k)
{
    while (k->pieces != NULL) {
        struct arena_piece *piece = k->pieces;

        k->pieces = piece->next;
        if (!piece->lent)
            hc_free(k->alloc, piece, sizeof(*piece) + piece->size);
    }
    k->total = 0;
}

/* Begins a new piece, in which at least n bytes have room. */
static void arena_grow(struct hc_arena *k, size_t n)
{
    const struct arena_piece *before = k->pieces;
    size_t size = before != NULL && !before->lent ? before->size * 2
                                                  : ARENA_FIRST;

    if (size > ARENA_LARGEST)
        size = ARENA_LARGEST;
    if (size < n)
        size = n;
    struct arena_piece *piece =
        hc_realloc(k->alloc, NULL, 0, sizeof(*piece) + size);

    if (piece == NULL) {
        k->err = HEADCOUNT_ENOMEM;
        return;
    }
    piece->next = k->pieces;
    piece->size = size;
    piece->used = 0;
    piece->lent = false;
    k->pieces = piece;
}

static char *arena_room(struct hc_arena *k, size_t n, size_t align)
{
    struct arena_piece *piece = k->pieces;
    size_t at = piece != NULL ? (piece->used + align - 1) / align * align : 0;

    if (k->err == 0 && n > k->max - k->total)
        k->err = HEADCOUNT_ELIMIT;
    if (k->err == 0 &&
        (piece == NULL || at > piece->size || n > piece->size - at)) {
        arena_grow(k, n);
        at = 0;
    }
    if (k->err != 0)
        return NULL;
    k->pieces->used = at + n;
    k->total += n;
    return k->pieces->bytes + at;
}

struct hc_str hc_arena_str(struct hc_arena *k, struct hc_str s)
{
    char *p = arena_room(k, s.n + 1, 1);

    if (p == NULL)
        return HC_STR("");
    if (s.n > 0)
        memcpy(p, s.p, s.n);
    p[s.n] = '\0';
    return hc_str_n(p, s.n);
}

void *hc_arena_zero(struct hc_arena *k, size_t n)
{
    char *p = arena_room(k, n, _Alignof(max_align_t));

    if (p != NULL)
        memset(p, 0, n);
    return p;
}

const char *hc_arena_fmt(struct hc_arena *k, const char *fmt, ...)
{
    char text[2048];
    va_list ap;

    va_start(ap, fmt);
    size_t n = hc_vfmt(text, sizeof(text), fmt, ap);
    va_end(ap);
    return hc_arena_str(k, hc_str_n(text, n)).p;
}

int hc_arena_join(struct hc_arena *to, struct hc_arena *from)
{
    struct arena_piece **end = &to->pieces;

    if (from->total > to->max - to->total)
        return HEADCOUNT_ELIMIT;
    while (*end != NULL)
        end = &(*end)->next;
    *end = from->pieces;
    to->total += from->total;
    from->pieces = NULL;
    from->total = 0;
    return 0;
}

int hc_arena_error(const struct hc_arena *k)
{
    return k->err;
}
