/* net/loop.c - the only poll. */
#include "net/loop.h"

#include <errno.h>
#include <poll.h>

#include "base/clock.h"
#include "net/sock.h"

#define LOOP_LONGEST (60 * HC_SECOND)

static short loop_events(int want)
{
    int events = 0;

    if (want & HC_WATCH_READ)
        events |= POLLIN;
    if (want & HC_WATCH_WRITE)
        events |= POLLOUT;
    return (short)events;
}

/* A hang-up or an error counts as everything that was waited for: the next call
 * on the socket says what happened. */
static int loop_got(int want, short revents)
{
    int got = 0;

    if (revents & (POLLERR | POLLHUP | POLLNVAL))
        return want;
    if (revents & POLLIN)
        got |= HC_WATCH_READ;
    if (revents & POLLOUT)
        got |= HC_WATCH_WRITE;
    return got;
}

static int loop_poll(struct hc_want *wants, struct pollfd *fds, size_t n,
                     int64_t us)
{
    int64_t wait = us < 0 ? 0 : hc_time_min(us, LOOP_LONGEST);

    for (size_t i = 0; i < n; i++)
        fds[i] = (struct pollfd){ .fd = wants[i].fd,
                                  .events = loop_events(wants[i].events) };
    int ready = poll(fds, n, (int)((wait + 999) / 1000));

    int err = ready < 0 ? -errno : 0;

    for (size_t i = 0; i < n; i++)
        wants[i].events = ready > 0 ? loop_got(wants[i].events,
                                               fds[i].revents) : 0;
    return err < 0 ? err : ready;
}

int hc_loop_poll(struct hc_want *wants, size_t n, int64_t us)
{
    struct pollfd fds[HC_LOOP_MAX];

    return loop_poll(wants, fds, n < HC_LOOP_MAX ? n : HC_LOOP_MAX, us);
}

static int loop_tell(struct hc_jobs *q, const struct hc_want *wants, size_t n,
                     int got)
{
    for (size_t i = 0; got > 0 && i < n; i++)
        hc_jobs_tell(q, &wants[i]);
    return got;
}

/* All of them, or none: of those that are left out one may be the only one that
 * is ever ready. */
static int loop_wait_many(struct hc_jobs *q, const struct hc_alloc *a, size_t n,
                          int64_t us)
{
    struct hc_want *wants = hc_alloc_array(a, n, sizeof *wants);
    struct pollfd *fds = hc_alloc_array(a, n, sizeof *fds);
    int got = -ENOMEM;

    if (wants != NULL && fds != NULL) {
        int64_t deadline;

        hc_jobs_wants(q, wants, n, &deadline);
        got = loop_tell(q, wants, n, loop_poll(wants, fds, n, us));
    }
    hc_free(a, wants, n * sizeof *wants);
    hc_free(a, fds, n * sizeof *fds);
    return got;
}

/* 0: nobody waited.  A short wait is left to poll, which ends in time. */
static int loop_await(struct hc_jobs *q, int64_t us)
{
    struct hc_watch *only = us >= 2 * HC_SOCK_AWAIT ? hc_jobs_only(q) : NULL;
    int got = only != NULL ? only->await(only) : 0;

    if (got > 0)
        hc_jobs_tell(q, &(struct hc_want){ .id = only->id,
                                           .events = HC_WATCH_READ });
    return got;
}

int hc_loop_wait(struct hc_jobs *q, const struct hc_alloc *a, int64_t us)
{
    int awaited = loop_await(q, us);

    if (awaited != 0)
        return awaited == -EAGAIN ? 0 : awaited;
    struct hc_want wants[HC_LOOP_MAX];
    int64_t deadline;
    size_t n = hc_jobs_wants(q, wants, HC_LOOP_MAX, &deadline);

    return n > HC_LOOP_MAX
               ? loop_wait_many(q, a, n, us)
               : loop_tell(q, wants, n, hc_loop_poll(wants, n, us));
}
