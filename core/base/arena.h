/* base/arena.h - strings that stay where they are until all of them go.
 *
 * Texts of answers are kept here: pieces never move, so a hc_str into them is
 * good until fini.  Every string kept has a NUL after it.  Errors
 * stick, as those of a hc_buf do.
 */
#ifndef HC_BASE_ARENA_H
#define HC_BASE_ARENA_H

#include "base/alloc.h"
#include "base/str.h"

struct hc_arena {
    const struct hc_alloc *alloc;
    struct arena_piece *pieces;      /* the newest first */
    size_t max, total;              /* bytes            */
    int err;                        /* 0, HEADCOUNT_ENOMEM, HEADCOUNT_ELIMIT */
};

void hc_arena_init(struct hc_arena *k, const struct hc_alloc *a, size_t max);
/* The first texts go into `room`, which lives longer than the arena, is aligned
 * as malloc aligns, and has HC_ARENA_ROOM bytes or more.  Such an arena cannot
 * be joined to another one. */
#define HC_ARENA_ROOM ((size_t)128)
void hc_arena_init_in(struct hc_arena *k, const struct hc_alloc *a, size_t max,
                      void *room, size_t n);
void hc_arena_fini(struct hc_arena *k);        /* k may be all zero */
/* A copy; {"", 0} once an error sticks.  Never NULL. */
struct hc_str hc_arena_str(struct hc_arena *k, struct hc_str s);
/* Zeroed memory for a struct or an array; NULL once an error sticks. */
void *hc_arena_zero(struct hc_arena *k, size_t n);
/* hc_fmt's conversions, cut at 2 KiB; NUL-terminated, never NULL. */
const char *hc_arena_fmt(struct hc_arena *k, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* All that `from` keeps is `to`'s from now on, at the same place; `from` is
 * empty.  0, or HEADCOUNT_ELIMIT (nothing moved, nothing sticks). */
int hc_arena_join(struct hc_arena *to, struct hc_arena *from);
int hc_arena_error(const struct hc_arena *k);

#endif
