/* base/alloc.c - memory through one hook; sizes are checked before they
 * are multiplied. */
#include "base/alloc.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"

/* The absurd-sizes build starts as small as it can, so that every array
 * moves often. */
#ifdef HC_TINY
#define ALLOC_FIRST 1
#else
#define ALLOC_FIRST 8
#endif

static void *alloc_libc(void *ud, void *p, size_t old, size_t n)
{
    (void)ud;
    (void)old;
    if (n > 0)
        return realloc(p, n);
    free(p);
    return NULL;
}

const struct hc_alloc hc_alloc_libc = { alloc_libc, NULL };

void *hc_alloc(const struct hc_alloc *a, size_t n)
{
    void *p = n > 0 ? a->fn(a->ud, NULL, 0, n) : NULL;

    if (p != NULL)
        memset(p, 0, n);
    return p;
}

void *hc_realloc(const struct hc_alloc *a, void *p, size_t old, size_t n)
{
    return a->fn(a->ud, p, p != NULL ? old : 0, n);
}

void hc_free(const struct hc_alloc *a, void *p, size_t n)
{
    if (p != NULL)
        a->fn(a->ud, p, n, 0);
}

void *hc_alloc_array(const struct hc_alloc *a, size_t count, size_t size)
{
    if (size > 0 && count > SIZE_MAX / size)
        return NULL;
    return hc_alloc(a, count * size);
}

static size_t alloc_next_cap(size_t cap, size_t need, size_t max)
{
    size_t next = cap > max / 2 ? max : 2 * cap;

    if (next < ALLOC_FIRST)
        next = ALLOC_FIRST;
    if (next < need)
        next = need;
    return next < max ? next : max;
}

int hc_grow(const struct hc_alloc *a, void *p_to_array, size_t *cap,
            size_t need, size_t max, size_t size)
{
    void *p;

    if (need <= *cap)
        return 0;
    if (need > max)
        return HEADCOUNT_ELIMIT;

    size_t next = alloc_next_cap(*cap, need, max);

    if (next > SIZE_MAX / size)
        return HEADCOUNT_ENOMEM;
    memcpy(&p, p_to_array, sizeof(p));   /* any T *, read without aliasing */
    p = hc_realloc(a, p, *cap * size, next * size);
    if (p == NULL)
        return HEADCOUNT_ENOMEM;
    memcpy(p_to_array, &p, sizeof(p));
    *cap = next;
    return 0;
}

void hc_wipe(void *p, size_t n)
{
    if (n == 0)
        return;
    memset(p, 0, n);
    /* The empty assembly claims to read the bytes, so the compiler may not drop
     * the memset as a write that nobody sees. */
    __asm__ __volatile__("" : : "r"(p) : "memory");
}
