/* cli/blocks.h - memory of the library that the program keeps for the next
 * call. */
#ifndef CLI_BLOCKS_H
#define CLI_BLOCKS_H

#include <stddef.h>

/* For struct headcount_system: a freed block of BLOCKS_LEAST to BLOCKS_MOST
 * bytes serves the next request of its size.  The last BLOCKS_KEPT of them are
 * kept, older ones are given back. */
#define BLOCKS_LEAST ((size_t)1024)
#define BLOCKS_MOST ((size_t)20480)
#define BLOCKS_KEPT 8
void *blocks_alloc(void *ud, void *p, size_t old, size_t n);

/* Gives all kept blocks back.  A later request is served as the first one. */
void blocks_fini(void);

#endif
