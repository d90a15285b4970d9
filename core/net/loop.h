/* net/loop.h - the only poll: for owners who have no loop of their own. */
#ifndef HC_NET_LOOP_H
#define HC_NET_LOOP_H

#include "base/alloc.h"
#include "net/job.h"

#define HC_LOOP_MAX 256              /* sockets of one poll                  */

/* Waits until a socket is ready or `us` microseconds are over (rounded up to
 * ms, so nobody wakes too early; at most a minute).  `events` of each want
 * becomes what is ready, 0 if nothing.  Returns how many are ready, or a
 * negative errno (-EINTR: a signal came in). */
int hc_loop_poll(struct hc_want *wants, size_t n, int64_t us);
/* The same with all sockets that the jobs want, which are told what is ready;
 * one that is alone may be awaited without a poll.
 * Memory is needed for more than HC_LOOP_MAX alone: -ENOMEM. */
int hc_loop_wait(struct hc_jobs *q, const struct hc_alloc *a, int64_t us);

#endif
