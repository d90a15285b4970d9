/* cli/blocks.c - blocks that are kept by their sizes.
 *
 * musl, which the static binary has, maps a block of a page or more when it is
 * asked for and unmaps it when it is freed: two system calls, and the kernel
 * zeroes the pages.  A call, and each step of a reconcile, asks for the same
 * few sizes again.
 *
 * The program has one thread, so one list serves all of its handles.  A block
 * with a secret has been overwritten before it is freed.
 */
#include "blocks.h"

#include <stdlib.h>
#include <string.h>

static struct {
    void *p;                             /* NULL: none                       */
    size_t n;
} blocks[BLOCKS_KEPT];
static size_t blocks_next;               /* the oldest: it goes first        */

/* A request for n bytes gets a block of so many. */
static size_t size_of(size_t n)
{
    return n < BLOCKS_LEAST || n > BLOCKS_MOST
               ? n : (n + BLOCKS_LEAST - 1) / BLOCKS_LEAST * BLOCKS_LEAST;
}

static void *take(size_t n)
{
    for (size_t i = 0; i < BLOCKS_KEPT; i++)
        if (blocks[i].p != NULL && blocks[i].n == n) {
            void *p = blocks[i].p;

            blocks[i].p = NULL;
            return p;
        }
    return NULL;
}

static void give(void *p, size_t n)
{
    if (n < BLOCKS_LEAST || n > BLOCKS_MOST) {
        free(p);
        return;
    }
    free(blocks[blocks_next].p);
    blocks[blocks_next].p = p;
    blocks[blocks_next].n = n;
    blocks_next = (blocks_next + 1) % BLOCKS_KEPT;
}

void *blocks_alloc(void *ud, void *p, size_t old, size_t n)
{
    size_t had = size_of(p != NULL ? old : 0), size = size_of(n);

    (void)ud;
    if (p != NULL && n == 0)
        give(p, had);
    if (n == 0)
        return NULL;
    if (p != NULL && had == size)
        return p;
    void *next = take(size);

    if (next == NULL)
        return realloc(p, size);
    if (p != NULL) {
        memcpy(next, p, old < n ? old : n);
        give(p, had);
    }
    return next;
}

void blocks_fini(void)
{
    for (size_t i = 0; i < BLOCKS_KEPT; i++) {
        free(blocks[i].p);
        blocks[i].p = NULL;
    }
}
