/* net/loop.c - the only poll. */
#include "net/loop.h"

#include <errno.h>
#include <poll.h>

#include "base/clock.h"

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

int hc_loop_poll(struct hc_want *wants, size_t n, int64_t us)
{
    struct pollfd fds[HC_LOOP_MAX];
    int64_t wait = us < 0 ? 0 : hc_time_min(us, LOOP_LONGEST);

    if (n > HC_LOOP_MAX)
        n = HC_LOOP_MAX;
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
