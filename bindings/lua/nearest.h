/* lua/nearest.h - the right name that somebody may have meant.
 *
 *     nearest_init(&n, "taks");
 *     for each name there is: nearest_try(&n, name);
 *     n.best                     "tasks"; NULL: none is near
 */
#ifndef LUA_NEAREST_H
#define LUA_NEAREST_H

#include <stddef.h>

struct nearest {
    const char *name, *best;        /* borrowed                       */
    size_t least;
};

void nearest_init(struct nearest *n, const char *name);
/* Ties go to what has more of the name's first letters, then to what is first
 * in the alphabet, whatever the order of tries. */
void nearest_try(struct nearest *n, const char *candidate);

#endif
