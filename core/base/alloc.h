/* base/alloc.h - memory through one lua_Alloc-shaped hook.
 *
 * fn(ud, p, old, n): n == 0 frees (p may be NULL) and returns NULL; else it
 * returns n bytes that start with the first min(old, n) of p, or NULL and
 * leaves p as it was.  `old` is always the size the block was given.
 */
#ifndef HC_BASE_ALLOC_H
#define HC_BASE_ALLOC_H

#include <stddef.h>

struct hc_alloc {
    void *(*fn)(void *ud, void *p, size_t old, size_t n);
    void *ud;
};

extern const struct hc_alloc hc_alloc_libc;   /* realloc and free */

/* Zeroed; of 0 bytes there is no block: NULL. */
void *hc_alloc(const struct hc_alloc *a, size_t n);
/* As fn: n == 0 frees; new bytes are not zeroed. */
void *hc_realloc(const struct hc_alloc *a, void *p, size_t old, size_t n);
void hc_free(const struct hc_alloc *a, void *p, size_t n);   /* NULL is fine */
/* count * size with overflow checked; zeroed; NULL on overflow too. */
void *hc_alloc_array(const struct hc_alloc *a, size_t count, size_t size);
/* Grows *p (elements of `size` bytes) so that `need` fit: doubles *cap, never
 * above `max` elements.  0, HEADCOUNT_ENOMEM or HEADCOUNT_ELIMIT; on error
 * *p and *cap are untouched.  New elements are not zeroed. */
int hc_grow(const struct hc_alloc *a, void *p_to_array, size_t *cap,
            size_t need, size_t max, size_t size);

/* Overwrites memory in a way the compiler keeps. */
void hc_wipe(void *p, size_t n);

#endif
