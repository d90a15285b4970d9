/* net/pace.h - the least speed of a body, over windows of time.  Pure.
 *
 * A peer that sends or takes a byte now and then keeps every limit of a pause:
 * this one ends it.
 */
#ifndef HC_NET_PACE_H
#define HC_NET_PACE_H

#include "base/clock.h"

#define HC_PACE_WINDOW (30 * HC_SECOND)

struct hc_pace {
    int64_t until;                       /* of the window; HC_NEVER: off     */
    int64_t since;
    uint64_t from;                       /* bytes, when it began             */
};

void hc_pace_stop(struct hc_pace *p);
/* A window begins: `least` bytes have to move in it, on top of `moved`; 0: no
 * limit.  It is never shorter than `pause`, which is allowed anyway. */
void hc_pace_start(struct hc_pace *p, uint64_t least, int64_t pause,
                   uint64_t moved, int64_t now);
/* Once the window is over: did less than `least` move? */
bool hc_pace_is_slow(const struct hc_pace *p, uint64_t least, uint64_t moved);

#endif
