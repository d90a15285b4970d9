/* net/unread.c - FIN, then RST, and not a byte acknowledged.
 *
 *   ended --> FIN --> RST --> YES         any --> NO, once the wait is over
 *
 *   - A FIN alone proves nothing: a program may close its half and go on
 *     reading.
 *   - An RST alone proves nothing: a program may read all and then reset.
 *   - After its FIN a kernel sends an RST if the program has closed: at once
 *     for bytes that it had not read, else for bytes that come later.  The
 *     request's are the last that we sent.
 *   - If the kernel acknowledged the request before, a program may have read it
 *     between its FIN and its close.
 *
 * One peer is not told apart: a program that closes its half, reads the request
 * at once and whole, and then resets the connection by force, before its kernel
 * has acknowledged anything.
 *
 * The socket stays readable for ever after a FIN, and a loop that waits for
 * reading would spin.  The error is looked for after pauses instead, each twice
 * as long as the one before.
 */
#include "net/unread.h"

#include <errno.h>

#define UNREAD_PAUSE HC_MS
#define UNREAD_WAIT_MIN (50 * HC_MS)

void hc_unread_begin(struct hc_unread *u, struct hc_conn *c)
{
    struct hc_sock_told told;

    *u = (struct hc_unread){ .acked = 0 };
    /* Below TLS to a proxy the kernel's FIN is not seen. */
    if (c->outer == NULL && hc_sock_told(c->watch.fd, &told))
        u->acked = told.acked;
}

enum hc_unread_answer hc_unread_ended(struct hc_unread *u, struct hc_conn *c,
                                      int64_t now, int64_t deadline)
{
    struct hc_sock_told told;

    /* Each connection that stands had its SYN acknowledged: a kernel that says
     * 0 does not count. */
    if (u->acked == 0 || !hc_sock_told(c->watch.fd, &told))
        return UNREAD_NO;
    hc_watch_want(&c->watch, 0);
    u->pause = UNREAD_PAUSE;
    u->until = 4 * told.rtt > UNREAD_WAIT_MIN ? 4 * told.rtt
                                              : UNREAD_WAIT_MIN;
    u->until = hc_time_min(hc_time_add(now, u->until), deadline);
    return hc_unread_step(u, c, now);
}

/* The RST was the answer to the request, which was not acknowledged before. */
static enum hc_unread_answer unread_look(const struct hc_unread *u,
                                         const struct hc_conn *c)
{
    struct hc_sock_told told;
    int err = hc_sock_error(c->watch.fd);

    if (err == 0)
        return UNREAD_WAIT;
    return (err == -EPIPE || err == -ECONNRESET) &&
                   hc_sock_told(c->watch.fd, &told) && told.acked == u->acked
               ? UNREAD_YES : UNREAD_NO;
}

enum hc_unread_answer hc_unread_step(struct hc_unread *u, struct hc_conn *c,
                                     int64_t now)
{
    int got = u->fin ? CONN_EOF : hc_conn_fin(c);

    u->fin = got == CONN_EOF;
    if (got != CONN_EOF && got != CONN_WAIT)
        return UNREAD_NO;
    enum hc_unread_answer answer = u->fin ? unread_look(u, c) : UNREAD_WAIT;

    if (answer != UNREAD_WAIT)
        return answer;
    if (now >= u->until)
        return UNREAD_NO;
    u->at = hc_time_min(hc_time_add(now, u->pause), u->until);
    u->pause *= 2;
    return UNREAD_WAIT;
}
