/* cli/progress.h - a line for a person who waits at a terminal: from the second
 * second on, a few times a second. */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#define PROGRESS_AFTER ((int64_t)1000000)
#define PROGRESS_EVERY ((int64_t)200000)

struct progress {
    int64_t began, drawn;         /* monotonic; drawn 0: not yet             */
};

/* The line is to be drawn now. */
bool progress_is_due(struct progress *p, int64_t now);

#endif
