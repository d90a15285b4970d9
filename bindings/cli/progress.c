/* cli/progress.c - see progress.h. */
#include "progress.h"

bool progress_is_due(struct progress *p, int64_t now)
{
    bool due = now - p->began >= PROGRESS_AFTER &&
               (p->drawn == 0 || now - p->drawn >= PROGRESS_EVERY);

    if (due)
        p->drawn = now;
    return due;
}
