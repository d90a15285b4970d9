/* net/fetch_late.h - what an exchange that took too long waited for, and which
 * limit ended it. */
#ifndef HC_NET_FETCH_LATE_H
#define HC_NET_FETCH_LATE_H

#include "net/fetch.h"

/* Bytes that have moved: of the answer's body, or before that those of the
 * connection that the peer's kernel has acknowledged. */
uint64_t hc_fetch_moved(const struct hc_fetch *f);
/* Sets f->error and returns its code: HEADCOUNT_EDEADLINE if the deadline of
 * all attempts is over, else HEADCOUNT_ETIMEDOUT. */
int hc_fetch_say_late(struct hc_fetch *f, int64_t now);

#endif
