/* net/pace.c - see net/pace.h. */
#include "net/pace.h"

void hc_pace_stop(struct hc_pace *p)
{
    p->until = HC_NEVER;
}

void hc_pace_start(struct hc_pace *p, uint64_t least, int64_t pause,
                   uint64_t moved, int64_t now)
{
    int64_t window = pause > HC_PACE_WINDOW ? pause : HC_PACE_WINDOW;

    p->until = least > 0 ? hc_time_add(now, window) : HC_NEVER;
    p->since = now;
    p->from = moved;
}

bool hc_pace_is_slow(const struct hc_pace *p, uint64_t least, uint64_t moved)
{
    return moved - p->from < least;
}
